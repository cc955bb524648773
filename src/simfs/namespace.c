/* SPDX-License-Identifier: MIT */
#include "simfs/namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "base/strbuf.h"

static int write_text(const char *path, const char *text)
{
	RP_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return rp_neg_errno();
	return write(fd, text, strlen(text)) < 0 ? rp_neg_errno() : 0;
}

static int map_id(const char *path, unsigned outside)
{
	RP_AUTO_FREE char *map = rp_strdupf("0 %u 1", outside);

	return map ? write_text(path, map) : -ENOMEM;
}

/* The user becomes root of a user namespace, which may mount in its own mount namespace. */
static int enter_user_namespace(int flags)
{
	const unsigned uid = geteuid(), gid = getegid();
	int r;

	if (unshare(CLONE_NEWUSER | flags) < 0)
		return rp_neg_errno();
	r = write_text("/proc/self/setgroups", "deny");
	if (r == 0 || r == -ENOENT)
		r = map_id("/proc/self/uid_map", uid);
	return r == 0 ? map_id("/proc/self/gid_map", gid) : r;
}

int rp_namespace_enter(int flags, const char *what, struct rocpart_error *reterr)
{
	int r = unshare(flags) < 0 ? rp_neg_errno() : 0;

	if (r == -EPERM)
		r = enter_user_namespace(flags);
	if (r == 0)
		return 0;
	(void)rp_error_errno(reterr, r, NULL, "cannot create %s", what);
	return rp_error_hint(reterr, "this needs root, or user namespaces for all users: see the "
				     "sysctls kernel.unprivileged_userns_clone, "
				     "user.max_user_namespaces, "
				     "kernel.apparmor_restrict_unprivileged_userns");
}

int rp_namespace_enter_mounts(int flags, struct rocpart_error *reterr)
{
	int r = rp_namespace_enter(CLONE_NEWNS | flags, "a mount namespace", reterr);

	if (r < 0)
		return r;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), "/",
				      "cannot make the mount namespace private");
	return 0;
}
