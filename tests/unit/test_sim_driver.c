/* SPDX-License-Identifier: MIT */
/* Requests of a memory mode, driver unload and load, and what of a machine survives them. */
#include "sim_machine.h"

#define COMPUTE "/current_compute_partition"
#define MEMORY	"/current_memory_partition"

/* The mode that a driver chooses: SPX for one range, CPX for a range per XCC, and so on. */
static void driver_chooses_the_compute_mode_when_it_is_loaded(void **state)
{
	static const struct {
		const char *profile, *edits, *gpu, *memory, *compute;
	} rows[] = {
		{"mi300x-8", NULL, G0, "NPS1", "SPX\n"},
		{"mi300x-8", NULL, G0, "NPS4", "CPX\n"},
		{"mi300x-8", "version: v1=>version: v1\nauto_qpx: true", G0, "NPS4", "QPX\n"},
		{"mi308x-8", NULL, "0000:0a:00.0", "NPS4", "CPX\n"},
		{"mi308x-8", NULL, "0000:0a:00.0", "NPS1", "SPX\n"},
		{"mi350x-8", NULL, G0, "NPS2", "DPX\n"},
		{"mi300x-8", "version: v1=>version: v1\nuser_partt_mode: 3", G0, "NPS4", "QPX\n"},
		{"mi455x-4", NULL, G0, "NPS2", "DPX\n"},
		{"mi455x-4", NULL, G0, "NPS8", "CPX\n"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot(rows[i].profile, rows[i].edits);
		RP_AUTO_FREE char *path = rp_strdupf(PCI "%s" COMPUTE, rows[i].gpu);

		sim_switch_memory(sim, rows[i].gpu, rows[i].memory);
		assert_file(sim, path, rows[i].compute);
	}
}

/* user_partt_mode SPX is not valid in NPS4: the probe fails and the GPU stays without driver. */
static void driver_probe_fails_when_the_parameter_is_invalid(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim =
		boot("mi300x-1", "version: v1=>version: v1\nuser_partt_mode: 0");

	(void)state;
	sim_switch_memory(sim, G0, "NPS4");
	assert_true(sim_exists(sim, PCI G0 "/vendor"));
	assert_false(sim_exists(sim, PCI G0 "/driver"));
	assert_false(sim_exists(sim, PCI G0 COMPUTE));
	assert_int_equal(sim_count(sim, KFD "nodes"), 2);
}

/* soc_v1_0.c has no mode for half as many ranges as XCCs. */
static void driver_probe_fails_where_gfx1250_finds_no_mode(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi455x-4", NULL);

	(void)state;
	sim_switch_memory(sim, G0, "NPS4");
	assert_true(sim_exists(sim, PCI G0 "/vendor"));
	assert_false(sim_exists(sim, PCI G0 "/driver"));
	assert_int_equal(sim_count(sim, KFD "nodes"), 2);
}

/* What soc_v1_0.c lists and what it accepts differ: it never lists NPS2 or NPS8. */
static void driver_of_gfx1250_lists_less_than_it_accepts(void **state)
{
	static const struct {
		const char *memory, *available;
	} rows[] = {
		{"NPS1", "SPX, DPX, QPX, CPX\n"},
		{"NPS2", "DPX, CPX\n"},
		{"NPS8", "CPX\n"},
	};
	static const struct {
		const char *compute, *listed;
	} configs[] = {
		{"SPX", "NPS1\n"},
		{"DPX", "NPS1\n"},
		{"QPX", "NPS1, NPS4\n"},
		{"CPX", "NPS1, NPS4\n"},
	};
	RP_AUTO_SIM struct rp_sim *sim = boot("mi455x-4", NULL);

	(void)state;
	assert_file(sim, PCI G0 "/available_memory_partition", "NPS1, NPS2, NPS4, NPS8\n");
	for (size_t i = 0; i < RP_ARRAY_LEN(configs); i++) {
		assert_int_equal(sim_write(sim, PCI G0 "/compute_partition_config/xcp_config",
					   configs[i].compute),
				 0);
		assert_file(sim, PCI G0 "/compute_partition_config/supported_nps_configs",
			    configs[i].listed);
	}
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		sim_switch_memory(sim, G0, rows[i].memory);
		assert_file(sim, PCI G0 "/available_compute_partition", rows[i].available);
	}
}

/* A hive in which one firmware lacks a mode, or does not complete it, keeps the old one. */
static void driver_request_that_a_firmware_refuses_is_lost(void **state)
{
	static const struct {
		const char *profile, *request;
	} rows[] = {
		{"mi300x-1-ifwi-041", "request NPS4"},
		{"mi300x-8-mixed-firmware", "request NPS2"},
		{"mi300x-8-mixed-firmware", "request NPS4"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot(rows[i].profile, NULL);

		sim_setup(sim, G0, rows[i].request);
		sim_setup(sim, G0, "unload;load");
		assert_file(sim, PCI G0 MEMORY, "NPS1\n");
		sim_setup(sim, G0, "unload;load");
		assert_file(sim, PCI G0 MEMORY, "NPS1\n");
	}
}

/* GIM and vfio-pci: the PCI devices are there, with another driver and without files of amdgpu. */
static void driver_of_another_kind_keeps_the_gpus_from_amdgpu(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-sriov-host", NULL);

	(void)state;
	assert_false(sim_exists(sim, "sys/module/amdgpu"));
	assert_int_equal(sim_count(sim, "sys/bus/pci/drivers/gim"), 1);
	assert_int_equal(sim_count(sim, "sys/bus/pci/drivers/vfio-pci"), 8);
	assert_true(sim_exists(sim, "sys/bus/pci/drivers/gim/" G0 "/vendor"));
	assert_int_equal(sim_driver(sim, RP_DRIVER_LOAD), 0);
	assert_true(sim_exists(sim, "sys/module/amdgpu"));
	assert_false(sim_exists(sim, PCI G0 MEMORY));
	assert_int_equal(sim_count(sim, KFD "nodes"), 1);
}

static void driver_request_is_not_shown_and_takes_effect_for_the_whole_hive(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	sim_setup(sim, G0, "request NPS4");
	assert_file(sim, PCI G0 MEMORY, "NPS1\n");
	assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), 0);
	assert_int_equal(sim_driver(sim, RP_DRIVER_LOAD), 0);
	assert_file(sim, PCI G0 MEMORY, "NPS4\n");
	assert_file(sim, PCI "0000:e5:00.0" MEMORY, "NPS4\n");
	assert_int_equal(sim_count(sim, KFD "nodes"), 66);
}

static void driver_request_stays_with_one_gpu_without_xgmi(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", "hive: 15188982192727901047, =>");

	(void)state;
	sim_switch_memory(sim, G0, "NPS4");
	assert_file(sim, PCI G0 MEMORY, "NPS4\n");
	assert_file(sim, PCI G1 MEMORY, "NPS1\n");
}

/* Writing the present mode does not cancel a request; another request replaces it. */
static void driver_request_is_replaced_but_never_cancelled(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", "nps: [1, 4]=>nps: [1, 2, 4]");

	(void)state;
	sim_setup(sim, G0, "request NPS4;request NPS1");
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_file(sim, PCI G0 MEMORY, "NPS4\n");
	sim_setup(sim, G0, "request NPS1;request NPS2");
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_file(sim, PCI G0 MEMORY, "NPS2\n");
	assert_int_equal(rp_sim_reload(sim, NULL), 0); /* it was consumed; the mode is kept */
	assert_file(sim, PCI G0 MEMORY, "NPS2\n");
}

static void driver_power_off_discards_a_request_and_the_mode(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);
	char first[64], second[64];

	(void)state;
	assert_int_equal(sim_read(sim, "proc/sys/kernel/random/boot_id", first, sizeof(first)), 0);
	sim_setup(sim, G0, "memory NPS4;request NPS1;kfd;fault unload:EIO");
	assert_int_equal(rp_sim_reset(sim, NULL), 0);
	assert_file(sim, PCI G0 MEMORY, "NPS1\n");
	assert_file(sim, PCI G0 COMPUTE, "SPX\n");
	assert_int_equal(sim_number(sim, "sys/module/amdgpu/refcnt"), 0);
	assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), 0);
	assert_int_equal(sim_read(sim, "proc/sys/kernel/random/boot_id", second, sizeof(second)),
			 0);
	assert_string_not_equal(first, second);
}

static void driver_compute_mode_and_settings_are_lost_by_a_reload(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim =
		boot("mi300x-1", "version: v1=>version: v1\nmem_alloc_mode: true");

	(void)state;
	sim_setup(sim, G0, "compute DPX");
	assert_int_equal(sim_write(sim, PCI G0 "/hwmon/hwmon0/power1_cap", "500000000"), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/power_dpm_force_performance_level", "high"), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/enforce_isolation", "1 0"), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/compute_partition_config/xcp_config", "CPX"), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/compute_partition_mem_alloc_mode", "ALL"), 0);
	assert_file(sim, PCI G0 "/hwmon/hwmon0/power1_cap", "500000000\n");
	assert_file(sim, PCI G0 "/power_dpm_force_performance_level", "high\n");
	assert_file(sim, PCI G0 "/enforce_isolation", "1 0\n");
	assert_file(sim, PCI G0 "/compute_partition_mem_alloc_mode", "ALL\n");
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_file(sim, PCI G0 COMPUTE, "SPX\n");
	assert_file(sim, PCI G0 "/hwmon/hwmon0/power1_cap", "750000000\n");
	assert_file(sim, PCI G0 "/power_dpm_force_performance_level", "auto\n");
	assert_file(sim, PCI G0 "/enforce_isolation", "0\n");
	assert_file(sim, PCI G0 "/compute_partition_config/xcp_config", "SPX\n");
	assert_file(sim, PCI G0 "/compute_partition_mem_alloc_mode", "CAPPING\n");
}

static void driver_settings_refuse_what_the_kernel_refuses(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	assert_int_equal(sim_write(sim, PCI G0 "/hwmon/hwmon0/power1_cap", "751000000"), -EINVAL);
	assert_int_equal(sim_write(sim, PCI G0 "/hwmon/hwmon0/power1_cap", "x"), -EINVAL);
	assert_int_equal(sim_write(sim, PCI G0 "/hwmon/hwmon0/power1_cap_max", "1"), -EACCES);
	assert_int_equal(sim_write(sim, PCI G0 "/power_dpm_force_performance_level", "best"),
			 -EINVAL);
	assert_int_equal(sim_write(sim, PCI G0 "/enforce_isolation", "1 1"), -EINVAL);
	assert_int_equal(sim_write(sim, PCI G0 "/enforce_isolation", "2"), -EINVAL);
	assert_int_equal(sim_write(sim, PCI G0 "/enforce_isolation", ""), 0);
	sim_setup(sim, G0, "compute DPX");
	assert_int_equal(sim_write(sim, PCI G0 "/enforce_isolation", "1"), -EINVAL);
	assert_int_equal(sim_write(sim, PCI G0 "/run_cleaner_shader", "1"), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/run_cleaner_shader", "2"), -EINVAL);
	sim_setup(sim, G0, "compute SPX");
	assert_int_equal(sim_write(sim, PCI G0 "/run_cleaner_shader", "0"), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/run_cleaner_shader", "1"), -EINVAL);
}

static void driver_unloaded_leaves_the_pci_devices_only(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), 0);
	assert_true(sim_exists(sim, PCI G0 "/vendor"));
	assert_false(sim_exists(sim, PCI G0 "/driver"));
	assert_false(sim_exists(sim, PCI G0 COMPUTE));
	assert_false(sim_exists(sim, PCI G0 "/unique_id"));
	assert_false(sim_exists(sim, "sys/module/amdgpu"));
	assert_false(sim_exists(sim, "sys/bus/pci/drivers/amdgpu"));
	assert_false(sim_exists(sim, "sys/class/kfd"));
	assert_false(sim_exists(sim, "dev/kfd"));
	assert_false(sim_exists(sim, "dev/dri/renderD128"));
	assert_false(sim_exists(sim, "sys/dev/char/226:128"));
	assert_int_equal(sim_count(sim, "sys/dev/char"), 0);
	assert_int_equal(sim_count(sim, "sys/class/hwmon"), 0);
	assert_int_equal(sim_count(sim, "sys/class/drm"), 1); /* version */
	assert_int_equal(sim_count(sim, "sys/devices/platform"), 0);
	assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), 0); /* as modprobe -r: not there */
	assert_int_equal(sim_driver(sim, RP_DRIVER_LOAD), 0);
	assert_true(sim_exists(sim, PCI G0 COMPUTE));
	assert_int_equal(sim_driver(sim, RP_DRIVER_LOAD), 0);
}

static void driver_in_use_is_not_unloaded_and_keeps_the_request(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	sim_setup(sim, G0, "request NPS4;render " G1 "/0");
	assert_int_equal(sim_number(sim, "sys/module/amdgpu/refcnt"), 1);
	assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), -EBUSY);
	assert_int_equal(rp_sim_reload(sim, NULL), -EBUSY);
	assert_file(sim, PCI G0 MEMORY, "NPS1\n");
	assert_int_equal(rp_sim_unhold(sim, 4000, NULL), 0);
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_file(sim, PCI G0 MEMORY, "NPS4\n");
}

static void driver_of_the_disk_is_the_loaded_one(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	RP_AUTO_STRBUF struct rp_strbuf disk = RP_STRBUF_INIT;
	RP_AUTO_FREE char *line = NULL;

	(void)state;
	assert_int_equal(rp_sim_tree_ops()->driver(sim, RP_DRIVER_DISK_SRCVERSION, &disk), 0);
	line = rp_strdupf("%s\n", rp_strbuf_str(&disk));
	assert_file(sim, "sys/module/amdgpu/srcversion", line);
	assert_file(sim, "sys/module/amdgpu/parameters/user_partt_mode", "4294967294\n");
}

static void driver_is_not_touched_by_other_users(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	assert_int_equal(rp_sim_set_caller(sim, 1000, NULL, 0), 0);
	assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(driver_chooses_the_compute_mode_when_it_is_loaded),
		cmocka_unit_test(driver_probe_fails_when_the_parameter_is_invalid),
		cmocka_unit_test(driver_probe_fails_where_gfx1250_finds_no_mode),
		cmocka_unit_test(driver_of_gfx1250_lists_less_than_it_accepts),
		cmocka_unit_test(driver_request_that_a_firmware_refuses_is_lost),
		cmocka_unit_test(driver_of_another_kind_keeps_the_gpus_from_amdgpu),
		cmocka_unit_test(driver_request_is_not_shown_and_takes_effect_for_the_whole_hive),
		cmocka_unit_test(driver_request_stays_with_one_gpu_without_xgmi),
		cmocka_unit_test(driver_request_is_replaced_but_never_cancelled),
		cmocka_unit_test(driver_power_off_discards_a_request_and_the_mode),
		cmocka_unit_test(driver_compute_mode_and_settings_are_lost_by_a_reload),
		cmocka_unit_test(driver_settings_refuse_what_the_kernel_refuses),
		cmocka_unit_test(driver_unloaded_leaves_the_pci_devices_only),
		cmocka_unit_test(driver_in_use_is_not_unloaded_and_keeps_the_request),
		cmocka_unit_test(driver_of_the_disk_is_the_loaded_one),
		cmocka_unit_test(driver_is_not_touched_by_other_users),
	};

	return cmocka_run_group_tests_name("sim_driver", tests, NULL, NULL);
}
