/* SPDX-License-Identifier: MIT */
/* Programs that are run, and what becomes of them. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/num.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "host.h"

static void program_gives_its_output_and_status(void **state)
{
	static const char *const argv[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn(argv, &out, 100, 10000, &res), 0);
	assert_string_equal(rp_strbuf_str(&out), "out\nerr\n");
	assert_int_equal(res.exit_status, 3);
	assert_false(res.timed_out);
}

static void program_that_is_not_there_is_enoent(void **state)
{
	static const char *const argv[] = {"no-such-program-of-rocpart", NULL};
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn(argv, NULL, 0, 1000, &res), -ENOENT);
}

static void output_over_the_limit_is_dropped(void **state)
{
	static const char *const argv[] = {"sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x",
					   NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn(argv, &out, 5000, 10000, &res), 0);
	assert_int_equal(out.len, 5000);
	assert_int_equal(res.exit_status, 0);
	assert_true(res.cut);
}

static void program_reads_its_input_and_errors_are_kept_apart(void **state)
{
	static const char *const argv[] = {"sh", "-c", "read a; read b || echo end; echo $a >&2",
					   NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT, err = RP_STRBUF_INIT;
	struct rp_spawn_streams s = {.input = "yes\n", .out = &out, .err = &err, .max_out = 100};
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn_streams(argv, &s, 10000, &res), 0);
	assert_string_equal(rp_strbuf_str(&out), "end\n");
	assert_string_equal(rp_strbuf_str(&err), "yes\n");
	assert_false(res.cut);
}

static void program_that_does_not_read_its_input_raises_no_signal(void **state)
{
	static const char *const argv[] = {"sh", "-c", "exec <&-; exit 4", NULL};
	struct rp_spawn_streams s = {.input = "y\n"};
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn_streams(argv, &s, 10000, &res), 0);
	assert_int_equal(res.exit_status, 4);
}

static void program_has_ended_though_its_child_keeps_the_pipe(void **state)
{
	static const char *const argv[] = {"sh", "-c", "sleep 20 & echo $!", NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};
	uint32_t pid = 0;

	(void)state;
	assert_int_equal(rp_spawn(argv, &out, 100, 15000, &res), 0);
	assert_false(res.timed_out);
	assert_int_equal(res.exit_status, 0);
	rp_strbuf_truncate(&out, strcspn(rp_strbuf_str(&out), "\n"));
	assert_int_equal(rp_parse_u32(rp_strbuf_str(&out), 10, &pid), 0);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static void program_inherits_one_file_and_no_signals_of_ours(void **state)
{
	static const char *const argv[] = {
		"sh", "-c",
		"readlink /proc/$$/fd/3; "
		"for f in 4 5 6 7 8 9; do test -e /proc/$$/fd/$f && echo $f; done; "
		/* glibc ignores two signals of its own above 31 */
		"exec grep -c -e 'SigBlk:\t0*$' -e 'SigIgn:.*0000000$' /proc/self/status",
		NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	RP_AUTO_CLOSE int file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	RP_AUTO_CLOSE int other = open("/dev/full", O_RDONLY | O_CLOEXEC);
	struct rp_spawn_streams s = {.out = &out, .max_out = 100, .inherited_fd = file};
	struct rp_spawn_result res = {0};
	sigset_t set, before;

	(void)state;
	assert_true(file > 2 && other > 2);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(rp_spawn_streams(argv, &s, 10000, &res), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	assert_string_equal(rp_strbuf_str(&out), "/dev/zero\n2\n");
}

static int say_inherited(void *userdata, int out_fd)
{
	char path[64] = "";
	ssize_t n = readlink("/proc/self/fd/4", path, sizeof(path) - 1);

	(void)userdata;
	(void)!write(out_fd, path, n > 0 ? (size_t)n : 0);
	return fcntl(5, F_GETFD) < 0 ? 0 : 1;
}

static void function_inherits_one_file(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	RP_AUTO_CLOSE int file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct rp_spawn_streams s = {.out = &out, .max_out = 100, .inherited_fd = file};
	struct rp_spawn_result res = {0};

	(void)state;
	assert_int_equal(rp_spawn_function(say_inherited, NULL, &s, 10000, &res), 0);
	assert_int_equal(res.exit_status, 0);
	assert_string_equal(rp_strbuf_str(&out), "/dev/zero");
}

static void program_of_root_is_in_a_fixed_folder_and_has_its_own_environment(void **state)
{
	static const char *const argv[] = {"env", NULL};
	RP_AUTO_FREE char *old = strdup(getenv("PATH")), *path = NULL;
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};

	(void)state;
	if (geteuid() != 0)
		host_lacks("this takes root");
	setenv("PATH", "/nowhere", 1);
	assert_int_equal(rp_find_program("sh", &path), 0);
	assert_true(rp_str_eq(path, "/bin/sh") || rp_str_eq(path, "/usr/bin/sh"));
	setenv("LD_PRELOAD", "/nowhere", 1);
	assert_int_equal(rp_spawn(argv, &out, 1000, 10000, &res), 0);
	unsetenv("LD_PRELOAD");
	assert_string_equal(
		rp_strbuf_str(&out),
		"PATH=/sys/devices/rocpart-bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:"
		"/usr/bin:/sbin:/bin\nLANG=C.UTF-8\n");
	setenv("PATH", old, 1);
}

static void program_is_not_found_in_the_current_folder(void **state)
{
	RP_AUTO_FREE char *old = strdup(getenv("PATH")), *path = NULL;
	const uid_t user = geteuid();

	(void)state;
	assert_int_equal(chdir("/bin"), 0);
	if (user == 0) /* whose PATH is not asked */
		assert_int_equal(seteuid(HOST_NOBODY), 0);
	setenv("PATH", "::.:../bin", 1);
	assert_int_equal(rp_find_program("sh", &path), -ENOENT);
	setenv("PATH", ".:/nowhere:/bin", 1);
	assert_int_equal(rp_find_program("sh", &path), 0);
	assert_string_equal(path, "/bin/sh");
	setenv("PATH", old, 1);
	assert_int_equal(seteuid(user), 0);
}

/* Nobody may reap it where the test runs: a zombie has ended. */
static bool is_running(uint32_t pid)
{
	RP_AUTO_FCLOSE FILE *f = NULL;
	char path[64], text[512] = "";
	const char *state;

	(void)rp_fmt(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (!f || !fgets(text, sizeof(text), f))
		return false;
	state = strrchr(text, ')');
	return state && !strchr("ZX", state[2]);
}

/* The shell's child too: it would keep the pipe, and hold what modprobe held. */
static void deadline_ends_the_whole_group(void **state)
{
	static const char *const argv[] = {"sh", "-c", "sleep 60 & echo $!; wait", NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};
	uint64_t before = rp_now_ns();
	uint32_t pid = 0;
	int tries = 0;

	(void)state;
	assert_int_equal(rp_spawn(argv, &out, 100, 300, &res), 0);
	assert_true(res.timed_out);
	assert_int_equal(res.exit_status, -1);
	assert_int_equal(res.signal, 9);
	assert_true(rp_now_ns() - before < UINT64_C(10000000000));
	rp_strbuf_truncate(&out, strcspn(rp_strbuf_str(&out), "\n"));
	assert_int_equal(rp_parse_u32(rp_strbuf_str(&out), 10, &pid), 0);
	while (is_running(pid) && tries++ < 100)
		rp_sleep_ms(10);
	assert_true(tries < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_gives_its_output_and_status),
		cmocka_unit_test(program_that_is_not_there_is_enoent),
		cmocka_unit_test(output_over_the_limit_is_dropped),
		cmocka_unit_test(program_reads_its_input_and_errors_are_kept_apart),
		cmocka_unit_test(program_that_does_not_read_its_input_raises_no_signal),
		cmocka_unit_test(program_has_ended_though_its_child_keeps_the_pipe),
		cmocka_unit_test(program_inherits_one_file_and_no_signals_of_ours),
		cmocka_unit_test(function_inherits_one_file),
		cmocka_unit_test(program_of_root_is_in_a_fixed_folder_and_has_its_own_environment),
		cmocka_unit_test(program_is_not_found_in_the_current_folder),
		cmocka_unit_test(deadline_ends_the_whole_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
