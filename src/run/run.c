/* SPDX-License-Identifier: MIT */
/* A program on partitions: process, lease, control group, environment; docs/design/limits.md. */
#include "rocpart/run.h"

#include <time.h>

#include "base/num.h"
#include "leases/limits.h"
#include "leases/place.h"
#include "leases/public.h"
#include "run/cgroup.h"
#include "run/handout.h"
#include "run/start.h"

/* Of one program of the caller at the same time. */
#define MAX_RUNS 10000

struct rocpart_run {
	struct rocpart_machine *machine;
	struct rp_waiting process;
	const struct rocpart_user *user; /* of the command, while it is being placed */
	struct rp_cgroup groups[2];	 /* by kind */
	struct rocpart_error no_group;	 /* why there is none of v2 */
	struct rp_confinement how;
	struct rocpart_handout *handout;
	struct rp_names missing;
	struct rp_strbuf leases; /* "3 4": of which it runs */
	int64_t *placed;	 /* that end with it */
	size_t n_placed;
	struct rp_lease_db *db; /* left open: to open it takes longer than to end the leases */
	bool is_started;
};

static int check(struct rocpart_machine *machine, const struct rocpart_command *command,
		 struct rocpart_error *reterr)
{
	if (!command->argv[0] || !*command->argv[0])
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "no command given");
	if (rp_tree_kind(machine->tree) == RP_TREE_CAPTURE)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture is read-only: no program can run on it");
	return 0;
}

/*
 * Milliseconds since the boot: with the pid of the watcher they make the name of a group one that
 * no other group of this boot has, also when the kernel reuses the pid.
 */
static uint64_t read_boot_ms(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * leases: which others leased, or "". Lease numbers of a simulated machine say nothing about the
 * GPUs of this computer.
 */
static int make_group(struct rocpart_run *run, enum rp_cgroup_kind kind, const char *leases,
		      struct rocpart_error *reterr)
{
	const struct rocpart_machine *m = run->machine;
	bool is_sim = rp_machine_is_simulated(m);
	const uint64_t first = read_boot_ms();
	char name[RP_OWNER_SIZE];
	int r = -EEXIST;

	for (uint64_t i = first; r == -EEXIST && i < first + MAX_RUNS; i++) {
		r = rp_fmt(name, sizeof(name), RP_CGROUP_PREFIX "%d-%llu%s%s", (int)getpid(),
			   (unsigned long long)i, *leases || is_sim ? "-" : "",
			   is_sim ? "sim" : leases);
		for (char *p = name; r == 0 && *p; p++)
			*p = *p == ' ' ? '.' : *p;
		if (r == 0)
			r = rp_cgroup_make(kind, name, &run->groups[kind], reterr);
		else
			r = rp_error_set(reterr, -ENAMETOOLONG, ROCPART_ERR_FAILED, NULL,
					 "cannot create a cgroup: its name has no room for that "
					 "many leases");
	}
	return r;
}

static int make_process(struct rocpart_run *run, const struct rocpart_command *command)
{
	struct rp_cgroup *g = &run->groups[RP_CGROUP_V2];
	int r = rp_start_wait(command, g->fd, &run->process);

	if (r == 0 || g->fd < 0)
		return r;
	/* a kernel before 5.7, or a filter of system calls that does not know clone3 */
	r = rp_start_wait(command, -EBADF, &run->process);
	if (r < 0)
		return r;
	r = rp_cgroup_add(g, run->process.pid);
	if (r < 0) {
		rp_cgroup_remove(g);
		(void)rp_error_errno(&run->no_group, r, NULL,
				     "cannot move the process into a cgroup");
	}
	return 0;
}

/* leases: as text, where others leased them. */
static int run_new(struct rocpart_machine *machine, const struct rocpart_command *command,
		   const struct rp_strbuf *leases, struct rocpart_run **ret,
		   struct rocpart_error *reterr)
{
	struct rocpart_run *run = rp_new0(struct rocpart_run, 1);
	int r;

	if (!run)
		return rp_error_nomem(reterr);
	*run = (struct rocpart_run){.machine = machine,
				    .process = RP_WAITING_INIT,
				    .user = command->user,
				    .groups = {RP_CGROUP_INIT, RP_CGROUP_INIT},
				    .leases = RP_STRBUF_INIT,
				    .missing = RP_NAMES_INIT};
	rp_strbuf_add(&run->leases, rp_strbuf_str(leases));
	(void)make_group(run, RP_CGROUP_V2, rp_strbuf_str(leases), &run->no_group);
	r = make_process(run, command);
	if (r < 0) {
		rocpart_run_free(run);
		return rp_error_errno(reterr, r, command->argv[0], "cannot create the process");
	}
	*ret = run;
	return 0;
}

ROCPART_PUBLIC uint32_t rocpart_run_get_pid(const struct rocpart_run *run)
{
	return (uint32_t)run->process.pid;
}

/* ---- control groups ---- */

static int add_missing_text(struct rocpart_run *run, const char *what, const char *why)
{
	RP_AUTO_FREE char *text = rp_strdupf("%s: %s", what, why);

	return text ? rp_names_add(&run->missing, text) : -ENOMEM;
}

static int add_missing(struct rocpart_run *run, const char *what, const struct rocpart_error *why)
{
	return add_missing_text(run, what, why->message);
}

/* Of "/dev/dri/renderD131" and "/dev/dri/card3": DRM names its nodes by minor. */
static uint32_t *collect_minors(const struct rocpart_handout *h, size_t *ret_n)
{
	size_t n = 0, k = 0;
	uint32_t *minors;
	const char *path;

	while (rocpart_handout_get_device(h, n))
		n++;
	minors = rp_new0(uint32_t, n);
	for (size_t i = 0; minors && (path = rocpart_handout_get_device(h, i)); i++)
		if (rp_parse_u32(path + strcspn(path, "0123456789"), 10, &minors[k]) == 0)
			k++;
	*ret_n = k;
	return minors;
}

static const char *filter_problem(int r)
{
	switch (r) {
	case -EPERM:
	case -EACCES:
		return "this needs root (CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN)";
	case -EINVAL:
	case -ENOSYS:
	case -EOPNOTSUPP:
		return "this kernel has no eBPF device filter for cgroups";
	default:
		return rocpart_strerror(r);
	}
}

/* 0, or errno with the reason. */
static int filter(const struct rp_cgroup *g, const uint32_t *minors, size_t n,
		  struct rocpart_error *reterr)
{
	int r = rp_cgroup_filter(g, minors, n);

	return r < 0 ? rp_error_set(reterr, r, ROCPART_ERR_PERMISSION, NULL, "%s",
				    filter_problem(r))
		     : 0;
}

/* Where v2 or its eBPF is not to be had. The process enters when the filter is there. */
static bool confine_by_v1(struct rocpart_run *run, const uint32_t *minors, size_t n)
{
	struct rp_cgroup *g = &run->groups[RP_CGROUP_V1_DEVICES];
	int r = make_group(run, RP_CGROUP_V1_DEVICES, "", NULL);

	if (r == 0)
		r = rp_cgroup_filter(g, minors, n);
	if (r == 0)
		r = rp_cgroup_add(g, run->process.pid);
	if (r < 0)
		rp_cgroup_remove(g);
	return r == 0;
}

static int attach_filter(struct rocpart_run *run)
{
	const struct rp_cgroup *g = &run->groups[RP_CGROUP_V2];
	struct rocpart_error no_filter = {0};
	size_t n = 0;
	RP_AUTO_FREE uint32_t *minors = collect_minors(run->handout, &n);

	if (!minors)
		return -ENOMEM;
	if (g->path && filter(g, minors, n, &no_filter) == 0)
		run->how.access = RP_ACCESS_EBPF;
	else if (confine_by_v1(run, minors, n))
		run->how.access = RP_ACCESS_CGROUP;
	if (run->how.access != RP_ACCESS_OPEN)
		return 0;
	if (!g->path && add_missing(run, "processes that the program leaves behind are not found",
				    &run->no_group) < 0)
		return -ENOMEM;
	return add_missing(run, "access to other partitions is not denied",
			   g->path ? &no_filter : &run->no_group);
}

/*
 * Who can get out of the filter, which then is no more than a rule to keep to. Whoever attached it
 * has the rights of root, and so has a command that keeps the caller's user.
 */
static int judge_filter(struct rocpart_run *run)
{
	const struct rocpart_user *user = run->user;
	const struct rp_cgroup *g = run->groups[RP_CGROUP_V2].path
					    ? &run->groups[RP_CGROUP_V2]
					    : &run->groups[RP_CGROUP_V1_DEVICES];
	const char *why;

	run->user = NULL; /* borrowed until here */
	run->how.group = g->path ? strrchr(g->path, '/') + 1 : NULL;
	if (run->how.access == RP_ACCESS_OPEN)
		return 0;
	run->how.is_root = !user || user->uid == 0;
	run->how.can_leave = !run->how.is_root && rp_cgroup_can_be_left(g, user);
	if (!run->how.is_root && !run->how.can_leave)
		return 0;
	why = run->how.is_root ? "the command runs as root and can leave its cgroup; `--user NAME` "
				 "runs it as another user"
			       : "a cgroup above belongs to the user of the command, who can move "
				 "the command out of it";
	return add_missing_text(run, "access to other partitions is denied, but not for certain",
				why);
}

static int confine(struct rocpart_run *run)
{
	int r = attach_filter(run);

	return r < 0 ? r : judge_filter(run);
}

/* ---- partitions ---- */

/* "BDF/ID" of what was placed. */
static int hand_out(struct rocpart_run *run, struct rocpart_snapshot *snapshot,
		    const struct rp_lease_list *made, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;

	for (size_t i = 0; i < made->n; i++) {
		const struct rp_claim *c = &made->v[i].claims[0];
		RP_AUTO_FREE char *name = rp_strdupf("%s/%u", c->bdf, c->part);

		if (!name || rp_names_add(&names, name) < 0)
			return rp_error_nomem(reterr);
		rp_strbuf_addf(&run->leases, "%s%lld", i ? " " : "", (long long)made->v[i].id);
	}
	if (rp_strbuf_failed(&run->leases))
		return rp_error_nomem(reterr);
	return rp_handout_new_of(run->machine, snapshot, (const char *const *)names.v, names.n,
				 &run->handout, reterr);
}

/* What holds for it is known now: into its lease. */
static int record_limits(struct rocpart_run *run, struct rp_session *s, struct rp_lease *l,
			 struct rocpart_error *reterr)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(s->host.snapshot, l->claims[0].bdf);
	char *text = NULL;

	if (rp_limits_text(rp_gpu_partition_by_id(gpu, l->claims[0].part), l->share, &run->how,
			   &text) < 0)
		return rp_error_nomem(reterr);
	free(l->limits);
	l->limits = text;
	return rp_lease_db_set_limits(s->db, l->id, text, reterr);
}

static int placed(void *userdata, struct rp_session *s, struct rp_lease_list *made,
		  struct rocpart_error *reterr)
{
	struct rocpart_run *run = userdata;
	int r = hand_out(run, s->host.snapshot, made, reterr);

	if (r == 0 && confine(run) < 0)
		r = rp_error_nomem(reterr);
	for (size_t i = 0; r == 0 && run->how.group && i < made->n; i++)
		r = record_limits(run, s, &made->v[i], reterr);
	if (r < 0)
		return r;
	run->placed = rp_new0(int64_t, made->n);
	if (!run->placed)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < made->n; i++)
		run->placed[run->n_placed++] = made->v[i].id;
	return 0;
}

/* The flags of an engine come from what a lease records of its model: looked up where there is one.
 */
static int add_engine(struct rocpart_run *run, const struct rocpart_lease *first,
		      struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names ids = RP_NAMES_INIT;
	struct rocpart_handout *h = NULL;
	int r = 0;

	if (!*first->footprint)
		return 0;
	for (size_t i = 0; r == 0 && i < run->n_placed; i++) {
		RP_AUTO_FREE char *id = rp_strdupf("%lld", (long long)run->placed[i]);

		r = id ? rp_names_add(&ids, id) : -ENOMEM;
	}
	if (r < 0)
		return rp_error_nomem(reterr);
	r = rocpart_handout_new(run->machine, (const char *const *)ids.v, ids.n, &h, reterr);
	if (r < 0)
		return r;
	rocpart_handout_free(run->handout);
	run->handout = h;
	return 0;
}

static int place(struct rocpart_run *run, const struct rocpart_place_options *const *options,
		 size_t n_options, struct rocpart_leases **ret, struct rocpart_error *reterr)
{
	struct rp_placing what = {.machine = run->machine,
				  .options = options,
				  .n_options = n_options,
				  .how = RP_LEASE_MAKE_BRIEF,
				  .own_pid = (uint32_t)run->process.pid,
				  .placed = placed,
				  .userdata = run,
				  .ret_db = &run->db};
	struct rocpart_leases *leases = NULL;
	int r = rp_place(&what, &leases, reterr);

	if (r < 0) {
		run->n_placed = 0;
		return r;
	}
	r = add_engine(run, rocpart_leases_get(leases, 0), reterr);
	if (r < 0) {
		rocpart_leases_free(leases);
		return r;
	}
	*ret = leases;
	return 0;
}

ROCPART_PUBLIC int rocpart_run_place(struct rocpart_machine *machine,
				     const struct rocpart_command *command,
				     const struct rocpart_place_options *const *options,
				     size_t n_options, struct rocpart_run **ret_run,
				     struct rocpart_leases **ret_leases,
				     struct rocpart_error *reterr)
{
	const struct rp_strbuf none = RP_STRBUF_INIT;
	struct rocpart_run *run = NULL;
	int r = check(machine, command, reterr);

	if (r == 0)
		r = run_new(machine, command, &none, &run, reterr);
	if (r == 0)
		r = place(run, options, n_options, ret_leases, reterr);
	if (r < 0) {
		rocpart_run_free(run);
		return r;
	}
	*ret_run = run;
	return 0;
}

/* "3 4": the numbers of the leases that the words name. */
static int join_leases(struct rocpart_machine *m, const char *const *words, size_t n,
		       struct rp_strbuf *ret, struct rocpart_error *reterr)
{
	struct rocpart_leases *leases = NULL;
	const struct rocpart_lease *l;
	int r = rocpart_leases_new(m, &leases, reterr);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = rocpart_leases_find(leases, words[i], &l, reterr);
		if (r == 0)
			rp_strbuf_addf(ret, "%s%llu", i ? " " : "", (unsigned long long)l->id);
	}
	rocpart_leases_free(leases);
	return r == 0 && rp_strbuf_failed(ret) ? rp_error_nomem(reterr) : r;
}

ROCPART_PUBLIC int rocpart_run_use(struct rocpart_machine *machine,
				   const struct rocpart_command *command, const char *const *leases,
				   size_t n_leases, struct rocpart_run **ret_run,
				   struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT;
	struct rocpart_run *run = NULL;
	int r = check(machine, command, reterr);

	if (r == 0)
		r = join_leases(machine, leases, n_leases, &names, reterr);
	if (r == 0)
		r = run_new(machine, command, &names, &run, reterr);
	if (r == 0)
		r = rocpart_handout_new(machine, leases, n_leases, &run->handout, reterr);
	if (r == 0 && confine(run) < 0)
		r = rp_error_nomem(reterr);
	if (r < 0) {
		rocpart_run_free(run);
		return r;
	}
	*ret_run = run;
	return 0;
}

ROCPART_PUBLIC const struct rocpart_handout *rocpart_run_get_handout(const struct rocpart_run *run,
								     enum rocpart_view *ret_view)
{
	*ret_view = run->how.access == RP_ACCESS_OPEN ? ROCPART_VIEW_HOST : ROCPART_VIEW_OWN;
	return run->handout;
}

ROCPART_PUBLIC const char *rocpart_run_get_missing(const struct rocpart_run *run, size_t index)
{
	return index < run->missing.n ? run->missing.v[index] : NULL;
}

/* ---- starting and ending ---- */

/* As rp_start_go() takes them, each with its NUL. */
static int make_changes(const struct rocpart_run *run, struct rp_strbuf *out)
{
	const char *name, *value;
	enum rocpart_view view;
	const struct rocpart_handout *h = rocpart_run_get_handout(run, &view);

	for (size_t i = 0; (name = rocpart_handout_get_conflict(h, view, i)); i++)
		rp_strbuf_add_mem(out, name, strlen(name) + 1);
	for (size_t i = 0; rocpart_handout_get_variable(h, view, i, &name, &value) == 0; i++) {
		rp_strbuf_addf(out, "%s=%s", name, value);
		rp_strbuf_add_char(out, '\0');
	}
	rp_strbuf_addf(out, "ROCPART_LEASE=%s", rp_strbuf_str(&run->leases));
	rp_strbuf_add_char(out, '\0');
	return rp_strbuf_failed(out) ? -ENOMEM : 0;
}

ROCPART_PUBLIC int rocpart_run_start(struct rocpart_run *run, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf changes = RP_STRBUF_INIT;
	int r;

	if (run->is_started)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "the program runs already");
	if (make_changes(run, &changes) < 0)
		return rp_error_nomem(reterr);
	r = rp_start_go(&run->process, changes.s, changes.len, reterr);
	if (r < 0)
		return r;
	run->is_started = true;
	return 0;
}

/* The machine need not be looked at: a lease of ours is given back as it was taken. */
static int end_leases(struct rocpart_run *run, struct rocpart_error *reterr)
{
	int r;

	if (!run->n_placed)
		return 0;
	r = rp_lease_db_begin(run->db, reterr);
	for (size_t i = 0; r == 0 && i < run->n_placed; i++) {
		r = rp_lease_db_remove(run->db, run->placed[i], "released when its program ended",
				       reterr);
		r = r == -ENOENT ? 0 : r; /* somebody released it, or saw that its owner is gone */
	}
	if (r == 0)
		r = rp_lease_db_commit(run->db, reterr);
	if (r == 0) {
		run->n_placed = 0;
		rp_public_write(run->machine, run->db);
	}
	return r;
}

/* The lease keeps its owner, which is gone; reconciliation finds the cgroup in its limits. */
static int note_left(struct rocpart_run *run, size_t left, struct rocpart_error *reterr)
{
	char text[256];
	int r = run->n_placed ? rp_lease_db_begin(run->db, reterr) : 0;

	(void)rp_fmt(text, sizeof(text),
		     "its command ended; processes in the cgroup %s keep the lease: %zu",
		     run->how.group ? run->how.group : "", left);
	for (size_t i = 0; r == 0 && i < run->n_placed; i++)
		r = rp_lease_db_event(run->db, run->placed[i], text, reterr);
	if (r == 0 && run->n_placed)
		r = rp_lease_db_commit(run->db, reterr);
	return r;
}

ROCPART_PUBLIC int rocpart_run_finish(struct rocpart_run *run, uint64_t grace_ms, size_t *ret_left,
				      struct rocpart_error *reterr)
{
	size_t left = 0, running = 0;
	int r;

	for (size_t i = 0; i < RP_ARRAY_LEN(run->groups); i++) {
		struct rp_cgroup *g = &run->groups[i];
		size_t n = grace_ms == ROCPART_RUN_LEAVE ? rp_cgroup_count(g)
							 : rp_cgroup_end(g, grace_ms);

		left = n > left ? n : left; /* a process is in one of each kind */
		n = n ? rp_cgroup_count(g) : 0;
		running = n > running ? n : running;
	}
	r = running ? note_left(run, running, reterr) : end_leases(run, reterr);
	for (size_t i = 0; i < RP_ARRAY_LEN(run->groups); i++)
		rp_cgroup_remove(&run->groups[i]);
	run->how.group = NULL;
	*ret_left = left;
	return r;
}

ROCPART_PUBLIC struct rocpart_run *rocpart_run_free(struct rocpart_run *run)
{
	if (!run)
		return NULL;
	if (!run->is_started) {
		rp_start_cancel(&run->process);
		for (size_t i = 0; i < RP_ARRAY_LEN(run->groups); i++)
			rp_cgroup_remove(&run->groups[i]);
		(void)end_leases(run, NULL);
	}
	for (size_t i = 0; i < RP_ARRAY_LEN(run->groups); i++) {
		rp_cleanup_close(&run->groups[i].fd);
		free(run->groups[i].path);
	}
	rp_lease_db_close(run->db);
	rocpart_handout_free(run->handout);
	rp_names_done(&run->missing);
	rp_strbuf_done(&run->leases);
	free(run->placed);
	free(run);
	return NULL;
}
