/* SPDX-License-Identifier: MIT */
/*
 * What a test needs of the computer that it runs on, as in host.py: where that is missing the test
 * is skipped, and what is missing is the reason; under ROCPART_WITNESSES it fails instead. After
 * cmocka.h.
 */
#ifndef RP_TESTS_HOST_H
#define RP_TESTS_HOST_H

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/strbuf.h"

/* A user without any right. */
#define HOST_NOBODY 65534

/* cmocka.py puts the reason into the line of the test. */
#define host_skips(...)                               \
	do {                                          \
		print_message("# SKIP " __VA_ARGS__); \
		print_message("\n");                  \
		skip();                               \
	} while (0)

#define host_lacks(...)                                 \
	do {                                            \
		if (secure_getenv("ROCPART_WITNESSES")) \
			fail_msg(__VA_ARGS__);          \
		host_skips(__VA_ARGS__);                \
	} while (0)

static inline bool host_has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[capability / 32].effective >> capability % 32 & 1);
}

/* Root of the computer itself: not of a container or user namespace. */
static inline bool host_is_root(void)
{
	FILE *f = fopen("/proc/self/uid_map", "re");
	char line[64] = "";

	if (f) {
		(void)!fgets(line, sizeof(line), f);
		fclose(f);
	}
	return geteuid() == 0 && host_has_capability(CAP_SYS_ADMIN) && strstr(line, "4294967295");
}

/* A name for mkdtemp in a folder whose programs can be executed. */
static inline char *host_temp_name(const char *name)
{
	const char *folder = secure_getenv("TMPDIR");

	return rp_strdupf("%s/%s-XXXXXX", folder ? folder : "/tmp", name);
}

#endif
