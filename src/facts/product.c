/* SPDX-License-Identifier: MIT */
#include "facts/product.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "facts/mode_name.h"
#include "rocpart/mode.h"

#define NPS1 (1U << ROCPART_MEMORY_NPS1)
#define NPS2 (1U << ROCPART_MEMORY_NPS2)
#define NPS4 (1U << ROCPART_MEMORY_NPS4)
#define GB_S UINT64_C(1000000000)

/*
 * Sources. PCI ids: ROCm gpu-operator, NFD rule of its Helm chart; 0x75a2: file names of hipBLASLt
 * 7.14; 0x75c1: configuration of AMD's emulator rocJITsu (2026). XCDs and CUs: CDNA 3 and CDNA 4
 * white papers; 8 XCC x 38 CU also read in KFD topologies of MI300X, 4 x 20 of MI308X; MI350P:
 * rocm.docs.amd.com, MI350 series microarchitecture. vram_bytes: mem_info_vram_total, printed by
 * amd-smi on real MI300X and MI308X (196592 MB), MI325X (262128 MB) and MI350X (294896 MB): the
 * nominal size less 16 MiB. Memory modes: available_memory_partition of MI308X (NPS1, NPS4), MI350X
 * (NPS1, NPS2) and MI300X (NPS1, NPS2, NPS4 with a VBIOS of July 2025); MI300A's file is read-only.
 * Bandwidth: data sheets; MI350 series from its announcement. Firmware: a Dell XE9680 with VBIOS
 * 022.040.003.041 (part 113-M3000100-102) lists NPS1 and NPS4 and does not complete NPS4; with
 * 022.040.003.043 (113-M3000108-103) it lists NPS2 too (February 2026).
 */
static const struct rp_product products[] = {
	{.name = "MI300A",
	 .pf_id = 0x74a0,
	 .n_xcds = 6,
	 .cus_per_xcd = 38,
	 .memory_modes = NPS1,
	 .bandwidth_bytes_per_s = 5300 * GB_S,
	 .rules = RP_RULES_GFX942},
	{.name = "MI300X",
	 .pf_id = 0x74a1,
	 .vf_id = 0x74b5,
	 .n_xcds = 8,
	 .cus_per_xcd = 38,
	 .hbm_bytes = 192 * RP_GIB,
	 .vram_bytes = UINT64_C(206141652992),
	 .memory_modes = NPS1 | NPS2 | NPS4,
	 .bandwidth_bytes_per_s = 5300 * GB_S,
	 .rules = RP_RULES_GFX942,
	 .firmware_modes = NPS2,
	 .firmware = "IFWI 022.040.003.043 (2026-02)",
	 .bad_vbios = "113-M3000100-102",
	 .bad_vbios_mode = ROCPART_MEMORY_NPS4},
	{.name = "MI308X",
	 .pf_id = 0x74a2,
	 .vf_id = 0x74b6,
	 .n_xcds = 4,
	 .cus_per_xcd = 20,
	 .hbm_bytes = 192 * RP_GIB,
	 .vram_bytes = UINT64_C(206141652992),
	 .memory_modes = NPS1 | NPS4,
	 .bandwidth_bytes_per_s = 5300 * GB_S,
	 .rules = RP_RULES_GFX942},
	{.name = "MI325X",
	 .pf_id = 0x74a5,
	 .vf_id = 0x74b9,
	 .n_xcds = 8,
	 .cus_per_xcd = 38,
	 .hbm_bytes = 256 * RP_GIB,
	 .vram_bytes = UINT64_C(274861129728),
	 .memory_modes = NPS1 | NPS4,
	 .bandwidth_bytes_per_s = 6000 * GB_S,
	 .rules = RP_RULES_GFX942},
	{.name = "MI308X HF",
	 .pf_id = 0x74a8,
	 .vf_id = 0x74bc,
	 .n_xcds = 4,
	 .cus_per_xcd = 20,
	 .hbm_bytes = 192 * RP_GIB,
	 .memory_modes = NPS1 | NPS4,
	 .bandwidth_bytes_per_s = 5300 * GB_S,
	 .rules = RP_RULES_GFX942},
	{.name = "MI300X HF",
	 .pf_id = 0x74a9,
	 .vf_id = 0x74bd,
	 .n_xcds = 8,
	 .cus_per_xcd = 38,
	 .hbm_bytes = 192 * RP_GIB,
	 .memory_modes = NPS1 | NPS4,
	 .bandwidth_bytes_per_s = 5300 * GB_S,
	 .rules = RP_RULES_GFX942},
	{.name = "MI350X",
	 .pf_id = 0x75a0,
	 .vf_id = 0x75b0,
	 .n_xcds = 8,
	 .cus_per_xcd = 32,
	 .hbm_bytes = 288 * RP_GIB,
	 .vram_bytes = UINT64_C(309220868096),
	 .memory_modes = NPS1 | NPS2,
	 .bandwidth_bytes_per_s = 8000 * GB_S,
	 .rules = RP_RULES_GFX950},
	{.name = "MI350 series", .pf_id = 0x75a2, .rules = RP_RULES_GFX950},
	{.name = "MI355X",
	 .pf_id = 0x75a3,
	 .vf_id = 0x75b3,
	 .n_xcds = 8,
	 .cus_per_xcd = 32,
	 .hbm_bytes = 288 * RP_GIB,
	 .vram_bytes = UINT64_C(309220868096),
	 .memory_modes = NPS1 | NPS2,
	 .bandwidth_bytes_per_s = 8000 * GB_S,
	 .rules = RP_RULES_GFX950},
	{.name = "MI350P",
	 .pf_id = 0x75a8,
	 .vf_id = 0x75b8,
	 .n_xcds = 4,
	 .cus_per_xcd = 32,
	 .hbm_bytes = 144 * RP_GIB,
	 .vram_bytes = UINT64_C(154602045440), /* 144 GiB - 16 MiB, as the others; not read */
	 .memory_modes = NPS1,
	 .bandwidth_bytes_per_s = 4000 * GB_S,
	 .rules = RP_RULES_GFX950},
	{.name = "MI455X", .pf_id = 0x75c1, .rules = RP_RULES_GFX1250},
};

enum rp_mode_rules rp_mode_rules_of(uint32_t gfx_target_version)
{
	switch (gfx_target_version / 100) {
	case 904:
		return RP_RULES_GFX942;
	case 905:
		return RP_RULES_GFX950;
	case 1205:
		return RP_RULES_GFX1250;
	default:
		return RP_RULES_UNKNOWN;
	}
}

const struct rp_product *rp_product_by_device_id(uint32_t device_id)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(products); i++)
		if (products[i].pf_id == device_id ||
		    (products[i].vf_id && products[i].vf_id == device_id))
			return &products[i];
	return NULL;
}

const struct rp_product *rp_product_by_name(const char *name)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(products); i++)
		if (rp_str_eq_nocase(products[i].name, name))
			return &products[i];
	return NULL;
}

const struct rp_product *rp_product_at(size_t i)
{
	return i < RP_ARRAY_LEN(products) ? &products[i] : NULL;
}

ROCPART_PUBLIC const char *rocpart_product_get_name(size_t index)
{
	const struct rp_product *p = rp_product_at(index);

	return p ? p->name : NULL;
}
