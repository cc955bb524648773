/* SPDX-License-Identifier: MIT */
/* GPUs that are recorded and not there, and what this did to the indices of the others. */
#include "views/missing.h"

#include "views/fields.h"
#include "views/snapshot.h"

/* ---- JSON ---- */

static struct rp_json *missing_json(const struct rocpart_missing_gpu *gpu)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "bdf", gpu->bdf);

	r |= rp_json_set(j, "product", view_text_or_null(gpu->product));
	r |= rp_json_set_string(j, "where", rocpart_missing_where_to_string(gpu->where));
	r |= rp_json_set_u64(j, "was_index", gpu->was_index);
	return view_finish(j, r);
}

/* How far the index of a GPU moved down; 0: not at all, or the GPU is not recorded. */
static size_t moved_by(const struct rocpart_gpu *gpu)
{
	unsigned was = 0;

	if (!gpu || rocpart_gpu_get_former_index(gpu, &was) < 0)
		return 0;
	return was - rocpart_gpu_get_index(gpu);
}

static struct rp_json *moved_json(const struct rocpart_gpu *gpu)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "bdf", rocpart_gpu_get_bdf(gpu));

	r |= rp_json_set_u64(j, "index", rocpart_gpu_get_index(gpu));
	r |= rp_json_set_u64(j, "was_index", rocpart_gpu_get_index(gpu) + moved_by(gpu));
	return view_finish(j, r);
}

int view_put_missing(struct rp_json *j, const struct rocpart_snapshot *s)
{
	struct rp_json *missing = rp_json_array(), *moved = rp_json_array();
	const struct rocpart_missing_gpu *gone;
	const struct rocpart_gpu *gpu;
	int r = 0;

	for (size_t i = 0; (gone = rocpart_snapshot_get_missing(s, i)); i++)
		r |= rp_json_append(missing, missing_json(gone));
	for (size_t i = 0; (gpu = rocpart_snapshot_get_gpu(s, i)); i++)
		if (moved_by(gpu))
			r |= rp_json_append(moved, moved_json(gpu));
	r |= rp_json_set(j, "missing_gpus", missing);
	r |= rp_json_set(j, "moved_gpus", moved);
	return r < 0 ? -ENOMEM : 0;
}

static struct rp_json *side_json(bool is_there, bool has_id, uint64_t id, const char *vbios)
{
	struct rp_json *j;
	char text[20];
	int r;

	if (!is_there)
		return rp_json_null();
	j = rp_json_object();
	(void)rp_fmt(text, sizeof(text), "%016llx", (unsigned long long)id);
	r = rp_json_set(j, "unique_id", view_text_or_null(has_id ? text : NULL));
	r |= rp_json_set(j, "vbios", view_text_or_null(*vbios ? vbios : NULL));
	return view_finish(j, r);
}

struct rp_json *view_accepted(struct view_machine about, const struct rocpart_accepted_gpu *a)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "bdf", a->bdf);

	r |= rp_json_set_bool(j, "changed", a->is_changed);
	r |= rp_json_set(j, "old",
			 side_json(a->was_recorded, a->has_old_id, a->old_id, a->old_vbios));
	r |= rp_json_set(j, "new",
			 side_json(a->is_present, a->has_new_id, a->new_id, a->new_vbios));
	return view_finish(j, r);
}

/* ---- text ---- */

/* "GPUs 3 to 6 were 4 to 7 before": GPUs in a row that moved alike share the words. */
static void say_moved(const struct rocpart_snapshot *s, struct rp_strbuf *ret)
{
	const char *before = "; ";
	const struct rocpart_gpu *gpu;

	for (size_t i = 0; (gpu = rocpart_snapshot_get_gpu(s, i)); i++) {
		size_t by = moved_by(gpu), last = i;

		if (!by)
			continue;
		while (moved_by(rocpart_snapshot_get_gpu(s, last + 1)) == by)
			last++;
		if (last == i)
			rp_strbuf_addf(ret, "%sGPU %zu was %zu", before, i, i + by);
		else
			rp_strbuf_addf(ret, "%sGPUs %zu to %zu were %zu to %zu", before, i, last,
				       i + by, last + by);
		before = ", ";
		i = last;
	}
	if (*before == ',')
		rp_strbuf_add(ret, " before");
}

void view_missing_text(const struct rocpart_snapshot *s, struct rp_strbuf *ret)
{
	const struct rocpart_missing_gpu *gpu;

	for (size_t i = 0; (gpu = rocpart_snapshot_get_missing(s, i)); i++) {
		rp_strbuf_addf(ret, "GPU %s (%s) is missing: %s", gpu->bdf,
			       gpu->product ? gpu->product : "unknown product",
			       rocpart_missing_where_describe(gpu->where));
		if (!rocpart_snapshot_get_missing(s, i + 1))
			say_moved(s, ret);
		rp_strbuf_add_char(ret, '\n');
	}
}
