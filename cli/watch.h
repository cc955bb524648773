/* SPDX-License-Identifier: MIT */
#ifndef RP_CLI_WATCH_H
#define RP_CLI_WATCH_H

#include "cli/cli.h"

/* watch_guard.c: whether the guard of its file stops the lease of that index, were it over its
 * limit for long enough. */
bool cli_watch_may_stop(struct rocpart_machine *m, const struct rocpart_usages *usages,
			size_t index);

#endif
