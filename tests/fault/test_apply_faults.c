/* SPDX-License-Identifier: MIT */
/* A machine that misbehaves while it is changed: what is said, and what is left behind. */
#include "fault_machine.h"

#include "base/spawn.h"

#define SPX   ROCPART_COMPUTE_SPX
#define CPX   ROCPART_COMPUTE_CPX
#define N1    ROCPART_MEMORY_NPS1
#define N4    ROCPART_MEMORY_NPS4
#define ANY   ROCPART_MEMORY_UNKNOWN
#define X7(p) p " " p " " p " " p " " p " " p " " p
#define LAST  "0000:e5:00.0" /* the last GPU of mi300x-8 */

static const struct wish to_cpx = {NULL, CPX, ANY};
static const struct wish to_cpx_nps4 = {NULL, CPX, N4};
static const struct wish to_spx_nps1 = {NULL, SPX, N1};

static int setup_with(void **state, const char *profile, const char *edits)
{
	char *dir = make_dir();

	make_machine(dir, profile, edits, "");
	*state = dir;
	return 0;
}

static int setup_two(void **state)
{
	return setup_with(state, "mi300x-1", TWO_GPUS);
}

static int setup_two_g2(void **state)
{
	return setup_with(state, "mi300x-1", "abi: g3=>abi: g2;" TWO_GPUS);
}

static int setup_eight(void **state)
{
	return setup_with(state, "mi300x-8", "");
}

static int teardown(void **state)
{
	remove_dir(*state);
	return 0;
}

/* Apply fails in that way; what it says goes into err for more questions. */
static void expect_failure(const char *dir, const struct wish *wish, enum rocpart_errcode code,
			   int exit_status, struct rocpart_error *err)
{
	int r = apply(dir, wish, err);

	if (r == 0 || err->code != code)
		fail_msg("%d %s: %s", r, rocpart_errcode_to_string(err->code), err->message);
	assert_int_equal(r, err->errnum);
	assert_int_equal(rocpart_errcode_exit_status(err->code), exit_status);
}

static void expect_modes(const char *dir, const char *expected)
{
	RP_AUTO_FREE char *got = modes_of(dir);

	assert_string_equal(got, expected);
}

static void expect_text(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' does not say '%s'", text, part);
}

/* Calls of a successful apply that reach the machine. */
static void apply_counted(const char *dir, const struct wish *wish, struct counter *c, int *ret,
			  struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *change = new_change(m, wish);

	count_calls(m, c);
	*ret = rocpart_change_apply(change, err);
	rocpart_change_free(change);
	rocpart_machine_close(m);
}

static void write_at(const char *dir, const char *path, const char *value)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;

	assert_int_equal(rp_sim_open(dir, &sim, NULL), 0);
	assert_int_equal(sim_write(sim, path, value), 0);
}

static void expect_at(const char *dir, const char *path, const char *value)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;

	assert_int_equal(rp_sim_open(dir, &sim, NULL), 0);
	assert_file(sim, path, value);
}

/* A process with the KFD open, allowed one GPU's first partition only when bdf is given. */
static uint32_t hold_kfd(const char *dir, const char *bdf)
{
	struct rocpart_sim_process *p = NULL;
	uint32_t pid = 0;

	assert_int_equal(rocpart_sim_process_new(&p), 0);
	assert_int_equal(rocpart_sim_process_set_command(p, "vllm", NULL, NULL), 0);
	rocpart_sim_process_open_kfd(p);
	if (bdf)
		assert_int_equal(rocpart_sim_process_allow(p, bdf, 0), 0);
	assert_int_equal(rocpart_sim_hold(dir, p, &pid, NULL), 0);
	rocpart_sim_process_free(p);
	return pid;
}

static void hold_render(const char *dir, const char *bdf)
{
	struct rocpart_sim_process *p = NULL;
	uint32_t pid = 0;

	assert_int_equal(rocpart_sim_process_new(&p), 0);
	assert_int_equal(rocpart_sim_process_open_render(p, bdf, 0), 0);
	assert_int_equal(rocpart_sim_hold(dir, p, &pid, NULL), 0);
	rocpart_sim_process_free(p);
}

/* ---- writes ---- */

static void compute_write_that_does_not_stick_is_undone(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "write:current_compute_partition:ignored:2");
	expect_failure(*state, &to_cpx, ROCPART_ERR_READBACK_MISMATCH, 1, &err);
	assert_string_equal(err.object, G1);
	expect_text(err.message,
		    "GPU 1 (" G1 ") was set to CPX, but reads back SPX; the change was undone");
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
	assert_false(has_journal(*state));
}

static void memory_request_that_is_ignored_is_said(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "write:current_memory_partition:ignored");
	expect_failure(*state, &to_cpx_nps4, ROCPART_ERR_READBACK_MISMATCH, 1, &err);
	expect_text(err.message, "NPS1 instead of NPS4");
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
	assert_false(has_journal(*state));
}

/* The firmware refuses for one member, so its hive keeps the old mode (ABI study B.2, 6). */
static void refused_by_firmware_leaves_the_hive_as_it_was(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "nps:" G1);
	expect_failure(*state, &to_cpx_nps4, ROCPART_ERR_READBACK_MISMATCH, 1, &err);
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
	assert_false(has_journal(*state));
}

static void busy_twice_is_waited_for(void **state)
{
	struct rocpart_machine *m = open_machine(*state);
	struct rocpart_change *c = new_change(m, &to_cpx);

	add_fault(*state, "write:current_compute_partition:EBUSY:1");
	add_fault(*state, "write:current_compute_partition:EBUSY:2");
	rocpart_change_set_wait_ms(c, 10000); /* on a busy computer too */
	assert_int_equal(rocpart_change_apply(c, NULL), 0);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	expect_modes(*state, "CPX/NPS1 CPX/NPS1");
}

static void busy_for_ever_without_a_holder_is_refused(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "write:current_compute_partition:EBUSY");
	expect_failure(*state, &to_cpx, ROCPART_ERR_BUSY_PROCESS, 3, &err);
	assert_string_equal(err.object, G0);
	expect_text(err.message,
		    "GPU 0 (" G0
		    ") is busy, but the process that uses it is not visible from here");
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
	assert_false(has_journal(*state));
}

/* EIO after the mode register was changed (B.1, 10): reading back says that it is done. */
static void kfd_that_does_not_start_again_is_reported(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "reinit:" G1 ":1");
	expect_failure(*state, &to_cpx, ROCPART_ERR_PARTITION_MISSING, 4, &err);
	assert_string_equal(err.object, G1);
	expect_modes(*state, "CPX/NPS1 CPX/NPS1");
	assert_false(has_journal(*state));
}

static void gpu_in_reset_is_said_and_undone(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "write:current_compute_partition:EPERM:2");
	expect_failure(*state, &to_cpx, ROCPART_ERR_PERMISSION, 1, &err);
	expect_text(err.message, "reset");
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
}

static void partition_that_does_not_appear_is_told_and_kept(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "vanish:" G1 "/7");
	expect_failure(*state, &to_cpx, ROCPART_ERR_PARTITION_MISSING, 4, &err);
	assert_string_equal(err.message,
			    "GPU 1 (" G1 ") is in CPX/NPS1, but shows 7 of 8 partitions");
	expect_modes(*state, "CPX/NPS1 CPX/NPS1");
	assert_false(has_journal(*state));
}

/* ---- reload ---- */

static void load_that_fails_once_is_undone(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "load:EIO:1");
	expect_failure(*state, &to_cpx_nps4, ROCPART_ERR_DRIVER_RELOAD, 1, &err);
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
	assert_false(has_journal(*state));
}

static void fail_every_load(const char *dir)
{
	struct rocpart_error err = {0};

	add_fault(dir, "load:EIO");
	expect_failure(dir, &to_cpx_nps4, ROCPART_ERR_PARTLY_DONE, 4, &err);
	expect_text(err.hint, "rocpart apply --resume");
	expect_modes(dir, ""); /* no driver, no GPU: that can be looked at too */
	assert_true(has_journal(dir));
	assert_int_equal(rocpart_sim_fault_clear(dir, NULL), 0);
}

static void load_that_always_fails_is_resumed_later(void **state)
{
	fail_every_load(*state);
	assert_int_equal(resume(*state, NULL), 0);
	expect_modes(*state, "CPX/NPS4 CPX/NPS4");
	assert_false(has_journal(*state));
}

static void load_that_always_fails_is_undone_later(void **state)
{
	fail_every_load(*state);
	assert_int_equal(undo(*state, NULL), 0);
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
	assert_false(has_journal(*state));
}

static void fail_unload(const char *dir)
{
	struct rocpart_error err = {0};
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_snapshot *s = NULL;

	add_fault(dir, "unload:EBUSY");
	expect_failure(dir, &to_cpx_nps4, ROCPART_ERR_NPS_NEEDS_RELOAD, 6, &err);
	expect_text(err.hint, "rocpart apply --resume");
	expect_text(err.hint, "rocpart undo");
	assert_int_equal(rocpart_machine_observe(m, &s, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			rocpart_gpu_get_pending_memory_mode(rocpart_snapshot_get_gpu(s, i)), N4);
	rocpart_snapshot_unref(s);
	rocpart_machine_close(m);
	assert_int_equal(rocpart_sim_fault_clear(dir, NULL), 0);
}

static void unload_that_fails_is_pending_and_resumed(void **state)
{
	fail_unload(*state);
	assert_int_equal(resume(*state, NULL), 0);
	expect_modes(*state, "CPX/NPS4 CPX/NPS4");
	assert_false(has_journal(*state));
}

static void unload_that_fails_is_pending_and_undone(void **state)
{
	fail_unload(*state);
	assert_int_equal(undo(*state, NULL), 0);
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
	assert_false(has_journal(*state));
	assert_int_equal(rocpart_sim_reload(*state, NULL), 0); /* no request is left */
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
}

static void driver_that_cannot_be_proven_unloadable_gets_no_request(void **state)
{
	struct rocpart_error err = {0};
	struct counter c = {0};
	int r = 0;

	add_fault(*state, "read:refcnt:ENOENT");
	apply_counted(*state, &to_cpx_nps4, &c, &r, &err);
	assert_int_equal(r, -EBUSY);
	assert_int_equal(err.code, ROCPART_ERR_DRIVER_IN_USE);
	assert_int_equal(rocpart_errcode_exit_status(err.code), 3);
	assert_int_equal(c.n_machine, 0);
	assert_false(has_journal(*state));
}

/* Stop, exit 4, and no second try: one unload and one load. */
static void seven_of_eight_stops_at_once(void **state)
{
	struct rocpart_error err = {0};
	struct counter c = {0};
	int r = 0;

	add_fault(*state, "lose:" LAST);
	apply_counted(*state, &to_cpx_nps4, &c, &r, &err);
	assert_int_equal(r, -ENODEV);
	assert_int_equal(err.code, ROCPART_ERR_GPU_LOST);
	assert_int_equal(rocpart_errcode_exit_status(err.code), 4);
	assert_string_equal(err.object, LAST);
	expect_text(err.message,
		    "GPU " LAST " did not come back after the driver reload (7 of 8 GPUs did)");
	expect_text(err.hint, "rocpart apply --resume");
	assert_int_equal(c.n_machine, 3); /* the request, unload, load */
	expect_modes(*state, X7("CPX/NPS4"));
}

static void seven_of_eight_is_resumed_after_a_reboot(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "lose:" LAST);
	expect_failure(*state, &to_cpx_nps4, ROCPART_ERR_GPU_LOST, 4, &err);
	assert_int_equal(rocpart_sim_reset(*state, NULL), 0);
	expect_modes(*state, X7("SPX/NPS1") " SPX/NPS1");
	assert_int_equal(resume(*state, NULL), 0);
	expect_modes(*state, X7("CPX/NPS4") " CPX/NPS4");
	assert_false(has_journal(*state));
}

static void seven_of_eight_for_good_ends_with_the_seven(void **state)
{
	struct rocpart_error err = {0};

	add_fault(*state, "lose:" LAST);
	expect_failure(*state, &to_cpx_nps4, ROCPART_ERR_GPU_LOST, 4, &err);
	assert_int_equal(resume(*state, &err), -ENODEV);
	assert_int_equal(err.code, ROCPART_ERR_GPU_LOST);
	assert_string_equal(err.object, LAST);
	expect_modes(*state, X7("CPX/NPS4"));
	assert_false(has_journal(*state));
}

static void settings_are_brought_back_after_a_reload(void **state)
{
	write_at(*state, PCI G0 "/hwmon/hwmon0/power1_cap", "600000000");
	write_at(*state, PCI G0 "/power_dpm_force_performance_level", "high");
	write_at(*state, PCI G0 "/enforce_isolation", "1");
	assert_int_equal(apply(*state, &to_cpx_nps4, NULL), 0);
	expect_at(*state, PCI G0 "/hwmon/hwmon0/power1_cap", "600000000\n");
	expect_at(*state, PCI G0 "/power_dpm_force_performance_level", "high\n");
	expect_at(*state, PCI G0 "/enforce_isolation", "1 1 1 1 1 1 1 1\n");
	expect_at(*state, PCI G1 "/enforce_isolation", "0 0 0 0 0 0 0 0\n");
}

/* ---- refused before anything is written ---- */

static void expect_untouched(const char *dir, const struct wish *wish, enum rocpart_errcode code,
			     struct rocpart_error *err)
{
	struct counter c = {0};
	int r = 0;

	apply_counted(dir, wish, &c, &r, err);
	if (r == 0 || err->code != code)
		fail_msg("%d %s: %s", r, rocpart_errcode_to_string(err->code), err->message);
	assert_int_equal(rocpart_errcode_exit_status(err->code), 3);
	assert_int_equal(c.n_machine, 0);
	assert_false(has_journal(dir));
}

static void held_gpu_is_refused_with_the_holders_name(void **state)
{
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *who = rp_strdupf("pid %u (vllm, user root)", hold_kfd(*state, NULL));

	expect_untouched(*state, &to_cpx, ROCPART_ERR_BUSY_PROCESS, &err);
	expect_text(err.message, who);
	expect_untouched(*state, &to_cpx_nps4, ROCPART_ERR_BUSY_PROCESS, &err);
	expect_text(err.message, who);
}

/* From 6.17 on a context counts for its GPUs only (amdgpu_xcp.c); before, for all. */
static void holder_of_another_gpu_blocks_no_switch_in_g3(void **state)
{
	const struct wish first = {G0, CPX, ANY};
	struct rocpart_error err = {0};

	(void)hold_kfd(*state, G1);
	assert_int_equal(apply(*state, &first, NULL), 0);
	expect_modes(*state, "CPX/NPS1 SPX/NPS1");
	expect_untouched(*state, &to_cpx_nps4, ROCPART_ERR_BUSY_PROCESS, &err);
}

static void holder_of_another_gpu_blocks_a_switch_in_g2(void **state)
{
	const struct wish first = {G0, CPX, ANY};
	struct rocpart_error err = {0};

	(void)hold_kfd(*state, G1);
	expect_untouched(*state, &first, ROCPART_ERR_BUSY_PROCESS, &err);
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
}

static void render_node_blocks_a_reload_and_no_switch(void **state)
{
	struct rocpart_error err = {0};

	hold_render(*state, G0);
	assert_int_equal(apply(*state, &to_cpx, NULL), 0);
	expect_untouched(*state, &to_cpx_nps4, ROCPART_ERR_BUSY_PROCESS, &err);
}

static void machine_that_another_changes_is_refused(void **state)
{
	RP_AUTO_FREE char *records = rp_strdupf("%s/records", (char *)*state);
	RP_AUTO_TREE struct rp_tree *tree = NULL;
	RP_AUTO_CLOSE int fd = -EBADF;
	struct rocpart_error err = {0};

	assert_int_equal(rp_make_dirs(records, false), 0);
	assert_int_equal(rp_tree_open(records, RP_TREE_STATE, &tree), 0);
	assert_int_equal(rp_tree_lock(tree, "lock", &fd), 0);
	expect_untouched(*state, &to_cpx, ROCPART_ERR_LOCKED, &err);
	rp_cleanup_close(&fd);
	fd = -EBADF;
	assert_int_equal(apply(*state, &to_cpx, NULL), 0);
}

static void cordoned_gpu_is_left_alone(void **state)
{
	const struct wish first = {G0, CPX, ANY};
	struct rocpart_machine *m = open_machine(*state);
	struct rocpart_error err = {0};

	assert_int_equal(rocpart_machine_set_cordon(m, G1, true, NULL), 0);
	expect_untouched(*state, &to_cpx, ROCPART_ERR_CORDONED, &err);
	assert_string_equal(err.object, G1);
	assert_int_equal(apply(*state, &first, NULL), 0);
	assert_int_equal(rocpart_machine_set_cordon(m, G1, false, NULL), 0);
	assert_int_equal(apply(*state, &to_cpx, NULL), 0);
	rocpart_machine_close(m);
}

static void unfinished_change_comes_first(void **state)
{
	struct rocpart_error err = {0};
	struct counter c = {0};
	int r = 0;

	fail_unload(*state);
	apply_counted(*state, &to_cpx, &c, &r, &err);
	assert_int_equal(r, -EBUSY);
	assert_int_equal(err.code, ROCPART_ERR_UNFINISHED_CHANGE);
	expect_text(err.hint, "rocpart undo");
	assert_int_equal(c.n, 0);
}

static void failure_returns_the_same_errno_without_an_error_object(void **state)
{
	const struct wish impossible = {NULL, SPX, N4};
	struct rocpart_machine *m = open_machine(*state);
	struct rocpart_change *c = new_change(m, &impossible);

	assert_int_equal(rocpart_change_check(c, NULL), -EINVAL);
	assert_int_equal(rocpart_change_apply(c, NULL), -EINVAL);
	rocpart_change_free(c);
	assert_int_equal(rocpart_machine_set_cordon(m, G1, true, NULL), 0);
	rocpart_machine_close(m);
	assert_int_equal(apply(*state, &to_cpx, NULL), -EPERM);
}

static void change_that_another_finished_is_left_alone(void **state)
{
	struct rocpart_machine *m = open_machine(*state);
	struct rocpart_change *c = NULL;

	fail_unload(*state);
	assert_int_equal(rocpart_change_open_journal(m, &c, NULL), 0);
	assert_int_equal(resume(*state, NULL), 0);
	assert_int_equal(rocpart_change_undo(c, NULL), -ENOENT);
	rocpart_change_free(c);
	expect_modes(*state, "CPX/NPS4 CPX/NPS4");
	assert_int_equal(rocpart_change_open_last(m, &c, NULL), 0);
	rocpart_change_free(c);
	rocpart_machine_close(m);
}

static void what_is_so_already_writes_nothing(void **state)
{
	struct counter c = {0};
	int r = -1;

	apply_counted(*state, &to_spx_nps1, &c, &r, NULL);
	assert_int_equal(r, 0);
	assert_int_equal(c.n, 0);
}

/* ---- a request that waits ---- */

static int request_only(const char *dir, struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = new_change(m, &to_cpx_nps4);
	int r;

	rocpart_change_set_reload(c, ROCPART_RELOAD_NEVER);
	r = rocpart_change_apply(c, err);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	return r;
}

static void request_without_reload_is_pending_until_set_again(void **state)
{
	struct rocpart_error err = {0};

	assert_int_equal(request_only(*state, &err), -EINPROGRESS);
	assert_int_equal(rocpart_errcode_exit_status(err.code), 6);
	assert_true(*err.hint != '\0');
	assert_false(has_journal(*state));
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
	assert_int_equal(apply(*state, &to_cpx_nps4, NULL), 0);
	expect_modes(*state, "CPX/NPS4 CPX/NPS4");
}

/* B.2, 3: asking for the present mode does not take the request back. */
static void pending_request_cannot_be_taken_back(void **state)
{
	struct rocpart_error err = {0};

	assert_int_equal(request_only(*state, &err), -EINPROGRESS);
	expect_failure(*state, &to_spx_nps1, ROCPART_ERR_NPS_NEEDS_RELOAD, 6, &err);
	expect_text(err.message, "at the next driver reload");
	expect_text(err.hint, "rocpart set --memory NPS4 --compute CPX");
}

/* E: a reload by somebody else consumes the request, so it no longer counts as pending. */
static void pending_request_is_forgotten_after_a_reload(void **state)
{
	struct rocpart_error err = {0};

	assert_int_equal(request_only(*state, &err), -EINPROGRESS);
	assert_int_equal(rocpart_sim_reload(*state, NULL), 0);
	expect_modes(*state, "CPX/NPS4 CPX/NPS4");
	assert_int_equal(apply(*state, &to_spx_nps1, &err), 0);
	expect_modes(*state, "SPX/NPS1 SPX/NPS1");
}

#define TWO(fn)	  cmocka_unit_test_setup_teardown(fn, setup_two, teardown)
#define EIGHT(fn) cmocka_unit_test_setup_teardown(fn, setup_eight, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TWO(compute_write_that_does_not_stick_is_undone),
		TWO(memory_request_that_is_ignored_is_said),
		TWO(refused_by_firmware_leaves_the_hive_as_it_was),
		TWO(busy_twice_is_waited_for),
		TWO(busy_for_ever_without_a_holder_is_refused),
		TWO(kfd_that_does_not_start_again_is_reported),
		TWO(gpu_in_reset_is_said_and_undone),
		TWO(partition_that_does_not_appear_is_told_and_kept),
		TWO(load_that_fails_once_is_undone),
		TWO(load_that_always_fails_is_resumed_later),
		TWO(load_that_always_fails_is_undone_later),
		TWO(unload_that_fails_is_pending_and_resumed),
		TWO(unload_that_fails_is_pending_and_undone),
		TWO(driver_that_cannot_be_proven_unloadable_gets_no_request),
		EIGHT(seven_of_eight_stops_at_once),
		EIGHT(seven_of_eight_is_resumed_after_a_reboot),
		EIGHT(seven_of_eight_for_good_ends_with_the_seven),
		TWO(settings_are_brought_back_after_a_reload),
		TWO(held_gpu_is_refused_with_the_holders_name),
		TWO(holder_of_another_gpu_blocks_no_switch_in_g3),
		cmocka_unit_test_setup_teardown(holder_of_another_gpu_blocks_a_switch_in_g2,
						setup_two_g2, teardown),
		TWO(render_node_blocks_a_reload_and_no_switch),
		TWO(machine_that_another_changes_is_refused),
		TWO(cordoned_gpu_is_left_alone),
		TWO(unfinished_change_comes_first),
		TWO(failure_returns_the_same_errno_without_an_error_object),
		TWO(change_that_another_finished_is_left_alone),
		TWO(what_is_so_already_writes_nothing),
		TWO(request_without_reload_is_pending_until_set_again),
		TWO(pending_request_cannot_be_taken_back),
		TWO(pending_request_is_forgotten_after_a_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
