/* SPDX-License-Identifier: MIT */
/*
 * Who gives GPUs to programs on this machine. What a node.yaml said is recorded when it is applied;
 * else the node shows it: AMD's device plugin has its socket in the kubelet's folder, slurmd has
 * its control group.
 */
#include "machine/allocator.h"
#include "machine/records.h"

/* What only root may look at (the kubelet's folder is 0750) is not shown to others. */
static int is_there(int r)
{
	return r == 0 ? 1 : rp_is_absent(r) || rp_is_denied(r) ? 0 : r;
}

#define PLUGINS "var/lib/kubelet/device-plugins"

/* 1: its socket is there; 0: it is not. */
static int has_device_plugin(struct rp_tree *t, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = is_there(rp_tree_list(t, &names, PLUGINS));

	if (r < 0)
		return rp_error_errno(reterr, r, "/" PLUGINS,
				      "cannot look for a device plugin that allocates the GPUs");
	for (size_t i = 0; i < names.n; i++)
		if (rp_str_starts(names.v[i], "amd.com"))
			return 1;
	return 0;
}

static int has_slurmd(struct rp_tree *t, struct rocpart_error *reterr)
{
	static const char *const signs[] = {"sys/fs/cgroup/system.slice/slurmd.service",
					    "run/slurmd.pid", "run/slurm/slurmd.pid"};
	struct rp_stat st;

	for (size_t i = 0; i < RP_ARRAY_LEN(signs); i++) {
		int r = is_there(rp_tree_stat(t, &st, "%s", signs[i]));

		if (r < 0)
			return rp_error_errno(reterr, r, signs[i],
					      "cannot look for Slurm, which allocates GPUs too");
		if (r)
			return 1;
	}
	return 0;
}

int rp_allocator(struct rocpart_machine *m, const char **ret, struct rocpart_error *reterr)
{
	const char *name = NULL, *who = NULL;
	int r = rp_records_get_allocator(m, &name);

	if (r == 0 || r == -EBADMSG) {
		*ret = r < 0 ? RP_ALLOCATOR_UNKNOWN : rp_str_eq(name, "rocpart") ? NULL : name;
		return 0;
	}
	r = is_there(r);
	if (r < 0)
		return rp_error_errno(reterr, r, m->state_dir,
				      "cannot read who allocates the GPUs of this machine");
	/* What is there besides /sys of a simulated machine is the host's. */
	if (!rp_machine_is_sim_in_files(m)) {
		r = has_device_plugin(m->tree, reterr);
		who = r > 0 ? "kubelet" : NULL;
	}
	if (r == 0 && !rp_machine_is_sim_in_files(m)) {
		r = has_slurmd(m->tree, reterr);
		who = r > 0 ? "slurm" : NULL;
	}
	if (r < 0)
		return r;
	*ret = who;
	return 0;
}
