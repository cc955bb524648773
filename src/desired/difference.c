/* SPDX-License-Identifier: MIT */
/*
 * A node compared with its file: observe, match leases with replicas, plan, and list.
 */
#include "desired/difference.h"
#include "base/strbuf.h"
#include "change/change.h"
#include "desired/on_demand.h"
#include "desired/restart.h"
#include "leases/revise.h"
#include "plan/view.h"

ROCPART_PUBLIC const char *rocpart_difference_kind_to_string(enum rocpart_difference_kind kind)
{
	static const char *const words[] = {
		[ROCPART_DIFFERENCE_PLACE] = "place",
		[ROCPART_DIFFERENCE_CHANGE] = "change",
		[ROCPART_DIFFERENCE_MOVE] = "move",
		[ROCPART_DIFFERENCE_RELEASE] = "release",
		[ROCPART_DIFFERENCE_DISPLACED] = "displaced",
		[ROCPART_DIFFERENCE_NO_ROOM] = "no-room",
		[ROCPART_DIFFERENCE_OTHER] = "other",
		[ROCPART_DIFFERENCE_UNMANAGED] = "unmanaged",
	};

	return (size_t)kind < RP_ARRAY_LEN(words) ? words[kind] : "unknown";
}

ROCPART_PUBLIC int rocpart_difference_new(struct rocpart_machine *machine,
					  const struct rocpart_desired *desired,
					  struct rocpart_difference **ret_difference,
					  struct rocpart_error *reterr)
{
	struct rocpart_difference *d = rp_new0(struct rocpart_difference, 1);

	if (!d)
		return rp_error_nomem(reterr);
	d->machine = machine;
	d->desired = desired;
	d->max_disruption = UINT64_MAX;
	*ret_difference = d;
	return 0;
}

/* All that a computation made. */
static void reset(struct rocpart_difference *d)
{
	rp_difference_lines_done(d);
	rocpart_change_free(d->change);
	rocpart_plan_free(d->plan);
	rocpart_leases_free(d->leases);
	rocpart_snapshot_unref(d->snapshot);
	free(d->keeps);
	d->keeps = NULL;
	d->change = NULL;
	d->plan = NULL;
	d->leases = NULL;
	d->snapshot = NULL;
	d->has_plan = false;
	d->refusal = (struct rocpart_error){0};
}

ROCPART_PUBLIC struct rocpart_difference *
rocpart_difference_free(struct rocpart_difference *difference)
{
	if (!difference)
		return NULL;
	reset(difference);
	free(difference);
	return NULL;
}

ROCPART_PUBLIC void rocpart_difference_set_config(struct rocpart_difference *difference,
						  const char *config)
{
	difference->config = config;
}

ROCPART_PUBLIC void rocpart_difference_set_unattended(struct rocpart_difference *difference,
						      bool unattended)
{
	difference->unattended = unattended;
}

ROCPART_PUBLIC void rocpart_difference_set_allow_unvalidated(struct rocpart_difference *difference,
							     bool allow)
{
	difference->allow_unvalidated = allow;
}

ROCPART_PUBLIC void rocpart_difference_set_lenient(struct rocpart_difference *difference,
						   bool lenient)
{
	difference->lenient = lenient;
}

ROCPART_PUBLIC void rocpart_difference_set_take_over(struct rocpart_difference *difference,
						     bool take_over)
{
	difference->takes_over = take_over;
}

ROCPART_PUBLIC void rocpart_difference_set_keep_others(struct rocpart_difference *difference,
						       bool keep)
{
	difference->keeps_others = keep;
}

ROCPART_PUBLIC void rocpart_difference_set_spare_running(struct rocpart_difference *difference,
							 bool spare)
{
	difference->spares_running = spare;
}

ROCPART_PUBLIC void rocpart_difference_set_max_disruption(struct rocpart_difference *difference,
							  uint64_t max)
{
	difference->max_disruption = max;
	difference->has_max_disruption = true;
}

ROCPART_PUBLIC void rocpart_difference_set_progress(struct rocpart_difference *difference,
						    rocpart_progress_fn progress, void *userdata)
{
	difference->progress = progress;
	difference->progress_userdata = userdata;
}

ROCPART_PUBLIC void rocpart_difference_set_interrupt(struct rocpart_difference *difference,
						     rocpart_interrupt_fn interrupt, void *userdata)
{
	difference->is_interrupted = interrupt;
	difference->interrupt_userdata = userdata;
}

static int observe(struct rocpart_difference *d, struct rocpart_error *reterr)
{
	int r = rocpart_machine_observe(d->machine, &d->snapshot, reterr);

	return r < 0 ? r : rocpart_leases_new(d->machine, &d->leases, reterr);
}

/* A file that had models and has no such part now is taken for damaged. */
static int check_lost(const struct rocpart_difference *d, struct rocpart_error *reterr)
{
	size_t n = 0;

	for (size_t i = 0; !d->plan->has_models && i < d->plan->n_matches; i++)
		n += d->plan->matches[i].kind == RP_MATCH_RELEASE;
	if (n == 0)
		return 0;
	(void)rp_error_set(reterr, -ENODATA, ROCPART_ERR_DESIRED_LOST, d->desired->path,
			   "'models:' is gone from the file, and %zu lease%s of it would end", n,
			   n == 1 ? "" : "s");
	return rp_error_hint(reterr, "restore the file; or write 'models: {}' into it to release "
				     "all of its leases, or use --keep-others");
}

/* Its programs run, and lose what they have or what they were told. */
static bool is_pulled_away(const struct rp_difference_line *l)
{
	return l->item.is_alive && (l->item.kind == ROCPART_DIFFERENCE_MOVE ||
				    l->item.kind == ROCPART_DIFFERENCE_RELEASE ||
				    (l->item.kind == ROCPART_DIFFERENCE_CHANGE &&
				     (l->match->disturbs || l->match->tenant == SIZE_MAX)));
}

/* Its programs are stopped and started again around its change, where it is known how. */
static void mark_restarts(struct rocpart_difference *d)
{
	for (size_t i = 0; i < d->n_lines; i++) {
		struct rp_difference_line *l = &d->lines[i];

		l->item.restarts =
			!l->item.is_withheld && is_pulled_away(l) && rp_restart_is_known(d, l);
	}
}

/* Without models the leases are matched all the same: those of the file are to be released. */
static int solve(struct rocpart_difference *d, const struct rocpart_catalog *catalog,
		 struct rocpart_error *reterr)
{
	int r = d->plan->models.n ? rocpart_plan_solve(d->plan, catalog, 0, reterr)
		: rp_plan_match_leases(d->plan) < 0 ? rp_error_nomem(reterr)
						    : 0;

	d->has_plan = d->plan->plan != NULL;
	if (r == 0)
		r = check_lost(d, reterr);
	if (r == 0 && rp_difference_list(d) < 0)
		r = rp_error_nomem(reterr);
	if (r == 0)
		mark_restarts(d);
	return r;
}

static bool is_disruption(const struct rp_difference_line *l)
{
	return is_pulled_away(l) || l->item.kind == ROCPART_DIFFERENCE_RELEASE ||
	       (l->match && l->item.kind != ROCPART_DIFFERENCE_OTHER &&
		l->item.kind != ROCPART_DIFFERENCE_NO_ROOM &&
		l->item.bytes < l->match->lease->bytes);
}

/* Note the leases that stay as they are. 1: there are more than before; 0; -ENOMEM. */
static int withhold(struct rocpart_difference *d)
{
	struct rocpart_plan *plan = d->plan;
	uint64_t n = 0, max = d->max_disruption;
	size_t before = plan->n_withheld;

	if (d->unattended && !d->has_max_disruption)
		max = d->desired->policy.max_disruption;

	for (size_t i = 0; i < d->n_lines; i++) {
		const struct rp_difference_line *l = &d->lines[i];

		if (l->item.is_withheld || !is_disruption(l) || !l->item.lease)
			continue;
		if (!(d->spares_running && is_pulled_away(l) && !l->item.restarts) && n++ < max)
			continue;
		if (rp_grow(&plan->withheld, &plan->cap_withheld, plan->n_withheld + 1,
			    sizeof(*plan->withheld)) < 0)
			return -ENOMEM;
		plan->withheld[plan->n_withheld++] = (int64_t)l->item.lease;
	}
	return plan->n_withheld > before;
}

/* As it is the lease keeps others from its place, and has it: nothing ends for what is new. */
static bool is_kept_without_room(const struct rocpart_difference *d,
				 const struct rp_difference_line *l)
{
	return l->item.kind == ROCPART_DIFFERENCE_NO_ROOM && l->match &&
	       l->match->kind != RP_MATCH_WITHHELD && l->item.from_bdf && *l->item.from_bdf &&
	       rp_difference_has_mode(d, l->match);
}

/* Without room for all a person is told so, unless what has no room is there already. */
static bool is_all_or_nothing(const struct rocpart_difference *d)
{
	bool is_new = false;

	for (size_t i = 0; i < d->n_lines; i++)
		is_new |= d->lines[i].item.kind == ROCPART_DIFFERENCE_NO_ROOM &&
			  !d->lines[i].item.is_displaced;
	return is_new && !d->unattended;
}

/* Leases of which the plan has no room for what they are to be. As withhold(). */
static int withhold_roomless(struct rocpart_difference *d)
{
	struct rocpart_plan *plan = d->plan;
	int n = 0;

	if (is_all_or_nothing(d))
		return 0;
	for (size_t i = 0; i < d->n_lines; i++) {
		if (!is_kept_without_room(d, &d->lines[i]))
			continue;
		if (rp_grow(&plan->withheld, &plan->cap_withheld, plan->n_withheld + 1,
			    sizeof(*plan->withheld)) < 0 ||
		    rp_grow(&plan->roomless, &plan->cap_roomless, plan->n_roomless + 1,
			    sizeof(*plan->roomless)) < 0)
			return -ENOMEM;
		plan->withheld[plan->n_withheld++] = (int64_t)d->lines[i].item.lease;
		plan->roomless[plan->n_roomless++] = (int64_t)d->lines[i].item.lease;
		n = 1;
	}
	return n;
}

static int withhold_all(struct rocpart_difference *d)
{
	int r = withhold(d);

	return r != 0 ? r : withhold_roomless(d);
}

static int plan_models(struct rocpart_difference *d, const struct rocpart_catalog *catalog,
		       struct rocpart_error *reterr)
{
	int r = rocpart_plan_new(&d->plan) < 0 ? rp_error_nomem(reterr) : 0;

	if (r < 0)
		return r;
	rocpart_plan_set_machine(d->plan, d->snapshot);
	rocpart_plan_set_leases(d->plan, d->leases);
	rocpart_plan_set_allow_unvalidated(d->plan, d->allow_unvalidated);
	rocpart_plan_set_lenient(d->plan, d->lenient);
	d->plan->keeps = d->keeps;
	d->plan->takes_over = d->takes_over;
	d->plan->keeps_others = d->keeps_others;
	r = rp_plan_load(d->plan, d->desired, false, reterr);
	if (r < 0)
		return r;
	return solve(d, catalog, reterr);
}

/* Leases that are dealt with once the modes are as the file says. Nothing of them runs. */
static int spare_leases(struct rocpart_difference *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->plan->n_matches; i++) {
		const struct rp_lease_match *m = &d->plan->matches[i];
		const struct rp_lease *record = rp_leases_get(d->leases, m->index);

		if (m->is_managed && m->kind != RP_MATCH_WITHHELD && !record->is_alive)
			r = rp_change_spare_lease(d->change, record->id);
	}
	return r;
}

/* What the file says of modes; its mistakes are found here. */
static int begin_change(struct rocpart_difference *d, struct rocpart_error *reterr)
{
	int r = rocpart_change_new(d->machine, d->snapshot, &d->change, reterr);

	if (r < 0)
		return r;
	d->change->unattended = d->unattended;
	d->change->serves_rest = true;
	rocpart_change_set_allow_unvalidated(d->change, d->allow_unvalidated);
	return rp_change_load_desired(d->change, d->desired, d->config, d->keeps, reterr);
}

/* And what the plan needs. */
static int finish_change(struct rocpart_difference *d, struct rocpart_error *reterr)
{
	int r = d->has_plan ? rp_plan_fill_change(d->plan, d->change, reterr) : 0;

	if (r == 0)
		r = rp_change_restore(d->change, reterr);
	if (r == 0 && spare_leases(d) < 0)
		r = rp_error_nomem(reterr);
	if (r < 0)
		return r;
	r = rocpart_change_check(d->change, &d->refusal);
	if (r == -ENOMEM)
		return rp_error_nomem(reterr);
	if (r == 0)
		d->refusal = (struct rocpart_error){0};
	return 0;
}

ROCPART_PUBLIC int rocpart_difference_compute(struct rocpart_difference *difference,
					      const struct rocpart_catalog *catalog,
					      struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	int r;

	reterr = reterr ? reterr : &local;
	reset(difference);
	r = observe(difference, reterr);
	if (r == 0)
		r = rp_on_demand_keeps(difference->machine, difference->snapshot,
				       difference->leases, &difference->desired->policy,
				       &difference->keeps, reterr);
	if (r == 0)
		r = begin_change(difference, reterr);
	if (r == 0)
		r = plan_models(difference, catalog, reterr);
	/* With what is withheld left as it is, the others may go elsewhere. */
	while (r == 0 && (r = withhold_all(difference)) > 0)
		r = solve(difference, catalog, reterr);
	if (r == -ENOMEM)
		return rp_error_nomem(reterr);
	return r < 0 ? r : finish_change(difference, reterr);
}

static bool is_to_do(enum rocpart_difference_kind kind)
{
	return kind != ROCPART_DIFFERENCE_OTHER && kind != ROCPART_DIFFERENCE_UNMANAGED;
}

ROCPART_PUBLIC bool rocpart_difference_is_empty(const struct rocpart_difference *difference)
{
	for (size_t i = 0; i < difference->n_lines; i++)
		if (is_to_do(difference->lines[i].item.kind))
			return false;
	return !rocpart_change_get_difference(difference->change, 0);
}

ROCPART_PUBLIC int rocpart_difference_get(const struct rocpart_difference *difference, size_t index,
					  struct rocpart_difference_item *ret_item)
{
	if (index >= difference->n_lines)
		return -ENOENT;
	*ret_item = difference->lines[index].item;
	return 0;
}

ROCPART_PUBLIC struct rocpart_change *
rocpart_difference_get_change(struct rocpart_difference *difference)
{
	return difference->change;
}

ROCPART_PUBLIC const struct rocpart_error *
rocpart_difference_get_refusal(const struct rocpart_difference *difference)
{
	return difference->refusal.errnum ? &difference->refusal : NULL;
}

ROCPART_PUBLIC const struct rocpart_plan *
rocpart_difference_get_plan(const struct rocpart_difference *difference)
{
	return difference->has_plan ? difference->plan : NULL;
}

ROCPART_PUBLIC const struct rocpart_leases *
rocpart_difference_get_leases(const struct rocpart_difference *difference)
{
	return difference->leases;
}

ROCPART_PUBLIC const struct rocpart_snapshot *
rocpart_difference_get_snapshot(const struct rocpart_difference *difference)
{
	return difference->snapshot;
}
