/* SPDX-License-Identifier: MIT */
#include "desired/gpu_word.h"
#include "base/num.h"

bool rp_gpu_word_range(const char *word, size_t *ret_first, size_t *ret_last)
{
	const char *dash = strchr(word, '-');
	uint64_t a, b;

	if (rp_parse_u64_part(word, dash ? (size_t)(dash - word) : strlen(word), 10, &a) < 0 ||
	    rp_parse_u64(dash ? dash + 1 : word, 10, &b) < 0)
		return false;
	*ret_first = (size_t)a;
	*ret_last = (size_t)b;
	return true;
}

/* By PCI address, unique id, or product. */
static bool is_named(const struct rocpart_snapshot *s, const struct rp_product *product,
		     size_t index, const char *word)
{
	const struct rocpart_gpu *gpu = NULL;

	if (!product) {
		product = s->gpus[index].product;
		if (rocpart_snapshot_find_gpu(s, word, &gpu, NULL) == 0)
			return gpu->index == index;
	}
	return product && rp_str_eq_nocase(product->name, word);
}

bool rp_gpu_word_names(const struct rocpart_snapshot *s, const struct rp_product *product,
		       size_t index, const char *word)
{
	size_t first, last;

	if (rp_gpu_word_range(word, &first, &last))
		return index >= first && index <= last;
	return rp_str_eq(word, "all") || is_named(s, product, index, word);
}
