/* SPDX-License-Identifier: MIT */
/*
 * Load on a cluster, by the placer and by policies to compare it with. The latter live here only:
 * they scan every GPU for every request.
 */
#include <math.h>

#include "bench/place_bench.h"

/* Figures of the prototype's catalog: fp16, int8, int4 of each model, in GB. */
static const uint16_t catalog_gb[] = {
	20, 13, 9,  75,	 45, 30, 20, 13,  9,   20, 13, 9,   165, 90, 60,  6,  4,  3,  19,
	12, 8,	37, 22,	 15, 84, 49, 32,  165, 90, 60, 105, 60,	 35, 105, 60, 35, 6,  4,
	2,  12, 8,  5,	 28, 18, 12, 60,  35,  25, 20, 13,  9,	 5,  3,	  2,  10, 6,  4,
	26, 16, 10, 165, 90, 60, 52, 32,  21,  68, 40, 28,  165, 90, 60,  90, 50, 32, 20,
	13, 9,	3,  2,	 1,  5,	 3,  2,	  10,  7,  4,  10,  7,	 5,  22,  13, 9,  38, 23,
	15, 80, 46, 30,	 85, 50, 33, 128, 104, 92, 6,  4,   3,	 31, 19,  13, 80, 48, 31};

const struct law *law_catalog(void)
{
	static const struct law law = {"catalog", catalog_gb, NULL, RP_ARRAY_LEN(catalog_gb)};

	return &law;
}

/*
 * openb_pod_list_default of alibaba/clusterdata cluster-trace-gpu-v2023: pods with a GPU by
 * ceil(gpu_milli / 125) eighths, and those with 2, 4, 8 GPUs.
 */
const struct law *law_openb(void)
{
	static const struct {
		uint16_t gb, gpus, n;
	} counts[] = {{20, 1, 31},  {40, 1, 277}, {80, 1, 1292}, {160, 1, 5389},
		      {160, 2, 16}, {160, 4, 15}, {160, 8, 44}};
	static uint16_t gb[7064], gpus[7064];
	static struct law law = {"openb", gb, gpus, 0};

	for (size_t i = 0; law.n < RP_ARRAY_LEN(gb) && i < RP_ARRAY_LEN(counts); i++) {
		for (uint32_t k = 0; k < counts[i].n; k++) {
			gb[law.n] = counts[i].gb;
			gpus[law.n++] = counts[i].gpus;
		}
	}
	return &law;
}

#define MAX_TAKEN 8

/* Where a job is: by handles, or by GPU numbers of the naive machine. */
struct job {
	double end;
	uint64_t handle[MAX_TAKEN];
	uint32_t gpu[MAX_TAKEN];
	uint32_t n;
	uint32_t eighths;
};

/* The naive machine. */
struct naive {
	uint32_t n;
	uint8_t *mode, *used; /* mode: number of partitions, 0: idle */
	enum policy policy;
};

struct cluster {
	enum policy policy;
	struct rp_placer *e;
	struct rp_placer_class classes[N_MODES];
	struct naive naive;
	uint32_t n_gpus;
	uint64_t granted; /* eighths */
};

static const uint8_t parts_of_mode[N_MODES] = {1, 2, 4, 8};

/* Partitions per GPU after placing there, or 0: not possible. */
static uint32_t naive_mode(const struct naive *m, uint32_t g, uint32_t parts)
{
	if (m->policy == P_ALL_SPX)
		return m->used[g] ? 0 : 1;
	if (m->policy == P_ALL_CPX)
		return parts == 8 && m->used[g] < 8 ? 8 : 0;
	if (m->mode[g] == 0)
		return parts;
	return m->mode[g] <= parts && m->used[g] < m->mode[g] ? m->mode[g] : 0;
}

/* Smaller is better. */
static int64_t naive_score(const struct naive *m, uint32_t g, uint32_t parts)
{
	bool idle = m->mode[g] == 0;

	switch (m->policy) {
	case P_BEST_FIT: /* exact and fullest, then the smallest larger, then idle */
		return idle ? 1000 : ((int64_t)parts - m->mode[g]) * 32 - m->used[g];
	case P_WORST_FIT: /* the largest free partition first; an idle GPU is the largest */
		return idle ? 0 : m->mode[g];
	case P_FIRST_FIT:
	case P_ALL_SPX:
	case P_ALL_CPX:
	case P_ENGINE:
	default:
		return g;
	}
}

static bool naive_place(struct naive *m, uint32_t parts, struct job *job)
{
	uint32_t best = m->n;
	int64_t best_score = 0;

	for (uint32_t g = 0; g < m->n; g++) {
		int64_t score;

		if (naive_mode(m, g, parts) == 0)
			continue;
		score = naive_score(m, g, parts);
		if (best == m->n || score < best_score) {
			best = g;
			best_score = score;
		}
	}
	if (best == m->n)
		return false;
	m->mode[best] = (uint8_t)naive_mode(m, best, parts);
	m->used[best]++;
	job->gpu[0] = best;
	job->n = 1;
	return true;
}

static void naive_release(struct naive *m, const struct job *job)
{
	if (--m->used[job->gpu[0]] == 0)
		m->mode[job->gpu[0]] = 0;
}

static bool cluster_place(struct cluster *c, uint32_t gb, uint32_t gpus, struct job *job)
{
	struct rp_placer_placed at[MAX_TAKEN];
	uint32_t mode = exact_mode(law_bytes(gb));

	job->eighths = gpus * 8 / parts_of_mode[mode];
	if (c->policy != P_ENGINE) {
		if (!naive_place(&c->naive, parts_of_mode[mode], job))
			return false;
	} else {
		int r = gpus > 1 ? rp_placer_place_gpus(c->e, gpus, law_bytes(gb), at)
				 : rp_placer_place(c->e, &c->classes[mode], NULL, 0, at);

		if (r < 0)
			return false;
		job->n = gpus;
		for (uint32_t i = 0; i < gpus; i++)
			job->handle[i] = at[i].handle;
	}
	c->granted += job->eighths;
	return true;
}

static void cluster_release(struct cluster *c, const struct job *job)
{
	c->granted -= job->eighths;
	if (c->policy != P_ENGINE) {
		naive_release(&c->naive, job);
		return;
	}
	for (uint32_t i = 0; i < job->n; i++) {
		if (rp_placer_release(c->e, job->handle[i]) < 0)
			abort();
	}
}

static int cluster_init(struct cluster *c, enum policy policy, uint32_t n_gpus)
{
	*c = (struct cluster){.policy = policy, .n_gpus = n_gpus};
	c->naive = (struct naive){.n = n_gpus,
				  .policy = policy,
				  .mode = rp_new0(uint8_t, n_gpus),
				  .used = rp_new0(uint8_t, n_gpus)};
	c->e = bench_placer(n_gpus, SPX, 0);
	if (!c->naive.mode || !c->naive.used || !c->e)
		return -ENOMEM;
	for (uint32_t m = 0; m < N_MODES; m++) {
		const struct rp_placer_want want = {
			.bytes = bench_menu.modes[m].parts[0].usable_bytes};

		if (rp_placer_resolve(c->e, &want, &c->classes[m]) < 0)
			return -EINVAL;
	}
	return 0;
}

static void cluster_done(struct cluster *c)
{
	c->e = rp_placer_free(c->e);
	free(c->naive.mode);
	free(c->naive.used);
}

static uint32_t gpus_of(const struct law *law, uint32_t i)
{
	return law->gpus ? law->gpus[i] : 1;
}

double load_until_full(const struct law *law, enum policy policy, uint32_t n_gpus, uint64_t seed)
{
	uint64_t asked = 0, capacity = (uint64_t)n_gpus * 8;
	struct cluster c;
	double granted = 0;

	if (cluster_init(&c, policy, n_gpus) == 0) {
		while (asked * 10 < capacity * 13) {
			uint32_t i = below(&seed, law->n);
			struct job job = {0};

			asked += gpus_of(law, i) * 8 /
				 parts_of_mode[exact_mode(law_bytes(law->gb[i]))];
			(void)cluster_place(&c, law->gb[i], gpus_of(law, i), &job);
		}
		granted = (double)c.granted / (double)capacity;
	}
	cluster_done(&c);
	return granted;
}

static double exponential(uint64_t *seed, double mean)
{
	return -mean * log(((double)(draw(seed) >> 11) + 1) / 9007199254740993.0);
}

/* Running jobs, a binary heap by end. */
struct heap {
	struct job *v;
	size_t n, cap;
};

static int heap_push(struct heap *h, const struct job *job)
{
	size_t i = h->n;

	if (rp_grow(&h->v, &h->cap, h->n + 1, sizeof(*h->v)) < 0)
		return -ENOMEM;
	h->n++;
	for (; i > 0 && h->v[(i - 1) / 2].end > job->end; i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = *job;
	return 0;
}

static struct job heap_pop(struct heap *h)
{
	struct job first = h->v[0], last = h->v[--h->n];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->n && h->v[child + 1].end < h->v[child].end)
			child++;
		if (child >= h->n || h->v[child].end >= last.end)
			break;
		h->v[i] = h->v[child];
		i = child;
	}
	if (h->n > 0)
		h->v[i] = last;
	return first;
}

/* What is summed over time. */
struct sums {
	double time, granted, over_time, over;
	uint32_t jobs, accepted;
	uint64_t switches;
};

static void account(struct cluster *c, double dt, struct sums *s)
{
	s->time += dt;
	s->granted += dt * (double)c->granted;
	if (c->policy == P_ENGINE) {
		struct rp_placer_report report;

		rp_placer_report(c->e, &report);
		if (report.bound > 0) {
			s->over_time += dt;
			s->over += dt * report.gpus_in_use / (double)report.bound;
		}
	}
}

static double mean_eighths(const struct law *law)
{
	double sum = 0;

	for (uint32_t i = 0; i < law->n; i++)
		sum += gpus_of(law, i) * 8 / parts_of_mode[exact_mode(law_bytes(law->gb[i]))];
	return sum / law->n;
}

int load_steady(const struct law *law, enum policy policy, uint32_t n_gpus, double load,
		uint32_t n_jobs, uint64_t seed, struct load_result *ret)
{
	const uint32_t warm_up = n_jobs / 5;
	/* life 1; so many arrivals per life that the capacity asked for is load times what is there
	 */
	double gap = mean_eighths(law) / (load * n_gpus * 8), now = 0;
	struct sums s = {0};
	struct heap heap = {0};
	struct rp_placer_report at_start = {0}, at_end;
	struct cluster c;
	int r = cluster_init(&c, policy, n_gpus);

	for (uint32_t k = 0; k < warm_up + n_jobs && r == 0; k++) {
		double next = now + exponential(&seed, gap);
		uint32_t i = below(&seed, law->n);
		struct job job = {.end = next + exponential(&seed, 1)};

		while (heap.n > 0 && heap.v[0].end <= next) {
			struct job done = heap_pop(&heap);

			if (k >= warm_up)
				account(&c, done.end - now, &s);
			now = done.end;
			cluster_release(&c, &done);
		}
		if (k >= warm_up)
			account(&c, next - now, &s);
		else
			rp_placer_report(c.e, &at_start);
		now = next;
		s.jobs += k >= warm_up;
		if (cluster_place(&c, law->gb[i], gpus_of(law, i), &job)) {
			s.accepted += k >= warm_up;
			r = heap_push(&heap, &job);
		}
	}
	if (r == 0) {
		rp_placer_report(c.e, &at_end);
		*ret = (struct load_result){
			.granted = s.granted / (s.time * n_gpus * 8),
			.accepted = (double)s.accepted / s.jobs,
			.over_bound = s.over_time > 0 ? s.over / s.over_time : 0,
			.switches = (double)(at_end.n_switches - at_start.n_switches) / s.jobs,
		};
	}
	cluster_done(&c);
	free(heap.v);
	return r;
}

#define SEEDS 5 /* what is printed is the mean: one seed differs by more than F from T */

static int mean_steady(const struct law *law, enum policy policy, double load,
		       struct load_result *ret)
{
	*ret = (struct load_result){0};
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct load_result one;
		int r = load_steady(law, policy, 256, load, 250000, seed, &one);

		if (r < 0)
			return r;
		ret->granted += one.granted / SEEDS;
		ret->accepted += one.accepted / SEEDS;
		ret->over_bound += one.over_bound / SEEDS;
		ret->switches += one.switches / SEEDS;
	}
	return 0;
}

static void full_rows(const struct law *law)
{
	const uint32_t n = 40; /* machines */
	double full[P_ALL_CPX + 1] = {0};

	for (uint64_t seed = 1; seed <= n; seed++) {
		for (enum policy p = P_ENGINE; p <= P_ALL_CPX; p++)
			full[p] += load_until_full(law, p, 512, seed) / n;
	}
	row("B3", "catalog, arrivals up to 130 %: granted", full[P_ENGINE] * 100, "%", 99.5, 99.9,
	    false);
	row("B4a", "the same over worst fit", full[P_ENGINE] / full[P_WORST_FIT], "x", 1.6, 1.70,
	    false);
	row("B4b", "the same over all CPX", full[P_ENGINE] / full[P_ALL_CPX], "x", 3.4, 3.69,
	    false);
	row("", "the most that any policy can have there", 1 / full[P_ALL_CPX], "x", 0, 0, false);
	row("B4c", "the same over all SPX", full[P_ENGINE] / full[P_ALL_SPX], "x", 3.0, 3.21,
	    false);
	row("", "the most that any policy can have there", 1 / full[P_ALL_SPX], "x", 0, 0, false);
	row("", "for comparison: best fit", full[P_BEST_FIT] * 100, "%", 0, 0, false);
	row("", "for comparison: first fit", full[P_FIRST_FIT] * 100, "%", 0, 0, false);
	row("", "for comparison: worst fit", full[P_WORST_FIT] * 100, "%", 0, 0, false);
}

void bench_load_rows(void)
{
	const struct law *cat = law_catalog(), *openb = law_openb();
	struct load_result a, b;

	full_rows(cat);
	if (mean_steady(cat, P_ENGINE, 1.0, &a) < 0 || mean_steady(cat, P_WORST_FIT, 1.0, &b) < 0)
		return;
	row("B5a", "catalog, load 1.0: granted", a.granted * 100, "%", 93.5, 94.2, false);
	row("B5b", "GPUs in use over the bound", a.over_bound, "x", 1.06, 1.04, true);
	row("B5c", "granted over worst fit", a.granted / b.granted, "x", 1.9, 2.0, false);
	if (mean_steady(cat, P_ENGINE, 0.85, &a) < 0)
		return;
	row("B6", "catalog, load 0.85: accepted jobs", a.accepted * 100, "%", 99.9, 99.99, false);
	if (mean_steady(cat, P_ENGINE, 0.9, &a) < 0 || mean_steady(openb, P_ENGINE, 0.9, &b) < 0)
		return;
	row("B7a", "catalog, load 0.9: switches per job", a.switches, "", 0.03, 0.01, true);
	row("B7b", "openb, load 0.9: switches per job", b.switches, "", 0.03, 0.01, true);
}
