/* SPDX-License-Identifier: MIT */
/*
 * The KFD topology against values of real machines. [R] values were read on hardware, the others
 * were computed by hand from the kernel's formulas, which the [R] values confirm.
 */
#include "sim_machine.h"

#define MI300X_GPUS 8

static const char *const buses[MI300X_GPUS] = {"05", "27", "47", "65", "85", "a7", "c7", "e5"};

struct golden {
	const char *profile, *edits, *gpu, *setup;
	size_t n;
	uint32_t ids[8]; /* 0: not told */
	uint64_t bytes[8];
};

/* Of the first GPU, in the order of its partitions. MI300X: bus 5, subsystem 0x74a1. */
static const struct golden goldens[] = {
	/* ids [R], bytes [R] */
	{"mi300x-1", NULL, G0, "", 1, {28851}, {206141652992}},
	{"mi300x-1", NULL, G0, "compute DPX", 2, {10931, 6834}, {103070826496, 103070826496}},
	{"mi300x-1",
	 NULL,
	 G0,
	 "compute QPX",
	 4,
	 {1971, 49074, 14258, 36787},
	 {51535413248, 51535413248, 51535413248, 51535413248}},
	/* bytes [R] of ROCm#4750 */
	{"mi300x-1",
	 NULL,
	 G0,
	 "compute CPX",
	 8,
	 {4403, 60722, 43314, 21811, 8498, 56627, 39219, 25906},
	 {25767706624, 25767706624, 25767706624, 25767706624, 25767706624, 25767706624, 25767706624,
	  25767706624}},
	{"mi300x-1",
	 NULL,
	 G0,
	 "memory NPS4;compute QPX",
	 4,
	 {10674, 37299, 6579, 46006},
	 {51539607552, 51539607552, 51539607552, 51522830336}},
	{"mi300x-1",
	 NULL,
	 G0,
	 "memory NPS4",
	 8,
	 {42546, 23091, 7731, 57906, 38451, 27186, 10032, 56113},
	 {25769803776, 25769803776, 25769803776, 25769803776, 25769803776, 25769803776, 25761415168,
	  25761415168}},
	/* as arithmetic only: no MI300X was seen to offer NPS2 */
	{"mi300x-1",
	 "nps: [1, 4]=>nps: [1, 2]",
	 G0,
	 "memory NPS2",
	 2,
	 {30385, 62133},
	 {103079215104, 103062437888}},
	/* other buses, [R] */
	{"mi300x-1", "0000:05=>0000:25", "0000:25:00.0", "", 1, {43178}, {206141652992}},
	{"mi300x-1", "0000:05=>0000:29", "0000:29:00.0", "", 1, {44463}, {206141652992}},
	{"mi300x-1", "0000:05=>0000:45", "0000:45:00.0", "", 1, {32898}, {206141652992}},
	{"mi300x-1", "0000:05=>0000:65", "0000:65:00.0", "", 1, {22683}, {206141652992}},
	{"mi300x-1",
	 "0000:05=>0000:25",
	 "0000:25:00.0",
	 "compute DPX",
	 2,
	 {62122, 49835},
	 {103070826496, 103070826496}},
	{"mi300x-1",
	 "0000:05=>0000:45",
	 "0000:45:00.0",
	 "compute DPX",
	 2,
	 {55938, 60035},
	 {103070826496, 103070826496}},
	/* MI308X, ids and bytes [R] */
	{"mi308x-8",
	 NULL,
	 "0000:0a:00.0",
	 "",
	 4,
	 {24248, 41657, 59065, 2236},
	 {51539607552, 51539607552, 51539607552, 51522830336}},
	{"mi308x-8", "boot_nps: 4=>boot_nps: 1", "0000:0a:00.0", "", 1, {0}, {206141652992}},
	{"mi308x-8",
	 "boot_nps: 4=>boot_nps: 1",
	 "0000:0a:00.0",
	 "compute DPX",
	 2,
	 {0},
	 {103070826496, 103070826496}},
	{"mi308x-8",
	 "boot_nps: 4=>boot_nps: 1",
	 "0000:0a:00.0",
	 "compute CPX",
	 4,
	 {0},
	 {51535413248, 51535413248, 51535413248, 51535413248}},
	{"mi325x-8", NULL, G0, "", 1, {0}, {274861129728}},
	{"mi325x-8", NULL, G0, "compute DPX", 2, {0}, {137430564864, 137430564864}},
	{"mi325x-8",
	 "nps: [1, 4]=>nps: [1, 2]",
	 G0,
	 "memory NPS2",
	 2,
	 {0},
	 {137438953472, 137422176256}},
	{"mi325x-8",
	 NULL,
	 G0,
	 "compute QPX",
	 4,
	 {0},
	 {68715282432, 68715282432, 68715282432, 68715282432}},
	{"mi325x-8",
	 NULL,
	 G0,
	 "memory NPS4;compute QPX",
	 4,
	 {0},
	 {68719476736, 68719476736, 68719476736, 68702699520}},
	{"mi325x-8",
	 NULL,
	 G0,
	 "compute CPX",
	 8,
	 {0},
	 {34357641216, 34357641216, 34357641216, 34357641216, 34357641216, 34357641216, 34357641216,
	  34357641216}},
	{"mi325x-8",
	 NULL,
	 G0,
	 "memory NPS4",
	 8,
	 {0},
	 {34359738368, 34359738368, 34359738368, 34359738368, 34359738368, 34359738368, 34351349760,
	  34351349760}},
	{"mi350x-8", NULL, G0, "", 1, {0}, {309220868096}},
	{"mi350x-8", NULL, G0, "compute DPX", 2, {0}, {154610434048, 154610434048}},
	{"mi350x-8", NULL, G0, "memory NPS2", 2, {0}, {154618822656, 154602045440}},
	{"mi355x-8",
	 NULL,
	 G0,
	 "compute QPX",
	 4,
	 {0},
	 {77305217024, 77305217024, 77305217024, 77305217024}},
	{"mi355x-8",
	 NULL,
	 G0,
	 "memory NPS2;compute QPX",
	 4,
	 {0},
	 {77309411328, 77309411328, 77301022720, 77301022720}},
	{"mi355x-8",
	 NULL,
	 G0,
	 "compute CPX",
	 8,
	 {0},
	 {38652608512, 38652608512, 38652608512, 38652608512, 38652608512, 38652608512, 38652608512,
	  38652608512}},
	{"mi355x-8",
	 NULL,
	 G0,
	 "memory NPS2;compute CPX",
	 8,
	 {0},
	 {38654705664, 38654705664, 38654705664, 38654705664, 38650511360, 38650511360, 38650511360,
	  38650511360}},
	/* amd-smi on a MI300A: 42.66 and 21.33 GB of 128 */
	{"mi300a-4",
	 NULL,
	 "0000:02:00.0",
	 "compute TPX",
	 3,
	 {0},
	 {45812984490 / 4096 * 4096, 45812984490 / 4096 * 4096, 45812984490 / 4096 * 4096}},
	{"mi300a-4",
	 NULL,
	 "0000:02:00.0",
	 "compute CPX",
	 6,
	 {0},
	 {22906492245 / 4096 * 4096, 22906492245 / 4096 * 4096, 22906492245 / 4096 * 4096,
	  22906492245 / 4096 * 4096, 22906492245 / 4096 * 4096, 22906492245 / 4096 * 4096}},
};

static uint32_t location_of(const char *gpu)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t hi = (uint32_t)(strchr(digits, gpu[5]) - digits);
	uint32_t lo = (uint32_t)(strchr(digits, gpu[6]) - digits);

	return (hi << 4 | lo) << 8;
}

static void topology_ids_and_bytes_are_those_of_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(goldens); i++) {
		const struct golden *g = &goldens[i];
		RP_AUTO_SIM struct rp_sim *sim = boot(g->profile, g->edits);

		sim_setup(sim, g->gpu, g->setup);
		for (uint32_t p = 0; p < g->n; p++) {
			uint32_t node = sim_node_of(sim, location_of(g->gpu) | p);
			RP_AUTO_FREE char *path = rp_strdupf(KFD "nodes/%u/gpu_id", node);

			if (node == UINT32_MAX)
				fail_msg("%s %s: no partition %u", g->profile, g->setup, p);
			if (sim_property(sim, node, "mem_banks/0/properties", "size_in_bytes") !=
			    g->bytes[p])
				fail_msg("%s %s: bytes of partition %u", g->profile, g->setup, p);
			if (g->ids[0] && sim_number(sim, path) != g->ids[p])
				fail_msg("%s %s: gpu_id of partition %u", g->profile, g->setup, p);
		}
		assert_int_equal(sim_node_of(sim, location_of(g->gpu) | (uint32_t)g->n),
				 UINT32_MAX);
	}
}

/* In SPX 0000:cc:02.0 and 0001:00:00.0 both hash to 46637: the second takes the next free id. */
static void topology_equal_hashes_get_different_ids(void **state)
{
	static const char edits[] = "0000:05:00.0=>0000:cc:02.0;0000:27:00.0=>0001:00:00.0";
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", edits);

	(void)state;
	assert_file(sim, KFD "nodes/2/gpu_id", "46637\n");
	assert_file(sim, KFD "nodes/3/gpu_id", "46638\n");
}

static void topology_booted_mi308x_has_generation_33(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi308x-8", NULL);

	(void)state;
	assert_file(sim, KFD "generation_id", "33\n");
	assert_int_equal(sim_count(sim, KFD "nodes"), 34);
	assert_file(sim, PCI "0000:0a:00.0/current_compute_partition", "CPX\n");
	assert_file(sim, PCI "0000:0a:00.0/current_memory_partition", "NPS4\n");
}

/* 1 for the CPUs, 8 added at boot, 8 removed, 63 added: the last slot got no card minor. */
static void topology_bmc_machine_switched_live_has_63_nodes_and_generation_80(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("bmc-63", NULL);

	(void)state;
	assert_file(sim, KFD "generation_id", "9\n");
	for (size_t g = 0; g < MI300X_GPUS; g++) {
		RP_AUTO_FREE char *gpu = rp_strdupf("0000:%s:00.0", buses[g]);

		sim_setup(sim, gpu, "compute CPX");
	}
	assert_file(sim, KFD "generation_id", "80\n");
	assert_int_equal(sim_count(sim, KFD "nodes"), 2 + 63);
	assert_int_not_equal(sim_node_of(sim, 0xe500 | 6), UINT32_MAX);
	assert_int_equal(sim_node_of(sim, 0xe500 | 7), UINT32_MAX);
	assert_false(sim_exists(sim, "dev/dri/renderD191"));
	assert_true(sim_exists(sim, "dev/dri/renderD190"));
	assert_true(sim_exists(sim, "dev/dri/card0")); /* the BMC's */
	assert_int_equal(sim_property(sim, 2, "properties", "simd_id_base"), 2147488064);
	assert_int_equal(sim_property(sim, 2, "properties", "io_links_count"), 63);
}

/* Two CPUs, A at node 2, B at node 3: A in CPX moves B to 2, and A's partitions to 3..10. */
static void topology_live_switch_moves_other_gpus_down(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	assert_int_equal(sim_node_of(sim, 0x0500), 2);
	assert_int_equal(sim_node_of(sim, 0x2700), 3);
	sim_setup(sim, G0, "compute CPX");
	assert_int_equal(sim_node_of(sim, 0x2700), 2);
	assert_int_equal(sim_node_of(sim, 0xe500), 8);
	for (uint32_t p = 0; p < 8; p++)
		assert_int_equal(sim_node_of(sim, 0x0500 | p), 9 + p);
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_int_equal(sim_node_of(sim, 0x0500), 2);
	assert_int_equal(sim_node_of(sim, 0x2700), 3);
}

/* [R] of the MI300X node in CPX and of 4 MI300A in SPX; SPX of MI300X by the formulas. */
static void topology_properties_follow_the_mode(void **state)
{
	static const struct {
		const char *profile, *gpu, *setup, *key;
		uint64_t value;
	} rows[] = {
		{"mi300x-8", G0, "", "simd_count", 1216},
		{"mi300x-8", G0, "", "caches_count", 626},
		{"mi300x-8", G0, "", "array_count", 32},
		{"mi300x-8", G0, "", "num_xcc", 8},
		{"mi300x-8", G0, "", "io_links_count", 8},
		{"mi300x-8", G0, "", "p2p_links_count", 1},
		{"mi300x-8", G0, "", "num_sdma_engines", 2},
		{"mi300x-8", G0, "", "num_sdma_xgmi_engines", 14},
		{"mi300x-8", G0, "", "simd_id_base", 2147487744},
		{"mi300x-8", G0, "memory NPS4", "simd_count", 152},
		{"mi300x-8", G0, "memory NPS4", "caches_count", 80},
		{"mi300x-8", G0, "memory NPS4", "array_count", 4},
		{"mi300x-8", G0, "memory NPS4", "num_sdma_xgmi_engines", 0},
		{"mi300x-8", G0, "memory NPS4", "io_links_count", 64},
		{"mi300a-4", "0000:02:00.0", "", "simd_count", 0},
		{"mi300x-1", G0, "", "hive_id", 0},
		{"mi300x-1", G0, "compute DPX", "hive_id", 0x500},
		{"mi300x-1", G0, "compute DPX", "num_sdma_xgmi_engines", 6},
		{"mi300x-1", G0, "compute QPX", "num_sdma_xgmi_engines", 2},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot(rows[i].profile, NULL);

		sim_setup(sim, rows[i].gpu, rows[i].setup);
		if (sim_property(sim, 2, "properties", rows[i].key) != rows[i].value)
			fail_msg("%s %s: %s", rows[i].profile, rows[i].setup, rows[i].key);
	}
}

/* [R] `ls` and properties of a node of 4 MI300A. */
static void topology_mi300a_is_the_real_one(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300a-4", NULL);

	(void)state;
	assert_int_equal(sim_count(sim, KFD "nodes"), 8);
	assert_int_equal(sim_property(sim, 0, "properties", "hive_id"), 9034655720432782706U);
	assert_int_equal(sim_property(sim, 0, "properties", "io_links_count"), 4);
	assert_int_equal(sim_property(sim, 0, "properties", "p2p_links_count"), 3);
	assert_int_equal(sim_property(sim, 5, "properties", "simd_count"), 912);
	assert_int_equal(sim_property(sim, 5, "properties", "caches_count"), 470);
	assert_int_equal(sim_property(sim, 5, "properties", "io_links_count"), 4);
	assert_int_equal(sim_property(sim, 5, "properties", "p2p_links_count"), 3);
	assert_int_equal(sim_property(sim, 5, "properties", "domain"), 1);
	assert_int_equal(sim_property(sim, 5, "properties", "drm_render_minor"), 136);
	assert_int_equal(sim_property(sim, 5, "properties", "num_sdma_xgmi_engines"), 10);
	assert_true(sim_exists(sim, "sys/devices/pci0001:00/0001:02:00.0/drm/card8"));
	assert_true(sim_exists(sim, "sys/devices/platform/amdgpu_xcp_13/drm/renderD143"));
	assert_file(sim, PCI "0000:02:00.0/mem_info_vram_total", "0\n");
}

/* [R] MI210: one node, 217 caches, 2 + 3 SDMA engines; one DRM device instead of 8. */
static void topology_mi210_has_one_slot_and_no_partition_files(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mixed", NULL);

	(void)state;
	assert_int_equal(sim_property(sim, 3, "properties", "simd_count"), 416);
	assert_int_equal(sim_property(sim, 3, "properties", "caches_count"), 217);
	assert_int_equal(sim_property(sim, 3, "properties", "num_sdma_xgmi_engines"), 3);
	assert_int_equal(sim_property(sim, 3, "properties", "drm_render_minor"), 136);
	assert_false(sim_exists(sim, PCI "0000:63:00.0/current_compute_partition"));
	assert_false(sim_exists(sim, PCI "0000:63:00.0/current_memory_partition"));
	assert_false(sim_exists(sim, "dev/dri/renderD137"));
}

/* The SPX weights are those of one hop; between partitions of two GPUs 2 * 13 + 15. */
static void topology_weights_of_xgmi_follow_the_later_node(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	assert_int_equal(sim_property(sim, 2, "io_links/1/properties", "weight"), 15);
	sim_setup(sim, G0, "compute CPX"); /* now the last nodes: 9..16 */
	assert_int_equal(sim_property(sim, 2, "io_links/1/properties", "weight"), 15);
	assert_int_equal(sim_property(sim, 9, "io_links/1/properties", "weight"), 41);
	assert_int_equal(sim_property(sim, 9, "io_links/8/properties", "weight"), 13);
	assert_int_equal(sim_property(sim, 9, "io_links/8/properties", "node_to"), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topology_ids_and_bytes_are_those_of_the_kernel),
		cmocka_unit_test(topology_equal_hashes_get_different_ids),
		cmocka_unit_test(topology_booted_mi308x_has_generation_33),
		cmocka_unit_test(topology_bmc_machine_switched_live_has_63_nodes_and_generation_80),
		cmocka_unit_test(topology_live_switch_moves_other_gpus_down),
		cmocka_unit_test(topology_properties_follow_the_mode),
		cmocka_unit_test(topology_mi300a_is_the_real_one),
		cmocka_unit_test(topology_mi210_has_one_slot_and_no_partition_files),
		cmocka_unit_test(topology_weights_of_xgmi_follow_the_later_node),
	};

	return cmocka_run_group_tests_name("sim_topology", tests, NULL, NULL);
}
