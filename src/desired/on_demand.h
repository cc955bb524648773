/* SPDX-License-Identifier: MIT */
/* GPUs that were switched on demand: a lease had no room in the modes that there were. */
#ifndef RP_DESIRED_ON_DEMAND_H
#define RP_DESIRED_ON_DEMAND_H

#include "desired/desired.h"
#include "rocpart/lease.h"

/*
 * The compute mode of each GPU that has one on demand, although node.gpus says another; UNKNOWN:
 * none. A lease in that mode brings it back, as after a boot; without leases the GPU rests after
 * rest-after. *ret is NULL when the policy allows none. Errors of rp_record_read(); -ENOMEM.
 */
int rp_on_demand_keeps(struct rocpart_machine *m, const struct rocpart_snapshot *s,
		       const struct rocpart_leases *leases, const struct rp_node_policy *policy,
		       enum rocpart_compute_mode **ret, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Keep what place needs of an applied file, in a record of its own: it is read at each place, and
 * most files have none. Errors of rp_record_write() and of removing.
 */
int rp_on_demand_record_policy(struct rocpart_machine *m, const struct rocpart_desired *desired,
			       struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
