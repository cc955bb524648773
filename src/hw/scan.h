/* SPDX-License-Identifier: MIT */
/*
 * What a back end saw of a machine: values as the kernel gives them, not yet interpreted. node/
 * turns a scan into a snapshot. Absent values are marked, never guessed.
 */
#ifndef RP_HW_SCAN_H
#define RP_HW_SCAN_H

#include "base/base.h"
#include "base/error.h"
#include "base/tree.h"
#include "rocpart/backend.h"

/* A number that may be absent. */
struct rp_opt_u64 {
	bool known;
	uint64_t v;
};

/* An attribute: its text, or why there is none (-ENOENT: the file is not there). */
struct rp_attr {
	int err;       /* 0 when text is set */
	char *text;    /* owned by the scan */
	bool writable; /* has an S_IWUSR bit; only looked at for control files */
};

/* The first file of a GPU or of a KFD node that could not be read. */
struct rp_scan_fault {
	/*
	 * 0: all were read; -EBADMSG: not in the form that the kernel writes; -EADDRNOTAVAIL: the
	 * address of no GPU; -ENOTUNIQ: the render node of another.
	 */
	int err;
	char file[80]; /* below the folder of the GPU, or of the KFD topology */
};

/* One PCI device bound to amdgpu. Files: ABI study A.1 to A.4; kernel amdgpu_gfx.c, amdgpu_gmc.c.
 */
struct rp_scan_pci {
	char bdf[RP_BDF_SIZE];
	uint32_t device_id;
	int32_t numa_node; /* -1: none */
	struct rp_attr unique_id;
	struct rp_attr compute, compute_available, compute_supported;
	struct rp_attr memory, memory_available;
	struct rp_attr mem_alloc_mode;
	struct rp_opt_u64 vram_total_bytes, vram_used_bytes;
	struct rp_attr vbios;	  /* part number, "113-M3000108-103" (amdgpu_atombios.c) */
	struct rp_attr ras_umc;	  /* "ue: N\nce: N" */
	struct rp_attr bad_pages; /* one line per page */
	struct rp_opt_u64 hive_id;
	struct rp_opt_u64 own_render; /* minor of its own DRM render node */
	/*
	 * DRM slots that the driver got for it, its own included: 8 when minors sufficed, fewer
	 * when they ran out (amdgpu_xcp.c "Skip xcp node #7"). Not known without DRM classes.
	 */
	struct rp_opt_u64 n_slots;
	struct rp_scan_fault fault; /* of what is not an attribute above */
};

/* One KFD topology node. */
struct rp_scan_node {
	uint32_t node_id;
	bool hidden; /* the caller's device cgroup forbids its render node: EPERM */
	/* Of a node with a fault the other values may be missing or wrong: it is no partition. */
	struct rp_scan_fault fault;
	struct rp_opt_u64 gpu_id;
	uint32_t simd_count, simd_per_cu, num_xcc;
	uint32_t device_id, gfx_target_version;
	uint32_t domain, location_id;
	bool has_location;
	char bdf[RP_BDF_SIZE]; /* of its GPU; "": not known */
	unsigned partition;    /* id on that GPU; no two nodes of a GPU have the same */
	bool shares_address;   /* with another node that claims to be the same partition */
	uint32_t render_minor; /* 0: it has no render node */
	struct rp_opt_u64 hive_id, unique_id;
	struct rp_opt_u64 memory_bytes; /* sum of mem_banks of device memory */
	bool render_accessible;		/* /dev/dri/renderD<minor> is there (always in a capture) */
	struct rp_opt_u64 card_minor;
};

/* One process with the KFD open, from /sys/class/kfd/kfd/proc: bytes by gpu_id. */
struct rp_scan_usage {
	uint32_t pid;
	uint64_t gpu_id;
	uint64_t vram_bytes;
};

/* Kinds of values that a back end told in place of the kernel's files. */
enum rp_told {
	RP_TOLD_COMPUTE = 1U << 0,
	RP_TOLD_MEMORY = 1U << 1,
	RP_TOLD_GPU_ID = 1U << 2,
	RP_TOLD_RENDER = 1U << 3,
	RP_TOLD_CARD = 1U << 4,
};

struct rp_scan {
	enum rp_tree_kind kind;
	enum rocpart_backend source; /* SYSFS: nothing was told */
	uint32_t told;		     /* bits of enum rp_told */
	bool without_cards; /* DRM card minors were not asked for: a folder for each partition */
	bool has_kfd, has_pci, has_drm, has_driver;
	struct rp_opt_u64 generation;
	struct rp_scan_pci *pci;
	size_t n_pci, cap_pci;
	struct rp_scan_node *nodes; /* GPU nodes only, ascending node_id */
	size_t n_nodes, cap_nodes;
	struct rp_scan_usage *usage;
	size_t n_usage, cap_usage;
	bool has_usage;	     /* /sys/class/kfd/kfd/proc is there */
	bool has_dot_naming; /* platform devices amdgpu_xcp.N (Linux <= 6.9), not amdgpu_xcp_N */
	bool has_partition_metrics; /* xcp/xcp_metrics of some GPU (Linux >= 6.15) */
	unsigned n_card_minors; /* DRM cards of all drivers: 64 was the limit before Linux 6.x */
};

void rp_scan_done(struct rp_scan *scan);
#define RP_AUTO_SCAN RP_AUTO(rp_scan_done)

#endif
