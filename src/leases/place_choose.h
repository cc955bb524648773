/* SPDX-License-Identifier: MIT */
/* A session with a placer: where each lease goes. Used inside leases/ only. */
#ifndef RP_LEASES_PLACE_CHOOSE_H
#define RP_LEASES_PLACE_CHOOSE_H

#include "leases/place_fill.h"

struct rp_place_session {
	struct rp_session s;
	struct rp_fill fill;
	struct rp_lease_list made;
	size_t n_before;     /* leases made for other requests */
	uint32_t n_replicas; /* of this one */
};
void rp_place_session_done(struct rp_place_session *p);
#define RP_AUTO_PLACE_SESSION RP_AUTO(rp_place_session_done)

/*
 * Begin the session: -EPERM OTHER_ALLOCATOR; -EBUSY UNFINISHED_CHANGE while the journal of a change
 * is open; errors of rp_session_begin(). The caller makes the
 * placer with rp_fill_placer().
 */
int rp_place_begin(struct rp_place_session *p, struct rocpart_machine *m, enum rp_lease_open how,
		   struct rocpart_error *reterr) RP_MUST_CHECK;
/* Make an owner that is a process one process: it must exist now. -ENOENT; errno of reading. */
int rp_place_pin_owner(struct rp_place_session *p, struct rp_owner *o,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * The place that the placer prefers for l, booked in it; its GPU may have to be switched first.
 * Errors as rp_place_locate().
 */
int rp_place_choose(const struct rp_place_session *p, const struct rp_lease *l,
		    struct rp_placer_placed *ret, struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * Give l a place: partition, state, guarantee, limits, mode and why. partition is "GPU/ID", or
 * NULL: the one that the placer prefers. comes_back: l has just given that partition up, and may
 * have it again where no other lease would be placed. The caller records l.
 */
int rp_place_locate(const struct rp_place_session *p, struct rp_lease *l, const char *partition,
		    bool comes_back, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Make the public list of the leases in made, then commit: after the commit nothing fails. */
int rp_place_commit(struct rp_place_session *p, struct rocpart_leases **ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
