/* SPDX-License-Identifier: MIT */
/*
 * Where a lease goes, and why it goes nowhere. The placer and the database agree: each choice is
 * booked in the one and added to the other before the next is made, and the constraints of the
 * database have the last word.
 */
#include "leases/place_choose.h"
#include "base/num.h"
#include "leases/limits.h"
#include "machine/journal.h"

/* Where a lease goes, and the words for why it goes there. */
struct choice {
	struct rp_placer_placed at;
	const char *why;
};

void rp_place_session_done(struct rp_place_session *p)
{
	rp_fill_done(&p->fill);
	rp_lease_list_done(&p->made);
	rp_session_done(&p->s);
}

static int refuse_allocator(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	const char *who = NULL;
	int r = rp_allocator(m, &who, reterr);

	if (r < 0 || !who)
		return r;
	if (rp_str_eq(who, RP_ALLOCATOR_UNKNOWN)) {
		(void)rp_error_set(reterr, -EPERM, ROCPART_ERR_OTHER_ALLOCATOR, m->state_dir,
				   "the record '%s/allocator' is damaged: who allocates the GPUs "
				   "of this machine is not known",
				   m->state_dir);
		(void)rp_error_hint(reterr,
				    "apply the node.yaml again, or `rocpart state set-aside`");
		return -EPERM;
	}
	(void)rp_error_set(reterr, -EPERM, ROCPART_ERR_OTHER_ALLOCATOR, who,
			   "'%s' allocates the GPUs of this machine, not rocpart", who);
	return rp_error_hint(reterr,
			     "request GPUs from %s, or apply a node.yaml with `allocator: rocpart`",
			     who);
}

/* Precondition: a transaction is begun; see the head of this file. */
static int refuse_change(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	char holder[RP_LOCK_HOLDER_SIZE];
	bool is_open = false;
	int r = rp_journal_look(m, &is_open);

	if (r < 0)
		return rp_error_errno(reterr, r, m->state_dir,
				      "cannot see whether a change of this machine is unfinished");
	if (!is_open)
		return 0;
	rp_tree_lock_holder(m->state, RP_MACHINE_LOCK, holder);
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_UNFINISHED_CHANGE, NULL,
			   "a change of this machine is under way or was interrupted%s%s",
			   *holder ? ": " : "", holder);
	return rp_error_hint(reterr, "wait until it ends; if it was interrupted, `rocpart apply "
				     "--resume` finishes it and `rocpart undo` reverts it");
}

int rp_place_begin(struct rp_place_session *p, struct rocpart_machine *m, enum rp_lease_open how,
		   struct rocpart_error *reterr)
{
	int r;

	if (rp_tree_kind(m->tree) == RP_TREE_CAPTURE)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture is read-only: leases cannot be placed on it");
	r = refuse_allocator(m, reterr);
	if (r == 0)
		r = rp_session_begin(m, how, &p->s, reterr);
	return r < 0 ? r : refuse_change(m, reterr);
}

int rp_place_pin_owner(struct rp_place_session *p, struct rp_owner *o, struct rocpart_error *reterr)
{
	int r = o->kind == RP_OWNER_PID ? rp_host_view_pin_owner(&p->s.host, o) : 0;

	if (r == -ENOENT)
		return rp_error_set(reterr, r, ROCPART_ERR_NOT_FOUND, o->name,
				    "process %u does not exist", o->pid);
	return r < 0 ? rp_error_errno(reterr, r, o->name, "cannot look at process %u", o->pid) : 0;
}

/* Whether a replica of this request is to be placed on the partition. */
static bool is_place(const struct rp_place_session *p, const struct rocpart_partition *part)
{
	for (size_t i = p->n_before; i < p->made.n; i++)
		if (p->made.v[i].claims[0].part == part->id &&
		    rp_str_eq(p->made.v[i].claims[0].bdf, part->gpu->bdf))
			return true;
	return false;
}

/* Why nothing is placed on a GPU whose flags say so. */
static const char *why_shut(const struct rocpart_gpu *gpu, uint32_t flags)
{
	if (rp_gpu_is_odd(gpu))
		return gpu->reason;
	if (flags & RP_PLACE_CORDONED)
		return "it is cordoned";
	if (flags & RP_PLACE_UNHEALTHY)
		return "it counted memory errors";
	if (gpu->degraded & 1U << RP_DEGRADED_GPU_REPLACED)
		return "it is not the GPU that rocpart recorded there";
	return "its partitions do not match its mode";
}

/* The reason of the first stands for those of the others, which `status` shows. */
static int hint_shut(const struct rp_place_session *p, struct rocpart_error *reterr)
{
	uint32_t first = p->fill.n_gpus;
	unsigned n = 0;

	for (uint32_t i = p->fill.n_gpus; i-- > 0;)
		if (p->fill.gpus[i].flags) {
			first = i;
			n++;
		}
	if (n == 0)
		return rp_error_hint(reterr, "release a lease (`rocpart status` shows them), or "
					     "make a new plan (`rocpart plan`)");
	return rp_error_hint(
		reterr,
		"%u of %u GPUs accept no new lease, GPU %u because %s; `rocpart status` names "
		"them, and `rocpart uncordon` opens a cordoned one; or release a lease",
		n, p->fill.n_gpus, first,
		why_shut(&p->s.host.snapshot->gpus[first], p->fill.gpus[first].flags));
}

/* Add the hint of a refusal: the remedy that the placer found, or a general one. */
static int hint_remedy(const struct rp_place_session *p, const struct rp_placer_refusal *no,
		       struct rocpart_error *reterr)
{
	const struct rp_place_gpu *g;

	if (no->switch_gpu != RP_PLACE_NONE && no->switch_gpu < p->fill.n_gpus) {
		g = &p->fill.gpus[no->switch_gpu];
		return rp_error_hint(
			reterr,
			"GPU %u (%s) is idle: `rocpart set --gpu %u --compute %s` makes room, and "
			"`rocpart place --switch` does it by itself",
			no->switch_gpu, g->name, no->switch_gpu,
			p->fill.menus[g->menu].modes[no->switch_mode].compute);
	}
	if (no->empty_gpu != RP_PLACE_NONE)
		return rp_error_hint(reterr,
				     "without its only lease GPU %u could be switched to make "
				     "room; `rocpart status` shows the leases",
				     no->empty_gpu);
	return hint_shut(p, reterr);
}

/* "0/0-0/7, 2/3": partitions of the replicas that fit, neighbours together. */
static void add_places(const struct rp_place_session *p, struct rp_strbuf *ret)
{
	size_t n_parts = 0;

	for (size_t i = 0; i < p->s.now.n_parts; i++) {
		const struct rocpart_partition *part = p->s.now.parts[i].partition, *last = part;
		size_t k = i;

		if (!is_place(p, part))
			continue;
		while (k + 1 < p->s.now.n_parts &&
		       p->s.now.parts[k + 1].partition->gpu == part->gpu &&
		       is_place(p, p->s.now.parts[k + 1].partition))
			last = p->s.now.parts[++k].partition;
		rp_strbuf_addf(ret, "%s%zu/%u", n_parts++ ? ", " : "", part->gpu->index, part->id);
		if (last != part)
			rp_strbuf_addf(ret, "-%zu/%u", last->gpu->index, last->id);
		i = k;
	}
}

static int refuse_replicas(const struct rp_place_session *p, const struct rp_lease *l,
			   const char *need, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf places = RP_STRBUF_INIT;
	size_t n = p->made.n - p->n_before;

	add_places(p, &places);
	(void)rp_error_set(reterr, -ENOSPC, ROCPART_ERR_NO_ROOM, l->name,
			   "only %zu of %u replicas of %s fit; nothing was placed; free for them: "
			   "%.300s",
			   n, p->n_replicas, need, rp_strbuf_str(&places));
	return rp_error_hint(reterr,
			     "place %zu replicas, or release a lease (`rocpart status` "
			     "shows them)",
			     n);
}

static int refuse_room(const struct rp_place_session *p, const struct rp_placer_class *class,
		       const struct rp_lease *l, struct rocpart_error *reterr)
{
	struct rp_placer_refusal no;
	char need[RP_BYTES_TEXT_SIZE], free[RP_BYTES_TEXT_SIZE];

	rp_placer_explain(p->fill.placer, class, &no);
	rp_format_bytes(l->bytes, need);
	if (p->n_replicas > 1 && p->made.n > p->n_before)
		return refuse_replicas(p, l, need, reterr);
	if (no.n_free)
		(void)rp_error_set(reterr, -ENOSPC, ROCPART_ERR_NO_ROOM, l->name,
				   "no partition has %s free; the largest free partitions are %u x "
				   "%s",
				   need, no.n_free, rp_format_bytes(no.free_bytes, free));
	else
		(void)rp_error_set(reterr, -ENOSPC, ROCPART_ERR_NO_ROOM, l->name,
				   "no partition is free, and the lease needs %s", need);
	return hint_remedy(p, &no, reterr);
}

static int refuse_size(const struct rp_place_session *p, const struct rp_lease *l,
		       struct rocpart_error *reterr)
{
	uint64_t most = 0;
	char need[RP_BYTES_TEXT_SIZE], have[RP_BYTES_TEXT_SIZE];

	for (size_t i = 0; i < p->s.now.n_parts; i++)
		if (p->s.now.parts[i].usable > most)
			most = p->s.now.parts[i].usable;
	(void)rp_error_set(reterr, -EFBIG, ROCPART_ERR_MODEL_TOO_LARGE, l->name,
			   "the lease needs %s, but the largest partition has %s for programs",
			   rp_format_bytes(l->bytes, need), rp_format_bytes(most, have));
	return rp_error_hint(reterr, "use a smaller format or context (`rocpart model fit`), or "
				     "a mode with larger partitions (`rocpart modes`)");
}

/* List the GPUs that hold a lease of that name, old or new, each once: at most n_gpus. */
static uint32_t list_gpus_with_name(const struct rp_place_session *p, const char *name,
				    uint32_t *avoid)
{
	const struct rp_lease_list *lists[] = {&p->s.list, &p->made};
	uint32_t n = 0;

	for (size_t q = 0; q < RP_ARRAY_LEN(lists); q++)
		for (size_t i = 0; i < lists[q]->n; i++) {
			const struct rp_lease *l = &lists[q]->v[i];
			const struct rocpart_gpu *gpu =
				l->n_claims && rp_str_eq(l->name, name)
					? rp_snapshot_gpu_by_bdf(p->s.host.snapshot,
								 l->claims[0].bdf)
					: NULL;
			bool known = !gpu;

			for (uint32_t k = 0; k < n && !known; k++)
				known = avoid[k] == gpu->index;
			if (!known)
				avoid[n++] = (uint32_t)gpu->index;
		}
	return n;
}

/* Record in words why the lease was placed where it is. */
static int set_why(const struct rp_place_session *p, const struct rocpart_partition *part,
		   const char *chosen, struct rp_lease *l, struct rocpart_error *reterr)
{
	char need[RP_BYTES_TEXT_SIZE], have[RP_BYTES_TEXT_SIZE];
	const struct rocpart_gpu *gpu = part->gpu;
	size_t n_taken = 0;

	for (size_t i = 0; i < p->s.now.n_parts; i++)
		n_taken +=
			p->s.now.parts[i].partition->gpu == gpu && p->s.now.parts[i].n_leases > 0;
	rp_format_bytes(l->bytes, need);
	rp_format_bytes(rp_host_view_usable(&p->s.host, part), have);
	free(l->why);
	l->why = rp_strdupf("%s: %s of the %s that programs can use on partition %zu/%u in %s; %zu "
			    "of the %zu partitions of that GPU were leased before",
			    chosen, need, have, gpu->index, part->id, l->mode, n_taken,
			    gpu->n_partitions);
	return l->why ? 0 : rp_error_nomem(reterr);
}

static int refuse_partition(const char *partition, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -ENOSPC, ROCPART_ERR_NO_ROOM, partition,
			   "partition %s is leased, or too small for the lease", partition);
	return rp_error_hint(reterr, "`rocpart explain %s` says what the partition has", partition);
}

static int refuse_gpu(const struct rocpart_gpu *gpu, uint32_t flags, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EPERM, ROCPART_ERR_CORDONED, gpu->bdf,
			   "GPU %zu (%s) accepts no new lease: %s", gpu->index, gpu->bdf,
			   why_shut(gpu, flags));
	return rp_error_hint(reterr, "`rocpart doctor` shows every problem of the GPU");
}

/*
 * A lease that comes back to its own partition takes no room that was free: a cordon, memory errors
 * and programs beside it keep others out, not the lease.
 */
static bool may_stay(const struct rp_place_session *p, const struct rp_lease *l,
		     const struct rocpart_partition *part)
{
	const struct rp_part_use *u = rp_reconciled_find(&p->s.now, part->gpu->bdf, part->id);

	return u && !u->is_promised &&
	       !(p->fill.gpus[part->gpu->index].flags & RP_PLACE_DEGRADED) &&
	       (!u->n_leases || u->n_leases < l->share) &&
	       (!u->max_tenants || u->n_leases < u->max_tenants) && u->leased <= u->usable &&
	       l->bytes <= u->usable - u->leased;
}

/*
 * Choose a partition: the one that was asked for, else the one that the placer prefers on GPUs
 * without a lease of the same name, else the one that it prefers anywhere.
 */
static int choose_partition(const struct rp_place_session *p, const struct rp_lease *l,
			    const char *partition, bool comes_back, struct choice *ret,
			    struct rocpart_error *reterr)
{
	struct rp_placer_want want = {.bytes = l->bytes, .share = l->share};
	struct rp_placer_class class;
	const struct rocpart_partition *part = NULL;
	RP_AUTO_FREE uint32_t *avoid = rp_new0(uint32_t, p->fill.n_gpus);
	uint32_t n_avoid;
	int r = rp_placer_resolve(p->fill.placer, &want, &class);

	if (!avoid)
		return rp_error_nomem(reterr);
	if (r < 0)
		return refuse_size(p, l, reterr);
	if (partition) {
		r = rocpart_snapshot_find_partition(p->s.host.snapshot, partition, &part, reterr);
		if (r < 0)
			return r;
		ret->why = "the partition that the request or the plan names";
		r = rp_placer_place_at(p->fill.placer, &class, (uint32_t)part->gpu->index, part->id,
				       &ret->at);
		if (r < 0 && comes_back && may_stay(p, l, part)) {
			ret->at.gpu = (uint32_t)part->gpu->index;
			ret->at.part = part->id;
			return 0;
		}
		if (r < 0 && part->gpu->degraded & 1U << RP_DEGRADED_GPU_REPLACED)
			return rp_gpu_refuse_replaced(part->gpu, "nothing is placed on it", reterr);
		if (r < 0 && p->fill.gpus[part->gpu->index].flags)
			return refuse_gpu(part->gpu, p->fill.gpus[part->gpu->index].flags, reterr);
		if (r < 0)
			return refuse_partition(partition, reterr);
		return 0;
	}
	n_avoid = list_gpus_with_name(p, l->name, avoid);
	ret->why = "smallest free partition that fits, on the fullest GPU";
	r = rp_placer_place(p->fill.placer, &class, avoid, n_avoid, &ret->at);
	if (r == -ENOSPC && n_avoid) {
		ret->why = "smallest free partition that fits, on a GPU that has another replica "
			   "because no other GPU has room: a reset of that GPU stops both";
		r = rp_placer_place(p->fill.placer, &class, NULL, 0, &ret->at);
	}
	return r < 0 ? refuse_room(p, &class, l, reterr) : 0;
}

int rp_place_choose(const struct rp_place_session *p, const struct rp_lease *l,
		    struct rp_placer_placed *ret, struct rocpart_error *reterr)
{
	struct choice chosen = {.why = ""};
	int r = choose_partition(p, l, NULL, false, &chosen, reterr);

	*ret = chosen.at;
	return r;
}

/* A lease without bytes takes all that programs can have of the partition that was asked for. */
static int take_whole_partition(const struct rp_place_session *p, struct rp_lease *l,
				const char *partition, struct rocpart_error *reterr)
{
	const struct rocpart_partition *part = NULL;
	int r = rocpart_snapshot_find_partition(p->s.host.snapshot, partition, &part, reterr);

	if (r < 0)
		return r;
	l->bytes = rp_host_view_usable(&p->s.host, part);
	return l->bytes ? 0
			: rp_error_set(reterr, -ENODATA, ROCPART_ERR_UNSUPPORTED, partition,
				       "the machine does not show the size of partition %s",
				       partition);
}

int rp_place_locate(const struct rp_place_session *p, struct rp_lease *l, const char *partition,
		    bool comes_back, struct rocpart_error *reterr)
{
	struct choice chosen = {.why = ""};
	const struct rocpart_partition *part;
	const struct rocpart_gpu *gpu;
	int r = l->bytes ? 0 : take_whole_partition(p, l, partition, reterr);

	if (r == 0)
		r = choose_partition(p, l, partition, comes_back, &chosen, reterr);
	if (r < 0)
		return r;
	gpu = &p->s.host.snapshot->gpus[chosen.at.gpu];
	part = rp_gpu_partition_by_id(gpu, chosen.at.part);
	l->claims = rp_new0(struct rp_claim, 1);
	if (!part || !l->claims)
		return rp_error_nomem(reterr);
	l->n_claims = 1;
	l->claims[0].part = part->id;
	l->claims[0].bytes = l->bytes;
	(void)rp_fmt(l->claims[0].bdf, sizeof(l->claims[0].bdf), "%s", gpu->bdf);
	l->state = ROCPART_LEASE_PLACED;
	l->guarantee = rp_guarantee_of(part, l->share);
	free(l->limits);
	l->limits = NULL;
	if (rp_limits_text(part, l->share, &(struct rp_confinement){0}, &l->limits) < 0)
		return rp_error_nomem(reterr);
	rp_host_view_mode(gpu, l->mode);
	r = set_why(p, part, chosen.why, l, reterr);
	if (r < 0 || p->s.machine->is_dry_run)
		return r;
	return rp_lease_db_set_usable(p->s.db, gpu->bdf, part->id,
				      rp_host_view_usable(&p->s.host, part), reterr);
}

int rp_place_commit(struct rp_place_session *p, struct rocpart_leases **ret,
		    struct rocpart_error *reterr)
{
	struct rocpart_leases *leases = NULL;
	int r = rp_leases_of(&p->made, p->s.host.snapshot, &leases, reterr);

	if (r == 0)
		r = rp_session_commit(&p->s, reterr);
	if (r < 0)
		rocpart_leases_free(leases);
	else
		*ret = leases;
	return r;
}
