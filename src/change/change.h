/* SPDX-License-Identifier: MIT */
/* A change and the parts that do it; used inside apply/ only. */
#ifndef RP_CHANGE_CHANGE_H
#define RP_CHANGE_CHANGE_H

#include "base/json.h"
#include "change/holders.h"
#include "change/services.h"
#include "leases/lease.h"
#include "machine/machine.h"
#include "machine/records.h"
#include "node/snapshot.h"
#include "rocpart/change.h"

struct rp_mode_pair {
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
};

/*
 * One GPU. All of them are targets, wished for or not: a driver reload resets the compute mode and
 * settings of every GPU, so those not named are brought back to what they had. A GPU that cannot
 * be partitioned has UNKNOWN modes on both sides.
 */
struct rp_target {
	char bdf[RP_BDF_SIZE];
	bool is_named; /* by rocpart_change_set_modes() */
	struct rp_mode_pair from, to;
	struct rp_json *settings; /* saved before a reload, or NULL */
};

/* A place that a lease lost. */
struct rp_evicted {
	int64_t lease;
	struct rp_claim claim;
	bool returns; /* lost to the change that this one takes back; else to this one */
};

enum rp_direction { RP_FORWARD, RP_BACKWARD };

struct rocpart_change {
	struct rocpart_machine *machine;
	struct rocpart_snapshot *snapshot;
	struct rp_target *targets; /* in BDF order */
	size_t n_targets;
	bool allow_unvalidated;
	bool evict;
	char allocator[16]; /* what the node.yaml said, or "" */
	enum rocpart_reload reload;
	uint64_t wait_ms;
	rocpart_progress_fn progress;
	void *progress_userdata;
	unsigned step, n_steps;

	bool is_resumed;      /* read from an open journal */
	bool request_begun;   /* a memory mode may have been requested of the loaded driver */
	bool unload_begun;    /* the driver may be unloaded by us */
	bool is_started;      /* something may have been changed: a failure needs an undo */
	bool left_pending;    /* as asked for by ROCPART_RELOAD_NEVER */
	size_t n_gpus_before; /* GPUs before the first reload */
	size_t n_gpus_wanted; /* that the node should have; 0: not said */
	struct rp_services services;
	struct rp_evicted *evicted;
	size_t n_evicted, cap_evicted;
	struct rp_names lost; /* PCI addresses that a file names and that are not here */
	int lock_fd;

	/* Made by rocpart_change_check(). */
	struct rocpart_change_gpu *gpus;
	size_t n_gpus;
	struct rp_names steps, warnings, differences;
	struct rp_names lease_warnings;
	bool needs_reload;
};

static inline struct rp_mode_pair rp_target_wish(const struct rp_target *t, enum rp_direction d)
{
	return d == RP_FORWARD ? t->to : t->from;
}

/* check.c: legality of every target; then what the change would do, as text. */
int rp_change_check_targets(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_change_describe(struct rocpart_change *c) RP_MUST_CHECK;

/*
 * lease_guard.c: -EBUSY LEASED while leases use what the change ends, unless they may be evicted.
 * check only looks; take does it, once the journal is open and before the first switch.
 */
int rp_change_check_leases(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_change_take_leases(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * lease_return.c: what was evicted by this change gets its place back when it was undone; by the
 * one that this takes back, when this was done. What cannot be is said; nothing fails for it.
 */
void rp_change_return_leases(struct rocpart_change *c, bool is_undone);
int rp_change_note_evicted(struct rocpart_change *c, const struct rp_evicted *e) RP_MUST_CHECK;
/* What last evicted, c is to put back. 0 or -ENOMEM. */
int rp_change_reverse_evicted(struct rocpart_change *c,
			      const struct rocpart_change *last) RP_MUST_CHECK;
int rp_evicted_journal(struct rocpart_change *c, const struct rp_evicted *e) RP_MUST_CHECK;
/* A journal line of rp_evicted_journal(). 0, -EBADMSG, -ENOMEM. */
int rp_evicted_take_step(struct rocpart_change *c, const char *step, const char *bdf,
			 const char *value) RP_MUST_CHECK;
/* This load of the driver is ours: leases need not wonder. */
int rp_change_note_driver(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * journal.c: one JSON object a line, each durable before what it announces is done. The first
 * line is the change itself, the last one its end. "journal" is open, "journal.last" was closed.
 */
enum rp_journal_file { RP_JOURNAL_OPEN, RP_JOURNAL_LAST };
bool rp_journal_is_open(struct rocpart_machine *m);
int rp_journal_begin(struct rocpart_change *c) RP_MUST_CHECK;
int rp_journal_step(struct rocpart_change *c, const char *step, const char *bdf,
		    const char *value) RP_MUST_CHECK;
int rp_journal_close(struct rocpart_change *c, const char *how) RP_MUST_CHECK;
/* Targets and progress of a journal into c. -ENOENT, -EBADMSG. */
int rp_journal_load(struct rocpart_change *c, enum rp_journal_file file,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

/* Forget a journal of a change that did nothing; the last change stays as it was. */
int rp_journal_drop(struct rocpart_change *c) RP_MUST_CHECK;

/* hold.c: run the hooks before, stop what runs of the services. */
int rp_change_hold_services(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * Start again what was stopped and run the hooks after. r and err are the outcome so far: a failure
 * stays the failure; success becomes PARTLY_DONE when something does not start.
 */
int rp_change_release_services(struct rocpart_change *c, int r,
			       struct rocpart_error *err) RP_MUST_CHECK;
/* What a line of the journal says about them; false: it is about something else. */
bool rp_services_take_step(struct rp_services *s, const char *step, const char *value);

/* run.c: bring the machine to the wish of every target. */
int rp_change_run(struct rocpart_change *c, enum rp_direction d,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_change_progress(struct rocpart_change *c, const char *fmt, ...) RP_PRINTF(2, 3);

/* explain.c: a switch that a back end failed, and why, into what the caller is told. */
int rp_change_explain(struct rocpart_change *c, const char *bdf, enum rocpart_backend used,
		      const struct rocpart_error *why, struct rocpart_error *reterr);

/*
 * reload.c: memory modes. 0; -EINPROGRESS NPS_NEEDS_RELOAD; other errors as public. While
 * request_begun is set afterwards, a request waits that cannot be taken back.
 */
int rp_change_run_memory(struct rocpart_change *c, enum rp_direction d,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
/* Bring back power cap, performance level, isolation, where a reload was begun. */
int rp_change_restore_settings(struct rocpart_change *c,
			       struct rocpart_error *reterr) RP_MUST_CHECK;
bool rp_change_needs_memory(const struct rocpart_change *c, enum rp_direction d);
/* Wait until nobody holds what is in the way. -EBUSY BUSY_PROCESS with their names. */
int rp_change_wait_idle(struct rocpart_change *c, bool for_reload,
			struct rocpart_error *reterr) RP_MUST_CHECK;
/* A fresh snapshot into c. */
int rp_change_observe(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Bit per index of the GPUs whose compute mode differs from the wish. */
uint64_t rp_change_compute_gpus(const struct rocpart_change *c, enum rp_direction d);

#endif
