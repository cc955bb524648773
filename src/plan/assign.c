/* SPDX-License-Identifier: MIT */
/*
 * Assignment of replicas to partitions for given modes, no partition being shared.
 *
 * Network: request -> (request, spread domain) -> slot. An edge into a domain carries at most
 * per_domain replicas, a slot holds one. The sets of replicas that can be placed together are the
 * independent sets of a gammoid (replicas linked to slots by disjoint paths), hence of a matroid:
 * replicas added by falling weight, each by an augmenting path, give the heaviest set.
 *
 * Invariants:
 * - used[r, d] is the number of replicas of r in domain d, tenants that stay included, and is at
 *   most per_domain.
 * - A replica that was placed stays placed: a path only changes which slot it has.
 * - Of all assignments of the replicas placed so far this one keeps the most tenants at home,
 *   because each path is one of least cost, home being worth -1.
 * - No path leads from a dead node to a free slot. A search that fails has reached a closed set of
 *   nodes; later paths of the round cannot enter it and come out again, so it stays closed.
 *
 * Time of one search: O((R + R D) S) with R requests, D domains and S slots, as every node is
 * expanded once. With tenants to keep, labels are corrected and a node can be expanded again, at
 * most once for each node of the network.
 *
 * Source: augmenting by falling weight is Gale's optimal assignment in an ordered set (1968);
 * least-cost paths one after the other are the successive shortest paths of Busacker and Gowen
 * (1961).
 */
#include "plan/assign.h"

#include "base/num.h"

/* Nodes are numbered: requests, then pairs (request, domain), then slots. */
static uint32_t pair_node(const struct rp_assign *a, uint32_t r, uint32_t dom)
{
	return a->v->p->n_requests + r * a->n_domains + dom;
}

static uint32_t slot_node(const struct rp_assign *a, uint32_t s)
{
	return a->v->p->n_requests * (1 + a->n_domains) + s;
}

int rp_assign_init(const struct rp_view *v, struct rp_assign *a)
{
	uint64_t nodes;
	size_t pairs;

	*a = (struct rp_assign){.v = v};
	for (uint32_t g = 0; g < v->p->n_gpus; g++)
		a->max_slots += RP_PLACE_MAX_PARTS;
	a->n_domains = v->p->n_gpus ? v->p->n_gpus : 1;
	if (rp_mul_u64(v->p->n_requests, 1 + (uint64_t)a->n_domains, &nodes) ||
	    rp_add_u64(nodes, a->max_slots, &nodes) || nodes > INT32_MAX / 4)
		return -E2BIG;
	a->n_nodes = (uint32_t)nodes;
	a->slots = rp_new0(struct rp_slot, a->max_slots);
	pairs = (size_t)v->p->n_requests * a->n_domains;
	a->used = rp_new0(uint32_t, pairs);
	a->dead = rp_new0(uint32_t, a->n_nodes);
	a->seen = rp_new0(uint32_t, a->n_nodes);
	a->dist = rp_new0(int32_t, a->n_nodes);
	a->from = rp_new0(uint32_t, a->n_nodes);
	a->queue = rp_new0(uint32_t, (size_t)a->n_nodes + 1);
	a->visited = rp_new0(uint32_t, a->n_nodes);
	a->queued = rp_new0(bool, a->n_nodes);
	if (!a->slots || !a->used || !a->dead || !a->seen || !a->dist || !a->from || !a->queue ||
	    !a->visited || !a->queued)
		return -ENOMEM;
	return 0;
}

void rp_assign_done(struct rp_assign *a)
{
	free(a->slots);
	free(a->used);
	free(a->dead);
	free(a->seen);
	free(a->dist);
	free(a->from);
	free(a->queue);
	free(a->visited);
	free(a->queued);
	*a = (struct rp_assign){0};
}

/* Smaller slots first: a search without costs ends at the first free slot that it meets. */
static int cmp_slot(const void *x, const void *y)
{
	const struct rp_slot *a = x, *b = y;

	if (a->p->usable_bytes != b->p->usable_bytes)
		return a->p->usable_bytes < b->p->usable_bytes ? -1 : 1;
	if (a->gpu != b->gpu)
		return a->gpu < b->gpu ? -1 : 1;
	return a->part < b->part ? -1 : 1;
}

static void add_slots(struct rp_assign *a, uint32_t g, uint32_t mode)
{
	const struct rp_place_mode *m = rp_view_mode(a->v, g, mode);
	const struct rp_view_gpu *vg = &a->v->gpus[g];

	for (uint32_t i = 0; i < m->n_parts; i++) {
		if (vg->role == RP_ROLE_FIXED && !(vg->free_parts & (1U << i)))
			continue;
		a->slots[a->n_slots++] = (struct rp_slot){
			.gpu = g,
			.part = i,
			.mem = a->v->mode_mem[a->v->p->gpus[g].menu][mode],
			.p = &m->parts[i],
			.home = RP_PLACE_NONE,
			.holder = RP_PLACE_NONE,
		};
	}
}

void rp_assign_begin(struct rp_assign *a, const uint32_t *mode_of)
{
	const struct rp_place_problem *p = a->v->p;

	a->n_slots = 0;
	a->costs = false;
	a->round++;
	for (uint32_t g = 0; g < p->n_gpus; g++) {
		if (mode_of[g] != RP_PLACE_NONE)
			add_slots(a, g, mode_of[g]);
	}
	if (a->n_slots > 1)
		qsort(a->slots, a->n_slots, sizeof(a->slots[0]), cmp_slot);
	memset(a->used, 0, (size_t)p->n_requests * a->n_domains * sizeof(*a->used));
	for (uint32_t t = 0; t < p->n_tenants; t++) {
		const struct rp_place_tenant *x = &p->tenants[t];

		if (a->v->stays[t]) {
			a->used[x->request * a->n_domains +
				rp_view_domain(a->v, x->request, x->gpu)]++;
			continue;
		}
		if (mode_of[x->gpu] != p->gpus[x->gpu].mode)
			continue;
		for (uint32_t s = 0; s < a->n_slots; s++) {
			if (a->slots[s].gpu == x->gpu && a->slots[s].part == x->part)
				a->slots[s].home = x->request;
		}
		a->costs = true;
	}
}

/* Return whether the spread rule lets domain dom take one more replica of request r. */
static bool is_domain_open(const struct rp_assign *a, uint32_t r, uint32_t dom)
{
	const struct rp_place_request *q = &a->v->p->requests[r];

	return q->spread == RP_PLACE_SPREAD_NONE ||
	       a->used[r * a->n_domains + dom] < rp_view_per_domain(q);
}

/* One search: a queue in a ring, and the free slot that it found. */
struct walk {
	uint32_t head, tail;
	uint32_t goal; /* free slot with the least cost so far, or RP_PLACE_NONE */
	int32_t goal_dist;
};

/*
 * Record that node is reached from a node before it at cost dist, and queue it, unless it is dead
 * or has a label that is as good.
 */
static void reach_node(struct rp_assign *a, struct walk *w, uint32_t node, uint32_t from,
		       int32_t dist)
{
	if (a->dead[node] == a->round || (a->seen[node] == a->search && a->dist[node] <= dist))
		return;
	if (a->seen[node] != a->search)
		a->visited[a->n_visited++] = node;
	a->seen[node] = a->search;
	a->dist[node] = dist;
	a->from[node] = from;
	if (a->queued[node])
		return;
	a->queued[node] = true;
	a->queue[w->tail] = node;
	w->tail = w->tail == a->n_nodes ? 0 : w->tail + 1;
}

/* A tenant at home is worth one: the cost of giving slot s to request r. */
static int32_t price_slot(const struct rp_slot *s, uint32_t r)
{
	return s->home == r ? -1 : 0;
}

/* Walk from a request to each of its domains that may take one more replica. */
static void expand_request(struct rp_assign *a, struct walk *w, uint32_t r, int32_t dist)
{
	for (uint32_t s = 0; s < a->n_slots; s++) {
		uint32_t dom = rp_view_domain(a->v, r, a->slots[s].gpu);

		if (is_domain_open(a, r, dom))
			reach_node(a, w, pair_node(a, r, dom), r, dist);
		if (a->v->p->requests[r].spread == RP_PLACE_SPREAD_NONE)
			return;
	}
}

/*
 * Walk from (request, domain) to the slots of the domain that hold r, and back to the request: a
 * replica of it that is in this domain may go to another domain. Without costs the first free slot
 * ends the search.
 */
static void expand_pair(struct rp_assign *a, struct walk *w, uint32_t node, int32_t dist)
{
	uint32_t x = node - a->v->p->n_requests;
	uint32_t r = x / a->n_domains, dom = x % a->n_domains;

	if (a->used[x] > 0)
		reach_node(a, w, r, node, dist);
	for (uint32_t i = 0; i < a->n_slots; i++) {
		const struct rp_slot *s = &a->slots[i];

		if (s->holder == r || rp_view_domain(a->v, r, s->gpu) != dom ||
		    !rp_view_fits(a->v, r, s->p, s->mem))
			continue;
		reach_node(a, w, slot_node(a, i), node, dist + price_slot(s, r));
		if (s->holder == RP_PLACE_NONE && a->seen[slot_node(a, i)] == a->search &&
		    (w->goal == RP_PLACE_NONE || a->dist[slot_node(a, i)] < w->goal_dist)) {
			w->goal = i;
			w->goal_dist = a->dist[slot_node(a, i)];
			if (!a->costs)
				return;
		}
	}
}

/*
 * Apply the path from request r to the free slot goal, from its end: every slot on it gets the
 * request that came to it, and the counts of the domains follow.
 */
static void shift_holders(struct rp_assign *a, uint32_t goal, uint32_t r)
{
	const uint32_t n_requests = a->v->p->n_requests;
	const uint32_t first_slot = slot_node(a, 0);
	uint32_t node = slot_node(a, goal);

	while (node != r) {
		uint32_t from = a->from[node];

		if (node >= first_slot) /* pair -> slot */
			a->slots[node - first_slot].holder = (from - n_requests) / a->n_domains;
		else if (node >= n_requests && from < n_requests) /* request -> pair */
			a->used[node - n_requests]++;
		else if (node < n_requests) /* pair -> request: one leaves the domain */
			a->used[from - n_requests]--;
		node = from;
	}
}

bool rp_assign_add(struct rp_assign *a, uint32_t request)
{
	struct walk w = {.goal = RP_PLACE_NONE};
	const uint32_t first_slot = slot_node(a, 0);

	a->search++;
	a->n_visited = 0;
	reach_node(a, &w, request, request, 0);
	while (w.head != w.tail && (a->costs || w.goal == RP_PLACE_NONE)) {
		uint32_t node = a->queue[w.head];

		w.head = w.head == a->n_nodes ? 0 : w.head + 1;
		a->queued[node] = false;
		a->work++;
		if (node < a->v->p->n_requests) {
			expand_request(a, &w, node, a->dist[node]);
		} else if (node < first_slot) {
			expand_pair(a, &w, node, a->dist[node]);
		} else if (a->slots[node - first_slot].holder != RP_PLACE_NONE) {
			const struct rp_slot *s = &a->slots[node - first_slot];

			reach_node(a, &w,
				   pair_node(a, s->holder, rp_view_domain(a->v, s->holder, s->gpu)),
				   node, a->dist[node] - price_slot(s, s->holder));
		}
	}
	for (; w.head != w.tail; w.head = w.head == a->n_nodes ? 0 : w.head + 1)
		a->queued[a->queue[w.head]] = false;
	if (w.goal == RP_PLACE_NONE) {
		for (uint32_t i = 0; i < a->n_visited; i++)
			a->dead[a->visited[i]] = a->round;
		return false;
	}
	shift_holders(a, w.goal, request);
	return true;
}

uint32_t rp_assign_kept(const struct rp_assign *a)
{
	uint32_t n = 0;

	for (uint32_t s = 0; s < a->n_slots; s++)
		n += a->slots[s].home != RP_PLACE_NONE && a->slots[s].home == a->slots[s].holder;
	return n;
}
