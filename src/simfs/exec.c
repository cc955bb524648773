/* SPDX-License-Identifier: MIT */
/* A program in a namespace of its own: this process serves, its child is the program. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simfs/host.h"
#include "simfs/namespace.h"
#include "simfs/simfs.h"

struct program {
	struct rp_simfs *fs;
	char **argv;
	pid_t pid; /* 0: not started */
	mode_t umask;
	sigset_t signals; /* mask that it starts with */
	int net_fd;	  /* network namespace of the host that it runs on; -EBADF: ours */
	int status;	  /* of waitpid(), once has_ended */
	bool has_ended;
	int early_signal; /* that came before it was started; 0: none */
};

/* What is installed beside this program. */
static char *path_beside(const char *name)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	return slash ? rp_strdupf("%.*s/%s", (int)(slash - exe), exe, name) : NULL;
}

static int set_up(struct rp_simfs *fs, const char *standin, const char *library,
		  struct rocpart_error *reterr)
{
	RP_AUTO(rp_simfs_close_host) struct rp_simfs_host host = {-EBADF, -EBADF, -EBADF};
	int r = rp_simfs_open_host(&host);

	if (r < 0)
		return rp_error_errno(reterr, r, NULL, "cannot open /dev and /sys of the host");
	r = rp_simfs_mount_tree(fs, reterr);
	if (r < 0)
		return r;
	r = rp_simfs_show_host(fs, &host);
	if (r < 0)
		return rp_error_errno(reterr, r, NULL, "cannot show /dev and /sys of the host");
	r = rp_simfs_cover_tools(fs, standin);
	if (r < 0)
		return rp_error_errno(reterr, r, standin,
				      "cannot cover modprobe and systemctl of the host");
	r = fs->has_ioctls ? rp_simfs_preload(fs, library) : 0;
	return r < 0 ? rp_error_errno(reterr, r, library,
				      "cannot answer for device nodes: the library of --ioctl "
				      "cannot be loaded")
		     : 0;
}

/* ---- the program ---- */

static void run_child(const struct program *p)
{
	int r = rp_simfs_drop_module_right();

	if (r == 0 && p->net_fd >= 0 && setns(p->net_fd, CLONE_NEWNET) < 0)
		r = rp_neg_errno();
	/* Without its machine the program would go on with broken files. */
	if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		r = rp_neg_errno();
	sigprocmask(SIG_SETMASK, &p->signals, NULL);
	(void)umask(p->umask);
	if (r == 0) {
		execvp(p->argv[0], p->argv);
		r = rp_neg_errno();
	}
	fprintf(stderr, "rocpart: cannot execute '%s': %s\n", p->argv[0], rocpart_strerror(r));
	_exit(r == -ENOENT ? 127 : 126); /* as a shell says it */
}

static int start(void *userdata, int *ret_wait_fd)
{
	struct program *p = userdata;
	pid_t pid;
	long fd;

	if (p->early_signal)
		return -EINTR;
	pid = fork();
	if (pid < 0)
		return rp_neg_errno();
	if (pid == 0)
		run_child(p);
	p->pid = pid;
	fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return rp_neg_errno();
	*ret_wait_fd = (int)fd;
	return 0;
}

/* The first process of a host inherits those whose parents ended. */
static void reap(struct program *p)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == p->pid) {
			p->status = status;
			p->has_ended = true;
		}
}

/* What a terminal sends reaches the program by itself. */
static void forward(void *userdata, int signo, bool from_terminal)
{
	struct program *p = userdata;

	if (signo == SIGCHLD)
		reap(p);
	else if (p->pid == 0)
		p->early_signal = signo;
	else if (!from_terminal)
		(void)kill(p->pid, signo);
}

static int exit_status_of(const struct program *p)
{
	int status = p->status;

	while (!p->has_ended && waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int rp_simfs_exec(struct rp_simfs *fs, const char *host, char **argv, struct rocpart_error *reterr)
{
	/* Before mounts change: the kernel names a file of another namespace by its path there. */
	RP_AUTO_FREE char *standin = path_beside("rocpart-standin");
	RP_AUTO_FREE char *library = path_beside("rocpart-ioctl.so");
	struct program p = {.fs = fs, .argv = argv, .net_fd = -EBADF};
	const struct rp_simfs_user user = {.ready = start, .on_signal = forward, .userdata = &p};
	int r;

	p.umask = umask(0);
	sigprocmask(SIG_SETMASK, NULL, &p.signals);
	if (!standin || !library)
		return rp_error_nomem(reterr);
	r = host ? rp_host_become(fs->folder, host, &p.net_fd, reterr)
		 : rp_namespace_enter_mounts(0, reterr);
	fs->is_host = host && r == 0;
	if (r == 0)
		r = set_up(fs, standin, library, reterr);
	if (r == 0)
		r = rp_simfs_serve(fs, &user, reterr);
	if (p.early_signal && p.pid == 0)
		return 128 + p.early_signal;
	if (r < 0 && p.pid > 0)
		(void)kill(p.pid, SIGKILL);
	if (p.pid > 0 && r == 0)
		return exit_status_of(&p);
	return r;
}
