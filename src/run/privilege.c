/* SPDX-License-Identifier: MIT */
#include "run/privilege.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/*
 * System calls, not the functions of libc: those change all threads of the process, and the child
 * of clone3() still has libc's list of the threads of its parent.
 */
static int set_ids(const struct rocpart_user *u)
{
	if (syscall(SYS_setgroups, u->n_groups, u->groups) < 0 ||
	    syscall(SYS_setresgid, u->gid, u->gid, u->gid) < 0 ||
	    syscall(SYS_setresuid, u->uid, u->uid, u->uid) < 0)
		return rp_neg_errno();
	return 0;
}

/*
 * A namespace is not essential: where cgroup v2 is mounted with nsdelegate, as systemd does, it
 * keeps the processes from moving themselves out of the group. A kernel or a container may refuse
 * one.
 */
int rp_become_user(const struct rocpart_user *user)
{
	int r;

	if (user->uid != 0 && unshare(CLONE_NEWCGROUP) < 0 && errno == ENOMEM)
		return -ENOMEM;
	r = set_ids(user);
	if (r < 0 || user->uid == 0)
		return r;
	/* Ambient rights outlive setresuid() where the caller keeps them (SECBIT_KEEP_CAPS). */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return rp_neg_errno();
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? rp_neg_errno() : 0;
}

/* close_range() knows CLOSE_RANGE_CLOEXEC since Linux 5.11. */
static int mark_all(void)
{
	struct rlimit limit;

	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return rp_neg_errno();
	for (rlim_t fd = 3; fd < limit.rlim_max && fd < INT32_MAX; fd++)
		(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

int rp_close_other_files(const int *pass_fds, size_t n)
{
	int r = mark_all();

	for (size_t i = 0; r == 0 && i < n; i++)
		r = fcntl(pass_fds[i], F_SETFD, 0) < 0 ? rp_neg_errno() : 0;
	return r;
}
