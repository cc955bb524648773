/* SPDX-License-Identifier: MIT */
/* A change as an object: made, filled with wishes, looked at, freed. */
#include "change/change.h"

static int make_targets(struct rocpart_change *c)
{
	const struct rocpart_snapshot *s = c->snapshot;

	c->targets = rp_new0(struct rp_target, s->n_gpus);
	if (!c->targets)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_gpus; i++) {
		struct rp_target *t = &c->targets[c->n_targets++];

		(void)rp_fmt(t->bdf, sizeof(t->bdf), "%s", s->gpus[i].bdf);
		t->from = (struct rp_mode_pair){s->gpus[i].compute, s->gpus[i].memory};
		t->to = t->from;
	}
	return 0;
}

static struct rocpart_change *change_alloc(struct rocpart_machine *machine)
{
	struct rocpart_change *c = rp_new0(struct rocpart_change, 1);

	if (c) {
		c->machine = machine;
		c->wait_ms = 10000;
		c->lock_fd = -EBADF;
	}
	return c;
}

static int no_gpu(struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_NO_HARDWARE, NULL,
			   "no AMD GPU that amdgpu drives was found");
	(void)rp_error_hint(reterr, "load the driver (modprobe amdgpu), or use a simulated "
				    "machine: rocpart --sim mi300x-8 ...");
	return -ENODEV;
}

ROCPART_PUBLIC int rocpart_change_new(struct rocpart_machine *machine,
				      struct rocpart_snapshot *snapshot,
				      struct rocpart_change **ret_change,
				      struct rocpart_error *reterr)
{
	struct rocpart_change *c;

	if (snapshot->n_gpus == 0)
		return no_gpu(reterr);
	c = change_alloc(machine);
	if (!c)
		return rp_error_nomem(reterr);
	c->snapshot = rocpart_snapshot_ref(snapshot);
	c->n_gpus_before = snapshot->n_gpus;
	if (make_targets(c) < 0) {
		rocpart_change_free(c);
		return rp_error_nomem(reterr);
	}
	*ret_change = c;
	return 0;
}

ROCPART_PUBLIC int rocpart_change_open_journal(struct rocpart_machine *machine,
					       struct rocpart_change **ret_change,
					       struct rocpart_error *reterr)
{
	struct rocpart_change *c = change_alloc(machine);
	int r;

	if (!c)
		return rp_error_nomem(reterr);
	c->is_resumed = true;
	r = rp_journal_load(c, RP_JOURNAL_OPEN, reterr);
	if (r == 0)
		r = rp_observe(machine, &c->snapshot, reterr);
	if (r < 0) {
		rocpart_change_free(c);
		return r;
	}
	*ret_change = c;
	return 0;
}

ROCPART_PUBLIC int rocpart_change_open_last(struct rocpart_machine *machine,
					    struct rocpart_change **ret_change,
					    struct rocpart_error *reterr)
{
	RP_AUTO_SNAPSHOT struct rocpart_snapshot *s = NULL;
	struct rocpart_change *last = change_alloc(machine), *c = NULL;
	int r = last ? rp_journal_load(last, RP_JOURNAL_LAST, reterr) : rp_error_nomem(reterr);

	if (r == 0)
		r = rp_observe(machine, &s, reterr);
	if (r == 0)
		r = rocpart_change_new(machine, s, &c, reterr);
	for (size_t i = 0; r == 0 && i < c->n_targets; i++) {
		for (size_t k = 0; k < last->n_targets; k++) {
			if (!rp_str_eq(c->targets[i].bdf, last->targets[k].bdf))
				continue;
			c->targets[i].to = last->targets[k].from;
			c->targets[i].is_named = true;
		}
	}
	if (r == 0) {
		c->services = last->services;
		memset(&last->services, 0, sizeof(last->services));
		r = rp_change_reverse_evicted(c, last);
	}
	rocpart_change_free(last);
	if (r < 0) {
		rocpart_change_free(c);
		return r;
	}
	c->allow_unvalidated = true; /* it was in it before */
	*ret_change = c;
	return 0;
}

ROCPART_PUBLIC void rocpart_change_free(struct rocpart_change *change)
{
	if (!change)
		return;
	for (size_t i = 0; i < change->n_targets; i++)
		rp_json_free(change->targets[i].settings);
	free(change->targets);
	free(change->evicted);
	free(change->gpus);
	rp_names_done(&change->steps);
	rp_names_done(&change->warnings);
	rp_names_done(&change->differences);
	rp_names_done(&change->lost);
	rp_names_done(&change->lease_warnings);
	rp_services_done(&change->services);
	rp_cleanup_close(&change->lock_fd);
	rocpart_snapshot_unref(change->snapshot);
	free(change);
}

ROCPART_PUBLIC int rocpart_change_set_modes(struct rocpart_change *change,
					    const struct rocpart_gpu *gpu,
					    enum rocpart_compute_mode compute,
					    enum rocpart_memory_mode memory,
					    struct rocpart_error *reterr)
{
	size_t n_named = 0;

	for (size_t i = 0; i < change->n_targets; i++) {
		struct rp_target *t = &change->targets[i];

		if (gpu && !rp_str_eq(gpu->bdf, t->bdf))
			continue;
		if (t->from.compute == ROCPART_COMPUTE_UNKNOWN)
			continue;
		t->is_named = true;
		if (compute != ROCPART_COMPUTE_UNKNOWN)
			t->to.compute = compute;
		if (memory != ROCPART_MEMORY_UNKNOWN)
			t->to.memory = memory;
		n_named++;
	}
	if (n_named)
		return 0;
	return rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODE_UNSUPPORTED, gpu ? gpu->bdf : NULL,
			    gpu ? "this GPU cannot be partitioned"
				: "no GPU of this machine can be partitioned");
}

ROCPART_PUBLIC void rocpart_change_set_allow_unvalidated(struct rocpart_change *change, bool allow)
{
	change->allow_unvalidated = allow;
}

ROCPART_PUBLIC const char *rocpart_change_get_allocator(const struct rocpart_change *change)
{
	return *change->allocator ? change->allocator : NULL;
}

ROCPART_PUBLIC void rocpart_change_set_evict(struct rocpart_change *change, bool evict)
{
	change->evict = evict;
}

ROCPART_PUBLIC void rocpart_change_set_reload(struct rocpart_change *change,
					      enum rocpart_reload reload)
{
	change->reload = reload;
}

ROCPART_PUBLIC void rocpart_change_set_wait_ms(struct rocpart_change *change, uint64_t wait_ms)
{
	change->wait_ms = wait_ms;
}

ROCPART_PUBLIC void rocpart_change_set_progress(struct rocpart_change *change,
						rocpart_progress_fn fn, void *userdata)
{
	change->progress = fn;
	change->progress_userdata = userdata;
}

ROCPART_PUBLIC const struct rocpart_change_gpu *
rocpart_change_get_gpu(const struct rocpart_change *change, size_t index)
{
	return index < change->n_gpus ? &change->gpus[index] : NULL;
}

ROCPART_PUBLIC const char *rocpart_change_get_step(const struct rocpart_change *change,
						   size_t index)
{
	return index < change->steps.n ? change->steps.v[index] : NULL;
}

ROCPART_PUBLIC const char *rocpart_change_get_warning(const struct rocpart_change *change,
						      size_t index)
{
	return index < change->warnings.n ? change->warnings.v[index] : NULL;
}

ROCPART_PUBLIC const char *rocpart_change_get_difference(const struct rocpart_change *change,
							 size_t index)
{
	return index < change->differences.n ? change->differences.v[index] : NULL;
}

ROCPART_PUBLIC bool rocpart_change_needs_reload(const struct rocpart_change *change)
{
	return change->needs_reload && change->reload == ROCPART_RELOAD_AUTO;
}

ROCPART_PUBLIC int rocpart_change_get_holders(struct rocpart_change *change,
					      struct rocpart_holders **ret_holders,
					      struct rocpart_error *reterr)
{
	RP_AUTO_HOLDERS struct rocpart_holders *list = NULL;
	const char *abi = change->snapshot->abi;
	int r = rocpart_holders_new(change->machine, change->snapshot, &list, reterr);

	if (r < 0)
		return r;
	if (!change->needs_reload) {
		/* Only KFD contexts block a switch; up to G2 those of any GPU (amdgpu_xcp.c). */
		rp_holders_keep_kfd(list);
		if (abi && rp_str_eq(abi, "g3"))
			rp_holders_keep(list, rp_change_compute_gpus(change, RP_FORWARD));
	}
	*ret_holders = rp_steal(&list);
	return 0;
}
