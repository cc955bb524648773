/* SPDX-License-Identifier: MIT */
/* assert, export: the machine compared with a file, and as a file. */
#include "cli/cli.h"

#include "views/change.h"
#include "views/difference.h"

/*
 * Why `apply` could not correct the differences, in its own words. A capture, a cordon and what
 * passes by itself (a change under way, leases that may be released) are no fault of the file.
 */
static bool is_fault_of_file(const struct rocpart_error *err)
{
	return err->code == ROCPART_ERR_MODE_UNSUPPORTED ||
	       err->code == ROCPART_ERR_NPS_NEEDS_COMPUTE || err->code == ROCPART_ERR_NOT_VALIDATED;
}

/* errnum 0: apply could do what the file asks for. */
static void find_reason(const struct rocpart_difference *d, struct rocpart_error *ret)
{
	const struct rocpart_error *refusal = rocpart_difference_get_refusal(d);
	const struct rocpart_plan *plan = rocpart_difference_get_plan(d);

	if (refusal && is_fault_of_file(refusal))
		*ret = *refusal;
	else if (plan && !rocpart_plan_is_feasible(plan))
		cli_explain_misfit(plan, ret);
}

static void print_assert(struct cli *cli, struct rocpart_difference *d,
			 const struct rocpart_error *reason)
{
	cli_print_banner(cli);
	cli_print_compared(cli, d);
	if (reason->errnum)
		cli_say(stdout, "`rocpart apply` cannot do what the file asks for: \t%s\n",
			reason->message);
	if (reason->errnum && *reason->hint)
		cli_say(stdout, "hint: \t%s\n", reason->hint);
}

static int assert_file(struct cli *cli, const struct rocpart_desired *desired)
{
	const struct cli_file_values *v = cli->values;
	struct rocpart_difference *d = NULL;
	struct rocpart_error reason = {0};
	int status;

	if (rocpart_difference_new(cli->machine, desired, &d, &reason) < 0)
		return cli_fail(cli, &reason);
	rocpart_difference_set_config(d, v->config);
	status = cli_compare(cli, d);
	if (status == 0)
		find_reason(d, &reason);
	if (status == 0 && cli->global.json)
		status = cli_print_json(cli, view_assert(cli_about(cli), d, &reason));
	else if (status == 0)
		print_assert(cli, d, &reason);
	if (status == 0 && (reason.errnum || !rocpart_difference_is_empty(d)))
		status = CLI_EXIT_TO_DO;
	rocpart_difference_free(d);
	return status;
}

static int run_assert(struct cli *cli, int argc, char **argv)
{
	struct rocpart_desired *desired = NULL;
	struct cli_file_values *v = cli->values;
	int status = cli_take_file(cli, v, argc, argv);

	if (status == 0)
		status = cli_open_desired(cli, v->file, false, &desired);
	if (status == 0)
		status = assert_file(cli, desired);
	rocpart_desired_free(desired);
	return status;
}

static int print_export(struct cli *cli, const struct rocpart_snapshot *s,
			const struct rocpart_leases *leases)
{
	struct rocpart_catalog *catalog = NULL;
	RP_AUTO_FREE char *text = NULL;
	struct rocpart_error err = {0};
	int status = cli_open_catalog(cli, &catalog);

	if (status)
		return status;
	if (rocpart_desired_export(cli->machine, s, leases, catalog, &text, &err) < 0)
		status = cli_fail(cli, &err);
	else if (cli->global.json)
		status = cli_print_json(cli, view_export(cli_about(cli), text));
	else
		status = fputs(text, stdout) < 0;
	rocpart_catalog_free(catalog);
	return status;
}

static int run_export(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};
	int status = cli_observe_gpus(cli, &s);

	(void)argc;
	(void)argv;
	if (status == 0 && rocpart_leases_new(cli->machine, &leases, &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0)
		status = print_export(cli, s, leases);
	rocpart_leases_free(leases);
	rocpart_snapshot_unref(s);
	return status;
}

const struct cli_command cli_verb_assert = {
	.name = "assert",
	.group = "manage",
	.args = "[FILE]",
	.max_args = 1,
	.summary = "compare the node with a file; exit status 7 when they differ",
	.options = cli_file_options,
	.values_size = sizeof(struct cli_file_values),
	.words = {CLI_WORDS_FILES},
	.needs_machine = true,
	.run = run_assert,
};

const struct cli_command cli_verb_export = {
	.name = "export",
	.group = "manage",
	.args = "",
	.summary = "print the present modes, leases and cordons as a node.yaml",
	.needs_machine = true,
	.run = run_export,
};
