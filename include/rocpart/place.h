/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_PLACE_H
#define ROCPART_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/change.h>
#include <rocpart/error.h>
#include <rocpart/lease.h>
#include <rocpart/model.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct rocpart_place_options - A description of leases to place. Opaque.
 */
struct rocpart_place_options;

/**
 * rocpart_place_options_new() - Describe one replica that has its partition to itself.
 * @name: name of the model, or a name for the lease: 1 to 128 letters, digits and . _ : / @ + -,
 *	of which the first is a letter or a digit and one is no digit. Copied.
 * @bytes: device memory that one replica needs; 0: all bytes that programs can use of the partition
 *	that rocpart_place_options_set_partition() names.
 * @ret_options: receives the options; free them with rocpart_place_options_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @name is not allowed, and the hint proposes one that is, or @bytes exceeds
 * 2^63-1; -ENOMEM: out of memory.
 */
int rocpart_place_options_new(const char *name, uint64_t bytes,
			      struct rocpart_place_options **ret_options,
			      struct rocpart_error *reterr);

/**
 * rocpart_place_options_free() - Free placement options.
 * @options: options, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_place_options *rocpart_place_options_free(struct rocpart_place_options *options);

/**
 * rocpart_place_options_set_owner() - Set the owner of the leases.
 * @options: options.
 * @owner: "docker:NAME", "unit:NAME", "pod:NS/NAME", "job:ID", "pid:N" or "none". Copied.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * A lease without an owner ends only by rocpart_lease_release(). Since 0.1.
 * Return: 0; -EINVAL: @owner has none of these forms.
 */
int rocpart_place_options_set_owner(struct rocpart_place_options *options, const char *owner,
				    struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_partition() - Choose the partition for the leases.
 * @options: options.
 * @partition: "GPU/ID" as in rocpart_snapshot_find_partition(), or NULL for any partition. Copied.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @partition is empty; -ENOMEM: out of memory.
 */
int rocpart_place_options_set_partition(struct rocpart_place_options *options,
					const char *partition, struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_replicas() - Set the number of replicas; each replica gets a lease of
 * its own.
 * @options: options.
 * @replicas: 1 to 4096. rocpart places all replicas or none.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Replicas of one name go to different GPUs while enough GPUs have room, because a reset of a GPU
 * ends everything on that GPU. Since 0.1.
 * Return: 0; -EINVAL: @replicas is out of range.
 */
int rocpart_place_options_set_replicas(struct rocpart_place_options *options, uint32_t replicas,
				       struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_share() - Allow other leases on the same partition.
 * @options: options.
 * @share: number of leases that the partition may have, 1 to 64. Every lease on the partition must
 *	allow the number.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @share is out of range.
 */
int rocpart_place_options_set_share(struct rocpart_place_options *options, uint32_t share,
				    struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_priority() - Set the priority to store with the lease.
 * @options: options.
 * @priority: a higher number is more important; 0 unless set. rocpart preempts no lease.
 *
 * Since 0.1.
 */
void rocpart_place_options_set_priority(struct rocpart_place_options *options, int32_t priority);

/**
 * rocpart_place_options_set_switch() - Let rocpart_place_on_demand() switch idle GPUs.
 * @options: options.
 * @may_switch: false unless set: only where the last applied node.yaml has `policy: {switch:
 * idle}`.
 *
 * Since 0.1.
 */
void rocpart_place_options_set_switch(struct rocpart_place_options *options, bool may_switch);

/**
 * rocpart_place_options_set_allow_unvalidated() - Also switch to modes that the vendor has not
 * validated.
 * @options: options.
 * @allow: false unless set: only where the last applied node.yaml has `allow-unvalidated: true`.
 *
 * Since 0.1.
 */
void rocpart_place_options_set_allow_unvalidated(struct rocpart_place_options *options, bool allow);

/**
 * rocpart_place_options_set_label() - Add a label to store with the lease.
 * @options: options.
 * @key: name of the label; replaces a label of the same name. Copied.
 * @value: text of the label. Copied.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @key is empty, or a text is not UTF-8; -ENOMEM: out of memory.
 */
int rocpart_place_options_set_label(struct rocpart_place_options *options, const char *key,
				    const char *value, struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_footprint() - Store the parts of the bytes with the lease.
 * @options: options.
 * @footprint: footprint of the model; borrowed during the call.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_place_options_set_footprint(struct rocpart_place_options *options,
					const struct rocpart_footprint *footprint,
					struct rocpart_error *reterr);

/**
 * rocpart_place() - Find partitions for new leases and record the leases durably.
 * @machine: machine.
 * @options: description of the leases; borrowed during the call.
 * @ret_leases: receives the new leases; free the list with rocpart_leases_free().
 * @reterr: receives the reason of a refusal and a remedy; may be NULL.
 *
 * The call observes the machine, reconciles the existing leases, decides and records in one
 * transaction. The call never switches a mode. Since 0.1.
 * Return: 0; -ENOSPC: no partition is free (NO_ROOM); -EFBIG: no partition of this machine is large
 * enough (MODEL_TOO_LARGE); -EINVAL: the options give neither bytes nor a partition, or more
 * replicas for one partition than may share the partition; -ENOENT: the partition, or the process
 * that should own the lease, does not exist; -ENODATA: the machine does not show the size of the
 * partition; -ENODEV: the machine has no GPU (NO_HARDWARE); -EPERM: another allocator assigns the
 * GPUs (OTHER_ALLOCATOR), or the GPU is cordoned or unhealthy (CORDONED); -EBUSY: a change is
 * running or unfinished (UNFINISHED_CHANGE), or another process holds the database (LOCKED);
 * -EROFS: the machine is a capture; -EACCES: the caller may not write the records; -EBADMSG: the
 * records are damaged (BAD_RECORDS); -ENOMEM: out of memory; errors of rocpart_machine_observe().
 */
int rocpart_place(struct rocpart_machine *machine, const struct rocpart_place_options *options,
		  struct rocpart_leases **ret_leases, struct rocpart_error *reterr);

/**
 * rocpart_place_on_demand() - Place leases, and switch idle GPUs first where that is allowed.
 * @machine: machine.
 * @options: as for rocpart_place().
 * @ret_change: receives the change that was done, or NULL; free it with rocpart_change_free().
 * @ret_leases: receives the leases, or NULL when the machine is in a dry run and a GPU would be
 *	switched; free the list with rocpart_leases_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * A GPU is idle when no lease and no program uses it. It gets another compute mode, never another
 * memory mode, when the leases have no partition of about their size. The change never waits: when
 * programs are in its way, the call fails and names them. A GPU is not switched so more often than
 * every 10 minutes. Since 0.1.
 * Return: 0; errors of rocpart_place() and rocpart_change_apply(); after an error no lease was
 *made, and the message names a switch that was done.
 */
int rocpart_place_on_demand(struct rocpart_machine *machine,
			    const struct rocpart_place_options *options,
			    struct rocpart_change **ret_change, struct rocpart_leases **ret_leases,
			    struct rocpart_error *reterr);

/**
 * rocpart_place_pending() - Find partitions for pending leases.
 * @machine: machine.
 * @ret_leases: receives the leases that have a partition again; free the list with
 *	rocpart_leases_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call places leases by priority, then in order of their numbers. A lease without room stays
 * pending. Since 0.1.
 * Return: 0; other errors as rocpart_place().
 */
int rocpart_place_pending(struct rocpart_machine *machine, struct rocpart_leases **ret_leases,
			  struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
