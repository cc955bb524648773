/* SPDX-License-Identifier: MIT */
/* cdi: specs of the partitions for container engines. */
#include "cli/cli.h"

#include "views/cdi.h"

struct cdi_values {
	const char *output, *kind;
	bool dry_run;
};

static const struct cli_option cdi_generate_options[] = {
	{.name = "output",
	 .letter = 'o',
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "DIR",
	 .offset = offsetof(struct cdi_values, output),
	 .help = "folder for the spec (/run/cdi), or its file when the name ends with .json or "
		 ".yaml; "
		 "'-' prints it instead"},
	{.name = "kind",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_OF_ARG,
	 .arg = "rocpart.dev/partition|rocpart.dev/lease|amd.com/gpu",
	 .offset = offsetof(struct cdi_values, kind),
	 .help = "devices are partitions, leases by their names, or GPUs as amd-ctk names them "
		 "(rocpart.dev/partition)"},
	CLI_SHARED(cli_dry_run_options, cdi_values, dry_run),
	CLI_END,
};

static int print_path(struct cli *cli, const char *path)
{
	if (cli->global.json)
		return cli_print_json(cli, view_cdi_written(cli_about(cli), path));
	cli_print_banner(cli);
	cli_say(stdout, "%s\n", path);
	return 0;
}

static int run_cdi_generate(struct cli *cli, int argc, char **argv)
{
	const struct cdi_values *v = cli->values;
	/* A dry run shows the spec. */
	bool to_stdout = v->dry_run || (v->output && rp_str_eq(v->output, "-"));
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *text = NULL;
	int r;

	(void)argc;
	(void)argv;
	if (to_stdout)
		r = rocpart_cdi_document(cli->machine, v->kind, &text, &err);
	else
		r = rocpart_cdi_generate(cli->machine, v->kind, v->output, cli->global.yes, &text,
					 &err);
	if (r < 0)
		return cli_fail(cli, &err);
	if (!to_stdout) {
		cli_set_done();
		return print_path(cli, text);
	}
	return fputs(text, stdout) < 0 ? 1 : v->dry_run ? CLI_EXIT_TO_DO : 0;
}

/* ---- list, validate ---- */

static int open_cdi(struct cli *cli, struct rocpart_cdi **ret)
{
	struct rocpart_error err = {0};

	return rocpart_cdi_new(cli->machine, ret, &err) < 0 ? cli_fail(cli, &err) : 0;
}

/* The files, which all devices of one share. */
static void print_specs(const struct rocpart_cdi *cdi)
{
	const struct rocpart_cdi_entry *e, *before = NULL;

	for (size_t i = 0; (e = rocpart_cdi_get(cdi, i)); before = e, i++)
		if (!before || !rp_str_eq(before->path, e->path))
			cli_say(stdout, "spec: %s\n", e->path);
}

static int list(struct cli *cli, const struct rocpart_cdi *cdi)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);
	int status;

	if (cli->global.json)
		return cli_print_json(cli, view_cdi_list(cli_about(cli), cdi));
	cli_print_banner(cli);
	if (!rocpart_cdi_get(cdi, 0) && !layout.csv) {
		cli_say(stdout, "no CDI spec was generated; `rocpart cdi generate` writes one\n");
		return 0;
	}
	status = cli_print_table(cli, view_cdi_table(cdi, false, &layout));
	if (status == 0 && !layout.csv && !layout.wide)
		print_specs(cdi);
	return status;
}

static int run_cdi_list(struct cli *cli, int argc, char **argv)
{
	struct rocpart_cdi *cdi = NULL;
	int status = open_cdi(cli, &cdi);

	(void)argc;
	(void)argv;
	if (status == 0)
		status = list(cli, cdi);
	rocpart_cdi_free(cdi);
	return status;
}

static int print_problems(struct cli *cli, const struct rocpart_cdi *cdi)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);
	int status = cli_print_table(cli, view_cdi_table(cdi, true, &layout));

	cli_say(stderr, "rocpart: `rocpart cdi generate` writes it again\n");
	return status;
}

static int validate(struct cli *cli, const struct rocpart_cdi *cdi)
{
	bool is_valid = view_cdi_count_problems(cdi) == 0;
	int status = 0;
	size_t n = 0;

	if (cli->global.json) {
		status = cli_print_json(cli, view_cdi_validate(cli_about(cli), cdi));
		return status ? status : !is_valid;
	}
	while (rocpart_cdi_get(cdi, n))
		n++;
	cli_print_banner(cli);
	if (is_valid && !cli_wants_csv(cli))
		cli_say(stdout, "%zu device%s as the machine is now\n", n, n == 1 ? "" : "s");
	else
		status = print_problems(cli, cdi);
	return status ? status : !is_valid;
}

static int run_cdi_validate(struct cli *cli, int argc, char **argv)
{
	struct rocpart_cdi *cdi = NULL;
	int status = open_cdi(cli, &cdi);

	(void)argc;
	(void)argv;
	if (status == 0)
		status = validate(cli, cdi);
	rocpart_cdi_free(cdi);
	return status;
}

const struct cli_command cli_verb_cdi_generate = {
	.name = "cdi generate",
	.group = "manage",
	.args = "",
	.summary = "write a CDI spec of the partitions for container engines",
	.options = cdi_generate_options,
	.values_size = sizeof(struct cdi_values),
	.needs_machine = true,
	.run = run_cdi_generate,
};

const struct cli_command cli_verb_cdi_list = {
	.name = "cdi list",
	.group = "manage",
	.args = "",
	.summary = "list the devices of the generated CDI specs",
	.options = cli_table_options,
	.values_size = sizeof(struct cli_table_values),
	.columns = view_cdi_fields,
	.needs_machine = true,
	.run = run_cdi_list,
};

const struct cli_command cli_verb_cdi_validate = {
	.name = "cdi validate",
	.group = "manage",
	.args = "",
	.summary = "compare CDI specs with the current partitions",
	.options = cli_table_options,
	.values_size = sizeof(struct cli_table_values),
	.columns = view_cdi_fields,
	.needs_machine = true,
	.run = run_cdi_validate,
};
