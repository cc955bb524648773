/* SPDX-License-Identifier: MIT */
/* What one command repairs. */
#include "doctor/doctor.h"
#include "hw/driver.h"
#include "machine/journal.h"
#include "run/cdi.h"

const char *rp_fix_command(enum rp_fix fix)
{
	static const char *const commands[RP_N_FIXES] = {
		[RP_FIX_NONE] = "",
		[RP_FIX_RESUME] = "rocpart apply --resume",
		[RP_FIX_LOAD_DRIVER] = "modprobe amdgpu",
		[RP_FIX_REFRESH_CDI] = "rocpart cdi generate",
	};

	return commands[fix];
}

/* Not while a change reloads the driver, and not in the middle of an unfinished one. */
static int load_driver(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock_fd = -EBADF;
	int r = rp_machine_make_state(m, reterr);

	if (r < 0)
		return r;
	r = rp_tree_lock(m->state, RP_MACHINE_LOCK, &lock_fd);
	if (r == -EWOULDBLOCK)
		return rp_error_set(reterr, -EBUSY, ROCPART_ERR_LOCKED, m->state_dir,
				    "another process is changing this machine; nothing was "
				    "changed");
	if (r < 0)
		return rp_error_errno(reterr, r, m->state_dir,
				      "cannot lock '%s/" RP_MACHINE_LOCK "'", m->state_dir);
	if (rp_journal_is_open(m)) {
		(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_UNFINISHED_CHANGE, NULL,
				   "a change is not finished; nothing was changed");
		return rp_error_hint(reterr, "`rocpart apply --resume` finishes the change, "
					     "`rocpart undo` reverts it");
	}
	rp_tree_set_inherited(m->tree, lock_fd > 0 ? lock_fd : 0);
	r = rp_driver_is_loaded(m->tree, reterr);
	if (r == 0)
		r = rp_driver_load(m->tree, reterr);
	rp_tree_set_inherited(m->tree, 0);
	return r < 0 ? r : 0;
}

static int do_fix(struct rocpart_machine *m, enum rp_fix fix, struct rocpart_error *reterr)
{
	if (fix == RP_FIX_LOAD_DRIVER)
		return load_driver(m, reterr);
	if (fix == RP_FIX_REFRESH_CDI)
		return rp_cdi_refresh(m, reterr);
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
			    "no single call solves the problem of this check");
}

ROCPART_PUBLIC int rocpart_doctor_fix(struct rocpart_doctor *doctor, const char *id,
				      struct rocpart_error *reterr)
{
	struct rocpart_machine *m = doctor->machine;

	if (rp_tree_kind(m->tree) == RP_TREE_CAPTURE || m->is_dry_run)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "the machine is only read; nothing was changed");
	for (size_t i = 0; i < doctor->n_checks; i++)
		if (rp_str_eq(doctor->checks[i].pub.id, id))
			return do_fix(m, doctor->checks[i].verdict.fix, reterr);
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
			    "'%.60s' is not a check of this diagnosis", id);
}
