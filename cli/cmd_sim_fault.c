/* SPDX-License-Identifier: MIT */
/* sim fault, sim log: what goes wrong on a simulated machine, and what its kernel says of it. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/sim.h"

/* ---- fault ---- */

struct fault_values {
	bool list, clear;
	const char *at, *remove;
};

static const struct cli_option fault_options[] = {
	{.name = "at",
	 .kind = CLI_TEXT,
	 .arg = "TIME",
	 .offset = offsetof(struct fault_values, at),
	 .help = "inject it later: in 90s, 10m, of simulated time (now)"},
	{.name = "list",
	 .letter = 'l',
	 .offset = offsetof(struct fault_values, list),
	 .help = "list the fault rules, as the command without RULE does"},
	{.name = "remove",
	 .kind = CLI_TEXT,
	 .arg = "RULE",
	 .offset = offsetof(struct fault_values, remove),
	 .help = "remove this rule"},
	{.name = "clear",
	 .offset = offsetof(struct fault_values, clear),
	 .help = "remove all fault rules, and those to come"},
	CLI_END,
};

/* Lines "SECONDS RULE". */
static void print_planned(char *planned)
{
	for (char *line = planned, *next; *line; line = next) {
		char *rule = strchr(line, ' ');

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (!rule)
			continue;
		*rule++ = '\0';
		cli_say(stdout, "%s, in %s s\n", rule, line);
	}
}

static int show_faults(struct cli *cli, const char *name, const char *dir)
{
	RP_AUTO_FREE char *rules = NULL, *planned = NULL;
	struct rocpart_error err = {0};

	if (rocpart_sim_fault_list(dir, &rules, &err) < 0 ||
	    rocpart_sim_fault_list_planned(dir, &planned, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		return cli_print_json(cli, view_sim_faults(cli_about(cli), name, rules, planned));
	cli_say_lines(stdout, *rules || *planned ? rules : "no faults\n");
	print_planned(planned);
	return 0;
}

static int add_fault(struct cli *cli, const char *name, const char *dir, const char *rule)
{
	const struct fault_values *v = cli->values;
	struct rocpart_error err = {0};
	uint64_t seconds = 0;

	if (!v->at)
		return rocpart_sim_fault_add(dir, rule, &err) < 0
			       ? cli_fail(cli, &err)
			       : cli_sim_done(cli, name, "fault added");
	if (rp_parse_duration(v->at, &seconds) < 0)
		return cli_usage_error(cli, "'%s' is not a time; write 90s, 10m, 2h", v->at);
	return rocpart_sim_fault_plan(dir, rule, seconds, &err) < 0
		       ? cli_fail(cli, &err)
		       : cli_sim_done(cli, name, "fault to come");
}

static int run_sim_fault(struct cli *cli, int argc, char **argv)
{
	const struct fault_values *v = cli->values;
	RP_AUTO_FREE char *dir = NULL;
	struct rocpart_error err = {0};
	int status = cli_sim_find_dir(cli, argv, &dir);

	if (status)
		return status;
	if ((argc > 1) + v->list + v->clear + (v->remove != NULL) > 1 || (v->at && argc == 1))
		return cli_usage_error(
			cli, "give a rule, --list, --remove RULE or --clear; --at is of a "
			     "rule");
	if (v->clear)
		return rocpart_sim_fault_clear(dir, &err) < 0
			       ? cli_fail(cli, &err)
			       : cli_sim_done(cli, argv[0], "faults removed");
	if (v->remove)
		return rocpart_sim_fault_remove(dir, v->remove, &err) < 0
			       ? cli_fail(cli, &err)
			       : cli_sim_done(cli, argv[0], "fault removed");
	return argc == 1 ? show_faults(cli, argv[0], dir) : add_fault(cli, argv[0], dir, argv[1]);
}

const struct cli_command cli_verb_sim_fault = {
	.name = "sim fault",
	.group = "simulated machines",
	.args = "NAME [RULE]",
	.min_args = 1,
	.max_args = 2,
	.summary = "inject a fault, such as a driver that does not load",
	.options = fault_options,
	.values_size = sizeof(struct fault_values),
	.words = {CLI_WORDS_SIMS},
	.run = run_sim_fault,
};

/* ---- log ---- */

/* As dmesg prints it. */
static void print_log(const struct rp_json *lines)
{
	for (size_t i = 0; i < rp_json_len(lines); i++) {
		const struct rp_json *line = rp_json_at(lines, i);
		uint64_t us = (uint64_t)rp_json_int_value(rp_json_get(line, "microseconds"));
		char time[40];

		if (rp_fmt(time, sizeof(time), "%5llu.%06llu", (unsigned long long)(us / 1000000),
			   (unsigned long long)(us % 1000000)) < 0)
			continue;
		cli_say(stdout, "[%s] %s\n", time, rp_json_text(rp_json_get(line, "text")));
	}
}

static int run_sim_log(struct cli *cli, int argc, char **argv)
{
	RP_AUTO_FREE char *dir = NULL, *log = NULL;
	struct rocpart_error err = {0};
	struct rp_json *j;
	int status = cli_sim_find_dir(cli, argv, &dir);

	(void)argc;
	if (status)
		return status;
	if (rocpart_sim_get_kernel_log(dir, &log, &err) < 0)
		return cli_fail(cli, &err);
	j = view_sim_log(cli_about(cli), argv[0], log);
	if (!j)
		return cli_nomem(cli);
	if (cli->global.json)
		return cli_print_json(cli, j);
	print_log(rp_json_get(j, "lines"));
	rp_json_free(j);
	return 0;
}

const struct cli_command cli_verb_sim_log = {
	.name = "sim log",
	.group = "simulated machines",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "show the kernel log of a simulated machine",
	.words = {CLI_WORDS_SIMS},
	.run = run_sim_log,
};
