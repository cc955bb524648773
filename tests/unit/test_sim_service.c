/* SPDX-License-Identifier: MIT */
/* Units and containers of a simulated machine, by the words of systemd.unit(5) and docker(1). */
#include "sim_machine.h"

#include <unistd.h>

#define GIB	  (UINT64_C(1) << 30)
#define CONTAINER "3f2a0000000000000000000000000000000000000000000000000000000000ab"

static uint32_t start_in(struct rp_sim *sim, const char *cgroup)
{
	const struct rp_sim_slot render[] = {{G0, 0, 0}}, vram[] = {{G0, 0, GIB}};
	const struct rp_sim_process p = {.comm = "agent",
					 .cgroup = cgroup,
					 .render = render,
					 .n_render = 1,
					 .vram = vram,
					 .n_vram = 1};
	uint32_t pid = 0;

	assert_int_equal(rp_sim_hold(sim, &p, &pid, NULL), 0);
	return pid;
}

static void service_runs_once_it_was_started(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	assert_int_equal(rp_sim_service_runs(sim, "systemd:exporter"), 0);
	assert_int_equal(rp_sim_service_stop(sim, "systemd:exporter"), -ENOENT);
	assert_int_equal(rp_sim_service_start(sim, "systemd:exporter"), 0);
	assert_int_equal(rp_sim_service_runs(sim, "systemd:exporter"), 1);
	/* systemctl(1): "exporter" and "exporter.service" are one unit */
	assert_int_equal(rp_sim_service_stop(sim, "systemd:exporter.service"), 0);
	assert_int_equal(rp_sim_service_runs(sim, "systemd:exporter"), 0);
	assert_int_equal(rp_sim_service_stop(sim, "systemd:exporter"), 0);
	assert_int_equal(rp_sim_service_runs(sim, "docker:exporter"), 0);
}

static void service_stopped_takes_its_processes_and_brings_new_ones(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	uint32_t pid = start_in(sim, "/system.slice/gpuagent.service");
	RP_AUTO_FREE char *path = rp_strdupf("proc/%u/comm", pid);
	uint64_t idle;

	(void)state;
	assert_int_equal(rp_sim_service_runs(sim, "systemd:gpuagent"), 1);
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "CPX"), -EBUSY);
	assert_int_equal(rp_sim_service_stop(sim, "systemd:gpuagent"), 0);
	assert_int_equal(rp_sim_service_runs(sim, "systemd:gpuagent"), 0);
	idle = sim_number(sim, PCI G0 "/mem_info_vram_used");
	assert_int_equal(sim_number(sim, "sys/module/amdgpu/refcnt"), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "CPX"), 0);
	assert_int_equal(rp_sim_service_start(sim, "systemd:gpuagent"), 0);
	assert_file(sim, path, "agent\n");
	assert_int_equal(sim_number(sim, "sys/module/amdgpu/refcnt"), 2); /* KFD and render node */
	assert_int_equal(sim_number(sim, PCI G0 "/mem_info_vram_used"), idle);
}

/* A partition that is gone when the service starts again cannot be opened by it. */
static void service_started_opens_what_is_there(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	const struct rp_sim_slot render[] = {{G0, 3, 0}};
	const struct rp_sim_process p = {
		.cgroup = "/system.slice/a.service", .render = render, .n_render = 1};
	uint32_t pid = 0;

	(void)state;
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "CPX"), 0);
	assert_int_equal(rp_sim_hold(sim, &p, &pid, NULL), 0);
	assert_int_equal(rp_sim_service_stop(sim, "systemd:a"), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "SPX"), 0);
	assert_int_equal(rp_sim_service_start(sim, "systemd:a"), 0);
	assert_int_equal(sim_number(sim, "sys/module/amdgpu/refcnt"), 0);
}

static void service_container_is_known_by_a_shortened_id(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	start_in(sim, "/system.slice/docker-" CONTAINER ".scope");
	assert_int_equal(rp_sim_service_runs(sim, "docker:" CONTAINER), 1);
	assert_int_equal(rp_sim_service_runs(sim, "docker:3f2a00000000"), 1);
	assert_int_equal(rp_sim_service_runs(sim, "podman:3f2a00000000"), 0);
	assert_int_equal(rp_sim_service_stop(sim, "docker:3f2a00000000"), 0);
	assert_int_equal(sim_number(sim, "sys/module/amdgpu/refcnt"), 0);
}

static void service_ids_that_are_none_are_refused(void **state)
{
	static const char *const ids[] = {
		"", "gpuagent", "systemd:", "rc:gpuagent", "systemd:a/b", "docker:a b"};
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(ids); i++) {
		assert_int_equal(rp_sim_service_start(sim, ids[i]), -EINVAL);
		assert_int_equal(rp_sim_service_stop(sim, ids[i]), -EINVAL);
		assert_int_equal(rp_sim_service_runs(sim, ids[i]), -EINVAL);
	}
}

/* Another handle sees what this one did; the folder's log has it in order. */
static void service_state_and_log_are_on_disk(void **state)
{
	RP_AUTO_FREE char *text = profile_text("mi300x-1", NULL), *cwd = getcwd(NULL, 0);
	RP_AUTO_FREE char *dir = rp_strdupf("%s/sim-service-%d", cwd, (int)getpid());
	RP_AUTO_FREE char *log = rp_strdupf("%s/services.log", dir);
	RP_AUTO_SIM struct rp_sim *one = NULL, *two = NULL;
	RP_AUTO_FCLOSE FILE *f = NULL;
	char said[256] = "";

	(void)state;
	assert_int_equal(rp_sim_create(dir, text, strlen(text), "mi300x-1", NULL), 0);
	assert_int_equal(rp_sim_open(dir, &one, NULL), 0);
	assert_int_equal(rp_sim_open(dir, &two, NULL), 0);
	start_in(one, "/system.slice/gpuagent.service");
	assert_int_equal(rp_sim_service_stop(one, "systemd:gpuagent"), 0);
	assert_int_equal(rp_sim_log(two, "hook /site/drain --now"), 0);
	assert_int_equal(rp_sim_service_runs(two, "systemd:gpuagent"), 0);
	assert_int_equal(rp_sim_service_start(two, "systemd:gpuagent"), 0);
	assert_int_equal(rp_sim_service_runs(one, "systemd:gpuagent"), 1);
	assert_int_equal(sim_number(one, "sys/module/amdgpu/refcnt"), 2);
	f = fopen(log, "re");
	assert_non_null(f);
	assert_true(fread(said, 1, sizeof(said) - 1, f) > 0);
	assert_string_equal(said, "stop systemd:gpuagent.service\nhook /site/drain --now\n"
				  "start systemd:gpuagent.service\n");
	assert_int_equal(rp_sim_reset(one, NULL), 0);
	assert_int_equal(rp_sim_service_runs(two, "systemd:gpuagent"), 0);
	assert_int_equal(rp_sim_remove(dir, NULL), 0);
	assert_int_equal(access(dir, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(service_runs_once_it_was_started),
		cmocka_unit_test(service_stopped_takes_its_processes_and_brings_new_ones),
		cmocka_unit_test(service_started_opens_what_is_there),
		cmocka_unit_test(service_container_is_known_by_a_shortened_id),
		cmocka_unit_test(service_ids_that_are_none_are_refused),
		cmocka_unit_test(service_state_and_log_are_on_disk),
	};

	return cmocka_run_group_tests_name("sim_service", tests, NULL, NULL);
}
