/* SPDX-License-Identifier: MIT */
/* A problem made ready for the algorithms: roles of GPUs, sizes, what is still to be placed. */
#ifndef RP_PLAN_VIEW_H
#define RP_PLAN_VIEW_H

#include "plan/problem.h"

#define RP_VIEW_MAX_SIZES 512
#define RP_VIEW_ANY	  0xffU

enum rp_role {
	RP_ROLE_OUT,   /* nothing may be put there, nothing holds it */
	RP_ROLE_FIXED, /* holds what stays: its mode stays, it is counted in any case */
	RP_ROLE_POOL,  /* free to be used or not */
};

struct rp_view_gpu {
	enum rp_role role;
	bool stuck;	     /* POOL, but in its present mode only */
	uint32_t hive;	     /* index into hives */
	uint32_t free_parts; /* FIXED: bit per partition that may take something */
};

struct rp_view_hive {
	uint32_t mem_now; /* index into mems, or RP_PLACE_NONE */
	bool mem_fixed;
};

struct rp_view {
	const struct rp_place_problem *p;
	const char *mems[RP_PLACE_MAX_MEMS];
	uint32_t n_mems;
	uint8_t (*mode_mem)[RP_PLACE_MAX_MODES]; /* [menu][mode] */
	struct rp_view_gpu *gpus;
	struct rp_view_hive *hives;
	uint32_t n_hives;
	uint32_t *need;	  /* per request: replicas to place */
	uint8_t *req_mem; /* per request: index into mems, RP_VIEW_ANY, or n_mems: never there */
	bool *stays;	  /* per tenant: it is not to be moved */
	uint32_t n_pool, n_fixed;
	uint64_t total_need;
};

int rp_view_init(const struct rp_place_problem *p, struct rp_view *v) RP_MUST_CHECK;
void rp_view_done(struct rp_view *v);

/* Requests in an order: all falling, of equal ones the first comes first. */
enum rp_view_order_by { RP_BY_PRIORITY_WEIGHT, RP_BY_PRIORITY_BYTES, RP_BY_BYTES };
uint32_t *rp_view_order(const struct rp_view *v, enum rp_view_order_by by); /* NULL: no memory */

static inline const struct rp_place_mode *rp_view_mode(const struct rp_view *v, uint32_t gpu,
						       uint32_t mode)
{
	return &v->p->menus[v->p->gpus[gpu].menu].modes[mode];
}

/* Whether a replica of request r may be in a partition, mem being its memory mode. */
static inline bool rp_view_fits(const struct rp_view *v, uint32_t r,
				const struct rp_place_part *part, uint32_t mem)
{
	const struct rp_place_request *q = &v->p->requests[r];

	return q->bytes <= part->usable_bytes && q->min_xcds <= part->n_xcds &&
	       q->min_bandwidth_mbs <= part->bandwidth_mbs &&
	       (v->req_mem[r] == RP_VIEW_ANY || v->req_mem[r] == mem);
}

/* Whether a POOL GPU may be put (or left) into a mode. */
bool rp_view_may(const struct rp_view *v, uint32_t gpu, uint32_t mode);
/* Whether its hive may be in the memory mode. */
bool rp_view_hive_may(const struct rp_view *v, uint32_t hive, uint32_t mem);

static inline uint32_t rp_view_share(const struct rp_place_request *q)
{
	return q->share ? q->share : 1;
}

static inline uint32_t rp_view_per_domain(const struct rp_place_request *q)
{
	return q->per_domain ? q->per_domain : 1;
}

static inline uint64_t rp_view_weight(const struct rp_place_request *q)
{
	return q->weight ? q->weight : 1;
}

/* The number of a spread domain: 0 without a rule. */
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
