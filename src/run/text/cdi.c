/* SPDX-License-Identifier: MIT */
/*
 * Versions: a name that begins with a digit needs 0.5.0, nothing else here more than 0.3.0 (engines
 * study 4.1). Runtimes refuse a version that they do not know, podman 4.3 those above 0.5.0, so the
 * lowest is the right one. Majors and minors are left to the runtime, which asks the node itself:
 * that of /dev/kfd is another one at each boot.
 */
#include "run/text/cdi.h"

static const struct rp_cdi_kind kinds[] = {
	{"rocpart.dev/partition", "rocpart.dev-partition.json", "0.3.0", false, false},
	/* The name of a lease may begin with a digit. */
	{"rocpart.dev/lease", "rocpart.dev-lease.json", "0.5.0", false, true},
	/* As amd-ctk names them, in its file: two specs of one kind would hide each other. */
	{"amd.com/gpu", "amd.json", "0.5.0", true, false},
};

const struct rp_cdi_kind *rp_cdi_find_kind(const char *name)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(kinds); i++)
		if (rp_str_eq(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

const struct rp_cdi_kind *rp_cdi_kind_at(size_t i)
{
	return i < RP_ARRAY_LEN(kinds) ? &kinds[i] : NULL;
}

/* A colon means something on the command line of container engines. */
void rp_cdi_name(const struct rocpart_partition *p, char ret[RP_CDI_NAME_SIZE])
{
	(void)rp_fmt(ret, RP_CDI_NAME_SIZE, "gpu-%s-part%u", p->gpu->bdf, p->id);
	for (char *c = ret; *c; c++)
		*c = *c == ':' ? '-' : *c;
}

static int add_node(struct rp_json *list, const char *path)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "path", path);

	r |= rp_json_set_string(j, "permissions", "rw");
	return r | rp_json_append(list, j);
}

static int add_nodes(struct rp_json *list, const struct rp_handout *h)
{
	int r = 0;

	for (size_t i = 1; r == 0 && i < h->n_devices; i++)
		r = add_node(list, h->devices[i]);
	return r;
}

static struct rp_json *env_of(const struct rp_handout *h)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};
	struct rp_json *list = rp_json_array();
	int r = rp_handout_variables(h, ROCPART_VIEW_OWN, &vars);

	for (size_t i = 0; r == 0 && i < vars.n; i++) {
		RP_AUTO_FREE char *text = rp_strdupf("%s=%s", vars.v[i].name, vars.v[i].value);

		r = rp_json_append(list, text ? rp_json_string(text) : NULL);
	}
	return r < 0 ? rp_json_free(list) : list;
}

/* Takes over nodes and env; env may be NULL. */
static int add_device(struct rp_json *list, const char *name, struct rp_json *nodes,
		      struct rp_json *env)
{
	struct rp_json *j = rp_json_object(), *edits = rp_json_object();
	int r = rp_json_set(edits, "deviceNodes", nodes);

	if (env)
		r |= rp_json_set(edits, "env", env);
	r |= rp_json_set_string(j, "name", name);
	r |= rp_json_set(j, "containerEdits", edits);
	return r | rp_json_append(list, j);
}

static int add_handout(struct rp_json *list, const char *name, const struct rp_handout *h,
		       bool has_env)
{
	struct rp_json *nodes = rp_json_array(), *env = has_env ? env_of(h) : NULL;

	if (add_nodes(nodes, h) < 0 || (!env && has_env)) {
		rp_json_free(nodes);
		rp_json_free(env);
		return -ENOMEM;
	}
	return add_device(list, name, nodes, env);
}

static int add_part(struct rp_json *list, const struct rp_cdi_kind *kind,
		    const struct rp_handout *h, size_t number)
{
	char name[RP_CDI_NAME_SIZE];

	if (kind->is_numbered)
		(void)rp_fmt(name, sizeof(name), "%zu", number);
	else
		rp_cdi_name(h->parts[0], name);
	return add_handout(list, name, h, !kind->is_numbered);
}

static int add_all(struct rp_json *list, const struct rp_handout *handouts, size_t n)
{
	struct rp_json *nodes = rp_json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_nodes(nodes, &handouts[i]);
	if (r < 0) {
		rp_json_free(nodes);
		return r;
	}
	return add_device(list, "all", nodes, NULL);
}

/* What every container has that has one of the devices. A simulated machine says so in there. */
static struct rp_json *common_edits(const struct rp_handout *first)
{
	struct rp_json *edits = rp_json_object(), *nodes = rp_json_array(), *env = NULL;
	RP_AUTO_FREE char *text = NULL;
	int r = add_node(nodes, first->devices[0]);

	r |= rp_json_set(edits, "deviceNodes", nodes);
	if (first->sim_name) {
		text = rp_strdupf("ROCPART_SIMULATED=%s",
				  *first->sim_name ? first->sim_name : "yes");
		env = rp_json_array();
		r |= rp_json_append(env, text ? rp_json_string(text) : NULL);
		r |= rp_json_set(edits, "env", env);
	}
	return r < 0 ? rp_json_free(edits) : edits;
}

struct rp_json *rp_cdi_document(const struct rp_cdi_kind *kind, const struct rp_handout *handouts,
				size_t n)
{
	struct rp_json *j = rp_json_object(), *devices = rp_json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_part(devices, kind, &handouts[i], i);
	if (r == 0 && kind->is_numbered && n)
		r = add_all(devices, handouts, n);
	r |= rp_json_set_string(j, "cdiVersion", kind->version);
	r |= rp_json_set_string(j, "kind", kind->name);
	r |= rp_json_set(j, "devices", devices);
	if (n)
		r |= rp_json_set(j, "containerEdits", common_edits(&handouts[0]));
	return r < 0 ? rp_json_free(j) : j;
}

/* A device that gives a container nothing. */
static int add_none(struct rp_json *list)
{
	struct rp_json *j = rp_json_object(), *edits = rp_json_object(), *env = rp_json_array();
	int r = rp_json_append(env, rp_json_string("ROCPART_LEASES=none"));

	r |= rp_json_set(edits, "env", env);
	r |= rp_json_set_string(j, "name", "none");
	r |= rp_json_set(j, "containerEdits", edits);
	return r | rp_json_append(list, j);
}

struct rp_json *rp_cdi_lease_document(const struct rp_cdi_kind *kind,
				      const struct rp_handout *handouts, const char *const *names,
				      size_t n)
{
	struct rp_json *j = rp_json_object(), *devices = rp_json_array();
	int r = n ? 0 : add_none(devices);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_handout(devices, names[i], &handouts[i], true);
	r |= rp_json_set_string(j, "cdiVersion", kind->version);
	r |= rp_json_set_string(j, "kind", kind->name);
	r |= rp_json_set(j, "devices", devices);
	if (n)
		r |= rp_json_set(j, "containerEdits", common_edits(&handouts[0]));
	return r < 0 ? rp_json_free(j) : j;
}

/* ---- a document against the machine ---- */

static const struct rp_json *find_device(const struct rp_json *document, const char *name)
{
	const struct rp_json *devices = rp_json_get(document, "devices"), *d;
	const char *is;

	for (size_t i = 0; (d = rp_json_at(devices, i)); i++) {
		is = rp_json_text(rp_json_get(d, "name"));
		if (is && rp_str_eq(is, name))
			return d;
	}
	return NULL;
}

/* 1 equal, 0 not, -ENOMEM. */
static int is_equal(const struct rp_json *a, const struct rp_json *b)
{
	RP_AUTO_STRBUF struct rp_strbuf x = RP_STRBUF_INIT, y = RP_STRBUF_INIT;

	if (rp_json_print(a, false, &x) < 0 || rp_json_print(b, false, &y) < 0)
		return -ENOMEM;
	return rp_str_eq(rp_strbuf_str(&x), rp_strbuf_str(&y));
}

static int state_of(const struct rp_json *device, const struct rp_json *now, const char *name,
		    enum rp_cdi_state *ret)
{
	const struct rp_json *other = find_device(now, name);
	int r = other ? is_equal(device, other) : 0;

	if (r < 0)
		return r;
	*ret = !other ? RP_CDI_GONE : r ? RP_CDI_SAME : RP_CDI_OTHER;
	return 0;
}

int rp_cdi_compare(const struct rp_json *old, const struct rp_json *now, rp_cdi_compare_fn fn,
		   void *userdata)
{
	const struct rp_json *d;
	const char *name;
	int r = rp_json_type(rp_json_get(old, "devices")) == RP_JSON_ARRAY ? 0 : -EINVAL;

	for (size_t i = 0; r == 0 && (d = rp_json_at(rp_json_get(old, "devices"), i)); i++) {
		enum rp_cdi_state state = RP_CDI_SAME;

		name = rp_json_text(rp_json_get(d, "name"));
		r = name ? state_of(d, now, name, &state) : -EINVAL;
		if (r == 0)
			r = fn(userdata, name, state);
	}
	for (size_t i = 0; r == 0 && (d = rp_json_at(rp_json_get(now, "devices"), i)); i++) {
		name = rp_json_text(rp_json_get(d, "name"));
		if (!find_device(old, name))
			r = fn(userdata, name, RP_CDI_MISSING);
	}
	return r;
}
