/* SPDX-License-Identifier: MIT */
/* An answer of amd-smi: JSON among warnings. */
#include "fuzz_smi_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_smi_answer(rp_smi_json_docs, data, size);
	return 0;
}
