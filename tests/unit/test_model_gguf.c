/* SPDX-License-Identifier: MIT */
/* GGUF headers: sizes of every tensor type, and files made to mislead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "model/files/gguf.h"
#include "model/ggml.h"

enum { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 };

/* A file built field by field. */
struct file {
	struct rp_strbuf b;
};

static void put(struct file *f, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		rp_strbuf_add_char(&f->b, (char)(unsigned char)(v >> (8 * i)));
}

static void put_text(struct file *f, const char *s)
{
	put(f, strlen(s), 8);
	rp_strbuf_add(&f->b, s);
}

static void start(struct file *f, uint64_t n_tensors, uint64_t n_keys)
{
	rp_strbuf_reset(&f->b);
	put(f, 0x46554747, 4);
	put(f, 3, 4);
	put(f, n_tensors, 8);
	put(f, n_keys, 8);
}

static void key_u32(struct file *f, const char *name, uint32_t v)
{
	put_text(f, name);
	put(f, U32, 4);
	put(f, v, 4);
}

static void key_text(struct file *f, const char *name, const char *v)
{
	put_text(f, name);
	put(f, STRING, 4);
	put_text(f, v);
}

static void tensor(struct file *f, const char *name, uint64_t ne0, uint64_t ne1, uint32_t type,
		   uint64_t offset)
{
	put_text(f, name);
	put(f, 2, 4);
	put(f, ne0, 8);
	put(f, ne1, 8);
	put(f, type, 4);
	put(f, offset, 8);
}

/* Pad to 32 and add n bytes of data. */
static void data(struct file *f, size_t n)
{
	while (f->b.len % 32)
		put(f, 0, 1);
	for (size_t i = 0; i < n; i++)
		put(f, 0, 1);
}

static int parse(const struct file *f, struct rp_gguf *g, struct rp_model_config *c,
		 struct rocpart_error *err)
{
	assert_false(rp_strbuf_failed(&f->b));
	memset(g, 0, sizeof(*g));
	memset(c, 0, sizeof(*c));
	memset(err, 0, sizeof(*err));
	return rp_gguf_parse(rp_strbuf_str(&f->b), f->b.len, "m.gguf", g, c, err);
}

static void refuses(const struct file *f, const char *word, const char *other)
{
	struct rp_gguf g;
	struct rp_model_config c;
	struct rocpart_error err;
	int r = parse(f, &g, &c, &err);

	if (r != -EINVAL || !strstr(err.message, word) || (other && !strstr(err.message, other)))
		print_message("# %d %s: %s\n", r, err.object, err.message);
	assert_int_equal(r, -EINVAL);
	assert_string_equal(err.object, "m.gguf");
	assert_non_null(strstr(err.message, word));
	if (other)
		assert_non_null(strstr(err.message, other));
}

static int open_file(void **state)
{
	static struct file f;

	memset(&f, 0, sizeof(f));
	*state = &f;
	return 0;
}

static int close_file(void **state)
{
	struct file *f = *state;

	rp_strbuf_done(&f->b);
	return 0;
}

static void gguf_of_two_tensors_gives_sums_and_config(void **state)
{
	struct file *f = *state;
	struct rp_gguf g;
	struct rp_model_config c;
	struct rocpart_error err;

	start(f, 2, 9);
	key_text(f, "general.architecture", "llama");
	key_u32(f, "llama.block_count", 2);
	key_u32(f, "llama.embedding_length", 64);
	key_u32(f, "llama.attention.head_count", 4);
	key_u32(f, "llama.attention.head_count_kv", 2);
	key_u32(f, "llama.context_length", 512);
	key_u32(f, "llama.feed_forward_length", 128);
	put_text(f, "tokenizer.ggml.tokens");
	put(f, ARRAY, 4);
	put(f, STRING, 4);
	put(f, 3, 8);
	put_text(f, "a");
	put_text(f, "");
	put_text(f, "ccc");
	put_text(f, "llama.rope.freq_base");
	put(f, F32, 4);
	put(f, 0, 4);
	tensor(f, "token_embd.weight", 64, 3, 8, 0); /* Q8_0: 34 bytes per 32 */
	tensor(f, "blk.0.x", 5, 1, 0, 224);	     /* F32, behind 204 bytes padded to 32 */
	data(f, 224 + 20);
	assert_int_equal(parse(f, &g, &c, &err), 0);
	assert_int_equal(g.n_tensors, 2);
	assert_int_equal(g.bytes, 204 + 20);
	assert_int_equal(g.elements, 192 + 5);
	assert_int_equal(g.embedding_bytes, 204);
	assert_string_equal(c.model_type, "llama");
	assert_int_equal(c.layers, 2);
	assert_int_equal(c.hidden, 64);
	assert_int_equal(c.kv_heads, 2);
	assert_int_equal(c.vocab, 3);
	assert_int_equal(c.max_context, 512);
}

/* Bytes of a block as ggml's library prints them (ggml_types.csv of the sizing study). */
static void gguf_of_every_type_has_its_block_size(void **state)
{
	static const struct {
		uint32_t number, block, bytes;
	} types[] = {
		{0, 1, 4},	{1, 1, 2},	{2, 32, 18},	{3, 32, 20},	{6, 32, 22},
		{7, 32, 24},	{8, 32, 34},	{9, 32, 36},	{10, 256, 84},	{11, 256, 110},
		{12, 256, 144}, {13, 256, 176}, {14, 256, 210}, {15, 256, 292}, {16, 256, 66},
		{17, 256, 74},	{18, 256, 98},	{19, 256, 50},	{20, 32, 18},	{21, 256, 110},
		{22, 256, 82},	{23, 256, 136}, {24, 1, 1},	{25, 1, 2},	{26, 1, 4},
		{27, 1, 8},	{28, 1, 8},	{29, 256, 56},	{30, 1, 2},	{34, 256, 54},
		{35, 256, 66},	{39, 32, 17},	{40, 64, 36},	{41, 128, 18},	{42, 64, 18},
	};
	struct file *f = *state;

	for (size_t i = 0; i < RP_ARRAY_LEN(types); i++) {
		struct rp_gguf g;
		struct rp_model_config c;
		struct rocpart_error err;

		start(f, 1, 0);
		tensor(f, "t", (uint64_t)types[i].block * 2, 3, types[i].number, 0);
		data(f, (size_t)types[i].bytes * 6);
		assert_int_equal(parse(f, &g, &c, &err), 0);
		assert_int_equal(g.bytes, types[i].bytes * 6);
	}
	assert_null(rp_ggml_type(4));
	assert_null(rp_ggml_type(43));
	assert_null(rp_ggml_type(UINT32_MAX));
}

static void gguf_with_wrapping_dimensions_is_refused(void **state)
{
	struct file *f = *state;

	start(f, 1, 0);
	tensor(f, "t", UINT64_C(1) << 32, UINT64_C(1) << 32, 0, 0);
	data(f, 64);
	refuses(f, "'t'", "64 bits");
	start(f, 1, 0);
	tensor(f, "t", UINT64_C(1) << 40, UINT64_C(1) << 20, 1, 0);
	data(f, 64);
	refuses(f, "'t'", "beyond the end");
	start(f, 1, 0);
	put_text(f, "t");
	put(f, 4, 4);
	for (int i = 0; i < 4; i++)
		put(f, UINT64_C(1) << 40, 8);
	put(f, 0, 4);
	put(f, 0, 8);
	data(f, 64);
	refuses(f, "'t'", "64 bits");
}

static void gguf_with_bad_tensors_is_refused_by_tensor_and_field(void **state)
{
	struct file *f = *state;

	start(f, 1, 0);
	tensor(f, "t", 33, 1, 8, 0);
	data(f, 64);
	refuses(f, "'t'", "no multiple");
	start(f, 1, 0);
	tensor(f, "t", 8, 0, 0, 0);
	data(f, 64);
	refuses(f, "'t'", "zero");
	start(f, 1, 0);
	tensor(f, "t", 8, 1, 99, 0);
	data(f, 64);
	refuses(f, "'t'", "type 99");
	start(f, 1, 0);
	tensor(f, "t", 8, 1, 0, 16);
	data(f, 64);
	refuses(f, "'t'", "not aligned");
	start(f, 1, 0);
	tensor(f, "t", 8, 1, 0, 32);
	data(f, 64);
	refuses(f, "'t'", "offset is 32");
	start(f, 2, 0);
	tensor(f, "t", 8, 1, 0, 0);
	tensor(f, "u", 8, 1, 0, 0);
	data(f, 64);
	refuses(f, "'u'", "offset is 0");
	start(f, 2, 0);
	tensor(f, "t", 8, 1, 0, 0);
	tensor(f, "t", 8, 1, 0, 32);
	data(f, 64);
	refuses(f, "'t'", "twice");
	start(f, 1, 0);
	tensor(f, "t", 24, 1, 0, 0);
	data(f, 64);
	refuses(f, "need 96 bytes", "has 64");
	start(f, 1, 0);
	tensor(f, "t", 8, 1, 0, 0);
	data(f, 64);
	refuses(f, "need 32 bytes", "has 64");
	start(f, 1, 0);
	put_text(f, "t");
	put(f, 5, 4);
	data(f, 64);
	refuses(f, "'t'", "n_dims");
	start(f, 1, 0);
	put_text(f, "ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"); /* 65 */
	data(f, 64);
	refuses(f, "65 bytes", NULL);
}

static void gguf_with_bad_keys_is_refused_by_key(void **state)
{
	struct file *f = *state;

	start(f, 0, 2);
	key_u32(f, "k", 1);
	key_u32(f, "k", 2);
	refuses(f, "'k'", "twice");
	start(f, 0, 1);
	put_text(f, "k");
	put(f, 13, 4);
	put(f, 0, 8);
	refuses(f, "'k'", "type 13");
	start(f, 0, 1);
	put_text(f, "k");
	put(f, ARRAY, 4);
	put(f, ARRAY, 4);
	put(f, 1, 8);
	put(f, 0, 8);
	refuses(f, "'k'", "list of type 9");
	start(f, 0, 1);
	put_text(f, "k");
	put(f, ARRAY, 4);
	put(f, U64, 4);
	put(f, UINT64_C(1) << 61, 8);
	refuses(f, "'k'", "more than fit into the file");
	start(f, 0, 1);
	put_text(f, "k");
	put(f, ARRAY, 4);
	put(f, STRING, 4);
	put(f, UINT64_MAX, 8);
	refuses(f, "'k'", "more than fit into the file");
	start(f, 0, 1);
	put_text(f, "k");
	put(f, STRING, 4);
	put(f, 1000000000, 8);
	refuses(f, "'k'", "1000000000 bytes");
	start(f, 0, 1);
	key_u32(f, "general.alignment", 33);
	refuses(f, "general.alignment", "33");
	start(f, 0, 2);
	key_text(f, "general.architecture", "llama");
	put_text(f, "llama.block_count");
	put(f, I32, 4);
	put(f, UINT32_MAX, 4);
	refuses(f, "llama.block_count", "negative");
}

static void gguf_with_a_bad_start_is_refused(void **state)
{
	struct file *f = *state;

	rp_strbuf_reset(&f->b);
	rp_strbuf_add(&f->b, "GGU");
	refuses(f, "ends in the middle", NULL);
	rp_strbuf_reset(&f->b);
	rp_strbuf_add(&f->b, "GGML....................");
	refuses(f, "not a GGUF file", NULL);
	start(f, 0, 0);
	f->b.s[4] = 1;
	refuses(f, "version 1", NULL);
	start(f, UINT64_MAX, 0);
	refuses(f, "n_tensors", NULL);
	start(f, 0, 65537);
	refuses(f, "n_kv", NULL);
}

/* Whatever the place of the cut, the answer is an error and never a read beyond the end. */
static void gguf_cut_anywhere_is_refused(void **state)
{
	struct file *f = *state;
	size_t whole;

	start(f, 1, 2);
	key_text(f, "general.architecture", "llama");
	key_u32(f, "llama.block_count", 2);
	tensor(f, "t", 8, 1, 0, 0);
	data(f, 32);
	whole = f->b.len;
	for (size_t n = 0; n < whole; n++) {
		/* a block of its own size, so that a sanitizer sees any byte too many */
		RP_AUTO_FREE char *cut = malloc(n ? n : 1);
		struct rp_gguf g = {0};
		struct rp_model_config c = {0};

		assert_non_null(cut);
		memcpy(cut, f->b.s, n);
		assert_true(rp_gguf_parse(cut, n, "m.gguf", &g, &c, NULL) < 0);
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_file, close_file)
	const struct CMUnitTest tests[] = {
		TEST(gguf_of_two_tensors_gives_sums_and_config),
		TEST(gguf_of_every_type_has_its_block_size),
		TEST(gguf_with_wrapping_dimensions_is_refused),
		TEST(gguf_with_bad_tensors_is_refused_by_tensor_and_field),
		TEST(gguf_with_bad_keys_is_refused_by_key),
		TEST(gguf_with_a_bad_start_is_refused),
		TEST(gguf_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
