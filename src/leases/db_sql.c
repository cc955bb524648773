/* SPDX-License-Identifier: MIT */
/* The texts of the statements. */
#include "leases/db.h"

static const char *const statements[RP_N_SQL] = {
	[RP_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[RP_SQL_BEGIN_READ] = "BEGIN",
	[RP_SQL_COMMIT] = "COMMIT",
	[RP_SQL_GET] = "SELECT value FROM meta WHERE key = ?1",
	[RP_SQL_SET] = "INSERT INTO meta(key, value) VALUES(?1, ?2)"
		       " ON CONFLICT(key) DO UPDATE SET value = ?2",
	[RP_SQL_LEASES] = "SELECT id, name, bytes, state, guarantee, priority, share, is_seen,"
			  " owner_kind, owner, owner_start, owner_boot, footprint, labels, why,"
			  " problem, created, changed, mode, limits, replica, file, old_programs"
			  " FROM lease ORDER BY id",
	[RP_SQL_CLAIMS] = "SELECT c.lease, p.bdf, p.part, c.bytes FROM claim c JOIN partition p"
			  " ON p.id = c.partition ORDER BY c.lease, p.bdf, p.part",
	[RP_SQL_EVENTS] = "SELECT at, lease, text FROM event ORDER BY id DESC LIMIT ?1",
	[RP_SQL_USABLE] = "INSERT INTO partition(bdf, part, usable) VALUES(?1, ?2, ?3)"
			  " ON CONFLICT(bdf, part) DO UPDATE SET usable = max(?3, used)"
			  " WHERE usable <> max(?3, used)",
	[RP_SQL_FIND_PARTITION] = "SELECT id FROM partition WHERE bdf = ?1 AND part = ?2",
	[RP_SQL_LAST_ID] =
		"SELECT max(coalesce((SELECT max(id) FROM lease), 0), (SELECT CAST(value AS"
		" INTEGER) FROM meta WHERE key = 'last_lease'))",
	[RP_SQL_ADD] =
		"INSERT INTO lease(id, name, bytes, state, partition, guarantee, priority,"
		" share, is_seen, owner_kind, owner, owner_start, owner_boot, footprint,"
		" labels, why, problem, created, changed, mode, limits, replica, file,"
		" old_programs)"
		" VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,"
		"?21,?22,?23,?24)",
	[RP_SQL_CLAIM] = "INSERT INTO claim(partition, lease, bytes, share) VALUES(?1, ?2, ?3, ?4)",
	[RP_SQL_PLACE] = "UPDATE lease SET state = 1, partition = ?2, guarantee = ?3, why = ?4,"
			 " problem = '', is_seen = 0, changed = ?5, mode = ?6, limits = ?7"
			 " WHERE id = ?1 AND state = 0",
	[RP_SQL_UPDATE] = "UPDATE lease SET state = ?2, is_seen = ?3, problem = ?4, owner_kind ="
			  " ?5, owner = ?6, owner_start = ?7, owner_boot = ?8, changed = ?9"
			  " WHERE id = ?1",
	[RP_SQL_EVICT] = "UPDATE lease SET state = 0, partition = NULL, is_seen = 0, problem = ?2,"
			 " changed = ?3 WHERE id = ?1",
	[RP_SQL_UNCLAIM] = "DELETE FROM claim WHERE lease = ?1",
	[RP_SQL_REMOVE] = "DELETE FROM lease WHERE id = ?1",
	[RP_SQL_LIMITS] = "UPDATE lease SET limits = ?2 WHERE id = ?1",
	[RP_SQL_REPLICA] = "UPDATE lease SET replica = ?2 WHERE id = ?1",
	/* With the numbers of RP_SQL_ADD. */
	[RP_SQL_EDIT] = "UPDATE lease SET bytes = ?3, priority = ?7, share = ?8, owner_kind = ?10,"
			" owner = ?11, owner_start = ?12, owner_boot = ?13, footprint = ?14,"
			" labels = ?15, changed = ?19, replica = ?22, file = ?23,"
			" old_programs = ?24 WHERE id = ?1",
	[RP_SQL_EVENT] = "INSERT INTO event(at, lease, text) VALUES(?1, ?2, ?3)",
};

/* Leases of format 1 have no limits, and those of 2 no numbers: reading changes no table. */
#define LEASES_OF_OLD(limits)                                                  \
	"SELECT id, name, bytes, state, guarantee, priority, share, is_seen,"  \
	" owner_kind, owner, owner_start, owner_boot, footprint, labels, why," \
	" problem, created, changed, mode, " limits ", -1, '?', '' FROM lease ORDER BY id"
static const char leases_of_1[] = LEASES_OF_OLD("''");
static const char leases_of_2[] = LEASES_OF_OLD("limits");

const char *rp_lease_db_sql(unsigned version, enum rp_lease_sql which)
{
	if (which != RP_SQL_LEASES || version > 2)
		return statements[which];
	return version == 1 ? leases_of_1 : leases_of_2;
}
