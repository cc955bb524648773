/* SPDX-License-Identifier: MIT */
/*
 * A problem prepared for the algorithms: roles of GPUs, numbered memory modes and hives, and what
 * is still to be placed. Roles and tenants are defined in docs/design/planner.md.
 */
#ifndef RP_PLAN_VIEW_H
#define RP_PLAN_VIEW_H

#include "plan/problem.h"

#define RP_VIEW_MAX_SIZES 512
#define RP_VIEW_ANY	  0xffU

enum rp_role {
	RP_ROLE_OUT,   /* nothing may be placed on it, and it holds nothing that stays */
	RP_ROLE_FIXED, /* something on it stays, so its mode stays and every plan counts it */
	RP_ROLE_POOL,  /* a plan may use it or not */
};

struct rp_view_gpu {
	enum rp_role role;
	bool stuck;	     /* it cannot leave its present mode */
	uint32_t hive;	     /* index into hives */
	uint32_t free_parts; /* FIXED: bit per partition that may take a replica */
};

struct rp_view_hive {
	uint32_t mem_now; /* index into mems, or RP_PLACE_NONE: not known */
	bool mem_fixed;	  /* some GPU of it forbids a driver reload */
};

struct rp_view {
	const struct rp_place_problem *p;
	const char *mems[RP_PLACE_MAX_MEMS];
	uint32_t n_mems;
	uint8_t (*mode_mem)[RP_PLACE_MAX_MODES]; /* [menu][mode] */
	struct rp_view_gpu *gpus;
	struct rp_view_hive *hives;
	uint32_t n_hives;
	uint32_t *need;	  /* per request: replicas to place; tenants that stay are not counted */
	uint8_t *req_mem; /* per request: index into mems, RP_VIEW_ANY, or n_mems: no GPU has it */
	bool *stays;	  /* per tenant: the plan must not move it */
	uint32_t n_pool, n_fixed;
	uint64_t total_need;
};

/*
 * Precondition: rp_place_check() accepted p. Clear v also after a failure. 0, -ENOMEM, -E2BIG;
 * -EINVAL: the GPUs of a hive are in different memory modes.
 */
int rp_view_init(const struct rp_place_problem *p, struct rp_view *v) RP_MUST_CHECK;
void rp_view_done(struct rp_view *v);

/* Falling keys that order requests; requests with equal keys keep the order of the problem. */
enum rp_view_order_by { RP_BY_PRIORITY_WEIGHT, RP_BY_PRIORITY_BYTES, RP_BY_BYTES };
/* Return the requests in that order; the caller frees. NULL: out of memory. */
uint32_t *rp_view_order(const struct rp_view *v, enum rp_view_order_by by);

static inline const struct rp_place_mode *rp_view_mode(const struct rp_view *v, uint32_t gpu,
						       uint32_t mode)
{
	return &v->p->menus[v->p->gpus[gpu].menu].modes[mode];
}

/* Return whether a partition, in memory mode mem, can hold a replica of request r alone. */
static inline bool rp_view_fits(const struct rp_view *v, uint32_t r,
				const struct rp_place_part *part, uint32_t mem)
{
	const struct rp_place_request *q = &v->p->requests[r];

	return q->bytes <= part->usable_bytes && q->min_xcds <= part->n_xcds &&
	       q->min_bandwidth_mbs <= part->bandwidth_mbs &&
	       (v->req_mem[r] == RP_VIEW_ANY || v->req_mem[r] == mem);
}

/* What is left of a partition of a FIXED GPU beside the tenants that stay on it. */
struct rp_view_room {
	uint64_t bytes;
	uint32_t n;	/* tenants that stay */
	uint32_t limit; /* most replicas that these accept; 0: nothing new may come */
};
struct rp_view_room rp_view_room(const struct rp_view *v, uint32_t gpu, uint32_t part);
/*
 * Return whether a replica of r, which shares, may join what stays on some partition of the FIXED
 * GPUs, or be alone on a free one.
 */
bool rp_view_may_join(const struct rp_view *v, uint32_t r);

/* Return whether a POOL GPU may be in a mode after the plan. */
bool rp_view_may(const struct rp_view *v, uint32_t gpu, uint32_t mode);
/* Return whether a hive may be in memory mode mem after the plan. */
bool rp_view_hive_may(const struct rp_view *v, uint32_t hive, uint32_t mem);

static inline uint32_t rp_view_share(const struct rp_place_request *q)
{
	return q->share ? q->share : 1;
}

/*
 * Return how many replicas a partition may have for a request to be on it: the share that it
 * accepts, and no more than leave it the bandwidth that it needs, which those on the partition
 * divide.
 */
static inline uint32_t rp_view_limit(const struct rp_place_request *q,
				     const struct rp_place_part *part)
{
	uint32_t share = rp_view_share(q);
	uint64_t n = q->min_bandwidth_mbs ? part->bandwidth_mbs / q->min_bandwidth_mbs : share;

	return n < share ? (uint32_t)n : share;
}

static inline uint32_t rp_view_per_domain(const struct rp_place_request *q)
{
	return q->per_domain ? q->per_domain : 1;
}

static inline uint64_t rp_view_weight(const struct rp_place_request *q)
{
	return q->weight ? q->weight : 1;
}

/* Return the number of the spread domain of request r that a GPU is in; 0 without a spread rule. */
static inline uint32_t rp_view_domain(const struct rp_view *v, uint32_t r, uint32_t gpu)
{
	switch (v->p->requests[r].spread) {
	case RP_PLACE_SPREAD_GPU:
		return gpu;
	case RP_PLACE_SPREAD_HIVE:
		return v->gpus[gpu].hive;
	case RP_PLACE_SPREAD_NONE:
	default:
		return 0;
	}
}

#endif
