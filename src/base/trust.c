/* SPDX-License-Identifier: MIT */
/*
 * The path is followed name by name, as the kernel does it, and each folder in which a name is
 * looked up is judged before the next one is: who may write into it decides what the rest of the
 * path means. Once all are trusted, only root or the effective user can change what the path
 * leads to, so nothing has to be held open until the file is used.
 */
#include "base/trust.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"

#define LINKS_MAX 40 /* as the kernel has it, MAXSYMLINKS */
#define OTHERS	  (S_IWGRP | S_IWOTH)

struct walk {
	const char *given;   /* for messages */
	struct rp_strbuf at; /* where the walk is: an absolute path without links; "": the root */
	struct rp_strbuf rest;
	unsigned n_links;
	struct rocpart_error *reterr;
};

/* A name for a shell; one with other characters is left to the reader. */
static bool is_plain(const char *path)
{
	for (; *path; path++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@",
			    *path))
			return false;
	return true;
}

static int refuse(const struct walk *w, const char *what, const char *path, const struct stat *st)
{
	const bool owner = st->st_uid != 0 && st->st_uid != geteuid(), mode = st->st_mode & OTHERS;
	const char *shown = is_plain(path) ? path : "PATH";

	(void)rp_error_set(
		w->reterr, -EPERM, ROCPART_ERR_PERMISSION, path,
		"'%.150s' is not trusted: the %s '%.150s' has owner %u and mode %04o, so "
		"another user can change it",
		w->given, what, path, st->st_uid, (unsigned)st->st_mode & 07777);
	if (S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX)
		return rp_error_hint(w->reterr,
				     "move the file to a folder of root, such as /etc/rocpart");
	return rp_error_hint(w->reterr, "after reading it: %s%s%s%s%s%s",
			     owner ? "chown root " : "", owner ? shown : "",
			     owner && mode ? " && " : "", mode ? "chmod go-w " : "",
			     mode ? shown : "",
			     owner && !mode && S_ISDIR(st->st_mode) ? ", and what is in it" : "");
}

static bool is_safe(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & OTHERS);
}

static int fail(const struct walk *w, int r)
{
	return rp_error_errno(w->reterr, r, w->given, "cannot find out who can change '%.200s'",
			      w->given);
}

static int check_folder(const struct walk *w)
{
	const char *path = w->at.len ? rp_strbuf_str(&w->at) : "/";
	struct stat st;

	if (lstat(path, &st) < 0)
		return fail(w, rp_neg_errno());
	if (!S_ISDIR(st.st_mode))
		return fail(w, -ENOTDIR);
	return is_safe(&st) ? 0 : refuse(w, "folder", path, &st);
}

/* The rest of the path begins with what the link says. */
static int follow_link(struct walk *w, const char *link)
{
	RP_AUTO_STRBUF struct rp_strbuf rest = RP_STRBUF_INIT;
	char target[4096];
	ssize_t n = readlink(link, target, sizeof(target) - 1);

	if (n < 0)
		return fail(w, rp_neg_errno());
	if (++w->n_links > LINKS_MAX)
		return fail(w, -ELOOP);
	target[n] = '\0';
	rp_strbuf_addf(&rest, "%s/%s", target, rp_strbuf_str(&w->rest));
	if (rp_strbuf_failed(&rest))
		return rp_error_nomem(w->reterr);
	rp_strbuf_reset(&w->rest);
	rp_strbuf_add(&w->rest, rp_strbuf_str(&rest));
	if (*target == '/')
		rp_strbuf_reset(&w->at);
	return rp_strbuf_failed(&w->rest) ? rp_error_nomem(w->reterr) : 0;
}

static void leave_folder(struct walk *w)
{
	const char *slash = strrchr(rp_strbuf_str(&w->at), '/');

	rp_strbuf_truncate(&w->at, slash ? (size_t)(slash - rp_strbuf_str(&w->at)) : 0);
}

/* Take the first name off the rest; "" when there is none. */
static int take_name(struct walk *w, struct rp_strbuf *name)
{
	RP_AUTO_STRBUF struct rp_strbuf rest = RP_STRBUF_INIT;
	const char *p = rp_strbuf_str(&w->rest);
	size_t len;

	p += strspn(p, "/");
	len = strcspn(p, "/");
	rp_strbuf_reset(name);
	rp_strbuf_add_mem(name, p, len);
	rp_strbuf_add(&rest, p + len + strspn(p + len, "/"));
	rp_strbuf_reset(&w->rest);
	rp_strbuf_add(&w->rest, rp_strbuf_str(&rest));
	return rp_strbuf_failed(name) || rp_strbuf_failed(&rest) || rp_strbuf_failed(&w->rest)
		       ? rp_error_nomem(w->reterr)
		       : 0;
}

/* One name further. 1: the end was reached, and at is the file; 0. */
static int step(struct walk *w, struct rp_strbuf *name)
{
	size_t before = w->at.len;
	struct stat st;
	int r = take_name(w, name);

	if (r < 0 || !name->len)
		return r < 0 ? r : 1;
	if (rp_str_eq(rp_strbuf_str(name), "."))
		return 0;
	if (rp_str_eq(rp_strbuf_str(name), "..")) {
		leave_folder(w);
		return 0;
	}
	r = check_folder(w);
	if (r < 0)
		return r;
	rp_strbuf_addf(&w->at, "/%s", rp_strbuf_str(name));
	if (rp_strbuf_failed(&w->at))
		return rp_error_nomem(w->reterr);
	if (lstat(rp_strbuf_str(&w->at), &st) < 0)
		return fail(w, rp_neg_errno());
	if (!S_ISLNK(st.st_mode))
		return 0;
	RP_AUTO_FREE char *link = rp_strdupf("%s", rp_strbuf_str(&w->at));

	if (!link)
		return rp_error_nomem(w->reterr);
	rp_strbuf_truncate(&w->at, before);
	return follow_link(w, link);
}

static int start_at(struct walk *w, const char *path)
{
	RP_AUTO_FREE char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);

	if (*path != '/' && !cwd)
		return fail(w, rp_neg_errno());
	rp_strbuf_addf(&w->rest, "%s/%s", cwd ? cwd : "", path);
	return rp_strbuf_failed(&w->rest) ? rp_error_nomem(w->reterr) : 0;
}

static int judge_end(const struct walk *w, int fd, bool is_folder)
{
	struct stat st, named;

	if (fstat(fd, &st) < 0 || lstat(rp_strbuf_str(&w->at), &named) < 0)
		return fail(w, rp_neg_errno());
	if (st.st_dev != named.st_dev || st.st_ino != named.st_ino)
		return rp_error_set(w->reterr, -ESTALE, ROCPART_ERR_FAILED, w->given,
				    "'%.200s' was replaced while it was read", w->given);
	if (is_folder ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode))
		return rp_error_set(w->reterr, -EPERM, ROCPART_ERR_PERMISSION, w->given,
				    "'%.200s' is not trusted: it is not a %s", w->given,
				    is_folder ? "folder" : "regular file");
	return is_safe(&st) ? 0
			    : refuse(w, is_folder ? "folder" : "file", rp_strbuf_str(&w->at), &st);
}

static int trust(const char *path, int fd, bool is_folder, struct rocpart_error *reterr)
{
	struct walk w = {
		.given = path, .at = RP_STRBUF_INIT, .rest = RP_STRBUF_INIT, .reterr = reterr};
	RP_AUTO_STRBUF struct rp_strbuf name = RP_STRBUF_INIT;
	int r = start_at(&w, path);

	while (r == 0)
		r = step(&w, &name);
	if (r == 1)
		r = judge_end(&w, fd, is_folder);
	rp_strbuf_done(&w.at);
	rp_strbuf_done(&w.rest);
	return r;
}

int rp_trust_file(const char *path, int fd, struct rocpart_error *reterr)
{
	return trust(path, fd, false, reterr);
}

int rp_trust_folder(const char *path, int fd, struct rocpart_error *reterr)
{
	return trust(path, fd, true, reterr);
}

int rp_trust_program(const char *path, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return rp_error_set(reterr, -ENOENT, ROCPART_ERR_FAILED, path,
				    "'%.200s' is not installed", path);
	if (fd < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path,
				      "cannot look at the program '%.200s'", path);
	return rp_trust_file(path, fd, reterr);
}

bool rp_trust_has_name(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 0;
}
