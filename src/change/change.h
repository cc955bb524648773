/* SPDX-License-Identifier: MIT */
/*
 * A change and the parts that do it; used inside change/ and desired/ only. Who uses whom, lowest
 * first: phase, services, holders; change (the object); step_list; record (journal lines written);
 * idle; explain, lease_guard, lease_return, service_control; compute, reload; perform; describe,
 * check; change_history; undo_guard; node_records; resume (journal lines read); apply.
 */
#ifndef RP_CHANGE_CHANGE_H
#define RP_CHANGE_CHANGE_H

#include "base/json.h"
#include "change/phase.h"
#include "change/services.h"
#include "change/step_list.h"
#include "leases/lease.h"
#include "machine/machine.h"
#include "node/snapshot.h"
#include "rocpart/change.h"
#include "rocpart/hold.h"

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
	bool is_named;		      /* by rocpart_change_set_modes() */
	bool has_compute, has_memory; /* which of the two was named */
	bool is_restored; /* the last change had brought it there: see rp_change_restore() */
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

/* How the change ended that another one takes back, as its journal says. */
struct rp_undone {
	bool has_end, has_last_lease; /* a version before this had neither */
	int64_t ended_s;	      /* wall clock */
	int64_t last_lease;	      /* largest number of a lease then */
};

struct rocpart_change {
	struct rocpart_machine *machine;
	struct rocpart_snapshot *snapshot;
	struct rp_target *targets; /* in BDF order */
	size_t n_targets;
	bool allow_unvalidated;
	bool evict;
	bool unattended;	 /* nobody chose the file: it must be trusted */
	bool has_file;		 /* requests came from a file, which a refusal may name */
	char allocator[16];	 /* what the node.yaml said, or "" */
	struct rp_names cordons; /* PCI addresses of GPUs that it cordons */
	enum rocpart_reload reload;
	bool has_reload; /* the caller said which; else an undo may reload whatever the journal says
			  */
	uint64_t wait_ms, lock_wait_ms;
	rocpart_progress_fn progress;
	void *progress_userdata;
	rocpart_interrupt_fn interrupt;
	void *interrupt_userdata;

	bool is_resumed; /* read from an open journal */
	uint64_t number; /* of the change; 0: not begun, or an older version began it */
	bool takes_back; /* made of the change that ended last */
	uint64_t undoes; /* number of that one */
	struct rp_undone undone;
	bool has_begun; /* this run did something that the history is to know */
	enum { RP_OUTAGE_UNKNOWN, RP_OUTAGE_NONE, RP_OUTAGE_MEASURED } outage;
	int64_t outage_ms; /* of the last reload, when it was measured */
	uint64_t run_begin_ns;
	enum rp_outcome outcome; /* of this run */
	enum rp_phase phase;
	size_t n_gpus_before; /* GPUs before the first reload */
	bool serves_rest;     /* GPUs that are missing do not keep the others from their modes */
	size_t n_gpus_wanted; /* that the node should have; 0: not said */
	struct rp_services services;
	struct rp_evicted *evicted;
	size_t n_evicted, cap_evicted;
	int64_t *spared; /* leases that whoever makes the change takes care of afterwards */
	size_t n_spared, cap_spared;
	struct rp_names lost; /* PCI addresses that a file names and that are not here */
	int lock_fd;
	enum rp_direction direction; /* of steps, as is run */
	enum rp_run run;
	bool has_waited; /* no process is in the way, asked a moment ago */
	bool has_waited_for_lock;

	/* Made by rocpart_change_check(). */
	struct rocpart_change_gpu *gpus;
	size_t n_gpus;
	struct rp_step_list steps;
	struct rp_names warnings, differences;
	struct rp_names lease_warnings;
	bool needs_reload;
	bool evicts;	 /* leases were seen that it evicts */
	bool spares_odd; /* all GPUs, or those of a file, were named: odd ones are left out */
};

/* How a switch that failed is reported: the prototype's users, and python/compat, look for it. */
#define RP_CHANGE_FAILED "failed to set partition mode: "

static inline struct rp_mode_pair rp_target_goal(const struct rp_target *t, enum rp_direction d)
{
	return d == RP_FORWARD ? t->to : t->from;
}

/* change.c: the object, and what it knows of its machine. */
struct rocpart_change *rp_change_alloc(struct rocpart_machine *machine); /* NULL: no memory */
/* resume.c: errors of rp_journal_read() for the open journal, and 0 when each line is understood.
 */
int rp_change_check_journal(struct rocpart_machine *m, struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * resume.c: what a boot took away may come back. GPUs whose goal is the one that the last change
 * had reached need no leave for it: they may be cordoned, and the pair need not be validated.
 */
int rp_change_restore(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
/* outage.c: keep how long a reload took; read it again; say how long the next may take (-ENOMEM).
 */
int rp_change_read_outage(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_change_note_outage(struct rocpart_change *c, uint64_t begin_ns);
int rp_change_outage_text(const struct rocpart_change *c, struct rp_strbuf *ret) RP_MUST_CHECK;
/* A fresh snapshot into c. */
int rp_change_observe(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
/* The memory mode of a GPU differs from the wish; that of any; those whose compute mode does, as
 * bits by index. */
bool rp_change_differs(const struct rocpart_change *c, const struct rp_target *t,
		       enum rp_direction d);
bool rp_change_needs_memory(const struct rocpart_change *c, enum rp_direction d);
uint64_t rp_change_compute_gpus(const struct rocpart_change *c, enum rp_direction d);
/* Whether a GPU is to be switched: never to no mode, and never one of which something is unknown.
 */
bool rp_change_is_switched(const struct rocpart_gpu *gpu, enum rocpart_compute_mode goal);
/* A mode of some GPU differs. */
bool rp_change_has_work(const struct rocpart_change *c, enum rp_direction d);
/* Compute modes differ and nothing else is to be done: nothing reloads the driver. */
bool rp_change_is_compute_only(const struct rocpart_change *c, enum rp_direction d);

/*
 * lock.c: the lock of the machine. Programs that load or unload its driver inherit it. 0; -EBUSY
 * LOCKED; -EINTR INTERRUPTED; -ENOENT when another process finished the change; errno.
 */
int rp_change_lock(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_change_unlock(struct rocpart_change *c);
int rp_change_refuse_locked(const struct rocpart_change *c, struct rocpart_error *reterr);

/*
 * interrupt.c. poll: ask the caller whether to stop; check: the same, never while the driver is
 * unloaded. 0; -EINTR INTERRUPTED. leave: what is reported, for cause, of a change that stays
 * unfinished; cause may be reterr.
 */
int rp_change_poll_interrupt(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_change_check_interrupt(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
bool rp_change_is_interrupt(const struct rocpart_error *err);
int rp_change_leave_unfinished(struct rocpart_change *c, const struct rocpart_error *cause,
			       struct rocpart_error *reterr);

/*
 * step_list.c: what is done, in order. Announce reports the step as begun and passes over those
 * before it. A remark is reported beside the step that was announced last.
 */
int rp_change_list_steps(struct rocpart_change *c, enum rp_direction d,
			 enum rp_run run) RP_MUST_CHECK;
void rp_change_announce(struct rocpart_change *c, enum rp_step_kind kind, size_t arg);
void rp_change_remark(struct rocpart_change *c, const char *fmt, ...) RP_PRINTF(2, 3);
/* The step is still to come. */
bool rp_change_has_step(const struct rocpart_change *c, enum rp_step_kind kind, size_t arg);
void rp_step_list_done(struct rp_step_list *list);

/*
 * record.c: lines of the journal, each durable before what it announces is done. What it says of a
 * failure is that the journal cannot be written. bdf and value may be NULL.
 */
int rp_change_record_begin(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
/* The closing line: outcome, time, and the largest number of a lease. */
int rp_change_record_end(struct rocpart_change *c, enum rp_outcome outcome,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_change_record(struct rocpart_change *c, const char *step, const char *bdf, const char *value,
		     struct rocpart_error *reterr) RP_MUST_CHECK;

/* A line as it is read back. Texts are borrowed; bdf and value may be NULL. */
struct rp_change_line {
	const char *step, *bdf, *value;
	uint64_t driver_epoch;
};

/* change_history.c: what was done, for people. summarize: "8 GPUs SPX/NPS1 -> CPX/NPS4". */
void rp_change_summarize(const struct rocpart_change *c, struct rp_strbuf *ret);
void rp_change_history_begun(struct rocpart_change *c);
void rp_change_history_ended(struct rocpart_change *c, int r, const struct rocpart_error *err);

/* undo_guard.c: how the change ended that c takes back; last was read from its journal. */
int rp_change_read_end(struct rocpart_change *c, const struct rocpart_change *last) RP_MUST_CHECK;

/*
 * node_records.c: what a file says besides modes. add: 0 or -ENOMEM. lacks: it is not recorded yet,
 * or cannot be read. keep: record it, once the modes are set.
 */
int rp_change_add_cordon(struct rocpart_change *c, const struct rocpart_gpu *gpu) RP_MUST_CHECK;
bool rp_change_lacks_cordon(const struct rocpart_change *c, size_t index);
bool rp_change_lacks_allocator(const struct rocpart_change *c);
int rp_change_keep_records(struct rocpart_change *c, struct rocpart_error *err) RP_MUST_CHECK;

/* idle.c: wait until no process is in the way. -EBUSY BUSY_PROCESS with their names; -EINTR. */
int rp_change_wait_idle(struct rocpart_change *c, bool for_reload,
			struct rocpart_error *reterr) RP_MUST_CHECK;

/* explain.c: a switch that a back end failed, and why, into what the caller is told. */
int rp_change_explain(struct rocpart_change *c, const char *bdf, enum rocpart_backend used,
		      const struct rocpart_error *why, struct rocpart_error *reterr);

/*
 * lease_guard.c: -EBUSY LEASED while leases use what the change ends, unless they may be evicted.
 * check only looks; take does it, once the journal is open and before the first switch.
 */
int rp_change_spare_lease(struct rocpart_change *c, int64_t id) RP_MUST_CHECK;
int rp_change_check_leases(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_change_take_leases(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Record that rocpart itself reloaded the driver, so that leases are not marked stopped. */
int rp_change_note_driver(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * lease_return.c: what was evicted by this change gets its place back when it was undone; by the
 * one that this takes back, when this was done. What cannot be put back is reported as progress;
 * nothing fails for it.
 */
void rp_change_return_leases(struct rocpart_change *c, bool is_undone);
int rp_change_note_evicted(struct rocpart_change *c, const struct rp_evicted *e) RP_MUST_CHECK;
/* Copy the evictions of last into c so that it restores them. 0 or -ENOMEM. */
int rp_change_reverse_evicted(struct rocpart_change *c,
			      const struct rocpart_change *last) RP_MUST_CHECK;
int rp_evicted_record(struct rocpart_change *c, const struct rp_evicted *e,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
/* A line of rp_evicted_record(). 0, -EBADMSG, -ENOMEM. */
int rp_evicted_read(struct rocpart_change *c, const struct rp_change_line *line) RP_MUST_CHECK;

/* service_control.c: run the hooks before, stop those of the services that run. */
int rp_change_hold_services(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * Start again what was stopped and run the hooks after. r and err are the outcome so far: a failure
 * stays the failure; success becomes PARTLY_DONE when something does not start.
 */
int rp_change_release_services(struct rocpart_change *c, int r,
			       struct rocpart_error *err) RP_MUST_CHECK;
/* A line of either. */
int rp_services_read(struct rocpart_change *c, const struct rp_change_line *line) RP_MUST_CHECK;

/*
 * reload.c: memory modes. 0; -EINPROGRESS NPS_NEEDS_RELOAD; other errors as public. While
 * rp_phase_has_request() afterwards, a request waits that cannot be taken back.
 */
int rp_change_run_memory(struct rocpart_change *c, enum rp_direction d,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
/* The settings of a GPU are not saved yet. */
bool rp_change_lacks_settings(const struct rocpart_change *c);
/* Bring back power cap, performance level, isolation, where a reload was begun. */
int rp_change_restore_settings(struct rocpart_change *c,
			       struct rocpart_error *reterr) RP_MUST_CHECK;
/* A line of rp_change_run_memory(). */
int rp_reload_read(struct rocpart_change *c, const struct rp_change_line *line) RP_MUST_CHECK;

/* compute.c: compute modes; an undo takes the GPUs in the other order. */
int rp_change_run_compute(struct rocpart_change *c, enum rp_direction d,
			  struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_compute_read(struct rocpart_change *c, const struct rp_change_line *line) RP_MUST_CHECK;

/* perform.c: bring the machine to the wish of every target, and read everything back. */
int rp_change_perform(struct rocpart_change *c, enum rp_direction d,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

/* check.c: an unattended change while the machine is on hold: -EBUSY ON_HOLD. */
int rp_change_check_hold(const struct rocpart_change *c,
			 struct rocpart_error *reterr) RP_MUST_CHECK;

/* describe.c: what the change would do, as text. check.c: legality of every target. */
int rp_change_describe(struct rocpart_change *c) RP_MUST_CHECK;
int rp_change_check_targets(struct rocpart_change *c, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
