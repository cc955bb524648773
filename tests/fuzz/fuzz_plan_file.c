/* SPDX-License-Identifier: MIT */
/*
 * Any text as the file of `plan`: a mistake with its place, or a plan that the verifier, which
 * shares no code with the planner, accepts.
 */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/name.h"
#include "fuzz_memory_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Work, not time: what is found is the same on every computer. */
#define MOST_WORK 20000

static void verify(const struct rocpart_plan *plan)
{
	struct rocpart_placement p;
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *text = NULL;

	if (rocpart_plan_to_json(plan, &text, &err) < 0)
		abort();
	assert(rocpart_plan_verify(text, strlen(text), "plan", &err) == 0);
	for (size_t i = 0; rocpart_plan_get_placement(plan, i, &p) == 0; i++)
		assert(rp_name_is_valid(RP_NAME_LEASE, p.name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rocpart_snapshot *snapshot;
	static struct rocpart_catalog *catalog;
	struct rocpart_plan *plan = NULL;
	RP_AUTO_CLOSE int fd = memfd_create("node.yaml", MFD_CLOEXEC);
	struct rocpart_error err = {0};
	char path[32];

	if (!catalog && (rocpart_catalog_new(&catalog) < 0 ||
			 rocpart_catalog_load(catalog, ROCPART_SOURCE_ROOT "/models", NULL) < 0))
		abort();
	if (!snapshot) {
		struct rocpart_machine *m = open_memory_machine();

		if (rocpart_machine_observe(m, &snapshot, NULL) < 0)
			abort();
		rocpart_machine_close(m);
	}
	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size) ||
	    rp_fmt(path, sizeof(path), "/proc/self/fd/%d", fd) < 0 || rocpart_plan_new(&plan) < 0)
		return 0;
	rocpart_plan_set_machine(plan, snapshot);
	if (rocpart_plan_load_file(plan, path, &err) < 0)
		assert(*err.message && *err.object);
	else if (rocpart_plan_solve(plan, catalog, MOST_WORK, &err) < 0)
		assert(*err.message);
	else
		verify(plan);
	rocpart_plan_free(plan);
	return 0;
}
