/* SPDX-License-Identifier: MIT */
#include "model/size.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "model/doubts.h"

#define DEFAULT_CONTEXT 8192u
#define DEFAULT_SEQS	256u
#define DEFAULT_BATCHED 2048u
#define MAX_RANKS	1024u
#define MAX_TOKENS	(UINT64_C(1) << 40)
#define RESERVE_SHIFT	14
#define RESERVE_LEAST	(8 * RP_MIB)

void rp_model_desc_done(struct rp_model_desc *d)
{
	if (!d)
		return;
	free(d->name);
	free(d->source);
	rp_model_config_done(&d->config);
	memset(d, 0, sizeof(*d));
}

static void assume_number(struct rp_footprint *f, const char *what, const char *why, uint64_t n)
{
	char text[24];

	(void)rp_fmt(text, sizeof(text), "%llu", (unsigned long long)n); /* 20 digits fit */
	rp_assume(f, what, why, text);
}

static int refuse(struct rocpart_error *reterr, const char *what, const char *word,
		  const char *choices)
{
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, word,
			   "unknown %s '%.60s'", what, word);
	return rp_error_hint(reterr, "use one of: %s", choices);
}

static int resolve_engine(const struct rp_model_desc *d, const struct rp_size_request *q,
			  struct rp_footprint *f, struct rocpart_error *reterr)
{
	const char *word = q->engine			 ? q->engine
			   : d->origin == RP_ORIGIN_GGUF ? "llama.cpp"
							 : "vllm:0.19";

	if (rp_engine_parse(word, &f->version) < 0)
		return refuse(reterr, "engine", word, rp_engine_words);
	if (!q->engine)
		rp_assume(f, "engine",
			  d->origin == RP_ORIGIN_GGUF ? "the file is GGUF" : "not given", word);
	if (f->version.engine == RP_ENGINE_VLLM &&
	    (f->version.major || f->version.minor < 15 || f->version.minor > 19))
		rp_assume(f, "engine figures", "measured with vLLM 0.15 to 0.19 only",
			  "valid for this version");
	return 0;
}

static int resolve_request(const struct rp_model_desc *d, const struct rp_size_request *q,
			   const struct rp_layout *l, struct rp_footprint *f,
			   struct rocpart_error *reterr)
{
	bool llama = f->version.engine == RP_ENGINE_LLAMA_CPP;
	uint64_t model_max = l ? l->c.max_context : d->config.max_context;

	f->ranks = q->tp ? q->tp : 1;
	f->context = q->context;
	f->max_seqs = q->max_seqs;
	f->max_batched = q->max_batched;
	if (f->ranks > MAX_RANKS || f->context > MAX_TOKENS || f->max_seqs > MAX_TOKENS ||
	    f->max_batched > MAX_TOKENS)
		return rp_error_set(reterr, -ERANGE, ROCPART_ERR_INVALID_ARGUMENT, d->name,
				    "the context, the number of requests or the number of ranks is "
				    "too large to be real");
	if (!f->context) {
		f->context = model_max && model_max < DEFAULT_CONTEXT ? model_max : DEFAULT_CONTEXT;
		assume_number(f, "context",
			      model_max ? "the smaller of the model's maximum and 8192"
					: "8192, because the model's maximum is not known",
			      f->context);
	} else if (model_max && f->context > model_max) {
		rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, d->name,
			     "a context of %llu tokens is longer than the model's maximum of %llu",
			     (unsigned long long)f->context, (unsigned long long)model_max);
		return rp_error_hint(reterr, "choose a context of %llu tokens or fewer",
				     (unsigned long long)model_max);
	}
	if (!f->max_seqs) {
		f->max_seqs = llama ? 1 : DEFAULT_SEQS;
		assume_number(f, "max_seqs", "not given", f->max_seqs);
	}
	if (!f->max_batched) {
		f->max_batched = DEFAULT_BATCHED;
		assume_number(f, "max_num_batched_tokens", "not given", f->max_batched);
	}
	return 0;
}

static void set_item(struct rp_footprint *f, enum rp_footprint_part part, uint64_t bytes,
		     const char *confidence, const char *source)
{
	f->items[part] = (struct rp_footprint_item){bytes, true, confidence, source};
}

/* Files have their own bytes; a rank's share of them follows the computed one. */
static int share_of_files(const struct rp_footprint *f, uint64_t bytes,
			  const struct rp_weights *whole, const struct rp_weights *rank,
			  uint64_t *ret)
{
	if (f->ranks == 1) {
		*ret = bytes;
	} else if (!whole || !whole->bytes) {
		*ret = bytes / f->ranks + (bytes % f->ranks != 0);
	} else {
		/* bytes * rank / whole without overflow: both are far below 2^63 */
		__extension__ typedef unsigned __int128 u128;
		u128 v = (u128)bytes * rank->bytes / whole->bytes;

		if (v > UINT64_MAX)
			return -EOVERFLOW;
		*ret = (uint64_t)v;
	}
	return 0;
}

/* Where an engine keeps something else than the file holds. */
static void note_files(const struct rp_model_desc *d, struct rp_footprint *f)
{
	if (d->float32_bytes > d->file_bytes / 2 && f->version.engine == RP_ENGINE_VLLM)
		rp_assume(f, "dtype", "vLLM's --dtype auto would load float32 files as 16 bit",
			  "float32 as in the files");
	if (d->host_bytes && f->version.engine == RP_ENGINE_LLAMA_CPP)
		assume_number(f, "embedding bytes on the GPU",
			      "llama.cpp keeps them on the host; counted nevertheless",
			      d->host_bytes);
}

static int weights_of_files(const struct rp_model_desc *d, const struct rp_layout *l,
			    struct rp_footprint *f, struct rocpart_error *reterr)
{
	uint64_t resident = d->file_bytes - d->skipped_bytes, bytes;
	struct rp_weight_plan plan;
	struct rp_weights whole = {0}, rank = {0};
	const char *confidence = "exact";
	bool computed = false;

	if (l && rp_weight_plan_native(&d->config, d->name, &plan, NULL) == 0 &&
	    rp_weights_count(l, &plan, 1, &whole, NULL) == 0) {
		int r = rp_weights_count(l, &plan, f->ranks, &rank, reterr);

		if (r < 0)
			return r;
		computed = true;
	}
	if (share_of_files(f, resident, computed ? &whole : NULL, &rank, &bytes) < 0)
		return rp_error_set(reterr, -EOVERFLOW, ROCPART_ERR_MODEL_FORMAT, d->name,
				    "the size of the weights does not fit in 64 bits");
	if (f->ranks > 1)
		confidence = computed ? "derived" : "guess";
	set_item(f, RP_PART_WEIGHTS, bytes, d->origin == RP_ORIGIN_BYTES ? "given" : confidence,
		 d->origin == RP_ORIGIN_BYTES	? "--bytes"
		 : d->origin == RP_ORIGIN_GGUF	? "GGUF tensor table"
		 : d->origin == RP_ORIGIN_INDEX ? "total_size of model.safetensors.index.json"
						: "safetensors headers");
	if (d->file_parameters && !d->packed) {
		f->has_parameters = true;
		f->parameters = d->file_parameters;
	} else if (computed) {
		f->has_parameters = true;
		f->parameters = whole.parameters;
	}
	if (computed && rank.bytes) {
		__extension__ typedef unsigned __int128 u128;

		f->active_bytes = (uint64_t)((u128)bytes * rank.active_bytes / rank.bytes);
	} else {
		f->active_bytes = bytes;
	}
	(void)rp_fmt(f->dtype, sizeof(f->dtype), "as in the file"); /* fits */
	note_files(d, f);
	return 0;
}

/* 16 bit has two names. */
static void name_dtype(struct rp_footprint *f, const struct rp_model_desc *d,
		       const struct rp_size_request *q, const struct rp_weight_plan *plan)
{
	const char *text = plan->text;

	if (q->dtype)
		text = q->dtype;
	else if (!d->config.has_quant)
		text = rp_str_eq(d->config.dtype, "float32")   ? "fp32"
		       : rp_str_eq(d->config.dtype, "float16") ? "fp16"
							       : "bf16";
	/* Both arrays have the same size, and words of the user are shorter: never cut. */
	(void)rp_fmt(f->dtype, sizeof(f->dtype), "%s", text);
	if (!q->dtype)
		rp_assume(f, "dtype", "as the model is published", f->dtype);
}

static int weights_of_config(const struct rp_model_desc *d, const struct rp_size_request *q,
			     const struct rp_layout *l, struct rp_footprint *f,
			     struct rocpart_error *reterr)
{
	struct rp_weight_spec spec;
	struct rp_weight_plan plan;
	struct rp_weights w;
	int r;

	if (q->dtype) {
		if (rp_weight_spec_parse(q->dtype, &spec) < 0)
			return refuse(reterr, "dtype", q->dtype, rp_weight_words);
		rp_weight_plan_uniform(&spec, &plan);
	} else {
		r = rp_weight_plan_native(&d->config, d->name, &plan, reterr);
		if (r < 0)
			return r;
	}
	r = rp_weights_count(l, &plan, f->ranks, &w, reterr);
	if (r < 0)
		return r;
	set_item(f, RP_PART_WEIGHTS, w.bytes, "derived",
		 "sum of the tensors that the config implies");
	f->has_parameters = true;
	f->parameters = w.parameters;
	f->draft_parameters = w.mtp_parameters;
	f->active_bytes = w.active_bytes;
	name_dtype(f, d, q, &plan);
	return rp_doubts_of_format(d, q, &w, f, reterr);
}

static int weights(const struct rp_model_desc *d, const struct rp_size_request *q,
		   const struct rp_layout *l, struct rp_footprint *f, struct rocpart_error *reterr)
{
	if (d->has_file_bytes && !q->dtype)
		return weights_of_files(d, l, f, reterr);
	if (l)
		return weights_of_config(d, q, l, f, reterr);
	rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_UNSUPPORTED, d->name,
		     "--dtype needs a config.json: the shapes of the tensors do not show what is "
		     "quantised");
	return rp_error_hint(reterr,
			     "leave out --dtype, or put the model's config.json next to the file");
}

/* Weights that are counted in 32 bits. vLLM's cache follows them, that of llama.cpp does not. */
static bool is_float32(const struct rp_model_desc *d, const struct rp_size_request *q)
{
	struct rp_weight_spec spec;

	if (q->dtype)
		return rp_weight_spec_parse(q->dtype, &spec) == 0 && spec.format == RP_W_F32;
	if (d->has_file_bytes)
		return d->float32_bytes > d->file_bytes / 2;
	return !d->config.has_quant && rp_str_eq(d->config.dtype, "float32");
}

static int cache(const struct rp_model_desc *d, const struct rp_size_request *q,
		 const struct rp_layout *l, struct rp_footprint *f, struct rocpart_error *reterr)
{
	bool paged = f->version.engine == RP_ENGINE_VLLM, wide = paged && is_float32(d, q);
	const char *word = q->kv_dtype ? q->kv_dtype : wide ? "fp32" : "bf16";
	uint64_t most;
	int r;

	f->kv_dtype = rp_kv_dtype_find(word);
	if (!f->kv_dtype)
		return refuse(reterr, "kv-dtype", word, rp_kv_dtype_words);
	if (paged && f->kv_dtype->llama_cpp_only)
		return refuse(reterr, "kv-dtype of vLLM", word, rp_kv_dtype_words);
	if (!q->kv_dtype)
		rp_assume(f, "kv_dtype", wide ? "as the weights" : "not given",
			  wide ? "32 bit" : "16 bit");
	r = rp_cache_make(l, f->kv_dtype, f->ranks, paged, &f->cache, reterr);
	if (r < 0)
		return r;
	if (rp_cache_request_bytes(&f->cache, f->context, f->max_batched, 1, &f->kv_one_bytes) <
		    0 ||
	    rp_mul_u64(f->kv_one_bytes, RP_COMFORTABLE_REQUESTS, &most) < 0)
		return rp_error_set(
			reterr, -EOVERFLOW, ROCPART_ERR_INVALID_ARGUMENT, l->family,
			"the size of the cache for that context does not fit in 64 bits");
	f->comfortable_kv_bytes = most;
	f->has_cache = true;
	set_item(f, RP_PART_KV, f->kv_one_bytes, "derived", "one request of the whole context");
	return 0;
}

static const char *row_source(enum rp_rest_part part, const struct rp_footprint *f,
			      enum rp_platform platform, const char **ret_confidence)
{
	const struct rp_rest_row *r = rp_rest_find(part, &f->version, platform);

	*ret_confidence = r ? r->confidence : "exact";
	return r ? r->source : "the engine has no such part";
}

/* Llama 4 has a tower even where its config does not describe one. */
static bool is_multimodal(const struct rp_layout *l)
{
	uint64_t n;
	bool split;

	return l && rp_vision_parameters(l, &n, &split, NULL) == 0 && n > 0;
}

static int rest(const struct rp_size_request *q, const struct rp_layout *l, struct rp_footprint *f,
		struct rocpart_error *reterr)
{
	struct rp_rest_request rq = {
		.l = l,
		.version = f->version,
		.platform = q->platform,
		.max_seqs = f->max_seqs,
		.max_batched = f->max_batched,
		.tp = f->ranks,
		.eager = q->eager,
		.multimodal = is_multimodal(l),
	};
	const char *confidence, *source;
	struct rp_rest v;

	if (rp_rest_compute(&rq, &v) < 0)
		return rp_error_set(reterr, -EOVERFLOW, ROCPART_ERR_INVALID_ARGUMENT, "--max-seqs",
				    "the size of the activations does not fit in 64 bits");
	source = row_source(RP_REST_SAMPLER, f, q->platform, &confidence);
	if (l)
		set_item(f, RP_PART_ACTIVATION, v.activation,
			 f->version.engine == RP_ENGINE_VLLM ? confidence : "guess",
			 f->version.engine == RP_ENGINE_VLLM
				 ? source
				 : "float32 logits of one micro batch of 512");
	source = row_source(RP_REST_PROCESS, f, q->platform, &confidence);
	set_item(f, RP_PART_PROCESS, v.process, confidence, source);
	source = row_source(RP_REST_COLLECTIVE, f, q->platform, &confidence);
	if (f->ranks == 1)
		set_item(f, RP_PART_COLLECTIVE, 0, "exact", "one rank: no collective buffers");
	else
		set_item(f, RP_PART_COLLECTIVE, v.collective, confidence, source);
	source = row_source(RP_REST_GRAPH, f, q->platform, &confidence);
	if (q->eager)
		set_item(f, RP_PART_GRAPH, 0, "exact", "--enforce-eager: no graphs");
	else
		set_item(f, RP_PART_GRAPH, v.graph, confidence, source);
	source = row_source(RP_REST_MARGIN, f, q->platform, &confidence);
	set_item(f, RP_PART_MARGIN, v.margin, confidence, source);
	return 0;
}

static const char *worst_confidence(const struct rp_footprint *f)
{
	static const char *const order[] = {"exact", "given", "derived", "measured", "guess"};
	size_t worst = 0;

	for (size_t i = 0; i < RP_N_PARTS; i++) {
		if (!f->items[i].known)
			return "incomplete";
		for (size_t k = worst; k < RP_ARRAY_LEN(order); k++) {
			if (f->items[i].bytes && rp_str_eq(order[k], f->items[i].confidence))
				worst = k;
		}
	}
	return order[worst];
}

/*
 * The layout of the config; NULL when the files alone say the bytes: their architecture is unknown,
 * or a GGUF file says less of it than a config.json, or a key was not understood.
 */
static int find_layout(const struct rp_model_desc *d, const struct rp_size_request *q,
		       struct rp_layout *layout, struct rp_footprint *f,
		       const struct rp_layout **ret, struct rocpart_error *reterr)
{
	const char *why = "the architecture is unknown or incompletely described";
	const struct rp_model_doubts *keys = d->config.shape_doubts;
	uint64_t vision;
	bool is_split;
	char text[160];
	int r;

	*ret = NULL;
	if (!d->has_config)
		return 0;
	r = rp_layout_make(&d->config, d->name, layout, reterr);
	/* A key of another architecture may ask for keys that this one does not have. */
	if (r == -EINVAL && keys && !q->lenient)
		r = rp_doubts_of_shape(d, layout, q, reterr);
	/* An unknown tower is named first, and none of its keys. */
	r = r < 0 || d->has_file_bytes ? r
				       : rp_vision_parameters(layout, &vision, &is_split, reterr);
	if (r == 0) {
		r = rp_doubts_of_shape(d, layout, q, reterr);
		why = "a key of the config is not understood; --lenient counts without the key";
	}
	if (r == 0) {
		*ret = layout;
		return 0;
	}
	if (!d->has_file_bytes || (r != -ENOTSUP && d->origin != RP_ORIGIN_GGUF))
		return r;
	/* Fits: the key has at most 95 characters, the value 31. */
	if (keys)
		(void)rp_fmt(text, sizeof(text), "unknown: '%s' = %s", keys->v[0].key,
			     keys->v[0].value);
	rp_assume(f, "cache and activations", why, keys ? text : "unknown");
	return 0;
}

int rp_size(const struct rp_model_desc *d, const struct rp_size_request *q,
	    struct rp_footprint *ret, struct rocpart_error *reterr)
{
	RP_AUTO_FREE struct rp_layout *layout = rp_new0(struct rp_layout, 1);
	struct rp_footprint f = {0};
	const struct rp_layout *l = NULL;
	int r = layout ? find_layout(d, q, layout, &f, &l, reterr) : rp_error_nomem(reterr);

	r = r < 0 ? r : resolve_engine(d, q, &f, reterr);
	r = r < 0 ? r : resolve_request(d, q, l, &f, reterr);
	r = r < 0 ? r : weights(d, q, l, &f, reterr);
	if (r == 0 && l)
		r = cache(d, q, l, &f, reterr);
	r = r < 0 ? r : rest(q, l, &f, reterr);
	if (r < 0)
		return r;
	rp_doubts_note(d, q, &f);
	f.confidence = worst_confidence(&f);
	*ret = f;
	return 0;
}

int rp_footprint_total(const struct rp_footprint *f, bool comfortable, uint64_t *ret)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < RP_N_PARTS; i++) {
		uint64_t v = f->items[i].bytes;

		if (!f->items[i].known)
			return -ENODATA;
		if (i == RP_PART_KV && comfortable)
			v = f->comfortable_kv_bytes;
		if (rp_add_u64(sum, v, &sum) < 0)
			return -EOVERFLOW;
	}
	*ret = sum;
	return 0;
}

uint64_t rp_footprint_kv_room(const struct rp_footprint *f, uint64_t usable)
{
	uint64_t rest_bytes = 0;

	for (size_t i = 0; i < RP_N_PARTS; i++) {
		if (i != RP_PART_KV && rp_add_u64(rest_bytes, f->items[i].bytes, &rest_bytes) < 0)
			return 0;
	}
	return usable > rest_bytes ? usable - rest_bytes : 0;
}

int rp_footprint_kv_tokens(const struct rp_footprint *f, uint64_t usable, uint64_t *ret)
{
	if (!f->has_cache)
		return -ENODATA;
	*ret = rp_cache_tokens(&f->cache, rp_footprint_kv_room(f, usable));
	return 0;
}

uint64_t rp_usable_bytes(uint64_t partition, uint64_t reserve, uint64_t pinned)
{
	uint64_t less;

	if (rp_add_u64(reserve, pinned, &less) < 0 || less > partition)
		return 0;
	return partition - less;
}

uint64_t rp_page_table_reserve(uint64_t host_free, uint64_t all_vram)
{
	uint64_t sum;

	if (rp_add_u64(host_free, all_vram, &sum) < 0)
		sum = UINT64_MAX;
	sum >>= RESERVE_SHIFT;
	return sum > RESERVE_LEAST ? sum : RESERVE_LEAST;
}

uint64_t rp_bound_millitokens(const struct rp_footprint *f, uint64_t bandwidth, uint64_t kv_bytes)
{
	__extension__ typedef unsigned __int128 u128;
	uint64_t read;

	if (!f->active_bytes || rp_add_u64(f->active_bytes, kv_bytes, &read) < 0)
		return 0;
	return (uint64_t)((u128)bandwidth * 1000 / read);
}

uint64_t rp_sustained_bandwidth(uint64_t peak_bytes_per_s, uint32_t partitions, bool interleaved)
{
	__extension__ typedef unsigned __int128 u128;

	if (!partitions)
		return 0;
	return (uint64_t)((u128)peak_bytes_per_s * (interleaved ? 4010 : 4210) / 5300 / partitions);
}
