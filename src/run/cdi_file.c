/* SPDX-License-Identifier: MIT */
#include "run/cdi_file.h"
#include "base/num.h"
#include "base/tree.h"

int rp_cdi_file_read(const char *dir, const char *file, struct rp_strbuf *ret)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;
	int r = rp_tree_open(dir, RP_TREE_STATE, &t);

	return r < 0 ? r : rp_tree_read_file(t, RP_MIB, ret, "%s", file);
}

int rp_cdi_file_write(const char *dir, const char *file, const char *text, size_t len, bool no_sync,
		      bool *ret_unsynced)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;
	int r = no_sync ? rp_make_record_dir(dir, false) : rp_make_dirs(dir, false);

	*ret_unsynced = false;
	if (r == 0)
		r = rp_tree_open(dir, RP_TREE_STATE, &t);
	if (r < 0)
		return r;
	rp_tree_set_no_sync(t, no_sync);
	rp_tree_set_public(t); /* engines of users (rootless podman) read it too */
	r = rp_tree_replace(t, text, len, "%s", file);
	*ret_unsynced = rp_tree_is_unsynced(t, r);
	return r;
}
