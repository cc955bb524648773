/* SPDX-License-Identifier: MIT */
/* Which folder is the control group that a process is in. */
#ifndef RP_RUN_CGROUP_MOUNT_H
#define RP_RUN_CGROUP_MOUNT_H

#include "run/cgroup.h"

/*
 * From the texts of /proc/self/mountinfo and /proc/self/cgroup: the process's group below
 * /sys/fs/cgroup, or below a folder of it. Mounts elsewhere belong to others: a folder prepared for
 * chroot has its own /sys. *ret is the caller's to free. 0; -ENOENT: that kind is not mounted
 * there, or shows other groups only; -ENOMEM.
 */
int rp_cgroup_find_own(enum rp_cgroup_kind kind, const char *mountinfo, const char *groups,
		       char **ret) RP_MUST_CHECK;

#endif
