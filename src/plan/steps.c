/* SPDX-License-Identifier: MIT */
/*
 * The order in which a plan is carried out, such that after every step the machine is one that
 * can exist: a GPU is switched when nobody is on it, a hive's memory mode when nobody is on any of
 * its GPUs (hardware-abi B.4), a tenant moves when its new partition is there and empty. Where
 * tenants wait for each other in a circle one of the lowest priority is stopped and placed later.
 */
#include "plan/plan_internal.h"

struct order {
	struct rp_plan *plan;
	const struct rp_view *v;
	uint32_t *mode_now;  /* per GPU */
	uint32_t *mode_then; /* RP_PLACE_NONE: as it is */
	uint32_t *on_gpu;    /* tenants now */
	uint32_t *on_hive;
	bool *hive_waits;  /* for its memory switch */
	bool *reloaded;	   /* hives: the driver has chosen the compute modes (hardware-abi B.3) */
	bool *set;	   /* GPUs whose compute mode we have set */
	uint16_t *in_part; /* [gpu * RP_PLACE_MAX_PARTS + part] tenants now */
	uint8_t *state;	   /* per place, enum below */
};

enum { SETTLED, TO_MOVE, TO_PLACE };

static void emit_step(struct order *o, enum rp_plan_step_op op, uint32_t gpu, uint32_t mode,
		      uint32_t place)
{
	o->plan->steps[o->plan->n_steps++] = (struct rp_plan_step){op, gpu, mode, place};
}

static bool is_moved(const struct order *o, const struct rp_plan_place *x)
{
	return x->gpu != x->was_gpu || x->part != x->was_part ||
	       (o->mode_then[x->gpu] != RP_PLACE_NONE &&
		o->mode_then[x->gpu] != o->mode_now[x->gpu]);
}

static int alloc_order(struct order *o)
{
	const struct rp_plan *plan = o->plan;
	const struct rp_place_problem *p = plan->problem;
	const size_t parts = (size_t)p->n_gpus * RP_PLACE_MAX_PARTS;

	o->mode_now = rp_new0(uint32_t, p->n_gpus);
	o->mode_then = rp_new0(uint32_t, p->n_gpus);
	o->on_gpu = rp_new0(uint32_t, p->n_gpus);
	o->on_hive = rp_new0(uint32_t, p->n_gpus);
	o->hive_waits = rp_new0(bool, p->n_gpus);
	o->reloaded = rp_new0(bool, p->n_gpus);
	o->set = rp_new0(bool, p->n_gpus);
	o->in_part = rp_new0(uint16_t, parts);
	o->state = rp_new0(uint8_t, plan->n_places);
	o->plan->steps =
		rp_new0(struct rp_plan_step, (size_t)3 * p->n_gpus + (size_t)2 * plan->n_places);
	return o->mode_now && o->mode_then && o->on_gpu && o->on_hive && o->hive_waits &&
			       o->reloaded && o->set && o->in_part && o->state && o->plan->steps
		       ? 0
		       : -ENOMEM;
}

static void order_done(struct order *o)
{
	free(o->mode_now);
	free(o->mode_then);
	free(o->on_gpu);
	free(o->on_hive);
	free(o->hive_waits);
	free(o->reloaded);
	free(o->set);
	free(o->in_part);
	free(o->state);
}

static uint16_t *count_in_part(struct order *o, uint32_t gpu, uint32_t part)
{
	return &o->in_part[(size_t)gpu * RP_PLACE_MAX_PARTS + part];
}

static void read_plan(struct order *o)
{
	const struct rp_plan *plan = o->plan;
	const struct rp_place_problem *p = plan->problem;

	for (uint32_t g = 0; g < p->n_gpus; g++) {
		o->mode_now[g] = p->gpus[g].mode;
		o->mode_then[g] = RP_PLACE_NONE;
	}
	for (uint32_t i = 0; i < plan->n_gpus; i++) {
		const struct rp_plan_gpu *x = &plan->gpus[i];
		uint32_t hive = o->v->gpus[x->gpu].hive;

		o->mode_then[x->gpu] = x->mode;
		if (o->v->hives[hive].mem_now != o->v->mode_mem[p->gpus[x->gpu].menu][x->mode])
			o->hive_waits[hive] = true;
	}
	for (uint32_t i = 0; i < plan->n_places; i++) {
		const struct rp_plan_place *x = &plan->places[i];

		if (x->was_gpu == RP_PLACE_NONE) {
			o->state[i] = TO_PLACE;
			continue;
		}
		o->on_gpu[x->was_gpu]++;
		o->on_hive[o->v->gpus[x->was_gpu].hive]++;
		(*count_in_part(o, x->was_gpu, x->was_part))++;
		o->state[i] = is_moved(o, x) ? TO_MOVE : SETTLED;
	}
}

static void leave_partition(struct order *o, const struct rp_plan_place *x)
{
	o->on_gpu[x->was_gpu]--;
	o->on_hive[o->v->gpus[x->was_gpu].hive]--;
	(*count_in_part(o, x->was_gpu, x->was_part))--;
}

static bool is_in_mode(const struct order *o, uint32_t gpu)
{
	uint32_t hive = o->v->gpus[gpu].hive;

	return !o->hive_waits[hive] &&
	       (o->mode_then[gpu] == RP_PLACE_NONE || o->set[gpu] ||
		(!o->reloaded[hive] && o->mode_then[gpu] == o->mode_now[gpu]));
}

static bool do_moves(struct order *o)
{
	bool any = false;

	for (uint32_t i = 0; i < o->plan->n_places; i++) {
		const struct rp_plan_place *x = &o->plan->places[i];

		if (o->state[i] != TO_MOVE || !is_in_mode(o, x->gpu) ||
		    *count_in_part(o, x->gpu, x->part))
			continue;
		leave_partition(o, x);
		o->on_gpu[x->gpu]++;
		o->on_hive[o->v->gpus[x->gpu].hive]++;
		(*count_in_part(o, x->gpu, x->part))++;
		o->state[i] = SETTLED;
		emit_step(o, RP_STEP_MOVE, RP_PLACE_NONE, RP_PLACE_NONE, i);
		any = true;
	}
	return any;
}

static bool do_switches(struct order *o)
{
	const struct rp_plan *plan = o->plan;
	bool any = false;

	for (uint32_t i = 0; i < plan->n_gpus; i++) {
		const struct rp_plan_gpu *x = &plan->gpus[i];
		uint32_t hive = o->v->gpus[x->gpu].hive;

		if (o->hive_waits[hive] && o->on_hive[hive] == 0) {
			emit_step(o, RP_STEP_MEMORY, x->gpu, x->mode, RP_PLACE_NONE);
			o->hive_waits[hive] = false;
			o->reloaded[hive] = true;
			any = true;
		}
		if (is_in_mode(o, x->gpu) || o->hive_waits[hive] || o->on_gpu[x->gpu] > 0)
			continue;
		emit_step(o, RP_STEP_COMPUTE, x->gpu, x->mode, RP_PLACE_NONE);
		o->set[x->gpu] = true;
		any = true;
	}
	return any;
}

/* Nothing can go on: stop one of those that wait. */
static bool break_circle(struct order *o)
{
	const struct rp_place_request *requests = o->plan->problem->requests;
	uint32_t least = RP_PLACE_NONE;

	for (uint32_t i = 0; i < o->plan->n_places; i++) {
		if (o->state[i] != TO_MOVE)
			continue;
		if (least == RP_PLACE_NONE ||
		    requests[o->plan->places[i].request].priority <
			    requests[o->plan->places[least].request].priority)
			least = i;
	}
	if (least == RP_PLACE_NONE)
		return false;
	emit_step(o, RP_STEP_STOP, RP_PLACE_NONE, RP_PLACE_NONE, least);
	leave_partition(o, &o->plan->places[least]);
	o->state[least] = TO_PLACE;
	return true;
}

/* Every GPU that will be switched, or whose hive will, first takes nothing new. */
static void drain_gpus(struct order *o)
{
	for (uint32_t g = 0; g < o->plan->problem->n_gpus; g++) {
		if ((o->hive_waits[o->v->gpus[g].hive] || !is_in_mode(o, g)) && o->on_gpu[g] > 0)
			emit_step(o, RP_STEP_DRAIN, g, RP_PLACE_NONE, RP_PLACE_NONE);
	}
}

int rp_plan_make_steps(const struct rp_view *v, struct rp_plan *plan)
{
	struct order o = {.plan = plan, .v = v};
	int r = alloc_order(&o);

	if (r == 0) {
		bool any;

		read_plan(&o);
		drain_gpus(&o);
		do {
			any = do_moves(&o);
			any = do_switches(&o) || any;
		} while (any || break_circle(&o));
		for (uint32_t i = 0; i < plan->n_places; i++) {
			if (o.state[i] == TO_PLACE)
				emit_step(&o, RP_STEP_PLACE, RP_PLACE_NONE, RP_PLACE_NONE, i);
		}
	}
	order_done(&o);
	return r;
}
