/* SPDX-License-Identifier: MIT */
/* assert, export: the machine compared with a file, and as a file. */
#include "cli/cli.h"

#include "views/change.h"

static void print_differences(const struct cli *cli, const struct rocpart_change *change)
{
	const char *text = rocpart_change_get_difference(change, 0);

	cli_print_banner(cli);
	cli_say(stdout, "%s\n",
		text ? "the machine differs from the file:"
		     : "each GPU is in the modes that the file describes");
	for (size_t i = 0; (text = rocpart_change_get_difference(change, i)); i++)
		cli_say(stdout, "  %s\n", text);
}

/*
 * Why `apply` could not correct the differences, in its own words. A capture, a cordon and what
 * passes by itself (a change under way, leases that may be released) are no fault of the file.
 */
static bool is_fault_of_file(const struct rocpart_error *err)
{
	return err->code == ROCPART_ERR_MODE_UNSUPPORTED ||
	       err->code == ROCPART_ERR_NPS_NEEDS_COMPUTE || err->code == ROCPART_ERR_NOT_VALIDATED;
}

static void print_reason(const struct rocpart_error *err)
{
	if (!err->errnum)
		return;
	cli_say(stdout, "`rocpart apply` cannot do what the file asks for: \t%s\n", err->message);
	if (*err->hint)
		cli_say(stdout, "hint: \t%s\n", err->hint);
}

static int print_assert(struct cli *cli, const struct rocpart_change *change,
			const struct rocpart_error *reason)
{
	int status = 0;

	if (cli->global.json)
		status = cli_print_json(cli, view_assert(cli_about(cli), change, reason));
	else
		print_differences(cli, change);
	if (!cli->global.json)
		print_reason(reason);
	if (status == 0 && (reason->errnum || rocpart_change_get_difference(change, 0)))
		return CLI_EXIT_TO_DO;
	return status;
}

/* The models of the file, if it has any: planned as `apply` does. ret: why they do not fit. */
static int check_models(struct cli *cli, const struct rocpart_desired *desired,
			struct rocpart_snapshot *s, struct rocpart_error *ret)
{
	struct rocpart_leases *leases = NULL;
	struct rocpart_plan *plan = NULL;
	int status = 0;

	if (!rocpart_desired_has_models(desired))
		return 0;
	if (rocpart_plan_new(&plan) < 0)
		return cli_nomem(cli);
	status = cli_plan_for_machine(cli, plan, s, &leases);
	if (status == 0)
		status = cli_solve_plan(cli, plan, desired, NULL, false);
	if (status == 0 && !rocpart_plan_is_feasible(plan))
		cli_explain_misfit(plan, ret);
	rocpart_plan_free(plan);
	rocpart_leases_free(leases);
	return status;
}

static int compare(struct cli *cli, const struct rocpart_desired *desired,
		   struct rocpart_snapshot *s, struct rocpart_change *change)
{
	const struct cli_file_values *v = cli->values;
	struct rocpart_error err = {0};
	int status;

	if (rocpart_change_load_desired(change, desired, v->config, &err) < 0)
		return cli_fail(cli, &err);
	if (rocpart_change_check(change, &err) == -ENOMEM)
		return cli_fail(cli, &err);
	if (!is_fault_of_file(&err))
		err = (struct rocpart_error){0};
	status = err.errnum ? 0 : check_models(cli, desired, s, &err);
	return status ? status : print_assert(cli, change, &err);
}

static int run_assert(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *change = NULL;
	struct rocpart_desired *desired = NULL;
	struct cli_file_values *v = cli->values;
	struct rocpart_error err = {0};
	int status = cli_take_file(cli, v, argc, argv);

	if (status == 0)
		status = cli_open_desired(cli, v->file, false, &desired);
	if (status == 0)
		status = cli_observe_gpus(cli, &s);
	if (status == 0 && rocpart_change_new(cli->machine, s, &change, &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0)
		status = compare(cli, desired, s, change);
	rocpart_desired_free(desired);
	rocpart_change_free(change);
	rocpart_snapshot_unref(s);
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
