/* SPDX-License-Identifier: MIT */
/* Flags of engines that make the numbers of a footprint true. */
#ifndef RP_MODEL_ENGINE_FLAGS_H
#define RP_MODEL_ENGINE_FLAGS_H

#include "base/words.h"

/* Of a footprint, or of what a lease recorded of one; texts are borrowed. */
struct rp_engine_facts {
	bool is_vllm;	      /* else llama.cpp */
	const char *dtype;    /* a word, or a phrase that is no word of the engine */
	const char *kv_dtype; /* "": not said */
	uint64_t context, max_seqs;
	uint64_t max_batched; /* 0: not known */
	uint64_t ranks;
	bool is_eager;
	uint64_t process_bytes;	  /* context of the process on the GPU */
	uint64_t kv_bytes;	  /* room for the cache; 0: not known */
	uint64_t partition_bytes; /* what the process sees as total; 0: not known */
	uint64_t limit_bytes;	  /* what it may use of that; 0: not known */
};

void rp_engine_flags(const struct rp_engine_facts *f, struct rp_words *ret);
/* "--a 1 --b x --c" as {"a":1,"b":"x","c":true}: the form of AIM_ENGINE_ARGS. 0 or -ENOMEM. */
int rp_engine_flags_json(const struct rp_words *flags, struct rp_strbuf *ret) RP_MUST_CHECK;

#endif
