/* SPDX-License-Identifier: MIT */
/* From a described model and a request to an itemised footprint. */
#ifndef RP_MODEL_SIZE_H
#define RP_MODEL_SIZE_H

#include "model/cache.h"
#include "model/engine.h"
#include "model/weights.h"

/* Where the bytes of the weights come from, best first. */
enum rp_model_origin {
	RP_ORIGIN_HEADERS, /* safetensors headers */
	RP_ORIGIN_INDEX,   /* total_size of model.safetensors.index.json, shards not at hand */
	RP_ORIGIN_GGUF,
	RP_ORIGIN_CONFIG,
	RP_ORIGIN_CATALOG,
	RP_ORIGIN_BYTES, /* the user said so */
};

/* What files or the user say. Filled by modelfile/. */
struct rp_model_desc {
	enum rp_model_origin origin;
	char *name;
	char *source; /* for people: which file, which catalog entry and its own source */
	bool has_config;
	struct rp_model_config config;
	bool has_file_bytes;
	uint64_t file_bytes;	  /* all tensors of the files */
	uint64_t skipped_bytes;	  /* of those: a second copy of tied embeddings, MTP layers */
	uint64_t file_parameters; /* elements of the tensors that are loaded */
	uint64_t host_bytes;	  /* llama.cpp keeps the embedding table on the host */
	uint64_t float32_bytes;
	uint64_t n_tensors;
	uint32_t n_files;
	bool packed; /* element counts are not parameters (packed integers) */
};

void rp_model_desc_done(struct rp_model_desc *d);
#define RP_AUTO_MODEL_DESC RP_AUTO(rp_model_desc_done)

struct rp_size_request {
	const char *dtype;    /* NULL: as the model comes */
	const char *kv_dtype; /* NULL: as the weights, 16 bit or 32 */
	const char *engine;   /* NULL: vllm 0.19, llama.cpp for GGUF */
	uint64_t context;     /* 0: min(model maximum, 8192) */
	uint64_t max_seqs;    /* 0: 256; llama.cpp 1 */
	uint64_t max_batched; /* 0: 2048 */
	uint32_t tp;	      /* 0: 1 */
	enum rp_platform platform;
	bool eager;
	bool lenient; /* count without the keys of a config that nobody understood */
};

enum rp_footprint_part {
	RP_PART_WEIGHTS,
	RP_PART_KV,
	RP_PART_ACTIVATION,
	RP_PART_PROCESS,
	RP_PART_COLLECTIVE,
	RP_PART_GRAPH,
	RP_PART_MARGIN,
	RP_N_PARTS
};

struct rp_footprint_item {
	uint64_t bytes;
	bool known;
	const char *confidence; /* exact, derived, measured, guess, given */
	const char *source;
};

struct rp_assumption {
	const char *what;
	char value[96];
	const char *why;
};
#define RP_MAX_ASSUMPTIONS 16

/* All bytes are per rank. */
struct rp_footprint {
	struct rp_footprint_item items[RP_N_PARTS];
	struct rp_assumption assumed[RP_MAX_ASSUMPTIONS];
	size_t n_assumed;
	bool has_parameters, has_cache;
	uint64_t parameters;
	uint64_t draft_parameters;
	uint64_t active_bytes; /* weights that one token of one sequence reads; 0 unknown */
	uint64_t context, max_seqs, max_batched;
	uint32_t ranks;
	struct rp_engine_version version;
	struct rp_cache cache;
	uint64_t kv_one_bytes;	       /* one request of context */
	uint64_t comfortable_kv_bytes; /* RP_COMFORTABLE_REQUESTS of them */
	char dtype[96];
	const struct rp_kv_dtype *kv_dtype;
	const char *confidence; /* of the total: the worst of the items */
};

/* Four requests of the whole context at once: one answers while others arrive. Our choice. */
#define RP_COMFORTABLE_REQUESTS 4u

int rp_size(const struct rp_model_desc *d, const struct rp_size_request *q,
	    struct rp_footprint *ret, struct rocpart_error *reterr) RP_MUST_CHECK;

/* Minimum (one request) and comfortable. -ENODATA when a part is unknown; -EOVERFLOW. */
int rp_footprint_total(const struct rp_footprint *f, bool comfortable, uint64_t *ret) RP_MUST_CHECK;

/*
 * Tokens of cache that fit in a partition of usable bytes: zero when the rest does not fit.
 * -ENODATA when the cache is unknown.
 */
int rp_footprint_kv_tokens(const struct rp_footprint *f, uint64_t usable,
			   uint64_t *ret) RP_MUST_CHECK;
/* Bytes that the rest leaves to the cache; 0 when it does not fit. */
uint64_t rp_footprint_kv_room(const struct rp_footprint *f, uint64_t usable);

/*
 * What a partition offers: what the kernel enforces, less its page tables and pinned memory.
 * The reserve is (free host memory at driver load + VRAM of all GPUs) / 2^14, at least 8 MiB
 * (amdgpu_amdkfd_reserve_mem_limit; sizing study 1.5).
 */
uint64_t rp_usable_bytes(uint64_t partition, uint64_t reserve, uint64_t pinned);
uint64_t rp_page_table_reserve(uint64_t host_free, uint64_t all_vram);

/*
 * Upper bound of tokens per second of one sequence, in thousandths, when nothing but the reading
 * of weights and of kv_bytes of cache at bandwidth bytes/s took time. 0 when unknown.
 */
uint64_t rp_bound_millitokens(const struct rp_footprint *f, uint64_t bandwidth, uint64_t kv_bytes);

/*
 * Of a partition's share of the peak, what reading can reach when all partitions are busy:
 * 4010 / 5300 in NPS1, 4210 / 5300 in NPS4 (copy on MI300X, ROCm blog of 9 February 2025).
 */
uint64_t rp_sustained_bandwidth(uint64_t peak_bytes_per_s, uint32_t partitions, bool interleaved);

#endif
