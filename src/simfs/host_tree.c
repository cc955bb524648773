/* SPDX-License-Identifier: MIT */
/*
 * What a program in the namespace sees of the host: all of dev/ and sys/ but what belongs to GPUs.
 *
 * The root of sys/ is the host's, read only. Where the machine has a folder as well (class, bus,
 * devices, pci0000:00), it is the machine's, and entries of the host's are bound one by one beside
 * its own. A GPU of the host in a folder that was bound is covered by an empty folder.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"
#include "simfs/simfs.h"

#define DEVICES_PREFIX "../../../devices/" /* of the links in sys/bus/pci/devices */

static int bind_at(int from_fd, const char *name, int dir_fd, const char *dir)
{
	RP_AUTO_CLOSE int fd = openat(from_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	RP_AUTO_FREE char *target = rp_strdupf("%s/%s", dir, name);
	RP_AUTO_CLOSE int made = -EBADF;
	struct stat st;

	if (!target)
		return -ENOMEM;
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT ? 0 : rp_neg_errno(); /* gone meanwhile */
	if (S_ISDIR(st.st_mode)) {
		if (mkdirat(dir_fd, name, 0755) < 0)
			return rp_neg_errno();
	} else {
		made = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (made < 0)
			return rp_neg_errno();
	}
	return rp_simfs_bind_fd(fd, target);
}

static int copy_link(int from_fd, const char *name, int dir_fd)
{
	char text[4096];
	ssize_t n = readlinkat(from_fd, name, text, sizeof(text) - 1);

	if (n < 0)
		return rp_neg_errno();
	text[n] = '\0';
	return symlinkat(text, dir_fd, name) < 0 ? rp_neg_errno() : 0;
}

/* ---- dev ---- */

/*
 * AMD's libraries keep a lock for each card in shared memory, by its number: those of the simulated
 * cards must not be the locks of the host's. A machine that is kept there itself is not hidden.
 */
static int make_shm(struct rp_simfs *fs, int host_fd)
{
	if (rp_str_starts(fs->folder, "/dev/shm/"))
		return bind_at(host_fd, "shm", fs->dev_fd, "/dev");
	if (mkdirat(fs->dev_fd, "shm", 0755) < 0)
		return rp_neg_errno();
	if (mount("rocpart-sim", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0)
		return rp_neg_errno();
	return 0;
}

/* All of the host's dev/, but the GPUs: nothing is made in the host's own. */
static int show_dev(struct rp_simfs *fs, int host_fd)
{
	RP_AUTO_CLOSEDIR DIR *dir = NULL;
	int r = 0, fd = openat(host_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = rp_neg_errno();
		rp_cleanup_close(&fd);
		return r;
	}
	for (const struct dirent *e = readdir(dir); r == 0 && e; e = readdir(dir)) {
		const char *n = e->d_name;

		if (rp_str_eq(n, ".") || rp_str_eq(n, "..") || rp_str_eq(n, "dri") ||
		    rp_str_eq(n, "kfd") || rp_str_eq(n, "kmsg") || rp_str_eq(n, "shm"))
			continue;
		r = e->d_type == DT_LNK ? copy_link(host_fd, n, fs->dev_fd)
					: bind_at(host_fd, n, fs->dev_fd, "/dev");
	}
	return r;
}

/* ---- sys ---- */

struct sys {
	struct rp_simfs *fs;
	int fd;			/* the host's, from before it was covered */
	struct rp_names hidden; /* folders of its GPUs: "devices/pci0000:00/..." */
};

static void sys_done(struct sys *s)
{
	rp_names_done(&s->hidden);
}

/* linux/mount.h; glibc has these since 2.36, in a header that excludes that one. */
struct attributes {
	uint64_t set, clear, propagation, userns_fd;
};
#define ATTRIBUTE_RDONLY 1
#define COPY_OF_TREE	 1 /* OPEN_TREE_CLONE */
#define WITHOUT_PATH	 4 /* MOVE_MOUNT_F_EMPTY_PATH */
#define AT_WHOLE_TREE	 0x8000
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

/* With what is mounted below; before Linux 5.12 without. */
static int make_read_only(const char *path)
{
	const struct attributes a = {.set = ATTRIBUTE_RDONLY};

	if (syscall(SYS_mount_setattr, AT_FDCWD, path, AT_WHOLE_TREE, &a, sizeof(a)) == 0)
		return 0;
	if (errno != ENOSYS)
		return rp_neg_errno();
	return mount(NULL, path, NULL,
		     MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC |
			     MS_RELATIME,
		     NULL) < 0
		       ? rp_neg_errno()
		       : 0;
}

static bool is_hidden(const struct sys *s, const char *path)
{
	return rp_simfs_has_path(&s->hidden, path);
}

/* What the host has at path is shown at that path. */
static int show(struct sys *s, const char *path)
{
	RP_AUTO_CLOSE int fd = openat(s->fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC), made = -EBADF;
	RP_AUTO_FREE char *target = rp_strdupf("/sys/%s", path);
	struct stat st;
	int r;

	if (!target)
		return -ENOMEM;
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT || errno == EACCES ? 0 : rp_neg_errno();
	if (S_ISLNK(st.st_mode))
		return 0; /* to what is shown on its own */
	if (S_ISDIR(st.st_mode)) {
		if (mkdirat(s->fs->sys_fd, path, 0755) < 0)
			return errno == EEXIST ? 0 : rp_neg_errno(); /* it was shown before */
	} else {
		made = openat(s->fs->sys_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
		if (made < 0)
			return rp_neg_errno();
	}
	r = rp_simfs_bind_fd(fd, target);
	if (r == 0)
		r = make_read_only(target);
	return r == 0 ? rp_names_add(&s->fs->host, target + 1) : r;
}

/* A folder that both have: the host's entries but these, and but its GPUs. */
static int show_entries(struct sys *s, const char *dir, const char *const *but, size_t n_but)
{
	RP_AUTO_CLOSEDIR DIR *d = NULL;
	int r = 0, fd = openat(s->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		r = errno == ENOENT ? 0 : rp_neg_errno();
		rp_cleanup_close(&fd);
		return r;
	}
	if (mkdirat(s->fs->sys_fd, dir, 0755) < 0 && errno != EEXIST)
		return rp_neg_errno();
	for (const struct dirent *e = readdir(d); r == 0 && e; e = readdir(d)) {
		RP_AUTO_FREE char *path = rp_strdupf("%s/%s", dir, e->d_name);
		RP_AUTO_FREE char *drm = rp_strdupf("%s/%s/drm", dir, e->d_name);
		bool skip;

		if (!path || !drm)
			return -ENOMEM;
		/* The last are of another machine: this runs in a namespace of it. */
		skip = e->d_name[0] == '.' || rp_str_starts(path, RP_SIMFS_OWN);
		for (size_t i = 0; i < n_but; i++)
			skip |= rp_str_eq(e->d_name, but[i]);
		if (skip || is_hidden(s, path) || faccessat(s->fd, drm, F_OK, 0) == 0 ||
		    rp_sim_has_place(s->fs->sim, e->d_name))
			continue;
		r = show(s, path);
	}
	return r;
}

/* ---- its GPUs ---- */

/* Displays and processing accelerators, and what has a DRM device. */
static bool is_gpu(const struct sys *s, const char *device)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/class", device);
	RP_AUTO_FREE char *drm = rp_strdupf("%s/drm", device);
	RP_AUTO_CLOSE int fd = path ? openat(s->fd, path, O_RDONLY | O_CLOEXEC) : -1;
	char text[32];
	uint64_t class = 0;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!drm || faccessat(s->fd, drm, F_OK, 0) == 0 || rp_parse_u64(text, 0, &class) < 0)
		return true; /* what cannot be told is hidden */
	return class >> 16 == 0x03 || class >> 16 == 0x12;
}

static int find_gpus(struct sys *s)
{
	RP_AUTO_CLOSEDIR DIR *d = NULL;
	int r = 0, fd = openat(s->fd, "bus/pci/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		r = errno == ENOENT ? 0 : rp_neg_errno();
		rp_cleanup_close(&fd);
		return r;
	}
	for (const struct dirent *e = readdir(d); r == 0 && e; e = readdir(d)) {
		/* Not walked as a link: it leads over the root, where the machine's tmpfs is now.
		 */
		char target[4096];
		const char *device = target + strlen("../../../");
		ssize_t n = readlinkat(fd, e->d_name, target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		if (rp_str_starts(target, DEVICES_PREFIX) && is_gpu(s, device))
			r = rp_names_add(&s->hidden, device);
	}
	return r;
}

/* An empty folder over one that came with a folder above it. */
static int cover(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return mount("rocpart-sim", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     "mode=0555") < 0
		       ? rp_neg_errno()
		       : 0;
}

static int cover_gpus(const struct sys *s)
{
	/* debugfs has a folder for each DRM device, and the KFD's */
	int r = cover("/sys/kernel/debug");

	for (size_t i = 0; r == 0 && i < s->hidden.n; i++) {
		RP_AUTO_FREE char *path = rp_strdupf("/sys/%s", s->hidden.v[i]);

		r = path ? cover(path) : -ENOMEM;
	}
	return r;
}

/* ---- what is where ---- */

/* The machine's host bridges are named like the host's. */
static int show_devices(struct sys *s)
{
	static const char *const ours[] = {"platform", "virtual"};
	static const char *const virtual[] = {"kfd", "drm"};
	RP_AUTO_NAMES struct rp_names buses = RP_NAMES_INIT;
	int r = rp_sim_tree_ops()->list(s->fs->sim, "sys/devices", &buses);

	if (r == 0)
		r = show_entries(s, "devices/virtual", virtual, RP_ARRAY_LEN(virtual));
	if (r == 0)
		r = show_entries(s, "devices/platform", NULL, 0);
	for (size_t i = 0; r == 0 && i < buses.n; i++) {
		RP_AUTO_FREE char *path = rp_strdupf("devices/%s", buses.v[i]);

		if (!path)
			return -ENOMEM;
		if (rp_str_starts(buses.v[i], "pci"))
			r = show_entries(s, path, NULL, 0);
	}
	/* Where there is a folder now, nothing is bound. */
	return r == 0 ? show_entries(s, "devices", ours, RP_ARRAY_LEN(ours)) : r;
}

/*
 * Numbers of devices that come later are not seen. Those of GPUs are the machine's; what is left
 * of the host's kfd, under another number, would lead nowhere.
 */
static int copy_numbers(const struct sys *s)
{
	RP_AUTO_CLOSEDIR DIR *d = NULL;
	RP_AUTO_CLOSE int to = -EBADF;
	int r = 0, fd = openat(s->fd, "dev/char", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		rp_cleanup_close(&fd);
		return 0;
	}
	if ((mkdirat(s->fs->sys_fd, "dev", 0755) < 0 && errno != EEXIST) ||
	    (mkdirat(s->fs->sys_fd, "dev/char", 0755) < 0 && errno != EEXIST))
		return rp_neg_errno();
	to = openat(s->fs->sys_fd, "dev/char", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (const struct dirent *e = readdir(d); to >= 0 && r == 0 && e; e = readdir(d)) {
		if (e->d_name[0] != '.' && rp_simfs_is_host_number(e->d_name))
			r = copy_link(fd, e->d_name, to);
	}
	return to < 0 ? rp_neg_errno() : r;
}

static int show_parts(struct sys *s)
{
	static const char *const classes[] = {"drm", "kfd", "hwmon"};
	static const char *const buses[] = {"pci", "platform"};
	static const char *const numbers[] = {"char"};
	int r = find_gpus(s);

	if (r == 0)
		r = show_entries(s, "class", classes, RP_ARRAY_LEN(classes));
	if (r == 0)
		r = show_entries(s, "bus", buses, RP_ARRAY_LEN(buses));
	if (r == 0)
		r = show_entries(s, "dev", numbers, RP_ARRAY_LEN(numbers));
	if (r == 0)
		r = show_devices(s);
	if (r == 0)
		r = cover_gpus(s);
	return r == 0 ? copy_numbers(s) : r;
}

/* Programs write to cgroups and to CPUs of the host as they would without the machine. */
static int show_writable(const struct sys *s, const char *path)
{
	RP_AUTO_CLOSE int fd = openat(s->fd, path, O_PATH | O_CLOEXEC);
	RP_AUTO_FREE char *target = rp_strdupf("/sys/%s", path);

	if (!target)
		return -ENOMEM;
	if (fd < 0)
		return 0;
	if (mkdirat(s->fs->sys_fd, path, 0755) < 0 && errno != EEXIST) /* where it is not joined */
		return rp_neg_errno();
	return rp_simfs_bind_fd(fd, target);
}

static const char *const parts[] = {"bus", "class", "dev", "devices", "module"};

/* A container may have no sysfs, or another tree in its place. */
static bool can_join(const struct sys *s)
{
	bool has_all = true;

	for (size_t i = 0; i < RP_ARRAY_LEN(parts); i++)
		has_all &= faccessat(s->fd, parts[i], F_OK, 0) == 0;
	return has_all;
}

/*
 * The root of sys/ is the host's, since libsensors wants to see a sysfs there; folders of the
 * machine are bound over those that both have.
 */
static int join(const struct sys *s, int root_fd)
{
	int fds[RP_ARRAY_LEN(parts)], r = 0;

	for (size_t i = 0; i < RP_ARRAY_LEN(parts); i++) {
		RP_AUTO_FREE char *path = rp_strdupf("/sys/%s", parts[i]);

		if (mkdirat(s->fs->sys_fd, parts[i], 0755) < 0 && errno != EEXIST)
			r = rp_neg_errno();
		fds[i] = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		if (fds[i] < 0)
			r = path ? rp_neg_errno() : -ENOMEM;
	}
	if (r == 0 && syscall(SYS_move_mount, root_fd, "", AT_FDCWD, "/sys", WITHOUT_PATH) < 0)
		r = rp_neg_errno();
	if (r == 0)
		r = make_read_only("/sys");
	for (size_t i = 0; i < RP_ARRAY_LEN(parts); i++) {
		RP_AUTO_FREE char *path = rp_strdupf("/sys/%s", parts[i]);

		if (r == 0)
			r = path ? rp_simfs_bind_fd(fds[i], path) : -ENOMEM;
		rp_cleanup_close(&fds[i]);
	}
	return r;
}

static int show_sys(struct rp_simfs *fs, const struct rp_simfs_host *host)
{
	RP_AUTO(sys_done) struct sys s = {.fs = fs, .fd = host->sys_fd};
	int r = can_join(&s) ? join(&s, host->root_fd) : 0;

	if (r == 0)
		r = show_parts(&s);
	if (r == 0)
		r = show_writable(&s, "fs");
	return r == 0 ? show_writable(&s, "devices/system") : r;
}

int rp_simfs_show_host(struct rp_simfs *fs, const struct rp_simfs_host *host)
{
	int r = show_dev(fs, host->dev_fd);

	if (r == 0)
		r = make_shm(fs, host->dev_fd);
	return r == 0 ? show_sys(fs, host) : r;
}

int rp_simfs_open_host(struct rp_simfs_host *ret)
{
	ret->dev_fd = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ret->dev_fd >= 0)
		ret->sys_fd = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ret->sys_fd >= 0)
		ret->root_fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/sys",
					    COPY_OF_TREE | AT_WHOLE_TREE | O_CLOEXEC);
	return ret->root_fd < 0 ? rp_neg_errno() : 0;
}

void rp_simfs_close_host(struct rp_simfs_host *host)
{
	rp_cleanup_close(&host->dev_fd);
	rp_cleanup_close(&host->sys_fd);
	rp_cleanup_close(&host->root_fd);
}
