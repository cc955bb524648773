/* SPDX-License-Identifier: MIT */
/* Pieces of the state as JSON that several files have. Private to this folder. */
#ifndef RP_SIM_STATE_JSON_H
#define RP_SIM_STATE_JSON_H

#include "sim/machine.h"

/* 0; -EBADMSG: missing, of another type, or above max; of text also -ENOMEM. */
int rp_sim_get_u64(const struct rp_json *j, const char *key, uint64_t max, uint64_t *ret);
int rp_sim_get_u32(const struct rp_json *j, const char *key, uint32_t max, uint32_t *ret);
int rp_sim_get_text(const struct rp_json *j, const char *key, char **ret);

/* due_json.c */
struct rp_json *rp_sim_dues_to_json(const struct rp_sim_state *s); /* NULL: out of memory */
/* The clock, and what is due by it: not of machines of an earlier version. */
int rp_sim_times_from_json(const struct rp_sim *sim, const struct rp_json *j,
			   struct rp_sim_state *s) RP_MUST_CHECK;

#endif
