/* SPDX-License-Identifier: MIT */
#include "views/leases.h"

#include "views/change.h"

struct rp_json *view_leases_json(const struct rocpart_leases *leases)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_lease *l;
	int r = 0;

	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++)
		r = rp_json_append(list, view_object_json(view_lease_fields, l));
	return view_finish(list, r);
}

static struct rp_json *uses_json(const struct rocpart_leases *leases)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_partition_use *u;
	int r = 0;

	for (size_t i = 0; r == 0 && (u = rocpart_leases_get_use(leases, i)); i++)
		r = rp_json_append(list, view_object_json(view_use_fields, u));
	return view_finish(list, r);
}

static struct rp_json *event_json(uint64_t at_s, uint64_t lease, const char *text)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_u64(j, "at_s", at_s);

	r |= lease ? rp_json_set_u64(j, "lease", lease) : rp_json_set_null(j, "lease");
	r |= rp_json_set_string(j, "text", text);
	return view_finish(j, r);
}

static struct rp_json *events_json(const struct rocpart_leases *leases)
{
	struct rp_json *list = rp_json_array();
	uint64_t at_s, lease;
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && (text = rocpart_leases_get_event(leases, i, &at_s, &lease));
	     i++)
		r = rp_json_append(list, event_json(at_s, lease, text));
	return view_finish(list, r);
}

int view_put_leases(struct rp_json *j, const struct rocpart_leases *leases)
{
	const char *allocator = leases ? rocpart_leases_get_allocator(leases) : NULL;
	const char *note = leases ? rocpart_leases_get_note(leases) : "";
	int r = 0;

	if (!leases) {
		static const char *const keys[] = {"allocator", "leases", "use", "events",
						   "leases_note"};

		for (size_t i = 0; i < RP_ARRAY_LEN(keys); i++)
			r |= rp_json_set_null(j, keys[i]);
		return r < 0 ? -ENOMEM : 0;
	}
	r = rp_json_set_string(j, "allocator", allocator ? allocator : "rocpart");
	r |= rp_json_set(j, "leases", view_leases_json(leases));
	r |= rp_json_set(j, "use", uses_json(leases));
	r |= rp_json_set(j, "events", events_json(leases));
	r |= *note ? rp_json_set_string(j, "leases_note", note)
		   : rp_json_set_null(j, "leases_note");
	return r < 0 ? -ENOMEM : 0;
}

struct rp_json *view_placed(struct view_machine about, const struct rocpart_change *change,
			    const struct rocpart_leases *leases)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set(j, "leases", leases ? view_leases_json(leases) : rp_json_array());

	r |= rp_json_set(j, "switched", change ? view_change_gpus(change) : rp_json_array());
	return view_finish(j, r);
}

struct rp_json *view_lease(struct view_machine about, const struct rocpart_lease *lease)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set(j, "lease", view_object_json(view_lease_fields, lease)));
}

struct rp_json *view_use(struct view_machine about, const struct rocpart_partition_use *use)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set(j, "use", view_object_json(view_use_fields, use)));
}

struct rp_json *view_lease_check(struct view_machine about, const char *problems)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_bool(j, "consistent", !*problems);

	r |= rp_json_set_string(j, "problems", problems);
	return view_finish(j, r);
}

struct rp_json *view_migrated(struct view_machine about, const struct rocpart_migration *m)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_u64(j, "from_format", m->from);

	r |= rp_json_set_u64(j, "to_format", m->to);
	r |= m->backup ? rp_json_set_string(j, "backup", m->backup) : rp_json_set_null(j, "backup");
	return view_finish(j, r);
}

struct rp_json *view_set_aside(struct view_machine about, const char *text)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_bool(j, "moved", *text);

	r |= rp_json_set_string(j, "text", text);
	return view_finish(j, r);
}

struct rp_json *view_count(struct view_machine about, const char *key, uint64_t n)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set_u64(j, key, n));
}

struct rp_json *view_released(struct view_machine about, uint64_t n, uint64_t in_use_bytes)
{
	struct rp_json *j = view_count(about, "released", n);

	return view_finish(j, rp_json_set_u64(j, "in_use_bytes", in_use_bytes));
}

struct view_table *view_lease_table(const struct rocpart_leases *leases,
				    const struct view_layout *layout)
{
	struct view_table *t = view_table_new(view_lease_fields, layout);
	const struct rocpart_lease *l;
	int r = 0;

	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++)
		r = view_table_add(t, l);
	return r < 0 ? view_table_free(t) : t;
}
