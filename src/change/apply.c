/* SPDX-License-Identifier: MIT */
/* Doing a change: lock, check, journal, memory modes, compute modes, read back; undo on failure. */
#include <stdarg.h>

#include "base/spawn.h"
#include "change/change.h"
#include "hw/driver.h"
#include "hw/hw.h"
#include "hw/smi/backend.h"
#include "modes/modes.h"

#define LOCK_FILE "lock"
#define POLL_MS	  50

void rp_change_progress(struct rocpart_change *c, const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	va_list ap;

	c->step++;
	if (c->step > c->n_steps)
		c->n_steps = c->step;
	if (!c->progress)
		return;
	va_start(ap, fmt);
	rp_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	c->progress(c->progress_userdata, c->step, c->n_steps, rp_strbuf_str(&text));
}

int rp_change_observe(struct rocpart_change *c, struct rocpart_error *reterr)
{
	struct rocpart_snapshot *s = NULL;
	int r = rp_observe(c->machine, &s, reterr);

	if (r < 0)
		return r;
	rocpart_snapshot_unref(c->snapshot);
	c->snapshot = s;
	return 0;
}

uint64_t rp_change_compute_gpus(const struct rocpart_change *c, enum rp_direction d)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rocpart_gpu *gpu =
			rp_snapshot_gpu_by_bdf(c->snapshot, c->targets[i].bdf);

		if (gpu && gpu->compute != rp_target_wish(&c->targets[i], d).compute &&
		    gpu->index < 64)
			bits |= UINT64_C(1) << gpu->index;
	}
	return bits;
}

static int busy(struct rocpart_change *c, const struct rocpart_holders *list,
		struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT;

	rp_holders_text(list, &names);
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_BUSY_PROCESS, NULL,
			   "failed to set partition mode: still held after %llu s by %s",
			   (unsigned long long)c->wait_ms / 1000,
			   names.len ? rp_strbuf_str(&names) : "processes that cannot be seen");
	return rp_error_hint(reterr, "stop them (`rocpart holders` tells more), or wait longer "
				     "with --wait");
}

int rp_change_wait_idle(struct rocpart_change *c, bool for_reload, struct rocpart_error *reterr)
{
	uint64_t deadline = rp_now_ns() + c->wait_ms * 1000000;

	for (;;) {
		RP_AUTO_HOLDERS struct rocpart_holders *list = NULL;
		bool saved = c->needs_reload;
		int r;

		c->needs_reload = for_reload;
		r = rocpart_change_get_holders(c, &list, reterr);
		c->needs_reload = saved;
		if (r < 0 || !rocpart_holders_get(list, 0))
			return r;
		if (rp_now_ns() >= deadline)
			return busy(c, list, reterr);
		rp_sleep_ms(POLL_MS);
	}
}

/* EBUSY may end by itself: a process that is being torn down counts for some seconds (G3). */
static int write_compute(struct rocpart_change *c, const char *bdf, enum rocpart_compute_mode mode,
			 enum rocpart_backend *ret_used, struct rocpart_error *reterr)
{
	uint64_t deadline = rp_now_ns() + c->wait_ms * 1000000, pause_ms = 10;
	int r;

	while ((r = rp_backend_set_compute(c->machine, bdf, mode, ret_used, reterr)) == -EBUSY &&
	       rp_now_ns() < deadline) {
		rp_sleep_ms(pause_ms);
		pause_ms = pause_ms < 500 ? pause_ms * 2 : pause_ms;
	}
	return r;
}

/* Write, read back, decide: what the machine says afterwards is the verdict. */
static int set_compute(struct rocpart_change *c, const char *bdf, enum rocpart_compute_mode mode,
		       struct rocpart_error *reterr)
{
	const char *name = rocpart_compute_mode_to_string(mode);
	enum rocpart_compute_mode now = ROCPART_COMPUTE_UNKNOWN;
	enum rocpart_backend used;
	struct rocpart_error why = {0};
	int w, r;

	rp_change_progress(c, "set %s to %s", bdf, name);
	r = rp_journal_step(c, "set-compute", bdf, name);
	if (r < 0)
		return rp_error_errno(reterr, r, c->machine->state_dir, "cannot write the journal");
	c->is_started = true;
	w = write_compute(c, bdf, mode, &used, &why);
	r = rp_hw_read_compute(c->machine->tree, bdf, &now);
	if (r == 0 && now == mode)
		return 0;
	if (w < 0)
		return rp_change_explain(c, bdf, used, &why, reterr);
	if (r < 0)
		return rp_error_errno(reterr, r, bdf, "cannot read the compute mode back");
	(void)rp_error_set(reterr, -EIO, ROCPART_ERR_READBACK_MISMATCH, bdf,
			   "wrote %s, but the GPU says %s", name,
			   rocpart_compute_mode_to_string(now));
	return used == ROCPART_BACKEND_SYSFS
		       ? -EIO
		       : rp_error_hint(reterr, "%s claimed success; try `--backend sysfs`",
				       rocpart_backend_to_string(used));
}

/* An undo goes the other way round. */
static int run_compute(struct rocpart_change *c, enum rp_direction d, struct rocpart_error *reterr)
{
	int r = rp_change_observe(c, reterr);

	for (size_t k = 0; r == 0 && k < c->n_targets; k++) {
		size_t i = d == RP_FORWARD ? k : c->n_targets - 1 - k;
		struct rp_mode_pair wish = rp_target_wish(&c->targets[i], d);
		const struct rocpart_gpu *gpu =
			rp_snapshot_gpu_by_bdf(c->snapshot, c->targets[i].bdf);

		if (gpu && gpu->compute != wish.compute)
			r = set_compute(c, c->targets[i].bdf, wish.compute, reterr);
	}
	return r;
}

static int verify_target(struct rocpart_change *c, const struct rp_target *t, enum rp_direction d,
			 struct rocpart_error *reterr)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);
	struct rp_mode_pair wish = rp_target_wish(t, d);
	struct rocpart_pair pair;

	if (!gpu) {
		(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_GPU_LOST, t->bdf,
				   "this GPU is gone; the others are in the modes wanted");
		return rp_error_hint(reterr, "look at the kernel log; a reboot may bring it back");
	}
	if (gpu->compute != wish.compute || gpu->memory != wish.memory)
		return rp_error_set(reterr, -EIO, ROCPART_ERR_READBACK_MISMATCH, t->bdf,
				    "the GPU is in %s/%s instead of %s/%s",
				    rocpart_compute_mode_to_string(gpu->compute),
				    rocpart_memory_mode_to_string(gpu->memory),
				    rocpart_compute_mode_to_string(wish.compute),
				    rocpart_memory_mode_to_string(wish.memory));
	rp_pair_fill(gpu, wish.compute, wish.memory, &pair);
	if (gpu->n_partitions < pair.n_expected) {
		(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_PARTITION_MISSING, t->bdf,
				   "the GPU is in %s/%s, but shows %zu of %u partitions",
				   rocpart_compute_mode_to_string(gpu->compute),
				   rocpart_memory_mode_to_string(gpu->memory), gpu->n_partitions,
				   pair.n_expected);
		return rp_error_hint(reterr, "look at the kernel log for 'Skip xcp node' and "
					     "'Won't add GPU'");
	}
	return 0;
}

static int verify(struct rocpart_change *c, enum rp_direction d, struct rocpart_error *reterr)
{
	int r;

	rp_change_progress(c, "read everything back");
	r = rp_change_observe(c, reterr);
	for (size_t i = 0; r == 0 && i < c->n_targets; i++)
		r = verify_target(c, &c->targets[i], d, reterr);
	return r;
}

int rp_change_run(struct rocpart_change *c, enum rp_direction d, struct rocpart_error *reterr)
{
	int r = rp_change_run_memory(c, d, reterr);

	if (r == 0)
		r = run_compute(c, d, reterr);
	if (r == 0)
		r = verify(c, d, reterr);
	if (r == 0 || r == -ENODEV) {
		int r2 = rp_change_restore_settings(c, r == 0 ? reterr : NULL);

		r = r < 0 ? r : r2;
	}
	return r;
}

static void release_lock(struct rocpart_change *c)
{
	rp_cleanup_close(&c->lock_fd);
	c->lock_fd = -EBADF;
}

static int take_lock(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r = rp_machine_make_state(c->machine, reterr);

	if (r < 0)
		return r;
	r = rp_tree_lock(c->machine->state, LOCK_FILE, &c->lock_fd);
	if (r == -EWOULDBLOCK) {
		(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_LOCKED, c->machine->state_dir,
				   "another rocpart is changing this machine");
		return rp_error_hint(reterr, "wait until it has ended");
	}
	if (r < 0)
		return rp_error_errno(reterr, r, c->machine->state_dir, "cannot take the lock");
	/* It was read without the lock. */
	if (c->is_resumed && !rp_journal_is_open(c->machine)) {
		release_lock(c);
		return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
				    "the change was finished by another rocpart");
	}
	return 0;
}

/* Under the lock: is the machine as it was when the change was made? */
static int refresh(struct rocpart_change *c, struct rocpart_error *reterr)
{
	enum rocpart_backend source = c->snapshot->source;
	int r = rp_change_observe(c, reterr);

	for (size_t i = 0; r == 0 && !c->is_resumed && i < c->n_targets; i++) {
		const struct rp_target *t = &c->targets[i];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);

		if (gpu && gpu->compute == t->from.compute && gpu->memory == t->from.memory)
			continue;
		(void)rp_error_set(reterr, -ESTALE, ROCPART_ERR_STALE_SNAPSHOT, t->bdf,
				   "the machine was changed since it was looked at");
		if (source == ROCPART_BACKEND_SYSFS)
			return rp_error_hint(reterr, "call again");
		return rp_error_hint(reterr,
				     "call again; should it come back, %s tells otherwise than the "
				     "kernel: see `rocpart doctor`, use `--backend sysfs`",
				     rocpart_backend_to_string(source));
	}
	return r;
}

static int close_journal(struct rocpart_change *c, const char *how, struct rocpart_error *reterr)
{
	int r = rp_journal_close(c, how);

	if (r == 0)
		return 0;
	(void)rp_error_errno(reterr, r, c->machine->state_dir, "cannot close the journal");
	return rp_error_hint(reterr, "the machine is as wanted; `rocpart apply --resume` closes "
				     "the journal");
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
	char cause[sizeof(err->message)];

	memcpy(cause, err->message, sizeof(cause));
	(void)rp_error_set(err, -EINPROGRESS, ROCPART_ERR_NPS_NEEDS_RELOAD, err->object,
			   "failed to set partition mode: the memory mode is requested and takes "
			   "effect when the driver is reloaded, which failed: %.300s",
			   cause);
	return rp_error_hint(err,
			     "remove the cause; then `rocpart apply --resume` goes on, or "
			     "`rocpart undo` takes it back (it reloads twice); a reboot forgets "
			     "the request");
}

/* After a failure that leaves nothing to do. err stays what is reported. */
static int close_failed(struct rocpart_change *c, const char *how, struct rocpart_error *err)
{
	struct rocpart_error closing = {0};
	int r = rp_journal_close(c, how);

	if (r < 0) {
		(void)rp_error_errno(&closing, r, NULL, "cannot close the journal");
		(void)rp_error_hint(err,
				    "%s; once '%s' can be written, `rocpart apply --resume` goes "
				    "on and `rocpart undo` takes it back",
				    closing.message, c->machine->state_dir);
	}
	return err->errnum;
}

/* The first failure is what is reported; what the undo met is added only when it failed too. */
static int undo_after(struct rocpart_change *c, int failure, struct rocpart_error *reterr,
		      const char **ret_how)
{
	struct rocpart_error undo = {0};
	char text[sizeof(reterr->message)];
	int r;

	c->step = c->n_steps = 0;
	rp_change_progress(c, "undo");
	r = rp_change_run(c, RP_BACKWARD, &undo);
	if (r < 0 && c->request_begun) {
		*reterr = undo;
		return stay_pending(reterr);
	}
	if (r == 0) {
		*ret_how = "undone";
		if (!*reterr->hint)
			(void)rp_error_hint(reterr, "what had been done was undone");
		return failure;
	}
	memcpy(text, reterr->message, sizeof(text));
	(void)rp_error_set(reterr, -EIO, ROCPART_ERR_PARTLY_DONE, undo.object,
			   "%.200s; undoing it failed too: %.200s", text, undo.message);
	return rp_error_hint(reterr, "`rocpart apply --resume` goes on, `rocpart undo` tries again "
				     "to take it back");
}

/* What the outcome is, and how the journal ends (NULL: it stays open). */
static int settle(struct rocpart_change *c, int r, struct rocpart_error *err, const char **ret_how)
{
	bool is_lost = r < 0 && err->code == ROCPART_ERR_GPU_LOST;

	*ret_how = NULL;
	if (c->left_pending)
		*ret_how = "pending";
	else if (r < 0 && c->request_begun)
		return stay_pending(err);
	else if (r == 0 || is_kept(err->code))
		*ret_how = "done";
	/* Stop at once the first time; the rest was done when resumed: that is all. */
	else if (is_lost)
		*ret_how = c->is_resumed ? "done" : NULL;
	else if (!c->is_started)
		*ret_how = "undone";
	else
		return undo_after(c, r, err, ret_how);
	return r;
}

/* What others were told of the partitions. A failure there does not undo a change. */
static void tell_others(struct rocpart_change *c)
{
	struct rocpart_error err = {0};

	if (c->machine->changed && c->machine->changed(c->machine, &err) < 0)
		rp_change_progress(c, "warning: %s: %s", err.object, err.message);
}

/* Services start again in every outcome, and before the journal ends: it says which are stopped. */
static int end(struct rocpart_change *c, int r, struct rocpart_error *err, const char *how)
{
	if (how)
		rp_change_return_leases(c, rp_str_eq(how, "undone"));
	tell_others(c);
	r = rp_change_release_services(c, r, err);
	if (!how)
		return r;
	return r == 0 ? close_journal(c, how, err) : close_failed(c, how, err);
}

static int finish(struct rocpart_change *c, int r, struct rocpart_error *err)
{
	const char *how = NULL;

	r = settle(c, r, err, &how);
	return end(c, r, err, how);
}

static int wait_until_free(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r;

	if (!rp_change_needs_memory(c, RP_FORWARD))
		return rp_change_wait_idle(c, false, reterr);
	rp_change_progress(c, "wait until no process holds a GPU");
	r = rp_change_wait_idle(c, true, reterr);
	if (r < 0)
		return r;
	rp_change_progress(c, "prove that the amdgpu driver can be unloaded");
	return rp_driver_check_unloadable(c->machine->tree, reterr);
}

static int open_journal(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r = rp_journal_begin(c);

	return r < 0 ? rp_error_errno(reterr, r, c->machine->state_dir, "cannot write the journal")
		     : 0;
}

/* Services are stopped before holders are waited for: they may be the holders. */
static int begin_held(struct rocpart_change *c, struct rocpart_error *err)
{
	int r = open_journal(c, err);

	if (r < 0)
		return r;
	r = rp_change_hold_services(c, err);
	if (r == 0)
		r = wait_until_free(c, err);
	if (r == 0)
		return 0;
	r = rp_change_release_services(c, r, err);
	return rp_journal_drop(c) < 0 ? close_failed(c, "undone", err) : r;
}

static int begin(struct rocpart_change *c, struct rocpart_error *err)
{
	int r;

	if (!rp_services_are_none(&c->services))
		return begin_held(c, err);
	r = wait_until_free(c, err);
	return r < 0 ? r : open_journal(c, err);
}

/* Of an open journal. */
static int run_resumed(struct rocpart_change *c, enum rp_direction d, struct rocpart_error *err)
{
	int r = rp_change_hold_services(c, err);

	return r < 0 ? r : rp_change_run(c, d, err);
}

static bool is_all_so(const struct rocpart_change *c, enum rp_direction d)
{
	return !rp_change_needs_memory(c, d) && !rp_change_compute_gpus(c, d);
}

static int apply_locked(struct rocpart_change *c, struct rocpart_error *err)
{
	int r;

	if (c->is_resumed) {
		r = rp_change_take_leases(c, err);
		return r < 0 ? end(c, r, err, NULL)
			     : finish(c, run_resumed(c, RP_FORWARD, err), err);
	}
	r = refresh(c, err);
	if (r == 0)
		r = rocpart_change_check(c, err);
	if (r < 0 || is_all_so(c, RP_FORWARD))
		return r;
	c->step = 0;
	r = rp_backend_check(c->machine, err);
	if (r == 0)
		r = begin(c, err);
	if (r < 0)
		return r;
	r = rp_change_take_leases(c, err);
	if (r < 0)
		return end(c, r, err, "undone");
	return finish(c, rp_change_run(c, RP_FORWARD, err), err);
}

/* Which driver the leases now live under, and who hands out the partitions. */
static int keep_records(struct rocpart_change *c, struct rocpart_error *err)
{
	int r = c->unload_begun ? rp_change_note_driver(c, err) : 0;

	if (r < 0 || !*c->allocator)
		return r;
	r = rp_records_set_allocator(c->machine, c->allocator);
	return r < 0 ? rp_error_errno(err, r, c->machine->state_dir, "cannot record the allocator")
		     : 0;
}

ROCPART_PUBLIC int rocpart_change_apply(struct rocpart_change *change, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0}, *err = reterr ? reterr : &local;
	int r;

	if (rp_tree_kind(change->machine->tree) == RP_TREE_CAPTURE)
		return rp_change_check_targets(change, err);
	r = take_lock(change, err);
	if (r < 0)
		return r;
	r = apply_locked(change, err);
	if (r == 0)
		r = keep_records(change, err);
	release_lock(change);
	return r;
}

static int undo_locked(struct rocpart_change *c, struct rocpart_error *err)
{
	const char *how = NULL;
	int r = run_resumed(c, RP_BACKWARD, err);

	if (r == 0 ||
	    (!c->request_begun && (is_kept(err->code) || err->code == ROCPART_ERR_GPU_LOST)))
		how = "undone";
	else if (c->request_begun)
		r = stay_pending(err);
	return end(c, r, err, how);
}

ROCPART_PUBLIC int rocpart_change_undo(struct rocpart_change *change, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0}, *err = reterr ? reterr : &local;
	int r = take_lock(change, err);

	if (r < 0)
		return r;
	r = undo_locked(change, err);
	release_lock(change);
	return r;
}
