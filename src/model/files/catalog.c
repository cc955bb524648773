/* SPDX-License-Identifier: MIT */
#include "model/files/catalog.h"

#include <sys/stat.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/tree.h"
#include "base/yaml.h"
#include "model/files/config_read.h"
#include "model/files/folder.h"

static void entry_done(struct rp_catalog_entry *e)
{
	free(e->name);
	free(e->source);
	free(e->note);
	free(e->file);
	free(e->path);
	rp_model_config_done(&e->config);
	memset(e, 0, sizeof(*e));
}

void rp_catalog_done(struct rp_catalog *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		entry_done(&c->v[i]);
	free(c->v);
	free(c->order);
	memset(c, 0, sizeof(*c));
}

static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* By what stands behind the '/', then by all of it: both look-ups are one search. */
static int compare(const char *a, const char *b)
{
	int r = rp_str_cmp_nocase(base_name(a), base_name(b));

	return r ? r : rp_str_cmp_nocase(a, b);
}

static int order_of(const void *a, const void *b, void *userdata)
{
	const struct rp_catalog *c = userdata;
	const size_t *x = a, *y = b;

	return compare(c->v[*x].name, c->v[*y].name);
}

static int make_order(struct rp_catalog *c, struct rocpart_error *reterr)
{
	size_t *order = rp_new0(size_t, c->n);

	free(c->order); /* it knows of fewer models */
	c->order = NULL;
	if (!order)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < c->n; i++)
		order[i] = i;
	if (c->n)
		qsort_r(order, c->n, sizeof(*order), order_of, c);
	c->order = order;
	return 0;
}

/* First place in the order whose base name is not below that of name. */
static size_t lower_bound(const struct rp_catalog *c, const char *name)
{
	size_t low = 0, high = c->n;

	if (!c->order)
		return c->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (rp_str_cmp_nocase(base_name(c->v[c->order[mid]].name), base_name(name)) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct rp_catalog_entry *rp_catalog_find(const struct rp_catalog *c, const char *name,
					       bool *ret_ambiguous)
{
	const struct rp_catalog_entry *found = NULL;
	bool whole = strchr(name, '/') != NULL;

	*ret_ambiguous = false;
	for (size_t i = lower_bound(c, name); i < c->n; i++) {
		const struct rp_catalog_entry *e = &c->v[c->order[i]];

		if (rp_str_cmp_nocase(base_name(e->name), base_name(name)) != 0)
			break;
		if (rp_str_cmp_nocase(e->name, name) == 0)
			return e;
		if (whole)
			continue;
		*ret_ambiguous = found != NULL;
		found = e;
	}
	return *ret_ambiguous ? NULL : found;
}

/* A scalar of YAML as config.json would have it: quoted text stays text. */
static int scalar_value(const struct rp_yaml *y, struct rp_config_value *v)
{
	*v = (struct rp_config_value){.kind = RP_CONFIG_TEXT, .text = y->text};
	if (y->quoted)
		return 0;
	if (rp_str_eq(y->text, "true") || rp_str_eq(y->text, "false")) {
		v->kind = RP_CONFIG_BOOL;
		v->yes = y->text[0] == 't';
	} else if (y->text[0] == '\0' || rp_str_eq(y->text, "null") || rp_str_eq(y->text, "~")) {
		v->kind = RP_CONFIG_NULL;
	} else if (y->text[0] >= '0' && y->text[0] <= '9' &&
		   rp_parse_u64(y->text, 10, &v->u) == 0) {
		v->kind = RP_CONFIG_INT;
	}
	return 0;
}

/* Depth is bounded by that of a YAML document. */
static int put_tree(struct rp_config_reader *r, const char **path, size_t n,
		    const struct rp_yaml *y)
{
	struct rp_config_value v;
	int err = 0;

	if (n + 1 >= RP_CONFIG_MAX_PATH)
		return rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, r->name,
				    "the model's 'config' is nested too deeply");
	if (y->kind == RP_YAML_SCALAR) {
		err = scalar_value(y, &v);
		return err < 0 ? err : rp_config_put(r, path, n, -1, &v);
	}
	for (size_t i = 0; i < y->n && err == 0; i++) {
		if (y->kind == RP_YAML_MAP) {
			path[n] = y->keys[i];
			err = y->items[i]->kind == RP_YAML_MAP ? rp_config_open(r, path, n + 1) : 0;
			err = err < 0 ? err : put_tree(r, path, n + 1, y->items[i]);
		} else if (y->items[i]->kind == RP_YAML_SCALAR) {
			err = scalar_value(y->items[i], &v);
			err = err < 0 ? err : rp_config_put(r, path, n, (long)i, &v);
		} else { /* a list of lists or of maps */
			v = (struct rp_config_value){.kind = RP_CONFIG_REAL};
			rp_config_put_deep(r, path, n, &v);
		}
	}
	return err;
}

static int read_config(const struct rp_yaml *y, const char *label, struct rp_model_config *c,
		       struct rocpart_error *reterr)
{
	const char *path[RP_CONFIG_MAX_PATH];
	struct rp_config_reader r = {.c = c, .name = label, .reterr = reterr};
	int err = put_tree(&r, path, 0, y);

	err = err < 0 ? err : rp_config_finish(&r);
	return err < 0 ? err : rp_model_config_check(c, label, reterr);
}

static int dup_text(const struct rp_yaml *map, const char *key, const char *file, char **ret,
		    struct rocpart_error *reterr)
{
	const struct rp_yaml *y = rp_yaml_get(map, key);
	const char *text = "";

	if (y && y->kind != RP_YAML_SCALAR)
		return rp_yaml_error(y, file, reterr, "'%s' must be text", key);
	if (y)
		text = y->text;
	*ret = rp_strndup(text, strlen(text));
	return *ret ? 0 : rp_error_nomem(reterr);
}

static int read_entry(const char *name, const struct rp_yaml *y, const char *file,
		      struct rp_catalog_entry *e, struct rocpart_error *reterr)
{
	static const char *const known[] = {"config", "path", "source", "parameters", "note"};
	RP_AUTO_FREE char *label = rp_strdupf("%s:%u: %s", file, y->line, name);
	const struct rp_yaml *config, *parameters, *path;
	int r = rp_yaml_only_keys(y, file, known, RP_ARRAY_LEN(known), reterr);

	if (r < 0)
		return r;
	config = rp_yaml_get(y, "config");
	parameters = rp_yaml_get(y, "parameters");
	path = rp_yaml_get(y, "path");
	if (!config == !path)
		return rp_yaml_error(y, file, reterr,
				     "model '%s' must have 'config' or 'path', one of the two",
				     name);
	if (config && config->kind != RP_YAML_MAP)
		return rp_yaml_must_be(config, file, reterr, "a map");
	if (path && (path->kind != RP_YAML_SCALAR || path->text[0] != '/'))
		return rp_yaml_error(path, file, reterr, "'path' must be an absolute path");
	if (!rp_yaml_get(y, "source"))
		return rp_yaml_error(y, file, reterr, "model '%s' must have a 'source'", name);
	e->line = y->line;
	e->name = rp_strndup(name, strlen(name));
	e->file = rp_strndup(file, strlen(file));
	if (!label || !e->name || !e->file)
		return rp_error_nomem(reterr);
	r = dup_text(y, "source", file, &e->source, reterr);
	r = r < 0 ? r : dup_text(y, "note", file, &e->note, reterr);
	if (r == 0 && parameters)
		r = rp_yaml_u64(parameters, file, &e->parameters, reterr);
	if (r == 0 && path)
		r = dup_text(y, "path", file, &e->path, reterr);
	return r < 0 || path ? r : read_config(config, label, &e->config, reterr);
}

/* Put e in the catalog; the same name of an earlier file goes. Takes e over. */
static int add_entry(struct rp_catalog *c, struct rp_catalog_entry *e, size_t n_before,
		     struct rocpart_error *reterr)
{
	for (size_t i = 0; i < n_before; i++) {
		if (rp_str_cmp_nocase(c->v[i].name, e->name) == 0) {
			entry_done(&c->v[i]);
			c->v[i] = *e;
			return 0;
		}
	}
	if (rp_grow(&c->v, &c->cap, c->n + 1, sizeof(*c->v)) < 0)
		return rp_error_nomem(reterr);
	c->v[c->n++] = *e;
	return 0;
}

static int load_file(struct rp_catalog *c, const char *path, struct rocpart_error *reterr)
{
	static const char *const known[] = {"version", "models"};
	RP_AUTO(rp_cleanup_yaml) struct rp_yaml *doc = NULL;
	const struct rp_yaml *models, *version;
	size_t before = c->n;
	int r = rp_yaml_load(path, &doc, reterr);

	r = r < 0 ? r : rp_yaml_only_keys(doc, path, known, RP_ARRAY_LEN(known), reterr);
	if (r < 0)
		return r;
	version = rp_yaml_get(doc, "version");
	models = rp_yaml_get(doc, "models");
	if (!version || version->kind != RP_YAML_SCALAR || !rp_str_eq(version->text, "v1"))
		return rp_yaml_error(doc, path, reterr, "'version: v1' is missing");
	if (!models)
		return rp_yaml_error(doc, path, reterr, "'models' is missing");
	if (models->kind != RP_YAML_MAP)
		return rp_yaml_must_be(models, path, reterr, "a map of models");
	for (size_t i = 0; i < models->n && r == 0; i++) {
		RP_AUTO_FREE struct rp_catalog_entry *e = rp_new0(struct rp_catalog_entry, 1);

		if (!e)
			return rp_error_nomem(reterr);
		r = read_entry(models->keys[i], models->items[i], path, e, reterr);
		r = r < 0 ? r : add_entry(c, e, before, reterr);
		if (r < 0)
			entry_done(e);
	}
	return r;
}

static int load_folder(struct rp_catalog *c, const char *path, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_list_folder(path, &names);

	if (r < 0)
		return rp_error_errno(reterr, r, path, "cannot list the catalog folder");
	for (size_t i = 0; i < names.n && r == 0; i++) {
		RP_AUTO_FREE char *file = rp_strdupf("%s/%s", path, names.v[i]);

		if (names.v[i][0] == '.' || !rp_str_ends(names.v[i], ".yaml"))
			continue;
		r = file ? load_file(c, file, reterr) : rp_error_nomem(reterr);
	}
	return r;
}

int rp_catalog_load(struct rp_catalog *c, const char *path, struct rocpart_error *reterr)
{
	struct stat st;
	int r;

	if (rp_retry(stat(path, &st)) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path, "cannot open the catalog");
	r = S_ISDIR(st.st_mode) ? load_folder(c, path, reterr) : load_file(c, path, reterr);
	/* Also after a mistake: the models before it are there, and are found. */
	if (make_order(c, r < 0 ? NULL : reterr) < 0)
		return r < 0 ? r : -ENOMEM;
	return r;
}

/* A model added by its files: they are read when it is asked for. */
static int describe_files(const struct rp_catalog_entry *e, struct rp_model_desc *d,
			  struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *name = rp_strdupf("%s", e->name), *source = NULL;
	int r = rp_model_read(e->path, d, reterr);

	if (r < 0)
		return reterr ? rp_error_prefix(reterr, "model '%s' (%s:%u)", e->name, e->file,
						e->line)
			      : r;
	source = rp_strdupf("%s in %s", d->source, e->path);
	if (!name || !source)
		return rp_error_nomem(reterr);
	free(d->name);
	free(d->source);
	d->name = rp_steal(&name);
	d->source = rp_steal(&source);
	return 0;
}

static int describe_config(const struct rp_catalog_entry *e, struct rp_model_desc *d,
			   struct rocpart_error *reterr)
{
	d->origin = RP_ORIGIN_CATALOG;
	d->name = rp_strdupf("%s", e->name);
	d->source = rp_strdupf("catalog %s:%u: %s", base_name(e->file), e->line, e->source);
	if (!d->name || !d->source || rp_model_config_copy(&e->config, &d->config) < 0)
		return rp_error_nomem(reterr);
	d->has_config = true;
	return 0;
}

int rp_catalog_describe(const struct rp_catalog_entry *e, struct rp_model_desc *ret,
			struct rocpart_error *reterr)
{
	RP_AUTO_MODEL_DESC struct rp_model_desc d = {0};
	int r = e->path ? describe_files(e, &d, reterr) : describe_config(e, &d, reterr);

	if (r < 0)
		return r;
	*ret = d;
	memset(&d, 0, sizeof(d)); /* given away */
	return 0;
}

#define N_NEAR 3

/* By how much a name is missed: what stands before the last '/', or the end, is often left out. */
static size_t distance_to(const char *name, const char *entry)
{
	size_t whole = rp_edit_distance(name, entry);
	size_t base = rp_edit_distance(base_name(name), base_name(entry));
	size_t least = base < whole ? base : whole;

	return least > 1 && strcasestr(entry, name) ? 1 : least;
}

/* Names of entries that are nearly as the one that is not there, the nearest first. */
static void add_near(const struct rp_catalog *c, const char *name, struct rp_strbuf *ret)
{
	const char *near[N_NEAR] = {NULL};
	size_t far[N_NEAR], most = strlen(base_name(name)) / 3 + 1, n = 0;

	for (size_t i = 0; i < c->n; i++) {
		size_t d = distance_to(name, c->v[i].name), at = n;

		while (at > 0 && far[at - 1] > d)
			at--;
		if (d > most || at == N_NEAR)
			continue;
		n += n < N_NEAR;
		for (size_t k = n - 1; k > at; k--) {
			near[k] = near[k - 1];
			far[k] = far[k - 1];
		}
		near[at] = c->v[i].name;
		far[at] = d;
	}
	for (size_t i = 0; i < n; i++)
		rp_strbuf_addf(ret, "%s'%s'", i == 0 ? "" : i + 1 == n ? " or " : ", ", near[i]);
}

int rp_catalog_refuse(const struct rp_catalog *c, const char *name, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf near = RP_STRBUF_INIT;
	bool ambiguous = false;

	if (c->n)
		(void)rp_catalog_find(c, name, &ambiguous);
	add_near(c, name, &near);
	(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_MODEL_UNKNOWN, name,
			   ambiguous ? "the catalog has several models of that name"
				     : "the catalog has no such model, and no such file exists");
	if (ambiguous)
		(void)rp_error_hint(reterr, "give the whole name: %s", rp_strbuf_str(&near));
	else
		(void)rp_error_hint(
			reterr,
			"%s%s%sgive a folder with the model's files, a config.json, a GGUF "
			"file or --bytes; `rocpart model add` adds a model",
			near.len ? "did you mean " : "", rp_strbuf_str(&near),
			near.len ? "? else " : "");
	return -ENOENT;
}
