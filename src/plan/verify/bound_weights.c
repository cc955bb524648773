/* SPDX-License-Identifier: MIT */
/*
 * The bound by weights, for partitions that newcomers share (bound.c says what a newcomer is).
 *
 * Give each newcomer a weight such that no set of them that fits together in a partition weighs
 * more than most_in() says for its bytes and for the most replicas that may be there. In any plan
 * the newcomers on fixed GPUs then weigh no more than most_beside() of their partitions together,
 * and the newcomers on any other GPU no more than most_in() of the partitions of its mode, which is
 * at most that of the best mode of any GPU of the pool. What the fixed GPUs cannot take must be
 * covered by others: hence the quotient, rounded up. When no GPU of the pool takes any weight, no
 * number of them is enough.
 *
 * Why most_in() holds for b bytes and n replicas, where n is at most what find_most() says:
 * - VOLUME, a newcomer weighs its bytes: they fit into b bytes.
 * - COUNT, each of at least `least` bytes weighs 1: n of them, and b / least, is the most.
 * - L2, with least <= ref / 2: one of more than ref - least bytes is big and weighs ref, another of
 *   at least `least` bytes weighs its bytes, a smaller one 0. Only a big one weighs more than its
 *   bytes, by at most ref - (bytes of the smallest big one), and b / (those bytes) of them fit.
 * A newcomer that shares with nobody has its partition alone, so where no GPU is fixed it may weigh
 * as much as the least partition that could take it; it is then the whole set, within its bound.
 *
 * Time: O(G M P) for each exclusive request at worst, with G GPUs, M modes, P partitions of a GPU.
 */
#include "plan/verify/bound.h"

/* A measure of the weights of replicas. */
struct weights {
	enum { W_VOLUME, W_COUNT, W_L2 } kind;
	uint64_t least, ref, big; /* least: param; big: bytes of the smallest big request */
	uint32_t share;		  /* tenants that any partition may have */
	uint32_t *most;		  /* [part_of()]: replicas that the partition of a mode may have */
};

static size_t part_of(uint32_t menu, uint32_t mode, uint32_t part)
{
	return ((size_t)menu * V_MAX_MODES + mode) * V_MAX_PARTS + part;
}

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

/* Bound the weight of replicas that have no more than usable bytes and are no more than n. */
static uint64_t most_in(const struct weights *w, uint64_t usable, uint32_t n)
{
	uint64_t fit;

	if (n == 0)
		return 0;
	switch (w->kind) {
	case W_COUNT:
		fit = usable / w->least;
		return fit < n ? fit : n;
	case W_L2:
		if (w->big == 0 || w->big >= w->ref)
			return usable;
		return usable + usable / w->big * (w->ref - w->big);
	case W_VOLUME:
	default:
		return usable;
	}
}

/* Bound the weight that newcomers bring to a partition of a fixed GPU: bytes and places left. */
static uint64_t most_beside(const struct v_doc *d, const struct weights *w, uint32_t g,
			    uint32_t part)
{
	const struct v_room *room = &d->rooms[(size_t)g * V_MAX_PARTS + part];
	uint32_t limit = room->limit < w->share ? room->limit : w->share;

	return !room->open || room->n >= limit ? 0 : most_in(w, room->bytes, limit - room->n);
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
				uint32_t most = w->most[part_of(gpu->menu, m, i)];

				if (rp_verify_fits(q, &mode->parts[i], mode->memory) &&
				    most_in(w, mode->parts[i].usable, most) < least)
					least = most_in(w, mode->parts[i].usable, most);
			}
		}
	}
	return least == UINT64_MAX ? 0 : least;
}

/* Set what the measure depends on: the smallest big newcomer, and the largest share of anybody. */
static void look_at_requests(const struct v_doc *d, struct weights *w)
{
	for (uint32_t r = 0; r < d->n_requests; r++) {
		const struct v_request *q = &d->requests[r];

		if (q->share > w->share)
			w->share = q->share;
		if (q->replicas > q->stay && q->bytes + w->least > w->ref &&
		    (w->big == 0 || q->bytes < w->big))
			w->big = q->bytes;
	}
}

/*
 * Find how many replicas a partition of a mode may have: each accepts all that are there, so no
 * more than the one that accepts most of those that could be there. 0: none could.
 */
static int find_most(const struct v_doc *d, struct weights *w)
{
	w->most = calloc((size_t)d->n_menus + 1, V_MAX_MODES * V_MAX_PARTS * sizeof(*w->most));
	if (!w->most)
		return -ENOMEM;
	for (uint32_t menu = 0; menu < d->n_menus; menu++) {
		for (uint32_t m = 0; m < d->menus[menu].n_modes; m++) {
			const struct v_mode *mode = &d->menus[menu].modes[m];

			for (uint32_t i = 0; i < mode->n_parts; i++) {
				uint32_t *most = &w->most[part_of(menu, m, i)];

				for (uint32_t r = 0; r < d->n_requests; r++) {
					const struct v_request *q = &d->requests[r];
					uint32_t n = rp_verify_limit(q, &mode->parts[i]);

					if (q->replicas > q->stay && n > *most &&
					    rp_verify_fits(q, &mode->parts[i], mode->memory))
						*most = n;
				}
			}
		}
	}
	return 0;
}

/* Compute the bound: fixed GPUs, and what is left of the weight over the best GPU of the pool. */
static uint64_t shared_bound(const struct v_doc *d, struct weights *w)
{
	unsigned __int128 sum = 0, spare = 0, best = 0, n = 0;

	look_at_requests(d, w);
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		const struct v_gpu *gpu = &d->gpus[g];

		n += gpu->fixed;
		for (uint32_t m = 0; m < d->menus[gpu->menu].n_modes; m++) {
			const struct v_mode *mode = rp_verify_mode_of(d, g, m);
			unsigned __int128 here = 0;

			for (uint32_t i = 0; i < mode->n_parts; i++) {
				if (gpu->fixed && m == gpu->mode)
					spare += most_beside(d, w, g, i);
				here += most_in(w, mode->parts[i].usable,
						w->most[part_of(gpu->menu, m, i)]);
			}
			if (gpu->pool && here > best && rp_verify_may(d, g, m))
				best = here;
		}
	}
	for (uint32_t r = 0; r < d->n_requests; r++) {
		const struct v_request *q = &d->requests[r];
		uint64_t x = q->share > 1 ? weight_of(w, q->bytes) : weigh_alone(d, w, q, n > 0);

		sum += (unsigned __int128)x * (q->replicas - q->stay);
	}
	if (sum <= spare)
		return (uint64_t)n;
	if (best == 0)
		return UINT64_MAX;
	n += (sum - spare + best - 1) / best;
	return n > UINT32_MAX ? UINT32_MAX : (uint64_t)n;
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

int rp_verify_bound_weights(const struct v_doc *d, const struct rp_json *proof, struct v_in *in,
			    uint64_t *ret)
{
	struct weights w;
	bool none = false;
	int r = read_weights(proof, in, &w, &none);

	if (r < 0)
		return r;
	*ret = 0;
	if (none)
		return 0;
	r = find_most(d, &w);
	if (r == 0)
		*ret = shared_bound(d, &w);
	free(w.most);
	return r < 0 ? rp_error_nomem(in->err) : 0;
}
