/* SPDX-License-Identifier: MIT */
/*
 * One column table for each kind of object: its key in JSON, its heading in text, how it is shown,
 * and its value. Text is made from the JSON value, so the two cannot differ.
 */
#ifndef RP_CLI_FIELDS_H
#define RP_CLI_FIELDS_H

#include "cli/cli.h"

enum cli_show {
	CLI_SHOW_TEXT,	/* as it is; null is "-" */
	CLI_SHOW_BYTES, /* 24.0 GiB */
	CLI_SHOW_RANGE, /* [0, 1, 2] is "0-2" */
	CLI_SHOW_LIST,	/* ["a", "b"] is "a b" */
	CLI_SHOW_NEVER, /* in JSON only */
};

struct cli_field {
	const char *key, *heading;
	enum cli_show show;
	struct rp_json *(*get)(const void *object); /* NULL: out of memory */
};

extern const struct cli_field cli_gpu_fields[], cli_partition_fields[], cli_pair_fields[];

/* {"key": value, ...} of every field; NULL when out of memory. */
struct rp_json *cli_object_json(const struct cli_field *fields, const void *object);
/* A GPU with its partitions, as in `list --json`. */
struct rp_json *cli_gpu_json(const struct rocpart_gpu *gpu);
/* {"field": "sysfs", ...} */
struct rp_json *cli_sources_json(const struct rocpart_snapshot *snapshot);

/* Rows of text, aligned; a heading of the columns asked for. */
struct cli_table;
struct cli_table *cli_table_new(const struct cli_field *fields, const char *columns);
/* 0, -EINVAL when columns names none of the fields (then *bad is that name), -ENOMEM. */
int cli_table_check(const struct cli_field *fields, const char *columns, char bad[32]);
int cli_table_add(struct cli_table *table, const void *object);
void cli_table_print(const struct cli_table *table);
void cli_table_free(struct cli_table *table);

/* The text of a value. */
int cli_show(const struct rp_json *value, enum cli_show show, struct rp_strbuf *ret);

#endif
