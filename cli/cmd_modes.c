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

/* Whether the GPU has the same modes, and so the same pairs, as the one before it. */
static bool is_alike(const struct rocpart_gpu *a, const struct rocpart_gpu *b)
{
	return b && rocpart_gpu_get_device_id(a) == rocpart_gpu_get_device_id(b) &&
	       rocpart_gpu_get_compute_mode(a) == rocpart_gpu_get_compute_mode(b) &&
	       rocpart_gpu_get_memory_mode(a) == rocpart_gpu_get_memory_mode(b) &&
	       rocpart_gpu_get_partition_count(a) == rocpart_gpu_get_partition_count(b);
}

static int gpu_text(struct cli *cli, const struct rocpart_gpu *gpu,
		    const struct rocpart_pairs *pairs, const struct rocpart_gpu *before)
{
	const char *product = rocpart_gpu_get_product(gpu);

	if (is_alike(gpu, before)) {
		printf("GPU %zu (%s): as GPU %zu\n", rocpart_gpu_get_index(gpu),
		       rocpart_gpu_get_bdf(gpu), rocpart_gpu_get_index(before));
		return 0;
	}
	printf("GPU %zu (%s), %s%s\n", rocpart_gpu_get_index(gpu), rocpart_gpu_get_bdf(gpu),
	       product ? product : "unknown product", pairs ? "" : ": cannot be partitioned");
	return pairs ? cli_print_table(cli, view_pair_table(pairs, VIEW_PAIR_COLUMNS)) : 0;
}

static int one_gpu(struct cli *cli, const struct rocpart_snapshot *s, const struct rocpart_gpu *gpu,
		   const struct rocpart_gpu **before, struct rp_json *list)
{
	struct rocpart_pairs *pairs = NULL;
	int r = rocpart_pairs_new(s, gpu, &pairs, NULL), status = 0;

	if (r == -ENOMEM)
		return cli_nomem(cli);
	if (list)
		status = rp_json_append(list, view_gpu_modes_json(gpu, pairs)) < 0 ? cli_nomem(cli)
										   : 0;
	else
		status = gpu_text(cli, gpu, pairs, *before);
	if (!is_alike(gpu, *before))
		*before = gpu;
	rocpart_pairs_free(pairs);
	return status;
}

static int each_gpu(struct cli *cli, const struct rocpart_snapshot *s, struct rp_json *list)
{
	const struct modes_values *v = cli->values;
	const struct rocpart_gpu *gpu, *before = NULL;
	struct rocpart_error err = {0};
	int status = 0;

	for (size_t i = 0; i < v->gpus.n && status == 0; i++) {
		if (rocpart_snapshot_find_gpu(s, v->gpus.v[i], &gpu, &err) < 0)
			return cli_fail(cli, &err);
		status = one_gpu(cli, s, gpu, &before, list);
	}
	for (size_t i = 0; !v->gpus.n && status == 0; i++) {
		gpu = rocpart_snapshot_get_gpu(s, i);
		if (!gpu)
			break;
		status = one_gpu(cli, s, gpu, &before, list);
	}
	return status;
}

static int run_modes(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	struct rp_json *list = cli->global.json ? rp_json_array() : NULL;
	int status = cli_observe_gpus(cli, &s);

	(void)argc;
	(void)argv;
	if (status == 0 && !list)
		cli_print_banner(cli);
	if (status == 0)
		status = each_gpu(cli, s, list);
	if (status == 0 && list) {
		status = cli_print_json(cli, view_modes(cli_about(cli), list));
		list = NULL;
	}
	rp_json_free(list);
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
