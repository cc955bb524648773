/* SPDX-License-Identifier: MIT */
/* The verifier accepts what the planner prints and refuses it once it says something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "place_changes.h"

/* Every partition of four GPUs is taken: no change can be harmless. */
static char *full_plan(void)
{
	struct scene s;

	scene_init(&s, 8, M_SPX1);
	s.p.allow_unvalidated = true;
	ask(&s, "whole", 150 * GB, 1);
	ask(&s, "half", 90 * GB, 2);
	ask(&s, "quarter", 40 * GB, 4);
	ask(&s, "eighth", 20 * GB, 8);
	return solve_to_text(&s.p);
}

static void verify_full_plan_is_accepted(void **state)
{
	RP_AUTO_FREE char *text = full_plan();
	RP_AUTO_JSON struct rp_json *json = parse(text);
	struct rocpart_error err = {0};

	(void)state;
	if (rp_plan_verify(json, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	assert_int_equal(rp_json_int_value(rp_json_get(json, "gpus_used")), 4);
	assert_int_equal(rp_json_int_value(rp_json_get(json, "bound")), 4);
	assert_true(rp_json_bool_value(rp_json_get(json, "proved")));
}

static void verify_changed_gpus_are_refused(void **state)
{
	RP_AUTO_FREE char *text = full_plan();

	(void)state;
	assert_true(refuse_all_changes(text, "gpus", NULL) > 4 * 8);
}

static void verify_changed_placements_are_refused(void **state)
{
	RP_AUTO_FREE char *text = full_plan();

	(void)state;
	assert_true(refuse_all_changes(text, "placements", NULL) > 15 * 6);
}

static void verify_changed_certificate_is_refused(void **state)
{
	RP_AUTO_FREE char *text = full_plan();

	(void)state;
	assert_true(refuse_all_changes(text, "certificate", NULL) > 30);
}

static void verify_changed_steps_are_refused(void **state)
{
	RP_AUTO_FREE char *text = full_plan();

	(void)state;
	assert_true(refuse_all_changes(text, "steps", NULL) > 15);
}

static void verify_changed_claims_are_refused(void **state)
{
	static const char *const keys[] = {"gpus_used", "bound",   "weight_placed", "weight_total",
					   "switches",	"reloads", "moves"};
	RP_AUTO_FREE char *text = full_plan();

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(keys); i++) {
		for (int64_t by = -1; by <= 1; by += 2) {
			RP_AUTO_JSON struct rp_json *json = parse(text);
			int64_t v = rp_json_int_value(rp_json_get(json, keys[i]));

			assert_int_equal(rp_json_set(json, keys[i], rp_json_int(v + by)), 0);
			if (rp_plan_verify(json, NULL) == 0)
				fail_msg("%s changed by %d was accepted", keys[i], (int)by);
		}
	}
}

static void verify_swapped_flags_are_refused(void **state)
{
	static const char *const keys[] = {"feasible"};
	RP_AUTO_FREE char *text = full_plan();

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(keys); i++) {
		RP_AUTO_JSON struct rp_json *json = parse(text);

		assert_int_equal(rp_json_set_bool(json, keys[i], false), 0);
		assert_int_not_equal(rp_plan_verify(json, NULL), 0);
	}
}

/* The same machine, but one model more is asked for than was planned. */
static void verify_larger_request_is_refused(void **state)
{
	RP_AUTO_FREE char *text = full_plan();
	RP_AUTO_JSON struct rp_json *json = parse(text);
	struct rp_json *q = rp_json_at(rp_json_get(json, "requests"), 3);

	(void)state;
	assert_int_equal(rp_json_set_u64(q, "replicas", 9), 0);
	assert_int_not_equal(rp_plan_verify(json, NULL), 0);
	assert_int_equal(rp_json_set_u64(q, "replicas", 8), 0);
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	assert_int_equal(rp_json_set_u64(q, "bytes", 30 * GB), 0);
	assert_int_not_equal(rp_plan_verify(json, NULL), 0);
}

/* A plan that wastes a GPU is possible, but not proved minimal. */
static void verify_wasteful_plan_is_not_proved(void **state)
{
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct rp_json *x;
	struct rocpart_error err = {0};

	(void)state;
	scene_init(&s, 2, M_CPX4);
	ask(&s, "a", 20 * GB, 2);
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_plan_verify(json, &err), 0);
	/* Move the second replica to the other GPU, which is in the same mode. */
	x = rp_json_at(rp_json_get(json, "placements"), 1);
	assert_int_equal(rp_json_set_u64(x, "index", 1), 0);
	assert_int_equal(rp_json_set_string(x, "gpu", "0000:15:00.0"), 0);
	x = rp_json_at(rp_json_get(json, "gpus"), 0);
	assert_int_equal(rp_json_set_u64(x, "partitions_used", 1), 0);
	x = rp_json_object();
	assert_int_equal(rp_json_set_u64(x, "index", 1), 0);
	assert_int_equal(rp_json_set_string(x, "gpu", "0000:15:00.0"), 0);
	assert_int_equal(rp_json_set_u64(x, "mode", M_CPX4), 0);
	assert_int_equal(rp_json_set_string(x, "compute_mode", "CPX"), 0);
	assert_int_equal(rp_json_set_string(x, "memory_mode", "NPS4"), 0);
	assert_int_equal(rp_json_set_bool(x, "switches", false), 0);
	assert_int_equal(rp_json_set_u64(x, "partitions", 8), 0);
	assert_int_equal(rp_json_set_u64(x, "partitions_used", 1), 0);
	assert_int_equal(rp_json_append(rp_json_get(json, "gpus"), x), 0);
	assert_int_equal(rp_json_set_u64(json, "gpus_used", 2), 0);
	assert_int_equal(rp_json_set_u64(json, "gpus_added", 2), 0);
	assert_int_equal(rp_plan_verify(json, &err), -EBADMSG);
	assert_string_equal(err.object, "proved");
	/* Neither does claiming that everything was tried help. */
	assert_int_equal(rp_json_set_string(rp_json_get(json, "certificate"), "kind", "exhaustive"),
			 0);
	assert_int_equal(rp_plan_verify(json, &err), -EBADMSG);
	assert_string_equal(err.object, "certificate");
	assert_int_equal(rp_json_set_string(rp_json_get(json, "certificate"), "kind", "chain"), 0);
	assert_int_equal(rp_json_set_bool(json, "proved", false), 0);
	assert_int_equal(rp_plan_verify(json, &err), 0);
}

/* The weights of what is placed must be the most: the lighter replica in its place is refused. */
static void verify_lighter_choice_is_refused(void **state)
{
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct rocpart_error err = {0};
	struct rp_json *p, *u;

	(void)state;
	scene_init(&s, 1, M_SPX1);
	ask(&s, "light", 150 * GB, 1)->weight = 2;
	ask(&s, "heavy", 150 * GB, 1)->weight = 3;
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_plan_verify(json, &err), 0);
	p = rp_json_at(rp_json_get(json, "placements"), 0);
	u = rp_json_at(rp_json_get(json, "unplaced"), 0);
	assert_string_equal(rp_json_text(rp_json_get(p, "name")), "heavy");
	assert_int_equal(rp_json_set_string(p, "name", "light"), 0);
	assert_int_equal(rp_json_set_u64(p, "request", 0), 0);
	assert_int_equal(rp_json_set_string(u, "name", "heavy"), 0);
	assert_int_equal(rp_json_set_u64(u, "request", 1), 0);
	assert_int_equal(rp_json_set_u64(json, "weight_placed", 2), 0);
	assert_int_equal(rp_plan_verify(json, &err), -EBADMSG);
	assert_string_equal(err.object, "certificate");
}

/* A switch before its tenant left, and a memory switch under somebody. */
static void verify_steps_in_wrong_order_are_refused(void **state)
{
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct rp_json *steps, *last;
	struct rocpart_error err = {0};

	(void)state;
	scene_init(&s, 2, M_CPX1);
	s.p.allow_moves = true;
	s.p.allow_unvalidated = true;
	ask(&s, "small", 20 * GB, 2);
	ask(&s, "large", 150 * GB, 1);
	s.tenants[0] = (struct rp_place_tenant){0, 0, 0, false};
	s.tenants[1] = (struct rp_place_tenant){0, 1, 3, false};
	s.p.n_tenants = 2;
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_plan_verify(json, &err), 0);
	assert_int_equal(rp_json_int_value(rp_json_get(json, "moves")), 1);
	/* drain, move, switch, place: exchange the names of move's and the switch's places */
	steps = rp_json_get(json, "steps");
	assert_int_equal(rp_json_len(steps), 4);
	last = rp_json_object();
	assert_int_equal(rp_json_set_string(last, "op", "move"), 0);
	assert_int_equal(rp_json_set(last, "placement",
				     rp_json_int(rp_json_int_value(
					     rp_json_get(rp_json_at(steps, 1), "placement")))),
			 0);
	assert_int_equal(rp_json_set_string(rp_json_at(steps, 1), "op", "drain"), 0);
	assert_int_equal(rp_json_set_u64(rp_json_at(steps, 1), "index", 0), 0);
	assert_int_equal(rp_json_set_string(rp_json_at(steps, 1), "gpu", "0000:05:00.0"), 0);
	assert_int_equal(rp_json_append(steps, last), 0);
	assert_int_equal(rp_plan_verify(json, &err), -EBADMSG);
	assert_string_equal(err.object, "steps");
}

/* Refused, and for the reason meant. */
static void refused_at(const struct rp_json *json, const char *object)
{
	struct rocpart_error err = {0};

	assert_int_equal(rp_plan_verify(json, &err), -EBADMSG);
	if (strcmp(err.object, object) != 0)
		fail_msg("refused at %s: %s", err.object, err.message);
}

static struct rp_json *entry(const struct rp_json *json, const char *list, size_t i)
{
	return rp_json_at(rp_json_get(json, list), i);
}

static void verify_two_exclusive_in_one_partition_are_refused(void **state)
{
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;

	(void)state;
	scene_init(&s, 1, M_CPX4);
	ask(&s, "tiny", 5 * GB, 2);
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_json_set_u64(entry(json, "placements", 0), "partition", 4), 0);
	assert_int_equal(rp_json_set_u64(entry(json, "placements", 1), "partition", 4), 0);
	assert_int_equal(rp_json_set_u64(entry(json, "gpus", 0), "partitions_used", 1), 0);
	refused_at(json, "placements");
}

static void verify_replicas_that_are_not_apart_are_refused(void **state)
{
	RP_AUTO_FREE char *text = full_plan();
	RP_AUTO_JSON struct rp_json *json = parse(text);

	(void)state;
	assert_int_equal(rp_json_set_string(entry(json, "requests", 3), "spread", "gpu"), 0);
	refused_at(json, "placements");
}

static void verify_forgotten_tenant_is_refused(void **state)
{
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;

	(void)state;
	scene_init(&s, 1, M_CPX4);
	ask(&s, "tiny", 5 * GB, 1);
	s.tenants[0] = (struct rp_place_tenant){0, 0, 3, true};
	s.p.n_tenants = 1;
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	assert_int_equal(rp_json_set_null(entry(json, "placements", 0), "was"), 0);
	refused_at(json, "placements");
}

/* Two hives may be in two memory modes, one hive may not. */
static void verify_two_memory_modes_in_a_hive_are_refused(void **state)
{
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;

	(void)state;
	scene_init(&s, 2, M_SPX1);
	s.gpus[1].hive = 1;
	ask(&s, "local", 20 * GB, 1)->memory = "NPS4";
	ask(&s, "whole", 150 * GB, 1);
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	assert_int_equal(
		rp_json_set_u64(rp_json_at(rp_json_get(rp_json_get(json, "machine"), "gpus"), 1),
				"hive", 0),
		0);
	refused_at(json, "gpus");
}

static void verify_memory_switch_under_a_tenant_is_refused(void **state)
{
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct rp_json *steps, *first, *second;
	int64_t placement;
	size_t stop = 0;

	(void)state;
	scene_init(&s, 1, M_CPX4);
	s.p.allow_moves = true;
	s.p.allow_unvalidated = true;
	ask(&s, "small", 20 * GB, 1);
	ask(&s, "half", 90 * GB, 1);
	s.tenants[0] = (struct rp_place_tenant){0, 0, 0, false};
	s.p.n_tenants = 1;
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	steps = rp_json_get(json, "steps");
	while (strcmp(rp_json_text(rp_json_get(rp_json_at(steps, stop), "op")), "stop") != 0)
		stop++;
	/* The two steps change places. */
	assert_string_equal(rp_json_text(rp_json_get(rp_json_at(steps, stop + 1), "op")),
			    "switch_memory");
	first = rp_json_at(steps, stop);
	second = rp_json_at(steps, stop + 1);
	placement = rp_json_int_value(rp_json_get(first, "placement"));
	assert_int_equal(rp_json_set_u64(first, "index", 0), 0);
	assert_int_equal(rp_json_set_string(first, "gpu", "0000:05:00.0"), 0);
	assert_int_equal(rp_json_set(first, "mode",
				     rp_json_int(rp_json_int_value(rp_json_get(second, "mode")))),
			 0);
	assert_int_equal(rp_json_set_string(first, "memory_mode", "NPS1"), 0);
	assert_int_equal(rp_json_set_string(first, "op", "switch_memory"), 0);
	assert_int_equal(rp_json_set(second, "placement", rp_json_int(placement)), 0);
	assert_int_equal(rp_json_set_string(second, "op", "stop"), 0);
	refused_at(json, "steps");
}

static void verify_step_left_out_is_refused(void **state)
{
	RP_AUTO_FREE char *text = full_plan();
	RP_AUTO_JSON struct rp_json *json = parse(text);
	struct rp_json *steps = rp_json_get(json, "steps");
	struct rp_json *last = rp_json_at(steps, rp_json_len(steps) - 1);

	(void)state;
	assert_string_equal(rp_json_text(rp_json_get(last, "op")), "place");
	assert_int_equal(rp_json_set_string(last, "op", "drain"), 0);
	assert_int_equal(rp_json_set_u64(last, "index", 0), 0);
	assert_int_equal(rp_json_set_string(last, "gpu", "0000:05:00.0"), 0);
	refused_at(json, "steps");
}

/* One GPU from the second row to the first, and all that follows from it. */
static void verify_rows_that_add_up_to_the_same_are_refused(void **state)
{
	RP_AUTO_FREE char *text = full_plan();
	RP_AUTO_JSON struct rp_json *json = parse(text);
	struct rp_json *cases = rp_json_get(rp_json_get(json, "certificate"), "cases"),
		       *rows = NULL;
	static const uint64_t slots[] = {0, 2, 2, 6}, gpus_before[] = {0, 2, 2, 3},
			      gpus[] = {2, 0, 1, 1};

	(void)state;
	for (size_t i = 0; i < rp_json_len(cases); i++) {
		if (strcmp(rp_json_text(rp_json_get(rp_json_at(cases, i), "memory_mode")),
			   "NPS1") == 0)
			rows = rp_json_get(rp_json_at(cases, i), "rows");
	}
	assert_int_equal(rp_json_len(rows), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(rp_json_set_u64(rp_json_at(rows, i), "slots_before", slots[i]), 0);
		assert_int_equal(
			rp_json_set_u64(rp_json_at(rows, i), "gpus_before", gpus_before[i]), 0);
		assert_int_equal(rp_json_set_u64(rp_json_at(rows, i), "gpus", gpus[i]), 0);
	}
	refused_at(json, "certificate");
}

/* One replica of 60 GB runs on a GPU of 204 GB and shares it with up to four: two more fit. */
static char *plan_beside_tenant(uint32_t replicas)
{
	struct scene s;
	struct rp_place_request *q;

	scene_init(&s, 1, M_SPX1);
	q = ask(&s, "chat", 60 * GB, replicas);
	q->share = 4;
	s.tenants[0] = (struct rp_place_tenant){0, 0, 0, true};
	s.p.n_tenants = 1;
	return solve_to_text(&s.p);
}

static void verify_shared_beside_a_tenant_has_a_bound(void **state)
{
	RP_AUTO_FREE char *text = plan_beside_tenant(3);
	RP_AUTO_JSON struct rp_json *json = parse(text);
	struct rp_json *c;

	(void)state;
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	assert_int_equal(rp_json_int_value(rp_json_get(json, "bound")), 1);
	assert_true(rp_json_bool_value(rp_json_get(json, "proved")));
	/* That the request fits nowhere, and no number of GPUs is enough, is refused. */
	c = rp_json_at(rp_json_get(rp_json_get(json, "certificate"), "cases"), 0);
	assert_int_equal(rp_json_set_bool(c, "possible", false), 0);
	assert_int_equal(rp_json_set_u64(c, "fits_nowhere", 0), 0);
	assert_int_equal(rp_json_set_null(json, "bound"), 0);
	assert_int_equal(rp_json_set_bool(json, "proved", false), 0);
	refused_at(json, "certificate");
}

static void verify_reason_beside_a_tenant_is_no_smaller(void **state)
{
	RP_AUTO_FREE char *text = plan_beside_tenant(5);
	RP_AUTO_JSON struct rp_json *json = parse(text);
	struct rp_json *reason = entry(json, "reason", 0);

	(void)state;
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	assert_int_equal(rp_json_type(rp_json_get(json, "bound")), RP_JSON_NULL);
	assert_int_equal(rp_json_int_value(rp_json_get(reason, "replicas")), 4);
	assert_int_equal(rp_json_set_u64(reason, "replicas", 3), 0);
	refused_at(json, "reason");
}

/* Weights whose sum is beyond 2^64 are no weights of the plan, wherever they stand. */
static void verify_weights_that_overflow_are_refused(void **state)
{
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;

	(void)state;
	scene_init(&s, 1, M_SPX1);
	ask(&s, "whole", 150 * GB, 5);
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	assert_int_equal(rp_json_set_u64(entry(json, "requests", 0), "weight", UINT64_C(1) << 62),
			 0);
	assert_int_equal(rp_json_set_u64(json, "weight_placed", UINT64_C(1) << 62), 0);
	refused_at(json, "unplaced"); /* 4 x 2^62 would be 0 */
}

static void verify_was_that_is_no_place_is_refused(void **state)
{
	RP_AUTO_FREE char *text = full_plan();
	RP_AUTO_JSON struct rp_json *json = parse(text);

	(void)state;
	assert_int_equal(rp_json_set_u64(entry(json, "placements", 0), "was", 7), 0);
	assert_int_equal(rp_plan_verify(json, NULL), -EINVAL);
}

/* Those that share a partition divide its bandwidth. */
static void verify_too_little_bandwidth_for_each_is_refused(void **state)
{
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct rp_place_request *q;
	struct rp_json *request;

	(void)state;
	scene_init(&s, 1, M_SPX1);
	q = ask(&s, "fast", 20 * GB, 2);
	q->share = 2;
	q->memory = "NPS1";
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	request = entry(json, "requests", 0);
	assert_int_equal(rp_json_set_u64(request, "min_bandwidth_mbs", 5300000 / 2), 0);
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	assert_int_equal(rp_json_set_u64(request, "min_bandwidth_mbs", 5300000 / 2 + 1), 0);
	refused_at(json, "placements");
}

/* A lease that shares and leaves 44 GB: a request of 50 GB does not join it. */
static void verify_more_than_a_holder_leaves_is_refused(void **state)
{
	static const struct rp_place_holder holder = {0, 0, 160 * GB, 4, "lease 2 other"};
	struct scene s;
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;

	(void)state;
	scene_init(&s, 1, M_SPX1);
	ask(&s, "chat", 40 * GB, 1)->share = 2;
	s.p.holders = &holder;
	s.p.n_holders = 1;
	text = solve_to_text(&s.p);
	json = parse(text);
	assert_int_equal(rp_plan_verify(json, NULL), 0);
	assert_int_equal(rp_json_int_value(rp_json_get(json, "bound")), 1);
	assert_int_equal(rp_json_int_value(rp_json_get(json, "gpus_added")), 0);
	assert_int_equal(rp_json_set_u64(entry(json, "requests", 0), "bytes", 50 * GB), 0);
	refused_at(json, "placements");
}

static void verify_what_is_no_plan_is_einval(void **state)
{
	static const char *const texts[] = {"{}", "[]", "null", "{\"schema_version\": 2}",
					    "{\"schema_version\": 1, \"machine\": {}}"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(texts); i++) {
		RP_AUTO_JSON struct rp_json *json = parse(texts[i]);

		assert_int_equal(rp_plan_verify(json, NULL), -EINVAL);
	}
	assert_int_equal(rp_plan_verify(NULL, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verify_full_plan_is_accepted),
		cmocka_unit_test(verify_changed_gpus_are_refused),
		cmocka_unit_test(verify_changed_placements_are_refused),
		cmocka_unit_test(verify_changed_certificate_is_refused),
		cmocka_unit_test(verify_changed_steps_are_refused),
		cmocka_unit_test(verify_changed_claims_are_refused),
		cmocka_unit_test(verify_swapped_flags_are_refused),
		cmocka_unit_test(verify_larger_request_is_refused),
		cmocka_unit_test(verify_wasteful_plan_is_not_proved),
		cmocka_unit_test(verify_lighter_choice_is_refused),
		cmocka_unit_test(verify_steps_in_wrong_order_are_refused),
		cmocka_unit_test(verify_two_exclusive_in_one_partition_are_refused),
		cmocka_unit_test(verify_replicas_that_are_not_apart_are_refused),
		cmocka_unit_test(verify_forgotten_tenant_is_refused),
		cmocka_unit_test(verify_two_memory_modes_in_a_hive_are_refused),
		cmocka_unit_test(verify_memory_switch_under_a_tenant_is_refused),
		cmocka_unit_test(verify_step_left_out_is_refused),
		cmocka_unit_test(verify_rows_that_add_up_to_the_same_are_refused),
		cmocka_unit_test(verify_shared_beside_a_tenant_has_a_bound),
		cmocka_unit_test(verify_reason_beside_a_tenant_is_no_smaller),
		cmocka_unit_test(verify_weights_that_overflow_are_refused),
		cmocka_unit_test(verify_was_that_is_no_place_is_refused),
		cmocka_unit_test(verify_too_little_bandwidth_for_each_is_refused),
		cmocka_unit_test(verify_more_than_a_holder_leaves_is_refused),
		cmocka_unit_test(verify_what_is_no_plan_is_einval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
