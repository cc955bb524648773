/* SPDX-License-Identifier: MIT */
/* What tables, documents and banners of views/ promise to every program that prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "views/document.h"
#include "views/table.h"

struct item {
	const char *name;
	uint64_t bytes, n;
};

static struct rp_json *item_name(const void *o)
{
	return view_text_or_null(((const struct item *)o)->name);
}

static struct rp_json *item_bytes(const void *o)
{
	return rp_json_u64(((const struct item *)o)->bytes);
}

static struct rp_json *item_n(const void *o)
{
	return rp_json_u64(((const struct item *)o)->n);
}

static struct rp_json *item_no_memory(const void *o)
{
	(void)o;
	return NULL;
}

static const struct view_field fields[] = {
	{.key = "name",
	 .heading = "NAME",
	 .sets = VIEW_DEFAULT,
	 .is_name = true,
	 .is_state = true,
	 .get = item_name},
	{.key = "size_bytes",
	 .heading = "SIZE",
	 .show = VIEW_SHOW_BYTES,
	 .sets = VIEW_DEFAULT,
	 .get = item_bytes},
	{.key = "n", .heading = "COUNT", .is_folded = true, .get = item_n},
	{.key = NULL},
};

static const struct view_field broken_fields[] = {
	{.key = "x", .heading = "X", .sets = VIEW_DEFAULT, .get = item_no_memory},
	{.key = NULL},
};

static const struct view_layout plain = {.columns = NULL};

static const struct item small = {"a", 1024, 7}, large = {NULL, UINT64_C(24) << 30, 12345};

static void table_texts_stand_left_and_numbers_right(void **state)
{
	const struct view_layout all = {.columns = "name,size_bytes,n"};
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct view_table *t = view_table_new(fields, &all);

	(void)state;
	assert_int_equal(view_table_add(t, &small), 0);
	assert_int_equal(view_table_add(t, &large), 0);
	assert_int_equal(view_table_text(t, &text), 0);
	assert_string_equal(rp_strbuf_str(&text), "NAME      SIZE  COUNT\n"
						  "a      1.0 KiB      7\n"
						  "-     24.0 GiB  12345\n");
	assert_null(view_table_free(t));
}

static void table_check_names_the_column_that_is_not_there(void **state)
{
	char bad[32] = "";

	(void)state;
	assert_int_equal(view_table_check(fields, "n,name", bad), 0);
	assert_int_equal(view_table_check(fields, "n,nam", bad), -EINVAL);
	assert_string_equal(bad, "nam");
	assert_int_equal(view_table_check(fields, "n,", bad), -EINVAL);
	assert_string_equal(bad, "");
}

static void check_table(const struct view_field *of, const struct view_layout *layout,
			const char *wanted)
{
	const struct item evil = {"a\x1b[31m\n\"b\",c", 1536, 8};
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct view_table *t = view_table_new(of, layout);

	assert_int_equal(view_table_add(t, &small), 0);
	assert_int_equal(view_table_add(t, &small), 0);
	assert_int_equal(view_table_add(t, &evil), 0);
	assert_int_equal(view_table_text(t, &text), 0);
	assert_string_equal(rp_strbuf_str(&text), wanted);
	view_table_free(t);
}

static void table_sets_widths_colours_and_csv(void **state)
{
	static const struct view_field folding[] = {
		{.key = "n",
		 .heading = "N",
		 .sets = VIEW_DEFAULT,
		 .is_folded = true,
		 .get = item_n},
		{.key = "name", .heading = "NAME", .sets = VIEW_DEFAULT, .get = item_name},
		{.key = NULL},
	};

	(void)state;
	/* the default set; a name is escaped, and its rows are not folded without a folding field
	 */
	check_table(fields, &plain,
		    "NAME                 SIZE\n"
		    "a                 1.0 KiB\n"
		    "a                 1.0 KiB\n"
		    "a\\x1b[31m\\n\"b\",c  1.5 KiB\n");
	check_table(fields, &(struct view_layout){.width = 20, .colour = true},
		    "NAME            SIZE\n"
		    "\033[33ma\033[0m            1.0 KiB\n"
		    "\033[33ma\033[0m            1.0 KiB\n"
		    "\033[33ma\\x1b[31m\\…\033[0m  1.5 KiB\n");
	check_table(fields, &(struct view_layout){.csv = true, .width = 20, .colour = true},
		    "name,size_bytes,n\na,1024,7\na,1024,7\n\"a\\x1b[31m\\n\"\"b\"\",c\",1536,8\n");
	check_table(folding, &plain, "N  NAME\n7  a\n8  a\\x1b[31m\\n\"b\",c\n");
}

static void check_escaped(const char *text, const char *wanted)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	view_addf(&b, "%s", text);
	assert_string_equal(rp_strbuf_str(&b), wanted);
}

static void text_of_strangers_is_escaped(void **state)
{
	(void)state;
	check_escaped("Qwen/Qwen3-4B ü 模型", "Qwen/Qwen3-4B ü 模型");
	check_escaped("a\tb\rc\x7f\x1b]0;x\x07", "a\\tb\\rc\\x7f\\x1b]0;x\\x07");
	check_escaped("\xff\xc0\xaf\xed\xa0\x80\xe2\x82", /* overlong, a surrogate, cut off */
		      "\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xe2\\x82");
	check_escaped("\xc2\x9b"
		      "31m\xe2\x80\xae",
		      "\\u009b31m\\u202e"); /* CSI of C1; RLO */
}

static void formats_are_those_of_printf(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;
	const uint64_t big = UINT64_MAX;

	(void)state;
	view_addf(&b, "%5s|%-5s|%.2s|%*d|%u|%lld|%llu|%zu|%.1f|%c|%%", "ü", "模", "abc", 4, -7, 8U,
		  -9LL, (unsigned long long)big, sizeof(char), 2.25, 'x');
	assert_string_equal(rp_strbuf_str(&b),
			    "    ü|模   |ab|  -7|8|-9|18446744073709551615|1|2.2|x|%");
}

static void check_wrapped(const char *line, size_t width, const char *wanted)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	view_wrap(line, width, &b);
	assert_string_equal(rp_strbuf_str(&b), wanted);
}

static void lines_break_between_words_below_the_tab(void **state)
{
	(void)state;
	check_wrapped("pass  \tone two three", 0, "pass  one two three");
	check_wrapped("pass  \tone two three", 19, "pass  one two three");
	check_wrapped("pass  \tone two three", 18, "pass  one two\n      three");
	check_wrapped("  one two three", 10, "  one two\n    three");
	check_wrapped("  \033[31mone\033[0m two three", 10, "  \033[31mone\033[0m two\n    three");
	check_wrapped("0123456789 a", 5, "0123456789\n  a");
}

static void counts_have_three_digits(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1.00 k"},
		{8030261248, "8.03 B"},
		{999499, "999 k"},
		{999500, "1.00 M"},
		{99950, "100 k"},
		{70553706496, "70.6 B"},
		{UINT64_MAX, "18446744 T"},
	};
	char buf[VIEW_COUNT_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++)
		assert_string_equal(view_format_count(rows[i].n, buf), rows[i].text);
}

static void object_text_has_sizes_to_the_byte(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	(void)state;
	assert_int_equal(view_object_text(fields, &small, &plain, &text), 0);
	assert_string_equal(rp_strbuf_str(&text), "name                     a\n"
						  "size_bytes               1.0 KiB (1024)\n"
						  "n                        7\n");
}

/* A value that there is no memory for leaves neither half a row nor half a document. */
static void field_without_memory_fails_the_whole(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct view_table *t = view_table_new(broken_fields, &plain);

	(void)state;
	assert_int_equal(view_table_add(t, &small), -ENOMEM);
	assert_int_equal(view_table_add(NULL, &small), -ENOMEM);
	view_table_free(t);
	assert_null(view_object_json(broken_fields, &small));
	assert_int_equal(view_object_text(broken_fields, &small, &plain, &text), -ENOMEM);
	assert_null(view_finish(rp_json_object(), -ENOMEM));
}

static void check_printed(struct rp_json *j, const char *wanted)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	assert_non_null(j);
	assert_int_equal(rp_json_print(j, false, &text), 0);
	assert_string_equal(rp_strbuf_str(&text), wanted);
	rp_json_free(j);
}

static void document_about_no_machine_has_its_version_alone(void **state)
{
	const struct view_machine none = {NULL, "ignored"};

	(void)state;
	check_printed(view_document(none), "{\"schema_version\":1}");
	check_printed(view_result(none, "done"), "{\"schema_version\":1,\"result\":\"done\"}");
}

static void error_document_has_the_errno_as_the_kernel_writes_it(void **state)
{
	const struct rocpart_error err = {.errnum = -EBUSY,
					  .code = ROCPART_ERR_LEASED,
					  .object = "0/1",
					  .message = "m\xff",
					  .hint = ""};

	(void)state;
	/* 16: EBUSY of errno-base.h; a byte that is not UTF-8 is U+FFFD */
	check_printed(view_error(&err), "{\"error\":{\"code\":\"LEASED\",\"errno\":16,\"object\":"
					"\"0/1\",\"message\":\"m\xef\xbf\xbd\",\"hint\":\"\"}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_texts_stand_left_and_numbers_right),
		cmocka_unit_test(table_check_names_the_column_that_is_not_there),
		cmocka_unit_test(table_sets_widths_colours_and_csv),
		cmocka_unit_test(text_of_strangers_is_escaped),
		cmocka_unit_test(formats_are_those_of_printf),
		cmocka_unit_test(lines_break_between_words_below_the_tab),
		cmocka_unit_test(counts_have_three_digits),
		cmocka_unit_test(object_text_has_sizes_to_the_byte),
		cmocka_unit_test(field_without_memory_fails_the_whole),
		cmocka_unit_test(document_about_no_machine_has_its_version_alone),
		cmocka_unit_test(error_document_has_the_errno_as_the_kernel_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
