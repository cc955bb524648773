/* SPDX-License-Identifier: MIT */
/* Lists of nodes as Slurm writes them (scontrol show hostnames). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/hostlist.h"

#define MAX 100

static void list_of_nodes_has_the_names_that_slurm_shows(void **state)
{
	static const struct {
		const char *list, *names;
	} cases[] = {
		{"n1", "n1"},
		{"gpu[1-3]", "gpu1 gpu2 gpu3"},
		{"gpu[001-003,10]", "gpu001 gpu002 gpu003 gpu10"},
		{"gpu[08-11]", "gpu08 gpu09 gpu10 gpu11"},
		{"n[9-11]", "n9 n10 n11"},
		{"n[01-02],login,m[3]x", "n01 n02 login m3x"},
		{"r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2"},
		{"[1-2]a", "1a 2a"},
		{"n[2,1,2]", "n2 n1 n2"},
		{"n[0-0]", "n0"},
		{"n[999999999]", "n999999999"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
		struct rocpart_error err = {0};
		size_t at;

		if (rp_hostlist_expand(cases[i].list, MAX, &names, &at, &err) < 0)
			fail_msg("%s: %s", cases[i].list, err.message);
		for (size_t n = 0; n < names.n; n++)
			rp_strbuf_addf(&text, "%s%s", n ? " " : "", names.v[n]);
		assert_string_equal(rp_strbuf_str(&text), cases[i].names);
	}
}

static void list_of_nodes_that_is_wrong_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *list;
		int r;
		size_t at;
	} cases[] = {
		{"", -EINVAL, 0},
		{",n", -EINVAL, 0},
		{"n,", -EINVAL, 2},
		{"n,,m", -EINVAL, 2},
		{"n[1-3", -EINVAL, 1},
		{"n1-3]", -EINVAL, 4},
		{"n[]", -EINVAL, 2},
		{"n[1,]", -EINVAL, 4},
		{"n[-3]", -EINVAL, 2},
		{"n[1-]", -EINVAL, 4},
		{"n[a-b]", -EINVAL, 2},
		{"n[1-3x]", -EINVAL, 5},
		{"n[3-1]", -EINVAL, 2},
		{"n[[1]]", -EINVAL, 2},
		{"n[1 ]", -EINVAL, 3},
		{"n[1234567890]", -EINVAL, 2},
		{"n[1-101]", -E2BIG, 8},
		{"n[0-999999999]", -E2BIG, 14},
		{"a[1-9]b[1-9]c[1-9]", -E2BIG, 18},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
		struct rocpart_error err = {0};
		size_t at = SIZE_MAX;
		int r = rp_hostlist_expand(cases[i].list, MAX, &names, &at, &err);

		if (r != cases[i].r || at != cases[i].at)
			fail_msg("%s: %d at %zu", cases[i].list, r, at);
		assert_non_null(strstr(err.message, "is not a list of nodes"));
	}
}

static void name_of_a_node_that_is_too_long_is_refused(void **state)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	char text[600];
	size_t at;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[255] = '\0';
	assert_int_equal(rp_hostlist_expand(text, MAX, &names, &at, NULL), 0);
	text[255] = '[';
	memcpy(text + 256, "1]", 3);
	assert_int_equal(rp_hostlist_expand(text, MAX, &names, &at, NULL), -ENAMETOOLONG);
	for (size_t i = 0; i + 3 < sizeof(text); i += 3) /* brackets: nesting ends with the name */
		memcpy(text + i, "[1]", 4);
	assert_int_equal(rp_hostlist_expand(text, MAX, &names, &at, NULL), 0);
	assert_int_equal(strlen(names.v[1]), 199);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_of_nodes_has_the_names_that_slurm_shows),
		cmocka_unit_test(list_of_nodes_that_is_wrong_is_refused_with_its_place),
		cmocka_unit_test(name_of_a_node_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
