/* SPDX-License-Identifier: MIT */
/* Every kind of claim and of proof: as printed it holds, changed in any number it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "place_changes.h"

static const char *kind_of(const struct rp_json *json, const char *part)
{
	return rp_json_text(rp_json_get(rp_json_get(json, part), "kind"));
}

static void accept_plan(const struct rp_json *json)
{
	struct rocpart_error err = {0};

	if (rp_plan_verify(json, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
}

/* All that is claimed, beside the machine and the requests, which are given. */
static void refuse_changes_of_claims(const char *text, const char *except)
{
	static const char *const parts[] = {"gpus",   "placements",   "certificate", "unplaced",
					    "reason", "reason_proof", "steps"};

	for (size_t i = 0; i < RP_ARRAY_LEN(parts); i++)
		(void)refuse_all_changes(text, parts[i], except);
}

static void refuse_changes_of_counts(const char *text)
{
	static const char *const keys[] = {"gpus_used", "bound",   "weight_placed", "weight_total",
					   "switches",	"reloads", "moves"};

	for (size_t i = 0; i < RP_ARRAY_LEN(keys); i++) {
		for (int64_t by = -1; by <= 1; by += 2) {
			RP_AUTO_JSON struct rp_json *json = parse(text);
			const struct rp_json *old = rp_json_get(json, keys[i]);

			if (rp_json_type(old) == RP_JSON_NULL)
				continue; /* no number of GPUs is enough */
			assert_int_equal(rp_json_set(json, keys[i],
						     rp_json_int(rp_json_int_value(old) + by)),
					 0);
			if (rp_plan_verify(json, NULL) == 0)
				fail_msg("%s changed by %d was accepted", keys[i], (int)by);
		}
	}
}

/* Three whole GPUs on two: partitions alone say no. */
static void reason_by_partitions_is_checked(void **state)
{
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct scene s;

	(void)state;
	scene_init(&s, 2, M_CPX4);
	ask(&s, "whole", 150 * GB, 3);
	text = solve_to_text(&s.p);
	json = parse(text);
	accept_plan(json);
	assert_string_equal(kind_of(json, "reason_proof"), "chain");
	refuse_changes_of_claims(text, "replica"); /* any two of the three are placed */
	refuse_changes_of_counts(text);
}

/* Two apart beside one that takes a whole GPU of two. */
static void reason_by_trying_all_is_checked(void **state)
{
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct scene s;

	(void)state;
	scene_init(&s, 2, M_CPX4);
	s.p.allow_unvalidated = true;
	ask(&s, "whole", 150 * GB, 1)->weight = 9;
	ask(&s, "pair", 20 * GB, 2)->spread = RP_PLACE_SPREAD_GPU;
	text = solve_to_text(&s.p);
	json = parse(text);
	accept_plan(json);
	assert_string_equal(kind_of(json, "reason_proof"), "exhaustive");
	/* The replica of the pair may be in any of the eight partitions of its GPU, and either. */
	refuse_changes_of_claims(text, "partition replica");
	refuse_changes_of_counts(text);
	assert_int_equal(rp_json_set_null(json, "reason_proof"), 0);
	accept_plan(json); /* nothing is claimed then */
}

/* Of ten pairs of 10 GB eight fit: a partition has 24 GB and takes two. */
static void reason_by_counting_is_checked(void **state)
{
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct rp_json *proof, *reason;
	struct scene s;

	(void)state;
	scene_init(&s, 1, M_CPX4);
	ask(&s, "pairs", 10 * GB, 20)->share = 2;
	text = solve_to_text(&s.p);
	json = parse(text);
	accept_plan(json);
	assert_string_equal(kind_of(json, "reason_proof"), "count");
	refuse_all_changes(text, "reason", "replicas");
	reason = rp_json_at(rp_json_get(json, "reason"), 0);
	assert_int_equal(rp_json_int_value(rp_json_get(reason, "replicas")), 17);
	assert_int_equal(rp_json_set_u64(reason, "replicas", 16), 0);
	assert_int_equal(rp_plan_verify(json, NULL), -EBADMSG);
	assert_int_equal(rp_json_set_u64(reason, "replicas", 18), 0);
	accept_plan(json); /* 18 are too many as well: that none is too much is not claimed */
	proof = rp_json_get(json, "reason_proof");
	assert_int_equal(rp_json_set_u64(proof, "at_least_bytes", 10 * GB + 1), 0);
	assert_int_equal(rp_plan_verify(json, NULL), -EBADMSG);
	assert_int_equal(rp_json_set_u64(proof, "at_least_bytes", 1 * GB), 0);
	accept_plan(json); /* as many of two to a partition: it follows as well */
	assert_int_equal(rp_json_set_string(proof, "kind", "volume"), 0);
	assert_int_equal(rp_plan_verify(json, NULL), -EBADMSG); /* 200 of 206 GB */
}

/* A plan of shared partitions with its bound, of a kind. */
static void check_shared(uint64_t bytes, uint32_t share, uint32_t n, const char *kind,
			 uint32_t gpus)
{
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct scene s;

	scene_init(&s, 8, M_SPX1);
	ask(&s, "model", bytes, n)->share = share;
	text = solve_to_text(&s.p);
	json = parse(text);
	accept_plan(json);
	assert_string_equal(kind_of(json, "certificate"), kind);
	assert_int_equal(rp_json_int_value(rp_json_get(json, "bound")), gpus);
	/* Where there is room a replica may be elsewhere; a threshold may prove as much as another.
	 */
	refuse_all_changes(text, "certificate", "at_least_bytes reference_bytes");
	refuse_changes_of_counts(text);
}

/*
 * MI300X as one partition has 204 GB to fill, in CPX/NPS4 8 x 25.2 GB. 60 of 12 GB: two fit into
 * each of eight, seventeen into one of 204: 60 / 17 are 4 GPUs, as by bytes, 720 / 204. 48 of
 * 13 GB, one to a partition of 25 and 15 to a whole: 4 GPUs by count, 3.06 by bytes are 4 too; 45
 * of them: 3 by count, 2.9 by bytes. Of 110 GB each takes a GPU: 4 by count, 2.2 by bytes.
 */
static void shared_bounds_are_checked(void **state)
{
	(void)state;
	check_shared(12 * GB, 64, 60, "volume", 4);
	check_shared(110 * GB, 4, 4, "count", 4);
}

/* A tenant that has to go elsewhere and one that is new: moves and steps are claims too. */
static void moves_are_checked(void **state)
{
	RP_AUTO_FREE char *text = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct scene s;

	(void)state;
	scene_init(&s, 2, M_CPX4);
	s.p.allow_moves = true;
	s.p.allow_unvalidated = true;
	s.gpus[1].flags = RP_PLACE_UNHEALTHY;
	ask(&s, "a", 20 * GB, 8);
	s.tenants[0] = (struct rp_place_tenant){.request = 0, .gpu = 1, .part = 3};
	s.tenants[1] = (struct rp_place_tenant){.request = 0, .gpu = 0, .part = 3};
	s.p.n_tenants = 2;
	text = solve_to_text(&s.p);
	json = parse(text);
	accept_plan(json);
	assert_int_equal(rp_json_int_value(rp_json_get(json, "moves")), 1);
	refuse_changes_of_claims(text, "replica");
	refuse_changes_of_counts(text);
}

static struct rp_json *copy_of(const struct rp_json *j)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	assert_int_equal(rp_json_print(j, false, &text), 0);
	return parse(rp_strbuf_str(&text));
}

/*
 * Three GPUs of one hive, of which only the first has a mode in NPS4. Three replicas of 20 GB fit
 * into it, so three GPUs are not the fewest, although no plan in NPS4 uses two.
 */
static void fewest_is_refused_where_a_memory_mode_uses_fewer_gpus(void **state)
{
	static struct rp_place_menu menus[2];
	RP_AUTO_FREE char *wasteful = NULL, *good = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL, *other = NULL;
	struct rocpart_error err = {0};
	struct rp_json *cert, *cases;
	struct scene s;

	(void)state;
	scene_init(&s, 3, M_SPX1);
	mi300x_menu(&menus[0]);
	mi300x_menu(&menus[1]);
	menus[1].n_modes = 1;
	s.p.menus = menus;
	s.p.n_menus = 2;
	s.gpus[1].menu = s.gpus[2].menu = 1;
	ask(&s, "a", 20 * GB, 3);
	good = solve_to_text(&s.p);
	s.requests[0].memory = "NPS1";
	wasteful = solve_to_text(&s.p);
	json = parse(wasteful);
	other = parse(good);
	assert_int_equal(rp_json_int_value(rp_json_get(json, "gpus_used")), 3);
	assert_int_equal(rp_json_int_value(rp_json_get(other, "gpus_used")), 1);
	assert_int_equal(
		rp_json_set_null(rp_json_at(rp_json_get(json, "requests"), 0), "memory_mode"), 0);
	cert = rp_json_get(json, "certificate");
	assert_int_equal(rp_json_set_string(cert, "kind", "exhaustive"), 0);
	cases = copy_of(rp_json_get(rp_json_get(other, "certificate"), "cases"));
	assert_int_equal(rp_json_set(cert, "cases", cases), 0);
	assert_int_equal(rp_json_set_u64(json, "bound", 1), 0);
	assert_int_equal(rp_plan_verify(json, &err), -EBADMSG);
	assert_string_equal(err.message, "fewer GPUs are enough");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reason_by_partitions_is_checked),
		cmocka_unit_test(reason_by_trying_all_is_checked),
		cmocka_unit_test(reason_by_counting_is_checked),
		cmocka_unit_test(shared_bounds_are_checked),
		cmocka_unit_test(moves_are_checked),
		cmocka_unit_test(fewest_is_refused_where_a_memory_mode_uses_fewer_gpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
