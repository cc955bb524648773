/* SPDX-License-Identifier: MIT */
/* assert, export: the machine compared with a file, and as a file. */
#include "cli/cli.h"

#include "views/change.h"

static void print_differences(const struct cli *cli, const struct rocpart_change *change)
{
	const char *text = rocpart_change_get_difference(change, 0);

	cli_print_banner(cli);
	cli_say(stdout, "%s\n",
		text ? "the machine differs from the file:"
		     : "each GPU is in the modes that the file describes");
	for (size_t i = 0; (text = rocpart_change_get_difference(change, i)); i++)
		cli_say(stdout, "  %s\n", text);
}

/* That the change could not be done (a capture, a cordon) is no difference. */
static int compare(struct cli *cli, struct rocpart_change *change)
{
	const struct cli_file_values *v = cli->values;
	struct rocpart_error err = {0};
	int status = 0;

	if (rocpart_change_load_config(change, v->file, v->config, &err) < 0)
		return cli_fail(cli, &err);
	if (rocpart_change_check(change, &err) == -ENOMEM)
		return cli_fail(cli, &err);
	if (cli->global.json)
		status = cli_print_json(cli, view_assert(cli_about(cli), change));
	else
		print_differences(cli, change);
	if (status == 0 && rocpart_change_get_difference(change, 0))
		return CLI_EXIT_TO_DO;
	return status;
}

static int run_assert(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *change = NULL;
	struct rocpart_error err = {0};
	int status;

	status = cli_take_file(cli, cli->values, argc, argv);
	if (status)
		return status;
	status = cli_observe_gpus(cli, &s);
	if (status == 0 && rocpart_change_new(cli->machine, s, &change, &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0)
		status = compare(cli, change);
	rocpart_change_free(change);
	rocpart_snapshot_unref(s);
	return status;
}

static int run_export(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	RP_AUTO_FREE char *text = NULL;
	struct rocpart_error err = {0};
	int status = cli_observe_gpus(cli, &s);

	(void)argc;
	(void)argv;
	if (status)
		return status;
	if (rocpart_snapshot_export(s, &text, &err) < 0)
		status = cli_fail(cli, &err);
	else if (cli->global.json)
		status = cli_print_json(cli, view_export(cli_about(cli), text));
	else
		status = fputs(text, stdout) < 0;
	rocpart_snapshot_unref(s);
	return status;
}

const struct cli_command cli_verb_assert = {
	.name = "assert",
	.group = "manage",
	.args = "[FILE]",
	.max_args = 1,
	.summary = "compare the node with a file; exit status 7 when they differ",
	.options = cli_file_options,
	.values_size = sizeof(struct cli_file_values),
	.words = {CLI_WORDS_FILES},
	.needs_machine = true,
	.run = run_assert,
};

const struct cli_command cli_verb_export = {
	.name = "export",
	.group = "manage",
	.args = "",
	.summary = "print the present modes as a file for apply and assert",
	.needs_machine = true,
	.run = run_export,
};
