/* SPDX-License-Identifier: MIT */
/*
 * The session, and public lists of leases.
 *
 * Order of rp_session_begin(), each step for a reason:
 *   1. open the database, made for this machine if need be: its identity must be known before;
 *   2. take the write lock;
 *   3. observe the machine: no other program decides on leases before the commit;
 *   4. refuse the database of another machine, load the leases, reconcile.
 * A change of modes takes no part in the lock. It opens its journal first and looks at the leases
 * in a transaction then; placing looks for an open journal inside of its own. So whoever is second
 * sees the first and refuses (src/change/lease_guard.c).
 *
 * Invariant: everything that a session decides comes from one look at the machine and one state of
 * the database.
 */
#include "leases/session.h"
#include "base/num.h"
#include "leases/old_programs.h"
#include "leases/public.h"
#include "machine/public.h"
#include "machine/records.h"

#define N_EVENTS 32

struct rocpart_leases {
	struct rp_lease_list list;
	struct rocpart_lease *pub;
	struct rocpart_partition_use *use;
	size_t n_use;
	uint32_t *idle;
	size_t n_idle;
	struct rp_names texts; /* owners and problems that pub points to */
	struct rp_lease_events events;
	struct rocpart_snapshot *snapshot; /* use points into it */
	const char *allocator;
	char note[RP_SESSION_NOTE_SIZE];
};

int rp_session_begin(struct rocpart_machine *m, enum rp_lease_open how, struct rp_session *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_SESSION struct rp_session s = {.machine = m};
	bool makes = how == RP_LEASE_MAKE || how == RP_LEASE_MAKE_BRIEF;
	int r = 0, exist = 0;

	if (m->is_dry_run)
		return rp_session_look(m, ret, reterr);
	if (rp_tree_kind(m->tree) == RP_TREE_CAPTURE || makes)
		r = rp_machine_make_state(m, reterr);
	if (r == 0)
		exist = rp_leases_exist(m, reterr);
	if (exist < 0)
		return exist;
	/* A new database records the identity of the machine, so it is observed before as well. */
	if (r == 0 && !exist)
		r = rp_host_view_observe(m, &s.host, reterr);
	if (r == 0)
		r = rp_leases_open(m, how, rp_leases_first_identity(&s.host), &s.db, reterr);
	if (r == 0)
		r = rp_lease_db_begin(s.db, reterr);
	rp_host_view_done(&s.host);
	if (r == 0)
		r = rp_host_view_observe(m, &s.host, reterr);
	if (r == 0)
		r = rp_leases_check_machine(s.db, &s.host, reterr);
	if (r == 0)
		r = rp_leases_record_machine(s.db, &s.host, reterr);
	if (r == 0)
		r = rp_lease_db_load(s.db, &s.list, reterr);
	if (r == 0)
		r = rp_reconcile(&s.host, s.db, &s.list, &s.now, reterr);
	if (r == 0 && makes && !s.host.has_expected) {
		r = rp_records_add_expected(m, s.host.snapshot, reterr);
		if (r < 0)
			(void)rp_error_append(reterr, "; no lease was changed");
	}
	if (r < 0)
		return r;
	*ret = s;
	memset(&s, 0, sizeof(s));
	return 0;
}

int rp_session_commit(struct rp_session *s, struct rocpart_error *reterr)
{
	int r = s->machine->is_dry_run ? 0 : rp_lease_db_commit(s->db, reterr);

	if (r == 0 && !s->machine->is_dry_run) {
		rp_public_write(s->machine, s->db);
		rp_machine_tell_leases(s->machine);
	}
	return r;
}

void rp_session_done(struct rp_session *s)
{
	rp_lease_db_close(s->db);
	rp_host_view_done(&s->host);
	rp_lease_list_done(&s->list);
	rp_reconciled_done(&s->now);
	memset(s, 0, sizeof(*s));
}

/* ---- public lists ---- */

/* Keep a text for as long as the list lives. NULL: out of memory. */
static const char *keep_text(struct rocpart_leases *v, const char *text)
{
	return rp_names_add(&v->texts, text) < 0 ? NULL : v->texts.v[v->texts.n - 1];
}

/* Return the problem of a lease, with that of an unhealthy GPU added. NULL: out of memory. */
static const char *problem_of(struct rocpart_leases *v, const struct rp_lease *l)
{
	const struct rocpart_gpu *gpu =
		v->snapshot && l->n_claims ? rp_snapshot_gpu_by_bdf(v->snapshot, l->claims[0].bdf)
					   : NULL;
	const char *problem = l->problem ? l->problem : "";
	RP_AUTO_FREE char *text = NULL;

	if (!gpu || !(gpu->degraded & 1U << RP_DEGRADED_UNHEALTHY))
		return problem;
	text = rp_strdupf(
		"%s%sGPU %zu (%s) counted uncorrectable memory errors, so no new lease is placed "
		"on it; move this lease to another GPU, then `rocpart cordon %zu`",
		problem, *problem ? "; " : "", gpu->index, gpu->bdf, gpu->index);
	return text ? keep_text(v, text) : NULL;
}

/*
 * Return the bytes above which a lease exceeds its limit. One that is alone on its partition, which
 * the kernel or hardware guarantees, may use all of it (docs/design/leases.md, Guarantee).
 */
static uint64_t limit_of(const struct rp_lease *l, const struct rp_host_view *w)
{
	bool is_kept = l->guarantee >= ROCPART_GUARANTEE_KERNEL && l->n_claims &&
		       l->state != ROCPART_LEASE_DISPLACED;
	const struct rocpart_gpu *gpu =
		w && is_kept ? rp_snapshot_gpu_by_bdf(w->snapshot, l->claims[0].bdf) : NULL;
	const struct rocpart_partition *part =
		gpu ? rp_gpu_partition_by_id(gpu, l->claims[0].part) : NULL;
	uint64_t usable = part ? rp_host_view_usable(w, part) : 0;

	return usable > l->bytes ? usable : l->bytes;
}

/* Fill the public form of one lease; its texts are borrowed from the list. */
static int publish_lease(struct rocpart_leases *v, size_t i, uint64_t used, struct rp_host_view *w)
{
	const struct rp_lease *l = &v->list.v[i];
	char owner[RP_OWNER_NAME_SIZE + 16];
	struct rocpart_lease *p = &v->pub[i];

	if (v->list.is_public)
		owner[0] = '\0';
	else
		rp_owner_text(&l->owner, owner);
	*p = (struct rocpart_lease){
		.id = (uint64_t)l->id,
		.name = l->name,
		.state = l->state,
		.guarantee = l->guarantee,
		.bytes = l->bytes,
		.bdf = l->n_claims ? l->claims[0].bdf : "",
		.partition = l->n_claims ? l->claims[0].part : 0,
		.used_bytes = used,
		.share = l->share,
		.priority = l->priority,
		.owner = keep_text(v, owner),
		.why = l->why ? l->why : "",
		.problem = problem_of(v, l),
		.footprint = l->footprint ? l->footprint : "",
		.labels = l->labels ? l->labels : "",
		.limits = l->limits ? l->limits : "",
		.created_s = (uint64_t)l->created_s,
		.changed_s = (uint64_t)l->changed_s,
		.limit_bytes = limit_of(l, w),
		.replica = l->replica < 0 ? 0 : (uint32_t)l->replica,
		.is_managed = l->file && *l->file && !rp_str_eq(l->file, RP_LEASE_FILE_UNKNOWN),
		.runs_old = w && l->old_programs && *l->old_programs &&
			    rp_old_programs_run(w, l->old_programs),
		.ends = w && !v->list.is_public ? rp_host_view_ends(w, &l->owner) : ""};
	return p->owner && p->problem ? 0 : -ENOMEM;
}

/* Return whether nothing new may be placed on a GPU. */
static bool is_shut(const struct rocpart_gpu *gpu)
{
	return (gpu->notes & 1U << RP_NOTE_CORDONED) ||
	       (gpu->degraded & (1U << RP_DEGRADED_UNHEALTHY | 1U << RP_DEGRADED_MODE_MISMATCH |
				 1U << RP_DEGRADED_GPU_REPLACED | RP_DEGRADED_ODD));
}

static int publish_use(struct rocpart_leases *v, const struct rp_reconciled *now)
{
	v->use = rp_new0(struct rocpart_partition_use, now->n_parts);
	if (!v->use)
		return -ENOMEM;
	for (size_t i = 0; i < now->n_parts; i++) {
		const struct rp_part_use *u = &now->parts[i];

		v->use[v->n_use++] = (struct rocpart_partition_use){
			.bdf = u->partition->gpu->bdf,
			.partition = u->partition->id,
			.usable_bytes = u->usable,
			.leased_bytes = u->leased,
			.used_bytes = u->used,
			.unmanaged_bytes = u->unmanaged,
			.n_leases = u->n_leases,
			.is_free = !u->unmanaged && !u->is_promised &&
				   !is_shut(u->partition->gpu) && u->usable &&
				   (!u->n_leases || u->n_leases < u->max_tenants)};
	}
	return 0;
}

static int make_view(struct rp_lease_list *list, const struct rp_reconciled *now,
		     struct rp_host_view *w, struct rocpart_leases **ret)
{
	struct rocpart_leases *v = rp_new0(struct rocpart_leases, 1);
	int r = v ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	v->list = *list;
	memset(list, 0, sizeof(*list));
	v->snapshot = w ? rocpart_snapshot_ref(w->snapshot) : NULL;
	v->pub = rp_new0(struct rocpart_lease, v->list.n);
	r = v->pub ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < v->list.n; i++)
		r = publish_lease(v, i, now ? now->lease_used[i] : 0, w);
	if (r == 0 && now)
		r = publish_use(v, now);
	if (r == 0 && w) {
		v->idle = rp_steal(&w->idle);
		v->n_idle = w->n_idle;
		w->n_idle = w->cap_idle = 0;
	}
	if (r < 0) {
		rocpart_leases_free(v);
		return r;
	}
	*ret = v;
	return 0;
}

int rp_leases_of(struct rp_lease_list *list, struct rocpart_snapshot *snapshot,
		 struct rocpart_leases **ret, struct rocpart_error *reterr)
{
	if (make_view(list, NULL, NULL, ret) < 0)
		return rp_error_nomem(reterr);
	(*ret)->snapshot = snapshot ? rocpart_snapshot_ref(snapshot) : NULL;
	return 0;
}

int rp_leases_append(struct rocpart_leases **to, struct rocpart_leases *from)
{
	struct rp_lease_list *a = &(*to)->list, *b = &from->list;
	struct rocpart_leases *both = NULL;
	int r = rp_grow(&a->v, &a->cap, a->n + b->n, sizeof(*a->v));

	if (r == 0 && b->n) {
		memcpy(a->v + a->n, b->v, b->n * sizeof(*b->v));
		a->n += b->n;
		b->n = 0;
	}
	if (r == 0)
		r = rp_leases_of(a, from->snapshot, &both, NULL);
	if (r == 0) {
		rocpart_leases_free(*to);
		*to = both;
	}
	rocpart_leases_free(from);
	return r;
}

int rp_session_view(struct rp_session *s, struct rocpart_leases **ret, struct rocpart_error *reterr)
{
	RP_AUTO(rp_lease_events_done) struct rp_lease_events events = {0};
	struct rocpart_leases *v = NULL;
	int r = s->db ? rp_lease_db_events(s->db, N_EVENTS, &events, reterr) : 0;

	if (r < 0)
		return r;
	if (make_view(&s->list, &s->now, &s->host, &v) < 0)
		return rp_error_nomem(reterr);
	v->events = events;
	memset(&events, 0, sizeof(events));
	memcpy(v->note, s->note, sizeof(v->note));
	r = rp_allocator(s->machine, &v->allocator, reterr);
	if (r < 0) {
		rocpart_leases_free(v);
		return r;
	}
	*ret = v;
	return 0;
}

/*
 * Look without writing: the list shows what would be recorded. The leases are read before the
 * machine is observed: a lease that was placed in between would seem to have lost its owner.
 */
static int look(struct rocpart_machine *m, struct rp_session *s, struct rocpart_error *reterr)
{
	int r = rp_leases_exist(m, reterr);

	s->machine = m;
	if (r > 0)
		r = rp_leases_open(m, RP_LEASE_READ, NULL, &s->db, reterr);
	if (r == 0 && s->db)
		r = rp_lease_db_begin_read(s->db, reterr);
	if (r == 0 && s->db)
		r = rp_lease_db_load(s->db, &s->list, reterr);
	if (r == 0)
		r = rp_host_view_observe(m, &s->host, reterr);
	if (r == 0 && s->db)
		r = rp_leases_check_machine(s->db, &s->host, reterr);
	if (r == 0)
		r = rp_reconcile(&s->host, s->db, &s->list, &s->now, reterr);
	if (s->db)
		rp_lease_db_rollback(s->db);
	return r;
}

/* Record what a look found, unless another process is writing. */
static int record(struct rocpart_machine *m, struct rp_session *ret, struct rocpart_error *reterr)
{
	RP_AUTO_SESSION struct rp_session s = {0};
	int r = rp_session_begin(m, RP_LEASE_TRY, &s, reterr);

	if (r == 0)
		r = rp_session_commit(&s, reterr);
	if (r < 0)
		return r;
	rp_session_done(ret);
	*ret = s;
	memset(&s, 0, sizeof(s));
	return 0;
}

/* Look at what every user may know. */
static int look_public(struct rocpart_machine *m, struct rp_session *s,
		       struct rocpart_error *reterr)
{
	int r = rp_host_view_observe(m, &s->host, reterr);

	s->machine = m;
	if (r == 0)
		r = rp_public_leases(m, &s->list, reterr);
	return r < 0 ? r : rp_reconcile(&s->host, NULL, &s->list, &s->now, reterr);
}

/* An older version wrote no public document: the first who can write it makes it. */
static void make_public(const struct rp_session *s)
{
	struct rp_stat st;

	if (!s->machine->in_memory && s->machine->state &&
	    rp_tree_stat(s->machine->state, &st, RP_PUBLIC_FILE) == -ENOENT)
		rp_public_write(s->machine, s->db);
}

int rp_session_look(struct rocpart_machine *m, struct rp_session *ret, struct rocpart_error *reterr)
{
	struct rocpart_error err = {0};
	int r = look(m, ret, reterr);

	if (r == -EACCES) {
		rp_session_done(ret);
		return look_public(m, ret, reterr);
	}
	if (r < 0 || !ret->db)
		return r;
	if (rp_lease_db_is_newer(ret->db))
		return rp_lease_db_describe_newer(ret->db, ret->note, sizeof(ret->note), reterr);
	if (m->is_dry_run)
		return 0;
	if (!ret->now.n_changes) {
		make_public(ret);
		return 0;
	}
	/* The list is right as it is; the next command that writes records what this one found. */
	r = record(m, ret, &err);
	if (r < 0 && r != -EBUSY && r != -EACCES && r != -EPERM && r != -EROFS)
		(void)rp_fmt(ret->note, sizeof(ret->note),
			     "changes of the leases were found, but not recorded: %s", err.message);
	return 0;
}

ROCPART_PUBLIC int rocpart_leases_new(struct rocpart_machine *machine,
				      struct rocpart_leases **ret_leases,
				      struct rocpart_error *reterr)
{
	RP_AUTO_SESSION struct rp_session s = {0};
	struct rocpart_error local = {0}, *err = reterr ? reterr : &local;
	int r = rp_session_look(machine, &s, err);

	return r < 0 ? r : rp_session_view(&s, ret_leases, err);
}

ROCPART_PUBLIC struct rocpart_leases *rocpart_leases_free(struct rocpart_leases *leases)
{
	if (!leases)
		return NULL;
	rp_lease_list_done(&leases->list);
	rp_lease_events_done(&leases->events);
	rp_names_done(&leases->texts);
	rocpart_snapshot_unref(leases->snapshot);
	free(leases->pub);
	free(leases->use);
	free(leases->idle);
	free(leases);
	return NULL;
}

struct rocpart_snapshot *rp_leases_snapshot(const struct rocpart_leases *leases)
{
	return leases->snapshot;
}

ROCPART_PUBLIC const struct rocpart_snapshot *
rocpart_leases_get_snapshot(const struct rocpart_leases *leases)
{
	return leases->snapshot;
}

ROCPART_PUBLIC const char *rocpart_leases_get_file(const struct rocpart_leases *leases,
						   size_t index)
{
	const struct rp_lease *l = index < leases->list.n ? &leases->list.v[index] : NULL;

	return l && leases->pub[index].is_managed ? l->file : "";
}

const struct rp_lease *rp_leases_get(const struct rocpart_leases *leases, size_t index)
{
	return index < leases->list.n ? &leases->list.v[index] : NULL;
}

ROCPART_PUBLIC const struct rocpart_lease *rocpart_leases_get(const struct rocpart_leases *leases,
							      size_t index)
{
	return index < leases->list.n ? &leases->pub[index] : NULL;
}

ROCPART_PUBLIC const struct rocpart_partition_use *
rocpart_leases_get_use(const struct rocpart_leases *leases, size_t index)
{
	return index < leases->n_use ? &leases->use[index] : NULL;
}

ROCPART_PUBLIC uint32_t rocpart_leases_get_idle_process(const struct rocpart_leases *leases,
							size_t index)
{
	return index < leases->n_idle ? leases->idle[index] : 0;
}

ROCPART_PUBLIC const char *rocpart_leases_get_event(const struct rocpart_leases *leases,
						    size_t index, uint64_t *ret_at_s,
						    uint64_t *ret_lease)
{
	if (index >= leases->events.n)
		return NULL;
	*ret_at_s = (uint64_t)leases->events.v[index].at_s;
	*ret_lease = (uint64_t)leases->events.v[index].lease;
	return leases->events.v[index].text;
}

ROCPART_PUBLIC const char *rocpart_leases_get_allocator(const struct rocpart_leases *leases)
{
	return leases->allocator;
}

ROCPART_PUBLIC const char *rocpart_leases_get_note(const struct rocpart_leases *leases)
{
	return leases->note;
}
