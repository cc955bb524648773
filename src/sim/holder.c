/* SPDX-License-Identifier: MIT */
/* Simulated processes that have device files open: who blocks what, who uses how much. */
#include "base/num.h"
#include "sim/machine.h"

#define FIRST_PID 4000

void rp_sim_holder_done(struct rp_sim_holder *h)
{
	free(h->comm);
	free(h->cmdline);
	free(h->cgroup);
	free(h->vram);
	*h = (struct rp_sim_holder){0};
}

bool rp_sim_holder_allows(const struct rp_sim_holder *h, size_t gpu, uint32_t slot)
{
	return h->allow_all || (h->allow[gpu] & (1U << slot)) != 0;
}

/* One lock of the whole KFD up to 6.16, then one for each GPU. */
static bool kfd_is_locked(const struct rp_sim *sim, size_t gpu)
{
	bool locked = rp_sim_switching(sim, gpu);

	for (size_t g = 0; sim->profile->abi != RP_SIM_G3 && g < sim->profile->n_gpus; g++)
		locked |= rp_sim_switching(sim, g);
	return locked;
}

/*
 * Up to 6.16 any process with /dev/kfd open blocks every GPU. Later only one that has a context on
 * this GPU, and it got one at open for each node that its device cgroup allows.
 */
bool rp_sim_kfd_busy(const struct rp_sim *sim, size_t gpu)
{
	uint32_t n = rp_sim_partitions(sim, gpu);

	if (kfd_is_locked(sim, gpu))
		return true;
	for (size_t i = 0; i < sim->state.n_holders; i++) {
		const struct rp_sim_holder *h = &sim->state.holders[i];

		if (!h->kfd)
			continue;
		if (sim->profile->abi != RP_SIM_G3)
			return true;
		for (uint32_t p = 0; p < n; p++) {
			if (rp_sim_holder_allows(h, gpu, p))
				return true;
		}
	}
	return false;
}

uint32_t rp_sim_open_files(const struct rp_sim *sim)
{
	uint32_t n = 0;

	for (size_t i = 0; i < sim->state.n_holders; i++) {
		const struct rp_sim_holder *h = &sim->state.holders[i];

		n += h->kfd ? 1 : 0;
		for (size_t g = 0; g < sim->profile->n_gpus; g++)
			n += (uint32_t)__builtin_popcount(h->open[g]);
	}
	return n;
}

struct rp_sim_holder *rp_sim_find_holder(const struct rp_sim *sim, uint32_t pid)
{
	for (size_t i = 0; i < sim->state.n_holders; i++) {
		if (sim->state.holders[i].pid == pid)
			return &sim->state.holders[i];
	}
	return NULL;
}

uint64_t rp_sim_vram_of(const struct rp_sim_holder *h, size_t gpu, uint32_t slot)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < h->n_vram; i++) {
		if (h->vram[i].gpu == gpu && h->vram[i].slot == slot)
			sum += h->vram[i].bytes;
	}
	return sum;
}

uint64_t rp_sim_vram_used(const struct rp_sim *sim, size_t gpu)
{
	uint64_t sum = sim->profile->gpus[gpu].vram_used;
	uint64_t all = sim->profile->gpus[gpu].product->vram_bytes;

	for (size_t i = 0; i < sim->state.n_holders; i++) {
		for (uint32_t s = 0; s < RP_SIM_SLOTS; s++)
			sum += rp_sim_vram_of(&sim->state.holders[i], gpu, s);
	}
	return sim->state.load && sum > all ? all : sum;
}

/* ---- starting a process ---- */

static int find_slot(const struct rp_sim *sim, const struct rp_sim_slot *s, size_t *ret_gpu,
		     struct rocpart_error *err)
{
	int g = rp_sim_find_gpu(sim, s->bdf);

	if (g < 0 || !sim->state.loaded || !sim->state.gpus[g].present)
		return rp_error_set(
			err, -ENODEV, ROCPART_ERR_NOT_FOUND, s->bdf,
			"the simulated machine has no such GPU, or its driver is not loaded");
	if (s->slot >= rp_sim_partitions(sim, (size_t)g) || !sim->drm[g][s->slot].render)
		return rp_error_set(err, -ENODEV, ROCPART_ERR_NOT_FOUND, s->bdf,
				    "the GPU has no partition %u", s->slot);
	*ret_gpu = (size_t)g;
	return 0;
}

static int set_bits(const struct rp_sim *sim, const struct rp_sim_slot *slots, size_t n,
		    uint32_t *bits, struct rocpart_error *err)
{
	for (size_t i = 0; i < n; i++) {
		size_t gpu = 0;
		int r = find_slot(sim, &slots[i], &gpu, err);

		if (r < 0)
			return r;
		bits[gpu] |= 1U << slots[i].slot;
	}
	return 0;
}

/* What the KFD would have answered to the allocation: ENOMEM above the size of the partition. */
static int add_vram(const struct rp_sim *sim, const struct rp_sim_slot *s, struct rp_sim_holder *h,
		    struct rocpart_error *err)
{
	size_t gpu = 0;
	uint64_t used = s->bytes;
	int r = find_slot(sim, s, &gpu, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < sim->state.n_holders; i++)
		r = rp_add_u64(used, rp_sim_vram_of(&sim->state.holders[i], gpu, s->slot), &used);
	if (r == 0)
		r = rp_add_u64(used, rp_sim_vram_of(h, gpu, s->slot), &used);
	if (r < 0 || used > rp_sim_partition_limit(sim, gpu, s->slot))
		return rp_error_set(err, -ENOMEM, ROCPART_ERR_FAILED, s->bdf,
				    "partition %u has not enough free memory", s->slot);
	if (!rp_sim_holder_allows(h, gpu, s->slot))
		return rp_error_set(err, -EPERM, ROCPART_ERR_PERMISSION, s->bdf,
				    "the process may not use partition %u: it is not among those "
				    "that it was allowed",
				    s->slot);
	h->vram[h->n_vram++] = (struct rp_sim_vram){(uint32_t)gpu, s->slot, s->bytes};
	return 0;
}

static int fill_texts(const struct rp_sim_process *p, struct rp_sim_holder *h)
{
	const char *comm = p->comm ? p->comm : "python3";

	h->comm = rp_strdupf("%.15s", comm); /* TASK_COMM_LEN */
	h->cmdline = rp_strdupf("%s", p->cmdline ? p->cmdline : comm);
	h->cgroup = rp_strdupf("%s", p->cgroup ? p->cgroup : "/user.slice");
	return h->comm && h->cmdline && h->cgroup ? 0 : -ENOMEM;
}

static int fill(const struct rp_sim *sim, const struct rp_sim_process *p, struct rp_sim_holder *h,
		struct rocpart_error *err)
{
	int r = fill_texts(p, h);

	if ((p->kfd || p->n_vram) && !sim->state.loaded)
		return rp_error_set(err, -ENODEV, ROCPART_ERR_NOT_FOUND, sim->name,
				    "the driver is not loaded, so /dev/kfd does not exist");
	h->vram = rp_new0(struct rp_sim_vram, p->n_vram);
	if (r < 0 || !h->vram)
		return rp_error_nomem(err);
	h->uid = p->uid;
	h->kfd = p->kfd || p->n_vram > 0;
	h->allow_all = p->n_allow == 0;
	r = set_bits(sim, p->allow, p->n_allow, h->allow, err);
	if (r == 0)
		r = set_bits(sim, p->render, p->n_render, h->open, err);
	for (size_t i = 0; r == 0 && i < p->n_vram; i++)
		r = add_vram(sim, &p->vram[i], h, err);
	return r;
}

/* A pid may come back, and then its start time tells the process from the one before. */
uint64_t rp_sim_next_start(struct rp_sim *sim)
{
	uint64_t latest = sim->state.last_start;

	if (latest < 100000)
		latest = 100000; /* jiffies after boot */

	for (size_t i = 0; i < sim->state.n_holders; i++) {
		if (sim->state.holders[i].start_ticks > latest)
			latest = sim->state.holders[i].start_ticks;
	}
	sim->state.last_start = latest + 1;
	return latest + 1;
}

static int name_process(struct rp_sim *sim, const struct rp_sim_process *p, struct rp_sim_holder *h,
			struct rocpart_error *err)
{
	uint32_t pid = p->pid ? p->pid : FIRST_PID;

	if (p->pid && rp_sim_pid_is_taken(sim, p->pid))
		return rp_error_set(err, -EEXIST, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "process %u exists already on the simulated machine", p->pid);
	while (rp_sim_pid_is_taken(sim, pid))
		pid++;
	h->pid = pid;
	h->start_ticks = p->start_ticks ? p->start_ticks : rp_sim_next_start(sim);
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct rp_sim_holder *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

int rp_sim_holder_add(struct rp_sim *sim, struct rp_sim_holder *h)
{
	struct rp_sim_state *s = &sim->state;

	if (rp_grow(&s->holders, &s->cap_holders, s->n_holders + 1, sizeof(*h)) < 0)
		return -ENOMEM;
	s->holders[s->n_holders++] = *h;
	*h = (struct rp_sim_holder){0};
	qsort(s->holders, s->n_holders, sizeof(*h), by_pid);
	return 0;
}

struct rp_sim_holder rp_sim_holder_take(struct rp_sim *sim, size_t i)
{
	struct rp_sim_state *s = &sim->state;
	struct rp_sim_holder h = s->holders[i];

	s->n_holders--;
	memmove(&s->holders[i], &s->holders[i + 1], (s->n_holders - i) * sizeof(h));
	return h;
}

static int start_process(struct rp_sim *sim, const struct rp_sim_process *p, uint32_t *ret_pid,
			 struct rocpart_error *err)
{
	struct rp_sim_holder h = {0};
	uint32_t pid;
	int r = name_process(sim, p, &h, err);

	if (r == 0)
		r = fill(sim, p, &h, err);
	pid = h.pid;
	if (r == 0 && rp_sim_holder_add(sim, &h) < 0)
		r = rp_error_nomem(err);
	rp_sim_holder_done(&h);
	if (r == 0)
		*ret_pid = pid;
	return r;
}

int rp_sim_hold(struct rp_sim *sim, const struct rp_sim_process *p, uint32_t *ret_pid,
		struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	uint32_t pid = 0;
	int r = rp_sim_change_begin(sim, &lock);

	if (r < 0)
		return rp_error_errno(reterr, r, sim->name,
				      "the simulated process was not started");
	r = start_process(sim, p, &pid, reterr);
	if (r < 0)
		return r;
	r = rp_sim_change_end(sim);
	if (r < 0)
		return rp_error_errno(reterr, r, sim->name,
				      "the simulated process was not started");
	*ret_pid = pid;
	return 0;
}

int rp_sim_unhold(struct rp_sim *sim, uint32_t pid, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	struct rp_sim_holder *h, ended;
	int r = rp_sim_change_begin(sim, &lock);

	if (r < 0)
		return rp_error_errno(reterr, r, sim->name, "the simulated process was not ended");
	h = rp_sim_find_holder(sim, pid);
	if (!h) {
		return rp_error_set(reterr, -ESRCH, ROCPART_ERR_NOT_FOUND, sim->name,
				    "the simulated machine has no process %u", pid);
	}
	if (h->of_load)
		rp_sim_load_end_process(sim, pid);
	ended = rp_sim_holder_take(sim, (size_t)(h - sim->state.holders));
	rp_sim_holder_done(&ended);
	r = rp_sim_change_end(sim);
	return r < 0 ? rp_error_errno(reterr, r, sim->name, "the simulated process was not ended")
		     : 0;
}

int rp_sim_pids(struct rp_sim *sim, uint32_t **ret, size_t *ret_n)
{
	uint32_t *pids;
	int r = rp_sim_store_refresh(sim);

	if (r < 0)
		return r;
	pids = rp_new0(uint32_t, sim->state.n_holders);
	if (!pids)
		return -ENOMEM;
	for (size_t i = 0; i < sim->state.n_holders; i++)
		pids[i] = sim->state.holders[i].pid;
	*ret = pids;
	*ret_n = sim->state.n_holders;
	return 0;
}
