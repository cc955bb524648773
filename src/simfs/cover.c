/* SPDX-License-Identifier: MIT */
/* What a program in the namespace must not reach: modules, units, containers of the host. */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "simfs/simfs.h"

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

/* In a file of the tree, which moves with /sys into another root. */
#define LIBRARY RP_SIMFS_BIN "/ioctl.so"

int rp_simfs_preload(struct rp_simfs *fs, const char *library)
{
	const char *old = secure_getenv("LD_PRELOAD");
	RP_AUTO_FREE char *list =
		rp_strdupf("/sys/" LIBRARY "%s%s", old && *old ? ":" : "", old ? old : "");
	RP_AUTO_CLOSE int fd = open(library, O_PATH | O_CLOEXEC), made = -EBADF;
	int r;

	if (!list)
		return -ENOMEM;
	if (fd < 0)
		return rp_neg_errno();
	made = openat(fs->sys_fd, LIBRARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	r = made < 0 ? rp_neg_errno() : rp_simfs_bind_fd(fd, "/sys/" LIBRARY);
	/* libudev shows no device of a sysfs that is none, which devices of the machine are on. */
	if (r == 0 && (setenv("LD_PRELOAD", list, 1) < 0 ||
		       setenv("SYSTEMD_DEVICE_VERIFY_SYSFS", "0", 1) < 0))
		r = rp_neg_errno();
	return r;
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
