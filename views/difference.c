/* SPDX-License-Identifier: MIT */
#include "views/difference.h"

#include "base/num.h"
#include "views/change.h"
#include "views/lease_fields.h"
#include "views/leases.h"

char view_difference_sign(enum rocpart_difference_kind kind)
{
	static const char signs[] = {
		[ROCPART_DIFFERENCE_PLACE] = '+',     [ROCPART_DIFFERENCE_CHANGE] = '~',
		[ROCPART_DIFFERENCE_MOVE] = '>',      [ROCPART_DIFFERENCE_RELEASE] = '-',
		[ROCPART_DIFFERENCE_DISPLACED] = '!', [ROCPART_DIFFERENCE_NO_ROOM] = '!',
		[ROCPART_DIFFERENCE_OTHER] = '=',     [ROCPART_DIFFERENCE_UNMANAGED] = '?',
	};

	return (size_t)kind < sizeof(signs) ? signs[kind] : '?';
}

/* "BDF/ID" as of a lease, or null. */
static int set_place(struct rp_json *j, const char *key, const char *bdf, uint32_t partition)
{
	char at[48];

	(void)rp_fmt(at, sizeof(at), "%s/%u", bdf, partition);
	return rp_json_set_string(j, key, *bdf ? at : NULL);
}

static struct rp_json *line_json(const struct rocpart_difference_item *i)
{
	struct rp_json *j = rp_json_object();
	char replica[VIEW_REPLICA_TEXT_SIZE];
	int r = rp_json_set_string(j, "do", rocpart_difference_kind_to_string(i->kind));

	(void)rp_fmt(replica, sizeof(replica), "%s/%u", i->name, i->replica);
	r |= rp_json_set_string(j, "replica", *i->name ? replica : NULL);
	r |= i->lease ? rp_json_set_u64(j, "lease", i->lease)
		      : rp_json_set(j, "lease", rp_json_null());
	r |= rp_json_set_u64(j, "bytes", i->bytes);
	r |= set_place(j, "from", i->from_bdf, i->from_partition);
	r |= set_place(j, "to", i->to_bdf, i->to_partition);
	r |= rp_json_set_string(j, "fields", i->fields);
	r |= rp_json_set_string(j, "owner", i->owner);
	r |= rp_json_set_bool(j, "is_alive", i->is_alive);
	r |= rp_json_set_bool(j, "is_withheld", i->is_withheld);
	r |= rp_json_set_bool(j, "restarts", i->restarts);
	return view_finish(j, r);
}

static bool is_to_do(const struct rocpart_difference_item *i)
{
	return i->kind != ROCPART_DIFFERENCE_OTHER && i->kind != ROCPART_DIFFERENCE_UNMANAGED;
}

struct rp_json *view_difference_replicas(const struct rocpart_difference *d, bool to_do)
{
	struct rp_json *list = rp_json_array();
	struct rocpart_difference_item item;
	int r = 0;

	for (size_t i = 0; r == 0 && rocpart_difference_get(d, i, &item) == 0; i++)
		if (!to_do || is_to_do(&item))
			r = rp_json_append(list, line_json(&item));
	return view_finish(list, r);
}

struct rp_json *view_difference_modes(struct rocpart_difference *d)
{
	const struct rocpart_change *change = rocpart_difference_get_change(d);
	struct rp_json *list = rp_json_array();
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && (text = rocpart_change_get_difference(change, i)); i++)
		r = rp_json_append(list, rp_json_string(text));
	return view_finish(list, r);
}

static int add_difference(struct rp_json *j, struct rocpart_difference *d)
{
	return rp_json_set(j, "differences", view_difference_modes(d)) |
	       rp_json_set(j, "replicas", view_difference_replicas(d, false));
}

struct rp_json *view_assert(struct view_machine about, struct rocpart_difference *d,
			    const struct rocpart_error *reason)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_bool(j, "as_requested",
				 !reason->errnum && rocpart_difference_is_empty(d));

	r |= add_difference(j, d);
	r |= rp_json_set(j, "reason", reason->errnum ? view_error_value(reason) : rp_json_null());
	return view_finish(j, r);
}

struct rp_json *view_applied(struct view_machine about, struct rocpart_difference *d,
			     const struct rocpart_holders *holders,
			     const struct rocpart_leases *leases, const char *result)
{
	struct rp_json *j = view_change(about, rocpart_difference_get_change(d), holders, result);
	uint64_t n = 0;
	int r = add_difference(j, d);

	while (leases && rocpart_leases_get(leases, n))
		n++;
	r |= rp_json_set_u64(j, "placed", n);
	r |= rp_json_set(j, "leases", leases ? view_leases_json(leases) : rp_json_array());
	return view_finish(j, r);
}
