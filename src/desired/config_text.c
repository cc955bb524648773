/* SPDX-License-Identifier: MIT */
/* The effective document as text, each value with the file and line that it came from. */
#include "base/json.h"
#include "desired/desired.h"
#include "desired/yaml_text.h"

#define COMMENT_COLUMN 44 /* comments stand there, behind longer lines two blanks away */

/* "node.yaml:3", or "default". */
static void add_origin(struct rp_strbuf *out, const struct rp_yaml *y)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (y->file == rp_desired_default)
		rp_strbuf_add(&text, y->file);
	else
		rp_strbuf_addf(&text, "%s:%u", y->file, y->line);
	out->failed |= rp_strbuf_failed(&text);
	rp_yaml_add_comment(out, rp_strbuf_str(&text));
}

/* A value on one line. */
static void add_flow(struct rp_strbuf *out, const struct rp_yaml *y)
{
	bool is_map = y->kind == RP_YAML_MAP;

	if (y->kind == RP_YAML_SCALAR) {
		rp_yaml_add_text(out, y->text, y->quoted);
		return;
	}
	rp_strbuf_add_char(out, is_map ? '{' : '[');
	for (size_t i = 0; i < y->n; i++) {
		rp_strbuf_add(out, i ? ", " : "");
		if (is_map) {
			rp_yaml_add_text(out, y->keys[i], y->key_nodes[i]->quoted);
			rp_strbuf_add(out, ": ");
		}
		add_flow(out, y->items[i]);
	}
	rp_strbuf_add_char(out, is_map ? '}' : ']');
}

static bool is_simple(const struct rp_yaml *y)
{
	for (size_t i = 0; y->kind == RP_YAML_LIST && i < y->n; i++)
		if (y->items[i]->kind != RP_YAML_SCALAR)
			return false;
	return y->kind != RP_YAML_MAP || y->n == 0;
}

static void add_indent(struct rp_strbuf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		rp_strbuf_add(out, "  ");
}

/* The rest of a line that began at start: the value, and where it is from. */
static void end_line(struct rp_strbuf *out, size_t start, const struct rp_yaml *y)
{
	add_flow(out, y);
	rp_strbuf_add(out, "  ");
	while (!rp_strbuf_failed(out) && out->len - start < COMMENT_COLUMN)
		rp_strbuf_add_char(out, ' ');
	add_origin(out, y);
	rp_strbuf_add_char(out, '\n');
}

static void add_list(struct rp_strbuf *out, const struct rp_yaml *list, unsigned depth)
{
	for (size_t i = 0; i < list->n; i++) {
		size_t start = out->len;

		add_indent(out, depth);
		rp_strbuf_add(out, "- ");
		end_line(out, start, list->items[i]);
	}
}

static void add_map(struct rp_strbuf *out, const struct rp_yaml *map, unsigned depth)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct rp_yaml *y = map->items[i];
		size_t start = out->len;

		add_indent(out, depth);
		rp_yaml_add_text(out, map->keys[i], map->key_nodes[i]->quoted);
		rp_strbuf_add(out, is_simple(y) ? ": " : ":\n");
		if (is_simple(y))
			end_line(out, start, y);
		else if (y->kind == RP_YAML_MAP)
			add_map(out, y, depth + 1);
		else
			add_list(out, y, depth + 1);
	}
}

static int give_text(struct rp_strbuf *out, char **ret_text, struct rocpart_error *reterr)
{
	char *text = rp_strbuf_steal(out);

	if (!text)
		return rp_error_nomem(reterr);
	*ret_text = text;
	return 0;
}

ROCPART_PUBLIC int rocpart_desired_to_yaml(const struct rocpart_desired *desired, char **ret_text,
					   struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;

	add_map(&out, desired->root, 0);
	return give_text(&out, ret_text, reterr);
}

/* ---- as JSON ---- */

/* A value as it stands in the file: texts, lists and maps of texts. NULL: no memory. */
static struct rp_json *value_json(const struct rp_yaml *y)
{
	struct rp_json *j = y->kind == RP_YAML_SCALAR ? rp_json_string(y->text)
			    : y->kind == RP_YAML_LIST ? rp_json_array()
						      : rp_json_object();
	int r = j ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < y->n; i++)
		r = y->kind == RP_YAML_LIST ? rp_json_append(j, value_json(y->items[i]))
					    : rp_json_set(j, y->keys[i], value_json(y->items[i]));
	return r < 0 ? rp_json_free(j) : j;
}

/* The keys that lead to a value, from the outermost. */
struct way {
	const char *keys[40]; /* YAML is at most 32 deep */
	size_t n;
};

static struct rp_json *way_json(const struct way *way)
{
	struct rp_json *j = rp_json_array();
	int r = j ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < way->n; i++)
		r = rp_json_append(j, rp_json_string(way->keys[i]));
	return r < 0 ? rp_json_free(j) : j;
}

static int add_value(struct rp_json *list, const struct way *way, const struct rp_yaml *y)
{
	struct rp_json *j = rp_json_object();
	bool is_default = y->file == rp_desired_default;
	int r = rp_json_set(j, "path", way_json(way));

	r |= rp_json_set(j, "value", value_json(y));
	r |= rp_json_set_bool(j, "is_default", is_default);
	r |= rp_json_set_string(j, "file", is_default ? NULL : y->file);
	r |= is_default ? rp_json_set_null(j, "line") : rp_json_set_u64(j, "line", y->line);
	r |= is_default ? rp_json_set_null(j, "column") : rp_json_set_u64(j, "column", y->column);
	if (r == 0)
		return rp_json_append(list, j);
	rp_json_free(j);
	return -ENOMEM;
}

static int add_values(struct rp_json *list, struct way *way, const struct rp_yaml *map)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < map->n; i++) {
		const struct rp_yaml *y = map->items[i];

		way->keys[way->n++] = map->keys[i];
		r = y->kind == RP_YAML_MAP && y->n ? add_values(list, way, y)
						   : add_value(list, way, y);
		way->n--;
	}
	return r;
}

static struct rp_json *files_json(const struct rocpart_desired *desired)
{
	struct rp_json *j = rp_json_array();
	int r = j ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < desired->files.n; i++)
		r = rp_json_append(j, rp_json_string(desired->files.v[i]));
	return r < 0 ? rp_json_free(j) : j;
}

ROCPART_PUBLIC int rocpart_desired_to_json(const struct rocpart_desired *desired, char **ret_text,
					   struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	struct rp_json *values = rp_json_array();
	struct way way = {.n = 0};
	int r = j && values ? add_values(values, &way, desired->root) : -ENOMEM;

	if (r == 0)
		r = rp_json_set(j, "files", files_json(desired));
	if (r < 0)
		rp_json_free(values);
	else
		r = rp_json_set(j, "values", values);
	if (r == 0)
		r = rp_json_print(j, false, &out);
	return r < 0 ? rp_error_nomem(reterr) : give_text(&out, ret_text, reterr);
}
