/* SPDX-License-Identifier: MIT */
/* What is to be placed, as rocpart/place.h describes it; used inside leases/ only. */
#ifndef RP_LEASES_PLACE_OPTIONS_H
#define RP_LEASES_PLACE_OPTIONS_H

#include "base/json.h"
#include "leases/lease.h"
#include "rocpart/place.h"

struct rocpart_place_options {
	char *name, *partition, *footprint;
	uint64_t bytes;
	struct rp_owner owner;
	uint32_t replicas, share;
	int32_t priority;
	struct rp_json *labels;
};

/* Write what the options say into l, which has nothing of it yet. 0 or -ENOMEM. */
int rp_place_describe(const struct rocpart_place_options *o, const struct rp_owner *owner,
		      struct rp_lease *l) RP_MUST_CHECK;

#endif
