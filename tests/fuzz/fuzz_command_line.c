/* SPDX-License-Identifier: MIT */
/*
 * Lines as the words of a command line: read into values none of which is empty, or a usage error.
 * No machine is opened and no command is run.
 */
#include <assert.h>

#include "cli/cli.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_WORDS 80

/* What is said goes nowhere: the fuzzer's own reports have a descriptor of theirs. */
static void be_quiet(void)
{
	static FILE *nowhere;

	if (nowhere)
		return;
	nowhere = fopen("/dev/null", "we");
	if (!nowhere)
		abort();
	stdout = nowhere;
	stderr = nowhere;
}

static int split(char *text, char **words)
{
	int n = 0;

	while (n < MOST_WORDS && *text) {
		char *end = text + strcspn(text, "\n");

		words[n++] = text;
		text = end + (*end == '\n');
		*end = '\0';
	}
	words[n] = NULL;
	return n;
}

static void check_values(const struct cli_option *table, void *values)
{
	struct cli_option_at at;

	for (size_t i = 0; cli_option_at(table, i, &at); i++) {
		void *where = (char *)values + at.offset;
		const char *text = NULL;
		const struct rp_names *list = where;

		if (at.option->kind == CLI_LIST)
			for (size_t k = 0; k < list->n; k++)
				assert(*list->v[k] && !strchr(list->v[k], ','));
		if (at.option->kind == CLI_TEXT)
			memcpy(&text, where, sizeof(text));
		assert(!text || *text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_FREE char *text = rp_strndup((const char *)data, size);
	struct cli cli = {.machine_name = RP_STRBUF_INIT};
	char *words[MOST_WORDS + 1];
	int argc, n = 0, status;

	if (!text)
		return 0;
	be_quiet();
	argc = split(text, words);
	status = cli_parse(&cli, argc, words, &n);
	assert(status == 0 || status == 2);
	if (status == 0) {
		assert(n >= 0 && n <= argc && cli.n_plain <= n);
		check_values(cli_global_options, &cli.global);
		if (cli.command) {
			check_values(cli.command->options, cli.values);
			status = cli_check_table(&cli);
			assert(status == 0 || status == 2);
		}
	}
	cli_free_values(&cli);
	rp_strbuf_done(&cli.machine_name);
	cli_end_line(stderr);
	return 0;
}
