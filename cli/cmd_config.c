/* SPDX-License-Identifier: MIT */
/* config: the file of the node as all commands read it. */
#include "cli/cli.h"

#include "views/config.h"

struct config_values {
	struct cli_file_values file;
};

static const struct cli_option config_options[] = {
	{.name = "file",
	 .letter = 'f',
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "FILE",
	 .offset = offsetof(struct config_values, file.file),
	 .help = "same as the argument FILE"},
	CLI_END,
};

static int print_config(struct cli *cli, const struct rocpart_desired *desired)
{
	RP_AUTO_FREE char *text = NULL;
	struct rocpart_error err = {0};
	int r = cli->global.json ? rocpart_desired_to_json(desired, &text, &err)
				 : rocpart_desired_to_yaml(desired, &text, &err);

	if (r < 0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		return cli_print_json(cli, view_config(cli_about(cli), text));
	return fputs(text, stdout) < 0;
}

static int run_config(struct cli *cli, int argc, char **argv)
{
	struct config_values *v = cli->values;
	struct rocpart_desired *desired = NULL;
	int status = cli_take_file(cli, &v->file, argc, argv);

	if (status == 0)
		status = cli_open_desired(cli, v->file.file, false, &desired);
	if (status == 0)
		status = print_config(cli, desired);
	rocpart_desired_free(desired);
	return status;
}

const struct cli_command cli_verb_config = {
	.name = "config",
	.group = "manage",
	.args = "[FILE]",
	.max_args = 1,
	.summary = "print the effective node.yaml with the origin of each value",
	.options = config_options,
	.values_size = sizeof(struct config_values),
	.words = {CLI_WORDS_FILES},
	.run = run_config,
};
