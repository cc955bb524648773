/* SPDX-License-Identifier: MIT */
#include "model/files/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOB_PREFIX "../../blobs/"
#define BLOB_MAX    128u
#define MAX_NAMES   65536u

/* O_NONBLOCK: a FIFO must not stop us before fstat() tells what it is. */
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static int open_beneath(int dirfd, const char *name)
{
	struct open_how how = {.flags = READ_FLAGS,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	long fd = rp_retry(syscall(SYS_openat2, dirfd, name, &how, sizeof(how)));
	int r;

	if (fd >= 0)
		return (int)fd;
	if (errno != ENOSYS && errno != EPERM)
		return rp_neg_errno();
	/* An old kernel or a filter of system calls: then no links at all. */
	r = rp_retry(openat(dirfd, name, READ_FLAGS | O_NOFOLLOW));
	return r < 0 ? (errno == ELOOP ? -EXDEV : rp_neg_errno()) : r;
}

/* snapshots/REVISION/NAME -> ../../blobs/HEX, the layout of the Hugging Face cache. */
/* git-annex: a link to .git/annex/objects, which dangles until the file is fetched. */
static bool is_annex(int dirfd, const char *name)
{
	char target[512];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	return strstr(target, ".git/annex/objects/") != NULL;
}

static int open_blob(int dirfd, const char *name)
{
	char target[sizeof(BLOB_PREFIX) + BLOB_MAX];
	ssize_t n = rp_retry(readlinkat(dirfd, name, target, sizeof(target) - 1));
	int fd;

	if (n < 0 && errno != EINVAL) /* EINVAL: a folder on its way is the link */
		return rp_neg_errno();
	if (n < 0 || (size_t)n >= sizeof(target) - 1)
		return -EXDEV;
	target[n] = '\0';
	if (!rp_str_starts(target, BLOB_PREFIX) || !target[sizeof(BLOB_PREFIX) - 1])
		return -EXDEV;
	for (const char *p = target + sizeof(BLOB_PREFIX) - 1; *p; p++) {
		if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f')))
			return -EXDEV;
	}
	fd = rp_retry(openat(dirfd, target, READ_FLAGS | O_NOFOLLOW));
	return fd < 0 ? rp_neg_errno() : fd;
}

int rp_model_file_open(int dirfd, const char *name, int *ret_fd, uint64_t *ret_size,
		       struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int fd = open_beneath(dirfd, name);
	struct stat st;

	if (fd == -EXDEV)
		fd = open_blob(dirfd, name);
	if ((fd == -EXDEV || fd == -ENOENT) && is_annex(dirfd, name)) {
		rp_error_set(reterr, fd, ROCPART_ERR_MODEL_FORMAT, name,
			     "the file is a git-annex link to a file that was not fetched");
		return rp_error_hint(reterr, "run `git annex get` in the folder of the model");
	}
	if (fd == -EXDEV)
		return rp_error_set(reterr, -EXDEV, ROCPART_ERR_MODEL_FORMAT, name,
				    "the file is a symbolic link that leads out of its folder");
	if (fd == -ENOENT)
		return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, name,
				    "the file does not exist");
	if (fd < 0)
		return rp_error_errno(reterr, fd, name, "cannot open the file");
	if (rp_retry(fstat(fd, &st)) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), name, "cannot examine the file");
	if (!S_ISREG(st.st_mode))
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
				    "it is not a regular file");
	*ret_size = (uint64_t)st.st_size;
	*ret_fd = rp_steal_fd(&fd);
	return 0;
}

int rp_model_folder_open(const char *path, int *ret_fd, struct rocpart_error *reterr)
{
	int fd = rp_retry(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	if (fd < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path, "cannot open the folder");
	*ret_fd = fd;
	return 0;
}

int rp_model_folder_list(int dirfd, struct rp_names *ret, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int fd = rp_retry(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	RP_AUTO_CLOSEDIR DIR *d = NULL;
	struct dirent *e;

	if (fd < 0)
		return rp_error_errno(reterr, rp_neg_errno(), ".", "cannot list the folder");
	d = fdopendir(fd);
	if (!d)
		return rp_error_errno(reterr, rp_neg_errno(), ".", "cannot list the folder");
	(void)rp_steal_fd(&fd); /* d closes it */
	for (;;) {
		errno = 0;
		e = readdir(d);
		if (!e && errno == EINTR)
			continue;
		if (!e && !errno)
			break;
		if (!e)
			return rp_error_errno(reterr, rp_neg_errno(), ".",
					      "cannot list the folder");
		if (e->d_name[0] == '.')
			continue;
		if (ret->n >= MAX_NAMES)
			return rp_error_set(reterr, -E2BIG, ROCPART_ERR_MODEL_FORMAT, ".",
					    "the folder has more than %u entries", MAX_NAMES);
		if (rp_names_add(ret, e->d_name) < 0)
			return rp_error_nomem(reterr);
	}
	rp_names_sort(ret);
	return 0;
}

int rp_pread_all(int fd, void *buf, size_t len, uint64_t offset)
{
	char *p = buf;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rp_neg_errno();
		if (n == 0)
			return -EIO;
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}
