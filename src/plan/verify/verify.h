/* SPDX-License-Identifier: MIT */
/*
 * The checker of plans: it reads the document alone, counts in integers, and shares no code with
 * the planner. It accepts a plan when places and modes are possible, all counts add up, every
 * prefix of the steps is possible, no plan can use fewer GPUs than the bound, "proved" follows, and
 * the reason cannot be placed. Remedies and "work" are no claims and are not checked.
 */
#ifndef RP_PLAN_VERIFY_VERIFY_H
#define RP_PLAN_VERIFY_VERIFY_H

#include "base/error.h"

struct rp_json;

/*
 * Check a plan. 0: every claim holds; -EINVAL: this is not a plan document; -EBADMSG: a claim is
 * wrong (object: the part of the document, message: the claim); -E2BIG: the proof is too large to
 * be checked; -ENOMEM.
 */
int rp_plan_verify(const struct rp_json *plan, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
