/* SPDX-License-Identifier: MIT */
/* Reading model files: what the numbers are, and that hostile files are refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "model/files/folder.h"
#include "rocpart/model.h"

static char *folder;

static int make_folder(void **state)
{
	(void)state;
	folder = host_temp_name("rocpart-model");
	return folder && mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	/* what the tests below make */
	static const char *const made[] = {"model.safetensors",
					   "a.safetensors",
					   "b.safetensors",
					   "out.safetensors",
					   "config.json",
					   "model.safetensors.index.json",
					   "model-00001-of-00002.safetensors",
					   "model-00002-of-00002.safetensors"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(made); i++) {
		RP_AUTO_FREE char *path = rp_strdupf("%s/%s", folder, made[i]);

		if (path)
			(void)unlink(path);
	}
	(void)rmdir(folder);
	free(folder);
	return 0;
}

static void write_file(const char *name, const void *data, size_t len, uint64_t size)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", folder, name);
	RP_AUTO_CLOSE int fd = -EBADF;

	assert_non_null(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	if (size > len)
		assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

static void write_text(const char *name, const char *text)
{
	write_file(name, text, strlen(text), 0);
}

/* A safetensors file: length, header, data_size bytes of nothing. */
static void write_tensors(const char *name, const char *header, uint64_t data_size)
{
	size_t n = strlen(header);
	RP_AUTO_FREE unsigned char *all = calloc(1, n + 8);

	assert_non_null(all);
	for (size_t i = 0; i < 8; i++)
		all[i] = (unsigned char)((uint64_t)n >> (8 * i));
	memcpy(all + 8, header, n);
	write_file(name, all, n + 8, n + 8 + data_size);
}

static int read_model(const char *name, struct rp_model_desc *d, struct rocpart_error *err)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s%s%s", folder, name ? "/" : "", name ? name : "");

	assert_non_null(path);
	memset(d, 0, sizeof(*d));
	memset(err, 0, sizeof(*err));
	return rp_model_read(path, d, err);
}

/* Refused with that errno, and the message names these. */
static void refuses(const char *name, int errnum, const char *word, const char *other)
{
	struct rp_model_desc d;
	struct rocpart_error err;
	int r = read_model(name, &d, &err);

	if (r != errnum || !strstr(err.message, word) ||
	    (other && !strstr(err.message, other) && !strstr(err.object, other)))
		print_message("# %d: %s: %s\n", r, err.object, err.message);
	assert_int_equal(r, errnum);
	assert_non_null(strstr(err.message, word));
	if (other)
		assert_true(strstr(err.message, other) || strstr(err.object, other));
	if (r == 0)
		rp_model_desc_done(&d);
}

#define TENSOR(name, dtype, shape, begin, end)                                               \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin \
	"," end "]}"

static void safetensors_sums_are_those_of_the_file(void **state)
{
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	write_tensors("a.safetensors",
		      "{\"__metadata__\":{\"format\":\"pt\"}," TENSOR(
			      "b", "F32", "[3]", "80",
			      "92") "," TENSOR("a", "BF16", "[5,8]", "0",
					       "80") "," TENSOR("empty", "F16", "[0,4]", "92",
								"92") "}   ",
		      92);
	assert_int_equal(read_model("a.safetensors", &d, &err), 0);
	assert_int_equal(d.file_bytes, 92);
	assert_int_equal(d.file_parameters, 43);
	assert_int_equal(d.n_tensors, 3);
	assert_int_equal(d.float32_bytes, 12);
	assert_false(d.packed);
	rp_model_desc_done(&d);
}

/* The folder stays open for the caller. */
static void model_of_an_open_folder_is_that_of_its_path(void **state)
{
	RP_AUTO_CLOSE int dirfd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct rocpart_model *model = NULL;
	struct rocpart_error err = {0};

	(void)state;
	write_tensors("a.safetensors", "{" TENSOR("t", "F16", "[4]", "0", "8") "}", 8);
	assert_int_equal(rocpart_model_open_at(dirfd, "a.safetensors", "mine", &model, &err), 0);
	assert_string_equal(rocpart_model_get_name(model), "mine");
	model = rocpart_model_free(model);
	assert_int_equal(rocpart_model_open_at(dirfd, NULL, "mine", &model, &err), 0);
	model = rocpart_model_free(model);
	assert_int_equal(rocpart_model_open_at(dirfd, "b.safetensors", "mine", &model, &err),
			 -ENOENT);
	assert_null(model);
	assert_true(fcntl(dirfd, F_GETFD) >= 0);
}

static void safetensors_of_every_type_have_their_bits(void **state)
{
	static const struct {
		const char *dtype;
		unsigned bits;
	} types[] = {
		{"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"BOOL", 8},    {"U8", 8},
		{"I8", 8},   {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
		{"U16", 16}, {"F16", 16},    {"BF16", 16},   {"I32", 32},    {"U32", 32},
		{"F32", 32}, {"I64", 64},    {"U64", 64},    {"F64", 64},    {"C64", 64},
	};
	char header[256];

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(types); i++) {
		struct rp_model_desc d;
		struct rocpart_error err;
		unsigned bytes = types[i].bits; /* 8 elements */

		assert_int_equal(rp_fmt(header, sizeof(header),
					"{\"t\":{\"dtype\":\"%s\",\"shape\":[2,4],"
					"\"data_offsets\":[0,%u]}}",
					types[i].dtype, bytes),
				 0);
		write_tensors("a.safetensors", header, bytes);
		assert_int_equal(read_model("a.safetensors", &d, &err), 0);
		assert_int_equal(d.file_bytes, bytes);
		rp_model_desc_done(&d);
	}
}

static void safetensors_hostile_headers_are_refused_by_tensor_and_field(void **state)
{
	static const struct {
		const char *header;
		uint64_t data;
		const char *word, *other;
	} bad[] = {
		{"{" TENSOR("t", "F16", "[4294967296,4294967296]", "0", "0") "}", 0, "'t'",
		 "shape"},
		{"{" TENSOR("t", "F64", "[2305843009213693952]", "0", "0") "}", 0, "'t'", "shape"},
		{"{" TENSOR("t", "F16", "[4]", "0", "8") "}", 4, "'t'", "data_offsets"},
		{"{" TENSOR("t", "F16", "[4]", "8", "0") "}", 8, "'t'", "data_offsets"},
		{"{" TENSOR("t", "F16", "[4]", "0", "6") "}", 6, "'t'", "data_offsets"},
		{"{" TENSOR("t", "F4", "[3]", "0", "1") "}", 1, "'t'", "shape"},
		{"{" TENSOR("t", "Q9", "[4]", "0", "8") "}", 8, "'t'", "dtype"},
		{"{" TENSOR("t", "F16", "[-4]", "0", "8") "}", 8, "'t'", "shape"},
		{"{" TENSOR("t", "F16", "[4.0]", "0", "8") "}", 8, "'t'", "shape"},
		{"{" TENSOR("t", "F16", "[1,1,1,1,1,1,1,1,4]", "0", "8") "}", 8, "'t'", "shape"},
		{"{\"t\":{\"shape\":[4],\"data_offsets\":[0,8]}}", 8, "'t'", "dtype"},
		{"{\"t\":{\"dtype\":\"F16\",\"data_offsets\":[0,8]}}", 8, "'t'", "shape"},
		{"{\"t\":{\"dtype\":\"F16\",\"shape\":[4]}}", 8, "'t'", "data_offsets"},
		{"{\"t\":{\"dtype\":\"F16\",\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}"
		 "}",
		 8, "'t'", "dtype"},
		{"{\"t\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8,8]}}", 8, "'t'",
		 "data_offsets"},
		{"{" TENSOR("t", "F16", "[4]", "0", "8") "," TENSOR("t", "F16", "[4]", "8",
								    "16") "}",
		 16, "'t'", "twice"},
		{"{" TENSOR("t", "F16", "[4]", "0", "8") "," TENSOR("u", "F16", "[4]", "4",
								    "12") "}",
		 12, "'u'", "overlap"},
		{"{" TENSOR("t", "F16", "[4]", "0", "8") "," TENSOR("u", "F16", "[4]", "9",
								    "17") "}",
		 17, "'u'", "gap"},
		{"{" TENSOR("t", "F16", "[4]", "0", "8") "," TENSOR("u", "F16", "[4]", "0",
								    "8") "}",
		 16, "'", "overlap"},
		{"{" TENSOR("t", "F16", "[4]", "0", "8") "}", 9, "end at byte 8", "a.safetensors"},
		{"{}", 4, "end at byte 0", "a.safetensors"},
		{"{" TENSOR("t", "F16", "[4]", "0", "8") "}x", 8, "after the end", NULL},
		{"{" TENSOR("t", "F16", "[4]", "0", "8"), 8, "ends too early", NULL},
		{"[1]", 0, "map", NULL},
		{"{\"__metadata__\":{\"a\":1}}", 0, "__metadata__", NULL},
		{"{\"t\":{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
		 "]]]]]]}}",
		 0, "nested more than", NULL},
		{"{\"t\xff\":1}", 0, "UTF-8", NULL},
		{"{\"t\":{\"dtype\":\"F16\",\"shape\":[NaN],\"data_offsets\":[0,8]}}", 8, "NaN",
		 NULL},
		{"{\"t\":{\"dtype\":\"F16\",\"shape\":[18446744073709551616],\"data_offsets\":[0,8]"
		 "}}",
		 8, "64 bits", NULL},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(bad); i++) {
		write_tensors("a.safetensors", bad[i].header, bad[i].data);
		refuses("a.safetensors", -EINVAL, bad[i].word, bad[i].other);
	}
}

static void safetensors_of_bad_length_are_refused(void **state)
{
	unsigned char head[16] = {0};

	(void)state;
	write_file("a.safetensors", head, 3, 0);
	refuses("a.safetensors", -EINVAL, "too short", "a.safetensors");
	head[0] = 9; /* one more than there is */
	write_file("a.safetensors", head, 16, 0);
	refuses("a.safetensors", -EINVAL, "beyond the end", NULL);
	head[3] = 6; /* 100,663,305 bytes */
	write_file("a.safetensors", head, 16, 0);
	refuses("a.safetensors", -EINVAL, "100000000", NULL);
	head[7] = 0xff;
	write_file("a.safetensors", head, 16, 0);
	refuses("a.safetensors", -EINVAL, "100000000", NULL);
}

static void safetensors_padding_of_blanks_and_nuls_is_accepted(void **state)
{
	unsigned char all[8 + 64] = {64};
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	memcpy(all + 8, "{" TENSOR("t", "U8", "[2]", "0", "2") "}  ", 54);
	write_file("a.safetensors", all, sizeof(all), sizeof(all) + 2);
	assert_int_equal(read_model("a.safetensors", &d, &err), 0);
	assert_int_equal(d.file_bytes, 2);
	rp_model_desc_done(&d);
}

#define LLAMA_CONFIG                                                              \
	"{\"model_type\":\"llama\",\"hidden_size\":64,\"num_hidden_layers\":2,"   \
	"\"num_attention_heads\":4,\"intermediate_size\":128,\"vocab_size\":100," \
	"\"max_position_embeddings\":512,\"x\":[0.0,Infinity,-Infinity,NaN],"

static void folder_of_tied_embeddings_counts_them_once(void **state)
{
	static const char header[] =
		"{" TENSOR("lm_head.weight", "BF16", "[10,4]", "0", "80") "," TENSOR(
			"model.embed_tokens.weight", "BF16", "[10,4]", "80", "160") "}";
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	write_text("config.json", LLAMA_CONFIG "\"tie_word_embeddings\":true}");
	write_tensors("model.safetensors", header, 160);
	assert_int_equal(read_model(NULL, &d, &err), 0);
	assert_int_equal(d.file_bytes, 160);
	assert_int_equal(d.skipped_bytes, 80);
	assert_int_equal(d.file_parameters, 40);
	rp_model_desc_done(&d);
	write_text("config.json", LLAMA_CONFIG "\"tie_word_embeddings\":false}");
	assert_int_equal(read_model(NULL, &d, &err), 0);
	assert_int_equal(d.skipped_bytes, 0);
	rp_model_desc_done(&d);
}

static void folder_of_draft_layers_leaves_them_out(void **state)
{
	static const char header[] =
		"{" TENSOR("model.layers.1.a", "U8", "[3]", "0", "3") "," TENSOR(
			"model.layers.2.a", "U8", "[5]", "3", "8") "," TENSOR("mtp.fc.weight", "U8",
									      "[7]", "8", "15") "}";
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	write_text("config.json", LLAMA_CONFIG "\"num_nextn_predict_layers\":1}");
	write_tensors("model.safetensors", header, 15);
	assert_int_equal(read_model(NULL, &d, &err), 0);
	assert_int_equal(d.skipped_bytes, 12);
	rp_model_desc_done(&d);
}

#define INDEX(map) "{\"metadata\":{\"total_size\":24},\"weight_map\":{" map "}}"

static void index_of_two_shards_sums_both(void **state)
{
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	write_tensors("a.safetensors", "{" TENSOR("x", "F16", "[4]", "0", "8") "}", 8);
	write_tensors("b.safetensors", "{" TENSOR("y", "F32", "[4]", "0", "16") "}", 16);
	write_text("model.safetensors.index.json",
		   INDEX("\"x\":\"a.safetensors\",\"y\":\"b.safetensors\""));
	assert_int_equal(read_model(NULL, &d, &err), 0);
	assert_int_equal(d.file_bytes, 24);
	assert_int_equal(d.n_files, 2);
	rp_model_desc_done(&d);
}

static void index_without_shards_at_hand_gives_its_total(void **state)
{
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	write_text("model.safetensors.index.json", INDEX("\"x\":\"a.safetensors\""));
	assert_int_equal(read_model(NULL, &d, &err), 0);
	assert_int_equal(d.file_bytes, 24);
	assert_int_equal(d.origin, RP_ORIGIN_INDEX);
	rp_model_desc_done(&d);
}

static void index_that_lies_is_refused(void **state)
{
	(void)state;
	write_tensors("a.safetensors", "{" TENSOR("x", "F16", "[4]", "0", "8") "}", 8);
	write_text("model.safetensors.index.json",
		   INDEX("\"x\":\"a.safetensors\",\"y\":\"b.safetensors\""));
	refuses(NULL, -ENOENT, "does not exist", "b.safetensors");
	write_text("model.safetensors.index.json", INDEX("\"z\":\"a.safetensors\""));
	refuses(NULL, -EINVAL, "tensors", "a.safetensors");
	write_text("model.safetensors.index.json", INDEX("\"x\":\"../a.safetensors\""));
	refuses(NULL, -EINVAL, "'x'", "plain file name");
	write_text("model.safetensors.index.json", INDEX("\"x\":\"/etc/passwd\""));
	refuses(NULL, -EINVAL, "'x'", "plain file name");
	write_text("model.safetensors.index.json", "{\"metadata\":{}}");
	refuses(NULL, -EINVAL, "weight_map", NULL);
}

static void parts_without_an_index_must_all_be_there(void **state)
{
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	write_tensors("model-00001-of-00002.safetensors",
		      "{" TENSOR("x", "F16", "[4]", "0", "8") "}", 8);
	refuses("model-00001-of-00002.safetensors", -ENOENT, "does not exist",
		"model-00002-of-00002.safetensors");
	write_tensors("model-00002-of-00002.safetensors",
		      "{" TENSOR("y", "F16", "[4]", "0", "8") "}", 8);
	assert_int_equal(read_model(NULL, &d, &err), 0);
	assert_int_equal(d.file_bytes, 16);
	rp_model_desc_done(&d);
}

static void link_out_of_the_folder_is_refused(void **state)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/model.safetensors", folder);
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	assert_non_null(path);
	write_tensors("out.safetensors", "{" TENSOR("x", "F16", "[4]", "0", "8") "}", 8);
	assert_int_equal(symlink("out.safetensors", path), 0);
	assert_int_equal(read_model("model.safetensors", &d, &err), 0);
	rp_model_desc_done(&d);
	(void)unlink(path);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	refuses("model.safetensors", -EXDEV, "symbolic link", "model.safetensors");
	(void)unlink(path);
	assert_int_equal(symlink("../../../etc/hostname", path), 0);
	refuses("model.safetensors", -EXDEV, "symbolic link", "model.safetensors");
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refuses("model.safetensors", -EINVAL, "regular file", "model.safetensors");
	(void)unlink(path);
}

static void config_hostile_texts_are_refused_by_key(void **state)
{
	static const struct {
		const char *text;
		int errnum;
		const char *word;
	} bad[] = {
		{"{\"hidden_size\":64,\"hidden_size\":65}", -EINVAL, "'hidden_size'"},
		{"{\"hidden_size\":-64}", -EINVAL, "'hidden_size'"},
		{"{\"hidden_size\":64.5}", -EINVAL, "'hidden_size'"},
		{"{\"hidden_size\":\"big\"}", -EINVAL, "'hidden_size'"},
		{"{\"hidden_size\":4294967296}", -EINVAL, "'hidden_size'"},
		{"{\"hidden_size\":1e400}", -EINVAL, "'hidden_size'"},
		{"{\"num_hidden_layers\":1000000}", -ERANGE, "'num_hidden_layers'"},
		{"{\"vision_config\":{\"hidden_size\":9999999}}", -ERANGE,
		 "vision_config.hidden_size"},
		{"{\"tie_word_embeddings\":1}", -EINVAL, "'tie_word_embeddings'"},
		{"{\"layer_types\":[\"warp\"]}", -ENOTSUP, "warp"},
		{"{\"hybrid_override_pattern\":\"MX\"}", -EINVAL, "'hybrid_override_pattern'"},
		{"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1", -EINVAL, "nested more than"},
		{"{\"a\":01}", -EINVAL, "not a JSON value"},
		{"{\"a\":nul}", -EINVAL, "not a JSON value"},
		{"{\"a\":\"\\ud800\"}", -EINVAL, "escape"},
		{"{\"a\":\"\x01\"}", -EINVAL, "control"},
		{"{\"a\":1,}", -EINVAL, "key"},
		{"{\"a\" 1}", -EINVAL, "':'"},
		{"{\"a\":1]", -EINVAL, "closes"},
		{"", -EINVAL, "ends"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(bad); i++) {
		write_text("config.json", bad[i].text);
		refuses("config.json", bad[i].errnum, bad[i].word, NULL);
	}
}

static void config_of_real_files_may_hold_infinity(void **state)
{
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	write_text("config.json", LLAMA_CONFIG "\"tie_word_embeddings\":false}");
	assert_int_equal(read_model("config.json", &d, &err), 0);
	assert_int_equal(d.config.hidden, 64);
	rp_model_desc_done(&d);
}

static void config_of_language_part_wins_over_the_root(void **state)
{
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	write_text("config.json", "{\"vocab_size\":5,\"text_config\":{\"vocab_size\":7},"
				  "\"hidden_size\":9}");
	assert_int_equal(read_model("config.json", &d, &err), 0);
	assert_int_equal(d.config.vocab, 7);
	assert_int_equal(d.config.hidden, 9);
	rp_model_desc_done(&d);
	write_text("config.json", "{\"text_config\":{\"vocab_size\":7},\"vocab_size\":5}");
	assert_int_equal(read_model("config.json", &d, &err), 0);
	assert_int_equal(d.config.vocab, 7);
	rp_model_desc_done(&d);
}

/* A string of 200 KB passes through a buffer of 64 KB, wherever its characters are cut. */
static void config_with_a_long_text_is_read(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;
	struct rp_model_desc d;
	struct rocpart_error err;

	(void)state;
	rp_strbuf_add(&b, "{\"note\":\"");
	for (int i = 0; i < 60000; i++)
		rp_strbuf_add(&b, i % 7 ? "\xe2\x82\xac" : "\\u20ac");
	rp_strbuf_add(&b, "\",\"hidden_size\":64}");
	assert_false(rp_strbuf_failed(&b));
	write_text("config.json", rp_strbuf_str(&b));
	assert_int_equal(read_model("config.json", &d, &err), 0);
	assert_int_equal(d.config.hidden, 64);
	rp_model_desc_done(&d);
}

static void folder_without_a_model_is_refused(void **state)
{
	(void)state;
	refuses(NULL, -ENOTSUP, "no safetensors", NULL);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(safetensors_sums_are_those_of_the_file),
		TEST(model_of_an_open_folder_is_that_of_its_path),
		TEST(safetensors_of_every_type_have_their_bits),
		TEST(safetensors_hostile_headers_are_refused_by_tensor_and_field),
		TEST(safetensors_of_bad_length_are_refused),
		TEST(safetensors_padding_of_blanks_and_nuls_is_accepted),
		TEST(folder_of_tied_embeddings_counts_them_once),
		TEST(folder_of_draft_layers_leaves_them_out),
		TEST(index_of_two_shards_sums_both),
		TEST(index_without_shards_at_hand_gives_its_total),
		TEST(index_that_lies_is_refused),
		TEST(parts_without_an_index_must_all_be_there),
		TEST(link_out_of_the_folder_is_refused),
		TEST(config_hostile_texts_are_refused_by_key),
		TEST(config_of_real_files_may_hold_infinity),
		TEST(config_of_language_part_wins_over_the_root),
		TEST(config_with_a_long_text_is_read),
		TEST(folder_without_a_model_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
