/* SPDX-License-Identifier: MIT */
/*
 * Placing: one transaction around the placer. It never switches a mode.
 *
 * Order: refuse when another allocator owns the GPUs; begin a session (write lock, look at the
 * machine, reconcile); refuse while the journal of a change is open; make the placer; choose and
 * record each replica; let the caller do more (`placed`); commit.
 * Invariants:
 * - All replicas of a call are placed, or none: an error before the commit rolls everything back.
 * - The placer and the database agree: each choice is booked in the one and added to the other
 *   before the next is made, and the constraints of the database have the last word.
 * - Looking at the journal inside of the transaction closes the race with a change of modes: the
 *   change opens its journal first and looks at the leases in a transaction then
 *   (src/change/lease_guard.c).
 *
 * Time: that of the session, and one decision of the placer for each replica.
 */
#include "leases/place.h"
#include "base/name.h"
#include "base/num.h"
#include "leases/limits.h"
#include "leases/place_fill.h"
#include "machine/journal.h"

#define MAX_REPLICAS 4096
#define MAX_SHARE    64

struct rocpart_place_options {
	char *name, *partition, *footprint;
	uint64_t bytes;
	struct rp_owner owner;
	uint32_t replicas, share;
	int32_t priority;
	struct rp_json *labels;
};

static int refuse_option(struct rocpart_error *reterr, const char *object, const char *why)
{
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, object, "%s", why);
}

ROCPART_PUBLIC int rocpart_place_options_new(const char *name, uint64_t bytes,
					     struct rocpart_place_options **ret_options,
					     struct rocpart_error *reterr)
{
	struct rocpart_place_options *o;

	if (!name || !*name)
		return refuse_option(reterr, name, "the name of the lease is empty");
	if (rp_name_check(RP_NAME_LEASE, name, reterr) < 0)
		return -EINVAL;
	if (bytes > INT64_MAX)
		return refuse_option(reterr, name, "a lease must be smaller than 8 EiB");
	o = rp_new0(struct rocpart_place_options, 1);
	if (!o || !(o->name = strdup(name))) {
		rocpart_place_options_free(o);
		return rp_error_nomem(reterr);
	}
	o->bytes = bytes;
	o->replicas = 1;
	o->share = 1;
	*ret_options = o;
	return 0;
}

ROCPART_PUBLIC struct rocpart_place_options *
rocpart_place_options_free(struct rocpart_place_options *options)
{
	if (!options)
		return NULL;
	free(options->name);
	free(options->partition);
	free(options->footprint);
	rp_json_free(options->labels);
	free(options);
	return NULL;
}

ROCPART_PUBLIC int rocpart_place_options_set_owner(struct rocpart_place_options *options,
						   const char *owner, struct rocpart_error *reterr)
{
	return rp_owner_parse(owner, &options->owner, reterr);
}

ROCPART_PUBLIC int rocpart_place_options_set_partition(struct rocpart_place_options *options,
						       const char *partition,
						       struct rocpart_error *reterr)
{
	char *copy;

	if (partition && !*partition)
		return refuse_option(
			reterr, NULL,
			"the name of the partition is empty: give GPU/ID, such as 0/3");
	copy = partition ? strdup(partition) : NULL;
	if (partition && !copy)
		return rp_error_nomem(reterr);
	free(options->partition);
	options->partition = copy;
	return 0;
}

ROCPART_PUBLIC int rocpart_place_options_set_replicas(struct rocpart_place_options *options,
						      uint32_t replicas,
						      struct rocpart_error *reterr)
{
	if (replicas < 1 || replicas > MAX_REPLICAS)
		return refuse_option(reterr, options->name,
				     "the number of replicas must be from 1 to 4096");
	options->replicas = replicas;
	return 0;
}

ROCPART_PUBLIC int rocpart_place_options_set_share(struct rocpart_place_options *options,
						   uint32_t share, struct rocpart_error *reterr)
{
	if (share < 1 || share > MAX_SHARE)
		return refuse_option(reterr, options->name,
				     "a partition can be shared by 1 to 64 leases");
	options->share = share;
	return 0;
}

ROCPART_PUBLIC void rocpart_place_options_set_priority(struct rocpart_place_options *options,
						       int32_t priority)
{
	options->priority = priority;
}

ROCPART_PUBLIC int rocpart_place_options_set_label(struct rocpart_place_options *options,
						   const char *key, const char *value,
						   struct rocpart_error *reterr)
{
	struct rp_json *text;

	if (!key || !*key || !value)
		return refuse_option(reterr, key, "a label must be KEY=VALUE, with a KEY");
	text = rp_json_string(value);
	if (!text)
		return refuse_option(reterr, key, "the value of a label must be valid UTF-8");
	if (!options->labels)
		options->labels = rp_json_object();
	return rp_json_set(options->labels, key, text) < 0 ? rp_error_nomem(reterr) : 0;
}

ROCPART_PUBLIC int rocpart_place_options_set_footprint(struct rocpart_place_options *options,
						       const struct rocpart_footprint *footprint,
						       struct rocpart_error *reterr)
{
	static const struct {
		enum rocpart_footprint_value value;
		const char *key;
	} parts[] = {
		{ROCPART_FOOTPRINT_WEIGHTS_BYTES, "weights_bytes"},
		{ROCPART_FOOTPRINT_KV_BYTES, "kv_bytes"},
		{ROCPART_FOOTPRINT_ACTIVATION_BYTES, "activation_bytes"},
		{ROCPART_FOOTPRINT_PROCESS_BYTES, "process_bytes"},
		{ROCPART_FOOTPRINT_COLLECTIVE_BYTES, "collective_bytes"},
		{ROCPART_FOOTPRINT_GRAPH_BYTES, "graph_bytes"},
		{ROCPART_FOOTPRINT_MARGIN_BYTES, "margin_bytes"},
		{ROCPART_FOOTPRINT_TOTAL_BYTES, "total_bytes"},
		{ROCPART_FOOTPRINT_CONTEXT, "context"},
		{ROCPART_FOOTPRINT_MAX_SEQS, "max_seqs"},
		{ROCPART_FOOTPRINT_MAX_BATCHED_TOKENS, "max_batched_tokens"},
		{ROCPART_FOOTPRINT_RANKS, "ranks"},
	};
	static const char *const words[] = {"dtype", "kv_dtype", "engine"};
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	uint64_t v;
	int r = j ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(parts); i++)
		if (rocpart_footprint_get(footprint, parts[i].value, &v) == 0)
			r = rp_json_set_u64(j, parts[i].key, v);
	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(words); i++)
		r = rp_json_set_string(j, words[i],
				       rocpart_footprint_get_text(footprint, words[i]));
	if (r == 0)
		r = rp_json_set_string(
			j, "confidence",
			rocpart_footprint_get_confidence(footprint, ROCPART_FOOTPRINT_TOTAL_BYTES));
	if (r == 0)
		r = rp_json_print(j, false, &text);
	if (r < 0)
		return rp_error_nomem(reterr);
	free(options->footprint);
	options->footprint = rp_strbuf_steal(&text);
	return options->footprint ? 0 : rp_error_nomem(reterr);
}

/* ---- decisions ---- */

struct placing {
	struct rp_session s;
	struct rp_fill fill;
	struct rp_lease_list made;
	size_t n_before;     /* leases made for other requests */
	uint32_t n_replicas; /* of this one */
};

/* Where a lease goes, and the words for why it goes there. */
struct choice {
	struct rp_placer_placed at;
	const char *why;
};

static void placing_done(struct placing *p)
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

/* Begin a session and make the placer, with room for so many more leases. */
static int begin_placing(struct placing *p, struct rocpart_machine *m, uint32_t more,
			 enum rp_lease_open how, struct rocpart_error *reterr)
{
	int r;

	if (rp_tree_kind(m->tree) == RP_TREE_CAPTURE)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture is read-only: leases cannot be placed on it");
	r = refuse_allocator(m, reterr);
	if (r == 0)
		r = rp_session_begin(m, how, &p->s, reterr);
	if (r == 0)
		r = refuse_change(m, reterr);
	return r < 0 ? r : rp_fill_placer(&p->s, more, &p->fill, reterr);
}

/* Whether a replica of this request is to be placed on the partition. */
static bool is_place(const struct placing *p, const struct rocpart_partition *part)
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
static int hint_shut(const struct placing *p, struct rocpart_error *reterr)
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
static int hint_remedy(const struct placing *p, const struct rp_placer_refusal *no,
		       struct rocpart_error *reterr)
{
	const struct rp_place_gpu *g;

	if (no->switch_gpu != RP_PLACE_NONE && no->switch_gpu < p->fill.n_gpus) {
		g = &p->fill.gpus[no->switch_gpu];
		return rp_error_hint(
			reterr,
			"GPU %u (%s) is idle: `rocpart set --gpu %u --compute %s` makes room",
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
static void add_places(const struct placing *p, struct rp_strbuf *ret)
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

static int refuse_replicas(const struct placing *p, const struct rp_lease *l, const char *need,
			   struct rocpart_error *reterr)
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

static int refuse_room(const struct placing *p, const struct rp_placer_class *class,
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

static int refuse_size(const struct placing *p, const struct rp_lease *l,
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
static uint32_t list_gpus_with_name(const struct placing *p, const char *name, uint32_t *avoid)
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
static int set_why(const struct placing *p, const struct rocpart_partition *part,
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
 * Choose a partition: the one that was asked for, else the one that the placer prefers on GPUs
 * without a lease of the same name, else the one that it prefers anywhere.
 */
static int choose_partition(const struct placing *p, const struct rp_lease *l,
			    const char *partition, struct choice *ret, struct rocpart_error *reterr)
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

/* A lease without bytes takes all that programs can have of the partition that was asked for. */
static int take_whole_partition(const struct placing *p, struct rp_lease *l, const char *partition,
				struct rocpart_error *reterr)
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

/* Give l a place: partition, state, guarantee, limits, mode and why. The caller records l. */
static int locate_lease(const struct placing *p, struct rp_lease *l, const char *partition,
			struct rocpart_error *reterr)
{
	struct choice chosen = {.why = ""};
	const struct rocpart_partition *part;
	const struct rocpart_gpu *gpu;
	int r = l->bytes ? 0 : take_whole_partition(p, l, partition, reterr);

	if (r == 0)
		r = choose_partition(p, l, partition, &chosen, reterr);
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

static int copy_text(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

/* Copy what the options say about the lease. */
static int describe_lease(const struct rocpart_place_options *o, const struct rp_owner *owner,
			  struct rp_lease *l)
{
	RP_AUTO_STRBUF struct rp_strbuf labels = RP_STRBUF_INIT;

	l->bytes = o->bytes;
	l->share = o->share;
	l->priority = o->priority;
	l->owner = *owner;
	if (o->labels && rp_json_print(o->labels, false, &labels) < 0)
		return -ENOMEM;
	return copy_text(&l->name, o->name) < 0 || copy_text(&l->footprint, o->footprint) < 0 ||
			       copy_text(&l->labels, o->labels ? rp_strbuf_str(&labels) : NULL) < 0
		       ? -ENOMEM
		       : 0;
}

/* Make an owner that is a process one process: it must exist now. */
static int pin_owner(struct placing *p, struct rp_owner *o, struct rocpart_error *reterr)
{
	int r = o->kind == RP_OWNER_PID ? rp_host_view_pin_owner(&p->s.host, o) : 0;

	if (r == -ENOENT)
		return rp_error_set(reterr, r, ROCPART_ERR_NOT_FOUND, o->name,
				    "process %u does not exist", o->pid);
	return r < 0 ? rp_error_errno(reterr, r, o->name, "cannot look at process %u", o->pid) : 0;
}

/* Place and record one lease, and append it to those made. */
static int add_replica(struct placing *p, const struct rocpart_place_options *o,
		       const struct rp_owner *owner, struct rocpart_error *reterr)
{
	struct rp_lease *l;
	int r = rp_grow(&p->made.v, &p->made.cap, p->made.n + 1, sizeof(*l));

	if (r < 0)
		return rp_error_nomem(reterr);
	l = &p->made.v[p->made.n];
	memset(l, 0, sizeof(*l));
	r = describe_lease(o, owner, l) < 0 ? rp_error_nomem(reterr)
					    : locate_lease(p, l, o->partition, reterr);
	if (r == 0 && !p->s.machine->is_dry_run)
		r = rp_lease_db_add(p->s.db, l, &l->id, reterr);
	if (r < 0)
		rp_lease_done(l);
	else
		p->made.n++;
	return r;
}

static int check_options(const struct rocpart_place_options *o, struct rocpart_error *reterr)
{
	if (o->partition && o->replicas > o->share)
		return rp_error_set(
			reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, o->partition,
			"%u replicas cannot share one partition that %u leases may share",
			o->replicas, o->share);
	if (!o->bytes && !o->partition)
		return rp_error_set(
			reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, o->name,
			"the lease has no size: give its bytes, a model or a partition");
	return 0;
}

/* Make a process of this computer the owner, also when the machine is a simulated one. */
static int pin_own(struct placing *p, uint32_t pid, struct rp_owner *ret,
		   struct rocpart_error *reterr)
{
	int r;

	*ret = (struct rp_owner){.kind = RP_OWNER_PID, .pid = pid};
	(void)rp_fmt(ret->name, sizeof(ret->name), "%u", pid);
	r = rp_host_view_pin_own(&p->s.host, ret);
	if (r < 0 && r != -ENOENT)
		return rp_error_errno(reterr, r, NULL, "cannot look at process %u", pid);
	return r < 0 ? rp_error_set(reterr, -ESRCH, ROCPART_ERR_FAILED, NULL,
				    "process %u has ended already", pid)
		     : 0;
}

static int add_replicas(struct placing *p, const struct rocpart_place_options *o, uint32_t own_pid,
			struct rocpart_error *reterr)
{
	struct rp_owner owner = o->owner;
	int r = own_pid ? pin_own(p, own_pid, &owner, reterr) : pin_owner(p, &owner, reterr);

	p->n_before = p->made.n;
	p->n_replicas = o->replicas;
	for (uint32_t i = 0; r == 0 && i < o->replicas; i++)
		r = add_replica(p, o, &owner, reterr);
	return r;
}

/* The answer first: after the commit nothing fails. */
static int commit(struct placing *p, struct rocpart_leases **ret, struct rocpart_error *reterr)
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

int rp_place(const struct rp_placing *what, struct rocpart_leases **ret_leases,
	     struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO(placing_done) struct placing p = {0};
	uint32_t n = 0;
	int r = 0;

	reterr = reterr ? reterr : &local;
	for (size_t i = 0; r == 0 && i < what->n_options; i++) {
		r = check_options(what->options[i], reterr);
		n += what->options[i]->replicas;
	}
	if (r == 0)
		r = begin_placing(&p, what->machine, n, what->how, reterr);
	for (size_t i = 0; r == 0 && i < what->n_options; i++)
		r = add_replicas(&p, what->options[i], what->own_pid, reterr);
	if (r == 0 && what->placed)
		r = what->placed(what->userdata, &p.s, &p.made, reterr);
	if (r == 0)
		r = commit(&p, ret_leases, reterr);
	if (r == 0 && what->ret_db)
		*what->ret_db = rp_steal(&p.s.db);
	return r;
}

ROCPART_PUBLIC int rocpart_place(struct rocpart_machine *machine,
				 const struct rocpart_place_options *options,
				 struct rocpart_leases **ret_leases, struct rocpart_error *reterr)
{
	const struct rp_placing what = {
		.machine = machine, .options = &options, .n_options = 1, .how = RP_LEASE_MAKE};

	return rp_place(&what, ret_leases, reterr);
}

/* ---- leases that lost their place ---- */

/* Return the pending lease of the highest priority, then least number, that was not tried yet. */
static struct rp_lease *next_pending(struct rp_lease_list *list, const bool *tried)
{
	struct rp_lease *best = NULL;

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].state == ROCPART_LEASE_PENDING && !tried[i] &&
		    (!best || list->v[i].priority > best->priority))
			best = &list->v[i];
	return best;
}

/* Place a pending lease. One without room stays pending, and its refusal is no error. */
static int place_again(struct placing *p, struct rp_lease *l, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	int r = locate_lease(p, l, NULL, &local);

	if (r == -ENOSPC || r == -EFBIG)
		return 0; /* it stays pending */
	if (r < 0)
		*reterr = local;
	if (r == 0 && !p->s.machine->is_dry_run)
		r = rp_lease_db_place(p->s.db, l, reterr);
	if (r == 0 && rp_grow(&p->made.v, &p->made.cap, p->made.n + 1, sizeof(*l)) < 0)
		r = rp_error_nomem(reterr);
	if (r < 0)
		return r;
	free(l->problem);
	l->problem = NULL;
	p->made.v[p->made.n++] = *l;
	memset(l, 0, sizeof(*l));
	return 0;
}

ROCPART_PUBLIC int rocpart_place_pending(struct rocpart_machine *machine,
					 struct rocpart_leases **ret_leases,
					 struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO(placing_done) struct placing p = {0};
	RP_AUTO_FREE bool *tried = NULL;
	struct rp_lease *l;
	int r;

	reterr = reterr ? reterr : &local;
	r = begin_placing(&p, machine, 0, RP_LEASE_MAKE, reterr);
	if (r < 0)
		return r;
	tried = rp_new0(bool, p.s.list.n);
	if (!tried)
		return rp_error_nomem(reterr);
	while (r == 0 && (l = next_pending(&p.s.list, tried))) {
		tried[l - p.s.list.v] = true;
		r = place_again(&p, l, reterr);
	}
	return r < 0 ? r : commit(&p, ret_leases, reterr);
}
