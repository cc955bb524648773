/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_SIM_H
#define ROCPART_SIM_H

#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Simulated machines: 8 GPUs on a laptop, with the answers, orders and errors of the kernel. A
 * machine is a folder; every program that opens the folder sees the same state, and no privileges
 * are needed. Everything is read and switched with the calls for real machines, see
 * rocpart_machine_open_sim(); the calls here are what a person would do at the machine: power it
 * on, start and end processes, reload the driver, break something.
 *
 * All of them take a lock in the folder for as long as the change lasts, milliseconds; none waits
 * for anything else. They may be called from any thread.
 */

/**
 * rocpart_sim_create() - Make a simulated machine and power it on.
 * @dir: its folder, made with its parents, mode 0755. Absolute path.
 * @profile: text of a profile, YAML (see profiles/ for examples): what the machine consists of.
 * @profile_bytes: length of @profile; at most 1 MiB.
 * @profile_name: name in messages ("mi300x-8.yaml:7:3") and of rocpart_sim_get_profile().
 * @reterr: why it failed, or NULL; of a wrong profile the object is "name:line:column".
 *
 * A folder in which an earlier attempt was interrupted is completed. Since 0.1.
 * Return: 0; -EEXIST: there is a simulated machine; -EINVAL: the profile is wrong, unknown keys
 * included; -EFBIG: it is too long; -ENOMEM; errno of making files.
 */
int rocpart_sim_create(const char *dir, const char *profile, size_t profile_bytes,
		       const char *profile_name, struct rocpart_error *reterr);

/**
 * rocpart_sim_remove() - Delete a simulated machine.
 * @dir: its folder, which is deleted too unless it holds files of somebody else. What rocpart
 *	recorded about the machine (cordons, journal) goes with it.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: there is no simulated machine; errno of deleting files.
 */
int rocpart_sim_remove(const char *dir, struct rocpart_error *reterr);

/**
 * rocpart_sim_reset() - Power off and on.
 * @dir: folder of the machine.
 * @reterr: why it failed, or NULL.
 *
 * Modes are again those that the profile boots in; requests, processes and faults are gone.
 * Since 0.1.
 * Return: 0; -ENOENT: there is no simulated machine; -EBADMSG: its files are damaged; -ENOMEM;
 * errno of writing files.
 */
int rocpart_sim_reset(const char *dir, struct rocpart_error *reterr);

/**
 * rocpart_sim_reload() - Somebody else unloads and loads the driver.
 * @dir: folder of the machine.
 * @reterr: why it failed, or NULL.
 *
 * A requested memory mode takes effect; the driver chooses compute modes anew; power caps,
 * performance levels and isolation are back at their defaults. Since 0.1.
 * Return: 0; -EBUSY: a process has a device open, nothing changed; -ENOENT, -EBADMSG, -ENOMEM as
 * rocpart_sim_reset(); what a fault rule says, after which the driver may be unloaded.
 */
int rocpart_sim_reload(const char *dir, struct rocpart_error *reterr);

/**
 * rocpart_sim_get_profile() - Name of the profile that a machine was made of.
 * @dir: folder of the machine.
 * @ret_name: the name; to be freed with free(3).
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_get_profile(const char *dir, char **ret_name, struct rocpart_error *reterr);

/**
 * rocpart_sim_get_abi() - Generation of the kernel interface that a machine plays.
 * @dir: folder of the machine.
 * @ret_generation: 1 for Linux 6.6 to 6.12, 2 for 6.13 to 6.16, 3 for later ones.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_get_abi(const char *dir, unsigned int *ret_generation,
			struct rocpart_error *reterr);

/**
 * rocpart_sim_get_gpu_count() - How many GPUs a machine was built with.
 * @dir: folder of the machine.
 * @ret_count: number of GPUs, whether they are bound to the driver or not.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_get_gpu_count(const char *dir, size_t *ret_count, struct rocpart_error *reterr);

/**
 * struct rocpart_sim_process - A process to be started on a simulated machine.
 *
 * Opaque; made by rocpart_sim_process_new(). Until something else is set it is a "python3" of
 * root in /user.slice that holds nothing and may use every partition.
 */
struct rocpart_sim_process;

/**
 * rocpart_sim_process_new() - Describe a process.
 * @ret_process: to be freed with rocpart_sim_process_free().
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_sim_process_new(struct rocpart_sim_process **ret_process);

/**
 * rocpart_sim_process_free() - Free a description.
 * @process: description, or NULL. A process that was started from it is not touched.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_sim_process *rocpart_sim_process_free(struct rocpart_sim_process *process);

/**
 * rocpart_sim_process_set_pid() - Choose the process id.
 * @process: description.
 * @pid: process id; 0, the default, takes the next free one.
 *
 * Since 0.1.
 */
void rocpart_sim_process_set_pid(struct rocpart_sim_process *process, uint32_t pid);

/**
 * rocpart_sim_process_set_uid() - Choose the user.
 * @process: description.
 * @uid: user id, 0 by default.
 *
 * Since 0.1.
 */
void rocpart_sim_process_set_uid(struct rocpart_sim_process *process, uint32_t uid);

/**
 * rocpart_sim_process_set_start() - Choose when it was started.
 * @process: description.
 * @ticks: clock ticks since boot, field 22 of /proc/PID/stat; 0, the default, is later than every
 *	other process.
 *
 * Since 0.1.
 */
void rocpart_sim_process_set_start(struct rocpart_sim_process *process, uint64_t ticks);

/**
 * rocpart_sim_process_set_command() - Choose name and command line.
 * @process: description.
 * @comm: name; the kernel keeps 15 bytes of it. Copied.
 * @cmdline: words separated by one blank, or NULL for @comm. Copied.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: an empty name, or a line break in one of them; -ENOMEM.
 */
int rocpart_sim_process_set_command(struct rocpart_sim_process *process, const char *comm,
				    const char *cmdline, struct rocpart_error *reterr);

/**
 * rocpart_sim_process_set_cgroup() - Choose the control group, which names container, unit or job.
 * @process: description.
 * @path: path in the cgroup v2 hierarchy, starting with a slash. Copied.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: no slash at the start, or a line break; -ENOMEM.
 */
int rocpart_sim_process_set_cgroup(struct rocpart_sim_process *process, const char *path,
				   struct rocpart_error *reterr);

/**
 * rocpart_sim_process_open_kfd() - It has /dev/kfd open, as every ROCm process has.
 * @process: description.
 *
 * Since 0.1.
 */
void rocpart_sim_process_open_kfd(struct rocpart_sim_process *process);

/**
 * rocpart_sim_process_open_render() - It has the render node of a partition open.
 * @process: description.
 * @bdf: PCI address of the GPU, "0000:05:00.0". Copied.
 * @partition: partition id, which must be one in the modes that the GPU has at its start.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_sim_process_open_render(struct rocpart_sim_process *process, const char *bdf,
				    uint32_t partition);

/**
 * rocpart_sim_process_allow() - Its device cgroup allows a partition, and none that is not named.
 * @process: description.
 * @bdf: PCI address of the GPU. Copied.
 * @partition: partition id.
 *
 * Without any such call all partitions are allowed, as for a process outside containers.
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_sim_process_allow(struct rocpart_sim_process *process, const char *bdf,
			      uint32_t partition);

/**
 * rocpart_sim_process_use_vram() - It has device memory of a partition; it then has /dev/kfd open.
 * @process: description.
 * @bdf: PCI address of the GPU. Copied.
 * @partition: partition id.
 * @vram_bytes: bytes of it.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: of the caller; whether the partition has the memory is said by
 * rocpart_sim_hold().
 */
int rocpart_sim_process_use_vram(struct rocpart_sim_process *process, const char *bdf,
				 uint32_t partition, uint64_t vram_bytes);

/**
 * rocpart_sim_hold() - Start a process that holds devices until it is ended.
 * @dir: folder of the machine.
 * @process: what it is and holds.
 * @ret_pid: its process id.
 * @reterr: why it failed, or NULL.
 *
 * It blocks what a real one blocks: compute switches (before Linux 6.17 of every GPU) while it has
 * /dev/kfd open, and driver reloads while it has any device open. Since 0.1.
 * Return: 0; -EEXIST: that process id exists; -ENODEV: no such GPU or partition, or the driver is
 * not loaded; -ENOMEM: the partition has not that much memory left, or out of memory; -EPERM:
 * memory of a partition that is not allowed; -ENOENT, -EBADMSG as rocpart_sim_reset().
 */
int rocpart_sim_hold(const char *dir, const struct rocpart_sim_process *process, uint32_t *ret_pid,
		     struct rocpart_error *reterr);

/**
 * rocpart_sim_unhold() - End a process.
 * @dir: folder of the machine.
 * @pid: process id.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ESRCH: there is no such process; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_unhold(const char *dir, uint32_t pid, struct rocpart_error *reterr);

/**
 * rocpart_sim_get_pids() - Processes of a machine.
 * @dir: folder of the machine.
 * @ret_pids: process ids, ascending; to be freed with free(3).
 * @ret_count: how many.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_get_pids(const char *dir, uint32_t **ret_pids, size_t *ret_count,
			 struct rocpart_error *reterr);

/**
 * rocpart_sim_fault_add() - Let something go wrong.
 * @dir: folder of the machine.
 * @rule: OP:PATTERN:EFFECT[:N], for example "write:current_compute_partition:EBUSY:2".
 * @reterr: why it failed, or NULL.
 *
 * With N the rule fires at its Nth time only, else each time. PATTERN is a shell pattern of a file
 * name or, with a slash in it, of the end of a path; BDF one of PCI addresses.
 *
 * - read:PATTERN:ERRNO[:N], write:PATTERN:ERRNO[:N]
 * - write:PATTERN:ignored[:N]: the write succeeds, the value stays
 * - unload:ERRNO[:N], load:ERRNO[:N]: of the driver
 * - vanish:BDF/ID[:N]: the KFD node of that partition does not appear
 * - lose:BDF[:N]: the GPU does not come back when the driver is loaded
 * - reset:BDF: the GPU is being reset, its partition files say EPERM (Linux 6.17 and later)
 * - switching:BDF: its compute mode is being switched by somebody, which does not end: /dev/kfd
 *   cannot be opened (EINVAL), another switch is EBUSY
 * - reinit:BDF[:N]: KFD does not start again after a compute switch: EIO, the mode has changed
 * - nps:BDF[:N]: firmware refuses the memory mode for that GPU, so its hive keeps the old one
 * - ue:BDF:COUNT, ce:BDF:COUNT, bad-pages:BDF:COUNT: what RAS counted
 *
 * Since 0.1.
 * Return: 0; -EINVAL: not a rule; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_fault_add(const char *dir, const char *rule, struct rocpart_error *reterr);

/**
 * rocpart_sim_fault_list() - Rules in the order in which they were added.
 * @dir: folder of the machine.
 * @ret_rules: the rules, each followed by a newline; "" when there is none; to be freed with
 *	free(3).
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_fault_list(const char *dir, char **ret_rules, struct rocpart_error *reterr);

/**
 * rocpart_sim_fault_clear() - Remove all rules.
 * @dir: folder of the machine.
 * @reterr: why it failed, or NULL.
 *
 * What a rule has done already stays done. Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_fault_clear(const char *dir, struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
