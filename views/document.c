/* SPDX-License-Identifier: MIT */
#include "views/document.h"

struct rp_json *view_finish(struct rp_json *j, int r)
{
	return r < 0 ? rp_json_free(j) : j;
}

static const char *kind_name(const struct rocpart_machine *machine)
{
	switch (rocpart_machine_get_kind(machine)) {
	case ROCPART_MACHINE_SIM:
		return "sim";
	case ROCPART_MACHINE_CAPTURE:
		return "capture";
	case ROCPART_MACHINE_REAL:
	default:
		return "real";
	}
}

struct rp_json *view_document(struct view_machine about)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_u64(j, "schema_version", 1);

	if (r == 0 && about.machine)
		r = rp_json_set_string(j, "kind", kind_name(about.machine));
	if (r == 0 && about.machine && *about.name)
		r = rp_json_set_string(j, "machine", about.name);
	if (r == 0 && about.machine && rocpart_machine_get_note(about.machine))
		r = rp_json_set_string(j, "note", rocpart_machine_get_note(about.machine));
	return view_finish(j, r);
}

struct rp_json *view_result(struct view_machine about, const char *result)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set_string(j, "result", result));
}

struct rp_json *view_error_value(const struct rocpart_error *err)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "code", rocpart_errcode_to_string(err->code));

	r |= rp_json_set(j, "errno", rp_json_int(-err->errnum));
	r |= rp_json_set_string(j, "object", err->object);
	r |= rp_json_set_string(j, "message", err->message);
	r |= rp_json_set_string(j, "hint", err->hint);
	return view_finish(j, r);
}

struct rp_json *view_error(const struct rocpart_error *err)
{
	struct rp_json *j = rp_json_object();

	return view_finish(j, rp_json_set(j, "error", view_error_value(err)));
}

void view_banner(struct view_machine about, struct rp_strbuf *ret)
{
	if (rocpart_machine_get_kind(about.machine) == ROCPART_MACHINE_SIM)
		rp_strbuf_addf(ret, "SIMULATED machine %s: no hardware is touched\n", about.name);
	else if (rocpart_machine_get_kind(about.machine) == ROCPART_MACHINE_CAPTURE)
		rp_strbuf_addf(ret, "capture %s: read only\n", about.name);
}
