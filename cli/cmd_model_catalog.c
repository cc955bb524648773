/* SPDX-License-Identifier: MIT */
/* model list, show, add: the catalog. */
#include "cli/cli.h"

#include <sys/stat.h>

#include "base/tree.h"
#include "views/model.h"

/* One model; what cannot be read any more is listed without numbers. */
static int add_model(const struct rocpart_catalog *catalog, size_t i, struct view_table *table,
		     struct rp_json *list)
{
	struct view_model_row row = {rocpart_catalog_get_name(catalog, i), "unknown",
				     rocpart_catalog_get_source(catalog, i), NULL};
	struct rocpart_model *model = NULL;
	struct rocpart_footprint *footprint = NULL;
	int r;

	if (rocpart_model_find(catalog, row.name, &model, NULL) == 0) {
		row.architecture = rocpart_model_get_architecture(model);
		if (rocpart_footprint_new(model, NULL, &footprint, NULL) == 0)
			row.footprint = footprint;
	}
	r = list ? rp_json_append(list, view_model(&row)) : view_table_add(table, &row);
	rocpart_footprint_free(footprint);
	rocpart_model_free(model);
	return r;
}

static int each_model(const struct rocpart_catalog *catalog, struct view_table *table,
		      struct rp_json *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rocpart_catalog_get_count(catalog); i++)
		r = add_model(catalog, i, table, list);
	return r;
}

static int list_json(struct cli *cli, const struct rocpart_catalog *catalog)
{
	struct rp_json *list = rp_json_array();

	if (each_model(catalog, NULL, list) < 0)
		list = rp_json_free(list);
	return cli_print_json(cli, view_model_list(cli_about(cli), list));
}

static int list_text(struct cli *cli, const struct rocpart_catalog *catalog)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);
	struct view_table *table = view_table_new(view_model_fields, &layout);

	if (each_model(catalog, table, NULL) < 0)
		table = view_table_free(table);
	return cli_print_table(cli, table);
}

static int run_model_list(struct cli *cli, int argc, char **argv)
{
	struct rocpart_catalog *catalog = NULL;
	int status = cli_open_catalog(cli, &catalog);

	(void)argc;
	(void)argv;
	if (!status)
		status = cli->global.json ? list_json(cli, catalog) : list_text(cli, catalog);
	rocpart_catalog_free(catalog);
	return status;
}

static int print_model(struct cli *cli, const struct view_model_row *row)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	return view_object_text(view_model_fields, row, &layout, &text) < 0
		       ? cli_nomem(cli)
		       : cli_print_text(cli, &text);
}

static int run_model_show(struct cli *cli, int argc, char **argv)
{
	struct rocpart_model *model = NULL;
	struct rocpart_footprint *footprint = NULL;
	struct rocpart_error err = {0};
	struct view_model_row row = {0};
	int status = cli_open_model(cli, argc ? argv[0] : NULL, NULL, &model);

	if (status)
		return status;
	if (rocpart_footprint_new(model, NULL, &footprint, &err) < 0)
		status = cli_fail(cli, &err);
	row.name = rocpart_model_get_name(model);
	row.architecture = rocpart_model_get_architecture(model);
	row.source = rocpart_model_get_source(model);
	row.footprint = footprint;
	if (!status)
		status = cli->global.json
				 ? cli_print_json(cli, view_model_show(cli_about(cli), &row))
				 : print_model(cli, &row);
	rocpart_footprint_free(footprint);
	rocpart_model_free(model);
	return status;
}

/* A name of letters that make a file name; '/' becomes "--", as model hubs do. */
static char *file_of(const char *name)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	for (const char *p = name; *p; p++) {
		if (*p == '/')
			rp_strbuf_add(&b, "--");
		else if ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
			 (*p >= 'A' && *p <= 'Z') || *p == '-' || *p == '_' ||
			 (*p == '.' && p != name))
			rp_strbuf_add_char(&b, *p);
		else
			return NULL;
	}
	rp_strbuf_add(&b, ".yaml");
	return rp_strbuf_steal(&b);
}

/* A catalog of one model that is read from its files. JSON is YAML. */
static struct rp_json *entry_json(const char *name, const char *path)
{
	struct rp_json *doc = rp_json_object(), *models = rp_json_object(), *e = rp_json_object();
	int r = rp_json_set_string(e, "path", path);

	r |= rp_json_set_string(e, "source", "added by rocpart model add");
	r |= rp_json_set(models, name, e);
	r |= rp_json_set_string(doc, "version", "v1");
	r |= rp_json_set(doc, "models", models);
	return r < 0 ? rp_json_free(doc) : doc;
}

static int write_entry(struct cli *cli, const char *file, const char *name, const char *path)
{
	RP_AUTO_FREE char *folder = cli_user_models();
	RP_AUTO_JSON struct rp_json *doc = entry_json(name, path);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_TREE struct rp_tree *tree = NULL;
	struct rocpart_error err = {.code = ROCPART_ERR_FAILED};
	int r;

	if (!folder || !doc || rp_json_print(doc, true, &text) < 0)
		return cli_nomem(cli);
	rp_strbuf_add_char(&text, '\n');
	if (rp_strbuf_failed(&text))
		return cli_nomem(cli);
	r = rp_make_dirs(folder, false);
	r = r < 0 ? r : rp_tree_open(folder, RP_TREE_STATE, &tree);
	r = r < 0 ? r : rp_tree_replace(tree, text.s, text.len, "%s", file);
	if (r < 0) {
		err.errnum = r;
		(void)rp_fmt(err.message, sizeof(err.message),
			     tree && rp_tree_is_unsynced(tree, r)
				     ? "'%s/%s' is written, but may be lost at a power cut: %s"
				     : "cannot write '%s/%s': %s",
			     folder, file, rocpart_strerror(r));
		return cli_fail(cli, &err);
	}
	if (!cli->global.json)
		cli_say(stdout, "%s: added to %s/%s\n", name, folder, file);
	return 0;
}

static int run_model_add(struct cli *cli, int argc, char **argv)
{
	RP_AUTO_FREE char *file = file_of(argv[0]), *path = realpath(argv[1], NULL);
	struct rocpart_model *model = NULL;
	struct rocpart_footprint *footprint = NULL;
	struct rocpart_error err = {0};
	int status;

	(void)argc;
	if (!file || !argv[0][0])
		return cli_usage_error(cli, "'%s' cannot be the name of a model", argv[0]);
	/* Read and sized before it is written: a name that cannot be used is of no use. */
	if (rocpart_model_open(path ? path : argv[1], &model, &err) < 0)
		return cli_fail(cli, &err);
	if (rocpart_footprint_new(model, NULL, &footprint, &err) < 0) {
		rocpart_model_free(model);
		return cli_fail(cli, &err);
	}
	status = write_entry(cli, file, argv[0], path);
	if (!status && cli->global.json)
		status = cli_print_json(cli, view_model_added(cli_about(cli), argv[0], footprint));
	rocpart_footprint_free(footprint);
	rocpart_model_free(model);
	return status;
}

const struct cli_command cli_verb_model_list = {
	.name = "model list",
	.group = "models",
	.args = "",
	.summary = "list the models of the catalog",
	.options = cli_table_options,
	.values_size = sizeof(struct cli_table_values),
	.columns = view_model_fields,
	.run = run_model_list,
};

const struct cli_command cli_verb_model_show = {
	.name = "model show",
	.group = "models",
	.args = "MODEL|FILE",
	.min_args = 1,
	.max_args = 1,
	.summary = "show what is known of a model, and the source of each figure",
	.words = {CLI_WORDS_MODELS},
	.run = run_model_show,
};

const struct cli_command cli_verb_model_add = {
	.name = "model add",
	.group = "models",
	.args = "NAME FILE",
	.min_args = 2,
	.max_args = 2,
	.summary = "add a model's files to your own catalog",
	.words = {CLI_WORDS_NONE, CLI_WORDS_FILES},
	.run = run_model_add,
};
