/* SPDX-License-Identifier: MIT */
/* The file of `sim fleet`: simulated nodes by lists of names. */
#ifndef RP_CLI_FLEET_FILE_H
#define RP_CLI_FLEET_FILE_H

#include "base/strbuf.h"
#include "cli/cli.h"

/* As many as one network of hosts takes. */
#define CLI_FLEET_MAX 1000

/* Nodes that are made alike: the value of one key of `nodes`. */
struct cli_fleet_group {
	char *profile; /* its name, as the machine shows it */
	struct rp_strbuf text;
	struct rp_names nodes, faults;
	struct rp_names fault_places; /* "FILE:LINE:COLUMN" of each */
	bool sync;
};

struct cli_fleet {
	struct cli_fleet_group *v;
	size_t n;
};

void cli_fleet_done(struct cli_fleet *f);
#define CLI_AUTO_FLEET RP_AUTO(cli_fleet_done)

/* The file, checked: no node twice, all profiles valid; fault rules are not looked at. Exit status.
 */
int cli_fleet_load(struct cli *cli, const char *path, struct cli_fleet *ret);
/* The nodes of a file (a path), or of a list of names. Exit status. */
int cli_fleet_nodes(struct cli *cli, const char *text, struct rp_names *ret);

#endif
