/* SPDX-License-Identifier: MIT */
/* The keys of config.json that decide bytes, and where each goes. */
#include "model/files/config_read.h"

#include "base/strbuf.h"
#include "model/arch.h"
#include "model/files/config_internal.h"

/* Aliases are what other architectures, and older files, call the same thing. */
static const struct rp_config_key text_keys[] = {
	NUM("hidden_size", hidden),
	NUM("d_model", hidden),
	NUM("n_embd", hidden),
	NUM("num_hidden_layers", layers),
	NUM("num_layers", layers),
	NUM("n_layer", layers),
	NUM("n_layers", layers),
	NUM("num_attention_heads", heads),
	NUM("n_head", heads),
	NUM("n_heads", heads),
	NUM("num_key_value_heads", kv_heads),
	NUM("num_kv_heads", kv_heads),
	NUM("n_head_kv", kv_heads),
	NUM("head_dim", head_dim),
	NUM("attention_head_dim", head_dim),
	NUM("intermediate_size", inter),
	NUM("ffn_hidden_size", inter),
	NUM("ffn_dim", inter),
	NUM("n_inner", inter),
	NUM("vocab_size", vocab),
	NUM("max_position_embeddings", max_context),
	NUM("sliding_window", window),
	NUM("sliding_window_size", window),
	NUM("sliding_window_pattern", window_pattern),
	NUM("_sliding_window_pattern", window_pattern),
	NUM("max_window_layers", window_from_layer),
	NUM_OF(RP_KEYS_CHUNK, "attention_chunk_size", chunk),
	NUM_OF(RP_KEYS_V_HEAD, "v_head_dim", v_head_dim),
	NUM_OF(RP_KEYS_WINDOW, "swa_num_key_value_heads", swa_kv_heads),
	NUM_OF(RP_KEYS_WINDOW, "swa_head_dim", swa_head_dim),
	NUM_OF(RP_KEYS_WINDOW, "swa_v_head_dim", swa_v_head_dim),
	NUM_OF(RP_KEYS_GLOBAL, "global_head_dim", global_head_dim),
	NUM_OF(RP_KEYS_GLOBAL, "num_global_key_value_heads", global_kv_heads),
	NUM_OF(RP_KEYS_MOE, "num_experts", experts),
	NUM_OF(RP_KEYS_MOE, "num_local_experts", experts),
	NUM_OF(RP_KEYS_MOE, "n_routed_experts", experts),
	NUM_OF(RP_KEYS_MOE, "num_experts_per_tok", experts_per_tok),
	NUM_OF(RP_KEYS_MOE, "experts_per_token", experts_per_tok),
	NUM_OF(RP_KEYS_MOE, "top_k_experts", experts_per_tok),
	NUM_OF(RP_KEYS_MOE, "moe_intermediate_size", moe_inter),
	NUM_OF(RP_KEYS_SHARED, "n_shared_experts", shared_experts),
	NUM_OF(RP_KEYS_SHARED, "shared_expert_intermediate_size", shared_inter),
	NUM_OF(RP_KEYS_SHARED, "moe_shared_expert_intermediate_size", shared_inter),
	NUM_OF(RP_KEYS_SHARED, "shared_intermediate_size", shared_inter),
	NUM_OF(RP_KEYS_LATENT, "moe_latent_size", moe_latent),
	NUM_OF(RP_KEYS_MOE, "first_k_dense_replace", first_dense),
	NUM_OF(RP_KEYS_MOE, "moe_layer_freq", moe_freq),
	NUM_OF(RP_KEYS_MOE, "decoder_sparse_step", moe_step),
	NUM_OF(RP_KEYS_MOE, "interleave_moe_layer_step", moe_every),
	NUM_OF(RP_KEYS_CHUNK, "intermediate_size_mlp", dense_inter),
	NUM_OF(RP_KEYS_MLA, "q_lora_rank", q_lora),
	NUM_OF(RP_KEYS_MLA, "kv_lora_rank", kv_lora),
	NUM_OF(RP_KEYS_MLA, "qk_nope_head_dim", qk_nope),
	NUM_OF(RP_KEYS_MLA, "qk_rope_head_dim", qk_rope),
	NUM_OF(RP_KEYS_INDEXER, "index_n_heads", index_heads),
	NUM_OF(RP_KEYS_INDEXER, "index_head_dim", index_dim),
	NUM_OF(RP_KEYS_MAMBA, "mamba_num_heads", m_heads),
	NUM_OF(RP_KEYS_MAMBA, "mamba_n_heads", m_heads),
	NUM_OF(RP_KEYS_MAMBA, "mamba_head_dim", m_head_dim),
	NUM_OF(RP_KEYS_MAMBA, "mamba_d_head", m_head_dim),
	NUM_OF(RP_KEYS_MAMBA, "ssm_state_size", m_state),
	NUM_OF(RP_KEYS_MAMBA, "mamba_d_state", m_state),
	NUM_OF(RP_KEYS_MAMBA, "state_size", m_state),
	NUM_OF(RP_KEYS_MAMBA, "n_groups", m_groups),
	NUM_OF(RP_KEYS_MAMBA, "mamba_n_groups", m_groups),
	NUM_OF(RP_KEYS_MAMBA, "conv_kernel", m_conv),
	NUM_OF(RP_KEYS_MAMBA, "mamba_d_conv", m_conv),
	NUM_OF(RP_KEYS_MAMBA, "expand", m_expand),
	NUM_OF(RP_KEYS_MAMBA, "mamba_expand", m_expand),
	NUM_OF(RP_KEYS_MAMBA, "d_inner", m_inner),
	NUM_OF(RP_KEYS_MAMBA, "time_step_rank", m_dt_rank),
	NUM_OF(RP_KEYS_DELTA, "linear_num_key_heads", l_k_heads),
	NUM_OF(RP_KEYS_DELTA, "linear_num_value_heads", l_v_heads),
	NUM_OF(RP_KEYS_DELTA, "linear_key_head_dim", l_k_dim),
	NUM_OF(RP_KEYS_DELTA, "linear_value_head_dim", l_v_dim),
	NUM_OF(RP_KEYS_DELTA, "linear_conv_kernel_dim", l_conv),
	NUM_OF(RP_KEYS_DELTA, "full_attention_interval", full_every),
	NUM("num_nextn_predict_layers", mtp_layers),
	NUM("mtp_num_hidden_layers", mtp_layers),
	NUM_OF(RP_KEYS_INDEXER, "index_topk_freq", index_every),
	NUM_OF(RP_KEYS_MLA, "qk_head_dim", qk_head),
	NUM_OF(RP_KEYS_WINDOW, "swa_num_attention_heads", swa_heads),
	NUM_OF(RP_KEYS_FALCON, "num_ln_in_parallel_attn", parallel_norms),
	YES("tie_word_embeddings", tied),
	YES_OF(RP_KEYS_BIAS, "attention_bias", attention_bias),
	YES_OF(RP_KEYS_BIAS, "bias", attention_bias),
	YES_OF(RP_KEYS_MLP_BIAS, "mlp_bias", mlp_bias),
	YES("lm_head_bias", lm_head_bias),
	YES_OF(RP_KEYS_QK_NORM, "use_qk_norm", qk_norm),
	YES_OF(RP_KEYS_GATE, "attn_output_gate", out_gate),
	YES("use_sliding_window", use_window),
	YES_OF(RP_KEYS_GLOBAL, "attention_k_eq_v", k_is_v),
	YES_OF(RP_KEYS_WINDOW, "add_swa_attention_sink_bias", swa_sinks),
	YES_OF(RP_KEYS_WINDOW, "add_full_attention_sink_bias", full_sinks),
	YES_OF(RP_KEYS_MAMBA, "use_conv_bias", m_conv_bias),
	YES_OF(RP_KEYS_MAMBA, "mamba_conv_bias", m_conv_bias),
	YES_OF(RP_KEYS_MAMBA, "use_bias", m_bias),
	YES_OF(RP_KEYS_FALCON, "parallel_attn", parallel_block),
	YES_OF(RP_KEYS_FALCON, "new_decoder_architecture", new_decoder),
	YES_OF(RP_KEYS_FALCON, "multi_query", multi_query),
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

static int class_name(struct rp_config_reader *r, const char *key, long index,
		      const struct rp_config_value *v)
{
	if (v->kind == RP_CONFIG_NULL || index != 0)
		return 0;
	if (v->kind != RP_CONFIG_TEXT || rp_fmt(r->c->arch, sizeof(r->c->arch), "%s", v->text) < 0)
		return rp_config_complain(r, key, "is not a name, or is too long");
	return 0;
}

static int put_language(struct rp_config_reader *r, enum rp_config_scope scope, const char *key,
			long index, const struct rp_config_value *v)
{
	struct rp_model_config *c = r->c;
	int err;

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
	err = rp_config_put_layers(r, key, index, v);
	if (err > 0 && index < 0)
		err = rp_config_put_scalar(r, scope, text_keys, RP_ARRAY_LEN(text_keys), key, v);
	if (err > 0)
		rp_config_unknown(r, scope, key, index >= 0, false, v);
	return err < 0 ? err : 0;
}

static int put_vision(struct rp_config_reader *r, const char *key, long index,
		      const struct rp_config_value *v)
{
	struct rp_vision_config *c = &r->c->vision;
	bool taps = rp_str_eq(key, "intermediate_layers_indices") ||
		    rp_str_eq(key, "deepstack_visual_indexes");
	int err = 1;

	c->has_taps |= taps;
	if (taps && index >= 0)
		c->n_taps = index < RP_MODEL_MAX_LAYERS ? (uint32_t)index + 1 : RP_MODEL_MAX_LAYERS;
	if (taps)
		return 0;
	/* 3.7362 of DeepSeek-VL2 decides nothing known here */
	if (rp_str_eq(key, "mlp_ratio") && v->kind == RP_CONFIG_INT && !v->negative &&
	    v->u <= 1024) {
		c->mlp_ratio = (uint32_t)v->u;
		return 0;
	}
	if (index < 0)
		err = rp_config_put_scalar(r, RP_SCOPE_VISION, vision_keys,
					   RP_ARRAY_LEN(vision_keys), key, v);
	if (err > 0)
		rp_config_unknown(r, RP_SCOPE_VISION, key, index >= 0, false, v);
	return err < 0 ? err : 0;
}

static bool is_text_part(const char *key)
{
	return rp_str_eq(key, "text_config") || rp_str_eq(key, "language_config") ||
	       rp_str_eq(key, "llm_config");
}

static bool is_quant_part(const char *key)
{
	return rp_str_eq(key, "quantization_config") || rp_str_eq(key, "quantization") ||
	       rp_str_eq(key, "compression_config"); /* as compressed-tensors called it */
}

/* A path without the names of the parts that it goes through. */
struct part {
	enum rp_config_scope scope;
	const char *const *path;
	size_t n;
};

static struct part find_part(const char *const *path, size_t n)
{
	struct part p = {RP_SCOPE_ROOT, path, n};

	if (n > 1 && is_text_part(path[0]))
		p = (struct part){RP_SCOPE_TEXT, path + 1, n - 1};
	if (p.n > 1 && is_quant_part(p.path[0]))
		return (struct part){RP_SCOPE_QUANT, p.path + 1, p.n - 1};
	if (p.scope == RP_SCOPE_ROOT && n > 1 && rp_str_eq(path[0], "vision_config"))
		return (struct part){RP_SCOPE_VISION, path + 1, n - 1};
	return p;
}

int rp_config_put(struct rp_config_reader *r, const char *const *path, size_t n, long index,
		  const struct rp_config_value *v)
{
	struct part p = find_part(path, n);

	if (p.n == 0)
		return 0;
	if (p.scope == RP_SCOPE_QUANT) {
		bool file = rp_str_eq(p.path[-1], "quantization");

		r->quant_scope = file ? RP_SCOPE_QUANT_FILE : RP_SCOPE_QUANT;
		/* MLX writes what no engine on these GPUs can load. */
		r->c->quant.mlx |= file && p.n == 1 && rp_str_eq(p.path[0], "bits");
		return rp_config_put_quant(r, p.path, p.n, index, v);
	}
	r->c->has_vision |= p.scope == RP_SCOPE_VISION;
	if (p.n == 1 && is_quant_part(p.path[0]) && v->kind == RP_CONFIG_TEXT)
		rp_config_doubt(r, p.scope, p.path[0], v->text);
	if (p.n > 1)
		rp_config_unknown(r, p.scope, p.path[0], index >= 0, true, v);
	else if (p.scope == RP_SCOPE_VISION)
		return put_vision(r, p.path[0], index, v);
	else
		return put_language(r, p.scope, p.path[0], index, v);
	return 0;
}

void rp_config_put_deep(struct rp_config_reader *r, const char *const *path, size_t n,
			const struct rp_config_value *v)
{
	struct part p = find_part(path, n);

	if (p.n)
		rp_config_unknown(r, p.scope, p.path[0], true, p.n > 1, v);
}

int rp_config_open(struct rp_config_reader *r, const char *const *path, size_t n)
{
	struct part p = find_part(path, n);

	return p.scope == RP_SCOPE_QUANT && p.n ? rp_config_open_quant(r, p.path, p.n) : 0;
}

/* Two names of one size must agree; a frequency is not needed where the layers are listed. */
static void check_equal(struct rp_config_reader *r)
{
	const struct rp_model_config *c = r->c;
	char text[24];

	if (c->swa_heads && c->heads && c->swa_heads != c->heads &&
	    rp_fmt(text, sizeof(text), "%u", c->swa_heads) == 0)
		rp_config_doubt(r, RP_SCOPE_TEXT, "swa_num_attention_heads", text);
	if (c->qk_head && c->qk_nope && c->qk_head != c->qk_nope + c->qk_rope &&
	    rp_fmt(text, sizeof(text), "%u", c->qk_head) == 0)
		rp_config_doubt(r, RP_SCOPE_TEXT, "qk_head_dim", text);
	if (c->index_every > 1 && !c->n_indexers &&
	    rp_fmt(text, sizeof(text), "%u", c->index_every) == 0)
		rp_config_doubt(r, RP_SCOPE_TEXT, "index_topk_freq", text);
}

/* A word that names a format: of another one than these the bytes are not known. */
static void check_dtype(struct rp_config_reader *r)
{
	static const char *const known[] = {"bfloat16", "float16", "float32",
					    "half",	"float",   "auto"};
	const char *word = r->c->dtype;

	if (rp_str_starts(word, "torch."))
		word += strlen("torch.");
	for (size_t i = 0; i < RP_ARRAY_LEN(known); i++)
		if (rp_str_eq(known[i], word))
			return;
	if (*word && !r->c->has_quant)
		rp_config_doubt(r, RP_SCOPE_ROOT, "torch_dtype", word);
}

/* The class of a vision tower, which decides its layers. */
static void check_tower(struct rp_config_reader *r)
{
	static const char *const known[] = {
		"siglip_vision_model", "clip_vision_model", "pixtral", "llama4_vision_model",
		"mllama_vision_model", "gemma4_vision",	    "vision",  ""};
	const char *word = r->c->vision.model_type;

	for (size_t i = 0; i < RP_ARRAY_LEN(known); i++)
		if (rp_str_eq(known[i], word))
			return;
	/* Qwen names its towers after the model. */
	if (!rp_str_starts(word, r->c->model_type) && !rp_str_starts(r->c->model_type, word))
		rp_config_doubt(r, RP_SCOPE_VISION, "model_type", word);
}

int rp_config_finish(struct rp_config_reader *r)
{
	uint32_t known = rp_arch_keys(r->c);

	for (size_t i = 0; i < r->n_conditional; i++) {
		const struct rp_config_key *k = r->conditional[i].key;
		char text[24];

		if (k->groups & known)
			continue;
		/* Both fit. */
		if (k->sort == TRI)
			(void)rp_fmt(text, sizeof(text), "true");
		else
			(void)rp_fmt(text, sizeof(text), "%llu",
				     (unsigned long long)r->conditional[i].value);
		rp_config_doubt(r, RP_SCOPE_TEXT, k->name, text);
	}
	check_equal(r);
	check_dtype(r);
	check_tower(r);
	return r->no_memory ? rp_error_nomem(r->reterr) : 0;
}
