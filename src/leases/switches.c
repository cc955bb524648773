/* SPDX-License-Identifier: MIT */
#include "leases/switches.h"
#include "leases/place_choose.h"

void rp_switches_done(struct rp_switches *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static int add_switch(const struct rp_place_session *p, const struct rp_placer_placed *at,
		      struct rp_switches *ret)
{
	const struct rp_place_gpu *g = &p->fill.gpus[at->gpu];
	struct rp_switch s = {.compute = ROCPART_COMPUTE_UNKNOWN};

	if (!at->switched)
		return 0;
	(void)rp_fmt(s.bdf, sizeof(s.bdf), "%s", g->name);
	if (rocpart_compute_mode_from_string(p->fill.menus[g->menu].modes[at->mode].compute,
					     &s.compute) < 0 ||
	    rp_grow(&ret->v, &ret->cap, ret->n + 1, sizeof(s)) < 0)
		return -ENOMEM;
	ret->v[ret->n++] = s;
	return 0;
}

/* The next replica avoids the GPU of this one. */
static int note_place(struct rp_place_session *p, const struct rocpart_place_options *o,
		      const struct rp_placer_placed *at)
{
	struct rp_lease l = {.name = strdup(o->name), .claims = rp_new0(struct rp_claim, 1)};

	if (!l.name || !l.claims ||
	    rp_grow(&p->made.v, &p->made.cap, p->made.n + 1, sizeof(l)) < 0) {
		rp_lease_done(&l);
		return -ENOMEM;
	}
	l.n_claims = 1;
	l.claims[0].part = at->part;
	(void)rp_fmt(l.claims[0].bdf, sizeof(l.claims[0].bdf), "%s", p->fill.gpus[at->gpu].name);
	p->made.v[p->made.n++] = l;
	return 0;
}

/* The finest mode that the vendor has not validated, with partitions that are large enough. */
static const struct rp_place_mode *find_unvalidated(const struct rp_fill *f, uint64_t bytes)
{
	const struct rp_place_mode *best = NULL;

	for (uint32_t i = 0; i < f->n_menus; i++)
		for (uint32_t k = 1; k < f->menus[i].n_modes; k++) {
			const struct rp_place_mode *mode = &f->menus[i].modes[k];

			if (!mode->validated && mode->n_parts > f->menus[i].modes[0].n_parts &&
			    mode->parts[0].usable_bytes >= bytes &&
			    (!best || mode->n_parts > best->n_parts))
				best = mode;
		}
	return best;
}

static int hint_unvalidated(const struct rp_place_session *p, const struct rocpart_place_options *o,
			    struct rocpart_error *reterr)
{
	const struct rp_place_mode *mode = find_unvalidated(&p->fill, o->bytes);

	if (!mode)
		return reterr->errnum;
	return rp_error_hint(reterr,
			     "%s splits an idle GPU further, but the vendor has not validated it "
			     "with %s: --allow-unvalidated uses it; GPUs that hold a lease already "
			     "stay as they are",
			     mode->compute, mode->memory);
}

static int find(struct rp_place_session *p, const struct rocpart_place_options *o,
		const struct rp_fill_switches *rules, struct rp_switches *ret,
		struct rocpart_error *reterr)
{
	const struct rp_lease l = {.name = o->name, .bytes = o->bytes, .share = o->share};
	int r = rp_fill_switching_placer(&p->s, o->replicas, rules, &p->fill, reterr);

	p->n_replicas = o->replicas;
	for (uint32_t i = 0; r == 0 && i < o->replicas; i++) {
		struct rp_placer_placed at;

		r = rp_place_choose(p, &l, &at, reterr);
		if (r == -ENOSPC && !rules->allow_unvalidated)
			(void)hint_unvalidated(p, o, reterr);
		if (r == 0 && (add_switch(p, &at, ret) < 0 || note_place(p, o, &at) < 0))
			r = rp_error_nomem(reterr);
	}
	return r;
}

int rp_place_find_switches(struct rocpart_machine *m, const struct rocpart_place_options *o,
			   const struct rp_fill_switches *rules, struct rp_switches *ret,
			   struct rocpart_error *reterr)
{
	RP_AUTO_PLACE_SESSION struct rp_place_session p = {0};
	bool was_dry = m->is_dry_run;
	int r;

	if (!o->bytes || o->partition)
		return 0; /* the partition is named: it is there, or it is not */
	m->is_dry_run = true;
	r = rp_place_begin(&p, m, RP_LEASE_MAKE, reterr);
	m->is_dry_run = was_dry;
	return r < 0 ? r : find(&p, o, rules, ret, reterr);
}
