/* SPDX-License-Identifier: MIT */
/* A machine: the tree that is looked at and switched, and the folder of our durable records. */
#ifndef RP_MACHINE_MACHINE_H
#define RP_MACHINE_MACHINE_H

#include "base/error.h"
#include "base/tree.h"
#include "rocpart/backend.h"

/*
 * Runs a program about the machine (services, hooks): exit status in *ret_status, first
 * line of its output in out. 0, or a negative errno when it could not be run.
 */
typedef int (*rp_run_fn)(void *userdata, const char *const *argv, struct rp_strbuf *out,
			 int *ret_status);

/* No such folder can be: for messages, and for those who would look for files. */
#define RP_STATE_IN_MEMORY "/proc/self/memory-records"

struct rocpart_machine {
	struct rp_tree *tree;
	enum rocpart_backend backend;
	/* Absolute; NULL: no records (a capture); RP_STATE_IN_MEMORY: state is open, no folder. */
	char *state_dir;
	struct rp_tree *state; /* opened by the first that needs it; may stay NULL */
	rp_tree_hook_fn hook;  /* given to the record folder too, once it is open */
	void *hook_userdata;
	rp_run_fn run; /* NULL: for real, on hardware only */
	void *run_userdata;
	/* Done when modes may have changed, before services start again; NULL: nothing. */
	int (*changed)(struct rocpart_machine *m, struct rocpart_error *reterr);
	void *leases; /* of a machine in memory, once there are some; else they are in state_dir */
	void (*free_leases)(void *leases);
	void *backing;	/* the simulated machine behind the tree, or NULL */
	char *sim_name; /* of a simulated machine that is shown as files: in /sys, or mounted */
	void (*free_backing)(void *backing);
};

/* The folder of its processes: where a machine is shown as files, /proc is that of the host. */
static inline const char *rp_machine_proc(const struct rocpart_machine *m)
{
	return m->sim_name ? "sys/rocpart-proc" : "proc";
}

/* Open the record folder for reading; 0 with m->state NULL when there is none yet. */
int rp_machine_open_state(struct rocpart_machine *m) RP_MUST_CHECK;
/* Open it for changes: created when missing. */
int rp_machine_make_state(struct rocpart_machine *m, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
