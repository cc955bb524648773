/* SPDX-License-Identifier: MIT */
/*
 * The table of answers once more, by open(2) and write(2) on the mounted machine, but for the rows
 * that are marked as in-process only. ROCPART_SIMFS names the program.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "fault/fault_machine.h"
#include "host.h"
#include "unit/sim_errno_table.h"

/* The machine before the namespace is made: its folder, profile and history. */
static char *prepare(const struct sim_errno_row *row)
{
	RP_AUTO_FREE char *text = profile_text(row->profile, row->edits);
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	char *dir = make_dir();

	assert_int_equal(rp_sim_create(dir, text, strlen(text), row->profile, NULL), 0);
	assert_int_equal(rp_sim_open(dir, &sim, NULL), 0);
	sim_setup(sim, row->gpu, row->setup);
	return dir;
}

static int run(char *const *argv)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(255);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* An errno: why a machine cannot be mounted in a namespace here; 0: it can. */
static int try_mount(void)
{
	if (open("/dev/fuse", O_RDWR | O_CLOEXEC) < 0)
		return errno;
	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return errno;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? errno : 0;
}

static void need_mount(uint32_t uid)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try_mount());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status))
		host_lacks("a simulated machine cannot be mounted: %s",
			   strerror(WEXITSTATUS(status)));
	if (uid && !host_is_root())
		host_lacks("another user takes root");
}

static void write_row(const struct sim_errno_row *row)
{
	char *dir = prepare(row);
	RP_AUTO_FREE char *path = rp_strdupf("/" PCI "%s/%s", row->gpu, row->file);
	RP_AUTO_FREE char *uid = rp_strdupf("%u", row->uid);
	RP_AUTO_FREE char *self = realpath("/proc/self/exe", NULL);
	RP_AUTO_FREE char *token = rp_strdupf("%s", row->token);
	char exec[] = "exec", name[] = "row", write_it[] = "--write";
	char *const argv[] = {
		getenv("ROCPART_SIMFS"), exec, name, dir, self, write_it, uid, path, token, NULL};

	assert_non_null(argv[0]);
	assert_int_equal(run(argv), -row->expected);
	remove_dir(dir);
}

static void run_row(void **state)
{
	const struct sim_errno_row *row = *state;

	need_mount(row->uid);
	write_row(row);
}

/* Inside: what the kernel says to that user, as the exit status. */
static int write_as(const char *uid_text, const char *path, const char *token)
{
	uint32_t uid = 0;
	int fd;

	if (rp_parse_u32(uid_text, 10, &uid) < 0 || (uid && setuid(uid) < 0))
		return 254;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	return write(fd, token, strlen(token)) == (ssize_t)strlen(token) ? 0 : errno;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[RP_ARRAY_LEN(sim_errno_rows)];
	size_t n = 0;
	int failed;

	if (argc == 5 && rp_str_eq(argv[1], "--write"))
		return write_as(argv[2], argv[3], argv[4]);
	for (size_t i = 0; i < RP_ARRAY_LEN(sim_errno_rows); i++) {
		struct sim_errno_row *row;

		if (sim_errno_rows[i].token == IN_PROCESS_ONLY)
			continue;
		row = malloc(sizeof(*row));
		if (!row)
			return 1;
		*row = sim_errno_rows[i];
		tests[n++] = (struct CMUnitTest){row->name, run_row, NULL, NULL, row};
	}
	failed = _cmocka_run_group_tests("simfs_errno", tests, n, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		free(tests[i].initial_state);
	return failed;
}
