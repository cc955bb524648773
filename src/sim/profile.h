/* SPDX-License-Identifier: MIT */
/* The facts of a simulated machine, read from YAML. They never change while it lives. */
#ifndef RP_SIM_PROFILE_H
#define RP_SIM_PROFILE_H

#include "base/base.h"
#include "base/error.h"

#define RP_SIM_MAX_GPUS	    32
#define RP_SIM_MAX_CPUS	    16
#define RP_SIM_MAX_PRODUCTS 8
#define RP_SIM_MAX_XCC	    8
#define RP_SIM_MAX_SE	    8
#define RP_SIM_SLOTS	    8 /* MAX_XCP: DRM devices of a partitionable GPU in every mode */
#define RP_SIM_MAX_NPS	    8

/* The generation of the kernel interface that is played. */
enum rp_sim_abi { RP_SIM_G1 = 1, RP_SIM_G2 = 2, RP_SIM_G3 = 3 };

/* Values are those of the module parameter user_partt_mode. */
enum rp_sim_compute {
	RP_SIM_SPX,
	RP_SIM_DPX,
	RP_SIM_TPX,
	RP_SIM_QPX,
	RP_SIM_CPX,
	RP_SIM_N_COMPUTE
};

struct rp_sim_product {
	char *name;	    /* as `gpus` refers to it */
	char *product_name; /* of the FRU EEPROM, or NULL */
	char *vbios;	    /* part number, or NULL: one of ours */
	char *vram_vendor;
	uint32_t device, subsystem_vendor, subsystem_device, revision;
	uint32_t xcc;	      /* XCDs */
	uint32_t gfx_version; /* gfx_target_version */
	bool apu;
	bool partitionable;
	uint64_t vram_bytes; /* driver's real_vram; of an APU: what KFD gives to SPX */
	uint32_t nps_mask;   /* bit m set: NPSm can be asked for */
	uint32_t nps_broken; /* of these: what the firmware refuses when the driver is unloaded */
	uint32_t dma, dec, jpeg, jpeg_rings;
	uint32_t n_se;
	uint32_t cu_masks[RP_SIM_MAX_SE]; /* active CUs of each shader engine of an XCC */
	uint32_t cu_per_sa;
	uint32_t lds_kb, l2_kb, l3_kb;
	uint32_t clock_mhz, fw_version, sdma_fw_version;
	uint32_t capability, debug_prop;
	uint32_t wave_size, waves_per_simd, cp_queues, sdma_queues;
	uint32_t bank_width, bank_clock_mhz;
	uint32_t pcie_min_mbs, pcie_max_mbs; /* bandwidth of the link to the CPU */
	uint32_t power_cap_w;
	uint32_t idle_w, full_w; /* that it draws: idle, busy at the default limit */
	uint32_t full_mhz;	 /* clock of its XCDs when busy there */
};

struct rp_sim_gpu {
	const struct rp_sim_product *product;
	char bdf[16];
	uint32_t domain, bus, devfn;
	uint64_t unique_id;
	uint64_t hive_id;   /* 0: not connected by XGMI */
	uint32_t cpu;	    /* index of the CPU node that it hangs on */
	bool vf;	    /* an SR-IOV virtual function */
	bool multi_vf;	    /* one of several of its GPU: no power management */
	char *driver;	    /* that has it instead of amdgpu, such as gim; or NULL */
	uint64_t vram_used; /* by the driver itself */
	uint32_t cu_masks[RP_SIM_MAX_XCC][RP_SIM_MAX_SE];
};

struct rp_sim_cpu {
	uint32_t cores, core_id_base;
	uint64_t memory_bytes;
	uint32_t bank_width, bank_clock_mhz;
};

struct rp_sim_profile {
	enum rp_sim_abi abi;
	uint64_t platform_oem, platform_id, platform_rev;
	uint32_t cpu_clock_mhz, cpu_link_type, cpu_link_weight;
	bool bmc;		 /* a BMC graphics card holds card0 */
	bool mem_alloc_mode;	 /* compute_partition_mem_alloc_mode exists */
	bool sdma_mask;		 /* links tell SDMA engines before g3 too */
	bool auto_qpx;		 /* kernels before 6.11 choose QPX where newer ones choose CPX */
	int32_t user_partt_mode; /* -2: the driver chooses */
	uint32_t gpu_metrics;	 /* N of gpu_metrics 1.N: 5 to 9 */
	/* of a machine that takes its time: 0 in no profile */
	uint32_t load_ms, unload_ms, switch_ms;
	uint32_t bad_page_threshold; /* the module's parameter, where it was set; else 0 */
	char *driver_version;	     /* of a DKMS driver, or NULL */
	char *srcversion;
	uint32_t boot_nps;
	struct rp_sim_cpu cpus[RP_SIM_MAX_CPUS];
	size_t n_cpus;
	struct rp_sim_product products[RP_SIM_MAX_PRODUCTS];
	size_t n_products;
	struct rp_sim_gpu gpus[RP_SIM_MAX_GPUS]; /* in probe order */
	size_t n_gpus;
};

/* 0; -EINVAL with object "name:line:column"; -ENOMEM. Caller frees. */
int rp_sim_profile_parse(const char *text, size_t len, const char *name,
			 struct rp_sim_profile **ret, struct rocpart_error *reterr) RP_MUST_CHECK;
struct rp_sim_profile *rp_sim_profile_free(struct rp_sim_profile *p); /* returns NULL */

#endif
