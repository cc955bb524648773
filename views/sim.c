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

struct rp_json *view_sim_faults(struct view_machine about, const char *name, const char *rules)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "machine", name);

	r |= rp_json_set(j, "faults", rules_json(rules));
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
