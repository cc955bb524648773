/* SPDX-License-Identifier: MIT */
/* history: what was done to the machine, when and by whom. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/history.h"

#define LAST_DEFAULT 20
#define LAST_MAX     100000

struct history_values {
	const char *last;
	struct cli_table_values table;
};

static const struct cli_option history_options[] = {
	{.name = "last",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct history_values, last),
	 .help = "show the last N entries (20)"},
	CLI_SHARED(cli_table_options, history_values, table),
	CLI_END,
};

struct user_name {
	char text[CLI_USER_NAME_SIZE];
};

static size_t count(const struct rocpart_history *h)
{
	size_t n = 0;

	while (rocpart_history_get(h, n))
		n++;
	return n;
}

static int print_text(struct cli *cli, const struct view_history_row *rows, size_t n,
		      size_t n_damaged)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);
	int status;

	cli_print_banner(cli);
	if (n == 0 && !layout.csv)
		cli_say(stdout, "nothing was recorded\n");
	status = n || layout.csv ? cli_print_table(cli, view_history_table(rows, n, &layout)) : 0;
	if (status == 0 && n_damaged && !layout.csv)
		cli_say(stdout, "%zu line%s of the record cannot be read\n", n_damaged,
			n_damaged == 1 ? "" : "s");
	return status;
}

/* The list is the newest first; a table is read from the top, with the newest last. */
static int print_history(struct cli *cli, const struct rocpart_history *h)
{
	size_t n = count(h), n_damaged = rocpart_history_get_damaged(h);
	RP_AUTO_FREE struct view_history_row *rows = rp_new0(struct view_history_row, n);
	RP_AUTO_FREE struct user_name *users = rp_new0(struct user_name, n);

	if (!rows || !users)
		return cli_nomem(cli);
	for (size_t i = 0; i < n; i++) {
		const struct rocpart_history_entry *e = rocpart_history_get(h, n - 1 - i);

		rows[i] = (struct view_history_row){e, users[i].text};
		if (e->has_uid)
			cli_user_name(e->uid, users[i].text);
	}
	return cli->global.json
		       ? cli_print_json(cli, view_history(cli_about(cli), rows, n, n_damaged))
		       : print_text(cli, rows, n, n_damaged);
}

static int run_history(struct cli *cli, int argc, char **argv)
{
	const struct history_values *v = cli->values;
	struct rocpart_history *h = NULL;
	struct rocpart_error err = {0};
	uint32_t last = LAST_DEFAULT;
	int status;

	(void)argc;
	(void)argv;
	if (v->last && (rp_parse_u32(v->last, 10, &last) < 0 || last < 1 || last > LAST_MAX))
		return cli_usage_error(cli, "--last is a number from 1 to %d, not '%s'", LAST_MAX,
				       v->last);
	if (rocpart_history_new(cli->machine, last, &h, &err) < 0)
		return cli_fail(cli, &err);
	status = print_history(cli, h);
	rocpart_history_free(h);
	return status;
}

const struct cli_command cli_verb_history = {
	.name = "history",
	.group = "look closer",
	.args = "",
	.summary = "show what was done to the machine, when and by whom",
	.options = history_options,
	.values_size = sizeof(struct history_values),
	.columns = view_history_fields,
	.needs_machine = true,
	.run = run_history,
};
