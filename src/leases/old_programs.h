/* SPDX-License-Identifier: MIT */
/* Programs that were started before their lease changed. */
#ifndef RP_LEASES_OLD_PROGRAMS_H
#define RP_LEASES_OLD_PROGRAMS_H

#include "base/strbuf.h"
#include "leases/host_view.h"

/*
 * List the programs of a lease that run now, as "PID:START PID:START": a pid with its start time is
 * one process. 0 or -errno.
 */
int rp_old_programs_list(struct rp_host_view *w, const struct rp_owner *o, int64_t lease,
			 struct rp_strbuf *ret) RP_MUST_CHECK;
/* Whether one of such a list runs still. */
bool rp_old_programs_run(struct rp_host_view *w, const char *list);

#endif
