/* SPDX-License-Identifier: MIT */
/* What follows from the state of a machine: partitions, their memory, which modes are possible. */

#include "sim/machine.h"

#define PAGE_BYTES 4096U

static const char *const compute_names[RP_SIM_N_COMPUTE] = {"SPX", "DPX", "TPX", "QPX", "CPX"};

const char *rp_sim_compute_name(enum rp_sim_compute mode)
{
	return compute_names[mode];
}

int rp_sim_compute_parse(const char *text, size_t len, enum rp_sim_compute *ret)
{
	if (len < 3)
		return -EINVAL;
	for (unsigned m = 0; m < RP_SIM_N_COMPUTE; m++) {
		if (rp_str_starts_nocase(text, compute_names[m])) {
			*ret = (enum rp_sim_compute)m;
			return 0;
		}
	}
	return -EINVAL;
}

uint32_t rp_sim_partitions_in(const struct rp_sim_product *product, enum rp_sim_compute mode)
{
	static const uint32_t counts[RP_SIM_N_COMPUTE] = {1, 2, 3, 4, 0};

	return mode == RP_SIM_CPX ? product->xcc : counts[mode];
}

uint32_t rp_sim_partitions(const struct rp_sim *sim, size_t gpu)
{
	return rp_sim_partitions_in(sim->profile->gpus[gpu].product, sim->state.gpus[gpu].compute);
}

uint32_t rp_sim_partition_xccs(const struct rp_sim *sim, size_t gpu)
{
	return sim->profile->gpus[gpu].product->xcc / rp_sim_partitions(sim, gpu);
}

bool rp_sim_gpu_bound(const struct rp_sim *sim, size_t gpu)
{
	return sim->state.loaded && sim->state.gpus[gpu].present;
}

bool rp_sim_switchable(const struct rp_sim *sim, size_t gpu)
{
	return sim->profile->gpus[gpu].product->partitionable;
}

/*
 * Kernel memory ranges: up to 6.12 real_vram / m, the last one takes the rest; later the 16 MiB
 * that firmware keeps are counted first, so that the last range is that much smaller.
 */
static uint64_t range_bytes(const struct rp_sim *sim, size_t gpu, uint32_t range)
{
	const uint64_t hidden = UINT64_C(16) << 20;
	uint64_t vram = sim->profile->gpus[gpu].product->vram_bytes;
	uint32_t m = sim->state.gpus[gpu].nps;
	uint64_t each = sim->profile->abi == RP_SIM_G1 ? vram / m : (vram + hidden) / m;

	each -= each % PAGE_BYTES;
	return range + 1 < m ? each : vram - each * (m - 1);
}

uint64_t rp_sim_partition_bytes(const struct rp_sim *sim, size_t gpu, uint32_t partition)
{
	const struct rp_sim_gpu_state *g = &sim->state.gpus[gpu];
	uint32_t n = rp_sim_partitions(sim, gpu);
	uint32_t q = n / g->nps ? n / g->nps : 1; /* partitions on one range */
	uint64_t bytes = range_bytes(sim, gpu, partition / q) / q;

	return bytes - bytes % PAGE_BYTES;
}

uint64_t rp_sim_partition_limit(const struct rp_sim *sim, size_t gpu, uint32_t partition)
{
	const struct rp_sim_gpu_state *g = &sim->state.gpus[gpu];
	uint32_t n = rp_sim_partitions(sim, gpu);
	uint32_t q = n / g->nps ? n / g->nps : 1;

	return g->alloc_all ? range_bytes(sim, gpu, partition / q)
			    : rp_sim_partition_bytes(sim, gpu, partition);
}

bool rp_sim_compute_possible(const struct rp_sim_product *product, enum rp_sim_compute mode)
{
	switch (mode) {
	case RP_SIM_DPX:
		return product->xcc % 4 == 0;
	case RP_SIM_TPX:
		return product->xcc == 6;
	case RP_SIM_QPX:
		return product->xcc == 8;
	case RP_SIM_SPX:
	case RP_SIM_CPX:
	case RP_SIM_N_COMPUTE:
		break;
	}
	return mode < RP_SIM_N_COMPUTE;
}

/* The validator of the first kernels, by the number m of memory ranges. */
static bool valid_g1(const struct rp_sim_product *product, enum rp_sim_compute mode, uint32_t m)
{
	switch (mode) {
	case RP_SIM_SPX:
		return m == 1;
	case RP_SIM_DPX:
		return m != 8;
	case RP_SIM_TPX:
		return m == 1 || m == 3;
	case RP_SIM_QPX:
		return m == 1 || m == 4;
	case RP_SIM_CPX:
		return (m == 1 || m == 4) && product->xcc % m == 0;
	case RP_SIM_N_COMPUTE:
		break;
	}
	return false;
}

bool rp_sim_is_soc_v1(const struct rp_sim_product *product)
{
	return product->gfx_version / 100 == 1205;
}

/* soc_v1_0.c, the validator of gfx1250, by the number m of memory ranges and n of XCCs. */
static bool valid_soc_v1(uint32_t n, enum rp_sim_compute mode, uint32_t m)
{
	switch (mode) {
	case RP_SIM_SPX:
		return m == 1;
	case RP_SIM_DPX:
		return m <= 2 && n % 4 == 0;
	case RP_SIM_TPX:
		return (m == 1 || m == 3) && n % 3 == 0;
	case RP_SIM_QPX:
		return (m == 1 || m == 4) && n / 4 >= 2;
	case RP_SIM_CPX:
		return n > 1 && n % m == 0;
	case RP_SIM_N_COMPUTE:
		break;
	}
	return false;
}

/* soc_v1_0.c lists memory modes by a table of its own: NPS1, with four or more partitions NPS4. */
bool rp_sim_listed_together(const struct rp_sim *sim, size_t gpu, enum rp_sim_compute mode,
			    uint32_t nps)
{
	const struct rp_sim_product *product = sim->profile->gpus[gpu].product;

	if (!rp_sim_is_soc_v1(product))
		return rp_sim_compute_valid(sim, gpu, mode, nps);
	return nps == 1 || (nps == 4 && mode != RP_SIM_SPX && mode != RP_SIM_DPX);
}

bool rp_sim_compute_valid(const struct rp_sim *sim, size_t gpu, enum rp_sim_compute mode,
			  uint32_t nps)
{
	const struct rp_sim_product *product = sim->profile->gpus[gpu].product;
	/* GC 9.5.0 got QPX and CPX in NPS2 with 6.18. */
	bool nps2 = nps == 2 && sim->profile->abi == RP_SIM_G3 && product->gfx_version == 90500;

	if (!rp_sim_compute_possible(product, mode))
		return false;
	if (rp_sim_is_soc_v1(product))
		return valid_soc_v1(product->xcc, mode, nps);
	if (sim->profile->abi == RP_SIM_G1)
		return valid_g1(product, mode, nps);
	switch (mode) {
	case RP_SIM_SPX:
	case RP_SIM_TPX:
		return nps == 1;
	case RP_SIM_DPX:
		return nps == 1 || nps == 2;
	case RP_SIM_QPX:
	case RP_SIM_CPX:
		return nps == 1 || nps == 4 || nps2;
	case RP_SIM_N_COMPUTE:
		break;
	}
	return false;
}

/* The GPU of that place in the order; n_gpus: none. */
static size_t ordered(const struct rp_sim *sim, uint32_t order)
{
	size_t g = 0;

	while (g < sim->profile->n_gpus && sim->state.gpus[g].order != order)
		g++;
	return g;
}

/*
 * DRM minors in probe order. Each GPU with an XCP manager takes 8 of each kind at once, whatever
 * its mode; classic DRM has 64 per kind, and a slot that gets none ends the slots of its GPU. A GPU
 * that is unbound leaves its minors free until it is bound again; the kernel might give them to
 * another one.
 */
void rp_sim_layout(struct rp_sim *sim)
{
	uint32_t card = sim->profile->bmc ? 1 : 0, render = 128;
	int32_t xcp = 0;

	memset(sim->drm, 0, sizeof(sim->drm));
	for (uint32_t order = 1; sim->state.loaded; order++) {
		size_t g = ordered(sim, order);
		uint32_t slots;

		if (g == sim->profile->n_gpus)
			break;
		slots = rp_sim_switchable(sim, g) ? RP_SIM_SLOTS : 1;
		for (uint32_t s = 0; s < slots && card < 64 && render < 192; s++) {
			struct rp_sim_drm d = {card++, render++, s ? xcp++ : -1};

			if (sim->state.gpus[g].present)
				sim->drm[g][s] = d;
		}
	}
}

/* Multiplied by an odd number, so that no two swaps give the same id. */
uint64_t rp_sim_unique_id(const struct rp_sim *sim, size_t gpu)
{
	return sim->profile->gpus[gpu].unique_id ^
	       (UINT64_C(0xd6e8feb86659fd93) * sim->state.gpus[gpu].swaps);
}

bool rp_sim_same_hive(const struct rp_sim *sim, size_t a, size_t b)
{
	uint64_t hive = sim->profile->gpus[a].hive_id;

	return a == b || (hive != 0 && hive == sim->profile->gpus[b].hive_id);
}

int rp_sim_find_gpu(const struct rp_sim *sim, const char *bdf)
{
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		if (rp_str_eq(sim->profile->gpus[g].bdf, bdf))
			return (int)g;
	}
	return -ENODEV;
}

void rp_sim_state_done(struct rp_sim_state *state)
{
	for (size_t i = 0; i < state->n_holders; i++)
		rp_sim_holder_done(&state->holders[i]);
	for (size_t i = 0; i < state->n_services; i++)
		rp_sim_service_done(&state->services[i]);
	for (size_t i = 0; i < state->n_faults; i++)
		rp_sim_fault_done(&state->faults[i]);
	for (size_t i = 0; i < state->n_dues; i++)
		rp_sim_due_done(&state->dues[i]);
	free(state->dues);
	free(state->nodes);
	free(state->holders);
	free(state->services);
	free(state->faults);
	rp_sim_load_free(state->load);
	*state = (struct rp_sim_state){0};
}
