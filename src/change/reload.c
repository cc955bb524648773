/* SPDX-License-Identifier: MIT */
/*
 * Memory modes: requested of a hive, taken over by the driver when it is unloaded, seen when it is
 * loaded again. The kernel neither shows a request nor takes it back.
 */
#include "base/spawn.h"
#include "change/change.h"
#include "facts/mode_name.h"
#include "hw/driver.h"
#include "hw/settings.h"
#include "hw/smi/backend.h"
#include "machine/records.h"

/* One cycle brings a mode; an undo of a request that waits needs one more, to consume it. */
#define MAX_CYCLES 2

bool rp_change_lacks_settings(const struct rocpart_change *c)
{
	for (size_t i = 0; i < c->n_targets; i++)
		if (!c->targets[i].settings)
			return true;
	return false;
}

static int save_settings(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r = 0;

	if (rp_change_lacks_settings(c))
		rp_change_announce(c, RP_STEP_SAVE, 0);

	for (size_t i = 0; r == 0 && i < c->n_targets; i++) {
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
		struct rp_target *t = &c->targets[i];

		if (t->settings)
			continue;
		r = rp_settings_save(c->machine->tree, t->bdf, &t->settings);
		if (r < 0)
			return rp_error_errno(reterr, r, t->bdf,
					      "cannot read the settings that a reload resets");
		if (r == 0)
			r = rp_json_print(t->settings, false, &text);
		if (r < 0)
			return rp_error_nomem(reterr);
		r = rp_change_record(c, "save-settings", t->bdf, rp_strbuf_str(&text), reterr);
	}
	return r;
}

int rp_change_restore_settings(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int first = 0;

	if (!rp_phase_has_unloaded(c->phase))
		return 0;
	rp_change_announce(c, RP_STEP_RESTORE, 0);
	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rp_target *t = &c->targets[i];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);
		struct rocpart_error err = {0};
		int r;

		if (!gpu || !t->settings)
			continue;
		r = rp_settings_restore(c->machine->tree, t->bdf, t->settings, &err);
		if (r == 0 || first < 0)
			continue;
		first = rp_error_set(reterr, r, ROCPART_ERR_PARTLY_DONE, err.object,
				     "the modes are set, but %.300s", err.message);
		(void)rp_error_hint(reterr, "set the value by hand, as root");
	}
	return first;
}

/* A request of one member is stored for the whole hive: once for each hive. */
static bool is_first_of_hive(const struct rocpart_change *c, size_t i, enum rp_direction d)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, c->targets[i].bdf);

	for (size_t k = 0; k < i; k++) {
		const struct rocpart_gpu *g =
			rp_snapshot_gpu_by_bdf(c->snapshot, c->targets[k].bdf);

		if (g && rp_change_differs(c, &c->targets[k], d) && g->hive_id.known &&
		    gpu->hive_id.known && g->hive_id.v == gpu->hive_id.v)
			return false;
	}
	return true;
}

static int record_failed(const struct rocpart_change *c, int r, struct rocpart_error *reterr)
{
	return rp_error_errno(reterr, r, c->machine->state_dir,
			      "cannot record the requested memory mode in '%s'",
			      c->machine->state_dir);
}

static int request_one(struct rocpart_change *c, const struct rp_target *t,
		       enum rocpart_memory_mode mode, struct rocpart_error *reterr)
{
	const char *name = rocpart_memory_mode_to_string(mode), *bdf = t->bdf;
	const struct rp_mode_request q = {.bdf = bdf, .memory = mode};
	enum rocpart_backend used;
	struct rocpart_error why = {0};
	int r;

	r = rp_change_record(c, "request-memory", bdf, name, reterr);
	if (r < 0)
		return r;
	/* Recorded first: one hidden is not harmless. record_pending() says that it was made. */
	r = rp_records_announce_pending(c->machine, bdf, mode);
	if (r < 0)
		return record_failed(c, r, reterr);
	r = rp_backend_set_mode(c->machine->tree, c->machine->backend, &q, &used, &why);
	if (r < 0)
		return rp_change_explain(c, bdf, used, &why, reterr);
	c->phase = rp_phase_after(c->phase, RP_EVENT_REQUEST);
	return 0;
}

static int record_pending(struct rocpart_change *c, enum rp_direction d,
			  struct rocpart_error *reterr)
{
	for (size_t i = 0; i < c->n_targets; i++) {
		const char *bdf = c->targets[i].bdf;
		int r;

		if (!rp_change_differs(c, &c->targets[i], d))
			continue;
		r = rp_records_set_pending(c->machine, &bdf, 1,
					   rp_target_goal(&c->targets[i], d).memory);
		if (r < 0)
			return record_failed(c, r, reterr);
	}
	return 0;
}

static int request(struct rocpart_change *c, enum rp_direction d, struct rocpart_error *reterr)
{
	int r = 0;

	if (rp_change_needs_memory(c, d))
		rp_change_announce(c, RP_STEP_REQUEST, 0);
	for (size_t i = 0; r == 0 && i < c->n_targets; i++)
		if (rp_change_differs(c, &c->targets[i], d) && is_first_of_hive(c, i, d))
			r = request_one(c, &c->targets[i], rp_target_goal(&c->targets[i], d).memory,
					reterr);
	/* A first request that failed outright left nothing behind. */
	if (r < 0 && !rp_phase_has_request(c->phase) && rp_records_clear_pending(c->machine) < 0)
		(void)rp_error_prefix(reterr, "the record of the request could not be "
					      "removed");
	return r < 0 ? r : record_pending(c, d, reterr);
}

/* GPUs that the change had before the reload, by their addresses: nothing shows an index now. */
static int report_lost(const struct rocpart_change *c, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT;
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->n_targets; i++) {
		if (rp_snapshot_gpu_by_bdf(c->snapshot, c->targets[i].bdf))
			continue;
		first = first ? first : c->targets[i].bdf;
		if (n++ < 8)
			rp_strbuf_addf(&names, "%s%s", n > 1 ? ", " : "", c->targets[i].bdf);
	}
	(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_GPU_LOST, first,
			   "GPU%s %s did not come back after the driver reload (%zu of %zu GPUs "
			   "did); the memory mode was switched, compute modes were not set",
			   n > 1 ? "s" : "", rp_strbuf_str(&names), c->snapshot->n_gpus,
			   c->n_gpus_before);
	return rp_error_hint(reterr, "look for the GPU in the kernel log (dmesg); reboot, then "
				     "`rocpart apply --resume` or `rocpart undo`");
}

/*
 * On a disk that fails too: a machine without its driver is worse than a journal without this line,
 * which says no more than the line of the unload does.
 */
static int load(struct rocpart_change *c, struct rocpart_error *reterr)
{
	struct rocpart_error unrecorded = {0};
	int r, recorded;

	rp_change_announce(c, RP_STEP_LOAD, 0);
	recorded = rp_change_record(c, "load", NULL, NULL, &unrecorded);
	r = rp_driver_load(c->machine->tree, reterr);
	if (r == 0)
		r = rp_change_observe(c, reterr);
	if (r < 0)
		return r;
	if (recorded < 0) {
		*reterr = unrecorded;
		return recorded;
	}
	r = rp_records_clear_pending(c->machine);
	if (r < 0)
		return rp_error_errno(reterr, r, c->machine->state_dir,
				      "cannot remove the record of the requested memory mode from "
				      "'%s'",
				      c->machine->state_dir);
	if (c->snapshot->n_gpus < c->n_gpus_before && !c->is_resumed)
		return report_lost(c, reterr);
	return 0;
}

static int reload(struct rocpart_change *c, struct rocpart_error *reterr)
{
	uint64_t begin_ns = rp_now_ns();
	int r;

	rp_change_announce(c, RP_STEP_UNLOAD, 0);
	r = rp_change_record(c, "unload", NULL, NULL, reterr);
	if (r < 0)
		return r;
	r = rp_driver_unload(c->machine->tree, reterr);
	if (r < 0)
		return r;
	c->phase = rp_phase_after(c->phase, RP_EVENT_UNLOADED);
	r = load(c, reterr);
	if (r == 0)
		rp_change_note_outage(c, begin_ns);
	return r;
}

static int leave_pending(struct rocpart_change *c, struct rocpart_error *reterr)
{
	c->phase = rp_phase_after(c->phase, RP_EVENT_LEAVE);
	(void)rp_error_set(reterr, -EINPROGRESS, ROCPART_ERR_NPS_NEEDS_RELOAD, NULL,
			   "the memory mode is only requested, and takes effect when the driver is "
			   "reloaded; compute modes were not changed");
	return rp_error_hint(reterr,
			     "stop what uses the GPUs, then repeat the command without --reload "
			     "never (or reload the driver by hand and set the compute mode); a "
			     "reboot drops the request");
}

static int check_never(struct rocpart_change *c, struct rocpart_error *reterr)
{
	if (c->reload != ROCPART_RELOAD_NEVER ||
	    !rp_backend_reloads_itself(c->machine->tree, c->machine->backend))
		return 0;
	(void)rp_error_set(reterr, -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED,
			   rocpart_backend_to_string(c->machine->backend),
			   "this version of %s reloads the driver itself when it sets a memory "
			   "mode, which --reload never forbids",
			   rocpart_backend_to_string(c->machine->backend));
	(void)rp_error_hint(reterr, "leave out --reload never, or use --backend sysfs");
	return -EOPNOTSUPP;
}

static int cycle(struct rocpart_change *c, enum rp_direction d, struct rocpart_error *reterr)
{
	int r = check_never(c, reterr);
	bool has_waited = c->has_waited;

	c->has_waited = false;
	if (r == 0 && !has_waited)
		rp_change_announce(c, RP_STEP_WAIT, 0);
	if (r == 0)
		r = rp_change_wait_idle(c, true, reterr);
	if (r == 0 && !has_waited)
		rp_change_announce(c, RP_STEP_CHECK_UNLOAD, 0);
	if (r == 0)
		r = rp_driver_check_unloadable(c->machine->tree, reterr);
	if (r == 0)
		r = save_settings(c, reterr);
	/* The last point before the reload: a request cannot be taken back. */
	if (r == 0)
		r = rp_change_check_interrupt(c, reterr);
	if (r == 0)
		r = request(c, d, reterr);
	if (r < 0)
		return r;
	if (c->reload == ROCPART_RELOAD_NEVER)
		return leave_pending(c, reterr);
	return reload(c, reterr);
}

static int mismatch(const struct rocpart_change *c, enum rp_direction d,
		    struct rocpart_error *reterr)
{
	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rp_target *t = &c->targets[i];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);

		if (!rp_change_differs(c, t, d))
			continue;
		return rp_error_set(reterr, -EIO, ROCPART_ERR_READBACK_MISMATCH, t->bdf,
				    "GPU %zu (%s) is in %s instead of %s after the driver reload",
				    gpu->index, gpu->bdf,
				    rocpart_memory_mode_to_string(gpu->memory),
				    rocpart_memory_mode_to_string(rp_target_goal(t, d).memory));
	}
	return 0;
}

int rp_change_run_memory(struct rocpart_change *c, enum rp_direction d,
			 struct rocpart_error *reterr)
{
	int r = rp_phase_has_unloaded(c->phase) ? rp_driver_is_loaded(c->machine->tree, reterr) : 1;

	if (r >= 0)
		r = r ? rp_change_observe(c, reterr) : load(c, reterr);
	for (int i = 0; r == 0 && i < MAX_CYCLES; i++) {
		if (!rp_change_needs_memory(c, d) && !rp_phase_has_request(c->phase))
			return 0;
		r = cycle(c, d, reterr);
	}
	return r < 0 ? r : mismatch(c, d, reterr);
}

static int read_settings(struct rocpart_change *c, const struct rp_change_line *line)
{
	for (size_t i = 0; line->value && line->bdf && i < c->n_targets; i++) {
		struct rp_json **settings = &c->targets[i].settings;

		if (!rp_str_eq(c->targets[i].bdf, line->bdf))
			continue;
		*settings = rp_json_free(*settings);
		return rp_json_parse(line->value, strlen(line->value), line->step, settings, NULL);
	}
	return 0;
}

/* A request that an earlier load of the driver took over, or a reboot forgot, waits no longer. */
int rp_reload_read(struct rocpart_change *c, const struct rp_change_line *line)
{
	enum rp_event event = RP_EVENT_SWITCH;
	bool is_request = rp_str_eq(line->step, "request-memory");
	uint64_t epoch = 0;
	int r = is_request ? rp_driver_read_epoch(c->machine->tree, &epoch, NULL) : 0;

	if (r < 0)
		return r;
	if (rp_str_eq(line->step, "save-settings"))
		return read_settings(c, line);
	if (is_request && line->driver_epoch == epoch)
		event = RP_EVENT_REQUEST;
	else if (rp_str_eq(line->step, "unload"))
		event = RP_EVENT_UNLOAD_BEGUN;
	c->phase = rp_phase_after(c->phase, event);
	return 0;
}
