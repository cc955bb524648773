/* SPDX-License-Identifier: MIT */
/* The planner's machine: menus of modes and GPUs, from a snapshot or from the product table. */
#ifndef RP_API_PLAN_MACHINE_H
#define RP_API_PLAN_MACHINE_H

#include "facts/product.h"
#include "node/snapshot.h"
#include "place/problem.h"

struct rp_plan_machine {
	struct rp_place_menu *menus;
	size_t n_menus, cap_menus;
	struct rp_place_gpu *gpus;
	size_t n_gpus;
	char (*names)[16]; /* of GPUs that one does not have: "gpu12" */
};

/* What node.yaml asks of every GPU; UNKNOWN: the planner chooses. */
struct rp_plan_limits {
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
};

void rp_plan_machine_done(struct rp_plan_machine *m);
/* 0, -ENOMEM. Texts are static or belong to the snapshot. */
int rp_plan_machine_from_snapshot(const struct rocpart_snapshot *s,
				  const struct rp_plan_limits *limits,
				  struct rp_plan_machine *ret) RP_MUST_CHECK;
int rp_plan_machine_from_product(const struct rp_product *product, size_t n_gpus,
				 const struct rp_plan_limits *limits,
				 struct rp_plan_machine *ret) RP_MUST_CHECK;

#endif
