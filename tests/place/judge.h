/* SPDX-License-Identifier: MIT */
/* What the files of the judge share. */
#ifndef TESTS_PLACE_JUDGE_H
#define TESTS_PLACE_JUDGE_H

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

static inline bool is_int(const struct rp_json *j, const char *key)
{
	return rp_json_type(rp_json_get(j, key)) == RP_JSON_INT;
}

static inline uint64_t number(const struct rp_json *j, const char *key)
{
	return is_int(j, key) ? (uint64_t)rp_json_int_value(rp_json_get(j, key)) : UINT64_MAX;
}

static inline bool flag(const struct rp_json *j, const char *key)
{
	return rp_json_bool_value(rp_json_get(j, key));
}

static inline bool is_text(const struct rp_json *j, const char *key, const char *want)
{
	const char *s = rp_json_text(rp_json_get(j, key));

	return s && want && strcmp(s, want) == 0;
}

static inline const struct o_mode *mode_at(const struct o_problem *p, uint32_t g, uint64_t mode)
{
	return &p->menus[p->gpus[g].menu].modes[mode];
}

static inline uint64_t count_stay(const struct o_problem *p, uint32_t q)
{
	uint64_t n = 0;

	for (uint32_t t = 0; t < p->n_tenants; t++)
		n += p->tenants[t].request == q && oracle_stays(p, t);
	return n;
}

static inline bool is_moved(const struct judge *j, const struct place *a)
{
	return a->tenant != O_NEVER && (a->gpu != j->p->tenants[a->tenant].gpu ||
					a->part != j->p->tenants[a->tenant].part ||
					j->then[a->gpu] != j->p->gpus[a->gpu].mode);
}

static inline const char *memory_now(const struct o_problem *p, uint64_t hive)
{
	for (uint32_t g = 0; g < p->n_gpus; g++)
		if (p->gpus[g].hive == hive && p->gpus[g].mode != O_NEVER)
			return mode_at(p, g, p->gpus[g].mode)->memory;
	return NULL;
}

/* oracle_steps.c: replay the steps on the machine as it is now. NULL, or what is wrong. */
const char *judge_steps(const struct judge *j);

#endif
