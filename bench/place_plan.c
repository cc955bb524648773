/* SPDX-License-Identifier: MIT */
/* Rows C1 and C2: the planner. */
#include <stdio.h>

#include "bench/place_bench.h"
#include "plan/plan.h"

/* n replicas of the catalog's sizes, as one request each or in so many kinds. */
static struct rp_place_request *requests(uint32_t n, uint32_t kinds, uint64_t seed)
{
	const struct law *law = law_catalog();
	struct rp_place_request *q = rp_new0(struct rp_place_request, kinds);

	for (uint32_t i = 0; q && i < kinds; i++)
		q[i] = (struct rp_place_request){
			.name = "model",
			.bytes = law_bytes(law->gb[below(&seed, law->n)]),
			.replicas = n / kinds + (i < n % kinds),
			.weight = 1 + below(&seed, 1000),
		};
	return q;
}

/* ms to plan; *ret_proved: bound met. */
static double plan_ms(const struct rp_place_problem *p, bool *ret_proved, struct rp_plan **ret)
{
	const struct rp_plan_options o = {.no_advice = true};
	struct rp_plan *plan = NULL;
	uint64_t start = cpu_ns();
	int r = rp_plan_solve(p, &o, &plan, NULL);
	double ms = (double)(cpu_ns() - start) / 1e6;

	*ret_proved = r == 0 && plan->proved && (!plan->feasible || plan->gpus_used == plan->bound);
	if (ret)
		*ret = plan;
	else
		rp_plan_free(plan);
	return r == 0 ? ms : 1e9;
}

static void chain_rows(void)
{
	static const uint32_t sizes[] = {20, 50, 200, 500, 2000, 10000, 100000};
	uint32_t n_plans = 0, n_proved = 0;
	double worst = 0, many = 0;

	for (size_t i = 0; i < RP_ARRAY_LEN(sizes); i++) {
		RP_AUTO_FREE struct rp_place_gpu *gpus = bench_gpus(sizes[i], SPX);

		for (uint64_t seed = 1; gpus && seed <= 10; seed++) {
			uint32_t kinds = sizes[i] < 114 ? sizes[i] : 114;
			RP_AUTO_FREE struct rp_place_request *q = requests(sizes[i], kinds, seed);
			const struct rp_place_problem p = {.menus = &bench_menu,
							   .gpus = gpus,
							   .requests = q,
							   .n_menus = 1,
							   .n_gpus = sizes[i],
							   .n_requests = kinds};
			bool proved = false;
			double ms = q ? plan_ms(&p, &proved, NULL) : 1e9;

			n_plans++;
			n_proved += proved;
			if (ms > worst)
				worst = ms;
		}
	}
	row("C1a", "exclusive plans proved, 20 to 100,000 replicas", 100.0 * n_proved / n_plans,
	    "%", 100, 100, false);
	row("C1b", "slowest of them, 114 models", worst, "ms", 50, 10, true);
	for (uint64_t seed = 1; seed <= 3; seed++) {
		RP_AUTO_FREE struct rp_place_gpu *gpus = bench_gpus(100000, SPX);
		RP_AUTO_FREE struct rp_place_request *q = requests(100000, 100000, seed);
		const struct rp_place_problem p = {.menus = &bench_menu,
						   .gpus = gpus,
						   .requests = q,
						   .n_menus = 1,
						   .n_gpus = 100000,
						   .n_requests = 100000};
		bool proved = false;
		double ms = gpus && q ? plan_ms(&p, &proved, NULL) : 1e9;

		if (!proved)
			ms = 1e9;
		if (ms > many)
			many = ms;
	}
	row("C1c", "100,000 different requests", many, "ms", 50, 10, true);
}

/* Two GPUs, every pair of modes, every subset: the most weight. */
static uint64_t brute_force(const struct rp_place_request *q, uint32_t n)
{
	uint64_t best = 0;

	for (uint32_t v = 0; v < N_MODES * N_MODES; v++) {
		uint32_t modes[2] = {v / N_MODES, v % N_MODES};

		for (uint32_t set = 0; set < 1U << n; set++) {
			uint64_t weight = 0;
			uint32_t need[N_MODES] = {0}, sum = 0;
			bool fits = true;

			for (uint32_t i = 0; i < n; i++) {
				if (!(set & (1U << i)))
					continue;
				weight += q[i].weight;
				need[exact_mode(q[i].bytes)]++;
			}
			for (uint32_t m = 0; m < N_MODES; m++) {
				uint32_t slots = 0;

				sum += need[m];
				for (uint32_t g = 0; g < 2; g++)
					slots += modes[g] <= m ? 1U << modes[g] : 0;
				fits = fits && sum <= slots;
			}
			if (fits && weight > best)
				best = weight;
		}
	}
	return best;
}

static uint32_t count_wrong(void)
{
	RP_AUTO_FREE struct rp_place_gpu *gpus = bench_gpus(2, SPX);
	uint32_t wrong = 0;

	for (uint64_t seed = 1; gpus && seed <= 300; seed++) {
		RP_AUTO_FREE struct rp_place_request *q = requests(10, 10, seed);
		struct rp_place_problem p = {.menus = &bench_menu,
					     .gpus = gpus,
					     .requests = q,
					     .n_menus = 1,
					     .n_gpus = 2,
					     .n_requests = 10};
		struct rp_plan *plan = NULL;
		bool proved;

		if (!q)
			return UINT32_MAX;
		(void)plan_ms(&p, &proved, &plan);
		wrong += !plan || plan->weight_placed != brute_force(q, 10);
		rp_plan_free(plan);
	}
	return gpus ? wrong : UINT32_MAX;
}

static double node_ms(uint32_t n)
{
	RP_AUTO_FREE struct rp_place_gpu *gpus = bench_gpus(8, SPX);
	double v[5];

	for (uint64_t i = 0; i < 5; i++) {
		RP_AUTO_FREE struct rp_place_request *q = requests(n, n, 21 + i);
		const struct rp_place_problem p = {.menus = &bench_menu,
						   .gpus = gpus,
						   .requests = q,
						   .n_menus = 1,
						   .n_gpus = 8,
						   .n_requests = n};
		bool proved;

		if (!gpus || !q)
			return 1e9;
		v[i] = plan_ms(&p, &proved, NULL);
	}
	return median(v, 5);
}

void bench_plan_rows(void)
{
	chain_rows();
	row("C2a", "most weight on a node: wrong of 300", count_wrong(), "", 0, 0, true);
	row("C2b", "most weight, 64 candidates", node_ms(64), "ms", 1, 0.2, true);
	row("C2c", "most weight, 4,096 candidates", node_ms(4096), "ms", 20, 5, true);
}
