/* SPDX-License-Identifier: MIT */
#include "base/tree.h"
#include "base/num.h"
#include "base/tree_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Longest path below a root that we build; the longest kernel one is about 120. */
#define PATH_TEXT_MAX 512

static int RP_PRINTF(2, 0) format_path(char *buf, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, PATH_TEXT_MAX, fmt, ap);

	return n < 0 || n >= PATH_TEXT_MAX ? -ENAMETOOLONG : 0;
}

#define FORMAT_PATH(path, fmt)                    \
	char path[PATH_TEXT_MAX];                 \
	{                                         \
		va_list ap_;                      \
		int r_;                           \
		va_start(ap_, fmt);               \
		r_ = format_path(path, fmt, ap_); \
		va_end(ap_);                      \
		if (r_ < 0)                       \
			return r_;                \
	}

static struct rp_tree *tree_new(enum rp_tree_kind kind)
{
	struct rp_tree *t = rp_new0(struct rp_tree, 1);

	if (t) {
		t->kind = kind;
		t->root_fd = -EBADF;
	}
	return t;
}

int rp_tree_open(const char *dir, enum rp_tree_kind kind, struct rp_tree **ret)
{
	RP_AUTO_TREE struct rp_tree *t = tree_new(kind);

	if (!t)
		return -ENOMEM;
	t->root_fd = rp_retry(open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (t->root_fd < 0)
		return rp_neg_errno();
	*ret = rp_steal(&t);
	return 0;
}

int rp_tree_open_ops(const struct rp_tree_ops *ops, void *self, enum rp_tree_kind kind,
		     struct rp_tree **ret)
{
	struct rp_tree *t = tree_new(kind);

	if (!t)
		return -ENOMEM;
	t->ops = ops;
	t->self = self;
	*ret = t;
	return 0;
}

struct rp_tree *rp_tree_close(struct rp_tree *t)
{
	if (!t)
		return NULL;
	rp_cleanup_close(&t->root_fd);
	if (t->free_self)
		t->free_self(t->self);
	free(t);
	return NULL;
}

void rp_cleanup_tree(struct rp_tree **t)
{
	*t = rp_tree_close(*t);
}

enum rp_tree_kind rp_tree_kind(const struct rp_tree *t)
{
	return t->kind;
}

void rp_tree_set_hook(struct rp_tree *t, rp_tree_hook_fn fn, void *userdata)
{
	t->hook = fn;
	t->hook_userdata = userdata;
}

void rp_tree_set_trace(struct rp_tree *t, const struct rp_trace *trace)
{
	t->trace = trace;
}

const struct rp_trace *rp_tree_trace(const struct rp_tree *t)
{
	return t->trace;
}

void rp_tree_set_no_sync(struct rp_tree *t, bool no_sync)
{
	t->no_sync = no_sync;
}

void rp_tree_set_public(struct rp_tree *t)
{
	t->is_public = true;
}

void rp_tree_set_read_only(struct rp_tree *t, bool read_only)
{
	t->is_read_only = read_only;
}

void rp_tree_set_inherited(struct rp_tree *t, int fd)
{
	t->inherited_fd = fd;
}

int rp_tree_inherited(const struct rp_tree *t)
{
	return t->inherited_fd;
}

int rp_tree_traced(const struct rp_tree *t, const char *op, const char *path, uint64_t begin_ns,
		   int r)
{
	rp_trace(t->trace, ROCPART_TRACE_WRITE, begin_ns, r, path, op);
	return r;
}

/* A read that succeeds is not worth a line. */
static int traced_read(const struct rp_tree *t, const char *path, uint64_t begin_ns, int r)
{
	if (r < 0)
		rp_trace(t->trace, ROCPART_TRACE_READ, begin_ns, r, path, NULL);
	return r;
}

int rp_tree_before(const struct rp_tree *t, const char *op, const char *path)
{
	if (t->is_read_only)
		return -EROFS;
	return t->hook ? t->hook(t->hook_userdata, op, path, false) : 0;
}

void rp_tree_after(const struct rp_tree *t, const char *op, const char *path)
{
	if (t->hook)
		(void)t->hook(t->hook_userdata, op, path, true);
}

/*
 * openat2(2): with ".." in a link, a rename or mount anywhere on the machine makes the kernel give
 * up with EAGAIN, to be tried again. A busy machine does that several times in a row.
 */
static long open_in_root(int root_fd, const char *path, const struct open_how *how)
{
	long fd = -1;

	for (int i = 0; i < 10000; i++) {
		fd = rp_retry(syscall(SYS_openat2, root_fd, path, how, sizeof(*how)));
		if (fd >= 0 || errno != EAGAIN)
			return fd;
	}
	return fd;
}

/* Without openat2: one component at a time, and no link is followed at all. */
static int open_walking(int root_fd, const char *path, uint64_t flags, unsigned mode)
{
	RP_AUTO_CLOSE int dir = -EBADF;
	char part[NAME_MAX + 1];

	for (;;) {
		size_t n = strcspn(path, "/");
		const char *rest = path + n + strspn(path + n, "/");
		bool is_last = !*rest;
		int from = dir >= 0 ? dir : root_fd, fd;

		if (n == 0 || n > NAME_MAX || (n == 2 && memcmp(path, "..", 2) == 0))
			return -EINVAL;
		memcpy(part, path, n);
		part[n] = '\0';
		fd = rp_retry(openat(from, part,
				     (int)(is_last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW |
					     O_CLOEXEC,
				     mode));
		if (fd < 0 || is_last)
			return fd < 0 ? rp_neg_errno() : fd;
		rp_cleanup_close(&dir);
		dir = fd;
		path = rest;
	}
}

/*
 * A record that is a link to nowhere is there: who reads it must not go on as if there were none.
 * The error is that of a link which may not be followed.
 */
static int name_dangling(const struct rp_tree *t, const char *path, int r)
{
	struct stat st;

	if (r != -ENOENT || t->kind != RP_TREE_STATE ||
	    fstatat(t->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(st.st_mode))
		return r;
	return -ELOOP;
}

/*
 * The real root needs no resolver of its own. Elsewhere a link of a capture must not leave its
 * folder; where the kernel lacks openat2 (before 5.6) or a filter forbids it, none is followed.
 */
int rp_tree_openat(const struct rp_tree *t, const char *path, uint64_t flags, unsigned mode)
{
	struct open_how how = {.flags = flags | O_CLOEXEC,
			       .mode = flags & O_CREAT ? mode : 0,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	long fd;

	if (t->kind == RP_TREE_REAL)
		fd = rp_retry(openat(t->root_fd, path, (int)(flags | O_CLOEXEC), mode));
	else
		fd = open_in_root(t->root_fd, path, &how);
	if (fd < 0 && t->kind != RP_TREE_REAL && (errno == ENOSYS || errno == EPERM))
		return open_walking(t->root_fd, path, flags, mode);
	return fd < 0 ? name_dangling(t, path, rp_neg_errno()) : (int)fd;
}

static int check_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return rp_neg_errno();
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EBADMSG;
}

/*
 * The files of a capture come from strangers: only regular files are opened, as opening a device
 * node or FIFO may act. Looked at before the open, and again behind it.
 */
static int open_file(const struct rp_tree *t, const char *path)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	int r;

	if (t->kind == RP_TREE_CAPTURE) {
		fd = rp_tree_openat(t, path, O_PATH, 0);
		r = fd < 0 ? fd : check_regular(fd);
		rp_cleanup_close(&fd);
		if (r < 0)
			return r;
	}
	fd = rp_tree_openat(t, path, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0 || t->kind != RP_TREE_CAPTURE)
		return rp_steal_fd(&fd);
	r = check_regular(fd);
	return r < 0 ? r : rp_steal_fd(&fd);
}

/* One read(2), repeated only when a signal interrupted it. */
static int read_once(const struct rp_tree *t, const char *path, char *buf, size_t cap, size_t *ret)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	ssize_t n;

	if (t->ops)
		return t->ops->read(t->self, path, buf, cap, ret);
	fd = open_file(t, path);
	if (fd < 0)
		return fd;
	n = rp_retry(read(fd, buf, cap));
	if (n < 0)
		return rp_neg_errno();
	*ret = (size_t)n;
	return 0;
}

static int read_attr(const struct rp_tree *t, struct rp_strbuf *ret, const char *path)
{
	size_t n = 0;
	int r;

	rp_strbuf_reset(ret);
	r = rp_strbuf_reserve(ret, RP_ATTR_MAX + 1);
	if (r < 0)
		return r;
	r = read_once(t, path, ret->s, RP_ATTR_MAX + 1, &n);
	ret->s[0] = r < 0 ? '\0' : ret->s[0];
	if (r < 0)
		return r;
	if (n >= RP_ATTR_MAX)
		return -E2BIG;
	if (n && ret->s[n - 1] == '\n')
		n--;
	if (memchr(ret->s, '\0', n))
		return -EBADMSG;
	ret->s[n] = '\0';
	ret->len = n;
	return 0;
}

int rp_tree_read(struct rp_tree *t, struct rp_strbuf *ret, const char *fmt, ...)
{
	uint64_t begin_ns = rp_trace_clock(t->trace);

	FORMAT_PATH(path, fmt);
	return traced_read(t, path, begin_ns, read_attr(t, ret, path));
}

int rp_tree_read_u64(struct rp_tree *t, int base, uint64_t *ret, const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	uint64_t begin_ns = rp_trace_clock(t->trace);
	int r;

	FORMAT_PATH(path, fmt);
	r = read_attr(t, &text, path);
	if (r == 0 && rp_parse_u64(rp_strbuf_str(&text), base, ret) < 0)
		r = -EBADMSG;
	return traced_read(t, path, begin_ns, r);
}

static int read_all_fd(int fd, size_t max, struct rp_strbuf *ret)
{
	for (;;) {
		ssize_t n;
		int r = rp_strbuf_reserve(ret, 4096);

		if (r < 0)
			return r;
		n = rp_retry(read(fd, ret->s + ret->len, 4096));
		if (n < 0)
			return rp_neg_errno();
		ret->len += (size_t)n;
		ret->s[ret->len] = '\0';
		if (ret->len > max)
			return -EFBIG;
		if (n == 0)
			return 0;
	}
}

static int read_file(const struct rp_tree *t, size_t max, struct rp_strbuf *ret, const char *path)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	size_t n = 0;
	int r;

	rp_strbuf_reset(ret);
	if (!t->ops) {
		fd = open_file(t, path);
		return fd < 0 ? fd : read_all_fd(fd, max, ret);
	}
	/* A page holds nearly all of them; then room for the largest. */
	for (size_t cap = max < 4096 ? max + 1 : 4096;; cap = max + 1) {
		r = rp_strbuf_reserve(ret, cap);
		if (r == 0)
			r = t->ops->read(t->self, path, ret->s, cap, &n);
		if (r < 0 || n < cap || cap > max)
			break;
	}
	if (r < 0) {
		rp_strbuf_reset(ret);
		return r;
	}
	ret->len = n;
	ret->s[n] = '\0';
	return n > max ? -EFBIG : 0;
}

int rp_tree_read_file(struct rp_tree *t, size_t max, struct rp_strbuf *ret, const char *fmt, ...)
{
	uint64_t begin_ns = rp_trace_clock(t->trace);

	FORMAT_PATH(path, fmt);
	return traced_read(t, path, begin_ns, read_file(t, max, ret, path));
}

static int write_once(const struct rp_tree *t, const char *path, const char *token)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	size_t len = strlen(token);
	ssize_t n;

	if (t->ops)
		return t->ops->write(t->self, path, token, len);
	fd = rp_tree_openat(t, path, O_WRONLY, 0);
	if (fd < 0)
		return fd;
	n = rp_retry(write(fd, token, len));
	if (n < 0)
		return rp_neg_errno();
	return (size_t)n == len ? 0 : -EIO;
}

int rp_tree_write(struct rp_tree *t, const char *token, const char *fmt, ...)
{
	uint64_t begin_ns = rp_trace_clock(t->trace);
	int r;

	FORMAT_PATH(path, fmt);
	if (t->kind == RP_TREE_CAPTURE)
		return -EROFS;
	r = rp_tree_before(t, "write", path);
	if (r == 0)
		r = write_once(t, path, token);
	if (r == 0)
		rp_tree_after(t, "write", path);
	return rp_tree_traced(t, token, path, begin_ns, r);
}

static int read_dir(DIR *dir, struct rp_names *names)
{
	for (;;) {
		const struct dirent *e;
		int r;

		errno = 0;
		e = readdir(dir);
		if (!e && errno == EINTR)
			continue;
		if (!e)
			return errno ? rp_neg_errno() : 0;
		if (rp_str_eq(e->d_name, ".") || rp_str_eq(e->d_name, ".."))
			continue;
		r = rp_names_add(names, e->d_name);
		if (r < 0)
			return r;
	}
}

int rp_tree_list(struct rp_tree *t, struct rp_names *ret, const char *fmt, ...)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	RP_AUTO_CLOSEDIR DIR *dir = NULL;
	uint64_t begin_ns = rp_trace_clock(t->trace);
	int fd, r;

	FORMAT_PATH(path, fmt);
	if (t->ops) {
		r = t->ops->list(t->self, path, &names);
	} else {
		fd = rp_tree_openat(t, path, O_RDONLY | O_DIRECTORY, 0);
		if (fd < 0)
			return traced_read(t, path, begin_ns, fd);
		do
			dir = fdopendir(fd); /* fstat */
		while (!dir && errno == EINTR);
		r = dir ? read_dir(dir, &names) : rp_neg_errno();
		if (!dir)
			close(fd);
	}
	if (r < 0)
		return traced_read(t, path, begin_ns, r);
	rp_names_sort(&names);
	rp_names_done(ret);
	*ret = names;
	names = (struct rp_names)RP_NAMES_INIT;
	return 0;
}

int rp_list_folder(const char *path, struct rp_names *ret)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;
	int r = rp_tree_open(path, RP_TREE_STATE, &t);

	return r < 0 ? r : rp_tree_list(t, ret, ".");
}

static enum rp_file_type type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return RP_FILE_REGULAR;
	case S_IFDIR:
		return RP_FILE_DIR;
	case S_IFLNK:
		return RP_FILE_LINK;
	case S_IFCHR:
		return RP_FILE_CHAR;
	default:
		return RP_FILE_OTHER;
	}
}

int rp_tree_stat(struct rp_tree *t, struct rp_stat *ret, const char *fmt, ...)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	struct stat st;

	FORMAT_PATH(path, fmt);
	if (t->ops)
		return t->ops->stat(t->self, path, ret);
	fd = rp_tree_openat(t, path, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	if (rp_retry(fstat(fd, &st)) < 0)
		return rp_neg_errno();
	*ret = (struct rp_stat){.type = type_of(st.st_mode),
				.mode = st.st_mode & 07777,
				.dev_major = major(st.st_rdev),
				.dev_minor = minor(st.st_rdev),
				.uid = st.st_uid,
				.gid = st.st_gid,
				.inode = st.st_ino};
	return 0;
}

int rp_tree_readlink(struct rp_tree *t, struct rp_strbuf *ret, const char *fmt, ...)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	char text[PATH_TEXT_MAX];
	ssize_t n;

	FORMAT_PATH(path, fmt);
	rp_strbuf_reset(ret);
	if (t->ops)
		return t->ops->readlink(t->self, path, ret);
	fd = rp_tree_openat(t, path, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	n = rp_retry(readlinkat(fd, "", text, sizeof(text)));
	if (n < 0)
		return errno == ENOENT ? -EINVAL : rp_neg_errno();
	if ((size_t)n >= sizeof(text))
		return -ENAMETOOLONG;
	rp_strbuf_add_mem(ret, text, (size_t)n);
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

int rp_tree_driver(struct rp_tree *t, enum rp_driver_op op, struct rp_strbuf *ret)
{
	static const char *const names[] = {"unload", "load", "disk-srcversion"};
	uint64_t begin_ns = rp_trace_clock(t->trace);
	int r = 0;

	if (!t->ops || !t->ops->driver)
		return -ENOSYS;
	if (op != RP_DRIVER_DISK_SRCVERSION)
		r = rp_tree_before(t, names[op], "amdgpu");
	if (r == 0)
		r = t->ops->driver(t->self, op, ret);
	if (r == 0 && op != RP_DRIVER_DISK_SRCVERSION)
		rp_tree_after(t, names[op], "amdgpu");
	rp_trace(t->trace, ROCPART_TRACE_DRIVER, begin_ns, r, "amdgpu", names[op]);
	return r;
}
