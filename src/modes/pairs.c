/* SPDX-License-Identifier: MIT */
/* The public list of pairs. */
#include "facts/mode_name.h"
#include "modes/modes.h"

struct rocpart_pairs {
	struct rocpart_pair *v;
	size_t n;
};

/* Compute modes by the number of XCDs, in the kernel's order, times memory modes in theirs. */
static void fill_all(const struct rocpart_gpu *gpu, struct rocpart_pairs *pairs)
{
	uint32_t memory_set = rp_memory_modes(gpu);

	for (unsigned m = ROCPART_MEMORY_NPS1; m <= ROCPART_MEMORY_NPS8; m++) {
		if (!(memory_set & 1U << m))
			continue;
		for (unsigned c = ROCPART_COMPUTE_SPX; c <= ROCPART_COMPUTE_CPX; c++)
			if (rp_compute_partitions(gpu->rules, (enum rocpart_compute_mode)c,
						  gpu->n_xcds))
				rp_pair_fill(gpu, (enum rocpart_compute_mode)c,
					     (enum rocpart_memory_mode)m, &pairs->v[pairs->n++]);
	}
}

ROCPART_PUBLIC int rocpart_pairs_new(const struct rocpart_snapshot *snapshot,
				     const struct rocpart_gpu *gpu,
				     struct rocpart_pairs **ret_pairs, struct rocpart_error *reterr)
{
	struct rocpart_pairs *pairs;

	if (gpu->n_xcds < 2 || (gpu->partitionable == RP_NO && snapshot->has_pci &&
				gpu->compute == ROCPART_COMPUTE_UNKNOWN))
		return rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
				    "GPU %zu (%s) cannot be partitioned", gpu->index, gpu->bdf);
	pairs = rp_new0(struct rocpart_pairs, 1);
	if (!pairs)
		return rp_error_nomem(reterr);
	pairs->v = rp_new0(struct rocpart_pair, (size_t)ROCPART_COMPUTE_CPX * ROCPART_MEMORY_NPS8);
	if (!pairs->v) {
		free(pairs);
		return rp_error_nomem(reterr);
	}
	fill_all(gpu, pairs);
	*ret_pairs = pairs;
	return 0;
}

ROCPART_PUBLIC struct rocpart_pairs *rocpart_pairs_free(struct rocpart_pairs *pairs)
{
	if (!pairs)
		return NULL;
	free(pairs->v);
	free(pairs);
	return NULL;
}

ROCPART_PUBLIC size_t rocpart_pairs_get_count(const struct rocpart_pairs *pairs)
{
	return pairs->n;
}

ROCPART_PUBLIC const struct rocpart_pair *rocpart_pairs_get(const struct rocpart_pairs *pairs,
							    size_t index)
{
	return index < pairs->n ? &pairs->v[index] : NULL;
}
