/* SPDX-License-Identifier: MIT */
/* Functions that the files of the planner offer each other. */
#ifndef RP_PLAN_PLAN_INTERNAL_H
#define RP_PLAN_PLAN_INTERNAL_H

#include "plan/draft.h"
#include "plan/plan.h"
#include "plan/view.h"

/* solve.c: plan a checked problem, without reason and remedies. */
int rp_plan_core(const struct rp_place_problem *p, const struct rp_plan_options *o,
		 struct rp_plan **ret) RP_MUST_CHECK;
/* Can everything be placed? yes is always sure; a "no" is sure when proof says why. */
struct rp_plan_answer {
	bool yes, sure;
	enum rp_plan_proof proof;
	uint64_t param, ref;  /* parameters of COUNT and L2 */
	uint64_t bound, gpus; /* bound and gpus_available of the plan */
	uint64_t used;	      /* GPUs of the placement that was found; 0 without one */
};
/* solve.c: answer whether everything in p can be placed. Precondition: p was checked. */
int rp_plan_feasible(const struct rp_place_problem *p, uint64_t max_work,
		     struct rp_plan_answer *ret) RP_MUST_CHECK;
/*
 * finish.c: fill gpus, places, unplaced and the counts of the plan from a draft, which it uses up.
 */
int rp_plan_finish(const struct rp_view *v, struct rp_draft *d, struct rp_plan *plan) RP_MUST_CHECK;
/* steps.c: order the steps of a finished plan. */
int rp_plan_make_steps(const struct rp_view *v, struct rp_plan *plan) RP_MUST_CHECK;
/* advice.c: add reason and remedies to an infeasible plan. */
int rp_plan_advise(struct rp_plan *plan, const struct rp_plan_options *o) RP_MUST_CHECK;

#endif
