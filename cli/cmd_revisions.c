/* SPDX-License-Identifier: MIT */
/* revisions: the files that were applied. */
#include "base/clock.h"
#include "base/num.h"
#include "cli/cli.h"

#include "views/revisions.h"

static int print_list(struct cli *cli, const struct rocpart_applied *applied)
{
	const struct rocpart_revision *v;

	if (cli->global.json)
		return cli_print_json(cli, view_revisions(cli_about(cli), applied));
	cli_print_banner(cli);
	if (!rocpart_applied_get(applied, 0))
		cli_say(stdout, "no file was applied to this machine yet\n");
	for (size_t i = 0; (v = rocpart_applied_get(applied, i)); i++) {
		char at[RP_TIME_TEXT_SIZE];

		cli_say(stdout, "revision %llu, \t%s, %s: %s %s%s%s\n",
			(unsigned long long)v->revision, rp_time_text((int64_t)v->at_s, at),
			v->result, v->file, v->checksum, *v->message ? ": " : "", v->message);
	}
	return 0;
}

static int print_text(struct cli *cli, const struct rocpart_applied *applied, const char *word)
{
	struct rocpart_desired *desired = NULL;
	const struct rocpart_revision *v;
	struct rocpart_error err = {0};
	uint64_t n;

	if (rp_parse_u64(word, 10, &n) < 0)
		return cli_usage_error(cli, "'%s' is not the number of a revision", word);
	if (rocpart_applied_open(applied, n, &desired, &err) < 0)
		return cli_fail(cli, &err);
	rocpart_desired_free(desired);
	for (size_t i = 0; (v = rocpart_applied_get(applied, i)); i++)
		if (v->revision == n && cli->global.json)
			return cli_print_json(cli, view_revision(cli_about(cli), v));
		else if (v->revision == n)
			return fputs(v->text, stdout) < 0;
	return 1;
}

static int run_revisions(struct cli *cli, int argc, char **argv)
{
	struct rocpart_applied *applied = NULL;
	struct rocpart_error err = {0};
	int status;

	if (rocpart_applied_new(cli->machine, &applied, &err) < 0)
		return cli_fail(cli, &err);
	status = argc ? print_text(cli, applied, argv[0]) : print_list(cli, applied);
	rocpart_applied_free(applied);
	return status;
}

const struct cli_command cli_verb_revisions = {
	.name = "revisions",
	.group = "look closer",
	.args = "[REVISION]",
	.max_args = 1,
	.summary = "list the files that were applied, or print one of them",
	.needs_machine = true,
	.run = run_revisions,
};
