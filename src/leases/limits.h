/* SPDX-License-Identifier: MIT */
/* What limits a lease, and how strong each limit is: docs/design/limits.md. */
#ifndef RP_LEASES_LIMITS_H
#define RP_LEASES_LIMITS_H

#include "node/snapshot.h"
#include "rocpart/lease.h"

/* Who keeps the program from the nodes of other partitions. */
enum rp_access {
	RP_ACCESS_OPEN,	  /* nobody that we know of */
	RP_ACCESS_EBPF,	  /* its control group, v2 */
	RP_ACCESS_CGROUP, /* its control group, v1 */
};

/* What keeps others off the bytes of a lease on that partition. */
enum rocpart_guarantee rp_guarantee_of(const struct rocpart_partition *part, uint32_t share);
/* JSON array of {"limit", "guarantee", "by"}; caller frees. 0 or -ENOMEM. */
int rp_limits_text(const struct rocpart_partition *part, uint32_t share, enum rp_access access,
		   char **ret) RP_MUST_CHECK;

#endif
