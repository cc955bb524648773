/* SPDX-License-Identifier: MIT */
#include "base/num.h"
#include "base/strbuf.h"
#include "facts/mode_name.h"
#include "facts/validation.h"
#include "modes/modes.h"

#define PAGE UINT64_C(4096)
#define HOLE (16 * RP_MIB) /* real_vram is the nominal size less this (amdgpu_gmc.c) */

/*
 * aqua_vanjaram.c, px_mode_info: memory modes of a compute mode. NPS3, NPS6 and NPS8 are names that
 * the table does not accept.
 */
static uint32_t memory_modes_of_gfx9(enum rocpart_compute_mode compute, bool is_gfx950)
{
	const uint32_t nps1 = rp_memory_bit(ROCPART_MEMORY_NPS1);
	const uint32_t nps2 = rp_memory_bit(ROCPART_MEMORY_NPS2);
	const uint32_t nps4 = rp_memory_bit(ROCPART_MEMORY_NPS4);

	switch (compute) {
	case ROCPART_COMPUTE_SPX:
	case ROCPART_COMPUTE_TPX:
		return nps1;
	case ROCPART_COMPUTE_DPX:
		return nps1 | nps2;
	case ROCPART_COMPUTE_QPX:
	case ROCPART_COMPUTE_CPX:
		return nps1 | nps4 | (is_gfx950 ? nps2 : 0);
	case ROCPART_COMPUTE_UNKNOWN:
	default:
		return 0;
	}
}

/* soc_v1_0.c (Linux, 2026): by the number of ranges and of XCCs. */
static bool is_allowed_on_gfx1250(enum rocpart_compute_mode compute, unsigned ranges,
				  unsigned n_xcds)
{
	switch (compute) {
	case ROCPART_COMPUTE_SPX:
		return ranges == 1;
	case ROCPART_COMPUTE_DPX:
		return ranges <= 2;
	case ROCPART_COMPUTE_TPX:
		return ranges == 1 || ranges == 3;
	case ROCPART_COMPUTE_QPX:
		return (ranges == 1 || ranges == 4) && n_xcds / 4 >= 2;
	case ROCPART_COMPUTE_CPX:
		return n_xcds > 1 && n_xcds % ranges == 0;
	case ROCPART_COMPUTE_UNKNOWN:
	default:
		return false;
	}
}

static bool is_allowed(enum rp_mode_rules rules, enum rocpart_compute_mode compute,
		       enum rocpart_memory_mode memory, unsigned n_xcds)
{
	switch (rules) {
	case RP_RULES_GFX942:
	case RP_RULES_GFX950:
		return memory_modes_of_gfx9(compute, rules == RP_RULES_GFX950) &
		       rp_memory_bit(memory);
	case RP_RULES_GFX1250:
		return is_allowed_on_gfx1250(compute, (unsigned)memory, n_xcds);
	case RP_RULES_UNKNOWN:
	default:
		return true;
	}
}

const char *rp_pair_impossible(enum rocpart_compute_mode compute, enum rocpart_memory_mode memory,
			       unsigned n_xcds, enum rp_mode_rules rules)
{
	unsigned n = rp_compute_partitions(rules, compute, n_xcds);

	if (n == 0)
		return "its number of XCDs does not allow this compute mode";
	if (memory == ROCPART_MEMORY_UNKNOWN)
		return "the machine does not show the GPU's memory mode";
	if (!is_allowed(rules, compute, memory, n_xcds))
		return "the kernel does not allow this compute mode in this memory mode";
	if (n % (unsigned)memory)
		return "this compute mode makes fewer partitions than the memory mode has memory "
		       "domains";
	return NULL;
}

/*
 * Ranges: (real_vram + 16 MiB) / m each, in pages; the last one is the rest. A partition gets its
 * range / q, rounded down to a page, where q partitions share a range.
 */
void rp_pair_bytes(uint64_t vram_bytes, unsigned n_partitions, enum rocpart_memory_mode memory,
		   uint64_t partition_bytes[8], uint64_t domain_bytes[8])
{
	unsigned m = (unsigned)memory, q;
	uint64_t range;

	if (vram_bytes == 0 || m == 0 || m > 8 || n_partitions > 8 || n_partitions % m ||
	    vram_bytes > UINT64_MAX - HOLE)
		return;
	q = n_partitions / m;
	range = (vram_bytes + HOLE) / m / PAGE * PAGE;
	if (range * (m - 1) >= vram_bytes)
		return; /* nothing would be left for the last domain: that is no size of a GPU */
	for (unsigned d = 0; d < m; d++)
		domain_bytes[d] = d + 1 < m ? range : vram_bytes - range * (m - 1);
	for (unsigned p = 0; p < n_partitions; p++)
		partition_bytes[p] = domain_bytes[p / q] / q / PAGE * PAGE;
}

/*
 * The bytes that the driver manages on the whole GPU. An APU reports no VRAM: what its partitions
 * have now, together, is then the best there is.
 */
static uint64_t vram_of(const struct rocpart_gpu *gpu)
{
	uint64_t sum = 0;

	if (gpu->vram_total_bytes.known && gpu->vram_total_bytes.v)
		return gpu->vram_total_bytes.v;
	if (gpu->n_partitions && gpu->n_partitions == gpu->n_expected) {
		for (size_t i = 0; i < gpu->n_partitions; i++)
			sum += gpu->partitions[i].memory_bytes.v;
		return sum;
	}
	return gpu->product ? gpu->product->vram_bytes : 0;
}

uint32_t rp_memory_modes(const struct rocpart_gpu *gpu)
{
	/* A virtual function has no list, and the modes of its product are those of the host. */
	uint32_t set = gpu->has_memory_available	? gpu->memory_available
		       : gpu->product && !gpu->is_guest ? gpu->product->memory_modes
							: 0;

	if (gpu->memory != ROCPART_MEMORY_UNKNOWN)
		set |= rp_memory_bit(gpu->memory);
	return set;
}

uint32_t rp_compute_modes_in(const struct rocpart_gpu *gpu, enum rocpart_memory_mode memory)
{
	uint32_t set = 0;

	for (unsigned c = ROCPART_COMPUTE_SPX; c <= ROCPART_COMPUTE_CPX; c++)
		if (!rp_pair_impossible((enum rocpart_compute_mode)c, memory, gpu->n_xcds,
					gpu->rules))
			set |= rp_compute_bit((enum rocpart_compute_mode)c);
	return set;
}

uint32_t rp_memory_modes_with(const struct rocpart_gpu *gpu, enum rocpart_compute_mode compute)
{
	uint32_t set = 0, offered = rp_memory_modes(gpu);

	for (unsigned m = ROCPART_MEMORY_NPS1; m <= ROCPART_MEMORY_NPS8; m++)
		if ((offered & rp_memory_bit((enum rocpart_memory_mode)m)) &&
		    !rp_pair_impossible(compute, (enum rocpart_memory_mode)m, gpu->n_xcds,
					gpu->rules))
			set |= rp_memory_bit((enum rocpart_memory_mode)m);
	return set;
}

const struct rocpart_gpu *rp_hive_member_without(const struct rocpart_gpu *gpu,
						 enum rocpart_memory_mode memory)
{
	const struct rocpart_snapshot *s = gpu->snapshot;

	for (size_t i = 0; i < s->n_gpus; i++) {
		const struct rocpart_gpu *g = &s->gpus[i];

		if (g != gpu && g->hive_id.known && gpu->hive_id.known &&
		    g->hive_id.v == gpu->hive_id.v && !rp_gpu_is_odd(g) &&
		    !(rp_memory_modes(g) & rp_memory_bit(memory)))
			return g;
	}
	return NULL;
}

static bool has_bad_vbios(const struct rocpart_gpu *gpu, enum rocpart_memory_mode memory)
{
	return gpu->vbios && gpu->product && gpu->product->bad_vbios &&
	       memory == gpu->product->bad_vbios_mode && memory != gpu->memory &&
	       rp_str_eq(gpu->vbios, gpu->product->bad_vbios);
}

const struct rocpart_gpu *rp_gpu_with_bad_vbios(const struct rocpart_gpu *gpu,
						enum rocpart_memory_mode memory)
{
	const struct rocpart_snapshot *s = gpu->snapshot;

	for (size_t i = 0; i < s->n_gpus; i++) {
		const struct rocpart_gpu *g = &s->gpus[i];
		bool switches_along = g == gpu || (g->hive_id.known && gpu->hive_id.known &&
						   g->hive_id.v == gpu->hive_id.v);

		if (switches_along && has_bad_vbios(g, memory))
			return g;
	}
	return NULL;
}

/*
 * The compute mode that the driver chooses when it starts: soc_v1_0.c knows one for a single range,
 * for two, and for one of each XCD; with another number of ranges it does not start the GPU.
 */
static bool can_start(const struct rocpart_gpu *gpu, enum rocpart_memory_mode memory)
{
	return gpu->rules != RP_RULES_GFX1250 || memory == ROCPART_MEMORY_NPS1 ||
	       memory == ROCPART_MEMORY_NPS2 || (unsigned)memory == gpu->n_xcds;
}

static bool is_firmware_mode(const struct rocpart_gpu *gpu, enum rocpart_memory_mode memory)
{
	return gpu->product && !gpu->is_guest &&
	       (gpu->product->firmware_modes & rp_memory_bit(memory));
}

/* Why the GPU, as it is now, cannot get into a pair that its kind allows; NULL when it can. */
static const char *blocked_here(const struct rocpart_gpu *gpu, enum rocpart_compute_mode compute,
				enum rocpart_memory_mode memory)
{
	bool changes_memory = memory != gpu->memory;

	if (rp_gpu_is_odd(gpu))
		return "something about the GPU is not known; `rocpart doctor` shows it";
	if (gpu->memory == ROCPART_MEMORY_UNKNOWN)
		return "the machine does not show the GPU's memory mode";
	if (!(rp_memory_modes(gpu) & rp_memory_bit(memory)))
		return is_firmware_mode(gpu, memory)
			       ? "the driver does not offer this memory mode; newer firmware of "
				 "this product does"
			       : "the driver does not offer this memory mode";
	if (changes_memory && !gpu->memory_writable)
		return "the driver does not allow the memory mode to be changed";
	if (changes_memory && !can_start(gpu, memory))
		return "the driver finds no compute mode in this memory mode when it is loaded, "
		       "and "
		       "would not start the GPU";
	if (changes_memory && rp_hive_member_without(gpu, memory))
		return "another GPU of its hive, which would switch along, does not offer this "
		       "memory mode";
	if (gpu->partitionable == RP_NO && (changes_memory || compute != gpu->compute))
		return "the driver does not allow the compute mode to be changed";
	if (gpu->has_compute_supported && !(gpu->compute_supported & rp_compute_bit(compute)))
		return "the driver does not support this compute mode";
	/* Of a family without known rules only the driver's lists say what is possible. */
	if (gpu->rules == RP_RULES_UNKNOWN && compute != gpu->compute &&
	    !gpu->has_compute_supported && (changes_memory || !gpu->has_compute_available))
		return "the driver does not list the compute modes of this GPU";
	if (!changes_memory && compute != gpu->compute && gpu->has_compute_available &&
	    !(gpu->compute_available & rp_compute_bit(compute)))
		return "the driver does not offer this compute mode in this memory mode";
	return NULL;
}

static const char *const too_few_minors =
	"the DRM minors are used up, so the last partition gets no device: the graphics of a BMC "
	"use one; unload their driver (ast) first";

void rp_pair_fill(const struct rocpart_gpu *gpu, enum rocpart_compute_mode compute,
		  enum rocpart_memory_mode memory, struct rocpart_pair *ret)
{
	unsigned n = rp_compute_partitions(gpu->rules, compute, gpu->n_xcds);
	const char *reason = rp_pair_impossible(compute, memory, gpu->n_xcds, gpu->rules);
	struct rp_vendor_word word;

	memset(ret, 0, sizeof(*ret));
	ret->vendor = ret->dissent = "";
	ret->compute = compute;
	ret->memory = memory;
	ret->reason = "";
	if (gpu->is_guest && (compute != gpu->compute || memory != gpu->memory))
		reason = "only the host of this virtual machine can change its modes";
	else if (!reason && (compute != gpu->compute || memory != gpu->memory))
		reason = blocked_here(gpu, compute, memory);
	if (reason) {
		ret->reason = reason;
		return;
	}
	ret->state = memory != gpu->memory     ? ROCPART_PAIR_AFTER_RELOAD
		     : compute != gpu->compute ? ROCPART_PAIR_NOW
					       : ROCPART_PAIR_CURRENT;
	word = rp_vendor_word_of(gpu->product, gpu->is_guest, compute, memory,
				 &gpu->snapshot->vendor_rows);
	ret->validated = word.is_validated;
	ret->vendor = word.source;
	ret->dissent = word.dissent;
	if (rp_gpu_with_bad_vbios(gpu, memory)) {
		ret->validated = false;
		ret->vendor = ret->dissent = "";
		ret->reason =
			"a VBIOS lists this memory mode and does not complete a switch to it; "
			"`rocpart doctor` names the GPUs and the firmware";
	}
	ret->n_partitions = ret->n_expected = n;
	if (gpu->n_slots.known && gpu->n_slots.v < n) {
		ret->n_expected = (unsigned)gpu->n_slots.v;
		ret->reason = too_few_minors;
	}
	ret->xcds = gpu->n_xcds / n;
	ret->cus = ret->xcds * gpu->cus_per_xcd;
	rp_pair_bytes(vram_of(gpu), n, memory, ret->memory_bytes, ret->domain_bytes);
}

ROCPART_PUBLIC const char *rocpart_pair_state_to_string(enum rocpart_pair_state state)
{
	static const char *const names[] = {"never", "current", "now", "after-reload"};

	return (size_t)state < RP_ARRAY_LEN(names) ? names[state] : names[0];
}
