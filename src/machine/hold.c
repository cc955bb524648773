/* SPDX-License-Identifier: MIT */
/*
 * The hold: a record that stops unattended changes until a time of the wall clock.
 *
 * Invariant: only a record that was read, and whose time is over, holds nothing; and none at all.
 * Every error on the way there is a hold that holds: an error is not an absence. A clock that went
 * back makes a hold longer, never shorter.
 */
#include "machine/hold.h"
#include "base/caller.h"
#include "base/clock.h"
#include "base/printable.h"
#include "machine/history.h"
#include "machine/public.h"
#include "machine/records_internal.h"

#define LOCK "hold.lock"

static void set_unknown(struct rocpart_hold *h, const char *why)
{
	*h = (struct rocpart_hold){.state = ROCPART_HOLD_UNKNOWN};
	rp_printable_fit(h->problem, sizeof(h->problem), why);
}

/* A time that was read; false: the record has none. */
static bool take_time(const struct rp_json *j, const char *key, int64_t *ret)
{
	const struct rp_json *v = rp_json_get(j, key);

	if (rp_json_type(v) != RP_JSON_INT)
		return false;
	*ret = rp_json_int_value(v);
	return true;
}

static void take_record(const struct rp_json *j, struct rocpart_hold *h)
{
	const struct rp_json *uid = rp_json_get(j, "uid");
	const char *reason = rp_json_text(rp_json_get(j, "reason"));
	int64_t now, uid_value = rp_json_int_value(uid);

	*h = (struct rocpart_hold){.state = ROCPART_HOLD_ACTIVE};
	if (!take_time(j, "until_s", &h->until_s)) {
		set_unknown(h, "its record has no time of its end");
		return;
	}
	if (!take_time(j, "since_s", &h->since_s))
		h->since_s = 0;
	if (rp_json_type(uid) == RP_JSON_INT && uid_value >= 0 && uid_value < UINT32_MAX) {
		h->has_uid = true;
		h->uid = (uint32_t)uid_value;
	}
	if (reason)
		(void)rp_fmt(h->reason, sizeof(h->reason), "%s", reason);
	if (rp_clock_read(&now) == 0 && now >= h->until_s)
		*h = (struct rocpart_hold){.state = ROCPART_HOLD_NONE};
}

/* What the public document says, for a caller who may not read the record. */
static void take_public(struct rocpart_machine *m, struct rocpart_hold *h)
{
	RP_AUTO_JSON struct rp_json *public = NULL;
	RP_AUTO_FREE char *note = m->note;
	const struct rp_json *j;
	int r;

	m->note = NULL; /* that of an observation stays */
	r = rp_public_read(m, &public);
	free(m->note);
	m->note = rp_steal(&note);
	j = rp_json_get(public, "hold");
	if (r < 0 || !j)
		set_unknown(h, "reading its record needs root");
	else if (rp_json_type(j) == RP_JSON_OBJECT)
		take_record(j, h);
}

ROCPART_PUBLIC void rocpart_machine_get_hold(struct rocpart_machine *machine,
					     struct rocpart_hold *ret_hold)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rocpart_error why = {0};
	int r = rp_record_read(machine, RP_RECORD_HOLD, RP_RECORD_LIMIT, &j, &why);

	*ret_hold = (struct rocpart_hold){.state = ROCPART_HOLD_NONE};
	if (r == -EACCES)
		take_public(machine, ret_hold);
	else if (r < 0)
		set_unknown(ret_hold, why.message);
	else if (j)
		take_record(j, ret_hold);
}

static int refuse(const struct rocpart_hold *h, struct rocpart_error *reterr)
{
	char until[RP_TIME_TEXT_SIZE], by[32] = "";

	if (h->state == ROCPART_HOLD_UNKNOWN) {
		(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_ON_HOLD, NULL,
				   "unattended changes count as on hold, because the hold cannot "
				   "be read: %s",
				   h->problem);
		return rp_error_hint(reterr, "`rocpart hold --end` ends the hold and moves a "
					     "damaged record away; a person can run the command "
					     "without --unattended");
	}
	if (h->has_uid && h->uid == 0)
		(void)rp_fmt(by, sizeof(by), ", by user root");
	else if (h->has_uid)
		(void)rp_fmt(by, sizeof(by), ", by user %u", h->uid);
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_ON_HOLD, NULL,
			   "unattended changes are on hold until %s%s%s%s",
			   rp_time_text(h->until_s, until), by, *h->reason ? ": " : "", h->reason);
	return rp_error_hint(reterr, "`rocpart hold --end` ends the hold; a person can run the "
				     "command without --unattended");
}

ROCPART_PUBLIC int rocpart_machine_check_hold(struct rocpart_machine *machine,
					      struct rocpart_error *reterr)
{
	struct rocpart_hold h;

	rocpart_machine_get_hold(machine, &h);
	if (h.state == ROCPART_HOLD_NONE)
		return 0;
	(void)refuse(&h, reterr);
	return -EBUSY;
}

static int check_arguments(uint64_t seconds, const char *reason, struct rocpart_error *reterr)
{
	size_t len = reason ? strlen(reason) : 0;

	if (seconds < 1 || seconds > ROCPART_HOLD_MAX_S)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "a hold lasts from 1 second to 90 days");
	if (len == 0 || len >= sizeof(((struct rocpart_hold *)NULL)->reason) ||
	    !rp_is_printable(reason))
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "the reason of a hold is one line of text, from 1 to %zu bytes",
				    sizeof(((struct rocpart_hold *)NULL)->reason) - 1);
	return 0;
}

static int write_hold(struct rocpart_machine *m, int64_t now, int64_t until, const char *reason,
		      struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	int r = rp_json_set(j, "since_s", rp_json_int(now));

	r |= rp_json_set(j, "until_s", rp_json_int(until));
	r |= rp_json_set_u64(j, "uid", rp_caller_uid());
	r |= rp_json_set_string(j, "reason", reason);
	return r < 0 ? rp_error_nomem(reterr) : rp_record_write(m, RP_RECORD_HOLD, j, reterr);
}

static void note_hold(struct rocpart_machine *m, const char *outcome, const char *text)
{
	rp_history_add(
		m, &(struct rocpart_history_entry){
			   .kind = "hold", .outcome = outcome, .text = text, .milliseconds = -1});
}

ROCPART_PUBLIC int rocpart_machine_set_hold(struct rocpart_machine *machine, uint64_t seconds,
					    const char *reason, struct rocpart_error *reterr)
{
	char until[RP_TIME_TEXT_SIZE], text[RP_HISTORY_TEXT_SIZE];
	RP_AUTO_CLOSE int lock = -EBADF;
	int64_t now = 0, end = 0;
	int r = check_arguments(seconds, reason, reterr);

	if (r == 0)
		r = rp_machine_make_state(machine, reterr);
	if (r == 0)
		r = rp_record_lock(machine, LOCK, &lock, reterr);
	if (r < 0)
		return r;
	r = rp_clock_read(&now);
	if (r == 0 && __builtin_add_overflow(now, (int64_t)seconds, &end))
		r = -ERANGE;
	if (r < 0)
		return rp_error_errno(reterr, r, NULL,
				      "the clock gives no time at which the hold could end");
	r = write_hold(machine, now, end, reason, reterr);
	rp_machine_publish(machine);
	(void)rp_fmt(text, sizeof(text), "until %s: %.180s", rp_time_text(end, until), reason);
	if (r == 0 || rp_tree_is_unsynced(machine->state, r))
		note_hold(machine, "set", text);
	return r;
}

static int report_unsynced_end(const struct rocpart_machine *m, int r, struct rocpart_error *reterr)
{
	(void)rp_error_errno(reterr, r, m->state_dir,
			     "the hold has ended, but the end may be lost at a power cut");
	return rp_error_hint(reterr, "repeat the command when the disk works again");
}

/* An end that an earlier call did not sync. */
static int sync_end(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	int r = rp_tree_sync(m->state);

	if (r < 0)
		(void)report_unsynced_end(m, r, reterr);
	return r;
}

/* The removal of a record that was there; what is damaged is moved, never removed. */
static int remove_record(struct rocpart_machine *m, bool is_damaged, struct rocpart_error *reterr)
{
	char aside[RP_ASIDE_SIZE];
	int r = is_damaged ? rp_record_set_aside(m, RP_RECORD_HOLD, aside)
			   : rp_tree_remove(m->state, RP_RECORD_HOLD);

	if (r == 0 || r == -ENOENT)
		return 0;
	if (rp_tree_is_unsynced(m->state, r)) {
		(void)report_unsynced_end(m, r, reterr);
		return r;
	}
	return rp_error_errno(reterr, r, m->state_dir, "cannot remove the record '%s/%s'",
			      m->state_dir, RP_RECORD_HOLD);
}

ROCPART_PUBLIC int rocpart_machine_end_hold(struct rocpart_machine *machine, bool *ret_ended,
					    struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	RP_AUTO_CLOSE int lock = -EBADF;
	struct rocpart_error why = {0};
	struct rocpart_hold before;
	int r = rp_machine_make_state(machine, reterr);

	if (r == 0)
		r = rp_record_lock(machine, LOCK, &lock, reterr);
	if (r < 0)
		return r;
	rocpart_machine_get_hold(machine, &before);
	r = rp_record_read(machine, RP_RECORD_HOLD, RP_RECORD_LIMIT, &j, &why);
	if (r < 0 && !rp_record_is_damage(r)) {
		if (reterr)
			*reterr = why;
		return r;
	}
	if (r < 0 || j)
		r = remove_record(machine, before.state == ROCPART_HOLD_UNKNOWN, reterr);
	else
		r = sync_end(machine, reterr);
	rp_machine_publish(machine);
	if (r == 0 && before.state != ROCPART_HOLD_NONE)
		note_hold(machine, "ended", before.reason);
	if (r == 0 && ret_ended)
		*ret_ended = before.state != ROCPART_HOLD_NONE;
	return r;
}

int rp_hold_describe(struct rocpart_machine *m, struct rp_json *ret)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rocpart_hold h;
	int r = 0;

	rocpart_machine_get_hold(m, &h);
	if (h.state == ROCPART_HOLD_NONE)
		return rp_json_set_null(ret, "hold");
	j = rp_json_object();
	if (h.state == ROCPART_HOLD_ACTIVE) {
		r = rp_json_set(j, "since_s", rp_json_int(h.since_s));
		r |= rp_json_set(j, "until_s", rp_json_int(h.until_s));
	}
	return r < 0 ? -ENOMEM : rp_json_set(ret, "hold", rp_steal(&j));
}

int rp_hold_check_record(struct rocpart_machine *m, struct rocpart_error *err)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rocpart_hold h;
	int r = rp_record_read(m, RP_RECORD_HOLD, RP_RECORD_LIMIT, &j, err);

	if (r < 0 || !j)
		return r;
	take_record(j, &h);
	return h.state == ROCPART_HOLD_UNKNOWN ? -EBADMSG : 0;
}
