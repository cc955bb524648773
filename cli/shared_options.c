/* SPDX-License-Identifier: MIT */
/* Options that several verbs have. */
#include "cli/cli.h"

const struct cli_option cli_global_options[] = {
	{.name = "sim",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_SIMS_AND_PROFILES,
	 .arg = "NAME|FILE",
	 .offset = offsetof(struct cli_global_values, sim),
	 .help = "use a simulated machine instead of the GPUs of this host: its name, a profile "
		 "(`rocpart sim list`) or a profile file (the variable ROCPART_SIM)"},
	{.name = "root",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "DIR",
	 .offset = offsetof(struct cli_global_values, root),
	 .help = "read the files that `rocpart gather` saved in DIR instead of this machine"},
	{.name = "backend",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_BACKENDS,
	 .arg = "NAME",
	 .offset = offsetof(struct cli_global_values, backend),
	 .help = "read and switch modes through sysfs, libamd_smi or amd-smi (auto: sysfs where it "
		 "is writable)"},
	{.name = "trace",
	 .kind = CLI_OPTIONAL,
	 .words = CLI_WORDS_FILES,
	 .arg = "FILE",
	 .offset = offsetof(struct cli_global_values, trace),
	 .help = "print each write, step and decision, and each read that failed, to standard "
		 "error, or append them to FILE"},
	{.name = "json",
	 .letter = 'j',
	 .offset = offsetof(struct cli_global_values, json),
	 .help = "print JSON instead of text"},
	{.name = "yes",
	 .letter = 'y',
	 .offset = offsetof(struct cli_global_values, yes),
	 .help = "do not ask for confirmation"},
	{.name = "help",
	 .letter = 'h',
	 .offset = offsetof(struct cli_global_values, help),
	 .help = "show help and exit"},
	{.name = "version",
	 .letter = 'V',
	 .offset = offsetof(struct cli_global_values, version),
	 .help = "show the version and exit"},
	CLI_END,
};

const struct cli_option cli_dry_run_options[] = {
	{.name = "dry-run",
	 .letter = 'n',
	 .offset = 0,
	 .help = "show what would be done, and do nothing"},
	CLI_END,
};

static bool has_flag(const struct cli *cli, const char *name)
{
	struct cli_option_at at;

	return cli->command && cli->values && cli->command->options &&
	       cli_find_option(cli->command->options, name, 0, &at) &&
	       *(const bool *)((const char *)cli->values + at.offset);
}

bool cli_is_dry_run(const struct cli *cli)
{
	return has_flag(cli, "dry-run");
}

bool cli_is_unattended(const struct cli *cli)
{
	return has_flag(cli, "unattended");
}

int cli_done(const struct cli *cli)
{
	if (cli_is_dry_run(cli))
		return CLI_EXIT_TO_DO;
	cli_set_done();
	return 0;
}

int cli_print_json_done(struct cli *cli, struct rp_json *j)
{
	int status, done = cli_done(cli);

	if (j && cli_is_dry_run(cli) && rp_json_set_bool(j, "dry_run", true) < 0)
		j = rp_json_free(j);
	status = cli_print_json(cli, j);
	return status ? status : done;
}

const struct cli_option cli_change_options[] = {
	{.name = "dry-run",
	 .letter = 'n',
	 .offset = offsetof(struct cli_change_values, dry_run),
	 .help = "show the change, and change nothing"},
	{.name = "allow-unvalidated",
	 .offset = offsetof(struct cli_change_values, allow_unvalidated),
	 .help = "accept modes that the vendor has not validated on this product"},
	{.name = "reload",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_OF_ARG,
	 .arg = "auto|never",
	 .offset = offsetof(struct cli_change_values, reload),
	 .help = "auto: reload the driver when the memory mode changes; never: only request the "
		 "mode, which takes effect at the next load of the driver (auto)"},
	{.name = "evict",
	 .offset = offsetof(struct cli_change_values, evict),
	 .help = "make leases that are in the way pending: their processes are not stopped, and "
		 "`rocpart place --pending` places the leases again"},
	{.name = "wait",
	 .kind = CLI_TEXT,
	 .arg = "SECONDS",
	 .offset = offsetof(struct cli_change_values, wait),
	 .help = "time to wait until no process uses the GPUs (10), and until another change of "
		 "the machine ends (0)"},
	CLI_END,
};

const struct cli_option cli_file_options[] = {
	{.name = "file",
	 .letter = 'f',
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "FILE",
	 .offset = offsetof(struct cli_file_values, file),
	 .help = "same as the argument FILE: a node.yaml, such as `rocpart export` prints, or a "
		 "file of "
		 "mig-parted or device-config-manager"},
	{.name = "config",
	 .kind = CLI_TEXT,
	 .arg = "NAME",
	 .offset = offsetof(struct cli_file_values, config),
	 .help = "use the configuration NAME of a file that has several"},
	CLI_END,
};

const struct cli_option cli_table_options[] = {
	{.name = "columns",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_COLUMNS,
	 .arg = "KEYS",
	 .offset = offsetof(struct cli_table_values, columns),
	 .help = "print these columns, separated by commas; `--columns help` lists the names"},
	{.name = "wide",
	 .letter = 'w',
	 .offset = offsetof(struct cli_table_values, wide),
	 .help = "print all columns, in lines of any length"},
	{.name = "csv",
	 .offset = offsetof(struct cli_table_values, csv),
	 .help = "print comma-separated values, sizes in bytes"},
	CLI_END,
};

const struct cli_option cli_size_options[] = {
	{.name = "dtype",
	 .kind = CLI_TEXT,
	 .arg = "DTYPE",
	 .offset = offsetof(struct cli_size_values, dtype),
	 .help = "format of the weights: fp32 fp16 bf16 fp8 int8 int4 gptq awq mxfp4 nvfp4 (as in "
		 "the model's files)"},
	{.name = "context",
	 .kind = CLI_TEXT,
	 .arg = "TOKENS",
	 .offset = offsetof(struct cli_size_values, context),
	 .help = "tokens of the longest request, such as 32k"},
	{.name = "max-seqs",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct cli_size_values, max_seqs),
	 .help = "most requests that run at the same time (256)"},
	{.name = "max-batched-tokens",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct cli_size_values, max_batched),
	 .help = "most tokens in one step of the engine (2048)"},
	{.name = "kv-dtype",
	 .kind = CLI_TEXT,
	 .arg = "DTYPE",
	 .offset = offsetof(struct cli_size_values, kv_dtype),
	 .help = "format of the KV cache: bf16 fp8 int8; for llama.cpp q8_0 q4_0 and more"},
	{.name = "tp",
	 .kind = CLI_TEXT,
	 .arg = "RANKS",
	 .offset = offsetof(struct cli_size_values, tp),
	 .help = "number of tensor-parallel ranks that share the model (1)"},
	{.name = "engine",
	 .kind = CLI_TEXT,
	 .arg = "ENGINE",
	 .offset = offsetof(struct cli_size_values, engine),
	 .help = "vllm, vllm:VERSION or llama.cpp (vllm:0.19; llama.cpp for GGUF files)"},
	{.name = "eager",
	 .offset = offsetof(struct cli_size_values, eager),
	 .help = "run the engine without graphs"},
	{.name = "lenient",
	 .offset = offsetof(struct cli_size_values, lenient),
	 .help = "count without the keys of config.json that rocpart does not understand"},
	{.name = "bytes",
	 .kind = CLI_TEXT,
	 .arg = "SIZE",
	 .offset = offsetof(struct cli_size_values, bytes),
	 .help = "size of the weights, for a model without files"},
	CLI_END,
};

const struct cli_option cli_lease_options[] = {
	{.name = "bytes",
	 .kind = CLI_TEXT,
	 .arg = "SIZE",
	 .offset = offsetof(struct cli_lease_values, bytes),
	 .help = "lease this much memory, such as 16G"},
	{.name = "dtype",
	 .kind = CLI_TEXT,
	 .arg = "DTYPE",
	 .offset = offsetof(struct cli_lease_values, dtype),
	 .help = "format of the model's weights (as in its files)"},
	{.name = "context",
	 .kind = CLI_TEXT,
	 .arg = "TOKENS",
	 .offset = offsetof(struct cli_lease_values, context),
	 .help = "tokens of the longest request, such as 32k"},
	{.name = "lenient",
	 .offset = offsetof(struct cli_lease_values, lenient),
	 .help = "count without the keys of config.json that rocpart does not understand"},
	{.name = "share",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct cli_lease_values, share),
	 .help = "let up to N leases, this lease included, share the partition (1)"},
	{.name = "priority",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct cli_lease_values, priority),
	 .help = "order in which pending leases are placed, higher numbers first (0)"},
	{.name = "label",
	 .kind = CLI_LIST,
	 .arg = "KEY=VALUE",
	 .offset = offsetof(struct cli_lease_values, labels),
	 .help = "label to store with the lease; several by commas"},
	CLI_END,
};

int cli_take_file(struct cli *cli, struct cli_file_values *v, int argc, char **argv)
{
	if (argc && v->file)
		return cli_usage_error(cli, "two files are given: '%s' and '%s'", v->file, argv[0]);
	v->file = argc ? argv[0] : v->file;
	if (v->file && rp_str_eq(v->file, "-") && v->unattended)
		return cli_usage_error(cli, "--unattended needs a file: nobody can see who wrote "
					    "standard input");
	return v->file ? 0 : cli_usage_error(cli, "no file is given: name it with -f");
}

int cli_open_desired(struct cli *cli, const char *path, bool unattended,
		     struct rocpart_desired **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	int status = 0, r;

	if (!rp_str_eq(path, "-")) {
		r = rocpart_desired_open(path, unattended, ret, &err);
		return r < 0 ? cli_fail(cli, &err) : 0;
	}
	status = cli_read_file(cli, "/dev/stdin", &text);
	if (status)
		return status;
	r = rocpart_desired_parse(rp_strbuf_str(&text), text.len, "standard input", ret, &err);
	return r < 0 ? cli_fail(cli, &err) : 0;
}
