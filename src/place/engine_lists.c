/* SPDX-License-Identifier: MIT */
#include "place/engine_internal.h"

/* The number of idle GPUs of a hive changes: it changes its set in every shelf that has one. */
static void hive_change(struct rp_engine *e, uint32_t h, uint32_t s, uint16_t idle, int by)
{
	uint16_t *masks = &e->idle[(size_t)h * e->n_shelves];
	uint32_t n = e->hives[h].n_idle;

	for (uint32_t i = 0; i < e->n_shelves; i++) {
		if (!masks[i])
			continue;
		rp_bits_remove(&e->shelves[i].idle_at[n], h);
		if (rp_bits_empty(&e->shelves[i].idle_at[n]))
			e->shelves[i].idle_nonempty &= ~(1U << n);
	}
	masks[s] = idle;
	n = (uint32_t)((int)n + by);
	e->hives[h].n_idle = (uint8_t)n;
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		if (!masks[i])
			continue;
		rp_bits_add(&e->shelves[i].idle_at[n], h);
		e->shelves[i].idle_nonempty |= 1U << n;
	}
}

static void count(struct rp_engine *e, const struct gpu *g, int sign)
{
	struct shelf *s = &e->shelves[g->shelf];

	s->n_free_large += (uint32_t)sign * g->n_large;
	s->n_free_small += (uint32_t)sign * g->n_small;
	s->n_in_use += (uint32_t)sign;
	if (g->free == s->all)
		s->n_empty += (uint32_t)sign;
}

void rp_engine_gpu_enter(struct rp_engine *e, uint32_t gpu)
{
	struct gpu *g = &e->gpus[gpu];
	struct shelf *s = &e->shelves[g->shelf];

	g->level = NO_LEVEL;
	if (rp_engine_gpu_shut(g))
		return;
	if (rp_engine_gpu_idle(e, g)) {
		uint16_t idle = e->idle[(size_t)g->hive * e->n_shelves + g->shelf];

		s->n_idle++;
		hive_change(e, g->hive, g->shelf, (uint16_t)(idle | 1U << g->nth), 1);
		return;
	}
	count(e, g, 1);
	if (g->free == 0)
		return;
	g->level = s->level[g->n_large][g->n_small];
	rp_bits_add(&s->at_level[g->level], gpu);
	s->nonempty |= UINT64_C(1) << g->level;
}

void rp_engine_gpu_leave(struct rp_engine *e, uint32_t gpu)
{
	struct gpu *g = &e->gpus[gpu];
	struct shelf *s = &e->shelves[g->shelf];

	if (rp_engine_gpu_shut(g))
		return;
	if (rp_engine_gpu_idle(e, g)) {
		uint16_t idle = e->idle[(size_t)g->hive * e->n_shelves + g->shelf];

		s->n_idle--;
		hive_change(e, g->hive, g->shelf, (uint16_t)(idle & ~(1U << g->nth)), -1);
		return;
	}
	count(e, g, -1);
	if (g->level == NO_LEVEL)
		return;
	rp_bits_remove(&s->at_level[g->level], gpu);
	if (rp_bits_empty(&s->at_level[g->level]))
		s->nonempty &= ~(UINT64_C(1) << g->level);
	g->level = NO_LEVEL;
}

uint32_t rp_engine_idle_gpu(const struct rp_engine *e, uint32_t shelf, uint32_t hive)
{
	uint16_t idle = e->idle[(size_t)hive * e->n_shelves + shelf];

	return e->hives[hive].first + (uint32_t)__builtin_ctz(idle);
}

void rp_engine_gpu_free_parts(struct rp_engine *e, uint32_t gpu, uint16_t parts)
{
	struct gpu *g = &e->gpus[gpu];
	const struct shelf *s = &e->shelves[g->shelf];

	g->free = parts;
	g->n_large = (uint8_t)__builtin_popcount((uint32_t)(parts & s->large));
	g->n_small = (uint8_t)(__builtin_popcount(parts) - g->n_large);
}

/* Shared partitions: lists by free size, the first that is certain to be large enough is a bit. */
void rp_engine_share_enter(struct rp_engine *e, uint32_t i)
{
	struct shared *x = &e->shared[i];
	struct shelf *s = &e->shelves[x->shelf];
	uint64_t list = x->free_bytes / SHARE_UNIT;

	x->list = NO_GPU;
	if (x->n >= x->limit || list == 0 || rp_engine_gpu_shut(&e->gpus[x->gpu]))
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

void rp_engine_share_leave(struct rp_engine *e, uint32_t i)
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
