/* SPDX-License-Identifier: MIT */
#include "desired/gpu_word.h"

#include <ctype.h>

#include "base/num.h"

/* "1-7": both ends, by index. */
static bool parse_range(const char *text, size_t *first, size_t *last)
{
	const char *dash = strchr(text, '-');
	uint64_t a, b;

	if (!dash || rp_parse_u64_part(text, (size_t)(dash - text), 10, &a) < 0 ||
	    rp_parse_u64(dash + 1, 10, &b) < 0)
		return false;
	*first = (size_t)a;
	*last = (size_t)b;
	return true;
}

/* dddd:bb:dd.f in form; nothing else in a file has two colons and a dot. */
static bool looks_like_bdf(const char *word)
{
	const char *colon = strchr(word, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;

	return second && strchr(second, '.') && strlen(word) < 16 && isxdigit((unsigned char)*word);
}

/* An index, a PCI address or a unique id. */
static bool find_one(const struct rp_gpu_set *set, const char *word, size_t *ret)
{
	const struct rocpart_gpu *gpu = NULL;
	uint64_t index;

	if (set->snapshot && rocpart_snapshot_find_gpu(set->snapshot, word, &gpu, NULL) == 0) {
		*ret = gpu->index;
		return true;
	}
	if (set->snapshot || rp_parse_u64(word, 10, &index) < 0 || index >= set->n)
		return false;
	*ret = (size_t)index;
	return true;
}

static bool is_meant(const struct rp_gpu_set *set, size_t index, const char *word)
{
	const struct rocpart_gpu *gpu = set->snapshot ? &set->snapshot->gpus[index] : NULL;
	const struct rp_product *product = gpu ? gpu->product : set->product;

	if (rp_str_eq(word, "all"))
		return !gpu || gpu->compute != ROCPART_COMPUTE_UNKNOWN;
	return product && rp_str_eq_nocase(product->name, word);
}

enum rp_gpu_found rp_gpu_word_find(const struct rp_gpu_set *set, const char *word, bool *ret_gpus)
{
	size_t first, last, n = 0;

	memset(ret_gpus, 0, set->n * sizeof(*ret_gpus));
	if (parse_range(word, &first, &last)) {
		if (first > last || last >= set->n)
			return RP_GPU_BAD_RANGE;
		for (size_t i = first; i <= last; i++)
			ret_gpus[i] = true;
		return RP_GPU_FOUND;
	}
	if (find_one(set, word, &first)) {
		ret_gpus[first] = true;
		return RP_GPU_FOUND;
	}
	for (size_t i = 0; i < set->n; i++) {
		ret_gpus[i] = is_meant(set, i, word);
		n += ret_gpus[i];
	}
	return n ? RP_GPU_FOUND : looks_like_bdf(word) ? RP_GPU_LOST : RP_GPU_NONE;
}

int rp_gpu_word_refuse(const struct rp_gpu_set *set, enum rp_gpu_found found, const char *word,
		       const char *place, struct rocpart_error *reterr)
{
	const char *whose = set->snapshot ? "this machine" : "the plan";

	if (found == RP_GPU_BAD_RANGE)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, place,
				    "'%s' is not a range of the GPUs of %s, which are 0 to %zu",
				    word, whose, set->n ? set->n - 1 : 0);
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, place, "%s has no GPU '%s'",
			   whose, word);
	return rp_error_hint(reterr, "name GPUs by index, range, PCI address, unique id or "
				     "product, or 'all'; `rocpart list` shows them");
}
