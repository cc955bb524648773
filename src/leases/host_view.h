/* SPDX-License-Identifier: MIT */
/*
 * What is needed to judge leases: the snapshot, whose memory is on which partition, which
 * processes there are, and which boot and which load of the driver this is.
 */
#ifndef RP_LEASES_HOST_VIEW_H
#define RP_LEASES_HOST_VIEW_H

#include "leases/cgroup_name.h"
#include "leases/lease.h"
#include "machine/machine.h"
#include "node/snapshot.h"

/* Device memory of one process on one partition, never 0. */
struct rp_memory {
	uint32_t pid;
	const struct rocpart_partition *partition; /* of the snapshot of the view */
	uint64_t bytes;
};

struct rp_process {
	uint32_t pid;
	struct rp_owner_names names;
};

struct rp_host_view {
	struct rp_tree *tree;
	const char *proc;     /* where its processes are; "proc" but for a simulated machine's */
	struct rp_tree *host; /* of a simulated machine: the processes that run on it for real */
	struct rocpart_snapshot *snapshot;
	struct rp_memory *memory;
	size_t n_memory, cap_memory;
	bool sees_memory;    /* the kernel shows all of it */
	bool sees_processes; /* /proc is that of the whole machine */
	struct rp_process *processes;
	size_t n_processes, cap_processes;
	bool has_processes; /* read already */
	char boot[RP_BOOT_SIZE];
	char epoch[24]; /* of the driver */
	char *identity; /* NULL: cannot be told now */
	uint64_t host_bytes, vram_bytes;
};

int rp_host_view_observe(struct rocpart_machine *m, struct rp_host_view *ret,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_host_view_done(struct rp_host_view *w);
#define RP_AUTO_HOST_VIEW RP_AUTO(rp_host_view_done)

/* What processes can have of a partition; 0 when the kernel does not tell its size. */
uint64_t rp_host_view_usable(const struct rp_host_view *w, const struct rocpart_partition *p);
/* "CPX/NPS4" */
void rp_host_view_mode(const struct rocpart_gpu *gpu, char ret[16]);

/* Fill processes. 0 or -ENOMEM. */
int rp_host_view_read_processes(struct rp_host_view *w) RP_MUST_CHECK;

enum rp_owner_status {
	RP_OWNER_UNKNOWN, /* nothing can be said */
	RP_OWNER_ALIVE,
	RP_OWNER_QUIET, /* nothing of it runs; it may come back */
	RP_OWNER_GONE,	/* certainly, and it cannot come back */
};
/* was_seen: processes of it were seen before. */
int rp_host_view_owner_status(struct rp_host_view *w, const struct rp_owner *o, bool was_seen,
			      enum rp_owner_status *ret) RP_MUST_CHECK;
/* Whether it can be told from a process that it belongs to the owner. */
bool rp_host_view_can_tell(struct rp_host_view *w, const struct rp_owner *o);
bool rp_host_view_belongs(struct rp_host_view *w, uint32_t pid, const struct rp_owner *o);
/* What the owner of a lease must come to for the lease to end; never freed. */
const char *rp_host_view_ends(struct rp_host_view *w, const struct rp_owner *o);
/* Enough digits of an id to know the container by; a name can come back. */
bool rp_host_view_is_container_id(const char *name);
/* The UID into an owner that is a pod, when the kubelet has another one now. Whether it changed. */
bool rp_host_view_pin_pod(struct rp_host_view *w, struct rp_owner *o);
/* `rocpart run --lease` started the process for that lease. */
bool rp_host_view_runs(struct rp_host_view *w, uint32_t pid, int64_t lease);
/* Start time and boot into an owner that is a process. 0; -ENOENT; -EACCES. */
int rp_host_view_pin_owner(struct rp_host_view *w, struct rp_owner *o) RP_MUST_CHECK;
/* The same for a process of ours, also where the machine is a simulated one. */
int rp_host_view_pin_own(struct rp_host_view *w, struct rp_owner *o) RP_MUST_CHECK;

#endif
