/* SPDX-License-Identifier: MIT */
/* The limits of a lease, and how strong each is: docs/design/limits.md. */
#ifndef RP_LEASES_LIMITS_H
#define RP_LEASES_LIMITS_H

#include "node/snapshot.h"
#include "rocpart/lease.h"

/* The means that denies a program the device nodes of other partitions. */
enum rp_access {
	RP_ACCESS_OPEN,	  /* nothing that rocpart did */
	RP_ACCESS_EBPF,	  /* its cgroup v2, by an eBPF program */
	RP_ACCESS_CGROUP, /* its cgroup v1, by the devices controller */
};

/* How strongly the bytes of a lease on a partition are kept from others. */
enum rocpart_guarantee rp_guarantee_of(const struct rocpart_partition *part, uint32_t share);
/* Make the JSON array of {"limit", "guarantee", "by"}, which the caller frees. 0 or -ENOMEM. */
int rp_limits_text(const struct rocpart_partition *part, uint32_t share, enum rp_access access,
		   char **ret) RP_MUST_CHECK;

#endif
