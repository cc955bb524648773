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
	{.key = "name", .heading = "NAME", .get = item_name},
	{.key = "size_bytes", .heading = "SIZE", .show = VIEW_SHOW_BYTES, .get = item_bytes},
	{.key = "n", .heading = "COUNT", .get = item_n},
	{.key = NULL},
};

static const struct view_field broken_fields[] = {
	{.key = "x", .heading = "X", .get = item_no_memory},
	{.key = NULL},
};

static const struct item small = {"a", 1024, 7}, large = {NULL, UINT64_C(24) << 30, 12345};

static void table_texts_stand_left_and_numbers_right(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct view_table *t = view_table_new(fields, "name,size_bytes,n");

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
}

static void object_text_has_sizes_to_the_byte(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	(void)state;
	assert_int_equal(view_object_text(fields, &small, &text), 0);
	assert_string_equal(rp_strbuf_str(&text), "name                     a\n"
						  "size_bytes               1.0 KiB (1024)\n"
						  "n                        7\n");
}

/* A value that there is no memory for leaves neither half a row nor half a document. */
static void field_without_memory_fails_the_whole(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct view_table *t = view_table_new(broken_fields, "x");

	(void)state;
	assert_int_equal(view_table_add(t, &small), -ENOMEM);
	assert_int_equal(view_table_add(NULL, &small), -ENOMEM);
	view_table_free(t);
	assert_null(view_object_json(broken_fields, &small));
	assert_int_equal(view_object_text(broken_fields, &small, &text), -ENOMEM);
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
		cmocka_unit_test(object_text_has_sizes_to_the_byte),
		cmocka_unit_test(field_without_memory_fails_the_whole),
		cmocka_unit_test(document_about_no_machine_has_its_version_alone),
		cmocka_unit_test(error_document_has_the_errno_as_the_kernel_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
