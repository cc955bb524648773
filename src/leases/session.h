/* SPDX-License-Identifier: MIT */
/* What the operations on leases have in common: observe, reconcile, decide, record, as one. */
#ifndef RP_LEASES_SESSION_H
#define RP_LEASES_SESSION_H

#include "base/json.h"
#include "leases/reconcile.h"
#include "machine/allocator.h"

struct rp_session {
	struct rocpart_machine *machine;
	struct rp_lease_db *db; /* NULL: there are no leases, or they may only be looked at */
	struct rp_host_view host;
	struct rp_lease_list list;
	struct rp_reconciled now;
};

/*
 * Begin a transaction, observe the machine inside it (so that nobody else decides meanwhile),
 * reconcile. how is RP_LEASE_WRITE or RP_LEASE_MAKE.
 */
int rp_session_begin(struct rocpart_machine *m, enum rp_lease_open how, struct rp_session *ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_session_commit(struct rp_session *s, struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * The same for those who only look: what changed is recorded where that can be. ret is to be ended
 * with rp_session_done() also after a failure.
 */
int rp_session_look(struct rocpart_machine *m, struct rp_session *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* What is not committed did not happen. */
void rp_session_done(struct rp_session *s);
#define RP_AUTO_SESSION RP_AUTO(rp_session_done)

/* Take what the session knows into a public list. */
int rp_session_view(struct rp_session *s, struct rocpart_leases **ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* The picture that they were held against; NULL for a list of rp_leases_of(). */
struct rocpart_snapshot *rp_leases_snapshot(const struct rocpart_leases *leases);
/* A public list of these leases alone; takes them over. */
int rp_leases_of(struct rp_lease_list *list, struct rocpart_leases **ret,
		 struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
