/* SPDX-License-Identifier: MIT */
/* gather: a capture of the machine, for a report. */
#include "cli/cli.h"

#include "views/doctor.h"

static void print_gathered(const struct cli *cli, const char *dir, const struct rocpart_gathered *g)
{
	const char *text;

	cli_print_banner(cli);
	printf("%zu files in %s; left out:\n", rocpart_gathered_get_file_count(g), dir);
	for (size_t i = 0; (text = rocpart_gathered_get_left_out(g, i)); i++)
		printf("  %s\n", text);
	printf("look at it with: rocpart --root %s list\n", dir);
}

int cli_cmd_gather(struct cli *cli, int argc, char **argv)
{
	const char *dir = cli->values.output ? cli->values.output : "rocpart-capture";
	struct rocpart_gathered *g = NULL;
	struct rocpart_error err = {0};
	int status = 0;

	(void)argc;
	(void)argv;
	if (rocpart_machine_gather(cli->machine, dir, &g, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->values.json)
		status = cli_print_json(cli, view_gathered(cli_about(cli), dir, g));
	else
		print_gathered(cli, dir, g);
	rocpart_gathered_free(g);
	return status;
}
