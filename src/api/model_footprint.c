/* SPDX-License-Identifier: MIT */
/* Reading footprints, and the flags of engines that make them true. */
#include "api/model_internal.h"
#include "base/num.h"
#include "base/strbuf.h"
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
	if (rp_str_eq(what, "precision"))
		return footprint->f.precision;
	if (rp_str_eq(what, "kv_dtype"))
		return footprint->f.kv_dtype ? footprint->f.kv_dtype->name : "";
	if (rp_str_eq(what, "engine"))
		return rp_engine_name(footprint->f.version.engine);
	return "";
}

ROCPART_PUBLIC int rocpart_footprint_get_assumption(const struct rocpart_footprint *footprint,
						    size_t index, const char **ret_what,
						    const char **ret_value, const char **ret_why)
{
	const struct rp_assumption *a = &footprint->f.assumed[index];

	if (index >= footprint->f.n_assumed)
		return -ENOENT;
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

/* A list that stays NULL-terminated. */
struct words {
	char **v;
	size_t n, cap;
	bool failed;
};

static void add(struct words *w, char *word)
{
	if (w->failed || !word || rp_grow(&w->v, &w->cap, w->n + 2, sizeof(*w->v)) < 0) {
		free(word);
		w->failed = true;
		return;
	}
	w->v[w->n++] = word;
	w->v[w->n] = NULL;
}

static void add_number(struct words *w, const char *flag, uint64_t n)
{
	add(w, rp_strdupf("%s", flag));
	add(w, rp_strdupf("%llu", (unsigned long long)n));
}

static void add_text(struct words *w, const char *flag, const char *text)
{
	add(w, rp_strdupf("%s", flag));
	add(w, rp_strdupf("%s", text));
}

/*
 * vLLM refuses to start when less than utilization * total is free, and at that moment its own
 * process context is already taken (sizing study 1.4). Two decimals, rounded down.
 */
static void add_utilization(struct words *w, const struct rp_footprint *f, uint64_t partition,
			    uint64_t usable)
{
	uint64_t process = f->items[RP_PART_PROCESS].bytes, free_bytes, percent;

	if (!partition || usable <= process)
		return;
	free_bytes = usable - process;
	percent = free_bytes / (partition / 100 ? partition / 100 : 1);
	if (percent > 99)
		percent = 99;
	add(w, rp_strdupf("--gpu-memory-utilization"));
	add(w, rp_strdupf("0.%02llu", (unsigned long long)percent));
}

static void vllm_flags(struct words *w, const struct rp_footprint *f, uint64_t partition,
		       uint64_t usable)
{
	add_utilization(w, f, partition, usable);
	if (f->has_cache) {
		uint64_t kv = usable ? rp_footprint_kv_room(f, usable) : f->kv_one_bytes;

		add_number(w, "--kv-cache-memory-bytes", kv);
	}
	add_number(w, "--max-model-len", f->context);
	add_number(w, "--max-num-seqs", f->max_seqs);
	add_number(w, "--max-num-batched-tokens", f->max_batched);
	if (f->ranks > 1)
		add_number(w, "--tensor-parallel-size", f->ranks);
	/* A 16-bit checkpoint that was asked for in fp8 is quantised by the engine as it loads. */
	if (rp_str_eq(f->precision, "fp8"))
		add_text(w, "--quantization", "fp8");
	if (f->kv_dtype && f->kv_dtype->block_bytes == 1)
		add_text(w, "--kv-cache-dtype", f->kv_dtype->name);
	if (!f->items[RP_PART_GRAPH].bytes)
		add(w, rp_strdupf("--enforce-eager"));
}

static void llama_flags(struct words *w, const struct rp_footprint *f)
{
	uint64_t cells = 0;
	const char *type = f->kv_dtype ? f->kv_dtype->name : "f16";

	if (rp_str_eq(type, "fp16"))
		type = "f16";
	else if (rp_str_eq(type, "fp32"))
		type = "f32";
	/* --ctx-size is shared by all slots. */
	if (rp_mul_u64(f->context, f->max_seqs, &cells) == 0)
		add_number(w, "--ctx-size", cells);
	add_number(w, "--parallel", f->max_seqs);
	add_number(w, "--batch-size", f->max_batched);
	add_number(w, "--ubatch-size", f->max_batched < 512 ? f->max_batched : 512);
	add_text(w, "--cache-type-k", type);
	add_text(w, "--cache-type-v", type);
	add_number(w, "--n-gpu-layers", 999);
}

ROCPART_PUBLIC int rocpart_footprint_get_flags(const struct rocpart_footprint *footprint,
					       uint64_t partition_bytes, uint64_t usable_bytes,
					       char ***ret_flags)
{
	const struct rp_footprint *f = &footprint->f;
	struct words w = {0};

	if (f->version.engine == RP_ENGINE_VLLM)
		vllm_flags(&w, f, partition_bytes, usable_bytes);
	else
		llama_flags(&w, f);
	if (w.failed) {
		rocpart_flags_free(w.v);
		return -ENOMEM;
	}
	*ret_flags = w.v;
	return 0;
}
