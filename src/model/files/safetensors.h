/* SPDX-License-Identifier: MIT */
/*
 * Headers of safetensors files. Nothing of the data is read. The rules are those of the format's
 * own validate(): the tensors tile the data from its first byte to its last, none overlapping.
 */
#ifndef RP_MODEL_FILES_SAFETENSORS_H
#define RP_MODEL_FILES_SAFETENSORS_H

#include "base/base.h"
#include "base/error.h"

#define RP_ST_MAX_HEADER  100000000u
#define RP_ST_MAX_TENSORS 1000000u
#define RP_ST_MAX_RANK	  8u

/* What is needed to tell which tensors an engine does not load. */
struct rp_st_skip {
	bool tied;	   /* a stored lm_head is a copy of the embeddings */
	uint32_t mtp_from; /* layers with this number or above are for drafts; 0: none */
};

/* Sums over all tensors of one or more files. */
struct rp_st_sums {
	uint64_t n_tensors, bytes, elements, float32_bytes;
	uint64_t skipped_bytes, skipped_elements;
	uint64_t n_lora; /* tensors whose names are those of an adapter */
	bool packed;	 /* integers or sub-byte types that hold more than one weight */
	bool has_embed;	 /* embed_tokens.weight was seen */
	uint64_t head_bytes, head_elements;
	/* Fingerprint of the names: order does not matter. Compared with an index. */
	uint64_t name_sum;
};

/* Hash of a tensor name, and its share of name_sum. */
uint64_t rp_st_name_hash(const char *s, size_t len);
uint64_t rp_st_name_share(const char *s, size_t len);

/*
 * Add the sums of one file of size bytes. name stands in messages, which tell tensor and field.
 * 0; -EINVAL MODEL_FORMAT; -ENOMEM; -EIO.
 */
int rp_safetensors_read(int fd, uint64_t size, const char *name, const struct rp_st_skip *skip,
			struct rp_st_sums *sums, struct rocpart_error *reterr) RP_MUST_CHECK;

/* The same for a header in memory, data_size bytes of data behind it: what the fuzzer calls. */
int rp_safetensors_parse(const char *header, size_t len, uint64_t data_size, const char *name,
			 const struct rp_st_skip *skip, struct rp_st_sums *sums,
			 struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
