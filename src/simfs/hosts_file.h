/* SPDX-License-Identifier: MIT */
/* /etc/hosts of a simulated host: the names of those that the bridge has ports of. */
#ifndef RP_SIMFS_HOSTS_FILE_H
#define RP_SIMFS_HOSTS_FILE_H

#include "base/base.h"

struct rp_hosts_entry {
	uint32_t slot;
	char *name;
	bool is_there;
};

struct rp_hosts_file {
	struct rp_hosts_entry *v;
	size_t n, cap;
};

/*
 * Write the file for the links of the namespace that netlink_fd is of. Invariant: a program may
 * read meanwhile, because a file that is bind-mounted cannot be replaced. So lines are only added
 * at the end, and that of a host that left gets a '#' in place of its first blank.
 */
int rp_hosts_file_update(struct rp_hosts_file *h, int netlink_fd, int file_fd) RP_MUST_CHECK;
void rp_hosts_file_done(struct rp_hosts_file *h);

#endif
