/* SPDX-License-Identifier: MIT */
#include "views/fields.h"

struct rp_json *view_object_json(const struct view_field *fields, const void *object)
{
	struct rp_json *j = rp_json_object();

	for (; j && fields->key; fields++)
		if (!(fields->sets & VIEW_NO_JSON) &&
		    rp_json_set(j, fields->key, fields->get(object)) < 0)
			return rp_json_free(j);
	return j;
}

struct rp_json *view_text_or_null(const char *s)
{
	return s && *s ? rp_json_string(s) : rp_json_null();
}

struct rp_json *view_u64_or_null(int r, uint64_t v)
{
	return r < 0 ? rp_json_null() : rp_json_u64(v);
}

struct rp_json *view_words_json(char *const *words)
{
	struct rp_json *list = rp_json_array();

	for (; words && *words; words++)
		if (rp_json_append(list, rp_json_string(*words)) < 0)
			return rp_json_free(list);
	return list;
}
