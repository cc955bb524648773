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

/* How a program is confined. All zero: not at all. */
struct rp_confinement {
	enum rp_access access;
	bool is_root;	   /* it runs as root, which may leave the cgroup and remove the filter */
	bool can_leave;	   /* its user may move its processes out of the cgroup */
	const char *group; /* name of the cgroup that `rocpart run` made; NULL: none */
};

/* How strongly the bytes of a lease on a partition are kept from others. */
enum rocpart_guarantee rp_guarantee_of(const struct rocpart_partition *part, uint32_t share);
/*
 * Make the JSON array of {"limit", "guarantee", "by"}, which the caller frees. The limit "access"
 * has a "cgroup", too, when there is one: the lease belongs to the processes in it. 0 or -ENOMEM.
 */
int rp_limits_text(const struct rocpart_partition *part, uint32_t share,
		   const struct rp_confinement *how, char **ret) RP_MUST_CHECK;
/* Read the name of the cgroup from such an array, or ""; NULL: no array. */
void rp_limits_group(const char *limits, char *ret, size_t size);

#endif
