/* SPDX-License-Identifier: MIT */
/* The set of replicas that fills one partition best: see share_fill.c. */
#ifndef RP_PLAN_SHARE_FILL_H
#define RP_PLAN_SHARE_FILL_H

#include "plan/view.h"

#define RP_FILL_MOST 64 /* replicas that one set adds */

/* A partition to fill. All but the last two members are inputs. */
struct rp_fill {
	const struct rp_place_request *requests;
	const uint32_t *order; /* requests by falling size */
	uint32_t n;
	uint32_t *left; /* per position in order: replicas that may be added; restored on return */
	const struct rp_place_part *part;
	uint64_t free_bytes;
	uint64_t enough_free; /* a set that leaves no more than this ends the search */
	uint32_t n_in;	      /* replicas that are in the partition already */
	uint32_t max_looks;
	uint32_t limit; /* replicas that it may hold, those included */

	uint32_t chosen[RP_FILL_MOST + 1]; /* positions in order */
	uint32_t n_chosen;
};
/* Set chosen. Returns how many requests the search looked at. */
uint32_t rp_share_fill(struct rp_fill *f);

#endif
