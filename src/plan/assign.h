/* SPDX-License-Identifier: MIT */
/*
 * Which replica goes to which partition when the modes are chosen and no partition is shared.
 *
 * The sets of replicas that can be placed together are the independent sets of a gammoid
 * (replica -> request in a spread domain -> partition), so adding replicas by descending weight,
 * each by an augmenting path, gives the most weight. Paths of least cost keep as many tenants
 * where they are as possible (successive shortest paths).
 */
#ifndef RP_PLAN_ASSIGN_H
#define RP_PLAN_ASSIGN_H

#include "plan/view.h"

struct rp_slot {
	uint32_t gpu, part, mem;
	const struct rp_place_part *p;
	uint32_t home;	 /* request of the tenant that is there now and may be moved, or NONE */
	uint32_t holder; /* request placed there, or RP_PLACE_NONE */
};

struct rp_assign {
	const struct rp_view *v;
	struct rp_slot *slots;
	uint32_t n_slots, max_slots;
	uint32_t n_domains;
	bool costs; /* some slot has a home */

	uint32_t *used; /* [request * n_domains + domain]: replicas there */
	uint32_t *dead; /* per node: equals round when nothing can be reached from it */
	uint32_t *seen; /* per node: equals search when reached */
	int32_t *dist;	/* per node */
	uint32_t *from; /* per node: the node before it */
	uint32_t *queue;
	uint32_t *visited; /* by this search, in any order */
	bool *queued;
	uint32_t n_nodes, n_visited, round, search;
	uint64_t work;
};

/* Room for the whole machine. 0, -ENOMEM, -E2BIG. */
int rp_assign_init(const struct rp_view *v, struct rp_assign *a) RP_MUST_CHECK;
void rp_assign_done(struct rp_assign *a);

/* Start anew: mode_of per GPU, RP_PLACE_NONE where a GPU is not used. */
void rp_assign_begin(struct rp_assign *a, const uint32_t *mode_of);
/* Place one more replica of a request, moving others about if that helps. */
bool rp_assign_add(struct rp_assign *a, uint32_t request);
/* Tenants that are where they were. */
uint32_t rp_assign_kept(const struct rp_assign *a);

#endif
