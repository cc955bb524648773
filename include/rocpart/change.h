/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_CHANGE_H
#define ROCPART_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/mode.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rocpart_change;
struct rocpart_holders;

/**
 * enum rocpart_reload - Whether a change may reload the driver. Append-only.
 */
enum rocpart_reload {
	ROCPART_RELOAD_AUTO = 0,  /* when a memory mode changes */
	ROCPART_RELOAD_NEVER = 1, /* request it and leave it pending */
};

/**
 * rocpart_progress_fn - Told of each step of a change as it begins, on the calling thread.
 * @userdata: as given to rocpart_change_set_progress().
 * @step: number of the step, from 1.
 * @n_steps: steps of the change; may grow while it runs.
 * @text: what is done, one line; valid during the call only.
 */
typedef void (*rocpart_progress_fn)(void *userdata, unsigned step, unsigned n_steps,
				    const char *text);

/**
 * rocpart_change_new() - An empty change of a machine.
 * @machine: the machine; it outlives the change.
 * @snapshot: picture that the change starts from; the change keeps its own reference.
 * @ret_change: to be freed with rocpart_change_free().
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENODEV: the machine has no GPU; -ENOMEM.
 */
int rocpart_change_new(struct rocpart_machine *machine, struct rocpart_snapshot *snapshot,
		       struct rocpart_change **ret_change, struct rocpart_error *reterr);

/**
 * rocpart_change_open_journal() - The change that is not finished, after an interruption.
 * @machine: the machine; it outlives the change.
 * @ret_change: to be freed with rocpart_change_free(). rocpart_change_apply() goes on with it,
 *	rocpart_change_undo() takes it back.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: no change is unfinished; -EBADMSG: the journal is damaged; -ENOMEM; errno
 * of reading the machine or the journal.
 */
int rocpart_change_open_journal(struct rocpart_machine *machine, struct rocpart_change **ret_change,
				struct rocpart_error *reterr);

/**
 * rocpart_change_open_last() - The reverse of the change that was finished last.
 * @machine: the machine; it outlives the change.
 * @ret_change: a new change back to the modes before it; to be freed with rocpart_change_free().
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: there is none; -EBADMSG: its record is damaged; -ENOMEM; other errno.
 */
int rocpart_change_open_last(struct rocpart_machine *machine, struct rocpart_change **ret_change,
			     struct rocpart_error *reterr);

/**
 * rocpart_change_free() - Free a change. Nothing on the machine is touched.
 * @change: the change, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_change *rocpart_change_free(struct rocpart_change *change);

/**
 * rocpart_change_set_modes() - Add a wish.
 * @change: the change.
 * @gpu: a GPU of its snapshot, or NULL for every GPU that can be partitioned.
 * @compute: compute mode; ROCPART_COMPUTE_UNKNOWN keeps the present one.
 * @memory: memory mode; ROCPART_MEMORY_UNKNOWN keeps the present one. The GPUs of an XGMI hive
 *	change it together: name all of them.
 * @reterr: why it failed, or NULL.
 *
 * Checks nothing of the machine; rocpart_change_check() does. Since 0.1.
 * Return: 0; -ENOTSUP: that GPU cannot be partitioned.
 */
int rocpart_change_set_modes(struct rocpart_change *change, const struct rocpart_gpu *gpu,
			     enum rocpart_compute_mode compute, enum rocpart_memory_mode memory,
			     struct rocpart_error *reterr);

/**
 * rocpart_change_load_config() - Add the wishes of a node.yaml, or of one configuration of a file.
 * @change: the change.
 * @path: a node.yaml; a file of named `partition-configs:` in the form of mig-parted; the
 *	config.json of AMD's device-config-manager. JSON is read too.
 * @config: name of the configuration or profile; NULL when the file has only one.
 * @reterr: why it failed, with line and column, or NULL.
 *
 * `node:` of a node.yaml says the memory mode (hive-wide) and the compute mode of all GPUs, of
 * ranges, indices, PCI addresses, unique ids or product names. Its `services:` and `hooks:` are
 * stopped and run around the change. Its `models:` are not looked at: see rocpart_plan_load_file().
 *
 * Unknown keys are errors. A PCI address that is not here is not: it is a difference, and
 * rocpart_change_check() fails with GPU_LOST. Since 0.1.
 * Return: 0; -EINVAL: CONFIG_SYNTAX; -ENOTSUP: a GPU it names cannot be partitioned; -ENOMEM;
 * errno of reading the file.
 */
int rocpart_change_load_config(struct rocpart_change *change, const char *path, const char *config,
			       struct rocpart_error *reterr);

/**
 * rocpart_change_set_allow_unvalidated() - Accept pairs that the vendor has not validated.
 * @change: the change.
 * @allow: false unless set.
 *
 * Since 0.1.
 */
void rocpart_change_set_allow_unvalidated(struct rocpart_change *change, bool allow);

/**
 * rocpart_change_set_reload() - Whether the driver may be reloaded.
 * @change: the change.
 * @reload: ROCPART_RELOAD_AUTO unless set.
 *
 * Since 0.1.
 */
void rocpart_change_set_reload(struct rocpart_change *change, enum rocpart_reload reload);

/**
 * rocpart_change_get_allocator() - Who allocates, as the file said.
 * @change: a change after rocpart_change_load_config().
 *
 * rocpart_change_apply() records it, also when all modes are so already. Since 0.1.
 * Return: "rocpart", "kubelet" or "slurm", owned by the change; NULL when the file does not say.
 */
const char *rocpart_change_get_allocator(const struct rocpart_change *change);

/**
 * rocpart_change_set_evict() - Take their places away from leases that are in the way.
 * @change: the change.
 * @evict: false unless set: such a change is refused.
 *
 * A lease whose partition ends becomes pending and waits for another place; that is journalled
 * before the first switch and not taken back by an undo. Processes are not touched: a GPU that is
 * held stays held. Since 0.1.
 */
void rocpart_change_set_evict(struct rocpart_change *change, bool evict);

/**
 * rocpart_change_set_wait_ms() - How long to wait for GPUs to become idle.
 * @change: the change.
 * @wait_ms: milliseconds; 10,000 unless set.
 *
 * Since 0.1.
 */
void rocpart_change_set_wait_ms(struct rocpart_change *change, uint64_t wait_ms);

/**
 * rocpart_change_set_progress() - Have each step reported.
 * @change: the change.
 * @fn: called at the begin of each step, or NULL.
 * @userdata: handed to @fn.
 *
 * Since 0.1.
 */
void rocpart_change_set_progress(struct rocpart_change *change, rocpart_progress_fn fn,
				 void *userdata);

/**
 * rocpart_change_check() - Check the whole change before any of it is done.
 * @change: the change.
 * @reterr: why it would be refused, or NULL.
 *
 * Legality of each pair, hive-wide memory mode, cordons, validation, unfinished changes, leases.
 * Writes nothing. Holders are not an error here: see rocpart_change_get_holders(). Afterwards, also
 * when it failed, the getters below tell what the change would do. Since 0.1.
 * Return: 0; -EINVAL: an impossible pair (MODE_UNSUPPORTED, NPS_NEEDS_COMPUTE) or one that is not
 * validated (NOT_VALIDATED); -EPERM: CORDONED; -EROFS: a capture; -EBUSY: UNFINISHED_CHANGE, or
 * LEASED: leases use the partitions, see rocpart_change_set_evict(); -EBADMSG: BAD_RECORDS;
 * -ENODEV: GPU_LOST, a GPU that a file names is not here; -ENOMEM; errno of reading.
 */
int rocpart_change_check(struct rocpart_change *change, struct rocpart_error *reterr);

/**
 * struct rocpart_change_gpu - What a change does to one GPU. Layout frozen.
 * @index: index of the GPU in BDF order.
 * @bdf: PCI address, owned by the change.
 * @from_compute: compute mode before.
 * @from_memory: memory mode before.
 * @to_compute: compute mode after.
 * @to_memory: memory mode after.
 * @n_partitions_before: logical devices before.
 * @n_partitions_after: logical devices after, as predicted.
 * @partition_bytes: bytes of the smallest partition after, 0 when not known.
 * @domain_bytes: bytes of the smallest memory domain after, 0 when not known.
 * @reserved: zero.
 */
struct rocpart_change_gpu {
	size_t index;
	const char *bdf;
	enum rocpart_compute_mode from_compute;
	enum rocpart_memory_mode from_memory;
	enum rocpart_compute_mode to_compute;
	enum rocpart_memory_mode to_memory;
	unsigned n_partitions_before;
	unsigned n_partitions_after;
	uint64_t partition_bytes;
	uint64_t domain_bytes;
	uint64_t reserved[4];
};

/**
 * rocpart_change_get_gpu() - One GPU that is switched.
 * @change: a checked change.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the change; NULL past the end. None at all: everything is so already.
 */
const struct rocpart_change_gpu *rocpart_change_get_gpu(const struct rocpart_change *change,
							size_t index);

/**
 * rocpart_change_get_step() - One step, as text.
 * @change: a checked change.
 * @index: from 0, in the order in which they are done.
 *
 * Since 0.1.
 * Return: one line, owned by the change; NULL past the end.
 */
const char *rocpart_change_get_step(const struct rocpart_change *change, size_t index);

/**
 * rocpart_change_get_warning() - One thing to know before it is done.
 * @change: a checked change.
 * @index: from 0.
 *
 * What stops, what is renumbered, what cannot be undone, missing DRM minors. Since 0.1.
 * Return: one line, owned by the change; NULL past the end.
 */
const char *rocpart_change_get_warning(const struct rocpart_change *change, size_t index);

/**
 * rocpart_change_get_difference() - One thing that is not as wished.
 * @change: a change after rocpart_change_check(), whether that failed or not.
 * @index: from 0.
 *
 * Modes, missing GPUs and partitions, memory modes that wait; of the GPUs that were wished for.
 * Works on captures too. Since 0.1.
 * Return: one line, owned by the change; NULL past the end.
 */
const char *rocpart_change_get_difference(const struct rocpart_change *change, size_t index);

/**
 * rocpart_change_needs_reload() - Whether the driver is reloaded.
 * @change: a checked change.
 *
 * Since 0.1.
 * Return: true when a memory mode changes and reloading is allowed.
 */
bool rocpart_change_needs_reload(const struct rocpart_change *change);

/**
 * rocpart_change_get_holders() - Processes that stand in the way now.
 * @change: a checked change.
 * @ret_holders: to be freed with rocpart_holders_free(). With a reload: of every GPU; else of the
 *	GPUs that are switched, or of all where the driver's busy check is machine-wide.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM; errno of reading.
 */
int rocpart_change_get_holders(struct rocpart_change *change, struct rocpart_holders **ret_holders,
			       struct rocpart_error *reterr);

/**
 * rocpart_change_apply() - Do it, or go on with it.
 * @change: the change; it is checked again first.
 * @reterr: why it failed, or NULL.
 *
 * One at a time on a machine. Waits for holders; proves that the driver can be unloaded before a
 * memory mode is requested; journals each step durably before it; reads everything back; undoes
 * what was done when a step fails. Blocks for the waiting time plus up to some minutes for a
 * reload. Needs root on hardware. Everything so already: 0, nothing written. Since 0.1.
 * Return: 0; -EBUSY: BUSY_PROCESS (holders are named), LOCKED, DRIVER_IN_USE, or
 * UNFINISHED_CHANGE; -EINPROGRESS: NPS_NEEDS_RELOAD, the memory mode is pending; -EIO:
 * READBACK_MISMATCH, DRIVER_RELOAD or PARTLY_DONE (undo failed too: journal open); -ENODEV:
 * GPU_LOST; the errors of rocpart_change_check(); errno of the kernel.
 */
int rocpart_change_apply(struct rocpart_change *change, struct rocpart_error *reterr);

/**
 * rocpart_change_undo() - Take an unfinished change back.
 * @change: from rocpart_change_open_journal().
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: as rocpart_change_apply(); -ENOENT: another process has finished it meanwhile.
 */
int rocpart_change_undo(struct rocpart_change *change, struct rocpart_error *reterr);

/**
 * struct rocpart_holder - A process that holds GPUs. Layout frozen.
 * @pid: process id in the machine's outermost pid namespace.
 * @command: its name.
 * @unit: systemd unit, or "".
 * @container: "docker:ID", "podman:ID" or "cri:ID", or "".
 * @job: Slurm job number, or "".
 * @devices: what it has open: "/dev/kfd", "/dev/dri/renderD128", separated by blanks.
 * @gpus: bit per GPU index, below 64.
 * @memory_used_bytes: device memory it uses through the KFD, all GPUs.
 * @reserved: zero.
 *
 * Texts are owned by the list.
 */
struct rocpart_holder {
	uint32_t pid;
	const char *command;
	const char *unit;
	const char *container;
	const char *job;
	const char *devices;
	uint64_t gpus;
	uint64_t memory_used_bytes;
	uint64_t reserved[4];
};

/**
 * rocpart_holders_new() - Processes that hold a GPU's devices, from every mount namespace.
 * @machine: the machine.
 * @snapshot: picture of it, to know whose device is whose; borrowed.
 * @ret_holders: to be freed with rocpart_holders_free(), in order of pid.
 * @reterr: why it failed, or NULL.
 *
 * From /sys/class/kfd/kfd/proc and the open files of /proc. Without root, files of other users are
 * not seen: rocpart_holders_is_complete(). Since 0.1.
 * Return: 0; -ENOMEM; errno of reading.
 */
int rocpart_holders_new(struct rocpart_machine *machine, const struct rocpart_snapshot *snapshot,
			struct rocpart_holders **ret_holders, struct rocpart_error *reterr);

/**
 * rocpart_holders_free() - Free a list.
 * @holders: the list, or NULL.
 *
 * Thread: any. Since 0.1.
 * Return: NULL.
 */
struct rocpart_holders *rocpart_holders_free(struct rocpart_holders *holders);

/**
 * rocpart_holders_get() - One holder.
 * @holders: the list.
 * @index: from 0.
 *
 * Thread: any. Since 0.1.
 * Return: owned by the list; NULL past the end.
 */
const struct rocpart_holder *rocpart_holders_get(const struct rocpart_holders *holders,
						 size_t index);

/**
 * rocpart_holders_get_advice() - What a holder is, when it is a usual one, and how to stop it.
 * @holders: the list.
 * @index: from 0.
 *
 * Thread: any. Since 0.1.
 * Return: one line, owned by the list; NULL past the end.
 */
const char *rocpart_holders_get_advice(const struct rocpart_holders *holders, size_t index);

/**
 * rocpart_holders_is_complete() - Whether every process could be looked at.
 * @holders: the list.
 *
 * Thread: any. Since 0.1.
 * Return: false when some could not, for want of privilege.
 */
bool rocpart_holders_is_complete(const struct rocpart_holders *holders);

/**
 * rocpart_machine_set_cordon() - Keep a GPU out of changes and placement, or let it in again.
 * @machine: the machine.
 * @bdf: PCI address of the GPU.
 * @cordoned: true to keep it out.
 * @reterr: why it failed, or NULL.
 *
 * Durable. Already so is success. Since 0.1.
 * Return: 0; -EROFS: a capture; -EACCES: no right to the state folder; -ENOMEM; other errno.
 */
int rocpart_machine_set_cordon(struct rocpart_machine *machine, const char *bdf, bool cordoned,
			       struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
