/* SPDX-License-Identifier: MIT */
/*
 * Durable leases: who was promised how many bytes of which partition. One SQLite database for each
 * machine, in its record folder. What must never be broken (0 <= used <= usable, exclusive is
 * exclusive, no lease without bytes, no bytes without a lease) is a constraint of the database as
 * well as a rule of the code. docs/design/leases.md.
 */
#ifndef RP_LEASES_LEASE_H
#define RP_LEASES_LEASE_H

#include "leases/owner.h"
#include "rocpart/lease.h"

/* Bytes of one partition. */
struct rp_claim {
	char bdf[RP_BDF_SIZE];
	unsigned part;
	uint64_t bytes;
};

struct rp_lease {
	int64_t id; /* never given twice */
	char *name;
	uint64_t bytes; /* sum of its claims, also while it is pending */
	enum rocpart_lease_state state;
	enum rocpart_guarantee guarantee;
	int32_t priority;
	uint32_t share; /* tenants that its partition may have; 1: alone */
	bool is_seen;	/* the kernel showed memory or processes of it since it was placed */
	char mode[16]; /* of its GPU when it was placed, "CPX/NPS4"; in another its place is gone */
	struct rp_owner owner;
	struct rp_claim *claims; /* none while pending */
	size_t n_claims;
	char *footprint; /* JSON object, or NULL */
	char *labels;	 /* JSON object of texts, or NULL */
	char *limits;	 /* JSON array, or NULL */
	char *why;	 /* why it is where it is */
	char *problem;	 /* what is wrong and what to do; "" or NULL: nothing */
	int64_t created_s, changed_s;
};

void rp_lease_done(struct rp_lease *l);

struct rp_lease_list {
	struct rp_lease *v; /* by id */
	size_t n, cap;
};
void rp_lease_list_done(struct rp_lease_list *list);
#define RP_AUTO_LEASE_LIST RP_AUTO(rp_lease_list_done)

struct rp_lease_event {
	int64_t at_s, lease; /* lease 0: of the machine */
	char *text;
};

struct rp_lease_events {
	struct rp_lease_event *v; /* newest first */
	size_t n, cap;
};
void rp_lease_events_done(struct rp_lease_events *events);

struct rp_lease_db;

enum rp_lease_open {
	RP_LEASE_READ,	/* -ENOENT when there is no database */
	RP_LEASE_WRITE, /* the same, and it must be writable */
	RP_LEASE_MAKE,	/* made when it is not there */
	/*
	 * The same, and what is committed need not outlive the machine: for leases of a process,
	 * which does not either. The commit waits for no disk; the database stays whole.
	 */
	RP_LEASE_MAKE_BRIEF,
};

/*
 * identity names the machine: a database of another one is refused. NULL: it cannot be told now.
 * 0; -ENOENT; -EBADMSG BAD_RECORDS: damaged, newer, not a lease database, another machine's;
 * -EROFS, -EACCES, -ENOSPC, -EIO.
 */
int rp_lease_db_open(const char *dir, enum rp_lease_open how, const char *identity,
		     struct rp_lease_db **ret, struct rocpart_error *reterr) RP_MUST_CHECK;
/* In memory, to be kept: closing it only takes back what was begun; it ends with drop. */
int rp_lease_db_open_memory(const char *identity, struct rp_lease_db **ret,
			    struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_lease_db_drop(struct rp_lease_db *db);
/* -EBADMSG when it is of another machine. NULL, or none recorded: it cannot be told. */
int rp_lease_db_check_machine(struct rp_lease_db *db, const char *identity,
			      struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_lease_db_close(struct rp_lease_db *db);
void rp_cleanup_lease_db(struct rp_lease_db **db);
#define RP_AUTO_LEASE_DB RP_AUTO(rp_cleanup_lease_db)

/*
 * begin waits for other writers, at most ten seconds (-EBUSY LOCKED). What is done between begin
 * and commit is durable as a whole when commit returned 0, else nothing of it.
 */
int rp_lease_db_begin(struct rp_lease_db *db, struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_lease_db_commit(struct rp_lease_db *db, struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_lease_db_rollback(struct rp_lease_db *db); /* nothing begun: nothing done */

int rp_lease_db_load(struct rp_lease_db *db, struct rp_lease_list *ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_lease_db_events(struct rp_lease_db *db, size_t max, struct rp_lease_events *ret,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
/* Text of a key; "" when it was never set. */
int rp_lease_db_get(struct rp_lease_db *db, const char *key, struct rp_strbuf *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

/* Inside a transaction: */
int rp_lease_db_set(struct rp_lease_db *db, const char *key, const char *value,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * What a partition can hold now; not less than what is promised of it already (a partition that
 * shrank: its leases are marked, not cut).
 */
int rp_lease_db_set_usable(struct rp_lease_db *db, const char *bdf, unsigned part, uint64_t usable,
			   struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * A new lease; with id 0 it gets one. State pending without claims, else with. -ENOSPC when a
 * partition lacks the bytes or the tenants exclude each other.
 */
int rp_lease_db_add(struct rp_lease_db *db, const struct rp_lease *l, int64_t *ret_id,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* Give a pending lease its place. The fields of l that a place has are taken. */
int rp_lease_db_place(struct rp_lease_db *db, const struct rp_lease *l,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
/* End it: exactly what was taken is given back; text goes to the events. -ENOENT. */
int rp_lease_db_remove(struct rp_lease_db *db, int64_t id, const char *text,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
/* What limits it, a JSON array. */
int rp_lease_db_set_limits(struct rp_lease_db *db, int64_t id, const char *limits,
			   struct rocpart_error *reterr) RP_MUST_CHECK;
/* Take its place away, keep the lease: it is pending. */
int rp_lease_db_evict(struct rp_lease_db *db, int64_t id, const char *text,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
/* State, is_seen, problem and owner of l. */
int rp_lease_db_update(struct rp_lease_db *db, const struct rp_lease *l,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_lease_db_event(struct rp_lease_db *db, int64_t lease, const char *text,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

/* Everything against everything: one line for each thing that is wrong. */
int rp_lease_db_check(struct rp_lease_db *db, struct rp_names *ret,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
