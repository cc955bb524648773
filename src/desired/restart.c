/* SPDX-License-Identifier: MIT */
#include "desired/restart.h"
#include "base/strbuf.h"
#include "change/service_run.h"
#include "leases/lease.h"
#include "leases/owner.h"
#include "machine/records_internal.h"

static void order_done(struct rp_order *o)
{
	rp_names_done(&o->words);
	free(o->unit.name);
}

void rp_restart_done(struct rp_restart *r)
{
	free(r->replica);
	order_done(&r->stop);
	order_done(&r->start);
	memset(r, 0, sizeof(*r));
}

/* ---- how ---- */

static const struct rp_model_request *request_of(const struct rocpart_difference *d,
						 const struct rp_difference_line *line)
{
	return line->request == UINT32_MAX ? NULL : &d->plan->models.v[line->request];
}

static const struct rp_owner *owner_of(const struct rocpart_difference *d,
				       const struct rp_difference_line *line)
{
	return &rp_leases_get(d->leases, line->match->index)->owner;
}

/* The unit that owns the lease after the change. False: no unit does. */
static bool unit_after(const struct rocpart_difference *d, const struct rp_difference_line *line,
		       struct rp_owner *ret)
{
	const struct rp_model_request *w = request_of(d, line);
	RP_AUTO_FREE char *text =
		w && w->owner ? rp_replica_text(w->owner, line->item.replica) : NULL;

	*ret = *owner_of(d, line);
	if (text && rp_owner_parse(text, ret, NULL) < 0)
		return false;
	return ret->kind == RP_OWNER_UNIT;
}

bool rp_restart_is_known(const struct rocpart_difference *d, const struct rp_difference_line *line)
{
	const struct rp_model_request *w = request_of(d, line);
	bool stops = (w && w->stop.n) || owner_of(d, line)->kind == RP_OWNER_UNIT;
	struct rp_owner unit;

	if (line->item.kind == ROCPART_DIFFERENCE_RELEASE)
		return stops;
	return stops && ((w && w->start.n) || unit_after(d, line, &unit));
}

static int set_words(struct rp_order *o, const struct rp_names *words, uint32_t replica)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < words->n; i++) {
		RP_AUTO_FREE char *word = rp_replica_text(words->v[i], replica);

		r = word ? rp_names_add(&o->words, word) : -ENOMEM;
	}
	return r;
}

static int set_unit(struct rp_order *o, const char *name)
{
	o->unit.kind = RP_SERVICE_UNIT;
	o->unit.name = strdup(name);
	return o->unit.name ? 0 : -ENOMEM;
}

int rp_restart_of(const struct rocpart_difference *d, const struct rp_difference_line *line,
		  struct rp_restart *ret)
{
	const struct rp_model_request *w = request_of(d, line);
	struct rp_owner after;
	int r;

	ret->starts = line->item.kind != ROCPART_DIFFERENCE_RELEASE;
	ret->replica = rp_strdupf("%s/%u", line->item.name, line->item.replica);
	r = ret->replica ? 0 : -ENOMEM;
	if (r == 0)
		r = w && w->stop.n ? set_words(&ret->stop, &w->stop, line->item.replica)
				   : set_unit(&ret->stop, owner_of(d, line)->name);
	if (r == 0 && ret->starts && w && w->start.n)
		r = set_words(&ret->start, &w->start, line->item.replica);
	else if (r == 0 && ret->starts && unit_after(d, line, &after))
		r = set_unit(&ret->start, after.name);
	return r;
}

/* ---- doing it ---- */

void rp_order_describe(const struct rp_order *o, struct rp_strbuf *ret)
{
	if (o->words.n)
		rp_strbuf_add(ret, o->words.v[0]);
	else
		rp_strbuf_addf(ret, "unit %s", o->unit.name);
}

static int give(struct rocpart_machine *m, const struct rp_order *o, enum rp_service_verb verb,
		struct rocpart_error *reterr)
{
	return o->words.n ? rp_run_hook(m, &o->words, reterr)
			  : rp_service_act(m, &o->unit, verb, reterr);
}

int rp_restart_stop(struct rocpart_machine *m, const struct rp_restart *r,
		    struct rocpart_error *reterr)
{
	return give(m, &r->stop, RP_SERVICE_STOP, reterr);
}

int rp_restart_start(struct rocpart_machine *m, const struct rp_restart *r,
		     struct rocpart_error *reterr)
{
	return r->starts ? give(m, &r->start, RP_SERVICE_START, reterr) : 0;
}

int rp_restart_start_again(struct rocpart_machine *m, const struct rp_restart *r,
			   struct rocpart_error *reterr)
{
	bool is_unit = r->start.words.n == 0 && r->stop.words.n == 0;

	/* The owner may be another unit afterwards. */
	return give(m, is_unit ? &r->stop : &r->start, RP_SERVICE_START, reterr);
}

/* ---- the record ---- */

static int read_boot(struct rocpart_machine *m, struct rp_strbuf *ret, struct rocpart_error *reterr)
{
	int r = rp_tree_read(m->tree, ret, "proc/sys/kernel/random/boot_id");

	return r < 0 ? rp_error_errno(reterr, r, NULL, "cannot read the id of this boot") : 0;
}

static struct rp_json *order_json(const struct rp_order *o)
{
	struct rp_json *j = rp_json_object(), *words = rp_json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->words.n; i++)
		r = rp_json_append(words, rp_json_string(o->words.v[i]));
	r |= rp_json_set(j, "words", words);
	r |= rp_json_set_string(j, "unit", o->unit.name);
	return r < 0 ? rp_json_free(j) : j;
}

int rp_restart_write(struct rocpart_machine *m, const struct rp_restart *r,
		     struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	RP_AUTO_STRBUF struct rp_strbuf boot = RP_STRBUF_INIT;
	int rc = read_boot(m, &boot, reterr), set = 0;

	if (rc < 0)
		return rc;
	set |= rp_json_set_string(j, "boot", rp_strbuf_str(&boot));
	set |= rp_json_set_string(j, "replica", r->replica);
	set |= rp_json_set(j, "start", order_json(&r->start));
	if (set < 0)
		return rp_error_nomem(reterr);
	rc = rp_machine_make_state(m, reterr);
	return rc < 0 ? rc : rp_record_write(m, RP_RECORD_RESTART, j, reterr);
}

int rp_restart_remove(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	int r = rp_machine_make_state(m, reterr);

	if (r == 0 && (r = rp_tree_remove(m->state, RP_RECORD_RESTART)) < 0 && r != -ENOENT)
		return rp_record_report_write(m, RP_RECORD_RESTART, r, reterr);
	return r == -ENOENT ? 0 : r;
}

static int take_order(const struct rp_json *j, struct rp_order *ret)
{
	const struct rp_json *words = rp_json_get(j, "words");
	const char *unit = rp_json_text(rp_json_get(j, "unit"));
	int r = 0;

	for (size_t i = 0; r == 0 && i < rp_json_len(words); i++) {
		const char *word = rp_json_text(rp_json_at(words, i));

		r = word ? rp_names_add(&ret->words, word) : -EBADMSG;
	}
	if (r == 0 && !ret->words.n)
		r = unit ? set_unit(ret, unit) : -EBADMSG;
	return r;
}

int rp_restart_read(struct rocpart_machine *m, struct rp_restart *ret, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	RP_AUTO_STRBUF struct rp_strbuf boot = RP_STRBUF_INIT;
	const char *replica, *of_boot;
	int r = rp_record_read(m, RP_RECORD_RESTART, RP_RECORD_LIMIT, &j, reterr);

	if (r < 0 || !j)
		return r;
	r = read_boot(m, &boot, reterr);
	if (r < 0)
		return r;
	replica = rp_json_text(rp_json_get(j, "replica"));
	of_boot = rp_json_text(rp_json_get(j, "boot"));
	if (!replica || !of_boot)
		return rp_record_report_damage(m, RP_RECORD_RESTART, "a key is missing", reterr);
	/* A boot starts by itself what it starts. */
	if (!rp_str_eq(of_boot, rp_strbuf_str(&boot)))
		return 0;
	ret->starts = true;
	ret->replica = strdup(replica);
	r = ret->replica ? take_order(rp_json_get(j, "start"), &ret->start) : -ENOMEM;
	if (r == -EBADMSG)
		return rp_record_report_damage(m, RP_RECORD_RESTART, "a key is missing", reterr);
	return r < 0 ? rp_error_nomem(reterr) : 1;
}
