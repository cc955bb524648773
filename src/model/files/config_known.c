/* SPDX-License-Identifier: MIT */
/*
 * Which keys of config.json decide no size. A key that is in no table here and none of
 * config_keys.c may decide one: it is kept as a doubt, and the model is not sized without
 * --lenient.
 */
#include "base/strbuf.h"
#include "model/files/config_internal.h"
#include "model/pattern.h"

#define IN_MODEL  (1u << 0) /* the root and the language part */
#define IN_VISION (1u << 1)
#define IN_QUANT  (1u << 2)

struct name {
	const char *pattern; /* '*' stands for any text */
	unsigned where;
};

/* Rotations, scales, ids of tokens, training, generation: none has a tensor or a cache. */
static const struct name harmless[] = {
	/* names of versions, files and classes */
	{"_*", IN_MODEL | IN_VISION},
	{"transformers_version", IN_MODEL | IN_VISION},
	{"auto_map", IN_MODEL | IN_VISION},
	{"attn_implementation", IN_MODEL | IN_VISION},
	{"unsloth_*", IN_MODEL | IN_VISION},
	{"tokenizer_*", IN_MODEL | IN_VISION},
	{"use_cache", IN_MODEL | IN_VISION},
	{"return_dict*", IN_MODEL | IN_VISION},
	{"output_*", IN_MODEL | IN_VISION},
	{"torchscript", IN_MODEL | IN_VISION},
	/* ids and counts of tokens */
	{"*_token", IN_MODEL | IN_VISION},
	{"*_token_id", IN_MODEL | IN_VISION},
	{"*_token_ids", IN_MODEL | IN_VISION},
	{"*_token_index", IN_MODEL | IN_VISION},
	{"*_tokens_per_image", IN_MODEL | IN_VISION},
	{"tokens_per_second", IN_VISION},
	{"image_seq_length", IN_MODEL | IN_VISION},
	{"video_seq_length", IN_MODEL | IN_VISION},
	{"default_output_length", IN_VISION},
	{"ignore_index", IN_MODEL | IN_VISION},
	/* rotary positions and lengths of contexts in training */
	{"rope_*", IN_MODEL | IN_VISION},
	{"*_rope_theta", IN_MODEL | IN_VISION},
	{"*rope_interleave", IN_MODEL},
	{"no_rope_layer*", IN_MODEL},
	{"partial_rotary_factor", IN_MODEL | IN_VISION},
	{"rotary_*", IN_MODEL | IN_VISION},
	{"original_max_position_embeddings", IN_MODEL},
	{"initial_context_length", IN_MODEL},
	{"model_max_length", IN_MODEL},
	{"max_sequence_length", IN_MODEL},
	{"seq_length", IN_MODEL},
	{"n_positions", IN_MODEL},
	{"n_ctx", IN_MODEL},
	/* factors of values */
	{"*_eps", IN_MODEL | IN_VISION},
	{"*_epsilon", IN_MODEL | IN_VISION},
	{"*dropout*", IN_MODEL | IN_VISION},
	{"*_pdrop", IN_MODEL | IN_VISION},
	{"initializer_*", IN_MODEL | IN_VISION},
	{"*_std", IN_MODEL | IN_VISION},
	{"*softcap*", IN_MODEL},
	{"*_scale", IN_MODEL | IN_VISION},
	{"*_scaling", IN_MODEL},
	{"*scaling_factor", IN_MODEL},
	{"embedding_multiplier", IN_MODEL},
	{"residual_multiplier", IN_MODEL},
	{"attention_multiplier", IN_MODEL},
	{"query_pre_attn_scalar", IN_MODEL},
	{"attn_temperature_tuning", IN_MODEL},
	{"swiglu_*", IN_MODEL},
	{"*_alpha", IN_MODEL},
	{"*_beta", IN_MODEL},
	{"clip_qkv", IN_MODEL},
	{"rescale_prenorm_residual", IN_MODEL},
	{"residual_in_fp32", IN_MODEL},
	/* routing: which experts, not how many nor how large */
	{"*_loss_coef*", IN_MODEL},
	{"aux_loss_*", IN_MODEL},
	{"seq_aux", IN_MODEL},
	{"router_*", IN_MODEL},
	{"moe_router_*", IN_MODEL},
	{"*jitter_noise", IN_MODEL},
	{"norm_topk_prob", IN_MODEL},
	{"topk_*", IN_MODEL},
	{"n_group", IN_MODEL},
	{"num_expert_group", IN_MODEL},
	{"ep_size", IN_MODEL},
	{"enable_moe_block", IN_MODEL}, /* num_experts decides */
	{"moe_shared_expert_overlap", IN_MODEL},
	{"use_routing_bias", IN_MODEL},
	/* the indexer of sparse attention: how many tokens the indexer chooses */
	{"index_topk", IN_MODEL},
	{"index_skip_topk_offset", IN_MODEL},
	{"index_share_for_mtp_iteration", IN_MODEL},
	/* layers for drafts are not loaded */
	{"mtp_*", IN_MODEL},
	{"num_mtp_modules", IN_MODEL},
	{"use_mtp", IN_MODEL},
	/* Mamba: how its scan is cut, and ranges of its initial values */
	{"chunk_size", IN_MODEL},
	{"mamba_chunk_size", IN_MODEL},
	{"time_step_*", IN_MODEL},
	{"use_mamba*", IN_MODEL},
	{"pad_vocab_size_multiple", IN_MODEL},
	{"num_logits_to_keep", IN_MODEL},
	/* decides only together with hidden_size_per_layer_input */
	{"vocab_size_per_layer_input", IN_MODEL},
	{"pretraining_tp", IN_MODEL},
	{"num_labels", IN_MODEL},
	{"*2label", IN_MODEL | IN_VISION},
	{"label2*", IN_MODEL | IN_VISION},
	/* which outputs of the vision tower are used */
	{"vision_feature_*", IN_MODEL | IN_VISION},
	{"spatial_merge_size", IN_MODEL},
	{"spatial_patch_size", IN_VISION},
	{"multimodal_projector_bias", IN_MODEL},
	/* settings of generation that transformers writes into every part */
	{"max_length", IN_MODEL | IN_VISION},
	{"min_length", IN_MODEL | IN_VISION},
	{"num_beam*", IN_MODEL | IN_VISION},
	{"num_return_sequences", IN_MODEL | IN_VISION},
	{"*_penalty", IN_MODEL | IN_VISION},
	{"temperature", IN_MODEL | IN_VISION},
	{"top_k", IN_MODEL | IN_VISION},
	{"top_p", IN_MODEL | IN_VISION},
	{"typical_p", IN_MODEL | IN_VISION},
	{"*ngram_size", IN_MODEL | IN_VISION},
	{"*suppress_tokens", IN_MODEL | IN_VISION},
	{"bad_words_ids", IN_MODEL | IN_VISION},
	{"task_specific_params", IN_MODEL | IN_VISION},
	{"finetuning_task", IN_MODEL | IN_VISION},
	{"generation_config", IN_MODEL},
	/* vision: what the rows of vision.c fix, and what has no tensor */
	{"window_size", IN_VISION},
	{"fullatt_block_indexes", IN_VISION},
	{"pixel_shuffle_ratio", IN_VISION},
	{"projector_input_dim", IN_VISION},
	{"projector_output_dim", IN_VISION},
	{"vision_output_dim", IN_VISION},
	{"projection_dim", IN_VISION},
	{"vocab_size", IN_VISION},
	{"max_position_embeddings", IN_VISION},
	{"num_key_value_heads", IN_VISION},
	{"global_head_dim", IN_VISION},
	{"pooling_kernel_size", IN_VISION},
	{"supported_aspect_ratios", IN_VISION},
	/* formats: how activations are rounded and how the weights were found */
	{"activation_scheme", IN_QUANT},
	{"activation_scale_ub", IN_QUANT},
	{"fmt", IN_QUANT},
	{"scale_fmt", IN_QUANT},
	{"kv_cache_scheme", IN_QUANT},
	{"kv_cache_quant_algo", IN_QUANT},
	{"kv_cache_post_rope", IN_QUANT},
	{"producer", IN_QUANT},
	{"quantization_status", IN_QUANT},
	{"global_compression_ratio", IN_QUANT},
	{"transform_config", IN_QUANT},
	{"version", IN_QUANT},
	{"meta", IN_QUANT},
	{"desc_act", IN_QUANT},
	{"static_groups", IN_QUANT},
	{"true_sequential", IN_QUANT},
	{"damp_percent", IN_QUANT},
	{"damp_auto_increment", IN_QUANT},
	{"model_name_or_path", IN_QUANT},
	{"model_file_base_name", IN_QUANT},
	{"checkpoint_format", IN_QUANT},
	{"pack_dtype", IN_QUANT},
	{"is_marlin_format", IN_QUANT},
	{"use_exllama", IN_QUANT},
	{"exllama_config", IN_QUANT},
	{"tokenizer", IN_QUANT},
	{"dataset", IN_QUANT},
	{"backend", IN_QUANT},
	{"do_fuse", IN_QUANT},
	{"fuse_max_seq_len", IN_QUANT},
	{"export", IN_QUANT},
	{"softmax_quant_spec", IN_QUANT},
	{"algo_config", IN_QUANT},
	/* Optimum and GPTQModel: how the quantization was run. */
	{"batch_size", IN_QUANT},
	{"block_name_to_quantize", IN_QUANT},
	{"cache_block_outputs", IN_QUANT},
	{"module_name_preceding_first_block", IN_QUANT},
	{"model_seqlen", IN_QUANT},
	{"max_input_length", IN_QUANT},
	{"pad_token_id", IN_QUANT},
	{"use_cuda_fp16", IN_QUANT},
	{"disable_exllama", IN_QUANT},
	{"act_group_aware", IN_QUANT},
	{"kv_cache_quant_config", IN_QUANT},
	{"kv_cache_group", IN_QUANT},
	{"quant_mode", IN_QUANT},
	{"moe_quant_algo", IN_QUANT}, /* quantized_layers decide */
	{"dequantize", IN_QUANT},
};

/* true decides a size only in these; other flags choose how, not how much. */
static const struct name deciding_flags[] = {
	{"use_double_wide_mlp", IN_MODEL},   {"*_bias", IN_MODEL},
	{"*qk*norm*", IN_MODEL | IN_VISION}, {"is_encoder_decoder", IN_MODEL},
	{"add_cross_attention", IN_MODEL},   {"*", IN_QUANT},
};

/* Most words name functions; these name formats and layers. */
static const struct name deciding_words[] = {
	{"expert_dtype", IN_MODEL},
	{"*_pattern", IN_MODEL},
	{"*", IN_QUANT},
};

static bool is_listed(const struct name *names, size_t n, unsigned where, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if ((names[i].where & where) && rp_glob(names[i].pattern, key))
			return true;
	return false;
}

static bool decides_nothing(unsigned where, const char *key, bool in_list,
			    const struct rp_config_value *v)
{
	switch (v->kind) {
	case RP_CONFIG_NULL:
		return true;
	case RP_CONFIG_BOOL:
		return !v->yes ||
		       (!in_list &&
			!is_listed(deciding_flags, RP_ARRAY_LEN(deciding_flags), where, key));
	case RP_CONFIG_INT:
		return v->u == 0;
	case RP_CONFIG_TEXT:
		return !in_list &&
		       !is_listed(deciding_words, RP_ARRAY_LEN(deciding_words), where, key);
	case RP_CONFIG_REAL:
		return false;
	}
	return false;
}

static void value_text(const struct rp_config_value *v, bool in_list, bool in_object, char *buf,
		       size_t size)
{
	int r = 0;

	if (in_object)
		r = rp_fmt(buf, size, "an object");
	else if (in_list)
		r = rp_fmt(buf, size, "a list");
	else if (v->kind == RP_CONFIG_INT)
		r = rp_fmt(buf, size, "%s%llu", v->negative ? "-" : "", (unsigned long long)v->u);
	else if (v->kind == RP_CONFIG_TEXT)
		r = rp_fmt(buf, size, "'%.20s'", v->text);
	else
		r = rp_fmt(buf, size, "%s", v->kind == RP_CONFIG_BOOL ? "true" : "a number");
	if (r < 0)
		buf[0] = '\0'; /* every form above fits */
}

void rp_config_doubt(struct rp_config_reader *r, enum rp_config_scope scope, const char *key,
		     const char *value)
{
	bool format = scope >= RP_SCOPE_QUANT;
	char name[96];

	/* Fits: of the key no more than 72 letters are taken. */
	(void)rp_fmt(name, sizeof(name), "%s%.72s",
		     scope == RP_SCOPE_VISION ? "vision_config."
		     : format		      ? "quantization_config."
					      : "",
		     key);
	if (rp_model_doubt(format ? &r->c->format_doubts : &r->c->shape_doubts, r->name, name,
			   value) < 0)
		r->no_memory = true;
}

void rp_config_unknown(struct rp_config_reader *r, enum rp_config_scope scope, const char *key,
		       bool in_list, bool in_object, const struct rp_config_value *v)
{
	unsigned where = scope == RP_SCOPE_VISION  ? IN_VISION
			 : scope >= RP_SCOPE_QUANT ? IN_QUANT
						   : IN_MODEL;
	char text[32];

	/* Words in objects are names of files and classes, but name formats in a quantization. */
	if ((in_object && v->kind == RP_CONFIG_TEXT && where != IN_QUANT) ||
	    decides_nothing(where, key, in_list || in_object, v) ||
	    is_listed(harmless, RP_ARRAY_LEN(harmless), where, key))
		return;
	value_text(v, in_list, in_object, text, sizeof(text));
	rp_config_doubt(r, scope, key, text);
}
