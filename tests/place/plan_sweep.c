/* SPDX-License-Identifier: MIT */
/*
 * plan_sweep SEED INSTANCES TAMPERED: random small problems, each planned, and judged by the oracle
 * (oracle.h): the plan is possible, and its bound, proof, reason and remedies are true. Then
 * documents are tampered with, and no false one may be accepted by the checker. Prints the counts
 * as TAP. ONLY=K tries instance K alone, SHOW prints the documents that are wrong.
 */
#include <stdio.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "oracle.h"
#include "place_machines.h"
#include "plan/plan.h"
#include "plan/verify/verify.h"

#define MAX_TENANTS 4
#define MAX_UNITS   6
#define N_OUT	    15 /* GPUs out of use, which make a machine too large for the exact search */

struct instance {
	struct rp_place_menu menus[2];
	struct rp_place_gpu gpus[3 + N_OUT];
	struct rp_place_request requests[4];
	struct rp_place_tenant tenants[MAX_TENANTS];
	struct rp_place_holder holders[2];
	struct rp_place_problem p;
	struct rp_plan_options options;
};

static struct {
	uint64_t instances, feasible, proved, unproved, shared, tenants, large, missed;
	uint64_t reasons, nulls, refused_input;
	uint64_t tampered, accepted, unjudged;
	uint64_t wrong_plans, refused_own, wrong_remedies, accepted_false;
} n;

/* Eight partitions with a smaller last pair, modes that are not validated, and a plain one. */
static void other_menu(struct rp_place_menu *menu)
{
	static const struct rp_place_menu empty = {.product = "other", .n_modes = 4};

	*menu = empty;
	set_mode(&menu->modes[0], "SPX", "NPS1", true, 1, 1, 0, 0, 8);
	set_mode(&menu->modes[1], "QPX", "NPS1", false, 4, 4, 0, 0, 8);
	set_mode(&menu->modes[2], "CPX", "NPS1", true, 8, 8, 0, 0, 8);
	set_mode(&menu->modes[3], "CPX", "NPS2", true, 8, 6, 0, 0, 8);
	for (uint32_t m = 0; m < 4; m++)
		for (uint32_t i = 0; i < menu->modes[m].n_parts; i++) {
			menu->modes[m].parts[i].usable_bytes = 480 / menu->modes[m].n_parts;
			menu->modes[m].parts[i].bandwidth_mbs = 1200 / menu->modes[m].n_parts;
		}
	menu->modes[3].parts[6].usable_bytes = menu->modes[3].parts[7].usable_bytes = 57;
}

static void draw_gpus(struct instance *x, uint64_t *seed)
{
	static const char *const out[N_OUT] = {"out0",	"out1",	 "out2",  "out3",  "out4",
					       "out5",	"out6",	 "out7",  "out8",  "out9",
					       "out10", "out11", "out12", "out13", "out14"};
	const char *memory[3] = {NULL};
	uint32_t hives = 1 + below(seed, 3), flagged = below(seed, 3);

	x->p.n_gpus = 1 + below(seed, 3);
	for (uint32_t g = 0; g < x->p.n_gpus; g++) {
		static const char *const names[] = {"gpu0", "gpu1", "gpu2"};
		struct rp_place_gpu *gpu = &x->gpus[g];
		const struct rp_place_menu *menu;

		*gpu = (struct rp_place_gpu){.name = names[g],
					     .menu = below(seed, x->p.n_menus),
					     .hive = below(seed, hives),
					     .mode = RP_PLACE_NONE};
		menu = &x->menus[gpu->menu];
		do /* one memory mode in a hive */
			gpu->mode = below(seed, menu->n_modes);
		while (memory[gpu->hive] &&
		       strcmp(menu->modes[gpu->mode].memory, memory[gpu->hive]) != 0);
		memory[gpu->hive] = menu->modes[gpu->mode].memory;
		if (below(seed, 12) == 0)
			gpu->mode = RP_PLACE_NONE;
		if (flagged == 0 && below(seed, 3) == 0)
			gpu->flags = 1U << below(seed, 4);
		if (flagged == 0 && below(seed, 4) == 0 && gpu->mode != RP_PLACE_NONE)
			gpu->occupied = below(seed, 1U << menu->modes[gpu->mode].n_parts);
	}
	if (below(seed, 6) != 0)
		return;
	for (uint32_t i = 0; i < N_OUT; i++)
		x->gpus[x->p.n_gpus++] = (struct rp_place_gpu){
			.name = out[i], .hive = 100 + i, .mode = 0, .flags = RP_PLACE_CORDONED};
}

static void draw_requests(struct instance *x, uint64_t *seed)
{
	static const uint64_t sizes[] = {1,   20,  30,	50,  57,  60,  61,  99,	 100,
					 101, 120, 150, 199, 200, 201, 300, 400, 480};
	static const char *const names[] = {"a", "b", "c", "d"};
	uint32_t units = 1 + below(seed, MAX_UNITS), sharing = below(seed, 2),
		 wishes = below(seed, 2);

	while (units > 0 && x->p.n_requests < 4) {
		struct rp_place_request *q = &x->requests[x->p.n_requests];
		uint32_t k = 1 + below(seed, 4);

		k = x->p.n_requests == 3 || k > units ? units : k;
		units -= k;
		*q = (struct rp_place_request){.name = names[x->p.n_requests++],
					       .replicas = k,
					       .bytes = sizes[below(seed, RP_ARRAY_LEN(sizes))],
					       .weight = 1 + below(seed, 4),
					       .priority = (int32_t)below(seed, 3) - 1};
		if (sharing && below(seed, 3))
			q->share = 1 + below(seed, 4);
		if (below(seed, 3) == 0) {
			q->spread = 1 + below(seed, 2);
			q->per_domain = 1 + below(seed, 2);
		}
		if (!wishes)
			continue;
		if (below(seed, 3) == 0)
			q->min_xcds = 1U << below(seed, 3);
		if (below(seed, 3) == 0)
			q->memory = below(seed, 2) ? "NPS1" : "NPS2";
		if (below(seed, 3) == 0)
			q->min_bandwidth_mbs = (1 + below(seed, 6)) * 60;
	}
}

static void draw_tenants(struct instance *x, uint64_t *seed)
{
	uint32_t tries = below(seed, 2) ? 12 : 0;

	for (uint32_t i = 0; i < tries && x->p.n_tenants < MAX_TENANTS; i++) {
		uint32_t g = below(seed, x->p.n_gpus < 3 ? x->p.n_gpus : 3);
		struct rp_place_tenant *t = &x->tenants[x->p.n_tenants];

		if (x->gpus[g].mode == RP_PLACE_NONE)
			continue;
		*t = (struct rp_place_tenant){
			below(seed, x->p.n_requests), g,
			below(seed, x->menus[x->gpus[g].menu].modes[x->gpus[g].mode].n_parts),
			below(seed, 3) != 0};
		x->p.n_tenants++;
		if (rp_place_check(&x->p, NULL) < 0)
			x->p.n_tenants--;
	}
}

/* Leases of other models, which share their partitions or occupy them. */
static void draw_holders(struct instance *x, uint64_t *seed)
{
	for (uint32_t i = 0; i < 2 && below(seed, 3) == 0; i++) {
		uint32_t g = below(seed, x->p.n_gpus < 3 ? x->p.n_gpus : 3);
		struct rp_place_holder *h = &x->holders[x->p.n_holders];

		if (x->gpus[g].mode == RP_PLACE_NONE)
			continue;
		*h = (struct rp_place_holder){
			g, below(seed, x->menus[x->gpus[g].menu].modes[x->gpus[g].mode].n_parts),
			1 + below(seed, 90), 1 + below(seed, 4), "lease 7 other"};
		x->p.n_holders++;
		if (rp_place_check(&x->p, NULL) < 0)
			x->p.n_holders--;
	}
}

static void draw_instance(struct instance *x, uint64_t seed)
{
	*x = (struct instance){.p = {.menus = x->menus,
				     .gpus = x->gpus,
				     .requests = x->requests,
				     .tenants = x->tenants,
				     .holders = x->holders,
				     .n_menus = 1 + (below(&seed, 4) == 0),
				     .allow_unvalidated = below(&seed, 2) != 0,
				     .allow_moves = below(&seed, 2) != 0}};
	toy_menu(&x->menus[0]);
	other_menu(&x->menus[1]);
	if (below(&seed, 4) == 0)
		other_menu(&x->menus[0]);
	draw_gpus(x, &seed);
	draw_requests(x, &seed);
	draw_holders(x, &seed);
	draw_tenants(x, &seed);
	if (below(&seed, 8) == 0)
		x->options.max_work = 1 + below(&seed, 20); /* the exact search ends early */
}

static void complain(uint64_t seed, uint64_t i, const char *what, const char *why,
		     const struct rp_json *doc)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	fprintf(stderr, "# seed %llu, instance %llu: %s: %s\n", (unsigned long long)seed,
		(unsigned long long)i, what, why);
	if (getenv("SHOW") && rp_json_print(doc, false, &text) == 0)
		fprintf(stderr, "%s\n", rp_strbuf_str(&text));
}

static void count_kind(const struct instance *x, const struct rp_json *doc)
{
	bool feasible = rp_json_bool_value(rp_json_get(doc, "feasible"));
	bool proved = rp_json_bool_value(rp_json_get(doc, "proved")), shared = false;

	for (uint32_t q = 0; q < x->p.n_requests; q++)
		shared = shared || x->requests[q].share > 1;
	n.feasible += feasible;
	n.proved += proved;
	n.unproved += !proved;
	n.shared += shared;
	n.tenants += x->p.n_tenants > 0;
	n.large += x->p.n_gpus > 3;
	n.reasons += rp_json_type(rp_json_get(doc, "reason_proof")) == RP_JSON_OBJECT;
	n.nulls += rp_json_type(rp_json_get(doc, "bound")) == RP_JSON_NULL;
}

/* Plan an instance and judge the plan. Return the document, or NULL. */
static struct rp_json *try_instance(uint64_t seed, uint64_t i, struct instance *x)
{
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	RP_AUTO_FREE struct o_problem *o = rp_new0(struct o_problem, 1);
	struct rp_json *doc = NULL;
	struct o_known known = {0};
	struct rocpart_error err = {0};
	const char *wrong;
	int r;

	n.instances++;
	r = rp_plan_solve(&x->p, &x->options, &plan, &err);
	if (r == 0)
		r = rp_plan_to_json(plan, &doc);
	if (r < 0 || !o || !oracle_read(doc, o)) {
		n.wrong_plans++;
		complain(seed, i, "no plan", err.message, doc);
		return doc;
	}
	count_kind(x, doc);
	wrong = oracle_judge(doc, o, &known);
	if (wrong) {
		n.wrong_plans++;
		complain(seed, i, "the plan is wrong", wrong, doc);
	} else if (!plan->feasible && known.least != O_NEVER) {
		n.missed++;
	}
	wrong = oracle_judge_remedies(doc, o);
	if (wrong) {
		n.wrong_remedies++;
		complain(seed, i, "the remedy is none", wrong, doc);
	}
	if (rp_plan_verify(doc, &err) < 0) {
		n.refused_own++;
		complain(seed, i, err.object, err.message, doc);
	}
	return doc;
}

/* A walk over a document that copies it and changes the at-th value. */
struct tamper {
	uint64_t *seed;
	uint32_t now, at;
	const char *texts[64]; /* that the document has */
	uint32_t n_texts;
	const struct rp_json *list; /* of it one entry is left out or doubled */
};

static struct rp_json *changed(const struct rp_json *j, struct tamper *t)
{
	int64_t v = rp_json_int_value(j);

	switch (rp_json_type(j)) {
	case RP_JSON_INT:
		switch (below(t->seed, 6)) {
		case 0:
			return rp_json_int(v - 1);
		case 1:
			return rp_json_int(v * 2);
		case 2:
			return rp_json_int(below(t->seed, 4));
		case 3:
			return below(t->seed, 4) ? rp_json_int(v / 2) : rp_json_null();
		default:
			return rp_json_int(v + 1);
		}
	case RP_JSON_BOOL:
		return rp_json_bool(!rp_json_bool_value(j));
	case RP_JSON_STRING:
		return below(t->seed, 8) == 0
			       ? rp_json_null()
			       : rp_json_string(t->texts[below(t->seed, t->n_texts)]);
	case RP_JSON_NULL:
		return below(t->seed, 2) ? rp_json_int(below(t->seed, 4))
					 : rp_json_string(t->texts[below(t->seed, t->n_texts)]);
	case RP_JSON_REAL:
	case RP_JSON_ARRAY:
	case RP_JSON_OBJECT:
	default:
		return rp_json_null();
	}
}

static struct rp_json *copy(const struct rp_json *j, struct tamper *t);

static struct rp_json *copy_list(const struct rp_json *j, struct tamper *t)
{
	struct rp_json *a = rp_json_array();
	size_t at = below(t->seed, (uint32_t)rp_json_len(j) + 1), len = rp_json_len(j);
	bool hit = t->now++ == t->at;
	uint32_t how = hit ? below(t->seed, 3) : 0;

	for (size_t i = 0; i < len; i++) {
		size_t from = hit && how == 2 && len > 1 ? (i + 1) % len : i;

		if (hit && how == 0 && i == at)
			continue;
		(void)!rp_json_append(a, copy(rp_json_at(j, from), t));
		if (hit && how == 1 && i == at)
			(void)!rp_json_append(a, copy(rp_json_at(j, i), t));
	}
	return a;
}

static struct rp_json *copy(const struct rp_json *j, struct tamper *t)
{
	struct rp_json *o;

	if (rp_json_type(j) == RP_JSON_ARRAY)
		return copy_list(j, t);
	if (rp_json_type(j) != RP_JSON_OBJECT) {
		if (rp_json_type(j) == RP_JSON_STRING && t->n_texts < RP_ARRAY_LEN(t->texts))
			t->texts[t->n_texts++] = rp_json_text(j);
		if (t->now++ == t->at)
			return changed(j, t);
		return rp_json_type(j) == RP_JSON_INT	   ? rp_json_int(rp_json_int_value(j))
		       : rp_json_type(j) == RP_JSON_BOOL   ? rp_json_bool(rp_json_bool_value(j))
		       : rp_json_type(j) == RP_JSON_STRING ? rp_json_string(rp_json_text(j))
							   : rp_json_null();
	}
	o = rp_json_object();
	for (void *it = rp_json_iter(j); it; it = rp_json_iter_next(j, it))
		(void)!rp_json_set(o, rp_json_iter_key(it), copy(rp_json_iter_value(it), t));
	return o;
}

/* Return a copy of j in which one value is another one. */
static struct rp_json *tamper_once(const struct rp_json *j, uint64_t *seed)
{
	struct tamper t = {.seed = seed, .at = UINT32_MAX, .texts = {"NPS2"}, .n_texts = 1};

	rp_json_free(copy(j, &t)); /* count the values and learn the texts */
	t.at = below(seed, t.now ? t.now : 1);
	t.now = 0;
	return copy(j, &t);
}

static void add_to(struct rp_json *doc, const char *key, int64_t by)
{
	const struct rp_json *old = rp_json_get(doc, key);

	if (rp_json_type(old) == RP_JSON_INT)
		(void)!rp_json_set(doc, key, rp_json_int(rp_json_int_value(old) + by));
}

/* Changes that hang together: what somebody would write who wants a false claim believed. */
static void tamper_with_claims(struct rp_json *doc, uint64_t *seed)
{
	struct rp_json *cert = rp_json_get(doc, "certificate"), *cases, *x, *reason;
	static const char *const kinds[] = {"chain", "exhaustive", "volume", "count", "l2"};
	const char *kind = kinds[below(seed, 5)];

	cases = rp_json_get(cert, "cases");
	x = rp_json_at(cases, below(seed, (uint32_t)rp_json_len(cases) + 1));
	reason = rp_json_get(doc, "reason");
	switch (below(seed, 6)) {
	case 0: /* proved, by anything */
		(void)!rp_json_set_bool(doc, "proved", true);
		(void)!rp_json_set_string(cert, "kind", kind);
		break;
	case 1: /* more GPUs are needed than are */
		add_to(doc, "bound", 1);
		add_to(x, "gpus", 1);
		add_to(rp_json_at(rp_json_get(x, "rows"), 0), "gpus", 1);
		break;
	case 2: /* no number is enough */
		(void)!rp_json_set_null(doc, "bound");
		for (size_t i = 0; i < rp_json_len(cases); i++) {
			(void)!rp_json_set_bool(rp_json_at(cases, i), "possible", false);
			if (below(seed, 2))
				(void)!rp_json_set_u64(rp_json_at(cases, i), "fits_nowhere", 0);
		}
		break;
	case 3: /* fewer replicas cannot be placed either */
		x = rp_json_at(reason, below(seed, (uint32_t)rp_json_len(reason) + 1));
		if (x)
			add_to(x, "replicas", -1);
		break;
	case 4: /* the bound is of another kind */
		(void)!rp_json_set_string(cert, "kind", kind);
		(void)!rp_json_set_u64(cert, "at_least_bytes", 1 + below(seed, 200));
		(void)!rp_json_set_u64(cert, "reference_bytes", 1 + below(seed, 400));
		if (below(seed, 2))
			add_to(doc, "bound", (int64_t)below(seed, 3) - 1);
		break;
	default: /* the reason is proved by anything */
		x = rp_json_object();
		(void)!rp_json_set_string(x, "kind", kind);
		(void)!rp_json_set_u64(x, "at_least_bytes", 1 + below(seed, 200));
		(void)!rp_json_set_u64(x, "reference_bytes", 1 + below(seed, 400));
		(void)!rp_json_set(doc, "reason_proof", x);
		break;
	}
}

/* Tamper with one part of the document, some more often than others. */
static struct rp_json *tamper(const struct rp_json *doc, uint64_t *seed)
{
	static const char *const parts[] = {"certificate",  "placements", "gpus",    "reason",
					    "reason_proof", "steps",	  "machine", "requests",
					    "unplaced",	    "bound",	  "proved"};
	struct tamper none = {.seed = seed, .at = UINT32_MAX};
	struct rp_json *x = copy(doc, &none);
	uint32_t times = 1 + below(seed, 2);

	for (uint32_t i = 0; i < times; i++) {
		const char *part = parts[below(seed, RP_ARRAY_LEN(parts))];
		struct rp_json *other;

		switch (below(seed, 4)) {
		case 0:
			tamper_with_claims(x, seed);
			break;
		case 1:
			other = tamper_once(x, seed);
			rp_json_free(x);
			x = other;
			break;
		default:
			other = tamper_once(rp_json_get(x, part), seed);
			(void)!rp_json_set(x, part, other);
			break;
		}
	}
	return x;
}

static void try_tampered(uint64_t seed, uint64_t i, const struct rp_json *doc, uint64_t *state)
{
	RP_AUTO_FREE struct o_problem *o = rp_new0(struct o_problem, 1);
	struct rp_json *x = tamper(doc, state);
	struct o_known known = {0};
	const char *wrong = NULL;

	n.tampered++;
	if (rp_plan_verify(x, NULL) == 0) {
		n.accepted++;
		if (!o || !oracle_read(x, o))
			n.unjudged++;
		else
			wrong = oracle_judge(x, o, &known);
	}
	if (wrong) {
		n.accepted_false++;
		complain(seed, i, "a false document was accepted", wrong, x);
	}
	rp_json_free(x);
}

static void print_counts(uint64_t seed)
{
	printf("# seed %llu: %llu instances (%llu shared, %llu with tenants, %llu large): "
	       "%llu feasible, %llu proved, %llu unproved, %llu reasons, %llu without any bound, "
	       "%llu places missed\n",
	       (unsigned long long)seed, (unsigned long long)n.instances,
	       (unsigned long long)n.shared, (unsigned long long)n.tenants,
	       (unsigned long long)n.large, (unsigned long long)n.feasible,
	       (unsigned long long)n.proved, (unsigned long long)n.unproved,
	       (unsigned long long)n.reasons, (unsigned long long)n.nulls,
	       (unsigned long long)n.missed);
	printf("# wrong plans %llu, own documents refused %llu, wrong remedies %llu\n",
	       (unsigned long long)n.wrong_plans, (unsigned long long)n.refused_own,
	       (unsigned long long)n.wrong_remedies);
	printf("# %llu tampered documents: %llu accepted (%llu too large to judge), %llu of them "
	       "false\n",
	       (unsigned long long)n.tampered, (unsigned long long)n.accepted,
	       (unsigned long long)n.unjudged, (unsigned long long)n.accepted_false);
}

int main(int argc, char **argv)
{
	static struct instance x;
	bool bad;
	uint64_t seed = 1, instances = 100, tampered = 200, only = UINT64_MAX, done = 0;

	if ((argc > 1 && rp_parse_u64(argv[1], 10, &seed) < 0) ||
	    (argc > 2 && rp_parse_u64(argv[2], 10, &instances) < 0) ||
	    (argc > 3 && rp_parse_u64(argv[3], 10, &tampered) < 0) ||
	    (getenv("ONLY") && rp_parse_u64(getenv("ONLY"), 10, &only) < 0))
		return 2;
	for (uint64_t i = 0; i < instances; i++) {
		uint64_t state = seed * UINT64_C(1000003) + i;
		struct rp_json *doc;

		if (only != UINT64_MAX && i != only)
			continue;
		draw_instance(&x, draw(&state));
		doc = try_instance(seed, i, &x);
		for (; doc && done * instances < tampered * (i + 1); done++)
			try_tampered(seed, i, doc, &state);
		rp_json_free(doc);
	}
	print_counts(seed);
	bad = n.wrong_plans || n.refused_own || n.wrong_remedies || n.accepted_false;
	printf("1..1\n%s 1 - every_plan_is_true_and_no_false_one_is_accepted\n",
	       bad ? "not ok" : "ok");
	return bad;
}
