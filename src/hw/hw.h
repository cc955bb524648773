/* SPDX-License-Identifier: MIT */
/*
 * The machine as something to look at and to switch. sysfs and the KFD topology, through the
 * rooted tree: the same code on hardware, on a capture and on the simulator.
 */
#ifndef RP_HW_HW_H
#define RP_HW_HW_H

#include "hw/scan.h"
#include "rocpart/mode.h"

/*
 * Read everything, under an unchanged KFD generation_id (Linux kfd_topology.c: +1 for each node
 * added or removed). Never reads current_*_partition twice for polling: a read may wake the GPU.
 * 0; -EAGAIN RETRY when the machine kept changing; -EBADMSG / -E2BIG BAD_ATTRIBUTE with the file;
 * errno of reading with the file, whose path has the PCI address where it is one of a GPU: what
 * could not be looked at is never taken for absent (rp_is_absent()).
 */
int rp_hw_scan(struct rp_tree *t, struct rp_scan *ret, struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same, except that DRM card minors are not known: a sixth of the time of a scan. */
int rp_hw_scan_without_cards(struct rp_tree *t, struct rp_scan *ret,
			     struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * What is at a PCI address. device_id: that of the GPU which is looked for; another GPU of AMD in
 * its slot counts as well. 0; -ENODATA: the machine shows no PCI bus; errno of reading.
 */
enum rp_pci_place { RP_PCI_NONE, RP_PCI_NO_DRIVER, RP_PCI_OTHER_DRIVER, RP_PCI_AMDGPU };
int rp_hw_find_on_bus(struct rp_tree *t, const char *bdf, uint32_t device_id,
		      enum rp_pci_place *ret) RP_MUST_CHECK;

/* GPUs of known products that a driver other than amdgpu has, and how many others there are. */
struct rp_foreign_gpus {
	size_t n, n_others;
	char driver[32], bdf[16]; /* of the first */
};
int rp_hw_find_foreign(struct rp_tree *t, struct rp_foreign_gpus *ret) RP_MUST_CHECK;

/* The card beside a render node. 0; -ENOENT: it has none; errno of listing. */
int rp_hw_find_card(struct rp_tree *t, unsigned render_minor, uint64_t *ret) RP_MUST_CHECK;

/*
 * One write to the control file of a GPU; the caller reads back. Negative errno as the kernel gave
 * it (ABI study B.1, B.2).
 */
int rp_hw_write_compute(struct rp_tree *t, const char *bdf, enum rocpart_compute_mode mode);
int rp_hw_write_memory(struct rp_tree *t, const char *bdf, enum rocpart_memory_mode mode);
int rp_hw_read_compute(struct rp_tree *t, const char *bdf, enum rocpart_compute_mode *ret);
int rp_hw_read_generation(struct rp_tree *t, uint64_t *ret);

#endif
