/* SPDX-License-Identifier: MIT */
/*
 * Placement: every figure beside the least that is accepted (F) and what is aimed at (T).
 *
 *   bench_place [SOURCE_DIR]    SOURCE_DIR holds worst_fit.py
 *   bench_place --books STEPS   D2 alone
 */
#include <stdio.h>
#include <time.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "bench/place_bench.h"

static int worst;

uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *v, uint32_t n)
{
	qsort(v, n, sizeof(*v), cmp_double);
	return v[n / 2];
}

void row(const char *id, const char *what, double value, const char *unit, double floor,
	 double target, bool less_is_better)
{
	bool below_floor = less_is_better ? value > floor : value < floor;
	bool on_target = less_is_better ? value <= target : value >= target;

	if (!id[0]) {
		printf("     %-44s %12.3f %-10s\n", what, value, unit);
		return;
	}
	if (below_floor)
		worst = 1;
	printf("%-4s %-44s %12.3f %-10s F %-9g T %-9g %s\n", id, what, value, unit, floor, target,
	       below_floor ? "BELOW F"
	       : on_target ? "T"
			   : "F");
	(void)fflush(stdout);
}

int verdict(void)
{
	return worst;
}

int main(int argc, char **argv)
{
	uint64_t steps = 1000000;
	bool only_books = argc > 2 && rp_str_eq(argv[1], "--books");

	if (only_books && rp_parse_u64(argv[2], 10, &steps) < 0) {
		fprintf(stderr, "bench_place: '%s' is no number of steps\n", argv[2]);
		return 2;
	}
	bench_menu_init();
	if (!only_books) {
		bench_placer_rows(argc > 1 ? argv[1] : "bench");
		bench_load_rows();
		bench_plan_rows();
	}
	bench_invariants(steps);
	return verdict();
}
