/* SPDX-License-Identifier: MIT */
/*
 * Files that people have from other programs: a Kubernetes ConfigMap around a config.json is
 * opened; the others are named for what they are, with the way.
 */
#include "base/strbuf.h"
#include "desired/node_file.h"

static const char *text_of(const struct rp_yaml *map, const char *key)
{
	const struct rp_yaml *y = map->kind == RP_YAML_MAP ? rp_yaml_get(map, key) : NULL;

	return y && y->kind == RP_YAML_SCALAR ? y->text : NULL;
}

/* The entry of `data` that is a configuration: config.json, or the only one. */
static const char *config_key(const struct rp_yaml *data)
{
	if (!data || data->kind != RP_YAML_MAP)
		return NULL;
	if (rp_yaml_get(data, "config.json"))
		return "config.json";
	return data->n == 1 ? data->keys[0] : NULL;
}

static int open_config_map(const struct rp_yaml *doc, const char *name, struct rp_yaml **ret,
			   char **ret_name, struct rocpart_error *reterr)
{
	const struct rp_yaml *data = rp_yaml_get(doc, "data");
	const char *key = config_key(data);
	const char *text = key ? text_of(data, key) : NULL;
	RP_AUTO_FREE char *place = NULL;
	int r;

	if (!text)
		return rp_yaml_error(data ? data : doc, name, reterr,
				     "the ConfigMap has no 'data:' with a 'config.json'");
	place = rp_strdupf("%s: data.%s", name, key);
	if (!place)
		return rp_error_nomem(reterr);
	r = rp_yaml_parse(text, strlen(text), place, ret, reterr);
	if (r < 0)
		return r;
	*ret_name = rp_steal(&place);
	return 1;
}

static int name_profile(const struct rp_yaml *doc, const char *name, struct rocpart_error *reterr)
{
	const struct rp_yaml *spec = rp_yaml_get(doc, "spec");
	const char *profile = spec ? text_of(spec, "profileName") : NULL;

	(void)rp_yaml_error(doc, name, reterr,
			    "the file is a PartitioningProfile of kaiwo: it only names a profile "
			    "of a device-config-manager ConfigMap");
	return rp_error_hint(reterr, "give the ConfigMap instead, with --config %s",
			     profile ? profile : "PROFILE");
}

static int name_object(const struct rp_yaml *doc, const char *kind, const char *name,
		       struct rocpart_error *reterr)
{
	if (rp_str_eq(kind, "PartitioningProfile"))
		return name_profile(doc, name, reterr);
	(void)rp_yaml_error(doc, name, reterr,
			    "the file is a Kubernetes object of kind '%s', which does not describe "
			    "the modes of a node",
			    kind);
	return rp_error_hint(reterr,
			     "`rocpart export` prints a file for this node; the ConfigMap of "
			     "device-config-manager is read too");
}

int rp_node_unwrap(const struct rp_yaml *doc, const char *name, struct rp_yaml **ret,
		   char **ret_name, struct rocpart_error *reterr)
{
	const char *kind = text_of(doc, "kind");

	if (doc->kind != RP_YAML_MAP)
		return 0;
	if (kind && text_of(doc, "apiVersion"))
		return rp_str_eq(kind, "ConfigMap")
			       ? open_config_map(doc, name, ret, ret_name, reterr)
			       : name_object(doc, kind, name, reterr);
	if (!rp_yaml_get(doc, "mig-configs"))
		return 0;
	(void)rp_yaml_error(doc, name, reterr,
			    "the file is one of NVIDIA's mig-parted: 'mig-configs' describe MIG "
			    "devices, which AMD GPUs do not have");
	return rp_error_hint(reterr, "write the same names under 'partition-configs', each entry "
				     "as {devices: all, compute: CPX, memory: NPS4}");
}

bool rp_node_is_foreign(const struct rp_yaml *doc)
{
	static const char *const keys[] = {"gpu-config-profiles", "partition-configs",
					   "mig-configs"};

	for (size_t i = 0; i < RP_ARRAY_LEN(keys); i++)
		if (rp_yaml_get(doc, keys[i]))
			return true;
	return text_of(doc, "kind") && text_of(doc, "apiVersion");
}
