/* SPDX-License-Identifier: MIT */
/*
 * Stopping what a file names, and starting it again. What did not run is left alone. By argv, never
 * by a shell. On a simulated machine nothing of the host is run: its own units and containers are
 * meant. Where it is shown as files they have stand-ins, at paths that the host has not.
 */
#include "base/spawn.h"
#include "base/trust.h"
#include "base/words.h"
#include "change/change.h"

#define OUTPUT_MAX	  4096
#define ASK_DEADLINE_MS	  20000
#define STOP_DEADLINE_MS  180000 /* systemd gives a unit 90 s, then kills it */
#define HOOK_DEADLINE_MS  600000
#define STAND_INS	  "/sys/rocpart-bin/"
#define STEP_STOP	  "stop-service"
#define STEP_START	  "start-service"
#define STEP_HOOKS_BEFORE "hooks-before"
#define STEP_HOOKS_AFTER  "hooks-after"

enum verb { ASK, STOP, START };

/* A simulated machine that is shown as files: systemctl and docker would be those of the host. */
static bool is_shown(const struct rocpart_change *c)
{
	return !c->machine->run && rp_machine_is_sim_in_files(c->machine);
}

bool rp_change_acts_as_root(const struct rocpart_change *c)
{
	return geteuid() == 0 && !c->machine->run && c->machine->flavour == RP_MACHINE_HARDWARE;
}

/* Exit status in *ret; first line of what it said in out. */
static int run(struct rocpart_change *c, const char *const *argv, uint64_t deadline_ms,
	       struct rp_strbuf *out, int *ret)
{
	struct rocpart_machine *m = c->machine;
	struct rp_spawn_result res = {0};
	int r;

	if (m->run)
		return m->run(m->run_userdata, argv, out, ret);
	if (rp_tree_kind(m->tree) != RP_TREE_REAL)
		return -EROFS; /* this computer is not the machine */
	r = rp_spawn(argv, out, OUTPUT_MAX, deadline_ms, &res);
	if (r == 0 && res.timed_out)
		r = -ETIMEDOUT;
	*ret = res.exit_status;
	rp_strbuf_truncate(out, strcspn(rp_strbuf_str(out), "\n"));
	return r;
}

static int run_traced(struct rocpart_change *c, const char *const *argv, uint64_t deadline_ms,
		      struct rp_strbuf *out, int *ret)
{
	const struct rp_trace *trace = &c->machine->trace;
	uint64_t begin_ns = rp_trace_clock(trace);
	int r = run(c, argv, deadline_ms, out, ret);

	rp_trace(trace, ROCPART_TRACE_PROGRAM, begin_ns, r, argv[0], rp_strbuf_str(out));
	return r;
}

static int failed(const char *program, int r, int status, const struct rp_strbuf *out,
		  struct rocpart_error *reterr)
{
	if (r == -ENOENT)
		return rp_error_set(reterr, r, ROCPART_ERR_FAILED, program, "'%s' is not installed",
				    program);
	if (r < 0)
		return rp_error_set(reterr, r, ROCPART_ERR_FAILED, program, "cannot run '%s': %s",
				    program, rocpart_strerror(r));
	return rp_error_set(reterr, -EIO, ROCPART_ERR_FAILED, program,
			    "'%s' ended with exit status %d%s%.200s", program, status,
			    out->len ? ": " : "", rp_strbuf_str(out));
}

/* By name, as PATH leads to it; or the stand-in, which is nowhere but in the machine's own /sys. */
static const char *program_of(const struct rocpart_change *c, const struct rp_service *s)
{
	static const char *const programs[RP_N_SERVICE_KINDS][2] = {
		[RP_SERVICE_UNIT] = {"systemctl", STAND_INS "systemctl"},
		[RP_SERVICE_DOCKER] = {"docker", STAND_INS "docker"},
		[RP_SERVICE_PODMAN] = {"podman", STAND_INS "podman"},
	};

	return programs[s->kind][is_shown(c) ? 1 : 0];
}

static int run_service(struct rocpart_change *c, const struct rp_service *s, enum verb verb,
		       struct rp_strbuf *out, int *ret_status)
{
	static const char *const verbs[] = {
		[ASK] = "is-active", [STOP] = "stop", [START] = "start"};
	const char *program = program_of(c, s);
	const char *const inspect[] = {program, "container", "inspect", "-f", "{{.State.Running}}",
				       s->name, NULL};
	const char *const plain[] = {program, verbs[verb], s->name, NULL};
	const char *const *argv = verb == ASK && s->kind != RP_SERVICE_UNIT ? inspect : plain;

	return run_traced(c, argv, verb == ASK ? ASK_DEADLINE_MS : STOP_DEADLINE_MS, out,
			  ret_status);
}

/* 1: it runs. What does not exist does not run. */
static int is_running(struct rocpart_change *c, const struct rp_service *s,
		      struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	int status = 0, r = run_service(c, s, ASK, &out, &status);
	const char *said = rp_strbuf_str(&out);

	if (r < 0)
		return failed(program_of(c, s), r, status, &out, reterr);
	if (s->kind != RP_SERVICE_UNIT)
		return status == 0 && rp_str_starts(said, "true");
	return rp_str_starts(said, "active") || rp_str_starts(said, "activating") ||
	       rp_str_starts(said, "reloading");
}

static int act(struct rocpart_change *c, const struct rp_service *s, enum verb verb,
	       struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	int status = 0, r = run_service(c, s, verb, &out, &status);

	return r < 0 || status != 0 ? failed(program_of(c, s), r, status, &out, reterr) : 0;
}

static int hold_one(struct rocpart_change *c, size_t index, struct rocpart_error *reterr)
{
	struct rp_service *s = &c->services.v[index];
	RP_AUTO_FREE char *id = rp_service_id(s);
	int r;

	r = id ? rp_change_check_interrupt(c, reterr) : rp_error_nomem(reterr);
	if (r < 0)
		return r;
	rp_change_announce(c, RP_STEP_STOP, index);
	r = is_running(c, s, reterr);
	if (r <= 0)
		return r;
	r = rp_change_record(c, STEP_STOP, NULL, id, reterr);
	if (r < 0)
		return r;
	s->is_held = true;
	r = act(c, s, STOP, reterr);
	if (r < 0)
		(void)rp_error_prefix(reterr, "cannot stop %s '%s'", rp_service_kind_text(s->kind),
				      s->name);
	return r;
}

static int run_hook(struct rocpart_change *c, size_t index, struct rocpart_error *reterr)
{
	const struct rp_hook *hook = &c->services.hooks[index];
	RP_AUTO_FREE const char **argv = rp_new0(const char *, hook->argv.n + 2);
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	int status = 0, r;
	size_t n = 0;

	if (!argv)
		return rp_error_nomem(reterr);
	if (is_shown(c))
		argv[n++] = STAND_INS "run-hook";
	for (size_t i = 0; i < hook->argv.n; i++)
		argv[n++] = hook->argv.v[i];
	rp_change_announce(c, RP_STEP_HOOK, index);
	r = rp_change_acts_as_root(c) ? rp_trust_program(hook->argv.v[0], reterr) : 0;
	if (r < 0)
		return r;
	r = run_traced(c, argv, HOOK_DEADLINE_MS, &out, &status);
	return r < 0 || status != 0 ? failed(hook->argv.v[0], r, status, &out, reterr) : 0;
}

static int run_hooks_before(struct rocpart_change *c, struct rocpart_error *reterr)
{
	struct rp_services *s = &c->services;
	int r = 0;

	if (s->n_hooks)
		r = rp_change_record(c, STEP_HOOKS_BEFORE, NULL, NULL, reterr);
	s->hooks_begun |= r == 0 && s->n_hooks;
	for (size_t i = 0; r == 0 && i < s->n_hooks; i++) {
		if (s->hooks[i].is_after)
			continue;
		r = rp_change_check_interrupt(c, reterr);
		if (r == 0)
			r = run_hook(c, i, reterr);
	}
	if (r < 0 && s->n_hooks && !rp_change_is_interrupt(reterr))
		(void)rp_error_prefix(reterr, "the hook before the change failed");
	return r;
}

int rp_change_hold_services(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r = run_hooks_before(c, reterr);

	for (size_t i = 0; r == 0 && i < c->services.n; i++)
		r = hold_one(c, i, reterr);
	return r;
}

/* Only saves work after an interruption: what was started may be started once more. */
static void record_done(struct rocpart_change *c, const char *step, const char *value)
{
	struct rocpart_error err = {0};

	if (rp_change_record(c, step, NULL, value, &err) < 0)
		rp_change_remark(c, "warning: %s", err.message);
}

static void report_not_started(const struct rocpart_change *c, const struct rp_service *s,
			       const struct rocpart_error *why, struct rocpart_error *err)
{
	char word[RP_WORD_SIZE];

	(void)rp_error_set(err, -EIO, ROCPART_ERR_PARTLY_DONE, s->name,
			   "%s '%s' was stopped and cannot be started again: %.200s",
			   rp_service_kind_text(s->kind), s->name, why->message);
	(void)rp_error_hint(err, "the modes are set; remove the cause, then `%s start %s`",
			    program_of(c, s), rp_shell_word(s->name, word));
}

/* Every one is tried; the first failure is reported. */
static int start_held(struct rocpart_change *c, struct rocpart_error *first)
{
	int result = 0;

	for (size_t k = c->services.n; k-- > 0;) {
		struct rp_service *s = &c->services.v[k];
		RP_AUTO_FREE char *id = s->is_held ? rp_service_id(s) : NULL;
		struct rocpart_error err = {0};

		if (s->is_held || rp_change_has_step(c, RP_STEP_START, k))
			rp_change_announce(c, RP_STEP_START, k);
		if (!s->is_held)
			continue;
		s->is_held = false;
		if (act(c, s, START, &err) < 0) {
			if (result == 0)
				report_not_started(c, s, &err, first);
			result = -EIO;
		} else if (id) {
			record_done(c, STEP_START, id);
		}
	}
	return result;
}

static int run_hooks_after(struct rocpart_change *c, struct rocpart_error *first)
{
	struct rp_services *s = &c->services;
	int result = 0;

	for (size_t i = 0; s->hooks_begun && i < s->n_hooks; i++) {
		struct rocpart_error err = {0};

		if (!s->hooks[i].is_after || run_hook(c, i, &err) == 0)
			continue;
		if (result == 0) {
			(void)rp_error_set(first, -EIO, ROCPART_ERR_PARTLY_DONE, err.object,
					   "the hook after the change failed: %.300s", err.message);
			(void)rp_error_hint(first, "the modes are set; run the hook by hand");
		}
		result = -EIO;
	}
	if (s->hooks_begun)
		record_done(c, STEP_HOOKS_AFTER, NULL);
	s->hooks_begun = false;
	return result;
}

int rp_change_release_services(struct rocpart_change *c, int r, struct rocpart_error *err)
{
	struct rocpart_error late = {0}, hooks = {0};
	char hint[sizeof(err->hint)];
	int r2 = start_held(c, &late); /* first: hooks may rely on the services */
	int r3 = run_hooks_after(c, r2 < 0 ? &hooks : &late);

	if (r2 == 0 && r3 == 0)
		return r;
	if (r < 0) {
		memcpy(hint, err->hint, sizeof(hint));
		return rp_error_hint(err, "%.180s; also: %.180s", hint, late.message);
	}
	*err = late;
	return err->errnum;
}

int rp_services_read(struct rocpart_change *c, const struct rp_change_line *line)
{
	struct rp_services *s = &c->services;
	struct rp_service *service = line->value ? rp_services_find(s, line->value) : NULL;

	if (rp_str_eq(line->step, STEP_STOP) || rp_str_eq(line->step, STEP_START)) {
		if (service)
			service->is_held = rp_str_eq(line->step, STEP_STOP);
	} else {
		s->hooks_begun = rp_str_eq(line->step, STEP_HOOKS_BEFORE);
	}
	return 0;
}
