/* SPDX-License-Identifier: MIT */
/* GPUs as a file names them; the reader of modes and the planner look them up alike. */
#ifndef RP_DESIRED_GPU_WORD_H
#define RP_DESIRED_GPU_WORD_H

#include "base/yaml.h"
#include "facts/product.h"
#include "node/snapshot.h"

/* The GPUs that words can name. */
struct rp_gpu_set {
	const struct rocpart_snapshot *snapshot; /* NULL: n GPUs of product, which need not exist */
	const struct rp_product *product;
	size_t n;
};

enum rp_gpu_found {
	RP_GPU_FOUND,
	RP_GPU_LOST,	  /* a PCI address that is not here */
	RP_GPU_BAD_RANGE, /* not all of it is here */
	RP_GPU_NONE,
};

/*
 * Mark the GPUs that a word names: "all" (that can be partitioned), a range "1-7" with both ends,
 * an index, a PCI address, a unique id, a product. ret_gpus has set->n elements; without such a GPU
 * none is marked.
 */
enum rp_gpu_found rp_gpu_word_find(const struct rp_gpu_set *set, const char *word, bool *ret_gpus);
/* Refuse a word: text, place and hint of the error. Never 0. */
int rp_gpu_word_refuse(const struct rp_gpu_set *set, enum rp_gpu_found found, const char *word,
		       const char *place, struct rocpart_error *reterr);

#endif
