/* SPDX-License-Identifier: MIT */
/*
 * Placing: one transaction around the placer. It never switches a mode.
 *
 * Order: refuse when another allocator owns the GPUs; begin a session (write lock, look at the
 * machine, reconcile); refuse while the journal of a change is open; make the placer; choose and
 * record each replica; let the caller do more (`placed`); commit.
 * Invariants:
 * - All replicas of a call are placed, or none: an error before the commit rolls everything back.
 * - The placer and the database agree: each choice is booked in the one and added to the other
 *   before the next is made, and the constraints of the database have the last word.
 * - Looking at the journal inside of the transaction closes the race with a change of modes: the
 *   change opens its journal first and looks at the leases in a transaction then
 *   (src/change/lease_guard.c).
 *
 * Time: that of the session, and one decision of the placer for each replica.
 */
#include "leases/place.h"
#include "base/num.h"
#include "leases/place_choose.h"
#include "leases/place_options.h"
#include "leases/replica.h"

/* Place and record one lease, and append it to those made. */
static int add_replica(struct rp_place_session *p, const struct rocpart_place_options *o,
		       const struct rp_owner *owner, struct rocpart_error *reterr)
{
	struct rp_lease *l;
	int r = rp_grow(&p->made.v, &p->made.cap, p->made.n + 1, sizeof(*l));

	if (r < 0)
		return rp_error_nomem(reterr);
	l = &p->made.v[p->made.n];
	memset(l, 0, sizeof(*l));
	r = rp_place_describe(o, owner, l) < 0 ? rp_error_nomem(reterr)
					       : rp_place_locate(p, l, o->partition, false, reterr);
	if (r == 0 && l->replica == RP_REPLICA_ANY)
		l->replica = rp_replica_next(&p->s.list, &p->made, l->name);
	if (r == 0 && !p->s.machine->is_dry_run)
		r = rp_lease_db_add(p->s.db, l, &l->id, reterr);
	if (r < 0)
		rp_lease_done(l);
	else
		p->made.n++;
	return r;
}

static int check_options(const struct rocpart_place_options *o, struct rocpart_error *reterr)
{
	if (o->partition && o->replicas > o->share)
		return rp_error_set(
			reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, o->partition,
			"%u replicas cannot share one partition that %u leases may share",
			o->replicas, o->share);
	if (!o->bytes && !o->partition)
		return rp_error_set(
			reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, o->name,
			"the lease has no size: give its bytes, a model or a partition");
	return 0;
}

/* Make a process of this computer the owner, also when the machine is a simulated one. */
static int pin_own(struct rp_place_session *p, uint32_t pid, struct rp_owner *ret,
		   struct rocpart_error *reterr)
{
	int r;

	*ret = (struct rp_owner){.kind = RP_OWNER_PID, .pid = pid};
	(void)rp_fmt(ret->name, sizeof(ret->name), "%u", pid);
	r = rp_host_view_pin_own(&p->s.host, ret);
	if (r < 0 && r != -ENOENT)
		return rp_error_errno(reterr, r, NULL, "cannot look at process %u", pid);
	return r < 0 ? rp_error_set(reterr, -ESRCH, ROCPART_ERR_FAILED, NULL,
				    "process %u has ended already", pid)
		     : 0;
}

static int add_replicas(struct rp_place_session *p, const struct rocpart_place_options *o,
			uint32_t own_pid, struct rocpart_error *reterr)
{
	struct rp_owner owner = o->owner;
	int r = own_pid ? pin_own(p, own_pid, &owner, reterr)
			: rp_place_pin_owner(p, &owner, reterr);

	p->n_before = p->made.n;
	p->n_replicas = o->replicas;
	for (uint32_t i = 0; r == 0 && i < o->replicas; i++)
		r = add_replica(p, o, &owner, reterr);
	return r;
}

int rp_place(const struct rp_placing *what, struct rocpart_leases **ret_leases,
	     struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_PLACE_SESSION struct rp_place_session p = {0};
	uint32_t n = 0;
	int r = 0;

	reterr = reterr ? reterr : &local;
	for (size_t i = 0; r == 0 && i < what->n_options; i++) {
		r = check_options(what->options[i], reterr);
		n += what->options[i]->replicas;
	}
	if (r == 0)
		r = rp_place_begin(&p, what->machine, what->how, reterr);
	if (r == 0)
		r = rp_fill_placer(&p.s, n, &p.fill, reterr);
	for (size_t i = 0; r == 0 && i < what->n_options; i++)
		r = add_replicas(&p, what->options[i], what->own_pid, reterr);
	if (r == 0 && what->placed)
		r = what->placed(what->userdata, &p.s, &p.made, reterr);
	if (r == 0)
		r = rp_place_commit(&p, ret_leases, reterr);
	if (r == 0 && what->ret_db)
		*what->ret_db = rp_steal(&p.s.db);
	return r;
}

ROCPART_PUBLIC int rocpart_place(struct rocpart_machine *machine,
				 const struct rocpart_place_options *options,
				 struct rocpart_leases **ret_leases, struct rocpart_error *reterr)
{
	const struct rp_placing what = {
		.machine = machine, .options = &options, .n_options = 1, .how = RP_LEASE_MAKE};

	return rp_place(&what, ret_leases, reterr);
}

/* ---- leases that lost their place ---- */

/* Return the pending lease of the highest priority, then least number, that was not tried yet. */
static struct rp_lease *next_pending(struct rp_lease_list *list, const bool *tried)
{
	struct rp_lease *best = NULL;

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].state == ROCPART_LEASE_PENDING && !tried[i] &&
		    (!best || list->v[i].priority > best->priority))
			best = &list->v[i];
	return best;
}

/* Place a pending lease. One without room stays pending, and its refusal is no error. */
static int place_again(struct rp_place_session *p, struct rp_lease *l, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	int r = rp_place_locate(p, l, NULL, false, &local);

	if (r == -ENOSPC || r == -EFBIG)
		return 0; /* it stays pending */
	if (r < 0)
		*reterr = local;
	if (r == 0 && !p->s.machine->is_dry_run)
		r = rp_lease_db_place(p->s.db, l, reterr);
	if (r == 0 && rp_grow(&p->made.v, &p->made.cap, p->made.n + 1, sizeof(*l)) < 0)
		r = rp_error_nomem(reterr);
	if (r < 0)
		return r;
	free(l->problem);
	l->problem = NULL;
	p->made.v[p->made.n++] = *l;
	memset(l, 0, sizeof(*l));
	return 0;
}

ROCPART_PUBLIC int rocpart_place_pending(struct rocpart_machine *machine,
					 struct rocpart_leases **ret_leases,
					 struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_PLACE_SESSION struct rp_place_session p = {0};
	RP_AUTO_FREE bool *tried = NULL;
	struct rp_lease *l;
	int r;

	reterr = reterr ? reterr : &local;
	r = rp_place_begin(&p, machine, RP_LEASE_MAKE, reterr);
	if (r == 0)
		r = rp_fill_placer(&p.s, 0, &p.fill, reterr);
	if (r < 0)
		return r;
	tried = rp_new0(bool, p.s.list.n);
	if (!tried)
		return rp_error_nomem(reterr);
	while (r == 0 && (l = next_pending(&p.s.list, tried))) {
		tried[l - p.s.list.v] = true;
		r = place_again(&p, l, reterr);
	}
	return r < 0 ? r : rp_place_commit(&p, ret_leases, reterr);
}
