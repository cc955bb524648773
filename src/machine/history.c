/* SPDX-License-Identifier: MIT */
#include "machine/history.h"
#include "base/caller.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/printable.h"
#include "base/seal.h"
#include "machine/records.h"

#define FILE_NOW   "history"
#define FILE_OLD   "history.old"
#define LOCK	   "history.lock"
#define FILE_LIMIT ((size_t)RP_MIB) /* then it becomes the old one */
#define READ_LIMIT ((size_t)16 * RP_MIB)

/* ---- writing ---- */

static int put_line(struct rocpart_history_entry *e, struct rp_strbuf *ret)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	int r = rp_json_set(j, "at_s", rp_json_int(e->at_s));

	r |= rp_json_set_u64(j, "uid", e->uid);
	r |= rp_json_set_string(j, "command", e->command);
	r |= rp_json_set_string(j, "kind", e->kind);
	r |= rp_json_set_string(j, "outcome", e->outcome);
	r |= rp_json_set_string(j, "text", e->text);
	if (e->change)
		r |= rp_json_set_u64(j, "change", e->change);
	if (e->lease)
		r |= rp_json_set_u64(j, "lease", e->lease);
	if (e->milliseconds >= 0)
		r |= rp_json_set(j, "ms", rp_json_int(e->milliseconds));
	if (r == 0)
		r = rp_json_print(j, false, ret);
	return r < 0 ? -ENOMEM : rp_seal_add(ret);
}

/* Whoever has the lock looks again: another process may have done it since. */
static int make_old(struct rp_tree *state)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	uint64_t size = 0;
	int r = rp_tree_lock(state, LOCK, &lock);

	if (r == 0)
		r = rp_tree_log(state, FILE_NOW, "", 0, &size);
	if (r == 0 && size > FILE_LIMIT)
		r = rp_tree_rename(state, FILE_NOW, FILE_OLD);
	return r == -EWOULDBLOCK ? 0 : r; /* another process does it */
}

static int write_entry(struct rocpart_machine *m, struct rocpart_history_entry *e)
{
	RP_AUTO_STRBUF struct rp_strbuf line = RP_STRBUF_INIT, all = RP_STRBUF_INIT;
	uint64_t size = 0;
	int r = put_line(e, &line);

	if (r == 0)
		r = rp_machine_make_state(m, NULL);
	rp_strbuf_add_char(&all, '\n');
	rp_strbuf_add_mem(&all, rp_strbuf_str(&line), line.len);
	if (r == 0 && rp_strbuf_failed(&all))
		r = -ENOMEM;
	if (r == 0)
		r = rp_tree_log(m->state, FILE_NOW, all.s, all.len, &size);
	return r == 0 && size > FILE_LIMIT ? make_old(m->state) : r;
}

void rp_history_add(struct rocpart_machine *m, const struct rocpart_history_entry *e)
{
	struct rocpart_history_entry entry = *e;
	char text[RP_HISTORY_TEXT_SIZE], command[RP_HISTORY_COMMAND_SIZE];
	int r;

	if (m->is_dry_run)
		return;
	rp_printable_fit(text, sizeof(text), e->text);
	rp_printable_fit(command, sizeof(command),
			 m->command ? m->command : program_invocation_short_name);
	entry.text = text;
	entry.command = command;
	entry.has_uid = true;
	entry.uid = rp_caller_uid();
	if (rp_clock_read(&entry.at_s) < 0)
		entry.at_s = 0;
	r = write_entry(m, &entry);
	if (r < 0)
		rp_trace_note(&m->trace, ROCPART_TRACE_WRITE, FILE_NOW,
			      "not written, so the history lacks an entry: %s",
			      rocpart_strerror(r));
	if (m->history_fn)
		m->history_fn(m->history_userdata, &entry);
}

ROCPART_PUBLIC int rocpart_machine_set_command(struct rocpart_machine *machine, const char *command,
					       struct rocpart_error *reterr)
{
	char *copy = strdup(command);

	if (!copy)
		return rp_error_nomem(reterr);
	free(machine->command);
	machine->command = copy;
	return 0;
}

ROCPART_PUBLIC void rocpart_machine_set_history_log(struct rocpart_machine *machine,
						    rocpart_history_fn fn, void *userdata)
{
	machine->history_fn = fn;
	machine->history_userdata = userdata;
}

/* ---- reading ---- */

struct rocpart_history {
	struct rocpart_history_entry *v; /* the newest first; texts belong to lines */
	size_t n, cap;
	struct rp_json **lines;
	size_t n_lines, cap_lines, n_damaged;
};

ROCPART_PUBLIC struct rocpart_history *rocpart_history_free(struct rocpart_history *history)
{
	if (!history)
		return NULL;
	for (size_t i = 0; i < history->n_lines; i++)
		rp_json_free(history->lines[i]);
	free(history->lines);
	free(history->v);
	free(history);
	return NULL;
}

static const char *text_of(const struct rp_json *j, const char *key)
{
	const char *text = rp_json_text(rp_json_get(j, key));

	return text ? text : "";
}

static uint64_t number_of(const struct rp_json *j, const char *key)
{
	int64_t v = rp_json_int_value(rp_json_get(j, key));

	return v > 0 ? (uint64_t)v : 0;
}

static struct rocpart_history_entry entry_of(const struct rp_json *j)
{
	const struct rp_json *uid = rp_json_get(j, "uid"), *ms = rp_json_get(j, "ms");
	int64_t uid_value = rp_json_int_value(uid);
	bool has_uid = rp_json_type(uid) == RP_JSON_INT && uid_value >= 0 && uid_value < UINT32_MAX;

	return (struct rocpart_history_entry){
		.at_s = rp_json_int_value(rp_json_get(j, "at_s")),
		.has_uid = has_uid,
		.uid = has_uid ? (uint32_t)uid_value : 0,
		.command = text_of(j, "command"),
		.kind = text_of(j, "kind"),
		.outcome = text_of(j, "outcome"),
		.text = text_of(j, "text"),
		.change = number_of(j, "change"),
		.lease = number_of(j, "lease"),
		.milliseconds = rp_json_type(ms) == RP_JSON_INT ? rp_json_int_value(ms) : -1,
	};
}

/* A later entry, which is earlier in the list, says how the change went on. */
static bool is_superseded(const struct rocpart_history *h, const struct rocpart_history_entry *e)
{
	if (!e->change || !rp_str_eq(e->outcome, "begun"))
		return false;
	for (size_t i = h->n; i > 0; i--)
		if (h->v[i - 1].change == e->change)
			return !rp_str_eq(h->v[i - 1].outcome, "begun");
	return false;
}

/* 0, also of a damaged line; -ENOMEM. */
static int take_line(struct rocpart_history *h, const char *s, size_t len)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rocpart_history_entry e;
	int r = rp_seal_check(s, len);

	if (r == 0)
		r = rp_json_parse(s, len, FILE_NOW, &j, NULL);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		h->n_damaged++;
		return 0;
	}
	e = entry_of(j);
	if (is_superseded(h, &e))
		return 0;
	r = rp_grow(&h->lines, &h->cap_lines, h->n_lines + 1, sizeof(struct rp_json *));
	if (r == 0)
		r = rp_grow(&h->v, &h->cap, h->n + 1, sizeof(*h->v));
	if (r < 0)
		return r;
	h->lines[h->n_lines++] = rp_steal(&j);
	h->v[h->n++] = e;
	return 0;
}

/* From the last line of a file to the first. */
static int take_file(struct rocpart_history *h, const struct rp_strbuf *text)
{
	size_t end = text->len;
	int r = 0;

	while (r == 0 && end > 0) {
		const char *nl = memrchr(text->s, '\n', end);
		size_t begin = nl ? (size_t)(nl - text->s) + 1 : 0;

		if (end > begin)
			r = take_line(h, text->s + begin, end - begin);
		end = nl ? begin - 1 : 0;
	}
	return r;
}

static int read_file(struct rocpart_machine *m, const char *file, struct rp_strbuf *ret,
		     struct rocpart_error *reterr)
{
	int r;

	rp_strbuf_reset(ret);
	r = rp_tree_read_file(m->state, READ_LIMIT, ret, "%s", file);
	if (r == 0 || r == -ENOENT)
		return 0;
	(void)rp_error_errno(reterr, r, m->state_dir, "cannot read the history '%s/%s'",
			     m->state_dir, file);
	if (r == -EACCES)
		(void)rp_error_hint(reterr, "run the command as root: the history names users and "
					    "commands");
	else if (rp_record_is_damage(r))
		(void)rp_error_hint(reterr, "look at the file, and move it away");
	return r;
}

/* Between two reads the file may have become the old one: then both are read again. */
static int read_both(struct rocpart_machine *m, struct rp_strbuf *now, struct rp_strbuf *old,
		     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf before = RP_STRBUF_INIT;
	int r = read_file(m, FILE_NOW, &before, reterr);

	for (int i = 0; r == 0 && i < 3; i++) {
		r = read_file(m, FILE_OLD, old, reterr);
		if (r == 0)
			r = read_file(m, FILE_NOW, now, reterr);
		if (r < 0 || rp_str_starts(rp_strbuf_str(now), rp_strbuf_str(&before)))
			break;
		rp_strbuf_reset(&before);
		rp_strbuf_add_mem(&before, rp_strbuf_str(now), now->len);
	}
	return r;
}

ROCPART_PUBLIC int rocpart_history_new(struct rocpart_machine *machine, size_t max,
				       struct rocpart_history **ret_history,
				       struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf now = RP_STRBUF_INIT, old = RP_STRBUF_INIT;
	struct rocpart_history *h = rp_new0(struct rocpart_history, 1);
	int r = h ? rp_machine_open_state(machine) : -ENOMEM;

	if (r < 0 && r != -ENOMEM)
		(void)rp_error_errno(reterr, r, machine->state_dir,
				     "cannot use the record folder '%s'", machine->state_dir);
	if (r == 0 && machine->state)
		r = read_both(machine, &now, &old, reterr);
	if (r == 0)
		r = take_file(h, &now);
	if (r == 0)
		r = take_file(h, &old);
	if (r < 0) {
		rocpart_history_free(h);
		return r == -ENOMEM ? rp_error_nomem(reterr) : r;
	}
	if (max && h->n > max)
		h->n = max;
	*ret_history = h;
	return 0;
}

ROCPART_PUBLIC const struct rocpart_history_entry *
rocpart_history_get(const struct rocpart_history *history, size_t index)
{
	return index < history->n ? &history->v[index] : NULL;
}

ROCPART_PUBLIC size_t rocpart_history_get_damaged(const struct rocpart_history *history)
{
	return history->n_damaged;
}

uint64_t rp_history_last_change(struct rocpart_machine *m)
{
	struct rocpart_history *h = NULL;
	uint64_t last = 0;

	if (rocpart_history_new(m, 0, &h, NULL) < 0)
		return 0;
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].change > last)
			last = h->v[i].change;
	rocpart_history_free(h);
	return last;
}
