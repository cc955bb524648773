/* SPDX-License-Identifier: MIT */
/* A machine: the tree that is read and switched, and the folder of our durable records. */
#ifndef RP_MACHINE_MACHINE_H
#define RP_MACHINE_MACHINE_H

#include "base/error.h"
#include "base/tree.h"
#include "rocpart/backend.h"
#include "rocpart/history.h"

/*
 * What stands behind the tree. The kind of the tree says how files are reached; this says whose
 * files they are: a simulated machine can appear as the /sys of this computer, or as a folder.
 */
enum rp_machine_flavour {
	RP_MACHINE_HARDWARE,	/* this computer */
	RP_MACHINE_CAPTURE,	/* a folder with copies of a machine's files */
	RP_MACHINE_SIM,		/* the simulator answers each read */
	RP_MACHINE_SIM_IN_SYS,	/* inside `sim exec`: /sys of this computer is a simulated one's */
	RP_MACHINE_SIM_MOUNTED, /* a folder where `sim mount` shows one; it is only read */
};

/*
 * Runs a program about the machine (services, hooks): exit status in *ret_status, first
 * line of its output in out. 0, or a negative errno when it could not be run.
 */
typedef int (*rp_run_fn)(void *userdata, const char *const *argv, struct rp_strbuf *out,
			 int *ret_status);

/*
 * Called when the modes of a machine may have changed, before services start again. An error is
 * shown as a warning of the change: it does not fail for it.
 */
typedef int (*rp_modes_changed_fn)(struct rocpart_machine *m, struct rocpart_error *reterr);

#define RP_MACHINE_LISTENERS 4
#define RP_MACHINE_LOCK	     "lock" /* record that whoever changes the machine has locked */

struct rocpart_machine {
	struct rp_tree *tree;
	enum rp_machine_flavour flavour;
	enum rocpart_backend backend;
	char *state_dir; /* absolute; text for messages when in_memory; NULL: a capture has none */
	bool in_memory;	 /* records are kept in memory: state is open, and there is no folder */
	struct rp_tree *state; /* opened by the first that needs it; may stay NULL */
	rp_tree_hook_fn hook;  /* given to the record folder too, once it is open */
	void *hook_userdata;
	struct rp_trace trace; /* given to both trees */
	rp_run_fn run;	       /* NULL: programs are really run, on hardware only */
	void *run_userdata;
	rp_modes_changed_fn listeners[RP_MACHINE_LISTENERS];
	size_t n_listeners;
	void (*publish)(struct rocpart_machine *m); /* see rp_machine_publish(); may be NULL */
	rp_modes_changed_fn leases_changed;	    /* see rp_machine_tell_leases(); may be NULL */
	bool is_telling;
	char *note;    /* what the caller has no right to read, in a sentence; NULL: nothing */
	char *command; /* what the history names; NULL: the program */
	rocpart_history_fn history_fn; /* may be NULL */
	void *history_userdata;
	bool has_swept; /* leftovers of killed writers were removed */
	void *leases; /* of a machine in memory, once there are some; else they are in state_dir */
	void (*free_leases)(void *leases);
	void *backing;	 /* the simulator behind the tree, or NULL */
	bool is_dry_run; /* nothing is written; given to both trees */
	bool asks;	 /* of a simulated machine: as hardware does */
	bool no_sync;	 /* of a simulated machine: its records need not outlive a power cut */
	char *sim_id;	 /* of a simulated machine: what identifies it; NULL: not known */
	char *sim_name;	 /* of a simulated machine, "" for one in memory; NULL: not simulated */
	void (*free_backing)(void *backing);
};

static inline bool rp_machine_is_simulated(const struct rocpart_machine *m)
{
	return m->flavour >= RP_MACHINE_SIM;
}

/* Its files appear in a file system: /proc, services and programs are still those of the host. */
static inline bool rp_machine_is_sim_in_files(const struct rocpart_machine *m)
{
	return m->flavour == RP_MACHINE_SIM_IN_SYS || m->flavour == RP_MACHINE_SIM_MOUNTED;
}

/* The folder of the machine's processes. */
static inline const char *rp_machine_proc(const struct rocpart_machine *m)
{
	return rp_machine_is_sim_in_files(m) ? "sys/devices/rocpart-proc" : "proc";
}

/*
 * Open by the kinds of include/rocpart/node.h, without listeners: src/library adds those of the
 * rooms above. Errors as the public functions.
 */
int rp_machine_open_real(const char *state_dir, struct rocpart_machine **ret,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_machine_open_capture(const char *dir, struct rocpart_machine **ret,
			    struct rocpart_error *reterr) RP_MUST_CHECK;
/* Whether such a hook starts or stops a unit or container of a simulated machine; others are
 * recorded. */
bool rp_machine_simulates_hook(const char *const *argv, size_t n);
int rp_machine_open_sim(const char *dir, struct rocpart_machine **ret,
			struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_machine_open_sim_memory(const char *profile, size_t profile_bytes, const char *profile_name,
			       struct rocpart_machine **ret,
			       struct rocpart_error *reterr) RP_MUST_CHECK;

/* Register fn, at most RP_MACHINE_LISTENERS of them. */
void rp_machine_listen(struct rocpart_machine *m, rp_modes_changed_fn fn);
/* Call every listener. warn gets each failure. */
void rp_machine_announce(struct rocpart_machine *m,
			 void (*warn)(void *userdata, const struct rocpart_error *err),
			 void *userdata);

/*
 * Leases changed: call leases_changed, unless it is what changed them. A failure is traced: what it
 * keeps, such as specs of containers, is checked by other commands.
 */
void rp_machine_tell_leases(struct rocpart_machine *m);

/*
 * Records changed that the public document shows: write it again. A failure is traced, and leaves
 * no document.
 */
void rp_machine_publish(struct rocpart_machine *m);

/*
 * Open the record folder for reading; 0 with m->state NULL when there is none yet. -EACCES: the
 * caller may not look into it. -ENOTDIR, -ELOOP: a file or a link to nowhere has its name.
 */
int rp_machine_open_state(struct rocpart_machine *m) RP_MUST_CHECK;
/*
 * Refuse a record folder of this computer that neither root nor the caller owns, or that others may
 * write. 0, also without a folder; -EPERM PERMISSION; errno.
 */
int rp_machine_check_state(struct rocpart_machine *m, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Open it for changes: created when missing. What killed writers left in it is removed. */
int rp_machine_make_state(struct rocpart_machine *m, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
