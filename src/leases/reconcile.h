/* SPDX-License-Identifier: MIT */
/* Leases against the machine, by one stated rule: docs/design/leases.md. */
#ifndef RP_LEASES_RECONCILE_H
#define RP_LEASES_RECONCILE_H

#include "leases/host_view.h"

/* One partition of the snapshot. */
struct rp_part_use {
	const struct rocpart_partition *partition;
	uint64_t usable, leased, used, unmanaged;
	uint32_t n_leases;
	uint32_t max_tenants; /* least share of its leases; 0 without any */
	bool is_promised;     /* its GPU owes places in another mode: nothing of it is given away */
};

struct rp_reconciled {
	uint64_t *lease_used;	   /* by index of the list */
	struct rp_part_use *parts; /* by GPU and partition id */
	size_t n_parts;
	size_t n_changes;
};
void rp_reconciled_done(struct rp_reconciled *r);
#define RP_AUTO_RECONCILED RP_AUTO(rp_reconciled_done)

/*
 * Bring list up to date with the machine: leases that ended leave it. With db (a transaction is
 * begun) everything is recorded too; without, nothing is written.
 */
int rp_reconcile(struct rp_host_view *w, struct rp_lease_db *db, struct rp_lease_list *list,
		 struct rp_reconciled *ret, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Whose lease the memory of a process on a partition is, as an index of list: that of its owner or
 * of its control group (then it is certain), else of one whose processes cannot be told. SIZE_MAX:
 * nobody's.
 */
size_t rp_lease_of_memory(struct rp_host_view *w, const struct rp_lease_list *list, uint32_t pid,
			  const struct rocpart_partition *p, bool *ret_is_certain);

struct rp_part_use *rp_reconciled_find(const struct rp_reconciled *r, const char *bdf,
				       unsigned part);

/* lease_open.c */
bool rp_leases_exist(struct rocpart_machine *m);
/* As rp_lease_db_open(); closed by rp_lease_db_close(). */
int rp_leases_open(struct rocpart_machine *m, enum rp_lease_open how, const char *identity,
		   struct rp_lease_db **ret, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
