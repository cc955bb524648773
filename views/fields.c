/* SPDX-License-Identifier: MIT */
#include "views/fields.h"

static struct rp_json *text_or_null(const char *s)
{
	return s ? rp_json_string(s) : rp_json_null();
}

static struct rp_json *u64_or_null(int r, uint64_t v)
{
	return r < 0 ? rp_json_null() : rp_json_u64(v);
}

static struct rp_json *hex_or_null(int r, uint64_t v)
{
	char text[24];

	(void)rp_fmt(text, sizeof(text), "%016llx", (unsigned long long)v);
	return r < 0 ? rp_json_null() : rp_json_string(text);
}

/* ---- GPUs ---- */

static struct rp_json *gpu_index(const void *o)
{
	return rp_json_u64(rocpart_gpu_get_index(o));
}

static struct rp_json *gpu_bdf(const void *o)
{
	return rp_json_string(rocpart_gpu_get_bdf(o));
}

static struct rp_json *gpu_product(const void *o)
{
	return text_or_null(rocpart_gpu_get_product(o));
}

static struct rp_json *gpu_device_id(const void *o)
{
	char text[16];

	(void)rp_fmt(text, sizeof(text), "0x%04x", rocpart_gpu_get_device_id(o));
	return rp_json_string(text);
}

static struct rp_json *gpu_compute(const void *o)
{
	enum rocpart_compute_mode m = rocpart_gpu_get_compute_mode(o);

	return text_or_null(m ? rocpart_compute_mode_to_string(m) : NULL);
}

static struct rp_json *memory_name(enum rocpart_memory_mode m)
{
	return text_or_null(m ? rocpart_memory_mode_to_string(m) : NULL);
}

static struct rp_json *gpu_memory(const void *o)
{
	return memory_name(rocpart_gpu_get_memory_mode(o));
}

static struct rp_json *gpu_pending(const void *o)
{
	return memory_name(rocpart_gpu_get_pending_memory_mode(o));
}

static struct rp_json *gpu_partitionable(const void *o)
{
	bool b = false;

	return rocpart_gpu_get_partitionable(o, &b) < 0 ? rp_json_null() : rp_json_bool(b);
}

static struct rp_json *gpu_health(const void *o)
{
	int r = rocpart_gpu_get_health(o, NULL, NULL);

	return text_or_null(r < 0 ? NULL : r ? "ok" : "unhealthy");
}

static struct rp_json *codes(const void *o,
			     const char *(*get)(const struct rocpart_gpu *gpu, size_t index))
{
	struct rp_json *list = rp_json_array();
	const char *code;

	for (size_t i = 0; (code = get(o, i)); i++)
		if (rp_json_append(list, rp_json_string(code)) < 0)
			return rp_json_free(list);
	return list;
}

static struct rp_json *gpu_degraded(const void *o)
{
	return codes(o, rocpart_gpu_get_degraded);
}

static struct rp_json *gpu_notes(const void *o)
{
	return codes(o, rocpart_gpu_get_note);
}

static struct rp_json *gpu_uncorrectable(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_gpu_get_health(o, &v, NULL);

	return u64_or_null(r, v);
}

static struct rp_json *gpu_bad_pages(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_gpu_get_health(o, NULL, &v);

	return u64_or_null(r, v);
}

static struct rp_json *gpu_numa(const void *o)
{
	unsigned v = 0;
	int r = rocpart_gpu_get_numa_node(o, &v);

	return u64_or_null(r, v);
}

static struct rp_json *gpu_hive(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_gpu_get_hive_id(o, &v);

	return hex_or_null(r, v);
}

static struct rp_json *gpu_unique_id(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_gpu_get_unique_id(o, &v);

	return hex_or_null(r, v);
}

static struct rp_json *gpu_xcds(const void *o)
{
	unsigned n = rocpart_gpu_get_xcd_count(o);

	return n ? rp_json_u64(n) : rp_json_null();
}

static struct rp_json *gpu_used(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_gpu_get_memory_used_bytes(o, &v);

	return u64_or_null(r, v);
}

static struct rp_json *gpu_n_partitions(const void *o)
{
	return rp_json_u64(rocpart_gpu_get_partition_count(o));
}

/* Smallest of its partitions: what a model can count on wherever it lands. */
static struct rp_json *gpu_each(const void *o)
{
	const struct rocpart_partition *p;
	uint64_t v, least = UINT64_MAX;

	for (size_t i = 0; (p = rocpart_gpu_get_partition(o, i)); i++)
		if (rocpart_partition_get_memory_bytes(p, &v) == 0 && v < least)
			least = v;
	return u64_or_null(least == UINT64_MAX ? -ENODATA : 0, least);
}

static struct rp_json *gpu_domain(const void *o)
{
	const struct rocpart_partition *p;
	uint64_t v, least = UINT64_MAX;

	for (size_t i = 0; (p = rocpart_gpu_get_partition(o, i)); i++)
		if (rocpart_partition_get_memory_domain(p, NULL, &v) == 0 && v < least)
			least = v;
	return u64_or_null(least == UINT64_MAX ? -ENODATA : 0, least);
}

const struct view_field view_gpu_fields[] = {
	{"index", "GPU", VIEW_SHOW_TEXT, gpu_index},
	{"bdf", "BDF", VIEW_SHOW_TEXT, gpu_bdf},
	{"product", "PRODUCT", VIEW_SHOW_TEXT, gpu_product},
	{"device_id", "DEVICE", VIEW_SHOW_TEXT, gpu_device_id},
	{"compute_mode", "COMPUTE", VIEW_SHOW_TEXT, gpu_compute},
	{"memory_mode", "MEMORY", VIEW_SHOW_TEXT, gpu_memory},
	{"pending_memory_mode", "PENDING", VIEW_SHOW_TEXT, gpu_pending},
	{"partitionable", "SWITCHABLE", VIEW_SHOW_TEXT, gpu_partitionable},
	{"health", "HEALTH", VIEW_SHOW_TEXT, gpu_health},
	{"degraded", "DEGRADED", VIEW_SHOW_LIST, gpu_degraded},
	{"notes", "NOTES", VIEW_SHOW_LIST, gpu_notes},
	{"uncorrectable_errors", "ERRORS", VIEW_SHOW_TEXT, gpu_uncorrectable},
	{"bad_pages", "BAD-PAGES", VIEW_SHOW_TEXT, gpu_bad_pages},
	{"numa_node", "NUMA", VIEW_SHOW_TEXT, gpu_numa},
	{"hive_id", "HIVE", VIEW_SHOW_TEXT, gpu_hive},
	{"unique_id", "UNIQUE-ID", VIEW_SHOW_TEXT, gpu_unique_id},
	{"n_xcds", "XCDS", VIEW_SHOW_TEXT, gpu_xcds},
	{"memory_used_bytes", "USED", VIEW_SHOW_BYTES, gpu_used},
	{"n_partitions", "PARTS", VIEW_SHOW_TEXT, gpu_n_partitions},
	{"partition_memory_bytes", "EACH", VIEW_SHOW_BYTES, gpu_each},
	{"partition_domain_bytes", "DOMAIN", VIEW_SHOW_BYTES, gpu_domain},
	{NULL, NULL, VIEW_SHOW_NEVER, NULL},
};

/* ---- partitions ---- */

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
	return gpu_bdf(rocpart_partition_get_gpu(o));
}

static struct rp_json *part_mode(const void *o)
{
	const struct rocpart_gpu *gpu = rocpart_partition_get_gpu(o);
	enum rocpart_memory_mode m = rocpart_gpu_get_memory_mode(gpu);
	char text[32];

	(void)rp_fmt(text, sizeof(text), "%s/%s",
		     rocpart_compute_mode_to_string(rocpart_gpu_get_compute_mode(gpu)),
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

	return u64_or_null(r, v);
}

static struct rp_json *part_domain(const void *o)
{
	unsigned v = 0;
	int r = rocpart_partition_get_memory_domain(o, &v, NULL);

	return u64_or_null(r, v);
}

static struct rp_json *part_domain_bytes(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_partition_get_memory_domain(o, NULL, &v);

	return u64_or_null(r, v);
}

static struct rp_json *part_used(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_partition_get_memory_used_bytes(o, &v);

	return u64_or_null(r, v);
}

static struct rp_json *part_render(const void *o)
{
	return rp_json_u64(rocpart_partition_get_render_minor(o));
}

static struct rp_json *part_card(const void *o)
{
	unsigned v = 0;
	int r = rocpart_partition_get_card_minor(o, &v);

	return u64_or_null(r, v);
}

static struct rp_json *part_node(const void *o)
{
	return rp_json_u64(rocpart_partition_get_kfd_node(o));
}

static struct rp_json *part_gpu_id(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_partition_get_gpu_id(o, &v);

	return u64_or_null(r, v);
}

static struct rp_json *part_rocr(const void *o)
{
	unsigned v = 0;
	int r = rocpart_partition_get_rocr_index(o, &v);

	return u64_or_null(r, v);
}

const struct view_field view_partition_fields[] = {
	{"partition", "PARTITION", VIEW_SHOW_TEXT, part_name},
	{"bdf", "BDF", VIEW_SHOW_TEXT, part_bdf},
	{"id", "ID", VIEW_SHOW_TEXT, part_id},
	{"mode", "MODE", VIEW_SHOW_TEXT, part_mode},
	{"xcds", "XCD", VIEW_SHOW_RANGE, part_xcds},
	{"cus", "CUS", VIEW_SHOW_TEXT, part_cus},
	{"memory_bytes", "MEMORY", VIEW_SHOW_BYTES, part_memory},
	{"memory_domain", "DOMAIN", VIEW_SHOW_TEXT, part_domain},
	{"memory_domain_bytes", "DOMAIN-SIZE", VIEW_SHOW_BYTES, part_domain_bytes},
	{"memory_used_bytes", "USED", VIEW_SHOW_BYTES, part_used},
	{"render_minor", "RENDER", VIEW_SHOW_TEXT, part_render},
	{"card_minor", "CARD", VIEW_SHOW_TEXT, part_card},
	{"kfd_node", "NODE", VIEW_SHOW_TEXT, part_node},
	{"gpu_id", "GPU-ID", VIEW_SHOW_TEXT, part_gpu_id},
	{"rocr_index", "ROCR", VIEW_SHOW_TEXT, part_rocr},
	{NULL, NULL, VIEW_SHOW_NEVER, NULL},
};

/* ---- pairs of modes ---- */

static struct rp_json *pair_compute(const void *o)
{
	const struct rocpart_pair *p = o;

	return rp_json_string(rocpart_compute_mode_to_string(p->compute));
}

static struct rp_json *pair_memory(const void *o)
{
	const struct rocpart_pair *p = o;

	return rp_json_string(rocpart_memory_mode_to_string(p->memory));
}

static struct rp_json *pair_state(const void *o)
{
	const struct rocpart_pair *p = o;

	return rp_json_string(rocpart_pair_state_to_string(p->state));
}

static struct rp_json *pair_validated(const void *o)
{
	const struct rocpart_pair *p = o;

	return rp_json_bool(p->validated);
}

static struct rp_json *pair_partitions(const void *o)
{
	const struct rocpart_pair *p = o;

	return p->state ? rp_json_u64(p->n_expected) : rp_json_null();
}

static struct rp_json *pair_xcds(const void *o)
{
	const struct rocpart_pair *p = o;

	return p->xcds ? rp_json_u64(p->xcds) : rp_json_null();
}

static struct rp_json *pair_cus(const void *o)
{
	const struct rocpart_pair *p = o;

	return p->cus ? rp_json_u64(p->cus) : rp_json_null();
}

static struct rp_json *byte_list(const uint64_t bytes[8], unsigned n)
{
	struct rp_json *list = rp_json_array();

	for (unsigned i = 0; i < n && i < 8 && bytes[i]; i++)
		if (rp_json_append(list, rp_json_u64(bytes[i])) < 0)
			return rp_json_free(list);
	return list;
}

static struct rp_json *pair_bytes(const void *o)
{
	const struct rocpart_pair *p = o;

	return byte_list(p->memory_bytes, 8);
}

static struct rp_json *pair_domains(const void *o)
{
	const struct rocpart_pair *p = o;

	return byte_list(p->domain_bytes, 8);
}

static struct rp_json *pair_reason(const void *o)
{
	const struct rocpart_pair *p = o;

	return text_or_null(*p->reason ? p->reason : NULL);
}

const struct view_field view_pair_fields[] = {
	{"compute_mode", "COMPUTE", VIEW_SHOW_TEXT, pair_compute},
	{"memory_mode", "MEMORY", VIEW_SHOW_TEXT, pair_memory},
	{"state", "STATE", VIEW_SHOW_TEXT, pair_state},
	{"validated", "VALIDATED", VIEW_SHOW_TEXT, pair_validated},
	{"partitions", "PARTITIONS", VIEW_SHOW_TEXT, pair_partitions},
	{"xcds", "XCDS", VIEW_SHOW_TEXT, pair_xcds},
	{"cus", "CUS", VIEW_SHOW_TEXT, pair_cus},
	{"memory_bytes", "EACH", VIEW_SHOW_BYTES, pair_bytes},
	{"domain_bytes", "DOMAIN", VIEW_SHOW_BYTES, pair_domains},
	{"reason", "WHY", VIEW_SHOW_TEXT, pair_reason},
	{NULL, NULL, VIEW_SHOW_NEVER, NULL},
};

struct rp_json *view_object_json(const struct view_field *fields, const void *object)
{
	struct rp_json *j = rp_json_object();

	for (; j && fields->key; fields++)
		if (rp_json_set(j, fields->key, fields->get(object)) < 0)
			return rp_json_free(j);
	return j;
}

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
