/* SPDX-License-Identifier: MIT */
/* One case of the bound, between bound.c, which computes it, and bound_cases.c, which compares it.
 */
#ifndef RP_PLAN_VERIFY_BOUND_H
#define RP_PLAN_VERIFY_BOUND_H

#include "plan/verify/doc.h"

#define V_MAX_SIZES	 512
#define V_MAX_CASE_MODES 256

/* A mode that some GPU of the pool may have. */
struct v_sized {
	const struct v_mode *m;
	uint32_t menu, mode;
	uint64_t largest; /* bytes of its largest partition */
	uint64_t n;	  /* GPUs that the bound, or the rows, give it */
};

/* One case: the machine in one memory mode, or in any. */
struct v_case {
	const struct v_doc *d;
	const char *memory; /* NULL: any */
	struct v_sized modes[V_MAX_CASE_MODES];
	uint32_t n_modes;
	uint64_t size[V_MAX_SIZES]; /* largest first, each once */
	uint32_t n_sizes;
	uint64_t demand[V_MAX_SIZES], apart[V_MAX_SIZES]; /* for newcomers of at least that size */
	uint64_t fixed_slots[V_MAX_SIZES], fixed_gpus[V_MAX_SIZES];
	uint64_t n_fixed;
	bool possible;
	uint32_t blocker; /* the first request that no partition could take, or V_NONE */
	bool nested;
	uint64_t gpus;
};

/* Count the partitions of a mode, out of a mask, that have at least size bytes. */
static inline uint32_t v_count_parts(const struct v_mode *m, uint32_t mask, uint64_t size)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n_parts; i++)
		n += (mask & (1U << i)) && m->parts[i].usable >= size;
	return n;
}

/* Count the GPUs to add at size s when slots partitions and gpus GPUs of that size exist. */
uint64_t rp_verify_count_more(const struct v_case *c, uint32_t s, uint64_t slots, uint64_t gpus,
			      uint32_t per);
/* bound.c: compute the case of a memory mode; NULL: any. c is large. 0, -E2BIG, -ENOMEM. */
int rp_verify_compute_case(const struct v_doc *d, const char *memory, struct v_case *c);

/*
 * bound_cases.c: the least GPUs over all cases that a plan can be in. *ret_any: some case is
 * possible. cert: compare each case with it, too; NULL: only compute.
 */
int rp_verify_bound_cases(const struct v_doc *d, struct v_in *in, const struct rp_json *cert,
			  bool *ret_any, uint64_t *ret);
/*
 * bound_weights.c: the bound by the weights that a proof names; UINT64_MAX: no number of GPUs is
 * enough; 0: the proof names none.
 */
int rp_verify_bound_weights(const struct v_doc *d, const struct rp_json *proof, struct v_in *in,
			    uint64_t *ret);

#endif
