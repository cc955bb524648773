/* SPDX-License-Identifier: MIT */
/* sim load: let the GPUs of a simulated machine work, and its time pass. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/sim.h"

#define SCRIPT_MAX (1U << 20)

struct load_values {
	struct rp_names gpus, partitions;
	const char *util, *vram, *for_time, *script, *advance, *rate, *seed;
	bool stop;
};

#define TEXT(nm, a, member, h)                                              \
	{                                                                   \
		.name = (nm), .kind = CLI_TEXT, .arg = (a),                 \
		.offset = offsetof(struct load_values, member), .help = (h) \
	}

static const struct cli_option load_options[] = {
	{.name = "gpu",
	 .letter = 'g',
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_GPUS,
	 .arg = "GPUS",
	 .offset = offsetof(struct load_values, gpus),
	 .help = "GPUs that the load is of, by commas (all)"},
	{.name = "partition",
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_PARTITIONS,
	 .arg = "GPU/ID",
	 .offset = offsetof(struct load_values, partitions),
	 .help = "partitions that the load is of, by commas"},
	TEXT("util", "PERCENT", util, "how busy they are from now on, 0 to 100 (0)"),
	TEXT("vram", "SIZE", vram, "device memory that the load comes to have (0)"),
	TEXT("for", "TIME", for_time, "simulated time that the load lasts (until the next one)"),
	{.name = "script",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "FILE",
	 .offset = offsetof(struct load_values, script),
	 .help = "file of loads to come: seconds, target, percent, memory"},
	TEXT("rate", "N", rate, "simulated seconds in a second; 0: the clock stands (1)"),
	TEXT("advance", "TIME", advance, "let simulated time pass at once, such as 10m"),
	TEXT("seed", "N", seed, "start the model from 0 again, with this seed"),
	{.name = "stop",
	 .offset = offsetof(struct load_values, stop),
	 .help = "remove the model with its loads and its clock"},
	CLI_END,
};

/* ---- what the options ask for ---- */

static int parse_time(struct cli *cli, const char *text, uint64_t *ret)
{
	if (rp_parse_duration(text, ret) < 0)
		return cli_usage_error(cli, "'%s' is not a time; write 90s, 10m, 2h", text);
	return 0;
}

static int parse_number(struct cli *cli, const char *text, uint64_t max, uint64_t *ret)
{
	if (rp_parse_u64(text, 10, ret) < 0 || *ret > max)
		return cli_usage_error(cli, "'%s' is not a number from 0 to %llu", text,
				       (unsigned long long)max);
	return 0;
}

static int add_loads(struct cli *cli, const char *dir)
{
	const struct load_values *v = cli->values;
	const struct rp_names *lists[] = {&v->gpus, &v->partitions};
	uint64_t busy = 0, vram = 0, seconds = 0;
	struct rocpart_error err = {0};
	int r = 0, status = v->util ? parse_number(cli, v->util, 100, &busy) : 0;

	if (status == 0 && v->for_time)
		status = parse_time(cli, v->for_time, &seconds);
	if (status == 0 && v->vram && rp_parse_bytes(v->vram, &vram) < 0)
		status = cli_usage_error(cli, "'%s' is not a size; write 20GiB or bytes", v->vram);
	if (status)
		return status;
	if (v->gpus.n + v->partitions.n == 0)
		r = rocpart_sim_load_add(dir, "all", (unsigned)busy, vram, seconds, &err);
	for (size_t l = 0; l < RP_ARRAY_LEN(lists); l++)
		for (size_t i = 0; r == 0 && i < lists[l]->n; i++)
			r = rocpart_sim_load_add(dir, lists[l]->v[i], (unsigned)busy, vram, seconds,
						 &err);
	return r < 0 ? cli_fail(cli, &err) : 0;
}

static int add_script(struct cli *cli, const char *dir)
{
	const struct load_values *v = cli->values;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	int status = cli_read_file(cli, v->script, &text);

	if (status)
		return status;
	return rocpart_sim_load_script(dir, rp_strbuf_str(&text), v->script, &err) < 0
		       ? cli_fail(cli, &err)
		       : 0;
}

static int start_anew(struct cli *cli, const char *dir, uint64_t rate)
{
	const struct load_values *v = cli->values;
	struct rocpart_error err = {0};
	uint64_t seed = 0;
	int status = parse_number(cli, v->seed, INT64_MAX, &seed);

	if (status)
		return status;
	return rocpart_sim_load_start(dir, seed, (unsigned)rate, &err) < 0 ? cli_fail(cli, &err)
									   : 0;
}

static int set_rate(struct cli *cli, const char *dir)
{
	const struct load_values *v = cli->values;
	struct rocpart_error err = {0};
	uint64_t rate = 1;
	int status = v->rate ? parse_number(cli, v->rate, 100000, &rate) : 0;

	if (status == 0 && v->seed)
		return start_anew(cli, dir, rate);
	if (status || !v->rate)
		return status;
	return rocpart_sim_clock_set_rate(dir, (unsigned)rate, &err) < 0 ? cli_fail(cli, &err) : 0;
}

static int advance(struct cli *cli, const char *dir)
{
	const struct load_values *v = cli->values;
	struct rocpart_error err = {0};
	uint64_t seconds = 0;
	int status = parse_time(cli, v->advance, &seconds);

	if (status)
		return status;
	return rocpart_sim_clock_advance(dir, seconds, &err) < 0 ? cli_fail(cli, &err) : 0;
}

/* In this order: a new model, its rate, loads from now on, and then time passes. */
static int change(struct cli *cli, const char *dir)
{
	const struct load_values *v = cli->values;
	int status = set_rate(cli, dir);

	if (status == 0 && (v->util || v->vram))
		status = add_loads(cli, dir);
	if (status == 0 && v->script)
		status = add_script(cli, dir);
	if (status == 0 && v->advance)
		status = advance(cli, dir);
	return status;
}

/* ---- output ---- */

static int print_load(struct cli *cli, const struct rp_json *load)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);

	if (!rp_json_bool_value(rp_json_get(load, "running"))) {
		cli_say(stdout, "no load was started; `rocpart sim load NAME --util 100`\n");
		return 0;
	}
	cli_say(stdout, "simulated clock: %llu s, rate %llu\n",
		(unsigned long long)rp_json_int_value(rp_json_get(load, "seconds")),
		(unsigned long long)rp_json_int_value(rp_json_get(load, "rate")));
	return cli_print_table(cli, view_load_table(rp_json_get(load, "gpus"), &layout));
}

static int show(struct cli *cli, const char *name, const char *dir)
{
	RP_AUTO_FREE char *text = NULL;
	struct rp_json *load = NULL;
	struct rocpart_error err = {0};
	int status;

	if (rocpart_sim_load_show(dir, &text, &err) < 0 ||
	    rp_json_parse(text, strlen(text), name, &load, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		return cli_print_json(cli, view_sim_load(cli_about(cli), name, load));
	status = print_load(cli, load);
	rp_json_free(load);
	return status;
}

static int run_sim_load(struct cli *cli, int argc, char **argv)
{
	const struct load_values *v = cli->values;
	bool loads = v->util || v->vram, clock = v->rate || v->advance, any;
	RP_AUTO_FREE char *dir = NULL;
	struct rocpart_error err = {0};
	int status = cli_sim_find_dir(cli, argv, &dir);

	(void)argc;
	if (status)
		return status;
	any = loads || clock || v->script || v->seed;
	if (!loads && (v->gpus.n || v->partitions.n || v->for_time))
		return cli_usage_error(cli, "--gpu, --partition and --for need --util or --vram");
	if (v->stop && any)
		return cli_usage_error(cli,
				       "--stop removes the model: leave out the other options");
	if (v->stop)
		return rocpart_sim_load_stop(dir, &err) < 0
			       ? cli_fail(cli, &err)
			       : cli_sim_done(cli, argv[0], "load stopped");
	if (!any)
		return show(cli, argv[0], dir);
	status = change(cli, dir);
	return status ? status
		      : cli_sim_done(cli, argv[0],
				     loads || v->script || v->seed ? "load changed"
								   : "clock changed");
}

const struct cli_command cli_verb_sim_load = {
	.name = "sim load",
	.group = "simulated machines",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "let simulated GPUs work, and simulated time pass",
	.options = load_options,
	.values_size = sizeof(struct load_values),
	.words = {CLI_WORDS_SIMS},
	.run = run_sim_load,
};
