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
 * A lease is a durable claim of bytes on a partition for one replica of a model. A lease belongs to
 * a service (a container, a unit, a pod, a job or a process), not to the program that requested the
 * lease. A lease ends when it is released, or when its owner is known to be gone and the kernel
 * shows none of the owner's memory on the partition; a lease never ends otherwise.
 * docs/design/leases.md describes the rules.
 */

/**
 * enum rocpart_lease_state - The state of a lease. Append-only.
 */
enum rocpart_lease_state {
	ROCPART_LEASE_PENDING = 0,   /* has no partition and holds no bytes */
	ROCPART_LEASE_PLACED = 1,    /* holds its bytes; its owner has not been seen yet */
	ROCPART_LEASE_RUNNING = 2,   /* the kernel shows its memory, or its owner reported it */
	ROCPART_LEASE_STOPPED = 3,   /* ran and runs no more; still holds its bytes */
	ROCPART_LEASE_DISPLACED = 4, /* keeps its claim on a partition that is missing now */
};

/**
 * enum rocpart_guarantee - The protection of a lease's bytes against other programs. Append-only.
 */
enum rocpart_guarantee {
	ROCPART_GUARANTEE_NONE = 0,	   /* no protection */
	ROCPART_GUARANTEE_COOPERATIVE = 1, /* tenants limit themselves by their own flags */
	ROCPART_GUARANTEE_KERNEL = 2,	   /* the kernel limits each partition of the domain */
	ROCPART_GUARANTEE_HARDWARE = 3,	   /* the partition is alone in its memory domain */
};

/**
 * struct rocpart_lease - One lease. Layout frozen; the texts are owned by the list.
 * @id: number of the lease; a machine never assigns a number twice.
 * @name: name of the model, or the name that was given to the lease.
 * @state: state of the lease.
 * @guarantee: protection of its bytes.
 * @bytes: bytes that the lease claims.
 * @bdf: PCI address of its GPU; "" while the lease is pending.
 * @partition: partition id on that GPU.
 * @used_bytes: memory of the lease on the partition that the kernel shows now, in bytes (KFD
 *	allocations).
 * @share: number of leases that its partition may have; 1: the lease is alone.
 * @priority: priority that was given; a higher number is more important.
 * @owner: "docker:NAME", "unit:NAME", "pod:NS/NAME", "job:ID", "pid:N" or "none".
 * @why: reason for the choice of the partition.
 * @problem: problem of the lease and its remedy, or "".
 * @footprint: JSON object of the parts of its bytes, or "".
 * @labels: JSON object of label texts, or "".
 * @created_s: time of creation, in seconds since 1970.
 * @changed_s: time of the last change, in seconds since 1970.
 * @ends: text that describes the event that ends the lease; "" when the machine was not observed.
 * @limits: JSON array of the limits of the lease, {"limit", "guarantee", "by"} each, or "".
 * @limit_bytes: bytes that the programs of the lease may use: all usable bytes of the partition
 *	when the kernel enforces the partition's size (@guarantee kernel or hardware), otherwise
 *	@bytes. In a list that rocpart_place() returned, the value is @bytes.
 * @replica: number of the replica among the leases of @name. "NAME/REPLICA" is one lease, and stays
 *	it when the lease gets other bytes or another partition.
 * @is_managed: true when a node.yaml has the lease (rocpart_leases_get_file()), false when it was
 *	made by hand.
 * @runs_old: programs run that were started before the bytes, the partition or the model of the
 *lease changed: they use what it had, with the flags of then.
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
	uint32_t replica;
	bool is_managed;
	bool runs_old;
};

/**
 * struct rocpart_partition_use - The leased and used bytes of a partition. Layout frozen.
 * @bdf: PCI address of the GPU, owned by the list.
 * @partition: partition id.
 * @usable_bytes: bytes that processes can use: the bytes that the kernel enforces minus its page
 *	tables.
 * @leased_bytes: bytes that leases claim.
 * @used_bytes: bytes in use that the kernel shows (KFD allocations).
 * @unmanaged_bytes: part of @used_bytes that belongs to no lease; rocpart places no lease on such a
 *	partition.
 * @n_leases: number of leases on the partition.
 * @is_free: true when a new lease can get the partition.
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
 * rocpart_leases_new() - List the leases of a machine, reconciled with the current state of the
 * machine.
 * @machine: machine.
 * @ret_leases: receives the list, which is empty for a machine without leases; free the list with
 *	rocpart_leases_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call observes the machine. The list always shows the changes that the call found: an owner
 * that is gone, a partition that vanished or shrank, a reboot. The call records these changes when
 * the caller may write the records and no other process is writing them; it waits for no writer. A
 * caller who may not read the records gets the leases of the public document, with "" as owner and
 * as end, and rocpart_machine_get_note() says so. Since 0.1.
 * Return: 0; -EACCES: the caller may not read the records, and there is no public document
 * (PERMISSION); -EBADMSG: the records are damaged, or of a version that this library cannot read
 * (BAD_RECORDS); -EBUSY: another process recovers the database (LOCKED); -ENOMEM: out of memory;
 * errors of rocpart_machine_observe(); errno of reading or writing the records.
 */
int rocpart_leases_new(struct rocpart_machine *machine, struct rocpart_leases **ret_leases,
		       struct rocpart_error *reterr);

/**
 * rocpart_leases_free() - Free a list of leases.
 * @leases: list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_leases *rocpart_leases_free(struct rocpart_leases *leases);

/**
 * rocpart_leases_get() - Return one lease, in the order of the lease numbers.
 * @leases: list.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the list; NULL past the end.
 */
const struct rocpart_lease *rocpart_leases_get(const struct rocpart_leases *leases, size_t index);

/**
 * rocpart_leases_get_file() - Return the node.yaml that has a lease.
 * @leases: list.
 * @index: from 0, as of rocpart_leases_get().
 *
 * Since 0.1.
 * Return: path as the file was applied, owned by the list; "" for a lease that was made by hand, a
 * lease of an earlier version of rocpart, and past the end.
 */
const char *rocpart_leases_get_file(const struct rocpart_leases *leases, size_t index);

/**
 * rocpart_leases_find() - Find the lease that a person means.
 * @leases: list.
 * @word: number of the lease, "NAME/REPLICA", or a name that only one lease has.
 * @ret_lease: receives the lease, owned by the list.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: no such lease; -EINVAL: several leases have that name.
 */
int rocpart_leases_find(const struct rocpart_leases *leases, const char *word,
			const struct rocpart_lease **ret_lease, struct rocpart_error *reterr);

/**
 * rocpart_leases_get_use() - Return the use of one partition, in the order of GPU and partition id.
 * @leases: list.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the list; NULL past the end, and for a list that rocpart_place() returned.
 */
const struct rocpart_partition_use *rocpart_leases_get_use(const struct rocpart_leases *leases,
							   size_t index);

/**
 * rocpart_leases_get_idle_process() - Return a process that has GPUs open and uses no memory.
 * @leases: list.
 * @index: from 0.
 *
 * Such a process has the compute driver open (/sys/class/kfd/kfd/proc), so it can block a change of
 * modes. Processes that only have a render node open are not listed. Since 0.1.
 * Return: process id; 0: past the end, or the kernel does not show the processes to the caller.
 */
uint32_t rocpart_leases_get_idle_process(const struct rocpart_leases *leases, size_t index);

/**
 * rocpart_leases_get_event() - Return one of the latest events of leases, the newest first.
 * @leases: list.
 * @index: from 0, below 32.
 * @ret_at_s: receives the time of the event, in seconds since 1970.
 * @ret_lease: receives the number of the lease; 0: the event concerns the machine.
 *
 * Since 0.1.
 * Return: one line, owned by the list; NULL past the end.
 */
const char *rocpart_leases_get_event(const struct rocpart_leases *leases, size_t index,
				     uint64_t *ret_at_s, uint64_t *ret_lease);

/**
 * rocpart_leases_get_allocator() - Return the other allocator that assigns the GPUs of this
 * machine.
 * @leases: list.
 *
 * Since 0.1.
 * Return: "kubelet" or "slurm", static text; NULL when rocpart is the allocator.
 */
const char *rocpart_leases_get_allocator(const struct rocpart_leases *leases);

/**
 * rocpart_leases_get_snapshot() - Return the machine as it was when the list was made.
 * @leases: list.
 *
 * Since 0.1.
 * Return: snapshot without card minors, owned by the list.
 */
const struct rocpart_snapshot *rocpart_leases_get_snapshot(const struct rocpart_leases *leases);

/**
 * rocpart_leases_get_note() - Return what a reader of this list should know about the records.
 * @leases: list.
 *
 * A newer rocpart wrote the leases, and this one can only read them; or changes that the call found
 * could not be recorded. Since 0.1.
 * Return: one sentence without a full stop, owned by the list; "" when there is nothing to know.
 */
const char *rocpart_leases_get_note(const struct rocpart_leases *leases);

/**
 * rocpart_lease_state_to_string() - Return the name of a state: "pending", "placed", "running",
 * "stopped" or "displaced".
 * @state: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "unknown" for a value without a name.
 */
const char *rocpart_lease_state_to_string(enum rocpart_lease_state state);

/**
 * rocpart_guarantee_to_string() - Return the name of a guarantee: "none", "cooperative", "kernel"
 * or "hardware".
 * @guarantee: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "unknown" for a value without a name.
 */
const char *rocpart_guarantee_to_string(enum rocpart_guarantee guarantee);

/**
 * struct rocpart_lease_edit - What of a lease is to be other than it is. Layout frozen.
 * @owner: owner, as rocpart_place_options_set_owner() takes it; NULL: it keeps its owner.
 * @keys: names of labels.
 * @values: their texts; the other labels stay.
 * @n_labels: number of @keys and @values.
 * @has_priority: @priority replaces the priority.
 * @priority: a higher number is more important.
 * @reserved: zero.
 */
struct rocpart_lease_edit {
	const char *owner;
	const char *const *keys;
	const char *const *values;
	size_t n_labels;
	bool has_priority;
	int32_t priority;
	uint64_t reserved[4];
};

/**
 * rocpart_lease_edit() - Change owner, labels or priority of a lease.
 * @machine: machine.
 * @lease: its number.
 * @edit: what changes; borrowed during the call.
 * @ret_leases: receives the lease as it is now; free the list with rocpart_leases_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Its number, its place and its bytes stay, and its programs notice nothing. Since 0.1.
 * Return: 0; -EINVAL: the owner has no form of an owner, or a label no name; -ENOENT: no such
 * lease, or the process that is to be the owner does not exist; -ESTALE: the lease ended meanwhile;
 * errors of rocpart_place().
 */
int rocpart_lease_edit(struct rocpart_machine *machine, uint64_t lease,
		       const struct rocpart_lease_edit *edit, struct rocpart_leases **ret_leases,
		       struct rocpart_error *reterr);

/**
 * rocpart_lease_release() - Release one lease, or all leases of an owner.
 * @machine: machine.
 * @which: number of a lease, or an owner.
 * @ret_released: receives the number of released leases.
 * @ret_in_use_bytes: receives the bytes of their memory that the kernel still shows; rocpart counts
 *	this memory as unmanaged from now on.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call returns exactly the bytes that the leases claimed. The release is durable when the call
 * returns. The call stops no process. Since 0.1.
 * Return: 0; -ENOENT: no such lease, or the owner has no lease; -EINVAL: @which is neither a number
 * nor an owner; -EROFS: the machine is a capture; -ENOSPC: no space is left for the records;
 * -EBADMSG, -EBUSY, -ENOMEM and other errors as rocpart_leases_new().
 */
int rocpart_lease_release(struct rocpart_machine *machine, const char *which, size_t *ret_released,
			  uint64_t *ret_in_use_bytes, struct rocpart_error *reterr);

/**
 * rocpart_lease_set_state() - Record the state of a lease.
 * @machine: machine.
 * @id: number of the lease.
 * @state: ROCPART_LEASE_PLACED, RUNNING, STOPPED or DISPLACED.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call is for programs that know the state of their processes. The lease holds its bytes in
 * each of these states. The memory that the kernel shows later takes precedence over the recorded
 * state. Since 0.1.
 * Return: 0; -ENOENT: no such lease; -EINVAL: @state is none of these states; -EPERM: the lease is
 * pending and has no partition (NO_ROOM); other errors as rocpart_lease_release().
 */
int rocpart_lease_set_state(struct rocpart_machine *machine, uint64_t id,
			    enum rocpart_lease_state state, struct rocpart_error *reterr);

/**
 * rocpart_lease_adopt() - Create leases for memory in use that has none.
 * @machine: machine.
 * @owner: owner of the memory and of the new leases, or a process id.
 * @ret_adopted: receives the number of new leases, one for each partition.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Each new lease claims the memory in use on its partition, is alone on the partition, and belongs
 * to @owner. Since 0.1.
 * Return: 0; -ENOENT: the process does not exist, or @owner uses no memory without a lease;
 * -EINVAL: @owner is not an owner; other errors as rocpart_lease_release().
 */
int rocpart_lease_adopt(struct rocpart_machine *machine, const char *owner, size_t *ret_adopted,
			struct rocpart_error *reterr);

/**
 * rocpart_leases_export() - Write all leases as a JSON document.
 * @machine: machine.
 * @ret_text: receives JSON text; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; errors of rocpart_leases_new().
 */
int rocpart_leases_export(struct rocpart_machine *machine, char **ret_text,
			  struct rocpart_error *reterr);

/**
 * rocpart_leases_export_for() - Write all leases as a JSON document for another version of rocpart.
 * @machine: machine.
 * @format: format of leases that the other version knows; a version names it in the message that
 *	refuses a newer database (docs/design/leases.md, Versions).
 * @ret_text: receives JSON text; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The document has no key that the other version does not know. Since 0.1.
 * Return: 0; -EINVAL: this version does not know @format; errors of rocpart_leases_new().
 */
int rocpart_leases_export_for(struct rocpart_machine *machine, unsigned format, char **ret_text,
			      struct rocpart_error *reterr);

/**
 * struct rocpart_migration - What became of the format of a lease database. Layout frozen.
 * @from: format that the database had.
 * @to: format that it has now, or would have.
 * @backup: path of the export that was written before, for free(3); NULL: nothing was changed.
 * @reserved: zero.
 */
struct rocpart_migration {
	unsigned from;
	unsigned to;
	char *backup;
	uint64_t reserved[2];
};

/**
 * rocpart_leases_migrate() - Bring the lease database to the format of this version of rocpart.
 * @machine: machine.
 * @ret_migration: receives the formats and the backup.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Steps that older versions of rocpart do not notice are done by the first command that writes;
 * this call does the others too, so older versions may not be able to use the database afterwards.
 * The leases are exported before. Everything is done or nothing. On a machine opened for a dry run
 * the call only reports. Since 0.1.
 * Return: 0, also when there was nothing to do; -EBADMSG: the records are damaged, or a newer
 * version wrote them (BAD_RECORDS); other errors as rocpart_lease_release().
 */
int rocpart_leases_migrate(struct rocpart_machine *machine, struct rocpart_migration *ret_migration,
			   struct rocpart_error *reterr);

/**
 * rocpart_leases_import() - Restore exported leases.
 * @machine: machine without any lease.
 * @text: document of rocpart_leases_export().
 * @n_bytes: length of @text in bytes.
 * @name: name of the file in messages.
 * @ret_imported: receives the number of leases.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call restores all leases or none. A lease whose partition is missing is restored as well; the
 * next command that reconciles the leases marks it as displaced. A name that
 * rocpart_place_options_new() would refuse is replaced by the nearest one that it takes, and an
 * event records the old name. Since 0.1.
 * Return: 0; -EINVAL: the document is malformed, or comes from another machine; -EEXIST: the
 * machine already has leases; -ENOSPC: the leases contradict each other;
 * other errors as rocpart_lease_release().
 */
int rocpart_leases_import(struct rocpart_machine *machine, const char *text, size_t n_bytes,
			  const char *name, size_t *ret_imported, struct rocpart_error *reterr);

/**
 * rocpart_leases_check() - Recompute and verify the lease accounting.
 * @machine: machine.
 * @ret_problems: receives one line for each problem, "" without problems; free the text with
 *	free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0, with or without problems; -EBADMSG: the records are damaged (BAD_RECORDS); -ENOMEM:
 * out of memory; errno of reading.
 */
int rocpart_leases_check(struct rocpart_machine *machine, char **ret_problems,
			 struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
