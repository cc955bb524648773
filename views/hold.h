/* SPDX-License-Identifier: MIT */
#ifndef RP_VIEWS_HOLD_H
#define RP_VIEWS_HOLD_H

#include "views/document.h"

/* A hold, the name of the user who set it ("" when not known), and the time now. */
struct view_hold {
	const struct rocpart_hold *hold;
	const char *user;
	int64_t now_s;
};

/* {..., "hold": null or {...}}. NULL: out of memory. */
struct rp_json *view_hold(struct view_machine about, const struct view_hold *v);
/* The same key in another document. 0 or -ENOMEM. */
int view_put_hold(struct rp_json *j, const struct view_hold *v);
/* "are on hold until 2026-11-30 22:15 UTC (in 2 h), by alice: new firmware", of all three states.
 */
void view_hold_text(const struct view_hold *v, struct rp_strbuf *ret);

#endif
