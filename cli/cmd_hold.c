/* SPDX-License-Identifier: MIT */
/* hold: nothing unattended changes the machine, until a time. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/num.h"

struct hold_values {
	const char *duration, *reason;
	bool end, dry_run;
};

static const struct cli_option hold_options[] = {
	{.name = "for",
	 .kind = CLI_TEXT,
	 .arg = "TIME",
	 .offset = offsetof(struct hold_values, duration),
	 .help = "put unattended changes on hold for this time: 90s, 30m, 2h or 3d, up to 90d"},
	{.name = "reason",
	 .kind = CLI_TEXT,
	 .arg = "TEXT",
	 .offset = offsetof(struct hold_values, reason),
	 .help = "record why, in one line, for whoever finds the hold"},
	{.name = "end",
	 .offset = offsetof(struct hold_values, end),
	 .help = "end the hold: unattended changes are allowed again"},
	{.name = "dry-run",
	 .letter = 'n',
	 .offset = offsetof(struct hold_values, dry_run),
	 .help = "show what would be done, and do nothing"},
	CLI_END,
};

/* "2h". A number without a unit is refused: whoever means hours would get seconds. */
static int parse_duration(struct cli *cli, const char *text, uint64_t *ret_s)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strlen(text);
	uint64_t n;

	for (size_t i = 0; len > 1 && i < RP_ARRAY_LEN(units); i++)
		if (text[len - 1] == units[i].letter &&
		    rp_parse_u64_part(text, len - 1, 10, &n) == 0 &&
		    rp_mul_u64(n, units[i].seconds, ret_s) == 0 && *ret_s >= 1 &&
		    *ret_s <= ROCPART_HOLD_MAX_S)
			return 0;
	return cli_usage_error(cli,
			       "--for is a time with its unit, such as 90s, 30m, 2h or 3d, up "
			       "to 90d, not '%s'",
			       text);
}

static int show(struct cli *cli, const struct view_hold *v, bool is_done)
{
	struct rp_json *j;

	if (cli->global.json) {
		j = view_hold(cli_about(cli), v);
		return is_done ? cli_print_json_done(cli, j) : cli_print_json(cli, j);
	}
	cli_print_banner(cli);
	if (is_done && cli_is_dry_run(cli))
		cli_say(stdout, "dry run: nothing was changed; afterwards:\n");
	cli_print_hold(v);
	return is_done ? cli_done(cli) : 0;
}

static int set_hold(struct cli *cli, const struct hold_values *v)
{
	struct rocpart_error err = {0};
	struct cli_hold hold = {.hold = {.state = ROCPART_HOLD_ACTIVE}};
	struct view_hold view = {.hold = &hold.hold, .user = hold.user};
	uint64_t seconds = 0;
	int64_t now = 0;
	int status = parse_duration(cli, v->duration, &seconds);

	if (status)
		return status;
	if (!cli_is_dry_run(cli)) {
		if (rocpart_machine_set_hold(cli->machine, seconds, v->reason, &err) < 0)
			return cli_fail(cli, &err);
		view = cli_read_hold(cli, &hold);
		return show(cli, &view, true);
	}
	if (rp_clock_read(&now) == 0)
		hold.hold.until_s = now + (int64_t)seconds;
	if (rp_fmt(hold.hold.reason, sizeof(hold.hold.reason), "%s", v->reason) < 0)
		return cli_usage_error(cli, "--reason is too long");
	view = cli_view_hold(&hold, view);
	return show(cli, &view, true);
}

static int end_hold(struct cli *cli)
{
	struct rocpart_error err = {0};
	struct cli_hold hold;
	struct view_hold view = cli_read_hold(cli, &hold);
	bool was_held = hold.hold.state != ROCPART_HOLD_NONE;

	if (!cli_is_dry_run(cli) && rocpart_machine_end_hold(cli->machine, NULL, &err) < 0)
		return cli_fail(cli, &err);
	hold.hold = (struct rocpart_hold){.state = ROCPART_HOLD_NONE};
	return show(cli, &view, was_held);
}

static int run_hold(struct cli *cli, int argc, char **argv)
{
	const struct hold_values *v = cli->values;
	struct cli_hold hold;
	struct view_hold view;

	(void)argc;
	(void)argv;
	if (v->end && (v->duration || v->reason))
		return cli_usage_error(cli, "give --end, or --for and --reason");
	if (!v->duration != !v->reason)
		return cli_usage_error(cli, "a hold needs both --for and --reason");
	if (v->end)
		return end_hold(cli);
	if (v->duration)
		return set_hold(cli, v);
	view = cli_read_hold(cli, &hold);
	return show(cli, &view, false);
}

const struct cli_command cli_verb_hold = {
	.name = "hold",
	.group = "manage",
	.args = "",
	.summary = "stop unattended changes of the machine for a time",
	.options = hold_options,
	.values_size = sizeof(struct hold_values),
	.needs_machine = true,
	.run = run_hold,
};
