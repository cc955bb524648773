/* SPDX-License-Identifier: MIT */
/*
 * The memory of a load belongs to a process, as on hardware: one for each load that has memory,
 * with the KFD and its render nodes open, outside of containers, as one of `sim hold`. The
 * processes follow from the loads and the clock: they are made anew when one comes, goes or grows,
 * and are never saved.
 */
#include "sim/load.h"
#include "sim/machine.h"

/*
 * More than a Linux has (PID_MAX_LIMIT): programs in a mount look into the host's /proc, and would
 * take a process there for this one.
 */
#define FIRST_PID 4194305

bool rp_sim_pid_is_taken(const struct rp_sim *sim, uint32_t pid)
{
	const struct rp_sim_load *l = sim->state.load;

	for (size_t i = 0; l && i < l->n_segments; i++)
		if (l->segments[i].pid == pid)
			return true;
	return rp_sim_find_holder(sim, pid) != NULL;
}

void rp_sim_load_name_process(struct rp_sim *sim, struct rp_sim_segment *s)
{
	s->pid = 0;
	if (s->vram == 0)
		return;
	for (s->pid = FIRST_PID; rp_sim_pid_is_taken(sim, s->pid);)
		s->pid++;
	s->start_ticks = rp_sim_next_start(sim);
}

/* Its process was killed: the load ends with it. */
void rp_sim_load_end_process(struct rp_sim *sim, uint32_t pid)
{
	struct rp_sim_load *l = sim->state.load;
	size_t n = 0;

	for (size_t i = 0; i < l->n_segments; i++)
		if (l->segments[i].pid != pid)
			l->segments[n++] = l->segments[i];
	l->n_segments = n;
}

/* ---- one process ---- */

static uint64_t used_by_all(const struct rp_sim *sim, uint32_t gpu, uint32_t slot)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < sim->state.n_holders; i++)
		sum += rp_sim_vram_of(&sim->state.holders[i], gpu, slot);
	return sum;
}

/* Its part of a slot, at most what is free there: the KFD refuses to allocate more. */
static uint64_t part_of(const struct rp_sim *sim, const struct rp_sim_segment *s, uint32_t slot,
			uint64_t bytes)
{
	uint32_t n = rp_sim_partitions(sim, s->gpu);
	uint64_t used = used_by_all(sim, s->gpu, slot);
	uint64_t limit = rp_sim_partition_limit(sim, s->gpu, slot);
	uint64_t part = s->slot == RP_SIM_WHOLE_GPU ? bytes / n + (slot ? 0 : bytes % n) : bytes;
	uint64_t room = used < limit ? limit - used : 0;

	return part < room ? part : room;
}

static int fill(const struct rp_sim *sim, const struct rp_sim_segment *s, uint64_t now,
		struct rp_sim_holder *h)
{
	uint64_t bytes = rp_sim_load_grown(s, now);

	h->comm = rp_strdupf("sim-load");
	h->cmdline = rp_strdupf("rocpart sim load");
	h->cgroup = rp_strdupf("/user.slice");
	h->vram = rp_new0(struct rp_sim_vram, RP_SIM_SLOTS);
	if (!h->comm || !h->cmdline || !h->cgroup || !h->vram)
		return -ENOMEM;
	h->pid = s->pid;
	h->start_ticks = s->start_ticks;
	h->kfd = h->allow_all = h->of_load = true;
	for (uint32_t slot = 0; slot < rp_sim_partitions(sim, s->gpu); slot++) {
		if (rp_sim_segment_at(sim->state.load, s->gpu, slot, now) != s ||
		    !sim->drm[s->gpu][slot].render)
			continue;
		h->open[s->gpu] |= 1U << slot;
		h->vram[h->n_vram++] =
			(struct rp_sim_vram){s->gpu, slot, part_of(sim, s, slot, bytes)};
	}
	return 0;
}

static int add_process(struct rp_sim *sim, const struct rp_sim_segment *s, uint64_t now)
{
	struct rp_sim_holder h = {0};
	int r = fill(sim, s, now, &h);

	if (r == 0 && h.n_vram > 0)
		r = rp_sim_holder_add(sim, &h);
	rp_sim_holder_done(&h);
	return r;
}

/* ---- all of them ---- */

static void remove_processes(struct rp_sim *sim)
{
	for (size_t i = sim->state.n_holders; i-- > 0;) {
		struct rp_sim_holder h;

		if (!sim->state.holders[i].of_load)
			continue;
		h = rp_sim_holder_take(sim, i);
		rp_sim_holder_done(&h);
	}
}

/* Until when they are as they are at now. */
static uint64_t valid_until(const struct rp_sim_load *l, uint64_t now)
{
	uint64_t end = RP_SIM_FOR_EVER;

	for (size_t i = 0; i < l->n_segments; i++) {
		const struct rp_sim_segment *s = &l->segments[i];
		uint64_t next = s->from_us > now ? s->from_us : s->until_us;

		if (s->from_us <= now && s->until_us > now && rp_sim_load_grown(s, now) < s->vram)
			next = rp_sim_load_next_growth(s, now);
		if (next > now && next < end)
			end = next;
	}
	return end;
}

/* Each read asks: nearly always nothing is to be done. */
int rp_sim_load_follow(struct rp_sim *sim)
{
	struct rp_sim_load *l = sim->state.load;
	uint64_t now;
	int r = 0;

	if (!l)
		return 0;
	now = (uint64_t)rp_sim_time(sim);
	if (l->valid_from <= now && now < l->valid_until)
		return 0;
	remove_processes(sim);
	for (size_t i = 0; r == 0 && i < l->n_segments; i++) {
		const struct rp_sim_segment *s = &l->segments[i];

		if (s->pid && s->from_us <= now && now < s->until_us && sim->state.loaded &&
		    sim->state.gpus[s->gpu].present)
			r = add_process(sim, s, now);
	}
	l->valid_from = now;
	l->valid_until = r == 0 ? valid_until(l, now) : 0;
	sim->n_followed++;
	return r;
}

uint64_t rp_sim_load_moves(struct rp_sim *sim)
{
	return rp_sim_store_refresh(sim) < 0 ? 0 : sim->n_followed;
}
