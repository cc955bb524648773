/* SPDX-License-Identifier: MIT */
/*
 * Programs of the machine: what stops and starts a unit or a container, and hooks of a file. By
 * argv, never by a shell. On a simulated machine nothing of the host is run: its own units and
 * containers are meant. Where it is shown as files they have stand-ins, at paths that the host has
 * not.
 */
#include <unistd.h>

#include "base/spawn.h"
#include "base/trust.h"
#include "change/service_run.h"

#define OUTPUT_MAX	 4096
#define ASK_DEADLINE_MS	 20000
#define STOP_DEADLINE_MS 180000 /* systemd gives a unit 90 s, then kills it */
#define HOOK_DEADLINE_MS 600000
#define STAND_INS	 "/sys/devices/rocpart-bin/"

/* A simulated machine that is shown as files: systemctl and docker would be those of the host. */
static bool is_shown(const struct rocpart_machine *m)
{
	return !m->run && rp_machine_is_sim_in_files(m);
}

bool rp_machine_runs_as_root(const struct rocpart_machine *m)
{
	return geteuid() == 0 && !m->run && m->flavour == RP_MACHINE_HARDWARE;
}

/* Exit status in *ret; first line of what it said in out. */
static int run(struct rocpart_machine *m, const char *const *argv, uint64_t deadline_ms,
	       struct rp_strbuf *out, int *ret)
{
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

static int run_traced(struct rocpart_machine *m, const char *const *argv, uint64_t deadline_ms,
		      struct rp_strbuf *out, int *ret)
{
	const struct rp_trace *trace = &m->trace;
	uint64_t begin_ns = rp_trace_clock(trace);
	int r = run(m, argv, deadline_ms, out, ret);

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
const char *rp_service_program(const struct rocpart_machine *m, const struct rp_service *s)
{
	static const char *const programs[RP_N_SERVICE_KINDS][2] = {
		[RP_SERVICE_UNIT] = {"systemctl", STAND_INS "systemctl"},
		[RP_SERVICE_DOCKER] = {"docker", STAND_INS "docker"},
		[RP_SERVICE_PODMAN] = {"podman", STAND_INS "podman"},
	};

	return programs[s->kind][is_shown(m) ? 1 : 0];
}

static int run_service(struct rocpart_machine *m, const struct rp_service *s,
		       enum rp_service_verb verb, struct rp_strbuf *out, int *ret_status)
{
	static const char *const verbs[] = {[RP_SERVICE_ASK] = "is-active",
					    [RP_SERVICE_STOP] = "stop",
					    [RP_SERVICE_START] = "start"};
	const char *program = rp_service_program(m, s);
	const char *const inspect[] = {program, "container", "inspect", "-f", "{{.State.Running}}",
				       s->name, NULL};
	const char *const plain[] = {program, verbs[verb], s->name, NULL};
	const char *const *argv =
		verb == RP_SERVICE_ASK && s->kind != RP_SERVICE_UNIT ? inspect : plain;

	return run_traced(m, argv, verb == RP_SERVICE_ASK ? ASK_DEADLINE_MS : STOP_DEADLINE_MS, out,
			  ret_status);
}

int rp_service_is_running(struct rocpart_machine *m, const struct rp_service *s,
			  struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	int status = 0, r = run_service(m, s, RP_SERVICE_ASK, &out, &status);
	const char *said = rp_strbuf_str(&out);

	if (r < 0)
		return failed(rp_service_program(m, s), r, status, &out, reterr);
	if (s->kind != RP_SERVICE_UNIT)
		return status == 0 && rp_str_starts(said, "true");
	return rp_str_starts(said, "active") || rp_str_starts(said, "activating") ||
	       rp_str_starts(said, "reloading");
}

int rp_service_act(struct rocpart_machine *m, const struct rp_service *s, enum rp_service_verb verb,
		   struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	int status = 0, r = run_service(m, s, verb, &out, &status);

	return r < 0 || status != 0 ? failed(rp_service_program(m, s), r, status, &out, reterr) : 0;
}

int rp_run_hook(struct rocpart_machine *m, const struct rp_names *words,
		struct rocpart_error *reterr)
{
	RP_AUTO_FREE const char **argv = rp_new0(const char *, words->n + 2);
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	int status = 0, r;
	size_t n = 0;

	if (!argv)
		return rp_error_nomem(reterr);
	if (is_shown(m))
		argv[n++] = STAND_INS "run-hook";
	for (size_t i = 0; i < words->n; i++)
		argv[n++] = words->v[i];
	r = rp_machine_runs_as_root(m) ? rp_trust_program(words->v[0], reterr) : 0;
	if (r < 0)
		return r;
	r = run_traced(m, argv, HOOK_DEADLINE_MS, &out, &status);
	return r < 0 || status != 0 ? failed(words->v[0], r, status, &out, reterr) : 0;
}
