/* SPDX-License-Identifier: MIT */
/*
 * KV cache and recurrent state: bytes <-> tokens, with the block pool of vLLM
 * (vllm/v1/core/kv_cache_utils.py) or the flat buffers of llama.cpp.
 */
#ifndef RP_MODEL_CACHE_H
#define RP_MODEL_CACHE_H

#include "model/arch.h"
#include "model/format.h"

enum rp_cache_sort { RP_CACHE_FULL, RP_CACHE_WINDOW, RP_CACHE_CHUNK, RP_CACHE_STATE };
#define RP_CACHE_SORTS 4

/* Layers of one sort. */
struct rp_cache_kind {
	uint32_t n_layers;
	uint64_t token_bytes;  /* of one layer and token; 0 for state */
	uint64_t state_bytes;  /* of one layer and sequence; 0 for attention */
	uint64_t block_tokens; /* of one page */
	uint32_t reach;	       /* window or chunk, in tokens */
};

struct rp_cache {
	struct rp_cache_kind kinds[RP_CACHE_SORTS];
	bool paged;		 /* vLLM; else llama.cpp */
	uint64_t page_bytes;	 /* of one layer and block, the same for all kinds */
	uint32_t group_layers;	 /* layers that share one block table */
	uint32_t n_groups;	 /* groups of them, padding layers included */
	uint64_t block_tokens;	 /* the smallest of all kinds; 0: none holds tokens */
	uint64_t token_bytes;	 /* of all layers, while the context is within every window */
	uint64_t sequence_bytes; /* state of one sequence */
	uint64_t index_bytes;	 /* of token_bytes: keys of the indexers of all layers */
};

/* Of one rank. 0, -EINVAL (a KV dtype that does not fit the heads), -EOVERFLOW. */
int rp_cache_make(const struct rp_layout *l, const struct rp_kv_dtype *dtype, uint32_t tp,
		  bool paged, struct rp_cache *ret, struct rocpart_error *reterr) RP_MUST_CHECK;

/* Tokens that bytes hold: what vLLM prints as "GPU KV cache size". */
uint64_t rp_cache_tokens(const struct rp_cache *c, uint64_t bytes);
/* The least bytes that hold so many tokens. 0 or -EOVERFLOW. */
int rp_cache_bytes(const struct rp_cache *c, uint64_t tokens, uint64_t *ret) RP_MUST_CHECK;
/*
 * What n requests of that many tokens hold at most. batched: max_num_batched_tokens (vLLM) or the
 * micro batch (llama.cpp). 0 or -EOVERFLOW.
 */
int rp_cache_request_bytes(const struct rp_cache *c, uint64_t context, uint64_t batched, uint64_t n,
			   uint64_t *ret) RP_MUST_CHECK;

#endif
