/* SPDX-License-Identifier: MIT */
/* Which pairs of modes a GPU accepts, and what each yields. Pure: a snapshot in, answers out. */
#ifndef RP_MODES_MODES_H
#define RP_MODES_MODES_H

#include "node/snapshot.h"

/*
 * The kernel's table of compute x memory (aqua_vanjaram.c, soc_v1_0.c; of other families nothing is
 * known, and their own lists decide): NULL when the pair is possible on a GPU with that many XCDs,
 * else the reason, static text.
 */
const char *rp_pair_impossible(enum rocpart_compute_mode compute, enum rocpart_memory_mode memory,
			       unsigned n_xcds, enum rp_mode_rules rules);

/*
 * Bytes of each partition and domain (amdgpu_gmc.c ranges, amdgpu_amdkfd.c partition size).
 * vram_bytes is the whole GPU's. Writes n entries of partition and domain, at most 8.
 */
void rp_pair_bytes(uint64_t vram_bytes, unsigned n_partitions, enum rocpart_memory_mode memory,
		   uint64_t partition_bytes[8], uint64_t domain_bytes[8]);

/* Everything about one pair on one GPU. reason may be static text only. */
void rp_pair_fill(const struct rocpart_gpu *gpu, enum rocpart_compute_mode compute,
		  enum rocpart_memory_mode memory, struct rocpart_pair *ret);

/* Memory modes that are worth showing for the GPU: what the driver lists, else the product's. */
uint32_t rp_memory_modes(const struct rocpart_gpu *gpu);

/* A GPU of its hive, which would switch along, that does not offer the memory mode; or NULL. */
const struct rocpart_gpu *rp_hive_member_without(const struct rocpart_gpu *gpu,
						 enum rocpart_memory_mode memory);
/* The GPU itself or one of its hive whose VBIOS does not complete a switch to the mode; or NULL. */
const struct rocpart_gpu *rp_gpu_with_bad_vbios(const struct rocpart_gpu *gpu,
						enum rocpart_memory_mode memory);

/* Sets: compute modes possible in a memory mode on the GPU; memory modes of it that allow one. */
uint32_t rp_compute_modes_in(const struct rocpart_gpu *gpu, enum rocpart_memory_mode memory);
uint32_t rp_memory_modes_with(const struct rocpart_gpu *gpu, enum rocpart_compute_mode compute);

#endif
