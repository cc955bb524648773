/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simfs/simfs.h"

/* On a read-only mount each read would try once more to note when it was. */
#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME)

int rp_simfs_mount_tmpfs(const char *path, bool read_only, int *ret_fd)
{
	RP_AUTO_CLOSE int fd = -EBADF;

	if (mount("rocpart-sim", path, "tmpfs", SAFE, "mode=0755") < 0)
		return rp_neg_errno();
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rp_neg_errno();
	/* A second mount of the same: what is seen cannot be written, what fd leads to can. */
	if (read_only &&
	    (mount(path, path, NULL, MS_BIND, NULL) < 0 ||
	     mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | SAFE, NULL) < 0))
		return rp_neg_errno();
	*ret_fd = rp_steal_fd(&fd);
	return 0;
}

int rp_simfs_bind_fd(int fd, const char *target)
{
	char source[32];
	int r = rp_fmt(source, sizeof(source), "/proc/self/fd/%d", fd);

	if (r == 0 && mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0)
		r = rp_neg_errno();
	return r;
}

int rp_simfs_detach(const char *target)
{
	return umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? rp_neg_errno() : 0;
}

static int read_name(const char *path, struct rp_strbuf *ret)
{
	RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[256];
	ssize_t n;

	if (fd < 0)
		return rp_neg_errno();
	n = read(fd, buf, sizeof(buf));
	if (n < 0)
		return rp_neg_errno();
	rp_strbuf_add_mem(ret, buf, (size_t)n);
	rp_strbuf_truncate(ret, strcspn(rp_strbuf_str(ret), "\n"));
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

int rp_simfs_probe(const char *root, struct rp_strbuf *ret_name)
{
	RP_AUTO_FREE char *dir = rp_strdupf("%s/sys/" RP_SIMFS_DIR, root);
	RP_AUTO_FREE char *name = rp_strdupf("%s/sys/" RP_SIMFS_DIR "/name", root);
	struct stat st;
	int r;

	if (!dir || !name)
		return -ENOMEM;
	r = read_name(name, ret_name);
	if (r == 0)
		return -EBUSY;
	if (r != -ENOENT && r != -ENOTDIR)
		return r;
	/* Our folder without a server behind it: it ended before it had mounted FUSE. */
	return stat(dir, &st) == 0 ? -ENOTCONN : -ENOENT;
}

static int mount_part(const struct rp_simfs *fs, const char *part, bool read_only, int *ret_fd)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", fs->root, part);

	return path ? rp_simfs_mount_tmpfs(path, read_only, ret_fd) : -ENOMEM;
}

int rp_simfs_mount_tree(struct rp_simfs *fs, struct rocpart_error *reterr)
{
	int r = mount_part(fs, "sys", true, &fs->sys_fd);

	if (r == 0)
		r = mount_part(fs, "dev", false, &fs->dev_fd);
	if (r == 0 && (mkdirat(fs->sys_fd, "devices", 0755) < 0 ||
		       mkdirat(fs->sys_fd, RP_SIMFS_DIR, 0755) < 0))
		r = rp_neg_errno();
	return r < 0 ? rp_error_errno(reterr, r, *fs->root ? fs->root : "/",
				      "cannot mount the tree of the simulated machine")
		     : 0;
}
