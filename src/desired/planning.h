/* SPDX-License-Identifier: MIT */
/* A plan and what it was made of; shared by the files behind rocpart/plan.h. */
#ifndef RP_DESIRED_PLANNING_H
#define RP_DESIRED_PLANNING_H

#include "base/yaml.h"
#include "desired/desired.h"
#include "desired/requests.h"
#include "plan/machine_menus.h"
#include "plan/plan.h"
#include "rocpart/plan.h"

/* What a lease of the machine is to the file. */
enum rp_match_kind {
	RP_MATCH_OTHER,	   /* it is none of its replicas, and stays as it is */
	RP_MATCH_KEEP,	   /* a replica that has what the file asks for */
	RP_MATCH_CHANGE,   /* a replica that has not, and gets it */
	RP_MATCH_RELEASE,  /* a replica that the file no longer has */
	RP_MATCH_WITHHELD, /* to be changed or released, but it stays as it is (plan->withheld) */
};

struct rp_lease_match {
	const struct rocpart_lease *lease;
	size_t index; /* of rocpart_leases_get() */
	enum rp_match_kind kind;
	bool is_managed;  /* by this file, or taken over by it: apply may change the lease */
	uint32_t request; /* model of the file; UINT32_MAX: none */
	size_t tenant;	  /* of KEEP and CHANGE; SIZE_MAX: it has no place that stays */
	char *fields;	  /* of CHANGE: "bytes 17.5 GiB -> 19.0 GiB, priority 0 -> 1" */
	bool disturbs; /* of CHANGE: its programs notice: bytes, share, place, what they are told */
};

struct rocpart_plan {
	struct rocpart_snapshot *snapshot;
	const struct rp_product *product;
	size_t n_gpus;
	struct rp_plan_limits limits;
	struct rp_model_requests models;
	bool allow_unvalidated, lenient;
	bool file_allows_unvalidated;
	struct rp_names cordoned; /* GPUs that the file cordons, as it names them */
	char *file; /* absolute path of the file that leases name; NULL: requests without a file */
	bool has_models; /* the file has `models:` */
	bool takes_over; /* leases by hand and of other files that are replicas become its own */
	const enum rocpart_compute_mode *keeps; /* modes on demand of the GPUs; NULL: none */
	bool keeps_others;			/* replicas that the file no longer has stay */

	struct rp_plan_machine machine;
	const struct rocpart_leases *leases;
	struct rp_lease_match *matches; /* one for each lease */
	size_t n_matches;
	struct rp_place_request *requests; /* one for each model */
	struct rp_place_tenant *tenants;   /* of these */
	size_t n_tenants;
	int64_t *withheld; /* leases that stay as they are, whatever the file says */
	size_t n_withheld, cap_withheld;
	int64_t *roomless; /* those of them that are withheld because what they are to be has no
			      room */
	size_t n_roomless, cap_roomless;
	struct rp_place_holder *holders; /* their texts are owned */
	size_t n_holders, cap_holders;
	/* What the planner is asked: the models of which replicas are not held as they are. */
	struct rp_place_request *asked;
	uint32_t *model_of; /* of asked */
	struct rp_place_tenant *asked_tenants;
	struct rp_place_problem problem;
	struct rp_plan *plan; /* NULL: not solved, or nothing was to be asked */
};

/* The model of a place of the plan, as an index of requests. */
static inline uint32_t rp_plan_model_of(const struct rocpart_plan *plan, uint32_t place)
{
	return plan->model_of[plan->plan->places[place].request];
}

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
 * file_id.c: the path as a lease records it: absolute, and not through its symbolic links, so that
 * a link that is put on another file is still the same node.yaml. 0, -ENOMEM, errno of getcwd().
 */
int rp_node_file_id(const char *path, char **ret) RP_MUST_CHECK;

/* planning.c: as rocpart_plan_load_desired(), also of a file without models. */
int rp_plan_load(struct rocpart_plan *plan, const struct rocpart_desired *desired,
		 bool needs_models, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * planning_result.c: add the switches that a solved plan for a machine needs to a change of it.
 * GPUs that the plan leaves empty follow the memory mode of their hive. Errors of
 * rocpart_change_set_modes().
 */
int rp_plan_fill_change(const struct rocpart_plan *plan, struct rocpart_change *change,
			struct rocpart_error *reterr) RP_MUST_CHECK;

/* match.c: which lease is which replica, by file, name and number. -ENOMEM. */
int rp_plan_match_leases(struct rocpart_plan *plan) RP_MUST_CHECK;
void rp_plan_matches_done(struct rocpart_plan *plan);

/*
 * lease_wishes.c: compare what a lease has with what the file asks for its model: fields and
 * disturbs of m. *ret_must_move: its partition cannot give it. -ENOMEM.
 */
int rp_plan_compare_lease(const struct rocpart_plan *plan, struct rp_lease_match *m,
			  bool *ret_must_move) RP_MUST_CHECK;
/* Whether file, owner and labels of a lease are as the file asks. 1, 0, -ENOMEM. */
int rp_plan_is_lease_kept(const struct rocpart_plan *plan,
			  const struct rp_lease_match *m) RP_MUST_CHECK;

/* planning_leases.c: whether a mode is the one that a lease recorded of its GPU. */
bool rp_plan_mode_is(const struct rp_place_mode *mode, const char *recorded);
/*
 * planning_leases.c: tenants of the requests, and partitions that other leases or programs hold.
 * With pins, a replica that changes stays on its partition where that can give it what it needs.
 * 0; -EBUSY LEASED: a lease that the file may not change does not have what the file asks for its
 * model, or is on a GPU that node.yaml wants in another mode; -ENOMEM.
 */
int rp_plan_take_leases(struct rocpart_plan *plan, bool pins,
			struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_plan_holders_done(struct rocpart_plan *plan);

#endif
