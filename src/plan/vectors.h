/* SPDX-License-Identifier: MIT */
/*
 * The exact search for a machine of at most RP_VECTORS_MAX_GPUS GPUs: vectors.c has the argument.
 * Of equal results the one with the fewest GPUs, driver reloads, mode switches and moves wins, in
 * this order.
 */
#ifndef RP_PLAN_VECTORS_H
#define RP_PLAN_VECTORS_H

#include "plan/assign.h"
#include "plan/plan.h"
#include "plan/view.h"

#define RP_VECTORS_MAX_GPUS 16

struct rp_vectors {
	uint64_t max_work;
	bool (*stop)(void *userdata);
	void *userdata;
	uint64_t bound;	     /* no plan for everything has fewer GPUs */
	bool all_or_nothing; /* no search for the most weight when not all fits */

	bool found;
	bool complete; /* no vector was left out: the result is the best there is */
	bool all;      /* every replica is placed */
	uint32_t mode_of[RP_VECTORS_MAX_GPUS]; /* RP_PLACE_NONE: not used */
	uint32_t n_used, n_reloads, n_switches, n_moves;
	uint64_t n_vectors, n_augmentations;
};

/*
 * Search. The caller sets the first five members, the others are results and start as zero.
 * 0, -ENOMEM; -E2BIG: too many GPUs, sizes or modes.
 */
int rp_vectors_search(const struct rp_view *v, struct rp_vectors *x) RP_MUST_CHECK;

/*
 * Fill a with the heaviest set of replicas for these modes; order is by priority and weight. Return
 * false when a tenant that may move finds no place.
 */
bool rp_vectors_fill(struct rp_assign *a, const uint32_t *mode_of, const uint32_t *order);

#endif
