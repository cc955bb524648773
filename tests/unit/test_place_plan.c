/* SPDX-License-Identifier: MIT */
/* The planner on machines of the catalogue: known answers, moves, bad input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "place_scene.h"

/*
 * Placement study 2.1 by hand: 3 whole, 3 halves, 5 quarters, 10 eighths: SPX 3; DPX ceil(3/2) = 2,
 * one slot left; QPX ceil((5 - 1)/4) = 1; CPX ceil(10/8) = 2 (1 + 2 + 1 slots lie above). Eight
 * GPUs in other modes do as well: 4 SPX, 1 DPX, 2 QPX, 1 CPX have 14 slots for the 11 larger ones
 * and 22 for all. With 5 SPX the other three would need 16 slots, 6 of them no eighths: impossible.
 */
static void plan_chain_by_hand_needs_eight_gpus(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 8, M_SPX1);
	s.p.allow_unvalidated = true;
	ask(&s, "whole", 150 * GB, 3);
	ask(&s, "half", 90 * GB, 3);
	ask(&s, "quarter", 40 * GB, 5);
	ask(&s, "eighth", 20 * GB, 10);
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_true(plan->proved);
	assert_int_equal(plan->gpus_used, 8);
	assert_int_equal(plan->bound, 8);
	assert_int_equal(plan->proof, RP_PROOF_CHAIN);
	assert_int_equal(plan->n_reloads, 0);
	assert_int_equal(plan->n_switches, 4);
}

/* Only validated modes unless asked otherwise: two small models on SPX/NPS1 cannot share a GPU in
 * NPS1, so the hive goes to CPX/NPS4, or stays where two whole GPUs are enough... and one is. */
static void plan_uses_validated_modes_only(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 8, M_SPX1);
	ask(&s, "small", 20 * GB, 8);
	plan = solve(&s);
	assert_int_equal(plan->gpus_used, 1);
	assert_int_equal(plan->gpus[0].mode, M_CPX4);
	assert_int_equal(plan->n_reloads, 1);
	for (uint32_t i = 0; i < plan->n_gpus; i++)
		assert_true(menu.modes[plan->gpus[i].mode].validated);
}

/* A large model keeps the whole hive in NPS1: SPX exists nowhere else. */
static void plan_memory_mode_is_one_for_the_hive(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 8, M_CPX4);
	s.p.allow_unvalidated = true;
	ask(&s, "whole", 150 * GB, 1);
	ask(&s, "small", 20 * GB, 8);
	plan = solve(&s);
	assert_int_equal(plan->gpus_used, 2);
	assert_int_equal(plan->n_reloads, 1);
	for (uint32_t i = 0; i < plan->n_gpus; i++)
		assert_string_equal(menu.modes[plan->gpus[i].mode].memory, "NPS1");
}

static void plan_spread_puts_replicas_on_different_gpus(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	uint32_t seen = 0;

	(void)state;
	scene_init(&s, 8, M_CPX4);
	ask(&s, "a", 20 * GB, 3)->spread = RP_PLACE_SPREAD_GPU;
	ask(&s, "b", 20 * GB, 2)->spread = RP_PLACE_SPREAD_GPU;
	plan = solve(&s);
	assert_int_equal(plan->gpus_used, 3);
	assert_int_equal(plan->bound, 3);
	assert_int_equal(plan->n_switches, 0);
	for (uint32_t i = 0; i < plan->n_places; i++) {
		if (plan->places[i].request == 0)
			seen |= 1U << plan->places[i].gpu;
	}
	assert_int_equal(__builtin_popcount(seen), 3);
}

/* Higher priority first, whatever the weights; then the most weight. */
static void plan_priority_goes_before_weight(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	struct rp_place_request *q;

	(void)state;
	scene_init(&s, 1, M_SPX1);
	ask(&s, "heavy", 150 * GB, 1)->weight = 1000;
	q = ask(&s, "first", 150 * GB, 1);
	q->priority = 5;
	plan = solve(&s);
	assert_int_equal(plan->n_places, 1);
	assert_int_equal(plan->places[0].request, 1);
	assert_true(plan->proved);
}

/* A tenant that would have to go somewhere that is not there yet is stopped and placed again. */
static void plan_circle_of_moves_stops_one_tenant(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	uint32_t stops = 0;

	(void)state;
	scene_init(&s, 1, M_SPX1);
	s.p.allow_unvalidated = true;
	s.p.allow_moves = true;
	ask(&s, "small", 20 * GB, 1);
	ask(&s, "half", 90 * GB, 1);
	s.tenants[0] = (struct rp_place_tenant){0, 0, 0, false};
	s.p.n_tenants = 1;
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_int_equal(plan->gpus[0].mode, M_DPX1);
	assert_int_equal(plan->n_moves, 1);
	for (uint32_t i = 0; i < plan->n_steps; i++)
		stops += plan->steps[i].op == RP_PLAN_STEP_STOP;
	assert_int_equal(stops, 1);
}

/* Somebody who can go elsewhere makes room for the one who cannot, across GPUs. */
static void plan_displaced_replica_changes_its_gpu(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 2, M_SPX1);
	s.gpus[1] = (struct rp_place_gpu){.name = "gpu", .mode = M_QPX4, .hive = 1, .occupied = 7};
	s.gpus[0].flags = s.gpus[1].flags = RP_PLACE_CANNOT_SWITCH;
	ask(&s, "anywhere", 40 * GB, 1)->weight = 10; /* first, to the smaller partition */
	s.requests[0].spread = RP_PLACE_SPREAD_GPU;
	ask(&s, "local", 40 * GB, 1)->memory = "NPS4";
	plan = solve(&s);
	assert_true(plan->feasible);
	for (uint32_t i = 0; i < plan->n_places; i++)
		assert_int_equal(plan->places[i].gpu, plan->places[i].request);
}

/* GPU 0 is needed whole: its tenant goes where another one must leave first. */
static void plan_moves_in_a_row_wait_for_each_other(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	uint32_t first = RP_PLACE_NONE;

	(void)state;
	scene_init(&s, 3, M_QPX1);
	s.p.allow_unvalidated = true;
	s.p.allow_moves = true;
	s.gpus[1].occupied = 0xe;
	s.gpus[2].mode = M_CPX1;
	s.gpus[2].occupied = 0x7f;
	ask(&s, "quarter", 40 * GB, 1);
	ask(&s, "eighth", 20 * GB, 1);
	ask(&s, "whole", 150 * GB, 1);
	s.tenants[0] = (struct rp_place_tenant){0, 0, 2, false};
	s.tenants[1] = (struct rp_place_tenant){1, 1, 0, false};
	s.p.n_tenants = 2;
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_int_equal(plan->n_moves, 2);
	for (uint32_t i = 0; i < plan->n_steps; i++) {
		assert_int_not_equal(plan->steps[i].op, RP_PLAN_STEP_STOP);
		if (plan->steps[i].op == RP_PLAN_STEP_MOVE && first == RP_PLACE_NONE)
			first = plan->places[plan->steps[i].place].request;
	}
	assert_int_equal(first, 1);
}

static void plan_tenants_stay_unless_moves_are_allowed(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *still = NULL;
	RP_AUTO_PLAN struct rp_plan *moving = NULL;

	(void)state;
	scene_init(&s, 2, M_CPX1);
	s.p.allow_unvalidated = true;
	ask(&s, "small", 20 * GB, 2);
	ask(&s, "whole", 150 * GB, 1);
	s.tenants[0] = (struct rp_place_tenant){0, 0, 0, false};
	s.tenants[1] = (struct rp_place_tenant){0, 1, 3, false};
	s.p.n_tenants = 2;
	still = solve(&s);
	assert_false(still->feasible);
	assert_int_equal(still->n_moves, 0);
	assert_int_equal(still->remedies[0].kind, RP_REMEDY_MOVES);
	s.p.allow_moves = true;
	moving = solve(&s);
	assert_true(moving->feasible);
	assert_int_equal(moving->n_moves, 1);
}

static void plan_sick_gpu_is_left_by_its_tenants(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 2, M_CPX4);
	s.p.allow_moves = true;
	s.gpus[0].flags = RP_PLACE_UNHEALTHY;
	ask(&s, "small", 20 * GB, 1);
	s.tenants[0] = (struct rp_place_tenant){0, 0, 2, false};
	s.p.n_tenants = 1;
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_int_equal(plan->places[0].gpu, 1);
	assert_int_equal(plan->n_moves, 1);
}

/* The uneven sizes of CPX/NPS4: six partitions are large enough, so seven replicas need two GPUs.
 */
static void plan_between_the_two_sizes_counts_large_partitions_only(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 4, M_CPX4);
	ask(&s, "edge", usable(UINT64_C(25761415168)) + 1, 7)->memory = "NPS4";
	ask(&s, "small", 20 * GB, 9);
	plan = solve(&s);
	assert_int_equal(plan->gpus_used, 2);
	assert_int_equal(plan->bound, 2);
	assert_true(plan->proved);
}

static void plan_mi300a_has_six_and_three_and_one(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 4, 0);
	mi300a_menu(&menu);
	ask(&s, "sixth", 20 * GB, 7);
	ask(&s, "third", 40 * GB, 2);
	plan = solve(&s);
	assert_int_equal(plan->gpus_used, 2); /* TPX holds two thirds and a sixth, CPX six */
	assert_true(plan->proved);
}

static void plan_min_xcds_and_bandwidth_choose_the_mode(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 2, M_SPX1);
	s.p.allow_unvalidated = true;
	ask(&s, "wide", 5 * GB, 2)->min_xcds = 4;
	ask(&s, "fast", 5 * GB, 1)->min_bandwidth_mbs = 5000000;
	plan = solve(&s);
	assert_int_equal(plan->gpus_used, 2);
	assert_int_equal(plan->gpus[0].mode + plan->gpus[1].mode, M_SPX1 + M_DPX1);
	assert_true(plan->proved);
}

static bool stop_now(void *userdata)
{
	++*(int *)userdata;
	return true;
}

static void plan_stopped_still_gives_a_valid_plan(void **state)
{
	struct scene s;
	struct rp_plan *plan = NULL;
	int asked = 0;
	const struct rp_plan_options o = {.max_work = 2};
	const struct rp_plan_options by_callback = {.stop = stop_now, .userdata = &asked};

	(void)state;
	scene_init(&s, 8, M_CPX4);
	s.p.allow_unvalidated = true;
	for (uint32_t k = 0; k < 8; k++)
		ask(&s, "model", (20 + 15 * k) * GB, 2)->spread = RP_PLACE_SPREAD_GPU;
	assert_int_equal(rp_plan_solve(&s.p, &o, &plan, NULL), 0);
	assert_true(plan->stopped);
	verify(plan);
	plan = rp_plan_free(plan);
	assert_int_equal(rp_plan_solve(&s.p, &by_callback, &plan, NULL), 0);
	verify(plan);
	plan = rp_plan_free(plan);
}

static void plan_nothing_asked_uses_nothing(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 8, M_CPX4);
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_true(plan->proved);
	assert_int_equal(plan->gpus_used, 0);
	assert_int_equal(plan->n_steps, 0);
}

static void plan_without_gpus_places_nothing(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 0, 0);
	ask(&s, "a", 20 * GB, 1);
	plan = solve(&s);
	assert_false(plan->feasible);
	assert_int_equal(plan->n_places, 0);
}

/* What runs must have what is asked for: a plan never counts a broken wish as met. */
static void plan_tenant_that_breaks_a_wish_is_einval(void **state)
{
	struct scene s;
	struct rp_plan *plan = NULL;
	struct rp_place_request *q;

	(void)state;
	scene_init(&s, 2, M_CPX4);
	q = ask(&s, "a", 10 * GB, 2);
	s.tenants[0] = (struct rp_place_tenant){0, 0, 0, true};
	s.tenants[1] = (struct rp_place_tenant){0, 0, 1, true};
	s.p.n_tenants = 2;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, NULL), 0);
	plan = rp_plan_free(plan);
	q->spread = RP_PLACE_SPREAD_GPU;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, NULL), -EINVAL);
	q->spread = RP_PLACE_SPREAD_HIVE;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, NULL), -EINVAL);
	q->spread = RP_PLACE_SPREAD_NONE;
	q->min_xcds = 2;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, NULL), -EINVAL);
	q->min_xcds = 1;
	q->memory = "NPS1";
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, NULL), -EINVAL);
	q->memory = "NPS4";
	q->min_bandwidth_mbs = 5300000 / 8 + 1;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, NULL), -EINVAL);
	q->min_bandwidth_mbs = 5300000 / 8;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, NULL), 0);
	plan = rp_plan_free(plan);
}

/* A shut GPU in an unknown mode takes its hive out of the plan, not the whole machine. */
static void plan_hive_without_a_mode_is_left_out(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 2, M_SPX1);
	s.gpus[1].hive = 1;
	s.gpus[1].mode = RP_PLACE_NONE;
	s.gpus[1].flags = RP_PLACE_UNHEALTHY;
	ask(&s, "whole", 150 * GB, 1);
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_true(plan->proved);
}

/* A hive has one memory mode: a machine that says otherwise is no machine to plan for. */
static void plan_hive_in_two_memory_modes_is_einval(void **state)
{
	struct scene s;
	struct rp_plan *plan = NULL;
	struct rocpart_error err = {0};

	(void)state;
	scene_init(&s, 2, M_SPX1);
	s.gpus[1].mode = M_CPX4;
	ask(&s, "a", 10 * GB, 1);
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EINVAL);
	assert_non_null(strstr(err.message, "different memory modes"));
}

/*
 * The tenant of an unhealthy GPU has nowhere to go, so the plan is made without moves: what it says
 * of its proof is about such plans, and its document is accepted.
 */
static void plan_without_a_way_to_move_is_about_plans_without_moves(void **state)
{
	struct scene s;
	RP_AUTO_PLAN struct rp_plan *plan = NULL;

	(void)state;
	scene_init(&s, 2, M_SPX1);
	s.p.allow_moves = true;
	s.gpus[1].flags = RP_PLACE_UNHEALTHY;
	ask(&s, "a", 150 * GB, 1);
	ask(&s, "b", 150 * GB, 1);
	s.tenants[0] = (struct rp_place_tenant){0, 1, 0, false};
	s.tenants[1] = (struct rp_place_tenant){1, 0, 0, true};
	s.p.n_tenants = 2;
	plan = solve(&s);
	assert_true(plan->feasible);
	assert_false(plan->moves_allowed);
	assert_true(plan->proved);
}

static void plan_bad_input_is_einval(void **state)
{
	struct rocpart_error err = {0};
	struct rp_plan *plan = NULL;
	struct scene s;

	(void)state;
	scene_init(&s, 1, M_CPX4);
	ask(&s, "zero bytes", 0, 1);
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EINVAL);
	assert_string_equal(err.object, "zero bytes");
	s.requests[0].bytes = UINT64_MAX;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EINVAL);
	s.requests[0].bytes = INT64_MAX;
	s.requests[0].replicas = 0;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EINVAL);
	s.requests[0].replicas = UINT32_MAX;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EOVERFLOW);
	s.requests[0].bytes = 1;
	s.requests[0].weight = UINT64_MAX;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EOVERFLOW);
	s.requests[0] = (struct rp_place_request){.name = "a", .bytes = 1, .replicas = 1};
	s.gpus[0].mode = 77;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EINVAL);
	s.gpus[0].mode = M_CPX4;
	s.gpus[0].occupied = 1U << 8;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EINVAL);
	s.gpus[0].occupied = 1;
	s.tenants[0] = (struct rp_place_tenant){0, 0, 0, false};
	s.p.n_tenants = 1;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EINVAL);
	/* Tenants that hold more than their partition has. */
	s.gpus[0].occupied = 0;
	s.requests[0] =
		(struct rp_place_request){.name = "a", .bytes = 15 * GB, .replicas = 2, .share = 2};
	s.tenants[1] = s.tenants[0];
	s.p.n_tenants = 2;
	assert_int_equal(rp_plan_solve(&s.p, NULL, &plan, &err), -EINVAL);
	assert_null(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_chain_by_hand_needs_eight_gpus),
		cmocka_unit_test(plan_uses_validated_modes_only),
		cmocka_unit_test(plan_memory_mode_is_one_for_the_hive),
		cmocka_unit_test(plan_spread_puts_replicas_on_different_gpus),
		cmocka_unit_test(plan_priority_goes_before_weight),
		cmocka_unit_test(plan_circle_of_moves_stops_one_tenant),
		cmocka_unit_test(plan_displaced_replica_changes_its_gpu),
		cmocka_unit_test(plan_moves_in_a_row_wait_for_each_other),
		cmocka_unit_test(plan_tenants_stay_unless_moves_are_allowed),
		cmocka_unit_test(plan_sick_gpu_is_left_by_its_tenants),
		cmocka_unit_test(plan_between_the_two_sizes_counts_large_partitions_only),
		cmocka_unit_test(plan_mi300a_has_six_and_three_and_one),
		cmocka_unit_test(plan_min_xcds_and_bandwidth_choose_the_mode),
		cmocka_unit_test(plan_stopped_still_gives_a_valid_plan),
		cmocka_unit_test(plan_nothing_asked_uses_nothing),
		cmocka_unit_test(plan_without_gpus_places_nothing),
		cmocka_unit_test(plan_tenant_that_breaks_a_wish_is_einval),
		cmocka_unit_test(plan_hive_without_a_mode_is_left_out),
		cmocka_unit_test(plan_hive_in_two_memory_modes_is_einval),
		cmocka_unit_test(plan_without_a_way_to_move_is_about_plans_without_moves),
		cmocka_unit_test(plan_bad_input_is_einval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
