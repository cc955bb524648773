/* SPDX-License-Identifier: MIT */
/* The checklist: its lines in their order, and going through them. */
#include "doctor/doctor.h"
#include "machine/observe.h"
#include "machine/records.h"

/* In the order in which a person would look: what is below comes first. */
static const struct {
	const char *id, *title;
	rp_check_fn fn;
	bool needs_gpus;
} table[] = {
	{"driver", "the amdgpu driver is loaded", rp_check_driver, false},
	{"kfd", "the KFD topology can be read", rp_check_kfd, false},
	{"libamd_smi", "AMD's library works and agrees with the kernel", rp_check_libamd_smi,
	 false},
	{"amd-smi", "AMD's command works and agrees with the kernel", rp_check_amd_smi, false},
	{"rocm", "ROCm is installed", rp_check_rocm, false},
	{"model", "the GPUs can be partitioned", rp_check_model, false},
	{"reads", "the files of each GPU can be read and understood", rp_check_reads, true},
	{"files", "the partition files can be written", rp_check_files, true},
	{"firmware", "the firmware completes the modes that it lists", rp_check_vbios, true},
	{"holders", "no process has a GPU open", rp_check_holders, true},
	{"modes", "modes can be set", rp_check_modes, true},
	{"devices", "each GPU shows the partitions of its mode", rp_check_devices, true},
	{"render", "each partition has its render node", rp_check_render, true},
	{"permissions", "this user may open the devices", rp_check_permissions, true},
	{"minors", "every partition can get a DRM minor", rp_check_minors, true},
	{"pending", "no memory mode waits for a reload", rp_check_pending, true},
	{"health", "the GPUs are healthy", rp_check_health, true},
	{"variables", "no variable hides or renumbers devices", rp_check_variables, false},
	{"cdi", "generated CDI specs are up to date", rp_check_cdi, true},
	{"allocators", "no other allocator allocates the GPUs", rp_check_allocators, false},
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
	for (size_t i = 0; i < d->n_checks; i++) {
		rp_strbuf_done(&d->checks[i].verdict.seen);
		rp_strbuf_done(&d->checks[i].verdict.advice);
	}
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
	if (rp_strbuf_failed(&c->verdict.seen) || rp_strbuf_failed(&c->verdict.advice))
		return -ENOMEM;
	c->pub = (struct rocpart_check){.id = table[i].id,
					.title = table[i].title,
					.state = c->verdict.state,
					.seen = rp_strbuf_str(&c->verdict.seen),
					.advice = rp_strbuf_str(&c->verdict.advice)};
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
