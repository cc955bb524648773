/* SPDX-License-Identifier: MIT */
/*
 * completion: scripts for the shells, which ask `rocpart completion words` what may stand at the
 * cursor. What an option takes, and which values, is decided here alone, from the tables.
 */
#include "cli/cli.h"
#include "cli/words.h"

/* The command line up to the cursor, as far as it can be read. */
struct line {
	struct cli *cli;
	const char *cur;	      /* the word at the cursor, maybe "" */
	struct cli_option_at pending; /* its value is at the cursor; option NULL: none */
	const char *group;	      /* first word of commands of two */
	unsigned n_args;	      /* positional arguments of the command before the cursor */
	bool only_words;	      /* behind "--" */
};

static bool is_group(const char *word)
{
	const struct cli_command *c;
	size_t len = strlen(word);

	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ')
			return true;
	return false;
}

static bool find_option(const struct cli *cli, const char *name, struct cli_option_at *ret)
{
	const struct cli_command *c = cli->command;

	if (cli_find_option(cli_global_options, name, ret))
		return true;
	if (c)
		return cli_find_option(c->options, name, ret);
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (cli_find_option(c->options, name, ret))
			return true;
	return false;
}

static bool find_letter(const struct cli *cli, char letter, struct cli_option_at *ret)
{
	const struct cli_option *tables[] = {cli_global_options,
					     cli->command ? cli->command->options : NULL};

	for (size_t k = 0; k < RP_ARRAY_LEN(tables); k++)
		for (size_t i = 0; cli_option_at(tables[k], i, ret); i++)
			if (ret->option->letter == letter)
				return true;
	return false;
}

/* The options that say which machine is asked for its GPUs and leases. */
static void note_global(struct cli *cli, const char *name, const char *value)
{
	struct cli_option_at at;

	if (!cli_find_option(cli_global_options, name, &at) || at.option->kind != CLI_TEXT)
		return;
	memcpy((char *)&cli->global + at.offset, &value, sizeof(value));
}

static void read_option(struct line *l, const char *word)
{
	const char *equals = strchr(word, '=');
	struct cli_option_at at;
	bool found;

	if (word[1] == '-') {
		RP_AUTO_FREE char *name = rp_strndup(word + 2, equals ? (size_t)(equals - word - 2)
								      : strlen(word + 2));

		found = name && find_option(l->cli, name, &at);
		if (found && equals)
			note_global(l->cli, name, equals + 1);
	} else {
		found = find_letter(l->cli, word[strlen(word) - 1], &at);
	}
	if (found && !equals && (at.option->kind == CLI_TEXT || at.option->kind == CLI_LIST))
		l->pending = at;
}

static void read_word(struct line *l, const char *word)
{
	char both[64];

	if (l->cli->command) {
		l->n_args++;
	} else if (l->group) {
		(void)rp_fmt(both, sizeof(both), "%s %.30s", l->group, word);
		l->cli->command = cli_command_named(both);
	} else if (is_group(word)) {
		l->group = word;
	} else {
		l->cli->command = cli_command_named(word);
	}
}

static void read_line(struct line *l, int n, char **words)
{
	for (int i = 0; i < n; i++) {
		const char *word = words[i];

		if (l->pending.option) {
			note_global(l->cli, l->pending.option->name, word);
			l->pending.option = NULL;
		} else if (!l->only_words && rp_str_eq(word, "--")) {
			l->only_words = true;
		} else if (!l->only_words && word[0] == '-' && word[1]) {
			read_option(l, word);
		} else {
			read_word(l, word);
		}
	}
}

/* ---- what may stand at the cursor ---- */

/* prefix stands before each word: "--sim=", or the parts of a list before the last comma. */
static void print_words(const struct rp_names *words, const char *prefix, size_t n_prefix,
			const char *start)
{
	for (size_t i = 0; i < words->n; i++)
		if (rp_str_starts(words->v[i], start))
			printf("%.*s%s\n", (int)n_prefix, prefix, words->v[i]);
}

/* A line of its own tells the script to offer files too. */
static void print_files(void)
{
	printf("\tfiles\n");
}

static void print_values(struct line *l, const struct cli_option *o, const char *prefix,
			 size_t n_prefix, const char *start)
{
	RP_AUTO_NAMES struct rp_names words = RP_NAMES_INIT;
	const char *comma = o->kind == CLI_LIST ? strrchr(start, ',') : NULL;

	if (comma) {
		n_prefix += (size_t)(comma + 1 - start);
		start = comma + 1;
	}
	if (o->words == CLI_WORDS_FILES)
		print_files();
	else if (cli_add_words(l->cli, o->words, o->arg, &words) == 0)
		print_words(&words, prefix, n_prefix, start);
}

static void print_option_names(const struct cli_option *table, const char *start)
{
	struct cli_option_at at;

	for (size_t i = 0; cli_option_at(table, i, &at); i++) {
		char name[64];

		(void)rp_fmt(name, sizeof(name), "--%s", at.option->name);
		if (rp_str_starts(name, start))
			printf("%s\t%s\n", name, at.option->help);
	}
}

static void print_commands(const struct line *l)
{
	size_t len = l->group ? strlen(l->group) : 0;
	const struct cli_command *c;
	const char *last = "";

	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		const char *name = c->name, *blank = strchr(c->name, ' ');

		if (l->group && (strncmp(c->name, l->group, len) != 0 || c->name[len] != ' '))
			continue;
		name = l->group ? blank + 1 : name;
		if (!rp_str_starts(name, l->cur))
			continue;
		if (l->group || !blank)
			printf("%s\t%s\n", name, c->summary);
		else if (strncmp(last, c->name, (size_t)(blank - c->name) + 1) != 0)
			printf("%.*s\tcommands of %.*s\n", (int)(blank - c->name), c->name,
			       (int)(blank - c->name), c->name);
		last = c->name;
	}
}

static void print_arguments(struct line *l)
{
	const struct cli_command *c = l->cli->command;
	enum cli_words kind = c->words[l->n_args ? 1 : 0];
	RP_AUTO_NAMES struct rp_names words = RP_NAMES_INIT;

	if (l->n_args >= c->max_args || (l->only_words && c->has_program))
		return;
	if (kind == CLI_WORDS_FILES || kind == CLI_WORDS_MODELS)
		print_files();
	(void)cli_add_words(l->cli, kind, c->args, &words);
	print_words(&words, "", 0, l->cur);
}

static void print_candidates(struct line *l)
{
	const char *equals = strchr(l->cur, '=');
	struct cli_option_at at;

	if (l->pending.option) {
		print_values(l, l->pending.option, l->cur, 0, l->cur);
	} else if (!l->only_words && rp_str_starts(l->cur, "--") && equals) {
		RP_AUTO_FREE char *name = rp_strndup(l->cur + 2, (size_t)(equals - l->cur - 2));

		if (name && find_option(l->cli, name, &at))
			print_values(l, at.option, l->cur, (size_t)(equals + 1 - l->cur),
				     equals + 1);
	} else if (!l->only_words && *l->cur == '-') {
		print_option_names(l->cli->command ? l->cli->command->options : NULL, l->cur);
		print_option_names(cli_global_options, l->cur);
	} else if (l->cli->command) {
		print_arguments(l);
	} else {
		print_commands(l);
	}
}

/* ---- the scripts ---- */

/*
 * Bash splits words at "=" and ":" too, which stand in values here: they are put together again,
 * and what comes before the last of them is cut from each answer.
 */
static const char bash_script[] =
	"_rocpart() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} words=() reply=() word cut w files=\n"
	"\tread -ra words <<<\"$line\"\n"
	"\t[[ $line == *[[:space:]] ]] && words+=('')\n"
	"\tword=${words[${#words[@]}-1]}\n"
	"\tcut=${word%\"${word##*[=:]}\"}\n"
	"\twhile IFS=$'\\t' read -r w _; do\n"
	"\t\treply+=(\"${w#\"$cut\"}\")\n"
	"\tdone < <(command \"${words[0]}\" completion words -- \"${words[@]:1}\" 2>/dev/null |\n"
	"\t\tgrep -v $'^\\tfiles$')\n"
	"\tCOMPREPLY=(\"${reply[@]}\")\n"
	"\tif ((${#reply[@]} == 0)); then\n"
	"\t\tcommand \"${words[0]}\" completion words -- \"${words[@]:1}\" 2>/dev/null |\n"
	"\t\t\tgrep -q $'^\\tfiles$' && compopt -o default\n"
	"\tfi\n"
	"\t[[ ${#reply[@]} == 1 && ${reply[0]} == *= ]] && compopt -o nospace\n"
	"\treturn 0\n"
	"}\n"
	"complete -F _rocpart rocpart\n";

static const char zsh_script[] =
	"#compdef rocpart\n"
	"_rocpart() {\n"
	"\tlocal -a found files\n"
	"\tlocal line\n"
	"\tfor line in \"${(@f)$(command $words[1] completion words -- "
	"\"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
	"\t\t[[ -z $line ]] && continue\n"
	"\t\tif [[ $line == $'\\tfiles' ]]; then files=(1); continue; fi\n"
	"\t\tfound+=(\"${${line%%$'\\t'*}//:/\\\\:}${${(M)line%$'\\t'*}/$'\\t'/:}\")\n"
	"\tdone\n"
	"\t(( $#found )) && _describe -V rocpart found\n"
	"\t(( $#files )) && _files\n"
	"\treturn 0\n"
	"}\n"
	"if [[ $funcstack[1] == _rocpart ]]; then _rocpart \"$@\"; else compdef _rocpart rocpart; "
	"fi\n";

static const char fish_script[] =
	"function __rocpart_words\n"
	"\tset -l words (commandline -opc) (commandline -ct)\n"
	"\tcommand $words[1] completion words -- $words[2..-1] 2>/dev/null\n"
	"end\n"
	"complete -c rocpart -f\n"
	"complete -c rocpart -n 'not __rocpart_words | string match -q -- \\t\"files\"' "
	"-a '(__rocpart_words)'\n"
	"complete -c rocpart -n '__rocpart_words | string match -q -- \\t\"files\"' -F\n";

static int print_at_cursor(struct cli *asked, int n, char **words)
{
	struct cli cli = {.machine_name = RP_STRBUF_INIT};
	struct line line = {.cli = &cli, .cur = n ? words[n - 1] : ""};

	(void)asked;
	read_line(&line, n ? n - 1 : 0, words);
	print_candidates(&line);
	rp_strbuf_done(&cli.machine_name);
	return 0;
}

static int run_completion(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

	if (rp_str_eq(argv[0], "words"))
		return print_at_cursor(cli, argc - 1, argv + 1);
	for (size_t i = 0; argc == 1 && i < RP_ARRAY_LEN(scripts); i++)
		if (rp_str_eq(argv[0], scripts[i].shell))
			return fputs(scripts[i].script, stdout) < 0;
	return cli_usage_error(cli, "completion is for bash, zsh or fish, not '%s'", argv[0]);
}

const struct cli_command cli_verb_completion = {
	.name = "completion",
	.group = "develop",
	.args = "bash|zsh|fish|words -- WORD...",
	.min_args = 1,
	.max_args = 4096,
	.summary = "print the completion script of a shell",
	.words = {CLI_WORDS_OF_ARG},
	.has_program = true,
	.run = run_completion,
};
