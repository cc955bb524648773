/* SPDX-License-Identifier: MIT */
/* Opening a machine and looking at it. */
#include "api/cdi.h"
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

	if (m)
		m->changed = rp_cdi_refresh;
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

/* What `rocpart sim exec` puts into /sys, where nobody can make a file of that name. */
#define SHOWN "sys/rocpart-sim"

static int read_shown(struct rocpart_machine *m, const char *file, char **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read(m->tree, &text, SHOWN "/%s", file);

	if (r < 0)
		return r;
	free(*ret);
	*ret = rp_strbuf_steal(&text);
	return *ret ? 0 : -ENOMEM;
}

/*
 * /sys may be that of a simulated machine: then it says so, and its records are the machine's own,
 * not those of this computer.
 */
static int look_for_sim(struct rocpart_machine *m, bool own_records, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *folder = NULL;
	int r = read_shown(m, "name", &m->sim_name);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = read_shown(m, "folder", &folder);
	if (r == 0 && own_records) {
		free(m->state_dir);
		m->state_dir = rp_strdupf("%s/records", folder);
		r = m->state_dir ? 0 : -ENOMEM;
	}
	return r < 0 ? rp_error_errno(reterr, r, "/" SHOWN,
				      "the server of the simulated machine does not answer")
		     : 0;
}

ROCPART_PUBLIC int rocpart_machine_open_real(const char *state_dir,
					     struct rocpart_machine **ret_machine,
					     struct rocpart_error *reterr)
{
	struct rocpart_machine *m = NULL;
	int r = open_folder("/", RP_TREE_REAL, state_dir ? state_dir : "/var/lib/rocpart", &m,
			    reterr);

	if (r == 0)
		r = look_for_sim(m, !state_dir, reterr);
	if (r < 0) {
		rocpart_machine_close(m);
		return r;
	}
	*ret_machine = m;
	return 0;
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
	free(machine->sim_name);
	free(machine);
}

ROCPART_PUBLIC enum rocpart_machine_kind
rocpart_machine_get_kind(const struct rocpart_machine *machine)
{
	if (machine->sim_name)
		return ROCPART_MACHINE_SIM;
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

ROCPART_PUBLIC const char *rocpart_machine_get_shown_name(const struct rocpart_machine *machine)
{
	return machine->sim_name;
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
	struct rocpart_snapshot *s = NULL;
	int r = rp_observe(machine, &s, reterr);

	if (r < 0)
		return r;
	if (machine->sim_name)
		s->kind = RP_TREE_SIM;
	*ret_snapshot = s;
	return 0;
}
