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
 * @lease: number of the lease that the memory belongs to; 0: no lease, unmanaged memory.
 * @pid: process id.
 * @is_certain: true when the owner or the cgroup of the process proves that the process belongs to
 *	the lease; false when the process only uses the partition of a lease whose processes cannot
 *	be identified.
 * @command: name of the process (/proc/PID/comm), or "".
 * @owner: owner of the process's cgroup: "docker:ID", a unit, "job N", or "".
 * @bdf: PCI address of the GPU.
 * @partition: partition id.
 * @kfd_bytes: bytes of KFD allocations (/sys/class/kfd/kfd/proc/PID/vram_GPUID, Linux
 *	kfd_process.c).
 * @drm_bytes: bytes of the process's clients of the render node (drm-memory-vram in
 *	/proc/PID/fdinfo, Linux drm-usage-stats.rst); the sum can include KFD memory, which lives in
 *	the address space of such a client.
 * @gtt_bytes: bytes of host memory that these clients mapped (drm-memory-gtt).
 * @used_bytes: the larger of @kfd_bytes and @drm_bytes.
 * @reserved: zero.
 *
 * The texts are owned by the list.
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
 * struct rocpart_usages - The current users of device memory. Opaque.
 */
struct rocpart_usages;

/**
 * rocpart_usages_new() - Measure the device memory of each process.
 * @machine: machine.
 * @ret_usages: receives the list; free it with rocpart_usages_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call observes the machine, reconciles its leases, and inspects the open files of all
 * processes. Since 0.1.
 * Return: 0; errors of rocpart_leases_new().
 */
int rocpart_usages_new(struct rocpart_machine *machine, struct rocpart_usages **ret_usages,
		       struct rocpart_error *reterr);

/**
 * rocpart_usages_free() - Free a list of usages.
 * @usages: list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_usages *rocpart_usages_free(struct rocpart_usages *usages);

/**
 * rocpart_usages_get() - Return one process on one partition.
 * @usages: list.
 * @index: from 0.
 *
 * The list is sorted by lease and then by process; processes without a lease come last. Since 0.1.
 * Return: owned by the list; NULL past the end.
 */
const struct rocpart_usage *rocpart_usages_get(const struct rocpart_usages *usages, size_t index);

/**
 * rocpart_usages_get_leases() - Return the leases, reconciled with the same snapshot as the usages.
 * @usages: list.
 *
 * Since 0.1.
 * Return: owned by the list.
 */
const struct rocpart_leases *rocpart_usages_get_leases(const struct rocpart_usages *usages);

/**
 * rocpart_usages_get_lease_bytes() - Return the bytes that all processes of a lease use.
 * @usages: list.
 * @lease: number of the lease; 0: the processes without a lease.
 *
 * Since 0.1.
 * Return: sum of used_bytes.
 */
uint64_t rocpart_usages_get_lease_bytes(const struct rocpart_usages *usages, uint64_t lease);

/**
 * rocpart_usages_is_complete() - Report whether the call could inspect the files of all processes.
 * @usages: list.
 *
 * Inspecting the files of other users needs root. The list contains KFD memory in either case.
 * Since 0.1.
 * Return: true when no file was hidden.
 */
bool rocpart_usages_is_complete(const struct rocpart_usages *usages);

/**
 * rocpart_lease_stop() - Stop the processes that use the memory of a lease.
 * @machine: machine.
 * @lease: number of the lease.
 * @is_hard: true to send SIGKILL instead of SIGTERM.
 * @ret_stopped: receives the number of processes that got the signal; 0: no process certainly
 *	belongs to the lease.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call signals only processes that certainly belong to the lease by their owner or cgroup, and
 * the processes that `rocpart run` started together with them. On a simulated machine the processes
 * end at once. The lease itself stays until its owner is gone. Since 0.1.
 * Return: 0; -ENOENT: no such lease; -EPERM: the caller may not signal one of the processes;
 * -EOPNOTSUPP: the machine is a capture, or the call runs inside `rocpart sim exec`; errors of
 * rocpart_usages_new().
 */
int rocpart_lease_stop(struct rocpart_machine *machine, uint64_t lease, bool is_hard,
		       size_t *ret_stopped, struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
