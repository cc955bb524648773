/* SPDX-License-Identifier: MIT */
/*
 * Advice for a plan that cannot place everything: the reason, and remedies.
 *
 * The reason is a set of replicas that cannot be placed together. find_reason() starts with all
 * replicas and leaves requests out, first in large groups, then one by one, as long as the rest
 * still cannot be placed; then it lowers the replicas of each request that is left.
 * Invariants:
 * - A change is kept only when the answer is a sure "no", so the rest cannot be placed either.
 * - Replicas that run are never left out.
 * - When every question gets a sure answer the reason is minimal: without one replica of any of its
 *   requests the rest can be placed, because leaving out more never turns a "yes" into a "no".
 *   reason_proved says whether the reason itself has a proof.
 * Remedies change one thing of the problem, ask again and change it back (try_remedy()). DROP is
 * not asked about: it is the plan itself.
 *
 * Time: for the reason at most 2 R questions, and log2 of the replicas of each of its requests (R
 * requests). A question has a budget of TRY_WORK vectors, and all questions together look at no
 * more than ALL_WORK requests and GPUs.
 *
 * Source: our own; the last pass over single requests is known as a deletion filter.
 */
#include "base/num.h"
#include "plan/plan_internal.h"

#define TRY_WORK      4000 /* budget of one question, in vectors */
#define MAX_TRIES     300  /* questions for the reason, and again for the remedies */
#define MAX_MORE_GPUS 100000
#define MAX_NO_SPREAD 16 /* requests that are tried without spread rule, or smaller */
#define MAX_SHRINK    4	 /* sizes that are tried for one of them */
#define ALL_WORK      UINT64_C(10000000) /* requests and GPUs that all questions look at */

struct advice {
	struct rp_plan *plan;
	struct rp_place_problem p; /* the changed problem; its lists are copies */
	struct rp_place_request *requests;
	struct rp_place_gpu *gpus;
	uint32_t *running; /* per request: tenants */
	uint32_t tries;
	uint64_t work, each; /* work: requests and GPUs looked at so far; each: of one of them */
	bool (*stop)(void *userdata);
	void *userdata;
};

/* Ask whether the changed problem can be placed. When no question is left: neither yes nor sure. */
static int ask_feasible(struct advice *a, struct rp_plan_answer *ret)
{
	const uint64_t cost = ((uint64_t)a->p.n_requests + a->p.n_gpus + 1) * a->each;

	*ret = (struct rp_plan_answer){0};
	if (a->tries >= MAX_TRIES || a->work + cost > ALL_WORK ||
	    (a->stop && a->stop(a->userdata))) {
		a->tries = MAX_TRIES;
		return 0;
	}
	a->tries++;
	a->work += cost;
	return rp_plan_feasible(&a->p, TRY_WORK, ret);
}

/*
 * Leave out what does not run of n requests from first on, and keep it out when the rest still
 * cannot be placed.
 */
static int try_without(struct advice *a, uint32_t first, uint32_t n)
{
	RP_AUTO_FREE uint32_t *before = rp_new0(uint32_t, n);
	struct rp_plan_answer answer;
	bool changed = false;
	int r;

	if (!before)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		before[i] = a->requests[first + i].replicas;
		a->requests[first + i].replicas = a->running[first + i];
		changed = changed || before[i] != a->running[first + i];
	}
	if (!changed)
		return 0;
	r = ask_feasible(a, &answer);
	if (r < 0 || answer.yes || !answer.sure) {
		for (uint32_t i = 0; i < n; i++)
			a->requests[first + i].replicas = before[i];
	}
	return r;
}

/*
 * Lower the replicas of request q to the fewest that still cannot be placed with the rest.
 * Invariant: high is impossible; low is possible, or not known to be impossible.
 */
static int try_fewer(struct advice *a, uint32_t q)
{
	uint32_t low = a->running[q], high = a->requests[q].replicas;

	while (low + 1 < high) {
		uint32_t mid = low + (high - low) / 2;
		struct rp_plan_answer answer;
		int r;

		a->requests[q].replicas = mid;
		r = ask_feasible(a, &answer);
		if (r < 0)
			return r;
		if (!answer.yes && answer.sure)
			high = mid;
		else
			low = mid;
	}
	a->requests[q].replicas = high;
	return 0;
}

/* Ask about the reason itself with the full budget, and record what proves it. */
static int prove_reason(struct advice *a)
{
	struct rp_plan *plan = a->plan;
	struct rp_plan_answer answer;
	int r = rp_plan_feasible(&a->p, RP_PLAN_DEFAULT_WORK, &answer);

	if (r < 0)
		return r;
	plan->reason_proved = !answer.yes && answer.sure;
	plan->reason_proof = answer.proof;
	plan->reason_param = answer.param;
	plan->reason_ref = answer.ref;
	return 0;
}

/* Halve the size of the groups from all requests to one, then lower the replicas of each. */
static int find_reason(struct advice *a)
{
	const uint32_t n = a->p.n_requests;
	struct rp_plan *plan = a->plan;
	int r = 0;

	for (uint32_t size = n; size > 0 && r == 0; size = size > 1 ? (size + 1) / 2 : 0) {
		for (uint32_t i = 0; i < n && r == 0; i += size)
			r = try_without(a, i, size < n - i ? size : n - i);
	}
	plan->reason = rp_new0(struct rp_plan_unplaced, n);
	if (!plan->reason)
		return -ENOMEM;
	for (uint32_t q = 0; q < n && r == 0; q++) {
		if (a->requests[q].replicas == a->running[q])
			continue;
		r = try_fewer(a, q);
		plan->reason[plan->n_reason++] =
			(struct rp_plan_unplaced){q, a->requests[q].replicas};
	}
	return r == 0 ? prove_reason(a) : r;
}

/* Return the largest partition of any mode that has fewer than below bytes, or 0. */
static uint64_t find_largest_part(const struct rp_place_problem *p, uint64_t below)
{
	uint64_t best = 0;

	for (uint32_t g = 0; g < p->n_gpus; g++) {
		const struct rp_place_menu *menu = &p->menus[p->gpus[g].menu];

		for (uint32_t m = 0; m < menu->n_modes; m++) {
			for (uint32_t i = 0; i < menu->modes[m].n_parts; i++) {
				uint64_t bytes = menu->modes[m].parts[i].usable_bytes;

				if (bytes > best && bytes < below)
					best = bytes;
			}
		}
	}
	return best;
}

static void add_remedy(struct rp_plan *plan, enum rp_remedy_kind kind, uint64_t n, uint64_t bytes,
		       uint64_t gpus_used)
{
	plan->remedies[plan->n_remedies++] = (struct rp_plan_remedy){kind, n, bytes, gpus_used};
}

/* Ask about the problem as it was changed, and record the remedy when the answer is yes. */
static int try_remedy(struct advice *a, enum rp_remedy_kind kind, uint64_t n, uint64_t bytes,
		      bool *ret_yes)
{
	struct rp_plan_answer answer;
	int r = ask_feasible(a, &answer);

	*ret_yes = answer.yes;
	if (r == 0 && answer.yes)
		add_remedy(a->plan, kind, n, bytes, answer.used);
	return r;
}

/* Try the two permissions that the problem withholds: moving tenants, unvalidated modes. */
static int try_switches(struct advice *a)
{
	const struct rp_place_problem *p = a->plan->problem;
	bool yes;
	int r = 0;

	if (p->n_tenants > 0 && !p->allow_moves) {
		a->p.allow_moves = true;
		r = try_remedy(a, RP_REMEDY_MOVES, 0, 0, &yes);
		a->p.allow_moves = a->plan->moves_allowed;
	}
	if (r == 0 && !p->allow_unvalidated) {
		a->p.allow_unvalidated = true;
		r = try_remedy(a, RP_REMEDY_UNVALIDATED, 0, 0, &yes);
		a->p.allow_unvalidated = false;
	}
	return r;
}

/* Try each GPU with a flag without it, one GPU at a time. */
static int try_flag(struct advice *a, enum rp_place_gpu_flags flag, enum rp_remedy_kind kind)
{
	int r = 0;

	for (uint32_t g = 0; g < a->p.n_gpus && r == 0; g++) {
		bool yes;

		if (!(a->gpus[g].flags & (uint32_t)flag))
			continue;
		a->gpus[g].flags &= ~(uint32_t)flag;
		r = try_remedy(a, kind, g, 0, &yes);
		a->gpus[g].flags |= (uint32_t)flag;
	}
	return r;
}

/* Try each request of the reason without its spread rule, one request at a time. */
static int try_no_spread(struct advice *a)
{
	int r = 0;

	for (uint32_t i = 0; i < a->plan->n_reason && i < MAX_NO_SPREAD && r == 0; i++) {
		uint32_t q = a->plan->reason[i].request;
		bool yes;

		if (a->requests[q].spread == RP_PLACE_SPREAD_NONE)
			continue;
		a->requests[q].spread = RP_PLACE_SPREAD_NONE;
		r = try_remedy(a, RP_REMEDY_NO_SPREAD, q, 0, &yes);
		a->requests[q].spread = a->plan->problem->requests[q].spread;
	}
	return r;
}

/*
 * Try each request of the reason with the bytes of a smaller partition, the largest that is enough.
 * One that runs keeps its bytes: a smaller one would be another model.
 */
static int try_shrink(struct advice *a)
{
	const struct rp_place_problem *p = a->plan->problem;
	int r = 0;

	for (uint32_t i = 0; i < a->plan->n_reason && i < MAX_NO_SPREAD && r == 0; i++) {
		uint32_t q = a->plan->reason[i].request;
		uint64_t bytes = find_largest_part(p, p->requests[q].bytes);
		bool yes = a->running[q] > 0;

		for (int k = 0; k < MAX_SHRINK && bytes > 1 && !yes && r == 0; k++) {
			a->requests[q].bytes = bytes;
			r = try_remedy(a, RP_REMEDY_SHRINK, q, bytes, &yes);
			bytes = find_largest_part(p, bytes);
		}
		a->requests[q].bytes = p->requests[q].bytes;
	}
	return r;
}

/* Ask with more GPUs of the menu of GPU 0, eight to a hive. */
static int ask_with_more(struct advice *a, uint64_t more, struct rp_plan_answer *ret)
{
	const uint32_t have = a->p.n_gpus;
	const size_t n = have + (size_t)more;
	struct rp_place_gpu *gpus = reallocarray(a->gpus, n, sizeof(*gpus));
	int r;

	if (!gpus)
		return -ENOMEM;
	a->gpus = gpus;
	for (uint32_t i = have; i < n; i++)
		gpus[i] = (struct rp_place_gpu){.name = "new",
						.menu = gpus[0].menu,
						.hive = UINT32_MAX - (i - have) / 8,
						.mode = RP_PLACE_NONE};
	a->p.gpus = gpus;
	a->p.n_gpus = (uint32_t)n;
	r = ask_feasible(a, ret);
	a->p.n_gpus = have;
	return r;
}

/*
 * Find how many more GPUs are enough. They are in hives of their own, so the bound of the machine
 * as it is does not limit them. Invariant: no answer was "yes" for low GPUs, and the answer was
 * "yes" for enough GPUs (0: for none so far). A hive for each replica is the most that helps. want
 * grows by what the bound lacks, or else in growing steps, until some number is enough; then it
 * halves the interval.
 */
static int try_more_gpus(struct advice *a)
{
	uint64_t low = 0, enough = 0, want = 1, step = 1, most = 0, used = 0;

	for (uint32_t q = 0; q < a->p.n_requests; q++)
		most += 8 * (uint64_t)a->requests[q].replicas;
	most = most < MAX_MORE_GPUS ? most : MAX_MORE_GPUS;
	while (a->p.n_gpus > 0 && want > low && want <= most) {
		struct rp_plan_answer answer;
		int r = ask_with_more(a, want, &answer);

		if (r < 0)
			return r;
		if (answer.yes) {
			enough = want;
			used = answer.used;
		} else if (answer.bound == UINT64_MAX || a->tries >= MAX_TRIES) {
			break; /* no number of GPUs is enough, or no question is left */
		} else {
			low = want;
		}
		if (enough)
			want = low + (enough - low) / 2;
		else if (answer.bound > answer.gpus)
			want += answer.bound - answer.gpus;
		else
			want += step++ + want / 64;
	}
	if (enough)
		add_remedy(a->plan, RP_REMEDY_ADD_GPUS, enough, 0, used);
	return 0;
}

static void restore_requests(struct advice *a)
{
	const struct rp_place_problem *p = a->plan->problem;

	if (p->n_requests)
		memcpy(a->requests, p->requests, p->n_requests * sizeof(*a->requests));
	a->tries = 0; /* remedies have questions of their own */
	a->work = 0;
}

/* Try the remedies from the cheapest for the operator to the dearest. */
static int find_remedies(struct advice *a)
{
	struct rp_plan *plan = a->plan;
	const struct rp_place_problem *p = plan->problem;
	int r;

	plan->remedies = calloc((size_t)p->n_requests * 2 + (size_t)p->n_gpus * 2 + 8,
				sizeof(*plan->remedies));
	if (!plan->remedies)
		return -ENOMEM;
	restore_requests(a);
	r = try_switches(a);
	if (r == 0)
		r = try_flag(a, RP_PLACE_CANNOT_SWITCH, RP_REMEDY_RELEASE_GPU);
	if (r == 0)
		r = try_flag(a, RP_PLACE_CORDONED, RP_REMEDY_UNCORDON);
	if (r == 0)
		r = try_no_spread(a);
	if (r == 0)
		r = try_shrink(a);
	if (r == 0)
		r = try_more_gpus(a);
	if (r == 0)
		add_remedy(plan, RP_REMEDY_DROP, 0, 0, 0);
	return r;
}

/* With sharing a question takes this many times the time. */
static uint64_t find_cost(const struct rp_place_problem *p)
{
	for (uint32_t q = 0; q < p->n_requests; q++) {
		if (rp_view_share(&p->requests[q]) > 1)
			return 512;
	}
	return 1;
}

int rp_plan_advise(struct rp_plan *plan, const struct rp_plan_options *o)
{
	const struct rp_place_problem *p = plan->problem;
	struct advice a = {.plan = plan,
			   .p = *p,
			   .each = find_cost(p),
			   .stop = o->stop,
			   .userdata = o->userdata};
	int r = 0;

	a.requests = rp_new0(struct rp_place_request, p->n_requests);
	a.gpus = rp_new0(struct rp_place_gpu, p->n_gpus);
	a.running = rp_new0(uint32_t, p->n_requests);
	if (!a.requests || !a.gpus || !a.running)
		r = -ENOMEM;
	if (r == 0) {
		if (p->n_gpus)
			memcpy(a.gpus, p->gpus, p->n_gpus * sizeof(*a.gpus));
		for (uint32_t t = 0; t < p->n_tenants; t++)
			a.running[p->tenants[t].request]++;
		a.p.requests = a.requests;
		a.p.gpus = a.gpus;
		restore_requests(&a);
		a.p.allow_moves = plan->moves_allowed;
		r = find_reason(&a);
	}
	if (r == 0)
		r = find_remedies(&a);
	free(a.requests);
	free(a.gpus);
	free(a.running);
	return r;
}
