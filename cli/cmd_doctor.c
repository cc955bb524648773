/* SPDX-License-Identifier: MIT */
/* doctor: the checklist of a machine. */
#include "cli/cli.h"

#include <unistd.h>

#include "views/doctor.h"

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

static void print_checks(const struct cli *cli, const struct rocpart_doctor *doctor)
{
	const struct rocpart_check *c;

	cli_print_banner(cli);
	for (size_t i = 0; (c = rocpart_doctor_get_check(doctor, i)); i++) {
		const char *state = rocpart_check_state_to_string(c->state);

		cli_say_toned(stdout, view_tone_of(state), state);
		cli_say(stdout, "  %-11s \t%s\n", c->id, c->seen);
		if (c->state != ROCPART_CHECK_PASS && *c->advice)
			cli_say(stdout, "                  -> \t%s\n", c->advice);
	}
}

/* What fails during an unfinished change may be its doing: the change is to be finished first. */
static int report(struct cli *cli, const struct rocpart_doctor *doctor, int n_gpus)
{
	int status = 0;

	if (cli->global.json)
		status = cli_print_json_unfinished(cli, view_doctor(cli_about(cli), doctor));
	else
		print_checks(cli, doctor);
	if (!cli->global.json)
		cli_print_unfinished(cli);
	if (status || cli_has_unfinished(cli))
		return status;
	if (n_gpus == 0)
		return rocpart_errcode_exit_status(ROCPART_ERR_NO_HARDWARE);
	return view_doctor_result(doctor) == ROCPART_CHECK_FAIL;
}

static int run_doctor(struct cli *cli, int argc, char **argv)
{
	struct rocpart_doctor *doctor = NULL;
	struct rocpart_error err = {0};
	int status, r = rocpart_doctor_new(cli->machine, &doctor, &err);

	(void)argc;
	(void)argv;
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
	.needs_machine = true,
	.run = run_doctor,
};
