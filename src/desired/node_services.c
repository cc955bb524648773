/* SPDX-License-Identifier: MIT */
/* services: and hooks: of a file: what is stopped before a change and started again after it. */
#include "base/strbuf.h"
#include "desired/node_file.h"

static int add(struct rp_node_file *f, enum rp_service_kind kind, const struct rp_yaml *at)
{
	const char *name;
	int r = rp_yaml_text(at, f->name, &name, f->reterr);

	if (r < 0)
		return r;
	r = rp_services_add(&f->change->services, kind, name);
	if (r == -EINVAL)
		return rp_yaml_error(at, f->name, f->reterr,
				     "'%s' cannot be the name of a %s: only letters, digits and "
				     "-_.:@ are allowed",
				     name, rp_service_kind_text(kind));
	return r < 0 ? rp_error_nomem(f->reterr) : 0;
}

int rp_node_read_names(struct rp_node_file *f, enum rp_service_kind kind,
		       const struct rp_yaml *list)
{
	int r = 0;

	if (list->kind != RP_YAML_LIST)
		return rp_yaml_must_be(list, f->name, f->reterr, "a list of names");
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = add(f, kind, list->items[i]);
	return r;
}

int rp_node_read_services(struct rp_node_file *f, const struct rp_yaml *services)
{
	static const char *const known[] = {"systemd", "docker", "podman"};
	static const enum rp_service_kind kinds[] = {RP_SERVICE_UNIT, RP_SERVICE_DOCKER,
						     RP_SERVICE_PODMAN};
	int r = rp_yaml_only_keys(services, f->name, known, RP_ARRAY_LEN(known), f->reterr);

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(known); i++) {
		const struct rp_yaml *list = rp_yaml_get(services, known[i]);

		if (list)
			r = rp_node_read_names(f, kinds[i], list);
	}
	return r;
}

/* A list of words: program and arguments. A shell is not asked, so it is not a line. */
static int read_hook(struct rp_node_file *f, const struct rp_yaml *words, bool is_after)
{
	RP_AUTO_NAMES struct rp_names argv = RP_NAMES_INIT;
	int r = 0;

	if (words->kind != RP_YAML_LIST)
		return rp_yaml_must_be(words, f->name, f->reterr,
				       "a list of words such as [/usr/bin/drain, --now]");
	for (size_t i = 0; r == 0 && i < words->n; i++) {
		const struct rp_yaml *word = words->items[i];

		if (word->kind != RP_YAML_SCALAR)
			return rp_yaml_must_be(word, f->name, f->reterr, "a word");
		if (rp_names_add(&argv, word->text) < 0)
			return rp_error_nomem(f->reterr);
	}
	r = rp_services_add_hook(&f->change->services, is_after, &argv);
	if (r == -EINVAL)
		return rp_yaml_error(
			words, f->name, f->reterr,
			"a hook must begin with the absolute path of its program, such as "
			"/usr/bin/drain");
	return r < 0 ? rp_error_nomem(f->reterr) : 0;
}

static int read_hooks(struct rp_node_file *f, const struct rp_yaml *list, bool is_after)
{
	int r = 0;

	if (list->kind != RP_YAML_LIST)
		return rp_yaml_must_be(list, f->name, f->reterr,
				       "a list of hooks, each of them a list of words");
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = read_hook(f, list->items[i], is_after);
	return r;
}

int rp_node_read_hooks(struct rp_node_file *f, const struct rp_yaml *hooks)
{
	static const char *const known[] = {"before", "after"};
	const struct rp_yaml *v;
	int r = rp_yaml_only_keys(hooks, f->name, known, RP_ARRAY_LEN(known), f->reterr);

	if (r == 0 && (v = rp_yaml_get(hooks, "before")))
		r = read_hooks(f, v, false);
	if (r == 0 && (v = rp_yaml_get(hooks, "after")))
		r = read_hooks(f, v, true);
	return r;
}
