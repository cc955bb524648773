/* SPDX-License-Identifier: MIT */
/*
 * Phases of a change against what the kernel does: a memory mode once requested is only taken over
 * by an unload (ABI study E), and what was begun stays begun.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "change/phase.h"

#define EACH_PHASE(p) for (enum rp_phase p = RP_PHASE_PLANNED; p <= RP_PHASE_LEFT_PENDING; p++)
#define EACH_EVENT(e) for (enum rp_event e = RP_EVENT_SWITCH; e <= RP_EVENT_LEAVE; e++)

static void phase_once_started_stays_started(void **state)
{
	(void)state;
	assert_false(rp_phase_is_started(RP_PHASE_PLANNED));
	EACH_PHASE(p)
	EACH_EVENT(e)
	{
		if (rp_phase_is_started(p))
			assert_true(rp_phase_is_started(rp_phase_after(p, e)));
		else if (e != RP_EVENT_LEAVE)
			assert_true(rp_phase_is_started(rp_phase_after(p, e)));
	}
}

static void phase_request_is_taken_over_by_an_unload_only(void **state)
{
	(void)state;
	EACH_PHASE(p)
	EACH_EVENT(e)
	{
		enum rp_phase after = rp_phase_after(p, e);

		if (rp_phase_has_request(p) && e != RP_EVENT_UNLOADED)
			assert_true(rp_phase_has_request(after));
		if (!rp_phase_has_request(p) && e != RP_EVENT_REQUEST)
			assert_false(rp_phase_has_request(after));
		if (e == RP_EVENT_REQUEST)
			assert_true(rp_phase_has_request(after));
		if (e == RP_EVENT_UNLOADED && p != RP_PHASE_LEFT_PENDING)
			assert_false(rp_phase_has_request(after));
	}
}

/* Killed between the line and the unload: the request may wait, and the driver may be away. */
static void phase_unload_announced_counts_as_both(void **state)
{
	enum rp_phase p = rp_phase_after(RP_PHASE_REQUESTED, RP_EVENT_UNLOAD_BEGUN);

	(void)state;
	assert_true(rp_phase_has_request(p));
	assert_true(rp_phase_has_unloaded(p));
}

static void phase_unloaded_stays_known_until_the_end(void **state)
{
	(void)state;
	EACH_PHASE(p)
	EACH_EVENT(e)
	if (rp_phase_has_unloaded(p) && e != RP_EVENT_LEAVE)
		assert_true(rp_phase_has_unloaded(rp_phase_after(p, e)));
	EACH_PHASE(p)
	if (p != RP_PHASE_LEFT_PENDING)
		assert_true(rp_phase_has_unloaded(rp_phase_after(p, RP_EVENT_UNLOADED)));
}

static void phase_left_pending_needs_a_request(void **state)
{
	(void)state;
	EACH_PHASE(p)
	assert_int_equal(rp_phase_after(p, RP_EVENT_LEAVE) == RP_PHASE_LEFT_PENDING,
			 rp_phase_has_request(p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phase_once_started_stays_started),
		cmocka_unit_test(phase_request_is_taken_over_by_an_unload_only),
		cmocka_unit_test(phase_unload_announced_counts_as_both),
		cmocka_unit_test(phase_unloaded_stays_known_until_the_end),
		cmocka_unit_test(phase_left_pending_needs_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
