/* SPDX-License-Identifier: MIT */
/* Values as text, and aligned rows of them. */
#include "views/table.h"

#include "base/num.h"

static void show_bytes(const struct rp_json *v, struct rp_strbuf *out)
{
	char text[RP_BYTES_TEXT_SIZE];

	rp_strbuf_add(out, rp_format_bytes((uint64_t)rp_json_int_value(v), text));
}

/* Sizes that differ: the smallest is what one can count on. */
static void show_byte_list(const struct rp_json *v, struct rp_strbuf *out)
{
	const struct rp_json *least = rp_json_at(v, 0);

	for (size_t i = 1; i < rp_json_len(v); i++)
		if (rp_json_int_value(rp_json_at(v, i)) < rp_json_int_value(least))
			least = rp_json_at(v, i);
	if (least)
		show_bytes(least, out);
	else
		rp_strbuf_add_char(out, '-');
}

static void show_range(const struct rp_json *v, struct rp_strbuf *out)
{
	size_t n = rp_json_len(v);

	if (n == 0)
		rp_strbuf_add_char(out, '-');
	else if (n == 1)
		rp_strbuf_addf(out, "%lld", (long long)rp_json_int_value(rp_json_at(v, 0)));
	else
		rp_strbuf_addf(out, "%lld-%lld", (long long)rp_json_int_value(rp_json_at(v, 0)),
			       (long long)rp_json_int_value(rp_json_at(v, n - 1)));
}

static void show_list(const struct rp_json *v, struct rp_strbuf *out)
{
	for (size_t i = 0; i < rp_json_len(v); i++)
		rp_strbuf_addf(out, "%s%s", i ? " " : "", rp_json_text(rp_json_at(v, i)));
	if (rp_json_len(v) == 0)
		rp_strbuf_add_char(out, '-');
}

static void show_plain(const struct rp_json *v, struct rp_strbuf *out)
{
	switch (rp_json_type(v)) {
	case RP_JSON_STRING:
		rp_strbuf_add(out, rp_json_text(v));
		break;
	case RP_JSON_BOOL:
		rp_strbuf_add(out, rp_json_bool_value(v) ? "yes" : "no");
		break;
	case RP_JSON_INT:
		rp_strbuf_addf(out, "%lld", (long long)rp_json_int_value(v));
		break;
	case RP_JSON_REAL:
		rp_strbuf_addf(out, "%.2f", rp_json_real_value(v));
		break;
	case RP_JSON_NULL:
	case RP_JSON_ARRAY:
	case RP_JSON_OBJECT:
	default:
		rp_strbuf_add_char(out, '-');
		break;
	}
}

int view_show(const struct rp_json *value, enum view_show show, struct rp_strbuf *ret)
{
	enum rp_json_type type = rp_json_type(value);

	if (type == RP_JSON_NULL)
		rp_strbuf_add_char(ret, '-');
	else if (show == VIEW_SHOW_BYTES && type == RP_JSON_ARRAY)
		show_byte_list(value, ret);
	else if (show == VIEW_SHOW_BYTES)
		show_bytes(value, ret);
	else if (show == VIEW_SHOW_RANGE)
		show_range(value, ret);
	else if (show == VIEW_SHOW_LIST)
		show_list(value, ret);
	else
		show_plain(value, ret);
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

#define MAX_COLUMNS 32

struct view_table {
	const struct view_field *columns[MAX_COLUMNS];
	size_t n_columns;
	struct rp_names cells; /* row by row */
	size_t widths[MAX_COLUMNS];
	bool is_number[MAX_COLUMNS];
};

static const struct view_field *field_of(const struct view_field *fields, const char *key,
					 size_t len)
{
	for (; fields->key; fields++)
		if (strlen(fields->key) == len && strncmp(fields->key, key, len) == 0)
			return fields;
	return NULL;
}

int view_table_check(const struct view_field *fields, const char *columns, char bad[32])
{
	size_t count = 0;

	while (*columns) {
		size_t n = strcspn(columns, ",");

		if (!field_of(fields, columns, n) || ++count > MAX_COLUMNS) {
			(void)rp_fmt(bad, 32, "%.*s", n < 31 ? (int)n : 31, columns);
			return -EINVAL;
		}
		columns += n + (columns[n] == ',');
	}
	return 0;
}

struct view_table *view_table_new(const struct view_field *fields, const char *columns)
{
	struct view_table *t = rp_new0(struct view_table, 1);

	while (t && *columns && t->n_columns < MAX_COLUMNS) {
		size_t n = strcspn(columns, ",");
		const struct view_field *f = field_of(fields, columns, n);

		if (f) {
			t->widths[t->n_columns] = strlen(f->heading);
			t->is_number[t->n_columns] = true;
			t->columns[t->n_columns++] = f;
		}
		columns += n + (columns[n] == ',');
	}
	return t;
}

int view_table_add(struct view_table *t, const void *object)
{
	for (size_t i = 0; t && i < t->n_columns; i++) {
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
		RP_AUTO_JSON struct rp_json *v = t->columns[i]->get(object);
		int r = v ? view_show(v, t->columns[i]->show, &text) : -ENOMEM;

		if (r == 0)
			r = rp_names_add(&t->cells, rp_strbuf_str(&text));
		if (r < 0)
			return r;
		if (text.len > t->widths[i])
			t->widths[i] = text.len;
		if (rp_json_type(v) == RP_JSON_STRING || rp_json_type(v) == RP_JSON_ARRAY ||
		    rp_json_type(v) == RP_JSON_BOOL)
			t->is_number[i] = t->columns[i]->show == VIEW_SHOW_BYTES && t->is_number[i];
	}
	return t ? 0 : -ENOMEM;
}

static void add_cell(const struct view_table *t, size_t column, const char *text,
		     struct rp_strbuf *ret)
{
	bool is_last = column + 1 == t->n_columns;

	if (t->is_number[column])
		rp_strbuf_addf(ret, "%*s%s", (int)t->widths[column], text, is_last ? "\n" : "  ");
	else if (is_last)
		rp_strbuf_addf(ret, "%s\n", text);
	else
		rp_strbuf_addf(ret, "%-*s  ", (int)t->widths[column], text);
}

int view_table_text(const struct view_table *t, struct rp_strbuf *ret)
{
	for (size_t i = 0; i < t->n_columns; i++)
		add_cell(t, i, t->columns[i]->heading, ret);
	for (size_t i = 0; i < t->cells.n; i++)
		add_cell(t, i % t->n_columns, t->cells.v[i], ret);
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

struct view_table *view_table_free(struct view_table *t)
{
	if (t)
		rp_names_done(&t->cells);
	free(t);
	return NULL;
}

int view_object_text(const struct view_field *fields, const void *object, struct rp_strbuf *ret)
{
	for (; fields->key; fields++) {
		RP_AUTO_JSON struct rp_json *v = fields->get(object);

		rp_strbuf_addf(ret, "%-24s ", fields->key);
		if (!v || view_show(v, fields->show, ret) < 0)
			return -ENOMEM;
		if (fields->show == VIEW_SHOW_BYTES && rp_json_type(v) == RP_JSON_INT)
			rp_strbuf_addf(ret, " (%lld)", (long long)rp_json_int_value(v));
		rp_strbuf_add_char(ret, '\n');
	}
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}
