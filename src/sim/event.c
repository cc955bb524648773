/* SPDX-License-Identifier: MIT */
/*
 * What happens to GPUs while the machine runs. The words of the kernel log are those of the
 * driver: amdgpu_device.c (reset, "device lost from bus!"), smu_v13_0.c (too hot).
 */
#include <fnmatch.h>

#include "sim/machine.h"

#define SECOND_US     1000000
#define RESET_SECONDS 5 /* of a mode-1 reset with its hive: an estimate */

/* Those who use the GPU: the driver signals them, and AMD's runtime ends its process then. */
static void end_users(struct rp_sim *sim, size_t gpu)
{
	for (size_t i = sim->state.n_holders; i-- > 0;) {
		struct rp_sim_holder *h = &sim->state.holders[i], ended;
		bool uses = h->open[gpu] != 0;

		for (uint32_t s = 0; s < RP_SIM_SLOTS; s++)
			uses |= rp_sim_vram_of(h, gpu, s) > 0;
		if (!uses)
			continue;
		if (h->of_load)
			rp_sim_load_end_process(sim, h->pid);
		ended = rp_sim_holder_take(sim, i);
		rp_sim_holder_done(&ended);
	}
}

static void fall_off(struct rp_sim *sim, size_t gpu)
{
	struct rp_sim_gpu_state *g = &sim->state.gpus[gpu];

	if (!g->off && rp_sim_gpu_bound(sim, gpu))
		rp_sim_klog(sim, 3, gpu, "device lost from bus!");
	g->off = true;
}

static void unbind(struct rp_sim *sim, size_t gpu)
{
	if (!rp_sim_gpu_bound(sim, gpu))
		return;
	end_users(sim, gpu);
	rp_sim_unbind(sim, gpu);
}

static int rescan(struct rp_sim *sim)
{
	int r = 0;

	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++) {
		struct rp_sim_gpu_state *s = &sim->state.gpus[g];

		if (!s->unplugged ||
		    rp_sim_fault_match(sim, RP_SIM_FAULT_UNPLUG, sim->profile->gpus[g].bdf))
			continue;
		s->unplugged = s->removed = false;
		s->off = false;
		r = rp_sim_bind(sim, g);
	}
	return r;
}

/* All GPUs of the hive are reset together. */
static int begin_reset(struct rp_sim *sim, size_t gpu, uint64_t seconds)
{
	struct rp_sim_due end = {
		.at_us =
			rp_sim_time(sim) + (int64_t)(seconds ? seconds : RESET_SECONDS) * SECOND_US,
		.kind = RP_SIM_DUE_RESET_ENDS,
		.gpu = (uint32_t)gpu,
	};

	if (!rp_sim_gpu_bound(sim, gpu) || rp_sim_is_resetting(sim, gpu))
		return 0;
	rp_sim_klog(sim, 6, gpu, "GPU reset begin!. Source:  4");
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		if (rp_sim_same_hive(sim, gpu, g))
			end_users(sim, g);
	return rp_sim_due_add(sim, end);
}

void rp_sim_end_reset(struct rp_sim *sim, size_t gpu)
{
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		struct rp_sim_gpu_state *s = &sim->state.gpus[g];

		if (!rp_sim_same_hive(sim, gpu, g) || !rp_sim_gpu_bound(sim, g))
			continue;
		s->resets++;
		if (s->off) {
			rp_sim_klog(sim, 6, g, "GPU reset(%u) failed", s->resets);
			continue;
		}
		rp_sim_klog(sim, 6, g, "VRAM is lost due to GPU reset!");
		rp_sim_klog(sim, 6, g, "GPU reset(%u) succeeded!", s->resets);
	}
}

bool rp_sim_is_resetting(const struct rp_sim *sim, size_t gpu)
{
	for (size_t i = 0; i < sim->state.n_dues; i++) {
		const struct rp_sim_due *d = &sim->state.dues[i];

		if (d->kind == RP_SIM_DUE_RESET_ENDS && rp_sim_same_hive(sim, d->gpu, gpu))
			return true;
	}
	return false;
}

/* The driver asks for the machine to be switched off; the GPU has done so with itself. */
static void overheat(struct rp_sim *sim, size_t gpu)
{
	if (sim->state.load)
		sim->state.load->gpus[gpu].hotspot_uc = INT64_C(110) * 1000000;
	if (rp_sim_gpu_bound(sim, gpu)) {
		rp_sim_klog(sim, 0, gpu, "ERROR: GPU over temperature range(SW CTF) detected!");
		rp_sim_klog(sim, 0, gpu, "ERROR: System is going to shutdown due to GPU SW CTF!");
	}
	fall_off(sim, gpu);
}

/* As after a reload that reached some GPUs of a hive only. */
static int set_nps(struct rp_sim *sim, size_t gpu, uint64_t nps)
{
	struct rp_sim_gpu_state *g = &sim->state.gpus[gpu];
	enum rp_sim_compute mode = g->compute;

	if (!rp_sim_switchable(sim, gpu) || nps > 8 ||
	    !(nps == 1 || (sim->profile->gpus[gpu].product->nps_mask & (1U << nps))))
		return -EINVAL;
	end_users(sim, gpu);
	rp_sim_due_drop(sim, RP_SIM_DUE_SWITCHED, (uint32_t)gpu);
	g->nps = (uint32_t)nps;
	g->pending_nps = 0;
	if (rp_sim_auto_compute(sim, gpu, &mode) < 0)
		return -EINVAL;
	g->compute = mode;
	g->xcp_config = mode;
	if (!rp_sim_gpu_bound(sim, gpu))
		return 0;
	rp_sim_nodes_remove(sim, gpu);
	return rp_sim_nodes_add(sim, gpu);
}

/* ---- each to one GPU; n: the number behind the address ---- */

static int do_off_bus(struct rp_sim *sim, size_t gpu, uint64_t n)
{
	(void)n;
	fall_off(sim, gpu);
	return 0;
}

static int do_unbind(struct rp_sim *sim, size_t gpu, uint64_t n)
{
	(void)n;
	unbind(sim, gpu);
	return 0;
}

static int do_remove(struct rp_sim *sim, size_t gpu, uint64_t n)
{
	(void)n;
	unbind(sim, gpu);
	sim->state.gpus[gpu].unplugged = sim->state.gpus[gpu].removed = true;
	return 0;
}

static int do_bind(struct rp_sim *sim, size_t gpu, uint64_t n)
{
	(void)n;
	return sim->state.gpus[gpu].unplugged ? 0 : rp_sim_bind(sim, gpu);
}

static int do_overheat(struct rp_sim *sim, size_t gpu, uint64_t n)
{
	(void)n;
	overheat(sim, gpu);
	return 0;
}

int rp_sim_happen(struct rp_sim *sim, const struct rp_sim_fault *f)
{
	static int (*const events[RP_SIM_N_FAULT_OPS])(struct rp_sim * sim, size_t gpu,
						       uint64_t n) = {
		[RP_SIM_EVENT_OFF_BUS] = do_off_bus, [RP_SIM_EVENT_REMOVE] = do_remove,
		[RP_SIM_EVENT_UNBIND] = do_unbind,   [RP_SIM_EVENT_BIND] = do_bind,
		[RP_SIM_EVENT_RESET] = begin_reset,  [RP_SIM_EVENT_OVERHEAT] = do_overheat,
		[RP_SIM_EVENT_SET_NPS] = set_nps,
	};
	bool any = false;
	int r = 0;

	if (f->op == RP_SIM_EVENT_RESCAN)
		return rescan(sim);
	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++) {
		if (fnmatch(f->pattern, sim->profile->gpus[g].bdf, 0) != 0)
			continue;
		any = true;
		r = events[f->op](sim, g, f->nth);
	}
	return r == 0 && !any ? -ENODEV : r;
}
