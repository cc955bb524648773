/* SPDX-License-Identifier: MIT */
/* Files that were applied. NULL: out of memory. */
#ifndef RP_VIEWS_REVISIONS_H
#define RP_VIEWS_REVISIONS_H

#include "views/document.h"

struct rp_json *view_revisions(struct view_machine about, const struct rocpart_applied *applied);
/* One of them, with its text. */
struct rp_json *view_revision(struct view_machine about, const struct rocpart_revision *v);

#endif
