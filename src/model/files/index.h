/* SPDX-License-Identifier: MIT */
/* model.safetensors.index.json: which tensor is in which shard. */
#ifndef RP_MODEL_FILES_INDEX_H
#define RP_MODEL_FILES_INDEX_H

#include "base/base.h"
#include "base/error.h"

#define RP_INDEX_MAX_BYTES   (UINT64_C(64) << 20)
#define RP_INDEX_MAX_SHARDS  4096u
#define RP_INDEX_MAX_NAME    255u
#define RP_INDEX_MAX_TENSORS 1000000u

struct rp_index_shard {
	char *name;
	uint64_t n_tensors;
	uint64_t name_sum; /* as of struct rp_st_sums */
};

struct rp_index {
	bool has_total;
	uint64_t total_bytes; /* metadata.total_size */
	struct rp_index_shard *shards;
	size_t n_shards, cap;
	uint64_t n_tensors;
};

void rp_index_done(struct rp_index *x);
#define RP_AUTO_INDEX RP_AUTO(rp_index_done)

/* fd < 0: text in memory, size bytes of it. 0; -EINVAL naming tensor or field; -EFBIG; -ENOMEM. */
int rp_index_read(int fd, const char *text, uint64_t size, const char *name, struct rp_index *ret,
		  struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
