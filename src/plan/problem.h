/* SPDX-License-Identifier: MIT */
/*
 * What the planner is asked, as plain values: the machine, the wishes, and who is already there.
 * Whoever fills it (src/desired) has read the snapshot and sized the models; nothing here does I/O.
 * All pointers are borrowed for as long as the problem, and every plan made from it, live.
 */
#ifndef RP_PLAN_PROBLEM_H
#define RP_PLAN_PROBLEM_H

#include "base/base.h"
#include "base/error.h"

#define RP_PLACE_MAX_PARTS 16 /* XCDs of the largest GPU there is, twice */
#define RP_PLACE_MAX_MODES 16 /* compute x memory pairs of one product */
#define RP_PLACE_MAX_MEMS  8  /* different memory modes of one problem */
#define RP_PLACE_NONE	   UINT32_MAX

/* One partition of a GPU in a mode. */
struct rp_place_part {
	uint64_t usable_bytes;	/* what one may fill: kernel's size less the margin */
	uint64_t bandwidth_mbs; /* 10^6 bytes/s of HBM behind it; 0: not known */
	uint32_t first_xcd;
	uint32_t n_xcds;
	uint32_t domain; /* memory domain within the GPU */
};

/* A compute x memory pair. */
struct rp_place_mode {
	const char *compute; /* "CPX" */
	const char *memory;  /* "NPS4" */
	bool validated;	     /* the vendor validated the pair */
	uint32_t n_parts;
	struct rp_place_part parts[RP_PLACE_MAX_PARTS];
};

/* What GPUs of one kind can be. GPUs whose partitions differ in bytes have different menus. */
struct rp_place_menu {
	const char *product; /* "mi300x" */
	uint32_t n_modes;
	struct rp_place_mode modes[RP_PLACE_MAX_MODES];
};

enum rp_place_gpu_flags {
	RP_PLACE_CANNOT_SWITCH = 1 << 0, /* held by processes, or its mode files are read only */
	RP_PLACE_CORDONED = 1 << 1,	 /* what is there stays, nothing new comes, no switch */
	RP_PLACE_DEGRADED = 1 << 2,	 /* the same: works, but must not be relied on */
	RP_PLACE_UNHEALTHY = 1 << 3,	 /* nothing new comes; what can be moved is moved away */
};
#define RP_PLACE_GPU_FLAGS_MASK 0xfU

struct rp_place_gpu {
	const char *name; /* BDF */
	uint32_t menu;	  /* index into menus */
	uint32_t hive;	  /* any number; equal for the GPUs that share the memory mode */
	uint32_t mode; /* index into the menu's modes, RP_PLACE_NONE: not known or not made yet */
	uint32_t flags;
	uint32_t occupied; /* bit per partition: used by somebody we may not move, or missing */
};

enum rp_place_spread {
	RP_PLACE_SPREAD_NONE, /* replicas may share everything */
	RP_PLACE_SPREAD_GPU,  /* a GPU is the failure domain: a reset takes all of it */
	RP_PLACE_SPREAD_HIVE, /* the hive (node) is */
};

struct rp_place_request {
	const char *name;
	uint64_t bytes; /* of one replica */
	uint64_t min_bandwidth_mbs;
	uint64_t weight;    /* of one replica; 0 is 1 */
	const char *memory; /* memory mode wanted, or NULL */
	int32_t priority;   /* higher goes first, whatever the weights */
	uint32_t replicas;  /* those that run already included */
	uint32_t min_xcds;
	uint32_t share;	     /* at most so many tenants in its partition; 0 and 1: exclusive */
	uint32_t per_domain; /* replicas that one spread domain may hold; 0 is 1 */
	enum rp_place_spread spread;
};

/* A replica that runs already. */
struct rp_place_tenant {
	uint32_t request;
	uint32_t gpu;
	uint32_t part;
	bool pinned; /* must not be moved */
};

struct rp_place_problem {
	const struct rp_place_menu *menus;
	const struct rp_place_gpu *gpus;
	const struct rp_place_request *requests;
	const struct rp_place_tenant *tenants;
	uint32_t n_menus, n_gpus, n_requests, n_tenants;
	bool allow_unvalidated; /* pairs that the kernel takes but the vendor has not validated */
	bool allow_moves;	/* tenants that are not pinned may be moved */
};

/* Refuses what makes no sense: -EINVAL with the place, -EOVERFLOW for sums beyond 2^63. */
int rp_place_check(const struct rp_place_problem *p, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
