/* SPDX-License-Identifier: MIT */
/*
 * Minimum bin slack: the set of replicas that leaves the fewest bytes of a partition free.
 *
 * A depth-first search adds replicas in order of falling size, each request as often as it may
 * come, and keeps the best set seen.
 * Invariants:
 * - now[0 .. n - n_in) is the present set, free_bytes is what it leaves, and left is the input less
 *   that set: every level of the recursion takes back what it took.
 * - n <= limit, and limit is at most the share of every replica in the set.
 * - best_free never rises, so the result is at least as good as the empty set.
 * The result is the optimum when the search ends by itself and all requests accept equally many
 * tenants. It ends early with a set that leaves at most enough_free bytes, or after max_looks.
 *
 * Time: exponential in the size of a set without max_looks, which bounds it.
 * Source: Gupta and Ho 1999; the limit on tenants and the cut in extend_set() are ours.
 */
#include "plan/share_fill.h"

struct search {
	struct rp_fill *f;
	uint32_t now[RP_FILL_MOST];
	uint64_t best_free;
	uint32_t looks;
};

/* Keep the present set of n replicas, which is the best so far. */
static void keep_set(struct search *s, uint64_t free_bytes, uint32_t n)
{
	s->best_free = free_bytes;
	s->f->n_chosen = n - s->f->n_in;
	memcpy(s->f->chosen, s->now, s->f->n_chosen * sizeof(s->now[0]));
}

static bool is_over(const struct search *s)
{
	return s->best_free <= s->f->enough_free || s->looks >= s->f->max_looks;
}

/*
 * Extend the set, which has n of at most limit replicas, by requests from position i on in all
 * ways. Requests of equal size are tried once, as they leave the same bytes free.
 */
static void extend_set(struct search *s, uint32_t i, uint64_t free_bytes, uint32_t n,
		       uint32_t limit)
{
	const struct rp_fill *f = s->f;
	uint64_t last = 0;

	if (free_bytes < s->best_free)
		keep_set(s, free_bytes, n);
	for (; i < f->n && n < limit && !is_over(s); i++) {
		const struct rp_place_request *q = &f->requests[f->order[i]];
		uint32_t share = rp_view_limit(q, f->part);

		s->looks++;
		if (f->left[i] == 0 || q->bytes > free_bytes || q->bytes == last || n >= share)
			continue;
		/* Cut: limit - n replicas of this size, the largest to come, do not beat the best.
		 */
		if (free_bytes / q->bytes >= limit - n &&
		    free_bytes - q->bytes * (limit - n) >= s->best_free)
			return;
		last = q->bytes;
		f->left[i]--;
		s->now[n - f->n_in] = i;
		extend_set(s, i, free_bytes - q->bytes, n + 1, share < limit ? share : limit);
		f->left[i]++;
	}
}

/* Precondition: the replicas that are in already fit, and limit honours their shares. */
uint32_t rp_share_fill(struct rp_fill *f)
{
	struct search s = {.f = f, .best_free = f->free_bytes};
	const uint32_t most = f->n_in + RP_FILL_MOST;

	f->n_chosen = 0;
	extend_set(&s, 0, f->free_bytes, f->n_in, f->limit < most ? f->limit : most);
	return s.looks;
}
