/* SPDX-License-Identifier: MIT */
/*
 * kill -9 at every write: whatever was under way is there as a whole or not at all, and the next
 * one can go on. The process is killed before, or in the middle of, the Nth write of SQLite.
 */
#include <signal.h>
#include <sys/wait.h>

#include "base/num.h"
#include "fault/fault_machine.h"
#include "leases/lease.h"
#include "rocpart/rocpart.h"
#include "tests/lease/vfs.h"

static char *dir;

static int setup(void **state)
{
	(void)state;
	dir = make_cpx_machine();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_dir(dir);
	return 0;
}

static int place(struct rocpart_machine *m, uint64_t bytes, uint32_t replicas)
{
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	int r = rocpart_place_options_new("llama", bytes, &o, NULL);

	if (r == 0)
		r = rocpart_place_options_set_replicas(o, replicas, NULL);
	if (r == 0)
		r = rocpart_place(m, o, &leases, NULL);
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
	return r;
}

/* Number of leases, everything being consistent. */
static size_t count_leases(void)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_leases *leases = NULL;
	RP_AUTO_FREE char *problems = NULL;
	struct rocpart_error err = {0};
	size_t n = 0;

	if (rocpart_leases_new(m, &leases, &err) < 0 ||
	    rocpart_leases_check(m, &problems, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(problems, "");
	while (rocpart_leases_get(leases, n))
		n++;
	rocpart_leases_free(leases);
	rocpart_machine_close(m);
	return n;
}

typedef int (*work_fn)(struct rocpart_machine *m);

/* true when the work was done before the point was reached. */
static bool run_and_kill(work_fn work, unsigned at, bool tear)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct rocpart_machine *m = open_machine(dir);

		vfs_counter = (struct vfs_counter){.at = at, .tear = tear};
		_exit(work(m) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return false;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return true;
}

/* reset brings the machine to before leases; afterwards there are before or after of them. */
static void kill_everywhere(work_fn work, void (*reset)(void), size_t before, size_t after)
{
	unsigned n_before = 0, n_after = 0, at;
	bool done = false;

	for (int tear = 0; tear < 2; tear++, done = false) {
		for (at = 1; at < 400 && !done; at++) {
			size_t n;

			reset();
			assert_int_equal(count_leases(), before);
			done = run_and_kill(work, at, tear != 0);
			n = count_leases();
			n_before += n == before;
			n_after += n == after;
			if (n != before && n != after)
				fail_msg("killed at write %u: %zu leases", at, n);
			if (done)
				assert_int_equal(n, after);
		}
		assert_true(done);
	}
	printf("# killed at %u writes: %u times nothing was done, %u times all\n",
	       n_before + n_after, n_before, n_after);
	assert_true(n_before > 2 && n_after > 0);
}

static int place_three(struct rocpart_machine *m)
{
	return place(m, RP_GIB, 3);
}

static int release_all(struct rocpart_machine *m)
{
	struct rocpart_leases *leases = NULL;
	const struct rocpart_lease *l;
	int r = rocpart_leases_new(m, &leases, NULL);

	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++) {
		char id[24];
		uint64_t in_use;
		size_t n;

		(void)rp_fmt(id, sizeof(id), "%llu", (unsigned long long)l->id);
		r = rocpart_lease_release(m, id, &n, &in_use, NULL);
	}
	rocpart_leases_free(leases);
	return r;
}

static void remove_database(void)
{
	static const char *const tails[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < RP_ARRAY_LEN(tails); i++) {
		RP_AUTO_FREE char *path = rp_strdupf("%s/records/leases.db%s", dir, tails[i]);

		unlink(path);
	}
}

static void reset_to_none(void)
{
	struct rocpart_machine *m = open_machine(dir);

	vfs_counter.at = 0;
	assert_int_equal(release_all(m), 0);
	rocpart_machine_close(m);
}

static void reset_to_one(void)
{
	struct rocpart_machine *m = open_machine(dir);

	reset_to_none();
	assert_int_equal(place(m, RP_GIB, 1), 0);
	rocpart_machine_close(m);
}

static void killed_while_the_database_is_made_leaves_none_or_all(void **state)
{
	(void)state;
	kill_everywhere(place_three, remove_database, 0, 3);
}

static void killed_while_placing_leaves_none_or_all(void **state)
{
	(void)state;
	reset_to_one();
	kill_everywhere(place_three, reset_to_one, 1, 4);
}

static void killed_while_releasing_leaves_none_or_all(void **state)
{
	(void)state;
	reset_to_one();
	kill_everywhere(release_all, reset_to_one, 1, 0);
}

/* ---- a change that evicts ---- */

static int evict(struct rocpart_machine *m)
{
	const struct wish wish = {.compute = ROCPART_COMPUTE_QPX};
	struct rocpart_change *c = new_change(m, &wish);
	int r;

	rocpart_change_set_evict(c, true);
	r = rocpart_change_apply(c, NULL);
	rocpart_change_free(c);
	return r;
}

static void finish_change(void)
{
	const struct wish wish = {.compute = ROCPART_COMPUTE_CPX};
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = NULL;

	vfs_counter.at = 0;
	if (rocpart_change_open_journal(m, &c, NULL) == 0) {
		assert_int_equal(rocpart_change_undo(c, NULL), 0);
		rocpart_change_free(c);
	}
	rocpart_machine_close(m);
	m = open_machine(dir);
	assert_int_equal(release_all(m), 0);
	c = new_change(m, &wish);
	assert_int_equal(rocpart_change_apply(c, NULL), 0);
	rocpart_change_free(c);
	assert_int_equal(place(m, RP_GIB, 3), 0);
	rocpart_machine_close(m);
}

/* Either all three lost their place or none, and no switch happened under one that has its. */
static void killed_while_evicting_evicts_none_or_all(void **state)
{
	bool done = false;

	(void)state;
	for (unsigned at = 1; at < 200 && !done; at++) {
		struct rocpart_machine *m;
		struct rocpart_leases *leases = NULL;
		const struct rocpart_lease *l;
		RP_AUTO_FREE char *modes = NULL;
		size_t n = 0, n_pending = 0;

		finish_change();
		done = run_and_kill(evict, at, false);
		m = open_machine(dir);
		assert_int_equal(rocpart_leases_new(m, &leases, NULL), 0);
		for (; (l = rocpart_leases_get(leases, n)); n++)
			n_pending += l->state == ROCPART_LEASE_PENDING;
		assert_int_equal(n, 3);
		assert_true(n_pending == 0 || n_pending == 3);
		modes = modes_of(dir);
		if (n_pending == 0)
			assert_string_equal(modes, "CPX/NPS4");
		rocpart_leases_free(leases);
		rocpart_machine_close(m);
		assert_int_equal(count_leases(), 3);
	}
	assert_true(done);
}

static int take_back(struct rocpart_machine *m)
{
	struct rocpart_change *c = NULL;
	int r = rocpart_change_open_last(m, &c, NULL);

	if (r == 0)
		r = rocpart_change_apply(c, NULL);
	rocpart_change_free(c);
	return r;
}

static size_t count_pending(void)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_leases *leases = NULL;
	const struct rocpart_lease *l;
	size_t n = 0;

	assert_int_equal(rocpart_leases_new(m, &leases, NULL), 0);
	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++)
		n += l->state == ROCPART_LEASE_PENDING;
	rocpart_leases_free(leases);
	rocpart_machine_close(m);
	return n;
}

/* Whoever goes on with the change puts back what the killed one did not. */
static void killed_while_putting_back_puts_back_none_or_all(void **state)
{
	bool done = false;
	unsigned n_resumed = 0;

	(void)state;
	for (unsigned at = 1; at < 200 && !done; at++) {
		struct rocpart_machine *m;
		struct rocpart_change *c = NULL;
		size_t n;

		finish_change();
		m = open_machine(dir);
		assert_int_equal(evict(m), 0);
		rocpart_machine_close(m);
		done = run_and_kill(take_back, at, false);
		n = count_pending();
		assert_true(n == 0 || n == 3);
		m = open_machine(dir);
		if (rocpart_change_open_journal(m, &c, NULL) == 0) {
			assert_int_equal(rocpart_change_apply(c, NULL), 0);
			rocpart_change_free(c);
			assert_int_equal(count_pending(), 0);
			n_resumed++;
		}
		rocpart_machine_close(m);
		assert_int_equal(count_leases(), 3);
	}
	assert_true(done);
	assert_int_equal(count_pending(), 0);
	assert_true(n_resumed > 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_while_the_database_is_made_leaves_none_or_all),
		TEST(killed_while_placing_leaves_none_or_all),
		TEST(killed_while_releasing_leaves_none_or_all),
		TEST(killed_while_evicting_evicts_none_or_all),
		TEST(killed_while_putting_back_puts_back_none_or_all),
	};

	vfs_install();
	return cmocka_run_group_tests_name("lease_killed", tests, NULL, NULL);
}
