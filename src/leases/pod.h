/* SPDX-License-Identifier: MIT */
/*
 * Pods of this node by what the kubelet leaves in its folders; its API is not asked. The logs of a
 * pod are in /var/log/pods/NAMESPACE_NAME_UID (Kubernetes pkg/kubelet/kuberuntime/helpers.go,
 * BuildPodLogsDirectory; neither name can have an underscore), its volumes in
 * /var/lib/kubelet/pods/UID, which the kubelet removes once the pod is deleted and its containers
 * have ended (pkg/kubelet/kubelet_volumes.go, cleanupOrphanedPodDirs). A UID is never given again.
 */
#ifndef RP_LEASES_POD_H
#define RP_LEASES_POD_H

#include "base/tree.h"

#define RP_POD_UID_SIZE 40 /* of a UUID, or the hash that a static pod has */

/* Whether pods can be told apart here. */
bool rp_pod_logs_are_shown(struct rp_tree *t);
/*
 * UID of the pod "NAMESPACE/NAME" that the kubelet has now. 0; -ENOENT: it has none; other values:
 * it cannot be told.
 */
int rp_pod_find(struct rp_tree *t, const char *name, char ret[RP_POD_UID_SIZE]) RP_MUST_CHECK;
/* Whether a UID, as a cgroup shows it, is or was of that pod. */
bool rp_pod_has_uid(struct rp_tree *t, const char *name, const char *uid);
/* The kubelet had it, and has it no more; false where that cannot be told. */
bool rp_pod_is_removed(struct rp_tree *t, const char *uid);

#endif
