/* SPDX-License-Identifier: MIT */
#include "model/engine_flags.h"
#include "base/json.h"
#include "base/num.h"

static void add_number(struct rp_words *w, const char *flag, uint64_t n)
{
	rp_words_add(w, "%s", flag);
	rp_words_add(w, "%llu", (unsigned long long)n);
}

static void add_text(struct rp_words *w, const char *flag, const char *text)
{
	rp_words_add(w, "%s", flag);
	rp_words_add(w, "%s", text);
}

/*
 * vLLM refuses to start when less than utilization * total is free, and at that moment its own
 * process context is already taken (sizing study 1.4). Two decimals, rounded down.
 */
static void add_utilization(struct rp_words *w, const struct rp_engine_facts *f)
{
	uint64_t percent;

	if (!f->partition_bytes || f->limit_bytes <= f->process_bytes)
		return;
	percent = (f->limit_bytes - f->process_bytes) /
		  (f->partition_bytes / 100 ? f->partition_bytes / 100 : 1);
	rp_words_add(w, "--gpu-memory-utilization");
	rp_words_add(w, "0.%02llu", (unsigned long long)(percent > 99 ? 99 : percent));
}

/* A checkpoint of another width is converted as it loads. Packed formats name themselves. */
static void add_dtype(struct rp_words *w, const char *dtype)
{
	static const char *const words[][2] = {
		{"bf16", "bfloat16"}, {"fp16", "float16"}, {"fp32", "float32"}};

	for (size_t i = 0; i < RP_ARRAY_LEN(words); i++)
		if (rp_str_eq(dtype, words[i][0]))
			add_text(w, "--dtype", words[i][1]);
	if (rp_str_eq(dtype, "fp8"))
		add_text(w, "--quantization", "fp8");
}

static void vllm_flags(struct rp_words *w, const struct rp_engine_facts *f)
{
	add_utilization(w, f);
	if (f->kv_bytes)
		add_number(w, "--kv-cache-memory-bytes", f->kv_bytes);
	add_number(w, "--max-model-len", f->context);
	add_number(w, "--max-num-seqs", f->max_seqs);
	if (f->max_batched)
		add_number(w, "--max-num-batched-tokens", f->max_batched);
	if (f->ranks > 1)
		add_number(w, "--tensor-parallel-size", f->ranks);
	add_dtype(w, f->dtype);
	if (rp_str_eq(f->kv_dtype, "fp8") || rp_str_eq(f->kv_dtype, "int8"))
		add_text(w, "--kv-cache-dtype", f->kv_dtype);
	if (f->is_eager)
		rp_words_add(w, "--enforce-eager");
}

static void llama_flags(struct rp_words *w, const struct rp_engine_facts *f)
{
	const char *type = *f->kv_dtype ? f->kv_dtype : "f16";
	uint64_t cells = 0;

	if (rp_str_eq(type, "fp16"))
		type = "f16";
	else if (rp_str_eq(type, "fp32"))
		type = "f32";
	/* --ctx-size is shared by all slots. */
	if (rp_mul_u64(f->context, f->max_seqs, &cells) == 0)
		add_number(w, "--ctx-size", cells);
	add_number(w, "--parallel", f->max_seqs);
	if (f->max_batched) {
		add_number(w, "--batch-size", f->max_batched);
		add_number(w, "--ubatch-size", f->max_batched < 512 ? f->max_batched : 512);
	}
	add_text(w, "--cache-type-k", type);
	add_text(w, "--cache-type-v", type);
	add_number(w, "--n-gpu-layers", 999);
}

void rp_engine_flags(const struct rp_engine_facts *f, struct rp_words *ret)
{
	if (f->is_vllm)
		vllm_flags(ret, f);
	else
		llama_flags(ret, f);
}

/* Numbers keep their digits: 0.93 shall not become 0.93000000000000005. */
static int add_value(struct rp_strbuf *b, const char *word)
{
	RP_AUTO_JSON struct rp_json *text = NULL;
	double number;

	if (rp_parse_double(word, &number) == 0) {
		rp_strbuf_add(b, word);
		return 0;
	}
	text = rp_json_string(word);
	return text ? rp_json_print(text, false, b) : -ENOMEM;
}

int rp_engine_flags_json(const struct rp_words *flags, struct rp_strbuf *ret)
{
	int r = 0;

	rp_strbuf_add_char(ret, '{');
	for (size_t i = 0; r == 0 && i < flags->n; i++) {
		bool has_value = i + 1 < flags->n && !rp_str_starts(flags->v[i + 1], "--");

		rp_strbuf_addf(ret, "%s\"%s\":", i ? "," : "", flags->v[i] + strlen("--"));
		if (has_value)
			r = add_value(ret, flags->v[++i]);
		else
			rp_strbuf_add(ret, "true");
	}
	rp_strbuf_add_char(ret, '}');
	return r < 0 || ret->failed ? -ENOMEM : 0;
}
