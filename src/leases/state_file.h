/* SPDX-License-Identifier: MIT */
/* Leases as a JSON document: what `state export` prints, and what a migration keeps. */
#ifndef RP_LEASES_STATE_FILE_H
#define RP_LEASES_STATE_FILE_H

#include "leases/lease.h"

/*
 * Append the document for a rocpart that knows a format of the tables: keys that it does not know
 * are left out. db: NULL for a machine without leases. -EINVAL: no such format.
 */
int rp_state_file_write(struct rp_lease_db *db, unsigned format, struct rp_strbuf *ret,
			struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
