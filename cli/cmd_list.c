/* SPDX-License-Identifier: MIT */
/* list, status, show: what the machine is. */
#include "cli/cli.h"

#include "views/snapshot.h"

/* What is wrong, in a sentence with what to do. */
static const struct {
	const char *code, *text;
} degraded_texts[] = {
	{"partition-missing", "fewer partitions than the mode makes; look at the kernel log for "
			      "'Skip xcp node' (graphics of a BMC hold a DRM minor: unload ast)"},
	{"mode-mismatch", "the partitions do not look like the mode; reload the driver"},
	{"hidden-by-cgroup", "this cgroup may not use some of the partitions"},
	{"pending-reload",
	 "a memory mode is requested and takes effect when the driver is reloaded"},
	{"unhealthy", "uncorrectable memory errors were counted; cordon it and look at the kernel "
		      "log"},
	{"gpu-replaced", "another GPU than the recorded one is in this slot: nothing is placed or "
			 "switched there before `rocpart accept-gpu BDF`"},
};

static bool has_code(const struct rocpart_gpu *gpu, const char *wanted)
{
	const char *code;

	for (size_t i = 0; gpu && (code = rocpart_gpu_get_degraded(gpu, i)); i++)
		if (rp_str_eq(code, wanted))
			return true;
	return false;
}

static void print_gpu_range(const struct rocpart_snapshot *s, size_t first, size_t last)
{
	if (first == last)
		cli_say(stdout, "GPU %zu (%s) ", first,
			rocpart_gpu_get_bdf(rocpart_snapshot_get_gpu(s, first)));
	else
		cli_say(stdout, "GPU %zu-%zu ", first, last);
}

/* "pending-reload (NPS4)": which mode it waits for. */
static void print_code(const struct rocpart_gpu *gpu, const char *code)
{
	enum rocpart_memory_mode m = rocpart_gpu_get_pending_memory_mode(gpu);

	cli_say_toned(stdout, VIEW_TONE_ATTENTION, code);
	if (rp_str_eq(code, "pending-reload"))
		cli_say(stdout, " (%s)", rocpart_memory_mode_to_string(m));
}

/* GPUs in a row that share a trouble share the sentence. */
static void print_known(const struct rocpart_snapshot *s)
{
	size_t n = rocpart_snapshot_get_gpu_count(s);

	for (size_t k = 0; k < RP_ARRAY_LEN(degraded_texts); k++) {
		for (size_t i = 0; i < n; i++) {
			size_t last = i;

			if (!has_code(rocpart_snapshot_get_gpu(s, i), degraded_texts[k].code))
				continue;
			while (has_code(rocpart_snapshot_get_gpu(s, last + 1),
					degraded_texts[k].code))
				last++;
			print_gpu_range(s, i, last);
			print_code(rocpart_snapshot_get_gpu(s, i), degraded_texts[k].code);
			cli_say(stdout, ": %s\n", degraded_texts[k].text);
			i = last;
		}
	}
}

static bool has_text(const char *code)
{
	for (size_t k = 0; k < RP_ARRAY_LEN(degraded_texts); k++)
		if (rp_str_eq(degraded_texts[k].code, code))
			return true;
	return false;
}

static bool is_same_reason(const struct rocpart_gpu *gpu, const char *reason)
{
	const char *other = gpu ? rocpart_gpu_get_degraded_reason(gpu) : NULL;

	return other && rp_str_eq(other, reason);
}

/* What is not known of a GPU: its codes, and the file and errno of the first one. */
static void print_odd(const struct rocpart_snapshot *s)
{
	size_t n = rocpart_snapshot_get_gpu_count(s);

	for (size_t i = 0; i < n; i++) {
		const struct rocpart_gpu *gpu = rocpart_snapshot_get_gpu(s, i);
		const char *reason = rocpart_gpu_get_degraded_reason(gpu), *code, *comma = "";
		size_t last = i;

		if (!reason)
			continue;
		while (is_same_reason(rocpart_snapshot_get_gpu(s, last + 1), reason))
			last++;
		print_gpu_range(s, i, last);
		for (size_t k = 0; (code = rocpart_gpu_get_degraded(gpu, k)); k++) {
			if (has_text(code))
				continue;
			cli_say(stdout, "%s", comma);
			cli_say_toned(stdout, VIEW_TONE_ATTENTION, code);
			comma = ", ";
		}
		cli_say(stdout, ": %s\n", reason);
		i = last;
	}
}

static void print_degraded(const struct rocpart_snapshot *s)
{
	const char *problem = rocpart_snapshot_get_problem(s);

	print_known(s);
	print_odd(s);
	if (problem)
		cli_say(stdout, "KFD node of an unknown GPU: %s\n", problem);
}

static int print_missing(struct cli *cli, const struct rocpart_snapshot *s)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	view_missing_text(s, &text);
	return text.len || rp_strbuf_failed(&text) ? cli_print_text(cli, &text) : 0;
}

static int print_partitions(struct cli *cli, const struct rocpart_snapshot *s)
{
	const struct view_layout layout = cli_get_layout(cli, s);
	int status;

	cli_print_banner(cli);
	status = cli_print_table(cli, view_partition_table(s, &layout));
	if (status || layout.csv)
		return status;
	print_degraded(s);
	status = print_missing(cli, s);
	cli_print_unfinished(cli);
	return status;
}

static int run_list(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	int status = cli_observe_or_unfinished(cli, &s);

	(void)argc;
	(void)argv;
	if (status == 0)
		status = cli->global.json
				 ? cli_print_json_unfinished(cli, view_list(cli_about(cli), s))
				 : print_partitions(cli, s);
	rocpart_snapshot_unref(s);
	return status;
}

/* The note of the banner says that they are not known: no partition is called free then. */
static bool are_unknown(const struct cli *cli, const struct rocpart_error *err)
{
	return err->code == ROCPART_ERR_PERMISSION && rocpart_machine_get_note(cli->machine);
}

/* Leases that cannot be read are said so; the rest of the status is shown all the same. */
static int print_leases(struct cli *cli, struct rocpart_snapshot *s)
{
	struct rocpart_leases *leases = NULL;
	struct cli_applied applied;
	struct rocpart_error err = {0};
	int r = rocpart_leases_new(cli->machine, &leases, &err);

	if (r < 0)
		return are_unknown(cli, &err) ? 0 : cli_fail(cli, &err);
	r = cli_read_applied(cli, s, leases, &applied);
	if (r == 0) {
		cli_print_applied(&applied);
		r = cli_print_lease_status(cli, leases, s);
	}
	cli_applied_done(&applied);
	rocpart_leases_free(leases);
	return r;
}

static void print_hold(struct cli *cli)
{
	struct cli_hold hold;
	const struct view_hold v = cli_read_hold(cli, &hold);

	if (hold.hold.state != ROCPART_HOLD_NONE)
		cli_print_hold(&v);
}

static int print_status(struct cli *cli, struct rocpart_snapshot *s)
{
	const struct view_layout layout = cli_get_layout(cli, s);
	int status;

	cli_print_banner(cli);
	status = cli_print_table(cli, view_gpu_table(s, &layout));
	if (status || layout.csv)
		return status;
	print_degraded(s);
	status = print_missing(cli, s);
	if (status)
		return status;
	cli_print_unfinished(cli);
	print_hold(cli);
	return print_leases(cli, s);
}

static int print_status_json(struct cli *cli, struct rocpart_snapshot *s)
{
	struct rocpart_leases *leases = NULL;
	struct cli_applied applied = {0};
	struct rocpart_error err = {0};
	struct cli_hold hold;
	const struct view_hold v = cli_read_hold(cli, &hold);
	struct rp_json *j;
	int status;

	if (rocpart_leases_new(cli->machine, &leases, &err) < 0 && !are_unknown(cli, &err))
		return cli_fail(cli, &err);
	status = cli_read_applied(cli, s, leases, &applied);
	if (status == 0) {
		j = view_status(cli_about(cli), s, leases);
		j = view_finish(j, view_put_hold(j, &v) | view_put_applied(j, &applied.view));
		status = cli_print_json_unfinished(cli, j);
	}
	cli_applied_done(&applied);
	rocpart_leases_free(leases);
	return status;
}

static int run_status(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	int status = cli_observe_or_unfinished(cli, &s);

	(void)argc;
	(void)argv;
	if (status == 0)
		status = cli->global.json ? print_status_json(cli, s) : print_status(cli, s);
	rocpart_snapshot_unref(s);
	return status;
}

static int print_object(struct cli *cli, const struct view_field *fields, const void *object)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	const struct view_layout layout = cli_get_layout(cli, NULL);

	cli_print_banner(cli);
	return view_object_text(fields, object, &layout, &text) < 0 ? cli_nomem(cli)
								    : cli_print_text(cli, &text);
}

static int show_gpu(struct cli *cli, const struct rocpart_gpu *gpu)
{
	return cli->global.json ? cli_print_json(cli, view_gpu(cli_about(cli), gpu))
				: print_object(cli, view_gpu_fields, gpu);
}

static int show_partition(struct cli *cli, const struct rocpart_partition *p)
{
	return cli->global.json ? cli_print_json(cli, view_partition(cli_about(cli), p))
				: print_object(cli, view_partition_fields, p);
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	struct rocpart_snapshot *s = NULL;
	const struct rocpart_gpu *gpu = NULL;
	const struct rocpart_partition *p = NULL;
	struct rocpart_error err = {0};
	int status = cli_observe_gpus(cli, &s), r;

	(void)argc;
	if (status)
		return status;
	if (strchr(argv[0], '/'))
		r = rocpart_snapshot_find_partition(s, argv[0], &p, &err);
	else
		r = rocpart_snapshot_find_gpu(s, argv[0], &gpu, &err);
	if (r < 0)
		status = cli_fail(cli, &err);
	else
		status = p ? show_partition(cli, p) : show_gpu(cli, gpu);
	rocpart_snapshot_unref(s);
	return status;
}

const struct cli_command cli_verb_status = {
	.name = "status",
	.group = "every day",
	.args = "",
	.summary = "show modes, memory and problems of each GPU, and the leases",
	.options = cli_table_options,
	.values_size = sizeof(struct cli_table_values),
	.columns = view_gpu_fields,
	.needs_machine = true,
	.run = run_status,
};

const struct cli_command cli_verb_list = {
	.name = "list",
	.group = "look closer",
	.args = "",
	.summary = "list every partition with its memory, device files and ROCR index",
	.options = cli_table_options,
	.values_size = sizeof(struct cli_table_values),
	.columns = view_partition_fields,
	.needs_machine = true,
	.run = run_list,
};

const struct cli_command cli_verb_show = {
	.name = "show",
	.group = "look closer",
	.args = "GPU|GPU/ID",
	.min_args = 1,
	.max_args = 1,
	.summary = "show everything about one GPU or partition",
	.words = {CLI_WORDS_GPUS_AND_PARTITIONS},
	.needs_machine = true,
	.run = run_show,
};
