/* SPDX-License-Identifier: MIT */
/* Making folders that are there after a power cut. */
#include "base/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_DIR_MODE 0755

/* A folder that was made is there after a power cut when the one that names it was synced. */
static int sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	RP_AUTO_FREE char *parent = rp_strndup(path, slash > path ? (size_t)(slash - path) : 1);
	RP_AUTO_CLOSE int fd = -EBADF;

	if (!parent)
		return -ENOMEM;
	fd = rp_retry(open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return fd < 0 || rp_retry(fsync(fd)) < 0 ? rp_neg_errno() : 0;
}

/* 1: it was made; 0: it is there. */
static int make_dir(const char *path, mode_t mode, bool sync)
{
	int r;

	if (rp_retry(mkdir(path, mode)) < 0)
		return errno == EEXIST ? 0 : rp_neg_errno();
	r = sync ? sync_parent(path) : 0;
	/* A parent that may not be read, or a file system that syncs no folder: it is made. */
	return r < 0 && r != -EACCES && r != -EINVAL ? r : 1;
}

static int make_dirs(const char *path, mode_t mode, bool sync)
{
	RP_AUTO_FREE char *copy = strdup(path);
	int r = copy ? 0 : -ENOMEM;

	for (char *p = copy ? copy + 1 : NULL; r >= 0 && p && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		r = make_dir(copy, mode, sync);
		*p = '/';
	}
	if (r >= 0)
		r = make_dir(copy, mode, sync);
	return r < 0 ? r : 0;
}

int rp_make_dirs(const char *path, bool private_to_user)
{
	return make_dirs(path, private_to_user ? 0700 : 0755, true);
}

int rp_make_record_dir(const char *path, bool sync)
{
	const char *slash = strrchr(path, '/');
	RP_AUTO_FREE char *parent = rp_strndup(path, slash > path ? (size_t)(slash - path) : 1);
	int r = parent ? make_dirs(parent, 0755, sync) : -ENOMEM;

	if (r == 0)
		r = make_dir(path, RECORD_DIR_MODE, sync);
	if (r == 1 && chmod(path, RECORD_DIR_MODE) < 0)
		r = rp_neg_errno();
	return r < 0 ? r : 0;
}
