/* SPDX-License-Identifier: MIT */
/* What programs are given to run on a partition. NULL: out of memory. */
#ifndef RP_VIEWS_HANDOUT_H
#define RP_VIEWS_HANDOUT_H

#include "views/document.h"

/* Document of args. words: of a form that has some, ends with NULL; else NULL. */
struct rp_json *view_args(struct view_machine about, const struct rocpart_handout *handout,
			  enum rocpart_handout_form form, char *const *words);
/* Of run; leases: NULL when they were there before. */
struct rp_json *view_run(struct view_machine about, const struct rocpart_run *run,
			 const struct rocpart_leases *leases, uint32_t uid);

#endif
