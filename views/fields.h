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

struct view_field {
	const char *key, *heading;
	enum view_show show;
	struct rp_json *(*get)(const void *object); /* NULL: out of memory */
};

extern const struct view_field view_gpu_fields[], view_partition_fields[], view_pair_fields[];

/* {"key": value, ...} of every field; NULL when out of memory. */
struct rp_json *view_object_json(const struct view_field *fields, const void *object);
/* A GPU with its partitions, as in `list --json`. */
struct rp_json *view_gpu_json(const struct rocpart_gpu *gpu);
/* {"field": "sysfs", ...} */
struct rp_json *view_sources_json(const struct rocpart_snapshot *snapshot);

/* Rows of text, aligned; a heading of the columns asked for. */
struct view_table;
struct view_table *view_table_new(const struct view_field *fields, const char *columns);
/* 0, -EINVAL when columns names none of the fields (then *bad is that name), -ENOMEM. */
int view_table_check(const struct view_field *fields, const char *columns, char bad[32]);
int view_table_add(struct view_table *table, const void *object);
void view_table_print(const struct view_table *table);
void view_table_free(struct view_table *table);

/* The text of a value. */
int view_show(const struct rp_json *value, enum view_show show, struct rp_strbuf *ret);

#endif
