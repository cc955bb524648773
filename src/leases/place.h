/* SPDX-License-Identifier: MIT */
/* Placing, for operations that do more with a new lease inside the same transaction. */
#ifndef RP_LEASES_PLACE_H
#define RP_LEASES_PLACE_H

#include "leases/session.h"
#include "rocpart/place.h"

/* Is called with the new leases before the commit; an error undoes them. */
typedef int (*rp_placed_fn)(void *userdata, struct rp_session *s, struct rp_lease_list *made,
			    struct rocpart_error *reterr);

struct rp_placing {
	struct rocpart_machine *machine;
	const struct rocpart_place_options *const *options;
	size_t n_options;
	enum rp_lease_open how; /* RP_LEASE_MAKE or RP_LEASE_MAKE_BRIEF */
	uint32_t own_pid;	/* process of this computer that owns them; 0: as the options say */
	rp_placed_fn placed;	/* may be NULL */
	void *userdata;
	struct rp_lease_db **ret_db; /* may be NULL: gets the database, which the caller closes */
};

/* Place all replicas of all options, or none. Errors as rocpart_place(). */
int rp_place(const struct rp_placing *what, struct rocpart_leases **ret_leases,
	     struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
