/* SPDX-License-Identifier: MIT */
/*
 * The policy of the placer: exact, fullest, lazy.
 *
 * A replica goes to the first of these that exists (choose_gpu()):
 *   1. a free partition of an exact shelf, on the fullest GPU that is in use;
 *   2. an idle GPU that is in an exact shelf already;
 *   3. with may_switch, an idle GPU in another mode, which is switched to an exact shelf;
 *   4. a larger partition on a GPU in use, then on an idle GPU.
 * Idle GPUs are taken from the hive with the fewest of them, which keeps whole hives idle. A
 * replica that may share first joins a shared partition, the one with about the least free bytes.
 *
 * Invariants: no partition has more bytes, or more replicas than the least share of them, booked on
 * it; rp_placer_release() gives back exactly what was taken, because the instance records it; a
 * handle has the generation of its record, so a stale one is recognised.
 *
 * Time: a decision looks at M shelves of at most MAX_LEVELS levels (M at most
 * RP_PLACER_MAX_SHELVES), whatever the number of GPUs, but for the depth of the sets (bits.h). One
 * that shares passes over shared partitions with enough bytes that have as many replicas as it
 * accepts. Each of A GPUs to avoid is passed over at most once in each level, at O(A).
 * rp_placer_place_at() looks at every shared record.
 *
 * Source: our own rules, which bench/place_load.c compares with worst fit and static modes. That
 * idle GPUs come before larger partitions matters most: a small replica in a large partition blocks
 * it.
 */
#include "plan/placer_internal.h"

static rp_placer_handle make_handle(const struct rp_placer *e, uint32_t i)
{
	return (uint64_t)e->instances[i].generation << 32 | i;
}

static int find_instance(const struct rp_placer *e, rp_placer_handle h, uint32_t *ret)
{
	uint32_t i = (uint32_t)h, generation = (uint32_t)(h >> 32);

	if (i >= e->max_instances || !(generation & 1) || e->instances[i].generation != generation)
		return -ESTALE;
	*ret = i;
	return 0;
}

/*
 * Record a replica in a free instance. Precondition: there is one, and the partition is taken by
 * the caller (take_part()) or shared already.
 */
static void book_instance(struct rp_placer *e, uint32_t gpu, uint32_t part, uint8_t exact,
			  uint64_t bytes, struct rp_placer_placed *ret)
{
	uint32_t i = e->free_instance;
	struct instance *x = &e->instances[i];
	struct gpu *g = &e->gpus[gpu];

	e->free_instance = x->at;
	x->generation++;
	x->at = gpu;
	x->part = part & 0x7fU;
	x->is_shared = false;
	x->exact = exact;
	x->bytes = bytes & ((UINT64_C(1) << BYTES_BITS) - 1);
	e->n_placed++;
	e->requested_bytes += bytes;
	if (exact != NO_LEVEL)
		e->shelves[exact].n_live++;
	ret->handle = make_handle(e, i);
	ret->gpu = gpu;
	ret->part = part;
	ret->mode = e->shelves[g->shelf].mode;
}

/* Take a free partition; its bytes count as granted. */
static void take_part(struct rp_placer *e, uint32_t gpu, uint32_t part)
{
	rp_placer_gpu_flip(e, gpu, part);
	e->granted_bytes += rp_placer_part_bytes(&e->shelves[e->gpus[gpu].shelf], part);
}

/* Choose the smallest free partition that is large enough, of equal ones the first. */
static uint32_t choose_part(const struct rp_placer *e, const struct rp_placer_class *c,
			    uint32_t gpu)
{
	const struct gpu *g = &e->gpus[gpu];
	uint32_t small = (uint32_t)(g->free & ~e->shelves[g->shelf].large);

	if (small && c->small_fits[g->shelf])
		return (uint32_t)__builtin_ctz(small);
	return (uint32_t)__builtin_ctz((uint32_t)(g->free & e->shelves[g->shelf].large));
}

/* The GPUs that a replica must not be placed on. */
struct avoid {
	const uint32_t *gpus;
	uint32_t n;
};

static bool is_avoided(const struct avoid *a, uint32_t gpu)
{
	for (uint32_t i = 0; i < a->n; i++) {
		if (a->gpus[i] == gpu)
			return true;
	}
	return false;
}

/* Find the fullest GPU in use of a shelf that has a partition for the class, or NO_GPU. */
static uint32_t find_in_use_on(const struct rp_placer *e, const struct rp_placer_class *c,
			       uint32_t shelf, const struct avoid *a)
{
	const struct shelf *s = &e->shelves[shelf];

	for (uint64_t levels = s->nonempty & c->accept[shelf]; levels; levels &= levels - 1) {
		const struct rp_bits *at = &s->at_level[__builtin_ctzll(levels)];
		uint32_t g = rp_bits_first(at);

		while (a->n > 0 && g != RP_BITS_NONE && is_avoided(a, g))
			g = rp_bits_after(at, g);
		if (g != RP_BITS_NONE)
			return g;
	}
	return NO_GPU;
}

/* Find an idle GPU of a shelf in the hive with the fewest idle GPUs, or NO_GPU. */
static uint32_t find_idle_on(const struct rp_placer *e, uint32_t shelf)
{
	const struct shelf *s = &e->shelves[shelf];

	if (!s->idle_nonempty)
		return NO_GPU;
	return rp_placer_idle_gpu(e, shelf,
				  rp_bits_first(&s->idle_at[__builtin_ctz(s->idle_nonempty)]));
}

/*
 * Find an idle GPU that a compute switch brings into the shelf: another mode of the same menu and
 * memory mode. Of all these the one in the hive with the fewest idle GPUs is best.
 */
static uint32_t find_idle_for(const struct rp_placer *e, uint32_t shelf)
{
	const struct shelf *want = &e->shelves[shelf];
	uint32_t best = NO_GPU, least = UINT32_MAX;

	if (!want->validated && !e->allow_unvalidated)
		return NO_GPU;
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		const struct shelf *s = &e->shelves[i];

		if (i == shelf || s->menu != want->menu || s->memory != want->memory ||
		    !s->idle_nonempty)
			continue;
		if ((uint32_t)__builtin_ctz(s->idle_nonempty) < least) {
			least = (uint32_t)__builtin_ctz(s->idle_nonempty);
			best = find_idle_on(e, i);
		}
	}
	return best;
}

/* Put an idle GPU into another shelf. The caller of the placer must switch it before use. */
static void switch_idle(struct rp_placer *e, uint32_t gpu, uint32_t shelf)
{
	struct gpu *g = &e->gpus[gpu];

	rp_placer_gpu_leave(e, gpu);
	g->shelf = (uint8_t)shelf;
	rp_placer_gpu_free_parts(e, gpu, e->shelves[shelf].all);
	rp_placer_gpu_enter(e, gpu);
	e->n_switches++;
}

/* Choose a GPU by the order in the head of this file, and switch it if that is what is chosen. */
static uint32_t choose_gpu(struct rp_placer *e, const struct rp_placer_class *c,
			   const struct avoid *a, bool *ret_switched)
{
	uint32_t g = NO_GPU;

	for (uint32_t i = 0; i < c->n_exact && g == NO_GPU; i++)
		g = find_in_use_on(e, c, c->order[i], a);
	for (uint32_t i = 0; i < c->n_exact && g == NO_GPU; i++)
		g = find_idle_on(e, c->order[i]);
	for (uint32_t i = 0; e->may_switch && i < c->n_exact && g == NO_GPU; i++) {
		g = find_idle_for(e, c->order[i]);
		if (g != NO_GPU) {
			switch_idle(e, g, c->order[i]);
			*ret_switched = true;
		}
	}
	for (uint32_t i = c->n_exact; i < c->n_order && g == NO_GPU; i++)
		g = find_in_use_on(e, c, c->order[i], a);
	for (uint32_t i = c->n_exact; i < c->n_order && g == NO_GPU; i++)
		g = find_idle_on(e, c->order[i]);
	return g;
}

/* Return the first list from list on that is not empty, or SHARE_LISTS. */
static uint32_t find_share_list(const struct shelf *s, uint32_t list)
{
	uint32_t word = list / 64;
	uint64_t bits, top;

	if (list >= SHARE_LISTS)
		return SHARE_LISTS;
	bits = s->share_bits[word] & (UINT64_MAX << (list % 64));
	if (!bits) {
		top = word == 63 ? 0 : s->share_top & (UINT64_MAX << (word + 1));
		if (!top)
			return SHARE_LISTS;
		word = (uint32_t)__builtin_ctzll(top);
		bits = s->share_bits[word];
	}
	return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

/*
 * Find a shared partition of a shelf that the class may join, from the list of its bytes on: there
 * some partitions may have too few bytes, in the lists behind it none has. Those that refuse by
 * their number of replicas or by their GPU are passed over, so that no place is missed.
 */
static uint32_t find_shared_on(const struct rp_placer *e, const struct shelf *s,
			       const struct rp_placer_class *c, const struct avoid *a)
{
	uint64_t first = c->bytes / SHARE_UNIT;
	uint32_t list = first < SHARE_LISTS ? (uint32_t)first : SHARE_LISTS - 1;

	while ((list = find_share_list(s, list)) < SHARE_LISTS) {
		for (uint32_t x = s->share_head[list]; x != NO_GPU; x = e->shared[x].next) {
			if (e->shared[x].n < c->share && e->shared[x].free_bytes >= c->bytes &&
			    !is_avoided(a, e->shared[x].gpu))
				return x;
		}
		list++;
	}
	return NO_GPU;
}

/* Find a shared partition that the class may join, in the order of its shelves, or NO_GPU. */
static uint32_t find_shared(const struct rp_placer *e, const struct rp_placer_class *c,
			    const struct avoid *a)
{
	uint32_t x = NO_GPU;

	for (uint32_t i = 0; i < c->n_order && x == NO_GPU; i++) {
		const struct shelf *s = &e->shelves[c->order[i]];

		if (s->share_head)
			x = find_shared_on(e, s, c, a);
	}
	return x;
}

/* Enter the instance into the list of shared partition record. */
static void set_share_record(struct rp_placer *e, rp_placer_handle h, uint32_t record,
			     uint16_t share)
{
	struct instance *x = &e->instances[(uint32_t)h];

	x->is_shared = true;
	x->at = record;
	x->share = share;
	x->next = e->shared[record].first;
	e->shared[record].first = (uint32_t)h;
}

/* Take instance number i out of the list of its partition, which then has the least share left. */
static void leave_share_record(struct rp_placer *e, struct shared *s, uint32_t i)
{
	uint32_t *at = &s->first;

	while (*at != i)
		at = &e->instances[*at].next;
	*at = e->instances[i].next;
	s->limit = UINT16_MAX;
	for (uint32_t k = s->first; k != NO_GPU; k = e->instances[k].next) {
		if (e->instances[k].share < s->limit)
			s->limit = e->instances[k].share;
	}
}

/* Add a replica to shared partition i. Its free bytes change, so it leaves and enters its list. */
static void join_shared(struct rp_placer *e, const struct rp_placer_class *c, uint32_t i,
			struct rp_placer_placed *ret)
{
	struct shared *x = &e->shared[i];

	rp_placer_share_leave(e, i);
	x->free_bytes -= c->bytes;
	x->n++;
	if (c->share < x->limit)
		x->limit = c->share;
	book_instance(e, x->gpu, x->part, c->order[0], c->bytes, ret);
	set_share_record(e, ret->handle, i, c->share);
	rp_placer_share_enter(e, i);
}

/* Make the partition that was just booked a shared one. Precondition: a free record exists. */
static void open_shared(struct rp_placer *e, const struct rp_placer_class *c,
			const struct rp_placer_placed *at)
{
	uint32_t i = e->free_shared;
	struct shared *x = &e->shared[i];
	uint8_t shelf = e->gpus[at->gpu].shelf;

	e->free_shared = x->next;
	*x = (struct shared){
		.free_bytes = rp_placer_part_bytes(&e->shelves[shelf], at->part) - c->bytes,
		.gpu = at->gpu,
		.first = NO_GPU,
		.n = 1,
		.limit = c->share,
		.part = (uint8_t)at->part,
		.shelf = shelf,
	};
	set_share_record(e, at->handle, i, c->share);
	rp_placer_share_enter(e, i);
}

/* Place a replica alone on a free partition, which others may join when it may share. */
static void place_on(struct rp_placer *e, const struct rp_placer_class *c, uint32_t gpu,
		     uint32_t part, struct rp_placer_placed *ret)
{
	take_part(e, gpu, part);
	book_instance(e, gpu, part, c->order[0], c->bytes, ret);
	if (c->share > 1 && e->free_shared != NO_GPU)
		open_shared(e, c, ret);
}

int rp_placer_place(struct rp_placer *e, const struct rp_placer_class *c, const uint32_t *avoid,
		    uint32_t n_avoid, struct rp_placer_placed *ret)
{
	const struct avoid a = {avoid, n_avoid};
	struct rp_placer_placed at = {0};
	uint32_t g;

	if (c->n_order == 0)
		return -ENOSPC;
	e->shelves[c->order[0]].n_asked++;
	if (e->free_instance == NO_GPU)
		return -EMFILE;
	if (c->share > 1) {
		uint32_t x = find_shared(e, c, &a);

		if (x != NO_GPU) {
			join_shared(e, c, x, &at);
			*ret = at;
			return 0;
		}
	}
	g = choose_gpu(e, c, &a, &at.switched);
	if (g == NO_GPU)
		return -ENOSPC;
	place_on(e, c, g, choose_part(e, c, g), &at);
	*ret = at;
	return 0;
}

int rp_placer_place_at(struct rp_placer *e, const struct rp_placer_class *c, uint32_t gpu,
		       uint32_t part, struct rp_placer_placed *ret)
{
	struct rp_placer_placed at = {0};
	const struct shelf *s;

	if (gpu >= e->n_gpus || part >= e->shelves[e->gpus[gpu].shelf].n_parts)
		return -ENOENT;
	s = &e->shelves[e->gpus[gpu].shelf];
	if (c->accept[e->gpus[gpu].shelf] == 0 || c->bytes > rp_placer_part_bytes(s, part))
		return -ENOSPC;
	if (rp_placer_gpu_shut(&e->gpus[gpu]))
		return -EBUSY;
	if (e->free_instance == NO_GPU)
		return -EMFILE;
	if (e->gpus[gpu].free & (1U << part)) {
		place_on(e, c, gpu, part, &at);
		*ret = at;
		return 0;
	}
	for (uint32_t i = 0; c->share > 1 && i < e->max_shared; i++) {
		const struct shared *x = &e->shared[i];

		if (x->n == 0 || x->gpu != gpu || x->part != part)
			continue;
		if (x->n >= x->limit || x->n >= c->share || x->free_bytes < c->bytes)
			break;
		join_shared(e, c, i, &at);
		*ret = at;
		return 0;
	}
	return -EBUSY;
}

/* Find the shelf in which a GPU is one partition, with the menu and memory mode of like. */
static uint32_t find_whole_shelf(const struct rp_placer *e, const struct shelf *like)
{
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		const struct shelf *s = &e->shelves[i];

		if (s->n_parts == 1 && s->menu == like->menu && s->memory == like->memory &&
		    (s->validated || e->allow_unvalidated))
			return i;
	}
	return RP_PLACER_MAX_SHELVES;
}

int rp_placer_place_gpus(struct rp_placer *e, uint32_t n, uint64_t bytes_each,
			 struct rp_placer_placed *ret)
{
	uint32_t hive = NO_GPU, least = UINT32_MAX, whole = 0, left = n;

	if (n == 0 || n > RP_PLACER_MAX_HIVE || !e->may_switch || bytes_each == 0)
		return -EINVAL;
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		const struct shelf *s = &e->shelves[i];
		uint32_t enough = s->idle_nonempty & ~((1U << n) - 1), w = find_whole_shelf(e, s);

		if (!enough || w == RP_PLACER_MAX_SHELVES ||
		    bytes_each > e->shelves[w].large_bytes ||
		    (uint32_t)__builtin_ctz(enough) >= least)
			continue;
		least = (uint32_t)__builtin_ctz(enough);
		hive = rp_bits_first(&s->idle_at[least]);
		whole = w;
	}
	if (hive == NO_GPU)
		return -ENOSPC;
	if (e->max_instances - e->n_placed < n)
		return -EMFILE;
	/* GPUs that are in the whole mode already come first: they need no switch. */
	for (uint32_t i = 0; i <= e->n_shelves && left > 0; i++) {
		uint32_t shelf = i == 0 ? whole : i - 1;

		while (left > 0 && e->idle[(size_t)hive * e->n_shelves + shelf]) {
			uint32_t g = rp_placer_idle_gpu(e, shelf, hive);
			struct rp_placer_placed at = {0};

			if (shelf != whole) {
				switch_idle(e, g, whole);
				at.switched = true;
			}
			take_part(e, g, 0);
			book_instance(e, g, 0, (uint8_t)whole, bytes_each, &at);
			*ret++ = at;
			left--;
		}
	}
	return 0;
}

/* Give back a replica of a shared partition. Return whether the partition is free now. */
static bool release_shared(struct rp_placer *e, const struct instance *x)
{
	uint32_t i = x->at;
	struct shared *s = &e->shared[i];

	rp_placer_share_leave(e, i);
	leave_share_record(e, s, (uint32_t)(x - e->instances));
	s->free_bytes += x->bytes;
	if (--s->n > 0) {
		rp_placer_share_enter(e, i);
		return false;
	}
	s->next = e->free_shared;
	e->free_shared = i;
	return true;
}

int rp_placer_release(struct rp_placer *e, rp_placer_handle h)
{
	struct instance *x;
	uint32_t i, gpu;
	int r = find_instance(e, h, &i);

	if (r < 0)
		return r;
	x = &e->instances[i];
	gpu = rp_placer_gpu_of(e, x);
	if (!x->is_shared || release_shared(e, x)) {
		rp_placer_gpu_flip(e, gpu, x->part);
		e->granted_bytes -= rp_placer_part_bytes(&e->shelves[e->gpus[gpu].shelf], x->part);
	}
	e->requested_bytes -= x->bytes;
	e->n_placed--;
	if (x->exact != NO_LEVEL)
		e->shelves[x->exact].n_live--;
	x->generation++;
	x->at = e->free_instance;
	e->free_instance = i;
	return 0;
}

int rp_placer_get(const struct rp_placer *e, rp_placer_handle h, struct rp_placer_placed *ret,
		  uint64_t *ret_bytes)
{
	const struct instance *x;
	uint32_t i, gpu;
	int r = find_instance(e, h, &i);

	if (r < 0)
		return r;
	x = &e->instances[i];
	gpu = rp_placer_gpu_of(e, x);
	*ret = (struct rp_placer_placed){.handle = h,
					 .gpu = gpu,
					 .part = x->part,
					 .mode = e->shelves[e->gpus[gpu].shelf].mode};
	*ret_bytes = x->bytes;
	return 0;
}

/*
 * Find a GPU with one replica, of a menu and memory mode in which a switch would help the class,
 * when another GPU in use of its shelf has a large partition free for that replica.
 */
static uint32_t find_nearly_idle(const struct rp_placer *e, const struct rp_placer_class *c)
{
	for (uint32_t i = 0; i < c->n_exact; i++) {
		const struct shelf *want = &e->shelves[c->order[i]];

		for (uint32_t k = 0; k < e->n_shelves; k++) {
			const struct shelf *s = &e->shelves[k];
			uint32_t n_small =
				(uint32_t)__builtin_popcount((uint32_t)s->all ^ s->large);
			uint32_t n_large = (uint32_t)__builtin_popcount(s->large), g;
			const struct rp_bits *at;
			uint64_t one;

			if (s->menu != want->menu || s->memory != want->memory || s->n_parts < 2)
				continue;
			one = UINT64_C(1) << s->level[n_large - 1][n_small];
			at = &s->at_level[__builtin_ctzll(one)];
			g = s->nonempty & one ? rp_bits_first(at) : NO_GPU;
			if (g == NO_GPU || e->foreign[g] ||
			    (e->gpus[g].flags & RP_PLACE_CANNOT_SWITCH))
				continue;
			if ((s->nonempty & s->level_large & ~one) ||
			    rp_bits_after(at, g) != RP_BITS_NONE)
				return g;
		}
	}
	return RP_PLACE_NONE;
}

void rp_placer_explain(const struct rp_placer *e, const struct rp_placer_class *c,
		       struct rp_placer_refusal *ret)
{
	struct rp_placer_refusal x = {.kind = RP_REFUSED_NO_SLOT,
				      .switch_gpu = RP_PLACE_NONE,
				      .switch_mode = RP_PLACE_NONE,
				      .empty_gpu = RP_PLACE_NONE};

	if (c->n_order == 0)
		x.kind = RP_REFUSED_TOO_LARGE;
	else if (e->free_instance == NO_GPU)
		x.kind = RP_REFUSED_NO_HANDLE;
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		const struct shelf *s = &e->shelves[i];
		uint32_t n = s->n_free_large + s->n_idle * (uint32_t)__builtin_popcount(s->large);

		if (n > 0 && s->large_bytes >= x.free_bytes) {
			x.n_free = s->large_bytes == x.free_bytes ? x.n_free + n : n;
			x.free_bytes = s->large_bytes;
		}
	}
	for (uint32_t i = 0; i < c->n_order; i++) {
		const struct shelf *s = &e->shelves[c->order[i]];
		uint64_t size = c->small_fits[c->order[i]] ? s->small_bytes : s->large_bytes;
		uint32_t g;

		if (x.needs_bytes == 0 || size < x.needs_bytes)
			x.needs_bytes = size;
		g = x.switch_gpu == RP_PLACE_NONE ? find_idle_for(e, c->order[i]) : NO_GPU;
		if (g != NO_GPU) {
			x.switch_gpu = g;
			x.switch_mode = s->mode;
		}
	}
	if (x.switch_gpu == RP_PLACE_NONE)
		x.empty_gpu = find_nearly_idle(e, c);
	*ret = x;
}
