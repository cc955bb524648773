/* SPDX-License-Identifier: MIT */
/*
 * How many bytes each process uses on each partition, from two accounts of the kernel: the KFD's
 * own, and that of the DRM clients of all processes.
 *
 * Invariants:
 * - There is one row for a process and a partition. Its bytes are the larger of the two accounts,
 *   not the sum: buffers of the KFD live in the address space of a DRM client, so both count them.
 * - A DRM client is counted once, for the first process that has it by the sorted names of /proc:
 *   descriptors that were duplicated or inherited are one client.
 * - The partition of a client is that of the render node it has open; the fdinfo names the GPU
 *   only.
 *
 * Time: O(D N) for the descriptors, with D clients and N rows or clients seen so far.
 * Sources: Linux Documentation/gpu/drm-usage-stats.rst; drivers/gpu/drm/amd/amdkfd/kfd_process.c.
 */
#include "leases/usage.h"
#include "base/num.h"

struct rocpart_usages {
	struct rp_usage_list list;
	struct rocpart_leases *leases; /* keeps the snapshot that PCI addresses point into */
};

void rp_usage_list_done(struct rp_usage_list *list)
{
	free(list->v);
	rp_names_done(&list->texts);
	memset(list, 0, sizeof(*list));
}

/* Return the row of a process on a partition, a new one when there is none. NULL: out of memory. */
static struct rocpart_usage *get_row(struct rp_usage_list *list, uint32_t pid,
				     const struct rocpart_partition *p)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].pid == pid && list->v[i].partition == p->id &&
		    rp_str_eq(list->v[i].bdf, p->gpu->bdf))
			return &list->v[i];
	if (rp_grow(&list->v, &list->cap, list->n + 1, sizeof(*list->v)) < 0)
		return NULL;
	list->v[list->n] = (struct rocpart_usage){
		.pid = pid, .command = "", .owner = "", .bdf = p->gpu->bdf, .partition = p->id};
	return &list->v[list->n++];
}

static int add_kfd(const struct rp_host_view *w, struct rp_usage_list *list)
{
	for (size_t i = 0; i < w->n_memory; i++) {
		struct rocpart_usage *u = get_row(list, w->memory[i].pid, w->memory[i].partition);

		if (!u)
			return -ENOMEM;
		u->kfd_bytes += w->memory[i].bytes;
	}
	return 0;
}

/* ---- DRM clients ---- */

struct client {
	uint64_t id;
	const struct rocpart_partition *p;
};

/* The clients that were seen. */
struct clients {
	struct client *v;
	size_t n, cap;
};

/* Remember a client, and report whether it is seen for the first time. */
static int see_client(struct clients *seen, const struct client *c, bool *ret_is_new)
{
	*ret_is_new = false;
	for (size_t i = 0; i < seen->n; i++)
		if (seen->v[i].id == c->id && seen->v[i].p == c->p)
			return 0;
	if (rp_grow(&seen->v, &seen->cap, seen->n + 1, sizeof(*seen->v)) < 0)
		return -ENOMEM;
	seen->v[seen->n++] = *c;
	*ret_is_new = true;
	return 0;
}

/*
 * Read a value such as "drm-memory-vram:\t1024 KiB" at the start of a line (drm-usage-stats.rst).
 */
static bool read_value(const char *text, const char *key, uint64_t *ret)
{
	const char *p = strstr(text, key);
	uint64_t unit = 1, v = 0;
	int r;

	if (!p || (p != text && p[-1] != '\n') || p[strlen(key)] != ':')
		return false;
	p += strlen(key) + 1;
	p += strspn(p, " \t");
	r = rp_parse_u64_part(p, strspn(p, "0123456789"), 10, &v);
	p += strspn(p, "0123456789 ");
	if (rp_str_starts(p, "KiB"))
		unit = RP_KIB;
	else if (rp_str_starts(p, "MiB"))
		unit = RP_MIB;
	return r == 0 && rp_mul_u64(v, unit, ret) == 0;
}

/* Find the partition of a render node by the link of the descriptor: see the invariants. */
static const struct rocpart_partition *partition_of(const struct rocpart_snapshot *s,
						    const char *link)
{
	const char *name = strstr(link, "/dri/renderD");
	uint64_t minor;

	if (!name || rp_parse_u64(name + strlen("/dri/renderD"), 10, &minor) < 0)
		return NULL;
	for (size_t i = 0; i < s->n_gpus; i++)
		for (size_t k = 0; k < s->gpus[i].n_partitions; k++)
			if (s->gpus[i].partitions[k].render_minor == minor)
				return &s->gpus[i].partitions[k];
	return NULL;
}

/* Add the bytes of the client behind a descriptor, unless it was counted. */
static int add_client(struct rp_usage_list *list, struct clients *seen, uint32_t pid,
		      const struct rocpart_partition *p, const char *fdinfo)
{
	struct client c = {.p = p};
	uint64_t vram = 0, gtt = 0;
	struct rocpart_usage *u;
	bool is_new;

	if (!read_value(fdinfo, "drm-client-id", &c.id))
		return 0;
	if (see_client(seen, &c, &is_new) < 0)
		return -ENOMEM;
	(void)read_value(fdinfo, "drm-memory-vram", &vram);
	(void)read_value(fdinfo, "drm-memory-gtt", &gtt);
	if (!is_new || (!vram && !gtt))
		return 0;
	u = get_row(list, pid, p);
	if (!u)
		return -ENOMEM;
	if (rp_add_u64(u->drm_bytes, vram, &u->drm_bytes) < 0 ||
	    rp_add_u64(u->gtt_bytes, gtt, &u->gtt_bytes) < 0)
		u->drm_bytes = u->gtt_bytes = 0; /* no machine has that much: not an account */
	return 0;
}

/*
 * What a read of a file of a process means: 1: it is there; 0: it was closed, or the process has
 * ended, or the caller may not look, which makes the list incomplete; or an errno.
 */
static int take_read(struct rp_usage_list *list, int r)
{
	list->is_incomplete |= rp_is_denied(r);
	if (r == 0)
		return 1;
	/* EINVAL: the simulator's files are no links; ENAMETOOLONG: no device has such a path */
	return rp_is_ended(r) || rp_is_denied(r) || r == -EINVAL || r == -ENAMETOOLONG ? 0 : r;
}

/* Add the clients of one process. Descriptors that may not be read make the list incomplete. */
static int add_process(struct rp_host_view *w, struct rp_usage_list *list, struct clients *seen,
		       uint32_t pid)
{
	RP_AUTO_NAMES struct rp_names fds = RP_NAMES_INIT;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = take_read(list, rp_tree_list(w->tree, &fds, "%s/%u/fd", w->proc, pid));

	for (size_t i = 0; r >= 0 && i < fds.n; i++) {
		const struct rocpart_partition *p = NULL;

		r = take_read(list, rp_tree_readlink(w->tree, &text, "%s/%u/fd/%s", w->proc, pid,
						     fds.v[i]));
		if (r == 1)
			p = partition_of(w->snapshot, rp_strbuf_str(&text));
		if (p)
			r = take_read(list,
				      rp_tree_read_file(w->tree, 65536, &text, "%s/%u/fdinfo/%s",
							w->proc, pid, fds.v[i]));
		if (p && r == 1)
			r = add_client(list, seen, pid, p, rp_strbuf_str(&text));
	}
	return r < 0 ? r : 0;
}

static int add_drm(struct rp_host_view *w, struct rp_usage_list *list)
{
	RP_AUTO_NAMES struct rp_names pids = RP_NAMES_INIT;
	struct clients seen = {0};
	int r = rp_tree_list(w->tree, &pids, "%s", w->proc);

	rp_names_sort(&pids); /* an inherited client counts for the first process */
	r = take_read(list, r);
	r = r < 0 ? r : 0;
	for (size_t i = 0; r == 0 && i < pids.n; i++) {
		uint32_t pid;

		if (rp_parse_u32(pids.v[i], 10, &pid) == 0)
			r = add_process(w, list, &seen, pid);
	}
	free(seen.v);
	return r;
}

/* ---- names and leases ---- */

static const char *keep_text(struct rp_usage_list *list, const char *text)
{
	return rp_names_add(&list->texts, text) < 0 ? NULL : list->texts.v[list->texts.n - 1];
}

/* Name a process by its program and its owner: container, unit or job, as its cgroup says. */
static int name_process(struct rp_host_view *w, struct rp_usage_list *list, struct rocpart_usage *u)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_owner_names names = {0};
	char job[RP_OWNER_SIZE + 8] = "";

	int r = take_read(list, rp_tree_read(w->tree, &text, "%s/%u/comm", w->proc, u->pid));

	if (r == 1)
		u->command = keep_text(list, rp_strbuf_str(&text));
	if (r >= 0)
		r = take_read(list, rp_tree_read_file(w->tree, 65536, &text, "%s/%u/cgroup",
						      w->proc, u->pid));
	if (r < 0)
		return r;
	if (r == 1)
		rp_owner_names_parse(rp_strbuf_str(&text), &names);
	if (*names.job)
		(void)rp_fmt(job, sizeof(job), "job %s", names.job);
	u->owner = keep_text(list, *names.container ? names.container
				   : *names.unit    ? names.unit
						    : job);
	return u->command && u->owner ? 0 : -ENOMEM;
}

/* Find the lease that the memory belongs to, and decide how many bytes it is. */
static void find_lease(struct rp_session *s, struct rocpart_usage *u)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(s->host.snapshot, u->bdf);
	size_t i = rp_lease_of_memory(&s->host, &s->list, u->pid,
				      rp_gpu_partition_by_id(gpu, u->partition), &u->is_certain);

	u->lease = i == SIZE_MAX ? 0 : (uint64_t)s->list.v[i].id;
	u->used_bytes = u->kfd_bytes > u->drm_bytes ? u->kfd_bytes : u->drm_bytes;
}

static int cmp_usage(const void *a, const void *b)
{
	const struct rocpart_usage *x = a, *y = b;
	const uint64_t lx = x->lease - 1, ly = y->lease - 1; /* 0, no lease, wraps and comes last */
	int order;

	if (lx != ly)
		return lx < ly ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	order = strcmp(x->bdf, y->bdf);
	return order ? order : (int)x->partition - (int)y->partition;
}

int rp_usage_measure(struct rp_session *s, struct rp_usage_list *ret, struct rocpart_error *reterr)
{
	RP_AUTO_USAGE_LIST struct rp_usage_list list = {.texts = RP_NAMES_INIT};
	int r = add_kfd(&s->host, &list);

	if (r == 0)
		r = add_drm(&s->host, &list);
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		find_lease(s, &list.v[i]);
		r = name_process(&s->host, &list, &list.v[i]);
	}
	if (r < 0)
		return rp_error_errno(reterr, r, NULL, "cannot look at the processes");
	r = rp_host_view_check(&s->host, reterr);
	if (r < 0)
		return r;
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), cmp_usage);
	*ret = list;
	memset(&list, 0, sizeof(list));
	return 0;
}

/* ---- the list ---- */

ROCPART_PUBLIC int rocpart_usages_new(struct rocpart_machine *machine,
				      struct rocpart_usages **ret_usages,
				      struct rocpart_error *reterr)
{
	RP_AUTO_SESSION struct rp_session s = {0};
	struct rocpart_usages *u = rp_new0(struct rocpart_usages, 1);
	struct rocpart_error local = {0};
	int r;

	reterr = reterr ? reterr : &local;
	r = u ? rp_session_look(machine, &s, reterr) : rp_error_nomem(reterr);
	if (r == 0)
		r = rp_usage_measure(&s, &u->list, reterr);
	if (r == 0)
		r = rp_session_view(&s, &u->leases, reterr);
	if (r < 0) {
		rocpart_usages_free(u);
		return r;
	}
	*ret_usages = u;
	return 0;
}

ROCPART_PUBLIC struct rocpart_usages *rocpart_usages_free(struct rocpart_usages *usages)
{
	if (!usages)
		return NULL;
	rp_usage_list_done(&usages->list);
	rocpart_leases_free(usages->leases);
	free(usages);
	return NULL;
}

ROCPART_PUBLIC const struct rocpart_usage *rocpart_usages_get(const struct rocpart_usages *usages,
							      size_t index)
{
	return index < usages->list.n ? &usages->list.v[index] : NULL;
}

ROCPART_PUBLIC const struct rocpart_leases *
rocpart_usages_get_leases(const struct rocpart_usages *usages)
{
	return usages->leases;
}

ROCPART_PUBLIC uint64_t rocpart_usages_get_lease_bytes(const struct rocpart_usages *usages,
						       uint64_t lease)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < usages->list.n; i++)
		if (usages->list.v[i].lease == lease)
			sum += usages->list.v[i].used_bytes;
	return sum;
}

ROCPART_PUBLIC bool rocpart_usages_is_complete(const struct rocpart_usages *usages)
{
	return !usages->list.is_incomplete;
}
