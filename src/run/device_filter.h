/* SPDX-License-Identifier: MIT */
/*
 * Which DRM device nodes the processes of a control group may open. The KFD asks the same filter
 * for each partition's render node (Linux kfd_priv.h, kfd_devcgroup_check_permission), so a denied
 * partition is not shown to ROCr either (engines study 4.3: EPERM is skipped, EACCES is not).
 * Devices of other majors are left as they are.
 */
#ifndef RP_RUN_DEVICE_FILTER_H
#define RP_RUN_DEVICE_FILTER_H

#include "base/base.h"

#define RP_DRM_MAJOR 226 /* Linux include/drm/drm.h */

/*
 * cgroup v2, eBPF: attached beside the programs of others. 0; -EPERM; -EINVAL, -ENOSYS: a kernel
 * without it; other errno of bpf(2).
 */
int rp_device_filter_bpf(int cgroup_fd, const uint32_t *minors, size_t n) RP_MUST_CHECK;
/* cgroup v1, the devices controller. 0; -EACCES, -EPERM, other errno of open and write. */
int rp_device_filter_v1(int cgroup_fd, const uint32_t *minors, size_t n) RP_MUST_CHECK;

#endif
