/* SPDX-License-Identifier: MIT */
/* The file that was applied last, as status shows it. */
#include "cli/cli.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

static bool was_complete(const struct rocpart_revision *v)
{
	return rp_str_eq(v->result, "done") || rp_str_eq(v->result, "unchanged");
}

/* The lines that `rocpart plan` lists as to be done. */
static size_t count_differences(struct rocpart_difference *d)
{
	const struct rocpart_change *change = rocpart_difference_get_change(d);
	struct rocpart_difference_item item;
	size_t n = 0;

	while (rocpart_change_get_difference(change, n))
		n++;
	for (size_t i = 0; rocpart_difference_get(d, i, &item) == 0; i++)
		n += item.kind != ROCPART_DIFFERENCE_OTHER &&
		     item.kind != ROCPART_DIFFERENCE_UNMANAGED;
	return n;
}

/* With a plan, which is dear, and therefore made only of what is not surely as it should be. */
static void compare_with_plan(struct cli *cli, struct rocpart_difference *d,
			      struct cli_applied *ret)
{
	struct rocpart_catalog *catalog = NULL;
	struct rocpart_error err = {0};

	if (cli_has_unfinished(cli))
		return; /* the machine is between two states; this is said */
	if (cli_load_catalog(&catalog, &err) < 0 ||
	    rocpart_difference_compute(d, catalog, &err) < 0) {
		(void)rp_fmt(ret->problem, sizeof(ret->problem), "%s", err.message);
	} else {
		ret->view.is_compared = true;
		ret->view.n_differences = count_differences(d);
	}
	rocpart_catalog_free(catalog);
}

static int compare(struct cli *cli, const struct rocpart_desired *desired,
		   struct rocpart_snapshot *snapshot, const struct rocpart_leases *leases,
		   struct cli_applied *ret)
{
	const struct rocpart_revision *v = ret->view.revision;
	struct rocpart_difference *d = NULL;
	struct rocpart_error err = {0};
	bool is_empty = false;
	int status = 0;

	if (rocpart_difference_new(cli->machine, desired, &d, &err) < 0)
		return cli_fail(cli, &err);
	rocpart_difference_set_config(d, *v->config ? v->config : NULL);
	if (was_complete(v) &&
	    rocpart_difference_is_surely_empty(d, snapshot, leases, &is_empty, &err) == -ENOMEM)
		status = cli_fail(cli, &err);
	else if (is_empty)
		ret->view.is_compared = true;
	else
		compare_with_plan(cli, d, ret);
	rocpart_difference_free(d);
	return status;
}

/* What the file is now. One of another computer or of nobody is not looked for. */
static void look_at_file(struct cli *cli, const struct rocpart_desired *applied,
			 struct cli_applied *ret)
{
	const char *path = ret->view.revision->file;
	struct rocpart_desired *now = NULL;
	struct rocpart_error err = {0};
	int r;

	if (*path != '/' || rocpart_machine_get_kind(cli->machine) == ROCPART_MACHINE_CAPTURE)
		return;
	r = rocpart_desired_open(path, false, &now, &err);
	if (r == 0)
		ret->view.file =
			rocpart_desired_is_equal(applied, now) ? VIEW_FILE_SAME : VIEW_FILE_CHANGED;
	else if (rp_is_absent(r))
		ret->view.file = VIEW_FILE_MISSING;
	else if (r != -EACCES)
		ret->view.file = VIEW_FILE_BROKEN;
	if (ret->view.file == VIEW_FILE_BROKEN)
		(void)rp_fmt(ret->problem_of_file, sizeof(ret->problem_of_file), "%s%s%s",
			     err.object, *err.object ? ": " : "", err.message);
	rocpart_desired_free(now);
}

int cli_read_applied(struct cli *cli, struct rocpart_snapshot *snapshot,
		     const struct rocpart_leases *leases, struct cli_applied *ret)
{
	struct rocpart_desired *desired = NULL;
	struct rocpart_error err = {0};
	int r, status = 0;

	*ret = (struct cli_applied){0};
	ret->view.problem = ret->problem;
	ret->view.problem_of_file = ret->problem_of_file;
	r = rocpart_applied_new(cli->machine, &ret->list, &err);
	if (r == -EACCES)
		return 0;
	if (r < 0) {
		cli_note_error(&err);
		return 0;
	}
	ret->view.revision = rocpart_applied_get(ret->list, 0);
	if (!ret->view.revision)
		return 0;
	r = rocpart_applied_open(ret->list, ret->view.revision->revision, &desired, &err);
	if (r < 0)
		(void)rp_fmt(ret->problem, sizeof(ret->problem), "%s", err.message);
	else if (leases)
		status = compare(cli, desired, snapshot, leases, ret);
	if (r == 0 && status == 0)
		look_at_file(cli, desired, ret);
	rocpart_desired_free(desired);
	return status;
}

void cli_applied_done(struct cli_applied *a)
{
	a->list = rocpart_applied_free(a->list);
}

/* ---- text ---- */

static void print_result(const struct rocpart_revision *v, const char *file, const char *at)
{
	bool failed = rp_str_eq(v->result, "failed"), killed = rp_str_eq(v->result, "unfinished");

	if (was_complete(v))
		return;
	cli_say_toned(stdout, failed ? VIEW_TONE_FAILED : VIEW_TONE_ATTENTION, "the apply ");
	cli_say(stdout, "of %s at %s %s%s%s\n", file, at,
		failed	 ? "failed"
		: killed ? "was not finished: it was killed, or runs now"
			 : "left a part undone",
		*v->message ? ": " : "", v->message);
}

static void print_differences(const struct view_applied *v, const char *file, const char *at)
{
	unsigned long long revision = v->revision->revision;
	char n[48];

	if (v->n_differences == 0) {
		cli_say(stdout, "the machine is as %s describes, applied at %s\n", file, at);
		return;
	}
	(void)rp_fmt(n, sizeof(n), "%zu difference%s", v->n_differences,
		     v->n_differences == 1 ? "" : "s");
	cli_say_toned(stdout, VIEW_TONE_ATTENTION, n);
	cli_say(stdout, " from %s", file);
	if (v->file == VIEW_FILE_SAME)
		cli_say(stdout, ": run `rocpart plan %s`\n", file);
	else
		cli_say(stdout, " as applied: run `rocpart apply --revision %llu --dry-run`\n",
			revision);
}

static void print_file(const struct view_applied *v, const char *file, const char *at)
{
	unsigned long long revision = v->revision->revision;

	if (v->file == VIEW_FILE_CHANGED)
		cli_say(stdout, "%s was edited since it was applied at %s: run `rocpart plan %s`\n",
			file, at, file);
	else if (v->file == VIEW_FILE_MISSING)
		cli_say(stdout,
			"%s is gone: `rocpart revisions %llu` prints the text that was applied\n",
			file, revision);
	else if (v->file == VIEW_FILE_BROKEN)
		cli_say(stdout, "%s cannot be applied as it is now: %s\n", file,
			v->problem_of_file);
}

void cli_print_applied(const struct cli_applied *a)
{
	const struct view_applied *v = &a->view;
	const char *file = v->revision && rp_str_eq(v->revision->file, "-") ? "standard input"
			   : v->revision				    ? v->revision->file
									    : "";
	char at[RP_TIME_TEXT_SIZE];

	if (!v->revision)
		return;
	rp_time_text((int64_t)v->revision->at_s, at);
	print_result(v->revision, file, at);
	if (v->is_compared)
		print_differences(v, file, at);
	else if (*v->problem && !rp_str_eq(v->problem, v->revision->message))
		cli_say(stdout, "it is not known how the machine differs from %s: %s\n", file,
			v->problem);
	print_file(v, file, at);
}
