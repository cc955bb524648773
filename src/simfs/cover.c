/* SPDX-License-Identifier: MIT */
/* What a program in the namespace sees of the host, and what it must not reach. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "simfs/simfs.h"

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

static int show_in_sys(struct rp_simfs *fs, int fd, const char *name)
{
	RP_AUTO_FREE char *target = rp_strdupf("/sys/%s", name);

	if (fd < 0)
		return 0;
	if (!target)
		return -ENOMEM;
	if (mkdirat(fs->sys_fd, name, 0755) < 0)
		return rp_neg_errno();
	return rp_simfs_bind_fd(fd, target);
}

int rp_simfs_show_host(struct rp_simfs *fs, const struct rp_simfs_host *host)
{
	int r = show_dev(fs, host->dev_fd);

	if (r == 0)
		r = make_shm(fs, host->dev_fd);
	if (r == 0 && mkdirat(fs->sys_fd, "devices", 0755) < 0)
		r = rp_neg_errno();
	if (r == 0)
		r = show_in_sys(fs, host->fs_fd, "fs");
	return r == 0 ? show_in_sys(fs, host->system_fd, "devices/system") : r;
}

/* ---- modules, units and containers are not namespaced ---- */

static int cover(const char *dir, const char *tool, int standin_fd)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", dir, tool);
	struct stat st;

	if (!path)
		return -ENOMEM;
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return rp_simfs_bind_fd(standin_fd, path);
}

static int cover_in(const char *dir, int standin_fd)
{
	static const char *const tools[] = {"modprobe", "rmmod",  "insmod",    "kmod",	 "modinfo",
					    "lsmod",	"depmod", "systemctl", "docker", "podman"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(tools); i++)
		r = cover(dir, tools[i], standin_fd);
	return r;
}

/* Where the host has none of a name, PATH leads to ours. */
static int make_bin(struct rp_simfs *fs, const char *standin)
{
	static const char *const names[] = {"modprobe",	 "rmmod",  "insmod", "modinfo", "lsmod",
					    "systemctl", "docker", "podman", "run-hook"};
	RP_AUTO_CLOSE int fd = -EBADF;

	if (mkdirat(fs->sys_fd, RP_SIMFS_BIN, 0755) < 0)
		return rp_neg_errno();
	fd = openat(fs->sys_fd, RP_SIMFS_BIN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rp_neg_errno();
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++) {
		if (symlinkat(standin, fd, names[i]) < 0)
			return rp_neg_errno();
	}
	return 0;
}

static int set_path(const char *old)
{
	RP_AUTO_FREE char *path = rp_strdupf("/sys/" RP_SIMFS_BIN ":%s", old);

	if (!path)
		return -ENOMEM;
	return setenv("PATH", path, 1) < 0 ? rp_neg_errno() : 0;
}

int rp_simfs_cover_tools(struct rp_simfs *fs, const char *standin)
{
	static const char *const usual[] = {"/sbin",	"/usr/sbin",	   "/bin",
					    "/usr/bin", "/usr/local/sbin", "/usr/local/bin"};
	RP_AUTO_CLOSE int standin_fd = open(standin, O_PATH | O_CLOEXEC);
	const char *old = secure_getenv("PATH"), *at;
	int r = standin_fd < 0 ? rp_neg_errno() : 0;

	at = old = old && *old ? old : "/usr/sbin:/usr/bin:/sbin:/bin";
	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(usual); i++)
		r = cover_in(usual[i], standin_fd);
	while (r == 0 && *at) {
		size_t len = strcspn(at, ":");
		RP_AUTO_FREE char *dir = rp_strndup(at, len);

		if (!dir)
			return -ENOMEM;
		r = *dir ? cover_in(dir, standin_fd) : 0;
		at += len + (at[len] == ':' ? 1 : 0);
	}
	if (r == 0)
		r = make_bin(fs, standin);
	return r == 0 ? set_path(old) : r;
}

int rp_simfs_drop_module_right(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	const uint32_t bit = 1U << CAP_SYS_MODULE;

	if (prctl(PR_CAPBSET_DROP, CAP_SYS_MODULE, 0, 0, 0) < 0)
		return rp_neg_errno();
	if (syscall(SYS_capget, &header, data) < 0)
		return rp_neg_errno();
	data[0].effective &= ~bit;
	data[0].permitted &= ~bit;
	data[0].inheritable &= ~bit; /* takes it out of the ambient set as well */
	return syscall(SYS_capset, &header, data) < 0 ? rp_neg_errno() : 0;
}
