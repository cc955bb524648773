/* SPDX-License-Identifier: MIT */
/* set, reset, undo, holders, cordon, uncordon. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/change.h"

struct set_values {
	const char *compute, *memory;
	struct rp_names gpus;
	struct cli_change_values change;
};

static const struct cli_option set_options[] = {
	{.name = "compute",
	 .letter = 'c',
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_COMPUTE_MODES,
	 .arg = "MODE",
	 .offset = offsetof(struct set_values, compute),
	 .help = "compute mode: SPX (1 partition), DPX (2), TPX (3), QPX (4) or CPX (one for each "
		 "compute "
		 "die); `rocpart modes` lists what each GPU accepts"},
	{.name = "memory",
	 .letter = 'm',
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_MEMORY_MODES,
	 .arg = "MODE",
	 .offset = offsetof(struct set_values, memory),
	 .help = "memory mode: NPS1, NPS2 or NPS4; applies to all GPUs of an XGMI hive and reloads "
		 "the driver"},
	{.name = "gpu",
	 .letter = 'g',
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_GPUS,
	 .arg = "GPU",
	 .offset = offsetof(struct set_values, gpus),
	 .help = "switch these GPUs only, by index, PCI address or unique id; several by commas, "
		 "or all"},
	CLI_SHARED(cli_change_options, set_values, change),
	CLI_END,
};

struct reset_values {
	struct rp_names gpus;
	struct cli_change_values change;
};

static const struct cli_option reset_options[] = {
	{.name = "gpu",
	 .letter = 'g',
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_GPUS,
	 .arg = "GPU",
	 .offset = offsetof(struct reset_values, gpus),
	 .help = "reset these GPUs only, by index, PCI address or unique id; several by commas, or "
		 "all"},
	CLI_SHARED(cli_change_options, reset_values, change),
	CLI_END,
};

static int new_change(struct cli *cli, const struct cli_change_values *v,
		      struct rocpart_snapshot **ret_snapshot, struct rocpart_change **ret)
{
	struct rocpart_error err = {0};
	int status = cli_wait_for_change(cli, v);

	if (status == 0)
		status = cli_observe_gpus(cli, ret_snapshot);
	if (status)
		return status;
	if (rocpart_change_new(cli->machine, *ret_snapshot, ret, &err) < 0)
		return cli_fail(cli, &err);
	return 0;
}

/* The modes that GPUs are to be in. */
struct goal {
	const struct rp_names *gpus;
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
};

/* The GPUs of --gpu, or all when it is not given; "all" is a name too. */
static int set_modes(struct cli *cli, struct rocpart_snapshot *s, struct rocpart_change *change,
		     const struct goal *goal)
{
	const struct rp_names *names = goal->gpus;
	enum rocpart_compute_mode c = goal->compute;
	enum rocpart_memory_mode m = goal->memory;
	struct rocpart_error err = {0};
	bool is_all = false;
	int r = 0;

	for (size_t i = 0; i < names->n; i++)
		is_all = is_all || rp_str_eq(names->v[i], "all");
	if (is_all && names->n > 1)
		return cli_usage_error(cli, "option '--gpu': 'all' and names of GPUs exclude each "
					    "other");
	if (is_all || names->n == 0)
		r = rocpart_change_set_modes(change, NULL, c, m, &err);
	for (size_t i = 0; r == 0 && !is_all && i < names->n; i++) {
		const struct rocpart_gpu *gpu = NULL;

		r = rocpart_snapshot_find_gpu(s, names->v[i], &gpu, &err);
		if (r == 0)
			r = rocpart_change_set_modes(change, gpu, c, m, &err);
	}
	return r < 0 ? cli_fail(cli, &err) : 0;
}

static int change_modes(struct cli *cli, const struct goal *goal, const struct cli_change_values *v)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *change = NULL;
	int status = new_change(cli, v, &s, &change);

	if (status == 0)
		status = set_modes(cli, s, change, goal);
	if (status == 0)
		status = cli_do_change(cli, v, change);
	rocpart_change_free(change);
	rocpart_snapshot_unref(s);
	return status;
}

static int run_set(struct cli *cli, int argc, char **argv)
{
	const struct set_values *v = cli->values;
	struct goal goal = {.gpus = &v->gpus};

	(void)argc;
	(void)argv;
	if (!v->compute && !v->memory)
		return cli_usage_error(cli, "name what to set: --compute, --memory or both");
	if (v->compute && rocpart_compute_mode_from_string(v->compute, &goal.compute) < 0)
		return cli_usage_error(cli, "'%s' is not a compute mode (SPX, DPX, TPX, QPX, CPX)",
				       v->compute);
	if (v->memory && rocpart_memory_mode_from_string(v->memory, &goal.memory) < 0)
		return cli_usage_error(cli, "'%s' is not a memory mode (NPS1, NPS2, NPS4)",
				       v->memory);
	return change_modes(cli, &goal, &v->change);
}

static int run_reset(struct cli *cli, int argc, char **argv)
{
	const struct reset_values *v = cli->values;
	const struct goal goal = {&v->gpus, ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1};

	(void)argc;
	(void)argv;
	return change_modes(cli, &goal, &v->change);
}

/* A number that names another change than the one that would be undone. */
static int check_name(struct cli *cli, const struct rocpart_change *change, const char *name)
{
	unsigned long long number = rocpart_change_get_number(change);
	struct rocpart_error err = {0};
	uint64_t named;

	if (!name)
		return 0;
	if (rp_parse_u64(name, 10, &named) < 0)
		return cli_usage_error(cli,
				       "'%s' is not the number of a change; `rocpart history` "
				       "shows the numbers",
				       name);
	if (named == number)
		return 0;
	(void)rp_error_set(&err, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
			   "change %llu cannot be undone: the last change is %llu, and only this "
			   "one can be; nothing was changed",
			   (unsigned long long)named, number);
	(void)rp_error_hint(&err, "`rocpart history` shows the changes; `rocpart set` sets modes");
	return cli_fail(cli, &err);
}

static int undo_unfinished(struct cli *cli, struct rocpart_change *change, const char *name)
{
	int status = check_name(cli, change, name);

	if (status == 0)
		return cli_finish_change(cli, cli->values, change, true);
	rocpart_change_free(change);
	return status;
}

/* Without a name it is the last change only as long as the machine has not moved on. */
static int undo_last(struct cli *cli, struct rocpart_change *change, const char *name)
{
	struct rocpart_error err = {0};
	int status = check_name(cli, change, name);

	if (status == 0 && !name && rocpart_change_check_undo(change, &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0)
		status = cli_do_change(cli, cli->values, change);
	rocpart_change_free(change);
	return status;
}

static int run_undo(struct cli *cli, int argc, char **argv)
{
	struct rocpart_change *change = NULL;
	const char *name = argc ? argv[0] : NULL;
	struct rocpart_error err = {0};
	int r, status = cli_wait_for_change(cli, cli->values);

	if (status)
		return status;
	r = rocpart_change_open_journal(cli->machine, &change, &err);
	if (r == 0)
		return undo_unfinished(cli, change, name);
	if (r != -ENOENT) /* damaged, or not to be read: a change is unfinished */
		return cli_fail(cli, &err);
	r = rocpart_change_open_last(cli->machine, &change, &err);
	if (r == -ENOENT)
		return cli_say_unchanged(cli, err.message);
	return r < 0 ? cli_fail(cli, &err) : undo_last(cli, change, name);
}

static int run_holders(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_holders *holders = NULL;
	struct rocpart_error err = {0};
	int status = cli_observe_or_unfinished(cli, &s);

	(void)argc;
	(void)argv;
	if (status)
		return status;
	if (rocpart_holders_new(cli->machine, s, &holders, &err) < 0) {
		status = cli_fail(cli, &err);
	} else if (cli->global.json) {
		status = cli_print_json_unfinished(cli, view_holders(cli_about(cli), holders));
	} else {
		cli_print_banner(cli);
		if (!rocpart_holders_get(holders, 0))
			cli_say(stdout, "no process holds a GPU\n");
		cli_print_holders(holders);
		cli_print_unfinished(cli);
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

		if (r == 0 && !cli_is_dry_run(cli))
			r = rocpart_machine_set_cordon(cli->machine, rocpart_gpu_get_bdf(gpu), on,
						       &err);
		if (r < 0 && i && !cli_is_dry_run(cli))
			(void)rp_error_append(&err, "; %d GPU%s %s before", i, i == 1 ? "" : "s",
					      on ? "cordoned" : "uncordoned");
		if (r < 0)
			status = cli_fail(cli, &err);
		else if (!cli->global.json)
			cli_say(stdout, "GPU %zu (%s) %s cordoned\n", rocpart_gpu_get_index(gpu),
				rocpart_gpu_get_bdf(gpu),
				!cli_is_dry_run(cli) ? (on ? "is" : "is not")
				: on		     ? "would be"
						     : "would not be");
	}
	rocpart_snapshot_unref(s);
	if (status == 0 && cli->global.json)
		return cli_print_json_done(cli, view_document(cli_about(cli)));
	return status ? status : cli_done(cli);
}

static int run_cordon(struct cli *cli, int argc, char **argv)
{
	return cordon(cli, argc, argv, true);
}

static int run_uncordon(struct cli *cli, int argc, char **argv)
{
	return cordon(cli, argc, argv, false);
}

const struct cli_command cli_verb_set = {
	.name = "set",
	.group = "manage",
	.args = "",
	.summary = "switch the compute and memory modes of GPUs",
	.options = set_options,
	.values_size = sizeof(struct set_values),
	.needs_machine = true,
	.notes_hold = true,
	.run = run_set,
};

const struct cli_command cli_verb_reset = {
	.name = "reset",
	.group = "manage",
	.args = "",
	.summary = "switch GPUs back to one partition each (SPX/NPS1)",
	.options = reset_options,
	.values_size = sizeof(struct reset_values),
	.needs_machine = true,
	.notes_hold = true,
	.run = run_reset,
};

const struct cli_command cli_verb_undo = {
	.name = "undo",
	.group = "every day",
	.args = "[CHANGE]",
	.max_args = 1,
	.words = {CLI_WORDS_CHANGES},
	.summary = "undo the last change of modes, finished or not",
	.options = cli_change_options,
	.values_size = sizeof(struct cli_change_values),
	.needs_machine = true,
	.notes_hold = true,
	.run = run_undo,
};

const struct cli_command cli_verb_holders = {
	.name = "holders",
	.group = "look closer",
	.args = "",
	.summary = "list the processes that must end before modes can change",
	.needs_machine = true,
	.run = run_holders,
};

const struct cli_command cli_verb_cordon = {
	.name = "cordon",
	.group = "manage",
	.args = "GPU...",
	.min_args = 1,
	.max_args = 64,
	.summary = "exclude GPUs from changes and placement",
	.options = cli_dry_run_options,
	.values_size = sizeof(bool),
	.words = {CLI_WORDS_GPUS, CLI_WORDS_GPUS},
	.needs_machine = true,
	.run = run_cordon,
};

const struct cli_command cli_verb_uncordon = {
	.name = "uncordon",
	.group = "manage",
	.args = "GPU...",
	.min_args = 1,
	.max_args = 64,
	.summary = "allow changes and placement on cordoned GPUs again",
	.options = cli_dry_run_options,
	.values_size = sizeof(bool),
	.words = {CLI_WORDS_GPUS, CLI_WORDS_GPUS},
	.needs_machine = true,
	.run = run_uncordon,
};
