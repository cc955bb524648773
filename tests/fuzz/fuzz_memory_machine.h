/* SPDX-License-Identifier: MIT */
/* A simulated machine in memory, of the profile that a test uses most, or of one GPU. */
#ifndef FUZZ_MEMORY_MACHINE_H
#define FUZZ_MEMORY_MACHINE_H

#include <stdio.h>

#include "machine/machine.h"
#include "rocpart/rocpart.h"

static inline struct rocpart_machine *open_memory_machine(void)
{
	static char profile[65536];
	static size_t size;
	struct rocpart_machine *m = NULL;

	if (!size) {
		RP_AUTO_FCLOSE FILE *f = fopen(ROCPART_SOURCE_ROOT "/profiles/mi300x-1.yaml", "re");

		size = f ? fread(profile, 1, sizeof(profile), f) : 0;
	}
	if (rocpart_machine_open_sim_memory(profile, size, "mi300x-1", &m, NULL) < 0)
		abort();
	return m;
}

#endif
