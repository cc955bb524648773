/* SPDX-License-Identifier: MIT */
#include "leases/run_group.h"
#include "base/num.h"
#include "base/process_text.h"
#include "leases/limits.h"

/* The initial cgroup namespace (Linux include/linux/proc_ns.h, PROC_CGROUP_INIT_INO). */
#define INIT_CGROUP_NS "cgroup:[4026531835]"

/* In another namespace the names of cgroups above its root, perhaps of this one, are not shown. */
static bool shows_groups(const struct rp_host_view *w, struct rp_tree *host)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_readlink(host, &text, "proc/self/ns/cgroup");

	return w->sees_processes &&
	       (r == -ENOENT || (r == 0 && rp_str_eq(rp_strbuf_str(&text), INIT_CGROUP_NS)));
}

/* A zombie is in its cgroup until its parent asks for it, but uses nothing. */
static bool is_zombie(struct rp_tree *host, const char *pid)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	return rp_tree_read(host, &text, "proc/%s/stat", pid) == 0 &&
	       rp_process_has_ended(rp_strbuf_str(&text));
}

static bool is_in(struct rp_tree *host, const char *pid, const char *group)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_owner_names names = {0};

	if (rp_tree_read_file(host, 65536, &text, "proc/%s/cgroup", pid) < 0)
		return false; /* it ended while we looked */
	rp_owner_names_parse(rp_strbuf_str(&text), &names);
	return rp_str_eq(names.run, group) && !is_zombie(host, pid);
}

static int judge_group(struct rp_host_view *w, const char *group, enum rp_owner_status *ret)
{
	RP_AUTO_NAMES struct rp_names pids = RP_NAMES_INIT;
	struct rp_tree *host = NULL;
	uint32_t pid;
	int r = rp_host_view_open_host(w, &host);

	if (r == 0)
		r = rp_tree_list(host, &pids, "proc");
	for (size_t i = 0; r == 0 && i < pids.n; i++)
		if (rp_parse_u32(pids.v[i], 10, &pid) == 0 && is_in(host, pids.v[i], group)) {
			*ret = RP_OWNER_ALIVE;
			return 0;
		}
	if (r == 0 && shows_groups(w, host))
		*ret = RP_OWNER_GONE;
	else
		*ret = RP_OWNER_UNKNOWN;
	return r == -ENOMEM ? r : 0;
}

int rp_lease_owner_status(struct rp_host_view *w, const struct rp_lease *l,
			  enum rp_owner_status *ret)
{
	char group[RP_OWNER_SIZE];
	int r = rp_host_view_owner_status(w, &l->owner, l->is_seen, ret);

	if (r < 0 || *ret != RP_OWNER_GONE || l->owner.kind != RP_OWNER_PID)
		return r;
	/* Cgroups do not outlive a boot, and their names may come back in the next. */
	if (*w->boot && *l->owner.boot && !rp_str_eq(w->boot, l->owner.boot))
		return 0;
	rp_limits_group(l->limits, group, sizeof(group));
	return *group ? judge_group(w, group, ret) : 0;
}

bool rp_lease_has_process(struct rp_host_view *w, const struct rp_lease *l, uint32_t pid)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_owner_names names = {0};
	char group[RP_OWNER_SIZE];

	if (rp_host_view_runs(w, pid, l->id) || rp_host_view_belongs(w, pid, &l->owner))
		return true;
	if (l->owner.kind != RP_OWNER_PID)
		return false;
	rp_limits_group(l->limits, group, sizeof(group));
	if (!*group || rp_tree_read_file(w->tree, 65536, &text, "%s/%u/cgroup", w->proc, pid) < 0)
		return false;
	rp_owner_names_parse(rp_strbuf_str(&text), &names);
	return rp_str_eq(names.run, group);
}
