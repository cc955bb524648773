/* SPDX-License-Identifier: MIT */
/* Machines for the tests of placement. Byte figures: hardware-abi C.3 (real captures and kernel).
 */
#ifndef TESTS_PLACE_MACHINES_H
#define TESTS_PLACE_MACHINES_H

#include "plan/problem.h"

/* usable = size - max(1 %, 512 MiB), hardware-abi C.3 */
static inline uint64_t usable(uint64_t bytes)
{
	uint64_t margin = bytes / 100;

	if (margin < UINT64_C(536870912))
		margin = UINT64_C(536870912);
	return bytes > margin ? bytes - margin : 0;
}

/* A mode whose first n_large partitions have large bytes, the others small. */
static inline void set_mode(struct rp_place_mode *m, const char *compute, const char *memory,
			    bool validated, uint32_t n, uint32_t n_large, uint64_t large,
			    uint64_t small, uint32_t xcds)
{
	*m = (struct rp_place_mode){
		.compute = compute, .memory = memory, .validated = validated, .n_parts = n};
	for (uint32_t i = 0; i < n; i++)
		m->parts[i] = (struct rp_place_part){
			.usable_bytes = usable(i < n_large ? large : small),
			.bandwidth_mbs = 5300000 / n,
			.first_xcd = i * xcds / n,
			.n_xcds = xcds / n,
		};
}

enum { M_SPX1, M_DPX1, M_QPX1, M_CPX1, M_QPX4, M_CPX4, N_MI300X_MODES };

static inline void mi300x_menu(struct rp_place_menu *menu)
{
	static const struct rp_place_menu empty = {.product = "mi300x", .n_modes = N_MI300X_MODES};

	*menu = empty;
	set_mode(&menu->modes[M_SPX1], "SPX", "NPS1", true, 1, 1, UINT64_C(206141652992), 0, 8);
	set_mode(&menu->modes[M_DPX1], "DPX", "NPS1", false, 2, 2, UINT64_C(103070826496), 0, 8);
	set_mode(&menu->modes[M_QPX1], "QPX", "NPS1", false, 4, 4, UINT64_C(51535413248), 0, 8);
	set_mode(&menu->modes[M_CPX1], "CPX", "NPS1", false, 8, 8, UINT64_C(25767706624), 0, 8);
	set_mode(&menu->modes[M_QPX4], "QPX", "NPS4", false, 4, 3, UINT64_C(51539607552),
		 UINT64_C(51522830336), 8);
	set_mode(&menu->modes[M_CPX4], "CPX", "NPS4", true, 8, 6, UINT64_C(25769803776),
		 UINT64_C(25761415168), 8);
}

/* MI300A: 3 stacks of sizes for 1, 3 and 6 partitions of 128 GB (host-dependent on real ones). */
static inline void mi300a_menu(struct rp_place_menu *menu)
{
	static const struct rp_place_menu empty = {.product = "mi300a", .n_modes = 3};
	const uint64_t whole = UINT64_C(127999672320);

	*menu = empty;
	set_mode(&menu->modes[0], "SPX", "NPS1", true, 1, 1, whole, 0, 6);
	set_mode(&menu->modes[1], "TPX", "NPS1", true, 3, 3, whole / 3, 0, 6);
	set_mode(&menu->modes[2], "CPX", "NPS1", true, 6, 6, whole / 6, 0, 6);
}

/* Small numbers for brute force; the uneven sizes of NPS4 included. */
static inline void toy_menu(struct rp_place_menu *menu)
{
	static const struct rp_place_menu empty = {.product = "toy", .n_modes = 5};
	static const struct {
		const char *compute, *memory;
		uint32_t n;
		uint64_t bytes[4];
	} rows[] = {
		{"SPX", "NPS1", 1, {400}},
		{"DPX", "NPS1", 2, {200, 200}},
		{"CPX", "NPS1", 4, {100, 100, 100, 100}},
		{"DPX", "NPS2", 2, {201, 199}},
		{"CPX", "NPS2", 4, {101, 101, 99, 99}},
	};

	*menu = empty;
	for (uint32_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		struct rp_place_mode *m = &menu->modes[i];

		*m = (struct rp_place_mode){.compute = rows[i].compute,
					    .memory = rows[i].memory,
					    .validated = true,
					    .n_parts = rows[i].n};
		for (uint32_t k = 0; k < rows[i].n; k++)
			m->parts[k] = (struct rp_place_part){.usable_bytes = rows[i].bytes[k],
							     .bandwidth_mbs = 1000 / rows[i].n,
							     .first_xcd = k * 4 / rows[i].n,
							     .n_xcds = 4 / rows[i].n};
	}
}

/* Deterministic numbers: splitmix64. */
static inline uint64_t draw(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint32_t below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(draw(state) % n);
}

#endif
