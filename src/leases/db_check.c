/* SPDX-License-Identifier: MIT */
/*
 * `state check`: all that the constraints of db_schema.c promise, recomputed from the tables. A
 * fault can only come from a damaged file or from another program that turned the constraints off.
 */
#include "leases/db.h"

/*
 * Each query gives one line of text for each fault; integrity_check says "ok" when there is none.
 */
static const char *const queries[] = {
	"PRAGMA integrity_check(20)",
	"SELECT 'table ' || \"table\" || ', row ' || coalesce(rowid, 0) || ': refers to a row that "
	"does not exist in ' || parent FROM pragma_foreign_key_check",
	"SELECT 'partition ' || bdf || '/' || part || ': ' || used || ' bytes and ' || tenants || "
	"' leases are recorded, but its claims are ' || coalesce(c.bytes, 0) || ' bytes and ' || "
	"coalesce(c.n, 0) || ' leases' FROM partition LEFT JOIN (SELECT partition AS p, sum(bytes) "
	"AS bytes, count(*) AS n FROM claim GROUP BY partition) c ON c.p = id WHERE used <> "
	"coalesce(c.bytes, 0) OR tenants <> coalesce(c.n, 0)",
	"SELECT 'partition ' || bdf || '/' || part || ': ' || used || ' bytes are leased, but ' || "
	"usable || ' can be used' FROM partition WHERE used < 0 OR used > usable",
	"SELECT 'partition ' || bdf || '/' || part || ': ' || tenants || ' leases share it, but ' "
	"|| max_tenants || ' may' FROM partition WHERE tenants > max_tenants",
	"SELECT 'lease ' || l.id || ': ' || l.bytes || ' bytes are recorded, but its claims are ' "
	"|| coalesce(sum(c.bytes), 0) || ' bytes' FROM lease l LEFT JOIN claim c ON c.lease = l.id "
	"WHERE l.state <> 0 GROUP BY l.id HAVING l.bytes <> coalesce(sum(c.bytes), 0)",
	"SELECT 'lease ' || lease || ': it has claims of ' || bytes || ' bytes, but does not exist "
	"or is pending' FROM claim WHERE lease NOT IN (SELECT id FROM lease WHERE state <> 0)",
};

int rp_lease_db_check(struct rp_lease_db *db, struct rp_names *ret, struct rocpart_error *reterr)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(queries); i++) {
		sqlite3_stmt *s = NULL;
		int bad = 0, rc = sqlite3_prepare_v2(db->db, queries[i], -1, &s, NULL);

		while (rc == SQLITE_OK || rc == SQLITE_ROW) {
			const char *text;

			rc = sqlite3_step(s);
			text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
			if (text && bad == 0 && !rp_str_eq(text, "ok"))
				bad = rp_names_add(ret, text);
		}
		(void)sqlite3_finalize(s);
		if (rc != SQLITE_DONE)
			return rp_lease_db_error(db, rc, "check the leases", reterr);
		if (bad < 0)
			return rp_error_nomem(reterr);
	}
	return 0;
}
