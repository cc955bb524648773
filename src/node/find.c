/* SPDX-License-Identifier: MIT */
/* Finding a GPU or a partition by the names that people use. */
#include "base/num.h"
#include "base/strbuf.h"
#include "node/snapshot.h"

const struct rocpart_gpu *rp_snapshot_gpu_by_bdf(const struct rocpart_snapshot *s, const char *bdf)
{
	for (size_t i = 0; i < s->n_gpus; i++) {
		const char *have = s->gpus[i].bdf;

		if (rp_str_eq_nocase(have, bdf) ||
		    (rp_str_starts(have, "0000:") && rp_str_eq_nocase(have + 5, bdf)))
			return &s->gpus[i];
	}
	return NULL;
}

const struct rocpart_partition *rp_gpu_partition_by_id(const struct rocpart_gpu *gpu, unsigned id)
{
	for (size_t i = 0; i < gpu->n_partitions; i++)
		if (gpu->partitions[i].id == id)
			return &gpu->partitions[i];
	return NULL;
}

const char *rp_gpu_text(const struct rocpart_snapshot *s, const char *bdf,
			char buf[RP_GPU_TEXT_SIZE])
{
	const struct rocpart_gpu *gpu = s ? rp_snapshot_gpu_by_bdf(s, bdf) : NULL;

	if (gpu)
		(void)rp_fmt(buf, RP_GPU_TEXT_SIZE, "GPU %zu (%s)", gpu->index, gpu->bdf);
	else
		(void)rp_fmt(buf, RP_GPU_TEXT_SIZE, "GPU %s", bdf);
	return buf;
}

const char *rp_partition_text(const struct rocpart_snapshot *s, const char *bdf, unsigned id,
			      char buf[RP_GPU_TEXT_SIZE])
{
	const struct rocpart_gpu *gpu = s ? rp_snapshot_gpu_by_bdf(s, bdf) : NULL;

	if (gpu)
		(void)rp_fmt(buf, RP_GPU_TEXT_SIZE, "%zu/%u", gpu->index, id);
	else
		(void)rp_fmt(buf, RP_GPU_TEXT_SIZE, "%s/%u", bdf, id);
	return buf;
}

int rp_gpu_refuse_replaced(const struct rocpart_gpu *gpu, const char *what,
			   struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EPERM, ROCPART_ERR_GPU_REPLACED, gpu->bdf,
			   "GPU %zu (%s) is not the GPU that rocpart recorded there, and %s",
			   gpu->index, gpu->bdf, what);
	return rp_error_hint(reterr, "`rocpart accept-gpu %s` records the new GPU", gpu->bdf);
}

/* 16 hex digits, with or without 0x. 1 when found, 0 when not, -ENOTUNIQ. */
static int by_unique_id(const struct rocpart_snapshot *s, const char *name,
			const struct rocpart_gpu **ret)
{
	const char *digits = rp_str_starts(name, "0x") ? name + 2 : name;
	int found = 0;
	uint64_t id;

	if (strlen(digits) != 16 || rp_parse_u64(digits, 16, &id) < 0)
		return 0;
	for (size_t i = 0; i < s->n_gpus; i++) {
		if (!s->gpus[i].unique_id.known || s->gpus[i].unique_id.v != id)
			continue;
		if (found++)
			return -ENOTUNIQ;
		*ret = &s->gpus[i];
	}
	return found;
}

ROCPART_PUBLIC int rocpart_snapshot_find_gpu(const struct rocpart_snapshot *snapshot,
					     const char *name, const struct rocpart_gpu **ret_gpu,
					     struct rocpart_error *reterr)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(snapshot, name);
	uint64_t index;
	int r;

	if (!gpu && rp_parse_u64(name, 10, &index) == 0 && index < snapshot->n_gpus)
		gpu = &snapshot->gpus[index];
	if (!gpu) {
		r = by_unique_id(snapshot, name, &gpu);
		if (r == -ENOTUNIQ) {
			rp_error_set(reterr, r, ROCPART_ERR_NOT_FOUND, name,
				     "several GPUs have the unique id '%s'", name);
			(void)rp_error_hint(reterr, "name the GPU by its PCI address");
			return r;
		}
	}
	if (!gpu) {
		rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, name,
			     "this machine has no GPU '%s'", name);
		(void)rp_error_hint(
			reterr,
			"name a GPU by index, PCI address or unique id; `rocpart list` shows them");
		return -ENOENT;
	}
	*ret_gpu = gpu;
	return 0;
}

ROCPART_PUBLIC int rocpart_snapshot_find_partition(const struct rocpart_snapshot *snapshot,
						   const char *name,
						   const struct rocpart_partition **ret_partition,
						   struct rocpart_error *reterr)
{
	const char *slash = strrchr(name, '/');
	RP_AUTO_FREE char *gpu_name = NULL;
	const struct rocpart_partition *p;
	const struct rocpart_gpu *gpu = NULL;
	uint32_t id;
	int r;

	if (!slash || rp_parse_u32(slash + 1, 10, &id) < 0)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, name,
				    "'%s' is not a partition: give GPU/ID, such as 0/3", name);
	gpu_name = rp_strndup(name, (size_t)(slash - name));
	if (!gpu_name)
		return rp_error_nomem(reterr);
	r = rocpart_snapshot_find_gpu(snapshot, gpu_name, &gpu, reterr);
	if (r < 0)
		return r;
	p = rp_gpu_partition_by_id(gpu, id);
	if (!p)
		return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, name,
				    "GPU %zu (%s) has no partition %u, only %zu partitions from 0",
				    gpu->index, gpu->bdf, id, gpu->n_partitions);
	*ret_partition = p;
	return 0;
}
