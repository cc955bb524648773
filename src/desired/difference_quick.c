/* SPDX-License-Identifier: MIT */
/*
 * Whether a node is as its file says, without a plan, for those who ask often (`rocpart status`).
 *
 * "Yes" is certain, with one exception: models are not measured again, so a model whose files
 * changed since it was leased is not noticed. "No" means that rocpart_difference_compute() is to
 * be asked: the lease is by hand, say, or shares a partition by fewer than the file allows.
 */
#include "base/num.h"
#include "change/change.h"
#include "desired/difference.h"
#include "desired/on_demand.h"
#include "leases/lease.h"

/* What a footprint was judged to be the last time: replicas of one model have the same text. */
struct judged {
	uint32_t request;
	const char *footprint;
	uint64_t bytes;
	bool is_met;
};

static bool has_number(const struct rp_json *footprint, const char *key, uint64_t wants)
{
	const struct rp_json *v = rp_json_get(footprint, key);

	return !wants || (rp_json_type(v) == RP_JSON_INT && rp_json_int_value(v) >= 0 &&
			  (uint64_t)rp_json_int_value(v) == wants);
}

static bool has_word(const struct rp_json *footprint, const char *key, const char *wants)
{
	const char *text = rp_json_text(rp_json_get(footprint, key));

	return !wants || (text && rp_str_eq(text, wants));
}

/* The model of a path is named by the last part of it. */
static bool is_model(const struct rp_json *footprint, const char *wants)
{
	const char *slash = strrchr(wants, '/');

	return has_word(footprint, "model", wants) ||
	       (slash && has_word(footprint, "model", slash + 1));
}

/* 1, 0 or -ENOMEM. */
static int is_footprint_met(const struct rp_model_request *w, const struct rocpart_lease *l)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	int r = *l->footprint
			? rp_json_parse(l->footprint, strlen(l->footprint), "footprint", &j, NULL)
			: -EINVAL;

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return is_model(j, w->model) && has_number(j, "total_bytes", l->bytes) &&
	       has_number(j, "context", w->context) && has_number(j, "max_seqs", w->max_seqs) &&
	       has_word(j, "dtype", w->dtype) && has_word(j, "kv_dtype", w->kv_dtype) &&
	       has_word(j, "engine", w->engine);
}

static int is_size_met(const struct rp_model_request *w, const struct rp_lease_match *m,
		       struct judged *last)
{
	const struct rocpart_lease *l = m->lease;
	int r;

	if (w->bytes)
		return l->bytes == w->bytes && !*l->footprint;
	if (last->footprint && last->request == m->request && last->bytes == l->bytes &&
	    rp_str_eq(last->footprint, l->footprint))
		return last->is_met;
	r = is_footprint_met(w, l);
	if (r >= 0)
		*last = (struct judged){m->request, l->footprint, l->bytes, r > 0};
	return r;
}

/* 1: the lease has what the file asks for, 0: that is not certain, -ENOMEM. */
static int is_replica_met(const struct rocpart_plan *plan, const struct rp_lease_match *m,
			  struct judged *last)
{
	const struct rp_model_request *w = &plan->models.v[m->request];
	const struct rocpart_lease *l = m->lease;
	uint64_t share = w->share ? w->share : 1;
	int r;

	if (!m->is_managed || l->state == ROCPART_LEASE_DISPLACED ||
	    l->state == ROCPART_LEASE_PENDING || l->priority != w->priority ||
	    (l->share ? l->share : 1) != share)
		return 0;
	r = is_size_met(w, m, last);
	return r <= 0 ? r : rp_plan_is_lease_kept(plan, m);
}

/* All replicas have leases that are as the file asks, and no lease is to end. 1, 0, -ENOMEM. */
static int are_replicas_met(const struct rocpart_plan *plan)
{
	struct judged last = {0};
	uint64_t wanted = 0, found = 0;
	int r = 1;

	for (size_t i = 0; i < plan->models.n; i++)
		wanted += plan->models.v[i].replicas;
	for (size_t i = 0; r > 0 && i < plan->n_matches; i++) {
		const struct rp_lease_match *m = &plan->matches[i];

		if (m->kind == RP_MATCH_OTHER)
			continue;
		r = m->kind == RP_MATCH_KEEP ? is_replica_met(plan, m, &last) : 0;
		found++;
	}
	return r > 0 ? found == wanted : r;
}

/* Borrows the requests of the file, so that they are not read again. 1, 0 or an error. */
static int check_leases(const struct rocpart_difference *d, const struct rocpart_leases *leases,
			struct rocpart_error *reterr)
{
	const struct rocpart_desired *desired = d->desired;
	struct rocpart_plan plan = {.models = desired->models, .leases = leases};
	int r = rp_node_file_id(desired->has_name ? desired->path : "-", &plan.file);

	if (r < 0)
		return rp_error_errno(reterr, r, desired->path,
				      "cannot name the folder of the file");
	r = rp_plan_match_leases(&plan);
	if (r == 0)
		r = are_replicas_met(&plan);
	rp_plan_matches_done(&plan);
	free(plan.file);
	return r < 0 ? rp_error_nomem(reterr) : r;
}

/* 1: modes, cordons and number of the GPUs are as the file says; 0; errors of the file. */
static int check_node(const struct rocpart_difference *d, struct rocpart_snapshot *snapshot,
		      const struct rocpart_leases *leases, struct rocpart_error *reterr)
{
	RP_AUTO_FREE enum rocpart_compute_mode *keeps = NULL;
	struct rocpart_change *change = NULL;
	int r = rp_on_demand_keeps(d->machine, snapshot, leases, &d->desired->policy, &keeps,
				   reterr);

	if (r == 0)
		r = rocpart_change_new(d->machine, snapshot, &change, reterr);
	if (r < 0)
		return r;
	change->unattended = d->unattended;
	r = rp_change_load_desired(change, d->desired, d->config, keeps, reterr);
	if (r == 0 && rp_change_describe(change) < 0)
		r = rp_error_nomem(reterr);
	if (r == 0)
		r = !rocpart_change_get_difference(change, 0);
	rocpart_change_free(change);
	return r;
}

ROCPART_PUBLIC int rocpart_difference_is_surely_empty(const struct rocpart_difference *difference,
						      struct rocpart_snapshot *snapshot,
						      const struct rocpart_leases *leases,
						      bool *ret_empty, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	int r;

	reterr = reterr ? reterr : &local;
	r = check_node(difference, snapshot, leases, reterr);
	if (r > 0)
		r = check_leases(difference, leases, reterr);
	if (r < 0)
		return r;
	*ret_empty = r > 0;
	return 0;
}
