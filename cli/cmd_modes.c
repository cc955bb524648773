/* SPDX-License-Identifier: MIT */
/* modes: which pairs each GPU accepts, and what they yield. */
#include "cli/cli.h"

#include "views/modes.h"

struct modes_values {
	struct rp_names gpus;
	struct cli_table_values table;
};

static const struct cli_option modes_options[] = {
	{.name = "gpu",
	 .letter = 'g',
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_GPUS,
	 .arg = "GPU",
	 .offset = offsetof(struct modes_values, gpus),
	 .help = "show these GPUs only, by index, PCI address or unique id; several by commas"},
	CLI_SHARED(cli_table_options, modes_values, table),
	CLI_END,
};

static bool is_same_pair(const struct rocpart_pair *a, const struct rocpart_pair *b)
{
	return a->compute == b->compute && a->memory == b->memory && a->state == b->state &&
	       a->validated == b->validated && a->n_partitions == b->n_partitions &&
	       a->n_expected == b->n_expected && a->xcds == b->xcds && a->cus == b->cus &&
	       memcmp(a->memory_bytes, b->memory_bytes, sizeof(a->memory_bytes)) == 0 &&
	       memcmp(a->domain_bytes, b->domain_bytes, sizeof(a->domain_bytes)) == 0 &&
	       rp_str_eq(a->reason, b->reason) && rp_str_eq(a->vendor, b->vendor) &&
	       rp_str_eq(a->dissent, b->dissent);
}

static bool has_same_firmware(const struct rocpart_gpu *a, const struct rocpart_gpu *b)
{
	enum rocpart_memory_mode mode_a = ROCPART_MEMORY_UNKNOWN, mode_b = ROCPART_MEMORY_UNKNOWN;
	const char *text;

	(void)rocpart_gpu_get_newer_firmware(a, &mode_a, &text);
	(void)rocpart_gpu_get_newer_firmware(b, &mode_b, &text);
	return mode_a == mode_b;
}

/* Whether all that is printed of a GPU but its name is the same of another; NULL: no pairs. */
static bool is_alike(const struct rocpart_gpu *a, const struct rocpart_pairs *pairs_a,
		     const struct rocpart_gpu *b, const struct rocpart_pairs *pairs_b)
{
	const struct rocpart_pair *p = NULL, *q = NULL;

	if (rocpart_gpu_get_device_id(a) != rocpart_gpu_get_device_id(b) || !pairs_a != !pairs_b)
		return false;
	for (size_t i = 0; pairs_a; i++) {
		p = rocpart_pairs_get(pairs_a, i);
		q = rocpart_pairs_get(pairs_b, i);
		if (!p || !q)
			break;
		if (!is_same_pair(p, q))
			return false;
	}
	return !p == !q && has_same_firmware(a, b);
}

/* The GPUs that were asked for, all without --gpu. */
struct chosen {
	const struct rocpart_gpu **v;
	size_t n;
};

static int choose_gpus(struct cli *cli, const struct rocpart_snapshot *s, struct chosen *ret)
{
	const struct modes_values *v = cli->values;
	struct rocpart_error err = {0};

	ret->n = v->gpus.n ? v->gpus.n : rocpart_snapshot_get_gpu_count(s);
	ret->v = rp_new0(const struct rocpart_gpu *, ret->n);
	if (!ret->v)
		return cli_nomem(cli);
	for (size_t i = 0; i < ret->n; i++) {
		ret->v[i] = rocpart_snapshot_get_gpu(s, i);
		if (v->gpus.n && rocpart_snapshot_find_gpu(s, v->gpus.v[i], &ret->v[i], &err) < 0)
			return cli_fail(cli, &err);
	}
	return 0;
}

/* NULL in *ret: the GPU cannot be partitioned. 0 or exit status. */
static int open_pairs(struct cli *cli, const struct rocpart_snapshot *s,
		      const struct rocpart_gpu *gpu, struct rocpart_pairs **ret)
{
	*ret = NULL;
	return rocpart_pairs_new(s, gpu, ret, NULL) == -ENOMEM ? cli_nomem(cli) : 0;
}

/* Each reason once, with the pairs that it is the reason of. */
static void print_reasons(const struct rocpart_pairs *pairs)
{
	const struct rocpart_pair *p, *q;

	for (size_t i = 0; (p = rocpart_pairs_get(pairs, i)); i++) {
		bool is_told = !*p->reason;

		for (size_t k = 0; k < i && !is_told; k++)
			is_told = rp_str_eq(rocpart_pairs_get(pairs, k)->reason, p->reason);
		if (is_told)
			continue;
		for (size_t k = i; (q = rocpart_pairs_get(pairs, k)); k++)
			if (rp_str_eq(q->reason, p->reason))
				cli_say(stdout, "%s%s/%s", k == i ? "" : ", ",
					rocpart_compute_mode_to_string(q->compute),
					rocpart_memory_mode_to_string(q->memory));
		cli_say(stdout, ": %s\n", p->reason);
	}
}

/* Pairs that one source vouches for, or of which one source says the opposite of another. */
struct vouched {
	const char *label;
	bool wants_dissent;
};

static bool is_vouched(const struct rocpart_pair *p, const struct vouched *by)
{
	return by->wants_dissent ? *p->dissent : p->validated;
}

static bool has_same_sources(const struct rocpart_pair *a, const struct rocpart_pair *b,
			     const struct vouched *by)
{
	return is_vouched(b, by) && a->validated == b->validated &&
	       rp_str_eq(a->vendor, b->vendor) &&
	       (!by->wants_dissent || rp_str_eq(a->dissent, b->dissent));
}

/* The line of pair i, unless an earlier pair has printed it. */
static void print_source(const struct rocpart_pairs *pairs, size_t i, const struct vouched *by)
{
	const struct rocpart_pair *p = rocpart_pairs_get(pairs, i), *q;

	for (size_t k = 0; k < i; k++)
		if (has_same_sources(p, rocpart_pairs_get(pairs, k), by))
			return;
	cli_say(stdout, "%s: ", by->label);
	for (size_t k = i; (q = rocpart_pairs_get(pairs, k)); k++)
		if (has_same_sources(p, q, by))
			cli_say(stdout, "%s%s/%s", k == i ? "" : ", ",
				rocpart_compute_mode_to_string(q->compute),
				rocpart_memory_mode_to_string(q->memory));
	if (by->wants_dissent)
		cli_say(stdout, ": %s %s, %s %s\n", p->vendor, p->validated ? "has it" : "does not",
			p->dissent, p->validated ? "does not" : "has it");
	else
		cli_say(stdout, ": %s\n", p->vendor);
}

static void print_sources(const struct rocpart_gpu *gpu, const struct rocpart_pairs *pairs)
{
	static const struct vouched kinds[] = {{"validated by the vendor", false},
					       {"sources disagree", true}};
	enum rocpart_memory_mode mode;
	const struct rocpart_pair *p;
	const char *firmware;

	for (size_t k = 0; k < RP_ARRAY_LEN(kinds); k++)
		for (size_t i = 0; (p = rocpart_pairs_get(pairs, i)); i++)
			if (is_vouched(p, &kinds[k]))
				print_source(pairs, i, &kinds[k]);
	if (rocpart_gpu_get_newer_firmware(gpu, &mode, &firmware) == 0)
		cli_say(stdout,
			"%s is not offered by the firmware of this GPU; %s and newer offer "
			"%s\n",
			rocpart_memory_mode_to_string(mode), firmware,
			rocpart_memory_mode_to_string(mode));
}

/* GPUs first to last, which are alike. */
static int print_alike(struct cli *cli, const struct rocpart_gpu *first,
		       const struct rocpart_gpu *last, const struct rocpart_pairs *pairs)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);
	const char *product = rocpart_gpu_get_product(first);
	struct view_table *t;
	int status;

	if (first == last)
		cli_say(stdout, "GPU %zu (%s)", rocpart_gpu_get_index(first),
			rocpart_gpu_get_bdf(first));
	else
		cli_say(stdout, "GPU %zu-%zu (%s to %s)", rocpart_gpu_get_index(first),
			rocpart_gpu_get_index(last), rocpart_gpu_get_bdf(first),
			rocpart_gpu_get_bdf(last));
	cli_say(stdout, ", %s%s\n", product ? product : "unknown product",
		pairs ? "" : ": cannot be partitioned");
	if (!pairs)
		return 0;
	t = view_table_new(view_pair_fields, &layout);
	if (t && view_add_pairs(t, first, pairs) < 0)
		t = view_table_free(t);
	status = cli_print_table(cli, t);
	if (status == 0 && !layout.wide) {
		print_reasons(pairs);
		print_sources(first, pairs);
	}
	return status;
}

/* Find the last of the GPUs from first that are alike and follow each other. 0 or exit status. */
static int find_last_alike(struct cli *cli, const struct rocpart_snapshot *s,
			   const struct chosen *gpus, size_t first,
			   const struct rocpart_pairs *pairs, size_t *ret)
{
	bool goes_on = !cli_wants_wide(cli);

	*ret = first;
	for (size_t i = first + 1; goes_on && i < gpus->n; i++) {
		struct rocpart_pairs *other = NULL;
		int status = open_pairs(cli, s, gpus->v[i], &other);

		if (status)
			return status;
		goes_on = is_alike(gpus->v[first], pairs, gpus->v[i], other) &&
			  rocpart_gpu_get_index(gpus->v[i]) ==
				  rocpart_gpu_get_index(gpus->v[i - 1]) + 1;
		rocpart_pairs_free(other);
		if (goes_on)
			*ret = i;
	}
	return 0;
}

static int print_text(struct cli *cli, const struct rocpart_snapshot *s, const struct chosen *gpus)
{
	int status = 0;

	cli_print_banner(cli);
	for (size_t i = 0, last = 0; status == 0 && i < gpus->n; i = last + 1) {
		struct rocpart_pairs *pairs = NULL;

		status = open_pairs(cli, s, gpus->v[i], &pairs);
		if (status == 0)
			status = find_last_alike(cli, s, gpus, i, pairs, &last);
		if (status == 0)
			status = print_alike(cli, gpus->v[i], gpus->v[last], pairs);
		rocpart_pairs_free(pairs);
	}
	return status;
}

static int print_csv(struct cli *cli, const struct rocpart_snapshot *s, const struct chosen *gpus)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);
	struct view_table *t = view_table_new(view_pair_fields, &layout);
	int status = t ? 0 : cli_nomem(cli);

	for (size_t i = 0; status == 0 && i < gpus->n; i++) {
		struct rocpart_pairs *pairs = NULL;

		status = open_pairs(cli, s, gpus->v[i], &pairs);
		if (status == 0 && pairs && view_add_pairs(t, gpus->v[i], pairs) < 0)
			status = cli_nomem(cli);
		rocpart_pairs_free(pairs);
	}
	if (status == 0)
		return cli_print_table(cli, t);
	view_table_free(t);
	return status;
}

static int print_json(struct cli *cli, const struct rocpart_snapshot *s, const struct chosen *gpus)
{
	struct rp_json *list = rp_json_array();
	int status = 0;

	for (size_t i = 0; status == 0 && i < gpus->n; i++) {
		struct rocpart_pairs *pairs = NULL;

		status = open_pairs(cli, s, gpus->v[i], &pairs);
		if (status == 0 && rp_json_append(list, view_gpu_modes_json(gpus->v[i], pairs)) < 0)
			status = cli_nomem(cli);
		rocpart_pairs_free(pairs);
	}
	if (status == 0)
		return cli_print_json(cli, view_modes(cli_about(cli), list));
	rp_json_free(list);
	return status;
}

static int run_modes(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	struct chosen gpus = {0};
	int status = cli_observe_gpus(cli, &s);

	(void)argc;
	(void)argv;
	if (status == 0)
		status = choose_gpus(cli, s, &gpus);
	if (status == 0 && cli->global.json)
		status = print_json(cli, s, &gpus);
	else if (status == 0)
		status = cli_wants_csv(cli) ? print_csv(cli, s, &gpus) : print_text(cli, s, &gpus);
	free(gpus.v);
	rocpart_snapshot_unref(s);
	return status;
}

const struct cli_command cli_verb_modes = {
	.name = "modes",
	.group = "look closer",
	.args = "",
	.summary = "show which modes each GPU accepts and the partitions of each",
	.options = modes_options,
	.values_size = sizeof(struct modes_values),
	.columns = view_pair_fields,
	.needs_machine = true,
	.run = run_modes,
};
