/* SPDX-License-Identifier: MIT */
/* Opening a machine and looking at it. */
#include "apply/records.h"
#include "hw/hw.h"
#include "hw/machine.h"
#include "rocpart/rocpart.h"

ROCPART_PUBLIC const char *rocpart_version(void)
{
	return ROCPART_VERSION;
}

static int open_folder(const char *dir, enum rp_tree_kind kind, const char *state_dir,
		       struct rocpart_machine **ret_machine, struct rocpart_error *reterr)
{
	struct rocpart_machine *m = rp_new0(struct rocpart_machine, 1);
	int r = m ? rp_tree_open(dir, kind, &m->tree) : -ENOMEM;

	if (r == 0 && state_dir) {
		m->state_dir = strdup(state_dir);
		r = m->state_dir ? 0 : -ENOMEM;
	}
	if (r < 0) {
		rocpart_machine_close(m);
		return rp_error_errno(reterr, r, dir, "cannot open '%s'", dir);
	}
	*ret_machine = m;
	return 0;
}

ROCPART_PUBLIC int rocpart_machine_open_real(const char *state_dir,
					     struct rocpart_machine **ret_machine,
					     struct rocpart_error *reterr)
{
	return open_folder("/", RP_TREE_REAL, state_dir ? state_dir : "/var/lib/rocpart",
			   ret_machine, reterr);
}

ROCPART_PUBLIC int rocpart_machine_open_capture(const char *dir,
						struct rocpart_machine **ret_machine,
						struct rocpart_error *reterr)
{
	return open_folder(dir, RP_TREE_CAPTURE, NULL, ret_machine, reterr);
}

ROCPART_PUBLIC void rocpart_machine_close(struct rocpart_machine *machine)
{
	if (!machine)
		return;
	rp_tree_close(machine->state);
	rp_tree_close(machine->tree);
	if (machine->free_backing)
		machine->free_backing(machine->backing);
	free(machine->state_dir);
	free(machine);
}

ROCPART_PUBLIC enum rocpart_machine_kind
rocpart_machine_get_kind(const struct rocpart_machine *machine)
{
	switch (rp_tree_kind(machine->tree)) {
	case RP_TREE_SIM:
		return ROCPART_MACHINE_SIM;
	case RP_TREE_CAPTURE:
		return ROCPART_MACHINE_CAPTURE;
	case RP_TREE_REAL:
	case RP_TREE_STATE:
	default:
		return ROCPART_MACHINE_REAL;
	}
}

ROCPART_PUBLIC int rocpart_machine_read_generation(struct rocpart_machine *machine,
						   uint64_t *ret_generation)
{
	return rp_hw_read_generation(machine->tree, ret_generation);
}

ROCPART_PUBLIC int rocpart_machine_observe(struct rocpart_machine *machine,
					   struct rocpart_snapshot **ret_snapshot,
					   struct rocpart_error *reterr)
{
	return rp_observe(machine, ret_snapshot, reterr);
}
