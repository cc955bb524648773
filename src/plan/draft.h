/* SPDX-License-Identifier: MIT */
/*
 * A draft: the modes and places that a method found. finish.c makes a plan of it. The functions
 * below are the methods for machines that are too large for the exact search (vectors.h).
 */
#ifndef RP_PLAN_DRAFT_H
#define RP_PLAN_DRAFT_H

#include "plan/plan.h"
#include "plan/view.h"

struct rp_draft_place {
	uint32_t request, gpu, part;
};

struct rp_draft {
	uint32_t *mode_of;	       /* per GPU; RP_PLACE_NONE: not used */
	struct rp_draft_place *places; /* of all replicas but the tenants that stay */
	size_t n_places, cap_places;
};

static inline int rp_draft_init(const struct rp_view *v, struct rp_draft *d)
{
	*d = (struct rp_draft){.mode_of = rp_new0(uint32_t, v->p->n_gpus)};
	if (!d->mode_of)
		return -ENOMEM;
	for (uint32_t g = 0; g < v->p->n_gpus; g++)
		d->mode_of[g] =
			v->gpus[g].role == RP_ROLE_FIXED ? v->p->gpus[g].mode : RP_PLACE_NONE;
	return 0;
}

static inline void rp_draft_done(struct rp_draft *d)
{
	free(d->mode_of);
	free(d->places);
	*d = (struct rp_draft){0};
}

static inline int rp_draft_add(struct rp_draft *d, uint32_t request, uint32_t gpu, uint32_t part)
{
	int r = rp_grow(&d->places, &d->cap_places, d->n_places + 1, sizeof(d->places[0]));

	if (r == 0)
		d->places[d->n_places++] = (struct rp_draft_place){request, gpu, part};
	return r;
}

struct rp_construct {
	uint32_t mem;	    /* preferred memory mode; RP_PLACE_NONE: none */
	bool short_of_gpus; /* not everything will fit: priority and weight before size */
	bool hives_first;   /* replicas that go to different hives come before the others */
	const struct rp_plan_row
		*rows; /* GPUs to open; NULL: those of the chain, then more as needed */
	uint32_t n_rows;
};
/*
 * construct.c: fill exclusive partitions of a machine of any size from the largest request down.
 * Precondition: every tenant stays. 0, -ENOMEM, -E2BIG.
 */
int rp_construct(const struct rp_view *v, const struct rp_construct *how,
		 struct rp_draft *ret) RP_MUST_CHECK;
/*
 * spread.c: where replicas must be apart, look for a complete draft with fewer GPUs than *draft has
 * (or for the first complete one) by trying mixtures of modes from n_least GPUs up. Replace *draft
 * by what is found. *work grows by the mixtures looked at. 0, -ENOMEM, -E2BIG.
 */
int rp_spread_improve(const struct rp_view *v, uint32_t mem, uint64_t n_least,
		      struct rp_draft *draft, uint64_t *work) RP_MUST_CHECK;

struct rp_share_bound {
	enum rp_plan_proof proof;
	uint64_t param, ref;
	uint64_t gpus; /* UINT64_MAX: no number is enough */
};
/*
 * share.c: partitions may be shared. Return the best draft of a few dozen heuristic runs, or the
 * first that places everything on at most n_least GPUs. Precondition: every tenant stays. *work
 * grows by a measure of the time. 0, -ENOMEM.
 */
int rp_share_place(const struct rp_view *v, uint64_t n_least, struct rp_draft *ret,
		   uint64_t *work) RP_MUST_CHECK;
/* share_bound.c: the best lower bound that weights of replicas give. 0, -ENOMEM, -E2BIG. */
int rp_share_bound(const struct rp_view *v, struct rp_share_bound *ret) RP_MUST_CHECK;

#endif
