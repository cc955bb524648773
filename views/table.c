/* SPDX-License-Identifier: MIT */
/* Values as text, and aligned rows of them. */
#include "views/table.h"

#include "base/num.h"
#include "base/printable.h"

/* ---- values ---- */

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
		view_addf(out, "%s%s", i ? " " : "", rp_json_text(rp_json_at(v, i)));
	if (rp_json_len(v) == 0)
		rp_strbuf_add_char(out, '-');
}

/* "0000:05:00.0/6" */
static void show_partition(const char *name, const struct rocpart_snapshot *s,
			   struct rp_strbuf *out)
{
	char text[VIEW_PARTITION_TEXT_SIZE];
	const char *slash = strchr(name, '/');
	char bdf[RP_BDF_SIZE] = "";
	uint32_t id = 0;

	if (slash && rp_fmt(bdf, sizeof(bdf), "%.*s", (int)(slash - name), name) == 0 &&
	    rp_parse_u32(slash + 1, 10, &id) == 0)
		view_addf(out, "%s", view_format_partition(s, bdf, id, text));
	else
		view_addf(out, "%s", name);
}

static void show_count(const struct rp_json *v, struct rp_strbuf *out)
{
	char text[VIEW_COUNT_TEXT_SIZE];

	rp_strbuf_add(out, view_format_count((uint64_t)rp_json_int_value(v), text));
}

static void show_plain(const struct rp_json *v, enum view_show show, struct rp_strbuf *out)
{
	switch (rp_json_type(v)) {
	case RP_JSON_STRING:
		rp_printable_add(out, rp_json_text(v));
		break;
	case RP_JSON_BOOL:
		rp_strbuf_add(out, rp_json_bool_value(v) ? "yes" : "no");
		break;
	case RP_JSON_INT:
		rp_strbuf_addf(out, "%lld", (long long)rp_json_int_value(v));
		break;
	case RP_JSON_REAL:
		rp_strbuf_addf(out, "%.*f", show == VIEW_SHOW_WHOLE ? 0 : 2, rp_json_real_value(v));
		break;
	case RP_JSON_NULL:
	case RP_JSON_ARRAY:
	case RP_JSON_OBJECT:
	default:
		rp_strbuf_add_char(out, '-');
		break;
	}
}

static int show_value(const struct rp_json *value, enum view_show show,
		      const struct view_layout *layout, struct rp_strbuf *ret)
{
	enum rp_json_type type = rp_json_type(value);

	if (type == RP_JSON_NULL)
		rp_strbuf_add_char(ret, '-');
	else if (show == VIEW_SHOW_BYTES && type == RP_JSON_ARRAY)
		show_byte_list(value, ret);
	else if (show == VIEW_SHOW_BYTES)
		show_bytes(value, ret);
	else if (show == VIEW_SHOW_COUNT && type == RP_JSON_INT)
		show_count(value, ret);
	else if (show == VIEW_SHOW_RANGE)
		show_range(value, ret);
	else if (show == VIEW_SHOW_LIST)
		show_list(value, ret);
	else if (show == VIEW_SHOW_PARTITION && type == RP_JSON_STRING && !layout->wide)
		show_partition(rp_json_text(value), layout->snapshot, ret);
	else
		show_plain(value, show, ret);
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

/* As JSON has it, without its quotes, but escaped: CSV is looked at on terminals. Words and numbers
 * of a list with blanks between them. */
static int exact_value(const struct rp_json *value, struct rp_strbuf *ret)
{
	int r = 0;

	switch (rp_json_type(value)) {
	case RP_JSON_NULL:
		return 0;
	case RP_JSON_STRING:
		rp_printable_add(ret, rp_json_text(value));
		return rp_strbuf_failed(ret) ? -ENOMEM : 0;
	case RP_JSON_ARRAY:
		if (rp_json_type(rp_json_at(value, 0)) == RP_JSON_OBJECT)
			return rp_json_print(value, false, ret);
		for (size_t i = 0; r == 0 && i < rp_json_len(value); i++) {
			rp_strbuf_add(ret, i ? " " : "");
			r = exact_value(rp_json_at(value, i), ret);
		}
		return r;
	case RP_JSON_BOOL:
		rp_strbuf_add(ret, rp_json_bool_value(value) ? "true" : "false");
		return rp_strbuf_failed(ret) ? -ENOMEM : 0;
	case RP_JSON_INT:
		rp_strbuf_addf(ret, "%lld", (long long)rp_json_int_value(value));
		return rp_strbuf_failed(ret) ? -ENOMEM : 0;
	case RP_JSON_REAL:
	case RP_JSON_OBJECT:
	default:
		return rp_json_print(value, false, ret);
	}
}

/* ---- columns ---- */

#define MAX_COLUMNS 32

struct column {
	const struct view_field *field;
	bool has_numbers, has_text;
};

struct view_table {
	struct view_layout layout;
	struct column columns[MAX_COLUMNS];
	size_t n_columns;
	bool is_folding;
	/* row by row; of rows that are folded the first, and in lasts the last of them */
	struct rp_names cells, lasts;
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

	do {
		size_t n = strcspn(columns, ",");

		if (!field_of(fields, columns, n) || ++count > MAX_COLUMNS) {
			(void)rp_fmt(bad, 32, "%.*s", n < 31 ? (int)n : 31, columns);
			return -EINVAL;
		}
		columns += n;
	} while (*columns++ == ',');
	return 0;
}

static bool is_chosen(const struct view_field *f, const struct view_layout *layout)
{
	if (layout->csv)
		return !(f->sets & VIEW_NO_CSV);
	if (layout->wide)
		return !(f->sets & VIEW_NO_WIDE) && f->show != VIEW_SHOW_NEVER;
	return f->sets & VIEW_DEFAULT;
}

static void add_column(struct view_table *t, const struct view_field *f)
{
	if (f && t->n_columns < MAX_COLUMNS)
		t->columns[t->n_columns++].field = f;
}

static void choose_columns(struct view_table *t, const struct view_field *fields)
{
	const char *names = t->layout.columns;

	for (; !names && fields->key; fields++) {
		if (is_chosen(fields, &t->layout))
			add_column(t, fields);
	}
	while (names && *names) {
		size_t n = strcspn(names, ",");

		add_column(t, field_of(fields, names, n));
		names += n + (names[n] == ',');
	}
}

struct view_table *view_table_new(const struct view_field *fields, const struct view_layout *layout)
{
	struct view_table *t = rp_new0(struct view_table, 1);

	if (!t)
		return NULL;
	t->layout = *layout;
	t->is_folding = !layout->columns && !layout->wide && !layout->csv;
	choose_columns(t, fields);
	return t;
}

struct view_table *view_table_free(struct view_table *t)
{
	if (t) {
		rp_names_done(&t->cells);
		rp_names_done(&t->lasts);
	}
	free(t);
	return NULL;
}

/* ---- rows ---- */

static void note_kind(struct column *c, const struct rp_json *v)
{
	enum rp_json_type type = rp_json_type(v);

	if (type == RP_JSON_NULL)
		return;
	if (type == RP_JSON_INT || type == RP_JSON_REAL || c->field->show == VIEW_SHOW_BYTES)
		c->has_numbers = true;
	else
		c->has_text = true;
}

/* No name of ours is as long; one that is would make each row of its column as wide. */
#define MOST_COLUMNS 256

static int show_cell(const struct rp_json *v, enum view_show show, const struct view_layout *layout,
		     struct rp_strbuf *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = show_value(v, show, layout, &text);

	if (layout->wide)
		rp_strbuf_add(ret, rp_strbuf_str(&text));
	else
		view_cut(rp_strbuf_str(&text), MOST_COLUMNS, ret);
	return r == 0 && rp_strbuf_failed(ret) ? -ENOMEM : r;
}

static int add_cells(struct view_table *t, const void *object)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
		const struct view_field *f = t->columns[i].field;
		RP_AUTO_JSON struct rp_json *v = f->get(object);
		int r = !v		? -ENOMEM
			: t->layout.csv ? exact_value(v, &text)
					: show_cell(v, f->show, &t->layout, &text);

		if (r == 0)
			r = rp_names_add(&t->cells, rp_strbuf_str(&text));
		if (r == 0)
			r = rp_names_add(&t->lasts, rp_strbuf_str(&text));
		if (r < 0)
			return r;
		note_kind(&t->columns[i], v);
	}
	return 0;
}

/* Whether the newest row, whose cells begin at now, shows what the one before it does. */
static bool is_as_before(const struct view_table *t, size_t now)
{
	bool can_fold = false;

	for (size_t i = 0; i < t->n_columns; i++) {
		if (t->columns[i].field->is_folded)
			can_fold = true;
		else if (!rp_str_eq(t->cells.v[now + i], t->cells.v[now + i - t->n_columns]))
			return false;
	}
	return can_fold;
}

/* The newest row becomes the end of the one before it. */
static void fold(struct view_table *t, size_t now)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		free(t->lasts.v[now + i - t->n_columns]);
		t->lasts.v[now + i - t->n_columns] = t->lasts.v[now + i];
		free(t->cells.v[now + i]);
	}
	t->lasts.n = now;
	t->cells.n = now;
}

int view_table_add(struct view_table *t, const void *object)
{
	size_t now = t ? t->cells.n : 0;
	int r = t ? add_cells(t, object) : -ENOMEM;

	if (r == 0 && t->is_folding && now > 0 && is_as_before(t, now))
		fold(t, now);
	return r;
}

/* ---- aligned text ---- */

/* "0000:05:00.0" is "05:00" in a range: the domain and the function of its ends are those of all.
 */
static void add_end(const char *text, struct rp_strbuf *ret)
{
	size_t n = strlen(text);

	if (rp_str_starts(text, "0000:") && rp_str_ends(text, ".0"))
		rp_strbuf_add_mem(ret, text + 5, n - 7);
	else
		rp_strbuf_add(ret, text);
}

/* "3", or "0-7" of rows that were folded. */
static void add_folded(const struct view_table *t, size_t i, struct rp_strbuf *ret)
{
	const char *first = t->cells.v[i], *last = t->lasts.v[i];

	if (rp_str_eq(first, last)) {
		rp_strbuf_add(ret, first);
		return;
	}
	add_end(first, ret);
	rp_strbuf_add_char(ret, '-');
	add_end(last, ret);
}

/* The text of all cells, and how wide that makes each column. 0 or -ENOMEM. */
static int measure(const struct view_table *t, struct rp_names *ret, size_t *widths)
{
	for (size_t i = 0; i < t->n_columns; i++)
		widths[i] = view_width(t->columns[i].field->heading);
	for (size_t i = 0; i < t->cells.n; i++) {
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
		size_t column = i % t->n_columns, width;

		if (t->columns[column].field->is_folded)
			add_folded(t, i, &text);
		else
			rp_strbuf_add(&text, t->cells.v[i]);
		if (rp_strbuf_failed(&text) || rp_names_add(ret, rp_strbuf_str(&text)) < 0)
			return -ENOMEM;
		width = view_width(rp_strbuf_str(&text));
		widths[column] = width > widths[column] ? width : widths[column];
	}
	return 0;
}

static size_t total_width(const struct view_table *t, const size_t *widths)
{
	size_t sum = t->n_columns ? 2 * (t->n_columns - 1) : 0;

	for (size_t i = 0; i < t->n_columns; i++)
		sum += widths[i];
	return sum;
}

/* The widest names give way, column by column, until the terminal is wide enough. */
static void narrow(const struct view_table *t, size_t *widths)
{
	const size_t least = 8;

	while (t->layout.width && !t->layout.wide && total_width(t, widths) > t->layout.width) {
		size_t widest = MAX_COLUMNS;

		for (size_t i = 0; i < t->n_columns; i++)
			if (t->columns[i].field->is_name && widths[i] > least &&
			    (widest == MAX_COLUMNS || widths[i] > widths[widest]))
				widest = i;
		if (widest == MAX_COLUMNS)
			return;
		widths[widest]--;
	}
}

static void add_cell(const struct view_table *t, size_t column, size_t width, const char *text,
		     bool is_heading, struct rp_strbuf *ret)
{
	const struct column *c = &t->columns[column];
	bool is_last = column + 1 == t->n_columns, is_right = c->has_numbers && !c->has_text;
	enum view_tone tone = t->layout.colour && c->field->is_state && !is_heading
				      ? view_tone_of(text)
				      : VIEW_TONE_PLAIN;
	RP_AUTO_STRBUF struct rp_strbuf cut = RP_STRBUF_INIT;
	size_t has;
	int pad;

	view_cut(text, width, &cut);
	ret->failed |= rp_strbuf_failed(&cut);
	has = view_width(rp_strbuf_str(&cut));
	pad = width > has ? (int)(width - has) : 0;
	rp_strbuf_addf(ret, "%*s%s%s%s", is_right ? pad : 0, "", view_tone_begin(tone),
		       rp_strbuf_str(&cut), view_tone_end(tone));
	if (is_last)
		rp_strbuf_add_char(ret, '\n');
	else
		rp_strbuf_addf(ret, "%*s  ", is_right ? 0 : pad, "");
}

static int add_aligned(const struct view_table *t, struct rp_strbuf *ret)
{
	RP_AUTO_NAMES struct rp_names texts = RP_NAMES_INIT;
	size_t widths[MAX_COLUMNS] = {0};

	if (measure(t, &texts, widths) < 0)
		return -ENOMEM;
	narrow(t, widths);
	for (size_t i = 0; i < t->n_columns; i++)
		add_cell(t, i, widths[i], t->columns[i].field->heading, true, ret);
	for (size_t i = 0; i < texts.n; i++)
		add_cell(t, i % t->n_columns, widths[i % t->n_columns], texts.v[i], false, ret);
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

/* ---- comma-separated values ---- */

/* RFC 4180; lines end as they do on this system. */
static void add_csv(const char *text, bool is_last, struct rp_strbuf *ret)
{
	bool is_quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (is_quoted)
		rp_strbuf_add_char(ret, '"');
	for (; *text; text++) {
		if (*text == '"')
			rp_strbuf_add_char(ret, '"');
		rp_strbuf_add_char(ret, *text);
	}
	if (is_quoted)
		rp_strbuf_add_char(ret, '"');
	rp_strbuf_add_char(ret, is_last ? '\n' : ',');
}

static int add_csv_rows(const struct view_table *t, struct rp_strbuf *ret)
{
	for (size_t i = 0; i < t->n_columns; i++)
		add_csv(t->columns[i].field->key, i + 1 == t->n_columns, ret);
	for (size_t i = 0; i < t->cells.n; i++)
		add_csv(t->cells.v[i], (i + 1) % t->n_columns == 0, ret);
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

int view_table_text(const struct view_table *t, struct rp_strbuf *ret)
{
	return t->layout.csv ? add_csv_rows(t, ret) : add_aligned(t, ret);
}

/* ---- one object ---- */

static int add_field_line(const struct view_field *f, const void *object,
			  const struct view_layout *layout, struct rp_strbuf *ret)
{
	RP_AUTO_JSON struct rp_json *v = f->get(object);
	RP_AUTO_STRBUF struct rp_strbuf line = RP_STRBUF_INIT;

	rp_strbuf_addf(&line, "%-24s \t", f->key);
	if (!v || show_value(v, f->show, layout, &line) < 0)
		return -ENOMEM;
	if ((f->show == VIEW_SHOW_BYTES || f->show == VIEW_SHOW_COUNT) &&
	    rp_json_type(v) == RP_JSON_INT)
		rp_strbuf_addf(&line, " (%lld)", (long long)rp_json_int_value(v));
	rp_strbuf_add_char(&line, '\n');
	view_wrap(rp_strbuf_str(&line), layout->width, ret);
	return rp_strbuf_failed(&line) || rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

int view_object_text(const struct view_field *fields, const void *object,
		     const struct view_layout *layout, struct rp_strbuf *ret)
{
	int r = 0;

	for (; r == 0 && fields->key; fields++)
		if (!(fields->sets & VIEW_NO_WIDE) && fields->show != VIEW_SHOW_NEVER)
			r = add_field_line(fields, object, layout, ret);
	return r;
}
