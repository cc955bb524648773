/* SPDX-License-Identifier: MIT */
/* Shared by the placement benchmarks. */
#ifndef BENCH_PLACE_BENCH_H
#define BENCH_PLACE_BENCH_H

#include "plan/placer.h"
#include "plan/problem.h"

#define GB UINT64_C(1000000000)

/* MI300X in NPS1 with nominal sizes: 192, 96, 48, 24 GB, as the study measured. */
enum { SPX, DPX, QPX, CPX, N_MODES };
extern struct rp_place_menu bench_menu;
void bench_menu_init(void);
/* n idle GPUs in one mode, eight to a hive; free it. NULL: out of memory. */
struct rp_place_gpu *bench_gpus(uint32_t n, uint32_t mode);
struct rp_placer *bench_placer(uint32_t n_gpus, uint32_t mode, uint32_t max_instances);

/* splitmix64 */
static inline uint64_t draw(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}
static inline uint32_t below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(((draw(state) >> 32) * n) >> 32);
}

/* A law of requests: sizes in GB, or numbers of whole GPUs. */
struct law {
	const char *name;
	const uint16_t *gb;   /* in units of 2^30 bytes */
	const uint16_t *gpus; /* beside gb: 0 or 1: one partition; else so many whole GPUs */
	uint32_t n;
};
const struct law *law_catalog(void); /* 38 models in three precisions */
const struct law *law_openb(void);   /* 7,064 GPU pods of an Alibaba trace, as slots */

/* The prototype counts its "GB" in 2^30 bytes; partitions are 24, 48, 96 and 192 times 10^9. */
static inline uint64_t law_bytes(uint32_t gb)
{
	return (uint64_t)gb << 30;
}

/* Mode (SPX to CPX) whose partition is the smallest that holds bytes. */
static inline uint32_t exact_mode(uint64_t bytes)
{
	return bytes <= 24 * GB ? CPX : bytes <= 48 * GB ? QPX : bytes <= 96 * GB ? DPX : SPX;
}

enum policy { P_ENGINE, P_BEST_FIT, P_FIRST_FIT, P_WORST_FIT, P_ALL_SPX, P_ALL_CPX };

/* Arrivals only, until 130 % of the capacity was asked for: per 10,000 of capacity granted. */
double load_until_full(const struct law *law, enum policy policy, uint32_t n_gpus, uint64_t seed);

struct load_result {
	double granted;	   /* share of capacity, over time */
	double accepted;   /* share of jobs */
	double over_bound; /* GPUs in use over the chain bound, over time; placer only */
	double switches;   /* per job; placer only */
};
/* Poisson arrivals, exponential life; load is offered over capacity. */
int load_steady(const struct law *law, enum policy policy, uint32_t n_gpus, double load,
		uint32_t n_jobs, uint64_t seed, struct load_result *ret);

/* One line of the table; the worst verdict so far is kept. */
void row(const char *id, const char *what, double value, const char *unit, double floor,
	 double target, bool less_is_better);
int verdict(void); /* 1 when some row is below F */

uint64_t now_ns(void);
uint64_t cpu_ns(void); /* of this process: what else runs here counts less */
double median(double *v, uint32_t n);

void bench_placer_rows(const char *python_dir);
void bench_load_rows(void);
void bench_plan_rows(void);
void bench_invariants(uint64_t steps);

#endif
