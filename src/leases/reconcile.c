/* SPDX-License-Identifier: MIT */
/*
 * Reconciliation: what became of each lease, by what the machine shows now.
 *
 * A lease with a place is judged by the first of these that applies (judge_placed()):
 *   1. its owner is gone, the kernel shows all memory, and none is left: it ends;
 *   2. the kernel shows memory of it: running;
 *   3. its partition is missing, in another mode, or smaller than its leases: failed;
 *   4. its owner is gone, but memory is left or cannot be seen: stopped;
 *   5. its owner is alive: as before, and placed again if it was stopped or failed;
 *   6. it ran, and nothing of it runs now: stopped, with the reason;
 *   7. its place was lost and is back: stopped if it ever ran, else placed;
 *   8. nothing changed.
 * Invariants:
 * - A read that failed is an error of the whole, or one of its GPU (docs/design/odd-gpus.md).
 * - What cannot be seen ends no lease: a lease on a hidden partition or an odd GPU is not judged,
 *   memory that is not shown forbids case 1, and an owner that is not shown is UNKNOWN.
 * - A lease ends only in case 1, and only without memory of its own and without memory on its
 *   partitions that no lease accounts for, which might be its child's (count_left_on()).
 * - is_seen never goes back to false here, so that "never ran" and "ran" stay apart.
 * - The sums of partitions are those of the leases in the list, also after one has left it.
 * - Where the caller's transaction records, each change is in that transaction, each new state with
 *   an event. A reader gets the same list from the same database, and nothing is written.
 *
 * Time: O(L C P + M (L C + K)) with L leases of C claims, P partitions, M records of memory, and K
 * processes, since partitions, leases and processes are looked up one by one.
 * Source: our own rules, docs/design/leases.md.
 */
#include "leases/reconcile.h"
#include "base/num.h"
#include "leases/replica.h"
#include "leases/run_group.h"

struct context {
	struct rp_host_view *w;
	struct rp_lease_db *db; /* NULL: no database */
	bool is_recording;	/* else nothing is written */
	struct rp_lease_list *list;
	struct rp_reconciled *out;
	bool is_rebooted, is_reloaded;
	struct rocpart_error *reterr;
};

void rp_reconciled_done(struct rp_reconciled *r)
{
	free(r->lease_used);
	free(r->parts);
	memset(r, 0, sizeof(*r));
}

struct rp_part_use *rp_reconciled_find(const struct rp_reconciled *r, const char *bdf,
				       unsigned part)
{
	for (size_t i = 0; i < r->n_parts; i++)
		if (r->parts[i].partition->id == part &&
		    rp_str_eq(r->parts[i].partition->gpu->bdf, bdf))
			return &r->parts[i];
	return NULL;
}

/* Make a record for each partition of the snapshot, without leases. */
static int make_parts(struct context *c)
{
	const struct rocpart_snapshot *s = c->w->snapshot;
	size_t n = 0;

	for (size_t i = 0; i < s->n_gpus; i++)
		n += s->gpus[i].n_partitions;
	c->out->parts = rp_new0(struct rp_part_use, n);
	c->out->lease_used = rp_new0(uint64_t, c->list->n);
	if (!c->out->parts || !c->out->lease_used)
		return rp_error_nomem(c->reterr);
	for (size_t i = 0; i < s->n_gpus; i++)
		for (size_t k = 0; k < s->gpus[i].n_partitions; k++) {
			struct rp_part_use *u = &c->out->parts[c->out->n_parts++];

			u->partition = &s->gpus[i].partitions[k];
			u->usable = rp_host_view_usable(c->w, u->partition);
		}
	return 0;
}

static void count_claims(struct context *c)
{
	for (size_t i = 0; i < c->list->n; i++) {
		const struct rp_lease *l = &c->list->v[i];

		for (size_t k = 0; k < l->n_claims; k++) {
			struct rp_part_use *u =
				rp_reconciled_find(c->out, l->claims[k].bdf, l->claims[k].part);

			if (!u)
				continue;
			u->leased += l->claims[k].bytes;
			u->n_leases++;
			if (!u->max_tenants || l->share < u->max_tenants)
				u->max_tenants = l->share;
		}
	}
}

/*
 * Mark the partitions of GPUs that are promised: some lease has a claim on the GPU in another mode
 * than the present one. Its place comes back with that mode, so nothing else may be placed there
 * meanwhile.
 */
static void mark_promised(const struct rp_lease_list *list, struct rp_reconciled *out)
{
	for (size_t p = 0; p < out->n_parts; p++)
		out->parts[p].is_promised = false;
	for (size_t i = 0; i < list->n; i++) {
		const struct rp_lease *l = &list->v[i];

		for (size_t k = 0; k < l->n_claims; k++)
			for (size_t p = 0; p < out->n_parts; p++) {
				const struct rocpart_gpu *gpu = out->parts[p].partition->gpu;
				char mode[16];

				rp_host_view_mode(gpu, mode);
				if (!rp_gpu_is_odd(gpu) && rp_str_eq(gpu->bdf, l->claims[k].bdf) &&
				    *l->mode && !rp_str_eq(l->mode, mode))
					out->parts[p].is_promised = true;
			}
	}
}

static bool has_claim_on(const struct rp_lease *l, const struct rocpart_partition *p)
{
	for (size_t k = 0; k < l->n_claims; k++)
		if (l->claims[k].part == p->id && rp_str_eq(l->claims[k].bdf, p->gpu->bdf))
			return true;
	return false;
}

size_t rp_lease_of_memory(struct rp_host_view *w, const struct rp_lease_list *list, uint32_t pid,
			  const struct rocpart_partition *p, bool *ret_is_certain)
{
	size_t fallback = SIZE_MAX;

	*ret_is_certain = false;
	for (size_t i = 0; i < list->n; i++) {
		const struct rp_lease *l = &list->v[i];

		if (!has_claim_on(l, p))
			continue;
		if (rp_lease_has_process(w, l, pid)) {
			*ret_is_certain = true;
			return i;
		}
		if (fallback == SIZE_MAX && !rp_host_view_can_tell(w, &l->owner))
			fallback = i;
	}
	return fallback;
}

/* Add up the memory of processes by partition and by lease; the rest is unmanaged. */
static void count_memory(struct context *c)
{
	for (size_t i = 0; i < c->w->n_memory; i++) {
		const struct rp_memory *m = &c->w->memory[i];
		struct rp_part_use *u =
			rp_reconciled_find(c->out, m->partition->gpu->bdf, m->partition->id);
		bool is_certain;
		size_t lease = rp_lease_of_memory(c->w, c->list, m->pid, m->partition, &is_certain);

		u->used += m->bytes;
		if (lease == SIZE_MAX)
			u->unmanaged += m->bytes;
		else
			c->out->lease_used[lease] += m->bytes;
	}
}

/* Count the memory on the partitions of a lease that belongs to it or to no lease. */
static uint64_t count_left_on(const struct context *c, size_t index)
{
	const struct rp_lease *l = &c->list->v[index];
	uint64_t sum = c->out->lease_used[index];

	for (size_t k = 0; k < l->n_claims; k++) {
		const struct rp_part_use *u =
			rp_reconciled_find(c->out, l->claims[k].bdf, l->claims[k].part);

		sum += u ? u->unmanaged : 0;
	}
	return sum;
}

/* Say what is wrong with the place of a lease; leave the text empty when the place is as it was. */
static void judge_place(const struct context *c, const struct rp_lease *l, struct rp_strbuf *ret)
{
	for (size_t k = 0; k < l->n_claims && !ret->len; k++) {
		const struct rp_claim *q = &l->claims[k];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->w->snapshot, q->bdf);
		const struct rp_part_use *u = rp_reconciled_find(c->out, q->bdf, q->part);
		char mode[16], want[RP_BYTES_TEXT_SIZE], have[RP_BYTES_TEXT_SIZE];

		if (!gpu) {
			rp_strbuf_addf(
				ret, "GPU %s is missing; bring it back, or `rocpart release %lld`",
				q->bdf, (long long)l->id);
			continue;
		}
		if (gpu->degraded & 1U << RP_DEGRADED_GPU_REPLACED) {
			rp_strbuf_addf(
				ret,
				"GPU %zu (%s) was replaced by another GPU: `rocpart accept-gpu "
				"%s`, or `rocpart release %lld`",
				gpu->index, gpu->bdf, gpu->bdf, (long long)l->id);
			continue;
		}
		rp_host_view_mode(gpu, mode);
		if (!u || (*l->mode && !rp_str_eq(l->mode, mode)))
			rp_strbuf_addf(ret,
				       "partition %zu/%u has changed: the GPU is in %s instead of "
				       "%s; set that mode again (rocpart set, undo or apply), or "
				       "`rocpart release %lld`",
				       gpu->index, q->part, mode, l->mode, (long long)l->id);
		else if (u->usable < u->leased)
			rp_strbuf_addf(
				ret,
				"partition %zu/%u has become smaller: %s are leased, but %s can be "
				"used; `rocpart release %lld`, then place it elsewhere",
				gpu->index, q->part, rp_format_bytes(u->leased, want),
				rp_format_bytes(u->usable, have), (long long)l->id);
	}
}

/*
 * Return whether the device cgroup of the caller hides the place of a lease, as it does for a
 * program of `rocpart run` or a container, or its GPU could not be read. What is not seen is not
 * judged.
 */
static bool is_hidden(const struct context *c, const struct rp_lease *l)
{
	for (size_t k = 0; k < l->n_claims; k++) {
		const struct rocpart_gpu *gpu =
			rp_snapshot_gpu_by_bdf(c->w->snapshot, l->claims[k].bdf);

		if (gpu && rp_gpu_is_odd(gpu))
			return true;
		if (c->w->snapshot->n_hidden_nodes &&
		    !rp_reconciled_find(c->out, l->claims[k].bdf, l->claims[k].part))
			return true;
	}
	return false;
}

struct verdict {
	bool ends;
	enum rocpart_lease_state state;
	bool is_seen;
	bool is_pinned; /* the UID of its pod was found */
	struct rp_strbuf problem;
};

/* Case 6: it ran, and nothing of it runs now. Say why, if a reboot or reload explains it. */
static void judge_quiet(const struct context *c, const struct rp_lease *l, struct verdict *v)
{
	char owner[RP_OWNER_NAME_SIZE + 16];
	const char *what = c->is_rebooted   ? "the machine was rebooted"
			   : c->is_reloaded ? "the driver was reloaded"
					    : NULL;

	rp_owner_text(&l->owner, owner);
	v->state = ROCPART_LEASE_STOPPED;
	if (what)
		rp_strbuf_addf(&v->problem, "%s, and no process of %s is running", what,
			       l->owner.kind ? owner : "the lease");
	else
		rp_strbuf_addf(&v->problem, "no process of %s is running any more",
			       l->owner.kind ? owner : "the lease");
	rp_strbuf_addf(&v->problem,
		       "; its memory stays reserved: start it again, or `rocpart release %lld`",
		       (long long)l->id);
}

static void keep_problem(const struct rp_lease *l, struct verdict *v)
{
	if (l->problem)
		rp_strbuf_add(&v->problem, l->problem);
}

/* Judge a lease with a place that can be seen: the cases in the head of this file, in order. */
static void judge_placed(const struct context *c, size_t index, enum rp_owner_status owner,
			 struct verdict *v)
{
	const struct rp_lease *l = &c->list->v[index];
	bool was_misplaced = l->state == ROCPART_LEASE_DISPLACED && l->problem && *l->problem;
	uint64_t left = count_left_on(c, index);

	if (owner == RP_OWNER_GONE && c->w->sees_memory && left == 0) {
		v->ends = true;
		return;
	}
	v->is_seen |= c->out->lease_used[index] > 0 || owner == RP_OWNER_ALIVE;
	judge_place(c, l, &v->problem);
	if (c->out->lease_used[index]) {
		v->state = ROCPART_LEASE_RUNNING;
	} else if (v->problem.len) {
		v->state = ROCPART_LEASE_DISPLACED;
	} else if (owner == RP_OWNER_GONE) {
		v->state = ROCPART_LEASE_STOPPED;
		rp_strbuf_addf(&v->problem,
			       "its owner is gone, but memory on its partition is still in use or "
			       "not visible; the lease ends when that memory is free, or by "
			       "`rocpart release %lld`",
			       (long long)l->id);
	} else if (owner == RP_OWNER_ALIVE) {
		if (l->state == ROCPART_LEASE_STOPPED || was_misplaced)
			v->state = ROCPART_LEASE_PLACED;
	} else if (l->state == ROCPART_LEASE_RUNNING &&
		   (l->is_seen || c->is_rebooted || c->is_reloaded)) {
		judge_quiet(c, l, v);
	} else if (was_misplaced) {
		v->state = l->is_seen ? ROCPART_LEASE_STOPPED : ROCPART_LEASE_PLACED;
	} else {
		keep_problem(l, v);
	}
}

/* End a lease: its bytes are free, and an event says why. */
static int end_lease(struct context *c, const struct rp_lease *l)
{
	char owner[RP_OWNER_NAME_SIZE + 16], text[512], bytes[RP_BYTES_TEXT_SIZE];

	rp_owner_text(&l->owner, owner);
	(void)rp_fmt(text, sizeof(text),
		     "ended: its owner %.200s is gone and its GPU memory is free; %s of '%.100s' "
		     "were released",
		     owner, rp_format_bytes(l->n_claims ? l->bytes : 0, bytes), l->name);
	c->out->n_changes++;
	return c->is_recording ? rp_lease_db_remove(c->db, l->id, text, c->reterr) : 0;
}

/* Apply a verdict that differs from what the lease says. Only a new state becomes an event. */
static int change_lease(struct context *c, struct rp_lease *l, struct verdict *v)
{
	char text[1024];
	bool is_news = l->state != v->state;
	int r;

	if (!is_news && !v->is_pinned && l->is_seen == v->is_seen &&
	    rp_str_eq(l->problem ? l->problem : "", rp_strbuf_str(&v->problem)))
		return 0;
	if (rp_strbuf_failed(&v->problem))
		return rp_error_nomem(c->reterr);
	(void)rp_fmt(text, sizeof(text), "%s%s%.900s", rocpart_lease_state_to_string(v->state),
		     v->problem.len ? ": " : "", rp_strbuf_str(&v->problem));
	l->state = v->state;
	l->is_seen = v->is_seen;
	free(l->problem);
	l->problem = strdup(rp_strbuf_str(&v->problem));
	if (!l->problem)
		return rp_error_nomem(c->reterr);
	c->out->n_changes++;
	if (!c->is_recording)
		return 0;
	r = rp_lease_db_update(c->db, l, c->reterr);
	return r == 0 && is_news ? rp_lease_db_event(c->db, l->id, text, c->reterr) : r;
}

/*
 * Judge one lease. A pending one has no place and ends with its owner. 1: it ended; 0; or an error.
 */
static int judge_lease(struct context *c, size_t index)
{
	struct rp_lease *l = &c->list->v[index];
	struct verdict v = {.state = l->state, .is_seen = l->is_seen};
	enum rp_owner_status owner;
	int r;

	v.is_pinned = rp_host_view_pin_pod(c->w, &l->owner);
	r = rp_lease_owner_status(c->w, l, &owner);
	if (r < 0)
		return rp_error_errno(c->reterr, r, l->name,
				      "cannot look for the owner of lease %lld", (long long)l->id);
	l->is_alive = owner == RP_OWNER_ALIVE || c->out->lease_used[index] ||
		      (owner == RP_OWNER_UNKNOWN && !c->w->sees_memory);
	if (l->state == ROCPART_LEASE_PENDING) {
		v.ends = owner == RP_OWNER_GONE;
		keep_problem(l, &v);
	} else if (is_hidden(c, l)) {
		keep_problem(l, &v);
	} else {
		judge_placed(c, index, owner, &v);
	}
	r = v.ends ? end_lease(c, l) : change_lease(c, l, &v);
	rp_strbuf_done(&v.problem);
	return r < 0 ? r : v.ends;
}

/* Take a lease out of the sums of its partitions. */
static void give_back(struct rp_reconciled *r, const struct rp_lease *l)
{
	for (size_t k = 0; k < l->n_claims; k++) {
		struct rp_part_use *u = rp_reconciled_find(r, l->claims[k].bdf, l->claims[k].part);

		if (u) {
			u->leased -= l->claims[k].bytes;
			u->n_leases--;
			u->max_tenants = u->n_leases ? u->max_tenants : 0;
		}
	}
}

/* Take a lease that ended out of the list and of the sums of its partitions. */
static void forget_lease(struct context *c, size_t index)
{
	struct rp_lease *l = &c->list->v[index];

	give_back(c->out, l);
	rp_lease_done(l);
	memmove(l, l + 1, (c->list->n - index - 1) * sizeof(*l));
	memmove(&c->out->lease_used[index], &c->out->lease_used[index + 1],
		(c->list->n - index - 1) * sizeof(uint64_t));
	c->list->n--;
}

void rp_reconciled_unclaim(struct rp_lease_list *list, size_t index, bool comes_back,
			   struct rp_reconciled *r)
{
	struct rp_lease *l = &list->v[index];

	give_back(r, l);
	for (size_t k = 0; !comes_back && k < l->n_claims; k++) {
		struct rp_part_use *u = rp_reconciled_find(r, l->claims[k].bdf, l->claims[k].part);

		if (u)
			u->unmanaged += r->lease_used[index];
	}
	free(l->claims);
	l->claims = NULL;
	l->n_claims = 0;
	l->state = ROCPART_LEASE_PENDING;
	mark_promised(list, r);
}

/*
 * Compare a value with the one recorded at the last look, record it, and report whether it changed.
 */
static int note_machine(struct context *c, const char *key, const char *now, const char *event,
			bool *ret_changed)
{
	RP_AUTO_STRBUF struct rp_strbuf before = RP_STRBUF_INIT;
	int r = rp_lease_db_get(c->db, key, &before, c->reterr);

	if (r < 0 || !*now || rp_str_eq(rp_strbuf_str(&before), now))
		return r;
	*ret_changed = before.len > 0;
	c->out->n_changes++;
	if (!c->is_recording)
		return 0;
	r = rp_lease_db_set(c->db, key, now, c->reterr);
	return r == 0 && *ret_changed ? rp_lease_db_event(c->db, 0, event, c->reterr) : r;
}

/* Note another boot or load of the driver. A driver that is not loaded now proves nothing. */
static int note_boot(struct context *c)
{
	int r = note_machine(c, "boot", c->w->boot, "the machine was rebooted; leases are kept",
			     &c->is_rebooted);

	if (r < 0 || rp_str_eq(c->w->epoch, "0"))
		return r;
	return note_machine(c, "driver", c->w->epoch, "the driver was reloaded; leases are kept",
			    &c->is_reloaded);
}

int rp_reconcile(struct rp_host_view *w, struct rp_lease_db *db, struct rp_lease_list *list,
		 struct rp_reconciled *ret, struct rocpart_error *reterr)
{
	RP_AUTO_RECONCILED struct rp_reconciled out = {0};
	struct context c = {.w = w,
			    .db = db,
			    .is_recording = db && rp_lease_db_is_recording(db),
			    .list = list,
			    .out = &out,
			    .reterr = reterr};
	int r = rp_replica_number(list, db, reterr);

	if (r == 0)
		r = make_parts(&c);
	if (r < 0)
		return r;
	count_claims(&c);
	count_memory(&c);
	if (db)
		r = note_boot(&c);
	for (size_t i = 0; r >= 0 && i < list->n;) {
		r = judge_lease(&c, i);
		if (r == 1)
			forget_lease(&c, i);
		else
			i++;
	}
	/* Whatever was written on the ground of a failed read is rolled back by the caller. */
	if (r >= 0)
		r = rp_host_view_check(w, reterr);
	if (r < 0)
		return r;
	mark_promised(list, &out);
	*ret = out;
	memset(&out, 0, sizeof(out));
	return 0;
}
