/* SPDX-License-Identifier: MIT */
/* The changing operations of a STATE tree: our own records, durable when a call returns 0. */
#include "base/tree.h"
#include "base/tree_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
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

	if (t->ops)
		return 0;
	fd = openat(t->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return rp_neg_errno();
	return 0;
}

/* flags: how an existing file is taken, O_TRUNC or O_APPEND. */
static int put(const struct rp_tree *t, const char *path, int flags, const void *data, size_t len)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	int r;

	if (t->ops)
		return rp_memory_put(t->self, path, flags & O_APPEND, data, len);
	fd = rp_tree_openat(t, path, (uint64_t)(O_WRONLY | O_CREAT | flags), 0644);
	if (fd < 0)
		return fd;
	r = write_all(fd, data, len);
	if (r == 0 && fsync(fd) < 0)
		r = rp_neg_errno();
	return r;
}

static int move(const struct rp_tree *t, const char *from, const char *to)
{
	if (t->ops)
		return rp_memory_rename(t->self, from, to);
	return renameat(t->root_fd, from, t->root_fd, to) < 0 ? rp_neg_errno() : 0;
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
	if (r == 0)
		r = rp_fmt(temporary, sizeof(temporary), "%s.new", path);
	if (r == 0)
		r = rp_tree_before(t, "replace", path);
	if (r == 0)
		r = put(t, temporary, O_TRUNC, data, len);
	if (r == 0)
		r = move(t, temporary, path);
	if (r == 0)
		r = sync_folder(t);
	if (r == 0)
		rp_tree_after(t, "replace", path);
	return rp_tree_traced(t, "replace", path, begin_ns, r);
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
	if (r == 0)
		r = rp_tree_before(t, "append", path);
	if (r == 0)
		r = put(t, path, O_APPEND, data, len);
	if (r == 0)
		r = sync_folder(t);
	if (r == 0)
		rp_tree_after(t, "append", path);
	return rp_tree_traced(t, "append", path, begin_ns, r);
}

int rp_tree_rename(struct rp_tree *t, const char *from, const char *to)
{
	int r = t->kind == RP_TREE_STATE ? rp_tree_before(t, "rename", to) : -EINVAL;
	uint64_t begin_ns = rp_trace_clock(t->trace);

	if (r < 0)
		return r;
	r = move(t, from, to);
	if (r == 0)
		r = sync_folder(t);
	if (r == 0)
		rp_tree_after(t, "rename", to);
	return rp_tree_traced(t, "rename", to, begin_ns, r);
}

int rp_tree_remove(struct rp_tree *t, const char *path)
{
	int r = t->kind == RP_TREE_STATE ? rp_tree_before(t, "remove", path) : -EINVAL;
	uint64_t begin_ns = rp_trace_clock(t->trace);

	if (r < 0)
		return r;
	r = t->ops				? rp_memory_remove(t->self, path)
	    : unlinkat(t->root_fd, path, 0) < 0 ? rp_neg_errno()
						: 0;
	if (r == 0)
		r = sync_folder(t);
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
	fd = rp_tree_openat(t, path, O_RDWR | O_CREAT, 0644);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return rp_neg_errno();
	*ret_fd = rp_steal_fd(&fd);
	return 0;
}

int rp_make_dirs(const char *path, bool private_to_user)
{
	mode_t mode = private_to_user ? 0700 : 0755;
	RP_AUTO_FREE char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return rp_neg_errno();
		*p = '/';
	}
	return mkdir(copy, mode) < 0 && errno != EEXIST ? rp_neg_errno() : 0;
}
