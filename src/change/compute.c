/* SPDX-License-Identifier: MIT */
/* Switching compute modes: write, read back, decide. */
#include "base/spawn.h"
#include "change/change.h"
#include "hw/hw.h"
#include "hw/smi/backend.h"

/* EBUSY may end by itself: a process that is being torn down counts for some seconds (G3). */
static int write_compute(struct rocpart_change *c, const char *bdf, enum rocpart_compute_mode mode,
			 enum rocpart_backend *ret_used, struct rocpart_error *reterr)
{
	const struct rp_mode_request q = {.bdf = bdf, .compute = mode};
	const struct rocpart_machine *m = c->machine;
	uint64_t deadline = rp_now_ns() + c->wait_ms * 1000000, pause_ms = 10;
	int r = rp_backend_set_mode(m->tree, m->backend, &q, ret_used, reterr);

	while (r == -EBUSY && rp_now_ns() < deadline) {
		int r2 = rp_change_check_interrupt(c, reterr);

		if (r2 < 0)
			return r2;
		rp_sleep_ms(pause_ms);
		pause_ms = pause_ms < 500 ? pause_ms * 2 : pause_ms;
		r = rp_backend_set_mode(m->tree, m->backend, &q, ret_used, reterr);
	}
	return r;
}

/* Write, read back, decide: what the machine says afterwards is the verdict. */
static int set_compute(struct rocpart_change *c, size_t index, enum rocpart_compute_mode mode,
		       struct rocpart_error *reterr)
{
	const char *name = rocpart_compute_mode_to_string(mode), *bdf = c->targets[index].bdf;
	char text[RP_GPU_TEXT_SIZE];
	enum rocpart_compute_mode now = ROCPART_COMPUTE_UNKNOWN;
	enum rocpart_backend used;
	struct rocpart_error why = {0};
	int w, r;

	rp_gpu_text(c->snapshot, bdf, text);
	r = rp_change_record(c, "set-compute", bdf, name, reterr);
	if (r < 0)
		return r;
	c->phase = rp_phase_after(c->phase, RP_EVENT_SWITCH);
	w = write_compute(c, bdf, mode, &used, &why);
	r = rp_hw_read_compute(c->machine->tree, bdf, &now);
	rp_trace_note(&c->machine->trace, ROCPART_TRACE_DECISION, bdf,
		      "requested %s through %s (%s); the GPU reads back %s", name,
		      rocpart_backend_to_string(used), w < 0 ? rocpart_strerror(w) : "accepted",
		      r < 0 ? rocpart_strerror(r) : rocpart_compute_mode_to_string(now));
	if (r == 0 && now == mode)
		return 0;
	if (w < 0 && rp_change_is_interrupt(&why)) {
		*reterr = why;
		return w;
	}
	if (w < 0)
		return rp_change_explain(c, bdf, used, &why, reterr);
	if (r < 0)
		return rp_error_errno(reterr, r, bdf,
				      "%s was set to %s, but its compute mode cannot be read back",
				      text, name);
	(void)rp_error_set(reterr, -EIO, ROCPART_ERR_READBACK_MISMATCH, bdf,
			   "%s was set to %s, but reads back %s", text, name,
			   rocpart_compute_mode_to_string(now));
	if (used == ROCPART_BACKEND_SYSFS)
		(void)rp_error_hint(reterr, "look for the reason in the kernel log (dmesg)");
	else
		(void)rp_error_hint(reterr, "%s reported success; try --backend sysfs",
				    rocpart_backend_to_string(used));
	return -EIO;
}

int rp_change_run_compute(struct rocpart_change *c, enum rp_direction d,
			  struct rocpart_error *reterr)
{
	int r = rp_change_observe(c, reterr);
	bool is_rest = rp_change_has_step(c, RP_STEP_SET_REST, 0);

	if (is_rest)
		rp_change_announce(c, RP_STEP_SET_REST, 0);
	for (size_t k = 0; r == 0 && k < c->n_targets; k++) {
		size_t i = d == RP_FORWARD ? k : c->n_targets - 1 - k;
		struct rp_mode_pair goal = rp_target_goal(&c->targets[i], d);
		const struct rocpart_gpu *gpu =
			rp_snapshot_gpu_by_bdf(c->snapshot, c->targets[i].bdf);

		if (!gpu || !rp_change_is_switched(gpu, goal.compute))
			continue;
		r = rp_change_check_interrupt(c, reterr);
		if (r < 0)
			return r;
		if (!is_rest)
			rp_change_announce(c, RP_STEP_SET_GPU, i);
		r = set_compute(c, i, goal.compute, reterr);
	}
	return r;
}

int rp_compute_read(struct rocpart_change *c, const struct rp_change_line *line)
{
	(void)line;
	c->phase = rp_phase_after(c->phase, RP_EVENT_SWITCH);
	return 0;
}
