/* SPDX-License-Identifier: MIT */
/* What the fault tests have in common: machines in a folder, changes of them, counted calls. */
#ifndef TEST_FAULT_MACHINE_H
#define TEST_FAULT_MACHINE_H

#include "unit/sim_machine.h"

#include "machine/machine.h"
#include "rocpart/rocpart.h"
#include "sim/sim.h"

/* A second GPU after the one of mi300x-1: a machine of two hives, or of one. */
#define SECOND_GPU(hive)                                                                           \
	"unique_id: 16404946649897475633}=>unique_id: 16404946649897475633" hive "}\n"             \
	"  - {bdf: \"0000:27:00.0\", product: mi300x, cpu: 0, unique_id: 2472748907779728154" hive \
	"}"
#define TWO_GPUS  SECOND_GPU(", hive: 15188982192727901047")
#define TWO_HIVES SECOND_GPU("")

/* A profile switched on in a folder that is not there yet; steps of sim_setup() for G0. */
char *make_dir(void); /* a temporary folder; remove_dir() frees it */
void remove_dir(char *dir);
void make_machine(const char *dir, const char *profile, const char *edits, const char *steps);
char *make_cpx_machine(void); /* one MI300X in CPX/NPS4, in a folder of make_dir() */
struct rocpart_machine *open_machine(const char *dir);
/* A fault rule of the simulator; a failure fails the test. */
void add_fault(const char *dir, const char *rule);

/* A wish for one GPU (bdf) or all (NULL), in the library's words. */
struct wish {
	const char *bdf;
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
};

struct rocpart_change *new_change(struct rocpart_machine *m, const struct wish *wish);
/* Make the change, apply it, free it: what apply returned. */
int apply(const char *dir, const struct wish *wish, struct rocpart_error *err);
/* Go on with the open change, or take it back; -ENOENT when there is none. */
int resume(const char *dir, struct rocpart_error *err);
int undo(const char *dir, struct rocpart_error *err);
bool has_journal(const char *dir);
/* "CPX/NPS4 SPX/NPS1", a pair for each GPU; "" while the driver is not loaded. */
char *modes_of(const char *dir);

/* Calls that change the machine or our records, counted; see run_hooked(). */
struct counter {
	unsigned n;	    /* points passed: before and after each call */
	unsigned at;	    /* the point where something happens, from 1; 0: none */
	bool from_on;	    /* every call fails from there on */
	int error;	    /* it fails with this; 0: the process ends there */
	bool tear;	    /* end in the middle of an append instead of before it */
	bool was_after;	    /* the last point was after a call */
	const char *dir;    /* for tearing */
	unsigned n_machine; /* writes and driver operations, not records */
	char last[128];	    /* what the call at that point was */
};
void count_calls(struct rocpart_machine *m, struct counter *c);

#endif
