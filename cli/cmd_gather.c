/* SPDX-License-Identifier: MIT */
/* gather: a capture of the machine, for a report. */
#include "cli/cli.h"

#include "views/doctor.h"

struct gather_values {
	const char *output;
};

static const struct cli_option gather_options[] = {
	{.name = "output",
	 .letter = 'o',
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "DIR",
	 .offset = offsetof(struct gather_values, output),
	 .help = "new folder for the capture (rocpart-capture)"},
	CLI_END,
};

static void print_gathered(const struct cli *cli, const char *dir, const struct rocpart_gathered *g)
{
	const char *text;

	cli_print_banner(cli);
	cli_say(stdout, "%zu files in %s; left out:\n", rocpart_gathered_get_file_count(g), dir);
	for (size_t i = 0; (text = rocpart_gathered_get_left_out(g, i)); i++)
		cli_say(stdout, "  %s\n", text);
	cli_say(stdout, "look at it with: rocpart --root %s list\n", dir);
}

static int run_gather(struct cli *cli, int argc, char **argv)
{
	const struct gather_values *v = cli->values;
	const char *dir = v->output ? v->output : "rocpart-capture";
	struct rocpart_gathered *g = NULL;
	struct rocpart_error err = {0};
	int status = 0;

	(void)argc;
	(void)argv;
	if (rocpart_machine_gather(cli->machine, dir, &g, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		status = cli_print_json(cli, view_gathered(cli_about(cli), dir, g));
	else
		print_gathered(cli, dir, g);
	rocpart_gathered_free(g);
	return status;
}

const struct cli_command cli_verb_gather = {
	.name = "gather",
	.group = "develop",
	.args = "",
	.summary = "save the kernel's files of the GPUs in a folder, for a report or --root",
	.options = gather_options,
	.values_size = sizeof(struct gather_values),
	.needs_machine = true,
	.run = run_gather,
};
