/* SPDX-License-Identifier: MIT */
/*
 * Leases that find no room in the modes that there are: an idle GPU gets another compute mode
 * first, where the caller or the policy of the last applied file allows it.
 *
 * Order: see what the placer would switch; one journalled change, which never waits for programs;
 * then the leases are placed as always. Whoever takes the new partition in between makes it begin
 * again, ROUNDS times.
 * Records: policy.json, of the last applied file; on-demand.json, {BDF: {"mode", "at_s"}} of each
 * GPU that was switched. A GPU that is in another mode by now was switched by somebody else since,
 * and is none of these.
 */
#include "desired/on_demand.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "change/change.h"
#include "desired/gpu_word.h"
#include "leases/lease.h"
#include "leases/switches.h"
#include "machine/records_internal.h"
#include "rocpart/place.h"

#define ROUNDS	   3
#define COOLDOWN_S 600

/* ---- the records ---- */

static int read_record(struct rocpart_machine *m, const char *file, struct rp_json **ret,
		       struct rocpart_error *reterr)
{
	return rp_record_read(m, file, RP_RECORD_LIMIT, ret, reterr);
}

static int remove_policy(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	int r = rp_tree_remove(m->state, RP_RECORD_POLICY);

	return r == 0 || r == -ENOENT ? 0 : rp_record_report_write(m, RP_RECORD_POLICY, r, reterr);
}

int rp_on_demand_record_policy(struct rocpart_machine *m, const struct rocpart_desired *desired,
			       struct rocpart_error *reterr)
{
	const struct rp_node_policy *policy = &desired->policy;
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rp_json *gpus;
	int r = rp_machine_make_state(m, reterr), set = 0;

	if (r < 0 || policy->switches != RP_POLICY_SWITCH_IDLE)
		return r < 0 ? r : remove_policy(m, reterr);
	j = rp_json_object();
	gpus = rp_json_array();
	for (size_t i = 0; set == 0 && i < policy->gpus.n; i++)
		set = rp_json_append(gpus, rp_json_string(policy->gpus.v[i]));
	set |= rp_json_set(j, "gpus", gpus);
	set |= rp_json_set_bool(j, "allow_unvalidated", desired->allow_unvalidated);
	return set < 0 ? rp_error_nomem(reterr) : rp_record_write(m, RP_RECORD_POLICY, j, reterr);
}

/* A lease has a place on the GPU in that compute mode, be it that the mode has to come back. */
static bool is_leased(const struct rocpart_leases *leases, const struct rocpart_gpu *gpu,
		      const char *compute)
{
	const struct rp_lease *l;

	for (size_t i = 0; (l = rp_leases_get(leases, i)); i++)
		for (size_t k = 0; k < l->n_claims; k++)
			if (rp_str_eq(l->claims[k].bdf, gpu->bdf) &&
			    rp_str_starts(l->mode, compute) && l->mode[strlen(compute)] == '/')
				return true;
	return false;
}

/* The mode that a GPU was given on demand and has, or has to get back for a lease. */
static enum rocpart_compute_mode mode_of(const struct rp_json *record,
					 const struct rocpart_gpu *gpu,
					 const struct rocpart_leases *leases,
					 const struct rp_node_policy *policy, int64_t now)
{
	const struct rp_json *j = rp_json_get(record, gpu->bdf);
	const char *word = rp_json_text(rp_json_get(j, "mode"));
	int64_t age = now - rp_json_int_value(rp_json_get(j, "at_s"));
	enum rocpart_compute_mode mode;

	if (!word || rocpart_compute_mode_from_string(word, &mode) < 0)
		return ROCPART_COMPUTE_UNKNOWN;
	if (is_leased(leases, gpu, word))
		return mode;
	if (gpu->compute != mode || (policy->rests && age >= (int64_t)policy->rest_after_s))
		return ROCPART_COMPUTE_UNKNOWN;
	return mode;
}

/* Which GPUs the words name, one bool for each; no words name all. NULL: out of memory. */
static bool *list_named(const struct rp_names *words, const struct rocpart_snapshot *s)
{
	const struct rp_gpu_set set = {.snapshot = s, .n = s->n_gpus};
	RP_AUTO_FREE bool *named = rp_new0(bool, s->n_gpus);
	RP_AUTO_FREE bool *one = rp_new0(bool, s->n_gpus);

	if (!named || !one)
		return NULL;
	for (size_t k = 0; k < s->n_gpus; k++)
		named[k] = words->n == 0;
	for (size_t i = 0; i < words->n; i++) {
		(void)rp_gpu_word_find(&set, words->v[i], one);
		for (size_t k = 0; k < s->n_gpus; k++)
			named[k] |= one[k];
	}
	return rp_steal(&named);
}

int rp_on_demand_keeps(struct rocpart_machine *m, const struct rocpart_snapshot *s,
		       const struct rocpart_leases *leases, const struct rp_node_policy *policy,
		       enum rocpart_compute_mode **ret, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *record = NULL;
	RP_AUTO_FREE bool *named = NULL;
	int64_t now = 0;
	int r;

	*ret = NULL;
	if (policy->switches != RP_POLICY_SWITCH_IDLE)
		return 0;
	r = read_record(m, RP_RECORD_ON_DEMAND, &record, reterr);
	if (r < 0 || !record)
		return r;
	named = list_named(&policy->gpus, s);
	*ret = rp_new0(enum rocpart_compute_mode, s->n_gpus);
	if (!named || !*ret)
		return rp_error_nomem(reterr);
	if (rp_clock_read(&now) < 0)
		now = 0; /* nothing rests then */
	for (size_t i = 0; i < s->n_gpus; i++)
		if (named[i])
			(*ret)[i] = mode_of(record, &s->gpus[i], leases, policy, now);
	return 0;
}

/* ---- switching ---- */

struct on_demand {
	struct rocpart_machine *machine;
	struct rocpart_snapshot *snapshot;
	const struct rp_json *policy; /* NULL: none */
	struct rp_json *record;	      /* NULL: none */
	bool *named;		      /* GPUs of the policy */
	bool allow_unvalidated;
	int64_t now, resting_s; /* least time until a GPU that was switched lately may be again */
	size_t resting;		/* that GPU */
};

static void on_demand_done(struct on_demand *o)
{
	rocpart_snapshot_unref(o->snapshot);
	rp_json_free(o->record);
	free(o->named);
}

static int begin(struct on_demand *o, const struct rocpart_place_options *options,
		 struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names words = RP_NAMES_INIT;
	const struct rp_json *gpus;
	int r = read_record(o->machine, RP_RECORD_ON_DEMAND, &o->record, reterr);

	if (r == 0)
		r = rocpart_machine_observe(o->machine, &o->snapshot, reterr);
	if (r < 0)
		return r;
	gpus = rp_json_get(o->policy, "gpus");
	for (size_t i = 0; r == 0 && i < rp_json_len(gpus); i++) {
		const char *word = rp_json_text(rp_json_at(gpus, i));

		r = word ? rp_names_add(&words, word) : 0;
	}
	o->allow_unvalidated = options->allow_unvalidated ||
			       rp_json_bool_value(rp_json_get(o->policy, "allow_unvalidated"));
	if (rp_clock_read(&o->now) < 0)
		o->now = 0; /* and nothing was switched lately */
	o->resting_s = COOLDOWN_S + 1;
	o->named = r == 0 ? list_named(&words, o->snapshot) : NULL;
	return o->named ? 0 : rp_error_nomem(reterr);
}

/* A clock that went back does not make a GPU rest for longer than it would have. */
static bool may_switch(void *userdata, const struct rocpart_gpu *gpu)
{
	struct on_demand *o = userdata;
	const struct rp_json *j = rp_json_get(o->record, gpu->bdf);
	int64_t age = o->now - rp_json_int_value(rp_json_get(j, "at_s"));

	if (j && age >= 0 && age < COOLDOWN_S) {
		if (COOLDOWN_S - age < o->resting_s) {
			o->resting_s = COOLDOWN_S - age;
			o->resting = gpu->index;
		}
		return false;
	}
	return o->named[gpu->index];
}

static int find_switches(struct on_demand *o, const struct rocpart_place_options *options,
			 struct rp_switches *ret, struct rocpart_error *reterr)
{
	const struct rp_fill_switches rules = {
		.may_switch = may_switch, .userdata = o, .allow_unvalidated = o->allow_unvalidated};
	int r = rp_place_find_switches(o->machine, options, &rules, ret, reterr);

	if (r == -ENOSPC && o->resting_s <= COOLDOWN_S)
		(void)rp_error_append(reterr,
				      "; GPU %zu was switched on demand less than 10 minutes ago, "
				      "and may be again in %lld s",
				      o->resting, (long long)o->resting_s);
	return r;
}

static int make_change(struct on_demand *o, const struct rp_switches *s,
		       struct rocpart_change **ret, struct rocpart_error *reterr)
{
	struct rocpart_change *c = NULL;
	int r = rocpart_change_new(o->machine, o->snapshot, &c, reterr);

	if (r < 0)
		return r;
	rocpart_change_set_allow_unvalidated(c, o->allow_unvalidated);
	rocpart_change_set_wait_ms(c, 0);
	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = rocpart_change_set_modes(c, rp_snapshot_gpu_by_bdf(o->snapshot, s->v[i].bdf),
					     s->v[i].compute, ROCPART_MEMORY_UNKNOWN, reterr);
	if (r == 0)
		r = rocpart_change_check(c, reterr);
	if (r < 0)
		rocpart_change_free(c);
	else
		*ret = c;
	return r;
}

/* That the GPUs were switched on demand, and when. */
static int record_switches(struct on_demand *o, const struct rp_switches *s,
			   struct rocpart_error *reterr)
{
	int set = 0;

	if (!o->record)
		o->record = rp_json_object();
	for (size_t i = 0; set == 0 && i < s->n; i++) {
		struct rp_json *j = rp_json_object();

		set |= rp_json_set_string(j, "mode",
					  rocpart_compute_mode_to_string(s->v[i].compute));
		set |= rp_json_set_u64(j, "at_s", o->now > 0 ? (uint64_t)o->now : 0);
		set |= rp_json_set(o->record, s->v[i].bdf, j);
	}
	return set < 0 ? rp_error_nomem(reterr)
		       : rp_record_write(o->machine, RP_RECORD_ON_DEMAND, o->record, reterr);
}

/* The record is written first: a GPU that is not in its mode after all is none of it. */
static int do_change(struct on_demand *o, const struct rp_switches *s, struct rocpart_change *c,
		     struct rocpart_error *reterr)
{
	int r = rp_machine_make_state(o->machine, reterr);

	if (r == 0)
		r = record_switches(o, s, reterr);
	return r < 0 ? r : rocpart_change_apply(c, reterr);
}

/* Room was found and is gone: somebody else was faster. */
static bool is_lost_race(int r, const struct rocpart_error *err)
{
	return r == -ENOSPC || (r == -EBUSY && err->code == ROCPART_ERR_LEASED);
}

static int switch_once(struct rocpart_machine *m, const struct rocpart_place_options *options,
		       const struct rp_json *policy, struct rocpart_change **ret_change,
		       struct rocpart_error *reterr)
{
	RP_AUTO(on_demand_done) struct on_demand o = {.machine = m, .policy = policy};
	RP_AUTO(rp_switches_done) struct rp_switches switches = {0};
	struct rocpart_change *c = NULL;
	int r = begin(&o, options, reterr);

	if (r == 0)
		r = find_switches(&o, options, &switches, reterr);
	if (r < 0 || switches.n == 0)
		return r;
	r = make_change(&o, &switches, &c, reterr);
	if (r == 0 && !m->is_dry_run)
		r = do_change(&o, &switches, c, reterr);
	if (r < 0) {
		rocpart_change_free(c);
		return r;
	}
	rocpart_change_free(*ret_change);
	*ret_change = c;
	return 0;
}

ROCPART_PUBLIC int rocpart_place_on_demand(struct rocpart_machine *machine,
					   const struct rocpart_place_options *options,
					   struct rocpart_change **ret_change,
					   struct rocpart_leases **ret_leases,
					   struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_JSON struct rp_json *policy = NULL;
	struct rocpart_change *change = NULL;
	int r;

	reterr = reterr ? reterr : &local;
	r = read_record(machine, RP_RECORD_POLICY, &policy, reterr);
	if (r < 0)
		return r;
	for (int round = 0; round < ROUNDS; round++) {
		if (options->may_switch || policy)
			r = switch_once(machine, options, policy, &change, reterr);
		if (r == 0 && !(change && machine->is_dry_run))
			r = rocpart_place(machine, options, ret_leases, reterr);
		if (r == 0 || !change || !is_lost_race(r, reterr))
			break;
	}
	if (r < 0 && change)
		(void)rp_error_append(reterr, "; a GPU was switched for it, and stays so");
	if (r < 0)
		rocpart_change_free(change);
	else
		*ret_change = change;
	return r;
}
