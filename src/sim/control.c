/* SPDX-License-Identifier: MIT */
/* The store methods of the files that change a GPU, each check in the kernel's order. */

#include "sim/machine.h"

int rp_sim_finish_switch(struct rp_sim *sim, size_t gpu, enum rp_sim_compute mode, bool fails)
{
	struct rp_sim_gpu_state *g = &sim->state.gpus[gpu];

	if (!rp_sim_gpu_bound(sim, gpu) || g->off || !rp_sim_compute_valid(sim, gpu, mode, g->nps))
		return 0; /* gone, or another one, meanwhile */
	rp_sim_nodes_remove(sim, gpu);
	g->compute = mode;
	g->alloc_all = false; /* each switch goes back to CAPPING */
	memset(g->isolation, 0, sizeof(g->isolation));
	return fails ? 0 : rp_sim_nodes_add(sim, gpu);
}

static int switch_compute(struct rp_sim *sim, size_t gpu, enum rp_sim_compute mode)
{
	struct rp_sim_due end = {
		.at_us = rp_sim_time(sim) + (int64_t)sim->profile->switch_ms * 1000,
		.kind = RP_SIM_DUE_SWITCHED,
		.gpu = (uint32_t)gpu,
		.arg = mode,
	};
	int r;

	/* The register was written before the KFD is started again, so the mode has changed. */
	end.fails = rp_sim_fault_fires(sim, RP_SIM_FAULT_REINIT, sim->profile->gpus[gpu].bdf);
	rp_sim_nodes_remove(sim, gpu);
	if (sim->state.realistic) {
		r = rp_sim_due_add(sim, end);
		sim->wait_id = sim->state.due_ids;
	} else {
		r = rp_sim_finish_switch(sim, gpu, mode, end.fails);
	}
	return r == 0 && end.fails ? -EIO : r;
}

int rp_sim_write_compute(struct rp_sim *sim, size_t gpu, const char *data, size_t len)
{
	const struct rp_sim_product *product = sim->profile->gpus[gpu].product;
	struct rp_sim_gpu_state *g = &sim->state.gpus[gpu];
	enum rp_sim_compute mode = RP_SIM_SPX;

	if (product->xcc % 2 != 0)
		return -EINVAL;
	if (rp_sim_compute_parse(data, len, &mode) < 0)
		return -EINVAL;
	if (!rp_sim_compute_possible(product, mode))
		return -EINVAL;
	if (rp_sim_in_reset(sim, gpu))
		return -EPERM;
	if (mode == g->compute)
		return 0; /* also when busy */
	if (!rp_sim_compute_valid(sim, gpu, mode, g->nps))
		return -EINVAL;
	if (rp_sim_kfd_busy(sim, gpu))
		return -EBUSY;
	/* The first validator lets DPX pass in NPS4: 2 partitions / 4 ranges divides by zero. */
	if (rp_sim_partitions_in(product, mode) < g->nps)
		return -EIO;
	return switch_compute(sim, gpu, mode);
}

int rp_sim_write_memory(struct rp_sim *sim, size_t gpu, const char *data, size_t len)
{
	static const uint32_t modes[] = {1, 2, 4, 8};
	uint32_t nps = 0;

	for (size_t i = 0; len >= 4 && i < RP_ARRAY_LEN(modes); i++) {
		char name[] = "NPS0";

		name[3] = (char)('0' + modes[i]);
		if ((sim->profile->gpus[gpu].product->nps_mask & (1U << modes[i])) &&
		    rp_str_starts_nocase(data, name))
			nps = modes[i];
	}
	if (!nps)
		return -EINVAL;
	if (nps == sim->state.gpus[gpu].nps)
		return 0; /* does not cancel an earlier request either */
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		if (rp_sim_same_hive(sim, gpu, g) && rp_sim_switchable(sim, g))
			sim->state.gpus[g].pending_nps = nps;
	}
	rp_sim_klog(sim, 6, gpu, "NPS mode change requested, please remove and reload the driver");
	return 0;
}

int rp_sim_write_xcp_config(struct rp_sim *sim, size_t gpu, const char *data, size_t len)
{
	enum rp_sim_compute mode = RP_SIM_SPX;

	if (rp_sim_compute_parse(data, len, &mode) < 0)
		return -EINVAL;
	if (!rp_sim_compute_possible(sim->profile->gpus[gpu].product, mode))
		return -EINVAL;
	sim->state.gpus[gpu].xcp_config = mode;
	return 0;
}

int rp_sim_write_alloc_mode(struct rp_sim *sim, size_t gpu, const char *data, size_t len)
{
	if (len >= 7 && rp_str_starts_nocase(data, "CAPPING"))
		sim->state.gpus[gpu].alloc_all = false;
	else if (len >= 3 && rp_str_starts_nocase(data, "ALL"))
		sim->state.gpus[gpu].alloc_all = true;
	else
		return -EINVAL;
	return 0;
}
