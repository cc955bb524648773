/* SPDX-License-Identifier: MIT */
/*
 * The exact search: it tries every vector of modes (for each GPU one mode, or off) and finds for
 * each vector the heaviest set of replicas that fits.
 *
 * Invariants:
 * - Vectors that differ only in the names of like GPUs are tried once: like GPUs stand next to each
 *   other in gpu_order and take falling choices (are_alike() says why that loses nothing).
 * - Numbers of GPUs rise, so the first number with a result is the fewest. For one number x holds
 *   the cheapest result so far: costs_less() lets no dearer one replace it.
 * - For one vector the greedy choice by falling priority and weight is the heaviest, because the
 *   sets that fit together are independent sets of a matroid: a laminar one where sizes decide
 *   (score_by_size()), else the gammoid of assign.c (score_by_flow()).
 * - x->complete is set only when neither the budget nor the callback ended the search. Only then
 *   may a plan claim that nothing better exists.
 *
 * Time: k like GPUs with m modes in a memory mode have C(k + m, m) vectors, which for eight GPUs
 * with the four modes of NPS1 are 495 (165 with every GPU on). A vector takes O(G S P + I S) where
 * sizes decide, else one search of assign.c for each replica (G GPUs, P partitions of a GPU, S
 * sizes, I items, at most one for each request). The budget counts vectors, and every 64 nodes of
 * a flow as one.
 *
 * Source: our own enumeration. That greedy is exact on a matroid: Edmonds 1971. The checker tries
 * all vectors again with another flow (verify/exhaust.c).
 */
#include "plan/vectors.h"

#include "plan/chain.h"

/* The score of a vector: the weight of each band, highest priority first, and the replicas. */
struct score {
	uint64_t *band; /* n_bands, of the search */
	uint64_t units;
};

/* Replicas of one request; items are sorted as the greedy choice takes them. */
struct item {
	uint32_t request;
	uint32_t n;
	uint32_t rank; /* size, in the chain of the case */
	uint32_t band;
	uint64_t weight;
};

/* The goal of the search; the phases follow each other in this order. */
enum phase {
	PLACE_ALL,    /* the fewest GPUs that hold every replica */
	FIND_TARGET,  /* not all fit: the most weight, with every GPU in use that can be */
	REACH_TARGET, /* the fewest GPUs that hold that weight */
};

struct search {
	const struct rp_view *v;
	struct rp_vectors *x;
	struct rp_assign assign;
	uint32_t *order; /* requests */
	uint32_t *band;	 /* per request */
	uint32_t n_bands;

	/* Used where sizes decide: */
	struct rp_chain *chain; /* of the present case */
	bool by_size;		/* sizes decide in this case, so that counts are exact */
	struct item *items;
	uint32_t n_items;
	uint64_t total_slots;

	uint32_t gpu_order[RP_VECTORS_MAX_GPUS];
	bool like_last[RP_VECTORS_MAX_GPUS]; /* like the GPU before it in gpu_order */
	uint32_t hive_mem[RP_VECTORS_MAX_GPUS];
	uint32_t mode_of[RP_VECTORS_MAX_GPUS];
	uint32_t choice[RP_VECTORS_MAX_GPUS]; /* along gpu_order: 0 off, 1 + mode */

	enum phase phase;
	bool has_target;
	struct score target; /* from FIND_TARGET */
	struct score now;    /* of the present vector */
	uint32_t n_wanted;   /* GPUs to use, except in FIND_TARGET */
	bool halted;
};

static int cmp_score(const struct search *s, const struct score *a, const struct score *b)
{
	for (uint32_t i = 0; i < s->n_bands; i++) {
		if (a->band[i] != b->band[i])
			return a->band[i] < b->band[i] ? -1 : 1;
	}
	return 0;
}

static void clear_score(const struct search *s, struct score *x)
{
	memset(x->band, 0, s->n_bands * sizeof(*x->band));
	x->units = 0;
}

static void number_bands(struct search *s)
{
	s->n_bands = 0;
	for (uint32_t i = 0; i < s->v->p->n_requests; i++) {
		uint32_t r = s->order[i];

		if (i == 0 ||
		    s->v->p->requests[r].priority != s->v->p->requests[s->order[i - 1]].priority)
			s->n_bands++;
		s->band[r] = s->n_bands - 1;
	}
}

static uint32_t count_movable(const struct rp_view *v, uint32_t request)
{
	uint32_t n = 0;

	for (uint32_t t = 0; t < v->p->n_tenants; t++)
		n += !v->stays[t] && v->p->tenants[t].request == request;
	return n;
}

/*
 * Sizes decide alone when no spread rule binds and every tenant stays: then a set fits exactly when
 * it passes the counts of score_by_size().
 */
static bool are_sizes_decisive(const struct rp_view *v)
{
	for (uint32_t t = 0; t < v->p->n_tenants; t++) {
		if (!v->stays[t])
			return false;
	}
	for (uint32_t q = 0; q < v->p->n_requests; q++) {
		const struct rp_place_request *rq = &v->p->requests[q];

		if (v->need[q] > 0 && rq->spread != RP_PLACE_SPREAD_NONE &&
		    rq->replicas > rp_view_per_domain(rq))
			return false;
	}
	return true;
}

/*
 * List the replicas in the order of the greedy choice. Of one size no more than total_slots can be
 * chosen, so the rest is left out, which keeps the time independent of the number of replicas.
 */
static void make_items(struct search *s)
{
	uint64_t taken[RP_VIEW_MAX_SIZES] = {0};

	s->n_items = 0;
	for (uint32_t i = 0; i < s->v->p->n_requests; i++) {
		uint32_t r = s->order[i], rank = s->chain->rank[r];
		uint64_t n = s->v->need[r];

		if (rank >= s->chain->n_sizes)
			continue;
		if (n > s->total_slots - taken[rank])
			n = s->total_slots - taken[rank];
		if (n == 0)
			continue;
		taken[rank] += n;
		s->items[s->n_items++] = (struct item){
			.request = r,
			.n = (uint32_t)n,
			.rank = rank,
			.band = s->band[r],
			.weight = rp_view_weight(&s->v->p->requests[r]),
		};
	}
}

/* Count the free partitions of GPU g that have at least size bytes in the present vector. */
static uint32_t count_slots(const struct search *s, uint32_t g, uint64_t size)
{
	const struct rp_place_mode *m = rp_view_mode(s->v, g, s->mode_of[g]);
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n_parts; i++)
		n += m->parts[i].usable_bytes >= size && (s->v->gpus[g].role != RP_ROLE_FIXED ||
							  (s->v->gpus[g].free_parts & (1U << i)));
	return n;
}

/*
 * Score the vector by nested counts. Invariant: room[k] is the number of slots of size k or larger
 * that the chosen replicas of rank 0 to k leave. By Hall's condition on these nested sets n more
 * replicas of a rank fit exactly when room[k] >= n for that rank and all smaller sizes.
 */
static void score_by_size(const struct search *s, struct score *ret)
{
	uint64_t room[RP_VIEW_MAX_SIZES];
	const uint32_t n_sizes = s->chain->n_sizes;
	uint64_t left;

	clear_score(s, ret);
	for (uint32_t k = 0; k < n_sizes; k++)
		room[k] = 0;
	for (uint32_t g = 0; g < s->v->p->n_gpus; g++) {
		if (s->mode_of[g] == RP_PLACE_NONE)
			continue;
		for (uint32_t k = 0; k < n_sizes; k++)
			room[k] += count_slots(s, g, s->chain->size[k]);
	}
	left = n_sizes ? room[n_sizes - 1] : 0;
	for (uint32_t i = 0; i < s->n_items && left > 0; i++) {
		const struct item *it = &s->items[i];
		uint64_t n = it->n;

		for (uint32_t k = it->rank; k < n_sizes && n > 0; k++)
			n = room[k] < n ? room[k] : n;
		for (uint32_t k = it->rank; k < n_sizes && n > 0; k++)
			room[k] -= n;
		left -= n;
		ret->units += n;
		ret->band[it->band] += n * it->weight;
	}
}

bool rp_vectors_fill(struct rp_assign *a, const uint32_t *mode_of, const uint32_t *order)
{
	const struct rp_view *v = a->v;
	bool kept = true;

	rp_assign_begin(a, mode_of);
	for (uint32_t t = 0; t < v->p->n_tenants; t++) {
		if (!v->stays[t])
			kept = rp_assign_add(a, v->p->tenants[t].request) && kept;
	}
	for (uint32_t i = 0; i < v->p->n_requests; i++) {
		uint32_t r = order[i];
		uint32_t n = v->need[r];

		if (n > 0 && v->p->n_tenants > 0)
			n -= count_movable(v, r);
		while (n > 0 && rp_assign_add(a, r))
			n--;
	}
	return kept;
}

/*
 * Score the vector by the flow of assign.c. Return false when a tenant that may move would lose its
 * place, because no plan may do that.
 */
static bool score_by_flow(struct search *s, struct score *ret)
{
	uint64_t before = s->assign.work;
	bool kept = rp_vectors_fill(&s->assign, s->mode_of, s->order);

	s->x->n_augmentations += s->assign.work - before;
	clear_score(s, ret);
	for (uint32_t i = 0; i < s->assign.n_slots; i++) {
		uint32_t r = s->assign.slots[i].holder;

		if (r == RP_PLACE_NONE)
			continue;
		ret->units++;
		ret->band[s->band[r]] += rp_view_weight(&s->v->p->requests[r]);
	}
	return kept;
}

/* Count what the vector costs: hives that need a driver reload, GPUs that need another mode. */
static void count_changes(const struct search *s, uint32_t *ret_reloads, uint32_t *ret_switches)
{
	uint32_t reloads = 0, switches = 0;

	for (uint32_t h = 0; h < s->v->n_hives; h++)
		reloads += s->v->hives[h].mem_now != RP_PLACE_NONE &&
			   s->hive_mem[h] != RP_PLACE_NONE &&
			   s->v->hives[h].mem_now != s->hive_mem[h];
	for (uint32_t g = 0; g < s->v->p->n_gpus; g++)
		switches +=
			s->mode_of[g] != RP_PLACE_NONE && s->mode_of[g] != s->v->p->gpus[g].mode;
	*ret_reloads = reloads;
	*ret_switches = switches;
}

/* Compare costs with the result kept so far: reloads first, then switches, then moves. */
static bool costs_less(const struct rp_vectors *x, uint32_t reloads, uint32_t switches,
		       uint32_t moves)
{
	if (!x->found || reloads != x->n_reloads)
		return !x->found || reloads < x->n_reloads;
	if (switches != x->n_switches)
		return switches < x->n_switches;
	return moves < x->n_moves;
}

static void keep_vector(struct search *s, uint32_t reloads, uint32_t switches, uint32_t moves)
{
	struct rp_vectors *x = s->x;

	x->found = true;
	x->n_reloads = reloads;
	x->n_switches = switches;
	x->n_moves = moves;
	x->n_used = s->n_wanted;
	for (uint32_t g = 0; g < s->v->p->n_gpus; g++)
		x->mode_of[g] = s->mode_of[g];
}

/*
 * Judge one complete vector. A vector that costs more than the result kept so far is dropped before
 * its score is computed, except in FIND_TARGET, where only the score counts.
 */
static void judge_vector(struct search *s)
{
	struct rp_vectors *x = s->x;
	uint32_t reloads, switches, moves = 0;
	struct score *score = &s->now;

	x->n_vectors++;
	if (x->n_vectors + x->n_augmentations / 64 > x->max_work ||
	    ((x->n_vectors & 63) == 0 && x->stop && x->stop(x->userdata))) {
		s->halted = true;
		return;
	}
	count_changes(s, &reloads, &switches);
	if (s->phase != FIND_TARGET && !costs_less(x, reloads, switches, 0))
		return;
	if (s->by_size) {
		score_by_size(s, score);
	} else {
		if (!score_by_flow(s, score))
			return;
		for (uint32_t t = 0; t < s->v->p->n_tenants; t++)
			moves += !s->v->stays[t];
		moves -= rp_assign_kept(&s->assign);
	}
	if (s->phase == FIND_TARGET) {
		if (!s->has_target || cmp_score(s, score, &s->target) > 0) {
			memcpy(s->target.band, score->band, s->n_bands * sizeof(*score->band));
			s->target.units = score->units;
		}
		s->has_target = true;
		return;
	}
	if (s->phase == PLACE_ALL ? score->units < s->v->total_need
				  : cmp_score(s, score, &s->target) < 0)
		return;
	if (costs_less(x, reloads, switches, moves))
		keep_vector(s, reloads, switches, moves);
}

/*
 * Choose 0 (off) or 1 + mode for the i-th GPU of gpu_order, then for the rest. Like GPUs take
 * falling choices. Outside FIND_TARGET branches that cannot reach n_wanted GPUs are cut; in
 * FIND_TARGET a GPU is off only when no mode is open to it, since one more GPU never lowers the
 * weight.
 */
static void choose_mode(struct search *s, uint32_t i, uint32_t n_on)
{
	const struct rp_view *v = s->v;
	uint32_t g, top, any = 0;

	if (s->halted || (s->phase != FIND_TARGET &&
			  (n_on > s->n_wanted || n_on + (v->p->n_gpus - i) < s->n_wanted)))
		return;
	if (i == v->p->n_gpus) {
		judge_vector(s);
		return;
	}
	g = s->gpu_order[i];
	s->mode_of[g] = RP_PLACE_NONE;
	s->choice[i] = 0;
	if (v->gpus[g].role == RP_ROLE_FIXED) {
		s->mode_of[g] = v->p->gpus[g].mode;
		choose_mode(s, i + 1, n_on + 1);
		return;
	}
	top = v->gpus[g].role == RP_ROLE_POOL ? v->p->menus[v->p->gpus[g].menu].n_modes : 0;
	if (s->like_last[i] && s->choice[i - 1] < top)
		top = s->choice[i - 1];
	for (uint32_t c = top; c > 0; c--) {
		if (v->mode_mem[v->p->gpus[g].menu][c - 1] != s->hive_mem[v->gpus[g].hive] ||
		    !rp_view_may(v, g, c - 1))
			continue;
		any++;
		s->mode_of[g] = c - 1;
		s->choice[i] = c;
		choose_mode(s, i + 1, n_on + 1);
	}
	s->mode_of[g] = RP_PLACE_NONE;
	s->choice[i] = 0;
	if (s->phase != FIND_TARGET || any == 0)
		choose_mode(s, i + 1, n_on);
}

/* Make the chain and the items of the present memory modes, unless they are still valid. */
static int begin_case(struct search *s)
{
	uint32_t mem = s->v->n_hives == 1 ? s->hive_mem[0] : RP_PLACE_NONE;
	int r;

	if (s->chain->rank && s->chain->mem == mem)
		return 0;
	rp_chain_done(s->chain);
	r = rp_chain_make(s->v, mem, s->chain);
	if (r < 0)
		return r;
	s->by_size = s->chain->exact_sizes && are_sizes_decisive(s->v);
	if (s->by_size)
		make_items(s);
	return 0;
}

/*
 * Choose a memory mode for hive h, then for the hives behind it, then modes for the GPUs. A hive
 * that no memory mode is open to has no GPU in use.
 */
static int choose_memory(struct search *s, uint32_t h)
{
	bool any = false;
	int r = 0;

	if (h == s->v->n_hives) {
		r = begin_case(s);
		if (r == 0)
			choose_mode(s, 0, 0);
		return r;
	}
	for (uint32_t mem = 0; mem < s->v->n_mems && r == 0 && !s->halted; mem++) {
		if (!rp_view_hive_may(s->v, h, mem))
			continue;
		any = true;
		s->hive_mem[h] = mem;
		r = choose_memory(s, h + 1);
	}
	if (!any && r == 0 && !s->halted) {
		s->hive_mem[h] = RP_PLACE_NONE;
		r = choose_memory(s, h + 1);
	}
	return r;
}

/*
 * Two GPUs are alike when their exchange changes neither what fits nor what a vector costs: equal
 * role, hive, menu, present mode and ability to switch, and no tenant on either.
 */
static bool are_alike(const struct rp_view *v, uint32_t a, uint32_t b)
{
	const struct rp_place_gpu *x = &v->p->gpus[a], *y = &v->p->gpus[b];

	if (v->gpus[a].role == RP_ROLE_FIXED || v->gpus[a].role != v->gpus[b].role ||
	    v->gpus[a].hive != v->gpus[b].hive || v->gpus[a].stuck != v->gpus[b].stuck ||
	    x->menu != y->menu || x->mode != y->mode)
		return false;
	for (uint32_t t = 0; t < v->p->n_tenants; t++) {
		if (v->p->tenants[t].gpu == a || v->p->tenants[t].gpu == b)
			return false;
	}
	return true;
}

static void order_gpus(struct search *s)
{
	bool done[RP_VECTORS_MAX_GPUS] = {false};
	uint32_t n = 0;

	for (uint32_t g = 0; g < s->v->p->n_gpus; g++) {
		if (done[g])
			continue;
		s->gpu_order[n++] = g;
		for (uint32_t o = g + 1; o < s->v->p->n_gpus; o++) {
			if (done[o] || !are_alike(s->v, g, o))
				continue;
			done[o] = true;
			s->like_last[n] = true;
			s->gpu_order[n++] = o;
		}
	}
}

/*
 * Try rising numbers of GPUs until one has a result. The bound is about placing everything, so that
 * for a part of the replicas the fixed GPUs are the least.
 */
static int search_levels(struct search *s)
{
	uint64_t first = s->x->bound;
	int r = 0;

	if (s->phase == REACH_TARGET && first > s->v->n_fixed)
		first = s->v->n_fixed; /* the bound is for everything */
	for (uint64_t n = first; n <= s->v->p->n_gpus && r == 0; n++) {
		s->n_wanted = (uint32_t)n;
		r = choose_memory(s, 0);
		if (s->halted || s->x->found)
			break;
	}
	return r;
}

/*
 * Place everything on the fewest GPUs; if that is impossible, find the most weight, then the fewest
 * GPUs that reach it. x->found stays false when no vector keeps every tenant.
 */
static int search_phases(struct search *s)
{
	struct rp_vectors *x = s->x;
	int r = 0;

	s->phase = PLACE_ALL;
	if (x->bound <= s->v->n_pool + s->v->n_fixed)
		r = search_levels(s);
	x->all = x->found;
	if (r < 0 || x->found || s->halted || x->all_or_nothing)
		return r;
	s->phase = FIND_TARGET;
	r = choose_memory(s, 0);
	if (r < 0 || s->halted)
		return r;
	s->phase = REACH_TARGET;
	return search_levels(s);
}

int rp_vectors_search(const struct rp_view *v, struct rp_vectors *x)
{
	struct search s = {.v = v, .x = x};
	int r;

	if (v->p->n_gpus > RP_VECTORS_MAX_GPUS)
		return -E2BIG;
	for (uint32_t g = 0; g < v->p->n_gpus; g++)
		s.total_slots += RP_PLACE_MAX_PARTS;
	s.order = rp_view_order(v, RP_BY_PRIORITY_WEIGHT);
	s.band = rp_new0(uint32_t, v->p->n_requests);
	s.items = rp_new0(struct item, v->p->n_requests);
	s.chain = rp_new0(struct rp_chain, 1);
	s.now.band = rp_new0(uint64_t, v->p->n_requests);
	s.target.band = rp_new0(uint64_t, v->p->n_requests);
	r = s.order && s.band && s.items && s.chain && s.now.band && s.target.band
		    ? rp_assign_init(v, &s.assign)
		    : -ENOMEM;
	if (r == 0) {
		number_bands(&s);
		order_gpus(&s);
		r = search_phases(&s);
		x->complete = !s.halted;
	}
	rp_assign_done(&s.assign);
	if (s.chain)
		rp_chain_done(s.chain);
	free(s.chain);
	free(s.order);
	free(s.band);
	free(s.items);
	free(s.now.band);
	free(s.target.band);
	return r;
}
