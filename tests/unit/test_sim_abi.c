/* SPDX-License-Identifier: MIT */
/* What differs between the three generations of the kernel interface, and who may read what. */
#include "sim_machine.h"

#define G1_EDIT "abi: g3=>abi: g1"
#define G2_EDIT "abi: g3=>abi: g2"
#define VF_EDIT "cpu: 0=>vf: true"

static void abi_g1_has_no_memory_switch_and_no_config(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", G1_EDIT);

	(void)state;
	assert_int_equal(sim_mode(sim, PCI G0 "/current_compute_partition"), 0644);
	assert_int_equal(sim_mode(sim, PCI G0 "/current_memory_partition"), 0444);
	assert_false(sim_exists(sim, PCI G0 "/available_memory_partition"));
	assert_false(sim_exists(sim, PCI G0 "/compute_partition_config"));
	assert_false(sim_exists(sim, PCI G0 "/enforce_isolation"));
	assert_false(sim_exists(sim, PCI G0 "/xcp"));
	assert_true(sim_exists(sim, "sys/devices/platform/amdgpu_xcp.0/drm/renderD129"));
	assert_false(sim_exists(sim, "sys/devices/platform/amdgpu_xcp_0"));
}

/* The list of g1 goes by the count of XCCs; later kernels list what is valid now. */
static void abi_available_compute_is_static_in_g1_only(void **state)
{
	static const struct {
		const char *profile, *edits, *gpu, *setup, *text;
	} rows[] = {
		{"mi300x-1", G1_EDIT, G0, "", "SPX, DPX, QPX, CPX\n"},
		{"mi300a-4", G1_EDIT, "0000:02:00.0", "", "SPX, TPX, CPX\n"},
		{"mi308x-8", "abi: g2=>abi: g1", "0000:0a:00.0", "", "SPX, DPX, CPX\n"},
		{"mi308x-8", NULL, "0000:0a:00.0", "", "CPX\n"},
		{"mi300x-1", NULL, G0, "", "SPX, DPX, QPX, CPX\n"},
		{"mi300x-1", NULL, G0, "memory NPS4", "QPX, CPX\n"},
		{"mi350x-8", G2_EDIT, G0, "memory NPS2", "DPX\n"},
		{"mi350x-8", NULL, G0, "memory NPS2", "DPX, QPX, CPX\n"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot(rows[i].profile, rows[i].edits);
		RP_AUTO_FREE char *path =
			rp_strdupf(PCI "%s/available_compute_partition", rows[i].gpu);

		sim_setup(sim, rows[i].gpu, rows[i].setup);
		assert_file(sim, path, rows[i].text);
	}
}

static void abi_memory_file_is_writable_when_there_is_a_choice(void **state)
{
	RP_AUTO_SIM struct rp_sim *x = boot("mi300x-1", NULL);
	RP_AUTO_SIM struct rp_sim *a = boot("mi300a-4", NULL);

	(void)state;
	assert_int_equal(sim_mode(x, PCI G0 "/current_memory_partition"), 0644);
	assert_file(x, PCI G0 "/available_memory_partition", "NPS1, NPS4\n");
	assert_int_equal(sim_mode(a, PCI "0000:02:00.0/current_memory_partition"), 0444);
	assert_false(sim_exists(a, PCI "0000:02:00.0/available_memory_partition"));
}

static void abi_virtual_function_is_read_only_or_without_files(void **state)
{
	RP_AUTO_SIM struct rp_sim *old = boot("mi300x-1", G1_EDIT ";" VF_EDIT);
	RP_AUTO_SIM struct rp_sim *new = boot("mi300x-1", VF_EDIT);

	(void)state;
	assert_false(sim_exists(old, PCI G0 "/current_compute_partition"));
	assert_int_equal(sim_mode(new, PCI G0 "/current_compute_partition"), 0444);
	assert_false(sim_exists(new, PCI G0 "/available_compute_partition"));
	assert_int_equal(sim_mode(new, PCI G0 "/current_memory_partition"), 0444);
	assert_false(sim_exists(new, PCI G0 "/available_memory_partition"));
}

static void abi_unique_id_of_partitions_differs_since_g3(void **state)
{
	RP_AUTO_SIM struct rp_sim *g2 = boot("mi300x-1", G2_EDIT);
	RP_AUTO_SIM struct rp_sim *g3 = boot("mi300x-1", NULL);
	const uint64_t device = 16404946649897475633U;

	(void)state;
	assert_file(g3, PCI G0 "/unique_id", "e3aa140f9a5f9e31\n"); /* [R] */
	assert_int_equal(sim_property(g3, 2, "properties", "unique_id"), device);
	sim_setup(g2, G0, "compute DPX");
	sim_setup(g3, G0, "compute DPX");
	assert_int_equal(sim_property(g2, 2, "properties", "unique_id"), device);
	assert_int_equal(sim_property(g2, 3, "properties", "unique_id"), device);
	assert_int_not_equal(sim_property(g3, 2, "properties", "unique_id"), device);
	assert_int_not_equal(sim_property(g3, 2, "properties", "unique_id"),
			     sim_property(g3, 3, "properties", "unique_id"));
}

/* hash_32() of each word, XORed: no crc16, nothing to keep ids apart. */
static void abi_g1_hashes_gpu_ids_otherwise(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", G1_EDIT);

	(void)state;
	assert_file(sim, KFD "nodes/2/gpu_id", "8554\n");
}

/* Up to 6.12 a range is real_vram / 4, the rest in the last one: here it divides evenly. */
static void abi_g1_divides_memory_without_the_hidden_part(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi308x-8", "abi: g2=>abi: g1");

	(void)state;
	for (uint32_t p = 0; p < 4; p++)
		assert_int_equal(
			sim_property(sim, 2 + p, "mem_banks/0/properties", "size_in_bytes"),
			51535413248);
}

static void abi_used_memory_is_shown_by_dkms_only(void **state)
{
	RP_AUTO_SIM struct rp_sim *dkms = boot("mi300x-1", NULL);
	RP_AUTO_SIM struct rp_sim *tree =
		boot("mi300x-1", "driver_version: \"6.16.6\"=>bmc: false");

	(void)state;
	assert_true(sim_exists(dkms, KFD "nodes/2/mem_banks/0/used_memory"));
	assert_true(sim_exists(dkms, "sys/module/amdgpu/version"));
	assert_false(sim_exists(tree, KFD "nodes/2/mem_banks/0/used_memory"));
	assert_false(sim_exists(tree, "sys/module/amdgpu/version"));
}

/* amd-smi partition of a MI300X (amdsmi#132) and of a MI308X; MI300A by the same arithmetic. */
static void abi_config_tells_resources_of_the_selected_mode(void **state)
{
	static const struct {
		const char *profile, *gpu, *mode, *nps;
		const char *inst[4], *shared[4]; /* xcc dma dec jpeg */
	} rows[] = {
		{"mi300x-1", G0, "SPX", "NPS1\n", {"8", "16", "4", "32"}, {"1", "1", "1", "1"}},
		{"mi300x-1", G0, "DPX", "NPS1\n", {"4", "8", "2", "16"}, {"1", "1", "1", "1"}},
		{"mi300x-1", G0, "QPX", "NPS1, NPS4\n", {"2", "4", "1", "8"}, {"1", "1", "1", "1"}},
		{"mi300x-1", G0, "CPX", "NPS1, NPS4\n", {"1", "2", "1", "8"}, {"1", "1", "2", "2"}},
		{"mi308x-8",
		 "0000:0a:00.0",
		 "SPX",
		 "NPS1\n",
		 {"4", "8", "4", "32"},
		 {"1", "1", "1", "1"}},
		{"mi308x-8",
		 "0000:0a:00.0",
		 "CPX",
		 "NPS1, NPS4\n",
		 {"1", "2", "1", "8"},
		 {"1", "1", "1", "1"}},
		{"mi300a-4",
		 "0000:02:00.0",
		 "TPX",
		 "NPS1\n",
		 {"2", "4", "1", "8"},
		 {"1", "1", "1", "1"}},
		{"mi300a-4",
		 "0000:02:00.0",
		 "CPX",
		 "NPS1\n",
		 {"1", "2", "1", "8"},
		 {"1", "1", "2", "2"}},
	};
	static const char *const kinds[] = {"xcc", "dma", "dec", "jpeg"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot(rows[i].profile, NULL);
		RP_AUTO_FREE char *dir = rp_strdupf(PCI "%s/compute_partition_config", rows[i].gpu);
		RP_AUTO_FREE char *select = rp_strdupf("%s/xcp_config", dir);
		RP_AUTO_FREE char *nps = rp_strdupf("%s/supported_nps_configs", dir);

		assert_int_equal(sim_write(sim, select, rows[i].mode), 0);
		assert_file(sim, nps, rows[i].nps);
		for (size_t k = 0; k < RP_ARRAY_LEN(kinds); k++) {
			RP_AUTO_FREE char *inst = rp_strdupf("%s/%s/num_inst", dir, kinds[k]);
			RP_AUTO_FREE char *shared = rp_strdupf("%s/%s/num_shared", dir, kinds[k]);
			RP_AUTO_FREE char *a = rp_strdupf("%s\n", rows[i].inst[k]);
			RP_AUTO_FREE char *b = rp_strdupf("%s\n", rows[i].shared[k]);

			assert_file(sim, inst, a);
			assert_file(sim, shared, b);
		}
	}
}

static void abi_selector_switches_nothing_and_refuses_what_is_unsupported(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	const char *path = PCI G0 "/compute_partition_config/xcp_config";

	(void)state;
	assert_file(sim, PCI G0 "/compute_partition_config/supported_xcp_configs",
		    "SPX, DPX, QPX, CPX\n");
	assert_int_equal(sim_write(sim, path, "CPX"), 0);
	assert_file(sim, PCI G0 "/current_compute_partition", "SPX\n");
	assert_int_equal(sim_write(sim, path, "TPX"), -EINVAL);
	assert_int_equal(sim_write(sim, path, "XYZ"), -EINVAL);
	assert_file(sim, path, "CPX\n");
}

/*
 * Linux: mem_show() of kfd_topology.c prints a size that is stored when the node is made, so ALL
 * does not change it (amd-gfx, X. Chen, 2026-03-13; ROCm/rocm-systems#5147); each switch goes back.
 */
static void abi_alloc_mode_does_not_change_the_banks_and_ends_with_a_switch(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim =
		boot("mi300x-1", "version: v1=>version: v1\nmem_alloc_mode: true");
	const char *path = PCI G0 "/compute_partition_mem_alloc_mode";
	const char *bank = "mem_banks/0/properties";

	(void)state;
	sim_setup(sim, G0, "compute DPX");
	assert_int_equal(sim_property(sim, 2, bank, "size_in_bytes"), 103070826496);
	assert_int_equal(sim_write(sim, path, "ALL"), 0);
	assert_file(sim, path, "ALL\n");
	assert_int_equal(sim_property(sim, 2, bank, "size_in_bytes"), 103070826496);
	sim_setup(sim, G0, "compute QPX");
	assert_file(sim, path, "CAPPING\n");
	assert_int_equal(sim_property(sim, 2, bank, "size_in_bytes"), 51535413248);
	assert_int_equal(sim_write(sim, path, "SOME"), -EINVAL);
}

static void abi_resource_files_are_for_root(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	char text[16];

	(void)state;
	assert_int_equal(sim_mode(sim, PCI G0 "/compute_partition_config/xcc/num_inst"), 0400);
	assert_int_equal(rp_sim_set_caller(sim, 1000, NULL, 0), 0);
	assert_int_equal(
		sim_read(sim, PCI G0 "/compute_partition_config/xcc/num_inst", text, sizeof(text)),
		-EACCES);
	assert_file(sim, PCI G0 "/current_compute_partition", "SPX\n");
}

static void abi_write_only_file_is_not_read_even_by_root(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	char text[16];

	(void)state;
	assert_int_equal(sim_read(sim, PCI G0 "/run_cleaner_shader", text, sizeof(text)), -EACCES);
}

/* kfd_devcgroup_check_permission(): files of other nodes are EPERM, folders are listed. */
static void abi_device_cgroup_hides_other_nodes(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);
	const uint32_t minors[] = {128 + 8};
	char text[4096];

	(void)state;
	assert_int_equal(rp_sim_set_caller(sim, 0, minors, 1), 0);
	assert_int_equal(sim_count(sim, KFD "nodes"), 10);
	assert_int_equal(sim_read(sim, KFD "nodes/2/gpu_id", text, sizeof(text)), -EPERM);
	assert_int_equal(sim_read(sim, KFD "nodes/2/properties", text, sizeof(text)), -EPERM);
	assert_int_equal(sim_read(sim, KFD "nodes/2/mem_banks/0/properties", text, sizeof(text)),
			 -EPERM);
	assert_int_equal(sim_read(sim, KFD "nodes/2/io_links/0/properties", text, sizeof(text)),
			 -EPERM);
	assert_int_equal(sim_read(sim, KFD "nodes/3/gpu_id", text, sizeof(text)), 0);
	assert_int_equal(sim_read(sim, KFD "nodes/0/properties", text, sizeof(text)), 0);
	assert_int_equal(sim_read(sim, "dev/dri/renderD128", text, sizeof(text)), -EPERM);
}

/* Nodes of slots that are no partition are seen, but opening them is ENOENT. */
static void abi_render_nodes_never_come_or_go(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);
	struct rp_stat st = {0};
	char text[16];

	(void)state;
	assert_int_equal(rp_sim_tree_ops()->stat(sim, "dev/dri/renderD129", &st), 0);
	assert_int_equal(st.type, RP_FILE_CHAR);
	assert_int_equal(st.dev_major, 226);
	assert_int_equal(st.dev_minor, 129);
	assert_int_equal(sim_read(sim, "dev/dri/renderD129", text, sizeof(text)), -ENOENT);
	sim_setup(sim, G0, "compute DPX");
	assert_int_equal(sim_read(sim, "dev/dri/renderD129", text, sizeof(text)), -EINVAL);
	assert_int_equal(sim_read(sim, "dev/dri/renderD130", text, sizeof(text)), -ENOENT);
	assert_int_equal(sim_count(sim, "sys/devices/platform"), 56);
	assert_true(sim_exists(sim, "dev/dri/by-path/platform-amdgpu_xcp_55-render"));
	assert_true(sim_exists(sim, "dev/dri/by-path/pci-" G0 "-render"));
}

/* kfd_open() of kfd_chardev.c while the KFD is locked; not EAGAIN. */
static void abi_kfd_cannot_be_opened_during_a_switch(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	assert_int_equal(rp_sim_may_open(sim, "dev/kfd", true), 0);
	assert_int_equal(rp_sim_fault_add(sim, "switching:" G1, NULL), 0);
	assert_int_equal(rp_sim_may_open(sim, "dev/kfd", true), -EINVAL);
	assert_int_equal(rp_sim_may_open(sim, "dev/dri/renderD128", true), 0);
	assert_int_equal(rp_sim_fault_clear(sim, NULL), 0);
	assert_int_equal(rp_sim_may_open(sim, "dev/kfd", true), 0);
}

static void abi_links_are_relative_and_lead_to_the_device(void **state)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{PCI G0, "../../../devices/pci0000:00/" G0},
		{"sys/class/kfd/kfd", "../../devices/virtual/kfd/kfd"},
		{"sys/class/drm/renderD129", "../../devices/platform/amdgpu_xcp_0/drm/renderD129"},
		{"sys/class/drm/renderD129/device", "../../../amdgpu_xcp_0"},
		{"sys/class/drm/card0/device", "../../../" G0},
		{PCI G0 "/driver", "../../../bus/pci/drivers/amdgpu"},
		{"sys/module/amdgpu/drivers/pci:amdgpu", "../../../bus/pci/drivers/amdgpu"},
		{"dev/dri/by-path/pci-" G0 "-card", "../card0"},
	};
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

		assert_int_equal(rp_sim_tree_ops()->readlink(sim, rows[i].path, &text), 0);
		assert_string_equal(rp_strbuf_str(&text), rows[i].text);
	}
	assert_file(sim, "sys/module/amdgpu/drivers/pci:amdgpu/" G0 "/device", "0x74a1\n");
	assert_file(sim, "sys/class/drm/renderD128/device/../" G0 "/vendor", "0x1002\n");
}

static void abi_paths_that_do_not_exist_are_told_apart(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	char text[16];

	(void)state;
	assert_int_equal(sim_read(sim, PCI G0 "/nothing", text, sizeof(text)), -ENOENT);
	assert_int_equal(sim_read(sim, PCI G0 "/vendor/x", text, sizeof(text)), -ENOTDIR);
	assert_int_equal(sim_read(sim, KFD "nodes/03/gpu_id", text, sizeof(text)), -ENOENT);
	assert_int_equal(sim_read(sim, KFD "nodes", text, sizeof(text)), -EISDIR);
	assert_int_equal(sim_write(sim, PCI G0 "/vendor", "1"), -EACCES);
	assert_int_equal(rp_sim_tree_ops()->list(sim, PCI G0 "/vendor", &names), -ENOTDIR);
}

/* Little-endian 16 bits at an offset of a GPU's gpu_metrics; its length in *ret_len. */
static unsigned metrics_at(struct rp_sim *sim, size_t at, size_t *ret_len)
{
	uint8_t data[4096];

	assert_int_equal(rp_sim_tree_ops()->read(sim, PCI G0 "/gpu_metrics", (char *)data,
						 sizeof(data), ret_len),
			 0);
	assert_true(at + 1 < *ret_len);
	return data[at] | (unsigned)data[at + 1] << 8;
}

/* sizeof and offsetof of struct gpu_metrics_v1_5, _v1_7, _v1_8 in kgd_pp_interface.h. */
static void abi_gpu_metrics_have_a_clock_for_each_xcc(void **state)
{
	static const struct {
		const char *edit;
		unsigned size, revision, gfxclk, n_partitions;
	} rows[] = {{"abi: g3=>abi: g1", 360, 5, 312, 0},
		    {"abi: g3=>abi: g2", 2208, 7, 296, 338},
		    {NULL, 3872, 8, 296, 338}};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", rows[i].edit);
		size_t len = 0;

		assert_int_equal(metrics_at(sim, 0, &len), rows[i].size);
		assert_int_equal(len, rows[i].size);
		assert_int_equal(metrics_at(sim, 2, &len), 1 | rows[i].revision << 8);
		for (unsigned x = 0; x < 8; x++) {
			unsigned mhz = metrics_at(sim, rows[i].gfxclk + 2 * x, &len);

			assert_in_range(mhz, 1, 2100);
		}
		assert_int_equal(metrics_at(sim, rows[i].gfxclk + 16, &len), 0xffff); /* socclk */
		if (!rows[i].n_partitions)
			continue;
		assert_int_equal(metrics_at(sim, rows[i].n_partitions, &len), 1);
		assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "CPX"), 0);
		assert_int_equal(metrics_at(sim, rows[i].n_partitions, &len), 8);
	}
}

static void abi_gpu_metrics_of_6_xccs_leave_two_clocks_unset(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300a-4", NULL);
	uint8_t data[4096];
	size_t len = 0;

	(void)state;
	assert_int_equal(rp_sim_tree_ops()->read(sim, PCI "0000:02:00.0/gpu_metrics", (char *)data,
						 sizeof(data), &len),
			 0);
	assert_int_not_equal(data[296 + 2 * 5] | data[297 + 2 * 5] << 8, 0xffff);
	assert_int_equal(data[296 + 2 * 6] | data[297 + 2 * 6] << 8, 0xffff);
}

static void abi_gpu_metrics_in_reset_cannot_be_read(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	char text[4096];

	(void)state;
	assert_int_equal(rp_sim_fault_add(sim, "reset:" G0, NULL), 0);
	assert_int_equal(sim_read(sim, PCI G0 "/gpu_metrics", text, sizeof(text)), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(abi_g1_has_no_memory_switch_and_no_config),
		cmocka_unit_test(abi_available_compute_is_static_in_g1_only),
		cmocka_unit_test(abi_memory_file_is_writable_when_there_is_a_choice),
		cmocka_unit_test(abi_virtual_function_is_read_only_or_without_files),
		cmocka_unit_test(abi_unique_id_of_partitions_differs_since_g3),
		cmocka_unit_test(abi_g1_hashes_gpu_ids_otherwise),
		cmocka_unit_test(abi_g1_divides_memory_without_the_hidden_part),
		cmocka_unit_test(abi_used_memory_is_shown_by_dkms_only),
		cmocka_unit_test(abi_config_tells_resources_of_the_selected_mode),
		cmocka_unit_test(abi_selector_switches_nothing_and_refuses_what_is_unsupported),
		cmocka_unit_test(abi_alloc_mode_does_not_change_the_banks_and_ends_with_a_switch),
		cmocka_unit_test(abi_resource_files_are_for_root),
		cmocka_unit_test(abi_write_only_file_is_not_read_even_by_root),
		cmocka_unit_test(abi_device_cgroup_hides_other_nodes),
		cmocka_unit_test(abi_gpu_metrics_have_a_clock_for_each_xcc),
		cmocka_unit_test(abi_gpu_metrics_of_6_xccs_leave_two_clocks_unset),
		cmocka_unit_test(abi_gpu_metrics_in_reset_cannot_be_read),
		cmocka_unit_test(abi_render_nodes_never_come_or_go),
		cmocka_unit_test(abi_kfd_cannot_be_opened_during_a_switch),
		cmocka_unit_test(abi_links_are_relative_and_lead_to_the_device),
		cmocka_unit_test(abi_paths_that_do_not_exist_are_told_apart),
	};

	return cmocka_run_group_tests_name("sim_abi", tests, NULL, NULL);
}
