/* SPDX-License-Identifier: MIT */
/* usage: how much memory the processes of each lease use, and those of nobody's. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/usage.h"

static int print_text(struct cli *cli, const struct rocpart_usages *list,
		      const struct rocpart_snapshot *s)
{
	const struct view_layout layout = cli_get_layout(cli, s);
	uint64_t unmanaged = rocpart_usages_get_lease_bytes(list, 0);
	char text[RP_BYTES_TEXT_SIZE];
	int status;

	cli_print_banner(cli);
	status = cli_print_table(cli, view_usage_table(list, &layout));
	if (status || layout.csv)
		return status;
	if (unmanaged)
		cli_say(stdout,
			"%s unmanaged: used without a lease (`rocpart adopt` gives it one)\n",
			rp_format_bytes(unmanaged, text));
	if (!rocpart_usages_is_complete(list))
		cli_say(stdout, "files of some processes cannot be looked at: that takes root; "
				"memory of the KFD is shown all the same\n");
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
	if (cli->global.json) {
		status = cli_print_json(cli, view_usage(cli_about(cli), list));
	} else {
		struct rocpart_snapshot *s = cli_observe_for_names(cli);

		status = print_text(cli, list, s);
		rocpart_snapshot_unref(s);
	}
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
