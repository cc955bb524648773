/* SPDX-License-Identifier: MIT */
/* From documents of amd-smi to rows, and what it complains about. */
#ifndef FUZZ_SMI_ANSWER_H
#define FUZZ_SMI_ANSWER_H

#include "hw/smi/text.h"

typedef int (*smi_docs_fn)(const char *text, size_t len, struct rp_json **ret,
			   struct rocpart_error *reterr);

static inline void read_smi_answer(smi_docs_fn docs_of, const uint8_t *data, size_t size)
{
	RP_AUTO_FREE char *text = rp_strndup((const char *)data, size);
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	RP_AUTO_JSON struct rp_json *docs = NULL;
	struct rp_smi_version version = {0};
	struct rocpart_error err = {0};

	if (!text)
		return;
	(void)rp_smi_find_failure(text);
	if (docs_of((const char *)data, size, &docs, &err) < 0)
		return;
	rp_smi_read_version(docs, &version);
	if (rp_smi_read_rows(docs, &rows, &err) < 0)
		return;
	for (size_t i = 0; i < rows.n; i++)
		if (rows.v[i].compute > ROCPART_COMPUTE_CPX)
			abort();
}

#endif
