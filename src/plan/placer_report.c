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

/* Order the shelves by falling size of their large partitions, equal ones by number. */
static void sort_coarse_first(const struct rp_placer *e, uint32_t order[RP_PLACER_MAX_SHELVES])
{
	for (uint32_t i = 0; i < e->n_shelves; i++) {
		uint32_t k = i;

		for (; k > 0 && e->shelves[order[k - 1]].large_bytes < e->shelves[i].large_bytes;
		     k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
}

/*
 * Count the GPUs of the chain (chain.c) over what is placed now, for each menu and memory mode
 * apart. It bounds when all GPUs have one menu and one memory mode: otherwise a replica counts for
 * the first shelf of its class, even when it is placed on GPUs of another menu, which may need
 * fewer GPUs. A replica that shares would count like an exclusive one, so the caller asks only
 * without sharing.
 */
static uint64_t count_chain_gpus(const struct rp_placer *e,
				 const uint32_t order[RP_PLACER_MAX_SHELVES])
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < e->n_shelves; i++) {
		const struct shelf *first = &e->shelves[order[i]];
		uint64_t need = 0, slots = 0;
		bool seen = false;

		for (uint32_t k = 0; k < i; k++)
			seen = seen || (e->shelves[order[k]].menu == first->menu &&
					e->shelves[order[k]].memory == first->memory);
		for (uint32_t k = i; k < e->n_shelves && !seen; k++) {
			const struct shelf *s = &e->shelves[order[k]];
			uint64_t n;

			if (s->menu != first->menu || s->memory != first->memory)
				continue;
			need += s->n_live;
			n = need > slots ? (need - slots + s->n_parts - 1) / s->n_parts : 0;
			slots += n * s->n_parts;
			total += n;
		}
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
	uint32_t order[RP_PLACER_MAX_SHELVES] = {0};

	for (uint32_t i = 0; i < e->n_shelves; i++) {
		x.gpus_in_use += e->shelves[i].n_in_use - e->shelves[i].n_empty;
		x.gpus_idle += e->shelves[i].n_idle + e->shelves[i].n_empty;
	}
	sort_coarse_first(e, order);
	if (e->max_shared == 0)
		x.bound = count_chain_gpus(e, order);
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
