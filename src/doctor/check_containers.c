/* SPDX-License-Identifier: MIT */
/* How containers get partitions: CDI specs, who owns their names, and engines that read them. */
#include "base/json.h"
#include "base/num.h"
#include "base/spawn.h"
#include "doctor/doctor.h"
#include "rocpart/cdi.h"
#include "run/cdi.h"

#define FILE_MAX    (1 << 20)
#define DEADLINE_MS 10000
#define KIND_SIZE   64

/* ---- specs ---- */

/*
 * Of a spec in JSON or YAML: "kind": "amd.com/gpu", or kind: amd.com/gpu. Only this key is needed,
 * so the text of a stranger is not parsed.
 */
static void find_kind(const char *text, char kind[KIND_SIZE])
{
	*kind = '\0';
	for (const char *p = text; !*kind && (p = strstr(p, "kind")); p++) {
		const char *value = p + strlen("kind");

		if (p > text && !strchr(" \t\n{,\"'", p[-1]))
			continue;
		value += strspn(value, "\"'");
		value += strspn(value, " \t");
		if (*value++ != ':')
			continue;
		value += strspn(value, " \t\"'");
		(void)rp_fmt(kind, KIND_SIZE, "%.*s", (int)strcspn(value, " \t\r\n\"',}#"), value);
	}
}

struct owners {
	struct rocpart_doctor *d;
	struct rp_verdict *v;
	const struct rp_cdi_record *record;
	size_t n_foreign;
};

/* Whether a path is of a spec that rocpart generated; NULL: whether one has the kind. */
static bool is_ours(const struct owners *o, const char *path, const char *kind)
{
	struct rp_cdi_spec spec;

	for (size_t i = 0; rp_cdi_record_at(o->record, i, &spec); i++) {
		size_t n = strlen(spec.dir);

		if (path ? rp_str_starts(path, spec.dir) && path[n] == '/' &&
				    rp_str_eq(path + n + 1, spec.file)
			 : rp_str_eq(spec.kind->name, kind))
			return true;
	}
	return false;
}

static void look_at_spec(struct owners *o, const char *path)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char kind[KIND_SIZE];
	int r;

	if (is_ours(o, path, NULL))
		return;
	r = rp_tree_read_file(o->d->machine->tree, FILE_MAX, &text, "%s", path + 1);
	if (r < 0 && !rp_is_absent(r) && o->v)
		rp_verdict_add_failure(o->v, r, "a CDI spec of others cannot be read",
				       rocpart_strerror(r));
	if (r < 0)
		return;
	find_kind(rp_strbuf_str(&text), kind);
	if (!rp_cdi_find_kind(kind))
		return;
	o->n_foreign++;
	if (!o->v)
		return;
	if (is_ours(o, NULL, kind)) {
		rp_verdict_add(o->v, ROCPART_CHECK_WARN,
			       "%s defines %s too, as the spec of rocpart does", path, kind);
		rp_verdict_advise(o->v, "keep one of the two: engines take the spec in /run/cdi, "
					"and refuse a device that one folder defines twice");
		return;
	}
	rp_verdict_add(o->v, ROCPART_CHECK_WARN, "%s defines %s, and rocpart did not write it",
		       path, kind);
	rp_verdict_advise(o->v, "after a switch write it again (amd-ctk cdi generate), or replace "
				"it with a spec that rocpart keeps up to date: `rocpart cdi "
				"generate --kind amd.com/gpu`");
}

/* v NULL: only count them. */
static size_t find_foreign_specs(struct rocpart_doctor *d, const struct rp_cdi_record *record,
				 struct rp_verdict *v)
{
	static const char *const dirs[] = {"/etc/cdi", "/run/cdi"};
	struct owners o = {.d = d, .v = v, .record = record};

	for (size_t i = 0; i < RP_ARRAY_LEN(dirs); i++) {
		RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
		int r = rp_tree_list(d->machine->tree, &names, "%s", dirs[i] + 1);

		if (r < 0 && !rp_is_absent(r) && v)
			rp_verdict_add_failure(v, r, "a folder of CDI specs cannot be read",
					       rocpart_strerror(r));
		for (size_t k = 0; k < names.n; k++) {
			RP_AUTO_FREE char *path = rp_strdupf("%s/%s", dirs[i], names.v[k]);

			if (!path && v)
				v->is_out_of_memory = true;
			if (path && (rp_str_ends(path, ".json") || rp_str_ends(path, ".yaml") ||
				     rp_str_ends(path, ".yml")))
				look_at_spec(&o, path);
		}
	}
	return o.n_foreign;
}

static void check_generated(struct rocpart_doctor *d, struct rp_verdict *v)
{
	struct rocpart_cdi *cdi = NULL;
	const struct rocpart_cdi_entry *e, *bad = NULL;
	struct rocpart_error err = {0};
	size_t n = 0, n_bad = 0;
	int r = rocpart_cdi_new(d->machine, &cdi, &err);

	if (r < 0) {
		rp_verdict_add_failure(v, r, "the CDI specs cannot be read", err.message);
		return;
	}
	for (; (e = rocpart_cdi_get(cdi, n)); n++) {
		n_bad += *e->problem != '\0';
		bad = bad ? bad : *e->problem ? e : NULL;
	}
	if (bad) {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "%zu of %zu entries are out of date: %s: %s",
			       n_bad, n, *bad->name ? bad->name : bad->path, bad->problem);
		rp_verdict_advise(v, "`rocpart cdi validate` lists them, `rocpart cdi generate` "
				     "writes them again");
		v->fix = RP_FIX_REFRESH_CDI;
	} else if (n) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "%zu devices are up to date", n);
	} else {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "no CDI spec was generated");
	}
	rocpart_cdi_free(cdi);
}

void rp_check_cdi(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_AUTO_CDI_RECORD struct rp_cdi_record record = {0};

	check_generated(d, v);
	/* A record that cannot be read is a finding of check_generated(). */
	if (rp_cdi_record_load(d->machine, &record, NULL) == 0)
		(void)find_foreign_specs(d, &record, v);
}

/* ---- engines ---- */

enum setting { SETTING_ABSENT, SETTING_OFF, SETTING_ON };

struct version {
	uint32_t major, minor; /* 0.0: not known */
};

struct engine {
	const char *name, *key;	      /* key: the setting's name */
	const char *signs[2];	      /* one of these files shows that the engine is here */
	const char *program;	      /* prints its version */
	struct version on_by_default; /* since */
	const char *lines;	      /* that switch it on */
	int (*read)(struct rocpart_doctor *d, enum setting *ret);
};

/* The value of "key = true" in TOML, the last one; sections and other keys do not matter. */
static void read_toml(const char *text, enum setting *ret)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *p = line + strspn(line, " \t");

		if (!rp_str_starts(p, "enable_cdi"))
			continue;
		p += strlen("enable_cdi");
		p += strspn(p, " \t");
		if (*p++ != '=')
			continue;
		p += strspn(p, " \t");
		if (rp_str_starts(p, "true"))
			*ret = SETTING_ON;
		else if (rp_str_starts(p, "false"))
			*ret = SETTING_OFF;
	}
}

/* config.toml, then the files that it usually imports: the last one wins. */
static int read_containerd(struct rocpart_doctor *d, enum setting *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	struct rp_tree *t = d->machine->tree;
	int r = rp_tree_read_file(t, FILE_MAX, &text, "etc/containerd/config.toml");

	if (r < 0 && !rp_is_absent(r))
		return r;
	read_toml(rp_strbuf_str(&text), ret);
	r = rp_tree_list(t, &names, "etc/containerd/conf.d");
	if (r < 0)
		return rp_is_absent(r) ? 0 : r;
	for (size_t i = 0; i < names.n; i++) {
		rp_strbuf_reset(&text);
		r = rp_str_ends(names.v[i], ".toml")
			    ? rp_tree_read_file(t, FILE_MAX, &text, "etc/containerd/conf.d/%s",
						names.v[i])
			    : 0;
		if (r < 0)
			return r;
		read_toml(rp_strbuf_str(&text), ret);
	}
	return 0;
}

static int read_docker(struct rocpart_doctor *d, enum setting *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *j = NULL;
	const struct rp_json *cdi;
	int r = rp_tree_read_file(d->machine->tree, FILE_MAX, &text, "etc/docker/daemon.json");

	if (rp_is_absent(r))
		return 0;
	if (r == 0)
		r = rp_json_parse(rp_strbuf_str(&text), text.len, "daemon.json", &j, NULL);
	if (r < 0)
		return r;
	cdi = rp_json_get(rp_json_get(j, "features"), "cdi");
	if (cdi)
		*ret = rp_json_bool_value(cdi) ? SETTING_ON : SETTING_OFF;
	return 0;
}

/*
 * containerd: enable_cdi is false in 1.7.24 and true in 2.1.9, by `containerd config default` of
 * Debian 13 and sid; on since 2.0 (its release notes). Docker: opt-in from 25 on, on by default
 * from 28.2.0 (moby/moby#45192, 2025-05-21). podman needs no setting since 4.1.
 */
static const struct engine engines[] = {
	{"containerd",
	 "enable_cdi",
	 {"etc/containerd/config.toml", "run/containerd/containerd.sock"},
	 "containerd",
	 {2, 0},
	 "put `enable_cdi = true` below [plugins.\"io.containerd.grpc.v1.cri\"] (containerd 2: "
	 "[plugins.'io.containerd.cri.v1.runtime']) into /etc/containerd/config.toml, then restart "
	 "containerd",
	 read_containerd},
	{"docker",
	 "features.cdi",
	 {"etc/docker/daemon.json", "run/docker.sock"},
	 "dockerd",
	 {28, 2},
	 "put `\"features\": {\"cdi\": true}` into /etc/docker/daemon.json, then restart docker",
	 read_docker},
};

/* "containerd github.com/containerd/containerd 1.7.24 ...", "Docker version 28.2.2, build ..." */
static void read_version(const char *text, struct version *ret)
{
	for (const char *p = text; (p = strchr(p, ' ')); p++) {
		const char *word = p + 1 + (p[1] == 'v');
		char major[8], minor[8];
		size_t n = strspn(word, "0123456789"), m;

		if (!n || word[n] != '.')
			continue;
		m = strspn(word + n + 1, "0123456789");
		if (rp_fmt(major, sizeof(major), "%.*s", (int)n, word) == 0 &&
		    rp_fmt(minor, sizeof(minor), "%.*s", (int)m, word + n + 1) == 0 &&
		    rp_parse_u32(major, 10, &ret->major) == 0 &&
		    rp_parse_u32(minor, 10, &ret->minor) == 0)
			return;
		*ret = (struct version){0};
	}
}

static void ask_version(const struct rocpart_doctor *d, const struct engine *e, struct version *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *const argv[] = {e->program, "--version", NULL};
	struct rp_spawn_result res = {0};

	if (d->machine->flavour == RP_MACHINE_HARDWARE &&
	    rp_spawn(argv, &text, 4096, DEADLINE_MS, &res) == 0 && !res.timed_out)
		read_version(rp_strbuf_str(&text), ret);
}

static bool is_at_least(struct version v, struct version since)
{
	return v.major > since.major || (v.major == since.major && v.minor >= since.minor);
}

static void tell_off(const struct engine *e, const char *because, bool matters,
		     struct rp_verdict *v)
{
	rp_verdict_add(v, matters ? ROCPART_CHECK_WARN : ROCPART_CHECK_PASS,
		       "%s does not inject CDI devices (%s)", e->name, because);
	rp_verdict_advise(v, "%s", e->lines);
}

static void tell_default(struct rocpart_doctor *d, const struct engine *e, bool matters,
			 struct rp_verdict *v)
{
	struct version version = {0};
	char because[96];

	ask_version(d, e, &version);
	if (!version.major)
		rp_verdict_add(v, ROCPART_CHECK_PASS,
			       "%s injects CDI devices if it is version %u.%u or later: %s is not "
			       "set",
			       e->name, e->on_by_default.major, e->on_by_default.minor, e->key);
	else if (is_at_least(version, e->on_by_default))
		rp_verdict_add(v, ROCPART_CHECK_PASS, "%s %u.%u injects CDI devices", e->name,
			       version.major, version.minor);
	else if (rp_fmt(because, sizeof(because), "%s is not set, and is off in %u.%u", e->key,
			version.major, version.minor) == 0)
		tell_off(e, because, matters, v);
}

static void tell_failure(const struct engine *e, int r, bool matters, struct rp_verdict *v)
{
	if (r == -ENOMEM) {
		rp_verdict_add_failure(v, r, "", "");
		return;
	}
	rp_verdict_add(v, matters ? ROCPART_CHECK_WARN : ROCPART_CHECK_PASS,
		       "the settings of %s cannot be read: %s", e->name, rocpart_strerror(r));
	rp_verdict_advise(v, "run the command as root, and check the settings of %s", e->name);
}

static void look_at_engine(struct rocpart_doctor *d, const struct engine *e, bool matters,
			   struct rp_verdict *v)
{
	enum setting setting = SETTING_ABSENT;
	struct rp_stat st;
	char because[64];
	int r = rp_tree_stat(d->machine->tree, &st, "%s", e->signs[0]);

	if (rp_is_absent(r))
		r = rp_tree_stat(d->machine->tree, &st, "%s", e->signs[1]);
	if (rp_is_absent(r))
		return;
	if (r == 0)
		r = e->read(d, &setting);
	if (r < 0) {
		tell_failure(e, r, matters, v);
	} else if (setting == SETTING_ABSENT) {
		tell_default(d, e, matters, v);
	} else if (setting == SETTING_ON) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "%s injects CDI devices", e->name);
	} else if (rp_fmt(because, sizeof(because), "%s is false", e->key) == 0) {
		tell_off(e, because, matters, v);
	}
}

/* Without a spec of AMD's GPUs it does not matter. */
void rp_check_containers(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_AUTO_CDI_RECORD struct rp_cdi_record record = {0};
	struct rp_cdi_spec spec;
	int r = rp_cdi_record_load(d->machine, &record, NULL);
	bool matters = r == 0 && rp_cdi_record_at(&record, 0, &spec);

	if (r == -ENOMEM)
		rp_verdict_add_failure(v, r, "", "");
	matters = matters || find_foreign_specs(d, &record, NULL) > 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(engines); i++)
		look_at_engine(d, &engines[i], matters, v);
	if (!v->n)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "no engine that needs a setting was found");
	else if (!matters)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "no CDI spec of these GPUs was found");
}
