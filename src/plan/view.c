/* SPDX-License-Identifier: MIT */
/*
 * Preparing a problem: numbers instead of names, and one role for each GPU.
 *
 * Invariants of the result:
 * - A GPU is FIXED when it is occupied or has a holder or a tenant that stays. It is OUT when it is
 * shut (cordoned, degraded, unhealthy) or in an unknown mode that it cannot leave. Others are POOL.
 * - free_parts of a FIXED GPU are its partitions on which nothing stays; a shut GPU has none.
 * - A hive keeps its memory mode when one of its GPUs is FIXED, shut or unable to switch, because a
 *   switch of the memory mode reloads the driver under all of them (Linux
 *   drivers/gpu/drm/amd/amdgpu/amdgpu_gmc.c, amdgpu_gmc_request_memory_partition()).
 * - need counts replicas without the tenants that stay, and total_need is their sum.
 *
 * Time: O(G + R + T + modes), expected where hives are mixed (a hash table), with G GPUs, R
 * requests and T tenants. Orders take O(R log R).
 */
#include "plan/view.h"

#include "base/strbuf.h"

static int number_memory(struct rp_view *v, const char *name, uint8_t *ret)
{
	for (uint32_t i = 0; i < v->n_mems; i++) {
		if (rp_str_eq(v->mems[i], name)) {
			*ret = (uint8_t)i;
			return 0;
		}
	}
	if (v->n_mems == RP_PLACE_MAX_MEMS)
		return -E2BIG;
	*ret = (uint8_t)v->n_mems;
	v->mems[v->n_mems++] = name;
	return 0;
}

/* Number the memory modes of the menus, and give each request the number of the one it asks for. */
static int number_memories(struct rp_view *v)
{
	const struct rp_place_problem *p = v->p;

	for (uint32_t m = 0; m < p->n_menus; m++) {
		for (uint32_t i = 0; i < p->menus[m].n_modes; i++) {
			int r = number_memory(v, p->menus[m].modes[i].memory, &v->mode_mem[m][i]);

			if (r < 0)
				return r;
		}
	}
	for (uint32_t q = 0; q < p->n_requests; q++) {
		const char *want = p->requests[q].memory;

		v->req_mem[q] = want ? (uint8_t)v->n_mems : RP_VIEW_ANY;
		for (uint32_t i = 0; want && i < v->n_mems; i++) {
			if (rp_str_eq(v->mems[i], want))
				v->req_mem[q] = (uint8_t)i;
		}
	}
	return 0;
}

static uint32_t new_hive(struct rp_view *v)
{
	v->hives[v->n_hives].mem_now = RP_PLACE_NONE;
	return v->n_hives++;
}

/* Number hives in any order, by a hash table with open addressing that is at most half full. */
static int number_mixed_hives(struct rp_view *v)
{
	RP_AUTO_FREE uint32_t *table = NULL; /* 1 + hive; 0: free */
	RP_AUTO_FREE uint32_t *number = rp_new0(uint32_t, v->p->n_gpus);
	uint64_t size = 4;

	while (size < (uint64_t)v->p->n_gpus * 2)
		size *= 2;
	table = rp_new0(uint32_t, size);
	if (!table || !number)
		return -ENOMEM;
	for (uint32_t g = 0; g < v->p->n_gpus; g++) {
		uint32_t hive = v->p->gpus[g].hive;
		uint64_t at = (hive * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (size - 1);

		while (table[at] && number[table[at] - 1] != hive)
			at = (at + 1) & (size - 1);
		if (!table[at]) {
			number[v->n_hives] = hive;
			table[at] = 1 + new_hive(v);
		}
		v->gpus[g].hive = table[at] - 1;
	}
	return 0;
}

/*
 * Number hives in the order of their first GPUs. Mostly the GPUs of a hive follow each other and
 * hive numbers rise; then no table is needed.
 */
static int number_hives(struct rp_view *v)
{
	const struct rp_place_gpu *gpus = v->p->gpus;

	for (uint32_t g = 1; g < v->p->n_gpus; g++) {
		if (gpus[g].hive < gpus[g - 1].hive)
			return number_mixed_hives(v);
	}
	for (uint32_t g = 0; g < v->p->n_gpus; g++) {
		bool same = g > 0 && gpus[g].hive == gpus[g - 1].hive;

		v->gpus[g].hive = same ? v->gpus[g - 1].hive : new_hive(v);
	}
	return 0;
}

/* Decide the role of GPU g and what it means for its hive. held: a tenant on it stays. */
static void set_role(struct rp_view *v, uint32_t g, bool held)
{
	const uint32_t shut = RP_PLACE_CORDONED | RP_PLACE_DEGRADED | RP_PLACE_UNHEALTHY;
	const struct rp_place_gpu *gpu = &v->p->gpus[g];
	struct rp_view_gpu *vg = &v->gpus[g];
	struct rp_view_hive *hive = &v->hives[vg->hive];

	if (gpu->mode != RP_PLACE_NONE && hive->mem_now == RP_PLACE_NONE)
		hive->mem_now = v->mode_mem[gpu->menu][gpu->mode];
	vg->stuck = (gpu->flags & RP_PLACE_CANNOT_SWITCH) != 0;
	if (held || gpu->occupied)
		vg->role = RP_ROLE_FIXED;
	else if ((gpu->flags & shut) || (vg->stuck && gpu->mode == RP_PLACE_NONE))
		vg->role = RP_ROLE_OUT;
	else
		vg->role = RP_ROLE_POOL;
	if (vg->role == RP_ROLE_FIXED || vg->stuck || (gpu->flags & shut))
		hive->mem_fixed = true;
	if (vg->role == RP_ROLE_FIXED && !(gpu->flags & shut))
		vg->free_parts =
			((1U << rp_view_mode(v, g, gpu->mode)->n_parts) - 1) & ~gpu->occupied;
	v->n_pool += vg->role == RP_ROLE_POOL;
	v->n_fixed += vg->role == RP_ROLE_FIXED;
}

/*
 * Decide which tenants stay. On a cordoned or degraded GPU every tenant stays; one on an unhealthy
 * GPU may leave.
 */
static void settle_tenants(struct rp_view *v, bool *held)
{
	const struct rp_place_problem *p = v->p;

	for (uint32_t t = 0; t < p->n_tenants; t++) {
		const struct rp_place_tenant *a = &p->tenants[t];
		uint32_t flags = p->gpus[a->gpu].flags;

		v->stays[t] = a->pinned || !p->allow_moves ||
			      (flags & (RP_PLACE_CORDONED | RP_PLACE_DEGRADED));
		if (!v->stays[t])
			continue;
		held[a->gpu] = true;
		v->need[a->request]--;
	}
}

/* Return whether the GPUs of each hive, where their modes are known, are in one memory mode. */
static bool is_hive_one(const struct rp_view *v)
{
	for (uint32_t g = 0; g < v->p->n_gpus; g++) {
		const struct rp_place_gpu *gpu = &v->p->gpus[g];

		if (gpu->mode != RP_PLACE_NONE &&
		    v->mode_mem[gpu->menu][gpu->mode] != v->hives[v->gpus[g].hive].mem_now)
			return false;
	}
	return true;
}

int rp_view_init(const struct rp_place_problem *p, struct rp_view *v)
{
	RP_AUTO_FREE bool *held = rp_new0(bool, p->n_gpus);
	int r;

	*v = (struct rp_view){.p = p};
	v->mode_mem = calloc(p->n_menus ? p->n_menus : 1, sizeof(*v->mode_mem));
	v->gpus = rp_new0(struct rp_view_gpu, p->n_gpus);
	v->hives = rp_new0(struct rp_view_hive, p->n_gpus);
	v->need = rp_new0(uint32_t, p->n_requests);
	v->req_mem = rp_new0(uint8_t, p->n_requests);
	v->stays = rp_new0(bool, p->n_tenants);
	if (!held || !v->mode_mem || !v->gpus || !v->hives || !v->need || !v->req_mem || !v->stays)
		return -ENOMEM;
	r = number_memories(v);
	if (r == 0)
		r = number_hives(v);
	if (r < 0)
		return r;
	for (uint32_t q = 0; q < p->n_requests; q++)
		v->need[q] = p->requests[q].replicas;
	for (uint32_t i = 0; i < p->n_holders; i++)
		held[p->holders[i].gpu] = true;
	settle_tenants(v, held);
	for (uint32_t g = 0; g < p->n_gpus; g++)
		set_role(v, g, held[g]);
	if (!is_hive_one(v))
		return -EINVAL;
	for (uint32_t t = 0; t < p->n_tenants; t++) {
		if (v->stays[t])
			v->gpus[p->tenants[t].gpu].free_parts &= ~(1U << p->tenants[t].part);
	}
	for (uint32_t i = 0; i < p->n_holders; i++)
		v->gpus[p->holders[i].gpu].free_parts &= ~(1U << p->holders[i].part);
	for (uint32_t q = 0; q < p->n_requests; q++)
		v->total_need += v->need[q];
	return 0;
}

void rp_view_done(struct rp_view *v)
{
	free(v->mode_mem);
	free(v->gpus);
	free(v->hives);
	free(v->need);
	free(v->req_mem);
	free(v->stays);
	*v = (struct rp_view){0};
}

bool rp_view_may(const struct rp_view *v, uint32_t gpu, uint32_t mode)
{
	if (v->p->gpus[gpu].mode == mode)
		return true;
	return !v->gpus[gpu].stuck &&
	       (v->p->allow_unvalidated || rp_view_mode(v, gpu, mode)->validated);
}

bool rp_view_hive_may(const struct rp_view *v, uint32_t hive, uint32_t mem)
{
	return !v->hives[hive].mem_fixed || v->hives[hive].mem_now == mem;
}

struct rp_view_room rp_view_room(const struct rp_view *v, uint32_t gpu, uint32_t part)
{
	const uint32_t shut = RP_PLACE_CORDONED | RP_PLACE_DEGRADED | RP_PLACE_UNHEALTHY;
	const struct rp_place_problem *p = v->p;
	const struct rp_place_part *x = &rp_view_mode(v, gpu, p->gpus[gpu].mode)->parts[part];
	struct rp_view_room room = {.bytes = x->usable_bytes, .limit = UINT32_MAX};

	if ((p->gpus[gpu].flags & shut) || (p->gpus[gpu].occupied & (1U << part)))
		return (struct rp_view_room){0};
	for (uint32_t t = 0; t < p->n_tenants; t++) {
		const struct rp_place_request *q = &p->requests[p->tenants[t].request];

		if (!v->stays[t] || p->tenants[t].gpu != gpu || p->tenants[t].part != part)
			continue;
		room.bytes -= q->bytes; /* rp_place_check(): they fit */
		room.n++;
		if (rp_view_limit(q, x) < room.limit)
			room.limit = rp_view_limit(q, x);
	}
	for (uint32_t i = 0; i < p->n_holders; i++) {
		const struct rp_place_holder *h = &p->holders[i];

		if (h->gpu != gpu || h->part != part)
			continue;
		room.bytes -= h->bytes;
		room.n++;
		room.limit = h->share < room.limit ? h->share : room.limit;
	}
	return room;
}

bool rp_view_may_join(const struct rp_view *v, uint32_t r)
{
	const struct rp_place_request *q = &v->p->requests[r];

	for (uint32_t g = 0; g < v->p->n_gpus; g++) {
		const struct rp_place_mode *m;

		if (v->gpus[g].role != RP_ROLE_FIXED)
			continue;
		m = rp_view_mode(v, g, v->p->gpus[g].mode);
		for (uint32_t i = 0; i < m->n_parts; i++) {
			struct rp_view_room room = rp_view_room(v, g, i);
			uint32_t mem = v->mode_mem[v->p->gpus[g].menu][v->p->gpus[g].mode];

			if (room.n < room.limit && room.n < rp_view_limit(q, &m->parts[i]) &&
			    q->bytes <= room.bytes && rp_view_fits(v, r, &m->parts[i], mem))
				return true;
		}
	}
	return false;
}

/* qsort() passes no context, so each element carries its keys. */
struct keyed {
	int64_t priority;
	uint64_t amount;
	uint32_t request;
};

static int cmp_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->amount != y->amount)
		return x->amount > y->amount ? -1 : 1;
	return (x->request > y->request) - (x->request < y->request);
}

uint32_t *rp_view_order(const struct rp_view *v, enum rp_view_order_by by)
{
	const uint32_t n = v->p->n_requests;
	RP_AUTO_FREE struct keyed *keys = rp_new0(struct keyed, n);
	uint32_t *order = rp_new0(uint32_t, n);

	if (!keys || !order) {
		free(order);
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct rp_place_request *q = &v->p->requests[i];

		keys[i] = (struct keyed){by == RP_BY_BYTES ? 0 : q->priority,
					 by == RP_BY_PRIORITY_WEIGHT ? rp_view_weight(q) : q->bytes,
					 i};
	}
	qsort(keys, n, sizeof(*keys), cmp_keyed);
	for (uint32_t i = 0; i < n; i++)
		order[i] = keys[i].request;
	return order;
}
