/* SPDX-License-Identifier: MIT */
#include "views/sim.h"

struct rp_json *view_sim_done(struct view_machine about, const char *name, const char *action)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "machine", name);

	r |= rp_json_set_string(j, "action", action);
	return view_finish(j, r);
}

struct rp_json *view_sim_process(struct view_machine about, const char *name, uint32_t pid,
				 const char *action)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "machine", name);

	r |= rp_json_set_u64(j, "pid", pid);
	r |= rp_json_set_string(j, "action", action);
	return view_finish(j, r);
}

struct rp_json *view_sim_place(struct view_machine about, const char *name, const char *action,
			       const char *dir)
{
	struct rp_json *j = view_sim_done(about, name, action);

	return view_finish(j, rp_json_set_string(j, "dir", dir));
}

struct rp_json *view_sim_fleet(struct view_machine about, const struct rp_names *nodes,
			       const char *action)
{
	struct rp_json *j = view_document(about), *list = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < nodes->n; i++)
		r |= rp_json_append(list, rp_json_string(nodes->v[i]));
	r |= rp_json_set(j, "nodes", list);
	r |= rp_json_set_string(j, "action", action);
	return view_finish(j, r);
}

static struct rp_json *rules_json(const char *rules)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	while (r == 0 && *rules) {
		size_t len = strcspn(rules, "\n");
		RP_AUTO_FREE char *rule = rp_strndup(rules, len);

		r = rp_json_append(list, rule ? rp_json_string(rule) : NULL);
		rules += len + (rules[len] == '\n');
	}
	return view_finish(list, r);
}

/* "SECONDS RULE", one a line */
static struct rp_json *planned_json(const char *planned)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	for (const char *line = planned; *line;) {
		size_t digits = strspn(line, "0123456789"), n = strcspn(line, "\n");
		RP_AUTO_FREE char *rule = rp_strndup(line + digits + 1, n - digits - 1);
		struct rp_json *j = rp_json_object();

		r |= rp_json_set_u64(j, "in_seconds", strtoull(line, NULL, 10));
		r |= rule ? rp_json_set_string(j, "rule", rule) : -ENOMEM;
		r |= rp_json_append(list, j);
		line += n + (line[n] == '\n');
	}
	return r < 0 ? rp_json_free(list) : list;
}

struct rp_json *view_sim_faults(struct view_machine about, const char *name, const char *rules,
				const char *planned)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "machine", name);

	r |= rp_json_set(j, "faults", rules_json(rules));
	r |= rp_json_set(j, "planned", planned_json(planned));
	return view_finish(j, r);
}

/* "6,12,345678,-;text" */
static struct rp_json *record_json(const char *line, size_t n)
{
	static const char *const keys[] = {"level", "number", "microseconds"};
	struct rp_json *j = rp_json_object();
	RP_AUTO_FREE char *text = rp_strndup(line, n);
	char *at = text;
	int r = text ? 0 : -ENOMEM;

	for (size_t i = 0; at && i < RP_ARRAY_LEN(keys); i++) {
		r |= rp_json_set_u64(j, keys[i], strtoull(at, &at, 10));
		at += *at == ',';
	}
	at = at ? strchr(at, ';') : NULL;
	r |= rp_json_set_string(j, "text", at ? at + 1 : "");
	return r < 0 ? rp_json_free(j) : j;
}

struct rp_json *view_sim_log(struct view_machine about, const char *name, const char *log)
{
	struct rp_json *j = view_document(about), *lines = rp_json_array();
	int r = rp_json_set_string(j, "machine", name);

	for (const char *line = log; *line;) {
		size_t n = strcspn(line, "\n");

		r |= rp_json_append(lines, record_json(line, n));
		line += n + (line[n] == '\n');
	}
	r |= rp_json_set(j, "lines", lines);
	return view_finish(j, r);
}

/* Generations of the kernel interface, as in the sources of list. */
static const char *abi_name(unsigned abi)
{
	static const char *const names[] = {"g1", "g2", "g3"};

	return abi >= 1 && abi <= RP_ARRAY_LEN(names) ? names[abi - 1] : NULL;
}

struct rp_json *view_sim_machine_json(const char *name, const char *profile, unsigned abi,
				      size_t n_gpus)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "name", name);

	r |= rp_json_set_string(j, "profile", profile);
	r |= rp_json_set_string(j, "abi", abi_name(abi));
	r |= rp_json_set_u64(j, "gpus", n_gpus);
	return view_finish(j, r);
}

struct rp_json *view_sim_damaged_json(const char *name, const char *error)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "name", name);

	r |= rp_json_set_string(j, "error", error);
	return view_finish(j, r);
}

struct rp_json *view_sim_list(struct view_machine about, struct rp_json *machines,
			      const struct rp_names *profiles)
{
	struct rp_json *j = view_document(about), *names = rp_json_array();
	int r = rp_json_set(j, "machines", machines);

	for (size_t i = 0; i < profiles->n; i++)
		r |= rp_json_append(names, rp_json_string(profiles->v[i]));
	r |= rp_json_set(j, "profiles", names);
	return view_finish(j, r);
}

static struct rp_json *text_of(const void *o, const char *key)
{
	return view_text_or_null(rp_json_text(rp_json_get(o, key)));
}

static struct rp_json *machine_name(const void *o)
{
	return text_of(o, "name");
}

static struct rp_json *machine_profile(const void *o)
{
	return text_of(o, "profile");
}

static struct rp_json *machine_abi(const void *o)
{
	return text_of(o, "abi");
}

static struct rp_json *machine_gpus(const void *o)
{
	const struct rp_json *n = rp_json_get(o, "gpus");

	return n ? rp_json_int(rp_json_int_value(n)) : rp_json_null();
}

static struct rp_json *machine_error(const void *o)
{
	return text_of(o, "error");
}

const struct view_field view_sim_fields[] = {
	{.key = "name",
	 .heading = "MACHINE",
	 .sets = VIEW_DEFAULT,
	 .is_name = true,
	 .get = machine_name},
	{.key = "profile", .heading = "PROFILE", .sets = VIEW_DEFAULT, .get = machine_profile},
	{.key = "abi", .heading = "ABI", .sets = VIEW_DEFAULT, .get = machine_abi},
	{.key = "gpus", .heading = "GPUS", .sets = VIEW_DEFAULT, .get = machine_gpus},
	{.key = "error",
	 .heading = "PROBLEM",
	 .sets = VIEW_DEFAULT,
	 .is_name = true,
	 .is_state = true,
	 .get = machine_error},
	{.key = NULL},
};

struct view_table *view_sim_table(const struct rp_json *machines, const struct view_layout *layout)
{
	struct view_table *t = view_table_new(view_sim_fields, layout);
	const struct rp_json *m;
	int r = 0;

	for (size_t i = 0; r == 0 && (m = rp_json_at(machines, i)); i++)
		r = view_table_add(t, m);
	return r < 0 ? view_table_free(t) : t;
}
