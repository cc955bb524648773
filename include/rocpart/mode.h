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
 * enum rocpart_compute_mode - How a GPU groups its XCDs into logical devices.
 *
 * The names are those of the kernel attribute current_compute_partition (Linux amdgpu_gfx.c). The
 * number of XCDs that a mode needs follows aqua_vanjaram.c (Linux). Append-only.
 */
enum rocpart_compute_mode {
	ROCPART_COMPUTE_UNKNOWN = 0, /* not known; in a request: keep the current mode */
	ROCPART_COMPUTE_SPX = 1,     /* one device with all XCDs */
	ROCPART_COMPUTE_DPX = 2,     /* two devices */
	ROCPART_COMPUTE_TPX = 3,     /* three devices, on GPUs with 6 XCDs */
	ROCPART_COMPUTE_QPX = 4,     /* four devices, on GPUs with 8 XCDs */
	ROCPART_COMPUTE_CPX = 5,     /* one device for each XCD */
};

/**
 * enum rocpart_memory_mode - The number of domains across which a GPU interleaves its HBM.
 *
 * The names are those of the kernel attribute current_memory_partition (Linux amdgpu_gmc.c). The
 * value is the number of domains. The kernel has the names NPS3, NPS6 and NPS8, but no known GPU
 * accepts them. Append-only.
 */
enum rocpart_memory_mode {
	ROCPART_MEMORY_UNKNOWN = 0, /* not known; in a request: keep the current mode */
	ROCPART_MEMORY_NPS1 = 1,
	ROCPART_MEMORY_NPS2 = 2,
	ROCPART_MEMORY_NPS3 = 3,
	ROCPART_MEMORY_NPS4 = 4,
	ROCPART_MEMORY_NPS6 = 6,
	ROCPART_MEMORY_NPS8 = 8,
};

/**
 * enum rocpart_pair_state - Whether and how a GPU can switch to a pair of compute and memory mode.
 */
enum rocpart_pair_state {
	ROCPART_PAIR_NEVER = 0,	       /* this GPU cannot switch to the pair */
	ROCPART_PAIR_CURRENT = 1,      /* the pair is the current one */
	ROCPART_PAIR_NOW = 2,	       /* one write switches to the pair, without a driver reload */
	ROCPART_PAIR_AFTER_RELOAD = 3, /* the memory mode changes, so the driver must be reloaded */
};

/**
 * rocpart_compute_mode_to_string() - Return the name of a compute mode, "SPX" to "CPX".
 * @mode: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "UNKNOWN" for a value without a name.
 */
const char *rocpart_compute_mode_to_string(enum rocpart_compute_mode mode);

/**
 * rocpart_memory_mode_to_string() - Return the name of a memory mode, "NPS1" to "NPS8".
 * @mode: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "UNKNOWN" for a value without a name.
 */
const char *rocpart_memory_mode_to_string(enum rocpart_memory_mode mode);

/**
 * rocpart_compute_mode_from_string() - Find a compute mode by its name, in upper or lower case.
 * @text: complete name, e.g. "cpx".
 * @ret_mode: receives the mode.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -EINVAL: no mode has that name.
 */
int rocpart_compute_mode_from_string(const char *text, enum rocpart_compute_mode *ret_mode);

/**
 * rocpart_memory_mode_from_string() - Find a memory mode by its name, in upper or lower case.
 * @text: complete name, e.g. "nps4".
 * @ret_mode: receives the mode.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -EINVAL: no mode has that name.
 */
int rocpart_memory_mode_from_string(const char *text, enum rocpart_memory_mode *ret_mode);

/**
 * rocpart_pair_state_to_string() - Return the name of a state: "never", "current", "now" or
 * "after-reload".
 * @state: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "never" for a value without a name.
 */
const char *rocpart_pair_state_to_string(enum rocpart_pair_state state);

struct rocpart_snapshot;
struct rocpart_gpu;
struct rocpart_pairs;

/**
 * rocpart_pairs_new() - List every pair of compute and memory mode of a GPU, with its result.
 * @snapshot: snapshot of the machine; borrowed.
 * @gpu: GPU of that snapshot; borrowed.
 * @ret_pairs: receives the list; free it with rocpart_pairs_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The list combines the compute modes that the number of XCDs allows with all memory modes that the
 * driver or, without the driver's list, the product table names. The list also contains the
 * impossible pairs, each with its reason. The legal pairs follow px_mode_info in aqua_vanjaram.c
 * (Linux), restricted to the modes that the driver of this machine lists. The call reads nothing
 * from the machine. Thread: any. Since 0.1.
 * Return: 0; -ENOTSUP: the GPU cannot be partitioned; -ENOMEM: out of memory.
 */
int rocpart_pairs_new(const struct rocpart_snapshot *snapshot, const struct rocpart_gpu *gpu,
		      struct rocpart_pairs **ret_pairs, struct rocpart_error *reterr);

/**
 * rocpart_pairs_free() - Free a list of pairs.
 * @pairs: list, or NULL.
 *
 * Thread: any. Since 0.1.
 * Return: NULL.
 */
struct rocpart_pairs *rocpart_pairs_free(struct rocpart_pairs *pairs);

/**
 * rocpart_pairs_get_count() - Return the number of pairs in a list.
 * @pairs: list.
 *
 * Thread: any. Since 0.1.
 * Return: the number.
 */
size_t rocpart_pairs_get_count(const struct rocpart_pairs *pairs);

/**
 * struct rocpart_pair - A pair of modes and its result. Layout frozen.
 * @compute: compute mode.
 * @memory: memory mode.
 * @state: whether and how the GPU can switch to the pair.
 * @validated: true when the vendor has validated the pair on this product; a change accepts another
 *	pair only after rocpart_change_set_allow_unvalidated().
 * @n_partitions: logical devices that the mode makes.
 * @n_expected: logical devices that will appear on this machine; fewer than @n_partitions when the
 *	system runs out of DRM minors, for example because the graphics of a BMC holds a minor
 *	(Linux amdgpu_xcp.c).
 * @xcds: XCDs of each partition.
 * @cus: compute units of each partition.
 * @memory_bytes: bytes that the kernel enforces for each partition, 8 entries, 0 when not known
 *	(Linux amdgpu_amdkfd.c, size rule of amdgpu_amdkfd_get_xcp_mem). For an APU the bytes are
 *	computed from its current partitions, whose bytes the kernel rounds down to pages, so the
 *	result can be too small by one page for each current partition.
 * @domain_bytes: bytes of each memory domain, 8 entries, 0 when not known (Linux amdgpu_gmc.c).
 * @reason: reason why the pair is impossible or gives fewer devices; "" otherwise. Owned by the
 *	list.
 * @vendor: source of @validated with its month, such as "AMD's matrix of ROCm 10.0 (2026-08)": the
 *	newest one that names the product; "" when no source does. Owned by the list.
 * @dissent: newest source that says the opposite of @vendor; "" when there is none. Owned by the
 *	list.
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
	const char *vendor;
	const char *dissent;
	uint64_t reserved[2];
};

/**
 * rocpart_pairs_get() - Return one pair of a list.
 * @pairs: list.
 * @index: from 0, below rocpart_pairs_get_count().
 *
 * Thread: any. Since 0.1.
 * Return: the pair, owned by the list; NULL when @index is too large.
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
