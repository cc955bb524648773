/* SPDX-License-Identifier: MIT */
/*
 * The check of the reason: so many replicas of some requests cannot be placed together.
 *
 * The document is checked again with these replicas only, and those that run, as its requests. The
 * proof must be a bound above the GPUs of the machine, or all vectors without one that holds them.
 * That the reason is minimal is not claimed.
 */
#include "plan/verify/doc.h"

/* Copy the requests with the replicas of the reason; of all others only those that run stay. */
static int read_reason(const struct v_doc *d, struct v_request *q, struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "reason"};
	const struct rp_json *reason = rp_verify_list(&in, d->root, "reason");

	for (uint32_t r = 0; r < d->n_requests; r++) {
		q[r] = d->requests[r];
		q[r].replicas = q[r].running;
	}
	for (size_t i = 0; i < rp_json_len(reason) && in.r == 0; i++) {
		const struct rp_json *x = rp_json_at(reason, i);
		uint64_t r = rp_verify_u64(&in, x, "request", UINT32_MAX);
		uint64_t n = rp_verify_u64(&in, x, "replicas", UINT32_MAX);

		if (in.r == 0 &&
		    (r >= d->n_requests || n <= q[r].replicas || n > d->requests[r].replicas ||
		     !v_same(rp_verify_text(&in, x, "name", false), q[r].name)))
			return rp_verify_wrong(
				reterr, "reason",
				"entry %zu names a request that the plan does not have", i);
		if (in.r == 0)
			q[r].replicas = (uint32_t)n;
	}
	return in.r;
}

int rp_verify_check_reason(const struct v_doc *d, struct rocpart_error *reterr)
{
	const struct rp_json *proof = rp_json_get(d->root, "reason_proof");
	RP_AUTO_FREE struct v_request *q = rp_new0(struct v_request, d->n_requests);
	struct v_doc only = *d;
	int r = q ? read_reason(d, q, reterr) : rp_error_nomem(reterr);

	if (r < 0)
		return r;
	if (!proof || (rp_json_type(proof) != RP_JSON_NULL && rp_json_len(proof) == 0))
		return rp_verify_wrong(reterr, "reason_proof", "the proof is missing");
	if (rp_json_type(proof) == RP_JSON_NULL)
		return 0; /* the reason is not claimed to be proved */
	only.requests = q;
	if (!v_same(rp_json_text(rp_json_get(proof, "kind")), "exhaustive"))
		return rp_verify_check_short(&only, proof, reterr);
	r = rp_verify_check_exhaustive(&only, true, d->n_gpus + 1, reterr);
	return r == -EBADMSG ? rp_verify_wrong(reterr, "reason", "the requests can be placed") : r;
}
