/* SPDX-License-Identifier: MIT */
/* Loads of a simulated machine: their processes, and what happens at the ends of the ranges. */
#include "sim_machine.h"

#include "base/json.h"
#include "sim/machine.h"

#define GIB	   (UINT64_C(1) << 30)
#define FIRST_LOAD 4194305
#define PROC	   "sys/class/kfd/kfd/proc"
#define USED	   PCI G0 "/mem_info_vram_used"

static struct rp_sim *start(const char *profile, const char *edits)
{
	struct rp_sim *sim = boot(profile, edits);

	assert_int_equal(rp_sim_load_start(sim, 7, 0, NULL), 0);
	return sim;
}

static void add(struct rp_sim *sim, const char *target, uint64_t vram, uint64_t seconds)
{
	assert_int_equal(rp_sim_load_add(sim, target, 50, vram, seconds, NULL), 0);
}

static void advance(struct rp_sim *sim, uint64_t seconds)
{
	assert_int_equal(rp_sim_clock_advance(sim, seconds, NULL), 0);
}

/* What KFD accounts to a process on a partition; 0 also when there is no such process. */
static uint64_t kfd_bytes(struct rp_sim *sim, uint32_t pid, uint32_t location)
{
	uint32_t node = sim_node_of(sim, location);
	RP_AUTO_FREE char *id = rp_strdupf(KFD "nodes/%u/gpu_id", node);
	RP_AUTO_FREE char *path = NULL;

	assert_int_not_equal(node, UINT32_MAX);
	path = rp_strdupf("sys/class/kfd/kfd/proc/%u/vram_%u", pid, (unsigned)sim_number(sim, id));
	return sim_exists(sim, path) ? sim_number(sim, path) : 0;
}

static void load_memory_is_that_of_a_process(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-8", NULL);
	uint64_t idle = sim_number(sim, USED);

	(void)state;
	add(sim, "0", 20 * GIB, 60);
	assert_file(sim, "proc/4194305/comm", "sim-load\n");
	assert_int_equal(kfd_bytes(sim, FIRST_LOAD, 0x500), GIB);
	advance(sim, 1);
	assert_int_equal(kfd_bytes(sim, FIRST_LOAD, 0x500), 5 * GIB);
	assert_int_equal(sim_number(sim, USED), idle + 5 * GIB);
	advance(sim, 20);
	assert_int_equal(kfd_bytes(sim, FIRST_LOAD, 0x500), 20 * GIB);
	advance(sim, 39);
	assert_false(sim_exists(sim, "proc/4194305"));
	assert_int_equal(sim_number(sim, USED), idle);
}

/* The process that was there when time began to pass is no load of the time after its end. */
static void load_that_ended_meanwhile_counts_until_its_end(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-1", NULL);
	struct rp_sim_moment m;

	(void)state;
	add(sim, "0", GIB, 10);
	advance(sim, 5);
	advance(sim, 60);
	rp_sim_observe(sim, 0, &m);
	assert_int_equal(m.past.gfx_acc, UINT64_C(50) * 10 * 1000000);
}

static void load_without_memory_has_no_process(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-8", NULL);

	(void)state;
	add(sim, "all", 0, 0);
	assert_int_equal(sim_count(sim, PROC), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "CPX"), 0);
}

/* As on hardware: a process outside of containers has a context on each GPU. */
static void load_process_blocks_switches_and_the_driver(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-8", NULL);

	(void)state;
	add(sim, "0", GIB, 60);
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "CPX"), -EBUSY);
	assert_int_equal(sim_write(sim, PCI G1 "/current_compute_partition", "CPX"), -EBUSY);
	assert_int_equal(rp_sim_reload(sim, NULL), -EBUSY);
	advance(sim, 60);
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
}

static void load_of_a_gpu_spreads_over_its_partitions(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	sim_setup(sim, G0, "compute CPX");
	assert_int_equal(rp_sim_load_start(sim, 7, 0, NULL), 0);
	add(sim, "0", 16 * GIB, 0);
	add(sim, "0/3", 4 * GIB, 60);
	advance(sim, 30);
	for (uint32_t p = 0; p < 8; p++)
		assert_int_equal(kfd_bytes(sim, FIRST_LOAD + (p == 3), 0x500 + p),
				 p == 3 ? 4 * GIB : 2 * GIB);
	assert_int_equal(kfd_bytes(sim, FIRST_LOAD, 0x503), 0); /* the later load counts there */
	advance(sim, 30);
	assert_int_equal(kfd_bytes(sim, FIRST_LOAD, 0x503), 2 * GIB);
}

/* KFD refuses what is not there: the load has what is left, and a process what the load left. */
static void load_memory_ends_where_that_of_others_begins(void **state)
{
	const struct rp_sim_slot slot = {G0, 0, 190 * GIB};
	const struct rp_sim_process p = {.pid = 4711, .vram = &slot, .n_vram = 1};
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-1", NULL);
	uint32_t pid = 0;

	(void)state;
	assert_int_equal(rp_sim_hold(sim, &p, &pid, NULL), 0);
	add(sim, "0", 20 * GIB, 0);
	advance(sim, 60);
	assert_int_equal(kfd_bytes(sim, FIRST_LOAD, 0x500), 206141652992 - 190 * GIB);
	assert_int_equal(sim_number(sim, USED), 206141652992);
	assert_int_equal(rp_sim_unhold(sim, 4711, NULL), 0);
	assert_int_equal(kfd_bytes(sim, FIRST_LOAD, 0x500), 20 * GIB);
	assert_int_equal(rp_sim_hold(sim, &p, &pid, NULL), -ENOMEM);
}

static void load_ends_with_its_process(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-1", NULL);

	(void)state;
	add(sim, "0", GIB, 0);
	advance(sim, 10);
	assert_int_equal(sim_number(sim, PCI G0 "/gpu_busy_percent"), 50);
	assert_int_equal(rp_sim_unhold(sim, FIRST_LOAD, NULL), 0);
	assert_int_equal(sim_number(sim, PCI G0 "/gpu_busy_percent"), 0);
	assert_int_equal(sim_count(sim, PROC), 0);
}

/* The pid of a load that has yet to begin is nobody else's. */
static void load_to_come_keeps_its_pid(void **state)
{
	const struct rp_sim_process p = {.pid = FIRST_LOAD, .kfd = true};
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-1", NULL);
	uint32_t pid = 0;

	(void)state;
	assert_int_equal(rp_sim_load_script(sim, "60, 0, 50, 1GiB\n", "s", NULL), 0);
	assert_int_equal(rp_sim_hold(sim, &p, &pid, NULL), -EEXIST);
	assert_int_equal(sim_count(sim, PROC), 0);
	advance(sim, 60);
	assert_int_equal(sim_count(sim, PROC), 1);
}

static void load_of_a_lost_gpu_has_no_process_and_no_power(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-8", NULL);
	struct rp_sim_moment m;

	(void)state;
	assert_int_equal(rp_sim_fault_add(sim, "lose:" G0, NULL), 0);
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
	add(sim, "all", GIB, 0);
	assert_int_equal(sim_count(sim, PROC), 7);
	rp_sim_observe(sim, 0, &m);
	assert_int_equal(m.gfx_busy, 0);
	assert_int_equal(m.power_uw, 194000000);
	assert_false(sim_exists(sim, PCI G0 "/gpu_metrics"));
}

/* A load without memory goes on after a reload; while the driver is away nothing computes. */
static void load_goes_on_after_a_reload(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-1", NULL);
	struct rp_sim_moment m;

	(void)state;
	add(sim, "0", 0, 0);
	advance(sim, 10);
	assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), 0);
	advance(sim, 10);
	assert_int_equal(sim_driver(sim, RP_DRIVER_LOAD), 0);
	advance(sim, 10);
	rp_sim_observe(sim, 0, &m);
	assert_int_equal(m.gfx_busy, 50);
	assert_int_equal(m.past.gfx_acc, UINT64_C(50) * 20 * 1000000);
	assert_int_equal(m.past.uptime_us, 30 * 1000000);
}

/* The largest numbers of a profile for as long as the clock goes: the state can be read again. */
static void load_at_the_end_of_time_keeps_the_machine_readable(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = start(
		"mi300x-1",
		"power_cap_w: 750               # data sheet=>power_cap_w: 4000\n    full_w: 4000");
	const uint64_t longest = RP_SIM_MAX_TIME_US / 1000000;
	struct rp_sim_load *copy = NULL;
	struct rp_sim_moment m;
	struct rp_json *j;

	(void)state;
	assert_int_equal(rp_sim_load_add(sim, "all", 100, 0, 0, NULL), 0);
	advance(sim, longest);
	assert_int_equal(rp_sim_clock_advance(sim, 1, NULL), -ERANGE);
	rp_sim_observe(sim, 0, &m);
	assert_true(m.past.energy_uj / 1000000 > longest * 3900);
	j = rp_sim_load_to_json(sim);
	assert_non_null(j);
	assert_int_equal(rp_sim_load_from_json(sim, j, &copy), 0);
	rp_json_free(j);
	assert_int_equal(copy->gpus[0].energy_uj, m.past.energy_uj);
	rp_sim_load_free(copy);
}

/* After a new start of the host its clock is behind: the simulated one stands, and never goes back.
 */
static void load_clock_stands_when_that_of_the_host_is_behind(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-1", NULL);
	uint64_t then;

	(void)state;
	advance(sim, 100);
	assert_int_equal(rp_sim_clock_set_rate(sim, 1000, NULL), 0);
	then = sim->state.load->at_us;
	sim->state.load->host_us += UINT64_C(3600) * 1000000;
	assert_int_equal(rp_sim_load_now(sim), then);
	assert_int_equal(rp_sim_load_add(sim, "0", 5, 0, 0, NULL), 0); /* from here it goes on */
	while (rp_sim_load_now(sim) == then)
		;
	assert_true(rp_sim_load_now(sim) > then);
}

/* Eight GPUs in CPX, a load for each partition: each tells its own. */
static void load_of_64_partitions_is_told_by_each(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);

	(void)state;
	for (size_t g = 0; g < 8; g++)
		assert_int_equal(rp_sim_write_compute(sim, g, "CPX", 3), 0);
	assert_int_equal(rp_sim_load_start(sim, 7, 0, NULL), 0);
	for (uint32_t i = 0; i < 64; i++) {
		RP_AUTO_FREE char *target = rp_strdupf("%u/%u", i / 8, i % 8);

		assert_int_equal(rp_sim_load_add(sim, target, i, (i + 1) * GIB / 4, 0, NULL), 0);
	}
	advance(sim, 60);
	assert_int_equal(sim_count(sim, PROC), 64);
	for (uint32_t i = 0; i < 64; i++) {
		struct rp_sim_moment m;

		rp_sim_observe(sim, i / 8, &m);
		assert_int_equal(m.xcc_busy[i % 8], i);
		assert_int_equal(
			rp_sim_vram_of(rp_sim_find_holder(sim, FIRST_LOAD + i), i / 8, i % 8),
			(i + 1) * GIB / 4);
	}
}

/* In one of several virtual functions there is no power management; during a reset no answer. */
static void load_is_not_told_by_a_vf_or_in_a_reset(void **state)
{
	static const char *const files[] = {"gpu_metrics", "gpu_busy_percent", "unique_id",
					    "hwmon"};
	RP_AUTO_SIM struct rp_sim *vf = start("mi300x-vf-8", NULL);
	RP_AUTO_SIM struct rp_sim *sim = start("mi300x-1", NULL);
	char text[64];

	(void)state;
	add(vf, "all", GIB, 0);
	for (size_t i = 0; i < RP_ARRAY_LEN(files); i++) {
		RP_AUTO_FREE char *path = rp_strdupf(PCI "0000:03:00.0/%s", files[i]);

		assert_false(sim_exists(vf, path));
	}
	assert_true(sim_number(vf, PCI "0000:03:00.0/mem_info_vram_used") > GIB);
	assert_int_equal(rp_sim_fault_add(sim, "reset:" G0, NULL), 0);
	assert_int_equal(sim_read(sim, PCI G0 "/gpu_busy_percent", text, sizeof(text)), -EPERM);
	assert_int_equal(sim_read(sim, PCI G0 "/hwmon/hwmon0/temp2_input", text, sizeof(text)),
			 -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_memory_is_that_of_a_process),
		cmocka_unit_test(load_that_ended_meanwhile_counts_until_its_end),
		cmocka_unit_test(load_without_memory_has_no_process),
		cmocka_unit_test(load_process_blocks_switches_and_the_driver),
		cmocka_unit_test(load_of_a_gpu_spreads_over_its_partitions),
		cmocka_unit_test(load_memory_ends_where_that_of_others_begins),
		cmocka_unit_test(load_ends_with_its_process),
		cmocka_unit_test(load_to_come_keeps_its_pid),
		cmocka_unit_test(load_of_a_lost_gpu_has_no_process_and_no_power),
		cmocka_unit_test(load_goes_on_after_a_reload),
		cmocka_unit_test(load_at_the_end_of_time_keeps_the_machine_readable),
		cmocka_unit_test(load_clock_stands_when_that_of_the_host_is_behind),
		cmocka_unit_test(load_of_64_partitions_is_told_by_each),
		cmocka_unit_test(load_is_not_told_by_a_vf_or_in_a_reset),
	};

	return cmocka_run_group_tests_name("sim_load_state", tests, NULL, NULL);
}
