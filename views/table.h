/* SPDX-License-Identifier: MIT */
/* Objects as text, by their column tables. */
#ifndef RP_VIEWS_TABLE_H
#define RP_VIEWS_TABLE_H

#include "views/fields.h"

/*
 * Aligned rows below a heading of the columns that are named, by comma. As with rp_json: a NULL
 * table is one that there was no memory for.
 */
struct view_table;
struct view_table *view_table_new(const struct view_field *fields, const char *columns);
int view_table_add(struct view_table *table, const void *object);	    /* 0 or -ENOMEM */
struct view_table *view_table_free(struct view_table *table);		    /* returns NULL */
int view_table_text(const struct view_table *table, struct rp_strbuf *ret); /* 0 or -ENOMEM */

/* 0, or -EINVAL when columns names none of the fields: then bad is that name. */
int view_table_check(const struct view_field *fields, const char *columns, char bad[32]);

/* A line for each field: its key, its value, and sizes to the byte too. 0 or -ENOMEM. */
int view_object_text(const struct view_field *fields, const void *object, struct rp_strbuf *ret);

/* One value. 0 or -ENOMEM. */
int view_show(const struct rp_json *value, enum view_show show, struct rp_strbuf *ret);

#endif
