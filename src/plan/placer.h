/* SPDX-License-Identifier: MIT */
/*
 * The placer: on which partition of a machine the next lease goes. placer_policy.c has the policy,
 * placer_internal.h the structures. The same calls in the same order give the same answers, and
 * nothing is allocated after rp_placer_new().
 *
 * Memory modes are never changed here, compute modes only where the caller allows it.
 */
#ifndef RP_PLAN_PLACER_H
#define RP_PLAN_PLACER_H

#include "plan/problem.h"

#define RP_PLACER_MAX_SHELVES 64 /* (menu, mode) pairs */
#define RP_PLACER_MAX_HIVE    16 /* GPUs in one hive */

struct rp_placer;

struct rp_placer_config {
	const struct rp_place_menu *menus; /* copied, except their names, which are borrowed */
	const struct rp_place_gpu *gpus;   /* copied; one in an unknown mode takes nothing */
	uint32_t n_menus, n_gpus;
	uint32_t max_instances; /* 0: one for each partition of the finest modes */
	uint32_t max_shared;	/* partitions that may be shared at the same time */
	bool may_switch;	/* the placer may give an idle GPU another compute mode */
	bool allow_unvalidated; /* also one that the vendor has not validated */
};

/* A want: the needs of one replica. */
struct rp_placer_want {
	uint64_t bytes;
	uint64_t min_bandwidth_mbs;
	uint32_t min_xcds;
	uint32_t share;	    /* most tenants that its partition may have; 0 and 1: exclusive */
	const char *memory; /* memory mode that it must have, or NULL */
};

/* A want resolved against the shelves of a placer: a value, valid until the placer is freed. */
struct rp_placer_class {
	uint64_t bytes;
	uint64_t accept[RP_PLACER_MAX_SHELVES]; /* per shelf: levels with a free partition for it */
	uint8_t order[RP_PLACER_MAX_SHELVES];	/* shelves that hold it, exact ones first */
	uint8_t n_order;
	uint8_t n_exact; /* exact shelves: the finest one of each menu and memory mode */
	bool small_fits[RP_PLACER_MAX_SHELVES]; /* per shelf: its smaller partitions hold it, too */
	uint16_t share;
};

/* A placed replica; 0 is none. A handle of a released replica is refused (-ESTALE). */
typedef uint64_t rp_placer_handle;

struct rp_placer_placed {
	rp_placer_handle handle;
	uint32_t gpu, part;
	uint32_t mode; /* index into the modes of the menu of the GPU */
	bool switched; /* the GPU was idle; the caller must switch it to mode first */
};

enum rp_placer_refusal_kind {
	RP_REFUSED_TOO_LARGE, /* no mode of this machine has a partition that large */
	RP_REFUSED_NO_SLOT,   /* no partition that large is free */
	RP_REFUSED_NO_HANDLE, /* max_instances are placed */
};
/* Why there was no place, and what would help. */
struct rp_placer_refusal {
	enum rp_placer_refusal_kind kind;
	uint64_t needs_bytes; /* of the smallest partition that holds it; 0: none does */
	uint64_t free_bytes;  /* of the largest free partition */
	uint32_t n_free;      /* free partitions of that size */
	uint32_t switch_gpu;  /* an idle GPU that would hold it in switch_mode, or RP_PLACE_NONE */
	uint32_t switch_mode;
	uint32_t empty_gpu; /* a GPU that the move of one replica makes idle, or RP_PLACE_NONE */
};

/*
 * Make a placer. 0; -EINVAL: rp_place_check(); -E2BIG: too many shelves, levels or GPUs in a hive.
 */
int rp_placer_new(const struct rp_placer_config *c, struct rp_placer **ret,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
struct rp_placer *rp_placer_free(struct rp_placer *e); /* returns NULL */
void rp_cleanup_placer(struct rp_placer **e);
#define RP_AUTO_PLACER RP_AUTO(rp_cleanup_placer)

/* Resolve a want. 0; -EINVAL: no bytes; -EFBIG: no shelf holds it, and ret says so as well. */
int rp_placer_resolve(const struct rp_placer *e, const struct rp_placer_want *want,
		      struct rp_placer_class *ret) RP_MUST_CHECK;

/*
 * Place one replica on a GPU that is none of the n_avoid ones (the GPUs that hold a replica of the
 * same model already). 0; -ENOSPC: refused, rp_placer_explain() says why; -EMFILE: max_instances
 * are placed.
 */
int rp_placer_place(struct rp_placer *e, const struct rp_placer_class *c, const uint32_t *avoid,
		    uint32_t n_avoid, struct rp_placer_placed *ret) RP_MUST_CHECK;
/*
 * Place one replica on a given partition: of a lease that exists, or one that the user chose. 0;
 * -ENOENT: no such partition; -ENOSPC: it is too small; -EBUSY: it is taken, or its GPU takes
 * nothing new; -EMFILE.
 */
int rp_placer_place_at(struct rp_placer *e, const struct rp_placer_class *c, uint32_t gpu,
		       uint32_t part, struct rp_placer_placed *ret) RP_MUST_CHECK;
/*
 * Place n replicas on n whole GPUs of one hive, of those with n idle GPUs the one with the fewest.
 * Writes n elements. Needs may_switch. 0, -EINVAL, -ENOSPC, -EMFILE.
 */
int rp_placer_place_gpus(struct rp_placer *e, uint32_t n, uint64_t bytes_each,
			 struct rp_placer_placed *ret) RP_MUST_CHECK;
/* Give back exactly what was taken. 0; -ESTALE: it is released already, or was never placed. */
int rp_placer_release(struct rp_placer *e, rp_placer_handle h) RP_MUST_CHECK;
/* Report where a replica is and how many bytes it holds. 0, -ESTALE. */
int rp_placer_get(const struct rp_placer *e, rp_placer_handle h, struct rp_placer_placed *ret,
		  uint64_t *ret_bytes) RP_MUST_CHECK;

/* Explain why a class has no place now, and what would give it one. */
void rp_placer_explain(const struct rp_placer *e, const struct rp_placer_class *c,
		       struct rp_placer_refusal *ret);

/*
 * Record mode and flags of a GPU after the machine changed. Its replicas stay booked when only
 * flags change. 0; -EBUSY: the mode changed under replicas; -EINVAL.
 */
int rp_placer_set_gpu(struct rp_placer *e, uint32_t gpu, uint32_t mode,
		      uint32_t flags) RP_MUST_CHECK;

struct rp_placer_report {
	uint32_t gpus_in_use, gpus_idle, gpus_out;
	uint32_t n_placed;
	uint64_t bound;		    /* fewest GPUs for what is placed (placer_report.c); 0: none */
	uint32_t compaction_pct;    /* GPUs in use over bound; 100 is perfect, 0: no bound */
	uint32_t fragmentation_pct; /* free capacity that the requests so far cannot use */
	uint64_t requested_bytes;   /* of the replicas that are placed */
	uint64_t granted_bytes;	    /* usable bytes of the partitions that they hold */
	uint64_t n_switches;	    /* of idle GPUs, since rp_placer_new() */
};
/* Report from counters: the time does not depend on the number of GPUs. */
void rp_placer_report(const struct rp_placer *e, struct rp_placer_report *ret);
/* Return the bytes that the placer holds, all of them allocated at the start. */
size_t rp_placer_memory(const struct rp_placer *e);
/* Check every invariant, slowly, for tests. 0; -EBADMSG with what is wrong; -ENOMEM. */
int rp_placer_check(const struct rp_placer *e, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
