/* SPDX-License-Identifier: MIT */
/*
 * The lines of a difference done, in an order in which each finds its place free.
 *
 * All leases whose programs do not run change in one transaction. A replica that runs is stopped,
 * its lease is changed alone, and it is started again, one replica after another. Before a replica
 * is stopped it is known that its new place is free: the same transaction is done and thrown away.
 * What has no room yet waits for what must leave first.
 * Invariants:
 * - At most one replica is down, and a record says which.
 * - A replica that cannot be stopped or started again has its old lease and runs with it, or the
 *   error says that this failed as well; what is not begun yet stays as it is.
 */
#include "base/spawn.h"
#include "base/strbuf.h"
#include "change/service_run.h"
#include "desired/enact.h"
#include "desired/restart.h"
#include "leases/session.h"

#define GONE_DEADLINE_MS 10000
#define STEPS_OF_RESTART 3

struct rolling {
	struct rocpart_difference *d;
	bool *todo; /* of each line */
	size_t n_todo;
	bool *chosen;		     /* lines of one transaction */
	struct rocpart_leases *made; /* by all of them */
	unsigned n_done, n_restarts, step;
	struct rp_restart killed; /* what an apply that was killed left stopped */
	bool has_killed;
};

static bool is_done_by_leases(enum rocpart_difference_kind kind)
{
	return kind == ROCPART_DIFFERENCE_PLACE || kind == ROCPART_DIFFERENCE_CHANGE ||
	       kind == ROCPART_DIFFERENCE_MOVE || kind == ROCPART_DIFFERENCE_RELEASE;
}

static void choose_line(struct rolling *r, size_t line)
{
	memset(r->chosen, 0, r->d->n_lines * sizeof(*r->chosen));
	r->chosen[line] = true;
}

/* All that is to be done without a restart. */
static void choose_quiet(struct rolling *r)
{
	for (size_t i = 0; i < r->d->n_lines; i++)
		r->chosen[i] = r->todo[i] && !r->d->lines[i].item.restarts;
}

static bool has_choice(const struct rolling *r)
{
	for (size_t i = 0; i < r->d->n_lines; i++)
		if (r->chosen[i])
			return true;
	return false;
}

/* 1: the chosen lines find their places; 0: not yet. */
static int fits(const struct rolling *r, struct rocpart_error *reterr)
{
	int rc = rp_enact_check(r->d, r->chosen, reterr);

	return rc == -ENOSPC ? 0 : rc < 0 ? rc : 1;
}

static int enact(struct rolling *r, struct rocpart_error *reterr)
{
	struct rocpart_leases *made = NULL;
	int rc = rp_enact(r->d, r->chosen, &made, reterr);

	if (rc == 0 && rp_leases_append(&r->made, made) < 0)
		rc = rp_error_nomem(reterr);
	for (size_t i = 0; rc == 0 && i < r->d->n_lines; i++) {
		r->n_todo -= r->chosen[i] && r->todo[i];
		r->todo[i] = r->todo[i] && !r->chosen[i];
	}
	return rc;
}

/* ---- one replica ---- */

static void announce(struct rolling *r, const char *replica, const char *what,
		     const struct rp_order *order)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	r->step++;
	if (!r->d->progress)
		return;
	rp_strbuf_addf(&text, "%s: %s ", replica, what);
	if (order)
		rp_order_describe(order, &text);
	else
		rp_strbuf_add(&text, "its lease");
	if (!rp_strbuf_failed(&text))
		r->d->progress(r->d->progress_userdata, r->step, r->n_restarts * STEPS_OF_RESTART,
			       rp_strbuf_str(&text));
}

/* 1: programs of the lease run; 0: none do. */
static int is_running(struct rocpart_machine *m, uint64_t lease, struct rocpart_error *reterr)
{
	struct rocpart_leases *now = NULL;
	const struct rp_lease *l;
	int r = rocpart_leases_new(m, &now, reterr);

	for (size_t i = 0; r == 0 && (l = rp_leases_get(now, i)); i++)
		if ((uint64_t)l->id == lease)
			r = l->is_alive;
	rocpart_leases_free(now);
	return r;
}

static int wait_gone(struct rocpart_machine *m, const struct rp_difference_line *line,
		     struct rocpart_error *reterr)
{
	uint64_t end_ns = rp_now_ns() + (uint64_t)GONE_DEADLINE_MS * 1000000;
	int r;

	while ((r = is_running(m, line->item.lease, reterr)) > 0 && rp_now_ns() < end_ns)
		rp_sleep_ms(100);
	if (r <= 0)
		return r;
	return rp_error_set(reterr, -EBUSY, ROCPART_ERR_BUSY_PROCESS, NULL,
			    "its programs still run %d s after they were stopped",
			    GONE_DEADLINE_MS / 1000);
}

/* The first error stays; what went wrong afterwards follows it. */
static void also(struct rocpart_error *err, const char *what, const struct rocpart_error *later)
{
	(void)rp_error_append(err, "; %s: %.160s", what, later->message);
}

/* The lease is as it was before, if it changed, and its programs run again. */
static bool put_back(struct rolling *r, const struct rp_difference_line *line,
		     const struct rp_restart *how, bool changed, struct rocpart_error *err)
{
	struct rocpart_machine *m = r->d->machine;
	struct rocpart_error late = {0};

	if (changed && rp_restart_stop(m, how, &late) < 0)
		late = (struct rocpart_error){0}; /* what did not start need not stop */
	if (changed && rp_enact_back(r->d, line, &late) < 0)
		also(err, "its old lease cannot be restored", &late);
	else if (rp_restart_start_again(m, how, &late) < 0)
		also(err, "its old lease is there, but it cannot be started again", &late);
	else
		return rp_error_append(err, "; it has its old lease and was started again") == 0;
	return false;
}

static int change_stopped(struct rolling *r, size_t index, const struct rp_restart *how,
			  bool *ret_changed, struct rocpart_error *reterr)
{
	int rc = wait_gone(r->d->machine, &r->d->lines[index], reterr);

	if (rc < 0)
		return rc;
	announce(r, how->replica, how->starts ? "change" : "release", NULL);
	choose_line(r, index);
	rc = enact(r, reterr);
	*ret_changed = rc == 0;
	if (rc < 0 || !how->starts)
		return rc;
	announce(r, how->replica, "start", &how->start);
	return rp_restart_start(r->d->machine, how, reterr);
}

/* Start what an apply that was killed left stopped, with the lease that it has by now. */
static int finish_killed(struct rolling *r, struct rocpart_error *reterr)
{
	int rc;

	if (!r->has_killed)
		return 0;
	r->has_killed = false;
	rc = rp_restart_start(r->d->machine, &r->killed, reterr);
	if (rc == 0)
		return rp_restart_remove(r->d->machine, reterr);
	(void)rp_error_prefix(reterr,
			      "%s was stopped by an apply that was interrupted, and cannot be "
			      "started",
			      r->killed.replica);
	reterr->code = ROCPART_ERR_PARTLY_DONE;
	return rc;
}

static int restart(struct rolling *r, size_t index, struct rocpart_error *reterr)
{
	const struct rp_difference_line *line = &r->d->lines[index];
	RP_AUTO_RESTART struct rp_restart how = {0};
	struct rocpart_error late = {0};
	bool changed = false;
	int rc = rp_restart_of(r->d, line, &how) < 0 ? rp_error_nomem(reterr) : 0;

	if (rc == 0)
		rc = finish_killed(r, reterr);
	if (rc == 0 && how.starts)
		rc = rp_restart_write(r->d->machine, &how, reterr);
	if (rc < 0)
		return rc;
	announce(r, how.replica, "stop", &how.stop);
	rc = rp_restart_stop(r->d->machine, &how, reterr);
	if (rc == 0)
		rc = change_stopped(r, index, &how, &changed, reterr);
	if (rc == 0) {
		r->n_done++;
		return how.starts ? rp_restart_remove(r->d->machine, reterr) : 0;
	}
	(void)rp_error_prefix(reterr, "%s", how.replica);
	if (put_back(r, line, &how, changed, reterr) && how.starts &&
	    rp_restart_remove(r->d->machine, &late) < 0)
		also(reterr, "the next apply starts it once more", &late);
	return rc;
}

/* ---- all of them ---- */

static int check_interrupt(const struct rolling *r, struct rocpart_error *reterr)
{
	if (!r->d->is_interrupted || !r->d->is_interrupted(r->d->interrupt_userdata))
		return 0;
	return rp_error_set(reterr, -EINTR, ROCPART_ERR_INTERRUPTED, NULL, "interrupted");
}

/* 1: done; 0: a place is not free yet. */
static int enact_if_fits(struct rolling *r, struct rocpart_error *reterr)
{
	int rc = enact(r, reterr);

	return rc == -ENOSPC ? 0 : rc < 0 ? rc : 1;
}

static int restart_if_fits(struct rolling *r, size_t index, struct rocpart_error *reterr)
{
	int rc;

	choose_line(r, index);
	rc = fits(r, reterr);
	if (rc <= 0)
		return rc;
	rc = check_interrupt(r, reterr);
	if (rc == 0)
		rc = restart(r, index, reterr);
	return rc < 0 ? rc : 1;
}

/* 1: something was done that others may have waited for; 0: nothing can be. */
static int do_some(struct rolling *r, struct rocpart_error *reterr)
{
	int rc;

	choose_quiet(r);
	rc = has_choice(r) ? enact_if_fits(r, reterr) : 0;
	for (size_t i = 0; rc == 0 && i < r->d->n_lines; i++) {
		if (!r->todo[i])
			continue;
		if (r->d->lines[i].item.restarts) {
			rc = restart_if_fits(r, i, reterr);
		} else {
			choose_line(r, i);
			rc = enact_if_fits(r, reterr);
		}
	}
	return rc;
}

/* What was done stays done: the same command goes on from there. */
static int report(const struct rolling *r, int rc, struct rocpart_error *reterr)
{
	if (r->n_restarts == 0 || rc == -ENOMEM)
		return rc;
	(void)rp_error_append(reterr, "; %u of %u replica%s %s restarted", r->n_done, r->n_restarts,
			      r->n_restarts == 1 ? "" : "s", r->n_done == 1 ? "was" : "were");
	reterr->code = ROCPART_ERR_PARTLY_DONE;
	if (rc == -EINTR || !*reterr->hint)
		(void)rp_error_hint(reterr, "repeat the command to go on; `rocpart status` shows "
					    "what is so");
	return rc;
}

static int no_room(struct rolling *r, struct rocpart_error *reterr)
{
	int rc;

	for (size_t i = 0; i < r->d->n_lines; i++)
		r->chosen[i] = r->todo[i];
	rc = rp_enact_check(r->d, r->chosen, reterr);
	if (rc < 0)
		return rc;
	(void)rp_error_set(reterr, -ENOSPC, ROCPART_ERR_NO_ROOM, NULL,
			   "%zu lease%s must exchange places with programs that run, which cannot "
			   "be done one after another",
			   r->n_todo, r->n_todo == 1 ? "" : "s");
	return rp_error_hint(reterr, "stop the programs of one of them, then repeat the command");
}

static int roll(struct rolling *r, struct rocpart_error *reterr)
{
	int rc = 1;

	for (size_t i = 0; i < r->d->n_lines; i++) {
		const struct rocpart_difference_item *item = &r->d->lines[i].item;

		r->todo[i] = (is_done_by_leases(item->kind) && !item->is_withheld) ||
			     rp_difference_gives_up(r->d, &r->d->lines[i]);
		r->n_todo += r->todo[i];
		r->n_restarts += r->todo[i] && item->restarts;
	}
	while (r->n_todo && rc > 0)
		rc = do_some(r, reterr);
	if (rc == 0 && r->n_todo)
		rc = no_room(r, reterr);
	if (rc >= 0)
		rc = finish_killed(r, reterr);
	return rc < 0 ? report(r, rc, reterr) : 0;
}

ROCPART_PUBLIC int rocpart_difference_place(struct rocpart_difference *difference,
					    struct rocpart_leases **ret_leases,
					    struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_FREE bool *todo = rp_new0(bool, difference->n_lines);
	RP_AUTO_FREE bool *chosen = rp_new0(bool, difference->n_lines);
	struct rolling r = {.d = difference, .todo = todo, .chosen = chosen};
	struct rp_lease_list none = {0};
	int rc;

	reterr = reterr ? reterr : &local;
	rc = todo && chosen ? rp_restart_read(difference->machine, &r.killed, reterr)
			    : rp_error_nomem(reterr);
	r.has_killed = rc > 0;
	if (rc >= 0)
		rc = rp_enact_adopt(difference, reterr);
	if (rc == 0)
		rc = rp_leases_of(&none, difference->snapshot, &r.made, reterr);
	if (rc == 0)
		rc = roll(&r, reterr);
	rp_restart_done(&r.killed);
	if (rc < 0)
		rocpart_leases_free(r.made);
	else
		*ret_leases = r.made;
	return rc;
}
