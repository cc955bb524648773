/* SPDX-License-Identifier: MIT */
/*
 * The network of the simulated hosts of one folder of machines: a network namespace with a bridge,
 * and a network namespace for each host, joined to the bridge by a pair of veth.
 *
 * Invariants:
 * - No process keeps the network: each host keeps the namespace of the bridge by being in it, and
 *   the kernel removes everything with the last one, however it ended.
 * - A host has a slot, from which its address follows, and holds a record lock (fcntl) on the byte
 *   of that number in a file beside the machines. A lock ends with its process, so there is nothing
 *   that could be left behind; fcntl() names a process that holds one, and its /proc/PID/ns leads
 * to the namespaces.
 * - Who is there is what the bridge has: the end h<slot> of a pair has the name of its host as
 * alias.
 */
#ifndef RP_SIMFS_NETWORK_H
#define RP_SIMFS_NETWORK_H

#include "base/error.h"

/* A bridge of Linux has at most 1023 ports. */
#define RP_NETWORK_SLOTS 1000

struct rp_network {
	int lock_fd; /* its one open file: closing another one would end the lock of the slot */
	int host_ns_fd, host_netlink_fd;
	uint32_t slot;
};

#define RP_NETWORK_INIT \
	((struct rp_network){.lock_fd = -EBADF, .host_ns_fd = -EBADF, .host_netlink_fd = -EBADF})

/*
 * Enter the network of the machines beside folder as host name; the first one makes it. The caller
 * is then in the network namespace of the bridge and, where it has no rights of its own, in a user
 * namespace that is common to all hosts. -EEXIST: a host has that name; -ENOSPC: all slots are
 * taken; -EBUSY: others have been joining for too long.
 */
int rp_network_join(struct rp_network *n, const char *folder, const char *name,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* Until packets pass between the host and the others; netlink_fd: of the bridge. -ETIMEDOUT. */
int rp_network_wait(const struct rp_network *n, int netlink_fd) RP_MUST_CHECK;
/* The namespace of the host is closed here; its processes keep it. */
void rp_network_leave_host(struct rp_network *n);
void rp_network_done(struct rp_network *n); /* closes the files, and so leaves the network */

/* In the byte order of the host. */
uint32_t rp_network_address(uint32_t slot);
/* The slot of a port of the bridge, by its name. */
int rp_network_slot_of(const char *link, uint32_t *ret_slot) RP_MUST_CHECK;

#endif
