/* SPDX-License-Identifier: MIT */
/* Writing the present state of a node as node.yaml; used inside desired/ only. */
#ifndef RP_DESIRED_EXPORT_H
#define RP_DESIRED_EXPORT_H

#include "base/name.h"
#include "desired/requests.h"
#include "rocpart/desired.h"

/* Leases that are one model of the file: equal, but for the number in their owners. */
struct rp_export_model {
	char name[RP_NAME_SIZE];	   /* in the file: no two models have one name there */
	const struct rocpart_lease *lease; /* the first of them */
	size_t n;
	char *owner; /* with RP_REPLICA_WORD where the owners differ; NULL: none has one */
};

struct rp_export_models {
	const struct rocpart_leases *leases;
	struct rp_export_model *v;
	size_t n, cap;
	struct rp_names left_out; /* "lease 3 (job-a) belongs to job:7, and ends with it" */
};

/* export_models.c. 0 or -ENOMEM. */
int rp_export_group(const struct rocpart_leases *leases,
		    struct rp_export_models *ret) RP_MUST_CHECK;
void rp_export_models_done(struct rp_export_models *models);
/* Write models: and comments on what is left out. catalog may be NULL. */
void rp_export_add_models(const struct rp_export_models *models,
			  const struct rocpart_catalog *catalog, struct rp_strbuf *out);

#endif
