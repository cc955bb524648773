/* SPDX-License-Identifier: MIT */
#include "views/revisions.h"

static struct rp_json *revision_json(const struct rocpart_revision *v)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_u64(j, "revision", v->revision);

	r |= rp_json_set_u64(j, "at_s", v->at_s);
	r |= rp_json_set_string(j, "file", v->file);
	r |= rp_json_set_string(j, "checksum", v->checksum);
	r |= rp_json_set_string(j, "config", *v->config ? v->config : NULL);
	r |= rp_json_set_string(j, "result", v->result);
	r |= rp_json_set_string(j, "message", v->message);
	return view_finish(j, r);
}

static struct rp_json *document(struct view_machine about, struct rp_json *list, const char *text)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set(j, "revisions", list);

	if (text)
		r |= rp_json_set_string(j, "text", text);
	return view_finish(j, r);
}

struct rp_json *view_revisions(struct view_machine about, const struct rocpart_applied *applied)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_revision *v;
	int r = 0;

	for (size_t i = 0; r == 0 && (v = rocpart_applied_get(applied, i)); i++)
		r = rp_json_append(list, revision_json(v));
	return document(about, view_finish(list, r), NULL);
}

struct rp_json *view_revision(struct view_machine about, const struct rocpart_revision *v)
{
	struct rp_json *list = rp_json_array();

	return document(about, view_finish(list, rp_json_append(list, revision_json(v))), v->text);
}
