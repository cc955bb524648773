/* SPDX-License-Identifier: MIT */
/*
 * Releasing leases, setting their state, and adopting memory that no lease accounts for.
 *
 * Each operation is one session: what it finds is as the machine is now, and all of it is recorded
 * together. A release does not end programs; it reports how many bytes they still use.
 */
#include "base/name.h"
#include "base/num.h"
#include "leases/replica.h"
#include "leases/session.h"
#include "rocpart/lease.h"

struct selection {
	int64_t id; /* 0: by owner */
	struct rp_owner owner;
};

static int parse_selection(const char *which, struct selection *ret, struct rocpart_error *reterr)
{
	uint64_t id;

	memset(ret, 0, sizeof(*ret));
	if (rp_parse_u64(which, 10, &id) == 0 && id > 0 && id <= INT64_MAX) {
		ret->id = (int64_t)id;
		return 0;
	}
	if (rp_owner_parse(which, &ret->owner, NULL) == 0 && ret->owner.kind != RP_OWNER_NONE)
		return 0;
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, which,
			   "'%.100s' is neither the number of a lease nor an owner", which);
	return rp_error_hint(reterr, "`rocpart status` lists the leases");
}

static bool is_selected(const struct selection *s, const struct rp_lease *l)
{
	return s->id ? l->id == s->id
		     : l->owner.kind == s->owner.kind && rp_str_eq(l->owner.name, s->owner.name);
}

static int begin_session(struct rocpart_machine *m, enum rp_lease_open how, struct rp_session *ret,
			 struct rocpart_error *reterr)
{
	if (rp_tree_kind(m->tree) == RP_TREE_CAPTURE)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture is read-only: its leases cannot be changed");
	return rp_session_begin(m, how, ret, reterr);
}

ROCPART_PUBLIC int rocpart_lease_release(struct rocpart_machine *machine, const char *which,
					 size_t *ret_released, uint64_t *ret_in_use_bytes,
					 struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_SESSION struct rp_session s = {0};
	struct selection sel;
	uint64_t in_use = 0;
	size_t n = 0;
	int r;

	reterr = reterr ? reterr : &local;
	r = parse_selection(which, &sel, reterr);
	if (r == 0)
		r = begin_session(machine, RP_LEASE_WRITE, &s, reterr);
	for (size_t i = 0; r == 0 && i < s.list.n; i++) {
		if (!is_selected(&sel, &s.list.v[i]))
			continue;
		in_use += s.now.lease_used[i];
		n++;
		r = rp_lease_db_remove(s.db, s.list.v[i].id, "released", reterr);
	}
	if (r == 0 && n == 0) {
		r = rp_session_commit(&s, reterr); /* record what reconciliation changed */
		if (r < 0)
			return r;
		return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, which,
				    sel.id ? "lease %s does not exist" : "%s has no lease", which);
	}
	if (r == 0)
		r = rp_session_commit(&s, reterr);
	if (r < 0)
		return r;
	*ret_released = n;
	*ret_in_use_bytes = in_use;
	return 0;
}

ROCPART_PUBLIC int rocpart_lease_set_state(struct rocpart_machine *machine, uint64_t id,
					   enum rocpart_lease_state state,
					   struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_SESSION struct rp_session s = {0};
	struct rp_lease *l = NULL;
	int r;

	reterr = reterr ? reterr : &local;
	if (state < ROCPART_LEASE_PLACED || state > ROCPART_LEASE_DISPLACED)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "the state must be %s, %s, %s or %s",
				    rocpart_lease_state_to_string(ROCPART_LEASE_PLACED),
				    rocpart_lease_state_to_string(ROCPART_LEASE_RUNNING),
				    rocpart_lease_state_to_string(ROCPART_LEASE_STOPPED),
				    rocpart_lease_state_to_string(ROCPART_LEASE_DISPLACED));
	r = begin_session(machine, RP_LEASE_WRITE, &s, reterr);
	for (size_t i = 0; r == 0 && i < s.list.n; i++)
		if ((uint64_t)s.list.v[i].id == id)
			l = &s.list.v[i];
	if (r < 0)
		return r;
	if (!l)
		return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
				    "lease %llu does not exist", (unsigned long long)id);
	if (l->state == ROCPART_LEASE_PENDING)
		return rp_error_set(reterr, -EPERM, ROCPART_ERR_NO_ROOM, l->name,
				    "lease %llu is pending: it has no partition yet",
				    (unsigned long long)id);
	l->state = state;
	free(l->problem);
	l->problem = NULL;
	r = rp_lease_db_update(s.db, l, reterr);
	return r < 0 ? r : rp_session_commit(&s, reterr);
}

/* ---- adopting ---- */

/* Parse an owner; a bare number is a process. */
static int parse_owner(const char *text, struct rp_owner *ret, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *pid = NULL;
	uint32_t number;

	if (rp_parse_u32(text, 10, &number) < 0)
		return rp_owner_parse(text, ret, reterr);
	pid = rp_strdupf("pid:%u", number);
	return pid ? rp_owner_parse(pid, ret, reterr) : rp_error_nomem(reterr);
}

/* Name the lease after the program that uses the memory. */
static int read_program_name(struct rp_session *s, uint32_t pid, char ret[RP_NAME_SIZE],
			     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read(s->machine->tree, &text, "proc/%u/comm", pid);

	if (r < 0 && !rp_is_ended(r) && !rp_is_denied(r))
		return rp_error_errno(reterr, r, NULL, "cannot read the name of process %u", pid);
	if (r < 0 || !text.len) {
		rp_strbuf_reset(&text);
		rp_strbuf_addf(&text, "pid-%u", pid);
	}
	if (rp_strbuf_failed(&text))
		return rp_error_nomem(reterr);
	(void)rp_name_clean(RP_NAME_LEASE, rp_strbuf_str(&text), ret);
	return 0;
}

/* Remember the name of a new lease and its number, which the next one cannot have. */
static int note_name(struct rp_lease_list *made, const struct rp_lease *l)
{
	int r = rp_grow(&made->v, &made->cap, made->n + 1, sizeof(*made->v));

	if (r < 0)
		return r;
	made->v[made->n] = (struct rp_lease){.name = strdup(l->name), .replica = l->replica};
	return made->v[made->n++].name ? 0 : -ENOMEM;
}

/*
 * Lease the unmanaged memory of a partition to an owner. The lease is exclusive, and its guarantee
 * is none: the memory was taken without asking.
 */
static int adopt_one(struct rp_session *s, struct rp_part_use *u, const struct rp_owner *o,
		     uint32_t pid, struct rp_lease_list *made, struct rocpart_error *reterr)
{
	const struct rocpart_gpu *gpu = u->partition->gpu;
	struct rp_claim claim = {.part = u->partition->id, .bytes = u->unmanaged};
	char name[RP_NAME_SIZE], why[] = "adopted: its memory was in use without a lease";
	struct rp_lease l = {.name = name,
			     .bytes = u->unmanaged,
			     .state = ROCPART_LEASE_RUNNING,
			     .guarantee = ROCPART_GUARANTEE_NONE,
			     .share = 1,
			     .is_seen = true,
			     .owner = *o,
			     .claims = &claim,
			     .n_claims = 1,
			     .why = why};
	uint64_t usable = u->usable;
	int r = read_program_name(s, pid, name, reterr);

	if (r < 0)
		return r;
	l.replica = rp_replica_next(&s->list, made, name);
	rp_host_view_mode(gpu, l.mode);
	(void)rp_fmt(claim.bdf, sizeof(claim.bdf), "%s", gpu->bdf);
	/* The memory may exceed what is usable, which leaves a margin for page tables. */
	if (usable < claim.bytes)
		usable = claim.bytes;
	r = rp_lease_db_set_usable(s->db, gpu->bdf, claim.part, usable, reterr);
	if (r == 0)
		r = rp_lease_db_add(s->db, &l, &l.id, reterr);
	if (r == 0 && note_name(made, &l) < 0)
		r = rp_error_nomem(reterr);
	return r;
}

/* Adopt every partition without a lease on which a process of the owner uses memory. */
static int adopt_all(struct rp_session *s, const struct rp_owner *o, size_t *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_LIST struct rp_lease_list made = {0};
	size_t n = 0;

	for (size_t i = 0; i < s->now.n_parts; i++) {
		struct rp_part_use *u = &s->now.parts[i];
		uint32_t pid = 0;
		int r;

		for (size_t k = 0; k < s->host.n_memory && u->unmanaged && !u->n_leases; k++)
			if (s->host.memory[k].partition == u->partition &&
			    rp_host_view_belongs(&s->host, s->host.memory[k].pid, o))
				pid = s->host.memory[k].pid;
		r = rp_host_view_check(&s->host, reterr);
		if (r < 0)
			return r;
		if (!pid)
			continue;
		r = adopt_one(s, u, o, pid, &made, reterr);
		if (r < 0)
			return r;
		n++;
	}
	*ret = n;
	return 0;
}

ROCPART_PUBLIC int rocpart_lease_adopt(struct rocpart_machine *machine, const char *owner,
				       size_t *ret_adopted, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_SESSION struct rp_session s = {0};
	struct rp_owner o;
	size_t n = 0;
	int r;

	reterr = reterr ? reterr : &local;
	r = parse_owner(owner, &o, reterr);
	if (r == 0)
		r = begin_session(machine, RP_LEASE_MAKE, &s, reterr);
	if (r == 0 && o.kind == RP_OWNER_PID) {
		r = rp_host_view_pin_owner(&s.host, &o);
		if (r == -ENOENT)
			return rp_error_set(reterr, r, ROCPART_ERR_NOT_FOUND, o.name,
					    "process %u does not exist", o.pid);
		if (r < 0)
			return rp_error_errno(reterr, r, o.name, "cannot look at process %u",
					      o.pid);
	}
	if (r == 0)
		r = adopt_all(&s, &o, &n, reterr);
	if (r == 0 && n == 0) {
		(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, owner,
				   "%s uses no GPU memory without a lease", owner);
		return rp_error_hint(reterr,
				     "`rocpart holders` shows the processes and their memory");
	}
	if (r == 0)
		r = rp_session_commit(&s, reterr);
	if (r == 0)
		*ret_adopted = n;
	return r;
}
