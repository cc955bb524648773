/* SPDX-License-Identifier: MIT */
/* Faults by rule. */
#include "sim_machine.h"

#define COMPUTE PCI G0 "/current_compute_partition"

static void fault_write_fails_each_time_or_the_nth(void **state)
{
	RP_AUTO_SIM struct rp_sim *each = boot("mi300x-8", NULL);
	RP_AUTO_SIM struct rp_sim *second = boot("mi300x-8", NULL);

	(void)state;
	sim_setup(each, G0, "fault write:current_compute_partition:EBUSY");
	assert_int_equal(sim_write(each, COMPUTE, "CPX"), -EBUSY);
	assert_int_equal(sim_write(each, COMPUTE, "CPX"), -EBUSY);
	sim_setup(second, G0, "fault write:current_compute_partition:EBUSY:2");
	assert_int_equal(sim_write(second, COMPUTE, "CPX"), 0);
	assert_int_equal(sim_write(second, PCI G1 "/current_compute_partition", "CPX"), -EBUSY);
	assert_int_equal(sim_write(second, PCI G1 "/current_compute_partition", "CPX"), 0);
}

static void fault_write_ignored_succeeds_and_changes_nothing(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	sim_setup(sim, G0, "fault write:current_compute_partition:ignored:1");
	assert_int_equal(sim_write(sim, COMPUTE, "CPX"), 0);
	assert_file(sim, COMPUTE, "SPX\n");
	assert_int_equal(sim_write(sim, COMPUTE, "CPX"), 0);
	assert_file(sim, COMPUTE, "CPX\n");
}

static void fault_pattern_with_a_slash_is_about_the_end_of_the_path(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	sim_setup(sim, G0, "fault write:" G1 "/current_compute_partition:EIO");
	assert_int_equal(sim_write(sim, COMPUTE, "CPX"), 0);
	assert_int_equal(sim_write(sim, PCI G1 "/current_compute_partition", "CPX"), -EIO);
}

static void fault_read_fails_for_matching_files(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);
	char text[64];

	(void)state;
	sim_setup(sim, G0, "fault read:*_compute_partition:EIO;fault read:unique_id:EPERM:2");
	assert_int_equal(sim_read(sim, COMPUTE, text, sizeof(text)), -EIO);
	assert_file(sim, PCI G0 "/current_memory_partition", "NPS1\n");
	assert_int_equal(sim_read(sim, PCI G0 "/unique_id", text, sizeof(text)), 0);
	assert_int_equal(sim_read(sim, PCI G0 "/unique_id", text, sizeof(text)), -EPERM);
	assert_int_equal(sim_read(sim, PCI G0 "/unique_id", text, sizeof(text)), 0);
}

static void fault_vanished_node_is_missing_until_the_rule_is_gone(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	sim_setup(sim, G0, "fault vanish:" G0 "/7;compute CPX");
	assert_int_equal(sim_count(sim, KFD "nodes"), 2 + 7);
	assert_int_equal(sim_node_of(sim, 0x507), UINT32_MAX);
	assert_file(sim, KFD "generation_id", "10\n"); /* 2 - removed 1 + added 7 */
	assert_int_equal(rp_sim_fault_clear(sim, NULL), 0);
	sim_setup(sim, G0, "compute SPX;compute CPX");
	assert_int_equal(sim_count(sim, KFD "nodes"), 2 + 8);
}

static void fault_lost_gpu_does_not_come_back_with_the_driver(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	sim_setup(sim, G0, "fault lose:0000:e5:00.0:1");
	assert_int_equal(sim_count(sim, KFD "nodes"), 10);
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_int_equal(sim_count(sim, KFD "nodes"), 9);
	assert_false(sim_exists(sim, PCI "0000:e5:00.0/driver"));
	assert_false(sim_exists(sim, "sys/bus/pci/drivers/amdgpu/0000:e5:00.0"));
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_int_equal(sim_count(sim, KFD "nodes"), 10);
}

static void fault_unplugged_gpu_leaves_the_bus_until_the_next_load(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	sim_setup(sim, G0, "fault unplug:0000:e5:00.0:1");
	assert_int_equal(sim_count(sim, "sys/bus/pci/devices"), 8);
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_int_equal(sim_count(sim, KFD "nodes"), 9);
	assert_int_equal(sim_count(sim, "sys/bus/pci/devices"), 7);
	assert_false(sim_exists(sim, "sys/bus/pci/devices/0000:e5:00.0"));
	assert_false(sim_exists(sim, PCI "0000:e5:00.0"));
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_true(sim_exists(sim, PCI "0000:e5:00.0/driver"));
}

static void fault_replaced_gpu_has_another_unique_id_from_the_next_load(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);
	char before[64], after[64];
	static const char file[] = PCI "0000:e5:00.0/unique_id";

	(void)state;
	assert_int_equal(sim_read(sim, file, before, sizeof(before)), 0);
	sim_setup(sim, G0, "fault replace:0000:e5:00.0:1");
	assert_file(sim, file, before);
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_int_equal(sim_read(sim, file, after, sizeof(after)), 0);
	assert_string_not_equal(before, after);
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_file(sim, file, after);
}

static void fault_unload_keeps_the_driver_and_the_request(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	sim_setup(sim, G0, "request NPS4;fault unload:EBUSY:1");
	assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), -EBUSY);
	assert_true(sim_exists(sim, COMPUTE));
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_file(sim, PCI G0 "/current_memory_partition", "NPS4\n");
}

static void fault_load_leaves_the_driver_unloaded(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	sim_setup(sim, G0, "request NPS4;fault load:EIO:1");
	assert_int_equal(rp_sim_reload(sim, NULL), -EIO);
	assert_false(sim_exists(sim, "sys/module/amdgpu"));
	assert_int_equal(sim_driver(sim, RP_DRIVER_LOAD), 0);
	assert_file(sim, PCI G0 "/current_memory_partition", "NPS4\n");
}

/* One member refuses: the others are asked to go back, and the request is gone. */
static void fault_nps_of_one_member_holds_the_hive_back(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	sim_setup(sim, G0, "request NPS4;fault nps:0000:85:00.0:1");
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_file(sim, PCI G0 "/current_memory_partition", "NPS1\n");
	assert_file(sim, PCI "0000:85:00.0/current_memory_partition", "NPS1\n");
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	assert_file(sim, PCI G0 "/current_memory_partition", "NPS1\n");
}

static void fault_counts_are_what_ras_shows(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);
	RP_AUTO_SIM struct rp_sim *old = boot("mi300x-8", "abi: g3=>abi: g1");

	(void)state;
	assert_file(sim, PCI G0 "/ras/gpu_vram_bad_pages", "");
	sim_setup(sim, G0, "fault ue:" G0 ":3;fault ce:" G0 ":14;fault bad-pages:" G0 ":2");
	assert_file(sim, PCI G0 "/ras/umc_err_count", "ue: 3\nce: 14\nde: 0\n");
	assert_file(sim, PCI G1 "/ras/umc_err_count", "ue: 0\nce: 0\nde: 0\n");
	assert_file(sim, PCI G0 "/ras/gpu_vram_bad_pages",
		    "0x00001000 : 0x00001000 : R\n0x00001001 : 0x00001000 : R\n");
	assert_file(old, PCI G0 "/ras/umc_err_count", "ue: 0\nce: 0\n");
}

static void fault_rule_that_is_none_is_refused(void **state)
{
	static const char *const rules[] = {
		"",
		":",
		"write",
		"write:",
		"write::EIO",
		"write:x",
		"write:x:",
		"write:x:EWHAT",
		"write:x:EIO:0",
		"write:x:EIO:x",
		"write:x:EIO:99999999999999999999999",
		"read:x:ignored",
		"unload:",
		"unload:ignored",
		"unload:x:EIO",
		"lose:",
		"vanish",
		"ue:x",
		"bad-pages:x:",
		"frobnicate:x:EIO",
		"write:x:EIO:2:3",
	};
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	RP_AUTO_STRBUF struct rp_strbuf list = RP_STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rules); i++) {
		struct rocpart_error err = {0};

		if (rp_sim_fault_add(sim, rules[i], &err) != -EINVAL)
			fail_msg("accepted: %s", rules[i]);
		assert_int_equal(err.code, ROCPART_ERR_INVALID_ARGUMENT);
		assert_true(err.hint[0]);
	}
	assert_int_equal(rp_sim_fault_list(sim, &list), 0);
	assert_string_equal(rp_strbuf_str(&list), "");
}

static void fault_rules_are_listed_as_given(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	RP_AUTO_STRBUF struct rp_strbuf list = RP_STRBUF_INIT;

	(void)state;
	sim_setup(sim, G0, "fault write:" G0 "/x:EIO:2;fault load:ENOMEM");
	assert_int_equal(rp_sim_fault_list(sim, &list), 0);
	assert_string_equal(rp_strbuf_str(&list), "write:" G0 "/x:EIO:2\nload:ENOMEM\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fault_write_fails_each_time_or_the_nth),
		cmocka_unit_test(fault_write_ignored_succeeds_and_changes_nothing),
		cmocka_unit_test(fault_pattern_with_a_slash_is_about_the_end_of_the_path),
		cmocka_unit_test(fault_read_fails_for_matching_files),
		cmocka_unit_test(fault_vanished_node_is_missing_until_the_rule_is_gone),
		cmocka_unit_test(fault_lost_gpu_does_not_come_back_with_the_driver),
		cmocka_unit_test(fault_unplugged_gpu_leaves_the_bus_until_the_next_load),
		cmocka_unit_test(fault_replaced_gpu_has_another_unique_id_from_the_next_load),
		cmocka_unit_test(fault_unload_keeps_the_driver_and_the_request),
		cmocka_unit_test(fault_load_leaves_the_driver_unloaded),
		cmocka_unit_test(fault_nps_of_one_member_holds_the_hive_back),
		cmocka_unit_test(fault_counts_are_what_ras_shows),
		cmocka_unit_test(fault_rule_that_is_none_is_refused),
		cmocka_unit_test(fault_rules_are_listed_as_given),
	};

	return cmocka_run_group_tests_name("sim_fault", tests, NULL, NULL);
}
