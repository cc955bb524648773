/* SPDX-License-Identifier: MIT */
/*
 * From a draft to a plan: replicas get numbers, tenants keep theirs, and GPUs and changes are
 * counted.
 *
 * Invariants:
 * - The replicas of a request are numbered from 0; its tenants come first, in the order of the
 *   list.
 * - Every tenant is in places exactly once, with the partition that it comes from. A place of the
 *   draft that is where a tenant of the same request runs already is given to that tenant, so that
 *   n_moves is the least for this draft.
 * - gpus lists exactly the GPUs that hold a replica or a holder or are occupied, so gpus_used
 * counts no GPU that a method opened and left empty.
 *
 * Precondition: the draft has a place for each movable tenant.
 * Time: O(T (D + T) + G) with T tenants, D places of the draft, G GPUs.
 */
#include "plan/plan_internal.h"

static void place_tenants_that_stay(const struct rp_view *v, struct rp_plan *plan, uint32_t *next)
{
	for (uint32_t t = 0; t < v->p->n_tenants; t++) {
		const struct rp_place_tenant *x = &v->p->tenants[t];

		if (v->stays[t])
			plan->places[plan->n_places++] = (struct rp_plan_place){
				x->request, next[x->request]++, x->gpu, x->part, x->gpu, x->part};
	}
}

/*
 * Return whether a place of the draft is the partition of tenant t, in a GPU that keeps its mode.
 */
static bool is_at_home(const struct rp_view *v, const struct rp_draft *d, uint32_t t,
		       const struct rp_draft_place *at)
{
	const struct rp_place_tenant *x = &v->p->tenants[t];

	return at->request == x->request && at->gpu == x->gpu && at->part == x->part &&
	       d->mode_of[x->gpu] == v->p->gpus[x->gpu].mode;
}

/*
 * Give movable tenants their places. Pass 0 serves those that the draft leaves at home, pass 1
 * moves the others to places of their request that are left. Used places lose their request.
 */
static void place_tenants_that_may_move(const struct rp_view *v, struct rp_draft *d,
					struct rp_plan *plan, uint32_t *next)
{
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t t = 0; t < v->p->n_tenants; t++) {
			const struct rp_place_tenant *x = &v->p->tenants[t];
			size_t i = 0;

			if (v->stays[t])
				continue;
			if (pass == 1) { /* skip tenants that pass 0 served */
				uint32_t k = 0;

				while (k < plan->n_places && (plan->places[k].was_gpu != x->gpu ||
							      plan->places[k].was_part != x->part))
					k++;
				if (k < plan->n_places)
					continue;
			}
			while (i < d->n_places && (pass == 0 ? !is_at_home(v, d, t, &d->places[i])
							     : d->places[i].request != x->request))
				i++;
			if (i == d->n_places)
				continue;
			plan->places[plan->n_places++] =
				(struct rp_plan_place){x->request,	 next[x->request]++,
						       d->places[i].gpu, d->places[i].part,
						       x->gpu,		 x->part};
			d->places[i].request = RP_PLACE_NONE;
			plan->n_moves += pass == 1;
		}
	}
}

/* Make places and unplaced; what is left of the draft are new replicas. */
static int make_places(const struct rp_view *v, struct rp_draft *d, struct rp_plan *plan)
{
	RP_AUTO_FREE uint32_t *next = rp_new0(uint32_t, v->p->n_requests);
	uint64_t missing = 0;

	plan->places = rp_new0(struct rp_plan_place, d->n_places + v->p->n_tenants);
	plan->unplaced = rp_new0(struct rp_plan_unplaced, v->p->n_requests);
	if (!next || !plan->places || !plan->unplaced)
		return -ENOMEM;
	place_tenants_that_stay(v, plan, next);
	place_tenants_that_may_move(v, d, plan, next);
	for (size_t i = 0; i < d->n_places; i++) {
		const struct rp_draft_place *x = &d->places[i];

		if (x->request != RP_PLACE_NONE)
			plan->places[plan->n_places++] = (struct rp_plan_place){
				x->request, next[x->request]++, x->gpu,
				x->part,    RP_PLACE_NONE,	RP_PLACE_NONE};
	}
	for (uint32_t q = 0; q < v->p->n_requests; q++) {
		uint32_t n = v->p->requests[q].replicas - next[q];

		plan->weight_placed += next[q] * rp_view_weight(&v->p->requests[q]);
		if (n > 0)
			plan->unplaced[plan->n_unplaced++] = (struct rp_plan_unplaced){q, n};
		missing += n;
	}
	plan->feasible = missing == 0;
	return 0;
}

static uint32_t count_bits(uint32_t x)
{
	return (uint32_t)__builtin_popcount(x);
}

/* List the GPUs in use and count switches; a hive whose memory mode changes is one reload. */
static int make_gpus(const struct rp_view *v, const struct rp_draft *d, struct rp_plan *plan)
{
	const struct rp_place_problem *p = v->p;
	RP_AUTO_FREE uint32_t *used = rp_new0(uint32_t, p->n_gpus);
	RP_AUTO_FREE bool *now = rp_new0(bool, p->n_gpus);
	RP_AUTO_FREE bool *reloads = rp_new0(bool, p->n_gpus);

	plan->gpus = rp_new0(struct rp_plan_gpu, p->n_gpus);
	if (!used || !now || !reloads || !plan->gpus)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->n_places; i++)
		used[plan->places[i].gpu] |= 1U << plan->places[i].part;
	for (uint32_t t = 0; t < p->n_tenants; t++)
		now[p->tenants[t].gpu] = true;
	for (uint32_t i = 0; i < p->n_holders; i++) {
		now[p->holders[i].gpu] = true;
		used[p->holders[i].gpu] |= 1U << p->holders[i].part;
	}
	for (uint32_t g = 0; g < p->n_gpus; g++) {
		struct rp_plan_gpu *x = &plan->gpus[plan->n_gpus];
		uint32_t hive = v->gpus[g].hive;

		used[g] |= p->gpus[g].occupied;
		if (!used[g])
			continue;
		plan->n_gpus++;
		*x = (struct rp_plan_gpu){g, d->mode_of[g], d->mode_of[g] != p->gpus[g].mode,
					  count_bits(used[g])};
		plan->gpus_used++;
		plan->gpus_added += !now[g] && !p->gpus[g].occupied;
		plan->n_switches += x->switches;
		if (!reloads[hive] &&
		    v->hives[hive].mem_now != v->mode_mem[p->gpus[g].menu][x->mode]) {
			reloads[hive] = true;
			plan->n_reloads++;
		}
	}
	return 0;
}

int rp_plan_finish(const struct rp_view *v, struct rp_draft *d, struct rp_plan *plan)
{
	int r = make_places(v, d, plan);

	return r == 0 ? make_gpus(v, d, plan) : r;
}
