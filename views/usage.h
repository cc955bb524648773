/* SPDX-License-Identifier: MIT */
/* Who uses how much memory, and what was done about too much. NULL: out of memory. */
#ifndef RP_VIEWS_USAGE_H
#define RP_VIEWS_USAGE_H

#include "views/document.h"
#include "views/table.h"

extern const struct view_field view_usage_fields[]; /* of rows: leases with their processes */

struct rp_json *view_usage(struct view_machine about, const struct rocpart_usages *usages);
struct view_table *view_usage_table(const struct rocpart_usages *usages,
				    const struct view_layout *layout);

/* What watch did about a lease. */
struct view_watch_event {
	const char *what; /* "warn", "stop", "kill", "within" */
	uint64_t at_s;	  /* since 1970 */
	const struct rocpart_lease *lease;
	uint64_t used_bytes;
	size_t n_processes; /* that were sent a signal */
	const char *note;
};
struct rp_json *view_watch(struct view_machine about, const struct view_watch_event *event);

#endif
