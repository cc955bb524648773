/* SPDX-License-Identifier: MIT */
/*
 * The planner from outside: check the problem, plan it (solve.c), and add reason and remedies where
 * not everything was placed (advice.c, which asks solve.c again).
 */
#include "plan/chain.h"
#include "plan/plan_internal.h"

/* What made the problem too large: say which limit, with the figures of the machine. */
static int refuse_size(const struct rp_place_problem *p, int r, struct rocpart_error *reterr)
{
	uint32_t modes = 0;

	for (uint32_t m = 0; m < p->n_menus; m++)
		modes += p->menus[m].n_modes;
	return rp_error_set(
		reterr, r, ROCPART_ERR_UNSUPPORTED, NULL,
		"the machine has %u kinds of GPU with %u modes together, and a plan can "
		"have at most %d modes and %d different sizes of partitions",
		p->n_menus, modes, RP_CHAIN_MAX_MODES, RP_VIEW_MAX_SIZES);
}

int rp_plan_solve(const struct rp_place_problem *p, const struct rp_plan_options *o,
		  struct rp_plan **ret, struct rocpart_error *reterr)
{
	const struct rp_plan_options none = {0};
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	int r = rp_place_check(p, reterr);

	if (r < 0)
		return r;
	r = rp_plan_core(p, o ? o : &none, &plan);
	if (r == 0 && !plan->feasible && !(o && o->no_advice))
		r = rp_plan_advise(plan, o ? o : &none);
	if (r == -ENOMEM)
		return rp_error_nomem(reterr);
	if (r == -EINVAL) {
		(void)rp_error_set(reterr, r, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				   "the GPUs of one hive are in different memory modes, which a "
				   "plan cannot start from");
		return rp_error_hint(reterr, "`rocpart status` shows the modes; set one memory "
					     "mode for the whole hive first");
	}
	if (r < 0)
		return refuse_size(p, r, reterr);
	*ret = rp_steal(&plan);
	return 0;
}

struct rp_plan *rp_plan_free(struct rp_plan *plan)
{
	if (!plan)
		return NULL;
	free(plan->cases);
	free(plan->rows);
	free(plan->gpus);
	free(plan->places);
	free(plan->unplaced);
	free(plan->steps);
	free(plan->reason);
	free(plan->remedies);
	free(plan);
	return NULL;
}

void rp_cleanup_plan(struct rp_plan **plan)
{
	*plan = rp_plan_free(*plan);
}
