/* SPDX-License-Identifier: MIT */
#include "views/handout.h"

#include "views/fields.h"
#include "views/leases.h"

static struct rp_json *variables_json(const struct rocpart_handout *h, enum rocpart_view view)
{
	struct rp_json *j = rp_json_object();
	const char *name, *value;
	int r = 0;

	for (size_t i = 0; r == 0 && rocpart_handout_get_variable(h, view, i, &name, &value) == 0;
	     i++)
		r = rp_json_set_string(j, name, value);
	return view_finish(j, r);
}

static struct rp_json *devices_json(const struct rocpart_handout *h)
{
	struct rp_json *list = rp_json_array();
	const char *path;
	int r = 0;

	for (size_t i = 0; r == 0 && (path = rocpart_handout_get_device(h, i)); i++)
		r = rp_json_append(list, rp_json_string(path));
	return view_finish(list, r);
}

static struct rp_json *groups_json(const struct rocpart_handout *h)
{
	struct rp_json *list = rp_json_array();
	uint32_t gid;
	int r = 0;

	for (size_t i = 0; r == 0 && rocpart_handout_get_group(h, i, &gid) == 0; i++)
		r = rp_json_append(list, rp_json_u64(gid));
	return view_finish(list, r);
}

static struct rp_json *leases_json(const struct rocpart_handout *h)
{
	struct rp_json *list = rp_json_array();
	const char *name;
	int r = 0;

	for (size_t i = 0; r == 0 && (name = rocpart_handout_get_lease(h, i)); i++)
		r = rp_json_append(list, rp_json_string(name));
	return view_finish(list, r);
}

static struct rp_json *partitions_json(const struct rocpart_handout *h)
{
	struct rp_json *list = rp_json_array();
	const struct rocpart_partition *p;
	int r = 0;

	for (size_t i = 0; r == 0 && (p = rocpart_handout_get_partition(h, i)); i++) {
		RP_AUTO_FREE char *name =
			rp_strdupf("%s/%u", rocpart_gpu_get_bdf(rocpart_partition_get_gpu(p)),
				   rocpart_partition_get_id(p));

		r = rp_json_append(list, name ? rp_json_string(name) : NULL);
	}
	return view_finish(list, r);
}

struct rp_json *view_args(struct view_machine about, const struct rocpart_handout *h,
			  enum rocpart_handout_form form, char *const *words)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set(j, "partitions", partitions_json(h));

	if (words)
		r |= rp_json_set(j, "args", view_words_json(words));
	r |= rp_json_set(j, "env", variables_json(h, rocpart_handout_get_view(h, form)));
	r |= rp_json_set(j, "devices", devices_json(h));
	r |= rp_json_set(j, "groups", groups_json(h));
	r |= rp_json_set(j, "leases", leases_json(h));
	return view_finish(j, r);
}

struct rp_json *view_run(struct view_machine about, const struct rocpart_run *run,
			 const struct rocpart_leases *leases, uint32_t uid)
{
	struct rp_json *j = view_document(about), *missing = rp_json_array();
	const char *line;
	int r = rp_json_set_u64(j, "pid", rocpart_run_get_pid(run));

	r |= rp_json_set_u64(j, "uid", uid);
	for (size_t i = 0; (line = rocpart_run_get_missing(run, i)); i++)
		r |= rp_json_append(missing, rp_json_string(line));
	r |= rp_json_set(j, "missing", missing);
	r |= rp_json_set(j, "leases", leases ? view_leases_json(leases) : rp_json_array());
	return view_finish(j, r);
}
