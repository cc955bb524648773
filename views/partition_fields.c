/* SPDX-License-Identifier: MIT */
/* Columns of partitions. */
#include "views/snapshot.h"

static struct rp_json *part_id(const void *o)
{
	return rp_json_u64(rocpart_partition_get_id(o));
}

static struct rp_json *part_name(const void *o)
{
	char text[32];

	(void)rp_fmt(text, sizeof(text), "%zu/%u",
		     rocpart_gpu_get_index(rocpart_partition_get_gpu(o)),
		     rocpart_partition_get_id(o));
	return rp_json_string(text);
}

static struct rp_json *part_bdf(const void *o)
{
	return rp_json_string(rocpart_gpu_get_bdf(rocpart_partition_get_gpu(o)));
}

static struct rp_json *part_mode(const void *o)
{
	const struct rocpart_gpu *gpu = rocpart_partition_get_gpu(o);
	enum rocpart_compute_mode c = rocpart_gpu_get_compute_mode(gpu);
	enum rocpart_memory_mode m = rocpart_gpu_get_memory_mode(gpu);
	char text[32];

	(void)rp_fmt(text, sizeof(text), "%s/%s", c ? rocpart_compute_mode_to_string(c) : "-",
		     m ? rocpart_memory_mode_to_string(m) : "-");
	return rp_json_string(text);
}

static struct rp_json *part_xcds(const void *o)
{
	struct rp_json *list = rp_json_array();
	unsigned first, n;

	rocpart_partition_get_xcds(o, &first, &n);
	for (unsigned i = 0; i < n; i++)
		if (rp_json_append(list, rp_json_u64(first + i)) < 0)
			return rp_json_free(list);
	return list;
}

static struct rp_json *part_cus(const void *o)
{
	return rp_json_u64(rocpart_partition_get_cus(o));
}

static struct rp_json *part_memory(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_partition_get_memory_bytes(o, &v);

	return view_u64_or_null(r, v);
}

static struct rp_json *part_limit(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_partition_get_memory_limit_bytes(o, &v);

	return view_u64_or_null(r, v);
}

static struct rp_json *part_domain(const void *o)
{
	unsigned v = 0;
	int r = rocpart_partition_get_memory_domain(o, &v, NULL);

	return view_u64_or_null(r, v);
}

static struct rp_json *part_domain_bytes(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_partition_get_memory_domain(o, NULL, &v);

	return view_u64_or_null(r, v);
}

static struct rp_json *part_used(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_partition_get_memory_used_bytes(o, &v);

	return view_u64_or_null(r, v);
}

static struct rp_json *part_render(const void *o)
{
	unsigned v = rocpart_partition_get_render_minor(o);

	return v ? rp_json_u64(v) : rp_json_null();
}

static struct rp_json *part_card(const void *o)
{
	unsigned v = 0;
	int r = rocpart_partition_get_card_minor(o, &v);

	return view_u64_or_null(r, v);
}

static struct rp_json *part_node(const void *o)
{
	return rp_json_u64(rocpart_partition_get_kfd_node(o));
}

static struct rp_json *part_gpu_id(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_partition_get_gpu_id(o, &v);

	return view_u64_or_null(r, v);
}

static struct rp_json *part_rocr(const void *o)
{
	unsigned v = 0;
	int r = rocpart_partition_get_rocr_index(o, &v);

	return view_u64_or_null(r, v);
}

const struct view_field view_partition_fields[] = {
	{.key = "partition", .sets = VIEW_DEFAULT, .heading = "PARTITION", .get = part_name},
	{.key = "bdf", .heading = "BDF", .get = part_bdf},
	{.key = "id", .heading = "ID", .get = part_id},
	{.key = "mode", .sets = VIEW_DEFAULT, .heading = "MODE", .get = part_mode},
	{.key = "xcds",
	 .sets = VIEW_DEFAULT,
	 .heading = "XCD",
	 .show = VIEW_SHOW_RANGE,
	 .get = part_xcds},
	{.key = "cus", .sets = VIEW_DEFAULT, .heading = "CUS", .get = part_cus},
	{.key = "memory_bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "MEMORY",
	 .show = VIEW_SHOW_BYTES,
	 .get = part_memory},
	{.key = "memory_limit_bytes",
	 .heading = "LIMIT",
	 .show = VIEW_SHOW_BYTES,
	 .get = part_limit},
	{.key = "memory_domain", .sets = VIEW_DEFAULT, .heading = "DOMAIN", .get = part_domain},
	{.key = "memory_domain_bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "DOMAIN SIZE",
	 .show = VIEW_SHOW_BYTES,
	 .get = part_domain_bytes},
	{.key = "memory_used_bytes", .heading = "USED", .show = VIEW_SHOW_BYTES, .get = part_used},
	{.key = "render_minor", .sets = VIEW_DEFAULT, .heading = "RENDER", .get = part_render},
	{.key = "card_minor", .heading = "CARD", .get = part_card},
	{.key = "kfd_node", .heading = "NODE", .get = part_node},
	{.key = "gpu_id", .heading = "GPU-ID", .get = part_gpu_id},
	{.key = "rocr_index", .sets = VIEW_DEFAULT, .heading = "ROCR", .get = part_rocr},
	{.key = NULL},
};
