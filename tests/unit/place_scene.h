/* SPDX-License-Identifier: MIT */
/* A problem on MI300X, solved and checked. */
#ifndef TESTS_PLACE_SCENE_H
#define TESTS_PLACE_SCENE_H

#include "base/json.h"
#include "place_machines.h"
#include "plan/plan.h"
#include "plan/verify/verify.h"

#define GB	 UINT64_C(1000000000)
#define MAX_GPUS 64
#define MAX_REQS 40

struct scene {
	struct rp_place_gpu gpus[MAX_GPUS];
	struct rp_place_request requests[MAX_REQS];
	struct rp_place_tenant tenants[8];
	struct rp_place_problem p;
};

static struct rp_place_menu menu; /* large: not for the stack */

static inline void scene_init(struct scene *s, uint32_t n_gpus, uint32_t mode)
{
	*s = (struct scene){.p = {.menus = &menu, .n_menus = 1, .n_gpus = n_gpus}};
	mi300x_menu(&menu);
	s->p.gpus = s->gpus;
	s->p.requests = s->requests;
	s->p.tenants = s->tenants;
	for (uint32_t g = 0; g < n_gpus; g++)
		s->gpus[g] = (struct rp_place_gpu){.name = "gpu", .mode = mode, .hive = g / 8};
}

static inline struct rp_place_request *ask(struct scene *s, const char *name, uint64_t bytes,
					   uint32_t n)
{
	struct rp_place_request *q = &s->requests[s->p.n_requests++];

	*q = (struct rp_place_request){.name = name, .bytes = bytes, .replicas = n};
	return q;
}

static inline void verify(const struct rp_plan *plan)
{
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct rocpart_error err = {0};

	assert_int_equal(rp_plan_to_json(plan, &json), 0);
	if (rp_plan_verify(json, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
}

static inline struct rp_plan *solve(const struct scene *s)
{
	struct rp_plan *plan = NULL;
	struct rocpart_error err = {0};

	if (rp_plan_solve(&s->p, NULL, &plan, &err) < 0)
		fail_msg("%s", err.message);
	verify(plan);
	return plan;
}

#endif
