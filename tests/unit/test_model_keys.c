/* SPDX-License-Identifier: MIT */
/* Nothing of a description is skipped: keys of config.json, and patterns of its quantization. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "model/files/config_read.h"
#include "model/pattern.h"
#include "model/size.h"
#include "rocpart/model.h"

#define LLAMA                                                                                  \
	"\"model_type\": \"llama\", \"hidden_size\": 256, \"num_hidden_layers\": 2, "          \
	"\"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"intermediate_size\": 512, " \
	"\"vocab_size\": 1000, \"max_position_embeddings\": 512"

static struct rocpart_error err;
static struct rp_footprint f;

static int size_text(const char *text, const struct rp_size_request *q)
{
	static char name[] = "model";
	RP_AUTO_MODEL_CONFIG struct rp_model_config c = {0};
	struct rp_model_desc d = {.origin = RP_ORIGIN_CONFIG, .name = name, .has_config = true};
	int r;

	memset(&err, 0, sizeof(err));
	r = rp_config_read(-1, text, strlen(text), "config.json", &c, &err);
	d.config = c; /* borrowed */
	r = r < 0 ? r : rp_size(&d, q, &f, &err);
	if (r < 0)
		memset(&f, 0, sizeof(f));
	return r;
}

static uint64_t weights_of(const char *text)
{
	static const struct rp_size_request none;
	int r = size_text(text, &none);

	if (r < 0)
		print_message("# %s: %s\n", err.object, err.message);
	assert_int_equal(r, 0);
	return f.items[RP_PART_WEIGHTS].bytes;
}

static bool has_assumption(const char *word)
{
	for (size_t i = 0; i < f.n_assumed; i++)
		if (strstr(f.assumed[i].value, word))
			return true;
	return false;
}

static void glob_covers_a_name_and_what_is_below(void **state)
{
	(void)state;
	assert_true(rp_glob("*.mlp.*", "layers.1.mlp.gate_proj"));
	assert_false(rp_glob("*mlp", "layers.1.mlp.gate_proj"));
	assert_true(rp_glob_covers("*mlp", "layers.1.mlp.gate_proj"));
	assert_true(rp_glob_covers("self_attn", "self_attn.q_proj"));
	assert_false(rp_glob_covers("mlp.gate", "mlp.gate_proj"));
	assert_true(rp_glob_covers("", ""));
	assert_false(rp_glob_covers("a", ""));
}

/* What re.match() of Python 3 answers for the same. */
static void regex_matches_what_python_matches(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool yes;
	} rows[] = {
		{".*mlp\\.(gate|up|gate_up|down)_proj.*", "model.layers.0.mlp.up_proj", true},
		{".*mlp\\.(gate|up|gate_up|down)_proj.*", "model.layers.0.mlp.gate", false},
		{".*\\.(?:1[0-9]|2)\\..*", "model.layers.17.mlp", true},
		{".*\\.(?:1[0-9]|2)\\..*", "model.layers.7.mlp", false},
		{"^lm_head$", "lm_head", true},
		{"^lm_head$", "lm_head.weight", false},
		{"lm_head", "lm_head.weight", true},
		{"head", "lm_head", false},
		{"(a?){3}b", "aab", true},
		{"(a|bc)+d", "abcad", true},
		{"x{2,3}$", "xxxx", false},
		{"[^.]+\\.\\w+\\.\\d+$", "model.layers.12", true},
		{".*\\bgate\\b", "mlp.gate.weight", true},
		{".*\\bgate\\b", "mlp.gate_proj", false},
	};
	uint64_t work = 0;
	struct rp_regex re;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		assert_int_equal(rp_regex_compile(rows[i].pattern, &re), 0);
		if (rp_regex_match(&re, rows[i].text, &work) != rows[i].yes)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
	}
	assert_int_equal(rp_regex_compile("(?!a)b", &re), -ENOTSUP);
	assert_int_equal(rp_regex_compile("(a)\\1", &re), -ENOTSUP);
	assert_int_equal(rp_regex_compile("(a", &re), -EINVAL);
	assert_int_equal(rp_regex_compile("a)", &re), -EINVAL);
	assert_int_equal(rp_regex_compile("((((((((((((((((((a))))))))))))))))))", &re), -E2BIG);
}

/* (a*)*b takes a backtracking matcher 2^60 steps. */
static void regex_of_a_stranger_takes_bounded_time(void **state)
{
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	uint64_t work = 0;
	struct rp_regex re;

	(void)state;
	assert_int_equal(rp_regex_compile("(a*)*b", &re), 0);
	assert_false(rp_regex_match(&re, text, &work));
	assert_in_range(work, 1, 10000);
	assert_int_equal(rp_regex_compile("((a{1,8}){1,8}){1,60}", &re), -E2BIG);
}

static void key_that_may_decide_a_size_is_refused_by_name(void **state)
{
	static const struct {
		const char *key, *name, *value;
	} rows[] = {
		{"\"num_kv_shared_layers\": 18", "num_kv_shared_layers", "18"},
		{"\"kv_lora_rank\": 512", "kv_lora_rank", "512"}, /* of another architecture */
		{"\"num_experts\": 8", "num_experts", "8"},
		{"\"audio_config\": {\"hidden_size\": 7}", "audio_config", "an object"},
		{"\"block_configs\": [{\"n\": 1}]", "block_configs", "an object"},
		{"\"moe_pattern\": [[1, 0]]", "moe_pattern", "a list"},
		{"\"ffn_widths\": [512, 256]", "ffn_widths", "a list"},
		{"\"layer_names\": [\"a\"]", "layer_names", "a list"},
		{"\"ffn_ratio\": 2.5", "ffn_ratio", "a number"},
		{"\"use_double_wide_mlp\": true", "use_double_wide_mlp", "true"},
		{"\"expert_dtype\": \"fp4\"", "expert_dtype", "'fp4'"},
		{"\"vision_config\": {\"expert_count\": 4}", "vision tower", ""},
		{"\"n_embd\": 128", "n_embd", "128, not 256"},
	};
	static const struct rp_size_request none;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_FREE char *text = rp_strdupf("{" LLAMA ", %s}", rows[i].key);

		assert_non_null(text);
		if (size_text(text, &none) != -ENOTSUP || !strstr(err.message, rows[i].name) ||
		    !strstr(err.message, rows[i].value))
			fail_msg("%s: %s", rows[i].key, err.message);
		assert_int_equal(err.code, ROCPART_ERR_MODEL_UNKNOWN);
		assert_true(i == 11 || strstr(err.message, "config.json: key "));
	}
}

static void key_that_decides_nothing_is_passed(void **state)
{
	static const char *const rows[] = {
		"\"num_kv_shared_layers\": 0",
		"\"kv_lora_rank\": null",
		"\"audio_config\": null",
		"\"moe_pattern\": []",
		"\"moe_flags\": [0, 0]",
		"\"use_double_wide_mlp\": false",
		"\"rope_theta\": 10000.0, \"rope_scaling\": {\"factor\": 8.0}",
		"\"eos_token_id\": [1, 2], \"transformers_version\": \"4.51.0\"",
		"\"attention_dropout\": 0.1, \"unsloth_version\": \"1\", \"use_flash_attn\": true",
		"\"auto_map\": {\"AutoModel\": \"x.Y\"}, \"id2label\": {\"0\": \"A\"}",
		"\"temperature\": 0.6, \"top_k\": 20, \"max_length\": 20",
	};
	uint64_t plain = weights_of("{" LLAMA "}");

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_FREE char *text = rp_strdupf("{" LLAMA ", %s}", rows[i]);

		assert_non_null(text);
		assert_int_equal(weights_of(text), plain);
	}
}

static void lenient_request_counts_without_the_key_and_says_so(void **state)
{
	const struct rp_size_request lenient = {.lenient = true};
	uint64_t plain = weights_of("{" LLAMA "}");

	(void)state;
	assert_string_equal(f.items[RP_PART_WEIGHTS].confidence, "derived");
	assert_int_equal(
		size_text("{" LLAMA ", \"num_kv_shared_layers\": 18, \"a_list\": [1]}", &lenient),
		0);
	assert_int_equal(f.items[RP_PART_WEIGHTS].bytes, plain);
	assert_string_equal(f.items[RP_PART_WEIGHTS].confidence, "guess");
	assert_string_equal(f.items[RP_PART_KV].confidence, "guess");
	assert_true(has_assumption("'num_kv_shared_layers' = 18"));
	assert_true(has_assumption("'a_list'"));
}

/* Falcon and GPT-2 called the same things otherwise. */
static void old_names_of_keys_mean_the_same(void **state)
{
	(void)state;
	assert_int_equal(weights_of("{\"model_type\": \"llama\", \"n_embd\": 256, \"n_layer\": 2,"
				    "\"n_head\": 4, \"n_head_kv\": 2, \"ffn_dim\": 512,"
				    "\"vocab_size\": 1000, \"n_positions\": 512}"),
			 weights_of("{" LLAMA "}"));
	assert_int_equal(weights_of("{\"model_type\": \"llama\", \"d_model\": 256,"
				    "\"num_layers\": 2, \"n_heads\": 4, \"num_kv_heads\": 2,"
				    "\"n_inner\": 512, \"vocab_size\": 1000}"),
			 weights_of("{" LLAMA "}"));
}

/*
 * GLM 5.2: 57 of 78 layers have no indexer. 47,700 bytes per token with an fp8 cache (AMD's recipe
 * for MI355X), 92,628 with 16 bits (a public log): 78 x (512 + 64) and 21 x (128 + 4).
 */
static void shared_indexers_have_no_cache(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;
	const struct rp_size_request fp8 = {.kv_dtype = "fp8"}, none = {0};

	(void)state;
	rp_strbuf_add(&b, "{\"model_type\": \"glm_moe_dsa\", \"hidden_size\": 64, \"vocab_size\": "
			  "100, \"num_hidden_layers\": 78, \"num_attention_heads\": 8,"
			  "\"intermediate_size\": 64, \"kv_lora_rank\": 512, \"q_lora_rank\": 16,"
			  "\"qk_rope_head_dim\": 64, \"qk_nope_head_dim\": 16, \"v_head_dim\": 16,"
			  "\"qk_head_dim\": 80, \"index_topk_freq\": 4,"
			  "\"index_n_heads\": 2, \"index_head_dim\": 128, \"indexer_types\": [");
	for (int i = 0; i < 78; i++)
		rp_strbuf_addf(&b, "%s\"%s\"", i ? "," : "", i < 21 ? "full" : "shared");
	rp_strbuf_add(&b, "]}");
	assert_int_equal(size_text(rp_strbuf_str(&b), &fp8), 0);
	assert_int_equal(f.cache.token_bytes, 47700);
	assert_int_equal(size_text(rp_strbuf_str(&b), &none), 0);
	assert_int_equal(f.cache.token_bytes, 92628);
	/* blocks of 16 tokens in the pool */
	assert_int_equal(rp_cache_tokens(&f.cache, UINT64_C(92628) * 160), 160);
}

/* The bytes that one matrix of in x out gains when it stays in 16 bits: fp8 with blocks of 128. */
static uint64_t gain(uint64_t in, uint64_t out)
{
	return in * out - (in + 127) / 128 * ((out + 127) / 128) * 4;
}

#define FP8 "\"quantization_config\": {\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128]"

static uint64_t fp8_weights(const char *model, const char *ignored)
{
	RP_AUTO_FREE char *text =
		rp_strdupf("{%s, " FP8 ", \"ignored_layers\": [%s]}}", model, ignored);

	assert_non_null(text);
	return weights_of(text);
}

/* Names as the checkpoints have them: index files of the models, modeling_*.py of transformers. */
static void pattern_covers_the_names_of_the_checkpoint(void **state)
{
	static const char gemma4[] =
		"\"model_type\": \"gemma4_text\", \"hidden_size\": 256, \"num_hidden_layers\": 2,"
		"\"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"head_dim\": 64,"
		"\"intermediate_size\": 512, \"moe_intermediate_size\": 128, \"num_experts\": 4,"
		"\"top_k_experts\": 2, \"vocab_size\": 1000";
	static const char mixtral[] =
		"\"model_type\": \"mixtral\", \"hidden_size\": 256, \"num_hidden_layers\": 2,"
		"\"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"num_local_experts\": 4,"
		"\"intermediate_size\": 512, \"num_experts_per_tok\": 2, \"vocab_size\": 1000";
	uint64_t llama_mlp = 2 * gain(256, 512) + gain(512, 256);
	const struct {
		const char *model, *patterns;
		uint64_t gained;
	} rows[] = {
		{LLAMA, "\"model.layers.1.mlp.down_proj\"", gain(512, 256)},
		{LLAMA, "\"model.layers.0.mlp\"", llama_mlp},
		{LLAMA, "\"model.language_model.layers.0.mlp*\"", llama_mlp},
		{LLAMA, "\"model.layers.*.mlp\"", 2 * llama_mlp},
		{LLAMA, "\"mlp\"", 2 * llama_mlp},
		{LLAMA, "\"model.layers.0.mlp.gate_up_proj\"", 2 * gain(256, 512)},
		{LLAMA, "\"model.layers.0.self_attn.qkv_proj\"",
		 gain(256, 256) + 2 * gain(256, 128)},
		{LLAMA, "\"re:.*o_proj\"", 2 * gain(256, 256)},
		{LLAMA, "\"re:model\\\\.layers\\\\.1\\\\.mlp\\\\.(gate|up)_proj\"",
		 2 * gain(256, 512)},
		{LLAMA, "\"*.1.mlp.*\"", llama_mlp},
		{LLAMA, "\"*language_model.layers.1.mlp*\"", llama_mlp},
		{LLAMA, "\"lm_head\", \"model.embed_tokens\", \"model.layers.0.input_layernorm\"",
		 0},
		{LLAMA, "\"mtp.layers.0*\", \"mtp.layers.0.mlp\", \"model.visual.blocks.0.mlp\"",
		 0},
		{LLAMA, "\"model.layers.2*\"", 0}, /* for drafts */
		/* the dense MLP of Gemma 4 is no expert */
		{gemma4, "\"model.language_model.layers.0.mlp*\"", llama_mlp},
		{gemma4, "\"model.language_model.layers.0.experts*\"",
		 4 * (2 * gain(256, 128) + gain(128, 256))},
		{mixtral,
		 "\"model.layers.0.block_sparse_moe.experts.0.w1\","
		 "\"model.layers.0.block_sparse_moe.experts.1.w1\","
		 "\"model.layers.0.block_sparse_moe.experts.2.w1\","
		 "\"model.layers.0.block_sparse_moe.experts.3.w1\"",
		 4 * gain(256, 512)},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		uint64_t all = fp8_weights(rows[i].model, "");

		if (fp8_weights(rows[i].model, rows[i].patterns) - all != rows[i].gained)
			fail_msg("%s: %llu more", rows[i].patterns,
				 (unsigned long long)(f.items[RP_PART_WEIGHTS].bytes - all));
		assert_string_equal(f.items[RP_PART_WEIGHTS].confidence, "derived");
	}
}

#define GPTQ(text)                                                                              \
	"{" LLAMA ", \"quantization_config\": {\"quant_method\": \"gptq\", \"dynamic\": {" text \
	"}, \"bits\": 4, \"group_size\": 128}}"

static void pattern_of_gptq_chooses_its_own_bits(void **state)
{
	/* int4 in groups of 128 with zero points: half a byte, 2.5 bytes per group */
	const uint64_t four = 256 * 512 / 2 + 2 * 512 * 5 / 2;
	uint64_t plain, sixteen, eight;

	(void)state;
	plain = weights_of(GPTQ(""));
	sixteen = weights_of(GPTQ("\"-:.*\\\\.1\\\\.mlp\\\\.up_proj\": {}"));
	assert_int_equal(sixteen - plain, 256 * 512 * 2 - four);
	/* int8: one byte, and a float32 per row */
	eight = weights_of(GPTQ("\"+:.*\\\\.1\\\\.mlp\\\\.up_proj\": {\"bits\": 8}"));
	assert_int_equal(eight - plain, 256 * 512 + 512 * 4 - four);
}

static void quantization_that_is_not_understood_is_refused_by_name(void **state)
{
	static const struct {
		const char *quant, *word;
	} rows[] = {
		{"\"quant_method\": \"fp8\", \"modules_in_block_to_quantize\": [[\"a\"]]",
		 "quantization_config.modules_in_block_to_quantize"},
		{"\"quant_method\": \"fp8\", \"extra_config\": {\"a\": {\"bits\": 8}}",
		 "quantization_config.extra_config"},
		{"\"quant_method\": \"fp8\", \"ignore\": [\"re:(?!x).*\"]", "re:(?!x).*"},
		{"\"quant_method\": \"fp8\", \"ignore\": [\"model\"]", "leave every matrix"},
		{"\"quant_method\": \"gptq\", \"bits\": 4, \"dynamic\": {\"-:.*\": {}}",
		 "leave every matrix"},
		{"\"quant_method\": \"gptq\", \"bits\": 3", "'gptq', 3 bits"},
		{"\"quant_method\": \"torchao\"", "'torchao'"},
	};
	static const struct rp_size_request none, bf16 = {.dtype = "bf16"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_FREE char *text =
			rp_strdupf("{" LLAMA ", \"quantization_config\": {%s}}", rows[i].quant);

		assert_non_null(text);
		if (size_text(text, &none) != -ENOTSUP || !strstr(err.message, rows[i].word))
			fail_msg("%s: %s", rows[i].quant, err.message);
		assert_non_null(strstr(err.hint, "safetensors"));
		/* in 16 bits nothing of it counts */
		assert_int_equal(size_text(text, &bf16), 0);
	}
	assert_int_equal(size_text("{" LLAMA
				   ", \"quantization\": {\"bits\": 4, \"group_size\": 64},"
				   "\"quantization_config\": {\"bits\": 4, \"group_size\": 64}}",
				   &none),
			 -ENOTSUP);
	assert_non_null(strstr(err.message, "MLX"));
}

/* Each would take hours when it was compared in the simplest way. */
static void patterns_of_a_stranger_take_bounded_time(void **state)
{
	static const struct rp_size_request none;

	(void)state;
	for (int i = 0; i < 3; i++) {
		RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;
		int r, n = i == 1 ? 20000 : i == 2 ? 60 : 1000;

		rp_strbuf_add(&b, "{\"model_type\": \"llama\", \"hidden_size\": 256,"
				  "\"num_hidden_layers\": 1024, \"num_attention_heads\": 4,"
				  "\"intermediate_size\": 512, \"vocab_size\": 1000, " FP8
				  ", \"ignore\": [");
		for (int k = 0; k < n; k++) {
			char text[64];

			if (i == 0)
				r = rp_fmt(text, sizeof(text), "*a*%d*x*", k);
			else if (i == 1)
				r = rp_fmt(text, sizeof(text), "model.layers.%d.x", k);
			else
				r = rp_fmt(text, sizeof(text), "re:(.*.*.*.*)*x%d", k);
			assert_int_equal(r, 0);
			rp_strbuf_addf(&b, "%s\"%s\"", k ? "," : "", text);
		}
		rp_strbuf_add(&b, "]}}");
		assert_int_equal(size_text(rp_strbuf_str(&b), &none), i == 1 ? 0 : -E2BIG);
	}
}

static void pattern_that_names_nothing_is_noted(void **state)
{
	(void)state;
	(void)fp8_weights(LLAMA, "\"model.layers.0.mixer.in_proj\", \"lm_head\"");
	assert_true(has_assumption("'model.layers.0.mixer.in_proj'"));
	assert_string_equal(f.items[RP_PART_WEIGHTS].confidence, "guess");
}

static void float32_model_has_a_cache_of_its_width(void **state)
{
	const struct rp_size_request none = {0}, fp32 = {.dtype = "fp32"}, bf16 = {.dtype = "bf16"},
				     kv = {.dtype = "fp32", .kv_dtype = "bf16"},
				     llama = {.dtype = "fp32", .engine = "llama.cpp"};
	const struct {
		const char *text;
		const struct rp_size_request *q;
		uint64_t width;
	} rows[] = {
		{"{" LLAMA "}", &none, 2},
		{"{" LLAMA "}", &fp32, 4},
		{"{" LLAMA "}", &kv, 2},
		{"{" LLAMA "}", &llama, 2},
		{"{" LLAMA ", \"torch_dtype\": \"float32\"}", &none, 4},
		{"{" LLAMA ", \"torch_dtype\": \"float32\"}", &bf16, 2},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		assert_int_equal(size_text(rows[i].text, rows[i].q), 0);
		/* 2 layers, keys and values, 2 heads of 64 */
		assert_int_equal(f.cache.token_bytes, 2 * 2 * 2 * 64 * rows[i].width);
	}
}

static void assumption_behind_the_last_is_none(void **state)
{
	struct rocpart_footprint *footprint = NULL;
	struct rocpart_model *model = NULL;
	const char *what = NULL, *value = NULL, *why = NULL;

	(void)state;
	assert_int_equal(rocpart_model_new_bytes("m", 1 << 20, &model), 0);
	assert_int_equal(rocpart_footprint_new(model, NULL, &footprint, NULL), 0);
	assert_int_equal(rocpart_footprint_get_assumption(footprint, 0, &what, &value, &why), 0);
	assert_int_equal(rocpart_footprint_get_assumption(footprint, SIZE_MAX, &what, &value, &why),
			 -ENOENT);
	rocpart_footprint_free(footprint);
	rocpart_model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(glob_covers_a_name_and_what_is_below),
		cmocka_unit_test(regex_matches_what_python_matches),
		cmocka_unit_test(regex_of_a_stranger_takes_bounded_time),
		cmocka_unit_test(key_that_may_decide_a_size_is_refused_by_name),
		cmocka_unit_test(key_that_decides_nothing_is_passed),
		cmocka_unit_test(lenient_request_counts_without_the_key_and_says_so),
		cmocka_unit_test(old_names_of_keys_mean_the_same),
		cmocka_unit_test(shared_indexers_have_no_cache),
		cmocka_unit_test(pattern_covers_the_names_of_the_checkpoint),
		cmocka_unit_test(pattern_of_gptq_chooses_its_own_bits),
		cmocka_unit_test(quantization_that_is_not_understood_is_refused_by_name),
		cmocka_unit_test(patterns_of_a_stranger_take_bounded_time),
		cmocka_unit_test(pattern_that_names_nothing_is_noted),
		cmocka_unit_test(float32_model_has_a_cache_of_its_width),
		cmocka_unit_test(assumption_behind_the_last_is_none),
	};

	return cmocka_run_group_tests_name("model_keys", tests, NULL, NULL);
}
