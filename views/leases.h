/* SPDX-License-Identifier: MIT */
/* Leases, and what is promised and used of partitions. NULL: out of memory. */
#ifndef RP_VIEWS_LEASES_H
#define RP_VIEWS_LEASES_H

#include "views/document.h"
#include "views/lease_fields.h"
#include "views/table.h"

/* [{lease}, ...] */
struct rp_json *view_leases_json(const struct rocpart_leases *leases);
/*
 * allocator, leases, use and events into the document of status, each null when leases is NULL,
 * which stands for leases that are not known. 0 or -ENOMEM.
 */
int view_put_leases(struct rp_json *status, const struct rocpart_leases *leases);

/* Documents of place; of explain, for a lease and for a partition; of state check. */
/* change: of GPUs that were switched first; NULL: none. leases: NULL: none yet (dry run). */
struct rp_json *view_placed(struct view_machine about, const struct rocpart_change *change,
			    const struct rocpart_leases *leases);
struct rp_json *view_lease(struct view_machine about, const struct rocpart_lease *lease);
struct rp_json *view_use(struct view_machine about, const struct rocpart_partition_use *use);
struct rp_json *view_lease_check(struct view_machine about, const char *problems);
/* Of state set-aside; text as rocpart_machine_set_aside_records() gives it. */
struct rp_json *view_migrated(struct view_machine about, const struct rocpart_migration *m);
struct rp_json *view_set_aside(struct view_machine about, const char *text);
/* Of adopt, state import: {"adopted": n}; of release. */
struct rp_json *view_count(struct view_machine about, const char *key, uint64_t n);
struct rp_json *view_released(struct view_machine about, uint64_t n, uint64_t in_use_bytes);

struct view_table *view_lease_table(const struct rocpart_leases *leases,
				    const struct view_layout *layout);

#endif
