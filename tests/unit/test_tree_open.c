/* SPDX-License-Identifier: MIT */
/* Opening files below a root on machines that make it hard: no openat2, renames all the time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/tree.h"

struct place {
	char dir[64];
	struct rp_tree *tree;
};

static void write_file(const struct place *p, const char *name, const char *text)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", p->dir, name);
	RP_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void make_dir(const struct place *p, const char *name)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", p->dir, name);

	assert_int_equal(mkdir(path, 0755), 0);
}

static void make_link(const struct place *p, const char *target, const char *name)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", p->dir, name);

	assert_int_equal(symlink(target, path), 0);
}

/* root/sys/real/file; root/sys/up -> ../sys/real; root/sys/out -> ../../outside; outside/file */
static int set_up(void **state)
{
	struct place *p = rp_new0(struct place, 1);
	RP_AUTO_FREE char *root = NULL;
	const char *tmp = getenv("TMPDIR");

	assert_int_equal(
		rp_fmt(p->dir, sizeof(p->dir), "%s/rocpart-open-XXXXXX", tmp ? tmp : "/tmp"), 0);
	assert_non_null(mkdtemp(p->dir));
	make_dir(p, "root");
	make_dir(p, "root/sys");
	make_dir(p, "root/sys/real");
	make_dir(p, "outside");
	write_file(p, "root/sys/real/file", "inside\n");
	write_file(p, "outside/file", "outside\n");
	make_link(p, "../sys/real", "root/sys/up");
	make_link(p, "../../outside", "root/sys/out");
	root = rp_strdupf("%s/root", p->dir);
	assert_int_equal(rp_tree_open(root, RP_TREE_CAPTURE, &p->tree), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	static const char *const names[] = {"root/sys/real/file",
					    "outside/file",
					    "root/sys/up",
					    "root/sys/out",
					    "root/sys/real",
					    "root/sys",
					    "root",
					    "outside",
					    ""};

	rp_tree_close(p->tree);
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++) {
		RP_AUTO_FREE char *path = rp_strdupf("%s/%s", p->dir, names[i]);

		(void)remove(path);
	}
	free(p);
	return 0;
}

/* From here on the kernel of this process has no openat2. */
static bool take_openat2_away(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = RP_ARRAY_LEN(code), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* Exit status of a child: 0 when all is as it should be. */
static int without_openat2(struct place *p)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (!take_openat2_away())
		return 10;
	if (rp_tree_read(p->tree, &text, "sys/real/file") != 0 ||
	    !rp_str_eq(rp_strbuf_str(&text), "inside"))
		return 1;
	if (rp_tree_read(p->tree, &text, "sys/out/file") == 0)
		return 2; /* left the capture by a link in the middle */
	if (rp_tree_read(p->tree, &text, "sys/real/../../../outside/file") == 0)
		return 3;
	return 0;
}

static void tree_without_openat2_follows_no_link(void **state)
{
	struct place *p = *state;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(without_openat2(p));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* openat2 gives up with EAGAIN when a rename happens while it follows a link with "..". */
static void tree_read_while_renames_go_on_succeeds(void **state)
{
	struct place *p = *state;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_FREE char *a = rp_strdupf("%s/a", p->dir), *b = rp_strdupf("%s/b", p->dir);
	int failed = 0, status;
	pid_t pid = fork();

	if (pid == 0) {
		mkdir(a, 0755);
		for (;;)
			(void)(rename(a, b) || rename(b, a));
	}
	for (int i = 0; i < 100000; i++)
		failed += rp_tree_read(p->tree, &text, "sys/up/file") != 0;
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)(rmdir(a) && rmdir(b));
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tree_without_openat2_follows_no_link, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tree_read_while_renames_go_on_succeeds, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
