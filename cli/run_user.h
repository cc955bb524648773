/* SPDX-License-Identifier: MIT */
/* The user that `rocpart run` runs its command as, and the environment of that user. */
#ifndef RP_CLI_RUN_USER_H
#define RP_CLI_RUN_USER_H

#include "cli/cli.h"

struct cli_run_user {
	struct rocpart_user user;
	bool is_other; /* the command does not keep the caller's identity */
	bool is_sudo;  /* it was chosen by SUDO_UID */
	char *name;    /* NULL: not in the user database */
	uint32_t *groups;
	const char **envp;     /* of the command, ends with NULL */
	struct rp_names words; /* HOME and others, which envp points to */
};

/*
 * user, group: names or ids, NULL: not given. Without a user, root that was reached by sudo gives
 * way to the user who called sudo; anybody else stays who it is. Exit status.
 */
int cli_find_run_user(struct cli *cli, const char *user, const char *group,
		      struct cli_run_user *ret);
void cli_run_user_done(struct cli_run_user *u);

#endif
