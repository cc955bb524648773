/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <stdarg.h>

#include <unistd.h>

bool cli_wants_colour(FILE *f)
{
	return isatty(fileno(f)) && !secure_getenv("NO_COLOR");
}

struct view_machine cli_about(const struct cli *cli)
{
	return (struct view_machine){cli->machine, rp_strbuf_str(&cli->machine_name)};
}

int cli_print_text(struct cli *cli, const struct rp_strbuf *text)
{
	if (rp_strbuf_failed(text))
		return cli_nomem(cli);
	return fwrite(rp_strbuf_str(text), 1, text->len, stdout) == text->len ? 0 : 1;
}

int cli_print_json(struct cli *cli, struct rp_json *j)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = j ? rp_json_print(j, true, &text) : -ENOMEM;

	rp_json_free(j);
	if (r < 0)
		return cli_nomem(cli);
	rp_strbuf_add_char(&text, '\n');
	return cli_print_text(cli, &text);
}

int cli_print_table(struct cli *cli, struct view_table *t)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = t ? view_table_text(t, &text) : -ENOMEM;

	view_table_free(t);
	return r < 0 ? cli_nomem(cli) : cli_print_text(cli, &text);
}

int cli_check_columns(struct cli *cli, const struct view_field *fields, const char *columns)
{
	char bad[32];

	return view_table_check(fields, columns, bad) < 0
		       ? cli_usage_error(cli, "there is no column '%s'", bad)
		       : 0;
}

void cli_print_banner(const struct cli *cli)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	view_banner(cli_about(cli), &text);
	fputs(rp_strbuf_str(&text), stdout);
}

static void print_error_json(const struct rocpart_error *err)
{
	RP_AUTO_JSON struct rp_json *j = view_error(err);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (j && rp_json_print(j, true, &text) == 0)
		printf("%s\n", rp_strbuf_str(&text));
}

int cli_fail(const struct cli *cli, const struct rocpart_error *err)
{
	bool colour = cli_wants_colour(stderr);
	/* "GPU 3 (0000:27:00.0) ..." names its object itself */
	const char *object = strstr(err->message, err->object) ? "" : err->object;

	if (cli->global.json) {
		print_error_json(err);
		return rocpart_errcode_exit_status(err->code);
	}
	fflush(stdout);
	fprintf(stderr, "%srocpart:%s %s%s%s\n", colour ? "\033[31m" : "", colour ? "\033[0m" : "",
		object, *object ? ": " : "", err->message);
	if (*err->hint)
		fprintf(stderr, "  %s\n", err->hint);
	return rocpart_errcode_exit_status(err->code);
}

int cli_usage_error(const struct cli *cli, const char *fmt, ...)
{
	struct rocpart_error err = {.errnum = -EINVAL, .code = ROCPART_ERR_INVALID_ARGUMENT};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err.message, sizeof(err.message), fmt, ap);
	va_end(ap);
	return cli_fail(cli, &err);
}

int cli_nomem(const struct cli *cli)
{
	struct rocpart_error err = {
		.errnum = -ENOMEM, .code = ROCPART_ERR_NO_MEMORY, .message = "out of memory"};

	return cli_fail(cli, &err);
}

int cli_flush(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "rocpart: cannot write to standard output: %s\n",
			rocpart_strerror(errno));
		return status ? status : 1;
	}
	return status;
}
