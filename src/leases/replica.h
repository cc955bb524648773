/* SPDX-License-Identifier: MIT */
/* Names of replicas: NAME/REPLICA is one lease, and stays it whatever becomes of the lease. */
#ifndef RP_LEASES_REPLICA_H
#define RP_LEASES_REPLICA_H

#include "leases/lease.h"

/* Return the least number that no lease of that name has in either list; b may be NULL. */
int64_t rp_replica_next(const struct rp_lease_list *a, const struct rp_lease_list *b,
			const char *name);

/*
 * Number the leases that an older rocpart placed, in the order of their leases, and record the
 * numbers when a transaction of db that writes was begun; db may be NULL.
 */
int rp_replica_number(struct rp_lease_list *list, struct rp_lease_db *db,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
