/* SPDX-License-Identifier: MIT */
/*
 * Everything tried: each choice of GPUs in use, each mode for each of these GPUs, each partition
 * for each replica. Only choices that differ in names are left out: like GPUs, like partitions with
 * the same replicas on them, and like replicas.
 */
#include "oracle.h"

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool oracle_stays(const struct o_problem *p, uint32_t t)
{
	const struct o_gpu *g = &p->gpus[p->tenants[t].gpu];

	return p->tenants[t].pinned || !p->allow_moves || g->cordoned || g->degraded;
}

bool oracle_is_held(const struct o_problem *p, uint32_t g)
{
	for (uint32_t t = 0; t < p->n_tenants; t++)
		if (p->tenants[t].gpu == g && oracle_stays(p, t))
			return true;
	for (uint32_t i = 0; i < p->n_holders; i++)
		if (p->holders[i].gpu == g)
			return true;
	return p->gpus[g].occupied != 0;
}

static bool is_closed(const struct o_gpu *g)
{
	return g->cordoned || g->degraded || g->unhealthy;
}

/* A hive is reloaded as a whole: one GPU that cannot be touched keeps its memory mode. */
static bool is_memory_possible(const struct o_problem *p, uint64_t hive, const char *memory)
{
	const char *now = NULL;
	bool keeps = false;

	for (uint32_t g = 0; g < p->n_gpus; g++) {
		const struct o_gpu *x = &p->gpus[g];

		if (x->hive != hive)
			continue;
		keeps = keeps || is_closed(x) || !x->can_switch || oracle_is_held(p, g);
		if (!now && x->mode != O_NEVER)
			now = p->menus[x->menu].modes[x->mode].memory;
	}
	return !keeps || is_same(now, memory);
}

bool oracle_may(const struct o_problem *p, uint32_t g, uint32_t mode)
{
	const struct o_gpu *x = &p->gpus[g];
	const struct o_mode *m = &p->menus[x->menu].modes[mode];
	bool held = oracle_is_held(p, g);

	if (is_closed(x) && !held)
		return false; /* it is not used */
	if ((held || !x->can_switch) && mode != x->mode)
		return false;
	return (mode == x->mode || m->validated || p->allow_unvalidated) &&
	       is_memory_possible(p, x->hive, m->memory);
}

struct unit {
	uint32_t request;
	bool must; /* it runs already and may not be lost */
};

struct search {
	const struct o_problem *p;
	const char *memory;    /* of every GPU, or NULL */
	uint32_t mode[O_GPUS]; /* O_NEVER: not in use */
	uint8_t on[O_GPUS][O_PARTS][O_REQS];
	struct unit units[O_UNITS];
	uint32_t n_units, at[O_UNITS]; /* at: GPU and partition of a unit, as one number */
	uint32_t n_used;	       /* GPUs that must be in use; O_NEVER: any number */

	bool weigh, found;
	uint32_t band_of[O_REQS], n_bands;
	uint64_t weight[O_REQS], left[O_REQS], best[O_REQS]; /* per band */
};

static uint32_t count_on(const struct search *s, uint32_t g, uint32_t part)
{
	uint32_t n = 0;

	for (uint32_t q = 0; q < s->p->n_requests; q++)
		n += s->on[g][part][q];
	return n;
}

static const struct o_mode *mode_of(const struct search *s, uint32_t g)
{
	return &s->p->menus[s->p->gpus[g].menu].modes[s->mode[g]];
}

/* Return whether everything that a partition would have is within its limits. */
static bool is_partition_fine(const struct search *s, uint32_t g, uint32_t part)
{
	const struct o_mode *m = mode_of(s, g);
	const struct o_part *x = &m->parts[part];
	uint32_t n = count_on(s, g, part);
	uint32_t others = UINT32_MAX; /* as many as the holders accept */
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < s->p->n_holders; i++) {
		const struct o_holder *h = &s->p->holders[i];

		if (h->gpu != g || h->part != part)
			continue;
		bytes += h->bytes;
		others = h->share < others ? h->share : others;
		n++;
	}
	if (n > others)
		return false;
	for (uint32_t q = 0; q < s->p->n_requests; q++) {
		const struct o_request *r = &s->p->requests[q];

		if (!s->on[g][part][q])
			continue;
		bytes += r->bytes * s->on[g][part][q];
		if (r->xcds > x->xcds || (r->memory && !is_same(r->memory, m->memory)) ||
		    n > r->share)
			return false;
		/* The bandwidth of a partition is divided among those that share it. */
		if (r->bandwidth > x->bandwidth / n)
			return false;
	}
	return bytes <= x->bytes;
}

static bool is_spread_fine(const struct search *s, uint32_t q, uint32_t g)
{
	const struct o_request *r = &s->p->requests[q];
	uint32_t n = 0;

	if (r->spread == 'n')
		return true;
	for (uint32_t o = 0; o < s->p->n_gpus; o++) {
		if (r->spread == 'g' ? o != g : s->p->gpus[o].hive != s->p->gpus[g].hive)
			continue;
		for (uint32_t i = 0; i < O_PARTS; i++)
			n += s->on[o][i][q];
	}
	return n <= r->per_domain;
}

/* Return whether an earlier partition of the GPU is the same in all that matters. */
static bool is_repeated(const struct search *s, uint32_t g, uint32_t part)
{
	const struct o_mode *m = mode_of(s, g);
	uint32_t other = s->p->gpus[g].occupied; /* partitions that nothing can be like */

	for (uint32_t i = 0; i < s->p->n_holders; i++)
		if (s->p->holders[i].gpu == g)
			other |= 1U << s->p->holders[i].part;
	if (other & (1U << part))
		return false;
	for (uint32_t i = 0; i < part; i++)
		if (!(other & (1U << i)) && m->parts[i].bytes == m->parts[part].bytes &&
		    m->parts[i].xcds == m->parts[part].xcds &&
		    m->parts[i].bandwidth == m->parts[part].bandwidth &&
		    memcmp(s->on[g][i], s->on[g][part], O_REQS) == 0)
			return true;
	return false;
}

static bool try_units(struct search *s, uint32_t u);

static bool try_partition(struct search *s, uint32_t u, uint32_t g, uint32_t part)
{
	uint32_t q = s->units[u].request;
	bool done = false;

	if ((s->p->gpus[g].occupied & (1U << part)) || is_repeated(s, g, part))
		return false;
	s->on[g][part][q]++;
	s->at[u] = g * O_PARTS + part;
	if (is_partition_fine(s, g, part) && is_spread_fine(s, q, g)) {
		s->weight[s->band_of[q]] += s->p->requests[q].weight;
		done = try_units(s, u + 1);
		s->weight[s->band_of[q]] -= s->p->requests[q].weight;
	}
	s->on[g][part][q]--;
	return done;
}

/* Compare, highest band first, what is placed and, with hope, all that is left, with the best. */
static bool beats_best(const struct search *s, bool hope)
{
	for (uint32_t i = 0; i < s->n_bands; i++) {
		uint64_t w = s->weight[i] + (hope ? s->left[i] : 0);

		if (w != s->best[i])
			return w > s->best[i];
	}
	return !s->found;
}

/* Place unit u and those behind it. Without weights, true ends the search. */
static bool try_units(struct search *s, uint32_t u)
{
	const struct o_problem *p = s->p;
	uint32_t q, first = 0;

	if (s->weigh && !beats_best(s, true))
		return false;
	if (u == s->n_units) {
		if (s->weigh && beats_best(s, false))
			memcpy(s->best, s->weight, sizeof(s->best));
		s->found = true;
		return !s->weigh;
	}
	q = s->units[u].request;
	/* Like replicas take rising partitions; one is left out only when all behind it are. */
	if (u > 0 && s->units[u - 1].request == q && s->units[u - 1].must == s->units[u].must)
		first = s->at[u - 1];
	s->left[s->band_of[q]] -= p->requests[q].weight;
	for (uint32_t g = 0; g < p->n_gpus && first != O_NEVER; g++) {
		if (s->mode[g] == O_NEVER || is_closed(&p->gpus[g]))
			continue;
		for (uint32_t i = 0; i < mode_of(s, g)->n; i++)
			if (g * O_PARTS + i >= first && try_partition(s, u, g, i))
				return true;
	}
	if (s->weigh && !s->units[u].must) {
		s->at[u] = O_NEVER;
		(void)try_units(s, u + 1);
	}
	s->left[s->band_of[q]] += p->requests[q].weight;
	return false;
}

/* Put the replicas that stay where they are, then try all others. */
static bool try_modes_chosen(struct search *s)
{
	const struct o_problem *p = s->p;

	memset(s->on, 0, sizeof(s->on));
	for (uint32_t t = 0; t < p->n_tenants; t++)
		if (oracle_stays(p, t))
			s->on[p->tenants[t].gpu][p->tenants[t].part][p->tenants[t].request]++;
	memset(s->left, 0, sizeof(s->left));
	for (uint32_t u = 0; u < s->n_units; u++)
		s->left[s->band_of[s->units[u].request]] += p->requests[s->units[u].request].weight;
	return try_units(s, 0);
}

static bool is_hive_one(const struct search *s, uint32_t g)
{
	for (uint32_t o = 0; o < g; o++)
		if (s->p->gpus[o].hive == s->p->gpus[g].hive && s->mode[o] != O_NEVER &&
		    !is_same(mode_of(s, o)->memory, mode_of(s, g)->memory))
			return false;
	return true;
}

/* Return whether GPU g can do and holds just what the GPU before it does. */
static bool is_like_before(const struct o_problem *p, uint32_t g)
{
	const struct o_gpu *x = &p->gpus[g], *y = g ? &p->gpus[g - 1] : NULL;

	if (!y || x->menu != y->menu || x->mode != y->mode || x->hive != y->hive ||
	    x->can_switch != y->can_switch || is_closed(x) || is_closed(y) || x->occupied ||
	    y->occupied)
		return false;
	for (uint32_t t = 0; t < p->n_tenants; t++)
		if (p->tenants[t].gpu == g || p->tenants[t].gpu == g - 1)
			return false;
	for (uint32_t i = 0; i < p->n_holders; i++)
		if (p->holders[i].gpu == g || p->holders[i].gpu == g - 1)
			return false;
	return true;
}

static bool try_modes(struct search *s, uint32_t g, uint32_t n_on)
{
	const struct o_problem *p = s->p;
	uint32_t top;

	if (s->n_used != O_NEVER && n_on > s->n_used)
		return false;
	if (g == p->n_gpus)
		return (s->n_used == O_NEVER || n_on == s->n_used) && try_modes_chosen(s);
	top = p->menus[p->gpus[g].menu].n;
	if (is_like_before(p, g))
		top = s->mode[g - 1] == O_NEVER ? 0 : s->mode[g - 1] + 1;
	for (uint32_t m = 0; m < top; m++) {
		s->mode[g] = m;
		if (oracle_may(p, g, m) && is_hive_one(s, g) &&
		    (!s->memory || is_same(mode_of(s, g)->memory, s->memory)) &&
		    try_modes(s, g + 1, n_on + 1))
			return true;
	}
	s->mode[g] = O_NEVER;
	return !oracle_is_held(p, g) && try_modes(s, g + 1, n_on);
}

/* List the replicas to place: first those that run and may move, then the new ones. */
static void list_units(struct search *s, const uint32_t *replicas)
{
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t q = 0; q < s->p->n_requests; q++) {
			uint32_t n = 0, stay = 0;

			for (uint32_t t = 0; t < s->p->n_tenants; t++) {
				n += s->p->tenants[t].request == q;
				stay += s->p->tenants[t].request == q && oracle_stays(s->p, t);
			}
			n = pass == 0 ? n - stay : replicas[q] > n ? replicas[q] - n : 0;
			while (n-- > 0)
				s->units[s->n_units++] = (struct unit){q, pass == 0};
		}
}

static void number_bands(struct search *s)
{
	const struct o_problem *p = s->p;

	for (uint32_t q = 0; q < p->n_requests; q++)
		for (uint32_t o = 0; o < p->n_requests; o++) {
			bool first = true; /* o is the first of its priority */

			for (uint32_t k = 0; k < o; k++)
				first = first && p->requests[k].priority != p->requests[o].priority;
			s->band_of[q] += first && p->requests[o].priority > p->requests[q].priority;
		}
	for (uint32_t q = 0; q < p->n_requests; q++)
		if (s->band_of[q] >= s->n_bands)
			s->n_bands = s->band_of[q] + 1;
}

uint32_t oracle_least(const struct o_problem *p, const uint32_t *replicas, const char *memory)
{
	struct search s = {.p = p, .memory = memory};

	list_units(&s, replicas);
	number_bands(&s);
	for (s.n_used = 0; s.n_used <= p->n_gpus; s.n_used++)
		if (try_modes(&s, 0, 0))
			return s.n_used;
	return O_NEVER;
}

uint32_t oracle_most(const struct o_problem *p, uint64_t ret[O_REQS])
{
	struct search s = {.p = p, .n_used = O_NEVER, .weigh = true};
	uint32_t replicas[O_REQS];

	for (uint32_t q = 0; q < p->n_requests; q++)
		replicas[q] = p->requests[q].replicas;
	list_units(&s, replicas);
	number_bands(&s);
	(void)try_modes(&s, 0, 0);
	for (uint32_t t = 0; t < p->n_tenants; t++)
		if (oracle_stays(p, t))
			s.best[s.band_of[p->tenants[t].request]] +=
				p->requests[p->tenants[t].request].weight;
	memcpy(ret, s.best, sizeof(s.best));
	return s.found ? s.n_bands : O_NEVER;
}
