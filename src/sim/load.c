/* SPDX-License-Identifier: MIT */
/*
 * The model: power follows the load, temperatures follow power with a lag, clocks fall near the
 * power limit, counters add up. Between two changes of load all is constant or exponential, so
 * that a moment far ahead costs as much as the next one.
 *
 * Measured on a MI300X (750 W): idle 194 W, 42 and 37 degrees, 2098 to 2115 MHz; busy 705 W, 59
 * degrees and 68 five seconds later, 1262 to 1317 MHz, throttled by power in 4348 of 5010 ticks of
 * a millisecond. Other products are scaled by their power limit and clock: an estimate.
 */
#include "sim/load.h"

#include <time.h>

#include "sim/machine.h"

/* Millionths of a degree: idle, busy. Voltage regulators and busy memory: estimates. */
#define HOTSPOT_IDLE   42000000
#define HOTSPOT_BUSY   67600000
#define MEM_IDLE       37000000
#define MEM_BUSY       52000000
#define VR_IDLE	       40000000
#define VR_BUSY	       60000000
#define HOTSPOT_LAG_US 4e6
#define MEM_LAG_US     20e6
#define VR_LAG_US      12e6

#define PPT_FULL_PERMILLE 868
#define MEM_PER_GFX	  60	 /* percent of memory activity at full load: an estimate */
#define VRAM_US_PER_GIB	  250000 /* memory grows by 4 GiB/s, as a model that is read: an estimate */

bool rp_sim_has_load(const struct rp_sim *sim)
{
	return sim->state.load != NULL;
}

/* ---- the clock ---- */

/* Time since boot, which nobody sets back: readers would see energy and counters fall. */
uint64_t rp_sim_host_us(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* A host that was started anew stops the simulated clock until the next change. */
static uint64_t now_us(const struct rp_sim_load *l, uint64_t host)
{
	uint64_t passed = host > l->host_us ? host - l->host_us : 0, now;

	if (l->rate == 0)
		return l->at_us;
	if (__builtin_mul_overflow(passed, l->rate, &now) ||
	    __builtin_add_overflow(now, l->at_us, &now) || now > RP_SIM_MAX_TIME_US)
		return RP_SIM_MAX_TIME_US;
	return now;
}

/* ---- what is asked of a GPU at one time ---- */

static bool covers(const struct rp_sim_segment *s, size_t gpu, uint32_t slot, uint64_t t)
{
	return s->gpu == gpu && (s->slot == slot || s->slot == RP_SIM_WHOLE_GPU) &&
	       s->from_us <= t && t < s->until_us;
}

const struct rp_sim_segment *rp_sim_segment_at(const struct rp_sim_load *l, size_t gpu,
					       uint32_t slot, uint64_t t)
{
	const struct rp_sim_segment *found = NULL;

	for (size_t i = 0; i < l->n_segments; i++) {
		const struct rp_sim_segment *s = &l->segments[i];

		if (covers(s, gpu, slot, t) && (!found || s->from_us >= found->from_us))
			found = s;
	}
	return found;
}

static bool has_memory(const struct rp_sim *sim, size_t gpu, uint32_t slot)
{
	for (size_t i = 0; i < sim->state.n_holders; i++)
		if (!sim->state.holders[i].of_load &&
		    rp_sim_vram_of(&sim->state.holders[i], gpu, slot) > 0)
			return true;
	return false;
}

static uint32_t slot_util(const struct rp_sim *sim, size_t gpu, uint32_t slot, uint64_t t)
{
	const struct rp_sim_segment *s = rp_sim_segment_at(sim->state.load, gpu, slot, t);

	if (!rp_sim_gpu_bound(sim, gpu) || sim->state.gpus[gpu].off)
		return 0;
	if (s)
		return s->util;
	return has_memory(sim, gpu, slot) ? RP_SIM_HOLDER_UTIL : 0;
}

/* ---- what it does then ---- */

/* splitmix64: the same for the same seed, place and second. */
static uint32_t noise(const struct rp_sim *sim, size_t gpu, uint64_t what, uint64_t s, uint32_t n)
{
	uint64_t z =
		sim->state.load->seed + (gpu << 48 ^ what << 40 ^ s) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) % n);
}

static uint64_t idle_uw(const struct rp_sim_product *p)
{
	return p->idle_w * UINT64_C(1000000);
}

static uint64_t full_uw(const struct rp_sim_product *p)
{
	return p->full_w * UINT64_C(1000000);
}

/* The power at which clocks are as low as they were seen: a bit below what was set. */
static uint64_t limit_uw(const struct rp_sim *sim, size_t gpu)
{
	const struct rp_sim_product *p = sim->profile->gpus[gpu].product;
	uint64_t limit =
		sim->state.gpus[gpu].power_cap_uw / p->power_cap_w * p->full_w / 1000 * 1000;

	return limit < idle_uw(p) ? idle_uw(p) : limit;
}

/* From 90 % of the full power on clocks give way; with a lower limit they fall further. */
static void choose_clocks(const struct rp_sim *sim, size_t gpu, uint64_t demand, uint64_t t,
			  struct rp_sim_moment *m)
{
	const struct rp_sim_product *p = sim->profile->gpus[gpu].product;
	uint64_t full = full_uw(p), idle = idle_uw(p), limit = limit_uw(sim, gpu);
	uint64_t near = full * 9 / 10 < idle ? idle : full * 9 / 10, second = t / 1000000;
	uint64_t part = 0, mhz;

	if (demand > near)
		part = (demand - near) * 1000 / (full - near);
	mhz = p->clock_mhz - (uint64_t)(p->clock_mhz - p->full_mhz) * part / 1000;
	m->ppt_permille = (uint32_t)(part * PPT_FULL_PERMILLE / 1000);
	m->power_uw = demand;
	if (demand > limit) {
		mhz = mhz * (limit - idle) / (demand - idle);
		m->ppt_permille = 1000;
		m->power_uw = limit;
	}
	for (uint32_t x = 0; x < p->xcc; x++) {
		uint64_t near_full = noise(sim, gpu, x, 0, 43) + noise(sim, gpu, x, second, 11);
		uint64_t calm = noise(sim, gpu, x, second, 16);

		/* -26 to +26 MHz under load, each XCD with a bias of its own; -2 to +13 idle */
		mhz = mhz < 126 ? 126 : mhz;
		m->gfx_mhz[x] =
			(uint32_t)(part || demand > limit ? mhz + near_full - 26 : mhz + calm - 2);
	}
}

static void moment_at(const struct rp_sim *sim, size_t gpu, uint64_t t, struct rp_sim_moment *m)
{
	const struct rp_sim_product *p = sim->profile->gpus[gpu].product;
	uint32_t n = rp_sim_partitions(sim, gpu), sum = 0;

	m->us = t;
	for (uint32_t x = 0; x < p->xcc; x++) {
		m->xcc_busy[x] = slot_util(sim, gpu, x * n / p->xcc, t);
		sum += m->xcc_busy[x];
	}
	m->gfx_busy = (sum + p->xcc / 2) / p->xcc;
	m->mem_busy = sum * MEM_PER_GFX / 100 / p->xcc;
	choose_clocks(sim, gpu, idle_uw(p) + (full_uw(p) - idle_uw(p)) * sum / (100 * p->xcc), t,
		      m);
	m->soc_mhz = sum ? 1100 : 29; /* clocks other than those of the XCDs: estimates */
	m->mem_mhz = sum ? p->bank_clock_mhz : 900;
	m->vclk_mhz = 29;
	m->dclk_mhz = 22;
}

/* ---- the past ---- */

/* exp(-x) for x >= 0, from plain arithmetic: the same on each host. */
static double decay(double x)
{
	double y = x / 1024, e;

	if (x > 60)
		return 0;
	e = 1 + y * (1 + y / 2 * (1 + y / 3 * (1 + y / 4 * (1 + y / 5))));
	for (unsigned i = 0; i < 10; i++)
		e *= e;
	return 1 / e;
}

static void lag(int64_t *t, int64_t idle, int64_t busy, double share, double dt, double lag_us)
{
	double target = (double)idle + (double)(busy - idle) * share;

	*t = (int64_t)(target + ((double)*t - target) * decay(dt / lag_us) + 0.5);
}

static void add_past(const struct rp_sim_product *p, const struct rp_sim_moment *m, uint64_t dt,
		     struct rp_sim_past *past)
{
	double share = (double)(m->power_uw - idle_uw(p)) / (double)(full_uw(p) - idle_uw(p));

	lag(&past->hotspot_uc, HOTSPOT_IDLE, HOTSPOT_BUSY, share, (double)dt, HOTSPOT_LAG_US);
	lag(&past->mem_uc, MEM_IDLE, MEM_BUSY, share, (double)dt, MEM_LAG_US);
	lag(&past->vr_uc, VR_IDLE, VR_BUSY, share, (double)dt, VR_LAG_US);
	past->energy_uj += (uint64_t)((unsigned __int128)m->power_uw * dt / 1000000);
	past->uptime_us += dt;
	past->ppt_us += dt * m->ppt_permille / 1000;
	past->gfx_acc += dt * m->gfx_busy;
	past->mem_acc += dt * m->mem_busy;
	for (uint32_t x = 0; x < p->xcc; x++) {
		past->busy_acc[x] += dt * m->xcc_busy[x];
		past->xcc_low_us[x] += dt * (100 - m->xcc_busy[x]) / 100;
		if (m->xcc_busy[x])
			past->xcc_ppt_us[x] += dt * m->ppt_permille / 1000;
	}
}

/* The first time after t, at most end, at which a load of the GPU begins or ends. */
static uint64_t next_change(const struct rp_sim_load *l, size_t gpu, uint64_t t, uint64_t end)
{
	for (size_t i = 0; i < l->n_segments; i++) {
		const struct rp_sim_segment *s = &l->segments[i];

		if (s->gpu != gpu)
			continue;
		if (s->from_us > t && s->from_us < end)
			end = s->from_us;
		if (s->until_us > t && s->until_us < end)
			end = s->until_us;
	}
	return end;
}

static void carry(const struct rp_sim *sim, size_t gpu, uint64_t end, struct rp_sim_past *past)
{
	uint64_t t = sim->state.load->at_us;

	while (t < end) {
		uint64_t next = next_change(sim->state.load, gpu, t, end);
		struct rp_sim_moment m = {0};

		moment_at(sim, gpu, t, &m);
		add_past(sim->profile->gpus[gpu].product, &m, next - t, past);
		t = next;
	}
}

void rp_sim_observe(const struct rp_sim *sim, size_t gpu, struct rp_sim_moment *ret)
{
	uint64_t now = now_us(sim->state.load, rp_sim_host_us());

	*ret = (struct rp_sim_moment){0};
	moment_at(sim, gpu, now, ret);
	ret->past = sim->state.load->gpus[gpu];
	carry(sim, gpu, now, &ret->past);
}

uint64_t rp_sim_load_grown(const struct rp_sim_segment *s, uint64_t t)
{
	uint64_t gib = (t - s->from_us) / VRAM_US_PER_GIB + 1;

	return gib >= s->vram >> 30 ? s->vram : gib << 30;
}

uint64_t rp_sim_load_next_growth(const struct rp_sim_segment *s, uint64_t t)
{
	return s->from_us + ((t - s->from_us) / VRAM_US_PER_GIB + 1) * VRAM_US_PER_GIB;
}

/* Loads that are over would only be looked at. */
static void forget(struct rp_sim_load *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_segments; i++)
		if (l->segments[i].until_us > l->at_us)
			l->segments[n++] = l->segments[i];
	l->n_segments = n;
}

void rp_sim_load_carry(struct rp_sim *sim, uint64_t until_us)
{
	struct rp_sim_load *l = sim->state.load;

	if (until_us <= l->at_us)
		return;
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		carry(sim, g, until_us, &l->gpus[g]);
	l->at_us = until_us;
	forget(l);
}

void rp_sim_load_anchor(struct rp_sim_load *load)
{
	load->host_us = rp_sim_host_us();
}

uint64_t rp_sim_load_now(const struct rp_sim *sim)
{
	return now_us(sim->state.load, rp_sim_host_us());
}

void rp_sim_load_cool(struct rp_sim *sim)
{
	struct rp_sim_load *l = sim->state.load;

	for (size_t g = 0; l && g < sim->profile->n_gpus; g++)
		l->gpus[g] = (struct rp_sim_past){
			.hotspot_uc = HOTSPOT_IDLE, .mem_uc = MEM_IDLE, .vr_uc = VR_IDLE};
	if (l)
		l->n_segments = l->valid_until = 0;
}

struct rp_sim_load *rp_sim_load_free(struct rp_sim_load *load)
{
	if (load)
		free(load->segments);
	free(load);
	return NULL;
}
