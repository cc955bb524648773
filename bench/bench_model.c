/* SPDX-License-Identifier: MIT */
/*
 * The measuring half of `make bench-model`; bench_model.py drives it and prints.
 *
 *   bench_model size            lines "NAME PRECISION TP SEQS BATCHED ENGINE PLATFORM KV_BYTES KV"
 * in, lines of numbers out ("-" as dtype: as the model comes) bench_model open PATH...    one
 * line per path: numbers, or why it was refused bench_model catalog         names and published
 * parameter counts bench_model header FILE     nanoseconds and peak of the heap of reading a
 * safetensors header bench_model speed FILE      nanoseconds of loading a catalog and of 10,000
 * look-ups
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "model/files/catalog.h"
#include "model/files/folder.h"

/* The linker sends our calls of malloc and its kin here (--wrap). */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void __wrap_free(void *p);

/* Signed: libc frees what it did not allocate through us, and the reverse. */
static int64_t heap, heap_peak;

static void *grown(void *p)
{
	heap += p ? (int64_t)malloc_usable_size(p) : 0;
	heap_peak = heap > heap_peak ? heap : heap_peak;
	return p;
}

void *__wrap_malloc(size_t n)
{
	return grown(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return grown(__real_calloc(n, size));
}

/* Old and new are both there for a moment. */
static void *moved(size_t before, void *q)
{
	if (!q)
		return NULL;
	(void)grown(q);
	heap -= (int64_t)before;
	return q;
}

void *__wrap_realloc(void *p, size_t n)
{
	size_t before = p ? malloc_usable_size(p) : 0;

	return moved(before, __real_realloc(p, n));
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	size_t before = p ? malloc_usable_size(p) : 0;

	return moved(before, __real_reallocarray(p, n, size));
}

void __wrap_free(void *p)
{
	heap -= p ? (int64_t)malloc_usable_size(p) : 0;
	__real_free(p);
}

static uint64_t now(void)
{
	struct timespec t;

	/* of this process: what else runs on the machine does not count */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static int fail(const struct rocpart_error *err)
{
	printf("error %s: %s\n", err->object, err->message);
	return 1;
}

static int load(struct rp_catalog *c)
{
	struct rocpart_error err = {0};

	return rp_catalog_load(c, ROCPART_SOURCE_ROOT "/models/catalog.yaml", &err) < 0 ? fail(&err)
											: 0;
}

static void print_size(const struct rp_model_desc *d, const struct rp_size_request *q,
		       uint64_t kv_bytes)
{
	struct rocpart_error err = {0};
	struct rp_footprint f;
	uint64_t rest;

	if (rp_size(d, q, &f, &err) < 0) {
		(void)fail(&err);
		return;
	}
	rest = f.items[RP_PART_WEIGHTS].bytes + f.items[RP_PART_ACTIVATION].bytes +
	       f.items[RP_PART_PROCESS].bytes + f.items[RP_PART_COLLECTIVE].bytes;
	printf("ok %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", f.parameters,
	       f.items[RP_PART_WEIGHTS].bytes, rest,
	       f.has_cache ? rp_cache_tokens(&f.cache, kv_bytes) : 0,
	       f.has_cache ? f.cache.token_bytes : 0);
}

static uint64_t number(const char *s)
{
	uint64_t v = 0;

	return rp_parse_u64(s, 10, &v) < 0 ? 0 : v;
}

static void one_line(const struct rp_catalog *c, char *line)
{
	RP_AUTO_MODEL_DESC struct rp_model_desc d = {0};
	const struct rp_catalog_entry *e;
	char *word[9], *rest = NULL;
	bool ambiguous;
	size_t n = 0;

	for (char *w = strtok_r(line, " \n", &rest); w && n < RP_ARRAY_LEN(word);
	     w = strtok_r(NULL, " \n", &rest))
		word[n++] = w;
	e = n == RP_ARRAY_LEN(word) ? rp_catalog_find(c, word[0], &ambiguous) : NULL;
	if (!e || rp_catalog_describe(e, &d, NULL) < 0) {
		printf("error not in the catalog\n");
		return;
	}
	struct rp_size_request q = {
		.dtype = rp_str_eq(word[1], "-") ? NULL : word[1],
		.tp = (uint32_t)number(word[2]),
		.max_seqs = number(word[3]),
		.max_batched = number(word[4]),
		.engine = word[5],
		.kv_dtype = word[8],
		.platform = rp_str_eq(word[6], "cuda") ? RP_PLATFORM_CUDA : RP_PLATFORM_ROCM,
	};

	print_size(&d, &q, number(word[7]));
}

static int run_size(void)
{
	RP_AUTO_CATALOG struct rp_catalog c = {0};
	char line[512];

	if (load(&c))
		return 1;
	while (fgets(line, sizeof(line), stdin))
		one_line(&c, line);
	return 0;
}

static int run_open(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		RP_AUTO_MODEL_DESC struct rp_model_desc d = {0};
		struct rp_size_request q = {0};
		struct rocpart_error err = {0};

		if (rp_model_read(argv[i], &d, &err) < 0)
			(void)fail(&err);
		else
			print_size(&d, &q, 0);
	}
	return 0;
}

static int run_catalog(void)
{
	RP_AUTO_CATALOG struct rp_catalog c = {0};
	struct rp_layout l;
	struct rp_weight_plan plan;
	struct rp_weights w;

	if (load(&c))
		return 1;
	for (size_t i = 0; i < c.n; i++) {
		const struct rp_catalog_entry *e = &c.v[i];

		if (rp_layout_make(&e->config, e->name, &l, NULL) < 0 ||
		    rp_weight_plan_native(&e->config, e->name, &plan, NULL) < 0 ||
		    rp_weights_count(&l, &plan, 1, &w, NULL) < 0)
			return 1;
		/* a copy of tied embeddings is part of what some hubs count */
		printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", e->name,
		       w.parameters, w.mtp_parameters,
		       (l.features & RP_AF_TIED) ? w.embedding_bytes / 2 : 0, e->parameters);
	}
	return 0;
}

static int run_header(const char *path)
{
	uint64_t best = UINT64_MAX, bytes = 0, n = 0;
	int64_t peak = 0;

	for (int i = 0; i < 5; i++) {
		RP_AUTO_MODEL_DESC struct rp_model_desc d = {0};
		struct rocpart_error err = {0};
		int64_t before = heap;
		uint64_t start = now();

		heap_peak = heap;
		if (rp_model_read(path, &d, &err) < 0)
			return fail(&err);
		start = now() - start;
		best = start < best ? start : best;
		peak = heap_peak - before;
		bytes = d.file_bytes;
		n = d.n_tensors;
	}
	printf("ok %" PRIu64 " %" PRId64 " %" PRIu64 " %" PRIu64 "\n", best, peak, n, bytes);
	return 0;
}

static int run_speed(const char *path)
{
	uint64_t load_ns = UINT64_MAX, find_ns = UINT64_MAX;
	size_t found = 0;

	for (int i = 0; i < 5; i++) {
		RP_AUTO_CATALOG struct rp_catalog c = {0};
		struct rocpart_error err = {0};
		uint64_t start = now();
		bool ambiguous;

		if (rp_catalog_load(&c, path, &err) < 0)
			return fail(&err);
		load_ns = now() - start < load_ns ? now() - start : load_ns;
		start = now();
		for (size_t k = 0; k < 10000; k++)
			found += rp_catalog_find(&c, c.v[k % c.n].name, &ambiguous) != NULL;
		find_ns = now() - start < find_ns ? now() - start : find_ns;
	}
	printf("ok %" PRIu64 " %" PRIu64 " %zu\n", load_ns, find_ns, found / 5);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (rp_str_eq(what, "size"))
		return run_size();
	if (rp_str_eq(what, "open"))
		return run_open(argc - 2, argv + 2);
	if (rp_str_eq(what, "catalog"))
		return run_catalog();
	if (rp_str_eq(what, "header") && argc == 3)
		return run_header(argv[2]);
	if (rp_str_eq(what, "speed") && argc == 3)
		return run_speed(argv[2]);
	fprintf(stderr, "bench_model size|open|catalog|header|speed\n");
	return 2;
}
