/* SPDX-License-Identifier: MIT */
/* gather: a capture of the machine, for a report. */
#include "cli/cli.h"

static int print_gathered(struct cli *cli, const char *dir, const struct rocpart_gathered *g)
{
	size_t n = rocpart_gathered_get_file_count(g);
	struct rp_json *j, *list;
	const char *text;
	int r;

	if (!cli->values.json) {
		cli_print_banner(cli);
		printf("%zu files in %s; left out:\n", n, dir);
		for (size_t i = 0; (text = rocpart_gathered_get_left_out(g, i)); i++)
			printf("  %s\n", text);
		printf("look at it with: rocpart --root %s list\n", dir);
		return 0;
	}
	j = cli_new_document(cli);
	list = rp_json_array();
	r = rp_json_set_string(j, "folder", dir);
	r |= rp_json_set_u64(j, "files", n);
	for (size_t i = 0; (text = rocpart_gathered_get_left_out(g, i)); i++)
		r |= rp_json_append(list, rp_json_string(text));
	if (rp_json_set(j, "left_out", list) < 0 || r < 0) {
		rp_json_free(j);
		return cli_nomem(cli);
	}
	return cli_print_json(cli, j);
}

int cli_cmd_gather(struct cli *cli, int argc, char **argv)
{
	const char *dir = cli->values.output ? cli->values.output : "rocpart-capture";
	struct rocpart_gathered *g = NULL;
	struct rocpart_error err = {0};
	int status;

	(void)argc;
	(void)argv;
	if (rocpart_machine_gather(cli->machine, dir, &g, &err) < 0)
		return cli_fail(cli, &err);
	status = print_gathered(cli, dir, g);
	rocpart_gathered_free(g);
	return status;
}
