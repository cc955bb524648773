/* SPDX-License-Identifier: MIT */
#include "base/spawn.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t rp_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

void rp_sleep_ms(uint64_t ms)
{
	struct timespec ts = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};

	(void)rp_retry(nanosleep(&ts, &ts));
}

/* Read end here, write end there, or the reverse. */
struct pipes {
	int in[2], out[2], err[2];
};
#define NO_PIPES                                    \
	{                                           \
		{-EBADF, -EBADF}, {-EBADF, -EBADF}, \
		{                                   \
			-EBADF, -EBADF              \
		}                                   \
	}

static void close_pipes(struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		rp_cleanup_close(&p->in[i]);
		rp_cleanup_close(&p->out[i]);
		rp_cleanup_close(&p->err[i]);
	}
}
#define AUTO_PIPES RP_AUTO(close_pipes)

static void drop(int *fd)
{
	rp_cleanup_close(fd);
	*fd = -EBADF;
}

/* The input waits in its pipe: nobody has to feed it, no reader that goes can raise SIGPIPE. */
static int open_pipes(const struct rp_spawn_streams *s, struct pipes *p)
{
	size_t len = s->input ? strlen(s->input) : 0;

	if (len > PIPE_BUF)
		return -E2BIG;
	if (pipe2(p->out, O_CLOEXEC) < 0 || (s->err && pipe2(p->err, O_CLOEXEC) < 0))
		return rp_neg_errno();
	if (!len)
		return 0;
	if (pipe2(p->in, O_CLOEXEC) < 0 || rp_retry(write(p->in[1], s->input, len)) != (ssize_t)len)
		return rp_neg_errno();
	drop(&p->in[1]);
	return 0;
}

static int add_files(posix_spawn_file_actions_t *actions, const struct pipes *p, int inherited_fd)
{
	int r = p->in[0] < 0
			? posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0)
			: posix_spawn_file_actions_adddup2(actions, p->in[0], 0);

	if (!r)
		r = posix_spawn_file_actions_adddup2(actions, p->out[1], 1);
	if (!r)
		r = posix_spawn_file_actions_adddup2(actions, p->err[1] < 0 ? p->out[1] : p->err[1],
						     2);
	/* Last: a pipe may be descriptor 3. */
	if (!r && inherited_fd > 0)
		r = posix_spawn_file_actions_adddup2(actions, inherited_fd, 3);
	return r;
}

/*
 * Of a program that acts for us: nothing of who called us, who may be another user (sudo). sysfs
 * has no rocpart-bin: a simulated machine that is shown as files has its modprobe there.
 */
#define FOLDERS \
	"/sys/devices/rocpart-bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
static char path_variable[] = "PATH=" FOLDERS, lang_variable[] = "LANG=C.UTF-8";
static char *const clean_environment[] = {path_variable, lang_variable, NULL};

static int find_path(const char *program, char **ret)
{
	if (!strchr(program, '/'))
		return rp_find_program(program, ret);
	*ret = rp_strdupf("%s", program);
	return *ret ? 0 : -ENOMEM;
}

/*
 * The child gets a process group of its own, so that a deadline ends its children too, and that a
 * terminal's Ctrl-C does not reach it; and signals as a new program has them: what we block or
 * ignore is our affair.
 */
static void set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
					       POSIX_SPAWN_SETSIGDEF);
}

static int start(const char *const *argv, const struct pipes *p, int inherited_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	RP_AUTO_FREE char *path = NULL;
	char **args;
	int r = find_path(argv[0], &path);

	if (r < 0)
		return r;
	memcpy(&args, &argv, sizeof(args)); /* posix_spawn does not write to the strings */
	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	set_attributes(&attr);
	r = add_files(&actions, p, inherited_fd);
	if (!r)
		r = posix_spawn(ret_pid, path, &actions, &attr, args, clean_environment);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* A program that runs, and where its output goes. */
struct run {
	pid_t pid;
	struct rp_strbuf *out, *err;
	size_t max_out;
	bool cut;
	int error; /* of reading its output, the first */
};

static void keep(struct run *run, struct rp_strbuf *b, const char *data, size_t len)
{
	size_t room = b && b->len < run->max_out ? run->max_out - b->len : 0;

	if (len > room)
		run->cut = true;
	if (room)
		rp_strbuf_add_mem(b, data, len < room ? len : room);
}

/* One read; closed at end of file. What is over the limit is read and dropped. */
static size_t read_some(struct run *run, int *fd, struct rp_strbuf *b)
{
	char buf[4096];
	ssize_t n = rp_retry(read(*fd, buf, sizeof(buf)));

	if (n > 0) {
		keep(run, b, buf, (size_t)n);
		return (size_t)n;
	}
	if (n < 0 && run->error == 0)
		run->error = rp_neg_errno();
	drop(fd);
	return 0;
}

/* What is in the pipe now: a child of the program may hold it open, or write for ever. */
static void read_rest(struct run *run, int *fd, struct rp_strbuf *b)
{
	int left = 0;

	if (*fd < 0 || ioctl(*fd, FIONREAD, &left) < 0)
		return;
	while (left > 0 && *fd >= 0)
		left -= (int)read_some(run, fd, b);
}

/* Wait for output or the end. True when the program has ended before the deadline. */
static bool follow(struct run *run, struct pipes *p, int pid_fd, uint64_t deadline_ns,
		   int *ret_status)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = p->out[0], .events = POLLIN},
				       {.fd = p->err[0], .events = POLLIN},
				       {.fd = pid_fd, .events = POLLIN}};
		uint64_t now = rp_now_ns();
		uint64_t ms = now < deadline_ns ? (deadline_ns - now) / 1000000 + 1 : 0;
		pid_t r;

		/* Without pidfds (a sandbox, gVisor) it is asked again and again. */
		if (ms > INT_MAX || (pid_fd < 0 && ms > 5))
			ms = pid_fd < 0 ? 5 : INT_MAX;
		if (poll(fds, RP_ARRAY_LEN(fds), (int)ms) < 0 && errno != EINTR)
			rp_sleep_ms(
				5); /* no memory in the kernel: the deadline holds all the same */
		r = pid_fd < 0 || fds[2].revents ? rp_retry(waitpid(run->pid, ret_status, WNOHANG))
						 : 0;
		if (r)
			return true;
		if (fds[0].revents)
			read_some(run, &p->out[0], run->out);
		if (fds[1].revents)
			read_some(run, &p->err[0], run->err);
		if (now >= deadline_ns)
			return false;
	}
}

/* A program that the kernel does not let go of is left behind: the deadline is kept. */
static int end_group(pid_t pid, int pid_fd)
{
	struct pollfd gone = {.fd = pid_fd, .events = POLLIN};
	const uint64_t end_ns = rp_now_ns() + UINT64_C(1000000000);
	int status = 0;

	kill(-pid, SIGKILL);
	/* A timer of the caller may interrupt it again and again. */
	while (pid_fd >= 0 && poll(&gone, 1, 100) <= 0)
		if (rp_now_ns() > end_ns)
			return SIGKILL;
	(void)rp_retry(waitpid(pid, &status, 0));
	return status;
}

/* From the start of the child to its end. */
static int watch(pid_t pid, struct pipes *p, const struct rp_spawn_streams *s, uint64_t deadline_ns,
		 struct rp_spawn_result *ret)
{
	struct rp_spawn_result result = {.exit_status = -1};
	struct run run = {.pid = pid, .out = s->out, .err = s->err, .max_out = s->max_out};
	RP_AUTO_CLOSE int pid_fd = pidfd_open(pid, 0);
	int status = 0;

	drop(&p->in[0]);
	drop(&p->out[1]);
	drop(&p->err[1]);
	result.timed_out = !follow(&run, p, pid_fd, deadline_ns, &status);
	if (result.timed_out)
		status = end_group(pid, pid_fd);
	read_rest(&run, &p->out[0], run.out);
	read_rest(&run, &p->err[0], run.err);
	result.cut = run.cut;
	if (WIFEXITED(status))
		result.exit_status = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		result.signal = WTERMSIG(status);
	*ret = result;
	if (run.error < 0)
		return run.error;
	return (s->out && rp_strbuf_failed(s->out)) || (s->err && rp_strbuf_failed(s->err))
		       ? -ENOMEM
		       : 0;
}

int rp_spawn_streams(const char *const *argv, const struct rp_spawn_streams *s,
		     uint64_t deadline_ms, struct rp_spawn_result *ret)
{
	uint64_t deadline_ns = rp_now_ns() + deadline_ms * 1000000;
	AUTO_PIPES struct pipes p = NO_PIPES;
	pid_t pid = -1;
	int r = open_pipes(s, &p);

	if (r == 0)
		r = start(argv, &p, s->inherited_fd, &pid);
	return r < 0 ? r : watch(pid, &p, s, deadline_ns, ret);
}

/*
 * Signals as a new program has them: handlers of ours are not for the child, and it has to die of a
 * crash. It dies with us: nobody would end it when it hangs.
 */
static void become_child(int out_fd, int inherited_fd)
{
	sigset_t none;
	int null;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* Above the numbers that are about to be used. */
	if (inherited_fd > 0)
		inherited_fd = fcntl(inherited_fd, F_DUPFD_CLOEXEC, 5);
	if (null < 0 || inherited_fd < 0 || rp_retry(dup2(out_fd, 3)) < 0)
		_exit(127);
	if (inherited_fd > 0 && rp_retry(dup2(inherited_fd, 4)) < 0)
		_exit(127);
	for (int i = 0; i < 3; i++)
		if (rp_retry(dup2(null, i)) < 0)
			_exit(127);
	close_range(inherited_fd > 0 ? 5 : 4, ~0U, 0);
}

int rp_spawn_function(rp_child_fn fn, void *userdata, const struct rp_spawn_streams *s,
		      uint64_t deadline_ms, struct rp_spawn_result *ret)
{
	uint64_t deadline_ns = rp_now_ns() + deadline_ms * 1000000;
	struct rp_spawn_streams plain = {.out = s->out, .max_out = s->max_out};
	AUTO_PIPES struct pipes p = NO_PIPES;
	int r = open_pipes(&plain, &p);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return rp_neg_errno();
	if (pid == 0) {
		become_child(p.out[1], s->inherited_fd);
		_exit(fn(userdata, 3));
	}
	return watch(pid, &p, &plain, deadline_ns, ret);
}

int rp_spawn(const char *const *argv, struct rp_strbuf *out, size_t max_out, uint64_t deadline_ms,
	     struct rp_spawn_result *ret)
{
	struct rp_spawn_streams s = {.out = out, .max_out = max_out};

	return rp_spawn_streams(argv, &s, deadline_ms, ret);
}

int rp_find_program(const char *name, char **ret_path)
{
	const char *at = geteuid() != 0 ? secure_getenv("PATH") : NULL;

	if (!at)
		at = FOLDERS;
	for (size_t len; *at; at += len + (at[len] == ':')) {
		RP_AUTO_FREE char *path = NULL;
		struct stat st;

		len = strcspn(at, ":");
		if (*at != '/')
			continue;
		path = rp_strdupf("%.*s/%s", (int)len, at, name);
		if (!path)
			return -ENOMEM;
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0) {
			*ret_path = rp_steal(&path);
			return 0;
		}
	}
	return -ENOENT;
}
