/* SPDX-License-Identifier: MIT */
/*
 * Making a placer, resolving wants, and changes of the machine.
 *
 * Invariants: all memory is allocated in rp_placer_new() and counted in e->memory. Shelves are
 * numbered menu by menu, so the shelf of a mode is first_shelf[menu] + mode. A resolved class stays
 * valid, because shelves never change.
 *
 * Time: O(G L + I) to make a placer of G GPUs, I instances and L levels of all shelves together;
 * O(M^2) to resolve a want with M shelves; rp_placer_set_gpu() looks at every shared
 * record.
 */
#include "base/num.h"
#include "base/strbuf.h"
#include "plan/placer_internal.h"

/* Allocate n zeroed elements and count their bytes in e->memory. NULL: out of memory. */
static void *alloc_counted(struct rp_placer *e, uint64_t n, size_t size)
{
	void *p;

	if (n == 0)
		n = 1;
	p = calloc((size_t)n, size);
	if (p)
		e->memory += (size_t)n * size;
	return p;
}

/*
 * Number the levels of a shelf: by rising number of free partitions, then of free large ones. So a
 * lower level is fuller, and of equally full GPUs the one with fewer large partitions left comes
 * first, which keeps large partitions together.
 */
static int make_levels(struct shelf *s)
{
	uint32_t n_large = (uint32_t)__builtin_popcount(s->large), n_small = s->n_parts - n_large;
	uint32_t n = 0;

	if ((n_large + 1) * (n_small + 1) > MAX_LEVELS)
		return -E2BIG;
	for (uint32_t total = 0; total <= s->n_parts; total++) {
		for (uint32_t large = 0; large <= n_large && large <= total; large++) {
			uint32_t small = total - large;

			if (small > n_small)
				continue;
			if (total > 0)
				s->level_any |= UINT64_C(1) << n;
			if (large > 0)
				s->level_large |= UINT64_C(1) << n;
			s->level[large][small] = (uint8_t)n++;
		}
	}
	return 0;
}

/* Return the number of a memory mode, a new one when the name is new. */
static uint32_t number_memory(struct rp_placer *e, const char *memory)
{
	uint32_t i = 0;

	while (i < RP_PLACER_MAX_SHELVES && e->memories[i] && !rp_str_eq(e->memories[i], memory))
		i++;
	if (i < RP_PLACER_MAX_SHELVES)
		e->memories[i] = memory;
	return i;
}

/*
 * Make the shelf of one mode. XCDs and bandwidth are those of the partition with the least, so that
 * each of its partitions gives what the shelf promises.
 */
static int make_shelf(struct rp_placer *e, const struct rp_placer_config *c, uint32_t menu,
		      uint32_t mode)
{
	const struct rp_place_mode *m = &c->menus[menu].modes[mode];
	struct shelf *s = &e->shelves[e->n_shelves++];

	*s = (struct shelf){.menu = menu,
			    .mode = mode,
			    .n_parts = m->n_parts,
			    .all = (uint16_t)((1U << m->n_parts) - 1),
			    .bandwidth_mbs = UINT64_MAX,
			    .xcds = UINT32_MAX,
			    .validated = m->validated};
	s->memory = number_memory(e, m->memory);
	for (uint32_t i = 0; i < m->n_parts; i++) {
		const struct rp_place_part *p = &m->parts[i];

		if (p->usable_bytes >> BYTES_BITS)
			return -E2BIG;
		if (p->usable_bytes > s->large_bytes)
			s->large_bytes = p->usable_bytes;
		if (p->n_xcds < s->xcds)
			s->xcds = p->n_xcds;
		if (p->bandwidth_mbs < s->bandwidth_mbs)
			s->bandwidth_mbs = p->bandwidth_mbs;
	}
	for (uint32_t i = 0; i < m->n_parts; i++) {
		uint64_t bytes = m->parts[i].usable_bytes;

		if (bytes == s->large_bytes)
			s->large |= (uint16_t)(1U << i);
		else if (s->small_bytes == 0 || bytes < s->small_bytes)
			s->small_bytes = bytes;
	}
	if (c->max_shared > 0) {
		s->share_head = alloc_counted(e, SHARE_LISTS, sizeof(*s->share_head));
		if (!s->share_head)
			return -ENOMEM;
		for (uint32_t i = 0; i < SHARE_LISTS; i++)
			s->share_head[i] = NO_GPU;
	}
	return make_levels(s);
}

static int make_shelves(struct rp_placer *e, const struct rp_placer_config *c)
{
	for (uint32_t menu = 0; menu < c->n_menus; menu++) {
		e->first_shelf[menu] = e->n_shelves;
		for (uint32_t mode = 0; mode < c->menus[menu].n_modes; mode++) {
			int r;

			if (e->n_shelves == RP_PLACER_MAX_SHELVES)
				return -E2BIG;
			r = make_shelf(e, c, menu, mode);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Count the levels: the highest one has every partition free, hence a bit in level_any. */
static uint32_t count_levels(const struct shelf *s)
{
	return 64 - (uint32_t)__builtin_clzll(s->level_any);
}

/* Lay the sets of all shelves into one piece of memory. */
static int make_sets(struct rp_placer *e)
{
	const size_t gpu_words = rp_bits_words(e->n_gpus), hive_words = rp_bits_words(e->n_hives);
	size_t n = 0;
	uint64_t *at;

	for (uint32_t i = 0; i < e->n_shelves; i++)
		n += count_levels(&e->shelves[i]) * gpu_words +
		     (RP_PLACER_MAX_HIVE + 1) * hive_words;
	e->words = at = alloc_counted(e, n, sizeof(*at));
	if (!at)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		struct shelf *s = &e->shelves[i];

		for (uint32_t l = 0; l < count_levels(s); l++, at += gpu_words)
			rp_bits_init(&s->at_level[l], at, e->n_gpus);
		for (uint32_t k = 0; k <= RP_PLACER_MAX_HIVE; k++, at += hive_words)
			rp_bits_init(&s->idle_at[k], at, e->n_hives);
	}
	return 0;
}

/*
 * Make a hive of each run of GPUs with one hive number. GPUs of a hive that are apart in the list
 * become several hives: whole GPUs are then found within each run only.
 */
static int make_hives(struct rp_placer *e, const struct rp_placer_config *c)
{
	for (uint32_t g = 0; g < c->n_gpus; g++) {
		struct hive *h = e->n_hives ? &e->hives[e->n_hives - 1] : NULL;

		if (!h || c->gpus[g - 1].hive != c->gpus[g].hive) {
			h = &e->hives[e->n_hives++];
			h->first = g;
		}
		if (h->n_gpus == RP_PLACER_MAX_HIVE)
			return -E2BIG;
		e->hive_of[g] = e->n_hives - 1;
		h->n_gpus++;
	}
	e->idle = alloc_counted(e, (uint64_t)e->n_hives * e->n_shelves, sizeof(*e->idle));
	return e->idle ? make_sets(e) : -ENOMEM;
}

/* Enter every GPU. One in an unknown mode counts as unhealthy in the first shelf of its menu. */
static void fill_gpus(struct rp_placer *e, const struct rp_placer_config *c)
{
	for (uint32_t n = 0; n < e->n_gpus; n++) {
		const struct rp_place_gpu *in = &c->gpus[n];
		struct gpu *g = &e->gpus[n];

		g->flags = (uint8_t)in->flags;
		if (in->mode == RP_PLACE_NONE)
			g->flags |= RP_PLACE_UNHEALTHY;
		g->shelf = (uint8_t)(e->first_shelf[in->menu] +
				     (in->mode == RP_PLACE_NONE ? 0 : in->mode));
		e->foreign[n] = (uint16_t)in->occupied;
		rp_placer_gpu_free_parts(e, n,
					 (uint16_t)(e->shelves[g->shelf].all & ~e->foreign[n]));
		e->n_out += rp_placer_gpu_shut(g);
		rp_placer_gpu_enter(e, n);
	}
}

/* Count partitions with every GPU in the mode that has the most: the most replicas there can be. */
static uint64_t count_finest_parts(const struct rp_placer_config *c)
{
	uint64_t n = 0;

	for (uint32_t g = 0; g < c->n_gpus; g++) {
		const struct rp_place_menu *menu = &c->menus[c->gpus[g].menu];
		uint32_t most = 0;

		for (uint32_t m = 0; m < menu->n_modes; m++) {
			if (menu->modes[m].n_parts > most)
				most = menu->modes[m].n_parts;
		}
		n += most;
	}
	return n < UINT32_MAX ? n : UINT32_MAX - 1;
}

static int make_placer(struct rp_placer *e, const struct rp_placer_config *c)
{
	int r;

	e->memory = sizeof(*e);
	e->may_switch = c->may_switch;
	e->allow_unvalidated = c->allow_unvalidated;
	e->n_gpus = c->n_gpus;
	e->max_shared = c->max_shared;
	e->max_instances = c->max_instances ? c->max_instances : (uint32_t)count_finest_parts(c);
	e->gpus = alloc_counted(e, e->n_gpus, sizeof(*e->gpus));
	e->hive_of = alloc_counted(e, e->n_gpus, sizeof(*e->hive_of));
	e->foreign = alloc_counted(e, e->n_gpus, sizeof(*e->foreign));
	e->hives = alloc_counted(e, e->n_gpus, sizeof(*e->hives));
	e->instances = alloc_counted(e, e->max_instances, sizeof(*e->instances));
	e->shared = alloc_counted(e, e->max_shared, sizeof(*e->shared));
	if (!e->gpus || !e->hive_of || !e->foreign || !e->hives || !e->instances || !e->shared)
		return -ENOMEM;
	r = make_shelves(e, c);
	if (r == 0)
		r = make_hives(e, c);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < e->max_instances; i++)
		e->instances[i].at = i + 1 < e->max_instances ? i + 1 : NO_GPU;
	for (uint32_t i = 0; i < e->max_shared; i++)
		e->shared[i].next = i + 1 < e->max_shared ? i + 1 : NO_GPU;
	e->free_instance = e->max_instances ? 0 : NO_GPU;
	e->free_shared = e->max_shared ? 0 : NO_GPU;
	fill_gpus(e, c);
	return 0;
}

int rp_placer_new(const struct rp_placer_config *c, struct rp_placer **ret,
		  struct rocpart_error *reterr)
{
	const struct rp_place_problem p = {
		.menus = c->menus, .gpus = c->gpus, .n_menus = c->n_menus, .n_gpus = c->n_gpus};
	RP_AUTO_PLACER struct rp_placer *e = NULL;
	int r = rp_place_check(&p, reterr);

	if (r < 0)
		return r;
	if (c->n_menus > RP_PLACER_MAX_SHELVES)
		return rp_error_errno(reterr, -E2BIG, NULL,
				      "the machine has too many different kinds of GPUs");
	e = rp_new0(struct rp_placer, 1);
	r = e ? make_placer(e, c) : -ENOMEM;
	if (r == -ENOMEM)
		return rp_error_nomem(reterr);
	if (r < 0)
		return rp_error_errno(reterr, r, NULL,
				      "the machine has too many modes, too many GPUs in one hive, "
				      "or too large GPUs");
	*ret = rp_steal(&e);
	return 0;
}

struct rp_placer *rp_placer_free(struct rp_placer *e)
{
	if (!e)
		return NULL;
	for (uint32_t i = 0; i < RP_PLACER_MAX_SHELVES; i++)
		free(e->shelves[i].share_head);
	free(e->gpus);
	free(e->hive_of);
	free(e->foreign);
	free(e->hives);
	free(e->idle);
	free(e->words);
	free(e->instances);
	free(e->shared);
	free(e);
	return NULL;
}

void rp_cleanup_placer(struct rp_placer **e)
{
	*e = rp_placer_free(*e);
}

size_t rp_placer_memory(const struct rp_placer *e)
{
	return e->memory;
}

static uint64_t smallest_that_fits(const struct shelf *s, uint64_t bytes)
{
	return s->small_bytes >= bytes ? s->small_bytes : s->large_bytes;
}

static bool shelf_fits(const struct rp_placer *e, const struct shelf *s,
		       const struct rp_placer_want *want)
{
	return want->bytes <= s->large_bytes && want->min_xcds <= s->xcds &&
	       want->min_bandwidth_mbs <= s->bandwidth_mbs &&
	       (!want->memory || rp_str_eq(want->memory, e->memories[s->memory]));
}

/* Return whether an idle GPU in another mode may be switched to this shelf. */
static bool may_be_switched_to(const struct rp_placer *e, const struct shelf *s)
{
	return s->validated || e->allow_unvalidated;
}

/*
 * Move the exact shelves to the front of the order, which is by size, and keep the order within
 * both parts. Exact is the first shelf of its menu and memory mode, but for one that no GPU is in
 * and no GPU may switch to: waiting for it would be in vain.
 */
static void sort_exact_first(const struct rp_placer *e, struct rp_placer_class *c)
{
	bool exact[RP_PLACER_MAX_SHELVES] = {false};

	for (uint32_t i = 0; i < c->n_order; i++) {
		const struct shelf *s = &e->shelves[c->order[i]];

		exact[i] = true;
		if (!may_be_switched_to(e, s) && s->n_idle == 0 && s->n_in_use == 0)
			exact[i] = false;
		for (uint32_t k = 0; k < i; k++) {
			const struct shelf *o = &e->shelves[c->order[k]];

			if (exact[k] && o->menu == s->menu && o->memory == s->memory)
				exact[i] = false;
		}
	}
	for (uint32_t i = 1; i < c->n_order; i++) {
		uint8_t shelf = c->order[i];
		bool x = exact[i];
		uint32_t k = i;

		for (; k > 0 && x && !exact[k - 1]; k--) {
			c->order[k] = c->order[k - 1];
			exact[k] = exact[k - 1];
		}
		c->order[k] = shelf;
		exact[k] = x;
	}
	for (uint32_t i = 0; i < c->n_order; i++)
		c->n_exact = (uint8_t)(c->n_exact + exact[i]);
}

int rp_placer_resolve(const struct rp_placer *e, const struct rp_placer_want *want,
		      struct rp_placer_class *ret)
{
	struct rp_placer_class c = {.bytes = want->bytes};

	if (want->bytes == 0)
		return -EINVAL;
	c.share = (uint16_t)(want->share == 0		? 1
			     : want->share > UINT16_MAX ? UINT16_MAX
							: want->share);
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		const struct shelf *s = &e->shelves[i];
		uint64_t size;
		uint32_t k = c.n_order;

		if (!shelf_fits(e, s, want))
			continue;
		size = smallest_that_fits(s, want->bytes);
		c.small_fits[i] = s->small_bytes >= want->bytes;
		c.accept[i] =
			s->small_bytes == 0 || c.small_fits[i] ? s->level_any : s->level_large;
		for (; k > 0 && smallest_that_fits(&e->shelves[c.order[k - 1]], want->bytes) > size;
		     k--)
			c.order[k] = c.order[k - 1];
		c.order[k] = (uint8_t)i;
		c.n_order++;
	}
	sort_exact_first(e, &c);
	*ret = c;
	return c.n_order ? 0 : -EFBIG;
}

int rp_placer_set_gpu(struct rp_placer *e, uint32_t gpu, uint32_t mode, uint32_t flags)
{
	struct gpu *g;
	uint32_t shelf;
	bool changes;

	if (gpu >= e->n_gpus || (flags & ~RP_PLACE_GPU_FLAGS_MASK))
		return -EINVAL;
	g = &e->gpus[gpu];
	shelf = e->first_shelf[e->shelves[g->shelf].menu] + mode;
	if (shelf >= e->n_shelves || e->shelves[shelf].menu != e->shelves[g->shelf].menu)
		return -EINVAL;
	changes = shelf != g->shelf;
	if (changes && g->free != (e->shelves[g->shelf].all & ~e->foreign[gpu]))
		return -EBUSY;
	rp_placer_gpu_leave(e, gpu);
	for (uint32_t i = 0; i < e->max_shared; i++) {
		if (e->shared[i].n > 0 && e->shared[i].gpu == gpu)
			rp_placer_share_leave(e, i);
	}
	e->n_out -= rp_placer_gpu_shut(g);
	if (changes) {
		e->foreign[gpu] = 0; /* a switch was possible, so no process holds it */
		g->shelf = (uint8_t)shelf;
		rp_placer_gpu_free_parts(e, gpu, e->shelves[shelf].all);
	}
	g->flags = (uint8_t)flags;
	e->n_out += rp_placer_gpu_shut(g);
	rp_placer_gpu_enter(e, gpu);
	for (uint32_t i = 0; i < e->max_shared; i++) {
		if (e->shared[i].n > 0 && e->shared[i].gpu == gpu)
			rp_placer_share_enter(e, i);
	}
	return 0;
}
