/* SPDX-License-Identifier: MIT */
/* Many leases changed at once: released, changed, moved and placed, all of them or none. */
#ifndef RP_LEASES_REVISE_H
#define RP_LEASES_REVISE_H

#include "leases/place_options.h"
#include "leases/session.h"

/* What becomes of one lease. */
struct rp_revision {
	uint64_t lease; /* its number; 0: a new one */
	/*
	 * What the lease is to be; NULL: it is released. The partition is "GPU/ID" by PCI address,
	 * and NULL where the lease keeps its place, which needs the bytes and the share that it
	 * has.
	 */
	const struct rocpart_place_options *options;
	bool gives_up;	   /* it is displaced, and pending from now on; without options */
	const char *event; /* sentence for the record; NULL: none */
};

struct rp_revising {
	struct rocpart_machine *machine;
	const struct rp_revision *revisions;
	size_t n;
	const int64_t *adopted; /* leases of which only the file is recorded */
	size_t n_adopted;
	const char *file; /* of these */
};

/*
 * Do all revisions in one transaction. *ret_leases: the leases that were placed, changed or moved.
 * 0; -ESTALE: a lease is not there any more, so what was decided for it does not hold; -ENOSPC: a
 * partition is taken meanwhile; other errors as rocpart_place(). After an error nothing changed.
 */
int rp_revise(const struct rp_revising *what, struct rocpart_leases **ret_leases,
	      struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
