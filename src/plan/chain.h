/* SPDX-License-Identifier: MIT */
/*
 * The fewest GPUs for replicas that do not share a partition (placement study 2.1).
 *
 * The size of a request is the smallest partition, of those that the case has, that can hold it
 * (bytes, XCDs, bandwidth, memory mode). Every partition that holds it is at least that large, so
 * for each size there must be as many partitions at least that large as requests of at least that
 * size, and as many GPUs that have one as the most spread request has replicas. Modes are taken
 * from the coarsest to the finest. A GPU more of a mode than its own sizes force could as well be
 * in the next finer mode, which has at least as many partitions of every size that it has at all:
 * so some best plan has the least GPUs of the coarsest mode, then of the next, and so on. Where
 * that does not hold ("nested" below) each size alone still gives a bound.
 *
 * It is a bound for every machine: GPUs that cannot switch are taken as if they could. Where
 * nothing but the sizes decides it is reached by filling from the largest.
 */
#ifndef RP_PLAN_CHAIN_H
#define RP_PLAN_CHAIN_H

#include "plan/plan.h"
#include "plan/view.h"

#define RP_CHAIN_MAX_MODES 64

struct rp_chain_mode {
	uint32_t menu, mode;
	uint32_t n;
	uint64_t usable[RP_PLACE_MAX_PARTS]; /* largest first */
};

/* The sizes of a case: what is there, and which size each request has. */
struct rp_chain {
	uint32_t mem;			  /* RP_PLACE_NONE: any mixture */
	uint64_t size[RP_VIEW_MAX_SIZES]; /* largest first, different */
	uint32_t n_sizes;
	struct rp_chain_mode modes[RP_CHAIN_MAX_MODES]; /* of POOL GPUs, coarsest first */
	uint32_t n_modes;
	bool nested;
	uint16_t *rank;	  /* per request: index into size, n_sizes: fits nothing */
	bool exact_sizes; /* a request fits exactly the partitions at least as large as its size */

	struct rp_plan_case result; /* rows from first_row 0 */
	struct rp_plan_row rows[RP_VIEW_MAX_SIZES];
};

/*
 * Fill ret, which the caller clears with rp_chain_done(). It is large: not for the stack.
 * 0, -ENOMEM, -E2BIG.
 */
int rp_chain_make(const struct rp_view *v, uint32_t mem, struct rp_chain *ret) RP_MUST_CHECK;
void rp_chain_done(struct rp_chain *c);

/* Partitions of a mode that are at least as large. */
static inline uint32_t rp_chain_slots(const struct rp_chain_mode *m, uint64_t size)
{
	uint32_t n = 0;

	while (n < m->n && m->usable[n] >= size)
		n++;
	return n;
}

#endif
