/* SPDX-License-Identifier: MIT */
/* The changing operations of a STATE tree: our own records, durable when a call returns 0. */
#include "base/spawn.h"
#include "base/tree.h"
#include "base/tree_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Readers without rights read the public document alone; nobody else can lock a file. */
#define RP_RECORD_MODE 0600
#define RP_PUBLIC_MODE 0644
#define LOCK_TRIES     200

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = rp_retry(write(fd, data, len));

		if (n <= 0)
			return n < 0 ? rp_neg_errno() : -EIO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* An entry is durable only when the folder that names it is. */
static int sync_folder(const struct rp_tree *t)
{
	RP_AUTO_CLOSE int fd = -EBADF;

	if (t->ops || t->no_sync)
		return 0;
	fd = rp_retry(openat(t->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	if (fd < 0 || rp_retry(fsync(fd)) < 0)
		return rp_neg_errno();
	return 0;
}

/* Of an operation that did its work; r is the result of syncing. */
static int note_synced(struct rp_tree *t, int r)
{
	t->unsynced = r < 0 ? r : 0;
	return r;
}

int rp_tree_sync(struct rp_tree *t)
{
	return note_synced(t, sync_folder(t));
}

bool rp_tree_is_unsynced(const struct rp_tree *t, int r)
{
	return r < 0 && t->unsynced == r;
}

/* The permissions that a file has whatever the umask is, and whatever an older version gave it. */
static int set_mode(int fd, mode_t mode)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return rp_neg_errno();
	return (st.st_mode & 07777) == mode || fchmod(fd, mode) == 0 ? 0 : rp_neg_errno();
}

static int open_record(const struct rp_tree *t, const char *path, int flags, mode_t mode)
{
	RP_AUTO_CLOSE int fd = rp_tree_openat(t, path, (uint64_t)(O_CREAT | flags), mode);
	int r = fd < 0 ? fd : set_mode(fd, mode);

	return r < 0 ? r : rp_steal_fd(&fd);
}

/* flags: how an existing file is taken, O_TRUNC or O_APPEND. */
static int put(struct rp_tree *t, const char *path, int flags, const void *data, size_t len)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	int r;

	if (t->ops)
		return rp_memory_put(t->self, path, flags & O_APPEND, data, len);
	fd = open_record(t, path, O_WRONLY | flags, t->is_public ? RP_PUBLIC_MODE : RP_RECORD_MODE);
	if (fd < 0)
		return fd;
	r = write_all(fd, data, len);
	if (r == 0 && !t->no_sync && rp_retry(fsync(fd)) < 0)
		r = note_synced(t, rp_neg_errno());
	return r;
}

static int move(const struct rp_tree *t, const char *from, const char *to)
{
	if (t->ops)
		return rp_memory_rename(t->self, from, to);
	return rp_retry(renameat(t->root_fd, from, t->root_fd, to)) < 0 ? rp_neg_errno() : 0;
}

static int RP_PRINTF(4, 0)
	state_path(const struct rp_tree *t, char *buf, size_t size, const char *fmt, va_list ap)
{
	int n;

	if (t->kind != RP_TREE_STATE)
		return -EINVAL;
	n = vsnprintf(buf, size, fmt, ap);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int rp_tree_replace(struct rp_tree *t, const void *data, size_t len, const char *fmt, ...)
{
	char path[NAME_MAX], temporary[NAME_MAX + sizeof(".new")];
	uint64_t begin_ns = rp_trace_clock(t->trace);
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = state_path(t, path, sizeof(path), fmt, ap);
	va_end(ap);
	t->unsynced = 0;
	if (r == 0)
		r = rp_fmt(temporary, sizeof(temporary), "%s.new", path);
	if (r == 0)
		r = rp_tree_before(t, "replace", path);
	if (r == 0)
		r = put(t, temporary, O_TRUNC, data, len);
	t->unsynced = 0; /* of the temporary file */
	if (r == 0)
		r = move(t, temporary, path);
	if (r == 0)
		r = rp_tree_sync(t);
	if (r == 0)
		rp_tree_after(t, "replace", path);
	return rp_tree_traced(t, "replace", path, begin_ns, r);
}

/*
 * The lock on the temporary file is what makes writers follow each other: who has it and finds the
 * file at its name asks for the text only then, so the last one to rename knows the most. A writer
 * that was stopped there is not waited for.
 */
static int lock_temporary(const struct rp_tree *t, const char *temporary, int *ret_fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		RP_AUTO_CLOSE int fd = open_record(t, temporary, O_WRONLY, RP_PUBLIC_MODE);
		struct stat have, there;

		if (fd < 0)
			return fd;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			rp_sleep_ms(1);
			continue;
		}
		if (fstat(fd, &have) == 0 && fstatat(t->root_fd, temporary, &there, 0) == 0 &&
		    have.st_ino == there.st_ino && have.st_dev == there.st_dev) {
			*ret_fd = rp_steal_fd(&fd);
			return ftruncate(*ret_fd, 0) < 0 ? rp_neg_errno() : 0;
		}
	}
	return -EBUSY;
}

int rp_tree_publish(struct rp_tree *t, const char *path, rp_tree_text_fn text_fn, void *userdata)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char temporary[NAME_MAX];
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = rp_fmt(temporary, sizeof(temporary), "%s.new", path);

	if (t->kind != RP_TREE_STATE || t->ops)
		return -EINVAL;
	if (r == 0)
		r = lock_temporary(t, temporary, &fd);
	if (r == 0)
		r = text_fn(userdata, &text);
	if (r == 0)
		r = write_all(fd, rp_strbuf_str(&text), text.len);
	if (r == 0)
		r = move(t, temporary, path);
	if (r < 0) {
		(void)unlinkat(t->root_fd, path, 0);
		(void)unlinkat(t->root_fd, temporary, 0); /* also that of a stopped writer */
	}
	return r;
}

int rp_tree_append(struct rp_tree *t, const void *data, size_t len, const char *fmt, ...)
{
	char path[NAME_MAX];
	uint64_t begin_ns = rp_trace_clock(t->trace);
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = state_path(t, path, sizeof(path), fmt, ap);
	va_end(ap);
	t->unsynced = 0;
	if (r == 0)
		r = rp_tree_before(t, "append", path);
	if (r == 0)
		r = put(t, path, O_APPEND, data, len);
	if (r == 0)
		r = rp_tree_sync(t);
	if (r == 0)
		rp_tree_after(t, "append", path);
	return rp_tree_traced(t, "append", path, begin_ns, r);
}

/* One write(2), so that lines of two processes are not mixed; the rest after it only when short. */
static int log_to_file(const struct rp_tree *t, const char *path, const void *data, size_t len,
		       uint64_t *ret_size)
{
	RP_AUTO_CLOSE int fd = open_record(t, path, O_WRONLY | O_APPEND, RP_RECORD_MODE);
	struct stat st;
	int r = fd < 0 ? fd : write_all(fd, data, len);

	if (r == 0 && fstat(fd, &st) < 0)
		r = rp_neg_errno();
	if (r == 0)
		*ret_size = (uint64_t)st.st_size;
	return r;
}

static int log_to_memory(const struct rp_tree *t, const char *path, const void *data, size_t len,
			 uint64_t *ret_size)
{
	int r = rp_memory_put(t->self, path, true, data, len);

	if (r == 0)
		*ret_size = rp_memory_size(t->self, path);
	return r;
}

int rp_tree_log(struct rp_tree *t, const char *path, const void *data, size_t len,
		uint64_t *ret_size)
{
	uint64_t begin_ns = rp_trace_clock(t->trace);
	int r = t->kind == RP_TREE_STATE ? rp_tree_before(t, "log", path) : -EINVAL;

	if (r == 0)
		r = t->ops ? log_to_memory(t, path, data, len, ret_size)
			   : log_to_file(t, path, data, len, ret_size);
	if (r == 0)
		rp_tree_after(t, "log", path);
	return rp_tree_traced(t, "log", path, begin_ns, r);
}

int rp_tree_rename(struct rp_tree *t, const char *from, const char *to)
{
	int r = t->kind == RP_TREE_STATE ? rp_tree_before(t, "rename", to) : -EINVAL;
	uint64_t begin_ns = rp_trace_clock(t->trace);

	t->unsynced = 0;
	if (r < 0)
		return r;
	r = move(t, from, to);
	if (r == 0)
		r = rp_tree_sync(t);
	if (r == 0)
		rp_tree_after(t, "rename", to);
	return rp_tree_traced(t, "rename", to, begin_ns, r);
}

int rp_tree_remove(struct rp_tree *t, const char *path)
{
	int r = t->kind == RP_TREE_STATE ? rp_tree_before(t, "remove", path) : -EINVAL;
	uint64_t begin_ns = rp_trace_clock(t->trace);

	t->unsynced = 0;
	if (r < 0)
		return r;
	r = t->ops					  ? rp_memory_remove(t->self, path)
	    : rp_retry(unlinkat(t->root_fd, path, 0)) < 0 ? rp_neg_errno()
							  : 0;
	if (r == 0)
		r = rp_tree_sync(t);
	if (r == 0)
		rp_tree_after(t, "remove", path);
	return rp_tree_traced(t, "remove", path, begin_ns, r);
}

int rp_tree_lock(struct rp_tree *t, const char *path, int *ret_fd)
{
	RP_AUTO_CLOSE int fd = -EBADF;

	if (t->kind != RP_TREE_STATE)
		return -EINVAL;
	if (t->is_read_only)
		return -EROFS;
	if (t->ops) {
		*ret_fd = -EBADF;
		return 0;
	}
	fd = open_record(t, path, O_RDWR, RP_RECORD_MODE);
	if (fd < 0)
		return fd;
	if (rp_retry(flock(fd, LOCK_EX | LOCK_NB)) < 0)
		return rp_neg_errno();
	*ret_fd = rp_steal_fd(&fd);
	return 0;
}

#define LEFTOVER_AGE_S 60

/* "journal.new", "leases.db.new.4711-wal": what a writer renames or removes at once. */
static bool is_temporary(const char *name)
{
	const char *p = strstr(name, ".new");

	return p && (p[4] == '\0' || (p[4] == '.' && p[5] >= '0' && p[5] <= '9'));
}

void rp_tree_remove_leftovers(struct rp_tree *t)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	struct timespec now = {0};
	struct stat st;

	if (t->ops || t->kind != RP_TREE_STATE || rp_tree_list(t, &names, ".") < 0 ||
	    clock_gettime(CLOCK_REALTIME, &now) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (is_temporary(names.v[i]) &&
		    fstatat(t->root_fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && now.tv_sec - st.st_mtim.tv_sec > LEFTOVER_AGE_S)
			(void)unlinkat(t->root_fd, names.v[i], 0);
}

int rp_tree_can_read(const struct rp_tree *t, const char *path)
{
	return t->ops || faccessat(t->root_fd, path, R_OK, AT_EACCESS) == 0 ? 0 : rp_neg_errno();
}

int rp_tree_check_folder(const struct rp_tree *t, struct rp_stat *ret)
{
	struct stat st;

	if (t->ops)
		return 0;
	if (fstat(t->root_fd, &st) < 0)
		return rp_neg_errno();
	*ret = (struct rp_stat){.type = RP_FILE_DIR,
				.mode = st.st_mode & 07777,
				.uid = st.st_uid,
				.gid = st.st_gid};
	return (st.st_uid == 0 || st.st_uid == geteuid()) && !(st.st_mode & 022) ? 0 : -EPERM;
}
