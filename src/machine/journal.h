/* SPDX-License-Identifier: MIT */
/*
 * The journal of a change: a log in the record folder that knows nothing of what its lines mean.
 * One JSON object a line; a line is durable before what it announces is done. The first line is the
 * head, the last one of a closed journal is {"closed": OUTCOME}. "journal" is open, "journal.last"
 * was closed.
 */
#ifndef RP_MACHINE_JOURNAL_H
#define RP_MACHINE_JOURNAL_H

#include "base/json.h"
#include "machine/machine.h"

enum rp_journal_file { RP_JOURNAL_OPEN, RP_JOURNAL_LAST };

/* A change of this machine is under way, or was interrupted. */
bool rp_journal_is_open(struct rocpart_machine *m);

/*
 * Write; the record folder was opened by rp_machine_make_state(). 0; -ENOMEM; errno of writing,
 * then the lines before are as they were.
 */
int rp_journal_begin(struct rocpart_machine *m, const struct rp_json *head,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_journal_append(struct rocpart_machine *m, const struct rp_json *line,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_journal_close(struct rocpart_machine *m, const char *outcome,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/* Forget the journal of a change that did nothing; the one closed before stays the last. */
int rp_journal_drop(struct rocpart_machine *m) RP_MUST_CHECK;

/* A line, from the first to the last but that which closes. 0; -EBADMSG; -ENOMEM. */
typedef int (*rp_journal_line_fn)(void *userdata, const struct rp_json *line, bool is_head);

/*
 * Give each line to fn. 0; -ENOENT NOT_FOUND: there is none; -EBADMSG CONFIG_SYNTAX when a line is
 * no JSON or fn does not know it; -ENOMEM; errno of reading.
 */
int rp_journal_read(struct rocpart_machine *m, enum rp_journal_file file, rp_journal_line_fn fn,
		    void *userdata, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
