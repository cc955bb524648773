/* SPDX-License-Identifier: MIT */
#include "model/format.h"

#include "base/num.h"
#include "base/strbuf.h"

static uint64_t div_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

/* ret = in * out * num / den + scales */
static int matrix(uint64_t in, uint64_t out, uint64_t num, uint64_t den, uint64_t scales,
		  uint64_t *ret)
{
	uint64_t v;

	if (rp_mul_u64(in, out, &v) < 0 || rp_mul_u64(v, num, &v) < 0)
		return -EOVERFLOW;
	return rp_add_u64(div_up(v, den), scales, ret);
}

/* Scales of groups along the input: ceil(in / group) * out, each of half_bytes / 2 bytes. */
static int grouped(uint64_t in, uint64_t out, uint64_t group, uint64_t half_bytes, uint64_t fixed,
		   uint64_t *ret)
{
	uint64_t v;

	if (rp_mul_u64(div_up(in, group), out, &v) < 0 || rp_mul_u64(v, half_bytes, &v) < 0)
		return -EOVERFLOW;
	return matrix(in, out, 1, 2, div_up(v, 2) + fixed, ret);
}

int rp_weight_bytes(const struct rp_weight_spec *s, uint64_t in, uint64_t out, uint64_t *ret)
{
	uint64_t bi = s->block_in ? s->block_in : 128, bo = s->block_out ? s->block_out : 128;
	uint64_t v;

	switch (s->format) {
	case RP_W_UNSAID:
		return -EINVAL;
	case RP_W_F32:
		return matrix(in, out, 4, 1, 0, ret);
	case RP_W_F16:
		return matrix(in, out, 2, 1, 0, ret);
	case RP_W_FP8_TENSOR:
		return matrix(in, out, 1, 1, 8, ret);
	case RP_W_FP8_CHANNEL:
	case RP_W_INT8:
		if (rp_mul_u64(out, 4, &v) < 0)
			return -EOVERFLOW;
		return matrix(in, out, 1, 1, v, ret);
	case RP_W_FP8_BLOCK:
		if (rp_mul_u64(div_up(in, bi), div_up(out, bo), &v) < 0 || rp_mul_u64(v, 4, &v) < 0)
			return -EOVERFLOW;
		return matrix(in, out, 1, 1, v, ret);
	case RP_W_INT4:
		return grouped(in, out, s->group ? s->group : 128, 4, 0, ret);
	case RP_W_INT4_ZERO:
		return grouped(in, out, s->group ? s->group : 128, 5, 0, ret);
	case RP_W_MXFP4:
		return grouped(in, out, 32, 2, 0, ret);
	case RP_W_NVFP4:
		return grouped(in, out, s->group ? s->group : 16, 2, 8, ret);
	}
	return -EINVAL;
}

struct word {
	const char *name;
	struct rp_weight_spec spec;
};

static const struct word words[] = {
	{"fp32", {RP_W_F32, 0, 0, 0}},	       {"float32", {RP_W_F32, 0, 0, 0}},
	{"fp16", {RP_W_F16, 0, 0, 0}},	       {"float16", {RP_W_F16, 0, 0, 0}},
	{"bf16", {RP_W_F16, 0, 0, 0}},	       {"bfloat16", {RP_W_F16, 0, 0, 0}},
	{"fp8", {RP_W_FP8_CHANNEL, 0, 0, 0}},  {"int8", {RP_W_INT8, 0, 0, 0}},
	{"int4", {RP_W_INT4_ZERO, 128, 0, 0}}, {"gptq", {RP_W_INT4_ZERO, 128, 0, 0}},
	{"awq", {RP_W_INT4_ZERO, 128, 0, 0}},  {"mxfp4", {RP_W_MXFP4, 32, 0, 0}},
	{"nvfp4", {RP_W_NVFP4, 16, 0, 0}},
};

const char rp_weight_words[] = "fp32 fp16 bf16 fp8 int8 int4 gptq awq mxfp4 nvfp4";

int rp_weight_spec_parse(const char *word, struct rp_weight_spec *ret)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(words); i++) {
		if (rp_str_eq_nocase(word, words[i].name)) {
			*ret = words[i].spec;
			return 0;
		}
	}
	return -EINVAL;
}

const char *rp_weight_format_name(enum rp_weight_format f)
{
	switch (f) {
	case RP_W_UNSAID:
		break;
	case RP_W_F32:
		return "float32";
	case RP_W_F16:
		return "16 bit";
	case RP_W_FP8_TENSOR:
		return "fp8, one scale per tensor";
	case RP_W_FP8_CHANNEL:
		return "fp8, one scale per row";
	case RP_W_FP8_BLOCK:
		return "fp8, one scale per block";
	case RP_W_INT8:
		return "int8, one scale per row";
	case RP_W_INT4:
		return "int4 in groups";
	case RP_W_INT4_ZERO:
		return "int4 in groups with zero points";
	case RP_W_MXFP4:
		return "mxfp4";
	case RP_W_NVFP4:
		return "nvfp4";
	}
	return "unknown";
}

/* GGML block sizes: docs/gguf.md of ggml; q8_0 34/32 and q4_0 18/32 checked against logs. */
static const struct rp_kv_dtype kv_dtypes[] = {
	{"bf16", 1, 2, false},	  {"fp16", 1, 2, false},  {"fp8", 1, 1, false},
	{"int8", 1, 1, false},	  {"fp32", 1, 4, false},  {"f16", 1, 2, false},
	{"f32", 1, 4, false},	  {"q8_0", 32, 34, true}, {"q5_1", 32, 24, true},
	{"q5_0", 32, 22, true},	  {"q4_1", 32, 20, true}, {"q4_0", 32, 18, true},
	{"iq4_nl", 32, 18, true},
};

const char rp_kv_dtype_words[] =
	"bf16 fp16 fp8 int8 fp32; llama.cpp: f16 f32 q8_0 q5_1 q5_0 q4_1 q4_0 iq4_nl";

const struct rp_kv_dtype *rp_kv_dtype_find(const char *word)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(kv_dtypes); i++) {
		if (rp_str_eq_nocase(word, kv_dtypes[i].name))
			return &kv_dtypes[i];
	}
	return NULL;
}
