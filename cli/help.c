/* SPDX-License-Identifier: MIT */
/* Help and the frames of man pages, from the tables of options and commands. */
#include "cli/cli.h"

#define WIDTH 80
#define LEFT  30 /* where the text of an option begins */

/* Text from column on, broken between words; further lines begin at indent. */
static void print_wrapped(FILE *f, const char *text, size_t column, size_t indent)
{
	bool is_first = true;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (!is_first && column + 1 + n > WIDTH) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
			is_first = true;
		}
		fprintf(f, "%s%.*s", is_first ? "" : " ", (int)n, text);
		column += n + !is_first;
		is_first = false;
		text += n + (text[n] == ' ');
	}
	fputc('\n', f);
}

/* "  -g, --gpu GPU" and its text, beside it where there is room. */
static void print_option(FILE *f, const struct cli_option *o)
{
	char letter[] = {'-', o->letter, ',', ' ', '\0'};
	char left[96];

	(void)rp_fmt(left, sizeof(left), "  %s--%s%s%s%s", o->letter ? letter : "    ", o->name,
		     o->kind == CLI_OPTIONAL ? "[="
		     : o->arg		     ? " "
					     : "",
		     o->arg ? o->arg : "", o->kind == CLI_OPTIONAL ? "]" : "");
	if (strlen(left) < LEFT)
		fprintf(f, "%-*s", LEFT, left);
	else
		fprintf(f, "%s\n%*s", left, LEFT, "");
	print_wrapped(f, o->help, LEFT, LEFT);
}

static void print_options(FILE *f, const char *heading, const struct cli_option *table)
{
	struct cli_option_at at;

	if (!cli_option_at(table, 0, &at))
		return;
	fprintf(f, "\n%s:\n", heading);
	for (size_t i = 0; cli_option_at(table, i, &at); i++)
		print_option(f, at.option);
}

static void print_command(FILE *f, const struct cli_command *c)
{
	fprintf(f, "  %-14s ", c->name);
	print_wrapped(f, c->summary, 17, 17);
}

static void print_group(FILE *f, const char *group)
{
	const struct cli_command *c;

	fprintf(f, "\n%s:\n", group);
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (rp_str_eq(c->group, group))
			print_command(f, c);
}

/* What the words of a usage line stand for; NAME and FILE differ from verb to verb. */
static const struct {
	const char *word, *text;
} arguments[] = {
	{"GPU", "index (0), PCI address (0000:05:00.0) or unique id of a GPU"},
	{"GPU/ID", "a partition: a GPU and the id of the partition on this GPU, such as 0/3"},
	{"LEASE", "number of a lease; `rocpart status` lists the leases"},
	{"OWNER", "owner of leases, such as docker:NAME or unit:NAME"},
	{"MODEL", "name in the catalog (`rocpart model list`), or path of a model's files"},
};

static bool has_word(const char *args, const char *word)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ/";
	size_t len = strlen(word);

	while (*args) {
		size_t n = strspn(args, letters);

		if (n == len && strncmp(args, word, len) == 0)
			return true;
		args += n ? n : 1;
	}
	return false;
}

static void print_arguments(FILE *f, const struct cli_command *c)
{
	bool found = false;

	for (size_t i = 0; i < RP_ARRAY_LEN(arguments); i++) {
		if (!has_word(c->args, arguments[i].word))
			continue;
		fprintf(f, "%s  %-*s", found ? "" : "\narguments:\n", LEFT - 2, arguments[i].word);
		print_wrapped(f, arguments[i].text, LEFT, LEFT);
		found = true;
	}
}

void cli_print_help(FILE *f)
{
	const struct cli_command *c;
	const char *last = "";

	fprintf(f,
		"rocpart partitions AMD Instinct GPUs and places AI models on the partitions.\n\n"
		"A partition is a logical GPU, written GPU/ID (0/3: partition 3 of GPU 0).\n"
		"A lease reserves memory of a partition for a model or a program.\n\n"
		"usage: rocpart [OPTIONS] COMMAND ...\n");
	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		if (!rp_str_eq(c->group, last))
			print_group(f, c->group);
		last = c->group;
	}
	print_options(f, "options of every command", cli_global_options);
	fprintf(f,
		"\n`rocpart help COMMAND` shows the options of a command; `man rocpart` lists the\n"
		"exit statuses. To try rocpart without a GPU: rocpart --sim mi300x-8 status\n");
}

void cli_print_command_help(FILE *f, const struct cli_command *c)
{
	size_t column = strlen("rocpart ") + strlen(c->name);

	fprintf(f, "rocpart %s: ", c->name);
	print_wrapped(f, c->summary, column + 2, 4);
	fprintf(f, "\nusage: rocpart %s%s%s", c->name, c->options ? " [OPTIONS]" : "",
		*c->args ? " " : "");
	column += strlen("usage:  ") + (c->options ? strlen("[OPTIONS] ") : 0);
	print_wrapped(f, c->args, column, 4);
	print_arguments(f, c);
	print_options(f, "options", c->options);
	print_options(f, "options of every command", cli_global_options);
	fprintf(f, "\nDefaults are in parentheses.\n");
}

bool cli_print_group_help(FILE *f, const char *group)
{
	const struct cli_command *c;
	size_t len = strlen(group);
	bool found = false;

	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		if (strncmp(c->name, group, len) != 0 || c->name[len] != ' ')
			continue;
		if (!found)
			fprintf(f, "usage: rocpart %s COMMAND ...\n\n", group);
		found = true;
		print_command(f, c);
	}
	return found;
}

/* Braces, underscores and the like are markup in scdoc. */
static void print_scdoc_text(const char *text)
{
	for (; *text; text++) {
		if (strchr("_*\\<>#`", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void print_scdoc(const struct cli_option *table)
{
	struct cli_option_at at;

	for (size_t i = 0; cli_option_at(table, i, &at); i++) {
		const struct cli_option *o = at.option;

		printf("*--%s*", o->name);
		if (o->letter)
			printf(", *-%c*", o->letter);
		if (o->arg) {
			printf(o->kind == CLI_OPTIONAL ? "\\[=_" : " _");
			print_scdoc_text(o->arg);
			printf(o->kind == CLI_OPTIONAL ? "_]" : "_");
		}
		printf("\n\t");
		print_scdoc_text(o->help);
		printf(".\n\n");
	}
}

static void print_man_frame(const struct cli_command *c)
{
	char page[64];

	(void)rp_fmt(page, sizeof(page), "rocpart-%s", c->name);
	for (char *p = page; *p; p++)
		*p = *p == ' ' ? '-' : *p;
	printf("%s(1)\n\n# NAME\n\n%s - %s\n\n# SYNOPSIS\n\n*rocpart %s*", page, page, c->summary,
	       c->name);
	printf("%s", c->options ? " [OPTIONS]" : "");
	if (*c->args) {
		printf(" ");
		print_scdoc_text(c->args);
	}
	printf("\n\n# DESCRIPTION\n\n@BODY@\n\n# OPTIONS\n\n");
	print_scdoc(c->options);
	printf("*rocpart*(1) lists the options and the exit statuses of every command.\n\n"
	       "@SECTIONS@\n# SEE ALSO\n\n*rocpart*(1)\n");
}

struct help_values {
	const char *scdoc;
};

static const struct cli_option help_options[] = {
	{.name = "scdoc",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_COMMANDS,
	 .arg = "COMMAND",
	 .offset = offsetof(struct help_values, scdoc),
	 .help = "print the frame of the man page of COMMAND, for the build"},
	CLI_END,
};

int cli_refuse_command(struct cli *cli, int n, char **words)
{
	struct rocpart_error err = {0};
	char name[128], near[64];

	(void)rp_fmt(name, sizeof(name), "%.60s%s%.60s", words[0], n > 1 ? " " : "",
		     n > 1 ? words[1] : "");
	(void)rp_error_set(&err, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
			   "there is no command '%s'", name);
	if (cli_suggest_command(name, near) || cli_suggest_command(words[0], near))
		(void)rp_error_hint(&err,
				    "did you mean `rocpart %s`? `rocpart help` lists all "
				    "commands",
				    near);
	else
		(void)rp_error_hint(&err, "`rocpart help` lists all commands");
	return cli_fail(cli, &err);
}

static int print_frame(struct cli *cli, const char *name)
{
	const struct cli_command *c = cli_command_named(name);

	if (c)
		print_man_frame(c);
	else if (rp_str_eq(name, "rocpart"))
		print_scdoc(cli_global_options);
	else
		return cli_usage_error(cli, "there is no command '%s'", name);
	return 0;
}

static int run_help(struct cli *cli, int argc, char **argv)
{
	const struct help_values *v = cli->values;
	const struct cli_command *c;
	char name[64];

	if (v->scdoc)
		return print_frame(cli, v->scdoc);
	if (argc == 0) {
		cli_print_help(stdout);
		return 0;
	}
	if (argc == 1 && cli_print_group_help(stdout, argv[0]))
		return 0;
	(void)rp_fmt(name, sizeof(name), "%s%s%s", argv[0], argc > 1 ? " " : "",
		     argc > 1 ? argv[1] : "");
	c = cli_command_named(name);
	if (c) {
		cli_print_command_help(stdout, c);
		return 0;
	}
	return cli_refuse_command(cli, argc, argv);
}

const struct cli_command cli_verb_help = {
	.name = "help",
	.group = "develop",
	.args = "[COMMAND]",
	.max_args = 2,
	.summary = "show help on a command",
	.options = help_options,
	.values_size = sizeof(struct help_values),
	.words = {CLI_WORDS_COMMANDS, CLI_WORDS_COMMANDS},
	.run = run_help,
};
