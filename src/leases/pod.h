/* SPDX-License-Identifier: MIT */
/*
 * Pods of this node by what the kubelet has in its folders; no API is asked. The logs of a
 * pod are in /var/log/pods/NAMESPACE_NAME_UID (Kubernetes pkg/kubelet/kuberuntime/helpers.go,
 * BuildPodLogsDirectory; neither name can have an underscore), its volumes in
 * /var/lib/kubelet/pods/UID, which the kubelet removes once the pod is deleted and its containers
 * have ended (pkg/kubelet/kubelet_volumes.go, cleanupOrphanedPodDirs). A UID is never reused.
 */
#ifndef RP_LEASES_POD_H
#define RP_LEASES_POD_H

#include "base/tree.h"

#define RP_POD_UID_SIZE 40 /* room for a UUID, or the hash of a static pod */

/* Each gives 1: yes; 0: no, also where this host does not show it; or the errno of looking. */

/* Whether the folder of logs is shown, without which names and UIDs cannot be joined. */
int rp_pod_logs_are_shown(struct rp_tree *t) RP_MUST_CHECK;
/* Whether a UID, as a cgroup shows it, is or was that of the pod. */
int rp_pod_has_uid(struct rp_tree *t, const char *name, const char *uid) RP_MUST_CHECK;
/* Whether the kubelet no longer has a UID that it had. */
int rp_pod_is_removed(struct rp_tree *t, const char *uid) RP_MUST_CHECK;

/*
 * Find the UID of the pod "NAMESPACE/NAME" that the kubelet has now. 0; -ENOENT: it has none;
 * -EACCES: this host does not show it; errno of looking.
 */
int rp_pod_find(struct rp_tree *t, const char *name, char ret[RP_POD_UID_SIZE]) RP_MUST_CHECK;

#endif
