/* SPDX-License-Identifier: MIT */
/*
 * Writers that are stopped: readers do not wait for them, and those who wait for their turn pass
 * them. tests/lease/lease_fair.c measures the order of writers that are at work.
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/num.h"
#include "base/spawn.h"
#include "fault/fault_machine.h"
#include "leases/db.h"
#include "rocpart/rocpart.h"

static char *dir, *records;
static struct rocpart_machine *machine;

static int setup(void **state)
{
	(void)state;
	dir = make_cpx_machine();
	records = rp_strdupf("%s/records", dir);
	machine = open_machine(dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rocpart_machine_close(machine);
	free(records);
	remove_dir(dir);
	return 0;
}

static void place(const char *owner)
{
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};

	assert_int_equal(rocpart_place_options_new("llama", RP_GIB, &o, NULL), 0);
	assert_int_equal(rocpart_place_options_set_owner(o, owner, &err), 0);
	if (rocpart_place(machine, o, &leases, &err) < 0)
		fail_msg("%s", err.message);
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
}

/* A process that gets as far as do_it, and stays there until it is killed. */
static pid_t stop_in(void (*do_it)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		do_it();
		raise(SIGSTOP);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	return pid;
}

static void kill_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void write_half(void)
{
	struct rp_lease_db *db = NULL;

	if (rp_lease_db_open(records, RP_LEASE_WRITE, NULL, false, &db, NULL) < 0 ||
	    rp_lease_db_begin(db, NULL) < 0 || rp_lease_db_event(db, 1, "half", NULL) < 0)
		_exit(1);
}

static void wait_in_line(void)
{
	static struct rp_queue q;

	rp_queue_join(&q, records);
	if (q.fd < 0)
		_exit(1);
}

static size_t count_leases(bool *ret_is_noted)
{
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};
	size_t n = 0;

	if (rocpart_leases_new(machine, &leases, &err) < 0)
		fail_msg("%s", err.message);
	while (rocpart_leases_get(leases, n))
		n++;
	*ret_is_noted = *rocpart_leases_get_note(leases) != '\0';
	rocpart_leases_free(leases);
	return n;
}

static size_t count_recorded(void)
{
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;

	assert_int_equal(rp_lease_db_open(records, RP_LEASE_READ, NULL, false, &db, NULL), 0);
	assert_int_equal(rp_lease_db_load(db, &list, NULL), 0);
	return list.n;
}

/* The owner of one of two leases is gone: a reader sees one, and records it when it can. */
static void reader_does_not_wait_for_a_writer_that_hangs(void **state)
{
	struct rocpart_sim_process *p = NULL;
	uint32_t owner = 4711;
	uint64_t begin;
	bool is_noted;
	pid_t hung;

	(void)state;
	assert_int_equal(rocpart_sim_process_new(&p), 0);
	rocpart_sim_process_set_pid(p, owner);
	assert_int_equal(rocpart_sim_hold(dir, p, &owner, NULL), 0);
	rocpart_sim_process_free(p);
	place("pid:4711");
	place("unit:vllm");
	hung = stop_in(write_half);
	assert_int_equal(rocpart_sim_unhold(dir, owner, NULL), 0);
	begin = rp_now_ns();
	assert_int_equal(count_leases(&is_noted), 1);
	assert_true(rp_now_ns() - begin < UINT64_C(5000000000));
	assert_false(is_noted);
	assert_int_equal(count_recorded(), 2);
	kill_child(hung);
	assert_int_equal(count_leases(&is_noted), 1);
	assert_int_equal(count_recorded(), 1);
}

/* Ctrl-Z in one `rocpart place` that waits does not stop all others for ever. */
static void writer_passes_one_that_was_stopped_in_line(void **state)
{
	pid_t first, second;
	uint64_t begin;

	(void)state;
	place("unit:vllm");
	first = stop_in(wait_in_line);
	second = stop_in(wait_in_line);
	begin = rp_now_ns();
	place("unit:vllm");
	assert_true(rp_now_ns() - begin < UINT64_C(5000000000));
	kill_child(first);
	kill_child(second);
	assert_int_equal(count_recorded(), 2);
}

/* A ticket is the kernel's: it goes with the process, and the file stays empty. */
static void ticket_of_a_killed_writer_is_gone(void **state)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/leases.queue", records);
	struct rp_queue mine = RP_QUEUE_INIT;
	struct stat st;
	pid_t other;

	(void)state;
	place("unit:vllm");
	other = stop_in(wait_in_line);
	rp_queue_join(&mine, records);
	assert_true(mine.fd >= 0);
	assert_false(rp_queue_is_my_turn(&mine));
	kill_child(other);
	assert_true(rp_queue_is_my_turn(&mine));
	rp_queue_leave(&mine);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

/* The writer that hangs is named after ten seconds: for the long tests. */
static void writer_names_the_one_that_hangs(void **state)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	struct rocpart_error err = {0};
	char pid[32];
	pid_t hung;

	(void)state;
	place("unit:vllm");
	hung = stop_in(write_half);
	(void)rp_fmt(pid, sizeof(pid), "pid %d ", (int)hung);
	assert_int_equal(rp_lease_db_open(records, RP_LEASE_WRITE, NULL, false, &db, &err), 0);
	assert_int_equal(rp_lease_db_begin(db, &err), -EBUSY);
	assert_int_equal(err.code, ROCPART_ERR_LOCKED);
	if (!strstr(err.message, pid) || !strstr(err.message, "nothing was changed"))
		fail_msg("%s", err.message);
	kill_child(hung);
	assert_int_equal(rp_lease_db_begin(db, &err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(reader_does_not_wait_for_a_writer_that_hangs),
		TEST(writer_passes_one_that_was_stopped_in_line),
		TEST(ticket_of_a_killed_writer_is_gone),
	};
	const struct CMUnitTest long_tests[] = {
		TEST(writer_names_the_one_that_hangs),
	};

	if (argc > 1 && rp_str_eq(argv[1], "long"))
		return cmocka_run_group_tests_name("lease_writers_long", long_tests, NULL, NULL);
	return cmocka_run_group_tests_name("lease_writers", tests, NULL, NULL);
}
