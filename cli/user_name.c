/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <pwd.h>

void cli_user_name(uint32_t uid, char buf[CLI_USER_NAME_SIZE])
{
	struct passwd entry, *found = NULL;
	char text[4096];

	if (getpwuid_r(uid, &entry, text, sizeof(text), &found) != 0 || !found ||
	    rp_fmt(buf, CLI_USER_NAME_SIZE, "%s", found->pw_name) < 0)
		(void)rp_fmt(buf, CLI_USER_NAME_SIZE, "user %u", uid);
}
