/* SPDX-License-Identifier: MIT */
/*
 * One column table for each kind of object: its key in JSON, its heading in text, how it is shown,
 * and its value. Text is made from the JSON value, so the two cannot differ.
 */
#ifndef RP_VIEWS_FIELDS_H
#define RP_VIEWS_FIELDS_H

#include "base/json.h"
#include "base/strbuf.h"
#include <rocpart/rocpart.h>

enum view_show {
	VIEW_SHOW_TEXT,	 /* as it is; null is "-" */
	VIEW_SHOW_BYTES, /* 24.0 GiB */
	VIEW_SHOW_RANGE, /* [0, 1, 2] is "0-2" */
	VIEW_SHOW_LIST,	 /* ["a", "b"] is "a b" */
	VIEW_SHOW_NEVER, /* in JSON only */
};

/* A table of fields ends with one whose key is NULL. */
struct view_field {
	const char *key, *heading;
	enum view_show show;
	struct rp_json *(*get)(const void *object); /* NULL: out of memory */
};

/* {"key": value, ...} of every field; NULL when out of memory. */
struct rp_json *view_object_json(const struct view_field *fields, const void *object);

/* Values of fields. */
struct rp_json *view_text_or_null(const char *s);    /* null of NULL and of "" */
struct rp_json *view_u64_or_null(int r, uint64_t v); /* r: of the getter; null when negative */
/* ["--max-model-len", "8192"] of words that end with NULL; [] of NULL. */
struct rp_json *view_words_json(char *const *words);

#endif
