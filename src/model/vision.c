/* SPDX-License-Identifier: MIT */
/*
 * Vision towers: parameters from a row per wrapper, each checked to the unit against a published
 * count. Over ranks they count whole, as the log of Llama 4 on four says (sizing study 1.1), but
 * for the one whose log shows half of it on each of two.
 */
#include "model/weights.h"

#include "base/num.h"
#include "base/strbuf.h"

#define V_PATCH_BIAS (1u << 0)
#define V_CLASS	     (1u << 1)
#define V_BIAS	     (1u << 2) /* attention */
#define V_MLP_BIAS   (1u << 3)
#define V_GATED	     (1u << 4)
#define V_NORM_BIAS  (1u << 5)
#define V_NORM4	     (1u << 6)
#define V_QK_NORM    (1u << 7)
#define V_PRE_NORM   (1u << 8)
#define V_POST_NORM  (1u << 9)
#define V_POS_GRID   (1u << 10) /* one embedding per patch of the image, and for the class token */
#define V_POS_TABLE  (1u << 11) /* num_position_embeddings of them */
#define V_POS_2D     (1u << 12) /* position_embedding_size, in each of two directions */
#define V_TEMPORAL   (1u << 13) /* patches have a third side */
#define V_EMBED_DIM  (1u << 14) /* embed_dim is the width and hidden_size the output */
#define V_TAPS	     (1u << 15) /* deepstack: a merger per tapped layer */
#define V_NO_CONFIG  (1u << 16) /* a tower even when the config does not describe it */

#define V_SPLIT (1u << 17) /* shared by the ranks: Mistral Small 3.1 on two, vLLM 0.19 */

struct tower;
typedef uint64_t (*projector_fn)(const struct rp_vision_config *v, uint64_t out);

struct tower {
	const char *type; /* model_type of the whole */
	unsigned flags;
	struct rp_vision_config defaults;
	projector_fn projector;
};

static uint64_t linear(uint64_t in, uint64_t out, bool bias)
{
	return in * out + (bias ? out : 0);
}

static uint64_t gemma3_projector(const struct rp_vision_config *v, uint64_t out)
{
	return linear(v->hidden, out, false) + v->hidden;
}

static uint64_t plain_projector(const struct rp_vision_config *v, uint64_t out)
{
	return linear(v->hidden, out, false);
}

static uint64_t llava_projector(const struct rp_vision_config *v, uint64_t out)
{
	return linear(v->hidden, out, true) + linear(out, out, true);
}

static uint64_t mistral3_projector(const struct rp_vision_config *v, uint64_t out)
{
	uint64_t h = v->hidden;

	return h + linear(4 * h, h, false) + linear(h, out, false) + linear(out, out, false);
}

/* Qwen: 2 x 2 patches into one token. norm is the weights of its norm. */
static uint64_t merger(const struct rp_vision_config *v, uint64_t out, uint64_t norm)
{
	uint64_t wide = (uint64_t)v->merge * v->merge * v->hidden;

	return norm + linear(wide, wide, true) + linear(wide, out, true);
}

static uint64_t qwen2_projector(const struct rp_vision_config *v, uint64_t out)
{
	return merger(v, out, 2 * (uint64_t)v->hidden);
}

static uint64_t qwen25_projector(const struct rp_vision_config *v, uint64_t out)
{
	return merger(v, out, v->hidden);
}

static uint64_t qwen3_projector(const struct rp_vision_config *v, uint64_t out)
{
	uint64_t tap_norm = 2 * (uint64_t)v->merge * v->merge * v->hidden;

	return qwen2_projector(v, out) + v->n_taps * merger(v, out, tap_norm);
}

/* Llama 4: pixel shuffle 2 x 2, two matrices to 4096, then the language model's width. */
static uint64_t llama4_projector(const struct rp_vision_config *v, uint64_t out)
{
	return linear(4 * (uint64_t)v->hidden, 4096, false) + linear(4096, 4096, false) +
	       linear(4096, out, false);
}

/*
 * Llama 3.2 Vision: tile embeddings (one table per aspect ratio and tile), gates, global layers,
 * and a projector that sees the last layer and the tapped ones side by side.
 */
static uint64_t mllama_projector(const struct rp_vision_config *v, uint64_t out)
{
	uint64_t h = v->hidden, ratios = v->supported_ratios + 1, tiles = v->tiles;
	uint64_t patches = (uint64_t)(v->image / v->patch) * (v->image / v->patch) + 1;
	uint64_t tables = ratios * tiles * patches * h + 1 + 2 * (ratios * tiles * h + 1);
	uint64_t gates = 2 * (uint64_t)v->global_layers;

	return tables + gates + linear((v->n_taps + UINT64_C(1)) * h, out, true);
}

/* The size of the tower of Qwen3-VL and of what followed it, where a configuration is silent. */
#define QWEN3_TOWER                                                                        \
	.hidden = 1152, .layers = 27, .heads = 16, .inter = 4304, .patch = 16, .merge = 2, \
	.positions = 2304

static const struct tower towers[] = {
	{"gemma3",
	 V_PATCH_BIAS | V_BIAS | V_MLP_BIAS | V_NORM_BIAS | V_POST_NORM | V_POS_GRID,
	 {.hidden = 1152, .layers = 27, .heads = 16, .inter = 4304, .patch = 14, .image = 896},
	 gemma3_projector},
	{"gemma4",
	 V_GATED | V_NORM4 | V_QK_NORM | V_POS_2D,
	 {.hidden = 1152,
	  .layers = 27,
	  .heads = 16,
	  .inter = 4304,
	  .patch = 16,
	  .positions = 10240},
	 plain_projector},
	{"llava",
	 V_CLASS | V_BIAS | V_MLP_BIAS | V_NORM_BIAS | V_PRE_NORM | V_POST_NORM | V_POS_GRID,
	 {.hidden = 1024, .layers = 24, .heads = 16, .inter = 4096, .patch = 14, .image = 336},
	 llava_projector},
	{"mistral3",
	 V_GATED | V_PRE_NORM | V_SPLIT,
	 {.hidden = 1024, .layers = 24, .heads = 16, .inter = 4096, .patch = 14, .image = 1540},
	 mistral3_projector},
	{"qwen2_vl",
	 V_BIAS | V_MLP_BIAS | V_NORM_BIAS | V_TEMPORAL | V_EMBED_DIM,
	 {.embed = 1280, .layers = 32, .heads = 16, .mlp_ratio = 4, .patch = 14, .merge = 2},
	 qwen2_projector},
	{"qwen2_5_vl",
	 V_BIAS | V_MLP_BIAS | V_GATED | V_TEMPORAL,
	 {.hidden = 1280, .layers = 32, .heads = 16, .inter = 3420, .patch = 14, .merge = 2},
	 qwen25_projector},
	{"qwen3_vl",
	 V_PATCH_BIAS | V_BIAS | V_MLP_BIAS | V_NORM_BIAS | V_POS_TABLE | V_TEMPORAL | V_TAPS,
	 {QWEN3_TOWER, .n_taps = 3},
	 qwen3_projector},
	{"qwen3_vl_moe",
	 V_PATCH_BIAS | V_BIAS | V_MLP_BIAS | V_NORM_BIAS | V_POS_TABLE | V_TEMPORAL | V_TAPS,
	 {QWEN3_TOWER, .n_taps = 3},
	 qwen3_projector},
	{"qwen3_5",
	 V_PATCH_BIAS | V_BIAS | V_MLP_BIAS | V_NORM_BIAS | V_POS_TABLE | V_TEMPORAL,
	 {QWEN3_TOWER},
	 qwen3_projector},
	{"qwen3_5_moe",
	 V_PATCH_BIAS | V_BIAS | V_MLP_BIAS | V_NORM_BIAS | V_POS_TABLE | V_TEMPORAL,
	 {QWEN3_TOWER},
	 qwen3_projector},
	{"llama4",
	 V_CLASS | V_BIAS | V_MLP_BIAS | V_NORM_BIAS | V_PRE_NORM | V_POST_NORM | V_POS_GRID |
		 V_NO_CONFIG,
	 {.hidden = 1408, .layers = 34, .heads = 16, .inter = 5632, .patch = 14, .image = 336},
	 llama4_projector},
	{"mllama",
	 V_CLASS | V_MLP_BIAS | V_NORM_BIAS | V_PRE_NORM | V_POST_NORM | V_POS_GRID,
	 {.hidden = 1280,
	  .layers = 32,
	  .global_layers = 8,
	  .heads = 16,
	  .inter = 5120,
	  .patch = 14,
	  .image = 560,
	  .tiles = 4,
	  .supported_ratios = 8,
	  .n_taps = 5},
	 mllama_projector},
};

static void or_default(uint32_t *v, uint32_t d)
{
	if (!*v)
		*v = d;
}

static void fill(struct rp_vision_config *v, const struct tower *t)
{
	const struct rp_vision_config *d = &t->defaults;

	if (t->flags & V_EMBED_DIM) {
		or_default(&v->embed, d->embed);
		v->hidden = v->embed;
	}
	or_default(&v->hidden, d->hidden);
	or_default(&v->layers, d->layers);
	or_default(&v->heads, d->heads);
	or_default(&v->mlp_ratio, d->mlp_ratio);
	or_default(&v->inter, v->mlp_ratio ? v->mlp_ratio * v->hidden : d->inter);
	or_default(&v->patch, d->patch);
	or_default(&v->image, d->image);
	or_default(&v->channels, 3);
	or_default(&v->merge, d->merge ? d->merge : 1);
	or_default(&v->temporal_patch, 2);
	or_default(&v->positions, d->positions);
	or_default(&v->global_layers, d->global_layers);
	or_default(&v->tiles, d->tiles);
	or_default(&v->supported_ratios, d->supported_ratios);
	if (!v->has_taps)
		v->n_taps = d->n_taps;
}

/* All factors are within the limits of config.c, but products of four of them need checking. */
static int checked_product(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t *ret)
{
	uint64_t v;

	if (rp_mul_u64(a, b, &v) < 0 || rp_mul_u64(v, c, &v) < 0 || rp_mul_u64(v, d, &v) < 0)
		return -EOVERFLOW;
	if (v > UINT64_MAX / 1024)
		return -EOVERFLOW;
	*ret = v;
	return 0;
}

static uint64_t norm(const struct tower *t, uint64_t width)
{
	return (t->flags & V_NORM_BIAS) ? 2 * width : width;
}

static uint64_t block(const struct tower *t, const struct rp_vision_config *v)
{
	uint64_t h = v->hidden, f = v->inter, n = 4 * linear(h, h, (t->flags & V_BIAS) != 0);
	bool bias = (t->flags & V_MLP_BIAS) != 0;

	n += linear(h, f, bias) * ((t->flags & V_GATED) ? 2 : 1) + linear(f, h, bias);
	n += norm(t, h) * ((t->flags & V_NORM4) ? 4 : 2);
	if (t->flags & V_QK_NORM)
		n += 2 * (h / v->heads);
	return n;
}

static int tower_parameters(const struct tower *t, const struct rp_vision_config *v, uint64_t out,
			    uint64_t *ret)
{
	uint64_t h = v->hidden, grid = v->patch ? v->image / v->patch : 0, probe, n;
	uint64_t patch = (uint64_t)v->channels * v->patch;
	uint64_t depth = (uint64_t)v->layers + v->global_layers;

	if (!v->patch || !v->heads || checked_product(h, h, depth, 64, &probe) < 0 ||
	    checked_product(h, v->inter, depth, 4, &probe) < 0 ||
	    checked_product(h, grid, grid, (v->tiles + UINT64_C(1)) * 64, &probe) < 0 ||
	    checked_product(h * v->merge, h * v->merge, v->merge * (uint64_t)v->merge,
			    v->n_taps + UINT64_C(1), &probe) < 0 ||
	    checked_product(h * v->merge, out, v->merge, v->n_taps + UINT64_C(1), &probe) < 0 ||
	    checked_product(patch, v->patch, v->temporal_patch, h, &probe) < 0)
		return -EOVERFLOW;
	patch *= v->patch * ((t->flags & V_TEMPORAL) ? (uint64_t)v->temporal_patch : 1);
	n = linear(patch, h, (t->flags & V_PATCH_BIAS) != 0) + depth * block(t, v);
	if (t->flags & V_CLASS)
		n += h;
	if (t->flags & V_POS_GRID)
		n += (grid * grid + ((t->flags & V_CLASS) ? 1 : 0)) * h;
	if (t->flags & V_POS_TABLE)
		n += v->positions * h;
	if (t->flags & V_POS_2D)
		n += 2 * v->positions * h;
	n += ((t->flags & V_PRE_NORM) ? norm(t, h) : 0) +
	     ((t->flags & V_POST_NORM) ? norm(t, h) : 0);
	*ret = n + t->projector(v, out);
	return 0;
}

int rp_vision_parameters(const struct rp_layout *l, uint64_t *ret, bool *ret_split,
			 struct rocpart_error *reterr)
{
	const struct rp_model_config *c = &l->c;
	struct rp_vision_config v = c->vision;

	*ret = 0;
	*ret_split = false;
	for (size_t i = 0; i < RP_ARRAY_LEN(towers); i++) {
		const struct tower *t = &towers[i];

		if (!rp_str_eq(t->type, c->model_type))
			continue;
		if (!c->has_vision && !(t->flags & V_NO_CONFIG))
			return 0;
		fill(&v, t);
		*ret_split = (t->flags & V_SPLIT) != 0;
		if (tower_parameters(t, &v, c->hidden, ret) < 0)
			return rp_error_set(reterr, -EOVERFLOW, ROCPART_ERR_MODEL_FORMAT,
					    "vision_config",
					    "the size of the vision tower is impossibly large");
		return 0;
	}
	if (!c->has_vision)
		return 0;
	rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, c->model_type,
		     "rocpart does not know the vision tower of '%s'",
		     c->model_type[0] ? c->model_type : "(none named)");
	return rp_error_hint(reterr,
			     "give the model's safetensors files, or its size with --bytes");
}
