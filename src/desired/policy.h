/* SPDX-License-Identifier: MIT */
/* node.policy of a node.yaml: what rocpart may do to a node without a person. */
#ifndef RP_DESIRED_POLICY_H
#define RP_DESIRED_POLICY_H

#include "base/strbuf.h"
#include "base/yaml.h"

enum rp_policy_switch {
	RP_POLICY_SWITCH_NEVER, /* placing a lease switches no GPU */
	RP_POLICY_SWITCH_IDLE,	/* it may switch the compute mode of an idle GPU of gpus */
};

enum rp_policy_drift {
	RP_POLICY_DRIFT_REPORT, /* a difference from the file is shown */
	RP_POLICY_DRIFT_APPLY,	/* and corrected, within max_disruption */
};

struct rp_node_policy {
	enum rp_policy_switch switches;
	/* GPUs that `switch: idle` may switch, named as in node.gpus; none: each one. */
	struct rp_names gpus;
	bool rests; /* a GPU that was switched on demand returns to the mode of node.gpus */
	uint64_t rest_after_s; /* so long after its last lease ended */
	enum rp_policy_drift on_drift;
	uint64_t max_disruption; /* leases that an unattended run may take away or shrink */
};

/* What the file says where it does not: the keys of node: that have a default, as YAML. */
extern const char rp_policy_defaults[];

/* A map with all keys that have a default; name stands in messages. 0, -EINVAL, -ENOMEM. */
int rp_policy_read(const struct rp_yaml *policy, const char *name, struct rp_node_policy *ret,
		   struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_policy_done(struct rp_node_policy *policy);

#endif
