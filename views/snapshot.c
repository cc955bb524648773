/* SPDX-License-Identifier: MIT */
#include "views/snapshot.h"

#include "views/leases.h"
#include "views/missing.h"

static struct rp_json *gpu_json(const struct rocpart_gpu *gpu)
{
	struct rp_json *j = view_object_json(view_gpu_fields, gpu), *list = rp_json_array();
	const struct rocpart_partition *p;
	int r = 0;

	for (size_t i = 0; r == 0 && (p = rocpart_gpu_get_partition(gpu, i)); i++)
		r = rp_json_append(list, view_object_json(view_partition_fields, p));
	r |= rp_json_set(j, "partitions", list);
	return view_finish(j, r);
}

/* {"backend": "sysfs", "abi": "g3", "bdf": "sysfs", ...}: what told which part. */
static struct rp_json *sources_json(const struct rocpart_snapshot *s)
{
	struct rp_json *j = rp_json_object();
	const char *name;
	int r = rp_json_set_string(j, "backend",
				   rocpart_backend_to_string(rocpart_snapshot_get_backend(s)));

	r |= rp_json_set_string(j, "abi", rocpart_snapshot_get_abi(s));
	for (size_t i = 0; r == 0 && (name = rocpart_snapshot_get_source_name(i)); i++)
		r = rp_json_set_string(
			j, name, rocpart_source_to_string(rocpart_snapshot_get_source(s, name)));
	return view_finish(j, r);
}

static struct rp_json *gpus_json(const struct rocpart_snapshot *s)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_gpu *gpu;
	int r = 0;

	for (size_t i = 0; r == 0 && (gpu = rocpart_snapshot_get_gpu(s, i)); i++)
		r = rp_json_append(list, gpu_json(gpu));
	return view_finish(list, r);
}

struct rp_json *view_list(struct view_machine about, const struct rocpart_snapshot *s)
{
	struct rp_json *j = view_document(about);
	uint64_t generation = 0;
	int has_generation = rocpart_snapshot_get_generation(s, &generation);
	int r = rp_json_set(j, "sources", sources_json(s));

	r |= rp_json_set(j, "generation", view_u64_or_null(has_generation, generation));
	r |= rp_json_set(j, "problem", view_text_or_null(rocpart_snapshot_get_problem(s)));
	r |= rp_json_set(j, "gpus", gpus_json(s));
	r |= view_put_missing(j, s);
	return view_finish(j, r);
}

/* Null as the leases are. */
static struct rp_json *idle_json(const struct rocpart_leases *leases)
{
	struct rp_json *list = leases ? rp_json_array() : rp_json_null();
	uint32_t pid;
	int r = 0;

	for (size_t i = 0; leases && r == 0 && (pid = rocpart_leases_get_idle_process(leases, i));
	     i++)
		r = rp_json_append(list, rp_json_u64(pid));
	return view_finish(list, r);
}

struct rp_json *view_status(struct view_machine about, const struct rocpart_snapshot *s,
			    const struct rocpart_leases *leases)
{
	struct rp_json *j = view_list(about, s);
	int r = view_put_leases(j, leases) | rp_json_set(j, "idle_processes", idle_json(leases));

	return view_finish(j, r);
}

struct rp_json *view_gpu(struct view_machine about, const struct rocpart_gpu *gpu)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set(j, "gpu", gpu_json(gpu)));
}

struct rp_json *view_partition(struct view_machine about, const struct rocpart_partition *p)
{
	struct rp_json *j = view_document(about);

	return view_finish(j,
			   rp_json_set(j, "partition", view_object_json(view_partition_fields, p)));
}

struct view_table *view_gpu_table(const struct rocpart_snapshot *s,
				  const struct view_layout *layout)
{
	struct view_table *t = view_table_new(view_gpu_fields, layout);
	const struct rocpart_gpu *gpu;
	int r = 0;

	for (size_t i = 0; r == 0 && (gpu = rocpart_snapshot_get_gpu(s, i)); i++)
		r = view_table_add(t, gpu);
	return r < 0 ? view_table_free(t) : t;
}

struct view_table *view_partition_table(const struct rocpart_snapshot *s,
					const struct view_layout *layout)
{
	struct view_table *t = view_table_new(view_partition_fields, layout);
	const struct rocpart_partition *p;
	const struct rocpart_gpu *gpu;
	int r = 0;

	for (size_t i = 0; r == 0 && (gpu = rocpart_snapshot_get_gpu(s, i)); i++)
		for (size_t k = 0; r == 0 && (p = rocpart_gpu_get_partition(gpu, k)); k++)
			r = view_table_add(t, p);
	return r < 0 ? view_table_free(t) : t;
}
