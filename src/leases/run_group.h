/* SPDX-License-Identifier: MIT */
/*
 * The cgroup of `rocpart run` as the owner of a lease: what a command leaves in its cgroup keeps
 * the lease when the command itself has ended.
 */
#ifndef RP_LEASES_RUN_GROUP_H
#define RP_LEASES_RUN_GROUP_H

#include "leases/host_view.h"

/*
 * Judge the owner of a lease as rp_host_view_owner_status() does, and by the cgroup of the lease:
 * a process that is GONE is ALIVE while the cgroup has processes, and UNKNOWN where that is not
 * shown. 0 or -ENOMEM.
 */
int rp_lease_owner_status(struct rp_host_view *w, const struct rp_lease *l,
			  enum rp_owner_status *ret) RP_MUST_CHECK;
/* Return whether a process belongs to a lease: to its owner, or to its cgroup. */
bool rp_lease_has_process(struct rp_host_view *w, const struct rp_lease *l, uint32_t pid);

#endif
