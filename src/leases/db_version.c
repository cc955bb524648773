/* SPDX-License-Identifier: MIT */
/*
 * Versions of the lease database (docs/design/leases.md, Versions).
 *
 * Invariants:
 * - The format of a database is its user_version: the number of steps of db_schema.c that it has.
 * - A program that knows fewer steps reads the database when it knows min_reader of them, and
 *   writes when it knows min_writer; both are rows of meta. A newer database without these rows is
 *   not touched.
 * - Opening for writing does the missing steps that older programs do not notice (additive ones).
 *   A step that they would notice is done by rp_lease_db_migrate() alone.
 * - Opening for reading never writes.
 */
#include "base/num.h"
#include "leases/db.h"

/* Read the number that a PRAGMA gives. */
static int read_pragma(sqlite3 *db, const char *sql, int *ret)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int(s, 0);
	(void)sqlite3_finalize(s);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* Read a number from meta; fallback when it is not there or not a number. */
static int read_number(struct rp_lease_db *db, const char *key, unsigned fallback, unsigned *ret,
		       struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_lease_db_get(db, key, &text, reterr);
	uint32_t n;

	*ret = r == 0 && rp_parse_u32(rp_strbuf_str(&text), 10, &n) == 0 ? n : fallback;
	return r;
}

int rp_lease_db_describe_newer(struct rp_lease_db *db, char *buf, size_t size,
			       struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf by = RP_STRBUF_INIT;
	int r = rp_lease_db_get(db, "written_by", &by, reterr);

	(void)rp_fmt(
		buf, size,
		"the leases are of format %u, which rocpart %.32s wrote; this rocpart (%s) knows "
		"format %u, so it can read them and not change them",
		db->version, by.len ? rp_strbuf_str(&by) : "of a newer version", ROCPART_VERSION,
		db->format->n_steps);
	return r;
}

int rp_lease_db_refuse_newer(struct rp_lease_db *db, struct rocpart_error *reterr, const char *verb)
{
	RP_AUTO_STRBUF struct rp_strbuf by = RP_STRBUF_INIT;

	if (rp_lease_db_get(db, "written_by", &by, NULL) < 0)
		rp_strbuf_reset(&by);
	(void)rp_error_set(reterr, -EBADMSG, ROCPART_ERR_BAD_RECORDS, db->path,
			   "the leases in '%s' are of format %u, which rocpart %.32s wrote; this "
			   "rocpart (%s) knows format %u, which is too old to %s them",
			   db->path, db->version,
			   by.len ? rp_strbuf_str(&by) : "of a newer version", ROCPART_VERSION,
			   db->format->n_steps, verb);
	return rp_error_hint(reterr,
			     "use that version of rocpart, or let it write what this one imports: "
			     "`rocpart state export --for-version %u`",
			     db->format->n_steps);
}

/* Check a database that has more steps than this program knows. */
static int check_newer(struct rp_lease_db *db, bool writes, struct rocpart_error *reterr)
{
	unsigned reader = 0, writer = 0;
	int r = read_number(db, "min_reader", db->version, &reader, reterr);

	if (r == 0)
		r = read_number(db, "min_writer", db->version, &writer, reterr);
	if (r < 0)
		return r;
	if (db->format->n_steps < reader)
		return rp_lease_db_refuse_newer(db, reterr, "read");
	db->is_only_read = db->format->n_steps < writer;
	return writes && db->is_only_read ? rp_lease_db_refuse_newer(db, reterr, "change") : 0;
}

unsigned rp_lease_format_reach(const struct rp_lease_format *f, unsigned from)
{
	unsigned v = from;

	while (v < f->n_steps && (v == 0 || f->steps[v].min_writer <= v))
		v++;
	return v;
}

/* Write a row of meta with a number. */
static int set_number(struct rp_lease_db *db, const char *key, unsigned n,
		      struct rocpart_error *reterr)
{
	char text[16];

	(void)rp_fmt(text, sizeof(text), "%u", n);
	return rp_lease_db_set(db, key, text, reterr);
}

int rp_lease_db_do_steps(struct rp_lease_db *db, unsigned to, struct rocpart_error *reterr)
{
	unsigned reader = 1, writer = 1;
	int r = 0;

	for (unsigned v = 0; v < to; v++) {
		const struct rp_lease_step *step = &db->format->steps[v];

		reader = step->min_reader > reader ? step->min_reader : reader;
		writer = step->min_writer > writer ? step->min_writer : writer;
	}
	for (; r == 0 && db->version < to; db->version++) {
		char set[64];
		int rc = sqlite3_exec(db->db, db->format->steps[db->version].sql, NULL, NULL, NULL);

		(void)rp_fmt(set, sizeof(set), "PRAGMA user_version = %u", db->version + 1);
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(db->db, set, NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			r = rp_lease_db_error(db, rc, "change the tables of leases", reterr);
	}
	if (r == 0)
		r = set_number(db, "min_reader", reader, reterr);
	if (r == 0)
		r = set_number(db, "min_writer", writer, reterr);
	return r < 0 ? r : rp_lease_db_set(db, "written_by", ROCPART_VERSION, reterr);
}

int rp_lease_db_read_version(struct rp_lease_db *db, struct rocpart_error *reterr)
{
	int version = 0, rc = read_pragma(db->db, "PRAGMA user_version", &version);

	db->version = version < 0 ? 0 : (unsigned)version;
	return rc == SQLITE_OK ? 0 : rp_lease_db_error(db, rc, "read the leases", reterr);
}

/*
 * Do the missing additive steps. The version is read again inside the transaction: another program
 * may have done them first.
 */
static int upgrade(struct rp_lease_db *db, struct rocpart_error *reterr)
{
	int r = rp_lease_db_begin(db, reterr);

	if (r == 0)
		r = rp_lease_db_read_version(db, reterr);
	if (r == 0 && db->version < db->format->n_steps)
		r = rp_lease_db_do_steps(db, rp_lease_format_reach(db->format, db->version),
					 reterr);
	if (r == 0)
		r = rp_lease_db_commit(db, reterr);
	rp_lease_db_rollback(db);
	return r;
}

int rp_lease_db_check_version(struct rp_lease_db *db, bool writes, struct rocpart_error *reterr)
{
	int app = 0, rc = read_pragma(db->db, "PRAGMA application_id", &app);
	int r = rc == SQLITE_OK ? rp_lease_db_read_version(db, reterr)
				: rp_lease_db_error(db, rc, "read the leases", reterr);

	if (r < 0)
		return r;
	if (app != RP_LEASE_APPLICATION_ID || db->version < 1)
		return rp_lease_db_refuse(db->path, reterr, "the file is not a lease database",
					  "move the file away");
	if (db->version > db->format->n_steps)
		return check_newer(db, writes, reterr);
	if (!writes || db->version == db->format->n_steps)
		return 0;
	if (rp_lease_format_reach(db->format, db->version) > db->version)
		r = upgrade(db, reterr);
	if (r < 0 || db->version == db->format->n_steps)
		return r;
	(void)rp_error_set(
		reterr, -EBADMSG, ROCPART_ERR_BAD_RECORDS, db->path,
		"the leases in '%s' are of format %u, which this rocpart (%s) only reads", db->path,
		db->version, ROCPART_VERSION);
	return rp_error_hint(reterr,
			     "`rocpart state migrate` brings them to format %u; older versions of "
			     "rocpart cannot use them afterwards",
			     db->format->n_steps);
}
