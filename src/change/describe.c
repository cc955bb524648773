/* SPDX-License-Identifier: MIT */
/* What a change would do, in the words of `--dry-run`. */
#include <stdarg.h>

#include "base/strbuf.h"
#include "change/change.h"
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

static int describe_hold(struct rocpart_change *c)
{
	const struct rp_services *s = &c->services;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_hooks; i++)
		if (!s->hooks[i].is_after)
			r = add(&c->steps, "run %s", s->hooks[i].argv.v[0]);
	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = add(&c->steps, "stop %s %s if it runs", rp_service_kind_text(s->v[i].kind),
			s->v[i].name);
	return r;
}

static int describe_release(struct rocpart_change *c)
{
	const struct rp_services *s = &c->services;
	int r = s->n ? add(&c->steps, "start again what was stopped, in every outcome") : 0;

	for (size_t i = 0; r == 0 && i < s->n_hooks; i++)
		if (s->hooks[i].is_after)
			r = add(&c->steps, "run %s", s->hooks[i].argv.v[0]);
	return r;
}

static int describe_reload(struct rocpart_change *c, size_t n_memory,
			   enum rocpart_memory_mode memory)
{
	int r = add(&c->steps, "wait until no process holds a GPU of this machine");

	if (r == 0)
		r = add(&c->steps, "prove that the amdgpu driver can be unloaded");
	if (r == 0)
		r = add(&c->steps, "save power cap, performance level and isolation");
	if (r == 0)
		r = add(&c->steps, "request %s of %zu GPUs", rocpart_memory_mode_to_string(memory),
			n_memory);
	if (r < 0 || c->reload == ROCPART_RELOAD_NEVER)
		return r < 0 ? r
			     : add(&c->warnings, "the memory mode stays pending until the driver "
						 "is reloaded (--reload never)");
	r = add(&c->steps, "unload the amdgpu driver");
	if (r == 0)
		r = add(&c->steps, "load the amdgpu driver");
	if (r == 0)
		r = add(&c->steps, "bring back power cap, performance level and isolation");
	if (r == 0)
		r = add(&c->warnings, "every GPU of this machine is away while the driver reloads "
				      "(up to some minutes); KFD nodes, gpu ids and ROCR indices "
				      "are dealt anew");
	if (r == 0)
		r = add(&c->warnings, "once requested, a memory mode cannot be taken back before "
				      "the reload");
	return r;
}

static int describe_compute(struct rocpart_change *c)
{
	bool after_reload = c->needs_reload;
	int r = 0;

	if (c->needs_reload && c->reload == ROCPART_RELOAD_NEVER)
		return 0;
	for (size_t i = 0; i < c->n_gpus && r == 0; i++)
		if (!after_reload && c->gpus[i].to_compute != c->gpus[i].from_compute)
			r = add(&c->steps, "set GPU %zu (%s) to %s", c->gpus[i].index,
				c->gpus[i].bdf,
				rocpart_compute_mode_to_string(c->gpus[i].to_compute));
	if (r == 0 && after_reload)
		r = add(&c->steps, "set the compute mode of every GPU that the driver started in "
				   "another one");
	if (r == 0)
		r = add(&c->steps, "read everything back");
	if (r == 0 && !after_reload)
		r = add(&c->warnings, "the partitions of a switched GPU move to the end of the KFD "
				      "order: ROCR indices of other GPUs change too");
	return r;
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
	if (r == 0 && gpu->n_partitions < pair.n_expected)
		r = add(&c->differences, "GPU %zu (%s) shows %zu of %u partitions", gpu->index,
			gpu->bdf, gpu->n_partitions, pair.n_expected);
	if (r == 0 && gpu->pending_memory != ROCPART_MEMORY_UNKNOWN)
		r = add(&c->differences, "%s is requested of GPU %zu (%s) and waits for a reload",
			rocpart_memory_mode_to_string(gpu->pending_memory), gpu->index, gpu->bdf);
	return r;
}

/* What is not as wished, whether a change could mend it or not. */
static int describe_differences(struct rocpart_change *c)
{
	int r = 0;

	rp_names_done(&c->differences);
	for (size_t i = 0; r == 0 && i < c->lost.n; i++)
		r = add(&c->differences, "GPU %s is not here", c->lost.v[i]);
	if (r == 0 && c->n_gpus_wanted && c->snapshot->n_gpus != c->n_gpus_wanted)
		r = add(&c->differences, "%zu GPUs are here instead of %zu", c->snapshot->n_gpus,
			c->n_gpus_wanted);
	for (size_t i = 0; r == 0 && i < c->n_targets; i++) {
		const struct rp_target *t = &c->targets[i];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);

		if (gpu && t->is_named)
			r = differ_gpu(c, t, gpu);
	}
	return r;
}

int rp_change_describe(struct rocpart_change *c)
{
	enum rocpart_memory_mode memory = ROCPART_MEMORY_UNKNOWN;
	size_t n_memory = 0;
	int r = 0;

	rp_names_done(&c->steps);
	rp_names_done(&c->warnings);
	free(c->gpus);
	c->n_gpus = 0;
	c->gpus = rp_new0(struct rocpart_change_gpu, c->n_targets);
	if (!c->gpus)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_targets; i++) {
		const struct rp_target *t = &c->targets[i];
		const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(c->snapshot, t->bdf);

		if (!gpu || (t->to.compute == gpu->compute && t->to.memory == gpu->memory))
			continue;
		describe_gpu(c, t, gpu);
		if (t->to.memory == gpu->memory)
			continue;
		memory = t->to.memory;
		n_memory++;
	}
	c->needs_reload = n_memory > 0;
	if (c->n_gpus)
		r = describe_hold(c);
	if (r == 0 && n_memory)
		r = describe_reload(c, n_memory, memory);
	if (r == 0 && c->n_gpus)
		r = describe_compute(c);
	if (r == 0 && c->n_gpus)
		r = describe_release(c);
	c->n_steps = (unsigned)c->steps.n;
	return r < 0 ? r : describe_differences(c);
}
