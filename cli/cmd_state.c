/* SPDX-License-Identifier: MIT */
/* state: the records of a machine as a whole: export, import, check, migrate, set aside. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/leases.h"

struct export_values {
	const char *format;
};

static const struct cli_option export_options[] = {
	{.name = "for-version",
	 .kind = CLI_TEXT,
	 .arg = "FORMAT",
	 .offset = offsetof(struct export_values, format),
	 .help = "print what a rocpart that knows this format of leases imports"},
	CLI_END,
};

static int run_state_export(struct cli *cli, int argc, char **argv)
{
	const struct export_values *v = cli->values;
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *text = NULL;
	uint32_t format = 0;
	int r;

	(void)argc;
	(void)argv;
	if (v->format && rp_parse_u32(v->format, 10, &format) < 0)
		return cli_usage_error(cli,
				       "'%s' is not a number: --for-version takes the format "
				       "of leases that the other rocpart knows",
				       v->format);
	r = v->format ? rocpart_leases_export_for(cli->machine, format, &text, &err)
		      : rocpart_leases_export(cli->machine, &text, &err);
	if (r < 0)
		return cli_fail(cli, &err);
	return fputs(text, stdout) < 0;
}

#define EXPORT_MAX (64 * RP_MIB)

static int read_all(struct cli *cli, const char *path, struct rp_strbuf *ret)
{
	int r = cli_read_up_to(path, EXPORT_MAX, ret);

	if (r == -ENOMEM)
		return cli_nomem(cli);
	if (r == -EFBIG)
		return cli_usage_error(cli, "'%s' is larger than %d MiB", path,
				       (int)(EXPORT_MAX / RP_MIB));
	return r < 0 ? cli_usage_error(cli, "cannot read '%s': %s", path, rocpart_strerror(r)) : 0;
}

static int run_state_import(struct cli *cli, int argc, char **argv)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	size_t n = 0;
	int status = read_all(cli, argv[0], &text);

	(void)argc;
	if (status)
		return status;
	if (rocpart_leases_import(cli->machine, text.s ? text.s : "", text.len, argv[0], &n, &err) <
	    0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		return cli_print_json_done(cli, view_count(cli_about(cli), "imported", n));
	cli_say(stdout, "%zu lease%s %simported\n", n, n == 1 ? "" : "s",
		cli_is_dry_run(cli) ? "would be " : "");
	return cli_done(cli);
}

static int run_state_check(struct cli *cli, int argc, char **argv)
{
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *problems = NULL;
	int status = 0;

	(void)argc;
	(void)argv;
	if (rocpart_leases_check(cli->machine, &problems, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		status = cli_print_json(cli, view_lease_check(cli_about(cli), problems));
	else
		cli_say_lines(stdout, *problems ? problems : "the leases are consistent\n");
	return status ? status : *problems != '\0';
}

static int run_state_migrate(struct cli *cli, int argc, char **argv)
{
	struct rocpart_migration m = {0};
	struct rocpart_error err = {0};
	bool is_needed;
	int status = 0;

	(void)argc;
	(void)argv;
	rocpart_machine_set_dry_run(cli->machine, cli_is_dry_run(cli));
	if (rocpart_leases_migrate(cli->machine, &m, &err) < 0)
		return cli_fail(cli, &err);
	is_needed = m.from != m.to;
	if (cli->global.json)
		status = is_needed ? cli_print_json_done(cli, view_migrated(cli_about(cli), &m))
				   : cli_print_json(cli, view_migrated(cli_about(cli), &m));
	else if (!is_needed)
		cli_say(stdout, "the leases are of format %u already\n", m.to);
	else if (cli_is_dry_run(cli))
		cli_say(stdout,
			"dry run: the leases would be exported, then brought from format "
			"%u to %u; nothing was changed\n",
			m.from, m.to);
	else
		cli_say(stdout, "the leases are of format %u now\nbackup: %s\n", m.to, m.backup);
	free(m.backup);
	return status || !is_needed ? status : cli_done(cli);
}

static int run_state_set_aside(struct cli *cli, int argc, char **argv)
{
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *text = NULL;

	(void)argc;
	(void)argv;
	if (rocpart_machine_set_aside_records(cli->machine, &text, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		return cli_print_json(cli, view_set_aside(cli_about(cli), text));
	cli_say_lines(stdout, *text ? text : "no record is damaged; nothing was moved\n");
	return 0;
}

const struct cli_command cli_verb_state_export = {
	.name = "state export",
	.group = "manage",
	.args = "",
	.summary = "print all leases as JSON: the backup of a machine",
	.options = export_options,
	.values_size = sizeof(struct export_values),
	.needs_machine = true,
	.run = run_state_export,
};

const struct cli_command cli_verb_state_import = {
	.name = "state import",
	.group = "manage",
	.args = "FILE",
	.min_args = 1,
	.max_args = 1,
	.summary = "restore exported leases ('-' reads standard input)",
	.options = cli_dry_run_options,
	.values_size = sizeof(bool),
	.words = {CLI_WORDS_FILES},
	.needs_machine = true,
	.run = run_state_import,
};

const struct cli_command cli_verb_state_check = {
	.name = "state check",
	.group = "manage",
	.args = "",
	.summary = "recompute and verify the lease accounting",
	.needs_machine = true,
	.run = run_state_check,
};

const struct cli_command cli_verb_state_migrate = {
	.name = "state migrate",
	.group = "manage",
	.args = "",
	.summary = "bring the leases to the format of this version of rocpart",
	.options = cli_dry_run_options,
	.values_size = sizeof(bool),
	.needs_machine = true,
	.run = run_state_migrate,
};

const struct cli_command cli_verb_state_set_aside = {
	.name = "state set-aside",
	.group = "manage",
	.args = "",
	.summary = "move damaged records out of the way and show what is lost",
	.needs_machine = true,
	.run = run_state_set_aside,
};
