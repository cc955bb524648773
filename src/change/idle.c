/* SPDX-License-Identifier: MIT */
/* The processes that are in the way of a change, and waiting for them. */
#include "base/spawn.h"
#include "change/change.h"
#include "change/holders.h"

#define POLL_MS 50

static int find_holders(struct rocpart_change *c, bool for_reload, struct rocpart_holders **ret,
			struct rocpart_error *reterr)
{
	RP_AUTO_HOLDERS struct rocpart_holders *list = NULL;
	const char *abi = c->snapshot->abi;
	int r = rocpart_holders_new(c->machine, c->snapshot, &list, reterr);

	if (r < 0)
		return r;
	if (!for_reload) {
		/* Only KFD contexts block a switch; up to G2 those of any GPU (amdgpu_xcp.c). */
		rp_holders_keep_kfd(list);
		if (abi && rp_str_eq(abi, "g3"))
			rp_holders_keep(list, rp_change_compute_gpus(c, c->direction));
	}
	*ret = rp_steal(&list);
	return 0;
}

ROCPART_PUBLIC int rocpart_change_get_holders(struct rocpart_change *change,
					      struct rocpart_holders **ret_holders,
					      struct rocpart_error *reterr)
{
	return find_holders(change, change->needs_reload, ret_holders, reterr);
}

static int report_busy(struct rocpart_change *c, const struct rocpart_holders *list,
		       struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT;
	char waited[32] = "";

	if (c->wait_ms)
		(void)rp_fmt(waited, sizeof(waited), " after %g s", (double)c->wait_ms / 1000);
	rp_holders_text(list, &names);
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_BUSY_PROCESS, NULL,
			   RP_CHANGE_FAILED "GPUs are still in use%s by %s", waited,
			   names.len ? rp_strbuf_str(&names)
				     : "processes that are not visible from here");
	return rp_error_hint(reterr, "stop these processes (`rocpart holders` says how), or wait "
				     "longer with --wait SECONDS");
}

int rp_change_wait_idle(struct rocpart_change *c, bool for_reload, struct rocpart_error *reterr)
{
	uint64_t deadline = rp_now_ns() + c->wait_ms * 1000000;

	for (;;) {
		RP_AUTO_HOLDERS struct rocpart_holders *list = NULL;
		int r = find_holders(c, for_reload, &list, reterr);

		if (r < 0 || !rocpart_holders_get(list, 0))
			return r;
		if (rp_now_ns() >= deadline)
			return report_busy(c, list, reterr);
		r = rp_change_check_interrupt(c, reterr);
		if (r < 0)
			return r;
		rp_sleep_ms(POLL_MS);
	}
}
