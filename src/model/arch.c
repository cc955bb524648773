/* SPDX-License-Identifier: MIT */
#include "model/arch.h"

#include "base/strbuf.h"

/* Which layers look at a window only, when the config does not list its layers. */
enum window_rule {
	WIN_NONE,    /* listed, or none: sliding_window alone means nothing */
	WIN_EVEN,    /* Gemma 2: every other one, the first included */
	WIN_PATTERN, /* Gemma 3: all but each sliding_window_pattern-th */
	WIN_ALL,     /* Mistral 7B v0.1 */
	WIN_FROM,    /* Qwen 2: from max_window_layers on, when use_sliding_window */
	WIN_CHUNKS,  /* Llama 4: chunks on three of four */
};

/* Which layers hold experts, when the config does not list them. */
enum moe_rule {
	MOE_NONE,
	MOE_ALL,
	MOE_AFTER, /* all but the first first_k_dense_replace, then each moe_layer_freq-th */
	MOE_STEP,  /* each decoder_sparse_step-th */
	MOE_EVERY, /* each interleave_moe_layer_step-th (Llama 4) */
};

/* What the classes of the reference implementation assume where a config is silent. */
struct defaults {
	uint32_t hidden, layers, heads, kv_heads, head_dim, inter, vocab, max_context;
	uint32_t window, pattern;
};

#define A_CFG_BIAS     (UINT64_C(1) << 40) /* attention_bias: on q, k, v and o */
#define A_CFG_BIAS_QKV (UINT64_C(1) << 41) /* attention_bias: on q, k and v */
#define A_CFG_MLP_BIAS (UINT64_C(1) << 42)
#define A_CFG_QK_NORM  (UINT64_C(1) << 43)
#define A_DELTA	       (UINT64_C(1) << 44) /* three linear layers, one full */
#define A_ALL_MAMBA    (UINT64_C(1) << 45)
#define A_FALCON       (UINT64_C(1) << 46)
#define A_MHA	       (UINT64_C(1) << 47)
#define A_MLA	       (UINT64_C(1) << 48)
#define A_MAMBA	       (UINT64_C(1) << 49)
#define A_SWA	       (UINT64_C(1) << 50) /* heads of their own in layers with windows */
#define A_LATENT       (UINT64_C(1) << 51)
#define A_PLAIN_NORM   (UINT64_C(1) << 53) /* use_qk_norm: a norm without weights */
#define A_GATED	       RP_AF_GATED

struct rp_arch {
	const char *type;	/* model_type of the language part */
	const char *class_name; /* architectures[0], for configs without model_type */
	const char *family;
	uint64_t flags;
	enum window_rule windows;
	enum moe_rule moe;
	const struct defaults *defaults;
	enum rp_naming naming;
};

static const struct defaults d_llama = {4096, 32, 32, 0, 0, 11008, 32000, 2048, 0, 0};
static const struct defaults d_mistral = {4096, 32, 32, 8, 0, 14336, 32000, 131072, 0, 0};
static const struct defaults d_gemma = {0, 0, 0, 0, 256, 0, 256000, 8192, 0, 0};
static const struct defaults d_gemma2 = {0, 0, 0, 0, 256, 0, 256000, 8192, 4096, 0};
static const struct defaults d_gemma3 = {2304, 26, 8, 4, 256, 9216, 262208, 131072, 4096, 6};
static const struct defaults d_qwen3 = {0, 0, 0, 0, 128, 0, 151936, 32768, 0, 0};
/* linear_* of Qwen3NextConfig and Qwen3_5TextConfig */
static const uint32_t delta_defaults[] = {16, 32, 128, 128, 4};
static const struct defaults d_falcon = {4544, 32, 71, 0, 0, 0, 65024, 2048, 0, 0};
static const struct defaults d_cohere = {0, 0, 0, 0, 0, 0, 256000, 8192, 0, 0};
static const struct defaults d_mamba = {0, 0, 0, 0, 0, 0, 50280, 1048576, 0, 0};

/*
 * One row per architecture. Sources: the modeling_*.py of Hugging Face transformers for tensors;
 * each family was compared with published parameter counts (docs/design/model-bytes.md).
 */
static const struct rp_arch archs[] = {
	{"llama", "LlamaForCausalLM", "Llama", A_GATED | A_CFG_BIAS | A_CFG_MLP_BIAS, WIN_NONE,
	 MOE_NONE, &d_llama, RP_NAMES_USUAL},
	{"mistral", "MistralForCausalLM", "Mistral", A_GATED, WIN_ALL, MOE_NONE, &d_mistral,
	 RP_NAMES_USUAL},
	{"mixtral", "MixtralForCausalLM", "Mixtral", A_GATED, WIN_ALL, MOE_ALL, NULL,
	 RP_NAMES_MIXTRAL},
	{"qwen2", "Qwen2ForCausalLM", "Qwen 2", A_GATED | RP_AF_QKV_BIAS, WIN_FROM, MOE_NONE, NULL,
	 RP_NAMES_USUAL},
	{"qwen2_vl", "Qwen2VLForConditionalGeneration", "Qwen 2 VL", A_GATED | RP_AF_QKV_BIAS,
	 WIN_FROM, MOE_NONE, NULL, RP_NAMES_USUAL},
	{"qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", "Qwen 2.5 VL",
	 A_GATED | RP_AF_QKV_BIAS, WIN_FROM, MOE_NONE, NULL, RP_NAMES_USUAL},
	{"qwen2_moe", "Qwen2MoeForCausalLM", "Qwen 2 MoE",
	 A_GATED | RP_AF_QKV_BIAS | RP_AF_SHARED | RP_AF_SHARED_GATE, WIN_FROM, MOE_STEP, NULL,
	 RP_NAMES_USUAL},
	{"qwen3", "Qwen3ForCausalLM", "Qwen 3", A_GATED | A_CFG_BIAS | RP_AF_QK_NORM, WIN_FROM,
	 MOE_NONE, &d_qwen3, RP_NAMES_USUAL},
	{"qwen3_moe", "Qwen3MoeForCausalLM", "Qwen 3 MoE", A_GATED | A_CFG_BIAS | RP_AF_QK_NORM,
	 WIN_FROM, MOE_STEP, &d_qwen3, RP_NAMES_USUAL},
	{"qwen3_vl_text", "", "Qwen 3 VL", A_GATED | A_CFG_BIAS | RP_AF_QK_NORM, WIN_NONE, MOE_NONE,
	 &d_qwen3, RP_NAMES_USUAL},
	{"qwen3_vl_moe_text", "", "Qwen 3 VL MoE", A_GATED | A_CFG_BIAS | RP_AF_QK_NORM, WIN_NONE,
	 MOE_STEP, &d_qwen3, RP_NAMES_USUAL},
	{"qwen3_next", "Qwen3NextForCausalLM", "Qwen 3 Next",
	 A_GATED | A_CFG_BIAS | RP_AF_QK_NORM | RP_AF_OUT_GATE | RP_AF_SHARED | RP_AF_SHARED_GATE |
		 A_DELTA,
	 WIN_NONE, MOE_STEP, &d_qwen3, RP_NAMES_USUAL},
	{"qwen3_5_text", "", "Qwen 3.5",
	 A_GATED | A_CFG_BIAS | RP_AF_QK_NORM | RP_AF_OUT_GATE | A_DELTA, WIN_NONE, MOE_NONE,
	 &d_qwen3, RP_NAMES_USUAL},
	{"qwen3_5_moe_text", "", "Qwen 3.5 MoE",
	 A_GATED | A_CFG_BIAS | RP_AF_QK_NORM | RP_AF_OUT_GATE | RP_AF_SHARED | RP_AF_SHARED_GATE |
		 A_DELTA,
	 WIN_NONE, MOE_ALL, &d_qwen3, RP_NAMES_USUAL},
	{"gemma", "GemmaForCausalLM", "Gemma", A_GATED | RP_AF_TIED, WIN_NONE, MOE_NONE, &d_gemma,
	 RP_NAMES_USUAL},
	{"gemma2", "Gemma2ForCausalLM", "Gemma 2", A_GATED | RP_AF_TIED | RP_AF_NORM4, WIN_EVEN,
	 MOE_NONE, &d_gemma2, RP_NAMES_USUAL},
	{"gemma3_text", "Gemma3ForCausalLM", "Gemma 3",
	 A_GATED | RP_AF_TIED | RP_AF_NORM4 | RP_AF_QK_NORM, WIN_PATTERN, MOE_NONE, &d_gemma3,
	 RP_NAMES_USUAL},
	{"gemma4_text", "Gemma4ForCausalLM", "Gemma 4",
	 A_GATED | RP_AF_TIED | RP_AF_NORM4 | RP_AF_QK_NORM | RP_AF_DENSE_MOE, WIN_PATTERN, MOE_ALL,
	 &d_gemma3, RP_NAMES_GEMMA4},
	{"phi", "PhiForCausalLM", "Phi 2",
	 RP_AF_QKV_BIAS | RP_AF_O_BIAS | RP_AF_MLP_BIAS | RP_AF_NORM1 | RP_AF_NORM_BIAS |
		 RP_AF_HEAD_BIAS,
	 WIN_NONE, MOE_NONE, NULL, RP_NAMES_PHI},
	{"phi3", "Phi3ForCausalLM", "Phi 3 and 4", A_GATED, WIN_NONE, MOE_NONE, NULL,
	 RP_NAMES_USUAL},
	{"phimoe", "PhiMoEForCausalLM", "Phi MoE", A_GATED | A_CFG_BIAS | RP_AF_NORM_BIAS, WIN_NONE,
	 MOE_ALL, NULL, RP_NAMES_MIXTRAL},
	{"deepseek_v2", "DeepseekV2ForCausalLM", "DeepSeek V2", A_MLA | A_GATED | RP_AF_SHARED,
	 WIN_NONE, MOE_AFTER, NULL, RP_NAMES_USUAL},
	{"deepseek_v3", "DeepseekV3ForCausalLM", "DeepSeek V3",
	 A_MLA | A_GATED | RP_AF_SHARED | RP_AF_ROUTER_BIAS | RP_AF_MTP_OWN_EMBED, WIN_NONE,
	 MOE_AFTER, NULL, RP_NAMES_USUAL},
	{"deepseek_v32", "DeepseekV32ForCausalLM", "DeepSeek V3.2",
	 A_MLA | A_GATED | RP_AF_SHARED | RP_AF_ROUTER_BIAS | RP_AF_MTP_OWN_EMBED | RP_AF_DSA,
	 WIN_NONE, MOE_AFTER, NULL, RP_NAMES_USUAL},
	{"kimi_k2", "", "Kimi K2",
	 A_MLA | A_GATED | RP_AF_SHARED | RP_AF_ROUTER_BIAS | RP_AF_MTP_OWN_EMBED, WIN_NONE,
	 MOE_AFTER, NULL, RP_NAMES_USUAL},
	{"glm_moe_dsa", "GlmMoeDsaForCausalLM", "GLM 5",
	 A_MLA | A_GATED | RP_AF_SHARED | RP_AF_ROUTER_BIAS | RP_AF_MTP_OWN_EMBED | RP_AF_DSA,
	 WIN_NONE, MOE_AFTER, NULL, RP_NAMES_USUAL},
	{"glm4_moe", "Glm4MoeForCausalLM", "GLM 4.5",
	 A_GATED | A_CFG_BIAS_QKV | A_CFG_QK_NORM | RP_AF_SHARED | RP_AF_ROUTER_BIAS |
		 RP_AF_MTP_OWN_EMBED,
	 WIN_NONE, MOE_AFTER, NULL, RP_NAMES_USUAL},
	{"minimax_m2", "MiniMaxM2ForCausalLM", "MiniMax M2",
	 A_GATED | RP_AF_QK_NORM_ALL | RP_AF_ROUTER_BIAS, WIN_NONE, MOE_ALL, NULL,
	 RP_NAMES_MIXTRAL},
	{"mimo", "MiMoForCausalLM", "MiMo", A_GATED | A_CFG_BIAS_QKV, WIN_NONE, MOE_NONE, NULL,
	 RP_NAMES_USUAL},
	{"mimo_v2_flash", "MiMoV2FlashForCausalLM", "MiMo V2", A_SWA | A_GATED | RP_AF_ROUTER_BIAS,
	 WIN_NONE, MOE_AFTER, NULL, RP_NAMES_USUAL},
	{"llama4_text", "Llama4ForCausalLM", "Llama 4",
	 A_PLAIN_NORM | A_GATED | A_CFG_BIAS | RP_AF_SHARED, WIN_CHUNKS, MOE_EVERY, NULL,
	 RP_NAMES_LLAMA4},
	{"mllama_text_model", "", "Llama 3.2 Vision",
	 A_GATED | RP_AF_EXTRA_EMBED | RP_AF_CROSS_GATES, WIN_NONE, MOE_NONE, NULL, RP_NAMES_USUAL},
	{"gpt_oss", "GptOssForCausalLM", "gpt-oss",
	 A_GATED | A_CFG_BIAS | RP_AF_ROUTER_BIAS | RP_AF_EXPERT_BIAS | RP_AF_SINKS, WIN_EVEN,
	 MOE_ALL, NULL, RP_NAMES_GPT_OSS},
	{"granite", "GraniteForCausalLM", "Granite 3", A_GATED | A_CFG_BIAS | A_CFG_MLP_BIAS,
	 WIN_NONE, MOE_NONE, NULL, RP_NAMES_USUAL},
	{"granitemoe", "GraniteMoeForCausalLM", "Granite 3 MoE", A_GATED | A_CFG_BIAS, WIN_NONE,
	 MOE_ALL, NULL, RP_NAMES_GRANITE_MOE},
	{"granitemoehybrid", "GraniteMoeHybridForCausalLM", "Granite 4",
	 A_MAMBA | A_GATED | A_CFG_BIAS | RP_AF_SHARED, WIN_NONE, MOE_ALL, NULL,
	 RP_NAMES_GRANITE_MOE},
	{"nemotron_h", "NemotronHForCausalLM", "Nemotron H",
	 A_MAMBA | A_LATENT | A_CFG_BIAS | RP_AF_SHARED | RP_AF_ROUTER_BIAS, WIN_NONE, MOE_NONE,
	 NULL, RP_NAMES_NEMOTRON},
	{"falcon", "FalconForCausalLM", "Falcon", A_FALCON | RP_AF_NORM_BIAS | RP_AF_TIED, WIN_NONE,
	 MOE_NONE, &d_falcon, RP_NAMES_FALCON},
	{"mamba", "MambaForCausalLM", "Mamba", A_MAMBA | A_ALL_MAMBA | RP_AF_MAMBA1 | RP_AF_TIED,
	 WIN_NONE, MOE_NONE, &d_mamba, RP_NAMES_USUAL},
	{"falcon_mamba", "FalconMambaForCausalLM", "Falcon Mamba",
	 A_MAMBA | A_ALL_MAMBA | RP_AF_MAMBA1, WIN_NONE, MOE_NONE, &d_mamba, RP_NAMES_USUAL},
	{"cohere", "CohereForCausalLM", "Command R, Aya",
	 A_GATED | A_CFG_BIAS | RP_AF_NORM1 | RP_AF_TIED, WIN_NONE, MOE_NONE, &d_cohere,
	 RP_NAMES_USUAL},
	{"internlm2", "InternLM2ForCausalLM", "InternLM 2", A_GATED, WIN_NONE, MOE_NONE, NULL,
	 RP_NAMES_INTERNLM2},
	{"baichuan", "BaichuanForCausalLM", "Baichuan 2", A_GATED | A_MHA, WIN_NONE, MOE_NONE, NULL,
	 RP_NAMES_BAICHUAN},
	{"exaone", "ExaoneForCausalLM", "EXAONE 3", A_GATED, WIN_NONE, MOE_NONE, NULL,
	 RP_NAMES_EXAONE},
	{"olmo2", "Olmo2ForCausalLM", "OLMo 2", A_GATED | RP_AF_QK_NORM_ALL, WIN_NONE, MOE_NONE,
	 NULL, RP_NAMES_USUAL},
};

/* Names that mean the same tensors as another row. */
static const struct {
	const char *alias, *type;
} aliases[] = {
	{"gemma3", "gemma3_text"},
	{"gemma4", "gemma4_text"},
	{"qwen3_5", "qwen3_5_text"},
	{"qwen3_5_moe", "qwen3_5_moe_text"},
	{"qwen3_vl", "qwen3_vl_text"},
	{"qwen3_vl_moe", "qwen3_vl_moe_text"},
	{"llama4", "llama4_text"},
	{"mllama", "mllama_text_model"},
	{"qwen2_5_vl_text", "qwen2_5_vl"},
	{"qwen2_vl_text", "qwen2_vl"},
	/* general.architecture of GGUF files */
	{"gpt-oss", "gpt_oss"},
	{"deepseek2", "deepseek_v2"},
	{"qwen2moe", "qwen2_moe"},
	{"qwen2vl", "qwen2"},
	{"qwen3moe", "qwen3_moe"},
	{"qwen3vl", "qwen3"},
	{"qwen3vlmoe", "qwen3_moe"},
	{"qwen3next", "qwen3_next"},
	{"qwen35", "qwen3_5_text"},
	{"qwen35moe", "qwen3_5_moe_text"},
	{"command-r", "cohere"},
	{"phi2", "phi"},
	{"glm4moe", "glm4_moe"},
	{"minimax-m2", "minimax_m2"},
	{"granitehybrid", "granitemoehybrid"},
	{"nemotron_h_moe", "nemotron_h"},
	{"mistral3", "mistral"},
};

static const struct rp_arch *find_type(const char *type)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(aliases); i++) {
		if (rp_str_eq(aliases[i].alias, type))
			type = aliases[i].type;
	}
	for (size_t i = 0; i < RP_ARRAY_LEN(archs); i++) {
		if (rp_str_eq(archs[i].type, type))
			return &archs[i];
	}
	return NULL;
}

static const struct rp_arch *find_arch(const struct rp_model_config *c)
{
	if (c->text_type[0])
		return find_type(c->text_type);
	if (c->model_type[0])
		return find_type(c->model_type);
	for (size_t i = 0; i < RP_ARRAY_LEN(archs); i++) {
		if (c->arch[0] && rp_str_eq(archs[i].class_name, c->arch))
			return &archs[i];
	}
	return NULL;
}

uint32_t rp_arch_keys(const struct rp_model_config *c)
{
	static const struct {
		uint64_t flags; /* one of these is enough */
		uint32_t keys;
	} rows[] = {
		{RP_AF_SHARED, RP_KEYS_SHARED},
		{A_LATENT, RP_KEYS_LATENT | RP_KEYS_MOE},
		{A_MLA, RP_KEYS_MLA | RP_KEYS_V_HEAD},
		{RP_AF_DSA, RP_KEYS_INDEXER},
		{A_MAMBA, RP_KEYS_MAMBA},
		{A_DELTA, RP_KEYS_DELTA},
		{A_SWA, RP_KEYS_WINDOW | RP_KEYS_V_HEAD | RP_KEYS_CHUNK},
		{RP_AF_DENSE_MOE, RP_KEYS_GLOBAL},
		{A_CFG_BIAS | A_CFG_BIAS_QKV | A_FALCON | RP_AF_QKV_BIAS, RP_KEYS_BIAS},
		{A_CFG_MLP_BIAS | A_FALCON, RP_KEYS_MLP_BIAS},
		{A_CFG_QK_NORM | RP_AF_QK_NORM | RP_AF_QK_NORM_ALL | A_PLAIN_NORM, RP_KEYS_QK_NORM},
		{RP_AF_OUT_GATE, RP_KEYS_GATE},
		{A_FALCON, RP_KEYS_FALCON},
	};
	const struct rp_arch *a = find_arch(c);
	uint32_t keys = 0;

	if (!a)
		return UINT32_MAX;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++)
		if (a->flags & rows[i].flags)
			keys |= rows[i].keys;
	if (a->moe != MOE_NONE)
		keys |= RP_KEYS_MOE;
	if (a->windows == WIN_CHUNKS)
		keys |= RP_KEYS_CHUNK;
	return keys;
}

static void or_default(uint32_t *v, uint32_t d)
{
	if (!*v)
		*v = d;
}

static void fill_defaults(struct rp_model_config *c, const struct rp_arch *a)
{
	static const struct defaults none;
	const struct defaults *d = a->defaults ? a->defaults : &none;

	or_default(&c->hidden, d->hidden);
	or_default(&c->layers, d->layers);
	/* Nemotron-H may list its layers without counting them. */
	or_default(&c->layers, c->n_mixers > c->n_ffns ? c->n_mixers : c->n_ffns);
	or_default(&c->heads, d->heads);
	or_default(&c->kv_heads, d->kv_heads ? d->kv_heads : c->heads);
	or_default(&c->head_dim, d->head_dim ? d->head_dim : c->heads ? c->hidden / c->heads : 0);
	or_default(&c->inter, d->inter);
	or_default(&c->vocab, d->vocab);
	or_default(&c->max_context, d->max_context);
	or_default(&c->window, d->window);
	or_default(&c->window_pattern, d->pattern);
	if (a->flags & A_MHA)
		c->kv_heads = c->heads;
	or_default(&c->moe_inter, c->inter);
	or_default(&c->m_conv, 4);
	or_default(&c->m_groups, 1);
	or_default(&c->m_expand, 2);
	or_default(&c->moe_freq, 1);
	or_default(&c->moe_step, 1);
	or_default(&c->moe_every, 1);
	or_default(&c->full_every, 4);
	if (a->flags & A_ALL_MAMBA) /* Falcon Mamba says expand 16 and means this */
		or_default(&c->m_inner, c->inter);
	if (a->flags & A_DELTA) {
		or_default(&c->l_k_heads, delta_defaults[0]);
		or_default(&c->l_v_heads, delta_defaults[1]);
		or_default(&c->l_k_dim, delta_defaults[2]);
		or_default(&c->l_v_dim, delta_defaults[3]);
		or_default(&c->l_conv, delta_defaults[4]);
	}
	or_default(&c->swa_kv_heads, c->kv_heads);
	or_default(&c->swa_head_dim, c->head_dim);
	or_default(&c->swa_v_head_dim, c->v_head_dim ? c->v_head_dim : c->swa_head_dim);
}

/* Falcon: 7B shares one key head; 40B has groups and two norms; the first ones have neither. */
static void falcon(struct rp_layout *l)
{
	struct rp_model_config *c = &l->c;

	if (!c->inter)
		c->inter = c->hidden * 4;
	if (c->new_decoder == RP_TRI_YES) {
		if (c->parallel_norms == 1)
			l->features |= RP_AF_NORM1;
		return;
	}
	if (c->multi_query != RP_TRI_NO)
		c->kv_heads = 1;
	else
		c->kv_heads = c->heads;
	if (c->parallel_block != RP_TRI_NO && c->parallel_norms < 2)
		l->features |= RP_AF_NORM1;
}

static void set_features(struct rp_layout *l)
{
	const struct rp_model_config *c = &l->c;
	uint64_t a = l->arch->flags, f = a & UINT64_C(0xffffffff);

	if (c->tied == RP_TRI_YES)
		f |= RP_AF_TIED;
	else if (c->tied == RP_TRI_NO)
		f &= ~RP_AF_TIED;
	if (c->attention_bias == RP_TRI_YES && (a & (A_CFG_BIAS | A_CFG_BIAS_QKV)))
		f |= RP_AF_QKV_BIAS;
	if (c->attention_bias == RP_TRI_YES && (a & (A_CFG_BIAS | A_FALCON)))
		f |= RP_AF_O_BIAS | RP_AF_QKV_BIAS;
	if (c->attention_bias == RP_TRI_YES && (a & A_FALCON))
		f |= RP_AF_MLP_BIAS;
	if (c->mlp_bias == RP_TRI_YES && (a & A_CFG_MLP_BIAS))
		f |= RP_AF_MLP_BIAS;
	if (c->qk_norm == RP_TRI_YES && (a & A_CFG_QK_NORM))
		f |= RP_AF_QK_NORM;
	if (c->lm_head_bias == RP_TRI_YES)
		f |= RP_AF_HEAD_BIAS;
	if (c->kv_lora)
		f |= RP_AF_MLA;
	if (c->q_lora)
		f |= RP_AF_Q_LORA;
	if (!c->index_heads)
		f &= ~RP_AF_DSA;
	if (c->moe_latent)
		f |= RP_AF_LATENT;
	if (c->m_conv_bias != RP_TRI_NO)
		f |= RP_AF_CONV_BIAS;
	if (c->m_bias == RP_TRI_YES)
		f |= RP_AF_MAMBA_BIAS;
	if (c->k_is_v == RP_TRI_YES)
		f |= RP_AF_K_IS_V;
	if (!c->shared_experts && !c->shared_inter && l->arch->moe != MOE_EVERY)
		f &= ~(RP_AF_SHARED | RP_AF_SHARED_GATE);
	l->sinks_on_window = (f & RP_AF_SINKS) || c->swa_sinks == RP_TRI_YES;
	l->sinks_on_full = (f & RP_AF_SINKS) || c->full_sinks == RP_TRI_YES;
	l->features |= f;
}

static enum rp_mixer mixer_by_rule(const struct rp_layout *l, uint32_t i)
{
	const struct rp_model_config *c = &l->c;

	if (l->arch->flags & A_ALL_MAMBA)
		return RP_MIX_MAMBA;
	if (l->arch->flags & A_DELTA)
		return (i + 1) % c->full_every == 0 ? RP_MIX_FULL : RP_MIX_LINEAR;
	switch (l->arch->windows) {
	case WIN_NONE:
		break;
	case WIN_EVEN:
		return c->window && i % 2 == 0 ? RP_MIX_SLIDING : RP_MIX_FULL;
	case WIN_PATTERN:
		return c->window && (i + 1) % c->window_pattern != 0 ? RP_MIX_SLIDING : RP_MIX_FULL;
	case WIN_ALL:
		return c->window ? RP_MIX_SLIDING : RP_MIX_FULL;
	case WIN_FROM:
		if (c->window && c->use_window == RP_TRI_YES && i >= c->window_from_layer)
			return RP_MIX_SLIDING;
		break;
	case WIN_CHUNKS:
		return c->chunk && (i + 1) % 4 != 0 ? RP_MIX_CHUNKED : RP_MIX_FULL;
	}
	return RP_MIX_FULL;
}

static enum rp_ffn ffn_by_rule(const struct rp_layout *l, uint32_t i)
{
	const struct rp_model_config *c = &l->c;

	if (l->arch->flags & A_ALL_MAMBA)
		return RP_FFN_NONE;
	if (!c->experts)
		return RP_FFN_DENSE;
	switch (l->arch->moe) {
	case MOE_NONE:
		return RP_FFN_DENSE;
	case MOE_ALL:
		return RP_FFN_MOE;
	case MOE_AFTER:
		return i >= c->first_dense && i % c->moe_freq == 0 ? RP_FFN_MOE : RP_FFN_DENSE;
	case MOE_STEP:
		return (i + 1) % c->moe_step == 0 ? RP_FFN_MOE : RP_FFN_DENSE;
	case MOE_EVERY:
		return (i + 1) % c->moe_every == 0 ? RP_FFN_MOE : RP_FFN_DENSE;
	}
	return RP_FFN_DENSE;
}

static void set_layers(struct rp_layout *l)
{
	struct rp_model_config *c = &l->c;

	for (uint32_t i = 0; i < c->layers; i++) {
		if (i >= c->n_mixers || c->mixers[i] == RP_MIX_UNSAID)
			c->mixers[i] = (uint8_t)mixer_by_rule(l, i);
		if (i >= c->n_ffns || c->ffns[i] == RP_FFN_UNSAID)
			c->ffns[i] = (uint8_t)ffn_by_rule(l, i);
		if (c->mixers[i] == RP_MIX_SLIDING && !c->window)
			c->mixers[i] = RP_MIX_FULL;
		if (c->mixers[i] == RP_MIX_CHUNKED && !c->chunk)
			c->mixers[i] = RP_MIX_FULL;
		l->n_attention += c->mixers[i] == RP_MIX_FULL;
		l->n_window += c->mixers[i] == RP_MIX_SLIDING || c->mixers[i] == RP_MIX_CHUNKED;
		l->n_state += c->mixers[i] == RP_MIX_MAMBA || c->mixers[i] == RP_MIX_LINEAR;
		l->n_moe += c->ffns[i] == RP_FFN_MOE;
		l->n_indexers += (l->features & RP_AF_DSA) && !rp_model_shares_indexer(c, i);
	}
}

static int need(uint32_t v, const char *key, const char *name, struct rocpart_error *reterr)
{
	if (v)
		return 0;
	rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
		     "the config's '%s' is missing or zero", key);
	return -EINVAL;
}

static bool uses(const struct rp_layout *l, enum rp_mixer mixer, enum rp_ffn ffn)
{
	for (uint32_t i = 0; i < l->c.layers; i++) {
		if ((mixer && l->c.mixers[i] == mixer) || (ffn && l->c.ffns[i] == ffn))
			return true;
	}
	return false;
}

static int check_layers(const struct rp_layout *l, const char *name, struct rocpart_error *reterr)
{
	const struct rp_model_config *c = &l->c;
	bool mamba1 = (l->features & RP_AF_MAMBA1) != 0;
	bool linear = uses(l, RP_MIX_LINEAR, RP_FFN_UNSAID);
	bool mamba = uses(l, RP_MIX_MAMBA, RP_FFN_UNSAID), moe = uses(l, RP_MIX_UNSAID, RP_FFN_MOE);
	const struct {
		bool when;
		uint32_t v;
		const char *key;
	} rules[] = {
		{l->n_attention + l->n_window > 0, c->heads, "num_attention_heads"},
		{l->n_attention + l->n_window > 0, c->head_dim, "head_dim"},
		{uses(l, RP_MIX_UNSAID, RP_FFN_DENSE), c->inter | c->dense_inter,
		 "intermediate_size"},
		{moe, c->experts, "num_experts"},
		{moe, c->moe_inter, "moe_intermediate_size"},
		{moe, c->experts_per_tok, "num_experts_per_tok"},
		{mamba && !mamba1, c->m_heads, "mamba_num_heads"},
		{mamba && !mamba1, c->m_head_dim, "mamba_head_dim"},
		{mamba, c->m_state, "ssm_state_size"},
		{linear, c->l_k_heads, "linear_num_key_heads"},
		{linear, c->l_v_heads, "linear_num_value_heads"},
		{linear, c->l_k_dim, "linear_key_head_dim"},
		{linear, c->l_v_dim, "linear_value_head_dim"},
		{linear, c->l_conv, "linear_conv_kernel_dim"},
		/* DeepSeek-VL2 tiny has plain attention, and says so with zeros. */
		{(l->arch->flags & A_MLA) && (c->qk_rope | c->qk_nope), c->kv_lora, "kv_lora_rank"},
		{(l->features & RP_AF_MLA) != 0, c->qk_rope, "qk_rope_head_dim"},
		{(l->features & RP_AF_MLA) != 0, c->v_head_dim, "v_head_dim"},
		{(l->features & RP_AF_DSA) != 0, c->index_dim, "index_head_dim"},
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(rules); i++) {
		if (rules[i].when && need(rules[i].v, rules[i].key, name, reterr) < 0)
			return -EINVAL;
	}
	if (moe && c->experts_per_tok > c->experts)
		return rp_error_set(
			reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
			"'num_experts_per_tok' (%u) is larger than the number of experts (%u)",
			c->experts_per_tok, c->experts);
	if (c->kv_heads > c->heads)
		return rp_error_set(
			reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
			"'num_key_value_heads' (%u) is larger than 'num_attention_heads' (%u)",
			c->kv_heads, c->heads);
	if (l->n_attention + l->n_window > 0 && c->kv_heads && c->heads % c->kv_heads)
		return rp_error_set(
			reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
			"'num_key_value_heads' (%u) does not divide 'num_attention_heads' (%u)",
			c->kv_heads, c->heads);
	return 0;
}

/* Which layers attend and which have a state is known from their list alone. */
static int check_list(const struct rp_layout *l, const char *name, struct rocpart_error *reterr)
{
	const struct rp_model_config *c = &l->c;
	bool is_hybrid = (l->arch->flags & A_MAMBA) && !(l->arch->flags & A_ALL_MAMBA);

	if (is_hybrid && !c->n_mixers)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
				    "the config does not list the kinds of its layers "
				    "('layer_types'), which this architecture mixes");
	if (c->n_listed && c->n_listed < c->layers)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
				    "the config lists the kinds of %u layers, but has %u layers",
				    c->n_listed, c->layers);
	return 0;
}

static int unknown(const struct rp_model_config *c, const char *name, struct rocpart_error *reterr)
{
	const char *what = c->text_type[0]    ? c->text_type
			   : c->model_type[0] ? c->model_type
					      : c->arch;

	rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, name,
		     "rocpart does not know the architecture '%s'",
		     what[0] ? what : "(none named)");
	rp_error_hint(reterr, "give its safetensors or GGUF files, or its size with --bytes");
	return -ENOTSUP;
}

/* What the architecture does not understand: nobody knows what it would mean there. */
static void forget_foreign_keys(struct rp_model_config *c)
{
	uint32_t keys = rp_arch_keys(c);

	if (!(keys & RP_KEYS_MLA))
		c->kv_lora = c->q_lora = 0;
	if (!(keys & RP_KEYS_LATENT))
		c->moe_latent = 0;
	if (!(keys & RP_KEYS_GLOBAL)) {
		c->global_head_dim = c->global_kv_heads = 0;
		c->k_is_v = RP_TRI_UNSAID;
	}
	if (!(keys & RP_KEYS_WINDOW))
		c->swa_kv_heads = c->swa_head_dim = c->swa_v_head_dim = 0;
}

int rp_layout_make(const struct rp_model_config *c, const char *name, struct rp_layout *ret,
		   struct rocpart_error *reterr)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	r = rp_model_config_check(c, name, reterr);
	if (r < 0)
		return r;
	ret->arch = find_arch(c);
	if (!ret->arch)
		return unknown(c, name, reterr);
	ret->c = *c;
	forget_foreign_keys(&ret->c);
	ret->family = ret->arch->family;
	ret->naming = ret->arch->naming;
	fill_defaults(&ret->c, ret->arch);
	if (need(ret->c.hidden, "hidden_size", name, reterr) < 0 ||
	    need(ret->c.layers, "num_hidden_layers", name, reterr) < 0 ||
	    need(ret->c.vocab, "vocab_size", name, reterr) < 0)
		return -EINVAL;
	set_features(ret);
	if (ret->arch->flags & A_FALCON)
		falcon(ret);
	r = check_list(ret, name, reterr);
	if (r < 0)
		return r;
	set_layers(ret);
	ret->window_is_chunk = ret->arch->windows == WIN_CHUNKS;
	return check_layers(ret, name, reterr);
}
