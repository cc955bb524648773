/* SPDX-License-Identifier: MIT */
#include "views/applied.h"

#include "views/fields.h"

static const char *state_name(enum view_file_state state)
{
	static const char *const names[] = {
		[VIEW_FILE_UNKNOWN] = "unknown", [VIEW_FILE_SAME] = "same",
		[VIEW_FILE_CHANGED] = "changed", [VIEW_FILE_MISSING] = "missing",
		[VIEW_FILE_BROKEN] = "broken",
	};

	return names[state];
}

static struct rp_json *applied_json(const struct view_applied *v)
{
	const struct rocpart_revision *revision = v->revision;
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_u64(j, "revision", revision->revision);

	r |= rp_json_set_u64(j, "at_s", revision->at_s);
	r |= rp_json_set_string(j, "file", revision->file);
	r |= rp_json_set_string(j, "result", revision->result);
	r |= rp_json_set(j, "message", view_text_or_null(revision->message));
	r |= rp_json_set(j, "differences",
			 v->is_compared ? rp_json_u64(v->n_differences) : rp_json_null());
	r |= rp_json_set(j, "problem", view_text_or_null(v->problem));
	r |= rp_json_set_string(j, "file_state", state_name(v->file));
	r |= rp_json_set(j, "file_problem", view_text_or_null(v->problem_of_file));
	return view_finish(j, r);
}

int view_put_applied(struct rp_json *j, const struct view_applied *v)
{
	return rp_json_set(j, "applied", v->revision ? applied_json(v) : rp_json_null());
}
