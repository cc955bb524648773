/* SPDX-License-Identifier: MIT */
/* The present state as a file of what the node should be. */
#include "node/snapshot.h"

static bool has_modes(const struct rocpart_gpu *gpu)
{
	return gpu->compute != ROCPART_COMPUTE_UNKNOWN && !rp_gpu_is_odd(gpu);
}

/* "all" would name a GPU of which something is not known, too. */
static bool has_odd(const struct rocpart_snapshot *s)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (rp_gpu_is_odd(&s->gpus[i]))
			return true;
	return false;
}

static const struct rocpart_gpu *first_with_modes(const struct rocpart_snapshot *s)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (has_modes(&s->gpus[i]))
			return &s->gpus[i];
	return NULL;
}

static bool is_memory_alike(const struct rocpart_snapshot *s, enum rocpart_memory_mode memory)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (has_modes(&s->gpus[i]) && s->gpus[i].memory != memory)
			return false;
	return true;
}

static bool is_compute_alike(const struct rocpart_snapshot *s, enum rocpart_compute_mode compute)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (has_modes(&s->gpus[i]) && s->gpus[i].compute != compute)
			return false;
	return true;
}

static void write_node(const struct rocpart_snapshot *s, struct rp_strbuf *out)
{
	const struct rocpart_gpu *first = first_with_modes(s);

	rp_strbuf_addf(out, "node:\n  count: %zu\n", s->n_gpus);
	if (first && first->memory != ROCPART_MEMORY_UNKNOWN)
		rp_strbuf_addf(out, "  memory: %s\n", rocpart_memory_mode_to_string(first->memory));
	if (first && !has_odd(s) && is_compute_alike(s, first->compute)) {
		rp_strbuf_addf(out, "  gpus: {all: %s}\n",
			       rocpart_compute_mode_to_string(first->compute));
		return;
	}
	if (first)
		rp_strbuf_add(out, "  gpus:\n");
	for (size_t i = 0; i < s->n_gpus; i++)
		if (has_modes(&s->gpus[i]))
			rp_strbuf_addf(out, "    \"%s\": %s\n", s->gpus[i].bdf,
				       rocpart_compute_mode_to_string(s->gpus[i].compute));
}

/* node.memory is one word; GPUs of different memory modes need the longer form. */
static void write_configs(const struct rocpart_snapshot *s, struct rp_strbuf *out)
{
	rp_strbuf_add(out, "partition-configs:\n  present:\n");
	for (size_t i = 0; i < s->n_gpus; i++) {
		const struct rocpart_gpu *gpu = &s->gpus[i];

		if (!has_modes(gpu))
			continue;
		rp_strbuf_addf(out, "    - {devices: [\"%s\"], compute: %s", gpu->bdf,
			       rocpart_compute_mode_to_string(gpu->compute));
		if (gpu->memory != ROCPART_MEMORY_UNKNOWN)
			rp_strbuf_addf(out, ", memory: %s",
				       rocpart_memory_mode_to_string(gpu->memory));
		rp_strbuf_add(out, "}\n");
	}
}

ROCPART_PUBLIC int rocpart_snapshot_export(const struct rocpart_snapshot *snapshot, char **ret_text,
					   struct rocpart_error *reterr)
{
	const struct rocpart_gpu *first = first_with_modes(snapshot);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char *s;

	if (snapshot->n_gpus == 0)
		return rp_error_set(reterr, -ENODEV, ROCPART_ERR_NO_HARDWARE, NULL,
				    "no GPU with a loaded amdgpu driver was found");
	rp_strbuf_add(&text, "version: v1\n");
	if (!first || is_memory_alike(snapshot, first->memory))
		write_node(snapshot, &text);
	else
		write_configs(snapshot, &text);
	s = rp_strbuf_steal(&text);
	if (!s)
		return rp_error_nomem(reterr);
	*ret_text = s;
	return 0;
}
