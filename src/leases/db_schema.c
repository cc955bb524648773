/* SPDX-License-Identifier: MIT */
/*
 * The tables, and the rules that the database keeps whatever the code does.
 *
 * Invariants of every committed state, and what keeps them:
 * - 0 <= used <= usable and tenants <= max_tenants of each partition: CHECK.
 * - used and tenants are the sums over the claims of a partition, max_tenants is their least share:
 *   triggers claim_take and claim_give. No statement of ours writes the three columns, so they
 *   cannot differ from the claims.
 * - A lease has a claim exactly when it is not pending: CHECK ties the state to the partition, and
 *   a foreign key ties (partition, id) to a claim. The key is checked at the commit, because lease
 *   and claim refer to each other and one must be first.
 * - A claim has a lease and a partition: foreign keys, checked at once. (Deferred as well, each new
 *   lease would make SQLite read all claims.)
 * - Claims are never edited, nor the bytes of leases that have some: triggers claim_keep and
 *   lease_keep. So deleting a claim gives back exactly what it took.
 * - No two leases have the same name and number of replica: index lease_replica.
 * - No two leases ever have the same number: trigger lease_number keeps the largest number that was
 *   deleted. (AUTOINCREMENT would add a write to each insert; this costs an insert nothing.)
 *
 * Time: a claim takes O(1), and O(claims of its partition) to give back.
 * There is a step for each version. A step that was released is never edited; a new one is added
 * (db_version.c says who does it).
 */
#include "leases/db.h"

static const char version_1[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE partition(id INTEGER PRIMARY KEY, bdf TEXT NOT NULL,"
	" part INTEGER NOT NULL CHECK(part BETWEEN 0 AND 63),"
	" usable INTEGER NOT NULL CHECK(usable >= 0),"
	" used INTEGER NOT NULL DEFAULT 0 CHECK(used >= 0 AND used <= usable),"
	" tenants INTEGER NOT NULL DEFAULT 0 CHECK(tenants >= 0),"
	" max_tenants INTEGER NOT NULL DEFAULT 1,"
	" UNIQUE(bdf, part), CHECK(tenants <= max_tenants));"
	"CREATE TABLE lease(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
	" bytes INTEGER NOT NULL CHECK(bytes > 0), state INTEGER NOT NULL CHECK(state BETWEEN 0 "
	"AND 4),"
	" partition INTEGER, guarantee INTEGER NOT NULL CHECK(guarantee BETWEEN 0 AND 3),"
	" priority INTEGER NOT NULL, mode TEXT NOT NULL, share INTEGER NOT NULL CHECK(share >= 1),"
	" is_seen INTEGER NOT NULL DEFAULT 0, owner_kind INTEGER NOT NULL CHECK(owner_kind BETWEEN "
	"0 AND 5),"
	" owner TEXT NOT NULL, owner_start INTEGER NOT NULL, owner_boot TEXT NOT NULL,"
	" footprint TEXT, labels TEXT, why TEXT NOT NULL, problem TEXT NOT NULL DEFAULT '',"
	" created INTEGER NOT NULL, changed INTEGER NOT NULL,"
	" CHECK((state = 0) = (partition IS NULL)),"
	" FOREIGN KEY(partition, id) REFERENCES claim(partition, lease)"
	" DEFERRABLE INITIALLY DEFERRED);"
	"CREATE TABLE claim(partition INTEGER NOT NULL REFERENCES partition(id),"
	" lease INTEGER NOT NULL REFERENCES lease(id),"
	" bytes INTEGER NOT NULL CHECK(bytes > 0), share INTEGER NOT NULL CHECK(share >= 1),"
	" PRIMARY KEY(partition, lease)) WITHOUT ROWID;"
	"CREATE TABLE event(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
	" lease INTEGER NOT NULL, text TEXT NOT NULL);"
	"CREATE TRIGGER claim_take AFTER INSERT ON claim BEGIN"
	" UPDATE partition SET used = used + NEW.bytes, tenants = tenants + 1, max_tenants ="
	" CASE tenants WHEN 0 THEN NEW.share ELSE min(max_tenants, NEW.share) END"
	" WHERE id = NEW.partition; END;"
	"CREATE TRIGGER claim_give AFTER DELETE ON claim BEGIN"
	" UPDATE partition SET used = used - OLD.bytes, tenants = tenants - 1, max_tenants ="
	" coalesce((SELECT min(share) FROM claim WHERE partition = OLD.partition), 1)"
	" WHERE id = OLD.partition; END;"
	"INSERT INTO meta VALUES('last_lease', '0');"
	"CREATE TRIGGER lease_number AFTER DELETE ON lease BEGIN"
	" UPDATE meta SET value = OLD.id WHERE key = 'last_lease' AND CAST(value AS INTEGER) < "
	"OLD.id;"
	" END;"
	"CREATE TRIGGER claim_keep BEFORE UPDATE ON claim BEGIN"
	" SELECT raise(ABORT, 'a claim is never edited'); END;"
	"CREATE TRIGGER lease_keep BEFORE UPDATE OF bytes, share ON lease BEGIN"
	" SELECT raise(ABORT, 'the bytes of a lease are never edited'); END;"
	"CREATE TRIGGER event_trim AFTER INSERT ON event WHEN NEW.id % 64 = 0 BEGIN"
	" DELETE FROM event WHERE id <= NEW.id - 1000; END;";

static const char version_2[] = "ALTER TABLE lease ADD COLUMN limits TEXT NOT NULL DEFAULT ''";

/*
 * Replicas have numbers, and leases know their file. Programs of the formats before add leases
 * without either: number -1, file '?'. rp_replica_number() gives the numbers that are missing. The
 * bytes of a pending lease can be edited: that is how a lease changes in place.
 */
static const char version_3[] =
	"ALTER TABLE lease ADD COLUMN replica INTEGER NOT NULL DEFAULT -1;"
	"ALTER TABLE lease ADD COLUMN file TEXT NOT NULL DEFAULT '?';"
	"ALTER TABLE lease ADD COLUMN old_programs TEXT NOT NULL DEFAULT '';"
	"CREATE UNIQUE INDEX lease_replica ON lease(name, replica) WHERE replica >= 0;"
	"DROP TRIGGER lease_keep;"
	"CREATE TRIGGER lease_keep BEFORE UPDATE OF bytes, share ON lease"
	" WHEN OLD.state <> 0 AND (OLD.bytes <> NEW.bytes OR OLD.share <> NEW.share) BEGIN"
	" SELECT raise(ABORT, 'the bytes of a lease with a partition are never edited'); END;";

/*
 * A step is additive when programs of the format before can use the result without knowing: new
 * tables, indices, and columns with a default. Everything else raises min_writer, or min_reader, to
 * the number of the step.
 */
static const struct rp_lease_step steps[] = {
	{version_1, 1, 1}, {version_2, 1, 1}, {version_3, 1, 1}};

const struct rp_lease_format rp_lease_format = {.steps = steps, .n_steps = RP_ARRAY_LEN(steps)};

_Static_assert(RP_ARRAY_LEN(steps) == RP_LEASE_VERSION, "a step for each version");
