/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

/* "sim create" is matched before "sim". Returns the words that the name took, 0: no command. */
static int find_command(struct cli *cli, int argc, char **argv)
{
	const struct cli_command *c;

	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		const char *blank = strchr(c->name, ' ');
		size_t first = blank ? (size_t)(blank - c->name) : strlen(c->name);

		if (strlen(argv[0]) != first || strncmp(argv[0], c->name, first) != 0)
			continue;
		if (blank && (argc < 2 || !rp_str_eq(argv[1], blank + 1)))
			continue;
		cli->command = c;
		return blank ? 2 : 1;
	}
	return 0;
}

static int run_command(struct cli *cli, int argc, char **argv)
{
	const struct cli_command *c = cli->command;
	int status;

	if (cli->values.help) {
		cli_print_command_help(stdout, c);
		return 0;
	}
	if ((unsigned)argc < c->min_args || (unsigned)argc > c->max_args)
		return cli_usage_error(cli, "'%s' takes %s", c->name,
				       *c->args ? c->args : "no arguments");
	if (c->needs_machine) {
		status = cli_open_machine(cli);
		if (status)
			return status;
	}
	return c->run(cli, argc, argv);
}

static int run(struct cli *cli, int argc, char **argv)
{
	int n = 0, status, words;

	status = cli_parse(cli, argc, argv, &n);
	if (status)
		return status;
	if (cli->values.version) {
		printf("rocpart %s\n", rocpart_version());
		return 0;
	}
	if (n == 0) {
		cli_print_help(cli->values.help ? stdout : stderr);
		return cli->values.help ? 0 : 2;
	}
	if (n == 1 && cli_print_group_help(cli->values.help ? stdout : stderr, argv[0]))
		return cli->values.help ? 0 : 2;
	words = find_command(cli, n, argv);
	if (!words)
		return cli_usage_error(cli, "there is no command '%s'; `rocpart help` lists them",
				       argv[0]);
	return run_command(cli, n - words, argv + words);
}

int main(int argc, char **argv)
{
	struct cli cli = {.machine_name = RP_STRBUF_INIT};
	int status = run(&cli, argc - 1, argv + 1);

	rocpart_machine_close(cli.machine);
	rp_names_done(&cli.values.gpus);
	rp_names_done(&cli.values.add);
	rp_names_done(&cli.values.partitions);
	rp_names_done(&cli.values.labels);
	rp_names_done(&cli.values.leases);
	rp_strbuf_done(&cli.machine_name);
	return cli_flush(status);
}
