/* SPDX-License-Identifier: MIT */
#include "simfs/host.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/tree.h"
#include "simfs/hosts_file.h"
#include "simfs/namespace.h"
#include "simfs/netlink.h"
#include "simfs/network.h"
#include "simfs/simfs.h"

#define HOSTS	   "/etc/hosts"
#define HOSTS_COPY "/run/hosts" /* what is bind-mounted there */

/* The parent: outside of the host's PID namespace. */
struct keeper {
	struct rp_network network;
	struct rp_hosts_file hosts;
	int hosts_fd, netlink_fd, watch_fd, signal_fd;
	int alive[2]; /* the first process sees the end of it when the keeper has ended */
	pid_t pid;
};

static void keeper_done(struct keeper *k)
{
	int *const fds[] = {&k->hosts_fd,  &k->netlink_fd, &k->watch_fd,
			    &k->signal_fd, &k->alive[0],   &k->alive[1]};

	rp_network_done(&k->network);
	rp_hosts_file_done(&k->hosts);
	for (size_t i = 0; i < RP_ARRAY_LEN(fds); i++) {
		rp_cleanup_close(fds[i]);
		*fds[i] = -EBADF;
	}
}

/* ---- mounts ---- */

/* The machines may be kept below /run themselves: their folder stays where it is. */
static int bind_again(int fd, const char *folder)
{
	int r = rp_make_dirs(folder, false);

	return r == 0 ? rp_simfs_bind_fd(fd, folder) : r;
}

static int mount_run(const char *folder)
{
	const char *slash = strrchr(folder, '/');
	RP_AUTO_FREE char *machines = rp_strndup(folder, slash ? (size_t)(slash - folder) : 0);
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = 0;

	if (!machines)
		return -ENOMEM;
	if (rp_str_starts(folder, "/run/")) {
		fd = open(machines, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return rp_neg_errno();
	}
	if (mount("rocpart-sim", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
		return rp_neg_errno();
	if (fd >= 0)
		r = bind_again(fd, machines);
	if (r == 0 && (mkdir("/run/lock", 0777) < 0 || chmod("/run/lock", 01777) < 0))
		r = rp_neg_errno();
	(void)unsetenv("XDG_RUNTIME_DIR"); /* it was there */
	return r;
}

static int mount_hosts(struct keeper *k)
{
	int r;

	k->hosts_fd = open(HOSTS_COPY, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (k->hosts_fd < 0 || fchmod(k->hosts_fd, 0644) < 0)
		return rp_neg_errno();
	r = rp_hosts_file_update(&k->hosts, k->netlink_fd, k->hosts_fd);
	return r == 0 ? rp_simfs_bind_fd(k->hosts_fd, HOSTS) : r;
}

static int set_up(struct keeper *k, const char *folder, const char *name,
		  struct rocpart_error *reterr)
{
	int r = rp_network_join(&k->network, folder, name, reterr);

	if (r == 0)
		r = rp_namespace_enter_mounts(CLONE_NEWUTS | CLONE_NEWIPC, reterr);
	if (r < 0)
		return r;
	if (sethostname(name, strlen(name)) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), name,
				      "cannot set the name of the simulated host");
	r = mount_run(folder);
	if (r < 0)
		return rp_error_errno(reterr, r, "/run", "cannot mount the host's own /run");
	/* The watch first: what comes between the two is seen by both. */
	r = rp_netlink_watch(&k->watch_fd);
	if (r == 0)
		r = rp_netlink_open(&k->netlink_fd);
	if (r == 0)
		r = mount_hosts(k);
	if (r < 0)
		return rp_error_errno(reterr, r, HOSTS, "cannot cover '" HOSTS "'");
	r = rp_network_wait(&k->network, k->netlink_fd);
	return r < 0 ? rp_error_errno(reterr, r, name,
				      "the simulated host '%s' does not come to reach the others",
				      name)
		     : 0;
}

/* ---- the parent ---- */

static void drain(int fd)
{
	char text[4096]; /* what is longer is cut: it is not looked at */
	ssize_t n;

	do /* ENOBUFS: some were dropped, which the list that is read next makes up for */
		n = recv(fd, text, sizeof(text), 0);
	while (n >= 0 || errno == EINTR || errno == ENOBUFS);
}

/* What a terminal sends reaches the program by itself. */
static void on_signal(const struct keeper *k)
{
	struct signalfd_siginfo info;

	if (read(k->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
	    info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL)
		(void)kill(k->pid, (int)info.ssi_signo);
}

/* Until the first process of the host has ended. Exit status of a shell. */
static int keep(struct keeper *k)
{
	struct pollfd p[] = {{.fd = k->watch_fd, .events = POLLIN},
			     {.fd = k->signal_fd, .events = POLLIN}};
	int status = 0, r;

	while (waitpid(k->pid, &status, WNOHANG) == 0) {
		if (poll(p, RP_ARRAY_LEN(p), -1) < 0)
			continue;
		if (p[1].revents)
			on_signal(k);
		if (!p[0].revents)
			continue;
		drain(k->watch_fd);
		r = rp_hosts_file_update(&k->hosts, k->netlink_fd, k->hosts_fd);
		if (r < 0)
			fprintf(stderr, "rocpart: cannot write '" HOSTS "': %s\n",
				rocpart_strerror(r));
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int block_signals(struct keeper *k, sigset_t *ret_before)
{
	static const int handled[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < RP_ARRAY_LEN(handled); i++)
		sigaddset(&signals, handled[i]);
	sigprocmask(SIG_BLOCK, &signals, ret_before);
	k->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	return k->signal_fd < 0 ? rp_neg_errno() : 0;
}

/* ---- the first process of the host ---- */

static int begin(struct keeper *k, int *ret_net_fd, struct rocpart_error *reterr)
{
	struct pollfd p = {.fd = k->alive[0], .events = POLLIN};
	int net_fd = rp_steal_fd(&k->network.host_ns_fd);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), NULL, "cannot start the host");
	rp_cleanup_close(&k->alive[1]);
	k->alive[1] = -EBADF;
	if (poll(&p, 1, 0) != 0) /* the parent ended before the line above */
		_exit(128 + SIGKILL);
	keeper_done(k);
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
		(void)rp_error_errno(reterr, rp_neg_errno(), "/proc",
				     "cannot mount the host's own /proc");
		(void)rp_error_hint(reterr, "in a container that hides parts of /proc, users other "
					    "than root cannot have hosts of their own");
		rp_cleanup_close(&net_fd);
		return -EPERM;
	}
	*ret_net_fd = net_fd;
	return 0;
}

static int fork_host(struct keeper *k, int *ret_net_fd, struct rocpart_error *reterr)
{
	sigset_t before;
	int r = pipe2(k->alive, O_CLOEXEC) < 0 ? rp_neg_errno() : block_signals(k, &before);

	if (r == 0 && unshare(CLONE_NEWPID) < 0)
		r = rp_neg_errno();
	if (r < 0)
		return rp_error_errno(reterr, r, NULL, "cannot create a PID namespace");
	fflush(stdout);
	k->pid = fork();
	if (k->pid < 0)
		return rp_error_errno(reterr, rp_neg_errno(), NULL,
				      "cannot start the simulated host");
	if (k->pid == 0) {
		/* Signals stay blocked until there is a program to pass them on to. */
		return begin(k, ret_net_fd, reterr);
	}
	rp_cleanup_close(&k->alive[0]);
	k->alive[0] = -EBADF;
	/* The namespace of the host ends with its processes, not with this one. */
	rp_network_leave_host(&k->network);
	_exit(keep(k));
}

int rp_host_become(const char *folder, const char *name, int *ret_net_fd,
		   struct rocpart_error *reterr)
{
	struct keeper k = {.network = RP_NETWORK_INIT,
			   .hosts_fd = -EBADF,
			   .netlink_fd = -EBADF,
			   .watch_fd = -EBADF,
			   .signal_fd = -EBADF,
			   .alive = {-EBADF, -EBADF}};
	int r = set_up(&k, folder, name, reterr);

	if (r == 0)
		r = fork_host(&k, ret_net_fd, reterr);
	if (r < 0)
		keeper_done(&k);
	return r;
}
