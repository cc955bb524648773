/* SPDX-License-Identifier: MIT */
/*
 * Changes and leases. A change is refused while leases use what it ends, or, when asked for, takes
 * their places away first. Both sides are safe from each other without waiting: the change opens
 * its journal and then looks at the leases in a transaction; rocpart_place() looks for an open
 * journal inside its own. Whoever is second sees the first.
 */
#include "change/change.h"
#include "hw/driver.h"
#include "leases/reconcile.h"

struct guarded {
	struct rp_lease_list list;
	struct rp_strbuf text; /* "3 (llama, unit:vllm.service) on 0/6, 5 (...)" */
	size_t n;
};

static void guarded_done(struct guarded *g)
{
	rp_lease_list_done(&g->list);
	rp_strbuf_done(&g->text);
}

static const struct rp_target *target_of(const struct rocpart_change *c, const char *bdf)
{
	for (size_t i = 0; i < c->n_targets; i++)
		if (rp_str_eq(c->targets[i].bdf, bdf))
			return &c->targets[i];
	return NULL;
}

static bool ends_partitions(const struct rocpart_change *c, const struct rocpart_gpu *gpu)
{
	const struct rp_target *t = target_of(c, gpu->bdf);

	return t && (t->to.compute != gpu->compute || t->to.memory != gpu->memory);
}

/* Whether the change takes from a lease a place that it really has now. */
static bool is_hit(const struct rocpart_change *c, const struct rp_host_view *w,
		   const struct rp_lease *l, bool reloads)
{
	for (size_t k = 0; k < l->n_claims; k++) {
		const struct rocpart_gpu *gpu =
			rp_snapshot_gpu_by_bdf(w->snapshot, l->claims[k].bdf);
		char mode[16];

		if (!gpu)
			continue;
		rp_host_view_mode(gpu, mode);
		if (*l->mode && !rp_str_eq(mode, l->mode))
			continue; /* its place is gone already: the change may bring it back */
		if (ends_partitions(c, gpu) || reloads)
			return true;
	}
	return false;
}

int rp_change_spare_lease(struct rocpart_change *c, int64_t id)
{
	if (rp_grow(&c->spared, &c->cap_spared, c->n_spared + 1, sizeof(*c->spared)) < 0)
		return -ENOMEM;
	c->spared[c->n_spared++] = id;
	return 0;
}

/* Whoever makes the change moves the lease afterwards, or ends it: it loses its place for that. */
static bool is_spared(const struct rocpart_change *c, const struct rp_lease *l)
{
	for (size_t i = 0; i < c->n_spared; i++)
		if (c->spared[i] == l->id)
			return true;
	return false;
}

static void name_lease(struct guarded *g, const struct rp_host_view *w, const struct rp_lease *l)
{
	char owner[RP_OWNER_NAME_SIZE + 16], part[RP_GPU_TEXT_SIZE];

	rp_owner_text(&l->owner, owner);
	if (g->n++ >= 5)
		return;
	rp_strbuf_addf(&g->text, "%s%lld (%.60s, %.80s)", g->n > 1 ? ", " : "", (long long)l->id,
		       l->name, l->owner.kind ? owner : "no owner");
	if (l->n_claims)
		rp_strbuf_addf(
			&g->text, " on %s",
			rp_partition_text(w->snapshot, l->claims[0].bdf, l->claims[0].part, part));
}

static int refuse(struct guarded *g, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_LEASED, NULL,
			   "the change would end what leases use: %s", rp_strbuf_str(&g->text));
	return rp_error_hint(reterr, "`rocpart release` each of these leases, or add --evict: an "
				     "evicted lease waits for another partition (`rocpart place "
				     "--pending`)");
}

static int evict(struct rocpart_change *c, struct rp_lease_db *db, const struct rp_lease *l,
		 struct rocpart_error *reterr)
{
	char text[256], part[RP_GPU_TEXT_SIZE];
	int r = 0;

	if (rp_change_has_step(c, RP_STEP_EVICT, 0) || !c->evicts)
		rp_change_announce(c, RP_STEP_EVICT, 0);
	c->evicts = true;

	for (size_t k = 0; r == 0 && k < l->n_claims; k++) {
		const struct rp_evicted e = {.lease = l->id, .claim = l->claims[k]};

		r = rp_evicted_record(c, &e, reterr);
		if (r == 0 && rp_change_note_evicted(c, &e) < 0)
			r = rp_error_nomem(reterr);
	}
	if (r < 0)
		return r;
	(void)rp_fmt(
		text, sizeof(text),
		"evicted from %s (%s/%u) by a change of modes; `rocpart place --pending` finds "
		"another partition, `rocpart release %lld` ends the lease",
		rp_partition_text(c->snapshot, l->claims[0].bdf, l->claims[0].part, part),
		l->claims[0].bdf, l->claims[0].part, (long long)l->id);
	return rp_lease_db_evict(db, l->id, text, reterr);
}

/*
 * Leases that the change hits, into g. With take, inside a transaction: those on GPUs that get
 * other partitions are evicted. A reload alone leaves partitions as they were, and their leases.
 */
static int look(struct rocpart_change *c, struct rp_lease_db *db, bool take, struct guarded *g,
		struct rocpart_error *reterr)
{
	RP_AUTO_HOST_VIEW struct rp_host_view w = {0};
	RP_AUTO_RECONCILED struct rp_reconciled now = {0};
	bool reloads = c->reload == ROCPART_RELOAD_AUTO && rp_change_needs_memory(c, RP_FORWARD);
	int r = rp_host_view_observe(c->machine, &w, reterr);

	if (r == 0)
		r = rp_lease_db_load(db, &g->list, reterr);
	if (r == 0)
		r = rp_reconcile(&w, take ? db : NULL, &g->list, &now, reterr);
	for (size_t i = 0; r == 0 && i < g->list.n; i++) {
		const struct rp_lease *l = &g->list.v[i];

		bool spared = is_spared(c, l);

		if (!is_hit(c, &w, l, reloads))
			continue;
		if (!spared)
			name_lease(g, &w, l);
		if (!(c->evict || spared) || !is_hit(c, &w, l, false))
			continue;
		if (take)
			r = evict(c, db, l, reterr);
		else
			c->evicts = true;
	}
	if (g->n > 5)
		rp_strbuf_addf(&g->text, " and %zu more", g->n - 5);
	if (r == 0 && rp_strbuf_failed(&g->text))
		return rp_error_nomem(reterr);
	if (r == 0 && g->n && !c->evict)
		return refuse(g, reterr);
	return r;
}

static int open_db(struct rocpart_change *c, enum rp_lease_open how, struct rp_lease_db **ret,
		   struct rocpart_error *reterr)
{
	return rp_leases_open(c->machine, how, NULL, ret, reterr);
}

int rp_change_check_leases(struct rocpart_change *c, struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	struct guarded g = {.text = RP_STRBUF_INIT};
	int r = c->is_resumed ? 0 : rp_leases_exist(c->machine, reterr);

	c->evicts = false;
	if (r <= 0)
		return r;
	r = open_db(c, RP_LEASE_READ, &db, reterr);
	if (r == 0)
		r = look(c, db, false, &g, reterr);
	if (r == 0 && g.n) {
		RP_AUTO_FREE char *text =
			rp_strdupf("these leases lose their partition or their program: %s",
				   rp_strbuf_str(&g.text));

		r = text ? rp_names_add(&c->lease_warnings, text) : -ENOMEM;
		if (r < 0)
			(void)rp_error_nomem(reterr);
	}
	guarded_done(&g);
	return r;
}

/* Who is to get a place back must be known to whoever goes on with this change. */
static int journal_returns(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r = 0;

	for (size_t i = 0; r == 0 && !c->is_resumed && i < c->n_evicted; i++)
		r = rp_evicted_record(c, &c->evicted[i], reterr);
	return r;
}

int rp_change_take_leases(struct rocpart_change *c, struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	struct guarded g = {.text = RP_STRBUF_INIT};
	int r = rp_leases_exist(c->machine, reterr);

	if (r <= 0)
		return r;
	r = journal_returns(c, reterr);
	if (r < 0)
		return r;
	r = open_db(c, RP_LEASE_WRITE, &db, reterr);
	if (r == 0)
		r = rp_lease_db_begin(db, reterr);
	if (r == 0)
		r = look(c, db, true, &g, reterr);
	if (r == 0)
		r = rp_lease_db_commit(db, reterr);
	guarded_done(&g);
	return r;
}

int rp_change_note_driver(struct rocpart_change *c, struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	uint64_t number = 0;
	char epoch[24];
	int r = rp_leases_exist(c->machine, reterr);

	if (r <= 0)
		return r;
	r = rp_driver_read_epoch(c->machine->tree, &number, reterr);
	(void)rp_fmt(epoch, sizeof(epoch), "%llu", (unsigned long long)number);
	if (r == 0)
		r = open_db(c, RP_LEASE_WRITE, &db, reterr);
	if (r == 0)
		r = rp_lease_db_begin(db, reterr);
	if (r == 0)
		r = rp_lease_db_set(db, "driver", epoch, reterr);
	return r < 0 ? r : rp_lease_db_commit(db, reterr);
}
