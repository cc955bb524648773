/* SPDX-License-Identifier: MIT */
/* Text for people on a terminal, in a pipe or in a file: escaped, and as wide as there is room. */
#include "cli/cli.h"

#include <stdarg.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/num.h"
#include "base/suggest.h"

static bool is_set(const char *name)
{
	const char *v = secure_getenv(name);

	return v && *v;
}

bool cli_wants_colour(FILE *f)
{
	const char *terminal = secure_getenv("TERM");

	return isatty(fileno(f)) && !is_set("NO_COLOR") &&
	       !(terminal && rp_str_eq(terminal, "dumb"));
}

size_t cli_get_width(FILE *f)
{
	const char *columns = secure_getenv("COLUMNS");
	struct winsize size = {0};
	uint32_t n;

	if (!isatty(fileno(f)))
		return 0;
	if (ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return columns && rp_parse_u32(columns, 10, &n) == 0 && n ? n : 80;
}

/*
 * The line that is begun on each of the two streams: it can be broken between words only when it is
 * whole. What is printed past cli_say() comes after cli_end_line() or between whole lines.
 */
static struct rp_strbuf begun[2];

static struct rp_strbuf *line_of(const FILE *f)
{
	return &begun[f == stderr];
}

static bool is_lost; /* some of it, for lack of memory */

static void print_line(FILE *f, const char *line)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	view_wrap(line, cli_get_width(f), &text);
	is_lost |= rp_strbuf_failed(&text);
	fputs(rp_strbuf_str(&text), f);
}

void cli_end_line(FILE *f)
{
	struct rp_strbuf *line = line_of(f);

	is_lost |= rp_strbuf_failed(line);
	if (line->len)
		print_line(f, line->s);
	rp_strbuf_done(line);
	*line = (struct rp_strbuf)RP_STRBUF_INIT;
}

/* Newlines are those of formats: they are escaped in what comes from elsewhere. */
static void print_whole_lines(FILE *f)
{
	RP_AUTO_STRBUF struct rp_strbuf lines = *line_of(f);
	char *line = lines.s, *end;

	*line_of(f) = (struct rp_strbuf)RP_STRBUF_INIT;
	is_lost |= rp_strbuf_failed(&lines);
	for (; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		print_line(f, line);
		fputc('\n', f);
	}
	if (line)
		rp_strbuf_add(line_of(f), line);
}

void cli_say(FILE *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	view_vaddf(line_of(f), fmt, ap);
	va_end(ap);
	if (strchr(fmt, '\n'))
		print_whole_lines(f);
}

void cli_say_toned(FILE *f, enum view_tone tone, const char *text)
{
	bool has_colour = cli_wants_colour(f);

	rp_strbuf_add(line_of(f), has_colour ? view_tone_begin(tone) : "");
	view_addf(line_of(f), "%s", text);
	rp_strbuf_add(line_of(f), has_colour ? view_tone_end(tone) : "");
}

void cli_lose_text(void)
{
	is_lost = true;
}

bool cli_has_lost_text(void)
{
	return is_lost;
}

void cli_say_lines(FILE *f, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		cli_say(f, "%.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

/* ---- tables ---- */

struct cli_table_values *cli_get_table_values(const struct cli *cli)
{
	struct cli_option_at at;

	if (!cli->command || !cli->values || !cli->command->columns ||
	    !cli_find_option(cli->command->options, "columns", 0, &at))
		return NULL;
	return (void *)((char *)cli->values + at.offset -
			offsetof(struct cli_table_values, columns));
}

struct view_layout cli_get_layout(const struct cli *cli, const struct rocpart_snapshot *snapshot)
{
	const struct cli_table_values *v = cli_get_table_values(cli);

	return (struct view_layout){
		.columns = v ? v->columns : NULL,
		.wide = v && v->wide,
		.csv = v && v->csv,
		.colour = cli_wants_colour(stdout),
		.width = cli_get_width(stdout),
		.snapshot = snapshot,
	};
}

bool cli_wants_csv(const struct cli *cli)
{
	const struct cli_table_values *v = cli_get_table_values(cli);

	return v && v->csv;
}

bool cli_wants_wide(const struct cli *cli)
{
	const struct cli_table_values *v = cli_get_table_values(cli);

	return v && v->wide;
}

static const char *key_at(const void *fields, size_t index)
{
	const struct view_field *f = fields;

	for (size_t i = 0; f->key && i < index; i++)
		f++;
	return f->key;
}

static int refuse_column(const struct cli *cli, const char *bad)
{
	const struct view_field *fields = cli->command->columns;
	RP_AUTO_STRBUF struct rp_strbuf keys = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	const char *near = rp_suggest(bad, key_at, fields);

	for (const struct view_field *f = fields; f->key; f++)
		rp_strbuf_addf(&keys, "%s%s", f == fields ? "" : ", ", f->key);
	if (rp_strbuf_failed(&keys))
		return cli_nomem(cli);
	(void)rp_error_set(&err, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
			   "'%s' has no column '%s'; the columns are %s", cli->command->name, bad,
			   rp_strbuf_str(&keys));
	if (near)
		(void)rp_error_hint(&err, "did you mean '%s'?", near);
	return cli_fail(cli, &err);
}

int cli_check_table(const struct cli *cli)
{
	const struct cli_table_values *v = cli_get_table_values(cli);
	char bad[32];

	if (!v)
		return 0;
	if (v->csv && cli->global.json)
		return cli_usage_error(cli, "--csv and --json exclude each other");
	if (v->wide && cli->global.json)
		return cli_usage_error(cli, "--wide and --json exclude each other: JSON has "
					    "everything");
	if (v->wide && v->csv)
		return cli_usage_error(cli, "--wide and --csv exclude each other: --csv prints "
					    "all columns");
	if (v->columns && view_table_check(cli->command->columns, v->columns, bad) < 0)
		return refuse_column(cli, bad);
	return 0;
}

int cli_print_table(struct cli *cli, struct view_table *t)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = t ? view_table_text(t, &text) : -ENOMEM;

	view_table_free(t);
	return r < 0 ? cli_nomem(cli) : cli_print_text(cli, &text);
}
