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
#include "facts/validation.h"
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
	return rp_compute_partitions(p->rules, compute, p->n_xcds) &&
	       p->memory_modes & rp_memory_bit(memory);
}

static bool is_validated(const struct rp_product *p, enum rocpart_compute_mode compute,
			 enum rocpart_memory_mode memory)
{
	return rp_vendor_word_of(p, false, compute, memory, NULL).is_validated;
}

static void product_with_modes_has_validated_pairs_that_it_can_have(void **state)
{
	const struct rp_product *p;

	(void)state;
	for (size_t i = 0; (p = rp_product_at(i)); i++) {
		unsigned n = 0;

		for (enum rocpart_compute_mode c = ROCPART_COMPUTE_SPX; c <= ROCPART_COMPUTE_CPX;
		     c++)
			for (enum rocpart_memory_mode m = ROCPART_MEMORY_NPS1;
			     m <= ROCPART_MEMORY_NPS8; m++)
				n += is_validated(p, c, m);
		if (p->memory_modes && !n)
			fail_msg("%s has no row in facts/validation.c: plan refuses it", p->name);
	}
}

static void rows_of_the_vendor_have_a_product_a_source_and_a_month(void **state)
{
	const struct rp_vendor_row *row;

	(void)state;
	for (size_t i = 0; (row = rp_vendor_row_at(i)); i++) {
		const struct rp_product *p = rp_product_by_name(row->product);
		char month[16];

		if (!p || (!row->is_guest && !can_have(p, row->compute, row->memory)))
			fail_msg("row %zu: %s cannot have its modes", i, row->product);
		(void)rp_fmt(month, sizeof(month), "(%04u-%02u)", row->source->month / 100,
			     row->source->month % 100);
		if (!strstr(row->source->text, month))
			fail_msg("'%s' does not name its month %s", row->source->text, month);
	}
}

/* Rules, so that no pair is judged by those of another family. */
static void product_has_the_rules_of_its_kernel_family(void **state)
{
	const struct rp_product *p;

	(void)state;
	for (size_t i = 0; (p = rp_product_at(i)); i++)
		if (p->rules == RP_RULES_UNKNOWN)
			fail_msg("%s: rules are missing", p->name);
	assert_int_equal(rp_mode_rules_of(90402), RP_RULES_GFX942);
	assert_int_equal(rp_mode_rules_of(90500), RP_RULES_GFX950);
	assert_int_equal(rp_mode_rules_of(120500), RP_RULES_GFX1250);
	assert_int_equal(rp_mode_rules_of(90010), RP_RULES_UNKNOWN);
}

#define SAYS(product, guest, c, m, yes, by, but)                                      \
	{                                                                             \
		product, guest, ROCPART_COMPUTE_##c, ROCPART_MEMORY_##m, yes, by, but \
	}

/*
 * Expected: the tables of ROCm 10.0.0 (26 August 2026), of GIM 9.4.0.K and of
 * device-config-manager, typed from those pages.
 */
static void newest_source_of_the_vendor_decides_and_dissent_is_named(void **state)
{
	static const struct {
		const char *product;
		bool is_guest;
		enum rocpart_compute_mode compute;
		enum rocpart_memory_mode memory;
		bool is_validated;
		const char *source, *dissent;
	} cases[] = {
		SAYS("MI355X", false, CPX, NPS2, true, "ROCm 10.0 (2026-08)", "30.10 (2025-09)"),
		SAYS("MI355X", false, QPX, NPS2, true, "ROCm 10.0 (2026-08)", "30.10 (2025-09)"),
		SAYS("MI355X", false, DPX, NPS2, true, "ROCm 10.0 (2026-08)", NULL),
		SAYS("MI355X", false, DPX, NPS1, false, "ROCm 10.0 (2026-08)", NULL),
		SAYS("MI350P", false, CPX, NPS1, true, "ROCm 10.0 (2026-08)", NULL),
		SAYS("MI300X", false, DPX, NPS2, true, "ROCm 10.0 (2026-08)", NULL),
		SAYS("MI300X", false, CPX, NPS1, false, "ROCm 10.0 (2026-08)", NULL),
		SAYS("MI325X", false, CPX, NPS4, false, "ROCm 10.0 (2026-08)",
		     "device-config-manager (2025-08)"),
		SAYS("MI300A", false, CPX, NPS1, false, "30.10 (2025-09)",
		     "device-config-manager (2025-08)"),
		SAYS("MI308X", false, CPX, NPS4, true, "device-config-manager (2025-08)", NULL),
		SAYS("MI355X", true, CPX, NPS2, true, "GIM 9.4.0.K", NULL),
		SAYS("MI355X", true, QPX, NPS2, false, "GIM 9.4.0.K", NULL),
		SAYS("MI300X", true, CPX, NPS4, true, "GIM 9.4.0.K", NULL),
		SAYS("MI308X", true, CPX, NPS4, false, NULL, NULL),
		SAYS("MI455X", false, SPX, NPS1, false, NULL, NULL),
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		struct rp_vendor_word w =
			rp_vendor_word_of(rp_product_by_name(cases[i].product), cases[i].is_guest,
					  cases[i].compute, cases[i].memory, NULL);
		bool is_named =
			cases[i].source ? strstr(w.source, cases[i].source) != NULL : !*w.source;
		bool is_dissent = cases[i].dissent ? strstr(w.dissent, cases[i].dissent) != NULL
						   : !*w.dissent;

		if (w.is_validated != cases[i].is_validated || !is_named || !is_dissent)
			fail_msg("case %zu, %s: %d by '%s', dissent '%s'", i, cases[i].product,
				 w.is_validated, w.source, w.dissent);
	}
}

static void newer_row_of_the_site_decides_over_the_table(void **state)
{
	const struct rp_vendor_row cpx = {
		NULL, "mi325x", false, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4, false};
	const struct rp_vendor_row spx = {
		NULL, "MI300X", false, ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1, true};
	struct rp_vendor_rows rows = {0};
	struct rp_vendor_word w;

	(void)state;
	assert_int_equal(rp_vendor_rows_add(&rows, &cpx, "our contract", 202611), 0);
	assert_int_equal(rp_vendor_rows_add(&rows, &spx, "an old mail", 202401), 0);
	w = rp_vendor_word_of(rp_product_by_name("MI325X"), false, ROCPART_COMPUTE_CPX,
			      ROCPART_MEMORY_NPS4, &rows);
	assert_true(w.is_validated);
	assert_string_equal(w.source, "our contract (2026-11)");
	assert_non_null(strstr(w.dissent, "ROCm 10.0"));
	w = rp_vendor_word_of(rp_product_by_name("MI300X"), false, ROCPART_COMPUTE_SPX,
			      ROCPART_MEMORY_NPS1, &rows);
	assert_true(w.is_validated);
	assert_string_equal(w.dissent, "an old mail (2024-01)");
	rp_vendor_rows_done(&rows);
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
		cmocka_unit_test(rows_of_the_vendor_have_a_product_a_source_and_a_month),
		cmocka_unit_test(product_has_the_rules_of_its_kernel_family),
		cmocka_unit_test(newest_source_of_the_vendor_decides_and_dissent_is_named),
		cmocka_unit_test(newer_row_of_the_site_decides_over_the_table),
		cmocka_unit_test(product_with_measured_memory_can_be_simulated),
		cmocka_unit_test(plan_for_an_unknown_product_names_those_that_it_knows),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
