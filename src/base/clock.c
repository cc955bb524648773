/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/strbuf.h"

#include <time.h>

int rp_clock_read(int64_t *ret_s)
{
	struct timespec t = {0};

	if (clock_gettime(CLOCK_REALTIME, &t) < 0)
		return rp_neg_errno();
	*ret_s = (int64_t)t.tv_sec;
	return 0;
}

char *rp_time_text(int64_t s, char buf[RP_TIME_TEXT_SIZE])
{
	time_t t = (time_t)s;
	struct tm tm = {0};

	if (!gmtime_r(&t, &tm) || strftime(buf, RP_TIME_TEXT_SIZE, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		(void)rp_fmt(buf, RP_TIME_TEXT_SIZE, "a time that is not known");
	return buf;
}
