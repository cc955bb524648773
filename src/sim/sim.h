/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine: an AMD Instinct node as its kernel shows it, played from a profile. It is
 * an oracle for the layers that read and change a machine, so it shares no table with them.
 *
 * The state of a machine lives in a folder (rp_sim_create, rp_sim_open) or in memory (rp_sim_new).
 * In a folder every change is one atomic replacement of one file under a lock: other processes see
 * the machine before or after it, also when the changing process is killed.
 */
#ifndef RP_SIM_SIM_H
#define RP_SIM_SIM_H

#include "base/base.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/tree.h"

struct rp_sim;

/* The file that makes a folder a simulated machine. */
#define RP_SIM_MARKER "rocpart-sim"

/* A folder below it for flat records of who uses the machine; removed with the machine. */
#define RP_SIM_RECORDS	   "records"
#define RP_SIM_PROFILE_MAX (1U << 20) /* bytes of a profile */

/*
 * A new machine in folder dir (made, 0755), in the state that it boots in. name stands in messages
 * about the profile. -EEXIST: there is one; -EINVAL: the profile is wrong, with its place.
 */
int rp_sim_create(const char *dir, const char *profile_text, size_t len, const char *name,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
/* 0; -ENOENT: dir holds no machine; -EBADMSG: its files are damaged. */
int rp_sim_open(const char *dir, struct rp_sim **ret, struct rocpart_error *reterr) RP_MUST_CHECK;
/* A private machine, nothing on disk. */
int rp_sim_new(const char *profile_text, size_t len, const char *name, struct rp_sim **ret,
	       struct rocpart_error *reterr) RP_MUST_CHECK;
struct rp_sim *rp_sim_close(struct rp_sim *sim); /* NULL is fine; returns NULL */
void rp_cleanup_sim(struct rp_sim **sim);
#define RP_AUTO_SIM RP_AUTO(rp_cleanup_sim)
/* Delete the machine in dir: its files and, when nothing else is in it, the folder. */
int rp_sim_remove(const char *dir, struct rocpart_error *reterr) RP_MUST_CHECK;

/* The tree that the machine shows; self of each operation is the struct rp_sim. */
const struct rp_tree_ops *rp_sim_tree_ops(void);

/* What open(2) of a file of the tree answers, to the caller set below. 0 or -errno. */
int rp_sim_may_open(struct rp_sim *sim, const char *path, bool writing) RP_MUST_CHECK;

/*
 * What identifies the machine, whatever GPUs are in it: hexadecimal digits. A machine
 * of an earlier version, or in memory, is identified by its profile.
 */
#define RP_SIM_ID_SIZE 33
void rp_sim_get_id(const struct rp_sim *sim, char ret[RP_SIM_ID_SIZE]);

/* Borrowed from sim. */
const char *rp_sim_profile_name(const struct rp_sim *sim);
const char *rp_sim_abi(const struct rp_sim *sim); /* "g1", "g2", "g3" */
size_t rp_sim_gpu_count(const struct rp_sim *sim);
/* Bits: those that fell off the bus, and from bit 32 on those that are not on it. */
uint64_t rp_sim_gpus_gone(const struct rp_sim *sim);
/* Is there a place for a GPU at that PCI address, whether a GPU is in it or not? */
bool rp_sim_has_place(const struct rp_sim *sim, const char *bdf);

/*
 * Who reads and writes from now on, in this handle only: root until said otherwise. minors are the
 * render nodes that the caller's device cgroup allows; NULL allows all. 0 or -ENOMEM.
 */
int rp_sim_set_caller(struct rp_sim *sim, uint32_t uid, const uint32_t *minors,
		      size_t n) RP_MUST_CHECK;

/* Programs ask before they change its modes, as on hardware. */
int rp_sim_set_asks(struct rp_sim *sim, bool asks, struct rocpart_error *reterr) RP_MUST_CHECK;
bool rp_sim_asks(const struct rp_sim *sim);
/* Switches, loads and unloads take the time that the profile gives them. */
int rp_sim_set_realistic(struct rp_sim *sim, bool realistic,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
/* The kernel log, as /dev/kmsg gives it: "level,number,microseconds,-;text". */
int rp_sim_read_kernel_log(struct rp_sim *sim, struct rp_strbuf *ret) RP_MUST_CHECK;
/*
 * The records that rocpart keeps with the machine (journal, leases) are written without waiting for
 * the disk: a killed process loses nothing, a power cut may. Never set on hardware.
 */
int rp_sim_set_no_sync(struct rp_sim *sim, bool no_sync,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
bool rp_sim_no_sync(const struct rp_sim *sim);

/* Power off and on: the boot state of the profile; processes and faults are gone. */
int rp_sim_reset(struct rp_sim *sim, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Somebody unloads and loads the driver. -EBUSY: a process has a device open. */
int rp_sim_reload(struct rp_sim *sim, struct rocpart_error *reterr) RP_MUST_CHECK;

/* A partition slot of a GPU: slot 0 is the GPU's own render node. */
struct rp_sim_slot {
	const char *bdf;
	uint32_t slot;
	uint64_t bytes; /* of VRAM; 0 where only the slot matters */
};

/* A simulated process that has device files open. Strings are borrowed for the call. */
struct rp_sim_process {
	uint32_t pid; /* 0: the next free one */
	uint32_t uid;
	const char *comm;     /* NULL: "python3" */
	const char *cmdline;  /* words separated by one blank; NULL: comm */
	const char *cgroup;   /* path in the hierarchy; NULL: "/user.slice" */
	uint64_t start_ticks; /* since boot, field 22 of stat; 0: later than every other process */
	bool kfd;	      /* has /dev/kfd open */
	const struct rp_sim_slot *render; /* render nodes that it has open */
	size_t n_render;
	const struct rp_sim_slot *allow; /* what its device cgroup allows; none given: all */
	size_t n_allow;
	const struct rp_sim_slot *vram; /* what KFD accounts to it; implies kfd */
	size_t n_vram;
};

/* 0; -EEXIST: that pid exists; -ENODEV: no such GPU or slot; -ENOMEM: more VRAM than is there. */
int rp_sim_hold(struct rp_sim *sim, const struct rp_sim_process *p, uint32_t *ret_pid,
		struct rocpart_error *reterr) RP_MUST_CHECK;
/* The process ends. -ESRCH: there is none of that pid. */
int rp_sim_unhold(struct rp_sim *sim, uint32_t pid, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Pids, ascending. Caller frees *ret. */
int rp_sim_pids(struct rp_sim *sim, uint32_t **ret, size_t *ret_n) RP_MUST_CHECK;

/*
 * Units and containers of the machine: "systemd:NAME", "docker:NAME", "podman:NAME". One runs when
 * it was started by name, or when a process is in its control group. Stopping it ends its
 * processes; starting it again brings them back, as new ones that have no memory yet.
 */
int rp_sim_service_runs(struct rp_sim *sim, const char *id) RP_MUST_CHECK; /* 1, 0 or -errno */
/* 0, also when it is so already; -EINVAL: no id; -ENOENT: stopping what nobody knows. */
int rp_sim_service_start(struct rp_sim *sim, const char *id) RP_MUST_CHECK;
int rp_sim_service_stop(struct rp_sim *sim, const char *id) RP_MUST_CHECK;
/*
 * A line in services.log of the machine's folder, where starts and stops are written as well: what
 * was asked for and is not done on a simulated machine.
 */
int rp_sim_log(struct rp_sim *sim, const char *line) RP_MUST_CHECK;

/*
 * Faults by rule. N counts the times that a rule could fire: without it it fires each time, with
 * it only the Nth time. PATTERN is a shell pattern of a file name or, with a slash, of the end of
 * a path; BDF is a shell pattern too.
 *
 *   read:PATTERN:ERRNO[:N]   write:PATTERN:ERRNO[:N]   unload:ERRNO[:N]   load:ERRNO[:N]
 *   write:PATTERN:ignored[:N]  the write succeeds, the value stays
 *   vanish:BDF/ID[:N]          the KFD node of that partition does not appear
 *   lose:BDF[:N]               the GPU does not come back when the driver is loaded
 *   unplug:BDF[:N]             the same, and the GPU leaves the PCI bus until another load
 *   replace:BDF[:N]            another GPU is in its slot when the driver is loaded: its unique id
 *   reset:BDF                  the GPU is being reset: EPERM from its partition files (g3)
 *   switching:BDF              its compute mode is being switched: EINVAL from /dev/kfd, and EBUSY
 *   reinit:BDF[:N]             KFD fails to start after a compute switch: EIO, no nodes
 *   nps:BDF[:N]                the firmware refuses a memory mode for that GPU when it is unloaded
 *   ue:BDF:COUNT ce:BDF:COUNT bad-pages:BDF:COUNT   what RAS counted
 *   start:NAME stop:NAME   a unit or container that cannot be
 *   slow:PATTERN:MS        reading takes so many milliseconds
 *   hang:PATTERN           reading does not end before the rule is removed
 *   read-only:PATTERN      nobody may write the file
 *
 * These happen at once, to all GPUs that the pattern matches, and are no rules afterwards:
 *
 *   off-bus:BDF            it falls off the bus: ENODEV, EIO; the driver is not told
 *   remove:BDF  rescan     as the files of the PCI core; those who use the GPU end
 *   unbind:BDF  bind:BDF   as the files of the driver; those who use the GPU end
 *   reset-now:BDF[:S]      reset of it and its hive, for S seconds; those who use the GPUs end
 *   overheat:BDF           it switches itself off: as off-bus
 *   set-nps:BDF:N          its memory mode is NPSN, whatever its hive has
 */
int rp_sim_fault_add(struct rp_sim *sim, const char *rule,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same in so many seconds of the machine's clock. */
int rp_sim_fault_plan(struct rp_sim *sim, const char *rule, uint64_t seconds,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
/* Rules in the order they were added, one a line. */
int rp_sim_fault_list(struct rp_sim *sim, struct rp_strbuf *ret) RP_MUST_CHECK;
/* Those to come: "SECONDS RULE", by time. */
int rp_sim_fault_list_planned(struct rp_sim *sim, struct rp_strbuf *ret) RP_MUST_CHECK;
/* The first such rule, or one to come. -ENOENT: there is none. */
int rp_sim_fault_remove(struct rp_sim *sim, const char *rule,
			struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_sim_fault_clear(struct rp_sim *sim, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Load over time. A machine has no model of it until one of these but the last two is called; then
 * its clock starts at 0 and follows that of the host, and its files tell power, temperatures,
 * clocks. Each returns 0 or errno of writing the state.
 */
/* Start anew: idle GPUs, time 0. The same seed gives the same values at the same times. */
int rp_sim_load_start(struct rp_sim *sim, uint64_t seed, uint32_t rate,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * From now on target is util percent busy and comes to have vram bytes, for for_s seconds, 0: until
 * another load. target: "all"; a GPU, by its number in the profile or its address; "GPU/ID".
 * -ENODEV; -EINVAL: more than 100 percent; -ENOMEM: more bytes than there are; -ENOSPC: too many.
 */
int rp_sim_load_add(struct rp_sim *sim, const char *target, uint32_t util, uint64_t vram,
		    uint64_t for_s, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Lines "seconds, target, percent, bytes", seconds from now; all or nothing. -EINVAL: which. */
int rp_sim_load_script(struct rp_sim *sim, const char *text, const char *name,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_sim_clock_advance(struct rp_sim *sim, uint64_t seconds,
			 struct rocpart_error *reterr) RP_MUST_CHECK; /* -ERANGE: too far */
/* Simulated seconds in a second of the host; 0: it stands. -EINVAL: too fast. */
int rp_sim_clock_set_rate(struct rp_sim *sim, uint32_t rate,
			  struct rocpart_error *reterr) RP_MUST_CHECK;
/* No model any more: files as before the first load. */
int rp_sim_load_stop(struct rp_sim *sim, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Was a load started? As the last call that looked at the state found it. */
bool rp_sim_has_load(const struct rp_sim *sim);
/*
 * Another number when a process of a load came, went or grew since the last call: with time alone,
 * without a change of the files of the machine. 0 without a model.
 */
uint64_t rp_sim_load_moves(struct rp_sim *sim);
/* What the model says of each GPU now, as JSON: docs/schema/sim-load.json. */
int rp_sim_load_show(struct rp_sim *sim, struct rp_strbuf *ret) RP_MUST_CHECK;

#endif
