/* SPDX-License-Identifier: MIT */
/*
 * Lower bounds on the number of GPUs when partitions may be shared, from weights of replicas.
 *
 * Invariant of each measure: no set of replicas that fits into a partition of b bytes weighs more
 * than bound_part_weight(b) (the weights are dual feasible). Hence a GPU holds at most the sum over
 * the partitions of its best mode, and a plan needs the fixed GPUs and
 *
 *	(weight of all replicas - what fixed GPUs can take) / best GPU, rounded up,
 *
 * others. The measures, and why the invariant holds:
 * - VOLUME: a replica weighs its bytes; the bytes in a partition are at most b.
 * - COUNT: a replica of at least param bytes weighs 1; at most b / param of them fit, and no more
 *   than the partition may have (find_most()). One that may have none weighs 0 in each measure.
 * - L2: a replica above ref - param bytes is big and weighs ref, another of at least param bytes
 *   weighs its bytes, a smaller one 0. A big one weighs at most ref - least_big more than its
 *   bytes, and at most b / least_big of them fit.
 * A replica that shares with nobody is alone in its partition, so it may weigh as much as the least
 * partition that holds it can (weigh_exclusive()).
 *
 * Time: O(K M (R + E M P)) with K thresholds (at most MAX_TRIES, fewer for many requests), M modes,
 * R requests, E exclusive ones, P partitions of a GPU.
 *
 * Source: L2 is the bound of Martello and Toth (1990) in the form of dual feasible functions
 * (Fekete and Schepers 2001). That one measure covers partitions of several sizes, and the weight
 * of exclusive replicas, is our own. verify/bound.c computes the same weights by itself.
 */
#include "plan/draft.h"

#define MAX_TRIES 512	   /* thresholds that are tried, spread evenly over the sizes */
#define MAX_WORK  20000000 /* thresholds times requests */
#define MAX_MODES 256	   /* as RP_CHAIN_MAX_MODES */

typedef unsigned __int128 u128;

struct measure {
	enum rp_plan_proof kind;
	uint64_t param, ref;
	uint64_t least_big; /* L2: bytes of the smallest big request; 0: no request is big */
	uint32_t most;	    /* tenants that any partition may have */
};

static uint64_t weigh_bytes(const struct measure *m, uint64_t bytes)
{
	if (m->kind == RP_PROOF_VOLUME)
		return bytes;
	if (m->kind == RP_PROOF_COUNT)
		return bytes >= m->param;
	if (bytes > m->ref - m->param)
		return m->ref;
	return bytes >= m->param ? bytes : 0;
}

/* Bound the weight that a partition of bytes bytes holds with at most room tenants. */
static uint64_t bound_part_weight(const struct measure *m, uint64_t bytes, uint32_t room)
{
	uint64_t n;

	if (room == 0)
		return 0;
	if (m->kind == RP_PROOF_VOLUME)
		return bytes;
	if (m->kind == RP_PROOF_COUNT) {
		n = bytes / m->param;
		return n < room ? n : room;
	}
	n = m->least_big ? bytes / m->least_big : 0;
	/* With least_big >= ref no replica weighs more than its bytes. */
	return m->least_big && m->ref > m->least_big ? n * (m->ref - m->least_big) + bytes : bytes;
}

/* Return the largest number of tenants that some request accepts in its partition. */
static uint32_t most_tenants(const struct rp_place_problem *p)
{
	uint32_t most = 1;

	for (uint32_t q = 0; q < p->n_requests; q++) {
		if (rp_view_share(&p->requests[q]) > most)
			most = rp_view_share(&p->requests[q]);
	}
	return most;
}

/* Return whether some GPU of the pool may take the mode. */
static bool may_pool_have(const struct rp_view *v, uint32_t menu, uint32_t mode)
{
	for (uint32_t g = 0; g < v->p->n_gpus; g++) {
		if (v->p->gpus[g].menu == menu && v->gpus[g].role == RP_ROLE_POOL &&
		    rp_view_may(v, g, mode) &&
		    rp_view_hive_may(v, v->gpus[g].hive, v->mode_mem[menu][mode]))
			return true;
	}
	return false;
}

/* The modes that some GPU of the pool may take, and fixed GPUs: the same for every measure. */
struct modes {
	const struct rp_place_mode *m[MAX_MODES];
	uint32_t mem[MAX_MODES];
	uint32_t most[MAX_MODES][RP_PLACE_MAX_PARTS]; /* replicas that the partition may have */
	uint32_t n;
	struct rp_view_room *rooms; /* of the partitions of fixed GPUs */
	size_t n_rooms;
};

/*
 * Find how many replicas a partition may have: those on it accept as many as they are, so no more
 * than the request that accepts most of those that fit. 0: none fits.
 */
static uint32_t find_most(const struct rp_view *v, const struct rp_place_part *part, uint32_t mem)
{
	uint32_t most = 0;

	for (uint32_t q = 0; q < v->p->n_requests; q++) {
		const struct rp_place_request *rq = &v->p->requests[q];

		if (v->need[q] > 0 && rp_view_fits(v, q, part, mem) &&
		    rp_view_limit(rq, part) > most)
			most = rp_view_limit(rq, part);
	}
	return most;
}

static int collect_modes(const struct rp_view *v, struct modes *ret)
{
	ret->n = 0;
	for (uint32_t menu = 0; menu < v->p->n_menus; menu++) {
		for (uint32_t i = 0; i < v->p->menus[menu].n_modes; i++) {
			if (!may_pool_have(v, menu, i))
				continue;
			if (ret->n == MAX_MODES)
				return -E2BIG;
			ret->m[ret->n] = &v->p->menus[menu].modes[i];
			for (uint32_t k = 0; k < ret->m[ret->n]->n_parts; k++)
				ret->most[ret->n][k] = find_most(v, &ret->m[ret->n]->parts[k],
								 v->mode_mem[menu][i]);
			ret->mem[ret->n++] = v->mode_mem[menu][i];
		}
	}
	return 0;
}

/*
 * Weigh an exclusive replica: as much as the least partition that can hold it may hold. A free
 * partition of a fixed GPU could be smaller than those of the modes, so with fixed GPUs it weighs
 * what a sharing replica of its bytes weighs. 0: no mode of the pool holds it.
 */
static uint64_t weigh_exclusive(const struct rp_view *v, const struct modes *modes,
				const struct measure *m, uint32_t r)
{
	uint64_t least = UINT64_MAX;

	if (v->n_fixed > 0)
		return weigh_bytes(m, v->p->requests[r].bytes);
	for (uint32_t i = 0; i < modes->n; i++) {
		for (uint32_t k = 0; k < modes->m[i]->n_parts; k++) {
			const struct rp_place_part *part = &modes->m[i]->parts[k];
			uint64_t w = bound_part_weight(m, part->usable_bytes, modes->most[i][k]);

			if (rp_view_fits(v, r, part, modes->mem[i]) && w < least)
				least = w;
		}
	}
	return least == UINT64_MAX ? 0 : least;
}

/*
 * List what is left of the partitions of fixed GPUs beside what stays on them, once for all
 * measures. NULL: out of memory.
 */
static struct rp_view_room *list_rooms(const struct rp_view *v, size_t *ret_n)
{
	struct rp_view_room *rooms =
		calloc((size_t)v->n_fixed + 1, RP_PLACE_MAX_PARTS * sizeof(*rooms));
	size_t n = 0;

	for (uint32_t g = 0; rooms && g < v->p->n_gpus; g++) {
		const struct rp_place_mode *mode;

		if (v->gpus[g].role != RP_ROLE_FIXED)
			continue;
		mode = rp_view_mode(v, g, v->p->gpus[g].mode);
		for (uint32_t i = 0; i < mode->n_parts; i++)
			rooms[n++] = rp_view_room(v, g, i);
	}
	*ret_n = n;
	return rooms;
}

/* Bound what fixed GPUs can take. */
static u128 bound_fixed_weight(const struct modes *modes, const struct measure *m)
{
	u128 sum = 0;

	for (size_t i = 0; i < modes->n_rooms; i++) {
		const struct rp_view_room *room = &modes->rooms[i];
		uint32_t limit = room->limit < m->most ? room->limit : m->most;

		if (room->n < limit)
			sum += bound_part_weight(m, room->bytes, limit - room->n);
	}
	return sum;
}

/* Compute the bound that one measure gives; UINT64_MAX: no number of GPUs is enough. 128 bits hold
 * every sum of 2^32 weights below 2^64. */
static uint64_t bound_by(const struct rp_view *v, const struct modes *modes,
			 const struct measure *m)
{
	u128 sum = 0, fixed = bound_fixed_weight(modes, m), best = 0, n;

	for (uint32_t q = 0; q < v->p->n_requests; q++) {
		uint64_t w = rp_view_share(&v->p->requests[q]) == 1
				     ? weigh_exclusive(v, modes, m, q)
				     : weigh_bytes(m, v->p->requests[q].bytes);

		sum += (u128)w * v->need[q];
	}
	for (uint32_t i = 0; i < modes->n; i++) {
		u128 gpu = 0;

		for (uint32_t k = 0; k < modes->m[i]->n_parts; k++)
			gpu += bound_part_weight(m, modes->m[i]->parts[k].usable_bytes,
						 modes->most[i][k]);
		if (gpu > best)
			best = gpu;
	}
	if (sum <= fixed)
		return v->n_fixed;
	if (best == 0)
		return UINT64_MAX; /* no other GPU takes any of it */
	n = (sum - fixed + best - 1) / best + v->n_fixed;
	return n > UINT32_MAX ? UINT32_MAX : (uint64_t)n;
}

/* Keep the measure when it bounds higher than the ones before. */
static void keep_better(const struct rp_view *v, const struct modes *modes, const struct measure *m,
			struct rp_share_bound *ret)
{
	uint64_t n = bound_by(v, modes, m);

	if (n > ret->gpus)
		*ret = (struct rp_share_bound){m->kind, m->param, m->ref, n};
}

/* Try the L2 measure. Precondition: param <= ref / 2, else the classes overlap. */
static void try_l2(const struct rp_view *v, const struct modes *modes, uint64_t ref, uint64_t param,
		   struct rp_share_bound *ret)
{
	struct measure m = {
		.kind = RP_PROOF_L2, .param = param, .ref = ref, .most = most_tenants(v->p)};

	for (uint32_t q = 0; q < v->p->n_requests; q++) {
		uint64_t bytes = v->p->requests[q].bytes;

		if (v->need[q] > 0 && bytes > ref - param &&
		    (m.least_big == 0 || bytes < m.least_big))
			m.least_big = bytes;
	}
	keep_better(v, modes, &m, ret);
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* List the bytes that requests ask for, each once, rising; *ret_n of them. NULL: out of memory. */
static uint64_t *different_sizes(const struct rp_view *v, uint32_t *ret_n)
{
	uint64_t *sizes = rp_new0(uint64_t, v->p->n_requests);
	uint32_t n = 0;

	for (uint32_t q = 0; sizes && q < v->p->n_requests; q++)
		sizes[q] = v->p->requests[q].bytes;
	if (sizes)
		qsort(sizes, v->p->n_requests, sizeof(*sizes), cmp_u64);
	for (uint32_t q = 0; sizes && q < v->p->n_requests; q++) {
		if (n == 0 || sizes[n - 1] != sizes[q])
			sizes[n++] = sizes[q];
	}
	*ret_n = n;
	return sizes;
}

int rp_share_bound(const struct rp_view *v, struct rp_share_bound *ret)
{
	struct measure m = {.kind = RP_PROOF_VOLUME, .most = most_tenants(v->p)};
	uint32_t n, tries = MAX_TRIES;
	RP_AUTO_FREE uint64_t *sizes = different_sizes(v, &n);
	RP_AUTO_FREE struct modes *modes = rp_new0(struct modes, 1);
	RP_AUTO_FREE struct rp_view_room *rooms = NULL;
	int r = sizes && modes ? collect_modes(v, modes) : -ENOMEM;

	if (r == 0) {
		rooms = modes->rooms = list_rooms(v, &modes->n_rooms);
		r = rooms ? 0 : -ENOMEM;
	}
	if (r < 0)
		return r;
	if ((uint64_t)tries * v->p->n_requests > MAX_WORK)
		tries = MAX_WORK / v->p->n_requests + 1;
	*ret = (struct rp_share_bound){.proof = RP_PROOF_VOLUME};
	keep_better(v, modes, &m, ret);
	for (uint32_t i = 0; i < n; i += n / tries + 1) {
		m = (struct measure){
			.kind = RP_PROOF_COUNT, .param = sizes[i], .most = most_tenants(v->p)};
		keep_better(v, modes, &m, ret);
		for (uint32_t k = 0; k < modes->n; k++) {
			uint64_t ref = modes->m[k]->parts[0].usable_bytes;

			if (sizes[i] <= ref / 2)
				try_l2(v, modes, ref, sizes[i], ret);
		}
	}
	return 0;
}
