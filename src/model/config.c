/* SPDX-License-Identifier: MIT */
#include "model/config.h"

#include "base/strbuf.h"
#include "model/pattern.h"

static void free_rule(struct rp_quant_rule *r)
{
	free(r->module);
	free(r->pattern);
}

int rp_model_doubt(struct rp_model_doubts **doubts, const char *file, const char *key,
		   const char *value)
{
	struct rp_model_doubts *d = *doubts;

	if (!d) {
		d = *doubts = rp_new0(struct rp_model_doubts, 1);
		if (!d)
			return -ENOMEM;
		(void)rp_fmt(d->file, sizeof(d->file), "%.60s", file); /* fits */
	}
	for (uint32_t i = 0; i < d->n; i++)
		if (rp_str_eq(d->v[i].key, key))
			return 0;
	d->has_more = d->n == RP_MODEL_DOUBTS;
	if (d->has_more)
		return 0;
	/* Both fit. */
	(void)rp_fmt(d->v[d->n].key, sizeof(d->v[0].key), "%.94s", key);
	(void)rp_fmt(d->v[d->n].value, sizeof(d->v[0].value), "%.30s", value);
	d->n++;
	return 0;
}

static int copy_doubts(const struct rp_model_doubts *from, struct rp_model_doubts **ret)
{
	*ret = from ? rp_new0(struct rp_model_doubts, 1) : NULL;
	if (*ret)
		**ret = *from;
	return from && !*ret ? -ENOMEM : 0;
}

void rp_model_config_done(struct rp_model_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->quant.n_rules; i++)
		free_rule(&c->quant.rules[i]);
	free(c->quant.rules);
	free(c->shape_doubts);
	free(c->format_doubts);
	memset(c, 0, sizeof(*c));
}

/*
 * Layers are called model.layers.N, model.language_model.layers.N, transformer.h.N, ... The text
 * behind the number; NULL: the pattern is not about one layer ("layers.1*" means 10 to 19, too).
 */
static const char *skip_layer(const char *pattern, int32_t *ret_layer)
{
	static const char *const words[] = {"layers.", "transformer.h.", "blocks."};
	const char *p = NULL;
	int32_t n = 0;

	for (size_t i = 0; i < RP_ARRAY_LEN(words) && !p; i++) {
		p = strstr(pattern, words[i]);
		p = p ? p + strlen(words[i]) : NULL;
	}
	/* Towers and layers for drafts count from 0 again. */
	if (!p || strstr(pattern, "vis") || strstr(pattern, "audio") ||
	    strstr(pattern, "encoder") || strstr(pattern, "mtp"))
		return NULL;
	*ret_layer = RP_ANY_LAYER;
	if (*p == '*')
		return p[1] == '.' ? p + 2 : p[1] ? NULL : p;
	if (*p < '0' || *p > '9')
		return NULL;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (*p - '0');
		if (n > RP_MODEL_MAX_LAYERS)
			n = RP_MODEL_MAX_LAYERS;
	}
	*ret_layer = n;
	return *p == '.' ? p + 1 : *p ? NULL : p;
}

/* "experts.17.x" names one of "experts.x": ret_expert is 1 when it does. */
static char *any_expert(const char *module, uint32_t *ret_expert)
{
	const char *at = strstr(module, "experts."), *end;
	char *joined;

	*ret_expert = 0;
	if (!at)
		return rp_strndup(module, strlen(module));
	at += strlen("experts");
	end = at + 1;
	while (*end >= '0' && *end <= '9')
		end++;
	if (end == at + 1 || (*end && *end != '.'))
		return rp_strndup(module, strlen(module));
	joined = rp_strdupf("%.*s%s", (int)(at - module), module, end);
	*ret_expert = 1;
	return joined;
}

static bool same_rule(const struct rp_quant_rule *a, const struct rp_quant_rule *b)
{
	return a->group == b->group && a->layer == b->layer && rp_str_eq(a->module, b->module);
}

static int make_rule(const char *pattern, struct rp_quant_rule *ret)
{
	RP_AUTO_FREE struct rp_regex *re = NULL;
	const char *module;
	int r = 0;

	if (rp_str_starts(pattern, "re:")) {
		re = rp_new0(struct rp_regex, 1);
		r = re ? rp_regex_compile(pattern + 3, re) : -ENOMEM;
		if (r < 0)
			return r == -ENOMEM ? r : -ENOTSUP;
		ret->layer = RP_REGEX;
		ret->module = rp_strndup(pattern + 3, strlen(pattern + 3));
	} else {
		module = skip_layer(pattern, &ret->layer);
		if (!module)
			ret->layer = RP_NO_LAYER;
		ret->module = any_expert(module ? module : pattern, &ret->expert);
	}
	ret->pattern = rp_strndup(pattern, strlen(pattern));
	if (ret->module && ret->pattern)
		return 0;
	free_rule(ret);
	return -ENOMEM;
}

int rp_model_config_rule(struct rp_model_config *c, int group, const char *pattern)
{
	struct rp_quant_config *q = &c->quant;
	struct rp_quant_rule rule = {.group = group};
	int r = make_rule(pattern, &rule);

	if (r < 0)
		return r;
	q->n_globs += rule.layer < 0;
	q->n_regexes += rule.layer == RP_REGEX;
	/* One rule per expert becomes one rule: they stand near each other. */
	for (size_t i = q->n_rules; rule.expert && i > 0 && i + 4 > q->n_rules; i--) {
		if (same_rule(&q->rules[i - 1], &rule)) {
			q->rules[i - 1].expert++;
			free_rule(&rule);
			return 0;
		}
	}
	r = q->n_rules >= RP_MODEL_MAX_RULES || q->n_globs > RP_MODEL_MAX_GLOBS ||
			    q->n_regexes > RP_MODEL_MAX_REGEXES
		    ? -E2BIG
		    : rp_grow(&q->rules, &q->cap_rules, q->n_rules + 1, sizeof(*q->rules));
	if (r < 0) {
		free_rule(&rule);
		return r;
	}
	q->rules[q->n_rules++] = rule;
	return 0;
}

/* A rule that is parsed already. */
static int copy_rule(struct rp_model_config *c, const struct rp_quant_rule *from)
{
	struct rp_quant_config *q = &c->quant;
	struct rp_quant_rule rule = *from;

	if (rp_grow(&q->rules, &q->cap_rules, q->n_rules + 1, sizeof(*q->rules)) < 0)
		return -ENOMEM;
	rule.module = rp_strndup(from->module, strlen(from->module));
	rule.pattern = rp_strndup(from->pattern, strlen(from->pattern));
	if (!rule.module || !rule.pattern) {
		free_rule(&rule);
		return -ENOMEM;
	}
	q->rules[q->n_rules++] = rule;
	return 0;
}

int rp_model_config_copy(const struct rp_model_config *from, struct rp_model_config *to)
{
	struct rp_model_config c = *from;
	int r;

	c.quant.rules = NULL;
	c.quant.n_rules = c.quant.cap_rules = 0;
	c.format_doubts = NULL;
	r = copy_doubts(from->shape_doubts, &c.shape_doubts);
	r = r < 0 ? r : copy_doubts(from->format_doubts, &c.format_doubts);
	for (size_t i = 0; i < from->quant.n_rules && r == 0; i++)
		r = copy_rule(&c, &from->quant.rules[i]);
	if (r < 0) {
		rp_model_config_done(&c);
		return r;
	}
	*to = c;
	return 0;
}

struct limit {
	const char *key;
	size_t offset;
	uint32_t max;
};

#define LIMIT(key, field, max)                                     \
	{                                                          \
		key, offsetof(struct rp_model_config, field), max, \
	}

static const struct limit limits[] = {
	LIMIT("hidden_size", hidden, RP_MODEL_MAX_HIDDEN),
	LIMIT("num_hidden_layers", layers, RP_MODEL_MAX_LAYERS),
	LIMIT("num_attention_heads", heads, RP_MODEL_MAX_HEADS),
	LIMIT("num_key_value_heads", kv_heads, RP_MODEL_MAX_HEADS),
	LIMIT("head_dim", head_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("intermediate_size", inter, RP_MODEL_MAX_INTER),
	LIMIT("vocab_size", vocab, RP_MODEL_MAX_VOCAB),
	LIMIT("max_position_embeddings", max_context, RP_MODEL_MAX_CONTEXT),
	LIMIT("sliding_window", window, RP_MODEL_MAX_CONTEXT),
	LIMIT("attention_chunk_size", chunk, RP_MODEL_MAX_CONTEXT),
	LIMIT("v_head_dim", v_head_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("swa_num_key_value_heads", swa_kv_heads, RP_MODEL_MAX_HEADS),
	LIMIT("swa_head_dim", swa_head_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("swa_v_head_dim", swa_v_head_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("global_head_dim", global_head_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("num_global_key_value_heads", global_kv_heads, RP_MODEL_MAX_HEADS),
	LIMIT("num_experts", experts, RP_MODEL_MAX_EXPERTS),
	LIMIT("num_experts_per_tok", experts_per_tok, RP_MODEL_MAX_EXPERTS),
	LIMIT("moe_intermediate_size", moe_inter, RP_MODEL_MAX_INTER),
	LIMIT("n_shared_experts", shared_experts, RP_MODEL_MAX_EXPERTS),
	LIMIT("shared_expert_intermediate_size", shared_inter, RP_MODEL_MAX_INTER),
	LIMIT("moe_latent_size", moe_latent, RP_MODEL_MAX_HIDDEN),
	LIMIT("first_k_dense_replace", first_dense, RP_MODEL_MAX_LAYERS),
	LIMIT("intermediate_size_mlp", dense_inter, RP_MODEL_MAX_INTER),
	LIMIT("q_lora_rank", q_lora, RP_MODEL_MAX_HIDDEN),
	LIMIT("kv_lora_rank", kv_lora, RP_MODEL_MAX_HIDDEN),
	LIMIT("qk_nope_head_dim", qk_nope, RP_MODEL_MAX_HIDDEN),
	LIMIT("qk_rope_head_dim", qk_rope, RP_MODEL_MAX_HIDDEN),
	LIMIT("index_n_heads", index_heads, RP_MODEL_MAX_HEADS),
	LIMIT("index_head_dim", index_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("mamba_num_heads", m_heads, RP_MODEL_MAX_HEADS),
	LIMIT("mamba_head_dim", m_head_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("ssm_state_size", m_state, RP_MODEL_MAX_HIDDEN),
	LIMIT("n_groups", m_groups, RP_MODEL_MAX_HEADS),
	LIMIT("conv_kernel", m_conv, 1024),
	LIMIT("expand", m_expand, 64),
	LIMIT("d_inner", m_inner, RP_MODEL_MAX_INTER),
	LIMIT("time_step_rank", m_dt_rank, RP_MODEL_MAX_HIDDEN),
	LIMIT("linear_num_key_heads", l_k_heads, RP_MODEL_MAX_HEADS),
	LIMIT("linear_num_value_heads", l_v_heads, RP_MODEL_MAX_HEADS),
	LIMIT("linear_key_head_dim", l_k_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("linear_value_head_dim", l_v_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("linear_conv_kernel_dim", l_conv, 1024),
	LIMIT("num_nextn_predict_layers", mtp_layers, RP_MODEL_MAX_LAYERS),
	LIMIT("vision_config.hidden_size", vision.hidden, RP_MODEL_MAX_HIDDEN),
	LIMIT("vision_config.embed_dim", vision.embed, RP_MODEL_MAX_HIDDEN),
	LIMIT("vision_config.num_hidden_layers", vision.layers, RP_MODEL_MAX_LAYERS),
	LIMIT("vision_config.num_attention_heads", vision.heads, RP_MODEL_MAX_HEADS),
	LIMIT("vision_config.head_dim", vision.head_dim, RP_MODEL_MAX_HIDDEN),
	LIMIT("vision_config.intermediate_size", vision.inter, RP_MODEL_MAX_INTER),
	LIMIT("vision_config.patch_size", vision.patch, 65536),
	LIMIT("vision_config.image_size", vision.image, 1048576),
	LIMIT("vision_config.num_channels", vision.channels, 1024),
	LIMIT("vision_config.out_hidden_size", vision.out_hidden, RP_MODEL_MAX_HIDDEN),
	LIMIT("vision_config.spatial_merge_size", vision.merge, 1024),
	LIMIT("vision_config.temporal_patch_size", vision.temporal_patch, 1024),
	LIMIT("vision_config.num_position_embeddings", vision.positions, RP_MODEL_MAX_VOCAB),
	LIMIT("vision_config.mlp_ratio", vision.mlp_ratio, 1024),
	LIMIT("vision_config.num_global_layers", vision.global_layers, RP_MODEL_MAX_LAYERS),
	LIMIT("vision_config.max_num_tiles", vision.tiles, 4096),
	LIMIT("quantization_config.bits", quant.bits, 64),
	LIMIT("quantization_config.group_size", quant.group, RP_MODEL_MAX_INTER),
	LIMIT("quantization_config.weight_block_size", quant.block_in, RP_MODEL_MAX_INTER),
	LIMIT("quantization_config.weight_block_size", quant.block_out, RP_MODEL_MAX_INTER),
};

int rp_model_config_check(const struct rp_model_config *c, const char *name,
			  struct rocpart_error *reterr)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(limits); i++) {
		uint32_t v;

		memcpy(&v, (const char *)c + limits[i].offset, sizeof(v));
		if (v > limits[i].max)
			return rp_error_set(reterr, -ERANGE, ROCPART_ERR_MODEL_FORMAT, name,
					    "'%s' is %u, larger than the limit of %u",
					    limits[i].key, v, limits[i].max);
	}
	return 0;
}
