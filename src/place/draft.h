/* SPDX-License-Identifier: MIT */
/* What each method hands back: modes, and who is where. The plan is made of it. */
#ifndef RP_PLACE_DRAFT_H
#define RP_PLACE_DRAFT_H

#include "place/plan.h"
#include "place/view.h"

struct rp_draft_place {
	uint32_t request, gpu, part;
};

struct rp_draft {
	uint32_t *mode_of;	       /* per GPU; RP_PLACE_NONE: not used */
	struct rp_draft_place *places; /* without tenants that stay */
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

/*
 * construct.c: exclusive partitions on a machine of any size. Fills from the largest into the
 * modes that the chain of best asks for, then opens GPUs as needed. Tenants must all stay.
 */
int rp_construct(const struct rp_view *v, uint32_t mem, bool short_of_gpus,
		 struct rp_draft *ret) RP_MUST_CHECK;

struct rp_share_bound {
	enum rp_plan_proof proof;
	uint64_t param, ref;
	uint64_t gpus;
};
/* share.c: partitions may be shared. The best of a dozen heuristics; a bound from the sizes. */
int rp_share_place(const struct rp_view *v, struct rp_draft *ret, uint64_t *work) RP_MUST_CHECK;
int rp_share_bound(const struct rp_view *v, struct rp_share_bound *ret) RP_MUST_CHECK;

#endif
