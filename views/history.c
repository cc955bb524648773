/* SPDX-License-Identifier: MIT */
#include "views/history.h"

#include "base/clock.h"

static const struct rocpart_history_entry *entry(const void *o)
{
	return ((const struct view_history_row *)o)->entry;
}

static struct rp_json *entry_at(const void *o)
{
	return rp_json_int(entry(o)->at_s);
}

static struct rp_json *entry_when(const void *o)
{
	char text[RP_TIME_TEXT_SIZE];
	char *end = strstr(rp_time_text(entry(o)->at_s, text), " UTC");

	if (end)
		*end = '\0'; /* the heading has it */
	return rp_json_string(text);
}

static struct rp_json *entry_uid(const void *o)
{
	return entry(o)->has_uid ? rp_json_u64(entry(o)->uid) : rp_json_null();
}

static struct rp_json *entry_user(const void *o)
{
	return view_text_or_null(((const struct view_history_row *)o)->user);
}

static struct rp_json *entry_kind(const void *o)
{
	return rp_json_string(entry(o)->kind);
}

static struct rp_json *number(uint64_t n)
{
	return n ? rp_json_u64(n) : rp_json_null();
}

static struct rp_json *entry_change(const void *o)
{
	return number(entry(o)->change);
}

static struct rp_json *entry_lease(const void *o)
{
	return number(entry(o)->lease);
}

static struct rp_json *entry_outcome(const void *o)
{
	return rp_json_string(entry(o)->outcome);
}

static struct rp_json *entry_seconds(const void *o)
{
	return entry(o)->milliseconds < 0 ? rp_json_null()
					  : rp_json_real((double)entry(o)->milliseconds / 1000);
}

static struct rp_json *entry_text(const void *o)
{
	return rp_json_string(entry(o)->text);
}

/* "change 17", "lease 3", "hold" */
static struct rp_json *entry_what(const void *o)
{
	const struct rocpart_history_entry *e = entry(o);
	uint64_t n = e->change ? e->change : e->lease;
	RP_AUTO_FREE char *text =
		n ? rp_strdupf("%s %llu", e->kind, (unsigned long long)n) : strdup(e->kind);

	return text ? rp_json_string(text) : NULL;
}

static struct rp_json *entry_command(const void *o)
{
	return view_text_or_null(entry(o)->command);
}

const struct view_field view_history_fields[] = {
	{.key = "when",
	 .sets = VIEW_DEFAULT | VIEW_NO_CSV | VIEW_NO_JSON,
	 .heading = "WHEN (UTC)",
	 .get = entry_when},
	{.key = "at_s", .sets = VIEW_NO_WIDE, .heading = "AT", .get = entry_at},
	{.key = "user", .sets = VIEW_DEFAULT, .is_name = true, .heading = "WHO", .get = entry_user},
	{.key = "uid", .sets = VIEW_NO_WIDE, .heading = "UID", .get = entry_uid},
	{.key = "what",
	 .sets = VIEW_DEFAULT | VIEW_NO_CSV | VIEW_NO_JSON,
	 .heading = "WHAT",
	 .get = entry_what},
	{.key = "kind", .sets = VIEW_NO_WIDE, .heading = "KIND", .get = entry_kind},
	{.key = "change", .sets = VIEW_NO_WIDE, .heading = "CHANGE", .get = entry_change},
	{.key = "lease", .sets = VIEW_NO_WIDE, .heading = "LEASE", .get = entry_lease},
	{.key = "outcome",
	 .sets = VIEW_DEFAULT,
	 .is_state = true,
	 .heading = "OUTCOME",
	 .get = entry_outcome},
	{.key = "seconds", .sets = VIEW_DEFAULT, .heading = "SECONDS", .get = entry_seconds},
	{.key = "text",
	 .sets = VIEW_DEFAULT,
	 .is_name = true,
	 .heading = "DETAILS",
	 .get = entry_text},
	{.key = "command", .heading = "COMMAND", .get = entry_command},
	{.key = NULL},
};

static struct rp_json *rows_json(const struct view_history_row *rows, size_t n)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = rp_json_append(list, view_object_json(view_history_fields, &rows[i]));
	return view_finish(list, r);
}

struct rp_json *view_history(struct view_machine about, const struct view_history_row *rows,
			     size_t n, size_t n_damaged)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set(j, "history", rows_json(rows, n));

	r |= rp_json_set_u64(j, "damaged", n_damaged);
	return view_finish(j, r);
}

struct view_table *view_history_table(const struct view_history_row *rows, size_t n,
				      const struct view_layout *layout)
{
	struct view_table *t = view_table_new(view_history_fields, layout);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = view_table_add(t, &rows[i]);
	return r < 0 ? view_table_free(t) : t;
}

void view_history_line(const struct rocpart_history_entry *e, struct rp_strbuf *ret)
{
	uint64_t n = e->change ? e->change : e->lease;

	view_addf(ret, "%s ", e->kind);
	if (n)
		rp_strbuf_addf(ret, "%llu ", (unsigned long long)n);
	view_addf(ret, "%s: %s", e->outcome, e->text);
}
