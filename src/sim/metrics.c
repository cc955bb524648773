/* SPDX-License-Identifier: MIT */
/* xcp/xcp_metrics: binary metrics of one partition, there while its slot is a partition (g3). */
#include "sim/front.h"

/* struct amdgpu_partition_metrics_v1_0: header, clocks, then busy counts and accumulators. */
#define METRICS_SIZE (4 + 2 * (8 + 4 + 4 + 4 + 1 + 1) + 4 * 8 + 2 * 40 + 2 * 4 + 8 * 8 * 6)

static bool has_metrics(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return sim->profile->abi == RP_SIM_G3 && rp_sim_switchable(sim, e->gpu) &&
	       e->slot < rp_sim_partitions(sim, e->gpu);
}

/* What the hardware does not tell is all ones; a simulated GPU tells nothing. */
static int show_metrics(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const char header[] = {(char)(METRICS_SIZE & 0xff), (char)(METRICS_SIZE >> 8), 1, 0};

	(void)sim;
	(void)e;
	rp_strbuf_add_mem(out, header, sizeof(header));
	for (size_t i = sizeof(header); i < METRICS_SIZE; i++)
		rp_strbuf_add_char(out, (char)0xff);
	return rp_sim_shown(out);
}

static const struct rp_sim_file metrics_files[] = {
	RP_SIM_ATTR("xcp_metrics", show_metrics),
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_metrics_dirs[] = {
	{.name = "xcp",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = metrics_files,
	 .exists = has_metrics},
	RP_SIM_END,
};
