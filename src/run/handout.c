/* SPDX-License-Identifier: MIT */
/* Handing out: the snapshot, the leases and the device nodes become the values of handout/. */
#include "run/handout.h"
#include "base/num.h"
#include "hw/device_list.h"
#include "hw/hw.h"

/* A lease whose place is not what it was may not have it: see its problem. */
static int lease_partition(const struct rocpart_snapshot *s, const struct rocpart_lease *l,
			   const struct rocpart_partition **ret, struct rocpart_error *reterr)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(s, l->bdf);
	bool is_lost = l->state == ROCPART_LEASE_DISPLACED && *l->problem;

	*ret = gpu && !is_lost ? rp_gpu_partition_by_id(gpu, l->partition) : NULL;
	if (*ret)
		return 0;
	(void)rp_error_set(reterr, -EPERM, ROCPART_ERR_NO_ROOM, l->name,
			   "lease %llu has no partition now%s%s", (unsigned long long)l->id,
			   *l->problem ? ": " : "", l->problem);
	return rp_error_hint(reterr,
			     "if the lease waits, `rocpart place --pending`; otherwise `rocpart "
			     "release %llu`, then place it again",
			     (unsigned long long)l->id);
}

static int find_named(const struct rocpart_snapshot *s, const struct rocpart_leases *leases,
		      const char *name, struct rp_named *ret, struct rocpart_error *reterr)
{
	int r;

	if (!rp_lease_is_word(name))
		return rocpart_snapshot_find_partition(s, name, &ret->part, reterr);
	r = rocpart_leases_find(leases, name, &ret->lease, reterr);
	return r < 0 ? r : lease_partition(s, ret->lease, &ret->part, reterr);
}

static int add_part(struct rp_handout *h, const char *name, const struct rocpart_partition *part,
		    struct rocpart_error *reterr)
{
	int r;

	if (!part->render_minor)
		return rp_error_set(reterr, -ENODEV, ROCPART_ERR_FAILED, name,
				    "partition %zu/%u has no render node, so no program can use it",
				    part->gpu->index, part->id);
	if (part->is_visible && !part->rocr_index.known) {
		(void)rp_error_set(reterr, -EIO, ROCPART_ERR_FAILED, name,
				   "the ROCR index of partition %zu/%u is not known, because a KFD "
				   "node before it cannot be read",
				   part->gpu->index, part->id);
		return rp_error_hint(reterr, "`rocpart status` names the node; `rocpart cdi "
					     "generate` needs no index");
	}
	if (!part->rocr_index.known)
		return rp_error_set(reterr, -ENODEV, ROCPART_ERR_PERMISSION, name,
				    "partition %zu/%u is not visible from here: /dev/dri/renderD%u "
				    "does not exist, or the device cgroup hides it",
				    part->gpu->index, part->id, part->render_minor);
	r = rp_handout_add_part(h, part);
	if (r == -EEXIST)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, name,
				    "partition %zu/%u is named twice", part->gpu->index, part->id);
	return r < 0 ? rp_error_nomem(reterr) : 0;
}

/*
 * The group counts where it has rights that others lack (ABI study D.4). What a capture does not
 * tell of its nodes is not asked of this computer.
 */
static int add_device(struct rp_handout *h, struct rp_tree *t, const char *path, bool is_optional,
		      struct rocpart_error *reterr)
{
	struct rp_stat st = {0};
	int r = rp_hw_stat_device(t, &st, path + 1);

	if (rp_is_absent(r) && is_optional)
		return 0;
	if (r < 0 && r != -ENODATA) {
		(void)rp_error_set(reterr, rp_is_absent(r) ? -ENODEV : r, ROCPART_ERR_FAILED, path,
				   "cannot use %s: %s", path, rocpart_strerror(r));
		return rp_error_hint(reterr, "`rocpart doctor` says what is missing");
	}
	if (rp_handout_add_device(h, path) < 0)
		return rp_error_nomem(reterr);
	if (r < 0 || !st.gid || (st.mode & 06) == 06 || (st.mode & 060) != 060)
		return 0;
	return rp_handout_add_group(h, st.gid) < 0 ? rp_error_nomem(reterr) : 0;
}

/* -ENOENT: the partition has none. */
static int find_card(struct rp_tree *t, const struct rocpart_partition *p, uint64_t *ret,
		     struct rocpart_error *reterr)
{
	int r = rp_hw_find_card(t, p->render_minor, ret);

	return r < 0 && r != -ENOENT
		       ? rp_error_errno(reterr, r, p->gpu->bdf,
					"cannot look for the card of renderD%u", p->render_minor)
		       : r;
}

static int add_devices(struct rp_handout *h, struct rp_tree *t, struct rocpart_error *reterr)
{
	char path[48];
	int r = add_device(h, t, "/dev/kfd", false, reterr);

	for (size_t i = 0; r == 0 && i < h->n_parts; i++) {
		const struct rocpart_partition *p = h->parts[i];
		uint64_t card = p->card_minor.v;

		(void)rp_fmt(path, sizeof(path), "/dev/dri/renderD%u", p->render_minor);
		r = add_device(h, t, path, false, reterr);
		/* the cards of other partitions were not asked for */
		if (r == 0 && !p->card_minor.known)
			r = find_card(t, p, &card, reterr);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		(void)rp_fmt(path, sizeof(path), "/dev/dri/card%llu", (unsigned long long)card);
		if (r == 0)
			r = add_device(h, t, path, true, reterr);
	}
	return r;
}

int rp_handout_gather(struct rp_handout *h, struct rocpart_machine *m, struct rocpart_error *reterr)
{
	int r = add_devices(h, m->tree, reterr);

	if (r < 0 || !rp_machine_is_simulated(m))
		return r;
	h->sim_name = strdup(m->sim_name);
	return h->sim_name ? 0 : rp_error_nomem(reterr);
}

static int make_variables(struct rocpart_handout *h)
{
	static const enum rocpart_view views[] = {ROCPART_VIEW_HOST, ROCPART_VIEW_OWN};

	for (size_t i = 0; i < RP_ARRAY_LEN(views); i++) {
		rp_variables_done(&h->variables[views[i]]);
		if (rp_handout_variables(&h->values, views[i], &h->variables[views[i]]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Nodes and indices are those of the kernel, whichever back end is chosen; records do not matter.
 */
static int observe(struct rocpart_machine *m, struct rocpart_snapshot **ret,
		   struct rocpart_error *reterr)
{
	RP_AUTO_SCAN struct rp_scan scan = {0};
	int r = rp_hw_scan_without_cards(m->tree, &scan, reterr);

	return r < 0 ? r : rp_snapshot_new(&scan, NULL, 0, ret, reterr);
}

/* Leases and partitions of one picture of the machine. */
static int look(struct rocpart_machine *m, const char *const *names, size_t n,
		struct rocpart_leases **ret_leases, struct rocpart_snapshot **ret,
		struct rocpart_error *reterr)
{
	bool has_lease = false;
	int r;

	for (size_t i = 0; i < n; i++)
		has_lease |= rp_lease_is_word(names[i]);
	if (!has_lease)
		return observe(m, ret, reterr);
	r = rocpart_leases_new(m, ret_leases, reterr);
	if (r == 0)
		*ret = rocpart_snapshot_ref(rp_leases_snapshot(*ret_leases));
	return r;
}

static int add_lease(struct rocpart_handout *h, const struct rocpart_lease *l,
		     struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *name = rp_strdupf("%s/%u", l->name, l->replica);

	return name && rp_names_add(&h->leases, name) == 0 ? 0 : rp_error_nomem(reterr);
}

static int take_named(struct rocpart_handout *h, const struct rocpart_leases *leases,
		      const char *const *names, size_t n, struct rocpart_error *reterr)
{
	RP_AUTO_FREE struct rp_named *named = rp_new0(struct rp_named, n);
	int r = named ? 0 : rp_error_nomem(reterr);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = find_named(h->snapshot, leases, names[i], &named[i], reterr);
		if (r == 0)
			r = add_part(&h->values, names[i], named[i].part, reterr);
		if (r == 0 && named[i].lease)
			r = add_lease(h, named[i].lease, reterr);
	}
	if (r == 0 && leases && rp_handout_read_engine(h, named, n) < 0)
		r = rp_error_nomem(reterr);
	return r;
}

static int gather(struct rocpart_machine *m, const char *const *names, size_t n,
		  struct rocpart_handout *h, struct rocpart_error *reterr)
{
	struct rocpart_leases *leases = NULL;
	int r = h->snapshot ? 0 : look(m, names, n, &leases, &h->snapshot, reterr);

	if (r == 0)
		r = take_named(h, leases, names, n, reterr);
	rocpart_leases_free(leases);
	if (r == 0)
		r = rp_handout_gather(&h->values, m, reterr);
	if (r == 0 && make_variables(h) < 0)
		r = rp_error_nomem(reterr);
	return r;
}

int rp_handout_new_of(struct rocpart_machine *machine, struct rocpart_snapshot *snapshot,
		      const char *const *names, size_t n_names,
		      struct rocpart_handout **ret_handout, struct rocpart_error *reterr)
{
	struct rocpart_handout *h;
	int r;

	if (!n_names)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "no lease and no partition given");
	h = rp_new0(struct rocpart_handout, 1);
	if (h && snapshot)
		h->snapshot = rocpart_snapshot_ref(snapshot);
	r = h ? gather(machine, names, n_names, h, reterr) : rp_error_nomem(reterr);
	if (r < 0) {
		rocpart_handout_free(h);
		return r;
	}
	*ret_handout = h;
	return 0;
}

ROCPART_PUBLIC int rocpart_handout_new(struct rocpart_machine *machine, const char *const *names,
				       size_t n_names, struct rocpart_handout **ret_handout,
				       struct rocpart_error *reterr)
{
	return rp_handout_new_of(machine, NULL, names, n_names, ret_handout, reterr);
}

ROCPART_PUBLIC struct rocpart_handout *rocpart_handout_free(struct rocpart_handout *handout)
{
	if (!handout)
		return NULL;
	for (size_t i = 0; i < RP_ARRAY_LEN(handout->variables); i++)
		rp_variables_done(&handout->variables[i]);
	rp_handout_done(&handout->values);
	rp_json_free(handout->footprint);
	rp_names_done(&handout->leases);
	rocpart_snapshot_unref(handout->snapshot);
	free(handout);
	return NULL;
}

ROCPART_PUBLIC int rocpart_handout_set_filter(struct rocpart_handout *handout,
					      enum rocpart_filter filter,
					      struct rocpart_error *reterr)
{
	if (filter < ROCPART_FILTER_AUTO || filter > ROCPART_FILTER_HIP)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "filter %d does not exist", (int)filter);
	handout->values.filter = filter;
	return make_variables(handout) < 0 ? rp_error_nomem(reterr) : 0;
}

ROCPART_PUBLIC const struct rocpart_partition *
rocpart_handout_get_partition(const struct rocpart_handout *handout, size_t index)
{
	return index < handout->values.n_parts ? handout->values.parts[index] : NULL;
}

ROCPART_PUBLIC const char *rocpart_handout_get_lease(const struct rocpart_handout *handout,
						     size_t index)
{
	return index < handout->leases.n ? handout->leases.v[index] : NULL;
}

ROCPART_PUBLIC const char *rocpart_handout_get_device(const struct rocpart_handout *handout,
						      size_t index)
{
	return index < handout->values.n_devices ? handout->values.devices[index] : NULL;
}

ROCPART_PUBLIC int rocpart_handout_get_group(const struct rocpart_handout *handout, size_t index,
					     uint32_t *ret_gid)
{
	if (index >= handout->values.n_gids)
		return -ENOENT;
	*ret_gid = handout->values.gids[index];
	return 0;
}

ROCPART_PUBLIC int rocpart_handout_get_variable(const struct rocpart_handout *handout,
						enum rocpart_view view, size_t index,
						const char **ret_name, const char **ret_value)
{
	const struct rp_variables *vars;

	if ((size_t)view >= RP_ARRAY_LEN(handout->variables))
		return -ENOENT;
	vars = &handout->variables[view];
	if (index >= vars->n)
		return -ENOENT;
	*ret_name = vars->v[index].name;
	*ret_value = vars->v[index].value;
	return 0;
}

ROCPART_PUBLIC const char *rocpart_handout_get_conflict(const struct rocpart_handout *handout,
							enum rocpart_view view, size_t index)
{
	return rp_handout_conflict(&handout->values, view, index);
}

ROCPART_PUBLIC void rocpart_handout_set_rootless(struct rocpart_handout *handout, bool is_rootless)
{
	handout->values.is_rootless = is_rootless;
}
