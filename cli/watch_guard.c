/* SPDX-License-Identifier: MIT */
/*
 * Whether a lease may be stopped because its node.yaml says `guard: stop`: when its memory surely
 * is its own, more than its limit by a margin, on a partition of others, by bytes that are no
 * guess.
 */
#include "cli/watch.h"

#include "base/json.h"
#include "base/num.h"

#define MARGIN_BYTES   (512 * RP_MIB)
#define MARGIN_DIVISOR 20 /* 5 % */

/* By the newest revision of the file that has the lease. */
static bool file_says_stop(struct rocpart_machine *m, const struct rocpart_lease *l,
			   const char *file)
{
	struct rocpart_applied *applied = NULL;
	const struct rocpart_revision *v;
	struct rocpart_desired *desired = NULL;
	bool stops = false;

	if (rocpart_applied_new(m, &applied, NULL) < 0)
		return false;
	for (size_t i = 0; !desired && (v = rocpart_applied_get(applied, i)); i++)
		if (rp_str_eq(v->file, file) &&
		    rocpart_applied_open(applied, v->revision, &desired, NULL) == 0)
			stops = rocpart_desired_has_guard(desired, l->name);
	rocpart_desired_free(desired);
	rocpart_applied_free(applied);
	return stops;
}

/* Of what is known for certain to be the lease's. */
static uint64_t certain_bytes(const struct rocpart_usages *usages, const struct rocpart_lease *l)
{
	const struct rocpart_usage *u;
	uint64_t sum = 0;

	for (size_t i = 0; (u = rocpart_usages_get(usages, i)); i++)
		sum += u->lease == l->id && u->is_certain ? u->used_bytes : 0;
	return sum;
}

static bool has_neighbour(const struct rocpart_leases *leases, const struct rocpart_lease *l)
{
	const struct rocpart_lease *other;

	for (size_t i = 0; (other = rocpart_leases_get(leases, i)); i++)
		if (other->id != l->id && other->partition == l->partition &&
		    rp_str_eq(other->bdf, l->bdf))
			return true;
	return false;
}

static bool is_guess(const struct rocpart_lease *l)
{
	RP_AUTO_JSON struct rp_json *j = NULL;

	if (!*l->footprint)
		return false; /* the bytes were given */
	return rp_json_parse(l->footprint, strlen(l->footprint), "footprint", &j, NULL) < 0 ||
	       rp_str_eq(rp_json_text(rp_json_get(j, "confidence")), "guess");
}

bool cli_watch_may_stop(struct rocpart_machine *m, const struct rocpart_usages *usages,
			size_t index)
{
	const struct rocpart_leases *leases = rocpart_usages_get_leases(usages);
	const struct rocpart_lease *l = rocpart_leases_get(leases, index);
	uint64_t margin = l->limit_bytes / MARGIN_DIVISOR;

	margin = margin > MARGIN_BYTES ? margin : MARGIN_BYTES;
	return certain_bytes(usages, l) > l->limit_bytes + margin && has_neighbour(leases, l) &&
	       !is_guess(l) && *rocpart_leases_get_file(leases, index) &&
	       file_says_stop(m, l, rocpart_leases_get_file(leases, index));
}
