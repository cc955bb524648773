/* SPDX-License-Identifier: MIT */
/*
 * Who gives GPUs to programs on this machine. What a node.yaml said is recorded when it is applied;
 * else the node shows it: AMD's device plugin has its socket in the kubelet's folder, slurmd has
 * its control group.
 */
#include "machine/allocator.h"
#include "machine/records.h"

static bool has_device_plugin(struct rp_tree *t)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;

	if (rp_tree_list(t, &names, "var/lib/kubelet/device-plugins") < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (rp_str_starts(names.v[i], "amd.com"))
			return true;
	return false;
}

static bool has_slurmd(struct rp_tree *t)
{
	static const char *const signs[] = {"sys/fs/cgroup/system.slice/slurmd.service",
					    "run/slurmd.pid", "run/slurm/slurmd.pid"};
	struct rp_stat st;

	for (size_t i = 0; i < RP_ARRAY_LEN(signs); i++)
		if (rp_tree_stat(t, &st, "%s", signs[i]) == 0)
			return true;
	return false;
}

const char *rp_allocator(struct rocpart_machine *m)
{
	const char *name = NULL;
	int r = rp_records_get_allocator(m, &name);

	if (r == 0)
		return rp_str_eq(name, "rocpart") ? NULL : name;
	if (r == -EBADMSG)
		return RP_ALLOCATOR_UNKNOWN;
	if (rp_machine_is_sim_in_files(m))
		return NULL; /* what is there besides /sys is the host's */
	if (has_device_plugin(m->tree))
		return "kubelet";
	return has_slurmd(m->tree) ? "slurm" : NULL;
}
