/* SPDX-License-Identifier: MIT */
/*
 * Durable leases: who was promised how many bytes of which partition. Each machine has one SQLite
 * database in its record folder. What must never be broken (0 <= used <= usable, an exclusive
 * partition has one tenant, no lease without bytes, no bytes without a lease) is a constraint of
 * the database as well as a rule of the code. docs/design/leases.md has the rules.
 */
#ifndef RP_LEASES_LEASE_H
#define RP_LEASES_LEASE_H

#include "leases/owner.h"
#include "rocpart/lease.h"

/* A claim: bytes of one partition. */
struct rp_claim {
	char bdf[RP_BDF_SIZE];
	unsigned part;
	uint64_t bytes;
};

struct rp_lease {
	int64_t id; /* no two leases ever have the same */
	char *name;
	int64_t replica; /* NAME/REPLICA is one lease; -1: it has no number yet */
	char *file;	 /* that manages it; "": made by hand; "?": made by an older rocpart, or not
			    known */
	uint64_t bytes;	 /* sum of its claims; a pending lease keeps the number */
	enum rocpart_lease_state state;
	enum rocpart_guarantee guarantee;
	int32_t priority;
	uint32_t share; /* most leases that its partition may have; 1: exclusive */
	bool is_seen;	/* memory or processes of it were seen since it was placed */
	bool is_alive;	/* of a look, not recorded: its owner lives, it has memory, or may have */
	char mode[16];	/* mode of its GPU when it was placed, "CPX/NPS4" */
	struct rp_owner owner;
	struct rp_claim *claims; /* none while pending */
	size_t n_claims;
	char *footprint; /* JSON object, or NULL */
	char *labels;	 /* JSON object of texts, or NULL */
	char *limits;	 /* JSON array, or NULL */
	char *why;	 /* why it was placed where it is */
	/* Programs that ran when what they were told changed: rp_old_programs_list(), or "". */
	char *old_programs;
	char *problem; /* what is wrong and what to do; "" or NULL: nothing is wrong */
	int64_t created_s, changed_s;
};

void rp_lease_done(struct rp_lease *l);

struct rp_lease_list {
	struct rp_lease *v; /* by id */
	size_t n, cap;
	bool is_public; /* of the public document: owners, reasons and problems are not known */
};
void rp_lease_list_done(struct rp_lease_list *list);
#define RP_AUTO_LEASE_LIST RP_AUTO(rp_lease_list_done)

struct rp_lease_event {
	int64_t at_s, lease; /* lease 0: an event of the machine */
	char *text;
};

struct rp_lease_events {
	struct rp_lease_event *v; /* newest first */
	size_t n, cap;
};
void rp_lease_events_done(struct rp_lease_events *events);

struct rp_lease_db;

/* The format of the tables that this program makes: docs/design/leases.md, Versions. */
#define RP_LEASE_VERSION 3U

/* The file of a lease whose file is not known. */
#define RP_LEASE_FILE_UNKNOWN "?"

/* The largest number of a lease: every reader of JSON has it exactly (2^53 - 1). */
#define RP_LEASE_LAST_ID ((INT64_C(1) << 53) - 1)

enum rp_lease_open {
	RP_LEASE_READ,	  /* -ENOENT when there is no database. Writes nothing */
	RP_LEASE_WRITE,	  /* as READ, and an error when it cannot be written */
	RP_LEASE_TRY,	  /* as WRITE, but waits for nobody: -EBUSY */
	RP_LEASE_MIGRATE, /* as WRITE, but of any format that can be read; changes no table */
	RP_LEASE_MAKE,	  /* as WRITE, but a missing database is made */
	/*
	 * As MAKE, for leases that end with a process: a commit does not wait for the disk, so a
	 * crash of the machine can take it back, which ends the process as well. The database
	 * stays whole.
	 */
	RP_LEASE_MAKE_BRIEF,
};

/*
 * Open the database in dir. identity names the machine, and a database of another machine is
 * refused; NULL: the machine cannot be identified now. no_sync: commits outlive a killed process,
 * but not a power cut. 0; -ENOENT; -EBADMSG BAD_RECORDS: damaged,
 * of a version that this program cannot read, or cannot write, not a lease database, of another
 * machine; -EROFS, -EACCES, -ENOSPC, -EIO.
 */
int rp_lease_db_open(const char *dir, enum rp_lease_open how, const char *identity, bool no_sync,
		     struct rp_lease_db **ret, struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * Open a database in memory. Closing it only rolls back a transaction; rp_lease_db_drop() ends it.
 */
int rp_lease_db_open_memory(const char *identity, struct rp_lease_db **ret,
			    struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_lease_db_drop(struct rp_lease_db *db);
/* -EBADMSG when the database is of another machine; 0 also when either identity is not known. */
int rp_lease_db_check_machine(struct rp_lease_db *db, const char *identity,
			      struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_lease_db_close(struct rp_lease_db *db);
void rp_cleanup_lease_db(struct rp_lease_db **db);
#define RP_AUTO_LEASE_DB RP_AUTO(rp_cleanup_lease_db)

/*
 * begin waits for the writers that came earlier, at most ten seconds (-EBUSY LOCKED). All changes
 * between begin and commit are durable together when commit returns 0; else none of them happened.
 */
int rp_lease_db_begin(struct rp_lease_db *db, struct rocpart_error *reterr) RP_MUST_CHECK;
/* All reads until rollback show one committed state. Waits for no writer, and no writer waits. */
int rp_lease_db_begin_read(struct rp_lease_db *db, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Whether what is written now is recorded: a transaction was begun, not by begin_read. */
bool rp_lease_db_is_recording(const struct rp_lease_db *db);
/* A newer rocpart wrote the database, and this one may only read it. */
bool rp_lease_db_is_newer(const struct rp_lease_db *db);
/* Write a sentence about that. */
int rp_lease_db_describe_newer(struct rp_lease_db *db, char *buf, size_t size,
			       struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_lease_db_commit(struct rp_lease_db *db, struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_lease_db_rollback(struct rp_lease_db *db); /* does nothing without a begun transaction */

/* What is committed becomes part of the history of m, which outlives the database. */
void rp_lease_db_set_machine(struct rp_lease_db *db, struct rocpart_machine *m);

/* Load all leases with their claims, as of one moment. */
int rp_lease_db_load(struct rp_lease_db *db, struct rp_lease_list *ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/* Load the newest events, at most max. */
int rp_lease_db_events(struct rp_lease_db *db, size_t max, struct rp_lease_events *ret,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
/* Read the text of a key; "" when it was never set. */
int rp_lease_db_get(struct rp_lease_db *db, const char *key, struct rp_strbuf *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

/* The functions below are called inside of a transaction. Set the text of a key. */
int rp_lease_db_set(struct rp_lease_db *db, const char *key, const char *value,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * Record what a partition can hold, which is never less than its leases hold: when a partition
 * shrank, reconciliation marks its leases and takes nothing from them.
 */
int rp_lease_db_set_usable(struct rp_lease_db *db, const char *bdf, unsigned part, uint64_t usable,
			   struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * Add a lease; one with id 0 gets the next number. A pending lease has no claims, any other has
 * some. -ENOSPC: a partition lacks the bytes, or its leases do not share with so many.
 */
int rp_lease_db_add(struct rp_lease_db *db, const struct rp_lease *l, int64_t *ret_id,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* Record the number of a replica. -ENOENT; -EEXIST: another lease has that name and number. */
int rp_lease_db_set_replica(struct rp_lease_db *db, const struct rp_lease *l,
			    struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * Record what a person or a file says of a lease: bytes, share, priority, owner, footprint, labels,
 * replica and file of l. Bytes and share change only while the lease is pending. -ENOENT.
 */
int rp_lease_db_edit(struct rp_lease_db *db, const struct rp_lease *l,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * Give a pending lease a place: claims, guarantee, mode, limits and why of l. -ENOENT: not pending.
 */
int rp_lease_db_place(struct rp_lease_db *db, const struct rp_lease *l,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
/* End a lease: its claims give back exactly what they took. text becomes an event. -ENOENT. */
int rp_lease_db_remove(struct rp_lease_db *db, int64_t id, const char *text,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
/* Record what limits a lease, a JSON array. -ENOENT. */
int rp_lease_db_set_limits(struct rp_lease_db *db, int64_t id, const char *limits,
			   struct rocpart_error *reterr) RP_MUST_CHECK;
/* Evict a lease: it loses its claims and becomes pending. text becomes its problem. -ENOENT. */
int rp_lease_db_evict(struct rp_lease_db *db, int64_t id, const char *text,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
/* Record state, is_seen, problem and owner of l. -ENOENT. */
int rp_lease_db_update(struct rp_lease_db *db, const struct rp_lease *l,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_lease_db_event(struct rp_lease_db *db, int64_t lease, const char *text,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

/* Recompute all that the constraints promise: one line for each fault. */
int rp_lease_db_check(struct rp_lease_db *db, struct rp_names *ret,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

/* What is recorded of rocpart_leases_get(index); NULL past the end. */
const struct rp_lease *rp_leases_get(const struct rocpart_leases *leases, size_t index);

#endif
