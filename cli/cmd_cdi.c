/* SPDX-License-Identifier: MIT */
/* cdi: specs of the partitions for container engines. */
#include "cli/cli.h"

#include "views/table.h"

static int print_path(struct cli *cli, const char *path)
{
	struct rp_json *j;

	if (!cli->values.json) {
		cli_print_banner(cli);
		printf("%s\n", path);
		return 0;
	}
	j = cli_new_document(cli);
	return rp_json_set_string(j, "path", path) < 0 ? cli_nomem(cli) : cli_print_json(cli, j);
}

int cli_cmd_cdi_generate(struct cli *cli, int argc, char **argv)
{
	const struct cli_values *v = &cli->values;
	bool to_stdout = v->output && rp_str_eq(v->output, "-");
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *text = NULL;
	int r;

	(void)argc;
	(void)argv;
	if (to_stdout)
		r = rocpart_cdi_document(cli->machine, v->kind, &text, &err);
	else
		r = rocpart_cdi_generate(cli->machine, v->kind, v->output, v->yes, &text, &err);
	if (r < 0)
		return cli_fail(cli, &err);
	return to_stdout ? fputs(text, stdout) < 0 : print_path(cli, text);
}

/* ---- list, validate ---- */

static struct rp_json *text_or_null(const char *text)
{
	return *text ? rp_json_string(text) : rp_json_null();
}

static struct rp_json *entry_name(const void *o)
{
	const struct rocpart_cdi_entry *e = o;

	return text_or_null(e->name);
}

static struct rp_json *entry_problem(const void *o)
{
	const struct rocpart_cdi_entry *e = o;

	return text_or_null(e->problem);
}

static struct rp_json *entry_path(const void *o)
{
	const struct rocpart_cdi_entry *e = o;

	return rp_json_string(e->path);
}

static const struct view_field entry_fields[] = {
	{.key = "device", .heading = "DEVICE", .get = entry_name},
	{.key = "problem", .heading = "PROBLEM", .get = entry_problem},
	{.key = "spec", .heading = "SPEC", .get = entry_path},
	{.key = NULL},
};

static struct rp_json *entries_json(const struct rocpart_cdi *cdi)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_cdi_entry *e;
	int r = 0;

	for (size_t i = 0; r == 0 && (e = rocpart_cdi_get(cdi, i)); i++)
		r = rp_json_append(list, view_object_json(entry_fields, e));
	return r < 0 ? rp_json_free(list) : list;
}

static int print_entries(struct cli *cli, const struct rocpart_cdi *cdi, bool problems_only)
{
	struct view_table *t = view_table_new(entry_fields, "device,problem,spec");
	const struct rocpart_cdi_entry *e;
	int r = 0;

	for (size_t i = 0; r == 0 && (e = rocpart_cdi_get(cdi, i)); i++)
		if (*e->problem || !problems_only)
			r = view_table_add(t, e);
	return cli_print_table(cli, r < 0 ? view_table_free(t) : t);
}

static int open_cdi(struct cli *cli, struct rocpart_cdi **ret)
{
	struct rocpart_error err = {0};

	return rocpart_cdi_new(cli->machine, ret, &err) < 0 ? cli_fail(cli, &err) : 0;
}

static int list(struct cli *cli, const struct rocpart_cdi *cdi)
{
	struct rp_json *j;

	if (cli->values.json) {
		j = cli_new_document(cli);
		return rp_json_set(j, "devices", entries_json(cdi)) < 0 ? cli_nomem(cli)
									: cli_print_json(cli, j);
	}
	cli_print_banner(cli);
	if (rocpart_cdi_get(cdi, 0))
		return print_entries(cli, cdi, false);
	printf("no spec was generated: `rocpart cdi generate`\n");
	return 0;
}

int cli_cmd_cdi_list(struct cli *cli, int argc, char **argv)
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

static int validate(struct cli *cli, const struct rocpart_cdi *cdi)
{
	const struct rocpart_cdi_entry *e;
	size_t n = 0, n_bad = 0;
	struct rp_json *j;
	int status;

	for (; (e = rocpart_cdi_get(cdi, n)); n++)
		n_bad += *e->problem != '\0';
	if (cli->values.json) {
		j = cli_new_document(cli);
		status = rp_json_set_bool(j, "valid", !n_bad) < 0 ||
					 rp_json_set(j, "devices", entries_json(cdi)) < 0
				 ? cli_nomem(cli)
				 : cli_print_json(cli, j);
		return status ? status : n_bad != 0;
	}
	cli_print_banner(cli);
	if (!n_bad) {
		printf("%zu device%s as the machine is now\n", n, n == 1 ? "" : "s");
		return 0;
	}
	status = print_entries(cli, cdi, true);
	fprintf(stderr, "rocpart: `rocpart cdi generate` writes it anew\n");
	return status ? status : 1;
}

int cli_cmd_cdi_validate(struct cli *cli, int argc, char **argv)
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
