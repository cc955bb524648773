/* SPDX-License-Identifier: MIT */
/* A process in a message: whoever is blocked learns which process, whose, and since when. */
#ifndef RP_BASE_PROCESS_TEXT_H
#define RP_BASE_PROCESS_TEXT_H

#include "base/strbuf.h"

struct rp_process_text {
	uint32_t pid;
	const char *command; /* "" when it is not shown */
	const char *owner;   /* container, unit or job; "" when it has none */
	bool has_uid;
	uint32_t uid;
	const char *stat_line; /* /proc/PID/stat; "" when it is not shown */
	uint64_t uptime_s;     /* of the machine; 0 when it is not known */
};

/* "pid 4711 (python3, docker:3f2a, user root, running for 42 s)" */
void rp_process_text_add(const struct rp_process_text *p, struct rp_strbuf *ret);

/*
 * Whether /proc/PID/stat is of a process that has ended and that its parent has not asked for: it
 * uses nothing any more, and nobody may ever ask. A program whose main thread ended before its
 * other threads looks the same but for the number of its threads.
 */
bool rp_process_has_ended(const char *stat_line);

#endif
