/* SPDX-License-Identifier: MIT */
/* What an open machine can do by itself: its record folder, its listeners, closing. */
#include "machine/machine.h"
#include "rocpart/node.h"

#include <assert.h>

ROCPART_PUBLIC struct rocpart_machine *rocpart_machine_close(struct rocpart_machine *machine)
{
	if (!machine)
		return NULL;
	if (machine->free_leases)
		machine->free_leases(machine->leases);
	rp_tree_close(machine->state);
	rp_tree_close(machine->tree);
	if (machine->free_backing)
		machine->free_backing(machine->backing);
	free(machine->state_dir);
	free(machine->sim_name);
	free(machine);
	return NULL;
}

ROCPART_PUBLIC enum rocpart_machine_kind
rocpart_machine_get_kind(const struct rocpart_machine *machine)
{
	switch (machine->flavour) {
	case RP_MACHINE_SIM:
	case RP_MACHINE_SIM_IN_SYS:
	case RP_MACHINE_SIM_MOUNTED:
		return ROCPART_MACHINE_SIM;
	case RP_MACHINE_CAPTURE:
		return ROCPART_MACHINE_CAPTURE;
	case RP_MACHINE_HARDWARE:
	default:
		return ROCPART_MACHINE_REAL;
	}
}

ROCPART_PUBLIC bool rocpart_machine_asks(const struct rocpart_machine *machine)
{
	return machine->flavour == RP_MACHINE_HARDWARE ||
	       (rp_machine_is_simulated(machine) && machine->asks);
}

ROCPART_PUBLIC const char *rocpart_machine_get_shown_name(const struct rocpart_machine *machine)
{
	return rp_machine_is_sim_in_files(machine) ? machine->sim_name : NULL;
}

ROCPART_PUBLIC void rocpart_machine_set_dry_run(struct rocpart_machine *machine, bool dry_run)
{
	machine->is_dry_run = dry_run;
	rp_tree_set_read_only(machine->tree, dry_run);
	if (machine->state)
		rp_tree_set_read_only(machine->state, dry_run);
}

ROCPART_PUBLIC void rocpart_machine_set_trace(struct rocpart_machine *machine, rocpart_trace_fn fn,
					      void *userdata)
{
	machine->trace = (struct rp_trace){.fn = fn, .userdata = userdata};
	rp_tree_set_trace(machine->tree, &machine->trace);
	if (machine->state)
		rp_tree_set_trace(machine->state, &machine->trace);
}

void rp_machine_listen(struct rocpart_machine *m, rp_modes_changed_fn fn)
{
	assert(m->n_listeners < RP_MACHINE_LISTENERS);
	m->listeners[m->n_listeners++] = fn;
}

void rp_machine_announce(struct rocpart_machine *m,
			 void (*warn)(void *userdata, const struct rocpart_error *err),
			 void *userdata)
{
	for (size_t i = 0; i < m->n_listeners; i++) {
		struct rocpart_error err = {0};

		if (m->listeners[i](m, &err) < 0)
			warn(userdata, &err);
	}
}

int rp_machine_open_state(struct rocpart_machine *m)
{
	int r;

	if (m->state || !m->state_dir)
		return 0;
	r = rp_tree_open(m->state_dir, RP_TREE_STATE, &m->state);
	if (r == 0)
		rp_tree_set_hook(m->state, m->hook, m->hook_userdata);
	if (r == 0)
		rp_tree_set_trace(m->state, &m->trace);
	if (r == 0)
		rp_tree_set_read_only(m->state, m->is_dry_run);
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
				    "a capture is read-only and has no records");
	if (m->is_dry_run)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, m->state_dir,
				    "a dry run records nothing");
	r = rp_make_dirs(m->state_dir, false);
	if (r == 0)
		r = rp_machine_open_state(m);
	if (r == 0 && !m->state)
		r = -EACCES;
	if (r < 0) {
		rp_error_errno(reterr, r, m->state_dir, "cannot use the record folder '%s'",
			       m->state_dir);
		(void)rp_error_hint(reterr, "%s",
				    r == -EROFS
					    ? "the file system is read-only: mount it read-write"
					    : "run the command as root");
	}
	return r;
}
