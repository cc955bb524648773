/* SPDX-License-Identifier: MIT */
#include "leases/old_programs.h"
#include "base/num.h"

/* False: it has ended. */
static bool read_start(struct rp_host_view *w, uint32_t pid, uint64_t *ret)
{
	struct rp_owner o = {.kind = RP_OWNER_PID, .pid = pid};
	bool runs = rp_host_view_pin_owner(w, &o) == 0;

	*ret = o.start_ticks;
	return runs;
}

int rp_old_programs_list(struct rp_host_view *w, const struct rp_owner *o, int64_t lease,
			 struct rp_strbuf *ret)
{
	int r = rp_host_view_read_processes(w);

	if (r < 0)
		return r;
	for (size_t i = 0; i < w->n_processes; i++) {
		uint32_t pid = w->processes[i].pid;
		uint64_t start;

		if ((rp_host_view_belongs(w, pid, o) || rp_host_view_runs(w, pid, lease)) &&
		    read_start(w, pid, &start))
			rp_strbuf_addf(ret, "%s%u:%llu", ret->len ? " " : "", pid,
				       (unsigned long long)start);
	}
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

static bool runs(struct rp_host_view *w, const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	size_t pid_len = colon ? (size_t)(colon - word) : 0;
	uint64_t pid, start, now;

	return colon && rp_parse_u64_part(word, pid_len, 10, &pid) == 0 && pid <= UINT32_MAX &&
	       rp_parse_u64_part(colon + 1, len - pid_len - 1, 10, &start) == 0 &&
	       read_start(w, (uint32_t)pid, &now) && now == start;
}

bool rp_old_programs_run(struct rp_host_view *w, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, " ");

		if (runs(w, list, len))
			return true;
		list += len + (list[len] == ' ');
	}
	return false;
}
