/* SPDX-License-Identifier: MIT */
/*
 * The planner: which mode for each GPU, which partition for each replica, and a proof of how many
 * GPUs are needed at least. docs/design/planner.md says which method and proof serves which
 * request.
 */
#ifndef RP_PLAN_PLAN_H
#define RP_PLAN_PLAN_H

#include "plan/problem.h"

struct rp_json;

struct rp_plan_options {
	uint64_t max_work;	      /* budget of the search; 0: RP_PLAN_DEFAULT_WORK */
	bool (*stop)(void *userdata); /* true ends the search; may be NULL */
	void *userdata;
	bool no_advice; /* do not look for reason and remedies of an infeasible plan */
};
#define RP_PLAN_DEFAULT_WORK UINT64_C(200000)

/* One GPU that the plan uses or switches. */
struct rp_plan_gpu {
	uint32_t gpu;
	uint32_t mode;	 /* index into the modes of its menu */
	bool switches;	 /* its compute mode, memory mode or both change */
	uint32_t n_used; /* partitions that hold replicas or holders, or are occupied */
};

/* One replica. */
struct rp_plan_place {
	uint32_t request, replica;
	uint32_t gpu, part;
	uint32_t was_gpu, was_part; /* RP_PLACE_NONE: it does not run yet */
};

enum rp_plan_step_op {
	RP_PLAN_STEP_DRAIN,  /* gpu: place nothing more, wait until only the plan's tenants are left
			      */
	RP_PLAN_STEP_MOVE,   /* place: start it on the new partition, then stop it on the old one */
	RP_PLAN_STEP_STOP,   /* place: stop it; a later step places it again */
	RP_PLAN_STEP_MEMORY, /* hive of gpu: request the memory mode of mode, reload the driver */
	RP_PLAN_STEP_COMPUTE, /* gpu: switch to the compute mode of mode */
	RP_PLAN_STEP_PLACE,   /* place: start it */
};
struct rp_plan_step {
	enum rp_plan_step_op op;
	uint32_t gpu; /* RP_PLACE_NONE for steps of a place */
	uint32_t mode;
	uint32_t place; /* index into places, or RP_PLACE_NONE */
};

/* A row of the chain; see chain.c. */
struct rp_plan_row {
	uint32_t menu, mode;
	uint64_t threshold_bytes; /* size that forces the GPUs of this row */
	uint64_t demand;	  /* replicas that need a partition of at least that size */
	uint64_t slots_before;	  /* partitions of that size from earlier rows and fixed GPUs */
	uint32_t slots_per_gpu;
	uint64_t apart;	      /* GPUs that the most spread request of that size needs */
	uint64_t gpus_before; /* GPUs with that size from earlier rows and fixed GPUs */
	uint64_t gpus;	      /* GPUs that demand or apart forces, the larger number */
};
struct rp_plan_case {
	const char *memory;  /* memory mode of the machine; NULL: each hive may have another */
	uint32_t blocker;    /* first request that no partition holds, else RP_PLACE_NONE */
	bool short_of_slots; /* only fixed partitions are large enough, and they are too few */
	bool counted;	     /* modes are not nested: one row, the size that bounds highest */
	uint64_t fixed;
	uint64_t gpus; /* fixed + rows */
	uint32_t first_row, n_rows;
};
enum rp_plan_proof {
	RP_PROOF_CHAIN,	     /* chain.c: the case with the fewest GPUs bounds */
	RP_PROOF_EXHAUSTIVE, /* vectors.c: every vector was tried; the cases hold as well */
	RP_PROOF_VOLUME,     /* share_bound.c, with sharing: the measures of the same names */
	RP_PROOF_COUNT,
	RP_PROOF_L2,
};

enum rp_plan_goal {
	RP_GOAL_FEWEST_GPUS, /* everything is placed */
	RP_GOAL_MOST_WEIGHT, /* not everything fits: place the most weight, band by band */
};

struct rp_plan_unplaced {
	uint32_t request;
	uint32_t n;
};

enum rp_remedy_kind {
	RP_REMEDY_UNVALIDATED, /* allow modes that the vendor has not validated */
	RP_REMEDY_MOVES,       /* allow moving tenants */
	RP_REMEDY_UNCORDON,    /* n: GPU */
	RP_REMEDY_RELEASE_GPU, /* n: GPU that processes keep from switching */
	RP_REMEDY_NO_SPREAD,   /* n: request that gives up its spread rule */
	RP_REMEDY_ADD_GPUS,    /* n: number of GPUs of the product of GPU 0 */
	RP_REMEDY_DROP,	       /* give up the replicas in unplaced */
	RP_REMEDY_SHRINK,      /* n: request; bytes: most that a replica of it may need */
};
struct rp_plan_remedy {
	enum rp_remedy_kind kind;
	uint64_t n;
	uint64_t bytes;
	uint64_t gpus_used; /* by a plan with the remedy; 0: none was made (DROP) */
};

struct rp_plan {
	const struct rp_place_problem *problem; /* borrowed */
	enum rp_plan_goal goal;
	bool feasible; /* every replica has a place */
	bool proved;  /* gpus_used is the fewest (FEWEST_GPUS), the weight the most (MOST_WEIGHT) */
	bool stopped; /* the budget or the callback ended the search */
	bool moves_allowed; /* moves were planned with; if not, all claims are about plans without
			     */
	uint32_t gpus_used;
	uint32_t gpus_added; /* of gpus_used: nothing is on them now */
	uint64_t bound; /* fewest GPUs of any plan for all requests; UINT64_MAX: there is none */
	uint64_t gpus_available; /* POOL and FIXED ones */
	uint64_t weight_placed, weight_total;
	uint32_t n_switches, n_reloads, n_moves;

	enum rp_plan_proof proof;
	uint64_t proof_param, proof_ref; /* parameters of COUNT and L2 */
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

	/*
	 * So many replicas of these requests cannot be placed together. One less of any could be,
	 * unless the questions ran out (advice.c).
	 */
	struct rp_plan_unplaced *reason;
	uint32_t n_reason;
	bool reason_proved; /* false: no place was found, which may be a fault of the heuristics */
	enum rp_plan_proof reason_proof;   /* what proves it */
	uint64_t reason_param, reason_ref; /* COUNT, L2 */
	struct rp_plan_remedy *remedies;   /* each is enough alone (advice.c); cheapest first */
	uint32_t n_remedies;

	uint64_t work_vectors, work_augmentations;
};

/*
 * Plan. Returns 0 also when not everything fits: see feasible. -EINVAL, -EOVERFLOW: from
 * rp_place_check(), or a hive in two memory modes; -E2BIG: too many sizes of partitions, modes or
 * memory modes; -ENOMEM.
 */
int rp_plan_solve(const struct rp_place_problem *p, const struct rp_plan_options *o,
		  struct rp_plan **ret, struct rocpart_error *reterr) RP_MUST_CHECK;
struct rp_plan *rp_plan_free(struct rp_plan *plan); /* returns NULL */
void rp_cleanup_plan(struct rp_plan **plan);
#define RP_AUTO_PLAN RP_AUTO(rp_cleanup_plan)

/* Make the document that `plan --json` prints and rp_plan_verify() reads. 0, -ENOMEM, -EINVAL. */
int rp_plan_to_json(const struct rp_plan *plan, struct rp_json **ret) RP_MUST_CHECK;
const char *rp_plan_remedy_name(enum rp_remedy_kind kind);
const char *rp_plan_step_name(enum rp_plan_step_op op);

#endif
