/* SPDX-License-Identifier: MIT */
/* Leases compared with the machine, in the order of docs/design/leases.md. */
#ifndef RP_LEASES_RECONCILE_H
#define RP_LEASES_RECONCILE_H

#include "leases/host_view.h"

/* The bytes of one partition of the snapshot. */
struct rp_part_use {
	const struct rocpart_partition *partition;
	uint64_t usable;    /* for programs; 0: not known */
	uint64_t leased;    /* sum of the claims */
	uint64_t used;	    /* sum of the memory of processes */
	uint64_t unmanaged; /* memory that no lease accounts for */
	uint32_t n_leases;
	uint32_t max_tenants; /* least share of its leases; 0 without a lease */
	bool is_promised;     /* a lease has its place on this GPU in another mode */
};

struct rp_reconciled {
	uint64_t *lease_used;	   /* memory of each lease, by index of the list */
	struct rp_part_use *parts; /* by GPU and partition id */
	size_t n_parts;
	size_t n_changes; /* of leases, and of boot and driver */
};
void rp_reconciled_done(struct rp_reconciled *r);
#define RP_AUTO_RECONCILED RP_AUTO(rp_reconciled_done)

/*
 * Bring list up to date with the machine; leases that ended leave it. db is what list was loaded
 * from, with a transaction begun, or NULL without a database; every change is recorded there unless
 * the transaction only reads. 0, -ENOMEM, errors of db.
 */
int rp_reconcile(struct rp_host_view *w, struct rp_lease_db *db, struct rp_lease_list *list,
		 struct rp_reconciled *ret, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Find the lease that the memory of a process on a partition belongs to, as an index of list: the
 * lease whose owner or cgroup the process belongs to (*ret_is_certain), else the first one whose
 * processes this host does not show. SIZE_MAX: no lease.
 */
size_t rp_lease_of_memory(struct rp_host_view *w, const struct rp_lease_list *list, uint32_t pid,
			  const struct rocpart_partition *p, bool *ret_is_certain);

/*
 * Take the place of a lease of the list, by its index, as a transaction did. What memory it has
 * stays where it is: that of a program that goes on, unless the lease comes back to this place.
 */
void rp_reconciled_unclaim(struct rp_lease_list *list, size_t index, bool comes_back,
			   struct rp_reconciled *r);

struct rp_part_use *rp_reconciled_find(const struct rp_reconciled *r, const char *bdf,
				       unsigned part);

/* open.c: 1: the machine has a database of leases; 0: it has none; errno of looking. */
int rp_leases_exist(struct rocpart_machine *m, struct rocpart_error *reterr) RP_MUST_CHECK;
/* db_history.c: the largest number that a lease has or had; 0: none. 0 or errno. */
int rp_leases_last_number(struct rocpart_machine *m, int64_t *ret) RP_MUST_CHECK;
/*
 * db_identity.c. check: -EBADMSG BAD_RECORDS when the leases are those of another machine; those of
 * an earlier version name the GPUs that were present, and one of them that is still there is
 * enough. record: add the present identity to such a database; needs a transaction that writes.
 */
int rp_leases_check_machine(struct rp_lease_db *db, const struct rp_host_view *w,
			    struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_leases_record_machine(struct rp_lease_db *db, const struct rp_host_view *w,
			     struct rocpart_error *reterr) RP_MUST_CHECK;
/* The identity for a new database, as earlier versions read it; NULL: not known. */
const char *rp_leases_first_identity(const struct rp_host_view *w);
/* Return whether a text identifies this machine, in the present form or in the former one. */
bool rp_leases_is_machine(const struct rp_host_view *w, const char *identity);

/* open.c: as rp_lease_db_open(); the caller closes with rp_lease_db_close(). */
int rp_leases_open(struct rocpart_machine *m, enum rp_lease_open how, const char *identity,
		   struct rp_lease_db **ret, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
