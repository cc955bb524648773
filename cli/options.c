/* SPDX-License-Identifier: MIT */
/*
 * Options before or after the verb, from one table for each command. The command is found first:
 * its words are the first arguments that are neither options nor their values.
 */
#include "cli/cli.h"

static const struct cli_option *in_table(const struct cli_option *table, const char *name,
					 size_t len, char letter)
{
	for (; table && table->name; table++)
		if (letter ? table->letter == letter
			   : strlen(table->name) == len && strncmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

const struct cli_option *cli_find_option(const struct cli_command *command, const char *name)
{
	const struct cli_option *o = in_table(cli_global_options, name, strlen(name), 0);

	return o ? o : in_table(command->options, name, strlen(name), 0);
}

/* Of a name that stands before the verb: whichever command has it. */
static const struct cli_option *lookup(const char *name, size_t len, char letter)
{
	const struct cli_option *o = in_table(cli_global_options, name, len, letter);

	for (size_t i = 0; !o && cli_command_at(i); i++)
		o = in_table(cli_command_at(i)->options, name, len, letter);
	return o;
}

static int store(struct cli *cli, const struct cli_option *o, const char *value)
{
	char *at = (char *)&cli->values + o->offset;
	const bool yes = true;

	switch (o->kind) {
	case CLI_FLAG:
		memcpy(at, &yes, sizeof(yes));
		return 0;
	case CLI_TEXT:
		memcpy(at, &value, sizeof(value));
		return 0;
	case CLI_LIST: {
		/* "0,2,5": one name at a time; the list lives in the values */
		struct rp_names *list = (struct rp_names *)(void *)at;

		while (*value) {
			size_t n = strcspn(value, ",");
			RP_AUTO_FREE char *one = rp_strndup(value, n);

			if (!one || (n && rp_names_add(list, one) < 0))
				return cli_nomem(cli);
			value += n + (value[n] == ',');
		}
		return 0;
	}
	default:
		return 2;
	}
}

struct parser {
	struct cli *cli;
	int argc, i;
	char **argv;
	const struct cli_option *seen[32]; /* to be checked once the command is known */
	size_t n_seen;
};

/* value: text behind "=" or glued to a letter; NULL: the next argument. */
static int take(struct parser *p, const struct cli_option *o, const char *value, const char *shown)
{
	if (!o)
		return cli_usage_error(p->cli, "there is no option '%s'", shown);
	if (o->kind == CLI_FLAG && value)
		return cli_usage_error(p->cli, "option '%s' takes no value", shown);
	if (o->kind != CLI_FLAG && !value) {
		if (p->i + 1 >= p->argc)
			return cli_usage_error(p->cli, "option '%s' needs a value (%s)", shown,
					       o->arg);
		value = p->argv[++p->i];
	}
	if (p->n_seen == RP_ARRAY_LEN(p->seen))
		return cli_usage_error(p->cli, "too many options");
	p->seen[p->n_seen++] = o;
	return store(p->cli, o, value);
}

static int take_argument(struct parser *p)
{
	char *arg = p->argv[p->i];
	const char *equals = strchr(arg, '=');

	if (arg[1] == '-') {
		size_t len = equals ? (size_t)(equals - arg - 2) : strlen(arg + 2);

		return take(p, lookup(arg + 2, len, 0), equals ? equals + 1 : NULL, arg);
	}
	for (const char *letter = arg + 1; *letter; letter++) {
		const struct cli_option *o = lookup(NULL, 0, *letter);
		int r;

		if (o && o->kind != CLI_FLAG)
			return take(p, o, letter[1] ? letter + 1 : NULL, arg);
		r = take(p, o, NULL, arg);
		if (r)
			return r;
	}
	return 0;
}

/* An option of another command is refused, not ignored. */
static int check_seen(const struct parser *p, const char *command, const char *second)
{
	const struct cli_command *c = NULL;
	char both[64];

	for (size_t i = 0; cli_command_at(i) && !c; i++) {
		(void)rp_fmt(both, sizeof(both), "%s %s", command, second ? second : "");
		if (rp_str_eq(cli_command_at(i)->name, command) ||
		    rp_str_eq(cli_command_at(i)->name, both))
			c = cli_command_at(i);
	}
	for (size_t i = 0; c && i < p->n_seen; i++) {
		const char *name = p->seen[i]->name;

		if (!cli_find_option(c, name))
			return cli_usage_error(p->cli,
					       "'%s' has no option '--%s'; see `rocpart help %s`",
					       c->name, name, c->name);
	}
	return 0;
}

/* A mistake before --json is told as JSON too. */
static bool wants_json(int argc, char **argv)
{
	for (int i = 0; i < argc && !rp_str_eq(argv[i], "--"); i++)
		if (rp_str_eq(argv[i], "--json") || rp_str_eq(argv[i], "-j"))
			return true;
	return false;
}

int cli_parse(struct cli *cli, int argc, char **argv, int *ret_argc)
{
	struct parser p = {.cli = cli, .argc = argc, .argv = argv};
	bool only_words = false;
	int n = 0;

	cli->values.json = wants_json(argc, argv);
	for (p.i = 0; p.i < argc; p.i++) {
		char *arg = argv[p.i];
		int r;

		if (!only_words && rp_str_eq(arg, "--")) {
			only_words = true;
			continue;
		}
		if (only_words || arg[0] != '-' || !arg[1]) {
			argv[n++] = arg;
			continue;
		}
		r = take_argument(&p);
		if (r)
			return r;
	}
	*ret_argc = n;
	return n ? check_seen(&p, argv[0], n > 1 ? argv[1] : NULL) : 0;
}
