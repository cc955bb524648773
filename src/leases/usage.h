/* SPDX-License-Identifier: MIT */
/*
 * Measured memory inside of a session, for the operations that list it and those that stop
 * programs.
 */
#ifndef RP_LEASES_USAGE_H
#define RP_LEASES_USAGE_H

#include "leases/session.h"
#include "rocpart/usage.h"

struct rp_usage_list {
	struct rocpart_usage *v; /* by lease, process, partition */
	size_t n, cap;
	struct rp_names texts; /* texts that v points to */
	bool is_incomplete;    /* descriptors of some process cannot be read */
};
void rp_usage_list_done(struct rp_usage_list *list);
#define RP_AUTO_USAGE_LIST RP_AUTO(rp_usage_list_done)

/* Measure. PCI addresses point into the snapshot of the session. 0 or -ENOMEM. */
int rp_usage_measure(struct rp_session *s, struct rp_usage_list *ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
