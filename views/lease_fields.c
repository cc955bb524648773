/* SPDX-License-Identifier: MIT */
#include "views/lease_fields.h"

static const struct rocpart_lease *lease(const void *o)
{
	return o;
}

static const struct rocpart_partition_use *use(const void *o)
{
	return o;
}

static struct rp_json *lease_id(const void *o)
{
	return rp_json_u64(lease(o)->id);
}

static struct rp_json *lease_name(const void *o)
{
	return rp_json_string(lease(o)->name);
}

const char *view_format_replica(const struct rocpart_lease *l, char buf[VIEW_REPLICA_TEXT_SIZE])
{
	(void)rp_fmt(buf, VIEW_REPLICA_TEXT_SIZE, "%s/%u", l->name, l->replica);
	return buf;
}

static struct rp_json *lease_replica(const void *o)
{
	char text[VIEW_REPLICA_TEXT_SIZE];

	return rp_json_string(view_format_replica(lease(o), text));
}

static struct rp_json *lease_managed(const void *o)
{
	return rp_json_bool(lease(o)->is_managed);
}

static struct rp_json *lease_runs_old(const void *o)
{
	return rp_json_bool(lease(o)->runs_old);
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
	return *lease(o)->owner ? rp_json_string(lease(o)->owner) : rp_json_null();
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
	return view_text_or_null(lease(o)->why);
}

static struct rp_json *lease_problem(const void *o)
{
	return view_text_or_null(lease(o)->problem);
}

static struct rp_json *parsed(const char *text)
{
	struct rp_json *j = NULL;
	int r = *text ? rp_json_parse(text, strlen(text), "lease", &j, NULL) : -EINVAL;

	return r < 0 && r != -ENOMEM ? rp_json_null() : j;
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
	return view_text_or_null(lease(o)->ends);
}

const struct view_field view_lease_fields[] = {
	{.key = "lease", .sets = VIEW_DEFAULT, .heading = "LEASE", .get = lease_id},
	{.key = "replica",
	 .is_name = true,
	 .sets = VIEW_DEFAULT,
	 .heading = "REPLICA",
	 .get = lease_replica},
	{.key = "name", .is_name = true, .heading = "NAME", .get = lease_name},
	{.key = "state",
	 .is_state = true,
	 .sets = VIEW_DEFAULT,
	 .heading = "STATE",
	 .get = lease_state},
	{.key = "partition",
	 .sets = VIEW_DEFAULT,
	 .show = VIEW_SHOW_PARTITION,
	 .heading = "PARTITION",
	 .get = lease_partition},
	{.key = "bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "LEASED",
	 .show = VIEW_SHOW_BYTES,
	 .get = lease_bytes},
	{.key = "used_bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "USED",
	 .show = VIEW_SHOW_BYTES,
	 .get = lease_used},
	{.key = "limit_bytes", .heading = "LIMIT", .show = VIEW_SHOW_BYTES, .get = lease_limit},
	{.key = "owner", .is_name = true, .heading = "OWNER", .get = lease_owner},
	{.key = "managed", .heading = "MANAGED", .get = lease_managed},
	{.key = "runs_old", .heading = "OLD", .get = lease_runs_old},
	{.key = "guarantee", .heading = "GUARANTEE", .get = lease_guarantee},
	{.key = "share", .heading = "SHARE", .get = lease_share},
	{.key = "priority", .heading = "PRIORITY", .get = lease_priority},
	{.key = "why", .heading = "WHY", .get = lease_why},
	{.key = "problem", .heading = "PROBLEM", .get = lease_problem},
	{.key = "ends", .heading = "ENDS", .get = lease_ends},
	{.key = "footprint",
	 .heading = "FOOTPRINT",
	 .show = VIEW_SHOW_NEVER,
	 .get = lease_footprint},
	{.key = "labels", .heading = "LABELS", .show = VIEW_SHOW_NEVER, .get = lease_labels},
	{.key = "limits", .heading = "LIMITS", .show = VIEW_SHOW_NEVER, .get = lease_limits},
	{.key = "created_s", .heading = "CREATED", .get = lease_created},
	{.key = "changed_s", .heading = "CHANGED", .get = lease_changed},
	{.key = NULL},
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
	{.key = "partition",
	 .show = VIEW_SHOW_PARTITION,
	 .heading = "PARTITION",
	 .get = use_partition},
	{.key = "usable_bytes", .heading = "USABLE", .show = VIEW_SHOW_BYTES, .get = use_usable},
	{.key = "leased_bytes", .heading = "LEASED", .show = VIEW_SHOW_BYTES, .get = use_leased},
	{.key = "used_bytes", .heading = "USED", .show = VIEW_SHOW_BYTES, .get = use_used},
	{.key = "unmanaged_bytes",
	 .heading = "UNMANAGED",
	 .show = VIEW_SHOW_BYTES,
	 .get = use_unmanaged},
	{.key = "leases", .heading = "LEASES", .get = use_leases},
	{.key = "free", .heading = "FREE", .get = use_free},
	{.key = NULL},
};
