/* SPDX-License-Identifier: MIT */
/*
 * What a model says about itself in config.json or in the catalog: the keys that decide its bytes.
 * Zero means "not said"; the architecture table (arch.c) knows what it means then.
 */
#ifndef RP_MODEL_CONFIG_H
#define RP_MODEL_CONFIG_H

#include "base/base.h"
#include "base/error.h"

/* Numeric sanity of a config (limits of the sizing study, section 6). */
#define RP_MODEL_MAX_LAYERS  1024
#define RP_MODEL_MAX_HEADS   4096
#define RP_MODEL_MAX_VOCAB   4194304
#define RP_MODEL_MAX_HIDDEN  262144
#define RP_MODEL_MAX_EXPERTS 4096
#define RP_MODEL_MAX_INTER   4194304
#define RP_MODEL_MAX_CONTEXT 1073741824
#define RP_MODEL_MAX_RULES   131072
#define RP_MODEL_MAX_GLOBS   1024 /* of those, rules that hold for more than one layer */

#define RP_MODEL_NAME_SIZE 64

enum rp_tri { RP_TRI_UNSAID, RP_TRI_NO, RP_TRI_YES };

/* How the tokens of one layer are mixed. */
enum rp_mixer {
	RP_MIX_UNSAID,
	RP_MIX_FULL,	/* attention over all tokens */
	RP_MIX_SLIDING, /* attention over the last window */
	RP_MIX_CHUNKED, /* attention inside chunks (Llama 4) */
	RP_MIX_CROSS,	/* attention to an image only (Llama 3.2 Vision): no cache per token */
	RP_MIX_MAMBA,	/* Mamba 1 or 2, by the architecture */
	RP_MIX_LINEAR,	/* gated delta net */
	RP_MIX_NONE	/* the layer is a feed-forward block only (Nemotron-H) */
};

enum rp_ffn { RP_FFN_UNSAID, RP_FFN_DENSE, RP_FFN_MOE, RP_FFN_NONE };

struct rp_vision_config {
	char model_type[RP_MODEL_NAME_SIZE];
	uint32_t hidden, embed, layers, heads, inter, patch, image, channels;
	uint32_t out_hidden, merge, temporal_patch, positions, mlp_ratio;
	uint32_t global_layers, tiles, supported_ratios, head_dim;
	uint32_t n_taps; /* intermediate layers handed on: Llama 3.2, Qwen3-VL deepstack */
	bool has_taps;
};

/* Modules of one format (config_groups), or modules that stay as they are. */
#define RP_QUANT_GROUPS 8
#define RP_QUANT_IGNORE (-1)

struct rp_quant_rule {
	char *module;	/* pattern behind the layer, in the words of our tensor table */
	int group;	/* index of groups, or RP_QUANT_IGNORE */
	int32_t layer;	/* its number; RP_ANY_LAYER; RP_NO_LAYER: any part of a name */
	bool any_block; /* the block of the module is not told ("mixer.q_proj") */
};
#define RP_ANY_LAYER (-1)
#define RP_NO_LAYER  (-2)

struct rp_quant_group {
	char name[24];
	char type[8];	   /* int, float */
	char strategy[16]; /* tensor, channel, group, block */
	uint32_t bits, size;
};

struct rp_quant_config {
	char method[32]; /* quant_method: fp8, gptq, awq, mxfp4, modelopt, compressed-tensors, ...
			  */
	char algo[32];	 /* quant_algo of modelopt */
	char kv_algo[32];
	uint32_t bits, group, block_in, block_out;
	enum rp_tri symmetric;
	struct rp_quant_group groups[RP_QUANT_GROUPS];
	uint32_t n_groups;
	bool mixed;	  /* its groups name modules, not "Linear" */
	uint32_t n_globs; /* rules of no particular layer: each costs a match per tensor */
	struct rp_quant_rule *rules;
	size_t n_rules, cap_rules;
};

struct rp_model_config {
	char arch[RP_MODEL_NAME_SIZE];	     /* architectures[0] */
	char model_type[RP_MODEL_NAME_SIZE]; /* of the whole */
	char text_type[RP_MODEL_NAME_SIZE];  /* of the language part, when it has its own */
	char dtype[16];
	uint32_t hidden, layers, heads, kv_heads, head_dim, inter, vocab, max_context;
	enum rp_tri tied, attention_bias, mlp_bias, lm_head_bias, qk_norm, out_gate, use_window;
	uint32_t window, window_pattern, window_from_layer, chunk;
	uint32_t v_head_dim, swa_kv_heads, swa_head_dim, swa_v_head_dim;
	uint32_t global_head_dim, global_kv_heads;
	enum rp_tri k_is_v, swa_sinks, full_sinks;
	/* mixture of experts */
	uint32_t experts, experts_per_tok, moe_inter, shared_experts, shared_inter, moe_latent;
	uint32_t first_dense, moe_freq, moe_step, moe_every, dense_inter;
	/* multi-head latent attention and its indexer */
	uint32_t q_lora, kv_lora, qk_nope, qk_rope, index_heads, index_dim;
	/* Mamba */
	uint32_t m_heads, m_head_dim, m_state, m_groups, m_conv, m_expand, m_inner, m_dt_rank;
	enum rp_tri m_conv_bias, m_bias;
	char m_cache_dtype[16];
	/* linear attention */
	uint32_t l_k_heads, l_v_heads, l_k_dim, l_v_dim, l_conv, full_every;
	/* multi-token prediction */
	uint32_t mtp_layers;
	enum rp_tri parallel_block, new_decoder, multi_query;
	/* per layer, where the config lists them */
	uint32_t n_mixers, n_ffns;
	uint8_t mixers[RP_MODEL_MAX_LAYERS];
	uint8_t ffns[RP_MODEL_MAX_LAYERS];
	bool has_vision;
	struct rp_vision_config vision;
	bool has_quant;
	struct rp_quant_config quant;
};

void rp_model_config_done(struct rp_model_config *c);
#define RP_AUTO_MODEL_CONFIG RP_AUTO(rp_model_config_done)

/* Add a pattern of modules. 0, -ENOMEM, -E2BIG. */
int rp_model_config_rule(struct rp_model_config *c, int group, const char *pattern) RP_MUST_CHECK;
int rp_model_config_copy(const struct rp_model_config *from,
			 struct rp_model_config *to) RP_MUST_CHECK;
/* Numbers within the limits above. -ERANGE names the key. */
int rp_model_config_check(const struct rp_model_config *c, const char *name,
			  struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
