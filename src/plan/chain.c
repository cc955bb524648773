/* SPDX-License-Identifier: MIT */
#include "plan/chain.h"

/* A partition as requests see it. */
struct kind {
	struct rp_place_part part;
	uint32_t mem;
	uint32_t size; /* index into sizes */
};

struct kinds {
	struct kind v[RP_VIEW_MAX_SIZES];
	uint32_t n;
};

/* What each size asks for. */
struct demand {
	uint64_t n[RP_VIEW_MAX_SIZES];	   /* replicas of at least that size */
	uint64_t apart[RP_VIEW_MAX_SIZES]; /* GPUs for the most spread of them */
	uint64_t fixed_slots[RP_VIEW_MAX_SIZES];
	uint64_t fixed_gpus[RP_VIEW_MAX_SIZES];
};

static int add_kind(struct kinds *k, const struct rp_place_part *part, uint32_t mem)
{
	for (uint32_t i = 0; i < k->n; i++) {
		const struct kind *o = &k->v[i];

		if (o->part.usable_bytes == part->usable_bytes && o->mem == mem &&
		    o->part.n_xcds == part->n_xcds && o->part.bandwidth_mbs == part->bandwidth_mbs)
			return 0;
	}
	if (k->n == RP_VIEW_MAX_SIZES)
		return -E2BIG;
	k->v[k->n++] = (struct kind){.part = *part, .mem = mem};
	return 0;
}

static bool is_mode_known(const struct rp_chain *c, uint32_t menu, uint32_t mode)
{
	for (uint32_t i = 0; i < c->n_modes; i++) {
		if (c->modes[i].menu == menu && c->modes[i].mode == mode)
			return true;
	}
	return false;
}

static int cmp_desc(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

static int add_mode(const struct rp_view *v, struct rp_chain *c, struct kinds *k, uint32_t menu,
		    uint32_t mode)
{
	const struct rp_place_mode *m = &v->p->menus[menu].modes[mode];
	struct rp_chain_mode *cm;

	if (is_mode_known(c, menu, mode))
		return 0;
	if (c->n_modes == RP_CHAIN_MAX_MODES)
		return -E2BIG;
	cm = &c->modes[c->n_modes++];
	*cm = (struct rp_chain_mode){.menu = menu, .mode = mode, .n = m->n_parts};
	for (uint32_t i = 0; i < m->n_parts; i++) {
		int r = add_kind(k, &m->parts[i], v->mode_mem[menu][mode]);

		if (r < 0)
			return r;
		cm->usable[i] = m->parts[i].usable_bytes;
	}
	qsort(cm->usable, cm->n, sizeof(cm->usable[0]), cmp_desc);
	return 0;
}

/* The modes that some POOL GPU can have in this case, and the partitions of FIXED ones. */
static int collect_modes(const struct rp_view *v, struct rp_chain *c, struct kinds *k)
{
	uint32_t last_menu = RP_PLACE_NONE, last_hive = RP_PLACE_NONE, last_mode = RP_PLACE_NONE;
	uint32_t last_flags = 0;

	for (uint32_t g = 0; g < v->p->n_gpus; g++) {
		const struct rp_place_gpu *gpu = &v->p->gpus[g];
		const struct rp_view_gpu *vg = &v->gpus[g];

		if (vg->role == RP_ROLE_FIXED) {
			const struct rp_place_mode *m = rp_view_mode(v, g, gpu->mode);

			for (uint32_t i = 0; i < m->n_parts; i++) {
				if ((vg->free_parts & (1U << i)) &&
				    add_kind(k, &m->parts[i], v->mode_mem[gpu->menu][gpu->mode]))
					return -E2BIG;
			}
		}
		if (vg->role != RP_ROLE_POOL)
			continue;
		if (gpu->menu == last_menu && gpu->mode == last_mode && gpu->flags == last_flags &&
		    last_hive != RP_PLACE_NONE &&
		    v->hives[vg->hive].mem_fixed == v->hives[last_hive].mem_fixed &&
		    v->hives[vg->hive].mem_now == v->hives[last_hive].mem_now)
			continue; /* brings nothing that the one before did not */
		last_menu = gpu->menu;
		last_mode = gpu->mode;
		last_flags = gpu->flags;
		last_hive = vg->hive;
		for (uint32_t m = 0; m < v->p->menus[gpu->menu].n_modes; m++) {
			uint32_t mem = v->mode_mem[gpu->menu][m];
			int r;

			if (!rp_view_may(v, g, m) || !rp_view_hive_may(v, vg->hive, mem) ||
			    (c->mem != RP_PLACE_NONE && c->mem != mem))
				continue;
			r = add_mode(v, c, k, gpu->menu, m);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int cmp_kind(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	return (x->part.usable_bytes < y->part.usable_bytes) -
	       (x->part.usable_bytes > y->part.usable_bytes);
}

/* Coarsest first; equal largest partitions: fewer first, as the exchange needs it. */
static int cmp_mode(const void *a, const void *b)
{
	const struct rp_chain_mode *x = a, *y = b;

	if (x->usable[0] != y->usable[0])
		return (x->usable[0] < y->usable[0]) - (x->usable[0] > y->usable[0]);
	if (x->n != y->n)
		return (x->n > y->n) - (x->n < y->n);
	return (x->mode > y->mode) - (x->mode < y->mode);
}

static void make_sizes(struct rp_chain *c, struct kinds *k)
{
	qsort(k->v, k->n, sizeof(k->v[0]), cmp_kind);
	for (uint32_t i = 0; i < k->n; i++) {
		uint64_t u = k->v[i].part.usable_bytes;

		if (c->n_sizes == 0 || c->size[c->n_sizes - 1] != u)
			c->size[c->n_sizes++] = u;
		k->v[i].size = c->n_sizes - 1;
	}
	qsort(c->modes, c->n_modes, sizeof(c->modes[0]), cmp_mode);
	c->nested = true;
	for (uint32_t i = 0; i + 1 < c->n_modes; i++) {
		for (uint32_t s = 0; s < c->n_sizes; s++) {
			if (c->size[s] <= c->modes[i + 1].usable[0] &&
			    rp_chain_slots(&c->modes[i + 1], c->size[s]) <
				    rp_chain_slots(&c->modes[i], c->size[s]))
				c->nested = false;
		}
	}
}

/* What only has a size fits every partition that is large enough. */
static bool has_only_size(const struct rp_view *v, uint32_t q)
{
	const struct rp_place_request *rq = &v->p->requests[q];

	return rq->min_xcds == 0 && rq->min_bandwidth_mbs == 0 && v->req_mem[q] == RP_VIEW_ANY;
}

static uint32_t rank_by_bytes(const struct rp_chain *c, uint64_t bytes)
{
	uint32_t rank = c->n_sizes;

	while (rank > 0 && c->size[rank - 1] < bytes)
		rank--;
	return rank > 0 ? rank - 1 : c->n_sizes;
}

/* The smallest size that has a partition for it; *ret_gap: not all that are as large have. */
static uint32_t rank_by_trying(const struct rp_view *v, const struct rp_chain *c,
			       const struct kinds *k, uint32_t q, bool *ret_gap)
{
	uint32_t rank = c->n_sizes;

	for (uint32_t i = k->n; i-- > 0;) { /* smallest first */
		if (rp_view_fits(v, q, &k->v[i].part, k->v[i].mem)) {
			if (rank == c->n_sizes)
				rank = k->v[i].size;
		} else if (rank != c->n_sizes) {
			*ret_gap = true;
		}
	}
	/* Two kinds of one size of which only one fits: the other lies below it. */
	for (uint32_t i = 0; rank != c->n_sizes && i < k->n && !*ret_gap; i++) {
		if (k->v[i].size == rank && !rp_view_fits(v, q, &k->v[i].part, k->v[i].mem))
			*ret_gap = true;
	}
	return rank;
}

static void rank_requests(const struct rp_view *v, struct rp_chain *c, const struct kinds *k)
{
	bool gap = false;

	for (uint32_t q = 0; q < v->p->n_requests; q++)
		c->rank[q] =
			(uint16_t)(has_only_size(v, q) ? rank_by_bytes(c, v->p->requests[q].bytes)
						       : rank_by_trying(v, c, k, q, &gap));
	c->exact_sizes = !gap;
}

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static void count_demand(const struct rp_view *v, struct rp_chain *c, struct demand *d)
{
	for (uint32_t q = 0; q < v->p->n_requests; q++) {
		const struct rp_place_request *rq = &v->p->requests[q];
		uint32_t s = c->rank[q];

		if (v->need[q] == 0)
			continue;
		if (s == c->n_sizes) {
			if (c->result.blocker == RP_PLACE_NONE)
				c->result.blocker = q;
			continue;
		}
		/* Those that share do not need a partition each; on fixed GPUs they may join
		 * others. */
		if (rp_view_share(rq) == 1)
			d->n[s] += v->need[q];
		else if (v->n_fixed > 0)
			continue;
		if (rq->spread == RP_PLACE_SPREAD_GPU) {
			uint64_t apart = ceil_div(v->need[q], rp_view_per_domain(rq));

			if (apart > d->apart[s])
				d->apart[s] = apart;
		}
	}
	for (uint32_t s = 1; s < c->n_sizes; s++) {
		d->n[s] += d->n[s - 1];
		if (d->apart[s - 1] > d->apart[s])
			d->apart[s] = d->apart[s - 1];
	}
	for (uint32_t g = 0; g < v->p->n_gpus; g++) {
		const struct rp_place_mode *m;

		if (v->gpus[g].role != RP_ROLE_FIXED)
			continue;
		m = rp_view_mode(v, g, v->p->gpus[g].mode);
		for (uint32_t s = 0; s < c->n_sizes; s++) {
			uint32_t n = 0;

			for (uint32_t i = 0; i < m->n_parts; i++)
				n += (v->gpus[g].free_parts & (1U << i)) &&
				     m->parts[i].usable_bytes >= c->size[s];
			d->fixed_slots[s] += n;
			d->fixed_gpus[s] += n > 0;
		}
	}
}

/* GPUs of a mode that one size forces after what is there. */
static struct rp_plan_row make_row(const struct rp_chain *c, const struct demand *d,
				   const struct rp_chain_mode *m, uint32_t s, uint64_t slots,
				   uint64_t gpus)
{
	struct rp_plan_row row = {
		.menu = m->menu,
		.mode = m->mode,
		.threshold_bytes = c->size[s],
		.demand = d->n[s],
		.slots_before = slots,
		.slots_per_gpu = rp_chain_slots(m, c->size[s]),
		.apart = d->apart[s],
		.gpus_before = gpus,
	};

	if (d->n[s] > slots)
		row.gpus = ceil_div(d->n[s] - slots, row.slots_per_gpu);
	if (d->apart[s] > gpus && d->apart[s] - gpus > row.gpus)
		row.gpus = d->apart[s] - gpus;
	return row;
}

static void add_row(struct rp_chain *c, const struct rp_plan_row *row)
{
	c->rows[c->result.n_rows++] = *row;
	c->result.gpus += row->gpus;
}

/* Coarsest mode first, each with what its own sizes force. */
static void make_chain_rows(struct rp_chain *c, const struct demand *d)
{
	uint64_t n_of[RP_CHAIN_MAX_MODES] = {0}, gpus = 0;

	for (uint32_t i = 0; i < c->n_modes; i++) {
		struct rp_plan_row best = {0};
		uint64_t below = i + 1 < c->n_modes ? c->modes[i + 1].usable[0] : 0;

		for (uint32_t s = 0; s < c->n_sizes; s++) {
			uint64_t slots = d->fixed_slots[s];
			struct rp_plan_row row;

			if (c->size[s] > c->modes[i].usable[0] || c->size[s] <= below)
				continue;
			for (uint32_t j = 0; j < i; j++)
				slots += n_of[j] * rp_chain_slots(&c->modes[j], c->size[s]);
			row = make_row(c, d, &c->modes[i], s, slots, gpus + d->fixed_gpus[s]);
			if (row.gpus >= best.gpus && (row.demand > 0 || row.apart > 0))
				best = row;
		}
		n_of[i] = best.gpus;
		gpus += best.gpus;
		if (best.demand > 0 || best.apart > 0)
			add_row(c, &best);
	}
}

/* Without the nesting: the size that alone forces the most GPUs. */
static void make_counted_rows(struct rp_chain *c, const struct demand *d)
{
	struct rp_plan_row best = {0};

	c->result.counted = true;
	for (uint32_t s = 0; s < c->n_sizes; s++) {
		const struct rp_chain_mode *widest = NULL;
		struct rp_plan_row row;

		for (uint32_t i = 0; i < c->n_modes; i++) {
			if (!widest || rp_chain_slots(&c->modes[i], c->size[s]) >
					       rp_chain_slots(widest, c->size[s]))
				widest = &c->modes[i];
		}
		if (!widest || rp_chain_slots(widest, c->size[s]) == 0)
			continue;
		row = make_row(c, d, widest, s, d->fixed_slots[s], d->fixed_gpus[s]);
		if (row.gpus > best.gpus)
			best = row;
	}
	if (best.gpus > 0)
		add_row(c, &best);
}

/* Sizes that no POOL GPU has: fixed partitions must be enough for them. */
static bool is_short_of_fixed(const struct rp_chain *c, const struct demand *d)
{
	uint64_t top = 0;

	for (uint32_t i = 0; i < c->n_modes; i++) {
		if (c->modes[i].usable[0] > top)
			top = c->modes[i].usable[0];
	}
	for (uint32_t s = 0; s < c->n_sizes && c->size[s] > top; s++) {
		if (d->n[s] > d->fixed_slots[s] || d->apart[s] > d->fixed_gpus[s])
			return true;
	}
	return false;
}

int rp_chain_make(const struct rp_view *v, uint32_t mem, struct rp_chain *ret)
{
	RP_AUTO_FREE struct kinds *k = rp_new0(struct kinds, 1);
	RP_AUTO_FREE struct demand *d = rp_new0(struct demand, 1);
	int r;

	*ret = (struct rp_chain){.mem = mem};
	ret->rank = rp_new0(uint16_t, v->p->n_requests);
	if (!k || !d || !ret->rank)
		return -ENOMEM;
	ret->result.memory = mem == RP_PLACE_NONE ? NULL : v->mems[mem];
	ret->result.blocker = RP_PLACE_NONE;
	ret->result.fixed = ret->result.gpus = v->n_fixed;
	r = collect_modes(v, ret, k);
	if (r < 0)
		return r;
	make_sizes(ret, k);
	rank_requests(v, ret, k);
	count_demand(v, ret, d);
	ret->result.short_of_slots = is_short_of_fixed(ret, d);
	if (ret->nested)
		make_chain_rows(ret, d);
	else
		make_counted_rows(ret, d);
	return 0;
}

void rp_chain_done(struct rp_chain *c)
{
	free(c->rank);
	c->rank = NULL;
}
