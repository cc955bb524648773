/* SPDX-License-Identifier: MIT */
#include "views/model.h"

/* ---- size ---- */

static struct rp_json *item_json(const struct rocpart_footprint *f,
				 const struct view_footprint_part *part)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "item", part->key);

	r |= rp_json_set(j, "bytes", view_footprint_json(f, part->value));
	r |= rp_json_set_string(j, "confidence", rocpart_footprint_get_confidence(f, part->value));
	r |= rp_json_set_string(j, "source", rocpart_footprint_get_source(f, part->value));
	return view_finish(j, r);
}

static struct rp_json *items_json(const struct rocpart_footprint *f)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < VIEW_N_FOOTPRINT_PARTS; i++)
		r = rp_json_append(list, item_json(f, &view_footprint_parts[i]));
	return view_finish(list, r);
}

static struct rp_json *assumption_json(const char *what, const char *value, const char *why)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "what", what);

	r |= rp_json_set_string(j, "value", value);
	r |= rp_json_set_string(j, "why", why);
	return view_finish(j, r);
}

static struct rp_json *assumed_json(const struct rocpart_footprint *f)
{
	struct rp_json *list = rp_json_array();
	const char *what, *value, *why;
	int r = 0;

	for (size_t i = 0;
	     r == 0 && rocpart_footprint_get_assumption(f, i, &what, &value, &why) == 0; i++)
		r = rp_json_append(list, assumption_json(what, value, why));
	return view_finish(list, r);
}

/* process_bytes of the contract holds the collective buffers too, so that the items add up. */
static struct rp_json *process_json(const struct rocpart_footprint *f)
{
	uint64_t a = 0, b = 0;

	if (rocpart_footprint_get(f, ROCPART_FOOTPRINT_PROCESS_BYTES, &a) < 0 ||
	    rocpart_footprint_get(f, ROCPART_FOOTPRINT_COLLECTIVE_BYTES, &b) < 0)
		return rp_json_null();
	return rp_json_u64(a + b);
}

/* Tokens that the cache holds: on the partition, else of one request. */
static struct rp_json *tokens_json(const struct view_size *s)
{
	uint64_t usable = s->on ? s->on->usable_bytes : 0, tokens;

	if (!s->on &&
	    rocpart_footprint_get(s->footprint, ROCPART_FOOTPRINT_TOTAL_BYTES, &usable) < 0)
		return rp_json_null();
	if (rocpart_footprint_kv_tokens(s->footprint, usable, &tokens) < 0)
		return rp_json_null();
	return rp_json_u64(tokens);
}

static struct rp_json *on_json(const struct rocpart_footprint *f, const struct view_size_on *on)
{
	struct rp_json *j = rp_json_object();
	int fits = rocpart_footprint_fits(f, on->usable_bytes);
	int r = rp_json_set_string(j, "partition", on->name);

	r |= rp_json_set_u64(j, "partition_bytes", on->partition_bytes);
	r |= rp_json_set_u64(j, "usable_bytes", on->usable_bytes);
	r |= rp_json_set(j, "fits", fits < 0 ? rp_json_null() : rp_json_bool(fits == 1));
	r |= rp_json_set_string(j, "uncertainty",
				"no measurement on a partition of an AMD GPU is known: items whose "
				"confidence is guess may be off by tenths of a GiB");
	if (on->bound_millitokens_per_s)
		r |= rp_json_set(j, "tokens_per_s_bound",
				 rp_json_real((double)on->bound_millitokens_per_s / 1000));
	return view_finish(j, r);
}

static int put_numbers(struct rp_json *j, const struct rocpart_footprint *f)
{
	static const struct {
		enum rocpart_footprint_value value;
		const char *key;
	} numbers[] = {
		{.value = ROCPART_FOOTPRINT_PARAMETERS, .key = "parameters"},
		{.value = ROCPART_FOOTPRINT_DRAFT_PARAMETERS, .key = "draft_parameters"},
		{.value = ROCPART_FOOTPRINT_WEIGHTS_BYTES, .key = "weights_bytes"},
		{.value = ROCPART_FOOTPRINT_KV_BYTES_PER_TOKEN, .key = "kv_bytes_per_token"},
		{.value = ROCPART_FOOTPRINT_KV_BYTES, .key = "kv_bytes"},
		{.value = ROCPART_FOOTPRINT_ACTIVATION_BYTES, .key = "activation_bytes"},
		{.value = ROCPART_FOOTPRINT_GRAPH_BYTES, .key = "graph_bytes"},
		{.value = ROCPART_FOOTPRINT_MARGIN_BYTES, .key = "margin_bytes"},
		{.value = ROCPART_FOOTPRINT_TOTAL_BYTES, .key = "total_bytes"},
		{.value = ROCPART_FOOTPRINT_COMFORTABLE_BYTES, .key = "comfortable_bytes"},
		{.value = ROCPART_FOOTPRINT_STATE_BYTES, .key = "state_bytes_per_sequence"},
		{.value = ROCPART_FOOTPRINT_CONTEXT, .key = "context"},
		{.value = ROCPART_FOOTPRINT_MAX_SEQS, .key = "max_seqs"},
		{.value = ROCPART_FOOTPRINT_MAX_BATCHED_TOKENS, .key = "max_num_batched_tokens"},
	};
	int r = rp_json_set(j, "process_bytes", process_json(f));

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(numbers); i++)
		r = rp_json_set(j, numbers[i].key, view_footprint_json(f, numbers[i].value));
	return r;
}

struct rp_json *view_model_size(struct view_machine about, const struct view_size *s)
{
	const struct rocpart_footprint *f = s->footprint;
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "model", rocpart_model_get_name(s->model));

	r |= rp_json_set_string(j, "architecture", rocpart_model_get_architecture(s->model));
	r |= rp_json_set_string(j, "dtype", rocpart_footprint_get_text(f, "dtype"));
	r |= rp_json_set_string(j, "engine", rocpart_footprint_get_text(f, "engine"));
	r |= put_numbers(j, f);
	r |= rp_json_set(j, "kv_tokens", tokens_json(s));
	if (s->has_ranks)
		r |= rp_json_set(j, "ranks", view_footprint_json(f, ROCPART_FOOTPRINT_RANKS));
	r |= rp_json_set(j, "flags", view_words_json(s->flags));
	r |= rp_json_set_string(j, "source", rocpart_model_get_source(s->model));
	r |= rp_json_set_string(j, "confidence",
				rocpart_footprint_get_confidence(f, ROCPART_FOOTPRINT_TOTAL_BYTES));
	r |= rp_json_set(j, "items", items_json(f));
	r |= rp_json_set(j, "assumed", assumed_json(f));
	if (s->on)
		r |= rp_json_set(j, "on", on_json(f, s->on));
	return view_finish(j, r);
}

/* ---- fit ---- */

/* A row of it with its engine's flags, to the list, or else to the table. */
static int add_fit(const struct rocpart_footprint *f, const struct rocpart_fit *fit,
		   struct view_table *table, struct rp_json *list)
{
	struct view_fit_row row = {.fit = fit};
	int r = 0;

	if (fit->fits == 1)
		r = rocpart_footprint_get_flags(f, fit->partition_bytes, fit->usable_bytes,
						&row.flags);
	if (r == 0)
		r = list ? rp_json_append(list, view_object_json(view_fit_fields, &row))
			 : view_table_add(table, &row);
	rocpart_flags_free(row.flags);
	return r;
}

/* What all partitions of a GPU give together; 0: it does not fit. */
static uint64_t rate_fit(const struct rocpart_fit *fit)
{
	return fit->fits == 1 ? fit->replicas * fit->bound_millitokens_per_s : 0;
}

/* The first of the best among the validated; where it fits none, the row of the largest partition.
 */
static bool is_best(const struct rocpart_fits *fits, const struct rocpart_fit *fit)
{
	const struct rocpart_fit *other, *best = NULL;

	for (size_t i = 0; (other = rocpart_fits_get(fits, i)); i++)
		if (other->validated && rp_str_eq(other->product, fit->product) &&
		    (!best || rate_fit(other) > rate_fit(best)))
			best = other;
	return fit == best;
}

static bool is_chosen(const struct rocpart_fits *fits, const struct view_fit_choice *choice,
		      const struct rocpart_fit *fit)
{
	bool is_named = !choice->products;
	bool is_usual = fit->validated || fit->compute == ROCPART_COMPUTE_SPX ||
			fit->compute == ROCPART_COMPUTE_CPX;

	for (size_t i = 0; !is_named && i < choice->products->n; i++)
		is_named = rp_str_eq(choice->products->v[i], fit->product);
	return is_named && (!choice->only_usual || is_usual) &&
	       (!choice->only_best || is_best(fits, fit));
}

static struct rp_json *fits_json(const struct rocpart_footprint *f, const struct rocpart_fits *fits,
				 const struct view_fit_choice *choice)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_fit *fit;
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && (fit = rocpart_fits_get(fits, i)); i++)
		r = is_chosen(fits, choice, fit) ? add_fit(f, fit, NULL, list) : 0;
	return view_finish(list, r);
}

struct rp_json *view_model_fit(struct view_machine about, const struct rocpart_model *model,
			       const struct rocpart_footprint *f, const struct rocpart_fits *fits,
			       const struct view_fit_choice *choice, uint64_t assumed_host_bytes)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "model", rocpart_model_get_name(model));

	r |= rp_json_set_string(j, "dtype", rocpart_footprint_get_text(f, "dtype"));
	r |= rp_json_set(j, "total_bytes", view_footprint_json(f, ROCPART_FOOTPRINT_TOTAL_BYTES));
	r |= rp_json_set_string(j, "products", "figures of the product table, not of a machine");
	r |= rp_json_set_u64(j, "assumed_host_bytes", assumed_host_bytes);
	r |= rp_json_set(j, "assumed", assumed_json(f));
	r |= rp_json_set(j, "fits", fits_json(f, fits, choice));
	return view_finish(j, r);
}

struct view_table *view_fit_table(const struct rocpart_footprint *f,
				  const struct rocpart_fits *fits,
				  const struct view_fit_choice *choice,
				  const struct view_layout *layout)
{
	struct view_table *t = view_table_new(view_fit_fields, layout);
	const struct rocpart_fit *fit;
	int r = 0;

	for (size_t i = 0; r == 0 && (fit = rocpart_fits_get(fits, i)); i++)
		r = is_chosen(fits, choice, fit) ? add_fit(f, fit, t, NULL) : 0;
	return r < 0 ? view_table_free(t) : t;
}

/* ---- the catalog ---- */

struct rp_json *view_model_list(struct view_machine about, struct rp_json *models)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set(j, "models", models));
}

struct rp_json *view_model(const struct view_model_row *row)
{
	return view_object_json(view_model_fields, row);
}

struct rp_json *view_model_show(struct view_machine about, const struct view_model_row *row)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set(j, "model", view_model(row)));
}

struct rp_json *view_model_added(struct view_machine about, const char *name,
				 const struct rocpart_footprint *f)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "model", name);

	r |= rp_json_set(j, "weights_bytes",
			 view_footprint_json(f, ROCPART_FOOTPRINT_WEIGHTS_BYTES));
	return view_finish(j, r);
}
