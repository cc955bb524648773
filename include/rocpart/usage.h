/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_USAGE_H
#define ROCPART_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/lease.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct rocpart_usage - Device memory of one process on one partition. Layout frozen.
 * @lease: number of the lease that it belongs to; 0: nobody's, unmanaged.
 * @pid: process id.
 * @is_certain: the process is known to be of that lease, by its owner or its control group; false:
 *	it merely is on the partition of a lease whose processes cannot be told.
 * @command: its name (/proc/PID/comm), or "".
 * @owner: "docker:ID", a unit, "job N", or "": whose control group it is in.
 * @bdf: PCI address of the GPU.
 * @partition: partition id.
 * @kfd_bytes: allocations of the KFD (/sys/class/kfd/kfd/proc/PID/vram_GPUID, kfd_process.c).
 * @drm_bytes: memory of its clients of the render node (drm-memory-vram of /proc/PID/fdinfo); that
 *	of the KFD may be in it, since it lives in the address space of such a client.
 * @gtt_bytes: memory of the host that these clients mapped (drm-memory-gtt).
 * @used_bytes: the larger of @kfd_bytes and @drm_bytes.
 * @reserved: zero.
 *
 * Texts are owned by the list.
 */
struct rocpart_usage {
	uint64_t lease;
	uint32_t pid;
	bool is_certain;
	const char *command;
	const char *owner;
	const char *bdf;
	uint32_t partition;
	uint64_t kfd_bytes;
	uint64_t drm_bytes;
	uint64_t gtt_bytes;
	uint64_t used_bytes;
	uint64_t reserved[4];
};

/**
 * struct rocpart_usages - What uses device memory now. Opaque.
 */
struct rocpart_usages;

/**
 * rocpart_usages_new() - Measure who uses how much.
 * @machine: the machine.
 * @ret_usages: to be freed with rocpart_usages_free().
 * @reterr: why it failed, or NULL.
 *
 * Observes the machine, reconciles its leases, and looks at the open files of all processes.
 * Since 0.1.
 * Return: 0; errors of rocpart_leases_new().
 */
int rocpart_usages_new(struct rocpart_machine *machine, struct rocpart_usages **ret_usages,
		       struct rocpart_error *reterr);

/**
 * rocpart_usages_free() - Free a list.
 * @usages: the list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_usages *rocpart_usages_free(struct rocpart_usages *usages);

/**
 * rocpart_usages_get() - One process on one partition: by lease, nobody's last, then by process.
 * @usages: the list.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the list; NULL past the end.
 */
const struct rocpart_usage *rocpart_usages_get(const struct rocpart_usages *usages, size_t index);

/**
 * rocpart_usages_get_leases() - The leases of the same picture of the machine.
 * @usages: the list.
 *
 * Since 0.1.
 * Return: owned by the list.
 */
const struct rocpart_leases *rocpart_usages_get_leases(const struct rocpart_usages *usages);

/**
 * rocpart_usages_get_lease_bytes() - What all processes of a lease use.
 * @usages: the list.
 * @lease: its number; 0: what is nobody's.
 *
 * Since 0.1.
 * Return: sum of used_bytes.
 */
uint64_t rocpart_usages_get_lease_bytes(const struct rocpart_usages *usages, uint64_t lease);

/**
 * rocpart_usages_is_complete() - Whether the files of all processes could be looked at.
 * @usages: the list.
 *
 * Those of other users take root. Memory of the KFD is seen all the same. Since 0.1.
 * Return: true when nothing was hidden.
 */
bool rocpart_usages_is_complete(const struct rocpart_usages *usages);

/**
 * rocpart_lease_stop() - End the processes of a lease that use its memory.
 * @machine: the machine.
 * @lease: its number.
 * @is_hard: SIGKILL instead of SIGTERM.
 * @ret_stopped: how many processes it was sent to; 0: none is known to be of that lease.
 * @reterr: why it failed, or NULL.
 *
 * Only processes that are certain to be of the lease (its owner, its control group), and what
 * `rocpart run` started together with them. On a simulated machine its processes end at once. The
 * lease itself stays until its owner is gone. Since 0.1.
 * Return: 0; -ENOENT: no such lease; -EPERM: not allowed to signal one of them; -EOPNOTSUPP: a
 * capture, or inside of `rocpart sim exec`; errors of rocpart_usages_new().
 */
int rocpart_lease_stop(struct rocpart_machine *machine, uint64_t lease, bool is_hard,
		       size_t *ret_stopped, struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
