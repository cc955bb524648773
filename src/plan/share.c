/* SPDX-License-Identifier: MIT */
/*
 * Partitions that several replicas share: strongly NP-hard from three on (placement study 1.2), so
 * decreasing-size heuristics, each with several ways to choose the mode of a GPU that is opened.
 * share_bound.c says how far from the best the result can be.
 */
#include "plan/draft.h"
#include "plan/share_fill.h"

#define WINDOW	  2048		     /* partitions looked at for one replica */
#define MAX_FILL  UINT64_C(20000000) /* requests times replicas */
#define ALL_LOOKS 8000000	     /* requests looked at in one run of sets, about */
#define FEW_LOOKS 500000	     /* the same, when any plan will do */
#define NO_BIN	  UINT32_MAX

struct bin {
	uint32_t gpu, part, mem;
	const struct rp_place_part *p;
	uint64_t free_bytes;
	uint32_t n, limit;     /* tenants; the least that one of them accepts */
	uint32_t older, newer; /* that may take something yet */
};

enum fit { FIT_BEST, FIT_FIRST, FIT_WORST, FIT_SET, N_FITS = FIT_SET + 12 };
/* From FIT_SET on: so many 128ths of a partition may stay free without a look for a better set. */
enum opener { OPEN_FINEST, OPEN_ONE_LARGER, OPEN_COARSEST, N_OPENERS };

struct run {
	const struct rp_view *v;
	enum fit fit;
	enum opener opener;
	uint32_t mem; /* tried first */
	uint64_t looks;
	struct bin *bins;
	size_t n_bins, cap_bins;
	uint32_t newest;      /* of those that may take something */
	uint64_t least_bytes; /* of all requests */
	uint32_t *hive_mem;
	uint32_t first[RP_PLACE_MAX_MEMS]; /* no GPU before it can be opened */
	uint32_t *domain_count;		   /* of the present request */
	struct rp_draft draft;
	uint64_t *band;		 /* weight per priority */
	const uint32_t *band_of; /* per request */
	uint64_t work;
};

static bool is_full(const struct run *b, const struct bin *bin)
{
	return bin->n >= bin->limit || bin->free_bytes < b->least_bytes;
}

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

static void drop_bin(struct run *b, const struct bin *bin)
{
	if (bin->newer == NO_BIN)
		b->newest = bin->older;
	else
		b->bins[bin->newer].older = bin->older;
	if (bin->older != NO_BIN)
		b->bins[bin->older].newer = bin->newer;
}

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

		if (b->v->gpus[g].role == RP_ROLE_FIXED && (p->gpus[g].occupied & (1U << i)))
			continue;
		for (uint32_t t = 0; t < p->n_tenants; t++) {
			const struct rp_place_request *q = &p->requests[p->tenants[t].request];

			if (p->tenants[t].gpu != g || p->tenants[t].part != i)
				continue;
			bin.free_bytes -= q->bytes;
			bin.n++;
			if (rp_view_share(q) < bin.limit)
				bin.limit = rp_view_share(q);
		}
		if (push_bin(b, bin) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool can_take(const struct run *b, const struct bin *bin, uint32_t r)
{
	const struct rp_place_request *q = &b->v->p->requests[r];

	if (!rp_view_fits(b->v, r, bin->p, bin->mem) || bin->free_bytes < q->bytes ||
	    bin->n >= bin->limit || bin->n >= rp_view_share(q))
		return false;
	return q->spread == RP_PLACE_SPREAD_NONE ||
	       b->domain_count[rp_view_domain(b->v, r, bin->gpu)] < rp_view_per_domain(q);
}

static struct bin *find_bin(struct run *b, uint32_t r)
{
	struct bin *best = NULL;
	uint32_t looked = 0;

	/* By falling size the partitions opened long ago are as good as full. */
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

/* The modes of a GPU that can hold the request, by size of their largest partition. */
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

/* Not open, and its hive is in the memory mode or may be: once false it stays so. */
static bool can_open(const struct run *b, uint32_t g, uint32_t mem)
{
	const struct rp_view_gpu *vg = &b->v->gpus[g];

	return vg->role == RP_ROLE_POOL && b->draft.mode_of[g] == RP_PLACE_NONE &&
	       rp_view_hive_may(b->v, vg->hive, mem) &&
	       (b->hive_mem[vg->hive] == RP_PLACE_NONE || b->hive_mem[vg->hive] == mem);
}

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

/* Index of the first bin of a GPU that is opened for the request; -ENOSPC: there is none. */
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
	if (rp_view_share(q) < bin->limit)
		bin->limit = rp_view_share(q);
	if (is_full(b, bin))
		drop_bin(b, bin);
	b->domain_count[rp_view_domain(b->v, r, bin->gpu)]++;
	return 0;
}

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

/* Partition by partition: the largest that is left, and the set that fills up the rest best. */
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
	f->limit = rp_view_share(&p->requests[f->order[seed]]);
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
		i += r == -ENOSPC; /* nothing left of it, or no GPU for what is */
		for (r = 0; bin < b->n_bins && r == 0; bin++)
			r = fill_bin(b, &f, &b->bins[bin], left, on_gpu);
		if (r < 0)
			return r;
		memset(on_gpu, 0, n * sizeof(*on_gpu));
	}
	return 0;
}

/* A fresh machine, and no rule about hives: what is on a GPU is what has just been put there. */
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

/* Requests of one priority have one number; the highest priority has 0. */
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

static int try_runs(const struct rp_view *v, uint64_t n_least, bool by_priority,
		    const uint32_t *band_of, struct run *best, bool *have)
{
	const uint32_t round = v->n_mems * N_OPENERS;
	/* The second time, when size alone left something out, priority comes first. */
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
			break; /* enough for a large problem: every run costs the square */
	}
	return 0;
}

int rp_share_place(const struct rp_view *v, uint64_t n_least, struct rp_draft *ret, uint64_t *work)
{
	RP_AUTO_FREE uint32_t *band_of = number_bands(v);
	struct run best = {.v = v};
	bool have = false;
	int r = band_of ? try_runs(v, n_least, false, band_of, &best, &have) : -ENOMEM;

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
