/* SPDX-License-Identifier: MIT */
/* The planner's machine: menus of modes and GPUs, from a snapshot or from the product table. */
#ifndef RP_PLAN_MACHINE_MENUS_H
#define RP_PLAN_MACHINE_MENUS_H

#include "facts/product.h"
#include "node/snapshot.h"
#include "plan/problem.h"

struct rp_plan_machine {
	struct rp_place_menu *menus;
	size_t n_menus, cap_menus;
	struct rp_place_gpu *gpus;
	size_t n_gpus;
	char (*names)[16]; /* of GPUs that one does not have: "gpu12" */
};

/* A line of node.gpus, as it stands in the file. */
struct rp_gpu_rule {
	char *word; /* all, an index, a range, a PCI address, a unique id, a product */
	enum rocpart_compute_mode compute;
	unsigned line, column;
};

struct rp_gpu_rules {
	struct rp_gpu_rule *v;
	size_t n, cap;
	char file[256];
};

/* What node.yaml asks for; UNKNOWN: the planner chooses. */
struct rp_plan_limits {
	enum rocpart_memory_mode memory; /* of all */
	struct rp_gpu_rules rules;
	enum rocpart_compute_mode *compute; /* one for each GPU, once the machine is known */
};

/* It is in another mode than the limits say, and must be switched before anything is placed. */
bool rp_plan_gpu_must_switch(const struct rocpart_gpu *gpu, const struct rp_plan_limits *limits);
void rp_plan_machine_done(struct rp_plan_machine *m);
/* 0, -ENOMEM. Texts are static or belong to the snapshot. */
int rp_plan_machine_from_snapshot(const struct rocpart_snapshot *s,
				  const struct rp_plan_limits *limits,
				  struct rp_plan_machine *ret) RP_MUST_CHECK;
int rp_plan_machine_from_product(const struct rp_product *product, size_t n_gpus,
				 const struct rp_plan_limits *limits,
				 struct rp_plan_machine *ret) RP_MUST_CHECK;

#endif
