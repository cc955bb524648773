/* SPDX-License-Identifier: MIT */
/* Columns of leases, and of what is promised and used of partitions. */
#ifndef RP_VIEWS_LEASE_FIELDS_H
#define RP_VIEWS_LEASE_FIELDS_H

#include "views/fields.h"

/* NAME/REPLICA, the name of one lease. */
#define VIEW_REPLICA_TEXT_SIZE 160
const char *view_format_replica(const struct rocpart_lease *l, char buf[VIEW_REPLICA_TEXT_SIZE]);

extern const struct view_field view_lease_fields[]; /* of struct rocpart_lease */
extern const struct view_field view_use_fields[];   /* of struct rocpart_partition_use */

#endif
