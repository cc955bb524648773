/* SPDX-License-Identifier: MIT */
/* Every claim of a plan document, counted again or compared with what trying everything finds. */
#include "base/num.h"
#include "oracle.h"

#define FALSE_IF(wrong, what)        \
	do {                         \
		if (wrong)           \
			return what; \
	} while (0)

struct place {
	uint32_t request, replica, gpu, part, tenant; /* tenant: O_NEVER when it is new */
};

struct judge {
	const struct rp_json *doc;
	const struct o_problem *p;
	struct place places[O_UNITS];
	uint32_t n_places, then[O_GPUS]; /* mode in the plan; O_NEVER: not in it */
	uint32_t placed[O_REQS];
};

static bool is_int(const struct rp_json *j, const char *key)
{
	return rp_json_type(rp_json_get(j, key)) == RP_JSON_INT;
}

static uint64_t number(const struct rp_json *j, const char *key)
{
	return is_int(j, key) ? (uint64_t)rp_json_int_value(rp_json_get(j, key)) : UINT64_MAX;
}

static bool flag(const struct rp_json *j, const char *key)
{
	return rp_json_bool_value(rp_json_get(j, key));
}

static bool is_text(const struct rp_json *j, const char *key, const char *want)
{
	const char *s = rp_json_text(rp_json_get(j, key));

	return s && want && strcmp(s, want) == 0;
}

static const struct o_mode *mode_at(const struct o_problem *p, uint32_t g, uint64_t mode)
{
	return &p->menus[p->gpus[g].menu].modes[mode];
}

static uint64_t count_stay(const struct o_problem *p, uint32_t q)
{
	uint64_t n = 0;

	for (uint32_t t = 0; t < p->n_tenants; t++)
		n += p->tenants[t].request == q && oracle_stays(p, t);
	return n;
}

static const char *judge_gpus(struct judge *j)
{
	const struct o_problem *p = j->p;
	const struct rp_json *list = rp_json_get(j->doc, "gpus");

	for (uint32_t g = 0; g < O_GPUS; g++)
		j->then[g] = O_NEVER;
	for (size_t i = 0; i < rp_json_len(list); i++) {
		const struct rp_json *x = rp_json_at(list, i);
		uint64_t g = number(x, "index"), m = number(x, "mode");
		const struct o_mode *mode;

		FALSE_IF(g >= p->n_gpus || j->then[g] != O_NEVER, "gpus: no such GPU, or twice");
		FALSE_IF(m >= p->menus[p->gpus[g].menu].n, "gpus: no such mode");
		FALSE_IF(!oracle_may(p, (uint32_t)g, (uint32_t)m), "gpus: it cannot have the mode");
		mode = mode_at(p, (uint32_t)g, m);
		j->then[g] = (uint32_t)m;
		FALSE_IF(!is_text(x, "gpu", p->gpus[g].name) ||
				 !is_text(x, "compute_mode", mode->compute) ||
				 !is_text(x, "memory_mode", mode->memory),
			 "gpus: a name is wrong");
		FALSE_IF(flag(x, "switches") != (m != p->gpus[g].mode), "gpus: switches");
		FALSE_IF(number(x, "partitions") != mode->n, "gpus: partitions");
	}
	for (uint32_t g = 0; g < p->n_gpus; g++)
		for (uint32_t o = 0; o < g; o++)
			FALSE_IF(j->then[g] != O_NEVER && j->then[o] != O_NEVER &&
					 p->gpus[g].hive == p->gpus[o].hive &&
					 strcmp(mode_at(p, g, j->then[g])->memory,
						mode_at(p, o, j->then[o])->memory) != 0,
				 "gpus: a hive has two memory modes");
	return NULL;
}

static const char *read_places(struct judge *j)
{
	const struct o_problem *p = j->p;
	const struct rp_json *list = rp_json_get(j->doc, "placements");
	bool used[O_UNITS] = {false};
	uint32_t n_was = 0;

	FALSE_IF(rp_json_len(list) > O_UNITS, "placements: too many");
	for (size_t i = 0; i < rp_json_len(list); i++) {
		const struct rp_json *x = rp_json_at(list, i), *was = rp_json_get(x, "was");
		struct place *a = &j->places[j->n_places++];
		uint32_t t = 0;

		*a = (struct place){(uint32_t)number(x, "request"), (uint32_t)number(x, "replica"),
				    (uint32_t)number(x, "index"), (uint32_t)number(x, "partition"),
				    O_NEVER};
		FALSE_IF(a->request >= p->n_requests || a->gpu >= p->n_gpus ||
				 j->then[a->gpu] == O_NEVER ||
				 a->part >= mode_at(p, a->gpu, j->then[a->gpu])->n,
			 "placements: no such place");
		FALSE_IF(!is_text(x, "name", p->requests[a->request].name) ||
				 !is_text(x, "gpu", p->gpus[a->gpu].name),
			 "placements: a name is wrong");
		FALSE_IF(a->replica >= p->requests[a->request].replicas, "placements: replica");
		for (uint32_t o = 0; o + 1 < j->n_places; o++)
			FALSE_IF(j->places[o].request == a->request &&
					 j->places[o].replica == a->replica,
				 "placements: a replica twice");
		j->placed[a->request]++;
		if (rp_json_type(was) == RP_JSON_NULL)
			continue;
		FALSE_IF(rp_json_type(was) != RP_JSON_OBJECT, "placements: was is no place");
		while (t < p->n_tenants && (used[t] || p->tenants[t].request != a->request ||
					    p->tenants[t].gpu != number(was, "index") ||
					    p->tenants[t].part != number(was, "partition")))
			t++;
		FALSE_IF(t == p->n_tenants, "placements: nothing runs where it was");
		used[t] = true;
		a->tenant = t;
		n_was++;
	}
	FALSE_IF(n_was != p->n_tenants, "placements: a replica that runs is lost");
	return NULL;
}

/* What is in the partition of place i, and what the rules say of that. */
static const char *judge_place(const struct judge *j, uint32_t i)
{
	const struct o_problem *p = j->p;
	const struct place *a = &j->places[i];
	const struct o_request *q = &p->requests[a->request];
	const struct o_gpu *g = &p->gpus[a->gpu];
	const struct o_mode *m = mode_at(p, a->gpu, j->then[a->gpu]);
	bool stays = a->tenant != O_NEVER && oracle_stays(p, a->tenant);
	uint64_t bytes = 0, n = 0, near = 0, least = UINT64_MAX;

	for (uint32_t o = 0; o < j->n_places; o++) {
		const struct place *b = &j->places[o];

		if (b->gpu == a->gpu && b->part == a->part) {
			bytes += p->requests[b->request].bytes;
			n++;
		}
		near += b->request == a->request &&
			(q->spread == 'g' ? b->gpu == a->gpu
					  : q->spread == 'h' && p->gpus[b->gpu].hive == g->hive);
	}
	for (uint32_t o = 0; o < p->n_holders; o++) {
		const struct o_holder *h = &p->holders[o];

		if (h->gpu != a->gpu || h->part != a->part)
			continue;
		bytes += h->bytes;
		n++;
		least = h->share < least ? h->share : least;
	}
	FALSE_IF(n > least, "placements: more than a holder accepts");
	FALSE_IF(g->occupied & (1U << a->part), "placements: the partition is occupied");
	FALSE_IF(bytes > m->parts[a->part].bytes, "placements: more bytes than the partition has");
	FALSE_IF(n > q->share, "placements: more share the partition than may");
	FALSE_IF(q->xcds > m->parts[a->part].xcds, "placements: too few XCDs");
	FALSE_IF(q->bandwidth > m->parts[a->part].bandwidth / n,
		 "placements: too little bandwidth");
	FALSE_IF(q->memory && strcmp(q->memory, m->memory) != 0, "placements: wrong memory mode");
	FALSE_IF(near > q->per_domain, "placements: replicas are not apart");
	FALSE_IF(!stays && (g->cordoned || g->degraded || g->unhealthy),
		 "placements: the GPU takes nothing new");
	FALSE_IF(stays && (a->gpu != p->tenants[a->tenant].gpu ||
			   a->part != p->tenants[a->tenant].part),
		 "placements: a replica that must stay is moved");
	return NULL;
}

static bool is_moved(const struct judge *j, const struct place *a)
{
	return a->tenant != O_NEVER && (a->gpu != j->p->tenants[a->tenant].gpu ||
					a->part != j->p->tenants[a->tenant].part ||
					j->then[a->gpu] != j->p->gpus[a->gpu].mode);
}

static const char *memory_now(const struct o_problem *p, uint64_t hive)
{
	for (uint32_t g = 0; g < p->n_gpus; g++)
		if (p->gpus[g].hive == hive && p->gpus[g].mode != O_NEVER)
			return mode_at(p, g, p->gpus[g].mode)->memory;
	return NULL;
}

static bool is_reloaded(const struct judge *j, uint32_t g)
{
	const char *now = memory_now(j->p, j->p->gpus[g].hive);

	return j->then[g] != O_NEVER &&
	       (!now || strcmp(now, mode_at(j->p, g, j->then[g])->memory) != 0);
}

static const char *judge_counts(const struct judge *j)
{
	const struct o_problem *p = j->p;
	const struct rp_json *list = rp_json_get(j->doc, "gpus");
	uint64_t used = 0, added = 0, switches = 0, reloads = 0, moves = 0;

	for (uint32_t g = 0; g < p->n_gpus; g++) {
		uint32_t parts = p->gpus[g].occupied, now = p->gpus[g].occupied;
		bool first = true;

		for (uint32_t i = 0; i < j->n_places; i++)
			if (j->places[i].gpu == g)
				parts |= 1U << j->places[i].part;
		for (uint32_t t = 0; t < p->n_tenants; t++)
			now |= p->tenants[t].gpu == g;
		for (uint32_t i = 0; i < p->n_holders; i++) {
			if (p->holders[i].gpu != g)
				continue;
			parts |= 1U << p->holders[i].part;
			now = 1;
		}
		FALSE_IF((j->then[g] != O_NEVER) != (parts != 0), "gpus: not those in use");
		for (size_t i = 0; i < rp_json_len(list); i++)
			FALSE_IF(number(rp_json_at(list, i), "index") == g &&
					 number(rp_json_at(list, i), "partitions_used") !=
						 (uint64_t)__builtin_popcount(parts),
				 "gpus: partitions_used");
		for (uint32_t o = 0; o < g; o++)
			first = first && !(p->gpus[o].hive == p->gpus[g].hive && is_reloaded(j, o));
		used += parts != 0;
		added += parts && !now;
		switches += parts && j->then[g] != p->gpus[g].mode;
		reloads += first && is_reloaded(j, g);
	}
	for (uint32_t i = 0; i < j->n_places; i++)
		moves += is_moved(j, &j->places[i]);
	FALSE_IF(number(j->doc, "gpus_used") != used, "gpus_used");
	FALSE_IF(number(j->doc, "gpus_added") != added, "gpus_added");
	FALSE_IF(number(j->doc, "switches") != switches, "switches");
	FALSE_IF(number(j->doc, "reloads") != reloads, "reloads");
	FALSE_IF(number(j->doc, "moves") != moves, "moves");
	return NULL;
}

static const char *judge_unplaced(const struct judge *j)
{
	const struct o_problem *p = j->p;
	const struct rp_json *list = rp_json_get(j->doc, "unplaced");
	uint64_t missing[O_REQS] = {0}, placed = 0, total = 0;
	bool all = true;

	for (size_t i = 0; i < rp_json_len(list); i++) {
		const struct rp_json *x = rp_json_at(list, i);
		uint64_t q = number(x, "request");

		FALSE_IF(q >= p->n_requests || missing[q] ||
				 !is_text(x, "name", p->requests[q].name),
			 "unplaced: no such request, or twice");
		missing[q] = number(x, "replicas");
		FALSE_IF(missing[q] == 0, "unplaced: none");
	}
	for (uint32_t q = 0; q < p->n_requests; q++) {
		FALSE_IF(j->placed[q] + missing[q] != p->requests[q].replicas,
			 "unplaced: replicas do not add up");
		all = all && missing[q] == 0;
		placed += j->placed[q] * p->requests[q].weight;
		total += p->requests[q].replicas * p->requests[q].weight;
	}
	FALSE_IF(number(j->doc, "weight_placed") != placed, "weight_placed");
	FALSE_IF(number(j->doc, "weight_total") != total, "weight_total");
	FALSE_IF(flag(j->doc, "feasible") != all, "feasible");
	FALSE_IF(!is_text(j->doc, "goal", all ? "fewest_gpus" : "most_weight"), "goal");
	return NULL;
}

static uint32_t find_least(const struct o_problem *p, struct o_known *k)
{
	uint32_t replicas[O_REQS];

	for (uint32_t q = 0; q < p->n_requests; q++)
		replicas[q] = p->requests[q].replicas;
	if (!k->have_least)
		k->least = oracle_least(p, replicas, NULL);
	k->have_least = true;
	return k->least;
}

/* Compare the weights of what is placed with the most there can be, band by band. */
static bool is_most(const struct judge *j, struct o_known *k)
{
	const struct o_problem *p = j->p;
	int64_t below = INT64_MAX;

	if (!k->have_most)
		k->n_bands = oracle_most(p, k->most);
	k->have_most = true;
	for (uint32_t i = 0; i < k->n_bands && k->n_bands != O_NEVER; i++) {
		int64_t priority = INT64_MIN;
		uint64_t sum = 0;

		for (uint32_t q = 0; q < p->n_requests; q++)
			if (p->requests[q].priority < below && p->requests[q].priority > priority)
				priority = p->requests[q].priority;
		for (uint32_t q = 0; q < p->n_requests; q++)
			if (p->requests[q].priority == priority)
				sum += j->placed[q] * p->requests[q].weight;
		below = priority;
		if (sum != k->most[i])
			return false;
	}
	return true;
}

static const char *judge_bound(const struct judge *j, struct o_known *k)
{
	const struct rp_json *bound = rp_json_get(j->doc, "bound");
	uint32_t least = find_least(j->p, k);

	FALSE_IF(!bound, "bound: missing");
	FALSE_IF(rp_json_type(bound) == RP_JSON_NULL && least != O_NEVER,
		 "bound: null, but there is a plan");
	FALSE_IF(rp_json_type(bound) != RP_JSON_NULL && rp_json_type(bound) != RP_JSON_INT,
		 "bound: no number");
	FALSE_IF(rp_json_type(bound) == RP_JSON_INT && least != O_NEVER &&
			 rp_json_int_value(bound) > least,
		 "bound: a plan uses fewer GPUs");
	if (!flag(j->doc, "proved"))
		return NULL;
	if (flag(j->doc, "feasible"))
		return number(j->doc, "gpus_used") != least ? "proved: fewer GPUs are enough"
							    : NULL;
	return is_most(j, k) ? NULL : "proved: more weight can be placed";
}

/* A case says that all plans in one memory mode use so many GPUs, or that there is none. */
static const char *judge_case(const struct judge *j, const struct rp_json *x)
{
	const struct o_problem *p = j->p;
	const char *memory = rp_json_text(rp_json_get(x, "memory_mode"));
	uint32_t replicas[O_REQS], least;
	uint64_t q = number(x, "fits_nowhere"), held = 0;

	for (uint32_t g = 0; g < p->n_gpus; g++)
		held += oracle_is_held(p, g);
	FALSE_IF(number(x, "fixed_gpus") != held, "case: fixed_gpus");
	for (uint32_t i = 0; i < p->n_requests; i++)
		replicas[i] = p->requests[i].replicas;
	least = oracle_least(p, replicas, memory);
	FALSE_IF(!flag(x, "possible") && least != O_NEVER, "case: there is a plan");
	FALSE_IF(flag(x, "possible") && least != O_NEVER && number(x, "gpus") > least,
		 "case: a plan uses fewer GPUs");
	if (!rp_json_get(x, "fits_nowhere"))
		return NULL;
	FALSE_IF(q >= p->n_requests, "case: fits_nowhere names no request");
	for (uint32_t i = 0; i < p->n_requests; i++)
		replicas[i] = (uint32_t)count_stay(p, i);
	replicas[q] = replicas[q] + 1;
	for (uint32_t i = 0; i < p->n_requests; i++) /* those that may move stay in the count */
		for (uint32_t t = 0; t < p->n_tenants; t++)
			if (p->tenants[t].request == i && !oracle_stays(p, t))
				return NULL;
	return oracle_least(p, replicas, memory) == O_NEVER ? NULL : "case: it fits somewhere";
}

static const char *judge_certificate(const struct judge *j)
{
	const struct rp_json *cases = rp_json_get(rp_json_get(j->doc, "certificate"), "cases");
	const char *wrong = NULL;

	for (size_t i = 0; i < rp_json_len(cases) && !wrong; i++)
		wrong = judge_case(j, rp_json_at(cases, i));
	return wrong;
}

static const char *judge_reason(const struct judge *j)
{
	const struct o_problem *p = j->p;
	const struct rp_json *list = rp_json_get(j->doc, "reason");
	uint32_t replicas[O_REQS] = {0};

	FALSE_IF(!rp_json_get(j->doc, "reason_proof"), "reason_proof: missing");
	for (uint32_t t = 0; t < p->n_tenants; t++)
		replicas[p->tenants[t].request]++;
	for (size_t i = 0; i < rp_json_len(list); i++) {
		const struct rp_json *x = rp_json_at(list, i);
		uint64_t q = number(x, "request");

		FALSE_IF(q >= p->n_requests || !is_text(x, "name", p->requests[q].name) ||
				 number(x, "replicas") > p->requests[q].replicas ||
				 number(x, "replicas") <= replicas[q],
			 "reason: no such request");
		replicas[q] = (uint32_t)number(x, "replicas");
	}
	if (rp_json_type(rp_json_get(j->doc, "reason_proof")) == RP_JSON_NULL)
		return NULL;
	return oracle_least(p, replicas, NULL) == O_NEVER ? NULL
							  : "reason: these can be placed together";
}

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

static const char *judge_steps(const struct judge *j)
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

/* What runs must be possible where it is: a plan never says that a broken wish is met. */
static const char *judge_tenants(const struct o_problem *p)
{
	for (uint32_t t = 0; t < p->n_tenants; t++)
		FALSE_IF(p->gpus[p->tenants[t].gpu].occupied & (1U << p->tenants[t].part),
			 "tenants: on an occupied partition");
	return NULL;
}

const char *oracle_judge(const struct rp_json *doc, const struct o_problem *p,
			 struct o_known *known)
{
	struct judge j = {.doc = doc, .p = p};
	const char *wrong = judge_tenants(p);

	if (!wrong)
		wrong = judge_gpus(&j);
	if (!wrong)
		wrong = read_places(&j);
	for (uint32_t i = 0; i < j.n_places && !wrong; i++)
		wrong = judge_place(&j, i);
	if (!wrong)
		wrong = judge_counts(&j);
	if (!wrong)
		wrong = judge_unplaced(&j);
	if (!wrong)
		wrong = judge_steps(&j);
	if (!wrong)
		wrong = judge_bound(&j, known);
	if (!wrong)
		wrong = judge_certificate(&j);
	return wrong ? wrong : judge_reason(&j);
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
