/* SPDX-License-Identifier: MIT */
/*
 * A fragment of a pod: what one of its containers needs. Kubernetes has no field that lets a
 * container open a device. Unprivileged, it may open what a device plugin or NRI allows; where a
 * filter is asked for it is privileged, sees all of the machine, and takes the index of the host.
 */
#include "run/text/forms.h"

enum rocpart_view rp_handout_k8s_view(const struct rp_handout *h)
{
	return h->filter == ROCPART_FILTER_ROCR || h->filter == ROCPART_FILTER_HIP
		       ? ROCPART_VIEW_HOST
		       : ROCPART_VIEW_OWN;
}

static struct rp_json *env_list(const struct rp_handout *h)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};
	struct rp_json *list = rp_json_array();
	int r = rp_handout_variables(h, rp_handout_k8s_view(h), &vars);

	for (size_t i = 0; r == 0 && i < vars.n; i++) {
		struct rp_json *j = rp_json_object();

		r = rp_json_set_string(j, "name", vars.v[i].name);
		r |= rp_json_set_string(j, "value", vars.v[i].value);
		r |= rp_json_append(list, j);
	}
	return r < 0 ? rp_json_free(list) : list;
}

/* "/dev/dri/renderD129" -> "renderd129": names of volumes are DNS labels. */
static const char *volume_name(const char *path, char ret[48])
{
	const char *base = strrchr(path, '/') + 1;
	size_t i = 0;

	for (; base[i] && i < 47; i++)
		ret[i] = base[i] >= 'A' && base[i] <= 'Z' ? (char)(base[i] - 'A' + 'a') : base[i];
	ret[i] = '\0';
	return ret;
}

static int add_mount(struct rp_json *list, const char *name, const char *path)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "name", name);

	r |= rp_json_set_string(j, "mountPath", path);
	return r | rp_json_append(list, j);
}

static struct rp_json *mounts(const struct rp_handout *h)
{
	struct rp_json *list = rp_json_array();
	char name[48];
	int r = 0;

	for (size_t i = 0; r == 0 && i < h->n_devices; i++)
		r = add_mount(list, volume_name(h->devices[i], name), h->devices[i]);
	if (r == 0 && h->n_parts > 1)
		r = add_mount(list, "shm", "/dev/shm");
	return r < 0 ? rp_json_free(list) : list;
}

static int add_volume(struct rp_json *list, const char *name, const char *kind,
		      const char *const pairs[2][2])
{
	struct rp_json *j = rp_json_object(), *source = rp_json_object();
	int r = rp_json_set_string(j, "name", name);

	for (size_t i = 0; i < 2; i++)
		r |= rp_json_set_string(source, pairs[i][0], pairs[i][1]);
	r |= rp_json_set(j, kind, source);
	return r | rp_json_append(list, j);
}

static struct rp_json *volumes(const struct rp_handout *h)
{
	static const char *const shm[2][2] = {{"medium", "Memory"}, {"sizeLimit", "16Gi"}};
	struct rp_json *list = rp_json_array();
	char name[48];
	int r = 0;

	for (size_t i = 0; r == 0 && i < h->n_devices; i++) {
		const char *const node[2][2] = {{"path", h->devices[i]}, {"type", "CharDevice"}};

		r = add_volume(list, volume_name(h->devices[i], name), "hostPath", node);
	}
	if (r == 0 && h->n_parts > 1)
		r = add_volume(list, "shm", "emptyDir", shm);
	return r < 0 ? rp_json_free(list) : list;
}

static struct rp_json *one_flag(const char *key, bool value)
{
	struct rp_json *j = rp_json_object();

	return rp_json_set_bool(j, key, value) < 0 ? rp_json_free(j) : j;
}

static struct rp_json *containers(const struct rp_handout *h)
{
	struct rp_json *list = rp_json_array(), *j = rp_json_object();
	int r = rp_json_set_string(j, "name", "main");

	r |= rp_json_set(j, "env", env_list(h));
	r |= rp_json_set(j, "volumeMounts", mounts(h));
	if (rp_handout_k8s_view(h) == ROCPART_VIEW_HOST)
		r |= rp_json_set(j, "securityContext", one_flag("privileged", true));
	r |= rp_json_append(list, j);
	return r < 0 ? rp_json_free(list) : list;
}

static struct rp_json *groups(const struct rp_handout *h)
{
	struct rp_json *j = rp_json_object(), *list = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < h->n_gids; i++)
		r |= rp_json_append(list, rp_json_u64(h->gids[i]));
	r |= rp_json_set(j, "supplementalGroups", list);
	return r < 0 ? rp_json_free(j) : j;
}

static struct rp_json *pod(const struct rp_handout *h)
{
	struct rp_json *j = rp_json_object(), *spec = rp_json_object();
	int r = 0;

	if (h->n_gids)
		r |= rp_json_set(spec, "securityContext", groups(h));
	r |= rp_json_set(spec, "containers", containers(h));
	r |= rp_json_set(spec, "volumes", volumes(h));
	r |= rp_json_set(j, "spec", spec);
	return r < 0 ? rp_json_free(j) : j;
}

int rp_handout_k8s_json(const struct rp_handout *h, struct rp_strbuf *out,
			struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = pod(h);

	if (!j || rp_json_print(j, true, out) < 0)
		return rp_error_nomem(reterr);
	rp_strbuf_add_char(out, '\n');
	return 0;
}

/* Block style; scalars as JSON writes them, which YAML reads alike. */
static int add_yaml(const struct rp_json *j, int indent, struct rp_strbuf *out);

/* The caller has indented the first. */
static int add_members(const struct rp_json *obj, int indent, struct rp_strbuf *out)
{
	bool is_first = true;
	int r = 0;

	for (void *it = rp_json_iter(obj); r == 0 && it; it = rp_json_iter_next(obj, it)) {
		rp_strbuf_addf(out, "%*s%s:", is_first ? 0 : indent, "", rp_json_iter_key(it));
		r = add_yaml(rp_json_iter_value(it), indent + 2, out);
		is_first = false;
	}
	return r;
}

static int add_yaml(const struct rp_json *j, int indent, struct rp_strbuf *out)
{
	int r = 0;

	if (rp_json_type(j) == RP_JSON_OBJECT) {
		rp_strbuf_addf(out, "\n%*s", indent, "");
		return add_members(j, indent, out);
	}
	if (rp_json_type(j) != RP_JSON_ARRAY) {
		rp_strbuf_add_char(out, ' ');
		r = rp_json_print(j, false, out);
		rp_strbuf_add_char(out, '\n');
		return r;
	}
	rp_strbuf_add_char(out, '\n');
	for (size_t i = 0; r == 0 && i < rp_json_len(j); i++) {
		const struct rp_json *item = rp_json_at(j, i);

		rp_strbuf_addf(out, "%*s-", indent, "");
		if (rp_json_type(item) == RP_JSON_OBJECT) {
			rp_strbuf_add_char(out, ' ');
			r = add_members(item, indent + 2, out);
		} else {
			r = add_yaml(item, indent, out);
		}
	}
	return r;
}

int rp_handout_k8s_yaml(const struct rp_handout *h, struct rp_strbuf *out,
			struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = pod(h);

	rp_handout_banner(h, out);
	if (!j || add_members(j, 0, out) < 0)
		return rp_error_nomem(reterr);
	return 0;
}
