/* SPDX-License-Identifier: MIT */
/* Parameters and bytes of weights, against counts that the model hubs publish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "model/files/catalog.h"
#include "model/files/config_read.h"

/* cmocka compares floats, too coarse for bytes. */
static void assert_near(double got, double want, double slack)
{
	if (got < want - slack || got > want + slack)
		fail_msg("%f is not within %f of %f", got, slack, want);
}

static struct rp_catalog catalog;

static int load(void **state)
{
	struct rocpart_error err = {0};
	int r = rp_catalog_load(&catalog, ROCPART_SOURCE_ROOT "/models/catalog.yaml", &err);

	(void)state;
	if (r < 0)
		print_message("# %s: %s\n", err.object, err.message);
	return r;
}

static int unload(void **state)
{
	(void)state;
	rp_catalog_done(&catalog);
	return 0;
}

static const struct rp_catalog_entry *entry(const char *name)
{
	bool ambiguous;
	const struct rp_catalog_entry *e = rp_catalog_find(&catalog, name, &ambiguous);

	assert_non_null(e);
	return e;
}

static struct rp_weights count(const char *name, const char *dtype, uint32_t tp)
{
	const struct rp_catalog_entry *e = entry(name);
	struct rp_weight_spec spec;
	struct rp_weight_plan plan;
	struct rp_layout l;
	struct rp_weights w;

	assert_int_equal(rp_layout_make(&e->config, name, &l, NULL), 0);
	if (dtype) {
		assert_int_equal(rp_weight_spec_parse(dtype, &spec), 0);
		rp_weight_plan_uniform(&spec, &plan);
	} else {
		assert_int_equal(rp_weight_plan_native(&e->config, name, &plan, NULL), 0);
	}
	assert_int_equal(rp_weights_count(&l, &plan, tp, &w, NULL), 0);
	return w;
}

/* Counts of the hub's API, or half of the total_size of 16-bit checkpoints. */
static void weights_of_published_models_match_their_counts(void **state)
{
	static const struct {
		const char *name;
		uint64_t parameters;
	} rows[] = {
		{"meta-llama/Llama-3.1-8B-Instruct", UINT64_C(8030261248)},
		{"meta-llama/Llama-3.2-1B-Instruct", UINT64_C(1235814400)},
		{"meta-llama/Llama-3.1-405B-Instruct", UINT64_C(405853388800)},
		{"Qwen/Qwen2.5-7B-Instruct", UINT64_C(7615616512)},
		{"Qwen/Qwen3-0.6B", UINT64_C(596049920)},
		{"Qwen/Qwen3-8B", UINT64_C(8190735360)},
		{"Qwen/Qwen3-30B-A3B", UINT64_C(30532122624)},
		{"Qwen/Qwen1.5-MoE-A2.7B", UINT64_C(14315784192)},
		{"mistralai/Mistral-Nemo-Instruct-2407", UINT64_C(12247782400)},
		{"mistralai/Mixtral-8x7B-Instruct-v0.1", UINT64_C(46702792704)},
		{"google/gemma-7b", UINT64_C(8537680896)},
		{"google/gemma-2-9b-it", UINT64_C(9241705984)},
		{"google/gemma-3-27b-it", UINT64_C(27432406640)},
		{"microsoft/phi-4", UINT64_C(14659507200)},
		{"microsoft/phi-2", UINT64_C(2779683840)},
		{"CohereLabs/aya-expanse-8b", UINT64_C(8028033024)},
		{"deepseek-ai/DeepSeek-V2-Lite-Chat", UINT64_C(15706484224)},
		{"deepseek-ai/DeepSeek-V3", UINT64_C(671026419200)},
		{"openai/gpt-oss-20b", UINT64_C(20914757184)},
		{"meta-llama/Llama-4-Scout-17B-16E-Instruct", UINT64_C(108641793536)},
		{"meta-llama/Llama-4-Maverick-17B-128E-Instruct", UINT64_C(401583781376)},
		{"meta-llama/Llama-3.2-11B-Vision-Instruct", UINT64_C(10670220835)},
		{"mistralai/Mistral-Small-3.1-24B-Instruct-2503", UINT64_C(24011361280)},
		{"nvidia/NVIDIA-Nemotron-Nano-9B-v2", UINT64_C(8888227328)},
		{"ibm-granite/granite-4.0-h-tiny", UINT64_C(6939037248)},
		{"allenai/OLMo-2-1124-7B-Instruct", UINT64_C(7298617344)},
		{"tiiuae/falcon-mamba-7b-instruct", UINT64_C(7272665088)},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		struct rp_weights w = count(rows[i].name, "bf16", 1);

		if (w.parameters != rows[i].parameters)
			print_message("# %s\n", rows[i].name);
		assert_int_equal(w.parameters, rows[i].parameters);
	}
}

/* The hub counts the draft layer of these too. */
static void weights_with_draft_layer_match_their_counts(void **state)
{
	static const struct {
		const char *name;
		uint64_t parameters;
	} rows[] = {
		{"Qwen/Qwen3.5-27B", UINT64_C(27781427952)},
		{"Qwen/Qwen3.5-35B-A3B", UINT64_C(35951822704)},
		{"Qwen/Qwen3-Next-80B-A3B-Instruct", UINT64_C(81324862720)},
		{"zai-org/GLM-4.5-Air", UINT64_C(110468824832)},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		struct rp_weights w = count(rows[i].name, "bf16", 1);

		assert_int_equal(w.parameters + w.mtp_parameters, rows[i].parameters);
	}
}

/* total_size of their index files; for DeepSeek the payload without the draft layer. */
static void weights_in_native_format_match_the_files(void **state)
{
	(void)state;
	assert_int_equal(count("openai/gpt-oss-20b", NULL, 1).bytes, UINT64_C(13761264768));
	assert_int_equal(count("openai/gpt-oss-120b", NULL, 1).bytes, UINT64_C(65248815744));
	assert_int_equal(count("deepseek-ai/DeepSeek-V3", NULL, 1).bytes, UINT64_C(673150611808));
	assert_int_equal(count("Qwen/Qwen3-8B", NULL, 1).bytes, UINT64_C(16381470720));
}

/* vLLM logs of the quantised checkpoints: 8.49 GiB for fp8 and w8a8, 5.38 GiB for w4a16. */
static void weights_quantised_stay_near_what_vllm_loads(void **state)
{
	const char *name = "meta-llama/Llama-3.1-8B-Instruct";
	double gib = 1024.0 * 1024.0 * 1024.0;

	(void)state;
	assert_near((double)count(name, "fp8", 1).bytes / gib, 8.49, 0.05);
	assert_near((double)count(name, "int8", 1).bytes / gib, 8.49, 0.05);
	assert_near((double)count(name, "int4", 1).bytes / gib, 5.38, 0.06);
}

/* 67.8 GiB per rank on two, 34.01 on four: vLLM 0.19 logs. */
static void weights_per_rank_follow_the_logs(void **state)
{
	double gib = 1024.0 * 1024.0 * 1024.0;

	(void)state;
	assert_near((double)count("Qwen/Qwen2.5-72B-Instruct", "bf16", 2).bytes / gib, 67.8, 0.3);
	assert_near((double)count("Qwen/Qwen2.5-72B-Instruct", "bf16", 4).bytes / gib, 34.01, 0.3);
}

/* Norms are whole on each rank, so two ranks hold a little more than the model. */
static void weights_over_ranks_replicate_norms(void **state)
{
	uint64_t whole = count("meta-llama/Llama-3.1-8B-Instruct", "bf16", 1).bytes;
	uint64_t rank = count("meta-llama/Llama-3.1-8B-Instruct", "bf16", 2).bytes;

	(void)state;
	/* 65 norms of 4096 values of 2 bytes */
	assert_int_equal(2 * rank - whole, 65 * 4096 * 2);
}

/* The padded vocabulary of 151,936 does not divide by 5 (vLLM log, Qwen3-14B on 5 ranks). */
static void weights_over_ranks_that_do_not_divide_are_refused(void **state)
{
	const struct rp_catalog_entry *e = entry("Qwen/Qwen3-14B");
	struct rocpart_error err = {0};
	struct rp_weight_plan plan;
	struct rp_layout l;
	struct rp_weights w;

	(void)state;
	assert_int_equal(rp_layout_make(&e->config, e->name, &l, NULL), 0);
	assert_int_equal(rp_weight_plan_native(&e->config, e->name, &plan, NULL), 0);
	assert_int_equal(rp_weights_count(&l, &plan, 5, &w, &err), -EINVAL);
	assert_non_null(strstr(err.message, "vocab_size"));
	assert_non_null(strstr(err.message, "5 ranks"));
}

/* One expert in eight of Mixtral is read per token: two of eight matrices. */
static void weights_active_leave_out_idle_experts_and_embeddings(void **state)
{
	struct rp_weights w = count("mistralai/Mixtral-8x7B-Instruct-v0.1", "bf16", 1);
	uint64_t experts = UINT64_C(32) * 8 * 3 * 4096 * 14336 * 2;

	(void)state;
	assert_int_equal(w.active_bytes, w.bytes - experts / 4 * 3 - UINT64_C(32000) * 4096 * 2);
}

static int layout_of(const char *text, struct rp_model_config *c, struct rp_layout *l,
		     struct rocpart_error *err)
{
	int r = rp_config_read(-1, text, strlen(text), "config.json", c, err);

	return r < 0 ? r : rp_layout_make(c, "config.json", l, err);
}

static void layout_of_unknown_architecture_is_refused_by_name(void **state)
{
	RP_AUTO_MODEL_CONFIG struct rp_model_config c = {0};
	struct rocpart_error err = {0};
	static struct rp_layout l;

	(void)state;
	assert_int_equal(layout_of("{\"model_type\": \"warp\", \"hidden_size\": 64,"
				   "\"num_hidden_layers\": 2, \"vocab_size\": 100}",
				   &c, &l, &err),
			 -ENOTSUP);
	assert_int_equal(err.code, ROCPART_ERR_MODEL_UNKNOWN);
	assert_non_null(strstr(err.message, "warp"));
	assert_non_null(strstr(err.hint, "--bytes"));
}

static void layout_without_a_number_names_it(void **state)
{
	RP_AUTO_MODEL_CONFIG struct rp_model_config c = {0};
	struct rocpart_error err = {0};
	static struct rp_layout l;

	(void)state;
	assert_int_equal(layout_of("{\"model_type\": \"qwen2\", \"hidden_size\": 64,"
				   "\"num_hidden_layers\": 2, \"num_attention_heads\": 4,"
				   "\"vocab_size\": 100}",
				   &c, &l, &err),
			 -EINVAL);
	assert_non_null(strstr(err.message, "intermediate_size"));
}

static void layout_beyond_the_limits_is_refused(void **state)
{
	static const char *const bad[] = {
		"{\"model_type\": \"llama\", \"num_hidden_layers\": 1025}",
		"{\"model_type\": \"llama\", \"num_attention_heads\": 4097}",
		"{\"model_type\": \"llama\", \"vocab_size\": 4194305}",
		"{\"model_type\": \"llama\", \"hidden_size\": 262145}",
		"{\"model_type\": \"llama\", \"num_experts\": 4097}",
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(bad); i++) {
		RP_AUTO_MODEL_CONFIG struct rp_model_config c = {0};
		static struct rp_layout l;

		assert_int_equal(layout_of(bad[i], &c, &l, NULL), -ERANGE);
	}
}

static void plan_of_ignored_modules_keeps_them_sixteen_bit(void **state)
{
	static const char head[] =
		"{\"model_type\": \"llama\", \"hidden_size\": 256, \"num_hidden_layers\": 2,"
		"\"num_attention_heads\": 4, \"intermediate_size\": 512, \"vocab_size\": 1000,"
		"\"quantization_config\": {\"quant_method\": \"fp8\","
		"\"weight_block_size\": [128, 128], \"modules_to_not_convert\": [";
	static char text[1024];
	struct rp_weights all, one;

	(void)state;
	for (int i = 0; i < 2; i++) {
		RP_AUTO_MODEL_CONFIG struct rp_model_config c = {0};
		struct rp_weight_plan plan;
		static struct rp_layout l;

		assert_int_equal(rp_fmt(text, sizeof(text), "%s%s]}}", head,
					i ? "\"model.layers.1.mlp.down_proj\", \"lm_head\"" : ""),
				 0);
		assert_int_equal(layout_of(text, &c, &l, NULL), 0);
		assert_int_equal(rp_weight_plan_native(&c, "c", &plan, NULL), 0);
		assert_int_equal(rp_weights_count(&l, &plan, 1, i ? &one : &all, NULL), 0);
	}
	/* one matrix of 512 x 256 in two bytes instead of one, without its 4 x 2 scales */
	assert_int_equal(one.bytes - all.bytes, 512 * 256 - 4 * 2 * 4);
}

/* Names as modelopt writes them: a module per expert, "mixer" for any block. */
static void plan_of_mixed_precision_gives_each_module_its_format(void **state)
{
	static const char text[] =
		"{\"model_type\": \"nemotron_h\", \"hidden_size\": 64, \"vocab_size\": 100,"
		"\"num_attention_heads\": 4, \"hybrid_override_pattern\": \"E*\","
		"\"intermediate_size\": 32, \"moe_intermediate_size\": 32,"
		"\"n_routed_experts\": 2, \"num_experts_per_tok\": 1,"
		"\"quantization_config\": {\"quant_method\": \"modelopt\","
		"\"quant_algo\": \"MIXED_PRECISION\", \"quantized_layers\": {"
		"\"backbone.layers.0.mixer.experts.0.up_proj\": {\"quant_algo\": \"NVFP4\"},"
		"\"backbone.layers.0.mixer.experts.1.up_proj\": {\"quant_algo\": \"NVFP4\"},"
		"\"backbone.layers.1.mixer.q_proj\": {\"quant_algo\": \"FP8\"}}}}";
	static struct rp_model_config c;
	struct rp_weight_plan plan;
	static struct rp_layout l;
	struct rp_weights w;
	uint64_t plain;

	(void)state;
	assert_int_equal(layout_of(text, &c, &l, NULL), 0);
	assert_int_equal(rp_weight_plan_native(&c, "c", &plan, NULL), 0);
	assert_int_equal(rp_weights_count(&l, &plan, 1, &w, NULL), 0);
	/* 2 bytes each, and 2 more for the two router biases in float32 */
	plain = w.parameters * 2 + 2 * 2;
	/* up_proj of both: half a byte, a scale per 16, two float32; q_proj: a byte, two float32 */
	assert_int_equal(w.bytes, plain - 2 * (64 * 32 * 2 - (64 * 32 / 2 + 4 * 32 + 8)) -
					  (64 * 64 * 2 - (64 * 64 + 8)));
	rp_model_config_done(&c);
}

static void format_of_grouped_int4_counts_scales_and_zeros(void **state)
{
	struct rp_weight_spec spec;
	uint64_t bytes;

	(void)state;
	assert_int_equal(rp_weight_spec_parse("awq", &spec), 0);
	assert_int_equal(rp_weight_bytes(&spec, 4096, 4096, &bytes), 0);
	/* 0.5 + 2 / 128 + 0.5 / 128 bytes per weight */
	assert_int_equal(bytes, 4096 * 4096 / 2 + 4096 * 32 * 2 + 4096 * 32 / 2);
	assert_int_equal(rp_weight_bytes(&spec, UINT64_MAX, 2, &bytes), -EOVERFLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_of_published_models_match_their_counts),
		cmocka_unit_test(weights_with_draft_layer_match_their_counts),
		cmocka_unit_test(weights_in_native_format_match_the_files),
		cmocka_unit_test(weights_quantised_stay_near_what_vllm_loads),
		cmocka_unit_test(weights_per_rank_follow_the_logs),
		cmocka_unit_test(weights_over_ranks_replicate_norms),
		cmocka_unit_test(weights_over_ranks_that_do_not_divide_are_refused),
		cmocka_unit_test(weights_active_leave_out_idle_experts_and_embeddings),
		cmocka_unit_test(layout_of_unknown_architecture_is_refused_by_name),
		cmocka_unit_test(layout_without_a_number_names_it),
		cmocka_unit_test(layout_beyond_the_limits_is_refused),
		cmocka_unit_test(plan_of_ignored_modules_keeps_them_sixteen_bit),
		cmocka_unit_test(plan_of_mixed_precision_gives_each_module_its_format),
		cmocka_unit_test(format_of_grouped_int4_counts_scales_and_zeros),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
