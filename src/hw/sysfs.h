/* SPDX-License-Identifier: MIT */
/* Parts of the sysfs back end; used inside hw/ only. */
#ifndef RP_HW_SYSFS_H
#define RP_HW_SYSFS_H

#include "hw/hw.h"

#define RP_KFD_TOPOLOGY "sys/class/kfd/kfd/topology"
#define RP_KFD_PROC	"sys/class/kfd/kfd/proc"
#define RP_PCI_DRIVER	"sys/bus/pci/drivers/amdgpu"
#define RP_PCI_DEVICES	"sys/bus/pci/devices"

int rp_sysfs_scan_kfd(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr);
/* Which GPU and which partition each node is, once the PCI devices are known. */
void rp_sysfs_match_nodes(struct rp_scan *scan);
/* A node with the render node of another has a fault, once the DRM devices are known. */
int rp_sysfs_check_renders(struct rp_scan *scan);
int rp_sysfs_scan_pci(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr);
void rp_sysfs_pci_done(struct rp_scan_pci *pci);
int rp_sysfs_scan_drm(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr);
int rp_sysfs_scan_usage(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr);

/* More bytes than any GPU has are no size: 64 PiB. Sums of them stay below 2^63. */
#define RP_SANE_BYTES (UINT64_C(1) << 56)

/*
 * Whether a failed read says that we could not look (no memory, no descriptor, a dead server): an
 * error of the scan. Any other errno is the answer of one file, and concerns its GPU only.
 */
bool rp_sysfs_is_ours(int r);
/*
 * A read of one file that fails is made once more: what happened once is no state of the GPU. Not
 * for absence, and not for an error of ours.
 */
#define rp_read_again(read)                                               \
	({                                                                \
		int r_ = (read);                                          \
		if (r_ < 0 && !rp_is_absent(r_) && !rp_sysfs_is_ours(r_)) \
			r_ = (read);                                      \
		r_;                                                       \
	})
/* Keep the first fault. */
void rp_sysfs_set_fault(struct rp_scan_fault *fault, int r, const char *fmt, ...) RP_PRINTF(3, 4);

/* BAD_ATTRIBUTE (or what fits errnum) about a file of the tree. */
int rp_sysfs_error(struct rocpart_error *reterr, int errnum, const char *what, const char *fmt, ...)
	RP_PRINTF(4, 5);

#endif
