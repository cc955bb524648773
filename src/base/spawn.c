/* SPDX-License-Identifier: MIT */
#include "base/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
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

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
}

/* The child gets a process group of its own, so that a deadline ends its children too. */
static int start(const char *const *argv, int out_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char **args;
	int r;

	memcpy(&args, &argv, sizeof(args)); /* posix_spawnp does not write to the strings */
	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, out_fd, 2);
	if (!r)
		r = posix_spawnp(ret_pid, argv[0], &actions, &attr, args, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Read until end of file or deadline. What is over the limit is read and dropped. */
static bool drain(int fd, struct rp_strbuf *out, size_t max_out, uint64_t deadline_ns)
{
	char buf[4096];

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = rp_now_ns();
		ssize_t n;
		size_t room;

		if (now >= deadline_ns)
			return false;
		if (poll(&p, 1, (int)((deadline_ns - now) / 1000000 + 1)) < 0 && errno != EINTR)
			return false;
		if (!p.revents)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		room = out && out->len < max_out ? max_out - out->len : 0;
		if (room)
			rp_strbuf_add_mem(out, buf, (size_t)n < room ? (size_t)n : room);
	}
}

/* True when the child was reaped before the deadline. */
static bool reap(pid_t pid, uint64_t deadline_ns, int *ret_status)
{
	while (rp_now_ns() < deadline_ns) {
		pid_t r = waitpid(pid, ret_status, WNOHANG);

		if (r == pid || (r < 0 && errno != EINTR))
			return true;
		rp_sleep_ms(5);
	}
	return false;
}

int rp_spawn(const char *const *argv, struct rp_strbuf *out, size_t max_out, uint64_t deadline_ms,
	     struct rp_spawn_result *ret)
{
	uint64_t deadline_ns = rp_now_ns() + deadline_ms * 1000000;
	int pipe_fds[2], status = 0, r;
	struct rp_spawn_result result = {.exit_status = -1};
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return rp_neg_errno();
	r = start(argv, pipe_fds[1], &pid);
	close(pipe_fds[1]);
	if (r < 0) {
		close(pipe_fds[0]);
		return r;
	}
	result.timed_out =
		!drain(pipe_fds[0], out, max_out, deadline_ns) || !reap(pid, deadline_ns, &status);
	close(pipe_fds[0]);
	if (result.timed_out) {
		kill(-pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (WIFEXITED(status))
		result.exit_status = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		result.signal = WTERMSIG(status);
	*ret = result;
	return out && rp_strbuf_failed(out) ? -ENOMEM : 0;
}
