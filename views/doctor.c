/* SPDX-License-Identifier: MIT */
#include "views/doctor.h"

enum rocpart_check_state view_doctor_result(const struct rocpart_doctor *doctor)
{
	enum rocpart_check_state state = ROCPART_CHECK_PASS;
	const struct rocpart_check *c;

	for (size_t i = 0; (c = rocpart_doctor_get_check(doctor, i)); i++)
		state = c->state > state ? c->state : state;
	return state;
}

static struct rp_json *check_json(const struct rocpart_check *c)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "id", c->id);

	r |= rp_json_set_string(j, "title", c->title);
	r |= rp_json_set_string(j, "state", rocpart_check_state_to_string(c->state));
	r |= rp_json_set_string(j, "seen", c->seen);
	r |= rp_json_set_string(j, "advice", *c->advice ? c->advice : NULL);
	r |= rp_json_set_string(j, "why", c->why);
	r |= rp_json_set_string(j, "fix", *c->fix ? c->fix : NULL);
	return view_finish(j, r);
}

struct rp_json *view_doctor(struct view_machine about, const struct rocpart_doctor *doctor)
{
	enum rocpart_check_state result = view_doctor_result(doctor);
	struct rp_json *j = view_result(about, rocpart_check_state_to_string(result));
	struct rp_json *list = rp_json_array();
	const struct rocpart_check *c;
	int r = 0;

	for (size_t i = 0; r == 0 && (c = rocpart_doctor_get_check(doctor, i)); i++)
		r = rp_json_append(list, check_json(c));
	r |= rp_json_set(j, "checks", list);
	return view_finish(j, r);
}

struct rp_json *view_fix(const char *id, const char *command, const char *result,
			 const struct rocpart_error *err)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "id", id);

	r |= rp_json_set_string(j, "command", command);
	r |= rp_json_set_string(j, "result", result);
	r |= rp_json_set_string(j, "message", err ? err->message : NULL);
	return view_finish(j, r);
}

struct rp_json *view_gathered(struct view_machine about, const char *folder,
			      const struct rocpart_gathered *g)
{
	struct rp_json *j = view_document(about), *list = rp_json_array();
	const char *text;
	int r = rp_json_set_string(j, "folder", folder);

	r |= rp_json_set_u64(j, "files", rocpart_gathered_get_file_count(g));
	for (size_t i = 0; (text = rocpart_gathered_get_left_out(g, i)); i++)
		r |= rp_json_append(list, rp_json_string(text));
	r |= rp_json_set(j, "left_out", list);
	return view_finish(j, r);
}
