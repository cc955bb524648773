/* SPDX-License-Identifier: MIT */
/* GPUs and partitions. NULL: out of memory. */
#ifndef RP_VIEWS_SNAPSHOT_H
#define RP_VIEWS_SNAPSHOT_H

#include "views/document.h"
#include "views/table.h"

extern const struct view_field view_gpu_fields[], view_partition_fields[];

/* Documents of list, of status, of show for a GPU (with its partitions) and for a partition. */
struct rp_json *view_list(struct view_machine about, const struct rocpart_snapshot *snapshot);
struct rp_json *view_status(struct view_machine about, const struct rocpart_snapshot *snapshot,
			    const struct rocpart_leases *leases);
struct rp_json *view_gpu(struct view_machine about, const struct rocpart_gpu *gpu);
struct rp_json *view_partition(struct view_machine about,
			       const struct rocpart_partition *partition);

/* What accept-gpu recorded. */
struct rp_json *view_accepted(struct view_machine about,
			      const struct rocpart_accepted_gpu *accepted);

/* Sentences, one a line, about GPUs that are missing, and the indices that this moved. */
void view_missing_text(const struct rocpart_snapshot *snapshot, struct rp_strbuf *ret);

struct view_table *view_gpu_table(const struct rocpart_snapshot *snapshot,
				  const struct view_layout *layout);
struct view_table *view_partition_table(const struct rocpart_snapshot *snapshot,
					const struct view_layout *layout);

#endif
