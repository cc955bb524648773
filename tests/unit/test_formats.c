/* SPDX-License-Identifier: MIT */
/* The readers of JSON and YAML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "base/num.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "base/yaml.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
