/* SPDX-License-Identifier: MIT */
/* A placer made from a session: what the machine is, and what is taken on it. */
#ifndef RP_LEASES_PLACE_FILL_H
#define RP_LEASES_PLACE_FILL_H

#include "leases/session.h"
#include "plan/placer.h"

struct rp_fill {
	struct rp_place_menu *menus;
	struct rp_place_gpu *gpus; /* by index of the snapshot */
	uint32_t n_menus, n_gpus;
	struct rp_placer *placer;
};
void rp_fill_done(struct rp_fill *f);
#define RP_AUTO_FILL RP_AUTO(rp_fill_done)

/* Which GPUs the placer may put into another compute mode while they are idle. */
struct rp_fill_switches {
	bool (*may_switch)(void *userdata, const struct rocpart_gpu *gpu);
	void *userdata;
	bool allow_unvalidated;
};

/* As rp_fill_placer(); what the placer switches is in its answers only. */
int rp_fill_switching_placer(const struct rp_session *s, uint32_t more,
			     const struct rp_fill_switches *switches, struct rp_fill *ret,
			     struct rocpart_error *reterr) RP_MUST_CHECK;
/* Make the placer with room for more instances than there are leases. 0, -ENODEV, -ENOMEM, ... */
int rp_fill_placer(const struct rp_session *s, uint32_t more, struct rp_fill *ret,
		   struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
