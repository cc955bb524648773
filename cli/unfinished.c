/* SPDX-License-Identifier: MIT */
/* A change that is under way or unfinished, as every verb shows it. */
#include "cli/cli.h"

static bool is_shown; /* once a command */

static enum rocpart_change_status get_status(const struct cli *cli, char **ret_holder,
					     struct rocpart_error *err)
{
	enum rocpart_change_status status = ROCPART_CHANGE_NONE;
	struct rocpart_error local = {0}, *e = err ? err : &local;

	*ret_holder = NULL;
	if (cli->machine &&
	    rocpart_machine_get_change_status(cli->machine, &status, ret_holder, e) < 0)
		cli_note_error(e);
	return status;
}

bool cli_has_unfinished(const struct cli *cli)
{
	RP_AUTO_FREE char *holder = NULL;

	return get_status(cli, &holder, NULL) != ROCPART_CHANGE_NONE;
}

static void print_unfinished(const struct cli *cli, FILE *f, bool is_note)
{
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *holder = NULL;
	enum rocpart_change_status status = get_status(cli, &holder, &err);

	is_shown = true;
	if (status == ROCPART_CHANGE_NONE && err.code == ROCPART_ERR_NONE)
		return;
	if (is_note)
		cli_say(f, "note: \t");
	if (status == ROCPART_CHANGE_UNDER_WAY)
		cli_say(f, "a change is under way: %s\n", holder ? holder : "");
	else if (status == ROCPART_CHANGE_UNFINISHED)
		cli_say(f, "a change is not finished: resume it with `rocpart apply --resume`, or "
			   "undo it with `rocpart undo`\n");
	else
		cli_say(f, "%s\n", err.message);
}

void cli_print_unfinished(const struct cli *cli)
{
	print_unfinished(cli, stdout, false);
}

void cli_note_unfinished(const struct cli *cli)
{
	if (!is_shown && cli->machine)
		print_unfinished(cli, stderr, true);
}

void cli_set_unfinished_shown(void)
{
	is_shown = true;
}

struct rp_json *cli_add_unfinished(const struct cli *cli, struct rp_json *j)
{
	RP_AUTO_FREE char *holder = NULL;
	enum rocpart_change_status status = get_status(cli, &holder, NULL);
	int r = j ? rp_json_set_bool(j, "unfinished_change", status != ROCPART_CHANGE_NONE) : 0;

	is_shown = true;
	if (r == 0 && j && status == ROCPART_CHANGE_UNDER_WAY)
		r = rp_json_set_string(j, "change_holder", holder);
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

	*err = (struct rocpart_error){0};
	if (get_status(cli, &holder, NULL) == ROCPART_CHANGE_UNDER_WAY) {
		(void)rp_error_set(err, -EBUSY, ROCPART_ERR_UNFINISHED_CHANGE, NULL,
				   "no GPU can be used: a change is under way: %s",
				   holder ? holder : "");
		(void)rp_error_hint(err, "wait until that process ends, then repeat the command");
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
