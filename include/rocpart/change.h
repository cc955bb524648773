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
	ROCPART_RELOAD_AUTO = 0,  /* reload the driver when a memory mode changes */
	ROCPART_RELOAD_NEVER = 1, /* request the memory mode and leave the request pending */
};

/**
 * rocpart_progress_fn - Receives each step of a change at its start, on the calling thread.
 * @userdata: pointer that rocpart_change_set_progress() received.
 * @step: number of the step, from 1.
 * @n_steps: number of steps of the change; can grow while the change runs.
 * @text: description of the step, one line; valid during the call only.
 */
typedef void (*rocpart_progress_fn)(void *userdata, unsigned step, unsigned n_steps,
				    const char *text);

/**
 * rocpart_change_new() - Create an empty change of a machine.
 * @machine: machine; must outlive the change.
 * @snapshot: snapshot that the change starts from; the change keeps its own reference.
 * @ret_change: receives the change; free it with rocpart_change_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENODEV: the machine has no GPU; -ENOMEM: out of memory.
 */
int rocpart_change_new(struct rocpart_machine *machine, struct rocpart_snapshot *snapshot,
		       struct rocpart_change **ret_change, struct rocpart_error *reterr);

/**
 * rocpart_change_open_journal() - Open the unfinished change that an interruption left.
 * @machine: machine; must outlive the change.
 * @ret_change: receives the change; free it with rocpart_change_free(). rocpart_change_apply()
 *	resumes the change, rocpart_change_undo() undoes it.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: no change is unfinished; -EBADMSG: the journal is damaged (BAD_RECORDS; see
 * rocpart_machine_set_aside_records()); -EPROTONOSUPPORT: a newer version wrote the journal
 * (BAD_RECORDS); -EACCES: the caller may not read the journal; -ENOMEM: out of memory; errno of
 * reading the machine or the journal.
 */
int rocpart_change_open_journal(struct rocpart_machine *machine, struct rocpart_change **ret_change,
				struct rocpart_error *reterr);

/**
 * rocpart_machine_set_aside_records() - Move damaged records of a machine out of the way.
 * @machine: machine.
 * @ret_text: receives a line for each record that was moved, with its new name and with what is
 *lost with it, and for a journal a line for each step that is still readable; "" when no record is
 *	damaged. Free the text with free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * A damaged record stands in the way of every change, since nothing of it is believed. The call
 * renames the journal of an unfinished change, requested memory modes, cordons, the allocator and
 * the list of CDI specs, each when it is damaged, to "NAME.damaged.N" in the same folder. Records
 * that can be read stay, and so do leases (rocpart_leases_check()). Since 0.1.
 * Return: 0; -EBUSY: another process is changing the machine (LOCKED); -EPROTONOSUPPORT: a newer
 * version wrote the journal, which is then not damaged (BAD_RECORDS); -EROFS: a capture has no
 * records; -ENOMEM: out of memory; errno of reading or renaming.
 */
int rocpart_machine_set_aside_records(struct rocpart_machine *machine, char **ret_text,
				      struct rocpart_error *reterr);

/**
 * rocpart_change_open_last() - Open the reverse of the change that finished last.
 * @machine: machine; must outlive the change.
 * @ret_change: receives a new change back to the modes before that change; free it with
 *	rocpart_change_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: no change was finished; -EBADMSG: the record of the change is damaged;
 * -ENODEV: the machine has no GPU; -ENOMEM: out of memory; other errno of reading.
 */
int rocpart_change_open_last(struct rocpart_machine *machine, struct rocpart_change **ret_change,
			     struct rocpart_error *reterr);

/**
 * rocpart_change_check_undo() - Refuse to take a change back that its user has not named.
 * @change: change of rocpart_change_open_last(); any other one is never refused.
 * @reterr: receives the number of the change, what was done since, and the command; may be NULL.
 *
 * For a user who says no more than "undo": the call refuses when there is something to undo, and
 * leases were made since the change ended, or the change ended 24 hours ago or at a time that is
 * not known. A user who names the number of the change means this one. Since 0.1.
 * Return: 0; -EPERM: the change must be named (NOT_NAMED); errors of reading the leases.
 */
int rocpart_change_check_undo(struct rocpart_change *change, struct rocpart_error *reterr);

/**
 * rocpart_change_get_number() - Return the number of a recorded change.
 * @change: change of rocpart_change_open_journal() or rocpart_change_open_last(), or one that
 *	rocpart_change_apply() began.
 *
 * The history of the machine has the same number. Since 0.1.
 * Return: of rocpart_change_open_last() the number of the change that it takes back; 0: the change
 * was not begun, or a version of rocpart that did not number changes began it.
 */
uint64_t rocpart_change_get_number(const struct rocpart_change *change);

/**
 * rocpart_change_free() - Free a change. The call does not touch the machine.
 * @change: change, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_change *rocpart_change_free(struct rocpart_change *change);

/**
 * rocpart_change_set_modes() - Add a request for modes.
 * @change: change.
 * @gpu: GPU of the change's snapshot, or NULL for every GPU that can be partitioned.
 * @compute: compute mode; ROCPART_COMPUTE_UNKNOWN keeps the current one.
 * @memory: memory mode; ROCPART_MEMORY_UNKNOWN keeps the current one. The GPUs of an XGMI hive
 *	change their memory mode together (Linux amdgpu_gmc.c, amdgpu_xgmi.c), so add a request for
 *	every GPU of the hive.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call does not check the request against the machine; rocpart_change_check() does. Since 0.1.
 * Return: 0; -ENOTSUP: the GPU cannot be partitioned, or no GPU can.
 */
int rocpart_change_set_modes(struct rocpart_change *change, const struct rocpart_gpu *gpu,
			     enum rocpart_compute_mode compute, enum rocpart_memory_mode memory,
			     struct rocpart_error *reterr);

/**
 * rocpart_change_set_unattended() - Say that no person chose the file of a change.
 * @change: change before rocpart_change_load_config(), or of rocpart_change_open_journal().
 * @unattended: false unless set. True for a boot and for a daemon.
 *
 * rocpart_change_load_config() then accepts only a regular file that is owned by root (or by the
 * effective user) and that nobody else can write, in folders of the same kind, on every machine and
 * whatever the file contains. While the machine is on hold (rocpart/hold.h), checking, applying and
 * undoing an unattended change that has something to do fails with -EBUSY (ON_HOLD). Since 0.1.
 */
void rocpart_change_set_unattended(struct rocpart_change *change, bool unattended);

/**
 * rocpart_change_load_config() - Add the requests of a node.yaml or of one of its configurations.
 * @change: change.
 * @path: a node.yaml; a file of named `partition-configs:` in the form of mig-parted; or the
 *	config.json of AMD's device-config-manager. JSON is read too.
 * @config: name of the configuration or profile; NULL when the file has only one.
 * @reterr: receives the reason on failure, with line and column; may be NULL.
 *
 * The `node:` part of a node.yaml names the memory mode (hive-wide) and the compute mode of all
 * GPUs, or of ranges, indices, PCI addresses, unique ids or product names. The change stops the
 * file's `services:` and runs its `hooks:` before and after the switches. The call does not read
 * `models:`; see rocpart_plan_load_file().
 *
 * When root changes this computer, a file with `services:` or `hooks:` and the programs of the
 *hooks must be regular files of root that nobody else can write, in folders of the same kind; the
 *call checks the file that it read. A file without a name, such as standard input, may have neither
 * part. See also rocpart_change_set_unattended().
 *
 * Unknown keys are errors. A PCI address without a GPU on this machine is not an error of this
 * call: the address is a difference, and rocpart_change_check() fails with GPU_LOST. Since 0.1.
 * Return: 0; -EINVAL: the file is malformed (CONFIG_SYNTAX); -ENOTSUP: the file names a GPU that
 * cannot be partitioned; -EPERM: the file is not trusted (PERMISSION); -ESTALE: the file was
 * replaced meanwhile; -ENOMEM: out of memory; errno of reading the file.
 */
int rocpart_change_load_config(struct rocpart_change *change, const char *path, const char *config,
			       struct rocpart_error *reterr);

/**
 * rocpart_change_set_allow_unvalidated() - Accept pairs of modes that the vendor has not validated.
 * @change: change.
 * @allow: false unless set.
 *
 * Since 0.1.
 */
void rocpart_change_set_allow_unvalidated(struct rocpart_change *change, bool allow);

/**
 * rocpart_change_set_reload() - Set whether the change may reload the driver.
 * @change: change.
 * @reload: ROCPART_RELOAD_AUTO unless set.
 *
 * Since 0.1.
 */
void rocpart_change_set_reload(struct rocpart_change *change, enum rocpart_reload reload);

/**
 * rocpart_change_get_allocator() - Return the allocator that the file names.
 * @change: change after rocpart_change_load_config().
 *
 * rocpart_change_apply() records the allocator, even when the machine is already in the requested
 * state. Since 0.1.
 * Return: "rocpart", "kubelet" or "slurm", owned by the change; NULL when the file names no
 * allocator.
 */
const char *rocpart_change_get_allocator(const struct rocpart_change *change);

/**
 * rocpart_change_set_evict() - Evict leases whose partitions the change ends.
 * @change: change.
 * @evict: false unless set: rocpart then refuses the change.
 *
 * A lease whose partition ends becomes pending and waits for another partition. The change journals
 * each eviction before the first switch, and that evictions were asked for: a change that is
 * resumed evicts without another call. When the change is undone, an evicted lease returns to its
 * partition unless another lease has taken the partition. The change stops no process: a process
 * that holds a GPU still blocks the change. Since 0.1.
 */
void rocpart_change_set_evict(struct rocpart_change *change, bool evict);

/**
 * rocpart_change_set_wait_ms() - Set how long the change waits for GPUs to become idle, and for
 * another change of the machine to end.
 * @change: change.
 * @wait_ms: milliseconds. Unless set, the change waits 10,000 ms for GPUs and does not wait for
 *	another change.
 *
 * Since 0.1.
 */
void rocpart_change_set_wait_ms(struct rocpart_change *change, uint64_t wait_ms);

/**
 * rocpart_change_set_progress() - Report each step of a change to a callback.
 * @change: change.
 * @fn: callback for the start of each step, or NULL.
 * @userdata: pointer to pass to @fn.
 *
 * Since 0.1.
 */
void rocpart_change_set_progress(struct rocpart_change *change, rocpart_progress_fn fn,
				 void *userdata);

/**
 * rocpart_interrupt_fn - Reports whether the caller wants to stop a change, on the calling thread.
 * @userdata: pointer that rocpart_change_set_interrupt() received.
 *
 * Return: true once for each request to stop, such as a signal that arrived since the last call.
 */
typedef bool (*rocpart_interrupt_fn)(void *userdata);

/**
 * rocpart_change_set_interrupt() - Let the caller stop a change.
 * @change: change.
 * @fn: callback, or NULL.
 * @userdata: pointer to pass to @fn.
 *
 * The library installs no signal handler. rocpart_change_apply() and rocpart_change_undo() call @fn
 * between steps and while they wait, only where the driver is loaded and the modes can be read; a
 * driver reload that has begun is finished first. When @fn returns true: a change that waits, or
 * that has not switched anything, ends with INTERRUPTED and nothing changed; a change that has
 * switched something is undone, then ends with INTERRUPTED. When @fn returns true again during the
 * undo, or while an unfinished change is resumed or undone, the journal stays open and the call
 * fails with UNFINISHED_CHANGE. After the last mode is read back the call is not interrupted.
 * Since 0.1.
 */
void rocpart_change_set_interrupt(struct rocpart_change *change, rocpart_interrupt_fn fn,
				  void *userdata);

/**
 * rocpart_change_check() - Check a complete change before any of its steps.
 * @change: change.
 * @reterr: receives the reason of a refusal; may be NULL.
 *
 * The call checks that each pair is legal, that the GPUs of a hive get the same memory mode, and
 * that no cordon, missing validation, unfinished change or lease blocks the change. The call writes
 * nothing. Processes that hold GPUs are not an error of this call; see
 * rocpart_change_get_holders(). After the call, even after a failure, the getters below describe
 * the change. Since 0.1.
 * Return: 0; -EINVAL: the pair is impossible (MODE_UNSUPPORTED, NPS_NEEDS_COMPUTE), the request
 * covers only a part of a hive (MODE_UNSUPPORTED), or the vendor has not validated the pair
 * (NOT_VALIDATED); -EINPROGRESS: another memory mode of the GPU waits for a driver reload
 * (NPS_NEEDS_RELOAD); -EPERM: the GPU is cordoned (CORDONED); -EROFS: the machine is a capture;
 * -EBUSY: another change is unfinished (UNFINISHED_CHANGE), or leases use the partitions (LEASED),
 * see rocpart_change_set_evict(); -EBADMSG: the records of leases are damaged (BAD_RECORDS);
 * -ENODEV: a GPU that the file names is missing, or the number of GPUs is not the file's
 * (GPU_LOST); -ENOMEM: out of memory; errno of reading.
 */
int rocpart_change_check(struct rocpart_change *change, struct rocpart_error *reterr);

/**
 * struct rocpart_change_gpu - The effect of a change on one GPU. Layout frozen.
 * @index: index of the GPU in BDF order.
 * @bdf: PCI address, owned by the change.
 * @from_compute: compute mode before the change.
 * @from_memory: memory mode before the change.
 * @to_compute: compute mode after the change.
 * @to_memory: memory mode after the change.
 * @n_partitions_before: logical devices before the change.
 * @n_partitions_after: predicted logical devices after the change.
 * @partition_bytes: predicted bytes of the smallest partition, 0 when not known.
 * @domain_bytes: predicted bytes of the smallest memory domain, 0 when not known.
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
 * rocpart_change_get_gpu() - Return one GPU that the change switches.
 * @change: checked change.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the change; NULL past the end. A change without any GPU means that the machine
 * is already in the requested state.
 */
const struct rocpart_change_gpu *rocpart_change_get_gpu(const struct rocpart_change *change,
							size_t index);

/**
 * rocpart_change_get_step() - Return the description of one step.
 * @change: checked change.
 * @index: from 0, in the order of execution.
 *
 * Since 0.1.
 * Return: one line, owned by the change; NULL past the end.
 */
const char *rocpart_change_get_step(const struct rocpart_change *change, size_t index);

/**
 * rocpart_change_get_warning() - Return one consequence to know before applying the change.
 * @change: checked change.
 * @index: from 0.
 *
 * The warnings name leases and devices that are interrupted, indices that change, steps that cannot
 * be undone, and missing DRM minors. Since 0.1.
 * Return: one line, owned by the change; NULL past the end.
 */
const char *rocpart_change_get_warning(const struct rocpart_change *change, size_t index);

/**
 * rocpart_change_get_difference() - Return one difference between the machine and the request.
 * @change: change after rocpart_change_check(), whether the check failed or not.
 * @index: from 0.
 *
 * The differences cover the modes, missing partitions and pending memory modes of the GPUs that the
 * request names, and missing GPUs. The call works on captures too. Since 0.1.
 * Return: one line, owned by the change; NULL past the end.
 */
const char *rocpart_change_get_difference(const struct rocpart_change *change, size_t index);

/**
 * rocpart_change_needs_reload() - Report whether the change reloads the driver.
 * @change: checked change.
 *
 * Since 0.1.
 * Return: true when a memory mode changes and a reload is allowed.
 */
bool rocpart_change_needs_reload(const struct rocpart_change *change);

/**
 * rocpart_change_get_holders() - List the processes that block the change now.
 * @change: checked change.
 * @ret_holders: receives the list; free it with rocpart_holders_free(). For a change of a memory
 *	mode the list contains the holders of every GPU. Otherwise the list contains the processes
 *	that have /dev/kfd open: those on the GPUs to switch, or on every GPU up to Linux 6.16,
 *	where the driver's busy check covers the whole machine (Linux amdgpu_xcp.c).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory; errno of reading.
 */
int rocpart_change_get_holders(struct rocpart_change *change, struct rocpart_holders **ret_holders,
			       struct rocpart_error *reterr);

/**
 * rocpart_change_apply() - Apply a change, or resume an unfinished one.
 * @change: change; the call checks a new change again first.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Only one change at a time runs on a machine. The call waits for holders, proves that the driver
 * can be unloaded before it requests a memory mode, journals each step durably before the step, and
 * reads all modes back at the end. When a step fails, the call undoes the steps that were done; a
 * requested memory mode stays pending, because the kernel cannot take the request back, and modes
 * stay when only a partition or a setting is missing. When the machine is already in the requested
 * state, the call switches nothing and returns 0. The call blocks for the waiting time plus up to
 * some minutes for a driver reload. On hardware the call needs root. Since 0.1.
 * Return: 0; -EBUSY: processes hold GPUs (BUSY_PROCESS, @reterr names the processes), another
 * change runs (LOCKED), the driver cannot be unloaded (DRIVER_IN_USE), or another change is
 * unfinished (UNFINISHED_CHANGE); -EINPROGRESS: the memory mode is requested and pending
 * (NPS_NEEDS_RELOAD); -EIO: the machine shows other modes than requested (READBACK_MISMATCH),
 * reloading the driver failed (DRIVER_RELOAD), or the undo failed too (PARTLY_DONE: the journal
 * stays open); PARTLY_DONE with the errno of a write: the machine has the requested modes, but a
 * setting such as the power cap could not be restored; -ENODEV: a GPU is missing after a reload
 * (GPU_LOST), or a partition is missing (PARTITION_MISSING); -EINTR: the caller interrupted the
 * change, see rocpart_change_set_interrupt() (INTERRUPTED: nothing is changed now;
 * UNFINISHED_CHANGE: the journal stays open); -ESTALE: the machine changed since the
 * snapshot (STALE_SNAPSHOT); -ENOENT: another process finished the unfinished change; errors of
 * rocpart_change_check(); errno of the kernel, or of the disk of the records: @reterr says when
 * the machine has the requested modes nevertheless.
 */
int rocpart_change_apply(struct rocpart_change *change, struct rocpart_error *reterr);

/**
 * rocpart_change_list_remaining() - List the steps that finish an unfinished change.
 * @change: change that rocpart_change_open_journal() opened.
 * @undo: true: the steps of rocpart_change_undo(); false: those of rocpart_change_apply().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call changes nothing on the machine. rocpart_change_get_step() and
 * rocpart_change_needs_reload() then describe what remains to be done. Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_change_list_remaining(struct rocpart_change *change, bool undo,
				  struct rocpart_error *reterr);

/**
 * rocpart_change_undo() - Undo an unfinished change.
 * @change: change that rocpart_change_open_journal() opened.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: as rocpart_change_apply(); -ENOENT: another process finished the change.
 */
int rocpart_change_undo(struct rocpart_change *change, struct rocpart_error *reterr);

/**
 * enum rocpart_change_status - Whether a change of a machine is under way. Append-only.
 */
enum rocpart_change_status {
	ROCPART_CHANGE_NONE = 0,       /* no change is under way or unfinished */
	ROCPART_CHANGE_UNDER_WAY = 1,  /* a process is changing the machine now */
	ROCPART_CHANGE_UNFINISHED = 2, /* a change was interrupted: resume or undo the change */
};

/**
 * rocpart_machine_get_change_status() - Report whether a change of a machine is under way or was
 * left unfinished.
 * @machine: machine.
 * @ret_status: receives the status.
 * @ret_holder: receives the process that is changing the machine, such as "pid 4711 (rocpart set
 *	--compute CPX, user root, running for 12 s)", or ""; free it with free(3). May be NULL. The
 *	words are the process's own: escape them before printing.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call takes no lock and writes nothing. A process of another PID namespace is not seen; its
 * change is reported as unfinished. A process that is about to refuse a change is reported too.
 * Since 0.1.
 * Return: 0; -EACCES: the caller may not read the record folder; -ENOMEM: out of memory; other
 * errno of reading.
 */
int rocpart_machine_get_change_status(struct rocpart_machine *machine,
				      enum rocpart_change_status *ret_status, char **ret_holder,
				      struct rocpart_error *reterr);

/**
 * struct rocpart_holder - A process that holds GPUs. Layout frozen.
 * @pid: process id in the machine's outermost pid namespace.
 * @command: name of the process.
 * @unit: systemd unit, or "".
 * @container: "docker:ID", "podman:ID" or "cri:ID", or "".
 * @job: Slurm job number, or "".
 * @devices: open device nodes: "/dev/kfd", "/dev/dri/renderD128", separated by blanks.
 * @gpus: one bit for each GPU index below 64.
 * @memory_used_bytes: bytes of device memory that the process uses through the KFD on all GPUs.
 * @reserved: zero.
 *
 * The texts are owned by the list.
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
 * rocpart_holders_new() - List the processes, in every mount namespace, that hold device nodes of
 * GPUs.
 * @machine: machine.
 * @snapshot: snapshot of the machine, which maps device nodes to GPUs; borrowed.
 * @ret_holders: receives the list in order of pid; free it with rocpart_holders_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The list comes from /sys/class/kfd/kfd/proc and the open files in /proc. Without root the call
 * does not see the files of other users; see rocpart_holders_is_complete(). Since 0.1.
 * Return: 0; -ENOMEM: out of memory; errno of reading.
 */
int rocpart_holders_new(struct rocpart_machine *machine, const struct rocpart_snapshot *snapshot,
			struct rocpart_holders **ret_holders, struct rocpart_error *reterr);

/**
 * rocpart_holders_free() - Free a list of holders.
 * @holders: list, or NULL.
 *
 * Thread: any. Since 0.1.
 * Return: NULL.
 */
struct rocpart_holders *rocpart_holders_free(struct rocpart_holders *holders);

/**
 * rocpart_holders_get() - Return one holder.
 * @holders: list.
 * @index: from 0.
 *
 * Thread: any. Since 0.1.
 * Return: owned by the list; NULL past the end.
 */
const struct rocpart_holder *rocpart_holders_get(const struct rocpart_holders *holders,
						 size_t index);

/**
 * rocpart_holders_get_advice() - Return how to stop a holder, and what the program is when rocpart
 * knows the program.
 * @holders: list.
 * @index: from 0.
 *
 * Thread: any. Since 0.1.
 * Return: one line, owned by the list; NULL past the end.
 */
const char *rocpart_holders_get_advice(const struct rocpart_holders *holders, size_t index);

/**
 * rocpart_holders_is_complete() - Report whether the call could inspect every process.
 * @holders: list.
 *
 * Thread: any. Since 0.1.
 * Return: false when missing privileges hid the files of some processes.
 */
bool rocpart_holders_is_complete(const struct rocpart_holders *holders);

/**
 * rocpart_machine_set_cordon() - Cordon a GPU, which excludes the GPU from changes and placement,
 * or remove the cordon.
 * @machine: machine.
 * @bdf: PCI address of the GPU.
 * @cordoned: true to cordon the GPU, false to remove the cordon.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The cordon is durable. Repeating the call is not an error, and syncs a cordon that an earlier
 * call could not make durable. Since 0.1.
 * Return: 0; -EROFS: the machine is a capture; -EACCES: the caller may not write to the record
 * folder; -ENOMEM: out of memory; other errno of reading, writing or syncing the record. When
 * only syncing failed, the cordon is in effect, and the message says so.
 */
int rocpart_machine_set_cordon(struct rocpart_machine *machine, const char *bdf, bool cordoned,
			       struct rocpart_error *reterr);

/**
 * struct rocpart_accepted_gpu - What rocpart_machine_accept_gpu() recorded.
 * @bdf: PCI address.
 * @was_recorded: a GPU was recorded at this address before.
 * @is_present: a GPU is there now; else none is expected there any more.
 * @is_changed: the record changes.
 * @has_old_id: the unique id of the recorded GPU is known.
 * @has_new_id: the unique id of the present GPU is known.
 * @old_id: unique id of the recorded GPU.
 * @new_id: unique id of the present GPU.
 * @old_vbios: VBIOS part number of the recorded GPU; "" when it is not known.
 * @new_vbios: VBIOS part number of the present GPU; "" when it is not known.
 */
struct rocpart_accepted_gpu {
	char bdf[20];
	bool was_recorded;
	bool is_present;
	bool is_changed;
	bool has_old_id;
	bool has_new_id;
	uint64_t old_id;
	uint64_t new_id;
	char old_vbios[64];
	char new_vbios[64];
};

/**
 * rocpart_machine_accept_gpu() - Record that the GPU at a PCI address is the one to expect there,
 * or that none is.
 * @machine: machine. With rocpart_machine_set_dry_run() the call reports and records nothing.
 * @bdf: PCI address, with or without the domain 0000.
 * @ret_accepted: receives what is recorded.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Repeating the call is not an error. Leases on a replaced GPU keep their places, and are usable
 * from then on. Since 0.1.
 * Return: 0; -ENOENT: no GPU is there, and none is recorded; -EROFS: the machine is a capture;
 * -EACCES: the caller may not write to the record folder; -EBADMSG: the record is damaged;
 * -ENOMEM: out of memory; errors of rocpart_machine_observe(); other errno of reading or writing
 * the record.
 */
int rocpart_machine_accept_gpu(struct rocpart_machine *machine, const char *bdf,
			       struct rocpart_accepted_gpu *ret_accepted,
			       struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
