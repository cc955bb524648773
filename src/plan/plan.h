/* SPDX-License-Identifier: MIT */
/* The planner: which modes, which partition for which replica, and why it cannot be done better. */
#ifndef RP_PLAN_PLAN_H
#define RP_PLAN_PLAN_H

#include "plan/problem.h"

struct rp_json;

struct rp_plan_options {
	uint64_t max_work;	      /* units of search; 0: RP_PLAN_DEFAULT_WORK */
	bool (*stop)(void *userdata); /* asked now and then: true ends the search; may be NULL */
	void *userdata;
	bool no_advice; /* an infeasible plan without reason and remedies */
};
#define RP_PLAN_DEFAULT_WORK UINT64_C(200000)

/* One GPU that the plan uses or switches. */
struct rp_plan_gpu {
	uint32_t gpu;
	uint32_t mode;	 /* of its menu */
	bool switches;	 /* the compute mode, the memory mode or both */
	uint32_t n_used; /* partitions that hold something */
};

/* One replica. */
struct rp_plan_place {
	uint32_t request, replica;
	uint32_t gpu, part;
	uint32_t was_gpu, was_part; /* RP_PLACE_NONE: new */
};

enum rp_plan_step_op {
	RP_STEP_DRAIN,	 /* gpu: hand out nothing more, wait until idle but for the tenants named */
	RP_STEP_MOVE,	 /* placement: start at its new partition, then stop at the old one */
	RP_STEP_STOP,	 /* placement: stop; it is placed again later (no free place meanwhile) */
	RP_STEP_MEMORY,	 /* gpu names the hive: memory mode of mode, driver reload */
	RP_STEP_COMPUTE, /* gpu: compute mode of mode */
	RP_STEP_PLACE,	 /* placement: start */
};
struct rp_plan_step {
	enum rp_plan_step_op op;
	uint32_t gpu; /* RP_PLACE_NONE where it says placement */
	uint32_t mode;
	uint32_t place; /* index into places, or RP_PLACE_NONE */
};

/* A line of the chain proof; see chain.h. */
struct rp_plan_row {
	uint32_t menu, mode;
	uint64_t threshold_bytes; /* the size that forces gpus */
	uint64_t demand;	  /* replicas that need a partition of at least that size */
	uint64_t slots_before;	  /* such partitions that earlier rows and fixed GPUs give */
	uint32_t slots_per_gpu;
	uint64_t apart;	      /* GPUs that the most spread request needs at that size */
	uint64_t gpus_before; /* such GPUs before this row */
	uint64_t gpus;	      /* the larger need of the two */
};
struct rp_plan_case {
	const char *memory; /* the whole machine in that memory mode; NULL: each hive as it likes */
	uint32_t blocker;   /* a request that no partition can hold in this case, else NONE */
	bool short_of_slots; /* fixed partitions are the only ones large enough, and too few */
	bool counted;	     /* modes are not nested: each row bounds alone, the largest counts */
	uint64_t fixed;
	uint64_t gpus; /* fixed + rows */
	uint32_t first_row, n_rows;
};
enum rp_plan_proof {
	RP_PROOF_CHAIN,	     /* cases: each memory mode needs at least its gpus */
	RP_PROOF_EXHAUSTIVE, /* every mode vector with fewer GPUs was tried; cases still hold */
	RP_PROOF_VOLUME,     /* shared: bytes over the largest capacity of a GPU */
	RP_PROOF_COUNT,	     /* shared: so many of at least param bytes, so many fit into a GPU */
	RP_PROOF_L2,	     /* shared: Martello-Toth's function with param as threshold */
};

enum rp_plan_goal {
	RP_GOAL_FEWEST_GPUS, /* everything placed */
	RP_GOAL_MOST_WEIGHT, /* not everything fits: the most weight, priority by priority */
};

struct rp_plan_unplaced {
	uint32_t request;
	uint32_t n;
};

enum rp_remedy_kind {
	RP_REMEDY_UNVALIDATED, /* allow modes that the vendor has not validated */
	RP_REMEDY_MOVES,       /* allow tenants to be moved */
	RP_REMEDY_UNCORDON,    /* n: GPU */
	RP_REMEDY_RELEASE_GPU, /* n: GPU whose holders keep it from switching */
	RP_REMEDY_NO_SPREAD,   /* n: request, without its spread rule */
	RP_REMEDY_ADD_GPUS,    /* n: how many, of the product of GPU 0 */
	RP_REMEDY_DROP,	       /* the replicas in unplaced */
	RP_REMEDY_SHRINK,      /* n: request that fits no partition; bytes: the largest there is */
};
struct rp_plan_remedy {
	enum rp_remedy_kind kind;
	uint64_t n;
	uint64_t bytes;
};

struct rp_plan {
	const struct rp_place_problem *problem; /* borrowed */
	enum rp_plan_goal goal;
	bool feasible; /* every replica has a place */
	bool proved;  /* gpus_used is the fewest (FEWEST_GPUS), the weight the most (MOST_WEIGHT) */
	bool stopped; /* by budget or callback */
	bool moves_allowed; /* false also where the machine is too large to plan moves */
	uint32_t gpus_used;
	uint64_t bound;		 /* no plan for all requests uses fewer GPUs */
	uint64_t gpus_available; /* that may hold something */
	uint64_t weight_placed, weight_total;
	uint32_t n_switches, n_reloads, n_moves;

	enum rp_plan_proof proof;
	uint64_t proof_param, proof_ref; /* COUNT, L2 */
	struct rp_plan_case *cases;
	uint32_t n_cases;
	struct rp_plan_row *rows;
	uint32_t n_rows;

	struct rp_plan_gpu *gpus;
	uint32_t n_gpus;
	struct rp_plan_place *places;
	uint32_t n_places;
	struct rp_plan_unplaced *unplaced;
	uint32_t n_unplaced;
	struct rp_plan_step *steps;
	uint32_t n_steps;

	/* So many replicas of these cannot be placed together; one less of any could be. */
	struct rp_plan_unplaced *reason;
	uint32_t n_reason;
	bool reason_proved; /* false: no place was found for it, which may be our fault */
	enum rp_plan_proof reason_proof;   /* why not; EXHAUSTIVE: all modes were tried */
	uint64_t reason_param, reason_ref; /* COUNT, L2 */
	struct rp_plan_remedy *remedies;   /* each alone is enough; cheapest first */
	uint32_t n_remedies;

	uint64_t work_vectors, work_augmentations;
};

/*
 * 0 also when not everything fits: look at feasible. -EINVAL, -EOVERFLOW: rp_place_check();
 * -E2BIG: more than 512 partition sizes or 32 priorities; -ENOMEM.
 */
int rp_plan_solve(const struct rp_place_problem *p, const struct rp_plan_options *o,
		  struct rp_plan **ret, struct rocpart_error *reterr) RP_MUST_CHECK;
struct rp_plan *rp_plan_free(struct rp_plan *plan); /* returns NULL */
void rp_cleanup_plan(struct rp_plan **plan);
#define RP_AUTO_PLAN RP_AUTO(rp_cleanup_plan)

/* The document that `plan --json` prints and rp_plan_verify() reads. 0, -ENOMEM, -EINVAL. */
int rp_plan_to_json(const struct rp_plan *plan, struct rp_json **ret) RP_MUST_CHECK;
const char *rp_plan_remedy_name(enum rp_remedy_kind kind);
const char *rp_plan_step_name(enum rp_plan_step_op op);

#endif
