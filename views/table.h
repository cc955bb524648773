/* SPDX-License-Identifier: MIT */
/* Objects as text, by their column tables. */
#ifndef RP_VIEWS_TABLE_H
#define RP_VIEWS_TABLE_H

#include "views/fields.h"
#include "views/text.h"

/* How a table is printed. All zero: the columns of the default set, not for a terminal. */
struct view_layout {
	const char *columns; /* keys, by comma; NULL: a set of the fields */
	bool wide;	     /* all columns; nothing is folded, cut or shortened */
	bool csv;	     /* comma-separated, as in JSON to the byte */
	bool colour;
	size_t width;				 /* of the terminal; 0: it is none */
	const struct rocpart_snapshot *snapshot; /* to name partitions GPU/ID; NULL: by address */
};

/*
 * Aligned rows below a heading. As with rp_json: a NULL table is one that there was no memory for.
 * Rows that follow each other and differ in folding fields only are one, unless columns were named.
 */
struct view_table;
struct view_table *view_table_new(const struct view_field *fields,
				  const struct view_layout *layout);
int view_table_add(struct view_table *table, const void *object);	    /* 0 or -ENOMEM */
struct view_table *view_table_free(struct view_table *table);		    /* returns NULL */
int view_table_text(const struct view_table *table, struct rp_strbuf *ret); /* 0 or -ENOMEM */

/* 0, or -EINVAL when columns names none of the fields: then bad is that name. */
int view_table_check(const struct view_field *fields, const char *columns, char bad[32]);

/* A line for each field: its key, its value, and sizes to the byte too. 0 or -ENOMEM. */
int view_object_text(const struct view_field *fields, const void *object,
		     const struct view_layout *layout, struct rp_strbuf *ret);

#endif
