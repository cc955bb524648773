/* SPDX-License-Identifier: MIT */
/* Plans whose best is not searched for: shared partitions, and many GPUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "place_scene.h"
#include "plan/share_fill.h"

/* Three share a partition: 24 replicas of 7 GB in one GPU, no fewer. */
static void plan_shared_fills_partitions_to_the_limit(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 8, M_CPX4);
	ask(&s, "tiny", 7 * GB, 25)->share = 3;
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_int_equal(plan->gpus_used, 2);
	assert_int_equal(plan->bound, 2);
	assert_true(plan->proved);
}

static void plan_shared_random_is_between_bound_and_truth(void **state)
{
	uint64_t seed = 31;
	uint32_t proved = 0;

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct scene s;
		RP_AUTO_PLAN struct rp_plan *plan = NULL;

		scene_init(&s, 48, M_SPX1);
		s.p.allow_unvalidated = true;
		for (uint32_t k = 0; k < 20; k++) {
			struct rp_place_request *q =
				ask(&s, "model", (1 + below(&seed, 90)) * GB, 1 + below(&seed, 3));

			q->share = 1 + below(&seed, 4);
			if (below(&seed, 3) == 0)
				q->spread = RP_PLACE_SPREAD_GPU;
		}
		plan = solve(&s); /* verified in there */
		assert_true(plan->feasible);
		assert_true(plan->bound <= plan->gpus_used);
		/* The gap: the heuristics are never a third above the bound here. */
		assert_true(plan->gpus_used * 3 <= plan->bound * 4 + 3);
		proved += plan->proved;
	}
	assert_true(proved > 0);
}

static void plan_many_gpus_meets_the_bound(void **state)
{
	uint64_t seed = 17;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct scene s;
		RP_AUTO_PLAN struct rp_plan *plan = NULL;

		scene_init(&s, MAX_GPUS, below(&seed, N_MI300X_MODES));
		s.p.allow_unvalidated = true;
		for (uint32_t k = 0; k < 20; k++) {
			uint32_t size = below(&seed, 4);

			ask(&s, "model", ((23U << size) - 1 - below(&seed, 3)) * GB,
			    1 + below(&seed, 4));
		}
		plan = solve(&s);
		assert_true(plan->proved);
		assert_int_equal(plan->gpus_used, plan->bound);
	}
}

/*
 * Spread on more GPUs than can be searched: sizes alone give a weak bound there (a GPU that is full
 * is no place for one more replica), so a gap is said; the plan must hold, and not be far off.
 */
static void plan_many_gpus_spread_stays_near_the_bound(void **state)
{
	uint64_t seed = 18;

	(void)state;
	for (int i = 0; i < 30; i++) {
		struct scene s;
		RP_AUTO_PLAN struct rp_plan *plan = NULL;

		scene_init(&s, MAX_GPUS, M_SPX1);
		s.p.allow_unvalidated = true;
		for (uint32_t k = 0; k < 12; k++)
			ask(&s, "model", ((23U << below(&seed, 4)) - 1) * GB, 1 + below(&seed, 9))
				->spread = RP_PLACE_SPREAD_GPU;
		plan = solve(&s);
		if (!plan->feasible)
			continue;
		assert_in_range(plan->gpus_used, plan->bound, plan->bound * 3 / 2);
	}
}

/* The least that stays free, by every subset. */
static uint64_t least_free(const struct rp_fill *f)
{
	uint64_t best = f->free_bytes;

	for (uint32_t set = 1; set < 1U << f->n; set++) {
		uint32_t n = f->n_in + (uint32_t)__builtin_popcount(set), limit = f->limit;
		uint64_t sum = 0;

		for (uint32_t i = 0; i < f->n; i++) {
			if (!(set & (1U << i)))
				continue;
			sum += f->requests[i].bytes;
			if (f->requests[i].share < limit)
				limit = f->requests[i].share;
		}
		if (n <= limit && sum <= f->free_bytes && f->free_bytes - sum < best)
			best = f->free_bytes - sum;
	}
	return best;
}

static void fill_random_is_the_best_of_all_sets(void **state)
{
	uint64_t seed = 19;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct rp_place_request q[10] = {{0}};
		uint32_t order[10], left[10];
		struct rp_fill f = {.requests = q,
				    .order = order,
				    .left = left,
				    .n = 1 + below(&seed, 10),
				    .max_looks = UINT32_MAX,
				    .n_in = below(&seed, 2),
				    .limit = 1 + below(&seed, 6),
				    .free_bytes = 1 + below(&seed, 300)};
		uint64_t sum = 0;

		for (uint32_t i = 0; i < f.n; i++) { /* falling */
			q[i].bytes = (f.n - i) * 12 + below(&seed, 12);
			q[i].share = 1 + below(&seed, 5);
			order[i] = i;
			left[i] = 1;
		}
		(void)rp_share_fill(&f);
		for (uint32_t i = 0; i < f.n_chosen; i++)
			sum += q[f.chosen[i]].bytes;
		assert_int_equal(f.free_bytes - sum, least_free(&f));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_shared_fills_partitions_to_the_limit),
		cmocka_unit_test(plan_shared_random_is_between_bound_and_truth),
		cmocka_unit_test(plan_many_gpus_meets_the_bound),
		cmocka_unit_test(fill_random_is_the_best_of_all_sets),
		cmocka_unit_test(plan_many_gpus_spread_stays_near_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
