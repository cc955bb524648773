/* SPDX-License-Identifier: MIT */
#include "hw/device_list.h"
#include "base/num.h"

#define LIST_MAX (1024 * 1024)
#define N_WORDS	 7

void rp_device_list_add(struct rp_strbuf *list, const char *path, const struct rp_stat *st)
{
	rp_strbuf_addf(list, "device %s %u %u 0%o %u %u\n", path, st->dev_major, st->dev_minor,
		       st->mode & 07777, st->uid, st->gid);
}

/* "0660": octal, which no other number of ours is. */
static int parse_mode(const char *text, uint32_t *ret)
{
	uint32_t mode = 0;

	for (; *text; text++) {
		if (*text < '0' || *text > '7' || mode > 07777)
			return -EBADMSG;
		mode = mode << 3 | (uint32_t)(*text - '0');
	}
	*ret = mode;
	return 0;
}

/* Words of one line; it is cut into them. */
static size_t split(char *line, char *words[N_WORDS])
{
	size_t n = 0;

	while (*line && n < N_WORDS) {
		words[n++] = line;
		line += strcspn(line, " ");
		if (*line)
			*line++ = '\0';
	}
	return *line ? 0 : n;
}

/* 0 when the line is about a device; its path is *ret_path. */
static int parse_line(char *line, const char **ret_path, struct rp_stat *ret)
{
	char *w[N_WORDS];
	struct rp_stat st = {.type = RP_FILE_CHAR};

	if (!rp_str_starts(line, "device ") || split(line, w) != N_WORDS)
		return -ENOENT;
	if (rp_parse_u32(w[2], 10, &st.dev_major) < 0 ||
	    rp_parse_u32(w[3], 10, &st.dev_minor) < 0 || parse_mode(w[4], &st.mode) < 0 ||
	    rp_parse_u32(w[5], 10, &st.uid) < 0 || rp_parse_u32(w[6], 10, &st.gid) < 0)
		return -EBADMSG;
	*ret_path = w[1];
	*ret = st;
	return 0;
}

/* Calls for each device of the list, until one is the path that is sought (NULL: none is). */
static int walk(struct rp_tree *t, const char *sought, struct rp_stat *ret, struct rp_names *names,
		const char *dir)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	size_t dir_len = dir ? strlen(dir) : 0;
	int r = rp_tree_read_file(t, LIST_MAX, &text, RP_DEVICE_LIST);

	if (r < 0)
		return rp_is_absent(r) ? -ENODATA : r;
	for (char *line = text.s, *end; line && (end = strchr(line, '\n')); line = end + 1) {
		const char *path = NULL;
		struct rp_stat st = {0};

		*end = '\0';
		r = parse_line(line, &path, &st);
		if (r == -EBADMSG)
			return r;
		if (r == 0 && sought && rp_str_eq(path, sought)) {
			*ret = st;
			return 0;
		}
		if (r == 0 && dir && strncmp(path, dir, dir_len) == 0 && path[dir_len] == '/' &&
		    rp_names_add(names, path + dir_len + 1) < 0)
			return -ENOMEM;
	}
	return sought ? -ENOENT : 0;
}

int rp_hw_stat_device(struct rp_tree *t, struct rp_stat *ret, const char *path)
{
	int r = rp_tree_stat(t, ret, "%s", path);

	if (!rp_is_absent(r) || rp_tree_kind(t) != RP_TREE_CAPTURE)
		return r;
	return walk(t, path, ret, NULL, NULL);
}

int rp_hw_list_devices(struct rp_tree *t, struct rp_names *ret, const char *dir)
{
	int r = rp_tree_list(t, ret, "%s", dir);

	if (!rp_is_absent(r) || rp_tree_kind(t) != RP_TREE_CAPTURE)
		return r;
	return walk(t, NULL, NULL, ret, dir);
}
