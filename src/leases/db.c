/* SPDX-License-Identifier: MIT */
/*
 * The lease database: opening it, transactions, and what SQLite's errors mean.
 *
 * Invariants:
 * - The file appears whole or not at all (db_make.c).
 * - A commit that returned 0 survives a crash of the machine (write-ahead log, synchronous = FULL),
 *   except for RP_LEASE_MAKE_BRIEF. One that failed has no effect, even when its pages reached the
 *   log (void_failed_commit()). Whoever writes first into an empty log syncs the folder that names
 *   the log (name_log()).
 * - What keeps writers apart is SQLite's write lock. It is taken when a transaction begins (BEGIN
 *   IMMEDIATE) and never in the middle, so writers wait for each other and cannot deadlock; readers
 *   do not wait. db_queue.c has the order of those who wait.
 * - A database that is damaged, not ours, of a version that we do not know enough of (db_version.c)
 *   or of another machine is refused and left as it is.
 * - Its files are for the owner of the folder alone (0600): a lock on a file needs no more than the
 *   right to read the file.
 *
 * Source: the guarantees of SQLite's write-ahead log (sqlite.org/wal.html).
 */
#include "leases/db.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/num.h"
#include "base/spawn.h"
#include "base/tree.h"

/*
 * Pages of the log from which a commit empties it: the first commit of a program, and later ones.
 * The first program to open the database reads the whole log, so programs that commit once keep it
 * short.
 */
#define LOG_PAGES_AT_FIRST 64
#define LOG_PAGES	   512

int rp_lease_db_refuse(const char *path, struct rocpart_error *reterr, const char *why,
		       const char *hint)
{
	(void)rp_error_set(reterr, -EBADMSG, ROCPART_ERR_BAD_RECORDS, path,
			   "cannot use the leases in '%s': %s", path, why);
	return rp_error_hint(reterr, "%s", hint);
}

int rp_lease_hint_errno(int r, struct rocpart_error *reterr)
{
	if (r == -EACCES || r == -EPERM)
		return rp_error_hint(reterr, "run the command as root");
	if (r == -EROFS)
		return rp_error_hint(reterr, "the file system is read-only: mount it read-write");
	if (r == -ENOSPC || r == -EDQUOT)
		return rp_error_hint(reterr,
				     "free space on that file system, then repeat the command");
	return r;
}

/* The write lock of a database with a log is on its -shm file. */
static void find_writer(const struct rp_lease_db *db, char holder[RP_LOCK_HOLDER_SIZE])
{
	RP_AUTO_FREE char *shm = rp_strdupf("%s-shm", db->path);

	holder[0] = '\0';
	if (shm)
		rp_lock_holder(shm, holder);
	if (!*holder)
		rp_lock_holder(db->path, holder);
}

int rp_lease_db_error(struct rp_lease_db *db, int rc, const char *what,
		      struct rocpart_error *reterr)
{
	int os = sqlite3_system_errno(db->db), r;
	char holder[RP_LOCK_HOLDER_SIZE];

	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return rp_lease_db_refuse(
			db->path, reterr, "the database is damaged",
			"move leases.db and leases.db-wal away and import an export (`rocpart "
			"state "
			"import FILE`); without one nothing is leased, and memory in use counts as "
			"taken");
	case SQLITE_FULL:
		r = -ENOSPC;
		break;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		r = -EROFS;
		break;
	case SQLITE_NOMEM:
		return rp_error_nomem(reterr);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		find_writer(db, holder);
		(void)rp_error_set(
			reterr, -EBUSY, ROCPART_ERR_LOCKED, db->path,
			"another process has been writing leases for %d s%s%s; nothing was changed",
			RP_LEASE_WAIT_MS / 1000, *holder ? ": " : "", holder);
		return rp_error_hint(reterr,
				     "wait until that process ends, then repeat the command");
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		r = os == ENOSPC || os == EDQUOT ? -ENOSPC : os ? -os : -EIO;
		break;
	case SQLITE_CONSTRAINT:
		r = -ENOSPC;
		break;
	default:
		r = -EIO;
	}
	if (r == -ENOSPC && (rc & 0xff) == SQLITE_CONSTRAINT)
		return rp_error_set(reterr, r, ROCPART_ERR_NO_ROOM, NULL,
				    "cannot %s: it would break a rule of the lease database (%s)",
				    what, sqlite3_errmsg(db->db));
	if (r == -EIO)
		return rp_error_errno(reterr, r, db->path, "cannot %s in '%s': %s", what, db->path,
				      sqlite3_errmsg(db->db));
	(void)rp_error_errno(reterr, r, db->path, "cannot %s in '%s'", what, db->path);
	return rp_lease_hint_errno(r, reterr);
}

int rp_lease_db_stmt(struct rp_lease_db *db, enum rp_lease_sql which, sqlite3_stmt **ret,
		     struct rocpart_error *reterr)
{
	const char *sql = rp_lease_db_sql(db->version, which);
	int rc = SQLITE_OK;

	if (db->lost) /* nothing of a transaction is done without the rest of it */
		return rp_lease_db_error(db, db->lost, "record the leases", reterr);
	if (!db->stmts[which])
		rc = sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
					&db->stmts[which], NULL);
	if (rc == SQLITE_ERROR) /* a table is missing */
		rc = SQLITE_CORRUPT;
	if (rc != SQLITE_OK)
		return rp_lease_db_error(db, rc, "read the leases", reterr);
	*ret = db->stmts[which];
	return 0;
}

int rp_lease_db_end(struct rp_lease_db *db, sqlite3_stmt *stmt, int rc, const char *what,
		    struct rocpart_error *reterr)
{
	int r = rc == SQLITE_DONE || rc == SQLITE_ROW
			? 0
			: rp_lease_db_error(db, sqlite3_extended_errcode(db->db), what, reterr);

	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
	return r;
}

int rp_lease_db_run(struct rp_lease_db *db, sqlite3_stmt *stmt, const char *what,
		    struct rocpart_error *reterr)
{
	return rp_lease_db_end(db, stmt, sqlite3_step(stmt), what, reterr);
}

/*
 * Busy handler: every waiter waits a millisecond. SQLite's own waits longer each time and starves.
 */
static int wait_for_others(void *userdata, int tries)
{
	struct rp_lease_db *db = userdata;
	uint64_t now_ns = rp_now_ns();

	if (tries == 0)
		db->deadline_ns = now_ns + RP_LEASE_WAIT_MS * UINT64_C(1000000);
	if (db->never_waits || now_ns > db->deadline_ns)
		return 0;
	rp_sleep_ms(1);
	return 1;
}

/*
 * Hook after a commit: move a long log into the database and truncate it. SQLite by itself only
 * moves it, so that each program that opens the database later would read and move it again. The
 * busy handler is taken away meanwhile: where others read, a later commit truncates the log.
 */
static int empty_log(void *userdata, sqlite3 *db, const char *name, int n_pages)
{
	struct rp_lease_db *lease_db = userdata;

	if (n_pages < (lease_db->n_commits++ ? LOG_PAGES : LOG_PAGES_AT_FIRST))
		return SQLITE_OK;
	(void)sqlite3_busy_handler(db, NULL, NULL);
	(void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_handler(db, wait_for_others, lease_db);
	return SQLITE_OK;
}

/*
 * Configure a connection. The log is kept when the last connection closes: moving it into the
 * database then would cost each command three more syncs.
 */
static int configure_db(struct rp_lease_db *lease_db)
{
	sqlite3 *db = lease_db->db;
	int rc = sqlite3_busy_handler(db, wait_for_others, lease_db);

	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_wal_hook(db, empty_log, lease_db);
	if (rc != SQLITE_OK)
		return rc;
	return sqlite3_exec(db, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL", NULL, NULL,
			    NULL);
}

int rp_lease_db_check_machine(struct rp_lease_db *db, const char *identity,
			      struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf have = RP_STRBUF_INIT;
	int r = identity ? rp_lease_db_get(db, "machine", &have, reterr) : 0;

	if (r < 0 || !identity || !have.len || rp_str_eq(rp_strbuf_str(&have), identity))
		return r;
	return rp_lease_db_refuse_machine(db, reterr);
}

int rp_lease_db_refuse_machine(struct rp_lease_db *db, struct rocpart_error *reterr)
{
	return rp_lease_db_refuse(
		db->path, reterr, "they belong to another machine",
		"if the file was copied here, move it away; if this machine was "
		"replaced, `rocpart state export` on the old one and import it here");
}

int rp_lease_db_open_file(const char *path, int flags, struct rp_lease_db **ret,
			  struct rocpart_error *reterr)
{
	struct rp_lease_db *db = rp_new0(struct rp_lease_db, 1);
	int rc, r;

	if (db) {
		db->queue = (struct rp_queue)RP_QUEUE_INIT;
		db->format = &rp_lease_format;
		db->path = strdup(path);
	}
	if (!db || !db->path) {
		rp_lease_db_close(db);
		return rp_error_nomem(reterr);
	}
	rc = sqlite3_open_v2(path, &db->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			     NULL);
	if (rc == SQLITE_OK)
		rc = configure_db(db);
	if (rc != SQLITE_OK) {
		r = rp_lease_db_error(db, rc, "open the leases", reterr);
		rp_lease_db_close(db);
		return r;
	}
	db->is_writable = sqlite3_db_readonly(db->db, "main") == 0;
	*ret = db;
	return 0;
}

/* Turn the write-ahead log on: a mode of the file, which later connections find. */
static int turn_log_on(struct rp_lease_db *db)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db->db, "PRAGMA journal_mode = WAL", -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		rc = rp_str_eq((const char *)sqlite3_column_text(s, 0), "wal") ? SQLITE_OK
									       : SQLITE_IOERR;
	(void)sqlite3_finalize(s);
	return rc;
}

int rp_lease_db_make_tables(struct rp_lease_db *db, const char *identity,
			    struct rocpart_error *reterr)
{
	static const char what[] = "create the tables of leases";
	bool in_memory =
		!sqlite3_db_filename(db->db, "main") || !*sqlite3_db_filename(db->db, "main");
	char sql[96];
	int rc, r;

	(void)rp_fmt(sql, sizeof(sql), "PRAGMA application_id = %d; BEGIN IMMEDIATE",
		     RP_LEASE_APPLICATION_ID);
	rc = sqlite3_exec(db->db, sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rp_lease_db_error(db, rc, what, reterr);
	db->is_begun = true; /* so that closing rolls back */
	r = rp_lease_db_do_steps(db, db->format->n_steps, reterr);
	if (r == 0 && identity)
		r = rp_lease_db_set(db, "machine", identity, reterr);
	if (r < 0)
		return r;
	rc = sqlite3_exec(db->db, "COMMIT", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		db->is_begun = false;
	if (rc == SQLITE_OK && !in_memory)
		rc = turn_log_on(db);
	return rc == SQLITE_OK ? 0 : rp_lease_db_error(db, rc, what, reterr);
}

/* Take the rights of others from a database that an earlier rocpart made. */
static void close_to_others(const char *path)
{
	static const char *const tails[] = {"", "-wal", "-shm"};
	struct stat st;

	for (size_t i = 0; i < RP_ARRAY_LEN(tails); i++) {
		RP_AUTO_FREE char *file = rp_strdupf("%s%s", path, tails[i]);

		if (file && lstat(file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
			(void)chmod(file, 0600);
	}
}

/* Refuse to write: SQLite says that a database is read-only, not why. */
static int refuse_read_only(const char *path, struct rocpart_error *reterr)
{
	int r = access(path, W_OK) < 0 ? rp_neg_errno() : -EACCES;

	(void)rp_error_errno(reterr, r, path, "cannot write the leases in '%s'", path);
	return rp_lease_hint_errno(r, reterr);
}

static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

int rp_lease_db_open(const char *dir, enum rp_lease_open how, const char *identity, bool no_sync,
		     struct rp_lease_db **ret, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/" RP_LEASE_FILE, dir);
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	bool writes = how != RP_LEASE_READ;
	int r = 0;

	if (!path)
		return rp_error_nomem(reterr);
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		if (is_link(path)) /* to nowhere: there are leases, somewhere else */
			return rp_error_errno(reterr, -ELOOP, path,
					      "cannot open the leases in '%s'", path);
		if (how != RP_LEASE_MAKE && how != RP_LEASE_MAKE_BRIEF)
			return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, dir,
					    "this machine has no leases");
		r = rp_lease_db_make(dir, path, identity, no_sync, reterr);
	}
	if (r == 0 && writes)
		close_to_others(path);
	if (r == 0)
		r = rp_lease_db_open_file(path, SQLITE_OPEN_READWRITE, &db, reterr);
	if (r == 0 && writes && !db->is_writable)
		r = refuse_read_only(path, reterr);
	if (r == 0 && !(db->dir = strdup(dir)))
		r = rp_error_nomem(reterr);
	if (r < 0)
		return r;
	db->never_waits = how == RP_LEASE_TRY;
	r = rp_lease_db_check_version(db, writes && how != RP_LEASE_MIGRATE, reterr);
	if (r == 0)
		r = rp_lease_db_check_machine(db, identity, reterr);
	if (r < 0)
		return r;
	db->no_sync = no_sync;
	if (no_sync) /* when this fails the commit waits for the disk */
		(void)sqlite3_exec(db->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	else if (how == RP_LEASE_MAKE_BRIEF) /* as well */
		(void)sqlite3_exec(db->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
	*ret = rp_steal(&db);
	return 0;
}

int rp_lease_db_open_memory(const char *identity, struct rp_lease_db **ret,
			    struct rocpart_error *reterr)
{
	struct rp_lease_db *db = NULL;
	int r = rp_lease_db_open_file(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db,
				      reterr);

	if (r == 0)
		r = rp_lease_db_make_tables(db, identity, reterr);
	if (r < 0) {
		rp_lease_db_close(db);
		return r;
	}
	db->is_kept = true;
	*ret = db;
	return 0;
}

void rp_lease_db_drop(struct rp_lease_db *db)
{
	if (db)
		db->is_kept = false;
	rp_lease_db_close(db);
}

void rp_lease_db_close(struct rp_lease_db *db)
{
	if (!db)
		return;
	rp_lease_db_rollback(db);
	if (db->is_kept)
		return;
	for (size_t i = 0; i < RP_N_SQL; i++)
		(void)sqlite3_finalize(db->stmts[i]);
	(void)sqlite3_close(db->db);
	free(db->path);
	free(db->dir);
	free(db);
}

void rp_cleanup_lease_db(struct rp_lease_db **db)
{
	rp_lease_db_close(*db);
	*db = NULL;
}

/*
 * Sync the folder before the first write into an empty log, which may be a new file: SQLite does
 * not do so in every build. Whoever finds frames in the log knows that their writer did this.
 * Precondition: the write lock is held, so the log is not written meanwhile.
 */
static int name_log(struct rp_lease_db *db, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *log = rp_strdupf("%s-wal", db->path);
	RP_AUTO_CLOSE int fd = -EBADF;
	struct stat st;
	int r;

	if (!log)
		return rp_error_nomem(reterr);
	if (db->no_sync || (stat(log, &st) == 0 && st.st_size > 0))
		return 0;
	fd = open(db->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fsync(fd) == 0)
		return 0;
	r = rp_neg_errno();
	return rp_error_errno(reterr, r, db->dir, "cannot sync the record folder '%s'", db->dir);
}

/* Try to take the write lock without waiting. 1: another process has it; 0; -errno. */
static int try_begin(struct rp_lease_db *db, struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int rc, r = rp_lease_db_stmt(db, RP_SQL_BEGIN, &s, reterr);

	if (r < 0)
		return r;
	(void)sqlite3_busy_handler(db->db, NULL, NULL);
	rc = sqlite3_step(s);
	(void)sqlite3_busy_handler(db->db, wait_for_others, db);
	if ((rc & 0xff) != SQLITE_BUSY)
		return rp_lease_db_end(db, s, rc, "begin", reterr);
	(void)sqlite3_reset(s);
	return 1;
}

/* Wait for the writers that came earlier, and for whoever has the write lock out of turn. */
static int take_turn(struct rp_lease_db *db, struct rocpart_error *reterr)
{
	uint64_t deadline_ns = rp_now_ns() + RP_LEASE_WAIT_MS * UINT64_C(1000000);
	int r = 1;

	while (r > 0) {
		if (rp_queue_is_my_turn(&db->queue))
			r = try_begin(db, reterr);
		if (r > 0 && (db->never_waits || rp_now_ns() > deadline_ns))
			r = rp_lease_db_error(db, SQLITE_BUSY, "begin", reterr);
		if (r > 0)
			rp_sleep_ms(1);
	}
	return r;
}

/*
 * Numbers and rows that were found before may be stale. A transaction that could not be rolled back
 * for lack of memory is rolled back now.
 */
int rp_lease_db_begin(struct rp_lease_db *db, struct rocpart_error *reterr)
{
	int r;

	rp_lease_db_rollback(db);
	if (db->dir)
		rp_queue_join(&db->queue, db->dir);
	r = take_turn(db, reterr);
	db->is_begun = r == 0;
	db->is_reading = false;
	db->last_id = 0;
	memset(db->found, 0, sizeof(db->found));
	if (r == 0 && db->dir)
		r = name_log(db, reterr);
	if (r < 0)
		rp_lease_db_rollback(db);
	return r;
}

int rp_lease_db_begin_read(struct rp_lease_db *db, struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r;

	rp_lease_db_rollback(db);
	r = rp_lease_db_stmt(db, RP_SQL_BEGIN_READ, &s, reterr);
	if (r == 0)
		r = rp_lease_db_run(db, s, "read the leases", reterr);
	db->is_begun = db->is_reading = r == 0;
	return r;
}

bool rp_lease_db_is_recording(const struct rp_lease_db *db)
{
	return db->is_begun && !db->is_reading;
}

bool rp_lease_db_is_newer(const struct rp_lease_db *db)
{
	return db->is_only_read;
}

/*
 * A commit whose sync failed was reported as failed, but its pages are in the log, where the next
 * program that reads the whole log would find them. Another small transaction is written over them.
 */
static void void_failed_commit(struct rp_lease_db *db)
{
	(void)sqlite3_exec(db->db,
			   "BEGIN IMMEDIATE; INSERT INTO meta(key, value) VALUES('voided', '1') ON"
			   " CONFLICT(key) DO UPDATE SET value = value + 1; COMMIT",
			   NULL, NULL, NULL);
	if (!sqlite3_get_autocommit(db->db))
		(void)sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
}

int rp_lease_db_commit(struct rp_lease_db *db, struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r = rp_lease_db_stmt(db, RP_SQL_COMMIT, &s, reterr);

	if (r == 0)
		r = rp_lease_db_run(db, s, "record the leases", reterr);
	db->lost = 0;
	if (r < 0) {
		rp_lease_db_rollback(db);
		void_failed_commit(db);
	}
	db->is_begun = false;
	rp_queue_leave(&db->queue);
	rp_lease_db_write_notes(db);
	return r;
}

/* SQLite knows whether one is open: a begin that fails for lack of memory may leave one. */
void rp_lease_db_rollback(struct rp_lease_db *db)
{
	if (db->db && !sqlite3_get_autocommit(db->db))
		(void)sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
	rp_lease_db_drop_notes(db);
	db->is_begun = false;
	db->lost = 0;
	rp_queue_leave(&db->queue);
}
