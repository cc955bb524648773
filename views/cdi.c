/* SPDX-License-Identifier: MIT */
#include "views/cdi.h"

static struct rp_json *entry_name(const void *o)
{
	const struct rocpart_cdi_entry *e = o;

	return view_text_or_null(e->name);
}

static struct rp_json *entry_problem(const void *o)
{
	const struct rocpart_cdi_entry *e = o;

	return view_text_or_null(e->problem);
}

static struct rp_json *entry_path(const void *o)
{
	const struct rocpart_cdi_entry *e = o;

	return rp_json_string(e->path);
}

const struct view_field view_cdi_fields[] = {
	{.key = "device", .sets = VIEW_DEFAULT, .heading = "DEVICE", .get = entry_name},
	{.key = "problem",
	 .is_state = true,
	 .is_name = true,
	 .sets = VIEW_DEFAULT,
	 .heading = "PROBLEM",
	 .get = entry_problem},
	{.key = "spec", .heading = "SPEC", .get = entry_path},
	{.key = NULL},
};

static struct rp_json *entries_json(const struct rocpart_cdi *cdi)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_cdi_entry *e;
	int r = 0;

	for (size_t i = 0; r == 0 && (e = rocpart_cdi_get(cdi, i)); i++)
		r = rp_json_append(list, view_object_json(view_cdi_fields, e));
	return view_finish(list, r);
}

struct rp_json *view_cdi_written(struct view_machine about, const char *path)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set_string(j, "path", path));
}

struct rp_json *view_cdi_list(struct view_machine about, const struct rocpart_cdi *cdi)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set(j, "devices", entries_json(cdi)));
}

struct rp_json *view_cdi_validate(struct view_machine about, const struct rocpart_cdi *cdi)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_bool(j, "valid", view_cdi_count_problems(cdi) == 0);

	r |= rp_json_set(j, "devices", entries_json(cdi));
	return view_finish(j, r);
}

size_t view_cdi_count_problems(const struct rocpart_cdi *cdi)
{
	const struct rocpart_cdi_entry *e;
	size_t n = 0;

	for (size_t i = 0; (e = rocpart_cdi_get(cdi, i)); i++)
		n += *e->problem != '\0';
	return n;
}

struct view_table *view_cdi_table(const struct rocpart_cdi *cdi, bool problems_only,
				  const struct view_layout *layout)
{
	struct view_table *t = view_table_new(view_cdi_fields, layout);
	const struct rocpart_cdi_entry *e;
	int r = 0;

	for (size_t i = 0; r == 0 && (e = rocpart_cdi_get(cdi, i)); i++)
		if (*e->problem || !problems_only)
			r = view_table_add(t, e);
	return r < 0 ? view_table_free(t) : t;
}
