/* SPDX-License-Identifier: MIT */
/*
 * The question to the planner as plain values: the machine, the requests, and the replicas that run
 * already. src/desired fills it from a snapshot and from sized models; src/plan does no I/O. All
 * pointers are borrowed for as long as the problem and every plan made from it live.
 */
#ifndef RP_PLAN_PROBLEM_H
#define RP_PLAN_PROBLEM_H

#include "base/base.h"
#include "base/error.h"

#define RP_PLACE_MAX_PARTS 16 /* twice the XCDs of the largest GPU */
#define RP_PLACE_MAX_MODES 16 /* compute x memory pairs of one product */
#define RP_PLACE_MAX_MEMS  8  /* different memory modes of one problem */
#define RP_PLACE_NONE	   UINT32_MAX

/* One partition of a GPU in a mode. */
struct rp_place_part {
	uint64_t usable_bytes;	/* size that the kernel gives, less a margin */
	uint64_t bandwidth_mbs; /* bandwidth of its HBM in 10^6 bytes/s; 0: not known */
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

/* The modes of one kind of GPU. GPUs whose partitions differ in bytes have different menus. */
struct rp_place_menu {
	const char *product; /* "mi300x" */
	uint32_t n_modes;
	struct rp_place_mode modes[RP_PLACE_MAX_MODES];
};

enum rp_place_gpu_flags {
	RP_PLACE_CANNOT_SWITCH = 1 << 0, /* processes hold it, or its mode files are read only */
	RP_PLACE_CORDONED = 1 << 1,	 /* tenants stay, nothing new is placed, no switch */
	RP_PLACE_DEGRADED = 1 << 2,	 /* as CORDONED: it works, but not reliably */
	RP_PLACE_UNHEALTHY = 1 << 3,	 /* nothing new is placed, movable tenants leave */
};
#define RP_PLACE_GPU_FLAGS_MASK 0xfU

struct rp_place_gpu {
	const char *name; /* BDF */
	uint32_t menu;	  /* index into menus */
	uint32_t hive;	  /* any number; GPUs with the same one share the memory mode */
	uint32_t mode; /* index into modes of the menu; RP_PLACE_NONE: not known, or no GPU yet */
	uint32_t flags;
	uint32_t occupied; /* bit per partition: missing, or in use by unmovable processes */
};

enum rp_place_spread {
	RP_PLACE_SPREAD_NONE, /* replicas may share a GPU */
	RP_PLACE_SPREAD_GPU,  /* the failure domain is a GPU: a reset ends all that runs on it */
	RP_PLACE_SPREAD_HIVE, /* the failure domain is a hive (node) */
};

struct rp_place_request {
	const char *name;
	uint64_t bytes; /* that one replica needs */
	uint64_t min_bandwidth_mbs;
	uint64_t weight;    /* value of one replica; 0 counts as 1 */
	const char *memory; /* memory mode that it must have, or NULL */
	int32_t priority;   /* a higher one is placed first, whatever the weights */
	uint32_t replicas;  /* including the ones that run already */
	uint32_t min_xcds;
	uint32_t share;	     /* most tenants that its partition may have; 0 and 1: exclusive */
	uint32_t per_domain; /* most replicas in one spread domain; 0 counts as 1 */
	enum rp_place_spread spread;
};

/* A tenant: a replica that runs already. */
struct rp_place_tenant {
	uint32_t request;
	uint32_t gpu;
	uint32_t part;
	bool pinned; /* must not be moved */
};

/*
 * Something that is on a partition, stays there, and is a replica of no request. Where its bit is
 * in occupied, nothing else may come; else it shares: it takes bytes and is one of at most share.
 */
struct rp_place_holder {
	uint32_t gpu, part;
	uint64_t bytes;
	uint32_t share;
	const char *by; /* "lease 2 llama" */
};

struct rp_place_problem {
	const struct rp_place_menu *menus;
	const struct rp_place_gpu *gpus;
	const struct rp_place_request *requests;
	const struct rp_place_tenant *tenants;
	const struct rp_place_holder *holders;
	uint32_t n_menus, n_gpus, n_requests, n_tenants, n_holders;
	bool allow_unvalidated; /* use modes that the vendor has not validated */
	bool allow_moves;	/* tenants that are not pinned may move */
};

/*
 * Check the problem. 0; -EINVAL with the object that is wrong; -EOVERFLOW when a sum is beyond
 * 2^63. The algorithms rely on it and check nothing again.
 */
int rp_place_check(const struct rp_place_problem *p, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
