/* SPDX-License-Identifier: MIT */
/* Whether a change may be done at all: everything that can be known before the first write. */
#include "base/strbuf.h"
#include "change/change.h"
#include "facts/mode_name.h"
#include "machine/journal.h"
#include "modes/modes.h"

static const char *pair_text(const struct rocpart_pair *p, char buf[16])
{
	(void)rp_fmt(buf, 16, "%s/%s", rocpart_compute_mode_to_string(p->compute),
		     rocpart_memory_mode_to_string(p->memory));
	return buf;
}

/* "SPX is not possible in NPS4 (QPX, CPX are); add --compute CPX". */
static int needs_compute(const struct rocpart_gpu *gpu, const struct rocpart_pair *pair,
			 struct rocpart_error *reterr)
{
	char possible[32];
	const char *last;

	rp_compute_modes_in(gpu, pair->memory, possible);
	last = strrchr(possible, ' ');
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_NPS_NEEDS_COMPUTE, gpu->bdf,
			   "%s is not possible in %s (%s %s); add --compute %s",
			   rocpart_compute_mode_to_string(pair->compute),
			   rocpart_memory_mode_to_string(pair->memory), possible,
			   last ? "are" : "is", last ? last + 1 : possible);
	return rp_error_hint(reterr, "`rocpart modes` shows every pair that this GPU accepts");
}

static int refuse_pair(const struct rocpart_gpu *gpu, const struct rocpart_pair *pair,
		       struct rocpart_error *reterr)
{
	char text[16], possible[32];

	rp_compute_modes_in(gpu, pair->memory, possible);
	if (*possible && rp_compute_partitions(pair->compute, gpu->n_xcds) &&
	    (rp_memory_modes(gpu) & rp_memory_bit(pair->memory)) &&
	    rp_pair_impossible(pair->compute, pair->memory, gpu->n_xcds, gpu->is_gfx950))
		return needs_compute(gpu, pair, reterr);
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
			   "%s is not possible: %s", pair_text(pair, text), pair->reason);
	return rp_error_hint(reterr, "`rocpart modes` shows every pair that this GPU accepts");
}

/* The request is made of one member and changes all (amdgpu_gmc.c, amdgpu_xgmi.c). */
static int check_hive(const struct rocpart_change *c, const struct rp_target *t,
		      const struct rocpart_gpu *gpu, struct rocpart_error *reterr)
{
	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rp_target *other = &c->targets[i];
		const struct rocpart_gpu *g = rp_snapshot_gpu_by_bdf(c->snapshot, other->bdf);

		if (!g || !gpu->hive_id.known || !g->hive_id.known ||
		    g->hive_id.v != gpu->hive_id.v || other->to.memory == t->to.memory)
			continue;
		(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
				   "the GPUs of an XGMI hive change their memory mode together: "
				   "GPU %zu (%s) would get %s too",
				   g->index, g->bdf, rocpart_memory_mode_to_string(t->to.memory));
		return rp_error_hint(reterr, "leave out --gpu, or name every GPU of the hive");
	}
	return 0;
}

/* What was requested before and waits; the kernel ignores a request for the present mode. */
static int check_pending(const struct rp_target *t, const struct rocpart_gpu *gpu,
			 struct rocpart_error *reterr)
{
	if (gpu->pending_memory == ROCPART_MEMORY_UNKNOWN || t->to.memory != gpu->memory)
		return 0;
	(void)rp_error_set(reterr, -EINPROGRESS, ROCPART_ERR_NPS_NEEDS_RELOAD, gpu->bdf,
			   "%s is requested of this GPU and takes effect at the next driver "
			   "reload; the kernel cannot take the request back",
			   rocpart_memory_mode_to_string(gpu->pending_memory));
	return rp_error_hint(reterr,
			     "finish it (rocpart set --memory %s --compute ... --reload auto) and "
			     "switch back then; a reboot forgets it",
			     rocpart_memory_mode_to_string(gpu->pending_memory));
}

static bool is_so_already(const struct rp_target *t, const struct rocpart_gpu *gpu)
{
	return t->to.compute == gpu->compute && t->to.memory == gpu->memory;
}

static int check_target(struct rocpart_change *c, struct rp_target *t, struct rocpart_error *reterr)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);
	struct rocpart_pair pair;
	char text[16];
	int r;

	if (!gpu)
		return 0; /* lost: the run says so */
	rp_pair_fill(gpu, t->to.compute, t->to.memory, &pair);
	r = t->is_named && !c->is_resumed ? check_pending(t, gpu, reterr) : 0;
	if (r < 0 || is_so_already(t, gpu))
		return r;
	if (pair.state == ROCPART_PAIR_NEVER)
		return refuse_pair(gpu, &pair, reterr);
	if (c->is_resumed)
		return 0; /* it was allowed when it began */
	if (gpu->notes & 1U << RP_NOTE_CORDONED) {
		(void)rp_error_set(reterr, -EPERM, ROCPART_ERR_CORDONED, gpu->bdf,
				   "GPU %zu (%s) is cordoned", gpu->index, gpu->bdf);
		return rp_error_hint(reterr, "`rocpart uncordon %s` lets it be changed again",
				     gpu->bdf);
	}
	if (!pair.validated && !c->allow_unvalidated && t->is_named) {
		(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_NOT_VALIDATED, gpu->bdf,
				   "the kernel accepts %s on this GPU, but the vendor has not "
				   "validated it",
				   pair_text(&pair, text));
		return rp_error_hint(reterr, "add --allow-unvalidated to use it all the same; "
					     "`rocpart modes` marks the validated pairs");
	}
	return t->to.memory != gpu->memory ? check_hive(c, t, gpu, reterr) : 0;
}

/* Switching what is left of a node would hide that something is missing. */
static int check_present(const struct rocpart_change *c, struct rocpart_error *reterr)
{
	if (c->lost.n)
		(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_GPU_LOST, c->lost.v[0],
				   "the file names this GPU, and it is not here");
	else if (c->n_gpus_wanted && c->snapshot->n_gpus != c->n_gpus_wanted)
		(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_GPU_LOST, NULL,
				   "the node should have %zu GPUs, and %zu are here",
				   c->n_gpus_wanted, c->snapshot->n_gpus);
	else
		return 0;
	(void)rp_error_hint(reterr, "look at the kernel log; a reboot may bring a GPU back; else "
				    "change the file");
	return -ENODEV;
}

static int refuse_capture(const struct rocpart_machine *m, struct rocpart_error *reterr)
{
	if (m->flavour != RP_MACHINE_SIM_MOUNTED)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture cannot be changed");
	(void)rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, m->sim_name,
			   "below its mount point the simulated machine is only looked at");
	return rp_error_hint(reterr,
			     "change it by `rocpart --sim %s`, or inside `rocpart sim exec "
			     "%s`",
			     m->sim_name, m->sim_name);
}

int rp_change_check_targets(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r;

	if (rp_tree_kind(c->machine->tree) == RP_TREE_CAPTURE)
		return refuse_capture(c->machine, reterr);
	if (!c->is_resumed && rp_journal_is_open(c->machine)) {
		(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_UNFINISHED_CHANGE,
				   c->machine->state_dir,
				   "an earlier change of this machine is not finished");
		return rp_error_hint(reterr, "`rocpart apply --resume` goes on with it, `rocpart "
					     "undo` takes it back");
	}
	r = check_present(c, reterr);
	for (size_t i = 0; r == 0 && i < c->n_targets; i++)
		r = check_target(c, &c->targets[i], reterr);
	if (r < 0)
		return r;
	rp_names_done(&c->lease_warnings);
	return rp_change_check_leases(c, reterr);
}

ROCPART_PUBLIC int rocpart_change_check(struct rocpart_change *change, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	int r = rp_change_check_targets(change, reterr ? reterr : &local);

	if (rp_change_describe(change) < 0)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < change->lease_warnings.n; i++)
		if (rp_names_add(&change->warnings, change->lease_warnings.v[i]) < 0)
			return rp_error_nomem(reterr);
	return r;
}
