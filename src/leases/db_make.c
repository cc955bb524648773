/* SPDX-License-Identifier: MIT */
/*
 * The first database of a machine.
 *
 * Invariants:
 * - leases.db appears whole or not at all, and on disk: it is built under another name with a
 *   rollback journal, so that its commit leaves all of it in one file; that file is synced, linked
 *   into place, and the folder synced. (A database that is built with a write-ahead log has its
 *   content in the log until a checkpoint, which fails silently on a full disk.)
 * - One process at a time makes it: the maker has leases.queue locked (flock). Files of the other
 *   name that it finds are therefore of makers that were killed, and it removes them.
 * - A failure leaves no database, and nothing but the empty queue.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/num.h"
#include "base/spawn.h"
#include "base/tree.h"
#include "leases/db.h"
#include "leases/db_queue.h"

#define ASIDE RP_LEASE_FILE ".new"

static const char *const tails[] = {"-wal", "-shm", "-journal", ""};

static int fail(int r, const char *path, struct rocpart_error *reterr)
{
	(void)rp_error_errno(reterr, r, path, "cannot create the leases in '%s'", path);
	return rp_lease_hint_errno(r, reterr);
}

/* Remove the files that SQLite keeps next to a database, and the database when all are meant. */
static void remove_files(const char *path, bool all)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(tails) - !all; i++) {
		RP_AUTO_FREE char *file = rp_strdupf("%s%s", path, tails[i]);

		if (file)
			(void)unlink(file);
	}
}

/* Whether a process has the file locked, as SQLite does while it writes. */
static bool is_locked(int dir_fd, const char *name)
{
	RP_AUTO_CLOSE int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/*
 * Whether a file next to the database was left behind by a maker. Makers of earlier
 * versions did not lock leases.queue, and put their pid into the name: a living one keeps its
 * files.
 */
static bool is_leftover(int dir_fd, const char *name)
{
	const char *rest = name + strlen(ASIDE);
	char number[16];
	uint32_t pid;

	if (strncmp(name, ASIDE, strlen(ASIDE)) != 0)
		return false;
	if (*rest != '.')
		return *rest == '\0' || *rest == '-';
	rest++;
	if (rp_fmt(number, sizeof(number), "%.*s", (int)strcspn(rest, "-"), rest) < 0 ||
	    rp_parse_u32(number, 10, &pid) < 0 || pid == 0 || pid > INT32_MAX)
		return false;
	return (pid == (uint32_t)getpid() || kill((pid_t)pid, 0) < 0) && !is_locked(dir_fd, name);
}

/* What was left behind costs only its bytes, so nothing here is a failure. */
static void remove_leftovers(int dir_fd)
{
	int list_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	RP_AUTO_CLOSEDIR DIR *dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *entry;

	if (!dir && list_fd >= 0)
		(void)close(list_fd);
	while (dir && (entry = readdir(dir)))
		if (is_leftover(dir_fd, entry->d_name))
			(void)unlinkat(dir_fd, entry->d_name, 0);
}

/*
 * Put a log without a database out of the way: SQLite would replay the log into the new database.
 * Somebody moved the database away and forgot the log, which has the newest leases.
 */
static int keep_old_log(const char *path)
{
	RP_AUTO_FREE char *log = rp_strdupf("%s-wal", path);
	RP_AUTO_FREE char *kept = rp_strdupf("%s-wal.old", path);
	RP_AUTO_FREE char *shm = rp_strdupf("%s-shm", path);

	if (!log || !kept || !shm)
		return -ENOMEM;
	if (rename(log, kept) < 0 && errno != ENOENT)
		return rp_neg_errno();
	return unlink(shm) < 0 && errno != ENOENT ? rp_neg_errno() : 0;
}

/* Build the whole database in a file of its own. */
static int build(const char *aside, const char *identity, bool no_sync,
		 struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *log = rp_strdupf("%s-wal", aside);
	RP_AUTO_CLOSE int fd =
		open(aside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct rp_lease_db *db = NULL;
	struct stat st;
	int r = fd < 0 || fchmod(fd, 0600) < 0 ? rp_neg_errno() : log ? 0 : -ENOMEM;

	if (r < 0)
		return fail(r, aside, reterr);
	r = rp_lease_db_open_file(aside, SQLITE_OPEN_READWRITE, &db, reterr);
	if (r == 0 && no_sync)
		(void)sqlite3_exec(db->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	if (r == 0)
		r = rp_lease_db_make_tables(db, identity, reterr);
	rp_lease_db_close(db);
	if (r < 0)
		return r;
	if (stat(log, &st) == 0 && st.st_size > 0)
		r = -EIO; /* part of it is in the log: never seen */
	else if (!no_sync && fsync(fd) < 0)
		r = rp_neg_errno();
	return r < 0 ? fail(r, aside, reterr) : 0;
}

/* Give the database its name, unless another one has it, which is as good. */
static int give_name(const char *aside, const char *path)
{
	if (renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_NOREPLACE) == 0 || errno == EEXIST)
		return 0;
	/* a file system that cannot: EINVAL */
	if (errno == EINVAL && (link(aside, path) == 0 || errno == EEXIST))
		return 0;
	return rp_neg_errno();
}

/* Build it and give it its name. */
static int make(int dir_fd, const char *path, const char *identity, bool no_sync,
		struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *aside = rp_strdupf("%s.new", path);
	int r;

	if (!aside)
		return rp_error_nomem(reterr);
	remove_leftovers(dir_fd);
	r = build(aside, identity, no_sync, reterr);
	if (r == 0) {
		remove_files(aside, false);
		r = keep_old_log(path);
		if (r == 0)
			r = give_name(aside, path);
		if (r == 0 && !no_sync && fsync(dir_fd) < 0)
			r = rp_neg_errno();
		if (r < 0)
			(void)fail(r, path, reterr);
	}
	remove_files(aside, true);
	return r;
}

/* Wait until no other process makes the database. */
static int lock_makers(int fd, const char *dir, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/leases.queue", dir);
	uint64_t deadline = rp_now_ns() + RP_LEASE_WAIT_MS * UINT64_C(1000000);
	char holder[RP_LOCK_HOLDER_SIZE];

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(rp_neg_errno(), dir, reterr);
		if (rp_now_ns() > deadline) {
			rp_lock_holder(path ? path : "", holder);
			(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_LOCKED, dir,
					   "another process has been creating the leases for %d "
					   "s%s%s; nothing was changed",
					   RP_LEASE_WAIT_MS / 1000, *holder ? ": " : "", holder);
			return rp_error_hint(
				reterr, "wait until that process ends, then repeat the command");
		}
		rp_sleep_ms(1);
	}
	return 0;
}

int rp_lease_db_make(const char *dir, const char *path, const char *identity, bool no_sync,
		     struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	RP_AUTO_CLOSE int queue_fd = -EBADF;
	int r;

	if (dir_fd < 0)
		return fail(rp_neg_errno(), dir, reterr);
	queue_fd = rp_queue_open(dir);
	if (queue_fd < 0)
		return fail(queue_fd, dir, reterr);
	r = lock_makers(queue_fd, dir, reterr);
	if (r == 0 && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = make(dir_fd, path, identity, no_sync, reterr);
	return r;
}
