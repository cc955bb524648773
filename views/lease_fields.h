/* SPDX-License-Identifier: MIT */
#ifndef RP_VIEWS_LEASE_FIELDS_H
#define RP_VIEWS_LEASE_FIELDS_H

#include "views/table.h"

#define VIEW_LEASE_COLUMNS "lease,name,state,partition,bytes,used_bytes,owner,guarantee"

extern const struct view_field view_lease_fields[], view_use_fields[];

/* NULL: out of memory. */
struct rp_json *view_leases_json(const struct rocpart_leases *leases);
struct view_table *view_lease_table(const struct rocpart_leases *leases, const char *columns);

#endif
