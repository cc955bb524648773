/* SPDX-License-Identifier: MIT */
/* Signals to processes that were looked at before, and to nobody who got their number later. */
#ifndef RP_LEASES_STOP_SIGNAL_H
#define RP_LEASES_STOP_SIGNAL_H

#include "base/base.h"

struct rp_stop {
	uint32_t *pids;
	int *fds;
	size_t n;
};
void rp_stop_done(struct rp_stop *s);

/* Hold on to these processes; those that are gone are left out. 0 or -ENOMEM; of pidfd_open(2). */
int rp_stop_open(struct rp_stop *s, const uint32_t *pids, size_t n) RP_MUST_CHECK;
/*
 * SIGTERM, or SIGKILL when is_hard, to those of them that are still on the list. 0 with how many it
 * was sent to; -EPERM.
 */
int rp_stop_send(const struct rp_stop *s, const uint32_t *still, size_t n_still, bool is_hard,
		 size_t *ret_sent) RP_MUST_CHECK;

#endif
