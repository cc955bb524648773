/* SPDX-License-Identifier: MIT */
/*
 * What becomes of leases when the machine changes under them: what status says, what it says to do,
 * and that nothing is given away. The machine has one MI300X.
 */
#include "fault/fault_machine.h"
#include "rocpart/rocpart.h"

#define GIB	  (UINT64_C(1) << 30)
#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char *dir;
static uint64_t start_ticks; /* of the next process; 0: as it comes */

static int setup_cpx(void **state)
{
	(void)state;
	dir = make_cpx_machine();
	return 0;
}

static int setup_spx(void **state)
{
	(void)state;
	dir = make_dir();
	make_machine(dir, "mi300x-1", "", "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_dir(dir);
	return 0;
}

/* ---- steps ---- */

static int try_place(const char *name, uint64_t bytes, const char *owner, const char *partition,
		     struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	int r;

	assert_int_equal(rocpart_place_options_new(name, bytes, &o, NULL), 0);
	assert_int_equal(rocpart_place_options_set_owner(o, owner, err), 0);
	assert_int_equal(rocpart_place_options_set_partition(o, partition, NULL), 0);
	r = rocpart_place(m, o, &leases, err);
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
	rocpart_machine_close(m);
	return r;
}

static void place(const char *name, uint64_t bytes, const char *owner, const char *partition)
{
	struct rocpart_error err = {0};

	if (try_place(name, bytes, owner, partition, &err) < 0)
		fail_msg("%s", err.message);
}

static uint32_t hold(uint32_t pid, const char *cgroup, unsigned part, uint64_t bytes)
{
	struct rocpart_sim_process *p = NULL;
	struct rocpart_error err = {0};
	uint32_t ret = 0;

	assert_int_equal(rocpart_sim_process_new(&p), 0);
	if (pid)
		rocpart_sim_process_set_pid(p, pid);
	rocpart_sim_process_set_start(p, start_ticks);
	if (cgroup)
		assert_int_equal(rocpart_sim_process_set_cgroup(p, cgroup, NULL), 0);
	if (bytes)
		assert_int_equal(rocpart_sim_process_use_vram(p, G0, part, bytes), 0);
	if (rocpart_sim_hold(dir, p, &ret, &err) < 0)
		fail_msg("%s", err.message);
	rocpart_sim_process_free(p);
	return ret;
}

static void unhold(uint32_t pid)
{
	assert_int_equal(rocpart_sim_unhold(dir, pid, NULL), 0);
}

static struct rocpart_leases *look(void)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_leases *leases = NULL;
	RP_AUTO_FREE char *problems = NULL;
	struct rocpart_error err = {0};

	if (rocpart_leases_new(m, &leases, &err) < 0 ||
	    rocpart_leases_check(m, &problems, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(problems, "");
	rocpart_machine_close(m);
	return leases;
}

/* The only lease is in that state; what is said of it has all of the words (NULL: nothing said). */
static void assert_lease(enum rocpart_lease_state state, const char *word, const char *word2)
{
	struct rocpart_leases *leases = look();
	const struct rocpart_lease *l = rocpart_leases_get(leases, 0);

	assert_non_null(l);
	assert_null(rocpart_leases_get(leases, 1));
	if (l->state != state || (!word && *l->problem) || (word && !strstr(l->problem, word)) ||
	    (word2 && !strstr(l->problem, word2)))
		fail_msg("%s: '%s'", rocpart_lease_state_to_string(l->state), l->problem);
	rocpart_leases_free(leases);
}

static void assert_event(const char *word)
{
	struct rocpart_leases *leases = look();
	uint64_t at, lease;
	const char *text;
	bool found = false;

	for (size_t i = 0; (text = rocpart_leases_get_event(leases, i, &at, &lease)); i++)
		found |= strstr(text, word) != NULL;
	rocpart_leases_free(leases);
	if (!found)
		fail_msg("no event says '%s'", word);
}

static void assert_no_leases(void)
{
	struct rocpart_leases *leases = look();

	assert_null(rocpart_leases_get(leases, 0));
	rocpart_leases_free(leases);
}

static size_t count_free(void)
{
	struct rocpart_leases *leases = look();
	const struct rocpart_partition_use *u;
	size_t n = 0;

	for (size_t i = 0; (u = rocpart_leases_get_use(leases, i)); i++)
		n += u->is_free;
	rocpart_leases_free(leases);
	return n;
}

static void assert_no_room(const char *partition)
{
	struct rocpart_error err = {0};

	assert_int_equal(try_place("other", GIB, "none", partition, &err), -ENOSPC);
	assert_int_equal(err.code, ROCPART_ERR_NO_ROOM);
	assert_true(*err.message);
}

static int set_modes(enum rocpart_compute_mode compute, bool evict, struct rocpart_error *err)
{
	const struct wish wish = {.compute = compute};
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = new_change(m, &wish);
	int r;

	rocpart_change_set_evict(c, evict);
	r = rocpart_change_apply(c, err);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	return r;
}

/* As somebody who does not use rocpart. */
static void switch_behind_our_back(const char *mode)
{
	struct rp_sim *sim = NULL;

	assert_int_equal(rp_sim_open(dir, &sim, NULL), 0);
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", mode), 0);
	rp_sim_close(sim);
}

/* ---- the four of issue 5 ---- */

static void reboot_keeps_the_bytes_of_a_service(void **state)
{
	(void)state;
	place("llama", 16 * GIB, "unit:vllm", NULL);
	hold(0, "/system.slice/vllm.service", 0, 12 * GIB);
	assert_lease(ROCPART_LEASE_RUNNING, NULL, NULL);
	assert_int_equal(rocpart_sim_reset(dir, NULL), 0);
	assert_lease(ROCPART_LEASE_STOPPED, "rebooted", "release 1");
	assert_event("the machine was rebooted");
	assert_no_room(NULL);
	/* the service starts again */
	hold(0, "/system.slice/vllm.service", 0, 12 * GIB);
	assert_lease(ROCPART_LEASE_RUNNING, NULL, NULL);
}

static void reboot_into_other_modes_gives_nothing_away(void **state)
{
	(void)state;
	place("llama", 16 * GIB, "unit:vllm", "0/6");
	assert_int_equal(rocpart_sim_reset(dir, NULL), 0);
	assert_lease(ROCPART_LEASE_DISPLACED, "instead of CPX/NPS4", "release 1");
	assert_int_equal(count_free(), 0);
	assert_no_room(NULL);
	assert_no_room("0/0");
}

static void driver_reload_by_others_keeps_the_lease(void **state)
{
	uint32_t pid;

	(void)state;
	place("llama", 16 * GIB, "unit:vllm", NULL);
	pid = hold(0, "/system.slice/vllm.service", 0, GIB);
	assert_lease(ROCPART_LEASE_RUNNING, NULL, NULL);
	unhold(pid);
	assert_int_equal(rocpart_sim_reload(dir, NULL), 0);
	assert_lease(ROCPART_LEASE_STOPPED, "the driver was reloaded", "release 1");
	assert_event("the driver was reloaded; leases are kept");
	assert_no_room(NULL);
}

static void container_that_died_keeps_its_bytes(void **state)
{
	uint32_t pid;

	(void)state;
	place("llama", 16 * GIB, "docker:" CONTAINER, "0/2");
	pid = hold(0, "/system.slice/docker-" CONTAINER ".scope", 2, 9 * GIB);
	assert_lease(ROCPART_LEASE_RUNNING, NULL, NULL);
	unhold(pid);
	assert_lease(ROCPART_LEASE_STOPPED,
		     "no process of docker:" CONTAINER " is running any more", "release 1");
	assert_no_room("0/2");
}

static void partition_that_vanished_is_told_and_comes_back(void **state)
{
	(void)state;
	place("llama", 16 * GIB, "unit:vllm", "0/6");
	switch_behind_our_back("QPX");
	assert_lease(ROCPART_LEASE_DISPLACED, "the GPU is in QPX/NPS4", "release 1");
	assert_int_equal(count_free(), 0);
	assert_no_room("0/1");
	/* our own way back is not in the way of the lease that waits for it */
	assert_int_equal(set_modes(ROCPART_COMPUTE_CPX, false, NULL), 0);
	assert_lease(ROCPART_LEASE_PLACED, NULL, NULL);
	assert_int_equal(count_free(), 7);
}

/* ---- the rule for the end ---- */

static void process_that_ended_ends_its_lease(void **state)
{
	uint32_t pid = 0;

	(void)state;
	pid = hold(4711, NULL, 3, 5 * GIB);
	assert_int_equal(count_free(), 7);
	unhold(pid);
	hold(4711, NULL, 0, 0);
	place("llama", 16 * GIB, "pid:4711", "0/3");
	assert_lease(ROCPART_LEASE_PLACED, NULL, NULL);
	unhold(4711);
	assert_no_leases();
	assert_event("its owner pid:4711 is gone");
	assert_int_equal(count_free(), 8);
}

static void owner_gone_but_memory_left_keeps_the_lease(void **state)
{
	uint32_t child;

	(void)state;
	hold(4711, NULL, 0, 0);
	place("llama", 16 * GIB, "pid:4711", "0/3");
	child = hold(4800, NULL, 3, GIB);
	unhold(4711);
	assert_lease(ROCPART_LEASE_STOPPED, "memory on its partition is still in use", "release 1");
	assert_no_room("0/3");
	unhold(child);
	assert_no_leases();
}

static void process_number_given_again_is_not_the_owner(void **state)
{
	(void)state;
	hold(4711, NULL, 0, 0);
	place("llama", 16 * GIB, "pid:4711", "0/3");
	unhold(4711);
	start_ticks = 123456;
	hold(4711, NULL, 0, 0);
	start_ticks = 0;
	assert_no_leases();
}

static void process_that_does_not_exist_gets_no_lease(void **state)
{
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(try_place("llama", GIB, "pid:4711", NULL, &err), -ENOENT);
	assert_no_leases();
}

static void lease_without_owner_ends_by_release_only(void **state)
{
	struct rocpart_machine *m;
	uint64_t in_use = 0;
	size_t n = 0;
	uint32_t pid;

	(void)state;
	place("llama", 16 * GIB, "none", "0/3");
	pid = hold(0, NULL, 3, GIB);
	assert_lease(ROCPART_LEASE_RUNNING, NULL, NULL);
	m = open_machine(dir);
	assert_int_equal(rocpart_lease_release(m, "1", &n, &in_use, NULL), 0);
	rocpart_machine_close(m);
	assert_int_equal(n, 1);
	assert_true(in_use == GIB);
	/* its memory is still there: not given to anybody */
	assert_no_room("0/3");
	unhold(pid);
	assert_int_equal(count_free(), 8);
}

static void job_that_ended_ends_its_lease(void **state)
{
	uint32_t pid;

	(void)state;
	place("llama", 16 * GIB, "job:42", "0/1");
	assert_lease(ROCPART_LEASE_PLACED, NULL, NULL); /* not begun is not ended */
	pid = hold(0, "/system.slice/slurmstepd.scope/job_42/step_0", 1, GIB);
	assert_lease(ROCPART_LEASE_RUNNING, NULL, NULL);
	unhold(pid);
	assert_no_leases();
}

/* ---- memory that nobody leased ---- */

static void unmanaged_memory_is_taken_until_adopted(void **state)
{
	struct rocpart_machine *m;
	struct rocpart_leases *leases;
	const struct rocpart_lease *l;
	size_t n = 0;

	(void)state;
	hold(0, "/system.slice/docker-" CONTAINER ".scope", 5, 3 * GIB);
	leases = look();
	assert_true(rocpart_leases_get_use(leases, 5)->unmanaged_bytes == 3 * GIB);
	rocpart_leases_free(leases);
	assert_no_room("0/5");
	m = open_machine(dir);
	assert_int_equal(rocpart_lease_adopt(m, "docker:" CONTAINER, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(rocpart_lease_adopt(m, "docker:" CONTAINER, &n, NULL), -ENOENT);
	rocpart_machine_close(m);
	leases = look();
	l = rocpart_leases_get(leases, 0);
	assert_non_null(l);
	assert_int_equal(l->state, ROCPART_LEASE_RUNNING);
	assert_int_equal(l->partition, 5);
	assert_true(l->bytes == 3 * GIB);
	assert_true(rocpart_leases_get_use(leases, 5)->unmanaged_bytes == 0);
	rocpart_leases_free(leases);
}

/* ---- changes of modes ---- */

static void change_is_refused_while_a_lease_uses_it(void **state)
{
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *modes = NULL;

	(void)state;
	place("llama", 16 * GIB, "unit:vllm", "0/6");
	assert_int_equal(set_modes(ROCPART_COMPUTE_QPX, false, &err), -EBUSY);
	assert_int_equal(err.code, ROCPART_ERR_LEASED);
	assert_non_null(strstr(err.message, "1 (llama, unit:vllm.service)"));
	assert_non_null(strstr(err.hint, "--evict"));
	modes = modes_of(dir);
	assert_string_equal(modes, "CPX/NPS4");
	assert_false(has_journal(dir));
}

static void evicted_lease_waits_for_another_place(void **state)
{
	struct rocpart_machine *m;
	struct rocpart_leases *placed = NULL;

	(void)state;
	place("llama", 16 * GIB, "unit:vllm", "0/6");
	assert_int_equal(set_modes(ROCPART_COMPUTE_QPX, true, NULL), 0);
	assert_lease(ROCPART_LEASE_PENDING, "evicted from 0/6 (" G0 "/6)", "place --pending");
	assert_int_equal(count_free(), 4);
	m = open_machine(dir);
	assert_int_equal(rocpart_place_pending(m, &placed, NULL), 0);
	rocpart_machine_close(m);
	assert_non_null(rocpart_leases_get(placed, 0));
	rocpart_leases_free(placed);
	assert_lease(ROCPART_LEASE_PLACED, NULL, NULL);
	assert_int_equal(count_free(), 3);
}

static void undo_last(struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = NULL;

	if (rocpart_change_open_last(m, &c, err) < 0 || rocpart_change_apply(c, err) < 0)
		fail_msg("%s", err->message);
	rocpart_change_free(c);
	rocpart_machine_close(m);
}

static void assert_place(const char *bdf, uint32_t part)
{
	struct rocpart_leases *leases = look();
	const struct rocpart_lease *l = rocpart_leases_get(leases, 0);

	assert_string_equal(l->bdf, bdf);
	assert_int_equal(l->partition, part);
	assert_int_equal(l->bytes, 16 * GIB);
	rocpart_leases_free(leases);
}

static void evicted_lease_has_its_place_again_after_undo(void **state)
{
	struct rocpart_error err = {0};

	(void)state;
	place("llama", 16 * GIB, "unit:vllm", "0/6");
	assert_int_equal(set_modes(ROCPART_COMPUTE_QPX, true, NULL), 0);
	assert_lease(ROCPART_LEASE_PENDING, "evicted from", NULL);
	undo_last(&err);
	assert_lease(ROCPART_LEASE_PLACED, NULL, NULL);
	assert_place(G0, 6);
	assert_event("the partition that it had before the change");
	assert_no_room("0/6");
}

/* A switch that fails is taken back by itself. */
static void evicted_lease_has_its_place_again_when_the_switch_fails(void **state)
{
	struct rocpart_error err = {0};

	(void)state;
	place("llama", 16 * GIB, "unit:vllm", "0/6");
	add_fault(dir, "write:current_compute_partition:EIO:1");
	assert_int_equal(set_modes(ROCPART_COMPUTE_QPX, true, &err), -EIO);
	assert_lease(ROCPART_LEASE_PLACED, NULL, NULL);
	assert_place(G0, 6);
}

/* Somebody came to the partition while its GPU was back in that mode by other means. */
static void evicted_lease_whose_place_was_taken_waits_on(void **state)
{
	struct rocpart_leases *leases;
	struct rocpart_error err = {0};

	(void)state;
	place("llama", 16 * GIB, "unit:vllm", "0/6");
	place("third", 16 * GIB, "unit:vllm", "0/3");
	assert_int_equal(set_modes(ROCPART_COMPUTE_QPX, true, NULL), 0);
	switch_behind_our_back("CPX");
	place("other", 20 * GIB, "none", "0/6");
	switch_behind_our_back("QPX");
	undo_last(&err);
	leases = look();
	assert_int_equal(rocpart_leases_get(leases, 0)->state, ROCPART_LEASE_PENDING);
	assert_int_equal(rocpart_leases_get(leases, 1)->partition, 3);
	assert_int_equal(rocpart_leases_get(leases, 2)->partition, 6);
	rocpart_leases_free(leases);
}

static void sick_gpu_takes_nothing_new_and_says_so(void **state)
{
	struct rocpart_error err = {0};

	(void)state;
	place("llama", 16 * GIB, "unit:vllm", "0/6");
	add_fault(dir, "ue:" G0 ":3");
	assert_lease(ROCPART_LEASE_PLACED, "uncorrectable memory errors", "cordon");
	assert_int_equal(count_free(), 0);
	assert_int_equal(try_place("other", GIB, "none", "0/1", &err), -EPERM);
	assert_int_equal(try_place("other", GIB, "none", NULL, &err), -ENOSPC);
}

static void allocator_of_the_node_is_respected(void **state)
{
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *path = rp_strdupf("%s/node.yaml", dir);
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *c = NULL;
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	fputs("version: v1\nnode: {allocator: slurm}\n", f);
	fclose(f);
	assert_int_equal(rocpart_machine_observe(m, &s, NULL), 0);
	assert_int_equal(rocpart_change_new(m, s, &c, NULL), 0);
	if (rocpart_change_load_config(c, path, NULL, &err) < 0 ||
	    rocpart_change_apply(c, &err) < 0)
		fail_msg("%s", err.message);
	rocpart_change_free(c);
	rocpart_snapshot_unref(s);
	rocpart_machine_close(m);
	unlink(path);
	assert_int_equal(try_place("llama", GIB, "none", NULL, &err), -EPERM);
	assert_int_equal(err.code, ROCPART_ERR_OTHER_ALLOCATOR);
	assert_int_equal(rocpart_errcode_exit_status(err.code), 3);
	assert_string_equal(err.object, "slurm");
}

/* ---- export and import ---- */

static void export_is_imported_as_it_was(void **state)
{
	RP_AUTO_FREE char *before = NULL, *after = NULL;
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_error err = {0};
	uint64_t in_use;
	size_t n = 0;

	(void)state;
	place("llama", 16 * GIB, "unit:vllm", "0/6");
	place("other", GIB, "none", NULL);
	assert_int_equal(rocpart_leases_export(m, &before, &err), 0);
	assert_int_equal(rocpart_leases_import(m, before, strlen(before), "file", &n, &err),
			 -EEXIST);
	assert_int_equal(rocpart_lease_release(m, "1", &n, &in_use, NULL), 0);
	assert_int_equal(rocpart_lease_release(m, "2", &n, &in_use, NULL), 0);
	if (rocpart_leases_import(m, before, strlen(before), "file", &n, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(n, 2);
	assert_int_equal(rocpart_leases_export(m, &after, &err), 0);
	assert_string_equal(before, after);
	assert_int_equal(rocpart_leases_import(m, "{}", 2, "file", &n, &err), -EEXIST);
	rocpart_machine_close(m);
}

#define CPX(name) cmocka_unit_test_setup_teardown(name, setup_cpx, teardown)
#define SPX(name) cmocka_unit_test_setup_teardown(name, setup_spx, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPX(reboot_keeps_the_bytes_of_a_service),
		CPX(reboot_into_other_modes_gives_nothing_away),
		SPX(driver_reload_by_others_keeps_the_lease),
		CPX(container_that_died_keeps_its_bytes),
		CPX(partition_that_vanished_is_told_and_comes_back),
		CPX(process_that_ended_ends_its_lease),
		CPX(owner_gone_but_memory_left_keeps_the_lease),
		CPX(process_number_given_again_is_not_the_owner),
		CPX(process_that_does_not_exist_gets_no_lease),
		CPX(lease_without_owner_ends_by_release_only),
		CPX(job_that_ended_ends_its_lease),
		CPX(unmanaged_memory_is_taken_until_adopted),
		CPX(change_is_refused_while_a_lease_uses_it),
		CPX(evicted_lease_waits_for_another_place),
		CPX(evicted_lease_has_its_place_again_after_undo),
		CPX(evicted_lease_has_its_place_again_when_the_switch_fails),
		CPX(evicted_lease_whose_place_was_taken_waits_on),
		CPX(sick_gpu_takes_nothing_new_and_says_so),
		CPX(allocator_of_the_node_is_respected),
		CPX(export_is_imported_as_it_was),
	};

	return cmocka_run_group_tests_name("lease_life", tests, NULL, NULL);
}
