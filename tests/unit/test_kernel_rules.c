/* SPDX-License-Identifier: MIT */
/*
 * Rules of the kernel that library and simulator implement apart, against values that are typed
 * from the kernel's source or from a capture: docs/design/kernel-rules.md.
 */
#include "fault/fault_machine.h"
#include "node_tree.h"

#include "facts/mode_name.h"
#include "modes/modes.h"

#define N_MODES 5

static const enum rocpart_compute_mode modes[N_MODES] = {ROCPART_COMPUTE_SPX, ROCPART_COMPUTE_DPX,
							 ROCPART_COMPUTE_TPX, ROCPART_COMPUTE_QPX,
							 ROCPART_COMPUTE_CPX};

/* amdgpu_gfx.c of Linux 6.9, line 1285: 8: SPX DPX QPX CPX; 6: SPX TPX CPX; 4: SPX DPX CPX; 2. */
static const struct {
	unsigned xccs;
	unsigned n[N_MODES];
	const char *list;
} counts[] = {
	{8, {1, 2, 0, 4, 8}, "SPX, DPX, QPX, CPX"},
	{6, {1, 0, 3, 0, 6}, "SPX, TPX, CPX"},
	{4, {1, 2, 0, 0, 4}, "SPX, DPX, CPX"},
	{2, {1, 0, 0, 0, 2}, "SPX, CPX"},
};

static void partitions_of_a_mode_are_those_of_the_xcc_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(counts); i++) {
		RP_AUTO_FREE char *edits =
			rp_strdupf("xcc: 8=>xcc: %u;nps: [1, 4]=>nps: [1]", counts[i].xccs);
		RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", edits);
		char text[64];

		for (unsigned m = 0; m < N_MODES; m++)
			assert_int_equal(
				rp_compute_partitions(RP_RULES_GFX942, modes[m], counts[i].xccs),
				counts[i].n[m]);
		assert_int_equal(sim_read(sim,
					  PCI G0 "/compute_partition_config/supported_xcp_configs",
					  text, sizeof(text)),
				 0);
		text[strcspn(text, "\n")] = '\0';
		assert_string_equal(text, counts[i].list);
	}
}

/* aqua_vanjaram.c: every write is refused; a GPU that boots is in SPX. */
static void odd_number_of_xccs_has_spx_only(void **state)
{
	(void)state;
	for (unsigned xccs = 1; xccs <= 7; xccs += 2)
		for (unsigned m = 0; m < N_MODES; m++)
			assert_int_equal(rp_compute_partitions(RP_RULES_GFX942, modes[m], xccs),
					 m == 0);
}

/* ABI study F.2: MI300X in CPX/NPS4, XCD p, range p / 2; in QPX/NPS4 two XCDs and range p. */
static void partitions_have_the_dies_and_domains_of_the_study(void **state)
{
	static const struct {
		const char *steps;
		unsigned n, first[8], domain[8];
	} cases[] = {
		{"memory NPS4;compute CPX", 8, {0, 1, 2, 3, 4, 5, 6, 7}, {0, 0, 1, 1, 2, 2, 3, 3}},
		{"memory NPS4;compute QPX", 4, {0, 2, 4, 6}, {0, 1, 2, 3}},
		{"compute DPX", 2, {0, 4}, {0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", "");
		struct rocpart_snapshot *s;
		const struct rocpart_gpu *g;

		sim_setup(sim, G0, cases[i].steps);
		s = look_at_sim(sim);
		g = rocpart_snapshot_get_gpu(s, 0);
		assert_int_equal(rocpart_gpu_get_partition_count(g), cases[i].n);
		for (unsigned p = 0; p < cases[i].n; p++) {
			const struct rocpart_partition *part = rocpart_gpu_get_partition(g, p);
			unsigned first = 99, n = 0, domain = 99;

			rocpart_partition_get_xcds(part, &first, &n);
			assert_int_equal(first, cases[i].first[p]);
			assert_int_equal(n, 8 / cases[i].n);
			assert_int_equal(rocpart_partition_get_memory_domain(part, &domain, NULL),
					 0);
			assert_int_equal(domain, cases[i].domain[p]);
		}
		rocpart_snapshot_unref(s);
	}
}

/* soc_v1_0.c of 2026 on 8 XCCs: CPX where they divide, DPX up to 2, QPX in 1 or 4, SPX in 1. */
static void pairs_of_gfx1250_follow_the_number_of_ranges(void **state)
{
	static const struct {
		enum rocpart_compute_mode compute;
		const char *memory; /* of 1, 2, 4 and 8 ranges */
	} pairs[] = {
		{ROCPART_COMPUTE_SPX, "1"},
		{ROCPART_COMPUTE_DPX, "12"},
		{ROCPART_COMPUTE_QPX, "14"},
		{ROCPART_COMPUTE_CPX, "1248"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(pairs); i++)
		for (const char *m = "1248"; *m; m++)
			assert_int_equal(!rp_pair_impossible(pairs[i].compute,
							     (enum rocpart_memory_mode)(*m - '0'),
							     8, RP_RULES_GFX1250),
					 strchr(pairs[i].memory, *m) != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partitions_of_a_mode_are_those_of_the_xcc_count),
		cmocka_unit_test(odd_number_of_xccs_has_spx_only),
		cmocka_unit_test(partitions_have_the_dies_and_domains_of_the_study),
		cmocka_unit_test(pairs_of_gfx1250_follow_the_number_of_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
