/* SPDX-License-Identifier: MIT */
/*
 * The structures of the placer. Shelf, level and exact shelf are defined in docs/design/planner.md.
 *
 * Invariants, between any two calls:
 * - A GPU that is shut (cordoned, degraded, unhealthy) is in no set and in no counter but n_out.
 * - An idle GPU is a bit in idle[hive, shelf], and its hive is in idle_at[n_idle of the hive] of
 *   each shelf in which it has an idle GPU.
 * - A GPU in use with a free partition is in at_level[level] of its shelf, one without is in no
 *   set.
 * - nonempty and idle_nonempty have a bit for each set that is not empty.
 * - free, foreign (never ours) and the partitions of instances make up all partitions of a GPU.
 * - A shared partition that can take one more replica, and has a byte free, is in the list of its
 *   free bytes.
 * Levels are numbered so that the lowest is the fullest. So the first set of (nonempty levels with
 * a partition for the class) has the fullest GPU for it, and the least number of that set is taken.
 *
 * A mode has at most two sizes of partitions in practice: the last memory range is smaller (Linux
 * drivers/gpu/drm/amd/amdgpu/amdgpu_gmc.c, amdgpu_gmc_init_sw_mem_ranges()). Of more sizes all but
 * the largest count as the smallest, so that nothing is placed where it does not fit.
 */
#ifndef RP_PLAN_PLACER_INTERNAL_H
#define RP_PLAN_PLACER_INTERNAL_H

#include "plan/bits.h"
#include "plan/placer.h"

#define MAX_LEVELS  64
#define NO_GPU	    UINT32_MAX
#define NO_LEVEL    0xffU
#define SHARE_UNIT  (UINT64_C(64) << 20) /* bytes between two lists of shared partitions */
#define SHARE_LISTS 4096		 /* up to 256 GiB; larger ones are in the last list */

/* All GPUs of one menu in one mode. */
struct shelf {
	uint32_t menu, mode, n_parts;
	uint32_t memory;		   /* its memory mode, index into memories */
	uint16_t all, large;		   /* bit per partition; per large partition */
	uint64_t large_bytes, small_bytes; /* small_bytes: 0 when all are large */
	uint64_t bandwidth_mbs;		   /* of the partition with the least */
	uint32_t xcds;			   /* the same */
	bool validated;
	uint8_t level[RP_PLACE_MAX_PARTS + 1]
		     [RP_PLACE_MAX_PARTS + 1]; /* [large free][small free]: level */
	uint64_t level_any, level_large;       /* bit per level with a free (large) partition */

	uint64_t nonempty;				/* bit per level */
	struct rp_bits at_level[MAX_LEVELS];		/* sets of GPUs */
	uint32_t idle_nonempty;				/* bit per number of idle GPUs */
	struct rp_bits idle_at[RP_PLACER_MAX_HIVE + 1]; /* sets of hives */

	uint32_t n_in_use, n_idle;
	uint32_t n_free_large, n_free_small; /* free partitions of GPUs in use */
	uint32_t n_empty;     /* GPUs of n_in_use without a replica that cannot switch */
	uint32_t n_live;      /* replicas whose class has this shelf first */
	uint64_t n_asked;     /* requests so far whose class has it first */
	uint32_t *share_head; /* [SHARE_LISTS]: shared partitions by free size */
	uint64_t share_top;   /* bit per word of share_bits that is not zero */
	uint64_t share_bits[SHARE_LISTS / 64]; /* bit per list that is not empty */
};

/* Eight bytes: of many GPUs each one is a cache miss, so eight share a line. */
struct gpu {
	uint16_t free; /* bit per partition */
	uint8_t shelf;
	uint8_t level; /* NO_LEVEL: in no set */
	uint8_t flags;
	uint8_t n_large, n_small; /* bits of free, by size */
};

struct hive {
	uint32_t first; /* its first GPU; the others follow it */
	uint8_t n_gpus, n_idle;
};

#define BYTES_BITS 48 /* 256 TiB: rp_placer_new() takes no larger partition */

/* A replica that is placed, or a free record. */
struct instance {
	uint64_t bytes : BYTES_BITS;
	uint64_t part : 7, is_shared : 1;
	uint64_t exact : 8;  /* first shelf of its class, or NO_LEVEL */
	uint32_t at;	     /* its GPU; is_shared: its struct shared; free: the next free record */
	uint32_t generation; /* odd: in use */
	uint32_t next;	     /* is_shared: the next one on its partition, or NO_GPU */
	uint16_t share;	     /* most replicas that it accepts on its partition */
};

/* A partition that replicas share, or a free record, of which next is the next one. */
struct shared {
	uint64_t free_bytes;
	uint32_t gpu, next, prev;
	uint32_t list;	   /* NO_GPU: in no list, as it is full or its GPU is shut */
	uint32_t first;	   /* list of its instances */
	uint16_t n, limit; /* replicas in it; the least share of them */
	uint8_t part, shelf;
};

struct rp_placer {
	bool may_switch, allow_unvalidated;
	uint32_t n_shelves, n_gpus, n_hives, max_instances, max_shared;
	uint32_t n_placed, n_out;
	uint64_t requested_bytes, granted_bytes, n_switches;
	uint32_t free_instance, free_shared;
	struct shelf shelves[RP_PLACER_MAX_SHELVES];
	uint32_t first_shelf[RP_PLACER_MAX_SHELVES]; /* per menu */
	const char *memories[RP_PLACER_MAX_SHELVES];
	struct gpu *gpus;
	uint32_t *hive_of; /* per GPU */
	uint16_t *foreign; /* per GPU: partitions that the placer never gives out */
	struct hive *hives;
	uint16_t *idle;	 /* [hive * n_shelves + shelf]: bit per GPU of the hive */
	uint64_t *words; /* words of all sets */
	struct instance *instances;
	struct shared *shared;
	size_t memory;
};

/* placer_lists.c */
/* Add a GPU to the sets and counters of its state, or take it out before the state changes. */
void rp_placer_gpu_enter(struct rp_placer *e, uint32_t g);
void rp_placer_gpu_leave(struct rp_placer *e, uint32_t g);
/* Turn a free partition into a taken one or back; sets and counters follow. */
void rp_placer_gpu_flip(struct rp_placer *e, uint32_t gpu, uint32_t part);
/* Set the free partitions of a GPU. Precondition: it is in no set and no counter. */
void rp_placer_gpu_free_parts(struct rp_placer *e, uint32_t gpu, uint16_t parts);
/* Return the first idle GPU of a hive in a shelf. Precondition: there is one. */
uint32_t rp_placer_idle_gpu(const struct rp_placer *e, uint32_t shelf, uint32_t hive);
/* Add a shared partition to the list of its free bytes, or take it out. */
void rp_placer_share_enter(struct rp_placer *e, uint32_t s);
void rp_placer_share_leave(struct rp_placer *e, uint32_t s);

static inline bool rp_placer_gpu_shut(const struct gpu *g)
{
	return (g->flags & (RP_PLACE_CORDONED | RP_PLACE_DEGRADED | RP_PLACE_UNHEALTHY)) != 0;
}

/* Return whether a GPU holds nothing and can switch its mode. */
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
