/* SPDX-License-Identifier: MIT */
#include "views/model_fields.h"

const struct view_footprint_part view_footprint_parts[VIEW_N_FOOTPRINT_PARTS] = {
	{.value = ROCPART_FOOTPRINT_WEIGHTS_BYTES, .key = "weights_bytes", .text = "weights"},
	{.value = ROCPART_FOOTPRINT_KV_BYTES, .key = "kv_bytes", .text = "KV cache, one request"},
	{.value = ROCPART_FOOTPRINT_ACTIVATION_BYTES,
	 .key = "activation_bytes",
	 .text = "activations"},
	{.value = ROCPART_FOOTPRINT_GRAPH_BYTES, .key = "graph_bytes", .text = "graphs"},
	{.value = ROCPART_FOOTPRINT_PROCESS_BYTES, .key = "process_bytes", .text = "process"},
	{.value = ROCPART_FOOTPRINT_COLLECTIVE_BYTES,
	 .key = "collective_bytes",
	 .text = "collectives"},
	{.value = ROCPART_FOOTPRINT_MARGIN_BYTES, .key = "margin_bytes", .text = "margin"},
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

static struct rp_json *fit_vendor(const void *o)
{
	return view_text_or_null(fit_of(o)->vendor);
}

static struct rp_json *fit_dissent(const void *o)
{
	return view_text_or_null(fit_of(o)->dissent);
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
	return view_words_json(((const struct view_fit_row *)o)->flags);
}

const struct view_field view_fit_fields[] = {
	{.key = "product", .sets = VIEW_DEFAULT, .heading = "PRODUCT", .get = fit_product},
	{.key = "compute_mode", .sets = VIEW_DEFAULT, .heading = "COMPUTE", .get = fit_compute},
	{.key = "memory_mode", .sets = VIEW_DEFAULT, .heading = "MEMORY", .get = fit_memory},
	{.key = "validated", .sets = VIEW_DEFAULT, .heading = "VALIDATED", .get = fit_validated},
	{.key = "vendor", .heading = "BY", .get = fit_vendor},
	{.key = "dissent", .heading = "BUT-NOT-BY", .get = fit_dissent},
	{.key = "partitions", .heading = "PARTITIONS", .get = fit_partitions},
	{.key = "memory_bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "EACH",
	 .show = VIEW_SHOW_BYTES,
	 .get = fit_bytes},
	{.key = "usable_bytes", .heading = "USABLE", .show = VIEW_SHOW_BYTES, .get = fit_usable},
	{.key = "fits", .is_state = true, .sets = VIEW_DEFAULT, .heading = "FITS", .get = fit_fits},
	{.key = "kv_tokens",
	 .show = VIEW_SHOW_COUNT,
	 .sets = VIEW_DEFAULT,
	 .heading = "KV TOKENS",
	 .get = fit_tokens},
	{.key = "tokens_per_s_bound",
	 .show = VIEW_SHOW_WHOLE,
	 .sets = VIEW_DEFAULT,
	 .heading = "TOK/S",
	 .get = fit_bound},
	{.key = "tokens_per_s_bound_at_context",
	 .show = VIEW_SHOW_WHOLE,
	 .heading = "AT CONTEXT",
	 .get = fit_context_bound},
	{.key = "replicas_per_gpu",
	 .sets = VIEW_DEFAULT,
	 .heading = "PER GPU",
	 .get = fit_replicas},
	{.key = "bandwidth_bytes_per_s",
	 .heading = "BANDWIDTH",
	 .show = VIEW_SHOW_BYTES,
	 .get = fit_bandwidth},
	{.key = "flags", .heading = "FLAGS", .show = VIEW_SHOW_LIST, .get = fit_flags},
	{.key = NULL},
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
	{.key = "name",
	 .is_name = true,
	 .sets = VIEW_DEFAULT,
	 .heading = "MODEL",
	 .get = model_name},
	{.key = "architecture", .heading = "ARCHITECTURE", .get = model_architecture},
	{.key = "parameters",
	 .show = VIEW_SHOW_COUNT,
	 .sets = VIEW_DEFAULT,
	 .heading = "PARAMETERS",
	 .get = model_parameters},
	{.key = "weights_bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "WEIGHTS",
	 .show = VIEW_SHOW_BYTES,
	 .get = model_weights},
	{.key = "kv_bytes_per_token",
	 .show = VIEW_SHOW_BYTES,
	 .heading = "KV/TOKEN",
	 .get = model_token},
	{.key = "total_bytes",
	 .sets = VIEW_DEFAULT,
	 .heading = "AT LEAST",
	 .show = VIEW_SHOW_BYTES,
	 .get = model_total},
	{.key = "source", .heading = "SOURCE", .get = model_source},
	{.key = NULL},
};
