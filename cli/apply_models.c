/* SPDX-License-Identifier: MIT */
/* apply -f with models: plan, switch what the plan needs, then lease a partition for each replica.
 */
#include "cli/cli.h"

#include "views/change.h"

static int place_one(struct cli *cli, const struct rocpart_placement *p,
		     const struct rocpart_footprint *footprint, const struct rocpart_snapshot *s,
		     struct rocpart_error *reterr)
{
	struct rocpart_place_options *options = NULL;
	struct rocpart_leases *leases = NULL;
	char where[48], shown[VIEW_PARTITION_TEXT_SIZE];
	int r = rp_fmt(where, sizeof(where), "%s/%u", p->bdf, p->partition);

	if (r == 0)
		r = rocpart_place_options_new(p->name, p->bytes, &options, reterr);
	if (r == 0)
		r = rocpart_place_options_set_partition(options, where, reterr);
	if (r == 0)
		r = rocpart_place_options_set_share(options, p->share, reterr);
	if (r == 0 && footprint)
		r = rocpart_place_options_set_footprint(options, footprint, reterr);
	if (r < 0) {
		rocpart_place_options_free(options);
		return r;
	}
	rocpart_place_options_set_priority(options, p->priority);
	r = rocpart_place(cli->machine, options, &leases, reterr);
	rocpart_leases_free(leases);
	rocpart_place_options_free(options);
	if (r == 0 && !cli->global.json)
		cli_say(stdout, "%s is placed on %s\n", p->name,
			view_format_partition(s, p->bdf, p->partition, shown));
	return r;
}

static size_t count_new(const struct rocpart_plan *plan)
{
	struct rocpart_placement p;
	size_t n = 0;

	for (size_t i = 0; rocpart_plan_get_placement(plan, i, &p) == 0; i++)
		n += p.is_new;
	return n;
}

/* The library speaks of one lease; what the command changed before it stays. */
static int fail_placing(const struct cli *cli, size_t placed, size_t n, struct rocpart_error *err)
{
	(void)rp_error_append(err,
			      "; %zu of %zu replicas were placed; the modes are those of the file",
			      placed, n);
	return cli_fail(cli, err);
}

/* After how many; what is leased stays, as after a failure. */
static int fail_interrupted(const struct cli *cli, size_t placed, size_t n)
{
	struct rocpart_error err = {0};

	(void)rp_error_set(&err, -EINTR, ROCPART_ERR_INTERRUPTED, NULL,
			   "interrupted after %zu of %zu replicas were placed; the modes are those "
			   "of the file",
			   placed, n);
	(void)rp_error_hint(&err, "repeat the command to place the others; `rocpart release` frees "
				  "partitions, and `rocpart undo` then switches the modes back");
	return cli_fail(cli, &err);
}

/* What was leased before a failure stays: the same file goes on from there. */
static int place_all(struct cli *cli, const struct rocpart_plan *plan,
		     const struct rocpart_snapshot *s, size_t *ret_placed)
{
	struct rocpart_placement p;

	*ret_placed = 0;
	for (size_t i = 0; rocpart_plan_get_placement(plan, i, &p) == 0; i++) {
		struct rocpart_error err = {0};

		if (!p.is_new)
			continue;
		if (cli_take_signal())
			return fail_interrupted(cli, *ret_placed, count_new(plan));
		if (place_one(cli, &p, rocpart_plan_get_footprint(plan, i), s, &err) < 0)
			return fail_placing(cli, *ret_placed, count_new(plan), &err);
		(*ret_placed)++;
	}
	return 0;
}

/* Takes over nothing. Exit status; *ret_change is NULL when an error was printed. */
static int make_change(struct cli *cli, const struct rocpart_plan *plan, struct rocpart_snapshot *s,
		       const struct rocpart_desired *desired, const struct cli_file_values *file,
		       struct rocpart_change **ret_change)
{
	struct rocpart_change *change = NULL;
	struct rocpart_error err = {0};
	int r = rocpart_change_new(cli->machine, s, &change, &err);

	if (r == 0)
		rocpart_change_set_unattended(change, file->unattended);
	if (r == 0)
		r = rocpart_change_load_desired(change, desired, file->config, &err);
	if (r == 0)
		r = rocpart_plan_fill_change(plan, change, &err);
	if (r < 0) {
		rocpart_change_free(change);
		return cli_fail(cli, &err);
	}
	*ret_change = change;
	return 0;
}

static int end(struct cli *cli, const struct rocpart_plan *plan, size_t placed)
{
	cli_set_done();
	if (cli->global.json)
		return cli_print_json(cli, view_applied(cli_about(cli), placed));
	cli_say(stdout, "%zu replica%s placed, %s\n", placed, placed == 1 ? "" : "s",
		rocpart_plan_get_placement(plan, placed, &(struct rocpart_placement){0}) == 0
			? "the others were there already"
			: "all of them now");
	cli_say(stdout, "next: `rocpart status`, and `rocpart args env LEASE` for each\n");
	return 0;
}

/* No mode would change. */
static int show_dry_run(struct cli *cli, const struct rocpart_plan *plan)
{
	size_t n = count_new(plan);
	int status = 0;

	if (cli->global.json)
		status = cli_print_json_done(cli, view_applied(cli_about(cli), n));
	else
		cli_say(stdout, "dry run: %zu replica%s would be placed; nothing was changed\n", n,
			n == 1 ? "" : "s");
	return status && status != CLI_EXIT_TO_DO ? status : n ? CLI_EXIT_TO_DO : 0;
}

static int check_hold(struct cli *cli)
{
	struct rocpart_error err = {0};

	if (rocpart_machine_check_hold(cli->machine, &err) == 0)
		return 0;
	(void)rp_error_append(&err, "; nothing was changed");
	return cli_fail(cli, &err);
}

static int switch_and_place(struct cli *cli, struct rocpart_plan *plan, struct rocpart_snapshot *s,
			    const struct rocpart_desired *desired,
			    const struct cli_file_values *file, const struct cli_change_values *v)
{
	struct rocpart_change *change = NULL;
	struct cli_change_values with = *v;
	char then[64];
	size_t placed = 0, n = count_new(plan);
	int status = n && file->unattended ? check_hold(cli) : 0;

	if (status == 0)
		status = make_change(cli, plan, s, desired, file, &change);

	if (n && rp_fmt(then, sizeof(then), "place %zu replica%s", n, n == 1 ? "" : "s") == 0)
		with.then = then;
	if (status == 0)
		status = cli_do_change_quietly(cli, &with, change);
	if (status)
		return status;
	if (v->dry_run)
		return show_dry_run(cli, plan);
	status = place_all(cli, plan, s, &placed);
	return status ? status : end(cli, plan, placed);
}

int cli_apply_models(struct cli *cli, const struct rocpart_desired *desired,
		     const struct cli_file_values *file, const struct cli_change_values *v)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_leases *leases = NULL;
	struct rocpart_plan *plan = NULL;
	int status = cli_wait_for_change(cli, v);

	if (status == 0)
		status = cli_observe_gpus(cli, &s);
	if (status == 0 && rocpart_plan_new(&plan) < 0)
		status = cli_nomem(cli);
	if (status == 0)
		status = cli_plan_for_machine(cli, plan, s, &leases);
	if (status == 0)
		status = cli_solve_plan(cli, plan, desired, NULL, v->allow_unvalidated);
	if (status == 0 && (!cli->global.json || !rocpart_plan_is_feasible(plan)))
		status = cli_print_plan(cli, plan, false);
	if (status == 0)
		status = switch_and_place(cli, plan, s, desired, file, v);
	rocpart_plan_free(plan);
	rocpart_leases_free(leases);
	rocpart_snapshot_unref(s);
	return status;
}
