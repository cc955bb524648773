/* SPDX-License-Identifier: MIT */
#ifndef RP_SIMFS_HOST_H
#define RP_SIMFS_HOST_H

#include "base/error.h"

/*
 * `sim exec --host NAME`: the process becomes a host with a name, /run, /etc/hosts, processes and
 * IPC of its own, on the network of the machines beside folder. It forks: the first process of the
 * host returns 0 with the host's network namespace in *ret_net_fd (the caller is in that of the
 * bridge, which needs no network). The parent stays outside, keeps /etc/hosts, passes signals on,
 * and exits with the status of the child; it returns only errors. Each ends when the other does.
 */
int rp_host_become(const char *folder, const char *name, int *ret_net_fd,
		   struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
