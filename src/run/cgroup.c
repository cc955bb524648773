/* SPDX-License-Identifier: MIT */
#include "run/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/num.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "base/tree.h"
#include "run/cgroup_mount.h"
#include "run/device_filter.h"

#define FILE_MAX (1024 * 1024)
#define POLL_MS	 5
#define KILL_MS	 2000 /* until what was killed has left */

/* ---- where we are ---- */

static const char *const kind_names[] = {"cgroup v2", "the devices controller of cgroup v1"};

/* The mount table does not tell what another mount hides. */
static bool is_shown(enum rp_cgroup_kind kind, const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 &&
	       fs.f_type == (kind == RP_CGROUP_V2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

/* The folder of the group that we are in. */
static int find_own(enum rp_cgroup_kind kind, char **ret)
{
	RP_AUTO_TREE struct rp_tree *root = NULL;
	RP_AUTO_STRBUF struct rp_strbuf mounts = RP_STRBUF_INIT, groups = RP_STRBUF_INIT;
	RP_AUTO_FREE char *path = NULL;
	int r = rp_tree_open("/", RP_TREE_REAL, &root);

	if (r == 0)
		r = rp_tree_read_file(root, FILE_MAX, &mounts, "proc/self/mountinfo");
	if (r == 0)
		r = rp_tree_read_file(root, FILE_MAX, &groups, "proc/self/cgroup");
	if (r == 0)
		r = rp_cgroup_find_own(kind, rp_strbuf_str(&mounts), rp_strbuf_str(&groups), &path);
	if (r < 0)
		return r;
	if (!is_shown(kind, path))
		return -ENOENT;
	*ret = rp_steal(&path);
	return 0;
}

/* ---- making and removing ---- */

/* Groups of programs that ended after the one who watched them had been killed. */
static void remove_garbage(const char *parent)
{
	RP_AUTO_CLOSEDIR DIR *dir = opendir(parent);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		const char *p = e->d_name + strlen(RP_CGROUP_PREFIX);
		RP_AUTO_FREE char *digits = NULL;
		uint32_t pid;

		if (!rp_str_starts(e->d_name, RP_CGROUP_PREFIX))
			continue;
		digits = rp_strndup(p, strcspn(p, "-"));
		if (digits && rp_parse_u32(digits, 10, &pid) == 0 && pid <= INT32_MAX &&
		    kill((pid_t)pid, 0) < 0 && errno == ESRCH)
			(void)unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
	}
}

int rp_cgroup_add(const struct rp_cgroup *g, pid_t pid)
{
	RP_AUTO_CLOSE int file = openat(g->fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char text[16];

	if (file < 0)
		return rp_neg_errno();
	(void)rp_fmt(text, sizeof(text), "%d", (int)pid);
	return write(file, text, strlen(text)) < 0 ? rp_neg_errno() : 0;
}

static int make_group(enum rp_cgroup_kind kind, const char *name, struct rp_cgroup *g)
{
	RP_AUTO_FREE char *parent = NULL;
	int r = find_own(kind, &parent);

	if (r < 0)
		return r;
	g->kind = kind;
	g->path = rp_strdupf("%s/%s", parent, name);
	if (!g->path)
		return -ENOMEM;
	remove_garbage(parent);
	if (mkdir(g->path, 0755) < 0) {
		r = rp_neg_errno();
		free(g->path);
		g->path = NULL;
		return r;
	}
	g->fd = open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return g->fd < 0 ? rp_neg_errno() : 0;
}

int rp_cgroup_make(enum rp_cgroup_kind kind, const char *name, struct rp_cgroup *ret,
		   struct rocpart_error *reterr)
{
	struct rp_cgroup g = RP_CGROUP_INIT;
	int r = make_group(kind, name, &g);

	if (r == 0) {
		*ret = g;
		return 0;
	}
	rp_cgroup_remove(&g);
	if (r == -ENOENT)
		return rp_error_set(reterr, r, ROCPART_ERR_UNSUPPORTED, NULL, "%s is not mounted",
				    kind_names[kind]);
	return rp_error_errno(reterr, r, NULL, "cannot create a cgroup (%s)", kind_names[kind]);
}

void rp_cgroup_remove(struct rp_cgroup *g)
{
	rp_cleanup_close(&g->fd);
	if (g->path)
		(void)rmdir(g->path);
	free(g->path);
	*g = RP_CGROUP_INIT;
}

/* Root is not asked for: it may do all. */
static bool may_write(const struct stat *st, const struct rocpart_user *u)
{
	bool is_member = st->st_gid == u->gid;

	for (uint64_t i = 0; i < u->n_groups; i++)
		is_member |= st->st_gid == u->groups[i];
	if (st->st_uid == u->uid)
		return true; /* the owner may change the mode */
	return st->st_mode & (is_member ? S_IWGRP : S_IWOTH);
}

bool rp_cgroup_can_be_left(const struct rp_cgroup *g, const struct rocpart_user *user)
{
	RP_AUTO_FREE char *path = g->path ? rp_strdupf("%s", g->path) : NULL;
	char *slash;

	if (!path || user->uid == 0)
		return true;
	while ((slash = strrchr(path, '/')) && slash != path) {
		RP_AUTO_FREE char *file = NULL;
		struct stat st;

		*slash = '\0';
		file = rp_strdupf("%s/cgroup.procs", path);
		if (!file)
			return true;
		if (stat(file, &st) < 0)
			return errno != ENOENT; /* above the mount */
		if (may_write(&st, user))
			return true;
	}
	return false;
}

int rp_cgroup_filter(const struct rp_cgroup *g, const uint32_t *minors, size_t n)
{
	return g->kind == RP_CGROUP_V2 ? rp_device_filter_bpf(g->fd, minors, n)
				       : rp_device_filter_v1(g->fd, minors, n);
}

/* ---- ending ---- */

/* Its processes, and a signal to each; signo 0: count only. */
static size_t signal_all(const struct rp_cgroup *g, int signo)
{
	RP_AUTO_FCLOSE FILE *f = NULL;
	int fd = openat(g->fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char line[32];
	size_t n = 0;

	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		rp_cleanup_close(&fd);
		return 0;
	}
	while (fgets(line, sizeof(line), f)) {
		uint32_t pid;

		line[strcspn(line, "\n")] = '\0';
		/* 0: one that this pid namespace does not see */
		if (rp_parse_u32(line, 10, &pid) < 0 || pid == 0 || pid > INT32_MAX)
			continue;
		n++;
		(void)kill((pid_t)pid, signo);
	}
	return n;
}

/* Empty within that time? signo is sent again to those that came meanwhile. */
static bool wait_empty(const struct rp_cgroup *g, int signo, uint64_t ms)
{
	const uint64_t end = rp_now_ns() + ms * 1000000;

	while (signal_all(g, signo)) {
		if (rp_now_ns() >= end)
			return false;
		rp_sleep_ms(POLL_MS);
	}
	return true;
}

/* "populated 1" also of processes in another pid namespace; cgroup v1 has no such file. */
static bool is_populated(const struct rp_cgroup *g)
{
	RP_AUTO_CLOSE int fd = openat(g->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return strstr(text, "populated 1");
}

size_t rp_cgroup_count(const struct rp_cgroup *g)
{
	size_t n = g->fd < 0 ? 0 : signal_all(g, 0);

	return g->fd >= 0 && n == 0 && is_populated(g) ? 1 : n;
}

size_t rp_cgroup_end(const struct rp_cgroup *g, uint64_t grace_ms)
{
	size_t n;

	n = rp_cgroup_count(g);
	if (n == 0)
		return 0;
	(void)signal_all(g, SIGTERM);
	(void)signal_all(g, SIGCONT); /* one that is stopped would not hear of it */
	if (!wait_empty(g, 0, grace_ms))
		(void)wait_empty(g, SIGKILL, KILL_MS);
	return n;
}
