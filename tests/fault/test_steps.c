/* SPDX-License-Identifier: MIT */
/*
 * The steps of a change: what a dry run lists is what the run reports, in the same words and order,
 * and the last number is the total. For set, undo and resume; with services and hooks and without;
 * with a reload and without; after an interruption at each call that changes something.
 */
#include "fault_machine.h"

#include <sys/wait.h>

#include "change/change.h"

static const struct wish to_cpx = {NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_UNKNOWN};
static const struct wish to_cpx4 = {NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4};

/* What was reported since the count began at 1 the last time. */
struct report {
	struct rp_names texts;
	unsigned step, n_steps;
};

static void on_progress(void *userdata, unsigned step, unsigned n_steps, const char *text)
{
	struct report *r = userdata;

	assert_true(step <= n_steps);
	r->n_steps = n_steps;
	if (step == r->step)
		return; /* a remark */
	if (step < r->step)
		rp_names_done(&r->texts);
	r->step = step;
	assert_int_equal(rp_names_add(&r->texts, text), 0);
}

/* Everything runs and can be stopped. */
static int run_nothing(void *userdata, const char *const *argv, struct rp_strbuf *out,
		       int *ret_status)
{
	const char *verb = argv[1] ? argv[1] : "";

	(void)userdata;
	rp_strbuf_add(out, rp_str_eq(verb, "container") ? "true" : "active");
	*ret_status = 0;
	return 0;
}

static struct rocpart_machine *open_quiet(const char *dir)
{
	struct rocpart_machine *m = open_machine(dir);

	m->run = run_nothing;
	return m;
}

static void add_hook(struct rocpart_change *c, bool is_after, const char *path)
{
	struct rp_names argv = RP_NAMES_INIT;

	assert_int_equal(rp_names_add(&argv, path), 0);
	assert_int_equal(rp_services_add_hook(&c->services, is_after, &argv), 0);
}

static void add_services(struct rocpart_change *c)
{
	assert_int_equal(rp_services_add(&c->services, RP_SERVICE_UNIT, "exporter"), 0);
	assert_int_equal(rp_services_add(&c->services, RP_SERVICE_DOCKER, "train"), 0);
	add_hook(c, false, "/site/before");
	add_hook(c, true, "/site/after");
}

/*
 * may_pass: whether a memory mode was really requested before an interruption shows only when the
 * driver is loaded, so steps that an undo lists for that case may be passed over.
 */
static void assert_steps(const char *what, const struct rp_names *listed, const struct report *r,
			 bool may_pass)
{
	size_t k = 0;
	bool equal = r->step == r->n_steps && r->step == (unsigned)listed->n &&
		     (may_pass || listed->n == r->texts.n);

	for (size_t i = 0; i < listed->n; i++)
		k += k < r->texts.n && rp_str_eq(listed->v[i], r->texts.v[k]);
	if (equal && k == r->texts.n)
		return;
	for (size_t i = 0; i < listed->n || i < r->texts.n; i++)
		print_error("%2zu %-70s| %s\n", i + 1, i < listed->n ? listed->v[i] : "",
			    i < r->texts.n ? r->texts.v[i] : "");
	fail_msg("%s: the run ended at %u/%u", what, r->step, r->n_steps);
}

static void list_steps(const struct rocpart_change *c, struct rp_names *ret)
{
	const char *text;

	for (size_t i = 0; (text = rocpart_change_get_step(c, i)); i++)
		assert_int_equal(rp_names_add(ret, text), 0);
}

/* Steps of c as listed now, then as run. */
static int run_and_compare(const char *what, struct rocpart_change *c, bool undo)
{
	RP_AUTO_NAMES struct rp_names listed = RP_NAMES_INIT;
	struct rocpart_error err = {0};
	struct report report = {.texts = RP_NAMES_INIT};
	bool may_pass = undo && rp_phase_has_request(c->phase);
	int r;

	list_steps(c, &listed);
	rocpart_change_set_progress(c, on_progress, &report);
	rocpart_change_set_wait_ms(c, 20);
	r = undo ? rocpart_change_undo(c, &err) : rocpart_change_apply(c, &err);
	if (r < 0 && r != -EINPROGRESS)
		fail_msg("%s: %s: %s", what, err.object, err.message);
	assert_steps(what, &listed, &report, may_pass);
	rp_names_done(&report.texts);
	return r;
}

static char *make_node(const char *edits)
{
	char *dir = make_dir();

	make_machine(dir, "mi300x-1", edits, NULL);
	return dir;
}

static int set(const char *dir, const struct wish *wish, bool services, enum rocpart_reload reload)
{
	struct rocpart_machine *m = open_quiet(dir);
	struct rocpart_change *c = new_change(m, wish);
	int r;

	if (services)
		add_services(c);
	rocpart_change_set_reload(c, reload);
	assert_int_equal(rocpart_change_check(c, NULL), 0);
	r = run_and_compare("set", c, false);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	return r;
}

static void undo_last(const char *dir)
{
	struct rocpart_machine *m = open_quiet(dir);
	struct rocpart_change *c = NULL;

	assert_int_equal(rocpart_change_open_last(m, &c, NULL), 0);
	assert_int_equal(rocpart_change_check(c, NULL), 0);
	assert_int_equal(run_and_compare("undo", c, false), 0);
	rocpart_change_free(c);
	rocpart_machine_close(m);
}

static void set_and_undo_report_what_they_list(void **state)
{
	static const char *const machines[] = {"", TWO_GPUS, TWO_HIVES};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(machines); i++) {
		for (unsigned k = 0; k < 4; k++) {
			char *dir = make_node(machines[i]);

			assert_int_equal(
				set(dir, k & 1 ? &to_cpx4 : &to_cpx, k & 2, ROCPART_RELOAD_AUTO),
				0);
			undo_last(dir);
			remove_dir(dir);
		}
	}
}

static void set_without_reload_reports_what_it_lists(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		char *dir = make_node(TWO_GPUS);

		assert_int_equal(set(dir, &to_cpx4, k, ROCPART_RELOAD_NEVER), -EINPROGRESS);
		remove_dir(dir);
	}
}

static void nothing_to_do_has_no_steps(void **state)
{
	static const struct wish as_is = {NULL, ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1};
	char *dir = make_node("");

	(void)state;
	assert_int_equal(set(dir, &as_is, true, ROCPART_RELOAD_AUTO), 0);
	remove_dir(dir);
}

static int set_counted(const char *dir, const struct wish *wish, bool services, struct counter *ct)
{
	struct rocpart_machine *m = open_quiet(dir);
	struct rocpart_change *c = new_change(m, wish);
	int r;

	if (services)
		add_services(c);
	ct->dir = dir;
	count_calls(m, ct);
	r = rocpart_change_apply(c, NULL);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	return r;
}

static void interrupt(const char *dir, const struct wish *wish, bool services, unsigned at)
{
	struct counter ct = {.at = at};
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(set_counted(dir, wish, services, &ct) == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 77);
}

static void recover(const char *dir, unsigned at, bool undo)
{
	RP_AUTO_FREE char *what = rp_strdupf("%s after point %u", undo ? "undo" : "resume", at);
	struct rocpart_machine *m = open_quiet(dir);
	struct rocpart_change *c = NULL;
	int r = rocpart_change_open_journal(m, &c, NULL);

	if (r == 0) {
		if (undo)
			assert_int_equal(rp_change_list_steps(c, RP_BACKWARD, RP_RUN_RESUMED), 0);
		else
			assert_int_equal(rocpart_change_check(c, NULL), 0);
		assert_int_equal(run_and_compare(what, c, undo), 0);
		rocpart_change_free(c);
	}
	rocpart_machine_close(m);
}

static void recovery_reports_what_it_lists(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		const struct wish *wish = k & 1 ? &to_cpx4 : &to_cpx;
		struct counter all = {0};
		char *dir = make_node(TWO_GPUS);

		assert_int_equal(set_counted(dir, wish, k & 2, &all), 0);
		remove_dir(dir);
		for (unsigned at = 1; at <= all.n; at++) {
			for (unsigned undo = 0; undo < 2; undo++) {
				dir = make_node(TWO_GPUS);
				interrupt(dir, wish, k & 2, at);
				recover(dir, at, undo);
				remove_dir(dir);
			}
		}
	}
}

/* The way back after a failure has a list of its own, and its own count. */
static void undo_after_a_failure_ends_at_its_total(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		char *dir = make_node(TWO_GPUS);
		struct rocpart_machine *m = open_quiet(dir);
		struct rocpart_change *c = new_change(m, &to_cpx);
		struct report report = {.texts = RP_NAMES_INIT};
		RP_AUTO_NAMES struct rp_names listed = RP_NAMES_INIT;
		struct rocpart_error err = {0};

		if (k)
			add_services(c);
		add_fault(dir, "write:current_compute_partition:EIO:2");
		rocpart_change_set_progress(c, on_progress, &report);
		assert_int_equal(rocpart_change_apply(c, &err), -EIO);
		assert_non_null(strstr(err.message, "GPU 1 (0000:27:00.0)"));
		assert_non_null(strstr(err.message, "the change was undone"));
		list_steps(c, &listed);
		assert_string_equal(listed.v[0], "undo the change");
		assert_string_equal(listed.v[1], "set GPU 0 (0000:05:00.0) to SPX");
		assert_steps("undo after a failure", &listed, &report, false);
		rp_names_done(&report.texts);
		rocpart_change_free(c);
		rocpart_machine_close(m);
		remove_dir(dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_and_undo_report_what_they_list),
		cmocka_unit_test(set_without_reload_reports_what_it_lists),
		cmocka_unit_test(nothing_to_do_has_no_steps),
		cmocka_unit_test(recovery_reports_what_it_lists),
		cmocka_unit_test(undo_after_a_failure_ends_at_its_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
