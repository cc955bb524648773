/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

#include "model/files/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rp_index x = {0};
	struct rocpart_error err = {0};

	if (rp_index_read(-1, (const char *)data, size, "fuzz", &x, &err) == 0)
		for (size_t i = 0; i < x.n_shards; i++)
			if (strchr(x.shards[i].name, '/'))
				abort();
	rp_index_done(&x);
	return 0;
}
