/* SPDX-License-Identifier: MIT */
/* Block sizes of the tensor types of GGML, as its library prints them. */
#ifndef RP_MODEL_GGML_H
#define RP_MODEL_GGML_H

#include "base/base.h"

struct rp_ggml_type {
	const char *name; /* NULL: a number that is not in use */
	uint16_t block;	  /* elements */
	uint16_t bytes;
};

/* NULL for a number that no live type has. */
const struct rp_ggml_type *rp_ggml_type(uint32_t number);
/* Bytes of ne0 x rest elements. 0, -EINVAL (ne0 is no multiple of the block), -EOVERFLOW. */
int rp_ggml_bytes(const struct rp_ggml_type *t, uint64_t ne0, uint64_t rest,
		  uint64_t *ret) RP_MUST_CHECK;

#endif
