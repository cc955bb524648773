/* SPDX-License-Identifier: MIT */
/* The steps that all operations on leases share, as one: observe, reconcile, decide, record. */
#ifndef RP_LEASES_SESSION_H
#define RP_LEASES_SESSION_H

#include "base/json.h"
#include "leases/reconcile.h"
#include "machine/allocator.h"

#define RP_SESSION_NOTE_SIZE 512

struct rp_session {
	struct rocpart_machine *machine;
	struct rp_lease_db *db; /* NULL: there is no database */
	struct rp_host_view host;
	struct rp_lease_list list;
	struct rp_reconciled now;
	char note[RP_SESSION_NOTE_SIZE]; /* of rocpart_leases_get_note() */
};

/*
 * Begin a transaction, observe the machine inside of it, and reconcile. how is RP_LEASE_WRITE,
 * RP_LEASE_MAKE or RP_LEASE_MAKE_BRIEF. Waits for other writers, at most ten seconds; not with
 * RP_LEASE_TRY (-EBUSY).
 */
int rp_session_begin(struct rocpart_machine *m, enum rp_lease_open how, struct rp_session *ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_session_commit(struct rp_session *s, struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * The same for operations that only read. Waits for nobody: changes are recorded where the database
 * can be written now, and shown in any case. ret has no transaction; the caller ends ret with
 * rp_session_done() also after a failure.
 */
int rp_session_look(struct rocpart_machine *m, struct rp_session *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* End a session; what was not committed is rolled back. */
void rp_session_done(struct rp_session *s);
#define RP_AUTO_SESSION RP_AUTO(rp_session_done)

/* Make a public list of what the session knows; its leases move into the list. */
int rp_session_view(struct rp_session *s, struct rocpart_leases **ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* Whether a word of a user means a lease, and not a partition as GPU/ID. */
bool rp_lease_is_word(const char *word);
/* Return the snapshot that the leases were compared with, which the caller may keep. */
struct rocpart_snapshot *rp_leases_snapshot(const struct rocpart_leases *leases);
/* Make a public list of these leases alone, which move into it; snapshot may be NULL. */
int rp_leases_of(struct rp_lease_list *list, struct rocpart_snapshot *snapshot,
		 struct rocpart_leases **ret, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Add the leases of such a list to another, which is replaced; from is freed. -ENOMEM. */
int rp_leases_append(struct rocpart_leases **to, struct rocpart_leases *from) RP_MUST_CHECK;

#endif
