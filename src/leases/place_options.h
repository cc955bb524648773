/* SPDX-License-Identifier: MIT */
/* What is to be placed, as rocpart/place.h describes it; used inside leases/ and desired/. */
#ifndef RP_LEASES_PLACE_OPTIONS_H
#define RP_LEASES_PLACE_OPTIONS_H

#include "base/json.h"
#include "leases/lease.h"
#include "rocpart/place.h"

#define RP_REPLICA_ANY (-1) /* the next free number of the name */

struct rocpart_place_options {
	char *name, *partition, *footprint;
	uint64_t bytes;
	struct rp_owner owner;
	bool has_owner; /* else a lease that is changed keeps its owner; so with labels */
	uint32_t replicas, share;
	bool may_switch, allow_unvalidated;
	int32_t priority;
	struct rp_json *labels;
	char *file;	 /* node.yaml that has the lease; NULL: made by hand */
	int64_t replica; /* its number, or RP_REPLICA_ANY */
};

/* Write what the options say into l, which has nothing of it yet. 0 or -ENOMEM. */
int rp_place_describe(const struct rocpart_place_options *o, const struct rp_owner *owner,
		      struct rp_lease *l) RP_MUST_CHECK;

#endif
