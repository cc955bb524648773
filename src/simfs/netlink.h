/* SPDX-License-Identifier: MIT */
/* The few requests to rtnetlink that a network of simulated hosts takes. 0 or errno of the kernel.
 */
#ifndef RP_SIMFS_NETLINK_H
#define RP_SIMFS_NETLINK_H

#include "base/base.h"

/* A socket of the network namespace that the caller is in, now and later. */
int rp_netlink_open(int *ret_fd) RP_MUST_CHECK;
/* One that can be read when a link of the namespace came, changed or went. Not blocking. */
int rp_netlink_watch(int *ret_fd) RP_MUST_CHECK;

/* The longest alias that the kernel keeps. */
#define RP_LINK_ALIAS_SIZE 256

/* -EEXIST: a link of that name is there. */
int rp_netlink_add_bridge(int fd, const char *name) RP_MUST_CHECK;
/* Two ends: name here, peer in the network namespace that peer_ns_fd is open on. */
int rp_netlink_add_pair(int fd, const char *name, const char *peer, int peer_ns_fd) RP_MUST_CHECK;
/* Up; master: the bridge that it becomes a port of, or NULL; alias: any text, or NULL. */
int rp_netlink_set_up(int fd, const char *name, const char *master,
		      const char *alias) RP_MUST_CHECK;
/* address: in the byte order of the host. */
int rp_netlink_add_address(int fd, const char *name, uint32_t address,
			   unsigned prefix) RP_MUST_CHECK;
int rp_netlink_delete(int fd, const char *name) RP_MUST_CHECK;
/*
 * 1: packets pass: the link is operational and, where it is a port of a bridge, forwarding. 0: not
 * yet. The kernel gets there a moment after "up", which can be seconds when it is busy.
 */
int rp_netlink_passes(int fd, const char *name) RP_MUST_CHECK;

/* Called for each link; alias "" where it has none. < 0 ends the list. */
typedef int (*rp_netlink_fn)(void *userdata, const char *name, const char *alias);
int rp_netlink_list(int fd, rp_netlink_fn fn, void *userdata) RP_MUST_CHECK;

#endif
