/* SPDX-License-Identifier: MIT */
/*
 * The exact method for a machine of a few GPUs: every vector of modes, like GPUs counted once
 * (placement study 2.2). For each vector the best set of replicas is found exactly: by nested
 * counts where only sizes matter, else by rp_assign. Of equal results the one with the fewest
 * GPUs, driver reloads, mode switches and moves wins, in this order.
 */
#ifndef RP_PLAN_VECTORS_H
#define RP_PLAN_VECTORS_H

#include "plan/assign.h"
#include "plan/plan.h"
#include "plan/view.h"

#define RP_VECTORS_MAX_GPUS 16
#define RP_MAX_BANDS	    32

struct rp_vectors {
	uint64_t max_work;
	bool (*stop)(void *userdata);
	void *userdata;
	uint64_t bound;	     /* fewer GPUs cannot do: no need to look */
	bool all_or_nothing; /* no search for the most weight when not all fits */

	bool found;
	bool complete; /* nothing was left out: what was found is the best */
	bool all;      /* everything is placed */
	uint32_t mode_of[RP_VECTORS_MAX_GPUS]; /* RP_PLACE_NONE: not used */
	uint32_t n_used, n_reloads, n_switches, n_moves;
	uint64_t n_vectors, n_augmentations;
};

/* Inputs are the first five members. 0, -ENOMEM, -E2BIG. */
int rp_vectors_search(const struct rp_view *v, struct rp_vectors *x) RP_MUST_CHECK;

/* Fill a with the best set of replicas for the modes. False when a tenant finds no place. */
bool rp_vectors_fill(struct rp_assign *a, const uint32_t *mode_of, const uint32_t *order);

#endif
