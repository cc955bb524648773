/* SPDX-License-Identifier: MIT */
/* set, apply, reset, undo, holders, cordon, uncordon. */
#include "cli/cli.h"

#include "views/change.h"

static int new_change(struct cli *cli, struct rocpart_snapshot **ret_snapshot,
		      struct rocpart_change **ret)
{
	struct rocpart_error err = {0};
	int status = cli_observe_gpus(cli, ret_snapshot);

	if (status)
		return status;
	if (rocpart_change_new(cli->machine, *ret_snapshot, ret, &err) < 0)
		return cli_fail(cli, &err);
	return 0;
}

/* The GPUs of --gpu, or all; "all" is a name too. */
static int set_modes(struct cli *cli, struct rocpart_snapshot *s, struct rocpart_change *change,
		     enum rocpart_compute_mode c, enum rocpart_memory_mode m)
{
	const struct rp_names *names = &cli->values.gpus;
	struct rocpart_error err = {0};
	int r = 0;

	if (names->n == 0 || (names->n == 1 && rp_str_eq(names->v[0], "all")))
		r = rocpart_change_set_modes(change, NULL, c, m, &err);
	for (size_t i = 0; r == 0 && i < names->n && !rp_str_eq(names->v[i], "all"); i++) {
		const struct rocpart_gpu *gpu = NULL;

		r = rocpart_snapshot_find_gpu(s, names->v[i], &gpu, &err);
		if (r == 0)
			r = rocpart_change_set_modes(change, gpu, c, m, &err);
	}
	return r < 0 ? cli_fail(cli, &err) : 0;
}

static int change_modes(struct cli *cli, enum rocpart_compute_mode c, enum rocpart_memory_mode m)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *change = NULL;
	int status = new_change(cli, &s, &change);

	if (status == 0)
		status = set_modes(cli, s, change, c, m);
	if (status == 0)
		status = cli_do_change(cli, change);
	else
		rocpart_change_free(change);
	rocpart_snapshot_unref(s);
	return status;
}

int cli_cmd_set(struct cli *cli, int argc, char **argv)
{
	enum rocpart_compute_mode c = ROCPART_COMPUTE_UNKNOWN;
	enum rocpart_memory_mode m = ROCPART_MEMORY_UNKNOWN;
	const struct cli_values *v = &cli->values;

	(void)argc;
	(void)argv;
	if (!v->compute && !v->memory)
		return cli_usage_error(cli, "name what to set: --compute, --memory or both");
	if (v->compute && rocpart_compute_mode_from_string(v->compute, &c) < 0)
		return cli_usage_error(cli, "'%s' is not a compute mode (SPX, DPX, TPX, QPX, CPX)",
				       v->compute);
	if (v->memory && rocpart_memory_mode_from_string(v->memory, &m) < 0)
		return cli_usage_error(cli, "'%s' is not a memory mode (NPS1, NPS2, NPS4)",
				       v->memory);
	return change_modes(cli, c, m);
}

int cli_cmd_reset(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return change_modes(cli, ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1);
}

static int nothing_to_do(struct cli *cli, const char *text)
{
	if (cli->values.json)
		return cli_print_json(cli, view_result(cli_about(cli), "already so"));
	printf("%s\n", text);
	return 0;
}

static int resume(struct cli *cli, bool undo)
{
	struct rocpart_change *change = NULL;
	struct rocpart_error err = {0};
	int status, r = rocpart_change_open_journal(cli->machine, &change, &err);

	if (r == -ENOENT && !undo)
		return nothing_to_do(cli, err.message);
	if (r < 0)
		return cli_fail(cli, &err);
	status = cli_set_change_options(cli, change);
	if (status == 0)
		status = cli_finish_change(cli, change, undo);
	rocpart_change_free(change);
	return status;
}

static int apply_file(struct cli *cli, const char *path)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *change = NULL;
	struct rocpart_error err = {0};
	int status = new_change(cli, &s, &change);

	if (status == 0 && rocpart_change_load_config(change, path, cli->values.config, &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0)
		status = cli_do_change(cli, change);
	else
		rocpart_change_free(change);
	rocpart_snapshot_unref(s);
	return status;
}

int cli_cmd_apply(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (cli->values.resume == (cli->values.file != NULL))
		return cli_usage_error(cli, "name a file with -f, or --resume");
	if (cli->values.resume)
		return resume(cli, false);
	if (rocpart_plan_file_has_models(cli->values.file))
		return cli_apply_models(cli);
	return apply_file(cli, cli->values.file);
}

int cli_cmd_undo(struct cli *cli, int argc, char **argv)
{
	struct rocpart_change *change = NULL;
	struct rocpart_error err = {0};
	int r;

	(void)argc;
	(void)argv;
	r = rocpart_change_open_journal(cli->machine, &change, NULL);
	rocpart_change_free(change);
	change = NULL;
	if (r == 0)
		return resume(cli, true);
	r = rocpart_change_open_last(cli->machine, &change, &err);
	if (r == -ENOENT)
		return nothing_to_do(cli, err.message);
	return r < 0 ? cli_fail(cli, &err) : cli_do_change(cli, change);
}

int cli_cmd_holders(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_holders *holders = NULL;
	struct rocpart_error err = {0};
	int status = cli_observe_gpus(cli, &s);

	(void)argc;
	(void)argv;
	if (status)
		return status;
	if (rocpart_holders_new(cli->machine, s, &holders, &err) < 0) {
		status = cli_fail(cli, &err);
	} else if (cli->values.json) {
		status = cli_print_json(cli, view_holders(cli_about(cli), holders));
	} else {
		cli_print_banner(cli);
		if (!rocpart_holders_get(holders, 0))
			printf("no process holds a GPU\n");
		cli_print_holders(holders);
	}
	rocpart_holders_free(holders);
	rocpart_snapshot_unref(s);
	return status;
}

static int cordon(struct cli *cli, int argc, char **argv, bool on)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};
	int status = cli_observe_gpus(cli, &s);

	for (int i = 0; status == 0 && i < argc; i++) {
		const struct rocpart_gpu *gpu = NULL;
		int r = rocpart_snapshot_find_gpu(s, argv[i], &gpu, &err);

		if (r == 0)
			r = rocpart_machine_set_cordon(cli->machine, rocpart_gpu_get_bdf(gpu), on,
						       &err);
		if (r < 0)
			status = cli_fail(cli, &err);
		else if (!cli->values.json)
			printf("GPU %zu (%s) is %s\n", rocpart_gpu_get_index(gpu),
			       rocpart_gpu_get_bdf(gpu), on ? "cordoned" : "not cordoned");
	}
	rocpart_snapshot_unref(s);
	if (status == 0 && cli->values.json)
		return cli_print_json(cli, view_document(cli_about(cli)));
	return status;
}

int cli_cmd_cordon(struct cli *cli, int argc, char **argv)
{
	return cordon(cli, argc, argv, true);
}

int cli_cmd_uncordon(struct cli *cli, int argc, char **argv)
{
	return cordon(cli, argc, argv, false);
}
