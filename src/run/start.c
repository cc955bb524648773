/* SPDX-License-Identifier: MIT */
#include "run/start.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define MAX_CHANGES 64

/* Made before the fork: the child of a program with threads must not allocate. */
struct child {
	char **argv, **env; /* env has room for MAX_CHANGES more */
	size_t n_env;
	char changes[RP_START_CHANGES_MAX];
};

static bool same_name(const char *entry, const char *change, size_t name_len)
{
	return strncmp(entry, change, name_len) == 0 && entry[name_len] == '=';
}

static void change_env(struct child *c, char *change)
{
	size_t name_len = strcspn(change, "="), n = 0;

	for (size_t i = 0; i < c->n_env; i++)
		if (!same_name(c->env[i], change, name_len))
			c->env[n++] = c->env[i];
	if (change[name_len] == '=')
		c->env[n++] = change;
	c->n_env = n;
	c->env[n] = NULL;
}

static _Noreturn void be_child(struct child *c, int fd)
{
	ssize_t n;
	int r;

	do {
		n = recv(fd, c->changes, sizeof(c->changes), 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) /* nobody is left who could say go */
		_exit(127);
	/* One message ends with the NUL of its last entry; the first byte is not one of them. */
	for (char *p = c->changes + 1; p < c->changes + n; p += strlen(p) + 1)
		change_env(c, p);
	execvpe(c->argv[0], c->argv, c->env);
	r = errno;
	(void)!send(fd, &r, sizeof(r), MSG_NOSIGNAL);
	_exit(127);
}

static void child_free(struct child *c)
{
	if (c)
		free(c->env);
	free(c);
}

static struct child *child_new(const char *const *argv, const char *const *envp)
{
	struct child *c = rp_new0(struct child, 1);
	size_t n = 0;

	if (!c)
		return NULL;
	while (envp[n])
		n++;
	memcpy(&c->argv, &argv, sizeof(argv)); /* execvpe does not write to the strings */
	c->n_env = n;
	c->env = rp_new0(char *, n + MAX_CHANGES + 1);
	if (!c->env) {
		child_free(c);
		return NULL;
	}
	memcpy(c->env, envp, n * sizeof(*envp));
	return c;
}

/*
 * Born in the group: to move a process there costs the kernel some milliseconds, because all forks
 * have to be held up (Linux 5.7 and later; cgroup_threadgroup_rwsem).
 */
static pid_t fork_into(int cgroup_fd)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)cgroup_fd};

	if (cgroup_fd < 0)
		return fork();
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

int rp_start_wait(const char *const *argv, const char *const *envp, int cgroup_fd,
		  struct rp_waiting *ret)
{
	struct child *c = child_new(argv, envp);
	int fds[2], r = 0;
	pid_t pid;

	if (!c)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		r = rp_neg_errno();
		child_free(c);
		return r;
	}
	pid = fork_into(cgroup_fd);
	if (pid == 0) {
		close(fds[0]);
		be_child(c, fds[1]);
	}
	if (pid < 0) {
		r = rp_neg_errno();
		close(fds[0]);
	}
	close(fds[1]);
	child_free(c);
	if (r == 0)
		*ret = (struct rp_waiting){pid, fds[0]};
	return r;
}

static size_t count_changes(const char *changes, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += changes[i] == '\0';
	return n;
}

int rp_start_go(struct rp_waiting *w, const char *changes, size_t len)
{
	RP_AUTO_FREE char *message = rp_new0(char, RP_START_CHANGES_MAX);
	int errnum = 0;
	ssize_t n;

	if (len > RP_START_CHANGES_MAX - 1 || count_changes(changes, len) > MAX_CHANGES)
		return -E2BIG;
	if (!message)
		return -ENOMEM;
	message[0] = '!'; /* an empty message would read as an end */
	if (len)
		memcpy(message + 1, changes, len);
	if (send(w->fd, message, len + 1, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return rp_neg_errno();
	do {
		n = recv(w->fd, &errnum, sizeof(errnum), 0);
	} while (n < 0 && errno == EINTR);
	rp_cleanup_close(&w->fd);
	w->fd = -EBADF;
	if (n != sizeof(errnum) || errnum <= 0)
		return 0;
	rp_start_cancel(w);
	return -errnum;
}

void rp_start_cancel(struct rp_waiting *w)
{
	rp_cleanup_close(&w->fd);
	w->fd = -EBADF;
	if (w->pid <= 0)
		return;
	(void)kill(w->pid, SIGKILL); /* it may be stopped */
	while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
}
