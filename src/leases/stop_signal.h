/* SPDX-License-Identifier: MIT */
/* Signals to processes that were opened before their pids could be reused (pidfd_open(2)). */
#ifndef RP_LEASES_STOP_SIGNAL_H
#define RP_LEASES_STOP_SIGNAL_H

#include "base/base.h"

struct rp_stop {
	uint32_t *pids;
	int *fds;
	size_t n;
};
void rp_stop_done(struct rp_stop *s);

/* Open these processes; one that has ended is left out. 0, -ENOMEM, errors of pidfd_open(2). */
int rp_stop_open(struct rp_stop *s, const uint32_t *pids, size_t n) RP_MUST_CHECK;
/*
 * Send SIGTERM, or SIGKILL when is_hard, to the open processes that are on the list still.
 * *ret_sent is set when a signal was sent, also with an error. 0; -EPERM.
 */
int rp_stop_send(const struct rp_stop *s, const uint32_t *still, size_t n_still, bool is_hard,
		 size_t *ret_sent) RP_MUST_CHECK;

#endif
