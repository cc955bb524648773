/* SPDX-License-Identifier: MIT */
/* An answer of amd-smi: text for people. */
#include "fuzz_smi_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_smi_answer(rp_smi_text_docs, data, size);
	return 0;
}
