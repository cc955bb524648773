/* SPDX-License-Identifier: MIT */
/*
 * The tree follows the state. What is the same stays as it is, with whoever stands in it. The
 * topology is built aside and takes the place of the old in one rename: who reads it between two
 * looks at its generation_id sees one state or the other. Writers wait meanwhile, as they wait for
 * the kernel's mutex.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "simfs/simfs.h"

/* A build takes a tenth of a second; nobody switches modes that often for long. */
#define BUILD_TRIES 32

#define ASIDE ".new"
#define KFD   "sys/devices/virtual/kfd/kfd"
#define TOPO  KFD "/topology"
#define PROC  KFD "/proc"
#define GPUS  "sys/bus/pci/drivers/amdgpu"

#define BOOT_ID "proc/sys/kernel/random/boot_id"

/* ---- serving a file ---- */

int rp_simfs_slot_of(struct rp_simfs *fs, const char *path, bool bindable, size_t *ret_index)
{
	size_t first = bindable ? 0 : fs->n_bindable, end = bindable ? fs->n_bindable : fs->n_slots;

	for (size_t i = first; i < end; i++) {
		struct rp_simfs_slot *s = &fs->slots[i];

		if (!s->path)
			s->path = rp_strdupf("%s", path);
		if (!s->path)
			return -ENOMEM;
		if (rp_str_eq(s->path, path)) {
			*ret_index = i;
			return 0;
		}
	}
	return -ENOSPC;
}

/* A slot is taken at once, for a rule may be about more files than there are slots. */
bool rp_simfs_serve_slowly(struct rp_simfs *fs, const char *path)
{
	size_t i = 0;

	for (; i < fs->n_bindable; i++)
		if (fs->slots[i].path && rp_str_eq(fs->slots[i].path, path))
			return true;
	if (fs->n_slow == RP_SIMFS_SLOW_MAX || rp_simfs_slot_of(fs, path, true, &i) < 0)
		return false;
	fs->n_slow++;
	return true;
}

bool rp_simfs_has_path(const struct rp_names *paths, const char *path)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (rp_str_eq(paths->v[i], path))
			return true;
	}
	return false;
}

static bool is_bound(const struct rp_simfs *fs, const char *path)
{
	return rp_simfs_has_path(&fs->bound, path);
}

static int bind_one(struct rp_simfs *fs, const char *path)
{
	RP_AUTO_FREE char *target = rp_strdupf("%s/%s", fs->root, path);
	size_t slot = 0;
	int r = target ? rp_simfs_slot_of(fs, path, true, &slot) : -ENOMEM;

	if (r == 0)
		r = rp_simfs_bind_fd(fs->slots[slot].fd, target);
	return r == 0 ? rp_names_add(&fs->bound, path) : r;
}

static int bind_all(struct rp_simfs *fs, const struct rp_names *paths)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < paths->n; i++)
		r = bind_one(fs, paths->v[i]);
	return r;
}

/* What is served at path, or below it. */
static int unbind(struct rp_simfs *fs, const char *path)
{
	size_t len = strlen(path);
	int r = 0;

	for (size_t i = fs->bound.n; r == 0 && i-- > 0;) {
		RP_AUTO_FREE char *target = NULL;
		const char *p = fs->bound.v[i];

		if (strncmp(p, path, len) != 0 || (p[len] && p[len] != '/'))
			continue;
		target = rp_strdupf("%s/%s", fs->root, p);
		r = target ? rp_simfs_detach(target) : -ENOMEM;
		free(fs->bound.v[i]);
		fs->bound.v[i] = fs->bound.v[--fs->bound.n];
	}
	return r;
}

/* ---- replacing at once ---- */

static int open_aside(struct rp_simfs *fs, int *ret_fd)
{
	int r = rp_simfs_remove(fs->sys_fd, ASIDE);

	if (r < 0)
		return r;
	if (mkdirat(fs->sys_fd, ASIDE, 0700) < 0)
		return rp_neg_errno();
	*ret_fd = openat(fs->sys_fd, ASIDE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? rp_neg_errno() : 0;
}

/* Names trade places; the first time there is nothing to trade with. */
static int trade(int from_fd, const char *from, int to_fd, const char *to)
{
	if (renameat2(from_fd, from, to_fd, to, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != ENOENT)
		return rp_neg_errno();
	return renameat(from_fd, from, to_fd, to) < 0 ? rp_neg_errno() : 0;
}

static int replace(struct rp_simfs *fs, const char *path, int dir_fd, const char *name)
{
	RP_AUTO_NAMES struct rp_names reacting = RP_NAMES_INIT;
	RP_AUTO_CLOSE int aside = -EBADF;
	int r = open_aside(fs, &aside);

	if (r == 0)
		r = rp_simfs_copy(fs, path, aside, "one", &reacting);
	if (r == 0)
		r = unbind(fs, path);
	if (r == 0)
		r = trade(aside, "one", dir_fd, name);
	if (r == 0)
		r = rp_simfs_remove(fs->sys_fd, ASIDE);
	return r == 0 ? bind_all(fs, &reacting) : r;
}

/* ---- what differs ---- */

static int make(struct rp_simfs *fs, const char *path, int dir_fd, const char *name)
{
	RP_AUTO_NAMES struct rp_names reacting = RP_NAMES_INIT;
	int r = unbind(fs, path);

	if (r == 0)
		r = rp_simfs_remove(dir_fd, name);
	if (r == 0)
		r = rp_simfs_copy(fs, path, dir_fd, name, &reacting);
	return r == 0 ? bind_all(fs, &reacting) : r;
}

static int drop(struct rp_simfs *fs, const char *path, int dir_fd, const char *name)
{
	int r = unbind(fs, path);

	return r == 0 ? rp_simfs_remove(dir_fd, name) : r;
}

static bool same_text(struct rp_simfs *fs, const char *path, int dir_fd, const char *name)
{
	RP_AUTO_STRBUF struct rp_strbuf want = RP_STRBUF_INIT, have = RP_STRBUF_INIT;
	RP_AUTO_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 || rp_simfs_read(fs, path, &want) < 0 ||
	    rp_strbuf_reserve(&have, want.len + 1) < 0)
		return false;
	n = read(fd, have.s, want.len + 1);
	return n >= 0 && (size_t)n == want.len && memcmp(have.s, want.s, want.len) == 0;
}

static bool same_link(struct rp_simfs *fs, const char *path, int dir_fd, const char *name)
{
	RP_AUTO_STRBUF struct rp_strbuf want = RP_STRBUF_INIT;
	char have[1024];
	ssize_t n = readlinkat(dir_fd, name, have, sizeof(have));

	return n >= 0 && rp_sim_tree_ops()->readlink(fs->sim, path, &want) == 0 &&
	       (size_t)n == want.len && memcmp(have, want.s, want.len) == 0;
}

static int follow(struct rp_simfs *fs, const char *path, int dir_fd, const char *name);

/* Of the host, or our own: shown beside what the machine has there. */
static bool is_no_part(const struct rp_simfs *fs, const char *dir, const char *path)
{
	if (rp_str_starts(path, "sys/" RP_SIMFS_OWN))
		return true;
	if (rp_str_eq(dir, "sys/dev/char"))
		return rp_simfs_is_host_number(strrchr(path, '/') + 1);
	for (size_t i = 0; i < fs->host.n; i++) {
		if (rp_str_eq(fs->host.v[i], path))
			return true;
	}
	return false;
}

static int drop_others(struct rp_simfs *fs, const char *path, int dir_fd,
		       const struct rp_names *names)
{
	RP_AUTO_CLOSEDIR DIR *dir = NULL;
	int r = 0, fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = rp_neg_errno();
		rp_cleanup_close(&fd);
		return r;
	}
	for (const struct dirent *e = readdir(dir); r == 0 && e; e = readdir(dir)) {
		RP_AUTO_FREE char *child = rp_strdupf("%s/%s", path, e->d_name);
		bool known = rp_str_eq(e->d_name, ".") || rp_str_eq(e->d_name, "..");

		if (!child)
			return -ENOMEM;
		for (size_t i = 0; !known && i < names->n; i++)
			known = rp_str_eq(e->d_name, names->v[i]);
		if (!known && !is_no_part(fs, path, child))
			r = drop(fs, child, dir_fd, e->d_name);
	}
	return r;
}

static int follow_dir(struct rp_simfs *fs, const char *path, int dir_fd, const char *name)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	RP_AUTO_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? rp_neg_errno() : rp_sim_tree_ops()->list(fs->sim, path, &names);

	if (r == 0)
		r = drop_others(fs, path, fd, &names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		RP_AUTO_FREE char *child = rp_strdupf("%s/%s", path, names.v[i]);

		r = child ? follow(fs, child, fd, names.v[i]) : -ENOMEM;
	}
	return r;
}

/* Make name in dir_fd what path of the machine is now. */
static int follow(struct rp_simfs *fs, const char *path, int dir_fd, const char *name)
{
	struct rp_stat want = {0};
	struct stat have;
	int r = rp_sim_tree_ops()->stat(fs->sim, path, &want);

	if (r < 0)
		return r == -ENOENT ? drop(fs, path, dir_fd, name) : r;
	if (is_bound(fs, path))
		return 0;
	if (fstatat(dir_fd, name, &have, AT_SYMLINK_NOFOLLOW) < 0)
		return make(fs, path, dir_fd, name);
	if (rp_str_eq(path, TOPO) || rp_str_eq(path, PROC))
		return replace(fs, path, dir_fd, name);
	if (want.type == RP_FILE_DIR && S_ISDIR(have.st_mode))
		return follow_dir(fs, path, dir_fd, name);
	if (want.type == RP_FILE_REGULAR && S_ISREG(have.st_mode) &&
	    rp_simfs_reacts(fs, path, &want))
		return replace(fs, path, dir_fd, name); /* since there is a load */
	if (want.type == RP_FILE_REGULAR && same_text(fs, path, dir_fd, name))
		return 0;
	if (want.type == RP_FILE_REGULAR && S_ISREG(have.st_mode))
		return replace(fs, path, dir_fd, name);
	if (want.type == RP_FILE_LINK && same_link(fs, path, dir_fd, name))
		return 0;
	if (want.type == RP_FILE_CHAR && want.dev_minor == minor(have.st_rdev))
		return 0;
	return make(fs, path, dir_fd, name);
}

/* ---- the whole tree ---- */

static int follow_part(struct rp_simfs *fs, const char *part, const char *name, int dir_fd)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", part, name);

	return path ? follow(fs, path, dir_fd, name) : -ENOMEM;
}

static int follow_all(struct rp_simfs *fs)
{
	static const char *const sys[] = {"bus", "class", "dev", "devices", "module"};
	static const char *const dev[] = {"dri", "kfd", "kmsg"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(sys); i++)
		r = follow_part(fs, "sys", sys[i], fs->sys_fd);
	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(dev); i++)
		r = follow_part(fs, "dev", dev[i], fs->dev_fd);
	if (r == 0)
		r = follow(fs, "proc", fs->sys_fd, RP_SIMFS_PROC);
	/* Records are held against the boot that they were made in. */
	if (r == 0 && !*fs->root && !is_bound(fs, BOOT_ID))
		r = bind_one(fs, BOOT_ID);
	return r;
}

/* ---- what the tree follows from ---- */

static void sign_file(struct rp_simfs *fs, const char *path, struct rp_strbuf *out)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_simfs_read(fs, path, &text);

	rp_strbuf_addf(out, "%d %s;", r, rp_strbuf_str(&text));
}

/* Loads of the driver, generation of the topology, what else a partition's memory follows from. */
static int sign(struct rp_simfs *fs, struct rp_strbuf *out)
{
	RP_AUTO_NAMES struct rp_names gpus = RP_NAMES_INIT;
	struct rp_stat st = {0};
	int r = rp_sim_tree_ops()->stat(fs->sim, "sys/module/amdgpu", &st);

	rp_strbuf_addf(out, "%d %llu %d %llx;", r, (unsigned long long)st.inode,
		       rp_sim_has_load(fs->sim), (unsigned long long)rp_sim_gpus_gone(fs->sim));
	sign_file(fs, TOPO "/generation_id", out);
	if (r == 0 && rp_sim_tree_ops()->list(fs->sim, GPUS, &gpus) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < gpus.n; i++) {
		RP_AUTO_FREE char *path =
			rp_strdupf(GPUS "/%s/compute_partition_mem_alloc_mode", gpus.v[i]);

		if (!path)
			return -ENOMEM;
		sign_file(fs, path, out);
	}
	r = rp_sim_fault_list(fs->sim, out);
	return r == 0 && rp_strbuf_failed(out) ? -ENOMEM : r;
}

/* 1: another process changed the machine meanwhile, so what was written, or failed, says nothing.
 */
static int build_once(struct rp_simfs *fs)
{
	RP_AUTO_STRBUF struct rp_strbuf before = RP_STRBUF_INIT, after = RP_STRBUF_INIT;
	int built, r = sign(fs, &before);

	if (r < 0)
		return r;
	built = follow_all(fs);
	r = sign(fs, &after);
	if (r < 0)
		return r;
	if (!rp_str_eq(rp_strbuf_str(&before), rp_strbuf_str(&after)))
		return 1;
	if (built < 0)
		return built;
	rp_simfs_forget_attributes(fs);
	rp_strbuf_done(&fs->signature);
	fs->signature = after;
	after = (struct rp_strbuf)RP_STRBUF_INIT;
	return 0;
}

int rp_simfs_build(struct rp_simfs *fs)
{
	for (int i = 0; i < BUILD_TRIES; i++) {
		int r = build_once(fs);

		if (r <= 0)
			return r;
	}
	return -EAGAIN;
}

/* Below sys/, and only if it is there. */
static int follow_at(struct rp_simfs *fs, const char *path)
{
	RP_AUTO_FREE char *dir = rp_strdupf("%s", path + strlen("sys/"));
	RP_AUTO_CLOSE int fd = -EBADF;
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!slash)
		return -ENOMEM;
	*slash = '\0';
	fd = openat(fs->sys_fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : rp_neg_errno();
	return follow(fs, path, fd, slash + 1);
}

/* Processes came or went: what they hold is accounted in these folders. */
static int follow_accounts(struct rp_simfs *fs)
{
	RP_AUTO_NAMES struct rp_names nodes = RP_NAMES_INIT;
	int r = follow_at(fs, PROC);

	if (r == 0)
		r = follow(fs, "proc", fs->sys_fd, RP_SIMFS_PROC);
	if (r < 0 || rp_sim_tree_ops()->list(fs->sim, TOPO "/nodes", &nodes) < 0)
		return r; /* or the driver is not loaded */
	for (size_t i = 0; r == 0 && i < nodes.n; i++) {
		RP_AUTO_FREE char *used =
			rp_strdupf(TOPO "/nodes/%s/mem_banks/0/used_memory", nodes.v[i]);

		r = used ? follow_at(fs, used) : -ENOMEM;
	}
	return r;
}

int rp_simfs_refresh(struct rp_simfs *fs)
{
	RP_AUTO_STRBUF struct rp_strbuf signature = RP_STRBUF_INIT;
	int r = sign(fs, &signature);

	if (r < 0)
		return r;
	if (rp_str_eq(rp_strbuf_str(&signature), rp_strbuf_str(&fs->signature)))
		return follow_accounts(fs);
	return rp_simfs_build(fs);
}
