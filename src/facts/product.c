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
 * Sources. PCI ids: ROCm gpu-operator, NFD rule of its Helm chart. XCDs and CUs: CDNA 3 and CDNA 4
 * white papers; 8 XCC x 38 CU also read in KFD topologies of MI300X, 4 x 20 of MI308X. vram_bytes:
 * mem_info_vram_total, printed by amd-smi on real MI300X and MI308X (196592 MB), MI325X (262128 MB)
 * and MI350X (294896 MB): the nominal size less 16 MiB. Memory modes: available_memory_partition
 * of MI308X (NPS1, NPS4) and MI350X (NPS1, NPS2); MI300A's file is read-only. Bandwidth: data
 * sheets; MI350 series from its announcement.
 */
static const struct rp_product products[] = {
	{"MI300A", 0x74a0, 0, 6, 38, 0, 0, NPS1, 5300 * GB_S, false},
	{"MI300X", 0x74a1, 0x74b5, 8, 38, 192 * RP_GIB, UINT64_C(206141652992), NPS1 | NPS4,
	 5300 * GB_S, false},
	{"MI308X", 0x74a2, 0x74b6, 4, 20, 192 * RP_GIB, UINT64_C(206141652992), NPS1 | NPS4,
	 5300 * GB_S, false},
	{"MI325X", 0x74a5, 0x74b9, 8, 38, 256 * RP_GIB, UINT64_C(274861129728), NPS1 | NPS4,
	 6000 * GB_S, false},
	{"MI308X HF", 0x74a8, 0x74bc, 4, 20, 192 * RP_GIB, 0, NPS1 | NPS4, 5300 * GB_S, false},
	{"MI300X HF", 0x74a9, 0x74bd, 8, 38, 192 * RP_GIB, 0, NPS1 | NPS4, 5300 * GB_S, false},
	{"MI350X", 0x75a0, 0x75b0, 8, 32, 288 * RP_GIB, UINT64_C(309220868096), NPS1 | NPS2,
	 8000 * GB_S, true},
	{"MI355X", 0x75a3, 0x75b3, 8, 32, 288 * RP_GIB, UINT64_C(309220868096), NPS1 | NPS2,
	 8000 * GB_S, true},
	{"MI350P", 0x75a8, 0x75b8, 0, 0, 0, 0, 0, 0, true},
};

/*
 * Validated by the vendor: MI300X SPX/NPS1 and CPX/NPS4 (GPU partitioning quick start, ROCm 6.4);
 * MI350X and MI355X SPX/NPS1 and DPX/NPS2 (driver 30.10). The other gfx942 products follow the
 * device-config-manager's list (SPX and CPX supported, NPS4 only with CPX); MI300A has NPS1 only.
 */
static const struct {
	const char *product;
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
} validated[] = {
	{"MI300A", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1},
	{"MI300A", ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS1},
	{"MI300X", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1},
	{"MI300X", ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4},
	{"MI300X HF", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1},
	{"MI300X HF", ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4},
	{"MI308X", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1},
	{"MI308X", ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4},
	{"MI308X HF", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1},
	{"MI308X HF", ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4},
	{"MI325X", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1},
	{"MI325X", ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4},
	{"MI350X", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1},
	{"MI350X", ROCPART_COMPUTE_DPX, ROCPART_MEMORY_NPS2},
	{"MI355X", ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1},
	{"MI355X", ROCPART_COMPUTE_DPX, ROCPART_MEMORY_NPS2},
};

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

bool rp_product_is_validated(const struct rp_product *p, enum rocpart_compute_mode compute,
			     enum rocpart_memory_mode memory)
{
	for (size_t i = 0; p && i < RP_ARRAY_LEN(validated); i++)
		if (rp_str_eq(validated[i].product, p->name) && validated[i].compute == compute &&
		    validated[i].memory == memory)
			return true;
	return false;
}

ROCPART_PUBLIC const char *rocpart_product_get_name(size_t index)
{
	const struct rp_product *p = rp_product_at(index);

	return p ? p->name : NULL;
}
