/* SPDX-License-Identifier: MIT */
/*
 * The document of `plan --json`.
 *
 * Invariant: the document is self-contained. It has the whole problem (requests, menus, GPUs,
 * tenants), the claim, the certificate and the plan, so that verify/ can check the claim without
 * any other input. Indices refer to the lists of the document; names stand next to them for people.
 * Integers are exact and below 2^63 (rp_place_check()).
 */
#include "base/json.h"
#include "plan/plan_internal.h"

const char *rp_plan_remedy_name(enum rp_remedy_kind kind)
{
	static const char *const names[] = {
		[RP_REMEDY_UNVALIDATED] = "allow_unvalidated_modes",
		[RP_REMEDY_MOVES] = "allow_moves",
		[RP_REMEDY_UNCORDON] = "uncordon",
		[RP_REMEDY_RELEASE_GPU] = "release_gpu",
		[RP_REMEDY_NO_SPREAD] = "no_spread",
		[RP_REMEDY_ADD_GPUS] = "add_gpus",
		[RP_REMEDY_DROP] = "drop_replicas",
		[RP_REMEDY_SHRINK] = "shrink_request",
	};

	return (size_t)kind < RP_ARRAY_LEN(names) ? names[kind] : "unknown";
}

const char *rp_plan_step_name(enum rp_plan_step_op op)
{
	static const char *const names[] = {
		[RP_PLAN_STEP_DRAIN] = "drain",
		[RP_PLAN_STEP_MOVE] = "move",
		[RP_PLAN_STEP_STOP] = "stop",
		[RP_PLAN_STEP_MEMORY] = "switch_memory",
		[RP_PLAN_STEP_COMPUTE] = "switch_compute",
		[RP_PLAN_STEP_PLACE] = "place",
	};

	return (size_t)op < RP_ARRAY_LEN(names) ? names[op] : "unknown";
}

static const char *spread_name(enum rp_place_spread spread)
{
	return spread == RP_PLACE_SPREAD_GPU	? "gpu"
	       : spread == RP_PLACE_SPREAD_HIVE ? "hive"
						: "none";
}

static const char *proof_name(enum rp_plan_proof proof)
{
	static const char *const names[] = {
		[RP_PROOF_CHAIN] = "chain",   [RP_PROOF_EXHAUSTIVE] = "exhaustive",
		[RP_PROOF_VOLUME] = "volume", [RP_PROOF_COUNT] = "count",
		[RP_PROOF_L2] = "l2",
	};

	return names[proof];
}

/*
 * The state of the writer. The first failure is kept, and after it every call does nothing, so that
 * a function checks once. Every put_ function takes its value over, also on failure.
 */
struct out {
	int r;
};

static void put_value(struct out *o, struct rp_json *obj, const char *key, struct rp_json *value)
{
	if (o->r == 0)
		o->r = rp_json_set(obj, key, value);
	else
		(void)rp_json_free(value);
}

static void put_u64(struct out *o, struct rp_json *obj, const char *key, uint64_t v)
{
	put_value(o, obj, key, rp_json_u64(v));
}

static void put_text(struct out *o, struct rp_json *obj, const char *key, const char *s)
{
	if (o->r == 0)
		o->r = rp_json_set_string(obj, key, s);
}

static void put_bool(struct out *o, struct rp_json *obj, const char *key, bool v)
{
	put_value(o, obj, key, rp_json_bool(v));
}

static struct rp_json *put_list(struct out *o, struct rp_json *obj, const char *key)
{
	struct rp_json *a = o->r == 0 ? rp_json_array() : NULL;

	if (o->r == 0 && !a)
		o->r = -ENOMEM;
	if (o->r == 0)
		o->r = rp_json_set(obj, key, a);
	return o->r == 0 ? a : NULL;
}

static struct rp_json *append_object(struct out *o, struct rp_json *arr)
{
	struct rp_json *obj = o->r == 0 ? rp_json_object() : NULL;

	if (o->r == 0 && !obj)
		o->r = -ENOMEM;
	if (o->r == 0)
		o->r = rp_json_append(arr, obj);
	return o->r == 0 ? obj : NULL;
}

static void write_requests(struct out *o, const struct rp_plan *plan, struct rp_json *root)
{
	const struct rp_place_problem *p = plan->problem;
	struct rp_json *arr = put_list(o, root, "requests");

	for (uint32_t i = 0; i < p->n_requests && o->r == 0; i++) {
		const struct rp_place_request *q = &p->requests[i];
		struct rp_json *x = append_object(o, arr);

		put_text(o, x, "name", q->name);
		put_u64(o, x, "bytes", q->bytes);
		put_u64(o, x, "replicas", q->replicas);
		put_value(o, x, "priority", rp_json_int(q->priority));
		put_u64(o, x, "weight", rp_view_weight(q));
		put_u64(o, x, "min_xcds", q->min_xcds);
		put_u64(o, x, "min_bandwidth_mbs", q->min_bandwidth_mbs);
		put_text(o, x, "memory_mode", q->memory);
		put_u64(o, x, "share", rp_view_share(q));
		put_text(o, x, "spread", spread_name(q->spread));
		put_u64(o, x, "per_domain", rp_view_per_domain(q));
	}
}

static void write_parts(struct out *o, struct rp_json *mode, const struct rp_place_mode *m)
{
	struct rp_json *arr = put_list(o, mode, "partitions");

	for (uint32_t i = 0; i < m->n_parts && o->r == 0; i++) {
		const struct rp_place_part *part = &m->parts[i];
		struct rp_json *x = append_object(o, arr), *xcds;

		put_u64(o, x, "usable_bytes", part->usable_bytes);
		put_u64(o, x, "bandwidth_mbs", part->bandwidth_mbs);
		put_u64(o, x, "memory_domain", part->domain);
		xcds = put_list(o, x, "xcds");
		for (uint32_t k = 0; k < part->n_xcds && o->r == 0; k++)
			o->r = rp_json_append(xcds, rp_json_u64((uint64_t)part->first_xcd + k));
	}
}

static void write_menus(struct out *o, const struct rp_place_problem *p, struct rp_json *machine)
{
	struct rp_json *arr = put_list(o, machine, "menus");

	for (uint32_t m = 0; m < p->n_menus && o->r == 0; m++) {
		struct rp_json *x = append_object(o, arr), *modes;

		put_text(o, x, "product", p->menus[m].product);
		modes = put_list(o, x, "modes");
		for (uint32_t i = 0; i < p->menus[m].n_modes && o->r == 0; i++) {
			const struct rp_place_mode *mode = &p->menus[m].modes[i];
			struct rp_json *y = append_object(o, modes);

			put_text(o, y, "compute_mode", mode->compute);
			put_text(o, y, "memory_mode", mode->memory);
			put_bool(o, y, "validated", mode->validated);
			write_parts(o, y, mode);
		}
	}
}

static void write_machine(struct out *o, const struct rp_plan *plan, struct rp_json *root)
{
	const struct rp_place_problem *p = plan->problem;
	struct rp_json *machine = o->r == 0 ? rp_json_object() : NULL, *arr;

	put_value(o, root, "machine", machine);
	put_bool(o, machine, "allow_unvalidated_modes", p->allow_unvalidated);
	put_bool(o, machine, "allow_moves", plan->moves_allowed);
	write_menus(o, p, machine);
	arr = put_list(o, machine, "gpus");
	for (uint32_t g = 0; g < p->n_gpus && o->r == 0; g++) {
		const struct rp_place_gpu *gpu = &p->gpus[g];
		struct rp_json *x = append_object(o, arr);

		put_text(o, x, "gpu", gpu->name);
		put_u64(o, x, "menu", gpu->menu);
		put_u64(o, x, "hive", gpu->hive);
		if (gpu->mode == RP_PLACE_NONE)
			put_value(o, x, "mode", rp_json_null());
		else
			put_u64(o, x, "mode", gpu->mode);
		put_bool(o, x, "can_switch", !(gpu->flags & RP_PLACE_CANNOT_SWITCH));
		put_bool(o, x, "cordoned", (gpu->flags & RP_PLACE_CORDONED) != 0);
		put_bool(o, x, "degraded", (gpu->flags & RP_PLACE_DEGRADED) != 0);
		put_bool(o, x, "unhealthy", (gpu->flags & RP_PLACE_UNHEALTHY) != 0);
		put_u64(o, x, "occupied", gpu->occupied);
	}
	arr = put_list(o, machine, "tenants");
	for (uint32_t t = 0; t < p->n_tenants && o->r == 0; t++) {
		struct rp_json *x = append_object(o, arr);

		put_u64(o, x, "request", p->tenants[t].request);
		put_u64(o, x, "gpu", p->tenants[t].gpu);
		put_u64(o, x, "partition", p->tenants[t].part);
		put_bool(o, x, "pinned", p->tenants[t].pinned);
	}
	arr = put_list(o, machine, "holders");
	for (uint32_t i = 0; i < p->n_holders && o->r == 0; i++) {
		struct rp_json *x = append_object(o, arr);

		put_u64(o, x, "index", p->holders[i].gpu);
		put_u64(o, x, "partition", p->holders[i].part);
		put_u64(o, x, "bytes", p->holders[i].bytes);
		put_u64(o, x, "share", p->holders[i].share);
		put_text(o, x, "by", p->holders[i].by);
	}
}

static void write_row(struct out *o, const struct rp_plan *plan, const struct rp_plan_row *row,
		      struct rp_json *x)
{
	const struct rp_place_mode *m = &plan->problem->menus[row->menu].modes[row->mode];

	put_u64(o, x, "menu", row->menu);
	put_u64(o, x, "mode", row->mode);
	put_text(o, x, "compute_mode", m->compute);
	put_text(o, x, "memory_mode", m->memory);
	put_u64(o, x, "at_least_bytes", row->threshold_bytes);
	put_u64(o, x, "demand", row->demand);
	put_u64(o, x, "slots_before", row->slots_before);
	put_u64(o, x, "slots_per_gpu", row->slots_per_gpu);
	put_u64(o, x, "apart", row->apart);
	put_u64(o, x, "gpus_before", row->gpus_before);
	put_u64(o, x, "gpus", row->gpus);
}

static void write_proof(struct out *o, struct rp_json *x, enum rp_plan_proof proof, uint64_t param,
			uint64_t ref)
{
	put_text(o, x, "kind", proof_name(proof));
	if (proof == RP_PROOF_COUNT || proof == RP_PROOF_L2)
		put_u64(o, x, "at_least_bytes", param);
	if (proof == RP_PROOF_L2)
		put_u64(o, x, "reference_bytes", ref);
}

/* Write what supports the bound: the cases of the chain, and the proof that decides. */
static void write_certificate(struct out *o, const struct rp_plan *plan, struct rp_json *root)
{
	struct rp_json *cert = o->r == 0 ? rp_json_object() : NULL, *arr;

	put_value(o, root, "certificate", cert);
	write_proof(o, cert, plan->proof, plan->proof_param, plan->proof_ref);
	arr = put_list(o, cert, "cases");
	for (uint32_t i = 0; i < plan->n_cases && o->r == 0; i++) {
		const struct rp_plan_case *c = &plan->cases[i];
		struct rp_json *x = append_object(o, arr), *rows;

		put_text(o, x, "memory_mode", c->memory);
		put_bool(o, x, "possible", c->blocker == RP_PLACE_NONE && !c->short_of_slots);
		if (c->blocker != RP_PLACE_NONE)
			put_u64(o, x, "fits_nowhere", c->blocker);
		put_bool(o, x, "nested", !c->counted);
		put_u64(o, x, "fixed_gpus", c->fixed);
		put_u64(o, x, "gpus", c->gpus);
		rows = put_list(o, x, "rows");
		for (uint32_t k = 0; k < c->n_rows && o->r == 0; k++)
			write_row(o, plan, &plan->rows[c->first_row + k], append_object(o, rows));
	}
}

static void write_gpus(struct out *o, const struct rp_plan *plan, struct rp_json *root)
{
	const struct rp_place_problem *p = plan->problem;
	struct rp_json *arr = put_list(o, root, "gpus");

	for (uint32_t i = 0; i < plan->n_gpus && o->r == 0; i++) {
		const struct rp_plan_gpu *g = &plan->gpus[i];
		const struct rp_place_mode *m = &p->menus[p->gpus[g->gpu].menu].modes[g->mode];
		struct rp_json *x = append_object(o, arr);

		put_u64(o, x, "index", g->gpu);
		put_text(o, x, "gpu", p->gpus[g->gpu].name);
		put_u64(o, x, "mode", g->mode);
		put_text(o, x, "compute_mode", m->compute);
		put_text(o, x, "memory_mode", m->memory);
		put_bool(o, x, "switches", g->switches);
		put_u64(o, x, "partitions", m->n_parts);
		put_u64(o, x, "partitions_used", g->n_used);
	}
}

static void write_places(struct out *o, const struct rp_plan *plan, struct rp_json *root)
{
	const struct rp_place_problem *p = plan->problem;
	struct rp_json *arr = put_list(o, root, "placements");

	for (uint32_t i = 0; i < plan->n_places && o->r == 0; i++) {
		const struct rp_plan_place *at = &plan->places[i];
		struct rp_json *x = append_object(o, arr), *was;

		put_u64(o, x, "request", at->request);
		put_text(o, x, "name", p->requests[at->request].name);
		put_u64(o, x, "replica", at->replica);
		put_u64(o, x, "index", at->gpu);
		put_text(o, x, "gpu", p->gpus[at->gpu].name);
		put_u64(o, x, "partition", at->part);
		if (at->was_gpu == RP_PLACE_NONE) {
			put_value(o, x, "was", rp_json_null());
			continue;
		}
		was = o->r == 0 ? rp_json_object() : NULL;
		put_value(o, x, "was", was);
		put_u64(o, was, "index", at->was_gpu);
		put_u64(o, was, "partition", at->was_part);
	}
}

static void write_steps(struct out *o, const struct rp_plan *plan, struct rp_json *root)
{
	const struct rp_place_problem *p = plan->problem;
	struct rp_json *arr = put_list(o, root, "steps");

	for (uint32_t i = 0; i < plan->n_steps && o->r == 0; i++) {
		const struct rp_plan_step *s = &plan->steps[i];
		struct rp_json *x = append_object(o, arr);

		put_text(o, x, "op", rp_plan_step_name(s->op));
		if (s->gpu != RP_PLACE_NONE) {
			put_u64(o, x, "index", s->gpu);
			put_text(o, x, "gpu", p->gpus[s->gpu].name);
		}
		if (s->mode != RP_PLACE_NONE) {
			const struct rp_place_mode *m =
				&p->menus[p->gpus[s->gpu].menu].modes[s->mode];

			put_u64(o, x, "mode", s->mode);
			put_text(o, x,
				 s->op == RP_PLAN_STEP_MEMORY ? "memory_mode" : "compute_mode",
				 s->op == RP_PLAN_STEP_MEMORY ? m->memory : m->compute);
		}
		if (s->place != RP_PLACE_NONE)
			put_u64(o, x, "placement", s->place);
	}
}

/* Write a list of requests with a number of replicas each. */
static void write_counted(struct out *o, const struct rp_plan *plan, const char *key,
			  const struct rp_plan_unplaced *v, uint32_t n, struct rp_json *root)
{
	struct rp_json *arr = put_list(o, root, key);

	for (uint32_t i = 0; i < n && o->r == 0; i++) {
		struct rp_json *x = append_object(o, arr);

		put_u64(o, x, "request", v[i].request);
		put_text(o, x, "name", plan->problem->requests[v[i].request].name);
		put_u64(o, x, "replicas", v[i].n);
	}
}

static void write_advice(struct out *o, const struct rp_plan *plan, struct rp_json *root)
{
	const struct rp_place_problem *p = plan->problem;
	struct rp_json *arr;

	write_counted(o, plan, "unplaced", plan->unplaced, plan->n_unplaced, root);
	write_counted(o, plan, "reason", plan->reason, plan->n_reason, root);
	if (plan->reason_proved) {
		struct rp_json *proof = o->r == 0 ? rp_json_object() : NULL;

		put_value(o, root, "reason_proof", proof);
		write_proof(o, proof, plan->reason_proof, plan->reason_param, plan->reason_ref);
	} else {
		put_value(o, root, "reason_proof", rp_json_null());
	}
	arr = put_list(o, root, "remedies");
	for (uint32_t i = 0; i < plan->n_remedies && o->r == 0; i++) {
		const struct rp_plan_remedy *m = &plan->remedies[i];
		struct rp_json *x = append_object(o, arr);

		put_text(o, x, "remedy", rp_plan_remedy_name(m->kind));
		if (m->kind == RP_REMEDY_ADD_GPUS)
			put_u64(o, x, "gpus", m->n);
		if (m->kind == RP_REMEDY_UNCORDON || m->kind == RP_REMEDY_RELEASE_GPU)
			put_text(o, x, "gpu", p->gpus[m->n].name);
		if (m->kind == RP_REMEDY_NO_SPREAD || m->kind == RP_REMEDY_SHRINK)
			put_text(o, x, "name", p->requests[m->n].name);
		if (m->kind == RP_REMEDY_SHRINK)
			put_u64(o, x, "bytes", m->bytes);
		if (m->gpus_used)
			put_u64(o, x, "gpus_used", m->gpus_used);
	}
}

/* Write the claim. A bound of UINT64_MAX means that no number of GPUs is enough: null. */
static void write_claim(struct out *o, const struct rp_plan *plan, struct rp_json *root)
{
	put_text(o, root, "goal",
		 plan->goal == RP_GOAL_FEWEST_GPUS ? "fewest_gpus" : "most_weight");
	put_bool(o, root, "feasible", plan->feasible);
	put_u64(o, root, "gpus_used", plan->gpus_used);
	put_u64(o, root, "gpus_added", plan->gpus_added);
	if (plan->bound == UINT64_MAX)
		put_value(o, root, "bound", rp_json_null());
	else
		put_u64(o, root, "bound", plan->bound);
	put_bool(o, root, "proved", plan->proved);
	put_u64(o, root, "weight_placed", plan->weight_placed);
	put_u64(o, root, "weight_total", plan->weight_total);
	put_u64(o, root, "switches", plan->n_switches);
	put_u64(o, root, "reloads", plan->n_reloads);
	put_u64(o, root, "moves", plan->n_moves);
}

int rp_plan_to_json(const struct rp_plan *plan, struct rp_json **ret)
{
	struct rp_json *root = rp_json_object(), *work;
	struct out o = {root ? 0 : -ENOMEM};

	put_u64(&o, root, "schema_version", 1);
	write_requests(&o, plan, root);
	write_machine(&o, plan, root);
	write_claim(&o, plan, root);
	write_certificate(&o, plan, root);
	write_gpus(&o, plan, root);
	write_places(&o, plan, root);
	write_advice(&o, plan, root);
	write_steps(&o, plan, root);
	work = o.r == 0 ? rp_json_object() : NULL;
	put_value(&o, root, "work", work);
	put_u64(&o, work, "mode_vectors", plan->work_vectors);
	put_u64(&o, work, "augmentations", plan->work_augmentations);
	put_bool(&o, work, "stopped", plan->stopped);
	if (o.r < 0) {
		rp_json_free(root);
		return o.r;
	}
	*ret = root;
	return 0;
}
