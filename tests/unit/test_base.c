/* SPDX-License-Identifier: MIT */
/* Numbers, texts, names, JSON, YAML, errors, programs. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/name.h"
#include "base/num.h"
#include "base/process_text.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/tree.h"
#include "base/words.h"
#include "base/yaml.h"
#include "host.h"

/* ---- numbers ---- */

static void u64_of_text_is_whole_and_in_range(void **state)
{
	static const struct {
		const char *text;
		int base, r;
		uint64_t v;
	} cases[] = {
		{"0", 10, 0, 0},
		{"18446744073709551615", 10, 0, UINT64_MAX},
		{"18446744073709551616", 10, -ERANGE, 0},
		{"99999999999999999999999", 10, -ERANGE, 0},
		{"", 10, -EINVAL, 0},
		{" 1", 10, -EINVAL, 0},
		{"1 ", 10, -EINVAL, 0},
		{"+1", 10, -EINVAL, 0},
		{"-1", 10, -EINVAL, 0},
		{"0x10", 10, -EINVAL, 0},
		{"0x10", 0, 0, 16},
		{"0X1f", 0, 0, 31},
		{"010", 0, 0, 10}, /* no octal */
		{"0x", 0, -EINVAL, 0},
		{"e3aa140f9a5f9e31", 16, 0, UINT64_C(0xe3aa140f9a5f9e31)},
		{"ffffffffffffffff", 16, 0, UINT64_MAX},
		{"10000000000000000", 16, -ERANGE, 0},
		{"1g", 16, -EINVAL, 0},
		{"1a", 10, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		uint64_t v = 42;

		assert_int_equal(rp_parse_u64(cases[i].text, cases[i].base, &v), cases[i].r);
		assert_true(v == (cases[i].r ? 42 : cases[i].v)); /* written on success only */
	}
}

static void u32_of_text_has_32_bits(void **state)
{
	uint32_t v = 42;

	(void)state;
	assert_int_equal(rp_parse_u32("4294967296", 10, &v), -ERANGE);
	assert_int_equal(v, 42);
	assert_int_equal(rp_parse_u32("4294967295", 10, &v), 0);
	assert_true(v == UINT32_MAX);
}

static void bytes_of_text_know_their_units(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t v;
	} cases[] = {
		{"24GiB", 0, 24 * RP_GIB},
		{"24G", 0, 24 * RP_GIB},
		{"512MiB", 0, 512 * RP_MIB},
		{"1.5GiB", 0, 1536 * RP_MIB},
		{"1024", 0, 1024},
		{"1kB", 0, 1000},
		{"2GB", 0, 2000000000},
		{"0", 0, 0},
		{"", -EINVAL, 0},
		{"G", -EINVAL, 0},
		{"-1G", -EINVAL, 0},
		{"1XB", -EINVAL, 0},
		{"1.2.3G", -EINVAL, 0},
		{"99999999999T", -ERANGE, 0},
		{"1e3", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		uint64_t v = 0;
		int r = rp_parse_bytes(cases[i].text, &v);

		if (r != cases[i].r || v != cases[i].v)
			fail_msg("%s: %d %llu", cases[i].text, r, (unsigned long long)v);
	}
}

static void duration_is_a_whole_number_with_its_unit(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t v;
	} cases[] = {
		{"0s", 0, 0},
		{"90s", 0, 90},
		{"10m", 0, 600},
		{"2h", 0, 7200},
		{"1d", 0, 86400},
		{"10", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"1.5h", -EINVAL, 0},
		{"-1m", -EINVAL, 0},
		{"1w", -EINVAL, 0},
		{"1 h", -EINVAL, 0},
		{"1hm", -EINVAL, 0},
		{"18446744073709551615d", -ERANGE, 0},
		{"99999999999999999999s", -ERANGE, 0},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		uint64_t v = 0;
		int r = rp_parse_duration(cases[i].text, &v);

		if (r != cases[i].r || v != cases[i].v)
			fail_msg("%s: %d %llu", cases[i].text, r, (unsigned long long)v);
	}
}

static void name_outside_of_the_rule_is_refused_and_cleaned(void **state)
{
	static const struct {
		const char *name, *machine, *lease; /* NULL: it is allowed */
	} cases[] = {
		{"n", NULL, NULL},
		{"A.b_c-9", NULL, NULL},
		{"9", NULL, "model-9"},
		{"meta-llama/Llama-3.1-8B@x+y:z", "meta-llama-Llama-3.1-8B-x-y-z", NULL},
		{"a b", "a-b", "a-b"},
		{"-a", "a", "a"},
		{".hidden", "hidden", "hidden"},
		{"a\n\x1b$(x)\xff", "a-x", "a-x"},
		{"\xe6\xa8\xa1", "machine", "model"},
		{"", "machine", "model"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		const char *const wanted[] = {cases[i].machine, cases[i].lease};

		for (int kind = RP_NAME_MACHINE; kind <= RP_NAME_LEASE; kind++) {
			char near[RP_NAME_SIZE];
			struct rocpart_error err = {0};
			int r = rp_name_check((enum rp_name_kind)kind, cases[i].name, &err);

			assert_int_equal(r, wanted[kind] ? -EINVAL : 0);
			(void)rp_name_clean((enum rp_name_kind)kind, cases[i].name, near);
			assert_string_equal(near, wanted[kind] ? wanted[kind] : cases[i].name);
			assert_true(r == 0 || strstr(err.hint, near));
		}
	}
}

static void error_of_strange_names_is_one_printable_line(void **state)
{
	char filler[600];
	struct rocpart_error err = {0};

	(void)state;
	(void)rp_error_set(&err, -EIO, ROCPART_ERR_FAILED, "a\nb", "no '%s'",
			   "\x1b[2J\xe2\x80\xae");
	(void)rp_error_prefix(&err, "%s", "x\ty");
	(void)rp_error_append(&err, " %s", "\xff");
	(void)rp_error_hint(&err, "`rm %s`", "\r");
	assert_string_equal(err.object, "a\\nb");
	assert_string_equal(err.message, "x\\ty: no '\\x1b[2J\\u202e' \\xff");
	assert_string_equal(err.hint, "`rm \\r`");
	/* a text that is cut ends with a whole character */
	memset(filler, 'a', sizeof(filler));
	memcpy(&filler[509], "\xe6\xa8\xa1", 4);
	(void)rp_error_set(&err, -EIO, ROCPART_ERR_FAILED, NULL, "%s", filler);
	assert_int_equal(strlen(err.message), 509);
}

static void word_of_a_shell_is_quoted_where_it_must_be(void **state)
{
	char word[RP_WORD_SIZE];

	(void)state;
	assert_string_equal(rp_shell_word("vllm@1.service", word), "vllm@1.service");
	assert_string_equal(rp_shell_word("$(x)'\n", word), "'$(x)'\\''\\n'");
	assert_string_equal(rp_shell_word("", word), "''");
}

static void double_of_text_is_plain(void **state)
{
	static const char *const bad[] = {"", "inf", "nan", "1e5", "0x1", ".5", "1.2.3", "1 ", "-"};
	double v = 0;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(bad); i++)
		assert_int_equal(rp_parse_double(bad[i], &v), -EINVAL);
	assert_int_equal(rp_parse_double("-2.5", &v), 0);
	assert_true(v > -2.51 && v < -2.49);
}

static void arithmetic_that_overflows_fails(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_int_equal(rp_add_u64(UINT64_MAX, 1, &v), -EOVERFLOW);
	assert_int_equal(rp_mul_u64(UINT64_C(1) << 32, UINT64_C(1) << 32, &v), -EOVERFLOW);
	assert_int_equal(rp_align_up_u64(UINT64_MAX, 4096, &v), -EOVERFLOW);
	assert_int_equal(v, 7);
	assert_int_equal(rp_align_up_u64(4097, 4096, &v), 0);
	assert_int_equal(v, 8192);
	assert_int_equal(rp_align_up_u64(10, 3, &v), 0);
	assert_int_equal(v, 12);
}

static void bytes_as_text_have_three_digits_at_most(void **state)
{
	char buf[RP_BYTES_TEXT_SIZE];

	(void)state;
	assert_string_equal(rp_format_bytes(17, buf), "17 B");
	assert_string_equal(rp_format_bytes(25769803776, buf), "24.0 GiB");
	assert_string_equal(rp_format_bytes(512 * RP_MIB, buf), "512 MiB");
	assert_string_equal(rp_format_bytes(1000 * RP_MIB, buf), "1.0 GiB");
	assert_string_equal(rp_format_bytes(99 * RP_GIB + 1000 * RP_MIB, buf), "100 GiB");
	assert_string_equal(rp_format_bytes(UINT64_MAX, buf), "16.0 EiB");
	/* half to even, as printf rounds 1.25 and 1.75; just below and above 1.35 */
	assert_string_equal(rp_format_bytes(1280, buf), "1.2 KiB");
	assert_string_equal(rp_format_bytes(1792, buf), "1.8 KiB");
	assert_string_equal(rp_format_bytes(1382, buf), "1.3 KiB");
	assert_string_equal(rp_format_bytes(1383, buf), "1.4 KiB");
	assert_string_equal(rp_format_bytes(1024 * 1024 - 1, buf), "1.0 MiB");
}

static void bytes_as_text_are_rounded_as_printf_does(void **state)
{
	char buf[RP_BYTES_TEXT_SIZE], expected[RP_BYTES_TEXT_SIZE];

	(void)state;
	for (uint64_t bytes = 1024; bytes < 999 * 1024 + 512; bytes++) {
		double v = (double)bytes / 1024;

		(void)rp_fmt(expected, sizeof(expected), "%.*f KiB", v < 99.95 ? 1 : 0, v);
		assert_string_equal(rp_format_bytes(bytes, buf), expected);
	}
}

/* In Turkish, I and i are not one letter; of other bytes none is a letter. */
static void letters_are_compared_without_the_locale(void **state)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ@[`{0_\xc3\x89";
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz@[`{0_\xc3\x89";

	(void)state;
	assert_true(rp_str_eq_nocase(upper, lower));
	assert_false(rp_str_eq_nocase("\xc3\x89", "\xc3\xa9"));
	assert_false(rp_str_eq_nocase("@", "`"));
	assert_false(rp_str_eq_nocase("[", "{"));
	assert_true(rp_str_cmp_nocase("A", "b") < 0 && rp_str_cmp_nocase("B", "a") > 0);
	assert_true(rp_str_cmp_nocase("ab", "ABC") < 0 && rp_str_cmp_nocase("abc", "AB") > 0);
	assert_true(rp_str_cmp_nocase("a", "\xc3") < 0); /* bytes are unsigned */
	assert_true(rp_str_starts_nocase("nps4\n", "NPS4") && rp_str_starts_nocase("x", ""));
	assert_false(rp_str_starts_nocase("NPS", "nps4"));
}

/* ---- texts and names ---- */

static void strbuf_grows_and_is_given_away(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;
	RP_AUTO_FREE char *s = NULL;

	(void)state;
	assert_string_equal(rp_strbuf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		rp_strbuf_addf(&b, "%d,", i);
	assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4);
	rp_strbuf_truncate(&b, 4);
	assert_string_equal(rp_strbuf_str(&b), "0,1,");
	s = rp_strbuf_steal(&b);
	assert_string_equal(s, "0,1,");
	assert_string_equal(rp_strbuf_str(&b), "");
}

static void strbuf_remembers_a_failure(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	(void)state;
	rp_strbuf_add(&b, "text");
	assert_int_equal(rp_strbuf_reserve(&b, SIZE_MAX / 2), -ENOMEM);
	rp_strbuf_add(&b, "more");
	assert_true(rp_strbuf_failed(&b));
	assert_null(rp_strbuf_steal(&b));
}

static void text_that_does_not_fit_is_said(void **state)
{
	char buf[4];

	(void)state;
	assert_int_equal(rp_fmt(buf, sizeof(buf), "%s", "abc"), 0);
	assert_int_equal(rp_fmt(buf, sizeof(buf), "%s", "abcd"), -ENAMETOOLONG);
}

static void names_sort_by_number(void **state)
{
	static const char *const in[] = {"10", "2", "renderD9", "renderD128", "1", "02", "a", ""};
	static const char *const out[] = {"", "1", "02", "2", "10", "a", "renderD9", "renderD128"};
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(in); i++)
		assert_int_equal(rp_names_add(&names, in[i]), 0);
	rp_names_sort(&names);
	for (size_t i = 0; i < RP_ARRAY_LEN(out); i++)
		assert_string_equal(names.v[i], out[i]);
}

/* ---- errors ---- */

/* EXIT STATUS of rocpart(1). A kind that is missing here is refused by the compiler. */
static int documented_status(enum rocpart_errcode code)
{
	switch (code) {
	case ROCPART_ERR_NONE:
		return 0;
	case ROCPART_ERR_FAILED:
	case ROCPART_ERR_NO_MEMORY:
	case ROCPART_ERR_BAD_ATTRIBUTE:
	case ROCPART_ERR_PERMISSION:
	case ROCPART_ERR_READBACK_MISMATCH:
	case ROCPART_ERR_STALE_SNAPSHOT:
	case ROCPART_ERR_DRIVER_RELOAD:
	case ROCPART_ERR_RETRY:
	case ROCPART_ERR_MODEL_FORMAT:
	case ROCPART_ERR_BAD_RECORDS:
	case ROCPART_ERR_INTERRUPTED:
		return 1;
	case ROCPART_ERR_INVALID_ARGUMENT:
	case ROCPART_ERR_NOT_FOUND:
	case ROCPART_ERR_CONFIG_SYNTAX:
	case ROCPART_ERR_SIM_ONLY:
	case ROCPART_ERR_MODEL_UNKNOWN:
		return 2;
	case ROCPART_ERR_BUSY_PROCESS:
	case ROCPART_ERR_MODE_UNSUPPORTED:
	case ROCPART_ERR_NPS_NEEDS_COMPUTE:
	case ROCPART_ERR_NOT_VALIDATED:
	case ROCPART_ERR_READ_ONLY:
	case ROCPART_ERR_LOCKED:
	case ROCPART_ERR_DRIVER_IN_USE:
	case ROCPART_ERR_CORDONED:
	case ROCPART_ERR_NEEDS_CONFIRMATION:
	case ROCPART_ERR_UNSUPPORTED:
	case ROCPART_ERR_MODEL_TOO_LARGE:
	case ROCPART_ERR_LEASED:
	case ROCPART_ERR_NO_ROOM:
	case ROCPART_ERR_OTHER_ALLOCATOR:
	case ROCPART_ERR_GPU_REPLACED:
	case ROCPART_ERR_ON_HOLD:
	case ROCPART_ERR_NOT_NAMED:
	case ROCPART_ERR_DESIRED_LOST:
		return 3;
	case ROCPART_ERR_GPU_LOST:
	case ROCPART_ERR_PARTITION_MISSING:
	case ROCPART_ERR_PARTLY_DONE:
		return 4;
	case ROCPART_ERR_NO_HARDWARE:
		return 5;
	case ROCPART_ERR_NPS_NEEDS_RELOAD:
	case ROCPART_ERR_UNFINISHED_CHANGE:
		return 6;
	}
	return -1;
}

static void every_errcode_has_a_name_and_its_documented_status(void **state)
{
	unsigned n = 0;

	(void)state;
	for (; documented_status((enum rocpart_errcode)n) >= 0; n++) {
		enum rocpart_errcode code = (enum rocpart_errcode)n;

		assert_string_not_equal(rocpart_errcode_to_string(code), "UNKNOWN");
		assert_int_equal(rocpart_errcode_exit_status(code), documented_status(code));
		for (unsigned k = 0; k < n; k++)
			assert_string_not_equal(rocpart_errcode_to_string(code),
						rocpart_errcode_to_string((enum rocpart_errcode)k));
	}
	assert_int_equal(n, 41); /* without gaps */
	assert_string_equal(rocpart_errcode_to_string((enum rocpart_errcode)9999), "UNKNOWN");
	assert_int_equal(rocpart_errcode_exit_status((enum rocpart_errcode)9999), 1);
}

static void error_text_takes_either_sign(void **state)
{
	(void)state;
	assert_string_equal(rocpart_strerror(ENOENT), rocpart_strerror(-ENOENT));
	assert_non_null(rocpart_strerror(123456));
}

static void error_is_never_success(void **state)
{
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_error_set(&err, 0, ROCPART_ERR_FAILED, NULL, "x"), -EIO);
	assert_int_equal(rp_error_set(NULL, 0, ROCPART_ERR_FAILED, NULL, "x"), -EIO);
	errno = 0;
	assert_true(rp_neg_errno() < 0);
	assert_int_equal(rp_error_errno(&err, -EACCES, "o", "cannot %s", "do"), -EACCES);
	assert_string_equal(err.message, "cannot do: Permission denied");
	assert_int_equal(err.code, ROCPART_ERR_PERMISSION);
	assert_int_equal(rp_error_prefix(&err, "node.yaml"), -EACCES);
	assert_string_equal(err.message, "node.yaml: cannot do: Permission denied");
}

static void long_message_is_cut_and_ended(void **state)
{
	struct rocpart_error err = {0};
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)rp_error_errno(&err, -EIO, text, "%s", text);
	(void)rp_error_prefix(&err, "%s", text);
	(void)rp_error_hint(&err, "%s", text);
	assert_int_equal(strlen(err.object), sizeof(err.object) - 1);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
}

/* ---- JSON ---- */

static void expect_json_error(const char *text, size_t len, const char *object)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rocpart_error err = {0};

	if (rp_json_parse(text, len, "f.json", &j, &err) != -EINVAL)
		fail_msg("accepted: %s", text);
	assert_int_equal(err.code, ROCPART_ERR_CONFIG_SYNTAX);
	if (!rp_str_starts(err.object, object))
		fail_msg("'%s': %s", text, err.object);
}

#define EXPECT_JSON_ERROR(text, object) expect_json_error(text, sizeof(text) - 1, object)

static void json_that_is_wrong_is_refused_with_its_place(void **state)
{
	(void)state;
	EXPECT_JSON_ERROR("", "f.json:1:");
	EXPECT_JSON_ERROR("{\n\"a\": 1,\n\"a\": 2}", "f.json:3:");
	EXPECT_JSON_ERROR("[1] x", "f.json:1:");
	EXPECT_JSON_ERROR("[NaN]", "f.json:1:");
	EXPECT_JSON_ERROR("[18446744073709551615]", "f.json:1:");
	EXPECT_JSON_ERROR("[\"a\0b\"]", "f.json:1:");
	EXPECT_JSON_ERROR("\"\\u0000\"", "f.json:1:");
	EXPECT_JSON_ERROR("[\"\xff\"]", "f.json:1:");
}

/* Values as RFC 8259 writes them; each is printed again as it is here. */
static void json_values_are_read_as_they_are(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{" [ true , false , null ] ", "[true,false,null]"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"9223372036854775807", "9223372036854775807"},
		{"[1.5e-3,2E+2,-0.25]", "[0.0015,200.0,-0.25]"},
		{"\"\\u00e9\\ud83d\\ude00\\n\\/\"", "\"\xc3\xa9\xf0\x9f\x98\x80\\n/\""},
		{"{\"b\":{},\"a\":[]}", "{\"b\":{},\"a\":[]}"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		RP_AUTO_JSON struct rp_json *j = NULL;
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

		if (rp_json_parse(cases[i].text, strlen(cases[i].text), "f", &j, NULL) < 0)
			fail_msg("refused: %s", cases[i].text);
		assert_int_equal(rp_json_print(j, false, &text), 0);
		assert_string_equal(rp_strbuf_str(&text), cases[i].printed);
	}
}

static void json_that_is_nearly_right_is_refused(void **state)
{
	(void)state;
	EXPECT_JSON_ERROR("01", "f.json:1:2");
	EXPECT_JSON_ERROR("[1,]", "f.json:1:4");
	EXPECT_JSON_ERROR("[1.]", "f.json:1:4");
	EXPECT_JSON_ERROR("[1e400]", "f.json:1:2");
	EXPECT_JSON_ERROR("[9223372036854775808]", "f.json:1:2");
	EXPECT_JSON_ERROR("{\"a\" 1}", "f.json:1:6");
	EXPECT_JSON_ERROR("[\"a\nb\"]", "f.json:1:4");
	EXPECT_JSON_ERROR("\"\\ud800\"", "f.json:1:8");
	EXPECT_JSON_ERROR("\"\\x\"", "f.json:1:3");
	EXPECT_JSON_ERROR("[\"", "f.json:1:3");
	EXPECT_JSON_ERROR("nul", "f.json:1:1");
}

static char *nested(char open, char close, size_t depth, size_t *len)
{
	char *text = rp_new0(char, 2 * depth + 1);

	assert_non_null(text);
	memset(text, open, depth);
	memset(text + depth, close, depth);
	*len = 2 * depth;
	return text;
}

static void json_depth_is_limited_to_64(void **state)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	size_t len = 0;
	RP_AUTO_FREE char *ok = nested('[', ']', 64, &len);
	RP_AUTO_FREE char *deep = nested('[', ']', 65, &len);
	RP_AUTO_FREE char *very = nested('[', ']', 1000000, &len);

	(void)state;
	assert_int_equal(rp_json_parse(ok, 128, "f", &j, NULL), 0);
	expect_json_error(deep, 130, "f.json");
	expect_json_error(very, len, "f.json");
}

static void json_keeps_order_and_prints_what_it_can(void **state)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *bytes = rp_json_string("\xff\"");

	(void)state;
	assert_int_equal(rp_json_set_u64(j, "z", INT64_MAX), 0);
	assert_int_equal(rp_json_set_string(j, "a",
					    "x\xff"
					    "y"),
			 0);
	assert_int_equal(rp_json_set_string(j, "n", NULL), 0);
	assert_null(rp_json_u64((uint64_t)INT64_MAX + 1));
	assert_string_equal(rp_json_text(bytes), "\xef\xbf\xbd\"");
	assert_int_equal(rp_json_print(j, false, &out), 0);
	assert_string_equal(rp_strbuf_str(&out), "{\"z\":9223372036854775807,"
						 "\"a\":\"x\xef\xbf\xbdy\",\"n\":null}");
}

/* ---- YAML ---- */

static void expect_yaml_error(const char *text, size_t len, const char *object, const char *part)
{
	RP_AUTO_YAML struct rp_yaml *y = NULL;
	struct rocpart_error err = {0};
	int r = rp_yaml_parse(text, len, "n.yaml", &y, &err);

	if (r != -EINVAL || !rp_str_eq(err.object, object) || !strstr(err.message, part))
		fail_msg("'%.40s': %d %s: %s", text, r, err.object, err.message);
	assert_int_equal(err.code, ROCPART_ERR_CONFIG_SYNTAX);
}

#define EXPECT_YAML_ERROR(text, object, part) \
	expect_yaml_error(text, sizeof(text) - 1, object, part)

static void yaml_that_is_wrong_is_refused_with_its_place(void **state)
{
	(void)state;
	EXPECT_YAML_ERROR("", "n.yaml:1:1", "empty");
	EXPECT_YAML_ERROR("a: 1\nb: 2\na: 3\n", "n.yaml:3:1", "'a' is given twice");
	EXPECT_YAML_ERROR("a: &x 1\nb: *x\n", "n.yaml:1:4", "anchors");
	EXPECT_YAML_ERROR("a: *x\n", "n.yaml:1:4", "anchors");
	EXPECT_YAML_ERROR("a: !!str 1\n", "n.yaml:1:4", "tags");
	EXPECT_YAML_ERROR("a: 1\n--- \nb: 2\n", "n.yaml:2:1", "second document");
	EXPECT_YAML_ERROR("[a]: 1\n", "n.yaml:1:1", "a key must be text");
	EXPECT_YAML_ERROR("a: [1, 2\n", "n.yaml:2:1", "expected");
	EXPECT_YAML_ERROR("a: \"x\\0y\"\n", "n.yaml:1:4", "NUL");
	EXPECT_YAML_ERROR("a:\n\tb: 1\n", "n.yaml:2:1", "a tab cannot indent YAML");
	EXPECT_YAML_ERROR("a: 1\n\xEF\xBB\xBF"
			  "b: 2\n",
			  "n.yaml:2:1", "(BOM) stands inside");
	EXPECT_YAML_ERROR("a:\n  - b: 1\n  \tc: 2\n", "n.yaml:3:3", "a tab cannot indent YAML");
	EXPECT_YAML_ERROR("\xEF\xBB\xBF"
			  "a: 1\n",
			  "n.yaml:1:1", "byte order mark (BOM)");
	EXPECT_YAML_ERROR("\xFF\xFE"
			  "a\0",
			  "n.yaml:1:1", "UTF-16");
	EXPECT_YAML_ERROR("a: 1\nb: x\xff\n", "n.yaml:2:5", "UTF-8");
	EXPECT_YAML_ERROR("a: 1\nbc: \x01\n", "n.yaml:2:5", "control characters");
}

/* A file in memory ends with its last byte, not with a NUL: the sanitizer watches the end. */
static void yaml_is_read_to_its_last_byte_only(void **state)
{
	static const char text[] = "a: [1\nb: '\n  \t- ";

	(void)state;
	for (size_t len = 1; len < sizeof(text); len++) {
		struct rocpart_error err = {0};
		struct rp_yaml *y = NULL;
		char *bytes = malloc(len);
		int r;

		assert_non_null(bytes);
		memcpy(bytes, text, len);
		r = rp_yaml_parse(bytes, len, "n.yaml", &y, &err);
		if (len >= sizeof("a: [") - 1)
			assert_int_equal(r, -EINVAL);
		rp_yaml_free(y);
		free(bytes);
	}
}

static void yaml_depth_is_limited_to_32(void **state)
{
	RP_AUTO_YAML struct rp_yaml *y = NULL;
	size_t len = 0;
	RP_AUTO_FREE char *ok = nested('[', ']', 32, &len);
	RP_AUTO_FREE char *deep = nested('[', ']', 33, &len);
	RP_AUTO_FREE char *very = nested('[', ']', 100000, &len);

	(void)state;
	assert_int_equal(rp_yaml_parse(ok, 64, "n", &y, NULL), 0);
	expect_yaml_error(deep, 66, "n.yaml:1:33", "nested");
	expect_yaml_error(very, len, "n.yaml:1:33", "nested");
}

static void yaml_of_more_than_a_mib_is_refused(void **state)
{
	RP_AUTO_FREE char *text = rp_new0(char, RP_MIB + 1);
	RP_AUTO_YAML struct rp_yaml *y = NULL;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', RP_MIB + 1);
	assert_int_equal(rp_yaml_parse(text, RP_MIB + 1, "n", &y, NULL), -EFBIG);
}

/* A hundred thousand keys fit in a MiB; each is compared with those before it. */
static void yaml_map_of_very_many_keys_is_refused_at_once(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	uint64_t before = rp_now_ns();

	(void)state;
	for (unsigned i = 0; text.len < RP_MIB - 16; i++)
		rp_strbuf_addf(&text, "%x: \n", i);
	expect_yaml_error(text.s, text.len, "n.yaml:4097:1", "more than 4096 keys");
	assert_true(rp_now_ns() - before < UINT64_C(5000000000));
}

static void yaml_list_of_very_many_values_is_refused(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_YAML struct rp_yaml *y = NULL;

	(void)state;
	rp_strbuf_add(&text, "[1");
	for (unsigned i = 0; i < 200000; i++)
		rp_strbuf_add(&text, ",1");
	rp_strbuf_add(&text, "]");
	assert_int_equal(rp_yaml_parse(text.s, text.len, "n", &y, NULL), -EINVAL);
}

static void yaml_values_have_types_and_places(void **state)
{
	static const char text[] = "a: 12\nb: [x, 'y']\nc: true\nd: ~\n";
	static const char *const known[] = {"a", "b", "c"};
	RP_AUTO_YAML struct rp_yaml *y = NULL;
	struct rocpart_error err = {0};
	uint64_t v = 0;
	bool b = false;

	(void)state;
	assert_int_equal(rp_yaml_parse(text, sizeof(text) - 1, "n", &y, NULL), 0);
	assert_int_equal(rp_yaml_u64(rp_yaml_get(y, "a"), "n", &v, &err), 0);
	assert_int_equal(v, 12);
	assert_int_equal(rp_yaml_bool(rp_yaml_get(y, "c"), "n", &b, &err), 0);
	assert_true(b);
	assert_int_equal(rp_yaml_u64(rp_yaml_get(y, "b"), "n", &v, &err), -EINVAL);
	assert_string_equal(err.object, "n:2:4");
	assert_int_equal(rp_yaml_only_keys(y, "n", known, 3, &err), -EINVAL);
	assert_string_equal(err.object, "n:4:1");
	assert_string_equal(err.message, "unknown key 'd'");
	assert_non_null(strstr(err.hint, "a, b, c"));
}

static void yaml_value_of_another_kind_is_refused_with_its_key(void **state)
{
	static const char text[] =
		"replicas: many\nlist: [1, x]\nmap: {a: 1}\nnone: ~\nreplica: 1\n";
	static const char *const known[] = {"replicas", "list", "map", "none"};
	RP_AUTO_YAML struct rp_yaml *y = NULL;
	struct rocpart_error err = {0};
	const char *got = NULL;
	uint64_t v = 0;

	(void)state;
	assert_int_equal(rp_yaml_parse(text, sizeof(text) - 1, "n", &y, NULL), 0);
	assert_int_equal(rp_yaml_u64(rp_yaml_get(y, "replicas"), "n", &v, &err), -EINVAL);
	assert_string_equal(err.message, "'replicas' must be a whole number from 0, not 'many'");
	assert_int_equal(rp_yaml_u64(rp_yaml_get(y, "list")->items[1], "n", &v, &err), -EINVAL);
	assert_string_equal(err.message,
			    "an entry of 'list' must be a whole number from 0, not 'x'");
	assert_int_equal(rp_yaml_text(rp_yaml_get(y, "map"), "n", &got, &err), -EINVAL);
	assert_string_equal(err.message, "'map' must be text, not a map");
	assert_int_equal(rp_yaml_text(rp_yaml_get(y, "none"), "n", &got, &err), -EINVAL);
	assert_string_equal(err.message, "'none' must be text, not empty");
	assert_int_equal(rp_yaml_text(y, "n", &got, &err), -EINVAL);
	assert_string_equal(err.message, "the document must be text, not a map");
	assert_int_equal(rp_yaml_only_keys(y, "n", known, 4, &err), -EINVAL);
	assert_string_equal(err.hint,
			    "did you mean 'replicas'? Allowed here: replicas, list, map, none");
}

/* ---- words of messages ---- */

static void tokens_are_parsed_whole_or_refused_with_the_forms(void **state)
{
	static const struct {
		const char *text;
		uint64_t tokens; /* 0: refused */
		const char *why;
	} cases[] = {
		{"8192", 8192, ""},
		{"32k", 32768, ""},
		{"1K", 1024, ""},
		{"64", 64, ""},
		{"16", 0, "is only 16 tokens; did you mean 16k?"},
		{"1M", 0,
		 "must be a number of tokens, such as 32768, or 32k (k is 1024), not '1M'"},
		{"16kb", 0, "not '16kb'"},
		{"k", 0, "not 'k'"},
		{"", 0, "not ''"},
		{"0", 0, "not '0'"},
		{"-1", 0, "not '-1'"},
		{"18446744073709551615", 0, "must be"},
		{"18446744073709551615k", 0, "must be"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		char why[RP_TOKENS_WHY_SIZE] = "";
		uint64_t v = 0;
		int r = rp_parse_tokens(cases[i].text, &v, why);

		assert_int_equal(r, cases[i].tokens ? 0 : -EINVAL);
		assert_int_equal(v, cases[i].tokens);
		assert_non_null(strstr(why, cases[i].why));
	}
}

static void edit_distance_counts_changes(void **state)
{
	(void)state;
	assert_int_equal(rp_edit_distance("", ""), 0);
	assert_int_equal(rp_edit_distance("abc", ""), 3);
	assert_int_equal(rp_edit_distance("", "ab"), 2);
	assert_int_equal(rp_edit_distance("replica", "replicas"), 1);
	assert_int_equal(rp_edit_distance("KITTEN", "sitting"), 3);
	assert_int_equal(rp_edit_distance("contxt", "context"), 1);
}

static void process_is_named_with_owner_user_and_age(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char stat[256];
	struct rp_process_text p = {.pid = 4711,
				    .command = "python3",
				    .owner = "job 7",
				    .has_uid = true,
				    .uid = 1000,
				    .stat_line = stat};
	unsigned long long start_s = 100;

	(void)state;
	(void)rp_fmt(stat, sizeof(stat),
		     "4711 (a ) name) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 %llu 0 0",
		     start_s * (unsigned long long)sysconf(_SC_CLK_TCK));
	p.uptime_s = start_s + 42;
	rp_process_text_add(&p, &text);
	assert_string_equal(rp_strbuf_str(&text),
			    "pid 4711 (python3, job 7, user 1000, running for 42 s)");
	rp_strbuf_reset(&text);
	p.uptime_s = start_s + 7300;
	p.uid = 0;
	p.owner = p.command = "";
	rp_process_text_add(&p, &text);
	assert_string_equal(rp_strbuf_str(&text),
			    "pid 4711 (unknown program, user root, running for 2 h)");
	rp_strbuf_reset(&text);
	p.stat_line = "";
	p.has_uid = false;
	rp_process_text_add(&p, &text);
	assert_string_equal(rp_strbuf_str(&text), "pid 4711 (unknown program)");
}

/* Lines of Linux 6.1; in the third the main thread called pthread_exit(), and another one runs. */
static void zombie_has_ended_unless_threads_run(void **state)
{
	(void)state;
	assert_true(
		rp_process_has_ended("9 (a) Z) Z 1 9 9 0 -1 4227084 1 0 0 0 0 0 0 0 20 0 1 0 7"));
	assert_true(rp_process_has_ended("9 (a) X 1 9 9 0 -1 4227084 1 0 0 0 0 0 0 0 20 0 0 0 7"));
	assert_false(
		rp_process_has_ended("9 (ze) Z 1 9 9 0 -1 4227084 1 0 0 0 0 0 0 0 20 0 2 0 7"));
	assert_false(
		rp_process_has_ended("9 (a) Z) S 1 9 9 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 7"));
	assert_true(rp_process_has_ended("9 (a) Z"));
	assert_false(rp_process_has_ended(""));
}

static void holder_of_a_lock_is_named(void **state)
{
	char dir[] = "/tmp/rocpart-lock-XXXXXX", holder[RP_LOCK_HOLDER_SIZE];
	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_FREE char *mine = rp_strdupf("pid %d (", (int)getpid()), *path = NULL;
	RP_AUTO_CLOSE int fd = -EBADF;
	int second = -EBADF;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(rp_tree_open(dir, RP_TREE_STATE, &t), 0);
	rp_tree_lock_holder(t, "lock", holder);
	assert_string_equal(holder, "");
	assert_int_equal(rp_tree_lock(t, "lock", &fd), 0);
	assert_int_equal(rp_tree_lock(t, "lock", &second), -EWOULDBLOCK);
	rp_tree_lock_holder(t, "lock", holder);
	/* A kernel, or a file system, that shows no lock of the file names nobody. */
	if (*holder)
		assert_true(rp_str_starts(holder, mine));
	else
		print_message("# not done: /proc/locks does not show the lock\n");
	path = rp_strdupf("%s/lock", dir);
	assert_non_null(path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* ---- programs ---- */

static void program_gives_its_output_and_status(void **state)
{
	static const char *const argv[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn(argv, &out, 100, 10000, &res), 0);
	assert_string_equal(rp_strbuf_str(&out), "out\nerr\n");
	assert_int_equal(res.exit_status, 3);
	assert_false(res.timed_out);
}

static void program_that_is_not_there_is_enoent(void **state)
{
	static const char *const argv[] = {"no-such-program-of-rocpart", NULL};
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn(argv, NULL, 0, 1000, &res), -ENOENT);
}

static void output_over_the_limit_is_dropped(void **state)
{
	static const char *const argv[] = {"sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x",
					   NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn(argv, &out, 5000, 10000, &res), 0);
	assert_int_equal(out.len, 5000);
	assert_int_equal(res.exit_status, 0);
	assert_true(res.cut);
}

static void program_reads_its_input_and_errors_are_kept_apart(void **state)
{
	static const char *const argv[] = {"sh", "-c", "read a; read b || echo end; echo $a >&2",
					   NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT, err = RP_STRBUF_INIT;
	struct rp_spawn_streams s = {.input = "yes\n", .out = &out, .err = &err, .max_out = 100};
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn_streams(argv, &s, 10000, &res), 0);
	assert_string_equal(rp_strbuf_str(&out), "end\n");
	assert_string_equal(rp_strbuf_str(&err), "yes\n");
	assert_false(res.cut);
}

static void program_that_does_not_read_its_input_raises_no_signal(void **state)
{
	static const char *const argv[] = {"sh", "-c", "exec <&-; exit 4", NULL};
	struct rp_spawn_streams s = {.input = "y\n"};
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn_streams(argv, &s, 10000, &res), 0);
	assert_int_equal(res.exit_status, 4);
}

static void program_has_ended_though_its_child_keeps_the_pipe(void **state)
{
	static const char *const argv[] = {"sh", "-c", "sleep 20 & echo $!", NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};
	uint32_t pid = 0;

	(void)state;
	assert_int_equal(rp_spawn(argv, &out, 100, 15000, &res), 0);
	assert_false(res.timed_out);
	assert_int_equal(res.exit_status, 0);
	rp_strbuf_truncate(&out, strcspn(rp_strbuf_str(&out), "\n"));
	assert_int_equal(rp_parse_u32(rp_strbuf_str(&out), 10, &pid), 0);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static void program_inherits_one_file_and_no_signals_of_ours(void **state)
{
	static const char *const argv[] = {
		"sh", "-c",
		"readlink /proc/$$/fd/3; "
		"for f in 4 5 6 7 8 9; do test -e /proc/$$/fd/$f && echo $f; done; "
		/* glibc ignores two signals of its own above 31 */
		"exec grep -c -e 'SigBlk:\t0*$' -e 'SigIgn:.*0000000$' /proc/self/status",
		NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	RP_AUTO_CLOSE int file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	RP_AUTO_CLOSE int other = open("/dev/full", O_RDONLY | O_CLOEXEC);
	struct rp_spawn_streams s = {.out = &out, .max_out = 100, .inherited_fd = file};
	struct rp_spawn_result res = {0};
	sigset_t set, before;

	(void)state;
	assert_true(file > 2 && other > 2);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(rp_spawn_streams(argv, &s, 10000, &res), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	assert_string_equal(rp_strbuf_str(&out), "/dev/zero\n2\n");
}

static int say_inherited(void *userdata, int out_fd)
{
	char path[64] = "";
	ssize_t n = readlink("/proc/self/fd/4", path, sizeof(path) - 1);

	(void)userdata;
	(void)!write(out_fd, path, n > 0 ? (size_t)n : 0);
	return fcntl(5, F_GETFD) < 0 ? 0 : 1;
}

static void function_inherits_one_file(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	RP_AUTO_CLOSE int file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct rp_spawn_streams s = {.out = &out, .max_out = 100, .inherited_fd = file};
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn_function(say_inherited, NULL, &s, 10000, &res), 0);
	assert_int_equal(res.exit_status, 0);
	assert_string_equal(rp_strbuf_str(&out), "/dev/zero");
}

static void program_of_root_is_in_a_fixed_folder_and_has_its_own_environment(void **state)
{
	static const char *const argv[] = {"env", NULL};
	RP_AUTO_FREE char *old = strdup(getenv("PATH")), *path = NULL;
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};

	(void)state;
	if (geteuid() != 0)
		host_lacks("this takes root");
	setenv("PATH", "/nowhere", 1);
	assert_int_equal(rp_find_program("sh", &path), 0);
	assert_true(rp_str_eq(path, "/bin/sh") || rp_str_eq(path, "/usr/bin/sh"));
	setenv("LD_PRELOAD", "/nowhere", 1);
	assert_int_equal(rp_spawn(argv, &out, 1000, 10000, &res), 0);
	unsetenv("LD_PRELOAD");
	assert_string_equal(rp_strbuf_str(&out),
			    "PATH=/sys/rocpart-bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			    "/usr/bin:/sbin:/bin\nLANG=C.UTF-8\n");
	setenv("PATH", old, 1);
}

static void program_is_not_found_in_the_current_folder(void **state)
{
	RP_AUTO_FREE char *old = strdup(getenv("PATH")), *path = NULL;
	const uid_t user = geteuid();

	(void)state;
	assert_int_equal(chdir("/bin"), 0);
	if (user == 0) /* whose PATH is not asked */
		assert_int_equal(seteuid(HOST_NOBODY), 0);
	setenv("PATH", "::.:../bin", 1);
	assert_int_equal(rp_find_program("sh", &path), -ENOENT);
	setenv("PATH", ".:/nowhere:/bin", 1);
	assert_int_equal(rp_find_program("sh", &path), 0);
	assert_string_equal(path, "/bin/sh");
	setenv("PATH", old, 1);
	assert_int_equal(seteuid(user), 0);
}

/* Nobody may reap it where the test runs: a zombie has ended. */
static bool is_running(uint32_t pid)
{
	RP_AUTO_FCLOSE FILE *f = NULL;
	char path[64], text[512] = "";
	const char *state;

	(void)rp_fmt(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (!f || !fgets(text, sizeof(text), f))
		return false;
	state = strrchr(text, ')');
	return state && !strchr("ZX", state[2]);
}

/* The shell's child too: it would keep the pipe, and hold what modprobe held. */
static void deadline_ends_the_whole_group(void **state)
{
	static const char *const argv[] = {"sh", "-c", "sleep 60 & echo $!; wait", NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};
	uint64_t before = rp_now_ns();
	uint32_t pid = 0;
	int tries = 0;

	(void)state;
	assert_int_equal(rp_spawn(argv, &out, 100, 300, &res), 0);
	assert_true(res.timed_out);
	assert_int_equal(res.exit_status, -1);
	assert_int_equal(res.signal, 9);
	assert_true(rp_now_ns() - before < UINT64_C(10000000000));
	rp_strbuf_truncate(&out, strcspn(rp_strbuf_str(&out), "\n"));
	assert_int_equal(rp_parse_u32(rp_strbuf_str(&out), 10, &pid), 0);
	while (is_running(pid) && tries++ < 100)
		rp_sleep_ms(10);
	assert_true(tries < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u64_of_text_is_whole_and_in_range),
		cmocka_unit_test(u32_of_text_has_32_bits),
		cmocka_unit_test(bytes_of_text_know_their_units),
		cmocka_unit_test(duration_is_a_whole_number_with_its_unit),
		cmocka_unit_test(name_outside_of_the_rule_is_refused_and_cleaned),
		cmocka_unit_test(error_of_strange_names_is_one_printable_line),
		cmocka_unit_test(word_of_a_shell_is_quoted_where_it_must_be),
		cmocka_unit_test(double_of_text_is_plain),
		cmocka_unit_test(arithmetic_that_overflows_fails),
		cmocka_unit_test(bytes_as_text_have_three_digits_at_most),
		cmocka_unit_test(bytes_as_text_are_rounded_as_printf_does),
		cmocka_unit_test(letters_are_compared_without_the_locale),
		cmocka_unit_test(strbuf_grows_and_is_given_away),
		cmocka_unit_test(strbuf_remembers_a_failure),
		cmocka_unit_test(text_that_does_not_fit_is_said),
		cmocka_unit_test(zombie_has_ended_unless_threads_run),
		cmocka_unit_test(names_sort_by_number),
		cmocka_unit_test(every_errcode_has_a_name_and_its_documented_status),
		cmocka_unit_test(error_text_takes_either_sign),
		cmocka_unit_test(error_is_never_success),
		cmocka_unit_test(long_message_is_cut_and_ended),
		cmocka_unit_test(json_that_is_wrong_is_refused_with_its_place),
		cmocka_unit_test(json_values_are_read_as_they_are),
		cmocka_unit_test(json_that_is_nearly_right_is_refused),
		cmocka_unit_test(json_depth_is_limited_to_64),
		cmocka_unit_test(json_keeps_order_and_prints_what_it_can),
		cmocka_unit_test(yaml_that_is_wrong_is_refused_with_its_place),
		cmocka_unit_test(yaml_is_read_to_its_last_byte_only),
		cmocka_unit_test(yaml_depth_is_limited_to_32),
		cmocka_unit_test(yaml_of_more_than_a_mib_is_refused),
		cmocka_unit_test(yaml_map_of_very_many_keys_is_refused_at_once),
		cmocka_unit_test(yaml_list_of_very_many_values_is_refused),
		cmocka_unit_test(yaml_values_have_types_and_places),
		cmocka_unit_test(yaml_value_of_another_kind_is_refused_with_its_key),
		cmocka_unit_test(tokens_are_parsed_whole_or_refused_with_the_forms),
		cmocka_unit_test(edit_distance_counts_changes),
		cmocka_unit_test(process_is_named_with_owner_user_and_age),
		cmocka_unit_test(holder_of_a_lock_is_named),
		cmocka_unit_test(program_gives_its_output_and_status),
		cmocka_unit_test(program_that_is_not_there_is_enoent),
		cmocka_unit_test(output_over_the_limit_is_dropped),
		cmocka_unit_test(program_reads_its_input_and_errors_are_kept_apart),
		cmocka_unit_test(program_that_does_not_read_its_input_raises_no_signal),
		cmocka_unit_test(program_has_ended_though_its_child_keeps_the_pipe),
		cmocka_unit_test(program_inherits_one_file_and_no_signals_of_ours),
		cmocka_unit_test(function_inherits_one_file),
		cmocka_unit_test(program_of_root_is_in_a_fixed_folder_and_has_its_own_environment),
		cmocka_unit_test(program_is_not_found_in_the_current_folder),
		cmocka_unit_test(deadline_ends_the_whole_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
