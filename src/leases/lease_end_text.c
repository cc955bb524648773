/* SPDX-License-Identifier: MIT */
/*
 * The event that ends the lease of an owner, in words: the rule of docs/design/leases.md as it
 * works on this host. Each text agrees with what rp_host_view_owner_status() can find out.
 */
#include "leases/host_view.h"
#include "leases/pod.h"

static const char *ends_of_pod(struct rp_host_view *w, const struct rp_owner *o)
{
	if (rp_pod_logs_are_shown(w->tree) != 1)
		return "only by `rocpart release`: the pods of this node are not visible "
		       "(/var/log/pods)";
	return *o->boot ? "when the kubelet has removed the pod and its GPU memory is free"
			: "when the kubelet has created and removed the pod and its GPU memory is "
			  "free";
}

const char *rp_host_view_ends(struct rp_host_view *w, const struct rp_owner *o)
{
	if (o->kind != RP_OWNER_NONE && o->kind != RP_OWNER_UNIT &&
	    (!w->sees_processes || !w->sees_memory))
		return "only by `rocpart release`: not all processes and their memory are visible "
		       "here";
	switch (o->kind) {
	case RP_OWNER_PID:
		return "when the process, and what it left in its cgroup of `rocpart run`, have "
		       "ended and their GPU memory is free";
	case RP_OWNER_JOB:
		return "when processes of the job were seen, have ended, and their GPU memory is "
		       "free";
	case RP_OWNER_DOCKER:
		return rp_host_view_is_container_id(o->name)
			       ? "when docker has removed the container and its GPU memory is free"
			       : "only by `rocpart release`: docker may start a container of that "
				 "name again";
	case RP_OWNER_POD:
		return ends_of_pod(w, o);
	case RP_OWNER_UNIT:
		return "only by `rocpart release`: a unit may be started again";
	case RP_OWNER_NONE:
	default:
		return "only by `rocpart release`: the lease has no owner";
	}
}
