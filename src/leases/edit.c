/* SPDX-License-Identifier: MIT */
/* Owner, labels and priority of a lease, which its programs do not notice. */
#include "leases/place_options.h"
#include "leases/revise.h"

/* The options of a lease as it is; its texts are borrowed, but for the labels. */
static int options_of(const struct rp_lease *l, struct rocpart_place_options *ret)
{
	*ret = (struct rocpart_place_options){.name = l->name,
					      .footprint = l->footprint,
					      .bytes = l->bytes,
					      .owner = l->owner,
					      .share = l->share,
					      .priority = l->priority,
					      .file = l->file,
					      .replica = l->replica};
	return l->labels && *l->labels
		       ? rp_json_parse(l->labels, strlen(l->labels), "labels", &ret->labels, NULL)
		       : 0;
}

static int set_options(const struct rocpart_lease_edit *edit, struct rocpart_place_options *o,
		       struct rocpart_error *reterr)
{
	int r = edit->owner ? rocpart_place_options_set_owner(o, edit->owner, reterr) : 0;

	for (size_t i = 0; r == 0 && i < edit->n_labels; i++)
		r = rocpart_place_options_set_label(o, edit->keys[i], edit->values[i], reterr);
	if (edit->has_priority)
		o->priority = edit->priority;
	return r;
}

static int revise(struct rocpart_machine *m, const struct rp_lease *l,
		  const struct rocpart_lease_edit *edit, struct rocpart_leases **ret,
		  struct rocpart_error *reterr)
{
	struct rocpart_place_options o;
	const struct rp_revision v = {.lease = (uint64_t)l->id, .options = &o};
	int r = options_of(l, &o) < 0 ? rp_error_nomem(reterr) : set_options(edit, &o, reterr);

	if (r == 0)
		r = rp_revise(&(struct rp_revising){.machine = m, .revisions = &v, .n = 1}, ret,
			      reterr);
	rp_json_free(o.labels);
	return r;
}

ROCPART_PUBLIC int rocpart_lease_edit(struct rocpart_machine *machine, uint64_t lease,
				      const struct rocpart_lease_edit *edit,
				      struct rocpart_leases **ret_leases,
				      struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	struct rocpart_leases *leases = NULL;
	const struct rp_lease *l;
	size_t i = 0;
	int r;

	reterr = reterr ? reterr : &local;
	r = rocpart_leases_new(machine, &leases, reterr);
	if (r < 0)
		return r;
	while ((l = rp_leases_get(leases, i)) && (uint64_t)l->id != lease)
		i++;
	r = l ? revise(machine, l, edit, ret_leases, reterr)
	      : rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
			     "lease %llu does not exist", (unsigned long long)lease);
	rocpart_leases_free(leases);
	return r;
}
