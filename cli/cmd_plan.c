/* SPDX-License-Identifier: MIT */
/* plan: which modes, which partition for which model, and the proof. */
#include "base/num.h"
#include "cli/cli.h"
#include "cli/saved_plan.h"

#include "views/difference.h"

struct plan_values {
	const char *file, *product, *n_gpus, *verify;
	struct rp_names add;
	const char *save;
	bool allow_unvalidated, lenient, take_over, keep_others, evict, verbose;
};

static const struct cli_option plan_options[] = {
	{.name = "file",
	 .letter = 'f',
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "FILE",
	 .offset = offsetof(struct plan_values, file),
	 .help = "file whose models are to be placed (node.yaml)"},
	{.name = "add",
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_MODELS,
	 .arg = "MODEL",
	 .offset = offsetof(struct plan_values, add),
	 .help = "place one replica of this model too; several by commas"},
	{.name = "product",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_PRODUCTS,
	 .arg = "NAME",
	 .offset = offsetof(struct plan_values, product),
	 .help = "plan for GPUs of this product instead of the machine's"},
	{.name = "gpus",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct plan_values, n_gpus),
	 .help = "number of GPUs with --product (as many as are needed)"},
	{.name = "allow-unvalidated",
	 .offset = offsetof(struct plan_values, allow_unvalidated),
	 .help = "use modes that the vendor has not validated too"},
	{.name = "lenient",
	 .offset = offsetof(struct plan_values, lenient),
	 .help = "count without the keys of config.json that rocpart does not understand"},
	{.name = "take-over",
	 .offset = offsetof(struct plan_values, take_over),
	 .help = "plan what `apply --take-over` does"},
	{.name = "keep-others",
	 .offset = offsetof(struct plan_values, keep_others),
	 .help = "plan what `apply --keep-others` does"},
	{.name = "evict",
	 .offset = offsetof(struct plan_values, evict),
	 .help = "plan what `apply --evict` does"},
	{.name = "save",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "FILE",
	 .offset = offsetof(struct plan_values, save),
	 .help = "write the plan into FILE, for `apply --plan FILE`"},
	{.name = "verbose",
	 .letter = 'v',
	 .offset = offsetof(struct plan_values, verbose),
	 .help = "list each partition of each GPU, and all models, instead of a picture"},
	{.name = "verify",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "FILE",
	 .offset = offsetof(struct plan_values, verify),
	 .help = "verify the claims of a plan that --json printed, from the file alone"},
	CLI_END,
};

int cli_plan_for_machine(struct cli *cli, struct rocpart_plan *plan, struct rocpart_snapshot *s,
			 struct rocpart_leases **ret_leases)
{
	struct rocpart_error err = {0};

	rocpart_plan_set_machine(plan, s);
	if (rocpart_leases_new(cli->machine, ret_leases, &err) < 0)
		return cli_fail(cli, &err);
	rocpart_plan_set_leases(plan, *ret_leases);
	return 0;
}

/* The GPUs of --product, or those of the machine. */
static int set_gpus(struct cli *cli, struct rocpart_plan *plan, struct rocpart_leases **leases)
{
	const struct plan_values *v = cli->values;
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};
	uint64_t n = 0;
	int status;

	if (v->n_gpus && (rp_parse_u64(v->n_gpus, 10, &n) < 0 || n == 0))
		return cli_usage_error(cli, "--gpus is a number from 1, not '%s'", v->n_gpus);
	if (v->product)
		return rocpart_plan_set_product(plan, v->product, (size_t)n, &err) < 0
			       ? cli_fail(cli, &err)
			       : 0;
	if (v->n_gpus)
		return cli_usage_error(cli, "--gpus goes with --product");
	status = cli_open_machine(cli);
	if (status == 0)
		status = cli_observe_gpus(cli, &s);
	if (status == 0)
		status = cli_plan_for_machine(cli, plan, s, leases);
	rocpart_snapshot_unref(s);
	return status;
}

static int set_models(struct cli *cli, struct rocpart_plan *plan,
		      const struct rocpart_desired *desired, const struct rp_names *add)
{
	struct rocpart_error err = {0};

	if (desired && rocpart_plan_load_desired(plan, desired, &err) < 0)
		return cli_fail(cli, &err);
	for (size_t i = 0; add && i < add->n; i++)
		if (rocpart_plan_add_model(plan, add->v[i], &err) < 0)
			return cli_fail(cli, &err);
	return 0;
}

int cli_solve_plan(struct cli *cli, struct rocpart_plan *plan,
		   const struct rocpart_desired *desired, const struct rp_names *add,
		   bool allow_unvalidated)
{
	struct rocpart_catalog *catalog = NULL;
	struct rocpart_error err = {0};
	int status = set_models(cli, plan, desired, add);

	if (status == 0)
		status = cli_open_catalog(cli, &catalog);
	if (status)
		return status;
	rocpart_plan_set_allow_unvalidated(plan, allow_unvalidated);
	if (rocpart_plan_solve(plan, catalog, 0, &err) < 0)
		status = cli_fail(cli, &err);
	rocpart_catalog_free(catalog);
	return status;
}

/* Of a machine: some replica is not where the plan wants it yet. */
static bool has_steps(const struct rocpart_plan *plan)
{
	struct rocpart_placement p;

	for (size_t i = 0; rocpart_plan_get_placement(plan, i, &p) == 0; i++)
		if (p.is_new)
			return true;
	return false;
}

static int print_compared_json(struct cli *cli, struct rocpart_difference *d)
{
	const struct rocpart_plan *plan = rocpart_difference_get_plan(d);
	const struct rocpart_error none = {0};

	return plan ? cli_print_plan(cli, plan, CLI_PLAN_ALL)
		    : cli_print_json(cli, view_assert(cli_about(cli), d, &none));
}

static int print_compared_text(struct cli *cli, struct rocpart_difference *d)
{
	const struct plan_values *v = cli->values;
	const struct rocpart_plan *plan = rocpart_difference_get_plan(d);
	bool all = plan && v->verbose;
	int status = 0, effect;

	if (plan)
		status = cli_print_plan(cli, plan, all ? CLI_PLAN_ALL : CLI_PLAN_SUMMARY);
	else
		cli_print_banner(cli);
	if (!all)
		(void)cli_print_picture(cli_picture_difference(d));
	cli_print_compared(cli, d);
	effect = status ? 0 : cli_print_effect(cli, d); /* apply would do nothing */
	return effect ? effect : status;
}

static int print_compared(struct cli *cli, struct rocpart_difference *d)
{
	int status = cli->global.json ? print_compared_json(cli, d) : print_compared_text(cli, d);

	return status ? status : rocpart_difference_is_empty(d) ? 0 : CLI_EXIT_TO_DO;
}

static int save(struct cli *cli, struct rocpart_difference *d,
		const struct rocpart_desired *desired, int status)
{
	const struct plan_values *v = cli->values;
	const struct view_plan_options options = {.allow_unvalidated = v->allow_unvalidated,
						  .lenient = v->lenient,
						  .take_over = v->take_over,
						  .keep_others = v->keep_others,
						  .evict = v->evict};
	int saved = cli_save_plan(cli, d, v->save, v->file, desired, &options);

	return saved ? saved : status;
}

/* A file on its machine: what is to be done there. */
static int compare(struct cli *cli, const struct rocpart_desired *desired)
{
	const struct plan_values *v = cli->values;
	struct rocpart_difference *d = NULL;
	struct rocpart_error err = {0};
	int status = cli_open_machine(cli);

	if (status)
		return status;
	if (rocpart_difference_new(cli->machine, desired, &d, &err) < 0)
		return cli_fail(cli, &err);
	rocpart_difference_set_allow_unvalidated(d, v->allow_unvalidated);
	rocpart_difference_set_lenient(d, v->lenient);
	rocpart_difference_set_take_over(d, v->take_over);
	rocpart_difference_set_keep_others(d, v->keep_others);
	rocpart_difference_set_spare_running(d, !v->evict);
	status = cli_compare(cli, d);
	if (status == 0)
		status = print_compared(cli, d);
	if (v->save && (status == 0 || status == CLI_EXIT_TO_DO))
		status = save(cli, d, desired, status);
	rocpart_difference_free(d);
	return status;
}

/* GPUs that are not there, or models that are in no file. */
static int plan_and_print(struct cli *cli, struct rocpart_plan *plan,
			  const struct rocpart_desired *desired)
{
	const struct plan_values *v = cli->values;
	struct rocpart_leases *leases = NULL;
	int status = set_gpus(cli, plan, &leases);

	rocpart_plan_set_lenient(plan, v->lenient);
	if (status == 0)
		status = cli_solve_plan(cli, plan, desired, &v->add, v->allow_unvalidated);
	if (status == 0)
		status = cli_print_plan(cli, plan, v->verbose ? CLI_PLAN_ALL : CLI_PLAN_PICTURE);
	if (status == 0 && !v->product && has_steps(plan))
		status = CLI_EXIT_TO_DO;
	rocpart_leases_free(leases);
	return status;
}

static int verify(struct cli *cli, const char *path)
{
	RP_AUTO_STRBUF struct rp_strbuf document = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	int status = cli_read_file(cli, path, &document);

	if (status)
		return status;
	if (rocpart_plan_verify(rp_strbuf_str(&document), document.len, path, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		return cli_print_json(cli, view_document(cli_about(cli)));
	cli_say(stdout, "every claim of '%s' holds\n", path);
	return 0;
}

static int run_plan(struct cli *cli, int argc, char **argv)
{
	struct plan_values *v = cli->values;
	struct rocpart_desired *desired = NULL;
	struct rocpart_plan *plan = NULL;
	bool compares;
	int status = 0;

	if (v->verify)
		return verify(cli, v->verify);
	if (argc && v->file)
		return cli_usage_error(cli, "two files are given: '%s' and '%s'", v->file, argv[0]);
	v->file = argc ? argv[0] : v->file;
	if (!v->file && !v->add.n)
		return cli_usage_error(cli, "nothing to place: give -f FILE, --add MODEL or both");
	compares = v->file && !v->product && !v->add.n && !v->n_gpus;
	if (!compares && (v->save || v->take_over || v->keep_others || v->evict))
		return cli_usage_error(cli, "--save, --take-over, --keep-others and --evict are "
					    "about a file on this machine: give -f FILE alone");
	if (v->file)
		status = cli_open_desired(cli, v->file, false, &desired);
	if (status == 0 && compares)
		status = compare(cli, desired);
	else if (status == 0 && rocpart_plan_new(&plan) < 0)
		status = cli_nomem(cli);
	else if (status == 0)
		status = plan_and_print(cli, plan, desired);
	rocpart_plan_free(plan);
	rocpart_desired_free(desired);
	return status;
}

const struct cli_command cli_verb_plan = {
	.name = "plan",
	.group = "every day",
	.args = "[FILE]",
	.max_args = 1,
	.summary = "plan modes and partitions for models; nothing is changed",
	.options = plan_options,
	.values_size = sizeof(struct plan_values),
	.words = {CLI_WORDS_FILES},
	.run = run_plan,
};
