/* SPDX-License-Identifier: MIT */
/*
 * How well the machine is used, from counters, and the slow check of all invariants.
 *
 * Invariant: rp_placer_report() reads counters of shelves only, so it takes O(M^2) with M shelves.
 * Sources: fragmentation follows the idea of FGD (Weng et al., USENIX ATC 2023), the share of free
 * capacity that the next request cannot use; compaction is that of Verma et al. (IEEE CLUSTER
 * 2014), GPUs in use over the fewest that would do.
 */
#include "plan/placer_internal.h"

/* Return the bytes that every partition of a shelf has. */
static uint64_t least_bytes(const struct shelf *s)
{
	return s->small_bytes ? s->small_bytes : s->large_bytes;
}

/* Count the partitions of a GPU of the shelf that have at least size bytes. */
static uint32_t count_parts(const struct shelf *s, uint64_t size)
{
	return size <= least_bytes(s)	? s->n_parts
	       : size <= s->large_bytes ? (uint32_t)__builtin_popcount(s->large)
					: 0;
}

/* Return whether shelf a goes before b: larger partitions first, then fewer of them. */
static bool is_coarser(const struct shelf *a, const struct shelf *b)
{
	if (least_bytes(a) != least_bytes(b))
		return least_bytes(a) > least_bytes(b);
	return a->n_parts < b->n_parts;
}

/* Order the shelves, coarsest first. Return whether each has no fewer partitions of its sizes. */
static bool sort_coarse_first(const struct rp_placer *e, uint32_t order[RP_PLACER_MAX_SHELVES])
{
	bool nested = true;

	for (uint32_t i = 0; i < e->n_shelves; i++) {
		uint32_t k = i;

		for (; k > 0 && is_coarser(&e->shelves[i], &e->shelves[order[k - 1]]); k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (uint32_t i = 1; i < e->n_shelves; i++) {
		const struct shelf *s = &e->shelves[order[i]], *o = &e->shelves[order[i - 1]];

		nested = nested &&
			 count_parts(s, least_bytes(s)) >= count_parts(o, least_bytes(s)) &&
			 count_parts(s, s->large_bytes) >= count_parts(o, s->large_bytes);
	}
	return nested;
}

/*
 * Count the GPUs that what is placed forces. A replica of a class whose first shelf has partitions
 * of at least T bytes is on a partition of at least T bytes, whatever menu or memory mode the GPU
 * has: the first shelf is the one with the smallest that hold it. From the largest T down, GPUs are
 * added in the finest shelf that has such partitions until there are as many as replicas; the
 * argument is that of chain.c. Where the shelves are not nested, each T bounds by itself. A replica
 * that shares would count like an exclusive one, so the caller asks only without sharing.
 */
static uint64_t count_chain_gpus(const struct rp_placer *e)
{
	uint32_t order[RP_PLACER_MAX_SHELVES] = {0};
	uint64_t n_of[RP_PLACER_MAX_SHELVES] = {0}, need = 0, total = 0;
	const bool nested = sort_coarse_first(e, order);

	for (uint32_t i = 0; i < e->n_shelves; i++) {
		const uint64_t size = least_bytes(&e->shelves[order[i]]);
		uint64_t slots = 0, n;
		uint32_t finest = i, per = 0;

		need += e->shelves[order[i]].n_live;
		for (uint32_t k = 0; k < e->n_shelves; k++) {
			uint32_t here = count_parts(&e->shelves[order[k]], size);

			slots += nested ? n_of[k] * here : 0;
			if (here > 0 && (nested || here > per)) {
				finest = k;
				per = here;
			}
		}
		n = need > slots ? (need - slots + per - 1) / per : 0;
		n_of[finest] += n;
		total = nested ? total + n : n > total ? n : total;
	}
	return total;
}

/*
 * Measure the percentage of free capacity that the next request cannot use, on average over the
 * requests so far. A request of some shelf can use each free partition that is at least as large
 * (once, at its own size) and every idle GPU. All partitions of a shelf count with its large size.
 */
static uint32_t measure_fragmentation(const struct rp_placer *e)
{
	unsigned __int128 lost = 0;
	uint64_t free_bytes = 0, asked = 0;

	for (uint32_t i = 0; i < e->n_shelves; i++) {
		const struct shelf *s = &e->shelves[i];

		free_bytes += (uint64_t)(s->n_free_large + s->n_free_small) * s->large_bytes +
			      (uint64_t)s->n_idle * s->n_parts * s->large_bytes;
		asked += s->n_asked;
	}
	if (free_bytes == 0 || asked == 0)
		return 0;
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		const struct shelf *want = &e->shelves[i];
		uint64_t usable = 0;

		if (want->n_asked == 0)
			continue;
		for (uint32_t k = 0; k < e->n_shelves; k++) {
			const struct shelf *s = &e->shelves[k];

			if (s->large_bytes >= want->large_bytes)
				usable += (uint64_t)(s->n_free_large + s->n_free_small) *
					  want->large_bytes;
			if (s->menu == want->menu && s->memory == want->memory)
				usable += (uint64_t)s->n_idle * want->n_parts * want->large_bytes;
			else if (s->large_bytes >= want->large_bytes)
				usable += (uint64_t)s->n_idle * s->n_parts * want->large_bytes;
		}
		if (usable < free_bytes)
			lost += (unsigned __int128)want->n_asked * (free_bytes - usable);
	}
	return (uint32_t)(lost * 100 / ((unsigned __int128)free_bytes * asked));
}

void rp_placer_report(const struct rp_placer *e, struct rp_placer_report *ret)
{
	struct rp_placer_report x = {
		.gpus_out = e->n_out,
		.n_placed = e->n_placed,
		.requested_bytes = e->requested_bytes,
		.granted_bytes = e->granted_bytes,
		.n_switches = e->n_switches,
	};

	for (uint32_t i = 0; i < e->n_shelves; i++) {
		x.gpus_in_use += e->shelves[i].n_in_use - e->shelves[i].n_empty;
		x.gpus_idle += e->shelves[i].n_idle + e->shelves[i].n_empty;
	}
	if (e->max_shared == 0)
		x.bound = count_chain_gpus(e);
	if (x.bound > 0)
		x.compaction_pct = (uint32_t)((uint64_t)x.gpus_in_use * 100 / x.bound);
	x.fragmentation_pct = measure_fragmentation(e);
	*ret = x;
}

struct totals {
	uint64_t requested, granted;
	uint32_t n;
};

static int refuse_state(struct rocpart_error *err, const char *what)
{
	return rp_error_set(err, -EBADMSG, ROCPART_ERR_FAILED, "placer", "%s", what);
}

/* Add up what instances hold, per GPU and partition, and refuse what exceeds a partition. */
static int check_instances(const struct rp_placer *e, uint16_t *held, uint64_t *bytes,
			   struct totals *t, struct rocpart_error *err)
{
	for (uint32_t i = 0; i < e->max_instances; i++) {
		const struct instance *x = &e->instances[i];
		const struct shelf *s;
		uint32_t gpu;
		size_t at;

		if (!(x->generation & 1))
			continue;
		gpu = rp_placer_gpu_of(e, x);
		at = (size_t)gpu * RP_PLACE_MAX_PARTS + x->part;
		s = &e->shelves[e->gpus[gpu].shelf];
		if (x->part >= s->n_parts)
			return refuse_state(
				err,
				"the accounting has a replica on a partition that does not exist");
		if ((held[gpu] & (1U << x->part)) && !x->is_shared)
			return refuse_state(
				err, "the accounting has two leases on an exclusive partition");
		if (!(held[gpu] & (1U << x->part)))
			t->granted += rp_placer_part_bytes(s, x->part);
		held[gpu] |= (uint16_t)(1U << x->part);
		bytes[at] += x->bytes;
		if (bytes[at] > rp_placer_part_bytes(s, x->part))
			return refuse_state(
				err, "the accounting has more bytes leased on a partition than "
				     "can be used");
		t->requested += x->bytes;
		t->n++;
	}
	return 0;
}

/* Each shared partition has as many instances as it counts, and the least share of them. */
static int check_shared(const struct rp_placer *e, struct rocpart_error *err)
{
	for (uint32_t i = 0; i < e->max_instances; i++) {
		const struct instance *x = &e->instances[i];
		const struct shared *s = x->is_shared ? &e->shared[x->at] : NULL;
		uint32_t n = 0, least = UINT16_MAX;

		if (!(x->generation & 1) || !s)
			continue;
		for (uint32_t k = s->first; k != NO_GPU; k = e->instances[k].next) {
			least = e->instances[k].share < least ? e->instances[k].share : least;
			n++;
		}
		if (n != s->n || least != s->limit || n > least)
			return refuse_state(err, "the accounting of a shared partition is wrong");
	}
	return 0;
}

int rp_placer_check(const struct rp_placer *e, struct rocpart_error *reterr)
{
	RP_AUTO_FREE uint16_t *held = rp_new0(uint16_t, e->n_gpus);
	RP_AUTO_FREE uint64_t *bytes =
		calloc((size_t)e->n_gpus + 1, RP_PLACE_MAX_PARTS * sizeof(uint64_t));
	struct totals t = {0};
	uint32_t idle = 0, in_use = 0;
	int r;

	if (!held || !bytes)
		return rp_error_nomem(reterr);
	r = check_instances(e, held, bytes, &t, reterr);
	if (r == 0)
		r = check_shared(e, reterr);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < e->n_gpus; i++) {
		const struct gpu *g = &e->gpus[i];

		if ((held[i] & g->free) || (held[i] & e->foreign[i]) ||
		    (held[i] | g->free | e->foreign[i]) != e->shelves[g->shelf].all)
			return refuse_state(reterr,
					    "the accounting of free, leased and foreign partitions "
					    "does not add up");
		if (rp_placer_gpu_shut(g))
			continue;
		idle += rp_placer_gpu_idle(e, g);
		in_use += !rp_placer_gpu_idle(e, g);
	}
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		idle -= e->shelves[i].n_idle;
		in_use -= e->shelves[i].n_in_use;
	}
	if (idle || in_use)
		return refuse_state(
			reterr, "the accounting has a wrong number of idle GPUs or of GPUs in use");
	if (t.n != e->n_placed || t.requested != e->requested_bytes ||
	    t.granted != e->granted_bytes)
		return refuse_state(reterr, "the accounting has lost or added bytes or replicas");
	return 0;
}
