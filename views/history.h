/* SPDX-License-Identifier: MIT */
#ifndef RP_VIEWS_HISTORY_H
#define RP_VIEWS_HISTORY_H

#include "views/document.h"
#include "views/table.h"

/* An entry and the name of its user ("" when not known). */
struct view_history_row {
	const struct rocpart_history_entry *entry;
	const char *user;
};

extern const struct view_field view_history_fields[];

/* {..., "history": [...], "damaged": 0}, rows in their order. NULL: out of memory. */
struct rp_json *view_history(struct view_machine about, const struct view_history_row *rows,
			     size_t n, size_t n_damaged);
struct view_table *view_history_table(const struct view_history_row *rows, size_t n,
				      const struct view_layout *layout);
/* "change 17 done: 8 GPUs SPX/NPS1 -> CPX/NPS4", for a log. */
void view_history_line(const struct rocpart_history_entry *e, struct rp_strbuf *ret);

#endif
