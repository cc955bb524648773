/* SPDX-License-Identifier: MIT */
#ifndef RP_CLI_SAVED_PLAN_H
#define RP_CLI_SAVED_PLAN_H

#include "cli/cli.h"

#include "views/saved_plan.h"

/* All return 0, or the exit status with the error printed. */

/* Write what is to be done for file, read as desired, into the file to. */
int cli_save_plan(struct cli *cli, struct rocpart_difference *d, const char *to, const char *file,
		  const struct rocpart_desired *desired, const struct view_plan_options *options);
/* Read such a file; "file" of it is the path of node.yaml. */
int cli_read_plan(struct cli *cli, const char *path, struct rp_json **ret);
/* Refuse when what is to be done is not what the plan says. */
int cli_check_plan(struct cli *cli, const struct rp_json *saved, struct rocpart_difference *d,
		   const char *file, const struct rocpart_desired *desired);

#endif
