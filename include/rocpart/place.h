/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_PLACE_H
#define ROCPART_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/lease.h>
#include <rocpart/model.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct rocpart_place_options - What is to be placed. Opaque.
 */
struct rocpart_place_options;

/**
 * rocpart_place_options_new() - One replica of something, alone on its partition.
 * @name: name of the model, or what the lease shall be called. Copied.
 * @bytes: device memory that one replica needs; 0: all that programs can have of the partition
 *	that rocpart_place_options_set_partition() names.
 * @ret_options: to be freed with rocpart_place_options_free().
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: no name, or more than 2^63-1 bytes; -ENOMEM.
 */
int rocpart_place_options_new(const char *name, uint64_t bytes,
			      struct rocpart_place_options **ret_options,
			      struct rocpart_error *reterr);

/**
 * rocpart_place_options_free() - Free options.
 * @options: options, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_place_options *rocpart_place_options_free(struct rocpart_place_options *options);

/**
 * rocpart_place_options_set_owner() - Who the leases belong to.
 * @options: options.
 * @owner: "docker:NAME", "unit:NAME", "pod:NS/NAME", "job:ID", "pid:N" or "none". Copied.
 * @reterr: why it failed, or NULL.
 *
 * Without an owner a lease ends by rocpart_lease_release() only. Since 0.1.
 * Return: 0; -EINVAL: not an owner.
 */
int rocpart_place_options_set_owner(struct rocpart_place_options *options, const char *owner,
				    struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_partition() - Where it has to go.
 * @options: options.
 * @partition: "GPU/ID" as in rocpart_snapshot_find_partition(), or NULL: anywhere. Copied.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_place_options_set_partition(struct rocpart_place_options *options,
					const char *partition, struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_replicas() - How many, each with a lease of its own.
 * @options: options.
 * @replicas: 1 to 4096; all of them are placed or none.
 * @reterr: why it failed, or NULL.
 *
 * Replicas of one name go to different GPUs while there are any, because a reset of a GPU takes all
 * that is on it. Since 0.1.
 * Return: 0; -EINVAL: not in that range.
 */
int rocpart_place_options_set_replicas(struct rocpart_place_options *options, uint32_t replicas,
				       struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_share() - Let others onto its partition.
 * @options: options.
 * @share: tenants that the partition may have, 1 to 64. Every tenant must agree.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: not in that range.
 */
int rocpart_place_options_set_share(struct rocpart_place_options *options, uint32_t share,
				    struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_priority() - Recorded with the lease.
 * @options: options.
 * @priority: higher is more important; 0 unless set. Nobody is preempted.
 *
 * Since 0.1.
 */
void rocpart_place_options_set_priority(struct rocpart_place_options *options, int32_t priority);

/**
 * rocpart_place_options_set_label() - Add a label.
 * @options: options.
 * @key: its name; one of that name is replaced. Copied.
 * @value: text. Copied.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: an empty name, or not UTF-8; -ENOMEM.
 */
int rocpart_place_options_set_label(struct rocpart_place_options *options, const char *key,
				    const char *value, struct rocpart_error *reterr);

/**
 * rocpart_place_options_set_footprint() - Record what the bytes consist of.
 * @options: options.
 * @footprint: footprint of the model; borrowed during the call.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_place_options_set_footprint(struct rocpart_place_options *options,
					const struct rocpart_footprint *footprint,
					struct rocpart_error *reterr);

/**
 * rocpart_place() - Find places and lease them, durably.
 * @machine: the machine.
 * @options: what is to be placed; borrowed during the call.
 * @ret_leases: the new leases; to be freed with rocpart_leases_free().
 * @reterr: why it was refused, with what would help, or NULL.
 *
 * Observes the machine, reconciles its leases, decides, and records: one transaction. Never
 * switches a mode. Since 0.1.
 * Return: 0; -ENOSPC: NO_ROOM; -EFBIG: MODEL_TOO_LARGE, no partition of this machine would do;
 * -ENOENT: no such partition, or no such process as owner; -ENODEV: NO_HARDWARE; -EPERM:
 * OTHER_ALLOCATOR, or CORDONED; -EBUSY: UNFINISHED_CHANGE, or LOCKED; -EROFS: a capture; -EACCES:
 * no right to the records; -EBADMSG: BAD_RECORDS; -ENOMEM; errors of rocpart_machine_observe().
 */
int rocpart_place(struct rocpart_machine *machine, const struct rocpart_place_options *options,
		  struct rocpart_leases **ret_leases, struct rocpart_error *reterr);

/**
 * rocpart_place_pending() - Find places for leases that lost theirs.
 * @machine: the machine.
 * @ret_leases: those that have one again; to be freed with rocpart_leases_free().
 * @reterr: why it failed, or NULL.
 *
 * By priority, then in order of their numbers; those without room stay pending. Since 0.1.
 * Return: 0; others as rocpart_place().
 */
int rocpart_place_pending(struct rocpart_machine *machine, struct rocpart_leases **ret_leases,
			  struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
