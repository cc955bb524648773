/* SPDX-License-Identifier: MIT */
#include "views/config.h"

static int copy_member(struct rp_json *to, const struct rp_json *from, const char *key)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_json *copy = NULL;
	int r = rp_json_print(rp_json_get(from, key), false, &text);

	if (r == 0)
		r = rp_json_parse(rp_strbuf_str(&text), text.len, key, &copy, NULL);
	return r < 0 ? -ENOMEM : rp_json_set(to, key, copy);
}

struct rp_json *view_config(struct view_machine about, const char *text)
{
	RP_AUTO_JSON struct rp_json *parts = NULL;
	struct rp_json *j = view_document(about);
	int r = rp_json_parse(text, strlen(text), "config", &parts, NULL);

	if (r == 0)
		r = copy_member(j, parts, "files");
	if (r == 0)
		r = copy_member(j, parts, "values");
	return view_finish(j, r);
}
