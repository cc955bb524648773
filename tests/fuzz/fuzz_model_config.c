/* SPDX-License-Identifier: MIT */
/* A config.json, all the way to a footprint. */
#include <stddef.h>
#include <stdint.h>

#include "model/files/config_read.h"
#include "model/size.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "fuzz";
	struct rp_model_desc d = {.origin = RP_ORIGIN_CONFIG, .name = name, .has_config = true};
	struct rp_size_request q = {.tp = size % 3 == 0 ? 2 : 1,
				    .engine = size % 5 == 0 ? "llama.cpp" : NULL};
	struct rocpart_error err = {0};
	struct rp_footprint f;
	uint64_t total;

	if (rp_config_read(-1, (const char *)data, size, "fuzz", &d.config, &err) == 0 &&
	    rp_size(&d, &q, &f, &err) == 0 && rp_footprint_total(&f, false, &total) == 0 &&
	    total < f.items[RP_PART_WEIGHTS].bytes)
		abort();
	rp_model_config_done(&d.config);
	return 0;
}
