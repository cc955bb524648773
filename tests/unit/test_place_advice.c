/* SPDX-License-Identifier: MIT */
/* Plans for what does not fit: the reason, with its proof, and what would help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "place_scene.h"

/* Wishes for both memory modes in one hive cannot be met. */
static void plan_conflicting_memory_wishes_are_infeasible(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 8, M_CPX4);
	s.p.allow_unvalidated = true;
	ask(&s, "local", 20 * GB, 1)->memory = "NPS4";
	ask(&s, "whole", 150 * GB, 1);
	ask(&s, "other", 20 * GB, 1);
	plan = solve(&s);
	assert_false(plan->feasible);
	assert_int_equal(plan->n_reason, 2);
	assert_int_equal(plan->reason[0].request, 0);
	assert_int_equal(plan->reason[1].request, 1);
	assert_true(plan->reason_proved);
}

/* Nine replicas apart on eight GPUs: the reason is that model, and dropping the rule helps. */
static void plan_infeasible_spread_names_the_rule(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	bool no_spread = false, add = false;

	(void)state;
	scene_init(&s, 8, M_CPX4);
	ask(&s, "other", 20 * GB, 4);
	ask(&s, "a", 20 * GB, 9)->spread = RP_PLACE_SPREAD_GPU;
	plan = solve(&s);
	assert_false(plan->feasible);
	assert_int_equal(plan->bound, 9);
	assert_int_equal(plan->n_reason, 1);
	assert_int_equal(plan->reason[0].request, 1);
	assert_int_equal(plan->reason[0].n, 9);
	for (uint32_t i = 0; i < plan->n_remedies; i++) {
		no_spread = no_spread || plan->remedies[i].kind == RP_REMEDY_NO_SPREAD;
		add = add ||
		      (plan->remedies[i].kind == RP_REMEDY_ADD_GPUS && plan->remedies[i].n == 1);
	}
	assert_true(no_spread);
	assert_true(add);
	assert_int_equal(plan->remedies[plan->n_remedies - 1].kind, RP_REMEDY_DROP);
	assert_int_equal(plan->n_places, 12);
}

static void plan_request_larger_than_every_partition_says_shrink(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 8, M_SPX1);
	ask(&s, "fits", 150 * GB, 2);
	ask(&s, "huge", 300 * GB, 1);
	plan = solve(&s);
	assert_false(plan->feasible);
	assert_int_equal(plan->bound, UINT64_MAX);
	assert_int_equal(plan->n_reason, 1);
	assert_int_equal(plan->reason[0].request, 1);
	assert_int_equal(plan->remedies[0].kind, RP_REMEDY_SHRINK);
	assert_int_equal(plan->remedies[0].bytes, usable(UINT64_C(206141652992)));
	assert_int_equal(plan->n_places, 2);
}

static void plan_cordon_is_respected_and_named_as_remedy(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 2, M_SPX1);
	s.gpus[1].flags = RP_PLACE_CORDONED;
	ask(&s, "a", 150 * GB, 2);
	plan = solve(&s);
	assert_false(plan->feasible);
	assert_int_equal(plan->n_places, 1);
	assert_int_equal(plan->places[0].gpu, 0);
	assert_int_equal(plan->remedies[0].kind, RP_REMEDY_UNCORDON);
	assert_int_equal(plan->remedies[0].n, 1);
}

static void plan_gpu_that_cannot_switch_keeps_its_mode(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 1, M_CPX4);
	s.gpus[0].flags = RP_PLACE_CANNOT_SWITCH;
	ask(&s, "whole", 150 * GB, 1);
	plan = solve(&s);
	assert_false(plan->feasible);
	assert_int_equal(plan->n_places, 0);
	assert_int_equal(plan->remedies[0].kind, RP_REMEDY_RELEASE_GPU);
}

static uint64_t more_gpus(const struct rp_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_remedies; i++) {
		if (plan->remedies[i].kind == RP_REMEDY_ADD_GPUS)
			return plan->remedies[i].n;
	}
	return 0;
}

/*
 * Large ones need NPS1, small ones CPX/NPS4: one hive of eight can be in one of them only. Of new
 * hives of eight one is for the three large ones, so eight and one more give 8 + 1 GPUs in CPX, for
 * 70 of 64 + 8 places. All in NPS1 it would be 73 GPUs.
 */
static void plan_more_gpus_come_in_hives_of_their_own(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 8, M_SPX1);
	ask(&s, "small", 20 * GB, 70);
	ask(&s, "large", 100 * GB, 3);
	plan = solve(&s);
	assert_false(plan->feasible);
	assert_int_equal(more_gpus(plan), 9);
}

/* In one hive impossible whatever the number of GPUs, so the machine has no bound; another hive is
 * enough: two GPUs, as the present ones take either kind. */
static void plan_conflicting_memory_wishes_are_met_by_another_hive(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 8, M_SPX1);
	ask(&s, "local", 20 * GB, 9)->memory = "NPS4";
	ask(&s, "whole", 150 * GB, 8);
	plan = solve(&s);
	assert_int_equal(plan->bound, UINT64_MAX);
	assert_int_equal(more_gpus(plan), 2);
}

/* The reason is proved by a bound, by trying all modes, or it is not said to be proved. */
static void plan_reason_says_how_it_is_proved(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 2, M_SPX1);
	ask(&s, "whole", 150 * GB, 3);
	plan = solve(&s);
	assert_true(plan->reason_proved);
	assert_int_equal(plan->reason_proof, RP_PROOF_CHAIN);
	plan = rp_plan_free(plan);

	/* Two GPUs are enough by number, but not for two apart beside one that takes a whole. */
	scene_init(&s, 2, M_SPX1);
	ask(&s, "whole", 150 * GB, 1);
	ask(&s, "pair", 20 * GB, 2)->spread = RP_PLACE_SPREAD_GPU;
	s.p.allow_unvalidated = true;
	plan = solve(&s);
	assert_false(plan->feasible);
	assert_true(plan->reason_proved);
	assert_int_equal(plan->reason_proof, RP_PROOF_EXHAUSTIVE);
	plan = rp_plan_free(plan);

	/* 20 of at most two to a partition: 16 of them fill a GPU. */
	scene_init(&s, 1, M_SPX1);
	ask(&s, "pairs", 10 * GB, 20)->share = 2;
	plan = solve(&s);
	assert_false(plan->feasible);
	assert_true(plan->reason_proved);
	assert_int_equal(plan->reason[0].n, 17);
	assert_int_equal(plan->reason_proof, RP_PROOF_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_conflicting_memory_wishes_are_infeasible),
		cmocka_unit_test(plan_infeasible_spread_names_the_rule),
		cmocka_unit_test(plan_request_larger_than_every_partition_says_shrink),
		cmocka_unit_test(plan_cordon_is_respected_and_named_as_remedy),
		cmocka_unit_test(plan_gpu_that_cannot_switch_keeps_its_mode),
		cmocka_unit_test(plan_more_gpus_come_in_hives_of_their_own),
		cmocka_unit_test(plan_conflicting_memory_wishes_are_met_by_another_hive),
		cmocka_unit_test(plan_reason_says_how_it_is_proved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
