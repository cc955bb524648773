/* SPDX-License-Identifier: MIT */
/* Idle GPUs in another compute mode, where leases would find room. */
#ifndef RP_LEASES_SWITCHES_H
#define RP_LEASES_SWITCHES_H

#include "leases/place_fill.h"
#include "leases/place_options.h"

struct rp_switches {
	struct rp_switch {
		char bdf[RP_BDF_SIZE];
		enum rocpart_compute_mode compute;
	} * v;
	size_t n, cap;
};

void rp_switches_done(struct rp_switches *s);

/*
 * Find the GPUs to switch so that the leases have room; none when they have it already. Nothing is
 * written. 0; errors of rocpart_place().
 */
int rp_place_find_switches(struct rocpart_machine *m, const struct rocpart_place_options *o,
			   const struct rp_fill_switches *rules, struct rp_switches *ret,
			   struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
