/* SPDX-License-Identifier: MIT */
/* The owner of a process, by the path of its cgroup. */
#ifndef RP_LEASES_CGROUP_NAME_H
#define RP_LEASES_CGROUP_NAME_H

#include "base/base.h"

#define RP_OWNER_SIZE 96

struct rp_owner_names {
	char unit[RP_OWNER_SIZE];      /* "vllm.service" */
	char container[RP_OWNER_SIZE]; /* "docker:3f2a..." */
	char job[RP_OWNER_SIZE];       /* Slurm job number */
	char pod[RP_OWNER_SIZE];       /* UID of a Kubernetes pod, with dashes */
	char run[RP_OWNER_SIZE];       /* cgroup that `rocpart run` made */
};

/*
 * Find the names in the text of /proc/PID/cgroup: systemd .service units; docker-, libpod- and
 * cri-containerd- scopes and /docker/ID paths; Slurm's job_N; the kubelet's podUID and
 * kubepods-...-podUID.slice (Kubernetes pkg/kubelet/cm/cgroup_manager_linux.go); our own
 * rocpart-run-PID-N. A name that is not found is "".
 */
void rp_owner_names_parse(const char *cgroup_text, struct rp_owner_names *ret);
/* Return whether `rocpart run --lease` made the cgroup for that lease. */
bool rp_owner_names_run(const struct rp_owner_names *names, int64_t lease);

#endif
