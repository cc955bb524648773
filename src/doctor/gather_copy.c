/* SPDX-License-Identifier: MIT */
/*
 * Copying files, folders and links of a tree. Nothing is written through a link: each part of a
 * path is made in the new folder by its real name, so a link that was copied is never walked.
 */
#include "doctor/gather.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX  (64 * 1024)
#define LINKS_MAX 16

int rp_gather_leave_out(struct rocpart_gathered *g, const char *path, const char *why)
{
	RP_AUTO_FREE char *line = rp_strdupf("%s: %s", path, why);

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < g->left_out.n; i++)
		if (rp_str_eq(g->left_out.v[i], line))
			return 0;
	return rp_names_add(&g->left_out, line);
}

int rp_gather_miss(struct rocpart_gathered *g, const char *path, int errnum)
{
	switch (-errnum) {
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EINTR:
	case EAGAIN:
		return errnum;
	default:
		return rp_gather_leave_out(g, path, rocpart_strerror(errnum));
	}
}

/* mkdir -p of the folders above a path, or of the whole path. */
static int make_folders(struct rocpart_gathered *g, const char *path, bool whole)
{
	RP_AUTO_FREE char *copy = rp_strdupf("%s", path);

	if (!copy)
		return -ENOMEM;
	for (char *p = copy; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		if (mkdirat(g->out_fd, copy, 0755) < 0 && errno != EEXIST)
			return rp_neg_errno();
	}
	if (whole && mkdirat(g->out_fd, copy, 0755) < 0 && errno != EEXIST)
		return rp_neg_errno();
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = rp_retry(write(fd, data, len));

		if (n < 0)
			return rp_neg_errno();
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int rp_gather_write(struct rocpart_gathered *g, const char *path, const struct rp_strbuf *text,
		    uint32_t mode)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = make_folders(g, path, false);

	if (r < 0)
		return r;
	fd = rp_retry(openat(g->out_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			     0600));
	if (fd < 0 && errno == EEXIST)
		return 0; /* named twice */
	if (fd < 0)
		return rp_neg_errno();
	r = write_all(fd, rp_strbuf_str(text), text->len);
	/* The write bits tell which files can switch modes; the reader needs his own bit. */
	if (r == 0 && fchmod(fd, (mode & 0777) | 0400) < 0)
		r = rp_neg_errno();
	g->n_files += r == 0;
	return r;
}

static int copy_file(struct rocpart_gathered *g, const char *path, uint32_t mode)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r;

	if (!(mode & 0444))
		return 0; /* can only be written: a trigger */
	r = rp_tree_read_file(g->tree, FILE_MAX, &text, "%s", path);
	if (r < 0)
		return rp_gather_miss(g, path, r);
	return rp_gather_write(g, path, &text, mode);
}

/* The folder that a link's text leads to, in *ret; -ELOOP when that is outside of the tree. */
static int follow(const char *path, const char *text, struct rp_strbuf *ret)
{
	const char *slash = strrchr(path, '/');

	rp_strbuf_reset(ret);
	if (*text == '/')
		return -ELOOP;
	rp_strbuf_add_mem(ret, path, slash ? (size_t)(slash - path) : 0);
	while (*text) {
		size_t n = strcspn(text, "/");

		if (n == 2 && strncmp(text, "..", 2) == 0) {
			slash = strrchr(rp_strbuf_str(ret), '/');
			if (!ret->len)
				return -ELOOP;
			rp_strbuf_truncate(ret, slash ? (size_t)(slash - ret->s) : 0);
		} else if (n && !(n == 1 && *text == '.')) {
			if (ret->len)
				rp_strbuf_add_char(ret, '/');
			rp_strbuf_add_mem(ret, text, n);
		}
		text += n + (text[n] == '/');
	}
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

/* Make the link; *ret is where it leads to. Only what leads into /sys is made. */
static int copy_link(struct rocpart_gathered *g, const char *path, struct rp_strbuf *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_readlink(g->tree, &text, "%s", path);

	if (r == 0)
		r = follow(path, rp_strbuf_str(&text), ret);
	if (r == 0 && !rp_str_starts(rp_strbuf_str(ret), "sys/"))
		r = -ELOOP;
	if (r == 0)
		r = make_folders(g, path, false);
	if (r == 0 && symlinkat(rp_strbuf_str(&text), g->out_fd, path) < 0 && errno != EEXIST)
		r = rp_neg_errno();
	return r;
}

int rp_gather_resolve(struct rocpart_gathered *g, const char *path, struct rp_strbuf *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf rest = RP_STRBUF_INIT, target = RP_STRBUF_INIT;
	unsigned n_links = 0;

	rp_strbuf_add(&rest, path);
	rp_strbuf_reset(ret);
	for (size_t at = 0; at < rest.len;) {
		size_t n = strcspn(rest.s + at, "/"), before = ret->len;
		struct rp_stat st;
		int r;

		rp_strbuf_addf(ret, "%s%.*s", before ? "/" : "", (int)n, rest.s + at);
		at += n + (rest.s[at + n] == '/');
		r = rp_tree_stat(g->tree, &st, "%s", rp_strbuf_str(ret));
		if (r < 0)
			return r;
		if (st.type != RP_FILE_LINK)
			continue;
		r = ++n_links > LINKS_MAX ? -ELOOP : copy_link(g, rp_strbuf_str(ret), &target);
		if (r < 0)
			return r;
		if (at < rest.len)
			rp_strbuf_addf(&target, "/%s", rest.s + at);
		/* From the top again: the target may lie behind further links. */
		rp_strbuf_reset(&rest);
		rp_strbuf_add(&rest, rp_strbuf_str(&target));
		rp_strbuf_reset(ret);
		at = 0;
	}
	return rp_strbuf_failed(ret) || rp_strbuf_failed(&rest) ? -ENOMEM : 0;
}

static bool is_named(const struct rp_gather_rule *rule, const char *name)
{
	for (const char *const *p = rule->names; *p; p++)
		if (fnmatch(*p, name, 0) == 0)
			return true;
	return false;
}

static int copy_entry(struct rocpart_gathered *g, const char *path,
		      const struct rp_gather_rule *rule)
{
	static const char *const everything[] = {"*", NULL};
	const struct rp_gather_rule below = {everything, rule->depth ? rule->depth - 1 : 0};
	RP_AUTO_STRBUF struct rp_strbuf target = RP_STRBUF_INIT;
	struct rp_stat st;
	int r = rp_tree_stat(g->tree, &st, "%s", path);

	if (r < 0)
		return rp_gather_miss(g, path, r);
	switch (st.type) {
	case RP_FILE_REGULAR:
		return copy_file(g, path, st.mode);
	case RP_FILE_LINK:
		r = copy_link(g, path, &target);
		return r == -ELOOP ? rp_gather_leave_out(g, path, "a link that leads out of /sys")
				   : r;
	case RP_FILE_DIR:
		return rule->depth ? rp_gather_folder(g, path, &below) : 0;
	case RP_FILE_CHAR:
	case RP_FILE_OTHER:
	default:
		return rp_gather_leave_out(g, path, "it is not a regular file");
	}
}

int rp_gather_folder(struct rocpart_gathered *g, const char *path,
		     const struct rp_gather_rule *rule)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(g->tree, &names, "%s", path);

	if (r < 0)
		return rp_gather_miss(g, path, r);
	r = make_folders(g, path, true);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		RP_AUTO_FREE char *child = rp_strdupf("%s/%s", path, names.v[i]);

		if (!child)
			return -ENOMEM;
		if (is_named(rule, names.v[i]))
			r = copy_entry(g, child, rule);
	}
	return r;
}
