/* SPDX-License-Identifier: MIT */
/* Any files as a machine: an error that names the file, or a picture that can be shown. */
#include "fuzz_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_tree tree = {(const char *)data, size};

	look_at_tree(&tree);
	return 0;
}
