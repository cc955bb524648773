/* SPDX-License-Identifier: MIT */
/*
 * Any text as an export of leases: refused with nothing recorded, or leases whose accounts are
 * consistent, whose names follow the rule, and that are exported and released.
 */
#include <assert.h>

#include "base/name.h"
#include "base/num.h"
#include "fuzz_memory_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct rocpart_machine *m, size_t n_imported)
{
	struct rocpart_leases *leases = NULL;
	const struct rocpart_lease *l;
	struct rocpart_error err = {0};
	char *text = NULL;
	size_t n = 0;

	assert(rocpart_leases_check(m, &text, &err) == 0 && !*text);
	free(text);
	text = NULL;
	assert(rocpart_leases_export(m, &text, &err) == 0 && *text);
	free(text);
	assert(rocpart_leases_new(m, &leases, &err) == 0);
	for (; (l = rocpart_leases_get(leases, n)); n++)
		assert(rp_name_is_valid(RP_NAME_LEASE, l->name));
	assert(n <= n_imported); /* a lease whose owner is gone ends */
	rocpart_leases_free(leases);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rocpart_machine *m;
	struct rocpart_error err = {0};
	size_t n = 0;

	m = m ? m : open_memory_machine();
	if (rocpart_leases_import(m, (const char *)data, size, "export", &n, &err) < 0) {
		assert(*err.message);
		n = 0;
	}
	if (n || size % 64 == 0) {
		check(m, n);
		rocpart_machine_close(m); /* the next input finds no lease */
		m = NULL;
	}
	return 0;
}
