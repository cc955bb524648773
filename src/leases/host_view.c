/* SPDX-License-Identifier: MIT */
/*
 * The state of the host, and the status of owners. docs/design/leases.md has the table of owners.
 *
 * Invariants of rp_host_view_owner_status():
 * - GONE is certain and final: the owner cannot come back under the same identity (another boot or
 *   start time of a pid, no process left of a job, a container id or pod UID that was removed).
 * - GONE needs that all processes are shown (initial pid namespace). Only another boot id proves it
 *   by itself.
 * - A name that may come back (unit, docker name) is QUIET at most, never GONE.
 * - What is not shown is UNKNOWN, never GONE or QUIET.
 *
 * Memory is that of the KFD alone, per process and partition (Linux drivers/gpu/drm/amd/amdkfd/
 * kfd_process.c, /sys/class/kfd/kfd/proc/PID/vram_GPUID); a pid there is one of the initial
 * namespace.
 *
 * Time: the processes are read once for each view, at three system calls each, and then compared in
 * O(processes) for each owner.
 */
#include "leases/host_view.h"
#include "base/json.h"
#include "base/num.h"
#include "base/process_text.h"
#include "facts/mode_name.h"
#include "hw/driver.h"
#include "hw/hw.h"
#include "leases/pod.h"
#include "machine/records.h"
#include "rocpart/model.h"

#define DOCKER_DIR "var/lib/docker/containers"
#define SHOWN_ID   12 /* digits of a container id that rp_owner_names_parse() keeps */
/* The initial pid namespace (Linux include/linux/proc_ns.h, PROC_PID_INIT_INO). */
#define INIT_PID_NS  "pid:[4026531836]"
#define ASSUMED_HOST (2048 * RP_GIB)

void rp_host_view_done(struct rp_host_view *w)
{
	rocpart_snapshot_unref(w->snapshot);
	rp_tree_close(w->host);
	free(w->memory);
	free(w->idle);
	free(w->processes);
	free(w->identity);
	free(w->former_identity);
	memset(w, 0, sizeof(*w));
}

int rp_host_view_check(const struct rp_host_view *w, struct rocpart_error *reterr)
{
	return w->read_error < 0 ? rp_error_errno(reterr, w->read_error, NULL,
						  "cannot look at the processes of this machine")
				 : 0;
}

/* Keep the first error that is no answer; return whether the read gave something. */
static bool has_read(struct rp_host_view *w, int r)
{
	if (r < 0 && !rp_is_ended(r) && !rp_is_denied(r) && w->read_error == 0)
		w->read_error = r;
	return r == 0;
}

/* The same of what answers by 1, 0 or an errno. */
static bool is_so(struct rp_host_view *w, int r)
{
	(void)has_read(w, r < 0 ? r : 0);
	return r > 0;
}

static const struct rocpart_partition *find_by_gpu_id(const struct rocpart_snapshot *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		for (size_t k = 0; k < s->gpus[i].n_partitions; k++)
			if (s->gpus[i].partitions[k].gpu_id.known &&
			    s->gpus[i].partitions[k].gpu_id.v == id)
				return &s->gpus[i].partitions[k];
	return NULL;
}

/* Take the memory of each process on each partition, without zeros. */
static int take_memory(struct rp_host_view *w, const struct rp_scan *scan)
{
	w->sees_memory = scan->has_usage;
	for (size_t i = 0; i < scan->n_usage; i++) {
		const struct rp_scan_usage *u = &scan->usage[i];
		struct rp_memory m = {.pid = u->pid,
				      .partition = find_by_gpu_id(w->snapshot, u->gpu_id),
				      .bytes = u->vram_bytes};

		if (!m.bytes || !m.partition)
			continue;
		if (rp_grow(&w->memory, &w->cap_memory, w->n_memory + 1, sizeof(m)) < 0)
			return -ENOMEM;
		w->memory[w->n_memory++] = m;
	}
	return 0;
}

/* The processes of which each entry, which follow each other, has no memory. */
static int take_idle(struct rp_host_view *w, const struct rp_scan *scan)
{
	for (size_t i = 0, next; scan->has_usage && i < scan->n_usage; i = next) {
		uint64_t bytes = 0;

		for (next = i; next < scan->n_usage && scan->usage[next].pid == scan->usage[i].pid;
		     next++)
			bytes |= scan->usage[next].vram_bytes;
		if (bytes)
			continue;
		if (rp_grow(&w->idle, &w->cap_idle, w->n_idle + 1, sizeof(*w->idle)) < 0)
			return -ENOMEM;
		w->idle[w->n_idle++] = scan->usage[i].pid;
	}
	return 0;
}

/* Name the GPUs that are present, as earlier versions identified machines without a machine-id. */
static int take_former_identity(struct rp_host_view *w)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	for (size_t i = 0; i < w->snapshot->n_gpus; i++)
		if (w->snapshot->gpus[i].unique_id.known)
			rp_strbuf_addf(&text, " %016llx",
				       (unsigned long long)w->snapshot->gpus[i].unique_id.v);
	if (text.len)
		w->former_identity = rp_strdupf(RP_FORMER_IDENTITY "%s", rp_strbuf_str(&text));
	return !text.len || w->former_identity ? 0 : -ENOMEM;
}

/*
 * Identify the machine by what does not change with its GPUs: this computer by its machine-id, a
 * simulated machine by its own id. NULL in a container without /etc/machine-id, or when systemd has
 * not chosen one yet (machine-id(5): "uninitialized"): the leases then belong to the machine that
 * has the record folder.
 */
static int take_identity(struct rp_host_view *w, const struct rocpart_machine *m)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r;

	if (rp_machine_is_simulated(m)) {
		if (m->sim_id)
			w->identity = rp_strdupf("simulated %s", m->sim_id);
		return w->identity || !m->sim_id ? take_former_identity(w) : -ENOMEM;
	}
	r = rp_tree_read(w->tree, &text, "etc/machine-id");
	if (r < 0 && !rp_is_absent(r) && !rp_is_denied(r))
		return r;
	if (r == 0 && text.len && !rp_str_eq(rp_strbuf_str(&text), "uninitialized")) {
		w->identity = rp_strdupf("machine-id %s", rp_strbuf_str(&text));
		if (!w->identity)
			return -ENOMEM;
	}
	return take_former_identity(w);
}

/*
 * Take boot id and load of the driver, and whether /proc shows the processes of the whole machine.
 */
static int take_times(struct rp_host_view *w, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	uint64_t epoch = 0;
	int r = rp_driver_read_epoch(w->tree, &epoch, reterr);

	if (r < 0)
		return r;
	if (has_read(w, rp_tree_read(w->tree, &text, "proc/sys/kernel/random/boot_id")))
		(void)rp_fmt(w->boot, sizeof(w->boot), "%s", rp_strbuf_str(&text));
	(void)rp_fmt(w->epoch, sizeof(w->epoch), "%llu", (unsigned long long)epoch);
	if (rp_tree_kind(w->tree) == RP_TREE_SIM) {
		w->sees_processes = true;
		return 0;
	}
	rp_strbuf_reset(&text);
	r = rp_tree_readlink(w->tree, &text, "proc/self/ns/pid");
	w->sees_processes = has_read(w, r == -EINVAL ? -ENOENT : r) && /* a file of a capture */
			    rp_str_eq(rp_strbuf_str(&text), INIT_PID_NS);
	return 0;
}

/*
 * Read the memory of the host; a large one where it is not shown, which makes the reserve larger.
 */
static uint64_t read_host_bytes(struct rp_host_view *w)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *p;
	uint64_t kib;

	if (!has_read(w, rp_tree_read_file(w->tree, 65536, &text, "%s/meminfo", w->proc)))
		return ASSUMED_HOST;
	p = strstr(rp_strbuf_str(&text), "MemTotal:");
	p = p ? p + strlen("MemTotal:") : "";
	p += strspn(p, " ");
	if (rp_parse_u64_part(p, strspn(p, "0123456789"), 10, &kib) < 0 ||
	    rp_mul_u64(kib, RP_KIB, &kib) < 0)
		return ASSUMED_HOST;
	return kib;
}

int rp_host_view_observe(struct rocpart_machine *m, struct rp_host_view *ret,
			 struct rocpart_error *reterr)
{
	RP_AUTO_HOST_VIEW struct rp_host_view w = {.tree = m->tree, .proc = rp_machine_proc(m)};
	RP_AUTO_RECORDS struct rp_records records = {0};
	RP_AUTO_SCAN struct rp_scan scan = {0};
	int r = rp_records_load(m, &records, reterr);

	if (r == 0)
		r = rp_hw_scan_without_cards(m->tree, &scan, reterr);
	if (r == 0)
		r = rp_snapshot_new(&scan, records.v, records.n, &w.snapshot, reterr);
	if (r < 0)
		return r;
	if (rp_records_find_missing(m, &records, w.snapshot) < 0 || take_memory(&w, &scan) < 0 ||
	    take_idle(&w, &scan) < 0)
		return rp_error_nomem(reterr);
	r = take_identity(&w, m);
	if (r < 0)
		return rp_error_errno(reterr, r, NULL, "cannot identify this machine");
	w.has_expected = records.n_expected > 0;
	r = take_times(&w, reterr);
	w.host_bytes = r < 0 ? 0 : read_host_bytes(&w);
	if (r == 0)
		r = rp_host_view_check(&w, reterr);
	if (r < 0)
		return r;
	for (size_t i = 0; i < w.snapshot->n_gpus; i++)
		if (rp_add_u64(w.vram_bytes, w.snapshot->gpus[i].vram_total_bytes.v,
			       &w.vram_bytes) < 0)
			w.vram_bytes = UINT64_MAX / 2;
	*ret = w;
	memset(&w, 0, sizeof(w));
	return 0;
}

uint64_t rp_host_view_usable(const struct rp_host_view *w, const struct rocpart_partition *p)
{
	if (!p->memory_bytes.known)
		return 0;
	return rocpart_usable_bytes(p->memory_bytes.v, w->host_bytes, w->vram_bytes, 0);
}

void rp_host_view_mode(const struct rocpart_gpu *gpu, char ret[16])
{
	(void)rp_fmt(ret, 16, "%s/%s", rocpart_compute_mode_to_string(gpu->compute),
		     rocpart_memory_mode_to_string(gpu->memory));
}

/* ---- processes ---- */

int rp_host_view_read_processes(struct rp_host_view *w)
{
	RP_AUTO_NAMES struct rp_names pids = RP_NAMES_INIT;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = w->has_processes ? 0 : rp_tree_list(w->tree, &pids, "%s", w->proc);

	if (w->has_processes)
		return 0;
	if (r < 0 && !rp_is_absent(r)) /* a capture has no /proc */
		return r;
	for (size_t i = 0; i < pids.n; i++) {
		struct rp_process p = {0};

		rp_strbuf_reset(&text);
		if (rp_parse_u32(pids.v[i], 10, &p.pid) < 0)
			continue;
		r = rp_tree_read_file(w->tree, 65536, &text, "%s/%u/cgroup", w->proc, p.pid);
		w->sees_processes &= !rp_is_denied(r); /* hidepid=1: what it is remains unknown */
		if (rp_is_ended(r) || rp_is_denied(r))
			continue; /* while we looked */
		if (r < 0)
			return r;
		rp_owner_names_parse(rp_strbuf_str(&text), &p.names);
		if (rp_grow(&w->processes, &w->cap_processes, w->n_processes + 1, sizeof(p)) < 0)
			return -ENOMEM;
		w->processes[w->n_processes++] = p;
	}
	w->has_processes = true;
	return 0;
}

#define STAT_PPID  4
#define STAT_START 22

/*
 * Read a number of /proc/PID/stat by its number in proc(5). The name in parentheses, field 2, may
 * have blanks and parentheses itself, so fields are counted from the last parenthesis.
 */
static int read_stat(struct rp_tree *t, const char *proc, uint32_t pid, unsigned field,
		     uint64_t *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read(t, &text, "%s/%u/stat", proc, pid);
	const char *p = r == 0 ? strrchr(rp_strbuf_str(&text), ')') : NULL;

	if (r < 0)
		return r;
	if (field == STAT_START && rp_process_has_ended(rp_strbuf_str(&text)))
		return -ESRCH; /* as when its parent had asked for it */
	for (unsigned i = 2; p && i < field; i++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return -EBADMSG;
	return rp_parse_u64_part(p, strcspn(p, " \n"), 10, ret) < 0 ? -EBADMSG : 0;
}

int rp_host_view_open_host(struct rp_host_view *w, struct rp_tree **ret)
{
	int r = 0;

	if (rp_tree_kind(w->tree) != RP_TREE_SIM) {
		*ret = w->tree;
		return 0;
	}
	if (!w->host)
		r = rp_tree_open("/", RP_TREE_REAL, &w->host);
	*ret = w->host;
	return r;
}

/* Return whether an owner that is a process runs there, with the start time that it had. */
static bool runs_on_host(struct rp_host_view *w, const struct rp_owner *o)
{
	struct rp_tree *host = NULL;
	uint64_t start = 0;

	return has_read(w, rp_host_view_open_host(w, &host)) &&
	       has_read(w, read_stat(host, "proc", o->pid, STAT_START, &start)) &&
	       start == o->start_ticks;
}

/* Record what makes a pid one process: its start time and the boot. */
static int pin_process(struct rp_host_view *w, struct rp_tree *t, const char *proc,
		       struct rp_owner *o)
{
	int r = read_stat(t, proc, o->pid, STAT_START, &o->start_ticks);

	if (r < 0)
		return rp_is_ended(r) ? -ENOENT : r;
	memcpy(o->boot, w->boot, sizeof(o->boot));
	return 0;
}

int rp_host_view_pin_owner(struct rp_host_view *w, struct rp_owner *o)
{
	return pin_process(w, w->tree, w->proc, o);
}

int rp_host_view_pin_own(struct rp_host_view *w, struct rp_owner *o)
{
	struct rp_tree *host = NULL;
	int r = rp_host_view_open_host(w, &host);

	return r < 0 ? r : pin_process(w, host, "proc", o);
}

/*
 * Judge an owner that is a process. Another boot id proves that it is gone; another start time
 * under the pid, or no such process, prove it only where all processes are shown.
 */
static enum rp_owner_status judge_process(struct rp_host_view *w, const struct rp_owner *o)
{
	uint64_t start = 0;
	int r;

	if (*w->boot && *o->boot && !rp_str_eq(w->boot, o->boot))
		return RP_OWNER_GONE;
	if (!w->sees_processes)
		return RP_OWNER_UNKNOWN;
	r = read_stat(w->tree, w->proc, o->pid, STAT_START, &start);
	if ((r == 0 && start == o->start_ticks) || runs_on_host(w, o))
		return RP_OWNER_ALIVE;
	return has_read(w, r) || rp_is_ended(r) ? RP_OWNER_GONE : RP_OWNER_UNKNOWN;
}

bool rp_host_view_is_container_id(const char *name)
{
	return strlen(name) >= SHOWN_ID && strspn(name, "0123456789abcdef") == strlen(name);
}

/* Return whether docker has recorded the name for the container; it records a slash before it. */
static bool has_docker_name(struct rp_host_view *w, const char *id, const char *name)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *j = NULL;
	const char *have;

	if (!has_read(w, rp_tree_read_file(w->tree, 1024 * 1024, &text,
					   DOCKER_DIR "/%s/config.v2.json", id)))
		return false;
	/* What is no JSON has no name; only the lack of memory to read it is an error. */
	if (rp_json_parse(rp_strbuf_str(&text), text.len, id, &j, NULL) == -ENOMEM)
		return has_read(w, -ENOMEM);
	have = rp_json_text(rp_json_get(j, "Name"));
	return have && *have == '/' && rp_str_eq(have + 1, name);
}

/*
 * Find the id of a container as the cgroup of its processes shows it. 0; -ENOENT: no container has
 * that name; -EACCES: docker's folder cannot be read.
 */
static int find_docker_id(struct rp_host_view *w, const char *name, char ret[SHOWN_ID + 1])
{
	RP_AUTO_NAMES struct rp_names ids = RP_NAMES_INIT;
	int r;

	if (rp_host_view_is_container_id(name))
		return rp_fmt(ret, SHOWN_ID + 1, "%.*s", SHOWN_ID, name);
	r = rp_tree_list(w->tree, &ids, DOCKER_DIR);
	if (!has_read(w, r))
		return -EACCES;
	for (size_t i = 0; i < ids.n; i++)
		if (has_docker_name(w, ids.v[i], name))
			return rp_fmt(ret, SHOWN_ID + 1, "%.*s", SHOWN_ID, ids.v[i]);
	return -ENOENT;
}

/*
 * Return whether the cgroup of a process names the owner. id: of the container, "" when it is not
 * known.
 */
static bool is_owner_named(struct rp_host_view *w, const struct rp_owner_names *n,
			   const struct rp_owner *o, const char *id)
{
	const char *colon = strchr(n->container, ':');

	switch (o->kind) {
	case RP_OWNER_DOCKER:
		return colon && *id && rp_str_eq(colon + 1, id);
	case RP_OWNER_UNIT:
		return rp_str_eq(n->unit, o->name);
	case RP_OWNER_JOB:
		return rp_str_eq(n->job, o->name);
	case RP_OWNER_POD:
		return *n->pod && (rp_str_eq(n->pod, o->boot) ||
				   is_so(w, rp_pod_has_uid(w->tree, o->name, n->pod)));
	case RP_OWNER_NONE:
	case RP_OWNER_PID:
	default:
		return false;
	}
}

/*
 * Return whether docker has removed the container. Only an id proves it, as a name may come back.
 */
static bool is_container_removed(struct rp_host_view *w, const struct rp_owner *o)
{
	RP_AUTO_NAMES struct rp_names ids = RP_NAMES_INIT;

	if (o->kind != RP_OWNER_DOCKER || !rp_host_view_is_container_id(o->name) ||
	    !has_read(w, rp_tree_list(w->tree, &ids, DOCKER_DIR)))
		return false;
	for (size_t i = 0; i < ids.n; i++)
		if (strncmp(ids.v[i], o->name, SHOWN_ID) == 0)
			return false;
	return true;
}

bool rp_host_view_pin_pod(struct rp_host_view *w, struct rp_owner *o)
{
	char uid[RP_POD_UID_SIZE];

	_Static_assert(sizeof(uid) == sizeof(o->boot), "a UID is kept where a boot id is");
	if (o->kind != RP_OWNER_POD ||
	    (*o->boot && !is_so(w, rp_pod_is_removed(w->tree, o->boot))) ||
	    !has_read(w, rp_pod_find(w->tree, o->name, uid)) || rp_str_eq(uid, o->boot))
		return false;
	memcpy(o->boot, uid, sizeof(o->boot));
	return true;
}

/*
 * Order of the judgement: a pid by itself; no owner that this host cannot show; ALIVE when a
 * process names the owner; nothing more unless all processes are shown; GONE when nothing can bring
 * it back; else QUIET.
 */
int rp_host_view_owner_status(struct rp_host_view *w, const struct rp_owner *o, bool was_seen,
			      enum rp_owner_status *ret)
{
	char id[SHOWN_ID + 1] = "";
	int r;

	*ret = RP_OWNER_UNKNOWN;
	if (o->kind == RP_OWNER_PID)
		*ret = judge_process(w, o);
	if (!rp_host_view_can_tell(w, o) || o->kind == RP_OWNER_PID)
		return 0;
	r = rp_host_view_read_processes(w);
	if (r < 0)
		return r;
	if (o->kind == RP_OWNER_DOCKER)
		(void)find_docker_id(w, o->name, id);
	for (size_t i = 0; i < w->n_processes; i++)
		if (is_owner_named(w, &w->processes[i].names, o, id)) {
			*ret = RP_OWNER_ALIVE;
			return 0;
		}
	if (!w->sees_processes)
		return 0;
	/* A job that was seen and has no process has ended. (Requeued, it must be leased again.) */
	if ((was_seen && (o->kind == RP_OWNER_JOB || is_container_removed(w, o))) ||
	    (o->kind == RP_OWNER_POD && *o->boot && is_so(w, rp_pod_is_removed(w->tree, o->boot))))
		*ret = RP_OWNER_GONE;
	else
		*ret = RP_OWNER_QUIET;
	return 0;
}

bool rp_host_view_can_tell(struct rp_host_view *w, const struct rp_owner *o)
{
	char id[SHOWN_ID + 1];

	switch (o->kind) {
	case RP_OWNER_PID:
	case RP_OWNER_UNIT:
	case RP_OWNER_JOB:
		return true;
	case RP_OWNER_DOCKER:
		return find_docker_id(w, o->name, id) == 0;
	case RP_OWNER_POD:
		return is_so(w, rp_pod_logs_are_shown(w->tree));
	case RP_OWNER_NONE:
	default:
		return false;
	}
}

/*
 * Return whether pid is the process `of` or descends from it; at most 64 generations are followed.
 */
static bool is_descendant(struct rp_host_view *w, uint32_t pid, uint32_t of)
{
	for (int depth = 0; depth < 64 && pid > 1; depth++) {
		uint64_t parent;

		if (pid == of)
			return true;
		if (!has_read(w, read_stat(w->tree, w->proc, pid, STAT_PPID, &parent)) ||
		    parent > UINT32_MAX)
			return false;
		pid = (uint32_t)parent;
	}
	return false;
}

static bool read_names(struct rp_host_view *w, uint32_t pid, struct rp_owner_names *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (!has_read(w, rp_tree_read_file(w->tree, 65536, &text, "%s/%u/cgroup", w->proc, pid)))
		return false;
	rp_owner_names_parse(rp_strbuf_str(&text), ret);
	return true;
}

/*
 * Return whether a process is in the cgroup that `rocpart run` made for the owner. That holds also
 * when its parents have ended, so that is_descendant() does not see the relation.
 */
static bool is_in_group_of(struct rp_host_view *w, uint32_t pid, uint32_t owner)
{
	struct rp_owner_names names, of_owner;

	return read_names(w, pid, &names) && *names.run && read_names(w, owner, &of_owner) &&
	       rp_str_eq(names.run, of_owner.run);
}

bool rp_host_view_runs(struct rp_host_view *w, uint32_t pid, int64_t lease)
{
	struct rp_owner_names names;

	return read_names(w, pid, &names) && rp_owner_names_run(&names, lease);
}

bool rp_host_view_belongs(struct rp_host_view *w, uint32_t pid, const struct rp_owner *o)
{
	char id[SHOWN_ID + 1] = "";

	if (o->kind == RP_OWNER_PID)
		return judge_process(w, o) == RP_OWNER_ALIVE &&
		       (is_descendant(w, pid, o->pid) || is_in_group_of(w, pid, o->pid));
	if (o->kind == RP_OWNER_DOCKER && find_docker_id(w, o->name, id) < 0)
		return false;
	if (!has_read(w, rp_host_view_read_processes(w)))
		return false;
	for (size_t i = 0; i < w->n_processes; i++)
		if (w->processes[i].pid == pid)
			return is_owner_named(w, &w->processes[i].names, o, id);
	return false;
}
