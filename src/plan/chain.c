/* SPDX-License-Identifier: MIT */
/*
 * The chain: a lower bound on the number of GPUs for replicas that do not share partitions.
 *
 * The size of a request is the smallest partition of the case that holds it (bytes, XCDs,
 * bandwidth, memory mode), so every partition that holds it is at least that large. Any plan that
 * places everything therefore has, for each size,
 *   (1) as many partitions of at least that size as there are exclusive replicas of that size or
 *       a larger one, and
 *   (2) as many GPUs with such a partition as the most spread request of these needs.
 * Modes are visited from the coarsest to the finest. Each gets the fewest GPUs that (1) and (2)
 * force for the sizes that it has and the next mode has not.
 *
 * Invariant: after each mode, some plan with the fewest GPUs has exactly the counts given so far.
 * Exchange argument: a GPU beyond the forced number of its mode may move to the next finer mode,
 * which has at least as many partitions of every size that it has ("nested", checked in
 * make_sizes()), so that no condition on a smaller size breaks; after the last mode it is not
 * needed. Where modes are not nested, every size still bounds by itself (make_counted_rows()).
 * The bound holds for every machine, because each GPU of the pool is taken to be able to switch
 * to every mode of the case. It is reached where nothing but sizes decides: construct.c fills from
 * the largest size.
 *
 * Time: O(G M^2) to collect the modes, O(R K) to rank requests, O(M^2 S) for the rows and O(F S P)
 * for the fixed GPUs, with G GPUs, F fixed ones, R requests, M modes (at most 256), K kinds of
 * partition and S sizes (at most 512), P partitions of a GPU (at most 16).
 *
 * Source: our own argument for the modes that the kernel offers, whose partitions are equal shares
 * of a GPU (Linux drivers/gpu/drm/amd/amdgpu/aqua_vanjaram.c, __aqua_vanjaram_get_px_mode_info();
 * bytes: amdgpu_amdkfd.c, amdgpu_amdkfd_xcp_memory_size()). The known relative is bin packing with
 * divisible item sizes (Coffman, Garey and Johnson 1987). verify/bound.c recomputes the result
 * size by size instead of mode by mode.
 */
#include "plan/chain.h"

/* A kind of partition: all that a request can distinguish. */
struct kind {
	struct rp_place_part part;
	uint32_t mem;
	uint32_t size; /* index into sizes */
};

struct kinds {
	struct kind v[RP_VIEW_MAX_SIZES];
	uint32_t n;
};

/* Conditions (1) and (2) for each size, and what the fixed GPUs contribute to them. */
struct demand {
	uint64_t n[RP_VIEW_MAX_SIZES];	   /* exclusive replicas of at least that size */
	uint64_t apart[RP_VIEW_MAX_SIZES]; /* GPUs that the most spread request of these needs */
	uint64_t fixed_slots[RP_VIEW_MAX_SIZES]; /* free partitions of at least that size */
	uint64_t fixed_gpus[RP_VIEW_MAX_SIZES];	 /* fixed GPUs that have one */
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

/*
 * Collect each mode that a POOL GPU may take in this case, and each kind of free partition of the
 * FIXED GPUs. A GPU that repeats the one before it (menu, mode, flags, state of its hive) cannot
 * add a mode and is skipped: machines of thousands of GPUs are rows of equal ones.
 */
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
			continue;
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

/*
 * Coarsest first. Of modes with equal largest partitions the one with fewer partitions is first,
 * because the exchange moves a GPU to a mode that has at least as many.
 */
static int cmp_mode(const void *a, const void *b)
{
	const struct rp_chain_mode *x = a, *y = b;

	if (x->usable[0] != y->usable[0])
		return (x->usable[0] < y->usable[0]) - (x->usable[0] > y->usable[0]);
	if (x->n != y->n)
		return (x->n > y->n) - (x->n < y->n);
	return (x->mode > y->mode) - (x->mode < y->mode);
}

/* Number the sizes, sort the modes, and check for each mode but the first that it is nested. */
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

/* A request that asks for bytes alone fits every partition that is large enough. */
static bool has_only_size(const struct rp_view *v, uint32_t q)
{
	const struct rp_place_request *rq = &v->p->requests[q];

	return rq->min_xcds == 0 && rq->min_bandwidth_mbs == 0 && v->req_mem[q] == RP_VIEW_ANY;
}

/* Return the rank of the smallest size of at least bytes, or n_sizes when there is none. */
static uint32_t rank_by_bytes(const struct rp_chain *c, uint64_t bytes)
{
	uint32_t rank = c->n_sizes;

	while (rank > 0 && c->size[rank - 1] < bytes)
		rank--;
	return rank > 0 ? rank - 1 : c->n_sizes;
}

/*
 * Return the rank of the smallest size that has a partition for request q, or n_sizes. *ret_gap is
 * set when some partition of at least that size does not hold q (XCDs, bandwidth, memory mode):
 * then sizes alone do not decide where q fits.
 */
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
	/* A kind of the same size that was tried before the first fit is a gap, too. */
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

/*
 * Fill d: sums over all larger sizes, and what fixed GPUs give. A replica that may share needs no
 * partition of its own, so it counts in (2) only; with fixed GPUs, whose tenants it may join, it
 * counts in neither. The first request that no partition holds is the blocker of the case.
 */
static void count_demand(const struct rp_view *v, struct rp_chain *c, struct demand *d)
{
	for (uint32_t q = 0; q < v->p->n_requests; q++) {
		const struct rp_place_request *rq = &v->p->requests[q];
		uint32_t s = c->rank[q];

		if (v->need[q] == 0)
			continue;
		if (s == c->n_sizes) {
			/* One that shares may still find room beside what stays. */
			if (rp_view_share(rq) > 1 && v->n_fixed > 0 && rp_view_may_join(v, q))
				continue;
			if (c->result.blocker == RP_PLACE_NONE)
				c->result.blocker = q;
			continue;
		}
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

/* Compute the GPUs of mode m that size s forces beyond the slots and gpus that exist. */
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

/*
 * Precondition: nested. Coarsest mode first; the sizes of a mode are those that the next mode does
 * not have, and of the rows that they force the one with the most GPUs is kept.
 */
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

/*
 * Without nesting: no GPU has more partitions of a size than the widest mode, so each size bounds
 * alone, and the row that forces the most GPUs is kept.
 */
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

/* Sizes above those of every POOL mode must find their partitions on fixed GPUs: do they not? */
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
