/* SPDX-License-Identifier: MIT */
/* What becomes of a plan on its machine: a change of modes, placements. */
#include "base/json.h"
#include "desired/planning.h"
#include "plan/verify/verify.h"
#include "plan/view.h"

static const struct rp_place_mode *mode_of(const struct rocpart_plan *plan,
					   const struct rp_plan_gpu *g)
{
	return &plan->machine.menus[plan->machine.gpus[g->gpu].menu].modes[g->mode];
}

static int wish_modes(const struct rocpart_plan *plan, struct rocpart_change *change, size_t gpu,
		      const struct rp_place_mode *mode, struct rocpart_error *reterr)
{
	enum rocpart_compute_mode c;
	enum rocpart_memory_mode m;

	/*
	 * A GPU that cannot be partitioned has a plain mode without names. One of which something
	 * is not known is never switched; a memory mode of its hive is refused by the change.
	 */
	if (rp_gpu_is_odd(&plan->snapshot->gpus[gpu]) ||
	    rocpart_compute_mode_from_string(mode->compute, &c) < 0 ||
	    rocpart_memory_mode_from_string(mode->memory, &m) < 0)
		return 0;
	/* What the file says of a GPU holds, also of one that only follows its hive. */
	if (plan->limits.gpus[gpu].compute)
		c = plan->limits.gpus[gpu].compute;
	return rocpart_change_set_modes(change, &plan->snapshot->gpus[gpu], c, m, reterr);
}

static bool is_used(const struct rocpart_plan *plan, size_t gpu)
{
	for (uint32_t i = 0; i < plan->plan->n_gpus; i++)
		if (plan->plan->gpus[i].gpu == gpu)
			return true;
	return false;
}

/* The memory mode is hive-wide: empty members take the pair of the first that is switched. */
static int fill_hive(const struct rocpart_plan *plan, struct rocpart_change *change,
		     const struct rp_plan_gpu *g, struct rocpart_error *reterr)
{
	const struct rp_place_gpu *gpus = plan->machine.gpus;
	const struct rp_place_mode *mode = mode_of(plan, g);
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->machine.n_gpus; i++) {
		const struct rocpart_gpu *other = &plan->snapshot->gpus[i];

		if (gpus[i].hive != gpus[g->gpu].hive || is_used(plan, i) ||
		    rp_str_eq(rocpart_memory_mode_to_string(other->memory), mode->memory))
			continue;
		r = wish_modes(plan, change, i, mode, reterr);
	}
	return r;
}

int rp_plan_fill_change(const struct rocpart_plan *plan, struct rocpart_change *change,
			struct rocpart_error *reterr)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && plan->plan && i < plan->plan->n_gpus; i++) {
		const struct rp_plan_gpu *g = &plan->plan->gpus[i];

		r = wish_modes(plan, change, g->gpu, mode_of(plan, g), reterr);
		if (r == 0)
			r = fill_hive(plan, change, g, reterr);
	}
	return r;
}

ROCPART_PUBLIC int rocpart_plan_get_placement(const struct rocpart_plan *plan, size_t index,
					      struct rocpart_placement *ret_placement)
{
	const struct rp_plan_place *p;
	const struct rp_place_request *q;
	const struct rp_plan_gpu *g;

	if (!plan->plan || index >= plan->plan->n_places)
		return -ENOENT;
	p = &plan->plan->places[index];
	q = &plan->asked[p->request];
	g = plan->plan->gpus;
	while (g->gpu != p->gpu)
		g++; /* every GPU with a replica is listed */
	*ret_placement = (struct rocpart_placement){
		.name = q->name,
		.bytes = q->bytes,
		.bdf = plan->machine.gpus[p->gpu].name,
		.partition = p->part,
		.share = rp_view_limit(q, &mode_of(plan, g)->parts[p->part]),
		.priority = q->priority,
		.is_new = p->was_gpu == RP_PLACE_NONE};
	return 0;
}

ROCPART_PUBLIC int rocpart_plan_verify(const char *text, size_t size, const char *name,
				       struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	int r = rp_json_parse(text, size, name, &j, reterr);

	return r < 0 ? r : rp_plan_verify(j, reterr);
}
