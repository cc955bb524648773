/* SPDX-License-Identifier: MIT */
/* Whether a change may be done at all: everything that can be known before the first write. */
#include "base/strbuf.h"
#include "base/words.h"
#include "change/change.h"
#include "facts/mode_name.h"
#include "facts/validation.h"
#include "machine/journal.h"
#include "machine/records.h"
#include "modes/modes.h"

static const char *pair_text(const struct rocpart_pair *p, char buf[16])
{
	(void)rp_fmt(buf, 16, "%s/%s", rocpart_compute_mode_to_string(p->compute),
		     rocpart_memory_mode_to_string(p->memory));
	return buf;
}

/* The one to recommend: validated by the vendor, else the last, which makes most partitions. */
static const char *compute_for(const struct rocpart_gpu *gpu, enum rocpart_memory_mode memory)
{
	uint32_t set = rp_compute_modes_in(gpu, memory);
	enum rocpart_compute_mode best = ROCPART_COMPUTE_UNKNOWN;
	bool is_validated = false;

	for (unsigned c = ROCPART_COMPUTE_SPX; c <= ROCPART_COMPUTE_CPX; c++) {
		bool v =
			rp_vendor_word_of(gpu->product, gpu->is_guest, (enum rocpart_compute_mode)c,
					  memory, &gpu->snapshot->vendor_rows)
				.is_validated;

		if (!(set & 1U << c) || (is_validated && !v))
			continue;
		best = (enum rocpart_compute_mode)c;
		is_validated = v;
	}
	return rocpart_compute_mode_to_string(best);
}

static const char *memory_for(const struct rocpart_gpu *gpu, enum rocpart_compute_mode compute)
{
	uint32_t set = rp_memory_modes_with(gpu, compute);

	for (unsigned m = ROCPART_MEMORY_NPS1; m <= ROCPART_MEMORY_NPS8; m++)
		if (set & 1U << m)
			return rocpart_memory_mode_to_string((enum rocpart_memory_mode)m);
	return rocpart_memory_mode_to_string(ROCPART_MEMORY_UNKNOWN);
}

/* "SPX is not possible in NPS4: SPX needs NPS1, NPS4 allows QPX or CPX". */
static int needs_compute(const struct rp_target *t, const struct rocpart_gpu *gpu,
			 const struct rocpart_pair *pair, struct rocpart_error *reterr)
{
	const char *compute = rocpart_compute_mode_to_string(pair->compute);
	const char *memory = rocpart_memory_mode_to_string(pair->memory);
	const char *other_compute = compute_for(gpu, pair->memory);
	const char *other_memory = memory_for(gpu, pair->compute);
	char text[RP_GPU_TEXT_SIZE], computes[RP_MODES_TEXT_SIZE], memories[RP_MODES_TEXT_SIZE];

	(void)rp_error_set(
		reterr, -EINVAL, ROCPART_ERR_NPS_NEEDS_COMPUTE, gpu->bdf,
		"%s cannot be set to %s in %s: %s needs %s, and %s allows %s",
		rp_gpu_text(gpu->snapshot, gpu->bdf, text), compute, memory, compute,
		rp_memory_modes_text(rp_memory_modes_with(gpu, pair->compute), "or", memories),
		memory,
		rp_compute_modes_text(rp_compute_modes_in(gpu, pair->memory), "or", computes));
	if (!t->has_memory)
		return rp_error_hint(reterr, "add --memory %s (in a file, memory: %s)",
				     other_memory, other_memory);
	if (!t->has_compute)
		return rp_error_hint(reterr, "add --compute %s (in a file, gpus: {all: %s})",
				     other_compute, other_compute);
	return rp_error_hint(reterr,
			     "choose %s/%s or %s/%s; `rocpart modes` shows every pair that the GPU "
			     "accepts",
			     compute, other_memory, other_compute, memory);
}

static int refuse_guest(const struct rocpart_gpu *gpu, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
			   "GPU %zu (%s) is a virtual function, and only the host of this virtual "
			   "machine can change its modes",
			   gpu->index, gpu->bdf);
	return rp_error_hint(reterr, "the host chooses the modes and the number of virtual "
				     "functions; `rocpart list` shows what this machine has");
}

/* The hint is of the member: its firmware is what keeps the hive from the mode. */
static int refuse_hive(const struct rocpart_gpu *gpu, const struct rocpart_gpu *member,
		       const struct rocpart_pair *pair, struct rocpart_error *reterr)
{
	const char *memory = rocpart_memory_mode_to_string(pair->memory);
	enum rocpart_memory_mode newer;
	const char *firmware;

	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
			   "GPU %zu (%s) cannot be in %s: the GPUs of an XGMI hive change their "
			   "memory mode together, and GPU %zu (%s) does not offer %s",
			   gpu->index, gpu->bdf, memory, member->index, member->bdf, memory);
	if (rocpart_gpu_get_newer_firmware(member, &newer, &firmware) == 0 && newer == pair->memory)
		return rp_error_hint(reterr, "%s and newer firmware offers %s; see `rocpart modes`",
				     firmware, memory);
	return rp_error_hint(reterr, "`rocpart modes` shows every pair that the GPU accepts");
}

static int refuse_vbios(const struct rocpart_gpu *gpu, const struct rocpart_gpu *bad,
			const struct rocpart_pair *pair, struct rocpart_error *reterr)
{
	const char *memory = rocpart_memory_mode_to_string(pair->memory);

	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_NOT_VALIDATED, gpu->bdf,
			   "GPU %zu (%s) is not set to %s: VBIOS %s of GPU %zu (%s) lists that "
			   "memory mode and does not complete a switch to it",
			   gpu->index, gpu->bdf, memory, bad->vbios, bad->index, bad->bdf);
	return rp_error_hint(reterr,
			     "update the firmware to %s or newer, or add --allow-unvalidated to "
			     "try it nevertheless",
			     bad->product->firmware);
}

static int refuse_pair(const struct rp_target *t, const struct rocpart_gpu *gpu,
		       const struct rocpart_pair *pair, struct rocpart_error *reterr)
{
	uint32_t offered = rp_memory_modes(gpu), compute = rp_compute_bit(pair->compute);
	const char *memory = rocpart_memory_mode_to_string(pair->memory);
	char text[RP_GPU_TEXT_SIZE], pair_name[16], modes[RP_MODES_TEXT_SIZE];
	const struct rocpart_gpu *member = rp_hive_member_without(gpu, pair->memory);
	enum rocpart_memory_mode newer;
	const char *firmware;

	rp_gpu_text(gpu->snapshot, gpu->bdf, text);
	if (gpu->is_guest)
		return refuse_guest(gpu, reterr);
	if (!(rp_known_memory_modes() & rp_memory_bit(pair->memory)))
		(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
				   "no known GPU has memory mode %s; %s offers %s", memory, text,
				   rp_memory_modes_text(offered, "and", modes));
	else if (offered && !(offered & rp_memory_bit(pair->memory)))
		(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
				   "%s does not offer memory mode %s; it offers %s", text, memory,
				   rp_memory_modes_text(offered, "and", modes));
	else if (rp_compute_modes_in(gpu, pair->memory) &&
		 rp_compute_partitions(gpu->rules, pair->compute, gpu->n_xcds) &&
		 !(rp_compute_modes_in(gpu, pair->memory) & compute))
		return needs_compute(t, gpu, pair, reterr);
	else if (member && pair->memory != gpu->memory)
		return refuse_hive(gpu, member, pair, reterr);
	else
		(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
				   "%s cannot be in %s: %s", text, pair_text(pair, pair_name),
				   pair->reason);
	if (rocpart_gpu_get_newer_firmware(gpu, &newer, &firmware) == 0 && newer == pair->memory)
		return rp_error_hint(reterr, "%s and newer firmware offers %s; see `rocpart modes`",
				     firmware, memory);
	return rp_error_hint(reterr, "`rocpart modes` shows every pair that the GPU accepts");
}

/* The request is made of one member and changes all (amdgpu_gmc.c, amdgpu_xgmi.c). */
static int check_hive(const struct rocpart_change *c, const struct rp_target *t,
		      const struct rocpart_gpu *gpu, struct rocpart_error *reterr)
{
	for (size_t i = 0; i < c->snapshot->n_gpus; i++) {
		const struct rocpart_gpu *g = &c->snapshot->gpus[i];

		/* A hive that is not shown could be this one. */
		if (!rp_gpu_is_odd(g) ||
		    (g->hive_id.known && gpu->hive_id.known && g->hive_id.v != gpu->hive_id.v))
			continue;
		(void)rp_error_set(reterr, -EIO, ROCPART_ERR_BAD_ATTRIBUTE, g->bdf,
				   "the memory mode of GPU %zu (%s) is not changed: GPU %zu (%s) "
				   "would change with it, and %s",
				   gpu->index, gpu->bdf, g->index, g->bdf, g->reason);
		return rp_error_hint(reterr, "`rocpart doctor` shows every problem of the GPU; "
					     "compute modes of the others can be changed");
	}
	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rp_target *other = &c->targets[i];
		const struct rocpart_gpu *g = rp_snapshot_gpu_by_bdf(c->snapshot, other->bdf);

		if (!g || !gpu->hive_id.known || !g->hive_id.known ||
		    g->hive_id.v != gpu->hive_id.v || other->to.memory == t->to.memory)
			continue;
		(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, gpu->bdf,
				   "the GPUs of an XGMI hive change their memory mode together: to "
				   "set GPU %zu (%s) to %s would set GPU %zu (%s) to it too",
				   gpu->index, gpu->bdf,
				   rocpart_memory_mode_to_string(t->to.memory), g->index, g->bdf);
		return rp_error_hint(reterr, "name every GPU of the hive, or leave out --gpu");
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
			   "GPU %zu (%s) gets %s at the next driver reload; the kernel cannot drop "
			   "that request",
			   gpu->index, gpu->bdf,
			   rocpart_memory_mode_to_string(gpu->pending_memory));
	return rp_error_hint(reterr,
			     "finish it with `rocpart set --memory %s --compute %s`, then switch "
			     "back; a reboot drops the request",
			     rocpart_memory_mode_to_string(gpu->pending_memory),
			     compute_for(gpu, gpu->pending_memory));
}

/* "AMD's matrix of ROCm 10.0 (2026-08) does not list it". */
static void add_vendor(const struct rp_vendor_word *word, struct rp_strbuf *text)
{
	if (!*word->source)
		rp_strbuf_add(text, "no statement of the vendor about this product is known");
	else
		rp_strbuf_addf(text, "%s does not list it", word->source);
	if (*word->dissent)
		rp_strbuf_addf(text, ", %s does", word->dissent);
}

static int refuse_unvalidated(const struct rocpart_change *c, const struct rocpart_gpu *gpu,
			      const struct rocpart_pair *pair, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf list = RP_STRBUF_INIT, why = RP_STRBUF_INIT;
	const struct rp_vendor_word word = {false, pair->vendor, pair->dissent};
	const struct rocpart_gpu *bad = rp_gpu_with_bad_vbios(gpu, pair->memory);
	const char *key =
		c->has_file ? ", or `allow-unvalidated: true` below 'node:' in the file" : "";
	struct rocpart_pair p;
	char text[16];

	if (bad)
		return refuse_vbios(gpu, bad, pair, reterr);
	add_vendor(&word, &why);
	for (unsigned m = ROCPART_MEMORY_NPS1; m <= ROCPART_MEMORY_NPS8; m++) {
		for (unsigned k = ROCPART_COMPUTE_SPX; k <= ROCPART_COMPUTE_CPX; k++) {
			rp_pair_fill(gpu, (enum rocpart_compute_mode)k, (enum rocpart_memory_mode)m,
				     &p);
			if (p.validated)
				rp_strbuf_addf(&list, "%s%s", list.len ? ", " : "",
					       pair_text(&p, text));
		}
	}
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_NOT_VALIDATED, gpu->bdf,
			   "GPU %zu (%s) accepts %s, but the vendor has not validated that pair: "
			   "%s",
			   gpu->index, gpu->bdf, pair_text(pair, text), rp_strbuf_str(&why));
	if (rp_strbuf_failed(&list) || rp_strbuf_failed(&why))
		return rp_error_nomem(reterr);
	if (list.len)
		return rp_error_hint(reterr,
				     "choose a validated pair (%s), or add --allow-unvalidated%s",
				     rp_strbuf_str(&list), key);
	return rp_error_hint(reterr, "add --allow-unvalidated to set it nevertheless%s", key);
}

static bool is_so_already(const struct rp_target *t, const struct rocpart_gpu *gpu)
{
	return t->to.compute == gpu->compute && t->to.memory == gpu->memory;
}

static int check_target(struct rocpart_change *c, struct rp_target *t, struct rocpart_error *reterr)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);
	struct rocpart_pair pair;
	int r;

	if (!gpu)
		return 0; /* lost: the run says so */
	rp_pair_fill(gpu, t->to.compute, t->to.memory, &pair);
	r = t->is_named && !c->is_resumed ? check_pending(t, gpu, reterr) : 0;
	if (r < 0 || is_so_already(t, gpu))
		return r;
	if (pair.state == ROCPART_PAIR_NEVER)
		return refuse_pair(t, gpu, &pair, reterr);
	if (c->is_resumed)
		return 0; /* it was allowed when it began */
	if (gpu->degraded & 1U << RP_DEGRADED_GPU_REPLACED)
		return rp_gpu_refuse_replaced(gpu, "its modes are not changed", reterr);
	if (gpu->notes & 1U << RP_NOTE_CORDONED && !t->is_restored) {
		(void)rp_error_set(reterr, -EPERM, ROCPART_ERR_CORDONED, gpu->bdf,
				   "GPU %zu (%s) is cordoned, and its modes are not changed",
				   gpu->index, gpu->bdf);
		return rp_error_hint(reterr, "`rocpart uncordon %zu` allows changes again",
				     gpu->index);
	}
	if (!pair.validated && !c->allow_unvalidated && t->is_named && !t->is_restored)
		return refuse_unvalidated(c, gpu, &pair, reterr);
	return t->to.memory != gpu->memory ? check_hive(c, t, gpu, reterr) : 0;
}

static bool is_missing(const struct rocpart_snapshot *s, const char *bdf)
{
	const struct rocpart_missing_gpu *gpu;

	for (size_t i = 0; (gpu = rocpart_snapshot_get_missing(s, i)); i++)
		if (rp_str_eq_nocase(gpu->bdf, bdf))
			return true;
	return false;
}

/* The GPUs that the file asks for were here before: the apply says that they are missing. */
static bool are_known_missing(const struct rocpart_change *c)
{
	size_t n = c->snapshot->n_gpus;

	while (rocpart_snapshot_get_missing(c->snapshot, n - c->snapshot->n_gpus))
		n++;
	for (size_t i = 0; i < c->lost.n; i++)
		if (!is_missing(c->snapshot, c->lost.v[i]))
			return false;
	return !c->n_gpus_wanted || c->n_gpus_wanted == n;
}

/* Switching what is left of a node would hide that something is missing. */
static int check_present(const struct rocpart_change *c, struct rocpart_error *reterr)
{
	if (c->serves_rest && are_known_missing(c))
		return 0;
	if (c->lost.n)
		(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_GPU_LOST, c->lost.v[0],
				   "the file names GPU %s, which this machine does not have",
				   c->lost.v[0]);
	else if (c->n_gpus_wanted && c->snapshot->n_gpus != c->n_gpus_wanted)
		(void)rp_error_set(reterr, -ENODEV, ROCPART_ERR_GPU_LOST, NULL,
				   "the file says that the node has %zu GPUs, and it has %zu",
				   c->n_gpus_wanted, c->snapshot->n_gpus);
	else
		return 0;
	(void)rp_error_hint(reterr,
			    "look for the GPU in the kernel log (dmesg); a reboot may bring it "
			    "back; if it was removed, correct the file");
	return -ENODEV;
}

static int refuse_capture(const struct rocpart_machine *m, struct rocpart_error *reterr)
{
	char name[RP_WORD_SIZE];

	if (m->flavour != RP_MACHINE_SIM_MOUNTED)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture is read-only: its modes cannot be changed");
	(void)rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, m->sim_name,
			   "simulated machine '%s' is read-only below its mount point",
			   m->sim_name);
	return rp_error_hint(reterr,
			     "change it with `rocpart --sim %s ...`, or inside of `rocpart sim "
			     "exec %s`",
			     rp_shell_word(m->sim_name, name), name);
}

static int refuse_unseen(const struct rocpart_change *c, int r, struct rocpart_error *reterr)
{
	return rp_error_errno(reterr, r, c->machine->state_dir,
			      "cannot see whether an earlier change of this machine is unfinished");
}

/* An open journal is that of a change under way, or of one that was interrupted. */
static int check_unfinished(const struct rocpart_change *c, struct rocpart_error *reterr)
{
	char holder[RP_LOCK_HOLDER_SIZE] = "";
	struct rocpart_error why = {0};
	bool is_open = false;
	int r;

	if (c->is_resumed)
		return 0;
	r = rp_journal_look(c->machine, &is_open);
	if (r < 0 && !rp_record_is_damage(r))
		return refuse_unseen(c, r, reterr);
	if (r == 0 && !is_open)
		return 0;
	if (c->lock_fd < 0)
		rp_tree_lock_holder(c->machine->state, RP_MACHINE_LOCK, holder);
	if (*holder)
		return rp_change_refuse_locked(c, reterr);
	/* One that can be neither resumed nor undone names its own way out. */
	r = rp_change_check_journal(c->machine, &why);
	if (r == -ENOENT) /* another process has ended it meanwhile */
		return 0;
	if (r < 0 && !rp_record_is_damage(r) && r != -EPROTONOSUPPORT)
		return refuse_unseen(c, r, reterr);
	if (r < 0) {
		(void)rp_error_set(
			reterr, -EBUSY, ROCPART_ERR_UNFINISHED_CHANGE, c->machine->state_dir,
			"an earlier change of this machine is not finished, and %s", why.message);
		return rp_error_hint(reterr, "%s", why.hint);
	}
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_UNFINISHED_CHANGE, c->machine->state_dir,
			   "an earlier change of this machine is not finished");
	return rp_error_hint(reterr, "`rocpart apply --resume` finishes it, `rocpart undo` "
				     "reverts it");
}

int rp_change_check_hold(const struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r = c->unattended ? rocpart_machine_check_hold(c->machine, reterr) : 0;

	if (r < 0 && c->is_resumed)
		(void)rp_error_append(reterr, "; the change stays unfinished");
	return r;
}

int rp_change_check_targets(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r;

	if (rp_tree_kind(c->machine->tree) == RP_TREE_CAPTURE)
		return refuse_capture(c->machine, reterr);
	r = check_unfinished(c, reterr);
	if (r == 0 && rp_change_has_work(c, RP_FORWARD))
		r = rp_change_check_hold(c, reterr);
	if (r == 0)
		r = check_present(c, reterr);
	for (size_t i = 0; r == 0 && i < c->n_targets; i++)
		r = check_target(c, &c->targets[i], reterr);
	if (r == 0)
		r = rp_change_read_outage(c, reterr);
	if (r < 0)
		return r;
	rp_names_done(&c->lease_warnings);
	return rp_change_check_leases(c, reterr);
}

ROCPART_PUBLIC int rocpart_change_check(struct rocpart_change *change, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	int r = rp_change_check_targets(change, reterr ? reterr : &local);

	if (r < 0 && rp_tree_kind(change->machine->tree) != RP_TREE_CAPTURE)
		(void)rp_error_append(reterr, "; nothing was changed");
	if (rp_change_describe(change) < 0)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < change->lease_warnings.n; i++)
		if (rp_names_add(&change->warnings, change->lease_warnings.v[i]) < 0)
			return rp_error_nomem(reterr);
	return r;
}
