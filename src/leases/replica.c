/* SPDX-License-Identifier: MIT */
#include "leases/replica.h"

static bool is_taken(const struct rp_lease_list *list, const char *name, int64_t replica)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (list->v[i].replica == replica && rp_str_eq(list->v[i].name, name))
			return true;
	return false;
}

static size_t count_name(const struct rp_lease_list *list, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; list && i < list->n; i++)
		n += rp_str_eq(list->v[i].name, name);
	return n;
}

/*
 * Most often the numbers below the count are all taken, so the search begins above: only when one
 * is free below, it begins at 0.
 */
int64_t rp_replica_next(const struct rp_lease_list *a, const struct rp_lease_list *b,
			const char *name)
{
	size_t n = count_name(a, name) + count_name(b, name), below = 0;
	int64_t next = 0;

	for (int k = 0; k < 2; k++) {
		const struct rp_lease_list *list = k ? b : a;

		for (size_t i = 0; list && i < list->n; i++)
			below += list->v[i].replica >= 0 && (size_t)list->v[i].replica < n &&
				 rp_str_eq(list->v[i].name, name);
	}
	if (below == n)
		return (int64_t)n;
	while (is_taken(a, name, next) || is_taken(b, name, next))
		next++;
	return next;
}

int rp_replica_number(struct rp_lease_list *list, struct rp_lease_db *db,
		      struct rocpart_error *reterr)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		if (list->v[i].replica >= 0)
			continue;
		list->v[i].replica = rp_replica_next(list, NULL, list->v[i].name);
		if (db && rp_lease_db_is_recording(db))
			r = rp_lease_db_set_replica(db, &list->v[i], reterr);
	}
	return r;
}
