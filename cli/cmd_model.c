/* SPDX-License-Identifier: MIT */
/* model size, model fit: what a model needs, and where that is to be had. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/model_fields.h"
#include "views/table.h"

/* The node whose page tables are assumed: the kernel's reserve depends on both (model-bytes). */
#define ASSUMED_HOST_BYTES (UINT64_C(2) << 40)
#define ASSUMED_VRAM_BYTES (8 * 192 * RP_GIB)

struct request {
	struct rocpart_model *model;
	struct rocpart_footprint *footprint;
	/* --on */
	bool on;
	uint64_t partition_bytes, usable_bytes;
	const char *product; /* of a partition of the machine, NULL when not known */
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
	uint64_t bound, context_bound;
};

static void request_done(struct request *q)
{
	rocpart_model_free(q->model);
	rocpart_footprint_free(q->footprint);
}

static int open_request(struct cli *cli, int argc, char **argv, struct request *q)
{
	struct rocpart_size_options *options = NULL;
	struct rocpart_error err = {0};
	int r, status = cli_size_options(cli, &options);

	status = status ? status : cli_open_model(cli, argc ? argv[0] : NULL, &q->model);
	if (!status) {
		r = rocpart_footprint_new(q->model, options, &q->footprint, &err);
		status = r < 0 ? cli_fail(cli, &err) : 0;
	}
	rocpart_size_options_free(options);
	return status;
}

/* Bound of the row of the product table that is the partition's. */
static void find_bound(struct request *q)
{
	struct rocpart_fits *fits = NULL;
	const struct rocpart_fit *row;

	if (!q->product || rocpart_fits_new(q->footprint, 0, &fits, NULL) < 0)
		return;
	for (size_t i = 0; (row = rocpart_fits_get(fits, i)); i++) {
		if (!rp_str_eq(row->product, q->product) || row->compute != q->compute ||
		    row->memory != q->memory)
			continue;
		q->bound = row->bound_millitokens_per_s;
		q->context_bound = row->bound_context_millitokens_per_s;
	}
	rocpart_fits_free(fits);
}

static uint64_t vram_of(const struct rocpart_snapshot *s)
{
	const struct rocpart_partition *p;
	const struct rocpart_gpu *gpu;
	uint64_t sum = 0, bytes;

	for (size_t i = 0; (gpu = rocpart_snapshot_get_gpu(s, i)); i++)
		for (size_t k = 0; (p = rocpart_gpu_get_partition(gpu, k)); k++)
			if (rocpart_partition_get_memory_bytes(p, &bytes) == 0)
				sum += bytes;
	return sum;
}

/* --on 0/3: the size that the kernel enforces, and the memory of all GPUs of that machine. */
static int on_partition(struct cli *cli, struct request *q)
{
	struct rocpart_snapshot *s = NULL;
	const struct rocpart_partition *p = NULL;
	const struct rocpart_gpu *gpu;
	struct rocpart_error err = {0};
	int status = cli_open_machine(cli);

	status = status ? status : cli_observe_gpus(cli, &s);
	if (status)
		return status;
	if (rocpart_snapshot_find_partition(s, cli->values.on, &p, &err) < 0) {
		status = cli_fail(cli, &err);
	} else if (rocpart_partition_get_memory_bytes(p, &q->partition_bytes) < 0) {
		status = cli_usage_error(cli, "the driver does not tell the memory of '%s'",
					 cli->values.on);
	} else {
		gpu = rocpart_partition_get_gpu(p);
		q->usable_bytes =
			rocpart_usable_bytes(q->partition_bytes, ASSUMED_HOST_BYTES, vram_of(s), 0);
		q->product = rocpart_gpu_get_product(gpu); /* static text of the product table */
		q->compute = rocpart_gpu_get_compute_mode(gpu);
		q->memory = rocpart_gpu_get_memory_mode(gpu);
		find_bound(q);
	}
	rocpart_snapshot_unref(s);
	q->product = NULL;
	return status;
}

static int open_on(struct cli *cli, struct request *q)
{
	const char *on = cli->values.on;

	if (!on)
		return 0;
	q->on = true;
	if (strchr(on, '/'))
		return on_partition(cli, q);
	if (rp_parse_bytes(on, &q->partition_bytes) < 0 || !q->partition_bytes)
		return cli_usage_error(cli, "--on: '%s' is neither a size nor GPU/ID", on);
	q->usable_bytes =
		rocpart_usable_bytes(q->partition_bytes, ASSUMED_HOST_BYTES, ASSUMED_VRAM_BYTES, 0);
	return 0;
}

/* ---- JSON ---- */

static struct rp_json *items_json(const struct rocpart_footprint *f)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < VIEW_N_FOOTPRINT_PARTS; i++) {
		struct rp_json *j = rp_json_object();

		r = rp_json_set_string(j, "item", view_footprint_parts[i].key);
		r |= rp_json_set(j, "bytes", view_footprint_json(f, view_footprint_parts[i].value));
		r |= rp_json_set_string(
			j, "confidence",
			rocpart_footprint_get_confidence(f, view_footprint_parts[i].value));
		r |= rp_json_set_string(
			j, "source",
			rocpart_footprint_get_source(f, view_footprint_parts[i].value));
		r |= rp_json_append(list, j);
	}
	return r < 0 ? rp_json_free(list) : list;
}

static struct rp_json *assumed_json(const struct rocpart_footprint *f)
{
	struct rp_json *list = rp_json_array();
	const char *what, *value, *why;
	int r = 0;

	for (size_t i = 0;
	     r == 0 && rocpart_footprint_get_assumption(f, i, &what, &value, &why) == 0; i++) {
		struct rp_json *j = rp_json_object();

		r = rp_json_set_string(j, "what", what);
		r |= rp_json_set_string(j, "value", value);
		r |= rp_json_set_string(j, "why", why);
		r |= rp_json_append(list, j);
	}
	return r < 0 ? rp_json_free(list) : list;
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

/* Tokens that the cache holds: of the partition with --on, else of one request. */
static struct rp_json *tokens_json(const struct request *q)
{
	uint64_t usable = q->usable_bytes, tokens;

	if (!q->on &&
	    rocpart_footprint_get(q->footprint, ROCPART_FOOTPRINT_TOTAL_BYTES, &usable) < 0)
		return rp_json_null();
	if (rocpart_footprint_kv_tokens(q->footprint, usable, &tokens) < 0)
		return rp_json_null();
	return rp_json_u64(tokens);
}

static struct rp_json *on_json(const struct cli *cli, const struct request *q)
{
	struct rp_json *j = rp_json_object();
	int fits = rocpart_footprint_fits(q->footprint, q->usable_bytes), r;

	r = rp_json_set_string(j, "partition", cli->values.on);
	r |= rp_json_set_u64(j, "partition_bytes", q->partition_bytes);
	r |= rp_json_set_u64(j, "usable_bytes", q->usable_bytes);
	r |= rp_json_set(j, "fits", fits < 0 ? rp_json_null() : rp_json_bool(fits == 1));
	r |= rp_json_set_string(j, "uncertainty",
				"no measurement on a partition of an AMD GPU is known: items whose "
				"confidence is guess may be off by tenths of a GiB");
	if (q->bound)
		r |= rp_json_set(j, "tokens_per_s_bound", rp_json_real((double)q->bound / 1000));
	return r < 0 ? rp_json_free(j) : j;
}

static int add_numbers(struct rp_json *j, const struct request *q)
{
	static const struct {
		enum rocpart_footprint_value value;
		const char *key;
	} numbers[] = {
		{ROCPART_FOOTPRINT_PARAMETERS, "parameters"},
		{ROCPART_FOOTPRINT_DRAFT_PARAMETERS, "draft_parameters"},
		{ROCPART_FOOTPRINT_WEIGHTS_BYTES, "weights_bytes"},
		{ROCPART_FOOTPRINT_KV_BYTES_PER_TOKEN, "kv_bytes_per_token"},
		{ROCPART_FOOTPRINT_KV_BYTES, "kv_bytes"},
		{ROCPART_FOOTPRINT_ACTIVATION_BYTES, "activation_bytes"},
		{ROCPART_FOOTPRINT_GRAPH_BYTES, "graph_bytes"},
		{ROCPART_FOOTPRINT_MARGIN_BYTES, "margin_bytes"},
		{ROCPART_FOOTPRINT_TOTAL_BYTES, "total_bytes"},
		{ROCPART_FOOTPRINT_COMFORTABLE_BYTES, "comfortable_bytes"},
		{ROCPART_FOOTPRINT_STATE_BYTES, "state_bytes_per_sequence"},
		{ROCPART_FOOTPRINT_CONTEXT, "context"},
		{ROCPART_FOOTPRINT_MAX_SEQS, "max_seqs"},
		{ROCPART_FOOTPRINT_MAX_BATCHED_TOKENS, "max_num_batched_tokens"},
	};
	int r = rp_json_set(j, "process_bytes", process_json(q->footprint));

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(numbers); i++)
		r = rp_json_set(j, numbers[i].key,
				view_footprint_json(q->footprint, numbers[i].value));
	return r;
}

static int size_json(struct cli *cli, const struct request *q, char *const *flags)
{
	const struct rocpart_footprint *f = q->footprint;
	struct rp_json *j = cli_new_document(cli);
	int r = rp_json_set_string(j, "model", rocpart_model_get_name(q->model));

	r |= rp_json_set_string(j, "architecture", rocpart_model_get_architecture(q->model));
	r |= rp_json_set_string(j, "precision", rocpart_footprint_get_text(f, "precision"));
	r |= rp_json_set_string(j, "engine", rocpart_footprint_get_text(f, "engine"));
	r |= add_numbers(j, q);
	r |= rp_json_set(j, "kv_tokens", tokens_json(q));
	if (cli->values.tp)
		r |= rp_json_set(j, "ranks", view_footprint_json(f, ROCPART_FOOTPRINT_RANKS));
	r |= rp_json_set(j, "flags", view_flags_json(flags));
	r |= rp_json_set_string(j, "source", rocpart_model_get_source(q->model));
	r |= rp_json_set_string(j, "confidence",
				rocpart_footprint_get_confidence(f, ROCPART_FOOTPRINT_TOTAL_BYTES));
	r |= rp_json_set(j, "items", items_json(f));
	r |= rp_json_set(j, "assumed", assumed_json(f));
	if (q->on)
		r |= rp_json_set(j, "on", on_json(cli, q));
	if (r < 0) {
		rp_json_free(j);
		return cli_nomem(cli);
	}
	return cli_print_json(cli, j);
}

/* ---- text ---- */

static void print_bytes(const char *name, uint64_t bytes, const char *rest)
{
	char text[RP_BYTES_TEXT_SIZE];

	printf("  %-22s %12s  %s\n", name, rp_format_bytes(bytes, text), rest);
}

static void print_value(const struct request *q, enum rocpart_footprint_value value,
			const char *name, const char *rest)
{
	uint64_t v;

	if (rocpart_footprint_get(q->footprint, value, &v) == 0)
		print_bytes(name, v, rest);
	else
		printf("  %-22s %12s  not known\n", name, "-");
}

static void print_items(const struct request *q)
{
	uint64_t v;

	for (size_t i = 0; i < VIEW_N_FOOTPRINT_PARTS; i++) {
		RP_AUTO_FREE char *rest = rp_strdupf(
			"%s: %s",
			rocpart_footprint_get_confidence(q->footprint,
							 view_footprint_parts[i].value),
			rocpart_footprint_get_source(q->footprint, view_footprint_parts[i].value));

		if (view_footprint_parts[i].value == ROCPART_FOOTPRINT_COLLECTIVE_BYTES &&
		    rocpart_footprint_get(q->footprint, view_footprint_parts[i].value, &v) == 0 &&
		    v == 0)
			continue;
		print_value(q, view_footprint_parts[i].value, view_footprint_parts[i].text,
			    rest ? rest : "");
	}
	print_value(q, ROCPART_FOOTPRINT_TOTAL_BYTES, "at least", "one request of the context");
	print_value(q, ROCPART_FOOTPRINT_COMFORTABLE_BYTES, "comfortable", "four such requests");
}

static void print_on(const struct cli *cli, const struct request *q)
{
	int fits = rocpart_footprint_fits(q->footprint, q->usable_bytes);
	uint64_t tokens = 0;
	char text[RP_BYTES_TEXT_SIZE];

	printf("on %s: usable %s of %llu bytes; ", cli->values.on,
	       rp_format_bytes(q->usable_bytes, text), (unsigned long long)q->partition_bytes);
	if (fits == 1 && rocpart_footprint_kv_tokens(q->footprint, q->usable_bytes, &tokens) < 0)
		fits = 0;
	if (fits == 1 && tokens)
		printf("fits, %llu tokens of KV cache", (unsigned long long)tokens);
	else if (fits == 1)
		printf("fits, its state does not grow with tokens");
	else
		printf("%s", fits < 0 ? "not known whether it fits" : "does not fit");
	if (q->bound)
		printf("; bandwidth bound <= %.1f tokens/s per sequence", (double)q->bound / 1000);
	printf("\n  no measurement on a partition of an AMD GPU is known: parts marked guess may "
	       "be "
	       "off by tenths of a GiB\n");
}

static void print_flags(char *const *flags)
{
	printf("flags:");
	for (; flags && *flags; flags++)
		printf(" %s", *flags);
	printf("\n");
}

static void print_assumed(const struct rocpart_footprint *f)
{
	const char *what, *value, *why;

	for (size_t i = 0; rocpart_footprint_get_assumption(f, i, &what, &value, &why) == 0; i++)
		printf("assumed: %s %s (%s)\n", what, value, why);
}

static void size_text(const struct cli *cli, const struct request *q, char *const *flags)
{
	uint64_t ranks = 1, parameters;

	(void)rocpart_footprint_get(q->footprint, ROCPART_FOOTPRINT_RANKS, &ranks);
	printf("%s: %s, %s", rocpart_model_get_name(q->model),
	       rocpart_model_get_architecture(q->model),
	       rocpart_footprint_get_text(q->footprint, "precision"));
	if (rocpart_footprint_get(q->footprint, ROCPART_FOOTPRINT_PARAMETERS, &parameters) == 0)
		printf(", %llu parameters", (unsigned long long)parameters);
	printf("\nfrom %s\n", rocpart_model_get_source(q->model));
	if (ranks > 1)
		printf("per rank, %llu ranks:\n", (unsigned long long)ranks);
	print_items(q);
	if (q->on)
		print_on(cli, q);
	print_flags(flags);
	print_assumed(q->footprint);
}

int cli_cmd_model_size(struct cli *cli, int argc, char **argv)
{
	struct request q = {0};
	char **flags = NULL;
	int status = open_request(cli, argc, argv, &q);

	status = status ? status : open_on(cli, &q);
	if (!status &&
	    rocpart_footprint_get_flags(q.footprint, q.partition_bytes, q.usable_bytes, &flags) < 0)
		status = cli_nomem(cli);
	if (!status && cli->values.json)
		status = size_json(cli, &q, flags);
	else if (!status)
		size_text(cli, &q, flags);
	rocpart_flags_free(flags);
	request_done(&q);
	return status;
}

/* ---- fit ---- */

#define FIT_COLUMNS                                                                        \
	"product,compute_mode,memory_mode,memory_bytes,fits,kv_tokens,tokens_per_s_bound," \
	"tokens_per_s_bound_at_context,replicas_per_gpu,validated"

static int add_fit(const struct request *q, const struct rocpart_fit *fit, struct view_table *table,
		   struct rp_json *list)
{
	struct view_fit_row row = {fit, q->footprint, NULL};
	int r = 0;

	if (fit->fits == 1)
		r = rocpart_footprint_get_flags(q->footprint, fit->partition_bytes,
						fit->usable_bytes, &row.flags);
	if (r == 0)
		r = list ? rp_json_append(list, view_object_json(view_fit_fields, &row))
			 : view_table_add(table, &row);
	rocpart_flags_free(row.flags);
	return r;
}

static int fit_rows(const struct request *q, struct view_table *table, struct rp_json *list)
{
	struct rocpart_fits *fits = NULL;
	const struct rocpart_fit *fit;
	int r = rocpart_fits_new(q->footprint, 0, &fits, NULL);

	for (size_t i = 0; r == 0 && (fit = rocpart_fits_get(fits, i)); i++)
		r = add_fit(q, fit, table, list);
	rocpart_fits_free(fits);
	return r;
}

/* Flags of the first place where it fits: the numbers differ between places, not the words. */
static void print_first_flags(const struct request *q)
{
	struct rocpart_fits *fits = NULL;
	const struct rocpart_fit *fit, *least = NULL;
	char **flags = NULL;

	if (rocpart_fits_new(q->footprint, 0, &fits, NULL) < 0)
		return;
	for (size_t i = 0; (fit = rocpart_fits_get(fits, i)); i++)
		if (fit->fits == 1 && (!least || fit->partition_bytes < least->partition_bytes))
			least = fit;
	if (least && rocpart_footprint_get_flags(q->footprint, least->partition_bytes,
						 least->usable_bytes, &flags) == 0) {
		printf("on %s %s/%s ", least->product,
		       rocpart_compute_mode_to_string(least->compute),
		       rocpart_memory_mode_to_string(least->memory));
		print_flags(flags);
	}
	rocpart_flags_free(flags);
	rocpart_fits_free(fits);
}

static int fit_text(struct cli *cli, const struct request *q)
{
	const char *columns = cli->values.columns ? cli->values.columns : FIT_COLUMNS;
	struct view_table *table;
	int status = cli_check_columns(cli, view_fit_fields, columns);

	if (status)
		return status;
	table = view_table_new(view_fit_fields, columns);
	if (fit_rows(q, table, NULL) < 0)
		table = view_table_free(table);
	if (table)
		printf("%s, %s, per rank; figures of products are those of data sheets, not of a "
		       "machine\n",
		       rocpart_model_get_name(q->model),
		       rocpart_footprint_get_text(q->footprint, "precision"));
	status = cli_print_table(cli, table);
	if (status)
		return status;
	printf("tokens/s are bounds of one sequence by memory bandwidth, all partitions busy; "
	       "tokens left assume a node of 2 TiB and 8 GPUs\n");
	print_first_flags(q);
	print_assumed(q->footprint);
	return 0;
}

static int fit_json(struct cli *cli, const struct request *q)
{
	struct rp_json *j = cli_new_document(cli), *list = rp_json_array();
	int r = fit_rows(q, NULL, list);

	r |= rp_json_set_string(j, "model", rocpart_model_get_name(q->model));
	r |= rp_json_set_string(j, "precision",
				rocpart_footprint_get_text(q->footprint, "precision"));
	r |= rp_json_set(j, "total_bytes",
			 view_footprint_json(q->footprint, ROCPART_FOOTPRINT_TOTAL_BYTES));
	r |= rp_json_set_string(j, "products", "figures of the product table, not of a machine");
	r |= rp_json_set_u64(j, "assumed_host_bytes", ASSUMED_HOST_BYTES);
	r |= rp_json_set(j, "assumed", assumed_json(q->footprint));
	r |= rp_json_set(j, "fits", list);
	if (r < 0) {
		rp_json_free(j);
		return cli_nomem(cli);
	}
	return cli_print_json(cli, j);
}

int cli_cmd_model_fit(struct cli *cli, int argc, char **argv)
{
	struct request q = {0};
	int status = open_request(cli, argc, argv, &q);

	if (!status)
		status = cli->values.json ? fit_json(cli, &q) : fit_text(cli, &q);
	request_done(&q);
	return status;
}
