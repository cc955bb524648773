/* SPDX-License-Identifier: MIT */
#ifndef RP_LEASES_MIGRATE_H
#define RP_LEASES_MIGRATE_H

#include "leases/db.h"

/*
 * Do all steps that the tables lack, those that older versions notice too. Before the first one
 * the leases are exported to a new file in the folder `backups`, whose path *ret_backup receives.
 * The steps are done together or not at all. Returns 0 also when no step is missing, *ret_backup is
 * NULL then.
 */
int rp_lease_db_migrate(struct rp_lease_db *db, const char *backups, char **ret_backup,
			struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
