/* SPDX-License-Identifier: MIT */
/* Headers of GGUF files, versions 2 and 3. Nothing of the tensor data is read. */
#ifndef RP_MODEL_FILES_GGUF_H
#define RP_MODEL_FILES_GGUF_H

#include "model/config.h"

#define RP_GGUF_MAX_TENSORS 65536u
#define RP_GGUF_MAX_KEYS    65536u
#define RP_GGUF_MAX_KEY	    65535u
#define RP_GGUF_MAX_NAME    64u
#define RP_GGUF_MAX_STRING  1048576u

struct rp_gguf {
	uint64_t n_tensors, bytes, elements;
	uint64_t embedding_bytes;	/* token_embd.weight */
	uint32_t split_no, split_count; /* 0 when the file is whole */
	uint64_t split_tensors;
	char architecture[RP_MODEL_NAME_SIZE];
	char type[RP_MODEL_NAME_SIZE]; /* general.type; "" in older files */
};

/*
 * Read one file of size bytes: sums into g, the model's numbers into c (untouched by a later part,
 * which has none). 0; -EINVAL MODEL_FORMAT naming key or tensor and field; -ENOTSUP MODEL_UNKNOWN
 * what is no model: an adapter, a projector, an importance matrix, a vocabulary; -ENOMEM; -EIO.
 */
int rp_gguf_read(int fd, uint64_t size, const char *name, struct rp_gguf *g,
		 struct rp_model_config *c, struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same for a file in memory: what the fuzzer calls. */
int rp_gguf_parse(const void *data, size_t len, const char *name, struct rp_gguf *g,
		  struct rp_model_config *c, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
