/* SPDX-License-Identifier: MIT */
/*
 * What an engine needs beside weights and cache. Every constant stands in the table of engine.c
 * with its source, the version it was seen in and how far it can be trusted.
 */
#ifndef RP_MODEL_ENGINE_H
#define RP_MODEL_ENGINE_H

#include "model/arch.h"

enum rp_engine { RP_ENGINE_VLLM, RP_ENGINE_LLAMA_CPP };
enum rp_platform { RP_PLATFORM_ROCM, RP_PLATFORM_CUDA };

struct rp_engine_version {
	enum rp_engine engine;
	uint32_t major, minor;
};

/* Parts of a footprint beside weights and cache. */
enum rp_rest_part {
	RP_REST_SAMPLER, /* bytes per sequence and vocabulary entry */
	RP_REST_MOE,
	RP_REST_MULTIMODAL,
	RP_REST_PROCESS,
	RP_REST_COLLECTIVE, /* per rank, when there is more than one */
	RP_REST_GRAPH,
	RP_REST_MARGIN,
};

struct rp_rest_row {
	enum rp_rest_part part;
	enum rp_engine engine;
	int platform;		/* enum rp_platform, -1 for any */
	uint32_t from_minor;	/* of version 0.x */
	uint32_t until_minor;	/* exclusive; 0: no end */
	uint64_t value;		/* bytes; for SAMPLER thousandths of a byte */
	const char *confidence; /* measured, derived, guess */
	const char *source;
};

/* The row that holds, NULL when none does (then the part is zero). */
const struct rp_rest_row *rp_rest_find(enum rp_rest_part part, const struct rp_engine_version *v,
				       enum rp_platform platform);

extern const char rp_engine_words[]; /* for messages */

/* "vllm", "vllm:0.19", "llama.cpp". -EINVAL. */
int rp_engine_parse(const char *word, struct rp_engine_version *ret) RP_MUST_CHECK;
const char *rp_engine_name(enum rp_engine e);

struct rp_rest_request {
	const struct rp_layout *l;
	struct rp_engine_version version;
	enum rp_platform platform;
	uint64_t max_seqs, max_batched;
	uint32_t tp;
	bool eager; /* no graphs */
	bool multimodal;
};

struct rp_rest {
	uint64_t activation, process, collective, graph, margin;
};

/* 0 or -EOVERFLOW. l may be NULL (no config): then activation is what does not depend on it. */
int rp_rest_compute(const struct rp_rest_request *q, struct rp_rest *ret) RP_MUST_CHECK;

#endif
