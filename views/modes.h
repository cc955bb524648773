/* SPDX-License-Identifier: MIT */
/* Pairs of compute and memory mode. NULL: out of memory. */
#ifndef RP_VIEWS_MODES_H
#define RP_VIEWS_MODES_H

#include "views/document.h"
#include "views/table.h"

#define VIEW_PAIR_COLUMNS                                                                         \
	"compute_mode,memory_mode,state,validated,partitions,xcds,cus,memory_bytes,domain_bytes," \
	"reason"
extern const struct view_field view_pair_fields[];

/* A GPU with its pairs; pairs is NULL for one that cannot be partitioned. */
struct rp_json *view_gpu_modes_json(const struct rocpart_gpu *gpu,
				    const struct rocpart_pairs *pairs);
/* Document of modes; gpus: an array of the above, taken over. */
struct rp_json *view_modes(struct view_machine about, struct rp_json *gpus);

struct view_table *view_pair_table(const struct rocpart_pairs *pairs, const char *columns);

#endif
