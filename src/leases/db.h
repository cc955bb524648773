/* SPDX-License-Identifier: MIT */
/* The database behind the leases; used inside lease/ only. */
#ifndef RP_LEASES_DB_H
#define RP_LEASES_DB_H

#include <sqlite3.h>

#include "leases/lease.h"

enum rp_lease_sql {
	RP_SQL_BEGIN,
	RP_SQL_COMMIT,
	RP_SQL_GET,
	RP_SQL_SET,
	RP_SQL_LEASES,
	RP_SQL_CLAIMS,
	RP_SQL_EVENTS,
	RP_SQL_USABLE,
	RP_SQL_FIND_PARTITION,
	RP_SQL_LAST_ID,
	RP_SQL_ADD,
	RP_SQL_CLAIM,
	RP_SQL_PLACE,
	RP_SQL_UPDATE,
	RP_SQL_EVICT,
	RP_SQL_UNCLAIM,
	RP_SQL_REMOVE,
	RP_SQL_EVENT,
	RP_SQL_LIMITS,
	RP_N_SQL
};

struct rp_lease_db {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *stmts[RP_N_SQL];
	bool is_writable, is_begun, is_kept;
	unsigned n_commits; /* of this opening */
	int64_t last_id;    /* largest number given; read once in a transaction. 0: not read */
	/* Partitions found in this transaction, by their id on the GPU. */
	struct {
		char bdf[RP_BDF_SIZE];
		int64_t id;
	} found[64];
};

/* What SQLite said as an error: damaged, full, read only, locked. */
int rp_lease_db_error(struct rp_lease_db *db, int rc, const char *what,
		      struct rocpart_error *reterr);
/* A prepared statement, ready to be bound. */
int rp_lease_db_stmt(struct rp_lease_db *db, enum rp_lease_sql which, sqlite3_stmt **ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/* Run one that gives no rows. */
int rp_lease_db_run(struct rp_lease_db *db, sqlite3_stmt *stmt, const char *what,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* Reset after reading rows; rc is what the last step gave. */
int rp_lease_db_end(struct rp_lease_db *db, sqlite3_stmt *stmt, int rc, const char *what,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

/* schema.c */
#define RP_LEASE_APPLICATION_ID 0x72637074 /* "rcpt" */
#define RP_LEASE_VERSION	2
/* Bring a database of an older version (0: an empty one) to the present one, in a transaction. */
int rp_lease_schema_migrate(sqlite3 *db, int from);

#endif
