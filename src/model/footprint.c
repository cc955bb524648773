/* SPDX-License-Identifier: MIT */
/* Reading footprints, and the flags of engines that make them true. */
#include "model/footprint.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "model/engine_flags.h"
#include "rocpart/model.h"

ROCPART_PUBLIC struct rocpart_footprint *rocpart_footprint_free(struct rocpart_footprint *footprint)
{
	free(footprint);
	return NULL;
}

static int known(bool is_known, uint64_t v, uint64_t *ret)
{
	if (!is_known)
		return -ENODATA;
	*ret = v;
	return 0;
}

/* The parts have the numbers of enum rp_footprint_part. */
static bool is_part(enum rocpart_footprint_value value)
{
	return (unsigned)value < RP_N_PARTS;
}

ROCPART_PUBLIC int rocpart_footprint_get(const struct rocpart_footprint *footprint,
					 enum rocpart_footprint_value value, uint64_t *ret_value)
{
	const struct rp_footprint *f = &footprint->f;

	if (is_part(value))
		return known(f->items[value].known, f->items[value].bytes, ret_value);
	switch ((unsigned)value) {
	case ROCPART_FOOTPRINT_TOTAL_BYTES:
		return rp_footprint_total(f, false, ret_value);
	case ROCPART_FOOTPRINT_COMFORTABLE_BYTES:
		return rp_footprint_total(f, true, ret_value);
	case ROCPART_FOOTPRINT_PARAMETERS:
		return known(f->has_parameters, f->parameters, ret_value);
	case ROCPART_FOOTPRINT_KV_BYTES_PER_TOKEN:
		return known(f->has_cache, f->cache.token_bytes, ret_value);
	case ROCPART_FOOTPRINT_STATE_BYTES:
		return known(f->has_cache, f->cache.sequence_bytes, ret_value);
	case ROCPART_FOOTPRINT_ACTIVE_BYTES:
		return known(f->active_bytes != 0, f->active_bytes, ret_value);
	case ROCPART_FOOTPRINT_CONTEXT:
		return known(true, f->context, ret_value);
	case ROCPART_FOOTPRINT_MAX_SEQS:
		return known(true, f->max_seqs, ret_value);
	case ROCPART_FOOTPRINT_MAX_BATCHED_TOKENS:
		return known(true, f->max_batched, ret_value);
	case ROCPART_FOOTPRINT_RANKS:
		return known(true, f->ranks, ret_value);
	case ROCPART_FOOTPRINT_DRAFT_PARAMETERS:
		return known(f->draft_parameters != 0, f->draft_parameters, ret_value);
	default:
		return -EINVAL;
	}
}

ROCPART_PUBLIC const char *
rocpart_footprint_get_confidence(const struct rocpart_footprint *footprint,
				 enum rocpart_footprint_value value)
{
	if (value == ROCPART_FOOTPRINT_TOTAL_BYTES)
		return footprint->f.confidence;
	if (!is_part(value) || !footprint->f.items[value].known)
		return "unknown";
	return footprint->f.items[value].confidence;
}

ROCPART_PUBLIC const char *rocpart_footprint_get_source(const struct rocpart_footprint *footprint,
							enum rocpart_footprint_value value)
{
	if (!is_part(value) || !footprint->f.items[value].known)
		return "";
	return footprint->f.items[value].source;
}

ROCPART_PUBLIC const char *rocpart_footprint_get_text(const struct rocpart_footprint *footprint,
						      const char *what)
{
	if (rp_str_eq(what, "dtype"))
		return footprint->f.dtype;
	if (rp_str_eq(what, "kv_dtype"))
		return footprint->f.kv_dtype ? footprint->f.kv_dtype->name : "";
	if (rp_str_eq(what, "engine"))
		return rp_engine_name(footprint->f.version.engine);
	if (rp_str_eq(what, "model"))
		return footprint->model;
	return "";
}

ROCPART_PUBLIC int rocpart_footprint_get_assumption(const struct rocpart_footprint *footprint,
						    size_t index, const char **ret_what,
						    const char **ret_value, const char **ret_why)
{
	const struct rp_assumption *a;

	if (index >= footprint->f.n_assumed)
		return -ENOENT;
	a = &footprint->f.assumed[index];
	*ret_what = a->what;
	*ret_value = a->value;
	*ret_why = a->why;
	return 0;
}

ROCPART_PUBLIC int rocpart_footprint_kv_tokens(const struct rocpart_footprint *footprint,
					       uint64_t usable_bytes, uint64_t *ret_tokens)
{
	return rp_footprint_kv_tokens(&footprint->f, usable_bytes, ret_tokens);
}

ROCPART_PUBLIC int rocpart_footprint_kv_bytes(const struct rocpart_footprint *footprint,
					      uint64_t tokens, uint64_t *ret_bytes)
{
	if (!footprint->f.has_cache)
		return -ENODATA;
	return rp_cache_bytes(&footprint->f.cache, tokens, ret_bytes);
}

ROCPART_PUBLIC int rocpart_footprint_fits(const struct rocpart_footprint *footprint,
					  uint64_t usable_bytes)
{
	uint64_t total;
	int r = rp_footprint_total(&footprint->f, false, &total);

	return r < 0 ? -ENODATA : total <= usable_bytes;
}

ROCPART_PUBLIC int rocpart_footprint_bound(const struct rocpart_footprint *footprint,
					   uint64_t bandwidth_bytes_per_s, uint64_t tokens,
					   uint64_t *ret_millitokens_per_s)
{
	const struct rp_footprint *f = &footprint->f;
	uint64_t kv = 0;

	if (!f->active_bytes || (tokens && !f->has_cache))
		return -ENODATA;
	/* Windows bound what is read as they bound what is kept. */
	if (tokens && rp_cache_request_bytes(&f->cache, tokens, 1, 1, &kv) < 0)
		return -EOVERFLOW;
	*ret_millitokens_per_s = rp_bound_millitokens(f, bandwidth_bytes_per_s, kv);
	return 0;
}

ROCPART_PUBLIC uint64_t rocpart_usable_bytes(uint64_t partition_bytes, uint64_t host_free_bytes,
					     uint64_t vram_bytes, uint64_t pinned_bytes)
{
	return rp_usable_bytes(partition_bytes, rp_page_table_reserve(host_free_bytes, vram_bytes),
			       pinned_bytes);
}

ROCPART_PUBLIC char **rocpart_flags_free(char **flags)
{
	for (char **p = flags; p && *p; p++)
		free(*p);
	free(flags);
	return NULL;
}

ROCPART_PUBLIC int rocpart_footprint_get_flags(const struct rocpart_footprint *footprint,
					       uint64_t partition_bytes, uint64_t usable_bytes,
					       char ***ret_flags)
{
	const struct rp_footprint *f = &footprint->f;
	RP_AUTO_WORDS struct rp_words w = {0};
	struct rp_engine_facts facts = {
		.is_vllm = f->version.engine == RP_ENGINE_VLLM,
		.dtype = f->dtype,
		.kv_dtype = f->kv_dtype ? f->kv_dtype->name : "",
		.context = f->context,
		.max_seqs = f->max_seqs,
		.max_batched = f->max_batched,
		.ranks = f->ranks,
		.is_eager = !f->items[RP_PART_GRAPH].bytes,
		.process_bytes = f->items[RP_PART_PROCESS].bytes,
		.partition_bytes = partition_bytes,
		.limit_bytes = usable_bytes,
	};

	if (f->has_cache)
		facts.kv_bytes =
			usable_bytes ? rp_footprint_kv_room(f, usable_bytes) : f->kv_one_bytes;
	rp_engine_flags(&facts, &w);
	if (w.failed)
		return -ENOMEM;
	*ret_flags = w.v;
	memset(&w, 0, sizeof(w));
	return 0;
}
