/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_LEASE_H
#define ROCPART_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A lease is a durable claim of bytes on a partition for one replica of a model. It belongs to a
 * service (a container, a unit, a pod, a job, a process), not to the program that asked for it. It
 * ends when it is released, or when its owner is known to be gone and the kernel shows none of its
 * memory on the partition; never otherwise. docs/design/leases.md has the rules.
 */

/**
 * enum rocpart_lease_state - Where a lease is in its life. Append-only.
 */
enum rocpart_lease_state {
	ROCPART_LEASE_PENDING = 0,   /* has no place now and holds no bytes */
	ROCPART_LEASE_PLACED = 1,    /* holds its bytes; nothing was seen of its owner yet */
	ROCPART_LEASE_RUNNING = 2,   /* the kernel shows its memory, or its owner said so */
	ROCPART_LEASE_STOPPED = 3,   /* ran, and nothing of it runs now; holds its bytes */
	ROCPART_LEASE_DISPLACED = 4, /* keeps its claim on a place that is not there now */
};

/**
 * enum rocpart_guarantee - What keeps others off the bytes of a lease. Append-only.
 */
enum rocpart_guarantee {
	ROCPART_GUARANTEE_NONE = 0,	   /* nothing */
	ROCPART_GUARANTEE_COOPERATIVE = 1, /* tenants keep to their bytes by their own flags */
	ROCPART_GUARANTEE_KERNEL = 2,	   /* the kernel limits each partition of the domain */
	ROCPART_GUARANTEE_HARDWARE = 3,	   /* the partition has its memory domain for itself */
};

/**
 * struct rocpart_lease - One lease. Layout frozen; texts are owned by the list.
 * @id: number that is never given twice on a machine.
 * @name: name of the model or what the lease was called.
 * @state: where it is in its life.
 * @guarantee: what keeps others off its bytes.
 * @bytes: how much it claims.
 * @bdf: PCI address of its GPU; "" while it is pending.
 * @partition: partition id on that GPU.
 * @used_bytes: what the kernel shows of it there now (KFD allocations).
 * @share: tenants that its partition may have; 1: it is alone.
 * @priority: as given; higher is more important.
 * @owner: "docker:NAME", "unit:NAME", "pod:NS/NAME", "job:ID", "pid:N" or "none".
 * @why: why it is where it is.
 * @problem: what is wrong and what to do, or "".
 * @footprint: JSON object of the parts of its bytes, or "".
 * @labels: JSON object of texts, or "".
 * @created_s: seconds since 1970 at which it was made.
 * @changed_s: seconds since 1970 of its last change.
 * @ends: what ends it, in words; "" where the machine was not looked at.
 * @limits: JSON array of what limits it, {"limit", "guarantee", "by"} each, or "".
 * @limit_bytes: what its programs may use: all that they can have of the partition where the kernel
 *	stops them there (@guarantee kernel or hardware), else @bytes. In a list that
 *	rocpart_place() returned it is @bytes.
 * @reserved: zero.
 */
struct rocpart_lease {
	uint64_t id;
	const char *name;
	enum rocpart_lease_state state;
	enum rocpart_guarantee guarantee;
	uint64_t bytes;
	const char *bdf;
	uint32_t partition;
	uint64_t used_bytes;
	uint32_t share;
	int32_t priority;
	const char *owner;
	const char *why;
	const char *problem;
	const char *footprint;
	const char *labels;
	uint64_t created_s;
	uint64_t changed_s;
	const char *ends;
	const char *limits;
	uint64_t limit_bytes;
	uint64_t reserved[1];
};

/**
 * struct rocpart_partition_use - What is promised and used of a partition. Layout frozen.
 * @bdf: PCI address of the GPU, owned by the list.
 * @partition: partition id.
 * @usable_bytes: what processes can have of it: what the kernel enforces less its page tables.
 * @leased_bytes: what leases claim.
 * @used_bytes: what the kernel shows (KFD allocations).
 * @unmanaged_bytes: of those, what belongs to no lease: such a partition is not given away.
 * @n_leases: leases on it.
 * @is_free: whether a new lease may have it.
 * @reserved: zero.
 */
struct rocpart_partition_use {
	const char *bdf;
	uint32_t partition;
	uint64_t usable_bytes;
	uint64_t leased_bytes;
	uint64_t used_bytes;
	uint64_t unmanaged_bytes;
	uint32_t n_leases;
	bool is_free;
	uint64_t reserved[4];
};

struct rocpart_leases;

/**
 * rocpart_leases_new() - Leases of a machine, reconciled with what it shows now.
 * @machine: the machine.
 * @ret_leases: to be freed with rocpart_leases_free(); of a machine without leases it is empty.
 * @reterr: why it failed, or NULL.
 *
 * Observes the machine. What changed (an owner that is gone, a partition that vanished or shrank, a
 * reboot) is recorded where the records may be written, and shown in any case. Since 0.1.
 * Return: 0; -EBADMSG: BAD_RECORDS; -EBUSY: LOCKED; -ENOMEM; errors of rocpart_machine_observe();
 * errno of reading or writing the records.
 */
int rocpart_leases_new(struct rocpart_machine *machine, struct rocpart_leases **ret_leases,
		       struct rocpart_error *reterr);

/**
 * rocpart_leases_free() - Free a list.
 * @leases: the list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_leases *rocpart_leases_free(struct rocpart_leases *leases);

/**
 * rocpart_leases_get() - One lease, in the order of their numbers.
 * @leases: the list.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the list; NULL past the end.
 */
const struct rocpart_lease *rocpart_leases_get(const struct rocpart_leases *leases, size_t index);

/**
 * rocpart_leases_get_use() - Use of one partition, by GPU and partition id.
 * @leases: the list.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the list; NULL past the end, and of a list that rocpart_place() returned.
 */
const struct rocpart_partition_use *rocpart_leases_get_use(const struct rocpart_leases *leases,
							   size_t index);

/**
 * rocpart_leases_get_event() - What happened to leases lately, the newest first.
 * @leases: the list.
 * @index: from 0, below 32.
 * @ret_at_s: seconds since 1970.
 * @ret_lease: number of the lease; 0: it happened to the machine.
 *
 * Since 0.1.
 * Return: one line, owned by the list; NULL past the end.
 */
const char *rocpart_leases_get_event(const struct rocpart_leases *leases, size_t index,
				     uint64_t *ret_at_s, uint64_t *ret_lease);

/**
 * rocpart_leases_get_allocator() - Who else allocates on this machine.
 * @leases: the list.
 *
 * Since 0.1.
 * Return: "kubelet" or "slurm", static text; NULL when rocpart does.
 */
const char *rocpart_leases_get_allocator(const struct rocpart_leases *leases);

/**
 * rocpart_lease_state_to_string() - "pending", "placed", "running", "stopped" or "displaced".
 * @state: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "unknown" for what has no name.
 */
const char *rocpart_lease_state_to_string(enum rocpart_lease_state state);

/**
 * rocpart_guarantee_to_string() - "none", "cooperative", "kernel" or "hardware".
 * @guarantee: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "unknown" for what has no name.
 */
const char *rocpart_guarantee_to_string(enum rocpart_guarantee guarantee);

/**
 * rocpart_lease_release() - End leases.
 * @machine: the machine.
 * @which: the number of a lease, or an owner, all of whose leases end.
 * @ret_released: how many ended.
 * @ret_in_use_bytes: what the kernel still shows of their memory: it counts as unmanaged now.
 * @reterr: why it failed, or NULL.
 *
 * Gives back exactly what was taken. Durable when it returns. No process is touched. Since 0.1.
 * Return: 0; -ENOENT: no such lease, or none of that owner; -EINVAL: neither a number nor an owner;
 * -EROFS: a capture; -EBADMSG, -EBUSY, -ENOSPC, -ENOMEM as rocpart_leases_new().
 */
int rocpart_lease_release(struct rocpart_machine *machine, const char *which, size_t *ret_released,
			  uint64_t *ret_in_use_bytes, struct rocpart_error *reterr);

/**
 * rocpart_lease_set_state() - Say that a lease runs, was stopped, or failed.
 * @machine: the machine.
 * @id: its number.
 * @state: ROCPART_LEASE_PLACED, RUNNING, STOPPED or FAILED.
 * @reterr: why it failed, or NULL.
 *
 * For programs that know it; it holds its bytes in all of these states. What the kernel shows later
 * goes before it. Since 0.1.
 * Return: 0; -ENOENT: no such lease; -EINVAL: not such a state; -EPERM: it has no place;
 * others as rocpart_lease_release().
 */
int rocpart_lease_set_state(struct rocpart_machine *machine, uint64_t id,
			    enum rocpart_lease_state state, struct rocpart_error *reterr);

/**
 * rocpart_lease_adopt() - Give leases to memory that nobody leased.
 * @machine: the machine.
 * @owner: whose: an owner, or a process id.
 * @ret_adopted: number of new leases, one for each partition.
 * @reterr: why it failed, or NULL.
 *
 * Each claims what is in use, is alone on its partition, and belongs to @owner. Since 0.1.
 * Return: 0; -ENOENT: it uses no memory that is not leased; -EINVAL: not an owner; others as
 * rocpart_lease_release().
 */
int rocpart_lease_adopt(struct rocpart_machine *machine, const char *owner, size_t *ret_adopted,
			struct rocpart_error *reterr);

/**
 * rocpart_leases_export() - All leases as a JSON document.
 * @machine: the machine.
 * @ret_text: to be freed with free(3).
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; errors of rocpart_leases_new().
 */
int rocpart_leases_export(struct rocpart_machine *machine, char **ret_text,
			  struct rocpart_error *reterr);

/**
 * rocpart_leases_import() - Put exported leases back.
 * @machine: the machine, which must not have any lease.
 * @text: document of rocpart_leases_export().
 * @n_bytes: its length.
 * @name: name of the file, for messages.
 * @ret_imported: how many there are now.
 * @reterr: why it failed, or NULL.
 *
 * All of them or none. A lease whose partition is not there now is kept and marked failed by the
 * next look. Since 0.1.
 * Return: 0; -EINVAL: malformed, or of another machine; -EEXIST: there are leases; -ENOSPC: they
 * contradict each other; others as rocpart_lease_release().
 */
int rocpart_leases_import(struct rocpart_machine *machine, const char *text, size_t n_bytes,
			  const char *name, size_t *ret_imported, struct rocpart_error *reterr);

/**
 * rocpart_leases_check() - Count everything anew.
 * @machine: the machine.
 * @ret_problems: one line for each thing that is wrong, "" when all is right; to be freed with
 *	free(3).
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0, whatever was found; -EBADMSG: BAD_RECORDS; -ENOMEM; errno of reading.
 */
int rocpart_leases_check(struct rocpart_machine *machine, char **ret_problems,
			 struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
