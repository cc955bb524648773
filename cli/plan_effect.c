/* SPDX-License-Identifier: MIT */
/* What a change of modes would stop, and for how long. */
#include "cli/cli.h"

#define MOST_HOLDERS 8

/* "8 GPUs SPX/NPS1 -> CPX/NPS4": whether the memory mode changed, so that the driver was reloaded.
 */
static bool is_reload(const char *text)
{
	const char *from = strchr(text, '/'), *to = from ? strchr(from + 1, '/') : NULL;
	size_t n = from ? strcspn(from + 1, " ,;") : 0;

	return to && (strncmp(from + 1, to + 1, n) != 0 || strcspn(to + 1, " ,;") != n);
}

/*
 * Seconds of the last change of compute modes alone; negative: none is recorded, or the caller may
 * not read it. How long a reload takes is measured, and a note of the change.
 */
static double find_seconds(struct cli *cli)
{
	const struct rocpart_history_entry *e;
	struct rocpart_history *history = NULL;
	double seconds = -1;

	if (rocpart_history_new(cli->machine, 0, &history, NULL) < 0)
		return seconds;
	for (size_t i = 0; seconds < 0 && (e = rocpart_history_get(history, i)); i++)
		if (rp_str_eq(e->kind, "change") && rp_str_eq(e->outcome, "done") &&
		    e->milliseconds >= 0 && !is_reload(e->text))
			seconds = (double)e->milliseconds / 1000;
	rocpart_history_free(history);
	return seconds;
}

static void print_time(struct cli *cli)
{
	double seconds = find_seconds(cli);

	if (seconds < 0)
		cli_say(stdout, "takes: \tsome seconds; no such change of this machine is recorded "
				"yet\n");
	else
		cli_say(stdout, "takes: \tthe last such change of this machine took %.*f s\n",
			seconds < 10 ? 1 : 0, seconds);
}

static void print_holder(const struct rocpart_holder *h)
{
	cli_say(stdout, "  pid %u %s", h->pid, *h->command ? h->command : "?");
	if (*h->unit)
		cli_say(stdout, ", unit %s", h->unit);
	if (*h->container)
		cli_say(stdout, ", container %s", h->container);
	cli_say(stdout, "\n");
}

static int print_holders(struct cli *cli, struct rocpart_change *change)
{
	struct rocpart_holders *holders = NULL;
	const struct rocpart_holder *h;
	struct rocpart_error err = {0};
	size_t n = 0;

	if (rocpart_change_get_holders(change, &holders, &err) < 0)
		return cli_fail(cli, &err);
	while (rocpart_holders_get(holders, n))
		n++;
	if (!n)
		cli_say(stdout, "in the way now: no process%s\n",
			rocpart_holders_is_complete(holders) ? ""
							     : " that can be seen without root");
	else
		cli_say(stdout, "in the way now, until %s (`rocpart holders`):\n",
			n == 1 ? "it ends" : "they end");
	for (size_t i = 0; i < MOST_HOLDERS && (h = rocpart_holders_get(holders, i)); i++)
		print_holder(h);
	if (n > MOST_HOLDERS)
		cli_say(stdout, "  and %zu more\n", n - MOST_HOLDERS);
	rocpart_holders_free(holders);
	return 0;
}

int cli_print_effect(struct cli *cli, struct rocpart_difference *d)
{
	struct rocpart_change *change = rocpart_difference_get_change(d);
	const struct rocpart_error *refusal = rocpart_difference_get_refusal(d);
	bool reloads = rocpart_change_needs_reload(change);
	const char *text;

	if (refusal)
		cli_say(stdout, "cannot be done now: \t%s%s%s\n", refusal->message,
			*refusal->hint ? "; " : "", refusal->hint);
	if (!rocpart_change_get_gpu(change, 0))
		return 0;
	cli_say(stdout, "stops: \t%s\n",
		reloads ? "all programs on all GPUs, because the driver is reloaded"
			: "programs on the GPUs that are switched");
	if (!reloads)
		print_time(cli);
	for (size_t i = 0; (text = rocpart_change_get_warning(change, i)); i++)
		cli_say(stdout, "note: \t%s\n", text);
	return print_holders(cli, change);
}
