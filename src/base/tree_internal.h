/* SPDX-License-Identifier: MIT */
/* What tree.c and tree_state.c share. */
#ifndef RP_BASE_TREE_INTERNAL_H
#define RP_BASE_TREE_INTERNAL_H

#include "base/tree.h"

struct rp_tree {
	enum rp_tree_kind kind;
	int root_fd;		       /* -EBADF when ops serve it */
	const struct rp_tree_ops *ops; /* NULL: the folder root_fd */
	void *self;
	void (*free_self)(void *self); /* NULL: self is borrowed */
	rp_tree_hook_fn hook;
	void *hook_userdata;
	const struct rp_trace *trace; /* NULL: nobody observes */
	bool is_read_only;
	bool no_sync;	  /* see rp_tree_set_no_sync() */
	bool is_public;	  /* what is written may be read by every user */
	int inherited_fd; /* 0: none */
	int unsynced;	  /* errno of the last operation, when only syncing failed; 0: none */
};

/* open(2) of path below the root, links resolved inside it; an fd or -errno. */
int rp_tree_openat(const struct rp_tree *t, const char *path, uint64_t flags, unsigned mode);
/* Tell the hook; < 0 means that the operation must not be tried. */
int rp_tree_before(const struct rp_tree *t, const char *op, const char *path);
void rp_tree_after(const struct rp_tree *t, const char *op, const char *path);
/* Trace a write of a record and return its result. */
int rp_tree_traced(const struct rp_tree *t, const char *op, const char *path, uint64_t begin_ns,
		   int r);

/* The records of rp_tree_open_memory(): as write, rename and unlink of a file do. */
int rp_memory_put(void *self, const char *name, bool append, const void *data, size_t len);
size_t rp_memory_size(void *self, const char *name); /* bytes; 0 of none */
int rp_memory_rename(void *self, const char *from, const char *to);
int rp_memory_remove(void *self, const char *name);

#endif
