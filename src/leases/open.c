/* SPDX-License-Identifier: MIT */
/* Where the leases of a machine are: in its record folder, or in memory when its records are. */
#include "leases/reconcile.h"

bool rp_leases_exist(struct rocpart_machine *m)
{
	RP_AUTO_FREE char *path =
		m->state_dir && !m->in_memory ? rp_strdupf("%s/leases.db", m->state_dir) : NULL;

	/* One in a folder that may not be searched cannot be ruled out: opening it says why. */
	return m->leases ||
	       (path && (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)));
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

	if (!m->in_memory)
		return rp_lease_db_open(m->state_dir, how, identity, ret, reterr);
	if (!db && how != RP_LEASE_MAKE && how != RP_LEASE_MAKE_BRIEF)
		return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
				    "this machine has no leases");
	r = db ? 0 : rp_lease_db_open_memory(identity, &db, reterr);
	if (r < 0)
		return r;
	m->leases = db;
	m->free_leases = drop_leases;
	*ret = db;
	return 0;
}
