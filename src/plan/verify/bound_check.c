/* SPDX-License-Identifier: MIT */
/* The bound that the certificate of a plan, or the proof of its reason, supports. */
#include "plan/verify/bound.h"

/* The larger of the bound over the cases and the one by weights. */
static int find_bound(const struct v_doc *d, struct v_in *in, const struct rp_json *proof,
		      const struct rp_json *cert, bool *ret_any, uint64_t *ret)
{
	const char *kind = rp_verify_text(in, proof, "kind", false);
	bool exhaustive = cert && v_same(kind, "exhaustive") && !d->any_shared;
	uint64_t weights = 0;
	int r = in->r;

	*ret_any = false;
	*ret = 0;
	if (r == 0)
		r = rp_verify_bound_cases(d, in, cert, ret_any, ret);
	if (r == 0 && !exhaustive)
		r = rp_verify_bound_weights(d, proof, in, &weights);
	if (r < 0)
		return r;
	if (weights == UINT64_MAX)
		*ret_any = false;
	if (weights > *ret)
		*ret = weights;
	return 0;
}

int rp_verify_check_bound(const struct v_doc *d, bool *ret_any, uint64_t *ret,
			  struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "certificate"};
	const struct rp_json *cert = rp_json_get(d->root, "certificate");

	return find_bound(d, &in, cert, cert, ret_any, ret);
}

int rp_verify_check_short(const struct v_doc *d, const struct rp_json *proof,
			  struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "reason_proof"};
	uint64_t least = 0, there = 0;
	bool any = false;
	int r = find_bound(d, &in, proof, NULL, &any, &least);

	if (r < 0 || !any)
		return r;
	for (uint32_t g = 0; g < d->n_gpus; g++)
		there += d->gpus[g].fixed || d->gpus[g].pool;
	return least > there
		       ? 0
		       : rp_verify_wrong(reterr, "reason",
					 "its proof does not exclude that %llu GPUs are enough",
					 (unsigned long long)there);
}
