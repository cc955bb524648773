/* SPDX-License-Identifier: MIT */
/* Simulated processes as /proc and the KFD show them. */
#include "base/num.h"
#include "sim/front.h"

#define FIRST_FD 3

static const struct rp_sim_holder *holder_of(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_find_holder(sim, e->pid);
}

static int add_pid(uint32_t pid, struct rp_names *ret)
{
	char name[16];
	int r = rp_fmt(name, sizeof(name), "%u", pid);

	return r < 0 ? r : rp_names_add(ret, name);
}

static int find_pid(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	if (rp_sim_number_name(name, UINT32_MAX, &e->pid) < 0 || !holder_of(sim, e))
		return -ENOENT;
	return 0;
}

static int each_pid(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	(void)e;
	for (size_t i = 0; r == 0 && i < sim->state.n_holders; i++)
		r = add_pid(sim->state.holders[i].pid, ret);
	return r;
}

/* ---- /proc/PID ---- */

static int show_comm(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%s\n", holder_of(sim, e)->comm);
	return rp_sim_shown(out);
}

/* Words end with a NUL each. */
static int show_cmdline(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	for (const char *c = holder_of(sim, e)->cmdline; *c; c++)
		rp_strbuf_add_char(out, *c == ' ' ? '\0' : *c);
	rp_strbuf_add_char(out, '\0');
	return rp_sim_shown(out);
}

static int show_cgroup(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "0::%s\n", holder_of(sim, e)->cgroup);
	return rp_sim_shown(out);
}

/* Field 22 is the start time in clock ticks after boot; the ones behind it stay zero. */
static int show_stat(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_holder *h = holder_of(sim, e);

	rp_strbuf_addf(out, "%u (%s) S 1 %u %u 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 %llu", h->pid,
		       h->comm, h->pid, h->pid, (unsigned long long)h->start_ticks);
	for (int field = 23; field <= 52; field++)
		rp_strbuf_add(out, " 0");
	rp_strbuf_add_char(out, '\n');
	return rp_sim_shown(out);
}

/* Only here: comm and stat show the name as it is (proc_task_name() of Linux, tried on 6.18). */
static void add_escaped_name(struct rp_strbuf *out, const char *name)
{
	for (; *name; name++)
		if (*name == '\n' || *name == '\\')
			rp_strbuf_add(out, *name == '\n' ? "\\n" : "\\\\");
		else
			rp_strbuf_add_char(out, *name);
}

static int show_status(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_holder *h = holder_of(sim, e);

	rp_strbuf_add(out, "Name:\t");
	add_escaped_name(out, h->comm);
	rp_strbuf_addf(out, "\nState:\tS (sleeping)\nTgid:\t%u\nPid:\t%u\nPPid:\t1\n", h->pid,
		       h->pid);
	rp_strbuf_addf(out, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", h->uid, h->uid, h->uid,
		       h->uid, h->uid, h->uid, h->uid, h->uid);
	return rp_sim_shown(out);
}

/* ---- open files: /dev/kfd first, then render nodes in the order of GPUs and slots ---- */

/* The slot behind the index-th open file; -1 for the KFD, -ENOENT when there is none. */
static int nth_file(const struct rp_sim *sim, const struct rp_sim_holder *h, uint32_t index,
		    struct rp_sim_ent *e)
{
	if (h->kfd && index-- == 0)
		return -1;
	for (uint32_t g = 0; g < sim->profile->n_gpus; g++) {
		for (uint32_t s = 0; s < RP_SIM_SLOTS; s++) {
			if ((h->open[g] & (1U << s)) && index-- == 0) {
				e->gpu = g;
				e->slot = s;
				return 0;
			}
		}
	}
	return -ENOENT;
}

static uint32_t count_files(const struct rp_sim *sim, const struct rp_sim_holder *h)
{
	struct rp_sim_ent e = {0};
	uint32_t n = 0;

	while (nth_file(sim, h, n, &e) != -ENOENT)
		n++;
	return n;
}

static int find_fd(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	uint32_t fds = FIRST_FD + count_files(sim, holder_of(sim, e));

	if (rp_sim_number_name(name, fds, &e->index) < 0 || e->index < FIRST_FD)
		return -ENOENT;
	return 0;
}

static int each_fd(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	uint32_t n = count_files(sim, holder_of(sim, e));
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = add_pid(FIRST_FD + i, ret);
	return r;
}

static int show_fd_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	struct rp_sim_ent at = *e;
	int which = nth_file(sim, holder_of(sim, e), e->index - FIRST_FD, &at);

	if (which == -1)
		rp_strbuf_add(out, "/dev/kfd");
	else
		rp_strbuf_addf(out, "/dev/dri/renderD%u", sim->drm[at.gpu][at.slot].render);
	return rp_sim_shown(out);
}

/* The client of a render node. The partition is not told: only the link says it. */
static int show_fdinfo(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_holder *h = holder_of(sim, e);
	struct rp_sim_ent at = *e;
	int which = nth_file(sim, h, e->index - FIRST_FD, &at);

	rp_strbuf_add(out, "pos:\t0\nflags:\t02100002\nmnt_id:\t26\nino:\t1\n");
	if (which == 0) {
		unsigned long long kib = rp_sim_vram_of(h, at.gpu, at.slot) / 1024;

		rp_strbuf_addf(out, "drm-driver:\tamdgpu\ndrm-client-id:\t%u\ndrm-pdev:\t%s\n",
			       e->index, sim->profile->gpus[at.gpu].bdf);
		rp_strbuf_addf(out, "pasid:\t%u\ndrm-memory-vram:\t%llu KiB\n", 0x8000 + e->index,
			       kib);
		rp_strbuf_addf(out,
			       "drm-memory-gtt:\t0 KiB\ndrm-memory-cpu:\t0 KiB\n"
			       "amd-requested-vram:\t%llu KiB\ndrm-engine-gfx:\t0 ns\n",
			       kib);
	}
	return rp_sim_shown(out);
}

static const struct rp_sim_file fd_links[] = {
	{.find = find_fd,
	 .each = each_fd,
	 .type = RP_FILE_LINK,
	 .mode = 0700,
	 .show = show_fd_link},
	RP_SIM_END,
};

static const struct rp_sim_file fdinfo_files[] = {
	{.find = find_fd,
	 .each = each_fd,
	 .type = RP_FILE_REGULAR,
	 .mode = 0400,
	 .show = show_fdinfo},
	RP_SIM_END,
};

static const struct rp_sim_file pid_files[] = {
	RP_SIM_ATTR("comm", show_comm),	    RP_SIM_ATTR("cmdline", show_cmdline),
	RP_SIM_ATTR("cgroup", show_cgroup), RP_SIM_ATTR("stat", show_stat),
	RP_SIM_ATTR("status", show_status), RP_SIM_DIR("fd", fd_links),
	RP_SIM_DIR("fdinfo", fdinfo_files), RP_SIM_END,
};

/* Changes with each power on, so that what was recorded of an earlier boot is recognised. */
static int show_boot_id(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)e;
	rp_strbuf_addf(out, "51b00000-0000-4000-8000-%012llx\n",
		       (unsigned long long)sim->state.boots & 0xffffffffffffULL);
	return rp_sim_shown(out);
}

static const struct rp_sim_file random_files[] = {
	RP_SIM_ATTR("boot_id", show_boot_id),
	RP_SIM_END,
};
static const struct rp_sim_file kernel_files[] = {
	RP_SIM_DIR("random", random_files),
	RP_SIM_END,
};
static const struct rp_sim_file sysctl_dirs[] = {
	RP_SIM_DIR("kernel", kernel_files),
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_proc_files[] = {
	{.find = find_pid,
	 .each = each_pid,
	 .type = RP_FILE_DIR,
	 .mode = 0555,
	 .children = pid_files},
	RP_SIM_DIR("sys", sysctl_dirs),
	RP_SIM_END,
};

/* ---- the KFD's own folders: one for each process that has /dev/kfd open ---- */

static int find_kfd_pid(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	int r = find_pid(sim, name, e);

	return r == 0 && !holder_of(sim, e)->kfd ? -ENOENT : r;
}

static int each_kfd_pid(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	(void)e;
	for (size_t i = 0; r == 0 && i < sim->state.n_holders; i++) {
		if (sim->state.holders[i].kfd)
			r = add_pid(sim->state.holders[i].pid, ret);
	}
	return r;
}

static int show_pasid(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	rp_strbuf_addf(out, "%u\n", 0x8000 + (e->pid & 0x7fff));
	return rp_sim_shown(out);
}

static const char *const per_node[] = {"vram_", "sdma_", "stats_", "counters_"};

/* "vram_24248": of each node that the process may use, also when it uses none of it. */
static int find_per_node(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	const char *prefix = per_node[e->file->arg];
	uint32_t id = 0;

	if (!rp_str_starts(name, prefix) ||
	    rp_sim_number_name(name + strlen(prefix), UINT16_MAX + 1, &id) < 0)
		return -ENOENT;
	for (uint32_t i = 0; i < sim->state.n_nodes; i++) {
		const struct rp_sim_node *n = &sim->state.nodes[i];

		if (n->gpu_id == id &&
		    rp_sim_holder_allows(holder_of(sim, e), n->gpu, n->partition)) {
			e->node = (uint32_t)sim->profile->n_cpus + i;
			return 0;
		}
	}
	return -ENOENT;
}

static int each_per_node(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sim->state.n_nodes; i++) {
		const struct rp_sim_node *n = &sim->state.nodes[i];

		if (!rp_sim_holder_allows(holder_of(sim, e), n->gpu, n->partition))
			continue;
		for (size_t k = 0; r == 0 && k < RP_ARRAY_LEN(per_node); k++) {
			char name[32];

			r = rp_fmt(name, sizeof(name), "%s%u", per_node[k], n->gpu_id);
			if (r == 0)
				r = rp_names_add(ret, name);
		}
	}
	return r;
}

static int each_nothing(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	(void)sim;
	(void)e;
	(void)ret;
	return 0;
}

static int show_vram(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, e->node);

	rp_strbuf_addf(out, "%llu\n",
		       (unsigned long long)rp_sim_vram_of(holder_of(sim, e), n->gpu, n->partition));
	return rp_sim_shown(out);
}

static int show_zero(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "0\n");
	return rp_sim_shown(out);
}

static const struct rp_sim_file stats_files[] = {
	RP_SIM_ATTR("evicted_ms", show_zero),
	RP_SIM_ATTR("cu_occupancy", show_zero),
	RP_SIM_END,
};

static const struct rp_sim_file counters_files[] = {
	RP_SIM_ATTR("faults", show_zero),
	RP_SIM_ATTR("page_in", show_zero),
	RP_SIM_ATTR("page_out", show_zero),
	RP_SIM_END,
};

static const struct rp_sim_file kfd_pid_files[] = {
	RP_SIM_ATTR("pasid", show_pasid),
	RP_SIM_DIR("queues", NULL),
	{.find = find_per_node,
	 .each = each_per_node, /* lists the rows below too */
	 .arg = 0,
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_vram},
	{.find = find_per_node,
	 .each = each_nothing,
	 .arg = 1,
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_zero},
	{.find = find_per_node,
	 .each = each_nothing,
	 .arg = 2,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = stats_files},
	{.find = find_per_node,
	 .each = each_nothing,
	 .arg = 3,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = counters_files},
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_kfd_proc_dirs[] = {
	{.find = find_kfd_pid,
	 .each = each_kfd_pid,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = kfd_pid_files},
	RP_SIM_END,
};
