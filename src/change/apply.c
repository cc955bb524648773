/* SPDX-License-Identifier: MIT */
/* Doing a change: lock, check, journal, memory modes, compute modes, read back; undo on failure. */
#include "base/spawn.h"
#include "change/change.h"
#include "hw/driver.h"
#include "hw/smi/backend.h"
#include "machine/journal.h"
#include "machine/records.h"

/* Under the lock: is the machine as it was when the change was made? */
static int refuse_stale(const struct rocpart_change *c, const struct rp_target *t,
			enum rocpart_backend source, struct rocpart_error *reterr)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);
	char text[RP_GPU_TEXT_SIZE];

	rp_gpu_text(c->snapshot, t->bdf, text);
	if (gpu)
		(void)rp_error_set(reterr, -ESTALE, ROCPART_ERR_STALE_SNAPSHOT, t->bdf,
				   "%s was switched from %s/%s to %s/%s while the change was "
				   "prepared",
				   text, rocpart_compute_mode_to_string(t->from.compute),
				   rocpart_memory_mode_to_string(t->from.memory),
				   rocpart_compute_mode_to_string(gpu->compute),
				   rocpart_memory_mode_to_string(gpu->memory));
	else
		(void)rp_error_set(reterr, -ESTALE, ROCPART_ERR_STALE_SNAPSHOT, t->bdf,
				   "%s disappeared while the change was prepared", text);
	if (source == ROCPART_BACKEND_SYSFS)
		return rp_error_hint(reterr, "repeat the command");
	return rp_error_hint(
		reterr,
		"repeat the command; if the error stays, %s reports other modes than "
		"the kernel: compare them with `rocpart doctor`, or use --backend sysfs",
		rocpart_backend_to_string(source));
}

static int refresh(struct rocpart_change *c, struct rocpart_error *reterr)
{
	enum rocpart_backend source = c->snapshot->source;
	int r = rp_change_observe(c, reterr);

	/* Another change that was waited for may have done the same. */
	if (r == 0 && c->has_waited_for_lock && !rp_change_has_work(c, RP_FORWARD))
		return 0;
	for (size_t i = 0; r == 0 && !c->is_resumed && i < c->n_targets; i++) {
		const struct rp_target *t = &c->targets[i];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);

		if (!gpu || gpu->compute != t->from.compute || gpu->memory != t->from.memory)
			return refuse_stale(c, t, source, reterr);
	}
	return r;
}

/* What is so now although the journal could not be closed, and what closes it. */
static const struct {
	const char *state, *command;
} closings[] = {
	[RP_OUTCOME_DONE] = {"the GPUs are in the requested modes", "rocpart apply --resume"},
	[RP_OUTCOME_PENDING] = {"the memory mode is requested", "rocpart apply --resume"},
	[RP_OUTCOME_UNDONE] = {"each GPU is in the modes that it had before the change",
			       "rocpart undo"},
};

/* A closing line that was written and not synced closes the journal, until a power cut. */
static int close_journal(struct rocpart_change *c, enum rp_outcome outcome,
			 struct rocpart_error *reterr)
{
	const char *state = closings[outcome].state, *command = closings[outcome].command;
	bool is_open = false;
	int r = rp_change_record_end(c, outcome, reterr);

	if (r == 0)
		return 0;
	if (rp_journal_look(c->machine, &is_open) < 0)
		(void)rp_error_hint(reterr,
				    "%s; when `rocpart status` shows an unfinished change, `%s` "
				    "closes the journal",
				    state, command);
	else if (is_open)
		(void)rp_error_hint(reterr, "%s; `%s` closes the journal", state, command);
	else
		(void)rp_error_hint(reterr,
				    "%s, and the journal counts as closed; when a power cut opens "
				    "it again, `%s` closes it",
				    state, command);
	return r;
}

/* The modes are as wanted, but a device or a setting is missing. Switching back would not help. */
static bool is_kept(enum rocpart_errcode code)
{
	return code == ROCPART_ERR_PARTITION_MISSING || code == ROCPART_ERR_PARTLY_DONE;
}

/*
 * A memory mode is requested and the reload did not come about. Nothing else was changed yet, and
 * the request cannot be taken back: the journal stays open, so that the change can go on.
 */
static int stay_pending(struct rocpart_error *err)
{
	char text[sizeof(err->message)], object[sizeof(err->object)];
	const char *cause = text;

	memcpy(text, err->message, sizeof(text));
	memcpy(object, err->object, sizeof(object));
	if (rp_str_starts(cause, RP_CHANGE_FAILED))
		cause += strlen(RP_CHANGE_FAILED);
	(void)rp_error_set(err, -EINPROGRESS, ROCPART_ERR_NPS_NEEDS_RELOAD, object,
			   RP_CHANGE_FAILED
			   "%.300s; the memory mode is requested, and takes effect when the driver "
			   "is reloaded",
			   cause);
	return rp_error_hint(err,
			     "remove the cause; then `rocpart apply --resume` finishes the change, "
			     "or `rocpart undo` reverts it (with two reloads); a reboot drops the "
			     "request");
}

/* A change that was resumed or is undone stays as unfinished as it was. */
static int stay_busy(struct rocpart_error *err)
{
	(void)rp_error_append(err, "; the change is not finished");
	return rp_error_hint(err, "stop these processes (`rocpart holders` says how), or wait "
				  "longer with --wait SECONDS; `rocpart apply --resume` finishes "
				  "the change, `rocpart undo` reverts it");
}

/* After a failure that leaves nothing to do. err stays what is reported. */
static int close_failed(struct rocpart_change *c, enum rp_outcome outcome,
			struct rocpart_error *err)
{
	struct rocpart_error closing = {0};
	bool is_open = false;

	if (rp_change_record_end(c, outcome, &closing) == 0)
		return err->errnum;
	if (rp_journal_look(c->machine, &is_open) < 0)
		(void)rp_error_hint(
			err,
			"%s; when `rocpart status` shows an unfinished change, `rocpart "
			"apply --resume` finishes the change and `rocpart undo` "
			"reverts it",
			closing.message);
	else if (is_open)
		(void)rp_error_hint(err,
				    "%s; when '%s' can be written again, `rocpart apply --resume` "
				    "finishes the change and `rocpart undo` reverts it",
				    closing.message, c->machine->state_dir);
	return err->errnum;
}

/* The first failure is what is reported; what the undo met is added only when it failed too. */
static int undo_after(struct rocpart_change *c, int failure, struct rocpart_error *reterr,
		      enum rp_outcome *ret_outcome)
{
	struct rocpart_error undo = {0};
	char text[sizeof(reterr->message)];
	int r;

	if (rp_change_observe(c, NULL) < 0) /* for the list: perform observes for itself */
		rp_trace_note(&c->machine->trace, ROCPART_TRACE_DECISION, "",
			      "the steps of the undo are listed from an older snapshot");
	if (rp_change_list_steps(c, RP_BACKWARD, RP_RUN_FAILED) == 0)
		rp_change_announce(c, RP_STEP_UNDO, 0);
	r = rp_change_perform(c, RP_BACKWARD, &undo);
	if (r < 0 && rp_change_is_interrupt(&undo)) {
		(void)rp_error_append(reterr, rp_change_is_interrupt(reterr)
						      ? ", and the undo too"
						      : "; the undo was interrupted");
		return rp_change_leave_unfinished(c, reterr, reterr);
	}
	if (r < 0 && rp_phase_has_request(c->phase)) {
		*reterr = undo;
		return stay_pending(reterr);
	}
	if (r == 0) {
		*ret_outcome = RP_OUTCOME_UNDONE;
		(void)rp_error_append(reterr, "; the change was undone: each GPU is in the modes "
					      "that it had before");
		return failure;
	}
	memcpy(text, reterr->message, sizeof(text));
	(void)rp_error_set(reterr, -EIO, ROCPART_ERR_PARTLY_DONE, undo.object,
			   "%.200s; undoing the change failed too: %.200s", text, undo.message);
	return rp_error_hint(reterr, "`rocpart apply --resume` finishes the change, `rocpart undo` "
				     "tries again to revert it");
}

/* The result of a run decides, with the phase that it came to, how the change ends. */
static int settle(struct rocpart_change *c, int r, struct rocpart_error *err,
		  enum rp_outcome *ret_outcome)
{
	bool is_lost = r < 0 && err->code == ROCPART_ERR_GPU_LOST;

	*ret_outcome = RP_OUTCOME_OPEN;
	if (c->phase == RP_PHASE_LEFT_PENDING)
		*ret_outcome = RP_OUTCOME_PENDING;
	else if (r < 0 && c->is_resumed && rp_change_is_interrupt(err)) /* as it was before */
		return rp_change_leave_unfinished(c, err, err);
	else if (r < 0 && c->is_resumed && err->code == ROCPART_ERR_BUSY_PROCESS)
		return stay_busy(err);
	else if (r < 0 && rp_phase_has_request(c->phase))
		return stay_pending(err);
	else if (r == 0 || is_kept(err->code))
		*ret_outcome = RP_OUTCOME_DONE;
	else if (is_lost) /* stop at once the first time; when resumed, the others were done */
		*ret_outcome = c->is_resumed ? RP_OUTCOME_DONE : RP_OUTCOME_OPEN;
	else if (!rp_phase_is_started(c->phase))
		*ret_outcome = RP_OUTCOME_UNDONE;
	else
		return undo_after(c, r, err, ret_outcome);
	return r;
}

static void warn_of_listener(void *userdata, const struct rocpart_error *err)
{
	rp_change_remark(userdata, "warning: %s%s%s", err->object, *err->object ? ": " : "",
			 err->message);
}

/* Leases live on under a driver that rocpart loaded: before they are compared with the machine. */
static int note_driver(struct rocpart_change *c, int r, struct rocpart_error *err)
{
	struct rocpart_error late = {0};

	if (!rp_phase_has_unloaded(c->phase) || rp_driver_is_loaded(c->machine->tree, NULL) <= 0 ||
	    rp_change_note_driver(c, &late) == 0)
		return r;
	if (r == 0) {
		*err = late;
		return rp_error_prefix(err, "the modes are set, but the leases do not know the "
					    "driver that was loaded");
	}
	rp_change_remark(c, "warning: %s", late.message);
	return r;
}

/* Services start again in every outcome, and before the journal ends: it says which are stopped. */
static int end(struct rocpart_change *c, int r, struct rocpart_error *err, enum rp_outcome outcome)
{
	r = note_driver(c, r, err);
	if (outcome != RP_OUTCOME_OPEN)
		rp_change_return_leases(c, outcome == RP_OUTCOME_UNDONE);
	rp_machine_announce(c->machine, warn_of_listener, c);
	r = rp_change_release_services(c, r, err);
	c->outcome = outcome;
	if (outcome == RP_OUTCOME_OPEN)
		return r;
	return r == 0 ? close_journal(c, outcome, err) : close_failed(c, outcome, err);
}

/* A reload may have brought a GPU that was never seen. */
static int record_gpus(struct rocpart_change *c, struct rocpart_error *err)
{
	int r = rp_records_add_expected(c->machine, c->snapshot, err);

	if (r < 0)
		(void)rp_error_prefix(err,
				      "the modes are set, but the GPUs of this machine are not "
				      "recorded durably");
	return r;
}

static int finish(struct rocpart_change *c, int r, struct rocpart_error *err)
{
	enum rp_outcome outcome = RP_OUTCOME_OPEN;

	r = settle(c, r, err, &outcome);
	rp_trace_note(&c->machine->trace, ROCPART_TRACE_DECISION, "", "the change ends: %s",
		      rp_outcome_to_string(outcome));
	r = end(c, r, err, outcome);
	return r == 0 && outcome == RP_OUTCOME_DONE ? record_gpus(c, err) : r;
}

static int wait_until_free(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r;

	rp_change_announce(c, RP_STEP_WAIT, 0);
	if (!rp_change_needs_memory(c, RP_FORWARD))
		return rp_change_wait_idle(c, false, reterr);
	r = rp_change_wait_idle(c, true, reterr);
	if (r < 0)
		return r;
	rp_change_announce(c, RP_STEP_CHECK_UNLOAD, 0);
	c->has_waited = true;
	return rp_driver_check_unloadable(c->machine->tree, reterr);
}

/* Services are stopped before holders are waited for: they may be the holders. */
static int begin_held(struct rocpart_change *c, struct rocpart_error *err)
{
	int r = rp_change_record_begin(c, err);

	if (r < 0)
		return r;
	r = rp_change_hold_services(c, err);
	if (r == 0)
		r = wait_until_free(c, err);
	if (r == 0)
		return 0;
	r = rp_change_release_services(c, r, err);
	c->outcome = RP_OUTCOME_UNDONE;
	return rp_journal_drop(c->machine) < 0 ? close_failed(c, RP_OUTCOME_UNDONE, err) : r;
}

static int begin(struct rocpart_change *c, struct rocpart_error *err)
{
	int r;

	if (!rp_services_are_none(&c->services))
		return begin_held(c, err);
	r = wait_until_free(c, err);
	return r < 0 ? r : rp_change_record_begin(c, err);
}

/* Of an open journal. */
static int run_resumed(struct rocpart_change *c, enum rp_direction d, struct rocpart_error *err)
{
	int r = rp_change_hold_services(c, err);

	/* With a memory mode each cycle waits; else the kernel refuses a switch while GPUs compute.
	 */
	if (r == 0 && rp_change_is_compute_only(c, d)) {
		rp_change_announce(c, RP_STEP_WAIT, 0);
		r = rp_change_wait_idle(c, false, err);
	}
	return r < 0 ? r : rp_change_perform(c, d, err);
}

/* Out of memory, or it cannot be looked at whether the driver is loaded. */
static int steps_failed(int r, struct rocpart_error *reterr)
{
	return rp_error_errno(reterr, r, NULL, "cannot list the steps of the change");
}

static int apply_locked(struct rocpart_change *c, struct rocpart_error *err)
{
	int r;

	if (c->is_resumed) {
		r = rp_change_list_steps(c, RP_FORWARD, RP_RUN_RESUMED);
		if (r < 0)
			return steps_failed(r, err);
		r = rp_change_take_leases(c, err);
		return r < 0 ? end(c, r, err, RP_OUTCOME_OPEN)
			     : finish(c, run_resumed(c, RP_FORWARD, err), err);
	}
	r = refresh(c, err);
	if (r == 0)
		r = rocpart_change_check(c, err);
	if (r < 0 || !rp_change_has_work(c, RP_FORWARD))
		return r;
	r = rp_backend_check(c->machine->backend, err);
	if (r == 0) { /* before the reload that may lose one */
		r = rp_records_add_expected(c->machine, c->snapshot, err);
		if (r < 0)
			return rp_error_append(err, "; no mode was changed");
	}
	if (r == 0)
		r = begin(c, err);
	if (r < 0)
		return r;
	r = rp_change_take_leases(c, err);
	if (r < 0)
		return end(c, r, err, RP_OUTCOME_UNDONE);
	return finish(c, rp_change_perform(c, RP_FORWARD, err), err);
}

/* A journal that is open was begun by an earlier run. */
static void begin_run(struct rocpart_change *c)
{
	c->run_begin_ns = rp_now_ns();
	c->has_begun = c->is_resumed;
	c->outcome = RP_OUTCOME_OPEN;
}

ROCPART_PUBLIC int rocpart_change_apply(struct rocpart_change *change, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0}, *err = reterr ? reterr : &local;
	int r;

	if (rp_tree_kind(change->machine->tree) == RP_TREE_CAPTURE)
		return rp_change_check_targets(change, err);
	r = change->is_resumed ? rp_change_check_hold(change, err) : 0;
	if (r == 0)
		r = rp_change_lock(change, err);
	if (r < 0)
		return r;
	begin_run(change);
	r = apply_locked(change, err);
	rp_change_history_ended(change, r, err);
	if (r == 0)
		r = rp_change_keep_records(change, err);
	else if (!change->is_resumed && change->phase == RP_PHASE_PLANNED &&
		 !strstr(err->message, "was changed"))
		(void)rp_error_append(err, rp_services_are_none(&change->services)
						   ? "; nothing was changed"
						   : "; no mode was changed");
	rp_change_unlock(change);
	return r;
}

/* An undo failed, and nothing is undone for it: the journal stays open. */
static int stay_unfinished(struct rocpart_error *err)
{
	char text[sizeof(err->message)], object[sizeof(err->object)];

	memcpy(text, err->message, sizeof(text));
	memcpy(object, err->object, sizeof(object));
	(void)rp_error_set(err, err->errnum, ROCPART_ERR_PARTLY_DONE, object,
			   "undoing the change failed: %.300s; the change is not finished", text);
	return rp_error_hint(err, "remove the cause; then `rocpart undo` tries again, or `rocpart "
				  "apply --resume` finishes the change");
}

static int undo_locked(struct rocpart_change *c, struct rocpart_error *err)
{
	enum rp_outcome outcome = RP_OUTCOME_OPEN;
	int r = rp_change_list_steps(c, RP_BACKWARD, RP_RUN_RESUMED);

	if (r < 0)
		return steps_failed(r, err);
	r = run_resumed(c, RP_BACKWARD, err);

	if (r == 0 || (!rp_phase_has_request(c->phase) &&
		       (is_kept(err->code) || err->code == ROCPART_ERR_GPU_LOST)))
		outcome = RP_OUTCOME_UNDONE;
	else if (rp_change_is_interrupt(err))
		r = rp_change_leave_unfinished(c, err, err);
	else if (err->code == ROCPART_ERR_BUSY_PROCESS)
		r = stay_busy(err);
	else if (rp_phase_has_request(c->phase))
		r = stay_pending(err);
	else if (rocpart_errcode_exit_status(err->code) == EXIT_FAILURE)
		r = stay_unfinished(err);
	return end(c, r, err, outcome);
}

/* A request that `--reload never` made is taken back by a reload or not at all. */
static void allow_reload(struct rocpart_change *c)
{
	if (!c->has_reload)
		c->reload = ROCPART_RELOAD_AUTO;
}

ROCPART_PUBLIC int rocpart_change_list_remaining(struct rocpart_change *change, bool undo,
						 struct rocpart_error *reterr)
{
	enum rp_direction d = undo ? RP_BACKWARD : RP_FORWARD;
	int r;

	if (undo)
		allow_reload(change);
	r = rp_change_check_hold(change, reterr);
	if (r < 0)
		return r;
	r = rp_change_list_steps(change, d, RP_RUN_RESUMED);
	if (r < 0)
		return steps_failed(r, reterr);
	change->needs_reload = rp_change_needs_memory(change, d);
	return 0;
}

ROCPART_PUBLIC int rocpart_change_undo(struct rocpart_change *change, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0}, *err = reterr ? reterr : &local;
	int r;

	allow_reload(change);
	r = rp_change_check_hold(change, err);
	if (r == 0)
		r = rp_change_lock(change, err);
	if (r < 0)
		return r;
	begin_run(change);
	r = undo_locked(change, err);
	rp_change_history_ended(change, r, err);
	rp_change_unlock(change);
	return r;
}
