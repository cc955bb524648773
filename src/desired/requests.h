/* SPDX-License-Identifier: MIT */
/* The `models:` part of node.yaml: what is to be placed, as the user said it. */
#ifndef RP_DESIRED_REQUESTS_H
#define RP_DESIRED_REQUESTS_H

#include "base/json.h"
#include "base/yaml.h"
#include "model/size.h"
#include "plan/problem.h"

struct rp_model_request {
	char *name;				  /* its key in the file, or the model */
	char *model;				  /* NULL when bytes are given */
	char *place;				  /* "node.yaml:7:3", for messages */
	char *dtype, *kv_dtype, *engine, *memory; /* NULL: as usual */
	uint64_t bytes;				  /* of a replica, when the user says so */
	uint64_t context, max_seqs;		  /* 0: as usual */
	uint64_t replicas, weight, min_xcds, share, min_tok_s;
	int32_t priority;
	enum rp_place_spread spread;
	bool lenient;	 /* leave out the keys of its config that nobody understood */
	bool has_spread; /* the user said so; else as far apart as the GPUs allow */
	/*
	 * Owner of the leases as `place --owner` takes it, NULL: none. RP_REPLICA_WORD stands for
	 * the number of the replica in it, and in the words of stop and start.
	 */
	char *owner;
	struct rp_json *labels;	     /* of the leases, an object of texts; NULL: none */
	struct rp_names stop, start; /* commands that end and begin a replica; no words: none */
	bool guard_stops;	     /* `watch` may stop what is over its limit; else it warns */
	struct rocpart_footprint *footprint; /* once its model is sized; NULL: bytes are given */
};

struct rp_model_requests {
	struct rp_model_request *v;
	size_t n, cap;
};

#define RP_REPLICA_WORD "{replica}"
/* The text with the number of a replica, from 0, in the place of each RP_REPLICA_WORD; to be freed.
 * NULL: out of memory. */
char *rp_replica_text(const char *text, uint64_t replica);

void rp_model_requests_done(struct rp_model_requests *w);
/* One replica of a model, as `plan --add` says it. 0 or -ENOMEM. */
int rp_model_requests_add_model(struct rp_model_requests *w, const char *model) RP_MUST_CHECK;
/* The map of a file; name stands in messages. 0, -EINVAL, -ENOMEM. */
int rp_model_requests_read(const struct rp_yaml *models, const char *name,
			   struct rp_model_requests *w, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
