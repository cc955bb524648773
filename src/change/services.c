/* SPDX-License-Identifier: MIT */
#include "change/services.h"

#define NAME_SIZE 256

static const struct {
	const char *id, *text;
} kinds[RP_N_SERVICE_KINDS] = {
	[RP_SERVICE_UNIT] = {"systemd", "unit"},
	[RP_SERVICE_DOCKER] = {"docker", "docker container"},
	[RP_SERVICE_PODMAN] = {"podman", "podman container"},
};

const char *rp_service_kind_text(enum rp_service_kind kind)
{
	return kinds[kind].text;
}

/* It becomes an argument of systemctl, docker or podman. */
static bool is_name(const char *name)
{
	size_t n = 0;

	for (; name[n]; n++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:@\\",
			    name[n]))
			return false;
	return n > 0 && n < NAME_SIZE && name[0] != '-';
}

int rp_services_add(struct rp_services *s, enum rp_service_kind kind, const char *name)
{
	char *copy;

	if (!is_name(name))
		return -EINVAL;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].kind == kind && rp_str_eq(s->v[i].name, name))
			return 0;
	copy = rp_strdupf("%s", name);
	if (!copy || rp_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v)) < 0) {
		free(copy);
		return -ENOMEM;
	}
	s->v[s->n++] = (struct rp_service){kind, copy, false};
	return 0;
}

int rp_services_add_hook(struct rp_services *s, bool is_after, struct rp_names *argv)
{
	if (argv->n == 0 || argv->v[0][0] != '/')
		return -EINVAL;
	if (rp_grow(&s->hooks, &s->cap_hooks, s->n_hooks + 1, sizeof(*s->hooks)) < 0)
		return -ENOMEM;
	s->hooks[s->n_hooks++] = (struct rp_hook){is_after, *argv};
	*argv = (struct rp_names)RP_NAMES_INIT;
	return 0;
}

void rp_services_done(struct rp_services *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	for (size_t i = 0; i < s->n_hooks; i++)
		rp_names_done(&s->hooks[i].argv);
	free(s->v);
	free(s->hooks);
	memset(s, 0, sizeof(*s));
}

char *rp_service_id(const struct rp_service *service)
{
	return rp_strdupf("%s:%s", kinds[service->kind].id, service->name);
}

struct rp_service *rp_services_find(struct rp_services *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *kind = kinds[s->v[i].kind].id;
		size_t len = strlen(kind);

		if (strncmp(id, kind, len) == 0 && id[len] == ':' &&
		    rp_str_eq(id + len + 1, s->v[i].name))
			return &s->v[i];
	}
	return NULL;
}

static struct rp_json *hook_json(const struct rp_hook *hook)
{
	struct rp_json *j = rp_json_object(), *argv = rp_json_array();
	int r = rp_json_set_bool(j, "after", hook->is_after);

	for (size_t i = 0; r == 0 && i < hook->argv.n; i++)
		r = rp_json_append(argv, rp_json_string(hook->argv.v[i]));
	if (rp_json_set(j, "argv", argv) < 0 || r < 0)
		return rp_json_free(j);
	return j;
}

struct rp_json *rp_services_to_json(const struct rp_services *s)
{
	struct rp_json *j = rp_json_object(), *list = rp_json_array(), *hooks = rp_json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++) {
		RP_AUTO_FREE char *id = rp_service_id(&s->v[i]);

		r = id ? rp_json_append(list, rp_json_string(id)) : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < s->n_hooks; i++)
		r = rp_json_append(hooks, hook_json(&s->hooks[i]));
	r |= rp_json_set(j, "services", list);
	r |= rp_json_set(j, "hooks", hooks);
	return r < 0 ? rp_json_free(j) : j;
}

static int take_service(struct rp_services *s, const char *id)
{
	const char *colon = id ? strchr(id, ':') : NULL;

	for (size_t k = 0; colon && k < RP_N_SERVICE_KINDS; k++)
		if (strlen(kinds[k].id) == (size_t)(colon - id) && rp_str_starts(id, kinds[k].id))
			return rp_services_add(s, (enum rp_service_kind)k, colon + 1);
	return -EBADMSG;
}

static int take_hook(struct rp_services *s, const struct rp_json *j)
{
	RP_AUTO_NAMES struct rp_names argv = RP_NAMES_INIT;
	const struct rp_json *words = rp_json_get(j, "argv");

	for (size_t i = 0; i < rp_json_len(words); i++) {
		const char *word = rp_json_text(rp_json_at(words, i));
		int r = word ? rp_names_add(&argv, word) : -EBADMSG;

		if (r < 0)
			return r;
	}
	return rp_services_add_hook(s, rp_json_bool_value(rp_json_get(j, "after")), &argv);
}

int rp_services_from_json(struct rp_services *s, const struct rp_json *j)
{
	const struct rp_json *list = rp_json_get(j, "services"), *hooks = rp_json_get(j, "hooks");
	int r = 0;

	rp_services_done(s);
	for (size_t i = 0; r == 0 && i < rp_json_len(list); i++)
		r = take_service(s, rp_json_text(rp_json_at(list, i)));
	for (size_t i = 0; r == 0 && i < rp_json_len(hooks); i++)
		r = take_hook(s, rp_json_at(hooks, i));
	return r < 0 && r != -ENOMEM ? -EBADMSG : r;
}
