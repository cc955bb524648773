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

/*
 * Three hives of eight GPUs, a replica of "apart" in each. The 21 whole GPUs leave just one GPU to
 * each hive, if they are not the first 21 GPUs.
 */
static void plan_many_gpus_apart_in_hives_beside_whole_gpus_fits(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 24, M_SPX1);
	s.p.allow_unvalidated = true;
	ask(&s, "apart", 20 * GB, 3)->spread = RP_PLACE_SPREAD_HIVE;
	ask(&s, "whole", 150 * GB, 21);
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_int_equal(plan->gpus_used, 24);
}

/* Two in each of five hives: no GPU is opened for "apart" in a hive that has its two. */
static void plan_many_gpus_two_in_each_hive_opens_no_more(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	struct rp_place_request *q;

	(void)state;
	scene_init(&s, 40, M_SPX1);
	s.p.allow_unvalidated = true;
	q = ask(&s, "apart", 150 * GB, 10);
	q->spread = RP_PLACE_SPREAD_HIVE;
	q->per_domain = 2;
	ask(&s, "small", 20 * GB, 30 * 8);
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_int_equal(plan->gpus_used, 40);
}

/*
 * NPS2 has two sizes, and a replica that must be apart may use the smaller slot of a GPU whose
 * large one is taken. 20 GPUs of two slots, a large replica on each, and 20 small ones apart.
 */
static void plan_many_gpus_apart_uses_the_smaller_slots(void **state)
{
	static struct rp_place_menu two = {.product = "two", .n_modes = 1};
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 20, 0);
	set_mode(&two.modes[0], "DPX", "NPS2", true, 2, 1, 110 * GB, 100 * GB, 8);
	s.p.menus = &two;
	ask(&s, "large", 105 * GB, 20);
	ask(&s, "apart", 90 * GB, 20)->spread = RP_PLACE_SPREAD_GPU;
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_true(plan->proved);
	assert_int_equal(plan->gpus_used, 20);
}

/* Ten kinds of GPU with seven modes each, and 40 priorities. */
static void plan_many_kinds_and_priorities_are_planned(void **state)
{
	static struct rp_place_menu kinds[10];
	static const char *const names[10] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 10, 0);
	for (uint32_t k = 0; k < 10; k++) {
		kinds[k] = (struct rp_place_menu){.product = names[k], .n_modes = 7};
		for (uint32_t m = 0; m < 7; m++)
			set_mode(&kinds[k].modes[m], names[m], "NPS1", true, m + 1, m + 1,
				 (200 + k) * GB / (m + 1), 0, 8);
		s.gpus[k].menu = k;
		s.gpus[k].hive = k;
	}
	s.p.menus = kinds;
	s.p.n_menus = 10;
	for (uint32_t q = 0; q < MAX_REQS; q++)
		ask(&s, "model", (5 + q) * GB, 1)->priority = (int32_t)q * 3;
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_true(plan->bound >= 5);
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
		cmocka_unit_test(plan_many_gpus_apart_in_hives_beside_whole_gpus_fits),
		cmocka_unit_test(plan_many_gpus_two_in_each_hive_opens_no_more),
		cmocka_unit_test(plan_many_gpus_apart_uses_the_smaller_slots),
		cmocka_unit_test(plan_many_kinds_and_priorities_are_planned),
		cmocka_unit_test(fill_random_is_the_best_of_all_sets),
		cmocka_unit_test(plan_many_gpus_spread_stays_near_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
