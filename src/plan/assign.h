/* SPDX-License-Identifier: MIT */
/* Which replica goes to which partition when the modes are chosen and no partition is shared. */
#ifndef RP_PLAN_ASSIGN_H
#define RP_PLAN_ASSIGN_H

#include "plan/view.h"

struct rp_slot {
	uint32_t gpu, part, mem;
	const struct rp_place_part *p;
	uint32_t home; /* request of the tenant that is in it now and may move, or RP_PLACE_NONE */
	uint32_t holder; /* request that has it in this assignment, or RP_PLACE_NONE */
};

struct rp_assign {
	const struct rp_view *v;
	struct rp_slot *slots;
	uint32_t n_slots, max_slots;
	uint32_t n_domains;
	bool costs; /* some slot has a home, so paths have costs */

	uint32_t *used; /* [request * n_domains + domain]: replicas of the request in the domain */
	uint32_t *dead; /* per node: equals round when no free slot can be reached from it */
	uint32_t *seen; /* per node: equals search when this search has reached it */
	int32_t *dist;	/* per node: least cost of a path to it */
	uint32_t *from; /* per node: the node before it */
	uint32_t *queue;
	uint32_t *visited; /* nodes that this search has reached */
	bool *queued;
	uint32_t n_nodes, n_visited, round, search;
	uint64_t work;
};

/*
 * Allocate for the whole machine. The caller frees with rp_assign_done() also after a failure.
 * 0, -ENOMEM, -E2BIG.
 */
int rp_assign_init(const struct rp_view *v, struct rp_assign *a) RP_MUST_CHECK;
void rp_assign_done(struct rp_assign *a);

/* Begin a round without any replica: mode_of per GPU, RP_PLACE_NONE where a GPU is not used. */
void rp_assign_begin(struct rp_assign *a, const uint32_t *mode_of);
/* Place one more replica of a request; others may get other slots for it. False: impossible. */
bool rp_assign_add(struct rp_assign *a, uint32_t request);
/* Count the slots whose holder is the request of the tenant that is in them now. */
uint32_t rp_assign_kept(const struct rp_assign *a);

#endif
