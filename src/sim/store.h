/* SPDX-License-Identifier: MIT */
/* The files of a machine's folder. */
#ifndef RP_SIM_STORE_H
#define RP_SIM_STORE_H

#include "base/strbuf.h"

#define RP_SIM_STATE_FILE   "state.json"
#define RP_SIM_LOCK_FILE    "lock"
#define RP_SIM_PROFILE_FILE "profile.yaml"
#define RP_SIM_LOG_FILE	    "services.log"
#define RP_SIM_KLOG_FILE    "kernel.log"

/* Append a whole file of at most max bytes; *ret_fd, when asked for, stays open. -EFBIG. */
int rp_sim_read_at(int dir_fd, const char *name, size_t max, struct rp_strbuf *ret,
		   int *ret_fd) RP_MUST_CHECK;
/* Replace a file atomically. */
int rp_sim_replace_at(int dir_fd, const char *name, const char *data, size_t len) RP_MUST_CHECK;
/* Whoever has the machine open finds out. */
void rp_sim_store_mark_removed(int dir_fd);

#endif
