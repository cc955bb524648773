/* SPDX-License-Identifier: MIT */
/* Power on, driver unload and load: where a requested memory mode takes effect. */
#include "sim/machine.h"

/* What a reload and a reset of the machine put back. */
static void default_settings(const struct rp_sim *sim, size_t gpu, struct rp_sim_gpu_state *g)
{
	uint64_t watts = sim->profile->gpus[gpu].product->power_cap_w;

	g->alloc_all = false;
	g->power_cap_uw = watts * 1000000;
	memset(g->perf_level, 0, sizeof(g->perf_level));
	memcpy(g->perf_level, "auto", sizeof("auto"));
	memset(g->isolation, 0, sizeof(g->isolation));
}

/* The compute mode that the driver chooses when it starts, from ranges m and XCCs n. */
static int auto_compute(const struct rp_sim *sim, size_t gpu, enum rp_sim_compute *ret)
{
	const struct rp_sim_product *product = sim->profile->gpus[gpu].product;
	uint32_t m = sim->state.gpus[gpu].nps, n = product->xcc;
	enum rp_sim_compute mode;

	if (sim->profile->user_partt_mode >= 0) {
		mode = (enum rp_sim_compute)sim->profile->user_partt_mode;
		if (!rp_sim_compute_valid(sim, gpu, mode, m))
			return -EINVAL;
	} else if (m == 1) {
		mode = RP_SIM_SPX;
	} else if (m == n) {
		mode = RP_SIM_CPX;
	} else if (m == n / 2) {
		if (product->apu)
			mode = RP_SIM_TPX;
		else
			mode = sim->profile->auto_qpx ? RP_SIM_QPX : RP_SIM_CPX;
	} else if (m == 2 && !product->apu) {
		mode = RP_SIM_DPX;
	} else {
		return -EINVAL;
	}
	*ret = mode;
	return 0;
}

/* Probe of one GPU; one that fails stays without driver, the others go on. */
static void probe(struct rp_sim *sim, size_t gpu)
{
	const char *bdf = sim->profile->gpus[gpu].bdf;
	struct rp_sim_gpu_state *g = &sim->state.gpus[gpu];

	default_settings(sim, gpu, g);
	g->compute = RP_SIM_SPX;
	g->unplugged = rp_sim_fault_fires(sim, RP_SIM_FAULT_UNPLUG, bdf) != NULL;
	g->present = !rp_sim_fault_fires(sim, RP_SIM_FAULT_LOSE, bdf) && !g->unplugged;
	if (rp_sim_fault_fires(sim, RP_SIM_FAULT_REPLACE, bdf))
		g->swaps++;
	if (rp_sim_switchable(sim, gpu) && auto_compute(sim, gpu, &g->compute) < 0)
		g->present = false;
	g->xcp_config = g->compute;
}

int rp_sim_load(struct rp_sim *sim)
{
	const struct rp_sim_fault *fault;
	int r = 0;

	if (sim->state.loaded)
		return 0;
	fault = rp_sim_fault_fires(sim, RP_SIM_FAULT_LOAD, "");
	if (fault)
		return fault->effect;
	sim->state.loaded = true;
	sim->state.loads++;
	sim->state.generation = 1; /* the CPU nodes */
	sim->state.simd_next = 0;
	sim->state.n_nodes = 0;
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		probe(sim, g);
	rp_sim_layout(sim);
	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++) {
		if (sim->state.gpus[g].present)
			r = rp_sim_nodes_add(sim, g);
	}
	return r;
}

/* The firmware is asked for each member; if one refuses the others are asked to go back. */
static void apply_pending(struct rp_sim *sim, size_t first)
{
	bool refused = false;

	for (size_t g = first; g < sim->profile->n_gpus; g++) {
		if (rp_sim_same_hive(sim, first, g) && sim->state.gpus[g].present &&
		    rp_sim_fault_fires(sim, RP_SIM_FAULT_NPS, sim->profile->gpus[g].bdf))
			refused = true;
	}
	for (size_t g = first; g < sim->profile->n_gpus; g++) {
		struct rp_sim_gpu_state *s = &sim->state.gpus[g];

		if (!rp_sim_same_hive(sim, first, g))
			continue;
		if (!refused && s->pending_nps)
			s->nps = s->pending_nps;
		s->pending_nps = 0;
	}
}

int rp_sim_unload(struct rp_sim *sim)
{
	const struct rp_sim_fault *fault;

	if (!sim->state.loaded)
		return 0;
	fault = rp_sim_fault_fires(sim, RP_SIM_FAULT_UNLOAD, "");
	if (fault)
		return fault->effect;
	if (rp_sim_open_files(sim) > 0)
		return -EBUSY; /* "Module amdgpu is in use"; a request stays pending */
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		if (sim->state.gpus[g].pending_nps)
			apply_pending(sim, g);
	}
	sim->state.loaded = false;
	sim->state.n_nodes = 0;
	rp_sim_layout(sim);
	return 0;
}

int rp_sim_boot(struct rp_sim *sim)
{
	uint64_t boots = sim->state.boots, loads = sim->state.loads;
	bool asks = sim->state.asks;
	struct rp_sim_load *load = rp_steal(&sim->state.load);
	char id[RP_SIM_ID_SIZE];

	memcpy(id, sim->state.id, sizeof(id));
	rp_sim_state_done(&sim->state);
	sim->state.load = load;
	rp_sim_load_cool(sim);
	sim->state.boots = boots + 1;
	sim->state.loads = loads;
	sim->state.asks = asks;
	memcpy(sim->state.id, id, sizeof(id));
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		sim->state.gpus[g].nps = rp_sim_switchable(sim, g) ? sim->profile->boot_nps : 1;
	return rp_sim_load(sim);
}
