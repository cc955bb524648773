/* SPDX-License-Identifier: MIT */
/*
 * Undoing a change that ended is refused when it is not named and the machine has moved on: leases
 * were made since, or the change is older than a day. A time that is not known counts as old.
 */
#include "base/clock.h"
#include "base/num.h"
#include "change/change.h"
#include "leases/reconcile.h"
#include "machine/journal.h"

#define OLD_S	  86400
#define SHOWN_MAX 5 /* leases that are named one by one */

int rp_change_read_end(struct rocpart_change *c, const struct rocpart_change *last)
{
	RP_AUTO_JSON struct rp_json *end = NULL;
	const struct rp_json *ended, *lease;
	int r = rp_journal_read_end(c->machine, &end);

	if (r < 0 && r != -ENOENT)
		return r;
	ended = rp_json_get(end, "ended_s");
	lease = rp_json_get(end, "last_lease");
	c->takes_back = true;
	c->undoes = last->number;
	c->undone = (struct rp_undone){
		.has_end = rp_json_type(ended) == RP_JSON_INT,
		.ended_s = rp_json_int_value(ended),
		.has_last_lease = rp_json_type(lease) == RP_JSON_INT,
		.last_lease = rp_json_int_value(lease),
	};
	return 0;
}

static int load_leases(struct rocpart_change *c, struct rp_lease_list *ret,
		       struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	int r = rp_leases_exist(c->machine, reterr);

	if (r <= 0)
		return r;
	r = rp_leases_open(c->machine, RP_LEASE_READ, NULL, &db, reterr);
	return r < 0 ? r : rp_lease_db_load(db, ret, reterr);
}

/* "5 (llama/0), 6 (llama/1) and 3 more"; empty: no lease is newer than the change. */
static int name_new_leases(struct rocpart_change *c, struct rp_strbuf *ret,
			   struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};
	size_t n = 0;
	int r = load_leases(c, &list, reterr);

	for (size_t i = 0; r == 0 && i < list.n; i++) {
		if (list.v[i].id <= c->undone.last_lease)
			continue;
		if (n++ < SHOWN_MAX)
			rp_strbuf_addf(ret, "%s%lld (%.60s)", n > 1 ? ", " : "",
				       (long long)list.v[i].id, list.v[i].name);
	}
	if (n > SHOWN_MAX)
		rp_strbuf_addf(ret, " and %zu more", n - SHOWN_MAX);
	return r == 0 && rp_strbuf_failed(ret) ? rp_error_nomem(reterr) : r;
}

static int refuse(const struct rocpart_change *c, const char *why, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	rp_change_summarize(c, &text);
	(void)rp_error_set(reterr, -EPERM, ROCPART_ERR_NOT_NAMED, NULL,
			   "change %llu is undone only when it is named (the undo: %.120s): %s; "
			   "nothing was changed",
			   (unsigned long long)c->undoes, rp_strbuf_str(&text), why);
	return rp_error_hint(reterr,
			     "`rocpart undo %llu` undoes it; `rocpart history` shows what was done "
			     "since",
			     (unsigned long long)c->undoes);
}

static int check_age(const struct rocpart_change *c, struct rocpart_error *reterr)
{
	char when[RP_TIME_TEXT_SIZE], why[128];
	int64_t now = 0;

	if (!c->undone.has_end)
		return refuse(c, "the time of its end is not recorded, as by an older rocpart",
			      reterr);
	if (rp_clock_read(&now) < 0)
		return refuse(c, "the clock cannot be read, so its age is not known", reterr);
	if (now < c->undone.ended_s) {
		(void)rp_fmt(why, sizeof(why), "it ended at %s, which the clock has yet to reach",
			     rp_time_text(c->undone.ended_s, when));
		return refuse(c, why, reterr);
	}
	if (now - c->undone.ended_s < OLD_S)
		return 0;
	(void)rp_fmt(why, sizeof(why), "it ended at %s, more than 24 hours ago",
		     rp_time_text(c->undone.ended_s, when));
	return refuse(c, why, reterr);
}

ROCPART_PUBLIC int rocpart_change_check_undo(struct rocpart_change *change,
					     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf leases = RP_STRBUF_INIT, why = RP_STRBUF_INIT;
	int r;

	if (!change->takes_back || !rp_change_has_work(change, RP_FORWARD))
		return 0;
	r = check_age(change, reterr);
	if (r == 0 && !change->undone.has_last_lease)
		r = refuse(change, "which leases were made since is not known", reterr);
	if (r == 0)
		r = name_new_leases(change, &leases, reterr);
	if (r < 0 || !leases.len)
		return r;
	rp_strbuf_addf(&why, "leases were made since: %.200s", rp_strbuf_str(&leases));
	return refuse(change, rp_strbuf_str(&why), reterr);
}

ROCPART_PUBLIC uint64_t rocpart_change_get_number(const struct rocpart_change *change)
{
	return change->takes_back ? change->undoes : change->number;
}
