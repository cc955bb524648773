/* SPDX-License-Identifier: MIT */
/* The steps of a plan, done one after the other, and the remedies. */
#include "judge.h"

/* The machine while the steps are done. */
struct replay {
	const struct judge *j;
	uint32_t mode[O_GPUS];		      /* O_NEVER: not known */
	const char *memory[O_GPUS];	      /* of the hive of a GPU */
	uint32_t gpu[O_UNITS], part[O_UNITS]; /* O_NEVER: it does not run */
	bool there[O_UNITS];		      /* it is where the plan has it */
};

static const char *replay_start(struct replay *r, uint32_t i)
{
	const struct o_problem *p = r->j->p;
	const struct place *a = &r->j->places[i];
	const struct o_mode *m = mode_at(p, a->gpu, r->j->then[a->gpu]);
	uint64_t bytes = p->requests[a->request].bytes, n = 1,
		 share = p->requests[a->request].share;

	FALSE_IF(r->mode[a->gpu] != r->j->then[a->gpu], "steps: the GPU is in another mode");
	for (uint32_t o = 0; o < r->j->n_places; o++) {
		const struct o_request *q = &p->requests[r->j->places[o].request];

		if (o == i || r->gpu[o] != a->gpu || r->part[o] != a->part)
			continue;
		bytes += q->bytes;
		n++;
		share = q->share < share ? q->share : share;
	}
	for (uint32_t o = 0; o < p->n_holders; o++) {
		if (p->holders[o].gpu != a->gpu || p->holders[o].part != a->part)
			continue;
		bytes += p->holders[o].bytes;
		n++;
		share = p->holders[o].share < share ? p->holders[o].share : share;
	}
	FALSE_IF(bytes > m->parts[a->part].bytes || n > share, "steps: the partition is not free");
	r->gpu[i] = a->gpu;
	r->part[i] = a->part;
	r->there[i] = true;
	return NULL;
}

static const char *replay_on_place(struct replay *r, const struct rp_json *x, const char *op)
{
	uint64_t i = number(x, "placement");

	FALSE_IF(i >= r->j->n_places, "steps: no such placement");
	FALSE_IF((strcmp(op, "place") == 0) != (r->gpu[i] == O_NEVER), "steps: it runs, or not");
	FALSE_IF(r->there[i], "steps: it is there already");
	if (strcmp(op, "stop") != 0)
		return replay_start(r, (uint32_t)i);
	r->gpu[i] = O_NEVER;
	return NULL;
}

static bool is_running_on(const struct replay *r, uint32_t g, bool in_hive)
{
	const struct o_problem *p = r->j->p;

	for (uint32_t i = 0; i < r->j->n_places; i++)
		if (r->gpu[i] != O_NEVER &&
		    (in_hive ? p->gpus[r->gpu[i]].hive == p->gpus[g].hive : r->gpu[i] == g))
			return true;
	return false;
}

static const char *replay_on_gpu(struct replay *r, const struct rp_json *x, const char *op)
{
	const struct o_problem *p = r->j->p;
	uint64_t g = number(x, "index"), m = number(x, "mode");
	const struct o_mode *mode;

	FALSE_IF(g >= p->n_gpus || !is_text(x, "gpu", p->gpus[g].name), "steps: no such GPU");
	if (strcmp(op, "drain") == 0)
		return NULL;
	FALSE_IF(r->j->then[g] == O_NEVER || m != r->j->then[g], "steps: not the mode of the plan");
	mode = mode_at(p, (uint32_t)g, m);
	if (strcmp(op, "switch_memory") == 0) {
		FALSE_IF(!is_text(x, "memory_mode", mode->memory), "steps: memory_mode");
		FALSE_IF(is_running_on(r, (uint32_t)g, true), "steps: a reload under a replica");
		for (uint32_t o = 0; o < p->n_gpus; o++) {
			const struct o_gpu *other = &p->gpus[o];

			if (other->hive != p->gpus[g].hive)
				continue;
			FALSE_IF(other->occupied || !other->can_switch || other->cordoned ||
					 other->degraded || other->unhealthy,
				 "steps: a reload under a GPU that keeps its mode");
			r->memory[o] = mode->memory;
			r->mode[o] = O_NEVER;
		}
		return NULL;
	}
	FALSE_IF(strcmp(op, "switch_compute") != 0, "steps: no such operation");
	FALSE_IF(!is_text(x, "compute_mode", mode->compute), "steps: compute_mode");
	FALSE_IF(is_running_on(r, (uint32_t)g, false) || p->gpus[g].occupied ||
			 !p->gpus[g].can_switch,
		 "steps: a switch under a replica");
	FALSE_IF(!r->memory[g] || strcmp(r->memory[g], mode->memory) != 0,
		 "steps: a switch in another memory mode");
	r->mode[g] = (uint32_t)m;
	return NULL;
}

const char *judge_steps(const struct judge *j)
{
	const struct o_problem *p = j->p;
	const struct rp_json *steps = rp_json_get(j->doc, "steps");
	struct replay r = {.j = j};

	for (uint32_t g = 0; g < p->n_gpus; g++) {
		r.mode[g] = p->gpus[g].mode;
		r.memory[g] = memory_now(p, p->gpus[g].hive);
	}
	for (uint32_t i = 0; i < j->n_places; i++) {
		const struct place *a = &j->places[i];

		r.gpu[i] = r.part[i] = O_NEVER;
		if (a->tenant == O_NEVER)
			continue;
		r.gpu[i] = p->tenants[a->tenant].gpu;
		r.part[i] = p->tenants[a->tenant].part;
		r.there[i] = !is_moved(j, a);
	}
	for (size_t i = 0; i < rp_json_len(steps); i++) {
		const struct rp_json *x = rp_json_at(steps, i);
		const char *op = rp_json_text(rp_json_get(x, "op")), *wrong;

		FALSE_IF(!op, "steps: no operation");
		wrong = strcmp(op, "move") == 0 || strcmp(op, "stop") == 0 ||
					strcmp(op, "place") == 0
				? replay_on_place(&r, x, op)
				: replay_on_gpu(&r, x, op);
		FALSE_IF(wrong, wrong);
	}
	for (uint32_t i = 0; i < j->n_places; i++)
		FALSE_IF(!r.there[i], "steps: a replica is never placed");
	for (uint32_t g = 0; g < p->n_gpus; g++)
		FALSE_IF(j->then[g] != O_NEVER && r.mode[g] != j->then[g],
			 "steps: a GPU is never switched");
	return NULL;
}

/* Return whether the changed problem can be placed as a whole. */
static bool is_placed_whole(const struct o_problem *p)
{
	uint32_t replicas[O_REQS];

	for (uint32_t q = 0; q < p->n_requests; q++)
		replicas[q] = p->requests[q].replicas;
	return oracle_least(p, replicas, NULL) != O_NEVER;
}

static uint32_t find_gpu(const struct o_problem *p, const char *name)
{
	uint32_t g = 0;

	while (g < p->n_gpus && strcmp(p->gpus[g].name, name) != 0)
		g++;
	return g;
}

static uint32_t find_request(const struct o_problem *p, const char *name)
{
	uint32_t q = 0;

	while (q < p->n_requests && strcmp(p->requests[q].name, name) != 0)
		q++;
	return q;
}

static void add_gpus(struct o_problem *p, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		p->gpus[p->n_gpus++] = (struct o_gpu){.name = "new",
						      .menu = p->gpus[0].menu,
						      .mode = O_NEVER,
						      .hive = UINT32_MAX - i / 8,
						      .can_switch = true};
}

const char *oracle_judge_remedies(const struct rp_json *doc, const struct o_problem *p)
{
	const struct rp_json *list = rp_json_get(doc, "remedies");
	RP_AUTO_FREE struct o_problem *x = rp_new0(struct o_problem, 1);

	for (size_t i = 0; x && i < rp_json_len(list); i++) {
		const struct rp_json *r = rp_json_at(list, i);
		const char *gpu = rp_json_text(rp_json_get(r, "gpu"));
		const char *name = rp_json_text(rp_json_get(r, "name"));
		uint32_t g = gpu ? find_gpu(p, gpu) : 0, q = name ? find_request(p, name) : 0;

		*x = *p;
		if (is_text(r, "remedy", "allow_unvalidated_modes"))
			x->allow_unvalidated = true;
		else if (is_text(r, "remedy", "allow_moves"))
			x->allow_moves = true;
		else if (is_text(r, "remedy", "uncordon"))
			x->gpus[g].cordoned = false;
		else if (is_text(r, "remedy", "release_gpu"))
			x->gpus[g].can_switch = true;
		else if (is_text(r, "remedy", "no_spread"))
			x->requests[q].spread = 'n';
		else if (is_text(r, "remedy", "shrink_request"))
			x->requests[q].bytes = number(r, "bytes");
		else if (is_text(r, "remedy", "add_gpus") && number(r, "gpus") + p->n_gpus <= 5)
			add_gpus(x, number(r, "gpus"));
		else
			continue;
		FALSE_IF(!is_placed_whole(x), rp_json_text(rp_json_get(r, "remedy")));
	}
	return NULL;
}
