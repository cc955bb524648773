/* SPDX-License-Identifier: MIT */
#include "views/snapshot.h"

struct rp_json *view_gpu_json(const struct rocpart_gpu *gpu)
{
	struct rp_json *j = view_object_json(view_gpu_fields, gpu), *list = rp_json_array();
	const struct rocpart_partition *p;
	int r = 0;

	for (size_t i = 0; r == 0 && (p = rocpart_gpu_get_partition(gpu, i)); i++)
		r = rp_json_append(list, view_object_json(view_partition_fields, p));
	if (rp_json_set(j, "partitions", list) < 0 || r < 0)
		return rp_json_free(j);
	return j;
}

struct rp_json *view_sources_json(const struct rocpart_snapshot *snapshot)
{
	struct rp_json *j = rp_json_object();
	const char *name;
	int r = rp_json_set_string(
		j, "backend", rocpart_backend_to_string(rocpart_snapshot_get_backend(snapshot)));

	if (r == 0)
		r = rp_json_set_string(j, "abi", rocpart_snapshot_get_abi(snapshot));
	for (size_t i = 0; r == 0 && (name = rocpart_snapshot_get_source_name(i)); i++)
		r = rp_json_set_string(
			j, name,
			rocpart_source_to_string(rocpart_snapshot_get_source(snapshot, name)));
	return r < 0 ? rp_json_free(j) : j;
}

struct view_table *view_gpu_table(const struct rocpart_snapshot *s, const char *columns)
{
	struct view_table *t = view_table_new(view_gpu_fields, columns);
	const struct rocpart_gpu *gpu;
	int r = 0;

	for (size_t i = 0; r == 0 && (gpu = rocpart_snapshot_get_gpu(s, i)); i++)
		r = view_table_add(t, gpu);
	return r < 0 ? view_table_free(t) : t;
}

struct view_table *view_partition_table(const struct rocpart_snapshot *s, const char *columns)
{
	struct view_table *t = view_table_new(view_partition_fields, columns);
	const struct rocpart_partition *p;
	const struct rocpart_gpu *gpu;
	int r = 0;

	for (size_t i = 0; r == 0 && (gpu = rocpart_snapshot_get_gpu(s, i)); i++)
		for (size_t k = 0; r == 0 && (p = rocpart_gpu_get_partition(gpu, k)); k++)
			r = view_table_add(t, p);
	return r < 0 ? view_table_free(t) : t;
}
