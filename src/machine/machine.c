/* SPDX-License-Identifier: MIT */
/* What an open machine can do by itself: its record folder, its listeners, closing. */
#include "machine/machine.h"
#include "rocpart/node.h"

#include <assert.h>
#include <sys/stat.h>

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
	free(machine->sim_id);
	free(machine->sim_name);
	free(machine->note);
	free(machine->command);
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

void rp_machine_tell_leases(struct rocpart_machine *m)
{
	struct rocpart_error err = {0};

	if (!m->leases_changed || m->is_telling)
		return;
	m->is_telling = true;
	if (m->leases_changed(m, &err) < 0)
		rp_trace_note(&m->trace, ROCPART_TRACE_DECISION, err.object, "%s", err.message);
	m->is_telling = false;
}

void rp_machine_publish(struct rocpart_machine *m)
{
	if (m->publish)
		m->publish(m);
}

ROCPART_PUBLIC const char *rocpart_machine_get_note(const struct rocpart_machine *machine)
{
	return machine->note;
}

/*
 * Only a name that nothing has is "no records": a link to nowhere (its file system is not mounted)
 * or a file under the name says nothing about the leases.
 */
static int check_absent(const struct rocpart_machine *m, int r)
{
	struct stat st;

	if (r != -ENOENT)
		return r;
	return lstat(m->state_dir, &st) == 0 && S_ISLNK(st.st_mode) ? -ELOOP : 0;
}

int rp_machine_open_state(struct rocpart_machine *m)
{
	int r;

	if (m->state || !m->state_dir)
		return 0;
	r = rp_tree_open(m->state_dir, RP_TREE_STATE, &m->state);
	if (r < 0)
		return check_absent(m, r);
	rp_tree_set_hook(m->state, m->hook, m->hook_userdata);
	rp_tree_set_trace(m->state, &m->trace);
	rp_tree_set_read_only(m->state, m->is_dry_run);
	rp_tree_set_no_sync(m->state, m->no_sync);
	return 0;
}

/* Whoever can write the records of this computer decides what root does to its GPUs. */
int rp_machine_check_state(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	struct rp_stat st = {0};
	int r = m->flavour == RP_MACHINE_HARDWARE ? rp_machine_open_state(m) : 0;

	if (r == 0 && m->flavour == RP_MACHINE_HARDWARE && m->state)
		r = rp_tree_check_folder(m->state, &st);
	if (r == 0 || r == -EACCES)
		return 0;
	if (r != -EPERM)
		return rp_error_errno(reterr, r, m->state_dir, "cannot use the record folder '%s'",
				      m->state_dir);
	if (st.mode & 022)
		(void)rp_error_set(reterr, r, ROCPART_ERR_PERMISSION, m->state_dir,
				   "the record folder '%s' is refused: users other than its owner "
				   "may write it (mode %04o)",
				   m->state_dir, st.mode);
	else
		(void)rp_error_set(reterr, r, ROCPART_ERR_PERMISSION, m->state_dir,
				   "the record folder '%s' is refused: it belongs to user %u, not "
				   "to root",
				   m->state_dir, st.uid);
	(void)rp_error_hint(reterr,
			    "look at who wrote the files in it, then `chown -R root: %s` and "
			    "`chmod 755 %s`",
			    m->state_dir, m->state_dir);
	return r;
}

int rp_machine_make_state(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	int r = 0;

	if (!m->state_dir)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture is read-only and has no records");
	if (m->is_dry_run && m->state)
		return 0;
	if (m->is_dry_run)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, m->state_dir,
				    "a dry run records nothing");
	if (!m->state)
		r = rp_make_record_dir(m->state_dir, !m->no_sync);
	if (r == 0)
		r = rp_machine_open_state(m);
	if (r == 0 && !m->state)
		r = -ENOENT; /* removed meanwhile */
	if (r < 0) {
		rp_error_errno(reterr, r, m->state_dir, "cannot use the record folder '%s'",
			       m->state_dir);
		if (r == -EROFS)
			(void)rp_error_hint(reterr,
					    "the file system is read-only: mount it read-write");
		else if (rp_is_denied(r))
			(void)rp_error_hint(reterr, "run the command as root");
		return r;
	}
	if (!m->has_swept)
		rp_tree_remove_leftovers(m->state);
	m->has_swept = true;
	return rp_machine_check_state(m, reterr);
}
