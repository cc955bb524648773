/* SPDX-License-Identifier: MIT */
/*
 * Is what a plan says true? Checked from its document alone, in integers, by code that shares
 * nothing with the planner: places and modes are possible, the counts add up, every prefix of the
 * steps is possible, no plan can use fewer GPUs than the bound, "proved" follows, and what is said
 * to be too much is. Remedies and "work" are no claims.
 */
#ifndef RP_PLAN_VERIFY_VERIFY_H
#define RP_PLAN_VERIFY_VERIFY_H

#include "base/error.h"

struct rp_json;

/*
 * 0; -EINVAL: not a plan; -EBADMSG: it says something that is not so (object: which part of the
 * document, message: what); -E2BIG: the proof is too large to be checked; -ENOMEM.
 */
int rp_plan_verify(const struct rp_json *plan, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
