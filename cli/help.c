/* SPDX-License-Identifier: MIT */
/* Help, completion and the OPTIONS of man pages, all from the tables of commands.c. */
#include "cli/cli.h"

static void print_option(FILE *f, const struct cli_option *o)
{
	char left[64];

	(void)rp_fmt(left, sizeof(left), "%s%c%s--%s%s%s", o->letter ? "-" : " ",
		     o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
		     o->arg ? " " : "", o->arg ? o->arg : "");
	fprintf(f, "  %-28s %s\n", left, o->help);
}

static void print_options(FILE *f, const char *heading, const struct cli_option *o)
{
	if (!o || !o->name)
		return;
	fprintf(f, "\n%s:\n", heading);
	for (; o->name; o++)
		print_option(f, o);
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

static void print_scdoc(const struct cli_option *o)
{
	for (; o && o->name; o++) {
		printf("*--%s*", o->name);
		if (o->letter)
			printf(", *-%c*", o->letter);
		if (o->arg) {
			printf(" _");
			print_scdoc_text(o->arg);
			printf("_");
		}
		printf("\n\t");
		print_scdoc_text(o->help);
		printf(".\n\n");
	}
}

static const struct cli_command *command_named(const char *name)
{
	const struct cli_command *c;

	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (rp_str_eq(c->name, name))
			return c;
	return NULL;
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
	if (c->options && c->options->name)
		printf("# OPTIONS\n\n");
	print_scdoc(c->options);
	printf("Options of every command are in *rocpart*(1).\n\n# EXIT STATUS\n\nAs in "
	       "*rocpart*(1).\n\n# SEE ALSO\n\n*rocpart*(1)\n");
}

int cli_cmd_help(struct cli *cli, int argc, char **argv)
{
	char name[64] = "";
	const struct cli_command *c;

	if (cli->values.scdoc) {
		c = command_named(cli->values.scdoc);
		if (!c && !rp_str_eq(cli->values.scdoc, "rocpart"))
			return cli_usage_error(cli, "there is no command '%s'", cli->values.scdoc);
		if (c)
			print_man_frame(c);
		else
			print_scdoc(cli_global_options);
		return 0;
	}
	if (argc == 0) {
		cli_print_help(stdout);
		return 0;
	}
	if (argc == 1 && cli_print_group_help(stdout, argv[0]))
		return 0;
	(void)rp_fmt(name, sizeof(name), "%s%s%s", argv[0], argc > 1 ? " " : "",
		     argc > 1 ? argv[1] : "");
	c = command_named(name);
	if (!c)
		return cli_usage_error(cli, "there is no command '%s'", name);
	cli_print_command_help(stdout, c);
	return 0;
}

static void print_words(const struct cli_option *o)
{
	for (; o && o->name; o++)
		printf(" --%s", o->name);
}

/* Words by position: the verb (or group), its second word, then options. */
static void print_bash(void)
{
	const struct cli_command *c;

	printf("_rocpart() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=() w cmd two\n"
	       "\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	       "\t\t[[ $w == -* ]] || words+=(\"$w\")\n"
	       "\tdone\n"
	       "\tcmd=${words[0]} two=\"${words[0]} ${words[1]}\"\n"
	       "\tlocal global=\"");
	print_words(cli_global_options);
	printf("\"\n\tlocal options=\"$global\"\n\tcase \"$two\" in\n");
	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		printf("\t\"%s\"%s) options=\"$global", c->name, strchr(c->name, ' ') ? "" : "*");
		print_words(c->options);
		printf("\" ;;\n");
	}
	printf("\tesac\n\tif [[ $cur == -* ]]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	       "\telif [[ ${#words[@]} -eq 0 ]]; then\n\t\tCOMPREPLY=($(compgen -W \"");
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		printf("%.*s ", (int)strcspn(c->name, " "), c->name);
	printf("\" -- \"$cur\"))\n\telif [[ ${#words[@]} -eq 1 ]]; then\n\t\tcase \"$cmd\" in\n");
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (strchr(c->name, ' '))
			printf("\t\t%.*s) COMPREPLY+=($(compgen -W \"%s\" -- \"$cur\")) ;;&\n",
			       (int)strcspn(c->name, " "), c->name, strchr(c->name, ' ') + 1);
	printf("\t\tesac\n\tfi\n}\ncomplete -o default -F _rocpart rocpart\n");
}

static void print_fish(void)
{
	const struct cli_command *c;

	printf("complete -c rocpart -f\n");
	for (const struct cli_option *o = cli_global_options; o->name; o++)
		printf("complete -c rocpart -l %s%s -d '%s'\n", o->name, o->arg ? " -r" : "",
		       o->help);
	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		int first = (int)strcspn(c->name, " ");

		if (c->name[first])
			printf("complete -c rocpart -n '__fish_seen_subcommand_from %.*s' -a %s -d "
			       "'%s'\n",
			       first, c->name, c->name + first + 1, c->summary);
		printf("complete -c rocpart -n __fish_use_subcommand -a %.*s -d '%s'\n", first,
		       c->name, c->name[first] ? "" : c->summary);
		for (const struct cli_option *o = c->options; o && o->name; o++)
			printf("complete -c rocpart -n '__fish_seen_subcommand_from %.*s' -l %s%s "
			       "-d '%s'\n",
			       first, c->name, o->name, o->arg ? " -r" : "", o->help);
	}
}

int cli_cmd_completion(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	if (rp_str_eq(argv[0], "bash")) {
		print_bash();
	} else if (rp_str_eq(argv[0], "zsh")) {
		printf("#compdef rocpart\nautoload -U +X bashcompinit && bashcompinit\n");
		print_bash();
	} else if (rp_str_eq(argv[0], "fish")) {
		print_fish();
	} else {
		return cli_usage_error(cli, "completion is for bash, zsh or fish, not '%s'",
				       argv[0]);
	}
	return 0;
}
