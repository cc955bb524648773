/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

#include "model/files/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rp_gguf g = {0};
	struct rp_model_config c = {0};
	struct rocpart_error err = {0};

	/* No file describes more bytes than it has. */
	if (rp_gguf_parse(data, size, "fuzz", &g, &c, &err) == 0 && g.bytes > size)
		abort();
	rp_model_config_done(&c);
	return 0;
}
