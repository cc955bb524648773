/* SPDX-License-Identifier: MIT */
/* The database behind the leases. Only src/leases/db*.c include this. */
#ifndef RP_LEASES_DB_H
#define RP_LEASES_DB_H

#include <sqlite3.h>

#include "leases/db_queue.h"
#include "leases/lease.h"

#define RP_LEASE_FILE	 "leases.db"
#define RP_LEASE_WAIT_MS 10000

enum rp_lease_sql {
	RP_SQL_BEGIN,
	RP_SQL_BEGIN_READ,
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
	RP_SQL_REPLICA,
	RP_SQL_EDIT,
	RP_N_SQL
};
/* db_sql.c: the text of a statement; leases of older tables are read as they are. */
const char *rp_lease_db_sql(unsigned version, enum rp_lease_sql which);

struct rp_lease_db {
	sqlite3 *db;
	char *path;
	char *dir; /* NULL: in memory */
	const struct rp_lease_format *format;
	unsigned version; /* number of steps that the tables have */
	sqlite3_stmt *stmts[RP_N_SQL];
	bool is_writable, is_kept;
	bool no_sync;		   /* a commit does not wait for the disk */
	bool is_begun, is_reading; /* a transaction; one that only reads */
	bool is_only_read;	   /* of a newer version, see db_version.c */
	bool never_waits;	   /* RP_LEASE_TRY */
	uint64_t deadline_ns;	   /* of what SQLite waits for */
	struct rp_queue queue;
	unsigned n_commits; /* since it was opened */
	int64_t last_id;    /* largest number of a lease, read once in a transaction; 0: not read */
	struct rocpart_machine *machine; /* whose history it is; NULL: none is written */
	struct rp_lease_note *notes;	 /* of this transaction */
	size_t n_notes, cap_notes;
	int lost; /* why SQLite gave the transaction up at a note; 0: it did not */
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

/* Refuse a database that cannot be used, and say what to do about it: -EBADMSG BAD_RECORDS. */
int rp_lease_db_refuse(const char *path, struct rocpart_error *reterr, const char *why,
		       const char *hint);
/* Refuse the leases of another machine, as rp_lease_db_refuse(). */
int rp_lease_db_refuse_machine(struct rp_lease_db *db, struct rocpart_error *reterr);
/* Add the hint that an errno of our folder or file calls for, if any. Returns r. */
int rp_lease_hint_errno(int r, struct rocpart_error *reterr);
/* Open a database file without looking into it. */
int rp_lease_db_open_file(const char *path, int flags, struct rp_lease_db **ret,
			  struct rocpart_error *reterr) RP_MUST_CHECK;
/* Make the tables of an empty database, and turn its write-ahead log on. */
int rp_lease_db_make_tables(struct rp_lease_db *db, const char *identity,
			    struct rocpart_error *reterr) RP_MUST_CHECK;

/* db_make.c: make the database of a machine, unless another process does so first. */
int rp_lease_db_make(const char *dir, const char *path, const char *identity, bool no_sync,
		     struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * db_history.c. note: a lease was "placed", or is about to be "evicted" or "ended", why (or NULL).
 * write: after the commit. drop: what was rolled back did not happen.
 */
struct rp_lease_note;
void rp_lease_db_note(struct rp_lease_db *db, int64_t lease, const char *outcome, const char *why);
void rp_lease_db_write_notes(struct rp_lease_db *db);
void rp_lease_db_drop_notes(struct rp_lease_db *db);

/* db_schema.c */
#define RP_LEASE_APPLICATION_ID 0x72637074 /* "rcpt" */

/*
 * A step from one format of the tables to the next. Programs that know fewer than min_reader steps
 * cannot read the result, and those that know fewer than min_writer cannot write it.
 */
struct rp_lease_step {
	const char *sql;
	unsigned min_reader, min_writer;
};

struct rp_lease_format {
	const struct rp_lease_step *steps;
	unsigned n_steps;
};
extern const struct rp_lease_format rp_lease_format;

/* db_version.c */
/*
 * Check that the database is one of leases that this program can read, or write; for writing, do
 * the missing additive steps.
 */
int rp_lease_db_check_version(struct rp_lease_db *db, bool writes,
			      struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_lease_db_read_version(struct rp_lease_db *db, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Return the format that additive steps alone lead to. */
unsigned rp_lease_format_reach(const struct rp_lease_format *f, unsigned from);
/* Refuse to read or change (verb) a database of a newer version: -EBADMSG BAD_RECORDS. */
int rp_lease_db_refuse_newer(struct rp_lease_db *db, struct rocpart_error *reterr,
			     const char *verb);
/* Do the steps up to a format. Needs a transaction. */
int rp_lease_db_do_steps(struct rp_lease_db *db, unsigned to,
			 struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
