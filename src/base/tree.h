/* SPDX-License-Identifier: MIT */
/*
 * The one door to files: a rooted tree. /sys, /dev, /proc, /run and the state folder are reached
 * only through it, so that hardware, a captured tree and the simulator share every line above.
 *
 * Paths are relative to the root and have no leading slash: "sys/class/kfd/kfd/topology". Symbolic
 * links are followed inside the root only (openat2 RESOLVE_IN_ROOT).
 */
#ifndef RP_BASE_TREE_H
#define RP_BASE_TREE_H

#include "base/base.h"
#include "base/strbuf.h"
#include "base/trace.h"

enum rp_tree_kind {
	RP_TREE_REAL,	 /* this machine */
	RP_TREE_CAPTURE, /* a folder made from a real machine: every write is -EROFS */
	RP_TREE_SIM,	 /* a simulated machine */
	RP_TREE_STATE,	 /* a folder of our own records: plain files, atomic replacement */
};

enum rp_file_type { RP_FILE_REGULAR, RP_FILE_DIR, RP_FILE_LINK, RP_FILE_CHAR, RP_FILE_OTHER };

struct rp_stat {
	enum rp_file_type type;
	uint32_t mode;		       /* permission bits, 07777 */
	uint32_t dev_major, dev_minor; /* of a character device */
	uint32_t uid, gid;
	/*
	 * kernfs gives each folder a new number when it is made, so that of sys/module/amdgpu tells
	 * one load of the driver from the next. The simulator counts loads there; else it may be 0.
	 */
	uint64_t inode;
};

/* What the driver of the machine can be told; a REAL tree does it by argv in hw/, not here. */
enum rp_driver_op {
	RP_DRIVER_UNLOAD,
	RP_DRIVER_LOAD,
	RP_DRIVER_DISK_SRCVERSION, /* of the module that LOAD would load; text into ret */
};

/*
 * What stands behind a tree that is not a folder. Each function returns 0 or a negative errno.
 * read gives the raw bytes of one read(2) at offset 0, at most cap of them. write is one write(2)
 * of len bytes after open(O_WRONLY). list gives names without "." and "..", in any order. stat
 * does not follow a link in the last component. readlink gives the text of the link.
 */
struct rp_tree_ops {
	int (*list)(void *self, const char *path, struct rp_names *ret);
	int (*read)(void *self, const char *path, char *buf, size_t cap, size_t *ret_len);
	int (*write)(void *self, const char *path, const char *data, size_t len);
	int (*stat)(void *self, const char *path, struct rp_stat *ret);
	int (*readlink)(void *self, const char *path, struct rp_strbuf *ret);
	int (*driver)(void *self, enum rp_driver_op op, struct rp_strbuf *ret);
};

/*
 * Called before each operation that changes something. A value < 0 makes the operation fail with
 * it, untried: fault injection. Called again with after = true once it was done.
 */
typedef int (*rp_tree_hook_fn)(void *userdata, const char *op, const char *path, bool after);

struct rp_tree;

/* A folder as root. kind is REAL (dir "/"), CAPTURE or STATE. 0, -ENOENT, -ENOTDIR, -EACCES, ... */
int rp_tree_open(const char *dir, enum rp_tree_kind kind, struct rp_tree **ret) RP_MUST_CHECK;
/* Operations as root; self is borrowed and outlives the tree. 0 or -ENOMEM. */
int rp_tree_open_ops(const struct rp_tree_ops *ops, void *self, enum rp_tree_kind kind,
		     struct rp_tree **ret) RP_MUST_CHECK;
/* A STATE tree without a folder, which ends with it. 0 or -ENOMEM. */
int rp_tree_open_memory(struct rp_tree **ret) RP_MUST_CHECK;
struct rp_tree *rp_tree_close(struct rp_tree *t); /* NULL is fine; returns NULL */
void rp_cleanup_tree(struct rp_tree **t);
#define RP_AUTO_TREE RP_AUTO(rp_cleanup_tree)

enum rp_tree_kind rp_tree_kind(const struct rp_tree *t);
void rp_tree_set_hook(struct rp_tree *t, rp_tree_hook_fn fn, void *userdata);
/*
 * Who observes reads that fail and every write; borrowed, outlives the tree. A read that failed is
 * traced by the tree; one that decides something by whoever decides, with rp_tree_trace().
 */
void rp_tree_set_trace(struct rp_tree *t, const struct rp_trace *trace);
const struct rp_trace *rp_tree_trace(const struct rp_tree *t); /* NULL: nobody */

/* Every operation that changes something fails with -EROFS, untried. */
void rp_tree_set_read_only(struct rp_tree *t, bool read_only);
/* Files that rp_tree_replace() writes are for every user to read, not records of their owner. */
void rp_tree_set_public(struct rp_tree *t);
/* Of a STATE tree: no operation waits for the disk. A killed process loses nothing, a power cut
 * may. */
void rp_tree_set_no_sync(struct rp_tree *t, bool no_sync);
/*
 * An open file, such as a lock, that programs which reload the driver of this tree inherit;
 * borrowed. 0: none.
 */
void rp_tree_set_inherited(struct rp_tree *t, int fd);
int rp_tree_inherited(const struct rp_tree *t);

/* A kernel attribute is at most one page. */
#define RP_ATTR_MAX 4096

/*
 * Read an attribute: one read, one trailing newline removed. -ENOENT (absent), -E2BIG (a full page
 * or more), -EBADMSG (holds a NUL), other errno of open and read. An empty file is "".
 */
int rp_tree_read(struct rp_tree *t, struct rp_strbuf *ret, const char *fmt, ...)
	RP_PRINTF(3, 4) RP_MUST_CHECK;
/* Read a whole file of up to max bytes, nothing removed; NULs allowed. -EFBIG when larger. */
int rp_tree_read_file(struct rp_tree *t, size_t max, struct rp_strbuf *ret, const char *fmt, ...)
	RP_PRINTF(4, 5) RP_MUST_CHECK;
/* An attribute that is one number: rp_parse_u64 rules, -EBADMSG when it is not one. */
int rp_tree_read_u64(struct rp_tree *t, int base, uint64_t *ret, const char *fmt, ...)
	RP_PRINTF(4, 5) RP_MUST_CHECK;
/* Exactly the bytes of token by one write(2). -EROFS on a capture, -EIO when short. */
int rp_tree_write(struct rp_tree *t, const char *token, const char *fmt, ...)
	RP_PRINTF(3, 4) RP_MUST_CHECK;
/* Names of a folder, sorted. */
int rp_tree_list(struct rp_tree *t, struct rp_names *ret, const char *fmt, ...)
	RP_PRINTF(3, 4) RP_MUST_CHECK;
int rp_tree_stat(struct rp_tree *t, struct rp_stat *ret, const char *fmt, ...)
	RP_PRINTF(3, 4) RP_MUST_CHECK;
int rp_tree_readlink(struct rp_tree *t, struct rp_strbuf *ret, const char *fmt, ...)
	RP_PRINTF(3, 4) RP_MUST_CHECK;
/* -ENOSYS when the tree has no driver operation (REAL, CAPTURE). ret may be NULL. */
int rp_tree_driver(struct rp_tree *t, enum rp_driver_op op, struct rp_strbuf *ret) RP_MUST_CHECK;

/*
 * STATE trees only (-EINVAL otherwise). All but log are durable when they return 0. Their files are
 * for their owner alone (0600), whatever the umask is.
 */
/* Replace the whole file: temporary file, fsync, rename, fsync of the folder. */
int rp_tree_replace(struct rp_tree *t, const void *data, size_t len, const char *fmt, ...)
	RP_PRINTF(4, 5) RP_MUST_CHECK;
/* Append, fsync. The file is created when it is not there. */
int rp_tree_append(struct rp_tree *t, const void *data, size_t len, const char *fmt, ...)
	RP_PRINTF(4, 5) RP_MUST_CHECK;
/* Append without syncing, for a log. ret_size: bytes of the file then. */
int rp_tree_log(struct rp_tree *t, const char *path, const void *data, size_t len,
		uint64_t *ret_size) RP_MUST_CHECK;
int rp_tree_rename(struct rp_tree *t, const char *from, const char *to) RP_MUST_CHECK;
int rp_tree_remove(struct rp_tree *t, const char *path) RP_MUST_CHECK;
/*
 * r is what the last of these four, or rp_tree_sync(), returned. true: it did its work, and only
 * syncing failed. The change is there for every reader, and a power cut may take it back. false: r
 * is 0, or nothing of what readers see was changed (an append may have left a part of its bytes).
 */
bool rp_tree_is_unsynced(const struct rp_tree *t, int r);
/* Sync the folder: what an earlier call renamed, or removed, is durable then. 0 or errno. */
int rp_tree_sync(struct rp_tree *t) RP_MUST_CHECK;
/*
 * Take an exclusive lock on a file of the folder, created when missing; never waits.
 * *ret_fd holds it until closed. -EWOULDBLOCK when someone else has it. In memory nobody else can:
 * *ret_fd is -EBADF.
 */
int rp_tree_lock(struct rp_tree *t, const char *path, int *ret_fd) RP_MUST_CHECK;
/*
 * Replace a file that every user may read by what text_fn writes. Writers follow each other: the
 * text is asked for while nobody else can replace the file. Not synced, since the text can be
 * written again. After a failure the file is gone. 0; -EINVAL in memory; errno.
 */
typedef int (*rp_tree_text_fn)(void *userdata, struct rp_strbuf *ret);
int rp_tree_publish(struct rp_tree *t, const char *path, rp_tree_text_fn text_fn,
		    void *userdata) RP_MUST_CHECK;
/* Has the caller the right to read a file? 0; -ENOENT; -EACCES; errno. In memory 0. */
int rp_tree_can_read(const struct rp_tree *t, const char *path) RP_MUST_CHECK;
/*
 * Remove temporary files that a killed writer left a minute ago or earlier. A writer that was only
 * stopped so long finds its file gone and reports that.
 */
void rp_tree_remove_leftovers(struct rp_tree *t);
/*
 * Is the folder root's or the caller's, and may only its owner write it? 0; -EPERM, with its owner
 * and permissions in ret; errno.
 */
int rp_tree_check_folder(const struct rp_tree *t, struct rp_stat *ret) RP_MUST_CHECK;
/*
 * Who has a file of the folder locked, flock(2) or fcntl(2): "pid 4711 (rocpart set --compute CPX,
 * user root, running for 42 s)"; "" when the kernel does not show it. The words are the process's
 * own: text of a stranger.
 */
#define RP_LOCK_HOLDER_SIZE 128
void rp_tree_lock_holder(const struct rp_tree *t, const char *path, char buf[RP_LOCK_HOLDER_SIZE]);
/* The same of any file of this computer, such as a database. */
void rp_lock_holder(const char *path, char buf[RP_LOCK_HOLDER_SIZE]);

/* Names of a folder by its path, sorted. 0 or -errno. */
int rp_list_folder(const char *path, struct rp_names *ret) RP_MUST_CHECK;

/* mkdir -p with mode 0755 (0700 when private_to_user); absolute path; durable. 0 or -errno. */
int rp_make_dirs(const char *path, bool private_to_user) RP_MUST_CHECK;
/* The same, with mode 0755 whatever the umask is when the last folder is made; durable if sync. */
int rp_make_record_dir(const char *path, bool sync) RP_MUST_CHECK;

#endif
