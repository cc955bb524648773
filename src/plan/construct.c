/* SPDX-License-Identifier: MIT */
/*
 * A draft for a machine of any size: exclusive partitions, filled from the largest request down.
 *
 * Precondition: every tenant stays (limit_moves() in plan.c).
 * Invariants:
 * - Requests for one memory mode come first, then the others by falling size, so that a replica
 *   never takes a slot which a larger one placed later would need. (When the GPUs are known to be
 *   too few, priority and weight go before size.)
 * - head[n] lists the GPUs in use with n free slots of the present size or larger; when the size
 *   changes the lists are made again.
 * - A request that must be apart takes the emptiest GPUs first, which keeps the rest even; any
 *   other request fills the fullest GPU first, which keeps whole GPUs free.
 * - A GPU is opened once, in one mode, and decides the memory mode of its hive. For a request whose
 *   replicas go to different hives none is opened in a hive that has its share of them.
 * Where nothing but sizes decides and every GPU can switch, the draft has as many GPUs as the
 * chain's bound: open_chain() opens the GPUs of its rows, and by its conditions every replica finds
 * a slot among them.
 *
 * Time: O(G (S P + M)) for the lists and the openings, and O(P + T) for each visit of a GPU, which
 * a request makes at most once to each GPU (G GPUs, P partitions of a GPU, S sizes, M modes, T
 * tenants). R requests are sorted in O(R log R), or counted in O(R + S) where only sizes decide.
 *
 * Source: largest first is optimal for divisible sizes (see chain.c); for one size the emptiest
 * GPUs first is the construction of Gale (1957) and Ryser (1957).
 */
#include "plan/chain.h"
#include "plan/draft.h"

struct build {
	const struct rp_view *v;
	struct rp_chain *chain; /* the case of any memory mode: its sizes, ranks and modes */
	struct rp_draft *draft;
	const struct rp_construct *how;
	uint32_t *free_parts;	       /* per GPU: bit per partition */
	uint32_t *hive_mem;	       /* per hive; RP_PLACE_NONE: not decided */
	uint32_t *next, *prev, *count; /* per GPU: the list by count, its free slots */
	uint32_t head[RP_PLACE_MAX_PARTS + 1];
	uint32_t *aside; /* GPUs that the present request has visited */
	uint32_t n_aside;
	uint32_t *hive_count;		      /* per hive: replicas of the present request */
	uint32_t same_at[RP_CHAIN_MAX_MODES]; /* per mode: no GPU before it is in it and can open */
	uint32_t any_at[RP_CHAIN_MAX_MODES];  /* per mode: no GPU before it can open */
};

static void list_add(struct build *b, uint32_t g)
{
	uint32_t n = b->count[g];

	b->prev[g] = RP_PLACE_NONE;
	b->next[g] = b->head[n];
	if (b->head[n] != RP_PLACE_NONE)
		b->prev[b->head[n]] = g;
	b->head[n] = g;
}

static void list_remove(struct build *b, uint32_t g)
{
	if (b->prev[g] == RP_PLACE_NONE)
		b->head[b->count[g]] = b->next[g];
	else
		b->next[b->prev[g]] = b->next[g];
	if (b->next[g] != RP_PLACE_NONE)
		b->prev[b->next[g]] = b->prev[g];
}

static uint32_t count_usable_parts(const struct build *b, uint32_t g, uint64_t size)
{
	const struct rp_place_mode *m = rp_view_mode(b->v, g, b->draft->mode_of[g]);
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n_parts; i++)
		n += (b->free_parts[g] & (1U << i)) && m->parts[i].usable_bytes >= size;
	return n;
}

static void make_lists(struct build *b, uint64_t size)
{
	for (uint32_t n = 0; n <= RP_PLACE_MAX_PARTS; n++)
		b->head[n] = RP_PLACE_NONE;
	for (uint32_t g = b->v->p->n_gpus; g-- > 0;) {
		if (b->draft->mode_of[g] == RP_PLACE_NONE)
			continue;
		b->count[g] = count_usable_parts(b, g, size);
		list_add(b, g);
	}
}

/* Return whether GPU g can be opened in mode m. Once false this stays false: see the invariants. */
static bool may_open(const struct build *b, uint32_t g, const struct rp_chain_mode *m)
{
	const struct rp_view_gpu *vg = &b->v->gpus[g];
	uint32_t mem = b->v->mode_mem[m->menu][m->mode];

	return vg->role == RP_ROLE_POOL && b->draft->mode_of[g] == RP_PLACE_NONE &&
	       b->v->p->gpus[g].menu == m->menu && rp_view_may(b->v, g, m->mode) &&
	       rp_view_hive_may(b->v, vg->hive, mem) &&
	       (b->hive_mem[vg->hive] == RP_PLACE_NONE || b->hive_mem[vg->hive] == mem);
}

/* Count the tenants of request r that are in the spread domain of a GPU. */
static uint32_t count_staying(const struct build *b, uint32_t r, uint32_t gpu)
{
	uint32_t n = 0;

	for (uint32_t t = 0; t < b->v->p->n_tenants; t++) {
		const struct rp_place_tenant *x = &b->v->p->tenants[t];

		n += x->request == r &&
		     rp_view_domain(b->v, r, x->gpu) == rp_view_domain(b->v, r, gpu);
	}
	return n;
}

/* Count how many more replicas of r the spread rule lets GPU g have. */
static uint32_t count_allowed_on(const struct build *b, uint32_t r, uint32_t g)
{
	const struct rp_place_request *q = &b->v->p->requests[r];
	uint32_t per = rp_view_per_domain(q), used;

	if (q->spread == RP_PLACE_SPREAD_NONE)
		return UINT32_MAX;
	used = count_staying(b, r, g);
	if (q->spread == RP_PLACE_SPREAD_HIVE)
		used += b->hive_count[b->v->gpus[g].hive];
	return used < per ? per - used : 0;
}

/* Return whether GPU g can be opened in mode m, and request r may have a replica in its hive. */
static bool may_open_for(const struct build *b, uint32_t g, const struct rp_chain_mode *m,
			 uint32_t r)
{
	return may_open(b, g, m) &&
	       (r == RP_PLACE_NONE || b->v->p->requests[r].spread != RP_PLACE_SPREAD_HIVE ||
		count_allowed_on(b, r, g) > 0);
}

/*
 * Open one more GPU in the i-th mode of the chain, if possible one that is in that mode already,
 * for request r or (RP_PLACE_NONE) for any. The cursors only move forward, so all calls together
 * look at each GPU once for each mode; a GPU in a hive that is full for r is passed over without
 * them.
 */
static uint32_t open_gpu(struct build *b, uint32_t i, uint32_t r)
{
	const struct rp_chain_mode *m = &b->chain->modes[i];
	const struct rp_place_gpu *gpus = b->v->p->gpus;
	const uint32_t n = b->v->p->n_gpus;
	uint32_t g;

	while (b->same_at[i] < n &&
	       (gpus[b->same_at[i]].mode != m->mode || !may_open(b, b->same_at[i], m)))
		b->same_at[i]++;
	g = b->same_at[i];
	while (g < n && (gpus[g].mode != m->mode || !may_open_for(b, g, m, r)))
		g++;
	if (g == n) {
		while (b->any_at[i] < n && !may_open(b, b->any_at[i], m))
			b->any_at[i]++;
		g = b->any_at[i];
		while (g < n && !may_open_for(b, g, m, r))
			g++;
	}
	if (g == n)
		return RP_PLACE_NONE;
	b->draft->mode_of[g] = m->mode;
	b->hive_mem[b->v->gpus[g].hive] = b->v->mode_mem[m->menu][m->mode];
	b->free_parts[g] = (1U << m->n) - 1;
	return g;
}

/* Open a GPU in the finest mode that can hold r: in the preferred memory mode, else in another. */
static uint32_t open_gpu_for(struct build *b, uint32_t r)
{
	for (int pass = b->how->mem == RP_PLACE_NONE; pass < 2; pass++) {
		for (uint32_t i = b->chain->n_modes; i-- > 0;) {
			const struct rp_chain_mode *m = &b->chain->modes[i];
			const struct rp_place_mode *pm = &b->v->p->menus[m->menu].modes[m->mode];
			uint32_t mem = b->v->mode_mem[m->menu][m->mode], g;
			bool fits = false;

			if ((mem == b->how->mem) != (pass == 0)) /* NONE: never, in pass 1 */
				continue;
			for (uint32_t k = 0; k < pm->n_parts; k++)
				fits = fits || rp_view_fits(b->v, r, &pm->parts[k], mem);
			g = fits ? open_gpu(b, i, r) : RP_PLACE_NONE;
			if (g != RP_PLACE_NONE)
				return g;
		}
	}
	return RP_PLACE_NONE;
}

/* Put up to n replicas of r on GPU g, smallest slots first. Return their number, or -ENOMEM. */
static int put_replicas(struct build *b, uint32_t r, uint32_t g, uint32_t n)
{
	const struct rp_place_mode *m = rp_view_mode(b->v, g, b->draft->mode_of[g]);
	uint32_t mem = b->v->mode_mem[b->v->p->gpus[g].menu][b->draft->mode_of[g]];
	uint32_t done = 0;

	while (done < n) {
		uint32_t best = RP_PLACE_NONE;

		for (uint32_t i = 0; i < m->n_parts; i++) {
			if ((b->free_parts[g] & (1U << i)) &&
			    rp_view_fits(b->v, r, &m->parts[i], mem) &&
			    (best == RP_PLACE_NONE ||
			     m->parts[i].usable_bytes < m->parts[best].usable_bytes))
				best = i;
		}
		if (best == RP_PLACE_NONE)
			break;
		if (rp_draft_add(b->draft, r, g, best) < 0)
			return -ENOMEM;
		b->free_parts[g] &= ~(1U << best);
		done++;
	}
	b->hive_count[b->v->gpus[g].hive] += done;
	return (int)done;
}

/* Pick a GPU in use that has a free slot of the present size. */
static uint32_t pick_gpu(const struct build *b, bool emptiest)
{
	for (uint32_t i = 1; i <= RP_PLACE_MAX_PARTS; i++) {
		uint32_t g = b->head[emptiest ? RP_PLACE_MAX_PARTS + 1 - i : i];

		if (g != RP_PLACE_NONE)
			return g;
	}
	return RP_PLACE_NONE;
}

/*
 * Place what r needs. Each GPU is visited at most once: after the visit it has no slot that r may
 * take, or nothing of r is left. Visited GPUs return to the lists at the end, for the next request.
 */
static int place_request(struct build *b, uint32_t r, uint64_t size)
{
	const struct rp_place_request *q = &b->v->p->requests[r];
	uint32_t left = b->v->need[r];
	bool apart = q->spread != RP_PLACE_SPREAD_NONE && q->replicas > rp_view_per_domain(q);

	b->n_aside = 0;
	while (left > 0) {
		uint32_t g = pick_gpu(b, apart), allowed;
		int n;

		if (g == RP_PLACE_NONE) {
			g = b->how->rows ? RP_PLACE_NONE : open_gpu_for(b, r);
			if (g == RP_PLACE_NONE)
				break;
			b->count[g] = count_usable_parts(b, g, size);
		} else {
			list_remove(b, g);
		}
		allowed = count_allowed_on(b, r, g);
		n = put_replicas(b, r, g, allowed < left ? allowed : left);
		if (n < 0)
			return n;
		left -= (uint32_t)n;
		b->count[g] -= (uint32_t)n; /* a slot that holds r has at least its size */
		b->aside[b->n_aside++] = g;
	}
	for (uint32_t i = 0; i < b->n_aside; i++) {
		list_add(b, b->aside[i]);
		b->hive_count[b->v->gpus[b->aside[i]].hive] = 0;
	}
	return 0;
}

/* Return whether the replicas of request r have to go to different hives. */
static bool goes_to_hives(const struct rp_view *v, uint32_t r)
{
	const struct rp_place_request *q = &v->p->requests[r];

	return q->spread == RP_PLACE_SPREAD_HIVE && v->need[r] > 0 &&
	       q->replicas > rp_view_per_domain(q);
}

/*
 * The keys that order requests; priority and weight are 0 unless the GPUs are known to be too few.
 */
struct keyed {
	uint32_t request, rank, replicas;
	int32_t priority;
	uint64_t weight;
	bool picky; /* asks for one memory mode */
	bool first; /* goes to different hives, and these come first */
};

/*
 * Requests for one memory mode come before the rest, while hives are still undecided; then larger
 * before smaller, heavier before lighter, more replicas before fewer.
 */
static int cmp_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->first != y->first)
		return x->first ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->picky != y->picky)
		return x->picky ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	if (x->replicas != y->replicas)
		return x->replicas > y->replicas ? -1 : 1;
	return (x->request > y->request) - (x->request < y->request);
}

/* Only the size decides where each request has one replica and asks for no memory mode. */
static bool is_rank_decisive(const struct build *b)
{
	for (uint32_t r = 0; r < b->v->p->n_requests; r++) {
		if (b->v->need[r] > 1 || b->v->req_mem[r] != RP_VIEW_ANY)
			return false;
	}
	return !b->how->short_of_gpus && !b->how->hives_first;
}

/* Counting sort: at[k] is the place of the next request of rank k. */
static void order_by_rank(const struct build *b, uint32_t *order)
{
	const uint32_t n = b->v->p->n_requests;
	uint32_t at[RP_VIEW_MAX_SIZES + 2] = {0};

	for (uint32_t r = 0; r < n; r++)
		at[b->chain->rank[r] + 1]++;
	for (uint32_t k = 1; k < RP_ARRAY_LEN(at); k++)
		at[k] += at[k - 1];
	for (uint32_t r = 0; r < n; r++)
		order[at[b->chain->rank[r]]++] = r;
}

static int order_by_keys(const struct build *b, uint32_t *order)
{
	const uint32_t n = b->v->p->n_requests;
	RP_AUTO_FREE struct keyed *keys = rp_new0(struct keyed, n);

	if (!keys)
		return -ENOMEM;
	for (uint32_t r = 0; r < n; r++) {
		const struct rp_place_request *q = &b->v->p->requests[r];

		keys[r] = (struct keyed){
			.request = r,
			.rank = b->chain->rank[r],
			.replicas = b->v->need[r],
			.priority = b->how->short_of_gpus ? q->priority : 0,
			.weight = b->how->short_of_gpus ? rp_view_weight(q) : 0,
			.picky = b->v->req_mem[r] != RP_VIEW_ANY,
			.first = b->how->hives_first && goes_to_hives(b->v, r),
		};
	}
	qsort(keys, n, sizeof(*keys), cmp_keyed);
	for (uint32_t r = 0; r < n; r++)
		order[r] = keys[r].request;
	return 0;
}

static int make_order(const struct build *b, uint32_t *order)
{
	if (!is_rank_decisive(b))
		return order_by_keys(b, order);
	order_by_rank(b, order);
	return 0;
}

/* Open the GPUs of rows, as many of them as the machine has. */
static void open_rows(struct build *b, const struct rp_plan_row *rows, uint32_t n_rows)
{
	for (uint32_t i = 0; i < n_rows; i++) {
		uint32_t m = 0;

		while (m < b->chain->n_modes && (b->chain->modes[m].menu != rows[i].menu ||
						 b->chain->modes[m].mode != rows[i].mode))
			m++;
		for (uint64_t n = 0; m < b->chain->n_modes && n < rows[i].gpus; n++) {
			if (open_gpu(b, m, RP_PLACE_NONE) == RP_PLACE_NONE)
				break;
		}
	}
}

/*
 * Open the GPUs that the chain forces. Replicas that must be apart need them open before the first
 * is placed; elsewhere they would be opened anyway. Requests for a memory mode make the chain of
 * one case no guide, so nothing is opened then.
 */
static int open_chain(struct build *b)
{
	RP_AUTO_FREE struct rp_chain *c = NULL;
	int r;

	for (uint32_t q = 0; q < b->v->p->n_requests; q++) {
		if (b->v->req_mem[q] != RP_VIEW_ANY)
			return 0;
	}
	if (b->v->n_mems == 1 || b->how->mem == RP_PLACE_NONE) {
		if (b->chain->nested)
			open_rows(b, b->chain->rows, b->chain->result.n_rows);
		return 0;
	}
	c = rp_new0(struct rp_chain, 1);
	if (!c)
		return -ENOMEM;
	r = rp_chain_make(b->v, b->how->mem, c);
	if (r == 0 && c->nested)
		open_rows(b, c->rows, c->result.n_rows);
	rp_chain_done(c);
	return r;
}

static int build_draft(struct build *b)
{
	const uint32_t n = b->v->p->n_requests;
	RP_AUTO_FREE uint32_t *order = rp_new0(uint32_t, n);
	uint32_t last = RP_PLACE_NONE;
	int r = order ? make_order(b, order) : -ENOMEM;

	if (r < 0)
		return r;
	for (uint32_t g = 0; g < b->v->p->n_gpus; g++)
		b->free_parts[g] = b->v->gpus[g].free_parts;
	for (uint32_t h = 0; h < b->v->n_hives; h++)
		b->hive_mem[h] = b->v->hives[h].mem_fixed ? b->v->hives[h].mem_now : RP_PLACE_NONE;
	if (b->how->rows)
		open_rows(b, b->how->rows, b->how->n_rows);
	r = b->how->rows || b->how->short_of_gpus || b->how->hives_first ? 0 : open_chain(b);
	for (uint32_t i = 0; i < n && r == 0; i++) {
		uint32_t rank = b->chain->rank[order[i]];

		/* The order jumps through the requests: without this each one is a cache miss. */
		__builtin_prefetch(&b->v->p->requests[order[i + 8 < n ? i + 8 : i]]);
		if (rank == b->chain->n_sizes || b->v->need[order[i]] == 0)
			continue;
		if (rank != last)
			make_lists(b, b->chain->size[rank]);
		last = rank;
		r = place_request(b, order[i], b->chain->size[rank]);
	}
	return r;
}

static int construct_draft(const struct rp_view *v, const struct rp_construct *how,
			   struct rp_draft *ret)
{
	const uint32_t n = v->p->n_gpus;
	struct build b = {.v = v, .draft = ret, .how = how};
	int r = -ENOMEM;

	b.chain = rp_new0(struct rp_chain, 1);
	b.free_parts = rp_new0(uint32_t, n);
	b.hive_mem = rp_new0(uint32_t, n);
	b.hive_count = rp_new0(uint32_t, n);
	b.next = rp_new0(uint32_t, n);
	b.prev = rp_new0(uint32_t, n);
	b.count = rp_new0(uint32_t, n);
	b.aside = rp_new0(uint32_t, n);
	if (b.chain && b.free_parts && b.hive_mem && b.hive_count && b.next && b.prev && b.count &&
	    b.aside)
		r = rp_chain_make(v, RP_PLACE_NONE, b.chain);
	if (r == 0)
		r = build_draft(&b);
	if (b.chain)
		rp_chain_done(b.chain);
	free(b.chain);
	free(b.free_parts);
	free(b.hive_mem);
	free(b.hive_count);
	free(b.next);
	free(b.prev);
	free(b.count);
	free(b.aside);
	return r;
}

static uint64_t count_gpus(const struct rp_view *v, const struct rp_draft *d)
{
	uint64_t n = 0;

	for (uint32_t g = 0; g < v->p->n_gpus; g++)
		n += d->mode_of[g] != RP_PLACE_NONE;
	return n;
}

/* Compare weight band by band, then GPUs. Return 1 when a is better than b, 0 or -ENOMEM. */
static int is_better(const struct rp_view *v, const struct rp_draft *a, const struct rp_draft *b)
{
	const struct rp_place_request *q = v->p->requests;
	RP_AUTO_FREE uint32_t *order = rp_view_order(v, RP_BY_PRIORITY_WEIGHT);
	RP_AUTO_FREE int64_t *more = rp_new0(int64_t, v->p->n_requests);
	int64_t weight = 0;

	if (!order || !more)
		return -ENOMEM;
	for (size_t i = 0; i < a->n_places; i++)
		more[a->places[i].request]++;
	for (size_t i = 0; i < b->n_places; i++)
		more[b->places[i].request]--;
	for (uint32_t i = 0; i < v->p->n_requests; i++) {
		if (i > 0 && weight != 0 && q[order[i]].priority != q[order[i - 1]].priority)
			break;
		weight += more[order[i]] * (int64_t)rp_view_weight(&q[order[i]]);
	}
	return weight != 0 ? weight > 0 : count_gpus(v, a) < count_gpus(v, b);
}

static bool is_any_to_hives(const struct rp_view *v)
{
	for (uint32_t r = 0; r < v->p->n_requests; r++) {
		if (goes_to_hives(v, r))
			return true;
	}
	return false;
}

/* Make another draft in another way, and keep the better one in *ret. */
static int try_other(const struct rp_view *v, const struct rp_construct *how, struct rp_draft *ret)
{
	struct rp_draft other;
	int r = rp_draft_init(v, &other);

	if (r == 0)
		r = construct_draft(v, how, &other);
	if (r == 0)
		r = is_better(v, &other, ret);
	if (r > 0) {
		struct rp_draft worse = *ret;

		*ret = other;
		other = worse;
	}
	rp_draft_done(&other);
	return r < 0 ? r : 0;
}

/*
 * With several hives two more ways compete. A mixture of memory modes may do better than the
 * preferred one. And GPUs that were opened for large replicas first can leave too few hives with a
 * slot for those that must be in different ones: these come first, then.
 */
int rp_construct(const struct rp_view *v, const struct rp_construct *how, struct rp_draft *ret)
{
	const bool mixes = how->mem != RP_PLACE_NONE && v->n_mems > 1;
	struct rp_construct other = *how;
	int r = construct_draft(v, how, ret);

	if (r < 0 || how->rows || v->n_hives == 1)
		return r;
	other.mem = RP_PLACE_NONE;
	if (mixes)
		r = try_other(v, &other, ret);
	other.hives_first = true;
	if (r < 0 || !is_any_to_hives(v))
		return r;
	r = try_other(v, &other, ret);
	other.mem = how->mem;
	return r == 0 && mixes ? try_other(v, &other, ret) : r;
}
