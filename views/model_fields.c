/* SPDX-License-Identifier: MIT */
#include "views/model_fields.h"

struct rp_json *view_flags_json(char *const *flags)
{
	struct rp_json *list = rp_json_array();

	for (; flags && *flags; flags++)
		if (rp_json_append(list, rp_json_string(*flags)) < 0)
			return rp_json_free(list);
	return list;
}

const struct view_footprint_part view_footprint_parts[VIEW_N_FOOTPRINT_PARTS] = {
	{ROCPART_FOOTPRINT_WEIGHTS_BYTES, "weights_bytes", "weights"},
	{ROCPART_FOOTPRINT_KV_BYTES, "kv_bytes", "KV cache, one request"},
	{ROCPART_FOOTPRINT_ACTIVATION_BYTES, "activation_bytes", "activations"},
	{ROCPART_FOOTPRINT_GRAPH_BYTES, "graph_bytes", "graphs"},
	{ROCPART_FOOTPRINT_PROCESS_BYTES, "process_bytes", "process"},
	{ROCPART_FOOTPRINT_COLLECTIVE_BYTES, "collective_bytes", "collectives"},
	{ROCPART_FOOTPRINT_MARGIN_BYTES, "margin_bytes", "margin"},
};

struct rp_json *view_footprint_json(const struct rocpart_footprint *footprint,
				    enum rocpart_footprint_value value)
{
	uint64_t v;

	if (!footprint || rocpart_footprint_get(footprint, value, &v) < 0)
		return rp_json_null();
	return rp_json_u64(v);
}

/* Thousandths as a number with one decimal: a bound has no more digits that mean something. */
static struct rp_json *tenths(uint64_t thousandths)
{
	if (!thousandths)
		return rp_json_null();
	return rp_json_real((double)(thousandths / 100) / 10);
}

/* ---- fits ---- */

static const struct rocpart_fit *fit_of(const void *o)
{
	return ((const struct view_fit_row *)o)->fit;
}

static struct rp_json *fit_product(const void *o)
{
	return rp_json_string(fit_of(o)->product);
}

static struct rp_json *fit_compute(const void *o)
{
	return rp_json_string(rocpart_compute_mode_to_string(fit_of(o)->compute));
}

static struct rp_json *fit_memory(const void *o)
{
	return rp_json_string(rocpart_memory_mode_to_string(fit_of(o)->memory));
}

static struct rp_json *fit_validated(const void *o)
{
	return rp_json_bool(fit_of(o)->validated);
}

static struct rp_json *fit_partitions(const void *o)
{
	return rp_json_u64(fit_of(o)->n_partitions);
}

static struct rp_json *fit_bytes(const void *o)
{
	const struct rocpart_fit *f = fit_of(o);

	return f->partition_bytes ? rp_json_u64(f->partition_bytes) : rp_json_null();
}

static struct rp_json *fit_usable(const void *o)
{
	const struct rocpart_fit *f = fit_of(o);

	return f->partition_bytes ? rp_json_u64(f->usable_bytes) : rp_json_null();
}

static struct rp_json *fit_fits(const void *o)
{
	const struct rocpart_fit *f = fit_of(o);

	return f->fits < 0 ? rp_json_null() : rp_json_bool(f->fits == 1);
}

static struct rp_json *fit_tokens(const void *o)
{
	const struct rocpart_fit *f = fit_of(o);

	return f->partition_bytes && f->fits >= 0 ? rp_json_u64(f->kv_tokens) : rp_json_null();
}

static struct rp_json *fit_replicas(const void *o)
{
	const struct rocpart_fit *f = fit_of(o);

	return f->fits < 0 ? rp_json_null() : rp_json_u64(f->replicas);
}

static struct rp_json *fit_bandwidth(const void *o)
{
	return rp_json_u64(fit_of(o)->bandwidth_bytes_per_s);
}

static struct rp_json *fit_bound(const void *o)
{
	return tenths(fit_of(o)->bound_millitokens_per_s);
}

static struct rp_json *fit_context_bound(const void *o)
{
	return tenths(fit_of(o)->bound_context_millitokens_per_s);
}

static struct rp_json *fit_flags(const void *o)
{
	return view_flags_json(((const struct view_fit_row *)o)->flags);
}

const struct view_field view_fit_fields[] = {
	{"product", "PRODUCT", VIEW_SHOW_TEXT, fit_product},
	{"compute_mode", "COMPUTE", VIEW_SHOW_TEXT, fit_compute},
	{"memory_mode", "MEMORY", VIEW_SHOW_TEXT, fit_memory},
	{"validated", "VALIDATED", VIEW_SHOW_TEXT, fit_validated},
	{"partitions", "PARTITIONS", VIEW_SHOW_TEXT, fit_partitions},
	{"memory_bytes", "EACH", VIEW_SHOW_BYTES, fit_bytes},
	{"usable_bytes", "USABLE", VIEW_SHOW_BYTES, fit_usable},
	{"fits", "FITS", VIEW_SHOW_TEXT, fit_fits},
	{"kv_tokens", "TOKENS LEFT", VIEW_SHOW_TEXT, fit_tokens},
	{"tokens_per_s_bound", "TOK/S <=", VIEW_SHOW_TEXT, fit_bound},
	{"tokens_per_s_bound_at_context", "AT CONTEXT <=", VIEW_SHOW_TEXT, fit_context_bound},
	{"replicas_per_gpu", "PER GPU", VIEW_SHOW_TEXT, fit_replicas},
	{"bandwidth_bytes_per_s", "BANDWIDTH", VIEW_SHOW_BYTES, fit_bandwidth},
	{"flags", "FLAGS", VIEW_SHOW_LIST, fit_flags},
	{NULL, NULL, VIEW_SHOW_NEVER, NULL},
};

/* ---- models ---- */

static struct rp_json *model_name(const void *o)
{
	return rp_json_string(((const struct view_model_row *)o)->name);
}

static struct rp_json *model_architecture(const void *o)
{
	return rp_json_string(((const struct view_model_row *)o)->architecture);
}

static struct rp_json *model_source(const void *o)
{
	return rp_json_string(((const struct view_model_row *)o)->source);
}

static struct rp_json *model_parameters(const void *o)
{
	return view_footprint_json(((const struct view_model_row *)o)->footprint,
				   ROCPART_FOOTPRINT_PARAMETERS);
}

static struct rp_json *model_weights(const void *o)
{
	return view_footprint_json(((const struct view_model_row *)o)->footprint,
				   ROCPART_FOOTPRINT_WEIGHTS_BYTES);
}

static struct rp_json *model_token(const void *o)
{
	return view_footprint_json(((const struct view_model_row *)o)->footprint,
				   ROCPART_FOOTPRINT_KV_BYTES_PER_TOKEN);
}

static struct rp_json *model_total(const void *o)
{
	return view_footprint_json(((const struct view_model_row *)o)->footprint,
				   ROCPART_FOOTPRINT_TOTAL_BYTES);
}

const struct view_field view_model_fields[] = {
	{"name", "MODEL", VIEW_SHOW_TEXT, model_name},
	{"architecture", "ARCHITECTURE", VIEW_SHOW_TEXT, model_architecture},
	{"parameters", "PARAMETERS", VIEW_SHOW_TEXT, model_parameters},
	{"weights_bytes", "WEIGHTS", VIEW_SHOW_BYTES, model_weights},
	{"kv_bytes_per_token", "KV/TOKEN", VIEW_SHOW_TEXT, model_token},
	{"total_bytes", "AT LEAST", VIEW_SHOW_BYTES, model_total},
	{"source", "SOURCE", VIEW_SHOW_TEXT, model_source},
	{NULL, NULL, VIEW_SHOW_NEVER, NULL},
};
