/* SPDX-License-Identifier: MIT */
/* A change that is under way or unfinished, as every verb shows it. */
#include "cli/cli.h"

static bool is_shown; /* once a command */

/* The status; what cannot be seen is an error of the command. */
static enum rocpart_change_status get_status(const struct cli *cli, char **ret_holder)
{
	enum rocpart_change_status status = ROCPART_CHANGE_NONE;
	struct rocpart_error err = {0};

	*ret_holder = NULL;
	if (cli->machine &&
	    rocpart_machine_get_change_status(cli->machine, &status, ret_holder, &err) < 0)
		cli_note_error(&err);
	return status;
}

bool cli_has_unfinished(const struct cli *cli)
{
	RP_AUTO_FREE char *holder = NULL;

	return get_status(cli, &holder) != ROCPART_CHANGE_NONE;
}

/* Why the journal of an unfinished change is of no use: then no resume and no undo is a way out. */
static bool is_unusable(const struct cli *cli, struct rocpart_error *ret_why)
{
	struct rocpart_change *change = NULL;
	int r = rocpart_change_open_journal(cli->machine, &change, ret_why);

	if (r == 0)
		rocpart_change_free(change);
	return r < 0 && ret_why->code == ROCPART_ERR_BAD_RECORDS;
}

static void print_status(const struct cli *cli, enum rocpart_change_status status,
			 const char *holder, FILE *f)
{
	struct rocpart_error why = {0};

	if (status == ROCPART_CHANGE_UNDER_WAY)
		cli_say(f, "a change is under way: %s\n", holder ? holder : "");
	else if (status == ROCPART_CHANGE_UNFINISHED && is_unusable(cli, &why))
		cli_say(f, "a change is not finished: %s; %s\n", why.message, why.hint);
	else if (status == ROCPART_CHANGE_UNFINISHED)
		cli_say(f, "a change is not finished: resume it with `rocpart apply --resume`, or "
			   "undo it with `rocpart undo`\n");
}

void cli_print_unfinished(const struct cli *cli)
{
	RP_AUTO_FREE char *holder = NULL;
	enum rocpart_change_status status = get_status(cli, &holder);

	is_shown = true;
	print_status(cli, status, holder, stdout);
}

/* The command did its work, or failed, before this look: the look changes no exit status. */
void cli_note_unfinished(const struct cli *cli)
{
	enum rocpart_change_status status = ROCPART_CHANGE_NONE;
	RP_AUTO_FREE char *holder = NULL;
	struct rocpart_error err = {0};

	if (is_shown || !cli->machine)
		return;
	if (rocpart_machine_get_change_status(cli->machine, &status, &holder, &err) < 0) {
		cli_say_note("it is not known whether a change is unfinished", &err);
	} else if (status != ROCPART_CHANGE_NONE) {
		cli_say(stderr, "note: \t");
		print_status(cli, status, holder, stderr);
	}
}

void cli_set_unfinished_shown(void)
{
	is_shown = true;
}

struct rp_json *cli_add_unfinished(const struct cli *cli, struct rp_json *j)
{
	RP_AUTO_FREE char *holder = NULL;
	enum rocpart_change_status status = get_status(cli, &holder);
	struct rocpart_error why = {0};
	int r = j ? rp_json_set_bool(j, "unfinished_change", status != ROCPART_CHANGE_NONE) : 0;

	is_shown = true;
	if (r == 0 && j && status == ROCPART_CHANGE_UNDER_WAY)
		r = rp_json_set_string(j, "change_holder", holder);
	if (r == 0 && j && status == ROCPART_CHANGE_UNFINISHED && is_unusable(cli, &why))
		r = rp_json_set_string(j, "change_problem", why.message);
	return r < 0 ? rp_json_free(j) : j;
}

int cli_print_json_unfinished(struct cli *cli, struct rp_json *j)
{
	return cli_print_json(cli, cli_add_unfinished(cli, j));
}

/* The driver is unloaded in the middle of a change: loading it by hand is no way out. */
void cli_say_unfinished(const struct cli *cli, struct rocpart_error *err)
{
	RP_AUTO_FREE char *holder = NULL;
	struct rocpart_error why = {0};

	*err = (struct rocpart_error){0};
	if (get_status(cli, &holder) == ROCPART_CHANGE_UNDER_WAY) {
		(void)rp_error_set(err, -EBUSY, ROCPART_ERR_UNFINISHED_CHANGE, NULL,
				   "no GPU can be used: a change is under way: %s",
				   holder ? holder : "");
		(void)rp_error_hint(err, "wait until that process ends, then repeat the command");
		return;
	}
	if (is_unusable(cli, &why)) {
		(void)rp_error_set(err, -EBUSY, ROCPART_ERR_UNFINISHED_CHANGE, NULL,
				   "no GPU can be used: a change is not finished: %s", why.message);
		(void)rp_error_hint(err, "%s", why.hint);
		return;
	}
	(void)rp_error_set(err, -EBUSY, ROCPART_ERR_UNFINISHED_CHANGE, NULL,
			   "no GPU can be used: a change of this machine is not finished");
	(void)rp_error_hint(err, "resume it with `rocpart apply --resume`, or undo it with "
				 "`rocpart undo`");
}

int cli_fail_without_gpu(struct cli *cli, const struct rocpart_error *err)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error unfinished;
	bool none = cli_has_unfinished(cli) &&
		    rocpart_machine_observe(cli->machine, &s, NULL) == 0 &&
		    rocpart_snapshot_get_gpu_count(s) == 0;

	rocpart_snapshot_unref(s);
	cli_say_unfinished(cli, &unfinished);
	return cli_fail(cli, none ? &unfinished : err);
}
