/* SPDX-License-Identifier: MIT */
/* The table of layer kinds with their tensors, and the walk over the layers of a model. */
#include "model/weights.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "model/modules.h"

/* Sizes that tensors are made of. Each is known for the whole model and for one rank. */
enum dim {
	ONE,
	H,   /* hidden */
	QG,  /* out of q_proj: heads x head_dim, twice with an output gate */
	Q,   /* heads x head_dim */
	QO,  /* into o_proj: heads x v_head_dim */
	K,   /* kv heads x head_dim */
	V,   /* kv heads x v_head_dim */
	HD,  /* head_dim */
	NH,  /* heads */
	I,   /* MLP */
	E,   /* experts, never split by tensor parallelism */
	IM,  /* one expert */
	IS,  /* shared expert(s) */
	X,   /* what experts work on: hidden, or the latent size */
	QR,  /* q_lora_rank */
	QB,  /* heads x (nope + rope) */
	KVA, /* kv_lora_rank + rope */
	KVR, /* kv_lora_rank */
	KVB, /* heads x (nope + v) */
	OV,  /* heads x v */
	IXQ, /* index heads x index dim */
	IXD,
	IXD2, /* weight and bias of the indexer's norm */
	IXH,
	MP,   /* out of Mamba's in_proj */
	MC,   /* channels of its convolution */
	MCK,  /* convolution kernel */
	MD,   /* d_inner */
	MN,   /* heads */
	MXP,  /* Mamba 1: dt_rank + 2 state */
	MDT,  /* Mamba 1: dt_rank */
	MS,   /* state */
	LB,   /* gated delta net: beta and decay */
	LC,   /* its q, k and v: the channels of its convolution */
	LK,   /* its kernel */
	LV,   /* value heads x dim */
	LN,   /* value heads */
	LD,   /* value head dim */
	VOC,  /* vocabulary */
	VOC2, /* rows of the embedding table */
	H2,   /* 2 x hidden */
	N_DIMS
};

enum part { ATTN, CROSS, MLA, MAMBA1, MAMBA2, LINEAR, DENSE, MOE, MIX_NORM, FFN_NORM, TOP, MTP };
enum sort { LIN, EXP, KEEP, KEEP32, EMBED, HEAD };

struct tensor {
	enum part part;
	enum sort sort;
	enum dim times, in, out;
	uint64_t with, without; /* features */
	const char *name;
};

/* One layer kind after the other. in = ONE: a vector. */
static const struct tensor tensors[] = {
	{ATTN, LIN, ONE, H, QG, 0, 0, "self_attn.q_proj"},
	{ATTN, LIN, ONE, H, K, 0, 0, "self_attn.k_proj"},
	{ATTN, LIN, ONE, H, V, 0, RP_AF_K_IS_V, "self_attn.v_proj"},
	{ATTN, LIN, ONE, QO, H, 0, 0, "self_attn.o_proj"},
	{ATTN, KEEP, ONE, ONE, QG, RP_AF_QKV_BIAS, 0, "self_attn.q_proj.bias"},
	{ATTN, KEEP, ONE, ONE, K, RP_AF_QKV_BIAS, 0, "self_attn.k_proj.bias"},
	{ATTN, KEEP, ONE, ONE, V, RP_AF_QKV_BIAS, 0, "self_attn.v_proj.bias"},
	{ATTN, KEEP, ONE, ONE, H, RP_AF_O_BIAS, 0, "self_attn.o_proj.bias"},
	{ATTN, KEEP, ONE, ONE, HD, RP_AF_QK_NORM, 0, "self_attn.q_norm"},
	{ATTN, KEEP, ONE, ONE, HD, RP_AF_QK_NORM, 0, "self_attn.k_norm"},
	{ATTN, KEEP, ONE, ONE, Q, RP_AF_QK_NORM_ALL, 0, "self_attn.q_norm"},
	{ATTN, KEEP, ONE, ONE, K, RP_AF_QK_NORM_ALL, 0, "self_attn.k_norm"},
	{ATTN, KEEP, ONE, ONE, NH, RP_AF_SINKS, 0, "self_attn.sinks"},

	{CROSS, LIN, ONE, H, Q, 0, 0, "cross_attn.q_proj"},
	{CROSS, LIN, ONE, H, K, 0, 0, "cross_attn.k_proj"},
	{CROSS, LIN, ONE, H, V, 0, 0, "cross_attn.v_proj"},
	{CROSS, LIN, ONE, QO, H, 0, 0, "cross_attn.o_proj"},
	{CROSS, KEEP, ONE, ONE, HD, 0, 0, "cross_attn.q_norm"},
	{CROSS, KEEP, ONE, ONE, HD, 0, 0, "cross_attn.k_norm"},
	{CROSS, KEEP, ONE, ONE, ONE, 0, 0, "cross_attn_attn_gate"},
	{CROSS, KEEP, ONE, ONE, ONE, 0, 0, "cross_attn_mlp_gate"},

	{MLA, LIN, ONE, H, QB, 0, RP_AF_Q_LORA, "self_attn.q_proj"},
	{MLA, LIN, ONE, H, QR, RP_AF_Q_LORA, 0, "self_attn.q_a_proj"},
	{MLA, KEEP, ONE, ONE, QR, RP_AF_Q_LORA, 0, "self_attn.q_a_layernorm"},
	{MLA, LIN, ONE, QR, QB, RP_AF_Q_LORA, 0, "self_attn.q_b_proj"},
	{MLA, LIN, ONE, H, KVA, 0, 0, "self_attn.kv_a_proj_with_mqa"},
	{MLA, KEEP, ONE, ONE, KVR, 0, 0, "self_attn.kv_a_layernorm"},
	{MLA, LIN, ONE, KVR, KVB, 0, 0, "self_attn.kv_b_proj"},
	{MLA, LIN, ONE, OV, H, 0, 0, "self_attn.o_proj"},
	{MLA, LIN, ONE, QR, IXQ, RP_AF_DSA, 0, "self_attn.indexer.wq_b"},
	{MLA, LIN, ONE, H, IXD, RP_AF_DSA, 0, "self_attn.indexer.wk"},
	{MLA, KEEP, ONE, ONE, IXD2, RP_AF_DSA, 0, "self_attn.indexer.k_norm"},
	{MLA, KEEP, ONE, H, IXH, RP_AF_DSA, 0, "self_attn.indexer.weights_proj"},

	{MAMBA2, LIN, ONE, H, MP, 0, 0, "mixer.in_proj"},
	{MAMBA2, KEEP, ONE, MCK, MC, 0, 0, "mixer.conv1d"},
	{MAMBA2, KEEP, ONE, ONE, MC, RP_AF_CONV_BIAS, 0, "mixer.conv1d.bias"},
	{MAMBA2, KEEP, ONE, ONE, MN, 0, 0, "mixer.A_log"},
	{MAMBA2, KEEP, ONE, ONE, MN, 0, 0, "mixer.D"},
	{MAMBA2, KEEP, ONE, ONE, MN, 0, 0, "mixer.dt_bias"},
	{MAMBA2, KEEP, ONE, ONE, MD, 0, 0, "mixer.norm"},
	{MAMBA2, LIN, ONE, MD, H, 0, 0, "mixer.out_proj"},

	{MAMBA1, LIN, ONE, H, MP, 0, 0, "mixer.in_proj"},
	{MAMBA1, KEEP, ONE, MCK, MD, 0, 0, "mixer.conv1d"},
	{MAMBA1, KEEP, ONE, ONE, MD, RP_AF_CONV_BIAS, 0, "mixer.conv1d.bias"},
	{MAMBA1, LIN, ONE, MD, MXP, 0, 0, "mixer.x_proj"},
	{MAMBA1, LIN, ONE, MDT, MD, 0, 0, "mixer.dt_proj"},
	{MAMBA1, KEEP, ONE, ONE, MD, 0, 0, "mixer.dt_proj.bias"},
	{MAMBA1, KEEP, ONE, MS, MD, 0, 0, "mixer.A_log"},
	{MAMBA1, KEEP, ONE, ONE, MD, 0, 0, "mixer.D"},
	{MAMBA1, LIN, ONE, MD, H, 0, 0, "mixer.out_proj"},

	{LINEAR, LIN, ONE, H, LC, 0, 0, "linear_attn.in_proj_qkv"},
	{LINEAR, LIN, ONE, H, LV, 0, 0, "linear_attn.in_proj_z"},
	{LINEAR, KEEP, ONE, H, LB, 0, 0, "linear_attn.in_proj_ba"},
	{LINEAR, KEEP, ONE, LK, LC, 0, 0, "linear_attn.conv1d"},
	{LINEAR, KEEP, ONE, ONE, LN, 0, 0, "linear_attn.A_log"},
	{LINEAR, KEEP, ONE, ONE, LN, 0, 0, "linear_attn.dt_bias"},
	{LINEAR, KEEP, ONE, ONE, LD, 0, 0, "linear_attn.norm"},
	{LINEAR, LIN, ONE, LV, H, 0, 0, "linear_attn.out_proj"},

	{DENSE, LIN, ONE, H, I, RP_AF_GATED, 0, "mlp.gate_proj"},
	{DENSE, LIN, ONE, H, I, 0, 0, "mlp.up_proj"},
	{DENSE, LIN, ONE, I, H, 0, 0, "mlp.down_proj"},
	{DENSE, KEEP, ONE, ONE, I, RP_AF_MLP_BIAS | RP_AF_GATED, 0, "mlp.gate_proj.bias"},
	{DENSE, KEEP, ONE, ONE, I, RP_AF_MLP_BIAS, 0, "mlp.up_proj.bias"},
	{DENSE, KEEP, ONE, ONE, H, RP_AF_MLP_BIAS, 0, "mlp.down_proj.bias"},

	{MOE, KEEP, ONE, H, E, 0, 0, "mlp.gate"},
	{MOE, KEEP, ONE, ONE, E, RP_AF_ROUTER_BIAS | RP_AF_EXPERT_BIAS, 0, "mlp.router.bias"},
	/* DeepSeek and its descendants keep it in float32. */
	{MOE, KEEP32, ONE, ONE, E, RP_AF_ROUTER_BIAS, RP_AF_EXPERT_BIAS, "mlp.gate.bias"},
	{MOE, LIN, ONE, H, X, RP_AF_LATENT, 0, "mixer.fc1_latent_proj"},
	{MOE, LIN, ONE, X, H, RP_AF_LATENT, 0, "mixer.fc2_latent_proj"},
	{MOE, EXP, E, X, IM, RP_AF_GATED, 0, "mlp.experts.gate_proj"},
	{MOE, EXP, E, X, IM, 0, 0, "mlp.experts.up_proj"},
	{MOE, EXP, E, IM, X, 0, 0, "mlp.experts.down_proj"},
	{MOE, KEEP, E, ONE, IM, RP_AF_EXPERT_BIAS, 0, "mlp.experts.gate_proj.bias"},
	{MOE, KEEP, E, ONE, IM, RP_AF_EXPERT_BIAS, 0, "mlp.experts.up_proj.bias"},
	{MOE, KEEP, E, ONE, X, RP_AF_EXPERT_BIAS, 0, "mlp.experts.down_proj.bias"},
	{MOE, LIN, ONE, H, IS, RP_AF_SHARED | RP_AF_GATED, 0, "mlp.shared_experts.gate_proj"},
	{MOE, LIN, ONE, H, IS, RP_AF_SHARED, 0, "mlp.shared_experts.up_proj"},
	{MOE, LIN, ONE, IS, H, RP_AF_SHARED, 0, "mlp.shared_experts.down_proj"},
	{MOE, KEEP, ONE, H, ONE, RP_AF_SHARED_GATE, 0, "mlp.shared_expert_gate"},
	/* Gemma 4: an MLP in parallel, three norms of its own, scales of router and experts. */
	{MOE, LIN, ONE, H, I, RP_AF_DENSE_MOE, 0, "mlp.gate_proj"},
	{MOE, LIN, ONE, H, I, RP_AF_DENSE_MOE, 0, "mlp.up_proj"},
	{MOE, LIN, ONE, I, H, RP_AF_DENSE_MOE, 0, "mlp.down_proj"},
	{MOE, KEEP, ONE, ONE, H2, RP_AF_DENSE_MOE, 0, "post_feedforward_layernorm_1"},
	{MOE, KEEP, ONE, ONE, H, RP_AF_DENSE_MOE, 0, "pre_feedforward_layernorm_2"},
	{MOE, KEEP, ONE, ONE, H, RP_AF_DENSE_MOE, 0, "router.scale"},
	{MOE, KEEP, ONE, ONE, E, RP_AF_DENSE_MOE, 0, "router.per_expert_scale"},

	{MIX_NORM, KEEP, ONE, ONE, H, 0, 0, "input_layernorm"},
	{MIX_NORM, KEEP, ONE, ONE, H, RP_AF_NORM4, 0, "post_attention_layernorm"},
	{MIX_NORM, KEEP, ONE, ONE, H, RP_AF_NORM_BIAS, 0, "input_layernorm.bias"},
	{FFN_NORM, KEEP, ONE, ONE, H, 0, RP_AF_NORM1, "post_attention_layernorm"},
	{FFN_NORM, KEEP, ONE, ONE, H, RP_AF_NORM4, RP_AF_NORM1, "post_feedforward_layernorm"},
	{FFN_NORM, KEEP, ONE, ONE, H, RP_AF_NORM_BIAS, RP_AF_NORM1,
	 "post_attention_layernorm.bias"},

	{TOP, EMBED, ONE, H, VOC2, 0, 0, "embed_tokens"},
	{TOP, KEEP, ONE, ONE, H, 0, 0, "norm"},
	{TOP, KEEP, ONE, ONE, H, RP_AF_NORM_BIAS, 0, "norm.bias"},
	{TOP, HEAD, ONE, H, VOC, 0, RP_AF_TIED, "lm_head"},
	{TOP, KEEP, ONE, ONE, VOC, RP_AF_HEAD_BIAS, 0, "lm_head.bias"},

	{MTP, EMBED, ONE, H, VOC, RP_AF_MTP_OWN_EMBED, 0, "embed_tokens"},
	{MTP, HEAD, ONE, H, VOC, RP_AF_MTP_OWN_EMBED, 0, "shared_head.head"},
	{MTP, LIN, ONE, H2, H, 0, 0, "eh_proj"},
	{MTP, KEEP, ONE, ONE, H2, 0, 0, "enorm"},
	{MTP, KEEP, ONE, ONE, H, 0, 0, "norm"},
};

struct walk {
	const struct rp_layout *l;
	const struct rp_weight_plan *plan;
	struct rocpart_error *reterr;
	uint32_t tp;
	uint32_t layer; /* present; RP_MODEL_MAX_LAYERS when in none */
	uint64_t features;
	uint64_t full[N_DIMS], rank[N_DIMS];
	bool mtp;
	struct rp_rules rules;
	struct rp_weights sum;
};

static const struct rp_quant_rule *rule_of(struct walk *w, const struct tensor *t)
{
	struct rp_module m;

	if (!w->plan->use_rules || !w->l->c.quant.n_rules || w->mtp)
		return NULL;
	rp_module_names(w->l->naming, t->name, &m);
	return rp_rules_find(&w->rules, w->layer, &m);
}

static const struct rp_weight_spec *spec_of(struct walk *w, const struct tensor *t)
{
	static const struct rp_weight_spec float32 = {RP_W_F32, 0, 0, 0};
	const struct rp_quant_rule *rule = rule_of(w, t);

	if (t->sort == KEEP32)
		return &float32;
	if (t->sort != LIN && t->sort != EXP && t->sort != HEAD)
		return &w->plan->keep;
	if (rule && rule->group == RP_QUANT_IGNORE)
		return &w->plan->keep;
	if (rule && (uint32_t)rule->group < w->plan->n_groups)
		return &w->plan->groups[rule->group];
	if (t->sort == HEAD) /* stays as it is unless it is named */
		return w->plan->head ? &w->plan->linear : &w->plan->keep;
	return t->sort == LIN ? &w->plan->linear : &w->plan->experts;
}

/* How much of the matrices is in the format that the config announces. */
static void count_quantised(struct walk *w, const struct tensor *t,
			    const struct rp_weight_spec *spec, uint64_t n)
{
	if (t->sort != LIN && t->sort != EXP)
		return;
	w->sum.matrix_parameters += n;
	if (spec->format != RP_W_F16 && spec->format != RP_W_F32)
		w->sum.quantised_parameters += n;
}

/* What one sequence reads of it per token: nothing of an embedding table, few experts. */
static uint64_t active_part(const struct walk *w, const struct tensor *t, uint64_t bytes)
{
	if (t->sort == EMBED)
		return (w->features & RP_AF_TIED) ? bytes : 0;
	if (t->times == E)
		return bytes / w->full[E] * w->l->c.experts_per_tok;
	return bytes;
}

static int add_tensor(struct walk *w, const struct tensor *t)
{
	const struct rp_weight_spec *spec = spec_of(w, t);
	uint64_t n, one, bytes;

	if (rp_mul_u64(w->full[t->in], w->full[t->out], &n) < 0 ||
	    rp_mul_u64(n, w->full[t->times], &n) < 0)
		return -EOVERFLOW;
	if (w->mtp)
		return rp_add_u64(w->sum.mtp_parameters, n, &w->sum.mtp_parameters);
	if (rp_weight_bytes(spec, w->rank[t->in], w->rank[t->out], &one) < 0 ||
	    rp_mul_u64(one, w->rank[t->times], &bytes) < 0 ||
	    rp_add_u64(w->sum.parameters, n, &w->sum.parameters) < 0 ||
	    rp_add_u64(w->sum.bytes, bytes, &w->sum.bytes) < 0)
		return -EOVERFLOW;
	w->sum.active_bytes += active_part(w, t, bytes);
	count_quantised(w, t, spec, n);
	if (t->sort == EMBED)
		w->sum.embedding_bytes += bytes;
	return 0;
}

static int add_part(struct walk *w, enum part part)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(tensors); i++) {
		const struct tensor *t = &tensors[i];
		int r;

		if (t->part != part || (w->features & t->with) != t->with ||
		    (w->features & t->without))
			continue;
		r = add_tensor(w, t);
		if (r < 0)
			return rp_error_set(w->reterr, r, ROCPART_ERR_MODEL_FORMAT, t->name,
					    "the size of the tensor does not fit in 64 bits");
	}
	return 0;
}

static int share(const struct walk *w, const char *what, uint64_t n, uint64_t *ret)
{
	if (n % w->tp) {
		rp_error_set(w->reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, w->l->family,
			     "%s (%llu) cannot be divided over %u ranks", what,
			     (unsigned long long)n, w->tp);
		rp_error_hint(w->reterr, "choose a number of ranks (--tp) that divides it");
		return -EINVAL;
	}
	*ret = n / w->tp;
	return 0;
}

/* A dimension that is split: the number of units over the ranks, each of unit_size. */
static int split(struct walk *w, enum dim d, const char *what, uint64_t units, uint64_t unit_size)
{
	uint64_t per_rank;

	w->full[d] = units * unit_size;
	if (share(w, what, units, &per_rank) < 0)
		return -EINVAL;
	w->rank[d] = per_rank * unit_size;
	return 0;
}

static void whole(struct walk *w, enum dim d, uint64_t n)
{
	w->full[d] = w->rank[d] = n;
}

/* Key heads are split while there are enough of them, then each rank holds one. */
static int split_kv(struct walk *w, enum dim d, uint64_t kv_heads, uint64_t size)
{
	if (kv_heads >= w->tp)
		return split(w, d, "num_key_value_heads", kv_heads, size);
	w->full[d] = kv_heads * size;
	w->rank[d] = size;
	return 0;
}

static int attention_dims(struct walk *w, enum rp_mixer mixer)
{
	const struct rp_model_config *c = &w->l->c;
	bool window = mixer == RP_MIX_SLIDING || mixer == RP_MIX_CHUNKED;
	bool global = !window && c->global_head_dim;
	uint64_t hd = window ? c->swa_head_dim : global ? c->global_head_dim : c->head_dim;
	uint64_t kv = window			     ? c->swa_kv_heads
		      : global && c->global_kv_heads ? c->global_kv_heads
						     : c->kv_heads;
	uint64_t vd = window ? c->swa_v_head_dim : c->v_head_dim && !global ? c->v_head_dim : hd;

	whole(w, HD, hd);
	if (split(w, NH, "num_attention_heads", c->heads, 1) < 0 ||
	    split(w, Q, "num_attention_heads", c->heads, hd) < 0 ||
	    split(w, QG, "num_attention_heads", c->heads,
		  (w->features & RP_AF_OUT_GATE) ? 2 * hd : hd) < 0 ||
	    split(w, QO, "num_attention_heads", c->heads, vd) < 0 || split_kv(w, K, kv, hd) < 0 ||
	    split_kv(w, V, kv, vd) < 0)
		return -EINVAL;
	/* Only full-attention layers drop v_proj (attention_k_eq_v); sinks are said per sort. */
	if (window)
		w->features &= ~RP_AF_K_IS_V;
	if (window ? w->l->sinks_on_window : w->l->sinks_on_full)
		w->features |= RP_AF_SINKS;
	else
		w->features &= ~RP_AF_SINKS;
	return 0;
}

static int latent_dims(struct walk *w)
{
	const struct rp_model_config *c = &w->l->c;

	whole(w, QR, c->q_lora);
	whole(w, KVR, c->kv_lora);
	whole(w, KVA, (uint64_t)c->kv_lora + c->qk_rope);
	whole(w, IXQ, (uint64_t)c->index_heads * c->index_dim);
	whole(w, IXD, c->index_dim);
	whole(w, IXD2, 2 * (uint64_t)c->index_dim);
	whole(w, IXH, c->index_heads);
	if (split(w, QB, "num_attention_heads", c->heads, (uint64_t)c->qk_nope + c->qk_rope) < 0 ||
	    split(w, KVB, "num_attention_heads", c->heads, (uint64_t)c->qk_nope + c->v_head_dim) <
		    0)
		return -EINVAL;
	return split(w, OV, "num_attention_heads", c->heads, c->v_head_dim);
}

static int mamba1_dims(struct walk *w)
{
	const struct rp_model_config *c = &w->l->c;
	uint64_t inner = c->m_inner ? c->m_inner : (uint64_t)c->m_expand * c->hidden;
	uint64_t dt = c->m_dt_rank ? c->m_dt_rank : (c->hidden + 15u) / 16u;

	whole(w, MCK, c->m_conv);
	whole(w, MS, c->m_state);
	whole(w, MDT, dt);
	whole(w, MXP, dt + 2 * (uint64_t)c->m_state);
	if (split(w, MD, "d_inner", inner, 1) < 0)
		return -EINVAL;
	return split(w, MP, "d_inner", inner, 2);
}

static int mamba2_dims(struct walk *w)
{
	const struct rp_model_config *c = &w->l->c;
	uint64_t inner = (uint64_t)c->m_heads * c->m_head_dim;
	uint64_t groups = 2 * (uint64_t)c->m_groups * c->m_state;
	uint64_t rank_groups = groups;

	whole(w, MCK, c->m_conv);
	if (split(w, MN, "mamba_num_heads", c->m_heads, 1) < 0 ||
	    split(w, MD, "mamba_num_heads", c->m_heads, c->m_head_dim) < 0)
		return -EINVAL;
	if (c->m_groups % w->tp == 0) /* else every rank holds all groups */
		rank_groups = groups / w->tp;
	w->full[MC] = inner + groups;
	w->rank[MC] = w->rank[MD] + rank_groups;
	w->full[MP] = 2 * inner + groups + c->m_heads;
	w->rank[MP] = 2 * w->rank[MD] + rank_groups + w->rank[MN];
	return 0;
}

static int linear_dims(struct walk *w)
{
	const struct rp_model_config *c = &w->l->c;
	uint64_t keys = (uint64_t)c->l_k_heads * c->l_k_dim, k_rank;

	whole(w, LD, c->l_v_dim);
	whole(w, LK, c->l_conv);
	if (split(w, LN, "linear_num_value_heads", c->l_v_heads, 1) < 0 ||
	    split(w, LB, "linear_num_value_heads", c->l_v_heads, 2) < 0 ||
	    split(w, LV, "linear_num_value_heads", c->l_v_heads, c->l_v_dim) < 0 ||
	    share(w, "linear_num_key_heads", c->l_k_heads, &k_rank) < 0)
		return -EINVAL;
	k_rank *= c->l_k_dim;
	w->full[LC] = 2 * keys + w->full[LV];
	w->rank[LC] = 2 * k_rank + w->rank[LV];
	return 0;
}

static int add_mixer(struct walk *w, enum rp_mixer mixer)
{
	int r = 0;

	w->features = w->l->features;
	switch (mixer) {
	case RP_MIX_UNSAID:
	case RP_MIX_NONE:
		return 0;
	case RP_MIX_FULL:
	case RP_MIX_SLIDING:
	case RP_MIX_CHUNKED:
	case RP_MIX_CROSS:
		if (!w->mtp && rp_model_shares_indexer(&w->l->c, w->layer))
			w->features &= ~RP_AF_DSA;
		if (w->features & RP_AF_MLA) {
			r = latent_dims(w);
			r = r < 0 ? r : add_part(w, MLA);
			break;
		}
		r = attention_dims(w, mixer);
		r = r < 0 ? r : add_part(w, mixer == RP_MIX_CROSS ? CROSS : ATTN);
		break;
	case RP_MIX_MAMBA:
		if (w->features & RP_AF_MAMBA1) {
			r = mamba1_dims(w);
			r = r < 0 ? r : add_part(w, MAMBA1);
			break;
		}
		r = mamba2_dims(w);
		r = r < 0 ? r : add_part(w, MAMBA2);
		break;
	case RP_MIX_LINEAR:
		r = linear_dims(w);
		r = r < 0 ? r : add_part(w, LINEAR);
		break;
	}
	return r < 0 ? r : add_part(w, MIX_NORM);
}

static int add_ffn(struct walk *w, enum rp_ffn ffn)
{
	const struct rp_model_config *c = &w->l->c;
	uint64_t dense = c->dense_inter && ffn == RP_FFN_DENSE ? c->dense_inter : c->inter;
	uint64_t shared = c->shared_inter     ? c->shared_inter
			  : c->shared_experts ? (uint64_t)c->shared_experts * c->moe_inter
					      : c->inter;
	int r;

	w->features = w->l->features;
	if (ffn == RP_FFN_NONE || ffn == RP_FFN_UNSAID)
		return 0;
	if (!c->experts)
		w->features &= ~RP_AF_DENSE_MOE;
	if (split(w, I, "intermediate_size", dense, 1) < 0)
		return -EINVAL;
	if (ffn == RP_FFN_MOE) {
		whole(w, E, c->experts);
		whole(w, X, c->moe_latent ? c->moe_latent : c->hidden);
		if (split(w, IM, "moe_intermediate_size", c->moe_inter, 1) < 0 ||
		    split(w, IS, "shared_expert_intermediate_size", shared, 1) < 0)
			return -EINVAL;
	}
	r = add_part(w, ffn == RP_FFN_MOE ? MOE : DENSE);
	return r < 0 ? r : add_part(w, FFN_NORM);
}

static int add_top(struct walk *w)
{
	const struct rp_model_config *c = &w->l->c;
	uint64_t rows = c->vocab + ((w->l->features & RP_AF_EXTRA_EMBED) ? 8u : 0u);
	uint64_t padded = rows;

	w->features = w->l->features;
	whole(w, ONE, 1);
	whole(w, H, c->hidden);
	whole(w, H2, 2 * (uint64_t)c->hidden);
	w->full[VOC] = w->rank[VOC] = c->vocab;
	w->full[VOC2] = w->rank[VOC2] = rows;
	if (w->tp > 1) { /* vLLM pads the vocabulary to 64 before it splits it */
		if (rp_align_up_u64(rows, 64, &padded) < 0 ||
		    share(w, "the padded vocab_size", padded, &w->rank[VOC2]) < 0 ||
		    rp_align_up_u64(c->vocab, 64, &padded) < 0 ||
		    share(w, "the padded vocab_size", padded, &w->rank[VOC]) < 0)
			return -EINVAL;
	}
	w->layer = RP_MODEL_MAX_LAYERS;
	return add_part(w, TOP);
}

/* One more layer of the last kind, with its own projection; counted, never resident. */
static int add_mtp(struct walk *w)
{
	const struct rp_model_config *c = &w->l->c;
	int r = 0;

	w->mtp = true;
	for (uint32_t i = 0; i < c->mtp_layers && r == 0; i++) {
		r = add_mixer(w, RP_MIX_FULL);
		r = r < 0 ? r : add_ffn(w, (enum rp_ffn)c->ffns[c->layers - 1]);
		w->features = w->l->features;
		r = r < 0 ? r : add_part(w, MTP);
	}
	w->mtp = false;
	return r;
}

static int add_vision(struct walk *w)
{
	uint64_t n, bytes;
	bool split_over_ranks;
	int r = rp_vision_parameters(w->l, &n, &split_over_ranks, w->reterr);

	if (r < 0)
		return r;
	if (rp_weight_bytes(&w->plan->keep, split_over_ranks ? n / w->tp + (n % w->tp != 0) : n, 1,
			    &bytes) < 0 ||
	    rp_add_u64(w->sum.parameters, n, &w->sum.parameters) < 0 ||
	    rp_add_u64(w->sum.bytes, bytes, &w->sum.bytes) < 0)
		return rp_error_set(w->reterr, -EOVERFLOW, ROCPART_ERR_MODEL_FORMAT,
				    "vision_config",
				    "the size of the vision tower does not fit in 64 bits");
	w->sum.vision_parameters = n;
	w->sum.vision_bytes = bytes;
	return 0;
}

static int add_all(struct walk *w)
{
	const struct rp_layout *l = w->l;
	int r = add_top(w);

	for (uint32_t i = 0; i < l->c.layers && r == 0; i++) {
		w->layer = i;
		r = add_mixer(w, (enum rp_mixer)l->c.mixers[i]);
		r = r < 0 ? r : add_ffn(w, (enum rp_ffn)l->c.ffns[i]);
	}
	r = r < 0 ? r : add_mtp(w);
	return r < 0 ? r : add_vision(w);
}

/* A pattern that names nothing, or single experts: the sum may not be what an engine loads. */
static void note_rules(struct walk *w)
{
	const struct rp_quant_config *q = &w->l->c.quant;
	size_t more;
	const struct rp_quant_rule *rule = rp_rules_unused(&w->rules, w->l->c.layers, &more);

	/* Patterns too long are cut: they stand in notes only. */
	if (rule)
		(void)rp_fmt(w->sum.unused_rule, sizeof(w->sum.unused_rule), "%.80s",
			     rule->pattern);
	w->sum.n_unused_rules = rule ? more + 1 : 0;
	for (size_t i = 0; i < q->n_rules; i++)
		if (w->rules.used[i] && q->rules[i].expert &&
		    q->rules[i].expert < w->l->c.experts && !w->sum.expert_rule[0])
			(void)rp_fmt(w->sum.expert_rule, sizeof(w->sum.expert_rule), "%.80s",
				     q->rules[i].pattern);
}

int rp_weights_count(const struct rp_layout *l, const struct rp_weight_plan *plan, uint32_t tp,
		     struct rp_weights *ret, struct rocpart_error *reterr)
{
	struct walk w = {.l = l, .plan = plan, .tp = tp ? tp : 1, .reterr = reterr};
	int r = plan->use_rules ? rp_rules_open(&l->c.quant, &w.rules) : 0;

	if (r < 0)
		return rp_error_nomem(reterr);
	r = add_all(&w);
	if (r == 0 && w.rules.is_over)
		r = rp_error_set(reterr, -E2BIG, ROCPART_ERR_MODEL_FORMAT, "quantization_config",
				 "%zu patterns for %u layers are too many to compare",
				 l->c.quant.n_rules, l->c.layers);
	if (r == 0 && plan->use_rules)
		note_rules(&w);
	rp_rules_done(&w.rules);
	if (r < 0)
		return r;
	*ret = w.sum;
	return 0;
}
