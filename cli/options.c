/* SPDX-License-Identifier: MIT */
/*
 * Options before or after the verb, into a struct of that verb alone. A value that is not given is
 * NULL; one that is empty is refused, since a script with an unset variable does not mean "all".
 */
#include "cli/cli.h"

#include "base/suggest.h"

#define MOST_OPTIONS 64

/* ---- tables ---- */

static bool at_index(const struct cli_option *table, size_t base, size_t *index,
		     struct cli_option_at *ret)
{
	for (; table && table->name; table++) {
		if (table->kind == CLI_TABLE) {
			if (at_index(table->table, base + table->offset, index, ret))
				return true;
			continue;
		}
		if ((*index)-- == 0) {
			*ret = (struct cli_option_at){table, base + table->offset};
			return true;
		}
	}
	return false;
}

bool cli_option_at(const struct cli_option *table, size_t index, struct cli_option_at *ret)
{
	return at_index(table, 0, &index, ret);
}

/* name is not NUL-terminated; NULL: by letter. */
static bool find_in(const struct cli_option *table, const char *name, size_t len, char letter,
		    struct cli_option_at *ret)
{
	for (size_t i = 0; cli_option_at(table, i, ret); i++) {
		const struct cli_option *o = ret->option;

		if (name ? strlen(o->name) == len && strncmp(o->name, name, len) == 0
			 : o->letter == letter)
			return true;
	}
	return false;
}

bool cli_find_option(const struct cli_option *table, const char *name, char letter,
		     struct cli_option_at *ret)
{
	return find_in(table, name, name ? strlen(name) : 0, letter, ret);
}

/* ---- what was given ---- */

struct given {
	const char *shown; /* as it was typed */
	const char *name;  /* of len; NULL: letter */
	size_t len;
	char letter;
	const char *value; /* NULL: a flag */
};

struct parser {
	struct cli *cli;
	int argc, i;
	char **argv;
	struct given given[MOST_OPTIONS];
	size_t n_given;
};

/* Which option it is, so far as that can be said: before the verb it may be of any. */
static bool look_up(const struct parser *p, const struct given *g, struct cli_option_at *ret)
{
	const struct cli_command *c = p->cli->command;

	if (find_in(cli_global_options, g->name, g->len, g->letter, ret))
		return true;
	if (c)
		return find_in(c->options, g->name, g->len, g->letter, ret);
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (find_in(c->options, g->name, g->len, g->letter, ret))
			return true;
	return false;
}

static size_t n_options(const struct cli_option *table)
{
	struct cli_option_at at;
	size_t n = 0;

	while (cli_option_at(table, n, &at))
		n++;
	return n;
}

static const char *name_in(const struct cli_option *table, size_t index)
{
	struct cli_option_at at;

	return cli_option_at(table, index, &at) ? at.option->name : NULL;
}

/* Names of the global options and those of the verb; before a verb those of all. */
static const char *option_word(const void *list, size_t index)
{
	const struct cli_command *c = list;
	size_t n = n_options(cli_global_options);

	if (index < n)
		return name_in(cli_global_options, index);
	index -= n;
	if (c)
		return name_in(c->options, index);
	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		n = n_options(c->options);
		if (index < n)
			return name_in(c->options, index);
		index -= n;
	}
	return NULL;
}

static int refuse_unknown(const struct parser *p, const struct given *g)
{
	const struct cli_command *c = p->cli->command;
	RP_AUTO_FREE char *name = g->name ? rp_strndup(g->name, g->len) : NULL;
	const char *near = name ? rp_suggest(name, option_word, c) : NULL;
	const char *verb = c ? c->name : "", *blank = c ? " " : "";
	struct rocpart_error err = {0};

	(void)rp_error_set(&err, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
			   "'%s' has no option '%.*s'", c ? c->name : "rocpart",
			   (int)strcspn(g->shown, "="), g->shown);
	if (near)
		(void)rp_error_hint(&err, "did you mean --%s? `rocpart help%s%s` lists the options",
				    near, blank, verb);
	else if (c && c->has_program)
		(void)rp_error_hint(&err,
				    "options of the program go behind --; `rocpart help %s` "
				    "lists the options",
				    verb);
	else
		(void)rp_error_hint(&err, "`rocpart help%s%s` lists the options", blank, verb);
	return cli_fail(p->cli, &err);
}

/* attached: text behind "=" or glued to a letter; NULL: the value is the next argument. */
static int take(struct parser *p, struct given g, const char *attached)
{
	struct cli_option_at at;

	if (!look_up(p, &g, &at))
		return refuse_unknown(p, &g);
	if (at.option->kind == CLI_FLAG && attached)
		return cli_usage_error(p->cli, "option '%s' takes no value", g.shown);
	if (at.option->kind == CLI_OPTIONAL && attached && !*attached)
		return cli_usage_error(p->cli, "option '%s': the value (%s) is empty", g.shown,
				       at.option->arg);
	g.value = attached;
	if (at.option->kind == CLI_OPTIONAL && !attached)
		g.value = "";
	if ((at.option->kind == CLI_TEXT || at.option->kind == CLI_LIST) && !attached) {
		if (p->i + 1 >= p->argc)
			return cli_usage_error(p->cli, "option '%s' needs a value (%s)", g.shown,
					       at.option->arg);
		g.value = p->argv[++p->i];
	}
	if (p->n_given == MOST_OPTIONS)
		return cli_usage_error(p->cli, "more than %d options", MOST_OPTIONS);
	p->given[p->n_given++] = g;
	return 0;
}

static int take_argument(struct parser *p)
{
	char *arg = p->argv[p->i];
	const char *equals = strchr(arg, '=');

	if (arg[1] == '-') {
		size_t len = equals ? (size_t)(equals - arg - 2) : strlen(arg + 2);

		return take(p, (struct given){.shown = arg, .name = arg + 2, .len = len},
			    equals ? equals + 1 : NULL);
	}
	for (const char *letter = arg + 1; *letter; letter++) {
		const struct given g = {.shown = arg, .letter = *letter};
		struct cli_option_at at;
		bool has_value = look_up(p, &g, &at) && at.option->kind != CLI_FLAG;
		int status = take(p, g, has_value && letter[1] ? letter + 1 : NULL);

		if (status || has_value)
			return status;
	}
	return 0;
}

/* ---- into the values ---- */

static int add_to_list(struct cli *cli, const struct given *g, struct rp_names *list)
{
	const char *value = g->value;

	for (;;) {
		size_t n = strcspn(value, ",");
		RP_AUTO_FREE char *one = rp_strndup(value, n);

		if (!n)
			return cli_usage_error(cli, "option '%s': '%s' has an empty part", g->shown,
					       g->value);
		if (!one || rp_names_add(list, one) < 0)
			return cli_nomem(cli);
		if (!value[n])
			return 0;
		value += n + 1;
	}
}

static int store(struct cli *cli, const struct given *g, const struct cli_option *o, void *at)
{
	const char *before = NULL;
	const bool yes = true;

	if (o->kind == CLI_FLAG) {
		memcpy(at, &yes, sizeof(yes));
		return 0;
	}
	if (o->kind != CLI_OPTIONAL && !*g->value)
		return cli_usage_error(cli, "option '%s': the value (%s) is empty", g->shown,
				       o->arg);
	if (o->kind == CLI_LIST)
		return add_to_list(cli, g, at);
	memcpy(&before, at, sizeof(before));
	if (before)
		return cli_usage_error(cli, "option '%s' is given twice", g->shown);
	memcpy(at, &g->value, sizeof(g->value));
	return 0;
}

static int store_all(struct parser *p)
{
	struct cli *cli = p->cli;
	const struct cli_command *c = cli->command;

	for (size_t i = 0; i < p->n_given; i++) {
		const struct given *g = &p->given[i];
		struct cli_option_at at;
		int status = 0;

		if (find_in(cli_global_options, g->name, g->len, g->letter, &at))
			status = store(cli, g, at.option, (char *)&cli->global + at.offset);
		else if (c && find_in(c->options, g->name, g->len, g->letter, &at))
			status = store(cli, g, at.option, (char *)cli->values + at.offset);
		else if (c)
			status = refuse_unknown(p, g);
		if (status)
			return status;
	}
	return 0;
}

void cli_free_values(struct cli *cli)
{
	struct cli_option_at at;

	for (size_t i = 0; cli->values && cli_option_at(cli->command->options, i, &at); i++)
		if (at.option->kind == CLI_LIST)
			rp_names_done((struct rp_names *)(void *)((char *)cli->values + at.offset));
	free(cli->values);
	cli->values = NULL;
}

/* ---- the command line ---- */

/* "-j" or "-yj": j among letters none of which takes the rest as its value. */
static bool has_letter_j(const struct parser *p, const char *letters)
{
	struct cli_option_at at;

	for (; *letters && *letters != 'j'; letters++) {
		const struct given g = {.letter = *letters};

		if (!look_up(p, &g, &at) || at.option->kind != CLI_FLAG)
			return false;
	}
	return *letters != '\0';
}

/* A mistake before --json is reported as JSON too. */
static bool wants_json(const struct parser *p)
{
	for (int i = 0; i < p->argc && !rp_str_eq(p->argv[i], "--"); i++) {
		const char *arg = p->argv[i];

		if (rp_str_eq(arg, "--json"))
			return true;
		if (arg[0] == '-' && arg[1] != '-' && has_letter_j(p, arg + 1))
			return true;
	}
	return false;
}

/* The first word is a verb, or with the second one of a group: "sim create". */
static void find_command(struct cli *cli, char **words, int n)
{
	char both[64];

	if (cli->command || n > 2)
		return;
	if (n == 1)
		cli->command = cli_command_named(words[0]);
	else if (rp_fmt(both, sizeof(both), "%s %s", words[0], words[1]) == 0)
		cli->command = cli_command_named(both);
}

static int split(struct parser *p, int *ret_n)
{
	bool only_words = false;
	int n = 0, status;

	for (p->i = 0; p->i < p->argc; p->i++) {
		char *arg = p->argv[p->i];

		if (!only_words && rp_str_eq(arg, "--")) {
			only_words = true;
			continue;
		}
		if (!only_words && arg[0] == '-' && arg[1]) {
			status = take_argument(p);
			if (status)
				return status;
			continue;
		}
		p->argv[n++] = arg;
		p->cli->n_plain += !only_words;
		find_command(p->cli, p->argv, n);
	}
	*ret_n = n;
	return 0;
}

int cli_parse(struct cli *cli, int argc, char **argv, int *ret_argc)
{
	struct parser p = {.cli = cli, .argc = argc, .argv = argv};
	int status;

	cli->global.json = wants_json(&p);
	status = split(&p, ret_argc);
	if (status == 0 && cli->command) {
		cli->values = calloc(1, cli->command->values_size + 1);
		if (!cli->values)
			return cli_nomem(cli);
	}
	return status ? status : store_all(&p);
}
