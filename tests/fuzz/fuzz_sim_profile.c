/* SPDX-License-Identifier: MIT */
/* Any text as a profile: refused with a place, or a machine that can be read and switched. */
#include "sim/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void poke(struct rp_sim *sim, const char *bdf)
{
	static const char *const files[] = {
		"current_compute_partition",
		"available_compute_partition",
		"uevent",
		"compute_partition_config/jpeg/num_shared",
		"mem_info_gtt_total",
	};
	static const char *const modes[] = {"DPX", "TPX", "QPX", "CPX", "SPX"};
	const struct rp_tree_ops *ops = rp_sim_tree_ops();
	char buf[RP_ATTR_MAX], path[128];
	size_t len;

	for (size_t i = 0; i < RP_ARRAY_LEN(files); i++) {
		if (rp_fmt(path, sizeof(path), "sys/bus/pci/devices/%s/%s", bdf, files[i]) == 0)
			(void)ops->read(sim, path, buf, sizeof(buf), &len);
	}
	for (size_t i = 0; i < RP_ARRAY_LEN(modes); i++) {
		if (rp_fmt(path, sizeof(path), "sys/bus/pci/devices/%s/current_compute_partition",
			   bdf) == 0)
			(void)ops->write(sim, path, modes[i], 3);
	}
	if (rp_fmt(path, sizeof(path), "sys/bus/pci/devices/%s/current_memory_partition", bdf) == 0)
		(void)ops->write(sim, path, "NPS4", 4);
}

static void read_nodes(struct rp_sim *sim)
{
	static const char *const files[] = {"properties",
					    "gpu_id",
					    "mem_banks/0/properties",
					    "caches/0/properties",
					    "caches/7/properties",
					    "io_links/0/properties",
					    "p2p_links/0/properties"};
	const struct rp_tree_ops *ops = rp_sim_tree_ops();
	char buf[RP_ATTR_MAX], path[128];
	size_t len;

	for (unsigned node = 0; node < 6; node++) {
		for (size_t i = 0; i < RP_ARRAY_LEN(files); i++) {
			if (rp_fmt(path, sizeof(path), "sys/class/kfd/kfd/topology/nodes/%u/%s",
				   node, files[i]) == 0)
				(void)ops->read(sim, path, buf, sizeof(buf), &len);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	RP_AUTO_NAMES struct rp_names gpus = RP_NAMES_INIT;
	struct rocpart_error err = {0};

	if (rp_sim_new((const char *)data, size, "fuzz", &sim, &err) < 0)
		return 0;
	read_nodes(sim);
	if (rp_sim_tree_ops()->list(sim, "sys/bus/pci/devices", &gpus) == 0) {
		for (size_t i = 0; i < gpus.n && i < 2; i++)
			poke(sim, gpus.v[i]);
	}
	if (rp_sim_reload(sim, &err) == 0)
		read_nodes(sim);
	return 0;
}
