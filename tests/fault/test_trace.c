/* SPDX-License-Identifier: MIT */
/* What an observer of the library is shown of a change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "fault/fault_machine.h"

/* "write sys/.../current_compute_partition CPX 0", a line an event. */
static void note(void *userdata, const struct rocpart_trace *t)
{
	rp_strbuf_addf(userdata, "%s %s %s %d\n", rocpart_trace_kind_to_string(t->kind), t->object,
		       t->text, t->result);
}

static bool has_line(const struct rp_strbuf *text, const char *begin, const char *end)
{
	const char *p = rp_strbuf_str(text);

	for (; *p; p += strcspn(p, "\n") + 1) {
		RP_AUTO_FREE char *line = rp_strndup(p, strcspn(p, "\n"));

		if (rp_str_starts(line, begin) && rp_str_ends(line, end))
			return true;
	}
	return false;
}

static void trace_change(const struct wish *wish, bool is_on, struct rp_strbuf *ret, int *ret_r)
{
	char *dir = make_dir();
	struct rocpart_machine *m;
	struct rocpart_change *c;
	struct rocpart_error err = {0};

	make_machine(dir, "mi300x-1", "", "");
	m = open_machine(dir);
	rocpart_machine_set_trace(m, note, ret);
	if (!is_on)
		rocpart_machine_set_trace(m, NULL, NULL);
	c = new_change(m, wish);
	*ret_r = rocpart_change_apply(c, &err);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	remove_dir(dir);
}

static void trace_compute_switch_shows_step_write_and_read_back(void **state)
{
	const struct wish cpx = {NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_UNKNOWN};
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r;

	(void)state;
	trace_change(&cpx, true, &text, &r);
	assert_int_equal(r, 0);
	assert_true(has_line(&text, "step 0000:05:00.0 set-compute CPX", " 0"));
	assert_true(has_line(&text, "write sys/", "current_compute_partition CPX 0"));
	assert_true(has_line(&text, "write journal append", " 0"));
	assert_true(has_line(&text, "decision 0000:05:00.0", "reads back CPX 0"));
	assert_true(has_line(&text, "decision ", "the change ends: done 0"));
}

static void trace_memory_switch_shows_the_driver(void **state)
{
	const struct wish nps4 = {NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4};
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r;

	(void)state;
	trace_change(&nps4, true, &text, &r);
	assert_int_equal(r, 0);
	assert_true(has_line(&text, "write sys/", "current_memory_partition NPS4 0"));
	assert_true(has_line(&text, "driver amdgpu unload", " 0"));
	assert_true(has_line(&text, "driver amdgpu load", " 0"));
}

static void trace_shows_a_read_that_failed(void **state)
{
	char *dir = make_dir();
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_snapshot *s = NULL;
	struct rocpart_machine *m;

	(void)state;
	make_machine(dir, "mi300x-1", "", "");
	add_fault(dir, "read:*current_compute_partition:EIO");
	m = open_machine(dir);
	rocpart_machine_set_trace(m, note, &text);
	if (rocpart_machine_observe(m, &s, NULL) == 0)
		rocpart_snapshot_unref(s);
	assert_true(has_line(&text, "read sys/", "current_compute_partition  -5"));
	rocpart_machine_close(m);
	remove_dir(dir);
}

static void trace_turned_off_shows_nothing(void **state)
{
	const struct wish cpx = {NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_UNKNOWN};
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r;

	(void)state;
	trace_change(&cpx, false, &text, &r);
	assert_int_equal(r, 0);
	assert_int_equal(text.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trace_compute_switch_shows_step_write_and_read_back),
		cmocka_unit_test(trace_memory_switch_shows_the_driver),
		cmocka_unit_test(trace_shows_a_read_that_failed),
		cmocka_unit_test(trace_turned_off_shows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
