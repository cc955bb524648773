/* SPDX-License-Identifier: MIT */
/*
 * place_steps STEPS: random arrivals, departures, moves, evictions in favour of others, switches
 * that fail, and GPUs that fall sick or are cordoned, on 64 GPUs in eight hives (placement study,
 * row D2). Beside the placer it keeps a model of its own of each partition and counts what breaks
 * the rules: more bytes than a partition has, a tenant beside one that is alone, a place on a GPU
 * that takes nothing, a switch under tenants, two memory modes in a hive, bytes lost. TAP.
 */
#include <stdio.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "place_machines.h"
#include "plan/placer.h"

#define N_GPUS	64
#define HIVE	8
#define CAP	(N_GPUS * 16)
#define KNOCKED (RP_PLACE_CORDONED | RP_PLACE_DEGRADED | RP_PLACE_UNHEALTHY)

struct slot {
	uint64_t used;
	uint32_t n, limit; /* tenants, and how many the least tolerant of them allows */
};

struct tenant {
	rp_placer_handle handle;
	uint64_t bytes;
	uint32_t gpu, part, share;
};

struct run {
	struct rp_placer *e;
	struct rp_place_menu menu;
	struct rp_place_gpu gpus[N_GPUS];
	struct slot slots[N_GPUS][RP_PLACE_MAX_PARTS];
	struct tenant tenants[CAP];
	uint32_t n;
	uint64_t seed, bytes;
	uint64_t n_placed, n_released, n_moved, n_evicted, n_switched, n_failed, n_refused, n_set;
	uint64_t over, beside, barred, under, apart, lost; /* what was broken */
};

static struct run run;

static const struct rp_place_mode *mode_of(const struct run *r, uint32_t gpu)
{
	return &r->menu.modes[r->gpus[gpu].mode];
}

static uint32_t tenants_on(const struct run *r, uint32_t gpu)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < RP_PLACE_MAX_PARTS; p++)
		n += r->slots[gpu][p].n;
	return n;
}

/* The least share of those who stay; of a departure only. */
static uint32_t limit_of(const struct run *r, uint32_t gpu, uint32_t part)
{
	uint32_t limit = UINT32_MAX;

	for (uint32_t i = 0; i < r->n; i++)
		if (r->tenants[i].gpu == gpu && r->tenants[i].part == part &&
		    r->tenants[i].share < limit)
			limit = r->tenants[i].share;
	return limit;
}

static void take(struct run *r, const struct rp_placer_placed *at, uint64_t bytes, uint32_t share)
{
	struct slot *s = &r->slots[at->gpu][at->part];
	const struct rp_place_mode *before = mode_of(r, at->gpu);

	r->barred += (r->gpus[at->gpu].flags & KNOCKED) != 0;
	if (at->switched) {
		r->n_switched++;
		r->under += tenants_on(r, at->gpu) > 0;
		r->barred += (r->gpus[at->gpu].flags & RP_PLACE_CANNOT_SWITCH) != 0;
		r->gpus[at->gpu].mode = at->mode;
		r->apart += !rp_str_eq(before->memory, mode_of(r, at->gpu)->memory);
	}
	s->used += bytes;
	s->n++;
	s->limit = s->n == 1 || share < s->limit ? share : s->limit;
	r->bytes += bytes;
	r->over += at->part >= mode_of(r, at->gpu)->n_parts ||
		   s->used > mode_of(r, at->gpu)->parts[at->part].usable_bytes;
	r->beside += s->n > s->limit;
	r->tenants[r->n++] = (struct tenant){at->handle, bytes, at->gpu, at->part, share};
}

static void give(struct run *r, uint32_t index)
{
	struct tenant t = r->tenants[index];
	struct slot *s = &r->slots[t.gpu][t.part];

	r->lost += rp_placer_release(r->e, t.handle) != 0;
	r->lost += rp_placer_release(r->e, t.handle) != -ESTALE;
	r->tenants[index] = r->tenants[--r->n];
	s->used -= t.bytes;
	s->n--;
	s->limit = limit_of(r, t.gpu, t.part);
	r->bytes -= t.bytes;
}

/* The switch that a placement asked for did not happen: everything is as it was. */
static void fail_switch(struct run *r, const struct rp_placer_placed *at)
{
	r->n_failed++;
	r->lost += rp_placer_release(r->e, at->handle) != 0;
	r->lost += rp_placer_set_gpu(r->e, at->gpu, r->gpus[at->gpu].mode,
				     r->gpus[at->gpu].flags) != 0;
}

static bool place(struct run *r, uint64_t bytes, uint32_t share)
{
	const struct rp_placer_want want = {.bytes = bytes, .share = share};
	uint32_t n_avoid = r->n > 0, avoid = n_avoid ? r->tenants[below(&r->seed, r->n)].gpu : 0;
	struct rp_placer_class c;
	struct rp_placer_placed at;

	if (rp_placer_resolve(r->e, &want, &c) < 0) {
		r->lost++;
		return false;
	}
	if (r->n == CAP || rp_placer_place(r->e, &c, &avoid, n_avoid, &at) < 0)
		return false;
	r->barred += n_avoid && at.gpu == avoid;
	if (at.switched && below(&r->seed, 16) == 0)
		fail_switch(r, &at);
	else
		take(r, &at, bytes, share);
	return true;
}

static uint64_t any_bytes(struct run *r)
{
	return (uint64_t)(1 + below(&r->seed, 180)) << 30;
}

static void arrive(struct run *r)
{
	uint64_t bytes = any_bytes(r);
	uint32_t share = 1 + below(&r->seed, 3);

	if (place(r, bytes, share)) {
		r->n_placed++;
	} else if (r->n && below(&r->seed, 4) == 0) { /* in favour of it another one goes */
		give(r, below(&r->seed, r->n));
		r->n_evicted++;
		r->n_placed += place(r, bytes, share);
	} else {
		r->n_refused++;
	}
}

/* On a partition that somebody chose, free or not. */
static void arrive_at(struct run *r)
{
	uint64_t bytes = any_bytes(r);
	const struct rp_placer_want want = {.bytes = bytes};
	uint32_t gpu = below(&r->seed, N_GPUS), part = below(&r->seed, RP_PLACE_MAX_PARTS);
	struct rp_placer_class c;
	struct rp_placer_placed at;

	if (r->n < CAP && rp_placer_resolve(r->e, &want, &c) == 0 &&
	    rp_placer_place_at(r->e, &c, gpu, part, &at) == 0) {
		r->lost += at.gpu != gpu || at.part != part;
		take(r, &at, bytes, 1);
		r->n_placed++;
	} else {
		r->n_refused++;
	}
}

static void move(struct run *r, uint32_t index)
{
	struct tenant t = r->tenants[index];

	if (!place(r, t.bytes, t.share))
		return;
	give(r, index);
	r->n_moved++;
}

static void set_gpu(struct run *r)
{
	uint32_t gpu = below(&r->seed, N_GPUS);
	uint32_t flags = below(&r->seed, 4) ? 0 : 1U << below(&r->seed, 4);
	uint32_t mode = r->gpus[gpu].mode, other = below(&r->seed, r->menu.n_modes);
	int result;

	/* By hand only compute modes change here: memory modes are a matter of the whole hive. */
	if (rp_str_eq(r->menu.modes[other].memory, mode_of(r, gpu)->memory))
		mode = other;
	result = rp_placer_set_gpu(r->e, gpu, mode, flags);
	if (result == 0) {
		r->under += mode != r->gpus[gpu].mode && tenants_on(r, gpu) > 0;
		r->gpus[gpu].mode = mode;
		r->gpus[gpu].flags = flags;
		r->n_set++;
	} else {
		r->lost += result != -EBUSY || tenants_on(r, gpu) == 0;
	}
}

static void give_any(struct run *r)
{
	if (!r->n)
		return;
	give(r, below(&r->seed, r->n));
	r->n_released++;
}

/* It fills, stays full for a while, and empties again. */
static void step(struct run *r, uint64_t number)
{
	uint32_t what = below(&r->seed, 64);

	if (what < (number / 4096 % 4 ? 28 : 8))
		arrive(r);
	else if (what < 28)
		give_any(r);
	else if (what < 36)
		arrive_at(r);
	else if (what < 38)
		set_gpu(r);
	else if (r->n && what < 42)
		move(r, below(&r->seed, r->n));
	else
		give_any(r);
}

/* What the placer says of its sums, and of one tenant. */
static void compare(struct run *r)
{
	struct rp_placer_report report;
	struct rp_placer_placed at;
	uint64_t bytes = 0;

	rp_placer_report(r->e, &report);
	r->lost += report.requested_bytes != r->bytes || report.n_placed != r->n;
	if (r->n) {
		const struct tenant *t = &r->tenants[below(&r->seed, r->n)];

		r->lost += rp_placer_get(r->e, t->handle, &at, &bytes) != 0 || bytes != t->bytes ||
			   at.gpu != t->gpu || at.part != t->part ||
			   at.mode != r->gpus[t->gpu].mode;
	}
}

static int start(struct run *r)
{
	struct rp_placer_config c = {.menus = &r->menu,
				     .gpus = r->gpus,
				     .n_menus = 1,
				     .n_gpus = N_GPUS,
				     .max_shared = N_GPUS,
				     .may_switch = true,
				     .allow_unvalidated = true};

	mi300x_menu(&r->menu);
	for (uint32_t g = 0; g < N_GPUS; g++)
		r->gpus[g] = (struct rp_place_gpu){
			.name = "gpu", .hive = g / HIVE, .mode = g / HIVE % 2 ? M_CPX4 : M_SPX1};
	r->seed = 20;
	return rp_placer_new(&c, &r->e, NULL);
}

int main(int argc, char **argv)
{
	struct run *r = &run;
	uint64_t steps = 0, broken;

	if (argc != 2 || rp_parse_u64(argv[1], 10, &steps) < 0) {
		fprintf(stderr, "usage: place_steps STEPS\n");
		return 2;
	}
	printf("1..1\n");
	if (start(r) < 0)
		return 1;
	for (uint64_t i = 0; i < steps; i++) {
		step(r, i);
		compare(r);
		if (i % 4096 == 0)
			r->lost += rp_placer_check(r->e, NULL) != 0;
	}
	broken = r->over + r->beside + r->barred + r->under + r->apart + r->lost;
	printf("# %llu steps: %llu placed (%llu switches, %llu failed), %llu refused, %llu "
	       "released, %llu moved, %llu evicted, %llu GPUs changed; %u placed at the end\n",
	       (unsigned long long)steps, (unsigned long long)r->n_placed,
	       (unsigned long long)r->n_switched, (unsigned long long)r->n_failed,
	       (unsigned long long)r->n_refused, (unsigned long long)r->n_released,
	       (unsigned long long)r->n_moved, (unsigned long long)r->n_evicted,
	       (unsigned long long)r->n_set, r->n);
	printf("# broken: %llu over capacity, %llu beside an exclusive one, %llu where nothing may "
	       "go, %llu switches under tenants, %llu hives in two memory modes, %llu lost\n",
	       (unsigned long long)r->over, (unsigned long long)r->beside,
	       (unsigned long long)r->barred, (unsigned long long)r->under,
	       (unsigned long long)r->apart, (unsigned long long)r->lost);
	printf("%sok 1 - place_random_steps_break_no_rule\n", broken ? "not " : "");
	rp_placer_free(r->e);
	return broken ? 1 : 0;
}
