/* SPDX-License-Identifier: MIT */
#include "model/config.h"

#include "base/strbuf.h"

void rp_model_config_done(struct rp_model_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->quant.n_rules; i++)
		free(c->quant.rules[i].module);
	free(c->quant.rules);
	memset(c, 0, sizeof(*c));
}

/* Layers are called model.layers.N, model.language_model.layers.N, backbone.layers.N, ... */
static const char *skip_layer(const char *pattern, int32_t *ret_layer)
{
	const char *p = strstr(pattern, "layers.");
	int32_t n = 0;

	*ret_layer = RP_NO_LAYER;
	if (!p)
		return pattern;
	p += strlen("layers.");
	if (*p == '*') {
		*ret_layer = RP_ANY_LAYER;
		return p[1] == '.' ? p + 2 : p + 1;
	}
	while (*p >= '0' && *p <= '9' && n < RP_MODEL_MAX_LAYERS)
		n = n * 10 + (*p++ - '0');
	*ret_layer = n;
	return *p == '.' ? p + 1 : p;
}

/* Names of one module differ: "experts.17.x" is one of "experts.x", "shared_expert" has a plural.
 */
static char *our_words(const char *module)
{
	static const char one[] = "experts.", shared[] = "shared_expert.";
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	for (const char *p = module; *p;) {
		if (strncmp(p, one, strlen(one)) == 0) {
			rp_strbuf_add(&b, "experts");
			p += strlen(one);
			while (*p >= '0' && *p <= '9')
				p++;
			if (*p && *p != '.')
				rp_strbuf_add_char(&b, '.');
		} else if (strncmp(p, shared, strlen(shared)) == 0) {
			rp_strbuf_add(&b, "shared_experts.");
			p += strlen(shared);
		} else {
			rp_strbuf_add_char(&b, *p++);
		}
	}
	if (!b.s && !b.failed)
		return rp_strndup("", 0);
	return rp_strbuf_steal(&b);
}

static bool same_rule(const struct rp_quant_rule *a, const struct rp_quant_rule *b)
{
	return a->group == b->group && a->layer == b->layer && a->any_block == b->any_block &&
	       rp_str_eq(a->module, b->module);
}

int rp_model_config_rule(struct rp_model_config *c, int group, const char *pattern)
{
	struct rp_quant_config *q = &c->quant;
	struct rp_quant_rule rule = {.group = group};
	const char *module = skip_layer(pattern, &rule.layer);

	if (q->n_rules >= RP_MODEL_MAX_RULES ||
	    (rule.layer < 0 && q->n_globs >= RP_MODEL_MAX_GLOBS))
		return -E2BIG;
	q->n_globs += rule.layer < 0;
	if (rp_str_starts(module, "mixer.")) {
		rule.any_block = true;
		module += strlen("mixer.");
	}
	rule.module = our_words(module);
	if (!rule.module)
		return -ENOMEM;
	/* One rule per expert becomes one rule: they stand near each other. */
	for (size_t i = q->n_rules; i > 0 && i + 4 > q->n_rules; i--) {
		if (same_rule(&q->rules[i - 1], &rule)) {
			free(rule.module);
			return 0;
		}
	}
	if (rp_grow(&q->rules, &q->cap_rules, q->n_rules + 1, sizeof(*q->rules)) < 0) {
		free(rule.module);
		return -ENOMEM;
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
	if (!rule.module)
		return -ENOMEM;
	q->rules[q->n_rules++] = rule;
	return 0;
}

int rp_model_config_copy(const struct rp_model_config *from, struct rp_model_config *to)
{
	struct rp_model_config c = *from;
	int r = 0;

	c.quant.rules = NULL;
	c.quant.n_rules = c.quant.cap_rules = 0;
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
