/* SPDX-License-Identifier: MIT */
/* Which files may make root act: by the file itself, and by every folder on the way to it. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/trust.h"
#include "host.h"

/* Below a folder of root: those for temporary files are sticky. */
static char top[64];

static int make_folders(void **state)
{
	(void)state;
	if (!host_is_root())
		return 0;
	(void)rp_fmt(top, sizeof(top), "/var/lib/rocpart-trust-%d", (int)getpid());
	return mkdir(top, 0755) < 0 || chdir(top) < 0 || mkdir("own", 0755) < 0 ||
	       mkdir("open", 0755) < 0 || mkdir("own/deep", 0755) < 0;
}

static int remove_folders(void **state)
{
	static const char *const names[] = {"own/deep/file", "own/link",  "own/loop",
					    "own/pipe",	     "open/file", "open/link"};
	static const char *const folders[] = {"own/deep", "own", "open", top};

	(void)state;
	if (!*top)
		return 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++)
		(void)unlink(names[i]);
	for (size_t i = 0; i < RP_ARRAY_LEN(folders); i++)
		(void)rmdir(folders[i]);
	return chdir("/");
}

static void need_root(void)
{
	if (!host_is_root())
		host_lacks("this takes root");
}

/* A file of root with this mode, whatever the umask. */
static void make_file(const char *path, mode_t mode)
{
	RP_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode) || fchown(fd, 0, 0), 0);
}

static int judge(const char *path, struct rocpart_error *err)
{
	RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	assert_true(fd >= 0);
	*err = (struct rocpart_error){0};
	return rp_trust_file(path, fd, err);
}

static void assert_refused(const char *path, const char *message, const char *hint)
{
	struct rocpart_error err;

	assert_int_equal(judge(path, &err), -EPERM);
	if (!strstr(err.message, message) || !strstr(err.hint, hint))
		fail_msg("%s: %s; %s", path, err.message, err.hint);
}

static void file_of_root_is_trusted_by_each_of_its_names(void **state)
{
	static const char *const names[] = {"own/deep/file", "./own/../own//deep/file", "own/link"};
	RP_AUTO_FREE char *absolute = rp_strdupf("%s/own/deep/file", top);
	struct rocpart_error err;

	(void)state;
	need_root();
	make_file("own/deep/file", 0644);
	assert_int_equal(symlink("../own/deep/../deep/file", "own/link"), 0);
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++)
		if (judge(names[i], &err) < 0)
			fail_msg("%s: %s", names[i], err.message);
	assert_int_equal(judge(absolute, &err), 0);
	assert_int_equal(unlink("own/link"), 0);
}

static void file_that_another_user_can_change_is_refused_with_what_mends_it(void **state)
{
	struct rocpart_error err;

	(void)state;
	need_root();
	for (int i = 0; i < 2; i++) {
		make_file("own/deep/file", i ? 0664 : 0646);
		assert_refused("own/deep/file", i ? "mode 0664" : "mode 0646",
			       "chmod go-w /var/lib/");
	}
	make_file("own/deep/file", 0644);
	assert_int_equal(chown("own/deep/file", HOST_NOBODY, 0), 0);
	assert_refused("own/deep/file", "the file '/var/lib/", "chown root /var/lib/");
	assert_refused("own/deep/file", "owner 65534", "");
	make_file("own/deep/file", 0644);
	assert_int_equal(judge("own/deep/file", &err), 0);
	assert_refused("own/deep", "not a regular file", "");
	assert_int_equal(mkfifo("own/pipe", 0600), 0);
	assert_refused("own/pipe", "not a regular file", "");
}

static void folder_that_another_user_can_change_is_refused_wherever_it_stands(void **state)
{
	static const mode_t modes[] = {0777, 01777, 0775};

	(void)state;
	need_root();
	make_file("own/deep/file", 0644);
	make_file("open/file", 0644);
	for (size_t i = 0; i < RP_ARRAY_LEN(modes); i++) {
		assert_int_equal(chmod("own", modes[i]), 0);
		assert_refused("own/deep/file", "/own' has owner 0 and mode ",
			       modes[i] == 01777 ? "/etc/rocpart" : "chmod go-w /var/lib/");
		assert_int_equal(chmod("own", 0755), 0);
	}
	assert_int_equal(chown("own/deep", HOST_NOBODY, 0), 0);
	assert_refused("own/deep/file", "/own/deep' has owner 65534", "chown root ");
	assert_int_equal(chown("own/deep", 0, 0), 0);
	/* A link of root that leads through a folder of others, and one of others to a file of
	 * root. */
	assert_int_equal(chmod("open", 01777), 0);
	assert_int_equal(symlink("../own/deep/file", "open/link"), 0);
	assert_int_equal(symlink("../open/link", "own/link"), 0);
	assert_refused("open/link", "/open' has", "/etc/rocpart");
	assert_refused("own/link", "/open' has", "/etc/rocpart");
	assert_refused("own/../open/file", "/open' has", "");
	assert_int_equal(unlink("own/link"), 0);
}

static void file_that_was_replaced_or_cannot_be_followed_is_refused(void **state)
{
	RP_AUTO_CLOSE int fd = -EBADF;

	(void)state;
	need_root();
	make_file("own/deep/file", 0644);
	fd = open("own/deep/file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink("own/deep/file"), 0);
	assert_int_equal(rp_trust_file("own/deep/file", fd, NULL), -ENOENT);
	make_file("own/deep/file", 0644);
	assert_int_equal(rp_trust_file("own/deep/file", fd, NULL), -ESTALE);
	assert_int_equal(symlink("loop", "own/loop"), 0);
	assert_int_equal(rp_trust_file("own/loop", fd, NULL), -ELOOP);
	assert_int_equal(rp_trust_program("own/none", NULL), -ENOENT);
	assert_int_equal(rp_trust_program("/bin/sh", NULL), 0);
}

static int judge_folder(const char *path, struct rocpart_error *err)
{
	RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	*err = (struct rocpart_error){0};
	return rp_trust_folder(path, fd, err);
}

static void folder_is_judged_as_a_file_is_and_by_itself_too(void **state)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	struct rocpart_error err;

	(void)state;
	need_root();
	assert_int_equal(judge_folder("own/deep", &err), 0);
	assert_int_equal(chmod("own/deep", 0775), 0);
	assert_int_equal(judge_folder("own/deep", &err), -EPERM);
	assert_non_null(strstr(err.message, "the folder '/var/lib/"));
	assert_int_equal(chmod("own/deep", 0755), 0);
	assert_int_equal(chmod("own", 01777), 0);
	assert_int_equal(judge_folder("own/deep", &err), -EPERM);
	assert_int_equal(chmod("own", 0755), 0);
	make_file("own/deep/file", 0644);
	fd = open("own/deep/file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(rp_trust_folder("own/deep/file", fd, &err), -EPERM);
	assert_non_null(strstr(err.message, "not a folder"));
}

static void pipe_and_memory_have_no_name(void **state)
{
	RP_AUTO_CLOSE int memory = memfd_create("x", MFD_CLOEXEC);
	RP_AUTO_CLOSE int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_false(rp_trust_has_name(fds[0]));
	assert_false(rp_trust_has_name(memory));
	assert_true(rp_trust_has_name(file));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_of_root_is_trusted_by_each_of_its_names),
		cmocka_unit_test(file_that_another_user_can_change_is_refused_with_what_mends_it),
		cmocka_unit_test(folder_that_another_user_can_change_is_refused_wherever_it_stands),
		cmocka_unit_test(file_that_was_replaced_or_cannot_be_followed_is_refused),
		cmocka_unit_test(folder_is_judged_as_a_file_is_and_by_itself_too),
		cmocka_unit_test(pipe_and_memory_have_no_name),
	};

	return cmocka_run_group_tests_name("trust", tests, make_folders, remove_folders);
}
