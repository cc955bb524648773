/* SPDX-License-Identifier: MIT */
/*
 * Many leases changed at once.
 *
 * Order: all places that are given up are given up first, so that leases can exchange theirs; then
 * the placer is made, and each new place is booked in it and recorded. A lease whose bytes change
 * gives its place up as well, and may get the same one again.
 * Invariants:
 * - All revisions are done, or none: an error before the commit rolls everything back.
 * - What a released or moved lease still has in memory stays in the way (unmanaged) until it is
 *   gone; the memory of a lease that comes back to its partition does not.
 */
#include "leases/revise.h"
#include "base/num.h"
#include "leases/old_programs.h"
#include "leases/place_choose.h"

static struct rp_lease *find(const struct rp_lease_list *list, uint64_t id)
{
	for (size_t i = 0; i < list->n; i++)
		if ((uint64_t)list->v[i].id == id)
			return &list->v[i];
	return NULL;
}

static int refuse_gone(const struct rp_revision *v, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -ESTALE, ROCPART_ERR_NOT_FOUND, NULL,
			   "lease %llu ended meanwhile; no lease was changed",
			   (unsigned long long)v->lease);
	return rp_error_hint(reterr, "repeat the command");
}

/* "0000:05:00.0/3" against the place of a lease. */
static bool is_place_of(const struct rp_lease *l, const char *partition)
{
	const char *slash = strrchr(partition, '/');
	size_t len = slash ? (size_t)(slash - partition) : 0;
	uint32_t part;

	return slash && l->n_claims == 1 && rp_parse_u32(slash + 1, 10, &part) == 0 &&
	       l->claims[0].part == part && strlen(l->claims[0].bdf) == len &&
	       memcmp(l->claims[0].bdf, partition, len) == 0;
}

static int release(struct rp_place_session *p, struct rp_lease *l, const struct rp_revision *v,
		   struct rocpart_error *reterr)
{
	size_t index = (size_t)(l - p->s.list.v);

	rp_reconciled_unclaim(&p->s.list, index, false, &p->s.now);
	return p->s.machine->is_dry_run
		       ? 0
		       : rp_lease_db_remove(p->s.db, (int64_t)v->lease, v->event, reterr);
}

/* The lease is pending until it gets its new place. */
static int give_up(struct rp_place_session *p, struct rp_lease *l, const struct rp_revision *v,
		   bool *ret_comes_back, struct rocpart_error *reterr)
{
	size_t index = (size_t)(l - p->s.list.v);
	bool was_placed = l->n_claims > 0;

	*ret_comes_back = is_place_of(l, v->options->partition);
	rp_reconciled_unclaim(&p->s.list, index, *ret_comes_back, &p->s.now);
	if (p->s.machine->is_dry_run || !was_placed)
		return 0;
	return rp_lease_db_evict(p->s.db, (int64_t)v->lease, v->event ? v->event : "", reterr);
}

/* A place in a mode that its GPU is not to have keeps others from that GPU. */
static int give_up_displaced(struct rp_place_session *p, struct rp_lease *l,
			     const struct rp_revision *v, struct rocpart_error *reterr)
{
	if (l->state != ROCPART_LEASE_DISPLACED)
		return 0;
	rp_reconciled_unclaim(&p->s.list, (size_t)(l - p->s.list.v), false, &p->s.now);
	return p->s.machine->is_dry_run
		       ? 0
		       : rp_lease_db_evict(p->s.db, l->id, v->event ? v->event : "", reterr);
}

/* comes_back: for each revision whether the lease is to have the partition that it had. */
static int give_up_all(struct rp_place_session *p, const struct rp_revising *what, bool *comes_back,
		       struct rocpart_error *reterr)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < what->n; i++) {
		const struct rp_revision *v = &what->revisions[i];
		struct rp_lease *l = v->lease ? find(&p->s.list, v->lease) : NULL;

		if (v->lease && !l)
			return refuse_gone(v, reterr);
		if (l && v->gives_up)
			r = give_up_displaced(p, l, v, reterr);
		else if (l && !v->options)
			r = release(p, l, v, reterr);
		else if (l && v->options && v->options->partition)
			r = give_up(p, l, v, &comes_back[i], reterr);
	}
	return r;
}

static int copy_text(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

/*
 * What the options say replaces what the lease said. Its number, name and history stay, and the
 * owner and the labels of which the options say nothing.
 */
static int describe(const struct rp_revision *v, const struct rp_lease *old, struct rp_lease *l)
{
	bool keeps_owner = old && !v->options->has_owner;
	int r = rp_place_describe(v->options, keeps_owner ? &old->owner : &v->options->owner, l);

	if (r < 0 || !old)
		return r;
	l->id = old->id;
	l->created_s = old->created_s;
	if (l->replica == RP_REPLICA_ANY)
		l->replica = old->replica;
	return v->options->labels ? 0 : copy_text(old->labels, &l->labels);
}

/* Its programs were started for what it had. */
static bool is_news(const struct rp_revision *v, const struct rp_lease *old,
		    const struct rp_lease *l)
{
	return v->options->partition || old->bytes != l->bytes || old->share != l->share ||
	       !rp_str_eq(old->footprint ? old->footprint : "", l->footprint ? l->footprint : "");
}

/* Note the programs that run with what the lease was before; those of earlier changes count on. */
static int note_programs(struct rp_place_session *p, const struct rp_revision *v,
			 const struct rp_lease *old, struct rp_lease *l,
			 struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = 0;

	if (!is_news(v, old, l))
		return copy_text(old->old_programs, &l->old_programs) < 0 ? rp_error_nomem(reterr)
									  : 0;
	if (old->is_alive)
		r = rp_old_programs_list(&p->s.host, &old->owner, old->id, &text);
	if (r < 0)
		return rp_error_errno(reterr, r, l->name,
				      "cannot look for the programs of lease %lld",
				      (long long)old->id);
	l->old_programs = strdup(rp_strbuf_str(&text));
	return l->old_programs ? 0 : rp_error_nomem(reterr);
}

static int edit(struct rp_place_session *p, struct rp_lease *l, const struct rp_revision *v,
		struct rocpart_error *reterr)
{
	int r = rp_lease_db_edit(p->s.db, l, reterr);

	if (r == 0 && v->event && !v->options->partition)
		r = rp_lease_db_event(p->s.db, l->id, v->event, reterr);
	return r;
}

static int copy_place(const struct rp_lease *from, struct rp_lease *to)
{
	to->state = from->state;
	to->guarantee = from->guarantee;
	to->is_seen = from->is_seen;
	memcpy(to->mode, from->mode, sizeof(to->mode));
	if (copy_text(from->why, &to->why) < 0)
		return -ENOMEM;
	to->claims = rp_new0(struct rp_claim, from->n_claims);
	if (!to->claims)
		return -ENOMEM;
	memcpy(to->claims, from->claims, from->n_claims * sizeof(*to->claims));
	to->n_claims = from->n_claims;
	return 0;
}

static int place(struct rp_place_session *p, const struct rp_revision *v,
		 const struct rp_lease *old, bool comes_back, struct rp_lease *l,
		 struct rocpart_error *reterr)
{
	bool writes = !p->s.machine->is_dry_run;
	int r = 0;

	if (old && writes)
		r = edit(p, l, v, reterr); /* pending: without claims */
	if (r == 0)
		r = rp_place_locate(p, l, v->options->partition, comes_back, reterr);
	if (r < 0 || !writes)
		return r;
	return old ? rp_lease_db_place(p->s.db, l, reterr)
		   : rp_lease_db_add(p->s.db, l, &l->id, reterr);
}

/* Place, move or change one lease, and append it to those made. */
static int revise(struct rp_place_session *p, const struct rp_revision *v, bool comes_back,
		  struct rocpart_error *reterr)
{
	const struct rp_lease *old = v->lease ? find(&p->s.list, v->lease) : NULL;
	struct rp_lease l = {0};
	int r = describe(v, old, &l);

	if (r == 0 && old && !v->options->partition)
		r = copy_place(old, &l);
	if (r == 0 && rp_grow(&p->made.v, &p->made.cap, p->made.n + 1, sizeof(l)) < 0)
		r = -ENOMEM;
	r = r < 0 ? rp_error_nomem(reterr) : old ? note_programs(p, v, old, &l, reterr) : 0;
	if (r == 0 && !l.owner.start_ticks)
		r = rp_place_pin_owner(p, &l.owner, reterr);
	if (r == 0 && v->options->partition)
		r = place(p, v, old, comes_back, &l, reterr);
	else if (r == 0 && !p->s.machine->is_dry_run)
		r = edit(p, &l, v, reterr);
	if (r < 0)
		rp_lease_done(&l);
	else
		p->made.v[p->made.n++] = l;
	return r;
}

/* Record the file of leases that are otherwise as they should be; one that ended needs none. */
static int adopt(struct rp_place_session *p, const struct rp_revising *what,
		 struct rocpart_error *reterr)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < what->n_adopted; i++) {
		struct rp_lease *l = find(&p->s.list, (uint64_t)what->adopted[i]);

		if (!l)
			continue;
		free(l->file);
		l->file = strdup(what->file);
		if (!l->file)
			return rp_error_nomem(reterr);
		if (!p->s.machine->is_dry_run)
			r = rp_lease_db_edit(p->s.db, l, reterr);
	}
	return r;
}

int rp_revise(const struct rp_revising *what, struct rocpart_leases **ret_leases,
	      struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_PLACE_SESSION struct rp_place_session p = {0};
	RP_AUTO_FREE bool *comes_back = rp_new0(bool, what->n);
	int r;

	reterr = reterr ? reterr : &local;
	if (!comes_back)
		return rp_error_nomem(reterr);
	r = rp_place_begin(&p, what->machine, RP_LEASE_MAKE, reterr);
	if (r == 0)
		r = give_up_all(&p, what, comes_back, reterr);
	if (r == 0)
		r = rp_fill_placer(&p.s, (uint32_t)what->n, &p.fill, reterr);
	for (size_t i = 0; r == 0 && i < what->n; i++)
		if (what->revisions[i].options)
			r = revise(&p, &what->revisions[i], comes_back[i], reterr);
	if (r == 0)
		r = adopt(&p, what, reterr);
	return r < 0 ? r : rp_place_commit(&p, ret_leases, reterr);
}
