/* SPDX-License-Identifier: MIT */
/*
 * Services around a change: at every call that changes something, programs run for services
 * included, an errno, or the end of the process before or after it. What ran runs again each time,
 * once the change is gone on with or taken back; what did not run is never started.
 */
#include "fault_machine.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "change/change.h"

#define AGENT_PID 4242

/* Units and containers of a pretended node; shared, so that it outlives a process that ends. */
struct world {
	bool agent, exporter, container; /* run at first */
	bool idle;			 /* does not */
	unsigned n_before, n_after;	 /* hooks that ran */
	unsigned n_idle_calls;
	bool refuse_stop, refuse_start; /* of the exporter */
};

static struct world *world;

struct runner {
	struct rocpart_machine *m;
	const char *dir;
};

static bool *service_of(const char *name)
{
	return rp_str_eq(name, "gpuagent")		 ? &world->agent
	       : rp_str_eq(name, "amd-metrics-exporter") ? &world->exporter
	       : rp_str_eq(name, "train")		 ? &world->container
							 : &world->idle;
}

/* The agent has the KFD open while it runs, as the real one had (peers: exporter release notes). */
static void hold_gpu(const char *dir, bool on)
{
	struct rocpart_sim_process *p = NULL;

	assert_int_equal(rocpart_sim_process_new(&p), 0);
	rocpart_sim_process_set_pid(p, AGENT_PID);
	assert_int_equal(rocpart_sim_process_set_command(p, "gpuagent", NULL, NULL), 0);
	rocpart_sim_process_open_kfd(p);
	if (on)
		assert_int_equal(rocpart_sim_hold(dir, p, &(uint32_t){0}, NULL), 0);
	else
		assert_int_equal(rocpart_sim_unhold(dir, AGENT_PID, NULL), 0);
	rocpart_sim_process_free(p);
}

static void switch_service(const char *dir, const char *name, bool on)
{
	bool *runs = service_of(name);

	if (runs == &world->idle)
		world->n_idle_calls++;
	if (runs == &world->agent && *runs != on)
		hold_gpu(dir, on);
	*runs = on;
}

/* Words as systemctl(1) and docker(1) have them. */
static int pretend(const char *dir, const char *const *argv, struct rp_strbuf *out)
{
	const char *verb = argv[1], *name = verb ? argv[2] : NULL;

	if (rp_str_eq(argv[0], "/site/before")) {
		world->n_before++;
	} else if (rp_str_eq(argv[0], "/site/after")) {
		world->n_after++;
	} else if (rp_str_eq(verb, "is-active")) {
		rp_strbuf_add(out, *service_of(name) ? "active" : "inactive");
		return *service_of(name) ? 0 : 3;
	} else if (rp_str_eq(verb, "container")) {
		assert_string_equal(argv[2], "inspect");
		rp_strbuf_add(out, *service_of(argv[5]) ? "true" : "false");
	} else {
		bool on = rp_str_eq(verb, "start");

		assert_true(on || rp_str_eq(verb, "stop"));
		if (service_of(name) == &world->exporter &&
		    (on ? world->refuse_start : world->refuse_stop))
			return 1;
		switch_service(dir, name, on);
	}
	return 0;
}

static int run(void *userdata, const char *const *argv, struct rp_strbuf *out, int *ret_status)
{
	struct runner *r = userdata;
	RP_AUTO_FREE char *what =
		rp_strdupf("%s %s %s", argv[0], argv[1] ? argv[1] : "", argv[1] ? argv[2] : "");
	int e = r->m->hook ? r->m->hook(r->m->hook_userdata, "run", what, false) : 0;

	if (e < 0)
		return e;
	*ret_status = pretend(r->dir, argv, out);
	if (r->m->hook)
		(void)r->m->hook(r->m->hook_userdata, "run", what, true);
	return 0;
}

static void set_runner(struct rocpart_machine *m, struct runner *r, const char *dir)
{
	*r = (struct runner){m, dir};
	m->run = run;
	m->run_userdata = r;
}

static void add_hook(struct rocpart_change *c, bool is_after, const char *path)
{
	struct rp_names argv = RP_NAMES_INIT;

	assert_int_equal(rp_names_add(&argv, path), 0);
	assert_int_equal(rp_services_add_hook(&c->services, is_after, &argv), 0);
}

static void add_services(struct rocpart_change *c)
{
	static const char *const units[] = {"amd-metrics-exporter", "gpuagent", "idle"};

	for (size_t i = 0; i < RP_ARRAY_LEN(units); i++)
		assert_int_equal(rp_services_add(&c->services, RP_SERVICE_UNIT, units[i]), 0);
	assert_int_equal(rp_services_add(&c->services, RP_SERVICE_DOCKER, "train"), 0);
	add_hook(c, false, "/site/before");
	add_hook(c, true, "/site/after");
}

static const struct wish to_cpx4 = {NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4};
static const struct wish to_cpx = {NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_UNKNOWN};

static char *make_node(void)
{
	char *dir = make_dir();

	make_machine(dir, "mi300x-1", "", NULL);
	*world = (struct world){.exporter = true, .container = true};
	switch_service(dir, "gpuagent", true);
	return dir;
}

static int apply_counted(const char *dir, const struct wish *wish, struct counter *counter,
			 struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = new_change(m, wish);
	struct runner runner;
	int r;

	set_runner(m, &runner, dir);
	add_services(c);
	counter->dir = dir;
	count_calls(m, counter);
	r = rocpart_change_apply(c, err);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	return r;
}

static int go_on(const char *dir, bool forward, struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = NULL;
	struct runner runner;
	int r;

	set_runner(m, &runner, dir);
	r = rocpart_change_open_journal(m, &c, err);
	if (r == 0) {
		rocpart_change_set_wait_ms(c, 20);
		r = forward ? rocpart_change_apply(c, err) : rocpart_change_undo(c, err);
	}
	rocpart_change_free(c);
	rocpart_machine_close(m);
	return r;
}

static unsigned n_problems;

static void problem(const char *what, const char *text, const struct rocpart_error *err)
{
	if (n_problems++ < 20)
		printf("# %s: %s (%s; %s)\n", what, text, err->message, err->hint);
}

static void check_services(const char *what, const struct rocpart_error *err)
{
	if (!world->agent || !world->exporter || !world->container)
		problem(what, "not everything that ran runs again", err);
	if (world->idle || world->n_idle_calls)
		problem(what, "what did not run was touched", err);
	if (world->n_before && !world->n_after)
		problem(what, "the hook after did not run", err);
}

/* An error of the very call that starts a service: it is said which one stays stopped. */
static bool is_said(const struct counter *c, const struct rocpart_error *err)
{
	static const char *const names[] = {"amd-metrics-exporter", "gpuagent", "train"};

	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++)
		if (strstr(c->last, " start ") && strstr(c->last, names[i]) &&
		    (strstr(err->message, names[i]) || strstr(err->hint, names[i])))
			return true;
	return strstr(c->last, "/site/after") &&
	       (strstr(err->message, "hook") || strstr(err->hint, "hook"));
}

static int run_in_child(const char *dir, const struct wish *wish, struct counter *c)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(apply_counted(dir, wish, c, NULL) == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void recover(const char *dir, bool forward, const char *what)
{
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *modes = NULL;
	int r = has_journal(dir) ? go_on(dir, forward, &err) : 0;

	if (r < 0)
		problem(what, "cannot be gone on with", &err);
	if (has_journal(dir))
		problem(what, "the journal stays open", &err);
	check_services(what, &err);
	modes = modes_of(dir);
	if (!rp_str_eq(modes, "SPX/NPS1") && !rp_str_starts(modes, "CPX/"))
		problem(what, modes, &err);
}

static void run_one(const struct wish *wish, unsigned at, bool ends, bool forward)
{
	struct counter c = {.at = at, .error = ends ? 0 : -EIO};
	RP_AUTO_FREE char *what = rp_strdupf("%s at point %u, %s", ends ? "the end" : "an error",
					     at, forward ? "resume" : "undo");
	struct rocpart_error err = {0};
	char *dir = make_node();

	if (!ends) {
		if (apply_counted(dir, wish, &c, &err) == 0 || !is_said(&c, &err))
			check_services(what, &err);
		world->n_after += rp_str_starts(c.last, "before run /site/after");
		world->agent |= is_said(&c, &err) && strstr(c.last, "gpuagent");
		world->exporter |= is_said(&c, &err) && strstr(c.last, "exporter");
		world->container |= is_said(&c, &err) && strstr(c.last, "train");
	} else if (run_in_child(dir, wish, &c) != 77) {
		problem(what, "the process did not end there", &err);
	}
	recover(dir, forward, what);
	remove_dir(dir);
}

static void run_all(void **state)
{
	const struct wish *wish = *state;
	struct counter all = {0};
	char *dir = make_node();

	assert_int_equal(apply_counted(dir, wish, &all, NULL), 0);
	assert_true(all.n > 20);
	remove_dir(dir);
	n_problems = 0;
	for (unsigned at = 1; at <= all.n; at++) {
		run_one(wish, at, true, true);
		run_one(wish, at, true, false);
		run_one(wish, at, false, true);
	}
	assert_int_equal(n_problems, 0);
}

/* ---- single outcomes ---- */

static void services_are_stopped_while_modes_change(void **state)
{
	struct counter c = {0};
	struct rocpart_error err = {0};
	char *dir = make_node();

	(void)state;
	/* The agent holds the GPU: without stopping it this would be BUSY_PROCESS. */
	assert_int_equal(apply_counted(dir, &to_cpx4, &c, &err), 0);
	assert_true(world->agent && world->exporter && world->container);
	assert_int_equal(world->n_before, 1);
	assert_int_equal(world->n_after, 1);
	assert_int_equal(world->n_idle_calls, 0);
	remove_dir(dir);
}

static void services_are_left_alone_when_so_already(void **state)
{
	static const struct wish as_is = {NULL, ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1};
	struct counter c = {0};
	char *dir = make_node();

	(void)state;
	assert_int_equal(apply_counted(dir, &as_is, &c, NULL), 0);
	assert_int_equal(world->n_before + world->n_after, 0);
	remove_dir(dir);
}

static void unit_that_cannot_be_stopped_leaves_everything(void **state)
{
	struct counter c = {0};
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *modes = NULL;
	char *dir = make_node();

	(void)state;
	world->refuse_stop = true;
	assert_true(apply_counted(dir, &to_cpx, &c, &err) < 0);
	assert_non_null(strstr(err.message, "cannot stop unit 'amd-metrics-exporter'"));
	assert_int_equal(c.n_machine, 0);
	assert_false(has_journal(dir));
	assert_true(world->agent && world->exporter && world->container);
	modes = modes_of(dir);
	assert_string_equal(modes, "SPX/NPS1");
	remove_dir(dir);
}

static void unit_that_does_not_start_is_partly_done(void **state)
{
	struct counter c = {0};
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *modes = NULL;
	char *dir = make_node();

	(void)state;
	world->refuse_start = true;
	assert_int_equal(apply_counted(dir, &to_cpx, &c, &err), -EIO);
	assert_int_equal(err.code, ROCPART_ERR_PARTLY_DONE);
	assert_non_null(strstr(err.message, "amd-metrics-exporter"));
	assert_false(has_journal(dir));
	assert_true(world->agent && world->container); /* the others are started all the same */
	modes = modes_of(dir);
	assert_string_equal(modes, "CPX/NPS1");
	remove_dir(dir);
}

/* A failed change that touched services only is not what `undo` should take back next. */
static void refused_change_keeps_the_record_of_the_last(void **state)
{
	struct counter c = {0};
	struct rocpart_machine *m;
	struct rocpart_change *last = NULL;
	char *dir = make_node();

	(void)state;
	assert_int_equal(apply_counted(dir, &to_cpx, &c, NULL), 0);
	world->refuse_stop = true;
	c = (struct counter){0};
	assert_true(apply_counted(dir, &to_cpx4, &c, NULL) < 0);
	m = open_machine(dir);
	assert_int_equal(rocpart_change_open_last(m, &last, NULL), 0);
	assert_int_equal(last->targets[0].to.compute, ROCPART_COMPUTE_SPX);
	assert_int_equal(last->services.n, 4); /* the way back stops them too */
	rocpart_change_free(last);
	rocpart_machine_close(m);
	remove_dir(dir);
}

static void simulated_machine_runs_nothing(void **state)
{
	char *dir = make_dir();
	struct rocpart_machine *m;
	struct rocpart_change *c;

	(void)state;
	make_machine(dir, "mi300x-1", "", NULL);
	m = open_machine(dir);
	c = new_change(m, &to_cpx);
	/* They do not exist: running one of them would fail the change. */
	add_hook(c, false, "/nonexistent/before");
	assert_int_equal(rp_services_add(&c->services, RP_SERVICE_UNIT, "none"), 0);
	assert_int_equal(rocpart_change_apply(c, NULL), 0);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	remove_dir(dir);
}

/* On hardware programs are run, by argv: /bin/false and /bin/true are on every machine. */
static int hold_for_real(const char *dir, const char *hook, struct rocpart_error *err)
{
	RP_AUTO_FREE char *state = rp_strdupf("%s/state", dir);
	struct rocpart_machine m = {.state_dir = state};
	struct rocpart_change c = {.machine = &m, .lock_fd = -EBADF};
	int r;

	assert_int_equal(rp_tree_open(dir, RP_TREE_REAL, &m.tree), 0);
	assert_int_equal(rp_machine_make_state(&m, NULL), 0);
	assert_int_equal(rp_change_record_begin(&c, NULL), 0);
	add_hook(&c, false, hook);
	r = rp_change_hold_services(&c, err);
	rp_services_done(&c.services);
	rp_step_list_done(&c.steps);
	rp_tree_close(m.state);
	rp_tree_close(m.tree);
	return r;
}

static void hook_is_run_on_hardware_and_its_end_counts(void **state)
{
	struct rocpart_error err = {0};
	char *dir = make_dir();

	(void)state;
	assert_int_equal(hold_for_real(dir, "/bin/true", &err), 0);
	assert_int_equal(hold_for_real(dir, "/bin/false", &err), -EIO);
	assert_non_null(strstr(err.message, "'/bin/false' ended with exit status 1"));
	assert_int_equal(hold_for_real(dir, "/nonexistent/drain", &err), -ENOENT);
	assert_non_null(strstr(err.message, "is not installed"));
	remove_dir(dir);
}

/* A program that others can write, in a folder that is theirs: it would be run by root. */
static void hook_that_another_user_can_change_is_not_run_by_root(void **state)
{
	struct rocpart_error err = {0};
	char *dir = make_dir();
	RP_AUTO_FREE char *hook = rp_strdupf("%s/hook", dir);
	RP_AUTO_FREE char *mark = rp_strdupf("%s/mark", dir);
	RP_AUTO_FCLOSE FILE *f = fopen(hook, "we");

	(void)state;
	assert_true(f && fprintf(f, "#!/bin/sh\ntouch ${0%%/*}/mark\n") > 0 && fflush(f) == 0);
	assert_int_equal(fchmod(fileno(f), 0777), 0);
	rp_cleanup_fclose(&f);
	f = NULL;
	if (geteuid() == 0) {
		assert_int_equal(hold_for_real(dir, hook, &err), -EPERM);
		assert_non_null(strstr(err.message, "is not trusted"));
		assert_int_equal(access(mark, F_OK), -1);
	} else { /* with the rights that its user has anyway */
		assert_int_equal(hold_for_real(dir, hook, &err), 0);
		assert_int_equal(access(mark, F_OK), 0);
	}
	(void)unlink(mark);
	assert_int_equal(unlink(hook), 0);
	remove_dir(dir);
}

static int load(const char *path, enum rp_machine_flavour flavour, struct rocpart_error *err)
{
	char *dir = make_dir();
	struct rocpart_machine *m;
	struct rocpart_change *c;
	int r;

	make_machine(dir, "mi300x-1", "", NULL);
	m = open_machine(dir);
	c = new_change(m, &to_cpx);
	*err = (struct rocpart_error){0};
	if (flavour == RP_MACHINE_HARDWARE) { /* nothing is written: the file is only read */
		m->flavour = flavour;
		m->run = NULL;
	}
	r = rocpart_change_load_config(c, path, NULL, err);
	m->flavour = RP_MACHINE_SIM;
	rocpart_change_free(c);
	rocpart_machine_close(m);
	remove_dir(dir);
	return r;
}

static void write_config(const char *path, const char *text)
{
	RP_AUTO_FCLOSE FILE *f = fopen(path, "we");

	assert_true(f && fputs(text, f) >= 0 && fchmod(fileno(f), 0666) == 0);
}

/* By hand the caller chose the file: only what runs as root is another matter. */
static void file_that_another_user_can_change_names_no_programs_for_root(void **state)
{
	static const char *const programs[] = {"hooks: {before: [[/bin/true]]}\n",
					       "services: {systemd: [x]}\n",
					       "models: {m: {bytes: 1G, stop: [/bin/true]}}\n",
					       "models: {m: {bytes: 1G, start: [/bin/true]}}\n"};
	char *dir = make_dir();
	RP_AUTO_FREE char *path = rp_strdupf("%s/node.yaml", dir);
	struct rocpart_error err;

	(void)state;
	write_config(path, "version: v1\nnode: {gpus: {all: CPX}}\n");
	assert_int_equal(load(path, RP_MACHINE_HARDWARE, &err), 0);
	for (size_t i = 0; i < RP_ARRAY_LEN(programs); i++) {
		RP_AUTO_FREE char *text =
			rp_strdupf("version: v1\nnode: {gpus: {all: CPX}}\n%s", programs[i]);

		write_config(path, text);
		assert_int_equal(load(path, RP_MACHINE_HARDWARE, &err), geteuid() ? 0 : -EPERM);
		if (geteuid() == 0)
			assert_non_null(strstr(err.message, "is not trusted"));
		assert_int_equal(load(path, RP_MACHINE_SIM, &err), 0);
	}
	assert_int_equal(unlink(path), 0);
	remove_dir(dir);
}

static void names_that_are_options_or_paths_are_refused(void **state)
{
	static const char *const bad[] = {"", "-f", "--now", "a b", "a/b", "a;b", "$(x)", "a\nb"};
	struct rp_services s = {0};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(bad); i++)
		assert_int_equal(rp_services_add(&s, RP_SERVICE_UNIT, bad[i]), -EINVAL);
	assert_int_equal(rp_services_add(&s, RP_SERVICE_UNIT, "getty@tty1.service"), 0);
	assert_int_equal(rp_services_add(&s, RP_SERVICE_UNIT, "getty@tty1.service"), 0);
	assert_int_equal(s.n, 1);
	rp_services_done(&s);
}

#define INTERRUPTED(wish)                                                        \
	{                                                                        \
#wish "_interrupted_starts_services_again", run_all, NULL, NULL, \
			(void *)(uintptr_t) & (wish)                             \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_stopped_while_modes_change),
		cmocka_unit_test(services_are_left_alone_when_so_already),
		cmocka_unit_test(unit_that_cannot_be_stopped_leaves_everything),
		cmocka_unit_test(unit_that_does_not_start_is_partly_done),
		cmocka_unit_test(refused_change_keeps_the_record_of_the_last),
		cmocka_unit_test(simulated_machine_runs_nothing),
		cmocka_unit_test(hook_is_run_on_hardware_and_its_end_counts),
		cmocka_unit_test(hook_that_another_user_can_change_is_not_run_by_root),
		cmocka_unit_test(file_that_another_user_can_change_names_no_programs_for_root),
		cmocka_unit_test(names_that_are_options_or_paths_are_refused),
		INTERRUPTED(to_cpx4),
		INTERRUPTED(to_cpx),
	};

	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (world == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
