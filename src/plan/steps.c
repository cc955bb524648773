/* SPDX-License-Identifier: MIT */
/*
 * The order of the steps of a plan.
 *
 * Invariant: after every step the machine is one that can exist.
 * - A GPU switches its compute mode when nothing runs on it: the kernel refuses otherwise (Linux
 *   drivers/gpu/drm/amd/amdkfd/kfd_device.c, kgd2kfd_check_and_lock_kfd()).
 * - A hive switches its memory mode when nothing runs on any of its GPUs, because that reloads the
 *   driver, which then chooses the compute modes (amdgpu/aqua_vanjaram.c,
 *   __aqua_vanjaram_get_auto_mode()). So after a reload the compute mode of each GPU in the plan is
 *   set again.
 * - A tenant moves when its new partition exists and is empty: it starts there before it stops
 *   here.
 * Rounds of moves and switches repeat until neither is possible. If tenants still wait, they wait
 * for each other in a circle; one of the lowest priority is stopped and placed at the end, which
 * frees a partition, so every circle is broken after finitely many stops. New replicas are placed
 * last, when all GPUs are in their modes.
 *
 * Precondition: no tenant that moves shares a partition (moves are planned without sharing only).
 * Time: O((V + G) (L + G)) with V moves, L places, G GPUs: each round but the last does something,
 * and looks at every place and GPU.
 * Source: our own; make before break, and break a circle by one stop. It is not claimed that the
 * fewest tenants are stopped. verify/replay.c replays the steps.
 */
#include "plan/plan_internal.h"

struct order {
	struct rp_plan *plan;
	const struct rp_view *v;
	uint32_t *mode_now;  /* per GPU */
	uint32_t *mode_then; /* per GPU: mode of the plan; RP_PLACE_NONE: not in the plan */
	uint32_t *on_gpu;    /* per GPU: tenants on it after the steps so far */
	uint32_t *on_hive;   /* the same per hive */
	bool *hive_waits;    /* per hive: its memory mode is still to be switched */
	bool *reloaded;	     /* per hive: a reload has let the driver choose the compute modes */
	bool *set;	     /* per GPU: a step has set its compute mode */
	uint16_t *in_part;   /* [gpu * RP_PLACE_MAX_PARTS + part]: tenants after the steps so far */
	uint8_t *state;	     /* per place: one of the values below */
};

/* It is where the plan has it; it runs elsewhere; it does not run. */
enum { SETTLED, TO_MOVE, TO_PLACE };

static void emit_step(struct order *o, enum rp_plan_step_op op, uint32_t gpu, uint32_t mode,
		      uint32_t place)
{
	o->plan->steps[o->plan->n_steps++] = (struct rp_plan_step){op, gpu, mode, place};
}

/* A tenant is moved also when its GPU gets another mode, which makes its partition another one. */
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

/* Begin with the machine as it is: no step done. */
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

/*
 * Return whether a GPU has the mode of the plan now: its hive needs no memory switch any more, and
 * it is not in the plan, a step has set it, or it had the mode and no reload has changed it.
 */
static bool is_in_mode(const struct order *o, uint32_t gpu)
{
	uint32_t hive = o->v->gpus[gpu].hive;

	return !o->hive_waits[hive] &&
	       (o->mode_then[gpu] == RP_PLACE_NONE || o->set[gpu] ||
		(!o->reloaded[hive] && o->mode_then[gpu] == o->mode_now[gpu]));
}

/* Move every tenant whose new partition exists and is empty. Return whether one moved. */
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
		emit_step(o, RP_PLAN_STEP_MOVE, RP_PLACE_NONE, RP_PLACE_NONE, i);
		any = true;
	}
	return any;
}

/* Switch every hive and GPU that is idle and not in its mode yet. Return whether one switched. */
static bool do_switches(struct order *o)
{
	const struct rp_plan *plan = o->plan;
	bool any = false;

	for (uint32_t i = 0; i < plan->n_gpus; i++) {
		const struct rp_plan_gpu *x = &plan->gpus[i];
		uint32_t hive = o->v->gpus[x->gpu].hive;

		if (o->hive_waits[hive] && o->on_hive[hive] == 0) {
			emit_step(o, RP_PLAN_STEP_MEMORY, x->gpu, x->mode, RP_PLACE_NONE);
			o->hive_waits[hive] = false;
			o->reloaded[hive] = true;
			any = true;
		}
		if (is_in_mode(o, x->gpu) || o->hive_waits[hive] || o->on_gpu[x->gpu] > 0)
			continue;
		emit_step(o, RP_PLAN_STEP_COMPUTE, x->gpu, x->mode, RP_PLACE_NONE);
		o->set[x->gpu] = true;
		any = true;
	}
	return any;
}

/* No move and no switch is possible: stop one of the tenants that wait, of the lowest priority. */
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
	emit_step(o, RP_PLAN_STEP_STOP, RP_PLACE_NONE, RP_PLACE_NONE, least);
	leave_partition(o, &o->plan->places[least]);
	o->state[least] = TO_PLACE;
	return true;
}

/* Drain each GPU in use that will be switched, or whose hive will: it must take nothing new. */
static void drain_gpus(struct order *o)
{
	for (uint32_t g = 0; g < o->plan->problem->n_gpus; g++) {
		if ((o->hive_waits[o->v->gpus[g].hive] || !is_in_mode(o, g)) && o->on_gpu[g] > 0)
			emit_step(o, RP_PLAN_STEP_DRAIN, g, RP_PLACE_NONE, RP_PLACE_NONE);
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
				emit_step(&o, RP_PLAN_STEP_PLACE, RP_PLACE_NONE, RP_PLACE_NONE, i);
		}
	}
	order_done(&o);
	return r;
}
