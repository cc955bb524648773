/* SPDX-License-Identifier: MIT */
#include "cli/fleet_file.h"

#include "base/hostlist.h"
#include "base/name.h"
#include "base/yaml.h"

#define PROFILE_MAX (1U << 20)

void cli_fleet_done(struct cli_fleet *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].profile);
		rp_strbuf_done(&f->v[i].text);
		rp_names_done(&f->v[i].nodes);
		rp_names_done(&f->v[i].faults);
		rp_names_done(&f->v[i].fault_places);
	}
	free(f->v);
	*f = (struct cli_fleet){0};
}

struct reader {
	struct cli *cli;
	const char *name; /* of the file */
	struct cli_fleet *fleet;
	struct rocpart_error err;
};

static bool has_name(const struct rp_names *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (rp_str_eq(names->v[i], name))
			return true;
	return false;
}

/* ---- names ---- */

/* The place of an error inside of a key, which stands in one line. */
static int refuse_in_key(struct reader *r, const struct rp_yaml *key, size_t at, const char *why)
{
	struct rp_yaml place = *key;

	place.column += (unsigned)at + key->quoted;
	return rp_yaml_error(&place, r->name, &r->err, "%s", why);
}

static int check_names(struct reader *r, const struct rp_yaml *key, struct cli_fleet_group *g)
{
	struct rocpart_error why = {0};

	for (size_t i = 0; i < g->nodes.n; i++) {
		const char *name = g->nodes.v[i];
		bool is_twice = has_name(&g->nodes, i, name);

		if (rp_name_check(RP_NAME_MACHINE, name, &why) < 0)
			return refuse_in_key(r, key, 0, why.message);
		for (size_t k = 0; k < r->fleet->n && !is_twice; k++)
			if (&r->fleet->v[k] != g)
				is_twice = has_name(&r->fleet->v[k].nodes, r->fleet->v[k].nodes.n,
						    name);
		if (is_twice)
			return rp_yaml_error(key, r->name, &r->err, "node '%s' is given twice",
					     name);
	}
	return 0;
}

static size_t count_nodes(const struct cli_fleet *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->v[i].nodes.n;
	return n;
}

static int read_names(struct reader *r, const struct rp_yaml *key, struct cli_fleet_group *g)
{
	size_t at = 0, left = CLI_FLEET_MAX - count_nodes(r->fleet);
	struct rocpart_error why = {0};
	int ret = rp_hostlist_expand(key->text, left, &g->nodes, &at, &why);

	if (ret == -E2BIG)
		return rp_yaml_error(key, r->name, &r->err, "the fleet has more than %d nodes",
				     CLI_FLEET_MAX);
	if (ret == -ENOMEM)
		return rp_error_nomem(&r->err);
	return ret < 0 ? refuse_in_key(r, key, at, why.message) : check_names(r, key, g);
}

/* ---- what a group says of them ---- */

/* A path in the file is one from the folder of the file. */
static char *profile_path(const struct reader *r, const char *profile)
{
	const char *slash = strrchr(r->name, '/');

	if (!cli_is_path(profile) || profile[0] == '/' || !slash)
		return rp_strdupf("%s%s", cli_is_path(profile) && !slash ? "./" : "", profile);
	return rp_strdupf("%.*s/%s", (int)(slash - r->name), r->name, profile);
}

/* Of a path, or of a profile that came with rocpart. */
static int read_text(const char *path, struct rp_strbuf *ret)
{
	RP_AUTO_FREE char *below = rp_strdupf("profiles/%s.yaml", path), *file = NULL;

	if (cli_is_path(path))
		return cli_read_up_to(path, PROFILE_MAX, ret);
	file = below ? cli_data_file(below) : NULL;
	return file ? cli_read_up_to(file, PROFILE_MAX, ret) : -ENOMEM;
}

/* The profile is parsed here: a machine that cannot be made must not be found when others are. */
static int read_profile(struct reader *r, const struct rp_yaml *map, struct cli_fleet_group *g)
{
	const struct rp_yaml *y = rp_yaml_get(map, "profile");
	RP_AUTO_FREE char *path = NULL;
	const char *text = NULL, *base;
	struct rocpart_machine *machine = NULL;
	int ret;

	if (!y)
		return rp_yaml_error(map, r->name, &r->err, "'profile' is missing");
	ret = rp_yaml_text(y, r->name, &text, &r->err);
	if (ret < 0)
		return ret;
	path = profile_path(r, text);
	base = path ? strrchr(path, '/') : NULL;
	g->profile = path ? rp_strdupf("%s", base ? base + 1 : path) : NULL;
	if (!g->profile)
		return rp_error_nomem(&r->err);
	ret = read_text(path, &g->text);
	if (ret == -ENOENT && !cli_is_path(path))
		return rp_yaml_error(y, r->name, &r->err, "there is no profile '%s'", path);
	if (ret < 0)
		return rp_yaml_error(y, r->name, &r->err, "cannot read the profile '%s': %s", path,
				     rocpart_strerror(ret));
	ret = rocpart_machine_open_sim_memory(rp_strbuf_str(&g->text), g->text.len, g->profile,
					      &machine, &r->err);
	rocpart_machine_close(machine);
	return ret;
}

/* A rule is checked by the first machine that gets it: its place in the file is kept until then. */
static int read_faults(struct reader *r, const struct rp_yaml *map, struct cli_fleet_group *g)
{
	const struct rp_yaml *y = rp_yaml_get(map, "faults");

	if (!y)
		return 0;
	if (y->kind != RP_YAML_LIST)
		return rp_yaml_must_be(y, r->name, &r->err, "a list of fault rules");
	for (size_t i = 0; i < y->n; i++) {
		const char *rule = NULL;
		int ret = rp_yaml_text(y->items[i], r->name, &rule, &r->err);

		RP_AUTO_FREE char *place = ret == 0 ? rp_yaml_place(y->items[i], r->name) : NULL;

		if (ret < 0)
			return ret;
		if (!place || rp_names_add(&g->faults, rule) < 0 ||
		    rp_names_add(&g->fault_places, place) < 0)
			return rp_error_nomem(&r->err);
	}
	return 0;
}

static int read_group(struct reader *r, const struct rp_yaml *key, const struct rp_yaml *map,
		      struct cli_fleet_group *g)
{
	static const char *const known[] = {"profile", "faults", "sync"};
	const struct rp_yaml *sync = rp_yaml_get(map, "sync");
	int ret = rp_yaml_only_keys(map, r->name, known, RP_ARRAY_LEN(known), &r->err);

	if (ret == 0)
		ret = read_names(r, key, g);
	if (ret == 0)
		ret = read_profile(r, map, g);
	if (ret == 0)
		ret = read_faults(r, map, g);
	return ret == 0 && sync ? rp_yaml_bool(sync, r->name, &g->sync, &r->err) : ret;
}

static int read_fleet(struct reader *r, const struct rp_yaml *y)
{
	static const char *const known[] = {"version", "nodes"};
	const struct rp_yaml *version = rp_yaml_get(y, "version"), *nodes;
	int ret = rp_yaml_only_keys(y, r->name, known, RP_ARRAY_LEN(known), &r->err);

	if (ret < 0)
		return ret;
	if (!version || version->kind != RP_YAML_SCALAR || !rp_str_eq(version->text, "v1"))
		return rp_yaml_error(version ? version : y, r->name, &r->err,
				     "the file must say 'version: v1'");
	nodes = rp_yaml_get(y, "nodes");
	if (!nodes || nodes->kind != RP_YAML_MAP || nodes->n == 0)
		return rp_yaml_error(nodes ? nodes : y, r->name, &r->err,
				     "'nodes' must be a map: a list of nodes, such as "
				     "gpu[001-050], and {profile: NAME}");
	r->fleet->v = rp_new0(struct cli_fleet_group, nodes->n);
	if (!r->fleet->v)
		return rp_error_nomem(&r->err);
	for (size_t i = 0; ret == 0 && i < nodes->n; i++) {
		r->fleet->n = i + 1; /* so that a half-read one is freed too */
		ret = read_group(r, nodes->key_nodes[i], nodes->items[i], &r->fleet->v[i]);
	}
	return ret;
}

int cli_fleet_load(struct cli *cli, const char *path, struct cli_fleet *ret)
{
	struct reader r = {.cli = cli, .name = path, .fleet = ret};
	RP_AUTO_YAML struct rp_yaml *y = NULL;

	if (rp_yaml_load(path, &y, &r.err) < 0 || read_fleet(&r, y) < 0)
		return cli_fail(cli, &r.err);
	return 0;
}

int cli_fleet_nodes(struct cli *cli, const char *text, struct rp_names *ret)
{
	CLI_AUTO_FLEET struct cli_fleet fleet = {0};
	struct rocpart_error err = {0};
	size_t at = 0;
	int status;

	if (!cli_is_path(text)) {
		if (rp_hostlist_expand(text, CLI_FLEET_MAX, ret, &at, &err) < 0)
			return cli_fail(cli, &err);
		for (size_t i = 0; i < ret->n; i++)
			if (rp_name_check(RP_NAME_MACHINE, ret->v[i], &err) < 0)
				return cli_fail(cli, &err);
		return 0;
	}
	status = cli_fleet_load(cli, text, &fleet);
	for (size_t i = 0; status == 0 && i < fleet.n; i++)
		for (size_t k = 0; status == 0 && k < fleet.v[i].nodes.n; k++)
			status = rp_names_add(ret, fleet.v[i].nodes.v[k]) < 0 ? cli_nomem(cli) : 0;
	return status;
}
