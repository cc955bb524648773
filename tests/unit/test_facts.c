/* SPDX-License-Identifier: MIT */
/* The table of products: what has to be added with a new row is named. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "base/tree.h"
#include "facts/mode_name.h"
#include "facts/product.h"
#include "rocpart/plan.h"

#define PROFILES "profiles"

static bool has_id(const struct rp_product *p, uint16_t id)
{
	return id && (p->pf_id == id || p->vf_id == id);
}

static void products_have_names_and_ids_of_their_own(void **state)
{
	const struct rp_product *p, *q;

	(void)state;
	for (size_t i = 0; (p = rp_product_at(i)); i++) {
		for (size_t k = 0; k < i && (q = rp_product_at(k)); k++) {
			if (rp_str_eq_nocase(p->name, q->name))
				fail_msg("%s has two rows", p->name);
			if (has_id(q, p->pf_id) || has_id(q, p->vf_id))
				fail_msg("%s has a PCI id of %s", p->name, q->name);
		}
		if (!p->pf_id || p->pf_id == p->vf_id)
			fail_msg("%s: its physical function has no PCI id of its own", p->name);
	}
}

/* Facts come together: with one of them missing a pair of modes is computed from nothing. */
static void product_is_known_whole_or_by_its_name_alone(void **state)
{
	const struct rp_product *p;

	(void)state;
	for (size_t i = 0; (p = rp_product_at(i)); i++) {
		bool any = p->n_xcds || p->cus_per_xcd || p->memory_modes || p->hbm_bytes ||
			   p->vram_bytes || p->bandwidth_bytes_per_s;

		if (any && !p->n_xcds)
			fail_msg("%s: n_xcds is missing", p->name);
		if (any && !p->cus_per_xcd)
			fail_msg("%s: cus_per_xcd is missing", p->name);
		if (any && !p->memory_modes)
			fail_msg("%s: memory_modes are missing", p->name);
		if (any && !p->bandwidth_bytes_per_s)
			fail_msg("%s: bandwidth_bytes_per_s is missing", p->name);
		if (p->vram_bytes > p->hbm_bytes)
			fail_msg("%s: vram_bytes are more than hbm_bytes", p->name);
	}
}

static bool can_have(const struct rp_product *p, enum rocpart_compute_mode compute,
		     enum rocpart_memory_mode memory)
{
	return rp_compute_partitions(compute, p->n_xcds) && p->memory_modes & rp_memory_bit(memory);
}

static void product_with_modes_has_validated_pairs_that_it_can_have(void **state)
{
	const struct rp_product *p;

	(void)state;
	for (size_t i = 0; (p = rp_product_at(i)); i++) {
		unsigned n = 0;

		for (enum rocpart_compute_mode c = ROCPART_COMPUTE_SPX; c <= ROCPART_COMPUTE_CPX;
		     c++) {
			for (enum rocpart_memory_mode m = ROCPART_MEMORY_NPS1;
			     m <= ROCPART_MEMORY_NPS8; m++) {
				bool is_validated = rp_product_is_validated(p, c, m);

				n += is_validated;
				if (is_validated && !can_have(p, c, m))
					fail_msg("%s: a row of `validated` is of modes that it "
						 "cannot have",
						 p->name);
			}
		}
		if (p->memory_modes && !n)
			fail_msg("%s has no row in `validated` of facts/product.c: plan refuses it",
				 p->name);
	}
}

/* Whether a profile is of a machine with that PCI device id. */
static bool is_in_profiles(struct rp_tree *t, const struct rp_names *names, uint32_t device_id)
{
	char key[32];

	(void)rp_fmt(key, sizeof(key), "device: 0x%04x", device_id);
	for (size_t i = 0; i < names->n; i++) {
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

		assert_int_equal(rp_tree_read_file(t, RP_MIB, &text, PROFILES "/%s", names->v[i]),
				 0);
		if (strstr(rp_strbuf_str(&text), key))
			return true;
	}
	return false;
}

static void product_with_measured_memory_can_be_simulated(void **state)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	const struct rp_product *p;

	(void)state;
	assert_int_equal(rp_tree_open(ROCPART_SOURCE_ROOT, RP_TREE_CAPTURE, &t), 0);
	assert_int_equal(rp_tree_list(t, &names, PROFILES), 0);
	for (size_t i = 0; (p = rp_product_at(i)); i++)
		if (p->vram_bytes && !is_in_profiles(t, &names, p->pf_id))
			fail_msg("%s: no machine in " PROFILES "/ has device 0x%04x", p->name,
				 p->pf_id);
}

static void plan_for_an_unknown_product_names_those_that_it_knows(void **state)
{
	struct rocpart_plan *plan = NULL;
	struct rocpart_error err = {0};
	const struct rp_product *p;

	(void)state;
	assert_int_equal(rocpart_plan_new(&plan), 0);
	assert_int_equal(rocpart_plan_set_product(plan, "mi999", 8, &err), -ENOENT);
	for (size_t i = 0; (p = rp_product_at(i)); i++)
		if (p->vram_bytes && !strstr(err.hint, p->name))
			fail_msg("%s is not in the hint: %s", p->name, err.hint);
	assert_null(strstr(err.hint, "MI300A")); /* its memory is the host's */
	rocpart_plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_have_names_and_ids_of_their_own),
		cmocka_unit_test(product_is_known_whole_or_by_its_name_alone),
		cmocka_unit_test(product_with_modes_has_validated_pairs_that_it_can_have),
		cmocka_unit_test(product_with_measured_memory_can_be_simulated),
		cmocka_unit_test(plan_for_an_unknown_product_names_those_that_it_knows),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
