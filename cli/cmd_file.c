/* SPDX-License-Identifier: MIT */
/* assert, export: the machine held against a file, and as a file. */
#include "cli/cli.h"

static int print_differences(struct cli *cli, const struct rocpart_change *change)
{
	const char *text = rocpart_change_get_difference(change, 0);
	struct rp_json *j, *list;
	int status, r;

	status = text ? 1 : 0;
	if (!cli->values.json) {
		cli_print_banner(cli);
		printf("%s\n", text ? "the machine differs from the file:" : "as the file says");
		for (size_t i = 0; (text = rocpart_change_get_difference(change, i)); i++)
			printf("  %s\n", text);
		return status;
	}
	j = cli_new_document(cli);
	list = rp_json_array();
	r = rp_json_set_bool(j, "as_wished", !text);
	for (size_t i = 0; r == 0 && (text = rocpart_change_get_difference(change, i)); i++)
		r = rp_json_append(list, rp_json_string(text));
	if (rp_json_set(j, "differences", list) < 0 || r < 0) {
		rp_json_free(j);
		return cli_nomem(cli);
	}
	r = cli_print_json(cli, j);
	return r ? r : status;
}

/* That the change could not be done (a capture, a cordon) is no difference. */
static int compare(struct cli *cli, struct rocpart_change *change)
{
	struct rocpart_error err = {0};

	if (rocpart_change_load_config(change, cli->values.file, cli->values.config, &err) < 0)
		return cli_fail(cli, &err);
	if (rocpart_change_check(change, &err) == -ENOMEM)
		return cli_fail(cli, &err);
	return print_differences(cli, change);
}

int cli_cmd_assert(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *change = NULL;
	struct rocpart_error err = {0};
	int status;

	(void)argc;
	(void)argv;
	if (!cli->values.file)
		return cli_usage_error(cli, "name a file with -f");
	status = cli_observe_gpus(cli, &s);
	if (status == 0 && rocpart_change_new(cli->machine, s, &change, &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0)
		status = compare(cli, change);
	rocpart_change_free(change);
	rocpart_snapshot_unref(s);
	return status;
}

static int print_file(struct cli *cli, const char *text)
{
	struct rp_json *j;

	if (!cli->values.json)
		return fputs(text, stdout) < 0;
	j = cli_new_document(cli);
	if (rp_json_set_string(j, "file", text) < 0) {
		rp_json_free(j);
		return cli_nomem(cli);
	}
	return cli_print_json(cli, j);
}

int cli_cmd_export(struct cli *cli, int argc, char **argv)
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
	else
		status = print_file(cli, text);
	rocpart_snapshot_unref(s);
	return status;
}
