/* SPDX-License-Identifier: MIT */
#include "base/caller.h"
#include "base/num.h"

#include <stdio.h>
#include <unistd.h>

uint32_t rp_caller_uid(void)
{
	RP_AUTO_FCLOSE FILE *f = fopen("/proc/self/loginuid", "re");
	char line[32] = "";
	uint32_t uid;

	if (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (rp_parse_u32(line, 10, &uid) == 0 && uid != UINT32_MAX)
			return uid;
	}
	return (uint32_t)getuid();
}
