/* SPDX-License-Identifier: MIT */
/* doctor: the checklist of a machine, and what one command repairs of it. */
#include "cli/cli.h"

#include <unistd.h>

#include "views/doctor.h"

struct doctor_values {
	bool fix, dry_run;
};

static const struct cli_option doctor_options[] = {
	{.name = "fix",
	 .kind = CLI_FLAG,
	 .offset = offsetof(struct doctor_values, fix),
	 .help = "run the command that solves a problem, where one command does, and repeat the "
		 "checks"},
	CLI_SHARED(cli_dry_run_options, doctor_values, dry_run),
	CLI_END,
};

/* What --fix did, for the document. */
struct fixes {
	struct rp_json *list;
	size_t n_done, n_failed, n_to_do;
};

static int pass_variables(struct rocpart_doctor *doctor, struct rocpart_error *reterr)
{
	const char *name, *value;
	int r = 0;

	for (size_t i = 0; r == 0 && (name = rocpart_doctor_get_variable(i)); i++) {
		value = secure_getenv(name);
		if (value)
			r = rocpart_doctor_set_variable(doctor, name, value, reterr);
	}
	return r;
}

static int pass_user(struct rocpart_doctor *doctor)
{
	int n = getgroups(0, NULL);
	RP_AUTO_FREE gid_t *gids = rp_new0(gid_t, (size_t)(n < 0 ? 0 : n) + 1);

	if (!gids)
		return -ENOMEM;
	n = n > 0 ? getgroups(n, gids) : 0;
	n = n < 0 ? 0 : n;
	gids[n] = getegid();
	return rocpart_doctor_set_user(doctor, geteuid(), gids, (size_t)n + 1);
}

static bool wants_fix(const struct cli *cli)
{
	const struct doctor_values *v = cli->values;

	return v->fix;
}

static void print_checks(const struct cli *cli, const struct rocpart_doctor *doctor)
{
	const struct rocpart_check *c;

	for (size_t i = 0; (c = rocpart_doctor_get_check(doctor, i)); i++) {
		const char *state = rocpart_check_state_to_string(c->state);

		cli_say_toned(stdout, view_tone_of(state), state);
		cli_say(stdout, "  %-11s \t%s\n", c->id, c->seen);
		if (c->state != ROCPART_CHECK_PASS)
			cli_say(stdout, "                  why: \t%s\n", c->why);
		if (c->state != ROCPART_CHECK_PASS && *c->advice)
			cli_say(stdout, "                  -> \t%s\n", c->advice);
		if (*c->fix && !wants_fix(cli))
			cli_say(stdout,
				"                  fix: \t`%s`, or `rocpart doctor --fix`\n",
				c->fix);
	}
}

/* ---- --fix ---- */

/* 0, or an exit status: with the error printed when nobody can be asked. */
static int confirm(struct cli *cli, const struct rocpart_check *c, bool *ret_yes)
{
	struct rocpart_error err = {.errnum = -EPERM,
				    .code = ROCPART_ERR_NEEDS_CONFIRMATION,
				    .message = "a fix needs confirmation; nothing was changed",
				    .hint = "add --yes; --dry-run shows the commands"};
	char answer[8] = "";

	*ret_yes = cli->global.yes || !rocpart_machine_asks(cli->machine);
	if (*ret_yes)
		return 0;
	if (cli->global.json || !isatty(STDIN_FILENO))
		return cli_fail(cli, &err);
	cli_say(stdout, "type 'yes' to run `%s`: ", c->fix);
	cli_end_line(stdout);
	fflush(stdout);
	*ret_yes = fgets(answer, sizeof(answer), stdin) && strncmp(answer, "yes\n", 4) == 0;
	return 0;
}

static int do_fix(struct cli *cli, struct rocpart_doctor *doctor, const struct rocpart_check *c,
		  struct rocpart_error *reterr)
{
	if (rp_str_eq(c->id, "change"))
		return cli_resume_change(cli, reterr);
	return rocpart_doctor_fix(doctor, c->id, reterr);
}

static int fix_one(struct cli *cli, struct rocpart_doctor *doctor, const struct rocpart_check *c,
		   struct fixes *f)
{
	struct rocpart_error err = {0};
	bool is_failed, yes = false;
	int status = confirm(cli, c, &yes);

	if (status || !yes)
		return status;
	if (!cli->global.json)
		cli_say(stdout, "fix %s: \t%s\n", c->id, c->fix);
	fflush(stdout);
	is_failed = do_fix(cli, doctor, c, &err) < 0;
	f->n_failed += is_failed;
	f->n_done++;
	if (is_failed && !cli->global.json)
		cli_say(stderr, "rocpart: the fix of %s failed: \t%s\n", c->id, err.message);
	return rp_json_append(f->list, view_fix(c->id, c->fix, is_failed ? "failed" : "done",
						is_failed ? &err : NULL)) < 0
		       ? cli_nomem(cli)
		       : 0;
}

static int fix_all(struct cli *cli, struct rocpart_doctor *doctor, struct fixes *f)
{
	const struct doctor_values *v = cli->values;
	const struct rocpart_check *c;
	int status = 0;

	for (size_t i = 0; !status && (c = rocpart_doctor_get_check(doctor, i)); i++) {
		if (!*c->fix)
			continue;
		f->n_to_do++;
		if (!v->dry_run) {
			status = fix_one(cli, doctor, c, f);
			continue;
		}
		if (!cli->global.json)
			cli_say(stdout, "would run for %s: \t%s\n", c->id, c->fix);
		if (rp_json_append(f->list, view_fix(c->id, c->fix, "dry-run", NULL)) < 0)
			status = cli_nomem(cli);
	}
	return status;
}

/* Fix what can be, then look again. n_gpus: of the last look. */
static int fix(struct cli *cli, struct rocpart_doctor *doctor, struct fixes *f, int *n_gpus)
{
	struct rocpart_error err = {0};
	int status;

	f->list = rp_json_array();
	if (!f->list)
		return cli_nomem(cli);
	status = fix_all(cli, doctor, f);
	if (status)
		return status;
	if (!f->n_to_do && !cli->global.json)
		cli_say(stdout, "nothing was found that one command solves\n");
	if (!f->n_done)
		return 0;
	*n_gpus = rocpart_doctor_run(doctor, &err);
	if (*n_gpus < 0)
		return cli_fail(cli, &err);
	if (!cli->global.json) {
		cli_say(stdout, "\nthe checks again:\n");
		print_checks(cli, doctor);
	}
	return 0;
}

/* ---- the verb ---- */

static int print_document(struct cli *cli, const struct rocpart_doctor *doctor, struct fixes *f)
{
	const struct doctor_values *v = cli->values;
	struct rp_json *j = view_doctor(cli_about(cli), doctor);

	if (j && f->list && rp_json_set(j, "fixes", f->list) < 0)
		j = rp_json_free(j);
	f->list = NULL;
	if (j && v->dry_run && rp_json_set_bool(j, "dry_run", true) < 0)
		j = rp_json_free(j);
	return cli_print_json_unfinished(cli, j);
}

/* What fails during an unfinished change may be its doing: the change is to be finished first. */
static int get_status(struct cli *cli, const struct rocpart_doctor *doctor, const struct fixes *f,
		      int n_gpus)
{
	const struct doctor_values *v = cli->values;

	if (v->dry_run && f->n_to_do)
		return CLI_EXIT_TO_DO;
	if (f->n_failed)
		return 1;
	if (cli_has_unfinished(cli))
		return 0;
	if (n_gpus == 0)
		return rocpart_errcode_exit_status(ROCPART_ERR_NO_HARDWARE);
	return view_doctor_result(doctor) == ROCPART_CHECK_FAIL;
}

static int report(struct cli *cli, struct rocpart_doctor *doctor, int n_gpus)
{
	struct fixes f = {0};
	int status = 0;

	if (!cli->global.json) {
		cli_print_banner(cli);
		print_checks(cli, doctor);
	}
	if (wants_fix(cli))
		status = fix(cli, doctor, &f, &n_gpus);
	if (status == 0 && cli->global.json)
		status = print_document(cli, doctor, &f);
	else if (status == 0)
		cli_print_unfinished(cli);
	if (status == 0)
		status = get_status(cli, doctor, &f, n_gpus);
	rp_json_free(f.list);
	return status;
}

static int run_doctor(struct cli *cli, int argc, char **argv)
{
	const struct doctor_values *v = cli->values;
	struct rocpart_doctor *doctor = NULL;
	struct rocpart_error err = {0};
	int status, r;

	(void)argc;
	(void)argv;
	if (v->dry_run && !v->fix)
		return cli_usage_error(cli, "--dry-run shows what --fix would do: give both");
	r = rocpart_doctor_new(cli->machine, &doctor, &err);
	if (r == 0)
		r = pass_variables(doctor, &err);
	if (r == 0 && pass_user(doctor) < 0)
		r = rp_error_nomem(&err);
	if (r == 0)
		r = rocpart_doctor_run(doctor, &err);
	status = r < 0 ? cli_fail(cli, &err) : report(cli, doctor, r);
	rocpart_doctor_free(doctor);
	return status;
}

const struct cli_command cli_verb_doctor = {
	.name = "doctor",
	.group = "every day",
	.args = "",
	.summary = "diagnose the machine",
	.options = doctor_options,
	.values_size = sizeof(struct doctor_values),
	.needs_machine = true,
	.run = run_doctor,
};
