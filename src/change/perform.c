/* SPDX-License-Identifier: MIT */
/* Bringing every GPU to its wish: memory modes, compute modes, settings; read back at the end. */
#include "change/change.h"
#include "modes/modes.h"

static int verify_target(struct rocpart_change *c, const struct rp_target *t, enum rp_direction d,
			 struct rocpart_error *reterr)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);
	struct rp_mode_pair goal = rp_target_goal(t, d);
	struct rocpart_pair pair;
	char text[RP_GPU_TEXT_SIZE];

	rp_gpu_text(c->snapshot, t->bdf, text);
	if (!gpu) {
		(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_GPU_LOST, t->bdf,
				   "%s is missing; the other GPUs are in the requested modes",
				   text);
		return rp_error_hint(reterr, "look for the GPU in the kernel log (dmesg); a reboot "
					     "may bring it back");
	}
	if (gpu->compute != goal.compute || gpu->memory != goal.memory)
		return rp_error_set(reterr, -EIO, ROCPART_ERR_READBACK_MISMATCH, t->bdf,
				    "%s reads back %s/%s instead of %s/%s", text,
				    rocpart_compute_mode_to_string(gpu->compute),
				    rocpart_memory_mode_to_string(gpu->memory),
				    rocpart_compute_mode_to_string(goal.compute),
				    rocpart_memory_mode_to_string(goal.memory));
	rp_pair_fill(gpu, goal.compute, goal.memory, &pair);
	if (gpu->n_partitions < pair.n_expected) {
		(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_PARTITION_MISSING, t->bdf,
				   "%s is in %s/%s, but shows %zu of %u partitions", text,
				   rocpart_compute_mode_to_string(gpu->compute),
				   rocpart_memory_mode_to_string(gpu->memory), gpu->n_partitions,
				   pair.n_expected);
		return rp_error_hint(reterr, "look in the kernel log (dmesg) for 'Skip xcp node' "
					     "and 'Won't add GPU'");
	}
	return 0;
}

static int verify(struct rocpart_change *c, enum rp_direction d, struct rocpart_error *reterr)
{
	int r;

	rp_change_announce(c, RP_STEP_READ_BACK, 0);
	r = rp_change_observe(c, reterr);
	for (size_t i = 0; r == 0 && i < c->n_targets; i++)
		r = verify_target(c, &c->targets[i], d, reterr);
	return r;
}

int rp_change_perform(struct rocpart_change *c, enum rp_direction d, struct rocpart_error *reterr)
{
	int r = rp_change_run_memory(c, d, reterr);

	if (r == 0)
		r = rp_change_run_compute(c, d, reterr);
	if (r == 0)
		r = rp_change_check_interrupt(c, reterr);
	if (r == 0)
		r = verify(c, d, reterr);
	if (r == 0 || r == -ENODEV) {
		int r2 = rp_change_restore_settings(c, r == 0 ? reterr : NULL);

		r = r < 0 ? r : r2;
	}
	return r;
}
