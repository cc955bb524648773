/* SPDX-License-Identifier: MIT */
#ifndef RP_CLI_LEASE_FIELDS_H
#define RP_CLI_LEASE_FIELDS_H

#include "cli/fields.h"

#define CLI_LEASE_COLUMNS "lease,name,state,partition,bytes,used_bytes,owner,guarantee"

extern const struct cli_field cli_lease_fields[], cli_use_fields[];

/* NULL when out of memory. */
struct rp_json *cli_leases_json(const struct rocpart_leases *leases);
/* As a table; 0 or -ENOMEM. */
int cli_print_leases(const struct rocpart_leases *leases, const char *columns);

#endif
