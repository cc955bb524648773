/* SPDX-License-Identifier: MIT */
/*
 * The device filter of the real kernel. No driver answers to our DRM minors here, so a node that
 * the filter lets through is -ENXIO (or -ENODEV) and one that it does not is -EPERM: engines study
 * 5, C. Loop devices and /dev/null stand for what must stay as it is.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host.h"
#include "leases/stop_signal.h"
#include "run/cgroup.h"
#include "run/start.h"

#define ALLOWED 190
#define OTHER	191

static char dir[64];

static int make_nodes(void **state)
{
	(void)state;
	/* not below /tmp or /dev/shm, which may be mounted nodev */
	(void)rp_fmt(dir, sizeof(dir), "/var/lib/rocpart-test-%d", (int)getpid());
	if (!host_is_root())
		return 0;
	return mkdir(dir, 0700) < 0 || chdir(dir) < 0 ||
	       mknod("allowed", S_IFCHR | 0600, makedev(226, ALLOWED)) < 0 ||
	       mknod("other", S_IFCHR | 0600, makedev(226, OTHER)) < 0 ||
	       mknod("card", S_IFCHR | 0600, makedev(226, 63)) < 0 ||
	       mknod("null", S_IFCHR | 0600, makedev(1, 3)) < 0 ||
	       mknod("block", S_IFBLK | 0600, makedev(226, OTHER)) < 0;
}

static int remove_nodes(void **state)
{
	static const char *const names[] = {"allowed", "other", "card", "null", "block"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++)
		(void)unlink(names[i]);
	return chdir("/") < 0 || (host_is_root() && rmdir(dir) < 0);
}

/* Of this process: another run of these tests may be under way. */
static const char *name_of(const char *what)
{
	static char name[64];

	(void)rp_fmt(name, sizeof(name), "rocpart-run-%d-%s", (int)getpid(), what);
	return name;
}

static void need(enum rp_cgroup_kind kind)
{
	struct rp_cgroup g = RP_CGROUP_INIT;
	struct rocpart_error err = {0};
	int r;

	if (!host_is_root())
		host_lacks("this takes root with CAP_SYS_ADMIN");
	if (kind == RP_CGROUP_V1_DEVICES && access("/sys/fs/cgroup/devices", F_OK) < 0)
		host_skips("there is no devices controller of cgroup v1");
	r = rp_cgroup_make(kind, name_of("try"), &g, &err);
	rp_cgroup_remove(&g);
	if (r < 0)
		host_lacks("%s", err.message);
}

/* Errno of opening a node inside of the group, 0 when it opened. */
static int open_inside(const struct rp_cgroup *g, const char *name, int flags)
{
	int ready[2], status = 0;
	char go;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		if (read(ready[0], &go, 1) != 1)
			_exit(255);
		_exit(open(name, flags | O_CLOEXEC) < 0 ? errno : 0);
	}
	assert_int_equal(rp_cgroup_add(g, pid), 0);
	assert_int_equal(write(ready[1], "g", 1), 1);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void check_filter(enum rp_cgroup_kind kind)
{
	static const uint32_t minors[] = {ALLOWED, 1};
	struct rp_cgroup g = RP_CGROUP_INIT;

	need(kind);
	assert_int_equal(rp_cgroup_make(kind, name_of("test"), &g, NULL), 0);
	assert_int_not_equal(open_inside(&g, "other", O_RDWR), EPERM);
	assert_int_equal(rp_cgroup_filter(&g, minors, RP_ARRAY_LEN(minors)), 0);
	assert_int_equal(open_inside(&g, "other", O_RDWR), EPERM);
	assert_int_equal(open_inside(&g, "other", O_RDONLY), EPERM);
	assert_int_equal(open_inside(&g, "card", O_RDWR), EPERM);
	assert_int_not_equal(open_inside(&g, "allowed", O_RDWR), EPERM);
	assert_int_equal(open_inside(&g, "null", O_RDWR), 0);
	assert_int_not_equal(open_inside(&g, "block", O_RDONLY), EPERM);
	rp_cgroup_remove(&g);
	/* outside of it nothing changed */
	assert_true(open("other", O_RDWR) < 0 && errno != EPERM);
}

static void filter_of_cgroup_v2_denies_other_drm_nodes_only(void **state)
{
	(void)state;
	check_filter(RP_CGROUP_V2);
}

static void filter_of_cgroup_v1_denies_other_drm_nodes_only(void **state)
{
	(void)state;
	check_filter(RP_CGROUP_V1_DEVICES);
}

static void filter_of_many_minors_is_accepted(void **state)
{
	uint32_t minors[128];
	struct rp_cgroup g = RP_CGROUP_INIT;

	(void)state;
	need(RP_CGROUP_V2);
	for (uint32_t i = 0; i < RP_ARRAY_LEN(minors); i++)
		minors[i] = 128 + i;
	assert_int_equal(rp_cgroup_make(RP_CGROUP_V2, name_of("many"), &g, NULL), 0);
	assert_int_equal(rp_cgroup_filter(&g, minors, RP_ARRAY_LEN(minors)), 0);
	assert_int_not_equal(open_inside(&g, "other", O_RDWR), EPERM); /* the 64th */
	assert_int_equal(open_inside(&g, "card", O_RDWR), EPERM);
	rp_cgroup_remove(&g);
}

static void group_whose_process_is_gone_is_removed_by_the_next(void **state)
{
	struct rp_cgroup g = RP_CGROUP_INIT, next = RP_CGROUP_INIT;
	RP_AUTO_FREE char *path = NULL;
	char name[64];
	pid_t gone;

	(void)state;
	need(RP_CGROUP_V2);
	gone = fork();
	if (gone == 0)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	(void)rp_fmt(name, sizeof(name), "rocpart-run-%d-7", (int)gone);
	assert_int_equal(rp_cgroup_make(RP_CGROUP_V2, name, &g, NULL), 0);
	path = rp_strdupf("%s", g.path);
	assert_int_equal(rp_cgroup_make(RP_CGROUP_V2, name_of("8"), &next, NULL), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(next.path, F_OK), 0);
	rp_cgroup_remove(&next);
	rp_cgroup_remove(&g);
}

/* ---- the process that waits ---- */

static int exit_status(const struct rp_waiting *w)
{
	int status = 0;

	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void process_that_waits_becomes_the_program_with_its_changes(void **state)
{
	static const char *const argv[] = {
		"sh", "-c",
		"test \"$A\" = 2 && test -z \"${B+x}\" && test \"$C\" = \"x y\" && exit 5", NULL};
	static const char *const envp[] = {"PATH=/usr/bin:/bin", "A=1", "B=1", "AB=1", NULL};
	static const char changes[] = "B\0A=2\0C=x y";
	struct rp_waiting w = RP_WAITING_INIT;

	(void)state;
	assert_int_equal(
		rp_start_wait(&(struct rocpart_command){.argv = argv, .envp = envp}, -EBADF, &w),
		0);
	assert_int_equal(rp_start_go(&w, changes, sizeof(changes), NULL), 0);
	assert_int_equal(exit_status(&w), 5);
}

static void program_that_cannot_be_executed_says_why(void **state)
{
	static const char *const missing[] = {"/nonexistent/program", NULL};
	static const char *const text[] = {"/etc/passwd", NULL};
	static const char *const envp[] = {NULL};
	struct rp_waiting w = RP_WAITING_INIT;

	(void)state;
	assert_int_equal(
		rp_start_wait(&(struct rocpart_command){.argv = missing, .envp = envp}, -EBADF, &w),
		0);
	assert_int_equal(rp_start_go(&w, "", 0, NULL), -ENOENT);
	assert_int_equal(w.pid, 0);
	assert_int_equal(
		rp_start_wait(&(struct rocpart_command){.argv = text, .envp = envp}, -EBADF, &w),
		0);
	assert_int_equal(rp_start_go(&w, "", 0, NULL), -EACCES);
}

static void process_that_waits_ends_when_nobody_can_say_go(void **state)
{
	static const char *const argv[] = {"true", NULL};
	static const char *const envp[] = {NULL};
	struct rp_waiting w = RP_WAITING_INIT;

	(void)state;
	assert_int_equal(
		rp_start_wait(&(struct rocpart_command){.argv = argv, .envp = envp}, -EBADF, &w),
		0);
	close(w.fd);
	w.fd = -EBADF;
	assert_int_equal(exit_status(&w), 127);
	assert_int_equal(
		rp_start_wait(&(struct rocpart_command){.argv = argv, .envp = envp}, -EBADF, &w),
		0);
	rp_start_cancel(&w);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void too_many_changes_are_refused(void **state)
{
	static const char *const argv[] = {"true", NULL};
	static const char *const envp[] = {NULL};
	RP_AUTO_FREE char *changes = rp_new0(char, RP_START_CHANGES_MAX);
	struct rp_waiting w = RP_WAITING_INIT;

	(void)state;
	assert_int_equal(
		rp_start_wait(&(struct rocpart_command){.argv = argv, .envp = envp}, -EBADF, &w),
		0);
	memset(changes, 'A', RP_START_CHANGES_MAX - 1);
	assert_int_equal(rp_start_go(&w, changes, RP_START_CHANGES_MAX, NULL), -E2BIG);
	assert_int_equal(rp_start_go(&w, changes + RP_START_CHANGES_MAX - 3, 3, NULL), 0);
	assert_int_equal(exit_status(&w), 0);
}

/* ---- what was left behind ---- */

static void what_was_left_behind_is_ended_also_when_it_ignores_sigterm(void **state)
{
	struct rp_cgroup g = RP_CGROUP_INIT;
	int ready[2], status = 0;
	char c;
	pid_t pid;

	(void)state;
	need(RP_CGROUP_V2);
	assert_int_equal(rp_cgroup_make(RP_CGROUP_V2, name_of("left"), &g, NULL), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGTERM, SIG_IGN);
		(void)!write(ready[1], "r", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(rp_cgroup_add(&g, pid), 0);
	assert_int_equal(rp_cgroup_end(&g, 20), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(rp_cgroup_end(&g, 20), 0);
	rp_cgroup_remove(&g);
	close(ready[0]);
	close(ready[1]);
}

/* ---- stopping ---- */

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void stop_reaches_those_still_on_the_list_and_no_other(void **state)
{
	uint32_t pids[3], still[1];
	struct rp_stop s = {0};
	int status = 0;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(pids); i++)
		pids[i] = (uint32_t)sleeper();
	still[0] = pids[1];
	assert_int_equal(kill((pid_t)pids[2], SIGKILL), 0);
	assert_int_equal(waitpid((pid_t)pids[2], NULL, 0), pids[2]);
	assert_int_equal(rp_stop_open(&s, pids, RP_ARRAY_LEN(pids)), 0);
	assert_int_equal(s.n, 2); /* one is gone */
	assert_int_equal(rp_stop_send(&s, still, 1, false, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(waitpid((pid_t)pids[1], &status, 0), pids[1]);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(waitpid((pid_t)pids[0], &status, WNOHANG), 0);
	assert_int_equal(rp_stop_send(&s, pids, 1, true, &n), 0);
	assert_int_equal(waitpid((pid_t)pids[0], &status, 0), pids[0]);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(rp_stop_send(&s, pids, RP_ARRAY_LEN(pids), true, &n), 0);
	assert_int_equal(n, 0);
	rp_stop_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_of_cgroup_v2_denies_other_drm_nodes_only),
		cmocka_unit_test(filter_of_cgroup_v1_denies_other_drm_nodes_only),
		cmocka_unit_test(filter_of_many_minors_is_accepted),
		cmocka_unit_test(group_whose_process_is_gone_is_removed_by_the_next),
		cmocka_unit_test(process_that_waits_becomes_the_program_with_its_changes),
		cmocka_unit_test(program_that_cannot_be_executed_says_why),
		cmocka_unit_test(process_that_waits_ends_when_nobody_can_say_go),
		cmocka_unit_test(too_many_changes_are_refused),
		cmocka_unit_test(what_was_left_behind_is_ended_also_when_it_ignores_sigterm),
		cmocka_unit_test(stop_reaches_those_still_on_the_list_and_no_other),
	};

	return cmocka_run_group_tests(tests, make_nodes, remove_nodes);
}
