/* SPDX-License-Identifier: MIT */
/*
 * The chain: the fewest GPUs that exclusive replicas force on a machine, as a table of rows that
 * a reader can add up again. chain.c has the argument; docs/design/planner.md defines the words.
 */
#ifndef RP_PLAN_CHAIN_H
#define RP_PLAN_CHAIN_H

#include "plan/plan.h"
#include "plan/view.h"

#define RP_CHAIN_MAX_MODES 256

struct rp_chain_mode {
	uint32_t menu, mode;
	uint32_t n;
	uint64_t usable[RP_PLACE_MAX_PARTS]; /* largest first */
};

/* A case: its sizes and modes, the rank of each request, and the rows. */
struct rp_chain {
	uint32_t mem; /* memory mode of the case; RP_PLACE_NONE: each hive chooses its own */
	uint64_t size[RP_VIEW_MAX_SIZES]; /* largest first, each once */
	uint32_t n_sizes;
	struct rp_chain_mode modes[RP_CHAIN_MAX_MODES]; /* coarsest first */
	uint32_t n_modes;
	bool nested;	  /* a finer mode has no fewer partitions of each size that it has */
	uint16_t *rank;	  /* per request: index into size; n_sizes: no partition holds it */
	bool exact_sizes; /* every partition at least as large as its size holds a request */

	struct rp_plan_case result; /* its first_row is 0 */
	struct rp_plan_row rows[RP_VIEW_MAX_SIZES];
};

/*
 * Compute the case of memory mode mem. The caller allocates ret, which is too large for the stack,
 * and clears it with rp_chain_done() also after a failure. 0, -ENOMEM, -E2BIG.
 */
int rp_chain_make(const struct rp_view *v, uint32_t mem, struct rp_chain *ret) RP_MUST_CHECK;
void rp_chain_done(struct rp_chain *c);

/* Count the partitions of a mode that have at least size bytes. */
static inline uint32_t rp_chain_slots(const struct rp_chain_mode *m, uint64_t size)
{
	uint32_t n = 0;

	while (n < m->n && m->usable[n] >= size)
		n++;
	return n;
}

#endif
