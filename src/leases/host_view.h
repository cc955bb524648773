/* SPDX-License-Identifier: MIT */
/*
 * The state of this host by which leases are judged: the snapshot, the memory of each process on
 * each partition, the processes, the boot and the load of the driver.
 */
#ifndef RP_LEASES_HOST_VIEW_H
#define RP_LEASES_HOST_VIEW_H

#include "leases/cgroup_name.h"
#include "leases/lease.h"
#include "machine/machine.h"
#include "node/snapshot.h"

/* Begin of an identity that names the unique ids of the GPUs that were present. */
#define RP_FORMER_IDENTITY "gpus"

/* Device memory of one process on one partition, never 0. */
struct rp_memory {
	uint32_t pid;
	const struct rocpart_partition *partition; /* in the snapshot of the view */
	uint64_t bytes;
};

struct rp_process {
	uint32_t pid;
	struct rp_owner_names names;
};

/* Borrows the tree of the machine; the rest is its own. */
struct rp_host_view {
	struct rp_tree *tree;
	const char *proc;     /* folder of its processes; "proc" except on a simulated machine */
	struct rp_tree *host; /* of a simulated machine: this computer, which runs its programs */
	struct rocpart_snapshot *snapshot;
	struct rp_memory *memory;
	size_t n_memory, cap_memory;
	uint32_t *idle; /* processes that have the compute driver open and no memory of a GPU */
	size_t n_idle, cap_idle;
	bool sees_memory;    /* the kernel shows the memory of all processes */
	bool sees_processes; /* /proc is that of the whole machine */
	struct rp_process *processes;
	size_t n_processes, cap_processes;
	bool has_processes; /* processes were read */
	char boot[RP_BOOT_SIZE];
	char epoch[24]; /* changes with each load of the driver; "0": none is loaded */
	char *identity; /* what identifies the machine; NULL: not known, then the record folder does
			 */
	char *former_identity; /* as earlier versions identified some: by its GPUs; may be NULL */
	uint64_t host_bytes, vram_bytes;
	bool has_expected; /* the GPUs of the machine are recorded */
	/*
	 * The first errno of a read whose answer is a bool below, such as EMFILE or EIO; not that a
	 * file is absent or denied, which are answers. Whoever uses such answers asks for it with
	 * rp_host_view_check() before anything is written or shown.
	 */
	int read_error;
};

/* Observe the host. 0; -ENOMEM; errors of reading the machine. */
int rp_host_view_observe(struct rocpart_machine *m, struct rp_host_view *ret,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_host_view_done(struct rp_host_view *w);
#define RP_AUTO_HOST_VIEW RP_AUTO(rp_host_view_done)

/* Return the bytes of a partition that programs can have; 0: the kernel does not show its size. */
uint64_t rp_host_view_usable(const struct rp_host_view *w, const struct rocpart_partition *p);
/* Write the modes of a GPU as "CPX/NPS4". */
void rp_host_view_mode(const struct rocpart_gpu *gpu, char ret[16]);

/* 0, or the error of a read that a former answer of the view rests on. */
int rp_host_view_check(const struct rp_host_view *w, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Open the tree in which programs run that `rocpart run` and `sim exec` start: for a simulated
 * machine that is this computer, else the machine itself. Owned by the view.
 */
int rp_host_view_open_host(struct rp_host_view *w, struct rp_tree **ret) RP_MUST_CHECK;

/* Read all processes with the names in their cgroups, once for each view. 0 or -errno. */
int rp_host_view_read_processes(struct rp_host_view *w) RP_MUST_CHECK;

enum rp_owner_status {
	RP_OWNER_UNKNOWN, /* this host does not show it */
	RP_OWNER_ALIVE,	  /* a process of it runs */
	RP_OWNER_QUIET,	  /* no process of it runs; it may come back */
	RP_OWNER_GONE,	  /* it ended for certain and cannot come back */
};
/*
 * Judge an owner. was_seen: processes or memory of it were seen before; a job or container that was
 * never seen may be about to start. 0 or -errno.
 */
int rp_host_view_owner_status(struct rp_host_view *w, const struct rp_owner *o, bool was_seen,
			      enum rp_owner_status *ret) RP_MUST_CHECK;
/* Return whether this host shows of a process whether it belongs to the owner. */
bool rp_host_view_can_tell(struct rp_host_view *w, const struct rp_owner *o);
/* Return whether a process belongs to an owner; false also where that is not shown. */
bool rp_host_view_belongs(struct rp_host_view *w, uint32_t pid, const struct rp_owner *o);
/* Say in words what ends a lease of this owner here. The text is static. */
const char *rp_host_view_ends(struct rp_host_view *w, const struct rp_owner *o);
/*
 * Return whether a name of docker is an id of a container, which never comes back, as a name can.
 */
bool rp_host_view_is_container_id(const char *name);
/* Record the UID of the pod of that name in an owner that is a pod. Return whether it changed. */
bool rp_host_view_pin_pod(struct rp_host_view *w, struct rp_owner *o);
/* Return whether `rocpart run --lease` started the process for that lease. */
bool rp_host_view_runs(struct rp_host_view *w, uint32_t pid, int64_t lease);
/* Record start time and boot in an owner that is a process. 0; -ENOENT: none; -EACCES. */
int rp_host_view_pin_owner(struct rp_host_view *w, struct rp_owner *o) RP_MUST_CHECK;
/* The same for a process of this computer, also when the machine is a simulated one. */
int rp_host_view_pin_own(struct rp_host_view *w, struct rp_owner *o) RP_MUST_CHECK;

#endif
