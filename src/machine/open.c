/* SPDX-License-Identifier: MIT */
/* Opening a machine and looking at it. */
#include "hw/hw.h"
#include "hw/smi/backend.h"
#include "machine/machine.h"
#include "machine/records.h"
#include "rocpart/rocpart.h"
#include "run/cdi.h"

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

/* What `rocpart sim mount` and `sim exec` put into sys/, where no kernel has it. */
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
	struct rocpart_machine *m = NULL;
	int r = open_folder(dir, RP_TREE_CAPTURE, NULL, &m, reterr);

	if (r == 0)
		r = look_for_sim(m, false, reterr);
	if (r < 0) {
		rocpart_machine_close(m);
		return r;
	}
	*ret_machine = m;
	return 0;
}

ROCPART_PUBLIC void rocpart_machine_close(struct rocpart_machine *machine)
{
	if (!machine)
		return;
	if (machine->free_leases)
		machine->free_leases(machine->leases);
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
	int r = rp_observe_via_backend(machine, &s, reterr);

	if (r < 0)
		return r;
	if (machine->sim_name)
		s->kind = RP_TREE_SIM;
	*ret_snapshot = s;
	return 0;
}

static const struct {
	const char *name;
	enum rocpart_backend backend;
} backend_names[] = {
	{"auto", ROCPART_BACKEND_AUTO},
	{"sysfs", ROCPART_BACKEND_SYSFS},
	{"libamd_smi", ROCPART_BACKEND_LIBAMD_SMI},
	{"amd-smi", ROCPART_BACKEND_AMD_SMI},
};

ROCPART_PUBLIC const char *rocpart_backend_to_string(enum rocpart_backend backend)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(backend_names); i++)
		if (backend_names[i].backend == backend)
			return backend_names[i].name;
	return "unknown";
}

ROCPART_PUBLIC int rocpart_backend_from_string(const char *text, enum rocpart_backend *ret_backend)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(backend_names); i++) {
		if (rp_str_eq(backend_names[i].name, text)) {
			*ret_backend = backend_names[i].backend;
			return 0;
		}
	}
	return -EINVAL;
}

ROCPART_PUBLIC int rocpart_machine_set_backend(struct rocpart_machine *machine,
					       enum rocpart_backend backend,
					       struct rocpart_error *reterr)
{
	if (backend != ROCPART_BACKEND_AUTO && !rp_backend_get(backend))
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "there is no back end %d", (int)backend);
	if (backend > ROCPART_BACKEND_SYSFS && rp_tree_kind(machine->tree) != RP_TREE_REAL) {
		(void)rp_error_set(reterr, -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED,
				   rocpart_backend_to_string(backend),
				   "AMD's software sees the computer that it runs on only");
		(void)rp_error_hint(reterr,
				    "a simulated machine can be shown to it: rocpart sim exec NAME "
				    "-- rocpart --backend %s ...",
				    rocpart_backend_to_string(backend));
		return -EOPNOTSUPP;
	}
	machine->backend = backend;
	return 0;
}
