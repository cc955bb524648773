/* SPDX-License-Identifier: MIT */
/* watch: monitors leases that exceed their limit, and prints one line for each event. */
#include "cli/watch.h"

#include <time.h>

#include "base/num.h"
#include "base/spawn.h"
#include "views/usage.h"

#define AGAIN_NS (60 * UINT64_C(1000000000))

enum stage {
	WITHIN,
	OVER,	 /* nothing was done about it yet */
	WARNED,	 /* and nothing more is to be done */
	STOPPED, /* SIGTERM was sent */
	KILLED,
};

struct watch_values {
	const char *enforce, *grace, *guard_after, *interval;
};

static const struct cli_option watch_options[] = {
	{.name = "enforce",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_OF_ARG,
	 .arg = "file|warn|stop",
	 .offset = offsetof(struct watch_values, enforce),
	 .help = "report leases that exceed their limit, and stop those whose node.yaml says "
		 "'guard: stop' (file), none, or all"},
	{.name = "grace",
	 .kind = CLI_TEXT,
	 .arg = "SECONDS",
	 .offset = offsetof(struct watch_values, grace),
	 .help = "time that a lease may exceed its limit, and time from SIGTERM to SIGKILL (10)"},
	{.name = "guard-after",
	 .kind = CLI_TEXT,
	 .arg = "SECONDS",
	 .offset = offsetof(struct watch_values, guard_after),
	 .help = "time that a lease with 'guard: stop' must exceed its limit before it is stopped "
		 "(60)"},
	{.name = "interval",
	 .kind = CLI_TEXT,
	 .arg = "SECONDS",
	 .offset = offsetof(struct watch_values, interval),
	 .help = "time between two readings (2)"},
	CLI_END,
};

struct watched {
	uint64_t lease;
	enum stage stage;
	uint64_t since_ns; /* of the stage */
	uint64_t guard_ns; /* since when its guard would stop it; 0: it would not */
};

struct watch {
	struct cli *cli;
	bool stops, asks_file;
	uint64_t grace_ns, guard_ns, interval_ms;
	struct watched *v;
	size_t n, cap;
};

/* ---- events ---- */

static int print_json(const struct watch *w, const struct view_watch_event *e)
{
	RP_AUTO_JSON struct rp_json *j = view_watch(cli_about(w->cli), e);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (!j || rp_json_print(j, false, &text) < 0)
		return -ENOMEM;
	return printf("%s\n", rp_strbuf_str(&text)) < 0 ? -EIO : 0;
}

static void print_text(const struct watch *w, const struct view_watch_event *e)
{
	char used[RP_BYTES_TEXT_SIZE], limit[RP_BYTES_TEXT_SIZE], where[VIEW_PARTITION_TEXT_SIZE];
	struct rocpart_snapshot *s = cli_observe_for_names(w->cli);

	cli_say_toned(stdout, rp_str_eq(e->what, "within") ? VIEW_TONE_OK : VIEW_TONE_ATTENTION,
		      e->what);
	cli_say(stdout, " lease %llu (%s) on %s: %s used of %s%s%s\n",
		(unsigned long long)e->lease->id, e->lease->name,
		view_format_partition(s, e->lease->bdf, e->lease->partition, where),
		rp_format_bytes(e->used_bytes, used), rp_format_bytes(e->lease->limit_bytes, limit),
		*e->note ? "; " : "", e->note);
	rocpart_snapshot_unref(s);
}

static int print_event(const struct watch *w, struct view_watch_event *e)
{
	int r = 0;

	e->at_s = (uint64_t)time(NULL);
	if (w->cli->global.json)
		r = print_json(w, e);
	else
		print_text(w, e);
	return r == 0 && fflush(stdout) != 0 ? -EIO : r;
}

/* ---- what is done ---- */

static void go_to(struct watched *x, enum stage stage, uint64_t now)
{
	x->stage = stage;
	x->since_ns = now;
}

/* Ends its processes, when it is known which they are: else it can only be said. */
static int stop(const struct watch *w, struct watched *x, struct view_watch_event *e, uint64_t now)
{
	struct rocpart_error err = {0};
	bool is_hard = x->stage == STOPPED;
	int r = rocpart_machine_check_hold(w->cli->machine, &err);

	if (r == 0)
		r = rocpart_lease_stop(w->cli->machine, e->lease->id, is_hard, &e->n_processes,
				       &err);

	if (r == 0 && e->n_processes) {
		e->what = is_hard ? "kill" : "stop";
		go_to(x, is_hard ? KILLED : STOPPED, now);
		return print_event(w, e);
	}
	e->what = "warn";
	e->note = r < 0 ? err.message
			: "which processes are its own is not known: give it an owner (`rocpart "
			  "run`, or `rocpart place --owner`)";
	go_to(x, WARNED, now);
	return print_event(w, e);
}

static int act(const struct watch *w, struct watched *x, struct view_watch_event *e, uint64_t now)
{
	if (w->stops || x->stage == STOPPED)
		return stop(w, x, e, now);
	e->what = "warn";
	go_to(x, WARNED, now);
	return print_event(w, e);
}

/* Whether its guard has wanted to stop it for long enough. */
static bool is_guarded(const struct watch *w, struct watched *x,
		       const struct rocpart_usages *usages, size_t index, uint64_t now)
{
	if (!w->asks_file || !cli_watch_may_stop(w->cli->machine, usages, index)) {
		x->guard_ns = 0;
		return false;
	}
	if (!x->guard_ns)
		x->guard_ns = now;
	return now >= x->guard_ns && now - x->guard_ns >= w->guard_ns;
}

/* 0, or an errno when it cannot be told to anybody any more. */
static int look_at(const struct watch *w, struct watched *x, const struct rocpart_usages *usages,
		   size_t index)
{
	const struct rocpart_lease *l =
		rocpart_leases_get(rocpart_usages_get_leases(usages), index);
	uint64_t used = rocpart_usages_get_lease_bytes(usages, l->id), now = rp_now_ns();
	struct view_watch_event e = {.what = "within", .lease = l, .used_bytes = used, .note = ""};

	if (used <= l->limit_bytes) {
		bool was_told = x->stage > OVER;

		go_to(x, WITHIN, now);
		x->guard_ns = 0;
		return was_told ? print_event(w, &e) : 0;
	}
	if (x->stage == WITHIN)
		go_to(x, OVER, now);
	if (x->stage <= WARNED && is_guarded(w, x, usages, index, now)) {
		x->guard_ns = now + AGAIN_NS; /* when it cannot be stopped now */
		return stop(w, x, &e, now);
	}
	if ((x->stage == OVER || x->stage == STOPPED) && now - x->since_ns >= w->grace_ns)
		return act(w, x, &e, now);
	return 0;
}

static struct watched *find(struct watch *w, uint64_t lease)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].lease == lease)
			return &w->v[i];
	if (rp_grow(&w->v, &w->cap, w->n + 1, sizeof(*w->v)) < 0)
		return NULL;
	w->v[w->n] = (struct watched){.lease = lease};
	return &w->v[w->n++];
}

/* Numbers of leases are not given twice, so what is gone need not be remembered. */
static void forget_gone(struct watch *w, const struct rocpart_leases *leases)
{
	const struct rocpart_lease *l;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		bool is_there = false;

		for (size_t k = 0; (l = rocpart_leases_get(leases, k)); k++)
			is_there |= l->id == w->v[i].lease;
		if (is_there)
			w->v[n++] = w->v[i];
	}
	w->n = n;
}

static int look(struct watch *w, const struct rocpart_usages *usages)
{
	const struct rocpart_leases *leases = rocpart_usages_get_leases(usages);
	const struct rocpart_lease *l;
	int r = 0;

	forget_gone(w, leases);
	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++) {
		struct watched *x = *l->bdf ? find(w, l->id) : NULL;

		if (*l->bdf && !x)
			return -ENOMEM;
		if (x)
			r = look_at(w, x, usages, i);
	}
	return r;
}

/* ---- the command ---- */

static int parse_seconds(struct cli *cli, const char *option, const char *text, double least,
			 double *ret)
{
	if (!text)
		return 0;
	if (rp_parse_double(text, ret) < 0 || *ret < least || *ret > 86400)
		return cli_usage_error(cli,
				       "--%s is a number of seconds from %g to 86400, not "
				       "'%s'",
				       option, least, text);
	return 0;
}

static int parse(struct cli *cli, struct watch *w)
{
	const struct watch_values *v = cli->values;
	const char *enforce = v->enforce ? v->enforce : "file";
	double grace = 10, interval = 2, guard_after = 60;
	int status = parse_seconds(cli, "grace", v->grace, 0, &grace);

	if (status == 0)
		status = parse_seconds(cli, "interval", v->interval, 0.01, &interval);
	if (status == 0)
		status = parse_seconds(cli, "guard-after", v->guard_after, 0, &guard_after);
	if (status)
		return status;
	if (!rp_str_eq(enforce, "warn") && !rp_str_eq(enforce, "stop") &&
	    !rp_str_eq(enforce, "file"))
		return cli_usage_error(cli, "--enforce is file, warn or stop, not '%s'", enforce);
	if (rocpart_machine_get_kind(cli->machine) == ROCPART_MACHINE_CAPTURE)
		return cli_usage_error(cli,
				       "a capture does not change: there is nothing to monitor");
	w->stops = rp_str_eq(enforce, "stop");
	w->asks_file = rp_str_eq(enforce, "file");
	w->guard_ns = (uint64_t)(guard_after * 1e9);
	w->grace_ns = (uint64_t)(grace * 1e9);
	w->interval_ms = (uint64_t)(interval * 1e3);
	return 0;
}

/* A look that fails later, while the driver is reloaded perhaps, is said and tried again. */
static int watch(struct watch *w)
{
	for (bool is_first = true;; is_first = false) {
		struct rocpart_usages *usages = NULL;
		struct rocpart_error err = {0};
		int r = rocpart_usages_new(w->cli->machine, &usages, &err);

		if (r < 0 && is_first)
			return cli_fail(w->cli, &err);
		if (r < 0)
			cli_say(stderr, "rocpart: %s\n", err.message);
		else
			r = look(w, usages);
		rocpart_usages_free(usages);
		if (r == -ENOMEM)
			return cli_nomem(w->cli);
		if (r == -EIO)
			return 1; /* nobody reads it any more */
		rp_sleep_ms(w->interval_ms);
	}
}

static int run_watch(struct cli *cli, int argc, char **argv)
{
	struct watch w = {.cli = cli};
	int status = parse(cli, &w);

	(void)argc;
	(void)argv;
	if (status == 0 && !cli->global.json)
		cli_print_banner(cli);
	if (status == 0)
		status = watch(&w);
	free(w.v);
	return status;
}

const struct cli_command cli_verb_watch = {
	.name = "watch",
	.group = "manage",
	.args = "",
	.summary = "monitor the leases, and report each that exceeds its limit",
	.options = watch_options,
	.values_size = sizeof(struct watch_values),
	.needs_machine = true,
	.run = run_watch,
};
