/* SPDX-License-Identifier: MIT */
/* The state of a simulated machine and the kernel's rules about it. Private to this folder. */
#ifndef RP_SIM_MACHINE_H
#define RP_SIM_MACHINE_H

#include "sim/load.h"
#include "sim/profile.h"
#include "sim/sim.h"

/* What can be changed of one GPU. */
struct rp_sim_gpu_state {
	bool present;	/* bound to the driver */
	bool unplugged; /* not on the PCI bus either */
	bool removed;	/* unplugged until a rescan; else until the next load */
	bool off;	/* fell off the bus, and the driver has not been told */
	uint32_t order; /* the how manyth to get DRM minors since the load; 0: none yet */
	uint32_t resets;
	uint32_t swaps; /* how often another GPU was put into its slot */
	enum rp_sim_compute compute;
	uint32_t nps;			/* memory ranges: 1, 2, 4, 8 */
	uint32_t pending_nps;		/* 0: nothing requested */
	enum rp_sim_compute xcp_config; /* selector of compute_partition_config */
	bool alloc_all;			/* mem_alloc_mode is ALL */
	uint64_t power_cap_uw;
	char perf_level[24];
	uint8_t isolation[RP_SIM_SLOTS];
};

/* A GPU node of the KFD topology; its node id is its place in the list after the CPU nodes. */
struct rp_sim_node {
	uint32_t gpu, partition;
	uint32_t simd_seq; /* GPU nodes created before it since the driver was loaded */
	uint32_t gpu_id;
};

struct rp_sim_vram {
	uint32_t gpu, slot;
	uint64_t bytes;
};

struct rp_sim_holder {
	uint32_t pid, uid;
	uint64_t start_ticks;
	char *comm, *cmdline, *cgroup;
	bool kfd;
	bool allow_all;
	bool of_load; /* has the memory of a load: follows from it, and is not saved */
	uint32_t allow[RP_SIM_MAX_GPUS]; /* bit p: slot p of that GPU is allowed */
	uint32_t open[RP_SIM_MAX_GPUS];	 /* bit p: its render node is open */
	struct rp_sim_vram *vram;
	size_t n_vram;
};

/* A unit or container that somebody started or stopped by name. */
struct rp_sim_service {
	char *id; /* "systemd:gpuagent.service" */
	bool runs;
	struct rp_sim_holder *stopped; /* its processes, while it does not run */
	size_t n_stopped, cap_stopped;
};

enum rp_sim_fault_op {
	RP_SIM_FAULT_READ,
	RP_SIM_FAULT_WRITE,
	RP_SIM_FAULT_SLOW,
	RP_SIM_FAULT_HANG,
	RP_SIM_FAULT_READ_ONLY,
	RP_SIM_FAULT_UNLOAD,
	RP_SIM_FAULT_LOAD,
	RP_SIM_FAULT_VANISH,
	RP_SIM_FAULT_LOSE,
	RP_SIM_FAULT_UNPLUG,
	RP_SIM_FAULT_REPLACE,
	RP_SIM_FAULT_RESET,
	RP_SIM_FAULT_SWITCHING,
	RP_SIM_FAULT_REINIT,
	RP_SIM_FAULT_NPS,
	RP_SIM_FAULT_UE,
	RP_SIM_FAULT_CE,
	RP_SIM_FAULT_BAD_PAGES,
	RP_SIM_FAULT_START,
	RP_SIM_FAULT_STOP,
	/* These happen once, and are no rules afterwards. */
	RP_SIM_EVENT_OFF_BUS,
	RP_SIM_EVENT_REMOVE,
	RP_SIM_EVENT_RESCAN,
	RP_SIM_EVENT_UNBIND,
	RP_SIM_EVENT_BIND,
	RP_SIM_EVENT_RESET,
	RP_SIM_EVENT_OVERHEAT,
	RP_SIM_EVENT_SET_NPS,
	RP_SIM_N_FAULT_OPS
};

struct rp_sim_fault {
	char *rule; /* as it was given */
	enum rp_sim_fault_op op;
	char *pattern; /* "" for unload and load */
	int effect;    /* negative errno, or 0: the write is ignored */
	uint64_t nth;  /* 0: each time; of counters: the count; of slow: milliseconds */
	uint64_t hits;
};

/* What happens by itself at a time of the machine's clock: due.c. */
enum rp_sim_due_kind {
	RP_SIM_DUE_SWITCHED, /* of gpu, to mode arg */
	RP_SIM_DUE_LOADED,
	RP_SIM_DUE_UNLOADED,
	RP_SIM_DUE_RESET_ENDS, /* of gpu and its hive */
	RP_SIM_DUE_FAULT,      /* rule is added, or happens */
	RP_SIM_N_DUE_KINDS
};

struct rp_sim_due {
	uint64_t id;   /* those who wait know it by this: times move with the clock */
	int64_t at_us; /* 1 at least */
	bool fails;    /* of a switch: the KFD does not start again */
	enum rp_sim_due_kind kind;
	uint32_t gpu, arg;
	char *rule; /* NULL but of faults */
};

struct rp_sim_state {
	char id[RP_SIM_ID_SIZE]; /* "": made by an earlier version; kept by a reset */
	uint64_t boots;		 /* how often it was switched on */
	uint64_t loads;		 /* how often the driver was loaded, over all boots */
	bool asks;	   /* programs ask before they change it, as on hardware; kept by a reset */
	bool no_sync;	   /* its records need not outlive a power cut; kept by a reset */
	bool realistic;	   /* switches and loads take the time of the profile; kept by a reset */
	int64_t booted_us; /* by the machine's clock */
	uint64_t log_lines;	 /* of the kernel log since then */
	struct rp_sim_due *dues; /* by time */
	size_t n_dues, cap_dues;
	uint64_t due_ids;   /* so many were given */
	uint64_t log_bytes; /* of the file of the kernel log that are its lines */
	bool loaded;
	uint32_t generation;
	uint32_t simd_next;
	uint64_t last_start; /* of all processes that there were; 0: none */
	struct rp_sim_gpu_state gpus[RP_SIM_MAX_GPUS];
	struct rp_sim_node *nodes;
	size_t n_nodes, cap_nodes;
	struct rp_sim_holder *holders;
	size_t n_holders, cap_holders;
	struct rp_sim_service *services;
	size_t n_services, cap_services;
	struct rp_sim_fault *faults;
	size_t n_faults, cap_faults;
	struct rp_sim_load *load; /* NULL: no model */
};

/* DRM minors of a slot; render 0: the slot has no device. */
struct rp_sim_drm {
	uint32_t card, render;
	int32_t xcp; /* N of amdgpu_xcp_N; -1: the GPU's own device */
};

struct rp_sim {
	struct rp_sim_profile *profile;
	char *name;
	struct rp_sim_state state;
	struct rp_sim_drm drm[RP_SIM_MAX_GPUS][RP_SIM_SLOTS]; /* follows from state */
	uint32_t caller_uid;
	uint32_t *caller_minors; /* NULL: all */
	size_t n_caller_minors;
	int dir_fd;   /* -EBADF: in memory only */
	int state_fd; /* keeps the inode of the state file that was read from being used again */
	uint64_t *n_saves;    /* of the state, shared with all who have it open; NULL: not mapped */
	uint64_t n_seen;      /* n_saves when state_fd was last looked at */
	struct rp_strbuf log; /* lines of the kernel log that are in no file yet */
	struct rp_strbuf old_log; /* in memory only: those of changes that are over */
	bool log_is_new;	  /* since a boot that is in no file yet */
	bool defers;		  /* delays are those of the caller */
	uint64_t wait_id;	  /* the last change is over when this due is; 0: it is over */
	int64_t acting_us;	  /* time of what happens just now by itself; 0: nothing does */
	uint64_t n_followed;	  /* how often the processes of loads changed in this handle */
};

/* state.c: what follows from the state. */
uint32_t rp_sim_partitions(const struct rp_sim *sim, size_t gpu); /* of its compute mode */
uint32_t rp_sim_partitions_in(const struct rp_sim_product *product, enum rp_sim_compute mode);
/* Size in mem_banks, the same in both allocation modes; where allocations are refused. */
uint64_t rp_sim_partition_bytes(const struct rp_sim *sim, size_t gpu, uint32_t partition);
uint64_t rp_sim_partition_limit(const struct rp_sim *sim, size_t gpu, uint32_t partition);
uint32_t rp_sim_partition_xccs(const struct rp_sim *sim, size_t gpu);
bool rp_sim_gpu_bound(const struct rp_sim *sim, size_t gpu);	 /* the driver has it */
bool rp_sim_switchable(const struct rp_sim *sim, size_t gpu);	 /* has partition files */
uint64_t rp_sim_unique_id(const struct rp_sim *sim, size_t gpu); /* of the GPU in that slot now */
const char *rp_sim_compute_name(enum rp_sim_compute mode);
/* By the first three characters, whatever their case and whatever follows. 0 or -EINVAL. */
int rp_sim_compute_parse(const char *text, size_t len, enum rp_sim_compute *ret);
/* Possible by its count of XCCs; and in that memory mode by the rules of the kernel played. */
bool rp_sim_compute_possible(const struct rp_sim_product *product, enum rp_sim_compute mode);
bool rp_sim_compute_valid(const struct rp_sim *sim, size_t gpu, enum rp_sim_compute mode,
			  uint32_t nps);
/* In supported_nps_configs, which is not always what the validator says. */
bool rp_sim_listed_together(const struct rp_sim *sim, size_t gpu, enum rp_sim_compute mode,
			    uint32_t nps);
bool rp_sim_is_soc_v1(const struct rp_sim_product *product);	     /* gfx1250: rules of its own */
void rp_sim_layout(struct rp_sim *sim);				     /* fills sim->drm */
bool rp_sim_same_hive(const struct rp_sim *sim, size_t a, size_t b); /* they switch NPS together */
bool rp_sim_in_reset(const struct rp_sim *sim, size_t gpu);	     /* the kernel says EPERM */
bool rp_sim_switching(const struct rp_sim *sim, size_t gpu);	/* the KFD of the GPU is locked */
int rp_sim_find_gpu(const struct rp_sim *sim, const char *bdf); /* index or -ENODEV */
void rp_sim_state_done(struct rp_sim_state *state);

/* gpu_id.c */
uint32_t rp_sim_gpu_id(const struct rp_sim *sim, size_t gpu, uint32_t partition);

/* control.c */
/* fails: the KFD does not start again, and the GPU has no nodes. */
int rp_sim_finish_switch(struct rp_sim *sim, size_t gpu, enum rp_sim_compute mode,
			 bool fails) RP_MUST_CHECK;

/* nodes.c: the KFD's list of GPU nodes. */
void rp_sim_nodes_remove(struct rp_sim *sim, size_t gpu);
int rp_sim_nodes_add(struct rp_sim *sim, size_t gpu) RP_MUST_CHECK;

/* driver.c */
int rp_sim_boot(struct rp_sim *sim) RP_MUST_CHECK; /* state as after power on */
/* Their beginnings: they are over with the due sim->wait_id, or at once. */
int rp_sim_unload(struct rp_sim *sim) RP_MUST_CHECK;
int rp_sim_load(struct rp_sim *sim) RP_MUST_CHECK;
bool rp_sim_is_live(const struct rp_sim *sim); /* loaded, neither coming nor going */
int rp_sim_finish_load(struct rp_sim *sim) RP_MUST_CHECK;
void rp_sim_finish_unload(struct rp_sim *sim);
int rp_sim_bind(struct rp_sim *sim, size_t gpu) RP_MUST_CHECK; /* probe of one, with its nodes */
void rp_sim_unbind(struct rp_sim *sim, size_t gpu);
/* The mode that the driver would choose in the present memory mode. 0 or -EINVAL. */
int rp_sim_auto_compute(const struct rp_sim *sim, size_t gpu, enum rp_sim_compute *ret);

/* due.c: the machine's clock, and what is due by it. */
int64_t rp_sim_time(const struct rp_sim *sim); /* microseconds: of the load, else of the host */
/* Keeps the order, gives it an id; takes rule over. 0 or -ENOMEM, with rule freed. */
int rp_sim_due_add(struct rp_sim *sim, struct rp_sim_due due) RP_MUST_CHECK;
/* What is due of that kind and GPU will not happen. */
void rp_sim_due_drop(struct rp_sim *sim, enum rp_sim_due_kind kind, uint32_t gpu);
const struct rp_sim_due *rp_sim_due_find(const struct rp_sim *sim, enum rp_sim_due_kind kind,
					 uint32_t gpu);
bool rp_sim_is_due(const struct rp_sim *sim); /* would settling do more than add up load? */
/* Let happen what is due, and carry the load to now: before each change. */
int rp_sim_settle(struct rp_sim *sim) RP_MUST_CHECK;
/* The same for a time ahead, with a load. */
int rp_sim_settle_at(struct rp_sim *sim, int64_t now, uint64_t host_us) RP_MUST_CHECK;
/* The clock was set: what is due, and the boot, move with it. */
void rp_sim_clock_moved(struct rp_sim *sim, int64_t before);
void rp_sim_due_done(struct rp_sim_due *due);

/* event.c: what happens to GPUs while the machine runs. */
/* -ENODEV: no GPU has such an address. */
int rp_sim_happen(struct rp_sim *sim, const struct rp_sim_fault *f) RP_MUST_CHECK;
void rp_sim_end_reset(struct rp_sim *sim, size_t gpu);
bool rp_sim_is_resetting(const struct rp_sim *sim, size_t gpu);

/* kernel_log.c; level as of printk. gpu RP_SIM_NO_GPU: a line of the module. */
#define RP_SIM_NO_GPU SIZE_MAX
void rp_sim_klog(struct rp_sim *sim, unsigned level, size_t gpu, const char *fmt, ...)
	RP_PRINTF(4, 5);
int rp_sim_klog_flush(struct rp_sim *sim) RP_MUST_CHECK; /* before the state is saved */
/* All lines as /dev/kmsg gives them. */
int rp_sim_klog_read(struct rp_sim *sim, struct rp_strbuf *ret) RP_MUST_CHECK;

/* control.c: writes to the files that change a GPU; each is one write(2) of len bytes. */
int rp_sim_write_compute(struct rp_sim *sim, size_t gpu, const char *data, size_t len);
int rp_sim_write_memory(struct rp_sim *sim, size_t gpu, const char *data, size_t len);
int rp_sim_write_xcp_config(struct rp_sim *sim, size_t gpu, const char *data, size_t len);
int rp_sim_write_alloc_mode(struct rp_sim *sim, size_t gpu, const char *data, size_t len);

/* holder.c */
bool rp_sim_holder_allows(const struct rp_sim_holder *h, size_t gpu, uint32_t slot);
bool rp_sim_kfd_busy(const struct rp_sim *sim, size_t gpu);
uint32_t rp_sim_open_files(const struct rp_sim *sim); /* device files open, of all processes */
struct rp_sim_holder *rp_sim_find_holder(const struct rp_sim *sim, uint32_t pid); /* or NULL */
uint64_t rp_sim_vram_of(const struct rp_sim_holder *h, size_t gpu, uint32_t slot);
uint64_t rp_sim_vram_used(const struct rp_sim *sim, size_t gpu); /* with the driver's own */
void rp_sim_holder_done(struct rp_sim_holder *h);
int rp_sim_holder_add(struct rp_sim *sim,
		      struct rp_sim_holder *h) RP_MUST_CHECK;	       /* takes it over */
struct rp_sim_holder rp_sim_holder_take(struct rp_sim *sim, size_t i); /* out of the list */
uint64_t rp_sim_next_start(struct rp_sim *sim); /* later than that of every process so far */

/* service.c */
void rp_sim_service_done(struct rp_sim_service *s);
/* "systemd:gpuagent" with its suffix, as systemd completes it; NULL: no id, or out of memory. */
char *rp_sim_service_full_id(const char *id);

/* fault.c */
void rp_sim_fault_done(struct rp_sim_fault *f);
int rp_sim_fault_parse(const char *rule, struct rp_sim_fault *ret,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
/* Add a rule, or let happen what is one of events; takes f over. -ENOMEM, -ENODEV. */
int rp_sim_fault_take(struct rp_sim *sim, struct rp_sim_fault *f) RP_MUST_CHECK;
/* The rule of that kind that fires now for subject, counting this time; NULL: none. */
const struct rp_sim_fault *rp_sim_fault_fires(struct rp_sim *sim, enum rp_sim_fault_op op,
					      const char *subject);
/* Would a rule of that kind look at subject? Counts nothing. */
const struct rp_sim_fault *rp_sim_fault_match(const struct rp_sim *sim, enum rp_sim_fault_op op,
					      const char *subject);

/* store.c: the state on disk. */
int rp_sim_store_refresh(struct rp_sim *sim) RP_MUST_CHECK; /* reads it if it changed */
void rp_sim_store_map(struct rp_sim *sim); /* from now on a refresh without news costs nothing */
int rp_sim_store_lock(struct rp_sim *sim, int *ret_lock_fd) RP_MUST_CHECK;
void rp_sim_store_unmap(struct rp_sim *sim);
/*
 * Start and end of a change. The lock is held until *ret_lock_fd is closed; nothing of what was
 * changed in memory is seen by others before the end, which replaces the state at once.
 */
int rp_sim_change_begin(struct rp_sim *sim, int *ret_lock_fd) RP_MUST_CHECK;
int rp_sim_change_end(struct rp_sim *sim) RP_MUST_CHECK;

/* state_json.c */
struct rp_json;
struct rp_json *rp_sim_state_to_json(const struct rp_sim *sim); /* NULL: out of memory */
int rp_sim_state_from_json(const struct rp_sim *sim, const struct rp_json *j,
			   struct rp_sim_state *ret) RP_MUST_CHECK;

#endif
