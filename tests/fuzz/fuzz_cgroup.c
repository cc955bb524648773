/* SPDX-License-Identifier: MIT */
/*
 * Texts of /proc: the cgroup of a process (whose name anybody chooses who may make one), and behind
 * a line "=" the mounts and cgroups of our own. Names fit, and a folder is below /sys/fs/cgroup.
 */
#include <assert.h>

#include "base/strbuf.h"
#include "leases/cgroup_name.h"
#include "run/cgroup_mount.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find_names(const char *text)
{
	struct rp_owner_names n;
	const char *const names[] = {n.unit, n.container, n.job, n.pod, n.run};

	rp_owner_names_parse(text, &n);
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++) {
		assert(memchr(names[i], 0, RP_OWNER_SIZE));
		assert(!strpbrk(names[i], "/\n"));
	}
	for (int64_t id = 0; id < 3; id++)
		(void)rp_owner_names_run(&n, id);
}

static void find_mount(const char *mountinfo, const char *groups)
{
	for (int kind = 0; kind <= RP_CGROUP_V1_DEVICES; kind++) {
		RP_AUTO_FREE char *dir = NULL;
		int r = rp_cgroup_find_own((enum rp_cgroup_kind)kind, mountinfo, groups, &dir);

		assert(r == 0 ? rp_str_starts(dir, "/sys/fs/cgroup") : !dir);
		assert(r == 0 || r == -ENOENT || r == -ENOMEM);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_FREE char *text = rp_strndup((const char *)data, size);
	char *mounts = text ? strstr(text, "\n=\n") : NULL, *groups;

	if (!text)
		return 0;
	find_names(text);
	if (!mounts)
		return 0;
	*mounts = '\0';
	mounts += 3;
	groups = strstr(mounts, "\n=\n");
	if (groups)
		*groups = '\0';
	find_mount(mounts, groups ? groups + 3 : text);
	return 0;
}
