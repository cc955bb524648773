/* SPDX-License-Identifier: MIT */
/*
 * The sets, lists and counters of the placer, which follow the state of each GPU and each shared
 * partition. placer_internal.h has their invariants; every function here restores them.
 *
 * A change is made in three steps: leave (out of sets and counters in the old state), change, enter
 * (into those of the new state). rp_placer_gpu_flip() takes a short cut for a GPU that is in use
 * before and after.
 *
 * Time: O(1) but for the depth of the sets (bits.h); a GPU that becomes idle or busy changes the
 * sets of every shelf in which its hive has idle GPUs, at most RP_PLACER_MAX_SHELVES.
 */
#include "plan/placer_internal.h"

static void remove_hive(struct shelf *s, uint32_t n, uint32_t h)
{
	rp_bits_remove(&s->idle_at[n], h);
	if (rp_bits_empty(&s->idle_at[n]))
		s->idle_nonempty &= ~(1U << n);
}

static void add_hive(struct shelf *s, uint32_t n, uint32_t h)
{
	rp_bits_add(&s->idle_at[n], h);
	s->idle_nonempty |= 1U << n;
}

/*
 * Count one idle GPU more (by 1) or less (by -1). Its hive then has another number of idle GPUs and
 * changes its set in every shelf where it has one.
 */
static void change_idle_count(struct rp_placer *e, uint32_t gpu, int by)
{
	const uint32_t h = e->hive_of[gpu], n = e->hives[h].n_idle;
	const uint32_t then = (uint32_t)((int)n + by), shelf = e->gpus[gpu].shelf;
	uint16_t *masks = &e->idle[(size_t)h * e->n_shelves];

	for (uint32_t i = 0; i < e->n_shelves; i++) {
		struct shelf *s = &e->shelves[i];

		if (masks[i])
			remove_hive(s, n, h);
		if (i == shelf) {
			masks[i] ^= (uint16_t)(1U << (gpu - e->hives[h].first));
			s->n_idle += (uint32_t)by;
		}
		if (masks[i])
			add_hive(s, then, h);
	}
	e->hives[h].n_idle = (uint8_t)then;
}

static void leave_level(struct gpu *g, struct shelf *s, uint32_t gpu)
{
	if (g->level == NO_LEVEL)
		return;
	rp_bits_remove(&s->at_level[g->level], gpu);
	if (rp_bits_empty(&s->at_level[g->level]))
		s->nonempty &= ~(UINT64_C(1) << g->level);
	g->level = NO_LEVEL;
}

/* Add a GPU in use to the set of its level. One without a free partition is in no set. */
static void enter_level(struct gpu *g, struct shelf *s, uint32_t gpu)
{
	if (g->free == 0)
		return;
	g->level = s->level[g->n_large][g->n_small];
	rp_bits_add(&s->at_level[g->level], gpu);
	s->nonempty |= UINT64_C(1) << g->level;
}

/* Add a GPU in use to the counters of its shelf, or subtract it. Unsigned sums wrap as intended. */
static void count_gpu(struct shelf *s, const struct gpu *g, int sign)
{
	s->n_free_large += (uint32_t)sign * g->n_large;
	s->n_free_small += (uint32_t)sign * g->n_small;
	s->n_in_use += (uint32_t)sign;
	if (g->free == s->all)
		s->n_empty += (uint32_t)sign;
}

void rp_placer_gpu_enter(struct rp_placer *e, uint32_t gpu)
{
	struct gpu *g = &e->gpus[gpu];
	struct shelf *s = &e->shelves[g->shelf];

	g->level = NO_LEVEL;
	if (rp_placer_gpu_shut(g))
		return;
	if (rp_placer_gpu_idle(e, g)) {
		change_idle_count(e, gpu, 1);
		return;
	}
	count_gpu(s, g, 1);
	enter_level(g, s, gpu);
}

void rp_placer_gpu_leave(struct rp_placer *e, uint32_t gpu)
{
	struct gpu *g = &e->gpus[gpu];
	struct shelf *s = &e->shelves[g->shelf];

	if (rp_placer_gpu_shut(g))
		return;
	if (rp_placer_gpu_idle(e, g)) {
		change_idle_count(e, gpu, -1);
		return;
	}
	count_gpu(s, g, -1);
	leave_level(g, s, gpu);
}

/* Flip one partition of a GPU and the count of free ones of its size. */
static void flip_bit(struct gpu *g, uint16_t bit, bool large)
{
	uint8_t *n = large ? &g->n_large : &g->n_small;

	*n = (uint8_t)(g->free & bit ? *n - 1 : *n + 1);
	g->free ^= bit;
}

void rp_placer_gpu_flip(struct rp_placer *e, uint32_t gpu, uint32_t part)
{
	struct gpu *g = &e->gpus[gpu];
	struct shelf *s = &e->shelves[g->shelf];
	const uint16_t bit = (uint16_t)(1U << part);
	const bool large = s->large & bit;

	if (rp_placer_gpu_shut(g) || g->free == s->all || (g->free ^ bit) == s->all) {
		rp_placer_gpu_leave(e, gpu);
		flip_bit(g, bit, large);
		rp_placer_gpu_enter(e, gpu);
		return;
	}
	/* In use before and after, the common case: only the level and one counter change. */
	leave_level(g, s, gpu);
	*(large ? &s->n_free_large : &s->n_free_small) += g->free & bit ? UINT32_MAX : 1;
	flip_bit(g, bit, large);
	enter_level(g, s, gpu);
}

uint32_t rp_placer_idle_gpu(const struct rp_placer *e, uint32_t shelf, uint32_t hive)
{
	uint16_t idle = e->idle[(size_t)hive * e->n_shelves + shelf];

	return e->hives[hive].first + (uint32_t)__builtin_ctz(idle);
}

void rp_placer_gpu_free_parts(struct rp_placer *e, uint32_t gpu, uint16_t parts)
{
	struct gpu *g = &e->gpus[gpu];
	const struct shelf *s = &e->shelves[g->shelf];

	g->free = parts;
	g->n_large = (uint8_t)__builtin_popcount((uint32_t)(parts & s->large));
	g->n_small = (uint8_t)(__builtin_popcount(parts) - g->n_large);
}

/*
 * Lists of shared partitions: list k has those with k to k + 1 units of free bytes, the last list
 * all larger ones. A full partition is in no list.
 */
void rp_placer_share_enter(struct rp_placer *e, uint32_t i)
{
	struct shared *x = &e->shared[i];
	struct shelf *s = &e->shelves[x->shelf];
	uint64_t list = x->free_bytes / SHARE_UNIT;

	x->list = NO_GPU;
	if (x->n >= x->limit || x->free_bytes == 0 || rp_placer_gpu_shut(&e->gpus[x->gpu]))
		return;
	if (list >= SHARE_LISTS)
		list = SHARE_LISTS - 1;
	x->list = (uint32_t)list;
	x->prev = NO_GPU;
	x->next = s->share_head[list];
	if (x->next != NO_GPU)
		e->shared[x->next].prev = i;
	s->share_head[list] = i;
	s->share_bits[list / 64] |= UINT64_C(1) << (list % 64);
	s->share_top |= UINT64_C(1) << (list / 64);
}

void rp_placer_share_leave(struct rp_placer *e, uint32_t i)
{
	struct shared *x = &e->shared[i];
	struct shelf *s = &e->shelves[x->shelf];

	if (x->list == NO_GPU)
		return;
	if (x->prev == NO_GPU) {
		s->share_head[x->list] = x->next;
		if (x->next == NO_GPU) {
			s->share_bits[x->list / 64] &= ~(UINT64_C(1) << (x->list % 64));
			if (s->share_bits[x->list / 64] == 0)
				s->share_top &= ~(UINT64_C(1) << (x->list / 64));
		}
	} else {
		e->shared[x->prev].next = x->next;
	}
	if (x->next != NO_GPU)
		e->shared[x->next].prev = x->prev;
	x->list = NO_GPU;
}
