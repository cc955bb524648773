/* SPDX-License-Identifier: MIT */
/*
 * Drivers other than amdgpu that have a GPU: GIM on the host of virtual machines, vfio-pci for a
 * function that is given to one. In sys/bus/pci/drivers each is named by the first GPU that it has.
 */
#include "sim/front.h"

const char *rp_sim_driver_of(const struct rp_sim *sim, size_t gpu)
{
	if (sim->profile->gpus[gpu].driver)
		return sim->profile->gpus[gpu].driver;
	return rp_sim_gpu_bound(sim, gpu) ? "amdgpu" : NULL;
}

static bool is_driven_by(const struct rp_sim *sim, size_t gpu, const char *driver)
{
	return sim->profile->gpus[gpu].driver && rp_str_eq(sim->profile->gpus[gpu].driver, driver);
}

static int find_driver(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	for (uint32_t g = 0; g < sim->profile->n_gpus; g++) {
		if (is_driven_by(sim, g, name)) {
			e->index = g;
			return 0;
		}
	}
	return -ENOENT;
}

static int each_driver(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	(void)e;
	for (uint32_t g = 0; r == 0 && g < sim->profile->n_gpus; g++) {
		const char *driver = sim->profile->gpus[g].driver;
		struct rp_sim_ent first = {0};

		if (driver && find_driver(sim, driver, &first) == 0 && first.index == g)
			r = rp_names_add(ret, driver);
	}
	return r;
}

static bool is_listed(const struct rp_sim *sim, const struct rp_sim_ent *e, size_t gpu)
{
	return is_driven_by(sim, gpu, sim->profile->gpus[e->index].driver) &&
	       !sim->state.gpus[gpu].unplugged;
}

static int find_gpu(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	int g = rp_sim_find_gpu(sim, name);

	if (g < 0 || !is_listed(sim, e, (size_t)g))
		return -ENOENT;
	e->gpu = (uint32_t)g;
	return 0;
}

static int each_gpu(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++)
		if (is_listed(sim, e, g))
			r = rp_names_add(ret, sim->profile->gpus[g].bdf);
	return r;
}

static int show_gpu(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_sim_add_pci_path(sim, e->gpu, out);
	return rp_sim_shown(out);
}

static const struct rp_sim_file gpu_links[] = {
	{.find = find_gpu, .each = each_gpu, .type = RP_FILE_LINK, .mode = 0777, .show = show_gpu},
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_other_driver_dirs[] = {
	{.find = find_driver,
	 .each = each_driver,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = gpu_links},
	RP_SIM_END,
};
