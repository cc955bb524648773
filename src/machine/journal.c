/* SPDX-License-Identifier: MIT */
#include "machine/journal.h"

#define OPEN	   "journal"
#define LAST	   "journal.last"
#define SIZE_LIMIT (4 * 1024 * 1024)

/* Its last line says that it was closed; only the rename was interrupted. */
static bool is_closed(const struct rp_strbuf *text)
{
	const char *last = rp_strbuf_str(text);

	for (const char *p = last; *p; p++)
		if (*p == '\n' && p[1])
			last = p + 1;
	return rp_str_starts(last, "{\"closed\"") && rp_str_ends(last, "}\n");
}

bool rp_journal_is_open(struct rocpart_machine *m)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	return rp_machine_open_state(m) == 0 && m->state &&
	       rp_tree_read_file(m->state, SIZE_LIMIT, &text, OPEN) != -ENOENT && !is_closed(&text);
}

static int print_line(const struct rp_json *j, struct rp_strbuf *ret)
{
	int r = rp_json_print(j, false, ret);

	rp_strbuf_add_char(ret, '\n');
	return r < 0 || rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

/*
 * A last line without its end was torn by an interruption or a full disk: what it announced was
 * not done, so it is dropped before the next one.
 */
static int append_line(struct rp_tree *state, const struct rp_strbuf *line)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *end;
	int r = rp_tree_read_file(state, SIZE_LIMIT, &text, OPEN);

	if (r < 0)
		return r;
	if (rp_str_ends(rp_strbuf_str(&text), "\n"))
		return rp_tree_append(state, line->s, line->len, OPEN);
	end = strrchr(rp_strbuf_str(&text), '\n');
	rp_strbuf_truncate(&text, end ? (size_t)(end - text.s) + 1 : 0);
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
	int r = rp_tree_read_file(m->state, SIZE_LIMIT, &text, OPEN);

	if (r == -ENOENT || (r == 0 && !is_closed(&text)))
		return 0;
	return r < 0 ? r : rp_tree_rename(m->state, OPEN, LAST);
}

int rp_journal_begin(struct rocpart_machine *m, const struct rp_json *head,
		     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = print_line(head, &text);

	if (r == 0)
		r = keep_closed(m);
	/* As one file: a journal without its first line would say nothing. */
	if (r == 0)
		r = rp_tree_replace(m->state, text.s, text.len, OPEN);
	return report_write(m, r, "write", reterr);
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
	return rp_tree_remove(m->state, OPEN);
}

int rp_journal_close(struct rocpart_machine *m, const char *outcome, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *line = rp_json_object();
	int r = rp_json_set_string(line, "closed", outcome);

	if (r == 0)
		r = print_line(line, &text);
	if (r == 0)
		r = append_line(m->state, &text);
	if (r == 0)
		r = rp_tree_rename(m->state, OPEN, LAST);
	return report_write(m, r, "close", reterr);
}

static int give_lines(char *text, rp_journal_line_fn fn, void *userdata)
{
	bool is_head = true;

	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		RP_AUTO_JSON struct rp_json *line = NULL;
		int r = rp_json_parse(text, (size_t)(end - text), OPEN, &line, NULL);

		if (r == 0 && (is_head || !rp_json_get(line, "closed")))
			r = fn(userdata, line, is_head);
		if (r < 0)
			return r == -ENOMEM ? r : -EBADMSG;
		is_head = false;
	}
	return is_head ? -EBADMSG : 0;
}

/* Text of an open or a closed journal. -ENOENT: there is none. Reading renames nothing. */
static int read_text(struct rocpart_machine *m, enum rp_journal_file file, struct rp_strbuf *ret)
{
	int r = rp_machine_open_state(m);

	if (r == 0)
		r = m->state ? rp_tree_read_file(m->state, SIZE_LIMIT, ret, OPEN) : -ENOENT;
	if (file == RP_JOURNAL_OPEN)
		return r == 0 && is_closed(ret) ? -ENOENT : r;
	if (r == 0 && is_closed(ret))
		return 0;
	if ((r < 0 && r != -ENOENT) || !m->state)
		return r;
	return rp_tree_read_file(m->state, SIZE_LIMIT, ret, LAST);
}

static int report_read(struct rocpart_machine *m, enum rp_journal_file file, int r,
		       struct rocpart_error *reterr)
{
	const char *name = file == RP_JOURNAL_OPEN ? OPEN : LAST;

	if (r == -ENOENT)
		return rp_error_set(reterr, r, ROCPART_ERR_NOT_FOUND, NULL,
				    file == RP_JOURNAL_OPEN
					    ? "no change is unfinished: there is nothing to resume"
					    : "no change was recorded: there is nothing to undo");
	return rp_error_errno(reterr, r, m->state_dir, "cannot read the journal '%s/%s'",
			      m->state_dir, name);
}

int rp_journal_read(struct rocpart_machine *m, enum rp_journal_file file, rp_journal_line_fn fn,
		    void *userdata, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = read_text(m, file, &text);

	if (r < 0)
		return report_read(m, file, r, reterr);
	r = text.s ? give_lines(text.s, fn, userdata) : -EBADMSG;
	if (r == -EBADMSG) {
		(void)rp_error_set(reterr, r, ROCPART_ERR_CONFIG_SYNTAX, m->state_dir,
				   "the journal '%s/%s' is damaged: its change can be neither "
				   "resumed nor undone",
				   m->state_dir, file == RP_JOURNAL_OPEN ? OPEN : LAST);
		(void)rp_error_hint(reterr, "remove the file; then see `rocpart status` and set "
					    "the modes that you want");
		return r;
	}
	return r < 0 ? rp_error_nomem(reterr) : 0;
}
