/* SPDX-License-Identifier: MIT */
/*
 * The architecture table, and the layout of one model: what each of its layers is made of.
 * Nothing outside arch.c and vision.c tests the name of an architecture.
 */
#ifndef RP_MODEL_ARCH_H
#define RP_MODEL_ARCH_H

#include "model/config.h"

/* Features of a layout, from the row of its architecture and from its config. */
#define RP_AF_QKV_BIAS	    (UINT64_C(1) << 0)
#define RP_AF_O_BIAS	    (UINT64_C(1) << 1)
#define RP_AF_QK_NORM	    (UINT64_C(1) << 2) /* one weight per element of a head */
#define RP_AF_QK_NORM_ALL   (UINT64_C(1) << 3) /* one weight per element of all heads */
#define RP_AF_OUT_GATE	    (UINT64_C(1) << 4) /* q_proj also makes a gate of its own size */
#define RP_AF_NORM4	    (UINT64_C(1) << 5) /* a norm before and after each block */
#define RP_AF_NORM1	    (UINT64_C(1) << 6) /* attention and MLP in parallel, one norm */
#define RP_AF_NORM_BIAS	    (UINT64_C(1) << 7)
#define RP_AF_GATED	    (UINT64_C(1) << 8) /* three MLP matrices, not two */
#define RP_AF_MLP_BIAS	    (UINT64_C(1) << 9)
#define RP_AF_ROUTER_BIAS   (UINT64_C(1) << 10)
#define RP_AF_EXPERT_BIAS   (UINT64_C(1) << 11)
#define RP_AF_SHARED	    (UINT64_C(1) << 12)
#define RP_AF_SHARED_GATE   (UINT64_C(1) << 13)
#define RP_AF_LATENT	    (UINT64_C(1) << 14) /* experts work in a smaller space */
#define RP_AF_MLA	    (UINT64_C(1) << 15)
#define RP_AF_Q_LORA	    (UINT64_C(1) << 16)
#define RP_AF_DSA	    (UINT64_C(1) << 17) /* sparse attention with an indexer */
#define RP_AF_TIED	    (UINT64_C(1) << 18)
#define RP_AF_HEAD_BIAS	    (UINT64_C(1) << 19)
#define RP_AF_MAMBA1	    (UINT64_C(1) << 20)
#define RP_AF_MAMBA_BIAS    (UINT64_C(1) << 21)
#define RP_AF_CONV_BIAS	    (UINT64_C(1) << 22)
#define RP_AF_DENSE_MOE	    (UINT64_C(1) << 23) /* an MLP beside the experts (Gemma 4) */
#define RP_AF_CROSS_GATES   (UINT64_C(1) << 24)
#define RP_AF_MTP_OWN_EMBED (UINT64_C(1) << 25)
#define RP_AF_SINKS	    (UINT64_C(1) << 26) /* one logit per head, on the layers that say so */
#define RP_AF_K_IS_V	    (UINT64_C(1) << 27) /* no v_proj on full-attention layers */
#define RP_AF_EXTRA_EMBED   (UINT64_C(1) << 28) /* 8 more rows of embeddings (Llama 3.2 Vision) */

struct rp_arch;

/* How a checkpoint names the modules of a layer, where transformers has several ways (modules.c).
 */
enum rp_naming {
	RP_NAMES_USUAL,
	RP_NAMES_MIXTRAL,
	RP_NAMES_GEMMA4,
	RP_NAMES_NEMOTRON,
	RP_NAMES_LLAMA4,
	RP_NAMES_FALCON,
	RP_NAMES_INTERNLM2,
	RP_NAMES_EXAONE,
	RP_NAMES_GRANITE_MOE,
	RP_NAMES_PHI,
	RP_NAMES_BAICHUAN,
	RP_NAMES_GPT_OSS,
};

struct rp_layout {
	struct rp_model_config c; /* with defaults filled in; its rules are borrowed */
	const struct rp_arch *arch;
	const char *family;
	enum rp_naming naming;
	uint64_t features;
	uint32_t n_attention, n_window, n_state; /* layers of each sort */
	uint32_t n_moe, n_indexers;
	bool window_is_chunk;
	bool sinks_on_window, sinks_on_full;
};

/*
 * Fill ret from a config. -EINVAL MODEL_FORMAT when a number is missing or absurd, -ENOTSUP
 * MODEL_UNKNOWN when the architecture is not in the table. c must outlive ret.
 */
int rp_layout_make(const struct rp_model_config *c, const char *name, struct rp_layout *ret,
		   struct rocpart_error *reterr) RP_MUST_CHECK;

/* RP_KEYS_* that the architecture of a config understands; all when it is unknown. */
uint32_t rp_arch_keys(const struct rp_model_config *c);

#endif
