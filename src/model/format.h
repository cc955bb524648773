/* SPDX-License-Identifier: MIT */
/* How a weight matrix is stored: bytes of one matrix of a given shape in a given format. */
#ifndef RP_MODEL_FORMAT_H
#define RP_MODEL_FORMAT_H

#include "base/base.h"

enum rp_weight_format {
	RP_W_UNSAID,
	RP_W_F32,
	RP_W_F16,	  /* fp16 or bf16 */
	RP_W_FP8_TENSOR,  /* one scale per matrix and one of its input */
	RP_W_FP8_CHANNEL, /* one float32 scale per output row */
	RP_W_FP8_BLOCK,	  /* one float32 scale per block, 128 x 128 unless said */
	RP_W_INT8,	  /* one float32 scale per output row */
	RP_W_INT4,	  /* groups with a 16-bit scale, symmetric */
	RP_W_INT4_ZERO,	  /* the same with a 4-bit zero point: GPTQ, AWQ */
	RP_W_MXFP4,	  /* 32 values and one 8-bit scale */
	RP_W_NVFP4,	  /* 16 values and one 8-bit scale, two float32 per matrix */
};

struct rp_weight_spec {
	enum rp_weight_format format;
	uint32_t group;	   /* INT4*, NVFP4: values per scale */
	uint32_t block_in; /* FP8_BLOCK */
	uint32_t block_out;
};

/* Bytes of an in x out matrix. 0 or -EOVERFLOW. */
int rp_weight_bytes(const struct rp_weight_spec *s, uint64_t in, uint64_t out,
		    uint64_t *ret) RP_MUST_CHECK;

/*
 * A word of the user: fp32 fp16 bf16 fp8 int8 int4 gptq awq mxfp4 nvfp4. -EINVAL for any other.
 * int4 is what most checkpoints of that name are: groups of 128 with zero points.
 */
int rp_weight_spec_parse(const char *word, struct rp_weight_spec *ret) RP_MUST_CHECK;
const char *rp_weight_format_name(enum rp_weight_format f);
/* All words of rp_weight_spec_parse(), separated by blanks. */
extern const char rp_weight_words[];

/* KV cache element: its words, and the bytes of n elements (block formats included). */
struct rp_kv_dtype {
	const char *name;
	uint32_t block; /* elements of one block */
	uint32_t block_bytes;
	bool llama_cpp_only;
};
const struct rp_kv_dtype *rp_kv_dtype_find(const char *word); /* NULL: no such word */
extern const char rp_kv_dtype_words[];

#endif
