/* SPDX-License-Identifier: MIT */
/* Where each kind of value of a snapshot came from. */
#include "base/strbuf.h"
#include "node/snapshot.h"

static bool any_gpu(const struct rocpart_snapshot *s, bool (*has)(const struct rocpart_gpu *))
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (has(&s->gpus[i]))
			return true;
	return false;
}

static bool any_partition(const struct rocpart_snapshot *s,
			  bool (*has)(const struct rocpart_partition *))
{
	for (size_t i = 0; i < s->n_gpus; i++)
		for (size_t k = 0; k < s->gpus[i].n_partitions; k++)
			if (has(&s->gpus[i].partitions[k]))
				return true;
	return false;
}

static bool has_read_compute(const struct rocpart_gpu *g)
{
	return g->compute != ROCPART_COMPUTE_UNKNOWN && !g->compute_derived;
}

static bool has_derived_compute(const struct rocpart_gpu *g)
{
	return g->compute_derived;
}

static bool has_memory_mode(const struct rocpart_gpu *g)
{
	return g->memory != ROCPART_MEMORY_UNKNOWN;
}

static bool has_partitionable(const struct rocpart_gpu *g)
{
	return g->partitionable != RP_UNKNOWN;
}

static bool has_health(const struct rocpart_gpu *g)
{
	return g->uncorrectable_errors.known || g->bad_pages.known;
}

static bool has_pending(const struct rocpart_gpu *g)
{
	return g->pending_memory != ROCPART_MEMORY_UNKNOWN;
}

static bool has_memory_bytes(const struct rocpart_partition *p)
{
	return p->memory_bytes.known;
}

static bool has_domain(const struct rocpart_partition *p)
{
	return p->memory_domain.known;
}

static bool has_card(const struct rocpart_partition *p)
{
	return p->card_minor.known;
}

static bool has_gpu_id(const struct rocpart_partition *p)
{
	return p->gpu_id.known;
}

static bool has_rocr_index(const struct rocpart_partition *p)
{
	return p->rocr_index.known;
}

static enum rocpart_source if_true(bool b, enum rocpart_source s)
{
	return b ? s : ROCPART_SOURCE_ABSENT;
}

static enum rocpart_source of_partitions(const struct rocpart_snapshot *s)
{
	return if_true(s->has_kfd, ROCPART_SOURCE_KFD);
}

static enum rocpart_source of_bdf(const struct rocpart_snapshot *s)
{
	return s->has_pci ? ROCPART_SOURCE_SYSFS : of_partitions(s);
}

static enum rocpart_source of_compute(const struct rocpart_snapshot *s)
{
	return any_gpu(s, has_read_compute)
		       ? ROCPART_SOURCE_SYSFS
		       : if_true(any_gpu(s, has_derived_compute), ROCPART_SOURCE_DERIVED);
}

static enum rocpart_source of_memory(const struct rocpart_snapshot *s)
{
	return if_true(any_gpu(s, has_memory_mode), ROCPART_SOURCE_SYSFS);
}

static enum rocpart_source of_pending(const struct rocpart_snapshot *s)
{
	return if_true(any_gpu(s, has_pending), ROCPART_SOURCE_RECORD);
}

static enum rocpart_source of_partitionable(const struct rocpart_snapshot *s)
{
	return if_true(any_gpu(s, has_partitionable), ROCPART_SOURCE_SYSFS);
}

static enum rocpart_source of_health(const struct rocpart_snapshot *s)
{
	return if_true(any_gpu(s, has_health), ROCPART_SOURCE_SYSFS);
}

static enum rocpart_source of_memory_bytes(const struct rocpart_snapshot *s)
{
	return if_true(any_partition(s, has_memory_bytes), ROCPART_SOURCE_KFD);
}

static enum rocpart_source of_domain(const struct rocpart_snapshot *s)
{
	return if_true(any_partition(s, has_domain), ROCPART_SOURCE_DERIVED);
}

static enum rocpart_source of_card(const struct rocpart_snapshot *s)
{
	return if_true(any_partition(s, has_card), ROCPART_SOURCE_SYSFS);
}

static enum rocpart_source of_gpu_id(const struct rocpart_snapshot *s)
{
	return if_true(any_partition(s, has_gpu_id), ROCPART_SOURCE_KFD);
}

static enum rocpart_source of_rocr_index(const struct rocpart_snapshot *s)
{
	return if_true(any_partition(s, has_rocr_index), ROCPART_SOURCE_DERIVED);
}

static enum rocpart_source of_used(const struct rocpart_snapshot *s)
{
	return if_true(s->has_usage, ROCPART_SOURCE_KFD);
}

static enum rocpart_source of_backend(const struct rocpart_snapshot *s)
{
	return s->source == ROCPART_BACKEND_AMD_SMI ? ROCPART_SOURCE_AMD_SMI
						    : ROCPART_SOURCE_LIBAMD_SMI;
}

static const struct {
	const char *field;
	enum rocpart_source (*source)(const struct rocpart_snapshot *s);
	uint32_t told; /* bit of enum rp_told, 0: always the kernel's files or ourselves */
} fields[] = {
	{"bdf", of_bdf, 0},
	{"compute_mode", of_compute, RP_TOLD_COMPUTE},
	{"memory_mode", of_memory, RP_TOLD_MEMORY},
	{"pending_memory_mode", of_pending, 0},
	{"partitionable", of_partitionable, 0},
	{"health", of_health, 0},
	{"partitions", of_partitions, 0},
	{"memory_bytes", of_memory_bytes, 0},
	{"memory_domain", of_domain, 0},
	{"memory_used_bytes", of_used, 0},
	{"render_minor", of_partitions, RP_TOLD_RENDER},
	{"card_minor", of_card, RP_TOLD_CARD},
	{"kfd_node", of_partitions, 0},
	{"gpu_id", of_gpu_id, RP_TOLD_GPU_ID},
	{"rocr_index", of_rocr_index, 0},
};

ROCPART_PUBLIC enum rocpart_source
rocpart_snapshot_get_source(const struct rocpart_snapshot *snapshot, const char *field)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(fields); i++) {
		if (!rp_str_eq(fields[i].field, field))
			continue;
		return snapshot->told & fields[i].told ? of_backend(snapshot)
						       : fields[i].source(snapshot);
	}
	return ROCPART_SOURCE_ABSENT;
}

ROCPART_PUBLIC const char *rocpart_snapshot_get_source_name(size_t index)
{
	return index < RP_ARRAY_LEN(fields) ? fields[index].field : NULL;
}

ROCPART_PUBLIC const char *rocpart_source_to_string(enum rocpart_source source)
{
	static const char *const names[] = {"absent", "sysfs",	    "kfd",    "derived",
					    "record", "libamd_smi", "amd-smi"};

	return (size_t)source < RP_ARRAY_LEN(names) ? names[source] : names[0];
}

ROCPART_PUBLIC enum rocpart_backend
rocpart_snapshot_get_backend(const struct rocpart_snapshot *snapshot)
{
	return snapshot->source;
}
