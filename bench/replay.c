/* SPDX-License-Identifier: MIT */
/*
 * Public traces through planner and placer; bench/replay.py feeds it.
 *
 *   replay packing       stdin: for each instance "NAME CAPACITY N SIZE...": prints
 *                        "NAME used bound verified" of the plan that packs them, all sharing
 *   replay arrivals GPUS stdin: for each event "+ JOB EIGHTHS GPUS" or "- JOB", in order: prints
 *                        "placed refused peak-in-use peak-bound switches"
 */
#include <stdio.h>

#include "base/json.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "bench/place_bench.h"
#include "plan/plan.h"
#include "plan/verify/verify.h"

/* The next word of stdin, in buf. False at the end. */
static bool word(char buf[static 64])
{
	size_t n = 0;
	int c = getchar();

	while (c == ' ' || c == '\n')
		c = getchar();
	for (; c != EOF && c != ' ' && c != '\n' && n < 63; c = getchar())
		buf[n++] = (char)c;
	buf[n] = 0;
	return n > 0;
}

static uint64_t number(void)
{
	char buf[64];
	uint64_t v = 0;

	if (!word(buf) || rp_parse_u64(buf, 10, &v) < 0) {
		fprintf(stderr, "replay: '%s' is no number\n", buf);
		exit(2);
	}
	return v;
}

/* Bins of one size: a product with one mode of one partition. */
static int pack(const char *name, uint64_t capacity, uint32_t n)
{
	static struct rp_place_menu menu;
	RP_AUTO_FREE struct rp_place_request *q = rp_new0(struct rp_place_request, n);
	RP_AUTO_FREE struct rp_place_gpu *gpus = rp_new0(struct rp_place_gpu, n);
	const struct rp_plan_options o = {.no_advice = true};
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct rocpart_error err = {0};
	int r;

	menu = (struct rp_place_menu){.product = "bin", .n_modes = 1};
	menu.modes[0] = (struct rp_place_mode){
		.compute = "SPX", .memory = "NPS1", .validated = true, .n_parts = 1};
	menu.modes[0].parts[0] = (struct rp_place_part){.usable_bytes = capacity, .n_xcds = 1};
	for (uint32_t i = 0; q && gpus && i < n; i++) {
		q[i] = (struct rp_place_request){
			.name = "item", .bytes = number(), .replicas = 1, .share = UINT32_MAX};
		gpus[i] = (struct rp_place_gpu){.name = "bin", .hive = i};
	}
	const struct rp_place_problem p = {.menus = &menu,
					   .gpus = gpus,
					   .requests = q,
					   .n_menus = 1,
					   .n_gpus = n,
					   .n_requests = n};
	r = q && gpus ? rp_plan_solve(&p, &o, &plan, &err) : -ENOMEM;
	if (r == 0)
		r = rp_plan_to_json(plan, &json);
	if (r < 0)
		return r;
	printf("%s %u %llu %d\n", name, plan->gpus_used, (unsigned long long)plan->bound,
	       plan->feasible && rp_plan_verify(json, NULL) == 0);
	return 0;
}

static int packing(void)
{
	char name[64];
	int r = 0;

	while (r == 0 && word(name)) {
		uint64_t capacity = number();

		r = pack(name, capacity, (uint32_t)number());
	}
	return r;
}

#define MAX_JOBS  100000
#define MAX_TAKEN 8

struct job {
	rp_placer_handle handle[MAX_TAKEN];
	uint32_t n;
};

struct arrivals {
	struct rp_placer *e;
	struct rp_placer_class classes[N_MODES];
	struct job *jobs;
	uint32_t placed, refused, peak;
	uint64_t peak_bound;
};

static void arrive(struct arrivals *a, struct job *job, uint64_t eighths, uint32_t gpus)
{
	struct rp_placer_placed at[MAX_TAKEN];
	uint32_t mode = eighths > 4 ? SPX : eighths > 2 ? DPX : eighths > 1 ? QPX : CPX;
	struct rp_placer_report report;
	int r = gpus > 1 ? rp_placer_place_gpus(a->e, gpus, 192 * GB, at)
			 : rp_placer_place(a->e, &a->classes[mode], NULL, 0, at);

	if (r < 0) {
		a->refused++;
		return;
	}
	a->placed++;
	job->n = gpus;
	for (uint32_t i = 0; i < gpus; i++)
		job->handle[i] = at[i].handle;
	rp_placer_report(a->e, &report);
	if (report.gpus_in_use > a->peak)
		a->peak = report.gpus_in_use;
	if (report.bound > a->peak_bound)
		a->peak_bound = report.bound;
}

static void depart(struct arrivals *a, struct job *job)
{
	for (uint32_t i = 0; i < job->n; i++) {
		if (rp_placer_release(a->e, job->handle[i]) < 0)
			abort();
	}
	job->n = 0;
}

static int arrivals(uint32_t n_gpus)
{
	struct arrivals a = {.e = bench_placer(n_gpus, SPX, 0),
			     .jobs = rp_new0(struct job, MAX_JOBS)};
	struct rp_placer_report report;
	char sign[64];

	if (!a.e || !a.jobs)
		return -ENOMEM;
	for (uint32_t m = 0; m < N_MODES; m++) {
		const struct rp_placer_want want = {.bytes = (192U >> m) * GB};

		if (rp_placer_resolve(a.e, &want, &a.classes[m]) < 0)
			return -EINVAL;
	}
	while (word(sign)) {
		uint64_t i = number();

		if (i >= MAX_JOBS)
			return -E2BIG;
		if (rp_str_eq(sign, "-")) {
			depart(&a, &a.jobs[i]);
		} else {
			uint64_t eighths = number(), gpus = number();

			if (gpus == 0 || gpus > MAX_TAKEN)
				return -E2BIG;
			arrive(&a, &a.jobs[i], eighths, (uint32_t)gpus);
		}
	}
	rp_placer_report(a.e, &report);
	printf("%u %u %u %llu %llu\n", a.placed, a.refused, a.peak,
	       (unsigned long long)a.peak_bound, (unsigned long long)report.n_switches);
	rp_placer_free(a.e);
	free(a.jobs);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t n_gpus = 0;
	int r;

	bench_menu_init();
	if (argc > 2 && rp_str_eq(argv[1], "arrivals") && rp_parse_u64(argv[2], 10, &n_gpus) == 0)
		r = arrivals((uint32_t)n_gpus);
	else if (argc > 1 && rp_str_eq(argv[1], "packing"))
		r = packing();
	else
		r = -EINVAL;
	if (r < 0)
		fprintf(stderr, "replay: %s\n", strerror(-r));
	return r < 0 ? 2 : 0;
}
