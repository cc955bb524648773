/* SPDX-License-Identifier: MIT */
/* The name under which leases know their node.yaml. */
#include <unistd.h>

#include "base/strbuf.h"
#include "desired/planning.h"

/* Add the folders and the name of a path, without those that are empty or ".". */
static void add_parts(struct rp_strbuf *at, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len && !(len == 1 && *path == '.')) {
			rp_strbuf_add_char(at, '/');
			rp_strbuf_add_mem(at, path, len);
		}
		path += len + (path[len] == '/');
	}
}

/* Names of this process alone: all of standard input is one file. */
static bool is_nameless(const char *path)
{
	return rp_str_eq(path, "-") || rp_str_eq(path, "/dev/stdin") ||
	       rp_str_starts(path, "/dev/fd/") || rp_str_starts(path, "/proc/self/fd/");
}

int rp_node_file_id(const char *path, char **ret)
{
	RP_AUTO_FREE char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);
	RP_AUTO_STRBUF struct rp_strbuf at = RP_STRBUF_INIT;

	if (is_nameless(path)) {
		*ret = strdup("-");
		return *ret ? 0 : -ENOMEM;
	}
	if (*path != '/' && !cwd)
		return rp_neg_errno();
	if (cwd)
		add_parts(&at, cwd);
	add_parts(&at, path);
	if (rp_strbuf_failed(&at))
		return -ENOMEM;
	*ret = rp_strbuf_steal(&at);
	return *ret ? 0 : -ENOMEM;
}
