/* SPDX-License-Identifier: MIT */
/*
 * rocpart-simfs, started by `rocpart sim mount|unmount|exec`:
 *   mount NAME FOLDER DIR      show the machine in DIR until somebody says stop
 *   unmount DIR
 *   exec NAME FOLDER CMD...    run CMD where /sys and /dev are those of the machine
 *     --ioctl: its device nodes can be opened; --host=HOST: on a simulated host of that name
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/words.h"
#include "simfs/simfs.h"

#define FAILED 125 /* of `exec`: the program was not started */

static void say(const struct rocpart_error *err)
{
	const char *object = strstr(err->message, err->object) ? "" : err->object;

	fprintf(stderr, "rocpart: %s%s%s\n", object, *object ? ": " : "", err->message);
	if (*err->hint)
		fprintf(stderr, "  %s\n", err->hint);
}

static int open_fs(struct rp_simfs *fs, char *name, char *folder, struct rocpart_error *reterr)
{
	*fs = (struct rp_simfs){.name = name, .folder = folder, .sys_fd = -EBADF, .dev_fd = -EBADF};
	return rp_sim_open(folder, &fs->sim, reterr);
}

static void close_fs(struct rp_simfs *fs)
{
	rp_sim_close(fs->sim);
	rp_cleanup_close(&fs->sys_fd);
	rp_cleanup_close(&fs->dev_fd);
	rp_names_done(&fs->bound);
	rp_names_done(&fs->host);
	rp_strbuf_done(&fs->signature);
}

/* ---- exec ---- */

/* argv: options, NAME, FOLDER, CMD...; it ends with NULL. */
static int cmd_exec(char **argv)
{
	static char here[] = "";
	struct rocpart_error err = {0};
	const char *host = NULL;
	bool has_ioctls = false;
	struct rp_simfs fs;
	int r;

	for (; rp_str_starts(*argv, "--"); argv++) {
		has_ioctls |= rp_str_eq(*argv, "--ioctl");
		if (rp_str_starts(*argv, "--host="))
			host = *argv + strlen("--host=");
	}
	r = open_fs(&fs, argv[0], argv[1], &err);
	fs.root = here;
	fs.has_ioctls = has_ioctls;
	if (r == 0)
		r = rp_simfs_exec(&fs, host, argv + 2, &err);
	close_fs(&fs);
	if (r >= 0)
		return r;
	say(&err);
	return FAILED;
}

/* ---- unmount ---- */

static int tell_to_stop(const char *dir)
{
	RP_AUTO_FREE char *control = rp_strdupf("%s/sys/" RP_SIMFS_DIR "/control", dir);
	RP_AUTO_CLOSE int fd = control ? open(control, O_WRONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return rp_neg_errno();
	return write(fd, "stop", 4) < 0 ? rp_neg_errno() : 0;
}

/* What is left of one that crashed: everything below dir goes at once. */
static int clean_up(const char *dir, struct rocpart_error *reterr)
{
	int r = rp_simfs_detach(dir);

	if (r < 0)
		return rp_error_errno(reterr, r, dir,
				      "cannot unmount what a crashed simulator left mounted there");
	fprintf(stderr, "rocpart: %s: unmounted what a crashed simulator had left mounted\n", dir);
	return 0;
}

static int cmd_unmount(const char *dir, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf name = RP_STRBUF_INIT;
	int r = rp_simfs_probe(dir, &name);

	if (r == -ENOENT)
		return rp_error_set(reterr, r, ROCPART_ERR_NOT_FOUND, dir,
				    "no simulated machine is mounted on '%s'", dir);
	if (r != -EBUSY)
		return clean_up(dir, reterr);
	r = tell_to_stop(dir);
	if (r == 0)
		r = rp_simfs_detach(dir);
	return r < 0 ? rp_error_errno(reterr, r, dir, "cannot unmount '%s'", dir) : 0;
}

/* ---- mount ---- */

static int must_be_empty(const char *dir, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSEDIR DIR *d = opendir(dir);
	int n = 0;

	if (!d)
		return rp_error_errno(reterr, rp_neg_errno(), dir,
				      "cannot use '%s' as a mount point", dir);
	while (readdir(d) && n <= 2)
		n++;
	if (n <= 2)
		return 0;
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_LOCKED, dir,
			   "cannot use '%s' as a mount point: it is not empty", dir);
	return rp_error_hint(reterr, "name an empty folder, or a folder that does not exist yet");
}

static int check_place(const char *name, const char *dir, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf other = RP_STRBUF_INIT;
	char name_word[RP_WORD_SIZE], dir_word[RP_WORD_SIZE];
	int r = rp_simfs_probe(dir, &other);

	if (r == -EBUSY) {
		(void)rp_error_set(reterr, r, ROCPART_ERR_LOCKED, dir,
				   "simulated machine '%s' is mounted on '%s' already",
				   rp_strbuf_str(&other), dir);
		return rp_error_hint(reterr, "unmount it first: rocpart sim unmount %s %s",
				     rp_shell_word(name, name_word), rp_shell_word(dir, dir_word));
	}
	if (r != -ENOENT) {
		r = clean_up(dir, reterr);
		if (r < 0)
			return r;
	}
	r = rp_make_dirs(dir, false);
	if (r < 0)
		return rp_error_errno(reterr, r, dir, "cannot use '%s' as a mount point", dir);
	return must_be_empty(dir, reterr);
}

static int make_part(const char *dir, const char *part)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", dir, part);

	return path ? rp_make_dirs(path, false) : -ENOMEM;
}

static int mount_there(struct rp_simfs *fs, struct rocpart_error *reterr)
{
	char word[RP_WORD_SIZE];
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = rp_simfs_mount_tmpfs(fs->root, false, &fd);

	if (r == -EPERM) {
		(void)rp_error_set(reterr, r, ROCPART_ERR_PERMISSION, fs->root,
				   "mounting a simulated machine needs root");
		return rp_error_hint(reterr,
				     "`rocpart sim exec %s -- COMMAND` works without root, where "
				     "user namespaces are allowed",
				     rp_shell_word(fs->name, word));
	}
	if (r == 0)
		r = make_part(fs->root, "sys");
	if (r == 0)
		r = make_part(fs->root, "dev");
	if (r < 0)
		return rp_error_errno(reterr, r, fs->root, "cannot use '%s' as a mount point",
				      fs->root);
	return rp_simfs_mount_tree(fs, reterr);
}

/* The one who started us is told by the end of this file that the tree stands. */
struct starter {
	int fd;
};

static int tell_starter(void *userdata, int *ret_wait_fd)
{
	struct starter *s = userdata;
	ssize_t n = write(s->fd, "", 1);

	(void)ret_wait_fd;
	rp_cleanup_close(&s->fd);
	s->fd = -EBADF;
	return n == 1 ? 0 : -EPIPE;
}

static void become_daemon(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)!chdir("/");
	(void)umask(0);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		(void)dup2(null, fd);
	rp_cleanup_close(&null);
}

static int serve_there(struct rp_simfs *fs, int starter_fd, struct rocpart_error *reterr)
{
	struct starter starter = {.fd = starter_fd};
	const struct rp_simfs_user user = {.ready = tell_starter, .userdata = &starter};
	int r = mount_there(fs, reterr);

	if (r < 0)
		return r;
	r = rp_simfs_serve(fs, &user, reterr);
	if (rp_simfs_detach(fs->root) < 0 && r == 0)
		r = -errno;
	rp_cleanup_close(&starter.fd);
	return r;
}

/* The child's words before it is ready: a byte 0, or its error as it is in memory. */
static int wait_for(int fd, struct rocpart_error *reterr)
{
	struct rocpart_error err;
	ssize_t n = read(fd, &err, sizeof(err));

	if (n == 1)
		return 0;
	if (n != (ssize_t)sizeof(err))
		return rp_error_set(
			reterr, -EIO, ROCPART_ERR_FAILED, NULL,
			"the server of the simulated machine ended before it was ready");
	*reterr = err;
	return err.errnum;
}

static int start_server(struct rp_simfs *fs, struct rocpart_error *reterr)
{
	struct rocpart_error err = {0};
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), NULL,
				      "cannot start the server of the simulated machine");
	pid = fork();
	if (pid < 0)
		return rp_error_errno(reterr, rp_neg_errno(), NULL,
				      "cannot start the server of the simulated machine");
	if (pid == 0) {
		int keep = dup(fds[1]);

		close(fds[0]);
		become_daemon();
		r = serve_there(fs, fds[1], &err);
		if (r < 0 && write(keep, &err, sizeof(err)) < 0)
			r = -EPIPE;
		_exit(r < 0 ? 1 : 0);
	}
	close(fds[1]);
	r = wait_for(fds[0], reterr);
	close(fds[0]);
	return r;
}

static int cmd_mount(char **argv, struct rocpart_error *reterr)
{
	struct rp_simfs fs;
	int r = open_fs(&fs, argv[0], argv[1], reterr);

	if (r == 0)
		r = check_place(argv[0], argv[2], reterr);
	fs.root = argv[2];
	if (r == 0)
		r = start_server(&fs, reterr);
	close_fs(&fs);
	return r;
}

int main(int argc, char **argv)
{
	struct rocpart_error err = {0};
	int r;

	if (argc >= 5 && rp_str_eq(argv[1], "exec"))
		return cmd_exec(argv + 2);
	if (argc == 5 && rp_str_eq(argv[1], "mount"))
		r = cmd_mount(argv + 2, &err);
	else if (argc == 3 && rp_str_eq(argv[1], "unmount"))
		r = cmd_unmount(argv[2], &err);
	else
		r = rp_error_set(&err, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				 "this program is started by `rocpart sim`, not by hand");
	if (r == 0)
		return 0;
	say(&err);
	return rocpart_errcode_exit_status(err.code);
}
