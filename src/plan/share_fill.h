/* SPDX-License-Identifier: MIT */
/*
 * Which replicas fill one partition best: those that leave the fewest bytes free (Gupta and Ho's
 * minimum bin slack), found by trying sets from the largest request down, up to a number of looks.
 */
#ifndef RP_PLAN_SHARE_FILL_H
#define RP_PLAN_SHARE_FILL_H

#include "plan/view.h"

#define RP_FILL_MOST 64 /* replicas in one set */

struct rp_fill {
	const struct rp_place_request *requests;
	const uint32_t *order; /* requests by falling size */
	uint32_t n;
	uint32_t *left; /* per position in order: replicas that may come; as before afterwards */
	uint64_t free_bytes;
	uint64_t enough_free; /* no better set is looked for */
	uint32_t n_in;	      /* replicas that are in already */
	uint32_t max_looks;
	uint32_t limit; /* replicas at most, those included */

	uint32_t chosen[RP_FILL_MOST + 1]; /* positions in order */
	uint32_t n_chosen;
};
uint32_t rp_share_fill(struct rp_fill *f); /* returns how many requests were looked at */

#endif
