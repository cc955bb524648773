/* SPDX-License-Identifier: MIT */
#include "machine/journal.h"
#include "base/seal.h"
#include "machine/public.h"
#include "machine/records.h"

#define OPEN	   "journal"
#define LAST	   "journal.last"
#define CLOSED	   "{\"closed\""
#define SIZE_LIMIT (4 * 1024 * 1024)

struct line {
	const char *s;
	size_t len; /* without the newline */
};

/* The line at *at, which moves behind it; false: no whole line is left. */
static bool next_line(const struct rp_strbuf *text, size_t *at, struct line *ret)
{
	const char *s = rp_strbuf_str(text) + *at;
	const char *end = *at < text->len ? memchr(s, '\n', text->len - *at) : NULL;

	if (!end)
		return false;
	*ret = (struct line){s, (size_t)(end - s)};
	*at += ret->len + 1;
	return true;
}

/* A power cut can leave zeros where a block of the last line was not written yet. */
static bool has_hole(struct line l)
{
	static const char zeros[8];

	return memmem(l.s, l.len, zeros, sizeof(zeros));
}

/*
 * The bytes of the whole lines; what follows was torn. A last line of which only the newline is
 * missing is whole, and one with another byte in its place is damaged like any other line.
 */
static int find_end(struct rp_strbuf *text, size_t *ret_len)
{
	size_t at = 0, last = 0;
	struct line l, tail;

	for (size_t from = 0; next_line(text, &at, &l); from = at)
		last = from;
	tail = (struct line){rp_strbuf_str(text) + at, text->len - at};
	if (tail.len && rp_seal_check(tail.s, tail.len - 1) == 0)
		return -EBADMSG;
	if (tail.len && rp_seal_check(tail.s, tail.len) == 0) {
		rp_strbuf_add_char(text, '\n');
		at = text->len;
	} else if (!tail.len && at && has_hole(l)) {
		at = last;
	}
	*ret_len = at;
	return rp_strbuf_failed(text) ? -ENOMEM : 0;
}

static int read_whole(struct rocpart_machine *m, const char *file, struct rp_strbuf *ret)
{
	size_t end = 0;
	int r = rp_tree_read_file(m->state, SIZE_LIMIT, ret, "%s", file);

	if (r == 0)
		r = find_end(ret, &end);
	if (r == 0)
		rp_strbuf_truncate(ret, end);
	return r == -EFBIG ? -EBADMSG : r;
}

/* Its last line says that it was closed; only the rename was interrupted. */
static bool is_closed(const struct rp_strbuf *text)
{
	struct line l = {"", 0};

	for (size_t at = 0; next_line(text, &at, &l);)
		;
	return l.len && rp_str_starts(l.s, CLOSED) && l.s[l.len - 1] == '}' &&
	       rp_seal_check(l.s, l.len) != -EBADMSG;
}

int rp_journal_look(struct rocpart_machine *m, bool *ret_is_open)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *public = NULL;
	int r = rp_machine_open_state(m);

	if (r == 0)
		r = m->state ? read_whole(m, OPEN, &text) : -ENOENT;
	if (r == -EACCES)
		*ret_is_open = rp_public_read(m, &public) == 0 &&
			       rp_json_bool_value(rp_json_get(public, "unfinished_change"));
	else if (r == -ENOENT || r == -EBADMSG)
		*ret_is_open = r == -EBADMSG;
	else if (r < 0)
		return r;
	else
		*ret_is_open = !is_closed(&text);
	return 0;
}

bool rp_journal_is_open(struct rocpart_machine *m)
{
	bool is_open = false;

	return rp_journal_look(m, &is_open) < 0 || is_open;
}

static int print_line(const struct rp_json *j, struct rp_strbuf *ret)
{
	int r = rp_json_print(j, false, ret);

	if (r == 0)
		r = rp_seal_add(ret);
	rp_strbuf_add_char(ret, '\n');
	return r < 0 || rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

/* A torn last line is dropped before the next one, and a newline that is missing is added. */
static int append_line(struct rp_tree *state, const struct rp_strbuf *line)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read_file(state, SIZE_LIMIT, &text, OPEN);
	size_t len = text.len, end = 0;

	if (r == 0)
		r = find_end(&text, &end);
	if (r < 0)
		return r;
	if (end == len)
		return rp_tree_append(state, line->s, line->len, OPEN);
	rp_strbuf_truncate(&text, end);
	rp_strbuf_add_mem(&text, line->s, line->len);
	if (rp_strbuf_failed(&text))
		return -ENOMEM;
	return rp_tree_replace(state, text.s, text.len, OPEN);
}

static int report_write(struct rocpart_machine *m, int r, const char *what,
			struct rocpart_error *reterr)
{
	return r < 0 ? rp_error_errno(reterr, r, m->state_dir, "cannot %s the journal in '%s'",
				      what, m->state_dir)
		     : 0;
}

/* A journal that was closed, and whose rename was interrupted, is the last one. */
static int keep_closed(struct rocpart_machine *m)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = read_whole(m, OPEN, &text);

	if (r == 0 && is_closed(&text))
		r = rp_tree_rename(m->state, OPEN, LAST);
	return r == -ENOENT || r == -EBADMSG ? 0 : r;
}

int rp_journal_begin(struct rocpart_machine *m, const struct rp_json *head,
		     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = print_line(head, &text), dropped;
	bool is_left = false;

	if (r == 0)
		r = keep_closed(m);
	/* As one file: a journal without its first line would say nothing. */
	if (r == 0)
		r = rp_tree_replace(m->state, text.s, text.len, OPEN);
	dropped = rp_tree_is_unsynced(m->state, r) ? rp_tree_remove(m->state, OPEN) : 0;
	if (dropped < 0 && dropped != -ENOENT && !rp_tree_is_unsynced(m->state, dropped))
		is_left = true;
	rp_machine_publish(m);
	(void)report_write(m, r, "write", reterr);
	if (is_left)
		(void)rp_error_hint(reterr, "the journal is there, and no step was done: `rocpart "
					    "undo` closes the journal");
	return r;
}

int rp_journal_append(struct rocpart_machine *m, const struct rp_json *line,
		      struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = print_line(line, &text);

	if (r == 0)
		r = append_line(m->state, &text);
	return report_write(m, r, "write", reterr);
}

int rp_journal_drop(struct rocpart_machine *m)
{
	int r = rp_tree_remove(m->state, OPEN);

	rp_machine_publish(m);
	return r;
}

int rp_journal_close(struct rocpart_machine *m, const struct rp_json *line,
		     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = print_line(line, &text);

	if (r == 0 && !rp_str_starts(rp_strbuf_str(&text), CLOSED))
		r = -EINVAL;
	if (r == 0)
		r = append_line(m->state, &text);
	if (r == 0 && rp_tree_rename(m->state, OPEN, LAST) < 0)
		rp_trace_note(&m->trace, ROCPART_TRACE_DECISION, OPEN,
			      "the journal is closed; the next change renames it");
	rp_machine_publish(m);
	return report_write(m, r, "close", reterr);
}

static int parse_line(struct line l, struct rp_json **ret)
{
	int r = rp_seal_check(l.s, l.len) == -EBADMSG ? -EBADMSG : 0;

	if (r == 0)
		r = rp_json_parse(l.s, l.len, OPEN, ret, NULL);
	return r < 0 && r != -ENOMEM ? -EBADMSG : r;
}

/* A newer version says the least version that may read its journal; before that key it did not. */
static int check_version(const struct rp_json *head, int64_t *ret_version)
{
	const struct rp_json *least = rp_json_get(head, "min_reader");
	int64_t version = rp_json_int_value(rp_json_get(head, "journal_version"));
	int64_t needed = least ? rp_json_int_value(least) : version;

	*ret_version = version;
	if (version < 1 || needed < 1)
		return -EBADMSG;
	return needed > RP_JOURNAL_VERSION ? -EPROTONOSUPPORT : 0;
}

static int give_lines(const struct rp_strbuf *text, rp_journal_line_fn fn, void *userdata,
		      int64_t *ret_version)
{
	bool is_head = true;
	struct line l;

	for (size_t at = 0; next_line(text, &at, &l); is_head = false) {
		RP_AUTO_JSON struct rp_json *line = NULL;
		int r = parse_line(l, &line);

		if (r == 0 && is_head)
			r = check_version(line, ret_version);
		if (r == 0 && (is_head || !rp_json_get(line, "closed")))
			r = fn(userdata, line, is_head);
		if (r < 0)
			return r == -EINVAL ? -EBADMSG : r;
	}
	return is_head ? -EBADMSG : 0;
}

/* The whole lines of an open or a closed journal. -ENOENT: there is none. */
static int read_text(struct rocpart_machine *m, enum rp_journal_file file, struct rp_strbuf *ret)
{
	int r = rp_machine_open_state(m);

	if (r == 0)
		r = m->state ? read_whole(m, OPEN, ret) : -ENOENT;
	if (file == RP_JOURNAL_OPEN)
		return r == 0 && is_closed(ret) ? -ENOENT : r;
	if (r == 0 && is_closed(ret)) /* the last one, whose rename was interrupted */
		return 0;
	return m->state ? read_whole(m, LAST, ret) : r < 0 ? r : -ENOENT;
}

int rp_journal_ended_with(struct rocpart_machine *m, const char *outcome, bool *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *line = NULL;
	struct line l = {"", 0};
	int r = read_text(m, RP_JOURNAL_LAST, &text);

	*ret = false;
	if (r < 0 || !is_closed(&text))
		return r == -ENOENT ? 0 : r;
	for (size_t at = 0; next_line(&text, &at, &l);)
		;
	r = parse_line(l, &line);
	if (r == 0)
		*ret = rp_str_eq(rp_json_text(rp_json_get(line, "closed")), outcome);
	return r;
}

static int report_read(struct rocpart_machine *m, const char *name, int r,
		       struct rocpart_error *reterr)
{
	bool is_open = rp_str_eq(name, OPEN);

	if (r == -ENOENT)
		return rp_error_set(reterr, r, ROCPART_ERR_NOT_FOUND, NULL,
				    is_open ? "no change is unfinished: there is nothing to resume"
					    : "no change was recorded: there is nothing to undo");
	if (r == -ENOMEM)
		return rp_error_nomem(reterr);
	if (r != -EBADMSG) {
		(void)rp_error_errno(reterr, r, m->state_dir, "cannot read the journal '%s/%s'",
				     m->state_dir, name);
		if (r == -EACCES)
			(void)rp_error_hint(reterr, "run the command as root");
		return r;
	}
	(void)rp_error_set(reterr, r, ROCPART_ERR_BAD_RECORDS, m->state_dir,
			   "the journal '%s/%s' is damaged: its change can be neither resumed nor "
			   "undone",
			   m->state_dir, name);
	if (is_open)
		(void)rp_error_hint(reterr,
				    "`rocpart state set-aside` moves the file away and shows what "
				    "is readable; then `rocpart status`, and set the modes that "
				    "you want");
	else
		(void)rp_error_hint(reterr, "set the modes that you want with `rocpart set`; the "
					    "next change replaces the file");
	return r;
}

static int report_newer(struct rocpart_machine *m, const char *name, int64_t version,
			struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EPROTONOSUPPORT, ROCPART_ERR_BAD_RECORDS, m->state_dir,
			   "a newer rocpart (journal version %lld) wrote the journal '%s/%s'",
			   (long long)version, m->state_dir, name);
	(void)rp_error_hint(reterr, "use that version to resume or undo its change");
	return -EPROTONOSUPPORT;
}

int rp_journal_read(struct rocpart_machine *m, enum rp_journal_file file, rp_journal_line_fn fn,
		    void *userdata, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *name = file == RP_JOURNAL_OPEN ? OPEN : LAST;
	int64_t version = 0;
	int r = read_text(m, file, &text);

	if (r == 0)
		r = give_lines(&text, fn, userdata, &version);
	if (r == -EPROTONOSUPPORT)
		return report_newer(m, name, version, reterr);
	return r < 0 ? report_read(m, name, r, reterr) : 0;
}

int rp_journal_read_end(struct rocpart_machine *m, struct rp_json **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct line l = {"", 0};
	int r = read_text(m, RP_JOURNAL_LAST, &text);

	for (size_t at = 0; r == 0 && next_line(&text, &at, &l);)
		;
	if (r < 0)
		return r;
	return rp_str_starts(l.s, CLOSED) ? parse_line(l, ret) : -ENOENT;
}

/* "stop-service vllm.service", of each line that is readable. */
static void add_steps(struct rp_strbuf *text, struct rp_strbuf *ret)
{
	struct line l;

	rp_strbuf_add_char(text, '\n'); /* a torn line is shown too, when it is readable */
	for (size_t at = 0; next_line(text, &at, &l);) {
		RP_AUTO_JSON struct rp_json *line = NULL;
		const char *step, *value;

		if (parse_line(l, &line) < 0)
			continue;
		step = rp_json_text(rp_json_get(line, "step"));
		value = rp_json_text(rp_json_get(line, "value"));
		if (step && !rp_str_eq(step, "save-settings"))
			rp_strbuf_addf(ret, "  recorded step: %s%s%s\n", step, value ? " " : "",
				       value ? value : "");
	}
}

int rp_journal_set_aside(struct rocpart_machine *m, struct rp_strbuf *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char name[32];
	int r = rp_tree_read_file(m->state, SIZE_LIMIT, &text, OPEN);

	if (r < 0 && !rp_record_is_damage(r))
		return r;
	r = rp_record_set_aside(m, OPEN, name);
	if (r < 0)
		return r;
	rp_strbuf_addf(ret,
		       "the damaged journal is now '%s/%s': its change can be neither resumed nor "
		       "undone\n",
		       m->state_dir, name);
	add_steps(&text, ret);
	rp_machine_publish(m);
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}
