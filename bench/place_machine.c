/* SPDX-License-Identifier: MIT */
/* The machine of the placement benchmarks: MI300X in NPS1 with nominal sizes. */
#include "bench/place_bench.h"

struct rp_place_menu bench_menu;

void bench_menu_init(void)
{
	static const char *const names[N_MODES] = {"SPX", "DPX", "QPX", "CPX"};

	bench_menu.product = "mi300x";
	bench_menu.n_modes = N_MODES;
	for (uint32_t m = 0; m < N_MODES; m++) {
		struct rp_place_mode *mode = &bench_menu.modes[m];

		mode->compute = names[m];
		mode->memory = "NPS1";
		mode->validated = true;
		mode->n_parts = 1U << m;
		for (uint32_t i = 0; i < mode->n_parts; i++)
			mode->parts[i] = (struct rp_place_part){.usable_bytes = (192U >> m) * GB,
								.bandwidth_mbs = 5300000U >> m,
								.first_xcd = i * (8U >> m),
								.n_xcds = 8U >> m};
	}
}

struct rp_place_gpu *bench_gpus(uint32_t n, uint32_t mode)
{
	struct rp_place_gpu *gpus = rp_new0(struct rp_place_gpu, n);

	for (uint32_t g = 0; gpus && g < n; g++)
		gpus[g] = (struct rp_place_gpu){.name = "gpu", .hive = g / 8, .mode = mode};
	return gpus;
}

struct rp_placer *bench_placer(uint32_t n_gpus, uint32_t mode, uint32_t max_instances)
{
	RP_AUTO_FREE struct rp_place_gpu *gpus = bench_gpus(n_gpus, mode);
	const struct rp_placer_config c = {.menus = &bench_menu,
					   .gpus = gpus,
					   .n_menus = 1,
					   .n_gpus = n_gpus,
					   .max_instances = max_instances,
					   .may_switch = true};
	struct rp_placer *e = NULL;

	if (!gpus || rp_placer_new(&c, &e, NULL) < 0)
		return NULL;
	return e;
}
