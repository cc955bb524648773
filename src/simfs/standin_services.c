/* SPDX-License-Identifier: MIT */
/*
 * systemctl, docker and podman of the simulated machine, as far as starting, stopping and asking
 * goes, in the words and with the exit statuses of systemctl(1) and docker(1).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simfs/standin.h"

#define NOT_ACTIVE 3 /* of systemctl, as LSB has it for `status` */
#define NO_UNIT	   5
#define NOTE_MAX   2000

static int not_here(const char *verb)
{
	fprintf(stderr, "%s: '%s' is not simulated, only start, stop, restart and %s\n",
		rp_standin_tool, verb,
		strcmp(rp_standin_tool, "systemctl") == 0 ? "is-active" : "container inspect");
	return 1;
}

/* "start systemd:NAME"; 0 or an errno. */
static int order(const char *verb, const char *kind, const char *name)
{
	char id[512];
	int n = snprintf(id, sizeof(id), "%s:%s", kind, name);

	return n < 0 || (size_t)n >= sizeof(id) ? EINVAL : rp_standin_order(verb, id);
}

/* restart is stop and start; one that is not known is only started. */
static int act(const char *verb, const char *kind, const char *name)
{
	int r;

	if (strcmp(verb, "restart") != 0)
		return order(verb, kind, name);
	r = order("stop", kind, name);
	return r == 0 || r == ENOENT ? order("start", kind, name) : r;
}

static bool is_act(const char *verb)
{
	return strcmp(verb, "start") == 0 || strcmp(verb, "stop") == 0 ||
	       strcmp(verb, "restart") == 0;
}

/* ---- systemctl ---- */

static int is_active(const char *unit, bool quiet)
{
	bool active = order("ask", "systemd", unit) == 0;

	if (!quiet)
		puts(active ? "active" : "inactive");
	return active ? 0 : NOT_ACTIVE;
}

static int act_on_unit(const char *verb, const char *unit)
{
	int r = act(verb, "systemd", unit);

	if (r == ENOENT)
		fprintf(stderr, "Failed to %s %s: Unit %s not loaded.\n", verb, unit, unit);
	else if (r)
		fprintf(stderr, "Failed to %s %s: %s\n", verb, unit, strerror(r));
	return r == ENOENT ? NO_UNIT : r ? 1 : 0;
}

/* Options are passed over, but for the one that silences the answer. */
int rp_standin_systemctl(int argc, char **argv)
{
	const char *verb = NULL;
	bool quiet = false, asks;
	int status = 1;

	for (int i = 1; i < argc; i++) {
		quiet |= strcmp(argv[i], "-q") == 0 || strcmp(argv[i], "--quiet") == 0;
		if (!verb && argv[i][0] != '-')
			verb = argv[i];
	}
	asks = verb && strcmp(verb, "is-active") == 0;
	if (!verb || (!asks && !is_act(verb)))
		return not_here(verb ? verb : "");
	for (int i = 1; i < argc; i++) {
		int one;

		if (argv[i][0] == '-' || argv[i] == verb)
			continue;
		one = asks ? is_active(argv[i], quiet) : act_on_unit(verb, argv[i]);
		/* active when one is; done when all are */
		if (status == 1 || (asks ? one == 0 : one != 0))
			status = one;
	}
	return status;
}

/* ---- docker, podman ---- */

/* container inspect -f '{{.State.Running}}' NAME: the only field that there is. */
static int inspect(int argc, char **argv)
{
	const char *name = argc > 0 ? argv[argc - 1] : "";
	bool asks = false;

	for (int i = 0; i < argc; i++)
		asks |= strcmp(argv[i], "{{.State.Running}}") == 0;
	if (!asks)
		return not_here("container inspect of anything but {{.State.Running}}");
	puts(order("ask", rp_standin_tool, name) == 0 ? "true" : "false");
	return 0;
}

int rp_standin_container_tool(int argc, char **argv)
{
	int status = 1;

	if (argc > 2 && strcmp(argv[1], "container") == 0 && strcmp(argv[2], "inspect") == 0)
		return inspect(argc - 3, argv + 3);
	if (argc < 2 || !is_act(argv[1]))
		return not_here(argc > 1 ? argv[1] : "");
	for (int i = 2; i < argc; i++) {
		int r;

		if (argv[i][0] == '-')
			continue;
		r = act(argv[1], rp_standin_tool, argv[i]);
		if (r) {
			fprintf(stderr, "Error response from daemon: %s: %s\n", argv[i],
				r == ENOENT ? "No such container" : strerror(r));
			return 1;
		}
		puts(argv[i]);
		status = 0;
	}
	return status;
}

/* ---- hooks of a file ---- */

/* They may reach anything of the host: what would be run is written down, and that is all. */
int rp_standin_run_hook(int argc, char **argv)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int r = ENOMEM;

	for (int i = 1; f && i < argc; i++)
		fprintf(f, "%s%s", i > 1 ? " " : "", argv[i]);
	if (f && fclose(f) == 0) {
		if (len > NOTE_MAX)
			text[NOTE_MAX] = '\0';
		r = rp_standin_order("hook", text);
	}
	free(text);
	if (r)
		fprintf(stderr, "%s: %s\n", rp_standin_tool, strerror(r));
	return r ? 1 : 0;
}
