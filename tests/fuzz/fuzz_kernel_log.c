/* SPDX-License-Identifier: MIT */
/* Any bytes as a kernel log: what is kept is kept by a second pass, and an address is one. */
#include <assert.h>

#include "doctor/kernel_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const char *text)
{
	char bdf[RP_BDF_SIZE];

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		assert(rp_kernel_log_kind(line, n, bdf) != RP_N_LOG_KINDS);
		assert(!*bdf || (strlen(bdf) == strlen("0000:05:00.0") &&
				 strspn(bdf, "0123456789abcdef:.") == strlen(bdf)));
		line += n + (line[n] == '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT, once = RP_STRBUF_INIT,
					twice = RP_STRBUF_INIT;

	rp_strbuf_add_mem(&text, data, size);
	rp_kernel_log_filter(rp_strbuf_str(&text), &once);
	check_lines(rp_strbuf_str(&once));
	rp_kernel_log_filter(rp_strbuf_str(&once), &twice);
	assert(rp_str_eq(rp_strbuf_str(&once), rp_strbuf_str(&twice)));
	return 0;
}
