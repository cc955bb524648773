/* SPDX-License-Identifier: MIT */
/* Columns of leases, and of what is promised and used of partitions. */
#include "views/lease_fields.h"

static const struct rocpart_lease *lease(const void *o)
{
	return o;
}

static const struct rocpart_partition_use *use(const void *o)
{
	return o;
}

static struct rp_json *text_or_null(const char *s)
{
	return *s ? rp_json_string(s) : rp_json_null();
}

static struct rp_json *lease_id(const void *o)
{
	return rp_json_u64(lease(o)->id);
}

static struct rp_json *lease_name(const void *o)
{
	return rp_json_string(lease(o)->name);
}

static struct rp_json *lease_state(const void *o)
{
	return rp_json_string(rocpart_lease_state_to_string(lease(o)->state));
}

static struct rp_json *lease_partition(const void *o)
{
	char text[32];

	if (!*lease(o)->bdf)
		return rp_json_null();
	(void)rp_fmt(text, sizeof(text), "%s/%u", lease(o)->bdf, lease(o)->partition);
	return rp_json_string(text);
}

static struct rp_json *lease_bytes(const void *o)
{
	return rp_json_u64(lease(o)->bytes);
}

static struct rp_json *lease_used(const void *o)
{
	return rp_json_u64(lease(o)->used_bytes);
}

static struct rp_json *lease_limit(const void *o)
{
	return rp_json_u64(lease(o)->limit_bytes);
}

static struct rp_json *lease_owner(const void *o)
{
	return rp_json_string(lease(o)->owner);
}

static struct rp_json *lease_guarantee(const void *o)
{
	return rp_json_string(rocpart_guarantee_to_string(lease(o)->guarantee));
}

static struct rp_json *lease_share(const void *o)
{
	return rp_json_u64(lease(o)->share);
}

static struct rp_json *lease_priority(const void *o)
{
	return rp_json_int(lease(o)->priority);
}

static struct rp_json *lease_why(const void *o)
{
	return text_or_null(lease(o)->why);
}

static struct rp_json *lease_problem(const void *o)
{
	return text_or_null(lease(o)->problem);
}

static struct rp_json *parsed(const char *text)
{
	struct rp_json *j = NULL;

	if (!*text || rp_json_parse(text, strlen(text), "lease", &j, NULL) < 0)
		return rp_json_null();
	return j;
}

static struct rp_json *lease_footprint(const void *o)
{
	return parsed(lease(o)->footprint);
}

static struct rp_json *lease_labels(const void *o)
{
	return parsed(lease(o)->labels);
}

static struct rp_json *lease_limits(const void *o)
{
	return parsed(lease(o)->limits);
}

static struct rp_json *lease_created(const void *o)
{
	return rp_json_u64(lease(o)->created_s);
}

static struct rp_json *lease_changed(const void *o)
{
	return rp_json_u64(lease(o)->changed_s);
}

static struct rp_json *lease_ends(const void *o)
{
	return text_or_null(lease(o)->ends);
}

const struct view_field view_lease_fields[] = {
	{"lease", "LEASE", VIEW_SHOW_TEXT, lease_id},
	{"name", "NAME", VIEW_SHOW_TEXT, lease_name},
	{"state", "STATE", VIEW_SHOW_TEXT, lease_state},
	{"partition", "PARTITION", VIEW_SHOW_TEXT, lease_partition},
	{"bytes", "LEASED", VIEW_SHOW_BYTES, lease_bytes},
	{"used_bytes", "USED", VIEW_SHOW_BYTES, lease_used},
	{"limit_bytes", "LIMIT", VIEW_SHOW_BYTES, lease_limit},
	{"owner", "OWNER", VIEW_SHOW_TEXT, lease_owner},
	{"guarantee", "GUARANTEE", VIEW_SHOW_TEXT, lease_guarantee},
	{"share", "SHARE", VIEW_SHOW_TEXT, lease_share},
	{"priority", "PRIORITY", VIEW_SHOW_TEXT, lease_priority},
	{"why", "WHY", VIEW_SHOW_TEXT, lease_why},
	{"problem", "PROBLEM", VIEW_SHOW_TEXT, lease_problem},
	{"ends", "ENDS", VIEW_SHOW_TEXT, lease_ends},
	{"footprint", "FOOTPRINT", VIEW_SHOW_NEVER, lease_footprint},
	{"labels", "LABELS", VIEW_SHOW_NEVER, lease_labels},
	{"limits", "LIMITS", VIEW_SHOW_NEVER, lease_limits},
	{"created_s", "CREATED", VIEW_SHOW_TEXT, lease_created},
	{"changed_s", "CHANGED", VIEW_SHOW_TEXT, lease_changed},
	{NULL, NULL, VIEW_SHOW_NEVER, NULL},
};

static struct rp_json *use_partition(const void *o)
{
	char text[32];

	(void)rp_fmt(text, sizeof(text), "%s/%u", use(o)->bdf, use(o)->partition);
	return rp_json_string(text);
}

static struct rp_json *use_usable(const void *o)
{
	return rp_json_u64(use(o)->usable_bytes);
}

static struct rp_json *use_leased(const void *o)
{
	return rp_json_u64(use(o)->leased_bytes);
}

static struct rp_json *use_used(const void *o)
{
	return rp_json_u64(use(o)->used_bytes);
}

static struct rp_json *use_unmanaged(const void *o)
{
	return rp_json_u64(use(o)->unmanaged_bytes);
}

static struct rp_json *use_leases(const void *o)
{
	return rp_json_u64(use(o)->n_leases);
}

static struct rp_json *use_free(const void *o)
{
	return rp_json_bool(use(o)->is_free);
}

const struct view_field view_use_fields[] = {
	{"partition", "PARTITION", VIEW_SHOW_TEXT, use_partition},
	{"usable_bytes", "USABLE", VIEW_SHOW_BYTES, use_usable},
	{"leased_bytes", "LEASED", VIEW_SHOW_BYTES, use_leased},
	{"used_bytes", "USED", VIEW_SHOW_BYTES, use_used},
	{"unmanaged_bytes", "UNMANAGED", VIEW_SHOW_BYTES, use_unmanaged},
	{"leases", "LEASES", VIEW_SHOW_TEXT, use_leases},
	{"free", "FREE", VIEW_SHOW_TEXT, use_free},
	{NULL, NULL, VIEW_SHOW_NEVER, NULL},
};

struct rp_json *view_leases_json(const struct rocpart_leases *leases)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_lease *l;
	int r = 0;

	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++)
		r = rp_json_append(list, view_object_json(view_lease_fields, l));
	return r < 0 ? rp_json_free(list) : list;
}

int view_print_leases(const struct rocpart_leases *leases, const char *columns)
{
	struct view_table *t = view_table_new(view_lease_fields, columns);
	const struct rocpart_lease *l;
	int r = t ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++)
		r = view_table_add(t, l);
	if (r == 0)
		view_table_print(t);
	view_table_free(t);
	return r;
}
