/* SPDX-License-Identifier: MIT */
/* The plain getters of include/rocpart/node.h. */
#include "base/num.h"
#include "node/snapshot.h"

static const char *const degraded_names[RP_N_DEGRADED] = {
	[RP_DEGRADED_PARTITION_MISSING] = "partition-missing",
	[RP_DEGRADED_MODE_MISMATCH] = "mode-mismatch",
	[RP_DEGRADED_HIDDEN_BY_CGROUP] = "hidden-by-cgroup",
	[RP_DEGRADED_PENDING_RELOAD] = "pending-reload",
	[RP_DEGRADED_UNHEALTHY] = "unhealthy",
	[RP_DEGRADED_GPU_REPLACED] = "gpu-replaced",
	[RP_DEGRADED_MODE_UNREADABLE] = "mode-unreadable",
	[RP_DEGRADED_MODE_UNKNOWN] = "mode-unknown",
	[RP_DEGRADED_IN_RESET] = "in-reset",
	[RP_DEGRADED_NODE_UNREADABLE] = "node-unreadable",
	[RP_DEGRADED_FILE_UNREADABLE] = "file-unreadable",
	[RP_DEGRADED_UNKNOWN_WORD] = "unknown-word",
	[RP_DEGRADED_SHARED_ADDRESS] = "shared-address",
	[RP_DEGRADED_NO_RENDER_NODE] = "no-render-node",
};

static const char *const note_names[RP_N_NOTES] = {
	[RP_NOTE_DUPLICATE_UNIQUE_ID] = "duplicate-unique-id",
	[RP_NOTE_XCP_DOT_NAMING] = "xcp-dot-naming",
	[RP_NOTE_READ_ONLY_FILES] = "read-only-files",
	[RP_NOTE_CORDONED] = "cordoned",
	[RP_NOTE_BAD_PAGES] = "bad-pages",
	[RP_NOTE_MEM_ALLOC_ALL] = "mem-alloc-all",
	[RP_NOTE_MODE_OF_HOST] = "mode-of-host",
};

static int get_u64(struct rp_opt_u64 o, uint64_t *ret)
{
	if (!o.known)
		return -ENODATA;
	*ret = o.v;
	return 0;
}

static int get_unsigned(struct rp_opt_u64 o, unsigned *ret)
{
	if (!o.known || o.v > UINT32_MAX)
		return -ENODATA;
	*ret = (unsigned)o.v;
	return 0;
}

/* Name of the index-th bit that is set. */
static const char *nth_name(uint32_t bits, const char *const *names, size_t n, size_t index)
{
	for (size_t i = 0; i < n; i++)
		if (bits & 1U << i && index-- == 0)
			return names[i];
	return NULL;
}

ROCPART_PUBLIC enum rocpart_machine_kind
rocpart_snapshot_get_kind(const struct rocpart_snapshot *snapshot)
{
	switch (snapshot->kind) {
	case RP_TREE_SIM:
		return ROCPART_MACHINE_SIM;
	case RP_TREE_CAPTURE:
		return ROCPART_MACHINE_CAPTURE;
	case RP_TREE_REAL:
	case RP_TREE_STATE:
	default:
		return ROCPART_MACHINE_REAL;
	}
}

ROCPART_PUBLIC int rocpart_snapshot_get_generation(const struct rocpart_snapshot *snapshot,
						   uint64_t *ret_generation)
{
	return get_u64(snapshot->generation, ret_generation);
}

ROCPART_PUBLIC const char *rocpart_snapshot_get_abi(const struct rocpart_snapshot *snapshot)
{
	return snapshot->abi;
}

ROCPART_PUBLIC size_t rocpart_snapshot_get_gpu_count(const struct rocpart_snapshot *snapshot)
{
	return snapshot->n_gpus;
}

ROCPART_PUBLIC const struct rocpart_gpu *
rocpart_snapshot_get_gpu(const struct rocpart_snapshot *snapshot, size_t index)
{
	return index < snapshot->n_gpus ? &snapshot->gpus[index] : NULL;
}

ROCPART_PUBLIC size_t rocpart_gpu_get_index(const struct rocpart_gpu *gpu)
{
	return gpu->index;
}

ROCPART_PUBLIC const char *rocpart_gpu_get_bdf(const struct rocpart_gpu *gpu)
{
	return gpu->bdf;
}

ROCPART_PUBLIC const char *rocpart_gpu_get_product(const struct rocpart_gpu *gpu)
{
	return gpu->product ? gpu->product->name : NULL;
}

ROCPART_PUBLIC const char *rocpart_gpu_get_vbios(const struct rocpart_gpu *gpu)
{
	return gpu->vbios;
}

ROCPART_PUBLIC int rocpart_gpu_get_newer_firmware(const struct rocpart_gpu *gpu,
						  enum rocpart_memory_mode *ret_mode,
						  const char **ret_firmware)
{
	const struct rp_product *p = gpu->product;
	uint32_t missing;

	if (!p || !p->firmware || gpu->is_guest || !gpu->has_memory_available)
		return -ENODATA;
	missing = p->firmware_modes & ~gpu->memory_available;
	for (unsigned m = ROCPART_MEMORY_NPS1; m <= ROCPART_MEMORY_NPS8; m++) {
		if (!(missing & 1U << m))
			continue;
		*ret_mode = (enum rocpart_memory_mode)m;
		*ret_firmware = p->firmware;
		return 0;
	}
	return -ENODATA;
}

ROCPART_PUBLIC uint32_t rocpart_gpu_get_device_id(const struct rocpart_gpu *gpu)
{
	return gpu->device_id;
}

ROCPART_PUBLIC enum rocpart_compute_mode rocpart_gpu_get_compute_mode(const struct rocpart_gpu *gpu)
{
	return gpu->compute;
}

ROCPART_PUBLIC bool rocpart_gpu_is_compute_mode_derived(const struct rocpart_gpu *gpu)
{
	return gpu->compute_derived;
}

ROCPART_PUBLIC enum rocpart_memory_mode rocpart_gpu_get_memory_mode(const struct rocpart_gpu *gpu)
{
	return gpu->memory;
}

ROCPART_PUBLIC enum rocpart_memory_mode
rocpart_gpu_get_pending_memory_mode(const struct rocpart_gpu *gpu)
{
	return gpu->pending_memory;
}

ROCPART_PUBLIC int rocpart_gpu_get_partitionable(const struct rocpart_gpu *gpu,
						 bool *ret_partitionable)
{
	if (gpu->partitionable == RP_UNKNOWN)
		return -ENODATA;
	*ret_partitionable = gpu->partitionable == RP_YES;
	return 0;
}

ROCPART_PUBLIC int rocpart_gpu_get_health(const struct rocpart_gpu *gpu,
					  uint64_t *ret_uncorrectable, uint64_t *ret_bad_pages)
{
	if (!gpu->uncorrectable_errors.known && !gpu->bad_pages.known)
		return -ENODATA;
	if (ret_uncorrectable)
		*ret_uncorrectable = gpu->uncorrectable_errors.v;
	if (ret_bad_pages)
		*ret_bad_pages = gpu->bad_pages.v;
	return gpu->degraded & 1U << RP_DEGRADED_UNHEALTHY ? 0 : 1;
}

ROCPART_PUBLIC const char *rocpart_gpu_get_degraded(const struct rocpart_gpu *gpu, size_t index)
{
	return nth_name(gpu->degraded, degraded_names, RP_N_DEGRADED, index);
}

ROCPART_PUBLIC const char *rocpart_gpu_get_degraded_reason(const struct rocpart_gpu *gpu)
{
	return *gpu->reason ? gpu->reason : NULL;
}

ROCPART_PUBLIC const char *rocpart_snapshot_get_problem(const struct rocpart_snapshot *snapshot)
{
	return *snapshot->problem ? snapshot->problem : NULL;
}

ROCPART_PUBLIC const char *rocpart_gpu_get_note(const struct rocpart_gpu *gpu, size_t index)
{
	return nth_name(gpu->notes, note_names, RP_N_NOTES, index);
}

ROCPART_PUBLIC int rocpart_gpu_get_former_index(const struct rocpart_gpu *gpu, unsigned *ret_index)
{
	return get_unsigned(gpu->former_index, ret_index);
}

ROCPART_PUBLIC const struct rocpart_missing_gpu *
rocpart_snapshot_get_missing(const struct rocpart_snapshot *snapshot, size_t index)
{
	return index < snapshot->n_missing ? &snapshot->missing[index] : NULL;
}

ROCPART_PUBLIC const char *rocpart_missing_where_to_string(enum rocpart_missing_where where)
{
	switch (where) {
	case ROCPART_MISSING_OFF_BUS:
		return "off-bus";
	case ROCPART_MISSING_WITHOUT_DRIVER:
		return "without-driver";
	case ROCPART_MISSING_OTHER_DRIVER:
		return "other-driver";
	case ROCPART_MISSING_UNKNOWN:
	default:
		return "unknown";
	}
}

ROCPART_PUBLIC const char *rocpart_missing_where_describe(enum rocpart_missing_where where)
{
	switch (where) {
	case ROCPART_MISSING_OFF_BUS:
		return "it is not on the PCI bus";
	case ROCPART_MISSING_WITHOUT_DRIVER:
		return "it is on the PCI bus without driver";
	case ROCPART_MISSING_OTHER_DRIVER:
		return "it is on the PCI bus with another driver than amdgpu";
	case ROCPART_MISSING_UNKNOWN:
	default:
		return "its place on the PCI bus cannot be read";
	}
}

ROCPART_PUBLIC int rocpart_gpu_get_numa_node(const struct rocpart_gpu *gpu, unsigned *ret_numa_node)
{
	if (gpu->numa_node < 0)
		return -ENODATA;
	*ret_numa_node = (unsigned)gpu->numa_node;
	return 0;
}

ROCPART_PUBLIC int rocpart_gpu_get_hive_id(const struct rocpart_gpu *gpu, uint64_t *ret_hive_id)
{
	return get_u64(gpu->hive_id, ret_hive_id);
}

ROCPART_PUBLIC int rocpart_gpu_get_unique_id(const struct rocpart_gpu *gpu, uint64_t *ret_unique_id)
{
	return get_u64(gpu->unique_id, ret_unique_id);
}

ROCPART_PUBLIC unsigned rocpart_gpu_get_xcd_count(const struct rocpart_gpu *gpu)
{
	return gpu->n_xcds;
}

ROCPART_PUBLIC int rocpart_gpu_get_memory_used_bytes(const struct rocpart_gpu *gpu,
						     uint64_t *ret_bytes)
{
	return get_u64(gpu->vram_used_bytes, ret_bytes);
}

ROCPART_PUBLIC size_t rocpart_gpu_get_partition_count(const struct rocpart_gpu *gpu)
{
	return gpu->n_partitions;
}

ROCPART_PUBLIC size_t rocpart_gpu_get_expected_partition_count(const struct rocpart_gpu *gpu)
{
	return gpu->n_expected;
}

ROCPART_PUBLIC const struct rocpart_partition *
rocpart_gpu_get_partition(const struct rocpart_gpu *gpu, size_t index)
{
	return index < gpu->n_partitions ? &gpu->partitions[index] : NULL;
}

ROCPART_PUBLIC const struct rocpart_gpu *
rocpart_partition_get_gpu(const struct rocpart_partition *partition)
{
	return partition->gpu;
}

ROCPART_PUBLIC unsigned rocpart_partition_get_id(const struct rocpart_partition *partition)
{
	return partition->id;
}

ROCPART_PUBLIC void rocpart_partition_get_xcds(const struct rocpart_partition *partition,
					       unsigned *ret_first, unsigned *ret_count)
{
	*ret_first = partition->first_xcd;
	*ret_count = partition->n_xcds;
}

ROCPART_PUBLIC unsigned rocpart_partition_get_cus(const struct rocpart_partition *partition)
{
	return partition->cus;
}

ROCPART_PUBLIC int rocpart_partition_get_memory_bytes(const struct rocpart_partition *partition,
						      uint64_t *ret_bytes)
{
	return get_u64(partition->memory_bytes, ret_bytes);
}

ROCPART_PUBLIC int
rocpart_partition_get_memory_limit_bytes(const struct rocpart_partition *partition,
					 uint64_t *ret_bytes)
{
	return get_u64(partition->limit_bytes, ret_bytes);
}

ROCPART_PUBLIC int rocpart_partition_get_memory_domain(const struct rocpart_partition *partition,
						       unsigned *ret_domain, uint64_t *ret_bytes)
{
	if (!partition->memory_domain.known || (ret_bytes && !partition->memory_domain_bytes.known))
		return -ENODATA;
	if (ret_domain)
		*ret_domain = (unsigned)partition->memory_domain.v;
	if (ret_bytes)
		*ret_bytes = partition->memory_domain_bytes.v;
	return 0;
}

ROCPART_PUBLIC int
rocpart_partition_get_memory_used_bytes(const struct rocpart_partition *partition,
					uint64_t *ret_bytes)
{
	return get_u64(partition->memory_used_bytes, ret_bytes);
}

ROCPART_PUBLIC unsigned
rocpart_partition_get_render_minor(const struct rocpart_partition *partition)
{
	return partition->render_minor;
}

ROCPART_PUBLIC int rocpart_partition_get_card_minor(const struct rocpart_partition *partition,
						    unsigned *ret_minor)
{
	return get_unsigned(partition->card_minor, ret_minor);
}

ROCPART_PUBLIC unsigned rocpart_partition_get_kfd_node(const struct rocpart_partition *partition)
{
	return partition->kfd_node;
}

ROCPART_PUBLIC int rocpart_partition_get_gpu_id(const struct rocpart_partition *partition,
						uint64_t *ret_gpu_id)
{
	return get_u64(partition->gpu_id, ret_gpu_id);
}

ROCPART_PUBLIC int rocpart_partition_get_rocr_index(const struct rocpart_partition *partition,
						    unsigned *ret_index)
{
	return get_unsigned(partition->rocr_index, ret_index);
}
