/* SPDX-License-Identifier: MIT */
/*
 * Solving: prepare the problem (view.c), bound the number of GPUs (chain.c, share_bound.c),
 * find a draft by the method that its size and its rules allow, finish it and order its steps.
 *
 * Invariants:
 * - plan->bound is a lower bound for placing everything, or UINT64_MAX when no number of GPUs is
 *   enough; plan->proof names the argument that gave it.
 * - plan->proved is set in two cases only: the plan uses bound GPUs, or the exact search ended by
 *   itself and the checker can repeat it in seconds (can_be_checked()).
 * - Methods other than the exact search never move a tenant, so moves are planned only where that
 *   search can run (limit_moves()).
 * - Bound and proof are about the problem whose tenants may move only if plan->moves_allowed: where
 *   the search that moves found no way to keep every tenant, the problem without moves is planned.
 * - rp_plan_feasible() says "no" for sure only by a bound or by the complete exact search.
 *
 * Time: that of the method: vectors.c within max_work, construct.c and spread.c, or share.c; the
 * bounds are computed once for each problem.
 *
 * Source: our own composition; the methods name theirs.
 */
#include "plan/chain.h"
#include "plan/plan_internal.h"
#include "plan/vectors.h"

struct solve {
	const struct rp_view *v;
	const struct rp_plan_options *o;
	struct rp_plan *plan;
	struct rp_draft draft;
	bool shared;	     /* some partition may be shared */
	bool exact_fewest;   /* everything is placed, and the exact search left nothing out */
	bool exact_weight;   /* the exact search left nothing out */
	bool all_or_nothing; /* no plan for a part of the requests is wanted */
	bool no_room;	     /* no vector was found that keeps every tenant */
	uint32_t best_mem;   /* memory mode of the case with the fewest GPUs */
	uint64_t best_gpus;  /* GPUs of that case; UINT64_MAX: no case is possible so far */
};

static bool is_case_possible(const struct rp_plan_case *c)
{
	return c->blocker == RP_PLACE_NONE && !c->short_of_slots;
}

/* Append the case to the plan, and its rows to the rows of the plan. */
static int add_case(struct solve *s, const struct rp_chain *c)
{
	struct rp_plan *plan = s->plan;
	struct rp_plan_row *rows;

	rows = reallocarray(plan->rows, plan->n_rows + c->result.n_rows + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	plan->rows = rows;
	memcpy(rows + plan->n_rows, c->rows, c->result.n_rows * sizeof(*rows));
	plan->cases[plan->n_cases] = c->result;
	plan->cases[plan->n_cases++].first_row = plan->n_rows;
	plan->n_rows += c->result.n_rows;
	return 0;
}

/*
 * Compute the chain of memory mode mem. It may become the preferred memory mode (best_mem); when
 * bounds is set it is a case of the certificate, too.
 */
static int compute_case(struct solve *s, struct rp_chain *chain, uint32_t mem, bool bounds)
{
	struct rp_plan *plan = s->plan;
	int r = rp_chain_make(s->v, mem, chain);

	if (r == 0 && mem != RP_PLACE_NONE && is_case_possible(&chain->result) &&
	    chain->result.gpus < s->best_gpus) {
		s->best_mem = mem;
		s->best_gpus = chain->result.gpus;
	}
	if (r == 0 && bounds) {
		r = add_case(s, chain);
		if (r == 0 && is_case_possible(&chain->result) && chain->result.gpus < plan->bound)
			plan->bound = chain->result.gpus;
	}
	rp_chain_done(chain);
	return r;
}

/*
 * Bound by the chain. One hive has one memory mode, so there is a case for each that it can have,
 * and the case with the fewest GPUs bounds. Several hives can have any mixture, so one case with
 * the modes of all memory modes bounds, and single memory modes only compete to be the preferred
 * one.
 */
static int bound_by_chain(struct solve *s)
{
	RP_AUTO_FREE struct rp_chain *chain = rp_new0(struct rp_chain, 1);
	const struct rp_view *v = s->v;
	struct rp_plan *plan = s->plan;
	int r = 0;

	plan->cases = rp_new0(struct rp_plan_case, RP_PLACE_MAX_MEMS + 1);
	if (!chain || !plan->cases)
		return -ENOMEM;
	plan->bound = UINT64_MAX;
	s->best_mem = RP_PLACE_NONE;
	s->best_gpus = UINT64_MAX;
	for (uint32_t k = 0; k < v->n_mems && r == 0 && (v->n_hives == 1 || v->n_mems > 1); k++) {
		/* The present memory mode comes first, so that of equal ones it is preferred. */
		uint32_t now = v->n_hives && v->hives[0].mem_now != RP_PLACE_NONE
				       ? v->hives[0].mem_now
				       : 0;
		uint32_t mem = k == 0 ? now : k - (k <= now);

		if (v->n_hives != 1 || rp_view_hive_may(v, 0, mem))
			r = compute_case(s, chain, mem, v->n_hives == 1);
	}
	if (r == 0 && plan->n_cases == 0) /* several hives, or one that no memory mode is open to */
		r = compute_case(s, chain, RP_PLACE_NONE, true);
	if (s->best_mem == RP_PLACE_NONE)
		s->best_mem = 0;
	return r;
}

/* With sharing, weights may bound higher. "Impossible" by the chain is never replaced. */
static int bound_by_weights(struct solve *s)
{
	struct rp_share_bound b;
	int r;

	if (!s->shared)
		return 0;
	r = rp_share_bound(s->v, &b);
	if (r < 0)
		return r;
	if (s->plan->bound != UINT64_MAX && b.gpus > s->plan->bound) {
		s->plan->bound = b.gpus;
		s->plan->proof = b.proof;
		s->plan->proof_param = b.param;
		s->plan->proof_ref = b.ref;
	}
	return 0;
}

/* Repeat the flow for the vector that the exact search found, and take its places as the draft. */
static int take_vector_places(struct solve *s, const struct rp_vectors *x)
{
	struct rp_assign a;
	uint32_t *order = rp_view_order(s->v, RP_BY_PRIORITY_WEIGHT);
	int r = order ? rp_assign_init(s->v, &a) : -ENOMEM;

	if (!order)
		return r;
	if (r == 0) {
		(void)rp_vectors_fill(&a, x->mode_of, order);
		memcpy(s->draft.mode_of, x->mode_of, s->v->p->n_gpus * sizeof(uint32_t));
		for (uint32_t i = 0; i < a.n_slots && r == 0; i++) {
			if (a.slots[i].holder != RP_PLACE_NONE)
				r = rp_draft_add(&s->draft, a.slots[i].holder, a.slots[i].gpu,
						 a.slots[i].part);
		}
	}
	rp_assign_done(&a);
	free(order);
	return r;
}

/* "All vectors were tried" is claimed only where a checker repeats it in seconds. */
static bool can_be_checked(const struct rp_place_problem *p)
{
	return (uint64_t)p->n_requests * p->n_gpus <= 200000;
}

/*
 * Exclusive partitions: the exact search where there are few GPUs; else, or when it found nothing
 * in time, filling from the largest, and mixtures of modes where replicas must be apart.
 */
static int solve_exclusive(struct solve *s)
{
	const struct rp_view *v = s->v;
	struct rp_vectors x = {
		.max_work = s->o->max_work ? s->o->max_work : RP_PLAN_DEFAULT_WORK,
		.stop = s->o->stop,
		.userdata = s->o->userdata,
		.bound = s->plan->bound,
		.all_or_nothing = s->all_or_nothing,
	};
	const struct rp_construct how = {
		.mem = s->best_mem,
		.short_of_gpus = s->plan->bound > (uint64_t)v->n_pool + v->n_fixed,
	};
	int r;

	if (v->p->n_gpus > 0 && v->p->n_gpus <= RP_VECTORS_MAX_GPUS) {
		r = rp_vectors_search(v, &x);
		s->plan->work_vectors = x.n_vectors;
		s->plan->work_augmentations = x.n_augmentations;
		if (r < 0)
			return r;
		s->plan->stopped = !x.complete;
		s->exact_fewest = x.complete && x.all && can_be_checked(v->p);
		s->exact_weight = x.complete && can_be_checked(v->p);
		if (x.found)
			return take_vector_places(s, &x);
		s->no_room = true;
		if (s->all_or_nothing && x.complete)
			return 0;
	}
	r = rp_construct(v, &how, &s->draft);
	if (r == 0 && !how.short_of_gpus && v->p->n_gpus > RP_VECTORS_MAX_GPUS &&
	    !(s->all_or_nothing && s->draft.n_places == v->total_need))
		r = rp_spread_improve(v, s->best_mem, s->plan->bound, &s->draft,
				      &s->plan->work_vectors);
	return r;
}

static int find_bound(struct solve *s)
{
	int r = bound_by_chain(s);

	return r == 0 ? bound_by_weights(s) : r;
}

/* Find a draft, make the plan of it, and decide what it may claim: see the invariants. */
static int solve_problem(struct solve *s)
{
	struct rp_plan *plan = s->plan;
	const struct rp_view *v = s->v;
	int r = rp_draft_init(v, &s->draft);

	if (r == 0 && s->shared) {
		struct rp_draft d = {0};

		r = rp_share_place(v, s->all_or_nothing ? UINT64_MAX : plan->bound, &d,
				   &plan->work_vectors);
		rp_draft_done(&s->draft);
		s->draft = d;
	} else if (r == 0) {
		r = solve_exclusive(s);
	}
	if (r == 0)
		r = rp_plan_finish(v, &s->draft, plan);
	if (r < 0)
		return r;
	plan->moves_allowed = v->p->allow_moves;
	plan->gpus_available = (uint64_t)v->n_pool + v->n_fixed;
	plan->goal = plan->feasible ? RP_GOAL_FEWEST_GPUS : RP_GOAL_MOST_WEIGHT;
	if (plan->feasible) {
		plan->proved = plan->gpus_used == plan->bound;
		if (!plan->proved && s->exact_fewest) {
			plan->proved = true;
			plan->proof = RP_PROOF_EXHAUSTIVE;
		}
	} else {
		plan->proved = s->exact_weight;
		if (plan->proved)
			plan->proof = RP_PROOF_EXHAUSTIVE;
	}
	return 0;
}

static bool is_any_shared(const struct rp_place_problem *p)
{
	for (uint32_t q = 0; q < p->n_requests; q++) {
		if (rp_view_share(&p->requests[q]) > 1)
			return true;
	}
	return false;
}

/* Only the exact search plans moves: where it cannot run, all tenants stay. */
static struct rp_place_problem limit_moves(const struct rp_place_problem *p, bool shared)
{
	struct rp_place_problem still = *p;

	if (shared || p->n_gpus > RP_VECTORS_MAX_GPUS)
		still.allow_moves = false;
	return still;
}

int rp_plan_feasible(const struct rp_place_problem *p, uint64_t max_work,
		     struct rp_plan_answer *ret)
{
	const struct rp_plan_options o = {.max_work = max_work};
	RP_AUTO_PLAN struct rp_plan *plan = rp_new0(struct rp_plan, 1);
	struct rp_view v = {0};
	struct solve s = {.v = &v, .o = &o, .plan = plan, .all_or_nothing = true};
	struct rp_place_problem still;
	uint64_t gpus;
	bool too_few;
	int r;

	if (!plan)
		return -ENOMEM;
	s.shared = is_any_shared(p);
	still = limit_moves(p, s.shared);
	plan->problem = p;
	r = rp_view_init(&still, &v);
	if (r == 0)
		r = find_bound(&s);
	gpus = (uint64_t)v.n_pool + v.n_fixed;
	too_few = plan->bound > gpus;
	if (r == 0 && !too_few)
		r = solve_problem(&s);
	rp_view_done(&v);
	rp_draft_done(&s.draft);
	if (r < 0)
		return r;
	*ret = (struct rp_plan_answer){.yes = plan->feasible,
				       .sure = plan->feasible || too_few || s.exact_weight,
				       .proof = too_few ? plan->proof : RP_PROOF_EXHAUSTIVE,
				       .param = plan->proof_param,
				       .ref = plan->proof_ref,
				       .bound = plan->bound,
				       .gpus = gpus,
				       .used = plan->feasible ? plan->gpus_used : 0};
	return 0;
}

int rp_plan_core(const struct rp_place_problem *p, const struct rp_plan_options *o,
		 struct rp_plan **ret)
{
	RP_AUTO_PLAN struct rp_plan *plan = rp_new0(struct rp_plan, 1);
	struct rp_view v = {0};
	struct solve s = {.v = &v, .o = o, .plan = plan};
	struct rp_place_problem still;
	int r;

	if (!plan)
		return -ENOMEM;
	plan->problem = p;
	s.shared = is_any_shared(p);
	still = limit_moves(p, s.shared);
	for (uint32_t q = 0; q < p->n_requests; q++)
		plan->weight_total += rp_view_weight(&p->requests[q]) * p->requests[q].replicas;
	r = rp_view_init(&still, &v);
	if (r == 0)
		r = find_bound(&s);
	if (r == 0)
		r = solve_problem(&s);
	if (r == 0 && still.allow_moves && p->n_tenants > 0 &&
	    (s.no_room || (plan->stopped && !plan->feasible))) {
		/* The search kept not every tenant, or found no time: plan again without moves. */
		rp_view_done(&v);
		rp_draft_done(&s.draft);
		still.allow_moves = false;
		rp_plan_free(rp_steal(&plan));
		r = rp_plan_core(&still, o, &plan);
		if (r == 0)
			plan->problem = p;
	} else if (r == 0) {
		r = rp_plan_make_steps(&v, plan);
	}
	rp_view_done(&v);
	rp_draft_done(&s.draft);
	if (r == 0)
		*ret = rp_steal(&plan);
	return r;
}
