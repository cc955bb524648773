/* SPDX-License-Identifier: MIT */
/* The words by which a file names GPUs. */
#ifndef RP_DESIRED_GPU_WORD_H
#define RP_DESIRED_GPU_WORD_H

#include "node/snapshot.h"

/* "3", or "1-7" with both ends. */
bool rp_gpu_word_range(const char *word, size_t *ret_first, size_t *ret_last);
/*
 * Whether a word names a GPU: "all", an index or a range of them, a PCI address, a unique id, or a
 * product. product: that is planned for without a machine; NULL: that of the GPU of s.
 */
bool rp_gpu_word_names(const struct rocpart_snapshot *s, const struct rp_product *product,
		       size_t index, const char *word);

#endif
