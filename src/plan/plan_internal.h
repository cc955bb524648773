/* SPDX-License-Identifier: MIT */
/* Between the files that make a plan. */
#ifndef RP_PLAN_PLAN_INTERNAL_H
#define RP_PLAN_PLAN_INTERNAL_H

#include "plan/draft.h"
#include "plan/plan.h"
#include "plan/view.h"

/* plan.c: all but reason and remedies. */
int rp_plan_core(const struct rp_place_problem *p, const struct rp_plan_options *o,
		 struct rp_plan **ret) RP_MUST_CHECK;
/* Can everything be placed? "Yes" is always sure; "no" if proof says why. */
struct rp_plan_answer {
	bool yes, sure;
	enum rp_plan_proof proof;
	uint64_t param, ref;  /* COUNT, L2 */
	uint64_t bound, gpus; /* needed at least, and there; bound may be UINT64_MAX */
};
/* Does not check p. */
int rp_plan_feasible(const struct rp_place_problem *p, uint64_t max_work,
		     struct rp_plan_answer *ret) RP_MUST_CHECK;
/* finish.c: gpus, places, unplaced and the counts, from what a method found. */
int rp_plan_finish(const struct rp_view *v, struct rp_draft *d, struct rp_plan *plan) RP_MUST_CHECK;
/* steps.c */
int rp_plan_make_steps(const struct rp_view *v, struct rp_plan *plan) RP_MUST_CHECK;
/* advice.c */
int rp_plan_advise(struct rp_plan *plan, const struct rp_plan_options *o) RP_MUST_CHECK;

#endif
