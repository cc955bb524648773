/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <stdarg.h>

struct view_machine cli_about(const struct cli *cli)
{
	return (struct view_machine){cli->machine, rp_strbuf_str(&cli->machine_name)};
}

static int write_errno; /* why a long text was not written: the flush at the end succeeds */

int cli_print_text(struct cli *cli, const struct rp_strbuf *text)
{
	if (rp_strbuf_failed(text))
		return cli_nomem(cli);
	errno = 0;
	if (fwrite(rp_strbuf_str(text), 1, text->len, stdout) == text->len)
		return 0;
	write_errno = errno;
	return 1;
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

void cli_print_banner(const struct cli *cli)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (!cli_wants_csv(cli)) {
		view_banner(cli_about(cli), &text);
		if (rp_strbuf_failed(&text))
			cli_lose_text();
		cli_say_lines(stdout, rp_strbuf_str(&text));
	}
	cli_print_note(cli, cli_wants_csv(cli) ? stderr : stdout);
}

void cli_print_note(const struct cli *cli, FILE *to)
{
	const char *note = cli->machine ? rocpart_machine_get_note(cli->machine) : NULL;

	if (note)
		cli_say(to, "note: %s\n", note);
}

/* The document of an error that cannot be made into one: without it a program would get nothing. */
static const char no_memory_json[] = "{\n"
				     "  \"error\": {\n"
				     "    \"code\": \"NO_MEMORY\",\n"
				     "    \"errno\": 12,\n"
				     "    \"object\": \"\",\n"
				     "    \"message\": \"out of memory\",\n"
				     "    \"hint\": \"\"\n"
				     "  }\n"
				     "}";

static void print_error_json(const struct rocpart_error *err)
{
	RP_AUTO_JSON struct rp_json *j = view_error(err);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	puts(j && rp_json_print(j, true, &text) == 0 ? rp_strbuf_str(&text) : no_memory_json);
}

void cli_say_note(const char *what, const struct rocpart_error *err)
{
	const char *object = strstr(err->message, err->object) ? "" : err->object;

	cli_say(stderr, "note: \t%s: %s%s%s\n", what, object, *object ? ": " : "", err->message);
}

static struct rocpart_error noted; /* the first; errnum 0: none */

void cli_note_error(const struct rocpart_error *err)
{
	if (!noted.errnum)
		noted = *err;
}

/* Without memory: this is the last that the command says. */
static int print_noted(int status)
{
	const char *object = strstr(noted.message, noted.object) ? "" : noted.object;

	if (!noted.errnum)
		return status;
	fprintf(stderr, "rocpart: %s%s%s\n", object, *object ? ": " : "", noted.message);
	return status ? status : rocpart_errcode_exit_status(noted.code);
}

static char last_message[sizeof(((struct rocpart_error *)0)->message)];

void cli_set_last_message(const char *text)
{
	(void)rp_fmt(last_message, sizeof(last_message), "%s", text);
}

const char *cli_last_message(void)
{
	return last_message;
}

int cli_fail(const struct cli *cli, const struct rocpart_error *err)
{
	struct rocpart_error unfinished;
	const char *object;

	if (err->code == ROCPART_ERR_NO_HARDWARE && cli_has_unfinished(cli)) {
		cli_say_unfinished(cli, &unfinished);
		err = &unfinished;
	}
	(void)rp_fmt(last_message, sizeof(last_message), "%s", err->message);
	/* "GPU 3 (0000:27:00.0) ..." names its object itself */
	object = strstr(err->message, err->object) ? "" : err->object;
	if (err->code == ROCPART_ERR_UNFINISHED_CHANGE || err->code == ROCPART_ERR_LOCKED)
		cli_set_unfinished_shown();

	if (cli->global.json) {
		print_error_json(err);
		return rocpart_errcode_exit_status(err->code);
	}
	cli_end_line(stdout);
	fflush(stdout);
	cli_end_line(stderr);
	cli_say_toned(stderr, VIEW_TONE_FAILED, "rocpart:");
	cli_say(stderr, " %s%s%s\n", object, *object ? ": " : "", err->message);
	if (*err->hint)
		cli_say(stderr, "hint: \t%s\n", err->hint);
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

static bool is_done;

void cli_set_done(void)
{
	is_done = true;
}

int cli_flush(int status)
{
	cli_end_line(stdout);
	cli_end_line(stderr);
	status = print_noted(status);
	if (cli_has_lost_text()) {
		fprintf(stderr, "rocpart: out of memory\n");
		return status ? status : 1;
	}
	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (errno == 0)
			errno = write_errno ? write_errno : EIO;
		if (errno == EPIPE && !is_done)
			return status ? status : 1; /* as `| head -1` wants it: not worth a word */
		fprintf(stderr, "rocpart: cannot write to standard output: %s%s\n",
			rocpart_strerror(errno),
			is_done ? "; what the command was to do is done" : "");
		return status ? status : 1;
	}
	return status;
}
