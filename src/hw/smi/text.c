/* SPDX-License-Identifier: MIT */
/*
 * What amd-smi prints for people, as what it prints as JSON. Three shapes:
 *
 *	GPU: 0			CURRENT_PARTITION:		AMDSMI Tool: 27.1.0 | AMDSMI ...
 *	    BDF: 0000:0c:00.0	GPU_ID  MEMORY  PARTITION_ID
 *	    PARTITION:		0       NPS1    0
 *	        KEY: VALUE
 */
#include "hw/smi/text.h"
#include "base/num.h"

#define LINE_MAX_BYTES 1024
#define COLUMNS_MAX    32
#define LINES_MAX      65536

/* What the table is called in JSON. */
static const struct {
	const char *text, *json;
} table_names[] = {
	{"CURRENT_PARTITION", "current_partition"},
	{"MEMORY_PARTITION", "memory_partition"},
	{"ACCELERATOR_PARTITION_PROFILES", "partition_profiles"},
	{"ACCELERATOR_PARTITION_RESOURCES", "partition_resources"},
};

struct column {
	char key[48];
	size_t at;
};

struct reader {
	struct rp_json *docs;
	struct rp_json *gpus;	 /* of blocks: the array of them */
	struct rp_json *gpu;	 /* the block that lines belong to, or NULL */
	struct rp_json *section; /* "PARTITION:" of it, or NULL */
	struct rp_json *rows;	 /* of a table, or NULL */
	struct column columns[COLUMNS_MAX];
	size_t n_columns;
	char line[LINE_MAX_BYTES];
};

/* "AMDSMI Library version" and "AMDSMI_LIBRARY_VERSION" are amdsmi_library_version. */
static void make_key(const char *text, size_t len, char key[48])
{
	(void)rp_fmt(key, 48, "%.*s", (int)(len < 47 ? len : 47), text);
	for (char *c = key; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		else if (*c == ' ')
			*c = '_';
	}
}

/* A new container in an object or array; borrowed. NULL: out of memory. */
static struct rp_json *put(struct rp_json *parent, const char *key, struct rp_json *value)
{
	int r = key ? rp_json_set(parent, key, value) : rp_json_append(parent, value);

	return r < 0 ? NULL : value;
}

/* "KEY: VALUE" into an object. */
static int add_pair(struct rp_json *object, const char *text)
{
	const char *colon = strstr(text, ": ");
	char key[48];

	if (!colon)
		return 0;
	make_key(text, (size_t)(colon - text), key);
	colon++;
	return rp_json_set_string(object, key, colon + strspn(colon, " "));
}

static int open_gpu(struct reader *rd, const char *number)
{
	if (!rd->gpus)
		rd->gpus = put(rd->docs, NULL, rp_json_array());
	if (!rd->gpus)
		return -ENOMEM;
	rd->gpu = put(rd->gpus, NULL, rp_json_object());
	rd->section = NULL;
	rd->rows = NULL;
	return rd->gpu ? rp_json_set_string(rd->gpu, "gpu", number) : -ENOMEM;
}

/*
 * A line of a block: four blanks for what belongs to the GPU, eight for what is in its section.
 * Nothing that is read here lies deeper.
 */
static int add_to_gpu(struct reader *rd, size_t indent)
{
	const char *text = rd->line + indent;
	size_t len = strlen(text);
	char key[48];

	if (indent == 8 && rd->section)
		return add_pair(rd->section, text);
	if (indent != 4)
		return 0;
	rd->section = NULL; /* the line may replace it */
	if (text[len - 1] != ':')
		return add_pair(rd->gpu, text);
	make_key(text, len - 1, key);
	rd->section = put(rd->gpu, key, rp_json_object());
	return rd->section ? 0 : -ENOMEM;
}

static int open_table(struct reader *rd, const char *name)
{
	struct rp_json *doc = put(rd->docs, NULL, rp_json_object());

	rd->gpu = NULL;
	rd->n_columns = 0;
	rd->rows = doc ? put(doc, name, rp_json_array()) : NULL;
	return rd->rows ? 0 : -ENOMEM;
}

static int read_header(struct reader *rd)
{
	const char *at = rd->line;

	while (*at && rd->n_columns < COLUMNS_MAX) {
		size_t len = strcspn(at, " ");

		rd->columns[rd->n_columns].at = (size_t)(at - rd->line);
		make_key(at, len, rd->columns[rd->n_columns].key);
		rd->n_columns++;
		at += len;
		at += strspn(at, " ");
	}
	return 0;
}

/* Cells stand below the beginning of their column's name; empty ones continue the row above. */
static int add_row(struct reader *rd)
{
	struct rp_json *row = put(rd->rows, NULL, rp_json_object());
	size_t len = strlen(rd->line);

	for (size_t i = 0; row && i < rd->n_columns; i++) {
		size_t from = rd->columns[i].at;
		size_t to = i + 1 < rd->n_columns ? rd->columns[i + 1].at : len;
		char cell[LINE_MAX_BYTES];

		if (to > len)
			to = len;
		if (from > to)
			from = to;
		(void)rp_fmt(cell, sizeof(cell), "%.*s", (int)(to - from), rd->line + from);
		to = strlen(cell);
		while (to && cell[to - 1] == ' ')
			cell[--to] = '\0';
		if (rp_json_set_string(row, rd->columns[i].key, cell) < 0)
			return -ENOMEM;
	}
	return row ? 0 : -ENOMEM;
}

/* "AMDSMI Tool: 24.7.0+0ceca28 | AMDSMI Library version: 24.7.1.0 | ROCm version: N/A" */
static int read_version(struct reader *rd)
{
	struct rp_json *list = put(rd->docs, NULL, rp_json_array());
	struct rp_json *doc = list ? put(list, NULL, rp_json_object()) : NULL;
	char *at = rd->line;
	int r = doc ? 0 : -ENOMEM;

	while (r == 0 && at) {
		char *bar = strstr(at, " | ");

		if (bar)
			*bar = '\0';
		r = rp_str_starts(at, "AMDSMI Tool: ")
			    ? rp_json_set_string(doc, "version", at + strlen("AMDSMI Tool: "))
			    : add_pair(doc, at);
		at = bar ? bar + 3 : NULL;
	}
	return r;
}

static const char *table_name(const char *line)
{
	size_t len = strlen(line);

	for (size_t i = 0; len && i < RP_ARRAY_LEN(table_names); i++)
		if (line[len - 1] == ':' && strlen(table_names[i].text) == len - 1 &&
		    memcmp(line, table_names[i].text, len - 1) == 0)
			return table_names[i].json;
	return NULL;
}

static bool is_number(const char *text)
{
	uint32_t v;

	return rp_parse_u32(text, 10, &v) == 0;
}

static int read_line(struct reader *rd)
{
	size_t indent = strspn(rd->line, " ");
	const char *table = table_name(rd->line);

	if (rd->line[indent] == '\0') { /* an empty line ends what was begun */
		rd->gpu = NULL;
		if (rd->n_columns)
			rd->rows = NULL;
		return 0;
	}
	if (rp_str_starts(rd->line, "GPU: ") && is_number(rd->line + 5))
		return open_gpu(rd, rd->line + 5);
	if (rp_str_starts(rd->line, "AMDSMI Tool: "))
		return read_version(rd);
	if (table)
		return open_table(rd, table);
	if (rd->gpu && indent >= 4)
		return add_to_gpu(rd, indent);
	if (rd->rows && !rd->n_columns)
		return rp_str_starts(rd->line, "GPU_ID ") ? read_header(rd) : 0;
	if (rd->rows)
		return add_row(rd);
	return 0;
}

int rp_smi_text_docs(const char *text, size_t len, struct rp_json **ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *docs = rp_json_array();
	struct reader rd = {.docs = docs};
	size_t n_lines = 0;

	if (!docs)
		return rp_error_nomem(reterr);
	for (const char *at = text, *end = text + len; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((newline ? newline : end) - at);

		if (++n_lines > LINES_MAX)
			return rp_error_set(reterr, -EBADMSG, ROCPART_ERR_BAD_ATTRIBUTE, "amd-smi",
					    "amd-smi printed more than %d lines", LINES_MAX);
		/* A longer line is nothing that is read here: its beginning will do. */
		(void)rp_fmt(rd.line, sizeof(rd.line), "%.*s", (int)(n < 4096 ? n : 4096), at);
		n = strlen(rd.line);
		while (n && (rd.line[n - 1] == '\r' || rd.line[n - 1] == ' '))
			rd.line[--n] = '\0';
		if (read_line(&rd) < 0)
			return rp_error_nomem(reterr);
		at = newline ? newline + 1 : end;
	}
	*ret = rp_steal(&docs);
	return 0;
}
