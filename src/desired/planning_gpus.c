/* SPDX-License-Identifier: MIT */
/*
 * node.gpus of a plan: compute modes that GPUs must have, named as the rest of the file names them.
 * They are read before it is known which machine is planned for, and looked up on it then.
 */
#include "desired/gpu_word.h"
#include "desired/mode_read.h"
#include "desired/planning.h"
#include "modes/modes.h"

void rp_gpu_rules_done(struct rp_gpu_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		free(rules->v[i].word);
		free(rules->v[i].place);
	}
	free(rules->v);
	memset(rules, 0, sizeof(*rules));
}

static int read_rule(const struct rp_yaml *y, size_t i, const char *name, struct rp_gpu_rules *ret,
		     struct rocpart_error *reterr)
{
	struct rp_gpu_rule rule = {0};
	int r = rp_modes_read(y->items[i], name, &rule.compute, &rule.memory, reterr);

	if (r < 0)
		return r;
	rule.word = strdup(y->keys[i]);
	rule.place = rp_yaml_place(y->key_nodes[i], name);
	if (!rule.word || !rule.place ||
	    rp_grow(&ret->v, &ret->cap, ret->n + 1, sizeof(rule)) < 0) {
		free(rule.word);
		free(rule.place);
		return rp_error_nomem(reterr);
	}
	ret->v[ret->n++] = rule;
	return 0;
}

int rp_gpu_rules_read(const struct rp_yaml *y, const char *name, struct rp_gpu_rules *ret,
		      struct rocpart_error *reterr)
{
	int r = 0;

	if (y->kind != RP_YAML_MAP || y->n == 0)
		return rp_yaml_must_be(y, name, reterr,
				       "a map such as {all: CPX} or {0: SPX, \"1-7\": CPX/NPS4}");
	for (size_t i = 0; r == 0 && i < y->n; i++)
		r = read_rule(y, i, name, ret, reterr);
	return r;
}

static int RP_PRINTF(3, 4)
	refuse(const struct rp_gpu_rule *rule, struct rocpart_error *reterr, const char *fmt, ...)
{
	char text[sizeof(reterr->message)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, rule->place, "%s", text);
}

static struct rp_gpu_set set_of(const struct rocpart_plan *plan, size_t n)
{
	return (struct rp_gpu_set){.snapshot = plan->product ? NULL : plan->snapshot,
				   .product = plan->product,
				   .n = n};
}

/* Two rules may name one GPU when they agree. */
static int limit_gpu(const struct rp_gpu_rule *rule, struct rp_gpu_limit *limit, size_t gpu,
		     struct rocpart_error *reterr)
{
	if (limit->compute && limit->compute != rule->compute)
		return refuse(rule, reterr, "GPU %zu is given two compute modes, %s and %s", gpu,
			      rocpart_compute_mode_to_string(limit->compute),
			      rocpart_compute_mode_to_string(rule->compute));
	if (limit->memory && rule->memory && limit->memory != rule->memory)
		return refuse(rule, reterr, "GPU %zu is given two memory modes, %s and %s", gpu,
			      rocpart_memory_mode_to_string(limit->memory),
			      rocpart_memory_mode_to_string(rule->memory));
	limit->compute = rule->compute;
	limit->memory = rule->memory ? rule->memory : limit->memory;
	return 0;
}

/* An address that is not here is a difference, which the change of the file tells. */
static int look_up(const struct rocpart_plan *plan, const struct rp_gpu_rule *rule,
		   struct rp_gpu_limit *limits, size_t n, struct rocpart_error *reterr)
{
	const struct rp_gpu_set set = set_of(plan, n);
	RP_AUTO_FREE bool *named = rp_new0(bool, n);
	enum rp_gpu_found found;
	int r = 0;

	if (!named)
		return rp_error_nomem(reterr);
	found = rp_gpu_word_find(&set, rule->word, named);
	if (found != RP_GPU_FOUND && (found != RP_GPU_LOST || plan->product))
		return rp_gpu_word_refuse(&set, found, rule->word, rule->place, reterr);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (named[i])
			r = limit_gpu(rule, &limits[i], i, reterr);
	return r;
}

/* The memory mode of all GPUs, too, and what one GPU is given in its own rule. */
static int check_memory(const struct rocpart_plan *plan, struct rocpart_error *reterr)
{
	const struct rp_gpu_rules *rules = &plan->limits.rules;

	for (size_t i = 0; plan->limits.memory && i < rules->n; i++)
		if (rules->v[i].memory && rules->v[i].memory != plan->limits.memory)
			return refuse(&rules->v[i], reterr,
				      "'%s' is given two memory modes, %s and %s", rules->v[i].word,
				      rocpart_memory_mode_to_string(plan->limits.memory),
				      rocpart_memory_mode_to_string(rules->v[i].memory));
	return 0;
}

/* The memory modes that a GPU cannot have with the compute mode that the file gives it, as bits. */
static uint32_t find_impossible(const struct rocpart_gpu *gpu, enum rocpart_compute_mode compute)
{
	uint32_t bits = 0;

	for (unsigned m = ROCPART_MEMORY_NPS1; m <= ROCPART_MEMORY_NPS8; m++) {
		struct rocpart_pair pair;

		if (!(rp_memory_modes(gpu) & 1U << m))
			continue;
		rp_pair_fill(gpu, compute, (enum rocpart_memory_mode)m, &pair);
		if (pair.state == ROCPART_PAIR_NEVER)
			bits |= 1U << m;
	}
	return bits;
}

static bool is_same_hive(const struct rocpart_gpu *a, const struct rocpart_gpu *b)
{
	return a == b || (a->hive_id.known && b->hive_id.known && a->hive_id.v == b->hive_id.v);
}

/*
 * A hive has one memory mode: what a member cannot have with its compute mode of the file, no
 * member can. The planner, which may leave that member empty, would not see it.
 */
static int limit_hives(const struct rocpart_plan *plan, struct rp_gpu_limit *limits,
		       struct rocpart_error *reterr)
{
	const struct rocpart_snapshot *s = plan->snapshot;

	for (size_t i = 0; i < s->n_gpus; i++) {
		uint32_t bits = limits[i].compute && s->gpus[i].partitionable == RP_YES
					? find_impossible(&s->gpus[i], limits[i].compute)
					: 0;

		for (size_t k = 0; bits && k < s->n_gpus; k++)
			if (is_same_hive(&s->gpus[i], &s->gpus[k]))
				limits[k].not_memories |= bits;
		if (bits && !(rp_memory_modes(&s->gpus[i]) & ~limits[i].not_memories))
			return rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED,
					    s->gpus[i].bdf,
					    "no memory mode allows %s on GPU %zu (%s) with the "
					    "other modes that 'node:' asks for",
					    rocpart_compute_mode_to_string(limits[i].compute), i,
					    s->gpus[i].bdf);
	}
	return 0;
}

/* GPUs in a mode on demand stay in it, unless another memory mode is wanted. */
static void keep_modes(const struct rocpart_plan *plan, struct rp_gpu_limit *limits, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct rocpart_gpu *gpu = &plan->snapshot->gpus[i];

		if (plan->keeps[i] && limits[i].compute &&
		    (!plan->limits.memory || plan->limits.memory == gpu->memory) &&
		    (!limits[i].memory || limits[i].memory == gpu->memory))
			limits[i].compute = plan->keeps[i];
	}
}

int rp_plan_look_up_gpus(struct rocpart_plan *plan, size_t n, struct rocpart_error *reterr)
{
	struct rp_gpu_limit *limits = rp_new0(struct rp_gpu_limit, n);
	int r = limits ? check_memory(plan, reterr) : rp_error_nomem(reterr);

	free(plan->limits.gpus);
	plan->limits.gpus = limits;
	for (size_t i = 0; r == 0 && i < plan->limits.rules.n; i++)
		r = look_up(plan, &plan->limits.rules.v[i], limits, n, reterr);
	if (r == 0 && plan->keeps)
		keep_modes(plan, limits, n);
	return r < 0 || plan->product ? r : limit_hives(plan, limits, reterr);
}

static bool has_wanted_mode(const struct rocpart_plan *plan, size_t gpu)
{
	const struct rp_place_menu *menu = &plan->machine.menus[plan->machine.gpus[gpu].menu];

	for (uint32_t i = 0; i < menu->n_modes; i++)
		if (rp_plan_is_mode_wanted(&plan->limits, gpu, &menu->modes[i]))
			return true;
	return false;
}

/* A GPU that cannot be partitioned keeps its plain mode, and one of which something is not known.
 */
int rp_plan_check_modes(const struct rocpart_plan *plan, struct rocpart_error *reterr)
{
	for (size_t i = 0; !plan->product && i < plan->machine.n_gpus; i++) {
		const struct rocpart_gpu *gpu = &plan->snapshot->gpus[i];

		if (gpu->partitionable != RP_YES || rp_gpu_is_odd(gpu) || has_wanted_mode(plan, i))
			continue;
		(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
				   "'node:' asks for modes that GPU %zu (%s) cannot have", i,
				   gpu->bdf);
		return rp_error_hint(reterr,
				     "`rocpart modes` shows every pair that the GPU accepts");
	}
	return 0;
}

static bool has_lease(const struct rocpart_plan *plan, size_t gpu)
{
	const struct rocpart_lease *l;

	for (size_t i = 0; plan->leases && (l = rocpart_leases_get(plan->leases, i)); i++)
		if (rp_str_eq(l->bdf, plan->machine.gpus[gpu].name))
			return true;
	return false;
}

/*
 * A change switches the GPU before the file's cordon is set, which an existing cordon would forbid.
 * A GPU with leases is not switched, so the plan may treat it as cordoned.
 */
static int cordon_gpu(struct rocpart_plan *plan, size_t gpu)
{
	if (!has_lease(plan, gpu))
		return rp_plan_machine_close_gpu(&plan->machine, gpu);
	plan->machine.gpus[gpu].flags |= RP_PLACE_CORDONED;
	return 0;
}

int rp_plan_cordon_gpus(struct rocpart_plan *plan)
{
	const struct rp_gpu_set set = set_of(plan, plan->machine.n_gpus);
	RP_AUTO_FREE bool *named = rp_new0(bool, set.n);
	int r = named ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < plan->cordoned.n && !plan->product; i++) {
		(void)rp_gpu_word_find(&set, plan->cordoned.v[i], named);
		for (size_t k = 0; r == 0 && k < set.n; k++)
			if (named[k])
				r = cordon_gpu(plan, k);
	}
	return r;
}
