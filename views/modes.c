/* SPDX-License-Identifier: MIT */
#include "views/modes.h"

static const struct rocpart_pair *pair_of(const void *o)
{
	return ((const struct view_pair_row *)o)->pair;
}

static struct rp_json *pair_gpu(const void *o)
{
	return rp_json_u64(rocpart_gpu_get_index(((const struct view_pair_row *)o)->gpu));
}

static struct rp_json *pair_compute(const void *o)
{
	const struct rocpart_pair *p = pair_of(o);

	return rp_json_string(rocpart_compute_mode_to_string(p->compute));
}

static struct rp_json *pair_memory(const void *o)
{
	const struct rocpart_pair *p = pair_of(o);

	return rp_json_string(rocpart_memory_mode_to_string(p->memory));
}

static struct rp_json *pair_state(const void *o)
{
	const struct rocpart_pair *p = pair_of(o);

	return rp_json_string(rocpart_pair_state_to_string(p->state));
}

static struct rp_json *pair_validated(const void *o)
{
	const struct rocpart_pair *p = pair_of(o);

	return rp_json_bool(p->validated);
}

static struct rp_json *pair_vendor(const void *o)
{
	return view_text_or_null(pair_of(o)->vendor);
}

static struct rp_json *pair_dissent(const void *o)
{
	return view_text_or_null(pair_of(o)->dissent);
}

static struct rp_json *pair_partitions(const void *o)
{
	const struct rocpart_pair *p = pair_of(o);

	return p->state ? rp_json_u64(p->n_expected) : rp_json_null();
}

static struct rp_json *pair_xcds(const void *o)
{
	const struct rocpart_pair *p = pair_of(o);

	return p->xcds ? rp_json_u64(p->xcds) : rp_json_null();
}

static struct rp_json *pair_cus(const void *o)
{
	const struct rocpart_pair *p = pair_of(o);

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
	const struct rocpart_pair *p = pair_of(o);

	return byte_list(p->memory_bytes, 8);
}

static struct rp_json *pair_domains(const void *o)
{
	const struct rocpart_pair *p = pair_of(o);

	return byte_list(p->domain_bytes, 8);
}

static struct rp_json *pair_reason(const void *o)
{
	const struct rocpart_pair *p = pair_of(o);

	return view_text_or_null(p->reason);
}

const struct view_field view_pair_fields[] = {
	/* in text and in JSON the pairs stand below their GPU */
	{.key = "gpu", .heading = "GPU", .sets = VIEW_NO_WIDE | VIEW_NO_JSON, .get = pair_gpu},
	{.key = "compute_mode", .sets = VIEW_DEFAULT, .heading = "COMPUTE", .get = pair_compute},
	{.key = "memory_mode", .sets = VIEW_DEFAULT, .heading = "MEMORY", .get = pair_memory},
	{.key = "state",
	 .is_state = true,
	 .sets = VIEW_DEFAULT,
	 .heading = "STATE",
	 .get = pair_state},
	{.key = "validated", .sets = VIEW_DEFAULT, .heading = "VALIDATED", .get = pair_validated},
	{.key = "partitions", .sets = VIEW_DEFAULT, .heading = "PARTS", .get = pair_partitions},
	{.key = "xcds", .sets = VIEW_DEFAULT, .heading = "XCDS", .get = pair_xcds},
	{.key = "cus", .sets = VIEW_DEFAULT, .heading = "CUS", .get = pair_cus},
	{.key = "memory_bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "EACH",
	 .show = VIEW_SHOW_BYTES,
	 .get = pair_bytes},
	{.key = "domain_bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "DOMAIN",
	 .show = VIEW_SHOW_BYTES,
	 .get = pair_domains},
	{.key = "vendor", .heading = "BY", .get = pair_vendor},
	{.key = "dissent", .heading = "BUT-NOT-BY", .get = pair_dissent},
	{.key = "reason", .heading = "WHY", .get = pair_reason},
	{.key = NULL},
};

int view_add_pairs(struct view_table *table, const struct rocpart_gpu *gpu,
		   const struct rocpart_pairs *pairs)
{
	struct view_pair_row row = {.gpu = gpu};
	int r = 0;

	for (size_t i = 0; r == 0 && (row.pair = rocpart_pairs_get(pairs, i)); i++)
		r = view_table_add(table, &row);
	return r;
}

struct rp_json *view_gpu_modes_json(const struct rocpart_gpu *gpu,
				    const struct rocpart_pairs *pairs)
{
	struct rp_json *j = rp_json_object(), *list = rp_json_array();
	struct view_pair_row row = {.gpu = gpu};
	int r = rp_json_set_u64(j, "index", rocpart_gpu_get_index(gpu));

	r |= rp_json_set_string(j, "bdf", rocpart_gpu_get_bdf(gpu));
	r |= rp_json_set_string(j, "product", rocpart_gpu_get_product(gpu));
	for (size_t i = 0; pairs && r == 0 && (row.pair = rocpart_pairs_get(pairs, i)); i++)
		r = rp_json_append(list, view_object_json(view_pair_fields, &row));
	r |= rp_json_set(j, "pairs", list);
	return view_finish(j, r);
}

struct rp_json *view_modes(struct view_machine about, struct rp_json *gpus)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set(j, "gpus", gpus));
}
