/* SPDX-License-Identifier: MIT */
#ifndef RP_VIEWS_APPLIED_H
#define RP_VIEWS_APPLIED_H

#include "views/document.h"

/* What the file is now, beside the text that was applied. */
enum view_file_state {
	VIEW_FILE_UNKNOWN, /* standard input, or a machine whose files are not here */
	VIEW_FILE_SAME,
	VIEW_FILE_CHANGED,
	VIEW_FILE_MISSING,
	VIEW_FILE_BROKEN, /* it cannot be read, or is no node.yaml now: problem_of_file */
};

/* The file that was applied last, and how the machine differs from it. */
struct view_applied {
	const struct rocpart_revision *revision; /* NULL: none was applied, or it is not known */
	bool is_compared;
	size_t n_differences;
	const char *problem; /* why the machine was not compared with the file; "" */
	enum view_file_state file;
	const char *problem_of_file;
};

/* The key "applied" of a document. 0 or -ENOMEM. */
int view_put_applied(struct rp_json *j, const struct view_applied *v);

#endif
