/* SPDX-License-Identifier: MIT */
/*
 * The proof by trying all: every memory mode for every hive, every mode or "off" for every GPU, and
 * for each of these vectors the most that can be placed, as a flow.
 *
 * Network: request -> (request, spread domain) -> partitions of one GPU that are alike -> node 0.
 * The edges carry replicas, what the domain may take, and the number of those partitions.
 *
 * Invariants:
 * - The flow holds the replicas pushed so far. A unit that is pushed later takes another way for
 *   them, but never takes one away, so the order by priority and weight gives the heaviest set.
 * - Tenants that may move are pushed first: a vector that cannot hold them all is no plan.
 * - Vectors that differ in the names of like GPUs are tried once: GPUs like the one before take
 *   falling modes, off being the least.
 * - beaten is set exactly when some vector does better than the plan: everything on fewer GPUs, or
 *   more weight. More GPUs never place less, so vectors of n_now GPUs stand for all smaller ones.
 *
 * Time: the number of vectors (vectors.c) times the flow: N units at O(E) with N replicas and E
 * edges, at most MAX_WORK edges in all; beyond that the answer is "too large", not "holds".
 * Source: augmenting by breadth-first search is Edmonds and Karp (1972); greedy by weight is exact
 * as in assign.c, with which no code is shared.
 */
#include "plan/verify/doc.h"

#define MAX_GPUS 16
#define MAX_WORK UINT64_C(2000000000) /* edges; some seconds */

struct edge {
	uint32_t to, next;
	int64_t room; /* units that it can still carry; edge e ^ 1 is its reverse */
};

struct all {
	const struct v_doc *d;
	uint32_t *order;	      /* requests: by priority, then weight */
	uint32_t on_now[MAX_GPUS];    /* the vector: mode, or V_NONE for off */
	const char *memory[MAX_GPUS]; /* per hive, at its first GPU: memory mode */
	uint64_t options[MAX_GPUS];   /* per GPU: bit per mode that it may have */

	bool weigh;	   /* look for more weight; else for everything on n_on GPUs */
	uint32_t n_on;	   /* GPUs to use, when not weighing */
	uint32_t n_now;	   /* n_on, or fewer when the memory modes leave fewer usable */
	uint64_t *claimed; /* per band: weight of the plan */
	uint32_t *band;	   /* per request */
	uint32_t n_bands;
	uint64_t *reached; /* per band: weight of the vector */
	bool beaten;	   /* some vector does better than the plan */

	struct edge *edges;
	uint32_t n_edges, cap_edges;
	uint32_t *first, *came, *queue; /* per node: first edge; edge to it; search order */
	uint32_t *request_node;		/* per request */
	uint32_t n_nodes, cap_nodes;
	uint64_t work; /* edges looked at */
	int r;
};

/* Add a node; prepare_search() has counted how many there can be. */
static uint32_t new_node(struct all *a)
{
	if (a->n_nodes == a->cap_nodes) {
		a->r = -E2BIG;
		return 0;
	}
	a->first[a->n_nodes] = V_NONE;
	return a->n_nodes++;
}

static void add_edge(struct all *a, uint32_t from, uint32_t to, int64_t room)
{
	if (a->n_edges == a->cap_edges) {
		a->r = -E2BIG;
		return;
	}
	a->edges[a->n_edges] = (struct edge){to, a->first[from], room};
	a->first[from] = a->n_edges++;
}

/* Add an edge and its reverse, which have numbers 2 k and 2 k + 1. */
static void join_nodes(struct all *a, uint32_t from, uint32_t to, uint64_t room)
{
	add_edge(a, from, to, (int64_t)room);
	add_edge(a, to, from, 0);
}

/* Push one unit more from a node to node 0, by a shortest path. Return whether there is a path. */
static bool push_unit(struct all *a, uint32_t from)
{
	uint32_t head = 0, tail = 0;

	for (uint32_t i = 0; i < a->n_nodes; i++)
		a->came[i] = V_NONE;
	a->queue[tail++] = from;
	while (head < tail && a->came[0] == V_NONE) {
		uint32_t node = a->queue[head++];

		for (uint32_t e = a->first[node]; e != V_NONE; e = a->edges[e].next) {
			uint32_t to = a->edges[e].to;

			a->work++;
			if (a->edges[e].room == 0 || to == from || a->came[to] != V_NONE)
				continue;
			a->came[to] = e;
			a->queue[tail++] = to;
		}
	}
	if (a->came[0] == V_NONE)
		return false;
	for (uint32_t node = 0; node != from;) {
		uint32_t e = a->came[node];

		a->edges[e].room--;
		a->edges[e ^ 1].room++;
		node = a->edges[e ^ 1].to;
	}
	return true;
}

/* Return the partitions that a GPU in use offers: of a fixed one only those without a tenant. */
static uint32_t find_open_parts(const struct all *a, uint32_t g)
{
	const struct v_gpu *gpu = &a->d->gpus[g];

	if (gpu->fixed) {
		uint32_t empty = 0;

		for (uint32_t i = 0; i < V_MAX_PARTS; i++)
			empty |= v_is_empty(a->d, g, i) ? 1U << i : 0;
		return empty;
	}
	return (1U << rp_verify_mode_of(a->d, g, a->on_now[g])->n_parts) - 1;
}

/* Partitions of one GPU that are alike are one node. */
struct kind {
	uint32_t node, gpu;
	const struct v_part *part;
	const char *memory;
};

/* Make the nodes of partitions, with an edge to node 0 for their number. Return how many nodes. */
static uint32_t make_kinds(struct all *a, struct kind *kinds)
{
	uint32_t n_kinds = 0;

	for (uint32_t g = 0; g < a->d->n_gpus; g++) {
		const struct v_mode *m;
		uint32_t mask;

		if (a->on_now[g] == V_NONE)
			continue;
		m = rp_verify_mode_of(a->d, g, a->on_now[g]);
		for (mask = find_open_parts(a, g); mask;) {
			const struct v_part *like = &m->parts[__builtin_ctz(mask)];
			uint32_t n = 0;

			for (uint32_t k = 0; k < m->n_parts; k++) {
				const struct v_part *p = &m->parts[k];

				if ((mask & (1U << k)) && p->usable == like->usable &&
				    p->xcds == like->xcds && p->bandwidth == like->bandwidth) {
					mask &= ~(1U << k);
					n++;
				}
			}
			kinds[n_kinds] = (struct kind){new_node(a), g, like, m->memory};
			join_nodes(a, kinds[n_kinds++].node, 0, n);
		}
	}
	return n_kinds;
}

static uint32_t domain_of(const struct all *a, const struct v_request *q, uint32_t gpu)
{
	return q->spread == V_SPREAD_GPU    ? gpu
	       : q->spread == V_SPREAD_HIVE ? a->d->gpus[gpu].first_of_hive
					    : 0;
}

/* Count the replicas of request r that a domain may take besides tenants that stay there. */
static uint64_t domain_room(const struct all *a, uint32_t r, uint32_t domain)
{
	const struct v_request *q = &a->d->requests[r];
	uint64_t room = q->spread == V_SPREAD_NONE ? q->replicas : q->per_domain;

	for (uint32_t t = 0; t < a->d->n_tenants && q->spread != V_SPREAD_NONE; t++) {
		const struct v_tenant *x = &a->d->tenants[t];

		if (x->stays && x->request == r && room > 0 && domain_of(a, q, x->gpu) == domain)
			room--;
	}
	return room;
}

/* Build the network of the vector, without flow. Return the number of partitions. */
static uint32_t build_network(struct all *a)
{
	struct kind kinds[MAX_GPUS * V_MAX_PARTS];
	uint32_t n_kinds, slots = 0;

	a->n_nodes = a->n_edges = 0;
	(void)new_node(a);
	n_kinds = make_kinds(a, kinds);
	for (uint32_t e = 0; e < a->n_edges; e += 2)
		slots += (uint32_t)a->edges[e].room;
	for (uint32_t r = 0; r < a->d->n_requests && a->r == 0; r++) {
		const struct v_request *q = &a->d->requests[r];
		uint32_t domain_node[MAX_GPUS] = {0};

		a->request_node[r] = new_node(a);
		for (uint32_t k = 0; k < n_kinds; k++) {
			uint32_t domain = domain_of(a, q, kinds[k].gpu);

			if (!rp_verify_fits(q, kinds[k].part, kinds[k].memory))
				continue;
			if (domain_node[domain] == 0) {
				domain_node[domain] = new_node(a);
				join_nodes(a, a->request_node[r], domain_node[domain],
					   domain_room(a, r, domain));
			}
			join_nodes(a, domain_node[domain], kinds[k].node, UINT32_MAX);
		}
	}
	return slots;
}

/* Find what the vector holds, and compare it with the plan. slots counts partitions left. */
static void try_vector(struct all *a)
{
	const struct v_doc *d = a->d;
	uint32_t slots;

	a->work += d->n_requests;
	if (a->work > MAX_WORK)
		a->r = -E2BIG;
	if (a->r < 0)
		return;
	slots = build_network(a);
	for (uint32_t i = 0; i < a->n_bands; i++)
		a->reached[i] = 0;
	for (uint32_t i = 0; i < d->n_requests && a->r == 0; i++) {
		uint32_t moving = d->requests[i].running - d->requests[i].stay;

		for (; moving > 0; moving--) {
			if (!push_unit(a, a->request_node[i]))
				return; /* a tenant would lose its place */
			slots--;
			a->reached[a->band[i]] += d->requests[i].weight;
		}
	}
	for (uint32_t i = 0; i < d->n_requests && a->r == 0; i++) {
		uint32_t r = a->order[i];

		for (uint32_t n = d->requests[r].replicas - d->requests[r].running; n > 0; n--) {
			if (slots == 0 || !push_unit(a, a->request_node[r])) {
				if (!a->weigh)
					return;
				break;
			}
			slots--;
			a->reached[a->band[r]] += d->requests[r].weight;
		}
	}
	if (!a->weigh) {
		a->beaten = a->r == 0;
		return;
	}
	for (uint32_t i = 0; i < a->n_bands; i++) {
		if (a->reached[i] != a->claimed[i]) {
			a->beaten = a->beaten || a->reached[i] > a->claimed[i];
			return;
		}
	}
}

/*
 * Return whether GPU g can do exactly what the GPU before it can. Present modes and tenants do not
 * matter, since switches and moves are not claimed to be fewest. Fixed GPUs are never alike.
 */
static bool is_like_before(const struct all *a, uint32_t g)
{
	const struct v_gpu *x = &a->d->gpus[g], *y = g ? &a->d->gpus[g - 1] : NULL;

	return y && x->pool && y->pool && x->first_of_hive == y->first_of_hive &&
	       x->menu == y->menu && a->options[g] == a->options[g - 1];
}

/* Choose a mode or off for GPU g, then for the GPUs behind it. n_on GPUs are on so far. */
static void choose_mode(struct all *a, uint32_t g, uint32_t n_on)
{
	const struct v_doc *d = a->d;
	uint32_t top = V_MAX_MODES;
	bool any = false;

	if (a->r < 0 || a->beaten)
		return;
	if (g == d->n_gpus) {
		if (a->weigh || n_on == a->n_now)
			try_vector(a);
		return;
	}
	if (d->gpus[g].fixed) {
		a->on_now[g] = d->gpus[g].mode;
		choose_mode(a, g + 1, n_on + 1);
		return;
	}
	if (is_like_before(a, g))
		top = a->on_now[g - 1] == V_NONE ? 0 : a->on_now[g - 1] + 1;
	for (uint32_t m = top; m-- > 0 && d->gpus[g].pool;) {
		if (m >= d->menus[d->gpus[g].menu].n_modes || !(a->options[g] & (1U << m)) ||
		    !v_same(rp_verify_mode_of(d, g, m)->memory,
			    a->memory[d->gpus[g].first_of_hive]))
			continue;
		any = true;
		a->on_now[g] = m;
		if (a->weigh || n_on < a->n_now)
			choose_mode(a, g + 1, n_on + 1);
	}
	a->on_now[g] = V_NONE;
	if (!a->weigh || !any)
		choose_mode(a, g + 1, n_on);
}

/*
 * Count the GPUs that have a mode in the chosen memory modes, at most n_on: with fewer of them no
 * vector of n_on GPUs exists, and the largest that exist stand for it.
 */
static uint32_t count_usable(const struct all *a)
{
	const struct v_doc *d = a->d;
	uint32_t n = 0;

	for (uint32_t g = 0; g < d->n_gpus; g++) {
		bool any = d->gpus[g].fixed;

		for (uint32_t m = 0; d->gpus[g].pool && m < d->menus[d->gpus[g].menu].n_modes; m++)
			any = any || ((a->options[g] & (1U << m)) &&
				      v_same(rp_verify_mode_of(d, g, m)->memory,
					     a->memory[d->gpus[g].first_of_hive]));
		n += any;
	}
	return n < a->n_on ? n : a->n_on;
}

/*
 * Choose a memory mode for the first hive from GPU g on, then for the rest, then modes for GPUs. A
 * hive that can be in none has no GPU in use.
 */
static void choose_memory(struct all *a, uint32_t g)
{
	const struct v_doc *d = a->d;
	bool any = false;

	while (g < d->n_gpus && d->gpus[g].first_of_hive != g)
		g++;
	if (g == d->n_gpus) {
		a->n_now = count_usable(a);
		choose_mode(a, 0, 0);
		return;
	}
	for (uint32_t menu = 0; menu < d->n_menus; menu++) {
		for (uint32_t m = 0; m < d->menus[menu].n_modes; m++) {
			const char *mem = d->menus[menu].modes[m].memory;
			bool before = false;

			for (uint32_t x = 0; x < menu + 1 && !before; x++) {
				uint32_t end = x == menu ? m : d->menus[x].n_modes;

				for (uint32_t y = 0; y < end; y++)
					before = before || v_same(d->menus[x].modes[y].memory, mem);
			}
			if (before ||
			    (d->hives[g].memory_fixed && !v_same(d->hives[g].memory, mem)))
				continue;
			any = true;
			a->memory[g] = mem;
			choose_memory(a, g + 1);
		}
	}
	a->memory[g] = NULL;
	if (!any)
		choose_memory(a, g + 1);
}

struct keyed {
	int64_t priority;
	uint64_t weight;
	uint32_t request;
};

static int cmp_keyed(const void *x, const void *y)
{
	const struct keyed *a = x, *b = y;

	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->request > b->request) - (a->request < b->request);
}

/*
 * Allocate for the largest network, order the requests, and add up the weight that the plan claims.
 */
static int prepare_search(struct all *a)
{
	const struct v_doc *d = a->d;
	RP_AUTO_FREE struct keyed *keys = rp_new0(struct keyed, d->n_requests);
	size_t nodes = 1 + (size_t)d->n_gpus * V_MAX_PARTS +
		       (size_t)d->n_requests * ((size_t)d->n_gpus + 1);
	size_t edges = 2 * ((size_t)d->n_gpus * V_MAX_PARTS +
			    (size_t)d->n_requests * d->n_gpus * (V_MAX_PARTS + 1));

	if (nodes > 1000000 || edges > 20000000)
		return -E2BIG;
	a->cap_nodes = (uint32_t)nodes;
	a->cap_edges = (uint32_t)edges;
	a->order = rp_new0(uint32_t, d->n_requests);
	a->band = rp_new0(uint32_t, d->n_requests);
	a->claimed = rp_new0(uint64_t, d->n_requests);
	a->reached = rp_new0(uint64_t, d->n_requests);
	a->edges = rp_new0(struct edge, edges);
	a->first = rp_new0(uint32_t, nodes);
	a->came = rp_new0(uint32_t, nodes);
	a->queue = rp_new0(uint32_t, nodes);
	a->request_node = rp_new0(uint32_t, d->n_requests);
	if (!keys || !a->order || !a->band || !a->claimed || !a->reached || !a->edges ||
	    !a->first || !a->came || !a->queue || !a->request_node)
		return -ENOMEM;
	for (uint32_t r = 0; r < d->n_requests; r++)
		keys[r] = (struct keyed){d->requests[r].priority, d->requests[r].weight, r};
	qsort(keys, d->n_requests, sizeof(*keys), cmp_keyed);
	for (uint32_t i = 0; i < d->n_requests; i++) {
		a->n_bands += i == 0 || keys[i].priority != keys[i - 1].priority;
		a->order[i] = keys[i].request;
		a->band[keys[i].request] = a->n_bands - 1;
	}
	for (uint32_t i = 0; i < d->n_places; i++)
		a->claimed[a->band[d->places[i].request]] +=
			d->requests[d->places[i].request].weight;
	for (uint32_t t = 0; t < d->n_tenants; t++) { /* tenants that stay are not in the flow */
		if (d->tenants[t].stays)
			a->claimed[a->band[d->tenants[t].request]] -=
				d->requests[d->tenants[t].request].weight;
	}
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		for (uint32_t m = 0; m < d->menus[d->gpus[g].menu].n_modes; m++)
			a->options[g] |= rp_verify_may(d, g, m) ? 1U << m : 0;
	}
	return 0;
}

int rp_verify_check_exhaustive(const struct v_doc *d, bool feasible, uint32_t gpus_used,
			       struct rocpart_error *reterr)
{
	struct all a = {.d = d, .weigh = !feasible, .n_on = gpus_used ? gpus_used - 1 : 0};
	bool short_of_gpus = false;

	if (d->n_gpus > MAX_GPUS || d->any_shared)
		return rp_verify_wrong(
			reterr, "certificate",
			"a plan of this size cannot be proved by trying all placements");
	a.r = prepare_search(&a);
	for (uint32_t g = 0, n = 0; g < d->n_gpus; g++) {
		n += d->gpus[g].fixed;
		short_of_gpus = n > a.n_on; /* fixed GPUs alone exceed n_on */
	}
	if (a.r == 0 && !(feasible && (gpus_used == 0 || short_of_gpus)))
		choose_memory(&a, 0);
	free(a.order);
	free(a.band);
	free(a.claimed);
	free(a.reached);
	free(a.edges);
	free(a.first);
	free(a.came);
	free(a.queue);
	free(a.request_node);
	if (a.r == -ENOMEM)
		return rp_error_nomem(reterr);
	if (a.r < 0)
		return rp_error_errno(reterr, a.r, "certificate",
				      "the plan is too large to try all placements again");
	if (a.beaten)
		return rp_verify_wrong(reterr, "certificate",
				       feasible ? "fewer GPUs are enough"
						: "more weight can be placed");
	return 0;
}
