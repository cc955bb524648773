/* SPDX-License-Identifier: MIT */
/*
 * A change that its caller interrupts, at each point where it asks: a new one, one that is resumed,
 * one that is undone; with a second request at each later point. Afterwards the driver is loaded,
 * and the change is undone, or unfinished and can be resumed and undone.
 */
#include "fault_machine.h"

#include "base/spawn.h"
#include "change/change.h"
#include "hw/driver.h"

struct scenario {
	const char *edits, *steps;
	struct wish wish;
	const char *old, *new;
};

static const struct scenario cpx = {TWO_GPUS,
				    NULL,
				    {NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_UNKNOWN},
				    "SPX/NPS1 SPX/NPS1",
				    "CPX/NPS1 CPX/NPS1"};
static const struct scenario cpx4 = {TWO_GPUS,
				     NULL,
				     {NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4},
				     "SPX/NPS1 SPX/NPS1",
				     "CPX/NPS4 CPX/NPS4"};
/* The driver chooses another compute mode of the other GPU, which is set back after the reload. */
static const struct scenario two_hives = {TWO_HIVES,
					  "compute DPX",
					  {G1, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4},
					  "DPX/NPS1 SPX/NPS1",
					  "DPX/NPS1 CPX/NPS4"};

/* Requests to stop come at the points first and second, from 1; 0: at none. */
struct asked {
	struct rocpart_machine *m;
	unsigned n, first, second;
};

static bool is_interrupted(void *userdata)
{
	struct asked *a = userdata;

	assert_true(rp_driver_is_loaded(a->m->tree, NULL) > 0);
	a->n++;
	return a->n == a->first || a->n == a->second;
}

static int end_of_change(struct rocpart_change *c, struct asked *a, bool undo,
			 struct rocpart_error *err)
{
	int r;

	rocpart_change_set_wait_ms(c, 20);
	rocpart_change_set_interrupt(c, is_interrupted, a);
	r = undo ? rocpart_change_undo(c, err) : rocpart_change_apply(c, err);
	assert_true(rp_driver_is_loaded(a->m->tree, NULL) > 0);
	rocpart_change_free(c);
	rocpart_machine_close(a->m);
	return r;
}

static int apply_asked(const char *dir, const struct wish *wish, struct asked *a,
		       struct rocpart_error *err)
{
	a->m = open_machine(dir);
	return end_of_change(new_change(a->m, wish), a, false, err);
}

static int go_on_asked(const char *dir, bool undo, struct asked *a, struct rocpart_error *err)
{
	struct rocpart_change *c = NULL;

	a->m = open_machine(dir);
	if (rocpart_change_open_journal(a->m, &c, err) < 0)
		fail_msg("no journal: %s", err->message);
	return end_of_change(c, a, undo, err);
}

static void assert_modes(const char *what, const char *dir, const char *expected)
{
	RP_AUTO_FREE char *got = modes_of(dir);

	if (!rp_str_eq(got, expected))
		fail_msg("%s: the GPUs are in %s, expected %s", what, got, expected);
}

/* Unfinished: exit status 6, both ways out are said, what was changed is said, and one way works.
 */
static void assert_unfinished(const char *what, const struct scenario *sc, const char *dir,
			      bool forward, const struct rocpart_error *err)
{
	struct rocpart_error later = {0};

	if (!has_journal(dir) || err->code != ROCPART_ERR_UNFINISHED_CHANGE ||
	    err->errnum != -EINTR || !strstr(err->message, "GPUs have the new modes") ||
	    !strstr(err->hint, "--resume") || !strstr(err->hint, "undo"))
		fail_msg("%s: %s; %s", what, err->message, err->hint);
	if ((forward ? resume : undo)(dir, &later) < 0)
		fail_msg("%s: %s", what, later.message);
	assert_modes(what, dir, forward ? sc->new : sc->old);
	assert_false(has_journal(dir));
}

static void assert_undone(const char *what, const struct scenario *sc, const char *dir,
			  const struct rocpart_error *err)
{
	if (has_journal(dir) || err->code != ROCPART_ERR_INTERRUPTED || err->errnum != -EINTR ||
	    !(strstr(err->message, "the change was undone") ||
	      strstr(err->message, "nothing was changed")))
		fail_msg("%s: %s; %s", what, err->message, err->hint);
	assert_modes(what, dir, sc->old);
}

static void interrupt_fresh(const struct scenario *sc, unsigned first, unsigned second,
			    bool forward, unsigned *ret_n)
{
	RP_AUTO_FREE char *what = rp_strdupf("interrupted at %u and %u", first, second);
	struct asked a = {.first = first, .second = second};
	struct rocpart_error err = {0};
	char *dir = make_dir();
	int r;

	make_machine(dir, "mi300x-1", sc->edits, sc->steps);
	r = apply_asked(dir, &sc->wish, &a, &err);
	*ret_n = a.n;
	if (r == 0) {
		assert_true(first == 0);
		assert_modes(what, dir, sc->new);
	} else if (second && second <= a.n) {
		assert_unfinished(what, sc, dir, forward, &err);
	} else {
		assert_undone(what, sc, dir, &err);
	}
	remove_dir(dir);
}

static void interrupt_everywhere(const struct scenario *sc)
{
	unsigned n, n_undo, ignored;

	interrupt_fresh(sc, 0, 0, true, &n);
	assert_true(n >= 2);
	for (unsigned first = 1; first <= n; first++) {
		interrupt_fresh(sc, first, 0, true, &n_undo);
		for (unsigned second = first + 1; second <= n_undo; second++)
			interrupt_fresh(sc, first, second, second % 2, &ignored);
	}
}

static void change_interrupted_at_each_point_is_undone_or_resumable(void **state)
{
	(void)state;
	interrupt_everywhere(&cpx);
	interrupt_everywhere(&cpx4);
	interrupt_everywhere(&two_hives);
}

/* Unfinished after its first switch: interrupted, and again as soon as the undo asks. */
static char *make_unfinished(const struct scenario *sc)
{
	unsigned n;

	interrupt_fresh(sc, 0, 0, true, &n);
	for (; n > 1; n--) {
		struct asked a = {.first = n, .second = n + 1};
		struct rocpart_error err = {0};
		char *dir = make_dir();

		make_machine(dir, "mi300x-1", sc->edits, sc->steps);
		if (apply_asked(dir, &sc->wish, &a, &err) < 0 && has_journal(dir))
			return dir;
		remove_dir(dir);
	}
	fail();
	return NULL;
}

/* How often the interruption is asked for. */
static unsigned go_on_interrupted(const struct scenario *sc, bool undo, unsigned at)
{
	struct asked a = {.first = at};
	struct rocpart_error err = {0};
	char *dir = make_unfinished(sc);
	int r = go_on_asked(dir, undo, &a, &err);

	if (at == 0)
		assert_int_equal(r, 0);
	else
		assert_unfinished(undo ? "undo" : "resume", sc, dir, at % 2, &err);
	remove_dir(dir);
	return a.n;
}

static void unfinished_change_interrupted_again_stays_unfinished(void **state)
{
	static const struct scenario *const scenarios[] = {&cpx, &cpx4, &two_hives};

	(void)state;
	for (size_t i = 0; i < 2 * RP_ARRAY_LEN(scenarios); i++) {
		unsigned n = go_on_interrupted(scenarios[i / 2], i % 2, 0);

		assert_true(n >= 1);
		for (unsigned at = 1; at <= n; at++)
			(void)go_on_interrupted(scenarios[i / 2], i % 2, at);
	}
}

/* A process that computes: the change would wait for a minute. */
static void waiting_change_interrupted_changes_nothing(void **state)
{
	struct rocpart_sim_process *p = NULL;
	char *dir = make_dir();
	uint32_t pid = 0;
	uint64_t begin = rp_now_ns();
	static const struct scenario *const scenarios[] = {&cpx, &cpx4};

	(void)state;
	make_machine(dir, "mi300x-1", TWO_GPUS, NULL);
	assert_int_equal(rocpart_sim_process_new(&p), 0);
	rocpart_sim_process_open_kfd(p);
	assert_int_equal(rocpart_sim_process_use_vram(p, G0, 0, 1 << 20), 0);
	assert_int_equal(rocpart_sim_hold(dir, p, &pid, NULL), 0);
	rocpart_sim_process_free(p);
	for (size_t i = 0; i < RP_ARRAY_LEN(scenarios); i++) {
		struct asked a = {.m = open_machine(dir), .first = 2};
		struct rocpart_change *c = new_change(a.m, &scenarios[i]->wish);
		struct rocpart_error err = {0};

		rocpart_change_set_wait_ms(c, 60000);
		rocpart_change_set_interrupt(c, is_interrupted, &a);
		assert_int_equal(rocpart_change_apply(c, &err), -EINTR);
		assert_undone("waiting", scenarios[i], dir, &err);
		assert_string_equal(err.message, "interrupted; nothing was changed");
		rocpart_change_free(c);
		rocpart_machine_close(a.m);
	}
	assert_true(rp_now_ns() - begin < UINT64_C(30000000000));
	remove_dir(dir);
}

static void change_that_waits_for_another_can_be_interrupted(void **state)
{
	char *dir = make_dir();
	struct asked a = {.first = 1};
	struct rocpart_error err = {0};
	struct rocpart_change *c;
	struct rocpart_machine *other;
	int fd = -EBADF;

	(void)state;
	make_machine(dir, "mi300x-1", TWO_GPUS, NULL);
	other = open_machine(dir);
	assert_int_equal(rp_machine_make_state(other, NULL), 0);
	assert_int_equal(rp_tree_lock(other->state, RP_MACHINE_LOCK, &fd), 0);
	a.m = open_machine(dir);
	c = new_change(a.m, &cpx.wish);
	rocpart_change_set_wait_ms(c, 60000);
	rocpart_change_set_interrupt(c, is_interrupted, &a);
	assert_int_equal(rocpart_change_apply(c, &err), -EINTR);
	assert_string_equal(err.message, "interrupted; nothing was changed");
	rocpart_change_set_wait_ms(c, 20);
	rocpart_change_set_interrupt(c, NULL, NULL);
	assert_int_equal(rocpart_change_apply(c, &err), -EBUSY);
	assert_int_equal(err.code, ROCPART_ERR_LOCKED);
	assert_non_null(strstr(err.message, "still changing this machine after 0.02 s: pid "));
	close(fd);
	assert_int_equal(rocpart_change_apply(c, &err), 0);
	rocpart_change_free(c);
	rocpart_machine_close(a.m);
	rocpart_machine_close(other);
	remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(change_interrupted_at_each_point_is_undone_or_resumable),
		cmocka_unit_test(unfinished_change_interrupted_again_stays_unfinished),
		cmocka_unit_test(waiting_change_interrupted_changes_nothing),
		cmocka_unit_test(change_that_waits_for_another_can_be_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
