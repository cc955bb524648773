/* SPDX-License-Identifier: MIT */
/* model size, model fit: what a model needs, and where that is to be had. */
#include "cli/cli.h"

#include "base/num.h"
#include "base/suggest.h"
#include "views/model.h"

/* The node whose page tables are assumed: the kernel's reserve depends on both (model-bytes). */
#define ASSUMED_HOST_BYTES (UINT64_C(2) << 40)
#define ASSUMED_VRAM_BYTES (8 * 192 * RP_GIB)

struct size_values {
	struct cli_size_values size;
	const char *on;
};

static const struct cli_option model_size_options[] = {
	CLI_SHARED(cli_size_options, size_values, size),
	{.name = "on",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_PARTITIONS,
	 .arg = "SIZE|GPU/ID",
	 .offset = offsetof(struct size_values, on),
	 .help = "compare with a partition of this size, or with that partition of the machine"},
	CLI_END,
};

struct fit_values {
	struct cli_size_values size;
	struct cli_table_values table;
	const char *product;
	bool all;
};

static const struct cli_option model_fit_options[] = {
	CLI_SHARED(cli_size_options, fit_values, size),
	{.name = "product",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_PRODUCTS,
	 .arg = "NAME",
	 .offset = offsetof(struct fit_values, product),
	 .help = "show the modes of this product"},
	{.name = "all", .offset = offsetof(struct fit_values, all), .help = "show all products"},
	CLI_SHARED(cli_table_options, fit_values, table),
	CLI_END,
};

struct request {
	struct rocpart_model *model;
	struct rocpart_footprint *footprint;
	struct view_size_on on; /* its name is NULL without --on */
};

static void request_done(struct request *q)
{
	rocpart_model_free(q->model);
	rocpart_footprint_free(q->footprint);
}

static int open_request(struct cli *cli, const struct cli_size_values *v, int argc, char **argv,
			struct request *q)
{
	struct rocpart_size_options *options = NULL;
	struct rocpart_error err = {0};
	int r, status = cli_make_size_options(cli, v, &options);

	status = status ? status : cli_open_model(cli, argc ? argv[0] : NULL, v->bytes, &q->model);
	if (!status) {
		r = rocpart_footprint_new(q->model, options, &q->footprint, &err);
		status = r < 0 ? cli_fail(cli, &err) : 0;
	}
	rocpart_size_options_free(options);
	return status;
}

/* Bound of the row of the product table that is the GPU's; 0: there is none. */
static uint64_t find_bound(const struct rocpart_footprint *f, const struct rocpart_gpu *gpu)
{
	const char *product = rocpart_gpu_get_product(gpu);
	struct rocpart_fits *fits = NULL;
	const struct rocpart_fit *row;
	uint64_t bound = 0;

	if (!product || rocpart_fits_new(f, 0, &fits, NULL) < 0)
		return 0;
	for (size_t i = 0; (row = rocpart_fits_get(fits, i)); i++)
		if (rp_str_eq(row->product, product) &&
		    row->compute == rocpart_gpu_get_compute_mode(gpu) &&
		    row->memory == rocpart_gpu_get_memory_mode(gpu))
			bound = row->bound_millitokens_per_s;
	rocpart_fits_free(fits);
	return bound;
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
	struct rocpart_error err = {0};
	int status = cli_open_machine(cli);

	status = status ? status : cli_observe_gpus(cli, &s);
	if (status)
		return status;
	if (rocpart_snapshot_find_partition(s, q->on.name, &p, &err) < 0) {
		status = cli_fail(cli, &err);
	} else if (rocpart_partition_get_memory_bytes(p, &q->on.partition_bytes) < 0) {
		status = cli_usage_error(cli, "the driver does not report the memory of '%s'",
					 q->on.name);
	} else {
		q->on.usable_bytes = rocpart_usable_bytes(q->on.partition_bytes, ASSUMED_HOST_BYTES,
							  vram_of(s), 0);
		q->on.bound_millitokens_per_s =
			find_bound(q->footprint, rocpart_partition_get_gpu(p));
	}
	rocpart_snapshot_unref(s);
	return status;
}

static int open_on(struct cli *cli, struct request *q)
{
	const struct size_values *v = cli->values;
	struct view_size_on *on = &q->on;

	on->name = v->on;
	if (!on->name)
		return 0;
	if (strchr(on->name, '/'))
		return on_partition(cli, q);
	if (rp_parse_bytes(on->name, &on->partition_bytes) < 0 || !on->partition_bytes)
		return cli_usage_error(cli, "--on: '%s' is neither a size nor GPU/ID", on->name);
	on->usable_bytes = rocpart_usable_bytes(on->partition_bytes, ASSUMED_HOST_BYTES,
						ASSUMED_VRAM_BYTES, 0);
	return 0;
}

/* ---- text ---- */

static void print_bytes(const char *name, uint64_t bytes, const char *rest)
{
	char text[RP_BYTES_TEXT_SIZE];

	cli_say(stdout, "  %-22s %9s  \t%s\n", name, rp_format_bytes(bytes, text), rest);
}

static void print_value(const struct request *q, enum rocpart_footprint_value value,
			const char *name, const char *rest)
{
	uint64_t v;

	if (rocpart_footprint_get(q->footprint, value, &v) == 0)
		print_bytes(name, v, rest);
	else
		cli_say(stdout, "  %-22s %9s  not known\n", name, "-");
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

static void print_on(const struct request *q)
{
	int fits = rocpart_footprint_fits(q->footprint, q->on.usable_bytes);
	uint64_t tokens = 0;
	char text[RP_BYTES_TEXT_SIZE], all[RP_BYTES_TEXT_SIZE], count[VIEW_COUNT_TEXT_SIZE];

	cli_say(stdout, "on %s: usable %s of %s; ", q->on.name,
		rp_format_bytes(q->on.usable_bytes, text),
		rp_format_bytes(q->on.partition_bytes, all));
	if (fits == 1 && rocpart_footprint_kv_tokens(q->footprint, q->on.usable_bytes, &tokens) < 0)
		fits = 0;
	if (fits == 1 && tokens)
		cli_say(stdout, "fits, %s tokens of KV cache", view_format_count(tokens, count));
	else if (fits == 1)
		cli_say(stdout, "fits, its state does not grow with tokens");
	else
		cli_say(stdout, "%s", fits < 0 ? "not known whether it fits" : "does not fit");
	if (q->on.bound_millitokens_per_s)
		cli_say(stdout, "; bandwidth bound <= %.0f tokens/s per sequence",
			(double)q->on.bound_millitokens_per_s / 1000);
	cli_say(stdout,
		"\n  no measurement on a partition of an AMD GPU is known: parts marked guess may "
		"be "
		"off by tenths of a GiB\n");
}

static void print_flags(char *const *flags)
{
	cli_say(stdout, "flags:");
	for (; flags && *flags; flags++)
		cli_say(stdout, " %s", *flags);
	cli_say(stdout, "\n");
}

static void print_assumed(const struct rocpart_footprint *f)
{
	const char *what, *value, *why;

	for (size_t i = 0; rocpart_footprint_get_assumption(f, i, &what, &value, &why) == 0; i++)
		cli_say(stdout, "assumed: %s %s (%s)\n", what, value, why);
}

static void size_text(const struct request *q, char *const *flags)
{
	uint64_t ranks = 1, parameters;
	char count[VIEW_COUNT_TEXT_SIZE];

	(void)rocpart_footprint_get(q->footprint, ROCPART_FOOTPRINT_RANKS, &ranks);
	cli_say(stdout, "%s: %s, %s", rocpart_model_get_name(q->model),
		rocpart_model_get_architecture(q->model),
		rocpart_footprint_get_text(q->footprint, "dtype"));
	if (rocpart_footprint_get(q->footprint, ROCPART_FOOTPRINT_PARAMETERS, &parameters) == 0)
		cli_say(stdout, ", %s parameters", view_format_count(parameters, count));
	cli_say(stdout, "\nfrom %s\n", rocpart_model_get_source(q->model));
	if (ranks > 1)
		cli_say(stdout, "per rank, %llu ranks:\n", (unsigned long long)ranks);
	print_items(q);
	if (q->on.name)
		print_on(q);
	print_flags(flags);
	print_assumed(q->footprint);
}

static int size_json(struct cli *cli, const struct request *q, char *const *flags)
{
	const struct size_values *v = cli->values;
	const struct view_size size = {
		.model = q->model,
		.footprint = q->footprint,
		.on = q->on.name ? &q->on : NULL,
		.flags = flags,
		.has_ranks = v->size.tp != NULL,
	};

	return cli_print_json(cli, view_model_size(cli_about(cli), &size));
}

static int run_model_size(struct cli *cli, int argc, char **argv)
{
	const struct size_values *v = cli->values;
	struct request q = {0};
	char **flags = NULL;
	int status = open_request(cli, &v->size, argc, argv, &q);

	status = status ? status : open_on(cli, &q);
	if (!status && rocpart_footprint_get_flags(q.footprint, q.on.partition_bytes,
						   q.on.usable_bytes, &flags) < 0)
		status = cli_nomem(cli);
	if (!status && cli->global.json)
		status = size_json(cli, &q, flags);
	else if (!status)
		size_text(&q, flags);
	rocpart_flags_free(flags);
	request_done(&q);
	return status;
}

/* ---- fit ---- */

/* Flags of the first place where it fits: the numbers differ between places, not the words. */
static void print_first_flags(const struct request *q, const struct rocpart_fits *fits,
			      const struct rp_names *products)
{
	const struct rocpart_fit *fit, *least = NULL;
	struct rocpart_error err = {0};
	char **flags = NULL;

	for (size_t i = 0; (fit = rocpart_fits_get(fits, i)); i++)
		if (fit->fits == 1 && fit->validated &&
		    (!products || rp_str_eq(products->v[0], fit->product)) &&
		    (!least || fit->partition_bytes < least->partition_bytes))
			least = fit;
	if (!least)
		return;
	if (rocpart_footprint_get_flags(q->footprint, least->partition_bytes, least->usable_bytes,
					&flags) < 0) {
		(void)rp_error_nomem(&err);
		cli_note_error(&err);
	} else {
		cli_say(stdout, "on %s %s/%s ", least->product,
			rocpart_compute_mode_to_string(least->compute),
			rocpart_memory_mode_to_string(least->memory));
		print_flags(flags);
	}
	rocpart_flags_free(flags);
}

static bool is_shown(const struct view_fit_choice *choice, const char *product)
{
	for (size_t i = 0; choice->products && i < choice->products->n; i++)
		if (rp_str_eq(choice->products->v[i], product))
			return true;
	return !choice->products;
}

/* The column VALIDATED has one word: what stands behind it, each source with its month. */
static void print_sources(const struct rocpart_fits *fits, const struct view_fit_choice *choice)
{
	const struct rocpart_fit *fit, *before;
	const char *separator = "validated: by ";

	for (size_t i = 0; (fit = rocpart_fits_get(fits, i)); i++) {
		size_t k = 0;

		if (!is_shown(choice, fit->product) || !fit->vendor || !*fit->vendor)
			continue;
		while ((before = rocpart_fits_get(fits, k)) != fit &&
		       !(is_shown(choice, before->product) && before->vendor &&
			 rp_str_eq(before->vendor, fit->vendor)))
			k++;
		if (k < i)
			continue;
		cli_say(stdout, "%s%s", separator, fit->vendor);
		separator = ", ";
	}
	if (*separator == ',')
		cli_say(stdout, "; --wide names that of each row\n");
}

/* A product of which only the name is known has no row: not a word would look like "does not fit".
 */
static void print_unknown(const struct rocpart_fits *fits, const struct view_fit_choice *choice)
{
	const struct rocpart_fit *fit;

	for (size_t i = 0; choice->products && i < choice->products->n; i++) {
		const char *product = choice->products->v[i];
		size_t k = 0;

		while ((fit = rocpart_fits_get(fits, k)) && !rp_str_eq(fit->product, product))
			k++;
		if (!fit)
			cli_say(stdout,
				"%s: its partition sizes are not in the product table; on a "
				"machine "
				"that has it, `rocpart model size MODEL --on SIZE` answers for a "
				"partition of `rocpart modes`\n",
				product);
	}
}

static int fit_text(struct cli *cli, const struct request *q, const struct rocpart_fits *fits,
		    const struct view_fit_choice *choice)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);
	int status;

	if (!layout.csv)
		cli_say(stdout,
			"%s, %s, per rank; figures of products are those of data sheets, not of a "
			"machine\n",
			rocpart_model_get_name(q->model),
			rocpart_footprint_get_text(q->footprint, "dtype"));
	status = cli_print_table(cli, view_fit_table(q->footprint, fits, choice, &layout));
	if (status || layout.csv)
		return status;
	if (choice->only_best)
		cli_say(stdout, "the best modes of each product are shown: --product NAME shows "
				"the others of one, --all those of all\n");
	print_unknown(fits, choice);
	if (!layout.wide)
		print_sources(fits, choice);
	cli_say(stdout,
		"tokens/s are bounds of one sequence by memory bandwidth, all partitions busy; KV "
		"tokens assume a node of 2 TiB and 8 GPUs\n");
	print_first_flags(q, fits, choice->products);
	print_assumed(q->footprint);
	return 0;
}

/* Products that stand in the machine, those that the table knows. 0 or exit status. */
static int add_products_of_machine(struct cli *cli, struct rp_names *ret)
{
	bool is_named = cli->global.sim || cli->global.root || secure_getenv("ROCPART_SIM");
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};
	const struct rocpart_gpu *gpu;
	int status = is_named ? cli_open_machine(cli) : 0, r = 0;

	if (status)
		return status;
	if (!is_named && rocpart_machine_open_real(NULL, &cli->machine, &err) < 0)
		return cli_fail(cli, &err);
	status = cli_observe(cli, &s); /* this computer needs no GPU to answer */
	if (status)
		return status;
	for (size_t i = 0; r == 0 && (gpu = rocpart_snapshot_get_gpu(s, i)); i++) {
		const char *product = rocpart_gpu_get_product(gpu);
		bool is_there = !product;

		for (size_t k = 0; !is_there && k < ret->n; k++)
			is_there = rp_str_eq(ret->v[k], product);
		r = is_there ? 0 : rp_names_add(ret, product);
	}
	rocpart_snapshot_unref(s);
	return r < 0 ? cli_nomem(cli) : 0;
}

static const char *product_at(const void *list, size_t index)
{
	(void)list;
	return rocpart_product_get_name(index);
}

static int add_product(struct cli *cli, const char *name, struct rp_names *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT;
	const char *known, *near = rp_suggest(name, product_at, NULL);
	struct rocpart_error err = {0};

	for (size_t i = 0; (known = rocpart_product_get_name(i)); i++) {
		if (rp_str_eq_nocase(known, name))
			return rp_names_add(ret, known) < 0 ? cli_nomem(cli) : 0;
		rp_strbuf_addf(&names, "%s%s", i ? ", " : "", known);
	}
	(void)rp_error_set(&err, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
			   "there is no product '%.60s'; the products are %s", name,
			   rp_strbuf_str(&names));
	if (near)
		(void)rp_error_hint(&err, "did you mean '%s'?", near);
	return cli_fail(cli, &err);
}

/* Programs get every row unless they name a product: they can choose for themselves. */
static int choose_fits(struct cli *cli, struct rp_names *products, struct view_fit_choice *ret)
{
	const struct fit_values *v = cli->values;
	bool is_data = cli->global.json || v->table.csv;
	int status = 0;

	if (v->product && v->all)
		return cli_usage_error(cli, "--product and --all exclude each other");
	if (v->product)
		status = add_product(cli, v->product, products);
	else if (!v->all && !is_data)
		status = add_products_of_machine(cli, products);
	*ret = (struct view_fit_choice){
		.products = products->n ? products : NULL,
		.only_usual = !v->all && !is_data && !v->table.wide,
		.only_best = !v->all && !is_data && !products->n,
	};
	return status;
}

static int print_fits(struct cli *cli, const struct request *q)
{
	RP_AUTO_NAMES struct rp_names products = RP_NAMES_INIT;
	struct view_fit_choice choice;
	struct rocpart_fits *fits = NULL;
	int status = choose_fits(cli, &products, &choice);

	if (status)
		return status;
	if (rocpart_fits_new(q->footprint, 0, &fits, NULL) < 0)
		return cli_nomem(cli);
	status =
		cli->global.json
			? cli_print_json(cli, view_model_fit(cli_about(cli), q->model, q->footprint,
							     fits, &choice, ASSUMED_HOST_BYTES))
			: fit_text(cli, q, fits, &choice);
	rocpart_fits_free(fits);
	return status;
}

static int run_model_fit(struct cli *cli, int argc, char **argv)
{
	const struct fit_values *v = cli->values;
	struct request q = {0};
	int status = open_request(cli, &v->size, argc, argv, &q);

	status = status ? status : print_fits(cli, &q);
	request_done(&q);
	return status;
}

const struct cli_command cli_verb_model_size = {
	.name = "model size",
	.group = "models",
	.args = "MODEL|FILE",
	.max_args = 1,
	.summary = "show how many bytes a model needs, item by item",
	.options = model_size_options,
	.values_size = sizeof(struct size_values),
	.words = {CLI_WORDS_MODELS},
	.run = run_model_size,
};

const struct cli_command cli_verb_model_fit = {
	.name = "model fit",
	.group = "models",
	.args = "MODEL|FILE",
	.max_args = 1,
	.summary = "show which GPU products and modes can hold a model",
	.options = model_fit_options,
	.values_size = sizeof(struct fit_values),
	.words = {CLI_WORDS_MODELS},
	.columns = view_fit_fields,
	.run = run_model_fit,
};
