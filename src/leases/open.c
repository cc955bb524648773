/* SPDX-License-Identifier: MIT */
/* Where the leases of a machine are: in its record folder, or in memory when its records are. */
#include "leases/reconcile.h"

#include <fcntl.h>

int rp_leases_exist(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *path = NULL;
	int r;

	if (m->leases || m->in_memory || !m->state_dir)
		return m->leases != NULL;
	r = rp_machine_open_state(m);
	if (r < 0 && !rp_is_denied(r))
		return rp_error_errno(reterr, r, m->state_dir, "cannot use the record folder '%s'",
				      m->state_dir);
	path = rp_strdupf("%s/leases.db", m->state_dir);
	if (!path)
		return rp_error_nomem(reterr);
	/* A link to nowhere is a database that cannot be read, not one that was never made. */
	r = faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? rp_neg_errno() : 0;
	/* One in a folder that may not be searched cannot be ruled out: opening it says why. */
	if (r == 0 || rp_is_denied(r))
		return 1;
	return rp_is_absent(r) ? 0 : rp_error_errno(reterr, r, path, "cannot look for the leases");
}

/* The machine calls this at its end for leases in memory. */
static void drop_leases(void *leases)
{
	rp_lease_db_drop(leases);
}

int rp_leases_open(struct rocpart_machine *m, enum rp_lease_open how, const char *identity,
		   struct rp_lease_db **ret, struct rocpart_error *reterr)
{
	struct rp_lease_db *db = m->leases;
	int r;

	if (!m->in_memory) {
		r = rp_lease_db_open(m->state_dir, how, identity, m->no_sync, ret, reterr);
		if (r == 0)
			rp_lease_db_set_machine(*ret, m);
		return r;
	}
	if (!db && how != RP_LEASE_MAKE && how != RP_LEASE_MAKE_BRIEF)
		return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
				    "this machine has no leases");
	r = db ? 0 : rp_lease_db_open_memory(identity, &db, reterr);
	if (r < 0)
		return r;
	rp_lease_db_set_machine(db, m);
	m->leases = db;
	m->free_leases = drop_leases;
	*ret = db;
	return 0;
}
