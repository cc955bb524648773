/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Words that name no command: those of a group are listed, others refused. */
static int no_command(struct cli *cli, int n, char **words)
{
	FILE *f = cli->global.help ? stdout : stderr;
	bool quiet = cli->global.json && !cli->global.help; /* one document, no list */
	int status = cli->global.help ? 0 : 2;

	if (n == 0 && quiet)
		return cli_usage_error(cli, "no command is given");
	if (n == 0) {
		cli_print_help(f);
		return status;
	}
	if (n == 1 && !quiet && cli_print_group_help(f, words[0]))
		return status;
	return cli_refuse_command(cli, n, words);
}

/* An argument from an unset variable is not taken for a name; a program may get empty words. */
static int check_words(struct cli *cli, int argc, char **argv, int n_plain)
{
	const struct cli_command *c = cli->command;

	for (int i = 0; i < argc && !(c->has_words && i >= n_plain); i++)
		if (!*argv[i] && (i <= n_plain || !c->has_program))
			return cli_usage_error(cli, "argument %d of '%s' is empty", i + 1, c->name);
	return 0;
}

static int check_arguments(struct cli *cli, int argc, char **argv, int n_plain)
{
	const struct cli_command *c = cli->command;

	if ((unsigned)argc < c->min_args)
		return cli_usage_error(cli, "an argument is missing: '%s' takes %s", c->name,
				       c->args);
	if ((unsigned)argc > c->max_args)
		return cli_usage_error(cli, "'%s' is an argument too many: '%s' takes %s",
				       argv[c->max_args], c->name,
				       *c->args ? c->args : "no arguments");
	return check_words(cli, argc, argv, n_plain);
}

/* n_plain: arguments before "--". */
static int run_command(struct cli *cli, int argc, char **argv, int n_plain)
{
	const struct cli_command *c = cli->command;
	int status;

	if (cli->global.help) {
		cli_print_command_help(stdout, c);
		return 0;
	}
	/* A reader that ends, as of `| head -1`, stops nothing. A program inherits what it should.
	 */
	if (!c->has_program)
		(void)signal(SIGPIPE, SIG_IGN);
	status = check_arguments(cli, argc, argv, n_plain);
	if (status == 0)
		status = cli_check_table(cli);
	if (status == 0 && c->needs_machine)
		status = cli_open_machine(cli);
	if (status)
		return status;
	if (c->notes_hold && !cli_is_unattended(cli))
		cli_note_hold(cli);
	status = c->run(cli, argc, argv);
	cli_note_unfinished(cli);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	int n = 0, words, status = cli_parse(cli, argc, argv, &n);

	if (status)
		return status;
	if (cli->global.version) {
		printf("rocpart %s\n", rocpart_version());
		return 0;
	}
	if (!cli->command)
		return no_command(cli, n, argv);
	words = strchr(cli->command->name, ' ') ? 2 : 1;
	return run_command(cli, n - words, argv + words, cli->n_plain - words);
}

/*
 * What is opened next gets the lowest number: with standard output closed, a record of ours would
 * be standard output, and what is printed would be written into the record. They are opened the
 * wrong way round, so that using one fails as it does when it is closed.
 */
static int open_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (rp_retry(fcntl(fd, F_GETFD)) < 0 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -1;
	return 0;
}

/* What follows "--" is a program of the caller's, whose words may be secrets. */
static void take_command_line(struct cli *cli, int argc, char **argv)
{
	rp_strbuf_add(&cli->command_line, "rocpart");
	for (int i = 1; i < argc && !rp_str_eq(argv[i], "--"); i++)
		rp_strbuf_addf(&cli->command_line, " %s", argv[i]);
}

int main(int argc, char **argv)
{
	struct cli cli = {.machine_name = RP_STRBUF_INIT, .command_line = RP_STRBUF_INIT};
	int status;

	if (open_standard_files() < 0)
		return 1;
	take_command_line(&cli, argc, argv);
	status = run(&cli, argc - 1, argv + 1);

	rocpart_machine_close(cli.machine);
	cli_end_trace();
	cli_free_values(&cli);
	rp_strbuf_done(&cli.machine_name);
	rp_strbuf_done(&cli.command_line);
	return cli_flush(status);
}
