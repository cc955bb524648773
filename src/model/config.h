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
#define RP_MODEL_MAX_REGEXES 64	  /* of those, regular expressions */

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

/* A group size (-1 in the files): one group for each row; no row is longer. */
#define RP_QUANT_WHOLE_ROW RP_MODEL_MAX_INTER

/* Modules of one format (config_groups), or modules that stay as they are. */
#define RP_QUANT_GROUPS 16
#define RP_QUANT_IGNORE (-1)

/* The names are those of the checkpoint (modules.c). */
struct rp_quant_rule {
	char *pattern;	 /* as in the file; for messages */
	char *module;	 /* what it says behind the layer, or all of it; a regular expression */
	int group;	 /* index of groups, or RP_QUANT_IGNORE */
	int32_t layer;	 /* its number, at most RP_MODEL_MAX_LAYERS; RP_ANY_LAYER; RP_NO_LAYER: a
			    name; RP_REGEX */
	uint32_t expert; /* number of experts that rules of this text name one by one; 0: none */
};
#define RP_ANY_LAYER (-1)
#define RP_NO_LAYER  (-2)
#define RP_REGEX     (-3)

struct rp_quant_group {
	char name[24];	   /* "" when a pattern has made it */
	char type[8];	   /* int, float */
	char strategy[16]; /* tensor, channel, group, block */
	uint32_t bits, size;
};

struct rp_quant_config {
	char method[32]; /* quant_method: fp8, gptq, awq, mxfp4, modelopt, compressed-tensors, ...
			  */
	char algo[32];	 /* quant_algo of modelopt */
	uint32_t bits, group, block_in, block_out;
	enum rp_tri symmetric, zero_point;
	enum rp_tri head; /* GPTQ: lm_head is in the format, too */
	struct rp_quant_group groups[RP_QUANT_GROUPS];
	uint32_t n_groups;
	bool mixed;		/* its groups name modules */
	uint32_t linear_group;	/* 1 + the group of all matrices ("Linear"); 0: none */
	bool mlx;		/* "quantization" with bits: made for Apple's MLX */
	char weight_dtype[16];	/* Quark */
	char weight_scheme[16]; /* Quark: per_tensor, per_channel, per_group */
	uint32_t n_globs;	/* rules of no particular layer: each costs a match per tensor */
	uint32_t n_regexes;
	struct rp_quant_rule *rules;
	size_t n_rules, cap_rules;
};

/* A key that may decide a size and that nobody understood. The first ones are kept by name. */
#define RP_MODEL_DOUBTS 4
struct rp_model_doubts {
	char file[64];
	uint32_t n;
	bool has_more;
	struct {
		char key[96];
		char value[32];
	} v[RP_MODEL_DOUBTS];
};

/* Keys that only some architectures understand: rp_arch_keys(). */
#define RP_KEYS_MOE	 (1u << 0)
#define RP_KEYS_SHARED	 (1u << 1)
#define RP_KEYS_LATENT	 (1u << 2)
#define RP_KEYS_MLA	 (1u << 3)
#define RP_KEYS_INDEXER	 (1u << 4)
#define RP_KEYS_MAMBA	 (1u << 5)
#define RP_KEYS_DELTA	 (1u << 6)
#define RP_KEYS_WINDOW	 (1u << 7) /* heads of their own in layers with windows, sinks */
#define RP_KEYS_GLOBAL	 (1u << 8) /* heads of their own in layers without */
#define RP_KEYS_CHUNK	 (1u << 9)
#define RP_KEYS_BIAS	 (1u << 11)
#define RP_KEYS_MLP_BIAS (1u << 12)
#define RP_KEYS_QK_NORM	 (1u << 13)
#define RP_KEYS_GATE	 (1u << 14)
#define RP_KEYS_FALCON	 (1u << 15)
#define RP_KEYS_V_HEAD	 (1u << 16)

struct rp_model_config {
	struct rp_model_doubts *shape_doubts;  /* of layers, vocabulary, vision; NULL: none */
	struct rp_model_doubts *format_doubts; /* of quantization_config */
	char arch[RP_MODEL_NAME_SIZE];	       /* architectures[0] */
	char model_type[RP_MODEL_NAME_SIZE];   /* of the whole */
	char text_type[RP_MODEL_NAME_SIZE];    /* of the language part, when it has its own */
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
	uint32_t index_every;	     /* index_topk_freq, where the layers are not listed */
	uint32_t qk_head, swa_heads; /* other names of a size, to be equal to that size */
	/* Mamba */
	uint32_t m_heads, m_head_dim, m_state, m_groups, m_conv, m_expand, m_inner, m_dt_rank;
	enum rp_tri m_conv_bias, m_bias;
	char m_cache_dtype[16];
	/* linear attention */
	uint32_t l_k_heads, l_v_heads, l_k_dim, l_v_dim, l_conv, full_every;
	/* multi-token prediction */
	uint32_t mtp_layers;
	enum rp_tri parallel_block, new_decoder, multi_query;
	uint32_t parallel_norms;
	/* per layer, where the config lists them */
	uint32_t n_mixers, n_ffns;
	uint32_t n_listed; /* entries of the list of all layers; 0: the config has none */
	uint8_t mixers[RP_MODEL_MAX_LAYERS];
	uint8_t ffns[RP_MODEL_MAX_LAYERS];
	uint32_t n_indexers;
	/* a bit per layer: it uses what the indexer of an earlier layer chose */
	uint64_t shares_indexer[RP_MODEL_MAX_LAYERS / 64];
	bool has_vision;
	struct rp_vision_config vision;
	bool has_quant;
	struct rp_quant_config quant;
};

static inline bool rp_model_shares_indexer(const struct rp_model_config *c, uint32_t layer)
{
	return layer < RP_MODEL_MAX_LAYERS && (c->shares_indexer[layer / 64] >> (layer % 64) & 1);
}

/* Keep a key; its name and value are cut when they are too long. 0 or -ENOMEM. */
int rp_model_doubt(struct rp_model_doubts **doubts, const char *file, const char *key,
		   const char *value) RP_MUST_CHECK;

void rp_model_config_done(struct rp_model_config *c);
#define RP_AUTO_MODEL_CONFIG RP_AUTO(rp_model_config_done)

/*
 * Add a pattern of modules, with "re:" in front of a regular expression. 0, -ENOMEM, -E2BIG;
 * -ENOTSUP for a regular expression that rocpart does not understand.
 */
int rp_model_config_rule(struct rp_model_config *c, int group, const char *pattern) RP_MUST_CHECK;
int rp_model_config_copy(const struct rp_model_config *from,
			 struct rp_model_config *to) RP_MUST_CHECK;
/* Numbers within the limits above. -ERANGE names the key. */
int rp_model_config_check(const struct rp_model_config *c, const char *name,
			  struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
