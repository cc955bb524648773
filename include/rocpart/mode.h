/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_MODE_H
#define ROCPART_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum rocpart_compute_mode - How the XCDs of a GPU are grouped into logical devices.
 *
 * Names of the kernel attribute current_compute_partition (Linux amdgpu_gfx.c). Append-only.
 */
enum rocpart_compute_mode {
	ROCPART_COMPUTE_UNKNOWN = 0, /* not known; in a request: leave it */
	ROCPART_COMPUTE_SPX = 1,     /* one device of all XCDs */
	ROCPART_COMPUTE_DPX = 2,     /* two devices */
	ROCPART_COMPUTE_TPX = 3,     /* three devices, on GPUs of 6 XCDs */
	ROCPART_COMPUTE_QPX = 4,     /* four devices, on GPUs of 8 XCDs */
	ROCPART_COMPUTE_CPX = 5,     /* one device per XCD */
};

/**
 * enum rocpart_memory_mode - In how many domains the HBM is interleaved.
 *
 * Names of the kernel attribute current_memory_partition. The value is the number of domains.
 * NPS3, NPS6 and NPS8 are names of the kernel that no known GPU accepts. Append-only.
 */
enum rocpart_memory_mode {
	ROCPART_MEMORY_UNKNOWN = 0, /* not known; in a request: leave it */
	ROCPART_MEMORY_NPS1 = 1,
	ROCPART_MEMORY_NPS2 = 2,
	ROCPART_MEMORY_NPS3 = 3,
	ROCPART_MEMORY_NPS4 = 4,
	ROCPART_MEMORY_NPS6 = 6,
	ROCPART_MEMORY_NPS8 = 8,
};

/**
 * enum rocpart_pair_state - Whether a GPU can be in a pair of compute and memory mode.
 */
enum rocpart_pair_state {
	ROCPART_PAIR_NEVER = 0,	       /* this GPU cannot be in it */
	ROCPART_PAIR_CURRENT = 1,      /* it is in it */
	ROCPART_PAIR_NOW = 2,	       /* by one write, nothing to reload */
	ROCPART_PAIR_AFTER_RELOAD = 3, /* the memory mode changes: the driver must be reloaded */
};

/**
 * rocpart_compute_mode_to_string() - Name of a compute mode, "SPX" to "CPX".
 * @mode: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "UNKNOWN" for what has no name.
 */
const char *rocpart_compute_mode_to_string(enum rocpart_compute_mode mode);

/**
 * rocpart_memory_mode_to_string() - Name of a memory mode, "NPS1" to "NPS8".
 * @mode: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "UNKNOWN" for what has no name.
 */
const char *rocpart_memory_mode_to_string(enum rocpart_memory_mode mode);

/**
 * rocpart_compute_mode_from_string() - Compute mode of a name, in any case.
 * @text: whole name, e.g. "cpx".
 * @ret_mode: the mode.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -EINVAL when no mode has that name.
 */
int rocpart_compute_mode_from_string(const char *text, enum rocpart_compute_mode *ret_mode);

/**
 * rocpart_memory_mode_from_string() - Memory mode of a name, in any case.
 * @text: whole name, e.g. "nps4".
 * @ret_mode: the mode.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -EINVAL when no mode has that name.
 */
int rocpart_memory_mode_from_string(const char *text, enum rocpart_memory_mode *ret_mode);

/**
 * rocpart_pair_state_to_string() - "never", "current", "now" or "after-reload".
 * @state: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text.
 */
const char *rocpart_pair_state_to_string(enum rocpart_pair_state state);

struct rocpart_snapshot;
struct rocpart_gpu;
struct rocpart_pairs;

/**
 * rocpart_pairs_new() - Every pair of compute and memory mode of a GPU, and what it yields.
 * @snapshot: picture of the machine; borrowed.
 * @gpu: a GPU of that snapshot; borrowed.
 * @ret_pairs: list to be freed with rocpart_pairs_free().
 * @reterr: why it failed, or NULL.
 *
 * The pairs are those of the compute modes that the number of XCDs allows and of all memory modes
 * that the product or the driver names; those that are impossible are in the list, with their
 * reason. Legality: Linux aqua_vanjaram.c px_mode_info; what the driver of this machine lists
 * narrows it. Reads nothing from the machine. Thread: any. Since 0.1.
 * Return: 0; -ENOTSUP when the GPU cannot be partitioned; -ENOMEM.
 */
int rocpart_pairs_new(const struct rocpart_snapshot *snapshot, const struct rocpart_gpu *gpu,
		      struct rocpart_pairs **ret_pairs, struct rocpart_error *reterr);

/**
 * rocpart_pairs_free() - Free a list.
 * @pairs: the list, or NULL.
 *
 * Thread: any. Since 0.1.
 * Return: NULL.
 */
struct rocpart_pairs *rocpart_pairs_free(struct rocpart_pairs *pairs);

/**
 * rocpart_pairs_get_count() - Number of pairs in a list.
 * @pairs: the list.
 *
 * Thread: any. Since 0.1.
 * Return: the number.
 */
size_t rocpart_pairs_get_count(const struct rocpart_pairs *pairs);

/**
 * struct rocpart_pair - A pair of modes and what it yields. Layout frozen.
 * @compute: compute mode.
 * @memory: memory mode.
 * @state: whether the GPU can be in it.
 * @validated: the vendor has validated it on this product (instinct.docs.amd.com, GPU partitioning;
 *	device-config-manager configmap.md); others need leave to be chosen.
 * @n_partitions: logical devices that the mode makes.
 * @n_expected: logical devices that will appear on this machine: fewer when the system runs out of
 *	DRM minors, as with the graphics of a BMC (Linux amdgpu_xcp.c).
 * @xcds: XCDs of each partition.
 * @cus: compute units of each partition.
 * @memory_bytes: bytes that the kernel enforces for each partition, 8 entries, 0 when not known
 *	(Linux amdgpu_amdkfd.c, amdgpu_amdkfd_get_xcp_mem size rule). Of an APU it is computed from
 *	its present partitions, whose bytes are rounded down to pages: up to a page for each less.
 * @domain_bytes: bytes of each memory domain, 8 entries, 0 when not known.
 * @reason: why it is impossible, or what stands in the way; "" otherwise. Owned by the list.
 * @reserved: zero.
 */
struct rocpart_pair {
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
	enum rocpart_pair_state state;
	bool validated;
	unsigned n_partitions;
	unsigned n_expected;
	unsigned xcds;
	unsigned cus;
	uint64_t memory_bytes[8];
	uint64_t domain_bytes[8];
	const char *reason;
	uint64_t reserved[4];
};

/**
 * rocpart_pairs_get() - One pair of a list.
 * @pairs: the list.
 * @index: from 0, below rocpart_pairs_get_count().
 *
 * Thread: any. Since 0.1.
 * Return: the pair, owned by the list; NULL when the index is too large.
 */
const struct rocpart_pair *rocpart_pairs_get(const struct rocpart_pairs *pairs, size_t index);

/**
 * rocpart_product_get_name() - Name of a product that rocpart knows, such as "MI300X".
 * @index: from 0.
 *
 * Thread: any. Since 0.1.
 * Return: a static text; NULL past the end.
 */
const char *rocpart_product_get_name(size_t index);

#ifdef __cplusplus
}
#endif
#endif
