/* SPDX-License-Identifier: MIT */
/* A safetensors header; its first 8 bytes choose how much data is behind it. */
#include <stddef.h>
#include <stdint.h>

#include "model/files/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rp_st_skip skip = {true, 2};
	struct rp_st_sums sums = {0};
	struct rocpart_error err = {0};
	uint64_t data_size = 0;

	if (size < sizeof(data_size))
		return 0;
	memcpy(&data_size, data, sizeof(data_size));
	if (rp_safetensors_parse((const char *)data + 8, size - 8, data_size, "fuzz", &skip, &sums,
				 &err) == 0 &&
	    sums.bytes != data_size)
		abort();
	return 0;
}
