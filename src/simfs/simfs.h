/* SPDX-License-Identifier: MIT */
/*
 * A simulated machine as files: sys/ and dev/ on tmpfs, and FUSE bind-mounted over the attributes
 * that react (a /sys served wholly by FUSE makes AMD's library 200 times slower). What a file says
 * and what a write answers comes from rp_sim alone; there is no rule of a kernel in this folder.
 */
#ifndef RP_SIMFS_SIMFS_H
#define RP_SIMFS_SIMFS_H

#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "sim/delay.h"
#include "sim/sim.h"

/* Below sys/: what no kernel has. It says that the machine is simulated, and takes orders. */
#define RP_SIMFS_OWN  "devices/rocpart-"
#define RP_SIMFS_DIR  RP_SIMFS_OWN "sim"
#define RP_SIMFS_BIN  RP_SIMFS_OWN "bin"  /* stand-ins for modprobe, systemctl, docker */
#define RP_SIMFS_PROC RP_SIMFS_OWN "proc" /* its /proc; that of a namespace is the host's */
#define RP_SIMFS_KMSG "dev/kmsg"

/*
 * A file or folder that FUSE serves. It gets its path when it is first needed and keeps it.
 */
struct rp_simfs_slot {
	char *path; /* in the machine: "sys/devices/..."; NULL: unused */
	int fd;	    /* O_PATH of the FUSE file: binding it needs no answer from ourselves */
};

/*
 * Its inode number tells one load of the driver from the next, so that it has to be the machine's:
 * the one folder that is served, with all that is in it.
 */
#define RP_SIMFS_MODULE "sys/module/amdgpu"

struct fuse_session;
struct rp_simfs {
	struct rp_sim *sim;
	char *name, *folder;	     /* of the machine */
	char *root;		     /* what the tree stands in: "" for /, else an absolute path */
	int sys_fd, dev_fd;	     /* their tmpfs, where it can be written */
	struct rp_simfs_slot *slots; /* those that can be bound, then what is in a served folder */
	size_t n_bindable, n_slots;
	size_t n_slow;		    /* slots of files that are served for a rule only */
	struct rp_names bound;	    /* paths that are bind-mounted now */
	struct rp_names host;	    /* paths in folders of the tree that show the host */
	struct rp_strbuf signature; /* of the state that the tree shows */
	bool stop;
	struct fuse_session *session;	  /* NULL: not mounted yet */
	struct rp_simfs_waiting *waiting; /* requests that are answered later */
	size_t n_waiting, cap_waiting;
	bool is_interrupted; /* by a signal: reads that hang fail with EINTR */
	bool has_ioctls;     /* of `exec`: programs get answers of device nodes */
	bool is_host;	     /* this process is the first one of a simulated host */
};

/* Processes of a load come, go and grow with simulated time: once a second of the host is enough.
 */
#define RP_SIMFS_FOLLOW_MS 1000

/* A request that is answered once its time has come. */
struct fuse_req;
struct rp_simfs_request {
	struct fuse_req *req;
	bool is_read;
	int result;   /* of a change */
	uint64_t ino; /* of a read */
	size_t size;
	off_t off;
};

/* waiting.c */
int rp_simfs_wait(struct rp_simfs *fs, const struct rp_simfs_request *request, const char *path,
		  const struct rp_sim_delay *delay) RP_MUST_CHECK;
int rp_simfs_patience(const struct rp_simfs *fs);	   /* milliseconds; -1: nothing is due */
int rp_simfs_pass_time(struct rp_simfs *fs) RP_MUST_CHECK; /* let happen and answer what is due */
void rp_simfs_interrupt(struct rp_simfs *fs); /* who hangs in a read could not end otherwise */
void rp_simfs_give_up(struct rp_simfs *fs);   /* nobody is answered any more */

/* build.c */
int rp_simfs_build(struct rp_simfs *fs) RP_MUST_CHECK; /* the tree of the present state */
/* The state may have changed: rewrite what follows from it. */
int rp_simfs_refresh(struct rp_simfs *fs) RP_MUST_CHECK;

bool rp_simfs_has_path(const struct rp_names *paths, const char *path);
/* A file of which a rule delays reads: is it served? Only the first RP_SIMFS_SLOW_MAX are. */
bool rp_simfs_serve_slowly(struct rp_simfs *fs, const char *path);
#define RP_SIMFS_SLOW_MAX 64
/* The slot of a path, maybe a new one. -ENOSPC: more is served than was reckoned with. */
int rp_simfs_slot_of(struct rp_simfs *fs, const char *path, bool bindable, size_t *ret_index);

/* plain.c: files on tmpfs. */
/* Is it to be served? */
bool rp_simfs_reacts(struct rp_simfs *fs, const char *path, const struct rp_stat *st);
/*
 * Make path of the machine as name in dir_fd: folders with all that is in them. Paths of files
 * that react are added to reacting, an empty file stands in their place.
 */
int rp_simfs_copy(struct rp_simfs *fs, const char *path, int dir_fd, const char *name,
		  struct rp_names *reacting) RP_MUST_CHECK;
int rp_simfs_remove(int dir_fd, const char *name) RP_MUST_CHECK; /* with all that is in it */
/* A name in sys/dev/char: of a device of the host, not of a GPU? */
bool rp_simfs_is_host_number(const char *name);
/* The text of a file of the machine, whatever is in it. */
int rp_simfs_read(struct rp_simfs *fs, const char *path, struct rp_strbuf *ret) RP_MUST_CHECK;

/* mounts.c */
int rp_simfs_mount_tmpfs(const char *path, bool read_only, int *ret_fd) RP_MUST_CHECK;
int rp_simfs_bind_fd(int fd, const char *target) RP_MUST_CHECK; /* with what is mounted below */
int rp_simfs_detach(const char *target) RP_MUST_CHECK;
/* 0; -EBUSY: there is a machine; -ENOTCONN: one that crashed; -ENOENT: none. Its name, if known. */
int rp_simfs_probe(const char *root, struct rp_strbuf *ret_name) RP_MUST_CHECK;
/* tmpfs on root/sys and root/dev. */
int rp_simfs_mount_tree(struct rp_simfs *fs, struct rocpart_error *reterr) RP_MUST_CHECK;

/* files.c: what FUSE is asked. */
struct fuse_lowlevel_ops;
const struct fuse_lowlevel_ops *rp_simfs_fuse_ops(void);
/* The kernel asks for modes of files again: a rule may have changed them. */
void rp_simfs_forget_attributes(const struct rp_simfs *fs);
void rp_simfs_answer(struct rp_simfs *fs, const struct rp_simfs_request *r);
/* name, folder, srcversion, control, asks, id, no-sync; slots come after them */
#define RP_SIMFS_FIXED_FILES 7

/* serve.c */
struct rp_simfs_user {
	/* The tree stands. *ret_wait_fd, when it is set, ends the serving once it can be read. */
	int (*ready)(void *userdata, int *ret_wait_fd);
	void (*on_signal)(void *userdata, int signo, bool from_terminal); /* NULL: it ends */
	void *userdata;
};
/* Mount FUSE in a mounted tree, build it, say so, and answer until the end. */
int rp_simfs_serve(struct rp_simfs *fs, const struct rp_simfs_user *user,
		   struct rocpart_error *reterr) RP_MUST_CHECK;

/* exec.c */
/*
 * Run argv in a mount namespace of its own that shows the machine, on a host of that name unless it
 * is NULL; its exit status or -errno.
 */
int rp_simfs_exec(struct rp_simfs *fs, const char *host, char **argv,
		  struct rocpart_error *reterr) RP_MUST_CHECK;

/* host_tree.c: the host's dev/ and sys/ behind ours, without its GPUs. */
struct rp_simfs_host {
	int dev_fd, sys_fd; /* opened before they are covered; or -EBADF */
	int root_fd;	    /* a copy of its mounts on sys/, made before as well */
};
int rp_simfs_open_host(struct rp_simfs_host *ret) RP_MUST_CHECK;
void rp_simfs_close_host(struct rp_simfs_host *host);
int rp_simfs_show_host(struct rp_simfs *fs, const struct rp_simfs_host *host) RP_MUST_CHECK;

/* cover.c; standin: our program that covers tools of the host. */
int rp_simfs_cover_tools(struct rp_simfs *fs, const char *standin) RP_MUST_CHECK;
/* Programs load this library: into their environment, and where a chroot finds it. */
int rp_simfs_preload(struct rp_simfs *fs, const char *library) RP_MUST_CHECK;
/* The right to load modules is given up for good. */
int rp_simfs_drop_module_right(void) RP_MUST_CHECK;

#endif
