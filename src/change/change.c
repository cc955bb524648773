/* SPDX-License-Identifier: MIT */
/* A change as an object: made, filled with wishes, looked at, freed. */
#include "change/change.h"
#include "hw/driver.h"
#include "machine/journal.h"
#include "machine/observe.h"

static int make_targets(struct rocpart_change *c)
{
	const struct rocpart_snapshot *s = c->snapshot;

	c->targets = rp_new0(struct rp_target, s->n_gpus);
	if (!c->targets)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_gpus; i++) {
		struct rp_target *t;

		if (rp_gpu_is_odd(&s->gpus[i]))
			continue; /* it is left as it is, whatever happens to the others */
		t = &c->targets[c->n_targets++];
		(void)rp_fmt(t->bdf, sizeof(t->bdf), "%s", s->gpus[i].bdf);
		t->from = (struct rp_mode_pair){s->gpus[i].compute, s->gpus[i].memory};
		t->to = t->from;
	}
	return 0;
}

struct rocpart_change *rp_change_alloc(struct rocpart_machine *machine)
{
	struct rocpart_change *c = rp_new0(struct rocpart_change, 1);

	if (c) {
		c->machine = machine;
		c->wait_ms = 10000;
		c->lock_fd = -EBADF;
	}
	return c;
}

static int no_gpu(struct rocpart_machine *machine, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_NO_HARDWARE, NULL,
			   "no GPU with a loaded amdgpu driver was found");
	if (rp_journal_is_open(machine))
		(void)rp_error_hint(reterr,
				    "a change of this machine is not finished: `rocpart apply "
				    "--resume` finishes it, `rocpart undo` reverts it");
	else
		(void)rp_error_hint(reterr, "load the driver (modprobe amdgpu), or use a simulated "
					    "machine (rocpart --sim mi300x-8 ...)");
	return -ENODEV;
}

ROCPART_PUBLIC int rocpart_change_new(struct rocpart_machine *machine,
				      struct rocpart_snapshot *snapshot,
				      struct rocpart_change **ret_change,
				      struct rocpart_error *reterr)
{
	struct rocpart_change *c;

	if (snapshot->n_gpus == 0)
		return no_gpu(machine, reterr);
	c = rp_change_alloc(machine);
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

ROCPART_PUBLIC struct rocpart_change *rocpart_change_free(struct rocpart_change *change)
{
	if (!change)
		return NULL;
	for (size_t i = 0; i < change->n_targets; i++)
		rp_json_free(change->targets[i].settings);
	free(change->targets);
	free(change->evicted);
	free(change->spared);
	free(change->gpus);
	rp_step_list_done(&change->steps);
	rp_names_done(&change->warnings);
	rp_names_done(&change->differences);
	rp_names_done(&change->lost);
	rp_names_done(&change->cordons);
	rp_names_done(&change->lease_warnings);
	rp_services_done(&change->services);
	rp_cleanup_close(&change->lock_fd);
	rocpart_snapshot_unref(change->snapshot);
	free(change);
	return NULL;
}

static const struct rocpart_gpu *first_odd(const struct rocpart_snapshot *s)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (rp_gpu_is_odd(&s->gpus[i]))
			return &s->gpus[i];
	return NULL;
}

/* A GPU of which something is not known is not switched; a change of all leaves it as it is. */
static int refuse_odd(const struct rocpart_gpu *gpu, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EIO, ROCPART_ERR_BAD_ATTRIBUTE, gpu->bdf,
			   "the modes of GPU %zu (%s) are not changed: %s", gpu->index, gpu->bdf,
			   gpu->reason);
	if (gpu->degraded & 1U << RP_DEGRADED_IN_RESET)
		return rp_error_hint(reterr, "wait until the reset has ended, then repeat the "
					     "command");
	return rp_error_hint(reterr, "`rocpart doctor` shows every problem of the GPU");
}

ROCPART_PUBLIC int rocpart_change_set_modes(struct rocpart_change *change,
					    const struct rocpart_gpu *gpu,
					    enum rocpart_compute_mode compute,
					    enum rocpart_memory_mode memory,
					    struct rocpart_error *reterr)
{
	char text[RP_GPU_TEXT_SIZE];
	const struct rocpart_gpu *odd = gpu ? gpu : first_odd(change->snapshot);
	size_t n_named = 0;

	change->spares_odd |= !gpu;
	for (size_t i = 0; i < change->n_targets; i++) {
		struct rp_target *t = &change->targets[i];

		if (gpu && !rp_str_eq(gpu->bdf, t->bdf))
			continue;
		if (t->from.compute == ROCPART_COMPUTE_UNKNOWN)
			continue;
		t->is_named = true;
		t->has_compute |= compute != ROCPART_COMPUTE_UNKNOWN;
		t->has_memory |= memory != ROCPART_MEMORY_UNKNOWN;
		if (compute != ROCPART_COMPUTE_UNKNOWN)
			t->to.compute = compute;
		if (memory != ROCPART_MEMORY_UNKNOWN)
			t->to.memory = memory;
		n_named++;
	}
	if (n_named)
		return 0;
	if (odd && rp_gpu_is_odd(odd))
		return refuse_odd(odd, reterr);
	(void)rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODE_UNSUPPORTED, gpu ? gpu->bdf : NULL,
			   "%s cannot be partitioned",
			   gpu ? rp_gpu_text(change->snapshot, gpu->bdf, text)
			       : "no GPU of this machine");
	(void)rp_error_hint(reterr, "`rocpart doctor` says what partitioning needs");
	return -ENOTSUP;
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
	change->has_reload = true;
}

ROCPART_PUBLIC void rocpart_change_set_wait_ms(struct rocpart_change *change, uint64_t wait_ms)
{
	change->wait_ms = wait_ms;
	change->lock_wait_ms = wait_ms;
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
	return index < change->steps.n ? change->steps.v[index].text : NULL;
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

int rp_change_observe(struct rocpart_change *c, struct rocpart_error *reterr)
{
	struct rocpart_snapshot *s = NULL;
	int r = rp_observe(c->machine, &s, reterr);

	if (r < 0)
		return r;
	rocpart_snapshot_unref(c->snapshot);
	c->snapshot = s;
	return 0;
}

bool rp_change_is_switched(const struct rocpart_gpu *gpu, enum rocpart_compute_mode goal)
{
	return goal != ROCPART_COMPUTE_UNKNOWN && gpu->compute != goal && !rp_gpu_is_odd(gpu);
}

uint64_t rp_change_compute_gpus(const struct rocpart_change *c, enum rp_direction d)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rocpart_gpu *gpu =
			rp_snapshot_gpu_by_bdf(c->snapshot, c->targets[i].bdf);

		if (gpu && rp_change_is_switched(gpu, rp_target_goal(&c->targets[i], d).compute) &&
		    gpu->index < 64)
			bits |= UINT64_C(1) << gpu->index;
	}
	return bits;
}

bool rp_change_has_work(const struct rocpart_change *c, enum rp_direction d)
{
	return rp_change_needs_memory(c, d) || rp_change_compute_gpus(c, d);
}

bool rp_change_is_compute_only(const struct rocpart_change *c, enum rp_direction d)
{
	return rp_driver_is_loaded(c->machine->tree, NULL) > 0 && !rp_phase_has_request(c->phase) &&
	       !rp_change_needs_memory(c, d) && rp_change_compute_gpus(c, d);
}

bool rp_change_differs(const struct rocpart_change *c, const struct rp_target *t,
		       enum rp_direction d)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);

	return gpu && !rp_gpu_is_odd(gpu) && gpu->memory != rp_target_goal(t, d).memory;
}

bool rp_change_needs_memory(const struct rocpart_change *c, enum rp_direction d)
{
	for (size_t i = 0; i < c->n_targets; i++)
		if (rp_change_differs(c, &c->targets[i], d))
			return true;
	return false;
}
