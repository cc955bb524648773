/* SPDX-License-Identifier: MIT */
/* Opening a simulated machine: of a folder, or in memory. */
#include "base/name.h"
#include "base/printable.h"
#include "machine/machine.h"
#include "rocpart/node.h"
#include "sim/sim.h"

static void close_sim(void *sim)
{
	rp_sim_close(sim);
}

/* Words separated by one blank. */
static char *join(const char *before, const char *const *argv)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	rp_strbuf_add(&text, before);
	for (size_t i = 0; argv[i]; i++)
		rp_strbuf_addf(&text, " %s", argv[i]);
	return rp_strbuf_failed(&text) ? NULL : rp_strbuf_steal(&text);
}

/* The program of an order to a unit or container; NULL: it is none. */
static const char *service_program(const char *const *argv)
{
	static const char *const programs[] = {"systemctl", "docker", "podman"};
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];

	for (size_t i = 0; i < RP_ARRAY_LEN(programs); i++)
		if (rp_str_eq(name, programs[i]))
			return programs[i];
	return NULL;
}

bool rp_machine_simulates_hook(const char *const *argv, size_t n)
{
	return n == 3 && service_program(argv) &&
	       (rp_str_eq(argv[1], "start") || rp_str_eq(argv[1], "stop"));
}

/* What systemctl(1) and docker(1) say and do, of a unit or container of the machine. */
static int run_service(struct rp_sim *sim, const char *verb, const char *id, struct rp_strbuf *out)
{
	bool is_unit = rp_str_eq(verb, "is-active");
	int r;

	if (rp_str_eq(verb, "start"))
		return rp_sim_service_start(sim, id);
	if (rp_str_eq(verb, "stop"))
		return rp_sim_service_stop(sim, id);
	r = rp_sim_service_runs(sim, id);
	if (r >= 0)
		rp_strbuf_add(out,
			      r ? (is_unit ? "active" : "true") : (is_unit ? "inactive" : "false"));
	return r < 0 ? r : 0;
}

/* What a change runs around itself. Programs of the site, by their paths, are noted, not run. */
static int run_simulated(void *userdata, const char *const *argv, struct rp_strbuf *out,
			 int *ret_status)
{
	const char *program = service_program(argv), *name = argv[0];
	RP_AUTO_FREE char *text = NULL;
	bool is_service;
	size_t n = 0;
	int r;

	for (; argv[n]; n++)
		name = argv[n];
	is_service = argv[0][0] != '/' || rp_machine_simulates_hook(argv, n);
	text = !is_service
		       ? join("hook", argv)
		       : rp_strdupf("%s:%s", rp_str_eq(program, "systemctl") ? "systemd" : program,
				    name);
	if (!text)
		return -ENOMEM;
	*ret_status = 0;
	if (!is_service)
		return rp_sim_log(userdata, text);
	r = run_service(userdata, argv[1], text, out);
	if (r != -EIO)
		return r;
	*ret_status = 1; /* a fault of the machine, not of us */
	rp_strbuf_addf(out, "Job for %s failed.", name);
	return 0;
}

/* Takes sim, state_dir and name over, also when it fails; NULL for one of them: out of memory. */
static int wrap(struct rp_sim *sim, char *state_dir, char *name, struct rocpart_machine **ret,
		struct rocpart_error *reterr)
{
	struct rocpart_machine *m = rp_new0(struct rocpart_machine, 1);
	char id[RP_SIM_ID_SIZE];
	int r = -ENOMEM;

	if (!m) {
		rp_sim_close(sim);
		free(state_dir);
		free(name);
		return rp_error_nomem(reterr);
	}
	m->flavour = RP_MACHINE_SIM;
	m->backing = sim;
	m->asks = rp_sim_asks(sim);
	m->no_sync = rp_sim_no_sync(sim);
	m->free_backing = close_sim;
	m->run = run_simulated;
	m->run_userdata = sim;
	m->state_dir = state_dir;
	m->sim_name = name;
	rp_sim_get_id(sim, id);
	m->sim_id = strdup(id);
	if (state_dir && name && m->sim_id)
		r = rp_tree_open_ops(rp_sim_tree_ops(), sim, RP_TREE_SIM, &m->tree);
	if (r < 0) {
		rocpart_machine_close(m);
		return rp_error_nomem(reterr);
	}
	*ret = m;
	return 0;
}

/* A simulated machine is called as its folder is, which an earlier version may have made. */
static char *name_of(const char *dir)
{
	RP_AUTO_FREE char *name = NULL;
	size_t end = strlen(dir), start;
	char *shown;

	while (end > 1 && dir[end - 1] == '/')
		end--;
	start = end;
	while (start && dir[start - 1] != '/')
		start--;
	name = rp_strndup(dir + start, end - start);
	shown = name ? rp_new0(char, RP_NAME_SIZE) : NULL;
	if (shown)
		rp_printable_fit(shown, RP_NAME_SIZE, name);
	return shown;
}

int rp_machine_open_sim(const char *dir, struct rocpart_machine **ret, struct rocpart_error *reterr)
{
	struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r
		     : wrap(sim, rp_strdupf("%s/" RP_SIM_RECORDS, dir), name_of(dir), ret, reterr);
}

int rp_machine_open_sim_memory(const char *profile, size_t profile_bytes, const char *profile_name,
			       struct rocpart_machine **ret, struct rocpart_error *reterr)
{
	struct rocpart_machine *m = NULL;
	struct rp_sim *sim = NULL;
	int r;

	if (profile_bytes > RP_SIM_PROFILE_MAX)
		return rp_error_set(reterr, -EFBIG, ROCPART_ERR_CONFIG_SYNTAX, profile_name,
				    "the profile is larger than 1 MiB");
	r = rp_sim_new(profile, profile_bytes, profile_name, &sim, reterr);
	if (r == 0)
		r = wrap(sim, strdup("(records in memory)"), strdup(""), &m, reterr);
	if (r == 0 && rp_tree_open_memory(&m->state) < 0) {
		rocpart_machine_close(m);
		r = rp_error_nomem(reterr);
	}
	if (r < 0)
		return r;
	m->in_memory = true;
	*ret = m;
	return 0;
}
