/* SPDX-License-Identifier: MIT */
/*
 * The oracle of plans: the problem of a plan document, solved by trying everything, and a judge of
 * every claim of the document. The rules are those of docs/design/planner.md ("The problem") and of
 * the kernel; nothing of src/plan is used, so that the oracle errs in nothing that the planner and
 * the checker might both believe.
 */
#ifndef TESTS_PLACE_ORACLE_H
#define TESTS_PLACE_ORACLE_H

#include "base/json.h"

#define O_GPUS	24 /* of which at most O_OPEN can be used */
#define O_OPEN	5
#define O_PARTS 16
#define O_MODES 16
#define O_MENUS 4
#define O_REQS	6
#define O_UNITS 10 /* replicas */
#define O_NEVER UINT32_MAX

struct o_part {
	uint64_t bytes, bandwidth;
	uint32_t xcds;
};
struct o_mode {
	const char *compute, *memory;
	bool validated;
	uint32_t n;
	struct o_part parts[O_PARTS];
};
struct o_menu {
	uint32_t n;
	struct o_mode modes[O_MODES];
};
struct o_gpu {
	const char *name;
	uint32_t menu, mode; /* O_NEVER: not known */
	uint64_t hive;
	bool can_switch, cordoned, degraded, unhealthy;
	uint32_t occupied;
};
struct o_request {
	const char *name, *memory;
	uint64_t bytes, weight, bandwidth;
	int64_t priority;
	uint32_t replicas, xcds, share, per_domain;
	char spread; /* 'n', 'g', 'h' */
};
struct o_tenant {
	uint32_t request, gpu, part;
	bool pinned;
};
struct o_holder { /* it stays, and is no replica; alone where its partition is occupied */
	uint32_t gpu, part, share;
	uint64_t bytes;
};
struct o_problem {
	struct o_menu menus[O_MENUS];
	struct o_gpu gpus[O_GPUS];
	struct o_request requests[O_REQS];
	struct o_tenant tenants[O_UNITS];
	struct o_holder holders[O_UNITS];
	uint32_t n_menus, n_gpus, n_requests, n_tenants, n_holders;
	bool allow_unvalidated, allow_moves;
};

/* oracle_read.c: read the problem of a document, whose texts it borrows. False: too large or odd.
 */
bool oracle_read(const struct rp_json *doc, struct o_problem *ret);

/* oracle_solve.c */
bool oracle_stays(const struct o_problem *p, uint32_t tenant);
bool oracle_is_held(const struct o_problem *p, uint32_t gpu);
bool oracle_may(const struct o_problem *p, uint32_t gpu, uint32_t mode);
/*
 * Return the fewest GPUs of any plan that places replicas[q] of each request, those that run
 * included; O_NEVER: no plan does. memory: only plans whose GPUs are in that memory mode, or NULL.
 */
uint32_t oracle_least(const struct o_problem *p, const uint32_t *replicas, const char *memory);
/*
 * Find the most weight of any plan, band by band: ret[i] is that of the i-th highest priority.
 * Return the number of bands, or O_NEVER when no plan keeps every tenant.
 */
uint32_t oracle_most(const struct o_problem *p, uint64_t ret[O_REQS]);

/* What of a problem has been solved already, so that many documents about one cost one search. */
struct o_known {
	bool have_least, have_most;
	uint32_t least, n_bands;
	uint64_t most[O_REQS];
};
/*
 * oracle_judge.c: judge every claim of a document about the problem p, which was read from it.
 * NULL: each is true; else what is false.
 */
const char *oracle_judge(const struct rp_json *doc, const struct o_problem *p,
			 struct o_known *known);
/* oracle_steps.c: judge the remedies, which the checker does not look at. NULL, or what is false.
 */
const char *oracle_judge_remedies(const struct rp_json *doc, const struct o_problem *p);

#endif
