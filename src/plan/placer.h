/* SPDX-License-Identifier: MIT */
/*
 * Where the next model goes, on a running machine (placement study 3.1): a free partition of the
 * smallest mode that fits, on the fullest GPU; else an idle GPU, best one that is in that mode
 * already, from the hive with the fewest idle GPUs; else the smallest larger partition. Every
 * decision takes constant time, and nothing is allocated after rp_placer_new(). The same calls in
 * the same order give the same answers.
 *
 * Memory modes are never changed here, compute modes only where the caller allows it.
 */
#ifndef RP_PLAN_PLACER_H
#define RP_PLAN_PLACER_H

#include "plan/problem.h"

#define RP_PLACER_MAX_SHELVES 16 /* (menu, mode) pairs */
#define RP_PLACER_MAX_HIVE    16 /* GPUs of a hive */

struct rp_placer;

struct rp_placer_config {
	const struct rp_place_menu *menus; /* copied, but for their names */
	const struct rp_place_gpu *gpus;   /* copied; a mode of RP_PLACE_NONE is not used */
	uint32_t n_menus, n_gpus;
	uint32_t max_instances; /* 0: as many as there are partitions in the finest modes */
	uint32_t max_shared;	/* partitions that may be shared at a time */
	bool may_switch;	/* an idle GPU may be given another compute mode */
	bool allow_unvalidated; /* ... one that the vendor has not validated */
};

/* What one replica needs. */
struct rp_placer_want {
	uint64_t bytes;
	uint64_t min_bandwidth_mbs;
	uint32_t min_xcds;
	uint32_t share;	    /* at most so many tenants in its partition; 0 and 1: exclusive */
	const char *memory; /* memory mode wanted, or NULL */
};

/* The same, resolved against the modes of a placer: a value, good until the placer is freed. */
struct rp_placer_class {
	uint64_t bytes;
	uint64_t accept[RP_PLACER_MAX_SHELVES]; /* fill levels that have a partition for it */
	uint8_t order[RP_PLACER_MAX_SHELVES];	/* shelves that fit, smallest first */
	uint8_t n_order;
	uint8_t n_exact; /* of them: the finest of each menu and memory mode */
	bool small_fits[RP_PLACER_MAX_SHELVES];
	uint16_t share;
};

/* A placed replica; 0 is none. Stale ones are recognised. */
typedef uint64_t rp_placer_handle;

struct rp_placer_placed {
	rp_placer_handle handle;
	uint32_t gpu, part;
	uint32_t mode; /* of the menu of the GPU */
	bool switched; /* the GPU was idle and must be put into mode first */
};

enum rp_placer_refusal_kind {
	RP_REFUSED_TOO_LARGE, /* no mode of this machine has such a partition */
	RP_REFUSED_NO_SLOT,   /* there are such partitions, none is free */
	RP_REFUSED_NO_HANDLE, /* max_instances are placed */
};
/* Why there was no place, and what would help. */
struct rp_placer_refusal {
	enum rp_placer_refusal_kind kind;
	uint64_t needs_bytes; /* of the smallest partition that would do; 0: there is none */
	uint64_t free_bytes;  /* of the largest partition that is free */
	uint32_t n_free;      /* partitions of that size that are free */
	uint32_t switch_gpu;  /* an idle GPU that has it in switch_mode, or RP_PLACE_NONE */
	uint32_t switch_mode;
	uint32_t empty_gpu; /* one replica moved away would make this GPU idle, or RP_PLACE_NONE */
};

/* 0, -EINVAL (rp_place_check()), -E2BIG (more shelves, GPUs of a hive or sizes), -ENOMEM. */
int rp_placer_new(const struct rp_placer_config *c, struct rp_placer **ret,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
struct rp_placer *rp_placer_free(struct rp_placer *e); /* returns NULL */
void rp_cleanup_placer(struct rp_placer **e);
#define RP_AUTO_PLACER RP_AUTO(rp_cleanup_placer)

/* 0; -EINVAL: no bytes; -EFBIG: no partition of the machine would do (ret is filled). */
int rp_placer_resolve(const struct rp_placer *e, const struct rp_placer_want *want,
		      struct rp_placer_class *ret) RP_MUST_CHECK;

/*
 * Place one replica, on none of the n_avoid GPUs (those that hold a replica of the same model,
 * where a GPU is the failure domain). 0; -ENOSPC: refused, ask rp_placer_explain(); -EMFILE:
 * max_instances are placed.
 */
int rp_placer_place(struct rp_placer *e, const struct rp_placer_class *c, const uint32_t *avoid,
		    uint32_t n_avoid, struct rp_placer_placed *ret) RP_MUST_CHECK;
/*
 * On one partition: a lease that exists, or one that the user chose. -ENOENT: no such partition;
 * -ENOSPC: too small for it; -EBUSY: taken, or its GPU takes nothing; -EMFILE.
 */
int rp_placer_place_at(struct rp_placer *e, const struct rp_placer_class *c, uint32_t gpu,
		       uint32_t part, struct rp_placer_placed *ret) RP_MUST_CHECK;
/*
 * n whole GPUs of one hive, the hive with the fewest idle GPUs that has so many. Writes n elements.
 * Only with may_switch. 0, -EINVAL, -ENOSPC, -EMFILE.
 */
int rp_placer_place_gpus(struct rp_placer *e, uint32_t n, uint64_t bytes_each,
			 struct rp_placer_placed *ret) RP_MUST_CHECK;
/* Gives back exactly what was taken. 0; -ESTALE: released already, or never placed. */
int rp_placer_release(struct rp_placer *e, rp_placer_handle h) RP_MUST_CHECK;
/* Where a replica is and what it holds. 0, -ESTALE. */
int rp_placer_get(const struct rp_placer *e, rp_placer_handle h, struct rp_placer_placed *ret,
		  uint64_t *ret_bytes) RP_MUST_CHECK;

void rp_placer_explain(const struct rp_placer *e, const struct rp_placer_class *c,
		       struct rp_placer_refusal *ret);

/*
 * The machine changed: mode and flags of a GPU as they are now. Its tenants stay booked when only
 * flags change. 0; -EBUSY: another mode under tenants; -EINVAL.
 */
int rp_placer_set_gpu(struct rp_placer *e, uint32_t gpu, uint32_t mode,
		      uint32_t flags) RP_MUST_CHECK;

struct rp_placer_report {
	uint32_t gpus_in_use, gpus_idle, gpus_out;
	uint32_t n_placed;
	uint64_t bound;		    /* fewest GPUs for what is placed (chain), same hives apart */
	uint32_t compaction_pct;    /* GPUs in use over bound; 100 is perfect, 0: nothing placed */
	uint32_t fragmentation_pct; /* of free capacity that the usual mix cannot use */
	uint64_t requested_bytes;   /* of those placed */
	uint64_t granted_bytes;	    /* usable bytes of the partitions that they hold */
	uint64_t n_switches;	    /* since the start */
};
/* From counters: its time does not depend on the number of GPUs. */
void rp_placer_report(const struct rp_placer *e, struct rp_placer_report *ret);
/* Bytes that the placer holds, all allocated at the start. */
size_t rp_placer_memory(const struct rp_placer *e);
/* Everything against everything, slow: 0, or -EBADMSG with what is wrong. For tests. */
int rp_placer_check(const struct rp_placer *e, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
