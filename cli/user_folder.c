/* SPDX-License-Identifier: MIT */
/* Folders of the user who runs the command: the XDG base directory specification. */
#include "cli/cli.h"

#include <pwd.h>
#include <unistd.h>

/* The specification: a relative path is invalid, and is ignored. */
static const char *absolute_path(const char *variable)
{
	const char *path = secure_getenv(variable);

	return path && *path == '/' ? path : NULL;
}

/* The user database where HOME is not set, as in a cron job, a unit or behind `env -i`. */
static char *home_folder(void)
{
	const char *home = absolute_path("HOME");
	struct passwd entry, *found = NULL;
	char text[4096];

	if (home)
		return rp_strdupf("%s", home);
	if (getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) == 0 && found &&
	    *found->pw_dir == '/')
		return rp_strdupf("%s", found->pw_dir);
	return rp_strdupf("%s", geteuid() == 0 ? "/root" : "/nonexistent");
}

char *cli_user_folder(const char *variable, const char *below_home)
{
	const char *folder = absolute_path(variable);
	RP_AUTO_FREE char *home = NULL;

	if (folder)
		return rp_strdupf("%s", folder);
	home = home_folder();
	return home ? rp_strdupf("%s/%s", home, below_home) : NULL;
}

char *cli_runtime_folder(void)
{
	const char *run = geteuid() != 0 ? absolute_path("XDG_RUNTIME_DIR") : NULL;

	return rp_strdupf("%s", run ? run : "/run");
}
