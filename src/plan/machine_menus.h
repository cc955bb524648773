/* SPDX-License-Identifier: MIT */
/* The machine of a problem: menus of modes and GPUs, from a snapshot or from the product table. */
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
	char (*names)[16]; /* names of GPUs that do not exist: "gpu12" */
};

/* A line of node.gpus as the file has it. */
struct rp_gpu_rule {
	char *word; /* all, an index, a range, a PCI address, a unique id, a product */
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory; /* UNKNOWN: not named */
	char *place;			 /* "node.yaml:3:10", for messages */
};

struct rp_gpu_rules {
	struct rp_gpu_rule *v;
	size_t n, cap;
};

/* The modes that one GPU must have; UNKNOWN: the planner chooses. */
struct rp_gpu_limit {
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
	uint32_t not_memories; /* bits of memory modes that its hive cannot have */
};

/* The modes that node.yaml asks for; UNKNOWN: the planner chooses. */
struct rp_plan_limits {
	enum rocpart_memory_mode memory; /* of all GPUs */
	struct rp_gpu_rules rules;
	struct rp_gpu_limit *gpus; /* one for each GPU, set when the machine is known */
};

/*
 * Return whether a GPU is in a mode that the limits do not allow, so that it must be switched
 * first.
 */
bool rp_plan_gpu_must_switch(const struct rocpart_gpu *gpu, const struct rp_plan_limits *limits);
bool rp_plan_is_mode_wanted(const struct rp_plan_limits *limits, size_t gpu,
			    const struct rp_place_mode *mode);
/*
 * Give a GPU modes of which no partition holds anything: it may be switched with its hive, and gets
 * no replica. 0 or -ENOMEM.
 */
int rp_plan_machine_close_gpu(struct rp_plan_machine *m, size_t gpu) RP_MUST_CHECK;
void rp_plan_machine_done(struct rp_plan_machine *m);
/* Make the machine. Texts are static or belong to the snapshot. 0, -ENOMEM. */
int rp_plan_machine_from_snapshot(const struct rocpart_snapshot *s,
				  const struct rp_plan_limits *limits,
				  struct rp_plan_machine *ret) RP_MUST_CHECK;
int rp_plan_machine_from_product(const struct rp_product *product, size_t n_gpus,
				 const struct rp_plan_limits *limits,
				 struct rp_plan_machine *ret) RP_MUST_CHECK;

#endif
