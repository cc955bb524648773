/* SPDX-License-Identifier: MIT */
#ifndef RP_VIEWS_MISSING_H
#define RP_VIEWS_MISSING_H

#include "views/document.h"

/* Put "missing_gpus" and "moved_gpus" into a document. 0 or -ENOMEM. */
int view_put_missing(struct rp_json *j, const struct rocpart_snapshot *s);

#endif
