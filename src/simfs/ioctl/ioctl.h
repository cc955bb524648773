/* SPDX-License-Identifier: MIT */
/*
 * A library that is preloaded into programs of `sim exec --ioctl`. It opens /dev/kfd and the DRM
 * nodes of the simulated tree, which hold no device, and answers what is asked of them by ioctl
 * from the files of the tree. Nothing is executed: no queue runs and no data moves. Who may open a
 * node is asked of the kernel. Nothing of rocpart is in it; it is loaded into programs of others.
 */
#ifndef RP_IOCTL_IOCTL_H
#define RP_IOCTL_IOCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IOCTL_MINOR_KFD 0xffffU /* in place of a DRM minor */
#define IOCTL_GPUS_MAX	256
#define IOCTL_WINDOW	(1ULL << 46) /* of a node, for those who map it; sparse */

/* A partition, as its KFD node, its PCI device and its memory bank describe it. */
struct ioctl_gpu {
	uint32_t node, gpu_id, minor;
	uint32_t device_id, asic_revision, pci_revision;
	uint32_t gfx_version; /* 90402 */
	uint32_t cus, cu_per_array, arrays, arrays_per_engine, xccs, wave_size;
	uint32_t clock_mhz, memory_clock_mhz, memory_bits;
	uint32_t fw_version, sdma_fw_version, sdma_engines, cp_queues;
	uint64_t memory_bytes; /* of the partition */
	char pci[64];	       /* folder of the GPU in sysfs */
};

/* tree.c: what the tree says now. */
size_t ioctl_read_gpus(struct ioctl_gpu *ret, size_t n);
/* The partition of a render node, or the GPU of a card node, which is that of partition 0. */
bool ioctl_find_gpu(uint32_t minor, struct ioctl_gpu *ret);
/* The first number of a file of a GPU; false when there is none. */
bool ioctl_gpu_number(const struct ioctl_gpu *gpu, const char *file, uint64_t *ret);
bool ioctl_hwmon_number(const struct ioctl_gpu *gpu, const char *file, uint64_t *ret);
void ioctl_gpu_text(const struct ioctl_gpu *gpu, const char *file, char *ret, size_t size);
uint64_t ioctl_used_bytes(const struct ioctl_gpu *gpu); /* of its memory, by all processes */

/* kfd.c, drm.c: 0 or an errno. */
int ioctl_answer_kfd(unsigned long request, void *args);
int ioctl_answer_drm(uint32_t minor, unsigned long request, void *args);

#endif
