/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_SIM_H
#define ROCPART_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Simulated machines: 8 GPUs on a laptop, with the answers, orders and errors of the kernel. A
 * machine is a folder. Every program that opens the folder sees the same state and needs no
 * privileges. The calls for real machines observe and switch a simulated machine too; see
 * rocpart_machine_open_sim(). The calls in this file stand for the actions of a person at the
 * machine: power the machine on, start and stop processes, reload the driver, inject a fault.
 *
 * A call that changes a machine holds a lock in the folder during the change, for milliseconds; the
 * calls wait for nothing else. The calls may run on any thread.
 */

/**
 * rocpart_sim_create() - Create a simulated machine and power it on.
 * @dir: folder to create, with its parents, mode 0755. Absolute path, whose last part names the
 *	machine: 1 to 64 letters, digits and . _ -, of which the first is a letter or a digit.
 * @profile: text of a profile, in YAML (profiles/ has examples), which describes the parts of the
 *	machine.
 * @profile_bytes: length of @profile; at most 1 MiB.
 * @profile_name: name of the profile in messages ("mi300x-8.yaml:7:3") and in
 *	rocpart_sim_get_profile().
 * @reterr: receives the reason on failure; may be NULL. For an invalid profile the object is
 *	"name:line:column".
 *
 * The call completes a folder in which an earlier call was interrupted. Since 0.1.
 * Return: 0; -EEXIST: the folder holds a simulated machine; -EINVAL: the name is not allowed, or
 *the profile is invalid or has an unknown key; -EFBIG: the profile is too long; -ENOMEM: out of
 *memory; errno of writing files.
 */
int rocpart_sim_create(const char *dir, const char *profile, size_t profile_bytes,
		       const char *profile_name, struct rocpart_error *reterr);

/**
 * rocpart_sim_remove() - Delete a simulated machine.
 * @dir: folder of the machine. The call deletes the folder too, unless the folder holds files of
 *	other programs, and deletes rocpart's records of the machine (cordons, journal).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: the folder holds no simulated machine; errno of deleting files.
 */
int rocpart_sim_remove(const char *dir, struct rocpart_error *reterr);

/**
 * rocpart_sim_reset() - Power a simulated machine off and on.
 * @dir: folder of the machine.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The machine returns to the modes in which the profile boots. Requests, processes and faults are
 * gone. Since 0.1.
 * Return: 0; -ENOENT: the folder holds no simulated machine; -EBADMSG: the files of the machine are
 * damaged; -ENOMEM: out of memory; errno of writing files.
 */
int rocpart_sim_reset(const char *dir, struct rocpart_error *reterr);

/**
 * rocpart_sim_set_asks() - Make programs ask before they change the modes of a simulated machine,
 * as on hardware.
 * @dir: folder of the machine.
 * @asks: false when the machine is created.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * See rocpart_machine_asks(). A reset keeps the setting. Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset(); errno of writing files.
 */
int rocpart_sim_set_asks(const char *dir, bool asks, struct rocpart_error *reterr);

/**
 * rocpart_sim_set_realistic() - Let switches, loads and unloads of the driver take their time.
 * @dir: folder of the machine.
 * @realistic: false, as for a new machine: each takes a moment only.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Durations are those of the profile (load_ms, unload_ms, switch_ms), by the simulated clock.
 * What was begun goes on when the program that began it ends. Kept by rocpart_sim_reset().
 *
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset(); errno of writing files. Since 0.1.
 */
int rocpart_sim_set_realistic(const char *dir, bool realistic, struct rocpart_error *reterr);

/**
 * rocpart_sim_get_kernel_log() - Return what the driver wrote into the kernel log since the boot.
 * @dir: folder of the machine.
 * @ret_log: receives lines "level,number,microseconds,-;text", as /dev/kmsg gives them; free it
 *	with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The log keeps about 1 MiB. Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 * Since 0.1.
 */
int rocpart_sim_get_kernel_log(const char *dir, char **ret_log, struct rocpart_error *reterr);

/**
 * rocpart_sim_set_no_sync() - Let commands not wait for the disk when they change the records of a
 * simulated machine.
 * @dir: folder of the machine.
 * @no_sync: false when the machine is created. True: the journal, the leases and the other records
 *	of the machine outlive a killed process, as before, but not a power cut.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * A machine that is open keeps the setting that it was opened with; a reset keeps the setting too.
 * There is no such setting for hardware. Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset(); errno of writing files.
 */
int rocpart_sim_set_no_sync(const char *dir, bool no_sync, struct rocpart_error *reterr);

/**
 * rocpart_sim_reload() - Unload and load the driver of a simulated machine, as another program
 * would.
 * @dir: folder of the machine.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * A requested memory mode takes effect. The driver chooses the compute modes again. Power caps,
 * performance levels and isolation return to their defaults. Since 0.1.
 * Return: 0; -EBUSY: a process has a device open, and nothing changed; -ENOENT, -EBADMSG, -ENOMEM
 * as rocpart_sim_reset(); errno of a fault rule, after which the driver may be unloaded.
 */
int rocpart_sim_reload(const char *dir, struct rocpart_error *reterr);

/**
 * rocpart_sim_load_start() - Start the model of load of a simulated machine anew.
 * @dir: folder of the machine.
 * @seed: same seed, same values at the same simulated times; the highest bit is not used.
 * @rate: simulated seconds in a second of the host, at most 100000; 0: the clock stands.
 * @reterr: filled in on failure; may be NULL.
 *
 * GPUs are idle and the simulated clock is at 0. A machine without the model shows neither power
 * nor temperatures, as every machine does until this function or one of the next four is called;
 * they start the model with seed 0 and rate 1.
 *
 * Return: 0; -EINVAL: @rate is too high; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset(); errno
 * of writing files. Since 0.1.
 */
int rocpart_sim_load_start(const char *dir, uint64_t seed, unsigned int rate,
			   struct rocpart_error *reterr);

/**
 * rocpart_sim_load_add() - Put load on GPUs or on a partition from now on.
 * @dir: folder of the machine.
 * @target: "all", a GPU by its number in the profile or its PCI address, or GPU/PARTITION.
 * @busy_percent: how busy the target is, 0 to 100.
 * @vram_bytes: device memory that the load comes to have, within seconds.
 * @seconds: simulated time that the load lasts; 0: until another load of the target.
 * @reterr: filled in on failure; may be NULL.
 *
 * Of loads that overlap, the one that began last counts. Where no load was asked for, a process
 * that has memory of a partition keeps it busy. The memory belongs to a process of the machine,
 * "sim-load", which rocpart_sim_unhold() ends together with the load.
 *
 * Return: 0; -ENODEV: no such target; -EINVAL: more than 100 percent, or longer than 35 years;
 * -ENOMEM: more memory than the target has, or out of memory; -ENOSPC: more than 1024 loads;
 * -ENOENT, -EBADMSG as rocpart_sim_reset(); errno of writing files. Since 0.1.
 */
int rocpart_sim_load_add(const char *dir, const char *target, unsigned int busy_percent,
			 uint64_t vram_bytes, uint64_t seconds, struct rocpart_error *reterr);

/**
 * rocpart_sim_load_script() - Put loads on a simulated machine at times to come.
 * @dir: folder of the machine.
 * @text: lines "seconds, target, percent, bytes"; seconds from now, or a time such as 2m; target as
 *	of rocpart_sim_load_add(). A line holds until the next one of the same target. Lines
 *	"seconds, fault, rule" have a rule of rocpart_sim_fault_add(). Empty lines and those that
 *	begin with # are skipped.
 * @name: name of the script in errors.
 * @reterr: filled in on failure; may be NULL.
 *
 * Return: 0; -EINVAL: a line is wrong, with "name:line" as object; others as
 *rocpart_sim_load_add(). After a failure no line is in force. Since 0.1.
 */
int rocpart_sim_load_script(const char *dir, const char *text, const char *name,
			    struct rocpart_error *reterr);

/**
 * rocpart_sim_clock_advance() - Let simulated time pass at once.
 * @dir: folder of the machine.
 * @seconds: seconds.
 * @reterr: filled in on failure; may be NULL.
 *
 * Return: 0; -ERANGE: beyond 35 years; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset(); errno of
 * writing files. Since 0.1.
 */
int rocpart_sim_clock_advance(const char *dir, uint64_t seconds, struct rocpart_error *reterr);

/**
 * rocpart_sim_clock_set_rate() - Choose how fast the simulated clock runs.
 * @dir: folder of the machine.
 * @rate: simulated seconds in a second of the host, at most 100000; 0: the clock stands.
 * @reterr: filled in on failure; may be NULL.
 *
 * Return: 0; -EINVAL: @rate is too high; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset(); errno
 * of writing files. Since 0.1.
 */
int rocpart_sim_clock_set_rate(const char *dir, unsigned int rate, struct rocpart_error *reterr);

/**
 * rocpart_sim_load_stop() - Remove the model of load, its loads and its clock.
 * @dir: folder of the machine.
 * @reterr: filled in on failure; may be NULL.
 *
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset(); errno of writing files.
 * Since 0.1.
 */
int rocpart_sim_load_stop(const char *dir, struct rocpart_error *reterr);

/**
 * rocpart_sim_load_show() - Return what the model of load says of each GPU now.
 * @dir: folder of the machine.
 * @ret_json: receives JSON: "running", and of a running model "seconds", "rate", "seed", "gpus",
 *	as docs/schema/sim-load.json describes them; free it with free(3).
 * @reterr: filled in on failure; may be NULL.
 *
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset(). Since 0.1.
 */
int rocpart_sim_load_show(const char *dir, char **ret_json, struct rocpart_error *reterr);

/**
 * rocpart_sim_get_profile() - Return the name of the profile of a simulated machine.
 * @dir: folder of the machine.
 * @ret_name: receives the name; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_get_profile(const char *dir, char **ret_name, struct rocpart_error *reterr);

/**
 * rocpart_sim_get_abi() - Return the generation of the kernel interface that a machine simulates.
 * @dir: folder of the machine.
 * @ret_generation: receives 1 for Linux 6.6 to 6.12, 2 for 6.13 to 6.16, 3 for later versions.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_get_abi(const char *dir, unsigned int *ret_generation,
			struct rocpart_error *reterr);

/**
 * rocpart_sim_get_gpu_count() - Return the number of GPUs that a machine was built with.
 * @dir: folder of the machine.
 * @ret_count: receives the number of GPUs, bound to the driver or not.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_get_gpu_count(const char *dir, size_t *ret_count, struct rocpart_error *reterr);

/**
 * struct rocpart_sim_process - A process to start on a simulated machine.
 *
 * Opaque; rocpart_sim_process_new() creates the description. Without further calls the process is a
 * "python3" of root in /user.slice that holds no device and may use every partition.
 */
struct rocpart_sim_process;

/**
 * rocpart_sim_process_new() - Create the description of a process.
 * @ret_process: receives the description; free it with rocpart_sim_process_free().
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_sim_process_new(struct rocpart_sim_process **ret_process);

/**
 * rocpart_sim_process_free() - Free the description of a process.
 * @process: description, or NULL. A process that was started from the description keeps running.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_sim_process *rocpart_sim_process_free(struct rocpart_sim_process *process);

/**
 * rocpart_sim_process_set_pid() - Set the process id.
 * @process: description.
 * @pid: process id; 0, the default, selects the next free id.
 *
 * Since 0.1.
 */
void rocpart_sim_process_set_pid(struct rocpart_sim_process *process, uint32_t pid);

/**
 * rocpart_sim_process_set_uid() - Set the user of the process.
 * @process: description.
 * @uid: user id, 0 by default.
 *
 * Since 0.1.
 */
void rocpart_sim_process_set_uid(struct rocpart_sim_process *process, uint32_t uid);

/**
 * rocpart_sim_process_set_start() - Set the start time of the process.
 * @process: description.
 * @ticks: clock ticks since boot, field 22 of /proc/PID/stat; 0, the default, is later than every
 *	other process.
 *
 * Since 0.1.
 */
void rocpart_sim_process_set_start(struct rocpart_sim_process *process, uint64_t ticks);

/**
 * rocpart_sim_process_set_command() - Set the name and the command line of the process.
 * @process: description.
 * @comm: name; any bytes, of which the kernel keeps 15. Copied.
 * @cmdline: words separated by one blank, or NULL for @comm. Copied.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: the name is empty; -ENOMEM: out of memory.
 */
int rocpart_sim_process_set_command(struct rocpart_sim_process *process, const char *comm,
				    const char *cmdline, struct rocpart_error *reterr);

/**
 * rocpart_sim_process_set_cgroup() - Set the cgroup of the process, which names the container, unit
 * or job.
 * @process: description.
 * @path: path in the cgroup v2 hierarchy, starting with a slash. Copied.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @path has no slash at the start, or has a line break; -ENOMEM: out of memory.
 */
int rocpart_sim_process_set_cgroup(struct rocpart_sim_process *process, const char *path,
				   struct rocpart_error *reterr);

/**
 * rocpart_sim_process_open_kfd() - Let the process open /dev/kfd, as every ROCm process does.
 * @process: description.
 *
 * Since 0.1.
 */
void rocpart_sim_process_open_kfd(struct rocpart_sim_process *process);

/**
 * rocpart_sim_process_open_render() - Let the process open the render node of a partition.
 * @process: description.
 * @bdf: PCI address of the GPU, "0000:05:00.0". Copied.
 * @partition: partition id; the partition must exist when the process starts.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_sim_process_open_render(struct rocpart_sim_process *process, const char *bdf,
				    uint32_t partition);

/**
 * rocpart_sim_process_allow() - Allow a partition in the device cgroup of the process; partitions
 * that no call names are denied.
 * @process: description.
 * @bdf: PCI address of the GPU. Copied.
 * @partition: partition id.
 *
 * Without any such call the process may use all partitions, like a process outside containers.
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_sim_process_allow(struct rocpart_sim_process *process, const char *bdf,
			      uint32_t partition);

/**
 * rocpart_sim_process_use_vram() - Let the process allocate device memory of a partition; the
 * process then has /dev/kfd open.
 * @process: description.
 * @bdf: PCI address of the GPU. Copied.
 * @partition: partition id.
 * @vram_bytes: bytes to allocate.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: the caller is out of memory. rocpart_sim_hold() reports a partition without
 * enough memory.
 */
int rocpart_sim_process_use_vram(struct rocpart_sim_process *process, const char *bdf,
				 uint32_t partition, uint64_t vram_bytes);

/**
 * rocpart_sim_hold() - Start a simulated process that uses GPUs until it is stopped.
 * @dir: folder of the machine.
 * @process: description of the process.
 * @ret_pid: receives the process id.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The process blocks what a real process blocks: switches of compute modes (before Linux 6.17 on
 * every GPU) while the process has /dev/kfd open, and driver reloads while the process has any
 * device open. Since 0.1.
 * Return: 0; -EEXIST: a process has that id; -ENODEV: no such GPU or partition, or the driver is
 * not loaded; -ENOMEM: the partition has not enough memory left, or the caller is out of memory;
 * -EPERM: the process uses memory of a partition that its cgroup denies; -ENOENT, -EBADMSG as
 * rocpart_sim_reset().
 */
int rocpart_sim_hold(const char *dir, const struct rocpart_sim_process *process, uint32_t *ret_pid,
		     struct rocpart_error *reterr);

/**
 * rocpart_sim_unhold() - Stop a simulated process.
 * @dir: folder of the machine.
 * @pid: process id.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ESRCH: no such process; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_unhold(const char *dir, uint32_t pid, struct rocpart_error *reterr);

/**
 * rocpart_sim_get_pids() - List the processes of a machine.
 * @dir: folder of the machine.
 * @ret_pids: receives the process ids, ascending; free the list with free(3).
 * @ret_count: receives the number of processes.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_get_pids(const char *dir, uint32_t **ret_pids, size_t *ret_count,
			 struct rocpart_error *reterr);

/**
 * rocpart_sim_fault_add() - Inject a fault.
 * @dir: folder of the machine.
 * @rule: OP:PATTERN:EFFECT[:N], for example "write:current_compute_partition:EBUSY:2".
 * @reterr: receives the reason on failure; may be NULL.
 *
 * With N the rule applies only to the Nth matching event, otherwise to each matching event. PATTERN
 * is a shell pattern for a file name or, with a slash, for the end of a path; BDF is a shell
 * pattern for PCI addresses.
 *
 * - read:PATTERN:ERRNO[:N], write:PATTERN:ERRNO[:N]: the read or write fails
 * - write:PATTERN:ignored[:N]: the write succeeds, the value stays
 * - unload:ERRNO[:N], load:ERRNO[:N]: unloading or loading the driver fails
 * - vanish:BDF/ID[:N]: the KFD node of the partition does not appear
 * - lose:BDF[:N]: the GPU does not return when the driver is loaded
 * - reset:BDF: the GPU is in reset, and its partition files fail with EPERM (Linux 6.17 and later)
 * - switching:BDF: another program's switch of the compute mode never ends: opening /dev/kfd fails
 *   with EINVAL, another switch fails with EBUSY
 * - reinit:BDF[:N]: KFD does not restart after a switch of the compute mode: EIO, the mode has
 *   changed
 * - nps:BDF[:N]: the firmware refuses the memory mode for the GPU, so its hive keeps the old mode
 * - start:NAME[:N], stop:NAME[:N]: a unit or container cannot be started or stopped
 * - ue:BDF:COUNT, ce:BDF:COUNT, bad-pages:BDF:COUNT: set the error counts of RAS
 * - slow:PATTERN:MS: reading the file takes so many milliseconds
 * - hang:PATTERN: reading the file does not end before the rule is removed
 * - read-only:PATTERN: nobody may write the file
 *
 * The following happen at once, to all GPUs that BDF matches, and are no rules afterwards:
 *
 * - off-bus:BDF: the GPU falls off the PCI bus: ENODEV from its partition files, EIO from its
 *   sensors; the driver does not let go of it
 * - remove:BDF, rescan: the GPU is taken from the PCI bus; all such GPUs come back
 * - unbind:BDF, bind:BDF: the driver lets go of the GPU; takes it again
 * - reset-now:BDF[:S]: the GPU and its hive are reset, which takes S seconds (5)
 * - overheat:BDF: the GPU switches itself off: as off-bus
 * - set-nps:BDF:N: the memory mode of the GPU is NPSN, whatever its hive has
 *
 * Processes that use a GPU which is removed, unbound, reset or set end.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @rule is not a rule, or the GPU has no such memory mode; -ENODEV: an event,
 * and no GPU has such an address; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_fault_add(const char *dir, const char *rule, struct rocpart_error *reterr);

/**
 * rocpart_sim_fault_plan() - Inject a fault later.
 * @dir: folder of the machine.
 * @rule: as of rocpart_sim_fault_add().
 * @seconds: from now, by the simulated clock if load was started, else by the clock of the host.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @rule is not a rule, or the time is beyond 142 years; -ENOENT, -EBADMSG,
 * -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_fault_plan(const char *dir, const char *rule, uint64_t seconds,
			   struct rocpart_error *reterr);

/**
 * rocpart_sim_fault_list_planned() - List the faults to come.
 * @dir: folder of the machine.
 * @ret_rules: receives lines "SECONDS RULE", seconds from now, by time; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_fault_list_planned(const char *dir, char **ret_rules, struct rocpart_error *reterr);

/**
 * rocpart_sim_fault_remove() - Remove the first fault rule of that text, in force or to come.
 * @dir: folder of the machine.
 * @rule: as it was given.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: no such rule, or no machine; -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_fault_remove(const char *dir, const char *rule, struct rocpart_error *reterr);

/**
 * rocpart_sim_fault_list() - List the fault rules in the order in which they were added.
 * @dir: folder of the machine.
 * @ret_rules: receives the rules, each followed by a newline; "" without rules; free the text with
 *	free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_fault_list(const char *dir, char **ret_rules, struct rocpart_error *reterr);

/**
 * rocpart_sim_fault_clear() - Remove all fault rules.
 * @dir: folder of the machine.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The effects of earlier rules stay. Since 0.1.
 * Return: 0; -ENOENT, -EBADMSG, -ENOMEM as rocpart_sim_reset().
 */
int rocpart_sim_fault_clear(const char *dir, struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
