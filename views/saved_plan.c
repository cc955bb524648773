/* SPDX-License-Identifier: MIT */
#include "views/saved_plan.h"

#include "views/difference.h"

static const struct {
	const char *key;
	size_t offset;
} keys[] = {
	{"allow_unvalidated", offsetof(struct view_plan_options, allow_unvalidated)},
	{"lenient", offsetof(struct view_plan_options, lenient)},
	{"take_over", offsetof(struct view_plan_options, take_over)},
	{"keep_others", offsetof(struct view_plan_options, keep_others)},
	{"evict", offsetof(struct view_plan_options, evict)},
};

static struct rp_json *options_json(const struct view_plan_options *options)
{
	struct rp_json *j = rp_json_object();
	int r = 0;

	for (size_t i = 0; i < RP_ARRAY_LEN(keys); i++)
		r |= rp_json_set_bool(j, keys[i].key,
				      *(const bool *)((const char *)options + keys[i].offset));
	return view_finish(j, r);
}

void view_read_plan_options(const struct rp_json *plan, struct view_plan_options *ret)
{
	const struct rp_json *j = rp_json_get(plan, "options");

	for (size_t i = 0; i < RP_ARRAY_LEN(keys); i++)
		*(bool *)((char *)ret + keys[i].offset) =
			rp_json_bool_value(rp_json_get(j, keys[i].key));
}

struct rp_json *view_saved_plan(struct view_machine about, struct rocpart_difference *d,
				const char *file, const char *checksum,
				const struct view_plan_options *options)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "file", file);

	r |= rp_json_set_string(j, "checksum", checksum);
	r |= rp_json_set(j, "options", options_json(options));
	r |= rp_json_set(j, "differences", view_difference_modes(d));
	r |= rp_json_set(j, "replicas", view_difference_replicas(d, true));
	return view_finish(j, r);
}
