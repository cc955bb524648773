/* SPDX-License-Identifier: MIT */
/* Help and the frames of man pages, from the tables of options and commands. */
#include "cli/cli.h"

#define WIDTH 80
#define LEFT  30 /* where the text of an option begins */

/* Text from column LEFT on, broken between words. */
static void print_wrapped(FILE *f, const char *text, size_t column)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > LEFT && column + 1 + n > WIDTH) {
			fprintf(f, "\n%*s", LEFT, "");
			column = LEFT;
		}
		fprintf(f, "%s%.*s", column > LEFT ? " " : "", (int)n, text);
		column += n + (column > LEFT);
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
	print_wrapped(f, o->help, LEFT);
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

static void print_group(FILE *f, const char *group)
{
	const struct cli_command *c;

	fprintf(f, "\n%s:\n", group);
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (rp_str_eq(c->group, group))
			fprintf(f, "  %-14s %s\n", c->name, c->summary);
}

void cli_print_help(FILE *f)
{
	const struct cli_command *c;
	const char *last = "";

	fprintf(f,
		"rocpart partitions AMD Instinct GPUs.\n\nusage: rocpart [OPTIONS] COMMAND ...\n");
	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		if (!rp_str_eq(c->group, last))
			print_group(f, c->group);
		last = c->group;
	}
	print_options(f, "options of every command", cli_global_options);
	fprintf(f, "\ntry it without a GPU: rocpart --sim mi300x-8 status\n");
}

void cli_print_command_help(FILE *f, const struct cli_command *c)
{
	fprintf(f, "rocpart %s: %s\n\nusage: rocpart %s%s%s%s\n", c->name, c->summary, c->name,
		c->options ? " [OPTIONS]" : "", *c->args ? " " : "", c->args);
	print_options(f, "options", c->options);
	print_options(f, "options of every command", cli_global_options);
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
		fprintf(f, "  %-14s %s\n", c->name, c->summary);
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
	printf("\n\n# DESCRIPTION\n\n@BODY@\n");
	if (c->options)
		printf("# OPTIONS\n\n");
	print_scdoc(c->options);
	printf("Options of every command are in *rocpart*(1).\n\n# EXIT STATUS\n\nAs in "
	       "*rocpart*(1).\n\n# SEE ALSO\n\n*rocpart*(1)\n");
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
	 .help = "print the frame of a man page"},
	CLI_END,
};

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
	const char *near;
	char name[64];

	if (v->scdoc)
		return print_frame(cli, v->scdoc);
	if (argc == 0) {
		cli_print_help(stdout);
		return 0;
	}
	if (argc == 1 && cli_print_group_help(stdout, argv[0]))
		return 0;
	(void)rp_fmt(name, sizeof(name), "%.20s%s%.20s", argv[0], argc > 1 ? " " : "",
		     argc > 1 ? argv[1] : "");
	c = cli_command_named(name);
	if (c) {
		cli_print_command_help(stdout, c);
		return 0;
	}
	near = cli_suggest_command(name);
	return cli_usage_error(cli, "there is no command '%s'%s%s%s", name,
			       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

const struct cli_command cli_verb_help = {
	.name = "help",
	.group = "develop",
	.args = "[COMMAND]",
	.max_args = 2,
	.summary = "show help on a command",
	.options = help_options,
	.values_size = sizeof(struct help_values),
	.words = {CLI_WORDS_COMMANDS},
	.run = run_help,
};
