/* SPDX-License-Identifier: MIT */
/*
 * Inside the placer. A shelf is a (menu, mode) pair. GPUs of a shelf that are in use and have room
 * are in sets by fill level; levels are numbered such that the lowest is the fullest, so the
 * fullest GPU that has what is wanted is in the first set of (levels that have GPUs & levels that
 * have such a partition), and of equally full ones the lowest number is taken. A mode has at most
 * two sizes of partition in practice (hardware-abi C.3: the last range of NPS2 and NPS4 is
 * smaller); should there be more, all but the largest count as the smallest.
 *
 * Idle GPUs are found by hive: per shelf and number of idle GPUs of a hive, the set of the hives
 * that have an idle GPU there.
 */
#ifndef RP_PLAN_PLACER_INTERNAL_H
#define RP_PLAN_PLACER_INTERNAL_H

#include "plan/bits.h"
#include "plan/placer.h"

#define MAX_LEVELS  64
#define NO_GPU	    UINT32_MAX
#define NO_LEVEL    0xffU
#define SHARE_UNIT  (UINT64_C(64) << 20) /* step of the free-size lists of shared partitions */
#define SHARE_LISTS 4096		 /* up to 256 GiB; larger ones lie in the last */

struct shelf {
	uint32_t menu, mode, n_parts;
	uint32_t memory;		   /* number of its memory mode */
	uint16_t all, large;		   /* partitions; those of the larger size */
	uint64_t large_bytes, small_bytes; /* small: 0 when all are alike */
	uint64_t bandwidth_mbs;
	uint32_t xcds;
	bool validated;
	uint8_t level[RP_PLACE_MAX_PARTS + 1]
		     [RP_PLACE_MAX_PARTS + 1]; /* [large free][small free] */
	uint64_t level_any, level_large;       /* levels that have a free (large) partition */

	uint64_t nonempty;				/* levels */
	struct rp_bits at_level[MAX_LEVELS];		/* GPUs */
	uint32_t idle_nonempty;				/* bit per number of idle GPUs of a hive */
	struct rp_bits idle_at[RP_PLACER_MAX_HIVE + 1]; /* hives */

	uint32_t n_in_use, n_idle, n_free_large, n_free_small; /* free: on GPUs in use */
	uint32_t n_empty;     /* of n_in_use: nobody is there, but the GPU cannot switch */
	uint32_t n_live;      /* replicas for which this shelf is the exact one */
	uint64_t n_asked;     /* such requests so far */
	uint32_t *share_head; /* [SHARE_LISTS]: shared partitions by free size */
	uint64_t share_top;
	uint64_t share_bits[SHARE_LISTS / 64];
};

/* Small, as are instances: of many GPUs each is a cache miss of its own. */
struct gpu {
	uint16_t free;
	uint8_t shelf;
	uint8_t level; /* NO_LEVEL: in no list */
	uint8_t flags;
	uint8_t n_large, n_small; /* bits of free, by size */
};

struct hive {
	uint32_t first; /* GPU; the others follow it */
	uint8_t n_gpus, n_idle;
};

#define BYTES_BITS 48 /* 256 TiB: rp_placer_new() takes no larger partition */

struct instance {
	uint64_t bytes : BYTES_BITS;
	uint64_t part : 7, is_shared : 1;
	uint64_t exact : 8;  /* shelf, or NO_LEVEL for whole GPUs */
	uint32_t at;	     /* GPU; shared: record; not in use: the next such one */
	uint32_t generation; /* odd: in use */
};

/* A partition that is shared. */
struct shared {
	uint64_t free_bytes;
	uint32_t gpu, next, prev;
	uint32_t list; /* NO_GPU: in none (full) */
	uint16_t n, limit;
	uint8_t part, shelf;
};

struct rp_placer {
	bool may_switch, allow_unvalidated;
	uint32_t n_shelves, n_gpus, n_hives, max_instances, max_shared;
	uint32_t n_placed, n_out;
	uint64_t requested_bytes, granted_bytes, n_switches;
	uint32_t free_instance, free_shared;
	struct shelf shelves[RP_PLACER_MAX_SHELVES];
	uint32_t first_shelf[RP_PLACER_MAX_SHELVES]; /* of a menu */
	const char *memories[RP_PLACER_MAX_SHELVES];
	struct gpu *gpus;
	uint32_t *hive_of; /* per GPU */
	uint16_t *foreign; /* per GPU: partitions that are never ours */
	struct hive *hives;
	uint16_t *idle;	 /* [hive * n_shelves + shelf]: bit per GPU of the hive */
	uint64_t *words; /* of all sets */
	struct instance *instances;
	struct shared *shared;
	size_t memory;
};

/* placer_lists.c */
void rp_placer_gpu_enter(struct rp_placer *e, uint32_t g); /* into the list it belongs to */
void rp_placer_gpu_leave(struct rp_placer *e, uint32_t g);
/* One partition more is free, or taken; the lists follow. */
void rp_placer_gpu_flip(struct rp_placer *e, uint32_t gpu, uint32_t part);
/* Outside all lists: these partitions are free now. */
void rp_placer_gpu_free_parts(struct rp_placer *e, uint32_t gpu, uint16_t parts);
uint32_t rp_placer_idle_gpu(const struct rp_placer *e, uint32_t shelf, uint32_t hive);
void rp_placer_share_enter(struct rp_placer *e, uint32_t s);
void rp_placer_share_leave(struct rp_placer *e, uint32_t s);

static inline bool rp_placer_gpu_shut(const struct gpu *g)
{
	return (g->flags & (RP_PLACE_CORDONED | RP_PLACE_DEGRADED | RP_PLACE_UNHEALTHY)) != 0;
}

/* Nobody is on it, and it may be given another mode. */
static inline bool rp_placer_gpu_idle(const struct rp_placer *e, const struct gpu *g)
{
	return g->free == e->shelves[g->shelf].all && !(g->flags & RP_PLACE_CANNOT_SWITCH);
}

static inline uint32_t rp_placer_gpu_of(const struct rp_placer *e, const struct instance *x)
{
	return x->is_shared ? e->shared[x->at].gpu : x->at;
}

static inline uint64_t rp_placer_part_bytes(const struct shelf *s, uint32_t part)
{
	return s->small_bytes && !(s->large & (1U << part)) ? s->small_bytes : s->large_bytes;
}

#endif
