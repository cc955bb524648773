/* SPDX-License-Identifier: MIT */
/*
 * What a transaction does to leases, for the history of the machine. It is noted while the rows are
 * there and written once the commit is durable: a kill in between loses the entry, and no entry
 * tells what was never committed. Nothing fails for a note.
 */
#include "base/clock.h"
#include "base/num.h"
#include "leases/db.h"
#include "leases/reconcile.h"
#include "machine/history.h"

struct rp_lease_note {
	int64_t lease;
	const char *outcome; /* static */
	char text[RP_HISTORY_TEXT_SIZE];
};

void rp_lease_db_set_machine(struct rp_lease_db *db, struct rocpart_machine *m)
{
	db->machine = m;
}

/* "llama/0, 10.0 GiB on 0000:05:00.0/3: released" */
static void describe(sqlite3_stmt *s, const char *why, struct rp_lease_note *note)
{
	const char *name = (const char *)sqlite3_column_text(s, 0);
	const char *bdf = (const char *)sqlite3_column_text(s, 2);
	char size[RP_BYTES_TEXT_SIZE], place[64] = "";

	if (bdf)
		(void)rp_fmt(place, sizeof(place), " on %s/%d", bdf, sqlite3_column_int(s, 3));
	(void)rp_fmt(note->text, sizeof(note->text), "%.100s, %s%s%s%.80s", name ? name : "?",
		     rp_format_bytes((uint64_t)sqlite3_column_int64(s, 1), size), place,
		     why ? ": " : "", why ? why : "");
}

void rp_lease_db_note(struct rp_lease_db *db, int64_t lease, const char *outcome, const char *why)
{
	static const char sql[] = "SELECT CASE WHEN replica < 0 THEN name ELSE name || '/' ||"
				  " replica END, lease.bytes, bdf, part FROM lease LEFT JOIN claim"
				  " ON claim.lease = lease.id LEFT JOIN partition"
				  " ON partition.id = claim.partition WHERE lease.id = ?1";
	struct rp_lease_note note = {.lease = lease, .outcome = outcome};
	sqlite3_stmt *s = NULL;

	if (!db->machine || !rp_lease_db_is_recording(db))
		return;
	if (sqlite3_prepare_v2(db->db, sql, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_bind_int64(s, 1, lease) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW &&
	    rp_grow(&db->notes, &db->cap_notes, db->n_notes + 1, sizeof(note)) == 0) {
		describe(s, why, &note);
		db->notes[db->n_notes++] = note;
	}
	/* Without memory SQLite gives the whole transaction up: the commit says why. */
	if (db->is_begun && sqlite3_get_autocommit(db->db) && !db->lost)
		db->lost = sqlite3_extended_errcode(db->db);
	(void)sqlite3_finalize(s);
}

void rp_lease_db_drop_notes(struct rp_lease_db *db)
{
	free(db->notes);
	db->notes = NULL;
	db->n_notes = db->cap_notes = 0;
}

void rp_lease_db_write_notes(struct rp_lease_db *db)
{
	for (size_t i = 0; i < db->n_notes; i++)
		rp_history_add(db->machine, &(struct rocpart_history_entry){
						    .kind = "lease",
						    .outcome = db->notes[i].outcome,
						    .text = db->notes[i].text,
						    .lease = (uint64_t)db->notes[i].lease,
						    .milliseconds = -1});
	rp_lease_db_drop_notes(db);
}

static int read_last(struct rp_lease_db *db, int64_t *ret, struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int64_t last;
	int rc, r = rp_lease_db_stmt(db, RP_SQL_LAST_ID, &s, reterr);

	if (r < 0)
		return r;
	rc = sqlite3_step(s);
	last = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	r = rp_lease_db_end(db, s, rc, "read the leases", reterr);
	if (r == 0)
		*ret = last;
	return r;
}

int rp_leases_last_number(struct rocpart_machine *m, int64_t *ret)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	struct rocpart_error err = {0};
	int r = rp_leases_exist(m, &err);

	if (r == 0)
		*ret = 0;
	if (r <= 0)
		return r;
	r = rp_leases_open(m, RP_LEASE_READ, NULL, &db, &err);
	return r < 0 ? r : read_last(db, ret, &err);
}

int rp_lease_db_event(struct rp_lease_db *db, int64_t lease, const char *text,
		      struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int64_t now = 0;
	int r = rp_lease_db_stmt(db, RP_SQL_EVENT, &s, reterr);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(s, 1, rp_clock_read(&now) < 0 ? 0 : now);
	(void)sqlite3_bind_int64(s, 2, lease);
	(void)sqlite3_bind_text(s, 3, text, -1, SQLITE_STATIC);
	return rp_lease_db_run(db, s, "record an event", reterr);
}
