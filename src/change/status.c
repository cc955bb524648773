/* SPDX-License-Identifier: MIT */
/* Whether a change of a machine is under way, or was left unfinished. */
#include "change/change.h"
#include "machine/journal.h"

ROCPART_PUBLIC int rocpart_machine_get_change_status(struct rocpart_machine *machine,
						     enum rocpart_change_status *ret_status,
						     char **ret_holder,
						     struct rocpart_error *reterr)
{
	char holder[RP_LOCK_HOLDER_SIZE] = "";
	RP_AUTO_FREE char *text = NULL;
	bool is_open = false;
	int r = rp_journal_look(machine, &is_open);

	if (r < 0)
		return rp_error_errno(reterr, r, machine->state_dir,
				      "cannot see whether a change of this machine is unfinished");
	if (machine->state)
		rp_tree_lock_holder(machine->state, RP_MACHINE_LOCK, holder);
	text = strdup(holder);
	if (!text)
		return rp_error_nomem(reterr);
	*ret_status = *holder	? ROCPART_CHANGE_UNDER_WAY
		      : is_open ? ROCPART_CHANGE_UNFINISHED
				: ROCPART_CHANGE_NONE;
	if (ret_holder)
		*ret_holder = rp_steal(&text);
	return 0;
}
