/* SPDX-License-Identifier: MIT */
/* Lines of a difference as revisions of leases. */
#include "desired/enact.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "leases/lease.h"
#include "leases/revise.h"
#include "plan/view.h"

struct enacting {
	struct rp_revision *v;
	size_t n, cap;
	struct rp_names events; /* texts of the revisions */
	int64_t *adopted;
	size_t n_adopted;
};

static void enacting_done(struct enacting *e)
{
	for (size_t i = 0; i < e->n; i++)
		rocpart_place_options_free(
			(struct rocpart_place_options *)(uintptr_t)e->v[i].options);
	free(e->v);
	free(e->adopted);
	rp_names_done(&e->events);
}

static const struct rp_place_part *part_of(const struct rocpart_plan *plan,
					   const struct rp_plan_place *p)
{
	for (uint32_t i = 0; i < plan->plan->n_gpus; i++) {
		const struct rp_plan_gpu *g = &plan->plan->gpus[i];

		if (g->gpu == p->gpu)
			return &plan->machine.menus[plan->machine.gpus[p->gpu].menu]
					.modes[g->mode]
					.parts[p->part];
	}
	return NULL; /* every GPU with a replica is listed */
}

/* Owner and labels, where the file has some. */
static int set_words(const struct rp_model_request *w, uint32_t replica,
		     struct rocpart_place_options *o, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *owner = w->owner ? rp_replica_text(w->owner, replica) : NULL;
	int r = w->owner && !owner ? rp_error_nomem(reterr) : 0;

	if (r == 0 && owner)
		r = rocpart_place_options_set_owner(o, owner, reterr);
	for (void *i = rp_json_iter(w->labels); r == 0 && i; i = rp_json_iter_next(w->labels, i))
		r = rocpart_place_options_set_label(o, rp_json_iter_key(i),
						    rp_json_text(rp_json_iter_value(i)), reterr);
	return r;
}

/* What the lease of a line is to be. partition: NULL where it keeps its place. */
static int make_options(const struct rocpart_difference *d, const struct rp_difference_line *line,
			const char *partition, struct rocpart_place_options **ret,
			struct rocpart_error *reterr)
{
	const struct rocpart_plan *plan = d->plan;
	const struct rp_place_request *q = &plan->requests[line->request];
	const struct rp_model_request *w = &plan->models.v[line->request];
	const struct rp_place_part *part = part_of(plan, &plan->plan->places[line->place]);
	struct rocpart_place_options *o = NULL;
	int r = rocpart_place_options_new(q->name, q->bytes, &o, reterr);

	if (r == 0)
		r = rocpart_place_options_set_partition(o, partition, reterr);
	if (r == 0)
		r = rocpart_place_options_set_share(o, part ? rp_view_limit(q, part) : 1, reterr);
	if (r == 0 && w->footprint)
		r = rocpart_place_options_set_footprint(o, w->footprint, reterr);
	if (r == 0)
		r = set_words(w, line->item.replica, o, reterr);
	if (r == 0 && !(o->file = strdup(plan->file)))
		r = rp_error_nomem(reterr);
	if (r < 0) {
		rocpart_place_options_free(o);
		return r;
	}
	rocpart_place_options_set_priority(o, q->priority);
	o->replica = line->item.replica;
	*ret = o;
	return 0;
}

/* Bytes and share are edited only while the lease has no place, which may be the same again. */
static bool keeps_place(const struct rocpart_difference *d, const struct rp_difference_line *line)
{
	const struct rp_place_request *q = &d->plan->requests[line->request];
	const struct rp_place_part *part = part_of(d->plan, &d->plan->plan->places[line->place]);
	const struct rocpart_lease *l = line->match ? line->match->lease : NULL;

	return l && line->match->tenant != SIZE_MAX &&
	       (l->state != ROCPART_LEASE_DISPLACED || rp_difference_has_mode(d, line->match)) &&
	       line->item.kind == ROCPART_DIFFERENCE_CHANGE && l->bytes == q->bytes && part &&
	       l->share == rp_view_limit(q, part);
}

static const char *event_of(struct enacting *e, const struct rocpart_difference *d,
			    const struct rp_difference_line *line)
{
	const struct rocpart_difference_item *i = &line->item;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (i->kind == ROCPART_DIFFERENCE_RELEASE)
		rp_strbuf_addf(&text, "released: '%.200s' no longer has %s/%u", d->plan->file,
			       i->name, i->replica);
	else if (i->kind == ROCPART_DIFFERENCE_MOVE)
		rp_strbuf_addf(&text, "moved from %s/%u to %s/%u, as '%.200s' asks%s%s",
			       i->from_bdf, i->from_partition, i->to_bdf, i->to_partition,
			       d->plan->file, *i->fields ? ": " : "", i->fields);
	else
		rp_strbuf_addf(&text, "changed, as '%.200s' asks: %s", d->plan->file,
			       *i->fields ? i->fields : "placed again");
	if (rp_strbuf_failed(&text) || rp_names_add(&e->events, rp_strbuf_str(&text)) < 0)
		return NULL;
	return e->events.v[e->events.n - 1];
}

static int add_line(struct enacting *e, const struct rocpart_difference *d,
		    const struct rp_difference_line *line, struct rocpart_error *reterr)
{
	struct rp_revision v = {.lease = line->item.lease, .event = event_of(e, d, line)};
	struct rocpart_place_options *o = NULL;
	char at[48];
	int r = v.event ? 0 : rp_error_nomem(reterr);

	if (r == 0 && rp_grow(&e->v, &e->cap, e->n + 1, sizeof(v)) < 0)
		r = rp_error_nomem(reterr);
	(void)rp_fmt(at, sizeof(at), "%s/%u", line->item.to_bdf, line->item.to_partition);
	if (r == 0 && line->item.kind != ROCPART_DIFFERENCE_RELEASE)
		r = make_options(d, line, keeps_place(d, line) ? NULL : at, &o, reterr);
	if (r < 0)
		return r;
	v.options = o;
	e->v[e->n++] = v;
	return 0;
}

static int add_giving_up(struct enacting *e, const struct rp_difference_line *line,
			 struct rocpart_error *reterr)
{
	const struct rp_revision v = {
		.lease = line->item.lease,
		.gives_up = true,
		.event = "its place is given up: its GPU gets another mode, and nothing has room"};

	if (rp_grow(&e->v, &e->cap, e->n + 1, sizeof(v)) < 0)
		return rp_error_nomem(reterr);
	e->v[e->n++] = v;
	return 0;
}

/* Leases of an older rocpart, which recorded no file, are of this one from now on. */
static int list_adopted(struct enacting *e, const struct rocpart_difference *d)
{
	e->adopted = rp_new0(int64_t, d->plan->n_matches);
	for (size_t i = 0; e->adopted && i < d->plan->n_matches; i++) {
		const struct rp_lease_match *m = &d->plan->matches[i];
		const struct rp_lease *record = rp_leases_get(d->leases, m->index);

		if (m->kind == RP_MATCH_KEEP && m->is_managed &&
		    !rp_str_eq(record->file, d->plan->file))
			e->adopted[e->n_adopted++] = record->id;
	}
	return e->adopted ? 0 : -ENOMEM;
}

int rp_enact_adopt(const struct rocpart_difference *d, struct rocpart_error *reterr)
{
	RP_AUTO(enacting_done) struct enacting e = {0};
	struct rocpart_leases *none = NULL;
	int r = list_adopted(&e, d) < 0 ? rp_error_nomem(reterr) : 0;

	if (r == 0 && e.n_adopted)
		r = rp_revise(&(struct rp_revising){.machine = d->machine,
						    .adopted = e.adopted,
						    .n_adopted = e.n_adopted,
						    .file = d->plan->file},
			      &none, reterr);
	rocpart_leases_free(none);
	return r;
}

int rp_enact(const struct rocpart_difference *d, const bool *chosen,
	     struct rocpart_leases **ret_leases, struct rocpart_error *reterr)
{
	RP_AUTO(enacting_done) struct enacting e = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n_lines; i++)
		if (chosen[i])
			r = rp_difference_gives_up(d, &d->lines[i])
				    ? add_giving_up(&e, &d->lines[i], reterr)
				    : add_line(&e, d, &d->lines[i], reterr);
	return r < 0 ? r
		     : rp_revise(&(struct rp_revising){.machine = d->machine,
						       .revisions = e.v,
						       .n = e.n},
				 ret_leases, reterr);
}

int rp_enact_check(const struct rocpart_difference *d, const bool *chosen,
		   struct rocpart_error *reterr)
{
	struct rocpart_leases *none = NULL;
	bool was_dry = d->machine->is_dry_run;
	int r;

	d->machine->is_dry_run = true;
	r = rp_enact(d, chosen, &none, reterr);
	d->machine->is_dry_run = was_dry;
	rocpart_leases_free(none);
	return r;
}

int rp_enact_back(const struct rocpart_difference *d, const struct rp_difference_line *line,
		  struct rocpart_error *reterr)
{
	const struct rp_lease *was = rp_leases_get(d->leases, line->match->index);
	char at[48];
	struct rocpart_place_options o = {.name = was->name,
					  .partition = was->n_claims ? at : NULL,
					  .footprint = was->footprint,
					  .bytes = was->bytes,
					  .owner = was->owner,
					  .has_owner = true,
					  .share = (uint32_t)was->share,
					  .priority = was->priority,
					  .file = was->file,
					  .replica = was->replica};
	const struct rp_revision v = {.lease = (uint64_t)was->id,
				      .options = &o,
				      .event =
					      "restored: it could not be started after its change"};
	struct rocpart_leases *none = NULL;
	int r = 0;

	if (was->n_claims)
		(void)rp_fmt(at, sizeof(at), "%s/%u", was->claims[0].bdf, was->claims[0].part);
	if (was->labels && *was->labels)
		r = rp_json_parse(was->labels, strlen(was->labels), "labels", &o.labels, reterr);
	if (r == 0)
		r = rp_revise(&(struct rp_revising){.machine = d->machine, .revisions = &v, .n = 1},
			      &none, reterr);
	rp_json_free(o.labels);
	rocpart_leases_free(none);
	return r;
}
