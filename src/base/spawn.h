/* SPDX-License-Identifier: MIT */
/* Running a program: by argv, never by a shell; its output kept up to a limit; with a deadline. */
#ifndef RP_BASE_SPAWN_H
#define RP_BASE_SPAWN_H

#include "base/base.h"
#include "base/strbuf.h"

struct rp_spawn_result {
	int exit_status; /* of exit(); -1 when it died of a signal or was killed */
	int signal;	 /* that ended it, or 0 */
	bool timed_out;
};

/*
 * Run argv[0] (found in PATH) with no standard input. Standard output and error are appended to
 * out (NULL: dropped), at most max_out bytes. After deadline_ms the process group is killed.
 * 0 when it was started and reaped, whatever its exit status; -ENOENT when there is no such
 * program; other -errno.
 */
int rp_spawn(const char *const *argv, struct rp_strbuf *out, size_t max_out, uint64_t deadline_ms,
	     struct rp_spawn_result *ret) RP_MUST_CHECK;

/* CLOCK_MONOTONIC. */
uint64_t rp_now_ns(void);
void rp_sleep_ms(uint64_t ms);

#endif
