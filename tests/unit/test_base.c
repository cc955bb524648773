/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/error.h"
#include "base/name.h"
#include "base/num.h"
#include "base/process_text.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/tree.h"
#include "base/words.h"

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
		const char *name, *machine, *lease, *host; /* NULL: it is allowed */
	} cases[] = {
		{"n", NULL, NULL, NULL},
		{"A.b_c-9", NULL, NULL, "A-b-c-9"},
		{"9", NULL, "model-9", "host"},
		{"meta-llama/Llama-3.1-8B@x+y:z", "meta-llama-Llama-3.1-8B-x-y-z", NULL,
		 "meta-llama-Llama-3-1-8B-x-y-z"},
		{"a b", "a-b", "a-b", "a-b"},
		{"-a", "a", "a", "a"},
		{".hidden", "hidden", "hidden", "hidden"},
		{"a\n\x1b$(x)\xff", "a-x", "a-x", "a-x"},
		{"\xe6\xa8\xa1", "machine", "model", "host"},
		{"", "machine", "model", "host"},
		{"9gpu", NULL, NULL, "gpu"},
		{"LocalHost", NULL, NULL, "host-LocalHost"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		const char *const wanted[] = {cases[i].machine, cases[i].lease, cases[i].host};

		for (int kind = RP_NAME_MACHINE; kind <= RP_NAME_HOST; kind++) {
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
		cmocka_unit_test(tokens_are_parsed_whole_or_refused_with_the_forms),
		cmocka_unit_test(edit_distance_counts_changes),
		cmocka_unit_test(process_is_named_with_owner_user_and_age),
		cmocka_unit_test(holder_of_a_lock_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
