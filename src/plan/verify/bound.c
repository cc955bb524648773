/* SPDX-License-Identifier: MIT */
/*
 * The fewest GPUs of any plan, from the problem alone.
 *
 * Take any plan that places everything, with its GPUs in the memory modes of the case. Only what
 * the rules of the problem say about it is used.
 *
 * A newcomer is a replica that is not bound to its place: it does not run yet, or it may be moved.
 * Wherever the plan has it, it is on a partition that could take it: v_could_take() is true for
 * that GPU, mode and partition, given what stays there. That holds for free partitions as for ones
 * that have a tenant already and share; a newcomer that shares with nobody needs one on which
 * nothing stays. So when no partition of any GPU and mode could take a newcomer, there is no plan.
 * Otherwise let its size be the bytes of the smallest partition that could: its partition in the
 * plan has no fewer.
 *
 * Fix a number of bytes S.
 *   (1) The newcomers of size S and above that share with nobody are on as many different
 *       partitions of S bytes and above, on which nothing stays. Fixed GPUs have fixed_slots of
 *       those; every other GPU of the plan is in one of the modes of the case and has as many as
 *       its mode.
 *   (2) A request whose newcomers are to be on different GPUs, at most per_domain on each, is on
 *       as many GPUs that have such a partition. A newcomer that may share is counted here only
 *       where nothing stays anywhere: else it might join a tenant, on a GPU that fixed_gpus, which
 *       counts partitions on which nothing stays, does not count.
 * Newcomers that share are in no other count, so nothing is said about how many fit together; the
 * weights (bound_weights.c) say that.
 *
 * What is the least number of GPUs that meets (1) and (2) for every S? Go through the sizes from
 * the largest down and keep a collection of GPUs; when it fails (1) or (2) for a size, add as many
 * as fail, in the mode with that size that is last in the order of sort_modes(). Say that modes are
 * nested when of two modes in that order the later one has no fewer partitions of any size that it
 * has (sort_modes() looks). Claim: when a size is done, (a) a set of GPUs that meets the conditions
 * so far has no fewer GPUs with a partition of at least this size than the collection, and (b) one
 * with just as many of them has no more partitions of any smaller size, nor more GPUs with one.
 * Proof by the sizes. Only GPUs whose mode has the size matter for its conditions. By (a) for the
 * size before, the set has at least as many of those as the collection has; were it just as many,
 * then by (b) it has no more partitions of this size than the collection, and fails by as much.
 * Each further GPU adds at most the partitions of the last mode that has the size, as modes are
 * nested, and one GPU: so it takes as many as were added, which is (a). With just as many, none can
 * have more of any smaller size than those that were added, which is (b). The last size gives the
 * number of all GPUs. Where modes are not nested, (1) and (2) are used for each size alone, every
 * GPU being in the mode with the most partitions of it; the largest of these numbers is a bound.
 * Every GPU of the pool is taken to be able to have every mode of the case, and to be there in any
 * number. Both only make the bound smaller. A size above those of every mode of the pool can only
 * be met by fixed GPUs: when they do not, there is no plan.
 *
 * Time: O((R + S) (M + F) P + R S), with R requests, M modes, S sizes, P partitions of a GPU, and F
 * the number of GPUs, or 0 when none is fixed.
 */
#include "plan/verify/bound.h"

static int add_size(struct v_case *a, uint64_t size)
{
	uint32_t i = 0;

	while (i < a->n_sizes && a->size[i] > size)
		i++;
	if (i < a->n_sizes && a->size[i] == size)
		return 0;
	if (a->n_sizes == V_MAX_SIZES)
		return -E2BIG;
	memmove(&a->size[i + 1], &a->size[i], (a->n_sizes - i) * sizeof(a->size[0]));
	a->size[i] = size;
	a->n_sizes++;
	return 0;
}

static int add_mode(struct v_case *a, uint32_t menu, uint32_t mode)
{
	const struct v_mode *m = &a->d->menus[menu].modes[mode];
	struct v_sized *x;

	if (a->n_modes == V_MAX_CASE_MODES)
		return -E2BIG;
	x = &a->modes[a->n_modes++];
	*x = (struct v_sized){.m = m, .menu = menu, .mode = mode};
	for (uint32_t i = 0; i < m->n_parts; i++) {
		if (m->parts[i].usable > x->largest)
			x->largest = m->parts[i].usable;
		if (add_size(a, m->parts[i].usable) < 0)
			return -E2BIG;
	}
	return 0;
}

/* Collect the modes of the pool, and the sizes of these modes and of fixed GPUs. */
static int collect_sizes(struct v_case *a)
{
	const struct v_doc *d = a->d;
	RP_AUTO_FREE bool *seen = calloc((size_t)d->n_menus + 1, V_MAX_MODES * sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		const struct v_gpu *gpu = &d->gpus[g];

		a->n_fixed += gpu->fixed;
		for (uint32_t m = 0; gpu->pool && m < d->menus[gpu->menu].n_modes; m++) {
			if (seen[gpu->menu * V_MAX_MODES + m] || !rp_verify_may(d, g, m) ||
			    (a->memory && !v_same(a->memory, rp_verify_mode_of(d, g, m)->memory)))
				continue;
			seen[gpu->menu * V_MAX_MODES + m] = true;
			if (add_mode(a, gpu->menu, m) < 0)
				return -E2BIG;
		}
		if (!gpu->fixed)
			continue;
		for (uint32_t i = 0; i < rp_verify_mode_of(d, g, gpu->mode)->n_parts; i++) {
			if (v_is_empty(d, g, i) &&
			    add_size(a, rp_verify_mode_of(d, g, gpu->mode)->parts[i].usable) < 0)
				return -E2BIG;
		}
	}
	return 0;
}

/*
 * Return the bytes of the smallest partition of the case that could take a newcomer of request q,
 * or 0. One that shares with nobody needs a partition on which nothing stays.
 */
static uint64_t size_of(const struct v_case *a, const struct v_request *q)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t m = 0; m < a->n_modes; m++) {
		const struct v_mode *mode = a->modes[m].m;

		for (uint32_t i = 0; i < mode->n_parts; i++) {
			if (rp_verify_fits(q, &mode->parts[i], mode->memory) &&
			    mode->parts[i].usable < least)
				least = mode->parts[i].usable;
		}
	}
	for (uint32_t g = 0; a->n_fixed > 0 && g < a->d->n_gpus; g++) {
		const struct v_mode *mode;

		if (!a->d->gpus[g].fixed)
			continue;
		mode = rp_verify_mode_of(a->d, g, a->d->gpus[g].mode);
		for (uint32_t i = 0; i < mode->n_parts; i++) {
			if (rp_verify_could_take(a->d, g, i, q) && mode->parts[i].usable < least)
				least = mode->parts[i].usable;
		}
	}
	return least == UINT64_MAX ? 0 : least;
}

/* Count newcomers for (1) and (2). */
static void count_newcomers(struct v_case *a)
{
	for (uint32_t r = 0; r < a->d->n_requests; r++) {
		const struct v_request *q = &a->d->requests[r];
		uint64_t n = q->replicas - q->stay, size;
		uint64_t apart = (n + q->per_domain - 1) / q->per_domain;

		if (n == 0)
			continue;
		size = size_of(a, q);
		if (size == 0) {
			a->possible = false;
			if (a->blocker == V_NONE)
				a->blocker = r;
		}
		for (uint32_t s = 0; s < a->n_sizes; s++) {
			if (size < a->size[s])
				continue;
			if (q->share == 1)
				a->demand[s] += n;
			if (q->spread == V_SPREAD_GPU && (q->share == 1 || a->n_fixed == 0) &&
			    apart > a->apart[s])
				a->apart[s] = apart;
		}
	}
}

/* Count what fixed GPUs give to (1) and (2). */
static void count_fixed(struct v_case *a)
{
	for (uint32_t g = 0; g < a->d->n_gpus; g++) {
		const struct v_gpu *gpu = &a->d->gpus[g];
		uint32_t empty = 0;

		for (uint32_t i = 0; gpu->fixed && i < V_MAX_PARTS; i++)
			empty |= v_is_empty(a->d, g, i) ? 1U << i : 0;
		for (uint32_t s = 0; gpu->fixed && s < a->n_sizes; s++) {
			uint32_t n = v_count_parts(rp_verify_mode_of(a->d, g, gpu->mode), empty,
						   a->size[s]);

			a->fixed_slots[s] += n;
			a->fixed_gpus[s] += n > 0;
		}
	}
}

/* Order of modes: larger partitions first; of equal ones the mode with fewer. */
static bool is_coarser(const struct v_sized *x, const struct v_sized *y)
{
	if (x->largest != y->largest)
		return x->largest > y->largest;
	if (x->m->n_parts != y->m->n_parts)
		return x->m->n_parts < y->m->n_parts;
	return x->mode < y->mode;
}

/* Sort the modes, coarsest first, and check that they are nested. */
static void sort_modes(struct v_case *a)
{
	for (uint32_t i = 1; i < a->n_modes; i++) {
		struct v_sized x = a->modes[i];
		uint32_t k = i;

		while (k > 0 && is_coarser(&x, &a->modes[k - 1])) {
			a->modes[k] = a->modes[k - 1];
			k--;
		}
		a->modes[k] = x;
	}
	a->nested = true;
	for (uint32_t i = 1; i < a->n_modes; i++) {
		for (uint32_t s = 0; s < a->n_sizes; s++) {
			uint32_t here = v_count_parts(a->modes[i].m, UINT32_MAX, a->size[s]);

			if (here > 0 &&
			    here < v_count_parts(a->modes[i - 1].m, UINT32_MAX, a->size[s]))
				a->nested = false;
		}
	}
}

/* Count the GPUs that raise have to want when each one brings per. */
static uint64_t count_missing(uint64_t want, uint64_t have, uint64_t per)
{
	return want > have ? (want - have + per - 1) / per : 0;
}

uint64_t rp_verify_count_more(const struct v_case *c, uint32_t s, uint64_t slots, uint64_t gpus,
			      uint32_t per)
{
	uint64_t by_slots = count_missing(c->demand[s], slots, per);
	uint64_t by_gpus = count_missing(c->apart[s], gpus, 1);

	return by_slots > by_gpus ? by_slots : by_gpus;
}

/*
 * Work out the GPUs of the case. Nested: size by size, adding to the finest mode of the size. Not
 * nested: each size counts by itself in its widest mode, and the largest number is the bound. A
 * size that no mode of the pool has must be served by fixed GPUs, or the case is impossible.
 */
static void add_gpus(struct v_case *a)
{
	a->gpus = a->n_fixed;
	for (uint32_t s = 0; s < a->n_sizes; s++) {
		uint64_t slots = a->fixed_slots[s], gpus = a->fixed_gpus[s], n;
		uint32_t finest = a->n_modes, per = 0;

		for (uint32_t i = 0; i < a->n_modes; i++) {
			uint32_t here = v_count_parts(a->modes[i].m, UINT32_MAX, a->size[s]);

			if (here == 0)
				continue;
			slots += a->modes[i].n * here;
			gpus += a->modes[i].n;
			if (a->nested || here > per) {
				finest = i;
				per = here;
			}
		}
		if (per == 0) {
			if (a->demand[s] > slots || a->apart[s] > gpus)
				a->possible = false;
			continue;
		}
		n = rp_verify_count_more(a, s, a->nested ? slots : a->fixed_slots[s],
					 a->nested ? gpus : a->fixed_gpus[s], per);
		if (a->nested) {
			a->modes[finest].n += n;
			a->gpus += n;
		} else if (a->n_fixed + n > a->gpus) {
			a->gpus = a->n_fixed + n;
		}
	}
}

int rp_verify_compute_case(const struct v_doc *d, const char *memory, struct v_case *c)
{
	int r;

	*c = (struct v_case){.d = d, .memory = memory, .possible = true, .blocker = V_NONE};
	r = collect_sizes(c);
	if (r < 0)
		return r;
	sort_modes(c);
	count_newcomers(c);
	count_fixed(c);
	add_gpus(c);
	return 0;
}
