/* SPDX-License-Identifier: MIT */
/* What a program must not inherit of the process that starts it: user, rights, descriptors. */
#ifndef RP_RUN_PRIVILEGE_H
#define RP_RUN_PRIVILEGE_H

#include "base/base.h"
#include "rocpart/run.h"

/*
 * These functions run between fork and execve in a child of a program that may have threads: they
 * allocate nothing and call no function of libc that waits for another thread.
 */

/*
 * Become the user of a command for good: a cgroup namespace, groups, user, and no way to gain
 * rights by execve. 0; -EPERM: the caller is not root; other -errno of these calls.
 */
int rp_become_user(const struct rocpart_user *user) RP_MUST_CHECK;
/*
 * Close all descriptors above 2 at execve but those in pass_fds. 0; -EBADF: one of these is not
 * open.
 */
int rp_close_other_files(const int *pass_fds, size_t n) RP_MUST_CHECK;

#endif
