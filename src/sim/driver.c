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
int rp_sim_auto_compute(const struct rp_sim *sim, size_t gpu, enum rp_sim_compute *ret)
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
	} else if (m == n / 2 && !rp_sim_is_soc_v1(product)) {
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

static uint32_t next_order(const struct rp_sim *sim)
{
	uint32_t order = 1;

	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		if (sim->state.gpus[g].order >= order)
			order = sim->state.gpus[g].order + 1;
	return order;
}

/* As amdgpu_ras_eeprom.c: only a threshold that was set keeps a GPU from starting. */
static bool has_too_many_bad_pages(struct rp_sim *sim, size_t gpu)
{
	const struct rp_sim_fault *f =
		rp_sim_fault_match(sim, RP_SIM_FAULT_BAD_PAGES, sim->profile->gpus[gpu].bdf);
	uint32_t most = sim->profile->bad_page_threshold;

	if (!f || !most || f->nth <= most)
		return false;
	rp_sim_klog(sim, 3, gpu,
		    "RAS records:%llu exceed threshold:%u, GPU will not be initialized. Replace "
		    "this GPU or increase the threshold",
		    (unsigned long long)f->nth, most);
	return true;
}

/* Probe of one GPU; one that fails stays without driver, the others go on. */
static void probe(struct rp_sim *sim, size_t gpu)
{
	const char *bdf = sim->profile->gpus[gpu].bdf;
	struct rp_sim_gpu_state *g = &sim->state.gpus[gpu];

	default_settings(sim, gpu, g);
	g->compute = RP_SIM_SPX;
	g->present = g->unplugged = false;
	if (g->removed) {
		g->unplugged = true; /* until somebody looks for it */
		return;
	}
	if (sim->profile->gpus[gpu].driver)
		return; /* another driver has it */
	g->unplugged = rp_sim_fault_fires(sim, RP_SIM_FAULT_UNPLUG, bdf) != NULL;
	if (g->unplugged)
		g->present = false; /* nor does the kernel know of it */
	else
		g->present = !rp_sim_fault_fires(sim, RP_SIM_FAULT_LOSE, bdf) && !g->off &&
			     !has_too_many_bad_pages(sim, gpu);
	if (rp_sim_fault_fires(sim, RP_SIM_FAULT_REPLACE, bdf))
		g->swaps++;
	if (rp_sim_switchable(sim, gpu) && rp_sim_auto_compute(sim, gpu, &g->compute) < 0)
		g->present = false;
	g->xcp_config = g->compute;
	if (g->present && !g->order)
		g->order = next_order(sim);
	if (g->present || g->unplugged)
		return;
	rp_sim_klog(sim, 3, gpu, "Fatal error during GPU init");
	rp_sim_klog(sim, 6, gpu, "amdgpu: finishing device.");
	rp_sim_klog(sim, 4, RP_SIM_NO_GPU,
		    "amdgpu %s: probe with driver amdgpu failed with error -22", bdf);
}

/* amdgpu_xcp.c: the first slot that gets no DRM minor ends the slots of its GPU. */
static void log_slots(struct rp_sim *sim, size_t gpu)
{
	for (uint32_t s = 1; rp_sim_switchable(sim, gpu) && s < RP_SIM_SLOTS; s++) {
		if (sim->drm[gpu][s].render)
			continue;
		rp_sim_klog(sim, 4, gpu, "Skip xcp node #%u when out of drm node resource.", s);
		return;
	}
}

static int add_nodes(struct rp_sim *sim, size_t gpu)
{
	const struct rp_sim_product *p = sim->profile->gpus[gpu].product;

	log_slots(sim, gpu);
	rp_sim_klog(sim, 6, RP_SIM_NO_GPU, "kfd kfd: amdgpu: added device 1002:%x", p->device);
	return rp_sim_nodes_add(sim, gpu);
}

int rp_sim_bind(struct rp_sim *sim, size_t gpu)
{
	struct rp_sim_gpu_state *g = &sim->state.gpus[gpu];

	if (!rp_sim_is_live(sim) || g->present)
		return 0;
	probe(sim, gpu);
	rp_sim_layout(sim);
	return g->present ? add_nodes(sim, gpu) : 0;
}

void rp_sim_unbind(struct rp_sim *sim, size_t gpu)
{
	rp_sim_klog(sim, 6, gpu, "amdgpu: finishing device.");
	rp_sim_due_drop(sim, RP_SIM_DUE_SWITCHED, (uint32_t)gpu);
	rp_sim_nodes_remove(sim, gpu);
	sim->state.gpus[gpu].present = false;
	rp_sim_layout(sim);
}

bool rp_sim_is_live(const struct rp_sim *sim)
{
	return sim->state.loaded && !rp_sim_due_find(sim, RP_SIM_DUE_LOADED, 0) &&
	       !rp_sim_due_find(sim, RP_SIM_DUE_UNLOADED, 0);
}

/* What was begun is over then. */
static int due_in(struct rp_sim *sim, enum rp_sim_due_kind kind, uint32_t ms)
{
	struct rp_sim_due d = {.at_us = rp_sim_time(sim) + (int64_t)ms * 1000, .kind = kind};

	int r = rp_sim_due_add(sim, d);

	sim->wait_id = sim->state.due_ids;
	return r;
}

int rp_sim_finish_load(struct rp_sim *sim)
{
	int r = 0;

	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		probe(sim, g);
	rp_sim_layout(sim);
	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++) {
		if (sim->state.gpus[g].present)
			r = add_nodes(sim, g);
	}
	return r;
}

static int begin_load(struct rp_sim *sim)
{
	const struct rp_sim_fault *fault = rp_sim_fault_fires(sim, RP_SIM_FAULT_LOAD, "");

	if (fault)
		return fault->effect;
	sim->state.loaded = true;
	sim->state.loads++;
	sim->state.generation = 1; /* the CPU nodes */
	sim->state.simd_next = 0;
	sim->state.n_nodes = 0;
	rp_sim_klog(sim, 6, RP_SIM_NO_GPU, "[drm] amdgpu kernel modesetting enabled.");
	for (size_t c = 0; c < sim->profile->n_cpus; c++)
		rp_sim_klog(sim, 6, RP_SIM_NO_GPU, "amdgpu: Topology: Add CPU node");
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		sim->state.gpus[g].present = false;
		sim->state.gpus[g].order = 0;
	}
	rp_sim_layout(sim);
	return 0;
}

/* A second modprobe waits for the first; one of a module that goes is told so. */
int rp_sim_load(struct rp_sim *sim)
{
	const struct rp_sim_due *coming = rp_sim_due_find(sim, RP_SIM_DUE_LOADED, 0);
	int r;

	if (rp_sim_due_find(sim, RP_SIM_DUE_UNLOADED, 0))
		return -EBUSY;
	if (coming)
		sim->wait_id = coming->id;
	if (sim->state.loaded)
		return 0;
	r = begin_load(sim);
	if (r < 0)
		return r;
	return sim->state.realistic ? due_in(sim, RP_SIM_DUE_LOADED, sim->profile->load_ms)
				    : rp_sim_finish_load(sim);
}

/* A mode that its firmware does not have, or does not complete, or that a fault forbids. */
static bool firmware_refuses(struct rp_sim *sim, size_t gpu)
{
	const struct rp_sim_product *p = sim->profile->gpus[gpu].product;
	uint32_t bit = 1U << sim->state.gpus[gpu].pending_nps;

	return rp_sim_fault_fires(sim, RP_SIM_FAULT_NPS, sim->profile->gpus[gpu].bdf) ||
	       !(p->nps_mask & bit) || (p->nps_broken & bit);
}

/* The firmware is asked for each member; if one refuses the others are asked to go back. */
static void apply_pending(struct rp_sim *sim, size_t first)
{
	bool refused = false;

	for (size_t g = first; g < sim->profile->n_gpus; g++) {
		if (rp_sim_same_hive(sim, first, g) && sim->state.gpus[g].present &&
		    sim->state.gpus[g].pending_nps && firmware_refuses(sim, g))
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
	/* amdgpu_gmc.c, once for a hive */
	if (refused)
		rp_sim_klog(sim, 3, first, "NPS mode change request failed");
	else
		rp_sim_klog(sim, 6, first,
			    "NPS mode change request done, reload driver to complete the change");
}

void rp_sim_finish_unload(struct rp_sim *sim)
{
	sim->state.loaded = false;
	rp_sim_layout(sim);
}

int rp_sim_unload(struct rp_sim *sim)
{
	const struct rp_sim_fault *fault;

	if (!sim->state.loaded)
		return 0;
	if (!rp_sim_is_live(sim))
		return -EBUSY;
	fault = rp_sim_fault_fires(sim, RP_SIM_FAULT_UNLOAD, "");
	if (fault)
		return fault->effect;
	if (rp_sim_open_files(sim) > 0)
		return -EBUSY; /* "Module amdgpu is in use"; a request stays pending */
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		if (sim->state.gpus[g].pending_nps)
			apply_pending(sim, g);
	}
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		rp_sim_due_drop(sim, RP_SIM_DUE_SWITCHED, (uint32_t)g);
		if (sim->state.gpus[g].present)
			rp_sim_klog(sim, 6, g, "amdgpu: finishing device.");
	}
	sim->state.n_nodes = 0;
	if (!sim->state.realistic) {
		rp_sim_finish_unload(sim);
		return 0;
	}
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		sim->state.gpus[g].present = false;
	rp_sim_layout(sim);
	return due_in(sim, RP_SIM_DUE_UNLOADED, sim->profile->unload_ms);
}

/* Where other drivers have all GPUs, as GIM on the host of virtual machines, nobody loads it. */
static bool has_work(const struct rp_sim *sim)
{
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		if (!sim->profile->gpus[g].driver)
			return true;
	return false;
}

int rp_sim_boot(struct rp_sim *sim)
{
	struct rp_sim_state was = sim->state;
	int r;

	sim->state.load = NULL;
	rp_sim_state_done(&sim->state);
	sim->state.load = was.load;
	rp_sim_load_cool(sim);
	sim->state.boots = was.boots + 1;
	sim->state.loads = was.loads;
	sim->state.asks = was.asks;
	sim->state.no_sync = was.no_sync;
	memcpy(sim->state.id, was.id, sizeof(was.id));
	sim->state.booted_us = rp_sim_time(sim);
	rp_strbuf_reset(&sim->log);
	sim->log_is_new = true;
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		sim->state.gpus[g].nps = rp_sim_switchable(sim, g) ? sim->profile->boot_nps : 1;
	r = has_work(sim) ? rp_sim_load(sim) : 0; /* who looks at it first finds it up */
	sim->state.realistic = was.realistic;
	return r;
}
