/* SPDX-License-Identifier: MIT */
/*
 * The list of GPU nodes. The KFD deletes all nodes of a GPU, moves the others down, and appends
 * new ones at the end; each step counts in generation_id. This is what breaks every scheme that
 * computes a node or an index from GPU and partition.
 */
#include "sim/machine.h"

void rp_sim_nodes_remove(struct rp_sim *sim, size_t gpu)
{
	struct rp_sim_state *s = &sim->state;
	size_t kept = 0;

	for (size_t i = 0; i < s->n_nodes; i++) {
		if (s->nodes[i].gpu == gpu)
			s->generation++;
		else
			s->nodes[kept++] = s->nodes[i];
	}
	s->n_nodes = kept;
}

static bool vanishes(struct rp_sim *sim, size_t gpu, uint32_t partition)
{
	char subject[32];

	if (rp_fmt(subject, sizeof(subject), "%s/%u", sim->profile->gpus[gpu].bdf, partition) < 0)
		return false;
	return rp_sim_fault_fires(sim, RP_SIM_FAULT_VANISH, subject) != NULL;
}

/* A partition whose slot got no DRM minor is not added (dmesg: "no drm node assigned"). */
int rp_sim_nodes_add(struct rp_sim *sim, size_t gpu)
{
	struct rp_sim_state *s = &sim->state;
	uint32_t n = rp_sim_partitions(sim, gpu);

	for (uint32_t p = 0; p < n; p++) {
		struct rp_sim_node *node;
		int r = rp_grow(&s->nodes, &s->cap_nodes, s->n_nodes + 1, sizeof(*node));

		if (r < 0)
			return r;
		if (!sim->drm[gpu][p].render)
			rp_sim_klog(sim, 4, gpu,
				    "Won't add GPU to topology since it has no drm node assigned.");
		if (!sim->drm[gpu][p].render || vanishes(sim, gpu, p))
			continue;
		node = &s->nodes[s->n_nodes];
		node->gpu = (uint32_t)gpu;
		node->partition = p;
		node->simd_seq = s->simd_next++;
		node->gpu_id = rp_sim_gpu_id(sim, gpu, p);
		s->n_nodes++;
		s->generation++;
	}
	return 0;
}
