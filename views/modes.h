/* SPDX-License-Identifier: MIT */
/* Pairs of compute and memory mode. */
#ifndef RP_VIEWS_MODES_H
#define RP_VIEWS_MODES_H

#include "views/table.h"

#define VIEW_PAIR_COLUMNS                                                                         \
	"compute_mode,memory_mode,state,validated,partitions,xcds,cus,memory_bytes,domain_bytes," \
	"reason"
extern const struct view_field view_pair_fields[];

/* NULL: out of memory. */
struct view_table *view_pair_table(const struct rocpart_pairs *pairs, const char *columns);

#endif
