/* SPDX-License-Identifier: MIT */
#include "machine/machine.h"

int rp_machine_open_state(struct rocpart_machine *m)
{
	int r;

	if (m->state || !m->state_dir)
		return 0;
	r = rp_tree_open(m->state_dir, RP_TREE_STATE, &m->state);
	if (r == 0)
		rp_tree_set_hook(m->state, m->hook, m->hook_userdata);
	/* Records that we may not read or that are not there yet: as if there were none. */
	return r == -ENOENT || r == -ENOTDIR || r == -EACCES ? 0 : r;
}

int rp_machine_make_state(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	int r;

	if (m->state)
		return 0;
	if (!m->state_dir)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture cannot be changed");
	r = rp_make_dirs(m->state_dir, false);
	if (r == 0)
		r = rp_machine_open_state(m);
	if (r == 0 && !m->state)
		r = -EACCES;
	if (r < 0) {
		rp_error_errno(reterr, r, m->state_dir, "cannot use the record folder '%s'",
			       m->state_dir);
		(void)rp_error_hint(reterr, "changes need root");
	}
	return r;
}
