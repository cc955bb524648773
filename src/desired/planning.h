/* SPDX-License-Identifier: MIT */
/* A plan and what it was made of; shared by the files behind rocpart/plan.h. */
#ifndef RP_DESIRED_PLANNING_H
#define RP_DESIRED_PLANNING_H

#include "base/yaml.h"
#include "desired/requests.h"
#include "plan/machine_menus.h"
#include "plan/plan.h"
#include "rocpart/plan.h"

struct rocpart_plan {
	struct rocpart_snapshot *snapshot;
	const struct rp_product *product;
	size_t n_gpus;
	struct rp_plan_limits limits;
	struct rp_model_requests models;
	bool allow_unvalidated, lenient;
	bool file_allows_unvalidated;
	struct rp_names cordoned; /* GPUs that the file cordons, as it names them */

	struct rp_plan_machine machine;
	const struct rocpart_leases *leases;
	struct rp_place_request *requests;
	struct rp_place_tenant *tenants;
	size_t n_tenants;
	struct rp_place_holder *holders; /* their texts are owned */
	size_t n_holders, cap_holders;
	struct rp_place_problem problem;
	struct rp_plan *plan;
};

/* planning_gpus.c: node.gpus. Read; then looked up on the machine, of n GPUs, that is planned for.
 */
void rp_gpu_rules_done(struct rp_gpu_rules *rules);
int rp_gpu_rules_read(const struct rp_yaml *y, const char *name, struct rp_gpu_rules *ret,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_plan_look_up_gpus(struct rocpart_plan *plan, size_t n,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
/* On the machine that was made: each GPU has a mode that the file allows. -EINVAL with the GPU. */
int rp_plan_check_modes(const struct rocpart_plan *plan,
			struct rocpart_error *reterr) RP_MUST_CHECK;
/* On the machine that was made: a GPU that the file cordons gets nothing new. 0 or -ENOMEM. */
int rp_plan_cordon_gpus(struct rocpart_plan *plan) RP_MUST_CHECK;

/*
 * planning.c: size the model of a request, which keeps the footprint. 0; errors of
 * rocpart_model_open(), rocpart_model_find() and rocpart_footprint_new(), with the place of w.
 */
int rp_request_size(struct rp_model_request *w, const struct rocpart_catalog *catalog,
		    uint64_t *ret_bytes, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * planning_leases.c: tenants of the requests, and partitions that other leases or programs hold. A
 * lease that does not have what the file asks for its model is an error, never a wish that is met.
 * 0; -EBUSY LEASED: that, or a lease is on a GPU that node.yaml wants in another mode; -ENOMEM.
 */
int rp_plan_take_leases(struct rocpart_plan *plan, struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_plan_holders_done(struct rocpart_plan *plan);

#endif
