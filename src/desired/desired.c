/* SPDX-License-Identifier: MIT */
/* A node.yaml that was read, and what all commands take from it alike. */
#include "desired/desired.h"
#include "desired/node_file.h"

const char rp_desired_default[] = "default";

static struct rocpart_desired *desired_new(const char *path)
{
	struct rocpart_desired *d = rp_new0(struct rocpart_desired, 1);

	if (!d)
		return NULL;
	d->path = strdup(path);
	return d->path ? d : rocpart_desired_free(d);
}

ROCPART_PUBLIC bool rocpart_desired_has_guard(const struct rocpart_desired *desired,
					      const char *model)
{
	for (size_t i = 0; i < desired->models.n; i++)
		if (rp_str_eq(desired->models.v[i].name, model))
			return desired->models.v[i].guard_stops;
	return false;
}

ROCPART_PUBLIC struct rocpart_desired *rocpart_desired_free(struct rocpart_desired *desired)
{
	if (!desired)
		return NULL;
	rp_model_requests_done(&desired->models);
	rp_policy_done(&desired->policy);
	rp_yaml_free(desired->inner);
	rp_yaml_free(desired->doc);
	rp_names_done(&desired->files);
	free(desired->inner_name);
	free(desired->path);
	free(desired);
	return NULL;
}

static int check_version(const struct rocpart_desired *d, struct rocpart_error *reterr)
{
	const struct rp_yaml *version = rp_yaml_get(d->root, "version");

	if (!version)
		return rp_yaml_error(d->root, d->path, reterr, "'version: v1' is missing");
	if (version->kind != RP_YAML_SCALAR || !rp_str_eq(version->text, "v1"))
		return rp_yaml_must_be(version, d->path, reterr, "v1");
	return 0;
}

/* The parts that a file may have, and those that exclude each other. */
static int check_parts(const struct rocpart_desired *d, struct rocpart_error *reterr)
{
	static const char *const known[] = {"version",		 "node",     "models",
					    "partition-configs", "services", "hooks"};
	const struct rp_yaml *configs, *node, *models;
	int r = rp_yaml_only_keys(d->root, d->path, known, RP_ARRAY_LEN(known), reterr);

	if (r == 0)
		r = check_version(d, reterr);
	if (r < 0)
		return r;
	configs = rp_yaml_get(d->root, "partition-configs");
	node = rp_yaml_get(d->root, "node");
	models = rp_yaml_get(d->root, "models");
	if (configs && (node || models))
		return rp_yaml_error(
			configs, d->path, reterr,
			"the file has both '%s:' and 'partition-configs:', but only one of them "
			"is allowed",
			node ? "node" : "models");
	if (!configs && !node && !models)
		return rp_yaml_error(d->root, d->path, reterr,
				     "'node:' is missing: it says which modes the GPUs must have");
	return 0;
}

/* Put in what the file leaves out, so that each reader finds it there. */
static int add_defaults(struct rocpart_desired *d, struct rocpart_error *reterr)
{
	RP_AUTO_YAML struct rp_yaml *defaults = NULL;
	int r = rp_yaml_parse(rp_policy_defaults, strlen(rp_policy_defaults), rp_desired_default,
			      &defaults, reterr);

	if (r < 0)
		return r;
	rp_yaml_set_file(defaults, rp_desired_default);
	return rp_yaml_merge(d->inner ? d->inner : d->doc, defaults, false, d->path, reterr);
}

static int read_node(struct rocpart_desired *d, const struct rp_yaml *node,
		     struct rocpart_error *reterr)
{
	static const char *const known[] = {
		"memory", "gpus", "allocator", "count", "cordoned", "allow-unvalidated", "policy"};
	int r = rp_yaml_only_keys(node, d->path, known, RP_ARRAY_LEN(known), reterr);

	if (r == 0)
		r = rp_yaml_bool(rp_yaml_get(node, "allow-unvalidated"), d->path,
				 &d->allow_unvalidated, reterr);
	return r < 0 ? r : rp_policy_read(rp_yaml_get(node, "policy"), d->path, &d->policy, reterr);
}

static int read_native(struct rocpart_desired *d, struct rocpart_error *reterr)
{
	const struct rp_yaml *models;
	int r = check_parts(d, reterr);

	if (r < 0)
		return r;
	if (rp_yaml_get(d->root, "partition-configs")) {
		d->form = RP_DESIRED_CONFIGS;
		return 0;
	}
	d->has_node = rp_yaml_get(d->root, "node") != NULL;
	r = add_defaults(d, reterr);
	if (r == 0)
		r = read_node(d, rp_yaml_get(d->root, "node"), reterr);
	models = rp_yaml_get(d->root, "models");
	return r < 0 || !models ? r : rp_model_requests_read(models, d->path, &d->models, reterr);
}

static int read_document(struct rocpart_desired *d, struct rocpart_error *reterr)
{
	int r = rp_node_unwrap(d->doc, d->path, &d->inner, &d->inner_name, reterr);

	if (r < 0)
		return r;
	if (d->inner)
		rp_yaml_set_file(d->inner, d->inner_name);
	d->root = d->inner ? d->inner : d->doc;
	if (rp_yaml_get(d->root, "gpu-config-profiles")) {
		d->form = RP_DESIRED_PROFILES;
		return 0;
	}
	return read_native(d, reterr);
}

bool rp_desired_has_model_hooks(const struct rocpart_desired *d)
{
	for (size_t i = 0; i < d->models.n; i++)
		if (d->models.v[i].stop.n || d->models.v[i].start.n)
			return true;
	return false;
}

static int finish(struct rocpart_desired *d, int r, struct rocpart_desired **ret,
		  struct rocpart_error *reterr)
{
	if (r == 0)
		r = read_document(d, reterr);
	if (r < 0) {
		rocpart_desired_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

ROCPART_PUBLIC int rocpart_desired_open(const char *path, bool unattended,
					struct rocpart_desired **ret_desired,
					struct rocpart_error *reterr)
{
	struct rocpart_desired *d = desired_new(path);

	if (!d)
		return rp_error_nomem(reterr);
	return finish(d, rp_desired_read_files(d, unattended, reterr), ret_desired, reterr);
}

ROCPART_PUBLIC bool rocpart_desired_is_equal(const struct rocpart_desired *a,
					     const struct rocpart_desired *b)
{
	return rp_yaml_is_equal(a->root, b->root);
}

static int parse(const char *text, size_t n_bytes, const char *name, bool has_name,
		 struct rocpart_desired **ret, struct rocpart_error *reterr)
{
	struct rocpart_desired *d = desired_new(name);
	int r;

	if (!d || rp_names_add(&d->files, name) < 0) {
		rocpart_desired_free(d);
		return rp_error_nomem(reterr);
	}
	d->has_name = has_name;
	r = rp_yaml_parse(text, n_bytes, d->path, &d->doc, reterr);
	if (r == 0)
		rp_yaml_set_file(d->doc, d->files.v[0]);
	return finish(d, r, ret, reterr);
}

ROCPART_PUBLIC int rocpart_desired_parse(const char *text, size_t n_bytes, const char *name,
					 struct rocpart_desired **ret_desired,
					 struct rocpart_error *reterr)
{
	return parse(text, n_bytes, name, false, ret_desired, reterr);
}

int rp_desired_parse_as(const char *text, const char *path, struct rocpart_desired **ret,
			struct rocpart_error *reterr)
{
	return parse(text, strlen(text), path, !rp_str_eq(path, "-"), ret, reterr);
}
