/* SPDX-License-Identifier: MIT */
/* A plan that `plan --save` writes and `apply --plan` does. NULL: out of memory. */
#ifndef RP_VIEWS_SAVED_PLAN_H
#define RP_VIEWS_SAVED_PLAN_H

#include "views/document.h"

/* What the plan was made with. */
struct view_plan_options {
	bool allow_unvalidated, lenient, take_over, keep_others, evict;
};

/* file: absolute path; checksum: of its effective text. Only what is to be done is in it. */
struct rp_json *view_saved_plan(struct view_machine about, struct rocpart_difference *d,
				const char *file, const char *checksum,
				const struct view_plan_options *options);
void view_read_plan_options(const struct rp_json *plan, struct view_plan_options *ret);

#endif
