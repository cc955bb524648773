/* SPDX-License-Identifier: MIT */
/*
 * Placing on partitions that several replicas share: a few dozen heuristic runs, of which the best
 * draft is kept. From three tenants on the problem contains 3-PARTITION, so it is strongly NP-hard;
 * share_bound.c bounds how far the result is from the best.
 *
 * A run is a fit, an opener (the mode that an opened GPU gets) and a memory mode to try first.
 * - FIT_BEST, FIT_FIRST, FIT_WORST: replicas by falling size go into an open partition, chosen by
 *   the fit, or else into a GPU that is opened for them.
 * - FIT_SET and above: a GPU is opened for the largest replica left; each of its partitions gets
 *   the largest that fits and the set that leaves the least of the rest free (share_fill.c).
 *
 * Invariants of a run:
 * - The tenants of a partition never exceed its bytes, nor limit, the least that each accepts there
 *   (its share, and the bandwidth that it needs).
 * - The list from newest to older holds exactly the partitions that can still take something.
 * - A GPU is opened once, in one mode, and decides the memory mode of its hive.
 * Runs are compared by the weight of the bands, then by GPUs, then by switches. The search ends
 * with the first run that places everything on n_least GPUs, the lower bound.
 *
 * Time of a run: O(N W) for N replicas and a window of W = WINDOW partitions, plus O(G) to find a
 * GPU to open; for sets about `looks` requests. There are N_FITS * N_OPENERS runs for each memory
 * mode, and a large problem ends after the runs of one fit.
 *
 * Source: best, first and worst fit by falling size are textbook rules (Johnson 1973), the sets are
 * Gupta and Ho's (1999); the openers and the tolerances are our own.
 */
#include "plan/draft.h"
#include "plan/share_fill.h"

#define WINDOW	  2048		     /* partitions that are looked at for one replica */
#define MAX_FILL  UINT64_C(20000000) /* requests times replicas */
#define ALL_LOOKS 8000000	     /* requests that a run of sets looks at, about */
#define FEW_LOOKS 500000	     /* the same, when any complete plan will do */
#define NO_BIN	  UINT32_MAX

/* An open partition. */
struct bin {
	uint32_t gpu, part, mem;
	const struct rp_place_part *p;
	uint64_t free_bytes;
	uint32_t n, limit;     /* tenants; the most that all of them accept */
	uint32_t older, newer; /* neighbours in the list of those that can take something */
};

/* FIT_SET + k: the search for a set ends when k / 128 of the partition or less stays free. */
enum fit { FIT_BEST, FIT_FIRST, FIT_WORST, FIT_SET, N_FITS = FIT_SET + 12 };
enum opener { OPEN_FINEST, OPEN_ONE_LARGER, OPEN_COARSEST, N_OPENERS };

struct run {
	const struct rp_view *v;
	enum fit fit;
	enum opener opener;
	uint32_t mem; /* memory mode that is tried first */
	uint64_t looks;
	struct bin *bins;
	size_t n_bins, cap_bins;
	uint32_t newest;		   /* head of the list of bins that can take something */
	uint64_t least_bytes;		   /* of the smallest request */
	uint32_t *hive_mem;		   /* per hive; RP_PLACE_NONE: not decided */
	uint32_t first[RP_PLACE_MAX_MEMS]; /* per memory mode: no GPU before it can be opened */
	uint32_t *domain_count;		   /* replicas of the present request, per domain */
	struct rp_draft draft;
	uint64_t *band;		 /* weight placed, per band */
	const uint32_t *band_of; /* per request */
	uint64_t work;
};

static bool is_full(const struct run *b, const struct bin *bin)
{
	return bin->n >= bin->limit || bin->free_bytes < b->least_bytes;
}

/* Append a bin and make it the newest of the list; a full one is not kept. */
static int push_bin(struct run *b, struct bin bin)
{
	const uint32_t i = (uint32_t)b->n_bins;

	if (is_full(b, &bin))
		return 0;
	if (rp_grow(&b->bins, &b->cap_bins, b->n_bins + 1, sizeof(bin)) < 0)
		return -ENOMEM;
	bin.newer = NO_BIN;
	bin.older = b->newest;
	if (b->newest != NO_BIN)
		b->bins[b->newest].newer = i;
	b->newest = i;
	b->bins[b->n_bins++] = bin;
	return 0;
}

/* Take a bin that became full out of the list. */
static void drop_bin(struct run *b, const struct bin *bin)
{
	if (bin->newer == NO_BIN)
		b->newest = bin->older;
	else
		b->bins[bin->newer].older = bin->older;
	if (bin->older != NO_BIN)
		b->bins[bin->older].newer = bin->newer;
}

/* Add the partitions of an open GPU that takes something, with the tenants that they have. */
static int add_bins(struct run *b, uint32_t g)
{
	const struct rp_place_problem *p = b->v->p;
	uint32_t mode = b->draft.mode_of[g];
	const struct rp_place_mode *m = rp_view_mode(b->v, g, mode);
	uint32_t shut = RP_PLACE_CORDONED | RP_PLACE_DEGRADED | RP_PLACE_UNHEALTHY;

	if (p->gpus[g].flags & shut)
		return 0;
	for (uint32_t i = 0; i < m->n_parts; i++) {
		struct bin bin = {.gpu = g,
				  .part = i,
				  .mem = b->v->mode_mem[p->gpus[g].menu][mode],
				  .p = &m->parts[i],
				  .free_bytes = m->parts[i].usable_bytes,
				  .limit = UINT32_MAX};

		if (b->v->gpus[g].role == RP_ROLE_FIXED) {
			struct rp_view_room room = rp_view_room(b->v, g, i);

			bin.free_bytes = room.bytes;
			bin.n = room.n;
			bin.limit = room.limit;
		}
		if (push_bin(b, bin) < 0)
			return -ENOMEM;
	}
	return 0;
}

/*
 * Return whether a replica of r may join: bytes, XCDs, memory mode, both limits on tenants, spread.
 */
static bool can_take(const struct run *b, const struct bin *bin, uint32_t r)
{
	const struct rp_place_request *q = &b->v->p->requests[r];

	if (!rp_view_fits(b->v, r, bin->p, bin->mem) || bin->free_bytes < q->bytes ||
	    bin->n >= bin->limit || bin->n >= rp_view_limit(q, bin->p))
		return false;
	return q->spread == RP_PLACE_SPREAD_NONE ||
	       b->domain_count[rp_view_domain(b->v, r, bin->gpu)] < rp_view_per_domain(q);
}

/*
 * Find the bin that the fit chooses for r, or NULL. At most WINDOW bins are looked at, the newest
 * first: as sizes fall, those opened long ago are as good as full.
 */
static struct bin *find_bin(struct run *b, uint32_t r)
{
	struct bin *best = NULL;
	uint32_t looked = 0;

	for (uint32_t i = b->newest; i != NO_BIN && looked < WINDOW; i = b->bins[i].older) {
		struct bin *bin = &b->bins[i];

		looked++;
		if (!can_take(b, bin, r))
			continue;
		if (!best || b->fit == FIT_FIRST ||
		    (b->fit == FIT_BEST ? bin->free_bytes <= best->free_bytes
					: bin->free_bytes >= best->free_bytes))
			best = bin; /* of equal ones the oldest */
	}
	b->work += looked / 64 + 1;
	return best;
}

/* List the modes of GPU g that can hold r in a memory mode, by rising largest partition. */
static uint32_t list_modes_for(const struct run *b, uint32_t g, uint32_t r, uint32_t mem,
			       uint32_t ret[RP_PLACE_MAX_MODES])
{
	const struct rp_place_menu *menu = &b->v->p->menus[b->v->p->gpus[g].menu];
	uint32_t n = 0;

	for (uint32_t m = 0; m < menu->n_modes; m++) {
		bool fits = false;
		uint32_t at = n;

		if (b->v->mode_mem[b->v->p->gpus[g].menu][m] != mem || !rp_view_may(b->v, g, m))
			continue;
		for (uint32_t i = 0; i < menu->modes[m].n_parts; i++)
			fits = fits || rp_view_fits(b->v, r, &menu->modes[m].parts[i], mem);
		if (!fits)
			continue;
		while (at > 0 && menu->modes[ret[at - 1]].parts[0].usable_bytes >
					 menu->modes[m].parts[0].usable_bytes) {
			ret[at] = ret[at - 1];
			at--;
		}
		ret[at] = m;
		n++;
	}
	return n;
}

/*
 * Return whether GPU g is closed and its hive may be in the memory mode. Once false this stays
 * false.
 */
static bool can_open(const struct run *b, uint32_t g, uint32_t mem)
{
	const struct rp_view_gpu *vg = &b->v->gpus[g];

	return vg->role == RP_ROLE_POOL && b->draft.mode_of[g] == RP_PLACE_NONE &&
	       rp_view_hive_may(b->v, vg->hive, mem) &&
	       (b->hive_mem[vg->hive] == RP_PLACE_NONE || b->hive_mem[vg->hive] == mem);
}

/* Open GPU g for r in the mode that the opener picks, if the spread rule and its modes allow. */
static bool try_open(struct run *b, uint32_t g, uint32_t r, uint32_t mem)
{
	const struct rp_view_gpu *vg = &b->v->gpus[g];
	uint32_t modes[RP_PLACE_MAX_MODES], n, pick = 0;

	if (!can_open(b, g, mem))
		return false;
	if (b->v->p->requests[r].spread != RP_PLACE_SPREAD_NONE &&
	    b->domain_count[rp_view_domain(b->v, r, g)] >=
		    rp_view_per_domain(&b->v->p->requests[r]))
		return false;
	n = list_modes_for(b, g, r, mem, modes);
	if (n == 0)
		return false;
	if (b->opener == OPEN_COARSEST)
		pick = n - 1;
	else if (b->opener == OPEN_ONE_LARGER && n > 1)
		pick = 1;
	b->draft.mode_of[g] = modes[pick];
	b->hive_mem[vg->hive] = mem;
	return true;
}

/* Open a GPU for r, in the preferred memory mode or else another. -ENOSPC: no GPU can be opened. */
static int open_gpu_for(struct run *b, uint32_t r)
{
	for (uint32_t k = 0; k <= b->v->n_mems; k++) {
		uint32_t mem = k == 0 ? b->mem : k - 1;

		if (b->v->req_mem[r] != RP_VIEW_ANY && b->v->req_mem[r] != mem)
			continue;
		while (b->first[mem] < b->v->p->n_gpus && !can_open(b, b->first[mem], mem))
			b->first[mem]++;
		for (uint32_t g = b->first[mem]; g < b->v->p->n_gpus; g++) {
			if (try_open(b, g, r, mem))
				return add_bins(b, g);
		}
	}
	return -ENOSPC;
}

/* Place one replica of r. -ENOSPC: neither an open nor a new partition takes it. */
static int place_replica(struct run *b, uint32_t r)
{
	const struct rp_place_request *q = &b->v->p->requests[r];
	struct bin *bin = find_bin(b, r);
	int n;

	if (!bin) {
		n = open_gpu_for(b, r);
		if (n < 0)
			return n;
		bin = find_bin(b, r);
		if (!bin)
			return -ENOSPC;
	}
	n = rp_draft_add(&b->draft, r, bin->gpu, bin->part);
	if (n < 0)
		return n;
	bin->free_bytes -= q->bytes;
	bin->n++;
	if (rp_view_limit(q, bin->p) < bin->limit)
		bin->limit = rp_view_limit(q, bin->p);
	if (is_full(b, bin))
		drop_bin(b, bin);
	b->domain_count[rp_view_domain(b->v, r, bin->gpu)]++;
	return 0;
}

/* Make domain_count that of request r: its tenants, until replicas are placed. */
static void count_domains(struct run *b, uint32_t r)
{
	const struct rp_place_problem *p = b->v->p;

	if (p->requests[r].spread == RP_PLACE_SPREAD_NONE)
		return;
	memset(b->domain_count, 0, p->n_gpus * sizeof(*b->domain_count));
	for (uint32_t t = 0; t < p->n_tenants; t++) {
		if (p->tenants[t].request == r)
			b->domain_count[rp_view_domain(b->v, r, p->tenants[t].gpu)]++;
	}
}

/*
 * Fill one empty partition: the largest replica that fits comes first, then the set that fills the
 * rest best. left and on_gpu count by position in the order: what is to be placed, and what this
 * GPU has.
 */
static int fill_bin(struct run *b, struct rp_fill *f, const struct bin *bin, uint32_t *left,
		    uint32_t *on_gpu)
{
	const struct rp_place_problem *p = b->v->p;
	const uint64_t slack = 2 * (uint64_t)(b->fit - FIT_SET);
	uint32_t seed = f->n;

	for (uint32_t i = 0; i < f->n; i++) {
		const struct rp_place_request *q = &p->requests[f->order[i]];
		uint32_t may = q->spread == RP_PLACE_SPREAD_NONE ? left[i]
			       : on_gpu[i] < rp_view_per_domain(q)
				       ? rp_view_per_domain(q) - on_gpu[i]
				       : 0;

		f->left[i] = rp_view_fits(b->v, f->order[i], bin->p, bin->mem)
				     ? (may < left[i] ? may : left[i])
				     : 0;
		if (seed == f->n && f->left[i] > 0)
			seed = i;
	}
	if (seed == f->n)
		return 0;
	f->left[seed]--;
	f->free_bytes = bin->free_bytes - p->requests[f->order[seed]].bytes;
	f->limit = rp_view_limit(&p->requests[f->order[seed]], bin->p);
	f->part = bin->p;
	f->n_in = 1;
	f->enough_free = bin->free_bytes / 256 * slack + bin->free_bytes % 256 * slack / 256;
	b->work += (f->n + rp_share_fill(f)) / 64 + 1;
	f->chosen[f->n_chosen++] = seed;
	for (uint32_t k = 0; k < f->n_chosen; k++) {
		uint32_t i = f->chosen[k], r = f->order[i];

		if (rp_draft_add(&b->draft, r, bin->gpu, bin->part) < 0)
			return -ENOMEM;
		left[i]--;
		on_gpu[i]++;
		b->band[b->band_of[r]] += rp_view_weight(&p->requests[r]);
	}
	return 0;
}

/*
 * Open GPU after GPU for the largest replica left and fill its partitions. on_gpu starts at zero
 * for each GPU, which counts the spread domain of GPUs and no other: see can_fill().
 */
static int fill_gpus(struct run *b, const uint32_t *order)
{
	const uint32_t n = b->v->p->n_requests;
	RP_AUTO_FREE uint32_t *left = rp_new0(uint32_t, n), *on_gpu = rp_new0(uint32_t, n);
	RP_AUTO_FREE uint32_t *may = rp_new0(uint32_t, n);
	const uint64_t looks = b->looks / (b->v->total_need + 1);
	struct rp_fill f = {.requests = b->v->p->requests,
			    .order = order,
			    .n = n,
			    .left = may,
			    .max_looks = looks < 20000 ? (uint32_t)looks : 20000};

	if (!left || !on_gpu || !may)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		left[i] = b->v->need[order[i]];
	for (uint32_t i = 0; i < n;) {
		size_t bin = b->n_bins;
		int r = left[i] > 0 ? open_gpu_for(b, order[i]) : -ENOSPC;

		if (r == -ENOMEM)
			return r;
		i += r == -ENOSPC; /* all placed, or no GPU to open */
		for (r = 0; bin < b->n_bins && r == 0; bin++)
			r = fill_bin(b, &f, &b->bins[bin], left, on_gpu);
		if (r < 0)
			return r;
		memset(on_gpu, 0, n * sizeof(*on_gpu));
	}
	return 0;
}

/*
 * Sets are tried where all that is on a GPU was put there by fill_bin(): no fixed GPU, no spread
 * over hives. Larger problems are left to the other fits for time.
 */
static bool can_fill(const struct rp_view *v)
{
	for (uint32_t q = 0; q < v->p->n_requests; q++) {
		if (v->p->requests[q].spread == RP_PLACE_SPREAD_HIVE)
			return false;
	}
	return v->n_fixed == 0 && (uint64_t)v->p->n_requests * v->total_need <= MAX_FILL;
}

static int place_requests(struct run *b, const uint32_t *order)
{
	const struct rp_place_problem *p = b->v->p;

	for (uint32_t g = 0; g < p->n_gpus; g++) {
		if (b->draft.mode_of[g] != RP_PLACE_NONE && add_bins(b, g) < 0)
			return -ENOMEM;
	}
	if (b->fit >= FIT_SET)
		return fill_gpus(b, order);
	for (uint32_t i = 0; i < p->n_requests; i++) {
		uint32_t r = order[i];

		count_domains(b, r);
		for (uint32_t k = 0; k < b->v->need[r]; k++) {
			int n = place_replica(b, r);

			if (n == -ENOSPC)
				break;
			if (n < 0)
				return n;
			b->band[b->band_of[r]] += rp_view_weight(&p->requests[r]);
		}
	}
	return 0;
}

static void run_done(struct run *b)
{
	free(b->bins);
	free(b->hive_mem);
	free(b->domain_count);
	free(b->band);
	rp_draft_done(&b->draft);
}

static int run_once(struct run *b, const uint32_t *order)
{
	const struct rp_place_problem *p = b->v->p;
	int r = rp_draft_init(b->v, &b->draft);

	b->hive_mem = rp_new0(uint32_t, p->n_gpus);
	b->domain_count = rp_new0(uint32_t, (size_t)p->n_gpus + 1);
	b->band = rp_new0(uint64_t, (size_t)p->n_requests + 1);
	b->newest = NO_BIN;
	b->least_bytes = UINT64_MAX;
	for (uint32_t q = 0; q < p->n_requests; q++) {
		if (p->requests[q].bytes < b->least_bytes)
			b->least_bytes = p->requests[q].bytes;
	}
	if (r < 0 || !b->hive_mem || !b->domain_count || !b->band)
		return -ENOMEM;
	for (uint32_t h = 0; h < b->v->n_hives; h++)
		b->hive_mem[h] = b->v->hives[h].mem_fixed ? b->v->hives[h].mem_now : RP_PLACE_NONE;
	return place_requests(b, order);
}

static uint32_t count_opened(const struct run *b)
{
	uint32_t n = 0;

	for (uint32_t g = 0; g < b->v->p->n_gpus; g++)
		n += b->draft.mode_of[g] != RP_PLACE_NONE;
	return n;
}

static uint32_t count_switched(const struct run *b)
{
	uint32_t n = 0;

	for (uint32_t g = 0; g < b->v->p->n_gpus; g++)
		n += b->draft.mode_of[g] != RP_PLACE_NONE &&
		     b->draft.mode_of[g] != b->v->p->gpus[g].mode;
	return n;
}

/* Compare two runs: weight of the bands, then open GPUs, then switched GPUs. */
static bool is_better(const struct run *a, const struct run *b)
{
	for (uint32_t i = 0; i < a->v->p->n_requests; i++) {
		if (a->band[i] != b->band[i])
			return a->band[i] > b->band[i];
	}
	if (count_opened(a) != count_opened(b))
		return count_opened(a) < count_opened(b);
	return count_switched(a) < count_switched(b);
}

/* Number the bands: requests of one priority have one number, the highest priority has 0. */
static uint32_t *number_bands(const struct rp_view *v)
{
	RP_AUTO_FREE uint32_t *order = rp_view_order(v, RP_BY_PRIORITY_BYTES);
	uint32_t *band = rp_new0(uint32_t, v->p->n_requests);
	uint32_t n = 0;

	if (!order || !band) {
		free(band);
		return NULL;
	}
	for (uint32_t i = 0; i < v->p->n_requests; i++) {
		n += i > 0 &&
		     v->p->requests[order[i]].priority != v->p->requests[order[i - 1]].priority;
		band[order[i]] = n;
	}
	return band;
}

/*
 * Do the runs and keep the best in *best. n_least of UINT64_MAX asks for any complete draft. Stops
 * early when a draft is complete on n_least GPUs, or after one fit when the problem is large.
 */
static int try_runs(const struct rp_view *v, uint64_t n_least, bool by_priority,
		    const uint32_t *band_of, struct run *best, bool *have)
{
	const uint32_t round = v->n_mems * N_OPENERS;
	RP_AUTO_FREE uint32_t *order =
		rp_view_order(v, by_priority ? RP_BY_PRIORITY_BYTES : RP_BY_BYTES);

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < round * N_FITS; i++) {
		struct run b = {.v = v,
				.fit = (enum fit)(i / round),
				.mem = i % round / N_OPENERS,
				.opener = (enum opener)(i % N_OPENERS),
				.looks = n_least == UINT64_MAX ? FEW_LOOKS : ALL_LOOKS,
				.band_of = band_of,
				.work = best->work};
		int r;

		if (b.fit >= FIT_SET && !can_fill(v))
			continue;
		r = run_once(&b, order);
		if (r == 0 && (!*have || is_better(&b, best))) {
			uint64_t work = b.work;

			if (*have)
				run_done(best);
			*best = b;
			best->work = work;
			*have = true;
		} else {
			best->work = b.work;
			run_done(&b);
		}
		if (r < 0)
			return r;
		if (best->draft.n_places == v->total_need && count_opened(best) <= n_least)
			break;
		if (v->total_need > 2000 && best->work > 200000 && (i + 1) % round == 0)
			break; /* a run of a large problem takes long */
	}
	return 0;
}

int rp_share_place(const struct rp_view *v, uint64_t n_least, struct rp_draft *ret, uint64_t *work)
{
	RP_AUTO_FREE uint32_t *band_of = number_bands(v);
	struct run best = {.v = v};
	bool have = false;
	int r = band_of ? try_runs(v, n_least, false, band_of, &best, &have) : -ENOMEM;

	/* By size alone something was left out: let priority decide what. */
	if (r == 0 && have && best.draft.n_places < v->total_need)
		r = try_runs(v, n_least, true, band_of, &best, &have);
	if (r == 0 && have) {
		*ret = best.draft;
		best.draft = (struct rp_draft){0};
	}
	*work += best.work;
	run_done(&best);
	return r == 0 && !have ? rp_draft_init(v, ret) : r;
}
