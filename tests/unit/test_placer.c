/* SPDX-License-Identifier: MIT */
/* The online placer: its policy on machines small enough to see it, its books under random load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "place_machines.h"
#include "plan/placer.h"

#define GB UINT64_C(1000000000)

struct lab {
	struct rp_place_menu *menu;
	struct rp_place_gpu gpus[32];
	struct rp_placer_config config;
	struct rp_placer *e;
};

static void lab_init(struct lab *x, uint32_t n_gpus, uint32_t mode)
{
	*x = (struct lab){.menu = rp_new0(struct rp_place_menu, 1)};
	assert_non_null(x->menu);
	mi300x_menu(x->menu);
	for (uint32_t g = 0; g < n_gpus; g++)
		x->gpus[g] = (struct rp_place_gpu){.name = "gpu", .mode = mode, .hive = g / 8};
	x->config = (struct rp_placer_config){
		.menus = x->menu, .gpus = x->gpus, .n_menus = 1, .n_gpus = n_gpus};
}

static void lab_start(struct lab *x)
{
	struct rocpart_error err = {0};

	if (rp_placer_new(&x->config, &x->e, &err) < 0)
		fail_msg("%s", err.message);
}

static void lab_end(struct lab *x)
{
	x->e = rp_placer_free(x->e);
	free(x->menu);
}

static struct rp_placer_class class_of(const struct lab *x, uint64_t bytes)
{
	const struct rp_placer_want want = {.bytes = bytes};
	struct rp_placer_class c;

	assert_int_equal(rp_placer_resolve(x->e, &want, &c), 0);
	return c;
}

static struct rp_placer_placed place(struct lab *x, uint64_t bytes)
{
	struct rp_placer_class c = class_of(x, bytes);
	struct rp_placer_placed at = {0};

	assert_int_equal(rp_placer_place(x->e, &c, NULL, 0, &at), 0);
	return at;
}

static void check(const struct lab *x)
{
	struct rocpart_error err = {0};

	if (rp_placer_check(x->e, &err) < 0)
		fail_msg("%s", err.message);
}

/* GPU 0 and 1 in CPX: the second replica joins the first, not the empty one. */
static void place_same_size_goes_to_the_fullest_gpu(void **state)
{
	struct lab x;
	struct rp_placer_placed a, b;

	(void)state;
	lab_init(&x, 2, M_CPX4);
	lab_start(&x);
	a = place(&x, 20 * GB);
	b = place(&x, 20 * GB);
	assert_int_equal(a.gpu, b.gpu);
	assert_int_not_equal(a.part, b.part);
	check(&x);
	lab_end(&x);
}

/* GPU 0 SPX, GPU 1 CPX: a small model takes CPX, a large one SPX, whoever comes first. */
static void place_takes_the_smallest_mode_that_fits(void **state)
{
	struct lab x;

	(void)state;
	lab_init(&x, 2, M_SPX1);
	x.gpus[1].mode = M_CPX1;
	lab_start(&x);
	assert_int_equal(place(&x, 20 * GB).gpu, 1);
	assert_int_equal(place(&x, 150 * GB).gpu, 0);
	lab_end(&x);
}

/* Nothing is switched unless allowed: a small model then lies in a whole GPU. */
static void place_without_leave_never_switches(void **state)
{
	struct lab x;
	struct rp_placer_placed at;

	(void)state;
	lab_init(&x, 1, M_SPX1);
	lab_start(&x);
	at = place(&x, 20 * GB);
	assert_int_equal(at.mode, M_SPX1);
	assert_false(at.switched);
	lab_end(&x);
}

static void place_with_leave_switches_an_idle_gpu(void **state)
{
	struct lab x;
	struct rp_placer_placed at, more;

	(void)state;
	lab_init(&x, 2, M_SPX1);
	x.config.may_switch = true;
	x.config.allow_unvalidated = true;
	lab_start(&x);
	at = place(&x, 20 * GB);
	assert_true(at.switched);
	assert_int_equal(at.mode, M_CPX1);
	more = place(&x, 20 * GB);
	assert_false(more.switched);
	assert_int_equal(more.gpu, at.gpu);
	/* It keeps its mode when it falls idle, and is preferred for what fits that mode. */
	assert_int_equal(rp_placer_release(x.e, at.handle), 0);
	assert_int_equal(rp_placer_release(x.e, more.handle), 0);
	at = place(&x, 21 * GB);
	assert_false(at.switched);
	assert_int_equal(at.gpu, more.gpu);
	check(&x);
	lab_end(&x);
}

/* CPX/NPS1 is not validated (hardware-abi C.2): only where the user allows it. */
static void place_never_switches_to_an_unvalidated_mode(void **state)
{
	struct lab x;
	struct rp_placer_placed at;

	(void)state;
	lab_init(&x, 1, M_SPX1);
	x.config.may_switch = true;
	lab_start(&x);
	at = place(&x, 20 * GB);
	assert_false(at.switched);
	assert_int_equal(at.mode, M_SPX1);
	lab_end(&x);
	/* Nor where somebody else has put a GPU into it. */
	lab_init(&x, 2, M_SPX1);
	x.config.may_switch = true;
	x.gpus[0].mode = M_CPX1;
	x.gpus[0].occupied = 0xff;
	lab_start(&x);
	at = place(&x, 20 * GB);
	assert_false(at.switched);
	assert_int_equal(at.gpu, 1);
	assert_int_equal(at.mode, M_SPX1);
	lab_end(&x);
}

/* The memory mode belongs to the hive: no switch from SPX/NPS1 to CPX/NPS4. */
static void place_never_changes_the_memory_mode(void **state)
{
	const struct rp_placer_want want = {.bytes = 20 * GB, .memory = "NPS4"};
	struct rp_placer_class c;
	struct rp_placer_placed at;
	struct lab x;

	(void)state;
	lab_init(&x, 8, M_SPX1);
	x.config.may_switch = true;
	x.config.allow_unvalidated = true;
	lab_start(&x);
	assert_int_equal(rp_placer_resolve(x.e, &want, &c), 0);
	assert_int_equal(rp_placer_place(x.e, &c, NULL, 0, &at), -ENOSPC);
	lab_end(&x);
}

/* CPX/NPS4: six partitions of 25769803776 and two of 25761415168 bytes (hardware-abi C.3). */
static void place_between_the_two_sizes_takes_a_large_partition(void **state)
{
	uint64_t small = usable(UINT64_C(25761415168));
	struct lab x;
	struct rp_placer_class c;
	struct rp_placer_placed at;

	(void)state;
	lab_init(&x, 1, M_CPX4);
	lab_start(&x);
	assert_int_equal(place(&x, small).part, 6);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(place(&x, small + 1).part, i);
	c = class_of(&x, small + 1);
	assert_int_equal(rp_placer_place(x.e, &c, NULL, 0, &at), -ENOSPC);
	assert_int_equal(place(&x, small).part, 7);
	check(&x);
	lab_end(&x);
}

static void place_prefers_the_hive_with_the_fewest_idle_gpus(void **state)
{
	struct lab x;
	struct rp_placer_placed at;

	(void)state;
	lab_init(&x, 16, M_SPX1);
	lab_start(&x);
	at = place(&x, 150 * GB); /* one hive has seven idle GPUs now */
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(place(&x, 150 * GB).gpu / 8, at.gpu / 8);
	assert_int_not_equal(place(&x, 150 * GB).gpu / 8, at.gpu / 8);
	lab_end(&x);
}

static void place_avoids_gpus_of_the_same_model(void **state)
{
	struct lab x;
	struct rp_placer_class c;
	struct rp_placer_placed at;
	uint32_t used[2];

	(void)state;
	lab_init(&x, 2, M_CPX4);
	lab_start(&x);
	c = class_of(&x, 20 * GB);
	assert_int_equal(rp_placer_place(x.e, &c, used, 0, &at), 0);
	used[0] = at.gpu;
	assert_int_equal(rp_placer_place(x.e, &c, used, 1, &at), 0);
	assert_int_not_equal(at.gpu, used[0]);
	used[1] = at.gpu;
	assert_int_equal(rp_placer_place(x.e, &c, used, 2, &at), -ENOSPC);
	lab_end(&x);
}

static void place_gpus_takes_whole_gpus_of_one_hive(void **state)
{
	struct rp_placer_placed at[8];
	struct lab x;

	(void)state;
	lab_init(&x, 16, M_CPX1);
	x.config.may_switch = true;
	lab_start(&x);
	assert_int_equal(rp_placer_place_gpus(x.e, 5, 150 * GB, at), 0);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(at[i].gpu / 8, at[0].gpu / 8);
		assert_int_equal(at[i].mode, M_SPX1);
		assert_true(at[i].switched);
	}
	check(&x);
	assert_int_equal(rp_placer_place_gpus(x.e, 4, 150 * GB, at), 0);
	assert_int_equal(rp_placer_place_gpus(x.e, 5, 150 * GB, at), -ENOSPC);
	check(&x);
	lab_end(&x);
}

/* peers.md D1: what is given back is what was taken, whatever else happened. */
static void release_gives_back_exactly_what_was_taken(void **state)
{
	struct lab x;
	struct rp_placer_report before, after;
	struct rp_placer_placed at;

	(void)state;
	lab_init(&x, 2, M_CPX4);
	lab_start(&x);
	rp_placer_report(x.e, &before);
	for (int i = 0; i < 3; i++) {
		at = place(&x, 9 * GB);
		rp_placer_report(x.e, &after);
		assert_int_equal(after.requested_bytes, 9 * GB);
		assert_int_equal(rp_placer_release(x.e, at.handle), 0);
		rp_placer_report(x.e, &after);
		assert_int_equal(after.requested_bytes, before.requested_bytes);
		assert_int_equal(after.granted_bytes, 0);
	}
	lab_end(&x);
}

static void release_twice_is_estale(void **state)
{
	struct lab x;
	struct rp_placer_placed a, b;
	uint64_t bytes;

	(void)state;
	lab_init(&x, 1, M_CPX4);
	lab_start(&x);
	a = place(&x, 9 * GB);
	assert_int_equal(rp_placer_release(x.e, a.handle), 0);
	assert_int_equal(rp_placer_release(x.e, a.handle), -ESTALE);
	b = place(&x, 9 * GB); /* the same record again, another handle */
	assert_int_equal(rp_placer_release(x.e, a.handle), -ESTALE);
	assert_int_equal(rp_placer_get(x.e, b.handle, &a, &bytes), 0);
	assert_int_equal(bytes, 9 * GB);
	assert_int_equal(rp_placer_release(x.e, 0), -ESTALE);
	assert_int_equal(rp_placer_release(x.e, UINT64_MAX), -ESTALE);
	lab_end(&x);
}

static void place_at_taken_partition_is_ebusy(void **state)
{
	struct lab x;
	struct rp_placer_class c;
	struct rp_placer_placed at;

	(void)state;
	lab_init(&x, 2, M_CPX4);
	x.gpus[1].flags = RP_PLACE_CORDONED;
	x.gpus[0].occupied = 1U << 5;
	lab_start(&x);
	c = class_of(&x, 20 * GB);
	assert_int_equal(rp_placer_place_at(x.e, &c, 0, 3, &at), 0);
	assert_int_equal(at.part, 3);
	assert_int_equal(rp_placer_place_at(x.e, &c, 0, 3, &at), -EBUSY);
	assert_int_equal(rp_placer_place_at(x.e, &c, 0, 5, &at), -EBUSY);
	assert_int_equal(rp_placer_place_at(x.e, &c, 1, 0, &at), -EBUSY);
	assert_int_equal(rp_placer_place_at(x.e, &c, 0, 8, &at), -ENOENT);
	assert_int_equal(rp_placer_place_at(x.e, &c, 2, 0, &at), -ENOENT);
	c = class_of(&x, 90 * GB);
	assert_int_equal(rp_placer_place_at(x.e, &c, 0, 0, &at), -ENOSPC);
	check(&x);
	lab_end(&x);
}

static void place_on_cordoned_and_occupied_gpus_never_happens(void **state)
{
	struct lab x;
	struct rp_placer_class c;
	struct rp_placer_placed at;

	(void)state;
	lab_init(&x, 3, M_CPX4);
	x.gpus[0].flags = RP_PLACE_CORDONED;
	x.gpus[1].flags = RP_PLACE_UNHEALTHY;
	x.gpus[2].occupied = 0xfe;
	lab_start(&x);
	at = place(&x, 20 * GB);
	assert_int_equal(at.gpu, 2);
	assert_int_equal(at.part, 0);
	c = class_of(&x, 20 * GB);
	assert_int_equal(rp_placer_place(x.e, &c, NULL, 0, &at), -ENOSPC);
	/* The cordon is lifted. */
	assert_int_equal(rp_placer_set_gpu(x.e, 0, M_CPX4, 0), 0);
	assert_int_equal(place(&x, 20 * GB).gpu, 0);
	assert_int_equal(rp_placer_set_gpu(x.e, 0, M_QPX4, 0), -EBUSY);
	check(&x);
	lab_end(&x);
}

static void shared_partition_is_filled_up_to_its_limits(void **state)
{
	const struct rp_placer_want want = {.bytes = 7 * GB, .share = 2};
	const struct rp_placer_want three = {.bytes = 7 * GB, .share = 3};
	const struct rp_placer_want large = {.bytes = 17 * GB, .share = 2};
	struct rp_placer_class two_c, three_c, large_c;
	struct rp_placer_placed a, b, c;
	struct lab x;

	(void)state;
	lab_init(&x, 1, M_CPX4);
	x.config.max_shared = 8;
	x.config.max_instances = 64;
	lab_start(&x);
	assert_int_equal(rp_placer_resolve(x.e, &want, &two_c), 0);
	assert_int_equal(rp_placer_resolve(x.e, &three, &three_c), 0);
	assert_int_equal(rp_placer_resolve(x.e, &large, &large_c), 0);
	assert_int_equal(rp_placer_place(x.e, &three_c, NULL, 0, &a), 0);
	assert_int_equal(rp_placer_place(x.e, &two_c, NULL, 0, &b), 0);
	assert_int_equal(a.part, b.part);
	/* b accepts one other only, so a third goes elsewhere although there is room. */
	assert_int_equal(rp_placer_place(x.e, &three_c, NULL, 0, &c), 0);
	assert_int_not_equal(c.part, a.part);
	check(&x);
	/* An exclusive one joins nobody. */
	assert_int_not_equal(place(&x, 2 * GB).part, a.part);
	/* The room that one gives back is there for the next. */
	assert_int_equal(rp_placer_release(x.e, c.handle), 0);
	assert_int_equal(rp_placer_release(x.e, a.handle), 0);
	assert_int_equal(rp_placer_place(x.e, &large_c, NULL, 0, &a), 0);
	assert_int_equal(a.part, b.part);
	assert_int_equal(rp_placer_release(x.e, a.handle), 0);
	assert_int_equal(rp_placer_release(x.e, b.handle), 0);
	check(&x);
	lab_end(&x);
}

static void place_as(struct lab *x, uint64_t bytes, uint32_t share, struct rp_placer_placed *ret)
{
	const struct rp_placer_want want = {.bytes = bytes, .share = share};
	struct rp_placer_class c;

	assert_int_equal(rp_placer_resolve(x->e, &want, &c), 0);
	assert_int_equal(rp_placer_place(x->e, &c, NULL, 0, ret), 0);
}

/* The one that accepts only one other leaves: two more may come. */
static void shared_partition_accepts_more_when_the_strictest_leaves(void **state)
{
	struct rp_placer_placed a, b, c, d;
	struct lab x;

	(void)state;
	lab_init(&x, 1, M_SPX1);
	x.config.max_shared = 8;
	x.config.max_instances = 64;
	lab_start(&x);
	place_as(&x, 10 * GB, 4, &a);
	place_as(&x, 10 * GB, 2, &b);
	assert_int_equal(rp_placer_release(x.e, b.handle), 0);
	check(&x);
	place_as(&x, 10 * GB, 4, &b);
	place_as(&x, 10 * GB, 4, &c);
	place_as(&x, 10 * GB, 3 + 1, &d);
	assert_int_equal(d.part, a.part);
	check(&x);
	lab_end(&x);
}

/*
 * Of two partitions with room the first in the lists has as many as the new one accepts; the room
 * of the other is less than the unit of the lists.
 */
static void shared_partition_with_room_is_not_missed(void **state)
{
	struct rp_placer_placed at[3], small;
	struct lab x;

	(void)state;
	lab_init(&x, 2, M_SPX1);
	x.config.max_shared = 8;
	x.config.max_instances = 64;
	lab_start(&x);
	place_as(&x, 100 * GB, 4, &at[0]);
	place_as(&x, 50 * GB, 4, &at[1]);
	assert_int_equal(at[0].gpu, at[1].gpu);
	place_as(&x, usable(UINT64_C(206141652992)) - 1000, 4, &at[2]);
	assert_int_not_equal(at[2].gpu, at[0].gpu);
	place_as(&x, 1000, 2, &small);
	assert_int_equal(small.gpu, at[2].gpu);
	check(&x);
	lab_end(&x);
}

/*
 * Bytes alone decide, and bytes in NPS4 alone: one GPU in NPS4 has both, so the bound is 1, and not
 * one for each memory mode.
 */
static void bound_holds_for_a_mixture_of_memory_modes(void **state)
{
	struct rp_placer_want want = {.bytes = 20 * GB, .memory = "NPS4"};
	struct rp_placer_report report;
	struct rp_placer_class c;
	struct rp_placer_placed at;
	struct lab x;

	(void)state;
	lab_init(&x, 1, M_CPX4);
	x.config.allow_unvalidated = true;
	lab_start(&x);
	(void)place(&x, UINT64_C(25225000000)); /* CPX in NPS1 is the smallest that holds it */
	assert_int_equal(rp_placer_resolve(x.e, &want, &c), 0);
	assert_int_equal(rp_placer_place(x.e, &c, NULL, 0, &at), 0);
	rp_placer_report(x.e, &report);
	assert_int_equal(report.gpus_in_use, 1);
	assert_int_equal(report.bound, 1);
	lab_end(&x);
}

static void refusal_says_what_would_help(void **state)
{
	struct rp_placer_refusal why;
	struct rp_placer_class c;
	struct rp_placer_placed at;
	struct lab x;

	(void)state;
	lab_init(&x, 5, M_CPX1);
	x.config.allow_unvalidated = true;
	lab_start(&x);
	for (uint32_t g = 0; g < 4; g++) {
		c = class_of(&x, 20 * GB);
		for (uint32_t i = 0; i < (g == 0 ? 5 : 8); i++)
			assert_int_equal(rp_placer_place_at(x.e, &c, g, i, &at), 0);
	}
	c = class_of(&x, 90 * GB);
	assert_int_equal(rp_placer_place(x.e, &c, NULL, 0, &at), -ENOSPC);
	rp_placer_explain(x.e, &c, &why);
	assert_int_equal(why.kind, RP_REFUSED_NO_SLOT);
	assert_int_equal(why.needs_bytes, usable(UINT64_C(103070826496)));
	assert_int_equal(why.free_bytes, usable(UINT64_C(25767706624)));
	assert_int_equal(why.n_free, 3 + 8);
	assert_int_equal(why.switch_gpu, 4); /* idle */
	assert_int_equal(why.switch_mode, M_DPX1);
	lab_end(&x);
}

/* Two GPUs in use, one of them with one replica that fits on the other. */
static void refusal_names_the_gpu_that_one_move_would_free(void **state)
{
	struct rp_placer_refusal why;
	struct rp_placer_class c;
	struct rp_placer_placed at;
	struct lab x;

	(void)state;
	lab_init(&x, 2, M_CPX1);
	x.config.allow_unvalidated = true;
	lab_start(&x);
	c = class_of(&x, 20 * GB);
	assert_int_equal(rp_placer_place_at(x.e, &c, 0, 0, &at), 0);
	assert_int_equal(rp_placer_place_at(x.e, &c, 0, 1, &at), 0);
	assert_int_equal(rp_placer_place_at(x.e, &c, 1, 7, &at), 0);
	c = class_of(&x, 150 * GB);
	rp_placer_explain(x.e, &c, &why);
	assert_int_equal(why.switch_gpu, RP_PLACE_NONE);
	assert_int_equal(why.empty_gpu, 1);
	lab_end(&x);
}

static void resolve_larger_than_every_partition_is_efbig(void **state)
{
	const struct rp_placer_want want = {.bytes = 300 * GB};
	struct rp_placer_refusal why;
	struct rp_placer_class c;
	struct lab x;

	(void)state;
	lab_init(&x, 1, M_CPX4);
	lab_start(&x);
	assert_int_equal(rp_placer_resolve(x.e, &want, &c), -EFBIG);
	rp_placer_explain(x.e, &c, &why);
	assert_int_equal(why.kind, RP_REFUSED_TOO_LARGE);
	assert_int_equal(why.needs_bytes, 0);
	lab_end(&x);
}

/* The placer keeps 48 bits of a size. */
static void placer_partition_of_256_tib_is_e2big(void **state)
{
	struct lab x;

	(void)state;
	lab_init(&x, 1, M_CPX4);
	x.menu->modes[M_SPX1].parts[0].usable_bytes = UINT64_C(1) << 48;
	assert_int_equal(rp_placer_new(&x.config, &x.e, NULL), -E2BIG);
	x.menu->modes[M_SPX1].parts[0].usable_bytes--;
	assert_int_equal(rp_placer_new(&x.config, &x.e, NULL), 0);
	lab_end(&x);
}

/* Four replicas of 20 GB on two GPUs in CPX where one would do: 200 %. */
static void report_compaction_counts_gpus_over_the_bound(void **state)
{
	struct rp_placer_report r;
	struct rp_placer_class c;
	struct rp_placer_placed at;
	struct lab x;

	(void)state;
	lab_init(&x, 3, M_CPX1);
	x.config.allow_unvalidated = true;
	lab_start(&x);
	c = class_of(&x, 20 * GB);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(rp_placer_place_at(x.e, &c, i / 2, i, &at), 0);
	rp_placer_report(x.e, &r);
	assert_int_equal(r.gpus_in_use, 2);
	assert_int_equal(r.gpus_idle, 1);
	assert_int_equal(r.bound, 1);
	assert_int_equal(r.compaction_pct, 200);
	lab_end(&x);
}

#define N_STEPS 40000

/* The placer's books against books of our own, whatever happens. */
static void random_load_keeps_every_invariant(void **state)
{
	static rp_placer_handle live[512];
	static uint64_t bytes_of[512];
	uint64_t seed = 7, requested = 0;
	struct rp_placer_report report;
	struct lab x;
	uint32_t n = 0;

	(void)state;
	lab_init(&x, 24, M_SPX1);
	x.config.may_switch = true;
	x.config.allow_unvalidated = true;
	x.config.max_shared = 16;
	x.config.max_instances = 400;
	for (uint32_t g = 0; g < 24; g++)
		x.gpus[g].mode = g < 8 ? below(&seed, 4) : g < 16 ? 4 + below(&seed, 2) : 0;
	x.gpus[3].flags = RP_PLACE_CANNOT_SWITCH;
	x.gpus[9].occupied = 3;
	lab_start(&x);
	for (uint32_t step = 0; step < N_STEPS; step++) {
		uint32_t what = below(&seed, 16);

		if (what < 9) {
			const uint32_t most = below(&seed, 3) ? 23 : 180;
			struct rp_placer_want want = {.bytes = (1 + below(&seed, most)) * GB,
						      .share = 1 + below(&seed, 4) % 3};
			struct rp_placer_class c;
			struct rp_placer_placed at = {0};
			int r;

			assert_int_equal(rp_placer_resolve(x.e, &want, &c), 0);
			r = what == 0 ? rp_placer_place_at(x.e, &c, below(&seed, 24),
							   below(&seed, 8), &at)
				      : rp_placer_place(x.e, &c, NULL, 0, &at);
			if (r == 0) {
				assert_true(n < RP_ARRAY_LEN(live));
				bytes_of[n] = want.bytes;
				live[n++] = at.handle;
				requested += want.bytes;
			}
		} else if (what < 15 && n > 0) {
			uint32_t i = below(&seed, n);

			assert_int_equal(rp_placer_release(x.e, live[i]), 0);
			assert_int_equal(rp_placer_release(x.e, live[i]), -ESTALE);
			requested -= bytes_of[i];
			n--;
			live[i] = live[n];
			bytes_of[i] = bytes_of[n];
		} else {
			uint32_t g = below(&seed, 24);
			uint32_t flags = below(&seed, 2) ? 0 : 1U << below(&seed, 4);
			uint32_t mode = g >= 8 && g < 16 ? 4 + below(&seed, 2) : below(&seed, 4);
			int r = rp_placer_set_gpu(x.e, g, mode, flags);

			assert_true(r == 0 || r == -EBUSY);
		}
		rp_placer_report(x.e, &report);
		assert_int_equal(report.requested_bytes, requested);
		assert_int_equal(report.n_placed, n);
		if (step % 16 == 0)
			check(&x);
	}
	while (n > 0)
		assert_int_equal(rp_placer_release(x.e, live[--n]), 0);
	check(&x);
	rp_placer_report(x.e, &report);
	assert_int_equal(report.granted_bytes, 0);
	lab_end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(place_same_size_goes_to_the_fullest_gpu),
		cmocka_unit_test(place_takes_the_smallest_mode_that_fits),
		cmocka_unit_test(place_without_leave_never_switches),
		cmocka_unit_test(place_with_leave_switches_an_idle_gpu),
		cmocka_unit_test(place_never_switches_to_an_unvalidated_mode),
		cmocka_unit_test(place_never_changes_the_memory_mode),
		cmocka_unit_test(place_between_the_two_sizes_takes_a_large_partition),
		cmocka_unit_test(place_prefers_the_hive_with_the_fewest_idle_gpus),
		cmocka_unit_test(place_avoids_gpus_of_the_same_model),
		cmocka_unit_test(place_gpus_takes_whole_gpus_of_one_hive),
		cmocka_unit_test(release_gives_back_exactly_what_was_taken),
		cmocka_unit_test(release_twice_is_estale),
		cmocka_unit_test(place_at_taken_partition_is_ebusy),
		cmocka_unit_test(place_on_cordoned_and_occupied_gpus_never_happens),
		cmocka_unit_test(shared_partition_is_filled_up_to_its_limits),
		cmocka_unit_test(shared_partition_accepts_more_when_the_strictest_leaves),
		cmocka_unit_test(shared_partition_with_room_is_not_missed),
		cmocka_unit_test(bound_holds_for_a_mixture_of_memory_modes),
		cmocka_unit_test(refusal_says_what_would_help),
		cmocka_unit_test(refusal_names_the_gpu_that_one_move_would_free),
		cmocka_unit_test(resolve_larger_than_every_partition_is_efbig),
		cmocka_unit_test(placer_partition_of_256_tib_is_e2big),
		cmocka_unit_test(report_compaction_counts_gpus_over_the_bound),
		cmocka_unit_test(random_load_keeps_every_invariant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
