/* SPDX-License-Identifier: MIT */
/*
 * The planner against brute force: every memory mode, every mode vector, every assignment, written
 * here without any code of the planner, on machines small enough for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "place_machines.h"
#include "plan/plan.h"
#include "plan/verify/verify.h"

#define MAX_GPUS  3
#define MAX_UNITS 7

struct outcome {
	uint64_t high, low; /* weight of priority 1 and of priority 0 */
	uint32_t gpus, reloads, switches, moves;
};

struct brute {
	const struct rp_place_problem *p;
	uint32_t unit_request[MAX_UNITS], unit_tenant[MAX_UNITS], n_units;
	uint32_t mode[MAX_GPUS];
	uint32_t taken[MAX_GPUS]; /* bits of partitions, per GPU */
	uint32_t where_gpu[MAX_UNITS], where_part[MAX_UNITS];
	struct outcome best;
	bool have;
};

static bool mem_is(const struct rp_place_problem *p, uint32_t g, uint32_t mode, const char *mem)
{
	return strcmp(p->menus[p->gpus[g].menu].modes[mode].memory, mem) == 0;
}

static int cmp_outcome(const struct outcome *a, const struct outcome *b)
{
	if (a->high != b->high)
		return a->high > b->high ? 1 : -1;
	if (a->low != b->low)
		return a->low > b->low ? 1 : -1;
	if (a->gpus != b->gpus)
		return a->gpus < b->gpus ? 1 : -1;
	if (a->reloads != b->reloads)
		return a->reloads < b->reloads ? 1 : -1;
	if (a->switches != b->switches)
		return a->switches < b->switches ? 1 : -1;
	if (a->moves != b->moves)
		return a->moves < b->moves ? 1 : -1;
	return 0;
}

/* All placed or left out: is it better? A GPU counts when something is on it. */
static void judge(struct brute *b)
{
	struct outcome o = {0};
	bool reload = false;

	for (uint32_t u = 0; u < b->n_units; u++) {
		const struct rp_place_request *q = &b->p->requests[b->unit_request[u]];
		uint32_t t = b->unit_tenant[u];

		if (b->where_gpu[u] == RP_PLACE_NONE) {
			if (t != RP_PLACE_NONE)
				return; /* nobody may lose its place */
			continue;
		}
		*(q->priority ? &o.high : &o.low) += q->weight;
		if (t != RP_PLACE_NONE)
			o.moves += b->where_gpu[u] != b->p->tenants[t].gpu ||
				   b->where_part[u] != b->p->tenants[t].part ||
				   b->mode[b->where_gpu[u]] != b->p->gpus[b->where_gpu[u]].mode;
	}
	for (uint32_t g = 0; g < b->p->n_gpus; g++) {
		if (!(b->taken[g] | b->p->gpus[g].occupied))
			continue;
		o.gpus++;
		o.switches += b->mode[g] != b->p->gpus[g].mode;
		reload = reload ||
			 !mem_is(b->p, g, b->mode[g],
				 b->p->menus[b->p->gpus[g].menu].modes[b->p->gpus[g].mode].memory);
	}
	o.reloads = reload;
	if (!b->have || cmp_outcome(&o, &b->best) > 0)
		b->best = o;
	b->have = true;
}

static bool spread_ok(const struct brute *b, uint32_t u, uint32_t g)
{
	const struct rp_place_request *q = &b->p->requests[b->unit_request[u]];
	uint32_t n = 0;

	if (q->spread != RP_PLACE_SPREAD_GPU)
		return true;
	for (uint32_t o = 0; o < u; o++)
		n += b->unit_request[o] == b->unit_request[u] && b->where_gpu[o] == g;
	return n < (q->per_domain ? q->per_domain : 1);
}

static void assign(struct brute *b, uint32_t u)
{
	const struct rp_place_request *q;

	if (u == b->n_units) {
		judge(b);
		return;
	}
	q = &b->p->requests[b->unit_request[u]];
	for (uint32_t g = 0; g < b->p->n_gpus; g++) {
		const struct rp_place_gpu *gpu = &b->p->gpus[g];
		const struct rp_place_mode *m = &b->p->menus[gpu->menu].modes[b->mode[g]];
		uint32_t t = b->unit_tenant[u];
		bool stays = t != RP_PLACE_NONE && (b->p->tenants[t].pinned || !b->p->allow_moves);

		if ((gpu->flags & RP_PLACE_CORDONED) || !spread_ok(b, u, g))
			continue;
		for (uint32_t i = 0; i < m->n_parts; i++) {
			if ((b->taken[g] & (1U << i)) || (gpu->occupied & (1U << i)) ||
			    q->bytes > m->parts[i].usable_bytes ||
			    q->min_xcds > m->parts[i].n_xcds ||
			    (q->memory && strcmp(q->memory, m->memory) != 0))
				continue;
			if (stays && (g != b->p->tenants[t].gpu || i != b->p->tenants[t].part))
				continue;
			b->taken[g] |= 1U << i;
			b->where_gpu[u] = g;
			b->where_part[u] = i;
			assign(b, u + 1);
			b->taken[g] &= ~(1U << i);
		}
	}
	b->where_gpu[u] = RP_PLACE_NONE;
	assign(b, u + 1);
}

/* GPUs that may not be touched keep their mode; so does the hive's memory mode then. */
static bool keeps(const struct rp_place_problem *p, uint32_t g)
{
	if (p->gpus[g].occupied || p->gpus[g].flags)
		return true;
	for (uint32_t t = 0; t < p->n_tenants; t++) {
		if (p->tenants[t].gpu == g && (p->tenants[t].pinned || !p->allow_moves))
			return true;
	}
	return false;
}

static void vectors(struct brute *b, uint32_t g, const char *mem)
{
	const struct rp_place_menu *menu;

	if (g == b->p->n_gpus) {
		assign(b, 0);
		return;
	}
	menu = &b->p->menus[b->p->gpus[g].menu];
	for (uint32_t m = 0; m < menu->n_modes; m++) {
		if (keeps(b->p, g) && m != b->p->gpus[g].mode)
			continue;
		if (strcmp(menu->modes[m].memory, mem) != 0)
			continue;
		b->mode[g] = m;
		vectors(b, g + 1, mem);
	}
}

static struct outcome brute_force(const struct rp_place_problem *p)
{
	struct brute b = {.p = p};

	for (uint32_t q = 0; q < p->n_requests; q++) {
		uint32_t n = 0;

		for (uint32_t t = 0; t < p->n_tenants; t++) {
			if (p->tenants[t].request == q) {
				b.unit_request[b.n_units] = q;
				b.unit_tenant[b.n_units++] = t;
				n++;
			}
		}
		for (; n < p->requests[q].replicas; n++) {
			b.unit_request[b.n_units] = q;
			b.unit_tenant[b.n_units++] = RP_PLACE_NONE;
		}
	}
	vectors(&b, 0, "NPS1");
	vectors(&b, 0, "NPS2");
	assert_true(b.have);
	return b.best;
}

static struct outcome of_plan(const struct rp_plan *plan)
{
	struct outcome o = {.gpus = plan->gpus_used,
			    .reloads = plan->n_reloads,
			    .switches = plan->n_switches,
			    .moves = plan->n_moves};

	for (uint32_t i = 0; i < plan->n_places; i++) {
		const struct rp_place_request *q =
			&plan->problem->requests[plan->places[i].request];

		*(q->priority ? &o.high : &o.low) += q->weight;
	}
	return o;
}

static struct rp_place_menu the_menu; /* large: not for the stack */

struct instance {
	const struct rp_place_menu *menu;
	struct rp_place_gpu gpus[MAX_GPUS];
	struct rp_place_request requests[MAX_UNITS];
	struct rp_place_tenant tenants[MAX_UNITS];
	struct rp_place_problem p;
};

enum { WITH_SPREAD = 1, WITH_MEMORY = 2, WITH_TENANTS = 4, WITH_FLAGS = 8 };

static void make_instance(struct instance *x, uint64_t *seed, unsigned with)
{
	static const uint64_t sizes[] = {50, 99, 100, 101, 150, 199, 200, 201, 300, 400};
	uint32_t n_units = 1 + below(seed, with & WITH_TENANTS ? 4 : 5), now, used = 0;

	*x = (struct instance){.menu = &the_menu};
	toy_menu(&the_menu);
	now = below(seed, 2) ? below(seed, 3) : 3 + below(seed, 2);
	x->p = (struct rp_place_problem){.menus = x->menu,
					 .gpus = x->gpus,
					 .requests = x->requests,
					 .tenants = x->tenants,
					 .n_menus = 1,
					 .n_gpus = 1 + below(seed, MAX_GPUS),
					 .allow_moves = below(seed, 2) != 0};
	for (uint32_t g = 0; g < x->p.n_gpus; g++) {
		x->gpus[g] = (struct rp_place_gpu){
			.name = "gpu", .mode = now < 3 ? below(seed, 3) : 3 + below(seed, 2)};
		if ((with & WITH_FLAGS) && below(seed, 4) == 0)
			x->gpus[g].flags =
				below(seed, 2) ? RP_PLACE_CANNOT_SWITCH : RP_PLACE_CORDONED;
		if ((with & WITH_FLAGS) && below(seed, 4) == 0)
			x->gpus[g].occupied = 1;
	}
	while (used < n_units) {
		struct rp_place_request *q = &x->requests[x->p.n_requests++];
		uint32_t n = 1 + below(seed, 3);

		if (n > n_units - used)
			n = n_units - used;
		used += n;
		*q = (struct rp_place_request){.name = "model",
					       .replicas = n,
					       .bytes = sizes[below(seed, RP_ARRAY_LEN(sizes))],
					       .weight = 1 + below(seed, 4),
					       .priority = (int32_t)below(seed, 2)};
		if (below(seed, 4) == 0)
			q->min_xcds = 1U << below(seed, 3);
		if ((with & WITH_SPREAD) && below(seed, 2))
			q->spread = RP_PLACE_SPREAD_GPU;
		if ((with & WITH_SPREAD) && below(seed, 4) == 0)
			q->per_domain = 2;
		if ((with & WITH_MEMORY) && below(seed, 3) == 0)
			q->memory = below(seed, 2) ? "NPS1" : "NPS2";
	}
	if (!(with & WITH_TENANTS))
		return;
	for (uint32_t t = 0; t < 3; t++) {
		uint32_t q = below(seed, x->p.n_requests), g = below(seed, x->p.n_gpus), n = 0;
		const struct rp_place_mode *m = &x->menu->modes[x->gpus[g].mode];
		uint32_t part = below(seed, m->n_parts);
		bool bad = x->requests[q].bytes > m->parts[part].usable_bytes ||
			   x->requests[q].min_xcds > m->parts[part].n_xcds ||
			   (x->requests[q].memory && strcmp(x->requests[q].memory, m->memory)) ||
			   (x->gpus[g].occupied & (1U << part)) ||
			   (x->gpus[g].flags & RP_PLACE_CORDONED);

		for (uint32_t o = 0; o < x->p.n_tenants; o++) {
			n += x->tenants[o].request == q;
			bad = bad || (x->tenants[o].gpu == g && x->tenants[o].part == part) ||
			      (x->tenants[o].request == q && x->tenants[o].gpu == g);
		}
		if (!bad && n < x->requests[q].replicas)
			x->tenants[x->p.n_tenants++] =
				(struct rp_place_tenant){q, g, part, below(seed, 3) == 0};
	}
}

static void compare(uint64_t seed, unsigned with, int n)
{
	for (int i = 0; i < n; i++) {
		RP_AUTO_PLAN struct rp_plan *plan = NULL;
		RP_AUTO_JSON struct rp_json *json = NULL;
		struct rocpart_error err = {0};
		struct instance x;
		struct outcome want, got;
		uint64_t start = seed;
		int r;

		make_instance(&x, &seed, with);
		r = rp_plan_solve(&x.p, NULL, &plan, &err);
		if (r < 0)
			fail_msg("%s (seed %#llx)", err.message, (unsigned long long)start);
		want = brute_force(&x.p);
		got = of_plan(plan);
		if (cmp_outcome(&want, &got) != 0)
			fail_msg("seed %#llx with %u: brute %llu/%llu gpus %u reloads %u switches "
				 "%u moves %u, plan %llu/%llu %u %u %u %u",
				 (unsigned long long)start, with, (unsigned long long)want.high,
				 (unsigned long long)want.low, want.gpus, want.reloads,
				 want.switches, want.moves, (unsigned long long)got.high,
				 (unsigned long long)got.low, got.gpus, got.reloads, got.switches,
				 got.moves);
		assert_true(plan->proved);
		assert_int_equal(rp_plan_to_json(plan, &json), 0);
		r = rp_plan_verify(json, &err);
		if (r < 0)
			fail_msg("verify: %s: %s (seed %#llx with %u)", err.object, err.message,
				 (unsigned long long)start, with);
	}
}

static void plan_sizes_only_equals_brute_force(void **state)
{
	(void)state;
	compare(1, 0, 300);
}

static void plan_with_spread_equals_brute_force(void **state)
{
	(void)state;
	compare(2, WITH_SPREAD, 300);
}

static void plan_with_memory_wishes_equals_brute_force(void **state)
{
	(void)state;
	compare(3, WITH_SPREAD | WITH_MEMORY, 300);
}

static void plan_with_flags_equals_brute_force(void **state)
{
	(void)state;
	compare(4, WITH_FLAGS, 300);
}

static void plan_with_tenants_equals_brute_force(void **state)
{
	(void)state;
	compare(5, WITH_TENANTS, 300);
}

static void plan_with_everything_equals_brute_force(void **state)
{
	(void)state;
	compare(6, WITH_SPREAD | WITH_MEMORY | WITH_TENANTS | WITH_FLAGS, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_sizes_only_equals_brute_force),
		cmocka_unit_test(plan_with_spread_equals_brute_force),
		cmocka_unit_test(plan_with_memory_wishes_equals_brute_force),
		cmocka_unit_test(plan_with_flags_equals_brute_force),
		cmocka_unit_test(plan_with_tenants_equals_brute_force),
		cmocka_unit_test(plan_with_everything_equals_brute_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
