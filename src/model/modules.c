/* SPDX-License-Identifier: MIT */
#include "model/modules.h"

#include "base/strbuf.h"

/* What is `ours`, or a part of it, begins with `theirs` in checkpoints of that naming. */
struct renaming {
	enum rp_naming naming;
	const char *ours, *theirs;
};

/* Sources: names in the index files of the checkpoints, modeling_*.py of transformers. */
static const struct renaming renamings[] = {
	{RP_NAMES_MIXTRAL, "mlp.experts.gate_proj", "block_sparse_moe.experts.w1"},
	{RP_NAMES_MIXTRAL, "mlp.experts.up_proj", "block_sparse_moe.experts.w3"},
	{RP_NAMES_MIXTRAL, "mlp.experts.down_proj", "block_sparse_moe.experts.w2"},
	{RP_NAMES_MIXTRAL, "mlp.gate", "block_sparse_moe.gate"},
	{RP_NAMES_GEMMA4, "mlp.experts.", "experts."},
	{RP_NAMES_GEMMA4, "mlp.gate", "router.proj"},
	{RP_NAMES_NEMOTRON, "self_attn.", "mixer."},
	{RP_NAMES_NEMOTRON, "mlp.", "mixer."},
	{RP_NAMES_LLAMA4, "mlp.gate", "feed_forward.router"},
	{RP_NAMES_LLAMA4, "mlp.shared_experts.", "feed_forward.shared_expert."},
	{RP_NAMES_LLAMA4, "mlp.", "feed_forward."},
	{RP_NAMES_FALCON, "self_attn.q_proj", "self_attention.query_key_value"},
	{RP_NAMES_FALCON, "self_attn.k_proj", "self_attention.query_key_value"},
	{RP_NAMES_FALCON, "self_attn.v_proj", "self_attention.query_key_value"},
	{RP_NAMES_FALCON, "self_attn.o_proj", "self_attention.dense"},
	{RP_NAMES_FALCON, "mlp.up_proj", "mlp.dense_h_to_4h"},
	{RP_NAMES_FALCON, "mlp.down_proj", "mlp.dense_4h_to_h"},
	{RP_NAMES_INTERNLM2, "self_attn.q_proj", "attention.wqkv"},
	{RP_NAMES_INTERNLM2, "self_attn.k_proj", "attention.wqkv"},
	{RP_NAMES_INTERNLM2, "self_attn.v_proj", "attention.wqkv"},
	{RP_NAMES_INTERNLM2, "self_attn.o_proj", "attention.wo"},
	{RP_NAMES_INTERNLM2, "mlp.gate_proj", "feed_forward.w1"},
	{RP_NAMES_INTERNLM2, "mlp.up_proj", "feed_forward.w3"},
	{RP_NAMES_INTERNLM2, "mlp.down_proj", "feed_forward.w2"},
	{RP_NAMES_EXAONE, "self_attn.o_proj", "attn.attention.out_proj"},
	{RP_NAMES_EXAONE, "self_attn.", "attn.attention."},
	{RP_NAMES_EXAONE, "mlp.gate_proj", "mlp.c_fc_0"},
	{RP_NAMES_EXAONE, "mlp.up_proj", "mlp.c_fc_1"},
	{RP_NAMES_EXAONE, "mlp.down_proj", "mlp.c_proj"},
	{RP_NAMES_GRANITE_MOE, "mlp.experts.gate_proj", "block_sparse_moe.input_linear"},
	{RP_NAMES_GRANITE_MOE, "mlp.experts.up_proj", "block_sparse_moe.input_linear"},
	{RP_NAMES_GRANITE_MOE, "mlp.experts.down_proj", "block_sparse_moe.output_linear"},
	{RP_NAMES_GRANITE_MOE, "mlp.shared_experts.down_proj", "shared_mlp.output_linear"},
	{RP_NAMES_GRANITE_MOE, "mlp.shared_experts.", "shared_mlp.input_linear."},
	{RP_NAMES_GRANITE_MOE, "mlp.gate", "block_sparse_moe.router.layer"},
	{RP_NAMES_GRANITE_MOE, "mixer.", "mamba."},
	{RP_NAMES_PHI, "self_attn.o_proj", "self_attn.dense"},
	{RP_NAMES_PHI, "mlp.up_proj", "mlp.fc1"},
	{RP_NAMES_PHI, "mlp.down_proj", "mlp.fc2"},
	{RP_NAMES_BAICHUAN, "self_attn.q_proj", "self_attn.W_pack"},
	{RP_NAMES_BAICHUAN, "self_attn.k_proj", "self_attn.W_pack"},
	{RP_NAMES_BAICHUAN, "self_attn.v_proj", "self_attn.W_pack"},
	{RP_NAMES_GPT_OSS, "mlp.gate", "mlp.router"},
};

/* Other names of the same module, after renaming: fused modules, plurals, one expert of many. */
static const struct {
	const char *part, *other;
} also[] = {
	{"self_attn.q_proj", "self_attn.qkv_proj"},
	{"self_attn.k_proj", "self_attn.qkv_proj"},
	{"self_attn.v_proj", "self_attn.qkv_proj"},
	{"mixer.q_proj", "mixer.qkv_proj"},
	{"mixer.k_proj", "mixer.qkv_proj"},
	{"mixer.v_proj", "mixer.qkv_proj"},
	{"self_attn.q_a_proj", "self_attn.fused_qkv_a_proj"},
	{"self_attn.kv_a_proj_with_mqa", "self_attn.fused_qkv_a_proj"},
	{"linear_attn.in_proj_qkv", "linear_attn.in_proj_qkvz"},
	{"linear_attn.in_proj_z", "linear_attn.in_proj_qkvz"},
	{"gate_proj", "gate_up_proj"},
	{"up_proj", "gate_up_proj"},
	{"shared_experts.", "shared_expert."},
	{"indexer.weights_proj", "indexers_proj"},
	/* a regular expression may look for a number */
	{"experts.", "experts.0."},
};

static const char *const prefixes[] = {
	"model.layers.",
	"model.language_model.layers.",
	"language_model.model.layers.",
	"backbone.layers.",
	"transformer.h.",
	"layers.",
};

static void add_name(struct rp_module *m, const char *head, size_t head_len, const char *middle,
		     const char *tail)
{
	char *at = m->names[m->n];

	if (m->n == RP_MODULE_NAMES ||
	    rp_fmt(at, RP_MODULE_SIZE, "%.*s%s%s", (int)head_len, head, middle, tail) < 0)
		return; /* the tables above hold neither so many nor so long ones */
	for (size_t i = 0; i < m->n; i++)
		if (rp_str_eq(m->names[i], at))
			return;
	m->n++;
}

/* The part at a border of the name: "gate_proj" is none of "shared_gate_proj". */
static const char *find_part(const char *name, const char *part)
{
	const char *at = strstr(name, part);

	if (!at || (at > name && at[-1] != '.'))
		return NULL;
	return at;
}

/* "mlp.gate" and "mlp." begin "mlp.gate.bias", and "mlp.gate" does not begin "mlp.gate_proj". */
static bool begins(const char *name, const char *part)
{
	size_t n = strlen(part);

	return rp_str_starts(name, part) && (part[n - 1] == '.' || !name[n] || name[n] == '.');
}

void rp_module_names(enum rp_naming naming, const char *name, struct rp_module *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(renamings) && !ret->n; i++) {
		const struct renaming *r = &renamings[i];

		if (r->naming == naming && begins(name, r->ours))
			add_name(ret, "", 0, r->theirs, name + strlen(r->ours));
	}
	if (!ret->n)
		add_name(ret, "", 0, name, "");
	for (size_t i = 0; i < RP_ARRAY_LEN(also); i++) {
		/* names found above count, too: a fused module of one expert */
		for (size_t k = 0; k < ret->n; k++) {
			const char *at = find_part(ret->names[k], also[i].part);

			if (at && !strstr(ret->names[k], also[i].other))
				add_name(ret, ret->names[k], (size_t)(at - ret->names[k]),
					 also[i].other, at + strlen(also[i].part));
		}
	}
}

void rp_rules_done(struct rp_rules *r)
{
	free(r->regexes);
	free(r->used);
	free(r->order);
	free(r->first);
	memset(r, 0, sizeof(*r));
}

#define N_BUCKETS (RP_MODEL_MAX_LAYERS + 2u) /* no single layer, each layer, the end */

static size_t bucket(const struct rp_quant_rule *rule)
{
	return rule->layer < 0 ? 0 : (size_t)rule->layer + 1;
}

/* A counting sort: the order inside of a bucket is that of the file. */
static void sort_rules(struct rp_rules *r)
{
	const struct rp_quant_config *q = r->q;

	for (size_t i = 0; i < q->n_rules; i++)
		r->first[bucket(&q->rules[i]) + 1]++;
	for (size_t i = 0; i < N_BUCKETS; i++)
		r->first[i + 1] += r->first[i];
	for (size_t i = 0; i < q->n_rules; i++)
		r->order[r->first[bucket(&q->rules[i])]++] = i;
	/* Each beginning was moved to its end: the beginning of the next one. */
	memmove(r->first + 1, r->first, N_BUCKETS * sizeof(r->first[0]));
	r->first[0] = 0;
}

int rp_rules_open(const struct rp_quant_config *q, struct rp_rules *ret)
{
	struct rp_rules r = {.q = q};
	size_t n = 0;

	r.used = rp_new0(bool, q->n_rules + 1);
	r.order = rp_new0(size_t, q->n_rules + 1);
	r.first = rp_new0(size_t, N_BUCKETS + 1);
	r.regexes = rp_new0(struct rp_regex, q->n_regexes + 1);
	if (!r.used || !r.order || !r.first || !r.regexes) {
		rp_rules_done(&r);
		return -ENOMEM;
	}
	for (size_t i = 0; i < q->n_rules; i++) {
		/* They compiled when they were read. */
		if (q->rules[i].layer == RP_REGEX &&
		    rp_regex_compile(q->rules[i].module, &r.regexes[n++]) < 0) {
			rp_rules_done(&r);
			return -EINVAL;
		}
	}
	sort_rules(&r);
	*ret = r;
	return 0;
}

/* The name as a whole, and from each of its parts on: "gate" covers "mlp.gate". */
static bool covers_part(const char *pattern, const char *name)
{
	for (;;) {
		if (rp_glob_covers(pattern, name))
			return true;
		name = strchr(name, '.');
		if (!name)
			return false;
		name++;
	}
}

/* The patterns are a stranger's: 1024 of them for 1024 layers must not take minutes. */
static bool covers_name(struct rp_rules *r, const struct rp_quant_rule *rule,
			const struct rp_regex *re, const char *name)
{
	r->is_over |= r->work > RP_RULES_MAX_WORK;
	if (r->is_over)
		return false;
	if (re)
		return rp_regex_match(re, name, &r->work);
	r->work += 2 * strlen(name);
	return covers_part(rule->module, name);
}

/* Of the rules that hold, one that leaves the module as it is wins, else the last one. */
static void hold(struct rp_rules *r, size_t i, size_t *found)
{
	const struct rp_quant_rule *rules = r->q->rules;

	r->used[i] = true;
	if (*found == SIZE_MAX || (rules[*found].group != RP_QUANT_IGNORE &&
				   (rules[i].group == RP_QUANT_IGNORE || i > *found)))
		*found = i;
}

/* Rules that say a layer: their text is about the name behind the layer. */
static void find_in_layer(struct rp_rules *r, size_t from, size_t to, const struct rp_module *m,
			  size_t *found)
{
	for (size_t k = from; k < to; k++) {
		const struct rp_quant_rule *rule = &r->q->rules[r->order[k]];

		for (size_t i = 0; rule->layer >= RP_ANY_LAYER && i < m->n; i++) {
			if (!rule->module[0] || rp_glob_covers(rule->module, m->names[i])) {
				hold(r, r->order[k], found);
				break;
			}
		}
	}
}

/* What begins with any text and names no prefix needs to be tried with one prefix only. */
static bool is_free_of_prefixes(const struct rp_quant_rule *rule)
{
	return (rule->module[0] == '*' || rp_str_starts(rule->module, ".*")) &&
	       !strstr(rule->module, "model") && !strstr(rule->module, "backbone") &&
	       !strstr(rule->module, "transformer");
}

/* Globs and regular expressions, against one whole name. */
static void find_by_name(struct rp_rules *r, const char *name, bool is_first, size_t *found)
{
	size_t regexes = 0;

	for (size_t k = 0; k < r->first[1] && !r->is_over; k++) {
		const struct rp_quant_rule *rule = &r->q->rules[r->order[k]];
		const struct rp_regex *re = rule->layer == RP_REGEX ? &r->regexes[regexes++] : NULL;

		if (rule->layer == RP_ANY_LAYER || (!is_first && is_free_of_prefixes(rule)))
			continue;
		if (covers_name(r, rule, re, name))
			hold(r, r->order[k], found);
	}
}

const struct rp_quant_rule *rp_rules_find(struct rp_rules *r, uint32_t layer,
					  const struct rp_module *m)
{
	char full[RP_MODULE_SIZE + 64];
	size_t found = SIZE_MAX;

	if (layer < RP_MODEL_MAX_LAYERS) {
		find_in_layer(r, 0, r->first[1], m, &found);
		find_in_layer(r, r->first[layer + 1], r->first[layer + 2], m, &found);
	}
	for (size_t i = 0; r->first[1] && i < m->n; i++) {
		if (layer == RP_MODEL_MAX_LAYERS)
			find_by_name(r, m->names[i], true, &found);
		for (size_t k = 0; layer < RP_MODEL_MAX_LAYERS && k < RP_ARRAY_LEN(prefixes); k++)
			if (rp_fmt(full, sizeof(full), "%s%u.%s", prefixes[k], layer,
				   m->names[i]) == 0)
				find_by_name(r, full, k == 0, &found);
	}
	return found == SIZE_MAX ? NULL : &r->q->rules[found];
}

/* Modules that are never quantised here: which of them a rule names changes nothing. */
static bool names_kept_modules(const char *pattern)
{
	static const char *const words[] = {"vis",     "image",	  "audio",   "projector", "aligner",
					    "embed",   "mtp",	  "norm",    "bias",	  "rotary",
					    "router",  "eh_proj", "lm_head", "output",	  "conv1d",
					    "indexer", "head",	  "patch",   "merger"};

	for (size_t i = 0; i < RP_ARRAY_LEN(words); i++)
		if (strstr(pattern, words[i]))
			return true;
	/* the gates of experts, and none of the matrices called gate_proj */
	return strstr(pattern, "gate") && !strstr(pattern, "gate_");
}

/* "model.layers.61*" of a model with 61 layers: layers behind the last one are for drafts. */
static bool names_drafts(const struct rp_quant_rule *rule, uint32_t layers)
{
	const char *at = strstr(rule->pattern, "layers.");
	uint32_t n = 0;

	if (rule->layer >= 0)
		return (uint32_t)rule->layer >= layers;
	if (!at || at[7] < '0' || at[7] > '9')
		return false;
	for (at += 7; *at >= '0' && *at <= '9' && n < RP_MODEL_MAX_LAYERS; at++)
		n = n * 10 + (uint32_t)(*at - '0');
	return n >= layers;
}

const struct rp_quant_rule *rp_rules_unused(const struct rp_rules *r, uint32_t layers,
					    size_t *ret_more)
{
	const struct rp_quant_rule *first = NULL;

	*ret_more = 0;
	for (size_t i = 0; i < r->q->n_rules; i++) {
		const struct rp_quant_rule *rule = &r->q->rules[i];

		if (r->used[i] || names_drafts(rule, layers) || names_kept_modules(rule->pattern))
			continue;
		if (first)
			++*ret_more;
		else
			first = rule;
	}
	return first;
}
