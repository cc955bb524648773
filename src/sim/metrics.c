/* SPDX-License-Identifier: MIT */
/*
 * Binary metrics: gpu_metrics of a GPU, xcp/xcp_metrics of a partition. What the hardware does not
 * tell is all ones there, and a simulated GPU tells little: AMD's library counts the clocks of
 * gpu_metrics to know how many partitions CPX has.
 */
#include "sim/front.h"

/* struct amdgpu_partition_metrics_v1_0: header, clocks, then busy counts and accumulators. */
#define XCP_METRICS_SIZE (4 + 2 * (8 + 4 + 4 + 4 + 1 + 1) + 4 * 8 + 2 * 40 + 2 * 4 + 8 * 8 * 6)

/*
 * struct gpu_metrics_v1_5, _v1_7 and _v1_8 (kgd_pp_interface.h), one for each generation: offsets
 * of its clocks, of the count of partitions where there is one, and {offset, bytes} of counters of
 * 32 bits (throttling, activity, PCIe NAKs), which AMD's library does not know as unset.
 */
static const struct {
	uint8_t revision;
	uint16_t size, gfxclk, n_partitions, counters[3][2];
} layouts[] = {
	[RP_SIM_G1] = {5, 360, 312, 0, {{104, 8}, {120, 8}, {168, 8}}},
	[RP_SIM_G2] = {7, 2208, 296, 338, {{40, 28}, {76, 8}, {128, 8}}},
	[RP_SIM_G3] = {8, 3872, 296, 338, {{40, 28}, {76, 8}, {128, 8}}},
};

#define IDLE_MHZ 132 /* what rocm-smi shows of a MI300X that does nothing */

static int show_empty(struct rp_strbuf *out, size_t size, uint8_t revision)
{
	const char header[] = {(char)(size & 0xff), (char)(size >> 8), 1, (char)revision};

	rp_strbuf_add_mem(out, header, sizeof(header));
	for (size_t i = sizeof(header); i < size; i++)
		rp_strbuf_add_char(out, (char)0xff);
	return rp_sim_shown(out);
}

static void put_u16(struct rp_strbuf *out, size_t at, uint32_t value)
{
	out->s[at] = (char)(value & 0xff);
	out->s[at + 1] = (char)(value >> 8);
}

/* ---- of a GPU ---- */

/* smu_v13_0_6_ppt.c is for GC 9.4.3 and later; older GPUs fill another structure. */
static bool has_gpu_metrics(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_gpu_bound(sim, e->gpu) && rp_sim_switchable(sim, e->gpu);
}

static int show_gpu_metrics(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	size_t generation = (size_t)sim->profile->abi;
	int r = rp_sim_in_reset(sim, e->gpu) ? -EPERM : 0;

	if (r == 0)
		r = show_empty(out, layouts[generation].size, layouts[generation].revision);
	if (r < 0)
		return r;
	for (size_t i = 0; i < RP_ARRAY_LEN(layouts[generation].counters); i++)
		memset(out->s + layouts[generation].counters[i][0], 0,
		       layouts[generation].counters[i][1]);
	for (uint32_t i = 0; i < sim->profile->gpus[e->gpu].product->xcc; i++)
		put_u16(out, layouts[generation].gfxclk + 2 * i, IDLE_MHZ);
	if (layouts[generation].n_partitions)
		put_u16(out, layouts[generation].n_partitions, rp_sim_partitions(sim, e->gpu));
	return 0;
}

/* ---- of a partition ---- */

/* Only while its slot is a partition. */
static bool has_xcp_metrics(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return sim->profile->abi == RP_SIM_G3 && rp_sim_switchable(sim, e->gpu) &&
	       e->slot < rp_sim_partitions(sim, e->gpu);
}

static int show_xcp_metrics(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	return show_empty(out, XCP_METRICS_SIZE, 0);
}

static const struct rp_sim_file xcp_files[] = {
	RP_SIM_ATTR("xcp_metrics", show_xcp_metrics),
	RP_SIM_END,
};

#define XCP_DIR                                                                          \
	{                                                                                \
		.name = "xcp", .type = RP_FILE_DIR, .mode = 0755, .children = xcp_files, \
		.exists = has_xcp_metrics,                                               \
	}

const struct rp_sim_file rp_sim_slot_metrics_files[] = {XCP_DIR, RP_SIM_END};

const struct rp_sim_file rp_sim_gpu_metrics_files[] = {
	{.name = "gpu_metrics",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_gpu_metrics,
	 .exists = has_gpu_metrics},
	XCP_DIR,
	RP_SIM_END,
};
