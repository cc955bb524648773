/* SPDX-License-Identifier: MIT */
/*
 * The journal of a change: a log in the record folder that knows nothing of what its lines mean,
 * but for the version in the head. One sealed JSON object a line (base/seal.h); a line is durable
 * before what it announces is done. The first line is the head, the last one of a closed journal is
 * {"closed": OUTCOME, ...}. "journal" is open, "journal.last" was closed.
 *
 * A last line that was torn by an interruption is dropped: what it announced was not done. Any
 * other line whose seal is wrong makes the journal damaged, and nothing of it is believed. Lines of
 * versions before the seal have none.
 */
#ifndef RP_MACHINE_JOURNAL_H
#define RP_MACHINE_JOURNAL_H

#include "base/json.h"
#include "machine/machine.h"

/*
 * The head has "journal_version", that of the writer, and "min_reader", the oldest version that
 * understands every line: a version that only adds keys or lines that may be ignored keeps it.
 * A head without "min_reader" needs a reader of its own version.
 */
#define RP_JOURNAL_VERSION 1

enum rp_journal_file { RP_JOURNAL_OPEN, RP_JOURNAL_LAST };

/*
 * A change of this machine is under way, or was interrupted: its journal is there, readable or
 * damaged. A journal that the caller has no right to read is judged by the public document, and as
 * none without that document.
 */
bool rp_journal_is_open(struct rocpart_machine *m);
/* The same, with the errno of a journal that cannot be read; a damaged one is open. */
int rp_journal_look(struct rocpart_machine *m, bool *ret_is_open) RP_MUST_CHECK;

/* Whether the last change that is over was closed with that outcome. 0; errno of reading. */
int rp_journal_ended_with(struct rocpart_machine *m, const char *outcome, bool *ret) RP_MUST_CHECK;

/*
 * Write; the record folder was opened by rp_machine_make_state(). 0; -ENOMEM; errno of writing,
 * then the lines before are as they were. append and close: -EBADMSG when the journal is damaged.
 * After an error of begin there is no journal, unless the hint says so; after one of close the
 * journal may count as closed all the same: rp_journal_look() shows it.
 */
int rp_journal_begin(struct rocpart_machine *m, const struct rp_json *head,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_journal_append(struct rocpart_machine *m, const struct rp_json *line,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_journal_close(struct rocpart_machine *m, const struct rp_json *line,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/* Forget the journal of a change that did nothing; the one closed before stays the last. */
int rp_journal_drop(struct rocpart_machine *m) RP_MUST_CHECK;

/* A line, from the first to the last but that which closes. 0; -EBADMSG; -ENOMEM. */
typedef int (*rp_journal_line_fn)(void *userdata, const struct rp_json *line, bool is_head);

/*
 * Give each line to fn. 0; -ENOENT NOT_FOUND: there is none; -EBADMSG BAD_RECORDS: it is damaged,
 * or fn does not know a line; -EPROTONOSUPPORT BAD_RECORDS: a newer version wrote it; -ENOMEM;
 * errno of reading.
 */
int rp_journal_read(struct rocpart_machine *m, enum rp_journal_file file, rp_journal_line_fn fn,
		    void *userdata, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * The line that closed the last journal. 0; -ENOENT: there is none; -EBADMSG: the journal is
 * damaged; -ENOMEM; errno of reading.
 */
int rp_journal_read_end(struct rocpart_machine *m, struct rp_json **ret) RP_MUST_CHECK;

/*
 * Move the open journal to "journal.damaged.N". ret gets one line that says so, and one for each
 * step that is still readable. 0; -ENOENT: there is none; errno.
 */
int rp_journal_set_aside(struct rocpart_machine *m, struct rp_strbuf *ret) RP_MUST_CHECK;

#endif
