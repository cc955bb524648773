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

static const struct {
	const char *field;
	enum rocpart_source (*source)(const struct rocpart_snapshot *s);
} fields[] = {
	{"bdf", of_bdf},
	{"compute_mode", of_compute},
	{"memory_mode", of_memory},
	{"pending_memory_mode", of_pending},
	{"partitionable", of_partitionable},
	{"health", of_health},
	{"partitions", of_partitions},
	{"memory_bytes", of_memory_bytes},
	{"memory_domain", of_domain},
	{"memory_used_bytes", of_used},
	{"render_minor", of_partitions},
	{"card_minor", of_card},
	{"kfd_node", of_partitions},
	{"gpu_id", of_gpu_id},
	{"rocr_index", of_rocr_index},
};

ROCPART_PUBLIC enum rocpart_source
rocpart_snapshot_get_source(const struct rocpart_snapshot *snapshot, const char *field)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(fields); i++)
		if (rp_str_eq(fields[i].field, field))
			return fields[i].source(snapshot);
	return ROCPART_SOURCE_ABSENT;
}

ROCPART_PUBLIC const char *rocpart_snapshot_get_source_name(size_t index)
{
	return index < RP_ARRAY_LEN(fields) ? fields[index].field : NULL;
}

ROCPART_PUBLIC const char *rocpart_source_to_string(enum rocpart_source source)
{
	static const char *const names[] = {"absent", "sysfs", "kfd", "derived", "record"};

	return (size_t)source < RP_ARRAY_LEN(names) ? names[source] : names[0];
}
