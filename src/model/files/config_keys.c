/* SPDX-License-Identifier: MIT */
/* The keys of config.json that decide bytes, and where each goes. */
#include "model/files/config_read.h"

#include "base/strbuf.h"
#include "model/files/config_internal.h"

/* Aliases are what other architectures call the same thing. */
static const struct rp_config_key text_keys[] = {
	NUM("hidden_size", hidden),
	NUM("d_model", hidden),
	NUM("num_hidden_layers", layers),
	NUM("num_layers", layers),
	NUM("n_layer", layers),
	NUM("num_attention_heads", heads),
	NUM("num_key_value_heads", kv_heads),
	NUM("num_kv_heads", kv_heads),
	NUM("head_dim", head_dim),
	NUM("intermediate_size", inter),
	NUM("ffn_hidden_size", inter),
	NUM("vocab_size", vocab),
	NUM("max_position_embeddings", max_context),
	NUM("sliding_window", window),
	NUM("sliding_window_pattern", window_pattern),
	NUM("_sliding_window_pattern", window_pattern),
	NUM("max_window_layers", window_from_layer),
	NUM("attention_chunk_size", chunk),
	NUM("v_head_dim", v_head_dim),
	NUM("swa_num_key_value_heads", swa_kv_heads),
	NUM("swa_head_dim", swa_head_dim),
	NUM("swa_v_head_dim", swa_v_head_dim),
	NUM("global_head_dim", global_head_dim),
	NUM("num_global_key_value_heads", global_kv_heads),
	NUM("num_experts", experts),
	NUM("num_local_experts", experts),
	NUM("n_routed_experts", experts),
	NUM("num_experts_per_tok", experts_per_tok),
	NUM("experts_per_token", experts_per_tok),
	NUM("top_k_experts", experts_per_tok),
	NUM("moe_intermediate_size", moe_inter),
	NUM("n_shared_experts", shared_experts),
	NUM("shared_expert_intermediate_size", shared_inter),
	NUM("moe_shared_expert_intermediate_size", shared_inter),
	NUM("shared_intermediate_size", shared_inter),
	NUM("moe_latent_size", moe_latent),
	NUM("first_k_dense_replace", first_dense),
	NUM("moe_layer_freq", moe_freq),
	NUM("decoder_sparse_step", moe_step),
	NUM("interleave_moe_layer_step", moe_every),
	NUM("intermediate_size_mlp", dense_inter),
	NUM("q_lora_rank", q_lora),
	NUM("kv_lora_rank", kv_lora),
	NUM("qk_nope_head_dim", qk_nope),
	NUM("qk_rope_head_dim", qk_rope),
	NUM("index_n_heads", index_heads),
	NUM("index_head_dim", index_dim),
	NUM("mamba_num_heads", m_heads),
	NUM("mamba_n_heads", m_heads),
	NUM("mamba_head_dim", m_head_dim),
	NUM("mamba_d_head", m_head_dim),
	NUM("ssm_state_size", m_state),
	NUM("mamba_d_state", m_state),
	NUM("state_size", m_state),
	NUM("n_groups", m_groups),
	NUM("mamba_n_groups", m_groups),
	NUM("conv_kernel", m_conv),
	NUM("mamba_d_conv", m_conv),
	NUM("expand", m_expand),
	NUM("mamba_expand", m_expand),
	NUM("d_inner", m_inner),
	NUM("time_step_rank", m_dt_rank),
	NUM("linear_num_key_heads", l_k_heads),
	NUM("linear_num_value_heads", l_v_heads),
	NUM("linear_key_head_dim", l_k_dim),
	NUM("linear_value_head_dim", l_v_dim),
	NUM("linear_conv_kernel_dim", l_conv),
	NUM("full_attention_interval", full_every),
	NUM("num_nextn_predict_layers", mtp_layers),
	NUM("mtp_num_hidden_layers", mtp_layers),
	YES("tie_word_embeddings", tied),
	YES("attention_bias", attention_bias),
	YES("bias", attention_bias),
	YES("mlp_bias", mlp_bias),
	YES("lm_head_bias", lm_head_bias),
	YES("use_qk_norm", qk_norm),
	YES("attn_output_gate", out_gate),
	YES("use_sliding_window", use_window),
	YES("attention_k_eq_v", k_is_v),
	YES("add_swa_attention_sink_bias", swa_sinks),
	YES("add_full_attention_sink_bias", full_sinks),
	YES("use_conv_bias", m_conv_bias),
	YES("mamba_conv_bias", m_conv_bias),
	YES("use_bias", m_bias),
	YES("parallel_attn", parallel_block),
	YES("new_decoder_architecture", new_decoder),
	YES("multi_query", multi_query),
	STR("torch_dtype", dtype),
	STR("dtype", dtype),
	STR("mamba_ssm_cache_dtype", m_cache_dtype),
	STR("mamba_ssm_dtype", m_cache_dtype),
};

static const struct rp_config_key vision_keys[] = {
	NUM("hidden_size", vision.hidden),
	NUM("embed_dim", vision.embed),
	NUM("num_hidden_layers", vision.layers),
	NUM("depth", vision.layers),
	NUM("num_attention_heads", vision.heads),
	NUM("num_heads", vision.heads),
	NUM("attention_heads", vision.heads),
	NUM("intermediate_size", vision.inter),
	NUM("patch_size", vision.patch),
	NUM("image_size", vision.image),
	NUM("num_channels", vision.channels),
	NUM("in_channels", vision.channels),
	NUM("in_chans", vision.channels),
	NUM("out_hidden_size", vision.out_hidden),
	NUM("spatial_merge_size", vision.merge),
	NUM("temporal_patch_size", vision.temporal_patch),
	NUM("num_position_embeddings", vision.positions),
	NUM("position_embedding_size", vision.positions),
	NUM("num_global_layers", vision.global_layers),
	NUM("max_num_tiles", vision.tiles),
	NUM("head_dim", vision.head_dim),
	STR("model_type", vision.model_type),
};

_Static_assert(RP_ARRAY_LEN(text_keys) <= 192, "bits of rp_config_reader");

int rp_config_complain(const struct rp_config_reader *r, const char *key, const char *what)
{
	return rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, r->name, "'%s' %s", key,
			    what);
}

static int put_number(struct rp_config_reader *r, const struct rp_config_key *k,
		      const struct rp_config_value *v, char *at)
{
	uint32_t n;

	/* "auto" (time_step_rank) and sizes given as words leave the default. */
	if (v->kind == RP_CONFIG_TEXT && rp_str_eq(v->text, "auto"))
		return 0;
	if (v->kind != RP_CONFIG_INT)
		return rp_config_complain(r, k->name, "is not an integer");
	if (v->negative && v->u != 0) {
		/* Group size -1: one scale per row. Everything else must be a size. */
		if (k->offset != offsetof(struct rp_model_config, quant.group) || v->u != 1)
			return rp_config_complain(r, k->name, "is negative");
		return 0;
	}
	if (v->u > UINT32_MAX)
		return rp_config_complain(r, k->name, "is larger than any model");
	n = (uint32_t)v->u;
	memcpy(at, &n, sizeof(n));
	return 0;
}

static int put_key(struct rp_config_reader *r, const struct rp_config_key *k,
		   const struct rp_config_value *v)
{
	char *at = (char *)r->c + k->offset;
	enum rp_tri tri = v->yes ? RP_TRI_YES : RP_TRI_NO;

	if (v->kind == RP_CONFIG_NULL)
		return 0;
	switch (k->sort) {
	case NUMBER:
		return put_number(r, k, v, at);
	case TRI:
		if (v->kind != RP_CONFIG_BOOL)
			return rp_config_complain(r, k->name, "is not true or false");
		memcpy(at, &tri, sizeof(tri));
		return 0;
	case TEXT:
		if (v->kind != RP_CONFIG_TEXT)
			return rp_config_complain(r, k->name, "is not text");
		if (rp_fmt(at, k->size, "%s", v->text) < 0)
			return rp_config_complain(r, k->name, "is too long");
		return 0;
	}
	return 0;
}

/* Bit i of a set of seen keys; true when it was set before. */
static bool mark(uint64_t *set, size_t i)
{
	uint64_t bit = UINT64_C(1) << (i % 64);
	bool before = (set[i / 64] & bit) != 0;

	set[i / 64] |= bit;
	return before;
}

static const struct rp_config_key *find(const struct rp_config_key *keys, size_t n,
					const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (rp_str_eq(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

int rp_config_put_scalar(struct rp_config_reader *r, enum rp_config_scope scope,
			 const struct rp_config_key *keys, size_t n_keys, const char *name,
			 const struct rp_config_value *v)
{
	const struct rp_config_key *k = find(keys, n_keys, name);
	size_t i;

	if (!k)
		return 0;
	i = (size_t)(k - keys);
	if (mark(r->seen[scope], i))
		return rp_config_complain(r, name, "is given twice");
	if (scope == RP_SCOPE_TEXT)
		(void)mark(r->text_said, i);
	else if (scope == RP_SCOPE_ROOT && (r->text_said[i / 64] >> (i % 64)) & 1)
		return 0;
	return put_key(r, k, v);
}

static const struct {
	const char *word;
	enum rp_mixer mixer;
	enum rp_ffn ffn;
	bool block; /* of layers_block_type: a layer is one block */
} layer_words[] = {
	{"full_attention", RP_MIX_FULL, RP_FFN_UNSAID, false},
	{"deepseek_sparse_attention", RP_MIX_FULL, RP_FFN_UNSAID, false},
	{"sliding_attention", RP_MIX_SLIDING, RP_FFN_UNSAID, false},
	{"chunked_attention", RP_MIX_CHUNKED, RP_FFN_UNSAID, false},
	{"linear_attention", RP_MIX_LINEAR, RP_FFN_UNSAID, false},
	{"attention", RP_MIX_FULL, RP_FFN_UNSAID, false},
	{"mamba", RP_MIX_MAMBA, RP_FFN_UNSAID, false},
	{"attention", RP_MIX_FULL, RP_FFN_NONE, true},
	{"mamba", RP_MIX_MAMBA, RP_FFN_NONE, true},
	{"moe", RP_MIX_NONE, RP_FFN_MOE, true},
	{"mlp", RP_MIX_NONE, RP_FFN_DENSE, true},
};

static void set_layer(struct rp_model_config *c, size_t i, enum rp_mixer mixer, enum rp_ffn ffn)
{
	if (mixer != RP_MIX_UNSAID) {
		c->mixers[i] = (uint8_t)mixer;
		if (c->n_mixers <= i)
			c->n_mixers = (uint32_t)i + 1;
	}
	if (ffn != RP_FFN_UNSAID) {
		c->ffns[i] = (uint8_t)ffn;
		if (c->n_ffns <= i)
			c->n_ffns = (uint32_t)i + 1;
	}
}

static int layer_word(struct rp_config_reader *r, const char *key, long index, bool block,
		      const struct rp_config_value *v)
{
	if (index < 0 || v->kind != RP_CONFIG_TEXT)
		return v->kind == RP_CONFIG_NULL
			       ? 0
			       : rp_config_complain(r, key, "is not a list of words");
	if (index >= RP_MODEL_MAX_LAYERS)
		return rp_config_complain(r, key, "has more entries than a model can have layers");
	for (size_t i = 0; i < RP_ARRAY_LEN(layer_words); i++) {
		if (layer_words[i].block == block && rp_str_eq(layer_words[i].word, v->text)) {
			set_layer(r->c, (size_t)index, layer_words[i].mixer, layer_words[i].ffn);
			return 0;
		}
	}
	rp_error_set(r->reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, r->name,
		     "'%s' has an unknown kind of layer, '%s'", key, v->text);
	return -ENOTSUP;
}

static int layer_types(struct rp_config_reader *r, const char *key, long index,
		       const struct rp_config_value *v)
{
	return layer_word(r, key, index, false, v);
}

static int layer_blocks(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v)
{
	return layer_word(r, key, index, true, v);
}

/* Nemotron-H: "MEM*-": Mamba, experts, attention, MLP. */
static int layer_letters(struct rp_config_reader *r, const char *key, long index,
			 const struct rp_config_value *v)
{
	if (v->kind == RP_CONFIG_NULL)
		return 0;
	if (index >= 0 || v->kind != RP_CONFIG_TEXT)
		return rp_config_complain(r, key, "is not text");
	for (size_t i = 0; v->text[i]; i++) {
		char l = v->text[i];

		if (i >= RP_MODEL_MAX_LAYERS)
			return rp_config_complain(r, key,
						  "has more letters than a model can have layers");
		if (l == 'M')
			set_layer(r->c, i, RP_MIX_MAMBA, RP_FFN_NONE);
		else if (l == '*')
			set_layer(r->c, i, RP_MIX_FULL, RP_FFN_NONE);
		else if (l == 'E')
			set_layer(r->c, i, RP_MIX_NONE, RP_FFN_MOE);
		else if (l == '-')
			set_layer(r->c, i, RP_MIX_NONE, RP_FFN_DENSE);
		else
			return rp_config_complain(r, key, "has an unknown letter");
	}
	return 0;
}

/* A list of 0 and 1, one per layer. */
static int layer_flag(struct rp_config_reader *r, const char *key, long index,
		      const struct rp_config_value *v, bool *ret)
{
	if (v->kind == RP_CONFIG_NULL)
		return 1;
	if (index < 0)
		return 1;
	if (v->kind != RP_CONFIG_INT || v->u > 1)
		return rp_config_complain(r, key, "has an entry other than 0 and 1");
	if (index >= RP_MODEL_MAX_LAYERS)
		return rp_config_complain(r, key, "has more entries than a model can have layers");
	*ret = v->u == 1;
	return 0;
}

static int window_flags(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v)
{
	bool yes = false;
	int err = layer_flag(r, key, index, v, &yes);

	if (err == 0)
		set_layer(r->c, (size_t)index, yes ? RP_MIX_SLIDING : RP_MIX_FULL, RP_FFN_UNSAID);
	return err < 0 ? err : 0;
}

static int moe_flags(struct rp_config_reader *r, const char *key, long index,
		     const struct rp_config_value *v)
{
	bool yes = false;
	int err = layer_flag(r, key, index, v, &yes);

	if (err == 0)
		set_layer(r->c, (size_t)index, RP_MIX_UNSAID, yes ? RP_FFN_MOE : RP_FFN_DENSE);
	return err < 0 ? err : 0;
}

/* A list of layer numbers. */
static int layer_number(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v, enum rp_mixer mixer, enum rp_ffn ffn)
{
	if (v->kind == RP_CONFIG_NULL)
		return 0;
	if (index < 0 || v->kind != RP_CONFIG_INT || v->negative || v->u >= RP_MODEL_MAX_LAYERS)
		return rp_config_complain(r, key, "has an entry that is not a layer number");
	set_layer(r->c, (size_t)v->u, mixer, ffn);
	return 0;
}

static int dense_layers(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v)
{
	return layer_number(r, key, index, v, RP_MIX_UNSAID, RP_FFN_DENSE);
}

static int cross_layers(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v)
{
	return layer_number(r, key, index, v, RP_MIX_CROSS, RP_FFN_UNSAID);
}

static int class_name(struct rp_config_reader *r, const char *key, long index,
		      const struct rp_config_value *v)
{
	if (v->kind == RP_CONFIG_NULL || index != 0)
		return 0;
	if (v->kind != RP_CONFIG_TEXT || rp_fmt(r->c->arch, sizeof(r->c->arch), "%s", v->text) < 0)
		return rp_config_complain(r, key, "is not a name, or is too long");
	return 0;
}

static const struct {
	const char *name;
	int (*put)(struct rp_config_reader *r, const char *key, long index,
		   const struct rp_config_value *v);
} lists[] = {
	{"layer_types", layer_types},
	{"layers_block_type", layer_blocks},
	{"hybrid_override_pattern", layer_letters},
	{"hybrid_layer_pattern", window_flags},
	{"moe_layer_freq", moe_flags},
	{"mlp_only_layers", dense_layers},
	{"cross_attention_layers", cross_layers},
};

static int put_language(struct rp_config_reader *r, enum rp_config_scope scope, const char *key,
			long index, const struct rp_config_value *v)
{
	struct rp_model_config *c = r->c;

	if (rp_str_eq(key, "model_type")) {
		char *at = scope == RP_SCOPE_TEXT ? c->text_type : c->model_type;

		if (v->kind == RP_CONFIG_NULL)
			return 0;
		if (at[0])
			return rp_config_complain(r, key, "is given twice");
		if (v->kind != RP_CONFIG_TEXT || rp_fmt(at, RP_MODEL_NAME_SIZE, "%s", v->text) < 0)
			return rp_config_complain(r, key, "is not a name, or is too long");
		return 0;
	}
	if (rp_str_eq(key, "architectures"))
		return scope == RP_SCOPE_ROOT ? class_name(r, key, index, v) : 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(lists); i++) {
		if (!rp_str_eq(lists[i].name, key))
			continue;
		/* A plain number of that name is a key like any other (moe_layer_freq). */
		if (index < 0 && v->kind == RP_CONFIG_INT)
			break;
		return lists[i].put(r, key, index, v);
	}
	if (index >= 0)
		return 0;
	return rp_config_put_scalar(r, scope, text_keys, RP_ARRAY_LEN(text_keys), key, v);
}

static int put_vision(struct rp_config_reader *r, const char *key, long index,
		      const struct rp_config_value *v)
{
	struct rp_vision_config *c = &r->c->vision;

	c->has_taps |= rp_str_eq(key, "intermediate_layers_indices") ||
		       rp_str_eq(key, "deepstack_visual_indexes");
	if (index >= 0) {
		if (rp_str_eq(key, "intermediate_layers_indices") ||
		    rp_str_eq(key, "deepstack_visual_indexes"))
			c->n_taps = index < RP_MODEL_MAX_LAYERS ? (uint32_t)index + 1
								: RP_MODEL_MAX_LAYERS;
		return 0;
	}
	if (rp_str_eq(key, "mlp_ratio")) { /* 3.7362 of DeepSeek-VL2 decides nothing known here */
		if (v->kind == RP_CONFIG_INT && !v->negative && v->u <= 1024)
			c->mlp_ratio = (uint32_t)v->u;
		return 0;
	}
	return rp_config_put_scalar(r, RP_SCOPE_VISION, vision_keys, RP_ARRAY_LEN(vision_keys), key,
				    v);
}

static bool is_text_part(const char *key)
{
	return rp_str_eq(key, "text_config") || rp_str_eq(key, "language_config") ||
	       rp_str_eq(key, "llm_config");
}

int rp_config_put(struct rp_config_reader *r, const char *const *path, size_t n, long index,
		  const struct rp_config_value *v)
{
	bool text = n > 1 && is_text_part(path[0]);
	const char *const *p = text ? path + 1 : path;
	size_t m = text ? n - 1 : n;

	if (m == 0)
		return 0;
	if (m > 1 && (rp_str_eq(p[0], "quantization_config") || rp_str_eq(p[0], "quantization")))
		return rp_config_put_quant(r, p + 1, m - 1, index, v);
	if (!text && m > 1 && rp_str_eq(p[0], "vision_config")) {
		r->c->has_vision = true;
		return m == 2 ? put_vision(r, p[1], index, v) : 0;
	}
	if (m != 1)
		return 0;
	return put_language(r, text ? RP_SCOPE_TEXT : RP_SCOPE_ROOT, p[0], index, v);
}
