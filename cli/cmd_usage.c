/* SPDX-License-Identifier: MIT */
/* usage: how much memory the processes of each lease use, and those of nobody's. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/usage.h"

static int print_text(struct cli *cli, const struct rocpart_usages *list)
{
	const struct cli_table_values *v = cli->values;
	const char *columns = v->columns ? v->columns : VIEW_USAGE_COLUMNS;
	uint64_t unmanaged = rocpart_usages_get_lease_bytes(list, 0);
	char text[RP_BYTES_TEXT_SIZE];
	int status = cli_check_columns(cli, view_usage_fields, columns);

	if (status)
		return status;
	cli_print_banner(cli);
	status = cli_print_table(cli, view_usage_table(list, columns));
	if (status)
		return status;
	if (unmanaged)
		printf("%s unmanaged: used without a lease (`rocpart adopt` gives it one)\n",
		       rp_format_bytes(unmanaged, text));
	if (!rocpart_usages_is_complete(list))
		printf("files of some processes cannot be looked at: that takes root; memory of "
		       "the KFD is shown all the same\n");
	return 0;
}

static int run_usage(struct cli *cli, int argc, char **argv)
{
	struct rocpart_usages *list = NULL;
	struct rocpart_error err = {0};
	int status;

	(void)argc;
	(void)argv;
	if (rocpart_usages_new(cli->machine, &list, &err) < 0)
		return cli_fail(cli, &err);
	status = cli->global.json ? cli_print_json(cli, view_usage(cli_about(cli), list))
				  : print_text(cli, list);
	rocpart_usages_free(list);
	return status;
}

const struct cli_command cli_verb_usage = {
	.name = "usage",
	.group = "look closer",
	.args = "",
	.summary = "show the memory that the processes of each lease use",
	.options = cli_table_options,
	.values_size = sizeof(struct cli_table_values),
	.columns = view_usage_fields,
	.needs_machine = true,
	.run = run_usage,
};
