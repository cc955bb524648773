/* SPDX-License-Identifier: MIT */
/* What a change would do, in the words of `--dry-run`. */
#include <stdarg.h>

#include "base/strbuf.h"
#include "change/change.h"
#include "machine/records.h"
#include "modes/modes.h"

static int add(struct rp_names *list, const char *fmt, ...) RP_PRINTF(2, 3);

static int add(struct rp_names *list, const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	rp_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	return rp_strbuf_failed(&text) ? -ENOMEM : rp_names_add(list, rp_strbuf_str(&text));
}

static uint64_t smallest(const uint64_t bytes[8])
{
	uint64_t min = bytes[0];

	for (size_t i = 1; i < 8 && bytes[i]; i++)
		min = bytes[i] < min ? bytes[i] : min;
	return min;
}

static void describe_gpu(struct rocpart_change *c, const struct rp_target *t,
			 const struct rocpart_gpu *gpu)
{
	struct rocpart_change_gpu *g = &c->gpus[c->n_gpus++];
	struct rocpart_pair pair;

	rp_pair_fill(gpu, t->to.compute, t->to.memory, &pair);
	*g = (struct rocpart_change_gpu){.index = gpu->index,
					 .bdf = t->bdf,
					 .from_compute = gpu->compute,
					 .from_memory = gpu->memory,
					 .to_compute = t->to.compute,
					 .to_memory = t->to.memory,
					 .n_partitions_before = (unsigned)gpu->n_partitions,
					 .n_partitions_after = pair.n_expected,
					 .partition_bytes = smallest(pair.memory_bytes),
					 .domain_bytes = smallest(pair.domain_bytes)};
	if (pair.state != ROCPART_PAIR_NEVER && pair.n_expected < pair.n_partitions)
		(void)add(&c->warnings, "GPU %zu (%s) will have %u of %u partitions: %s",
			  gpu->index, gpu->bdf, pair.n_expected, pair.n_partitions, pair.reason);
}

static int warn_of_reload(struct rocpart_change *c)
{
	RP_AUTO_STRBUF struct rp_strbuf outage = RP_STRBUF_INIT;
	int r;

	if (c->reload == ROCPART_RELOAD_NEVER)
		return add(&c->warnings,
			   "--reload never: the memory mode is only requested; it takes "
			   "effect when the driver is reloaded");
	if (rp_change_outage_text(c, &outage) < 0)
		return -ENOMEM;
	r = add(&c->warnings,
		"all GPUs of this machine are unavailable while the driver reloads (%s); KFD "
		"nodes, gpu ids and ROCR indices change",
		rp_strbuf_str(&outage));
	if (r == 0)
		r = add(&c->warnings,
			"a requested memory mode cannot be withdrawn before the driver is "
			"reloaded");
	return r;
}

static int warn_of_indices(struct rocpart_change *c)
{
	return add(&c->warnings,
		   "the partitions of a switched GPU move to the end of the KFD order, so "
		   "the ROCR indices of other GPUs change too");
}

static int differ_modes(struct rocpart_change *c, const struct rp_target *t,
			const struct rocpart_gpu *gpu)
{
	if (t->to.compute == gpu->compute && t->to.memory == gpu->memory)
		return 0;
	return add(&c->differences, "GPU %zu (%s) is in %s/%s instead of %s/%s", gpu->index,
		   gpu->bdf, rocpart_compute_mode_to_string(gpu->compute),
		   rocpart_memory_mode_to_string(gpu->memory),
		   rocpart_compute_mode_to_string(t->to.compute),
		   rocpart_memory_mode_to_string(t->to.memory));
}

static int differ_gpu(struct rocpart_change *c, const struct rp_target *t,
		      const struct rocpart_gpu *gpu)
{
	struct rocpart_pair pair;
	int r = differ_modes(c, t, gpu);

	rp_pair_fill(gpu, gpu->compute, gpu->memory, &pair);
	if (r == 0 && gpu->degraded & 1U << RP_DEGRADED_GPU_REPLACED)
		r = add(&c->differences, "GPU %zu (%s) was replaced by another GPU", gpu->index,
			gpu->bdf);
	if (r == 0 && gpu->n_partitions < pair.n_expected)
		r = add(&c->differences, "GPU %zu (%s) shows %zu of %u partitions", gpu->index,
			gpu->bdf, gpu->n_partitions, pair.n_expected);
	if (r == 0 && gpu->pending_memory != ROCPART_MEMORY_UNKNOWN)
		r = add(&c->differences, "GPU %zu (%s) gets %s only when the driver is reloaded",
			gpu->index, gpu->bdf, rocpart_memory_mode_to_string(gpu->pending_memory));
	return r;
}

/* The file names it, and it is not there. */
static bool is_lost(const struct rocpart_change *c, const char *bdf)
{
	for (size_t i = 0; i < c->lost.n; i++)
		if (rp_str_eq_nocase(c->lost.v[i], bdf))
			return true;
	return false;
}

/* What a file says besides modes. A record that cannot be read is no difference that is known. */
static int differ_records(struct rocpart_change *c)
{
	const char *recorded = NULL;
	int found = *c->allocator ? rp_records_get_allocator(c->machine, &recorded) : 0, r = 0;

	if (found == -ENOENT)
		r = add(&c->differences, "no allocator is recorded instead of %s", c->allocator);
	else if (recorded && !rp_str_eq(recorded, c->allocator))
		r = add(&c->differences, "%s is recorded as the allocator instead of %s", recorded,
			c->allocator);
	for (size_t i = 0; r == 0 && i < c->cordons.n; i++) {
		const struct rocpart_gpu *gpu =
			rp_snapshot_gpu_by_bdf(c->snapshot, c->cordons.v[i]);

		if (gpu && rp_change_lacks_cordon(c, i))
			r = add(&c->differences, "GPU %zu (%s) is not cordoned", gpu->index,
				gpu->bdf);
	}
	return r;
}

/* What differs from the request, whether a change could correct it or not. */
static int describe_differences(struct rocpart_change *c)
{
	int r = 0;

	rp_names_done(&c->differences);
	for (size_t i = 0; r == 0 && i < c->lost.n; i++)
		r = add(&c->differences, "GPU %s is missing", c->lost.v[i]);
	for (size_t i = 0; r == 0 && i < c->snapshot->n_missing; i++) {
		const struct rocpart_missing_gpu *gpu = &c->snapshot->missing[i];

		if (!is_lost(c, gpu->bdf))
			r = add(&c->differences, "GPU %s is missing: %s", gpu->bdf,
				rocpart_missing_where_describe(gpu->where));
	}
	if (r == 0 && c->n_gpus_wanted && c->snapshot->n_gpus != c->n_gpus_wanted)
		r = add(&c->differences, "the node has %zu GPUs instead of %zu",
			c->snapshot->n_gpus, c->n_gpus_wanted);
	for (size_t i = 0; r == 0 && i < c->n_targets; i++) {
		const struct rp_target *t = &c->targets[i];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);

		if (gpu && t->is_named)
			r = differ_gpu(c, t, gpu);
	}
	for (size_t i = 0; r == 0 && c->spares_odd && i < c->snapshot->n_gpus; i++) {
		const struct rocpart_gpu *gpu = &c->snapshot->gpus[i];

		if (rp_gpu_is_odd(gpu))
			r = add(&c->differences, "of GPU %zu (%s) the state is not known: %s",
				gpu->index, gpu->bdf, gpu->reason);
	}
	return r < 0 ? r : differ_records(c);
}

int rp_change_describe(struct rocpart_change *c)
{
	int r = 0;

	rp_names_done(&c->warnings);
	free(c->gpus);
	c->n_gpus = 0;
	c->needs_reload = false;
	c->gpus = rp_new0(struct rocpart_change_gpu, c->n_targets);
	if (!c->gpus)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rp_target *t = &c->targets[i];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);

		if (!gpu || (t->to.compute == gpu->compute && t->to.memory == gpu->memory))
			continue;
		describe_gpu(c, t, gpu);
		c->needs_reload |= t->to.memory != gpu->memory;
	}
	for (size_t i = 0; r == 0 && c->spares_odd && i < c->snapshot->n_gpus; i++) {
		const struct rocpart_gpu *gpu = &c->snapshot->gpus[i];

		if (rp_gpu_is_odd(gpu))
			r = add(&c->warnings, "GPU %zu (%s) is left as it is: %s", gpu->index,
				gpu->bdf, gpu->reason);
	}
	if (r == 0 && c->needs_reload)
		r = warn_of_reload(c);
	else if (r == 0 && c->n_gpus)
		r = warn_of_indices(c);
	if (r == 0)
		r = rp_change_list_steps(c, RP_FORWARD,
					 c->is_resumed ? RP_RUN_RESUMED : RP_RUN_FRESH);
	return r < 0 ? r : describe_differences(c);
}
