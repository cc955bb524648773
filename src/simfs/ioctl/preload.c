/* SPDX-License-Identifier: MIT */
/* The calls of the C library that are replaced: open, stat and ioctl of device nodes. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "simfs/ioctl/ioctl.h"

/*
 * A file in memory stands for a node; its size says which, so that a descriptor that was copied,
 * inherited or sent is known as well.
 */
#define TAG	(0x5243ULL << 28) /* on top of the window */
#define DRM_DIR "/dev/dri/"

#define KFD_MAJOR 511
#define DRM_MAJOR 226

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static int real_fstat(int fd, struct stat *st)
{
	int (*real)(int, struct stat *) = NULL;

	*(void **)&real = next("fstat");
	return real(fd, st);
}

/* The minor of a node that was opened here. */
static bool minor_of(int fd, uint32_t *ret)
{
	struct stat st;
	int saved = errno;
	bool ours = real_fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0 &&
		    ((uint64_t)st.st_size & ~0xffffULL) == (IOCTL_WINDOW | TAG);

	errno = saved;
	*ret = ours ? (uint32_t)st.st_size & 0xffff : 0;
	return ours;
}

/* The minor of the node at a path; false: no node. */
static bool minor_at(const char *path, uint32_t *ret)
{
	const char *name =
		strncmp(path, DRM_DIR, strlen(DRM_DIR)) == 0 ? path + strlen(DRM_DIR) : "";
	const char *digits = strncmp(name, "renderD", 7) == 0 ? name + 7
			     : strncmp(name, "card", 4) == 0  ? name + 4
							      : "";
	char *end = NULL;

	if (strcmp(path, "/dev/kfd") == 0) {
		*ret = IOCTL_MINOR_KFD;
		return true;
	}
	*ret = (uint32_t)strtoul(digits, &end, 10);
	return *digits >= '0' && *digits <= '9' && *end == '\0' && *ret < 256;
}

/*
 * The tree is mounted nodev, which is EACCES for everybody. Who may open is asked instead: ENOENT,
 * EACCES by the mode and EPERM by the device cgroup are answers of the kernel. A render node
 * without a partition can be seen and not opened, as amdgpu_xcp_open() has it.
 */
static int open_node(const char *path, uint32_t minor)
{
	struct ioctl_gpu gpu;
	int fd;

	if (access(path, R_OK | W_OK) < 0)
		return -1;
	if (minor >= 128 && minor != IOCTL_MINOR_KFD && !ioctl_find_gpu(minor, &gpu)) {
		errno = ENOENT;
		return -1;
	}
	fd = memfd_create("rocpart-node", MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, (off_t)(IOCTL_WINDOW | TAG | minor)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool takes_mode(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = NULL;
	mode_t mode = 0;
	uint32_t minor;
	va_list ap;

	if (!(flags & (O_PATH | O_CREAT)) && minor_at(path, &minor))
		return open_node(path, minor);
	if (takes_mode(flags)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	*(void **)&real = next("open");
	return real(path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
	int (*real)(int, const char *, int, ...) = NULL;
	mode_t mode = 0;
	uint32_t minor;
	va_list ap;

	if (!(flags & (O_PATH | O_CREAT)) && minor_at(path, &minor))
		return open_node(path, minor);
	if (takes_mode(flags)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	*(void **)&real = next("openat");
	return real(dir_fd, path, flags, mode);
}

static void describe(uint32_t minor, struct stat *st)
{
	st->st_mode = S_IFCHR | (st->st_mode & 0777);
	st->st_rdev = minor == IOCTL_MINOR_KFD ? makedev(KFD_MAJOR, 0) : makedev(DRM_MAJOR, minor);
	st->st_size = 0;
}

/* libdrm asks which device a descriptor is. */
int fstat(int fd, struct stat *st)
{
	uint32_t minor;

	if (!minor_of(fd, &minor))
		return real_fstat(fd, st);
	if (real_fstat(fd, st) < 0)
		return -1;
	describe(minor, st);
	return 0;
}

/* A user namespace has empty files in place of nodes. */
int stat(const char *path, struct stat *st)
{
	int (*real)(const char *, struct stat *) = NULL;
	uint32_t minor;
	int r;

	*(void **)&real = next("stat");
	r = real(path, st);
	if (r == 0 && S_ISREG(st->st_mode) && minor_at(path, &minor))
		describe(minor, st);
	return r;
}

/*
 * On 64 bits the same. Names with underscores are those of programs that were built with
 * _FORTIFY_SOURCE, or for a C library before 2.33.
 */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int dir_fd, const char *path, int flags, ...) __attribute__((alias("openat")));
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __fxstat(int version, int fd, struct stat *st);
int __fxstat64(int version, int fd, struct stat *st) __attribute__((alias("__fxstat")));
int __xstat(int version, const char *path, struct stat *st);
int __xstat64(int version, const char *path, struct stat *st) __attribute__((alias("__xstat")));

int stat64(const char *path, struct stat64 *st)
{
	return stat(path, (struct stat *)(void *)st);
}

int __fxstat(int version, int fd, struct stat *st)
{
	(void)version;
	return fstat(fd, st);
}

int __xstat(int version, const char *path, struct stat *st)
{
	(void)version;
	return stat(path, st);
}

int fstat64(int fd, struct stat64 *st)
{
	return fstat(fd, (struct stat *)(void *)st);
}

int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
	return open(path, flags);
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...) = NULL;
	uint32_t minor;
	va_list ap;
	void *args;
	int r;

	va_start(ap, request);
	args = va_arg(ap, void *);
	va_end(ap);
	if (!minor_of(fd, &minor)) {
		*(void **)&real = next("ioctl");
		return real(fd, request, args);
	}
	r = minor == IOCTL_MINOR_KFD ? ioctl_answer_kfd(request, args)
				     : ioctl_answer_drm(minor, request, args);
	errno = r ? r : errno;
	return r ? -1 : 0;
}
