/* SPDX-License-Identifier: MIT */
/* What leases recorded of the footprint of their model, as facts for the flags of its engine. */
#include "run/handout.h"

/* Leases of one model, one for each rank. */
static const char *common_footprint(const struct rp_named *named, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!named[i].lease || !*named[i].lease->footprint ||
		    !rp_str_eq(named[i].lease->footprint, named[0].lease->footprint))
			return NULL;
	return named[0].lease->footprint;
}

static uint64_t number(const struct rp_json *footprint, const char *key)
{
	int64_t v = rp_json_int_value(rp_json_get(footprint, key));

	return v > 0 ? (uint64_t)v : 0;
}

static const char *word(const struct rp_json *footprint, const char *key)
{
	const char *text = rp_json_text(rp_json_get(footprint, key));

	return text ? text : "";
}

/* One set of flags for all ranks: the least that any may use, of the most that any sees. */
static void read_sizes(const struct rp_named *named, size_t n, struct rp_engine_facts *f)
{
	f->limit_bytes = UINT64_MAX;
	for (size_t i = 0; i < n; i++) {
		uint64_t limit = named[i].lease->limit_bytes;
		uint64_t seen = named[i].part->bank_bytes.v; /* the size that ROCr reports */

		f->limit_bytes = limit < f->limit_bytes ? limit : f->limit_bytes;
		f->partition_bytes = seen > f->partition_bytes ? seen : f->partition_bytes;
	}
}

/* The cache has what the other parts leave. */
static uint64_t cache_bytes(const struct rp_json *footprint, uint64_t limit)
{
	uint64_t kv = number(footprint, "kv_bytes"), total = number(footprint, "total_bytes");

	return kv && total > kv && limit > total - kv ? limit - (total - kv) : 0;
}

int rp_handout_read_engine(struct rocpart_handout *h, const struct rp_named *named, size_t n)
{
	const char *text = common_footprint(named, n);
	struct rp_engine_facts f = {0};
	const char *engine;
	int r;

	r = text ? rp_json_parse(text, strlen(text), "footprint", &h->footprint, NULL) : -ENODATA;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	engine = word(h->footprint, "engine");
	f.is_vllm = rp_str_eq(engine, "vllm");
	f.dtype = word(h->footprint, "dtype");
	f.kv_dtype = word(h->footprint, "kv_dtype");
	f.context = number(h->footprint, "context");
	f.max_seqs = number(h->footprint, "max_seqs");
	f.max_batched = number(h->footprint, "max_batched_tokens");
	f.ranks = n;
	f.is_eager = !number(h->footprint, "graph_bytes");
	f.process_bytes = number(h->footprint, "process_bytes");
	read_sizes(named, n, &f);
	f.kv_bytes = cache_bytes(h->footprint, f.limit_bytes);
	h->values.engine = f;
	h->values.has_engine =
		f.context && f.max_seqs && (f.is_vllm || rp_str_eq(engine, "llama.cpp"));
	return 0;
}
