/* SPDX-License-Identifier: MIT */
/* Cache, footprints and fits, against logs of engines and figures of the sizing study. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/num.h"
#include "model/files/catalog.h"
#include "model/size.h"
#include "rocpart/model.h"

/* cmocka compares floats, too coarse for bytes. */
static void assert_near(double got, double want, double slack)
{
	if (got < want - slack || got > want + slack)
		fail_msg("%f is not within %f of %f", got, slack, want);
}

static struct rp_catalog catalog;
static struct rocpart_catalog *public_catalog;

#define CATALOG ROCPART_SOURCE_ROOT "/models/catalog.yaml"

static int load(void **state)
{
	(void)state;
	if (rp_catalog_load(&catalog, CATALOG, NULL) < 0 ||
	    rocpart_catalog_new(&public_catalog) < 0)
		return -1;
	return rocpart_catalog_load(public_catalog, CATALOG, NULL);
}

static int unload(void **state)
{
	(void)state;
	rp_catalog_done(&catalog);
	rocpart_catalog_free(public_catalog);
	return 0;
}

static struct rp_cache cache_of(const char *name, const char *dtype, uint32_t tp, bool paged)
{
	bool ambiguous;
	const struct rp_catalog_entry *e = rp_catalog_find(&catalog, name, &ambiguous);
	struct rp_layout l;
	struct rp_cache c;

	assert_non_null(e);
	assert_int_equal(rp_layout_make(&e->config, name, &l, NULL), 0);
	assert_int_equal(rp_cache_make(&l, rp_kv_dtype_find(dtype), tp, paged, &c, NULL), 0);
	return c;
}

/* Sizing study 1.2 and models.csv. */
static void cache_per_token_matches_published_figures(void **state)
{
	static const struct {
		const char *name, *dtype;
		uint64_t bytes;
	} rows[] = {
		{"meta-llama/Llama-3.1-8B-Instruct", "bf16", 131072},
		{"meta-llama/Llama-3.1-8B-Instruct", "fp8", 65536},
		{"meta-llama/Llama-3.3-70B-Instruct", "bf16", 327680},
		{"Qwen/Qwen2.5-7B-Instruct", "bf16", 57344},
		{"google/gemma-3-27b-it", "bf16", 507904},
		{"deepseek-ai/DeepSeek-V3", "bf16", 70272},
		{"deepseek-ai/DeepSeek-V2-Lite-Chat", "bf16", 31104},
		{"openai/gpt-oss-20b", "bf16", 49152},
		{"nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "bf16", 6144},
		{"Qwen/Qwen3.5-27B", "bf16", 65536},
		{"meta-llama/Llama-3.2-11B-Vision-Instruct", "bf16", 131072},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++)
		assert_int_equal(cache_of(rows[i].name, rows[i].dtype, 1, true).token_bytes,
				 rows[i].bytes);
}

/* models.csv: Mamba state of vLLM; delta net state of a llama.cpp log (149.62 MiB). */
static void cache_state_matches_published_figures(void **state)
{
	(void)state;
	assert_int_equal(cache_of("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "bf16", 1, true)
				 .sequence_bytes,
			 49082368);
	assert_int_equal(cache_of("Qwen/Qwen3.5-27B", "f16", 1, false).sequence_bytes, 156893184);
}

/* vLLM 0.19 logs: bytes as printed (two decimals of a GiB), blocks and tokens as printed. */
static void cache_tokens_match_the_logs(void **state)
{
	static const struct {
		const char *name;
		uint32_t tp;
		double gib;
		uint64_t tokens;
	} rows[] = {
		{"google/gemma-3-27b-it", 1, 19.53, 36560},
		{"google/gemma-3-12b-it", 1, 47.72, 130304},
		{"google/gemma-2-9b-it", 1, 54.12, 168880},
		{"deepseek-ai/DeepSeek-V2-Lite-Chat", 1, 43.61, 1505552},
		{"Qwen/Qwen3-8B", 1, 57.5, 418688},
		{"Qwen/Qwen2.5-72B-Instruct", 2, 3.04, 19920},
		{"Qwen/Qwen3-30B-A3B", 1, 15.41, 168288},
		{"microsoft/phi-2", 1, 69.0, 226112},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		struct rp_cache c = cache_of(rows[i].name, "bf16", rows[i].tp, true);
		uint64_t bytes = (uint64_t)(rows[i].gib * 1024 * 1024 * 1024);
		double tokens = (double)rp_cache_tokens(&c, bytes), said = (double)rows[i].tokens;

		/* 0.005 GiB of rounding, and no more than 0.05 % on top of it */
		assert_near(tokens, said, said * (0.0005 + 0.005 / rows[i].gib));
	}
}

/* Gemma 3 27B, 19.53 GiB: 4.46 requests of 8192 tokens with 8192 batched tokens (log). */
static void cache_of_windows_bounds_requests_as_the_log_says(void **state)
{
	struct rp_cache c = cache_of("google/gemma-3-27b-it", "bf16", 1, true);
	uint64_t bytes;

	(void)state;
	assert_int_equal(c.group_layers, 10);
	assert_int_equal(c.n_groups, 7);
	assert_int_equal(rp_cache_request_bytes(&c, 8192, 8192, 1, &bytes), 0);
	assert_near(19.53 * 1024 * 1024 * 1024 / (double)bytes, 4.46, 0.005);
}

/* llama.cpp log: 32B, 64 layers, 8 key heads of 128, q8_0 at 32,768 tokens: 4352 MiB. */
static void cache_of_llama_cpp_matches_the_log(void **state)
{
	struct rp_cache c = cache_of("Qwen/QwQ-32B", "q8_0", 1, false);
	uint64_t bytes;

	(void)state;
	assert_int_equal(rp_cache_request_bytes(&c, 32768, 512, 1, &bytes), 0);
	assert_int_equal(bytes, UINT64_C(4352) << 20);
}

static void cache_bytes_and_tokens_are_inverse(void **state)
{
	static const char *const names[] = {"google/gemma-3-27b-it", "Qwen/Qwen3-8B",
					    "openai/gpt-oss-20b", "Qwen/Qwen3.5-27B"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++) {
		struct rp_cache c = cache_of(names[i], "bf16", 1, true);
		uint64_t bytes;

		for (uint64_t tokens = 1; tokens < 200000; tokens = tokens * 3 + 1) {
			assert_int_equal(rp_cache_bytes(&c, tokens, &bytes), 0);
			assert_true(rp_cache_tokens(&c, bytes) >= tokens);
			assert_true(rp_cache_tokens(&c, bytes - 1) < tokens);
		}
		assert_int_equal(rp_cache_bytes(&c, UINT64_MAX, &bytes), -EOVERFLOW);
	}
}

static struct rp_footprint size_of(const char *name, const struct rp_size_request *q)
{
	bool ambiguous;
	const struct rp_catalog_entry *e = rp_catalog_find(&catalog, name, &ambiguous);
	RP_AUTO_MODEL_DESC struct rp_model_desc d = {0};
	struct rp_footprint f;

	assert_non_null(e);
	assert_int_equal(rp_catalog_describe(e, &d, NULL), 0);
	assert_int_equal(rp_size(&d, q, &f, NULL), 0);
	return f;
}

/* The figures that the issue names: 53,520 and 250,128 tokens, two per cent. */
static void footprint_of_llama_8b_leaves_the_tokens_promised(void **state)
{
	struct rp_size_request q = {.dtype = "bf16"};
	struct rp_footprint f = size_of("meta-llama/Llama-3.1-8B-Instruct", &q);
	uint64_t reserve = rp_page_table_reserve(UINT64_C(2) << 40, 8 * 192 * RP_GIB), tokens;

	(void)state;
	assert_int_equal(reserve, 224 * RP_MIB);
	assert_int_equal(
		rp_footprint_kv_tokens(&f, rp_usable_bytes(24 * RP_GIB, reserve, 0), &tokens), 0);
	assert_near((double)tokens, 53520, 53520 * 0.02);
	assert_int_equal(
		rp_footprint_kv_tokens(&f, rp_usable_bytes(48 * RP_GIB, reserve, 0), &tokens), 0);
	assert_near((double)tokens, 250128, 250128 * 0.02);
}

/* Non-KV parts of vLLM 0.19 logs on H100, 1024 sequences and 8192 batched tokens. */
static void footprint_beside_the_cache_matches_the_logs(void **state)
{
	static const struct {
		const char *name;
		uint32_t tp;
		double gib; /* 0.95 * 79.19 less the cache */
	} rows[] = {
		{"Qwen/Qwen3-8B", 1, 75.23 - 57.5},
		{"google/gemma-3-27b-it", 1, 75.23 - 19.53},
		{"google/gemma-2-9b-it", 1, 75.23 - 54.12},
		{"Qwen/Qwen3-30B-A3B", 1, 75.23 - 15.41},
		{"Qwen/Qwen2.5-72B-Instruct", 2, 75.23 - 3.04},
		{"deepseek-ai/DeepSeek-V2-Lite-Chat", 1, 75.23 - 43.61},
		{"ibm-granite/granite-3.3-8b-instruct", 1, 75.23 - 58.66},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		struct rp_size_request q = {.dtype = "bf16",
					    .max_seqs = 1024,
					    .max_batched = 8192,
					    .tp = rows[i].tp,
					    .platform = RP_PLATFORM_CUDA};
		struct rp_footprint f = size_of(rows[i].name, &q);
		uint64_t sum = f.items[RP_PART_WEIGHTS].bytes + f.items[RP_PART_ACTIVATION].bytes +
			       f.items[RP_PART_PROCESS].bytes + f.items[RP_PART_COLLECTIVE].bytes;

		assert_near((double)sum / (double)RP_GIB, rows[i].gib, 0.3);
	}
}

/* Its config does not describe the tower, its activations hold 0.6 GiB for it (study 1.4). */
static void footprint_of_llama_4_counts_its_vision_tower(void **state)
{
	struct rp_size_request q = {.dtype = "bf16",
				    .max_seqs = 1024,
				    .max_batched = 8192,
				    .tp = 4,
				    .platform = RP_PLATFORM_CUDA};
	struct rp_footprint f = size_of("meta-llama/Llama-4-Scout-17B-16E-Instruct", &q);

	(void)state;
	/* 16 bytes x 1024 x 202,048, 0.4 GiB for experts, 0.6 GiB for the tower */
	assert_near((double)f.items[RP_PART_ACTIVATION].bytes,
		    16.0 * 1024 * 202048 + 1.0 * (double)RP_GIB, 10);
}

static void footprint_prints_every_assumption(void **state)
{
	struct rp_size_request none = {0}, all = {.dtype = "fp8",
						  .kv_dtype = "fp8",
						  .engine = "vllm:0.19",
						  .context = 4096,
						  .max_seqs = 8,
						  .max_batched = 1024};

	struct rp_footprint f = size_of("Qwen/Qwen3-8B", &none);

	(void)state;
	assert_int_equal(f.n_assumed, 6);
	assert_int_equal(f.context, 8192);
	f = size_of("Qwen/Qwen3-8B", &all);
	assert_int_equal(f.n_assumed, 0);
	f = size_of("TinyLlama/TinyLlama-1.1B-Chat-v1.0", &none);
	assert_int_equal(f.context, 2048);
}

static void footprint_above_the_model_maximum_is_refused(void **state)
{
	bool ambiguous;
	const struct rp_catalog_entry *e =
		rp_catalog_find(&catalog, "TinyLlama-1.1B-Chat-v1.0", &ambiguous);
	RP_AUTO_MODEL_DESC struct rp_model_desc d = {0};
	struct rp_size_request q = {.context = 4096};
	struct rocpart_error err = {0};
	struct rp_footprint f;

	(void)state;
	assert_non_null(e);
	assert_int_equal(rp_catalog_describe(e, &d, NULL), 0);
	assert_int_equal(rp_size(&d, &q, &f, &err), -EINVAL);
	assert_non_null(strstr(err.message, "2048"));
}

/* 0.526 TB/s of a CPX partition, all busy: 35 tokens/s for bf16, 65 for fp8 (study 5). */
static void bound_of_a_cpx_partition_matches_the_study(void **state)
{
	struct rp_size_request bf16 = {.dtype = "bf16"}, fp8 = {.dtype = "fp8"};
	uint64_t share = rp_sustained_bandwidth(UINT64_C(5300000000000), 8, false);
	struct rp_footprint a = size_of("meta-llama/Llama-3.1-8B-Instruct", &bf16);
	struct rp_footprint b = size_of("meta-llama/Llama-3.1-8B-Instruct", &fp8);

	(void)state;
	assert_int_equal(share, UINT64_C(526250000000));
	assert_near((double)rp_bound_millitokens(&a, share, 0) / 1000, 35, 0.5);
	assert_near((double)rp_bound_millitokens(&b, share, 0) / 1000, 65, 0.7);
}

static struct rocpart_footprint *public_footprint(const char *name)
{
	struct rocpart_model *model = NULL;
	struct rocpart_footprint *f = NULL;

	assert_int_equal(rocpart_model_find(public_catalog, name, &model, NULL), 0);
	assert_int_equal(rocpart_footprint_new(model, NULL, &f, NULL), 0);
	rocpart_model_free(model);
	return f;
}

/* Blocks of 16 tokens, 131072 bytes each: 17 tokens take two. */
static void kv_bytes_are_those_of_whole_blocks(void **state)
{
	struct rocpart_footprint *f = public_footprint("meta-llama/Llama-3.1-8B-Instruct");
	struct rocpart_model *model = NULL;
	uint64_t bytes = 0, tokens = 0;

	(void)state;
	assert_int_equal(rocpart_footprint_kv_bytes(f, 16, &bytes), 0);
	assert_int_equal(bytes, 16 * 131072);
	assert_int_equal(rocpart_footprint_kv_bytes(f, 17, &bytes), 0);
	assert_int_equal(bytes, 32 * 131072);
	assert_int_equal(rocpart_footprint_kv_bytes(f, UINT64_MAX, &bytes), -EOVERFLOW);
	assert_int_equal(bytes, 32 * 131072);
	rocpart_footprint_free(f);
	assert_int_equal(rocpart_model_new_bytes("mine", 12345, &model), 0);
	assert_int_equal(rocpart_footprint_new(model, NULL, &f, NULL), 0);
	assert_int_equal(rocpart_footprint_kv_bytes(f, 16, &tokens), -ENODATA);
	rocpart_footprint_free(f);
	rocpart_model_free(model);
}

/*
 * A token reads 8,030,261,248 weights less 128,256 x 4,096 of the embeddings, two bytes each, and
 * 8,192 tokens of cache are 1 GiB: 526.25 GB/s last for 35.06 and 32.72 tokens.
 */
static void bound_of_a_footprint_falls_with_the_context(void **state)
{
	struct rocpart_footprint *f = public_footprint("meta-llama/Llama-3.1-8B-Instruct");
	struct rocpart_model *model = NULL;
	uint64_t start = 0, late = 0;

	(void)state;
	assert_int_equal(rocpart_footprint_bound(f, UINT64_C(526250000000), 0, &start), 0);
	assert_near((double)start, 35060, 5);
	assert_int_equal(rocpart_footprint_bound(f, UINT64_C(526250000000), 8192, &late), 0);
	assert_near((double)late, 32720, 5);
	rocpart_footprint_free(f);
	assert_int_equal(rocpart_model_new_bytes("mine", 12345, &model), 0);
	assert_int_equal(rocpart_footprint_new(model, NULL, &f, NULL), 0);
	assert_int_equal(rocpart_footprint_bound(f, 1, 16, &late), -ENODATA);
	rocpart_footprint_free(f);
	rocpart_model_free(model);
}

static void flags_of_vllm_pass_the_start_up_check(void **state)
{
	struct rocpart_footprint *f = public_footprint("meta-llama/Llama-3.1-8B-Instruct");
	uint64_t total = 24 * RP_GIB, usable = total - 224 * RP_MIB, kv = 0;
	char **flags = NULL;
	double utilization = 0;

	(void)state;
	assert_int_equal(rocpart_footprint_get_flags(f, total, usable, &flags), 0);
	for (size_t i = 0; flags[i] && flags[i + 1]; i++) {
		if (strcmp(flags[i], "--gpu-memory-utilization") == 0)
			assert_int_equal(rp_parse_double(flags[i + 1], &utilization), 0);
		if (strcmp(flags[i], "--kv-cache-memory-bytes") == 0)
			assert_int_equal(rp_parse_u64(flags[i + 1], 10, &kv), 0);
	}
	/* free at start: usable less the context of the process, 0.5 GiB */
	assert_true(utilization * (double)total <= (double)(usable - RP_GIB / 2));
	assert_true(utilization > 0.9);
	assert_true(kv > 6 * RP_GIB && kv < 7 * RP_GIB);
	rocpart_flags_free(flags);
	rocpart_footprint_free(f);
}

static bool find_fit(const struct rocpart_fits *fits, const char *product,
		     enum rocpart_compute_mode compute, enum rocpart_memory_mode memory,
		     struct rocpart_fit *ret)
{
	const struct rocpart_fit *row;

	for (size_t i = 0; (row = rocpart_fits_get(fits, i)); i++) {
		if (strcmp(row->product, product) == 0 && row->compute == compute &&
		    row->memory == memory) {
			*ret = *row;
			return true;
		}
	}
	return false;
}

static void fits_of_llama_8b_are_what_the_issue_names(void **state)
{
	struct rocpart_footprint *f = public_footprint("meta-llama/Llama-3.1-8B-Instruct");
	struct rocpart_fits *fits = NULL;
	struct rocpart_fit row = {0};

	(void)state;
	assert_int_equal(rocpart_fits_new(f, 0, &fits, NULL), 0);
	assert_true(find_fit(fits, "MI300X", ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4, &row));
	/* the smallest partition is 8 MiB short of 24 GiB (hardware study C.3) */
	assert_int_equal(row.partition_bytes, UINT64_C(25761415168));
	assert_near((double)row.kv_tokens, 53520, 53520 * 0.02);
	assert_int_equal(row.replicas, 8);
	assert_int_equal(row.fits, 1);
	assert_true(row.validated);
	assert_true(find_fit(fits, "MI300X", ROCPART_COMPUTE_QPX, ROCPART_MEMORY_NPS4, &row));
	assert_int_equal(row.partition_bytes, UINT64_C(51522830336));
	assert_near((double)row.kv_tokens, 250128, 250128 * 0.02);
	assert_non_null(rocpart_fits_get(fits, rocpart_fits_get_count(fits) - 1));
	assert_null(rocpart_fits_get(fits, rocpart_fits_get_count(fits)));
	/* SPX with four domains is not a pair; MI300A's memory is the host's */
	assert_false(find_fit(fits, "MI300X", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS4, &row));
	assert_true(find_fit(fits, "MI300A", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1, &row));
	assert_int_equal(row.fits, -ENODATA);
	rocpart_fits_free(fits);
	rocpart_footprint_free(f);
}

static void model_of_bytes_has_weights_and_no_total(void **state)
{
	struct rocpart_model *model = NULL;
	struct rocpart_footprint *f = NULL;
	uint64_t v = 0;

	(void)state;
	assert_int_equal(rocpart_model_new_bytes("mine", 12345, &model), 0);
	assert_int_equal(rocpart_footprint_new(model, NULL, &f, NULL), 0);
	assert_int_equal(rocpart_footprint_get(f, ROCPART_FOOTPRINT_WEIGHTS_BYTES, &v), 0);
	assert_int_equal(v, 12345);
	assert_int_equal(rocpart_footprint_get(f, ROCPART_FOOTPRINT_KV_BYTES, &v), -ENODATA);
	assert_int_equal(rocpart_footprint_get(f, ROCPART_FOOTPRINT_TOTAL_BYTES, &v), -ENODATA);
	assert_int_equal(rocpart_footprint_fits(f, UINT64_MAX), -ENODATA);
	rocpart_footprint_free(f);
	rocpart_model_free(model);
}

static void catalog_finds_by_any_case_and_by_short_name(void **state)
{
	bool ambiguous;

	(void)state;
	assert_non_null(rp_catalog_find(&catalog, "META-LLAMA/llama-3.1-8b-instruct", &ambiguous));
	assert_non_null(rp_catalog_find(&catalog, "qwen3-8b", &ambiguous));
	assert_null(rp_catalog_find(&catalog, "other/Qwen3-8B", &ambiguous));
	assert_null(rp_catalog_find(&catalog, "Qwen3", &ambiguous));
}

static void catalog_refuses_an_unknown_name_with_the_nearest(void **state)
{
	struct rocpart_model *model = NULL;
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rocpart_model_find(public_catalog, "Qwen/Qwen3-9B", &model, &err),
			 -ENOENT);
	assert_int_equal(err.code, ROCPART_ERR_MODEL_UNKNOWN);
	assert_string_equal(err.object, "Qwen/Qwen3-9B");
	assert_non_null(strstr(err.hint, "Qwen/Qwen3-8B"));
	assert_non_null(strstr(err.hint, "--bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cache_per_token_matches_published_figures),
		cmocka_unit_test(cache_state_matches_published_figures),
		cmocka_unit_test(cache_tokens_match_the_logs),
		cmocka_unit_test(cache_of_windows_bounds_requests_as_the_log_says),
		cmocka_unit_test(cache_of_llama_cpp_matches_the_log),
		cmocka_unit_test(cache_bytes_and_tokens_are_inverse),
		cmocka_unit_test(footprint_of_llama_8b_leaves_the_tokens_promised),
		cmocka_unit_test(footprint_beside_the_cache_matches_the_logs),
		cmocka_unit_test(footprint_of_llama_4_counts_its_vision_tower),
		cmocka_unit_test(footprint_prints_every_assumption),
		cmocka_unit_test(footprint_above_the_model_maximum_is_refused),
		cmocka_unit_test(bound_of_a_cpx_partition_matches_the_study),
		cmocka_unit_test(kv_bytes_are_those_of_whole_blocks),
		cmocka_unit_test(bound_of_a_footprint_falls_with_the_context),
		cmocka_unit_test(flags_of_vllm_pass_the_start_up_check),
		cmocka_unit_test(fits_of_llama_8b_are_what_the_issue_names),
		cmocka_unit_test(model_of_bytes_has_weights_and_no_total),
		cmocka_unit_test(catalog_finds_by_any_case_and_by_short_name),
		cmocka_unit_test(catalog_refuses_an_unknown_name_with_the_nearest),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
