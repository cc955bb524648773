/* SPDX-License-Identifier: MIT */
/* One change at a time: the lock of the machine, waited for when the caller set a time. */
#include "base/spawn.h"
#include "change/change.h"
#include "machine/journal.h"

#define POLL_MS 50

int rp_change_refuse_locked(const struct rocpart_change *c, struct rocpart_error *reterr)
{
	char holder[RP_LOCK_HOLDER_SIZE], waited[32] = "";

	rp_tree_lock_holder(c->machine->state, RP_MACHINE_LOCK, holder);
	if (c->lock_wait_ms)
		(void)rp_fmt(waited, sizeof(waited), " after %g s", (double)c->lock_wait_ms / 1000);
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_LOCKED, c->machine->state_dir,
			   "another process is %schanging this machine%s%s%s",
			   c->lock_wait_ms ? "still " : "", waited, *holder ? ": " : "", holder);
	return rp_error_hint(reterr, "wait until that process ends, or let the command wait with "
				     "--wait SECONDS");
}

static void say_waiting(struct rocpart_change *c)
{
	char holder[RP_LOCK_HOLDER_SIZE];

	rp_tree_lock_holder(c->machine->state, RP_MACHINE_LOCK, holder);
	rp_change_remark(c, "wait for another change of this machine%s%s", *holder ? ": " : "",
			 holder);
}

/* 0, or the errno of locking; -EWOULDBLOCK: somebody else has it. */
static int lock(struct rocpart_change *c, struct rocpart_error *reterr)
{
	uint64_t deadline = rp_now_ns() + c->lock_wait_ms * 1000000;
	bool is_said = false;
	int r;

	for (;;) {
		r = rp_tree_lock(c->machine->state, RP_MACHINE_LOCK, &c->lock_fd);
		if (r != -EWOULDBLOCK || rp_now_ns() >= deadline)
			return r;
		if (!is_said)
			say_waiting(c);
		is_said = true;
		c->has_waited_for_lock = true;
		r = rp_change_poll_interrupt(c, reterr);
		if (r < 0)
			return r;
		rp_sleep_ms(POLL_MS);
	}
}

int rp_change_lock(struct rocpart_change *c, struct rocpart_error *reterr)
{
	struct rocpart_error err = {0};
	int r = rp_machine_make_state(c->machine, reterr);

	if (r < 0)
		return r;
	r = lock(c, &err);
	if (rp_change_is_interrupt(&err)) {
		*reterr = err;
		return rp_error_append(reterr, "; nothing was changed");
	}
	if (r == -EWOULDBLOCK) {
		(void)rp_change_refuse_locked(c, reterr);
		return rp_error_append(reterr, "; nothing was changed");
	}
	if (r < 0)
		return rp_error_errno(reterr, r, c->machine->state_dir,
				      "cannot lock '%s/" RP_MACHINE_LOCK "'",
				      c->machine->state_dir);
	rp_tree_set_inherited(c->machine->tree, c->lock_fd > 0 ? c->lock_fd : 0);
	/* It was read without the lock. */
	if (c->is_resumed && !rp_journal_is_open(c->machine)) {
		rp_change_unlock(c);
		return rp_error_set(
			reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
			"another rocpart has finished the change meanwhile: nothing is left "
			"to resume or undo");
	}
	return 0;
}

void rp_change_unlock(struct rocpart_change *c)
{
	rp_tree_set_inherited(c->machine->tree, 0);
	rp_cleanup_close(&c->lock_fd);
	c->lock_fd = -EBADF;
}
