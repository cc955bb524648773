/* SPDX-License-Identifier: MIT */
/* A plan document as values, with what follows from its machine. Only the checker uses it. */
#ifndef RP_PLAN_VERIFY_DOC_H
#define RP_PLAN_VERIFY_DOC_H

#include "base/error.h"
#include "base/json.h"

#define V_MAX_PARTS 16
#define V_MAX_MODES 16
#define V_NONE	    UINT32_MAX

struct v_part {
	uint64_t usable, bandwidth;
	uint32_t xcds;
};
struct v_mode {
	const char *compute, *memory;
	bool validated;
	uint32_t n_parts;
	struct v_part parts[V_MAX_PARTS];
};
struct v_menu {
	uint32_t n_modes;
	struct v_mode modes[V_MAX_MODES];
};
struct v_gpu {
	const char *name;
	uint32_t menu, mode, occupied;
	uint64_t hive;
	bool can_switch;
	bool shut;		/* it takes nothing new */
	bool evict;		/* it is unhealthy: its tenants may leave */
	bool fixed, pool;	/* roles as in docs/design/planner.md; neither: OUT */
	uint32_t first_of_hive; /* index of the first GPU of its hive, which names the hive */
	uint32_t n_tenants;	/* and holders */
};
struct v_hive {		    /* hives[first_of_hive] */
	const char *memory; /* present memory mode; NULL: not known */
	bool memory_fixed;
};
struct v_request {
	const char *name, *memory;
	uint64_t bytes, weight, bandwidth;
	int64_t priority;
	uint32_t replicas, xcds, share, per_domain;
	enum { V_SPREAD_NONE, V_SPREAD_GPU, V_SPREAD_HIVE } spread;
	uint32_t stay;	  /* replicas that run and must not be moved */
	uint32_t running; /* replicas that run */
};
struct v_tenant {
	uint32_t request, gpu, part;
	bool stays;
};
struct v_holder { /* what is on a partition and no replica: it stays */
	uint32_t gpu, part, share;
	uint64_t bytes;
};
struct v_room { /* rooms[gpu * V_MAX_PARTS + part] of a fixed GPU: what is left beside what stays */
	bool open; /* newcomers may come */
	uint64_t bytes;
	uint32_t n;	/* replicas and holders that stay */
	uint32_t limit; /* as many as those accept */
};
struct v_place {
	uint32_t request, replica, gpu, part;
	uint32_t was_gpu, was_part; /* V_NONE: it does not run yet */
};

struct v_doc {
	const struct rp_json *root;
	struct v_menu *menus;
	struct v_gpu *gpus;
	struct v_hive *hives;
	struct v_request *requests;
	struct v_tenant *tenants;
	struct v_place *places;
	struct v_room *rooms;
	struct v_holder *holders;
	uint32_t *then; /* per GPU: mode of the plan; V_NONE: not in the plan */
	uint32_t n_menus, n_gpus, n_requests, n_tenants, n_places, n_hives, n_holders;
	bool allow_unvalidated, allow_moves, any_shared;
};

/*
 * Read the document; root is borrowed. Clear d also after a failure. 0, -EINVAL, -EBADMSG, -ENOMEM.
 */
int rp_verify_doc_read(const struct rp_json *root, struct v_doc *d, struct rocpart_error *reterr);
void rp_verify_doc_done(struct v_doc *d);

/* The state of a reader: the first failure is kept, so that one check at the end is enough. */
struct v_in {
	int r;
	struct rocpart_error *err;
	const char *where;
};
uint64_t rp_verify_u64(struct v_in *in, const struct rp_json *obj, const char *key, uint64_t max);
int64_t rp_verify_int(struct v_in *in, const struct rp_json *obj, const char *key);
bool rp_verify_bool(struct v_in *in, const struct rp_json *obj, const char *key);
const char *rp_verify_text(struct v_in *in, const struct rp_json *obj, const char *key,
			   bool may_be_null);
const struct rp_json *rp_verify_list(struct v_in *in, const struct rp_json *obj, const char *key);

/* Refuse a claim: -EBADMSG with the part of the document and what is wrong in it. */
int rp_verify_wrong(struct rocpart_error *reterr, const char *where, const char *fmt, ...)
	RP_PRINTF(3, 4);

const struct v_mode *rp_verify_mode_of(const struct v_doc *d, uint32_t gpu, uint32_t mode);
/* Return whether a partition, in a memory mode, holds a replica of a request alone. */
bool rp_verify_fits(const struct v_request *q, const struct v_part *part, const char *memory);
/*
 * Return how many replicas a partition may have for a request to be on it: its share, and the
 * bandwidth that each of them gets.
 */
uint32_t rp_verify_limit(const struct v_request *q, const struct v_part *part);
/* Return whether a partition of a fixed GPU could take one replica more, of that request. */
bool rp_verify_could_take(const struct v_doc *d, uint32_t gpu, uint32_t part,
			  const struct v_request *q);
/* Return whether newcomers may come to a partition of a fixed GPU, and nothing stays on it. */
static inline bool v_is_empty(const struct v_doc *d, uint32_t gpu, uint32_t part)
{
	const struct v_room *room = &d->rooms[(size_t)gpu * V_MAX_PARTS + part];

	return room->open && room->n == 0;
}
/*
 * Return whether a GPU of the pool may be in a mode: it can switch, the mode is validated, its hive
 * may.
 */
bool rp_verify_may(const struct v_doc *d, uint32_t gpu, uint32_t mode);
static inline bool v_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* claims.c: check placements against partitions, tenants and spread, and the counts of the plan. */
int rp_verify_check_places(const struct v_doc *d, struct rocpart_error *reterr);
/* claims.c: check the list of GPUs, and fill d->then. Precondition of all other checks. */
int rp_verify_check_gpus(const struct v_doc *d, struct rocpart_error *reterr);
/* replay.c */
int rp_verify_check_steps(const struct v_doc *d, struct rocpart_error *reterr);
/*
 * bound_check.c: check the certificate. *ret_any: some number of GPUs is enough, and *ret is the
 * bound that the certificate supports.
 */
int rp_verify_check_bound(const struct v_doc *d, bool *ret_any, uint64_t *ret,
			  struct rocpart_error *reterr);
/* bound_check.c: check that the machine is too small for the requests of d by the given proof. */
int rp_verify_check_short(const struct v_doc *d, const struct rp_json *proof,
			  struct rocpart_error *reterr);
/* reason.c */
int rp_verify_check_reason(const struct v_doc *d, struct rocpart_error *reterr);
/*
 * exhaust.c: try all vectors. feasible: does any place everything on fewer than gpus_used GPUs?
 * Else: does any place more weight than the plan?
 */
int rp_verify_check_exhaustive(const struct v_doc *d, bool feasible, uint32_t gpus_used,
			       struct rocpart_error *reterr);

#endif
