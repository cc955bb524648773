/* SPDX-License-Identifier: MIT */
/* The load as JSON and back: lists of numbers, which are short and soon read. */
#include "base/json.h"
#include "sim/load.h"
#include "sim/machine.h"

/* Every number of a past in one order, for both ways. */
#define N_PAST (8 + 3 * RP_SIM_MAX_XCC)

static void list_past(struct rp_sim_past *p, uint64_t *ret[N_PAST])
{
	uint64_t *const scalars[] = {(uint64_t *)(void *)&p->hotspot_uc,
				     (uint64_t *)(void *)&p->mem_uc,
				     (uint64_t *)(void *)&p->vr_uc,
				     &p->energy_uj,
				     &p->uptime_us,
				     &p->ppt_us,
				     &p->gfx_acc,
				     &p->mem_acc};

	memcpy(ret, scalars, sizeof(scalars));
	for (size_t x = 0; x < RP_SIM_MAX_XCC; x++) {
		ret[8 + x] = &p->busy_acc[x];
		ret[8 + RP_SIM_MAX_XCC + x] = &p->xcc_ppt_us[x];
		ret[8 + 2 * RP_SIM_MAX_XCC + x] = &p->xcc_low_us[x];
	}
}

static struct rp_json *past_to_json(const struct rp_sim_past *past)
{
	struct rp_sim_past copy = *past;
	struct rp_json *j = rp_json_array();
	uint64_t *v[N_PAST];
	int r = 0;

	list_past(&copy, v);
	for (size_t i = 0; i < N_PAST; i++)
		r |= rp_json_append(j, rp_json_u64(*v[i]));
	return r < 0 ? rp_json_free(j) : j;
}

/* A load for ever ends at -1, a load of a whole GPU is of slot -1. */
static struct rp_json *segment_to_json(const struct rp_sim_segment *s)
{
	const int64_t v[] = {(int64_t)s->from_us,
			     s->until_us == RP_SIM_FOR_EVER ? -1 : (int64_t)s->until_us,
			     s->gpu,
			     s->slot == RP_SIM_WHOLE_GPU ? -1 : (int64_t)s->slot,
			     s->util,
			     (int64_t)s->vram,
			     s->pid,
			     (int64_t)s->start_ticks};
	struct rp_json *j = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < RP_ARRAY_LEN(v); i++)
		r |= rp_json_append(j, rp_json_int(v[i]));
	return r < 0 ? rp_json_free(j) : j;
}

struct rp_json *rp_sim_load_to_json(const struct rp_sim *sim)
{
	const struct rp_sim_load *l = sim->state.load;
	struct rp_json *j = rp_json_object(), *segments = rp_json_array();
	struct rp_json *gpus = rp_json_array();
	int r = rp_json_set_u64(j, "seed", l->seed);

	r |= rp_json_set_u64(j, "rate", l->rate);
	r |= rp_json_set_u64(j, "host_us", l->host_us);
	r |= rp_json_set_u64(j, "at_us", l->at_us);
	for (size_t i = 0; i < l->n_segments; i++)
		r |= rp_json_append(segments, segment_to_json(&l->segments[i]));
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		r |= rp_json_append(gpus, past_to_json(&l->gpus[g]));
	r |= rp_json_set(j, "segments", segments);
	r |= rp_json_set(j, "gpus", gpus);
	return r < 0 ? rp_json_free(j) : j;
}

/* ---- reading: no value may lead out of range ---- */

static int get(const struct rp_json *v, uint64_t max, uint64_t *ret)
{
	int64_t n = rp_json_int_value(v);

	if (rp_json_type(v) != RP_JSON_INT || n < 0 || (uint64_t)n > max)
		return -EBADMSG;
	*ret = (uint64_t)n;
	return 0;
}

/* -1 stands for none. */
static int get_or(const struct rp_json *v, uint64_t max, uint64_t none, uint64_t *ret)
{
	if (rp_json_type(v) == RP_JSON_INT && rp_json_int_value(v) == -1) {
		*ret = none;
		return 0;
	}
	return get(v, max, ret);
}

static int segment_from_json(const struct rp_sim *sim, const struct rp_json *j,
			     struct rp_sim_segment *s)
{
	uint64_t gpu = 0, slot = 0, util = 0, pid = 0;
	int r = get(rp_json_at(j, 0), RP_SIM_MAX_TIME_US, &s->from_us);

	if (r == 0)
		r = get_or(rp_json_at(j, 1), 2 * RP_SIM_MAX_TIME_US, RP_SIM_FOR_EVER, &s->until_us);
	if (r == 0)
		r = get(rp_json_at(j, 2), sim->profile->n_gpus - 1, &gpu);
	if (r == 0)
		r = get_or(rp_json_at(j, 3), RP_SIM_SLOTS - 1, RP_SIM_WHOLE_GPU, &slot);
	if (r == 0)
		r = get(rp_json_at(j, 4), 100, &util);
	if (r == 0)
		r = get(rp_json_at(j, 5), UINT64_C(1) << 48, &s->vram);
	if (r == 0)
		r = get(rp_json_at(j, 6), UINT32_MAX, &pid);
	if (r == 0)
		r = get(rp_json_at(j, 7), INT64_MAX, &s->start_ticks);
	s->pid = (uint32_t)pid;
	s->gpu = (uint32_t)gpu;
	s->slot = (uint32_t)slot;
	s->util = (uint32_t)util;
	return r;
}

static int past_from_json(const struct rp_json *j, struct rp_sim_past *past)
{
	const uint64_t hottest = 1000000000; /* 1000 degrees */
	uint64_t *v[N_PAST];
	int r = rp_json_len(j) == N_PAST ? 0 : -EBADMSG;

	list_past(past, v);
	for (size_t i = 0; r == 0 && i < N_PAST; i++)
		r = get(rp_json_at(j, i), i < 3 ? hottest : INT64_MAX / 2, v[i]);
	return r;
}

int rp_sim_load_from_json(const struct rp_sim *sim, const struct rp_json *j,
			  struct rp_sim_load **ret)
{
	struct rp_sim_load *l;
	const struct rp_json *list = rp_json_get(j, "segments"), *gpus = rp_json_get(j, "gpus");
	uint64_t rate = 0;
	size_t n = rp_json_len(list);
	int r;

	if (!j)
		return 0;
	l = rp_new0(struct rp_sim_load, 1);
	if (!l)
		return -ENOMEM;
	*ret = l; /* freed with the state, also when it is damaged */
	r = n > RP_SIM_MAX_LOADS || rp_json_len(gpus) != sim->profile->n_gpus ? -EBADMSG : 0;
	if (r == 0)
		r = get(rp_json_get(j, "seed"), INT64_MAX, &l->seed);
	if (r == 0)
		r = get(rp_json_get(j, "rate"), RP_SIM_MAX_RATE, &rate);
	if (r == 0)
		r = get(rp_json_get(j, "host_us"), INT64_MAX, &l->host_us);
	if (r == 0)
		r = get(rp_json_get(j, "at_us"), RP_SIM_MAX_TIME_US, &l->at_us);
	if (r == 0)
		r = rp_grow(&l->segments, &l->cap_segments, n, sizeof(*l->segments));
	for (size_t i = 0; r == 0 && i < n; i++, l->n_segments++)
		r = segment_from_json(sim, rp_json_at(list, i), &l->segments[i]);
	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++)
		r = past_from_json(rp_json_at(gpus, g), &l->gpus[g]);
	l->rate = (uint32_t)rate;
	return r;
}
