/* SPDX-License-Identifier: MIT */
#include "run/start.h"
#include "run/privilege.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define MAX_CHANGES 64

/* Made before the fork: the child of a program with threads must not allocate. */
struct child {
	const struct rocpart_command *command;
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

/* What the child sends when it does not become the program. */
struct failure {
	enum { AT_USER, AT_FILES, AT_EXECVE } step;
	int errnum;
};

static struct failure become_program(struct child *c)
{
	const struct rocpart_command *command = c->command;
	int r = command->user ? rp_become_user(command->user) : 0;

	if (r < 0)
		return (struct failure){AT_USER, r};
	r = rp_close_other_files(command->pass_fds, command->n_pass_fds);
	if (r < 0)
		return (struct failure){AT_FILES, r};
	execvpe(c->argv[0], c->argv, c->env);
	return (struct failure){AT_EXECVE, rp_neg_errno()};
}

static _Noreturn void be_child(struct child *c, int fd)
{
	struct failure why;
	ssize_t n;

	do {
		n = recv(fd, c->changes, sizeof(c->changes), 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) /* nobody is left who could say go */
		_exit(127);
	/* One message ends with the NUL of its last entry; the first byte is not one of them. */
	for (char *p = c->changes + 1; p < c->changes + n; p += strlen(p) + 1)
		change_env(c, p);
	why = become_program(c);
	(void)!send(fd, &why, sizeof(why), MSG_NOSIGNAL);
	_exit(127);
}

static void child_free(struct child *c)
{
	if (c)
		free(c->env);
	free(c);
}

static struct child *child_new(const struct rocpart_command *command)
{
	struct child *c = rp_new0(struct child, 1);
	const char *const *envp = command->envp;
	size_t n = 0;

	if (!c)
		return NULL;
	while (envp[n])
		n++;
	c->command = command;
	memcpy(&c->argv, &command->argv, sizeof(c->argv)); /* execvpe does not write to them */
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

int rp_start_wait(const struct rocpart_command *command, int cgroup_fd, struct rp_waiting *ret)
{
	struct child *c = child_new(command);
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

static int report(const struct failure *why, struct rocpart_error *reterr)
{
	static const char *const texts[] = {
		[AT_USER] = "cannot take the user and the groups of the command",
		[AT_FILES] = "cannot pass the descriptors of the command",
		[AT_EXECVE] = "cannot execute the program"};

	return rp_error_errno(reterr, why->errnum, NULL, "%s", texts[why->step]);
}

int rp_start_go(struct rp_waiting *w, const char *changes, size_t len, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *message = rp_new0(char, RP_START_CHANGES_MAX);
	struct failure why = {0};
	ssize_t n;

	if (len > RP_START_CHANGES_MAX - 1 || count_changes(changes, len) > MAX_CHANGES)
		return rp_error_errno(reterr, -E2BIG, NULL,
				      "cannot pass the variables of the lease to the program");
	if (!message)
		return rp_error_nomem(reterr);
	message[0] = '!'; /* an empty message would read as an end */
	if (len)
		memcpy(message + 1, changes, len);
	if (send(w->fd, message, len + 1, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return rp_error_errno(reterr, rp_neg_errno(), NULL, "cannot start the program");
	do {
		n = recv(w->fd, &why, sizeof(why), 0);
	} while (n < 0 && errno == EINTR);
	rp_cleanup_close(&w->fd);
	w->fd = -EBADF;
	if (n != sizeof(why) || why.errnum >= 0)
		return 0;
	rp_start_cancel(w);
	return report(&why, reterr);
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
