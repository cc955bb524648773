/* SPDX-License-Identifier: MIT */
/* Simulated processes: what /proc and the KFD show of them. */
#include "sim_machine.h"

#define GIB (UINT64_C(1) << 30)

static uint32_t start(struct rp_sim *sim, const struct rp_sim_process *p)
{
	struct rocpart_error err = {0};
	uint32_t pid = 0;

	if (rp_sim_hold(sim, p, &pid, &err) < 0)
		fail_msg("%s", err.message);
	return pid;
}

static void holder_is_shown_in_proc(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);
	const struct rp_sim_slot render[] = {{G1, 0, 0}};
	const struct rp_sim_process p = {
		.pid = 77,
		.uid = 1000,
		.comm = "a-name-longer-than-15",
		.cmdline = "vllm serve model",
		.cgroup = "/system.slice/docker-0123.scope",
		.start_ticks = 4711,
		.kfd = true,
		.render = render,
		.n_render = 1,
	};
	RP_AUTO_STRBUF struct rp_strbuf kfd = RP_STRBUF_INIT;
	RP_AUTO_STRBUF struct rp_strbuf dri = RP_STRBUF_INIT;
	char text[1024];
	size_t len = 0;

	(void)state;
	assert_int_equal(start(sim, &p), 77);
	assert_file(sim, "proc/77/comm", "a-name-longer-t\n");
	assert_file(sim, "proc/77/cgroup", "0::/system.slice/docker-0123.scope\n");
	assert_int_equal(rp_sim_tree_ops()->read(sim, "proc/77/cmdline", text, sizeof(text), &len),
			 0);
	assert_int_equal(len, sizeof("vllm serve model"));
	assert_memory_equal(text, "vllm\0serve\0model", len);
	assert_int_equal(sim_read(sim, "proc/77/status", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "Uid:\t1000\t1000\t1000\t1000\n"));
	assert_int_equal(rp_sim_tree_ops()->readlink(sim, "proc/77/fd/3", &kfd), 0);
	assert_string_equal(rp_strbuf_str(&kfd), "/dev/kfd");
	assert_int_equal(rp_sim_tree_ops()->readlink(sim, "proc/77/fd/4", &dri), 0);
	assert_string_equal(rp_strbuf_str(&dri), "/dev/dri/renderD136");
	assert_int_equal(sim_count(sim, "proc/77/fd"), 2);
	assert_int_equal(sim_number(sim, "sys/module/amdgpu/refcnt"), 2);
}

static void holder_start_time_is_field_22(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	const struct rp_sim_process p = {.pid = 5, .start_ticks = 4711, .kfd = true};
	char text[1024];
	char *at = text;

	(void)state;
	start(sim, &p);
	assert_int_equal(sim_read(sim, "proc/5/stat", text, sizeof(text)), 0);
	for (int field = 1; field < 22; field++)
		at = strchr(at, ' ') + 1;
	at[strcspn(at, " ")] = '\0';
	assert_string_equal(at, "4711");
}

static void holder_without_times_starts_after_the_others(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	const struct rp_sim_process p = {.kfd = true};
	char first[512], second[512];

	(void)state;
	assert_int_equal(start(sim, &p), 4000);
	assert_int_equal(start(sim, &p), 4001);
	assert_int_equal(sim_read(sim, "proc/4000/stat", first, sizeof(first)), 0);
	assert_int_equal(sim_read(sim, "proc/4001/stat", second, sizeof(second)), 0);
	assert_non_null(strstr(first, " 100001 "));
	assert_non_null(strstr(second, " 100002 "));
}

/* One vram_ID per node that the process may use, 0 where it uses none of it. */
static void holder_memory_is_told_per_partition(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	const struct rp_sim_slot vram[] = {{G0, 1, 20 * GIB}};
	const struct rp_sim_process p = {.pid = 9, .vram = vram, .n_vram = 1};
	const uint64_t idle = 300929024; /* [R] of idle MI308X */

	(void)state;
	sim_setup(sim, G0, "compute DPX"); /* gpu_ids 10931 and 6834 [R] */
	start(sim, &p);
	assert_file(sim, "sys/class/kfd/kfd/proc/9/vram_10931", "0\n");
	assert_int_equal(sim_number(sim, "sys/class/kfd/kfd/proc/9/vram_6834"), 20 * GIB);
	assert_file(sim, "sys/class/kfd/kfd/proc/9/stats_6834/evicted_ms", "0\n");
	assert_int_equal(sim_number(sim, PCI G0 "/mem_info_vram_used"), idle + 20 * GIB);
	assert_int_equal(sim_number(sim, KFD "nodes/2/mem_banks/0/used_memory"), idle + 20 * GIB);
	assert_int_equal(rp_sim_unhold(sim, 9, NULL), 0);
	assert_int_equal(sim_number(sim, PCI G0 "/mem_info_vram_used"), idle);
	assert_false(sim_exists(sim, "proc/9"));
}

static void holder_in_a_device_cgroup_has_its_nodes_only(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	const struct rp_sim_slot allow[] = {{G0, 0, 0}};
	const struct rp_sim_process p = {.pid = 9, .kfd = true, .allow = allow, .n_allow = 1};

	(void)state;
	sim_setup(sim, G0, "compute DPX");
	start(sim, &p);
	assert_true(sim_exists(sim, "sys/class/kfd/kfd/proc/9/vram_10931"));
	assert_false(sim_exists(sim, "sys/class/kfd/kfd/proc/9/vram_6834"));
	/* pasid, queues, and vram_ sdma_ stats_ counters_ of one node */
	assert_int_equal(sim_count(sim, "sys/class/kfd/kfd/proc/9"), 2 + 4);
}

static void holder_without_kfd_is_unknown_to_the_kfd(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	const struct rp_sim_slot render[] = {{G0, 0, 0}};
	const struct rp_sim_process p = {.pid = 9, .render = render, .n_render = 1};

	(void)state;
	start(sim, &p);
	assert_true(sim_exists(sim, "proc/9"));
	assert_false(sim_exists(sim, "sys/class/kfd/kfd/proc/9"));
}

static void holder_that_cannot_be_is_refused(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	const struct rp_sim_slot no_gpu[] = {{"0000:99:00.0", 0, 1}}, no_part[] = {{G0, 1, 1}};
	const struct rp_sim_slot much[] = {{G0, 0, 150 * GIB}};
	const struct rp_sim_slot two[] = {{G0, 0, UINT64_MAX}, {G0, 0, UINT64_MAX}};
	struct rp_sim_process p = {.pid = 9, .vram = much, .n_vram = 1};
	struct rocpart_error err = {0};
	uint32_t pid = 0;

	(void)state;
	start(sim, &p);
	assert_int_equal(rp_sim_hold(sim, &p, &pid, &err), -EEXIST);
	p.pid = 0;
	assert_int_equal(rp_sim_hold(sim, &p, &pid, &err), -ENOMEM); /* 300 of 192 GiB */
	p.vram = two;
	p.n_vram = 2;
	assert_int_equal(rp_sim_hold(sim, &p, &pid, &err), -ENOMEM);
	p.n_vram = 1;
	p.vram = no_gpu;
	assert_int_equal(rp_sim_hold(sim, &p, &pid, &err), -ENODEV);
	p.vram = no_part;
	assert_int_equal(rp_sim_hold(sim, &p, &pid, &err), -ENODEV);
	assert_int_equal(rp_sim_unhold(sim, 4000, &err), -ESRCH);
	assert_int_equal(sim_count(sim, "sys/class/kfd/kfd/proc"), 1);
}

static void holder_cannot_open_what_is_not_there(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	RP_AUTO_SIM struct rp_sim *bmc = boot("bmc-63", NULL);
	const struct rp_sim_slot last[] = {{"0000:e5:00.0", 7, 0}};
	const struct rp_sim_process kfd = {.kfd = true};
	const struct rp_sim_process render = {.render = last, .n_render = 1};
	uint32_t pid = 0;

	(void)state;
	sim_setup(sim, G0, "unload");
	assert_int_equal(rp_sim_hold(sim, &kfd, &pid, NULL), -ENODEV);
	sim_setup(bmc, "0000:e5:00.0", "compute CPX"); /* its 8th slot got no DRM minor */
	assert_int_equal(rp_sim_hold(bmc, &render, &pid, NULL), -ENODEV);
}

static void holder_pids_are_listed_in_order(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	struct rp_sim_process p = {.pid = 30, .kfd = true};
	RP_AUTO_FREE uint32_t *pids = NULL;
	size_t n = 0;

	(void)state;
	start(sim, &p);
	p.pid = 10;
	start(sim, &p);
	p.pid = 20;
	start(sim, &p);
	assert_int_equal(rp_sim_pids(sim, &pids, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(pids[0], 10);
	assert_int_equal(pids[1], 20);
	assert_int_equal(pids[2], 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holder_is_shown_in_proc),
		cmocka_unit_test(holder_start_time_is_field_22),
		cmocka_unit_test(holder_without_times_starts_after_the_others),
		cmocka_unit_test(holder_memory_is_told_per_partition),
		cmocka_unit_test(holder_in_a_device_cgroup_has_its_nodes_only),
		cmocka_unit_test(holder_without_kfd_is_unknown_to_the_kfd),
		cmocka_unit_test(holder_that_cannot_be_is_refused),
		cmocka_unit_test(holder_cannot_open_what_is_not_there),
		cmocka_unit_test(holder_pids_are_listed_in_order),
	};

	return cmocka_run_group_tests_name("sim_holder", tests, NULL, NULL);
}
