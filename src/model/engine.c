/* SPDX-License-Identifier: MIT */
#include "model/engine.h"

#include "base/num.h"
#include "base/strbuf.h"

/* Hundredths of a GiB, the precision that the logs print. */
#define CGIB(n) ((uint64_t)(n)*RP_GIB / 100)

#define LLAMA_UBATCH 512u /* llama.cpp's default micro batch */

static const struct rp_rest_row rows[] = {
	{RP_REST_SAMPLER, RP_ENGINE_VLLM, -1, 17, 0, 16000, "measured",
	 "sampler warm-up holds four float32 copies of the logits; 54 runs of vLLM 0.17 to 0.19 on "
	 "H100, no AMD run"},
	{RP_REST_SAMPLER, RP_ENGINE_VLLM, -1, 0, 17, 38800, "measured",
	 "9.7 float32 copies of the logits before 0.17; version sweep of one model on H100"},
	{RP_REST_MOE, RP_ENGINE_VLLM, -1, 0, 0, CGIB(40), "measured",
	 "mean excess of mixture-of-experts models, vLLM 0.19 on H100"},
	{RP_REST_MULTIMODAL, RP_ENGINE_VLLM, -1, 0, 0, CGIB(60), "measured",
	 "mean excess of models with a vision tower, vLLM 0.19 on H100"},
	{RP_REST_PROCESS, RP_ENGINE_VLLM, RP_PLATFORM_CUDA, 18, 0, CGIB(27), "measured",
	 "non-torch memory 0.24 to 0.27 GiB on one rank, vLLM 0.19 on H100"},
	{RP_REST_PROCESS, RP_ENGINE_VLLM, RP_PLATFORM_CUDA, 0, 18, CGIB(13), "measured",
	 "non-torch memory 0.13 GiB on one rank, vLLM 0.15 to 0.17 on H100"},
	{RP_REST_PROCESS, RP_ENGINE_VLLM, RP_PLATFORM_ROCM, 0, 0, CGIB(50), "guess",
	 "about twice the CUDA figure: no measurement on an AMD partition is known"},
	{RP_REST_COLLECTIVE, RP_ENGINE_VLLM, RP_PLATFORM_CUDA, 0, 0, CGIB(188), "measured",
	 "non-torch memory 2.06 to 2.21 GiB with two or more ranks, less the process"},
	{RP_REST_COLLECTIVE, RP_ENGINE_VLLM, RP_PLATFORM_ROCM, 0, 0, CGIB(200), "guess",
	 "the CUDA figure rounded up: no RCCL figure for a partition is known"},
	{RP_REST_GRAPH, RP_ENGINE_VLLM, -1, 0, 0, CGIB(100), "guess",
	 "CUDA graphs took 0.51 to 1.85 GiB, mean 1.04; HIP graphs are not measured"},
	{RP_REST_PROCESS, RP_ENGINE_LLAMA_CPP, -1, 0, 0, CGIB(50), "guess",
	 "no measurement on an AMD partition is known"},
	{RP_REST_MARGIN, RP_ENGINE_VLLM, -1, 0, 0, CGIB(30), "derived",
	 "the largest error of the formulas in 53 of 54 runs"},
	{RP_REST_MARGIN, RP_ENGINE_LLAMA_CPP, -1, 0, 0, CGIB(30), "guess", "as for vLLM"},
};

const struct rp_rest_row *rp_rest_find(enum rp_rest_part part, const struct rp_engine_version *v,
				       enum rp_platform platform)
{
	uint32_t minor = v->major ? UINT32_MAX : v->minor;

	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		const struct rp_rest_row *r = &rows[i];

		if (r->part == part && r->engine == v->engine &&
		    (r->platform < 0 || r->platform == (int)platform) && minor >= r->from_minor &&
		    (!r->until_minor || minor < r->until_minor))
			return r;
	}
	return NULL;
}

const char *rp_engine_name(enum rp_engine e)
{
	return e == RP_ENGINE_VLLM ? "vllm" : "llama.cpp";
}

static int parse_version(const char *s, struct rp_engine_version *v)
{
	char text[32];
	char *dot, *rest;

	if (rp_fmt(text, sizeof(text), "%s", s) < 0)
		return -EINVAL;
	dot = strchr(text, '.');
	if (dot)
		*dot++ = '\0';
	rest = dot ? strchr(dot, '.') : NULL; /* a patch level changes nothing here */
	if (rest)
		*rest = '\0';
	if (rp_parse_u32(text, 10, &v->major) < 0 || (dot && rp_parse_u32(dot, 10, &v->minor) < 0))
		return -EINVAL;
	return 0;
}

const char rp_engine_words[] = "vllm vllm:MAJOR.MINOR llama.cpp";

int rp_engine_parse(const char *word, struct rp_engine_version *ret)
{
	struct rp_engine_version v = {RP_ENGINE_VLLM, 0, 19};

	if (rp_str_eq(word, "llama.cpp") || rp_str_eq(word, "llamacpp")) {
		v.engine = RP_ENGINE_LLAMA_CPP;
	} else if (rp_str_starts(word, "vllm:") || rp_str_starts(word, "vllm-")) {
		v.minor = 0;
		if (parse_version(word + strlen("vllm:"), &v) < 0)
			return -EINVAL;
	} else if (!rp_str_eq(word, "vllm")) {
		return -EINVAL;
	}
	*ret = v;
	return 0;
}

static uint64_t value(enum rp_rest_part part, const struct rp_rest_request *q)
{
	const struct rp_rest_row *r = rp_rest_find(part, &q->version, q->platform);

	return r ? r->value : 0;
}

/* Widest MLP that a token passes on one rank; of experts it passes several (sizing study, 0). */
static uint64_t mlp_width(const struct rp_layout *l, uint32_t tp)
{
	const struct rp_model_config *c = &l->c;
	uint64_t dense = c->dense_inter > c->inter ? c->dense_inter : c->inter;
	uint64_t moe = (uint64_t)c->experts_per_tok * c->moe_inter;

	if (l->n_moe == c->layers)
		dense = 0;
	return (l->n_moe && moe > dense ? moe : dense) / tp;
}

/* vLLM: the larger of the sampler's copies of the logits and the activations of one batch. */
static int vllm_activation(const struct rp_rest_request *q, uint64_t *ret)
{
	uint64_t sampler, batch, h = q->l->c.hidden, i = mlp_width(q->l, q->tp);

	if (rp_mul_u64(q->max_seqs, q->l->c.vocab, &sampler) < 0 ||
	    rp_mul_u64(sampler, value(RP_REST_SAMPLER, q), &sampler) < 0 ||
	    rp_mul_u64(q->max_batched, 2 * (3 * i + 5 * h), &batch) < 0)
		return -EOVERFLOW;
	sampler /= 1000;
	*ret = sampler > batch ? sampler : batch;
	if (q->l->n_moe)
		*ret += value(RP_REST_MOE, q);
	if (q->multimodal)
		*ret += value(RP_REST_MULTIMODAL, q);
	return 0;
}

/* llama.cpp reserves one graph of a micro batch: float32 logits, or the MLP where that is wider. */
static int llama_activation(const struct rp_rest_request *q, uint64_t *ret)
{
	uint64_t ubatch = q->max_batched < LLAMA_UBATCH ? q->max_batched : LLAMA_UBATCH;
	uint64_t wide = 3 * mlp_width(q->l, q->tp) + 5 * (uint64_t)q->l->c.hidden;
	uint64_t vocab = q->l->c.vocab;

	return rp_mul_u64(ubatch * 4, vocab > wide ? vocab : wide, ret);
}

int rp_rest_compute(const struct rp_rest_request *q, struct rp_rest *ret)
{
	struct rp_rest rest = {
		.process = value(RP_REST_PROCESS, q),
		.collective = q->tp > 1 ? value(RP_REST_COLLECTIVE, q) : 0,
		.graph = q->eager ? 0 : value(RP_REST_GRAPH, q),
		.margin = value(RP_REST_MARGIN, q),
	};
	int r = 0;

	if (q->l)
		r = q->version.engine == RP_ENGINE_VLLM ? vllm_activation(q, &rest.activation)
							: llama_activation(q, &rest.activation);
	if (r < 0)
		return r;
	*ret = rest;
	return 0;
}
