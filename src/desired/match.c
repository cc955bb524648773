/* SPDX-License-Identifier: MIT */
/*
 * Which lease is which replica.
 *
 * The replicas of a model of a file are NAME/0 to NAME/(replicas - 1). A lease is one of them when
 * it has that name and number, whoever made it: what is served is served. The file may change only
 * what it manages: leases that an apply of it made, those of an older rocpart, which recorded no
 * file, and with takes_over all.
 * Requests without a file (`plan --add`) have no numbers: leases count as they come.
 */
#include "desired/planning.h"
#include "leases/lease.h"

static uint32_t request_of(const struct rocpart_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->models.n; i++)
		if (rp_str_eq(plan->models.v[i].name, name))
			return (uint32_t)i;
	return UINT32_MAX;
}

static uint64_t count_kept(const struct rocpart_plan *plan, uint32_t request)
{
	uint64_t n = 0;

	for (size_t i = 0; i < plan->n_matches; i++)
		n += plan->matches[i].kind == RP_MATCH_KEEP && plan->matches[i].request == request;
	return n;
}

static bool is_withheld(const struct rocpart_plan *plan, const struct rp_lease *record)
{
	for (size_t i = 0; i < plan->n_withheld; i++)
		if (plan->withheld[i] == record->id)
			return true;
	return false;
}

static void match(const struct rocpart_plan *plan, struct rp_lease_match *m)
{
	const struct rp_lease *record = rp_leases_get(plan->leases, m->index);
	const char *file = record->file ? record->file : RP_LEASE_FILE_UNKNOWN;
	uint32_t request = request_of(plan, m->lease->name);
	uint64_t n = request == UINT32_MAX ? 0 : plan->models.v[request].replicas;
	bool is_own = plan->file && rp_str_eq(file, plan->file);
	bool is_replica = plan->file ? m->lease->replica < n : count_kept(plan, request) < n;

	m->request = UINT32_MAX;
	if (is_replica) {
		m->kind = RP_MATCH_KEEP;
		m->request = request;
		m->is_managed = plan->file && (is_own || plan->takes_over ||
					       rp_str_eq(file, RP_LEASE_FILE_UNKNOWN));
	} else if (is_own && !plan->keeps_others) {
		m->kind = RP_MATCH_RELEASE;
		m->is_managed = true;
	}
	if (m->is_managed && is_withheld(plan, record))
		m->kind = RP_MATCH_WITHHELD;
}

void rp_plan_matches_done(struct rocpart_plan *plan)
{
	for (size_t i = 0; i < plan->n_matches; i++)
		free(plan->matches[i].fields);
	free(plan->matches);
	plan->matches = NULL;
	plan->n_matches = 0;
}

int rp_plan_match_leases(struct rocpart_plan *plan)
{
	size_t n = 0;

	rp_plan_matches_done(plan);
	while (plan->leases && rocpart_leases_get(plan->leases, n))
		n++;
	plan->matches = rp_new0(struct rp_lease_match, n);
	if (!plan->matches)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct rp_lease_match *m = &plan->matches[i];

		m->lease = rocpart_leases_get(plan->leases, i);
		m->index = i;
		m->tenant = SIZE_MAX;
		match(plan, m);
		plan->n_matches++;
	}
	return 0;
}
