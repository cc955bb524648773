/* SPDX-License-Identifier: MIT */
/* accept-gpu: a GPU that was exchanged, or that is gone for good. */
#include "cli/cli.h"

#include "views/snapshot.h"

static const char *id_text(bool is_known, uint64_t id, char buf[20])
{
	if (is_known)
		(void)rp_fmt(buf, 20, "%016llx", (unsigned long long)id);
	else
		(void)rp_fmt(buf, 20, "not known");
	return buf;
}

static void print_side(const char *what, bool has_id, uint64_t id, const char *vbios)
{
	char text[20];

	cli_say(stdout, "  %s: unique id %s, VBIOS %s\n", what, id_text(has_id, id, text),
		*vbios ? vbios : "not known");
}

static void print_accepted(const struct cli *cli, const struct rocpart_accepted_gpu *a)
{
	const char *would = cli_is_dry_run(cli) ? "would be" : "is";

	if (!a->is_changed)
		cli_say(stdout, "GPU %s is the recorded GPU: nothing is to be done\n", a->bdf);
	else if (!a->is_present)
		cli_say(stdout, "GPU %s %s not expected any more\n", a->bdf, would);
	else
		cli_say(stdout, "GPU %s %s recorded\n", a->bdf, would);
	if (a->was_recorded && a->is_changed)
		print_side("old", a->has_old_id, a->old_id, a->old_vbios);
	if (a->is_present)
		print_side(a->is_changed ? "new" : "GPU", a->has_new_id, a->new_id, a->new_vbios);
}

static int run_accept(struct cli *cli, int argc, char **argv)
{
	struct rocpart_accepted_gpu accepted = {0};
	struct rocpart_error err = {0};

	(void)argc;
	rocpart_machine_set_dry_run(cli->machine, cli_is_dry_run(cli));
	if (rocpart_machine_accept_gpu(cli->machine, argv[0], &accepted, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json) {
		struct rp_json *j = view_accepted(cli_about(cli), &accepted);

		return accepted.is_changed ? cli_print_json_done(cli, j) : cli_print_json(cli, j);
	}
	cli_print_banner(cli);
	print_accepted(cli, &accepted);
	return accepted.is_changed ? cli_done(cli) : 0;
}

const struct cli_command cli_verb_accept_gpu = {
	.name = "accept-gpu",
	.group = "manage",
	.args = "BDF",
	.min_args = 1,
	.max_args = 1,
	.summary = "record the GPU at a PCI address as the right one, or as gone",
	.options = cli_dry_run_options,
	.values_size = sizeof(bool),
	.words = {CLI_WORDS_GPUS},
	.needs_machine = true,
	.run = run_accept,
};
