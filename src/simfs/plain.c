/* SPDX-License-Identifier: MIT */
/* From the simulated machine to files on tmpfs. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "simfs/simfs.h"

#define FILE_MAX (2U << 20)

static const struct rp_tree_ops *ops(void)
{
	return rp_sim_tree_ops();
}

int rp_simfs_read(struct rp_simfs *fs, const char *path, struct rp_strbuf *ret)
{
	size_t n = 0;
	int r = rp_strbuf_reserve(ret, 65536);

	if (r == 0)
		r = ops()->read(fs->sim, path, ret->s, 65536, &n);
	if (r == 0 && n == 65536) {
		r = rp_strbuf_reserve(ret, FILE_MAX);
		if (r == 0)
			r = ops()->read(fs->sim, path, ret->s, FILE_MAX, &n);
	}
	ret->len = r == 0 ? n : 0;
	if (ret->s)
		ret->s[ret->len] = '\0';
	return r;
}

bool rp_simfs_is_host_number(const char *name)
{
	return !rp_str_starts(name, "226:") && !rp_str_eq(name, "511:0");
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0)
			return rp_neg_errno();
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * Attributes that answer by what was done before, without a change of the tree.
 */
bool rp_simfs_reacts(struct rp_simfs *fs, const char *path, const struct rp_stat *st)
{
	static const char *const names[] = {
		"/current_compute_partition",
		"/current_memory_partition",
		"/mem_info_vram_used",
		"/mem_info_vis_vram_used",
	};
	/* These move with time, once there is a load. */
	static const char *const moving[] = {
		"/gpu_metrics",	     "/xcp_metrics", "/gpu_busy_percent",
		"/mem_busy_percent", "/temp2_input", "/temp3_input",
		"/power1_input",     "/freq1_input", "/freq2_input",
	};

	/* What is written there changes nothing that can be read, and there are many. */
	static const char *const inert[] = {"/uevent", "/config", "/enable", "/driver_override",
					    "/power/control"};

	if (rp_sim_is_delayed(fs->sim, path) && rp_simfs_serve_slowly(fs, path))
		return true;
	for (size_t i = 0; i < RP_ARRAY_LEN(inert); i++) {
		if (rp_str_ends(path, inert[i]))
			return false;
	}
	if ((st->mode & 0222) || strstr(path, "/compute_partition_config/"))
		return true;
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++) {
		if (rp_str_ends(path, names[i]))
			return true;
	}
	for (size_t i = 0; rp_sim_has_load(fs->sim) && i < RP_ARRAY_LEN(moving); i++) {
		if (rp_str_ends(path, moving[i]))
			return true;
	}
	return false;
}

static int copy_file(struct rp_simfs *fs, const char *path, const struct rp_stat *st, int dir_fd,
		     const char *name, struct rp_names *reacting)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_CLOSE int fd = -EBADF;
	bool served = rp_simfs_reacts(fs, path, st);
	size_t slot = 0;

	/* What cannot be read now, by a fault rule, is served too: so it can say why. */
	if (!served && rp_simfs_read(fs, path, &text) < 0) {
		rp_strbuf_reset(&text);
		served = true;
	}
	/* A rule may be about more files than can be served: then the file is as it is now, or
	 * empty. */
	if (served && rp_simfs_slot_of(fs, path, true, &slot) == -ENOSPC) {
		served = false;
		if (rp_simfs_read(fs, path, &text) < 0)
			rp_strbuf_reset(&text);
	}
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st->mode);
	if (fd < 0)
		return rp_neg_errno();
	return served ? rp_names_add(reacting, path)
		      : write_all(fd, rp_strbuf_str(&text), text.len);
}

static int copy_link(struct rp_simfs *fs, const char *path, int dir_fd, const char *name)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = ops()->readlink(fs->sim, path, &text);

	if (r == 0 && symlinkat(rp_strbuf_str(&text), dir_fd, name) < 0)
		r = rp_neg_errno();
	return r;
}

/*
 * A device node that says what it is; its tmpfs is mounted nodev, so that opening it never reaches
 * a device of the host. In a user namespace no node can be made: an empty file then.
 */
static int copy_device(const struct rp_stat *st, int dir_fd, const char *name)
{
	RP_AUTO_CLOSE int fd = -EBADF;

	if (mknodat(dir_fd, name, S_IFCHR | st->mode, makedev(st->dev_major, st->dev_minor)) == 0) {
		/* The groups are those of a host that has them. */
		if (fchownat(dir_fd, name, st->uid, st->gid, AT_SYMLINK_NOFOLLOW) < 0)
			return rp_neg_errno();
		return 0;
	}
	if (errno != EPERM)
		return rp_neg_errno();
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st->mode);
	return fd < 0 ? rp_neg_errno() : 0;
}

static int copy_dir(struct rp_simfs *fs, const char *path, const struct rp_stat *st, int dir_fd,
		    const char *name, struct rp_names *reacting)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = ops()->list(fs->sim, path, &names);

	if (r < 0)
		return r;
	if (mkdirat(dir_fd, name, st->mode) < 0)
		return rp_neg_errno();
	if (rp_str_eq(path, RP_SIMFS_MODULE))
		return rp_names_add(reacting, path);
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rp_neg_errno();
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		RP_AUTO_FREE char *child = rp_strdupf("%s/%s", path, names.v[i]);

		r = child ? rp_simfs_copy(fs, child, fd, names.v[i], reacting) : -ENOMEM;
	}
	return r;
}

int rp_simfs_copy(struct rp_simfs *fs, const char *path, int dir_fd, const char *name,
		  struct rp_names *reacting)
{
	struct rp_stat st = {0};
	int r = ops()->stat(fs->sim, path, &st);

	if (r < 0)
		return r;
	switch (st.type) {
	case RP_FILE_DIR:
		return copy_dir(fs, path, &st, dir_fd, name, reacting);
	case RP_FILE_LINK:
		return copy_link(fs, path, dir_fd, name);
	case RP_FILE_CHAR:
		return copy_device(&st, dir_fd, name);
	case RP_FILE_REGULAR:
	case RP_FILE_OTHER:
	default:
		return copy_file(fs, path, &st, dir_fd, name, reacting);
	}
}

int rp_simfs_remove(int dir_fd, const char *name)
{
	RP_AUTO_CLOSEDIR DIR *dir = NULL;
	int fd, r = 0;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return rp_neg_errno();
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = rp_neg_errno();
		rp_cleanup_close(&fd);
		return r;
	}
	for (const struct dirent *e = readdir(dir); r == 0 && e; e = readdir(dir)) {
		if (!rp_str_eq(e->d_name, ".") && !rp_str_eq(e->d_name, ".."))
			r = rp_simfs_remove(fd, e->d_name);
	}
	if (r == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
		r = rp_neg_errno();
	return r;
}
