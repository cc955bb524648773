/* SPDX-License-Identifier: MIT */
#include "base/process_text.h"
#include "base/num.h"

/* Fields of proc_pid_stat(5). */
#define THREADS_FIELD 20
#define START_FIELD   22 /* in clock ticks after boot */

static bool read_field(const char *stat_line, int n, uint64_t *ret)
{
	const char *at = strrchr(stat_line, ')'); /* a name may have blanks and brackets */

	for (int field = 2; at && field < n; field++)
		at = strchr(at + 1, ' ');
	return at && rp_parse_u64_part(at + 1, strcspn(at + 1, " \n"), 10, ret) == 0;
}

bool rp_process_has_ended(const char *stat_line)
{
	const char *at = strrchr(stat_line, ')');
	uint64_t n_threads;

	if (!at || (!rp_str_starts(at, ") Z") && !rp_str_starts(at, ") X")))
		return false;
	return !read_field(stat_line, THREADS_FIELD, &n_threads) || n_threads <= 1;
}

static bool read_age(const struct rp_process_text *p, uint64_t *ret_s)
{
	long per_s = sysconf(_SC_CLK_TCK);
	uint64_t ticks, start_s;

	if (per_s <= 0 || !read_field(p->stat_line, START_FIELD, &ticks))
		return false;
	start_s = ticks / (uint64_t)per_s;
	*ret_s = p->uptime_s - start_s;
	return p->uptime_s >= start_s && p->uptime_s > 0;
}

static void add_age(uint64_t s, struct rp_strbuf *ret)
{
	static const struct {
		uint64_t seconds;
		const char *unit;
	} units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	while (i + 1 < RP_ARRAY_LEN(units) && s < 2 * units[i].seconds)
		i++;
	rp_strbuf_addf(ret, ", running for %llu %s", (unsigned long long)(s / units[i].seconds),
		       units[i].unit);
}

void rp_process_text_add(const struct rp_process_text *p, struct rp_strbuf *ret)
{
	uint64_t age_s;

	rp_strbuf_addf(ret, "pid %u (%s", p->pid, *p->command ? p->command : "unknown program");
	if (*p->owner)
		rp_strbuf_addf(ret, ", %s", p->owner);
	if (p->has_uid && p->uid == 0)
		rp_strbuf_add(ret, ", user root");
	else if (p->has_uid)
		rp_strbuf_addf(ret, ", user %u", p->uid);
	if (read_age(p, &age_s))
		add_age(age_s, ret);
	rp_strbuf_add_char(ret, ')');
}
