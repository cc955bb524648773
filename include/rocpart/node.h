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
 * enum rocpart_machine_kind - The kind of machine behind a machine object. Append-only.
 */
enum rocpart_machine_kind {
	ROCPART_MACHINE_REAL = 0,    /* the computer that the program runs on */
	ROCPART_MACHINE_CAPTURE = 1, /* files copied from a real machine; read-only */
	ROCPART_MACHINE_SIM = 2,     /* a simulated machine; every output marks it as simulated */
};

/**
 * enum rocpart_source - The source of a value in a snapshot. Append-only.
 */
enum rocpart_source {
	ROCPART_SOURCE_ABSENT = 0,     /* the machine does not show the value */
	ROCPART_SOURCE_SYSFS = 1,      /* PCI and DRM attributes of amdgpu */
	ROCPART_SOURCE_KFD = 2,	       /* KFD topology */
	ROCPART_SOURCE_DERIVED = 3,    /* computed from other values by a rule of the kernel */
	ROCPART_SOURCE_RECORD = 4,     /* rocpart's own durable records */
	ROCPART_SOURCE_LIBAMD_SMI = 5, /* AMD's library */
	ROCPART_SOURCE_AMD_SMI = 6,    /* AMD's command */
};

/**
 * enum rocpart_missing_where - Where a GPU is that rocpart has recorded and that amdgpu does not
 * drive. Append-only.
 */
enum rocpart_missing_where {
	ROCPART_MISSING_UNKNOWN = 0,	    /* the PCI bus cannot be read there */
	ROCPART_MISSING_OFF_BUS = 1,	    /* not on the PCI bus, or another device is there */
	ROCPART_MISSING_WITHOUT_DRIVER = 2, /* on the PCI bus, and no driver drives it */
	ROCPART_MISSING_OTHER_DRIVER = 3,   /* on the PCI bus, with another driver than amdgpu */
};

/**
 * struct rocpart_missing_gpu - A GPU that this machine had and that is not there now.
 * @bdf: PCI address.
 * @product: market name; NULL when it is not known.
 * @where: where it is.
 * @was_index: its index when every recorded GPU was there.
 *
 * Texts are valid as long as the snapshot.
 */
struct rocpart_missing_gpu {
	const char *bdf;
	const char *product;
	enum rocpart_missing_where where;
	unsigned was_index;
};

struct rocpart_machine;
struct rocpart_snapshot;
struct rocpart_gpu;
struct rocpart_partition;

/**
 * rocpart_machine_open_real() - Open the computer that the program runs on.
 * @state_dir: folder of durable records, NULL for /var/lib/rocpart. The folder need not exist:
 *	reads work without the folder, and a change creates the folder, which needs root.
 * @ret_machine: receives the machine; close it with rocpart_machine_close().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call opens folders only; it reads no GPU and touches no hardware. Inside `rocpart sim exec`
 * the call opens the simulated machine; see rocpart_machine_get_shown_name(). Since 0.1.
 * Return: 0; -ENOMEM: out of memory; -ENOTCONN: the server of that simulated machine is gone; errno
 * of opening the root folder.
 */
int rocpart_machine_open_real(const char *state_dir, struct rocpart_machine **ret_machine,
			      struct rocpart_error *reterr);

/**
 * rocpart_machine_open_capture() - Open a folder with files of a machine: sys/, and optionally dev/
 * and proc/.
 * @dir: folder to open. Links are followed only inside the folder.
 * @ret_machine: receives the machine; close it with rocpart_machine_close(). Every write to the
 *	machine fails with -EROFS.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * @dir can also be the mount point of `rocpart sim mount`; the machine is then a simulated one and
 * is read-only too. Since 0.1.
 * Return: 0; -ENOENT or -ENOTDIR: @dir is not a folder; -ENOTCONN: the server of that simulated
 * machine is gone; -ENOMEM: out of memory; other errno of open(2).
 */
int rocpart_machine_open_capture(const char *dir, struct rocpart_machine **ret_machine,
				 struct rocpart_error *reterr);

/**
 * rocpart_machine_open_sim() - Open a simulated machine that keeps its state in a folder.
 * @dir: folder that rocpart_sim_create() made.
 * @ret_machine: receives the machine; close it with rocpart_machine_close().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: @dir holds no simulated machine; -EBADMSG: the state of the machine is
 * damaged; -ENOMEM: out of memory; errno of reading files.
 */
int rocpart_machine_open_sim(const char *dir, struct rocpart_machine **ret_machine,
			     struct rocpart_error *reterr);

/**
 * rocpart_machine_open_sim_memory() - Open a private simulated machine that ends with its handle.
 * @profile: text of a profile, in YAML (profiles/ has examples), which describes the parts of the
 *	machine.
 * @profile_bytes: length of @profile; at most 1 MiB.
 * @profile_name: name of the profile in messages, e.g. "mi300x-8.yaml".
 * @ret_machine: receives the machine; close it with rocpart_machine_close(). The machine starts in
 *	the modes in which the profile boots.
 * @reterr: receives the reason on failure; may be NULL. For an invalid profile the object is
 *	"name:line:column".
 *
 * The machine, its records and its leases live in memory: the call reads and writes no files, no
 * other process or handle sees the machine, and nothing is durable. The calls of sim.h name a
 * folder, so they do not reach this machine. Since 0.1.
 * Return: 0; -EINVAL: the profile is invalid or has an unknown key; -EFBIG: the profile is too
 * long; -ENOMEM: out of memory.
 */
int rocpart_machine_open_sim_memory(const char *profile, size_t profile_bytes,
				    const char *profile_name, struct rocpart_machine **ret_machine,
				    struct rocpart_error *reterr);

/**
 * rocpart_machine_close() - Close a machine. Snapshots of the machine stay valid.
 * @machine: machine, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_machine *rocpart_machine_close(struct rocpart_machine *machine);

/**
 * rocpart_machine_get_note() - Return what the caller has no right to read of the records.
 * @machine: machine.
 *
 * Leases, cordons, requested memory modes and the journal of a change are for the owner of the
 * record folder alone. A caller without the right to read them gets what the public document of the
 * folder says, "public.json", which has no owners, labels or reasons, or nothing. Every observation
 * of the machine and every list of leases sets the note anew. Since 0.1.
 * Return: a sentence without a full stop, "leases as of 12 s ago, from FILE: reading them needs
 * root" or "leases are not known: reading FOLDER needs root", valid until the next call for
 * @machine; NULL when all records were read.
 */
const char *rocpart_machine_get_note(const struct rocpart_machine *machine);

/**
 * rocpart_machine_get_shown_name() - Return the name of the simulated machine that the root folder
 * shows.
 * @machine: machine.
 *
 * Inside `rocpart sim exec` the real root folder shows a simulated machine: the kind of the machine
 * is then ROCPART_MACHINE_SIM, and rocpart keeps its records with that simulated machine. The kind
 * is ROCPART_MACHINE_SIM as well for the folder in which `rocpart sim mount` shows a simulated
 * machine; that folder is read-only. Since 0.1.
 * Return: the name, borrowed from @machine; NULL when the root folder shows no simulated machine,
 * and also for a machine that rocpart_machine_open_sim() opened.
 */
const char *rocpart_machine_get_shown_name(const struct rocpart_machine *machine);

/**
 * rocpart_machine_get_kind() - Return the kind of a machine.
 * @machine: machine.
 *
 * Since 0.1.
 * Return: the kind.
 */
enum rocpart_machine_kind rocpart_machine_get_kind(const struct rocpart_machine *machine);

/**
 * rocpart_machine_asks() - Report whether a program is to ask its user before it changes the modes
 * of the machine.
 * @machine: machine.
 *
 * The library itself asks nobody. Since 0.1.
 * Return: true for hardware, and for a simulated machine that rocpart_sim_set_asks() made ask.
 */
bool rocpart_machine_asks(const struct rocpart_machine *machine);

/**
 * rocpart_machine_set_dry_run() - Write nothing about a machine.
 * @machine: machine.
 * @dry_run: false unless set.
 *
 * rocpart_place(), rocpart_place_pending() and rocpart_leases_import() then decide as otherwise and
 * record nothing: the leases that they return have number 0. Lists of leases are not recorded
 * either. Other calls that would change the machine or its records fail with -EROFS (READ_ONLY).
 * Since 0.1.
 */
void rocpart_machine_set_dry_run(struct rocpart_machine *machine, bool dry_run);

/**
 * rocpart_machine_read_generation() - Read a number that changes whenever the kernel adds or
 * removes a KFD node.
 * @machine: machine.
 * @ret_generation: receives the KFD generation_id. Poll this number instead of the mode files:
 *	reading a mode file may wake a GPU (Linux kfd_topology.c, amdgpu_gfx.c).
 *
 * The call reads one file. Since 0.1.
 * Return: 0; -ENOENT: the machine has no KFD; -EBADMSG: the file does not hold such a number; other
 * errno of reading the file.
 */
int rocpart_machine_read_generation(struct rocpart_machine *machine, uint64_t *ret_generation);

/**
 * rocpart_machine_observe() - Make a snapshot of a machine.
 * @machine: machine to read.
 * @ret_snapshot: receives the snapshot; release it with rocpart_snapshot_unref().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call reads every attribute once, under an unchanged KFD generation_id (Linux kfd_topology.c).
 * The call takes a few milliseconds, and longer during a switch or with a back end of AMD; see
 * rocpart_machine_set_backend(). The call needs no privilege. A machine without GPUs yields a
 * snapshot without GPUs. Since 0.1.
 * A file of one GPU that fails or makes no sense degrades this GPU; see rocpart_gpu_get_degraded().
 * Return: 0; -EAGAIN: the machine kept changing; -EBADMSG or -E2BIG: a file of the whole machine
 * holds a value that the kernel does not write (@reterr names the file); -EBADMSG or -EINVAL: a
 * record of rocpart is damaged; -ENOMEM: out of memory; other errno of reading, such as -EMFILE, or
 * of the chosen back end.
 */
int rocpart_machine_observe(struct rocpart_machine *machine, struct rocpart_snapshot **ret_snapshot,
			    struct rocpart_error *reterr);

/**
 * rocpart_snapshot_ref() - Add a reference to a snapshot.
 * @snapshot: snapshot.
 *
 * Thread: any. Since 0.1.
 * Return: @snapshot.
 */
struct rocpart_snapshot *rocpart_snapshot_ref(struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_unref() - Drop a reference to a snapshot. The last reference frees the snapshot.
 * @snapshot: snapshot, or NULL.
 *
 * Thread: any. Since 0.1.
 * Return: NULL.
 */
struct rocpart_snapshot *rocpart_snapshot_unref(struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_get_kind() - Return the kind of the machine that a snapshot shows.
 * @snapshot: snapshot.
 *
 * Thread: any. Since 0.1.
 * Return: the kind.
 */
enum rocpart_machine_kind rocpart_snapshot_get_kind(const struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_export() - Write the current modes as a file that rocpart_change_load_config()
 * reads.
 * @snapshot: snapshot.
 * @ret_text: receives YAML text; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The text contains the number of GPUs, the memory mode and the compute modes. Thread: any. Since
 * 0.1.
 * Return: 0; -ENODEV: the snapshot has no GPU; -ENOMEM: out of memory.
 */
int rocpart_snapshot_export(const struct rocpart_snapshot *snapshot, char **ret_text,
			    struct rocpart_error *reterr);

/**
 * rocpart_snapshot_get_missing() - Return a GPU that rocpart has recorded and that is not there.
 * @snapshot: snapshot.
 * @index: from 0.
 *
 * GPUs are recorded when modes are changed, by the first lease and by rocpart_machine_accept_gpu().
 * A machine without this record, or whose record the caller may not read, misses no GPU. Thread:
 * any. Since 0.1.
 * Return: the GPU, in the order of PCI addresses; NULL past the end.
 */
const struct rocpart_missing_gpu *
rocpart_snapshot_get_missing(const struct rocpart_snapshot *snapshot, size_t index);

/**
 * rocpart_missing_where_to_string() - Return the name of a place: "off-bus", "without-driver",
 * "other-driver" or "unknown".
 * @where: place.
 *
 * Thread: any. Since 0.1.
 * Return: static text.
 */
const char *rocpart_missing_where_to_string(enum rocpart_missing_where where);

/**
 * rocpart_missing_where_describe() - Return a clause for people about a missing GPU, such as "it is
 * not on the PCI bus".
 * @where: place.
 *
 * Thread: any. Since 0.1.
 * Return: static text.
 */
const char *rocpart_missing_where_describe(enum rocpart_missing_where where);

/**
 * rocpart_gpu_get_former_index() - Return the index that a GPU had when every recorded GPU was
 * there.
 * @gpu: GPU.
 * @ret_index: receives the index, from 0.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the GPU is not recorded.
 */
int rocpart_gpu_get_former_index(const struct rocpart_gpu *gpu, unsigned *ret_index);

/**
 * rocpart_snapshot_get_generation() - Return the KFD generation_id under which a snapshot was made.
 * @snapshot: snapshot.
 * @ret_generation: receives the number.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the machine has no KFD topology.
 */
int rocpart_snapshot_get_generation(const struct rocpart_snapshot *snapshot,
				    uint64_t *ret_generation);

/**
 * rocpart_snapshot_get_abi() - Return the generation of the kernel interface, derived from files
 * and mode bits.
 * @snapshot: snapshot.
 *
 * "g1": Linux 6.6 to 6.12, with a read-only memory mode; "g2": Linux 6.13 to 6.16, with a writable
 * memory mode; "g3": later versions. Drivers built out of tree show the same files, so rocpart does
 * not use the version of the kernel. Thread: any. Since 0.1.
 * Return: static text; NULL when the machine shows no partition files.
 */
const char *rocpart_snapshot_get_abi(const struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_get_source() - Return the source of a kind of value.
 * @snapshot: snapshot.
 * @field: key of `list --json`: "compute_mode", "memory_mode", "memory_bytes", "render_minor"...
 *
 * Thread: any. Since 0.1.
 * Return: the source; ROCPART_SOURCE_ABSENT for a field that no GPU shows and for an unknown field.
 */
enum rocpart_source rocpart_snapshot_get_source(const struct rocpart_snapshot *snapshot,
						const char *field);

/**
 * rocpart_source_to_string() - Return the name of a source: "absent", "sysfs", "kfd", "derived",
 * "record", "libamd_smi" or "amd-smi".
 * @source: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "absent" for a value without a name.
 */
const char *rocpart_source_to_string(enum rocpart_source source);

/**
 * rocpart_snapshot_get_source_name() - Return one of the fields that rocpart_snapshot_get_source()
 * knows.
 * @index: from 0.
 *
 * Thread: any. Since 0.1.
 * Return: static text; NULL past the end.
 */
const char *rocpart_snapshot_get_source_name(size_t index);

/**
 * rocpart_snapshot_get_problem() - Return what could not be read of a KFD node of an unknown GPU.
 * @snapshot: snapshot.
 *
 * The text names the first such node, e.g. "nodes/7/properties cannot be read: Input/output error".
 * The GPUs that lack a partition then have the code "node-unreadable". The text can contain bytes
 * of the machine's files: escape them before printing. Thread: any. Since 0.1. Return: text, owned
 * by the snapshot; NULL when every node was read.
 */
const char *rocpart_snapshot_get_problem(const struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_get_gpu_count() - Return the number of GPUs.
 * @snapshot: snapshot.
 *
 * Thread: any. Since 0.1.
 * Return: the number.
 */
size_t rocpart_snapshot_get_gpu_count(const struct rocpart_snapshot *snapshot);

/**
 * rocpart_snapshot_get_gpu() - Return a GPU by its index in BDF order.
 * @snapshot: snapshot.
 * @index: from 0. Do not store the index: the index of a GPU changes when another GPU is added or
 *	lost.
 *
 * Thread: any. Since 0.1.
 * Return: the GPU, owned by the snapshot; NULL when @index is too large.
 */
const struct rocpart_gpu *rocpart_snapshot_get_gpu(const struct rocpart_snapshot *snapshot,
						   size_t index);

/**
 * rocpart_snapshot_find_gpu() - Find a GPU by index, BDF or unique id.
 * @snapshot: snapshot.
 * @name: "3", "0000:05:00.0" (the domain 0000 is optional), or "e3aa140f9a5f9e31" (with or without
 *	a leading "0x").
 * @ret_gpu: receives the GPU, owned by the snapshot.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENOENT: no GPU has that name; -ENOTUNIQ: several GPUs have that unique id.
 */
int rocpart_snapshot_find_gpu(const struct rocpart_snapshot *snapshot, const char *name,
			      const struct rocpart_gpu **ret_gpu, struct rocpart_error *reterr);

/**
 * rocpart_snapshot_find_partition() - Find a partition by "GPU/ID".
 * @snapshot: snapshot.
 * @name: GPU as in rocpart_snapshot_find_gpu(), slash, partition id: "0/3", "0000:05:00.0/3".
 * @ret_partition: receives the partition, owned by the snapshot.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -EINVAL: @name does not have that form; -ENOENT: no such GPU or partition; -ENOTUNIQ:
 * several GPUs have that unique id; -ENOMEM: out of memory.
 */
int rocpart_snapshot_find_partition(const struct rocpart_snapshot *snapshot, const char *name,
				    const struct rocpart_partition **ret_partition,
				    struct rocpart_error *reterr);

/**
 * rocpart_gpu_get_index() - Return the index of a GPU in BDF order.
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the index, from 0.
 */
size_t rocpart_gpu_get_index(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_bdf() - Return the PCI address of a GPU, "0000:05:00.0".
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: text, owned by the snapshot.
 */
const char *rocpart_gpu_get_bdf(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_product() - Return the market name of a GPU, "MI300X".
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: static text; NULL when the PCI device id is unknown (rocpart supports the GPU
 * nevertheless).
 */
const char *rocpart_gpu_get_product(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_vbios() - Return the part number of the VBIOS of a GPU, "113-M3000108-103".
 * @gpu: GPU.
 *
 * The value is that of the attribute vbios_version (Linux amdgpu_atombios.c). Thread: any.
 * Since 0.1.
 * Return: text owned by the snapshot; NULL when the machine does not show the part number.
 */
const char *rocpart_gpu_get_vbios(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_newer_firmware() - Report a memory mode that newer firmware would offer.
 * @gpu: GPU.
 * @ret_mode: receives the memory mode, which the driver of this machine does not list.
 * @ret_firmware: receives the firmware with the month in which this was seen, such as "IFWI
 *	022.040.003.043 (2026-02)"; static text.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: no such mode is known, or the driver lists no memory modes.
 */
int rocpart_gpu_get_newer_firmware(const struct rocpart_gpu *gpu,
				   enum rocpart_memory_mode *ret_mode, const char **ret_firmware);

/**
 * rocpart_gpu_get_device_id() - Return the PCI device id of a GPU, 0x74a1 for an MI300X.
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the id.
 */
uint32_t rocpart_gpu_get_device_id(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_compute_mode() - Return the current compute mode of a GPU.
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the mode; when the kernel's file is absent, the mode derived from the partitions (see
 * rocpart_gpu_is_compute_mode_derived()); ROCPART_COMPUTE_UNKNOWN when the mode cannot be derived.
 */
enum rocpart_compute_mode rocpart_gpu_get_compute_mode(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_is_compute_mode_derived() - Report whether the compute mode was derived instead of
 * read.
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: true when the mode was derived.
 */
bool rocpart_gpu_is_compute_mode_derived(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_memory_mode() - Return the current memory mode of a GPU.
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the mode; ROCPART_MEMORY_UNKNOWN when the machine does not show the mode. rocpart never
 * guesses a memory mode.
 */
enum rocpart_memory_mode rocpart_gpu_get_memory_mode(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_pending_memory_mode() - Return the memory mode that is requested and waits for a
 * driver reload.
 * @gpu: GPU.
 *
 * The kernel does not show a requested mode. The value is rocpart's record of requests that went
 * through rocpart. Thread: any. Since 0.1.
 * Return: the mode; ROCPART_MEMORY_UNKNOWN when no request is pending.
 */
enum rocpart_memory_mode rocpart_gpu_get_pending_memory_mode(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_partitionable() - Report whether the driver lets the compute mode of a GPU be
 * switched.
 * @gpu: GPU.
 * @ret_partitionable: receives false when the driver has no partition file for the GPU, or the file
 *	is read-only.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the machine does not show the PCI device of the GPU, or its mode file cannot
 * be read.
 */
int rocpart_gpu_get_partitionable(const struct rocpart_gpu *gpu, bool *ret_partitionable);

/**
 * rocpart_gpu_get_health() - Return the health of a GPU and the error counts of the driver (RAS).
 * @gpu: GPU.
 * @ret_uncorrectable: receives the number of uncorrectable memory errors (ras/umc_err_count); may
 *	be NULL.
 * @ret_bad_pages: receives the number of retired pages (ras/gpu_vram_bad_pages); may be NULL.
 *
 * A GPU with uncorrectable errors is unhealthy. Thread: any. Since 0.1.
 * Return: 1: healthy; 0: unhealthy; -ENODATA: the driver shows no counts.
 */
int rocpart_gpu_get_health(const struct rocpart_gpu *gpu, uint64_t *ret_uncorrectable,
			   uint64_t *ret_bad_pages);

/**
 * rocpart_gpu_get_degraded() - Return the code of one problem of a GPU.
 * @gpu: GPU.
 * @index: from 0.
 *
 * The codes are "partition-missing", "mode-mismatch", "hidden-by-cgroup" (the caller's device
 * cgroup hides partitions; kfd_devcgroup_check_permission, Linux kfd_priv.h), "pending-reload",
 * "unhealthy" and "gpu-replaced" (its unique id is not the recorded one;
 * rocpart_machine_accept_gpu()). The other codes say that something about the GPU is not known, so
 * nothing is placed on the GPU and its modes are not changed: "mode-unreadable" (the file of a mode
 * fails, is missing on this GPU alone, or gives a different value at each read), "mode-unknown"
 * (the driver writes UNKNOWN), "in-reset" (the driver refuses with EPERM), "node-unreadable" (a KFD
 * node fails or is malformed), "file-unreadable" (another file fails), "unknown-word" (a file has a
 * word that rocpart does not know), "shared-address" (KFD nodes have the address of one partition)
 * and "no-render-node". See rocpart_gpu_get_degraded_reason(). Thread: any. Since 0.1. Return:
 * static text; NULL past the end.
 */
const char *rocpart_gpu_get_degraded(const struct rocpart_gpu *gpu, size_t index);

/**
 * rocpart_gpu_get_degraded_reason() - Return the file and the error that make a GPU odd.
 * @gpu: GPU.
 *
 * The text belongs to the first of the codes from "mode-unreadable" on, such as
 * "current_compute_partition cannot be read: Input/output error". The text can contain bytes of the
 * machine's files: escape them before printing. Thread: any. Since 0.1.
 * Return: text, owned by the snapshot; NULL when the GPU has none of these codes.
 */
const char *rocpart_gpu_get_degraded_reason(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_note() - Return the code of one noteworthy fact about a GPU that is not a
 * problem.
 * @gpu: GPU.
 * @index: from 0.
 *
 * The codes are "duplicate-unique-id", "xcp-dot-naming" (names of platform devices up to Linux
 * 6.9), "read-only-files", "cordoned", "bad-pages", "mem-alloc-all" and "mode-of-host" (a virtual
 * function: its host sets the modes, and the modes that the guest shows need not be those of the
 * host). Thread: any. Since 0.1.
 * Return: static text; NULL past the end.
 */
const char *rocpart_gpu_get_note(const struct rocpart_gpu *gpu, size_t index);

/**
 * rocpart_gpu_get_numa_node() - Return the NUMA node of the host that a GPU is attached to.
 * @gpu: GPU.
 * @ret_numa_node: receives the node, from 0.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the host has no NUMA nodes or does not show the node.
 */
int rocpart_gpu_get_numa_node(const struct rocpart_gpu *gpu, unsigned *ret_numa_node);

/**
 * rocpart_gpu_get_hive_id() - Return the XGMI hive of a GPU. The GPUs of a hive change their memory
 * mode together.
 * @gpu: GPU.
 * @ret_hive_id: receives the 64-bit id, which rocpart prints in hex.
 *
 * The kernel applies a memory mode to the whole hive (Linux amdgpu_gmc.c, amdgpu_xgmi.c). Thread:
 * any. Since 0.1.
 * Return: 0; -ENODATA: the GPU belongs to no hive, or the machine does not show the hive.
 */
int rocpart_gpu_get_hive_id(const struct rocpart_gpu *gpu, uint64_t *ret_hive_id);

/**
 * rocpart_gpu_get_unique_id() - Return the id of the board. The id is not always unique: never use
 * it as a key.
 * @gpu: GPU.
 * @ret_unique_id: receives the 64-bit id, which rocpart prints as 16 hex digits.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the machine does not show the id.
 */
int rocpart_gpu_get_unique_id(const struct rocpart_gpu *gpu, uint64_t *ret_unique_id);

/**
 * rocpart_gpu_get_xcd_count() - Return the number of compute dies (XCDs) of a GPU.
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the number; 0 when neither the kernel's files nor the product table give the number.
 */
unsigned rocpart_gpu_get_xcd_count(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_memory_used_bytes() - Return the device memory in use on the whole GPU, by any
 * process.
 * @gpu: GPU.
 * @ret_bytes: receives mem_info_vram_used, in bytes.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the machine does not show the number.
 */
int rocpart_gpu_get_memory_used_bytes(const struct rocpart_gpu *gpu, uint64_t *ret_bytes);

/**
 * rocpart_gpu_get_partition_count() - Return the number of partitions that exist now.
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the number.
 */
size_t rocpart_gpu_get_partition_count(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_expected_partition_count() - Return the number of partitions that the compute
 * mode yields.
 * @gpu: GPU.
 *
 * Thread: any. Since 0.1.
 * Return: the number (Linux aqua_vanjaram.c); 0 when the mode or the number of XCDs is not known.
 */
size_t rocpart_gpu_get_expected_partition_count(const struct rocpart_gpu *gpu);

/**
 * rocpart_gpu_get_partition() - Return a partition by its position, in order of partition id.
 * @gpu: GPU.
 * @index: from 0; differs from the partition id when a partition is missing.
 *
 * Thread: any. Since 0.1.
 * Return: the partition, owned by the snapshot; NULL when @index is too large.
 */
const struct rocpart_partition *rocpart_gpu_get_partition(const struct rocpart_gpu *gpu,
							  size_t index);

/**
 * rocpart_partition_get_gpu() - Return the GPU of a partition.
 * @partition: partition.
 *
 * Thread: any. Since 0.1.
 * Return: the GPU, owned by the snapshot.
 */
const struct rocpart_gpu *rocpart_partition_get_gpu(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_id() - Return the partition id. BDF and partition id together identify a
 * partition.
 * @partition: partition.
 *
 * Thread: any. Since 0.1.
 * Return: 0 to 7: the low bits of KFD location_id (Linux amdgpu_xcp.c), or bits 28 to 31.
 */
unsigned rocpart_partition_get_id(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_xcds() - Return the compute dies (XCDs) of a partition.
 * @partition: partition.
 * @ret_first: receives the first XCD, a logical number on the GPU.
 * @ret_count: receives the number of XCDs; their numbers are contiguous (Linux aqua_vanjaram.c).
 *
 * Thread: any. Since 0.1.
 */
void rocpart_partition_get_xcds(const struct rocpart_partition *partition, unsigned *ret_first,
				unsigned *ret_count);

/**
 * rocpart_partition_get_cus() - Return the number of compute units of a partition.
 * @partition: partition.
 *
 * Thread: any. Since 0.1.
 * Return: KFD simd_count / simd_per_cu (Linux kfd_topology.c, node_show).
 */
unsigned rocpart_partition_get_cus(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_memory_bytes() - Return the memory of a partition: its share of its domain.
 * @partition: partition.
 * @ret_bytes: receives the size in KFD mem_banks (heap types: Linux kfd_topology.h). Where
 *	mem_banks show a whole memory domain for each of several partitions, the share of one.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the machine does not show the size.
 */
int rocpart_partition_get_memory_bytes(const struct rocpart_partition *partition,
				       uint64_t *ret_bytes);

/**
 * rocpart_partition_get_memory_limit_bytes() - Return the limit that the kernel enforces.
 * @partition: partition.
 * @ret_bytes: receives the bytes beyond which the driver refuses allocations (Linux
 *	amdgpu_amdkfd_gpuvm.c): the memory of the partition, or with
 *compute_partition_mem_alloc_mode ALL its whole memory domain, which it then shares with its
 *neighbours.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the machine does not show the size.
 */
int rocpart_partition_get_memory_limit_bytes(const struct rocpart_partition *partition,
					     uint64_t *ret_bytes);

/**
 * rocpart_partition_get_memory_domain() - Return the memory domain (range of HBM) of a partition.
 * @partition: partition.
 * @ret_domain: receives the number of the domain on the GPU, from 0; may be NULL.
 * @ret_bytes: receives the bytes of the whole domain, which its partitions share; may be NULL.
 *
 * The mapping follows amdgpu_amdkfd.c and aqua_vanjaram.c (Linux). Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the memory mode or the size is not known.
 */
int rocpart_partition_get_memory_domain(const struct rocpart_partition *partition,
					unsigned *ret_domain, uint64_t *ret_bytes);

/**
 * rocpart_partition_get_memory_used_bytes() - Return the device memory that processes use on a
 * partition.
 * @partition: partition.
 * @ret_bytes: receives the sum over /sys/class/kfd/kfd/proc (Linux kfd_process.c), which counts
 *	only allocations through the KFD.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the machine does not show the usage.
 */
int rocpart_partition_get_memory_used_bytes(const struct rocpart_partition *partition,
					    uint64_t *ret_bytes);

/**
 * rocpart_partition_get_render_minor() - Return the minor number K of /dev/dri/renderDK.
 * @partition: partition.
 *
 * Thread: any. Since 0.1.
 * Return: the minor number, 128 or more; 0: the partition has no render node.
 */
unsigned rocpart_partition_get_render_minor(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_card_minor() - Return the minor number M of /dev/dri/cardM.
 * @partition: partition.
 * @ret_minor: receives the minor number.
 *
 * The card belongs to the DRM device of the partition (Linux amdgpu_xcp_drv.c). Thread: any. Since
 * 0.1.
 * Return: 0; -ENODATA: the machine shows no DRM classes.
 */
int rocpart_partition_get_card_minor(const struct rocpart_partition *partition,
				     unsigned *ret_minor);

/**
 * rocpart_partition_get_kfd_node() - Return the number of the KFD topology node of a partition.
 * @partition: partition.
 *
 * The number is valid until the next switch or driver reload on the machine. Thread: any. Since
 * 0.1.
 * Return: the number.
 */
unsigned rocpart_partition_get_kfd_node(const struct rocpart_partition *partition);

/**
 * rocpart_partition_get_gpu_id() - Return the KFD gpu_id of a partition.
 * @partition: partition.
 * @ret_gpu_id: receives the id; the id changes with each switch.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the machine does not show the id.
 */
int rocpart_partition_get_gpu_id(const struct rocpart_partition *partition, uint64_t *ret_gpu_id);

/**
 * rocpart_partition_get_rocr_index() - Return the index of a partition for ROCR_VISIBLE_DEVICES on
 * the host.
 * @partition: partition.
 * @ret_index: receives the rank among the accessible GPU nodes in order of KFD node number
 *	(libhsakmt topology.c). The index is valid until the next switch or driver reload on the
 *	machine.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -ENODATA: the render node does not exist, so ROCr does not see the partition.
 */
int rocpart_partition_get_rocr_index(const struct rocpart_partition *partition,
				     unsigned *ret_index);

#ifdef __cplusplus
}
#endif
#endif
