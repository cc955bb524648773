/* SPDX-License-Identifier: MIT */
/* The checklist: its lines in their order, and going through them. */
#include "doctor/doctor.h"
#include "machine/observe.h"
#include "machine/records.h"

/* In the order in which a person would look: what the others stand on comes first. */
static const struct {
	const char *id, *title, *why;
	rp_check_fn fn;
	bool needs_gpus;
} table[] = {
	{"change", "no change of modes is unfinished",
	 "until it is finished, modes, services and the driver may be in a state between two",
	 rp_check_change, false},
	{"driver", "the amdgpu driver is loaded",
	 "the driver finds the GPUs, creates their partitions and switches their modes",
	 rp_check_driver, false},
	{"kfd", "the KFD topology can be read",
	 "programs that compute find partitions through this topology, and so does rocpart",
	 rp_check_kfd, false},
	{"libamd_smi", "AMD's library works and agrees with the kernel",
	 "other tools of the node read through it, and rocpart switches through it where the "
	 "kernel's files cannot be written",
	 rp_check_libamd_smi, false},
	{"amd-smi", "AMD's command works and agrees with the kernel",
	 "operators and scripts compare with it", rp_check_amd_smi, false},
	{"rocm", "ROCm is installed", "programs on the host need its libraries to compute",
	 rp_check_rocm, false},
	{"gpus", "every recorded GPU is there",
	 "leases of a GPU that is gone have no place, and the numbers of other GPUs move",
	 rp_check_expected, false},
	{"model", "the GPUs can be partitioned",
	 "a GPU that cannot be partitioned serves one program at a time, or shares its memory",
	 rp_check_model, false},
	{"reads", "the files of each GPU can be read and understood",
	 "a GPU whose modes are not known is neither placed on nor switched", rp_check_reads, true},
	{"files", "the partition files can be written",
	 "a mode is switched by writing these files; their permissions decide who may",
	 rp_check_files, true},
	{"firmware", "the firmware completes the modes that it lists",
	 "a memory mode that the firmware does not complete costs a driver reload and fails",
	 rp_check_vbios, true},
	{"holders", "no process has a GPU open",
	 "the kernel refuses a switch (EBUSY) while a process has the GPU open", rp_check_holders,
	 true},
	{"modes", "modes can be set",
	 "a cordon, or a driver that cannot be unloaded, blocks a switch", rp_check_modes, true},
	{"devices", "each GPU shows the partitions of its mode",
	 "a partition that is missing is memory and compute that nobody can use", rp_check_devices,
	 true},
	{"render", "each partition has its render node",
	 "the runtime opens /dev/dri/renderD* of a partition; without it the partition is "
	 "invisible",
	 rp_check_render, true},
	{"permissions", "this user may open the devices",
	 "one node that cannot be opened can stop the runtime for all nodes", rp_check_permissions,
	 true},
	{"minors", "every partition can get a DRM minor",
	 "the kernel leaves out partitions for which no DRM minor is left", rp_check_minors, true},
	{"pending", "no memory mode waits for a reload",
	 "the kernel cannot withdraw the request: the next reload, also an unwanted one, switches",
	 rp_check_pending, true},
	{"health", "the GPUs are healthy",
	 "memory errors stop programs, and a GPU that collects them is about to fail",
	 rp_check_health, true},
	{"kernel-log", "the kernel log has no bad news of the GPUs",
	 "the driver reports resets, memory errors and partitions that it left out only there",
	 rp_check_kernel_log, false},
	{"variables", "no variable hides or renumbers devices",
	 "these variables select devices by number; two of them select twice, and the wrong ones",
	 rp_check_variables, false},
	{"cdi", "CDI specs are up to date, and nobody else names the same devices",
	 "a container gets the device nodes that the spec had when it was written", rp_check_cdi,
	 true},
	{"containers", "container engines inject CDI devices",
	 "containerd with CDI off starts the container without the device, and reports nothing",
	 rp_check_containers, false},
	{"allocators", "no other allocator allocates the GPUs",
	 "two allocators give the same partition to two programs", rp_check_allocators, false},
};

ROCPART_PUBLIC int rocpart_doctor_new(struct rocpart_machine *machine,
				      struct rocpart_doctor **ret_doctor,
				      struct rocpart_error *reterr)
{
	struct rocpart_doctor *d = rp_new0(struct rocpart_doctor, 1);

	if (!d)
		return rp_error_nomem(reterr);
	d->machine = machine;
	d->checks = rp_new0(struct rp_check, RP_ARRAY_LEN(table));
	if (!d->checks) {
		rocpart_doctor_free(d);
		return rp_error_nomem(reterr);
	}
	*ret_doctor = d;
	return 0;
}

static void clear_checks(struct rocpart_doctor *d)
{
	for (size_t i = 0; i < d->n_checks; i++)
		rp_verdict_done(&d->checks[i].verdict);
	d->n_checks = 0;
}

ROCPART_PUBLIC struct rocpart_doctor *rocpart_doctor_free(struct rocpart_doctor *doctor)
{
	if (!doctor)
		return NULL;
	clear_checks(doctor);
	for (size_t i = 0; i < RP_N_VARIABLES; i++)
		free(doctor->variables[i]);
	rocpart_snapshot_unref(doctor->snapshot);
	free(doctor->checks);
	free(doctor->gids);
	free(doctor);
	return NULL;
}

ROCPART_PUBLIC int rocpart_doctor_set_variable(struct rocpart_doctor *doctor, const char *name,
					       const char *value, struct rocpart_error *reterr)
{
	const char *known;

	for (size_t i = 0; (known = rocpart_doctor_get_variable(i)); i++) {
		char *copy;

		if (!rp_str_eq(known, name))
			continue;
		copy = rp_strdupf("%s", value);
		if (!copy)
			return rp_error_nomem(reterr);
		free(doctor->variables[i]);
		doctor->variables[i] = copy;
		return 0;
	}
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, name,
			    "'%.60s' is not a variable that selects devices; "
			    "rocpart_doctor_get_variable() lists those",
			    name);
}

ROCPART_PUBLIC int rocpart_doctor_set_user(struct rocpart_doctor *doctor, uint32_t uid,
					   const uint32_t *gids, size_t n_gids)
{
	uint32_t *copy = rp_new0(uint32_t, n_gids);

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < n_gids; i++)
		copy[i] = gids[i];
	free(doctor->gids);
	doctor->gids = copy;
	doctor->n_gids = n_gids;
	doctor->uid = uid;
	return 0;
}

static int run_check(struct rocpart_doctor *d, size_t i)
{
	struct rp_check *c = &d->checks[d->n_checks++];

	memset(c, 0, sizeof(*c));
	table[i].fn(d, &c->verdict);
	if (rp_verdict_finish(&c->verdict) < 0)
		return -ENOMEM;
	c->pub = (struct rocpart_check){.id = table[i].id,
					.title = table[i].title,
					.state = c->verdict.state,
					.seen = rp_strbuf_str(&c->verdict.seen),
					.advice = rp_strbuf_str(&c->verdict.advice),
					.why = table[i].why,
					.fix = rp_fix_command(c->verdict.fix)};
	return 0;
}

ROCPART_PUBLIC int rocpart_doctor_run(struct rocpart_doctor *doctor, struct rocpart_error *reterr)
{
	size_t n_gpus;

	clear_checks(doctor);
	doctor->snapshot = rocpart_snapshot_unref(doctor->snapshot);
	if (rp_observe(doctor->machine, &doctor->snapshot, &doctor->observe_error) == -ENOMEM)
		return rp_error_nomem(reterr);
	n_gpus = doctor->snapshot ? doctor->snapshot->n_gpus : 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(table); i++)
		if ((n_gpus || !table[i].needs_gpus) && run_check(doctor, i) < 0)
			return rp_error_nomem(reterr);
	return (int)n_gpus;
}

ROCPART_PUBLIC const struct rocpart_check *
rocpart_doctor_get_check(const struct rocpart_doctor *doctor, size_t index)
{
	return index < doctor->n_checks ? &doctor->checks[index].pub : NULL;
}

ROCPART_PUBLIC const char *rocpart_check_state_to_string(enum rocpart_check_state state)
{
	switch (state) {
	case ROCPART_CHECK_PASS:
		return "pass";
	case ROCPART_CHECK_WARN:
		return "warn";
	case ROCPART_CHECK_FAIL:
	default:
		return "fail";
	}
}
