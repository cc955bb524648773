/* SPDX-License-Identifier: MIT */
#include "run/cgroup_mount.h"

#include "base/num.h"
#include "base/strbuf.h"

#define TOP "/sys/fs/cgroup"

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, word, len) == 0 && (!p[len] || p[len] == ','))
			return true;
	}
	return false;
}

/* ---- where this process is: "5:devices:/path", "0::/path" ---- */

/* The path in the hierarchy of this kind; NULL: none. line is cut into its fields. */
static const char *parse_group(enum rp_cgroup_kind kind, char *line)
{
	const char *controllers;

	(void)strsep(&line, ":");
	controllers = strsep(&line, ":");
	if (!line)
		return NULL;
	if (kind == RP_CGROUP_V2 ? *controllers != '\0' : !has_word(controllers, "devices"))
		return NULL;
	return line;
}

static int find_group(enum rp_cgroup_kind kind, const char *text, char **ret)
{
	RP_AUTO_FREE char *copy = rp_strdupf("%s", text);
	char *rest = copy, *line;

	if (!copy)
		return -ENOMEM;
	while ((line = strsep(&rest, "\n"))) {
		const char *path = parse_group(kind, line);

		if (!path)
			continue;
		*ret = rp_strdupf("%s", path);
		return *ret ? 0 : -ENOMEM;
	}
	return -ENOENT;
}

/* ---- mounts: "36 25 0:32 ROOT POINT OPTIONS [...] - TYPE SOURCE SUPER-OPTIONS" ---- */

struct mount {
	uint32_t id, parent;
	const char *root, *point, *type, *super;
};

/* Linux writes space, tab, newline and backslash as \040, \011, \012 and \134. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		unsigned value = 0;
		int n = 0;

		for (; *p == '\\' && n < 3 && p[n + 1] >= '0' && p[n + 1] <= '7'; n++)
			value = value * 8 + (unsigned)(p[n + 1] - '0');
		*to++ = n == 3 ? (char)value : *p;
		p += n == 3 ? 3 : 0;
	}
	*to = '\0';
}

/* line is cut into its fields, which *ret points to. */
static bool parse_mount(char *line, struct mount *ret)
{
	char *fields[5] = {NULL}, *second = strstr(line, " - ");

	if (!second)
		return false;
	*second = '\0';
	second += strlen(" - ");
	for (size_t i = 0; i < RP_ARRAY_LEN(fields); i++)
		fields[i] = strsep(&line, " ");
	ret->type = strsep(&second, " ");
	(void)strsep(&second, " ");
	if (!fields[4] || !second || rp_parse_u32(fields[0], 10, &ret->id) < 0 ||
	    rp_parse_u32(fields[1], 10, &ret->parent) < 0)
		return false;
	unescape(fields[3]);
	unescape(fields[4]);
	ret->root = fields[3];
	ret->point = fields[4];
	ret->super = second;
	return true;
}

static bool is_kind(const struct mount *m, enum rp_cgroup_kind kind)
{
	if (kind == RP_CGROUP_V2)
		return rp_str_eq(m->type, "cgroup2");
	return rp_str_eq(m->type, "cgroup") && has_word(m->super, "devices");
}

/* 2: the place of cgroup v2; 1: a folder of it, as in hybrid and v1; 0: somebody else's mount. */
static int rank_of(const char *point)
{
	const char *below = point + strlen(TOP);

	if (!rp_str_starts(point, TOP))
		return 0;
	if (!*below)
		return 2;
	return *below == '/' && !strchr(below + 1, '/');
}

/*
 * What of the path is below the root of a mount; NULL: it is not shown there. In a control group
 * namespace both are relative to its root, and ".." is a folder whose name nobody tells.
 */
static const char *path_below(const char *root, const char *path)
{
	size_t len = rp_str_eq(root, "/") ? 0 : strlen(root);
	const char *below = path + len;

	if (strncmp(path, root, len) != 0 || (*below && *below != '/'))
		return NULL;
	if (rp_str_starts(below, "/..") && (!below[3] || below[3] == '/'))
		return NULL;
	return rp_str_eq(below, "/") ? "" : below;
}

static int find_mount(enum rp_cgroup_kind kind, char *text, const char *path, struct mount *ret)
{
	struct mount m, best = {0};
	char *line;
	int rank = 0;

	while ((line = strsep(&text, "\n"))) {
		if (!parse_mount(line, &m) || !rank_of(m.point))
			continue;
		if (rank && m.parent == best.id && rp_str_eq(m.point, best.point))
			rank = 0; /* it is on top of that one */
		if (!is_kind(&m, kind) || !path_below(m.root, path) || rank_of(m.point) < rank)
			continue;
		best = m;
		rank = rank_of(m.point);
	}
	*ret = best;
	return rank ? 0 : -ENOENT;
}

int rp_cgroup_find_own(enum rp_cgroup_kind kind, const char *mountinfo, const char *groups,
		       char **ret)
{
	RP_AUTO_FREE char *path = NULL, *text = rp_strdupf("%s", mountinfo);
	struct mount m;
	int r = find_group(kind, groups, &path);

	if (r == 0)
		r = text ? find_mount(kind, text, path, &m) : -ENOMEM;
	if (r < 0)
		return r;
	*ret = rp_strdupf("%s%s", m.point, path_below(m.root, path));
	return *ret ? 0 : -ENOMEM;
}
