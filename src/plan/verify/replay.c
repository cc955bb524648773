/* SPDX-License-Identifier: MIT */
/*
 * The replay of the steps on a picture of the machine.
 *
 * Invariant: after each step the picture is a machine that can exist; the first step that has no
 * such result is refused.
 * - A GPU has a mode only as of the last reload of its hive: a reload lets the driver choose (Linux
 *   drivers/gpu/drm/amd/amdgpu/aqua_vanjaram.c, __aqua_vanjaram_get_auto_mode()), so that the mode
 *   is unknown until a step sets it.
 * - Nothing runs on a GPU that switches, nor on a hive that reloads.
 * - A replica arrives on a partition of the plan's mode with bytes and room for it, and leaves its
 *   old one afterwards.
 * At the end every placement is where the plan has it, and every GPU of the plan in its mode.
 *
 * Time: O(1) for each step. Source: our own, independent of steps.c.
 */
#include "plan/verify/doc.h"

struct now {
	const struct v_doc *d;
	uint32_t *mode;	     /* per GPU: its mode as of reload mode_of */
	uint32_t *mode_of;   /* per GPU: a later reload has made the mode unknown */
	uint32_t *reload;    /* per hive, at its first GPU: reloads so far */
	const char **memory; /* per hive, at its first GPU: memory mode */
	uint32_t *on;	     /* per GPU: replicas on it */
	uint32_t *on_hive;   /* per hive, at its first GPU */
	uint64_t *bytes;     /* [part_index()]: bytes of its replicas */
	uint32_t *n, *share; /* [part_index()]: replicas; the least share of them */
	uint8_t *state;	     /* per placement: one of the values below */
	uint32_t step;
	struct rocpart_error *err;
};
/* It does not run; it runs where it was; it runs where the plan has it. */
enum { AWAY, OLD, NEW };

static int refuse_step(struct now *s, const char *what)
{
	return rp_verify_wrong(s->err, "steps", "step %u: %s", s->step, what);
}

static size_t part_index(uint32_t gpu, uint32_t part)
{
	return (size_t)gpu * V_MAX_PARTS + part;
}

static void enter_part(struct now *s, uint64_t bytes, uint32_t share, uint32_t gpu, uint32_t part)
{
	size_t i = part_index(gpu, part);

	s->bytes[i] += bytes;
	s->n[i]++;
	if (s->share[i] == 0 || share < s->share[i])
		s->share[i] = share;
	s->on[gpu]++;
	s->on_hive[s->d->gpus[gpu].first_of_hive]++;
}

/*
 * Take a replica off its partition. The least share is forgotten only with the last one, so that a
 * partition is never thought to accept more than it may.
 */
static void leave_part(struct now *s, const struct v_request *q, uint32_t gpu, uint32_t part)
{
	size_t i = part_index(gpu, part);

	s->bytes[i] -= q->bytes;
	if (--s->n[i] == 0)
		s->share[i] = 0;
	s->on[gpu]--;
	s->on_hive[s->d->gpus[gpu].first_of_hive]--;
}

/* Return the mode of a GPU, or V_NONE when a reload has made it unknown. */
static uint32_t find_mode_now(const struct now *s, uint32_t g)
{
	return s->mode_of[g] == s->reload[s->d->gpus[g].first_of_hive] ? s->mode[g] : V_NONE;
}

/* Put a replica where the plan has it, if its GPU is in the mode and the partition has room. */
static int arrive_replica(struct now *s, const struct v_place *p)
{
	const struct v_request *q = &s->d->requests[p->request];
	const struct v_mode *m;
	size_t i = part_index(p->gpu, p->part);

	if (find_mode_now(s, p->gpu) != s->d->then[p->gpu])
		return refuse_step(s, "the GPU does not have the mode of the plan yet");
	m = rp_verify_mode_of(s->d, p->gpu, s->d->then[p->gpu]);
	if (q->bytes > m->parts[p->part].usable ||
	    s->bytes[i] > m->parts[p->part].usable - q->bytes ||
	    (s->n[i] > 0 && (s->n[i] >= s->share[i] || s->n[i] >= q->share)))
		return refuse_step(s, "the partition is not free");
	enter_part(s, q->bytes, q->share, p->gpu, p->part);
	return 0;
}

/* Start a replica on its new partition; one that is moved leaves the old one then. */
static int do_move(struct now *s, uint32_t place, uint8_t from)
{
	const struct v_place *p = &s->d->places[place];
	int r;

	if (s->state[place] != from)
		return refuse_step(s,
				   "the replica is not where it could be moved, stopped or placed");
	if (from == OLD && p->gpu == p->was_gpu && p->part == p->was_part)
		return refuse_step(s, "the replica is moved to where it already is");
	r = arrive_replica(s, p);
	if (r == 0 && from == OLD)
		leave_part(s, &s->d->requests[p->request], p->was_gpu, p->was_part);
	if (r == 0)
		s->state[place] = NEW;
	return r;
}

static bool may_touch(const struct v_gpu *gpu)
{
	return gpu->can_switch && !gpu->shut && !gpu->occupied;
}

/* Switch the memory mode of a hive: every compute mode of it is unknown afterwards. */
static int do_memory(struct now *s, uint32_t g, uint32_t mode)
{
	const struct v_doc *d = s->d;
	uint32_t h = d->gpus[g].first_of_hive;

	if (s->on_hive[h] > 0)
		return refuse_step(s, "the memory mode changes while the hive has replicas");
	if (d->hives[h].memory_fixed)
		return refuse_step(s, "the memory mode of the hive cannot be changed");
	s->memory[h] = rp_verify_mode_of(d, g, mode)->memory;
	s->reload[h]++;
	return 0;
}

static int do_compute(struct now *s, uint32_t g, uint32_t mode)
{
	const struct v_doc *d = s->d;

	if (s->on[g] > 0 || !may_touch(&d->gpus[g]) || !rp_verify_may(d, g, mode))
		return refuse_step(s, "the GPU cannot be switched now");
	if (!v_same(s->memory[d->gpus[g].first_of_hive], rp_verify_mode_of(d, g, mode)->memory))
		return refuse_step(s, "the compute mode belongs to another memory mode");
	s->mode[g] = mode;
	s->mode_of[g] = s->reload[d->gpus[g].first_of_hive];
	return 0;
}

/* Read a step, check that it names the GPU, mode or placement of the plan, and do it. */
static int do_step(struct now *s, struct v_in *in, const struct rp_json *x)
{
	const char *op = rp_verify_text(in, x, "op", false);
	uint64_t g = 0, place = 0, mode = 0;
	bool on_gpu;

	if (in->r < 0)
		return in->r;
	on_gpu = v_same(op, "drain") || v_same(op, "switch_memory") || v_same(op, "switch_compute");
	if (on_gpu) {
		g = rp_verify_u64(in, x, "index", UINT32_MAX);
		if (in->r == 0 && (g >= s->d->n_gpus || !v_same(rp_verify_text(in, x, "gpu", false),
								s->d->gpus[g].name)))
			return refuse_step(s, "the plan has no such GPU");
	} else {
		place = rp_verify_u64(in, x, "placement", UINT32_MAX);
		if (in->r == 0 && place >= s->d->n_places)
			return refuse_step(s, "the plan has no such placement");
	}
	if (in->r == 0 && on_gpu && !v_same(op, "drain")) {
		const char *key = v_same(op, "switch_memory") ? "memory_mode" : "compute_mode";
		const struct v_mode *m;

		mode = rp_verify_u64(in, x, "mode", UINT32_MAX);
		if (in->r < 0 || s->d->then[g] == V_NONE || mode != s->d->then[g])
			return refuse_step(s, "it is not the mode of the plan");
		m = rp_verify_mode_of(s->d, (uint32_t)g, (uint32_t)mode);
		if (!v_same(rp_verify_text(in, x, key, false),
			    v_same(op, "switch_memory") ? m->memory : m->compute))
			return refuse_step(s, "the name and the index of the mode do not agree");
	}
	if (in->r < 0)
		return in->r;
	if (v_same(op, "move"))
		return do_move(s, (uint32_t)place, OLD);
	if (v_same(op, "place"))
		return do_move(s, (uint32_t)place, AWAY);
	if (v_same(op, "stop")) {
		const struct v_place *p = &s->d->places[place];

		if (s->state[place] != OLD)
			return refuse_step(s, "the replica does not run, so it cannot be stopped");
		leave_part(s, &s->d->requests[p->request], p->was_gpu, p->was_part);
		s->state[place] = AWAY;
		return 0;
	}
	if (v_same(op, "switch_memory"))
		return do_memory(s, (uint32_t)g, (uint32_t)mode);
	if (v_same(op, "switch_compute"))
		return do_compute(s, (uint32_t)g, (uint32_t)mode);
	return v_same(op, "drain") ? 0 : refuse_step(s, "unknown operation");
}

/* Begin with the tenants where they are. One that stays in a GPU that keeps its mode is NEW. */
static int begin_replay(struct now *s)
{
	const struct v_doc *d = s->d;
	size_t parts = part_index(d->n_gpus + 1, 0);

	s->mode = rp_new0(uint32_t, d->n_gpus);
	s->mode_of = rp_new0(uint32_t, d->n_gpus);
	s->reload = rp_new0(uint32_t, d->n_gpus);
	s->memory = calloc((size_t)d->n_gpus + 1, sizeof(*s->memory));
	s->on = rp_new0(uint32_t, d->n_gpus);
	s->on_hive = rp_new0(uint32_t, d->n_gpus);
	s->bytes = rp_new0(uint64_t, parts);
	s->n = rp_new0(uint32_t, parts);
	s->share = rp_new0(uint32_t, parts);
	s->state = rp_new0(uint8_t, d->n_places);
	if (!s->mode || !s->mode_of || !s->reload || !s->memory || !s->on || !s->on_hive ||
	    !s->bytes || !s->n || !s->share || !s->state)
		return rp_error_nomem(s->err);
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		s->mode[g] = d->gpus[g].mode;
		s->memory[g] = d->hives[g].memory;
	}
	for (uint32_t i = 0; i < d->n_holders; i++)
		enter_part(s, d->holders[i].bytes, d->holders[i].share, d->holders[i].gpu,
			   d->holders[i].part);
	for (uint32_t i = 0; i < d->n_places; i++) {
		const struct v_place *p = &d->places[i];

		if (p->was_gpu == V_NONE)
			continue;
		enter_part(s, d->requests[p->request].bytes, d->requests[p->request].share,
			   p->was_gpu, p->was_part);
		s->state[i] = p->gpu == p->was_gpu && p->part == p->was_part &&
					      d->then[p->gpu] == d->gpus[p->gpu].mode
				      ? NEW
				      : OLD;
	}
	return 0;
}

static void end_replay(struct now *s)
{
	free(s->mode);
	free(s->mode_of);
	free(s->reload);
	free(s->memory);
	free(s->on);
	free(s->on_hive);
	free(s->bytes);
	free(s->n);
	free(s->share);
	free(s->state);
}

int rp_verify_check_steps(const struct v_doc *d, struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "steps"};
	const struct rp_json *steps = rp_verify_list(&in, d->root, "steps");
	struct now s = {.d = d, .err = reterr};
	int r = in.r < 0 ? in.r : begin_replay(&s);

	for (size_t i = 0; i < rp_json_len(steps) && r == 0; i++) {
		s.step = (uint32_t)i;
		r = do_step(&s, &in, rp_json_at(steps, i));
	}
	for (uint32_t i = 0; i < d->n_places && r == 0; i++) {
		if (s.state[i] != NEW)
			r = rp_verify_wrong(reterr, "steps", "placement %u is never carried out",
					    i);
	}
	for (uint32_t g = 0; g < d->n_gpus && r == 0; g++) {
		if (d->then[g] != V_NONE && find_mode_now(&s, g) != d->then[g])
			r = rp_verify_wrong(reterr, "steps", "GPU %s is never set to its mode",
					    d->gpus[g].name);
	}
	end_replay(&s);
	return r;
}
