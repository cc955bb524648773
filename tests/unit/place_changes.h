/* SPDX-License-Identifier: MIT */
/* Plan documents, and every change of them one at a time: the verifier must refuse it. */
#ifndef TESTS_PLACE_CHANGES_H
#define TESTS_PLACE_CHANGES_H

#include "base/json.h"
#include "place_machines.h"
#include "plan/plan.h"
#include "plan/verify/verify.h"

#define GB UINT64_C(1000000000)

static struct rp_place_menu the_menu; /* large: not for the stack */

struct scene {
	struct rp_place_menu *menu;
	struct rp_place_gpu gpus[8];
	struct rp_place_request requests[8];
	struct rp_place_tenant tenants[8];
	struct rp_place_problem p;
};

static inline void scene_init(struct scene *s, uint32_t n_gpus, uint32_t mode)
{
	static const char *const names[8] = {"0000:05:00.0", "0000:15:00.0", "0000:25:00.0",
					     "0000:35:00.0", "0000:85:00.0", "0000:95:00.0",
					     "0000:a5:00.0", "0000:b5:00.0"};

	*s = (struct scene){.menu = &the_menu};
	mi300x_menu(&the_menu);
	for (uint32_t g = 0; g < n_gpus; g++)
		s->gpus[g] = (struct rp_place_gpu){.name = names[g], .mode = mode};
	s->p = (struct rp_place_problem){.menus = s->menu,
					 .gpus = s->gpus,
					 .requests = s->requests,
					 .tenants = s->tenants,
					 .n_menus = 1,
					 .n_gpus = n_gpus};
}

static inline struct rp_place_request *ask(struct scene *s, const char *name, uint64_t bytes,
					   uint32_t n)
{
	struct rp_place_request *q = &s->requests[s->p.n_requests++];

	*q = (struct rp_place_request){.name = name, .bytes = bytes, .replicas = n};
	return q;
}

static inline char *solve_to_text(const struct rp_place_problem *p)
{
	RP_AUTO_PLAN struct rp_plan *plan = NULL;
	RP_AUTO_JSON struct rp_json *json = NULL;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_error err = {0};

	if (rp_plan_solve(p, NULL, &plan, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(rp_plan_to_json(plan, &json), 0);
	assert_int_equal(rp_json_print(json, false, &text), 0);
	return rp_strbuf_steal(&text);
}

static inline struct rp_json *parse(const char *text)
{
	struct rp_json *json = NULL;

	assert_int_equal(rp_json_parse(text, strlen(text), "plan", &json, NULL), 0);
	return json;
}

struct change {
	uint32_t at, now; /* the at-th scalar is changed; now counts */
	int how;
	bool done;
	char what[96];
};

static inline struct rp_json *changed(const struct rp_json *j, int how)
{
	switch (rp_json_type(j)) {
	case RP_JSON_INT:
		return rp_json_int(rp_json_int_value(j) + (how == 0 ? 1 : how == 1 ? -1 : 7));
	case RP_JSON_BOOL:
		return how == 0 ? rp_json_bool(!rp_json_bool_value(j)) : NULL;
	case RP_JSON_STRING:
		return how == 0 ? rp_json_string("other") : NULL;
	case RP_JSON_NULL:
	case RP_JSON_REAL:
	case RP_JSON_ARRAY:
	case RP_JSON_OBJECT:
	default:
		return NULL;
	}
}

/* Change the at-th scalar under the members of j; lists are walked, not cut. */
static inline void walk(struct rp_json *j, struct change *c)
{
	if (rp_json_type(j) == RP_JSON_ARRAY) {
		for (size_t i = 0; i < rp_json_len(j) && !c->done; i++)
			walk(rp_json_at(j, i), c);
		return;
	}
	if (rp_json_type(j) != RP_JSON_OBJECT)
		return;
	for (void *it = rp_json_iter(j); it && !c->done; it = rp_json_iter_next(j, it)) {
		struct rp_json *v = rp_json_iter_value(it), *other;

		if (rp_json_type(v) == RP_JSON_ARRAY || rp_json_type(v) == RP_JSON_OBJECT) {
			walk(v, c);
			continue;
		}
		other = changed(v, c->how);
		if (!other)
			continue;
		if (c->now++ != c->at) {
			rp_json_free(other);
			continue;
		}
		(void)rp_fmt(c->what, sizeof(c->what), "%s", rp_json_iter_key(it));
		assert_int_equal(rp_json_set(j, rp_json_iter_key(it), other), 0);
		c->done = true;
		return;
	}
}

/* Change every number, flag and text of one part of the document, one at a time. */
static inline uint32_t refuse_all_changes(const char *text, const char *part, const char *except)
{
	uint32_t n = 0;

	for (int how = 0; how < 3; how++) {
		for (uint32_t at = 0;; at++) {
			RP_AUTO_JSON struct rp_json *json = parse(text);
			struct change c = {.at = at, .how = how};
			struct rocpart_error err = {0};

			walk(rp_json_get(json, part), &c);
			if (!c.done)
				break;
			if (except && strstr(except, c.what))
				continue;
			n++;
			if (rp_plan_verify(json, &err) == 0)
				fail_msg("%s: '%s' (number %u) changed by way %d was accepted",
					 part, c.what, at, how);
			assert_true(err.errnum == -EBADMSG || err.errnum == -EINVAL);
			assert_true(err.message[0] != 0);
		}
	}
	return n;
}

#endif
