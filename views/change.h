/* SPDX-License-Identifier: MIT */
/* Changes of modes, what is in their way, and the machine as a file. NULL: out of memory. */
#ifndef RP_VIEWS_CHANGE_H
#define RP_VIEWS_CHANGE_H

#include "views/document.h"
/* The GPUs of a change, before and after. */
struct rp_json *view_change_gpus(const struct rocpart_change *change);

/* Document of set, apply, reset and undo. holders: NULL when they were not looked for. */
struct rp_json *view_change(struct view_machine about, const struct rocpart_change *change,
			    const struct rocpart_holders *holders, const char *result);
/* Of holders. */
struct rp_json *view_holders(struct view_machine about, const struct rocpart_holders *holders);
/* Of export; file: the text of a node file. */
struct rp_json *view_export(struct view_machine about, const char *file);

#endif
