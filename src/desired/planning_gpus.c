/* SPDX-License-Identifier: MIT */
/*
 * node.gpus of a plan: compute modes that GPUs must have, named as the rest of the file names them.
 * They are read before it is known which machine is planned for, and looked up on it then.
 */
#include "base/num.h"
#include "desired/mode_read.h"
#include "desired/planning.h"

void rp_gpu_rules_done(struct rp_gpu_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		free(rules->v[i].word);
	free(rules->v);
	memset(rules, 0, sizeof(*rules));
}

int rp_gpu_rules_read(const struct rp_yaml *y, const char *name, struct rp_gpu_rules *ret,
		      struct rocpart_error *reterr)
{
	if (y->kind != RP_YAML_MAP || y->n == 0)
		return rp_yaml_must_be(y, name, reterr,
				       "a map such as {all: CPX} or {0: SPX, \"1-7\": CPX}");
	for (size_t i = 0; i < y->n; i++) {
		struct rp_gpu_rule rule = {.line = y->key_nodes[i]->line,
					   .column = y->key_nodes[i]->column};
		int r = rp_compute_mode_read(y->items[i], name, &rule.compute, reterr);

		if (r < 0)
			return r;
		rule.word = strdup(y->keys[i]);
		if (!rule.word || rp_grow(&ret->v, &ret->cap, ret->n + 1, sizeof(rule)) < 0) {
			free(rule.word);
			return rp_error_nomem(reterr);
		}
		ret->v[ret->n++] = rule;
	}
	(void)rp_fmt(ret->file, sizeof(ret->file), "%s", name);
	return 0;
}

static int RP_PRINTF(4, 5) refuse(const struct rp_gpu_rules *rules, const struct rp_gpu_rule *rule,
				  struct rocpart_error *reterr, const char *fmt, ...)
{
	const struct rp_yaml at = {.line = rule->line, .column = rule->column};
	char text[sizeof(reterr->message)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return rp_yaml_error(&at, rules->file, reterr, "%s", text);
}

/* "3", or "1-7", both ends included. */
static bool parse_indices(const char *word, size_t *first, size_t *last)
{
	const char *dash = strchr(word, '-');
	uint64_t a, b;

	if (rp_parse_u64_part(word, dash ? (size_t)(dash - word) : strlen(word), 10, &a) < 0 ||
	    rp_parse_u64(dash ? dash + 1 : word, 10, &b) < 0)
		return false;
	*first = (size_t)a;
	*last = (size_t)b;
	return true;
}

/* Of an index that is said, by PCI address, unique id, or product. */
static bool is_named(const struct rocpart_plan *plan, size_t index, const char *word)
{
	const struct rocpart_gpu *gpu = NULL;
	const struct rp_product *product = plan->product;

	if (!plan->product) {
		product = plan->snapshot->gpus[index].product;
		if (rocpart_snapshot_find_gpu(plan->snapshot, word, &gpu, NULL) == 0)
			return gpu->index == index;
	}
	return product && rp_str_eq_nocase(product->name, word);
}

static int look_up(const struct rocpart_plan *plan, const struct rp_gpu_rule *rule,
		   enum rocpart_compute_mode *modes, size_t n, struct rocpart_error *reterr)
{
	const struct rp_gpu_rules *rules = &plan->limits.rules;
	bool all = rp_str_eq(rule->word, "all"), is_range;
	size_t first = 0, last = 0, found = 0;

	is_range = parse_indices(rule->word, &first, &last);
	if (is_range && (first > last || last >= n))
		return refuse(rules, rule, reterr,
			      "'%s' is not a range of the GPUs, which are 0 to %zu", rule->word,
			      n ? n - 1 : 0);
	for (size_t i = 0; i < n; i++) {
		if (is_range ? i < first || i > last : !all && !is_named(plan, i, rule->word))
			continue;
		if (modes[i] && modes[i] != rule->compute)
			return refuse(rules, rule, reterr,
				      "GPU %zu is given two compute modes, %s and %s", i,
				      rocpart_compute_mode_to_string(modes[i]),
				      rocpart_compute_mode_to_string(rule->compute));
		modes[i] = rule->compute;
		found++;
	}
	return found ? 0
		     : refuse(rules, rule, reterr, "no GPU of this machine is called '%s'",
			      rule->word);
}

int rp_plan_look_up_gpus(struct rocpart_plan *plan, size_t n, struct rocpart_error *reterr)
{
	enum rocpart_compute_mode *modes = rp_new0(enum rocpart_compute_mode, n);
	int r = modes ? 0 : rp_error_nomem(reterr);

	free(plan->limits.compute);
	plan->limits.compute = modes;
	for (size_t i = 0; r == 0 && i < plan->limits.rules.n; i++)
		r = look_up(plan, &plan->limits.rules.v[i], modes, n, reterr);
	return r;
}
