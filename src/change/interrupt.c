/* SPDX-License-Identifier: MIT */
/*
 * Stopping a change on request. The caller is asked between two steps and while the change waits,
 * and only where the machine is whole: the driver is loaded, and no memory mode that this run
 * requested waits for a reload.
 */
#include "change/change.h"
#include "hw/driver.h"

ROCPART_PUBLIC void rocpart_change_set_interrupt(struct rocpart_change *change,
						 rocpart_interrupt_fn fn, void *userdata)
{
	change->interrupt = fn;
	change->interrupt_userdata = userdata;
}

int rp_change_poll_interrupt(struct rocpart_change *c, struct rocpart_error *reterr)
{
	if (!c->interrupt || !c->interrupt(c->interrupt_userdata))
		return 0;
	rp_change_remark(c, "interrupted");
	return rp_error_set(reterr, -EINTR, ROCPART_ERR_INTERRUPTED, NULL, "interrupted");
}

int rp_change_check_interrupt(struct rocpart_change *c, struct rocpart_error *reterr)
{
	return c->interrupt && rp_driver_is_loaded(c->machine->tree, NULL) > 0
		       ? rp_change_poll_interrupt(c, reterr)
		       : 0;
}

bool rp_change_is_interrupt(const struct rocpart_error *err)
{
	return err->code == ROCPART_ERR_INTERRUPTED;
}

/* "3 of 8 GPUs have the new modes, 5 the old ones": of the GPUs whose modes were to change. */
static void count_targets(const struct rocpart_change *c, char *buf, size_t size)
{
	size_t n = 0, n_new = 0, n_old = 0;

	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rp_target *t = &c->targets[i];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);

		if (t->from.compute == t->to.compute && t->from.memory == t->to.memory)
			continue;
		n++;
		n_new += gpu && gpu->compute == t->to.compute && gpu->memory == t->to.memory;
		n_old += gpu && gpu->compute == t->from.compute && gpu->memory == t->from.memory;
	}
	if (n_new + n_old == n)
		(void)rp_fmt(buf, size, "%zu of %zu GPUs have the new modes, %zu the old ones",
			     n_new, n, n_old);
	else
		(void)rp_fmt(buf, size,
			     "%zu of %zu GPUs have the new modes, %zu the old ones, %zu others",
			     n_new, n, n_old, n - n_new - n_old);
}

int rp_change_leave_unfinished(struct rocpart_change *c, const struct rocpart_error *cause,
			       struct rocpart_error *reterr)
{
	struct rocpart_error ignored = {0};
	char text[sizeof(cause->message)], modes[128];

	memcpy(text, cause->message, sizeof(text));
	if (rp_change_restore_settings(c, &ignored) < 0)
		rp_change_remark(c, "warning: %s", ignored.message);
	if (rp_change_observe(c, &ignored) < 0)
		rp_change_remark(c, "warning: %s", ignored.message);
	count_targets(c, modes, sizeof(modes));
	(void)rp_error_set(reterr, -EINTR, ROCPART_ERR_UNFINISHED_CHANGE, NULL,
			   "%.250s; the change is not finished, and the driver is loaded: %s", text,
			   modes);
	return rp_error_hint(reterr, "`rocpart apply --resume` finishes the change, `rocpart undo` "
				     "reverts it");
}
