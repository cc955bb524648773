/* SPDX-License-Identifier: MIT */
/* Device memory of each process: /sys/class/kfd/kfd/proc/<pid>/vram_<gpu_id> (kfd_process.c). */
#include "base/num.h"
#include "hw/sysfs.h"

static int scan_process(struct rp_tree *t, struct rp_scan *scan, uint32_t pid)
{
	RP_AUTO_NAMES struct rp_names files = RP_NAMES_INIT;
	int r = rp_tree_list(t, &files, RP_KFD_PROC "/%u", pid);

	for (size_t i = 0; r == 0 && i < files.n; i++) {
		struct rp_scan_usage u = {.pid = pid};

		if (!rp_str_starts(files.v[i], "vram_") ||
		    rp_parse_u64(files.v[i] + strlen("vram_"), 10, &u.gpu_id) < 0)
			continue;
		r = rp_tree_read_u64(t, 10, &u.vram_bytes, RP_KFD_PROC "/%u/%s", pid, files.v[i]);
		if (r == 0 && u.vram_bytes > RP_SANE_BYTES)
			r = -EBADMSG;
		if (r == 0)
			r = rp_grow(&scan->usage, &scan->cap_usage, scan->n_usage + 1,
				    sizeof(*scan->usage));
		if (r == 0)
			scan->usage[scan->n_usage++] = u;
	}
	return r;
}

int rp_sysfs_scan_usage(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names pids = RP_NAMES_INIT;
	int r = rp_tree_list(t, &pids, RP_KFD_PROC);

	if (rp_is_absent(r) || rp_is_denied(r))
		return 0; /* a capture without it, or hidden from us */
	if (r < 0)
		return rp_sysfs_error(reterr, r, "process memory", RP_KFD_PROC);
	scan->has_usage = true;
	for (size_t i = 0; i < pids.n; i++) {
		uint32_t pid;

		if (rp_parse_u32(pids.v[i], 10, &pid) < 0)
			continue;
		r = scan_process(t, scan, pid);
		if (rp_is_ended(r))
			continue; /* while we looked */
		if (rp_is_denied(r))
			scan->has_usage = false; /* partly hidden from us: say nothing of it */
		else if (r < 0)
			return rp_sysfs_error(reterr, r, "process memory", RP_KFD_PROC "/%u", pid);
	}
	return 0;
}
