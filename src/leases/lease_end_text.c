/* SPDX-License-Identifier: MIT */
/*
 * The event that ends the lease of an owner, in words: the rule of docs/design/leases.md as it
 * works on this host. Each text agrees with what rp_host_view_owner_status() can find out.
 */
#include "leases/host_view.h"
#include "leases/pod.h"

static const char *ends_of_pod(struct rp_host_view *w, const struct rp_owner *o)
{
	if (!rp_pod_logs_are_shown(w->tree))
		return "by release only: the pods of this node are not shown (/var/log/pods)";
	return *o->boot ? "when the kubelet has removed the pod and none of its memory is left"
			: "when the kubelet, which does not have the pod yet, has removed it and "
			  "none of its memory is left";
}

const char *rp_host_view_ends(struct rp_host_view *w, const struct rp_owner *o)
{
	if (o->kind != RP_OWNER_NONE && o->kind != RP_OWNER_UNIT &&
	    (!w->sees_processes || !w->sees_memory))
		return "by release only: not all processes and their memory are shown here";
	switch (o->kind) {
	case RP_OWNER_PID:
		return "when the process has ended and none of its memory is left";
	case RP_OWNER_JOB:
		return "when the job's processes were seen, have ended, and none of their memory "
		       "is left";
	case RP_OWNER_DOCKER:
		return rp_host_view_is_container_id(o->name)
			       ? "when docker has removed the container and none of its memory is "
				 "left"
			       : "by release only: docker may run a container of that name again";
	case RP_OWNER_POD:
		return ends_of_pod(w, o);
	case RP_OWNER_UNIT:
		return "by release only: a unit may be started again";
	case RP_OWNER_NONE:
	default:
		return "by release only: it has no owner";
	}
}
