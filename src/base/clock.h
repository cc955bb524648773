/* SPDX-License-Identifier: MIT */
/* The wall clock, and its times as text. A clock may be set before 1970: seconds are signed. */
#ifndef RP_BASE_CLOCK_H
#define RP_BASE_CLOCK_H

#include "base/base.h"

/* Seconds since 1970. 0 or errno. */
int rp_clock_read(int64_t *ret_s) RP_MUST_CHECK;

/* "2026-11-30 22:15 UTC"; "a time that is not known" for seconds that are no date. */
#define RP_TIME_TEXT_SIZE 40
char *rp_time_text(int64_t s, char buf[RP_TIME_TEXT_SIZE]);

#endif
