/* SPDX-License-Identifier: MIT */
/*
 * Spread on many GPUs: a complete draft with fewer GPUs than construct.c found, where replicas must
 * be apart.
 *
 * The chain bounds the number of GPUs, but which mixture of modes reaches it is not settled by
 * sizes: a GPU that is full with a large model is no place for one more replica of a small one. So
 * mixtures are enumerated by rising number of GPUs, those that pass may_suffice() are filled, and
 * where the filling leaves something out the flow of assign.c decides exactly.
 *
 * Invariants:
 * - rows holds the present mixture and sums to the number of GPUs less the fixed ones.
 * - Numbers of GPUs rise and the search ends at the first complete draft, so the result has the
 *   fewest GPUs of all mixtures that were filled. That is no bound: a number is given up after
 *   PER_NUMBER fillings.
 * - *draft changes only when a complete draft is found.
 *
 * Time: at most MAX_LOOKED mixtures at O(S^2 M), and at most MAX_TRIES fillings by construct.c,
 * each followed by a flow where requests times GPUs are at most MAX_PAIRS (S sizes, M modes).
 *
 * Source: our own. For one size conditions (1) and (2) below are those of Gale (1957) and Ryser
 * (1957) and enough; for several sizes we know no closed condition.
 */
#include "plan/chain.h"
#include "plan/draft.h"
#include "plan/vectors.h"

#define MAX_TRIES  120	  /* fillings */
#define PER_NUMBER 12	  /* fillings for one number of GPUs */
#define MAX_LOOKED 300000 /* mixtures */
#define MAX_PAIRS  20000  /* requests times GPUs; beyond, the flow takes too long */

struct mix {
	const struct rp_view *v;
	const struct rp_chain *c;
	struct rp_draft *draft;
	/* As in chain.c, for requests and slots of at least that size: */
	uint64_t n[RP_VIEW_MAX_SIZES], apart[RP_VIEW_MAX_SIZES];
	uint64_t fixed_slots[RP_VIEW_MAX_SIZES], fixed_gpus[RP_VIEW_MAX_SIZES];
	uint32_t *
		fixed_others; /* [s * n_sizes + k]: fixed GPUs with a free slot of s, but below k */
	struct rp_plan_row rows[RP_CHAIN_MAX_MODES]; /* the mixture: GPUs per mode */
	struct rp_assign assign;		     /* unused when max_slots is 0 */
	uint32_t *order;
	uint64_t looked, tried, tried_here;
	bool found;
};

/* Add fixed GPU g to the pairs of sizes for which it has a free slot between the two. */
static void count_fixed_others(struct mix *x, uint32_t g, const struct rp_place_mode *m)
{
	const struct rp_chain *c = x->c;

	for (uint32_t s = 0; s < c->n_sizes; s++) {
		uint64_t least = UINT64_MAX; /* the smallest free slot of at least size s */

		for (uint32_t i = 0; i < m->n_parts; i++) {
			uint64_t bytes = m->parts[i].usable_bytes;

			if ((x->v->gpus[g].free_parts & (1U << i)) && bytes >= c->size[s] &&
			    bytes < least)
				least = bytes;
		}
		for (uint32_t k = 0; k < s; k++)
			x->fixed_others[s * c->n_sizes + k] += least < c->size[k];
	}
}

/* Count replicas, GPUs for the most spread request, and what fixed GPUs give, for each size. */
static void count_demand(struct mix *x)
{
	const struct rp_chain *c = x->c;

	for (uint32_t q = 0; q < x->v->p->n_requests; q++) {
		const struct rp_place_request *rq = &x->v->p->requests[q];
		uint64_t per = rp_view_per_domain(rq), apart = (x->v->need[q] + per - 1) / per;

		for (uint32_t s = c->rank[q]; s < c->n_sizes; s++) {
			x->n[s] += x->v->need[q];
			if (rq->spread == RP_PLACE_SPREAD_GPU && apart > x->apart[s])
				x->apart[s] = apart;
		}
	}
	for (uint32_t g = 0; g < x->v->p->n_gpus; g++) {
		const struct rp_place_mode *m;

		if (x->v->gpus[g].role != RP_ROLE_FIXED)
			continue;
		m = rp_view_mode(x->v, g, x->v->p->gpus[g].mode);
		for (uint32_t s = 0; s < c->n_sizes; s++) {
			uint32_t n = 0;

			for (uint32_t i = 0; i < m->n_parts; i++)
				n += (x->v->gpus[g].free_parts & (1U << i)) &&
				     m->parts[i].usable_bytes >= c->size[s];
			x->fixed_slots[s] += n;
			x->fixed_gpus[s] += n > 0;
		}
		count_fixed_others(x, g, m);
	}
}

/*
 * Test a mixture. For each size s it must have
 *   (1) a slot for each replica of that size or a larger one,
 *   (2) a GPU for each replica of the most spread request of these, and
 *   (3) for each larger size k: when that request is smaller than k, room for it next to the
 *       replicas of size k. Only the GPUs with a slot of at least s but below k ("others") take a
 *       replica of it for free; each further replica takes a slot of size k on a GPU of its own.
 * All three are necessary, so no mixture that works is refused.
 */
static bool may_suffice(const struct mix *x)
{
	const struct rp_chain *c = x->c;

	for (uint32_t s = 0; s < c->n_sizes; s++) {
		uint64_t gpus = x->fixed_gpus[s], slots = x->fixed_slots[s];

		for (uint32_t i = 0; i < c->n_modes; i++) {
			uint32_t here = rp_chain_slots(&c->modes[i], c->size[s]);

			slots += here * x->rows[i].gpus;
			gpus += here ? x->rows[i].gpus : 0;
		}
		if (slots < x->n[s] || gpus < x->apart[s])
			return false;
		for (uint32_t k = 0; k < s; k++) {
			uint64_t others = x->fixed_others[s * c->n_sizes + k];
			uint64_t coarse = x->fixed_slots[k];

			for (uint32_t i = 0; i < c->n_modes; i++) {
				uint32_t large = rp_chain_slots(&c->modes[i], c->size[k]);

				coarse += large * x->rows[i].gpus;
				if (rp_chain_slots(&c->modes[i], c->size[s]) > large)
					others += x->rows[i].gpus;
			}
			if (x->apart[s] > x->apart[k] && coarse + others < x->n[k] + x->apart[s])
				return false;
		}
	}
	return true;
}

/* The filling left replicas out: replace it by the best assignment for these modes. */
static int fill_exactly(struct mix *x, struct rp_draft *d)
{
	int r = 0;

	if (x->assign.max_slots == 0)
		return 0;
	(void)rp_vectors_fill(&x->assign, d->mode_of, x->order);
	d->n_places = 0;
	for (uint32_t i = 0; i < x->assign.n_slots && r == 0; i++) {
		const struct rp_slot *s = &x->assign.slots[i];

		if (s->holder != RP_PLACE_NONE)
			r = rp_draft_add(d, s->holder, s->gpu, s->part);
	}
	return r;
}

/* Fill the present mixture; keep the draft when it is complete. */
static int try_mix(struct mix *x)
{
	const struct rp_construct how = {
		.mem = x->c->mem, .rows = x->rows, .n_rows = x->c->n_modes};
	struct rp_draft d;
	int r = rp_draft_init(x->v, &d);

	if (r == 0)
		r = rp_construct(x->v, &how, &d);
	if (r == 0 && d.n_places < x->v->total_need)
		r = fill_exactly(x, &d);
	x->tried++;
	x->tried_here++;
	if (r == 0 && d.n_places == x->v->total_need) {
		x->found = true;
		rp_draft_done(x->draft);
		*x->draft = d;
		return 0;
	}
	rp_draft_done(&d);
	return r;
}

/* Give n GPUs to the modes from i on in all ways, coarse modes getting few GPUs first. */
static int try_each_mix(struct mix *x, uint32_t i, uint64_t n)
{
	int r = 0;

	if (x->found || x->tried >= MAX_TRIES || x->tried_here >= PER_NUMBER ||
	    x->looked >= MAX_LOOKED)
		return 0;
	if (i + 1 == x->c->n_modes) {
		x->rows[i].gpus = n;
		x->looked++;
		return may_suffice(x) ? try_mix(x) : 0;
	}
	for (uint64_t k = 0; k <= n && r == 0; k++) {
		x->rows[i].gpus = k;
		r = try_each_mix(x, i + 1, n - k);
	}
	return r;
}

static uint64_t count_gpus(const struct rp_view *v, const struct rp_draft *d)
{
	uint64_t n = 0;

	for (uint32_t g = 0; g < v->p->n_gpus; g++)
		n += d->mode_of[g] != RP_PLACE_NONE;
	return n;
}

/* Return whether some request has more replicas to place than one domain may hold. */
static bool is_any_apart(const struct rp_view *v)
{
	for (uint32_t q = 0; q < v->p->n_requests; q++) {
		const struct rp_place_request *rq = &v->p->requests[q];

		if (rq->spread == RP_PLACE_SPREAD_GPU && v->need[q] > rp_view_per_domain(rq))
			return true;
	}
	return false;
}

int rp_spread_improve(const struct rp_view *v, uint32_t mem, uint64_t n_least,
		      struct rp_draft *draft, uint64_t *work)
{
	RP_AUTO_FREE struct rp_chain *c = rp_new0(struct rp_chain, 1);
	RP_AUTO_FREE struct mix *x = rp_new0(struct mix, 1);
	uint64_t have = count_gpus(v, draft), most = v->n_fixed + (uint64_t)v->n_pool;
	int r;

	if (!c || !x)
		return -ENOMEM;
	if (!is_any_apart(v))
		return 0;
	if (draft->n_places == v->total_need)
		most = have - 1;
	r = rp_chain_make(v, mem, c);
	if (r == 0 && c->result.blocker == RP_PLACE_NONE && c->n_modes > 0) {
		*x = (struct mix){.v = v, .c = c, .draft = draft};
		for (uint32_t i = 0; i < c->n_modes; i++)
			x->rows[i] = (struct rp_plan_row){.menu = c->modes[i].menu,
							  .mode = c->modes[i].mode};
		x->fixed_others = calloc((size_t)c->n_sizes * c->n_sizes, sizeof(uint32_t));
		x->order = rp_view_order(v, RP_BY_PRIORITY_WEIGHT);
		r = x->order && x->fixed_others ? 0 : -ENOMEM;
		if (r == 0)
			count_demand(x);
		if (r == 0 && (uint64_t)v->p->n_requests * v->p->n_gpus <= MAX_PAIRS)
			r = rp_assign_init(v, &x->assign);
		for (uint64_t n = n_least; n <= most && r == 0 && !x->found; n++) {
			x->tried_here = 0;
			r = try_each_mix(x, 0, n - v->n_fixed);
		}
		*work += x->looked;
		rp_assign_done(&x->assign);
		free(x->order);
		free(x->fixed_others);
	}
	rp_chain_done(c);
	return r;
}
