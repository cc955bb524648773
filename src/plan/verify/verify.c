/* SPDX-License-Identifier: MIT */
/*
 * The order of the checks, and the claim itself.
 *
 * Later checks rely on earlier ones: GPUs fill the modes of the plan, placements are then in range
 * of partitions, and steps are replayed on both. The claim holds when "bound" is what the
 * certificate supports, and "proved" is said only when the plan uses bound GPUs or every vector was
 * tried.
 */
#include "plan/verify/verify.h"

#include "plan/verify/doc.h"

/* Compare "goal", "bound" and "proved" with what the certificate supports. */
static int check_claim(const struct v_doc *d, struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "plan"};
	const struct rp_json *bound = rp_json_get(d->root, "bound");
	const struct rp_json *cert = rp_json_get(d->root, "certificate");
	bool feasible = rp_verify_bool(&in, d->root, "feasible"),
	     proved = rp_verify_bool(&in, d->root, "proved");
	uint64_t used = rp_verify_u64(&in, d->root, "gpus_used", UINT32_MAX), least = 0;
	const char *goal = rp_verify_text(&in, d->root, "goal", false), *kind;
	bool any = false;
	int r = in.r < 0 ? in.r : rp_verify_check_bound(d, &any, &least, reterr);

	if (r < 0)
		return r;
	if (!v_same(goal, feasible ? "fewest_gpus" : "most_weight"))
		return rp_verify_wrong(reterr, "goal", "it is not the goal of such a plan");
	if (!bound || (rp_json_type(bound) == RP_JSON_NULL) == any)
		return rp_verify_wrong(reterr, "bound",
				       any ? "it must be a number"
					   : "it must be null: no number of GPUs is enough");
	if (any && rp_verify_u64(&in, d->root, "bound", INT64_MAX) != least)
		return in.r < 0 ? in.r
				: rp_verify_wrong(reterr, "bound", "the certificate gives %llu",
						  (unsigned long long)least);
	kind = rp_verify_text(&in, cert, "kind", false);
	if (in.r < 0)
		return in.r;
	if (v_same(kind, "exhaustive")) {
		if (!proved)
			return rp_verify_wrong(reterr, "proved",
					       "it must be true: all placements were tried");
		return rp_verify_check_exhaustive(d, feasible, (uint32_t)used, reterr);
	}
	if (proved && (!feasible || used != least))
		return rp_verify_wrong(
			reterr, "proved",
			"it must be false: %llu GPUs are used, and the bound is %llu",
			(unsigned long long)used, (unsigned long long)least);
	return 0;
}

int rp_plan_verify(const struct rp_json *plan, struct rocpart_error *reterr)
{
	struct v_doc d;
	int r = rp_verify_doc_read(plan, &d, reterr);

	if (r == 0)
		r = rp_verify_check_gpus(&d, reterr);
	if (r == 0)
		r = rp_verify_check_places(&d, reterr);
	if (r == 0)
		r = rp_verify_check_steps(&d, reterr);
	if (r == 0)
		r = check_claim(&d, reterr);
	if (r == 0)
		r = rp_verify_check_reason(&d, reterr);
	rp_verify_doc_done(&d);
	return r;
}
