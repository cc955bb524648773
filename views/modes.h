/* SPDX-License-Identifier: MIT */
/* Pairs of compute and memory mode. NULL: out of memory. */
#ifndef RP_VIEWS_MODES_H
#define RP_VIEWS_MODES_H

#include "views/document.h"
#include "views/table.h"

extern const struct view_field view_pair_fields[];

/* What the fields are of. */
struct view_pair_row {
	const struct rocpart_gpu *gpu;
	const struct rocpart_pair *pair;
};

/* A GPU with its pairs; pairs is NULL for one that cannot be partitioned. */
struct rp_json *view_gpu_modes_json(const struct rocpart_gpu *gpu,
				    const struct rocpart_pairs *pairs);
/* Document of modes; gpus: an array of the above, taken over. */
struct rp_json *view_modes(struct view_machine about, struct rp_json *gpus);

/* 0 or -ENOMEM. */
int view_add_pairs(struct view_table *table, const struct rocpart_gpu *gpu,
		   const struct rocpart_pairs *pairs);

#endif
