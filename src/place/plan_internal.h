/* SPDX-License-Identifier: MIT */
/* Between the files that make a plan. */
#ifndef RP_PLACE_PLAN_INTERNAL_H
#define RP_PLACE_PLAN_INTERNAL_H

#include "place/draft.h"
#include "place/plan.h"
#include "place/view.h"

/* plan.c: all but reason and remedies. */
int rp_plan_core(const struct rp_place_problem *p, const struct rp_plan_options *o,
		 struct rp_plan **ret) RP_MUST_CHECK;
/* Can everything be placed? ret_sure: "no" is proved, "yes" always is. Does not check p. */
int rp_plan_feasible(const struct rp_place_problem *p, uint64_t max_work, bool *ret_yes,
		     bool *ret_sure) RP_MUST_CHECK;
/* finish.c: gpus, places, unplaced and the counts, from what a method found. */
int rp_plan_finish(const struct rp_view *v, struct rp_draft *d, struct rp_plan *plan) RP_MUST_CHECK;
/* steps.c */
int rp_plan_make_steps(const struct rp_view *v, struct rp_plan *plan) RP_MUST_CHECK;
/* advice.c */
int rp_plan_advise(struct rp_plan *plan, const struct rp_plan_options *o) RP_MUST_CHECK;

#endif
