/* SPDX-License-Identifier: MIT */
/* What a file says besides modes, and a change records: who allocates the GPUs, and cordons. */
#include "change/change.h"
#include "machine/records.h"

int rp_change_add_cordon(struct rocpart_change *c, const struct rocpart_gpu *gpu)
{
	for (size_t i = 0; i < c->cordons.n; i++)
		if (rp_str_eq(c->cordons.v[i], gpu->bdf))
			return 0;
	return rp_names_add(&c->cordons, gpu->bdf);
}

bool rp_change_lacks_cordon(const struct rocpart_change *c, size_t index)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, c->cordons.v[index]);

	return gpu && !(gpu->notes & 1U << RP_NOTE_CORDONED);
}

bool rp_change_lacks_allocator(const struct rocpart_change *c)
{
	const char *recorded = NULL;

	return *c->allocator && (rp_records_get_allocator(c->machine, &recorded) < 0 ||
				 !rp_str_eq(recorded, c->allocator));
}

static int keep_cordons(struct rocpart_change *c, struct rocpart_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->cordons.n; i++) {
		if (!rp_change_lacks_cordon(c, i))
			continue;
		rp_change_announce(c, RP_STEP_CORDON, i);
		r = rocpart_machine_set_cordon(c->machine, c->cordons.v[i], true, err);
		if (r < 0)
			(void)rp_error_prefix(err, "the modes are set, but GPU %s is not cordoned",
					      c->cordons.v[i]);
	}
	return r;
}

static bool lacks_some(const struct rocpart_change *c)
{
	for (size_t i = 0; i < c->cordons.n; i++)
		if (rp_change_lacks_cordon(c, i))
			return true;
	return rp_change_lacks_allocator(c);
}

int rp_change_keep_records(struct rocpart_change *c, struct rocpart_error *err)
{
	int r = 0;

	/* What has begun is finished, whatever was put on hold meanwhile. */
	if (!c->has_begun && lacks_some(c) && (r = rp_change_check_hold(c, err)) < 0)
		return rp_error_append(err, "; nothing was changed");
	if (*c->allocator) {
		if (rp_change_lacks_allocator(c))
			rp_change_announce(c, RP_STEP_ALLOCATOR, 0);
		r = rp_records_set_allocator(c->machine, c->allocator, err);
	}
	if (r < 0)
		(void)rp_error_prefix(err,
				      "the modes are set, but allocator '%s' is not recorded "
				      "durably",
				      c->allocator);
	return r < 0 ? r : keep_cordons(c, err);
}
