/* SPDX-License-Identifier: MIT */
/* The database behind the leases. Only src/leases/db*.c include this. */
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
	unsigned n_commits; /* since it was opened */
	int64_t last_id;    /* largest number of a lease, read once in a transaction; 0: not read */
	/* Rows of partitions that this transaction has found, by partition id modulo 64. */
	struct {
		char bdf[RP_BDF_SIZE];
		int64_t id;
	} found[64];
};

/* Turn an error of SQLite into one of ours: damaged, full, read only, locked, a broken rule. */
int rp_lease_db_error(struct rp_lease_db *db, int rc, const char *what,
		      struct rocpart_error *reterr);
/* Return a prepared statement with nothing bound. Each is prepared once. */
int rp_lease_db_stmt(struct rp_lease_db *db, enum rp_lease_sql which, sqlite3_stmt **ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/* Run a statement that gives no rows. */
int rp_lease_db_run(struct rp_lease_db *db, sqlite3_stmt *stmt, const char *what,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* Reset a statement after its rows were read; rc is what the last step returned. */
int rp_lease_db_end(struct rp_lease_db *db, sqlite3_stmt *stmt, int rc, const char *what,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

/* db_schema.c */
#define RP_LEASE_APPLICATION_ID 0x72637074 /* "rcpt" */
#define RP_LEASE_VERSION	2
/* Bring a database from an older version (0: empty) to the present one. Needs a transaction. */
int rp_lease_schema_migrate(sqlite3 *db, int from);

#endif
