/* SPDX-License-Identifier: MIT */
/*
 * Who has a GPU open: KFD contexts (/sys/class/kfd/kfd/proc) and open files of every process, from
 * whatever mount namespace: the link of /proc/PID/fd/N ends in the name of the node.
 */
#include "change/holders.h"
#include "base/num.h"
#include "base/process_text.h"
#include "base/words.h"
#include "change/known_holder.h"
#include "hw/sysfs.h"
#include "leases/cgroup_name.h"

struct holder {
	struct rocpart_holder pub;
	struct rp_owner_names names;
	struct rp_strbuf devices;
	char command[64];
	char advice[RP_WORD_SIZE + 160];
	struct rp_strbuf stat_line;
	struct rp_stat stat; /* of its folder in /proc */
	bool has_stat;
};

struct rocpart_holders {
	const char *proc; /* where processes are */
	struct holder *v;
	size_t n, cap;
	uint64_t uptime_s; /* 0: not shown */
	bool incomplete;
};

static uint64_t gpu_bit(const struct rocpart_gpu *gpu)
{
	return gpu && gpu->index < 64 ? UINT64_C(1) << gpu->index : 0;
}

static uint64_t all_gpus(const struct rocpart_snapshot *s)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < s->n_gpus; i++)
		bits |= gpu_bit(&s->gpus[i]);
	return bits;
}

/* The slots of a GPU follow its own minor, whether they are valid partitions now or not. */
static uint64_t gpus_of_render(const struct rocpart_snapshot *s, uint64_t minor)
{
	for (size_t i = 0; i < s->n_gpus; i++) {
		const struct rocpart_gpu *gpu = &s->gpus[i];
		uint64_t n = gpu->n_slots.known ? gpu->n_slots.v : gpu->n_partitions, base;

		if (!gpu->n_partitions || !gpu->partitions[0].render_minor)
			continue;
		base = gpu->partitions[0].render_minor - gpu->partitions[0].id;
		if (minor >= base && minor < base + n)
			return gpu_bit(gpu);
	}
	return 0;
}

static uint64_t gpus_of_card(const struct rocpart_snapshot *s, uint64_t minor)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		for (size_t k = 0; k < s->gpus[i].n_partitions; k++)
			if (s->gpus[i].partitions[k].card_minor.known &&
			    s->gpus[i].partitions[k].card_minor.v == minor)
				return gpu_bit(&s->gpus[i]);
	return 0;
}

static uint64_t gpus_of_id(const struct rocpart_snapshot *s, uint64_t gpu_id)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		for (size_t k = 0; k < s->gpus[i].n_partitions; k++)
			if (s->gpus[i].partitions[k].gpu_id.known &&
			    s->gpus[i].partitions[k].gpu_id.v == gpu_id)
				return gpu_bit(&s->gpus[i]);
	return 0;
}

/* Last component of an open file's link when it is one of the GPU's device nodes. */
static const char *device_name(const char *link)
{
	const char *base = strrchr(link, '/');

	base = base ? base + 1 : link;
	if (rp_str_ends(link, "/dev/kfd") || rp_str_starts(base, "renderD") ||
	    (rp_str_starts(base, "card") && strstr(link, "/dri/")))
		return base;
	return NULL;
}

static uint64_t gpus_of_device(const struct rocpart_snapshot *s, const char *name, bool has_kfd_dir)
{
	uint64_t minor;

	/* A context says which GPUs it reaches; without one, /dev/kfd may reach them all. */
	if (rp_str_eq(name, "kfd"))
		return has_kfd_dir ? 0 : all_gpus(s);
	if (rp_str_starts(name, "renderD") && rp_parse_u64(name + 7, 10, &minor) == 0)
		return gpus_of_render(s, minor);
	if (rp_str_starts(name, "card") && rp_parse_u64(name + 4, 10, &minor) == 0)
		return gpus_of_card(s, minor);
	return 0;
}

static void add_device(struct holder *h, const char *name)
{
	char path[64];

	(void)rp_fmt(path, sizeof(path), "%s%s", rp_str_eq(name, "kfd") ? "/dev/" : "/dev/dri/",
		     name);
	for (const char *p = rp_strbuf_str(&h->devices); p; p = strchr(p, ' ')) {
		p += *p == ' ';
		if (rp_str_starts(p, path) && (!p[strlen(path)] || p[strlen(path)] == ' '))
			return;
	}
	rp_strbuf_addf(&h->devices, "%s%s", h->devices.len ? " " : "", path);
}

static void holder_done(struct holder *h)
{
	rp_strbuf_done(&h->devices);
	rp_strbuf_done(&h->stat_line);
}

/*
 * What a read of a file of a process means: 1: it is there; 0: it was closed, or the process has
 * ended, or the caller may not look, which makes the list incomplete; or an errno.
 */
static int take_read(struct rocpart_holders *list, int r)
{
	list->incomplete |= rp_is_denied(r);
	if (r == 0)
		return 1;
	/* EINVAL: no link; ENAMETOOLONG: no device has such a path */
	return rp_is_ended(r) || rp_is_denied(r) || r == -EINVAL || r == -ENAMETOOLONG ? 0 : r;
}

/* KFD context: reaches each GPU for which there is a vram_ file. 1: the process has one; 0. */
static int look_at_context(struct rp_tree *t, const struct rocpart_snapshot *s,
			   struct rocpart_holders *list, struct holder *h)
{
	RP_AUTO_NAMES struct rp_names files = RP_NAMES_INIT;
	int r = take_read(list, rp_tree_list(t, &files, RP_KFD_PROC "/%u", h->pub.pid));

	if (r != 1)
		return r;
	add_device(h, "kfd");
	for (size_t i = 0; i < files.n; i++) {
		uint64_t gpu_id, bytes = 0;

		if (!rp_str_starts(files.v[i], "vram_") ||
		    rp_parse_u64(files.v[i] + 5, 10, &gpu_id) < 0)
			continue;
		h->pub.gpus |= gpus_of_id(s, gpu_id);
		r = take_read(list, rp_tree_read_u64(t, 10, &bytes, RP_KFD_PROC "/%u/%s",
						     h->pub.pid, files.v[i]));
		if (r < 0)
			return r;
		h->pub.memory_used_bytes += bytes;
	}
	return 1;
}

static int look_at_files(struct rp_tree *t, const struct rocpart_snapshot *s,
			 struct rocpart_holders *list, struct holder *h, bool has_context)
{
	RP_AUTO_NAMES struct rp_names fds = RP_NAMES_INIT;
	RP_AUTO_STRBUF struct rp_strbuf link = RP_STRBUF_INIT;
	int r = take_read(list, rp_tree_list(t, &fds, "%s/%u/fd", list->proc, h->pub.pid));

	for (size_t i = 0; r >= 0 && i < fds.n; i++) {
		const char *name = NULL;

		r = take_read(list, rp_tree_readlink(t, &link, "%s/%u/fd/%s", list->proc,
						     h->pub.pid, fds.v[i]));
		if (r == 1)
			name = device_name(rp_strbuf_str(&link));
		if (!name)
			continue;
		add_device(h, name);
		h->pub.gpus |= gpus_of_device(s, name, has_context);
	}
	return r < 0 ? r : 0;
}

static int name_process(struct rp_tree *t, struct rocpart_holders *list, struct holder *h)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *proc = list->proc;
	int r = take_read(list, rp_tree_read(t, &text, "%s/%u/comm", proc, h->pub.pid));

	if (r == 1)
		(void)rp_fmt(h->command, sizeof(h->command), "%s", rp_strbuf_str(&text));
	if (r >= 0)
		r = take_read(list, rp_tree_read_file(t, 64 * 1024, &text, "%s/%u/cgroup", proc,
						      h->pub.pid));
	if (r == 1)
		rp_owner_names_parse(rp_strbuf_str(&text), &h->names);
	if (r >= 0)
		r = take_read(list, rp_tree_read(t, &h->stat_line, "%s/%u/stat", proc, h->pub.pid));
	if (r == 0)
		rp_strbuf_reset(&h->stat_line);
	if (r >= 0)
		r = take_read(list, rp_tree_stat(t, &h->stat, "%s/%u", proc, h->pub.pid));
	h->has_stat = r == 1;
	return r < 0 ? r : 0;
}

static int look_at_process(struct rp_tree *t, const struct rocpart_snapshot *s,
			   struct rocpart_holders *list, uint32_t pid)
{
	struct holder h = {.pub.pid = pid};
	int r = look_at_context(t, s, list, &h);

	if (r >= 0)
		r = look_at_files(t, s, list, &h, r);
	if (r == 0 && rp_strbuf_failed(&h.devices))
		r = -ENOMEM;
	if (r == 0 && h.devices.len)
		r = rp_grow(&list->v, &list->cap, list->n + 1, sizeof(*list->v));
	if (r == 0 && h.devices.len)
		r = name_process(t, list, &h);
	if (r < 0 || !h.devices.len) {
		holder_done(&h);
		return r;
	}
	list->v[list->n++] = h;
	return 0;
}

static int collect_pids(struct rp_tree *t, const char *proc, struct rp_names *pids)
{
	RP_AUTO_NAMES struct rp_names contexts = RP_NAMES_INIT;
	int r = rp_tree_list(t, pids, "%s", proc);

	if (r < 0 && !rp_is_absent(r))
		return r;
	/* In a container /proc shows its own processes only; contexts are those of the host. */
	r = rp_tree_list(t, &contexts, RP_KFD_PROC);
	if (r < 0 && !rp_is_absent(r) && !rp_is_denied(r))
		return r;
	for (size_t i = 0; i < contexts.n; i++) {
		bool known = false;

		for (size_t k = 0; k < pids->n && !known; k++)
			known = rp_str_eq(pids->v[k], contexts.v[i]);
		if (!known && rp_names_add(pids, contexts.v[i]) < 0)
			return -ENOMEM;
	}
	rp_names_sort(pids);
	return 0;
}

/* "12345.67 ..." */
static int read_uptime(struct rp_tree *t, const char *proc, uint64_t *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read(t, &text, "%s/uptime", proc);

	if (r < 0)
		return rp_is_absent(r) || rp_is_denied(r) ? 0 : r;
	rp_strbuf_truncate(&text, strcspn(rp_strbuf_str(&text), "."));
	if (rp_parse_u64(rp_strbuf_str(&text), 10, ret) < 0)
		*ret = 0;
	return 0;
}

/* Texts are pointed to only when the array no longer moves. */
static void point_texts(struct rocpart_holders *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct holder *h = &list->v[i];

		h->pub.command = h->command;
		h->pub.unit = h->names.unit;
		h->pub.container = h->names.container;
		h->pub.job = h->names.job;
		h->pub.devices = rp_strbuf_str(&h->devices);
		rp_holder_advice(&h->pub, h->advice, sizeof(h->advice));
	}
}

ROCPART_PUBLIC int rocpart_holders_new(struct rocpart_machine *machine,
				       const struct rocpart_snapshot *snapshot,
				       struct rocpart_holders **ret_holders,
				       struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names pids = RP_NAMES_INIT;
	struct rocpart_holders *list = rp_new0(struct rocpart_holders, 1);
	int r = -ENOMEM;

	if (list) {
		list->proc = rp_machine_proc(machine);
		r = read_uptime(machine->tree, list->proc, &list->uptime_s);
		if (r == 0)
			r = collect_pids(machine->tree, list->proc, &pids);
	}
	for (size_t i = 0; r == 0 && i < pids.n; i++) {
		uint32_t pid;

		if (rp_parse_u32(pids.v[i], 10, &pid) == 0)
			r = look_at_process(machine->tree, snapshot, list, pid);
	}
	if (r < 0) {
		rocpart_holders_free(list);
		return rp_error_errno(reterr, r, "proc", "cannot read the processes in /proc");
	}
	point_texts(list);
	*ret_holders = list;
	return 0;
}

ROCPART_PUBLIC struct rocpart_holders *rocpart_holders_free(struct rocpart_holders *holders)
{
	if (!holders)
		return NULL;
	for (size_t i = 0; i < holders->n; i++)
		holder_done(&holders->v[i]);
	free(holders->v);
	free(holders);
	return NULL;
}

ROCPART_PUBLIC const struct rocpart_holder *
rocpart_holders_get(const struct rocpart_holders *holders, size_t index)
{
	return index < holders->n ? &holders->v[index].pub : NULL;
}

ROCPART_PUBLIC const char *rocpart_holders_get_advice(const struct rocpart_holders *holders,
						      size_t index)
{
	return index < holders->n ? holders->v[index].advice : NULL;
}

ROCPART_PUBLIC bool rocpart_holders_is_complete(const struct rocpart_holders *holders)
{
	return !holders->incomplete;
}

void rp_holders_keep(struct rocpart_holders *list, uint64_t gpus)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (list->v[i].pub.gpus & gpus)
			list->v[n++] = list->v[i];
		else
			holder_done(&list->v[i]);
	}
	list->n = n;
	point_texts(list);
}

void rp_holders_keep_kfd(struct rocpart_holders *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (strstr(rp_strbuf_str(&list->v[i].devices), "/dev/kfd"))
			list->v[n++] = list->v[i];
		else
			holder_done(&list->v[i]);
	}
	list->n = n;
	point_texts(list);
}

void rp_holders_text(const struct rocpart_holders *list, struct rp_strbuf *ret)
{
	for (size_t i = 0; i < list->n && i < 5; i++) {
		const struct rocpart_holder *h = &list->v[i].pub;
		char owner[RP_OWNER_SIZE + 8];

		(void)rp_fmt(owner, sizeof(owner), "%s%s",
			     !*h->container && !*h->unit && *h->job ? "job " : "",
			     *h->container ? h->container
			     : *h->unit	   ? h->unit
					   : h->job);
		rp_strbuf_add(ret, i ? ", " : "");
		rp_process_text_add(
			&(struct rp_process_text){.pid = h->pid,
						  .command = h->command,
						  .owner = owner,
						  .has_uid = list->v[i].has_stat,
						  .uid = list->v[i].stat.uid,
						  .stat_line = rp_strbuf_str(&list->v[i].stat_line),
						  .uptime_s = list->uptime_s},
			ret);
	}
	if (list->n > 5)
		rp_strbuf_addf(ret, " and %zu more", list->n - 5);
}

void rp_cleanup_holders(struct rocpart_holders **list)
{
	rocpart_holders_free(*list);
	*list = NULL;
}
