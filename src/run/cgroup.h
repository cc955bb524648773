/* SPDX-License-Identifier: MIT */
/* A control group of our own below the one that we are in, for one program and what it starts. */
#ifndef RP_RUN_CGROUP_H
#define RP_RUN_CGROUP_H

#include "base/base.h"
#include "base/error.h"
#include "rocpart/run.h"

#include <sys/types.h>

enum rp_cgroup_kind {
	RP_CGROUP_V2,
	RP_CGROUP_V1_DEVICES,
};

/*
 * "rocpart-run-PID-N", and "-3.4" where the leases are told: PID is who watches over it. Without it
 * an empty group is garbage. No two groups of one boot have the same name: a lease remembers it.
 */
#define RP_CGROUP_PREFIX "rocpart-run-"

struct rp_cgroup {
	enum rp_cgroup_kind kind;
	char *path; /* NULL: there is none */
	int fd;	    /* the folder */
};
#define RP_CGROUP_INIT ((struct rp_cgroup){RP_CGROUP_V2, NULL, -EBADF})

/*
 * Make the group, and remove what others left behind beside it. 0; -ENOENT: that kind is not
 * mounted; -EEXIST; -EACCES, -EPERM, -EROFS: not allowed; -ENOSPC, -EAGAIN: no room for a group.
 */
int rp_cgroup_make(enum rp_cgroup_kind kind, const char *name, struct rp_cgroup *ret,
		   struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_cgroup_add(const struct rp_cgroup *g, pid_t pid) RP_MUST_CHECK;
/* Its processes may open these DRM minors and no other. Errors of device_filter.h. */
int rp_cgroup_filter(const struct rp_cgroup *g, const uint32_t *minors, size_t n) RP_MUST_CHECK;
/*
 * End what is in it: SIGTERM, and SIGKILL to what is there grace_ms later. Returns how many there
 * were; 0: it was empty.
 */
size_t rp_cgroup_end(const struct rp_cgroup *g, uint64_t grace_ms);
/* Count its processes. A group with processes that this pid namespace does not show counts 1. */
size_t rp_cgroup_count(const struct rp_cgroup *g);
/* Remove the group; one that still has processes stays. */
void rp_cgroup_remove(struct rp_cgroup *g);
/*
 * Return whether a user may move processes out of the group: whoever may write the cgroup.procs of
 * a folder above may do so (Linux Documentation/admin-guide/cgroup-v2.rst, Delegation Containment).
 * True also where that cannot be found out.
 */
bool rp_cgroup_can_be_left(const struct rp_cgroup *g, const struct rocpart_user *user);

#endif
