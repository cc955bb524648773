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
	VIEW_SHOW_TEXT,	     /* as it is; null is "-" */
	VIEW_SHOW_BYTES,     /* 24.0 GiB */
	VIEW_SHOW_COUNT,     /* 8.03 B */
	VIEW_SHOW_WHOLE,     /* 124.6 is 125 */
	VIEW_SHOW_RANGE,     /* [0, 1, 2] is "0-2" */
	VIEW_SHOW_LIST,	     /* ["a", "b"] is "a b" */
	VIEW_SHOW_PARTITION, /* "0000:05:00.0/6" is "0/6" where the index is known */
	VIEW_SHOW_NEVER,     /* in JSON and CSV only */
};

/* Which sets of columns a field is in: without any of them it is in all but the default one. */
enum view_sets {
	VIEW_DEFAULT = 1, /* printed where no columns are named */
	VIEW_NO_WIDE = 2,
	VIEW_NO_CSV = 4,
	VIEW_NO_JSON = 8,
	/* made of others, for whoever has 80 columns */
	VIEW_ONLY_TEXT = VIEW_DEFAULT | VIEW_NO_WIDE | VIEW_NO_CSV | VIEW_NO_JSON,
};

/* A table of fields ends with one whose key is NULL. */
struct view_field {
	const char *key, *heading;
	enum view_show show;
	unsigned sets;	/* of enum view_sets */
	bool is_name;	/* may be cut at the end where the terminal is too narrow */
	bool is_folded; /* rows that differ in this alone are one row with a range */
	bool is_state;	/* has the colour of its meaning */
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
