/* SPDX-License-Identifier: MIT */
/*
 * Leases that a change evicted get their places back when the change is taken back: the journal
 * says where they were. While it is open nobody else is given a place, so what was free before the
 * eviction is free now, unless something took it between the change and its undo.
 */
#include "base/num.h"
#include "change/change.h"
#include "leases/reconcile.h"

#define N_WORDS	  3
#define SHOWN_MAX 5 /* leases that are named one by one */

int rp_change_note_evicted(struct rocpart_change *c, const struct rp_evicted *e)
{
	if (rp_grow(&c->evicted, &c->cap_evicted, c->n_evicted + 1, sizeof(*e)) < 0)
		return -ENOMEM;
	c->evicted[c->n_evicted++] = *e;
	return 0;
}

int rp_change_reverse_evicted(struct rocpart_change *c, const struct rocpart_change *last)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < last->n_evicted; i++) {
		struct rp_evicted e = last->evicted[i];

		if (e.returns)
			continue;
		e.returns = true;
		r = rp_change_note_evicted(c, &e);
	}
	return r;
}

int rp_evicted_record(struct rocpart_change *c, const struct rp_evicted *e,
		      struct rocpart_error *reterr)
{
	char value[80];

	(void)rp_fmt(value, sizeof(value), "%lld %u %llu", (long long)e->lease, e->claim.part,
		     (unsigned long long)e->claim.bytes);
	return rp_change_record(c, e->returns ? "return" : "evict", e->claim.bdf, value, reterr);
}

int rp_evicted_read(struct rocpart_change *c, const struct rp_change_line *line)
{
	RP_AUTO_FREE char *text = line->value ? strdup(line->value) : NULL;
	struct rp_evicted e = {.returns = rp_str_eq(line->step, "return")};
	char *words[N_WORDS] = {text}, *at = text;
	uint64_t lease;

	if (!line->bdf || !text)
		return -EBADMSG;
	for (size_t i = 1; i < N_WORDS; i++) {
		at = strchr(at, ' ');
		if (!at)
			return -EBADMSG;
		*at++ = '\0';
		words[i] = at;
	}
	if (rp_parse_u64(words[0], 10, &lease) < 0 || lease > INT64_MAX ||
	    rp_parse_u32(words[1], 10, &e.claim.part) < 0 ||
	    rp_parse_u64(words[2], 10, &e.claim.bytes) < 0 ||
	    rp_fmt(e.claim.bdf, sizeof(e.claim.bdf), "%s", line->bdf) < 0)
		return -EBADMSG;
	e.lease = (int64_t)lease;
	return rp_change_note_evicted(c, &e);
}

struct returning {
	struct rocpart_change *c;
	struct rp_lease_db *db;
	struct rp_host_view host;
	struct rp_lease_list list;
	struct rp_reconciled now;
	size_t n_back; /* leases that have their partitions again */
	struct rocpart_error *reterr;
};

static void returning_done(struct returning *t)
{
	rp_lease_db_close(t->db);
	rp_host_view_done(&t->host);
	rp_lease_list_done(&t->list);
	rp_reconciled_done(&t->now);
}

static struct rp_lease *waiting(struct returning *t, int64_t id)
{
	for (size_t i = 0; i < t->list.n; i++)
		if (t->list.v[i].id == id && t->list.v[i].state == ROCPART_LEASE_PENDING)
			return &t->list.v[i];
	return NULL; /* it was released, or placed elsewhere */
}

/* Why one of the places of a lease cannot be given back; NULL: it can. */
static const char *refusal(const struct returning *t, const struct rp_lease *l,
			   const struct rp_claim *claim)
{
	struct rp_part_use *u = rp_reconciled_find(&t->now, claim->bdf, claim->part);
	char mode[16];

	if (!u)
		return "its partition does not exist now";
	rp_host_view_mode(u->partition->gpu, mode);
	if (!rp_str_eq(mode, l->mode))
		return "its GPU has other modes than before";
	if (u->unmanaged)
		return "memory without a lease is in use on its partition";
	if (u->n_leases && (u->n_leases >= u->max_tenants || u->n_leases >= l->share))
		return "other leases have its partition now";
	if (u->leased > u->usable || claim->bytes > u->usable - u->leased)
		return "its partition has not enough free memory now";
	return NULL;
}

/* The places of a lease by the journal, those from first on: c->evicted is in order of leases. */
static int take_places(struct returning *t, size_t first, struct rp_lease *l, const char **ret_why)
{
	const struct rocpart_change *c = t->c;
	size_t cap = 0;

	for (size_t i = first; i < c->n_evicted; i++) {
		const struct rp_evicted *e = &c->evicted[i];

		if (e->lease != l->id || e->returns != c->evicted[first].returns)
			continue;
		*ret_why = refusal(t, l, &e->claim);
		if (*ret_why)
			return 0;
		if (rp_grow(&l->claims, &cap, l->n_claims + 1, sizeof(e->claim)) < 0)
			return rp_error_nomem(t->reterr);
		l->claims[l->n_claims++] = e->claim;
	}
	return 0;
}

static int put_back(struct returning *t, size_t first)
{
	struct rp_lease *l = waiting(t, t->c->evicted[first].lease);
	char part[RP_GPU_TEXT_SIZE];
	const char *why = NULL;
	int r;

	if (!l)
		return 0;
	r = take_places(t, first, l, &why);
	if (r < 0 || why) {
		if (why)
			rp_change_remark(t->c, "lease %lld (%.60s) still waits for a partition: %s",
					 (long long)l->id, l->name, why);
		return r;
	}
	l->state = ROCPART_LEASE_PLACED;
	for (size_t k = 0; r == 0 && k < l->n_claims; k++) {
		struct rp_part_use *u =
			rp_reconciled_find(&t->now, l->claims[k].bdf, l->claims[k].part);

		r = rp_lease_db_set_usable(t->db, l->claims[k].bdf, l->claims[k].part, u->usable,
					   t->reterr);
		u->leased += l->claims[k].bytes;
		u->n_leases++;
		if (!u->max_tenants || l->share < u->max_tenants)
			u->max_tenants = l->share;
	}
	if (r == 0)
		r = rp_lease_db_place(t->db, l, t->reterr);
	if (r == 0)
		r = rp_lease_db_event(t->db, l->id,
				      "placed on the partition that it had before the change",
				      t->reterr);
	if (r == 0 && t->n_back++ < SHOWN_MAX)
		rp_change_remark(t->c, "lease %lld (%.60s) has partition %s again",
				 (long long)l->id, l->name,
				 rp_partition_text(t->host.snapshot, l->claims[0].bdf,
						   l->claims[0].part, part));
	return r;
}

static bool is_first_of(const struct rocpart_change *c, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (c->evicted[i].lease == c->evicted[index].lease &&
		    c->evicted[i].returns == c->evicted[index].returns)
			return false;
	return true;
}

static int return_leases(struct returning *t, bool is_undone)
{
	struct rocpart_change *c = t->c;
	int r = rp_leases_open(c->machine, RP_LEASE_WRITE, NULL, &t->db, t->reterr);

	if (r == 0)
		r = rp_lease_db_begin(t->db, t->reterr);
	if (r == 0)
		r = rp_host_view_observe(c->machine, &t->host, t->reterr);
	if (r == 0)
		r = rp_lease_db_load(t->db, &t->list, t->reterr);
	if (r == 0)
		r = rp_reconcile(&t->host, t->db, &t->list, &t->now, t->reterr);
	for (size_t i = 0; r == 0 && i < c->n_evicted; i++)
		if (c->evicted[i].returns != is_undone && is_first_of(c, i))
			r = put_back(t, i);
	if (r == 0 && t->n_back > SHOWN_MAX)
		rp_change_remark(c, "%zu more leases have their partitions again",
				 t->n_back - SHOWN_MAX);
	return r < 0 ? r : rp_lease_db_commit(t->db, t->reterr);
}

void rp_change_return_leases(struct rocpart_change *c, bool is_undone)
{
	struct rocpart_error err = {0};
	RP_AUTO(returning_done) struct returning t = {.c = c, .reterr = &err};
	bool any = false;
	int r;

	for (size_t i = 0; i < c->n_evicted; i++)
		any |= c->evicted[i].returns != is_undone;
	if (!any)
		return;
	rp_change_announce(c, RP_STEP_RETURN_LEASES, 0);
	r = rp_leases_exist(c->machine, &err);
	if (r < 0 || (r > 0 && return_leases(&t, is_undone) < 0))
		rp_change_remark(c,
				 "warning: evicted leases still wait for a partition: %s; `rocpart "
				 "place --pending` places them",
				 err.message);
}
