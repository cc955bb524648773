/* SPDX-License-Identifier: MIT */
/*
 * The spec of the leases. A lease without its place has no device: a container that asks for it
 * does not start, instead of starting on the partition of somebody else. Leases of processes are no
 * devices: they end with a process that runs already.
 */
#include "base/seal.h"
#include "leases/lease.h"
#include "leases/session.h"
#include "run/cdi.h"
#include "run/handout.h"

#define NAME_SIZE 160

struct devices {
	struct rp_handout *v; /* one for each name */
	struct rp_names names;
	size_t n;
};

static void devices_done(struct devices *d)
{
	for (size_t i = 0; i < d->n; i++)
		rp_handout_done(&d->v[i]);
	free(d->v);
	rp_names_done(&d->names);
}

/* The partition that the lease has now; NULL: none that a container could be given. */
static const struct rocpart_partition *place_of(const struct rocpart_snapshot *s,
						const struct rocpart_lease *l,
						const struct rp_lease *record)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(s, l->bdf);
	const struct rocpart_partition *p;

	if (!gpu || l->state == ROCPART_LEASE_PENDING || l->state == ROCPART_LEASE_DISPLACED ||
	    record->owner.kind == RP_OWNER_PID)
		return NULL;
	p = rp_gpu_partition_by_id(gpu, l->partition);
	return p && p->is_visible && p->render_minor ? p : NULL;
}

/*
 * "llama-0" of replica 0 of llama. Letters that a device name cannot have become "_", and then a
 * checksum tells it from others: "meta_llama-0-8a9136aa".
 */
static void name_device(const char *name, uint32_t replica, char ret[NAME_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t len = strlen(name), plain = strspn(name, letters);

	if (plain == len)
		(void)rp_fmt(ret, NAME_SIZE, "%s-%u", name, replica);
	else
		(void)rp_fmt(ret, NAME_SIZE, "%s-%u-%08x", name, replica, rp_crc32c(name, len));
	for (char *c = ret; *c; c++)
		*c = strchr(letters, *c) ? *c : '_';
}

static int add(struct devices *d, struct rocpart_machine *m, const struct rocpart_lease *l,
	       const struct rocpart_partition *p, struct rocpart_error *reterr)
{
	struct rp_handout *h = &d->v[d->n++];
	char name[NAME_SIZE];

	name_device(l->name, l->replica, name);
	if (rp_names_add(&d->names, name) < 0 || rp_handout_add_part(h, p) < 0)
		return rp_error_nomem(reterr);
	return rp_handout_gather(h, m, reterr);
}

int rp_cdi_leases_now(struct rocpart_machine *m, const struct rp_cdi_kind *kind,
		      struct rp_json **ret, struct rocpart_error *reterr)
{
	RP_AUTO(devices_done) struct devices d = {.names = RP_NAMES_INIT};
	struct rocpart_leases *leases = NULL;
	const struct rocpart_lease *l;
	size_t n = 0;
	int r = rocpart_leases_new(m, &leases, reterr);

	while (r == 0 && rocpart_leases_get(leases, n))
		n++;
	d.v = rp_new0(struct rp_handout, n);
	if (r == 0 && !d.v)
		r = rp_error_nomem(reterr);
	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++) {
		const struct rocpart_partition *p =
			place_of(rp_leases_snapshot(leases), l, rp_leases_get(leases, i));

		if (p)
			r = add(&d, m, l, p, reterr);
	}
	if (r == 0) {
		*ret = rp_cdi_lease_document(kind, d.v, (const char *const *)d.names.v, d.n);
		r = *ret ? 0 : rp_error_nomem(reterr);
	}
	rocpart_leases_free(leases);
	return r;
}
