/* SPDX-License-Identifier: MIT */
#include "views/change.h"

static struct rp_json *holder_gpus_json(const struct rocpart_holder *h)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	for (unsigned g = 0; g < 64; g++)
		if (h->gpus >> g & 1)
			r |= rp_json_append(list, rp_json_u64(g));
	return view_finish(list, r);
}

static struct rp_json *holder_json(const struct rocpart_holder *h, const char *advice)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_u64(j, "pid", h->pid);

	r |= rp_json_set_string(j, "command", h->command);
	r |= rp_json_set_string(j, "unit", *h->unit ? h->unit : NULL);
	r |= rp_json_set_string(j, "container", *h->container ? h->container : NULL);
	r |= rp_json_set_string(j, "job", *h->job ? h->job : NULL);
	r |= rp_json_set_string(j, "devices", h->devices);
	r |= rp_json_set(j, "gpus", holder_gpus_json(h));
	r |= rp_json_set_u64(j, "memory_used_bytes", h->memory_used_bytes);
	r |= rp_json_set_string(j, "advice", advice);
	return view_finish(j, r);
}

static struct rp_json *holders_json(const struct rocpart_holders *holders)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_holder *h;
	int r = 0;

	for (size_t i = 0; r == 0 && holders && (h = rocpart_holders_get(holders, i)); i++)
		r = rp_json_append(list, holder_json(h, rocpart_holders_get_advice(holders, i)));
	return view_finish(list, r);
}

struct rp_json *view_holders(struct view_machine about, const struct rocpart_holders *holders)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set(j, "holders", holders_json(holders));

	r |= rp_json_set_bool(j, "complete", rocpart_holders_is_complete(holders));
	return view_finish(j, r);
}

/* ---- changes ---- */

static struct rp_json *pair_json(enum rocpart_compute_mode c, enum rocpart_memory_mode m)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "compute_mode", rocpart_compute_mode_to_string(c));

	r |= rp_json_set_string(j, "memory_mode", m ? rocpart_memory_mode_to_string(m) : NULL);
	return view_finish(j, r);
}

static struct rp_json *gpu_json(const struct rocpart_change_gpu *g)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_u64(j, "index", g->index);

	r |= rp_json_set_string(j, "bdf", g->bdf);
	r |= rp_json_set(j, "from", pair_json(g->from_compute, g->from_memory));
	r |= rp_json_set(j, "to", pair_json(g->to_compute, g->to_memory));
	r |= rp_json_set_u64(j, "partitions_before", g->n_partitions_before);
	r |= rp_json_set_u64(j, "partitions_after", g->n_partitions_after);
	r |= rp_json_set_u64(j, "memory_bytes", g->partition_bytes);
	r |= rp_json_set_u64(j, "memory_domain_bytes", g->domain_bytes);
	return view_finish(j, r);
}

struct rp_json *view_change_gpus(const struct rocpart_change *change)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_change_gpu *g;
	int r = 0;

	for (size_t i = 0; r == 0 && (g = rocpart_change_get_gpu(change, i)); i++)
		r = rp_json_append(list, gpu_json(g));
	return view_finish(list, r);
}

static struct rp_json *texts_json(const struct rocpart_change *change,
				  const char *(*get)(const struct rocpart_change *change,
						     size_t index))
{
	struct rp_json *list = rp_json_array();
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && (text = get(change, i)); i++)
		r = rp_json_append(list, rp_json_string(text));
	return view_finish(list, r);
}

struct rp_json *view_change(struct view_machine about, const struct rocpart_change *change,
			    const struct rocpart_holders *holders, const char *result)
{
	struct rp_json *j = view_result(about, result);
	int r = rp_json_set_bool(j, "needs_reload", rocpart_change_needs_reload(change));

	r |= rp_json_set(j, "gpus", view_change_gpus(change));
	r |= rp_json_set(j, "steps", texts_json(change, rocpart_change_get_step));
	r |= rp_json_set(j, "warnings", texts_json(change, rocpart_change_get_warning));
	r |= rp_json_set(j, "holders", holders_json(holders));
	return view_finish(j, r);
}

/* ---- files ---- */

struct rp_json *view_export(struct view_machine about, const char *file)
{
	struct rp_json *j = view_document(about);

	return view_finish(j, rp_json_set_string(j, "file", file));
}
