/* SPDX-License-Identifier: MIT */
/* Simulated machines by the path of their folder. */
#include "rocpart/sim.h"

#include "sim/sim.h"

/* One partition that a description names. */
struct place {
	char *bdf;
	uint32_t partition;
	uint64_t vram_bytes;
};

struct places {
	struct place *v;
	size_t n, cap;
};

struct rocpart_sim_process {
	uint32_t pid, uid;
	uint64_t start_ticks;
	char *comm, *cmdline, *cgroup; /* NULL: not set */
	bool kfd;
	struct places render, allow, vram;
};

/* ---- the machine ---- */

ROCPART_PUBLIC int rocpart_sim_create(const char *dir, const char *profile, size_t profile_bytes,
				      const char *profile_name, struct rocpart_error *reterr)
{
	if (profile_bytes > RP_SIM_PROFILE_MAX)
		return rp_error_set(reterr, -EFBIG, ROCPART_ERR_CONFIG_SYNTAX, profile_name,
				    "the profile is larger than 1 MiB");
	return rp_sim_create(dir, profile, profile_bytes, profile_name, reterr);
}

ROCPART_PUBLIC int rocpart_sim_remove(const char *dir, struct rocpart_error *reterr)
{
	return rp_sim_remove(dir, reterr);
}

ROCPART_PUBLIC int rocpart_sim_reset(const char *dir, struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_reset(sim, reterr);
}

ROCPART_PUBLIC int rocpart_sim_set_asks(const char *dir, bool asks, struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_set_asks(sim, asks, reterr);
}

ROCPART_PUBLIC int rocpart_sim_set_realistic(const char *dir, bool realistic,
					     struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_set_realistic(sim, realistic, reterr);
}

ROCPART_PUBLIC int rocpart_sim_set_no_sync(const char *dir, bool no_sync,
					   struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_set_no_sync(sim, no_sync, reterr);
}

ROCPART_PUBLIC int rocpart_sim_reload(const char *dir, struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_reload(sim, reterr);
}

/* ---- load and clock ---- */

ROCPART_PUBLIC int rocpart_sim_load_start(const char *dir, uint64_t seed, unsigned int rate,
					  struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_load_start(sim, seed, rate, reterr);
}

ROCPART_PUBLIC int rocpart_sim_load_add(const char *dir, const char *target,
					unsigned int busy_percent, uint64_t vram_bytes,
					uint64_t seconds, struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_load_add(sim, target, busy_percent, vram_bytes, seconds, reterr);
}

ROCPART_PUBLIC int rocpart_sim_load_script(const char *dir, const char *text, const char *name,
					   struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_load_script(sim, text, name, reterr);
}

ROCPART_PUBLIC int rocpart_sim_clock_advance(const char *dir, uint64_t seconds,
					     struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_clock_advance(sim, seconds, reterr);
}

ROCPART_PUBLIC int rocpart_sim_clock_set_rate(const char *dir, unsigned int rate,
					      struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_clock_set_rate(sim, rate, reterr);
}

ROCPART_PUBLIC int rocpart_sim_load_stop(const char *dir, struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_load_stop(sim, reterr);
}

/* A text that a function of the simulator writes. */
static int get_text(const char *dir, int (*fn)(struct rp_sim *sim, struct rp_strbuf *ret),
		    const char *failed, char **ret, struct rocpart_error *err)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_sim_open(dir, &sim, err);
	char *copy;

	if (r < 0)
		return r;
	r = fn(sim, &text);
	if (r < 0)
		return rp_error_errno(err, r, dir, "%s", failed);
	copy = rp_strdupf("%s", rp_strbuf_str(&text));
	if (!copy)
		return rp_error_nomem(err);
	*ret = copy;
	return 0;
}

ROCPART_PUBLIC int rocpart_sim_load_show(const char *dir, char **ret_json,
					 struct rocpart_error *reterr)
{
	return get_text(dir, rp_sim_load_show, "cannot read the load of the simulated machine",
			ret_json, reterr);
}

ROCPART_PUBLIC int rocpart_sim_get_profile(const char *dir, char **ret_name,
					   struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);
	char *name;

	if (r < 0)
		return r;
	name = rp_strdupf("%s", rp_sim_profile_name(sim));
	if (!name)
		return rp_error_nomem(reterr);
	*ret_name = name;
	return 0;
}

ROCPART_PUBLIC int rocpart_sim_get_abi(const char *dir, unsigned int *ret_generation,
				       struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	if (r == 0)
		*ret_generation = (unsigned int)(rp_sim_abi(sim)[1] - '0');
	return r;
}

ROCPART_PUBLIC int rocpart_sim_get_gpu_count(const char *dir, size_t *ret_count,
					     struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	if (r == 0)
		*ret_count = rp_sim_gpu_count(sim);
	return r;
}

/* ---- describing a process ---- */

static void places_done(struct places *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].bdf);
	free(p->v);
	*p = (struct places){0};
}

static int places_add(struct places *p, const char *bdf, uint32_t partition, uint64_t vram_bytes)
{
	char *copy = rp_strdupf("%s", bdf);

	if (!copy || rp_grow(&p->v, &p->cap, p->n + 1, sizeof(*p->v)) < 0) {
		free(copy);
		return -ENOMEM;
	}
	p->v[p->n++] = (struct place){copy, partition, vram_bytes};
	return 0;
}

ROCPART_PUBLIC int rocpart_sim_process_new(struct rocpart_sim_process **ret_process)
{
	struct rocpart_sim_process *p = rp_new0(struct rocpart_sim_process, 1);

	if (!p)
		return -ENOMEM;
	*ret_process = p;
	return 0;
}

ROCPART_PUBLIC struct rocpart_sim_process *
rocpart_sim_process_free(struct rocpart_sim_process *process)
{
	if (!process)
		return NULL;
	places_done(&process->render);
	places_done(&process->allow);
	places_done(&process->vram);
	free(process->comm);
	free(process->cmdline);
	free(process->cgroup);
	free(process);
	return NULL;
}

ROCPART_PUBLIC void rocpart_sim_process_set_pid(struct rocpart_sim_process *process, uint32_t pid)
{
	process->pid = pid;
}

ROCPART_PUBLIC void rocpart_sim_process_set_uid(struct rocpart_sim_process *process, uint32_t uid)
{
	process->uid = uid;
}

ROCPART_PUBLIC void rocpart_sim_process_set_start(struct rocpart_sim_process *process,
						  uint64_t ticks)
{
	process->start_ticks = ticks;
}

ROCPART_PUBLIC int rocpart_sim_process_set_command(struct rocpart_sim_process *process,
						   const char *comm, const char *cmdline,
						   struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *name = NULL;
	RP_AUTO_FREE char *line = NULL;

	if (!*comm)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "the name of a process must not be empty");
	name = rp_strdupf("%s", comm);
	line = rp_strdupf("%s", cmdline ? cmdline : comm);
	if (!name || !line)
		return rp_error_nomem(reterr);
	free(process->comm);
	free(process->cmdline);
	process->comm = rp_steal(&name);
	process->cmdline = rp_steal(&line);
	return 0;
}

ROCPART_PUBLIC int rocpart_sim_process_set_cgroup(struct rocpart_sim_process *process,
						  const char *path, struct rocpart_error *reterr)
{
	char *copy;

	if (path[0] != '/' || strchr(path, '\n'))
		return rp_error_set(
			reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, path,
			"the path of a cgroup must begin with '/' and not contain a line break");
	copy = rp_strdupf("%s", path);
	if (!copy)
		return rp_error_nomem(reterr);
	free(process->cgroup);
	process->cgroup = copy;
	return 0;
}

ROCPART_PUBLIC void rocpart_sim_process_open_kfd(struct rocpart_sim_process *process)
{
	process->kfd = true;
}

ROCPART_PUBLIC int rocpart_sim_process_open_render(struct rocpart_sim_process *process,
						   const char *bdf, uint32_t partition)
{
	return places_add(&process->render, bdf, partition, 0);
}

ROCPART_PUBLIC int rocpart_sim_process_allow(struct rocpart_sim_process *process, const char *bdf,
					     uint32_t partition)
{
	return places_add(&process->allow, bdf, partition, 0);
}

ROCPART_PUBLIC int rocpart_sim_process_use_vram(struct rocpart_sim_process *process,
						const char *bdf, uint32_t partition,
						uint64_t vram_bytes)
{
	return places_add(&process->vram, bdf, partition, vram_bytes);
}

/* ---- starting and ending one ---- */

/* The same places as the simulator takes them; caller frees. NULL: out of memory. */
static struct rp_sim_slot *to_slots(const struct places *p)
{
	struct rp_sim_slot *slots = rp_new0(struct rp_sim_slot, p->n);

	for (size_t i = 0; slots && i < p->n; i++)
		slots[i] = (struct rp_sim_slot){p->v[i].bdf, p->v[i].partition, p->v[i].vram_bytes};
	return slots;
}

ROCPART_PUBLIC int rocpart_sim_hold(const char *dir, const struct rocpart_sim_process *process,
				    uint32_t *ret_pid, struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	RP_AUTO_FREE struct rp_sim_slot *render = to_slots(&process->render);
	RP_AUTO_FREE struct rp_sim_slot *allow = to_slots(&process->allow);
	RP_AUTO_FREE struct rp_sim_slot *vram = to_slots(&process->vram);
	const struct rp_sim_process p = {
		.pid = process->pid,
		.uid = process->uid,
		.comm = process->comm,
		.cmdline = process->cmdline,
		.cgroup = process->cgroup,
		.start_ticks = process->start_ticks,
		.kfd = process->kfd,
		.render = render,
		.n_render = process->render.n,
		.allow = allow,
		.n_allow = process->allow.n,
		.vram = vram,
		.n_vram = process->vram.n,
	};
	int r;

	if (!render || !allow || !vram)
		return rp_error_nomem(reterr);
	r = rp_sim_open(dir, &sim, reterr);
	return r < 0 ? r : rp_sim_hold(sim, &p, ret_pid, reterr);
}

ROCPART_PUBLIC int rocpart_sim_unhold(const char *dir, uint32_t pid, struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_unhold(sim, pid, reterr);
}

ROCPART_PUBLIC int rocpart_sim_get_pids(const char *dir, uint32_t **ret_pids, size_t *ret_count,
					struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	if (r < 0)
		return r;
	r = rp_sim_pids(sim, ret_pids, ret_count);
	return r < 0 ? rp_error_errno(reterr, r, dir,
				      "cannot list the processes of the simulated machine")
		     : 0;
}

/* ---- faults ---- */

ROCPART_PUBLIC int rocpart_sim_fault_add(const char *dir, const char *rule,
					 struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_fault_add(sim, rule, reterr);
}

ROCPART_PUBLIC int rocpart_sim_fault_plan(const char *dir, const char *rule, uint64_t seconds,
					  struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_fault_plan(sim, rule, seconds, reterr);
}

ROCPART_PUBLIC int rocpart_sim_fault_list(const char *dir, char **ret_rules,
					  struct rocpart_error *reterr)
{
	return get_text(dir, rp_sim_fault_list, "cannot list the faults of the simulated machine",
			ret_rules, reterr);
}

ROCPART_PUBLIC int rocpart_sim_fault_list_planned(const char *dir, char **ret_rules,
						  struct rocpart_error *reterr)
{
	return get_text(dir, rp_sim_fault_list_planned,
			"cannot list the faults of the simulated machine", ret_rules, reterr);
}

ROCPART_PUBLIC int rocpart_sim_get_kernel_log(const char *dir, char **ret_log,
					      struct rocpart_error *reterr)
{
	return get_text(dir, rp_sim_read_kernel_log,
			"cannot read the kernel log of the simulated machine", ret_log, reterr);
}

ROCPART_PUBLIC int rocpart_sim_fault_remove(const char *dir, const char *rule,
					    struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_fault_remove(sim, rule, reterr);
}

ROCPART_PUBLIC int rocpart_sim_fault_clear(const char *dir, struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : rp_sim_fault_clear(sim, reterr);
}
