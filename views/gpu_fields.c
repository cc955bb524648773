/* SPDX-License-Identifier: MIT */
/* Columns of GPUs. */
#include "views/snapshot.h"

#include "base/num.h"

static struct rp_json *hex_or_null(int r, uint64_t v)
{
	char text[24];

	(void)rp_fmt(text, sizeof(text), "%016llx", (unsigned long long)v);
	return r < 0 ? rp_json_null() : rp_json_string(text);
}

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
	return view_text_or_null(rocpart_gpu_get_product(o));
}

static struct rp_json *gpu_vbios(const void *o)
{
	return view_text_or_null(rocpart_gpu_get_vbios(o));
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

	return view_text_or_null(m ? rocpart_compute_mode_to_string(m) : NULL);
}

static struct rp_json *memory_name(enum rocpart_memory_mode m)
{
	return view_text_or_null(m ? rocpart_memory_mode_to_string(m) : NULL);
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

	return view_text_or_null(r < 0 ? NULL : r ? "ok" : "unhealthy");
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

static struct rp_json *gpu_reason(const void *o)
{
	return view_text_or_null(rocpart_gpu_get_degraded_reason(o));
}

static struct rp_json *gpu_notes(const void *o)
{
	return codes(o, rocpart_gpu_get_note);
}

static struct rp_json *gpu_uncorrectable(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_gpu_get_health(o, &v, NULL);

	return view_u64_or_null(r, v);
}

static struct rp_json *gpu_bad_pages(const void *o)
{
	uint64_t v = 0;
	int r = rocpart_gpu_get_health(o, NULL, &v);

	return view_u64_or_null(r, v);
}

static struct rp_json *gpu_numa(const void *o)
{
	unsigned v = 0;
	int r = rocpart_gpu_get_numa_node(o, &v);

	return view_u64_or_null(r, v);
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

	return view_u64_or_null(r, v);
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
	return view_u64_or_null(least == UINT64_MAX ? -ENODATA : 0, least);
}

static struct rp_json *gpu_domain(const void *o)
{
	const struct rocpart_partition *p;
	uint64_t v, least = UINT64_MAX;

	for (size_t i = 0; (p = rocpart_gpu_get_partition(o, i)); i++)
		if (rocpart_partition_get_memory_domain(p, NULL, &v) == 0 && v < least)
			least = v;
	return view_u64_or_null(least == UINT64_MAX ? -ENODATA : 0, least);
}

/* "CPX/NPS4": two columns in one. */
static struct rp_json *gpu_mode(const void *o)
{
	enum rocpart_compute_mode c = rocpart_gpu_get_compute_mode(o);
	enum rocpart_memory_mode m = rocpart_gpu_get_memory_mode(o);
	char text[32];

	(void)rp_fmt(text, sizeof(text), "%s/%s", c ? rocpart_compute_mode_to_string(c) : "-",
		     m ? rocpart_memory_mode_to_string(m) : "-");
	return rp_json_string(text);
}

/* "pending NPS4": which mode a reload would bring. */
static int add_degraded(struct rp_json *list, const struct rocpart_gpu *gpu)
{
	enum rocpart_memory_mode pending = rocpart_gpu_get_pending_memory_mode(gpu);
	const char *code;
	char text[32];
	int r = 0;

	for (size_t i = 0; r == 0 && (code = rocpart_gpu_get_degraded(gpu, i)); i++) {
		(void)rp_fmt(text, sizeof(text), "pending %s",
			     rocpart_memory_mode_to_string(pending));
		r = rp_json_append(list,
				   rp_json_string(rp_str_eq(code, "pending-reload") ? text : code));
	}
	return r;
}

/* What makes a GPU other than its neighbours; how a kernel names its files does not. */
static struct rp_json *gpu_note(const void *o)
{
	static const char *const untold[] = {"xcp-dot-naming", "mem-alloc-all",
					     "duplicate-unique-id"};
	struct rp_json *list = rp_json_array();
	const char *note;
	int r = add_degraded(list, o);

	for (size_t i = 0; r == 0 && (note = rocpart_gpu_get_note(o, i)); i++) {
		bool is_told = true;

		for (size_t k = 0; k < RP_ARRAY_LEN(untold); k++)
			is_told = is_told && !rp_str_eq(note, untold[k]);
		r = is_told ? rp_json_append(list, rp_json_string(note)) : 0;
	}
	return r < 0 ? rp_json_free(list) : list;
}

/* "8 x 24.0 GiB" */
static struct rp_json *gpu_layout(const void *o)
{
	RP_AUTO_JSON struct rp_json *each = gpu_each(o);
	char text[64], bytes[RP_BYTES_TEXT_SIZE] = "-";

	if (rp_json_type(each) == RP_JSON_INT)
		rp_format_bytes((uint64_t)rp_json_int_value(each), bytes);
	(void)rp_fmt(text, sizeof(text), "%zu x %s", rocpart_gpu_get_partition_count(o), bytes);
	return each ? rp_json_string(text) : NULL;
}

const struct view_field view_gpu_fields[] = {
	{.key = "index",
	 .heading = "GPU",
	 .sets = VIEW_DEFAULT,
	 .is_folded = true,
	 .get = gpu_index},
	{.key = "bdf", .heading = "BDF", .sets = VIEW_DEFAULT, .is_folded = true, .get = gpu_bdf},
	{.key = "product", .heading = "PRODUCT", .sets = VIEW_DEFAULT, .get = gpu_product},
	{.key = "mode", .heading = "MODE", .sets = VIEW_ONLY_TEXT, .get = gpu_mode},
	{.key = "device_id", .heading = "DEVICE", .get = gpu_device_id},
	{.key = "vbios", .heading = "VBIOS", .get = gpu_vbios},
	{.key = "compute_mode", .heading = "COMPUTE", .get = gpu_compute},
	{.key = "memory_mode", .heading = "MEMORY", .get = gpu_memory},
	{.key = "pending_memory_mode", .is_state = true, .heading = "PENDING", .get = gpu_pending},
	{.key = "partitionable", .heading = "SWITCHABLE", .get = gpu_partitionable},
	{.key = "health", .heading = "HEALTH", .is_state = true, .get = gpu_health},
	{.key = "degraded",
	 .is_state = true,
	 .heading = "DEGRADED",
	 .show = VIEW_SHOW_LIST,
	 .get = gpu_degraded},
	{.key = "degraded_reason", .is_state = true, .heading = "REASON", .get = gpu_reason},
	{.key = "notes", .heading = "NOTES", .show = VIEW_SHOW_LIST, .get = gpu_notes},
	{.key = "uncorrectable_errors", .heading = "ERRORS", .get = gpu_uncorrectable},
	{.key = "bad_pages", .heading = "BAD-PAGES", .get = gpu_bad_pages},
	{.key = "numa_node", .heading = "NUMA", .get = gpu_numa},
	{.key = "hive_id", .heading = "HIVE", .get = gpu_hive},
	{.key = "unique_id", .heading = "UNIQUE-ID", .get = gpu_unique_id},
	{.key = "n_xcds", .heading = "XCDS", .get = gpu_xcds},
	{.key = "n_partitions", .heading = "PARTS", .get = gpu_n_partitions},
	{.key = "partition_memory_bytes",
	 .heading = "EACH",
	 .show = VIEW_SHOW_BYTES,
	 .get = gpu_each},
	{.key = "layout", .heading = "PARTITIONS", .sets = VIEW_ONLY_TEXT, .get = gpu_layout},
	{.key = "memory_used_bytes",
	 .heading = "USED",
	 .show = VIEW_SHOW_BYTES,
	 .sets = VIEW_DEFAULT,
	 .get = gpu_used},
	{.key = "partition_domain_bytes",
	 .heading = "DOMAIN",
	 .show = VIEW_SHOW_BYTES,
	 .get = gpu_domain},
	{.key = "note",
	 .heading = "NOTE",
	 .show = VIEW_SHOW_LIST,
	 .sets = VIEW_ONLY_TEXT,
	 .is_name = true,
	 .is_state = true,
	 .get = gpu_note},
	{.key = NULL},
};
