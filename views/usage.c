/* SPDX-License-Identifier: MIT */
#include "views/usage.h"

/* A process on a partition, and its lease; or a lease that no process uses. */
struct row {
	const struct rocpart_usage *usage; /* NULL: no process */
	const struct rocpart_lease *lease; /* NULL: nobody's */
};

static const struct row *row_of(const void *o)
{
	return o;
}

static struct rp_json *usage_lease(const void *o)
{
	return row_of(o)->lease ? rp_json_u64(row_of(o)->lease->id) : rp_json_null();
}

static struct rp_json *usage_name(const void *o)
{
	return row_of(o)->lease ? rp_json_string(row_of(o)->lease->name) : rp_json_null();
}

static struct rp_json *usage_partition(const void *o)
{
	const struct rocpart_usage *u = row_of(o)->usage;
	const struct rocpart_lease *l = row_of(o)->lease;
	char text[32];

	if (!u && !*l->bdf)
		return rp_json_null();
	(void)rp_fmt(text, sizeof(text), "%s/%u", u ? u->bdf : l->bdf,
		     u ? u->partition : l->partition);
	return rp_json_string(text);
}

static struct rp_json *usage_bytes(const void *o)
{
	return row_of(o)->lease ? rp_json_u64(row_of(o)->lease->bytes) : rp_json_null();
}

static struct rp_json *usage_used(const void *o)
{
	return rp_json_u64(row_of(o)->usage ? row_of(o)->usage->used_bytes : 0);
}

static struct rp_json *usage_kfd(const void *o)
{
	return rp_json_u64(row_of(o)->usage ? row_of(o)->usage->kfd_bytes : 0);
}

static struct rp_json *usage_drm(const void *o)
{
	return rp_json_u64(row_of(o)->usage ? row_of(o)->usage->drm_bytes : 0);
}

static struct rp_json *usage_gtt(const void *o)
{
	return rp_json_u64(row_of(o)->usage ? row_of(o)->usage->gtt_bytes : 0);
}

static struct rp_json *usage_pid(const void *o)
{
	return row_of(o)->usage ? rp_json_u64(row_of(o)->usage->pid) : rp_json_null();
}

static struct rp_json *usage_command(const void *o)
{
	return row_of(o)->usage ? rp_json_string(row_of(o)->usage->command) : rp_json_null();
}

static struct rp_json *usage_owner(const void *o)
{
	const struct rocpart_usage *u = row_of(o)->usage;

	return view_text_or_null(u ? u->owner : NULL);
}

static struct rp_json *usage_certain(const void *o)
{
	return row_of(o)->usage ? rp_json_bool(row_of(o)->usage->is_certain) : rp_json_null();
}

const struct view_field view_usage_fields[] = {
	{.key = "lease", .sets = VIEW_DEFAULT, .heading = "LEASE", .get = usage_lease},
	{.key = "name",
	 .is_name = true,
	 .sets = VIEW_DEFAULT,
	 .heading = "NAME",
	 .get = usage_name},
	{.key = "partition",
	 .show = VIEW_SHOW_PARTITION,
	 .sets = VIEW_DEFAULT,
	 .heading = "PARTITION",
	 .get = usage_partition},
	{.key = "bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "LEASED",
	 .show = VIEW_SHOW_BYTES,
	 .get = usage_bytes},
	{.key = "used_bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "USED",
	 .show = VIEW_SHOW_BYTES,
	 .get = usage_used},
	{.key = "kfd_bytes", .heading = "KFD", .show = VIEW_SHOW_BYTES, .get = usage_kfd},
	{.key = "drm_bytes", .heading = "DRM", .show = VIEW_SHOW_BYTES, .get = usage_drm},
	{.key = "gtt_bytes", .heading = "GTT", .show = VIEW_SHOW_BYTES, .get = usage_gtt},
	{.key = "pid", .sets = VIEW_DEFAULT, .heading = "PID", .get = usage_pid},
	{.key = "command",
	 .is_name = true,
	 .sets = VIEW_DEFAULT,
	 .heading = "COMMAND",
	 .get = usage_command},
	{.key = "owner", .is_name = true, .heading = "OWNER", .get = usage_owner},
	{.key = "certain", .heading = "CERTAIN", .get = usage_certain},
	{.key = NULL},
};

/* Leases in their order, each with its processes; then what is nobody's. 0 or what add says. */
static int each_row(const struct rocpart_usages *list,
		    int (*add)(void *userdata, const struct row *row), void *userdata)
{
	const struct rocpart_leases *leases = rocpart_usages_get_leases(list);
	const struct rocpart_usage *u = rocpart_usages_get(list, 0);
	const struct rocpart_lease *l;
	size_t k = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++) {
		struct row empty = {NULL, l};

		if (!u || u->lease != l->id)
			r = add(userdata, &empty);
		for (; r == 0 && u && u->lease == l->id; u = rocpart_usages_get(list, ++k))
			r = add(userdata, &(struct row){u, l});
	}
	for (; r == 0 && u; u = rocpart_usages_get(list, ++k))
		r = add(userdata, &(struct row){u, NULL});
	return r;
}

static int add_json(void *userdata, const struct row *r)
{
	return rp_json_append(userdata, view_object_json(view_usage_fields, r));
}

static int add_text(void *userdata, const struct row *r)
{
	return view_table_add(userdata, r);
}

struct rp_json *view_usage(struct view_machine about, const struct rocpart_usages *usages)
{
	struct rp_json *j = view_document(about), *rows = rp_json_array();
	int r = each_row(usages, add_json, rows);

	r |= rp_json_set(j, "usage", rows);
	r |= rp_json_set_u64(j, "unmanaged_bytes", rocpart_usages_get_lease_bytes(usages, 0));
	r |= rp_json_set_bool(j, "complete", rocpart_usages_is_complete(usages));
	return view_finish(j, r);
}

struct view_table *view_usage_table(const struct rocpart_usages *usages,
				    const struct view_layout *layout)
{
	struct view_table *t = view_table_new(view_usage_fields, layout);

	return each_row(usages, add_text, t) < 0 ? view_table_free(t) : t;
}

struct rp_json *view_watch(struct view_machine about, const struct view_watch_event *e)
{
	struct rp_json *j = view_document(about);
	char partition[32];
	int r = rp_json_set_string(j, "event", e->what);

	(void)rp_fmt(partition, sizeof(partition), "%s/%u", e->lease->bdf, e->lease->partition);
	r |= rp_json_set_u64(j, "at_s", e->at_s);
	r |= rp_json_set_u64(j, "lease", e->lease->id);
	r |= rp_json_set_string(j, "name", e->lease->name);
	r |= rp_json_set_string(j, "partition", partition);
	r |= rp_json_set_u64(j, "used_bytes", e->used_bytes);
	r |= rp_json_set_u64(j, "limit_bytes", e->lease->limit_bytes);
	r |= rp_json_set_u64(j, "processes", e->n_processes);
	r |= rp_json_set_string(j, "note", e->note);
	return view_finish(j, r);
}
