/* SPDX-License-Identifier: MIT */
/*
 * `state migrate`: the steps of the tables that older versions of rocpart would notice.
 *
 * Order, each for a reason: take the write lock, so that the export is what is migrated; read the
 * format again, another program may have migrated meanwhile; write the export, durably; do the
 * steps; commit. A failure leaves the old format, and at most an export more.
 */
#include <stdio.h>
#include <time.h>

#include "leases/migrate.h"
#include "leases/reconcile.h"
#include "leases/state_file.h"

#define BACKUPS "backups"

/* Write the export of the present transaction to a new file. */
static int back_up(struct rp_lease_db *db, const char *backups, char **ret_path,
		   struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_TREE struct rp_tree *folder = NULL;
	RP_AUTO_FREE char *name = NULL;
	char when[32];
	struct tm tm;
	time_t now = time(NULL);
	int r = rp_state_file_write(db, db->version, &text, reterr);

	if (r < 0)
		return r;
	if (!gmtime_r(&now, &tm) || strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_FAILED, NULL,
				    "the clock of this computer shows no date");
	name = rp_strdupf("leases-format%u-%s.json", db->version, when);
	*ret_path = name ? rp_strdupf("%s/%s", backups, name) : NULL;
	if (!*ret_path)
		return rp_error_nomem(reterr);
	r = rp_make_record_dir(backups, true);
	if (r == 0)
		r = rp_tree_open(backups, RP_TREE_STATE, &folder);
	if (r == 0)
		r = rp_tree_replace(folder, text.s, text.len, "%s", name);
	if (r == 0)
		return 0;
	(void)rp_error_errno(reterr, r, *ret_path,
			     "cannot write the backup '%s'; nothing was changed", *ret_path);
	return rp_lease_hint_errno(r, reterr);
}

static int migrate(struct rp_lease_db *db, const char *backups, char **ret_backup,
		   struct rocpart_error *reterr)
{
	int r = rp_lease_db_read_version(db, reterr);

	if (r < 0 || db->version >= db->format->n_steps)
		return r;
	r = back_up(db, backups, ret_backup, reterr);
	if (r == 0)
		r = rp_lease_db_do_steps(db, db->format->n_steps, reterr);
	return r;
}

int rp_lease_db_migrate(struct rp_lease_db *db, const char *backups, char **ret_backup,
			struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *backup = NULL;
	unsigned before = db->version;
	int r = rp_lease_db_begin(db, reterr);

	if (r == 0)
		r = migrate(db, backups, &backup, reterr);
	if (r == 0)
		r = rp_lease_db_commit(db, reterr);
	rp_lease_db_rollback(db);
	if (r < 0) {
		db->version = before;
		return r;
	}
	*ret_backup = rp_steal(&backup);
	return 0;
}

/* Fill the formats, and do the steps unless the machine is for a dry run. */
static int migrate_machine(struct rocpart_machine *m, struct rp_lease_db *db,
			   struct rocpart_migration *ret, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *backups = NULL;

	if (db->version > db->format->n_steps)
		return rp_lease_db_refuse_newer(db, reterr, "migrate");
	ret->from = db->version;
	ret->to = db->format->n_steps;
	if (m->is_dry_run || m->in_memory)
		return 0;
	backups = rp_strdupf("%s/" BACKUPS, m->state_dir);
	return backups ? rp_lease_db_migrate(db, backups, &ret->backup, reterr)
		       : rp_error_nomem(reterr);
}

ROCPART_PUBLIC int rocpart_leases_migrate(struct rocpart_machine *machine,
					  struct rocpart_migration *ret_migration,
					  struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	enum rp_lease_open how = machine->is_dry_run ? RP_LEASE_READ : RP_LEASE_MIGRATE;
	int r;

	reterr = reterr ? reterr : &local;
	memset(ret_migration, 0, sizeof(*ret_migration));
	r = rp_leases_exist(machine, reterr);
	if (r < 0)
		return r;
	if (r == 0) {
		ret_migration->from = ret_migration->to = rp_lease_format.n_steps;
		return 0;
	}
	r = rp_leases_open(machine, how, NULL, &db, reterr);
	return r < 0 ? r : migrate_machine(machine, db, ret_migration, reterr);
}
