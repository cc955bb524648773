/* SPDX-License-Identifier: MIT */
#include "plan/share_fill.h"

struct search {
	struct rp_fill *f;
	uint32_t now[RP_FILL_MOST];
	uint64_t best_free;
	uint32_t looks;
};

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

/* n are in, at most limit may be; add what comes from position i on in all ways, largest first. */
static void extend_set(struct search *s, uint32_t i, uint64_t free_bytes, uint32_t n,
		       uint32_t limit)
{
	const struct rp_fill *f = s->f;
	uint64_t last = 0;

	if (free_bytes < s->best_free)
		keep_set(s, free_bytes, n);
	for (; i < f->n && n < limit && !is_over(s); i++) {
		const struct rp_place_request *q = &f->requests[f->order[i]];
		uint32_t share = rp_view_share(q);

		s->looks++;
		if (f->left[i] == 0 || q->bytes > free_bytes || q->bytes == last || n >= share)
			continue;
		/* Not even as many as may come, all of this size, leave less free. */
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

uint32_t rp_share_fill(struct rp_fill *f)
{
	struct search s = {.f = f, .best_free = f->free_bytes};
	const uint32_t most = f->n_in + RP_FILL_MOST;

	f->n_chosen = 0;
	extend_set(&s, 0, f->free_bytes, f->n_in, f->limit < most ? f->limit : most);
	return s.looks;
}
