/* SPDX-License-Identifier: MIT */
/*
 * completion: the scripts of the shells (completion_scripts.c) ask `rocpart completion words` which
 * words may stand at the cursor. Which values an option takes is decided here alone, from the
 * tables.
 */
#include "cli/cli.h"
#include "cli/words.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"

#define DEADLINE_NS 1500000000ULL /* a shell waits for the answer while a machine may hang */

/* The command line up to the cursor, as far as it can be read. */
struct line {
	struct cli *cli;
	const char *cur;	      /* the word at the cursor, maybe "" */
	struct cli_option_at pending; /* its value is at the cursor; option NULL: none */
	const char *first;	      /* first word of commands of two */
	const char *arg;	      /* first positional argument of the command */
	unsigned n_args;	      /* positional arguments of the command before the cursor */
	bool is_unknown;	      /* a word names no command: nothing is known of the rest */
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

/* By name, or by letter when name is NULL. Before the verb an option may be of any verb. */
static bool find_option(const struct cli *cli, const char *name, char letter,
			struct cli_option_at *ret)
{
	const struct cli_command *c = cli->command;

	if (cli_find_option(cli_global_options, name, letter, ret))
		return true;
	if (c)
		return cli_find_option(c->options, name, letter, ret);
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (cli_find_option(c->options, name, letter, ret))
			return true;
	return false;
}

static bool takes_next_word(const struct cli_option *o)
{
	return o->kind == CLI_TEXT || o->kind == CLI_LIST;
}

/* The options that say which machine is asked for its GPUs and leases. */
static void note_global(struct cli *cli, const char *name, const char *value)
{
	struct cli_option_at at;

	if (!cli_find_option(cli_global_options, name, 0, &at) || at.option->kind != CLI_TEXT)
		return;
	memcpy((char *)&cli->global + at.offset, &value, sizeof(value));
}

static void read_long_option(struct line *l, const char *word)
{
	const char *name = word + 2, *equals = strchr(word, '=');
	RP_AUTO_FREE char *own = rp_strndup(name, equals ? (size_t)(equals - name) : strlen(name));
	struct cli_option_at at;

	if (!own || !find_option(l->cli, own, 0, &at))
		return;
	if (equals)
		note_global(l->cli, own, equals + 1);
	else if (takes_next_word(at.option))
		l->pending = at;
}

/* "-jc": the first letter that takes a value has the rest of the word, or the next word. */
static void read_letters(struct line *l, const char *word)
{
	struct cli_option_at at;

	for (word++; *word && find_option(l->cli, NULL, *word, &at); word++) {
		if (!takes_next_word(at.option))
			continue;
		if (!word[1])
			l->pending = at;
		return;
	}
}

static void read_word(struct line *l, const char *word)
{
	char both[64] = "";

	if (l->cli->command) {
		l->arg = l->n_args++ ? l->arg : word;
	} else if (l->first) {
		if (rp_fmt(both, sizeof(both), "%s %s", l->first, word) == 0)
			l->cli->command = cli_command_named(both);
		l->is_unknown = !l->cli->command;
	} else if (is_group(word)) {
		l->first = word;
	} else {
		l->cli->command = cli_command_named(word);
		l->is_unknown = !l->cli->command;
	}
}

static void read_line(struct line *l, int n, char **words)
{
	for (int i = 0; i < n && !l->is_unknown; i++) {
		const char *word = words[i];

		if (l->pending.option) {
			note_global(l->cli, l->pending.option->name, word);
			l->pending.option = NULL;
		} else if (!l->only_words && rp_str_eq(word, "--")) {
			l->only_words = true;
		} else if (!l->only_words && rp_str_starts(word, "--")) {
			read_long_option(l, word);
		} else if (!l->only_words && word[0] == '-' && word[1]) {
			read_letters(l, word);
		} else {
			read_word(l, word);
		}
	}
}

/* ---- what may stand at the cursor ---- */

/* A line of its own tells the script to offer files too. */
static void print_files(void)
{
	printf("\tfiles\n");
}

/* A word at the cursor: what stays before each answer, and behind it what is typed of the answer.
 */
struct value {
	const char *text;
	size_t n_prefix;
};

static bool is_listed(const struct value *v, const char *word, size_t len)
{
	for (const char *part = v->text, *end = v->text + v->n_prefix; part < end;) {
		size_t n = strcspn(part, ",");

		if (n == len && strncmp(part, word, len) == 0)
			return true;
		part += n + 1;
	}
	return false;
}

static void print_words(const struct rp_names *words, const struct value *v)
{
	for (size_t i = 0; i < words->n; i++)
		if (rp_str_starts(words->v[i], v->text + v->n_prefix))
			printf("%.*s%s\n", (int)v->n_prefix, v->text, words->v[i]);
}

/* The parts of a list are completed one by one, and each once. */
static void print_list(const struct rp_names *words, const struct value *whole)
{
	const char *start = whole->text + whole->n_prefix, *comma = strrchr(start, ',');
	size_t n_before = comma ? (size_t)(comma + 1 - start) : 0;
	const struct value listed = {start, n_before};
	const struct value part = {whole->text, whole->n_prefix + n_before};

	for (size_t i = 0; i < words->n; i++) {
		const struct rp_names one = {.v = &words->v[i], .n = 1};

		if (!is_listed(&listed, words->v[i], strcspn(words->v[i], "\t")))
			print_words(&one, &part);
	}
}

static void print_values(struct line *l, const struct cli_option *o, const struct value *v)
{
	RP_AUTO_NAMES struct rp_names words = RP_NAMES_INIT;

	if (o->words == CLI_WORDS_FILES || o->words == CLI_WORDS_MODELS)
		print_files();
	if (cli_add_words(l->cli, o->words, o->arg, v->text + v->n_prefix, &words) < 0)
		return;
	if (o->kind == CLI_LIST || o->words == CLI_WORDS_COLUMNS)
		print_list(&words, v);
	else
		print_words(&words, v);
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

/* First words of commands, or second ones of those that begin with first. */
static void print_commands(const char *first, const char *start)
{
	size_t len = first ? strlen(first) : 0;
	const struct cli_command *c;
	const char *last = "";

	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		const char *name = c->name, *blank = strchr(c->name, ' ');

		if (first && (strncmp(c->name, first, len) != 0 || c->name[len] != ' '))
			continue;
		name = first ? blank + 1 : name;
		if (!rp_str_starts(name, start))
			continue;
		if (first || !blank)
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
	const struct value v = {l->cur, 0};
	RP_AUTO_NAMES struct rp_names words = RP_NAMES_INIT;

	if (l->n_args >= c->max_args)
		return;
	if (l->only_words && c->has_program) {
		print_files();
		return;
	}
	if (kind == CLI_WORDS_FILES || kind == CLI_WORDS_MODELS)
		print_files();
	if (kind == CLI_WORDS_COMMANDS)
		print_commands(l->arg, l->cur);
	else if (cli_add_words(l->cli, kind, c->args, l->cur, &words) == 0)
		print_words(&words, &v);
}

/* "--gpu=0,": the value behind "=". */
static void print_glued(struct line *l, const char *equals)
{
	RP_AUTO_FREE char *name = rp_strndup(l->cur + 2, (size_t)(equals - l->cur - 2));
	const struct value v = {l->cur, (size_t)(equals + 1 - l->cur)};
	struct cli_option_at at;

	if (name && find_option(l->cli, name, 0, &at) && at.option->kind != CLI_FLAG)
		print_values(l, at.option, &v);
}

/* "-cC": the value glued to a letter. */
static void print_glued_letter(struct line *l)
{
	struct cli_option_at at;

	for (size_t i = 1; l->cur[i] && find_option(l->cli, NULL, l->cur[i], &at); i++) {
		const struct value v = {l->cur, i + 1};

		if (!takes_next_word(at.option))
			continue;
		print_values(l, at.option, &v);
		return;
	}
}

static void print_options(struct line *l)
{
	const char *equals = strchr(l->cur, '=');

	if (rp_str_starts(l->cur, "--") && equals) {
		print_glued(l, equals);
	} else if (l->cur[1] && l->cur[1] != '-') {
		print_glued_letter(l);
	} else {
		print_option_names(l->cli->command ? l->cli->command->options : NULL, l->cur);
		print_option_names(cli_global_options, l->cur);
	}
}

static void print_candidates(struct line *l)
{
	const struct value v = {l->cur, 0};

	if (l->is_unknown)
		return;
	if (l->pending.option)
		print_values(l, l->pending.option, &v);
	else if (!l->only_words && *l->cur == '-')
		print_options(l);
	else if (l->cli->command)
		print_arguments(l);
	else
		print_commands(l->first, l->cur);
}

/* ---- answering in time ---- */

static void answer(int n, char **words)
{
	struct cli cli = {.machine_name = RP_STRBUF_INIT};
	struct line line = {.cli = &cli, .cur = n ? words[n - 1] : ""};

	read_line(&line, n ? n - 1 : 0, words);
	print_candidates(&line);
	rp_strbuf_done(&cli.machine_name);
}

/* Copies what arrives until the other end is closed or the deadline is over. */
static void copy_until_deadline(int fd)
{
	uint64_t end = rp_now_ns() + DEADLINE_NS;
	char text[4096];
	ssize_t n = 1;

	while (n > 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = rp_now_ns();

		if (now >= end || poll(&p, 1, (int)((end - now) / 1000000 + 1)) <= 0)
			return;
		n = read(fd, text, sizeof(text));
		if (n > 0)
			(void)fwrite(text, 1, (size_t)n, stdout);
	}
}

/*
 * A process of its own asks the machine: a read that hangs in the kernel cannot be interrupted, and
 * the shell waits for everybody who holds our standard output. It prints no errors.
 */
static int answer_in_time(int n, char **words)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ends[2] = {-1, -1};
	pid_t pid;

	if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDERR_FILENO);
		(void)dup2(ends[1], STDOUT_FILENO);
		answer(n, words);
		_exit(fflush(stdout) != 0);
	}
	(void)close(null);
	(void)close(ends[1]);
	if (pid > 0) {
		copy_until_deadline(ends[0]);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, WNOHANG);
	}
	(void)close(ends[0]);
	return pid < 0;
}

static int run_completion(struct cli *cli, int argc, char **argv)
{
	const char *script = argc == 1 ? cli_completion_script(argv[0]) : NULL;

	if (rp_str_eq(argv[0], "words"))
		return answer_in_time(argc - 1, argv + 1);
	if (script)
		return fputs(script, stdout) < 0;
	return cli_usage_error(cli, "completion scripts exist for bash, zsh and fish, not '%s'",
			       argv[0]);
}

const struct cli_command cli_verb_completion = {
	.name = "completion",
	.group = "develop",
	.args = "bash|zsh|fish|words -- WORD...",
	.min_args = 1,
	.max_args = 4096,
	.summary = "print the completion script of a shell",
	.words = {CLI_WORDS_OF_ARG},
	.has_words = true,
	.run = run_completion,
};
