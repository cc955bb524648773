/* SPDX-License-Identifier: MIT */
/*
 * The bound, recomputed from requests and machine, and compared with the certificate.
 *
 * Chain: sizes are visited from the largest down. Where the partitions of at least that size do not
 * suffice, or the GPUs that have one, GPUs are added in the finest mode that has that size.
 * Invariant: no plan has fewer GPUs than are added so far, and of all plans with so few none has
 * more partitions of the sizes to come. It holds when modes are nested, each having at least as
 * many partitions of every size that it has as the next coarser one (sort_modes() checks): a GPU in
 * a coarser mode could then be in this one. Without nesting each size bounds alone.
 *
 * Weights: a partition holds at most most_in() of a measure, so the total weight over what the best
 * GPU holds bounds the number of GPUs. Only the measure that the certificate names is computed: a
 * checker need not find the best one.
 *
 * Time: O((R + S) (M + F) P + R S) for the chain of a case, and O(R G M P) at worst for weights,
 * with G GPUs, M modes, S sizes, P partitions of a GPU, R requests; F is 0 without fixed GPUs, else
 * G.
 * Source: the arguments of chain.c and share_bound.c, programmed again in another order.
 */
#include "plan/verify/doc.h"

#define MAX_SIZES 512
#define MAX_MODES 64

/* A mode that some GPU of the pool may have. */
struct sized {
	const struct v_mode *m;
	uint32_t menu, mode;
	uint64_t largest; /* bytes of its largest partition */
	uint64_t n;	  /* GPUs that the chain, or the rows, give it */
};

/* One case: the machine in one memory mode, or in any. */
struct machine {
	const struct v_doc *d;
	const char *memory; /* NULL: any */
	struct sized modes[MAX_MODES];
	uint32_t n_modes;
	uint64_t size[MAX_SIZES]; /* largest first, each once */
	uint32_t n_sizes;
	uint64_t *need; /* per request: its size; 0: no partition holds it */
	uint64_t demand[MAX_SIZES], apart[MAX_SIZES]; /* for requests of at least that size */
	uint64_t fixed_slots[MAX_SIZES], fixed_gpus[MAX_SIZES];
	uint64_t n_fixed;
	bool possible;
	uint32_t blocker; /* the first request that no partition holds, or V_NONE */
	bool nested;
	uint64_t gpus;
};

/* Count the partitions of a mode, out of a mask, that have at least size bytes. */
static uint32_t count_parts(const struct v_mode *m, uint32_t mask, uint64_t size)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n_parts; i++)
		n += (mask & (1U << i)) && m->parts[i].usable >= size;
	return n;
}

static int add_size(struct machine *a, uint64_t size)
{
	uint32_t i = 0;

	while (i < a->n_sizes && a->size[i] > size)
		i++;
	if (i < a->n_sizes && a->size[i] == size)
		return 0;
	if (a->n_sizes == MAX_SIZES)
		return -E2BIG;
	memmove(&a->size[i + 1], &a->size[i], (a->n_sizes - i) * sizeof(a->size[0]));
	a->size[i] = size;
	a->n_sizes++;
	return 0;
}

static int add_mode(struct machine *a, uint32_t menu, uint32_t mode)
{
	const struct v_mode *m = &a->d->menus[menu].modes[mode];
	struct sized *x;

	if (a->n_modes == MAX_MODES)
		return -E2BIG;
	x = &a->modes[a->n_modes++];
	*x = (struct sized){.m = m, .menu = menu, .mode = mode};
	for (uint32_t i = 0; i < m->n_parts; i++) {
		if (m->parts[i].usable > x->largest)
			x->largest = m->parts[i].usable;
		if (add_size(a, m->parts[i].usable) < 0)
			return -E2BIG;
	}
	return 0;
}

/* Collect the modes of the pool, and the sizes of these modes and of fixed GPUs. */
static int collect_sizes(struct machine *a)
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
		for (uint32_t i = 0; i < V_MAX_PARTS; i++) {
			if ((gpu->free_parts & (1U << i)) &&
			    add_size(a, rp_verify_mode_of(d, g, gpu->mode)->parts[i].usable) < 0)
				return -E2BIG;
		}
	}
	return 0;
}

static void keep_least(uint64_t *least, const struct v_request *q, const struct v_part *part,
		       const char *memory)
{
	if (rp_verify_fits(q, part, memory) && (*least == 0 || part->usable < *least))
		*least = part->usable;
}

/* Return the bytes of the smallest partition of the case that holds a request, or 0. */
static uint64_t size_of(const struct machine *a, const struct v_request *q)
{
	uint64_t least = 0;

	for (uint32_t m = 0; m < a->n_modes; m++) {
		for (uint32_t i = 0; i < a->modes[m].m->n_parts; i++)
			keep_least(&least, q, &a->modes[m].m->parts[i], a->modes[m].m->memory);
	}
	for (uint32_t g = 0; a->n_fixed > 0 && g < a->d->n_gpus; g++) {
		const struct v_mode *m;

		if (!a->d->gpus[g].fixed)
			continue;
		m = rp_verify_mode_of(a->d, g, a->d->gpus[g].mode);
		for (uint32_t i = 0; i < m->n_parts; i++) {
			if (a->d->gpus[g].free_parts & (1U << i))
				keep_least(&least, q, &m->parts[i], m->memory);
		}
	}
	return least;
}

/*
 * Count for each size the exclusive replicas and the GPUs of the most spread request; and what
 * fixed GPUs give. A replica that may share needs no partition of its own, and with fixed GPUs it
 * may join a tenant there.
 */
static void count_demand(struct machine *a)
{
	for (uint32_t r = 0; r < a->d->n_requests; r++) {
		const struct v_request *q = &a->d->requests[r];
		uint64_t n = q->replicas - q->stay;
		uint64_t apart = (n + q->per_domain - 1) / q->per_domain;

		if (n == 0)
			continue;
		a->need[r] = size_of(a, q);
		if (a->need[r] == 0) {
			a->possible = false;
			if (a->blocker == V_NONE)
				a->blocker = r;
		}
		if (q->share > 1 && a->n_fixed > 0)
			continue;
		for (uint32_t s = 0; s < a->n_sizes; s++) {
			if (a->need[r] < a->size[s])
				continue;
			a->demand[s] += q->share > 1 ? 0 : n;
			if (q->spread == V_SPREAD_GPU && apart > a->apart[s])
				a->apart[s] = apart;
		}
	}
	for (uint32_t g = 0; g < a->d->n_gpus; g++) {
		const struct v_gpu *gpu = &a->d->gpus[g];

		for (uint32_t s = 0; gpu->fixed && s < a->n_sizes; s++) {
			uint32_t n = count_parts(rp_verify_mode_of(a->d, g, gpu->mode),
						 gpu->free_parts, a->size[s]);

			a->fixed_slots[s] += n;
			a->fixed_gpus[s] += n > 0;
		}
	}
}

/* Order of modes: larger partitions first; of equal ones the mode with fewer, as in the chain. */
static bool is_coarser(const struct sized *x, const struct sized *y)
{
	if (x->largest != y->largest)
		return x->largest > y->largest;
	if (x->m->n_parts != y->m->n_parts)
		return x->m->n_parts < y->m->n_parts;
	return x->mode < y->mode;
}

/* Sort the modes, coarsest first, and check that they are nested. */
static void sort_modes(struct machine *a)
{
	for (uint32_t i = 1; i < a->n_modes; i++) {
		struct sized x = a->modes[i];
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
			uint32_t here = count_parts(a->modes[i].m, UINT32_MAX, a->size[s]);

			if (here > 0 &&
			    here < count_parts(a->modes[i - 1].m, UINT32_MAX, a->size[s]))
				a->nested = false;
		}
	}
}

/* Count the GPUs that raise have to want when each one brings per. */
static uint64_t count_missing(uint64_t want, uint64_t have, uint64_t per)
{
	return want > have ? (want - have + per - 1) / per : 0;
}

/* Count the GPUs to add at size s when slots partitions and gpus GPUs of that size exist. */
static uint64_t count_more(const struct machine *a, uint32_t s, uint64_t slots, uint64_t gpus,
			   uint32_t per)
{
	uint64_t by_slots = count_missing(a->demand[s], slots, per);
	uint64_t by_gpus = count_missing(a->apart[s], gpus, 1);

	return by_slots > by_gpus ? by_slots : by_gpus;
}

/*
 * Work out the GPUs of the case. Nested: size by size, adding to the finest mode of the size. Not
 * nested: each size counts by itself in its widest mode, and the largest number is the bound. A
 * size that no mode of the pool has must be served by fixed GPUs, or the case is impossible.
 */
static void add_gpus(struct machine *a)
{
	a->gpus = a->n_fixed;
	for (uint32_t s = 0; s < a->n_sizes; s++) {
		uint64_t slots = a->fixed_slots[s], gpus = a->fixed_gpus[s], n;
		uint32_t finest = a->n_modes, per = 0;

		for (uint32_t i = 0; i < a->n_modes; i++) {
			uint32_t here = count_parts(a->modes[i].m, UINT32_MAX, a->size[s]);

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
		n = count_more(a, s, a->nested ? slots : a->fixed_slots[s],
			       a->nested ? gpus : a->fixed_gpus[s], per);
		if (a->nested) {
			a->modes[finest].n += n;
			a->gpus += n;
		} else if (a->n_fixed + n > a->gpus) {
			a->gpus = a->n_fixed + n;
		}
	}
}

static int compute_case(const struct v_doc *d, const char *memory, struct machine *a)
{
	int r;

	*a = (struct machine){.d = d, .memory = memory, .possible = true, .blocker = V_NONE};
	a->need = rp_new0(uint64_t, d->n_requests);
	if (!a->need)
		return -ENOMEM;
	r = collect_sizes(a);
	if (r < 0)
		return r;
	sort_modes(a);
	count_demand(a);
	add_gpus(a);
	return 0;
}

static uint32_t size_index(const struct machine *a, uint64_t size)
{
	uint32_t s = 0;

	while (s < a->n_sizes && a->size[s] != size)
		s++;
	return s;
}

/*
 * Check the rows of a case, which add GPUs mode by mode: each row must follow from the rows before
 * it and the fixed GPUs, and all together must give the GPUs of the case.
 */
static int check_rows(struct machine *a, const struct rp_json *x, struct v_in *in)
{
	const struct rp_json *rows = rp_verify_list(in, x, "rows");
	uint64_t total = a->n_fixed;

	for (uint32_t i = 0; i < a->n_modes; i++)
		a->modes[i].n = 0;
	for (size_t k = 0; k < rp_json_len(rows) && in->r == 0; k++) {
		const struct rp_json *row = rp_json_at(rows, k);
		uint64_t menu = rp_verify_u64(in, row, "menu", UINT32_MAX);
		uint64_t mode = rp_verify_u64(in, row, "mode", UINT32_MAX);
		uint32_t s = size_index(a, rp_verify_u64(in, row, "at_least_bytes", INT64_MAX));
		uint64_t slots, gpus, n = rp_verify_u64(in, row, "gpus", INT64_MAX);
		uint32_t i = 0, per;

		while (i < a->n_modes && (a->modes[i].menu != menu || a->modes[i].mode != mode))
			i++;
		if (in->r == 0 && (i == a->n_modes || s == a->n_sizes))
			return rp_verify_wrong(
				in->err, "certificate",
				"row %zu names a mode or a size that the plan does not have", k);
		if (in->r < 0)
			return in->r;
		per = count_parts(a->modes[i].m, UINT32_MAX, a->size[s]);
		slots = a->fixed_slots[s];
		gpus = a->fixed_gpus[s];
		for (uint32_t m = 0; m < a->n_modes; m++) {
			uint32_t here = count_parts(a->modes[m].m, UINT32_MAX, a->size[s]);

			slots += a->modes[m].n * here;
			gpus += here ? a->modes[m].n : 0;
		}
		if (per == 0 || rp_verify_u64(in, row, "slots_per_gpu", INT64_MAX) != per ||
		    rp_verify_u64(in, row, "demand", INT64_MAX) != a->demand[s] ||
		    rp_verify_u64(in, row, "apart", INT64_MAX) != a->apart[s] ||
		    rp_verify_u64(in, row, "slots_before", INT64_MAX) != slots ||
		    rp_verify_u64(in, row, "gpus_before", INT64_MAX) != gpus ||
		    !v_same(rp_verify_text(in, row, "compute_mode", false),
			    a->modes[i].m->compute) ||
		    !v_same(rp_verify_text(in, row, "memory_mode", false), a->modes[i].m->memory) ||
		    n != count_more(a, s, slots, gpus, per))
			return in->r < 0 ? in->r
					 : rp_verify_wrong(in->err, "certificate",
							   "row %zu does not add up", k);
		a->modes[i].n += n;
		total += n;
	}
	if (in->r == 0 && total != a->gpus)
		return rp_verify_wrong(in->err, "certificate",
				       "the rows add up to %llu GPUs, not to %llu",
				       (unsigned long long)total, (unsigned long long)a->gpus);
	return in->r;
}

static int check_case(const struct v_doc *d, const char *memory, const struct rp_json *x,
		      struct v_in *in, bool *any, uint64_t *least)
{
	RP_AUTO_FREE struct machine *a = rp_new0(struct machine, 1);
	bool possible;
	int r;

	if (!a)
		return rp_error_nomem(in->err);
	r = compute_case(d, memory, a);
	if (r == -E2BIG)
		r = rp_error_errno(in->err, r, "machine",
				   "the machine has too many different modes");
	if (r == 0 && !v_same(rp_verify_text(in, x, "memory_mode", true), memory))
		r = rp_verify_wrong(in->err, "certificate",
				    "a case is missing or in a wrong place");
	possible = rp_verify_bool(in, x, "possible");
	if (r == 0 && in->r == 0 &&
	    (possible != a->possible ||
	     rp_verify_u64(in, x, "fixed_gpus", INT64_MAX) != a->n_fixed ||
	     rp_verify_bool(in, x, "nested") != a->nested ||
	     rp_verify_u64(in, x, "gpus", INT64_MAX) != a->gpus))
		r = rp_verify_wrong(in->err, "certificate", "%s: needs %llu GPUs%s",
				    memory ? memory : "any memory mode",
				    (unsigned long long)a->gpus,
				    a->possible ? "" : ", and is not possible");
	if (r == 0 && a->blocker != V_NONE &&
	    rp_verify_u64(in, x, "fits_nowhere", UINT32_MAX) != a->blocker)
		r = rp_verify_wrong(in->err, "certificate",
				    "it names the wrong request that fits nowhere");
	if (r == 0 && a->blocker == V_NONE && rp_json_get(x, "fits_nowhere"))
		r = rp_verify_wrong(
			in->err, "certificate",
			"it names a request that fits nowhere, but every request fits somewhere");
	if (r == 0)
		r = check_rows(a, x, in);
	if (r == 0 && a->possible) {
		if (!*any || a->gpus < *least)
			*least = a->gpus;
		*any = true;
	}
	free(a->need);
	return r < 0 ? r : in->r;
}

/* List the memory modes of the machine, each once, in the order of the menus. */
static uint32_t list_memories(const struct v_doc *d, const char *ret[8])
{
	uint32_t n = 0;

	for (uint32_t menu = 0; menu < d->n_menus; menu++) {
		for (uint32_t m = 0; m < d->menus[menu].n_modes; m++) {
			uint32_t i = 0;

			while (i < n && !v_same(ret[i], d->menus[menu].modes[m].memory))
				i++;
			if (i == n && n < 8)
				ret[n++] = d->menus[menu].modes[m].memory;
		}
	}
	return n;
}

/*
 * Check that the cases are complete: for one hive each memory mode that it may have, else one case
 * with any mixture. *least is the smallest of the possible ones.
 */
static int check_cases(const struct v_doc *d, struct v_in *in, const struct rp_json *cert,
		       bool *any, uint64_t *least)
{
	const struct rp_json *cases = rp_verify_list(in, cert, "cases");
	const char *mem[8];
	uint32_t n = list_memories(d, mem), used = 0;

	if (in->r < 0)
		return in->r;
	if (d->n_hives != 1) {
		if (rp_json_len(cases) != 1)
			return rp_verify_wrong(in->err, "certificate",
					       "it must have exactly one case");
		return check_case(d, NULL, rp_json_at(cases, 0), in, any, least);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct rp_json *x = NULL;
		int r;

		if (d->hives[0].memory_fixed && !v_same(d->hives[0].memory, mem[i]))
			continue;
		used++;
		for (size_t k = 0; k < rp_json_len(cases) && !x; k++) {
			if (v_same(rp_json_text(rp_json_get(rp_json_at(cases, k), "memory_mode")),
				   mem[i]))
				x = rp_json_at(cases, k);
		}
		if (!x)
			return rp_verify_wrong(in->err, "certificate", "the case for %s is missing",
					       mem[i]);
		r = check_case(d, mem[i], x, in, any, least);
		if (r < 0)
			return r;
	}
	return used == rp_json_len(cases)
		       ? 0
		       : rp_verify_wrong(in->err, "certificate", "it has a case too many");
}

/* A measure of the weights of replicas; share_bound.c proves each. */
struct weights {
	enum { W_VOLUME, W_COUNT, W_L2 } kind;
	uint64_t least, ref, big; /* least: param; big: bytes of the smallest big request */
	uint32_t share;		  /* tenants that any partition may have */
};

static uint64_t weight_of(const struct weights *w, uint64_t bytes)
{
	switch (w->kind) {
	case W_COUNT:
		return bytes >= w->least ? 1 : 0;
	case W_L2:
		if (bytes + w->least > w->ref)
			return w->ref;
		return bytes >= w->least ? bytes : 0;
	case W_VOLUME:
	default:
		return bytes;
	}
}

/* Bound the weight in a partition of usable bytes. */
static uint64_t most_in(const struct weights *w, uint64_t usable)
{
	uint64_t n;

	switch (w->kind) {
	case W_COUNT:
		n = usable / w->least;
		return n > w->share ? w->share : n;
	case W_L2:
		if (w->big == 0 || w->big >= w->ref)
			return usable;
		return usable + usable / w->big * (w->ref - w->big);
	case W_VOLUME:
	default:
		return usable;
	}
}

/*
 * Weigh an exclusive replica: the least bound of a partition that holds it, because nothing else is
 * in there; with fixed GPUs only its own weight. A GPU that repeats the one before it is skipped.
 */
static uint64_t weigh_alone(const struct v_doc *d, const struct weights *w,
			    const struct v_request *q, bool fixed)
{
	uint64_t least = UINT64_MAX;

	if (fixed)
		return weight_of(w, q->bytes);
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		const struct v_gpu *gpu = &d->gpus[g];

		if (!gpu->pool || (g > 0 && d->gpus[g - 1].menu == gpu->menu &&
				   d->gpus[g - 1].mode == gpu->mode && d->gpus[g - 1].pool &&
				   d->gpus[g - 1].can_switch == gpu->can_switch &&
				   d->gpus[g - 1].first_of_hive == gpu->first_of_hive))
			continue;
		for (uint32_t m = 0; m < d->menus[gpu->menu].n_modes; m++) {
			const struct v_mode *mode = rp_verify_mode_of(d, g, m);

			for (uint32_t i = 0; rp_verify_may(d, g, m) && i < mode->n_parts; i++) {
				if (rp_verify_fits(q, &mode->parts[i], mode->memory) &&
				    most_in(w, mode->parts[i].usable) < least)
					least = most_in(w, mode->parts[i].usable);
			}
		}
	}
	return least == UINT64_MAX ? 0 : least;
}

/* Compute the bound by weights: fixed GPUs, and what is left of the weight over the best GPU. */
static uint64_t shared_bound(const struct v_doc *d, struct weights *w)
{
	unsigned __int128 sum = 0, spare = 0, best = 0, n_fixed = 0;

	for (uint32_t r = 0; r < d->n_requests; r++) {
		const struct v_request *q = &d->requests[r];

		if (q->share > w->share)
			w->share = q->share;
		if (q->replicas > q->stay && q->bytes + w->least > w->ref &&
		    (w->big == 0 || q->bytes < w->big))
			w->big = q->bytes;
	}
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		const struct v_gpu *gpu = &d->gpus[g];

		n_fixed += gpu->fixed;
		for (uint32_t m = 0; m < d->menus[gpu->menu].n_modes; m++) {
			const struct v_mode *mode = rp_verify_mode_of(d, g, m);
			unsigned __int128 here = 0;

			for (uint32_t i = 0; i < mode->n_parts; i++)
				here += most_in(w, mode->parts[i].usable);
			if (gpu->fixed && m == gpu->mode)
				spare += here;
			if (gpu->pool && here > best && rp_verify_may(d, g, m))
				best = here;
		}
	}
	for (uint32_t r = 0; r < d->n_requests; r++) {
		const struct v_request *q = &d->requests[r];
		uint64_t x =
			q->share > 1 ? weight_of(w, q->bytes) : weigh_alone(d, w, q, n_fixed > 0);

		sum += (unsigned __int128)x * (q->replicas - q->stay);
	}
	if (sum <= spare || best == 0)
		return (uint64_t)n_fixed;
	n_fixed += (sum - spare + best - 1) / best;
	return n_fixed > UINT32_MAX ? UINT32_MAX : (uint64_t)n_fixed;
}

/* Read the measure that a proof names. *ret_none: the proof is the chain, without weights. */
static int read_weights(const struct rp_json *proof, struct v_in *in, struct weights *w,
			bool *ret_none)
{
	const char *kind = rp_verify_text(in, proof, "kind", false);

	*w = (struct weights){.kind = W_VOLUME, .share = 1};
	*ret_none = v_same(kind, "chain");
	if (in->r < 0 || *ret_none || v_same(kind, "volume"))
		return in->r;
	if (!v_same(kind, "count") && !v_same(kind, "l2"))
		return rp_verify_wrong(in->err, in->where, "unknown kind of proof '%s'", kind);
	w->kind = v_same(kind, "l2") ? W_L2 : W_COUNT;
	w->least = rp_verify_u64(in, proof, "at_least_bytes", INT64_MAX);
	w->ref = w->kind == W_L2 ? rp_verify_u64(in, proof, "reference_bytes", INT64_MAX) : 0;
	if (in->r == 0 && (w->least == 0 || (w->kind == W_L2 && w->least > w->ref / 2)))
		return rp_verify_wrong(in->err, in->where, "it uses an unknown measure");
	return in->r;
}

int rp_verify_check_bound(const struct v_doc *d, bool *ret_any, uint64_t *ret,
			  struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "certificate"};
	const struct rp_json *cert = rp_json_get(d->root, "certificate");
	const char *kind = rp_verify_text(&in, cert, "kind", false);
	struct weights w;
	uint64_t least = 0, other;
	bool any = false, none = false;
	int r = in.r < 0 ? in.r : check_cases(d, &in, cert, &any, &least);

	if (r < 0)
		return r;
	*ret_any = any;
	*ret = least;
	if (v_same(kind, "exhaustive") && !d->any_shared)
		return 0;
	r = read_weights(cert, &in, &w, &none);
	if (r < 0 || none)
		return r;
	other = shared_bound(d, &w);
	if (other > *ret)
		*ret = other;
	return 0;
}

/* Compute the bound of the chain alone, over all cases. *ret_any: some number of GPUs is enough. */
static int partitions_bound(const struct v_doc *d, bool *ret_any, uint64_t *ret,
			    struct rocpart_error *reterr)
{
	RP_AUTO_FREE struct machine *a = rp_new0(struct machine, 1);
	const char *mem[8] = {NULL};
	uint32_t n = d->n_hives == 1 ? list_memories(d, mem) : 1;

	*ret_any = false;
	if (!a)
		return rp_error_nomem(reterr);
	for (uint32_t i = 0; i < n; i++) {
		int r;

		if (mem[i] && d->hives[0].memory_fixed && !v_same(d->hives[0].memory, mem[i]))
			continue;
		r = compute_case(d, mem[i], a);
		free(a->need);
		if (r < 0)
			return rp_error_errno(reterr, r, "machine",
					      "the machine has too many different modes");
		if (a->possible && (!*ret_any || a->gpus < *ret)) {
			*ret_any = true;
			*ret = a->gpus;
		}
	}
	return 0;
}

int rp_verify_check_short(const struct v_doc *d, const struct rp_json *proof,
			  struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "reason_proof"};
	uint64_t least = 0, there = 0, other;
	struct weights w;
	bool none, any = false;
	int r = read_weights(proof, &in, &w, &none);

	if (r == 0)
		r = partitions_bound(d, &any, &least, reterr);
	if (r < 0 || !any)
		return r;
	other = none ? 0 : shared_bound(d, &w);
	for (uint32_t g = 0; g < d->n_gpus; g++)
		there += d->gpus[g].fixed || d->gpus[g].pool;
	return (other > least ? other : least) > there
		       ? 0
		       : rp_verify_wrong(reterr, "reason",
					 "its proof does not exclude that %llu GPUs are enough",
					 (unsigned long long)there);
}
