/* SPDX-License-Identifier: MIT */
/*
 * The picture of a machine, made from a scan by pure rules. The structures behind the public
 * getters; read them freely inside src/, never write them once the snapshot is made.
 */
#ifndef RP_NODE_SNAPSHOT_H
#define RP_NODE_SNAPSHOT_H

#include <stdatomic.h>

#include "base/error.h"
#include "facts/product.h"
#include "facts/validation.h"
#include "hw/scan.h"
#include "rocpart/node.h"

enum rp_degraded {
	RP_DEGRADED_PARTITION_MISSING,
	RP_DEGRADED_MODE_MISMATCH,
	RP_DEGRADED_HIDDEN_BY_CGROUP,
	RP_DEGRADED_PENDING_RELOAD,
	RP_DEGRADED_UNHEALTHY,
	RP_DEGRADED_GPU_REPLACED,
	RP_DEGRADED_MODE_UNREADABLE,
	RP_DEGRADED_MODE_UNKNOWN,
	RP_DEGRADED_IN_RESET,
	RP_DEGRADED_NODE_UNREADABLE,
	RP_DEGRADED_FILE_UNREADABLE,
	RP_DEGRADED_UNKNOWN_WORD,
	RP_DEGRADED_SHARED_ADDRESS,
	RP_DEGRADED_NO_RENDER_NODE,
	RP_N_DEGRADED
};

/* Of an odd GPU something is not known: nothing is placed on it, and its modes are not changed. */
#define RP_DEGRADED_ODD (UINT32_MAX << RP_DEGRADED_MODE_UNREADABLE)

enum rp_note {
	RP_NOTE_DUPLICATE_UNIQUE_ID,
	RP_NOTE_XCP_DOT_NAMING,
	RP_NOTE_READ_ONLY_FILES,
	RP_NOTE_CORDONED,
	RP_NOTE_BAD_PAGES,
	RP_NOTE_MEM_ALLOC_ALL,
	RP_NOTE_MODE_OF_HOST,
	RP_N_NOTES
};

enum rp_tristate { RP_NO, RP_YES, RP_UNKNOWN };

struct rocpart_partition {
	const struct rocpart_gpu *gpu;
	unsigned id;
	unsigned first_xcd, n_xcds, cus;
	struct rp_opt_u64 bank_bytes;	/* as KFD's mem_banks show it: what ROCr reports */
	struct rp_opt_u64 memory_bytes; /* its share of its memory domain */
	struct rp_opt_u64 memory_domain, memory_domain_bytes;
	struct rp_opt_u64 limit_bytes; /* at which the kernel refuses allocations */
	struct rp_opt_u64 memory_used_bytes;
	struct rp_opt_u64 card_minor, gpu_id, rocr_index;
	struct rp_opt_u64 unique_id; /* of its KFD node */
	unsigned render_minor, kfd_node;
	bool is_visible; /* its render node is there (always in a capture without DRM) */
};

struct rocpart_gpu {
	const struct rocpart_snapshot *snapshot;
	size_t index;
	char bdf[RP_BDF_SIZE];
	const struct rp_product *product; /* NULL: unknown id */
	uint32_t device_id;
	unsigned n_xcds;      /* 0: not known */
	unsigned cus_per_xcd; /* 0: not known */
	enum rocpart_compute_mode compute;
	bool compute_derived;
	enum rocpart_memory_mode memory, pending_memory;
	enum rp_tristate partitionable;
	bool memory_writable;
	bool has_compute_available, has_compute_supported, has_memory_available;
	uint32_t compute_available, compute_supported, memory_available; /* sets */
	enum rp_mode_rules rules; /* of the kernel for pairs of modes */
	bool is_guest;		  /* a virtual function by its PCI id */
	bool is_mode_trusted;	  /* its mode says how many partitions there are */
	char *vbios;		  /* part number, or NULL */
	bool has_own_id; /* unique_id is that of a physical PCI device, which no mode changes */
	struct rp_opt_u64 former_index; /* among the recorded GPUs */
	struct rp_opt_u64 n_slots;	/* partitions that can get a DRM node */
	bool alloc_all;			/* compute_partition_mem_alloc_mode is ALL */
	struct rp_opt_u64 hive_id, unique_id, vram_total_bytes, vram_used_bytes;
	struct rp_opt_u64 uncorrectable_errors, bad_pages;
	int numa_node;	     /* -1: none */
	uint32_t degraded;   /* bits of enum rp_degraded */
	char reason[160];    /* first of RP_DEGRADED_ODD: file and error; "" */
	uint32_t notes;	     /* bits of enum rp_note */
	unsigned n_expected; /* partitions of its mode; 0: not known */
	struct rocpart_partition *partitions;
	size_t n_partitions;
};

struct rocpart_snapshot {
	atomic_uint refs;
	enum rp_tree_kind kind;
	enum rocpart_backend source;
	uint32_t told; /* bits of enum rp_told */
	struct rp_opt_u64 generation;
	const char *abi; /* static text or NULL */
	bool has_pci, has_drm, has_kfd;
	bool has_usage; /* the kernel shows processes and their memory */
	unsigned n_card_minors;
	unsigned n_hidden_nodes;
	char problem[160];	  /* of a KFD node of which it is not known whose it is; "" */
	struct rocpart_gpu *gpus; /* in BDF order */
	size_t n_gpus;
	struct rocpart_missing_gpu *missing; /* in BDF order; machine/ fills it */
	size_t n_missing;
	struct rp_vendor_rows vendor_rows; /* that this machine adds */
};

static inline bool rp_gpu_is_odd(const struct rocpart_gpu *gpu)
{
	return gpu->degraded & RP_DEGRADED_ODD;
}

/* What the machine does not show and our records do; applied while the snapshot is made. */
struct rp_overlay {
	const char *bdf;
	enum rocpart_memory_mode pending_memory; /* UNKNOWN: none */
	bool cordoned;
	struct rp_opt_u64 recorded_id, former_index; /* of the recorded GPU at that address */
};

/* 0 or -ENOMEM. A file that makes no sense degrades its GPU. */
int rp_snapshot_new(const struct rp_scan *scan, const struct rp_overlay *overlays,
		    size_t n_overlays, struct rocpart_snapshot **ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

void rp_cleanup_snapshot(struct rocpart_snapshot **s);
#define RP_AUTO_SNAPSHOT RP_AUTO(rp_cleanup_snapshot)

const struct rocpart_gpu *rp_snapshot_gpu_by_bdf(const struct rocpart_snapshot *s, const char *bdf);
const struct rocpart_partition *rp_gpu_partition_by_id(const struct rocpart_gpu *gpu, unsigned id);

/* GPU_REPLACED with what is not done about it and the next command: -EPERM. */
int rp_gpu_refuse_replaced(const struct rocpart_gpu *gpu, const char *what,
			   struct rocpart_error *reterr);

/* For messages: "GPU 3 (0000:27:00.0)", "3/6"; by the address alone when s has no such GPU. */
#define RP_GPU_TEXT_SIZE 56
const char *rp_gpu_text(const struct rocpart_snapshot *s, const char *bdf,
			char buf[RP_GPU_TEXT_SIZE]);
const char *rp_partition_text(const struct rocpart_snapshot *s, const char *bdf, unsigned id,
			      char buf[RP_GPU_TEXT_SIZE]);

#endif
