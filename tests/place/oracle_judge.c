/* SPDX-License-Identifier: MIT */
/* Every claim of a plan document, counted again or compared with what trying everything finds. */
#include "judge.h"

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
