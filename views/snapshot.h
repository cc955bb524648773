/* SPDX-License-Identifier: MIT */
/* GPUs and partitions of a snapshot. NULL: out of memory. */
#ifndef RP_VIEWS_SNAPSHOT_H
#define RP_VIEWS_SNAPSHOT_H

#include "views/table.h"

/* Columns that are printed when none are named stand beside each table. */
#define VIEW_GPU_COLUMNS                                                                  \
	"index,bdf,product,compute_mode,memory_mode,n_partitions,partition_memory_bytes," \
	"memory_used_bytes,health,degraded"
#define VIEW_PARTITION_COLUMNS                                                               \
	"partition,bdf,mode,xcds,cus,memory_bytes,memory_domain,memory_domain_bytes,render_" \
	"minor,rocr_index"
extern const struct view_field view_gpu_fields[], view_partition_fields[];

/* A GPU with its partitions. */
struct rp_json *view_gpu_json(const struct rocpart_gpu *gpu);
/* {"field": "sysfs", ...} */
struct rp_json *view_sources_json(const struct rocpart_snapshot *snapshot);

struct view_table *view_gpu_table(const struct rocpart_snapshot *snapshot, const char *columns);
struct view_table *view_partition_table(const struct rocpart_snapshot *snapshot,
					const char *columns);

#endif
