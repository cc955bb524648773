/* SPDX-License-Identifier: MIT */
/* apply: the node as its file says, or an interrupted change to its end. */
#include "base/num.h"
#include "cli/cli.h"
#include "cli/saved_plan.h"

#include "views/change.h"
#include "views/difference.h"

struct apply_values {
	struct cli_file_values file;
	struct cli_change_values change;
	bool resume, take_over, keep_others;
	const char *revision, *plan, *max_disruption;
	struct rp_json *saved; /* of plan */
	bool lenient;
};

static const struct cli_option apply_options[] = {
	CLI_SHARED(cli_file_options, apply_values, file),
	{.name = "resume",
	 .offset = offsetof(struct apply_values, resume),
	 .help = "resume an interrupted change instead of applying a file"},
	{.name = "revision",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct apply_values, revision),
	 .help = "apply the text that a file had when it was applied before; `rocpart revisions` "
		 "lists these"},
	{.name = "plan",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "FILE",
	 .offset = offsetof(struct apply_values, plan),
	 .help = "do what `rocpart plan --save FILE` planned, or nothing when the file or the "
		 "machine changed since"},
	{.name = "unattended",
	 .offset = offsetof(struct apply_values, file.unattended),
	 .help = "refuse a file that another user than root could have written, and every change "
		 "while the machine is on hold; for a boot, a timer or a daemon"},
	{.name = "max-disruption",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct apply_values, max_disruption),
	 .help = "disturb at most N leases: release them, make them smaller, or change them while "
		 "their programs run (with --unattended as the file says, else any number)"},
	{.name = "take-over",
	 .offset = offsetof(struct apply_values, take_over),
	 .help = "make leases that are replicas of the file its own, which were made by hand or "
		 "by another file"},
	{.name = "keep-others",
	 .offset = offsetof(struct apply_values, keep_others),
	 .help = "keep leases of models that the file no longer has"},
	CLI_SHARED(cli_change_options, apply_values, change),
	CLI_END,
};

static int resume(struct cli *cli, const struct apply_values *values)
{
	const struct cli_change_values *v = &values->change;
	struct rocpart_change *change = NULL;
	struct rocpart_error err = {0};
	int r, status = cli_wait_for_change(cli, v);

	if (status)
		return status;
	r = rocpart_change_open_journal(cli->machine, &change, &err);
	if (r == -ENOENT)
		return cli_say_unchanged(cli, err.message);
	if (r < 0)
		return cli_fail(cli, &err);
	rocpart_change_set_unattended(change, values->file.unattended);
	return cli_finish_change(cli, v, change, false);
}

static bool is_left(const struct rocpart_difference_item *i)
{
	return i->is_withheld || i->kind == ROCPART_DIFFERENCE_NO_ROOM ||
	       i->kind == ROCPART_DIFFERENCE_DISPLACED;
}

/* What becomes of leases, as numbers of lines. */
struct counts {
	size_t place, change, move, release, left;
};

static struct counts count(const struct rocpart_difference *d)
{
	struct rocpart_difference_item item;
	struct counts n = {0};
	size_t n_missing = 0;

	for (size_t i = 0; rocpart_difference_get(d, i, &item) == 0; i++) {
		n.left += is_left(&item);
		if (item.is_withheld)
			continue;
		n.place += item.kind == ROCPART_DIFFERENCE_PLACE;
		n.change += item.kind == ROCPART_DIFFERENCE_CHANGE;
		n.move += item.kind == ROCPART_DIFFERENCE_MOVE;
		n.release += item.kind == ROCPART_DIFFERENCE_RELEASE;
	}
	while (rocpart_snapshot_get_missing(rocpart_difference_get_snapshot(d), n_missing))
		n_missing++;
	n.left += n_missing;
	return n;
}

static void add_count(struct rp_strbuf *text, const char *verb, size_t n, const char *what)
{
	if (n)
		rp_strbuf_addf(text, "%s%s %zu %s%s", text->len ? ", " : "", verb, n, what,
			       n == 1 ? "" : "s");
}

/* "release 1 lease, move 2 leases, place 3 replicas": the step after the modes. */
static void describe_leases(const struct counts *n, struct rp_strbuf *ret)
{
	add_count(ret, "release", n->release, "lease");
	add_count(ret, "change", n->change, "lease");
	add_count(ret, "move", n->move, "lease");
	add_count(ret, "place", n->place, "replica");
}

/* ---- what is left ---- */

static const char *why_left(const struct rocpart_difference_item *i)
{
	return i->kind == ROCPART_DIFFERENCE_NO_ROOM	 ? "no partition has room for it"
	       : i->kind == ROCPART_DIFFERENCE_DISPLACED ? "its GPU is not back"
	       : i->is_alive				 ? "its programs run"
							 : "it is more than max-disruption allows";
}

/* No change brings a GPU back: the others are as the file says, and the node is not. */
static size_t say_missing(const struct rocpart_snapshot *s)
{
	const struct rocpart_missing_gpu *gpu;
	size_t n = 0;

	for (; (gpu = rocpart_snapshot_get_missing(s, n)); n++)
		cli_say(stderr, "GPU %s is missing: %s\n", gpu->bdf,
			rocpart_missing_where_describe(gpu->where));
	if (n)
		cli_say(stderr,
			"hint: \tlook for it in the kernel log (dmesg); `rocpart accept-gpu` "
			"records that it was removed\n");
	return n;
}

/* What the file asks for and is not so after all, to the standard error. Exit status. */
static int say_left(const struct rocpart_difference *d)
{
	struct rocpart_difference_item item;
	size_t n = 0;
	bool runs = false, more = false;

	for (size_t i = 0; rocpart_difference_get(d, i, &item) == 0; i++) {
		if (!is_left(&item))
			continue;
		cli_say(stderr, "%s/%u stays as it is: %s%s%s\n", item.name, item.replica,
			why_left(&item), item.is_alive && *item.owner ? ": " : "",
			item.is_alive ? item.owner : "");
		runs |= item.is_withheld && item.is_alive;
		more |= item.is_withheld && !item.is_alive;
		n++;
	}
	n += say_missing(rocpart_difference_get_snapshot(d));
	if (runs)
		cli_say(stderr,
			"hint: \tfor each of these: 1. stop its programs; 2. repeat the "
			"command; 3. start them with what `rocpart args` gives then. apply "
			"does all of it where the model has 'stop' and 'start' in the file, "
			"or a unit as its owner. --evict changes the leases while the "
			"programs run\n");
	if (more)
		cli_say(stderr, "hint: \t`rocpart apply` by hand takes away what an unattended one "
				"may not\n");
	return n ? CLI_EXIT_PARTLY : 0;
}

/* Without room for all, a file is refused, unless what has no room is there already. */
static bool may_be_partial(const struct rocpart_difference *d, const struct cli_file_values *file)
{
	struct rocpart_difference_item item;
	bool is_new = false;

	for (size_t i = 0; rocpart_difference_get(d, i, &item) == 0; i++)
		is_new |= item.kind == ROCPART_DIFFERENCE_NO_ROOM && !item.is_displaced;
	return !is_new || file->unattended;
}

/* ---- doing it ---- */

static int fail_leases(const struct cli *cli, bool switched, struct rocpart_error *err)
{
	if (switched)
		(void)rp_error_append(err, "; the modes are those of the file");
	return cli_fail(cli, err);
}

/* What was leased before an interruption stays: the same file goes on from there. */
static int fail_interrupted(const struct cli *cli)
{
	struct rocpart_error err = {0};

	(void)rp_error_set(&err, -EINTR, ROCPART_ERR_INTERRUPTED, NULL,
			   "interrupted before the leases were changed; the modes are those of the "
			   "file");
	(void)rp_error_hint(&err, "repeat the command to go on; `rocpart undo` switches "
				  "the modes back");
	return cli_fail(cli, &err);
}

static void say_placed(const struct rocpart_leases *leases, const struct rocpart_snapshot *s)
{
	const struct rocpart_lease *l;
	char at[VIEW_PARTITION_TEXT_SIZE];

	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++)
		cli_say(stdout, "%s/%u is placed on %s\n", l->name, l->replica,
			view_format_partition(s, l->bdf, l->partition, at));
}

static int end(struct cli *cli, struct rocpart_difference *d, const struct rocpart_leases *leases,
	       bool changed, bool left)
{
	const char *result = left ? "partly" : changed ? "done" : "unchanged";

	if (changed)
		cli_set_done();
	if (cli->global.json)
		return cli_print_json(cli, view_applied(cli_about(cli), d, NULL, leases, result));
	say_placed(leases, rocpart_difference_get_snapshot(d));
	if (changed && !left)
		cli_say(stdout, "done\n");
	else if (!left)
		cli_say(stdout, "the machine is already in the requested state\n");
	if (rocpart_leases_get(leases, 0))
		cli_say(stdout, "next: `rocpart status`, and `rocpart args env NAME/N` for each\n");
	return 0;
}

static int show_dry_run(struct cli *cli, struct rocpart_difference *d)
{
	struct rocpart_change *change = rocpart_difference_get_change(d);
	bool is_so = rocpart_difference_is_empty(d);
	struct rocpart_holders *holders = NULL;
	struct rocpart_error err = {0};
	int status = 0;

	if (!cli->global.json)
		cli_say(stdout, is_so ? "the machine is already in the requested state\n"
				      : "dry run: nothing was changed\n");
	else if (rocpart_change_get_gpu(change, 0) &&
		 rocpart_change_get_holders(change, &holders, &err) < 0)
		status = cli_fail(cli, &err);
	else
		status = cli_print_json(cli, view_applied(cli_about(cli), d, holders, NULL,
							  is_so ? "unchanged" : "dry-run"));
	rocpart_holders_free(holders);
	return status ? status : is_so ? 0 : CLI_EXIT_TO_DO;
}

static int change_leases(struct cli *cli, struct rocpart_difference *d, bool switched,
			 struct rocpart_leases **ret)
{
	struct rocpart_error err = {0};
	int r;

	if (switched && cli_take_signal())
		return fail_interrupted(cli);
	cli_watch_restarts(cli, d);
	r = rocpart_difference_place(d, ret, &err);
	cli_elapsed_end();
	return r < 0 ? fail_leases(cli, switched, &err) : 0;
}

static int check_hold(struct cli *cli)
{
	struct rocpart_error err = {0};

	if (rocpart_machine_check_hold(cli->machine, &err) == 0)
		return 0;
	(void)rp_error_append(&err, "; nothing was changed");
	return cli_fail(cli, &err);
}

static int perform(struct cli *cli, struct rocpart_difference *d, const struct cli_change_values *v)
{
	RP_AUTO_STRBUF struct rp_strbuf then = RP_STRBUF_INIT;
	struct rocpart_change *change = rocpart_difference_get_change(d);
	struct cli_change_values with = *v;
	struct rocpart_leases *leases = NULL;
	struct counts n = count(d);
	bool switches = rocpart_change_get_difference(change, 0) != NULL;
	int status;

	describe_leases(&n, &then);
	with.then = then.len ? rp_strbuf_str(&then) : NULL;
	status = cli_do_change_quietly(cli, &with, change);
	if (v->dry_run && (status == 0 || status == CLI_EXIT_TO_DO))
		return show_dry_run(cli, d);
	if (status == 0 && !switches && n.change + n.move + n.release)
		status = cli_confirm(cli);
	if (status == 0)
		status = change_leases(cli, d, switches, &leases);
	if (status == 0)
		status = end(cli, d, leases, switches || n.place + n.change + n.move + n.release,
			     n.left > 0);
	rocpart_leases_free(leases);
	return status ? status : say_left(d);
}

/* Text about what is to be done; a plan that has no room for all is the whole answer. */
static int show(struct cli *cli, struct rocpart_difference *d, const struct cli_file_values *file)
{
	const struct rocpart_plan *plan = rocpart_difference_get_plan(d);
	int status = 0;

	if (rocpart_difference_is_empty(d))
		return 0;
	if (plan && (!cli->global.json || !rocpart_plan_is_feasible(plan)))
		status = cli_print_plan(cli, plan, CLI_PLAN_SUMMARY);
	else if (!cli->global.json)
		cli_print_banner(cli);
	if (!cli->global.json) {
		(void)cli_print_picture(cli_picture_difference(d));
		cli_print_difference(cli, d);
	}
	return status && may_be_partial(d, file) ? 0 : status;
}

int cli_compare(struct cli *cli, struct rocpart_difference *d)
{
	struct rocpart_catalog *catalog = NULL;
	struct rocpart_error err = {0};
	int status = cli_open_catalog(cli, &catalog);

	if (status)
		return status;
	if (rocpart_difference_compute(d, catalog, &err) < 0)
		status = cli_fail(cli, &err);
	rocpart_catalog_free(catalog);
	return status;
}

/* The record is for people: a failure of it is no failure of the command. */
static void record(struct cli *cli, const struct apply_values *v,
		   const struct rocpart_desired *desired, const char *result, const char *message)
{
	struct rocpart_error err = {0};

	if (!v->change.dry_run && rocpart_applied_record(cli->machine, desired, v->file.config,
							 result, message, &err) < 0)
		cli_say_note("the applied file is not recorded", &err);
}

static void record_end(struct cli *cli, const struct apply_values *v,
		       const struct rocpart_desired *desired, int status, bool changed)
{
	const char *result = status == CLI_EXIT_PARTLY ? "partly"
			     : status != 0	       ? "failed"
			     : changed		       ? "done"
						       : "unchanged";

	record(cli, v, desired, result, status ? cli_last_message() : "");
}

static int set_disruption(struct cli *cli, const struct apply_values *v,
			  struct rocpart_difference *d)
{
	uint64_t max;

	if (!v->max_disruption)
		return 0;
	if (rp_parse_u64(v->max_disruption, 10, &max) < 0)
		return cli_usage_error(cli, "--max-disruption is a number of leases, not '%s'",
				       v->max_disruption);
	rocpart_difference_set_max_disruption(d, max);
	return 0;
}

static int apply_desired(struct cli *cli, const struct apply_values *v,
			 const struct rocpart_desired *desired)
{
	struct rocpart_difference *d = NULL;
	struct rocpart_error err = {0};
	bool changed = false;
	int status = cli_wait_for_change(cli, &v->change);

	if (status)
		return status;
	if (rocpart_difference_new(cli->machine, desired, &d, &err) < 0)
		return cli_fail(cli, &err);
	rocpart_difference_set_config(d, v->file.config);
	rocpart_difference_set_unattended(d, v->file.unattended);
	rocpart_difference_set_allow_unvalidated(d, v->change.allow_unvalidated);
	rocpart_difference_set_take_over(d, v->take_over);
	rocpart_difference_set_keep_others(d, v->keep_others);
	rocpart_difference_set_lenient(d, v->lenient);
	rocpart_difference_set_spare_running(d, !v->change.evict);
	status = set_disruption(cli, v, d);
	if (status == 0)
		status = cli_compare(cli, d);
	if (status == 0 && v->saved)
		status = cli_check_plan(cli, v->saved, d, v->file.file, desired);
	if (status == 0)
		status = show(cli, d, &v->file);
	if (status == 0 && v->file.unattended && !rocpart_difference_is_empty(d))
		status = check_hold(cli);
	changed = status == 0 && !rocpart_difference_is_empty(d);
	/* What a time limit or a power cut ends says at least that it was begun. */
	if (changed)
		record(cli, v, desired, "unfinished", "it was begun and did not end");
	if (status == 0)
		status = perform(cli, d, &v->change);
	record_end(cli, v, desired, status, changed);
	rocpart_difference_free(d);
	return status;
}

static int open_revision(struct cli *cli, const char *word, struct rocpart_desired **ret)
{
	struct rocpart_applied *applied = NULL;
	struct rocpart_error err = {0};
	uint64_t n;
	int r;

	if (rp_parse_u64(word, 10, &n) < 0)
		return cli_usage_error(cli,
				       "'%s' is not the number of a revision; `rocpart "
				       "revisions` lists them",
				       word);
	r = rocpart_applied_new(cli->machine, &applied, &err);
	if (r == 0)
		r = rocpart_applied_open(applied, n, ret, &err);
	rocpart_applied_free(applied);
	return r < 0 ? cli_fail(cli, &err) : 0;
}

/* The options are those of the plan. */
static int take_plan_options(struct cli *cli, struct apply_values *v)
{
	struct view_plan_options o;

	if (v->take_over || v->keep_others || v->change.evict || v->change.allow_unvalidated ||
	    v->max_disruption || v->file.config)
		return cli_usage_error(cli, "the options of the plan hold: give them to `rocpart "
					    "plan --save`");
	view_read_plan_options(v->saved, &o);
	v->take_over = o.take_over;
	v->keep_others = o.keep_others;
	v->lenient = o.lenient;
	v->change.evict = o.evict;
	v->change.allow_unvalidated = o.allow_unvalidated;
	v->file.file = rp_json_text(rp_json_get(v->saved, "file"));
	return 0;
}

static int apply_plan(struct cli *cli, struct apply_values *v)
{
	RP_AUTO_JSON struct rp_json *saved = NULL;
	struct rocpart_desired *desired = NULL;
	int status = cli_read_plan(cli, v->plan, &saved);

	v->saved = saved;
	if (status == 0)
		status = take_plan_options(cli, v);
	if (status == 0)
		status = cli_open_desired(cli, v->file.file, v->file.unattended, &desired);
	if (status == 0)
		status = apply_desired(cli, v, desired);
	rocpart_desired_free(desired);
	v->saved = NULL;
	return status;
}

static int run_apply(struct cli *cli, int argc, char **argv)
{
	struct apply_values *v = cli->values;
	struct rocpart_desired *desired = NULL;
	int status = 0;

	if (v->resume + (v->revision != NULL) + (v->plan != NULL) + (v->file.file || argc) > 1)
		return cli_usage_error(cli, "give a file, --plan, --revision or --resume, one of "
					    "them");
	if (v->resume)
		return resume(cli, v);
	if (v->plan)
		return apply_plan(cli, v);
	if (v->revision)
		status = open_revision(cli, v->revision, &desired);
	else
		status = cli_take_file(cli, &v->file, argc, argv);
	if (status == 0 && !v->revision)
		status = cli_open_desired(cli, v->file.file, v->file.unattended, &desired);
	if (status == 0)
		status = apply_desired(cli, v, desired);
	rocpart_desired_free(desired);
	return status;
}

const struct cli_command cli_verb_apply = {
	.name = "apply",
	.group = "every day",
	.args = "[FILE]",
	.max_args = 1,
	.summary = "bring the node into the state that a file describes",
	.options = apply_options,
	.values_size = sizeof(struct apply_values),
	.words = {CLI_WORDS_FILES},
	.needs_machine = true,
	.notes_hold = true,
	.run = run_apply,
};
