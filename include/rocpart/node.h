/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_NODE_H
#define ROCPART_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/mode.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum rocpart_machine_kind - What stands behind a machine object. Append-only.
 */
enum rocpart_machine_kind {
	ROCPART_MACHINE_REAL = 0,    /* the computer that the program runs on */
	ROCPART_MACHINE_CAPTURE = 1, /* files copied from a real one: can be read only */
	ROCPART_MACHINE_SIM = 2,     /* simulated; everything shown of it says so */
};

/**
 * enum rocpart_source - Where a value of a snapshot came from. Append-only.
 */
enum rocpart_source {
	ROCPART_SOURCE_ABSENT = 0,     /* the machine does not tell */
	ROCPART_SOURCE_SYSFS = 1,      /* PCI and DRM attributes of amdgpu */
	ROCPART_SOURCE_KFD = 2,	       /* KFD topology */
	ROCPART_SOURCE_DERIVED = 3,    /* follows from other values by a rule of the kernel */
	ROCPART_SOURCE_RECORD = 4,     /* rocpart's own durable records */
	ROCPART_SOURCE_LIBAMD_SMI = 5, /* AMD's library */
	ROCPART_SOURCE_AMD_SMI = 6,    /* AMD's command */
};

struct rocpart_machine;
struct rocpart_snapshot;
struct rocpart_gpu;
struct rocpart_partition;

/**
 * rocpart_machine_open_real() - The computer that the program runs on.
 * @state_dir: folder of durable records, NULL for /var/lib/rocpart. It need not exist: reading
 *	works without; a change creates it, which needs root.
 * @ret_machine: machine to be closed with rocpart_machine_close().
 * @reterr: why it failed, or NULL.
 *
 * Opens folders only: reads no GPU, touches no hardware. Inside `rocpart sim exec` it is the
 * simulated machine; see rocpart_machine_get_shown_name(). Since 0.1.
 * Return: 0; -ENOMEM; -ENOTCONN: the server of that simulated machine is gone; errno of opening
 * the root folder.
 */
int rocpart_machine_open_real(const char *state_dir, struct rocpart_machine **ret_machine,
			      struct rocpart_error *reterr);

/**
 * rocpart_machine_open_capture() - A folder that holds files of a machine: sys/, maybe dev/, proc/.
 * @dir: the folder. Links in it are followed inside it only.
 * @ret_machine: machine to be closed with rocpart_machine_close(); every write is -EROFS.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT or -ENOTDIR: no such folder; -ENOMEM; other errno of open(2).
 */
int rocpart_machine_open_capture(const char *dir, struct rocpart_machine **ret_machine,
				 struct rocpart_error *reterr);

/**
 * rocpart_machine_open_sim() - A simulated machine whose state is kept in a folder.
 * @dir: folder made by rocpart_sim_create().
 * @ret_machine: machine to be closed with rocpart_machine_close().
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: there is no simulated machine in that folder; -ENOMEM; -EBADMSG: its state
 * is damaged.
 */
int rocpart_machine_open_sim(const char *dir, struct rocpart_machine **ret_machine,
			     struct rocpart_error *reterr);

/**
 * rocpart_machine_open_sim_memory() - A private simulated machine that ends with its handle.
 * @profile: text of a profile, YAML (see profiles/ for examples): what the machine consists of.
 * @profile_bytes: length of @profile; at most 1 MiB.
 * @profile_name: name in messages about the profile, e.g. "mi300x-8.yaml".
 * @ret_machine: machine to be closed with rocpart_machine_close(); it starts as the profile boots.
 * @reterr: why it failed, or NULL; of a wrong profile the object is "name:line:column".
 *
 * Machine, records and leases live in memory: nothing is read from or written to files, no process
 * or handle but this one sees it, nothing is durable. The calls of sim.h, which name a folder, do
 * not reach it. Since 0.1. Return: 0; -EINVAL: the profile is wrong, unknown keys included; -EFBIG:
 * it is too long; -ENOMEM.
 */
int rocpart_machine_open_sim_memory(const char *profile, size_t profile_bytes,
				    const char *profile_name, struct rocpart_machine **ret_machine,
				    struct rocpart_error *reterr);

/**
 * rocpart_machine_close() - Close a machine. Snapshots made of it stay valid.
 * @machine: the machine, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_machine *rocpart_machine_close(struct rocpart_machine *machine);

/**
 * rocpart_machine_get_shown_name() - Which simulated machine the files show.
 * @machine: the machine.
 *
 * Inside `rocpart sim exec` the real root is that of a simulated machine: its kind is
 * ROCPART_MACHINE_SIM then, and its records are kept with it. So is the kind of the folder in which
 * `rocpart sim mount` shows one, which can only be looked at. Since 0.1.
 * Return: its name, borrowed from @machine; NULL when the root is what it seems to be, also for a
 * machine that rocpart_machine_open_sim() opened.
 */
const char *rocpart_machine_get_shown_name(const struct rocpart_machine *machine);

/**
 * rocpart_machine_get_kind() - What stands behind it.
 * @machine: the machine.
 *
 * Since 0.1.
 * Return: the kind.
 */
enum rocpart_machine_kind rocpart_machine_get_kind(const struct rocpart_machine *machine);

/**
 * rocpart_machine_read_generation() - Number that changes with each KFD node added or removed.
 * @machine: the machine.
 * @ret_generation: the KFD generation_id. Watch this, not the mode files: a read of those may wake
 *	a GPU (Linux kfd_topology.c, amdgpu_gfx.c).
 *
 * Reads one file. Since 0.1.
 * Return: 0; -ENOENT: no KFD; errno of reading it.
 */
int rocpart_machine_read_generation(struct rocpart_machine *machine, uint64_t *ret_generation);

/**
 * rocpart_machine_observe() - Make a picture of the machine.
 * @machine: the machine.
 * @ret_snapshot: to be released with rocpart_snapshot_unref().
 * @reterr: why it failed, or NULL.
 *
 * Reads every attribute once, under an unchanged generation; takes a few milliseconds, longer while
 * a switch is under way. Needs no privilege. A machine without GPUs gives a snapshot without GPUs.
 * Since 0.1.
 * Return: 0; -EAGAIN: it kept changing; -EBADMSG or -E2BIG: an attribute holds what the kernel
 * does not write (reterr names the file); -ENOMEM; other errno of reading.
 */
int rocpart_machine_observe(struct rocpart_machine *machine, struct rocpart_snapshot **ret_snapshot,
			    struct rocpart_error *reterr);

/**
 * rocpart_snapshot_ref() - One more owner.
 * @snapshot: the snapshot.
 *
 * Thread: any. Since 0.1.
 * Return: @snapshot.
 */
struct rocpart_snapshot *rocpart_snapshot_ref(struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_unref() - One owner less; the last one frees it.
 * @snapshot: the snapshot, or NULL.
 *
 * Thread: any. Since 0.1.
 * Return: NULL.
 */
struct rocpart_snapshot *rocpart_snapshot_unref(struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_get_kind() - Kind of the machine it was made of.
 * @snapshot: the snapshot.
 *
 * Thread: any. Since 0.1.
 * Return: the kind.
 */
enum rocpart_machine_kind rocpart_snapshot_get_kind(const struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_export() - The present state as a file that rocpart_change_load_config() reads.
 * @snapshot: the snapshot.
 * @ret_text: YAML; to be freed with free(3).
 * @reterr: why it failed, or NULL.
 *
 * Number of GPUs, memory mode and compute modes. Thread: any. Since 0.1.
 * Return: 0; -ENODEV: there is no GPU; -ENOMEM.
 */
int rocpart_snapshot_export(const struct rocpart_snapshot *snapshot, char **ret_text,
			    struct rocpart_error *reterr);

/**
 * rocpart_snapshot_get_generation() - KFD generation_id under which it was made.
 * @snapshot: the snapshot.
 * @ret_generation: the number.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the machine has no KFD topology.
 */
int rocpart_snapshot_get_generation(const struct rocpart_snapshot *snapshot,
				    uint64_t *ret_generation);

/**
 * rocpart_snapshot_get_abi() - Generation of the kernel interface, told by files and mode bits.
 * @snapshot: the snapshot.
 *
 * "g1": Linux 6.6 to 6.12, memory mode read-only; "g2": to 6.16, memory mode writable; "g3": later.
 * Drivers built out of tree follow the same files, so the kernel's version is never asked.
 * Thread: any. Since 0.1.
 * Return: static text, or NULL when the tree lacks what tells.
 */
const char *rocpart_snapshot_get_abi(const struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_get_source() - Where a kind of value came from.
 * @snapshot: the snapshot.
 * @field: a key of `list --json`: "compute_mode", "memory_mode", "memory_bytes", "render_minor"...
 *
 * Thread: any. Since 0.1.
 * Return: the source; ROCPART_SOURCE_ABSENT for a field that no GPU tells, or an unknown one.
 */
enum rocpart_source rocpart_snapshot_get_source(const struct rocpart_snapshot *snapshot,
						const char *field);

/**
 * rocpart_source_to_string() - "absent", "sysfs", "kfd", "derived" or "record".
 * @source: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text.
 */
const char *rocpart_source_to_string(enum rocpart_source source);

/**
 * rocpart_snapshot_get_source_name() - The fields that rocpart_snapshot_get_source() knows.
 * @index: from 0.
 *
 * Thread: any. Since 0.1.
 * Return: static text; NULL past the end.
 */
const char *rocpart_snapshot_get_source_name(size_t index);

/**
 * rocpart_snapshot_get_gpu_count() - Number of GPUs.
 * @snapshot: the snapshot.
 *
 * Thread: any. Since 0.1.
 * Return: the number.
 */
size_t rocpart_snapshot_get_gpu_count(const struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_get_gpu() - A GPU by its index in BDF order.
 * @snapshot: the snapshot.
 * @index: from 0. Never store it: it moves when a GPU is added or lost.
 *
 * Thread: any. Since 0.1.
 * Return: the GPU, owned by the snapshot; NULL when the index is too large.
 */
const struct rocpart_gpu *rocpart_snapshot_get_gpu(const struct rocpart_snapshot *snapshot,
						   size_t index);

/**
 * rocpart_snapshot_find_gpu() - A GPU by index, BDF or unique id.
 * @snapshot: the snapshot.
 * @name: "3", "0000:05:00.0" (the domain 0000 may be left out), or "e3aa140f9a5f9e31".
 * @ret_gpu: the GPU, owned by the snapshot.
 * @reterr: why it failed, or NULL.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENOENT: no GPU has that name; -ENOTUNIQ: several GPUs have that unique id.
 */
int rocpart_snapshot_find_gpu(const struct rocpart_snapshot *snapshot, const char *name,
			      const struct rocpart_gpu **ret_gpu, struct rocpart_error *reterr);

/**
 * rocpart_snapshot_find_partition() - A partition by "GPU/ID".
 * @snapshot: the snapshot.
 * @name: GPU as in rocpart_snapshot_find_gpu(), slash, partition id: "0/3", "0000:05:00.0/3".
 * @ret_partition: the partition, owned by the snapshot.
 * @reterr: why it failed, or NULL.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -EINVAL: not of that form; -ENOENT: no such GPU or partition; -ENOTUNIQ.
 */
int rocpart_snapshot_find_partition(const struct rocpart_snapshot *snapshot, const char *name,
				    const struct rocpart_partition **ret_partition,
				    struct rocpart_error *reterr);

/**
 * rocpart_gpu_get_index() - Index in BDF order.
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: from 0.
 */
size_t rocpart_gpu_get_index(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_bdf() - PCI address, "0000:05:00.0".
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: text, owned by the snapshot.
 */
const char *rocpart_gpu_get_bdf(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_product() - Market name, "MI300X".
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: static text; NULL when the PCI device id is unknown (the GPU works all the same).
 */
const char *rocpart_gpu_get_product(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_device_id() - PCI device id, 0x74a1 for an MI300X.
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the id.
 */
uint32_t rocpart_gpu_get_device_id(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_compute_mode() - Present compute mode.
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the mode, derived from the partitions when the file is absent (then
 * rocpart_gpu_is_compute_mode_derived()); ROCPART_COMPUTE_UNKNOWN when that is impossible.
 */
enum rocpart_compute_mode rocpart_gpu_get_compute_mode(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_is_compute_mode_derived() - Whether the compute mode was not read but derived.
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: true when derived.
 */
bool rocpart_gpu_is_compute_mode_derived(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_memory_mode() - Present memory mode.
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the mode; ROCPART_MEMORY_UNKNOWN when the machine does not tell: it is never guessed.
 */
enum rocpart_memory_mode rocpart_gpu_get_memory_mode(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_pending_memory_mode() - Memory mode requested, waiting for a driver reload.
 * @gpu: the GPU.
 *
 * The kernel does not show it: this is rocpart's record of what was requested through it.
 * Thread: any. Since 0.1.
 * Return: the mode; ROCPART_MEMORY_UNKNOWN when nothing is pending.
 */
enum rocpart_memory_mode rocpart_gpu_get_pending_memory_mode(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_partitionable() - Whether the compute mode can be switched here.
 * @gpu: the GPU.
 * @ret_partitionable: false when the driver has no partition file for it or the file is read-only.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the tree does not tell.
 */
int rocpart_gpu_get_partitionable(const struct rocpart_gpu *gpu, bool *ret_partitionable);

/**
 * rocpart_gpu_get_health() - Health as the driver counts it (RAS).
 * @gpu: the GPU.
 * @ret_uncorrectable: uncorrectable memory errors (ras/umc_err_count).
 * @ret_bad_pages: retired pages (ras/gpu_vram_bad_pages).
 *
 * A GPU with uncorrectable errors is unhealthy. Either pointer may be NULL. Thread: any. Since 0.1.
 * Return: 1 healthy; 0 unhealthy; -ENODATA: the driver shows no counts.
 */
int rocpart_gpu_get_health(const struct rocpart_gpu *gpu, uint64_t *ret_uncorrectable,
			   uint64_t *ret_bad_pages);

/**
 * rocpart_gpu_get_degraded() - Codes of what is wrong with it.
 * @gpu: the GPU.
 * @index: from 0.
 *
 * "partition-missing", "mode-mismatch", "hidden-by-cgroup", "pending-reload", "unhealthy".
 * Thread: any. Since 0.1.
 * Return: static text; NULL past the end.
 */
const char *rocpart_gpu_get_degraded(const struct rocpart_gpu *gpu, size_t index);

/**
 * rocpart_gpu_get_note() - Codes of what is worth knowing about it.
 * @gpu: the GPU.
 * @index: from 0.
 *
 * "duplicate-unique-id", "xcp-dot-naming", "read-only-files", "cordoned", "bad-pages",
 * "mem-alloc-all". Thread: any. Since 0.1.
 * Return: static text; NULL past the end.
 */
const char *rocpart_gpu_get_note(const struct rocpart_gpu *gpu, size_t index);

/**
 * rocpart_gpu_get_numa_node() - NUMA node of the host beside it.
 * @gpu: the GPU.
 * @ret_numa_node: from 0.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the host has none or does not tell.
 */
int rocpart_gpu_get_numa_node(const struct rocpart_gpu *gpu, unsigned *ret_numa_node);

/**
 * rocpart_gpu_get_hive_id() - XGMI hive; its GPUs change their memory mode together.
 * @gpu: the GPU.
 * @ret_hive_id: 64-bit id, printed in hex.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: in no hive, or not told.
 */
int rocpart_gpu_get_hive_id(const struct rocpart_gpu *gpu, uint64_t *ret_hive_id);

/**
 * rocpart_gpu_get_unique_id() - Id of the board, not always unique: never a key.
 * @gpu: the GPU.
 * @ret_unique_id: 64-bit id, printed as 16 hex digits.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: not told.
 */
int rocpart_gpu_get_unique_id(const struct rocpart_gpu *gpu, uint64_t *ret_unique_id);

/**
 * rocpart_gpu_get_xcd_count() - Compute dies of the package.
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: number of XCDs; 0 when nothing tells.
 */
unsigned rocpart_gpu_get_xcd_count(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_memory_used_bytes() - Device memory in use on the whole GPU, by anyone.
 * @gpu: the GPU.
 * @ret_bytes: mem_info_vram_used.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: not told.
 */
int rocpart_gpu_get_memory_used_bytes(const struct rocpart_gpu *gpu, uint64_t *ret_bytes);

/**
 * rocpart_gpu_get_partition_count() - Partitions that are there now.
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the number.
 */
size_t rocpart_gpu_get_partition_count(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_expected_partition_count() - Partitions that its compute mode should give.
 * @gpu: the GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the number; 0 when the mode or the number of XCDs is not known.
 */
size_t rocpart_gpu_get_expected_partition_count(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_partition() - A partition by position, in order of partition id.
 * @gpu: the GPU.
 * @index: from 0; not the partition id when one is missing.
 *
 * Thread: any. Since 0.1.
 * Return: the partition, owned by the snapshot; NULL when the index is too large.
 */
const struct rocpart_partition *rocpart_gpu_get_partition(const struct rocpart_gpu *gpu,
							  size_t index);

/**
 * rocpart_partition_get_gpu() - The GPU it is a part of.
 * @partition: the partition.
 *
 * Thread: any. Since 0.1.
 * Return: the GPU, owned by the snapshot.
 */
const struct rocpart_gpu *rocpart_partition_get_gpu(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_id() - Partition id; with the BDF it is the identity of the partition.
 * @partition: the partition.
 *
 * Thread: any. Since 0.1.
 * Return: 0 to 7: the low bits of KFD location_id.
 */
unsigned rocpart_partition_get_id(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_xcds() - Its compute dies.
 * @partition: the partition.
 * @ret_first: first XCD, a logical number on the GPU.
 * @ret_count: how many, contiguous.
 *
 * Thread: any. Since 0.1.
 */
void rocpart_partition_get_xcds(const struct rocpart_partition *partition, unsigned *ret_first,
				unsigned *ret_count);

/**
 * rocpart_partition_get_cus() - Compute units.
 * @partition: the partition.
 *
 * Thread: any. Since 0.1.
 * Return: the number: KFD simd_count / simd_per_cu.
 */
unsigned rocpart_partition_get_cus(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_memory_bytes() - Bytes that the kernel enforces for it.
 * @partition: the partition.
 * @ret_bytes: KFD mem_banks; with mem_alloc_mode ALL, at most its share of the domain.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: not told.
 */
int rocpart_partition_get_memory_bytes(const struct rocpart_partition *partition,
				       uint64_t *ret_bytes);

/**
 * rocpart_partition_get_memory_domain() - The range of HBM behind it.
 * @partition: the partition.
 * @ret_domain: number of the domain on the GPU, from 0.
 * @ret_bytes: bytes of the whole domain, which its partitions share.
 *
 * Either pointer may be NULL. Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the memory mode or the size is not known.
 */
int rocpart_partition_get_memory_domain(const struct rocpart_partition *partition,
					unsigned *ret_domain, uint64_t *ret_bytes);

/**
 * rocpart_partition_get_memory_used_bytes() - Device memory that processes use on it.
 * @partition: the partition.
 * @ret_bytes: sum over /sys/class/kfd/kfd/proc: allocations through the KFD only.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: not told.
 */
int rocpart_partition_get_memory_used_bytes(const struct rocpart_partition *partition,
					    uint64_t *ret_bytes);

/**
 * rocpart_partition_get_render_minor() - K of /dev/dri/renderDK.
 * @partition: the partition.
 *
 * Thread: any. Since 0.1.
 * Return: the minor number.
 */
unsigned rocpart_partition_get_render_minor(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_card_minor() - M of /dev/dri/cardM.
 * @partition: the partition.
 * @ret_minor: the minor number.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the tree has no DRM classes.
 */
int rocpart_partition_get_card_minor(const struct rocpart_partition *partition,
				     unsigned *ret_minor);

/**
 * rocpart_partition_get_kfd_node() - Number of its KFD topology node.
 * @partition: the partition.
 *
 * Valid until the next switch or reload on the machine. Thread: any. Since 0.1.
 * Return: the number.
 */
unsigned rocpart_partition_get_kfd_node(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_gpu_id() - KFD gpu_id.
 * @partition: the partition.
 * @ret_gpu_id: the id; it changes with each switch.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the tree lacks it.
 */
int rocpart_partition_get_gpu_id(const struct rocpart_partition *partition, uint64_t *ret_gpu_id);

/**
 * rocpart_partition_get_rocr_index() - Index for ROCR_VISIBLE_DEVICES on the host.
 * @partition: the partition.
 * @ret_index: rank among the accessible GPU nodes in order of KFD node number (libhsakmt
 *	topology.c). Valid until the next switch or reload on the machine.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: its render node is not there, so ROCr does not see it.
 */
int rocpart_partition_get_rocr_index(const struct rocpart_partition *partition,
				     unsigned *ret_index);

#ifdef __cplusplus
}
#endif
#endif
